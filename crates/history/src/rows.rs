//! Records become rows: one column at a time is filled, and texts that repeat are kept once.

use std::hash::Hash;
use std::io::Write;
use std::net::IpAddr;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int32Array, Int64Array, StringBuilder,
    TimestampNanosecondArray,
};
use arrow::datatypes::Int32Type;
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use model::{
    Act, Address, Behind, Conversation, Event, Fact, Finding, Flow, Health, Mac, Object, Record, Sample, Side, Text,
    Time, Value,
};

use crate::kind::{Form, Kind};

/// Where a record comes from: the ledger entry of its batch, and its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Index of the batch's entry in the ledger; absent where there is no ledger.
    pub batch: Option<u64>,
    /// Place of the record in the batch, from 0.
    pub number: u64,
}

/// Longest text that a JSON column keeps, in bytes; a longer one is left out, with its length in its place.
const JSON_BYTES_MAX: usize = 1 << 20;

/// Rows of one kind that are being gathered.
pub struct Rows {
    kind: Kind,
    columns: Vec<Cells>,
    /// The column that is filled next.
    next: usize,
    count: usize,
    bytes: usize,
    scratch: Vec<u8>,
}

/// What one column has gathered.
enum Cells {
    Times(Vec<Option<i64>>),
    Integers(Vec<Option<i64>>),
    Numbers(Vec<Option<f64>>),
    Flags(Vec<Option<bool>>),
    Texts(Box<Texts>),
}

/// Texts as numbers into a dictionary. What is expensive to write down is looked up as it is.
#[derive(Default)]
struct Texts {
    keys: Vec<Option<i32>>,
    values: StringBuilder,
    count: i32,
    by_text: HashMap<Text, i32, RandomState>,
    by_flow: HashMap<Flow, i32, RandomState>,
    by_ip: HashMap<IpAddr, i32, RandomState>,
    by_mac: HashMap<Mac, i32, RandomState>,
    by_object: HashMap<Object, i32, RandomState>,
    by_behind: HashMap<Behind, i32, RandomState>,
}

impl Texts {
    /// Adds `text` to the dictionary; the number of its place.
    fn add(&mut self, text: &str) -> i32 {
        if let Some(key) = self.by_text.get(text) {
            return *key;
        }
        self.values.append_value(text);
        let key = self.count;
        self.count += 1;
        self.by_text.insert(text.into(), key);
        key
    }

    fn push_as<K: Hash + Eq + Clone>(
        &mut self,
        known: fn(&mut Texts) -> &mut HashMap<K, i32, RandomState>,
        thing: &K,
        write: impl FnOnce(&K) -> String,
    ) {
        let key = match known(self).get(thing) {
            Some(key) => *key,
            None => {
                let key = self.add(&write(thing));
                known(self).insert(thing.clone(), key);
                key
            }
        };
        self.keys.push(Some(key));
    }

    fn finish(self) -> Result<ArrayRef, ArrowError> {
        let mut values = self.values;
        let array = DictionaryArray::<Int32Type>::try_new(Int32Array::from(self.keys), Arc::new(values.finish()))?;
        Ok(Arc::new(array))
    }
}

impl Rows {
    /// No rows of `kind`.
    pub fn new(kind: Kind) -> Rows {
        let columns = kind
            .columns()
            .iter()
            .map(|column| match column.form {
                Form::Time => Cells::Times(Vec::new()),
                Form::Integer => Cells::Integers(Vec::new()),
                Form::Number => Cells::Numbers(Vec::new()),
                Form::Flag => Cells::Flags(Vec::new()),
                Form::Text => Cells::Texts(Box::default()),
            })
            .collect();
        Rows { kind, columns, next: 0, count: 0, bytes: 0, scratch: Vec::new() }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Memory that they take, about: 12 bytes a cell and the texts twice (in the dictionary and in the index of it).
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes the rows out as one batch of the schema in memory.
    pub fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let rows = std::mem::replace(self, Rows::new(self.kind));
        let columns = rows
            .columns
            .into_iter()
            .map(|cells| {
                Ok(match cells {
                    Cells::Times(times) => {
                        Arc::new(TimestampNanosecondArray::from(times).with_timezone("UTC")) as ArrayRef
                    }
                    Cells::Integers(numbers) => Arc::new(Int64Array::from(numbers)),
                    Cells::Numbers(numbers) => Arc::new(Float64Array::from(numbers)),
                    Cells::Flags(flags) => Arc::new(BooleanArray::from(flags)),
                    Cells::Texts(texts) => texts.finish()?,
                })
            })
            .collect::<Result<Vec<ArrayRef>, ArrowError>>()?;
        RecordBatch::try_new(rows.kind.schema_in_memory(), columns)
    }

    /// Adds a record. Records of another kind are none of this table's business and are not added.
    pub fn push(&mut self, record: &Record, origin: Origin) {
        if Kind::of(record) != self.kind {
            return;
        }
        self.next = 0;
        match record {
            Record::Act(act) => self.act(act),
            Record::Fact(fact) => self.fact(fact),
            Record::Sample(sample) => self.sample(sample),
            Record::Conversation(conversation) => self.conversation(conversation),
            Record::Health(health) => self.health(health),
            Record::Finding(finding) => self.finding(finding),
            Record::Event(event) => self.event(event),
        }
        if !matches!(record, Record::Sample(_)) {
            self.integer("batch", origin.batch.map(whole));
            self.integer("number", Some(whole(origin.number)));
        }
        debug_assert_eq!(self.next, self.columns.len(), "a row has all columns of its kind");
        self.count += 1;
        self.bytes += 12 * self.columns.len();
    }

    /// The cells of the next column. Rows are filled in the order of the table of columns.
    fn cells(&mut self, name: &str) -> Option<&mut Cells> {
        debug_assert_eq!(self.kind.columns().get(self.next).map(|column| column.name), Some(name));
        let cells = self.columns.get_mut(self.next);
        self.next += 1;
        cells
    }

    fn time(&mut self, name: &str, time: Time) {
        if let Some(Cells::Times(cells)) = self.cells(name) {
            cells.push(Some(time.0));
        }
    }

    fn integer(&mut self, name: &str, number: Option<i64>) {
        if let Some(Cells::Integers(cells)) = self.cells(name) {
            cells.push(number);
        }
    }

    fn number(&mut self, name: &str, number: Option<f64>) {
        if let Some(Cells::Numbers(cells)) = self.cells(name) {
            cells.push(number);
        }
    }

    fn flag(&mut self, name: &str, is_so: bool) {
        if let Some(Cells::Flags(cells)) = self.cells(name) {
            cells.push(Some(is_so));
        }
    }

    /// Runs `push` on the texts of the next column, and counts what it adds.
    fn texts(&mut self, name: &str, push: impl FnOnce(&mut Texts)) {
        let mut grown = 0;
        if let Some(Cells::Texts(cells)) = self.cells(name) {
            let before = cells.values.values_slice().len();
            push(cells);
            grown = cells.values.values_slice().len() - before;
        }
        // A new text is in the dictionary and in its index, each with some 40 bytes around it.
        self.bytes += if grown > 0 { 2 * (grown + 40) } else { 0 };
    }

    fn text(&mut self, name: &str, text: Option<&str>) {
        self.texts(name, |texts| {
            let key = text.map(|text| texts.add(text));
            texts.keys.push(key);
        });
    }

    /// A text that is empty where there is none.
    fn text_if_any(&mut self, name: &str, text: &str) {
        self.text(name, Some(text).filter(|text| !text.is_empty()));
    }

    fn json<T: serde::Serialize + ?Sized>(&mut self, name: &str, thing: Option<&T>) {
        let Some(thing) = thing else {
            return self.text(name, None);
        };
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        let is_written = serde_json::to_writer(&mut scratch, thing).is_ok();
        if scratch.len() > JSON_BYTES_MAX {
            let length = scratch.len();
            scratch.clear();
            let _ = write!(scratch, "\"left out: {length} bytes\"");
        }
        self.text(name, std::str::from_utf8(&scratch).ok().filter(|_| is_written));
        self.scratch = scratch;
    }

    fn flow(&mut self, flow: Option<&Flow>) {
        self.texts("flow", |texts| match flow {
            Some(flow) => texts.push_as(|texts| &mut texts.by_flow, flow, Flow::to_string),
            None => texts.keys.push(None),
        });
    }

    fn machine(&mut self, ip: &str, mac: &str, address: Option<&Address>) {
        self.texts(ip, |texts| match address.and_then(|address| address.ip) {
            Some(ip) => texts.push_as(|texts| &mut texts.by_ip, &ip, IpAddr::to_string),
            None => texts.keys.push(None),
        });
        self.texts(mac, |texts| match address.and_then(|address| address.mac) {
            Some(mac) => texts.push_as(|texts| &mut texts.by_mac, &mac, Mac::to_string),
            None => texts.keys.push(None),
        });
    }

    /// Both ends and the VLAN, which is one for both.
    fn ends(&mut self, from: Option<&Address>, to: Option<&Address>) {
        let port = |end: Option<&Address>| end.and_then(|end| end.port).map(i64::from);
        let vlan = |end: Option<&Address>| end.and_then(|end| end.vlan).map(i64::from);
        self.machine("from_ip", "from_mac", from);
        self.integer("from_port", port(from));
        self.machine("to_ip", "to_mac", to);
        self.integer("to_port", port(to));
        self.integer("vlan", vlan(to).or(vlan(from)));
    }

    fn subject(&mut self, address: &Address) {
        self.machine("from_ip", "from_mac", Some(address));
        self.integer("vlan", address.vlan.map(i64::from));
    }

    fn behind(&mut self, behind: &Behind) {
        self.texts("behind", |texts| match behind {
            Behind::Nobody => texts.keys.push(None),
            behind => texts.push_as(|texts| &mut texts.by_behind, behind, Behind::to_string),
        });
    }

    fn object(&mut self, object: &Object) {
        self.texts("object", |texts| match object {
            Object::None => texts.keys.push(None),
            Object::Text(text) => {
                let key = texts.add(text);
                texts.keys.push(Some(key));
            }
            span => texts.push_as(|texts| &mut texts.by_object, span, Object::to_string),
        });
    }

    fn act(&mut self, act: &Act) {
        self.time("at", act.at);
        self.flow(Some(&act.flow));
        self.text("protocol", Some(&act.protocol));
        self.ends(Some(&act.from), Some(&act.to));
        self.behind(&act.behind);
        self.integer("code", Some(act.code.into()));
        self.text("name", Some(&act.name));
        self.text("verb", Some(act.verb.as_str()));
        self.object(&act.object);
        self.json("values", Some(&act.values).filter(|values| !values.is_empty()));
        self.number(
            "value",
            match act.values.as_slice() {
                [reading] => reading.value.as_number(),
                _ => None,
            },
        );
        self.text("outcome", Some(act.outcome.as_str()));
        self.integer("status_code", act.status.as_ref().map(|status| status.code.into()));
        self.text("status", act.status.as_ref().map(|status| status.name.as_str()));
        self.number("latency_us", act.latency.map(microseconds));
        self.json("extra", Some(&Extra(&act.extra)).filter(|extra| !extra.0.is_empty()));
        let repeats = &act.repeats;
        self.integer("count", Some(whole(repeats.count)));
        self.time("first", repeats.first);
        self.time("last", repeats.last);
        self.number("gap_min_us", repeats.gaps.map(|gaps| microseconds(gaps.0)));
        self.number("gap_max_us", repeats.gaps.map(|gaps| microseconds(gaps.1)));
        self.number("gap_mean_us", repeats.gaps.map(|gaps| microseconds(gaps.2)));
        self.number("latency_min_us", repeats.latency.map(|latency| microseconds(latency.0)));
        self.number("latency_max_us", repeats.latency.map(|latency| microseconds(latency.1)));
        self.json("messages", Some(&act.messages).filter(|messages| !messages.0.is_empty()));
    }

    fn fact(&mut self, fact: &Fact) {
        self.time("at", fact.at);
        self.flow(Some(&fact.flow));
        self.text("protocol", Some(&fact.protocol));
        self.subject(&fact.subject);
        self.behind(&fact.behind);
        self.text("key", Some(fact.key.as_str()));
        self.text("value", Some(&fact.value));
        self.text("source", Some(&fact.source));
        self.text("confidence", Some(fact.confidence.as_str()));
    }

    fn sample(&mut self, sample: &Sample) {
        self.time("at", sample.at);
        self.text("protocol", Some(&sample.protocol));
        self.subject(&sample.device);
        self.behind(&sample.behind);
        self.object(&sample.object);
        let number = sample.value.as_number();
        self.number("value", number);
        // Integers beyond 2^53 lose digits as floating point.
        let is_exact = match &sample.value {
            Value::Integer(whole) => whole.unsigned_abs() <= 1 << 53,
            Value::Unsigned(whole) => *whole <= 1 << 53,
            Value::Bool(_) | Value::Float(_) | Value::Nothing => true,
            _ => false,
        };
        match &sample.value {
            _ if is_exact => self.text("text", None),
            Value::Text(text) => self.text("text", Some(text)),
            other => self.text("text", Some(&other.to_string())),
        }
        self.text(
            "type",
            Some(match &sample.value {
                Value::Bool(_) => "boolean",
                Value::Integer(_) | Value::Unsigned(_) => "integer",
                Value::Float(_) => "float",
                Value::Text(_) => "text",
                Value::Bytes(_) => "bytes",
                Value::Time(_) => "time",
                Value::Nothing => "nothing",
            }),
        );
        self.text("quality", sample.quality.as_deref());
        self.text("origin", Some(sample.origin.as_str()));
        self.integer("count", sample.summary.map(|summary| whole(summary.0)));
        self.number("min", sample.summary.map(|summary| summary.1));
        self.number("max", sample.summary.map(|summary| summary.2));
        self.number("mean", sample.summary.map(|summary| summary.3));
    }

    fn conversation(&mut self, conversation: &Conversation) {
        self.time("at", conversation.first);
        self.flow(Some(&conversation.flow));
        self.text("transport", Some(&conversation.transport.to_string()));
        self.text_if_any("protocol", &conversation.protocol);
        self.flag("guess", conversation.is_guess);
        self.ends(Some(&conversation.from), Some(&conversation.to));
        self.text("state", Some(conversation.state.as_str()));
        self.time("first", conversation.first);
        self.time("last", conversation.last);
        self.flag("opening", conversation.is_opening);
        for (side, names) in [(&conversation.sent, SENT), (&conversation.received, RECEIVED)] {
            for (name, count) in names.iter().zip(counts(side)) {
                self.integer(name, Some(whole(count)));
            }
        }
    }

    fn health(&mut self, health: &Health) {
        self.time("at", health.at);
        self.flow(health.flow.as_ref());
        self.text_if_any("protocol", &health.protocol);
        self.text("kind", Some(health.kind.as_str()));
        self.integer("count", Some(whole(health.count)));
        self.text("detail", Some(&health.detail));
    }

    fn finding(&mut self, finding: &Finding) {
        self.time("at", finding.first);
        self.flow(finding.flow.as_ref());
        self.text("id", Some(&finding.id));
        self.text("detector", Some(&finding.detector));
        self.text("title", Some(&finding.title));
        self.text("severity", Some(finding.severity.as_str()));
        self.text_if_any("protocol", &finding.protocol);
        self.ends(finding.from.as_ref(), finding.to.as_ref());
        self.behind(&finding.behind);
        self.integer("count", Some(whole(finding.count)));
        self.time("first", finding.first);
        self.time("last", finding.last);
        let evidence: Vec<&str> = finding.evidence.iter().map(|said| said.en.as_str()).collect();
        self.json("evidence", Some(&evidence));
    }

    fn event(&mut self, event: &Event) {
        self.time("at", event.at);
        self.text("source", Some(&event.source));
        self.text_if_any("product", &event.product);
        self.text_if_any("host", &event.host);
        self.text_if_any("code", &event.code);
        self.text("kind", Some(event.kind.as_str()));
        self.text("message", Some(&event.message));
        self.text("severity", Some(event.severity.as_str()));
        self.text("outcome", Some(event.outcome.as_str()));
        self.text_if_any("user", &event.user);
        self.ends(event.from.as_ref(), event.to.as_ref());
        let extra: Vec<_> = event
            .extra
            .iter()
            .map(|(name, value)| (std::borrow::Cow::Owned(name.to_string()), value.clone()))
            .collect();
        self.json("extra", Some(&Extra(&extra)).filter(|extra| !extra.0.is_empty()));
    }
}

/// The columns of what `from` sent.
pub(crate) const SENT: [&str; 8] = [
    "sent_packets",
    "sent_bytes",
    "sent_payload",
    "sent_retransmissions",
    "sent_missing",
    "sent_gaps",
    "sent_resets",
    "sent_duplicates",
];

/// The columns of what `to` sent.
pub(crate) const RECEIVED: [&str; 8] = [
    "received_packets",
    "received_bytes",
    "received_payload",
    "received_retransmissions",
    "received_missing",
    "received_gaps",
    "received_resets",
    "received_duplicates",
];

fn counts(side: &Side) -> [u64; 8] {
    [
        side.packets,
        side.bytes,
        side.payload,
        side.retransmissions,
        side.missing,
        side.gaps,
        side.resets,
        side.duplicates,
    ]
}

fn microseconds(nanoseconds: i64) -> f64 {
    nanoseconds as f64 / 1000.0
}

/// A count as a signed number, which every reader of Parquet has.
fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The further fields of an act as an object of texts.
struct Extra<'a>(&'a [(std::borrow::Cow<'static, str>, Text)]);

impl serde::Serialize for Extra<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name.as_ref(), value.as_str())))
    }
}
