//! What to simulate: which plants, how long, from which seed, with which attacks.

use model::Time;

use crate::network::SECOND;
use crate::sites::{PLANTS, Plant};

/// What to simulate.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Length in minutes.
    pub minutes: u32,
    /// Everything random follows from it.
    pub seed: u64,
    /// Time of the first packet, about.
    pub start: Time,
    /// Nanoseconds from there to the plant's own time of day and week; 0 where they are the same.
    pub shift: i64,
    /// The plants; several are seen behind one mirror port, with tags of their virtual networks.
    pub plants: Vec<&'static Plant>,
    /// What goes wrong.
    pub attacks: Attacks,
    /// How the attacks are spread over the time.
    pub story: Story,
}

/// Which attacks happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attacks {
    /// None.
    None,
    /// All of the plants' tables.
    All,
    /// Those of these names.
    Named(Vec<String>),
}

impl Attacks {
    /// Whether the attack of this name happens.
    pub fn has(&self, id: &str) -> bool {
        match self {
            Attacks::None => false,
            Attacks::All => true,
            Attacks::Named(names) => names.iter().any(|name| name == id),
        }
    }
}

/// How the attacks are spread over the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Story {
    /// Each once, at its part of the run.
    Once,
    /// Normal life for two minutes, then one story after the other with 10 to 20 minutes between them, without end.
    Demo,
}

/// Ten years: longer than anybody watches.
const ENDLESS_MINUTES: u32 = 10 * 366 * 1_440;

impl Plan {
    /// A run of the water works of this length that begins on Monday, 2 March 2026, at 06:30 UTC.
    pub fn new(minutes: u32, seed: u64) -> Plan {
        Plan {
            minutes,
            seed,
            start: Time::from_seconds(1_772_433_000, 0),
            shift: 0,
            plants: vec![&PLANTS[0]],
            attacks: Attacks::All,
            story: Story::Once,
        }
    }

    /// All plants without end, from `start` on, with the stories of a demonstration.
    ///
    /// Whatever the time is, for the plants it is Monday morning: lines run and people are at work.
    pub fn demo(seed: u64, start: Time) -> Plan {
        let plants = PLANTS.iter().collect();
        let plan = Plan::new(ENDLESS_MINUTES, seed);
        let shift = plan.start.plus(3_600 * SECOND).since(start);
        Plan { start, shift, plants, story: Story::Demo, ..plan }
    }

    /// The plants of a name: one of them, or `all`.
    pub fn with_site(self, name: &str) -> Option<Plan> {
        let plants: Vec<&'static Plant> = PLANTS.iter().filter(|plant| name == "all" || plant.id == name).collect();
        (!plants.is_empty()).then_some(Plan { plants, ..self })
    }

    /// The run ends before this moment.
    pub fn end(&self) -> Time {
        self.start.plus(i64::from(self.minutes) * 60 * SECOND)
    }

    /// Whether the life of the plants repeats from day to day, instead of once in the run: longer than six hours.
    pub fn is_long(&self) -> bool {
        self.minutes > 360
    }
}
