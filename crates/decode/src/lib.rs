//! Frames in, records out: flow table, probing, framing, one file per protocol, roll-up.
//!
//! Knows no assets, rules or policy. No I/O, no clock, no `unsafe`, no panic on any byte, no memory without a limit.
#![forbid(unsafe_code)]
#![deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[cfg(test)]
mod allocation;
pub mod ber;
#[cfg(test)]
mod corpus;
pub mod credential;
pub mod draft;
mod duplicates;
pub mod exchange;
mod flow;
pub mod fuzz;
mod guess;
#[cfg(test)]
mod laws;
pub mod limits;
mod lines;
pub mod output;
mod partition;
mod pipeline;
pub mod protocol;
pub mod protocols;
mod rollup;
mod session;
pub mod sink;
#[cfg(test)]
pub mod testing;
mod told;
mod words;

pub use draft::{Draft, Values};
pub use exchange::Exchange;
pub use fuzz::fuzz_bytes;
pub use output::{About, Output};
pub use pipeline::{Pipeline, Totals};
pub use protocol::{
    Carrier, Code, Context, Decoder, Inner, Match, Measure, Opening, Probe, Protocol, Speaker, Verdict, code,
};
pub use sink::{Options, ProtocolCounts};
