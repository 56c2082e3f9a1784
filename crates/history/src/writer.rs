//! The writer of history: gathers records, writes them by hour, exactly once by the ledger's index.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use model::{Record, Time};

use crate::arrange;
use crate::file::{self, Parquet};
use crate::kind::Kind;
use crate::limits::{BATCH_ROWS_MAX, Limits};
use crate::manifest::{self, Manifest, NAME, SET_ASIDE, Stored};
use crate::recover;
use crate::rows::Origin;
use crate::store::{Problem, State, Store};

/// Writes history below one folder. There is one writer at a time; readers come from [`crate::History`].
///
/// What is appended is in queries at once, and lasting after the next [`flush`](Writer::flush), which comes by itself
/// when the limits of memory or packet time are reached. After a crash the writer says with
/// [`next`](Writer::next) from which entry of the ledger on it wants to be told again.
pub struct Writer {
    pub(crate) store: Arc<Store>,
    pub(crate) limits: Limits,
    /// Entries of the ledger below this one were appended.
    reached: u64,
    /// Packet time of the first append since the last flush.
    begun: Option<Time>,
    /// Size at which the next attempt to write is made after a failed one.
    patience: usize,
    trouble: Option<String>,
    /// Holds the folder against a second writer.
    _lock: File,
}

/// Why history could not be written or opened.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// A file or folder.
    #[error("could not {doing} `{path}`: {source}")]
    File {
        /// What was tried: `write`, `open` …
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What was wrong with it.
        #[source]
        source: io::Error,
    },
    /// Another process writes here.
    #[error("`{0}` is being written by another process")]
    Busy(PathBuf),
    /// The disk does not take what is gathered, and there is no more room in memory.
    #[error("history cannot take more: {0}")]
    Full(String),
}

impl HistoryError {
    pub(crate) fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> HistoryError {
        let path = path.to_owned();
        move |source| HistoryError::File { doing, path, source }
    }
}

/// What would be lost without a flush, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Rows in memory.
    pub rows: usize,
    /// Bytes of memory that they take, about.
    pub bytes: usize,
}

impl Writer {
    /// Opens the history in `folder`, which is created where it is not there. What a crash left half-written goes;
    /// files that were cut or lost since are set aside and told as [`problems`](Writer::problems).
    pub fn open(folder: &Path, limits: Limits) -> Result<Writer, HistoryError> {
        fs::create_dir_all(folder).map_err(HistoryError::file("create", folder))?;
        let path = folder.join("lock");
        let lock = File::create(&path).map_err(HistoryError::file("create", &path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(HistoryError::Busy(folder.to_owned())),
            Err(TryLockError::Error(e)) => return Err(HistoryError::file("lock", &path)(e)),
        }
        let mut problems = Vec::new();
        let manifest = match Manifest::read(folder) {
            Ok(Some(manifest)) => manifest,
            Ok(None) if manifest::found(folder).iter().all(|(_, path)| !path.ends_with(".parquet")) => {
                Manifest::empty()
            }
            Ok(None) => {
                problems.push(("is missing".to_owned(), NAME.to_owned()));
                recover::from_files(folder)
            }
            Err(e) if e.kind() == io::ErrorKind::Unsupported => {
                return Err(HistoryError::file("read", &folder.join(NAME))(e));
            }
            Err(e) => {
                let _ = fs::rename(folder.join(NAME), folder.join(NAME).with_extension(SET_ASIDE));
                problems.push((format!("could not be read ({e})"), NAME.to_owned()));
                recover::from_files(folder)
            }
        };
        let reached = manifest.next;
        let store = Store::new(folder, State::new(manifest, true));
        for (reason, path) in problems {
            store.state().problem(&path, format!("{reason}; made anew from the files that are there"));
        }
        recover::check(&store);
        let written = store.state().manifest.write(folder);
        written.map_err(HistoryError::file("write", &folder.join(NAME)))?;
        Ok(Writer { store, limits, reached, begun: None, patience: 0, trouble: None, _lock: lock })
    }

    /// The first entry of the ledger that is not in lasting history: after a crash, append from here on.
    pub fn next(&self) -> u64 {
        self.store.state().manifest.next
    }

    /// What went wrong with files since the writer was opened.
    pub fn problems(&self) -> Vec<Problem> {
        self.store.state().problems.clone()
    }

    /// Why the last writing failed, where it did; it is tried again by itself.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// What is in memory only.
    pub fn pending(&self) -> Pending {
        let state = self.store.state();
        Pending {
            rows: state.gathered.iter().map(|gathered| gathered.len()).sum(),
            bytes: state.gathered.iter().map(|gathered| gathered.memory()).sum(),
        }
    }

    /// Changes the limits, such as what is kept.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Adds the records of the batch that entry `index` of the ledger proves. What was appended before is passed over.
    ///
    /// Where the disk does not take what is gathered, records are still taken until memory holds twice its limit;
    /// after that this batch is not taken, and is to be appended again later.
    pub fn append(&mut self, index: u64, records: &[Record]) -> Result<(), HistoryError> {
        if index < self.reached {
            return Ok(());
        }
        let now = clock(records);
        let pending = self.pending();
        let is_full = pending.bytes >= self.limits.bytes_max || pending.rows >= self.limits.rows_max;
        let has_waited = now.zip(self.begun).is_some_and(|(now, begun)| {
            now.since(begun).saturating_abs() >= self.limits.seconds_max.saturating_mul(1_000_000_000)
        });
        if (is_full || has_waited) && pending.bytes >= self.patience {
            match self.flush() {
                Ok(()) => {}
                Err(e) if pending.bytes >= self.limits.bytes_max.saturating_mul(2) => {
                    return Err(HistoryError::Full(e.to_string()));
                }
                // An attempt costs time: the next one is made when there is notably more.
                Err(_) => self.patience = pending.bytes + self.limits.bytes_max / 8,
            }
        }
        self.begun = self.begun.or(now);
        let mut state = self.store.state();
        for (record, number) in records.iter().zip(0..) {
            let Some(gathered) = state.gathered.get_mut(Kind::of(record).index()) else {
                continue;
            };
            gathered.rows.push(record, Origin { batch: Some(index), number });
            if gathered.rows.len() >= BATCH_ROWS_MAX {
                gathered.settle().map_err(|e| HistoryError::file("gather", &self.store.folder)(io::Error::other(e)))?;
            }
        }
        self.reached = index + 1;
        Ok(())
    }

    /// Makes everything appended so far lasting. Where it fails nothing is visible of it on disk, and it stays in
    /// memory for the next attempt.
    pub fn flush(&mut self) -> Result<(), HistoryError> {
        let result = self.try_flush();
        match &result {
            Ok(()) => (self.trouble, self.patience, self.begun) = (None, 0, None),
            Err(e) => self.trouble = Some(e.to_string()),
        }
        result
    }

    fn try_flush(&mut self) -> Result<(), HistoryError> {
        let folder = self.store.folder.clone();
        let mut work: Vec<(Kind, Vec<RecordBatch>)> = Vec::new();
        let mut number;
        {
            let mut state = self.store.state();
            number = state.manifest.number;
            for kind in Kind::ALL {
                let Some(gathered) = state.gathered.get_mut(kind.index()) else { continue };
                gathered.settle().map_err(|e| HistoryError::file("gather", &folder)(io::Error::other(e)))?;
                if !gathered.batches.is_empty() {
                    work.push((*kind, gathered.batches.clone()));
                }
            }
            if work.is_empty() && state.manifest.next == self.reached {
                return Ok(());
            }
        }
        let mut written = Written { folder: &folder, mark: self.reached, files: Vec::new() };
        for (kind, batches) in &work {
            let hours = arrange::by_hour(*kind, batches);
            let hours = hours.map_err(|e| HistoryError::file("arrange", &folder)(io::Error::other(e)))?;
            for hour in hours {
                written.file(*kind, hour, number)?;
                number += 1;
            }
        }
        written.make_lasting()?;
        // Only this writer changes the manifest, apart from damaged files that readers take out: so it is changed
        // under the lock, from what it is now.
        let mut state = self.store.state();
        let mut manifest = state.manifest.clone();
        manifest.next = self.reached;
        manifest.number = number;
        manifest.files.extend(written.files.iter().map(|file| Arc::new(file.clone())));
        sort(&mut manifest.files);
        manifest.replace(&folder).map_err(HistoryError::file("write", &folder.join(NAME)))?;
        state.manifest = manifest;
        for (kind, batches) in &work {
            if let Some(gathered) = state.gathered.get_mut(kind.index()) {
                // Batches that a query settled while the files were written are the same rows: nothing was appended.
                debug_assert!(gathered.rows.is_empty() && gathered.batches.len() == batches.len());
                gathered.batches.clear();
                gathered.bytes = 0;
            }
        }
        written.files.clear();
        Ok(())
    }
}

/// The oldest first within a kind.
pub(crate) fn sort(files: &mut [Arc<Stored>]) {
    files.sort_by(|a, b| (a.kind, a.first, &a.path).cmp(&(b.kind, b.first, &b.path)));
}

/// Packet time of a batch. Samples may carry a time of their own device, so they are asked only where there is nothing
/// else.
fn clock(records: &[Record]) -> Option<Time> {
    let all = || records.iter().filter(|record| !matches!(record, Record::Sample(_)));
    all().map(Record::at).max().or_else(|| records.iter().map(Record::at).max())
}

/// Files that were written and are not in the manifest yet. Dropped like this, they go.
pub(crate) struct Written<'a> {
    pub(crate) folder: &'a Path,
    /// Entries of the ledger below this one are written by then.
    pub(crate) mark: u64,
    pub(crate) files: Vec<Stored>,
}

impl Written<'_> {
    /// Writes the rows of an hour as file `number`.
    pub(crate) fn file(&mut self, kind: Kind, hour: arrange::Hour, number: u64) -> Result<(), HistoryError> {
        let below = manifest::folder_of(kind, hour.hour);
        let folder = self.folder.join(&below);
        fs::create_dir_all(&folder).map_err(HistoryError::file("create", &folder))?;
        let path = format!("{below}/{number:010}.parquet");
        let full = self.folder.join(&path);
        let bytes = Parquet::create(&full, kind, true)
            .and_then(|mut parquet| {
                parquet.write(&hour.rows)?;
                parquet.mark(self.mark);
                parquet.finish()
            })
            .map_err(HistoryError::file("write", &full))?;
        let rows = hour.rows.num_rows() as u64;
        self.files.push(Stored { kind, path, rows, bytes, first: Time(hour.span.0), last: Time(hour.span.1) });
        Ok(())
    }

    /// Makes the names of the files last, and those of the folders that they are in.
    pub(crate) fn make_lasting(&self) -> Result<(), HistoryError> {
        let mut folders: Vec<&Path> =
            self.files.iter().flat_map(|file| Path::new(&file.path).ancestors().skip(1)).collect();
        folders.sort_unstable();
        folders.dedup();
        for folder in folders {
            let folder = self.folder.join(folder);
            file::synchronise(&folder).map_err(HistoryError::file("synchronise", &folder))?;
        }
        Ok(())
    }
}

impl Drop for Written<'_> {
    fn drop(&mut self) {
        for file in &self.files {
            let _ = fs::remove_file(self.folder.join(&file.path));
        }
    }
}
