//! Classic pcap and snoop.

use expect_test::expect;
use model::{LinkType, Time};

use super::{BIG, Build, LITTLE, show, stream};
use crate::pcap::Writer;
use crate::{Chunk, Reader, Selection};

fn two_packets(build: Build, magic: u32, link: u32) -> Vec<u8> {
    [
        build.pcap_header(magic, link),
        build.pcap_record(1_600_000_000, 123_456, 4, &[1, 2, 3, 4]),
        build.pcap_record(1_600_000_001, 0, 1500, &[5, 6]),
    ]
    .concat()
}

#[test]
fn microseconds_in_both_byte_orders() {
    let expected = expect![[r#"
        1 2020-09-13T12:26:40.123456000Z link 1 4/4 01020304
        2 2020-09-13T12:26:41.000000000Z link 1 2/1500 0506
        files 1 packets 2 bytes 6 of 1504, cut 1
    "#]];
    expected.assert_eq(&show(&two_packets(LITTLE, 0xa1b2_c3d4, 1)));
    expected.assert_eq(&show(&two_packets(BIG, 0xa1b2_c3d4, 1)));
}

#[test]
fn nanoseconds_in_both_byte_orders() {
    let expected = expect![[r#"
        1 2020-09-13T12:26:40.000123456Z link 113 4/4 01020304
        2 2020-09-13T12:26:41.000000000Z link 113 2/1500 0506
        files 1 packets 2 bytes 6 of 1504, cut 1
    "#]];
    expected.assert_eq(&show(&two_packets(LITTLE, 0xa1b2_3c4d, 113)));
    expected.assert_eq(&show(&two_packets(BIG, 0xa1b2_3c4d, 113)));
}

#[test]
fn modified_with_longer_record_headers() {
    for build in [LITTLE, BIG] {
        let record = [build.words(&[1_600_000_000, 5, 3, 3, 2]), vec![8, 0, 0, 0], vec![7, 8, 9]].concat();
        let file = [build.pcap_header(0xa1b2_cd34, 1), record.clone(), record].concat();
        expect![[r#"
            1 2020-09-13T12:26:40.000005000Z link 1 3/3 070809
            2 2020-09-13T12:26:40.000005000Z link 1 3/3 070809
            files 1 packets 2 bytes 6 of 6
        "#]]
        .assert_eq(&show(&file));
    }
}

#[test]
fn navtel_and_ixia() {
    expect![[r#"
        1 2020-09-13T12:26:40.123456000Z link 1 4/4 01020304
        2 2020-09-13T12:26:41.000000000Z link 1 2/1500 0506
        files 1 packets 2 bytes 6 of 1504, cut 1
    "#]]
    .assert_eq(&show(&two_packets(BIG, 0xa12b_3c4d, 1)));
    let record = LITTLE.pcap_record(1_600_000_000, 5, 1, &[7]);
    let file = [LITTLE.pcap_header(0x1c00_01ac, 1), LITTLE.words(&[record.len() as u32]), record].concat();
    expect![[r#"
        1 2020-09-13T12:26:40.000000005Z link 1 1/1 07
        files 1 packets 1 bytes 1 of 1
    "#]]
    .assert_eq(&show(&file));
}

#[test]
fn old_version_with_lengths_the_other_way_round() {
    let mut file = [
        BIG.pcap_header(0xa1b2_c3d4, 1),
        BIG.words(&[1_600_000_000, 0, 60, 2]),
        vec![1, 2],
        BIG.words(&[1_600_000_000, 0, 2, 60]),
        vec![3, 4],
    ]
    .concat();
    file[7] = 3;
    expect![[r#"
        1 2020-09-13T12:26:40.000000000Z link 1 2/60 0102
        2 2020-09-13T12:26:40.000000000Z link 1 2/60 0304
        files 1 packets 2 bytes 4 of 120, cut 2
    "#]]
    .assert_eq(&show(&file));
}

#[test]
fn link_type_without_check_sequence_bits_and_bsd_raw_ip() {
    let first_line = |link| show(&two_packets(LITTLE, 0xa1b2_c3d4, link)).lines().next().unwrap().to_owned();
    assert!(first_line(0x2400_0001).contains("link 1 "));
    assert!(first_line(12).contains("link 101 "));
    assert!(first_line(14).contains("link 101 "));
    assert!(first_line(276).contains("link 276 "));
}

#[test]
fn packets_without_bytes_and_of_70000_bytes() {
    let file = [
        LITTLE.pcap_header(0xa1b2_c3d4, 1),
        LITTLE.pcap_record(1_600_000_000, 0, 0, &[]),
        LITTLE.pcap_record(1_600_000_000, 1, 70_000, &vec![9; 70_000]),
        LITTLE.pcap_record(1_600_000_000, 2, 64, &[]),
    ]
    .concat();
    expect![[r#"
        1 2020-09-13T12:26:40.000000000Z link 1 0/0 
        2 2020-09-13T12:26:40.000001000Z link 1 70000/70000 0909090909090909
        3 2020-09-13T12:26:40.000002000Z link 1 0/64 
        files 1 packets 3 bytes 70000 of 70064, cut 1
    "#]]
    .assert_eq(&show(&file));
}

#[test]
fn time_going_back_is_counted() {
    let record = |seconds| LITTLE.pcap_record(seconds, 0, 1, &[1]);
    let file = [LITTLE.pcap_header(0xa1b2_c3d4, 1), record(9), record(8), record(8), record(10)].concat();
    assert!(show(&file).ends_with("packets 4 bytes 4 of 4, clock back 1\n"));
}

#[test]
fn written_and_read_back() {
    let mut writer = Writer::new(Vec::new(), LinkType::RAW).unwrap();
    writer.write(Time(1_600_000_000_123_456_789), &[0x45, 1]).unwrap();
    writer.write_cut(Time(-5), &[0x60], 40).unwrap();
    expect![[r#"
        1 2020-09-13T12:26:40.123456789Z link 101 2/2 4501
        2 1970-01-01T00:00:00.000000000Z link 101 1/40 60
        files 1 packets 2 bytes 3 of 42, cut 1, clock back 1
    "#]]
    .assert_eq(&show(&writer.finish().unwrap()));
}

#[test]
fn snoop_with_drops_and_padding() {
    let record = |drops: u32, bytes: &[u8], pad: usize| {
        let length = bytes.len() as u32;
        let head = BIG.words(&[length + 2, length, 24 + length + pad as u32, drops, 1_600_000_000, 7]);
        [head, bytes.to_vec(), vec![0; pad]].concat()
    };
    let file =
        [b"snoop\0\0\0".to_vec(), BIG.words(&[2, 4]), record(0, &[1, 2, 3], 1), record(5, &[4], 3), record(5, &[], 0)];
    expect![[r#"
        1 2020-09-13T12:26:40.000007000Z link 1 3/5 010203
        2 2020-09-13T12:26:40.000007000Z link 1 1/3 04
        3 2020-09-13T12:26:40.000007000Z link 1 0/2 
        files 1 packets 3 bytes 4 of 10, cut 3, dropped 5
    "#]]
    .assert_eq(&show(&file.concat()));
}

#[test]
fn what_the_input_could_not_show_is_told() {
    let record = |seconds| LITTLE.pcap_record(seconds, 0, 1, &[0]);
    let file = [LITTLE.pcap_header(0xa1b2_c3d4, 1), record(100), record(40), record(41), vec![1, 2, 3]].concat();
    let mut reader = Reader::new(stream(&file), Selection::default());
    let mut chunk = Chunk::new();
    while reader.next_chunk(&mut chunk) {}
    let told: Vec<String> = reader
        .health()
        .into_iter()
        .filter_map(|record| match record {
            model::Record::Health(health) => Some(format!("{} {} {}", health.kind, health.count, health.detail)),
            _ => None,
        })
        .collect();
    expect![[r#"
        clock 1 packets more than a second older than the one before them in the same file
        input 1 file: at offset 75: file ends inside a record: 16 bytes needed, 3 left
    "#]]
    .assert_eq(&format!("{}\n", told.join("\n")));
}
