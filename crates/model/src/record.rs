//! The records that leave a sensor, in one type.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::{Act, Conversation, Event, Fact, Finding, Health, Sample, Time};

/// One record. As JSON it is one object with the field `record` naming its kind (docs/records.md).
#[derive(Clone, Debug, PartialEq, BorshSerialize, BorshDeserialize)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all records are acts, and a box for each would cost an allocation"
)]
pub enum Record {
    /// Someone asked or told someone something.
    Act(Act),
    /// A device revealed something.
    Fact(Fact),
    /// A process variable had a value.
    Sample(Sample),
    /// Who talked to whom.
    Conversation(Conversation),
    /// Something could not be seen.
    Health(Health),
    /// A judgement.
    Finding(Finding),
    /// Another system logged something.
    Event(Event),
}

impl Record {
    /// The word in the field `record`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Record::Act(_) => "act",
            Record::Fact(_) => "fact",
            Record::Sample(_) => "sample",
            Record::Conversation(_) => "conversation",
            Record::Health(_) => "health",
            Record::Finding(_) => "finding",
            Record::Event(_) => "event",
        }
    }

    /// The time of the record: of the first thing it speaks of.
    pub const fn at(&self) -> Time {
        match self {
            Record::Act(act) => act.at,
            Record::Fact(fact) => fact.at,
            Record::Sample(sample) => sample.at,
            Record::Conversation(conversation) => conversation.first,
            Record::Health(health) => health.at,
            Record::Finding(finding) => finding.first,
            Record::Event(event) => event.at,
        }
    }
}
