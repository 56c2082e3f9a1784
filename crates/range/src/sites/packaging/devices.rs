//! What the devices of the packaging line hold: memory, tags, nodes, metrics, process data.

use super::process::*;
use crate::dialogs::ethernet_ip;
use crate::dialogs::mqtt;
use crate::dialogs::opcua::{self, Shows as Node};
use crate::dialogs::profinet::Station;
use crate::dialogs::s7comm::{self, Area, Item};

/// The line's controller.
pub static LINE: s7comm::Controller = s7comm::Controller {
    order_number: "6ES7 318-3EL01-0AB0 ",
    hardware_version: 4,
    firmware: [3, 2, 14],
    station: "LINE 2",
    module: "CPU 319-3 PN/DP",
    kind: "CPU 319-3 PN/DP",
    plant: "BOTTLING",
    serial: "S C-H1V582412016",
    card: "MMC 7C11D0A4",
    runs: LINE_RUNS,
    key: None,
    pdu_bytes_max: 240,
    blocks: &[("08", 1, 320), ("08", 35, 180), ("0E", 20, 910), ("0E", 21, 760), ("0C", 7, 280), ("0A", 20, 210)],
    memory: &[
        s7comm::Memory {
            area: Area::Data,
            block: 20,
            size: 80,
            fields: &[
                (0, s7comm::Shows::Real(SPEED, 10.0)),
                (4, s7comm::Shows::Real(SPEED_SET, 10.0)),
                (8, s7comm::Shows::Real(FILL_VOLUME, 10.0)),
                (12, s7comm::Shows::Real(FILL_SET, 10.0)),
                (16, s7comm::Shows::Real(TANK, 1000.0)),
                (20, s7comm::Shows::Real(CONVEYOR, 100.0)),
                (24, s7comm::Shows::Real(OVEN, 10.0)),
                (28, s7comm::Shows::Real(OVEN_SET, 10.0)),
                (32, s7comm::Shows::Int(RECIPE, 1.0)),
                (34, s7comm::Shows::Bit(RUNNING, 0)),
                (36, s7comm::Shows::Real(CAP_TORQUE, 10.0)),
            ],
        },
        s7comm::Memory { area: Area::Flags, block: 0, size: 32, fields: &[(0, s7comm::Shows::Bit(LINE_RUNS, 0))] },
    ],
};

/// What the operator's screen reads from the line.
pub static LINE_SCREEN: &[&[Item]] =
    &[&[Item::bytes(20, 0, 40), Item { transport: 2, count: 4, block: 0, area: Area::Flags, bit: 0 }]];

/// The packer's controller.
pub static PACKER: ethernet_ip::Controller = ethernet_ip::Controller {
    identity: ethernet_ip::Identity {
        vendor: 1,
        device_type: 14,
        product_code: 166,
        revision: [33, 11],
        serial: 0x7011_a8e3,
        name: "5069-L320ER/A",
    },
    runs: PACKER_RUNS,
    tags: &[
        ("Packer_Packs", ethernet_ip::Shows::Dint(PACKS, 1.0)),
        ("Packer_Rejects", ethernet_ip::Shows::Dint(REJECTS, 1.0)),
        ("Oven_Temperature", ethernet_ip::Shows::Real(OVEN, 10.0)),
        ("Oven_Setpoint", ethernet_ip::Shows::Real(OVEN_SET, 10.0)),
        ("Oven_Power", ethernet_ip::Shows::Real(OVEN_POWER, 10.0)),
        ("Line_Speed", ethernet_ip::Shows::Real(SPEED, 10.0)),
        ("Packer_Running", ethernet_ip::Shows::Bool(PACKER_RUNS)),
    ],
};

/// What the operator's screen reads from the packer.
pub static PACKER_SCREEN: &[&str] =
    &["Packer_Packs", "Packer_Rejects", "Oven_Temperature", "Oven_Power", "Packer_Running"];

/// The line's server for the production planning.
pub static PLANNING: opcua::Server = opcua::Server {
    endpoint: "opc.tcp://opc-line:4840",
    name: "opc-line",
    product: "http://kepware.com/KEPServerEX/V6",
    nodes: &[
        ("Line2.Order", Node::Int(ORDER)),
        ("Line2.Recipe", Node::Int(RECIPE)),
        ("Line2.Speed", Node::Float(SPEED, 10.0)),
        ("Line2.SpeedSetpoint", Node::Float(SPEED_SET, 10.0)),
        ("Line2.FillVolume", Node::Float(FILL_VOLUME, 10.0)),
        ("Line2.Bottles", Node::Int(BOTTLES)),
        ("Line2.Rejects", Node::Int(REJECTS)),
        ("Line2.Running", Node::Bool(RUNNING)),
    ],
};

/// The gateway of the energy meters.
pub static METERS: mqtt::Node = mqtt::Node {
    group: "packaging",
    name: "energy-line2",
    login: ("meters", "line2"),
    metrics: &[
        ("Oven/Power", OVEN_POWER, 5.0),
        ("Line/Energy", ENERGY, 10.0),
        ("Air/Pressure", AIR, 50.0),
        ("Product/Temperature", PRODUCT_TEMPERATURE, 10.0),
    ],
    command: None,
};

/// The filler's remote inputs and outputs.
pub static FILLER: Station = Station {
    name: "filler-io",
    kind: "ET200SP",
    identity: (0x002a, 0x0313),
    order_number: "6ES7 155-6AU01-0BN0 ",
    serial: "S C-J8C12345678",
    software: [b'V', 4, 2, 0],
    inputs: &[(FILL_VOLUME, 10.0), (CAP_TORQUE, 10.0), (TANK, 1000.0), (PRODUCT_TEMPERATURE, 10.0)],
    outputs: &[(FILL_SET, 10.0), (TANK_INLET, 1.0)],
    frame_id: 0x8000,
};

/// The conveyor's drive.
pub static DRIVE: Station = Station {
    name: "conveyor-drive",
    kind: "SINAMICS G120",
    identity: (0x002a, 0x0505),
    order_number: "6SL3244-0BB12-1FA0  ",
    serial: "T-C16075321",
    software: [b'V', 4, 7, 13],
    inputs: &[(CONVEYOR, 100.0), (DRIVE_CURRENT, 100.0)],
    outputs: &[(SPEED_SET, 10.0), (RUNNING, 1.0)],
    frame_id: 0x8010,
};
