//! What people do at the heating network: set points by season, and planned engineering work.

use model::Time;

use super::devices::*;
use crate::dialogs::{bacnet, modbus, s7comm, tls};
use crate::network::{MILLISECOND, SECOND};
use crate::site::{Site, Wish};
use crate::story::Routine;
use crate::truth::Intent;

/// What is done now and then.
pub static ROUTINES: &[Routine] = &[
    routine("hospital-setpoint", 0.1, 4.0, false, hospital_setpoint),
    routine("heating-curve", 0.2, 2.0, false, heating_curve),
    routine("estate-command", 0.25, 3.0, false, estate_command),
    routine("controller-check", 0.3, 1.0, true, controller_check),
    routine("safety-check", 0.36, 0.5, true, safety_check),
    routine("vendor-visit", 0.42, 0.7, true, vendor_visit),
];

const fn routine(id: &'static str, part: f64, weekly: f64, is_announced: bool, script: fn(&mut Site, Time)) -> Routine {
    let hours = if is_announced { (7.0, 15.0) } else { (5.0, 20.0) };
    Routine { id, part, weekly, hours, is_announced, script }
}

/// The building manager moves the hospital's set point by half a degree.
fn hospital_setpoint(site: &mut Site, at: Time) {
    let (bms, server) = (site.network.find("bms-heat"), site.network.find("bac-hospital"));
    site.add(at, move |at, site: &mut Site| {
        let number = 22.0 + 0.5 * (site.random.below(3) as f64 - 1.0);
        let last =
            bacnet::write(site, at, (bms, server), &HOSPITAL_BUILDING, 201, (bacnet::Kind::AnalogValue, 1), number);
        let title = "The building manager sets the hospital's room temperature";
        site.note(("hospital-setpoint", title), Intent::Maintenance, &[], bms, &[server], (at, last));
        None
    });
}

/// The operator shifts the heating curve.
fn heating_curve(site: &mut Site, at: Time) {
    let (hmi, boiler) = (site.network.find("hmi-heat"), site.network.find("plc-boiler"));
    site.add(at, move |at, site: &mut Site| {
        let (mut session, now) = modbus::Session::open(site, at, hmi, boiler, &BOILER);
        let shift = (site.random.below(5) * 5) as u16;
        let now = session.ask(site, now, &modbus::write_register(0, shift));
        let last = session.close(&mut site.network, now.plus(300 * MILLISECOND));
        let title = "The operator shifts the heating curve";
        site.note(("heating-curve", title), Intent::Maintenance, &[], hmi, &[boiler], (at, last));
        None
    });
}

/// The dispatcher sets the estate's temperature through the gateway.
fn estate_command(site: &mut Site, at: Time) {
    let (historian, gateway) = (site.network.find("hist-heat"), site.network.find("gw-estate"));
    site.add(at, move |at: Time, site: &mut Site| {
        let value = 21.0 + 0.5 * (site.random.below(3) as f64 - 1.0);
        site.wishes.push(Wish { server: gateway, output: 0, value, is_selected: false });
        let title = "The dispatcher sets the estate's room temperature through its gateway";
        let times = (at, at.plus(5 * SECOND));
        site.note(("estate-command", title), Intent::Maintenance, &[], historian, &[gateway], times);
        None
    });
}

/// The engineer reads identity and registers of the three heating controllers.
fn controller_check(site: &mut Site, at: Time) {
    let eng = site.network.find("eng-heat");
    let targets = [("ctl-school", &SCHOOL), ("ctl-hospital", &HOSPITAL), ("ctl-estate", &ESTATE)]
        .map(|row| (site.network.find(row.0), row.1));
    site.add(at, move |at, site: &mut Site| {
        let mut now = at;
        for (target, device) in targets {
            let (mut session, ready) = modbus::Session::open(site, now, eng, target, device);
            now = ready;
            for request in [modbus::identify(), modbus::read(3, 0, 60), modbus::read(3, 100, 60)] {
                now = session.ask(site, now, &request).plus(60 * MILLISECOND);
            }
            now = session.close(&mut site.network, now).plus(700 * MILLISECOND);
        }
        let title = "The engineering station reads identity and registers of the heating controllers";
        let hosts = targets.map(|target| target.0);
        site.note(("controller-check", title), Intent::Maintenance, &[], eng, &hosts, (at, now));
        None
    });
}

/// The yearly check of the safety controller: lists, blocks, no change.
fn safety_check(site: &mut Site, at: Time) {
    let (eng, safety) = (site.network.find("eng-heat"), site.network.find("sis-boiler"));
    site.add(at, move |at, site: &mut Site| {
        let (mut session, mut now) = s7comm::Session::open(site, at, eng, safety, &SAFETY, 1);
        for (list, index) in [(0x0011, 0), (0x001c, 0), (0x0232, 4), (0x0424, 0), (0x00a0, 0)] {
            now = session.read_list(site, now, list, index).plus(10 * MILLISECOND);
        }
        now = session.list_blocks(site, now);
        let last = session.close(&mut site.network, now.plus(400 * MILLISECOND));
        let title = "The engineering station checks the boiler's safety controller";
        site.note(("safety-check", title), Intent::Maintenance, &[], eng, &[safety], (at, last));
        None
    });
}

/// The contractor comes in by remote desktop, as announced, and looks at the boiler's controller.
fn vendor_visit(site: &mut Site, at: Time) {
    let find = |name| site.network.find(name);
    let (contractor, eng, boiler) = (find("contractor"), find("eng-heat"), find("plc-boiler"));
    site.add(at, move |at, site: &mut Site| {
        let (mut desktop, now) = tls::desktop(site, at, contractor, eng, "boilerservice");
        let now = tls::desktop_moves(site, now, &mut desktop, 30);
        let (mut session, ready) = modbus::Session::open(site, now, eng, boiler, &BOILER);
        let now = session.ask(site, ready, &modbus::identify());
        let now = session.ask(site, now.plus(SECOND), &modbus::read(4, 0, 100));
        let now = session.close(&mut site.network, now.plus(SECOND));
        let now = tls::desktop_moves(site, now, &mut desktop, 20);
        let last = desktop.close(&mut site.network, now);
        let title = "The boiler's contractor comes in by remote desktop and looks at the boiler's controller";
        site.note(("vendor-visit", title), Intent::Maintenance, &[], contractor, &[eng, boiler], (at, last));
        None
    });
}
