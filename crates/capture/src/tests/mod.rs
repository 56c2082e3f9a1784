//! Files built byte by byte, read, and shown as a transcript: frames, then counts that are not nought, then problems.

mod captures;
mod compressed;
mod errors;
mod laws;
mod pcap;
mod pcapng;
mod selection;

use std::fmt::Write as _;
use std::io::Cursor;

use crate::{Chunk, Input, Reader, Selection};

/// Reads `bytes` as a file and shows what came.
fn show(bytes: &[u8]) -> String {
    show_input(stream(bytes), Selection::default())
}

fn stream(bytes: &[u8]) -> Input {
    Input::from_stream("file", Cursor::new(bytes.to_vec()))
}

fn show_input(input: Input, selection: Selection) -> String {
    let mut reader = Reader::new(input, selection);
    let mut chunk = Chunk::new();
    let mut out = String::new();
    while reader.next_chunk(&mut chunk) {
        for frame in chunk.frames() {
            let bytes: String = frame.bytes.iter().take(8).map(|b| format!("{b:02x}")).collect();
            let (length, wire) = (frame.bytes.len(), frame.wire_len);
            writeln!(out, "{} {} link {} {length}/{wire} {bytes}", frame.number, frame.at, frame.link.0).unwrap();
        }
    }
    for name in reader.names() {
        writeln!(out, "name {} {}", name.address, name.name).unwrap();
    }
    for comment in reader.comments() {
        writeln!(out, "comment {:?} {}", comment.number, comment.text).unwrap();
    }
    let c = reader.counters();
    write!(out, "files {} packets {} bytes {} of {}", c.files, c.packets, c.bytes, c.wire_bytes).unwrap();
    for (what, count) in
        [("filtered", c.filtered), ("cut", c.cut), ("dropped", c.dropped), ("clock back", c.clock_back)]
    {
        if count > 0 {
            write!(out, ", {what} {count}").unwrap();
        }
    }
    out.push('\n');
    for problem in reader.problems() {
        writeln!(out, "{}: {problem}", problem.kind).unwrap();
    }
    out
}

/// Numbers of one byte order, put together.
#[derive(Clone, Copy)]
struct Build {
    big: bool,
}

const LITTLE: Build = Build { big: false };
const BIG: Build = Build { big: true };

impl Build {
    fn u16(self, number: u16) -> [u8; 2] {
        if self.big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    fn u32(self, number: u32) -> [u8; 4] {
        if self.big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    fn u64(self, number: u64) -> [u8; 8] {
        if self.big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    fn words(self, numbers: &[u32]) -> Vec<u8> {
        numbers.iter().flat_map(|number| self.u32(*number)).collect()
    }

    /// A classic file header, version 2.4, snap length 65535.
    fn pcap_header(self, magic: u32, link: u32) -> Vec<u8> {
        let version = [self.u16(2), self.u16(4)].concat();
        [self.words(&[magic]), version, self.words(&[0, 0, 65_535, link])].concat()
    }

    fn pcap_record(self, seconds: u32, fraction: u32, wire_len: u32, bytes: &[u8]) -> Vec<u8> {
        [self.words(&[seconds, fraction, bytes.len() as u32, wire_len]), bytes.to_vec()].concat()
    }

    /// A pcapng block around `body`.
    fn block(self, kind: u32, body: &[u8]) -> Vec<u8> {
        let mut body = body.to_vec();
        body.resize(body.len().next_multiple_of(4), 0);
        let total = body.len() as u32 + 12;
        [self.words(&[kind, total]), body, self.words(&[total])].concat()
    }

    fn section(self, options: &[u8]) -> Vec<u8> {
        let version = [self.u16(1), self.u16(0)].concat();
        self.block(0x0a0d_0d0a, &[self.words(&[0x1a2b_3c4d]), version, vec![0xff; 8], options.to_vec()].concat())
    }

    fn interface(self, link: u16, snap_length: u32, options: &[u8]) -> Vec<u8> {
        let head = [self.u16(link), [0; 2]].concat();
        self.block(1, &[head, self.words(&[snap_length]), options.to_vec()].concat())
    }

    fn enhanced(self, interface: u32, ticks: u64, wire_len: u32, bytes: &[u8], options: &[u8]) -> Vec<u8> {
        let head = self.words(&[interface, (ticks >> 32) as u32, ticks as u32, bytes.len() as u32, wire_len]);
        let mut bytes = bytes.to_vec();
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        self.block(6, &[head, bytes, options.to_vec()].concat())
    }

    /// An option or a record of a name resolution block.
    fn option(self, code: u16, value: &[u8]) -> Vec<u8> {
        let mut out = [self.u16(code), self.u16(value.len() as u16)].concat();
        out.extend(value);
        out.resize(out.len().next_multiple_of(4), 0);
        out
    }
}

/// A small classic file of `count` packets with different bytes and lengths.
fn small_pcap(count: u32) -> Vec<u8> {
    let mut file = LITTLE.pcap_header(0xa1b2_c3d4, 1);
    for number in 0..count {
        let bytes: Vec<u8> = (0..number % 90).map(|byte| byte.wrapping_mul(number) as u8).collect();
        file.extend(LITTLE.pcap_record(1_600_000_000 + number, number, bytes.len() as u32, &bytes));
    }
    file
}
