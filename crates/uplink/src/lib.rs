//! Records on their way from a sensor to the server: numbered batches with a canonical form, the batcher that fills
//! them, the channel that carries them inside one process, and the journal that keeps them on disk.
//!
//! Nothing here reads a clock, and nothing that was acknowledged is lost or reordered: a batch counts as arrived when
//! [`Journal::sync`] has returned after its [`Journal::append`]. The form of a batch is described in `docs/batches.md`.
#![forbid(unsafe_code)]

mod batch;
mod batcher;
mod channel;
mod journal;
pub mod limits;
mod segment;
#[cfg(test)]
mod testing;

pub use batch::{Batch, BatchError};
pub use batcher::{Batcher, is_urgent};
pub use channel::{Closed, Policy, Receiver, Sender, Sent, channel};
pub use journal::{Entries, Journal, JournalError, Trimmed};
pub use segment::{Fault, FaultKind, Stored};
