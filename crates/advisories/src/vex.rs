//! Verdicts for other programs: VEX as CSAF (profile `csaf_vex`), OpenVEX 0.2.0, and CycloneDX 1.6; the inventory as CycloneDX.
//!
//! `unknown` becomes *under investigation*: nothing is claimed that is not known. Times and ids are given by the caller, so
//! the same verdicts give the same bytes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::machine::Machine;
use crate::matcher::{Answer, Verdict};

/// Who says it and when.
pub struct Head<'a> {
    /// Who publishes: the plant.
    pub author: &'a str,
    /// An address of the publisher as URI (`https://plant.example`).
    pub namespace: &'a str,
    /// RFC 3339.
    pub time: &'a str,
    /// Id of the document.
    pub id: &'a str,
}

fn product_id(index: usize) -> String {
    format!("VIGIE-{index:06}")
}

/// The machines that verdicts speak of, by name, with their place.
fn index(machines: &[Machine]) -> BTreeMap<&str, usize> {
    machines.iter().enumerate().map(|(at, machine)| (machine.asset.as_str(), at)).collect()
}

fn name_of(machine: &Machine) -> String {
    let parts = [&machine.vendor, &machine.product, &machine.model, &machine.order_number, &machine.firmware];
    let parts: Vec<&str> = parts.iter().map(|part| part.as_str()).filter(|part| !part.is_empty()).collect();
    format!("{} ({})", machine.asset, parts.join(" "))
}

/// CSAF 2.0, profile 5 (VEX).
pub fn csaf(head: &Head, machines: &[Machine], verdicts: &[Verdict]) -> Value {
    let places = index(machines);
    let mut by_cve: BTreeMap<&str, BTreeMap<&str, Vec<(String, &Verdict)>>> = BTreeMap::new();
    for verdict in verdicts {
        let Some(at) = places.get(verdict.asset.as_str()) else { continue };
        let status = match verdict.answer {
            Answer::Affected => "known_affected",
            Answer::Unknown => "under_investigation",
            Answer::NotAffected => "known_not_affected",
        };
        by_cve.entry(&verdict.cve).or_default().entry(status).or_default().push((product_id(*at), verdict));
    }
    let vulnerabilities: Vec<Value> = by_cve
        .into_iter()
        .map(|(cve, mut statuses)| {
            // A machine has one status for one weakness: what several advisories say, the worst counts.
            let mut taken: Vec<String> = Vec::new();
            let mut lists = serde_json::Map::new();
            // No flag says why a machine is not affected: that its version is not named does not show that the code is not
            // there. The threat of category `impact`, which may stand in place of a flag, says what is known.
            let mut threats = Vec::new();
            let mut remediations = Vec::new();
            for status in ["known_affected", "under_investigation", "known_not_affected"] {
                let mut ids: Vec<String> = Vec::new();
                for (id, verdict) in statuses.remove(status).unwrap_or_default() {
                    if taken.contains(&id) {
                        continue;
                    }
                    taken.push(id.clone());
                    match verdict.answer {
                        Answer::NotAffected => threats.push(json!({ "category": "impact", "details": verdict.why.en.as_str(), "product_ids": [id] })),
                        Answer::Affected => remediations.push(json!({ "category": "mitigation", "details": format!("{}: {}", verdict.advisory, verdict.why.en), "product_ids": [id] })),
                        Answer::Unknown => {}
                    }
                    ids.push(id);
                }
                if !ids.is_empty() {
                    lists.insert(status.into(), json!(ids));
                }
            }
            let mut entry = json!({ "product_status": lists, "notes": [{ "category": "summary", "text": cve }] });
            match cve.starts_with("CVE-") {
                true => entry["cve"] = json!(cve),
                false => entry["ids"] = json!([{ "system_name": "advisory", "text": cve }]),
            }
            for (key, list) in [("threats", threats), ("remediations", remediations)] {
                if !list.is_empty() {
                    entry[key] = json!(list);
                }
            }
            entry
        })
        .collect();
    let products: Vec<Value> = machines
        .iter()
        .enumerate()
        .map(|(at, machine)| {
            let mut product = json!({ "name": name_of(machine), "product_id": product_id(at) });
            if !machine.order_number.is_empty() {
                product["product_identification_helper"] = json!({ "model_numbers": [machine.order_number] });
            }
            product
        })
        .collect();
    json!({
        "document": {
            "category": "csaf_vex", "csaf_version": "2.0", "title": "Weak points of the machines of this plant",
            "publisher": { "category": "user", "name": head.author, "namespace": head.namespace },
            "tracking": {
                "id": head.id, "status": "final", "version": "1", "initial_release_date": head.time, "current_release_date": head.time,
                "revision_history": [{ "number": "1", "date": head.time, "summary": "Verdicts of Vigie" }],
                "generator": { "engine": { "name": "Vigie" } },
            },
        },
        "product_tree": { "full_product_names": products },
        "vulnerabilities": vulnerabilities,
    })
}

/// OpenVEX 0.2.0.
pub fn openvex(head: &Head, machines: &[Machine], verdicts: &[Verdict]) -> Value {
    let places = index(machines);
    let statements: Vec<Value> = verdicts
        .iter()
        .filter_map(|verdict| {
            let at = *places.get(verdict.asset.as_str())?;
            let mut statement = json!({
                "vulnerability": { "name": verdict.cve },
                "products": [{ "@id": format!("{}/machines/{at}", head.namespace.trim_end_matches('/')), "identifiers": {}, "subcomponents": [] }],
                "timestamp": head.time,
            });
            statement["products"][0].as_object_mut()?.retain(|key, _| key == "@id");
            match verdict.answer {
                Answer::Affected => {
                    statement["status"] = json!("affected");
                    statement["action_statement"] = json!(format!("See {}. {}", verdict.advisory, verdict.why.en));
                }
                Answer::NotAffected => {
                    statement["status"] = json!("not_affected");
                    statement["impact_statement"] = json!(verdict.why.en.as_str());
                }
                Answer::Unknown => {
                    statement["status"] = json!("under_investigation");
                    statement["status_notes"] = json!(verdict.why.en.as_str());
                }
            }
            Some(statement)
        })
        .collect();
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": format!("{}/vex/{}", head.namespace.trim_end_matches('/'), head.id),
        "author": head.author, "timestamp": head.time, "version": 1, "tooling": "Vigie",
        "statements": statements,
    })
}

/// CycloneDX 1.6: the machines as components, and what is said of them as analysis. Without verdicts it is the inventory.
pub fn cyclonedx(head: &Head, machines: &[Machine], verdicts: &[Verdict]) -> Value {
    let places = index(machines);
    let components: Vec<Value> = machines
        .iter()
        .enumerate()
        .map(|(at, machine)| {
            let name = [&machine.model, &machine.product, &machine.order_number, &machine.asset];
            let name = name.iter().find(|name| !name.is_empty()).map_or("", |name| name.as_str());
            let properties: Vec<Value> = [
                ("vigie:asset", &machine.asset),
                ("vigie:order_number", &machine.order_number),
                ("vigie:serial", &machine.serial),
            ]
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| json!({ "name": key, "value": value }))
            .collect();
            let mut component =
                json!({ "type": "device", "bom-ref": product_id(at), "name": name, "properties": properties });
            if !machine.vendor.is_empty() {
                component["manufacturer"] = json!({ "name": machine.vendor });
            }
            if !machine.firmware.is_empty() {
                component["version"] = json!(machine.firmware);
            }
            component
        })
        .collect();
    let mut bom = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": { "timestamp": head.time, "tools": { "components": [{ "type": "application", "name": "Vigie" }] } },
        "components": components,
    });
    let vulnerabilities: Vec<Value> = verdicts
        .iter()
        .filter_map(|verdict| {
            let at = *places.get(verdict.asset.as_str())?;
            let state = match verdict.answer {
                Answer::Affected => "exploitable",
                Answer::Unknown => "in_triage",
                Answer::NotAffected => "not_affected",
            };
            let analysis = json!({ "state": state, "detail": verdict.why.en.as_str() });
            Some(json!({ "id": verdict.cve, "source": { "name": verdict.advisory }, "analysis": analysis, "affects": [{ "ref": product_id(at) }] }))
        })
        .collect();
    if !vulnerabilities.is_empty() {
        bom["vulnerabilities"] = json!(vulnerabilities);
    }
    bom
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    #[test]
    fn what_is_written_is_read_again() {
        let value = json!({
            "document": { "csaf_version": "2.0", "title": "T", "tracking": { "id": "A-1" } },
            "product_tree": { "branches": [{ "category": "vendor", "name": "Moxa", "branches": [{ "category": "product_name", "name": "NPort 5110",
                "branches": [{ "category": "product_version_range", "name": "<= 2.9", "product": { "product_id": "P", "name": "P" } }] }] }] },
            "vulnerabilities": [{ "cve": "CVE-2020-1", "product_status": { "known_affected": ["P"] } }]
        });
        let catalogue = Catalogue::new(vec![crate::csaf::from_value(&value).unwrap().0]);
        let machine = |asset: &str, firmware: &str| Machine {
            asset: asset.into(),
            vendor: "Moxa".into(),
            model: "NPort 5110".into(),
            firmware: firmware.into(),
            ..Machine::default()
        };
        let machines = [machine("A", "2.8"), machine("B", "3.0"), machine("C", "")];
        let verdicts: Vec<Verdict> = machines.iter().flat_map(|machine| catalogue.match_machine(machine)).collect();
        let head =
            Head { author: "Plant", namespace: "https://plant.example", time: "2026-01-01T00:00:00Z", id: "V-1" };
        let (advisory, faults) = crate::csaf::from_value(&csaf(&head, &machines, &verdicts)).unwrap();
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(advisory.vulnerabilities[0].statuses.len(), 3);
        let open = openvex(&head, &machines, &verdicts);
        let statuses: Vec<&str> =
            open["statements"].as_array().unwrap().iter().map(|s| s["status"].as_str().unwrap()).collect();
        assert_eq!(statuses, ["affected", "not_affected", "under_investigation"]);
        let bom = cyclonedx(&head, &machines, &verdicts);
        assert_eq!(bom["components"].as_array().unwrap().len(), 3);
        assert_eq!(bom["vulnerabilities"][0]["analysis"]["state"], "exploitable");
    }
}
