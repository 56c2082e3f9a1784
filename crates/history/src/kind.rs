//! The tables of history: which columns each kind of record has, and what they mean.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use model::{Record, words};

words! {
    /// A table of history: one for each kind of record.
    pub enum Kind {
        /// Who asked or told whom what.
        Acts = "acts",
        /// What devices revealed of themselves.
        Facts = "facts",
        /// Values of process variables.
        Samples = "samples",
        /// Who talked to whom, and how much.
        Conversations = "conversations",
        /// What could not be seen.
        Health = "health",
        /// Judgements.
        Findings = "findings",
        /// What other systems logged.
        Events = "events",
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Nanoseconds since 1970 in UTC.
    Time,
    /// UTF-8.
    Text,
    /// Signed 64 bits.
    Integer,
    /// Floating point, 64 bits.
    Number,
    /// True or false.
    Flag,
}

impl Form {
    /// The word for it in documentation.
    pub const fn as_str(self) -> &'static str {
        match self {
            Form::Time => "time",
            Form::Text => "text",
            Form::Integer => "integer",
            Form::Number => "number",
            Form::Flag => "boolean",
        }
    }

    /// The type that queries see.
    pub fn in_queries(self) -> DataType {
        match self {
            Form::Time => DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
            Form::Text => DataType::Utf8View,
            Form::Integer => DataType::Int64,
            Form::Number => DataType::Float64,
            Form::Flag => DataType::Boolean,
        }
    }

    /// The type while rows are gathered: texts repeat a lot, so they are numbers into a dictionary.
    pub fn in_memory(self) -> DataType {
        match self {
            Form::Text => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
            other => other.in_queries(),
        }
    }
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Name, as in SQL and in Parquet files.
    pub name: &'static str,
    /// What it holds.
    pub form: Form,
    /// What it means, in a line.
    pub about: &'static str,
    /// Whether files hold a Bloom filter, so that one of many texts is found without reading the column.
    pub is_looked_up: bool,
}

const fn time(name: &'static str, about: &'static str) -> Column {
    Column { name, form: Form::Time, about, is_looked_up: false }
}

const fn text(name: &'static str, about: &'static str) -> Column {
    Column { name, form: Form::Text, about, is_looked_up: false }
}

const fn looked_up(name: &'static str, about: &'static str) -> Column {
    Column { name, form: Form::Text, about, is_looked_up: true }
}

const fn integer(name: &'static str, about: &'static str) -> Column {
    Column { name, form: Form::Integer, about, is_looked_up: false }
}

const fn number(name: &'static str, about: &'static str) -> Column {
    Column { name, form: Form::Number, about, is_looked_up: false }
}

const fn flag(name: &'static str, about: &'static str) -> Column {
    Column { name, form: Form::Flag, about, is_looked_up: false }
}

const FLOW: Column = looked_up("flow", "the flow: Community ID; below IP both hardware addresses and the ethertype");
const PROTOCOL: Column = looked_up("protocol", "id of the protocol");
const VLAN: Column = integer("vlan", "VLAN identifier, the innermost");
const BATCH: Column = integer("batch", "entry of the ledger that proves the batch; null in files of `vigie read`");
const NUMBER: Column = integer("number", "place of the record in its batch, or in the run of `vigie read`, from 0");

const ACTS: &[Column] = &[
    time("at", "when it was asked or told"),
    FLOW,
    PROTOCOL,
    looked_up("from_ip", "IP address of who asked or told"),
    looked_up("from_mac", "hardware address of who asked or told"),
    integer("from_port", "port of who asked or told"),
    looked_up("to_ip", "IP address of who was asked or told"),
    looked_up("to_mac", "hardware address of who was asked or told"),
    integer("to_port", "port of who was asked or told"),
    VLAN,
    text("behind", "what is behind the address: unit, slot, link address, path"),
    integer("code", "the protocol's code"),
    looked_up("name", "the protocol's name for the code"),
    looked_up("verb", "what it does, in one vocabulary for all protocols"),
    looked_up("object", "what it is done to"),
    text("values", "values read, written or reported, as a JSON list; of merged acts the last ones"),
    number("value", "the value, where it is one number"),
    looked_up("outcome", "asked, done, refused, no answer"),
    integer("status_code", "the protocol's status as a number, where there is more to say than done"),
    text("status", "the protocol's name for the status"),
    number("latency_us", "microseconds from request to answer; of merged acts the mean"),
    text("extra", "further fields of the protocol, as a JSON object"),
    integer("count", "how many equal acts the record stands for"),
    time("first", "time of the first of them"),
    time("last", "time of the last of them"),
    number("gap_min_us", "of merged acts: shortest time from one to the next"),
    number("gap_max_us", "of merged acts: longest time from one to the next"),
    number("gap_mean_us", "of merged acts: mean time from one to the next"),
    number("latency_min_us", "of merged acts: shortest latency"),
    number("latency_max_us", "of merged acts: longest latency"),
    text("messages", "protocol messages the record stands for, as a JSON object"),
    BATCH,
    NUMBER,
];

const FACTS: &[Column] = &[
    time("at", "when it was said first"),
    FLOW,
    PROTOCOL,
    looked_up("from_ip", "IP address of the machine that it is about"),
    looked_up("from_mac", "hardware address of the machine that it is about"),
    VLAN,
    text("behind", "what behind that machine it is about"),
    looked_up("key", "which attribute"),
    looked_up("value", "its value, as the device wrote it"),
    text("source", "where in the protocol it was said"),
    text("confidence", "certain, likely, guess"),
    BATCH,
    NUMBER,
];

const SAMPLES: &[Column] = &[
    time("at", "when the value was transported, or the time that it carries itself"),
    PROTOCOL,
    looked_up("from_ip", "IP address of the machine that has the variable"),
    looked_up("from_mac", "hardware address of the machine that has the variable"),
    VLAN,
    text("behind", "what behind that machine has it"),
    looked_up("object", "the variable"),
    number("value", "the value as a number; of a boolean 0 or 1; of a summary the last one"),
    text("text", "the value as a text, where it is no number or does not fit into one exactly"),
    text("type", "boolean, integer, float, text, bytes, time, nothing"),
    text("quality", "the protocol's word for a value that is not good"),
    text("origin", "read, written, reported"),
    integer("count", "of a summary: number of changes"),
    number("min", "of a summary: least value"),
    number("max", "of a summary: greatest value"),
    number("mean", "of a summary: mean value"),
];

const CONVERSATIONS: &[Column] = &[
    time("at", "time of the first packet counted here"),
    FLOW,
    text("transport", "tcp, udp, sctp, icmp, ip-N, ethernet-0xNNNN"),
    PROTOCOL,
    flag("guess", "whether the protocol is only guessed by port or ethertype"),
    looked_up("from_ip", "IP address of who opened it"),
    looked_up("from_mac", "hardware address of who opened it"),
    integer("from_port", "port of who opened it"),
    looked_up("to_ip", "IP address of who was called"),
    looked_up("to_mac", "hardware address of who was called"),
    integer("to_port", "port of who was called"),
    VLAN,
    text("state", "one way, two way, attempted, rejected, open, midstream, closed, reset"),
    time("first", "time of the first packet counted here"),
    time("last", "time of the last packet counted here"),
    flag("opening", "whether this is the first record of the flow"),
    integer("sent_packets", "packets that `from` sent"),
    integer("sent_bytes", "bytes of whole frames that `from` sent"),
    integer("sent_payload", "bytes above the transport that `from` sent"),
    integer("sent_retransmissions", "segments that `from` sent again"),
    integer("sent_missing", "bytes of `from` that the capture does not have"),
    integer("sent_gaps", "places where bytes of `from` are missing"),
    integer("sent_resets", "resets that `from` sent"),
    integer("sent_duplicates", "copies of packets of `from` made by the mirror port"),
    integer("received_packets", "packets that `to` sent"),
    integer("received_bytes", "bytes of whole frames that `to` sent"),
    integer("received_payload", "bytes above the transport that `to` sent"),
    integer("received_retransmissions", "segments that `to` sent again"),
    integer("received_missing", "bytes of `to` that the capture does not have"),
    integer("received_gaps", "places where bytes of `to` are missing"),
    integer("received_resets", "resets that `to` sent"),
    integer("received_duplicates", "copies of packets of `to` made by the mirror port"),
    BATCH,
    NUMBER,
];

const HEALTH: &[Column] = &[
    time("at", "when it was noticed first"),
    FLOW,
    PROTOCOL,
    text("kind", "kind of blindness"),
    integer("count", "how many"),
    text("detail", "where and why"),
    BATCH,
    NUMBER,
];

const FINDINGS: &[Column] = &[
    time("at", "time of the first occurrence"),
    FLOW,
    looked_up("id", "name of the finding, the same in every run"),
    looked_up("detector", "id of the detector"),
    text("title", "what was found, in a line"),
    text("severity", "info, low, medium, high, critical"),
    PROTOCOL,
    looked_up("from_ip", "IP address of who did it"),
    looked_up("from_mac", "hardware address of who did it"),
    integer("from_port", "port of who did it"),
    looked_up("to_ip", "IP address of the machine it was done to, or that has the weakness"),
    looked_up("to_mac", "hardware address of that machine"),
    integer("to_port", "port of that machine"),
    VLAN,
    text("behind", "what behind that machine"),
    integer("count", "number of occurrences"),
    time("first", "time of the first occurrence"),
    time("last", "time of the last occurrence"),
    text("evidence", "what was seen, as a JSON list of sentences"),
    BATCH,
    NUMBER,
];

const EVENTS: &[Column] = &[
    time("at", "when it happened, by the clock of the machine that logged it"),
    text("source", "the form it came in: syslog, cef, eve, zeek, windows, wazuh"),
    looked_up("product", "the program or product that logged it"),
    looked_up("host", "the machine that logged it, as it calls itself"),
    looked_up("code", "the product's own id of the kind of event"),
    looked_up("kind", "what kind of thing happened"),
    text("message", "what it says, in a line"),
    text("severity", "info, low, medium, high, critical"),
    text("outcome", "asked, done, refused, no answer"),
    looked_up("user", "name of the person or account"),
    looked_up("from_ip", "IP address of who did it"),
    looked_up("from_mac", "hardware address of who did it"),
    integer("from_port", "port of who did it"),
    looked_up("to_ip", "IP address of the machine it was done to"),
    looked_up("to_mac", "hardware address of that machine"),
    integer("to_port", "port of that machine"),
    VLAN,
    text("extra", "further fields by the product's own names, as a JSON object"),
    BATCH,
    NUMBER,
];

impl Kind {
    /// The table that a record goes into.
    pub const fn of(record: &Record) -> Kind {
        match record {
            Record::Act(_) => Kind::Acts,
            Record::Fact(_) => Kind::Facts,
            Record::Sample(_) => Kind::Samples,
            Record::Conversation(_) => Kind::Conversations,
            Record::Health(_) => Kind::Health,
            Record::Finding(_) => Kind::Findings,
            Record::Event(_) => Kind::Events,
        }
    }

    /// Place in `Kind::ALL`.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The columns in their order. The first is `at`.
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Kind::Acts => ACTS,
            Kind::Facts => FACTS,
            Kind::Samples => SAMPLES,
            Kind::Conversations => CONVERSATIONS,
            Kind::Health => HEALTH,
            Kind::Findings => FINDINGS,
            Kind::Events => EVENTS,
        }
    }

    /// The columns by which rows of a file are sorted, the first one first. Samples of one variable stand together:
    /// a series is read in few pages, and equal neighbours cost next to nothing.
    pub const fn order(self) -> &'static [&'static str] {
        match self {
            Kind::Samples => &["from_ip", "behind", "object", "at"],
            _ => &["at"],
        }
    }

    /// The schema that queries see.
    pub fn schema(self) -> SchemaRef {
        self.schema_with(Form::in_queries)
    }

    /// The schema of rows in memory and of what is written.
    pub(crate) fn schema_in_memory(self) -> SchemaRef {
        self.schema_with(Form::in_memory)
    }

    fn schema_with(self, form: fn(Form) -> DataType) -> SchemaRef {
        let fields: Vec<Field> = self
            .columns()
            .iter()
            .map(|column| Field::new(column.name, form(column.form), column.name != "at"))
            .collect();
        Arc::new(Schema::new(fields))
    }

    /// Place of a column.
    pub(crate) fn column(self, name: &str) -> Option<usize> {
        self.columns().iter().position(|column| column.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_begins_with_its_time_and_names_no_column_twice() {
        for kind in Kind::ALL {
            assert_eq!(kind.columns().first().map(|column| column.name), Some("at"));
            let mut names: Vec<&str> = kind.columns().iter().map(|column| column.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), kind.columns().len(), "{kind}");
            assert!(kind.order().iter().all(|name| kind.column(name).is_some()), "{kind}");
        }
    }

    #[test]
    fn every_column_is_documented() {
        let documented = include_str!("../../../docs/history.md");
        for kind in Kind::ALL {
            let section = documented
                .split("\n### `")
                .find(|section| section.starts_with(&format!("{kind}`")))
                .unwrap_or_else(|| panic!("docs/history.md has no section for `{kind}`"));
            for column in kind.columns() {
                let row = format!("| `{}` | {} | {} |", column.name, column.form.as_str(), column.about);
                assert!(section.contains(&row), "docs/history.md, `{kind}`, lacks the row\n{row}");
            }
        }
    }
}
