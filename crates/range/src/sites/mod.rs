//! The plants: for each its machines, its physics, and what happens there in a day.

pub mod heating;
pub mod office;
pub mod packaging;
pub mod substation;
pub mod water;
pub mod water_attacks;
pub mod water_day;
pub mod water_devices;
pub mod water_process;
pub mod water_repairs;
pub mod water_surroundings;

#[cfg(test)]
mod tests;

use crate::attack::Attack;
use crate::network::{Host, Network};
use crate::plan::Plan;
use crate::process::{Physics, Process};
use crate::random::Random;
use crate::site::Site;
use crate::story::{self, Routine};

/// A plant, as one line of the table.
#[derive(Debug)]
pub struct Plant {
    /// Its name on the command line.
    pub id: &'static str,
    /// What it is.
    pub title: &'static str,
    /// Its machines.
    pub hosts: &'static [Host],
    /// Its physics: number of the first point, values at the beginning, how they change.
    pub process: (usize, &'static [f64], Physics),
    /// Puts what machines do by themselves on the timetable.
    pub build: fn(&mut Site),
    /// What people do.
    pub routines: &'static [Routine],
    /// What goes wrong.
    pub attacks: &'static [Attack],
    /// Stories for a demonstration: attacks by identifier, in order.
    pub stories: &'static [&'static [&'static str]],
}

/// The table of plants.
pub static PLANTS: &[Plant] = &[water::PLANT, heating::PLANT, substation::PLANT, packaging::PLANT];

/// The plants of a plan with their whole timetable.
pub fn build(plan: &Plan) -> Site {
    let mut random = Random::new(plan.seed);
    let mut network = Network::new(&[], Random::new(random.bits()));
    let mut process = Process::empty(plan.start);
    process.shift(plan.shift);
    for plant in &plan.plants {
        network.join(plant.hosts);
        let (first, initial, physics) = plant.process;
        process.add(first, initial, physics, Random::new(random.bits()));
    }
    if plan.plants.len() > 1 {
        network.tag_segments();
    }
    let mut site = Site::new(network, process, random, plan.start, plan.end());
    for plant in &plan.plants {
        (plant.build)(&mut site);
    }
    story::plan(&mut site, plan);
    site
}
