//! Advisories and threat lists kept in a folder: each revision as it came, with the date on which it was known.
//!
//! `known.jsonl` has a line for every file, in the order in which they came; `documents/` has the files, named by their
//! SHA-256. A file is in place before its line is written, so an import that is cut short is simply done again: what is known
//! already is passed over.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::catalogue::{Catalogue, Content, Problem, read};
use crate::document::Advisory;
use crate::limits::{DOCUMENT_BYTES_MAX, PROBLEMS_MAX};
use crate::source::{self, Item};

/// One known file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// What it is: `advisory`, `kev`, `epss`, `lifecycle`, `cve`.
    pub kind: String,
    /// Its id; of lists their kind.
    pub id: String,
    /// Title.
    pub title: String,
    /// Revision, as the document says.
    pub revision: String,
    /// When the document says that it was released.
    pub updated: String,
    /// Its SHA-256: also its name.
    pub sha256: String,
    /// When it came here: RFC 3339.
    pub first_known: String,
    /// Where it came from.
    pub source: String,
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Files looked at.
    pub files: u64,
    /// New documents.
    pub new: u64,
    /// New revisions of documents that were known.
    pub revised: u64,
    /// Known already, to the byte.
    pub same: u64,
    /// What was wrong.
    pub problems: Vec<Problem>,
    /// How many things were wrong in all.
    pub problem_count: u64,
}

impl Imported {
    fn tell(&mut self, file: &str, place: &str, reason: String) {
        self.problem_count += 1;
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem { file: file.into(), place: place.into(), reason });
        }
    }
}

/// The folder.
pub struct Store {
    folder: PathBuf,
    known: Vec<Known>,
    hashes: HashSet<String>,
    /// Lines of the list that could not be read.
    pub faults: Vec<Problem>,
}

fn failed(what: &Path) -> impl FnOnce(io::Error) -> String {
    move |error| format!("`{}`: {error}", what.display())
}

/// The SHA-256 of bytes in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Store {
    /// Opens the folder `DATA/advisories`, made where it is missing.
    pub fn open(data: &Path) -> Result<Store, String> {
        let folder = data.join("advisories");
        fs::create_dir_all(folder.join("documents")).map_err(failed(&folder))?;
        let list = folder.join("known.jsonl");
        let mut store = Store { folder, known: Vec::new(), hashes: HashSet::new(), faults: Vec::new() };
        match File::open(&list) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(format!("`{}`: {error}", list.display())),
            Ok(file) => {
                for (at, line) in BufReader::new(file).lines().enumerate() {
                    let line = line.map_err(failed(&list))?;
                    match serde_json::from_str::<Known>(&line) {
                        Ok(known)
                            if known.sha256.len() == 64 && known.sha256.bytes().all(|b| b.is_ascii_hexdigit()) =>
                        {
                            store.hashes.insert(known.sha256.clone());
                            store.known.push(known);
                        }
                        // The last line of a program that was killed: its file comes again with the next import.
                        _ if line.is_empty() => {}
                        other => store.faults.push(Problem {
                            file: "known.jsonl".into(),
                            place: format!("line {}", at + 1),
                            reason: other.map_or_else(|error| error.to_string(), |_| "no SHA-256".into()),
                        }),
                    }
                }
            }
        }
        Ok(store)
    }

    /// Everything known, in the order in which it came.
    pub fn known(&self) -> &[Known] {
        &self.known
    }

    /// The bytes of a known file.
    pub fn bytes(&self, known: &Known) -> Result<Vec<u8>, String> {
        let path = self.path(&known.sha256);
        let bytes = File::open(&path).map_err(|error| error.to_string()).and_then(source::bounded)?;
        match sha256(&bytes) == known.sha256 {
            true => Ok(bytes),
            false => Err("it is not what was imported: its SHA-256 is another".into()),
        }
    }

    fn path(&self, sha256: &str) -> PathBuf {
        self.folder.join("documents").join(format!("{sha256}.json"))
    }

    /// Imports everything below `path`. `now` is written down as the date on which it was known.
    pub fn import(&mut self, path: &Path, now: &str, tick: &mut dyn FnMut(u64)) -> Result<Imported, String> {
        let mut imported = Imported::default();
        let origin = path.display().to_string();
        let mut list = self.list()?;
        let mut broken = None;
        source::read(path, &mut |Item { name, content }| {
            imported.files += 1;
            tick(imported.files);
            if broken.is_some() {
                return;
            }
            match content {
                Ok(bytes) => {
                    let source = format!("{origin}!{name}");
                    if let Err(error) = self.take(&mut list, &name, &source, &bytes, now, &mut imported) {
                        broken = Some(error);
                    }
                }
                Err(reason) => imported.tell(&name, "", reason),
            }
        })?;
        list.sync_all().map_err(failed(&self.folder))?;
        match broken {
            Some(error) => Err(error),
            None => Ok(imported),
        }
    }

    /// Imports one document that came over the network.
    pub fn import_bytes(&mut self, name: &str, source: &str, bytes: &[u8], now: &str) -> Result<Imported, String> {
        let mut imported = Imported { files: 1, ..Imported::default() };
        let mut list = self.list()?;
        self.take(&mut list, name, source, bytes, now, &mut imported)?;
        list.sync_all().map_err(failed(&self.folder))?;
        Ok(imported)
    }

    fn list(&self) -> Result<File, String> {
        let path = self.folder.join("known.jsonl");
        let mut file = OpenOptions::new().create(true).append(true).read(true).open(&path).map_err(failed(&path))?;
        // A line that was cut by a crash must not swallow the next one.
        if fs::read(&path).map_err(failed(&path))?.last().is_some_and(|byte| *byte != b'\n') {
            file.write_all(b"\n").map_err(failed(&path))?;
        }
        Ok(file)
    }

    fn take(
        &mut self,
        list: &mut File,
        name: &str,
        source: &str,
        bytes: &[u8],
        now: &str,
        imported: &mut Imported,
    ) -> Result<(), String> {
        if bytes.len() as u64 > DOCUMENT_BYTES_MAX {
            imported.tell(name, "", format!("larger than {} MiB", DOCUMENT_BYTES_MAX >> 20));
            return Ok(());
        }
        let hash = sha256(bytes);
        if self.hashes.contains(&hash) {
            imported.same += 1;
            return Ok(());
        }
        let known = match read(bytes) {
            Ok(Content::Advisory(advisory, faults)) => {
                for fault in faults {
                    imported.tell(name, &fault.place, fault.reason);
                }
                Known {
                    kind: "advisory".into(),
                    id: advisory.id,
                    title: advisory.title,
                    revision: advisory.revision,
                    updated: advisory.updated,
                    sha256: hash,
                    first_known: now.into(),
                    source: source.into(),
                }
            }
            Ok(Content::Other("kev", value)) => Known {
                kind: "kev".into(),
                id: "kev".into(),
                title: value
                    .get("title")
                    .and_then(|t| t.as_str())
                    .unwrap_or("known exploited vulnerabilities")
                    .chars()
                    .take(200)
                    .collect(),
                revision: value
                    .get("catalogVersion")
                    .and_then(|t| t.as_str())
                    .unwrap_or_default()
                    .chars()
                    .take(40)
                    .collect(),
                updated: value
                    .get("dateReleased")
                    .and_then(|t| t.as_str())
                    .unwrap_or_default()
                    .chars()
                    .take(40)
                    .collect(),
                sha256: hash,
                first_known: now.into(),
                source: source.into(),
            },
            // Lists of another use: threat catalogues, the provider's own description.
            Ok(Content::Other(..)) => return Ok(()),
            Err(fault) => {
                imported.tell(name, &fault.place, fault.reason);
                return Ok(());
            }
        };
        let place = self.path(&known.sha256);
        let draft = place.with_extension("draft");
        fs::write(&draft, bytes).and_then(|()| fs::rename(&draft, &place)).map_err(failed(&place))?;
        let mut line = serde_json::to_vec(&known).map_err(|error| error.to_string())?;
        line.push(b'\n');
        list.write_all(&line).map_err(failed(&self.folder))?;
        match self.known.iter().any(|other| other.kind == known.kind && other.id == known.id) {
            true => imported.revised += 1,
            false => imported.new += 1,
        }
        self.hashes.insert(known.sha256.clone());
        self.known.push(known);
        Ok(())
    }

    /// What was known at a time (RFC 3339; everything where none is given): the newest revision of every document.
    pub fn as_of(&self, time: Option<&str>) -> Vec<&Known> {
        let mut newest: BTreeMap<(&str, &str), &Known> = BTreeMap::new();
        for known in &self.known {
            if time.is_some_and(|time| known.first_known.as_str() > time) {
                continue;
            }
            let slot = newest.entry((&known.kind, &known.id)).or_insert(known);
            if known.updated >= slot.updated {
                *slot = known;
            }
        }
        newest.into_values().collect()
    }

    /// The index over what was known at a time.
    pub fn catalogue(&self, time: Option<&str>) -> (Catalogue, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut advisories: Vec<Advisory> = Vec::new();
        for known in self.as_of(time).into_iter().filter(|known| known.kind == "advisory") {
            let result = self.bytes(known).and_then(|bytes| read(&bytes).map_err(|fault| fault.to_string()));
            match result {
                Ok(Content::Advisory(advisory, _)) => advisories.push(*advisory),
                Ok(Content::Other(..)) => {}
                Err(reason) => problems.push(Problem { file: known.id.clone(), place: known.sha256.clone(), reason }),
            }
        }
        (Catalogue::new(advisories), problems)
    }
}

#[cfg(test)]
mod tests;
