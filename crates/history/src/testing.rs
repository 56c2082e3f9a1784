//! What tests of this crate share: records made to order, folders, questions.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use model::{
    Act, Address, Behind, Confidence, Conversation, Event, EventKind, Fact, FactKey, Flow, Health, HealthKind, Mac,
    Messages, Object, Outcome, Reading, Record, Repeats, Sample, SampleOrigin, Severity, Side, State, Status, Text,
    Time, Transport, Value, Verb,
};

use crate::output::{Encoder, Format};
use crate::query::{History, QueryLimits};

/// 2026-03-02T06:00:00Z.
pub(crate) const BEGIN: i64 = 1_772_431_200_000_000_000;

/// A folder that goes with the test.
pub(crate) struct Place(pub(crate) PathBuf);

impl Place {
    pub(crate) fn new(name: &str) -> Place {
        let path = std::env::temp_dir().join(format!("vigie-history-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a folder");
        Place(path)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// `seconds` after the beginning.
pub(crate) fn after(seconds: f64) -> Time {
    Time(BEGIN + (seconds * 1e9) as i64)
}

pub(crate) fn machine(last: u8, port: Option<u16>) -> Address {
    Address {
        mac: Some(Mac([2, 0, 0, 0, 0, last])),
        ip: Some(Ipv4Addr::new(10, 0, 0, last).into()),
        port,
        vlan: Some(7),
    }
}

fn flow(from: &Address, to: &Address) -> Flow {
    let end =
        |address: &Address| (address.ip.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), address.port.unwrap_or_default());
    Flow::Ip { transport: Transport::Tcp, source: end(from), destination: end(to) }
}

pub(crate) fn act(seconds: f64, to: u8, verb: Verb) -> Record {
    let (from, to) = (machine(1, Some(50_000)), machine(to, Some(502)));
    let at = after(seconds);
    Record::Act(Act {
        at,
        flow: flow(&from, &to),
        protocol: Cow::Borrowed("modbus"),
        from,
        to,
        behind: Behind::Unit(1),
        code: 3,
        name: verb.as_str().into(),
        verb,
        object: Object::span("holding", 0, 2),
        values: vec![Reading::new(Object::one("holding", 0), Value::Unsigned(1200))],
        outcome: if verb == Verb::Stop { Outcome::Refused } else { Outcome::Done },
        status: (verb == Verb::Stop).then(|| Status { code: 2, name: "illegal data address".into() }),
        latency: Some(1_500_500),
        extra: vec![(Cow::Borrowed("note"), "a \"quoted\" word".into())],
        repeats: Repeats {
            count: 2,
            first: at,
            last: at.plus(500_000_000),
            gaps: Some((1000, 2000, 1500)),
            latency: None,
        },
        messages: Messages::one("modbus", 3),
    })
}

pub(crate) fn sample(seconds: f64, device: u8, object: u64, value: Value) -> Record {
    Record::Sample(Sample {
        at: after(seconds),
        protocol: Cow::Borrowed("modbus"),
        device: machine(device, None),
        behind: Behind::Unit(1),
        object: Object::one("holding", object),
        value,
        quality: None,
        origin: SampleOrigin::Read,
        summary: None,
    })
}

/// One record of every kind that sensors tell.
pub(crate) fn one_of_each(seconds: f64) -> Vec<Record> {
    let (from, to) = (machine(1, Some(50_000)), machine(2, Some(502)));
    let at = after(seconds);
    vec![
        act(seconds, 2, Verb::Read),
        Record::Fact(Fact {
            at,
            flow: flow(&from, &to),
            protocol: Cow::Borrowed("modbus"),
            subject: machine(2, None),
            behind: Behind::Nobody,
            key: FactKey::Firmware,
            value: "V2.1".into(),
            source: "device identification object 2".into(),
            confidence: Confidence::Certain,
        }),
        sample(seconds, 2, 0, Value::Unsigned(1200)),
        Record::Conversation(Conversation {
            flow: flow(&from, &to),
            transport: Transport::Tcp,
            protocol: Cow::Borrowed("modbus"),
            is_guess: false,
            from,
            to,
            sent: Side { packets: 10, bytes: 1000, payload: 500, ..Side::default() },
            received: Side { packets: 9, bytes: 900, payload: 450, gaps: 1, missing: 20, ..Side::default() },
            first: at,
            last: at.plus(1),
            is_opening: true,
            state: State::Midstream,
        }),
        Record::Health(Health {
            at,
            kind: HealthKind::Malformed,
            protocol: Cow::Borrowed("modbus"),
            flow: None,
            count: 1,
            detail: "byte count at offset 8: 250 announced, 12 left".into(),
        }),
        Record::Event(Event {
            at,
            source: Cow::Borrowed("syslog"),
            product: "sshd".into(),
            host: "jump".into(),
            code: Text::default(),
            kind: EventKind::Logon,
            message: "Accepted password for ada".into(),
            severity: Severity::Info,
            outcome: Outcome::Done,
            user: "ada".into(),
            from: None,
            to: None,
            extra: Vec::new(),
        }),
    ]
}

/// The answer as CSV.
pub(crate) fn ask(history: &History, sql: &str) -> String {
    try_ask(history, sql, QueryLimits::default()).unwrap_or_else(|e| panic!("{sql}: {e}"))
}

/// The answer as CSV, or what is wrong.
pub(crate) fn try_ask(history: &History, sql: &str, limits: QueryLimits) -> Result<String, crate::QueryError> {
    let mut answer = history.query_blocking(sql, limits)?;
    let mut text = Vec::new();
    let mut encoder = Encoder::new(Format::Csv, &answer.schema(), &mut text).expect("an encoder");
    while let Some(batch) = answer.next_blocking() {
        encoder.write(&batch?).expect("written");
    }
    encoder.finish().expect("finished");
    Ok(String::from_utf8(text).expect("text"))
}

/// All files below `folder`, with their paths.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let mut all = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(path) = left.pop() {
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            match entry.path().is_dir() {
                true => left.push(entry.path()),
                false => all.push(entry.path().strip_prefix(folder).expect("below").to_string_lossy().into_owned()),
            }
        }
    }
    all.sort();
    all
}
