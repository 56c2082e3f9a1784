//! The evidence ring: the last packets on disk, as capture files that any tool opens, found again by time and parties.
//!
//! A ring is a folder of pcapng files (draft-ietf-opsawg-pcapng), numbered upwards; the oldest leaves when all together
//! are over the limit. Beside each finished file lies its index: a key and an offset for each packet, sorted by key. A key is a
//! number that the caller makes of the parties, the same in both directions. A file without index (the newest one,
//! or after a crash) is read through.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use model::{Frame, LinkType, Time};

use crate::{Chunk, Input, Reader, Selection, limits};

const MAGIC: &[u8; 8] = b"vigieix1";
/// Interfaces of one file: one a link type.
const LINKS_MAX: usize = 64;

/// What a ring holds and lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RingCounters {
    /// Packets written since the start.
    pub packets: u64,
    /// Bytes on disk now.
    pub bytes: u64,
    /// Packets that could not be written.
    pub lost: u64,
    /// Files now.
    pub files: u64,
}

/// Writes the ring. One writer a folder.
pub struct Ring {
    folder: PathBuf,
    bytes_max: u64,
    open: Option<Open>,
    /// Finished files, the oldest first: number and bytes.
    finished: std::collections::VecDeque<(u64, u64)>,
    next: u64,
    counters: RingCounters,
    problem: Option<String>,
}

struct Open {
    number: u64,
    to: BufWriter<File>,
    bytes: u64,
    links: Vec<LinkType>,
    index: Vec<(u64, u32)>,
    first: Time,
    last: Time,
}

impl Ring {
    /// Opens the ring in `folder`, which is made where it is missing, with at most `bytes_max` bytes.
    pub fn open(folder: &Path, bytes_max: u64) -> io::Result<Ring> {
        fs::create_dir_all(folder)?;
        let mut finished: Vec<(u64, u64)> = numbers(folder)?
            .into_iter()
            .filter_map(|number| Some((number, fs::metadata(packets(folder, number)).ok()?.len())))
            .collect();
        finished.sort_unstable();
        let next = finished.last().map_or(1, |(number, _)| number + 1);
        let mut ring = Ring {
            folder: folder.to_owned(),
            bytes_max: bytes_max.max(2 * limits::EVIDENCE_FILE_BYTES),
            open: None,
            finished: finished.into(),
            next,
            counters: RingCounters::default(),
            problem: None,
        };
        ring.make_room();
        Ok(ring)
    }

    /// Keeps one packet. What cannot be written is counted as lost; writing is tried anew with the next file.
    pub fn append(&mut self, frame: &Frame<'_>, key: u64) {
        if self.open.as_ref().is_some_and(|open| open.is_full(frame)) {
            self.finish_file();
        }
        match self.write(frame, key) {
            Ok(()) => self.counters.packets += 1,
            Err(error) => {
                self.counters.lost += 1;
                self.problem = Some(format!("evidence in {}: {error}", self.folder.display()));
                self.open = None;
                // What is oldest makes room even on a disk that others filled.
                if error.kind() == io::ErrorKind::StorageFull {
                    self.drop_oldest();
                }
            }
        }
    }

    fn write(&mut self, frame: &Frame<'_>, key: u64) -> io::Result<()> {
        let open = match &mut self.open {
            Some(open) => open,
            none => {
                let path = packets(&self.folder, self.next);
                let mut to = BufWriter::with_capacity(256 << 10, File::create(path)?);
                to.write_all(&section_header())?;
                let (number, bytes) = (self.next, section_header().len() as u64);
                self.next += 1;
                none.insert(Open {
                    number,
                    to,
                    bytes,
                    links: Vec::new(),
                    index: Vec::new(),
                    first: frame.at,
                    last: frame.at,
                })
            }
        };
        let interface = match open.links.iter().position(|link| *link == frame.link) {
            Some(interface) => interface,
            None if open.links.len() >= LINKS_MAX => return Ok(()),
            None => {
                let block = interface_block(frame.link);
                open.to.write_all(&block)?;
                open.bytes += block.len() as u64;
                open.links.push(frame.link);
                open.links.len() - 1
            }
        };
        open.index.push((key, open.bytes as u32));
        open.bytes += write_packet(&mut open.to, interface as u32, frame)?;
        open.first = open.first.min(frame.at);
        open.last = open.last.max(frame.at);
        Ok(())
    }

    /// Writes out what is buffered, so that a query finds it.
    pub fn flush(&mut self) {
        if let Some(open) = &mut self.open
            && let Err(error) = open.to.flush()
        {
            self.problem = Some(format!("evidence in {}: {error}", self.folder.display()));
            self.open = None;
        }
    }

    fn finish_file(&mut self) {
        let Some(mut open) = self.open.take() else { return };
        let result = open.to.flush().and_then(|()| write_index(&self.folder, &mut open));
        if let Err(error) = result {
            self.problem = Some(format!("evidence in {}: {error}", self.folder.display()));
        }
        self.finished.push_back((open.number, open.bytes));
        self.make_room();
    }

    fn make_room(&mut self) {
        let total = |finished: &std::collections::VecDeque<(u64, u64)>| finished.iter().map(|(_, b)| b).sum::<u64>();
        while total(&self.finished) + limits::EVIDENCE_FILE_BYTES > self.bytes_max && !self.finished.is_empty() {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some((number, _)) = self.finished.pop_front() {
            let _ = fs::remove_file(packets(&self.folder, number));
            let _ = fs::remove_file(index(&self.folder, number));
        }
    }

    /// Counts so far.
    pub fn counters(&self) -> RingCounters {
        let open = self.open.as_ref().map_or(0, |open| open.bytes);
        RingCounters {
            bytes: self.finished.iter().map(|(_, bytes)| bytes).sum::<u64>() + open,
            files: self.finished.len() as u64 + u64::from(self.open.is_some()),
            ..self.counters
        }
    }

    /// What went wrong last, once.
    pub fn take_problem(&mut self) -> Option<String> {
        self.problem.take()
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        self.finish_file();
    }
}

impl Open {
    fn is_full(&self, frame: &Frame<'_>) -> bool {
        self.bytes + frame.bytes.len() as u64 + 64 > limits::EVIDENCE_FILE_BYTES
            || self.index.len() >= limits::EVIDENCE_FILE_PACKETS
            || frame.at.since(self.first).abs() > limits::EVIDENCE_FILE_SECONDS * 1_000_000_000
    }
}

/// What to find in a ring.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Only packets at this time or later.
    pub from: Option<Time>,
    /// Only packets before this time.
    pub to: Option<Time>,
    /// Only packets with one of these keys; empty for all.
    pub keys: Vec<u64>,
    /// At most this many bytes of packets are written.
    pub bytes_max: u64,
}

/// What a query gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extract {
    /// Packets written.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Whether there was more than `bytes_max`.
    pub is_cut: bool,
}

/// Finds packets in the ring in `folder` and writes them to `to` as one pcapng file, in the order of the ring. `wanted` is
/// asked last, with each packet that time and keys let through: keys of different parties may be equal.
///
/// Files that vanish or cannot be read meanwhile are passed over: the ring turns.
pub fn extract(
    folder: &Path,
    query: &Query,
    wanted: &mut dyn FnMut(&Frame<'_>) -> bool,
    to: &mut dyn Write,
) -> io::Result<Extract> {
    let mut list = numbers(folder)?;
    list.sort_unstable();
    to.write_all(&section_header())?;
    let mut links: Vec<LinkType> = Vec::new();
    let mut extract = Extract::default();
    let mut failed = None;
    for number in list {
        let path = packets(folder, number);
        let mut take = |frame: &Frame<'_>| -> bool {
            let is_in_time = query.from.is_none_or(|from| frame.at >= from) && query.to.is_none_or(|to| frame.at < to);
            if !is_in_time || !wanted(frame) {
                return true;
            }
            if extract.bytes + frame.bytes.len() as u64 > query.bytes_max {
                extract.is_cut = true;
                return false;
            }
            let written = (|| {
                let interface = match links.iter().position(|link| *link == frame.link) {
                    Some(interface) => interface,
                    None => {
                        to.write_all(&interface_block(frame.link))?;
                        links.push(frame.link);
                        links.len() - 1
                    }
                };
                write_packet(to, interface as u32, frame)
            })();
            match written {
                Ok(_) => {
                    extract.packets += 1;
                    extract.bytes += frame.bytes.len() as u64;
                    true
                }
                Err(error) => {
                    failed = Some(error);
                    false
                }
            }
        };
        let goes_on = match Index::read(&index(folder, number)) {
            Ok(index) if !index.overlaps(query) => true,
            Ok(index) if !query.keys.is_empty() => {
                by_offsets(&path, &index.offsets(&query.keys), &mut take).unwrap_or(true)
            }
            // No index, or everything is wanted: the file is read through.
            _ => read_through(&path, &mut take),
        };
        if let Some(error) = failed {
            return Err(error);
        }
        if !goes_on {
            break;
        }
    }
    to.flush()?;
    Ok(extract)
}

fn read_through(path: &Path, take: &mut dyn FnMut(&Frame<'_>) -> bool) -> bool {
    let mut reader = Reader::new(Input::from_paths(&[path.to_owned()]), Selection::default());
    let mut chunk = Chunk::new();
    while reader.next_chunk(&mut chunk) {
        for frame in chunk.frames() {
            if !take(&frame) {
                return false;
            }
        }
    }
    true
}

/// Reads single packets at known places. Interfaces stand before the first packet of their link type, so the blocks in
/// between are not needed: the link type of each interface is found by reading the heads of all blocks up to there once.
fn by_offsets(path: &Path, offsets: &[u32], take: &mut dyn FnMut(&Frame<'_>) -> bool) -> io::Result<bool> {
    let Some(last) = offsets.last() else { return Ok(true) };
    let mut from = BufReader::with_capacity(64 << 10, File::open(path)?);
    let links = links_until(&mut from, u64::from(*last))?;
    let mut bytes = Vec::new();
    let mut at = None;
    for offset in offsets {
        let offset = u64::from(*offset);
        match at {
            Some(now) if offset >= now => from.seek_relative((offset - now) as i64)?,
            _ => _ = from.seek(SeekFrom::Start(offset))?,
        }
        let mut head = [0; 28];
        from.read_exact(&mut head)?;
        let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (length, wire_len) = (word(20) as usize, word(24));
        if word(0) != PACKET_BLOCK || length > limits::PACKET_BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "index and packets do not belong together"));
        }
        bytes.resize(length, 0);
        from.read_exact(&mut bytes)?;
        at = Some(offset + 28 + length as u64);
        let link = links.get(word(8) as usize).copied().unwrap_or(LinkType::ETHERNET);
        let time = Time((i64::from(word(12)) << 32) | i64::from(word(16)));
        if !take(&Frame { at: time, link, bytes: &bytes, wire_len, number: 0 }) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The link types of the interfaces that are described before `end`.
fn links_until(from: &mut BufReader<File>, end: u64) -> io::Result<Vec<LinkType>> {
    let (mut links, mut at) = (Vec::new(), 0_u64);
    while at < end {
        let mut head = [0; 12];
        from.read_exact(&mut head)?;
        let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let length = u64::from(word(4));
        if word(0) == INTERFACE_BLOCK {
            links.push(LinkType(word(8) & 0xffff));
        }
        if length < 12 {
            break;
        }
        from.seek_relative((length - 12) as i64)?;
        at += length;
        if links.len() >= LINKS_MAX {
            break;
        }
    }
    Ok(links)
}

/// The index of one file.
struct Index {
    first: Time,
    last: Time,
    entries: Vec<(u64, u32)>,
}

impl Index {
    fn read(path: &Path) -> io::Result<Index> {
        let bad = || io::Error::new(io::ErrorKind::InvalidData, "not an index");
        let bytes = fs::read(path)?;
        let (head, rest) = bytes.split_at_checked(24).ok_or_else(bad)?;
        let long = |bytes: &[u8]| bytes.first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        if !head.starts_with(MAGIC) || rest.len() % 12 != 0 {
            return Err(bad());
        }
        let entries = rest
            .chunks_exact(12)
            .map(|entry| (long(entry), entry[8..].first_chunk::<4>().map_or(0, |bytes| u32::from_le_bytes(*bytes))))
            .collect();
        Ok(Index { first: Time(long(&head[8..]) as i64), last: Time(long(&head[16..]) as i64), entries })
    }

    fn overlaps(&self, query: &Query) -> bool {
        query.from.is_none_or(|from| self.last >= from) && query.to.is_none_or(|to| self.first < to)
    }

    /// Places of packets with one of the keys, in order.
    fn offsets(&self, keys: &[u64]) -> Vec<u32> {
        let mut offsets: Vec<u32> = keys
            .iter()
            .flat_map(|key| {
                let start = self.entries.partition_point(|(known, _)| known < key);
                self.entries[start..].iter().take_while(move |(known, _)| known == key).map(|(_, offset)| *offset)
            })
            .collect();
        offsets.sort_unstable();
        offsets.dedup();
        offsets
    }
}

fn write_index(folder: &Path, open: &mut Open) -> io::Result<()> {
    open.index.sort_unstable();
    let mut to = BufWriter::new(File::create(index(folder, open.number))?);
    to.write_all(MAGIC)?;
    to.write_all(&open.first.0.to_le_bytes())?;
    to.write_all(&open.last.0.to_le_bytes())?;
    for (key, offset) in &open.index {
        to.write_all(&key.to_le_bytes())?;
        to.write_all(&offset.to_le_bytes())?;
    }
    to.flush()
}

const INTERFACE_BLOCK: u32 = 1;
const PACKET_BLOCK: u32 = 6;

fn section_header() -> [u8; 28] {
    let mut block = [0; 28];
    block[0..4].copy_from_slice(&0x0a0d_0d0a_u32.to_le_bytes());
    block[4..8].copy_from_slice(&28_u32.to_le_bytes());
    block[8..12].copy_from_slice(&0x1a2b_3c4d_u32.to_le_bytes());
    block[12..14].copy_from_slice(&1_u16.to_le_bytes());
    // The length of the section is not known: minus one.
    block[16..24].copy_from_slice(&[0xff; 8]);
    block[24..28].copy_from_slice(&28_u32.to_le_bytes());
    block
}

/// An interface of this link type with times in nanoseconds (option `if_tsresol`).
fn interface_block(link: LinkType) -> [u8; 32] {
    let mut block = [0; 32];
    block[0..4].copy_from_slice(&INTERFACE_BLOCK.to_le_bytes());
    block[4..8].copy_from_slice(&32_u32.to_le_bytes());
    block[8..10].copy_from_slice(&(link.0 as u16).to_le_bytes());
    block[12..16].copy_from_slice(&(limits::PACKET_BYTES_MAX as u32).to_le_bytes());
    block[16..18].copy_from_slice(&9_u16.to_le_bytes());
    block[18..20].copy_from_slice(&1_u16.to_le_bytes());
    block[20] = 9;
    block[28..32].copy_from_slice(&32_u32.to_le_bytes());
    block
}

/// Writes an enhanced packet block; gives its length.
fn write_packet(to: &mut (impl Write + ?Sized), interface: u32, frame: &Frame<'_>) -> io::Result<u64> {
    let padding = frame.bytes.len().wrapping_neg() % 4;
    let length = (32 + frame.bytes.len() + padding) as u32;
    let mut head = [0; 28];
    head[0..4].copy_from_slice(&PACKET_BLOCK.to_le_bytes());
    head[4..8].copy_from_slice(&length.to_le_bytes());
    head[8..12].copy_from_slice(&interface.to_le_bytes());
    head[12..16].copy_from_slice(&((frame.at.0 >> 32) as u32).to_le_bytes());
    head[16..20].copy_from_slice(&(frame.at.0 as u32).to_le_bytes());
    head[20..24].copy_from_slice(&(frame.bytes.len() as u32).to_le_bytes());
    head[24..28].copy_from_slice(&frame.wire_len.to_le_bytes());
    to.write_all(&head)?;
    to.write_all(frame.bytes)?;
    to.write_all(&[0; 3][..padding])?;
    to.write_all(&length.to_le_bytes())?;
    Ok(u64::from(length))
}

fn packets(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:010}.pcapng"))
}

fn index(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:010}.index"))
}

/// Numbers of the files of a ring, in no order.
fn numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let number = |entry: fs::DirEntry| {
        let path = entry.path();
        if path.extension()? != "pcapng" {
            return None;
        }
        path.file_stem()?.to_str()?.parse().ok()
    };
    Ok(fs::read_dir(folder)?.flatten().filter_map(number).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("vigie-evidence-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    fn frame(second: i64, bytes: &[u8]) -> Frame<'_> {
        let at = Time::from_seconds(1_700_000_000 + second, 7);
        Frame { at, link: LinkType::ETHERNET, bytes, wire_len: bytes.len() as u32, number: 0 }
    }

    /// The first bytes of the packets that a query gives.
    fn found(folder: &Path, query: &Query) -> Vec<u8> {
        let mut file = Vec::new();
        extract(folder, query, &mut |_| true, &mut file).unwrap();
        let path = folder.join("found");
        fs::write(&path, &file).unwrap();
        let mut list = Vec::new();
        assert!(read_through(&path, &mut |frame| {
            list.push(frame.bytes[0]);
            true
        }));
        fs::remove_file(path).unwrap();
        list
    }

    fn all() -> Query {
        Query { bytes_max: u64::MAX, ..Query::default() }
    }

    #[test]
    fn packets_are_found_by_time_and_by_parties_in_finished_and_open_files() {
        let folder = folder("find");
        let mut ring = Ring::open(&folder, 1 << 30).unwrap();
        for minute in 0..30_u8 {
            ring.append(&frame(i64::from(minute) * 60, &[minute; 60]), u64::from(minute % 3));
        }
        ring.flush();
        assert!(ring.counters().files > 1, "the ring has several files");
        let at = |minute: i64| Some(Time::from_seconds(1_700_000_000 + minute * 60, 0));
        assert_eq!(found(&folder, &all()), (0..30).collect::<Vec<u8>>());
        assert_eq!(found(&folder, &Query { from: at(5), to: at(8), ..all() }), [5, 6, 7]);
        let of_one = found(&folder, &Query { keys: vec![1], from: at(2), ..all() });
        // The open file has no index yet, so `wanted` has to tell parties apart there.
        assert_eq!(of_one[..6], [4, 7, 10, 13, 16, 19].map(|n: u8| n)[..]);
        drop(ring);
        assert_eq!(found(&folder, &Query { keys: vec![1], from: at(20), ..all() }), [22, 25, 28]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_oldest_files_make_room_and_a_second_start_goes_on() {
        let folder = folder("turn");
        let big = vec![9; 60_000];
        let mut ring = Ring::open(&folder, 0).unwrap();
        for second in 0..2000 {
            ring.append(&frame(second, &big), 1);
        }
        assert!(ring.counters().bytes <= 2 * limits::EVIDENCE_FILE_BYTES);
        let newest = ring.next;
        drop(ring);
        let ring = Ring::open(&folder, 0).unwrap();
        assert_eq!(ring.next, newest);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_torn_file_gives_what_is_whole() {
        let folder = folder("torn");
        let mut ring = Ring::open(&folder, 1 << 30).unwrap();
        (0..10_u8).for_each(|second| ring.append(&frame(i64::from(second), &[second; 60]), 0));
        drop(ring);
        let path = packets(&folder, 1);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 30]).unwrap();
        fs::remove_file(index(&folder, 1)).unwrap();
        assert_eq!(found(&folder, &all()), (0..9).collect::<Vec<u8>>());
        fs::remove_dir_all(folder).unwrap();
    }
}
