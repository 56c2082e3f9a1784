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
pub struct Values(Vec<f64>, i64);

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
    /// Day of the week: 0 is Monday.
    pub const fn weekday(&self) -> i64 {
        // The first day of 1970 was a Thursday.
        (self.1 + 3).rem_euclid(7)
    }

    /// Whether a point that is on or off is on.
    pub fn is_on(&self, point: Point) -> bool {
        self[point] >= 0.5
    }
}

/// A running process.
pub struct Process {
    /// The quantities now.
    pub values: Values,
    parts: Vec<(Physics, Random)>,
    clock: Time,
    /// Nanoseconds from the time of the packets to the plant's own time of day and week.
    shift: i64,
}

/// The points of a process from number `first` on, as constants, and their values at the beginning.
macro_rules! points {
    ($first:literal: $($(#[$doc:meta])* $name:ident = $initial:expr;)*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum Number { $($name),* }
        $($(#[$doc])* pub const $name: $crate::process::Point = $crate::process::Point($first + Number::$name as usize);)*
        /// Number of the first point.
        pub const FIRST: usize = $first;
        /// The values at the beginning, by number.
        pub const INITIAL: &[f64] = &[$($initial),*];
    };
}
pub(crate) use points;

/// Nanoseconds of one step of the physics.
const STEP: i64 = 250_000_000;

impl Process {
    /// A process that begins with `initial` values at `start`.
    pub fn new(initial: &[f64], physics: Physics, start: Time, random: Random) -> Process {
        let day = start.0.div_euclid(86_400_000_000_000);
        Process { values: Values(initial.to_vec(), day), parts: vec![(physics, random)], clock: start, shift: 0 }
    }

    /// A process of nothing.
    pub fn empty(start: Time) -> Process {
        let day = start.0.div_euclid(86_400_000_000_000);
        Process { values: Values(Vec::new(), day), parts: Vec::new(), clock: start, shift: 0 }
    }

    /// From now on the plant lives at another time of day and week than its packets say.
    pub const fn shift(&mut self, nanoseconds: i64) {
        self.shift = nanoseconds;
    }

    /// The plant's own time, by which its people and its loads live.
    pub const fn local(&self, at: Time) -> Time {
        at.plus(self.shift)
    }

    /// Adds another process beside; its points begin at number `first`.
    pub fn add(&mut self, first: usize, initial: &[f64], physics: Physics, random: Random) {
        let size = self.values.0.len().max(first + initial.len());
        self.values.0.resize(size, 0.0);
        self.values.0[first..first + initial.len()].copy_from_slice(initial);
        self.parts.push((physics, random));
    }

    /// Lets time pass until `now`.
    pub fn advance(&mut self, now: Time) {
        while now.since(self.clock) >= STEP {
            self.clock = self.clock.plus(STEP);
            let local = self.local(self.clock);
            let second_of_day = local.0.div_euclid(1_000_000_000).rem_euclid(86_400);
            self.values.1 = local.0.div_euclid(86_400_000_000_000);
            for (physics, random) in &mut self.parts {
                physics(&mut self.values, STEP as f64 / 1e9, second_of_day as f64 / 3600.0, random);
            }
        }
    }
}
