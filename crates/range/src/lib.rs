//! A simulated plant that speaks the real protocols.
//!
//! Everything follows from the seed: there is no clock and no I/O here. A [`site::Site`] has a [`network::Network`]
//! (hosts, ARP, frames in time order), a [`process::Process`] (physics) and tasks. The dialogs of each protocol are one
//! file in `dialogs`, the machines and the timetable of each plant one file in `sites`, and what goes wrong one line of
//! the table of attacks beside it.
#![forbid(unsafe_code)]

pub mod attack;
pub mod bench;
pub mod dialogs;
pub mod frame;
pub mod network;
pub mod process;
pub mod random;
pub mod site;
pub mod sites;
pub mod tcp;
pub mod truth;

use model::Time;

pub use truth::{Deed, Intent, Truth};

/// What to simulate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Length in minutes.
    pub minutes: u32,
    /// Everything random follows from it.
    pub seed: u64,
    /// Time of the first packet, about.
    pub start: Time,
}

impl Plan {
    /// A run of this length that begins on Monday, 2 March 2026, at 06:30 UTC.
    pub const fn new(minutes: u32, seed: u64) -> Plan {
        Plan { minutes, seed, start: Time::from_seconds(1_772_433_000, 0) }
    }
}

/// Runs the plant and gives its Ethernet frames, in time order and without check sequence, to `sink`; gives the truth.
///
/// The same plan gives the same bytes.
pub fn simulate(plan: &Plan, sink: &mut dyn FnMut(Time, &[u8])) -> Truth {
    let mut site = sites::water::build(plan);
    site.run(sink);
    site.truth
}

#[cfg(test)]
mod tests;
