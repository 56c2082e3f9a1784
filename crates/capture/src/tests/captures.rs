//! Real captures, where they are present: the same number of packets as capinfos counts.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Chunk, Input, Reader, Selection};

const CAPTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/captures");

/// Whether the first bytes are those of a capture, plain or in gzip.
fn is_capture(path: &Path) -> bool {
    use std::io::Read as _;
    let mut magic = [0; 4];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut magic));
    read.is_ok()
        && matches!(
            magic,
            [0xd4, 0xc3, 0xb2, 0xa1]
                | [0xa1, 0xb2, 0xc3, 0xd4]
                | [0x4d, 0x3c, 0xb2, 0xa1]
                | [0x0a, 0x0d, 0x0d, 0x0a]
                | [0x1f, 0x8b, ..]
        )
}

#[test]
fn as_many_packets_as_capinfos_counts() {
    if !Path::new(CAPTURES).is_dir() {
        return println!("skipped: no captures beside the project");
    }
    let mut paths: Vec<PathBuf> = Vec::new();
    for source in Input::from_paths([CAPTURES]).sources {
        if let crate::Source::File(path) = source {
            paths.extend(is_capture(&path).then_some(path));
        }
    }
    let mut expected: HashMap<PathBuf, u64> = HashMap::new();
    // Table without header, tab-separated, machine-readable: path and number of packets.
    let Ok(output) = Command::new("capinfos").args(["-T", "-r", "-M", "-c"]).args(&paths).output() else {
        return println!("skipped: no capinfos");
    };
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        if let Some((path, count)) = line.split_once('\t') {
            expected.insert(path.into(), count.trim().parse().unwrap_or(0));
        }
    }
    let mut chunk = Chunk::new();
    let mut differences = Vec::new();
    for path in &paths {
        let mut reader = Reader::new(Input::from_paths([path]), Selection::default());
        while reader.next_chunk(&mut chunk) {}
        let packets = reader.counters().packets;
        // capinfos gives up on link types it does not know and on corrupt files; there it says nothing to compare with.
        if let Some(count) = expected.get(path)
            && *count != packets
        {
            differences.push(format!("{} {packets}, capinfos {count}, {:?}", path.display(), reader.problems()));
        }
    }
    println!("{} captures read, {} compared with capinfos", paths.len(), expected.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
