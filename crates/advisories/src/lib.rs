//! Advisories (CSAF, CVE), and which machines of a plant they are about: affected, not affected, or unknown because a
//! fact is missing.
//!
//! Everything here is a pure function of documents and machines, without a clock and without a network; reading files is
//! `source.rs`. The way of a document: `csaf` → [`Advisory`] → `product::ready` → [`Matcher`] → [`Verdict`].
#![forbid(unsafe_code)]

pub mod asset;
pub mod catalogue;
pub mod csaf;
pub mod cve;
pub mod cvss;
pub mod document;
pub mod families;
pub mod grammar;
pub mod inventory;
pub mod limits;
pub mod machine;
pub mod matcher;
pub mod names;
pub mod order;
pub mod output;
pub mod priority;
pub mod product;
pub mod range;
pub mod say;
pub mod source;
pub mod store;
pub mod task;
pub mod threat;
pub mod version;
pub mod vex;
mod zip;

pub use catalogue::Catalogue;
pub use document::{Advisory, Status};
pub use machine::Machine;
pub use matcher::{Answer, Certainty, Matcher, Verdict};
pub use range::Missing;
