//! Captures and interfaces to frames: files, directories and streams in, numbered frames in chunks out.
//!
//! [`Input`] says what to read, a [`Reader`] reads it, a [`Chunk`] holds the frames of one stretch. Nothing about the
//! input is fatal: what cannot be read is a [`Problem`], and everything else is still read. No packet is ever sent.

mod chunk;
pub mod evidence;
mod filter;
mod input;
pub mod limits;
mod live;
pub mod pcap;
mod pcapng;
mod problem;
mod reader;
mod sink;
mod snoop;
mod stream;

#[cfg(test)]
mod tests;

pub use chunk::Chunk;
pub use filter::{BadFilter, Filter, Selection};
pub use input::{Input, Source};
pub use live::{Live, LiveCounters, LiveError, LiveOptions};
pub use problem::{Problem, ProblemKind};
pub use reader::{Reader, fuzz_bytes};
pub use sink::{Comment, Counters, Name};
pub use stream::Progress;
