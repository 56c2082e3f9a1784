//! What goes wrong at the heating network: controllers that the Internet reaches, a stolen account, a small computer in a cabinet.

use model::Time;

use super::devices::*;
use super::process::*;
use crate::attack::Attack;
use crate::dialogs::{bacnet, infrastructure, modbus, s7comm, tls};
use crate::network::{MILLISECOND, SECOND};
use crate::site::Site;
use crate::truth::Intent;

/// The table.
pub static ATTACKS: &[Attack] = &[
    Attack {
        id: "remote-at-night",
        title: "Someone outside comes in by remote desktop with the contractor's account, at night",
        techniques: &["T0822", "T0859", "T0886"],
        part: 0.5,
        is_nightly: true,
        script: remote_at_night,
        repair: None,
    },
    Attack {
        id: "safety-program",
        title: "The safety controller of the boiler, its key left in program position, gets a changed program",
        techniques: &["T0858", "T0843", "T0836", "T0880"],
        part: 0.58,
        is_nightly: true,
        script: safety_program,
        repair: Some(repair_safety),
    },
    Attack {
        id: "mitm-forged-values",
        title: "A small computer puts itself between screen and school controller, shows old values and changes the set point",
        techniques: &["T0830", "T0832", "T0836"],
        part: 0.66,
        is_nightly: false,
        script: mitm,
        repair: Some(repair_school),
    },
    Attack {
        id: "setpoint-drift",
        title: "The small computer lowers the hospital's set point little by little",
        techniques: &["T0836", "T0831", "T0855"],
        part: 0.74,
        is_nightly: false,
        script: setpoint_drift,
        repair: Some(repair_hospital),
    },
    Attack {
        id: "heating-registers",
        title: "A stranger in the Internet writes the heating controllers: cold set points, pumps off",
        techniques: &["T0883", "T0836", "T0855", "T0831"],
        part: 0.86,
        is_nightly: false,
        script: heating_registers,
        repair: Some(repair_registers),
    },
];

fn remote_at_night(attack: &'static Attack, site: &mut Site, first: Time) {
    let (stranger, eng) = (site.network.find("stranger"), site.network.find("eng-heat"));
    let mut open = None;
    let mut rounds = 0;
    site.add(first, move |at, site: &mut Site| {
        let Some((mut desktop, deed)) = open.take() else {
            let (mut desktop, now) = tls::desktop(site, at, stranger, eng, "boilerservice");
            let last = tls::desktop_moves(site, now, &mut desktop, 8);
            open = Some((desktop, attack.note(site, stranger, &[eng], first, last)));
            return Some(last.plus(300 * MILLISECOND));
        };
        rounds += 1;
        let last = tls::desktop_moves(site, at, &mut desktop, 6);
        site.prolong(deed, last);
        if rounds < 10 {
            open = Some((desktop, deed));
            return Some(last.plus(site.random.wait(200 * MILLISECOND, SECOND)));
        }
        let last = desktop.close(&mut site.network, last);
        site.prolong(deed, last);
        None
    });
}

fn safety_program(attack: &'static Attack, site: &mut Site, first: Time) {
    let (eng, safety) = (site.network.find("eng-heat"), site.network.find("sis-boiler"));
    site.add(first, move |at, site: &mut Site| {
        site.process.values[SAFETY_KEY] = 2.0;
        let (mut session, mut now) = s7comm::Session::open(site, at, eng, safety, &SAFETY, 1);
        for (list, index) in [(0x0011, 0), (0x0232, 4), (0x0424, 0)] {
            now = session.read_list(site, now, list, index);
        }
        now = session.list_blocks(site, now);
        now = session.upload(site, now, "0E", 60).plus(900 * MILLISECOND);
        now = session.stop(site, now).plus(400 * MILLISECOND);
        now = session.download(site, now, "0E", 60, 904);
        now = session.write(site, now, s7comm::Item::real(60, 8), &20.0f32.to_be_bytes());
        now = session.start(site, now.plus(300 * MILLISECOND));
        let last = session.close(&mut site.network, now.plus(300 * MILLISECOND));
        attack.note(site, eng, &[safety], first, last);
        None
    });
}

fn repair_safety(site: &mut Site, at: Time) {
    let (eng, safety) = (site.network.find("eng-heat"), site.network.find("sis-boiler"));
    site.announce("restore-safety", at);
    site.add(at, move |at, site: &mut Site| {
        let (mut session, mut now) = s7comm::Session::open(site, at, eng, safety, &SAFETY, 1);
        now = session.download(site, now, "0E", 60, 840);
        now = session.write(site, now, s7comm::Item::real(60, 8), &8.0f32.to_be_bytes());
        site.process.values[SAFETY_KEY] = 1.0;
        now = session.read_list(site, now, 0x0232, 4);
        let last = session.close(&mut site.network, now.plus(300 * MILLISECOND));
        let title = "The engineer puts the right program back into the safety controller and turns its key";
        site.note(("restore-safety", title), Intent::Maintenance, &[], eng, &[safety], (at, last));
        None
    });
}

fn mitm(attack: &'static Attack, site: &mut Site, first: Time) {
    let find = |name| site.network.find(name);
    let (rogue, hmi, target) = (find("rogue-heat"), find("hmi-heat"), find("ctl-school"));
    let mut step = 0;
    let mut deed = None;
    site.add(first, move |at, site: &mut Site| {
        step += 1;
        match step {
            1 => {
                site.network.announce(at, rogue);
                deed = Some(attack.note(site, rogue, &[hmi, target], first, at));
                Some(at.plus(2 * SECOND))
            }
            // Told every two seconds that the other one is here; the set point is moved meanwhile.
            2..=12 => {
                infrastructure::claim(&mut site.network, at, rogue, (target, hmi));
                infrastructure::claim(&mut site.network, at.plus(MILLISECOND), rogue, (hmi, target));
                site.network.divert((hmi, target), rogue, true);
                let mut last = at;
                if step == 6 {
                    let (mut session, now) =
                        modbus::Session::open(site, at.plus(20 * MILLISECOND), rogue, target, &SCHOOL);
                    let now = session.ask(site, now, &modbus::write_register(10, 290));
                    last = session.close(&mut site.network, now.plus(90 * MILLISECOND));
                }
                if let Some(deed) = deed {
                    site.prolong(deed, last);
                }
                Some(at.plus(2 * SECOND))
            }
            _ => {
                site.network.undivert(rogue);
                // Leaves as it came: everybody is told the truth again.
                infrastructure::claim(&mut site.network, at, target, (target, hmi));
                infrastructure::claim(&mut site.network, at.plus(MILLISECOND), hmi, (hmi, target));
                None
            }
        }
    });
}

fn repair_school(site: &mut Site, at: Time) {
    write_back(site, at, "restore-school", &[("ctl-school", &SCHOOL, 205)]);
}

fn setpoint_drift(attack: &'static Attack, site: &mut Site, first: Time) {
    let (rogue, target) = (site.network.find("rogue-heat"), site.network.find("bac-hospital"));
    let (mut steps, mut deed, mut number) = (0u8, 0, 22.0);
    site.add(first, move |at, site: &mut Site| {
        if steps == 0 {
            number = site.process.values[HOSPITAL_SET];
            let now = bacnet::who_is(&mut site.network, at, rogue, &[(target, &HOSPITAL_BUILDING)]);
            deed = attack.note(site, rogue, &[target], first, now);
        }
        steps += 1;
        number -= 0.2;
        let what = (bacnet::Kind::AnalogValue, 1);
        let last =
            bacnet::write(site, at.plus(200 * MILLISECOND), (rogue, target), &HOSPITAL_BUILDING, steps, what, number);
        site.prolong(deed, last);
        (steps < 12).then(|| at.plus(site.pause(20 * SECOND, 0.006)))
    });
}

fn repair_hospital(site: &mut Site, at: Time) {
    let (bms, server) = (site.network.find("bms-heat"), site.network.find("bac-hospital"));
    site.add(at, move |at, site: &mut Site| {
        let what = (bacnet::Kind::AnalogValue, 1);
        let last = bacnet::write(site, at, (bms, server), &HOSPITAL_BUILDING, 202, what, 22.0);
        let title = "The building manager puts the hospital's set point back";
        site.note(("restore-hospital", title), Intent::Maintenance, &[], bms, &[server], (at, last));
        None
    });
}

fn heating_registers(attack: &'static Attack, site: &mut Site, first: Time) {
    let stranger = site.network.find("stranger");
    let targets = [("ctl-school", &SCHOOL), ("ctl-hospital", &HOSPITAL), ("ctl-estate", &ESTATE)]
        .map(|row| (site.network.find(row.0), row.1));
    let (mut index, mut deed) = (0, None);
    site.add(first, move |at, site: &mut Site| {
        let (target, device) = targets[index % 3];
        let (mut session, mut now) = modbus::Session::open(site, at, stranger, target, device);
        let deed = *deed.get_or_insert_with(|| attack.note(site, stranger, &targets.map(|t| t.0), first, at));
        // First what is there, then the cold.
        let requests = if index < 3 {
            vec![modbus::read(3, 0, 64)]
        } else {
            vec![modbus::write_register(10, 50), modbus::write_registers(20, &[0, 0]), modbus::read(3, 10, 12)]
        };
        for request in requests {
            now = session.ask(site, now, &request).plus(site.random.wait(30 * MILLISECOND, 30 * MILLISECOND));
        }
        let last = session.close(&mut site.network, now);
        site.prolong(deed, last);
        index += 1;
        (index < 6).then(|| last.plus(site.pause(4 * SECOND, 0.01)))
    });
}

fn repair_registers(site: &mut Site, at: Time) {
    let rows = [("ctl-school", &SCHOOL, 205), ("ctl-hospital", &HOSPITAL, 220), ("ctl-estate", &ESTATE, 210)];
    write_back(site, at, "restore-controllers", &rows);
}

/// The operator writes set points as they were and starts the pumps.
fn write_back(site: &mut Site, at: Time, id: &'static str, rows: &[(&'static str, &'static modbus::Device, u16)]) {
    let hmi = site.network.find("hmi-heat");
    let rows: Vec<_> = rows.iter().map(|row| (site.network.find(row.0), row.1, row.2)).collect();
    site.add(at, move |at, site: &mut Site| {
        let mut now = at;
        for (target, device, number) in &rows {
            let (mut session, ready) = modbus::Session::open(site, now, hmi, *target, device);
            now = session.ask(site, ready, &modbus::write_register(10, *number));
            now = session.ask(site, now.plus(SECOND), &modbus::write_register(20, 1));
            now = session.close(&mut site.network, now.plus(SECOND)).plus(SECOND);
        }
        let hosts: Vec<_> = rows.iter().map(|row| row.0).collect();
        let title = "The operator puts set points and pumps of heating controllers back";
        site.note((id, title), Intent::Maintenance, &[], hmi, &hosts, (at, now));
        None
    });
}
