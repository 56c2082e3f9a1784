//! pcapng: sections, interfaces, names, comments, drop counters, and what is wrong in them.

use expect_test::expect;

use super::{BIG, Build, LITTLE, show, show_input, stream};
use crate::{Reader, Selection};

const SECONDS: u64 = 1_600_000_000;

#[test]
fn interfaces_with_their_own_link_type_resolution_and_offset() {
    for b in [LITTLE, BIG] {
        let file = [
            b.section(&[]),
            b.interface(1, 0, &[]),
            b.interface(113, 0, &b.option(9, &[9])),
            b.interface(101, 0, &b.option(9, &[0x80 | 10])),
            b.interface(1, 0, &[b.option(9, &[0]), b.option(14, &b.u64(SECONDS))].concat()),
            b.interface(1, 0, &b.option(9, &[12])),
            b.enhanced(0, SECONDS * 1_000_000 + 1, 2, &[1, 2], &[]),
            b.enhanced(1, SECONDS * 1_000_000_000 + 1, 900, &[3, 4], &[]),
            b.enhanced(2, SECONDS << 10 | 512, 1, &[5], &[]),
            b.enhanced(3, 1, 1, &[6], &[]),
            b.enhanced(4, 1_600_000_000_999, 0, &[], &[]),
        ]
        .concat();
        expect![[r#"
            1 2020-09-13T12:26:40.000001000Z link 1 2/2 0102
            2 2020-09-13T12:26:40.000000001Z link 113 2/900 0304
            3 2020-09-13T12:26:40.500000000Z link 101 1/1 05
            4 2020-09-13T12:26:41.000000000Z link 1 1/1 06
            5 1970-01-01T00:00:01.600000000Z link 1 0/0 
            files 1 packets 5 bytes 6 of 904, cut 1, clock back 2
        "#]]
        .assert_eq(&show(&file));
    }
}

#[test]
fn sections_of_both_byte_orders() {
    let section = |b: Build, link| {
        [b.section(&[]), b.interface(link, 0, &[]), b.enhanced(0, SECONDS * 1_000_000, 1, &[7], &[])].concat()
    };
    let file = [section(LITTLE, 1), section(BIG, 101), section(LITTLE, 276)].concat();
    expect![[r#"
        1 2020-09-13T12:26:40.000000000Z link 1 1/1 07
        2 2020-09-13T12:26:40.000000000Z link 101 1/1 07
        3 2020-09-13T12:26:40.000000000Z link 276 1/1 07
        files 1 packets 3 bytes 3 of 3
    "#]]
    .assert_eq(&show(&file));
}

#[test]
fn simple_packets_and_old_packets() {
    let b = LITTLE;
    let old = |drops: u16, bytes: &[u8]| {
        let ticks = SECONDS * 1_000_000;
        let head = [b.u16(0), b.u16(drops)].concat();
        let words = b.words(&[(ticks >> 32) as u32, ticks as u32, bytes.len() as u32, bytes.len() as u32]);
        b.block(2, &[head, words, bytes.to_vec()].concat())
    };
    let file = [
        b.section(&[]),
        b.interface(1, 3, &[]),
        b.block(3, &[b.words(&[2]), vec![1, 2]].concat()),
        old(4, &[3, 4, 5]),
        b.block(3, &[b.words(&[60]), vec![6, 7, 8, 0]].concat()),
        old(0xffff, &[9]),
    ]
    .concat();
    expect![[r#"
        1 1970-01-01T00:00:00.000000000Z link 1 2/2 0102
        2 2020-09-13T12:26:40.000000000Z link 1 3/3 030405
        3 2020-09-13T12:26:40.000000000Z link 1 3/60 060708
        4 2020-09-13T12:26:40.000000000Z link 1 1/1 09
        files 1 packets 4 bytes 9 of 66, cut 1, dropped 4
    "#]]
    .assert_eq(&show(&file));
}

#[test]
fn names_and_comments() {
    let b = BIG;
    let names = [
        b.option(1, b"\x0a\x00\x00\x01plc-1\0plc-1.example\0"),
        b.option(2, &[[0; 15].as_slice(), b"\x01six\0"].concat()),
        b.option(1, b"\x0a\x00\x00\x01plc-1\0"),
        b.option(3, b"\0\0\0\0\0\0mac\0"),
        b.option(0, &[]),
    ]
    .concat();
    let file = [
        b.section(&b.option(1, b"made in a test")),
        b.interface(1, 0, &b.option(1, b"port 3")),
        b.block(4, &names),
        b.enhanced(0, 0, 1, &[1], &[b.option(1, b"look here"), b.option(0, &[])].concat()),
    ]
    .concat();
    expect![[r#"
        1 1970-01-01T00:00:00.000000000Z link 1 1/1 01
        name 10.0.0.1 plc-1
        name 10.0.0.1 plc-1.example
        name ::1 six
        comment None made in a test
        comment None port 3
        comment Some(1) look here
        files 1 packets 1 bytes 1 of 1
    "#]]
    .assert_eq(&show(&file));
}

#[test]
fn drops_told_twice_are_counted_once() {
    let b = LITTLE;
    let statistics = |drops, system| {
        b.block(5, &[b.words(&[0, 0, 0]), b.option(5, &b.u64(drops)), b.option(7, &b.u64(system))].concat())
    };
    let file = [
        b.section(&[]),
        b.interface(1, 0, &[]),
        b.enhanced(0, 0, 1, &[1], &b.option(4, &b.u64(3))),
        statistics(1, 1),
        statistics(6, 1),
        b.enhanced(0, 0, 1, &[1], &b.option(4, &b.u64(2))),
    ]
    .concat();
    assert!(show(&file).ends_with("packets 2 bytes 2 of 2, dropped 7\n"), "{}", show(&file));
}

#[test]
fn unknown_blocks_and_secrets_are_skipped() {
    let b = LITTLE;
    let file = [
        b.section(&[]),
        b.interface(1, 0, &[]),
        b.block(0x0bad, &[1, 2, 3, 4, 5]),
        b.block(10, &[b.words(&[0x544c_534b, 12]), b"CLIENT_RANDOM very secret".to_vec()].concat()),
        b.block(0x4000_0bad, &vec![7; 3 << 20]),
        b.enhanced(0, 0, 1, &[1], &[]),
    ]
    .concat();
    expect![[r#"
        1 1970-01-01T00:00:00.000000000Z link 1 1/1 01
        files 1 packets 1 bytes 1 of 1
    "#]]
    .assert_eq(&show_input(stream(&file), Selection::default()));
    let mut reader = Reader::new(stream(&file), Selection::default());
    let mut chunk = crate::Chunk::new();
    assert!(reader.next_chunk(&mut chunk));
    assert!(!chunk.bytes.windows(11).any(|bytes| bytes == b"very secret"));
}

#[test]
fn a_chunk_of_packets_with_long_options_fits_its_buffer() {
    let b = LITTLE;
    let comment = b.option(1, &[b'x'; 60_000]);
    let mut file = [b.section(&[]), b.interface(1, 0, &[])].concat();
    for number in 0..200_u32 {
        file.extend(b.enhanced(0, u64::from(number), 4, &number.to_le_bytes(), &comment));
    }
    let mut reader = Reader::new(stream(&file), Selection::default());
    let mut chunk = crate::Chunk::new();
    assert!(reader.next_chunk(&mut chunk));
    let numbers: Vec<u32> = chunk.frames().map(|f| u32::from_le_bytes(f.bytes.try_into().unwrap())).collect();
    assert_eq!(numbers, (0..200).collect::<Vec<u32>>());
    assert_eq!(reader.counters().comments, 200);
}
