//! Order numbers are found in running text.

use expect_test::expect;
use proptest::prelude::*;

use super::*;

#[test]
fn numbers_in_texts() {
    let shown: Vec<String> = [
        "6ES7 214-1AG40-0XB0",
        "6ES7214-1AG40-0XB0 ",
        "SIMATIC S7-1500 CPU 1511-1 PN (6ES7511-1AK00-0AB0)",
        "MLFB- 6ES7518-4AX00-1AC0 6AG1518-4AX00-4AC0 incl. SIPLUS variant",
        "SCALANCE X302-7 EEC (230V) (6GK5302- 7GD00-3EA3)",
        "SINAMICS S210 (6SL5...)",
        "1756-L61/B LOGIX5561",
        "GuardLogix 5380 (5069 - L3zS2)",
        "PanelView 800-2711R-T10T",
        "1732E-8CFGM8R/A",
        "MGate MB3180",
        "16EWHMI",
        "1756",
        "6MD85 devices (CPU variant CP300)",
    ]
    .iter()
    .map(|text| {
        let found: Vec<String> = find(text)
            .iter()
            .map(|o| format!("{}{}", o.squeezed, o.series.map_or(String::new(), |s| format!(" series {s}"))))
            .collect();
        format!("{text}  →  {}\n", found.join(", "))
    })
    .collect();
    expect![[r#"
        6ES7 214-1AG40-0XB0  →  6ES72141AG400XB0
        6ES7214-1AG40-0XB0   →  6ES72141AG400XB0
        SIMATIC S7-1500 CPU 1511-1 PN (6ES7511-1AK00-0AB0)  →  6ES75111AK000AB0
        MLFB- 6ES7518-4AX00-1AC0 6AG1518-4AX00-4AC0 incl. SIPLUS variant  →  6ES75184AX001AC0, 6AG15184AX004AC0
        SCALANCE X302-7 EEC (230V) (6GK5302- 7GD00-3EA3)  →  6GK53027GD003EA3
        SINAMICS S210 (6SL5...)  →  6SL5*
        1756-L61/B LOGIX5561  →  1756L61 series B
        GuardLogix 5380 (5069 - L3zS2)  →  5069L3*S2
        PanelView 800-2711R-T10T  →  2711RT10T
        1732E-8CFGM8R/A  →  1732E8CFGM8R series A
        MGate MB3180  →  
        16EWHMI  →  
        1756  →  
        6MD85 devices (CPU variant CP300)  →  
    "#]]
    .assert_eq(&shown.concat());
}

#[test]
fn patterns_cover() {
    let order = |text: &str| find(text).remove(0);
    assert!(order("1756 - L8z").covers(&order("1756-L81E/B")));
    assert!(!order("1756-EN2T").covers(&order("1756-EN2TR/C")));
    assert!(order("6SL5...").covers(&order("6SL5510-1BA10-4AA0")));
    assert!(order("6ES7511-1AK00-0AB0").covers(&order("6ES7 511-1AK00-0AB0")));
    assert!(!order("6ES7511-1AK00-0AB0").covers(&order("6ES7 511-1AK02-0AB0")));
}

proptest! {
    #[test]
    fn no_text_makes_it_fail(text in ".{0,60}") {
        let _ = (find(&text), parse(&text));
    }

    #[test]
    fn nothing_like_a_number_makes_it_fail(text in "[6ESGK17 .…*/-]{0,40}") {
        let _ = (find(&text), parse(&text));
    }
}
