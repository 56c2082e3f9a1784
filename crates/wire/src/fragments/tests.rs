//! Datagrams as transcripts, and against a naive model.

use expect_test::{Expect, expect};
use model::{Frame, LinkType};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::packet::{Fragment, Ip};
use crate::parse;

fn fragment(identification: u32, start: u32, more: bool, payload: &[u8]) -> Packet<'_> {
    let ip = Ip {
        source: [10, 0, 0, 1].into(),
        destination: [10, 0, 0, 2].into(),
        protocol: 17,
        ttl: 64,
        identification,
        fragment: Some(Fragment { offset: start, more }),
    };
    let empty = parse(&Frame { at: Time(0), link: LinkType::RAW, bytes: &[], wire_len: 0, number: 1 });
    Packet { ip: Some(ip), payload, payload_wire_len: payload.len() as u32, ..empty }
}

/// One fragment a line: `second identification start text`, with `-` behind the text where it is the last one.
fn check(transcript: &str, expected: Expect) {
    let mut fragments = Defragmenter::new();
    let mut shown = String::new();
    for line in transcript.lines().map(str::trim) {
        let words: Vec<&str> = line.split(' ').collect();
        let [second, identification, start, text] = words[..] else { panic!("{line}") };
        let (text, more) = text.strip_suffix('-').map_or((text, true), |text| (text, false));
        let packet = fragment(identification.parse().unwrap(), start.parse().unwrap(), more, text.as_bytes());
        let answer = match fragments.push(Time::from_seconds(second.parse().unwrap(), 0), &packet) {
            Some(whole) => format!("whole `{}`", String::from_utf8_lossy(&whole.payload)),
            None => "-".to_owned(),
        };
        shown += &format!("{line:20} {answer}\n");
    }
    shown += &format!("{:?}\n{} waiting, {} bytes\n", fragments.counts(), fragments.len(), fragments.held_bytes());
    expected.assert_eq(&shown);
}

#[test]
fn in_order_and_backwards() {
    check(
        "0 1 0 abcdefgh\n0 1 8 ijkl-\n0 2 8 ijkl-\n0 2 0 abcdefgh",
        expect![[r#"
        0 1 0 abcdefgh       -
        0 1 8 ijkl-          whole `abcdefghijkl`
        0 2 8 ijkl-          -
        0 2 0 abcdefgh       whole `abcdefghijkl`
        FragmentCounts { whole: 2, expired: 0, evicted: 0, overlapping: 0, malformed: 0, cut: 0 }
        0 waiting, 0 bytes
    "#]],
    );
}

#[test]
fn duplicates_and_contradictions_keep_the_first() {
    check(
        "0 1 0 abcdefgh\n0 1 0 ABCDEFGH\n0 1 16 qr-\n0 1 4 EFGHijklmnop",
        expect![[r#"
        0 1 0 abcdefgh       -
        0 1 0 ABCDEFGH       -
        0 1 16 qr-           -
        0 1 4 EFGHijklmnop   whole `abcdefghijklmnopqr`
        FragmentCounts { whole: 1, expired: 0, evicted: 0, overlapping: 2, malformed: 0, cut: 0 }
        0 waiting, 0 bytes
    "#]],
    );
}

#[test]
fn too_old_is_given_up() {
    check(
        "0 1 0 abcdefgh\n31 1 8 ijkl-\n31 1 0 ABCDEFGH",
        expect![[r#"
        0 1 0 abcdefgh       -
        31 1 8 ijkl-         -
        31 1 0 ABCDEFGH      whole `ABCDEFGHijkl`
        FragmentCounts { whole: 1, expired: 1, evicted: 0, overlapping: 0, malformed: 0, cut: 0 }
        0 waiting, 0 bytes
    "#]],
    );
}

#[test]
fn beyond_the_end_is_malformed() {
    check(
        "0 1 8 ij-\n0 1 16 xx\n0 1 8 i-\n0 1 65528 123456789\n0 1 0 abcdefgh",
        expect![[r#"
        0 1 8 ij-            -
        0 1 16 xx            -
        0 1 8 i-             -
        0 1 65528 123456789  -
        0 1 0 abcdefgh       whole `abcdefghij`
        FragmentCounts { whole: 1, expired: 0, evicted: 0, overlapping: 0, malformed: 3, cut: 0 }
        0 waiting, 0 bytes
    "#]],
    );
}

#[test]
fn the_protocol_of_an_ipv6_datagram_is_the_one_of_its_first_fragment() {
    let mut fragments = Defragmenter::new();
    let v6 = |protocol: u8, start: u32, more: bool| {
        let mut packet = fragment(5, start, more, b"abcdefgh");
        let ip = packet.ip.as_mut().unwrap();
        (ip.source, ip.destination, ip.protocol) = ([1; 16].into(), [2; 16].into(), protocol);
        packet
    };
    assert_eq!(fragments.push(Time(0), &v6(44, 8, false)), None);
    assert_eq!(fragments.push(Time(0), &v6(58, 0, true)).unwrap().protocol, 58);
}

#[test]
fn what_was_cut_is_never_whole() {
    let mut fragments = Defragmenter::new();
    fragments.push(Time(0), &fragment(1, 0, true, b"abcdefgh"));
    let cut = Packet { payload_wire_len: 8, ..fragment(1, 8, false, b"ij") };
    assert_eq!(fragments.push(Time(0), &cut), None);
    assert_eq!(fragments.counts().cut, 1);
    assert_eq!(fragments.push(Time(0), &fragment(1, 8, false, b"ijklmnop")).unwrap().payload, b"abcdefghijklmnop");
}

#[test]
fn limits_hold_and_the_oldest_goes_first() {
    let mut fragments = Defragmenter::new();
    let payload = vec![1; 1480];
    for identification in 0..10_000 {
        fragments.push(Time(0), &fragment(identification, 0, true, &payload));
        fragments.push(Time(0), &fragment(identification, 16384, true, &payload));
        fragments.push(Time(0), &fragment(identification, 32768, true, &payload));
        assert!(fragments.len() <= DATAGRAMS_MAX && fragments.held_bytes() <= DATAGRAM_BYTES_MAX);
        assert!(fragments.order.len() <= 2 * DATAGRAMS_MAX + 16);
    }
    assert_eq!(fragments.counts().evicted, 10_000 - fragments.len() as u64);
    let oldest = 10_000 - fragments.len() as u32;
    assert!(fragments.datagrams.keys().all(|key| key.identification >= oldest));
    fragments.expire(Time(DATAGRAM_AGE_MAX + 1));
    assert_eq!((fragments.len(), fragments.held_bytes(), fragments.order.len()), (0, 0, 0));
}

#[test]
fn one_datagram_in_tiny_pieces_is_given_up() {
    let mut fragments = Defragmenter::new();
    for start in 0..8000 {
        fragments.push(Time(0), &fragment(1, start * 8, true, b"a"));
    }
    assert!(fragments.held_bytes() <= (FRAGMENTS_MAX + 2) * (FRAGMENT_OVERHEAD + 1));
    assert!(fragments.counts().evicted > 0);
}

/// Of one datagram: the first byte heard in each place, and the size.
#[derive(Default)]
struct Naive {
    heard: BTreeMap<u32, u8>,
    size: Option<u32>,
}

impl Naive {
    fn push(&mut self, start: u32, more: bool, payload: &[u8]) -> Option<Vec<u8>> {
        let end = start + payload.len() as u32;
        let last = self.heard.last_key_value().map_or(0, |(place, _)| place + 1);
        if self.size.is_some_and(|size| end > size) || !more && last > end {
            return None;
        }
        if !more {
            self.size.get_or_insert(end);
        }
        for (place, byte) in (start..).zip(payload) {
            self.heard.entry(place).or_insert(*byte);
        }
        (self.size? as usize == self.heard.len()).then(|| std::mem::take(self).heard.into_values().collect())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn gives_what_a_naive_model_gives(operations in vec((0u32..3, 0u32..8, any::<bool>(), 1usize..40), 0..80)) {
        let mut fragments = Defragmenter::new();
        let mut naive: BTreeMap<u32, Naive> = BTreeMap::new();
        for (tag, (identification, start, more, length)) in operations.into_iter().enumerate() {
            let payload = vec![tag as u8; length];
            let given = fragments.push(Time(0), &fragment(identification, start * 8, more, &payload));
            let expected = naive.entry(identification).or_default().push(start * 8, more, &payload);
            prop_assert_eq!(given.map(|whole| whole.payload), expected);
        }
        let bytes: usize = naive.values().map(|naive| naive.heard.len()).sum();
        prop_assert!(fragments.held_bytes() >= bytes);
    }

    #[test]
    fn every_datagram_becomes_whole_in_any_order(
        sizes in vec(9usize..300, 1..6),
        units in 1usize..5,
        order in vec(any::<prop::sample::Index>(), 0..100),
    ) {
        let mut pieces = Vec::new();
        let datagrams: Vec<Vec<u8>> = sizes.iter().map(|size| (0..*size).map(|index| index as u8).collect()).collect();
        for (identification, datagram) in datagrams.iter().enumerate() {
            for (index, piece) in datagram.chunks(units * 8).enumerate() {
                let start = index * units * 8;
                pieces.push(fragment(identification as u32, start as u32, start + piece.len() < datagram.len(), piece));
            }
        }
        for (index, other) in order.iter().enumerate() {
            let (index, other) = (index % pieces.len(), other.index(pieces.len()));
            pieces.swap(index, other);
        }
        let mut fragments = Defragmenter::new();
        let mut whole = 0;
        for piece in &pieces {
            let identification = piece.ip.unwrap().identification as usize;
            if let Some(given) = fragments.push(Time(0), piece) {
                prop_assert_eq!(&given.payload, &datagrams[identification]);
                whole += 1;
            }
        }
        prop_assert_eq!(whole, datagrams.len());
        prop_assert_eq!((fragments.len(), fragments.held_bytes()), (0, 0));
    }
}
