//! What the devices of the water works hold: registers, memory, tags, and what they say of themselves.

use super::water_process::*;
use crate::dialogs::dnp3;
use crate::dialogs::ethernet_ip;
use crate::dialogs::modbus::{self, Shows, Space};
use crate::dialogs::s7comm::{self, Area, Item};
use crate::process::Point;

/// The dosing controller.
pub static DOSING: modbus::Device = modbus::Device {
    unit: 1,
    size: 200,
    identity: &["Schneider Electric", "BMX P34 2020", "v2.70"],
    registers: &[
        (Space::Holding, 0, Shows::Scaled(COAGULANT_SET, 100.0)),
        (Space::Holding, 1, Shows::Scaled(CHLORINE_SET, 1000.0)),
        (Space::Holding, 2, Shows::Constant(1)),
        (Space::Holding, 10, Shows::Scaled(COAGULANT_DOSE, 100.0)),
        (Space::Holding, 11, Shows::Scaled(CHLORINE, 1000.0)),
        (Space::Holding, 12, Shows::Scaled(COAGULANT_SPEED, 10.0)),
        (Space::Holding, 13, Shows::Scaled(CHLORINE_SPEED, 10.0)),
        (Space::Holding, 14, Shows::Scaled(COAGULANT_STOCK, 10.0)),
        (Space::Holding, 20, Shows::Float(FILTER_FLOW, 10.0, 0)),
        (Space::Holding, 21, Shows::Float(FILTER_FLOW, 10.0, 1)),
        (Space::Input, 0, Shows::Scaled(ACIDITY, 100.0)),
        (Space::Input, 1, Shows::Scaled(TEMPERATURE, 10.0)),
        (Space::Input, 2, Shows::Scaled(CHLORINE, 1000.0)),
        (Space::Input, 3, Shows::Scaled(FILTERED_TURBIDITY, 1000.0)),
        (Space::Coil, 0, Shows::Bit(DOSING_ENABLED)),
        (Space::Coil, 1, Shows::Bit(CHLORINE_ENABLED)),
        (Space::Discrete, 0, Shows::Bit(DOSING_ENABLED)),
        (Space::Discrete, 1, Shows::Bit(CHLORINE_ENABLED)),
        (Space::Discrete, 2, Shows::Bit(INTAKE_PUMP)),
    ],
};

/// The intake controller.
pub static INTAKE: s7comm::Controller = s7comm::Controller {
    order_number: "6ES7 315-2EH14-0AB0 ",
    hardware_version: 5,
    firmware: [3, 2, 6],
    station: "INTAKE",
    module: "CPU 315-2 PN/DP",
    kind: "CPU 315-2 PN/DP",
    plant: "WATERWORKS",
    serial: "S C-E2UR28922012",
    card: "MMC 2CA6F2E1",
    runs: INTAKE_RUNS,
    key: None,
    pdu_bytes_max: 240,
    blocks: &[("08", 1, 172), ("08", 35, 140), ("0E", 10, 620), ("0C", 5, 240), ("0A", 10, 136), ("0A", 11, 96)],
    memory: &[
        s7comm::Memory {
            area: Area::Data,
            block: 10,
            size: 64,
            fields: &[
                (0, s7comm::Shows::Real(RAW_LEVEL, 1000.0)),
                (4, s7comm::Shows::Real(INTAKE_FLOW, 10.0)),
                (8, s7comm::Shows::Real(RAW_TURBIDITY, 100.0)),
                (12, s7comm::Shows::Real(TEMPERATURE, 10.0)),
                (16, s7comm::Shows::Int(INTAKE_GATE, 10.0)),
                (20, s7comm::Shows::Real(RAW_LEVEL_LOW, 100.0)),
                (24, s7comm::Shows::Real(RAW_LEVEL_HIGH, 100.0)),
                (28, s7comm::Shows::Bit(INTAKE_PUMP, 0)),
            ],
        },
        s7comm::Memory { area: Area::Flags, block: 0, size: 16, fields: &[(0, s7comm::Shows::Bit(INTAKE_RUNS, 0))] },
        s7comm::Memory { area: Area::Inputs, block: 0, size: 8, fields: &[(0, s7comm::Shows::Bit(INTAKE_PUMP, 1))] },
        s7comm::Memory { area: Area::Outputs, block: 0, size: 8, fields: &[(0, s7comm::Shows::Bit(INTAKE_PUMP, 0))] },
    ],
};

/// What the operator's screen reads from the intake.
pub static INTAKE_SCREEN: &[&[Item]] = &[
    &[
        Item::bytes(10, 0, 30),
        Item { transport: 2, count: 4, block: 0, area: Area::Flags, bit: 0 },
        Item::bit(Area::Inputs, 0, 1),
        Item::bit(Area::Outputs, 0, 0),
    ],
    &[Item::real(10, 20), Item::real(10, 24)],
];

/// What the historian reads from the intake.
pub static INTAKE_HISTORY: &[&[Item]] =
    &[&[Item::real(10, 0), Item::real(10, 4), Item::real(10, 8), Item::real(10, 12)]];

/// The filter controller.
pub static FILTER: ethernet_ip::Controller = ethernet_ip::Controller {
    identity: ethernet_ip::Identity {
        vendor: 1,
        device_type: 14,
        product_code: 107,
        revision: [32, 11],
        serial: 0x60a4_19c2,
        name: "1769-L33ER/A LOGIX5333ER",
    },
    runs: FILTER_RUNS,
    tags: &[
        ("Filter_Flow", ethernet_ip::Shows::Real(FILTER_FLOW, 10.0)),
        ("Filter_HeadLoss", ethernet_ip::Shows::Real(FILTER_LOSS, 1000.0)),
        ("Filter_Valve", ethernet_ip::Shows::Real(FILTER_VALVE, 10.0)),
        ("Filter_Turbidity", ethernet_ip::Shows::Real(FILTERED_TURBIDITY, 1000.0)),
        ("ClearWell_Level", ethernet_ip::Shows::Real(CLEAR_LEVEL, 1000.0)),
        ("ClearWell_Setpoint", ethernet_ip::Shows::Real(CLEAR_LEVEL_SET, 100.0)),
        ("Filter_Volume", ethernet_ip::Shows::Dint(VOLUME, 1.0)),
        ("Filter_Running", ethernet_ip::Shows::Bool(FILTER_RUNS)),
    ],
};

/// The filter's remote inputs and outputs.
pub static FILTER_IO: ethernet_ip::Identity = ethernet_ip::Identity {
    vendor: 1,
    device_type: 12,
    product_code: 108,
    revision: [5, 12],
    serial: 0x404d_b1e7,
    name: "1734-AENT/B Ethernet Adapter",
};

/// Words from the filter's instruments.
pub static FILTER_INPUTS: &[(Point, f64)] =
    &[(FILTER_FLOW, 10.0), (FILTER_LOSS, 1000.0), (FILTERED_TURBIDITY, 1000.0), (CLEAR_LEVEL, 1000.0)];

/// Words to the filter's valve.
pub static FILTER_OUTPUTS: &[(Point, f64)] = &[(FILTER_VALVE, 100.0)];

/// What the operator's screen reads from the filter.
pub static FILTER_SCREEN: &[&str] =
    &["Filter_Flow", "Filter_HeadLoss", "Filter_Valve", "Filter_Turbidity", "ClearWell_Level", "Filter_Running"];

/// What the historian reads from the filter.
pub static FILTER_HISTORY: &[&str] = &["ClearWell_Level", "Filter_Turbidity", "Filter_Volume"];

/// The remote terminal unit of the high-lift pumping station.
pub static LIFT: dnp3::Outstation = dnp3::Outstation {
    master_address: 1,
    address: 10,
    binaries: &[LIFT_PUMP_1, LIFT_PUMP_2, FILTER_RUNS, DOSING_ENABLED],
    analogs: &[
        (RESERVOIR_LEVEL, 1000.0, 4),
        (LIFT_PRESSURE, 100.0, 4),
        (LIFT_FLOW, 10.0, 12),
        (CURRENT_1, 10.0, 6),
        (CURRENT_2, 10.0, 6),
        (DEMAND, 10.0, 40),
    ],
    analog_count: 48,
    counters: &[(HOURS_1, 10.0), (HOURS_2, 10.0), (ENERGY, 1.0), (VOLUME, 1.0)],
    outputs: &[LIFT_PUMP_1, LIFT_PUMP_2],
};
