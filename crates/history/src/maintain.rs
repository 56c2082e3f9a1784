//! Small files are joined, old ones go.

use std::fs::{self, File};
use std::io;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use hashbrown::HashMap;
use model::Time;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use crate::arrange;
use crate::file::{self};
use crate::kind::Kind;
use crate::limits::{JOIN_COUNT_MIN, JOIN_COUNT_MIN_LATER, JOIN_ROWS_MAX, JOIN_WAIT, JOINS_MAX};
use crate::manifest::{NAME, Stored, hour_of};
use crate::recover;
use crate::writer::{HistoryError, Writer, Written, sort};

/// What one call of [`Writer::maintain`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Maintained {
    /// Files that were joined into others.
    pub joined: usize,
    /// Files that were too old or too many.
    pub expired: usize,
    /// Rows that went with them.
    pub rows_expired: u64,
}

impl Writer {
    /// Joins small files and lets go what is too old or too much. To be called every minute or so; `now` is packet
    /// time. Whoever reads a file that goes may read on.
    pub fn maintain(&mut self, now: Time) -> Result<Maintained, HistoryError> {
        self.sweep();
        let mut done = Maintained::default();
        (done.expired, done.rows_expired) = self.expire(now)?;
        for _ in 0..JOINS_MAX {
            match self.join(now)? {
                0 => break,
                joined => done.joined += joined,
            }
        }
        Ok(done)
    }

    /// Removes files that are history no more and that no query holds.
    fn sweep(&self) {
        let mut state = self.store.state();
        let folder = &self.store.folder;
        state.leaving.retain(|file| {
            let is_read = Arc::strong_count(file) > 1;
            if !is_read {
                let path = folder.join(&file.path);
                let _ = fs::remove_file(&path);
                // The folders of an hour and of a day go with their last file.
                for folder in path.ancestors().skip(1).take(2) {
                    let _ = fs::remove_dir(folder);
                }
            }
            is_read
        });
    }

    fn expire(&mut self, now: Time) -> Result<(usize, u64), HistoryError> {
        let files = self.store.state().manifest.files.clone();
        let mut going: Vec<&Arc<Stored>> = Vec::new();
        for kind in Kind::ALL {
            let kept = self.limits.kept_of(*kind);
            let of_kind = || files.iter().filter(|file| file.kind == *kind);
            let mut bytes: u64 = of_kind().map(|file| file.bytes).sum();
            // The oldest come first.
            for file in of_kind() {
                if kept.is_too_old(file.last, now) || kept.bytes_max.is_some_and(|max| bytes > max) {
                    bytes -= file.bytes;
                    going.push(file);
                }
            }
        }
        if going.is_empty() {
            return Ok((0, 0));
        }
        self.exchange(&going.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), Vec::new())?;
        Ok((going.len(), going.iter().map(|file| file.rows).sum()))
    }

    /// Joins one group of small files of the same hour; the number of files joined.
    fn join(&mut self, now: Time) -> Result<usize, HistoryError> {
        let files = self.store.state().manifest.files.clone();
        let mut hours: HashMap<(Kind, &str), Vec<&Arc<Stored>>> = HashMap::new();
        for file in files.iter().filter(|file| file.rows <= JOIN_ROWS_MAX / 2) {
            let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            hours.entry((file.kind, folder)).or_default().push(file);
        }
        let mut groups: Vec<_> = hours.into_values().collect();
        groups.sort_by(|a, b| a.first().map(|file| &file.path).cmp(&b.first().map(|file| &file.path)));
        for mut group in groups {
            // The smallest first, so that as many as possible go together.
            group.sort_by_key(|file| file.rows);
            let mut rows = 0;
            group.retain(|file| {
                rows += file.rows;
                rows <= JOIN_ROWS_MAX
            });
            let newest = group.iter().map(|file| file.last).max().unwrap_or(now);
            let end = (hour_of(newest.0).saturating_add(1)).saturating_mul(3_600_000_000_000);
            let is_over = now.0 > end.saturating_add(JOIN_WAIT);
            if group.len() < if is_over { JOIN_COUNT_MIN_LATER } else { JOIN_COUNT_MIN } {
                continue;
            }
            match self.join_files(&group) {
                Ok(()) => return Ok(group.len()),
                // A damaged file is set aside, and the rest is joined another time.
                Err(e) => {
                    let faults = group.iter().filter_map(|file| {
                        recover::fault(&self.store.folder, file).map(|reason| (Arc::clone(file), reason))
                    });
                    let faults: Vec<_> = faults.collect();
                    if faults.is_empty() {
                        return Err(e);
                    }
                    for (file, reason) in faults {
                        self.store.set_aside(&file, &reason);
                    }
                    return Ok(0);
                }
            }
        }
        Ok(0)
    }

    fn join_files(&mut self, group: &[&Arc<Stored>]) -> Result<(), HistoryError> {
        let folder = self.store.folder.clone();
        let Some(kind) = group.first().map(|file| file.kind) else {
            return Ok(());
        };
        let mut batches = Vec::new();
        for file in group {
            let path = folder.join(&file.path);
            read(&path, kind, &mut batches).map_err(HistoryError::file("read", &path))?;
        }
        let hours = arrange::by_hour(kind, &batches);
        drop(batches);
        let hours = hours.map_err(|e| HistoryError::file("arrange", &folder)(io::Error::other(e)))?;
        let (mut number, mark) = {
            let state = self.store.state();
            (state.manifest.number, state.manifest.next)
        };
        let mut written = Written { folder: &folder, mark, files: Vec::new() };
        for hour in hours {
            written.file(kind, hour, number)?;
            number += 1;
        }
        written.make_lasting()?;
        let files = written.files.iter().map(|file| Arc::new(file.clone())).collect();
        let paths: Vec<&str> = group.iter().map(|file| file.path.as_str()).collect();
        self.exchange_numbered(&paths, files, number)?;
        written.files.clear();
        Ok(())
    }

    fn exchange(&mut self, going: &[&str], coming: Vec<Arc<Stored>>) -> Result<(), HistoryError> {
        let number = self.store.state().manifest.number;
        self.exchange_numbered(going, coming, number)
    }

    /// Takes files out of history and puts others in, at once.
    fn exchange_numbered(&mut self, going: &[&str], coming: Vec<Arc<Stored>>, number: u64) -> Result<(), HistoryError> {
        let folder = self.store.folder.clone();
        let mut state = self.store.state();
        let mut manifest = state.manifest.clone();
        manifest.number = number;
        let mut leaving = Vec::new();
        manifest.files.retain(|file| {
            let is_going = going.contains(&file.path.as_str());
            if is_going {
                leaving.push(Arc::clone(file));
            }
            !is_going
        });
        manifest.files.extend(coming);
        sort(&mut manifest.files);
        manifest.replace(&folder).map_err(HistoryError::file("write", &folder.join(NAME)))?;
        state.manifest = manifest;
        state.leaving.extend(leaving);
        Ok(())
    }
}

/// Adds all rows of a file to `batches`, in the schema in memory.
fn read(path: &std::path::Path, kind: Kind, batches: &mut Vec<RecordBatch>) -> Result<(), io::Error> {
    let file = File::open(path)?;
    // Texts are read as dictionaries: a page of them is read without making each text anew.
    let whole = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?).map_err(file::as_io)?;
    let wanted: SchemaRef = kind.schema_in_memory();
    let options = match whole.schema().fields().len() == wanted.fields().len() {
        true => ArrowReaderOptions::new().with_schema(wanted),
        false => ArrowReaderOptions::new(),
    };
    let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)
        .and_then(|builder| builder.with_batch_size(32_768).build())
        .map_err(file::as_io)?;
    for batch in reader {
        let batch = batch.map_err(io::Error::other)?;
        batches.push(file::in_memory(kind, &batch).map_err(io::Error::other)?);
    }
    Ok(())
}
