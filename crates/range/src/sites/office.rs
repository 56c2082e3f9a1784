//! The surroundings that every plant has: switch, time, names, monitoring, and the office behind the firewall.

use model::Time;

use crate::dialogs::{infrastructure, office, tls, windows};
use crate::network::{HostId, MILLISECOND, SECOND};
use crate::site::Site;

/// Who is there, by name.
pub struct Office {
    /// Domain controller, which is also name, address and time server.
    pub server: &'static str,
    /// Computers of people.
    pub people: &'static [&'static str],
    /// The historian, which also shows reports and watches the switch.
    pub historian: &'static str,
    /// Machines of the plant that take time from the domain controller and log on there.
    pub members: &'static [&'static str],
    /// The switch.
    pub switch: &'static str,
    /// Domain name.
    pub domain: &'static str,
}

/// How busy the office is at this time of the plant: much on working days, little at night.
fn business(at: Time) -> f64 {
    let hour = at.0.rem_euclid(86_400 * SECOND) as f64 / 3.6e12;
    let weekday = (at.0.div_euclid(86_400 * SECOND) + 3).rem_euclid(7);
    if weekday < 5 && (6.0..17.0).contains(&hour) { 1.0 } else { 0.08 }
}

impl Office {
    /// Adds all of it to the timetable.
    pub fn plan(&self, site: &mut Site) {
        let find = |name: &str| site.network.find(name);
        let (server, historian, switch) = (find(self.server), find(self.historian), find(self.switch));
        let people: Vec<HostId> = self.people.iter().map(|name| find(name)).collect();
        let members: Vec<HostId> = self.members.iter().map(|name| find(name)).collect();
        let domain = self.domain;
        let start = site.start;

        for (index, client) in members.iter().chain(&people).copied().enumerate() {
            site.add(start.plus((5 + 7 * index as i64) * SECOND), move |at: Time, site: &mut Site| {
                infrastructure::ntp(&mut site.network, at, client, server);
                Some(at.plus(64 * SECOND + site.random.around_zero(1e9) as i64))
            });
        }
        for (index, client) in members.into_iter().enumerate() {
            // Policies are looked up every hour and a half.
            site.add(start.plus((17 + 23 * index as i64) * SECOND), move |at: Time, site: &mut Site| {
                windows::log_on(site, at, client, server, domain);
                Some(at.plus(site.random.wait(5_000 * SECOND, 900 * SECOND)))
            });
        }
        let mut octets = site.random.below(1 << 28) as u32;
        let mut number = 0x3300;
        site.add(start.plus(11 * SECOND), move |at: Time, site: &mut Site| {
            number += 1;
            octets = octets.wrapping_add(150_000 + site.random.below(50_000) as u32);
            infrastructure::snmp(&mut site.network, at, historian, switch, number, octets);
            Some(at.plus(30 * SECOND + site.random.around_zero(2e8) as i64))
        });
        site.add(start.plus(1_200 * MILLISECOND), move |at: Time, site: &mut Site| {
            infrastructure::spanning_tree(&mut site.network, at, switch);
            Some(at.plus(2 * SECOND))
        });
        // Where several plants are seen together, the historian of the first gathers what the others have.
        if let Some(index) = site.network.hosts().iter().position(|host| host.name == "hist-01") {
            let gatherer = HostId(index);
            site.add(start.plus((20 + historian.0 as i64) * SECOND), move |at: Time, site: &mut Site| {
                if !site.is_down(historian, at) {
                    tls::page(site, at, historian, gatherer, "hist-01.works.example", 3_000);
                }
                Some(at.plus(site.random.wait(30 * SECOND, SECOND)))
            });
        }
        for (index, client) in people.into_iter().enumerate() {
            person(site, start.plus((8 + 13 * index as i64) * SECOND), client, (server, historian), domain);
        }
    }
}

/// A person comes to work, gets an address, logs on, and then looks names up, reads reports, opens files.
fn person(site: &mut Site, first: Time, client: HostId, (server, historian): (HostId, HostId), domain: &'static str) {
    let mut visits = 0u32;
    site.add(first, move |at: Time, site: &mut Site| {
        let mut now = at;
        if visits == 0 {
            office::dhcp(&mut site.network, &mut site.random, now, client, server);
            site.network.announce(at.plus(60 * MILLISECOND), client);
            now = windows::log_on(site, at.plus(900 * MILLISECOND), client, server, domain);
        }
        visits += 1;
        let host = site.network.host(historian).name;
        let name = format!("{host}.{domain}");
        let address = Some(site.network.host(historian).ip);
        let (network, random) = (&mut site.network, &mut site.random);
        now = office::dns(network, random, now.plus(20 * MILLISECOND), client, server, &name, address);
        now = now.plus(3 * MILLISECOND);
        match site.random.below(5) {
            0 | 1 => {
                let bytes = 2_000 + site.random.below(9_000) as usize;
                let (network, random) = (&mut site.network, &mut site.random);
                office::web_page(network, random, now, client, historian, "/reports/daily.html", bytes);
            }
            2 => {
                windows::read_file(site, now, client, server, ("reports", "shift-plan.xlsx"));
            }
            3 => {
                let server_name = format!("{}.{domain}", site.network.host(server).name);
                tls::page(site, now, client, server, &server_name, 14_000);
            }
            _ => {
                let name = format!("wpad.{domain}");
                office::dns(&mut site.network, &mut site.random, now, client, server, &name, None);
            }
        }
        let gap = site.random.wait(15 * SECOND, 40 * SECOND) as f64 / business(site.process.local(at));
        Some(at.plus(gap as i64))
    });
}
