//! Order numbers lead to the families that advisories name.

use super::*;
use crate::order;

fn named(number: &str) -> Vec<String> {
    names(&order::parse(number).unwrap()).into_iter().map(|named| named.name).collect()
}

#[test]
fn numbers_lead_to_families() {
    for (number, name) in [
        ("6ES7 214-1AG40-0XB0", "SIMATIC S7-1200 CPU 1214C"),
        ("6ES7 215-1AF40-0XB0", "SIMATIC S7-1200 CPU 1215FC"),
        ("6ES7 315-2EH14-0AB0", "SIMATIC S7-300 CPU 315-2 PN/DP"),
        ("6ES7 511-1AK02-0AB0", "SIMATIC S7-1500 CPU 1511-1 PN"),
        ("6ES7 512-1DK01-0AB0", "SIMATIC ET 200SP CPU 1512SP-1 PN"),
        ("6GK7 343-1GX31-0XE0", "SIMATIC NET CP 343-1 Advanced"),
        ("1756-L61/B", "ControlLogix 5560"),
        ("1756-L72S", "GuardLogix 5570"),
        ("1756-L83E", "ControlLogix 5580"),
        ("1769-L33ER/A", "CompactLogix 5370 L3"),
        ("5069-L320ER", "CompactLogix 5380"),
        ("1766-L32BWA/B", "MicroLogix 1400"),
        ("1763-L16BWA", "MicroLogix 1100"),
        ("2080-LC50-48QWB", "Micro800 Micro850"),
        ("1783-BMS10CGL", "Stratix 5700"),
        ("BMX P34 2020", "Modicon M340 CPU"),
        ("BMEP584040", "Modicon M580 CPU"),
        ("140CPU65150", "Modicon Quantum"),
        ("TM221CE24R", "Modicon M221"),
    ] {
        assert!(named(number).iter().any(|found| found == name), "{number}: {:?}", named(number));
    }
    // Inputs and outputs of the same system are no controllers.
    for number in ["6ES7 221-1BF32-0XB0", "6ES7 321-1BH02-0AA0", "1756-IB16", "6ES7 131-6BF00-0BA0"] {
        assert!(named(number).is_empty(), "{number}: {:?}", named(number));
    }
}

#[test]
fn the_table_is_well_formed() {
    let lines = include_str!("../../data/families.tsv").lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!(rows().len(), lines);
    for row in rows() {
        assert!(row.pattern.len() >= 4 && row.name.len() >= 3, "{}", row.name);
    }
}
