//! What people do at the packaging line: orders, set points, planned engineering work.

use model::Time;

use super::devices::*;
use super::process::FILL_SET;
use crate::dialogs::{ethernet_ip, opcua, profinet, s7comm};
use crate::network::{MILLISECOND, SECOND};
use crate::site::Site;
use crate::story::Routine;
use crate::truth::Intent;

/// What is done now and then.
pub static ROUTINES: &[Routine] = &[
    routine("station-scan", 0.1, 0.7, true, station_scan),
    routine("oven-setpoint", 0.18, 6.0, false, oven_setpoint),
    routine("order-speed", 0.25, 12.0, false, order_speed),
    routine("fill-setpoint", 0.31, 8.0, false, fill_setpoint),
    routine("line-change", 0.38, 0.5, true, line_change),
    routine("packer-tags", 0.44, 0.7, true, packer_tags),
];

const fn routine(id: &'static str, part: f64, weekly: f64, is_announced: bool, script: fn(&mut Site, Time)) -> Routine {
    let hours = if is_announced { (7.0, 15.0) } else { (4.2, 20.0) };
    Routine { id, part, weekly, hours, is_announced, script }
}

/// The engineer looks which stations are there and lets one blink.
fn station_scan(site: &mut Site, at: Time) {
    let find = |name| site.network.find(name);
    let (eng, filler, drive) = (find("eng-pack"), find("filler-io"), find("conveyor-drive"));
    site.add(at, move |at, site: &mut Site| {
        let now = profinet::identify(site, at, eng, None, &[(filler, &FILLER), (drive, &DRIVE)]);
        let last = profinet::blink(site, now.plus(3 * SECOND), eng, filler);
        let title = "The engineering station looks for PROFINET stations and lets one blink";
        site.note(("station-scan", title), Intent::Maintenance, &[], eng, &[filler, drive], (at, last));
        None
    });
}

/// The operator sets the oven.
fn oven_setpoint(site: &mut Site, at: Time) {
    let (hmi, packer) = (site.network.find("hmi-pack"), site.network.find("pac-packer"));
    site.add(at, move |at, site: &mut Site| {
        let (mut session, now) = ethernet_ip::Session::open(site, at, hmi, packer);
        let number = 163.0 + site.random.below(5) as f32;
        let now = session.ask_connected(site, now, &PACKER, &ethernet_ip::write_real("Oven_Setpoint", number));
        let last = session.close(site, now.plus(200 * MILLISECOND));
        let title = "The operator sets the temperature of the oven";
        site.note(("oven-setpoint", title), Intent::Maintenance, &[], hmi, &[packer], (at, last));
        None
    });
}

/// Production planning sets the speed of an order.
fn order_speed(site: &mut Site, at: Time) {
    let (planning, server) = (site.network.find("mes-pack"), site.network.find("opc-line"));
    site.add(at, move |at, site: &mut Site| {
        let logon = opcua::Logon::Password("planning", "Plan4Line2");
        let (mut session, now) = opcua::Session::open(site, at, planning, server, &PLANNING, logon);
        let number = 200.0 + 10.0 * site.random.below(5) as f64;
        let now = session.write(site, now, "Line2.SpeedSetpoint", number);
        let last = session.close(site, now.plus(100 * MILLISECOND));
        let title = "Production planning sets the speed of an order";
        site.note(("order-speed", title), Intent::Maintenance, &[], planning, &[server], (at, last));
        None
    });
}

/// The operator corrects the volume of the filler a little.
fn fill_setpoint(site: &mut Site, at: Time) {
    let (hmi, line) = (site.network.find("hmi-pack"), site.network.find("plc-line"));
    site.add(at, move |at, site: &mut Site| {
        let (mut session, now) = s7comm::Session::open(site, at, hmi, line, &LINE, 2);
        let volume = (site.process.values[FILL_SET] + site.random.around_zero(1.5)) as f32;
        let volume = (volume * 10.0).round() / 10.0;
        let now = session.write(site, now, s7comm::Item::real(20, 12), &volume.to_be_bytes());
        let last = session.close(&mut site.network, now.plus(200 * MILLISECOND));
        let title = "The operator corrects the volume of the filler";
        site.note(("fill-setpoint", title), Intent::Maintenance, &[], hmi, &[line], (at, last));
        None
    });
}

/// The engineer changes a function block of the line's controller, as ordered.
fn line_change(site: &mut Site, at: Time) {
    let (eng, line) = (site.network.find("eng-pack"), site.network.find("plc-line"));
    site.add(at, move |at, site: &mut Site| {
        let (mut session, mut now) = s7comm::Session::open(site, at, eng, line, &LINE, 1);
        for (list, index) in [(0x0011, 0), (0x001c, 0), (0x0424, 0)] {
            now = session.read_list(site, now, list, index).plus(10 * MILLISECOND);
        }
        now = session.list_blocks(site, now);
        now = session.upload(site, now, "0E", 21).plus(2 * SECOND);
        now = session.download(site, now, "0E", 21, 772);
        let last = session.close(&mut site.network, now.plus(SECOND));
        let title = "The engineer changes a function block of the line's controller";
        site.note(("line-change", title), Intent::Maintenance, &[], eng, &[line], (at, last));
        None
    });
}

/// The engineer looks at the tags of the packer.
fn packer_tags(site: &mut Site, at: Time) {
    let (eng, packer) = (site.network.find("eng-pack"), site.network.find("pac-packer"));
    site.add(at, move |at, site: &mut Site| {
        let (mut session, now) = ethernet_ip::Session::open(site, at, eng, packer);
        let now = session.ask(site, now, &PACKER, &ethernet_ip::identify());
        let now = session.ask(site, now.plus(200 * MILLISECOND), &PACKER, &ethernet_ip::list_tags());
        let last = session.close(site, now.plus(2 * SECOND));
        let title = "The engineer looks at the tags of the packer's controller";
        site.note(("packer-tags", title), Intent::Maintenance, &[], eng, &[packer], (at, last));
        None
    });
}
