//! Machines, not addresses: what becomes of records in the inventory.

use expect_test::{Expect, expect};
use model::{Confidence, FactKey, Judgement, Outcome, Record, State, Text, Verb};

use crate::testing::{ActExt, act, address, conversation, fact, judge};

/// The machines, one a line: id, name, interfaces, role, level, what stands out.
fn machines(judgement: &Judgement) -> String {
    let mut lines: Vec<String> = judgement
        .assets
        .iter()
        .map(|asset| {
            let interfaces: Vec<String> = asset
                .interfaces
                .iter()
                .map(|interface| {
                    let ips: Vec<String> = interface.ips.iter().map(ToString::to_string).collect();
                    format!("{}[{}]", interface.mac.map_or("-".to_owned(), |mac| mac.to_string()), ips.join(" "))
                })
                .collect();
            let mut marks = String::new();
            for (mark, is) in
                [(" remote", asset.is_remote), (" external", asset.is_external), (" hearsay", asset.is_hearsay)]
            {
                marks.push_str(if is { mark } else { "" });
            }
            format!(
                "{} `{}` {} {} level {}{marks}\n",
                asset.id,
                asset.name,
                interfaces.join(" + "),
                asset.roles[0].role,
                asset.purdue.level
            )
        })
        .collect();
    lines.sort();
    lines.concat()
}

fn check(records: Vec<Record>, expected: Expect) {
    expected.assert_eq(&machines(&judge(records)));
}

const HMI: &str = "10.0.0.10@00:0c:29:00:00:10";
const PLC: &str = "10.0.0.20@00:1b:1b:00:00:20";

fn to(text: &str, port: u16) -> String {
    match text.split_once('@') {
        Some((ip, mac)) => format!("{ip}:{port}@{mac}"),
        None => format!("{text}:{port}"),
    }
}

#[test]
fn who_asks_is_an_hmi_and_who_answers_is_a_plc() {
    check(
        vec![
            Record::Conversation(conversation(0.0, HMI, &to(PLC, 102), "s7comm", State::Midstream)),
            Record::Act(act(0.0, HMI, &to(PLC, 102), "s7comm", Verb::Read, "read var")),
            Record::Act(act(1.0, HMI, &to(PLC, 102), "s7comm", Verb::Write, "write var")),
        ],
        expect![[r#"
            mac-000c29000010 `10.0.0.10` 00:0c:29:00:00:10[10.0.0.10] hmi level 2
            mac-001b1b000020 `10.0.0.20` 00:1b:1b:00:00:20[10.0.0.20] plc level 1
        "#]],
    );
}

#[test]
fn several_addresses_on_one_interface_are_one_machine() {
    check(
        vec![
            Record::Fact(fact(0.0, "10.0.0.20", "arp", FactKey::Mac, "00:1b:1b:00:00:20")),
            Record::Fact(fact(0.0, "10.0.1.20", "arp", FactKey::Mac, "00:1b:1b:00:00:20")),
            Record::Conversation(conversation(1.0, HMI, &to(PLC, 80), "http", State::Closed)),
            Record::Conversation(conversation(1.0, HMI, "10.0.1.20:80@00:1b:1b:00:00:20", "http", State::Closed)),
        ],
        expect![[r#"
            mac-000c29000010 `10.0.0.10` 00:0c:29:00:00:10[10.0.0.10] workstation level 4
            mac-001b1b000020 `10.0.0.20` 00:1b:1b:00:00:20[10.0.0.20 10.0.1.20] web server level 4
        "#]],
    );
}

#[test]
fn a_router_does_not_swallow_what_is_behind_it() {
    let gateway = "00:11:22:00:00:01";
    let mut records = vec![Record::Fact(fact(0.0, "10.0.0.1", "arp", FactKey::Mac, gateway))];
    for host in ["192.168.5.5", "192.168.5.6", "8.8.8.8"] {
        records.push(Record::Conversation(conversation(
            1.0,
            &format!("{host}:40000@{gateway}"),
            &to(PLC, 80),
            "http",
            State::Closed,
        )));
    }
    check(
        records,
        expect![[r#"
        ip-192.168.5.5 `192.168.5.5` -[192.168.5.5] workstation level 4 remote
        ip-192.168.5.6 `192.168.5.6` -[192.168.5.6] workstation level 4 remote
        ip-8.8.8.8 `8.8.8.8` -[8.8.8.8] internet host level 5 remote external
        mac-001122000001 `10.0.0.1` 00:11:22:00:00:01[10.0.0.1] router level unknown
        mac-001b1b000020 `10.0.0.20` 00:1b:1b:00:00:20[10.0.0.20] web server level 4
    "#]],
    );
}

#[test]
fn who_never_answers_is_no_machine() {
    let mut records = vec![Record::Conversation(conversation(0.0, HMI, &to(PLC, 502), "modbus", State::Closed))];
    for host in 100..140 {
        records.push(Record::Conversation(conversation(1.0, HMI, &format!("10.0.0.{host}:502"), "", State::Attempted)));
    }
    let judgement = judge(records);
    assert_eq!(judgement.assets.len(), 2);
    assert_eq!(judgement.unanswered.addresses, 40);
}

#[test]
fn multicast_and_broadcast_are_no_machines() {
    let judgement = judge([
        Record::Act(
            act(0.0, "00:80:f4:00:00:01", "01:0c:cd:01:00:01", "goose", Verb::Report, "goose").outcome(Outcome::Asked),
        ),
        Record::Conversation(conversation(0.0, HMI, "10.0.0.255:137@ff:ff:ff:ff:ff:ff", "nbns", State::OneWay)),
        Record::Conversation(conversation(0.0, HMI, "224.0.0.251:5353@01:00:5e:00:00:fb", "mdns", State::OneWay)),
    ]);
    assert_eq!(judgement.assets.len(), 2, "{}", machines(&judgement));
    let groups: Vec<&str> = judgement.edges.iter().map(|edge| edge.to.as_str()).collect();
    assert_eq!(groups, ["group-10.0.0.255", "group-224.0.0.251", "group-01:0c:cd:01:00:01"]);
}

#[test]
fn the_same_serial_number_is_the_same_machine() {
    let records = ["10.0.0.20@00:1b:1b:00:00:20", "10.9.0.20@00:1b:1b:00:00:21"].into_iter().flat_map(|plc| {
        [
            Record::Conversation(conversation(0.0, HMI, &to(plc, 102), "s7comm", State::Midstream)),
            Record::Fact(fact(0.0, plc, "s7comm", FactKey::Serial, "S C-X4U421302009")),
            Record::Fact(fact(0.0, plc, "s7comm", FactKey::Vendor, "Siemens")),
        ]
    });
    check(
        records.collect(),
        expect![[r#"
            mac-000c29000010 `10.0.0.10` 00:0c:29:00:00:10[10.0.0.10] unknown level 2
            mac-001b1b000020 `10.0.0.20` 00:1b:1b:00:00:20[10.0.0.20] + 00:1b:1b:00:00:21[10.9.0.20] plc level 1
        "#]],
    );
}

#[test]
fn contradicting_claims_are_kept_and_the_surest_is_believed() {
    let mut guess = fact(5.0, PLC, "http", FactKey::Model, "Web Server 1.0");
    guess.confidence = Confidence::Guess;
    let judgement = judge([
        Record::Act(act(0.0, HMI, &to(PLC, 102), "s7comm", Verb::Read, "read var")),
        Record::Fact(fact(1.0, PLC, "s7comm", FactKey::Firmware, "V3.2.6")),
        Record::Fact(fact(2.0, PLC, "s7comm", FactKey::Firmware, "V3.3.1")),
        Record::Fact(fact(3.0, PLC, "s7comm", FactKey::Model, "CPU 315-2 PN/DP")),
        Record::Fact(guess),
    ]);
    let plc = judgement.assets.iter().find(|asset| asset.id == "mac-001b1b000020").unwrap();
    let shown: Vec<String> = plc
        .attributes
        .iter()
        .map(|a| {
            let claims: Vec<&str> = a.claims.iter().map(|claim| claim.value.as_str()).collect();
            format!("{} = {} ({}){}", a.key, a.value, claims.join(" | "), if a.is_disputed { " disputed" } else { "" })
        })
        .collect();
    assert_eq!(
        shown,
        ["model = CPU 315-2 PN/DP (CPU 315-2 PN/DP | Web Server 1.0)", "firmware = V3.3.1 (V3.3.1 | V3.2.6) disputed"]
    );
    assert_eq!(plc.roles[0].role, model::Role::Plc);
    assert_eq!(plc.interfaces[0].maker, Some(Text::from("Siemens")));
}

#[test]
fn the_known_fields_are_counted_and_people_are_asked_for_the_rest() {
    let judgement = judge([Record::Act(act(0.0, HMI, &to(PLC, 102), "s7comm", Verb::Read, "read var"))]);
    let plc =
        judgement.assets.iter().find(|asset| asset.interfaces[0].ips == [address("10.0.0.20").ip.unwrap()]).unwrap();
    let known: Vec<&str> = plc.fields.iter().filter(|f| f.value.is_some() && !f.is_proposal).map(|f| f.name).collect();
    assert_eq!(known, ["asset role/type", "IP address", "MAC address", "manufacturer"]);
    assert_eq!((plc.known, plc.fields.len()), (4, 14));
    assert!(plc.fields.iter().any(|field| field.name == "asset number" && field.needs_people));
}

#[test]
fn a_machine_leaves_as_json() {
    let judgement = judge([Record::Act(act(0.0, HMI, &to(PLC, 102), "s7comm", Verb::Read, "read var"))]);
    let json = serde_json::to_value(&judgement).unwrap();
    assert_eq!(json["assets"][0]["interfaces"][0]["mac"], "00:0c:29:00:00:10");
    assert_eq!(json["edges"][0]["verbs"][0][0], "read");
}
