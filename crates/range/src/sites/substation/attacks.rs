//! What goes wrong at the substation: a taken-over computer of the control centre, and a small computer on the station bus.

use model::Time;

use super::devices::*;
use super::process::*;
use crate::attack::Attack;
use crate::dialogs::goose::{self, State};
use crate::dialogs::{ber, iec104, infrastructure, mms};
use crate::network::{MILLISECOND, SECOND};
use crate::site::{Site, Wish};
use crate::truth::Intent;

/// The table.
pub static ATTACKS: &[Attack] = &[
    Attack {
        id: "telecontrol-survey",
        title: "A computer of the control centre that is no master interrogates the remote terminal unit and tries addresses",
        techniques: &["T0846", "T0861", "T0888"],
        part: 0.52,
        is_nightly: false,
        script: survey,
        repair: None,
    },
    Attack {
        id: "breakers-opened",
        title: "The same computer opens all breakers, one after the other, again and again",
        techniques: &["T0855", "T0806", "T0831", "T0827"],
        part: 0.6,
        is_nightly: false,
        script: breakers_opened,
        repair: Some(close_breakers),
    },
    Attack {
        id: "goose-forged",
        title: "A small computer tells trips in the name of the relay of feeder 1",
        techniques: &["T0855", "T0856", "T0831"],
        part: 0.68,
        is_nightly: false,
        script: goose_forged,
        repair: Some(close_breakers),
    },
    Attack {
        id: "goose-replayed",
        title: "The small computer plays back what the relay of feeder 3 said when its breaker was switched",
        techniques: &["T0842", "T0856"],
        part: 0.76,
        is_nightly: false,
        script: goose_replayed,
        repair: None,
    },
    Attack {
        id: "clock-forged",
        title: "The small computer sets the clock of the remote terminal unit and tells wrong time to all",
        techniques: &["T0836", "T0856", "T0832"],
        part: 0.84,
        is_nightly: false,
        script: clock_forged,
        repair: None,
    },
    Attack {
        id: "protection-settings",
        title: "The engineering station, used from afar, makes feeder 1 trip at half its load and opens its breaker",
        techniques: &["T0836", "T0855", "T0837"],
        part: 0.91,
        is_nightly: false,
        script: protection_settings,
        repair: Some(restore_protection),
    },
];

fn survey(attack: &'static Attack, site: &mut Site, first: Time) {
    let (attacker, rtu) = (site.network.find("pc-centre-21"), site.network.find("rtu-sub"));
    let mut open: Option<(iec104::Session, usize, u32)> = None;
    site.add(first, move |at, site: &mut Site| {
        let Some((mut session, deed, number)) = open.take() else {
            let (mut session, now) = iec104::Session::open(site, at, attacker, rtu, &RTU, 0);
            let last = session.interrogate(site, now);
            open = Some((session, attack.note(site, attacker, &[rtu], first, last), 96));
            return Some(last.plus(400 * MILLISECOND));
        };
        let now = session.read(site, at, number);
        site.prolong(deed, now);
        if number < 116 {
            open = Some((session, deed, number + 1));
            return Some(now.plus(site.random.wait(50 * MILLISECOND, 40 * MILLISECOND)));
        }
        let last = session.close(&mut site.network, now.plus(100 * MILLISECOND));
        site.prolong(deed, last);
        None
    });
}

fn breakers_opened(attack: &'static Attack, site: &mut Site, first: Time) {
    let (attacker, rtu) = (site.network.find("pc-centre-21"), site.network.find("rtu-sub"));
    let mut open: Option<(iec104::Session, usize, u32)> = None;
    site.add(first, move |at, site: &mut Site| {
        let Some((mut session, deed, step)) = open.take() else {
            let (session, now) = iec104::Session::open(site, at, attacker, rtu, &RTU, 0);
            open = Some((session, attack.note(site, attacker, &[rtu], first, now), 0));
            return Some(now.plus(200 * MILLISECOND));
        };
        // The breakers in turn; in the third round also some that do not exist.
        let number = [1_001, 1_002, 1_003, 1_004, 1_010, 1_005][step as usize % 6];
        let now = session.command(site, at, number, false, false);
        site.prolong(deed, now);
        if step < 17 {
            open = Some((session, deed, step + 1));
            return Some(now.plus(site.random.wait(120 * MILLISECOND, 60 * MILLISECOND)));
        }
        let last = session.close(&mut site.network, now.plus(100 * MILLISECOND));
        site.prolong(deed, last);
        None
    });
}

/// The dispatcher closes all breakers again, the transformer first.
fn close_breakers(site: &mut Site, at: Time) {
    let server = site.network.find("rtu-sub");
    site.add(at, move |_: Time, site: &mut Site| {
        for trip in [TRIP_1, TRIP_2, TRIP_3, TRIP_4] {
            site.process.values[trip] = 0.0;
        }
        let rows = [(1_010, BREAKER_T), (1_001, BREAKER_1), (1_002, BREAKER_2), (1_003, BREAKER_3), (1_004, BREAKER_4)];
        for (output, breaker) in rows {
            if !site.process.values.is_on(breaker) {
                site.wishes.push(Wish { server, output, value: 1.0, is_selected: true });
            }
        }
        None
    });
}

fn goose_forged(attack: &'static Attack, site: &mut Site, first: Time) {
    let find = |name| site.network.find(name);
    let (rogue, named, believer) = (find("rogue-sub"), find("ied-f1"), find("ied-f2"));
    let (mut count, mut deed) = (0u32, 0);
    site.add(first, move |at, site: &mut Site| {
        // A state far ahead of the true one: breaker open, tripped.
        let data = [ber::element(0x84, &[6, 0x40]), ber::element(0x83, &[1])];
        let state = State { state: 90_000 + count / 4, sequence: count % 4, since: at, life: 200 };
        goose::send(site, at, rogue, &GOOSE_1, state, &data);
        if count == 0 {
            deed = attack.note(site, rogue, &[named, believer], first, at);
        }
        if count == 3 {
            // Feeder 2 believes that the fault is behind it, and trips.
            site.process.values[TRIP_2] = 1.0;
        }
        count += 1;
        site.prolong(deed, at);
        (count < 60).then(|| at.plus(if count < 8 { 4 * MILLISECOND } else { 200 * MILLISECOND }))
    });
}

fn goose_replayed(attack: &'static Attack, site: &mut Site, first: Time) {
    let (rogue, named) = (site.network.find("rogue-sub"), site.network.find("ied-f3"));
    let (mut count, mut deed) = (0u32, 0);
    let recorded = site.moment(0.0);
    site.add(first, move |at, site: &mut Site| {
        // Old time, old numbers: the burst of an opening, then the repeats.
        let data = [ber::element(0x84, &[6, 0x40]), ber::element(0x83, &[0])];
        let since = recorded.plus(71 * SECOND);
        let state = State { state: 2, sequence: count, since, life: if count < 8 { 8 << count } else { 2_000 } };
        goose::send(site, at, rogue, &GOOSE_3, state, &data);
        if count == 0 {
            deed = attack.note(site, rogue, &[named], first, at);
        }
        count += 1;
        site.prolong(deed, at);
        (count < 18).then(|| at.plus(((4 * MILLISECOND) << count.min(8)).min(SECOND)))
    });
}

/// How far the forged clock is off: seven hours and some.
const CLOCK_SHIFT: i64 = -25_637 * SECOND;

fn clock_forged(attack: &'static Attack, site: &mut Site, first: Time) {
    let find = |name| site.network.find(name);
    let (rogue, rtu) = (find("rogue-sub"), find("rtu-sub"));
    let (mut count, mut deed) = (0, 0);
    site.add(first, move |at, site: &mut Site| {
        let last = if count % 4 == 0 {
            let (mut session, now) = iec104::Session::open(site, at, rogue, rtu, &RTU, 0);
            let now = session.set_clock(site, now, now.plus(CLOCK_SHIFT));
            session.close(&mut site.network, now.plus(50 * MILLISECOND))
        } else {
            infrastructure::ntp_broadcast(&mut site.network, at, rogue, at.plus(CLOCK_SHIFT));
            at
        };
        if count == 0 {
            deed = attack.note(site, rogue, &[rtu], first, last);
        }
        count += 1;
        site.prolong(deed, last);
        (count < 10).then(|| at.plus(site.pause(3 * SECOND, 0.005)))
    });
}

fn protection_settings(attack: &'static Attack, site: &mut Site, first: Time) {
    let (eng, relay) = (site.network.find("eng-sub"), site.network.find("ied-f1"));
    site.add(first, move |at, site: &mut Site| {
        let (mut session, now) = mms::Session::open(site, at, eng, relay, &FEEDER_1);
        let now = session.list(site, now);
        let now = session.read(site, now, &["PTOC1$SP$StrVal$setMag$f"]);
        let now = session.write(site, now.plus(700 * MILLISECOND), "PTOC1$SP$StrVal$setMag$f", 60.0);
        let now = session.operate(site, now.plus(900 * MILLISECOND), false);
        let last = session.close(&mut site.network, now.plus(300 * MILLISECOND));
        attack.note(site, eng, &[relay], first, last);
        None
    });
}

fn restore_protection(site: &mut Site, at: Time) {
    let (eng, relay) = (site.network.find("eng-sub"), site.network.find("ied-f1"));
    site.announce("restore-protection", at);
    site.add(at, move |at, site: &mut Site| {
        let (mut session, now) = mms::Session::open(site, at, eng, relay, &FEEDER_1);
        let now = session.write(site, now.plus(SECOND), "PTOC1$SP$StrVal$setMag$f", 400.0);
        site.process.values[TRIP_1] = 0.0;
        let now = session.operate(site, now.plus(SECOND), true);
        let last = session.close(&mut site.network, now.plus(SECOND));
        let title = "The engineer puts the tripping current of feeder 1 back and closes its breaker";
        site.note(("restore-protection", title), Intent::Maintenance, &[], eng, &[relay], (at, last));
        None
    });
}
