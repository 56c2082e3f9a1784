//! What goes wrong at the water works: an office computer was taken over, then someone plugs in a laptop.

use std::net::Ipv4Addr;

use model::Time;

use super::water_devices::{DOSING, FILTER, INTAKE, LIFT};
use super::water_process::RAW_LEVEL_HIGH;
use super::water_repairs as repairs;
use crate::attack::Attack;
use crate::dialogs::{dnp3, ethernet_ip, infrastructure, modbus, s7comm};
use crate::network::{MICROSECOND, MILLISECOND, SECOND};
use crate::site::Site;
use crate::tcp::Connection;

/// The table.
pub static ATTACKS: &[Attack] = &[
    Attack {
        id: "network-scan",
        title: "An office computer looks for machines and open ports in the plant",
        techniques: &["T0840", "T0846"],
        part: 0.55,
        is_nightly: false,
        script: network_scan,
        repair: None,
    },
    Attack {
        id: "s7-stop",
        title: "The office computer stops the intake controller, and starts it again later",
        techniques: &["T0858", "T0813"],
        part: 0.63,
        is_nightly: false,
        script: s7_stop,
        repair: None,
    },
    Attack {
        id: "rogue-machine",
        title: "A laptop that does not belong here is plugged in and looks for neighbours",
        techniques: &["T0864", "T0846"],
        part: 0.69,
        is_nightly: false,
        script: rogue_machine,
        repair: None,
    },
    Attack {
        id: "s7-download",
        title: "The laptop changes the main program of the intake controller",
        techniques: &["T0843", "T0821", "T0889"],
        part: 0.73,
        is_nightly: false,
        script: s7_download,
        repair: Some(repairs::intake_program),
    },
    Attack {
        id: "cip-stop-reset",
        title: "The laptop puts the filter controller into program mode and resets it",
        techniques: &["T0858", "T0816"],
        part: 0.79,
        is_nightly: false,
        script: cip_stop_reset,
        repair: None,
    },
    Attack {
        id: "modbus-write",
        title: "The historian, which only ever read, raises the dose of chlorine and switches the coagulant off",
        techniques: &["T0855", "T0836"],
        part: 0.85,
        is_nightly: false,
        script: modbus_write,
        repair: Some(repairs::doses),
    },
    Attack {
        id: "dnp3-cold-restart",
        title: "The laptop restarts the remote terminal unit of the pumping station",
        techniques: &["T0816", "T0855"],
        part: 0.92,
        is_nightly: false,
        script: dnp3_cold_restart,
        repair: None,
    },
];

/// Ports that a scanner for plants tries.
const PORTS: &[u16] = &[22, 80, 102, 135, 443, 445, 502, 3389, 20_000, 44_818];

fn network_scan(attack: &'static Attack, site: &mut Site, first: Time) {
    let attacker = site.network.find("pc-office-21");
    let mut last_byte = 0u8;
    let mut deed = None;
    // One address a step: echo, then ports; about eight seconds in all.
    site.add(first, move |at: Time, site: &mut Site| {
        let deed = *deed.get_or_insert_with(|| attack.note(site, attacker, &[], first, at));
        site.prolong(deed, at);
        last_byte += 1;
        if last_byte > 60 {
            return None;
        }
        let address = Ipv4Addr::new(10, 20, 1, last_byte);
        let Some(target) = site.network.at_address(address).filter(|host| !site.is_down(*host, at)) else {
            site.network.ask_in_vain(at, attacker, address);
            return Some(at.plus(site.random.wait(60 * MILLISECOND, 20 * MILLISECOND)));
        };
        site.widen(deed, address);
        let mut now = infrastructure::echo(&mut site.network, at, attacker, target, 0x2000 | u16::from(last_byte));
        for port in PORTS {
            now = now.plus(site.random.wait(300 * MICROSECOND, 900 * MICROSECOND));
            let (network, random) = (&mut site.network, &mut site.random);
            now = if network.host(target).listens.contains(port) {
                Connection::knocked(network, random, now, attacker, (target, *port))
            } else {
                Connection::refused(network, random, now, attacker, (target, *port))
            };
        }
        Some(now.plus(100 * MILLISECOND))
    });
}

fn s7_stop(attack: &'static Attack, site: &mut Site, first: Time) {
    let (attacker, target) = (site.network.find("pc-office-21"), site.network.find("plc-intake"));
    let mut online: Option<(s7comm::Session, usize)> = None;
    site.add(first, move |at: Time, site: &mut Site| {
        if let Some((mut session, deed)) = online.take() {
            let now = session.start(site, at);
            let last = session.close(&mut site.network, now.plus(400 * MILLISECOND));
            site.prolong(deed, last);
            return None;
        }
        let (mut session, now) = s7comm::Session::open(site, at, attacker, target, &INTAKE, 1);
        let last = session.stop(site, now);
        online = Some((session, attack.note(site, attacker, &[target], first, last)));
        // Stopped for 25 seconds; the pump stands still meanwhile.
        Some(at.plus(site.pause(25 * SECOND, 0.05)))
    });
}

fn rogue_machine(attack: &'static Attack, site: &mut Site, first: Time) {
    let find = |name| site.network.find(name);
    let (laptop, switch, historian) = (find("laptop"), find("sw-01"), find("hist-01"));
    site.add(first, move |at: Time, site: &mut Site| {
        infrastructure::syslog(&mut site.network, at, switch, historian, "Port 1/9: link up, 100 Mbit/s full duplex");
        let mut now = at.plus(SECOND);
        for _ in 0..3 {
            site.network.announce(now, laptop);
            now = now.plus(SECOND);
        }
        let mut found = Vec::new();
        for last_byte in 1..=60 {
            now = now.plus(site.random.wait(8 * MILLISECOND, 2 * MILLISECOND));
            let address = Ipv4Addr::new(10, 20, 1, last_byte);
            match site.network.at_address(address) {
                Some(host) => {
                    infrastructure::echo(&mut site.network, now, laptop, host, u16::from(last_byte));
                    found.push(host);
                }
                None => site.network.ask_in_vain(now, laptop, address),
            }
        }
        attack.note(site, laptop, &found, first, now.plus(2 * SECOND));
        None
    });
}

fn s7_download(attack: &'static Attack, site: &mut Site, first: Time) {
    let (attacker, target) = (site.network.find("laptop"), site.network.find("plc-intake"));
    site.add(first, move |at: Time, site: &mut Site| {
        let (mut session, mut now) = s7comm::Session::open(site, at, attacker, target, &INTAKE, 1);
        for (list, index) in [(0x0011, 0), (0x001c, 0)] {
            now = session.read_list(site, now, list, index);
        }
        now = session.upload(site, now, "08", 1).plus(700 * MILLISECOND);
        now = session.download(site, now, "08", 1, 412);
        // The changed program fills the tank to the brim.
        site.process.values[RAW_LEVEL_HIGH] = 5.9;
        let last = session.close(&mut site.network, now.plus(300 * MILLISECOND));
        attack.note(site, attacker, &[target], first, last);
        None
    });
}

/// How long a controller needs to come back.
const RESTART: i64 = 18 * SECOND;

fn cip_stop_reset(attack: &'static Attack, site: &mut Site, first: Time) {
    let (attacker, target) = (site.network.find("laptop"), site.network.find("plc-filter"));
    let (mut step, mut deed) = (0, 0);
    site.add(first, move |at: Time, site: &mut Site| {
        step += 1;
        let restart = site.pause(RESTART, 0.04);
        match step {
            // Program mode; the valve stays where it is.
            1 => {
                let (mut session, now) = ethernet_ip::Session::open(site, at, attacker, target);
                let now = session.ask(site, now, &FILTER, &ethernet_ip::identify());
                let now = session.ask(site, now, &FILTER, &ethernet_ip::stop());
                let last = session.close(site, now.plus(80 * MILLISECOND));
                deed = attack.note(site, attacker, &[target], first, last);
                Some(at.plus(site.pause(6 * SECOND, 0.02)))
            }
            2 => {
                let (mut session, now) = ethernet_ip::Session::open(site, at, attacker, target);
                let now = session.ask(site, now, &FILTER, &ethernet_ip::reset());
                session.abort(&mut site.network, now.plus(MILLISECOND));
                site.take_down(target, now.plus(2 * MILLISECOND), now.plus(restart));
                site.prolong(deed, now.plus(MILLISECOND));
                Some(now.plus(restart))
            }
            // The program starts by itself when the controller is back.
            _ => {
                site.process.values[FILTER.runs] = 1.0;
                None
            }
        }
    });
}

fn modbus_write(attack: &'static Attack, site: &mut Site, first: Time) {
    let (attacker, target) = (site.network.find("hist-01"), site.network.find("plc-dosing"));
    let mut online: Option<(modbus::Session, u16, usize)> = None;
    site.add(first, move |at: Time, site: &mut Site| {
        let Some((mut session, step, deed)) = online.take() else {
            let (mut session, now) = modbus::Session::open(site, at, attacker, target, &DOSING);
            let last = session.ask(site, now, &modbus::write_coil(0, false));
            online = Some((session, 0, attack.note(site, attacker, &[target], first, last)));
            return Some(at.plus(2 * SECOND));
        };
        // Step by step up to 2.4 mg/l.
        let now = session.ask(site, at, &modbus::write_register(1, 900 + 150 * step));
        site.prolong(deed, now);
        if step < 10 {
            online = Some((session, step + 1, deed));
            return Some(at.plus(site.pause(SECOND, 0.004)));
        }
        let last = session.close(&mut site.network, now.plus(200 * MILLISECOND));
        site.prolong(deed, last);
        None
    });
}

fn dnp3_cold_restart(attack: &'static Attack, site: &mut Site, first: Time) {
    let (attacker, target) = (site.network.find("laptop"), site.network.find("rtu-lift"));
    site.add(first, move |at: Time, site: &mut Site| {
        let (mut session, now) = dnp3::Session::open(site, at, attacker, target, &LIFT);
        let now = session.cold_restart(site, now, 15);
        let last = session.abort(&mut site.network, now);
        site.take_down(target, last.plus(MILLISECOND), last.plus(15 * SECOND));
        attack.note(site, attacker, &[target], first, last);
        None
    });
}
