//! What is to be read: files, directories with everything below them, standard input, any stream of bytes.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::{Problem, ProblemKind, limits};

/// One thing to read.
pub enum Source {
    /// A file, plain or compressed.
    File(PathBuf),
    /// Standard input.
    Stdin,
    /// Any other stream, with the name that problems are told by.
    Stream(String, Box<dyn Read + Send>),
}

impl Source {
    /// The name that problems are told by.
    pub fn name(&self) -> String {
        match self {
            Source::File(path) => path.display().to_string(),
            Source::Stdin => "-".to_owned(),
            Source::Stream(name, _) => name.clone(),
        }
    }
}

/// Everything to read, in order.
#[derive(Default)]
pub struct Input {
    /// In the order of reading.
    pub sources: Vec<Source>,
    /// What could not even be listed.
    pub problems: Vec<Problem>,
    /// Bytes of all files; 0 where only streams are read.
    pub bytes: u64,
}

impl Input {
    /// Lists what `paths` name: files, directories (all files below, sorted by path) and `-` for standard input.
    pub fn from_paths<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Input {
        let mut input = Input::default();
        for path in paths {
            let path = path.as_ref();
            if path == Path::new("-") {
                input.sources.push(Source::Stdin);
                continue;
            }
            match fs::metadata(path) {
                Ok(metadata) if metadata.is_dir() => {
                    let before = (input.sources.len(), input.problems.len());
                    input.directory(path, 0);
                    if before == (input.sources.len(), input.problems.len()) {
                        input.problem(path, ProblemKind::Empty, "no file in this directory".to_owned());
                    }
                }
                Ok(metadata) => input.file(path, metadata.len()),
                Err(error) => input.problem(path, ProblemKind::Unreadable, reason(&error)),
            }
        }
        input
    }

    /// One stream.
    pub fn from_stream(name: &str, stream: impl Read + Send + 'static) -> Input {
        Input { sources: vec![Source::Stream(name.to_owned(), Box::new(stream))], ..Input::default() }
    }

    fn file(&mut self, path: &Path, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
        self.sources.push(Source::File(path.to_owned()));
    }

    fn directory(&mut self, path: &Path, depth: usize) {
        if depth > limits::DIRECTORY_DEPTH_MAX {
            self.problem(path, ProblemKind::Unsupported, "too deep a directory".to_owned());
            return;
        }
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) => return self.problem(path, ProblemKind::Unreadable, reason(&error)),
        };
        let mut children = Vec::new();
        for entry in entries {
            match entry {
                Ok(entry) => children.push(entry.path()),
                Err(error) => self.problem(path, ProblemKind::Unreadable, reason(&error)),
            }
        }
        children.sort();
        for child in children {
            // A link to a file is read like the file; a link to a directory could lead back up.
            let is_link = child.is_symlink();
            match fs::metadata(&child) {
                Ok(metadata) if metadata.is_dir() && is_link => {
                    self.problem(&child, ProblemKind::Unsupported, "link to a directory, not followed".to_owned());
                }
                Ok(metadata) if metadata.is_dir() => self.directory(&child, depth + 1),
                Ok(metadata) if metadata.is_file() => self.file(&child, metadata.len()),
                Ok(_) => self.problem(&child, ProblemKind::Unsupported, "not a regular file".to_owned()),
                Err(error) => self.problem(&child, ProblemKind::Unreadable, reason(&error)),
            }
        }
    }

    fn problem(&mut self, path: &Path, kind: ProblemKind, reason: String) {
        self.problems.push(Problem { path: path.display().to_string(), offset: None, kind, reason });
    }
}

/// What an I/O error means, in plain words.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}
