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

#[test]
fn who_stands_in_the_middle_is_not_the_machine_it_pretends_to_be() {
    let say = |at: f64, ip: &str, mac: &str| Record::Fact(fact(at, ip, "arp", FactKey::Mac, mac));
    let (plc, hmi, thief) = ("00:1d:9c:00:00:07", "98:90:96:00:00:09", "80:19:34:00:00:66");
    let through = |from: &str, to: &str| Record::Conversation(conversation(5.0, from, to, "cip", State::Midstream));
    check(
        vec![
            say(0.0, "10.0.0.7", plc),
            say(0.0, "10.0.0.9", hmi),
            say(0.0, "10.0.0.66", thief),
            say(3.0, "10.0.0.7", thief),
            say(3.0, "10.0.0.9", thief),
            // Most packets are seen on their second way.
            through(&format!("10.0.0.9@{thief}"), &format!("10.0.0.7:44818@{thief}")),
        ],
        expect![[r#"
            mac-001d9c000007 `10.0.0.7` 00:1d:9c:00:00:07[10.0.0.7] plc level 1
            mac-801934000066 `10.0.0.66` 80:19:34:00:00:66[10.0.0.66] unknown level 3 hearsay
            mac-989096000009 `10.0.0.9` 98:90:96:00:00:09[10.0.0.9] unknown level 2
        "#]],
    );
}

#[test]
fn a_machine_with_one_address_after_the_other_is_no_router() {
    let call = |at: f64, ip: &str| {
        let from = format!("{ip}@00:0c:29:00:00:10");
        Record::Conversation(conversation(at, &from, "10.9.0.7:502@00:80:f4:00:00:07", "modbus", State::Closed))
    };
    check(
        vec![call(0.0, "10.1.0.5"), call(9_000.0, "10.2.0.5"), call(90_000.0, "10.3.0.5")],
        expect![[r#"
        mac-000c29000010 `10.1.0.5` 00:0c:29:00:00:10[10.1.0.5 10.2.0.5 10.3.0.5] unknown level 2
        mac-0080f4000007 `10.9.0.7` 00:80:f4:00:00:07[10.9.0.7] plc level 1
    "#]],
    );
    // At the same time it forwards.
    check(
        vec![call(0.0, "10.1.0.5"), call(0.5, "10.2.0.5")],
        expect![[r#"
        ip-10.1.0.5 `10.1.0.5` -[10.1.0.5] unknown level 2 remote
        ip-10.2.0.5 `10.2.0.5` -[10.2.0.5] unknown level 2 remote
        mac-000c29000010 `00:0c:29:00:00:10` 00:0c:29:00:00:10[] router level unknown
        mac-0080f4000007 `10.9.0.7` 00:80:f4:00:00:07[10.9.0.7] plc level 1
    "#]],
    );
}

#[test]
fn public_addresses_of_an_old_plant_are_not_outside() {
    let plc = "141.81.0.20@00:1b:1b:00:00:20";
    check(
        vec![
            Record::Act(act(0.0, "10.0.0.1@00:0c:29:00:00:01", "10.0.0.2@00:0c:29:00:00:02", "dns", Verb::Browse, "a")),
            Record::Fact(fact(0.0, "141.81.0.20", "arp", FactKey::Mac, "00:1b:1b:00:00:20")),
            Record::Act(act(0.0, "141.81.0.99", &to(plc, 502), "modbus", Verb::Read, "read holding registers")),
            Record::Act(act(0.0, "8.8.8.8", &to(plc, 502), "modbus", Verb::Read, "read holding registers")),
        ],
        expect![[r#"
            ip-141.81.0.99 `141.81.0.99` -[141.81.0.99] hmi level 2
            ip-8.8.8.8 `8.8.8.8` -[8.8.8.8] internet host level 5 external
            mac-000c29000001 `10.0.0.1` 00:0c:29:00:00:01[10.0.0.1] unknown level unknown
            mac-000c29000002 `10.0.0.2` 00:0c:29:00:00:02[10.0.0.2] unknown level unknown
            mac-001b1b000020 `141.81.0.20` 00:1b:1b:00:00:20[141.81.0.20] plc level 1
        "#]],
    );
}

#[test]
fn one_door_is_one_service() {
    let call = |at: f64, protocol: &'static str| {
        Record::Conversation(conversation(at, "10.0.0.9:5000", "10.0.0.7:44818", protocol, State::Closed))
    };
    // The first has a high port and no name: it may be anything. Of the last, the ports say who is who.
    let turned = conversation(4.0, "10.0.0.7:44818", "10.0.0.9:1054", "cip", State::Midstream);
    let judgement = judge(vec![call(0.0, ""), call(1.0, "enip"), call(2.0, "cip"), Record::Conversation(turned)]);
    let services: Vec<String> = judgement
        .assets
        .iter()
        .flat_map(|asset| asset.services.iter().map(move |s| (asset, s)))
        .map(|(asset, s)| format!("{} {} {:?} ×{}", asset.id, s.protocol, s.port, s.conversations))
        .collect();
    assert_eq!(services, ["ip-10.0.0.7 cip Some(44818) ×3"]);
}

#[test]
fn merged_acts_stand_for_the_messages_of_the_first_one() {
    let mut first = act(0.0, "10.0.0.9", "10.0.0.7:102", "s7comm", Verb::Read, "read var");
    first.messages = model::Messages::default();
    first.messages.add("s7comm", 4, 2);
    first.messages.add("cotp", 240, 3);
    let mut merged = first.clone().times(100);
    merged.messages = model::Messages::none();
    let judgement = judge(vec![Record::Act(first), Record::Act(merged)]);
    let counts: Vec<(&str, u64)> = judgement.protocols.iter().map(|p| (p.protocol.as_str(), p.messages)).collect();
    assert_eq!(counts, [("cotp", 303), ("s7comm", 202)]);
}
