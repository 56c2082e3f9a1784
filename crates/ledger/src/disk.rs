//! Every change of the disk goes through here: what is written together, what is made durable, and in which order.
//!
//! In tests each step is noted, and can be made to fail, so that the state after a crash at any instant can be set up.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Writes a whole file: under another name, synced, then renamed. It survives a crash only after [`sync_directory`] of its
/// directory.
pub(crate) fn write_file(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    step(|| Step::Write(path.to_owned(), bytes.to_vec()))?;
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    let mut file = options.open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)
}

/// Makes durable which files a directory has.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    step(|| Step::SyncDirectory(path.to_owned()))?;
    File::open(path)?.sync_all()
}

/// Makes a directory with all above it, durable.
pub(crate) fn make_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(above) = path.parent() {
        make_directory(above)?;
    }
    step(|| Step::MakeDirectory(path.to_owned()))?;
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        result => result?,
    }
    path.parent().map_or(Ok(()), sync_directory)
}

/// Appends to a file. It survives a crash only after [`sync_file`].
pub(crate) fn append(file: &mut File, path: &Path, bytes: &[u8]) -> io::Result<()> {
    step(|| Step::Append(path.to_owned(), bytes.to_vec()))?;
    file.write_all(bytes)
}

/// Makes durable what was appended.
pub(crate) fn sync_file(file: &File, path: &Path) -> io::Result<()> {
    step(|| Step::SyncFile(path.to_owned()))?;
    file.sync_data()
}

/// Cuts a file.
pub(crate) fn truncate(file: &File, path: &Path, length: u64) -> io::Result<()> {
    step(|| Step::Truncate(path.to_owned(), length))?;
    file.set_len(length)
}

/// Removes a directory with its files.
pub(crate) fn remove_directory(path: &Path) -> io::Result<()> {
    if !path.exists() {
        return Ok(());
    }
    step(|| Step::Remove(path.to_owned()))?;
    fs::remove_dir_all(path)
}

/// One change of the disk.
#[allow(dead_code)]
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Write(std::path::PathBuf, Vec<u8>),
    Append(std::path::PathBuf, Vec<u8>),
    SyncFile(std::path::PathBuf),
    Truncate(std::path::PathBuf, u64),
    Remove(std::path::PathBuf),
    MakeDirectory(std::path::PathBuf),
    SyncDirectory(std::path::PathBuf),
}

#[cfg(not(test))]
fn step(_: impl FnOnce() -> Step) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
pub(crate) use noted::{Notes, step};

#[cfg(test)]
mod noted {
    use std::cell::RefCell;
    use std::io;

    use super::Step;

    /// What a test notes and lets fail.
    #[derive(Default)]
    pub(crate) struct Notes {
        /// All steps since the test began to note.
        pub(crate) steps: Option<Vec<Step>>,
        /// Steps that still work; then every one fails as on a full disk.
        pub(crate) room: Option<usize>,
    }

    thread_local! {
        static NOTES: RefCell<Notes> = RefCell::default();
    }

    impl Notes {
        pub(crate) fn set(notes: Notes) -> Notes {
            NOTES.replace(notes)
        }
    }

    pub(crate) fn step(make: impl FnOnce() -> Step) -> io::Result<()> {
        NOTES.with_borrow_mut(|notes| {
            match &mut notes.room {
                Some(0) => return Err(io::ErrorKind::StorageFull.into()),
                Some(left) => *left -= 1,
                None => {}
            }
            if let Some(steps) = &mut notes.steps {
                steps.push(make());
            }
            Ok(())
        })
    }
}
