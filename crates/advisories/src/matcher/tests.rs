//! Verdicts with their reasons.

use expect_test::expect;
use serde_json::json;

use super::*;
use crate::catalogue::Catalogue;

/// A document with one weakness; products as vendor, name, version text, and status.
fn document(id: &str, products: &[(&str, &str, &str, &str)]) -> Advisory {
    let branches: Vec<_> = products
        .iter()
        .enumerate()
        .map(|(at, (vendor, name, version, _))| {
            json!({ "category": "vendor", "name": vendor, "branches": [{ "category": "product_name", "name": name, "branches": [
                { "category": "product_version_range", "name": version, "product": { "product_id": format!("P{at}"), "name": name } }] }] })
        })
        .collect();
    let mut statuses: std::collections::BTreeMap<&str, Vec<String>> = std::collections::BTreeMap::new();
    for (at, (.., status)) in products.iter().enumerate() {
        statuses.entry(status).or_default().push(format!("P{at}"));
    }
    let value = json!({
        "document": { "csaf_version": "2.0", "title": id, "tracking": { "id": id } },
        "product_tree": { "branches": branches },
        "vulnerabilities": [{ "cve": "CVE-2020-1", "product_status": statuses }]
    });
    crate::csaf::from_value(&value).unwrap().0
}

/// A machine from `vendor | product | model | order number | firmware | serial`.
fn machine(line: &str) -> Machine {
    let mut fields = line.split('|').map(|field| field.trim().to_string());
    let mut next = || fields.next().unwrap_or_default();
    Machine {
        asset: "M".into(),
        vendor: next(),
        product: next(),
        model: next(),
        order_number: next(),
        firmware: next(),
        serial: next(),
    }
}

fn transcript(products: &[(&str, &str, &str, &str)], machines: &[&str]) -> String {
    let catalogue = Catalogue::new(vec![document("A-1", products)]);
    let mut text = String::new();
    for line in machines {
        let verdicts = catalogue.match_machine(&machine(line));
        text.push_str(&format!("{line}\n"));
        for verdict in &verdicts {
            text.push_str(&format!(
                "    {} ({}): {}\n",
                verdict.answer.word(),
                verdict.confidence.word(),
                verdict.why.en
            ));
        }
        if verdicts.is_empty() {
            text.push_str("    -\n");
        }
    }
    text
}

#[test]
fn an_order_number_leads_to_the_family() {
    let text = transcript(
        &[("Siemens", "SIMATIC S7-1200 CPU family (incl. SIPLUS variants)", "< 4.4.0", "known_affected")],
        &[
            "Siemens | | | 6ES7 214-1AG40-0XB0 | V4.2.1",
            "Siemens | | | 6ES7214-1AG40-0XB0 | V4.4.0",
            "Siemens AG | S7-1200 | CPU 1214C DC/DC/DC | | V4.2.1",
            "Siemens | | | 6AG1 214-1AG40-4XB0 | V4.2.1",
            "Siemens | | | 6ES7 214-1AG40-0XB0 | ",
            "Siemens | S7-1200 | | | 4.2.1",
            "Siemens | | | 6ES7 214-1AD23-0XB0 | V2.0.1",
            "Siemens | | | 6ES7 315-2EH14-0AB0 | V3.2.1",
            "Siemens | | SM 1221 | 6ES7 221-1BF32-0XB0 | V1.0",
            "Moxa | S7-1200 CPU | | | 4.2.1",
        ],
    );
    expect![[r#"
        Siemens | | | 6ES7 214-1AG40-0XB0 | V4.2.1
            affected (medium): 6ES7 214-1AG40-0XB0 is a SIMATIC S7-1200 CPU 1214C: version V4.2.1 is in what the advisory names: “SIMATIC S7-1200 CPU family (incl. SIPLUS variants): < 4.4.0”.
        Siemens | | | 6ES7214-1AG40-0XB0 | V4.4.0
            not_affected (medium): 6ES7214-1AG40-0XB0 is a SIMATIC S7-1200 CPU 1214C: version V4.4.0 is not among those that the advisory names: “SIMATIC S7-1200 CPU family (incl. SIPLUS variants): < 4.4.0”.
        Siemens AG | S7-1200 | CPU 1214C DC/DC/DC | | V4.2.1
            affected (low): “S7-1200 CPU 1214C DC/DC/DC”: version V4.2.1 is in what the advisory names: “SIMATIC S7-1200 CPU family (incl. SIPLUS variants): < 4.4.0”.
        Siemens | | | 6AG1 214-1AG40-4XB0 | V4.2.1
            affected (medium): 6AG1 214-1AG40-4XB0 is a SIMATIC S7-1200 CPU 1214C: version V4.2.1 is in what the advisory names: “SIMATIC S7-1200 CPU family (incl. SIPLUS variants): < 4.4.0”.
        Siemens | | | 6ES7 214-1AG40-0XB0 | 
            unknown (medium): 6ES7 214-1AG40-0XB0 is a SIMATIC S7-1200 CPU 1214C: the advisory names “SIMATIC S7-1200 CPU family (incl. SIPLUS variants): < 4.4.0”; missing: the firmware version.
        Siemens | S7-1200 | | | 4.2.1
            unknown (low): “S7-1200”: the advisory names “SIMATIC S7-1200 CPU family (incl. SIPLUS variants): < 4.4.0”; missing: the exact model.
        Siemens | | | 6ES7 214-1AD23-0XB0 | V2.0.1
            -
        Siemens | | | 6ES7 315-2EH14-0AB0 | V3.2.1
            -
        Siemens | | SM 1221 | 6ES7 221-1BF32-0XB0 | V1.0
            -
        Moxa | S7-1200 CPU | | | 4.2.1
            -
    "#]].assert_eq(&text);
}

#[test]
fn a_number_named_by_the_advisory_decides() {
    let text = transcript(
        &[("Siemens", "SIMATIC S7-1500 CPU 1511-1 PN (6ES7511-1AK00-0AB0)", "< V2.8", "known_affected")],
        &[
            "Siemens | | | 6ES7 511-1AK00-0AB0 | V2.6.1",
            "Siemens | | CPU 1511-1 PN | 6ES7 511-1AK02-0AB0 | V2.6.1",
            "Siemens | S7-1500 | CPU 1511-1 PN | | V2.6.1",
            "Siemens | S7-1500 | | | V2.6.1",
            "Siemens | S7-1500 | | | V3.0",
        ],
    );
    expect![[r#"
        Siemens | | | 6ES7 511-1AK00-0AB0 | V2.6.1
            affected (high): Order number 6ES7 511-1AK00-0AB0: version V2.6.1 is in what the advisory names: “SIMATIC S7-1500 CPU 1511-1 PN (6ES7511-1AK00-0AB0): < V2.8”.
        Siemens | | CPU 1511-1 PN | 6ES7 511-1AK02-0AB0 | V2.6.1
            -
        Siemens | S7-1500 | CPU 1511-1 PN | | V2.6.1
            affected (low): “S7-1500 CPU 1511-1 PN”: version V2.6.1 is in what the advisory names: “SIMATIC S7-1500 CPU 1511-1 PN (6ES7511-1AK00-0AB0): < V2.8”.
        Siemens | S7-1500 | | | V2.6.1
            unknown (low): “S7-1500”: the advisory names “SIMATIC S7-1500 CPU 1511-1 PN (6ES7511-1AK00-0AB0): < V2.8”; missing: the order number.
        Siemens | S7-1500 | | | V3.0
            -
    "#]].assert_eq(&text);
}

#[test]
fn catalogue_numbers_with_series() {
    let text = transcript(
        &[
            ("Rockwell Automation", "ControlLogix 5560 controllers", "<= 16.020", "known_affected"),
            ("Rockwell Automation", "1756-EN2T Series D", "<= 11.003", "known_affected"),
            ("Rockwell Automation", "MicroLogix 1400 Controllers Series B and C", "<= 21.003", "known_affected"),
        ],
        &[
            "Allen-Bradley | | 1756-L61/B LOGIX5561 | 1756-L61/B | 16.20",
            "Rockwell Automation/Allen-Bradley | | | 1756-L61/B | 20.11",
            "Rockwell Automation | | | 1756-L71/B | 16.20",
            "Rockwell Automation | | 1756-EN2T/D | | 11.002",
            "Rockwell Automation | | 1756-EN2T/C | | 5.028",
            "Rockwell Automation | | 1756-EN2T | | 11.002",
            "Rockwell Automation | | 1756-EN2TR/C | | 11.002",
            "Rockwell Automation | | 1766-L32BWA/B | | 21.002",
            "Rockwell Automation | | 1766-L32BWA/A | | 7.0",
        ],
    );
    expect![[r#"
        Allen-Bradley | | 1756-L61/B LOGIX5561 | 1756-L61/B | 16.20
            affected (medium): 1756-L61/B is a ControlLogix 5560: version 16.20 is in what the advisory names: “ControlLogix 5560 controllers: <= 16.020”.
        Rockwell Automation/Allen-Bradley | | | 1756-L61/B | 20.11
            not_affected (medium): 1756-L61/B is a ControlLogix 5560: version 20.11 is not among those that the advisory names: “ControlLogix 5560 controllers: <= 16.020”.
        Rockwell Automation | | | 1756-L71/B | 16.20
            -
        Rockwell Automation | | 1756-EN2T/D | | 11.002
            affected (high): Order number 1756-EN2T/D: version 11.002 is in what the advisory names: “1756-EN2T Series D: <= 11.003”.
        Rockwell Automation | | 1756-EN2T/C | | 5.028
            -
        Rockwell Automation | | 1756-EN2T | | 11.002
            unknown (high): Order number 1756-EN2T: the advisory names “1756-EN2T Series D: <= 11.003”; missing: the series letter on the label.
        Rockwell Automation | | 1756-EN2TR/C | | 11.002
            -
        Rockwell Automation | | 1766-L32BWA/B | | 21.002
            affected (medium): 1766-L32BWA/B is a MicroLogix 1400: version 21.002 is in what the advisory names: “MicroLogix 1400 Controllers Series B and C: <= 21.003”.
        Rockwell Automation | | 1766-L32BWA/A | | 7.0
            -
    "#]].assert_eq(&text);
}

#[test]
fn qualified_models_are_others() {
    let text = transcript(
        &[
            ("Siemens", "SIMATIC CP 343-1", "< V3.0", "known_affected"),
            ("Moxa", "NPort 5110", "<= 2.9", "known_affected"),
        ],
        &[
            "Siemens | | CP 343-1 | | V2.2",
            "Siemens | | CP 343-1 Advanced | | V2.2",
            "Siemens | | | 6GK7 343-1GX31-0XE0 | V2.2",
            "Moxa | | NPort 5110 | | 2.8",
            "Moxa | | NPort 5110A | | 1.4",
            "Moxa | | NPort | | 2.8",
        ],
    );
    expect![[r#"
        Siemens | | CP 343-1 | | V2.2
            affected (low): “CP 343-1”: version V2.2 is in what the advisory names: “SIMATIC CP 343-1: < V3.0”.
        Siemens | | CP 343-1 Advanced | | V2.2
            -
        Siemens | | | 6GK7 343-1GX31-0XE0 | V2.2
            -
        Moxa | | NPort 5110 | | 2.8
            affected (low): “NPort 5110”: version 2.8 is in what the advisory names: “NPort 5110: <= 2.9”.
        Moxa | | NPort 5110A | | 1.4
            -
        Moxa | | NPort | | 2.8
            -
    "#]]
    .assert_eq(&text);
}

#[test]
fn what_the_advisory_says_of_fixed_versions_counts() {
    let text = transcript(
        &[
            ("ABB", "AC500 PM573-ETH", "< 3.1", "known_affected"),
            ("ABB", "AC500 PM573-ETH", "3.1.1", "fixed"),
            ("ABB", "AC500 PM583", "vers:all/*", "known_not_affected"),
            ("ABB", "AC500 PM595", "*", "under_investigation"),
        ],
        &[
            "ABB | AC500 | PM573-ETH | | 3.0",
            "ABB | AC500 | PM573-ETH | | 3.1.1",
            "ABB | AC500 | PM583 | | 2.0",
            "ABB | AC500 | PM595 | | 2.0",
        ],
    );
    expect![[r#"
        ABB | AC500 | PM573-ETH | | 3.0
            affected (low): “AC500 PM573-ETH”: version 3.0 is in what the advisory names: “AC500 PM573-ETH: < 3.1”.
        ABB | AC500 | PM573-ETH | | 3.1.1
            not_affected (low): “AC500 PM573-ETH”: the advisory says that it is not affected, or fixed: “AC500 PM573-ETH: 3.1.1”.
        ABB | AC500 | PM583 | | 2.0
            not_affected (low): “AC500 PM583”: the advisory says that it is not affected, or fixed: “AC500 PM583: all versions”.
        ABB | AC500 | PM595 | | 2.0
            unknown (low): “AC500 PM595”: the advisory names “AC500 PM595: all versions”; missing: the maker's answer: it is still investigating.
    "#]].assert_eq(&text);
}

#[test]
fn conditions_and_exceptions() {
    let text = transcript(
        &[
            (
                "Siemens",
                "SIMATIC ET200SP (incl. SIPLUS variants, except IM155-6 PN ST and IM155-6 PN HF)",
                "*",
                "known_affected",
            ),
            ("WAGO", "750-881", "<V10_only_if_the_web_server_is_on", "known_affected"),
        ],
        &[
            "Siemens | ET 200SP | IM155-6 PN BA | | V1.0",
            "Siemens | ET 200SP | IM155-6 PN HF | | V1.0",
            "WAGO | | 750-881 | | 9.1",
            "WAGO | | 750-881 | | 10.2",
        ],
    );
    expect![[r#"
        Siemens | ET 200SP | IM155-6 PN BA | | V1.0
            affected (low): “ET 200SP IM155-6 PN BA”: every version is named: “SIMATIC ET200SP (incl. SIPLUS variants, except IM155-6 PN ST and IM155-6 PN HF): all versions”.
        Siemens | ET 200SP | IM155-6 PN HF | | V1.0
            -
        WAGO | | 750-881 | | 9.1
            unknown (low): “750-881”: the advisory names “750-881: <V10 only if the web server is on”; missing: whether the condition of the advisory holds (only if the web server is on).
        WAGO | | 750-881 | | 10.2
            not_affected (low): “750-881”: version 10.2 is not among those that the advisory names: “750-881: <V10 only if the web server is on”.
    "#]].assert_eq(&text);
}

#[test]
fn nothing_is_said_to_be_harmless() {
    // The word must stand in no sentence.
    let text = transcript(&[("Moxa", "NPort 5110", "<= 2.9", "known_affected")], &["Moxa | | NPort 5110 | | 3.0"]);
    assert!(!text.to_lowercase().contains("safe"), "{text}");
}

fn shared() -> Option<Catalogue> {
    let path = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/advisories"));
    let other = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/advisories"));
    let path = [path, other].into_iter().find(|path| path.is_dir());
    let Some(path) = path else {
        println!("skipped: the real advisories are not there");
        return None;
    };
    let (catalogue, loaded) = Catalogue::load(path, &mut |_| {}).unwrap();
    assert_eq!(loaded.problems, []);
    assert_eq!(catalogue.advisories.len(), 1_896);
    Some(catalogue)
}

#[test]
fn real_documents_are_all_read_and_an_s7_1200_is_judged() {
    let Some(catalogue) = shared() else { return };
    let verdicts = catalogue.match_machine(&machine("Siemens | | | 6ES7 214-1AG40-0XB0 | V4.2.1"));
    let of = |id: &str| -> Vec<&'static str> {
        verdicts.iter().filter(|verdict| verdict.advisory == id).map(|verdict| verdict.answer.word()).collect()
    };
    assert_eq!(of("ICSA-19-344-06"), ["affected", "affected"]);
    assert_eq!(of("ICSA-20-042-05"), ["not_affected"]);
}

#[test]
fn scores_are_those_that_the_documents_state() {
    let Some(catalogue) = shared() else { return };
    let (mut all, mut computed) = (0, 0);
    let mut wrong = Vec::new();
    for advisory in &catalogue.advisories {
        for score in advisory.vulnerabilities.iter().flat_map(|vulnerability| &vulnerability.scores) {
            let Some(stated) = score.base else { continue };
            all += 1;
            let Some(scores) = crate::cvss::scores(&score.vector) else { continue };
            computed += 1;
            if scores.base != stated {
                wrong.push(format!("{}: {} is {}, stated {stated}", advisory.id, score.vector, scores.base));
            }
        }
    }
    println!("{all} scores, {computed} computed, {} differ", wrong.len());
    assert!(computed * 100 >= all * 99, "{computed} of {all}");
    assert!(wrong.len() * 100 <= all, "{} of {all}: {:#?}", wrong.len(), &wrong[..wrong.len().min(20)]);
}
