//! An act as a decoder says it: without addresses, which the driver knows, and with values still in the message.

use model::{Address, Behind, Messages, Object, Outcome, Reading, Status, Text, Time, Value, Verb};
use smallvec::SmallVec;

use crate::protocol::Protocol;

/// Values as they lie in the message. Nothing is copied unless the act leaves the program.
#[derive(Clone, Copy, Debug, Default)]
pub enum Values<'a> {
    /// None.
    #[default]
    None,
    /// 16-bit big-endian registers in a row.
    Registers {
        /// Name of the space: `holding`.
        space: &'static str,
        /// Number of the first register.
        first: u64,
        /// Two bytes a register; an odd last byte is left out.
        bytes: &'a [u8],
    },
    /// Bits in a row, the first in the least significant bit of the first byte.
    Bits {
        /// Name of the space: `coil`.
        space: &'static str,
        /// Number of the first bit.
        first: u64,
        /// Number of bits.
        count: u32,
        /// The bits.
        bytes: &'a [u8],
    },
    /// Anything else, already read.
    List(&'a [Reading]),
}

impl Values<'_> {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        match self {
            Values::None => true,
            Values::Registers { bytes, .. } => bytes.len() < 2,
            Values::Bits { count, bytes, .. } => *count == 0 || bytes.is_empty(),
            Values::List(list) => list.is_empty(),
        }
    }

    /// The values on their own.
    pub fn to_readings(self) -> Vec<Reading> {
        match self {
            Values::None => Vec::new(),
            Values::Registers { space, first, bytes } => (first..)
                .zip(bytes.as_chunks::<2>().0)
                .map(|(number, pair)| {
                    Reading::new(Object::one(space, number), Value::Unsigned(u16::from_be_bytes(*pair).into()))
                })
                .collect(),
            Values::Bits { space, first, count, bytes } => (0..u64::from(count))
                .map_while(|i| {
                    let byte = bytes.get(usize::try_from(i / 8).ok()?)?;
                    let on = byte >> (i % 8) & 1 == 1;
                    Some(Reading::new(Object::one(space, first.saturating_add(i)), Value::Bool(on)))
                })
                .collect(),
            Values::List(list) => list.to_vec(),
        }
    }
}

/// An act as a decoder says it. Made by `Draft::new`, completed by its methods, given to `Output::act`.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    pub(crate) code: u32,
    pub(crate) name: Text,
    pub(crate) verb: Verb,
    pub(crate) object: Object,
    pub(crate) values: Values<'a>,
    pub(crate) behind: Behind,
    pub(crate) outcome: Outcome,
    pub(crate) status: Option<Status>,
    pub(crate) asked: Option<Time>,
    pub(crate) answered: Option<Time>,
    pub(crate) is_from_server: bool,
    /// Other parties than the flow's, which is rare: boxed, so that the usual draft stays small.
    pub(crate) parties: Option<Box<(Option<Address>, Option<Address>)>>,
    pub(crate) extra: SmallVec<[(&'static str, Text); 4]>,
    pub(crate) messages: Messages,
}

impl<'a> Draft<'a> {
    /// An act with `code` of `protocol`: name and verb from its table, outcome `asked`.
    #[inline(always)]
    pub fn new(protocol: &'static Protocol, code: u32) -> Draft<'a> {
        let (name, verb) = protocol.code(code);
        Draft::named(code, name, verb)
    }

    /// An act with its own name and verb, for codes whose meaning depends on more than the code.
    #[inline(always)]
    pub fn named(code: u32, name: impl Into<Text>, verb: Verb) -> Draft<'a> {
        Draft {
            code,
            name: name.into(),
            verb,
            object: Object::None,
            values: Values::None,
            behind: Behind::Nobody,
            outcome: Outcome::Asked,
            status: None,
            asked: None,
            answered: None,
            is_from_server: false,
            parties: None,
            extra: SmallVec::new(),
            messages: Messages::none(),
        }
    }

    /// Another verb than the table's.
    #[inline(always)]
    pub fn verb(mut self, verb: Verb) -> Self {
        self.verb = verb;
        self
    }

    /// Another name than the table's.
    pub fn renamed(mut self, name: impl Into<Text>) -> Self {
        self.name = name.into();
        self
    }

    /// What it was done to.
    #[inline(always)]
    pub fn object(mut self, object: impl Into<Object>) -> Self {
        self.object = object.into();
        self
    }

    /// Values read, written or reported.
    #[inline(always)]
    pub fn values(mut self, values: Values<'a>) -> Self {
        self.values = values;
        self
    }

    /// What is behind the server (for unasked reports: behind the speaker).
    #[inline(always)]
    pub fn behind(mut self, behind: Behind) -> Self {
        self.behind = behind;
        self
    }

    /// When it was asked; without this, the time of the message being read.
    #[inline(always)]
    pub fn asked(mut self, at: Time) -> Self {
        self.asked = Some(at);
        self
    }

    /// It was answered at `at` without error. The latency follows when `asked` was given too.
    #[inline(always)]
    pub fn done(mut self, at: Time) -> Self {
        self.outcome = Outcome::Done;
        self.answered = Some(at);
        self
    }

    /// It was answered at `at` with an error.
    #[inline(always)]
    pub fn refused(mut self, at: Time, code: u32, name: impl Into<Text>) -> Self {
        self.outcome = Outcome::Refused;
        self.answered = Some(at);
        self.status = Some(Status { code, name: name.into() });
        self
    }

    /// An answer was due and did not come.
    #[inline(always)]
    pub fn no_answer(mut self) -> Self {
        self.outcome = Outcome::NoAnswer;
        self
    }

    /// A status that is not a refusal: DNP3 internal indications, a warning.
    #[inline(always)]
    pub fn status(mut self, code: u32, name: impl Into<Text>) -> Self {
        self.status = Some(Status { code, name: name.into() });
        self
    }

    /// The server acts of its own accord: unsolicited report, notification.
    #[inline(always)]
    pub fn from_server(mut self) -> Self {
        self.is_from_server = true;
        self
    }

    /// Another actor than the flow's: forwarded messages name their true sender.
    #[inline(always)]
    pub fn actor(mut self, from: Address) -> Self {
        self.parties.get_or_insert_default().0 = Some(from);
        self
    }

    /// Another target than the flow's.
    #[inline(always)]
    pub fn target(mut self, to: Address) -> Self {
        self.parties.get_or_insert_default().1 = Some(to);
        self
    }

    /// A further field; empty values are left out.
    #[inline(always)]
    pub fn extra(mut self, name: &'static str, value: impl Into<Text>) -> Self {
        self.note(name, value);
        self
    }

    /// A further field, noted where the draft is.
    #[inline(always)]
    pub(crate) fn note(&mut self, name: &'static str, value: impl Into<Text>) {
        let value = value.into();
        if !value.is_empty() {
            self.extra.push((name, value));
        }
    }

    /// Protocol messages that this act stands for.
    #[inline(always)]
    pub fn messages(mut self, messages: Messages) -> Self {
        self.messages.merge(&messages);
        self
    }

    /// One protocol message more.
    #[inline(always)]
    pub fn message(mut self, protocol: &'static str, code: u32) -> Self {
        self.messages.add(protocol, code, 1);
        self
    }
}
