//! What the devices of the substation hold: information objects, data sets, attributes.

use super::process::*;
use crate::dialogs::goose::{self, Shows as Entry};
use crate::dialogs::iec104::{self, Kind};
use crate::dialogs::mms::{self, Shows};

/// The remote terminal unit that tells the control centre everything.
pub static RTU: iec104::Outstation = iec104::Outstation {
    address: 12,
    title: "The dispatcher switches a breaker from the control centre",
    objects: &[
        (101, Kind::Double, BREAKER_1, 1.0, 0.5),
        (102, Kind::Double, BREAKER_2, 1.0, 0.5),
        (103, Kind::Double, BREAKER_3, 1.0, 0.5),
        (104, Kind::Double, BREAKER_4, 1.0, 0.5),
        (110, Kind::Double, BREAKER_T, 1.0, 0.5),
        (201, Kind::Single, TRIP_1, 1.0, 0.5),
        (202, Kind::Single, TRIP_2, 1.0, 0.5),
        (203, Kind::Single, TRIP_3, 1.0, 0.5),
        (204, Kind::Single, TRIP_4, 1.0, 0.5),
        (210, Kind::Single, DOOR, 1.0, 0.5),
        (300, Kind::Float, FREQUENCY, 1_000.0, 0.02),
        (301, Kind::Float, HIGH_VOLTAGE, 100.0, 0.3),
        (302, Kind::Float, BUS_VOLTAGE, 1_000.0, 0.03),
        (303, Kind::Float, TAP, 1.0, 0.5),
        (304, Kind::Float, TRANSFORMER_POWER, 100.0, 0.1),
        (305, Kind::Float, OIL, 10.0, 0.5),
        (306, Kind::Float, BATTERY, 10.0, 0.4),
        (311, Kind::Float, CURRENT_1, 10.0, 2.0),
        (312, Kind::Float, CURRENT_2, 10.0, 2.0),
        (313, Kind::Float, CURRENT_3, 10.0, 2.0),
        (314, Kind::Float, CURRENT_4, 10.0, 2.0),
        (321, Kind::Float, POWER_1, 100.0, 0.06),
        (322, Kind::Float, POWER_2, 100.0, 0.06),
        (323, Kind::Float, POWER_3, 100.0, 0.06),
        (324, Kind::Float, POWER_4, 100.0, 0.06),
    ],
    commands: &[(1_001, BREAKER_1), (1_002, BREAKER_2), (1_003, BREAKER_3), (1_004, BREAKER_4), (1_010, BREAKER_T)],
};

/// Control block and attributes of the protection of a feeder.
macro_rules! feeder {
    ($(#[$doc:meta])* $block:ident, $device:ident, $name:literal, $number:literal, $breaker:ident, $current:ident,
     $power:ident, $trip:ident) => {
        $(#[$doc])*
        pub static $block: goose::Block = goose::Block {
            application: 0x3000 + $number,
            group: $number,
            device: $name,
            entries: &[Entry::Position($breaker), Entry::Bool($trip)],
        };
        $(#[$doc])*
        pub static $device: mms::Device = mms::Device {
            identity: ["ABB", "REF615", "5.1.20"],
            domain: $name,
            attributes: &[
                ("XCBR1$ST$Pos$stVal", Shows::Position($breaker)),
                ("MMXU1$MX$A$phsA$cVal$mag$f", Shows::Float($current, 10.0)),
                ("MMXU1$MX$TotW$mag$f", Shows::Float($power, 1_000.0)),
                ("MMXU1$MX$Hz$mag$f", Shows::Float(FREQUENCY, 1_000.0)),
                ("PTRC1$ST$Tr$general", Shows::Bool($trip)),
                ("PTOC1$SP$StrVal$setMag$f", Shows::Float(PICKUP_1, 1.0)),
            ],
            control: Some(("CSWI1$CO$Pos$Oper", $breaker)),
        };
    };
}

feeder! {
    /// Feeder 1.
    GOOSE_1, FEEDER_1, "F1_LD0", 1, BREAKER_1, CURRENT_1, POWER_1, TRIP_1
}
feeder! {
    /// Feeder 2.
    GOOSE_2, FEEDER_2, "F2_LD0", 2, BREAKER_2, CURRENT_2, POWER_2, TRIP_2
}
feeder! {
    /// Feeder 3.
    GOOSE_3, FEEDER_3, "F3_LD0", 3, BREAKER_3, CURRENT_3, POWER_3, TRIP_3
}
feeder! {
    /// Feeder 4.
    GOOSE_4, FEEDER_4, "F4_LD0", 4, BREAKER_4, CURRENT_4, POWER_4, TRIP_4
}

/// The transformer's control block: only its breaker.
pub static GOOSE_T: goose::Block =
    goose::Block { application: 0x3010, group: 16, device: "T1_LD0", entries: &[Entry::Position(BREAKER_T)] };

/// The transformer's protection and voltage regulator.
pub static TRANSFORMER: mms::Device = mms::Device {
    identity: ["Siemens AG", "7UT86", "V08.80"],
    domain: "T1_LD0",
    attributes: &[
        ("XCBR1$ST$Pos$stVal", Shows::Position(BREAKER_T)),
        ("MMXU1$MX$PPV$phsAB$cVal$mag$f", Shows::Float(BUS_VOLTAGE, 1_000.0)),
        ("MMXU2$MX$A$phsA$cVal$mag$f", Shows::Float(TRANSFORMER_CURRENT, 10.0)),
        ("MMXU1$MX$TotW$mag$f", Shows::Float(TRANSFORMER_POWER, 1_000.0)),
        ("ATCC1$MX$TapPos$mag$f", Shows::Float(TAP, 1.0)),
        ("STMP1$MX$Tmp$mag$f", Shows::Float(OIL, 10.0)),
    ],
    control: Some(("CSWI1$CO$Pos$Oper", BREAKER_T)),
};
