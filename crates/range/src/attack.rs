//! What an attack is: a line in the table of a site, and a script that puts its steps on the timetable.

use model::Time;

use crate::network::HostId;
use crate::site::Site;
use crate::truth::Intent;

/// An attack on a site.
#[derive(Debug)]
pub struct Attack {
    /// Stable identifier, such as `s7-stop`.
    pub id: &'static str,
    /// What is done, in a sentence.
    pub title: &'static str,
    /// Techniques of MITRE ATT&CK for ICS.
    pub techniques: &'static [&'static str],
    /// When it begins: part of the run, 0 to 1.
    pub part: f64,
    /// Puts its steps on the timetable; they note the attack when it begins.
    pub script: fn(&'static Attack, &mut Site, Time),
}

impl Attack {
    /// Notes that it began; gives the number of the deed.
    pub fn note(&self, site: &mut Site, from: HostId, to: &[HostId], first: Time, last: Time) -> usize {
        site.note((self.id, self.title), Intent::Attack, self.techniques, from, to, (first, last))
    }
}

/// Puts all attacks of a table on the timetable.
pub fn plan(site: &mut Site, attacks: &'static [Attack]) {
    for attack in attacks {
        let first = site.moment(attack.part);
        (attack.script)(attack, site, first);
    }
}
