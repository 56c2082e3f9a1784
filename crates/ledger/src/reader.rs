//! Reads a log and proves what is in it, beside the writer and without it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tlog_tiles::{Error, Hash, HashReader, Tile, prove_record, prove_tree, split_stored_hash_index};

use crate::error::{LedgerError, failed};
use crate::limits::{CHECKPOINT_BYTES_MAX, ENTRIES_READ_MAX, TILE_WIDTH};
use crate::note::Checkpoint;
use crate::proof::Proof;
use crate::tree;

/// A reader of the published part of a log.
#[derive(Clone, Debug)]
pub struct Reader {
    directory: PathBuf,
}

impl Reader {
    /// A reader of the log in `directory`.
    pub fn open(directory: &Path) -> Reader {
        Reader { directory: directory.to_owned() }
    }

    /// The signed checkpoint as it lies on disk, and what it says. Its signature is not looked at.
    pub fn checkpoint(&self) -> Result<(Vec<u8>, Checkpoint), LedgerError> {
        let path = self.directory.join("checkpoint");
        let length = fs::metadata(&path).map_err(failed("read", &path))?.len();
        let damaged = |why: String| LedgerError::Damaged { path: path.clone(), why };
        if length > CHECKPOINT_BYTES_MAX {
            return Err(damaged(format!("it has {length} bytes")));
        }
        let bytes = fs::read(&path).map_err(failed("read", &path))?;
        let checkpoint = Checkpoint::parse(&bytes).map_err(|fault| damaged(fault.to_string()))?;
        Ok((bytes, checkpoint))
    }

    /// The file at a path of the specification (`checkpoint`, `tile/0/000`, `tile/entries/000.p/17` …), for whoever asks for
    /// it over the network. `None` for any other path and where there is no such file.
    pub fn file(&self, path: &str) -> Option<Vec<u8>> {
        if path != "checkpoint" {
            tree::parse_path(path)?;
        }
        fs::read(self.directory.join(path)).ok()
    }

    /// Entries from index `from` on, at most `count` and at most 4,096; fewer at the end.
    pub fn entries(&self, from: u64, count: usize) -> Result<Vec<Vec<u8>>, LedgerError> {
        let (_, checkpoint) = self.checkpoint()?;
        let end = from.saturating_add(count.min(ENTRIES_READ_MAX) as u64).min(checkpoint.size);
        let (mut entries, mut index) = (Vec::new(), from);
        while index < end {
            let number = index / TILE_WIDTH as u64;
            let bundle = self.bundle(checkpoint.size, number)?;
            let skipped = (index % TILE_WIDTH as u64) as usize;
            let wanted = usize::try_from(end - index).unwrap_or(usize::MAX);
            entries.extend(bundle.into_iter().skip(skipped).take(wanted));
            index = (number + 1) * TILE_WIDTH as u64;
        }
        Ok(entries)
    }

    fn bundle(&self, size: u64, number: u64) -> Result<Vec<Vec<u8>>, LedgerError> {
        let width = tree::width(size, 0, number);
        let path = self.directory.join(tree::path(None, number, width));
        let bytes = self.read(None, number, width).map_err(failed("read", &path))?;
        match tree::entries(&bytes) {
            Some(entries) if entries.len() >= width => {
                Ok(entries.into_iter().take(width).map(<[u8]>::to_vec).collect())
            }
            _ => Err(LedgerError::Damaged { path, why: "it is no bundle of entries".into() }),
        }
    }

    /// The bytes of a tile or bundle; where the partial one was replaced by the full one in the meantime, of that.
    fn read(&self, level: Option<u8>, number: u64, width: usize) -> io::Result<Vec<u8>> {
        let read = |width| fs::read(self.directory.join(tree::path(level, number, width)));
        match read(width) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && width < TILE_WIDTH => read(TILE_WIDTH),
            result => result,
        }
    }

    /// The proof that the entry at `index` is in the log of the newest checkpoint.
    pub fn inclusion(&self, index: u64) -> Result<Proof, LedgerError> {
        let (bytes, checkpoint) = self.checkpoint()?;
        let size = checkpoint.size;
        if index >= size {
            return Err(LedgerError::NotThere { what: format!("there is none at place {index}"), size });
        }
        let hashes = prove_record(size, index, &Hashes { reader: self, size }).map_err(|error| self.broken(error))?;
        Ok(Proof { index, hashes, checkpoint: bytes })
    }

    /// The hashes that prove that the log of `old` entries is the beginning of the log of `new` ones (RFC 6962, section
    /// 2.1.2), both at most the size of the newest checkpoint.
    pub fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, LedgerError> {
        let (_, checkpoint) = self.checkpoint()?;
        let size = checkpoint.size;
        if old > new || new > size {
            return Err(LedgerError::NotThere { what: format!("{old} and {new} cannot be compared"), size });
        }
        if old == 0 {
            return Ok(Vec::new());
        }
        prove_tree(new, old, &Hashes { reader: self, size }).map_err(|error| self.broken(error))
    }

    fn broken(&self, error: Error) -> LedgerError {
        LedgerError::Damaged { path: self.directory.join("tile"), why: error.to_string() }
    }
}

/// Hashes of the tree of `size` entries, out of its tiles.
struct Hashes<'a> {
    reader: &'a Reader,
    size: u64,
}

impl HashReader for Hashes<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        let missing = |what: String| Error::InvalidInput(what);
        let mut hashes = Vec::with_capacity(indexes.len());
        for index in indexes {
            let (binary_level, _) = split_stored_hash_index(*index);
            let (level, tile) = (binary_level / 8, Tile::from_index(8, *index));
            let number = tile.level_index();
            let width = tree::width(self.size, level, number);
            let path = tree::path(Some(level), number, width.max(1));
            let bytes =
                self.reader.read(Some(level), number, width).map_err(|error| missing(format!("{path}: {error}")))?;
            hashes.push(tile.hash_at_index(&bytes, *index).map_err(|_| missing(format!("{path} is too short")))?);
        }
        Ok(hashes)
    }
}
