//! What earlier runs left: the saved analysis, and what the ledger and the journal have beyond it.

use std::io::Write;
use std::path::{Path, PathBuf};

use analyze::{Analysis, Normal, Settings, baseline};
use ledger::{Basis, Entry, Reader};
use store::{Decision, Store};
use uplink::Batch;

use crate::{SiteError, chain};

/// Name of the row of state that says what the saved analysis is.
pub(crate) const ROW: &str = "analysis";
/// The file of the saved analysis, below the data folder.
const FILE: &str = "analysis.state";

/// Ending of the file of the analysis that stands for what was removed from the journal; its name is its hash, so that
/// a new one never takes the place of one that the ledger names.
const BASIS: &str = "basis";

/// The file of the analysis that stands for what was removed from the journal.
fn basis_file(data: &Path, basis: &Basis) -> PathBuf {
    data.join(format!("analysis-{}.{BASIS}", basis.sha256.get(..16).unwrap_or_default()))
}

/// Analysis, and how far it has come.
pub(crate) struct Reached {
    pub(crate) analysis: Analysis,
    /// The first entry of the ledger that is not judged.
    pub(crate) next: u64,
    /// The place in the journal of the last batch that is.
    pub(crate) sequence: u64,
    /// Batches judged.
    pub(crate) batches: u64,
    /// Whether somebody decided what is normal.
    has_decided: bool,
}

/// A site learns what is normal.
fn settings() -> Settings {
    Settings { baseline: Normal::Learned(baseline::Settings::default()), ..Settings::shipped() }
}

impl Reached {
    /// With nothing judged.
    pub(crate) fn nothing() -> Reached {
        Reached { analysis: Analysis::new(settings()), next: 0, sequence: 0, batches: 0, has_decided: false }
    }

    /// The saved analysis, where there is a good one of this version that is not ahead of a ledger of `size` entries.
    pub(crate) async fn load(data: &Path, store: &Store, reader: &Reader, size: u64) -> Result<Reached, SiteError> {
        let Some((next, body)) = store.snapshot(ROW).await? else {
            return Reached::beginning(data, chain::last_basis(reader)?);
        };
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
            let analysis = Analysis::load(&settings(), &bytes).map_err(|e| e.to_string())?;
            Ok(Reached { analysis, next, sequence: number(sequence)?, batches: number(batches)?, has_decided: false })
        };
        load().or_else(|why| {
            tracing::warn!("the saved analysis is not used, all is judged again: {why}");
            Reached::beginning(data, chain::last_basis(reader)?)
        })
    }

    /// What judging again begins with: nothing, or what stands for the part of the journal that was removed.
    pub(crate) fn beginning(data: &Path, basis: Option<Basis>) -> Result<Reached, SiteError> {
        let Some(basis) = basis else { return Ok(Reached::nothing()) };
        let load = || -> Result<Reached, String> {
            let bytes = std::fs::read(basis_file(data, &basis)).map_err(|e| e.to_string())?;
            if chain::sha256(&bytes) != basis.sha256 {
                return Err("it is not the one that the ledger names".into());
            }
            let analysis = Analysis::load(&settings(), &bytes).map_err(|e| e.to_string())?;
            Ok(Reached {
                analysis,
                next: basis.entries,
                sequence: basis.sequence,
                batches: basis.batches,
                has_decided: false,
            })
        };
        Ok(load().unwrap_or_else(|why| {
            tracing::error!(
                "`{}` cannot be used ({why}): what was learnt before entry {} is lost, the rest is judged again",
                basis_file(data, &basis).display(),
                basis.entries
            );
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

    /// Takes over what the entry `index` of the ledger says of what is normal, in its place. Other entries say nothing.
    pub(crate) fn decide(&mut self, index: u64, entry: &[u8]) {
        let Some((_, _, Decision::BaselineDecided { text })) =
            Entry::from_bytes(entry).ok().as_ref().and_then(chain::decision_of)
        else {
            return;
        };
        if let Some(baseline) = self.analysis.baseline_mut() {
            for bad in baseline.apply(&text) {
                tracing::warn!("entry {index} of the ledger, {bad}");
            }
        }
        self.next = index + 1;
        self.has_decided = true;
    }

    /// Judges what the ledger has beyond this, in its order.
    pub(crate) fn catch_up(&mut self, reader: &Reader, journal: &uplink::Journal) -> Result<u64, SiteError> {
        let size = reader.checkpoint()?.1.size;
        let mut past = Past::new(journal.read_from(self.sequence + 1));
        let (mut next, mut missing) = (self.next, 0);
        while next < size {
            for bytes in reader.entries(next, chain::ENTRIES)? {
                match past.of(&bytes) {
                    Some((sequence, Some(batch))) => drop(self.judge(next, sequence, &batch)),
                    Some((_, None)) => missing += 1,
                    None => self.decide(next, &bytes),
                }
                next += 1;
            }
        }
        Ok(missing)
    }

    /// Whether there is anything to save.
    pub(crate) fn is_worth_saving(&self) -> bool {
        self.batches > 0 || self.has_decided
    }

    /// What is to be saved: the bytes of the file, and the row that says what they are.
    pub(crate) fn save(&self) -> std::io::Result<Saved> {
        let bytes = self.analysis.save()?;
        let (sequence, batches) = (self.sequence, self.batches);
        let basis = Basis { sha256: chain::sha256(&bytes), entries: self.next, sequence, batches };
        Ok(Saved { bytes, basis })
    }
}

/// A saved analysis on its way to the disk.
pub(crate) struct Saved {
    bytes: Vec<u8>,
    /// What it is.
    pub(crate) basis: Basis,
}

impl Saved {
    /// Writes it: first the file, whole or not at all, then the row.
    pub(crate) async fn keep(self, data: &Path, store: &Store) -> Result<(), SiteError> {
        let (file, basis, bytes) = (data.join(FILE), self.basis, self.bytes);
        tokio::task::spawn_blocking(move || replace(&file, &bytes)).await.map_err(std::io::Error::other)??;
        let row = format!("{} {} {}", basis.sha256, basis.sequence, basis.batches);
        store.keep_snapshot(ROW, basis.entries, &row).await?;
        Ok(())
    }

    /// Writes it as what stands for the beginning of the journal.
    pub(crate) fn keep_as_basis(&self, data: &Path) -> std::io::Result<()> {
        replace(&basis_file(data, &self.basis), &self.bytes)
    }

    /// Removes the earlier ones, when the ledger names this one.
    pub(crate) fn is_basis(&self, data: &Path) -> std::io::Result<()> {
        let this = basis_file(data, &self.basis);
        for entry in std::fs::read_dir(data)?.flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|ending| ending == BASIS) && path != this {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

/// Writes a file, whole or not at all.
fn replace(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let beside = file.with_added_extension("new");
    let mut out = std::fs::File::create(&beside)?;
    out.write_all(bytes)?;
    out.sync_all()?;
    std::fs::rename(&beside, file)?;
    std::fs::File::open(file.parent().unwrap_or(Path::new(".")))?.sync_all()
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
