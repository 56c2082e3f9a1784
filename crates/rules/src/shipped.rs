//! The rules that come with the program.

use std::sync::{Arc, LazyLock};

use crate::set::RuleSet;

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        /// Name and text of every file.
        pub(crate) const FILES: &[(&str, &str)] =
            &[$((concat!("shipped/", $name, ".yml"), include_str!(concat!("../data/rules/", $name, ".yml")))),+];
    };
}

files!(
    "modbus",
    "s7",
    "cip",
    "dnp3",
    "iec104",
    "mms-goose",
    "bacnet",
    "opcua",
    "profinet",
    "umas",
    "windows",
    "remote",
    "network",
    "events"
);

/// The rules that come with the program, read once.
pub fn shipped() -> Arc<RuleSet> {
    static SHIPPED: LazyLock<Arc<RuleSet>> = LazyLock::new(|| {
        let mut set = RuleSet::default();
        for (file, text) in FILES {
            let bad = set.add(text, file);
            debug_assert!(bad.is_empty(), "{bad:?}");
        }
        Arc::new(set)
    });
    SHIPPED.clone()
}
