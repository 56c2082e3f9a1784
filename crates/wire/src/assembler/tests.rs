//! Streams as transcripts, and against the naive models of `fuzz`.

use expect_test::{Expect, expect};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::fuzz::fuzz_stream;

/// One operation a line: `seq text` is a segment (`S` before the text: SYN; `+n` behind it: n bytes cut), `ack n`, `skip`.
fn check(transcript: &str, expected: Expect) {
    let mut stream = Assembler::new();
    let mut shown = String::new();
    for line in transcript.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let answer = match word {
            "ack" => format!("{}", stream.acknowledged(rest.parse().unwrap())),
            "skip" => format!("{} missing", stream.skip_hole()),
            _ => {
                let (text, cut) = rest.split_once('+').unwrap_or((rest, "0"));
                let (syn, text) = text.strip_prefix('S').map_or((false, text), |text| (true, text));
                let wire_len = text.len() as u32 + cut.parse::<u32>().unwrap();
                match stream.push(word.parse().unwrap(), syn, text.as_bytes(), wire_len) {
                    Placed::InOrder(bytes) => format!("in order `{}`", String::from_utf8_lossy(bytes)),
                    placed => format!("{placed:?}"),
                }
            }
        };
        shown += &format!("{line:12} {answer}{}\n", take_cut(&mut stream));
        while let Some(bytes) = stream.pop() {
            shown += &format!("{:12} then `{}`{}\n", "", String::from_utf8_lossy(&bytes), take_cut(&mut stream));
        }
    }
    expected.assert_eq(&shown);
}

fn take_cut(stream: &mut Assembler) -> String {
    match stream.take_cut() {
        0 => String::new(),
        cut => format!(", {cut} cut"),
    }
}

#[test]
fn small_when_idle() {
    assert!(size_of::<Assembler>() <= 48);
}

#[test]
fn opened_by_syn_and_by_syn_with_data() {
    check(
        "10 S\n10 S\n11 abc\n14 d",
        expect![[r#"
        10 S         in order ``
        10 S         Old
        11 abc       in order `abc`
        14 d         in order `d`
    "#]],
    );
    check(
        "10 Sabc\n11 abc\n14 d",
        expect![[r#"
        10 Sabc      in order `abc`
        11 abc       Old
        14 d         in order `d`
    "#]],
    );
}

#[test]
fn picked_up_in_the_middle() {
    check(
        "500 abc\n503 def\n499 x",
        expect![[r#"
        500 abc      in order `abc`
        503 def      in order `def`
        499 x        Old
    "#]],
    );
}

#[test]
fn out_of_order_and_back() {
    check(
        "0 ab\n6 gh\n4 ef\n2 cd\n8 ij",
        expect![[r#"
        0 ab         in order `ab`
        6 gh         Held
        4 ef         Held
        2 cd         in order `cd`
                     then `ef`
                     then `gh`
        8 ij         in order `ij`
    "#]],
    );
}

#[test]
fn retransmissions_that_overlap_are_trimmed_and_the_first_is_believed() {
    check(
        "0 abcd\n0 abcd\n2 XXef\n1 X\n10 kl\n4 XXghijXXmn",
        expect![[r#"
        0 abcd       in order `abcd`
        0 abcd       Old
        2 XXef       in order `ef`
        1 X          Old
        10 kl        Held
        4 XXghijXXmn in order `ghij`
                     then `kl`
                     then `mn`
    "#]],
    );
}

#[test]
fn segments_ahead_that_overlap_each_other() {
    check(
        "0 a\n4 ef\n8 ij\n3 DEFGHIJK\n3 dddddddd\n1 bc",
        expect![[r#"
        0 a          in order `a`
        4 ef         Held
        8 ij         Held
        3 DEFGHIJK   Held
        3 dddddddd   Old
        1 bc         in order `bc`
                     then `D`
                     then `ef`
                     then `GH`
                     then `ij`
                     then `K`
    "#]],
    );
}

#[test]
fn keep_alives_are_old_whatever_they_carry() {
    check(
        "0 abc\n2 \n2 X\n3 \n3 d",
        expect![[r#"
        0 abc        in order `abc`
        2            Old
        2 X          Old
        3            in order ``
        3 d          in order `d`
    "#]],
    );
}

#[test]
fn keep_alive_before_the_first_data() {
    check(
        "99 \n100 abc",
        expect![[r#"
        99           in order ``
        100 abc      in order `abc`
    "#]],
    );
    check(
        "100 \n100 abc",
        expect![[r#"
        100          in order ``
        100 abc      in order `abc`
    "#]],
    );
    check(
        "100 \n102 abc",
        expect![[r#"
        100          in order ``
        102 abc      Held
    "#]],
    );
}

#[test]
fn a_hole_that_the_peer_acknowledged_is_given_up() {
    check(
        "0 ab\nack 4\n4 ef\nack 3\nack 4\nskip\nack 6\n2 cd",
        expect![[r#"
        0 ab         in order `ab`
        ack 4        false
        4 ef         Held
        ack 3        false
        ack 4        true
        skip         2 missing
                     then `ef`
        ack 6        false
        2 cd         Old
    "#]],
    );
}

#[test]
fn the_snap_length_cuts_tails() {
    check(
        "0 abc+5\n8 ij+2\n10 kl\n20 uv+3\n12 mn+6\n25 z",
        expect![[r#"
        0 abc+5      in order `abc`, 5 cut
        8 ij+2       in order `ij`, 2 cut
        10 kl        Old
        20 uv+3      Held
        12 mn+6      in order `mn`, 6 cut
                     then `uv`, 3 cut
        25 z         in order `z`
    "#]],
    );
    check(
        "0 +100\n100 +100\n300 +100\n200 +100\n400 a",
        expect![[r#"
        0 +100       in order ``, 100 cut
        100 +100     in order ``, 100 cut
        300 +100     Held
        200 +100     in order ``, 100 cut
                     then ``, 100 cut
        400 a        in order `a`
    "#]],
    );
}

#[test]
fn a_held_segment_limits_what_is_taken_for_cut() {
    check(
        "0 a\n6 gh\n1 bc+50\n8 ij",
        expect![[r#"
        0 a          in order `a`
        6 gh         Held
        1 bc+50      in order `bc`, 3 cut
                     then `gh`
        8 ij         in order `ij`
    "#]],
    );
}

#[test]
fn sequence_numbers_wrap() {
    check(
        "4294967294 ab\n2 ef\n0 cd\n6 gh\n4294967295 bc",
        expect![[r#"
        4294967294 ab in order `ab`
        2 ef         Held
        0 cd         in order `cd`
                     then `ef`
        6 gh         Held
        4294967295 bc Old
    "#]],
    );
}

#[test]
fn a_sequence_number_far_off_starts_anew() {
    check(
        "0 ab\n900000000 cd\nskip\n900000000 cd",
        expect![[r#"
        0 ab         in order `ab`
        900000000 cd Full
        skip         1 missing
        900000000 cd in order `cd`
    "#]],
    );
    check(
        "0 ab\n50000000 cd\nskip\n50000000 cd\n50000002 ef",
        expect![[r#"
        0 ab         in order `ab`
        50000000 cd  Full
        skip         49999998 missing
        50000000 cd  in order `cd`
        50000002 ef  in order `ef`
    "#]],
    );
    check(
        "90000000 ab\n7 cd\nskip\n7 cd",
        expect![[r#"
        90000000 ab  in order `ab`
        7 cd         Full
        skip         1 missing
        7 cd         in order `cd`
    "#]],
    );
    check(
        "0 ab\n4 ef\n50000000 cd\nskip\n50000000 cd\nskip\n50000000 cd",
        expect![[r#"
        0 ab         in order `ab`
        4 ef         Held
        50000000 cd  Full
        skip         2 missing
                     then `ef`
        50000000 cd  Full
        skip         49999994 missing
        50000000 cd  in order `cd`
    "#]],
    );
}

#[test]
fn another_connection_on_the_same_ports_starts_anew() {
    check(
        "10 S\n11 ab\n900 S\nskip\n900 S\n901 cd",
        expect![[r#"
        10 S         in order ``
        11 ab        in order `ab`
        900 S        Full
        skip         1 missing
        900 S        in order ``
        901 cd       in order `cd`
    "#]],
    );
}

#[test]
fn segments_without_data_far_off_are_passed_over() {
    check(
        "0 ab\n900000000 \n2 cd",
        expect![[r#"
        0 ab         in order `ab`
        900000000    in order ``
        2 cd         in order `cd`
    "#]],
    );
}

#[test]
fn a_stray_reset_before_the_first_data() {
    check(
        "0 \n3000000000 ab\n3000000002 cd",
        expect![[r#"
            0            in order ``
            3000000000 ab in order `ab`
            3000000002 cd in order `cd`
        "#]],
    );
}

#[test]
fn limits_hold_and_full_ends() {
    let mut stream = Assembler::new();
    stream.push(0, false, b"a", 1);
    let segment = vec![7; 1400];
    let mut fulls = 0;
    // Every other segment is lost.
    for index in 0..4000u32 {
        while stream.push(1 + 1400 + index * 2800, false, &segment, 1400) == Placed::Full {
            fulls += 1;
            assert_eq!(stream.skip_hole(), 1400);
            assert_eq!(stream.pop().map(|bytes| bytes.len()), Some(1400));
            assert_eq!(stream.pop(), None);
        }
        assert!(stream.held_bytes() <= STREAM_BYTES_MAX);
    }
    assert_eq!(fulls, 4000 - STREAM_BYTES_MAX / 1400);
}

#[test]
fn one_segment_larger_than_the_limit_is_held() {
    let mut stream = Assembler::new();
    let segment = vec![7; STREAM_BYTES_MAX + 1];
    stream.push(0, false, b"a", 1);
    assert_eq!(stream.push(2, false, &segment, 0), Placed::Held);
    assert_eq!(stream.push(1, false, b"b", 0), Placed::InOrder(b"b"));
    assert_eq!(stream.pop().map(|bytes| bytes.len()), Some(segment.len()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn gives_what_a_naive_model_gives(base in any::<u32>(), operations in vec(any::<u8>(), 0..1200)) {
        for mode in [0, 1] {
            let bytes: Vec<u8> = [mode].into_iter().chain(base.to_be_bytes()).chain(operations.iter().copied()).collect();
            fuzz_stream(&bytes);
        }
    }

    #[test]
    fn every_byte_comes_out_in_any_order_with_duplicates(
        base in any::<u32>(),
        lengths in vec(1usize..40, 1..40),
        order in vec(any::<prop::sample::Index>(), 0..120),
    ) {
        let stream: Vec<u8> = (0..lengths.iter().sum::<usize>()).map(|index| index as u8).collect();
        let mut segments = Vec::new();
        let mut start = 0;
        for length in &lengths {
            segments.push((start, &stream[start..start + length]));
            start += length;
        }
        // Some at random, then all of them, so that each came at least once; the first one opens the stream.
        let random: Vec<_> = order.iter().map(|index| segments[index.index(segments.len())]).collect();
        let mut assembler = Assembler::new();
        assembler.push(base.wrapping_sub(1), true, &[], 0);
        let mut out = Vec::new();
        for (start, bytes) in random.into_iter().chain(segments.into_iter().rev()) {
            match assembler.push(base.wrapping_add(start as u32), false, bytes, bytes.len() as u32) {
                Placed::InOrder(bytes) => out.extend_from_slice(bytes),
                Placed::Old | Placed::Held => {}
                Placed::Full => panic!("full"),
            }
            while let Some(bytes) = assembler.pop() {
                out.extend(bytes);
            }
        }
        prop_assert_eq!(out, stream);
        prop_assert!(!assembler.has_held());
    }
}
