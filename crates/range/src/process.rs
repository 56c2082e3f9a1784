//! A physical process as a list of numbered points that change with time; what it is about is told by the site.

use model::Time;

use crate::random::Random;

/// Number of one quantity of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point(pub usize);

/// How the points change: the values, seconds passed, hour of the day (0 to 24), and noise.
pub type Physics = fn(&mut Values, f64, f64, &mut Random);

/// The quantities of a process, by [`Point`].
#[derive(Clone, Debug)]
pub struct Values(Vec<f64>);

impl std::ops::Index<Point> for Values {
    type Output = f64;
    fn index(&self, point: Point) -> &f64 {
        &self.0[point.0]
    }
}

impl std::ops::IndexMut<Point> for Values {
    fn index_mut(&mut self, point: Point) -> &mut f64 {
        &mut self.0[point.0]
    }
}

impl Values {
    /// Whether a point that is on or off is on.
    pub fn is_on(&self, point: Point) -> bool {
        self[point] >= 0.5
    }
}

/// A running process.
pub struct Process {
    /// The quantities now.
    pub values: Values,
    physics: Physics,
    random: Random,
    clock: Time,
}

/// Nanoseconds of one step of the physics.
const STEP: i64 = 250_000_000;

impl Process {
    /// A process that begins with `initial` values at `start`.
    pub fn new(initial: &[f64], physics: Physics, start: Time, random: Random) -> Process {
        Process { values: Values(initial.to_vec()), physics, random, clock: start }
    }

    /// Lets time pass until `now`.
    pub fn advance(&mut self, now: Time) {
        while now.since(self.clock) >= STEP {
            self.clock = self.clock.plus(STEP);
            let second_of_day = self.clock.0.div_euclid(1_000_000_000).rem_euclid(86_400);
            (self.physics)(&mut self.values, STEP as f64 / 1e9, second_of_day as f64 / 3600.0, &mut self.random);
        }
    }
}
