//! What could not be seen. Blindness is a finding, never silence.

use std::borrow::Cow;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::{Flow, Text, Time, words};

/// A thing that limits what Vigie can see or say.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Health {
    /// When it was noticed first.
    pub at: Time,
    /// Which kind.
    pub kind: HealthKind,
    /// Id of the protocol concerned; empty where none is.
    pub protocol: Cow<'static, str>,
    /// The flow concerned, where it is one.
    pub flow: Option<Flow>,
    /// How many: messages, packets or bytes, as `kind` says.
    pub count: u64,
    /// Where and why, in a sentence fragment: `byte count at offset 8: 250 announced, 12 left`.
    pub detail: Text,
}

words! {
    /// The kinds of blindness.
    pub enum HealthKind {
        /// Messages that break their protocol; what was read before the fault was kept.
        Malformed = "malformed",
        /// Bytes of streams missing from the capture.
        Gap = "gap",
        /// Conversations of which only one direction was seen although both must exist.
        OneWay = "one_way",
        /// Payload bytes that no decoder recognised.
        Undecoded = "undecoded",
        /// Packets that the capturing program or interface says it dropped.
        Dropped = "dropped",
        /// Packets that were seen twice and counted once.
        Duplicate = "duplicate",
        /// Packets cut by the snap length.
        Cut = "cut",
        /// Packets whose link, network or transport header could not be read.
        BadHeader = "bad_header",
        /// Packets of a link type or a network protocol that is counted, not decoded.
        NotDecoded = "not_decoded",
        /// Conversations removed from a full table before they ended.
        Evicted = "evicted",
        /// Fragments that were never completed.
        Fragments = "fragments",
        /// Conversations that lost their decoder because it failed.
        DecoderFailed = "decoder_failed",
        /// Places where the clock of the capture went back or leapt.
        Clock = "clock",
        /// Files, or parts of them, that could not be read.
        Input = "input",
        /// Entries dropped because a table, queue or cache was full.
        Limit = "limit",
        /// Encrypted traffic, whose content is out of sight.
        Encrypted = "encrypted",
    }
}
