//! Compressed captures, recognised by their first bytes.

use std::io::{Read, Write as _};

use super::{show, small_pcap};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::GzEncoder::new(bytes, flate2::Compression::fast()).read_to_end(&mut out).unwrap();
    out
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    bzip2::read::BzEncoder::new(bytes, bzip2::Compression::fast()).read_to_end(&mut out).unwrap();
    out
}

fn lz4(bytes: &[u8]) -> Vec<u8> {
    let info = lz4_flex::frame::FrameInfo::new().block_size(lz4_flex::frame::BlockSize::Max64KB).content_checksum(true);
    let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

type Compress = fn(&[u8]) -> Vec<u8>;

const ALL: [(&str, Compress); 4] = [("gzip", gzip), ("bzip2", bzip2), ("lz4", lz4), ("zstd", zstd)];

/// Of two long transcripts, shows the ends only.
fn assert_same(name: &str, got: &str, expected: &str) {
    let end = |text: &str| text.lines().rev().take(3).collect::<Vec<&str>>().join("\n");
    assert!(got == expected, "{name}:\n{}\nexpected:\n{}", end(got), end(expected));
}

#[test]
fn read_like_the_plain_file() {
    let file = small_pcap(3000);
    for (name, compress) in ALL {
        assert_same(name, &show(&compress(&file)), &show(&file));
    }
}

#[test]
fn in_several_members() {
    let file = small_pcap(3000);
    for (name, compress) in ALL {
        let (one, two) = file.split_at(70_001);
        assert_same(name, &show(&[compress(one), compress(two)].concat()), &show(&file));
    }
}

#[test]
fn cut_off_gives_what_was_readable() {
    let file = small_pcap(30_000);
    for (name, compress) in ALL {
        let packed = compress(&file);
        let shown = show(&packed[..packed.len() * 2 / 3]);
        assert!(shown.lines().count() > 1000, "{name}: {}", shown.lines().last().unwrap());
        let problem = shown.lines().last().unwrap();
        assert!(problem.starts_with("truncated: file: at offset "), "{name}: {problem}");
    }
}

#[test]
fn damaged_gives_what_was_readable() {
    let file = small_pcap(30_000);
    for (name, compress) in ALL {
        let mut packed = compress(&file);
        let middle = packed.len() * 2 / 3;
        for byte in &mut packed[middle..middle + 100] {
            *byte ^= 0x55;
        }
        let shown = show(&packed);
        assert!(shown.contains("corrupt: file: at offset "), "{name}: {}", shown.lines().last().unwrap());
    }
}

#[test]
fn twice_compressed_or_not_a_capture_inside() {
    assert!(show(&gzip(&gzip(&small_pcap(1)))).contains("not a capture, but compressed twice"));
    assert!(show(&zstd(b"hello")).contains("not a capture: no known format begins with 68656c6c"));
    assert!(show(&gzip(b"")).contains("empty file"));
}
