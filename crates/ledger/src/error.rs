//! What can go wrong with a log.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Why the log could not do what was asked. What was acknowledged before is untouched, and the next call tries anew.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// There is no room: nothing was accepted, and will be once there is.
    #[error("no room left for {}", path.display())]
    Full {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Anything else that the system refuses.
    #[error("could not {doing} {}", path.display())]
    System {
        /// What was being done.
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Another process writes it.
    #[error("{} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// There is a log but not its key.
    #[error("{} is missing: restore it from a backup, or begin a new log in another directory", .0.display())]
    KeyMissing(PathBuf),
    /// The key cannot be used.
    #[error("{}: {why}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The name of a log has a character that a key's name may not have.
    #[error("`{0}` cannot be the name of a log: no spaces, no `+`, not empty")]
    Name(String),
    /// What is on disk is not what was written.
    #[error("{}: {why}; `vigie verify` tells more", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// An entry that no bundle could hold.
    #[error("an entry of {0} bytes, at most {max} are allowed", max = crate::limits::ENTRY_BYTES_MAX)]
    TooLarge(usize),
    /// Something was asked for that the log does not have.
    #[error("the log has {size} entries: {what}")]
    NotThere {
        /// What was asked for.
        what: String,
        /// Entries of the log.
        size: u64,
    },
}

/// Says what was being done, to what.
pub(crate) fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> LedgerError {
    let path = path.to_owned();
    move |source| match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            LedgerError::Full { path, source }
        }
        _ => LedgerError::System { doing, path, source },
    }
}
