//! A proof that an entry is in the log, which needs nothing but itself, the entry and the log's key (C2SP tlog-proof).

use tlog_tiles::{Hash, check_record, record_hash};

use crate::note::{Checkpoint, NoteFault, VerifyingKey};

const HEAD: &str = "c2sp.org/tlog-proof@v1";

/// An entry's place, the hashes that lead from it to the root, and the signed checkpoint with that root.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// The entry's place, from 0.
    pub index: u64,
    /// From the leaf's sibling up.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint, as its file holds it.
    pub checkpoint: Vec<u8>,
}

/// Why a proof proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofFault {
    /// It cannot be read.
    #[error("it is not a proof of the form {HEAD}")]
    Malformed,
    /// Its checkpoint is not the log's.
    #[error("its checkpoint: {0}")]
    Checkpoint(#[from] NoteFault),
    /// The entry is not the one at that place.
    #[error("the log that the checkpoint speaks of has another entry at place {0}")]
    OtherEntry(u64),
}

impl Proof {
    /// The text of the proof, usually in a file with the ending `.tlog-proof`.
    pub fn to_text(&self) -> Vec<u8> {
        let mut text = format!("{HEAD}\nindex {}\n", self.index);
        self.hashes.iter().for_each(|hash| text += &format!("{hash}\n"));
        text.push('\n');
        [text.as_bytes(), &self.checkpoint].concat()
    }

    /// Reads the text of a proof.
    pub fn parse(bytes: &[u8]) -> Result<Proof, ProofFault> {
        let read = || {
            let text = std::str::from_utf8(bytes).ok()?;
            let (head, checkpoint) = text.split_once("\n\n")?;
            let mut lines = head.lines().peekable();
            if lines.next()? != HEAD {
                return None;
            }
            lines.next_if(|line| line.starts_with("extra "));
            let digits = lines.next()?.strip_prefix("index ")?;
            let index: u64 = digits.parse().ok()?;
            let hashes: Option<Vec<Hash>> = lines.map(|line| Hash::parse_hash(line).ok()).collect();
            // A tree of 2^64 entries has 64 levels.
            let hashes = hashes.filter(|hashes| hashes.len() <= 64)?;
            (index.to_string() == digits).then(|| Proof { index, hashes, checkpoint: checkpoint.into() })
        };
        read().ok_or(ProofFault::Malformed)
    }

    /// Whether the log with this key has `entry` at this place; gives the checkpoint that says so.
    pub fn verify(&self, entry: &[u8], key: &VerifyingKey) -> Result<Checkpoint, ProofFault> {
        let checkpoint = Checkpoint::parse(&self.checkpoint)?;
        checkpoint.verify(key)?;
        match check_record(&self.hashes, checkpoint.size, checkpoint.root, self.index, record_hash(entry)) {
            Ok(()) => Ok(checkpoint),
            Err(_) => Err(ProofFault::OtherEntry(self.index)),
        }
    }
}
