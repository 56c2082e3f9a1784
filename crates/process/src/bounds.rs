//! Ranges with a margin that was earned: how far does a part of the history go beyond all the other parts?

use serde::{Deserialize, Serialize};

/// Parts of a history: each is judged by what the others knew.
pub const PARTS: usize = 8;
/// The margin that is worth a remark: the least as a share of the span, and over what a part went beyond the others.
const REMARK: (f64, f64) = (0.03, 1.0);
/// The margin that is an alarm on its own. A record is broken by half of all tags in as much time again; few break it so far.
const ALARM: (f64, f64) = (0.35, 2.5);

/// Least and greatest value of each part.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    parts: [(f64, f64); PARTS],
    /// Number of values.
    pub count: u64,
}

impl Default for Extent {
    fn default() -> Extent {
        Extent { parts: [(f64::INFINITY, f64::NEG_INFINITY); PARTS], count: 0 }
    }
}

/// What a value may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// The least that was seen.
    pub low: f64,
    /// The greatest that was seen.
    pub high: f64,
    /// How far beyond both is not yet worth a remark.
    pub remark: f64,
    /// How far beyond both is not yet an alarm.
    pub margin: f64,
}

impl Extent {
    /// Takes in a value of a part.
    pub fn add(&mut self, part: usize, value: f64) {
        let (low, high) = &mut self.parts[part.min(PARTS - 1)];
        *low = low.min(value);
        *high = high.max(value);
        self.count += 1;
    }

    /// Least and greatest of all parts but one.
    fn without(&self, part: usize) -> (f64, f64) {
        let others = self.parts.iter().enumerate().filter(|(index, _)| *index != part);
        others.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (_, one)| (low.min(one.0), high.max(one.1)))
    }

    /// Least and greatest of all.
    pub fn all(&self) -> (f64, f64) {
        self.without(PARTS)
    }

    /// In how many parts there is a value.
    pub fn parts(&self) -> usize {
        self.parts.iter().filter(|(low, high)| low <= high).count()
    }

    /// The furthest that a part goes beyond the others.
    pub fn surprise(&self) -> f64 {
        let beyond = |(part, (low, high)): (usize, &(f64, f64))| {
            let (least, greatest) = self.without(part);
            if low > high || least > greatest { 0.0 } else { (least - low).max(high - greatest).max(0.0) }
        };
        self.parts.iter().enumerate().map(beyond).fold(0.0, f64::max)
    }

    /// What a value may be: `span` is what margins are a share of, `quantum` the resolution.
    pub fn bounds(&self, span: f64, quantum: f64) -> Option<Bounds> {
        let (low, high) = self.all();
        let surprise = self.surprise();
        let of = |(share, times): (f64, f64)| (share * span).max(times * surprise).max(1.5 * quantum);
        (low <= high).then(|| Bounds { low, high, remark: of(REMARK), margin: of(ALARM) })
    }
}

impl Bounds {
    /// How far `value` is outside, in margins: an alarm from 1 on. None where it is not worth a remark.
    pub fn strength(&self, value: f64) -> Option<f64> {
        let beyond = (self.low - value).max(value - self.high);
        (beyond > self.remark && self.margin > 0.0).then(|| beyond / self.margin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margin_is_what_one_part_surprised_the_others_with() {
        let mut extent = Extent::default();
        (0..800).for_each(|step| extent.add(step / 100, f64::from(step as u32 % 10)));
        let bounds = extent.bounds(9.0, 0.0).expect("values");
        assert_eq!((bounds.low, bounds.high), (0.0, 9.0));
        assert!((bounds.remark - 0.27).abs() < 1e-12 && (bounds.margin - 3.15).abs() < 1e-12);
        extent.add(7, 11.0);
        let bounds = extent.bounds(9.0, 0.0).expect("values");
        assert_eq!((bounds.high, bounds.remark, bounds.margin), (11.0, 2.0, 5.0));
        assert!(
            bounds.strength(12.9).is_none() && bounds.strength(13.1) < Some(1.0) && bounds.strength(16.1) > Some(1.0)
        );
    }
}
