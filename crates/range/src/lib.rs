//! A simulated plant that speaks the real protocols.
//!
//! Everything follows from the seed: there is no clock and no I/O here. A [`site::Site`] has a [`network::Network`]
//! (hosts, ARP, frames in time order), a [`process::Process`] (physics) and tasks. The dialogs of each protocol are one
//! file in `dialogs`, the machines and the timetable of each plant a few files in `sites`, and what goes wrong one line of
//! the table of attacks beside it. [`simulate`] runs a plan to its end; a [`Player`] gives the frames one after the other
//! for as long as one likes, with memory that does not grow.
#![forbid(unsafe_code)]

pub mod attack;
pub mod bench;
pub mod dialogs;
pub mod frame;
pub mod network;
pub mod plan;
pub mod player;
pub mod process;
pub mod random;
pub mod site;
pub mod sites;
pub mod story;
pub mod tcp;
pub mod truth;

use model::Time;

pub use plan::{Attacks, Plan, Story};
pub use player::Player;
pub use sites::{PLANTS, Plant};
pub use truth::{Deed, Intent, Truth};

/// Runs the plant and gives its Ethernet frames, in time order and without check sequence, to `sink`; gives the truth.
///
/// The same plan gives the same bytes.
pub fn simulate(plan: &Plan, sink: &mut dyn FnMut(Time, &[u8])) -> Truth {
    let mut site = sites::build(plan);
    while site.step(sink) {}
    let mut deeds = site.take_deeds(Time(i64::MAX));
    for deed in &mut deeds {
        deed.last = deed.last.min(site.end);
    }
    deeds.sort_by_key(|deed| deed.first);
    Truth { deeds }
}

#[cfg(test)]
mod tests;
