//! An electrical substation: its machines and who talks to whom.

pub mod attacks;
pub mod day;
pub mod devices;
pub mod process;

use devices::*;

use super::Plant;
use super::office::Office;
use crate::dialogs::{goose, iec104, infrastructure, mms};
use crate::network::{Host, MILLISECOND, SECOND, Stack, device, host};
use crate::site::Site;

/// The machines. Hardware addresses begin with the makers' own prefixes (IEEE registration authority, public listing).
pub const HOSTS: &[Host] = &[
    // Fortinet
    host("fw-sub", [0x00, 0x09, 0x0f, 0x62, 0x40, 0x01], [10, 40, 1, 1], Stack::Linux, &[443]),
    host("fw-sub-centre", [0x00, 0x09, 0x0f, 0x62, 0x40, 0x02], [10, 40, 8, 1], Stack::Linux, &[443]),
    // RuggedCom
    host("sw-sub", [0x00, 0x0a, 0xdc, 0x18, 0x40, 0x02], [10, 40, 1, 2], device(64, 8_192, 700), &[80, 443]),
    // Meinberg
    host("clock-sub", [0x00, 0x60, 0x6e, 0x7c, 0x40, 0x05], [10, 40, 1, 5], Stack::Linux, &[80, 443]),
    // Dell
    host("hmi-sub", [0xf8, 0xb1, 0x56, 0x82, 0x40, 0x10], [10, 40, 1, 10], Stack::Windows, &[135, 445, 3389]),
    // Hewlett Packard
    host("eng-sub", [0x3c, 0xd9, 0x2b, 0x82, 0x40, 0x11], [10, 40, 1, 11], Stack::Windows, &[135, 445, 3389]),
    // VMware
    host("hist-sub", [0x00, 0x50, 0x56, 0x82, 0x40, 0x12], [10, 40, 1, 12], Stack::Windows, &[80, 135, 445]),
    // Hirschmann-built station computer
    host("rtu-sub", [0x00, 0x80, 0x63, 0x33, 0x40, 0x20], [10, 40, 1, 20], device(64, 16_384, 3_100), &[2404]),
    // ABB
    host("ied-f1", [0x00, 0x21, 0xc1, 0x2a, 0x40, 0x31], [10, 40, 1, 31], device(64, 8_192, 2_300), &[102]),
    host("ied-f2", [0x00, 0x21, 0xc1, 0x2a, 0x40, 0x32], [10, 40, 1, 32], device(64, 8_192, 2_500), &[102]),
    host("ied-f3", [0x00, 0x21, 0xc1, 0x2a, 0x40, 0x33], [10, 40, 1, 33], device(64, 8_192, 2_200), &[102]),
    host("ied-f4", [0x00, 0x21, 0xc1, 0x2a, 0x40, 0x34], [10, 40, 1, 34], device(64, 8_192, 2_400), &[102]),
    // Siemens
    host("ied-t1", [0x00, 0x1b, 0x1b, 0x5c, 0x40, 0x41], [10, 40, 1, 41], device(64, 8_192, 1_900), &[102, 443]),
    // A small computer that belongs to nobody here (Raspberry Pi)
    host("rogue-sub", [0xb8, 0x27, 0xeb, 0x82, 0x40, 0x99], [10, 40, 1, 99], Stack::Linux, &[22]),
    // Hewlett Packard Enterprise
    host("scada-centre", [0x94, 0x18, 0x82, 0x82, 0x48, 0x10], [10, 40, 8, 10], Stack::Windows, &[135, 445]),
    // VMware
    host("dc-centre", [0x00, 0x50, 0x56, 0x82, 0x48, 0x20], [10, 40, 8, 20], Stack::Windows, &[53, 88, 135, 389, 445]),
    // Lenovo (Wistron InfoComm)
    host("pc-centre-21", [0x54, 0xee, 0x75, 0x82, 0x48, 0x21], [10, 40, 8, 21], Stack::Windows, &[135, 445]),
    host("pc-centre-22", [0x54, 0xee, 0x75, 0x82, 0x48, 0x22], [10, 40, 8, 22], Stack::Windows, &[135, 445]),
];

/// The line of the table.
pub const PLANT: Plant = Plant {
    id: "substation",
    title: "Electrical substation, 110/20 kV",
    hosts: HOSTS,
    process: (process::FIRST, process::INITIAL, process::advance),
    build,
    routines: day::ROUTINES,
    attacks: attacks::ATTACKS,
    stories: &[
        &["telecontrol-survey", "breakers-opened"],
        &["goose-forged", "goose-replayed"],
        &["clock-forged", "protection-settings"],
    ],
};

fn build(site: &mut Site) {
    let start = site.start;
    let find = |name| site.network.find(name);
    let (hmi, rtu, centre, clock) = (find("hmi-sub"), find("rtu-sub"), find("scada-centre"), find("clock-sub"));
    let devices = [
        (find("ied-f1"), &GOOSE_1, &FEEDER_1),
        (find("ied-f2"), &GOOSE_2, &FEEDER_2),
        (find("ied-f3"), &GOOSE_3, &FEEDER_3),
        (find("ied-f4"), &GOOSE_4, &FEEDER_4),
        (find("ied-t1"), &GOOSE_T, &TRANSFORMER),
    ];
    site.add(start.plus(600 * MILLISECOND), iec104::Association::new(centre, rtu, &RTU));
    for (index, (host, block, device)) in devices.into_iter().enumerate() {
        let shift = index as i64 * 230 * MILLISECOND;
        site.add(start.plus(150 * MILLISECOND + shift), goose::Publisher::new(host, block, start));
        let poll = mms::Poll { client: hmi, server: host, device, period: 2 * SECOND, session: None, rounds: 0 };
        site.add(start.plus(1_000 * MILLISECOND + shift), poll);
    }
    // Devices take the time from the clock of the station.
    let takers: Vec<_> = devices.iter().map(|row| row.0).chain([rtu, hmi]).collect();
    for (index, client) in takers.into_iter().enumerate() {
        site.add(start.plus((3 + 5 * index as i64) * SECOND), move |at: model::Time, site: &mut Site| {
            infrastructure::ntp(&mut site.network, at, client, clock);
            Some(at.plus(32 * SECOND + site.random.around_zero(5e8) as i64))
        });
    }
    let switch = site.network.find("sw-sub");
    infrastructure::announce(site, switch, "Port 3", "RUGGEDCOM RSG2488, ROS v5.6.0", 0x0004);
    infrastructure::announce(site, clock, "lan0", "Meinberg LANTIME M300, V7.06", 0x0080);
    Office {
        server: "dc-centre",
        people: &["pc-centre-21", "pc-centre-22"],
        historian: "hist-sub",
        members: &["eng-sub", "hist-sub", "scada-centre"],
        switch: "sw-sub",
        domain: "grid.example",
    }
    .plan(site);
}
