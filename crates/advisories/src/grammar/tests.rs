//! Version texts as vendors write them.

use expect_test::expect;
use proptest::prelude::*;

use super::*;
use crate::range::{Missing, Place};

fn shown(texts: &[&str]) -> String {
    texts.iter().map(|text| format!("{text}  →  {}\n", parse(text))).collect()
}

#[test]
fn ranges_as_vendors_write_them() {
    expect![[r#"
        vers:all/*  →  *
        All versions  →  *
        All versions < V4.5 (incl.)  →  <=V4.5
        All versions prior to V4.5  →  <V4.5
        < V2.8 HF1  →  <V2.8 HF1
        1.0 through 3.2  →  >=1.0 <=3.2
        V3.x  →  V3.x.*
        versions 2.0.1 and earlier  →  <=2.0.1
        before 3.1  →  <3.1
        up to and including 7.2  →  <=7.2
        >= 1.0 | <= 1.32  →  >=1.0 <=1.32
        v20.11 - v33.x  →  >=v20.11 <=v33.x*
        All versions >= V4.0 and < V4.5  →  >=V4.0 <V4.5
        ≥ V3.0 ≤ V3.9  →  >=V3.0 <=V3.9
        vers:all/>=V7.80<V9.40  →  >=V7.80 <V9.40
        All versions between V2.5 (including) and V2.7 (excluding)  →  >=V2.5 <V2.7
        V15, V15.1 and V16  →  =V15 or =V15.1 or =V16
        2.0 and later  →  >=2.0
        < V33.017_V34.014_V36.011  →  <V33.017 or >=34 <V34.014 or ?35..36 or >=36 <V36.011
        <=the_first_5_digits_of_serial_number_22081  →  serial[5]<=22081
        <April/20/2023  →  <April/20/2023
        distributed  < april 1, 2018  →  <april 1 2018
        20-33  →  >=20* <=33*
        4.5 | SP6 (including) and V4.5 SP6 Hotfix 8 (excluding)  →  >=4.5 SP6 <V4.5 SP6 Hotfix 8
    "#]]
    .assert_eq(&shown(&[
        "vers:all/*",
        "All versions",
        "All versions < V4.5 (incl.)",
        "All versions prior to V4.5",
        "< V2.8 HF1",
        "1.0 through 3.2",
        "V3.x",
        "versions 2.0.1 and earlier",
        "before 3.1",
        "up to and including 7.2",
        ">= 1.0 | <= 1.32",
        "v20.11 - v33.x",
        "All versions >= V4.0 and < V4.5",
        "≥ V3.0 ≤ V3.9",
        "vers:all/>=V7.80<V9.40",
        "All versions between V2.5 (including) and V2.7 (excluding)",
        "V15, V15.1 and V16",
        "2.0 and later",
        "< V33.017_V34.014_V36.011",
        "<=the_first_5_digits_of_serial_number_22081",
        "<April/20/2023",
        "distributed  < april 1, 2018",
        "20-33",
        "4.5 | SP6 (including) and V4.5 SP6 Hotfix 8 (excluding)",
    ]));
}

#[test]
fn conditions_and_single_weaknesses_are_kept_apart() {
    expect![[r#"
        >= 20.8 (only affected by CVE-2019-10943)  →  >=20.8 [only CVE-2019-10943]
        * (with option G28)  →  * [if with option G28]
        <V8.18.31_only_if_the_basic_authentication_is_used  →  <V8.18.31 [if only if the basic authentication is used]
        1766-L32AWA  →  * of 1766-L32AWA
        < CPC80 V16.30  →  <V16.30
    "#]]
    .assert_eq(&shown(&[
        ">= 20.8 (only affected by CVE-2019-10943)",
        "* (with option G28)",
        "<V8.18.31_only_if_the_basic_authentication_is_used",
        "1766-L32AWA",
        "< CPC80 V16.30",
    ]));
}

#[test]
fn what_is_not_understood_is_said() {
    expect![[r#"
        No version  →   [unclear: no]
        <=LF  →   [unclear: lf a sign without a version]
        >= 1.0 | >= 2.4  →   [unclear: its bounds contradict each other or leave open how they go together]
        >= 3.0 | <= 2.0  →   [unclear: its bounds contradict each other or leave open how they go together]
          →   [unclear: it is empty]
        < august 28  →   [unclear: august]
    "#]]
    .assert_eq(&shown(&["No version", "<=LF", ">= 1.0 | >= 2.4", ">= 3.0 | <= 2.0", "", "< august 28"]));
}

#[test]
fn version_marks_in_names() {
    let shown: Vec<String> = [
        "RUGGEDCOM RSG2488 V5.X",
        "SIMATIC WinCC V7.2 and earlier",
        "SIMATIC S7-400 PN/DP V6 and below CPU family",
        "SIMATIC S7-1200 CPU family < V4.x",
        "SINAMICS S120 V4.7 SP1 Control Unit",
        "SIMATIC S7-1500 CPU 1511-1 PN",
    ]
    .iter()
    .map(|name| {
        let (rest, versions) = name_versions(name);
        format!("{rest} | {}\n", versions.map_or_else(|| "-".into(), |versions| versions.to_string()))
    })
    .collect();
    expect![[r#"
        RUGGEDCOM RSG2488 | V5.X.*
        SIMATIC WinCC | <=V7.2.x*
        SIMATIC S7-400 PN/DP CPU family | <=V6.x*
        SIMATIC S7-1200 CPU family | <V4.x*
        SINAMICS S120 Control Unit | =V4.7 SP1
        SIMATIC S7-1500 CPU 1511-1 PN | -
    "#]]
    .assert_eq(&shown.concat());
}

fn place(range: &str, machine: &str) -> Place {
    parse(range).place(Version::parse(machine).as_ref(), None)
}

#[test]
fn borders() {
    use Missing::*;
    for (range, machine, expected) in [
        ("< V4.4.0", "V4.2.1", Place::Inside),
        ("< V4.1", "V4.2.1", Place::Outside),
        ("<= V4.5", "V4.5", Place::Inside),
        ("<= V4.5.0", "V4.5", Place::Inside),
        ("<= V4.5", "V4.5.2", Place::Unsure(AdvisoryBorder)),
        ("<= 20", "20.11", Place::Inside),
        ("<= V7.x", "7.9.1", Place::Inside),
        ("< V4.2.3", "4.2", Place::Unsure(Precision)),
        ("< V4.8 HF4", "V4.8", Place::Unsure(Level(crate::version::Level::Hotfix))),
        ("< V4.8 HF4", "V4.7", Place::Inside),
        ("< V3.X.17", "V3.2.16", Place::Inside),
        ("< V3.X.17", "V3.3.17", Place::Outside),
        ("< V3.X.17", "V2.8.20", Place::Inside),
        ("16.020", "16.20", Place::Inside),
        ("5.011 | < 8.011", "4.001", Place::Unsure(AdvisoryBorder)),
        ("< 2019-09-21", "4.2", Place::Unsure(FirmwareForm)),
        ("<=LF", "4.2", Place::Unsure(AdvisoryVersions)),
        ("vers:all/*", "anything", Place::Inside),
    ] {
        assert_eq!(place(range, machine), expected, "{range} and {machine}");
    }
    assert_eq!(parse("< 2").place(None, None), Place::Unsure(Firmware));
    let serial = parse("<=the_first_5_digits_of_serial_number_22081");
    assert_eq!(serial.place(None, Some("2208112345")), Place::Inside);
    assert_eq!(serial.place(None, Some("22082")), Place::Outside);
    assert_eq!(serial.place(None, None), Place::Unsure(Serial));
}

proptest! {
    /// What is inside `< v` is not inside `>= v`, and one of them holds.
    #[test]
    fn a_bound_cuts_in_two(a in 0_u32..5, b in 0_u32..5, c in 0_u32..5, x in 0_u32..5, y in 0_u32..5, z in 0_u32..5) {
        let (bound, machine) = (format!("V{a}.{b}.{c}"), format!("V{x}.{y}.{z}"));
        let below = place(&format!("< {bound}"), &machine);
        let above = place(&format!(">= {bound}"), &machine);
        prop_assert_ne!(&below, &above);
        let expected = if (x, y, z) < (a, b, c) { Place::Inside } else { Place::Outside };
        prop_assert_eq!(below, expected);
    }

    #[test]
    fn no_text_makes_it_fail(text in ".{0,80}") {
        let versions = parse(&text);
        prop_assert!(versions.is_all || !versions.clauses.is_empty() || versions.unclear.is_some());
        let _ = name_versions(&text);
    }

    #[test]
    fn no_range_makes_it_fail(text in "[<>=V|, 0-9.xX()a-c_-]{0,40}") {
        let versions = parse(&text);
        let _ = versions.place(Version::parse("1.2.3").as_ref(), Some("12345"));
    }
}
