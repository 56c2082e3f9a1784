//! Records from flat fields: the examples that rules carry, and records read back from JSON lines.

use std::borrow::Cow;
use std::collections::BTreeMap;

use model::{
    Act, Address, Behind, Confidence, Conversation, Event, EventKind, Fact, FactKey, Flow, Health, HealthKind, Mac,
    Messages, Object, Outcome, Reading, Record, Repeats, Severity, Side, State, Status, Text, Time, Transport, Value,
    Verb,
};
use serde_json::Value as Json;

/// Flat fields by the names of `fields`.
pub type Fields = BTreeMap<String, Json>;

/// Makes a record of `kind` that has `fields`; what they do not say is empty. `None` for findings, samples, and words
/// that no record has.
pub fn record_of(kind: &str, fields: &Fields) -> Option<Record> {
    let text = |name: &str| -> String {
        match fields.get(name) {
            Some(Json::String(text)) => text.clone(),
            Some(Json::Null) | None => String::new(),
            Some(other) => other.to_string(),
        }
    };
    let whole = |name: &str| text(name).parse::<u64>().unwrap_or(0);
    let at = Time::parse(&text("at")).unwrap_or_default();
    let end = |side: &str| Address {
        ip: text(&format!("{side}_ip")).parse().ok(),
        mac: Mac::parse(&text(&format!("{side}_mac"))),
        port: text(&format!("{side}_port")).parse().ok(),
        vlan: text("vlan").parse().ok(),
    };
    let (from, to) = (end("from"), end("to"));
    let behind = match text("behind") {
        text if text.is_empty() => Behind::Nobody,
        text => Behind::Path(Text::from(text)),
    };
    let protocol: Cow<'static, str> = Cow::Owned(text("protocol"));
    let extras = |prefix: &str| -> Vec<(String, Text)> {
        let named = |(name, value): (&String, &Json)| {
            let name = name.strip_prefix(prefix)?;
            Some((name.to_owned(), Text::from(value.as_str().map_or_else(|| value.to_string(), str::to_owned))))
        };
        fields.iter().filter_map(named).collect()
    };
    Some(match kind {
        "act" => {
            let values = text("values");
            let values = if values.is_empty() { text("value") } else { values };
            let count = whole("count").max(1);
            let time = |name: &str| Time::parse(&text(name)).unwrap_or(at);
            Record::Act(Act {
                at,
                flow: flow(&from, &to, Transport::Tcp),
                protocol,
                from,
                to,
                behind,
                code: u32::try_from(whole("code")).unwrap_or(0),
                name: Text::from(text("name")),
                verb: word(&text("verb"), Verb::Other, Verb::from_word)?,
                object: object(&text("object")),
                values: values.split_whitespace().map(|value| Reading::new(Object::None, reading(value))).collect(),
                outcome: word(&text("outcome"), Outcome::Done, Outcome::from_word)?,
                status: (!text("status").is_empty() || whole("status_code") > 0).then(|| Status {
                    code: u32::try_from(whole("status_code")).unwrap_or(0),
                    name: Text::from(text("status")),
                }),
                latency: text("latency_us").parse::<f64>().ok().map(|us| (us * 1_000.0) as i64),
                extra: extras("extra.").into_iter().map(|(name, value)| (Cow::Owned(name), value)).collect(),
                repeats: Repeats { count, first: time("first"), last: time("last"), ..Repeats::once(at) },
                messages: Messages::none(),
            })
        }
        "fact" => Record::Fact(Fact {
            at,
            flow: flow(&from, &from, Transport::Tcp),
            protocol,
            subject: from,
            behind,
            key: FactKey::from_word(&text("key"))?,
            value: Text::from(text("value")),
            source: Text::from(text("source")),
            confidence: word(&text("confidence"), Confidence::Certain, Confidence::from_word)?,
        }),
        "conversation" => {
            let transport = match text("transport").as_str() {
                "udp" => Transport::Udp,
                "sctp" => Transport::Sctp,
                "icmp" => Transport::Ip(1),
                other => match other.strip_prefix("ip-").and_then(|number| number.parse().ok()) {
                    Some(number) => Transport::Ip(number),
                    None => Transport::Tcp,
                },
            };
            let side = |name: &str| Side {
                bytes: whole(&format!("{name}_bytes")),
                packets: whole(&format!("{name}_packets")),
                ..Side::default()
            };
            let lasting = i64::try_from(whole("duration_s")).unwrap_or(0).saturating_mul(1_000_000_000);
            Record::Conversation(Conversation {
                flow: flow(&from, &to, transport),
                transport,
                protocol,
                is_guess: text("guess") == "true",
                from,
                to,
                sent: side("sent"),
                received: side("received"),
                first: at,
                last: Time::parse(&text("last")).unwrap_or(at.plus(lasting)),
                is_opening: text("opening") != "false",
                state: word(&text("state"), State::Closed, State::from_word)?,
            })
        }
        "event" => {
            const OWN: [&str; 18] = [
                "at",
                "source",
                "product",
                "host",
                "code",
                "kind",
                "message",
                "severity",
                "outcome",
                "user",
                "from_ip",
                "from_mac",
                "from_port",
                "to_ip",
                "to_mac",
                "to_port",
                "vlan",
                "record",
            ];
            let named = |end: Address| (end != Address::default()).then_some(end);
            Record::Event(Event {
                at,
                source: Cow::Owned(text("source")),
                product: Text::from(text("product")),
                host: Text::from(text("host")),
                code: Text::from(text("code")),
                kind: word(&text("kind"), EventKind::Other, EventKind::from_word)?,
                message: Text::from(text("message")),
                severity: word(&text("severity"), Severity::Info, Severity::from_word)?,
                outcome: word(&text("outcome"), Outcome::Asked, Outcome::from_word)?,
                user: Text::from(text("user")),
                from: named(from),
                to: named(to),
                extra: extras("")
                    .into_iter()
                    .filter(|(name, _)| !OWN.contains(&name.as_str()))
                    .map(|(name, value)| (Text::from(name.strip_prefix("extra.").unwrap_or(&name)), value))
                    .collect(),
            })
        }
        "health" => Record::Health(Health {
            at,
            kind: HealthKind::from_word(&text("kind"))?,
            protocol,
            flow: None,
            count: whole("count").max(1),
            detail: Text::from(text("detail")),
        }),
        _ => return None,
    })
}

/// The flat fields of one line of `vigie read --records`, with its kind.
pub fn fields_of_json(line: &str) -> Result<(String, Fields), String> {
    let json: Json = serde_json::from_str(line).map_err(|e| e.to_string())?;
    let Json::Object(map) = json else { return Err("not an object".into()) };
    let kind = map.get("record").and_then(Json::as_str).ok_or("no field `record`")?.to_owned();
    let mut fields = Fields::new();
    for (name, value) in map {
        match (name.as_str(), value) {
            ("from" | "to" | "sent" | "received", Json::Object(inner)) => {
                fields.extend(inner.into_iter().map(|(key, value)| (format!("{name}_{key}"), value)));
            }
            ("status", Json::Object(inner)) => {
                for (key, value) in inner {
                    fields.insert(if key == "code" { "status_code".into() } else { "status".into() }, value);
                }
            }
            ("extra", Json::Object(inner)) => {
                fields.extend(inner.into_iter().map(|(key, value)| (format!("extra.{key}"), value)));
            }
            ("values", Json::Array(list)) => {
                let texts: Vec<String> = list
                    .iter()
                    .filter_map(|one| one.get("value"))
                    .map(|value| value.as_str().map_or_else(|| value.to_string(), |text| text.replace(' ', "_")))
                    .collect();
                fields.insert(name, Json::String(texts.join(" ")));
            }
            (_, value) => {
                fields.insert(name, value);
            }
        }
    }
    Ok((kind, fields))
}

fn word<T>(text: &str, default: T, from: impl Fn(&str) -> Option<T>) -> Option<T> {
    if text.is_empty() { Some(default) } else { from(text) }
}

fn reading(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(number), _) => Value::Integer(number),
            (_, Ok(number)) => Value::Float(number),
            _ => Value::Text(Text::from(text)),
        },
    }
}

/// `holding 0-119` and `coil 5` are spans, anything else is a text.
fn object(text: &str) -> Object {
    let span = text.rsplit_once(' ').and_then(|(space, numbers)| {
        let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
        let (first, last) = (first.parse::<u64>().ok()?, last.parse::<u64>().ok()?);
        let count = u32::try_from(last.checked_sub(first)?.checked_add(1)?).ok()?;
        Some(Object::Span { space: Cow::Owned(space.to_owned()), first, count })
    });
    match span {
        Some(span) => span,
        None if text.is_empty() => Object::None,
        None => Object::from(text),
    }
}

fn flow(from: &Address, to: &Address, transport: Transport) -> Flow {
    match (from.ip, to.ip) {
        (Some(source), Some(destination)) => Flow::Ip {
            transport,
            source: (source, from.port.unwrap_or(0)),
            destination: (destination, to.port.unwrap_or(0)),
        },
        _ => Flow::Link { source: from.mac.unwrap_or_default(), destination: to.mac.unwrap_or_default(), ethertype: 0 },
    }
}
