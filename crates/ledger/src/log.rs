//! The writer of a log.
//!
//! An entry is accepted when it is in the file `staged` and synced. Publishing puts accepted entries under a checkpoint, in an
//! order that leaves a log that verifies after a crash at any instant: entries, then tiles, each with its directories, then the
//! checkpoint; only then `staged` is emptied. Files that a checkpoint speaks of are never written again.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::ops::Range;
use std::path::{Path, PathBuf};

use tlog_tiles::{Hash, record_hash};

use crate::disk;
use crate::error::{LedgerError, failed};
use crate::limits::{ENTRY_BYTES_MAX, STAGED_BYTES_MAX, TILE_WIDTH, UNPUBLISHED_TILES_MAX};
use crate::note::{Checkpoint, SigningKey, VerifyingKey};
#[cfg(test)]
use crate::proof::Proof;
use crate::reader::Reader;
use crate::staged::{self, Staged};
use crate::tree::{self, Edge, LEVELS};

/// The writer of a log; there is one in all processes.
#[derive(Debug)]
pub struct Log {
    directory: PathBuf,
    key: SigningKey,
    /// Of all accepted entries.
    edge: Edge,
    /// The bundle that is not full yet.
    bundle: Vec<u8>,
    /// Full tiles and bundles that are not published yet, with their paths.
    full: Vec<(String, Vec<u8>)>,
    staged: Staged,
    /// Entries under the checkpoint on disk.
    published: u64,
    checkpoint: Vec<u8>,
    notes: Vec<String>,
    /// Held as long as the log is: its lock ends with the process.
    _lock: File,
}

impl Log {
    /// Opens the log in `directory`, or begins one there under the name `origin`, with a new key.
    ///
    /// What was accepted and not published is published. The name of a log stays what it was at its beginning.
    pub fn open(directory: &Path, origin: &str) -> Result<Log, LedgerError> {
        disk::make_directory(directory).map_err(failed("make", directory))?;
        let lock = lock(directory)?;
        let mut notes = Vec::new();
        let checkpoint_path = directory.join("checkpoint");
        let checkpoint = match fs::read(&checkpoint_path) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed("read", &checkpoint_path)(error)),
        };
        let key = open_key(directory, origin, checkpoint.is_some(), &mut notes)?;
        let damaged = |path: &Path, why: String| LedgerError::Damaged { path: path.to_owned(), why };
        let (checkpoint, size, root) = match checkpoint {
            Some(bytes) => {
                let head = Checkpoint::parse(&bytes).map_err(|fault| damaged(&checkpoint_path, fault.to_string()))?;
                head.verify(key.public()).map_err(|fault| damaged(&checkpoint_path, fault.to_string()))?;
                (bytes, head.size, head.root)
            }
            None if directory.join("tile").exists() => {
                return Err(damaged(&checkpoint_path, "it is missing and there are tiles".into()));
            }
            None => {
                let root = Edge::default().root();
                let bytes = key.sign(0, root);
                write_checkpoint(directory, &bytes)?;
                (bytes, 0, root)
            }
        };
        let (edge, bundle, full) = open_edge(directory, size, root, &mut notes)?;
        let content = staged::read(directory, size)?;
        if let Some(index) = content.ahead {
            let why =
                format!("it goes on with entry {index}, the log ends before {}", size + content.entries.len() as u64);
            return Err(damaged(&directory.join("staged"), why));
        }
        if content.rest > 0 {
            notes.push(format!("{} bytes of an entry that was being written were removed", content.rest));
        }
        let staged = Staged::open(directory, &content)?;
        let (directory, published) = (directory.to_owned(), size);
        let mut log = Log { directory, key, edge, bundle, full, staged, published, checkpoint, notes, _lock: lock };
        if !content.entries.is_empty() {
            log.notes.push(format!("{} entries were accepted and not yet published", content.entries.len()));
        }
        content.entries.iter().for_each(|entry| log.push(entry));
        log.publish()?;
        Ok(log)
    }

    /// What was put right when the log was opened, in sentences.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The key to verify with: people should note it down elsewhere.
    pub fn key(&self) -> &VerifyingKey {
        self.key.public()
    }

    /// Entries accepted.
    pub fn size(&self) -> u64 {
        self.edge.size
    }

    /// Entries under the newest checkpoint.
    pub fn published(&self) -> u64 {
        self.published
    }

    /// The newest checkpoint, signed.
    pub fn checkpoint(&self) -> &[u8] {
        &self.checkpoint
    }

    /// A reader of what is published.
    pub fn reader(&self) -> Reader {
        Reader::open(&self.directory)
    }

    /// Accepts entries, all or none: when this returns they are on disk and have these indexes. One sync, however many.
    pub fn append(&mut self, entries: &[impl AsRef<[u8]>]) -> Result<Range<u64>, LedgerError> {
        if let Some(entry) = entries.iter().find(|entry| entry.as_ref().len() > ENTRY_BYTES_MAX) {
            return Err(LedgerError::TooLarge(entry.as_ref().len()));
        }
        let is_due = self.full.len() >= UNPUBLISHED_TILES_MAX || self.staged.length() >= STAGED_BYTES_MAX;
        if is_due || self.staged.is_broken() {
            self.publish()?;
        }
        let first = self.edge.size;
        if !entries.is_empty() {
            self.staged.append(first, entries)?;
            entries.iter().for_each(|entry| self.push(entry.as_ref()));
        }
        Ok(first..self.edge.size)
    }

    fn push(&mut self, entry: &[u8]) {
        push(&mut self.edge, &mut self.bundle, &mut self.full, entry);
    }

    /// Puts all accepted entries under a checkpoint. On an error everything stays accepted, and the next call goes on.
    pub fn publish(&mut self) -> Result<(), LedgerError> {
        if self.published == self.edge.size {
            return self.staged.clear();
        }
        let mut files: Vec<(String, &[u8])> =
            self.full.iter().map(|(path, bytes)| (path.clone(), bytes.as_slice())).collect();
        let (bundles, width) = tree::extent(self.edge.size, 0);
        if width > 0 {
            files.push((tree::path(None, bundles, width), &self.bundle));
        }
        let partial: Vec<(String, Vec<u8>)> = (0..LEVELS)
            .zip(&self.edge.levels)
            .filter(|(level, hashes)| {
                !hashes.is_empty() && tree::extent(self.published, *level) != tree::extent(self.edge.size, *level)
            })
            .map(|(level, hashes)| {
                let (number, width) = tree::extent(self.edge.size, level);
                (tree::path(Some(level), number, width), tree::to_bytes(hashes))
            })
            .collect();
        files.extend(partial.iter().map(|(path, bytes)| (path.clone(), bytes.as_slice())));
        let (entries, tiles): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|(path, _)| path.starts_with("tile/entries/"));
        write_files(&self.directory, &entries)?;
        write_files(&self.directory, &tiles)?;
        let checkpoint = self.key.sign(self.edge.size, self.edge.root());
        write_checkpoint(&self.directory, &checkpoint)?;
        // From here on the entries are published, whatever happens to the tidying.
        self.checkpoint = checkpoint;
        self.published = self.edge.size;
        let full = std::mem::take(&mut self.full);
        self.staged.clear()?;
        for (path, _) in &full {
            let (level, number, _) = tree::parse_path(path).expect("a path made here");
            let partial = self.directory.join(tree::partial_directory(level, number));
            disk::remove_directory(&partial).map_err(failed("remove", &partial))?;
        }
        Ok(())
    }
}

/// Adds an entry to an edge, a bundle, and the tiles and bundles that are full.
fn push(edge: &mut Edge, bundle: &mut Vec<u8>, full: &mut Vec<(String, Vec<u8>)>, entry: &[u8]) {
    tree::push_entry(bundle, entry);
    edge.push(record_hash(entry), |level, number, hashes| {
        if level == 0 {
            full.push((tree::path(None, number, TILE_WIDTH), std::mem::take(bundle)));
        }
        full.push((tree::path(Some(level), number, TILE_WIDTH), tree::to_bytes(hashes)));
    });
}

/// Writes files, then makes durable which files their directories have.
fn write_files(directory: &Path, files: &[(String, &[u8])]) -> Result<(), LedgerError> {
    let mut directories = BTreeSet::new();
    for (path, bytes) in files {
        let path = directory.join(path);
        if let Some(above) = path.parent() {
            disk::make_directory(above).map_err(failed("make", above))?;
            directories.insert(above.to_owned());
        }
        disk::write_file(&path, bytes, 0o644).map_err(failed("write", &path))?;
    }
    for directory in directories {
        disk::sync_directory(&directory).map_err(failed("sync", &directory))?;
    }
    Ok(())
}

fn write_checkpoint(directory: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
    let path = directory.join("checkpoint");
    disk::write_file(&path, bytes, 0o644).and_then(|()| disk::sync_directory(directory)).map_err(failed("write", &path))
}

fn lock(directory: &Path) -> Result<File, LedgerError> {
    let path = directory.join("lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(failed("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(LedgerError::InUse(directory.to_owned())),
        Err(fs::TryLockError::Error(error)) => Err(failed("lock", &path)(error)),
    }
}

/// Reads the key, or makes one for a log that begins. `key` is for its owner's eyes, `key.pub` for everybody's.
fn open_key(
    directory: &Path,
    origin: &str,
    is_begun: bool,
    notes: &mut Vec<String>,
) -> Result<SigningKey, LedgerError> {
    let path = directory.join("key");
    let key = match fs::read_to_string(&path) {
        Ok(text) => {
            let why = || "it is not a signing key".to_owned();
            let key = SigningKey::parse(&text).ok_or_else(|| LedgerError::Key { path: path.clone(), why: why() })?;
            protect(&path, notes)?;
            key
        }
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed("read", &path)(error)),
        Err(_) if is_begun => return Err(LedgerError::KeyMissing(path)),
        Err(_) => {
            let (key, text) = SigningKey::generate(origin).ok_or_else(|| LedgerError::Name(origin.to_owned()))?;
            disk::write_file(&path, format!("{text}\n").as_bytes(), 0o600)
                .and_then(|()| disk::sync_directory(directory))
                .map_err(failed("write", &path))?;
            key
        }
    };
    let public = directory.join("key.pub");
    let text = format!("{}\n", key.public().as_str());
    if fs::read_to_string(&public).ok().as_deref() != Some(&text) {
        disk::write_file(&public, text.as_bytes(), 0o644).map_err(failed("write", &public))?;
    }
    Ok(key)
}

/// Takes from others the right to read the key, where a copy or a backup gave it to them.
#[cfg(unix)]
fn protect(path: &Path, notes: &mut Vec<String>) -> Result<(), LedgerError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path).map_err(failed("look at", path))?.permissions().mode();
    if mode & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed("protect", path))?;
        notes.push(format!("others could read {}: now only its owner can", path.display()));
    }
    Ok(())
}

#[cfg(not(unix))]
fn protect(_: &Path, _: &mut Vec<String>) -> Result<(), LedgerError> {
    Ok(())
}

/// The right edge of the tree under the checkpoint, its partial bundle, and files to write again because they were damaged.
type OpenedEdge = (Edge, Vec<u8>, Vec<(String, Vec<u8>)>);

/// Reads the right edge. Where its tiles do not give the root it is made again from the entries.
fn open_edge(directory: &Path, size: u64, root: Hash, notes: &mut Vec<String>) -> Result<OpenedEdge, LedgerError> {
    if let Some((edge, bundle)) = read_edge(directory, size)
        && edge.root() == root
        && is_bundle_of(&bundle, edge.levels.first())
    {
        return Ok((edge, bundle, Vec::new()));
    }
    let (mut edge, mut bundle, mut full) = (Edge::default(), Vec::new(), Vec::new());
    let (count, last) = tree::extent(size, 0);
    for number in 0..count + u64::from(last > 0) {
        let width = tree::width(size, 0, number);
        let path = directory.join(tree::path(None, number, width));
        let bytes = fs::read(&path).map_err(failed("read", &path))?;
        let entries = tree::entries(&bytes).filter(|entries| entries.len() == width);
        let entries = entries
            .ok_or_else(|| LedgerError::Damaged { path: path.clone(), why: "it is no bundle of entries".into() })?;
        for entry in entries {
            push(&mut edge, &mut bundle, &mut full, entry);
        }
        // What is full is on disk already, or `vigie verify` tells that it is not.
        full.clear();
    }
    if edge.root() != root {
        let why = "its root is not that of the entries".into();
        return Err(LedgerError::Damaged { path: directory.join("checkpoint"), why });
    }
    for (level, hashes) in (0..LEVELS).zip(&edge.levels) {
        let (number, width) = tree::extent(size, level);
        if width > 0 {
            full.push((tree::path(Some(level), number, width), tree::to_bytes(hashes)));
        }
    }
    let files: Vec<(String, &[u8])> = full.iter().map(|(path, bytes)| (path.clone(), bytes.as_slice())).collect();
    write_files(directory, &files)?;
    notes.push("tiles at the edge of the log were damaged and made again from its entries".into());
    Ok((edge, bundle, Vec::new()))
}

fn read_edge(directory: &Path, size: u64) -> Option<(Edge, Vec<u8>)> {
    let mut edge = Edge { levels: Vec::new(), size };
    for level in 0..LEVELS {
        let (number, width) = tree::extent(size, level);
        if (number, width) == (0, 0) {
            break;
        }
        let hashes = match width {
            0 => Vec::new(),
            width => tree::from_bytes(&fs::read(directory.join(tree::path(Some(level), number, width))).ok()?)?,
        };
        if hashes.len() != width {
            return None;
        }
        edge.levels.push(hashes);
    }
    let bundle = match tree::extent(size, 0) {
        (_, 0) => Vec::new(),
        (number, width) => fs::read(directory.join(tree::path(None, number, width))).ok()?,
    };
    Some((edge, bundle))
}

/// Whether the entries of a bundle have these hashes.
fn is_bundle_of(bundle: &[u8], hashes: Option<&Vec<Hash>>) -> bool {
    let hashes = hashes.map(Vec::as_slice).unwrap_or_default();
    tree::entries(bundle).is_some_and(|entries| {
        entries.len() == hashes.len() && entries.iter().zip(hashes).all(|(entry, hash)| record_hash(entry) == *hash)
    })
}

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
