//! Decisions and batches as entries of the ledger, and back; and how state catches up with the ledger.

use std::path::Path;

use ledger::{Basis, Entry, EntryError, LedgerError, Log, Reader};
use model::Time;
use sha2::{Digest, Sha256};
use store::{Decision, Origin, Store};
use uplink::Batch;

use crate::{SiteError, clock};

/// Entries read at once.
pub const ENTRIES: usize = 1000;

/// The folder of the ledger below the data folder.
pub fn folder(data: &Path) -> std::path::PathBuf {
    data.join("ledger")
}

/// Opens the ledger for writing; a new one is named after the machine.
pub fn open(data: &Path) -> Result<Log, LedgerError> {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host: String = host.trim().chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.')).collect();
    let host = if host.is_empty() { "site" } else { host.as_str() };
    Log::open(&folder(data), &format!("vigie/{host}"))
}

/// The entry that a decision becomes: what changes rules is told apart from what changes what is shown.
pub fn entry_of(at: Time, by: &str, decision: &Decision) -> Result<Vec<u8>, EntryError> {
    let (at, by, kind) = (at.to_string(), by.to_owned(), decision.kind().to_owned());
    let body = || serde_json::to_value(decision).map_err(EntryError::Unknown);
    let entry = match decision {
        Decision::LoggedIn { address, origin, .. } => {
            let method = method_of(*origin);
            Entry::Login { at, by, from: address.clone(), method, accepted: true }
        }
        Decision::LoginRefused { name, address, origin } => {
            let method = method_of(*origin);
            Entry::Login { at, by: name.clone(), from: address.clone(), method, accepted: false }
        }
        Decision::AssetEdited { .. }
        | Decision::FindingChanged { .. }
        | Decision::QuerySaved { .. }
        | Decision::QueryRemoved { .. }
        | Decision::LoggedOut { .. }
        | Decision::Exported { .. } => Entry::Decision { at, by, kind, body: body()? },
        Decision::UserAdded { .. }
        | Decision::UserChanged { .. }
        | Decision::UserRemoved { .. }
        | Decision::PasswordSet { .. }
        | Decision::SecondFactor { .. }
        | Decision::TokenCreated { .. }
        | Decision::TokenRevoked { .. }
        | Decision::NotificationSaved { .. }
        | Decision::NotificationRemoved { .. }
        | Decision::BaselineDecided { .. }
        | Decision::SettingChanged { .. } => Entry::Policy { at, by, kind, body: body()? },
    };
    entry.to_bytes()
}

/// How somebody showed who they are.
fn method_of(origin: Origin) -> String {
    match origin {
        Origin::Local => "password".to_owned(),
        other => other.as_str().to_owned(),
    }
}

/// The decision that an entry is: when, by whom, what. Nothing for other entries, and for decisions of a newer version.
pub fn decision_of(entry: &Entry) -> Option<(Time, String, Decision)> {
    match entry {
        Entry::Decision { at, by, body, .. } | Entry::Policy { at, by, body, .. } => {
            Some((Time::parse(at)?, by.clone(), serde_json::from_value(body.clone()).ok()?))
        }
        Entry::Login { at, by, from, method, accepted } => {
            let (name, address) = (by.clone(), from.clone());
            let origin = Origin::from_word(method).unwrap_or(Origin::Local);
            let decision = match accepted {
                true => Decision::LoggedIn { name, address, origin },
                false => Decision::LoginRefused { name, address, origin },
            };
            Some((Time::parse(at)?, by.clone(), decision))
        }
        Entry::Start { .. } | Entry::Stop { .. } | Entry::Batch { .. } | Entry::Removed { .. } => None,
    }
}

/// Hash of bytes, as entries have it.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The entry that a batch becomes, whose bytes have this place in the journal.
pub fn entry_of_batch(batch: &Batch, sequence: u64, bytes: &[u8]) -> Result<Vec<u8>, EntryError> {
    let first = batch.records.iter().map(model::Record::at).min().unwrap_or(batch.created);
    Entry::Batch {
        at: clock::now().to_string(),
        sensor: batch.sensor.to_string(),
        number: batch.number,
        sequence,
        sha256: sha256(bytes),
        bytes: bytes.len() as u64,
        records: batch.records.len() as u64,
        first: first.to_string(),
        last: batch.created.to_string(),
    }
    .to_bytes()
}

/// The place in the journal of the last batch that the ledger knows; 0 for none.
pub fn last_sequence(reader: &Reader) -> Result<u64, LedgerError> {
    last_batch(reader, |entry| match entry {
        Entry::Batch { sequence, .. } => Some(*sequence),
        _ => None,
    })
}

/// The number of the last batch of a sensor that the ledger knows; 0 for none.
pub fn last_number(reader: &Reader, of: &str) -> Result<u64, LedgerError> {
    last_batch(reader, |entry| match entry {
        Entry::Batch { sensor, number, .. } if sensor == of => Some(*number),
        _ => None,
    })
}

/// What stands for the part of the journal that was removed last.
pub fn last_basis(reader: &Reader) -> Result<Option<Basis>, LedgerError> {
    last(reader, |entry| match entry {
        Entry::Removed { what, basis: Some(basis), .. } if what == "journal" => Some(basis.clone()),
        _ => None,
    })
}

/// What `find` says of the last entry that it says something of; 0 where it is silent on all.
fn last_batch(reader: &Reader, find: impl Fn(&Entry) -> Option<u64>) -> Result<u64, LedgerError> {
    Ok(last(reader, find)?.unwrap_or(0))
}

/// What `find` says of the last entry that it says something of.
fn last<T>(reader: &Reader, find: impl Fn(&Entry) -> Option<T>) -> Result<Option<T>, LedgerError> {
    let mut end = reader.checkpoint()?.1.size;
    while end > 0 {
        let from = end.saturating_sub(ENTRIES as u64);
        let entries = reader.entries(from, (end - from) as usize)?;
        if let Some(found) = entries.iter().rev().find_map(|bytes| find(&Entry::from_bytes(bytes).ok()?)) {
            return Ok(Some(found));
        }
        end = from;
    }
    Ok(None)
}

/// Applies the decisions of the published ledger that state does not have yet; gives how many there were.
pub async fn catch_up(store: &Store, reader: &Reader) -> Result<u64, SiteError> {
    let size = reader.checkpoint()?.1.size;
    let (mut next, mut count) = (store.next_entry().await?, 0);
    while next < size {
        for bytes in reader.entries(next, ENTRIES)? {
            if let Some((at, by, decision)) = Entry::from_bytes(&bytes).ok().as_ref().and_then(decision_of) {
                store.apply(next, at, &by, &decision).await?;
                count += 1;
            }
            next += 1;
        }
    }
    store.passed(size).await?;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use store::Role;

    use super::*;

    #[test]
    fn decisions_come_back_from_the_ledger_as_they_were() {
        let named = |name: &str| name.to_owned();
        for decision in [
            Decision::UserAdded { name: named("ada"), role: Role::Viewer, origin: Origin::Local },
            Decision::LoggedIn { name: named("ada"), address: named("::1"), origin: Origin::Oidc },
            Decision::LoginRefused { name: named("ada"), address: named("::1"), origin: Origin::Local },
            Decision::LoginRefused { name: named("ada"), address: named("::1"), origin: Origin::Ldap },
            Decision::FindingChanged {
                finding: named("x"),
                state: None,
                comment: Some(named("é")),
                assignee: None,
                count: 7,
            },
            Decision::SettingChanged { key: named("site_name"), value: serde_json::Value::Null },
        ] {
            let bytes = entry_of(Time(7), "ada", &decision).unwrap();
            let entry = Entry::from_bytes(&bytes).unwrap();
            assert_eq!(decision_of(&entry), Some((Time(7), named("ada"), decision)));
        }
    }
}
