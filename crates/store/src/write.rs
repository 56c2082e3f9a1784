//! Applying entries of the ledger: each in one transaction, together with the mark of how far state has come.

use model::Time;
use sqlx::{Sqlite, Transaction};

use crate::{Decision, FindingState, Store, StoreError};

/// Name in `meta` of the number of the first entry that is not applied yet.
const NEXT: &str = "next_entry";

impl Store {
    /// The number of the first entry of the ledger that is not applied yet.
    pub async fn next_entry(&self) -> Result<u64, StoreError> {
        let value: Option<(String,)> =
            sqlx::query_as("SELECT value FROM meta WHERE name = $1").bind(NEXT).fetch_optional(&self.state).await?;
        match value {
            Some((value,)) => value.parse().map_err(|_| StoreError::Text(NEXT, value)),
            None => Ok(0),
        }
    }

    /// Applies a decision that is entry `entry` of the ledger. What is applied already is passed over.
    pub async fn apply(&self, entry: u64, at: Time, by: &str, decision: &Decision) -> Result<(), StoreError> {
        let mut transaction = self.state.begin().await?;
        if !reach(&mut transaction, entry).await? {
            return Ok(());
        }
        let (at, number) = (at.to_string(), i64::try_from(entry).unwrap_or(i64::MAX));
        sqlx::query("INSERT INTO audit (entry, done_at, done_by, kind, body) VALUES ($1, $2, $3, $4, $5)")
            .bind(number)
            .bind(&at)
            .bind(by)
            .bind(decision.kind())
            .bind(serde_json::to_string(decision)?)
            .execute(&mut *transaction)
            .await?;
        write(&mut transaction, number, &at, by, decision).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Says that everything before entry `next` that concerns state is applied: what follows are batches.
    pub async fn passed(&self, next: u64) -> Result<(), StoreError> {
        let mut transaction = self.state.begin().await?;
        if let Some(last) = next.checked_sub(1) {
            reach(&mut transaction, last).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Keeps a derived document (the last judgement), as of the entries before `next`.
    pub async fn keep_snapshot(&self, kind: &str, next: u64, body: &str) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO snapshots (kind, entry, body) VALUES ($1, $2, $3) \
             ON CONFLICT (kind) DO UPDATE SET entry = excluded.entry, body = excluded.body",
        )
        .bind(kind)
        .bind(i64::try_from(next).unwrap_or(i64::MAX))
        .bind(body)
        .execute(&self.state)
        .await?;
        Ok(())
    }
}

/// Moves the mark behind `entry`; says whether that was news.
async fn reach(transaction: &mut Transaction<'_, Sqlite>, entry: u64) -> Result<bool, StoreError> {
    let next = i64::try_from(entry).unwrap_or(i64::MAX).saturating_add(1);
    let done = sqlx::query(
        "INSERT INTO meta (name, value) VALUES ($1, $2) \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value \
         WHERE CAST(meta.value AS BIGINT) < CAST(excluded.value AS BIGINT)",
    )
    .bind(NEXT)
    .bind(next.to_string())
    .execute(&mut **transaction)
    .await?;
    Ok(done.rows_affected() > 0)
}

async fn write(
    transaction: &mut Transaction<'_, Sqlite>,
    entry: i64,
    at: &str,
    by: &str,
    decision: &Decision,
) -> Result<(), StoreError> {
    let run = &mut **transaction;
    match decision {
        Decision::UserAdded { name, role, origin } => {
            sqlx::query(
                "INSERT INTO users (name, role, origin, is_disabled, has_second_factor, created_at, created_by) \
                 VALUES ($1, $2, $3, 0, 0, $4, $5) ON CONFLICT (name) DO NOTHING",
            )
            .bind(name)
            .bind(role.as_str())
            .bind(origin.as_str())
            .bind(at)
            .bind(by)
            .execute(run)
            .await?;
        }
        Decision::UserChanged { name, role, disabled } => {
            sqlx::query(
                "UPDATE users SET role = COALESCE($1, role), is_disabled = COALESCE($2, is_disabled) WHERE name = $3",
            )
            .bind(role.map(|role| role.as_str()))
            .bind(disabled.map(i64::from))
            .bind(name)
            .execute(run)
            .await?;
        }
        Decision::UserRemoved { name } => {
            sqlx::query("DELETE FROM users WHERE name = $1").bind(name).execute(&mut *run).await?;
            sqlx::query("UPDATE tokens SET revoked_at = $1 WHERE owner = $2 AND revoked_at IS NULL")
                .bind(at)
                .bind(name)
                .execute(run)
                .await?;
        }
        Decision::SecondFactor { name, on } => {
            sqlx::query("UPDATE users SET has_second_factor = $1 WHERE name = $2")
                .bind(i64::from(*on))
                .bind(name)
                .execute(run)
                .await?;
        }
        Decision::TokenCreated { id, name, owner, scopes, expires } => {
            sqlx::query(
                "INSERT INTO tokens (id, name, owner, scopes, created_at, expires_at, revoked_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, NULL) ON CONFLICT (id) DO NOTHING",
            )
            .bind(id)
            .bind(name)
            .bind(owner)
            .bind(serde_json::to_string(scopes)?)
            .bind(at)
            .bind(expires.map(|time| time.to_string()))
            .execute(run)
            .await?;
        }
        Decision::TokenRevoked { id } => {
            sqlx::query("UPDATE tokens SET revoked_at = COALESCE(revoked_at, $1) WHERE id = $2")
                .bind(at)
                .bind(id)
                .execute(run)
                .await?;
        }
        Decision::AssetEdited { asset, changes } => {
            for (field, value) in changes {
                match value {
                    Some(value) => {
                        sqlx::query(
                            "INSERT INTO asset_edits (asset, field, value, edited_at, edited_by) \
                             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (asset, field) DO UPDATE SET \
                             value = excluded.value, edited_at = excluded.edited_at, edited_by = excluded.edited_by",
                        )
                        .bind(asset)
                        .bind(field)
                        .bind(value)
                        .bind(at)
                        .bind(by)
                        .execute(&mut *run)
                        .await?;
                    }
                    None => {
                        sqlx::query("DELETE FROM asset_edits WHERE asset = $1 AND field = $2")
                            .bind(asset)
                            .bind(field)
                            .execute(&mut *run)
                            .await?;
                    }
                }
            }
        }
        Decision::FindingChanged { finding, state, comment, assignee, count } => {
            let seen = i64::try_from(*count).unwrap_or(i64::MAX);
            sqlx::query(
                "INSERT INTO finding_states (finding, state, assignee, seen, changed_at, changed_by) \
                 VALUES ($1, COALESCE($2, $3), COALESCE($4, ''), $5, $6, $7) ON CONFLICT (finding) DO UPDATE SET \
                 state = COALESCE($2, finding_states.state), assignee = COALESCE($4, finding_states.assignee), \
                 seen = CASE WHEN $2 IS NULL THEN finding_states.seen ELSE excluded.seen END, \
                 changed_at = excluded.changed_at, changed_by = excluded.changed_by",
            )
            .bind(finding)
            .bind(state.map(|state| state.as_str()))
            .bind(FindingState::Open.as_str())
            .bind(assignee.as_deref())
            .bind(seen)
            .bind(at)
            .bind(by)
            .execute(&mut *run)
            .await?;
            if let Some(comment) = comment {
                sqlx::query(
                    "INSERT INTO finding_comments (finding, entry, said_at, said_by, comment) \
                     VALUES ($1, $2, $3, $4, $5)",
                )
                .bind(finding)
                .bind(entry)
                .bind(at)
                .bind(by)
                .bind(comment)
                .execute(run)
                .await?;
            }
        }
        Decision::QuerySaved { id, name, sql } => {
            sqlx::query(
                "INSERT INTO queries (id, name, query, saved_at, saved_by) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (id) DO UPDATE SET name = excluded.name, query = excluded.query, \
                 saved_at = excluded.saved_at, saved_by = excluded.saved_by",
            )
            .bind(id)
            .bind(name)
            .bind(sql)
            .bind(at)
            .bind(by)
            .execute(run)
            .await?;
        }
        Decision::QueryRemoved { id } => {
            sqlx::query("DELETE FROM queries WHERE id = $1").bind(id).execute(run).await?;
        }
        Decision::NotificationSaved { id, notification } => {
            sqlx::query(
                "INSERT INTO notifications (id, body, saved_at, saved_by) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (id) DO UPDATE SET body = excluded.body, saved_at = excluded.saved_at, \
                 saved_by = excluded.saved_by",
            )
            .bind(id)
            .bind(serde_json::to_string(notification)?)
            .bind(at)
            .bind(by)
            .execute(run)
            .await?;
        }
        Decision::NotificationRemoved { id } => {
            sqlx::query("DELETE FROM notifications WHERE id = $1").bind(id).execute(run).await?;
        }
        Decision::SettingChanged { key, value } if value.is_null() => {
            sqlx::query("DELETE FROM settings WHERE name = $1").bind(key).execute(run).await?;
        }
        Decision::SettingChanged { key, value } => {
            sqlx::query(
                "INSERT INTO settings (name, value, changed_at, changed_by) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at, \
                 changed_by = excluded.changed_by",
            )
            .bind(key)
            .bind(serde_json::to_string(value)?)
            .bind(at)
            .bind(by)
            .execute(run)
            .await?;
        }
        // These stand in the audit and change nothing else here: what is normal is kept by the analysis.
        Decision::PasswordSet { .. }
        | Decision::LoggedIn { .. }
        | Decision::LoginRefused { .. }
        | Decision::LoggedOut { .. }
        | Decision::BaselineDecided { .. }
        | Decision::Exported { .. } => {}
    }
    Ok(())
}
