//! A hash of every table of derived state, to compare two ways of making it.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use sqlx::{Column, Row, ValueRef};

use crate::{Store, StoreError};

/// The tables of derived state.
pub const TABLES: &[&str] = &[
    "users",
    "tokens",
    "asset_edits",
    "finding_states",
    "finding_comments",
    "queries",
    "notifications",
    "settings",
    "audit",
    "snapshots",
];

/// SHA-256 by table, hexadecimal.
pub type Digest = BTreeMap<&'static str, String>;

impl Store {
    /// The hash of every table: of its columns' names and its rows in the order of their values.
    pub async fn digest(&self) -> Result<Digest, StoreError> {
        let mut digest = Digest::new();
        for table in TABLES {
            let rows = sqlx::query(&format!("SELECT * FROM {table}")).fetch_all(&self.state).await?;
            let mut lines = Vec::with_capacity(rows.len());
            for row in &rows {
                let mut line = Vec::new();
                for (number, column) in row.columns().iter().enumerate() {
                    let is_null = row.try_get_raw(number)?.is_null();
                    let value = match is_null {
                        true => None,
                        // Every column is a text or a whole number.
                        false => Some(match row.try_get::<String, _>(number) {
                            Ok(text) => text,
                            Err(_) => row.try_get::<i64, _>(number)?.to_string(),
                        }),
                    };
                    line.push((column.name().to_owned(), value));
                }
                lines.push(serde_json::to_string(&line)?);
            }
            lines.sort();
            let mut hash = Sha256::new();
            for line in lines {
                hash.update((line.len() as u64).to_be_bytes());
                hash.update(line.as_bytes());
            }
            let hash: [u8; 32] = hash.finalize().into();
            digest.insert(*table, hash.iter().map(|byte| format!("{byte:02x}")).collect());
        }
        Ok(digest)
    }
}
