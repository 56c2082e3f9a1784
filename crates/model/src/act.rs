//! One device asked or told another something: a request and its answer are one act.

use std::borrow::Cow;
use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use smallvec::SmallVec;

use crate::{Address, Flow, Reading, Text, Time, Verb, words};

/// What one device asked or told another, in words that are the same for every protocol.
#[derive(Clone, Debug, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Act {
    /// When it was asked (the first packet of the request, or of the message where nothing was asked).
    pub at: Time,
    /// The flow that carried it.
    pub flow: Flow,
    /// Id of the protocol: `modbus`, `s7comm` …
    pub protocol: Cow<'static, str>,
    /// Who asked or told.
    pub from: Address,
    /// Who was asked or told.
    pub to: Address,
    /// What is behind `to` (or behind `from` for unasked reports): unit, slot, link address …
    pub behind: Behind,
    /// The protocol's own code: function, service, type, command.
    pub code: u32,
    /// The protocol's own name for the code, lower case, as in its manual.
    pub name: Text,
    /// What it does.
    pub verb: Verb,
    /// What it does it to.
    pub object: Object,
    /// Values read, written, reported. Of rolled-up acts, the last ones.
    pub values: Vec<Reading>,
    /// How it ended.
    pub outcome: Outcome,
    /// The protocol's status, where there is more to say than done: exception, error class, IIN …
    pub status: Option<Status>,
    /// Nanoseconds from request to answer, where both were seen; of rolled-up acts the mean.
    pub latency: Option<i64>,
    /// Further fields, named in the protocol's documentation.
    pub extra: Vec<(Cow<'static, str>, Text)>,
    /// How many and when, of rolled-up acts.
    pub repeats: Repeats,
    /// Protocol messages this act stands for, of every layer.
    pub messages: Messages,
}

/// How often a rolled-up act happened. `first == last` and `count == 1` for an act on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Repeats {
    /// Number of equal acts; at least 1.
    pub count: u64,
    /// Time of the first one.
    pub first: Time,
    /// Time of the last one.
    pub last: Time,
    /// Shortest, longest and mean time between two of them, in nanoseconds; absent below two.
    pub gaps: Option<(i64, i64, i64)>,
    /// Shortest and longest latency, in nanoseconds.
    pub latency: Option<(i64, i64)>,
}

impl Repeats {
    /// Once, at `at`.
    pub const fn once(at: Time) -> Repeats {
        Repeats { count: 1, first: at, last: at, gaps: None, latency: None }
    }
}

words! {
    /// How an act ended.
    pub enum Outcome {
        /// Nothing answers by design, or only the telling was seen.
        Asked = "asked",
        /// Carried out, or answered without error.
        Done = "done",
        /// Answered with an error; `Act::status` has the protocol's code and name.
        Refused = "refused",
        /// An answer was due and did not come before the conversation ended or time ran out.
        NoAnswer = "no answer",
    }
}

/// A protocol's own status.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Status {
    /// The code on the wire.
    pub code: u32,
    /// Its name, lower case, as in the manual; hexadecimal where unknown.
    pub name: Text,
}

/// What stands behind an address and is not an address of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum Behind {
    /// Nothing: the addressed device itself.
    #[default]
    Nobody,
    /// A Modbus unit identifier.
    Unit(u8),
    /// A link address: DNP3, IEC 60870-5 common address.
    Link(u16),
    /// A module in a rack.
    Slot {
        /// Rack number.
        rack: u8,
        /// Slot number.
        slot: u8,
    },
    /// Anything else: a CIP route (`port 1 slot 0`), a BACnet network and address (`network 5 address 0c`).
    Path(Text),
}

impl Behind {
    /// Whether there is nothing behind.
    pub const fn is_nobody(&self) -> bool {
        matches!(self, Behind::Nobody)
    }
}

impl fmt::Display for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Behind::Nobody => Ok(()),
            Behind::Unit(unit) => write!(f, "unit {unit}"),
            Behind::Link(link) => write!(f, "link {link}"),
            Behind::Slot { rack, slot } => write!(f, "rack {rack} slot {slot}"),
            Behind::Path(path) => f.write_str(path),
        }
    }
}

/// What an act was done to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum Object {
    /// Nothing in particular.
    #[default]
    None,
    /// Numbered things in a row: `holding 0-119`, `coil 5`, `ioa 4001`.
    Span {
        /// The name of the space.
        space: Cow<'static, str>,
        /// Number of the first, as on the wire.
        first: u64,
        /// How many; 1 is written as a single number.
        count: u32,
    },
    /// A name or an expression: `DB1.DBW10`, `Tank_Level`, `ns=2;s=Pump.Speed`.
    Text(Text),
}

impl Object {
    /// `count` numbered things of `space` from `first`.
    pub const fn span(space: &'static str, first: u64, count: u32) -> Object {
        Object::Span { space: Cow::Borrowed(space), first, count }
    }

    /// One numbered thing.
    pub const fn one(space: &'static str, number: u64) -> Object {
        Object::Span { space: Cow::Borrowed(space), first: number, count: 1 }
    }

    /// Whether it names nothing.
    pub const fn is_none(&self) -> bool {
        matches!(self, Object::None)
    }
}

impl From<Text> for Object {
    fn from(text: Text) -> Object {
        Object::Text(text)
    }
}

impl From<&str> for Object {
    fn from(text: &str) -> Object {
        Object::Text(text.into())
    }
}

impl From<String> for Object {
    fn from(text: String) -> Object {
        Object::Text(text.into())
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Object::None => Ok(()),
            Object::Span { space, first, count: 0 | 1 } => write!(f, "{space} {first}"),
            Object::Span { space, first, count } => {
                write!(f, "{space} {first}-{}", first.saturating_add(u64::from(*count) - 1))
            }
            Object::Text(text) => f.write_str(text),
        }
    }
}

/// A number of protocol messages with one code.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct MessageCount {
    /// Id of the protocol.
    pub protocol: Cow<'static, str>,
    /// The protocol's code; the mapping is in `docs/records.md`.
    pub code: u32,
    /// How many.
    pub count: u32,
}

/// The protocol messages that a record stands for: its own, those of the layers below, those inside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Messages(pub SmallVec<[MessageCount; 4]>);

impl Messages {
    /// None.
    pub fn none() -> Messages {
        Messages::default()
    }

    /// One message.
    pub fn one(protocol: &'static str, code: u32) -> Messages {
        let mut messages = Messages::default();
        messages.add(protocol, code, 1);
        messages
    }

    /// Adds `count` messages.
    pub fn add(&mut self, protocol: &'static str, code: u32, count: u32) {
        match self.0.iter_mut().find(|m| m.code == code && m.protocol == protocol) {
            Some(message) => message.count = message.count.saturating_add(count),
            None => self.0.push(MessageCount { protocol: Cow::Borrowed(protocol), code, count }),
        }
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Messages) {
        for message in &other.0 {
            match self.0.iter_mut().find(|m| m.code == message.code && m.protocol == message.protocol) {
                Some(mine) => mine.count = mine.count.saturating_add(message.count),
                None => self.0.push(message.clone()),
            }
        }
    }

    /// Number of messages of all protocols.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|m| u64::from(m.count)).sum()
    }
}
