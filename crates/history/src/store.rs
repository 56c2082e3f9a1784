//! What writer and readers share: the manifest, the rows that are not written yet, and what went wrong.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::record_batch::RecordBatch;

use crate::arrange;
use crate::kind::Kind;
use crate::manifest::{Manifest, SET_ASIDE, Stored};
use crate::rows::Rows;

/// A thing that went wrong and was worked around: part of history is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, below the folder of history.
    pub path: String,
    /// What is wrong with it, and what was done.
    pub reason: String,
}

/// Problems that are kept; later ones are counted in the manifest only.
const PROBLEMS_MAX: usize = 1_000;

/// Shared by one writer and any number of readers.
pub(crate) struct Store {
    pub(crate) folder: PathBuf,
    pub(crate) state: Mutex<State>,
}

pub(crate) struct State {
    pub(crate) manifest: Manifest,
    /// By `Kind::index`.
    pub(crate) gathered: Vec<Gathered>,
    /// Files that are history no more, and go when nobody reads them.
    pub(crate) leaving: Vec<Arc<Stored>>,
    pub(crate) problems: Vec<Problem>,
    /// Whether files may be set aside: a reader of another process's history touches nothing.
    pub(crate) is_owner: bool,
}

/// Rows that are not written yet.
pub(crate) struct Gathered {
    pub(crate) batches: Vec<RecordBatch>,
    pub(crate) rows: Rows,
    /// Memory of `batches`, about.
    pub(crate) bytes: usize,
}

/// What a query reads: it does not change while it runs.
#[derive(Clone, Default)]
pub(crate) struct Snapshot {
    pub(crate) files: Vec<Arc<Stored>>,
    /// In the schema of queries.
    pub(crate) gathered: Vec<RecordBatch>,
}

impl Gathered {
    pub(crate) fn new(kind: Kind) -> Gathered {
        Gathered { batches: Vec::new(), rows: Rows::new(kind), bytes: 0 }
    }

    /// Makes a batch of the loose rows.
    pub(crate) fn settle(&mut self) -> Result<(), arrow::error::ArrowError> {
        if !self.rows.is_empty() {
            self.bytes += self.rows.bytes();
            self.batches.push(self.rows.finish()?);
        }
        Ok(())
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len() + self.batches.iter().map(RecordBatch::num_rows).sum::<usize>()
    }

    pub(crate) fn memory(&self) -> usize {
        self.rows.bytes() + self.bytes
    }
}

impl State {
    pub(crate) fn new(manifest: Manifest, is_owner: bool) -> State {
        let gathered = Kind::ALL.iter().map(|kind| Gathered::new(*kind)).collect();
        State { manifest, gathered, leaving: Vec::new(), problems: Vec::new(), is_owner }
    }

    pub(crate) fn problem(&mut self, path: &str, reason: String) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem { path: path.to_owned(), reason });
        }
    }
}

impl Store {
    pub(crate) fn new(folder: &Path, state: State) -> Arc<Store> {
        Arc::new(Store { folder: folder.to_owned(), state: Mutex::new(state) })
    }

    /// The state. Whoever panicked while holding it left it whole: every change is a single assignment at its end.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What there is of `kind` now.
    pub(crate) fn snapshot(&self, kind: Kind) -> Result<Snapshot, arrow::error::ArrowError> {
        let mut state = self.state();
        let files = state.manifest.files.iter().filter(|file| file.kind == kind).cloned().collect();
        let batches = match state.gathered.get_mut(kind.index()) {
            Some(gathered) => {
                gathered.settle()?;
                gathered.batches.clone()
            }
            None => Vec::new(),
        };
        drop(state);
        let gathered = batches.iter().map(|batch| arrange::in_queries(kind, batch)).collect::<Result<_, _>>()?;
        Ok(Snapshot { files, gathered })
    }

    /// Takes a file out of history that cannot be read, and moves it aside. The rest goes on.
    pub(crate) fn set_aside(&self, file: &Stored, reason: &str) {
        let mut state = self.state();
        let before = state.manifest.files.len();
        state.manifest.files.retain(|kept| kept.path != file.path);
        if state.manifest.files.len() == before {
            return;
        }
        state.manifest.set_aside += 1;
        if !state.is_owner {
            return state.problem(&file.path, format!("{reason}; left out"));
        }
        let from = self.folder.join(&file.path);
        let done = match fs::rename(&from, from.with_extension(SET_ASIDE)) {
            Ok(()) => format!("set aside as `.{SET_ASIDE}`, {} rows are missing", file.rows),
            Err(_) => format!("left out, {} rows are missing", file.rows),
        };
        state.problem(&file.path, format!("{reason}; {done}"));
        if let Err(e) = state.manifest.write(&self.folder) {
            state.problem(crate::manifest::NAME, format!("could not be written: {e}"));
        }
    }
}
