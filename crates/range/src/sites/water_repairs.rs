//! How the people of the water works put right what an attack did.

use model::Time;

use super::water_devices::{DOSING, INTAKE};
use super::water_process::RAW_LEVEL_HIGH;
use crate::dialogs::{modbus, s7comm};
use crate::network::MILLISECOND;
use crate::site::Site;
use crate::truth::Intent;

/// The engineer puts the right program back into the intake controller.
pub fn intake_program(site: &mut Site, at: Time) {
    let (eng, intake) = (site.network.find("eng-01"), site.network.find("plc-intake"));
    site.announce("restore-intake", at);
    site.add(at, move |at, site: &mut Site| {
        let (mut session, mut now) = s7comm::Session::open(site, at, eng, intake, &INTAKE, 1);
        now = session.upload(site, now, "08", 1).plus(700 * MILLISECOND);
        now = session.download(site, now, "08", 1, 172);
        site.process.values[RAW_LEVEL_HIGH] = 4.2;
        let last = session.close(&mut site.network, now.plus(300 * MILLISECOND));
        let title = "The engineer puts the right program back into the intake controller";
        site.note(("restore-intake", title), Intent::Maintenance, &[], eng, &[intake], (at, last));
        None
    });
}

/// The operator sets the doses as they were and switches the coagulant on again.
pub fn doses(site: &mut Site, at: Time) {
    let (hmi, dosing) = (site.network.find("hmi-01"), site.network.find("plc-dosing"));
    site.add(at, move |at, site: &mut Site| {
        let (mut session, now) = modbus::Session::open(site, at, hmi, dosing, &DOSING);
        let now = session.ask(site, now, &modbus::write_registers(0, &[1_240, 610]));
        let now = session.ask(site, now.plus(600 * MILLISECOND), &modbus::write_coil(0, true));
        let last = session.close(&mut site.network, now.plus(200 * MILLISECOND));
        let title = "The operator puts the doses back";
        site.note(("restore-doses", title), Intent::Maintenance, &[], hmi, &[dosing], (at, last));
        None
    });
}
