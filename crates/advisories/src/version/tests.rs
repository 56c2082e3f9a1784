//! Versions are compared as their vendors count.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::*;

fn version(text: &str) -> Version {
    Version::parse(text).unwrap_or_else(|| panic!("`{text}` is a version"))
}

/// Each version is older than the next one; those on one line are the same.
fn ascending(lines: &[&[&str]]) {
    for (at, line) in lines.iter().enumerate() {
        for a in *line {
            for same in *line {
                assert_eq!(version(a).compare(&version(same)), Some(Ordering::Equal), "{a} = {same}");
            }
            for (other, later) in lines.iter().enumerate() {
                for b in *later {
                    assert_eq!(version(a).compare(&version(b)), Some(at.cmp(&other)), "{a} against {b}");
                }
            }
        }
    }
}

#[test]
fn siemens_service_packs_hotfixes_and_updates() {
    ascending(&[
        &["V13", "13", "V13.0"],
        &["V13 HF1"],
        &["V13 Upd4", "V13 Update 4"],
        &["V13 SP1"],
        &["V13 SP1 HF4", "V13_SP1_HF4", "V13 SP 1 HF 4"],
        &["V13 SP1 Update 5", "V13 SP1 Upd5", "V13 SP1 Upd 5"],
        &["V13 SP1 Update 14"],
        &["V13 SP2"],
        &["V13.0.1"],
        &["V13.1", "V 13.1", "13.1.0"],
    ]);
    ascending(&[&["V4.1.1 Patch04"], &["V4.1.1 Patch 05", "V4.1.1 Patch 5"]]);
    ascending(&[&["V16 Update 3"], &["V16 Update 3a"], &["V16 Update 4"]]);
}

#[test]
fn rockwell_major_and_minor() {
    ascending(&[&["16.020", "16.20", "V16.020"], &["16.21"], &["20.011", "20.11"], &["20.12"], &["33.011"]]);
}

#[test]
fn schneider_software_versions() {
    ascending(&[&["SV2.70", "V2.70", "02.70"], &["SV2.80"], &["SV3.01", "3.01", "V3.1"], &["SV3.51"]]);
}

#[test]
fn letters_behind_numbers() {
    ascending(&[&["1.005"], &["1.005F"], &["1.006"], &["1.06G", "1.006G"]]);
    ascending(&[&["5.37"], &["5.37c"], &["5.38a"]]);
    ascending(&[&["15.2(4)EA7"], &["15.2(6)E0a"], &["15.2(6)E2a"], &["15.2(7)E3"]]);
    ascending(&[&["1.0-alpha"], &["1.0-beta"], &["1.0rc1"], &["1.0"], &["1.0a"]]);
}

#[test]
fn years_releases_and_patches() {
    ascending(&[
        &["2018 SP3"],
        &["2020"],
        &["2020 R2"],
        &["2020 R2 SP1"],
        &["2020 R2 SP1 P01", "2020_R2_SP1_P01"],
        &["2023"],
    ]);
    ascending(&[&["3.40 R5 build 571847"], &["3.40 R5 build 571848"]]);
}

#[test]
fn dates() {
    ascending(&[
        &["March/24/2023", "2023-03-24", "3/24/2023"],
        &["April 20 2023"],
        &["May_4_2023", "may 4 2023"],
        &["December 2023"],
    ]);
}

#[test]
fn different_kinds_are_not_compared() {
    for (a, b) in [("2019-09-21", "4.2"), ("A8", "8"), ("2019", "4.2"), ("FW14", "1.2.14"), ("CPCI85", "5")] {
        assert_eq!(version(a).compare(&version(b)), None, "{a} and {b}");
    }
}

#[test]
fn what_is_no_version() {
    for text in ["", "all", "LF", "Series B", "16XXXXX", "…", "-", "V", &"1".repeat(500), &"1.".repeat(60)] {
        assert_eq!(Version::parse(text), None, "{text}");
    }
}

fn some_version() -> impl Strategy<Value = Version> {
    let parts = proptest::collection::vec(
        prop_oneof![
            (0_u64..4).prop_map(|n| n.to_string()),
            Just("a".to_string()),
            Just("rc".to_string()),
            Just("bb".to_string())
        ],
        1..4,
    );
    let level = prop_oneof![
        Just(String::new()),
        (0_u64..3).prop_map(|n| format!(" SP{n}")),
        (0_u64..3).prop_map(|n| format!(" HF{n}"))
    ];
    (0_u64..3, parts, level).prop_map(|(first, rest, level)| {
        let text = format!("V{first}.{}{level}", rest.join("."));
        version(&text)
    })
}

proptest! {
    #[test]
    fn the_order_is_total(a in some_version(), b in some_version(), c in some_version()) {
        prop_assert_eq!(a.cmp_all(&b), b.cmp_all(&a).reverse());
        prop_assert_eq!(a.cmp_all(&a), Ordering::Equal);
        if a.cmp_all(&b) != Ordering::Greater && b.cmp_all(&c) != Ordering::Greater {
            prop_assert_ne!(a.cmp_all(&c), Ordering::Greater, "{} {} {}", a, b, c);
        }
    }

    #[test]
    fn no_text_makes_it_fail(text in ".{0,60}") {
        let _ = Version::parse(&text);
    }
}
