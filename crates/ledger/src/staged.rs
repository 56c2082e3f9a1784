//! Entries that are accepted and that no checkpoint covers yet: one file, one sync for many entries.
//!
//! A frame is the entry's index (u64), length (u32), CRC-32 of both and the entry (u32), then the entry; little endian.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

use crate::disk;
use crate::error::{LedgerError, failed};
use crate::limits::ENTRY_BYTES_MAX;

const HEAD_BYTES: usize = 16;

/// The file being written.
#[derive(Debug)]
pub(crate) struct Staged {
    path: PathBuf,
    file: File,
    length: u64,
    /// Set when a write could not be taken back: nothing may follow it.
    is_broken: bool,
}

/// What the file holds.
#[derive(Debug, Default)]
pub(crate) struct Content {
    /// Entries from the index asked for on, in order and without a hole.
    pub(crate) entries: Vec<Vec<u8>>,
    /// Bytes of whole frames.
    pub(crate) whole: u64,
    /// Bytes behind them.
    pub(crate) rest: u64,
    /// The index of the frame behind them, where it is whole and does not follow: a hole.
    pub(crate) ahead: Option<u64>,
}

fn checksum(head: &[u8], entry: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(head);
    hasher.update(entry);
    hasher.finalize()
}

fn push_frame(bytes: &mut Vec<u8>, index: u64, entry: &[u8]) {
    let length = u32::try_from(entry.len()).unwrap_or(u32::MAX);
    let head = [&index.to_le_bytes()[..], &length.to_le_bytes()].concat();
    bytes.extend(&head);
    bytes.extend(checksum(&head, entry).to_le_bytes());
    bytes.extend(entry);
}

/// Reads the file in `directory`, from entry `from` on: what lies before it is covered by a checkpoint.
pub(crate) fn read(directory: &Path, from: u64) -> Result<Content, LedgerError> {
    let path = path(directory);
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Content::default()),
        result => result.map_err(failed("read", &path))?,
    };
    let mut content = Content::default();
    let mut rest = bytes.as_slice();
    let frame = |rest: &mut &[u8]| -> Option<(u64, Vec<u8>)> {
        let (head, after) = rest.split_at_checked(HEAD_BYTES)?;
        let (fields, sum) = head.split_at(12);
        let index = u64::from_le_bytes(fields[..8].try_into().ok()?);
        let length = u32::from_le_bytes(fields[8..].try_into().ok()?) as usize;
        let (entry, after) = after.split_at_checked(length.min(ENTRY_BYTES_MAX))?;
        if sum != checksum(fields, entry).to_le_bytes() || entry.len() != length {
            return None;
        }
        *rest = after;
        Some((index, entry.to_owned()))
    };
    while let Some((index, entry)) = frame(&mut rest) {
        let next = from + content.entries.len() as u64;
        match index {
            index if index == next => content.entries.push(entry),
            index if index < from => {}
            _ => {
                content.ahead = Some(index);
                break;
            }
        }
        content.whole = (bytes.len() - rest.len()) as u64;
    }
    content.rest = bytes.len() as u64 - content.whole;
    Ok(content)
}

fn path(directory: &Path) -> PathBuf {
    directory.join("staged")
}

impl Staged {
    /// Opens the file, made where it is absent, and cuts off what is behind its whole frames.
    pub(crate) fn open(directory: &Path, content: &Content) -> Result<Staged, LedgerError> {
        let path = path(directory);
        let is_new = !path.exists();
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(failed("open", &path))?;
        if is_new {
            disk::sync_directory(directory).map_err(failed("sync", directory))?;
        }
        let staged = Staged { path, file, length: content.whole, is_broken: false };
        if content.rest > 0 {
            disk::truncate(&staged.file, &staged.path, content.whole).map_err(failed("cut", &staged.path))?;
        }
        Ok(staged)
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Writes entries from index `first` on and makes them durable, all or none.
    pub(crate) fn append(&mut self, first: u64, entries: &[impl AsRef<[u8]>]) -> Result<(), LedgerError> {
        let mut bytes = Vec::new();
        for (index, entry) in (first..).zip(entries) {
            push_frame(&mut bytes, index, entry.as_ref());
        }
        let written =
            disk::append(&mut self.file, &self.path, &bytes).and_then(|()| disk::sync_file(&self.file, &self.path));
        if let Err(error) = written {
            // Nobody knows what of it is on disk: it is taken back, and if that fails too, nothing follows it.
            let cut = disk::truncate(&self.file, &self.path, self.length)
                .and_then(|()| disk::sync_file(&self.file, &self.path));
            self.is_broken = cut.is_err();
            return Err(failed("write", &self.path)(error));
        }
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Empties the file: a checkpoint covers all of it.
    pub(crate) fn clear(&mut self) -> Result<(), LedgerError> {
        if self.length > 0 || self.is_broken {
            disk::truncate(&self.file, &self.path, 0).map_err(failed("empty", &self.path))?;
            (self.length, self.is_broken) = (0, false);
        }
        Ok(())
    }
}
