//! The binary form of records (borsh, <https://borsh.io>), where the derive does not say it: floats and sets of words.
//!
//! The form is canonical: equal records have equal bytes. What is derived follows the order of fields and variants, so
//! that a field or variant that comes later stands last, and a change of fields is a new version of the batch
//! (`uplink`, docs/batches.md).

use std::io::{Error, ErrorKind, Read, Result, Write};

use borsh::{BorshDeserialize, BorshSerialize};
use smallvec::SmallVec;

use crate::{MessageCount, Messages};

/// Length of the longest word of a set.
const WORD_BYTES_MAX: usize = 64;

/// A word of a closed set: its length in one byte, then the word. New words change nothing of old ones.
pub fn write_word(word: &str, writer: &mut impl Write) -> Result<()> {
    let length =
        u8::try_from(word.len()).map_err(|_| Error::new(ErrorKind::InvalidData, "a word of a set is short"))?;
    writer.write_all(&[length])?;
    writer.write_all(word.as_bytes())
}

/// The member of a closed set that the word read names.
pub fn read_word<T>(reader: &mut impl Read, set: &str, find: impl Fn(&str) -> Option<T>) -> Result<T> {
    let length = usize::from(u8::deserialize_reader(reader)?);
    let mut buffer = [0; WORD_BYTES_MAX];
    let word =
        buffer.get_mut(..length).ok_or_else(|| Error::new(ErrorKind::InvalidData, format!("{set}: {length} bytes")))?;
    reader.read_exact(word)?;
    let word = std::str::from_utf8(word).map_err(|error| Error::new(ErrorKind::InvalidData, error))?;
    find(word).ok_or_else(|| Error::new(ErrorKind::InvalidData, format!("unknown {set} `{word}`")))
}

/// A float as the 64 bits of IEEE 754: borsh itself refuses what is not a number, and devices do send that.
pub(crate) fn write_float<W: Write>(float: &f64, writer: &mut W) -> Result<()> {
    writer.write_all(&float.to_bits().to_le_bytes())
}

/// Reads [`write_float`].
pub(crate) fn read_float<R: Read>(reader: &mut R) -> Result<f64> {
    u64::deserialize_reader(reader).map(f64::from_bits)
}

/// The summary of a sample: number, least, greatest, mean.
pub(crate) fn write_summary<W: Write>(summary: &Option<(u64, f64, f64, f64)>, writer: &mut W) -> Result<()> {
    summary
        .map(|(count, least, greatest, mean)| (count, least.to_bits(), greatest.to_bits(), mean.to_bits()))
        .serialize(writer)
}

/// Reads [`write_summary`].
pub(crate) fn read_summary<R: Read>(reader: &mut R) -> Result<Option<(u64, f64, f64, f64)>> {
    let summary = Option::<(u64, u64, u64, u64)>::deserialize_reader(reader)?;
    Ok(summary.map(|(count, least, greatest, mean)| {
        (count, f64::from_bits(least), f64::from_bits(greatest), f64::from_bits(mean))
    }))
}

impl BorshSerialize for Messages {
    fn serialize<W: Write>(&self, writer: &mut W) -> Result<()> {
        self.0.as_slice().serialize(writer)
    }
}

impl BorshDeserialize for Messages {
    fn deserialize_reader<R: Read>(reader: &mut R) -> Result<Messages> {
        let count = u32::deserialize_reader(reader)?;
        let mut messages = SmallVec::new();
        for _ in 0..count {
            messages.push(MessageCount::deserialize_reader(reader)?);
        }
        Ok(Messages(messages))
    }
}
