//! Derived state again, from nothing but the ledger and the journal.

use std::path::Path;

use analyze::{Analysis, Settings};
use ledger::Entry;
use store::{Digest, Store};
use uplink::{Batch, Journal};

use crate::{SiteError, chain};

/// Name of the snapshot of the last judgement.
pub(crate) const JUDGEMENT: &str = "judgement";

/// What was done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rebuilt {
    /// Entries of the ledger.
    pub entries: u64,
    /// Of these, decisions.
    pub decisions: u64,
    /// Batches judged again.
    pub batches: u64,
    /// Batches of the ledger that the journal no longer has, or not as they were.
    pub missing: u64,
    /// Hashes of the tables before and after.
    pub before: Digest,
    /// See `before`.
    pub after: Digest,
}

impl Rebuilt {
    /// The tables that are not what they were.
    pub fn changed(&self) -> Vec<&'static str> {
        self.after
            .iter()
            .filter(|(table, hash)| self.before.get(*table) != Some(hash))
            .map(|(table, _)| *table)
            .collect()
    }
}

/// Makes derived state below `data` again. No server may run meanwhile.
pub async fn rebuild(data: &Path) -> Result<Rebuilt, SiteError> {
    let mut log = chain::open(data)?;
    log.publish()?;
    let journal = Journal::open(&data.join("journal"), uplink::limits::JournalLimits::default())?;
    let (store, _) = Store::open(data).await?;
    let mut rebuilt = Rebuilt { before: store.digest().await?, ..Rebuilt::default() };
    store.clear().await?;
    let reader = log.reader();
    rebuilt.entries = reader.checkpoint()?.1.size;
    rebuilt.decisions = chain::catch_up(&store, &reader).await?;
    let mut analysis = Analysis::new(Settings::default());
    let mut past = Past::new(journal.read_from(1));
    let mut next = 0;
    while next < rebuilt.entries {
        for bytes in reader.entries(next, chain::ENTRIES)? {
            if let Ok(Entry::Batch { sequence, sha256, .. }) = Entry::from_bytes(&bytes) {
                match past.batch(sequence, &sha256) {
                    Some(batch) => {
                        batch.records.iter().for_each(|record| analysis.record(record));
                        rebuilt.batches += 1;
                    }
                    None => rebuilt.missing += 1,
                }
            }
            next += 1;
        }
    }
    store.keep_snapshot(JUDGEMENT, rebuilt.entries, &snapshot(&analysis.finish())?).await?;
    rebuilt.after = store.digest().await?;
    store.close().await;
    Ok(rebuilt)
}

/// The judgement as it is kept.
pub(crate) fn snapshot(judgement: &model::Judgement) -> Result<String, SiteError> {
    serde_json::to_string(judgement).map_err(|e| SiteError::System(e.into()))
}

/// The journal, read beside the ledger.
pub(crate) struct Past<I> {
    entries: I,
    waiting: Option<uplink::Stored>,
}

impl<I: Iterator<Item = Result<uplink::Stored, uplink::Fault>>> Past<I> {
    pub(crate) fn new(entries: I) -> Past<I> {
        Past { entries, waiting: None }
    }

    /// The batch with this place in the journal, where it is still there and what the ledger says it is. Places are asked
    /// for in order.
    pub(crate) fn batch(&mut self, sequence: u64, sha256: &str) -> Option<Batch> {
        loop {
            let stored = match self.waiting.take() {
                Some(stored) => stored,
                None => match self.entries.next()? {
                    Ok(stored) => stored,
                    Err(fault) => {
                        tracing::warn!("journal: {fault:?}");
                        continue;
                    }
                },
            };
            if stored.sequence > sequence {
                self.waiting = Some(stored);
                return None;
            }
            if stored.sequence < sequence {
                continue;
            }
            if chain::sha256(&stored.bytes) != sha256 {
                tracing::error!("batch {sequence} of the journal is not the one in the ledger: passed over");
                return None;
            }
            return Batch::from_bytes(&stored.bytes)
                .inspect_err(|error| tracing::error!("batch {sequence} of the journal: {error}"))
                .ok();
        }
    }
}
