//! What people do at the water works in a day: the planned work of operators and engineers.

use model::Time;

use super::water_devices::{DOSING, FILTER, FILTER_IO, INTAKE};
use crate::dialogs::{ethernet_ip, modbus, s7comm};
use crate::network::{MILLISECOND, SECOND};
use crate::site::Site;
use crate::truth::Intent;

/// Adds all of it to the timetable.
pub fn plan(site: &mut Site) {
    site.add(site.moment(0.12), look_around);
    intake_session(site);
    let (eng, dosing) = (site.network.find("eng-01"), site.network.find("plc-dosing"));
    site.add(site.moment(0.22), move |at, site: &mut Site| {
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
    set_points(site);
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
fn intake_session(site: &mut Site) {
    let (eng, intake) = (site.network.find("eng-01"), site.network.find("plc-intake"));
    let mut online: Option<(s7comm::Session, usize, u32)> = None;
    site.add(site.moment(0.15), move |at, site: &mut Site| {
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

/// The operator moves set points a little, on their own sessions of the screen.
fn set_points(site: &mut Site) {
    let find = |name| site.network.find(name);
    let (hmi, intake, dosing, filter) = (find("hmi-01"), find("plc-intake"), find("plc-dosing"), find("plc-filter"));
    site.add(site.moment(0.3), move |at, site: &mut Site| {
        let (mut session, now) = modbus::Session::open(site, at, hmi, dosing, &DOSING);
        let now = session.ask(site, now, &modbus::write_register(0, 1_250));
        let now = session.ask(site, now.plus(900 * MILLISECOND), &modbus::write_registers(0, &[1_240, 610]));
        let last = session.close(&mut site.network, now.plus(200 * MILLISECOND));
        let title = "The operator sets the doses of coagulant and chlorine";
        site.note(("set-doses", title), Intent::Maintenance, &[], hmi, &[dosing], (at, last));
        None
    });
    site.add(site.moment(0.35), move |at, site: &mut Site| {
        let (mut session, now) = s7comm::Session::open(site, at, hmi, intake, &INTAKE, 2);
        let level = 4.3f32.to_be_bytes();
        let now = session.write(site, now, s7comm::Item::real(10, 24), &level);
        let last = session.close(&mut site.network, now.plus(200 * MILLISECOND));
        let title = "The operator sets the level where the intake pump stops";
        site.note(("set-intake-level", title), Intent::Maintenance, &[], hmi, &[intake], (at, last));
        None
    });
    site.add(site.moment(0.4), move |at, site: &mut Site| {
        let (mut session, now) = ethernet_ip::Session::open(site, at, hmi, filter);
        let message = ethernet_ip::write_real("ClearWell_Setpoint", 2.7);
        let now = session.ask_connected(site, now, &FILTER, &message);
        let last = session.close(site, now.plus(200 * MILLISECOND));
        let title = "The operator sets the level of the clear well";
        site.note(("set-clear-level", title), Intent::Maintenance, &[], hmi, &[filter], (at, last));
        None
    });
}
