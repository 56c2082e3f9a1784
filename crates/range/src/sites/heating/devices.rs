//! What the devices of the heating network hold: registers, objects, metrics, memory.

use super::process::*;
use crate::dialogs::bacnet::{self, Kind};
use crate::dialogs::modbus::{self, Shows, Space};
use crate::dialogs::mqtt;
use crate::dialogs::s7comm::{self, Area, Item};

/// The registers of a heating controller of one building.
macro_rules! controller {
    ($(#[$doc:meta])* $name:ident, $set:ident, $room:ident, $supply:ident, $valve:ident, $heat:ident, $pump:ident) => {
        $(#[$doc])*
        pub static $name: modbus::Device = modbus::Device {
            unit: 1,
            size: 300,
            identity: &["Axis Industries", "ENCO Control", "1.30"],
            registers: &[
                (Space::Holding, 10, Shows::Scaled($set, 10.0)),
                (Space::Holding, 11, Shows::Scaled($room, 10.0)),
                (Space::Holding, 12, Shows::Scaled($supply, 10.0)),
                (Space::Holding, 13, Shows::Scaled($valve, 10.0)),
                (Space::Holding, 14, Shows::Scaled($heat, 1.0)),
                (Space::Holding, 15, Shows::Scaled(OUTSIDE, 10.0)),
                (Space::Holding, 20, Shows::Scaled($pump, 1.0)),
                (Space::Holding, 21, Shows::Constant(2)),
                (Space::Holding, 100, Shows::Constant(0x0130)),
            ],
        };
    };
}

controller! {
    /// The controller of the school.
    SCHOOL, SCHOOL_SET, SCHOOL_ROOM, SCHOOL_SUPPLY, SCHOOL_VALVE, SCHOOL_HEAT, SCHOOL_PUMP
}
controller! {
    /// The controller of the hospital.
    HOSPITAL, HOSPITAL_SET, HOSPITAL_ROOM, HOSPITAL_SUPPLY, HOSPITAL_VALVE, HOSPITAL_HEAT, HOSPITAL_PUMP
}
controller! {
    /// The controller of the housing estate.
    ESTATE, ESTATE_SET, ESTATE_ROOM, ESTATE_SUPPLY, ESTATE_VALVE, ESTATE_HEAT, ESTATE_PUMP
}

/// The boiler's controller.
pub static BOILER: modbus::Device = modbus::Device {
    unit: 1,
    size: 200,
    identity: &["Schneider Electric", "BMX P34 2020", "v2.90"],
    registers: &[
        (Space::Holding, 0, Shows::Scaled(CURVE_SHIFT, 10.0)),
        (Space::Holding, 1, Shows::Scaled(SUPPLY_SET, 10.0)),
        (Space::Input, 0, Shows::Scaled(SUPPLY, 10.0)),
        (Space::Input, 1, Shows::Scaled(RETURN, 10.0)),
        (Space::Input, 2, Shows::Scaled(FLOW, 100.0)),
        (Space::Input, 3, Shows::Scaled(BURNER, 1.0)),
        (Space::Input, 4, Shows::Scaled(PRESSURE, 100.0)),
        (Space::Input, 5, Shows::Scaled(FLUE, 10.0)),
        (Space::Input, 6, Shows::Scaled(PUMP_SPEED, 10.0)),
        (Space::Input, 7, Shows::Scaled(OUTSIDE, 10.0)),
        (Space::Coil, 0, Shows::Bit(BOILER_ON)),
        (Space::Discrete, 0, Shows::Bit(BURNER_RELEASED)),
    ],
};

/// The boiler's safety controller.
pub static SAFETY: s7comm::Controller = s7comm::Controller {
    order_number: "6ES7 315-2FJ14-0AB0 ",
    hardware_version: 3,
    firmware: [3, 2, 7],
    station: "BOILER SAFETY",
    module: "CPU 315F-2 PN/DP",
    kind: "CPU 315F-2 PN/DP",
    plant: "HEATING PLANT",
    serial: "S C-F4UB15602013",
    card: "MMC 3FB71A20",
    runs: SAFETY_RUNS,
    key: Some(SAFETY_KEY),
    pdu_bytes_max: 240,
    blocks: &[("08", 1, 160), ("08", 35, 220), ("0E", 60, 840), ("0C", 50, 310), ("0A", 60, 120)],
    memory: &[
        s7comm::Memory {
            area: Area::Data,
            block: 60,
            size: 32,
            fields: &[
                (0, s7comm::Shows::Real(PRESSURE, 100.0)),
                (4, s7comm::Shows::Real(SUPPLY, 10.0)),
                (8, s7comm::Shows::Real(TRIP_PRESSURE, 100.0)),
                (12, s7comm::Shows::Real(FLUE, 10.0)),
                (16, s7comm::Shows::Bit(BURNER_RELEASED, 0)),
            ],
        },
        s7comm::Memory { area: Area::Flags, block: 0, size: 16, fields: &[(0, s7comm::Shows::Bit(SAFETY_RUNS, 0))] },
    ],
};

/// What the operator's screen reads from the safety controller.
pub static SAFETY_SCREEN: &[&[Item]] =
    &[&[Item::bytes(60, 0, 17), Item { transport: 2, count: 2, block: 0, area: Area::Flags, bit: 0 }]];

/// The building controller of the school.
pub static SCHOOL_BUILDING: bacnet::Device = bacnet::Device {
    instance: 4_101,
    vendor: 8,
    vendor_name: "Delta Controls",
    model: "eBMGR-2",
    firmware: "4.12.0",
    objects: &[
        (Kind::AnalogInput, 1, "Outside temperature", 62, OUTSIDE, 10.0),
        (Kind::AnalogInput, 2, "Room temperature", 62, SCHOOL_ROOM, 10.0),
        (Kind::AnalogValue, 1, "Room set point", 62, SCHOOL_SET, 10.0),
        (Kind::AnalogOutput, 1, "Heating valve", 98, SCHOOL_VALVE, 10.0),
        (Kind::BinaryOutput, 1, "Circuit pump", 95, SCHOOL_PUMP, 1.0),
    ],
};

/// The building controller of the hospital.
pub static HOSPITAL_BUILDING: bacnet::Device = bacnet::Device {
    instance: 4_102,
    vendor: 7,
    vendor_name: "Siemens Building Technologies",
    model: "PXC100-E.D",
    firmware: "6.02",
    objects: &[
        (Kind::AnalogInput, 1, "Room temperature", 62, HOSPITAL_ROOM, 10.0),
        (Kind::AnalogInput, 2, "Tap water temperature", 62, TAP_WATER, 10.0),
        (Kind::AnalogInput, 3, "Circuit supply", 62, HOSPITAL_SUPPLY, 10.0),
        (Kind::AnalogValue, 1, "Room set point", 62, HOSPITAL_SET, 10.0),
        (Kind::AnalogOutput, 1, "Heating valve", 98, HOSPITAL_VALVE, 10.0),
        (Kind::AnalogOutput, 2, "Air handling", 98, HOSPITAL_FAN, 1.0),
        (Kind::BinaryOutput, 1, "Circuit pump", 95, HOSPITAL_PUMP, 1.0),
    ],
};

/// The gateway of the heat meters in the pipes.
pub static PIPES: mqtt::Node = mqtt::Node {
    group: "heating",
    name: "pipes-north",
    login: ("pipes", "heat2019"),
    metrics: &[
        ("Network/Supply", SUPPLY, 10.0),
        ("Network/Return", RETURN, 10.0),
        ("Network/Flow", FLOW, 10.0),
        ("Network/Pressure", PRESSURE, 100.0),
        ("Network/Heat", HEAT, 0.1),
    ],
    command: None,
};

/// The gateway of the weather station and of the estate's meter.
pub static ESTATE_METER: mqtt::Node = mqtt::Node {
    group: "heating",
    name: "estate-meter",
    login: ("estate", "heat2019"),
    metrics: &[("Outside/Temperature", OUTSIDE, 10.0), ("Estate/Heat", ESTATE_HEAT, 0.2), ("Boiler/Gas", GAS, 1.0)],
    command: Some(("Estate/Setpoint", ESTATE_SET)),
};
