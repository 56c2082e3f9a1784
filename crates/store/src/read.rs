//! Reading derived state.

use std::collections::BTreeMap;

use model::Time;
use serde::Serialize;

use crate::{FindingState, Notification, Origin, Role, Scope, Store, StoreError};

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct User {
    /// Name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Where known.
    pub origin: Origin,
    /// Whether shut out.
    pub is_disabled: bool,
    /// Whether a second factor is asked for.
    #[serde(rename = "has_totp")]
    pub has_second_factor: bool,
    /// Since when.
    #[serde(rename = "created")]
    pub created_at: String,
    /// By whom.
    pub created_by: String,
}

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Token {
    /// Id: also the first part of the secret.
    pub id: String,
    /// What for.
    pub name: String,
    /// In whose name.
    #[serde(rename = "by")]
    pub owner: String,
    /// For what.
    pub scopes: Vec<Scope>,
    /// Since when.
    #[serde(rename = "created")]
    pub created_at: String,
    /// Until when.
    #[serde(rename = "expires")]
    pub expires_at: Option<Time>,
    /// Since when no longer.
    #[serde(rename = "revoked")]
    pub revoked_at: Option<String>,
}

/// What people say of one field of a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edit {
    /// The value.
    pub value: String,
    /// When.
    pub at: String,
    /// Who.
    pub by: String,
}

/// A word on a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comment {
    /// When.
    pub at: String,
    /// Who.
    pub by: String,
    /// What.
    pub text: String,
}

/// Where a finding stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Its state.
    pub state: FindingState,
    /// Who deals with it.
    pub assignee: String,
    /// How often it had happened when the state was set.
    pub seen: u64,
    /// When it was changed last.
    pub at: String,
    /// By whom.
    pub by: String,
    /// What was said of it.
    pub comments: Vec<Comment>,
}

/// What people decided that is laid over the judgement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decided {
    /// Edits by machine and field.
    pub edits: BTreeMap<String, BTreeMap<String, Edit>>,
    /// Findings that somebody dealt with.
    pub findings: BTreeMap<String, Standing>,
    /// Settings that are not at their default.
    pub settings: BTreeMap<String, serde_json::Value>,
    /// Whom to tell.
    pub notifications: BTreeMap<String, Notification>,
}

/// A saved query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Query {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// The query.
    pub query: String,
    /// When it was saved.
    pub at: String,
    /// By whom.
    pub by: String,
}

/// A line of who did what.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Audit {
    /// Number of the entry of the ledger.
    #[serde(rename = "index")]
    pub entry: u64,
    /// When.
    pub at: String,
    /// Who.
    pub by: String,
    /// What kind of thing.
    pub kind: String,
    /// The whole.
    pub body: serde_json::Value,
}

fn word<T>(what: &'static str, text: &str, from: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    from(text).ok_or_else(|| StoreError::Text(what, text.to_owned()))
}

type UserRow = (String, String, String, i64, i64, String, String);
type TokenRow = (String, String, String, String, String, Option<String>, Option<String>);

fn user(row: UserRow) -> Result<User, StoreError> {
    let (name, role, origin, is_disabled, has_second_factor, created_at, created_by) = row;
    Ok(User {
        name,
        role: word("role", &role, Role::from_word)?,
        origin: word("origin", &origin, Origin::from_word)?,
        is_disabled: is_disabled != 0,
        has_second_factor: has_second_factor != 0,
        created_at,
        created_by,
    })
}

fn token(row: TokenRow) -> Result<Token, StoreError> {
    let (id, name, owner, scopes, created_at, expires_at, revoked_at) = row;
    Ok(Token {
        id,
        name,
        owner,
        scopes: serde_json::from_str(&scopes)?,
        created_at,
        expires_at: expires_at.map(|time| word("time", &time, Time::parse)).transpose()?,
        revoked_at,
    })
}

const USER: &str = "SELECT name, role, origin, is_disabled, has_second_factor, created_at, created_by FROM users";
const TOKEN: &str = "SELECT id, name, owner, scopes, created_at, expires_at, revoked_at FROM tokens";

impl Store {
    /// Everybody, by name.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        let rows: Vec<UserRow> = sqlx::query_as(&format!("{USER} ORDER BY name")).fetch_all(&self.state).await?;
        rows.into_iter().map(user).collect()
    }

    /// One person.
    pub async fn user(&self, name: &str) -> Result<Option<User>, StoreError> {
        let row: Option<UserRow> =
            sqlx::query_as(&format!("{USER} WHERE name = $1")).bind(name).fetch_optional(&self.state).await?;
        row.map(user).transpose()
    }

    /// Whether there is an administrator who may come in.
    pub async fn has_administrator(&self) -> Result<bool, StoreError> {
        let users = self.users().await?;
        Ok(users.iter().any(|user| user.role == Role::Administrator && !user.is_disabled))
    }

    /// All tokens, the newest first.
    pub async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        let rows: Vec<TokenRow> =
            sqlx::query_as(&format!("{TOKEN} ORDER BY created_at DESC, id")).fetch_all(&self.state).await?;
        rows.into_iter().map(token).collect()
    }

    /// One token.
    pub async fn token(&self, id: &str) -> Result<Option<Token>, StoreError> {
        let row: Option<TokenRow> =
            sqlx::query_as(&format!("{TOKEN} WHERE id = $1")).bind(id).fetch_optional(&self.state).await?;
        row.map(token).transpose()
    }

    /// What is laid over the judgement.
    pub async fn decided(&self) -> Result<Decided, StoreError> {
        let mut decided = Decided::default();
        let edits: Vec<(String, String, String, String, String)> =
            sqlx::query_as("SELECT asset, field, value, edited_at, edited_by FROM asset_edits")
                .fetch_all(&self.state)
                .await?;
        for (asset, field, value, at, by) in edits {
            decided.edits.entry(asset).or_default().insert(field, Edit { value, at, by });
        }
        let states: Vec<(String, String, String, i64, String, String)> =
            sqlx::query_as("SELECT finding, state, assignee, seen, changed_at, changed_by FROM finding_states")
                .fetch_all(&self.state)
                .await?;
        for (finding, state, assignee, seen, at, by) in states {
            let state = word("state", &state, FindingState::from_word)?;
            let seen = u64::try_from(seen).unwrap_or(0);
            decided.findings.insert(finding, Standing { state, assignee, seen, at, by, comments: Vec::new() });
        }
        let comments: Vec<(String, String, String, String)> =
            sqlx::query_as("SELECT finding, said_at, said_by, comment FROM finding_comments ORDER BY finding, entry")
                .fetch_all(&self.state)
                .await?;
        for (finding, at, by, text) in comments {
            if let Some(standing) = decided.findings.get_mut(&finding) {
                standing.comments.push(Comment { at, by, text });
            }
        }
        let settings: Vec<(String, String)> =
            sqlx::query_as("SELECT name, value FROM settings").fetch_all(&self.state).await?;
        for (name, value) in settings {
            decided.settings.insert(name, serde_json::from_str(&value)?);
        }
        let notifications: Vec<(String, String)> =
            sqlx::query_as("SELECT id, body FROM notifications").fetch_all(&self.state).await?;
        for (id, body) in notifications {
            decided.notifications.insert(id, serde_json::from_str(&body)?);
        }
        Ok(decided)
    }

    /// Saved queries, by name.
    pub async fn queries(&self) -> Result<Vec<Query>, StoreError> {
        let rows: Vec<(String, String, String, String, String)> =
            sqlx::query_as("SELECT id, name, query, saved_at, saved_by FROM queries ORDER BY name, id")
                .fetch_all(&self.state)
                .await?;
        Ok(rows.into_iter().map(|(id, name, query, at, by)| Query { id, name, query, at, by }).collect())
    }

    /// Who did what, the newest first: at most `limit` before entry `before`.
    pub async fn audit(&self, before: Option<u64>, limit: u32) -> Result<Vec<Audit>, StoreError> {
        let before = before.and_then(|before| i64::try_from(before).ok()).unwrap_or(i64::MAX);
        let rows: Vec<(i64, String, String, String, String)> = sqlx::query_as(
            "SELECT entry, done_at, done_by, kind, body FROM audit WHERE entry < $1 ORDER BY entry DESC LIMIT $2",
        )
        .bind(before)
        .bind(i64::from(limit))
        .fetch_all(&self.state)
        .await?;
        let line = |(entry, at, by, kind, body): (i64, String, String, String, String)| {
            let entry = u64::try_from(entry).unwrap_or(0);
            Ok(Audit { entry, at, by, kind, body: serde_json::from_str(&body)? })
        };
        rows.into_iter().map(line).collect()
    }

    /// Number of lines of who did what.
    pub async fn audit_count(&self) -> Result<u64, StoreError> {
        let (count,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM audit").fetch_one(&self.state).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// A derived document, and the number of the first entry that is not in it.
    pub async fn snapshot(&self, kind: &str) -> Result<Option<(u64, String)>, StoreError> {
        let row: Option<(i64, String)> = sqlx::query_as("SELECT entry, body FROM snapshots WHERE kind = $1")
            .bind(kind)
            .fetch_optional(&self.state)
            .await?;
        Ok(row.map(|(entry, body)| (u64::try_from(entry).unwrap_or(0), body)))
    }
}
