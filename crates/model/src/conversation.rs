//! Who talked to whom, how much, and how it went.

use std::borrow::Cow;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::{Address, Flow, Time, Transport, words};

/// What one flow transported. A long flow gives several records; each counts only what is new since the one before.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Conversation {
    /// Identity.
    pub flow: Flow,
    /// What carries it.
    pub transport: Transport,
    /// Id of the protocol recognised, of the deepest layer; empty when none was.
    pub protocol: Cow<'static, str>,
    /// Whether the protocol is only a guess by port and content.
    pub is_guess: bool,
    /// Who opened it, as far as the capture shows.
    pub from: Address,
    /// Who was called.
    pub to: Address,
    /// What `from` sent.
    pub sent: Side,
    /// What `to` sent.
    pub received: Side,
    /// Time of the first packet counted here.
    pub first: Time,
    /// Time of the last packet counted here.
    pub last: Time,
    /// Whether this is the first record of the flow.
    pub is_opening: bool,
    /// How far it came.
    pub state: State,
}

/// Counts of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Side {
    /// Packets.
    pub packets: u64,
    /// Bytes of the whole frames, as long as they were on the wire.
    pub bytes: u64,
    /// Bytes of payload above the transport.
    pub payload: u64,
    /// TCP segments sent again.
    pub retransmissions: u64,
    /// Bytes of the stream that the capture does not have.
    pub missing: u64,
    /// Places where bytes are missing.
    pub gaps: u64,
    /// TCP resets.
    pub resets: u64,
    /// Frames seen twice because the mirror sent them twice.
    pub duplicates: u64,
}

words! {
    /// How far a conversation came.
    pub enum State {
        /// Only one side was seen, and no answer was due (UDP, below IP).
        OneWay = "one way",
        /// Both sides were seen (UDP, below IP).
        TwoWay = "two way",
        /// A TCP connection was asked for, and nobody answered.
        Attempted = "attempted",
        /// A TCP connection was asked for and refused.
        Rejected = "rejected",
        /// A TCP connection was opened before our eyes and still stands.
        Open = "open",
        /// A TCP connection was already standing when the capture began.
        Midstream = "midstream",
        /// A TCP connection was closed in order.
        Closed = "closed",
        /// A TCP connection was reset.
        Reset = "reset",
    }
}
