//! A packaging line: its machines and who talks to whom.

pub mod attacks;
pub mod day;
pub mod devices;
pub mod process;

use devices::*;

use super::Plant;
use super::office::Office;
use crate::dialogs::{ethernet_ip, infrastructure, mqtt, opcua, profinet, s7comm};
use crate::network::{Host, MILLISECOND, SECOND, Stack, device, host};
use crate::site::Site;

/// The machines. Hardware addresses begin with the makers' own prefixes (IEEE registration authority, public listing).
pub const HOSTS: &[Host] = &[
    // Fortinet
    host("fw-pack", [0x00, 0x09, 0x0f, 0x73, 0x50, 0x01], [10, 50, 1, 1], Stack::Linux, &[443]),
    host("fw-pack-office", [0x00, 0x09, 0x0f, 0x73, 0x50, 0x02], [10, 50, 8, 1], Stack::Linux, &[443]),
    // Siemens
    host("sw-pack", [0x00, 0x1b, 0x1b, 0x73, 0x50, 0x02], [10, 50, 1, 2], device(64, 8_192, 800), &[80, 443]),
    // Dell
    host("hmi-pack", [0xf8, 0xb1, 0x56, 0x93, 0x50, 0x10], [10, 50, 1, 10], Stack::Windows, &[135, 445, 3389]),
    // Hewlett Packard
    host("eng-pack", [0x3c, 0xd9, 0x2b, 0x93, 0x50, 0x11], [10, 50, 1, 11], Stack::Windows, &[135, 445, 3389]),
    // VMware
    host("mes-pack", [0x00, 0x50, 0x56, 0x93, 0x50, 0x12], [10, 50, 1, 12], Stack::Windows, &[80, 135, 445]),
    host("broker-pack", [0x00, 0x50, 0x56, 0x93, 0x50, 0x13], [10, 50, 1, 13], Stack::Linux, &[22, 1883]),
    // Advantech
    host("opc-line", [0x00, 0xd0, 0xc9, 0x93, 0x50, 0x14], [10, 50, 1, 14], Stack::Windows, &[135, 4840]),
    // Siemens
    host("plc-line", [0x00, 0x1b, 0x1b, 0x93, 0x50, 0x20], [10, 50, 1, 20], device(30, 8_192, 1_800), &[80, 102]),
    host("filler-io", [0x28, 0x63, 0x36, 0x93, 0x50, 0x21], [10, 50, 1, 21], device(64, 4_096, 1_500), &[80]),
    host("conveyor-drive", [0x28, 0x63, 0x36, 0x93, 0x50, 0x22], [10, 50, 1, 22], device(64, 4_096, 1_700), &[80]),
    // Rockwell Automation
    host("pac-packer", [0xf4, 0x54, 0x33, 0x93, 0x50, 0x30], [10, 50, 1, 30], device(64, 8_192, 1_200), &[80, 44818]),
    // Moxa
    host("gw-meters", [0x00, 0x90, 0xe8, 0x93, 0x50, 0x41], [10, 50, 1, 41], Stack::Linux, &[22]),
    // Micro-Star, a laptop that belongs to nobody here
    host("laptop-pack", [0x00, 0xd8, 0x61, 0x93, 0x50, 0x99], [10, 50, 1, 99], Stack::Linux, &[22]),
    // VMware
    host("dc-pack", [0x00, 0x50, 0x56, 0x93, 0x58, 0x10], [10, 50, 8, 10], Stack::Windows, &[53, 88, 135, 389, 445]),
    // Lenovo (Wistron InfoComm)
    host("pc-pack-21", [0x54, 0xee, 0x75, 0x93, 0x58, 0x21], [10, 50, 8, 21], Stack::Windows, &[135, 445]),
    host("pc-pack-22", [0x54, 0xee, 0x75, 0x93, 0x58, 0x22], [10, 50, 8, 22], Stack::Windows, &[135, 445]),
];

/// The line of the table.
pub const PLANT: Plant = Plant {
    id: "packaging",
    title: "Bottling and packaging line",
    hosts: HOSTS,
    process: (process::FIRST, process::INITIAL, process::advance),
    build,
    routines: day::ROUTINES,
    attacks: attacks::ATTACKS,
    stories: &[
        &["planning-password", "line-program"],
        &["dhcp-rogue", "station-renamed"],
        &["ransomware", "packer-firmware"],
    ],
};

fn build(site: &mut Site) {
    let start = site.start;
    let find = |name| site.network.find(name);
    let (hmi, planning, broker, server) = (find("hmi-pack"), find("mes-pack"), find("broker-pack"), find("opc-line"));
    let (line, packer, meters) = (find("plc-line"), find("pac-packer"), find("gw-meters"));
    let (filler, drive, switch) = (find("filler-io"), find("conveyor-drive"), find("sw-pack"));
    for (client, first, period) in [(hmi, 350, 500), (server, 620, 1_000)] {
        let poll = s7comm::Poll {
            client,
            server: line,
            controller: &LINE,
            requests: LINE_SCREEN,
            period: period * MILLISECOND,
            session: None,
        };
        site.add(start.plus(first * MILLISECOND), poll);
    }
    let poll = ethernet_ip::Poll {
        client: hmi,
        server: packer,
        controller: &PACKER,
        tags: PACKER_SCREEN,
        is_connected: true,
        period: SECOND,
        session: None,
    };
    site.add(start.plus(770 * MILLISECOND), poll);
    let poll = opcua::Poll { client: planning, host: server, server: &PLANNING, period: 2 * SECOND, session: None };
    site.add(start.plus(1_150 * MILLISECOND), poll);
    for (index, (host, station, period)) in [(filler, &FILLER, 64), (drive, &DRIVE, 128)].into_iter().enumerate() {
        let relation =
            profinet::Relation::new((line, "plc-line"), (host, station), process::LINE_RUNS, period * MILLISECOND);
        site.add(start.plus((90 + 60 * index as i64) * MILLISECOND), relation);
    }
    site.add(start.plus(1_900 * MILLISECOND), mqtt::Gateway::new((meters, broker, planning), &METERS, 2 * SECOND));
    infrastructure::announce(
        site,
        switch,
        "port-003",
        "Siemens, SIMATIC NET, SCALANCE XC208, 6GK5 208-0BA00-2AC2, V4.3",
        0x0004,
    );
    infrastructure::announce(
        site,
        filler,
        "port-001",
        "Siemens, SIMATIC S7, ET200SP, 6ES7 155-6AU01-0BN0, V4.2.0",
        0x0080,
    );
    infrastructure::announce(
        site,
        line,
        "port-001",
        "Siemens, SIMATIC S7, CPU319-3 PN/DP, 6ES7 318-3EL01-0AB0, V3.2.14",
        0x0080,
    );
    Office {
        server: "dc-pack",
        people: &["pc-pack-21", "pc-pack-22"],
        historian: "mes-pack",
        members: &["hmi-pack", "eng-pack", "mes-pack", "opc-line"],
        switch: "sw-pack",
        domain: "bottling.example",
    }
    .plan(site);
}
