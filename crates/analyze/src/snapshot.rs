//! The whole state of an analysis as bytes, so that a sensor with a year behind it begins where it stopped.
//!
//! The bytes are of one version of the program: another one starts anew from the records it kept (the journal), which
//! gives the same state. What is damaged, cut or of another version is refused, never half read.

use std::io::{Error, ErrorKind, Read, Result, Write};

use model::borsh::{BorshDeserialize, BorshSerialize};
use sha2::{Digest, Sha256};
use smallvec::{Array, SmallVec};

/// First bytes of a saved state. The number changes with every change of what is kept.
const MAGIC: &[u8] = b"vigie analysis 2\n";

/// Length of the hash at the end.
const HASH_BYTES: usize = 32;

/// Bytes of one list that are set aside before any of it was read: a length that lies must not take all memory.
const AHEAD_MAX: usize = 4_096;

/// What can be kept as bytes and put back: every memory of a detector.
pub trait Keep {
    /// Writes everything that it remembers.
    fn keep(&self, out: &mut Vec<u8>) -> Result<()>;
    /// Takes over what `bytes` say, all of them.
    fn restore(&mut self, bytes: &[u8]) -> Result<()>;
}

impl<T: BorshSerialize + BorshDeserialize> Keep for T {
    fn keep(&self, out: &mut Vec<u8>) -> Result<()> {
        self.serialize(out)
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        *self = T::try_from_slice(bytes)?;
        Ok(())
    }
}

/// Closes `body`: magic and version before it, a hash after it.
pub(crate) fn seal(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(MAGIC.len() + body.len() + 64);
    out.extend_from_slice(MAGIC);
    let version = env!("CARGO_PKG_VERSION").as_bytes();
    out.push(u8::try_from(version.len()).unwrap_or(u8::MAX));
    out.extend_from_slice(version);
    out.extend_from_slice(body);
    let hash: [u8; HASH_BYTES] = Sha256::digest(&out).into();
    out.extend_from_slice(&hash);
    out
}

/// The body of what [`seal`] closed.
pub(crate) fn open(bytes: &[u8]) -> Result<&[u8]> {
    let refuse = |why: &str| Error::new(ErrorKind::InvalidData, format!("state of the analysis: {why}"));
    let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| refuse("not one, or of another version"))?;
    let (hashed, hash) = bytes.split_at_checked(bytes.len().saturating_sub(HASH_BYTES)).unwrap_or_default();
    let expected: [u8; HASH_BYTES] = Sha256::digest(hashed).into();
    if hash != expected {
        return Err(refuse("damaged or cut"));
    }
    let (length, rest) = rest.split_first().ok_or_else(|| refuse("cut"))?;
    let (version, rest) = rest.split_at_checked(usize::from(*length)).ok_or_else(|| refuse("cut"))?;
    if version != env!("CARGO_PKG_VERSION").as_bytes() {
        return Err(refuse("made by another version of the program"));
    }
    Ok(rest.get(..rest.len().saturating_sub(HASH_BYTES)).unwrap_or_default())
}

/// Writes a small vector like a vector.
pub(crate) fn write_small<A: Array, W: Write>(small: &SmallVec<A>, writer: &mut W) -> Result<()>
where
    A::Item: BorshSerialize,
{
    small.as_slice().serialize(writer)
}

/// Reads [`write_small`].
pub(crate) fn read_small<A: Array, R: Read>(reader: &mut R) -> Result<SmallVec<A>>
where
    A::Item: BorshDeserialize,
{
    let count = u32::deserialize_reader(reader)? as usize;
    let mut small = SmallVec::with_capacity(count.min(AHEAD_MAX));
    for _ in 0..count {
        small.push(A::Item::deserialize_reader(reader)?);
    }
    Ok(small)
}

/// Writes the id of a detector.
pub(crate) fn write_id<W: Write>(id: &&'static str, writer: &mut W) -> Result<()> {
    id.serialize(writer)
}

/// Reads the id of a detector that this program has.
pub(crate) fn read_id<R: Read>(reader: &mut R) -> Result<&'static str> {
    let id = String::deserialize_reader(reader)?;
    crate::descriptor(&id)
        .map(|about| about.id)
        .ok_or_else(|| Error::new(ErrorKind::InvalidData, format!("no detector `{id}`")))
}
