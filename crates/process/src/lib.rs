//! What is normal for the values of a process, and what is not: learned, explained, calibrated.
//!
//! [`Learner`] takes in rows of a history and gives [`Normal`], which can be kept and read. [`Watch`] judges rows one by one
//! against it. Nothing here does I/O or reads a clock; the same rows give the same answers.
#![forbid(unsafe_code)]

mod bounds;
mod cusum;
mod echo;
pub mod explain;
mod fit;
mod formula;
mod frame;
mod hit;
mod learn;
pub mod limits;
mod linear;
#[cfg(test)]
mod measured;
mod moment;
mod normal;
mod pca;
pub mod quantum;
mod ridge;
mod story;
pub mod table;
#[cfg(test)]
mod table_tests;
mod tail;
mod watch;

pub use bounds::Bounds;
pub use cusum::Cusum;
pub use echo::{Contradiction, Echo, Role};
pub use formula::Formula;
pub use frame::Frame;
pub use hit::{Engine, Expected, Hit};
pub use learn::{Learner, Options, ROWS_LEAST, TooLittle};
pub use moment::read as moment;
pub use normal::{Condition, Kind, Normal, Of, Predicted, Steady, Tag};
pub use story::{Stories, Story};
pub use watch::Watch;
