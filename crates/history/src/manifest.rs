//! The manifest: which files are history, and up to which entry of the ledger. What it does not name is not there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::Time;
use serde::{Deserialize, Serialize};

use crate::file;
use crate::kind::Kind;

/// Name of the manifest in the folder of history.
pub(crate) const NAME: &str = "manifest.json";

/// Ending of files that were set aside because they are damaged.
pub(crate) const SET_ASIDE: &str = "damaged";

/// One Parquet file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// Its table.
    pub kind: Kind,
    /// Path below the folder of history: `acts/date=2026-03-02/hour=06/0000000017.parquet`.
    pub path: String,
    /// Number of rows; at least 1.
    pub rows: u64,
    /// Size of the file.
    pub bytes: u64,
    /// Least `at`.
    pub first: Time,
    /// Greatest `at`.
    pub last: Time,
}

/// The whole manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// 1.
    pub(crate) version: u32,
    /// Entries of the ledger below this one are in the files.
    pub(crate) next: u64,
    /// Number of the next file.
    pub(crate) number: u64,
    /// Files set aside since the beginning because they were damaged or missing.
    pub(crate) set_aside: u64,
    /// The files, the oldest first within a kind.
    pub(crate) files: Vec<Arc<Stored>>,
}

impl Manifest {
    /// Nothing yet.
    pub(crate) fn empty() -> Manifest {
        Manifest { version: 1, ..Manifest::default() }
    }

    /// Reads the manifest of `folder`; nothing where there is none.
    pub(crate) fn read(folder: &Path) -> Result<Option<Manifest>, io::Error> {
        let path = folder.join(NAME);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e),
        };
        let manifest: Manifest = serde_json::from_slice(&bytes).map_err(io::Error::from)?;
        if manifest.version != 1 {
            let reason = format!("version {} is of a newer Vigie", manifest.version);
            return Err(io::Error::new(io::ErrorKind::Unsupported, reason));
        }
        Ok(Some(manifest))
    }

    /// Puts the manifest in the place of the one before, whole or not at all.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), io::Error> {
        let bytes = serde_json::to_vec(self).map_err(io::Error::from)?;
        file::write_whole(&folder.join(NAME), &bytes)
    }

    /// As [`write`](Manifest::write). Where only the very last step failed, the new manifest is there all the same, and
    /// the files that it names must not go.
    pub(crate) fn replace(&self, folder: &Path) -> Result<(), io::Error> {
        match self.write(folder) {
            Err(_) if Manifest::read(folder).ok().flatten().as_ref() == Some(self) => Ok(()),
            other => other,
        }
    }
}

/// The folder of the hour of `at`, below the folder of history: `acts/date=2026-03-02/hour=06`.
pub(crate) fn folder_of(kind: Kind, hour: i64) -> String {
    // Every hour that fits in nanoseconds of 64 bits is a date.
    let begin = jiff::Timestamp::from_second(hour.saturating_mul(3600)).unwrap_or_default();
    format!("{kind}/{}", begin.strftime("date=%Y-%m-%d/hour=%H"))
}

/// Hours since 1970 of a time in nanoseconds.
pub(crate) const fn hour_of(at: i64) -> i64 {
    at.div_euclid(3_600_000_000_000)
}

/// All files below the folders of the kinds that end as ours do, with their paths below `folder`.
pub(crate) fn found(folder: &Path) -> Vec<(Kind, String)> {
    let mut all = Vec::new();
    let names = |path: PathBuf| -> Vec<String> {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
    };
    for kind in Kind::ALL {
        for date in names(folder.join(kind.as_str())).iter().filter(|name| name.starts_with("date=")) {
            let date = format!("{kind}/{date}");
            for hour in names(folder.join(&date)).iter().filter(|name| name.starts_with("hour=")) {
                let hour = format!("{date}/{hour}");
                for name in names(folder.join(&hour)) {
                    let ending = name.rsplit('.').next().unwrap_or_default();
                    if ending == "parquet" || ending == file::UNFINISHED {
                        all.push((*kind, format!("{hour}/{name}")));
                    }
                }
            }
        }
    }
    all.sort();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_has_its_folder() {
        let at = Time::parse("2026-03-02T06:59:59.999999999Z").expect("a time");
        assert_eq!(folder_of(Kind::Acts, hour_of(at.0)), "acts/date=2026-03-02/hour=06");
        assert_eq!(folder_of(Kind::Samples, hour_of(-1)), "samples/date=1969-12-31/hour=23");
        for extreme in [i64::MIN, i64::MAX] {
            assert!(folder_of(Kind::Acts, hour_of(extreme)).contains("/hour="));
        }
    }

    #[test]
    fn a_newer_manifest_is_refused() {
        let folder = std::env::temp_dir().join(format!("vigie-manifest-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        assert_eq!(Manifest::read(&folder).expect("none"), None);
        Manifest { version: 9, ..Manifest::empty() }.write(&folder).expect("written");
        assert!(Manifest::read(&folder).expect_err("refused").to_string().contains("newer"));
        Manifest::empty().write(&folder).expect("written");
        assert_eq!(Manifest::read(&folder).expect("read"), Some(Manifest::empty()));
        fs::remove_dir_all(&folder).expect("removed");
    }
}
