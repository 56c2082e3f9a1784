//! What goes wrong at the packaging line: an office computer with ransomware, a laptop at the line, a stolen engineering station.

use model::Time;

use super::devices::*;
use super::process::*;
use crate::attack::Attack;
use crate::dialogs::{ethernet_ip, office, opcua, profinet, s7comm, windows};
use crate::network::{MICROSECOND, MILLISECOND, SECOND};
use crate::site::Site;
use crate::tcp::Connection;
use crate::truth::Intent;

/// The table.
pub static ATTACKS: &[Attack] = &[
    Attack {
        id: "dhcp-rogue",
        title: "A laptop at the line answers for the address server and makes itself router and name server",
        techniques: &["T0830", "T0864"],
        part: 0.5,
        is_nightly: false,
        script: dhcp_rogue,
        repair: None,
    },
    Attack {
        id: "station-renamed",
        title: "The laptop gives the conveyor's drive another name, so that its controller loses it",
        techniques: &["T0814", "T0836", "T0827"],
        part: 0.56,
        is_nightly: false,
        script: station_renamed,
        repair: None,
    },
    Attack {
        id: "planning-password",
        title: "The laptop tries passwords of the line's server, gets in, and lets the line run faster than it can",
        techniques: &["T0812", "T0859", "T0836"],
        part: 0.64,
        is_nightly: false,
        script: planning_password,
        repair: Some(repair_speed),
    },
    Attack {
        id: "line-program",
        title: "The laptop, as a rogue engineering station, stops the line's controller and changes its program",
        techniques: &["T0858", "T0843", "T0821", "T0831"],
        part: 0.72,
        is_nightly: false,
        script: line_program,
        repair: Some(repair_program),
    },
    Attack {
        id: "packer-firmware",
        title: "The engineering station, used from afar, loads other firmware into the packer's controller",
        techniques: &["T0857", "T0816", "T0800"],
        part: 0.8,
        is_nightly: false,
        script: packer_firmware,
        repair: None,
    },
    Attack {
        id: "ransomware",
        title: "Ransomware comes over from the office by shares of Windows, and the operator's screen goes dark",
        techniques: &["T0866", "T0867", "T0829", "T0826"],
        part: 0.89,
        is_nightly: false,
        script: ransomware,
        repair: None,
    },
];

fn dhcp_rogue(attack: &'static Attack, site: &mut Site, first: Time) {
    let find = |name| site.network.find(name);
    let (laptop, client) = (find("laptop-pack"), find("opc-line"));
    let mut count = 0;
    let mut deed = 0;
    site.add(first, move |at, site: &mut Site| {
        // The client renews; the laptop is faster than the true server.
        let (network, random) = (&mut site.network, &mut site.random);
        let last = office::dhcp_rogue(network, random, at, client, laptop);
        if count == 0 {
            deed = attack.note(site, laptop, &[client], first, last);
        }
        count += 1;
        site.prolong(deed, last);
        // Names are asked of the laptop from now on.
        let (network, random) = (&mut site.network, &mut site.random);
        let address = network.host(laptop).ip;
        let now = office::dns(
            network,
            random,
            last.plus(300 * MILLISECOND),
            client,
            laptop,
            "mes-pack.bottling.example",
            Some(address),
        );
        site.prolong(deed, now);
        (count < 3).then(|| at.plus(site.pause(20 * SECOND, 0.01)))
    });
}

fn station_renamed(attack: &'static Attack, site: &mut Site, first: Time) {
    let find = |name| site.network.find(name);
    let (laptop, filler, drive) = (find("laptop-pack"), find("filler-io"), find("conveyor-drive"));
    site.add(first, move |at, site: &mut Site| {
        let now = profinet::identify(site, at, laptop, None, &[(filler, &FILLER), (drive, &DRIVE)]);
        let last = profinet::set_name(site, now.plus(800 * MILLISECOND), laptop, drive, "nowhere");
        attack.note(site, laptop, &[drive], first, last);
        // The controller asks for its drive in vain until someone has put the name back.
        let away = site.pause(45 * SECOND, 0.03);
        site.take_down(drive, last.plus(MILLISECOND), last.plus(away));
        let eng = site.network.find("eng-pack");
        site.add(last.plus(away - 5 * MILLISECOND), move |at, site: &mut Site| {
            let last = profinet::set_name(site, at, eng, drive, "conveyor-drive");
            let title = "The engineer puts the name of the conveyor's drive back";
            site.note(("restore-name", title), Intent::Maintenance, &[], eng, &[drive], (at, last));
            None
        });
        None
    });
}

/// What people choose, and what the laptop tries.
const PASSWORDS: [&str; 6] = ["admin", "planning", "123456", "bottling", "line2", "Summer2025"];

fn planning_password(attack: &'static Attack, site: &mut Site, first: Time) {
    let (laptop, server) = (site.network.find("laptop-pack"), site.network.find("opc-line"));
    let (mut tried, mut deed) = (0, 0);
    site.add(first, move |at, site: &mut Site| {
        let is_last = tried == PASSWORDS.len();
        let logon = match PASSWORDS.get(tried) {
            Some(password) => opcua::Logon::Refused("planning", password),
            None => opcua::Logon::Password("planning", "Plan4Line2"),
        };
        let (mut session, mut now) = opcua::Session::open(site, at, laptop, server, &PLANNING, logon);
        if tried == 0 {
            deed = attack.note(site, laptop, &[server], first, now);
        }
        tried += 1;
        if is_last {
            now = session.browse(site, now.plus(200 * MILLISECOND));
            now = session.read(site, now, &["Line2.SpeedSetpoint", "Line2.Recipe"]);
            now = session.write(site, now.plus(400 * MILLISECOND), "Line2.SpeedSetpoint", 390.0);
            now = session.close(site, now.plus(100 * MILLISECOND));
        } else {
            now = session.abort(&mut site.network, now.plus(MILLISECOND));
        }
        site.prolong(deed, now);
        (!is_last).then(|| now.plus(site.random.wait(200 * MILLISECOND, 200 * MILLISECOND)))
    });
}

fn repair_speed(site: &mut Site, at: Time) {
    let (planning, server) = (site.network.find("mes-pack"), site.network.find("opc-line"));
    site.add(at, move |at, site: &mut Site| {
        let logon = opcua::Logon::Password("planning", "Plan4Line2");
        let (mut session, now) = opcua::Session::open(site, at, planning, server, &PLANNING, logon);
        let now = session.write(site, now, "Line2.SpeedSetpoint", 220.0);
        let last = session.close(site, now.plus(100 * MILLISECOND));
        let title = "Production planning puts the speed of the line back";
        site.note(("restore-speed", title), Intent::Maintenance, &[], planning, &[server], (at, last));
        None
    });
}

fn line_program(attack: &'static Attack, site: &mut Site, first: Time) {
    let (laptop, line) = (site.network.find("laptop-pack"), site.network.find("plc-line"));
    let mut open: Option<(s7comm::Session, usize)> = None;
    site.add(first, move |at, site: &mut Site| {
        if let Some((mut session, deed)) = open.take() {
            let now = session.download(site, at, "0E", 20, 980);
            let now = session.start(site, now.plus(500 * MILLISECOND));
            // The changed block fills too little.
            site.process.values[FILL_SET] = 430.0;
            let last = session.close(&mut site.network, now.plus(200 * MILLISECOND));
            site.prolong(deed, last);
            return None;
        }
        let (mut session, mut now) = s7comm::Session::open(site, at, laptop, line, &LINE, 1);
        for (list, index) in [(0x0011, 0), (0x001c, 0)] {
            now = session.read_list(site, now, list, index);
        }
        now = session.upload(site, now, "0E", 20).plus(300 * MILLISECOND);
        let last = session.stop(site, now);
        open = Some((session, attack.note(site, laptop, &[line], first, last)));
        Some(last.plus(site.pause(8 * SECOND, 0.02)))
    });
}

fn repair_program(site: &mut Site, at: Time) {
    let (eng, line) = (site.network.find("eng-pack"), site.network.find("plc-line"));
    site.announce("restore-line", at);
    site.add(at, move |at, site: &mut Site| {
        let (mut session, mut now) = s7comm::Session::open(site, at, eng, line, &LINE, 1);
        now = session.download(site, now, "0E", 20, 910);
        now = session.write(site, now, s7comm::Item::real(20, 12), &501.0f32.to_be_bytes());
        let last = session.close(&mut site.network, now.plus(300 * MILLISECOND));
        let title = "The engineer puts the right program back into the line's controller";
        site.note(("restore-line", title), Intent::Maintenance, &[], eng, &[line], (at, last));
        None
    });
}

/// Pieces of firmware that are sent, of 400 bytes each.
const PIECES: u32 = 60;

fn packer_firmware(attack: &'static Attack, site: &mut Site, first: Time) {
    let (eng, packer) = (site.network.find("eng-pack"), site.network.find("pac-packer"));
    let mut open: Option<(ethernet_ip::Session, usize, u32)> = None;
    let mut is_back = false;
    site.add(first, move |at, site: &mut Site| {
        if is_back {
            site.process.values[PACKER_RUNS] = 1.0;
            return None;
        }
        let Some((mut session, deed, piece)) = open.take() else {
            let (mut session, now) = ethernet_ip::Session::open(site, at, eng, packer);
            let now = session.ask(site, now, &PACKER, &ethernet_ip::identify());
            let now = session.ask(site, now.plus(300 * MILLISECOND), &PACKER, &ethernet_ip::stop());
            let last =
                session.ask(site, now.plus(300 * MILLISECOND), &PACKER, &ethernet_ip::update_firmware(PIECES * 400));
            open = Some((session, attack.note(site, eng, &[packer], first, last), 0));
            return Some(last.plus(20 * MILLISECOND));
        };
        if piece < PIECES {
            let bytes: Vec<u8> = (0..50).flat_map(|_| site.random.bits().to_le_bytes()).collect();
            let now = session.ask(site, at, &PACKER, &ethernet_ip::transfer_firmware(piece * 400, &bytes));
            site.prolong(deed, now);
            open = Some((session, deed, piece + 1));
            return Some(now.plus(site.random.wait(5 * MILLISECOND, 10 * MILLISECOND)));
        }
        let now = session.ask(site, at, &PACKER, &ethernet_ip::finish_firmware());
        let now = session.ask(site, now.plus(200 * MILLISECOND), &PACKER, &ethernet_ip::reset());
        let last = session.abort(&mut site.network, now.plus(MILLISECOND));
        site.prolong(deed, last);
        let away = site.pause(30 * SECOND, 0.04);
        site.take_down(packer, last.plus(MILLISECOND), last.plus(away));
        is_back = true;
        Some(last.plus(away))
    });
}

fn ransomware(attack: &'static Attack, site: &mut Site, first: Time) {
    let attacker = site.network.find("pc-pack-21");
    let victims = ["mes-pack", "eng-pack", "hmi-pack"].map(|name| site.network.find(name));
    let (mut step, mut deed) = (0usize, 0);
    site.add(first, move |at: Time, site: &mut Site| {
        if step == 0 {
            // Who has shares?
            let mut now = at;
            for last_byte in 2..=45u8 {
                now = now.plus(site.random.wait(2 * MILLISECOND, 3 * MILLISECOND));
                let address = std::net::Ipv4Addr::new(10, 50, 1, last_byte);
                match site.network.at_address(address) {
                    Some(host) => {
                        let (network, random) = (&mut site.network, &mut site.random);
                        let is_open = network.host(host).listens.contains(&445);
                        let knock = if is_open { Connection::knocked } else { Connection::refused };
                        knock(network, random, now, attacker, (host, 445));
                    }
                    None => site.network.ask_in_vain(now, attacker, address),
                }
            }
            deed = attack.note(site, attacker, &victims, first, now);
            step = 1;
            return Some(now.plus(400 * MILLISECOND));
        }
        let victim = victims[step - 1];
        let (mut share, mut now) = windows::Share::open(site, at, attacker, victim, ("svc-backup", "C$"));
        for name in [
            "Windows\\Temp\\upd.exe",
            "Projects\\line2.zap13.locked",
            "Projects\\recipes.db.locked",
            "README_RESTORE.txt",
        ] {
            let (id, ready) = share.create(site, now, name, true);
            let content: Vec<u8> = (0..120).flat_map(|_| site.random.bits().to_le_bytes()).collect();
            now = share.write(site, ready, id, &content);
            now = share.close_file(site, now, id).plus(site.random.wait(20 * MILLISECOND, 40 * MILLISECOND));
        }
        let last = share.close(site, now.plus(200 * MICROSECOND));
        site.prolong(deed, last);
        // The screen goes dark for a while, until it was set up again.
        let away = site.pause(90 * SECOND, 0.06);
        site.take_down(victim, last.plus(2 * SECOND), last.plus(2 * SECOND + away));
        step += 1;
        (step <= victims.len()).then(|| last.plus(site.pause(3 * SECOND, 0.01)))
    });
}
