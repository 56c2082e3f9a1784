//! The vocabulary of Vigie: every noun that crosses a border between two crates.
//!
//! `decode` and `analyze` meet only here. Nothing in this crate does I/O, reads a clock or has a policy.
#![forbid(unsafe_code)]

mod act;
mod address;
mod asset;
#[doc(hidden)]
pub mod binary;
mod conversation;
mod event;
mod fact;
mod finding;
mod frame;
mod health;
mod json;
mod judgement;
mod names;
mod phrases;
mod record;
mod sample;
mod speech;
mod time;
mod value;
mod verb;

#[doc(hidden)]
pub use borsh;

pub use act::{Act, Behind, MessageCount, Messages, Object, Outcome, Repeats, Status};
pub use address::{Address, Flow, Mac, Transport};
pub use asset::{
    Asset, Attribute, Claim, Criticality, Field, Importance, Interface, Level, Part, Purdue, Role, RoleClaim, Said,
    Service,
};
pub use conversation::{Conversation, Side, State};
pub use event::{Event, EventKind};
pub use fact::{Confidence, Fact, FactKey};
pub use finding::{Finding, Severity};
pub use frame::{Frame, Frames, LinkType};
pub use health::{Health, HealthKind};
pub use judgement::{
    Blindness, BlindnessKind, Capability, Descriptor, Edge, Exposure, Judgement, Network, Phrase, ProtocolUse,
    RankedFinding, RecordCounts, Unanswered,
};
pub use record::Record;
pub use sample::{Sample, SampleOrigin};
pub use speech::{Count, Language, Noun, Speak, Spoken, french, nouns, number_of};
pub use time::Time;
pub use value::{Reading, Value};
pub use verb::Verb;

/// A short text. Up to 24 bytes are kept inline, so the usual object or name costs no allocation.
pub type Text = compact_str::CompactString;
