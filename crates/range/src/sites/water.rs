//! A small drinking-water treatment works: its machines and who talks to whom.

use super::Plant;
use super::water_devices::*;
use super::water_process::*;
use crate::dialogs::{dnp3, ethernet_ip, modbus, s7comm};
use crate::network::{Host, MILLISECOND, SECOND, Stack, device, host};
use crate::site::Site;

/// The machines. Hardware addresses begin with the makers' own prefixes (IEEE registration authority, public listing).
pub const HOSTS: &[Host] = &[
    // Fortinet
    host("fw-01", [0x00, 0x09, 0x0f, 0x3a, 0x10, 0x01], [10, 20, 1, 1], Stack::Linux, &[443]),
    host("fw-01-office", [0x00, 0x09, 0x0f, 0x3a, 0x10, 0x02], [10, 20, 8, 1], Stack::Linux, &[443]),
    // Hirschmann
    host("sw-01", [0x00, 0x80, 0x63, 0x51, 0x22, 0x40], [10, 20, 1, 2], device(64, 8_192, 900), &[80, 443]),
    // Dell
    host("hmi-01", [0xf8, 0xb1, 0x56, 0x2c, 0x41, 0x0a], [10, 20, 1, 10], Stack::Windows, &[135, 445, 3389]),
    // Hewlett Packard
    host("eng-01", [0x3c, 0xd9, 0x2b, 0x60, 0x17, 0x0b], [10, 20, 1, 11], Stack::Windows, &[135, 445]),
    // VMware
    host("hist-01", [0x00, 0x50, 0x56, 0x9a, 0x33, 0x0c], [10, 20, 1, 12], Stack::Windows, &[80, 135, 445]),
    // Siemens
    host("plc-intake", [0x00, 0x1b, 0x1b, 0x1c, 0x8d, 0x14], [10, 20, 1, 20], device(30, 4_096, 4_200), &[102]),
    // Telemecanique (Schneider Electric)
    host("plc-dosing", [0x00, 0x80, 0xf4, 0x0e, 0x71, 0x1e], [10, 20, 1, 30], device(64, 8_192, 2_600), &[80, 502]),
    // Rockwell Automation
    host("plc-filter", [0xf4, 0x54, 0x33, 0x9b, 0x02, 0x28], [10, 20, 1, 40], device(64, 8_192, 1_400), &[80, 44818]),
    host("io-filter", [0x00, 0x00, 0xbc, 0x44, 0x61, 0x29], [10, 20, 1, 41], device(64, 4_096, 1_100), &[80, 44818]),
    // Schweitzer Engineering Laboratories
    host("rtu-lift", [0x00, 0x30, 0xa7, 0x12, 0xc5, 0x32], [10, 20, 1, 50], device(64, 16_384, 6_500), &[20000]),
    // Micro-Star, a laptop that belongs to nobody here
    host("laptop", [0x00, 0xd8, 0x61, 0x7e, 0x90, 0x63], [10, 20, 1, 99], Stack::Linux, &[22]),
    // VMware
    host("dc-01", [0x00, 0x50, 0x56, 0x9a, 0x33, 0x80], [10, 20, 8, 10], Stack::Windows, &[53, 88, 135, 389, 445]),
    // Lenovo (Wistron InfoComm)
    host("pc-office-21", [0x54, 0xee, 0x75, 0x88, 0x40, 0x15], [10, 20, 8, 21], Stack::Windows, &[135, 445]),
    host("pc-office-22", [0x54, 0xee, 0x75, 0x88, 0x41, 0x16], [10, 20, 8, 22], Stack::Windows, &[135, 445]),
];

/// The line of the table.
pub const PLANT: Plant = Plant {
    id: "water",
    title: "Drinking-water treatment works",
    hosts: HOSTS,
    process: (FIRST, INITIAL, advance),
    build,
    routines: super::water_day::ROUTINES,
    attacks: super::water_attacks::ATTACKS,
    stories: &[
        &["network-scan", "s7-stop"],
        &["rogue-machine", "s7-download", "cip-stop-reset"],
        &["modbus-write", "dnp3-cold-restart"],
    ],
};

fn build(site: &mut Site) {
    let start = site.start;
    let find = |site: &Site, name| site.network.find(name);

    let (hmi, historian, dosing) = (find(site, "hmi-01"), find(site, "hist-01"), find(site, "plc-dosing"));
    site.add(
        start.plus(310 * MILLISECOND),
        modbus::Poll {
            client: hmi,
            server: dosing,
            device: &DOSING,
            requests: &[(3, 0, 30), (4, 0, 4), (1, 0, 8), (2, 0, 8)],
            period: 500 * MILLISECOND,
            session: None,
        },
    );
    site.add(
        start.plus(1_730 * MILLISECOND),
        modbus::Poll {
            client: historian,
            server: dosing,
            device: &DOSING,
            requests: &[(3, 10, 12), (4, 0, 4)],
            period: 5 * SECOND,
            session: None,
        },
    );
    let intake = find(site, "plc-intake");
    site.add(
        start.plus(540 * MILLISECOND),
        s7comm::Poll {
            client: hmi,
            server: intake,
            controller: &INTAKE,
            requests: INTAKE_SCREEN,
            period: SECOND,
            session: None,
        },
    );
    site.add(
        start.plus(2_200 * MILLISECOND),
        s7comm::Poll {
            client: historian,
            server: intake,
            controller: &INTAKE,
            requests: INTAKE_HISTORY,
            period: 5 * SECOND,
            session: None,
        },
    );
    let (filter, remote) = (find(site, "plc-filter"), find(site, "io-filter"));
    site.add(
        start.plus(120 * MILLISECOND),
        ethernet_ip::Implicit {
            scanner: filter,
            adapter: remote,
            inputs: FILTER_INPUTS,
            outputs: FILTER_OUTPUTS,
            runs: FILTER_RUNS,
            period: 50 * MILLISECOND,
            open: None,
        },
    );
    for (client, first, tags, is_connected, period) in
        [(hmi, 810, FILTER_SCREEN, true, SECOND), (historian, 3_100, FILTER_HISTORY, false, 5 * SECOND)]
    {
        let poll = ethernet_ip::Poll {
            client,
            server: filter,
            controller: &FILTER,
            tags,
            is_connected,
            period,
            session: None,
        };
        site.add(start.plus(first * MILLISECOND), poll);
    }
    let lift = find(site, "rtu-lift");
    site.add(start.plus(700 * MILLISECOND), dnp3::Association::new(hmi, lift, &LIFT));
    super::water_surroundings::plan(site);
}
