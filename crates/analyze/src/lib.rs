//! Records in, judgements out: inventory and detectors.
//!
//! Nothing here does I/O, reads a clock or rolls dice: the same records in the same order give the same judgement. No
//! result depends on the order of a hash table, and every table has a bound in [`limits`].

#![forbid(unsafe_code)]

mod analysis;
pub mod baseline;
#[cfg(test)]
mod coverage;
mod detector;
mod detectors;
mod findings;
#[cfg(test)]
mod flood;
mod inventory;
mod known;
pub mod limits;
mod oui;
mod sight;
mod snapshot;
mod surface;
mod table;
#[cfg(test)]
mod testing;
mod window;

pub use analysis::{Analysis, Normal, Settings};
pub use baseline::Baseline;
pub use detector::{Detector, Hit, Logic, Memory};
pub use detectors::{DETECTORS, descriptor};
pub use oui::maker;
