//! Where records go: JSON lines, to a file or to standard output; Parquet, into a folder.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use model::Record;

use crate::arguments::Format;

/// Bytes gathered before they are written.
const BUFFER_BYTES: usize = 1 << 18;

/// Where records go.
pub struct Records {
    path: PathBuf,
    out: Out,
    /// The first failure to write; nothing is written after it.
    failure: Option<String>,
}

enum Out {
    Lines(Box<dyn Write>),
    Folder(Box<history::Folder>),
    Closed,
}

impl Records {
    /// Opens `path`; `-` is standard output.
    pub fn open(path: &Path, format: Format) -> Result<Records, String> {
        let out = match format {
            Format::Parquet if path == Path::new("-") => {
                return Err("Parquet cannot go to standard output: it is a folder of files; name one".into());
            }
            Format::Parquet => Out::Folder(Box::new(history::Folder::create(path).map_err(|e| e.to_string())?)),
            Format::Jsonl if path == Path::new("-") => {
                Out::Lines(Box::new(BufWriter::with_capacity(BUFFER_BYTES, io::stdout())))
            }
            Format::Jsonl => Out::Lines(Box::new(BufWriter::with_capacity(BUFFER_BYTES, create(path)?))),
        };
        Ok(Records { path: path.to_owned(), out, failure: None })
    }

    /// Writes one record. A failure is kept and told by `close`.
    pub fn write(&mut self, record: &Record) {
        if self.failure.is_some() {
            return;
        }
        let written = match &mut self.out {
            Out::Lines(out) => serde_json::to_writer(&mut *out, record)
                .map_err(io::Error::from)
                .and_then(|()| out.write_all(b"\n"))
                .map_err(|e| format!("could not write `{}`: {}", self.path.display(), reason(&e))),
            Out::Folder(folder) => folder.write(record).map_err(|e| e.to_string()),
            Out::Closed => Ok(()),
        };
        self.failure = written.err();
    }

    /// Writes what is left. A reader that went away (`| head`) is no failure.
    pub fn close(mut self) -> Result<(), String> {
        let closed = match std::mem::replace(&mut self.out, Out::Closed) {
            Out::Lines(mut out) => {
                out.flush().map_err(|e| format!("could not write `{}`: {}", self.path.display(), reason(&e)))
            }
            // What came before a failure is not passed off as the whole.
            Out::Folder(_) if self.failure.is_some() => Ok(()),
            Out::Folder(folder) => folder.finish().map_err(|e| e.to_string()),
            Out::Closed => Ok(()),
        };
        match self.failure.take().or(closed.err()) {
            Some(failure) if !failure.ends_with(GONE) => Err(failure),
            _ => Ok(()),
        }
    }
}

/// The reason of a pipe whose reader went away.
const GONE: &str = "nobody reads any more";

fn reason(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::BrokenPipe { GONE.into() } else { error.to_string() }
}

/// Creates a file, with the path in the error.
pub fn create(path: &Path) -> Result<File, String> {
    File::create(path).map_err(|e| format!("could not write `{}`: {e}", path.display()))
}
