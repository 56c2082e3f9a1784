//! What must hold for any bytes: no panic, the same chunks however the bytes arrive, borders that depend on packets only.

use std::io::{self, Read};

use proptest::collection::vec;
use proptest::prelude::*;

use super::{BIG, LITTLE, small_pcap, stream};
use crate::{Chunk, Input, Problem, Reader, Selection, fuzz_bytes, limits};

/// Gives bytes in pieces of the given sizes, again and again.
struct Pieces {
    bytes: Vec<u8>,
    at: usize,
    sizes: Vec<usize>,
    turn: usize,
}

impl Read for Pieces {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.turn += 1;
        if self.turn % 7 == 3 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let size = self.sizes[self.turn % self.sizes.len()].min(to.len()).min(self.bytes.len() - self.at);
        to[..size].copy_from_slice(&self.bytes[self.at..self.at + size]);
        self.at += size;
        Ok(size)
    }
}

type Seen = (Vec<Vec<(u64, i64, u32, u32, Vec<u8>)>>, Vec<Problem>, crate::Counters);

fn read(input: Input) -> Seen {
    let mut reader = Reader::new(input, Selection::default());
    // Two chunks in turn, as workers use them.
    let mut chunks = [Chunk::new(), Chunk::new()];
    let mut seen = Vec::new();
    while reader.next_chunk(&mut chunks[seen.len() % 2]) {
        let chunk = &chunks[seen.len() % 2];
        seen.push(chunk.frames().map(|f| (f.number, f.at.0, f.link.0, f.wire_len, f.bytes.to_vec())).collect());
    }
    (seen, reader.problems().to_vec(), reader.counters())
}

/// A valid file with some of everything.
fn everything() -> Vec<u8> {
    let section = |b: super::Build| {
        [
            b.section(&b.option(1, b"comment")),
            b.interface(1, 0, &b.option(9, &[9])),
            b.interface(113, 96, &b.option(14, &b.u64(5))),
            b.block(4, &b.option(1, b"\x0a\x00\x00\x01name\0")),
            b.enhanced(0, 1 << 60, 3, &[1, 2, 3], &b.option(4, &b.u64(9))),
            b.enhanced(1, 1 << 50, 900, &[4; 90], &b.option(1, b"here")),
            b.block(3, &[b.words(&[70]), vec![5; 70]].concat()),
            b.block(2, &b.words(&[0x0001_0000, 0, 7, 0, 0])),
            b.block(5, &[b.words(&[1, 0, 0]), b.option(5, &b.u64(3))].concat()),
            b.block(0xbad, &[0; 50]),
        ]
        .concat()
    };
    [section(LITTLE), section(BIG)].concat()
}

fn valid_file() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(everything()),
        (0..2000_u32).prop_map(small_pcap),
        Just([LITTLE.pcap_header(0xa1b2_cd34, 1), LITTLE.words(&[9, 9, 4, 4, 0, 0, 1])].concat()),
        Just([b"snoop\0\0\0".to_vec(), BIG.words(&[2, 4, 3, 3, 28, 0, 0, 0, 1])].concat()),
    ]
}

fn mutated(file: &[u8], changes: &[(prop::sample::Index, u8)]) -> Vec<u8> {
    let mut file = file.to_vec();
    for (index, byte) in changes {
        if !file.is_empty() {
            let index = index.index(file.len());
            file[index] = *byte;
        }
    }
    file
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn read_sizes_change_nothing(
        file in valid_file(),
        sizes in vec(1..3000_usize, 1..20),
        cut in 0..100_usize,
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let file = mutated(&file[..file.len().saturating_sub(cut)], &changes);
        let pieces = Pieces { bytes: file.clone(), at: 0, sizes, turn: 0 };
        prop_assert_eq!(read(Input::from_stream("file", pieces)), read(stream(&file)));
    }

    #[test]
    fn random_bytes_do_not_panic(bytes in vec(any::<u8>(), 0..400), magic in 0..6_usize) {
        let magics: [&[u8]; 6] = [
            &[],
            &[0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0],
            &[0xa1, 0xb2, 0xcd, 0x34, 0, 2, 0, 4],
            b"snoop\0\0\0\0\0\0\x02\0\0\0\x04",
            &[0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0],
            &[0x1f, 0x8b, 8],
        ];
        fuzz_bytes(&[magics[magic], &bytes].concat());
    }

    #[test]
    fn mutated_files_do_not_panic(file in valid_file(), changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        fuzz_bytes(&mutated(&file, &changes));
    }
}

#[test]
fn chunks_grow_to_their_limit() {
    let file = small_pcap(40_000);
    let (chunks, problems, counters) = read(stream(&file));
    let sizes: Vec<usize> = chunks.iter().map(Vec::len).collect();
    assert_eq!(sizes, [256, 1024, 4096, 8192, 8192, 8192, 8192, 1856]);
    assert_eq!((problems.len(), counters.packets), (0, 40_000));
    let numbers: Vec<u64> = chunks.concat().iter().map(|frame| frame.0).collect();
    assert_eq!(numbers, (1..=40_000).collect::<Vec<u64>>());
}

#[test]
fn chunks_of_large_packets_end_by_bytes_and_files_share_chunks() {
    let mut input = Input::default();
    for _ in 0..3 {
        let mut file = LITTLE.pcap_header(0xa1b2_c3d4, 1);
        for number in 0..30_u32 {
            file.extend(LITTLE.pcap_record(number, 0, 200_000, &vec![number as u8; 200_000]));
        }
        input.sources.extend(stream(&file).sources);
    }
    let (chunks, _, counters) = read(input);
    let sizes: Vec<usize> = chunks.iter().map(Vec::len).collect();
    let full = limits::CHUNK_BYTES_MAX.div_ceil(200_000);
    assert_eq!(sizes, [full, full, full, full, full, full, full, full, 90 - 8 * full]);
    assert!(chunks.concat().iter().all(|frame| frame.4.iter().all(|byte| i64::from(*byte) * 1_000_000_000 == frame.1)));
    assert_eq!((counters.files, counters.clock_back), (3, 0));
}

#[test]
fn borders_do_not_depend_on_the_container() {
    let packets: Vec<Vec<u8>> = (0..3000_u32).map(|number| vec![number as u8; (number % 1500) as usize]).collect();
    let mut classic = LITTLE.pcap_header(0xa1b2_c3d4, 1);
    let mut next = [LITTLE.section(&[]), LITTLE.interface(1, 0, &[])].concat();
    for packet in &packets {
        classic.extend(LITTLE.pcap_record(1, 0, packet.len() as u32, packet));
        next.extend(LITTLE.enhanced(0, 1_000_000, packet.len() as u32, packet, &LITTLE.option(1, &[b'c'; 5000])));
    }
    assert_eq!(read(stream(&classic)).0, read(stream(&next)).0);
}

#[test]
fn a_chunk_filled_again_allocates_nothing() {
    let file = small_pcap(60_000);
    let mut reader = Reader::new(stream(&file), Selection::default());
    let mut chunk = Chunk::new();
    for _ in 0..4 {
        assert!(reader.next_chunk(&mut chunk));
    }
    let before = (chunk.bytes.as_ptr(), chunk.bytes.capacity(), chunk.frames.capacity());
    assert!(reader.next_chunk(&mut chunk));
    assert_eq!(chunk.len(), 8_192);
    assert_eq!(before, (chunk.bytes.as_ptr(), chunk.bytes.capacity(), chunk.frames.capacity()));
}

#[test]
fn readers_and_chunks_go_to_other_threads() {
    fn send<T: Send>() {}
    fn sync<T: Sync>() {}
    send::<Reader>();
    send::<Chunk>();
    sync::<Chunk>();
}
