//! The schema of both files, as steps that are only ever added to.

use std::borrow::Cow;

use sqlx::migrate::{Migration, MigrationType, Migrator};

/// Steps of `state.sqlite`: number, what, SQL.
const STATE: &[(i64, &str, &str)] = &[(
    1,
    "derived state",
    "
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE users (
    name TEXT PRIMARY KEY, role TEXT NOT NULL, origin TEXT NOT NULL, is_disabled BIGINT NOT NULL,
    has_second_factor BIGINT NOT NULL, created_at TEXT NOT NULL, created_by TEXT NOT NULL);
CREATE TABLE tokens (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, owner TEXT NOT NULL, scopes TEXT NOT NULL, created_at TEXT NOT NULL,
    expires_at TEXT, revoked_at TEXT);
CREATE TABLE asset_edits (
    asset TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, edited_at TEXT NOT NULL, edited_by TEXT NOT NULL,
    PRIMARY KEY (asset, field));
CREATE TABLE finding_states (
    finding TEXT PRIMARY KEY, state TEXT NOT NULL, assignee TEXT NOT NULL, seen BIGINT NOT NULL,
    changed_at TEXT NOT NULL, changed_by TEXT NOT NULL);
CREATE TABLE finding_comments (
    finding TEXT NOT NULL, entry BIGINT NOT NULL, said_at TEXT NOT NULL, said_by TEXT NOT NULL, comment TEXT NOT NULL,
    PRIMARY KEY (finding, entry));
CREATE TABLE queries (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, query TEXT NOT NULL, saved_at TEXT NOT NULL, saved_by TEXT NOT NULL);
CREATE TABLE notifications (
    id TEXT PRIMARY KEY, body TEXT NOT NULL, saved_at TEXT NOT NULL, saved_by TEXT NOT NULL);
CREATE TABLE settings (
    name TEXT PRIMARY KEY, value TEXT NOT NULL, changed_at TEXT NOT NULL, changed_by TEXT NOT NULL);
CREATE TABLE audit (
    entry BIGINT PRIMARY KEY, done_at TEXT NOT NULL, done_by TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE snapshots (kind TEXT PRIMARY KEY, entry BIGINT NOT NULL, body TEXT NOT NULL);
",
)];

/// Steps of `people.sqlite`.
const PEOPLE: &[(i64, &str, &str)] = &[(
    1,
    "secrets and sessions",
    "
CREATE TABLE secrets (kind TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, name));
CREATE TABLE sessions (
    hash TEXT PRIMARY KEY, name TEXT NOT NULL, created_at BIGINT NOT NULL, used_at BIGINT NOT NULL,
    address TEXT NOT NULL, agent TEXT NOT NULL);
CREATE TABLE inbox (id TEXT PRIMARY KEY, done_by TEXT NOT NULL, body TEXT NOT NULL);
",
)];

fn migrator(steps: &'static [(i64, &'static str, &'static str)]) -> Migrator {
    let migrations = steps.iter().map(|(number, what, sql)| {
        Migration::new(*number, Cow::Borrowed(*what), MigrationType::Simple, Cow::Borrowed(*sql), false)
    });
    Migrator { migrations: Cow::Owned(migrations.collect()), ..Migrator::DEFAULT }
}

/// The steps of derived state.
pub(crate) fn state() -> Migrator {
    migrator(STATE)
}

/// The steps of what is secret.
pub(crate) fn people() -> Migrator {
    migrator(PEOPLE)
}
