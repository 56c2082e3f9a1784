//! What could not be read: where, why, and of which kind.

use std::fmt;

model::words! {
    /// The kinds of trouble with input.
    pub enum ProblemKind {
        /// It does not exist, or may not be opened or read.
        Unreadable = "unreadable",
        /// A file without a single byte, or a directory without a file.
        Empty = "empty",
        /// Not a capture that Vigie knows.
        Unrecognised = "unrecognised",
        /// It ends in the middle of something; what was whole before was read.
        Truncated = "truncated",
        /// Something in it cannot be true; what came before was read.
        Corrupt = "corrupt",
        /// Well formed, but beyond what is read.
        Unsupported = "unsupported",
        /// The filter cannot be applied to it.
        Filter = "filter",
    }
}

/// Something about the input that kept (part of) it from being read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file as it was named, or found in a directory; `-` is standard input.
    pub path: String,
    /// Bytes from the start of the capture (of compressed files: of what they contain), where it has a place.
    pub offset: Option<u64>,
    /// Which kind.
    pub kind: ProblemKind,
    /// Why, in a sentence fragment.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.offset {
            Some(offset) => write!(f, "{}: at offset {offset}: {}", self.path, self.reason),
            None => write!(f, "{}: {}", self.path, self.reason),
        }
    }
}
