//! Scenes: for each kind of deviation a plant that is learned, what fires it, and a near miss that does not.

use expect_test::expect;
use model::{
    Act, Behind, FactKey, Mac, Object, Outcome, Reading, Record, Sample, SampleOrigin, State as Talk, Value, Verb,
};

use super::*;
use crate::testing::{act, address, at, conversation, fact};

const HMI: &str = "10.0.0.3@00:1b:1b:00:00:03";
const PLC: &str = "10.0.0.12@00:1b:1b:00:00:12";
const PLC2: &str = "10.0.0.13@00:1b:1b:00:00:13";
const PC: &str = "10.0.0.50@00:1b:1b:00:00:50";

/// `who` with hardware address and port.
fn end(who: &str, number: u16) -> model::Address {
    model::Address { port: Some(number), ..address(who) }
}

fn between(mut act: Act, from: &str, to: &str, to_port: u16) -> Act {
    act.from = end(from, 40_000);
    act.to = end(to, to_port);
    act
}

fn poll(seconds: f64, to: &str, first: u64) -> Record {
    let mut act =
        between(act(seconds, "10.0.0.3", "10.0.0.12", "modbus", Verb::Read, "read holding registers"), HMI, to, 502);
    act.code = 3;
    act.object = Object::span("holding", first, 10);
    act.latency = Some(2_000_000);
    Record::Act(act)
}

fn write(seconds: f64, value: f64) -> Record {
    let mut act =
        between(act(seconds, "10.0.0.3", "10.0.0.12", "modbus", Verb::Write, "write single register"), HMI, PLC, 502);
    act.code = 6;
    act.object = Object::one("holding", 5);
    act.values = vec![Reading::new(Object::one("holding", 5), Value::Float(value))];
    Record::Act(act)
}

fn talk(seconds: f64, from: &str, to: &str, protocol: &'static str, to_port: u16) -> model::Conversation {
    let mut talk = conversation(seconds, "10.0.0.3", "10.0.0.12:502", protocol, Talk::Closed);
    talk.from = end(from, 40_000);
    talk.to = end(to, to_port);
    talk
}

fn told(seconds: f64, key: FactKey, value: &str) -> Record {
    let mut fact = fact(seconds, "10.0.0.12", "s7comm", key, value);
    fact.subject = address(PLC);
    Record::Fact(fact)
}

/// Ten minutes of a small plant: polls twice a second, set points now and then, an office machine, and what the PLC says.
fn plant() -> Vec<Record> {
    let mut records = Vec::new();
    for number in 0..1_200 {
        let seconds = f64::from(number) * 0.5;
        records.push(poll(seconds, PLC, 0));
        records.push(poll(seconds + 0.1, PLC2, 0));
        if number % 10 == 0 {
            records.push(write(seconds + 0.2, f64::from(number % 100)));
            records.push(Record::Conversation(talk(seconds + 0.3, PC, HMI, "http", 80)));
            let mut act = between(act(seconds + 0.3, "10.0.0.50", "10.0.0.3", "http", Verb::Read, "get"), PC, HMI, 80);
            act.code = 1;
            records.push(Record::Act(act));
            records.push(Record::Conversation(talk(seconds + 0.4, HMI, PLC, "modbus", 502)));
        }
    }
    for (key, value) in [
        (FactKey::Firmware, "V4.2"),
        (FactKey::ProgramHash, "aa11"),
        (FactKey::KeyPosition, "run"),
        (FactKey::Protection, "level 3"),
        (FactKey::Serial, "S C-1"),
        (FactKey::Hostname, "PLC-12"),
        (FactKey::Certificate, "sha256=1"),
        (FactKey::Gateway, "10.0.0.1"),
        (FactKey::User, "operator"),
    ] {
        records.push(told(600.0, key, value));
    }
    let mut module = fact(600.0, "10.0.0.12", "s7comm", FactKey::Module, "CP 343");
    module.subject = address(PLC);
    module.behind = Behind::Slot { rack: 0, slot: 4 };
    records.push(Record::Fact(module));
    records
}

fn learned() -> Baseline {
    let mut baseline = Baseline::default();
    plant().iter().for_each(|record| baseline.learn(record));
    baseline.arm_all();
    baseline
}

fn kinds(baseline: &mut Baseline, records: &[Record]) -> Vec<&'static str> {
    let mut kinds: Vec<&'static str> =
        records.iter().flat_map(|record| baseline.judge(record)).map(|deviation| deviation.kind.id()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

fn one(mut change: impl FnMut(&mut Act)) -> Vec<Record> {
    let Record::Act(mut act) = poll(700.0, PLC, 0) else { unreachable!() };
    change(&mut act);
    vec![Record::Act(act)]
}

fn guarded(verb: Verb, name: &str) -> Vec<Record> {
    vec![Record::Act(between(act(700.0, "10.0.0.3", "10.0.0.12", "modbus", verb, name), HMI, PLC, 502))]
}

#[test]
fn each_kind_fires_on_its_scene_and_not_on_the_near_miss() {
    let group = "224.0.0.99@01:00:5e:00:00:63";
    let scenes: Vec<(Kind, Vec<Record>, Vec<Record>)> = vec![
        (
            Kind::Machine,
            vec![Record::Conversation(talk(700.0, "10.0.0.77@00:1b:1b:00:00:77", HMI, "http", 80))],
            vec![Record::Conversation(talk(700.0, PC, HMI, "http", 80))],
        ),
        (
            Kind::Conversation,
            vec![Record::Conversation(talk(700.0, PC, PLC, "modbus", 502))],
            vec![Record::Conversation(talk(700.0, HMI, PLC, "modbus", 502))],
        ),
        (
            Kind::Protocol,
            vec![Record::Conversation(talk(700.0, HMI, PLC, "http", 80))],
            vec![Record::Conversation(talk(700.0, PC, HMI, "http", 80))],
        ),
        (
            Kind::Service,
            vec![Record::Conversation(talk(700.0, PC, PLC2, "", 4444))],
            vec![Record::Conversation(talk(700.0, PC, HMI, "http", 80))],
        ),
        (
            Kind::External,
            vec![Record::Conversation(talk(700.0, HMI, "93.184.216.34", "tls", 443))],
            vec![Record::Conversation(talk(700.0, PC, HMI, "http", 80))],
        ),
        (
            Kind::Group,
            vec![Record::Conversation(talk(700.0, HMI, group, "", 9_999))],
            vec![Record::Conversation(talk(700.0, HMI, PLC, "modbus", 502))],
        ),
        (
            Kind::Remote,
            vec![Record::Conversation(talk(700.0, PC, PLC, "ssh", 22))],
            vec![Record::Conversation(talk(700.0, PC, HMI, "http", 80))],
        ),
        (
            Kind::NameQuery,
            vec![Record::Act(between(act(700.0, "10.0.0.3", "10.0.0.12", "dns", Verb::Browse, "a"), HMI, PC, 53))],
            vec![Record::Act(between(act(700.0, "10.0.0.3", "10.0.0.12", "dns", Verb::Other, "notify"), HMI, PC, 53))],
        ),
        (Kind::Function, one(|act| act.code = 4), one(|_| {})),
        (
            Kind::OfficeFunction,
            vec![Record::Act(between(act(700.0, "10.0.0.50", "10.0.0.3", "http", Verb::Write, "put"), PC, HMI, 80))],
            vec![Record::Act(between(act(700.0, "10.0.0.50", "10.0.0.3", "http", Verb::Read, "get"), PC, HMI, 80))],
        ),
        (
            Kind::Object,
            one(|act| act.object = Object::span("holding", 100, 2)),
            one(|act| act.object = Object::span("holding", 3, 2)),
        ),
        (Kind::Value, vec![write(700.0, 500.0)], vec![write(700.0, 42.0)]),
        (Kind::Outcome, one(|act| act.outcome = Outcome::Refused), one(|_| {})),
        (Kind::Programmer, guarded(Verb::Program, "download"), guarded(Verb::Diagnose, "diagnostics")),
        (Kind::Mode, guarded(Verb::Stop, "stop"), guarded(Verb::Diagnose, "diagnostics")),
        (Kind::Firmware, guarded(Verb::Firmware, "update"), guarded(Verb::Diagnose, "diagnostics")),
        (Kind::Configurer, guarded(Verb::Configure, "set address"), guarded(Verb::Diagnose, "diagnostics")),
        (Kind::Files, guarded(Verb::File, "read file record"), guarded(Verb::Diagnose, "diagnostics")),
        (
            Kind::Period,
            (0..40).map(|number| poll(700.0 + f64::from(number) * 1.5, PLC, 0)).collect(),
            (0..40).map(|number| poll(700.0 + f64::from(number) * 0.52, PLC, 0)).collect(),
        ),
        (
            Kind::Silence,
            (0..60).map(|number| poll(700.0 + f64::from(number) * 0.5, PLC2, 0)).collect(),
            (0..60)
                .flat_map(|number| {
                    let seconds = 700.0 + f64::from(number) * 0.5;
                    let get = between(act(seconds, "10.0.0.50", "10.0.0.3", "http", Verb::Read, "get"), PC, HMI, 80);
                    [poll(seconds, PLC2, 0), poll(seconds + 0.1, PLC, 0), write(seconds + 0.2, 10.0), Record::Act(get)]
                })
                .collect(),
        ),
        (
            Kind::Burst,
            (0..900).map(|number| poll(720.0 + f64::from(number) * 0.05, PLC, 0)).collect(),
            (0..90).map(|number| poll(720.0 + f64::from(number) * 0.5, PLC, 0)).collect(),
        ),
        (
            Kind::Slow,
            (0..8)
                .flat_map(|number| {
                    one(|act| {
                        act.latency = Some(400_000_000);
                        act.repeats = model::Repeats::once(at(700.0 + f64::from(number) * 0.5));
                    })
                })
                .collect(),
            one(|act| act.latency = Some(3_000_000)),
        ),
        (
            Kind::Sequence,
            vec![write(700.0, 5.0), write(700.1, 5.0), write(700.2, 5.0)],
            vec![poll(700.0, PLC, 0), poll(700.5, PLC, 0), write(700.6, 5.0)],
        ),
        (
            Kind::FanOut,
            (1..12)
                .map(|number| {
                    let to = format!("10.0.1.{number}@00:1b:1b:00:01:{number:02}");
                    let mut talk = talk(700.0 + f64::from(number), HMI, &to, "", 102);
                    talk.received = model::Side::default();
                    talk.state = Talk::Attempted;
                    Record::Conversation(talk)
                })
                .collect(),
            vec![Record::Conversation(talk(700.0, PC, PLC, "modbus", 502))],
        ),
        (
            Kind::Transport,
            vec![Record::Conversation({
                let mut talk = talk(700.0, HMI, PLC, "modbus", 502);
                talk.sent.packets = 50;
                talk.sent.retransmissions = 9;
                talk
            })],
            vec![Record::Conversation(talk(700.0, HMI, PLC, "modbus", 502))],
        ),
        (Kind::Binding, vec![poll(700.0, "10.0.0.12@00:1b:1b:00:00:99", 0)], vec![poll(700.0, PLC, 0)]),
        (
            Kind::FirmwareVersion,
            vec![told(700.0, FactKey::Firmware, "V4.0")],
            vec![told(700.0, FactKey::Firmware, "V4.2")],
        ),
        (
            Kind::Program,
            vec![told(700.0, FactKey::ProgramHash, "bb22")],
            vec![told(700.0, FactKey::ProgramHash, "aa11")],
        ),
        (Kind::Key, vec![told(700.0, FactKey::KeyPosition, "remote")], vec![told(700.0, FactKey::KeyPosition, "run")]),
        (
            Kind::Protection,
            vec![told(700.0, FactKey::Protection, "none")],
            vec![told(700.0, FactKey::Protection, "level 3")],
        ),
        (
            Kind::Module,
            vec![Record::Fact({
                let mut module = fact(700.0, "10.0.0.12", "s7comm", FactKey::Module, "CP 443");
                module.subject = address(PLC);
                module.behind = Behind::Slot { rack: 0, slot: 6 };
                module
            })],
            vec![told(700.0, FactKey::RunState, "run")],
        ),
        (Kind::Identity, vec![told(700.0, FactKey::Serial, "S C-9")], vec![told(700.0, FactKey::Serial, "S C-1")]),
        (Kind::Name, vec![told(700.0, FactKey::Hostname, "EVIL")], vec![told(700.0, FactKey::Hostname, "plc-12")]),
        (
            Kind::Certificate,
            vec![told(700.0, FactKey::Certificate, "sha256=2")],
            vec![told(700.0, FactKey::Certificate, "sha256=1")],
        ),
        (
            Kind::Settings,
            vec![told(700.0, FactKey::Gateway, "10.0.0.66")],
            vec![told(700.0, FactKey::Gateway, "10.0.0.1")],
        ),
        (Kind::User, vec![told(700.0, FactKey::User, "mallory")], vec![told(700.0, FactKey::User, "Operator")]),
    ];
    let mut covered: Vec<Kind> = Vec::new();
    for (kind, fires, misses) in scenes {
        let found = kinds(&mut learned(), &fires);
        assert!(found.contains(&kind.id()), "{}: {found:?}", kind.id());
        let found = kinds(&mut learned(), &misses);
        assert!(!found.contains(&kind.id()), "near miss of {}: {found:?}", kind.id());
        // The same baseline, written as text and read back, judges alike.
        let (mut again, bad) = Baseline::from_text(&learned().to_text());
        assert_eq!(bad, Vec::new());
        let found = kinds(&mut again.clone(), &fires);
        assert!(found.contains(&kind.id()), "{} after reading the text: {found:?}", kind.id());
        let found = kinds(&mut again, &misses);
        assert!(!found.contains(&kind.id()), "near miss of {} after reading the text: {found:?}", kind.id());
        covered.push(kind);
    }
    // These two need days: tests of their own.
    covered.extend([Kind::OffHours, Kind::Volume]);
    let missing: Vec<&Kind> = Kind::ALL.iter().filter(|kind| !covered.contains(kind)).collect();
    assert!(missing.is_empty(), "without a scene: {missing:?}");
}

#[test]
fn ids_of_kinds_are_those_of_detectors() {
    // All of them, as the table of detectors asks for them by name.
    let ids: Vec<&str> = Kind::ALL.iter().map(|kind| kind.id()).collect();
    expect![[r#"
        machine-not-learned
        conversation-not-learned
        protocol-not-learned
        service-not-learned
        external-peer-not-learned
        group-not-learned
        remote-session-not-learned
        name-query-not-learned
        function-not-learned
        office-function-not-learned
        object-not-learned
        value-not-learned
        outcome-not-learned
        programmer-not-approved
        mode-change-not-approved
        firmware-transfer-not-approved
        configuration-not-approved
        file-transfer-not-approved
        act-outside-hours
        period-changed
        cycle-silent
        burst-not-learned
        answers-slower
        sequence-not-learned
        volume-not-learned
        fan-out
        transport-worse
        firmware-version-changed
        program-fingerprint-changed
        key-position-changed
        protection-changed
        module-changed
        identity-changed
        name-changed
        address-binding-changed
        certificate-changed
        network-settings-changed
        user-not-learned
    "#]]
    .assert_eq(&(ids.join("\n") + "\n"));
}

#[test]
fn hours_and_volumes_need_days() {
    let mut baseline = Baseline::default();
    for day in 0..20 {
        for minute in 0..4 {
            let seconds = f64::from(day * 86_400 + minute * 600 + 36_000);
            baseline.learn(&poll(seconds, PLC, 0));
            let mut talk = talk(seconds, HMI, PLC, "modbus", 502);
            talk.sent.bytes = 10_000;
            baseline.learn(&Record::Conversation(talk));
        }
    }
    baseline.arm_all();
    let day = f64::from(20 * 86_400);
    assert_eq!(kinds(&mut baseline.clone(), &[poll(day + 36_600.0, PLC, 0)]), Vec::<&str>::new());
    assert!(kinds(&mut baseline.clone(), &[poll(day + 72_000.0, PLC, 0)]).contains(&"act-outside-hours"));
    let mut much = talk(day + 36_600.0, HMI, PLC, "modbus", 502);
    much.sent.bytes = 50_000_000;
    assert!(kinds(&mut baseline.clone(), &[Record::Conversation(much)]).contains(&"volume-not-learned"));
}

#[test]
fn programming_is_never_learned_silently() {
    let mut baseline = Baseline::default();
    let mut records = plant();
    // An attacker was there on the first day.
    for number in 0..50 {
        let mut act = between(
            act(f64::from(number), "10.0.0.50", "10.0.0.12", "s7comm", Verb::Program, "request download"),
            PC,
            PLC,
            102,
        );
        act.code = 0x1a;
        records.push(Record::Act(act));
    }
    records.iter().for_each(|record| baseline.learn(record));
    assert_eq!(baseline.counts().waiting, 1);
    baseline.arm_all();
    let Some(Record::Act(mut again)) = records.last().cloned() else { unreachable!() };
    again.repeats = model::Repeats::once(at(5_000.0));
    assert_eq!(kinds(&mut baseline, &[Record::Act(again)]), ["programmer-not-approved"]);
}

#[test]
fn a_master_may_do_to_one_of_a_class_what_it_does_to_the_others() {
    let mut baseline = learned();
    let Record::Act(mut same) = write(700.0, 5.0) else { unreachable!() };
    same.to = end(PLC2, 502);
    // It writes registers of the first PLC, and polls both alike.
    assert_eq!(kinds(&mut baseline, &[Record::Act(same)]), Vec::<&str>::new());
}

#[test]
fn one_novelty_is_told_once_until_it_was_quiet_for_a_while() {
    let mut baseline = learned();
    let novel = |seconds: f64| Record::Conversation(talk(seconds, PC, PLC, "modbus", 502));
    let told: Vec<usize> = [700.0, 705.0, 1_000.0, 1_500.0, 3_000.0]
        .iter()
        .map(|at| baseline.judge(&novel(*at)).iter().filter(|told| told.kind == Kind::Conversation).count())
        .collect();
    assert_eq!(told, [1, 0, 0, 0, 1]);
}

#[test]
fn channels_arm_themselves() {
    let mut baseline = Baseline::default();
    let mut out = Vec::new();
    for number in 0..8_000 {
        baseline.observe(&poll(f64::from(number) * 0.5, PLC, 0), &mut out);
    }
    assert_eq!(baseline.counts().armed, 1);
    assert!(out.is_empty());
    baseline.observe(
        &one(|act| {
            act.repeats = model::Repeats::once(at(4_000.2));
            act.code = 4
        })[0],
        &mut out,
    );
    assert_eq!(out.iter().map(|deviation| deviation.kind).collect::<Vec<_>>(), [Kind::Function]);
    // It is not learned: it waits for a person.
    assert_eq!(baseline.counts().waiting, 1);
}

#[test]
fn kept_and_put_back_it_goes_on_alike() {
    let mut baseline = learned();
    let bytes = model::borsh::to_vec(&baseline).unwrap();
    let mut again: Baseline = model::borsh::from_slice(&bytes).unwrap();
    assert_eq!(model::borsh::to_vec(&again).unwrap(), bytes);
    let records: Vec<Record> =
        (0..50_u32).map(|number| poll(700.0 + f64::from(number), PLC, u64::from(number % 30))).collect();
    for record in &records {
        assert_eq!(baseline.judge(record), again.judge(record));
    }
    assert_eq!(model::borsh::to_vec(&again).unwrap(), model::borsh::to_vec(&baseline).unwrap());
}

#[test]
fn a_flood_of_novelties_is_bounded() {
    let mut baseline = learned();
    for number in 0..60_000_u32 {
        let to = format!("10.{}.{}.{}", number >> 16 & 0xff, number >> 8 & 0xff, number & 0xff);
        baseline.judge(&Record::Conversation(talk(700.0 + f64::from(number) * 0.001, HMI, &to, "", 80)));
    }
    let counts = baseline.counts();
    assert!(counts.machines <= limits::BASELINE_MACHINES_MAX as u64 && counts.dropped > 0);
}

#[test]
fn values_of_samples_count_as_written() {
    let mut baseline = learned();
    let sample = Record::Sample(Sample {
        at: at(700.0),
        protocol: "modbus".into(),
        device: address(PLC),
        behind: Behind::Nobody,
        object: Object::one("holding", 5),
        value: Value::Float(900.0),
        quality: None,
        origin: SampleOrigin::Written,
        summary: None,
    });
    assert_eq!(kinds(&mut baseline, &[sample]), ["value-not-learned"]);
}

#[test]
fn the_same_machine_with_another_address_is_the_same_machine() {
    let mut baseline = learned();
    let moved = "10.0.0.112@00:1b:1b:00:00:12";
    // The address is told, the polls are known.
    assert_eq!(kinds(&mut baseline, &[poll(700.0, moved, 0), poll(700.5, moved, 0)]), ["address-binding-changed"]);
    assert_eq!(Mac::parse("00:1b:1b:00:00:12").and_then(|mac| baseline.who.find_mac(mac)), Some(1));
}

#[test]
fn as_text() {
    let mut records = plant();
    let mut act =
        between(act(600.0, "10.0.0.50", "10.0.0.12", "s7comm", Verb::Program, "request download"), PC, PLC, 102);
    act.code = 0x1a;
    records.push(Record::Act(act));
    let mut baseline = Baseline::default();
    records.iter().for_each(|record| baseline.learn(record));
    let text = baseline.to_text();
    expect![[r#"
        vigie baseline 1
        proposed machine 10.0.0.13 ip 10.0.0.13 mac 00:1b:1b:00:00:13
        proposed machine 10.0.0.3 ip 10.0.0.3 mac 00:1b:1b:00:00:03
        proposed machine 10.0.0.50 ip 10.0.0.50 mac 00:1b:1b:00:00:50
        proposed machine PLC-12 ip 10.0.0.12 mac 00:1b:1b:00:00:12
        proposed 10.0.0.13 ↔ 10.0.0.3  modbus after ← read "read holding registers" (3)  then ← read "read holding registers" (3)
        proposed 10.0.0.13 ↔ 10.0.0.3  modbus after ← read "read holding registers" (3), ← read "read holding registers" (3)  then ← read "read holding registers" (3)
        proposed 10.0.0.3 → 10.0.0.13  modbus read "read holding registers" (3)  on holding 0-9  every 500 ms ±0 %  silent after 3.5 s  answers within 2 ms  at most 120 a minute
        proposed 10.0.0.3 → 10.0.0.13  modbus talks
        proposed 10.0.0.3 → PLC-12  modbus read "read holding registers" (3)  on holding 0-9  every 500 ms ±0 %  silent after 3.5 s  answers within 2 ms  at most 120 a minute
        proposed 10.0.0.3 → PLC-12  modbus talks  losing up to 0 in 1000
        proposed 10.0.0.3 → PLC-12  modbus write "write single register" (6)  on holding 5  every 5 s ±0 %  silent after 17 s  at most 12 a minute
        proposed 10.0.0.3 ↔ PLC-12  modbus after → read "read holding registers" (3)  then → read "read holding registers" (3), → write "write single register" (6)
        proposed 10.0.0.3 ↔ PLC-12  modbus after → read "read holding registers" (3), → read "read holding registers" (3)  then → read "read holding registers" (3), → write "write single register" (6)
        proposed 10.0.0.3 ↔ PLC-12  modbus after → read "read holding registers" (3), → write "write single register" (6)  then → read "read holding registers" (3)
        proposed 10.0.0.3 ↔ PLC-12  modbus after → write "write single register" (6)  then → read "read holding registers" (3)
        proposed 10.0.0.3 ↔ PLC-12  modbus after → write "write single register" (6), → read "read holding registers" (3)  then → read "read holding registers" (3)
        proposed 10.0.0.50 → 10.0.0.3  http read "get" (1)  every 5 s ±0 %  silent after 17 s  at most 12 a minute
        proposed 10.0.0.50 → 10.0.0.3  http talks  losing up to 0 in 1000
        waiting  10.0.0.50 → PLC-12  s7comm program "request download" (26)
        proposed 10.0.0.50 → PLC-12  s7comm talks
        proposed PLC-12 is certificate "sha256=1"
        proposed PLC-12 is firmware "V4.2"
        proposed PLC-12 is gateway "10.0.0.1"
        proposed PLC-12 is hostname "PLC-12"
        proposed PLC-12 is key_position "run"
        proposed PLC-12 is module "CP 343" rack 0 slot 4
        proposed PLC-12 is program_hash "aa11"  written by "10.0.0.50" at 2023-11-14T22:23:20.000000000Z
        proposed PLC-12 is protection "level 3"
        proposed PLC-12 is serial "S C-1"
        proposed PLC-12 is user "operator"
        proposed PLC-12 takes modbus "holding 5" -4.5 to 94.5
    "#]].assert_eq(&text);
    let (again, bad) = Baseline::from_text(&text);
    assert_eq!(bad, Vec::new());
    assert_eq!(again.to_text(), text);
}

/// A small generator of numbers, so that the test is the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn name(&mut self) -> String {
        const PARTS: &[&str] = &[
            "Pump", "7", "\"", "\\", " ", "*", "é", "machine", "→", "#", "-", "\n", ",", "(", "0", "12", "\u{202e}",
            "%",
        ];
        (0..=self.roll(5)).map(|_| PARTS[self.roll(PARTS.len() as u64) as usize]).collect()
    }
}

#[test]
fn any_baseline_comes_back_from_its_text_as_it_was() {
    for seed in 0..40 {
        let mut dice = Dice(seed);
        let mut baseline = Baseline::default();
        let names: Vec<String> = (0..6).map(|_| dice.name()).collect();
        let verbs = [Verb::Read, Verb::Write, Verb::Operate, Verb::Report, Verb::Program, Verb::Stop, Verb::Other];
        for number in 0..600 {
            let host = |number: u64| match number {
                7 => "224.0.0.9@01:00:5e:00:00:09".to_owned(),
                6 => "fe80::5@00:1b:1b:00:00:15".to_owned(),
                number => format!("10.0.{}.{number}@00:1b:1b:00:00:{number:02}", number % 2),
            };
            let (from, to) = (host(dice.roll(7)), host(dice.roll(8)));
            let protocol = ["modbus", "s7comm", "http", "iec104"][dice.roll(4) as usize];
            let verb = verbs[dice.roll(7) as usize];
            let seconds = f64::from(number) * [0.5, 3_600.0, 40_000.0][(seed % 3) as usize];
            let mut act = between(
                act(seconds, "10.0.0.1", "10.0.0.2", protocol, verb, &names[dice.roll(6) as usize]),
                &from,
                &to,
                502,
            );
            act.code = dice.roll(3) as u32;
            act.behind = match dice.roll(6) {
                0 => Behind::Unit(3),
                1 => Behind::Link(9),
                2 => Behind::Slot { rack: 0, slot: 2 },
                3 => Behind::Path(names[0].as_str().into()),
                _ => Behind::Nobody,
            };
            act.object = match dice.roll(4) {
                0 => Object::None,
                1 => Object::span("holding", dice.roll(90), dice.roll(9) as u32),
                _ => Object::from(dice.name()),
            };
            act.outcome = [Outcome::Done, Outcome::Refused, Outcome::NoAnswer, Outcome::Asked][dice.roll(4) as usize];
            act.latency = (dice.roll(2) == 0).then(|| dice.roll(90_000_000) as i64);
            act.values = vec![Reading::new(act.object.clone(), Value::Float(dice.roll(1_000) as f64 / 7.0 - 40.0))];
            act.repeats.count = 1 + dice.roll(3) * dice.roll(40);
            baseline.learn(&Record::Act(act));
            let key =
                [FactKey::Hostname, FactKey::Firmware, FactKey::ProgramHash, FactKey::Module][dice.roll(4) as usize];
            let mut said = fact(seconds, "10.0.0.1", "s7comm", key, &names[dice.roll(6) as usize]);
            said.subject = address(&to);
            baseline.learn(&Record::Fact(said));
            let mut carried = talk(seconds, &from, &to, protocol, 502);
            carried.sent.bytes = dice.roll(1 << 30);
            carried.sent.retransmissions = dice.roll(4);
            baseline.learn(&Record::Conversation(carried));
        }
        if seed % 2 == 0 {
            baseline.arm_all();
            baseline.judge(&Record::Conversation(talk(9e7, "10.9.9.9@00:1b:1b:00:09:09", PLC, "ssh", 22)));
            baseline.judge(&one(|act| act.object = Object::span("holding", 5_000, 2))[0]);
        }
        let text = baseline.to_text();
        let (again, bad) = Baseline::from_text(&text);
        assert_eq!(bad, Vec::new(), "seed {seed}\n{text}");
        pretty(&again.to_text(), &text, seed);
    }
}

fn pretty(left: &str, right: &str, seed: u64) {
    for (left, right) in left.lines().zip(right.lines()) {
        assert_eq!(left, right, "seed {seed}");
    }
    assert_eq!(left.lines().count(), right.lines().count(), "seed {seed}");
}

#[test]
fn a_bad_line_is_told_and_the_others_are_kept() {
    let text = "vigie baseline 1\n\
        # what we know\n\
        approved machine HMI-03 ip 10.0.0.3\n\
        approved machine PLC-12 ip 10.0.0.12\n\
        approved HMI-03 -> PLC-12 modbus talks\n\
        approved HMI-03 -> PLC-12 modbus read \"read holding registers\" (3) on holding 0-119 every 0.5 s ±8 %\n\
        approved HMI-03 -> PLC-99 modbus talks\n\
        approved HMI-03 -> PLC-12 modbus reed \"x\" (3)\n\
        maybe HMI-03\n\
        approved HMI-03 -> PLC-12 modbus read \"x\" (3) on holding 9-3\n";
    let (baseline, bad) = Baseline::from_text(text);
    let bad: Vec<String> = bad.iter().map(ToString::to_string).collect();
    expect![[r#"
        line 7: no machine `PLC-99`
        line 8: `reed` is no verb
        line 9: `maybe` is not approved, proposed, waiting or removed
        line 10: `9-3` is no range
        vigie baseline 1
        approved machine HMI-03 ip 10.0.0.3
        approved machine PLC-12 ip 10.0.0.12
        approved HMI-03 → PLC-12  modbus read "read holding registers" (3)  on holding 0-119  every 500 ms ±8 %
        approved HMI-03 → PLC-12  modbus talks
    "#]]
    .assert_eq(&(bad.join("\n") + "\n" + &baseline.to_text()));
}

#[test]
fn a_person_approves_and_removes_lines() {
    let mut baseline = learned();
    baseline.judge(&Record::Conversation(talk(700.0, PC, PLC, "ssh", 22)));
    let again = Record::Conversation(talk(2_000.0, PC, PLC, "ssh", 22));
    assert!(kinds(&mut baseline.clone(), &[again]).contains(&"remote-session-not-learned"));
    let waiting = baseline.text_lines().into_iter().find(|line| line.state == State::Waiting).unwrap();
    let bad = baseline.apply(&waiting.text.replace("waiting", "approved"));
    assert_eq!(bad, Vec::new());
    let again = Record::Conversation(talk(2_000.0, PC, PLC, "ssh", 22));
    assert!(!kinds(&mut baseline, std::slice::from_ref(&again)).contains(&"remote-session-not-learned"));
    assert_eq!(baseline.apply(&waiting.text.replace("waiting", "removed")), Vec::new());
    let later = Record::Conversation(talk(9_000.0, PC, PLC, "ssh", 22));
    assert!(kinds(&mut baseline, &[later]).contains(&"remote-session-not-learned"));
}
