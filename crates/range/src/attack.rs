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
    /// Whether it is done at night where the run has nights.
    pub is_nightly: bool,
    /// Puts its steps on the timetable; they note the attack when it begins.
    pub script: fn(&'static Attack, &mut Site, Time),
    /// How the plant's people put right what was done, as planned work; nothing where the plant recovers by itself.
    pub repair: Option<fn(&mut Site, Time)>,
}

impl Attack {
    /// Notes that it began; gives the number of the deed.
    pub fn note(&self, site: &mut Site, from: HostId, to: &[HostId], first: Time, last: Time) -> usize {
        site.note((self.id, self.title), Intent::Attack, self.techniques, from, to, (first, last))
    }
}
