//! How well was it detected? Metrics over samples in alarm and labelled intervals, each beside its nulls.
//!
//! Definitions, all of them without point-adjust:
//! - An *episode* is a maximal run of samples in alarm after runs at most `gap` apart are merged.
//! - An attack is found at its *onset* where an episode starts within `[start - slack, end + grace]`.
//! - An episode is *false* where it touches no `[start, end + grace]`.
//! - *Normal time* is all time outside every `[start, end + grace]`; *duty* is the share of it in alarm.
#![forbid(unsafe_code)]

mod batadal;
mod episode;
mod etapr;
mod html;
mod interval;
pub mod labels;
mod null;
mod poisson;
mod report;
mod score;

pub use batadal::{Batadal, batadal};
pub use episode::{Episode, episodes};
pub use etapr::{Etapr, etapr, runs};
pub use html::to_html;
pub use interval::{Label, Settings, Timeline};
pub use null::{Nulls, SHIFTS, nulls};
pub use poisson::bounds;
pub use report::{Packets, Part, Report, Source, Told};
pub use score::{Found, Score, score};
