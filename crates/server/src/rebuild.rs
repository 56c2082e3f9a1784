//! Derived state again, from nothing but the ledger and the journal.

use std::path::Path;

use store::{Digest, Store};
use uplink::Journal;

use crate::past::Reached;
use crate::{SiteError, chain};

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
    /// Hashes of the tables before and after; the saved analysis stands in `snapshots` with its hash.
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
    let mut reached = Reached::beginning(data, chain::last_basis(&reader)?)?;
    let before = reached.batches;
    rebuilt.missing = reached.catch_up(&reader, &journal)?;
    rebuilt.batches = reached.batches - before;
    // Before the first batch there is nothing to save, and a server saves nothing either.
    if reached.is_worth_saving() {
        reached.save()?.keep(data, &store).await?;
    }
    rebuilt.after = store.digest().await?;
    store.close().await;
    Ok(rebuilt)
}
