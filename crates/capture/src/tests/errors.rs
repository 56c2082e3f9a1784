//! Bad input: what was readable comes, the rest is told with place and reason, the next file is read.

use std::fs;

use expect_test::expect;

use super::{BIG, LITTLE, show, show_input, small_pcap};
use crate::{Chunk, Input, Reader, Selection};

/// A directory for one test, removed at its end.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new(test: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("vigie-capture-{test}-{}", std::process::id()));
        _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn file(&self, name: &str, bytes: &[u8]) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// What reading `names` inside the directory shows, with the directory's own path left out.
    fn show(&self, names: &[&str]) -> String {
        let input = Input::from_paths(names.iter().map(|name| self.0.join(name)));
        show_input(input, Selection::default()).replace(&format!("{}/", self.0.display()), "")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn directory_with_junk_is_read_in_order() {
    let scratch = Scratch::new("junk");
    scratch.file("plant/b.pcap", &small_pcap(2));
    scratch.file("plant/a/z.pcap", &small_pcap(1));
    scratch.file("plant/a/readme.txt", b"hello");
    scratch.file("plant/empty", b"");
    scratch.file("plant/c.zip", b"PK\x03\x04....");
    expect![[r#"
        1 2020-09-13T12:26:40.000000000Z link 1 0/0 
        2 2020-09-13T12:26:40.000000000Z link 1 0/0 
        3 2020-09-13T12:26:41.000001000Z link 1 1/1 00
        files 2 packets 3 bytes 1 of 1
        unrecognised: plant/a/readme.txt: at offset 0: not a capture: no known format begins with 68656c6c
        unrecognised: plant/c.zip: at offset 0: not a capture, but a zip archive: unpack it first
        empty: plant/empty: at offset 0: empty file
    "#]]
    .assert_eq(&scratch.show(&["plant"]));
}

#[test]
fn missing_file_and_empty_directory() {
    let scratch = Scratch::new("missing");
    scratch.file("a.pcap", &small_pcap(1));
    fs::create_dir(scratch.0.join("nothing")).unwrap();
    expect![[r#"
        1 2020-09-13T12:26:40.000000000Z link 1 0/0 
        files 1 packets 1 bytes 0 of 0
        unreadable: not-there: no such file or directory
        empty: nothing: no file in this directory
    "#]]
    .assert_eq(&scratch.show(&["not-there", "a.pcap", "nothing"]));
}

#[test]
fn header_cut_off() {
    expect![[r#"
        files 0 packets 0 bytes 0 of 0
        truncated: file: at offset 0: file ends inside a file header: 24 bytes needed, 20 left
    "#]]
    .assert_eq(&show(&small_pcap(0)[..20]));
    expect![[r#"
        files 0 packets 0 bytes 0 of 0
        truncated: file: at offset 0: file ends inside a file header: 4 bytes needed, 3 left
    "#]]
    .assert_eq(&show(&small_pcap(0)[..3]));
}

#[test]
fn no_packet_is_no_problem() {
    assert_eq!(show(&small_pcap(0)), "files 1 packets 0 bytes 0 of 0\n");
}

#[test]
fn last_record_cut_off() {
    let file = small_pcap(3);
    expect![[r#"
        1 2020-09-13T12:26:40.000000000Z link 1 0/0 
        2 2020-09-13T12:26:41.000001000Z link 1 1/1 00
        files 1 packets 2 bytes 1 of 1
        truncated: file: at offset 57: file ends inside a record: 18 bytes needed, 17 left
    "#]]
    .assert_eq(&show(&file[..file.len() - 1]));
    expect![[r#"
        1 2020-09-13T12:26:40.000000000Z link 1 0/0 
        2 2020-09-13T12:26:41.000001000Z link 1 1/1 00
        files 1 packets 2 bytes 1 of 1
        truncated: file: at offset 57: file ends inside a record: 16 bytes needed, 5 left
    "#]]
    .assert_eq(&show(&file[..file.len() - 13]));
}

#[test]
fn impossible_length_and_nothing_behind_it() {
    let file = [small_pcap(1), LITTLE.words(&[1, 1, 0x7fff_ffff, 60]), vec![0; 100]].concat();
    expect![[r#"
        1 2020-09-13T12:26:40.000000000Z link 1 0/0 
        files 1 packets 1 bytes 0 of 0
        corrupt: file: at offset 40: record announces 2147483647 captured bytes, more than any packet has (262144); nothing readable follows
    "#]]
    .assert_eq(&show(&file));
}

#[test]
fn reading_goes_on_behind_a_corrupt_record() {
    let record = |number: u32| LITTLE.pcap_record(1_600_000_000 + number, 0, 40, &[number as u8; 40]);
    let header = LITTLE.pcap_header(0xa1b2_c3d4, 1);
    let garbage = [LITTLE.words(&[1, 1, 0x7fff_ffff, 60]), vec![0; 33]].concat();
    let good: Vec<u8> = (2..6).flat_map(record).collect();
    let file = [header.clone(), record(1), garbage.clone(), good.clone(), garbage.clone(), good].concat();
    expect![[r#"
        1 2020-09-13T12:26:41.000000000Z link 1 40/40 0101010101010101
        2 2020-09-13T12:26:42.000000000Z link 1 40/40 0202020202020202
        3 2020-09-13T12:26:43.000000000Z link 1 40/40 0303030303030303
        4 2020-09-13T12:26:44.000000000Z link 1 40/40 0404040404040404
        5 2020-09-13T12:26:45.000000000Z link 1 40/40 0505050505050505
        6 2020-09-13T12:26:42.000000000Z link 1 40/40 0202020202020202
        7 2020-09-13T12:26:43.000000000Z link 1 40/40 0303030303030303
        8 2020-09-13T12:26:44.000000000Z link 1 40/40 0404040404040404
        9 2020-09-13T12:26:45.000000000Z link 1 40/40 0505050505050505
        files 1 packets 9 bytes 360 of 360, clock back 1
        corrupt: file: at offset 80: record announces 2147483647 captured bytes, more than any packet has (262144); 49 bytes skipped
        corrupt: file: at offset 353: record announces 2147483647 captured bytes, more than any packet has (262144); 49 bytes skipped
    "#]].assert_eq(&show(&file));
    // Two records are not enough to be believed, nor are three of another year.
    let file = [header.clone(), record(1), garbage.clone(), record(2), record(3)].concat();
    expect![[r#"
        1 2020-09-13T12:26:41.000000000Z link 1 40/40 0101010101010101
        files 1 packets 1 bytes 40 of 40
        corrupt: file: at offset 80: record announces 2147483647 captured bytes, more than any packet has (262144); nothing readable follows
    "#]].assert_eq(&show(&file));
    let other: Vec<u8> = (0..5).flat_map(|_| LITTLE.pcap_record(1_500_000_000, 0, 40, &[1; 40])).collect();
    let file = [header, record(1), garbage, other].concat();
    expect![[r#"
        1 2020-09-13T12:26:41.000000000Z link 1 40/40 0101010101010101
        files 1 packets 1 bytes 40 of 40
        corrupt: file: at offset 80: record announces 2147483647 captured bytes, more than any packet has (262144); nothing readable follows
    "#]].assert_eq(&show(&file));
}

#[test]
fn reading_goes_on_behind_a_corrupt_block() {
    let b = BIG;
    let start = [b.section(&[]), b.interface(1, 0, &[]), b.enhanced(0, 0, 1, &[1], &[])].concat();
    let mut bad = b.enhanced(0, 0, 4, &[2; 4], &[]);
    bad[7] = 60;
    let file =
        [start.clone(), bad.clone(), b.enhanced(0, 0, 4, &[3; 4], &[]), vec![0xee; 5], start.clone(), bad].concat();
    expect![[r#"
        1 1970-01-01T00:00:00.000000000Z link 1 1/1 01
        2 1970-01-01T00:00:00.000000000Z link 1 4/4 03030303
        3 1970-01-01T00:00:00.000000000Z link 1 1/1 01
        files 1 packets 3 bytes 6 of 6
        corrupt: file: at offset 84: block of type 0x6 announces 60 bytes at its start, 4 at its end; 36 bytes skipped
        corrupt: file: at offset 156: block of type 0xeeeeeeee announces 3993636109 bytes; 5 bytes skipped
        truncated: file: at offset 245: file ends inside a block: 60 bytes needed, 36 left
    "#]]
    .assert_eq(&show(&file));
    let file = [start, b.words(&[6, 0xffff_ffff]), b.enhanced(0, 0, 4, &[3; 4], &[])].concat();
    expect![[r#"
        1 1970-01-01T00:00:00.000000000Z link 1 1/1 01
        2 1970-01-01T00:00:00.000000000Z link 1 4/4 03030303
        files 1 packets 2 bytes 5 of 5
        corrupt: file: at offset 84: block of type 0x6 announces 4294967295 bytes; 8 bytes skipped
    "#]]
    .assert_eq(&show(&file));
}

#[test]
fn unknown_versions() {
    let mut file = small_pcap(1);
    file[4] = 1;
    assert!(show(&file).contains("unsupported: file: at offset 0: pcap version 1.4 is not known"));
    let mut file = BIG.section(&[]);
    file[13] = 2;
    assert!(show(&file).contains("unsupported: file: at offset 0: pcapng version 2 is not known"));
    let file = [b"snoop\0\0\0".to_vec(), BIG.words(&[3, 4])].concat();
    assert!(show(&file).contains("unsupported: file: at offset 0: snoop version 3 is not known"));
    assert!(show(b"snooping around a bit").contains("unrecognised: file: at offset 0: not a capture"));
}

#[test]
fn bad_blocks() {
    let b = LITTLE;
    let start = [b.section(&[]), b.interface(1, 0, &[]), b.enhanced(0, 0, 1, &[1], &[])].concat();
    let problem = |more: &[u8]| {
        let shown = show(&[start.clone(), more.to_vec()].concat());
        assert!(shown.starts_with("1 1970-01-01T00:00:00.000000000Z link 1 1/1 01\n"));
        shown.lines().last().unwrap().to_owned()
    };
    let mut trailer = b.enhanced(0, 0, 1, &[1], &[]);
    let last = trailer.len() - 4;
    trailer[last] = 8;
    expect!["corrupt: file: at offset 84: block of type 0x6 announces 36 bytes at its start, 8 at its end; nothing readable follows"]
        .assert_eq(&problem(&trailer));
    expect!["corrupt: file: at offset 84: block of 4 bytes, less than any block has; nothing readable follows"]
        .assert_eq(&problem(&b.words(&[6, 4, 4])));
    expect!["corrupt: file: at offset 84: block of type 0x6 has only 16 bytes; nothing readable follows"]
        .assert_eq(&problem(&b.block(6, &[0; 4])));
    expect![
        "corrupt: file: at offset 84: packet announces 4000 captured bytes, its block has 4; nothing readable follows"
    ]
    .assert_eq(&problem(&b.block(6, &[b.words(&[0, 0, 0, 4000, 4000]), vec![1; 4]].concat())));
    expect!["truncated: file: at offset 84: file ends inside a block: 36 bytes needed, 20 left"]
        .assert_eq(&problem(&b.enhanced(0, 0, 1, &[1], &[])[..20]));
    expect!["truncated: file: at offset 112: file ends, 3145712 bytes before the end of a block"]
        .assert_eq(&problem(&b.block(0xbad, &vec![0; 3 << 20])[..28]));
    expect!["corrupt: file: at offset 84: section header without byte-order magic; nothing readable follows"]
        .assert_eq(&problem(&b.block(0x0a0d_0d0a, &[0; 16])));
}

#[test]
fn troubles_inside_blocks_do_not_end_the_file() {
    let b = LITTLE;
    let file = [
        b.section(&[]),
        b.interface(1, 0, &[]),
        b.enhanced(3, 0, 1, &[1], &[]),
        b.enhanced(3, 0, 1, &[2], &[]),
        b.enhanced(0, 0, 300_000, &vec![3; 300_000], &[]),
        b.enhanced(0, 0, 2_000_000, &vec![4; 2_000_000], &[]),
        b.enhanced(0, 0, 1, &[5], &[]),
    ]
    .concat();
    expect![[r#"
        1 1970-01-01T00:00:00.000000000Z link 1 1/1 05
        files 1 packets 1 bytes 1 of 1
        corrupt: file: at offset 48: block of interface 3, which was not announced
        unsupported: file: at offset 120: packet of 300000 captured bytes, skipped (limit 262144)
        unsupported: file: at offset 300152: block of type 6 has 2000032 bytes, skipped
    "#]]
    .assert_eq(&show(&file));
}

#[test]
fn progress_ends_at_the_total_also_where_a_file_is_given_up() {
    let scratch = Scratch::new("progress");
    scratch.file("a.pcap", &small_pcap(50_000));
    scratch.file("b.txt", &vec![b'x'; 3_000_000]);
    let mut reader = Reader::new(Input::from_paths([&scratch.0]), Selection::default());
    let progress = reader.progress();
    assert_eq!((progress.total(), progress.consumed()), (small_pcap(50_000).len() as u64 + 3_000_000, 0));
    let mut chunk = Chunk::new();
    assert!(reader.next_chunk(&mut chunk));
    assert!(progress.consumed() > 0 && progress.consumed() < progress.total());
    while reader.next_chunk(&mut chunk) {}
    assert_eq!(progress.consumed(), progress.total());
}
