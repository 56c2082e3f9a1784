//! A batch: records of one sensor under one number, and its canonical binary form.

use std::io::Read;

use borsh::{BorshDeserialize, BorshSerialize};
use model::{Record, Text, Time};

use crate::limits::{BATCH_BYTES_MAX, RECORDS_MAX, WINDOW_LOG_MAX};

/// What every batch begins with: three letters and the version of the form.
const HEAD: [u8; 4] = *b"VGB\x01";

/// Fast, and a third larger than the slow levels (`cargo run --release -p uplink --example batch_speed`).
const COMPRESSION_LEVEL: i32 = 1;

/// Records of one sensor, in the order in which they were made.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Name of the sensor.
    pub sensor: Text,
    /// From 1, without holes: a hole is a batch that was lost on its way.
    pub number: u64,
    /// Packet time at which it was closed: of the newest packet that its sensor had read.
    pub created: Time,
    /// At least one, at most [`RECORDS_MAX`].
    pub records: Vec<Record>,
}

/// Why bytes are not a batch.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// They begin otherwise.
    #[error("these bytes are not a batch")]
    NotABatch,
    /// They are of a version that this program does not know.
    #[error("the batch has form {0}, and this program reads form 1: a newer Vigie wrote it")]
    Version(u8),
    /// They cannot be decompressed.
    #[error("the batch cannot be decompressed")]
    Compression(#[source] std::io::Error),
    /// They are larger than a batch may be.
    #[error("the batch is larger than {BATCH_BYTES_MAX} bytes")]
    TooLarge,
    /// They hold more records than a batch may.
    #[error("the batch announces {0} records, at most {RECORDS_MAX} are allowed")]
    TooManyRecords(u32),
    /// They are not what the form says.
    #[error("the batch is malformed")]
    Malformed(#[source] std::io::Error),
    /// Something follows them.
    #[error("{0} bytes follow the batch")]
    Trailing(usize),
}

impl Batch {
    /// The binary form: head, then one zstd frame of `sensor number created records` in borsh.
    ///
    /// What is inside the frame is canonical; how well it is compressed may change with the library.
    pub fn to_bytes(&self) -> Vec<u8> {
        let plain = self.to_plain();
        let mut bytes = HEAD.to_vec();
        bytes.extend(zstd::bulk::compress(&plain, COMPRESSION_LEVEL).expect("memory is compressed into memory"));
        bytes
    }

    /// The binary form before compression.
    pub(crate) fn to_plain(&self) -> Vec<u8> {
        let mut plain = Vec::with_capacity(64 + self.records.len() * 256);
        let form = (&self.sensor, self.number, self.created, &self.records);
        form.serialize(&mut plain).expect("records are written into memory");
        plain
    }

    /// Reads [`Batch::to_bytes`]. Whatever the bytes are, memory is bounded and nothing panics.
    pub fn from_bytes(bytes: &[u8]) -> Result<Batch, BatchError> {
        let (head, body) = bytes.split_at_checked(HEAD.len()).ok_or(BatchError::NotABatch)?;
        match head {
            head if *head == HEAD => {}
            [a, b, c, version] if [*a, *b, *c] == HEAD[..3] => return Err(BatchError::Version(*version)),
            _ => return Err(BatchError::NotABatch),
        }
        let mut decoder =
            zstd::stream::read::Decoder::with_buffer(body).map_err(BatchError::Compression)?.single_frame();
        decoder.window_log_max(WINDOW_LOG_MAX).map_err(BatchError::Compression)?;
        let mut plain = Vec::new();
        decoder.by_ref().take(BATCH_BYTES_MAX as u64 + 1).read_to_end(&mut plain).map_err(BatchError::Compression)?;
        if plain.len() > BATCH_BYTES_MAX {
            return Err(BatchError::TooLarge);
        }
        let rest = decoder.finish();
        if !rest.is_empty() {
            return Err(BatchError::Trailing(rest.len()));
        }
        Batch::from_plain(&plain)
    }

    fn from_plain(plain: &[u8]) -> Result<Batch, BatchError> {
        let mut rest = plain;
        let (sensor, number, created, count) =
            <(Text, u64, Time, u32)>::deserialize(&mut rest).map_err(BatchError::Malformed)?;
        if usize::try_from(count).map_or(true, |count| count > RECORDS_MAX) {
            return Err(BatchError::TooManyRecords(count));
        }
        let mut records = Vec::with_capacity((count as usize).min(rest.len() / 16));
        for _ in 0..count {
            records.push(Record::deserialize(&mut rest).map_err(BatchError::Malformed)?);
        }
        match rest.len() {
            0 => Ok(Batch { sensor, number, created, records }),
            left => Err(BatchError::Trailing(left)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use expect_test::expect_file;
    use model::Record;
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{any_batch, batch, one_of_each};

    fn hexadecimal(bytes: &[u8]) -> String {
        let mut text = String::new();
        for line in bytes.chunks(32) {
            line.iter().for_each(|byte| write!(text, "{byte:02x}").expect("text"));
            text.push('\n');
        }
        text
    }

    /// The form may never change under the same version: journals of years hold it. Where a record gets a field, the version
    /// goes up and the reader keeps the old form.
    #[test]
    fn the_form_is_pinned() {
        let mut text = String::new();
        for record in one_of_each() {
            let kind = record.kind();
            let batch = Batch { sensor: "north".into(), number: 1, created: Time(2), records: vec![record] };
            write!(text, "{kind}\n{}\n", hexadecimal(&batch.to_plain())).expect("text");
            let again = Batch::from_plain(&batch.to_plain()).expect("a batch");
            // Debug, because what is not a number is not equal to itself.
            assert_eq!(format!("{again:?}"), format!("{batch:?}"));
        }
        expect_file!["../golden/batch-1.txt"].assert_eq(&text);
    }

    /// A whole batch as it lies in the journal, compressed by the library of the day it was written.
    #[test]
    fn batches_written_before_are_read() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/batch-1.bin");
        let expected = Batch { sensor: "north".into(), number: 1, created: Time(2), records: one_of_each() };
        if !std::path::Path::new(path).exists() && std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(path, expected.to_bytes()).expect("a file");
        }
        let batch = Batch::from_bytes(&std::fs::read(path).expect("a file")).expect("a batch");
        assert_eq!(format!("{batch:?}"), format!("{expected:?}"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(batch in any_batch()) {
            let again = Batch::from_bytes(&batch.to_bytes()).expect("a batch");
            prop_assert_eq!(format!("{again:?}"), format!("{batch:?}"));
            prop_assert_eq!(again.to_plain(), batch.to_plain(), "canonical");
        }

        #[test]
        fn any_bytes_are_safe(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = Batch::from_plain(&bytes);
            let _ = Batch::from_bytes(&bytes);
            let _ = Batch::from_bytes(&[&HEAD[..], &bytes].concat());
        }

        #[test]
        fn any_change_is_safe(batch in any_batch(), place in any::<prop::sample::Index>(), value in any::<u8>()) {
            let mut plain = batch.to_plain();
            let place = place.index(plain.len());
            plain[place] = value;
            if let Ok(read) = Batch::from_plain(&plain) {
                prop_assert_eq!(read.to_plain(), plain.clone(), "two forms of one batch");
            }
            let _ = Batch::from_plain(&plain[..place]);
        }
    }

    fn why(bytes: &[u8]) -> String {
        Batch::from_bytes(bytes).expect_err("not a batch").to_string()
    }

    fn framed(plain: &[u8]) -> Vec<u8> {
        [&HEAD[..], &zstd::bulk::compress(plain, 1).expect("memory")].concat()
    }

    #[test]
    fn what_is_not_a_batch_is_refused_with_the_reason() {
        let bytes = batch(1, 3).to_bytes();
        assert_eq!(why(b""), "these bytes are not a batch");
        assert_eq!(why(b"{\"sensor\":1}"), "these bytes are not a batch");
        assert_eq!(why(b"VGB\x02...."), "the batch has form 2, and this program reads form 1: a newer Vigie wrote it");
        assert_eq!(why(&bytes[..bytes.len() - 1]), "the batch cannot be decompressed");
        assert_eq!(why(&[&bytes[..], b"more"].concat()), "4 bytes follow the batch");
        let plain = batch(1, 3).to_plain();
        assert_eq!(why(&framed(&[&plain[..], b"more"].concat())), "4 bytes follow the batch");
        assert_eq!(why(&framed(&plain[..plain.len() - 1])), "the batch is malformed");
        assert_eq!(why(&framed(&vec![0; BATCH_BYTES_MAX + 1])), "the batch is larger than 33554432 bytes");
        let many = (&Text::from("north"), 1_u64, Time(0), u32::MAX);
        assert_eq!(
            why(&framed(&borsh::to_vec(&many).expect("memory"))),
            "the batch announces 4294967295 records, at most 65536 are allowed"
        );
    }

    /// Eight bytes of zstd that ask for a window of gigabytes.
    #[test]
    fn a_large_window_is_refused() {
        let hostile = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00];
        assert_eq!(why(&[&HEAD[..], &hostile].concat()), "the batch cannot be decompressed");
    }

    #[test]
    fn new_words_do_not_change_old_forms() {
        let Some(Record::Act(act)) = one_of_each().into_iter().next() else { unreachable!() };
        let bytes = borsh::to_vec(&act.verb).expect("memory");
        assert_eq!(bytes, b"\x05write");
    }
}
