//! CVE records (CVE JSON 5.0 to 5.2, schema of the CVE Program) into [`Advisory`]: `affected` with version ranges, and CPE
//! applicability.

use serde_json::Value;

use crate::csaf::{Fault, bounded};
use crate::document::{Advisory, Product, Remediation, Score, Status, Vulnerability};
use crate::limits::{PROBLEMS_MAX, PRODUCTS_MAX};

/// Whether a JSON value is a CVE record.
pub fn is_cve(value: &Value) -> bool {
    value.get("dataType").and_then(Value::as_str) == Some("CVE_RECORD")
}

fn fault(place: impl Into<String>, reason: impl Into<String>) -> Fault {
    Fault { place: place.into(), reason: reason.into() }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Reads a record.
pub fn from_value(value: &Value) -> Result<(Advisory, Vec<Fault>), Fault> {
    let head = value.get("cveMetadata").ok_or_else(|| fault("$.cveMetadata", "it is missing"))?;
    let id = bounded(text(head, "cveId"));
    if id.is_empty() {
        return Err(fault("$.cveMetadata.cveId", "it is missing, or no text"));
    }
    let mut faults = Vec::new();
    let mut advisory = Advisory {
        id: id.clone(),
        publisher: bounded(text(head, "assignerShortName")),
        released: bounded(text(head, "datePublished")),
        updated: bounded(text(head, "dateUpdated")),
        state: bounded(text(head, "state")),
        ..Advisory::default()
    };
    let mut weak = Vulnerability { id, ..Vulnerability::default() };
    let containers = value.get("containers").ok_or_else(|| fault("$.containers", "it is missing"))?;
    let cna = containers.get("cna").ok_or_else(|| fault("$.containers.cna", "it is missing"))?;
    let others = containers.get("adp").and_then(Value::as_array).into_iter().flatten();
    for (at, container) in std::iter::once(cna).chain(others).enumerate() {
        let place = if at == 0 { "$.containers.cna".to_string() } else { format!("$.containers.adp[{}]", at - 1) };
        read_container(container, &place, &mut advisory, &mut weak, &mut faults)?;
    }
    advisory.title = bounded(text(cna, "title"));
    if advisory.title.is_empty() {
        let description = cna.get("descriptions").and_then(|list| list.get(0)).map_or("", |first| text(first, "value"));
        advisory.title = description.chars().take(160).collect();
    }
    weak.title = advisory.title.clone();
    weak.statuses.sort_unstable();
    weak.statuses.dedup();
    advisory.vulnerabilities.push(weak);
    Ok((advisory, faults))
}

fn read_container(
    container: &Value,
    place: &str,
    advisory: &mut Advisory,
    weak: &mut Vulnerability,
    faults: &mut Vec<Fault>,
) -> Result<(), Fault> {
    let list = |key: &str| container.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for (at, affected) in list("affected").iter().enumerate() {
        let place = format!("{place}.affected[{at}]");
        let (vendor, product) = (bounded(text(affected, "vendor")), bounded(text(affected, "product")));
        if vendor.is_empty() || product.is_empty() {
            if faults.len() < PROBLEMS_MAX {
                faults.push(fault(place, "without vendor or product"));
            }
            continue;
        }
        let mut add = |version: String, status: Status| -> Result<(), Fault> {
            let index = advisory.products.len();
            if index >= PRODUCTS_MAX {
                return Err(fault(place.clone(), format!("more than {PRODUCTS_MAX} products")));
            }
            advisory.products.push(Product {
                id: format!("P{index}"),
                vendors: vec![vendor.clone()],
                names: vec![product.clone()],
                full_name: format!("{product} {version}"),
                version,
                ..Product::default()
            });
            weak.statuses.push((index as u32, status));
            Ok(())
        };
        let status = |word: &str| match word {
            "affected" => Some(Status::Affected),
            "unaffected" => Some(Status::NotAffected),
            "unknown" => Some(Status::Investigated),
            _ => None,
        };
        let versions = affected.get("versions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for version in versions {
            if let Some(status) = status(text(version, "status")) {
                add(range(version), status)?;
            }
        }
        if versions.is_empty() && text(affected, "defaultStatus") == "affected" {
            add("*".into(), Status::Affected)?;
        }
    }
    for (at, applicability) in list("cpeApplicability").iter().enumerate() {
        let nodes = applicability.get("nodes").and_then(Value::as_array).into_iter().flatten();
        let matches = nodes.flat_map(|node| node.get("cpeMatch").and_then(Value::as_array).into_iter().flatten());
        for found in matches.filter(|found| found.get("vulnerable").and_then(Value::as_bool) == Some(true)) {
            let Some(product) = cpe_product(found) else {
                if faults.len() < PROBLEMS_MAX {
                    faults.push(fault(format!("{place}.cpeApplicability[{at}]"), "a criterion that is no CPE 2.3"));
                }
                continue;
            };
            let index = advisory.products.len();
            if index >= PRODUCTS_MAX {
                return Err(fault(place, format!("more than {PRODUCTS_MAX} products")));
            }
            advisory.products.push(Product { id: format!("P{index}"), ..product });
            weak.statuses.push((index as u32, Status::Affected));
        }
    }
    for metric in list("metrics") {
        for name in ["cvssV4_0", "cvssV3_1", "cvssV3_0", "cvssV2_0"] {
            if let Some(score) = metric.get(name) {
                weak.scores.push(Score {
                    vector: bounded(text(score, "vectorString")),
                    base: score.get("baseScore").and_then(Value::as_f64),
                    products: Vec::new(),
                });
            }
        }
    }
    for (key, category) in [("solutions", "vendor_fix"), ("workarounds", "workaround")] {
        for entry in list(key) {
            weak.remediations.push(Remediation {
                category: category.into(),
                details: bounded(text(entry, "value")),
                url: None,
                products: Vec::new(),
            });
        }
    }
    Ok(())
}

/// The range of an entry of `versions`, as a version text of our grammar.
fn range(version: &Value) -> String {
    let from = text(version, "version").trim();
    let is_open = matches!(from, "" | "0" | "*" | "-" | "unspecified" | "n/a");
    let low = if is_open { String::new() } else { format!(">= {from} ") };
    match (text(version, "lessThan"), text(version, "lessThanOrEqual")) {
        ("" | "*", "" | "*")
            if !text(version, "lessThan").is_empty() || !text(version, "lessThanOrEqual").is_empty() =>
        {
            if low.is_empty() { "*".into() } else { low.trim().into() }
        }
        ("", "") if from == "n/a" || from == "unspecified" || from.is_empty() => "not said".into(),
        ("", "") if is_open => "*".into(),
        ("", "") => bounded(from),
        ("", high) => bounded(&format!("{low}<= {high}")),
        (high, _) => bounded(&format!("{low}< {high}")),
    }
}

/// The product of a CPE 2.3 match with its version limits.
fn cpe_product(found: &Value) -> Option<Product> {
    let criteria = text(found, "criteria");
    let mut parts = criteria.strip_prefix("cpe:2.3:")?.split(':');
    let (_part, vendor, product, version) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let plain = |text: &str| text.replace('\\', "").replace('_', " ");
    let name = plain(product);
    let name = name.strip_suffix(" firmware").unwrap_or(&name).to_string();
    let mut limits = Vec::new();
    for (key, sign) in [
        ("versionStartIncluding", ">="),
        ("versionStartExcluding", ">"),
        ("versionEndIncluding", "<="),
        ("versionEndExcluding", "<"),
    ] {
        let limit = text(found, key);
        if !limit.is_empty() {
            limits.push(format!("{sign} {limit}"));
        }
    }
    let versions = match (limits.is_empty(), version) {
        (false, _) => limits.join(" "),
        (true, "*" | "-") => "*".into(),
        (true, version) => plain(version),
    };
    Some(Product {
        vendors: vec![bounded(&plain(vendor))],
        full_name: bounded(&format!("{name} {versions}")),
        names: vec![bounded(&name)],
        version: bounded(&versions),
        cpe: Some(bounded(criteria)),
        ..Product::default()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalogue::Catalogue;
    use crate::machine::Machine;

    #[test]
    fn records_with_ranges_and_cpe_are_matched() {
        let value = json!({
            "dataType": "CVE_RECORD",
            "cveMetadata": { "cveId": "CVE-2024-1", "state": "PUBLISHED", "assignerShortName": "x" },
            "containers": { "cna": {
                "descriptions": [{ "lang": "en", "value": "D" }],
                "affected": [
                    { "vendor": "Moxa", "product": "NPort 5110", "versions": [
                        { "version": "0", "lessThanOrEqual": "2.9", "status": "affected", "versionType": "custom" },
                        { "version": "3.0", "status": "unaffected" }] },
                    { "vendor": "Moxa" }],
                "metrics": [{ "cvssV3_1": { "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "baseScore": 9.8 } }],
                "cpeApplicability": [{ "nodes": [{ "cpeMatch": [
                    { "vulnerable": true, "criteria": "cpe:2.3:o:siemens:simatic_s7-1200_cpu_1214c_firmware:*:*:*:*:*:*:*:*", "versionEndExcluding": "4.5.0" },
                    { "vulnerable": false, "criteria": "cpe:2.3:h:siemens:simatic_s7-1200_cpu_1214c:-:*:*:*:*:*:*:*" },
                    { "vulnerable": true, "criteria": "nothing" }] }] }]
            } }
        });
        let (advisory, faults) = from_value(&value).unwrap();
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "$.containers.cna.affected[1]: without vendor or product",
                "$.containers.cna.cpeApplicability[0]: a criterion that is no CPE 2.3",
            ]
        );
        let catalogue = Catalogue::new(vec![advisory]);
        let answer = |machine: Machine| catalogue.match_machine(&machine).first().map(|verdict| verdict.answer.word());
        let nport = |firmware: &str| Machine {
            vendor: "Moxa".into(),
            model: "NPort 5110".into(),
            firmware: firmware.into(),
            ..Machine::default()
        };
        assert_eq!(answer(nport("2.8")), Some("affected"));
        assert_eq!(answer(nport("3.0")), Some("not_affected"));
        let plc = |firmware: &str| Machine {
            order_number: "6ES7 214-1AG40-0XB0".into(),
            firmware: firmware.into(),
            ..Machine::default()
        };
        assert_eq!(answer(plc("V4.2.1")), Some("affected"));
        assert_eq!(answer(plc("V4.5.0")), Some("not_affected"));
    }

    #[test]
    fn wrong_records_are_refused_with_their_place() {
        let place = |value: Value| from_value(&value).unwrap_err().place;
        assert_eq!(place(json!({ "dataType": "CVE_RECORD" })), "$.cveMetadata");
        assert_eq!(place(json!({ "cveMetadata": { "cveId": 3 } })), "$.cveMetadata.cveId");
        assert_eq!(place(json!({ "cveMetadata": { "cveId": "CVE-1" } })), "$.containers");
        assert_eq!(place(json!({ "cveMetadata": { "cveId": "CVE-1" }, "containers": {} })), "$.containers.cna");
    }
}
