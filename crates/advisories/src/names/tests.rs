//! Names of vendors and products.

use expect_test::expect;
use proptest::prelude::*;

use super::*;

#[test]
fn vendors_have_one_name() {
    for (name, id) in [
        ("Siemens AG", "siemens"),
        ("Rockwell Automation/Allen-Bradley", "rockwell"),
        ("Rockwell Automation ", "rockwell"),
        ("Schneider Electric Software, LLC", "schneider"),
        ("Telemecanique", "schneider"),
        ("Mitsubishi Electric Corporation", "mitsubishi"),
        ("ICONICS, Mitsubishi Electric", "mitsubishi"),
        ("General Electric (GE)", "ge"),
        ("PHOENIX CONTACT, Innominate Security Technologies", "phoenix"),
        ("Moxa Inc.", "moxa"),
        ("MOXA", "moxa"),
        ("WAGO Kontakttechnik GmbH & Co. KG", "wago"),
        ("Becton, Dickinson and Company (BD)", "bd"),
        ("Omron Corporation", "omron"),
    ] {
        assert!(vendors(name).iter().any(|found| found == id), "{name}: {:?}", vendors(name));
    }
    assert!(vendors("").is_empty());
}

#[test]
fn words_are_cut_alike() {
    for (a, b) in [
        ("ET 200SP", "ET200SP"),
        ("S7-1200", "S71200"),
        ("MicroLogix 1400", "MicroLogix1400"),
        ("CPU 1214C", "CPU1214C"),
    ] {
        assert_eq!(words(a), words(b));
    }
    assert_ne!(words("NPort 5110"), words("NPort 5110A"));
}

#[test]
fn names_that_stand_for_several() {
    expect![[r#"
        R08/16/32PCPU: R08PCPU R16PCPU R32PCPU
        R04/08(EN)CPU: R04CPU R04ENCPU R08CPU R08ENCPU
        QJ71C24N(-R2/R4): QJ71C24N QJ71C24N-R2 QJ71C24N-R4
        FX3G-xMy/z x=14,24 y=T,R, z=ES,DS: FX3G-14MR/DS FX3G-14MR/ES FX3G-14MT/DS FX3G-14MT/ES FX3G-24MR/DS FX3G-24MR/ES FX3G-24MT/DS FX3G-24MT/ES
        CJ2M-CPU[][]: CJ2M-CPU??
        MicroLogix 1400: MicroLogix 1400
        DC24V/1,3A: DC24V/1,3A
    "#]]
    .assert_eq(
        &[
            "R08/16/32PCPU",
            "R04/08(EN)CPU",
            "QJ71C24N(-R2/R4)",
            "FX3G-xMy/z x=14,24 y=T,R, z=ES,DS",
            "CJ2M-CPU[][]",
            "MicroLogix 1400",
            "DC24V/1,3A",
        ]
        .iter()
        .map(|name| format!("{name}: {}\n", expand(name).join(" ")))
        .collect::<String>(),
    );
}

proptest! {
    #[test]
    fn no_name_makes_it_fail(name in ".{0,80}") {
        prop_assert!(expand(&name).len() <= EXPANSIONS_MAX);
        let _ = (vendors(&name), words(&name));
    }

    #[test]
    fn no_list_of_variants_makes_it_fail(name in "[A-Zxyz=,/()0-9 -]{0,60}") {
        prop_assert!(expand(&name).len() <= EXPANSIONS_MAX);
    }

    #[test]
    fn patterns_end(pattern in "[ab*?]{0,30}", text in "[ab]{0,30}") {
        let _ = covers(pattern.as_bytes(), text.as_bytes());
    }
}
