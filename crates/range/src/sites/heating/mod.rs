//! A district heating network: its machines and who talks to whom.

pub mod attacks;
pub mod day;
pub mod devices;
pub mod process;

use devices::*;

use super::Plant;
use super::office::Office;
use crate::dialogs::{bacnet, infrastructure, modbus, mqtt, s7comm};
use crate::network::{Host, MILLISECOND, SECOND, Stack, device, host};
use crate::site::Site;

/// The machines. Hardware addresses begin with the makers' own prefixes (IEEE registration authority, public listing).
pub const HOSTS: &[Host] = &[
    // Fortinet
    host("fw-heat", [0x00, 0x09, 0x0f, 0x51, 0x30, 0x01], [10, 30, 1, 1], Stack::Linux, &[443]),
    host("fw-heat-office", [0x00, 0x09, 0x0f, 0x51, 0x30, 0x02], [10, 30, 8, 1], Stack::Linux, &[443]),
    // Moxa
    host("sw-heat", [0x00, 0x90, 0xe8, 0x62, 0x14, 0x02], [10, 30, 1, 2], device(64, 8_192, 800), &[80, 443]),
    // Dell
    host("hmi-heat", [0xf8, 0xb1, 0x56, 0x71, 0x30, 0x10], [10, 30, 1, 10], Stack::Windows, &[135, 445, 3389]),
    // Hewlett Packard
    host("eng-heat", [0x3c, 0xd9, 0x2b, 0x71, 0x30, 0x11], [10, 30, 1, 11], Stack::Windows, &[135, 445, 3389]),
    // VMware
    host("broker-heat", [0x00, 0x50, 0x56, 0x71, 0x30, 0x12], [10, 30, 1, 12], Stack::Linux, &[22, 1883]),
    host("hist-heat", [0x00, 0x50, 0x56, 0x71, 0x30, 0x13], [10, 30, 1, 13], Stack::Windows, &[80, 135, 445]),
    host("bms-heat", [0x00, 0x50, 0x56, 0x71, 0x30, 0x14], [10, 30, 1, 14], Stack::Windows, &[80, 135, 445]),
    // Telemecanique (Schneider Electric)
    host("plc-boiler", [0x00, 0x80, 0xf4, 0x22, 0x30, 0x20], [10, 30, 1, 20], device(64, 8_192, 2_400), &[80, 502]),
    // Siemens
    host("sis-boiler", [0x00, 0x1b, 0x1b, 0x47, 0x30, 0x21], [10, 30, 1, 21], device(30, 4_096, 4_000), &[102]),
    // Microchip, as in the small boards of heating controllers
    host("ctl-school", [0x00, 0x04, 0xa3, 0x15, 0x30, 0x31], [10, 30, 1, 31], device(64, 2_048, 7_500), &[80, 502]),
    host("ctl-hospital", [0x00, 0x04, 0xa3, 0x15, 0x30, 0x32], [10, 30, 1, 32], device(64, 2_048, 7_900), &[80, 502]),
    host("ctl-estate", [0x00, 0x04, 0xa3, 0x15, 0x30, 0x33], [10, 30, 1, 33], device(64, 2_048, 8_300), &[80, 502]),
    // Delta Controls
    host("bac-school", [0x00, 0x40, 0xae, 0x09, 0x30, 0x41], [10, 30, 1, 41], device(64, 4_096, 5_200), &[]),
    // Siemens Building Technologies
    host("bac-hospital", [0x00, 0xa0, 0x03, 0x09, 0x30, 0x42], [10, 30, 1, 42], device(64, 4_096, 5_900), &[]),
    // Advantech
    host("gw-pipes", [0x00, 0xd0, 0xc9, 0x33, 0x30, 0x51], [10, 30, 1, 51], Stack::Linux, &[22]),
    host("gw-estate", [0x00, 0xd0, 0xc9, 0x33, 0x30, 0x52], [10, 30, 1, 52], Stack::Linux, &[22]),
    // A small computer that belongs to nobody here (Raspberry Pi)
    host("rogue-heat", [0xb8, 0x27, 0xeb, 0x66, 0x30, 0x77], [10, 30, 1, 77], Stack::Linux, &[22]),
    // VMware
    host("dc-heat", [0x00, 0x50, 0x56, 0x71, 0x38, 0x10], [10, 30, 8, 10], Stack::Windows, &[53, 88, 135, 389, 445]),
    // Lenovo (Wistron InfoComm)
    host("pc-heat-21", [0x54, 0xee, 0x75, 0x71, 0x38, 0x21], [10, 30, 8, 21], Stack::Windows, &[135, 445]),
    host("pc-heat-22", [0x54, 0xee, 0x75, 0x71, 0x38, 0x22], [10, 30, 8, 22], Stack::Windows, &[135, 445]),
    // Somewhere in the Internet (addresses for documentation, RFC 5737)
    host("contractor", [0x02, 0x00, 0xcb, 0x00, 0x71, 0x2d], [203, 0, 113, 45], Stack::Windows, &[]),
    host("stranger", [0x02, 0x00, 0xc6, 0x33, 0x64, 0x17], [198, 51, 100, 23], Stack::Linux, &[]),
];

/// The line of the table.
pub const PLANT: Plant = Plant {
    id: "heating",
    title: "District heating network",
    hosts: HOSTS,
    process: (process::FIRST, process::INITIAL, process::advance),
    build,
    routines: day::ROUTINES,
    attacks: attacks::ATTACKS,
    stories: &[
        &["heating-registers"],
        &["remote-at-night", "safety-program"],
        &["mitm-forged-values", "setpoint-drift"],
    ],
};

fn build(site: &mut Site) {
    let start = site.start;
    let find = |name| site.network.find(name);
    let (hmi, historian, broker, bms) = (find("hmi-heat"), find("hist-heat"), find("broker-heat"), find("bms-heat"));
    let (boiler, safety) = (find("plc-boiler"), find("sis-boiler"));
    let buildings = [(find("ctl-school"), &SCHOOL), (find("ctl-hospital"), &HOSPITAL), (find("ctl-estate"), &ESTATE)];
    let polls: [(_, _, i64, &[(u8, u16, u16)]); 2] =
        [(hmi, 240, 1_000, &[(4, 0, 8), (3, 0, 2), (1, 0, 1), (2, 0, 1)]), (historian, 1_900, 10_000, &[(4, 0, 8)])];
    let mut rows = Vec::new();
    for (client, first, period, requests) in polls {
        rows.push((client, boiler, &BOILER, first, period, requests));
    }
    for (index, (server, device)) in buildings.into_iter().enumerate() {
        rows.push((hmi, server, device, 400 + 333 * index as i64, 2_000, &[(3, 10, 6), (3, 20, 2)]));
        rows.push((historian, server, device, 3_000 + 500 * index as i64, 15_000, &[(3, 10, 5)]));
    }
    let meters =
        [("gw-pipes", &PIPES, 2_000), ("gw-estate", &ESTATE_METER, 5_000)].map(|row| (find(row.0), row.1, row.2));
    let supervised =
        [("bac-school", &SCHOOL_BUILDING), ("bac-hospital", &HOSPITAL_BUILDING)].map(|row| (find(row.0), row.1));
    for (client, server, device, first, period, requests) in rows {
        let period = period * MILLISECOND;
        let poll = modbus::Poll { client, server, device, requests, period, session: None };
        site.add(start.plus(first * MILLISECOND), poll);
    }
    let poll = s7comm::Poll {
        client: hmi,
        server: safety,
        controller: &SAFETY,
        requests: SAFETY_SCREEN,
        period: 2 * SECOND,
        session: None,
    };
    site.add(start.plus(660 * MILLISECOND), poll);
    for (index, (server, device)) in supervised.into_iter().enumerate() {
        let task = bacnet::Supervision::new(bms, server, device, 10 * SECOND);
        site.add(start.plus((1_300 + 4_400 * index as i64) * MILLISECOND), task);
    }
    for (index, (gateway, node, period)) in meters.into_iter().enumerate() {
        let task = mqtt::Gateway::new((gateway, broker, historian), node, period * MILLISECOND);
        site.add(start.plus((900 + 1_700 * index as i64) * MILLISECOND), task);
    }
    site.add(start.plus(40 * SECOND), move |at, site: &mut Site| {
        bacnet::set_clocks(&mut site.network, at, bms);
        Some(at.plus(3_600 * SECOND))
    });
    let switch = site.network.find("sw-heat");
    infrastructure::announce(site, switch, "1/3", "Moxa EDS-510E, firmware V5.2", 0x0004);
    infrastructure::announce(
        site,
        safety,
        "port-001",
        "Siemens, SIMATIC S7, CPU315F-2 PN/DP, 6ES7 315-2FJ14-0AB0, V3.2.7",
        0x0080,
    );
    Office {
        server: "dc-heat",
        people: &["pc-heat-21", "pc-heat-22"],
        historian: "hist-heat",
        members: &["hmi-heat", "eng-heat", "hist-heat", "bms-heat"],
        switch: "sw-heat",
        domain: "heating.example",
    }
    .plan(site);
}
