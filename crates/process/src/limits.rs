//! Every bound of the process engines, with its reason.

/// Tags of one group: sums of products grow with the square, and what is not one process says nothing of another.
pub const TAGS_MAX: usize = 400;
/// Rows that learning keeps; with more, every second one is dropped. A month of seconds becomes steps of 16 s.
pub const ROWS_MAX: usize = 200_000;
/// Values that learning keeps: 320 MB.
pub const VALUES_MAX: usize = 40_000_000;
/// Steps for which a value that is missing is taken to be the last known one.
pub const HOLD_STEPS: usize = 10;
/// Usual steps after which rows do not follow each other any more.
pub const HOLE_STEPS: f64 = 3.5;
/// States of a tag; one with more moves freely.
pub const STATES_MAX: usize = 8;
/// Tags whose states conditions are made of.
pub const CONDITION_TAGS_MAX: usize = 64;
/// Conditions of one tag: the tightest are kept.
pub const CONDITIONS_OF_TAG_MAX: usize = 8;
/// Hits that an episode keeps word for word.
pub const HITS_KEPT: usize = 64;
