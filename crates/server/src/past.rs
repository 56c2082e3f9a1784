//! What earlier runs left: the saved analysis, and what the ledger and the journal have beyond it.

use std::io::Write;
use std::path::Path;

use analyze::{Analysis, Settings};
use ledger::Entry;
use store::Store;
use uplink::Batch;

use crate::{SiteError, chain};

/// Name of the row of state that says what the saved analysis is.
pub(crate) const ROW: &str = "analysis";
/// The file of the saved analysis, below the data folder.
const FILE: &str = "analysis.state";

/// Analysis, and how far it has come.
pub(crate) struct Reached {
    pub(crate) analysis: Analysis,
    /// The first entry of the ledger that is not judged.
    pub(crate) next: u64,
    /// The place in the journal of the last batch that is.
    pub(crate) sequence: u64,
    /// Batches judged.
    pub(crate) batches: u64,
}

impl Reached {
    /// With nothing judged.
    pub(crate) fn nothing() -> Reached {
        Reached { analysis: Analysis::new(Settings::default()), next: 0, sequence: 0, batches: 0 }
    }

    /// The saved analysis, where there is a good one of this version that is not ahead of a ledger of `size` entries.
    pub(crate) async fn load(data: &Path, store: &Store, size: u64) -> Result<Reached, SiteError> {
        let Some((next, body)) = store.snapshot(ROW).await? else { return Ok(Reached::nothing()) };
        let parts: Vec<&str> = body.split(' ').collect();
        let load = || -> Result<Reached, String> {
            let [hash, sequence, batches] = parts[..] else { return Err("its description is not readable".into()) };
            let bytes = std::fs::read(data.join(FILE)).map_err(|e| e.to_string())?;
            if chain::sha256(&bytes) != hash {
                return Err("it is not the one that was saved".into());
            }
            if next > size {
                return Err("it is ahead of the ledger".into());
            }
            let number = |text: &str| text.parse::<u64>().map_err(|e| e.to_string());
            let analysis = Analysis::load(&Settings::default(), &bytes).map_err(|e| e.to_string())?;
            Ok(Reached { analysis, next, sequence: number(sequence)?, batches: number(batches)? })
        };
        Ok(load().unwrap_or_else(|why| {
            tracing::warn!("the saved analysis is not used, all is judged again: {why}");
            Reached::nothing()
        }))
    }

    /// Judges a batch in its place; gives what was found.
    pub(crate) fn judge(&mut self, index: u64, sequence: u64, batch: &Batch) -> Vec<model::Finding> {
        batch.records.iter().for_each(|record| self.analysis.record(record));
        (self.next, self.sequence) = (index + 1, sequence);
        self.batches += 1;
        self.analysis.new_findings()
    }

    /// What is to be saved: the bytes of the file, and the row that says what they are.
    pub(crate) fn save(&self) -> std::io::Result<Saved> {
        let bytes = self.analysis.save()?;
        let row = format!("{} {} {}", chain::sha256(&bytes), self.sequence, self.batches);
        Ok(Saved { bytes, row, next: self.next })
    }
}

/// A saved analysis on its way to the disk.
pub(crate) struct Saved {
    bytes: Vec<u8>,
    row: String,
    next: u64,
}

impl Saved {
    /// Writes it: first the file, whole or not at all, then the row.
    pub(crate) async fn keep(self, data: &Path, store: &Store) -> Result<(), SiteError> {
        let (file, row, next) = (data.join(FILE), self.row, self.next);
        let bytes = self.bytes;
        let write = move || -> std::io::Result<()> {
            let beside = file.with_extension("new");
            let mut out = std::fs::File::create(&beside)?;
            out.write_all(&bytes)?;
            out.sync_all()?;
            std::fs::rename(&beside, &file)
        };
        tokio::task::spawn_blocking(write).await.map_err(std::io::Error::other)??;
        store.keep_snapshot(ROW, next, &row).await?;
        Ok(())
    }
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

    /// The batch that an entry speaks of, with its place, where it is still there and what the ledger says it is. Entries
    /// are asked for in order. Nothing for other entries.
    pub(crate) fn of(&mut self, entry: &[u8]) -> Option<(u64, Option<Batch>)> {
        match Entry::from_bytes(entry) {
            Ok(Entry::Batch { sequence, sha256, .. }) => Some((sequence, self.batch(sequence, &sha256))),
            _ => None,
        }
    }

    fn batch(&mut self, sequence: u64, sha256: &str) -> Option<Batch> {
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
