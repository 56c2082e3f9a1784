//! Classic pcap files: microseconds and nanoseconds, both byte orders, and the relatives that share the layout.
//!
//! Source: draft-ietf-opsawg-pcap; the relatives as libpcap (`sf-pcap.c`) and Wireshark (`wiretap/libpcap.c`) describe
//! them. Parsed by hand because records are read where they lie in the chunk, at any place where a read may end.

use std::io::{self, Write};

use model::{LinkType, Time};

use crate::limits::{BLOCK_BYTES_MAX, PACKET_BYTES_MAX};
use crate::sink::{Sink, Step, Window};
use crate::{ProblemKind, limits};

/// A first word of the file, and what follows from it.
struct Variant {
    magic: u32,
    /// Nanoseconds per unit of the second time field.
    tick: i64,
    file_header: usize,
    record_header: usize,
}

const VARIANTS: [Variant; 6] = [
    // The usual one.
    Variant { magic: 0xa1b2_c3d4, tick: 1000, file_header: 24, record_header: 16 },
    // Nanoseconds.
    Variant { magic: 0xa1b2_3c4d, tick: 1, file_header: 24, record_header: 16 },
    // Alexey Kuznetsov's: 8 more bytes in each record (interface, protocol, packet type).
    Variant { magic: 0xa1b2_cd34, tick: 1000, file_header: 24, record_header: 24 },
    // Navtel.
    Variant { magic: 0xa12b_3c4d, tick: 1000, file_header: 24, record_header: 16 },
    // Ixia, hardware and software: 4 more bytes in the file header (size of all records).
    Variant { magic: 0x1c00_01ac, tick: 1, file_header: 28, record_header: 16 },
    Variant { magic: 0x1c00_01ab, tick: 1000, file_header: 28, record_header: 16 },
];

/// How many records must fit each other for reading to go on behind a corrupt one.
const RECORDS_IN_A_ROW: usize = 3;
const _: () = assert!(RECORDS_IN_A_ROW * (PACKET_BYTES_MAX + 24) <= BLOCK_BYTES_MAX);

/// How far apart two of them may be: a day, as a quiet network's packets are.
const SECONDS_APART_MAX: i64 = 86_400;

/// The state of reading one classic file.
pub(crate) struct Pcap {
    big_endian: bool,
    tick: i64,
    record_header: usize,
    link: LinkType,
    /// Files before version 2.4 may have the two lengths of a record the other way round.
    lengths_swapped: bool,
    /// What a record cannot have more of: captured bytes.
    length_max: u32,
    /// While looking for the next record behind a corrupt one.
    lost: Option<Lost>,
}

/// Where a file became unreadable, and why.
pub(crate) struct Lost {
    pub offset: u64,
    pub reason: String,
}

/// A record header as far as it can be judged.
#[derive(Clone, Copy)]
struct Head {
    seconds: u32,
    fraction: u32,
    length: u32,
    wire_len: u32,
}

impl Pcap {
    /// Whether `magic`, the first four bytes of a file, belongs to this family; then the length of its header.
    pub(crate) fn recognise(magic: [u8; 4]) -> Option<usize> {
        VARIANTS
            .iter()
            .find(|v| v.magic.to_be_bytes() == magic || v.magic.to_le_bytes() == magic)
            .map(|v| v.file_header)
    }

    /// Reads a file header, as long as `recognise` said.
    pub(crate) fn open(header: &[u8]) -> Result<Pcap, String> {
        let word = |big: bool, at: usize| {
            let bytes = header.get(at..at + 4).and_then(|b| b.try_into().ok()).unwrap_or([0; 4]);
            if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
        };
        let found = VARIANTS.iter().find_map(|v| {
            let big = word(true, 0) == v.magic;
            (big || word(false, 0) == v.magic).then_some((v, big))
        });
        let Some((variant, big_endian)) = found else {
            return Err("not a pcap file".to_owned());
        };
        let version = word(big_endian, 4);
        let (major, minor) =
            if big_endian { (version >> 16, version & 0xffff) } else { (version & 0xffff, version >> 16) };
        // Version 2.4 has been the only one written since 1998; 543.0 is written by some devices (libpcap, sf-pcap.c).
        if major < 2 {
            return Err(format!("pcap version {major}.{minor} is not known"));
        }
        Ok(Pcap {
            big_endian,
            tick: variant.tick,
            record_header: variant.record_header,
            link: link_of_file(word(big_endian, 20)),
            lengths_swapped: major == 2 && minor <= 3,
            length_max: match word(big_endian, 16) {
                0 => PACKET_BYTES_MAX as u32,
                snap_length => snap_length.min(PACKET_BYTES_MAX as u32),
            },
            lost: None,
        })
    }

    /// At the end of the file: what was lost before it and never found again.
    pub(crate) fn lost(&mut self) -> Option<Lost> {
        self.lost.take()
    }

    /// Reads records until bytes run out or the chunk is full.
    pub(crate) fn parse(&mut self, window: &mut Window<'_>, sink: &mut Sink) -> Step {
        if self.big_endian {
            self.records(window, sink, u32::from_be_bytes)
        } else {
            self.records(window, sink, u32::from_le_bytes)
        }
    }

    #[inline(always)]
    fn records(&mut self, window: &mut Window<'_>, sink: &mut Sink, word: impl Fn([u8; 4]) -> u32) -> Step {
        if self.lost.is_some()
            && let Some(step) = self.search(window, sink, &word)
        {
            return step;
        }
        loop {
            let rest = &window.bytes[window.position..];
            let Some(head) = head(rest, &word) else {
                return Step::More(self.record_header);
            };
            let Head { seconds, fraction, mut length, mut wire_len } = head;
            if self.lengths_swapped && length > wire_len {
                std::mem::swap(&mut length, &mut wire_len);
            }
            let length = length as usize;
            if length > PACKET_BYTES_MAX {
                let reason =
                    format!("record announces {length} captured bytes, more than any packet has ({PACKET_BYTES_MAX})");
                self.lost = Some(Lost { offset: window.offset(), reason });
                window.position += 1;
                match self.search(window, sink, &word) {
                    Some(step) => return step,
                    None => continue,
                }
            }
            let total = self.record_header + length;
            if rest.len() < total {
                return Step::More(total);
            }
            let at = Time(i64::from(seconds) * 1_000_000_000 + i64::from(fraction) * self.tick);
            sink.packet(window.bytes, window.position + self.record_header, length, wire_len, at, self.link);
            window.position += total;
            if sink.is_full() {
                return Step::Full;
            }
        }
    }

    /// Goes on byte by byte until `RECORDS_IN_A_ROW` records in a row could be true, and tells what was skipped.
    ///
    /// Records have no mark to be found by, so only a row of them that fits the file's snap length and the time of the
    /// last good one is believed: chance does not make one. Needs no more bytes at once than fit a chunk's buffer.
    #[cold]
    fn search(&mut self, window: &mut Window<'_>, sink: &mut Sink, word: impl Fn([u8; 4]) -> u32) -> Option<Step> {
        let last = sink.last.map(|last| last.0 / 1_000_000_000);
        'places: loop {
            let rest = &window.bytes[window.position..];
            let mut before = last;
            let mut at = 0;
            for _ in 0..RECORDS_IN_A_ROW {
                let Some(head) = rest.get(at..).and_then(|bytes| head(bytes, &word)) else {
                    return Some(Step::More(at + self.record_header));
                };
                let seconds = i64::from(head.seconds);
                let fits = (1..=self.length_max).contains(&head.length)
                    && head.wire_len >= head.length
                    && head.wire_len <= PACKET_BYTES_MAX as u32
                    && i64::from(head.fraction) * self.tick < 1_000_000_000
                    && before.is_none_or(|before| (seconds - before).abs() <= SECONDS_APART_MAX);
                if !fits {
                    window.position += 1;
                    continue 'places;
                }
                before = Some(seconds);
                at += self.record_header + head.length as usize;
            }
            if let Some(lost) = self.lost.take() {
                let skipped = window.offset() - lost.offset;
                sink.note(lost.offset, ProblemKind::Corrupt, format!("{}; {skipped} bytes skipped", lost.reason));
            }
            return None;
        }
    }
}

#[inline(always)]
fn head(bytes: &[u8], word: impl Fn([u8; 4]) -> u32) -> Option<Head> {
    let &[s0, s1, s2, s3, f0, f1, f2, f3, c0, c1, c2, c3, w0, w1, w2, w3] = bytes.first_chunk::<16>()?;
    Some(Head {
        seconds: word([s0, s1, s2, s3]),
        fraction: word([f0, f1, f2, f3]),
        length: word([c0, c1, c2, c3]),
        wire_len: word([w0, w1, w2, w3]),
    })
}

/// The link type in the header of a file: without the bits that tell of a frame check sequence, and with the numbers
/// of BSD systems for raw IP replaced by the registry's.
pub(crate) fn link_of_file(field: u32) -> LinkType {
    match field & 0x03ff_ffff {
        12 | 14 => LinkType::RAW,
        other => LinkType(other),
    }
}

/// Writes a classic pcap file with nanoseconds.
pub struct Writer<W: Write> {
    to: W,
}

impl<W: Write> Writer<W> {
    /// Starts a file of frames of one link type.
    pub fn new(mut to: W, link: LinkType) -> io::Result<Writer<W>> {
        let mut header = [0; 24];
        header[0..4].copy_from_slice(&0xa1b2_3c4d_u32.to_le_bytes());
        header[4..6].copy_from_slice(&2_u16.to_le_bytes());
        header[6..8].copy_from_slice(&4_u16.to_le_bytes());
        header[16..20].copy_from_slice(&(limits::PACKET_BYTES_MAX as u32).to_le_bytes());
        header[20..24].copy_from_slice(&link.0.to_le_bytes());
        to.write_all(&header)?;
        Ok(Writer { to })
    }

    /// Writes one whole frame. Times before 1970 or after 2106, which the format cannot hold, are clamped.
    pub fn write(&mut self, at: Time, frame: &[u8]) -> io::Result<()> {
        self.write_cut(at, frame, frame.len() as u32)
    }

    /// Writes a frame that had `wire_len` bytes on the wire, of which `frame` was captured.
    pub fn write_cut(&mut self, at: Time, frame: &[u8], wire_len: u32) -> io::Result<()> {
        if frame.len() > limits::PACKET_BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "frame too long for a capture file"));
        }
        let nanoseconds = at.0.clamp(0, i64::from(u32::MAX) * 1_000_000_000);
        let mut header = [0; 16];
        header[0..4].copy_from_slice(&((nanoseconds / 1_000_000_000) as u32).to_le_bytes());
        header[4..8].copy_from_slice(&((nanoseconds % 1_000_000_000) as u32).to_le_bytes());
        header[8..12].copy_from_slice(&(frame.len() as u32).to_le_bytes());
        header[12..16].copy_from_slice(&wire_len.to_le_bytes());
        self.to.write_all(&header)?;
        self.to.write_all(frame)
    }

    /// Flushes, and gives back what was written to.
    pub fn finish(mut self) -> io::Result<W> {
        self.to.flush()?;
        Ok(self.to)
    }
}
