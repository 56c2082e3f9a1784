//! One finding in every form; hostile texts stay inside their field.

use std::borrow::Cow;

use expect_test::expect;
use model::{Address, Behind, Finding, Said, Severity, Text, Time};

use super::*;

fn finding(title: &str) -> Finding {
    let address = |ip: &str, port| Address { ip: ip.parse().ok(), port, ..Address::default() };
    Finding {
        id: Text::from("controller-stopped-00ff"),
        detector: Cow::Borrowed("controller-stopped"),
        title: Text::from(title),
        severity: Severity::Critical,
        first: Time::from_seconds(1_772_433_000, 123_456_789),
        last: Time::from_seconds(1_772_433_060, 0),
        count: 2,
        from: Some(address("10.0.0.9", None)),
        to: Some(address("10.0.0.7", Some(102))),
        behind: Behind::Slot { rack: 0, slot: 2 },
        protocol: Cow::Borrowed("s7comm"),
        evidence: vec![Said { en: Text::from("s7comm plc stop: done"), fr: Text::from("arrêt") }],
        flow: None,
    }
}

fn told(finding: &Finding) -> Told<'_> {
    Told { finding, state: "open", version: "0.1.0" }
}

/// With sorted names, whatever features the JSON library was built with.
fn sorted(value: &serde_json::Value) -> String {
    String::from_utf8(ledger::canonical_json(value)).expect("JSON is text")
}

#[test]
fn a_finding_in_lines() {
    let finding = finding("Controller stopped");
    let lines = [
        sorted(&zeek(told(&finding))),
        sorted(&eve(told(&finding))),
        cef(told(&finding)),
        syslog(told(&finding), "plant 1"),
    ];
    expect![[r#"
        {"_path":"notice","actions":["Notice::ACTION_LOG"],"dst":"10.0.0.7","id.orig_h":"10.0.0.9","id.resp_h":"10.0.0.7","id.resp_p":102,"msg":"Controller stopped","n":2,"note":"Vigie::Controller_Stopped","p":102,"peer_descr":"vigie","severity.name":"critical","src":"10.0.0.9","sub":"s7comm plc stop: done","suppress_for":0.0,"ts":1772433000.1234567,"uid":"controller-stopped-00ff"}
        {"alert":{"action":"allowed","category":"controller-stopped","gid":1,"metadata":{"mitre_technique_id":["T0858","T0881"],"state":["open"],"vigie_severity":["critical"]},"rev":1,"severity":1,"signature":"VIGIE Controller stopped","signature_id":9944965},"app_proto":"s7comm","dest_ip":"10.0.0.7","dest_port":102,"event_type":"alert","host":"vigie","src_ip":"10.0.0.9","timestamp":"2026-03-02T06:30:00.123456+0000","vigie":{"count":2,"evidence":["s7comm plc stop: done"],"id":"controller-stopped-00ff","last":"2026-03-02T06:31:00.000000000Z"}}
        CEF:0|Vigie|Vigie|0.1.0|controller-stopped|Controller stopped|10|start=1772433000123 end=1772433060000 rt=1772433060000 externalId=controller-stopped-00ff cnt=2 src=10.0.0.9 dst=10.0.0.7 dpt=102 app=s7comm cs1Label=behind cs1=rack 0 slot 2 cs2Label=techniques cs2=T0858 T0881 msg=s7comm plc stop: done
        <130>1 2026-03-02T06:30:00.123456Z plant1 vigie - controller-stopped [vigie@32473 id="controller-stopped-00ff" severity="critical" count="2" src="10.0.0.9" dst="10.0.0.7" dpt="102" protocol="s7comm"] Controller stopped: s7comm plc stop: done"#]].assert_eq(&lines.join("\n"));
}

#[test]
fn a_finding_as_ocsf_and_stix() {
    let finding = finding("Controller stopped");
    let event = ocsf(told(&finding));
    assert_eq!(event["type_uid"], 200_401);
    assert_eq!(event["evidences"][0]["dst_endpoint"]["port"], 102);
    let bundle = stix([told(&finding)]);
    let objects = bundle["objects"].as_array().unwrap();
    let kinds: Vec<&str> = objects.iter().filter_map(|object| object["type"].as_str()).collect();
    assert!(
        ["identity", "ipv4-addr", "observed-data", "note", "attack-pattern"].iter().all(|kind| kinds.contains(kind))
    );
    // Every reference leads to an object of the bundle.
    let ids: Vec<&str> = objects.iter().filter_map(|object| object["id"].as_str()).collect();
    for object in objects {
        for reference in object["object_refs"].as_array().into_iter().flatten() {
            assert!(ids.contains(&reference.as_str().unwrap()), "{reference}");
        }
        let (kind, id) = (object["type"].as_str().unwrap(), object["id"].as_str().unwrap());
        let uuid = id.strip_prefix(&format!("{kind}--")).unwrap();
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "5"), "{id}");
    }
}

#[test]
fn texts_from_the_network_stay_in_their_field() {
    let finding = finding("a|b\\c\nCEF:0|x] \"quoted\" k=v");
    let line = cef(told(&finding));
    assert!(!line.contains('\n') && line.contains("a\\|b\\\\c CEF:0\\|x]"), "{line}");
    assert_eq!(syslog(told(&finding), "h").lines().count(), 1);
}
