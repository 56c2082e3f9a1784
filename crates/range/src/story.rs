//! When things happen: each once in a short run, from day to day in a long one, and the stories of a demonstration.

use model::Time;

use crate::attack::Attack;
use crate::network::SECOND;
use crate::plan::{Plan, Story};
use crate::random::Random;
use crate::site::Site;
use crate::sites::Plant;

/// Work that people of the plant do now and then.
#[derive(Debug)]
pub struct Routine {
    /// The identifier that it notes.
    pub id: &'static str,
    /// When it is done in a short run: part of the run, 0 to 1.
    pub part: f64,
    /// How often it is done in a long run, times a week.
    pub weekly: f64,
    /// Hours of the day (UTC) between which it is done in a long run.
    pub hours: (f64, f64),
    /// Whether it is engineering work, which is announced by a work order and rests on weekends.
    pub is_announced: bool,
    /// Puts it on the timetable.
    pub script: fn(&mut Site, Time),
}

/// Puts the work and the attacks of the plants on the timetable.
pub fn plan(site: &mut Site, plan: &Plan) {
    for plant in &plan.plants {
        for routine in plant.routines {
            if plan.is_long() {
                recur(site, plan, routine);
            } else {
                let at = site.moment(routine.part);
                if routine.is_announced {
                    site.announce(routine.id, at);
                }
                (routine.script)(site, at);
            }
        }
    }
    if plan.story == Story::Demo {
        return demonstrate(site, plan);
    }
    for plant in &plan.plants {
        for attack in plant.attacks.iter().filter(|attack| plan.attacks.has(attack.id)) {
            let first = site.moment(attack.part);
            let first = if attack.is_nightly { site.night(first) } else { first };
            (attack.script)(attack, site, first);
            if let Some(repair) = attack.repair.filter(|_| plan.is_long()) {
                repair(site, first.plus(1_800 * SECOND));
            }
        }
    }
}

/// A routine that comes back from week to week.
fn recur(site: &mut Site, plan: &Plan, routine: &'static Routine) {
    let mut random = Random::new(site.random.bits());
    let mean_gap = (604_800.0 / routine.weekly) as i64 * SECOND;
    // In a demonstration something is done in the first half hour, whatever the time of day.
    let soon = plan.start.plus(random.wait(200 * SECOND, mean_gap.min(1_800 * SECOND)));
    let first = if plan.story == Story::Demo { soon } else { proper(soon, routine, &mut random) };
    site.announce_if(routine, first);
    site.add(first, move |at: Time, site: &mut Site| {
        (routine.script)(site, at);
        let gap = random.wait(mean_gap / 2, mean_gap / 2);
        let next = proper(at.plus(gap), routine, &mut random);
        site.announce_if(routine, next);
        Some(next)
    });
}

/// The next moment within the hours of the routine, for announced work also on a working day.
fn proper(at: Time, routine: &Routine, random: &mut Random) -> Time {
    const DAY: i64 = 86_400 * SECOND;
    let (from, until) = routine.hours;
    let hour = at.0.rem_euclid(DAY) as f64 / 3.6e12;
    let mut at = at;
    if !(from..until).contains(&hour) {
        let day = at.0.div_euclid(DAY) + i64::from(hour >= until);
        at = Time(day * DAY).plus(((from + (until - from) * random.unit()) * 3.6e12) as i64);
    }
    while routine.is_announced && (at.0.div_euclid(DAY) + 3).rem_euclid(7) >= 5 {
        at = at.plus(DAY);
    }
    at
}

impl Site {
    fn announce_if(&mut self, routine: &Routine, at: Time) {
        if routine.is_announced {
            self.announce(routine.id, at);
        }
    }
}

/// One story after the other: each a few attacks on one plant, then repair, then a while of peace.
fn demonstrate(site: &mut Site, plan: &Plan) {
    let plants: Vec<&'static Plant> = plan.plants.clone();
    let mut random = Random::new(site.random.bits());
    let mut told = 0usize;
    site.add(site.start.plus(120 * SECOND), move |at: Time, site: &mut Site| {
        let plant = plants[told % plants.len()];
        let story = plant.stories[(told / plants.len() + random.below(2) as usize) % plant.stories.len()];
        told += 1;
        let mut now = at;
        for id in story {
            let Some(attack) = plant.attacks.iter().find(|attack: &&Attack| attack.id == *id) else { continue };
            (attack.script)(attack, site, now);
            if let Some(repair) = attack.repair {
                repair(site, now.plus(random.wait(240 * SECOND, 60 * SECOND)));
            }
            now = now.plus(random.wait(35 * SECOND, 30 * SECOND));
        }
        Some(at.plus(600 * SECOND + random.below(600) as i64 * SECOND))
    });
}
