//! The surroundings of the water works: switch, time, names, monitoring, and the office behind the firewall.

use model::Time;

use crate::dialogs::{infrastructure, office};
use crate::network::{MILLISECOND, SECOND};
use crate::site::Site;

/// Capabilities in LLDP: bridge.
const BRIDGE: u16 = 0x0004;
/// Capabilities in LLDP: station only.
const STATION: u16 = 0x0080;

/// Adds all of it to the timetable.
pub fn plan(site: &mut Site) {
    announcements(site);
    let find = |name| site.network.find(name);
    let (hmi, eng, historian, switch) = (find("hmi-01"), find("eng-01"), find("hist-01"), find("sw-01"));
    let watched = ["plc-intake", "plc-dosing", "plc-filter", "rtu-lift"].map(find);
    let (server, office_21, office_22) = (find("dc-01"), find("pc-office-21"), find("pc-office-22"));

    for (index, client) in [hmi, eng, historian, office_22].into_iter().enumerate() {
        site.add(site.start.plus((4 + 3 * index as i64) * SECOND), move |at: Time, site: &mut Site| {
            infrastructure::ntp(&mut site.network, at, client, server);
            Some(at.plus(64 * SECOND + site.random.around_zero(1e9) as i64))
        });
    }

    let mut octets = site.random.below(1 << 28) as u32;
    let mut number = 0x1200;
    site.add(site.start.plus(6 * SECOND), move |at: Time, site: &mut Site| {
        number += 1;
        octets = octets.wrapping_add(180_000 + site.random.below(40_000) as u32);
        infrastructure::snmp(&mut site.network, at, historian, switch, number, octets);
        Some(at.plus(30 * SECOND + site.random.around_zero(2e8) as i64))
    });

    let mut count = 0u16;
    site.add(site.start.plus(9 * SECOND), move |at: Time, site: &mut Site| {
        let mut now = at;
        for host in &watched {
            count = count.wrapping_add(1);
            if !site.is_down(*host, at) {
                now = infrastructure::echo(&mut site.network, now.plus(20 * MILLISECOND), historian, *host, count);
            }
        }
        Some(at.plus(60 * SECOND))
    });

    // Someone in the office comes in, gets an address, looks up names, reads the daily report now and then.
    let mut visits = 0;
    site.add(site.start.plus(12 * SECOND), move |at: Time, site: &mut Site| {
        let (network, random) = (&mut site.network, &mut site.random);
        if visits == 0 {
            office::dhcp(network, random, at, office_21, server);
            network.announce(at.plus(60 * MILLISECOND), office_21);
        }
        visits += 1;
        let now = at.plus(400 * MILLISECOND);
        let address = Some(network.host(historian).ip);
        let now = office::dns(network, random, now, office_21, server, "hist-01.works.example", address);
        let bytes = 2_000 + random.below(9_000) as usize;
        office::web_page(
            network,
            random,
            now.plus(3 * MILLISECOND),
            office_21,
            historian,
            "/reports/daily.html",
            bytes,
        );
        Some(at.plus(random.wait(40 * SECOND, 50 * SECOND)))
    });
    site.add(site.start.plus(15 * SECOND), move |at: Time, site: &mut Site| {
        let (network, random) = (&mut site.network, &mut site.random);
        let names = ["dc-01.works.example", "wpad.works.example", "time.example.org", "mail.works.example"];
        let name = names[random.below(4) as usize];
        let answer = (name == "dc-01.works.example").then(|| network.host(server).ip);
        let client = [office_21, office_22, eng][random.below(3) as usize];
        office::dns(network, random, at, client, server, name, answer);
        if answer.is_none() && random.chance(0.3) {
            office::netbios_query(network, random, at.plus(90 * MILLISECOND), client, "WPAD");
        }
        Some(at.plus(random.wait(6 * SECOND, 15 * SECOND)))
    });
}

/// The switch and some devices tell who they are; the switch keeps its tree.
fn announcements(site: &mut Site) {
    let rows = [
        ("sw-01", "1/7", "Hirschmann RSP30 - HiOS-2S-08.1.00", BRIDGE),
        ("plc-intake", "port-001", "Siemens, SIMATIC S7, CPU315-2 PN/DP, 6ES7 315-2EH14-0AB0, V3.2.6", STATION),
        ("io-filter", "Port 1", "1734-AENT/B Ethernet Adapter", STATION),
    ];
    for (index, (name, port, description, capabilities)) in rows.into_iter().enumerate() {
        let host = site.network.find(name);
        site.add(site.start.plus((2 + 5 * index as i64) * SECOND), move |at: Time, site: &mut Site| {
            if !site.is_down(host, at) {
                infrastructure::lldp(&mut site.network, at, host, port, description, capabilities);
            }
            Some(at.plus(30 * SECOND))
        });
    }
    let switch = site.network.find("sw-01");
    site.add(site.start.plus(900 * MILLISECOND), move |at: Time, site: &mut Site| {
        infrastructure::spanning_tree(&mut site.network, at, switch);
        Some(at.plus(2 * SECOND))
    });
}
