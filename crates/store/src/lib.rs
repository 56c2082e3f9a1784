//! Relational state: what people decided, who they are, and the last judgement, in SQLite.
//!
//! Two files with two natures. `state.sqlite` is *derived*: it holds what the entries of the ledger say and can be
//! thrown away and made again ([`Store::apply`] in ledger order, byte for byte). `people.sqlite` holds what must never
//! stand in a ledger that others may read: hashes of passwords and tokens, secrets of second factors and of
//! notification targets, sessions, and the inbox of decisions made beside the running server. A fact never lives here
//! only.
//!
//! The schema is also valid for PostgreSQL: `TEXT`, `BIGINT`, `$1`, no implicit row numbers.
#![forbid(unsafe_code)]

mod decision;
mod digest;
mod open;
mod read;
mod role;
mod schema;
mod secret;
mod write;

#[cfg(test)]
mod tests;

use sqlx::SqlitePool;

pub use decision::{Channel, Decision, FindingState, Notification, Origin};
pub use digest::{Digest, TABLES};
pub use open::Recovered;
pub use read::{Audit, Comment, Decided, Edit, Query, Standing, Token, User};
pub use role::{ParseRole, Role, Scope};
pub use secret::{Inboxed, Session};

/// The state of one site.
#[derive(Clone, Debug)]
pub struct Store {
    /// Derived state.
    state: SqlitePool,
    /// What is secret or fleeting.
    people: SqlitePool,
}

/// Why state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused.
    #[error("database: {0}")]
    Sql(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("schema: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A file could not be moved or made.
    #[error("`{path}`: {source}")]
    File {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A stored text is not what this version writes.
    #[error("`{0}` is not readable: {1}")]
    Text(&'static str, String),
    /// Entries must be applied in order.
    #[error("entry {given} of the ledger cannot follow entry {reached}")]
    Order {
        /// The one given.
        given: u64,
        /// The one reached.
        reached: u64,
    },
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> StoreError {
        StoreError::Text("json", error.to_string())
    }
}
