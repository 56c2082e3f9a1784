//! STIX 2.1: every finding as observed data about its addresses, and a sighting-like note of what it means.

use std::collections::BTreeMap;

use model::{Address, Time};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Told;

/// A UUID that is the same for the same text: version 5 in form, from SHA-256.
fn uuid(of: &str) -> String {
    let hash = Sha256::digest(format!("vigie {of}").as_bytes());
    let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-5{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

/// Milliseconds are what STIX asks for at least.
fn time(at: Time) -> String {
    let text = at.to_string();
    text.get(..23).map_or(text.clone(), |text| format!("{text}Z"))
}

/// The objects of an address: IP and hardware address.
fn observables(address: &Address, objects: &mut BTreeMap<String, Value>) -> Vec<String> {
    let mut ids = Vec::new();
    let mut one = |kind: &str, value: String| {
        let id = format!("{kind}--{}", uuid(&format!("{kind} {value}")));
        let object = json!({ "type": kind, "spec_version": "2.1", "id": id, "value": value });
        objects.insert(id.clone(), object);
        ids.push(id);
    };
    if let Some(ip) = address.ip {
        one(if ip.is_ipv4() { "ipv4-addr" } else { "ipv6-addr" }, ip.to_string());
    }
    if let Some(mac) = address.mac {
        one("mac-addr", mac.to_string());
    }
    ids
}

/// A bundle of all findings.
pub fn stix<'a>(findings: impl IntoIterator<Item = Told<'a>>) -> Value {
    let mut objects: BTreeMap<String, Value> = BTreeMap::new();
    let author = format!("identity--{}", uuid("identity"));
    let since = "2026-01-01T00:00:00.000Z";
    objects.insert(
        author.clone(),
        json!({
            "type": "identity", "spec_version": "2.1", "id": author, "created": since, "modified": since,
            "name": "Vigie", "identity_class": "system",
        }),
    );
    for told in findings {
        let finding = told.finding;
        let mut refs: Vec<String> = Vec::new();
        for address in [&finding.from, &finding.to].into_iter().flatten() {
            refs.extend(observables(address, &mut objects));
        }
        refs.sort();
        refs.dedup();
        let (created, modified) = (time(finding.first), time(finding.last));
        let mut about: Vec<String> = Vec::new();
        if !refs.is_empty() {
            let id = format!("observed-data--{}", uuid(&finding.id));
            about.push(id.clone());
            objects.insert(
                id.clone(),
                json!({
                    "type": "observed-data", "spec_version": "2.1", "id": id, "created_by_ref": author,
                    "created": created, "modified": modified, "first_observed": created, "last_observed": modified,
                    "number_observed": finding.count.clamp(1, 999_999_999), "object_refs": refs,
                }),
            );
        }
        for (technique, name) in told.techniques() {
            let id = format!("attack-pattern--{}", uuid(technique));
            about.push(id.clone());
            objects.entry(id.clone()).or_insert_with(|| {
                json!({
                    "type": "attack-pattern", "spec_version": "2.1", "id": id, "created_by_ref": author,
                    "created": since, "modified": since, "name": name,
                    "external_references": [{ "source_name": "mitre-attack", "external_id": technique }],
                })
            });
        }
        if about.is_empty() {
            about.push(author.clone());
        }
        let id = format!("note--{}", uuid(&finding.id));
        objects.insert(
            id.clone(),
            json!({
                "type": "note", "spec_version": "2.1", "id": id, "created_by_ref": author, "created": created,
                "modified": modified, "abstract": finding.title, "content": told.evidence(),
                "labels": [finding.detector, format!("severity:{}", finding.severity), format!("state:{}", told.state)],
                "object_refs": about,
            }),
        );
    }
    let objects: Vec<Value> = objects.into_values().collect();
    let id = uuid(&format!("bundle {}", objects.iter().map(|object| object.to_string()).collect::<String>()));
    json!({ "type": "bundle", "id": format!("bundle--{id}"), "objects": objects })
}
