//! The smallest rule for each weakness, written for the firewall or sensor that is there, and replayed over what was
//! recorded: what it stops of an attack, and which legitimate conversation would break.
//!
//! Nothing here does I/O, reads a clock or rolls dice. What would break is named, never estimated.
#![forbid(unsafe_code)]

pub mod recorded;
pub mod replay;
pub mod rule;
mod say;
mod whitelist;
pub mod write;

#[cfg(test)]
mod tests;

pub use recorded::{Recorded, Talk};
pub use replay::{Deed, Replayed, replay};
pub use rule::{Fix, Function, Guard, propose};
pub use say::text as say;
pub use write::{Form, write};

/// Different conversations (who, to whom, service) and functions that are kept. A plant has some thousands.
pub const TALKS_MAX: usize = 1_000_000;
/// Functions kept of one conversation.
pub const FUNCTIONS_MAX: usize = 256;
/// Fixes of one answer.
pub const FIXES_MAX: usize = 2_000;
/// Clients that a rule names; with more, their subnets are named.
pub const CLIENTS_MAX: usize = 32;
