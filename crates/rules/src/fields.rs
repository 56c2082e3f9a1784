//! Records laid flat: the names that rules may ask for, and what they hold (docs/rules.md).

use std::fmt::Write;
use std::net::IpAddr;

use model::{Act, Address, Conversation, Event, Fact, Finding, Health, Record, Transport};

/// One value of a flat record.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Another number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
}

impl Cell {
    /// Puts it into an event of the Sigma library under `name`.
    pub(crate) fn insert(self, event: &mut sigma_rust::Event, name: &str) {
        match self {
            Cell::Text(text) => event.insert(name, text),
            Cell::Integer(number) => event.insert(name, number),
            Cell::Number(number) => event.insert(name, number),
            Cell::Flag(is_so) => event.insert(name, is_so),
        }
    }

    /// A text from another system: a whole number where it is written like one, because rules of others compare so.
    fn of_text(text: &str) -> Cell {
        match text.parse::<i64>() {
            Ok(number) if number.to_string() == text => Cell::Integer(number),
            _ => Cell::Text(text.to_owned()),
        }
    }
}

/// Bytes of the texts of `values`: a rule looks at values, not at a memory dump.
const VALUES_BYTES_MAX: usize = 2_048;

fn text(text: impl ToString) -> Option<Cell> {
    Some(Cell::Text(text.to_string()))
}

fn whole(number: u64) -> Option<Cell> {
    Some(Cell::Integer(i64::try_from(number).unwrap_or(i64::MAX)))
}

fn some_text(value: &str) -> Option<Cell> {
    (!value.is_empty()).then(|| Cell::Text(value.to_owned()))
}

/// The names of fields of both ends, with what they hold.
pub const ENDS: &[(&str, &str)] = &[
    ("from_ip", "IP address of who did it"),
    ("from_mac", "hardware address of who did it"),
    ("from_port", "port of who did it"),
    ("from_public", "whether that address is a public one"),
    ("to_ip", "IP address of whom it was done to"),
    ("to_mac", "hardware address of whom it was done to"),
    ("to_port", "port of whom it was done to"),
    ("to_public", "whether that address is a public one"),
    ("to_group", "whether it went to many: multicast or broadcast"),
    ("same_subnet", "whether both addresses share their first 24 bits (64 of IPv6)"),
    ("vlan", "VLAN identifier"),
];

/// The names of fields of an act.
pub const ACT: &[(&str, &str)] = &[
    ("protocol", "id of the protocol"),
    ("verb", "what it does, in one vocabulary for all protocols"),
    ("name", "the protocol's name for the code"),
    ("code", "the protocol's code"),
    ("object", "what it is done to"),
    ("object_count", "how many numbered things it is done to"),
    ("behind", "what is behind the address: `unit 1`, `link 10`, `rack 0 slot 2`"),
    ("outcome", "asked, done, refused, no answer"),
    ("status", "the protocol's name for the status"),
    ("status_code", "the protocol's status as a number"),
    ("value", "the value, where it is one"),
    ("values", "all values, with spaces between them"),
    ("values_count", "how many values"),
    ("count", "how many equal acts the record stands for"),
    ("latency_us", "microseconds from request to answer"),
    ("extra.NAME", "a further field of the protocol; spaces in its name become `_`"),
];

/// The names of fields of a fact.
pub const FACT: &[(&str, &str)] = &[
    ("protocol", "id of the protocol that said it"),
    ("key", "which attribute"),
    ("value", "its value, as the device wrote it"),
    ("source", "where in the protocol it was said"),
    ("confidence", "certain, likely, guess"),
    ("behind", "what behind the machine it is about"),
    ("from_ip", "IP address of the machine it is about"),
    ("from_mac", "hardware address of the machine it is about"),
    ("from_public", "whether that address is a public one"),
    ("vlan", "VLAN identifier"),
];

/// The names of fields of a conversation.
pub const CONVERSATION: &[(&str, &str)] = &[
    ("protocol", "id of the protocol; empty where none was recognised"),
    ("guess", "whether the protocol is only guessed"),
    ("transport", "tcp, udp, sctp, icmp, ip-N, ethernet-0xNNNN"),
    ("state", "how far it came"),
    ("opening", "whether this is the first record of the flow"),
    ("duration_s", "seconds from the first packet to the last"),
    ("sent_bytes", "bytes that `from` sent"),
    ("received_bytes", "bytes that `to` sent"),
    ("sent_packets", "packets that `from` sent"),
    ("received_packets", "packets that `to` sent"),
];

/// The names of fields of an event.
pub const EVENT: &[(&str, &str)] = &[
    ("source", "the form it came in: syslog, cef, eve, zeek, windows, wazuh"),
    ("product", "the program or product that logged it"),
    ("host", "the machine that logged it, as it calls itself"),
    ("code", "the product's own id of the kind of event"),
    ("kind", "what kind of thing happened"),
    ("message", "what it says, in a line"),
    ("severity", "info, low, medium, high, critical"),
    ("outcome", "asked, done, refused, no answer"),
    ("user", "name of the person or account"),
    ("NAME", "a further field by the product's own name"),
];

/// The names of fields of a finding.
pub const FINDING: &[(&str, &str)] = &[
    ("detector", "id of the detector"),
    ("title", "what was found, in a line"),
    ("severity", "info, low, medium, high, critical"),
    ("protocol", "id of the protocol"),
    ("behind", "what behind the machine"),
    ("count", "number of occurrences"),
];

/// The names of fields of a health record.
pub const HEALTH: &[(&str, &str)] = &[
    ("protocol", "id of the protocol concerned"),
    ("kind", "which kind of blindness"),
    ("count", "how many"),
    ("detail", "where and why"),
];

/// The names of fields of records of `kind`, without the ends.
pub fn names(kind: &str) -> &'static [(&'static str, &'static str)] {
    match kind {
        "act" => ACT,
        "fact" => FACT,
        "conversation" => CONVERSATION,
        "event" => EVENT,
        "finding" => FINDING,
        "health" => HEALTH,
        _ => &[],
    }
}

/// Whether `name` is a field of records of `kind`. Events have any name: those of the product.
pub fn is_known(kind: &str, name: &str) -> bool {
    kind == "event"
        || (kind == "act" && name.starts_with("extra."))
        || names(kind).iter().any(|(known, _)| *known == name)
        || (kind != "health" && kind != "fact" && ENDS.iter().any(|(known, _)| *known == name))
}

/// The value of field `name` of `record`.
pub fn field(record: &Record, name: &str) -> Option<Cell> {
    match record {
        Record::Act(act) => of_act(act, name),
        Record::Fact(fact) => of_fact(fact, name),
        Record::Conversation(conversation) => of_conversation(conversation, name),
        Record::Event(event) => of_event(event, name),
        Record::Finding(finding) => of_finding(finding, name),
        Record::Health(health) => of_health(health, name),
        Record::Sample(_) => None,
    }
}

/// All fields of `record`, for rules that look for words anywhere.
pub fn all(record: &Record) -> Vec<(String, Cell)> {
    let kind = record.kind();
    let mut found = Vec::new();
    let names = names(kind).iter().chain(ENDS).map(|(name, _)| *name).filter(|name| !name.contains("NAME"));
    let mut seen = Vec::new();
    for name in names.filter(|name| is_known(kind, name)) {
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        if let Some(cell) = field(record, name) {
            found.push((name.to_owned(), cell));
        }
    }
    match record {
        Record::Act(act) => {
            for (name, value) in &act.extra {
                found.push((format!("extra.{}", name.replace(' ', "_")), Cell::Text(value.to_string())));
            }
        }
        Record::Event(event) => {
            for (name, value) in &event.extra {
                found.push((name.to_string(), Cell::of_text(value)));
            }
        }
        _ => {}
    }
    found
}

fn of_act(act: &Act, name: &str) -> Option<Cell> {
    match name {
        "protocol" => text(&act.protocol),
        "verb" => text(act.verb),
        "name" => text(&act.name),
        "code" => whole(act.code.into()),
        "object" => (!act.object.is_none()).then(|| Cell::Text(act.object.to_string())),
        "object_count" => match &act.object {
            model::Object::Span { count, .. } => whole(u64::from(*count).max(1)),
            _ => None,
        },
        "behind" => (!act.behind.is_nobody()).then(|| Cell::Text(act.behind.to_string())),
        "outcome" => text(act.outcome),
        "status" => act.status.as_ref().and_then(|status| some_text(&status.name)),
        "status_code" => act.status.as_ref().and_then(|status| whole(status.code.into())),
        "value" => match act.values.as_slice() {
            [reading] => Some(match &reading.value {
                model::Value::Bool(on) => Cell::Flag(*on),
                model::Value::Integer(number) => Cell::Integer(*number),
                model::Value::Unsigned(number) => return whole(*number),
                model::Value::Float(number) => Cell::Number(*number),
                other => Cell::Text(other.to_string()),
            }),
            _ => None,
        },
        "values" => (!act.values.is_empty()).then(|| {
            let mut text = String::new();
            for reading in &act.values {
                if text.len() > VALUES_BYTES_MAX {
                    break;
                }
                let _ = write!(text, "{}{}", if text.is_empty() { "" } else { " " }, reading.value);
            }
            Cell::Text(text)
        }),
        "values_count" => whole(act.values.len() as u64),
        "count" => whole(act.repeats.count),
        "latency_us" => act.latency.map(|latency| Cell::Number(latency as f64 / 1_000.0)),
        _ => match name.strip_prefix("extra.") {
            Some(wanted) => act
                .extra
                .iter()
                .find(|(name, _)| {
                    name.len() == wanted.len()
                        && name.bytes().zip(wanted.bytes()).all(|(a, b)| a == b || (a == b' ' && b == b'_'))
                })
                .map(|(_, value)| Cell::Text(value.to_string())),
            None => of_ends(Some(&act.from), Some(&act.to), name),
        },
    }
}

fn of_fact(fact: &Fact, name: &str) -> Option<Cell> {
    match name {
        "protocol" => text(&fact.protocol),
        "key" => text(fact.key),
        "value" => text(&fact.value),
        "source" => text(&fact.source),
        "confidence" => text(fact.confidence),
        "behind" => (!fact.behind.is_nobody()).then(|| Cell::Text(fact.behind.to_string())),
        _ => of_ends(Some(&fact.subject), None, name),
    }
}

fn of_conversation(talk: &Conversation, name: &str) -> Option<Cell> {
    match name {
        "protocol" => text(&talk.protocol),
        "guess" => Some(Cell::Flag(talk.is_guess)),
        "transport" => match talk.transport {
            Transport::Tcp => text("tcp"),
            other => text(other),
        },
        "state" => text(talk.state),
        "opening" => Some(Cell::Flag(talk.is_opening)),
        "duration_s" => Some(Cell::Integer(talk.last.since(talk.first) / 1_000_000_000)),
        "sent_bytes" => whole(talk.sent.bytes),
        "received_bytes" => whole(talk.received.bytes),
        "sent_packets" => whole(talk.sent.packets),
        "received_packets" => whole(talk.received.packets),
        _ => of_ends(Some(&talk.from), Some(&talk.to), name),
    }
}

fn of_event(event: &Event, name: &str) -> Option<Cell> {
    let own = match name {
        "source" => text(&event.source),
        "product" => some_text(&event.product),
        "host" => some_text(&event.host),
        "code" => (!event.code.is_empty()).then(|| Cell::of_text(&event.code)),
        "kind" => text(event.kind),
        "message" => text(&event.message),
        "severity" => text(event.severity),
        "outcome" => text(event.outcome),
        "user" => some_text(&event.user),
        _ => of_ends(event.from.as_ref(), event.to.as_ref(), name),
    };
    own.or_else(|| event.extra.iter().find(|(own, _)| own == name).map(|(_, value)| Cell::of_text(value)))
}

fn of_finding(finding: &Finding, name: &str) -> Option<Cell> {
    match name {
        "detector" => text(&finding.detector),
        "title" => text(&finding.title),
        "severity" => text(finding.severity),
        "protocol" => some_text(&finding.protocol),
        "behind" => (!finding.behind.is_nobody()).then(|| Cell::Text(finding.behind.to_string())),
        "count" => whole(finding.count),
        _ => of_ends(finding.from.as_ref(), finding.to.as_ref(), name),
    }
}

fn of_health(health: &Health, name: &str) -> Option<Cell> {
    match name {
        "protocol" => some_text(&health.protocol),
        "kind" => text(health.kind),
        "count" => whole(health.count),
        "detail" => text(&health.detail),
        _ => None,
    }
}

fn of_ends(from: Option<&Address>, to: Option<&Address>, name: &str) -> Option<Cell> {
    let end = if name.starts_with("to_") { to } else { from };
    match name {
        "from_ip" | "to_ip" => end?.ip.map(|ip| Cell::Text(ip.to_string())),
        "from_mac" | "to_mac" => end?.mac.map(|mac| Cell::Text(mac.to_string())),
        "from_port" | "to_port" => end?.port.map(|port| Cell::Integer(port.into())),
        "from_public" | "to_public" => end?.ip.map(|ip| Cell::Flag(is_public(ip))),
        "to_group" => to.map(|to| Cell::Flag(is_group(to))),
        "same_subnet" => match (from?.ip?, to?.ip?) {
            (IpAddr::V4(a), IpAddr::V4(b)) => Some(Cell::Flag(a.octets()[..3] == b.octets()[..3])),
            (IpAddr::V6(a), IpAddr::V6(b)) => Some(Cell::Flag(a.segments()[..4] == b.segments()[..4])),
            _ => Some(Cell::Flag(false)),
        },
        "vlan" => from.and_then(|from| from.vlan).or(to.and_then(|to| to.vlan)).map(|vlan| Cell::Integer(vlan.into())),
        _ => None,
    }
}

/// Whether an address is one of the Internet: not private, not of this link, not a group.
pub(crate) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            !(ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_multicast()
                || ip.is_broadcast()
                || ip.is_unspecified()
                || ip.is_documentation()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b)))
        }
        IpAddr::V6(ip) => ip.segments()[0] & 0xe000 == 0x2000,
    }
}

fn is_group(address: &Address) -> bool {
    let of_ip = match address.ip {
        Some(IpAddr::V4(ip)) => ip.is_multicast() || ip.is_broadcast() || ip.octets()[3] == 255,
        Some(IpAddr::V6(ip)) => ip.is_multicast(),
        None => false,
    };
    of_ip || address.mac.is_some_and(|mac| mac.is_group())
}
