//! The JSON form of records: one flat object a record, absent fields left out (docs/records.md).

use std::fmt::Display;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::{
    Act, Address, Conversation, Event, Fact, Finding, Health, Mac, Messages, Object, RankedFinding, Reading, Record,
    Sample, Side, Value,
};

/// Serialises anything that displays as a JSON string, without an allocation.
struct Shown<T>(T);

impl<T: Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl Serialize for Mac {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(mac) = self.mac {
            map.serialize_entry("mac", &mac)?;
        }
        if let Some(ip) = self.ip {
            map.serialize_entry("ip", &Shown(ip))?;
        }
        if let Some(port) = self.port {
            map.serialize_entry("port", &port)?;
        }
        if let Some(vlan) = self.vlan {
            map.serialize_entry("vlan", &vlan)?;
        }
        map.end()
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Bool(on) => serializer.serialize_bool(*on),
            Value::Integer(number) => serializer.serialize_i64(*number),
            Value::Unsigned(number) => serializer.serialize_u64(*number),
            // JSON has no infinities and no not-a-number: as text they are not lost.
            Value::Float(number) if !number.is_finite() => serializer.collect_str(number),
            Value::Float(number) => serializer.serialize_f64(*number),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Bytes(bytes) => serializer.collect_str(&Hexadecimal(bytes)),
            Value::Time(time) => time.serialize(serializer),
            Value::Nothing => serializer.serialize_unit(),
        }
    }
}

/// Bytes as `0x` and two digits a byte.
pub(crate) struct Hexadecimal<'a>(pub(crate) &'a [u8]);

impl Display for Hexadecimal<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Display for Value {
    /// As in JSON, texts without quotation marks.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Bool(on) => write!(f, "{on}"),
            Value::Integer(number) => write!(f, "{number}"),
            Value::Unsigned(number) => write!(f, "{number}"),
            Value::Float(number) => write!(f, "{number}"),
            Value::Text(text) => f.write_str(text),
            Value::Bytes(bytes) => write!(f, "{}", Hexadecimal(bytes)),
            Value::Time(time) => write!(f, "{time}"),
            Value::Nothing => f.write_str("-"),
        }
    }
}

impl Serialize for Reading {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if !self.object.is_none() {
            map.serialize_entry("object", &self.object)?;
        }
        map.serialize_entry("value", &self.value)?;
        if let Some(quality) = &self.quality {
            map.serialize_entry("quality", quality.as_str())?;
        }
        if let Some(at) = &self.at {
            map.serialize_entry("at", at)?;
        }
        map.end()
    }
}

impl Serialize for Messages {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut protocols: Vec<&str> = self.0.iter().map(|m| m.protocol.as_ref()).collect();
        protocols.dedup();
        let mut seen: Vec<&str> = Vec::with_capacity(protocols.len());
        let mut map = serializer.serialize_map(None)?;
        for protocol in protocols {
            if seen.contains(&protocol) {
                continue;
            }
            seen.push(protocol);
            map.serialize_entry(protocol, &Codes { messages: self, protocol })?;
        }
        map.end()
    }
}

/// The codes of one protocol among messages.
struct Codes<'a> {
    messages: &'a Messages,
    protocol: &'a str,
}

impl Serialize for Codes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for message in self.messages.0.iter().filter(|m| m.protocol == self.protocol) {
            map.serialize_entry(&Shown(message.code), &message.count)?;
        }
        map.end()
    }
}

/// Nanoseconds as microseconds, whole where they are whole.
struct Microseconds(i64);

impl Serialize for Microseconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 % 1000 {
            0 => serializer.serialize_i64(self.0 / 1000),
            _ => serializer.serialize_f64(self.0 as f64 / 1000.0),
        }
    }
}

struct Extra<'a>(&'a [(std::borrow::Cow<'static, str>, crate::Text)]);

impl Serialize for Extra<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name.as_ref(), value.as_str())?;
        }
        map.end()
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("record", self.kind())?;
        map.serialize_entry("at", &self.at())?;
        match self {
            Record::Act(act) => act_fields(act, &mut map)?,
            Record::Fact(fact) => fact_fields(fact, &mut map)?,
            Record::Sample(sample) => sample_fields(sample, &mut map)?,
            Record::Conversation(conversation) => conversation_fields(conversation, &mut map)?,
            Record::Health(health) => health_fields(health, &mut map)?,
            Record::Finding(finding) => finding_fields(finding, &mut map)?,
            Record::Event(event) => event_fields(event, &mut map)?,
        }
        map.end()
    }
}

impl Serialize for RankedFinding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        finding_fields(&self.finding, &mut map)?;
        let evidence: Vec<&str> = self.finding.evidence.iter().map(|said| said.fr.as_str()).collect();
        map.serialize_entry("evidence_fr", &evidence)?;
        map.serialize_entry("from_asset", &self.from_asset)?;
        map.serialize_entry("to_asset", &self.to_asset)?;
        map.end()
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        finding_fields(self, &mut map)?;
        map.end()
    }
}

fn act_fields<M: SerializeMap>(act: &Act, map: &mut M) -> Result<(), M::Error> {
    map.serialize_entry("flow", &Shown(&act.flow))?;
    map.serialize_entry("protocol", act.protocol.as_ref())?;
    map.serialize_entry("from", &act.from)?;
    map.serialize_entry("to", &act.to)?;
    if !act.behind.is_nobody() {
        map.serialize_entry("behind", &Shown(&act.behind))?;
    }
    map.serialize_entry("code", &act.code)?;
    map.serialize_entry("name", act.name.as_str())?;
    map.serialize_entry("verb", &act.verb)?;
    if !act.object.is_none() {
        map.serialize_entry("object", &act.object)?;
    }
    if !act.values.is_empty() {
        map.serialize_entry("values", &List(&act.values))?;
    }
    map.serialize_entry("outcome", &act.outcome)?;
    if let Some(status) = &act.status {
        map.serialize_entry("status", &serde_json::json!({ "code": status.code, "name": status.name.as_str() }))?;
    }
    if let Some(latency) = act.latency {
        map.serialize_entry("latency_us", &Microseconds(latency))?;
    }
    if !act.extra.is_empty() {
        map.serialize_entry("extra", &Extra(&act.extra))?;
    }
    map.serialize_entry("count", &act.repeats.count)?;
    map.serialize_entry("first", &act.repeats.first)?;
    map.serialize_entry("last", &act.repeats.last)?;
    if let Some((min, max, mean)) = act.repeats.gaps {
        map.serialize_entry("gap_min_us", &Microseconds(min))?;
        map.serialize_entry("gap_max_us", &Microseconds(max))?;
        map.serialize_entry("gap_mean_us", &Microseconds(mean))?;
    }
    if let Some((min, max)) = act.repeats.latency {
        map.serialize_entry("latency_min_us", &Microseconds(min))?;
        map.serialize_entry("latency_max_us", &Microseconds(max))?;
    }
    if !act.messages.0.is_empty() {
        map.serialize_entry("messages", &act.messages)?;
    }
    Ok(())
}

struct List<'a>(&'a [Reading]);

impl Serialize for List<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.0.len()))?;
        for reading in self.0 {
            seq.serialize_element(reading)?;
        }
        seq.end()
    }
}

fn fact_fields<M: SerializeMap>(fact: &Fact, map: &mut M) -> Result<(), M::Error> {
    map.serialize_entry("flow", &Shown(&fact.flow))?;
    map.serialize_entry("protocol", fact.protocol.as_ref())?;
    map.serialize_entry("from", &fact.subject)?;
    if !fact.behind.is_nobody() {
        map.serialize_entry("behind", &Shown(&fact.behind))?;
    }
    map.serialize_entry("key", &fact.key)?;
    map.serialize_entry("value", fact.value.as_str())?;
    map.serialize_entry("source", fact.source.as_str())?;
    map.serialize_entry("confidence", &fact.confidence)
}

fn sample_fields<M: SerializeMap>(sample: &Sample, map: &mut M) -> Result<(), M::Error> {
    map.serialize_entry("protocol", sample.protocol.as_ref())?;
    map.serialize_entry("from", &sample.device)?;
    if !sample.behind.is_nobody() {
        map.serialize_entry("behind", &Shown(&sample.behind))?;
    }
    map.serialize_entry("object", &sample.object)?;
    map.serialize_entry("value", &sample.value)?;
    if let Some(quality) = &sample.quality {
        map.serialize_entry("quality", quality.as_str())?;
    }
    map.serialize_entry("origin", &sample.origin)?;
    if let Some((count, min, max, mean)) = sample.summary {
        map.serialize_entry("count", &count)?;
        map.serialize_entry("min", &Value::Float(min))?;
        map.serialize_entry("max", &Value::Float(max))?;
        map.serialize_entry("mean", &Value::Float(mean))?;
    }
    Ok(())
}

fn conversation_fields<M: SerializeMap>(conversation: &Conversation, map: &mut M) -> Result<(), M::Error> {
    map.serialize_entry("flow", &Shown(&conversation.flow))?;
    map.serialize_entry("transport", &Shown(conversation.transport))?;
    map.serialize_entry("protocol", conversation.protocol.as_ref())?;
    if conversation.is_guess {
        map.serialize_entry("guess", &true)?;
    }
    map.serialize_entry("from", &conversation.from)?;
    map.serialize_entry("to", &conversation.to)?;
    map.serialize_entry("state", &conversation.state)?;
    map.serialize_entry("first", &conversation.first)?;
    map.serialize_entry("last", &conversation.last)?;
    map.serialize_entry("opening", &conversation.is_opening)?;
    map.serialize_entry("sent", &conversation.sent)?;
    map.serialize_entry("received", &conversation.received)
}

impl Serialize for Side {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("packets", &self.packets)?;
        map.serialize_entry("bytes", &self.bytes)?;
        map.serialize_entry("payload", &self.payload)?;
        for (name, count) in [
            ("retransmissions", self.retransmissions),
            ("missing", self.missing),
            ("gaps", self.gaps),
            ("resets", self.resets),
            ("duplicates", self.duplicates),
        ] {
            if count > 0 {
                map.serialize_entry(name, &count)?;
            }
        }
        map.end()
    }
}

fn health_fields<M: SerializeMap>(health: &Health, map: &mut M) -> Result<(), M::Error> {
    if let Some(flow) = &health.flow {
        map.serialize_entry("flow", &Shown(flow))?;
    }
    if !health.protocol.is_empty() {
        map.serialize_entry("protocol", health.protocol.as_ref())?;
    }
    map.serialize_entry("kind", &health.kind)?;
    map.serialize_entry("count", &health.count)?;
    map.serialize_entry("detail", health.detail.as_str())
}

fn event_fields<M: SerializeMap>(event: &Event, map: &mut M) -> Result<(), M::Error> {
    map.serialize_entry("source", event.source.as_ref())?;
    for (name, text) in
        [("product", &event.product), ("host", &event.host), ("code", &event.code), ("user", &event.user)]
    {
        if !text.is_empty() {
            map.serialize_entry(name, text.as_str())?;
        }
    }
    map.serialize_entry("kind", &event.kind)?;
    map.serialize_entry("message", event.message.as_str())?;
    map.serialize_entry("severity", &event.severity)?;
    map.serialize_entry("outcome", &event.outcome)?;
    if let Some(from) = &event.from {
        map.serialize_entry("from", from)?;
    }
    if let Some(to) = &event.to {
        map.serialize_entry("to", to)?;
    }
    if !event.extra.is_empty() {
        map.serialize_entry("extra", &Named(&event.extra))?;
    }
    Ok(())
}

struct Named<'a>(&'a [(crate::Text, crate::Text)]);

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }
}

fn finding_fields<M: SerializeMap>(finding: &Finding, map: &mut M) -> Result<(), M::Error> {
    if let Some(flow) = &finding.flow {
        map.serialize_entry("flow", &Shown(flow))?;
    }
    map.serialize_entry("id", finding.id.as_str())?;
    map.serialize_entry("detector", finding.detector.as_ref())?;
    map.serialize_entry("title", finding.title.as_str())?;
    map.serialize_entry("severity", &finding.severity)?;
    if !finding.protocol.is_empty() {
        map.serialize_entry("protocol", finding.protocol.as_ref())?;
    }
    if let Some(from) = &finding.from {
        map.serialize_entry("from", from)?;
    }
    if let Some(to) = &finding.to {
        map.serialize_entry("to", to)?;
    }
    if !finding.behind.is_nobody() {
        map.serialize_entry("behind", &Shown(&finding.behind))?;
    }
    map.serialize_entry("count", &finding.count)?;
    map.serialize_entry("first", &finding.first)?;
    map.serialize_entry("last", &finding.last)?;
    let evidence: Vec<&str> = finding.evidence.iter().map(|said| said.en.as_str()).collect();
    map.serialize_entry("evidence", &evidence)
}
