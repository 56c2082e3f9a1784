//! What people do at the water works in a day: the planned work of operators and engineers.

use model::Time;

use super::water_devices::{DOSING, FILTER, FILTER_IO, INTAKE};
use crate::dialogs::{ethernet_ip, modbus, s7comm};
use crate::network::{MILLISECOND, SECOND};
use crate::site::{Site, Wish};
use crate::story::Routine;
use crate::truth::Intent;

/// What is done now and then. A short run has each once, in this order.
pub static ROUTINES: &[Routine] = &[
    routine("filter-browse", 0.12, 1.0, true, |site, at| site.add(at, look_around)),
    routine("intake-upload", 0.15, 0.7, true, intake_session),
    routine("dosing-check", 0.22, 1.0, true, dosing_check),
    routine("set-doses", 0.3, 9.0, false, set_doses),
    routine("set-intake-level", 0.35, 3.0, false, set_intake_level),
    routine("set-clear-level", 0.4, 4.0, false, set_clear_level),
    routine("operate", 0.2, 10.0, false, |site, at| operate(site, at, 1.0, true)),
    routine("operate", 0.45, 10.0, false, |site, at| operate(site, at, 0.0, false)),
];

const fn routine(id: &'static str, part: f64, weekly: f64, is_announced: bool, script: fn(&mut Site, Time)) -> Routine {
    let hours = if is_announced { (6.5, 15.0) } else { (4.5, 20.5) };
    Routine { id, part, weekly, hours, is_announced, script }
}

/// The engineer reads the identity and all registers of the dosing controller.
fn dosing_check(site: &mut Site, at: Time) {
    let (eng, dosing) = (site.network.find("eng-01"), site.network.find("plc-dosing"));
    site.add(at, move |at, site: &mut Site| {
        let (mut session, mut now) = modbus::Session::open(site, at, eng, dosing, &DOSING);
        for request in
            [modbus::identify(), modbus::read(3, 0, 100), modbus::read(3, 100, 100), modbus::read(3, 200, 16)]
        {
            now = session.ask(site, now, &request).plus(40 * MILLISECOND);
        }
        let last = session.close(&mut site.network, now);
        let title = "The engineering station reads the identity and all registers of the dosing controller";
        site.note(("dosing-check", title), Intent::Maintenance, &[], eng, &[dosing], (at, last));
        None
    });
}

/// The operator switches the second pump of the lift.
fn operate(site: &mut Site, at: Time, value: f64, is_selected: bool) {
    let server = site.network.find("rtu-lift");
    site.add(at, move |_, site: &mut Site| {
        site.wishes.push(Wish { server, output: 1, value, is_selected });
        None
    });
}

/// The engineer looks for devices, then at the filter controller.
fn look_around(at: Time, site: &mut Site) -> Option<Time> {
    let find = |name| site.network.find(name);
    let (eng, filter, remote) = (find("eng-01"), find("plc-filter"), find("io-filter"));
    let devices = [(filter, &FILTER.identity, 0x0065), (remote, &FILTER_IO, 0x0065)];
    let broadcast = std::net::Ipv4Addr::new(10, 20, 1, 255);
    let asked = ethernet_ip::list_identity(&mut site.network, at, eng, broadcast, &devices);
    let (mut session, now) = ethernet_ip::Session::open(site, asked.plus(2 * SECOND), eng, filter);
    let mut now = now;
    for message in [ethernet_ip::identify(), ethernet_ip::list_tags()] {
        now = session.ask_routed(site, now, &FILTER, &message).plus(80 * MILLISECOND);
    }
    let last = session.close(site, now.plus(SECOND));
    let title = "The engineering station looks for EtherNet/IP devices and lists the tags of the filter controller";
    site.note(("filter-browse", title), Intent::Maintenance, &[], eng, &[filter, remote], (at, last));
    None
}

/// The engineer goes online with the intake controller, takes its blocks out, watches it and leaves.
fn intake_session(site: &mut Site, at: Time) {
    let (eng, intake) = (site.network.find("eng-01"), site.network.find("plc-intake"));
    let mut online: Option<(s7comm::Session, usize, u32)> = None;
    site.add(at, move |at, site: &mut Site| {
        let Some((mut session, deed, looks)) = online.take() else {
            let (mut session, mut now) = s7comm::Session::open(site, at, eng, intake, &INTAKE, 1);
            for (list, index) in
                [(0x0000, 0), (0x0011, 0), (0x001c, 0), (0x0132, 4), (0x0232, 4), (0x0424, 0), (0x0074, 0), (0x0f22, 0)]
            {
                now = session.read_list(site, now, list, index).plus(5 * MILLISECOND);
            }
            now = session.list_blocks(site, now);
            now = session.read_clock(site, now);
            for (kind, number, _) in INTAKE.blocks {
                now = session.upload(site, now, kind, *number).plus(20 * MILLISECOND);
            }
            let title = "The engineering station goes online with the intake controller and takes its blocks out";
            let deed = site.note(("intake-upload", title), Intent::Maintenance, &[], eng, &[intake], (at, now));
            online = Some((session, deed, 0));
            return Some(now.plus(2 * SECOND));
        };
        let mut now = at;
        for list in [0x0424, 0x0074, 0x00a0] {
            now = session.read_list(site, now, list, 0);
        }
        site.prolong(deed, now);
        if looks < 8 {
            online = Some((session, deed, looks + 1));
            return Some(at.plus(2 * SECOND));
        }
        let now = session.set_clock(site, now.plus(SECOND));
        let last = session.close(&mut site.network, now.plus(300 * MILLISECOND));
        site.prolong(deed, last);
        None
    });
}

/// A value near `usual`, as a person chooses it: exactly this in a short run, else a little different from time to time.
fn choose(site: &mut Site, usual: f64, width: f64) -> f64 {
    let is_short = site.end.since(site.start) <= 21_600 * SECOND;
    if is_short { usual } else { usual + site.random.around_zero(width) }
}

/// The operator moves the doses a little.
fn set_doses(site: &mut Site, at: Time) {
    let (hmi, dosing) = (site.network.find("hmi-01"), site.network.find("plc-dosing"));
    site.add(at, move |at, site: &mut Site| {
        let (mut session, now) = modbus::Session::open(site, at, hmi, dosing, &DOSING);
        let (coagulant, chlorine) = (choose(site, 1_240.0, 120.0) as u16, choose(site, 610.0, 40.0) as u16);
        let now = session.ask(site, now, &modbus::write_register(0, coagulant + 10));
        let now = session.ask(site, now.plus(900 * MILLISECOND), &modbus::write_registers(0, &[coagulant, chlorine]));
        let last = session.close(&mut site.network, now.plus(200 * MILLISECOND));
        let title = "The operator sets the doses of coagulant and chlorine";
        site.note(("set-doses", title), Intent::Maintenance, &[], hmi, &[dosing], (at, last));
        None
    });
}

/// The operator moves the level where the intake pump stops.
fn set_intake_level(site: &mut Site, at: Time) {
    let (hmi, intake) = (site.network.find("hmi-01"), site.network.find("plc-intake"));
    site.add(at, move |at, site: &mut Site| {
        let (mut session, now) = s7comm::Session::open(site, at, hmi, intake, &INTAKE, 2);
        let level = (choose(site, 4.3, 0.15) as f32).to_be_bytes();
        let now = session.write(site, now, s7comm::Item::real(10, 24), &level);
        let last = session.close(&mut site.network, now.plus(200 * MILLISECOND));
        let title = "The operator sets the level where the intake pump stops";
        site.note(("set-intake-level", title), Intent::Maintenance, &[], hmi, &[intake], (at, last));
        None
    });
}

/// The operator moves the level of the clear well.
fn set_clear_level(site: &mut Site, at: Time) {
    let (hmi, filter) = (site.network.find("hmi-01"), site.network.find("plc-filter"));
    site.add(at, move |at, site: &mut Site| {
        let (mut session, now) = ethernet_ip::Session::open(site, at, hmi, filter);
        let message = ethernet_ip::write_real("ClearWell_Setpoint", choose(site, 2.7, 0.1) as f32);
        let now = session.ask_connected(site, now, &FILTER, &message);
        let last = session.close(site, now.plus(200 * MILLISECOND));
        let title = "The operator sets the level of the clear well";
        site.note(("set-clear-level", title), Intent::Maintenance, &[], hmi, &[filter], (at, last));
        None
    });
}
