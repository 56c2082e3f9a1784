//! What a judgement means for the defence of the plant: zones and conduits (IEC 62443-3-2), and attack paths.
//!
//! Nothing here does I/O, reads a clock or rolls dice. Everything is a proposal with reasons; people decide.
#![forbid(unsafe_code)]

pub mod doors;
pub mod paths;
#[doc(hidden)]
pub mod testing;
pub mod zones;
