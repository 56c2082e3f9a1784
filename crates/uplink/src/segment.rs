//! One file of the journal: frames with checksums, and a reader that names whatever it cannot read and goes on behind it.
//!
//! ```text
//! segment   "VGJOURN1"  first sequence u64                          16 bytes, then frames
//! frame     "VGFR"  length u32  sequence u64  at i64  crc u32  crc u32   then `length` bytes
//!                                                     of the bytes   of the 28 bytes before it (CRC-32, IEEE 802.3)
//! ```
//! Numbers are little endian. A frame's head has its own checksum, so that damaged bytes lose one batch and a damaged head
//! does not lead astray: from there the next head is searched.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use model::Time;

use crate::limits::FRAME_BYTES_MAX;

/// What a segment begins with.
pub(crate) const SEGMENT_MARK: [u8; 8] = *b"VGJOURN1";
/// Length of a segment's head.
pub(crate) const SEGMENT_HEAD_BYTES: u64 = 16;
/// What a frame begins with.
const FRAME_MARK: [u8; 4] = *b"VGFR";
/// Length of a frame's head.
pub(crate) const FRAME_HEAD_BYTES: usize = 32;

/// A batch as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its place in the journal, from 1.
    pub sequence: u64,
    /// The time that was given with it.
    pub at: Time,
    /// Its bytes, as they were appended.
    pub bytes: Vec<u8>,
}

/// Something in the journal that could not be read. What follows it is read all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub segment: PathBuf,
    /// Where in the file.
    pub offset: u64,
    /// Bytes passed over.
    pub bytes: u64,
    /// What is wrong.
    pub kind: FaultKind,
}

/// Kinds of faults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The file does not begin as a segment does.
    Head,
    /// A frame whose bytes are not those that were written; its number is known.
    Checksum {
        /// Its number.
        sequence: u64,
    },
    /// Bytes that are no frame.
    Damaged,
    /// The file ends within a frame: usually a write that a crash interrupted, and that was never acknowledged.
    Torn,
    /// Numbers that are nowhere.
    Missing {
        /// The first.
        first: u64,
        /// The last.
        last: u64,
    },
    /// The system does not give the bytes.
    Unreadable(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}: ", self.segment.display(), self.offset)?;
        match &self.kind {
            FaultKind::Head => f.write_str("the file does not begin as a journal does"),
            FaultKind::Checksum { sequence } => write!(f, "batch {sequence} is not what was written"),
            FaultKind::Damaged => f.write_str("bytes that are no batch"),
            FaultKind::Torn => f.write_str("the last batch is incomplete"),
            FaultKind::Missing { first, last } if first == last => write!(f, "batch {first} is missing"),
            FaultKind::Missing { first, last } => write!(f, "batches {first} to {last} are missing"),
            FaultKind::Unreadable(why) => f.write_str(why),
        }?;
        match self.bytes {
            0 => Ok(()),
            bytes => write!(f, "; {bytes} bytes passed over"),
        }
    }
}

/// The name of the segment that begins with `first`.
pub(crate) fn file_name(first: u64) -> String {
    format!("{first:020}.journal")
}

/// The segments of a journal with their first numbers, in order.
pub(crate) fn list(directory: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut segments = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(first) = name.strip_suffix(".journal").and_then(|digits| digits.parse().ok())
            && name == file_name(first)
        {
            segments.push((first, path));
        }
    }
    segments.sort();
    Ok(segments)
}

/// The head of a segment.
pub(crate) fn segment_head(first: u64) -> [u8; SEGMENT_HEAD_BYTES as usize] {
    let mut head = [0; SEGMENT_HEAD_BYTES as usize];
    head[..8].copy_from_slice(&SEGMENT_MARK);
    head[8..].copy_from_slice(&first.to_le_bytes());
    head
}

/// The head of a frame.
pub(crate) fn frame_head(sequence: u64, at: Time, bytes: &[u8]) -> [u8; FRAME_HEAD_BYTES] {
    let mut head = [0; FRAME_HEAD_BYTES];
    head[..4].copy_from_slice(&FRAME_MARK);
    head[4..8].copy_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    head[8..16].copy_from_slice(&sequence.to_le_bytes());
    head[16..24].copy_from_slice(&at.0.to_le_bytes());
    head[24..28].copy_from_slice(&crc32fast::hash(bytes).to_le_bytes());
    let own = crc32fast::hash(&head[..28]);
    head[28..].copy_from_slice(&own.to_le_bytes());
    head
}

/// What a frame's head says.
struct Head {
    length: usize,
    sequence: u64,
    at: Time,
    checksum: u32,
}

fn parse_head(bytes: &[u8; FRAME_HEAD_BYTES]) -> Option<Head> {
    let (fields, own) = bytes.split_at(28);
    let number = |from: usize| u32::from_le_bytes(fields[from..from + 4].try_into().unwrap_or_default());
    let large = |from: usize| u64::from_le_bytes(fields[from..from + 8].try_into().unwrap_or_default());
    if fields[..4] != FRAME_MARK || own != crc32fast::hash(fields).to_le_bytes() {
        return None;
    }
    let length = usize::try_from(number(4)).ok().filter(|length| *length <= FRAME_BYTES_MAX)?;
    Some(Head { length, sequence: large(8), at: Time(large(16) as i64), checksum: number(24) })
}

/// What the reader of a segment met.
pub(crate) enum Met {
    /// A frame; its bytes only where they were asked for.
    Frame(Stored),
    /// A fault; behind it the reader goes on.
    Fault(Fault),
}

/// Reads one segment from its start.
pub(crate) struct SegmentReader {
    path: PathBuf,
    file: BufReader<File>,
    /// Where the next byte is read.
    offset: u64,
    length: u64,
    is_begun: bool,
    is_ended: bool,
}

impl SegmentReader {
    pub(crate) fn open(path: &Path) -> io::Result<SegmentReader> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let file = BufReader::with_capacity(64 << 10, file);
        Ok(SegmentReader { path: path.to_owned(), file, offset: 0, length, is_begun: false, is_ended: false })
    }

    /// Where the next frame would begin.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next frame or fault; frames below `from` are passed over without reading their bytes. `None` at the end.
    pub(crate) fn next(&mut self, from: u64) -> Option<Met> {
        if self.is_ended {
            return None;
        }
        match self.read(from) {
            Ok(met) => met,
            Err(error) => {
                self.is_ended = true;
                Some(self.fault(
                    self.offset,
                    self.length.saturating_sub(self.offset),
                    FaultKind::Unreadable(error.to_string()),
                ))
            }
        }
    }

    fn fault(&self, offset: u64, bytes: u64, kind: FaultKind) -> Met {
        Met::Fault(Fault { segment: self.path.clone(), offset, bytes, kind })
    }

    fn read(&mut self, from: u64) -> io::Result<Option<Met>> {
        if !std::mem::replace(&mut self.is_begun, true) {
            let mut head = [0; SEGMENT_HEAD_BYTES as usize];
            if self.length < SEGMENT_HEAD_BYTES {
                self.is_ended = true;
                return Ok(Some(self.fault(0, self.length, FaultKind::Torn)));
            }
            self.file.read_exact(&mut head)?;
            self.offset = SEGMENT_HEAD_BYTES;
            if !head.starts_with(&SEGMENT_MARK) {
                return Ok(Some(self.fault(0, SEGMENT_HEAD_BYTES, FaultKind::Head)));
            }
        }
        loop {
            let left = self.length.saturating_sub(self.offset);
            if left == 0 {
                self.is_ended = true;
                return Ok(None);
            }
            let start = self.offset;
            if left < FRAME_HEAD_BYTES as u64 {
                self.is_ended = true;
                return Ok(Some(self.fault(start, left, FaultKind::Torn)));
            }
            let mut bytes = [0; FRAME_HEAD_BYTES];
            self.file.read_exact(&mut bytes)?;
            self.offset += FRAME_HEAD_BYTES as u64;
            let Some(head) = parse_head(&bytes) else {
                return self.search(start).map(Some);
            };
            let left = left - FRAME_HEAD_BYTES as u64;
            if (head.length as u64) > left {
                self.is_ended = true;
                self.offset = self.length;
                return Ok(Some(self.fault(start, left + FRAME_HEAD_BYTES as u64, FaultKind::Torn)));
            }
            self.offset += head.length as u64;
            if head.sequence < from {
                self.file.seek_relative(head.length as i64)?;
                continue;
            }
            let mut bytes = vec![0; head.length];
            self.file.read_exact(&mut bytes)?;
            return Ok(Some(match crc32fast::hash(&bytes) == head.checksum {
                true => Met::Frame(Stored { sequence: head.sequence, at: head.at, bytes }),
                false => self.fault(start, self.offset - start, FaultKind::Checksum { sequence: head.sequence }),
            }));
        }
    }

    /// Goes from a head that is none to the next that is one, or to the end.
    fn search(&mut self, start: u64) -> io::Result<Met> {
        let mut window = Vec::new();
        let mut at = start + 1;
        self.file.seek(SeekFrom::Start(at))?;
        loop {
            // A head may lie across two pieces: its first 31 bytes are kept for the next one.
            let known = window.len();
            let mut piece = [0; 16 << 10];
            let count = self.file.read(&mut piece)?;
            window.extend_from_slice(&piece[..count]);
            let is_head = |bytes: &[u8]| bytes.try_into().is_ok_and(|bytes| parse_head(bytes).is_some());
            let found = window.windows(FRAME_HEAD_BYTES).position(is_head);
            if let Some(place) = found {
                self.offset = at + place as u64;
                self.file.seek(SeekFrom::Start(self.offset))?;
                return Ok(self.fault(start, self.offset - start, FaultKind::Damaged));
            }
            if count == 0 {
                self.offset = self.length;
                self.is_ended = true;
                return Ok(self.fault(start, self.length.saturating_sub(start), FaultKind::Damaged));
            }
            let kept = window.len().min(FRAME_HEAD_BYTES - 1);
            at += (window.len() - kept) as u64;
            window.drain(..window.len() - kept);
            debug_assert!(known < FRAME_HEAD_BYTES, "the window is bounded");
        }
    }
}
