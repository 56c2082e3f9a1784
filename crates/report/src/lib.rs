//! Judgements to HTML, CSV, JSON and a text for the screen, in French and English.
//!
//! Nothing here judges: it shows what analysis said. Every value that came from a network is hostile: in HTML the
//! template library escapes it, and control and direction characters are taken out of it everywhere ([`format::clean`]).

#![forbid(unsafe_code)]

pub mod format;
mod html;
mod inventory;
pub mod limits;
mod plant;
mod short;
mod text;
mod words;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use html::write_html;
pub use inventory::{COLUMNS, write_csv, write_json};
pub use model::Language;
pub use text::summary;

/// Numbers of the run that made the judgement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// Names of what was read, as they were given.
    pub inputs: Vec<String>,
    /// Files read.
    pub files: u64,
    /// Packets read.
    pub packets: u64,
    /// Bytes of these packets.
    pub bytes: u64,
    /// How long reading took, in seconds.
    pub seconds: f64,
    /// Packets that the capturing program says it dropped.
    pub dropped: u64,
    /// Packets that a filter left out.
    pub filtered: u64,
    /// Packets that came twice and were counted once.
    pub duplicates: u64,
    /// Conversations.
    pub conversations: u64,
    /// What was counted of each protocol, by id.
    pub protocols: Vec<ProtocolCount>,
    /// What was wrong with the input, in sentences (English).
    pub problems: Vec<String>,
    /// Version of the program.
    pub version: String,
}

/// What was counted of one protocol.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProtocolCount {
    /// Its id.
    pub id: String,
    /// Its title: `S7 communication`; empty where there is none.
    pub title: String,
    /// Messages of it.
    pub messages: u64,
    /// Acts of it.
    pub acts: u64,
    /// Messages that break it.
    pub malformed: u64,
}
