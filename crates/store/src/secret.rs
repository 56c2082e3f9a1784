//! What must not stand in a ledger: hashes and keys, sessions, and the inbox of decisions made beside the server.

use model::Time;

use crate::{Decision, Store, StoreError};

/// Someone who is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the secret in the cookie, hexadecimal.
    pub hash: String,
    /// Who.
    pub name: String,
    /// Since when.
    pub created: Time,
    /// When it was used last, roughly.
    pub used: Time,
    /// From where.
    pub address: String,
    /// With what.
    pub agent: String,
}

/// A decision that waits for whoever writes the ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct Inboxed {
    /// Its id in the inbox.
    pub id: String,
    /// Who decided.
    pub by: String,
    /// What.
    pub decision: Decision,
}

impl Store {
    /// A secret: of kind `password`, `totp`, `token`, `notification` …
    pub async fn secret(&self, kind: &str, name: &str) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> = sqlx::query_as("SELECT value FROM secrets WHERE kind = $1 AND name = $2")
            .bind(kind)
            .bind(name)
            .fetch_optional(&self.people)
            .await?;
        Ok(row.map(|(value,)| value))
    }

    /// Keeps a secret, or forgets it.
    pub async fn set_secret(&self, kind: &str, name: &str, value: Option<&str>) -> Result<(), StoreError> {
        match value {
            Some(value) => {
                sqlx::query(
                    "INSERT INTO secrets (kind, name, value) VALUES ($1, $2, $3) \
                     ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value",
                )
                .bind(kind)
                .bind(name)
                .bind(value)
                .execute(&self.people)
                .await?
            }
            None => {
                sqlx::query("DELETE FROM secrets WHERE kind = $1 AND name = $2")
                    .bind(kind)
                    .bind(name)
                    .execute(&self.people)
                    .await?
            }
        };
        Ok(())
    }

    /// Opens a session.
    pub async fn open_session(&self, session: &Session) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO sessions (hash, name, created_at, used_at, address, agent) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(&session.hash)
        .bind(&session.name)
        .bind(session.created.0)
        .bind(session.used.0)
        .bind(&session.address)
        .bind(&session.agent)
        .execute(&self.people)
        .await?;
        Ok(())
    }

    /// A session by the hash of its secret.
    pub async fn session(&self, hash: &str) -> Result<Option<Session>, StoreError> {
        let row: Option<(String, String, i64, i64, String, String)> =
            sqlx::query_as("SELECT hash, name, created_at, used_at, address, agent FROM sessions WHERE hash = $1")
                .bind(hash)
                .fetch_optional(&self.people)
                .await?;
        Ok(row.map(|(hash, name, created, used, address, agent)| Session {
            hash,
            name,
            created: Time(created),
            used: Time(used),
            address,
            agent,
        }))
    }

    /// Notes that a session was used.
    pub async fn touch_session(&self, hash: &str, at: Time) -> Result<(), StoreError> {
        sqlx::query("UPDATE sessions SET used_at = $1 WHERE hash = $2")
            .bind(at.0)
            .bind(hash)
            .execute(&self.people)
            .await?;
        Ok(())
    }

    /// Ends one session.
    pub async fn close_session(&self, hash: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM sessions WHERE hash = $1").bind(hash).execute(&self.people).await?;
        Ok(())
    }

    /// Ends every session of a person, but for `except`.
    pub async fn close_sessions_of(&self, name: &str, except: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM sessions WHERE name = $1 AND hash <> $2")
            .bind(name)
            .bind(except)
            .execute(&self.people)
            .await?;
        Ok(())
    }

    /// Ends the sessions made before `created` or not used since `used`.
    pub async fn close_old_sessions(&self, created: Time, used: Time) -> Result<u64, StoreError> {
        let done = sqlx::query("DELETE FROM sessions WHERE created_at < $1 OR used_at < $2")
            .bind(created.0)
            .bind(used.0)
            .execute(&self.people)
            .await?;
        Ok(done.rows_affected())
    }

    /// Lays a decision into the inbox: whoever holds the ledger writes it there and applies it.
    pub async fn submit(&self, id: &str, by: &str, decision: &Decision) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO inbox (id, done_by, body) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING")
            .bind(id)
            .bind(by)
            .bind(serde_json::to_string(decision)?)
            .execute(&self.people)
            .await?;
        Ok(())
    }

    /// What waits in the inbox.
    pub async fn inbox(&self) -> Result<Vec<Inboxed>, StoreError> {
        let rows: Vec<(String, String, String)> =
            sqlx::query_as("SELECT id, done_by, body FROM inbox ORDER BY id").fetch_all(&self.people).await?;
        rows.into_iter().map(|(id, by, body)| Ok(Inboxed { id, by, decision: serde_json::from_str(&body)? })).collect()
    }

    /// Takes out of the inbox what is written in the ledger.
    pub async fn taken(&self, id: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM inbox WHERE id = $1").bind(id).execute(&self.people).await?;
        Ok(())
    }
}
