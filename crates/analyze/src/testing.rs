//! Helpers of tests: short ways to make records, and to see what comes of them.

use std::borrow::Cow;
use std::net::IpAddr;

use model::{
    Act, Address, Behind, Confidence, Conversation, Fact, FactKey, Flow, Judgement, Mac, Messages, Object, Outcome,
    Record, Repeats, Side, State, Status, Text, Time, Transport, Verb,
};

use crate::{Analysis, Settings};

/// `10.0.0.1`, `10.0.0.1:502`, `00:11:22:33:44:55`, or `10.0.0.1@00:11:22:33:44:55:502` for both (port last).
pub(crate) fn address(text: &str) -> Address {
    let (ip_port, mac) = match text.split_once('@') {
        Some((ip_port, mac)) => (ip_port, Mac::parse(mac)),
        None => (text, None),
    };
    if let Some(mac) = Mac::parse(ip_port) {
        return Address { mac: Some(mac), ..Address::default() };
    }
    if let Ok(socket) = ip_port.parse::<std::net::SocketAddr>() {
        return Address { ip: Some(socket.ip()), port: Some(socket.port()), mac, vlan: None };
    }
    Address { ip: Some(ip_port.parse::<IpAddr>().expect("an address")), mac, ..Address::default() }
}

/// Seconds after the start of the tests' time.
pub(crate) fn at(seconds: f64) -> Time {
    Time::from_seconds(1_700_000_000, 0).plus((seconds * 1e9) as i64)
}

pub(crate) fn flow(from: &Address, to: &Address, transport: Transport) -> Flow {
    match (from.ip, to.ip) {
        (Some(source), Some(destination)) => Flow::Ip {
            transport,
            source: (source, from.port.unwrap_or(0)),
            destination: (destination, to.port.unwrap_or(0)),
        },
        _ => Flow::Link {
            source: from.mac.unwrap_or_default(),
            destination: to.mac.unwrap_or_default(),
            ethertype: 0x8892,
        },
    }
}

/// An act that was done.
pub(crate) fn act(seconds: f64, from: &str, to: &str, protocol: &'static str, verb: Verb, name: &str) -> Act {
    let (from, to) = (address(from), address(to));
    Act {
        at: at(seconds),
        flow: flow(&from, &to, Transport::Tcp),
        protocol: Cow::Borrowed(protocol),
        from,
        to,
        behind: Behind::Nobody,
        code: 1,
        name: Text::from(name),
        verb,
        object: Object::None,
        values: Vec::new(),
        outcome: Outcome::Done,
        status: None,
        latency: None,
        extra: Vec::new(),
        repeats: Repeats::once(at(seconds)),
        messages: Messages::one(protocol, 1),
    }
}

pub(crate) trait ActExt {
    fn refused(self, code: u32, name: &str) -> Act;
    fn status(self, code: u32, name: &str) -> Act;
    fn outcome(self, outcome: Outcome) -> Act;
    fn object(self, object: &str) -> Act;
    fn times(self, count: u64) -> Act;
    fn extra(self, name: &'static str, value: &str) -> Act;
    fn behind(self, behind: Behind) -> Act;
    fn code(self, code: u32) -> Act;
}

impl ActExt for Act {
    fn refused(self, code: u32, name: &str) -> Act {
        Act { outcome: Outcome::Refused, ..self.status(code, name) }
    }

    fn status(self, code: u32, name: &str) -> Act {
        Act { status: Some(Status { code, name: Text::from(name) }), ..self }
    }

    fn outcome(self, outcome: Outcome) -> Act {
        Act { outcome, ..self }
    }

    fn object(self, object: &str) -> Act {
        Act { object: Object::from(object), ..self }
    }

    fn times(mut self, count: u64) -> Act {
        self.repeats.count = count;
        self
    }

    fn extra(mut self, name: &'static str, value: &str) -> Act {
        self.extra.push((Cow::Borrowed(name), Text::from(value)));
        self
    }

    fn behind(self, behind: Behind) -> Act {
        Act { behind, ..self }
    }

    fn code(self, code: u32) -> Act {
        Act { code, ..self }
    }
}

/// A fact that is certain.
pub(crate) fn fact(seconds: f64, subject: &str, protocol: &'static str, key: FactKey, value: &str) -> Fact {
    let subject = address(subject);
    Fact {
        at: at(seconds),
        flow: flow(&subject, &subject, Transport::Tcp),
        protocol: Cow::Borrowed(protocol),
        subject,
        behind: Behind::Nobody,
        key,
        value: Text::from(value),
        source: Text::from("test"),
        confidence: Confidence::Certain,
    }
}

/// A TCP conversation with ten packets each way where it was answered.
pub(crate) fn conversation(seconds: f64, from: &str, to: &str, protocol: &'static str, state: State) -> Conversation {
    let (from, to) = (address(from), address(to));
    let answered = !matches!(state, State::Attempted | State::OneWay);
    let side = |packets: u64| Side {
        packets,
        bytes: packets * 100,
        payload: if matches!(state, State::Rejected) { 0 } else { packets * 40 },
        ..Side::default()
    };
    let transport = match state {
        State::OneWay | State::TwoWay => Transport::Udp,
        _ => Transport::Tcp,
    };
    Conversation {
        flow: flow(&from, &to, transport),
        transport,
        protocol: Cow::Borrowed(protocol),
        is_guess: false,
        from,
        to,
        sent: side(10),
        received: side(if answered { 10 } else { 0 }),
        first: at(seconds),
        last: at(seconds + 1.0),
        is_opening: true,
        state,
    }
}

/// Records of all kinds that make every memory remember something: acts of every verb and outcome over several
/// protocols, facts of every key, conversations of every state, broken messages.
pub(crate) fn everything() -> Vec<Record> {
    let protocols = ["modbus", "s7comm", "dnp3", "arp", "dhcp", "dns", "llmnr", "smb", "ssh", "icmpv6", "http"];
    let mut records = Vec::new();
    for (number, protocol) in protocols.iter().cycle().take(900).enumerate() {
        let seconds = number as f64 / 5.0;
        let mac = format!("00:0c:29:00:00:{:02x}", number % 7);
        let (from, to) = (format!("10.0.0.{}@{mac}", number % 13 + 1), format!("10.0.1.{}:502", number % 60 + 1));
        let verb = Verb::ALL[number % Verb::ALL.len()];
        let mut done = act(seconds, &from, &to, protocol, verb, ["reply", "query a", "discover", "read"][number % 4]);
        done.object = Object::from(format!("{}.{number}.example", "a".repeat(50)));
        done.behind = Behind::Unit((number % 4) as u8);
        done.outcome = Outcome::ALL[number / 3 % Outcome::ALL.len()];
        done.from.vlan = Some(number as u16 % 2);
        if number % 5 == 0 {
            done = done.status(number as u32 % 9, "illegal function");
            done.extra.push((Cow::Borrowed("order"), Text::from("restarted")));
        }
        if number % 6 == 0 {
            done = done.times(number as u64);
            done.messages = Messages::none();
        }
        records.push(Record::Act(done));
        let key = FactKey::ALL[number % FactKey::ALL.len()];
        let value = if key == FactKey::Mac { mac.clone() } else { format!("value {}", number % 11) };
        records.push(Record::Fact(fact(seconds, &format!("10.0.1.{}", number % 60 + 1), protocol, key, &value)));
        let state = State::ALL[number % State::ALL.len()];
        let mut talk =
            conversation(seconds, &from, &format!("10.0.2.{}:{}", number % 90 + 1, number % 40), protocol, state);
        talk.from.vlan = Some(number as u16 % 2);
        records.push(Record::Conversation(talk.clone()));
        if number % 10 == 0 {
            records.push(Record::Health(model::Health {
                at: talk.first,
                kind: model::HealthKind::ALL[number / 10 % model::HealthKind::ALL.len()],
                protocol: Cow::Borrowed(protocol),
                flow: Some(talk.flow),
                count: 1,
                detail: Text::from("3 bytes needed, 1 left"),
            }));
        }
    }
    records
}

/// The judgement over `records`.
pub(crate) fn judge(records: impl IntoIterator<Item = Record>) -> Judgement {
    let mut analysis = Analysis::new(Settings::default());
    records.into_iter().for_each(|record| analysis.record(&record));
    analysis.finish()
}

/// The ids of the detectors that found something in `records`, with severity, count and the ends: one a line.
pub(crate) fn found(records: impl IntoIterator<Item = Record>) -> String {
    judge(records)
        .findings
        .iter()
        .map(|ranked| {
            let finding = &ranked.finding;
            let end = |address: &Option<Address>| address.map_or("-".to_owned(), |a| a.to_string());
            format!(
                "{} {} ×{} {} → {}: {}\n",
                finding.detector,
                finding.severity,
                finding.count,
                end(&finding.from),
                end(&finding.to),
                finding.evidence.first().map_or("", |said| said.en.as_str())
            )
        })
        .collect()
}

/// Whether detector `id` found something in `records`.
pub(crate) fn fires(id: &str, records: impl IntoIterator<Item = Record>) -> bool {
    assert!(crate::descriptor(id).is_some(), "no detector `{id}`");
    judge(records).findings.iter().any(|ranked| ranked.finding.detector == id)
}
