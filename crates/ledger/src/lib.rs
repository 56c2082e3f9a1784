//! An append-only log that anyone can verify: what was received, decided and done, in a Merkle tree with signed
//! checkpoints.
//!
//! On disk it is a directory of static files in public formats, which third-party tools read and verify without Vigie:
//! - tiles and entries: C2SP tlog-tiles, <https://c2sp.org/tlog-tiles> (hashes as in RFC 6962);
//! - `checkpoint`: C2SP tlog-checkpoint, a signed note (<https://c2sp.org/signed-note>) with an Ed25519 signature, and
//!   room for the cosignatures of witnesses (<https://c2sp.org/tlog-cosignature>);
//! - proofs: C2SP tlog-proof, <https://c2sp.org/tlog-proof>.
//!
//! [`Log`] writes, [`Reader`] reads and proves, [`verify`] checks everything with the directory alone. docs/ledger.md says
//! how people do it.
#![forbid(unsafe_code)]

mod disk;
mod entry;
mod error;
pub mod limits;
mod log;
mod note;
mod proof;
mod reader;
mod shared;
mod signed;
mod staged;
mod tree;
mod verify;

pub use entry::{Basis, Entry, EntryError, canonical_json};
pub use error::LedgerError;
pub use log::Log;
pub use note::{Checkpoint, Cosigner, NoteFault, VerifyingKey};
pub use proof::{Proof, ProofFault};
pub use reader::Reader;
pub use shared::{Ledger, Refused, Status};
pub use signed::{BundleKey, unverified_text, verified_text};
pub use tlog_tiles::Hash;
pub use verify::{Against, Fault, Report, verify};
