//! Where the format parsers put frames, counts, names and complaints: the state of reading that no single file owns.

use std::collections::HashSet;
use std::net::IpAddr;

use model::{LinkType, Time};

use crate::chunk::Slot;
use crate::{ProblemKind, Selection, limits};

/// What was counted while reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Captures of a known format that were opened.
    pub files: u64,
    /// Packets read, with those that the selection left out.
    pub packets: u64,
    /// Captured bytes of these packets.
    pub bytes: u64,
    /// Bytes that these packets had on the wire.
    pub wire_bytes: u64,
    /// Packets that the filter or the time range left out.
    pub filtered: u64,
    /// Packets cut by the snap length.
    pub cut: u64,
    /// Packets that the capturing program or interface says it dropped.
    pub dropped: u64,
    /// Packets with a time before that of the packet before them in the same file.
    pub clock_back: u64,
    /// Those of them that are more than a second before it: no disorder of queues, but a clock that was set or leapt.
    pub clock_leaps: u64,
    /// Comments in the captures.
    pub comments: u64,
    /// Problems; the first of them are kept with their text.
    pub problems: u64,
}

/// A name that the capture itself gives an address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    /// The address.
    pub address: IpAddr,
    /// Its name.
    pub name: String,
}

/// A comment that somebody wrote into the capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Number of the packet it was written to; absent where it is about the section, an interface or names.
    pub number: Option<u64>,
    /// The text.
    pub text: String,
}

/// A complaint that does not end the file.
pub(crate) struct Note {
    pub offset: u64,
    pub kind: ProblemKind,
    pub reason: String,
}

pub(crate) struct Sink {
    pub frames: Vec<Slot>,
    /// What the chunk being filled may still take.
    pub packets_left: usize,
    pub bytes_left: usize,
    pub counters: Counters,
    pub selection: Selection,
    /// Whether `selection` can leave anything out.
    selective: bool,
    /// Time of the last packet of this file.
    pub last: Option<Time>,
    /// Time of the last packet of the files before.
    pub before: Time,
    pub names: Vec<Name>,
    names_seen: HashSet<Name>,
    pub comments: Vec<Comment>,
    pub notes: Vec<Note>,
}

impl Sink {
    pub(crate) fn new(selection: Selection) -> Sink {
        Sink {
            frames: Vec::new(),
            packets_left: 0,
            bytes_left: 0,
            counters: Counters::default(),
            selective: !selection.is_everything(),
            selection,
            last: None,
            before: Time::default(),
            names: Vec::new(),
            names_seen: HashSet::new(),
            comments: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Takes one packet, whose bytes are `buffer[start..start + length]`.
    #[inline]
    pub(crate) fn packet(
        &mut self,
        buffer: &[u8],
        start: usize,
        length: usize,
        wire_len: u32,
        at: Time,
        link: LinkType,
    ) {
        let wire_len = wire_len.max(length as u32);
        let counters = &mut self.counters;
        counters.packets += 1;
        counters.bytes += length as u64;
        counters.wire_bytes += u64::from(wire_len);
        counters.cut += u64::from(wire_len > length as u32);
        if let Some(last) = self.last.filter(|last| at < *last) {
            counters.clock_back += 1;
            counters.clock_leaps += u64::from(last.since(at) > limits::DISORDER);
        }
        self.last = Some(at);
        self.packets_left = self.packets_left.saturating_sub(1);
        self.bytes_left = self.bytes_left.saturating_sub(length);
        if self.selective && !self.selection.keeps(link, at, &buffer[start..start + length]) {
            self.counters.filtered += 1;
            return;
        }
        let number = self.counters.packets;
        self.frames.push(Slot { at, number, offset: start as u32, length: length as u32, wire_len, link });
    }

    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.packets_left == 0 || self.bytes_left == 0
    }

    pub(crate) fn dropped(&mut self, count: u64) {
        self.counters.dropped = self.counters.dropped.saturating_add(count);
    }

    pub(crate) fn note(&mut self, offset: u64, kind: ProblemKind, reason: String) {
        self.notes.push(Note { offset, kind, reason });
    }

    pub(crate) fn name(&mut self, address: IpAddr, text: &[u8]) {
        if self.names.len() >= limits::NAMES_MAX || text.is_empty() || text.len() > limits::NAME_BYTES_MAX {
            return;
        }
        let name = Name { address, name: String::from_utf8_lossy(text).into_owned() };
        if self.names_seen.insert(name.clone()) {
            self.names.push(name);
        }
    }

    pub(crate) fn comment(&mut self, number: Option<u64>, text: &[u8]) {
        self.counters.comments += 1;
        if self.comments.len() < limits::COMMENTS_MAX {
            let text = &text[..text.len().min(limits::COMMENT_BYTES_MAX)];
            self.comments.push(Comment { number, text: String::from_utf8_lossy(text).into_owned() });
        }
    }
}

/// The bytes read and not yet parsed, with what lies before them.
pub(crate) struct Window<'a> {
    /// Everything read into the chunk so far.
    pub bytes: &'a mut [u8],
    /// Where the unparsed bytes begin.
    pub position: usize,
    /// Offset in the capture of `bytes[position]` minus `position`; wraps, because squeezing moves bytes.
    pub base: u64,
}

impl Window<'_> {
    /// Offset in the capture of the first unparsed byte.
    pub(crate) fn offset(&self) -> u64 {
        self.base.wrapping_add(self.position as u64)
    }
}

/// Why a parser stopped.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It needs this many unparsed bytes to go on.
    More(usize),
    /// The chunk is full.
    Full,
    /// The next bytes, this many, are of no interest.
    Skip(u64),
    /// The rest of the file cannot be read.
    Stop(ProblemKind, String),
}
