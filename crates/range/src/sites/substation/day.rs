//! What people do at the substation: switching orders of the dispatcher, planned work on protection.

use model::Time;

use super::devices::*;
use crate::dialogs::{iec104, mms};
use crate::network::{MILLISECOND, SECOND};
use crate::site::{Site, Wish};
use crate::story::Routine;
use crate::truth::Intent;

/// What is done now and then.
pub static ROUTINES: &[Routine] = &[
    routine("breaker-order", 0.12, 2.0, false, switch_feeder),
    routine("relay-browse", 0.22, 0.6, true, relay_browse),
    routine("relay-settings", 0.32, 0.25, true, relay_settings),
    routine("rtu-check", 0.42, 0.4, true, rtu_check),
];

const fn routine(id: &'static str, part: f64, weekly: f64, is_announced: bool, script: fn(&mut Site, Time)) -> Routine {
    let hours = if is_announced { (7.0, 15.0) } else { (4.0, 22.0) };
    Routine { id, part, weekly, hours, is_announced, script }
}

/// The dispatcher opens a feeder for work in the net and closes it again.
fn switch_feeder(site: &mut Site, at: Time) {
    let server = site.network.find("rtu-sub");
    let mut on = false;
    site.add(at, move |at: Time, site: &mut Site| {
        site.wishes.push(Wish { server, output: 1_003, value: f64::from(u8::from(on)), is_selected: true });
        let again = (!on).then(|| at.plus(site.pause(900 * SECOND, 0.05)));
        on = true;
        again
    });
}

/// The engineer looks at a relay and its names.
fn relay_browse(site: &mut Site, at: Time) {
    let (eng, relay) = (site.network.find("eng-sub"), site.network.find("ied-f2"));
    site.add(at, move |at, site: &mut Site| {
        let (mut session, now) = mms::Session::open(site, at, eng, relay, &FEEDER_2);
        let now = session.identify(site, now);
        let now = session.list(site, now.plus(300 * MILLISECOND));
        let names: Vec<&str> = FEEDER_2.attributes.iter().map(|attribute| attribute.0).collect();
        let now = session.read(site, now.plus(SECOND), &names);
        let last = session.close(&mut site.network, now.plus(SECOND));
        let title = "The engineer looks at the relay of feeder 2";
        site.note(("relay-browse", title), Intent::Maintenance, &[], eng, &[relay], (at, last));
        None
    });
}

/// The engineer sets the current where feeder 1 trips, by order of the net planners.
fn relay_settings(site: &mut Site, at: Time) {
    let (eng, relay) = (site.network.find("eng-sub"), site.network.find("ied-f1"));
    site.add(at, move |at, site: &mut Site| {
        let (mut session, now) = mms::Session::open(site, at, eng, relay, &FEEDER_1);
        let now = session.identify(site, now);
        let pickup = 400.0 + 10.0 * (site.random.below(3) as f64 - 1.0);
        let now = session.write(site, now.plus(SECOND), "PTOC1$SP$StrVal$setMag$f", pickup);
        let now = session.read(site, now.plus(SECOND), &["PTOC1$SP$StrVal$setMag$f"]);
        let last = session.close(&mut site.network, now.plus(SECOND));
        let title = "The engineer sets the tripping current of feeder 1";
        site.note(("relay-settings", title), Intent::Maintenance, &[], eng, &[relay], (at, last));
        None
    });
}

/// The engineer checks the remote terminal unit from the station: interrogation only.
fn rtu_check(site: &mut Site, at: Time) {
    let (eng, rtu) = (site.network.find("eng-sub"), site.network.find("rtu-sub"));
    site.add(at, move |at, site: &mut Site| {
        let (mut session, now) = iec104::Session::open(site, at, eng, rtu, &RTU, 9);
        let now = session.interrogate(site, now);
        let last = session.close(&mut site.network, now.plus(2 * SECOND));
        let title = "The engineer interrogates the remote terminal unit from a test set";
        site.note(("rtu-check", title), Intent::Maintenance, &[], eng, &[rtu], (at, last));
        None
    });
}
