//! What departs from the baseline: the kinds there are, and one occurrence with what was expected and what was seen.

use std::borrow::Cow;

use model::borsh::{BorshDeserialize, BorshSerialize};
use model::{Act, Address, Behind, Conversation, Fact, Flow, Said, Text, Time};

/// How much a deviation says on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub enum Strength {
    /// An observation: worth keeping beside others, no alert on its own.
    Weak,
    /// An alert.
    Firm,
    /// An alert whatever else is seen: an act that is never learned silently.
    Certain,
}

macro_rules! kinds {
    ($( $(#[$meta:meta])* $variant:ident = $id:literal ),+ $(,)?) => {
        /// The kinds of deviations. Each has its detector in the table of detectors, of the same id.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
        #[borsh(crate = "model::borsh")]
        pub enum Kind { $( $(#[$meta])* $variant ),+ }

        impl Kind {
            /// Every kind, in order.
            pub const ALL: &'static [Kind] = &[ $( Kind::$variant ),+ ];

            /// The id of its detector.
            pub const fn id(self) -> &'static str {
                match self { $( Kind::$variant => $id ),+ }
            }
        }
    };
}

kinds! {
    /// A machine that the baseline does not know.
    Machine = "machine-not-learned",
    /// Two known machines talk that never did.
    Conversation = "conversation-not-learned",
    /// A known pair speaks a protocol that it never spoke.
    Protocol = "protocol-not-learned",
    /// A machine offers a service that nobody used before.
    Service = "service-not-learned",
    /// A machine of the plant talks to a public address that it never talked to.
    External = "external-peer-not-learned",
    /// A machine sends to a group address that it never sent to.
    Group = "group-not-learned",
    /// A remote session (screen, shell, tunnel) between machines that had none.
    Remote = "remote-session-not-learned",
    /// A machine asks for names where it never asked.
    NameQuery = "name-query-not-learned",
    /// A known pair uses a function that it never used.
    Function = "function-not-learned",
    /// The same in a protocol of offices.
    OfficeFunction = "office-function-not-learned",
    /// A known function reaches for objects that it never reached for.
    Object = "object-not-learned",
    /// A written value outside what was ever written.
    Value = "value-not-learned",
    /// What always succeeded is refused, or no longer answered.
    Outcome = "outcome-not-learned",
    /// Someone loads or reads out programs who is not approved to.
    Programmer = "programmer-not-approved",
    /// Someone starts, stops, resets or switches the mode of a controller who is not approved to.
    Mode = "mode-change-not-approved",
    /// Someone transfers firmware who is not approved to.
    Firmware = "firmware-transfer-not-approved",
    /// Someone changes settings of a device who is not approved to.
    Configurer = "configuration-not-approved",
    /// Someone moves files to or from an industrial device who is not approved to.
    Files = "file-transfer-not-approved",
    /// A known act at an hour at which it never happened.
    OffHours = "act-outside-hours",
    /// A cyclic act keeps another period.
    Period = "period-changed",
    /// A cyclic act stays away.
    Silence = "cycle-silent",
    /// An act comes far more often than ever.
    Burst = "burst-not-learned",
    /// Answers take far longer than ever.
    Slow = "answers-slower",
    /// An order of messages that never occurred.
    Sequence = "sequence-not-learned",
    /// Far more bytes than ever.
    Volume = "volume-not-learned",
    /// One machine opens many conversations that it never had.
    FanOut = "fan-out",
    /// Segments are repeated or missing as never before.
    Transport = "transport-worse",
    /// A device says another firmware version.
    FirmwareVersion = "firmware-version-changed",
    /// A controller runs another program.
    Program = "program-fingerprint-changed",
    /// The key of a controller is in a position in which it never was.
    Key = "key-position-changed",
    /// Protection of a controller is not what it was.
    Protection = "protection-changed",
    /// A module appeared, or is another one.
    Module = "module-changed",
    /// Serial number, order number or model of a device is another one.
    Identity = "identity-changed",
    /// A machine gives itself another name.
    Name = "name-changed",
    /// An address belongs to another hardware address, or a machine has another address.
    Binding = "address-binding-changed",
    /// A certificate or the security of a channel is another one.
    Certificate = "certificate-changed",
    /// A machine was told another router, server of names or of time.
    Settings = "network-settings-changed",
    /// A user name never seen with this machine.
    User = "user-not-learned",
}

/// One departure from the baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct Deviation {
    /// Which kind.
    pub kind: Kind,
    /// What makes two occurrences the same novelty: equal for equal ones, in every run.
    pub key: u64,
    /// How much it says on its own.
    pub strength: Strength,
    /// Time of the first thing it speaks of.
    pub first: Time,
    /// Time of the last.
    pub last: Time,
    /// How often, of a rolled-up act.
    pub count: u64,
    /// Who did it.
    pub from: Option<Address>,
    /// To whom, or about whom.
    pub to: Option<Address>,
    /// What behind `to`.
    pub behind: Behind,
    /// Id of the protocol.
    pub protocol: Cow<'static, str>,
    /// Where.
    pub flow: Option<Flow>,
    /// What tells it from others of the same kind and machines: function, object, attribute.
    pub topic: Text,
    /// What the baseline says.
    pub expected: Said,
    /// What was seen.
    pub seen: Said,
    /// Number of the record that shows it, from 1, as counted by the baseline.
    pub record: u64,
}

impl Deviation {
    /// Whether it is an alert, and not only an observation.
    pub fn is_alert(&self) -> bool {
        self.strength > Strength::Weak
    }

    pub(crate) fn new(kind: Kind, strength: Strength, at: Time) -> Deviation {
        Deviation {
            kind,
            key: 0,
            strength,
            first: at,
            last: at,
            count: 1,
            from: None,
            to: None,
            behind: Behind::Nobody,
            protocol: Cow::Borrowed(""),
            flow: None,
            topic: Text::default(),
            expected: Said::default(),
            seen: Said::default(),
            record: 0,
        }
    }

    pub(crate) fn of_act(kind: Kind, strength: Strength, act: &Act) -> Deviation {
        Deviation {
            last: act.repeats.last,
            count: act.repeats.count,
            from: Some(act.from),
            to: Some(act.to),
            behind: act.behind.clone(),
            protocol: act.protocol.clone(),
            flow: Some(act.flow),
            ..Deviation::new(kind, strength, act.repeats.first)
        }
    }

    pub(crate) fn of_conversation(kind: Kind, strength: Strength, talk: &Conversation) -> Deviation {
        Deviation {
            last: talk.last,
            from: Some(talk.from),
            to: Some(talk.to),
            protocol: talk.protocol.clone(),
            flow: Some(talk.flow),
            ..Deviation::new(kind, strength, talk.first)
        }
    }

    pub(crate) fn of_fact(kind: Kind, strength: Strength, fact: &Fact) -> Deviation {
        Deviation {
            to: Some(fact.subject),
            behind: fact.behind.clone(),
            protocol: fact.protocol.clone(),
            flow: Some(fact.flow),
            ..Deviation::new(kind, strength, fact.at)
        }
    }

    /// With what was expected and what was seen.
    pub(crate) fn saying(self, expected: Said, seen: Said) -> Deviation {
        Deviation { expected, seen, ..self }
    }

    /// Told from others by `topic`.
    pub(crate) fn topic(self, topic: impl Into<Text>) -> Deviation {
        Deviation { topic: topic.into(), ..self }
    }
}
