//! Checks a whole log with its directory alone: every entry, every hash, the signed checkpoint, and names what is wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tlog_tiles::{Hash, record_hash};

use crate::limits::{CHECKPOINT_BYTES_MAX, FAULTS_MAX, TILE_WIDTH};
use crate::note::{Checkpoint, VerifyingKey};
use crate::reader::Reader;
use crate::staged;
use crate::tree::{self, Edge, LEVELS};

/// What a log is checked against, besides itself.
#[derive(Debug, Default)]
pub struct Against {
    /// The log's key, as someone noted it elsewhere. Without one the key in the directory is used, which shows damage but no
    /// forger who signed anew.
    pub key: Option<VerifyingKey>,
    /// Checkpoints that someone kept elsewhere, with the name of each: the log must hold them as its beginning.
    pub earlier: Vec<(String, Vec<u8>)>,
}

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file, from the log's directory on.
    pub file: String,
    /// What is wrong, and where in the file.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.what)
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// Name of the log.
    pub origin: String,
    /// Entries that the checkpoint speaks of.
    pub size: u64,
    /// The root that it signs.
    pub root: Option<Hash>,
    /// The key that it was checked with.
    pub key: Option<VerifyingKey>,
    /// Entries by their kind.
    pub kinds: BTreeMap<String, u64>,
    /// Entries accepted and not yet under a checkpoint: a running or killed program has such.
    pub staged: u64,
    /// The first faults.
    pub faults: Vec<Fault>,
    /// How many there are.
    pub fault_count: u64,
    /// What is no fault and worth knowing.
    pub notes: Vec<String>,
}

impl Report {
    /// Whether nothing is wrong.
    pub const fn is_good(&self) -> bool {
        self.fault_count == 0
    }

    /// Adds a fault.
    pub fn fault(&mut self, file: impl Into<String>, what: impl Into<String>) {
        self.fault_count += 1;
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(Fault { file: file.into(), what: what.into() });
        }
    }
}

/// Checks the log in `directory`. `each` is given every entry that can be read, with its index; those behind the checkpoint
/// too.
pub fn verify(directory: &Path, against: &Against, mut each: impl FnMut(u64, &[u8])) -> Report {
    let mut check = Check { directory, report: Report::default(), edge: Edge::default(), earlier: Vec::new() };
    let checkpoint = check.checkpoint(against);
    let size = match &checkpoint {
        Some(checkpoint) => checkpoint.size,
        None => check.size_on_disk(),
    };
    check.earlier(against, size);
    check.tiles(size, checkpoint.as_ref().map(|checkpoint| checkpoint.root), &mut each);
    check.extra_files(size);
    check.staged(size, &mut each);
    check.report
}

/// What is in a tile or bundle file.
enum Found<T> {
    Whole(T),
    Wrong,
}

struct Check<'a> {
    directory: &'a Path,
    report: Report,
    /// The tree as it follows from what was read.
    edge: Edge,
    /// Earlier checkpoints by size, that are still to be met.
    earlier: Vec<(u64, Hash, String)>,
}

impl Check<'_> {
    /// Reads and checks the checkpoint.
    fn checkpoint(&mut self, against: &Against) -> Option<Checkpoint> {
        let kept = self.key();
        if let (Some(given), Some(Ok(kept))) = (&against.key, &kept)
            && given != kept
        {
            self.report.fault("key.pub", format!("it is {}, not the key given", kept.as_str()));
        }
        let key = match (&against.key, kept) {
            (Some(given), _) => Some(given.clone()),
            (None, Some(Ok(kept))) => {
                let text = fs::read(self.directory.join("key.pub")).unwrap_or_default();
                if text != format!("{}\n", kept.as_str()).as_bytes() {
                    self.report.fault("key.pub", "it is not as it was written, though the key can be read");
                }
                let note = format!(
                    "no key was given, so the one in the directory was used. That shows damage; it does not show a forger \
                     who signed everything anew. Compare it with the one that you noted: {}",
                    kept.as_str()
                );
                self.report.notes.push(note);
                Some(kept)
            }
            (None, Some(Err(fault))) => {
                self.report.fault("key.pub", fault);
                None
            }
            (None, None) => {
                self.report.fault("key.pub", "it is missing, and no key was given: signatures cannot be checked");
                None
            }
        };
        self.report.key.clone_from(&key);
        let path = self.directory.join("checkpoint");
        let bytes = match fs::metadata(&path).map(|metadata| metadata.len()) {
            Ok(length) if length > CHECKPOINT_BYTES_MAX => {
                self.report.fault("checkpoint", format!("it has {length} bytes"));
                return None;
            }
            _ => fs::read(&path),
        };
        let checkpoint = match bytes {
            Ok(bytes) => Checkpoint::parse(&bytes).map_err(|fault| fault.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let checkpoint = match checkpoint {
            Ok(checkpoint) => checkpoint,
            Err(what) => {
                self.report.fault("checkpoint", what);
                return None;
            }
        };
        self.report.origin.clone_from(&checkpoint.origin);
        self.report.size = checkpoint.size;
        self.report.root = Some(checkpoint.root);
        if let Some(Err(fault)) = key.map(|key| checkpoint.verify(&key)) {
            self.report.fault("checkpoint", fault.to_string());
            // A size that nobody signed is not followed: it may be anything.
            return None;
        }
        Some(checkpoint)
    }

    fn key(&self) -> Option<Result<VerifyingKey, String>> {
        match fs::read_to_string(self.directory.join("key.pub")) {
            Ok(text) => Some(VerifyingKey::parse(&text).map_err(|fault| fault.to_string())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => Some(Err(error.to_string())),
        }
    }

    /// How many entries there are by the files, where no checkpoint says it.
    fn size_on_disk(&mut self) -> u64 {
        let mut size = 0;
        for (path, _) in self.files() {
            if let Some((None, number, width)) = tree::parse_path(&path) {
                size = size.max(number.saturating_mul(TILE_WIDTH as u64).saturating_add(width as u64));
            }
        }
        // Bundles follow each other: a file with a large number alone does not make a large log.
        let mut whole = 0;
        while whole < size && self.directory.join(tree::path(None, whole / TILE_WIDTH as u64, TILE_WIDTH)).exists() {
            whole += TILE_WIDTH as u64;
        }
        size.min(whole + TILE_WIDTH as u64 - 1)
    }

    fn earlier(&mut self, against: &Against, size: u64) {
        for (name, bytes) in &against.earlier {
            let checkpoint = match Checkpoint::parse(bytes) {
                Ok(checkpoint) => checkpoint,
                Err(fault) => {
                    self.report.fault(name, fault.to_string());
                    continue;
                }
            };
            let key = self.report.key.clone();
            if let Some(Err(fault)) = key.map(|key| checkpoint.verify(&key)) {
                self.report.fault(name, fault.to_string());
            } else if checkpoint.size > size {
                let what =
                    format!("it speaks of {} entries, the log has {size}: the log was cut back", checkpoint.size);
                self.report.fault(name, what);
            } else {
                self.earlier.push((checkpoint.size, checkpoint.root, name.clone()));
            }
        }
        self.earlier.sort_by_key(|(size, ..)| std::cmp::Reverse(*size));
        self.meet_earlier();
    }

    /// Compares with the earlier checkpoints of the size that is reached.
    fn meet_earlier(&mut self) {
        while let Some((_, root, name)) = self.earlier.pop_if(|(size, ..)| *size <= self.edge.size) {
            if self.edge.root() != root {
                let what = format!(
                    "its root is not that of the first {} entries of this log: one of the two was forged",
                    self.edge.size
                );
                self.report.fault(name, what);
            }
        }
    }

    fn tiles(&mut self, size: u64, root: Option<Hash>, each: &mut impl FnMut(u64, &[u8])) {
        let (full, last) = tree::extent(size, 0);
        let mut is_unknown = false;
        for number in 0..full + u64::from(last > 0) {
            let width = tree::width(size, 0, number);
            let first = number * TILE_WIDTH as u64;
            let entries = self.bundle(number, width, first, each);
            let hashes = self.tile(size, 0, number);
            let leaves = match (entries, hashes) {
                (Some(entries), Some(hashes)) if entries == hashes => Some(entries),
                (Some(entries), Some(hashes)) => Some(self.differing(size, root, number, entries, hashes)),
                (entries, hashes) => entries.or(hashes),
            };
            match leaves {
                Some(leaves) => leaves.into_iter().for_each(|leaf| self.push(size, 0, leaf)),
                // Neither entries nor hashes: the level above may know.
                None => match self.above(size, number) {
                    Some(hash) => self.push(size, 1, hash),
                    None => {
                        is_unknown = true;
                        break;
                    }
                },
            }
        }
        if is_unknown {
            self.report.notes.push("the root could not be computed: too much is missing".into());
            return;
        }
        for level in 1..LEVELS {
            let (number, width) = tree::extent(size, level);
            if width > 0 {
                let computed = self.edge.levels.get(usize::from(level)).cloned().unwrap_or_default();
                self.compare(size, level, number, &computed);
            }
        }
        if let Some(root) = root
            && self.edge.root() != root
        {
            let what = format!(
                "it signs the root {root}, the entries give {}: it belongs to another history, or entries were changed",
                self.edge.root()
            );
            self.report.fault("checkpoint", what);
        }
    }

    /// Adds a leaf or a subtree, and compares every tile above that it completes.
    fn push(&mut self, size: u64, level: u8, hash: Hash) {
        let mut completed = Vec::new();
        self.edge.push_at(level, hash, |level, number, hashes| {
            if level > 0 {
                completed.push((level, number, hashes.to_vec()));
            }
        });
        for (level, number, hashes) in completed {
            self.compare(size, level, number, &hashes);
        }
        if !self.earlier.is_empty() {
            self.meet_earlier();
        }
    }

    fn compare(&mut self, size: u64, level: u8, number: u64, computed: &[Hash]) {
        let Some(hashes) = self.tile(size, level, number) else { return };
        let file = tree::path(Some(level), number, tree::width(size, level, number));
        for (place, (hash, computed)) in hashes.iter().zip(computed).enumerate() {
            if hash != computed {
                let below = tree::path(Some(level - 1), number * TILE_WIDTH as u64 + place as u64, TILE_WIDTH);
                self.report.fault(&file, format!("hash {place} is not that of {below}"));
            }
        }
    }

    /// The hash that the tile of level 1 has for tile `number` of level 0.
    fn above(&self, size: u64, number: u64) -> Option<Hash> {
        let (above, place) = (number / TILE_WIDTH as u64, (number % TILE_WIDTH as u64) as usize);
        let width = tree::width(size, 1, above);
        let bytes = fs::read(self.directory.join(tree::path(Some(1), above, width))).ok()?;
        tree::from_bytes(&bytes)?.get(place).copied()
    }

    /// Entries and hashes of one tile differ: says which of the two is wrong, where something above tells, and gives the
    /// other one.
    fn differing(
        &mut self,
        size: u64,
        root: Option<Hash>,
        number: u64,
        entries: Vec<Hash>,
        hashes: Vec<Hash>,
    ) -> Vec<Hash> {
        let width = tree::width(size, 0, number);
        let (bundle, tile) = (tree::path(None, number, width), tree::path(Some(0), number, width));
        let fits = |leaves: &[Hash]| match width {
            TILE_WIDTH => self.above(size, number).is_some_and(|above| tree::subtree(leaves) == Some(above)),
            // The last tile: the root itself tells.
            _ => {
                let mut edge = self.edge.clone();
                leaves.iter().for_each(|leaf| edge.push(*leaf, |_, _, _| {}));
                root == Some(edge.root())
            }
        };
        let (entries_fit, hashes_fit) = (fits(&entries), fits(&hashes));
        let first = number * TILE_WIDTH as u64;
        let places = entries.iter().zip(&hashes).enumerate().filter(|(_, (entry, hash))| entry != hash);
        for (place, _) in places {
            let index = first + place as u64;
            match (entries_fit, hashes_fit) {
                (true, _) => self.report.fault(&tile, format!("hash {place} is not that of entry {index}")),
                (_, true) => self.report.fault(&bundle, format!("entry {index} was changed")),
                _ => self.report.fault(&bundle, format!("entry {index} and its hash in {tile} do not belong together")),
            }
        }
        if hashes_fit { hashes } else { entries }
    }

    /// Reads a file that must be there; a fault where it is not.
    fn read<T>(&mut self, file: &str, parse: impl FnOnce(&[u8]) -> Result<T, String>) -> Found<T> {
        let read = |file: &str| fs::read(self.directory.join(file));
        // A running program may have replaced the partial tile by the full one since the checkpoint was read.
        let bytes = match (read(file), file.split_once(".p/")) {
            (Err(error), Some((full, _))) if error.kind() == std::io::ErrorKind::NotFound => read(full),
            (result, _) => result,
        };
        let parsed = match bytes {
            Ok(bytes) => parse(&bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err("it is missing".into()),
            Err(error) => Err(error.to_string()),
        };
        match parsed {
            Ok(content) => Found::Whole(content),
            Err(what) => {
                self.report.fault(file, what);
                Found::Wrong
            }
        }
    }

    fn tile(&mut self, size: u64, level: u8, number: u64) -> Option<Vec<Hash>> {
        let width = tree::width(size, level, number);
        let read = self.read(&tree::path(Some(level), number, width), |bytes| match tree::from_bytes(bytes) {
            Some(hashes) if hashes.len() == width => Ok(hashes),
            Some(mut hashes) if hashes.len() == TILE_WIDTH => {
                hashes.truncate(width);
                Ok(hashes)
            }
            _ => Err(format!("it has {} bytes, not {}", bytes.len(), width * 32)),
        });
        match read {
            Found::Whole(hashes) => Some(hashes),
            Found::Wrong => None,
        }
    }

    /// The hashes of the entries of a bundle.
    fn bundle(
        &mut self,
        number: u64,
        width: usize,
        first: u64,
        each: &mut impl FnMut(u64, &[u8]),
    ) -> Option<Vec<Hash>> {
        let mut kinds = Vec::new();
        let read = self.read(&tree::path(None, number, width), |bytes| {
            let mut entries = tree::entries(bytes).ok_or("the lengths of its entries do not fit")?;
            if entries.len() == TILE_WIDTH {
                entries.truncate(width);
            }
            if entries.len() != width {
                return Err(format!("it has {} entries, not {width}", entries.len()));
            }
            for (index, entry) in (first..).zip(&entries) {
                kinds.push(kind(entry));
                each(index, entry);
            }
            Ok(entries.into_iter().map(record_hash).collect())
        });
        kinds.into_iter().for_each(|kind| *self.report.kinds.entry(kind).or_default() += 1);
        match read {
            Found::Whole(hashes) => Some(hashes),
            Found::Wrong => None,
        }
    }

    /// All files below `tile`, by their path with `/`.
    fn files(&self) -> Vec<(String, u64)> {
        let mut files = Vec::new();
        let mut folders = vec!["tile".to_owned()];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = fs::read_dir(self.directory.join(&folder)) else { continue };
            for entry in entries.flatten() {
                let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
                match entry.metadata() {
                    Ok(metadata) if metadata.is_dir() => folders.push(path),
                    Ok(metadata) => files.push((path, metadata.len())),
                    Err(_) => {}
                }
            }
        }
        files.sort();
        files
    }

    /// Partial tiles of earlier checkpoints must be the beginning of those of today; other files are told.
    fn extra_files(&mut self, size: u64) {
        let mut beyond = 0;
        for (path, _) in self.files() {
            let Some((level, number, width)) = tree::parse_path(&path) else {
                if !path.ends_with(".new") {
                    self.report.notes.push(format!("{path} does not belong to the log"));
                }
                continue;
            };
            let today = tree::width(size, level.unwrap_or(0), number);
            if width > today {
                beyond += 1;
            } else if width < today {
                // A log that grows meanwhile fills the tile and removes what was partial of it.
                let Ok(then) = fs::read(self.directory.join(&path)) else { continue };
                let now = fs::read(self.directory.join(tree::path(level, number, today)))
                    .or_else(|_| fs::read(self.directory.join(tree::path(level, number, TILE_WIDTH))))
                    .unwrap_or_default();
                let is_whole = match level {
                    Some(_) => then.len() == width * 32,
                    None => tree::entries(&then).is_some_and(|entries| entries.len() == width),
                };
                if !is_whole || !now.starts_with(&then) {
                    let today = tree::path(level, number, today);
                    self.report.fault(path, format!("it is not the beginning of {today}"));
                }
            }
        }
        if beyond > 0 {
            self.report.notes.push(format!(
                "{beyond} files are of entries behind the checkpoint: the program runs, or was killed while it published"
            ));
        }
    }

    fn staged(&mut self, size: u64, each: &mut impl FnMut(u64, &[u8])) {
        match staged::read(self.directory, size) {
            Ok(content) => {
                self.report.staged = content.entries.len() as u64;
                if let Some(index) = content.ahead {
                    let is_published = Reader::open(self.directory)
                        .checkpoint()
                        .is_ok_and(|(_, checkpoint)| checkpoint.size > size && checkpoint.size >= index);
                    match is_published {
                        true => self.report.notes.push("the program runs: it signed more entries meanwhile".into()),
                        false => self.report.fault("staged", format!("entries are missing before entry {index}")),
                    }
                } else if content.rest > 0 {
                    self.report.notes.push(format!(
                        "staged: {} bytes are no entry: a write that was interrupted, or damage",
                        content.rest
                    ));
                }
                for (index, entry) in (size..).zip(&content.entries) {
                    *self.report.kinds.entry(kind(entry)).or_default() += 1;
                    each(index, entry);
                }
            }
            Err(error) => self.report.fault("staged", error.to_string()),
        }
    }
}

/// The word in the field `entry`.
fn kind(entry: &[u8]) -> String {
    let value: Option<Value> = serde_json::from_slice(entry).ok();
    let kind = value.as_ref().and_then(|value| value.get("entry")?.as_str());
    kind.map_or("other", |kind| kind.get(..40).unwrap_or(kind)).to_owned()
}
