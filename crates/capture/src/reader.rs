//! Reads all sources one after another into chunks of frames.

use std::collections::VecDeque;
use std::io;
use std::mem;

use model::{Health, HealthKind, Record};

use crate::input::reason;
use crate::pcap::{Lost, Pcap};
use crate::pcapng::{self, Pcapng};
use crate::sink::{Sink, Step, Window};
use crate::snoop::{self, Snoop};
use crate::stream::Stream;
use crate::{Chunk, Comment, Counters, Input, Name, Problem, ProblemKind, Progress, Selection, Source, limits};

/// Reads the packets of an [`Input`] as one sequence, numbered from 1.
///
/// Chunks end after a fixed number of packets or of captured bytes (`limits`), counted before the selection leaves any
/// out: where they end depends on the packets alone, not on how the bytes arrive, nor on the container they come in.
/// A chunk may hold the end of one file and the start of the next.
pub struct Reader {
    sources: VecDeque<Source>,
    open: Option<Open>,
    sink: Sink,
    /// What was read behind the last record of the last chunk.
    rest: Vec<u8>,
    chunks: usize,
    problems: Vec<Problem>,
    progress: Progress,
}

/// The file being read.
struct Open {
    name: String,
    stream: Stream,
    format: Format,
    /// Offset in the capture of the first unparsed byte.
    offset: u64,
}

/// Why a file could not be read further.
type Trouble = (ProblemKind, String);

/// What was completed.
enum Done {
    Chunk,
    File,
}

enum Format {
    /// Its first bytes have not been seen yet.
    Unknown,
    Pcap(Pcap),
    Pcapng(Pcapng),
    Snoop(Snoop),
}

impl Reader {
    /// A reader of `input` that gives the frames of `selection`. Nothing is opened yet.
    pub fn new(input: Input, selection: Selection) -> Reader {
        let mut sink = Sink::new(selection);
        sink.counters.problems = input.problems.len() as u64;
        Reader {
            sources: input.sources.into(),
            open: None,
            sink,
            rest: Vec::new(),
            chunks: 0,
            problems: input.problems,
            progress: Progress::new(input.bytes),
        }
    }

    /// Fills `chunk` with the next frames; `false` at the end of all input.
    ///
    /// Where a selection is given a chunk may have no frame and yet not be the last. In steady state (a chunk that was
    /// filled before) nothing is allocated.
    pub fn next_chunk(&mut self, chunk: &mut Chunk) -> bool {
        chunk.frames.clear();
        mem::swap(&mut self.sink.frames, &mut chunk.frames);
        let packets_before = self.sink.counters.packets;
        self.sink.packets_left = limits::CHUNK_PACKETS_MAX[self.chunks.min(limits::CHUNK_PACKETS_MAX.len() - 1)];
        self.sink.bytes_left = limits::CHUNK_BYTES_MAX;
        self.sink.frames.reserve(self.sink.packets_left);

        chunk.bytes[..self.rest.len()].copy_from_slice(&self.rest);
        chunk.filled = self.rest.len();
        self.rest.clear();
        let mut position = 0;
        while let Some(mut open) = self.next_open() {
            let done = self.fill(&mut open, chunk, &mut position);
            if let Done::Chunk = done {
                self.open = Some(open);
                break;
            }
        }
        self.rest.extend_from_slice(&chunk.bytes[position..chunk.filled]);
        mem::swap(&mut self.sink.frames, &mut chunk.frames);
        let some = self.sink.counters.packets > packets_before;
        self.chunks += usize::from(some);
        some
    }

    /// Counts so far.
    pub fn counters(&self) -> Counters {
        self.sink.counters
    }

    /// Problems so far, in the order of the input.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// What the input could not show, so far: packets that were dropped before they came into a capture, clocks that
    /// went back, and what could not be read.
    pub fn health(&self) -> Vec<Record> {
        let at = self.sink.last.unwrap_or(self.sink.before);
        let record = |kind, count, detail: &str| {
            Record::Health(Health { at, kind, protocol: "".into(), flow: None, count, detail: detail.into() })
        };
        let counters = self.counters();
        let mut records = Vec::new();
        if counters.dropped > 0 {
            let detail = "packets that the capturing program or interface says it dropped";
            records.push(record(HealthKind::Dropped, counters.dropped, detail));
        }
        if counters.clock_leaps > 0 {
            let detail = "packets more than a second older than the one before them in the same file";
            records.push(record(HealthKind::Clock, counters.clock_leaps, detail));
        }
        for problem in &self.problems {
            records.push(record(HealthKind::Input, 1, &problem.to_string()));
        }
        let more = counters.problems.saturating_sub(self.problems.len() as u64);
        if more > 0 {
            records.push(record(HealthKind::Input, more, "further problems with the input"));
        }
        records
    }

    /// Names that the captures give to addresses, so far.
    pub fn names(&self) -> &[Name] {
        &self.sink.names
    }

    /// Comments in the captures, so far.
    pub fn comments(&self) -> &[Comment] {
        &self.sink.comments
    }

    /// A handle that tells how far reading has come, also from another thread.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// The file being read, or the next that can be opened.
    fn next_open(&mut self) -> Option<Open> {
        if let Some(open) = self.open.take() {
            return Some(open);
        }
        while let Some(source) = self.sources.pop_front() {
            let name = source.name();
            match Stream::open(source, &self.progress) {
                Ok(stream) => {
                    self.sink.before = self.sink.last.take().unwrap_or(self.sink.before);
                    return Some(Open { name, stream, format: Format::Unknown, offset: 0 });
                }
                Err(error) => self.problem(&name, None, ProblemKind::Unreadable, reason(&error)),
            }
        }
        None
    }

    /// Reads from one file until the chunk is full or the file is done.
    fn fill(&mut self, open: &mut Open, chunk: &mut Chunk, position: &mut usize) -> Done {
        loop {
            let step = open.parse(&mut chunk.bytes[..chunk.filled], position, &mut self.sink);
            self.take_notes(&open.name);
            let result = match step {
                Step::Full => return Done::Chunk,
                Step::Stop(kind, reason) => Err((kind, reason)),
                Step::Skip(bytes) => self.skip(open, chunk, position, bytes),
                Step::More(needed) => match self.more(open, chunk, position, needed) {
                    Ok(true) => Ok(()),
                    Ok(false) => return Done::File,
                    Err(trouble) => Err(trouble),
                },
            };
            if let Err((kind, reason)) = result {
                self.problem(&open.name, Some(open.offset), kind, reason);
                chunk.filled = *position;
                return Done::File;
            }
        }
    }

    /// Sees to it that at least `needed` bytes are there to be parsed; `false` at a proper end of the file.
    fn more(
        &mut self,
        open: &mut Open,
        chunk: &mut Chunk,
        position: &mut usize,
        needed: usize,
    ) -> Result<bool, Trouble> {
        while chunk.filled - *position < needed {
            if self.read(open, chunk, position, needed)? == 0 {
                if let Some(lost) = open.lost() {
                    let reason = format!("{}; nothing readable follows", lost.reason);
                    self.problem(&open.name, Some(lost.offset), ProblemKind::Corrupt, reason);
                    chunk.filled = *position;
                    return Ok(false);
                }
                return match open.cut_off(chunk.filled - *position, needed) {
                    Some(trouble) => Err(trouble),
                    None => Ok(false),
                };
            }
        }
        Ok(true)
    }

    /// Passes over `bytes` bytes.
    fn skip(
        &mut self,
        open: &mut Open,
        chunk: &mut Chunk,
        position: &mut usize,
        mut bytes: u64,
    ) -> Result<(), Trouble> {
        loop {
            let here = bytes.min((chunk.filled - *position) as u64);
            *position += here as usize;
            open.offset += here;
            bytes -= here;
            if bytes == 0 {
                return Ok(());
            }
            if self.read(open, chunk, position, 1)? == 0 {
                return Err((ProblemKind::Truncated, format!("file ends, {bytes} bytes before the end of a block")));
            }
        }
    }

    /// Reads once behind what is there, after making room for `needed` unparsed bytes; 0 at the end of the file.
    fn read(
        &mut self,
        open: &mut Open,
        chunk: &mut Chunk,
        position: &mut usize,
        needed: usize,
    ) -> Result<usize, Trouble> {
        let left = chunk.filled - *position;
        if chunk.bytes.len() - chunk.filled < limits::READ_BYTES.max(needed - left) {
            *position = Chunk::squeeze(&mut chunk.bytes, &mut self.sink.frames, *position, chunk.filled);
            chunk.filled = *position + left;
        }
        let end = chunk.bytes.len().min(chunk.filled + limits::READ_BYTES);
        let count = open.stream.read(&mut chunk.bytes[chunk.filled..end]).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => (ProblemKind::Truncated, "compressed data ends too early".to_owned()),
            // What a decompressor says itself has no number of the operating system.
            _ if open.stream.compressed && error.raw_os_error().is_none() => {
                (ProblemKind::Corrupt, format!("compressed data: {error}"))
            }
            _ => (ProblemKind::Unreadable, reason(&error)),
        })?;
        chunk.filled += count;
        Ok(count)
    }

    /// Makes problems of what the parser and the filter complained of.
    fn take_notes(&mut self, name: &str) {
        for note in mem::take(&mut self.sink.notes) {
            self.problem(name, Some(note.offset), note.kind, note.reason);
        }
        let complaints = self.sink.selection.filter.as_mut().map(|filter| mem::take(&mut filter.complaints));
        for complaint in complaints.into_iter().flatten() {
            self.problem(name, None, ProblemKind::Filter, complaint);
        }
    }

    fn problem(&mut self, path: &str, offset: Option<u64>, kind: ProblemKind, reason: String) {
        self.sink.counters.problems += 1;
        if self.problems.len() < limits::PROBLEMS_MAX {
            self.problems.push(Problem { path: path.to_owned(), offset, kind, reason });
        }
    }
}

impl Open {
    /// Parses what is there.
    fn parse(&mut self, bytes: &mut [u8], position: &mut usize, sink: &mut Sink) -> Step {
        let start = *position;
        let mut window = Window { bytes, position: start, base: self.offset.wrapping_sub(start as u64) };
        let step = match &mut self.format {
            Format::Unknown => match recognise(&mut window) {
                Ok(format) => {
                    self.format = format;
                    sink.counters.files += 1;
                    Step::More(0)
                }
                Err(step) => step,
            },
            Format::Pcap(pcap) => pcap.parse(&mut window, sink),
            Format::Pcapng(pcapng) => pcapng.parse(&mut window, sink),
            Format::Snoop(snoop) => snoop.parse(&mut window, sink),
        };
        *position = window.position;
        self.offset += (window.position - start) as u64;
        step
    }

    /// What was found corrupt, when the end of the file came before anything readable.
    fn lost(&mut self) -> Option<Lost> {
        match &mut self.format {
            Format::Pcap(pcap) => pcap.lost(),
            Format::Pcapng(pcapng) => pcapng.lost(),
            Format::Unknown | Format::Snoop(_) => None,
        }
    }

    /// What is wrong with an end of the file where `left` bytes are left of `needed`; nothing between two records.
    fn cut_off(&self, left: usize, needed: usize) -> Option<Trouble> {
        let what = match self.format {
            Format::Unknown if left == 0 => return Some((ProblemKind::Empty, "empty file".to_owned())),
            Format::Unknown => "file header",
            _ if left == 0 => return None,
            Format::Pcapng(_) => "block",
            _ => "record",
        };
        Some((ProblemKind::Truncated, format!("file ends inside a {what}: {needed} bytes needed, {left} left")))
    }
}

/// Finds the format by the first bytes, and passes over the file header.
fn recognise(window: &mut Window<'_>) -> Result<Format, Step> {
    let rest = &window.bytes[window.position..];
    let Some(magic) = rest.first_chunk::<4>() else {
        return Err(Step::More(4));
    };
    if *magic == pcapng::MAGIC {
        return Ok(Format::Pcapng(Pcapng::new()));
    }
    let is_snoop = snoop::MAGIC.starts_with(magic);
    let Some(needed) = Pcap::recognise(*magic).or(is_snoop.then_some(snoop::HEADER_BYTES)) else {
        return Err(Step::Stop(ProblemKind::Unrecognised, not_a_capture(rest)));
    };
    let Some(header) = rest.get(..needed) else {
        return Err(Step::More(needed));
    };
    if is_snoop && !header.starts_with(&snoop::MAGIC) {
        return Err(Step::Stop(ProblemKind::Unrecognised, not_a_capture(rest)));
    }
    let format = if is_snoop { Snoop::open(header).map(Format::Snoop) } else { Pcap::open(header).map(Format::Pcap) };
    let format = format.map_err(|reason| Step::Stop(ProblemKind::Unsupported, reason))?;
    window.position += needed;
    Ok(format)
}

/// Says what a file is that is not a capture, where its first bytes tell.
fn not_a_capture(bytes: &[u8]) -> String {
    const KNOWN: [(&[u8], &str); 8] = [
        (b"PK\x03\x04", "a zip archive: unpack it first"),
        (b"\xfd7zX", "xz-compressed: unpack it first"),
        (b"7z\xbc\xaf", "a 7z archive: unpack it first"),
        (b"Rar!", "a rar archive: unpack it first"),
        (b"\x1f\x8b", "compressed twice: unpack it once"),
        (b"\x28\xb5\x2f\xfd", "compressed twice: unpack it once"),
        (b"GMBU", "a Network Monitor capture: convert it with editcap"),
        (b"XCP\0", "a NetXRay capture: convert it with editcap"),
    ];
    let first: String = bytes.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    match KNOWN.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        Some((_, what)) => format!("not a capture, but {what}"),
        None => format!("not a capture: no known format begins with {first}"),
    }
}

/// Reads all frames of `bytes` as a file: the door for the fuzz target. Gives how many there were.
pub fn fuzz_bytes(bytes: &[u8]) -> u64 {
    let mut reader = Reader::new(Input::from_stream("bytes", io::Cursor::new(bytes.to_vec())), Selection::default());
    let mut chunk = Chunk::new();
    let mut sum = 0_u64;
    while reader.next_chunk(&mut chunk) {
        for frame in chunk.frames() {
            sum += u64::from(frame.bytes.len() as u32 <= frame.wire_len);
        }
    }
    assert_eq!(sum, reader.counters().packets, "every packet is a frame no longer than it was on the wire");
    sum
}
