//! Residuals summed while they are larger than usual: small ones that last count like a large one that does not.
//!
//! The sum is capped just above its threshold, so that an alarm ends soon after its cause has.

use serde::{Deserialize, Serialize};

use crate::tail;

/// What residuals may sum to. The threshold is a multiple of the highest sum in time that the model had not learned from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cusum {
    /// What a residual may be without adding anything: mean and one standard deviation of absolute residuals.
    pub drift: f64,
    /// The sum that is an alarm.
    pub threshold: f64,
}

/// Standard deviations over the mean that a residual may be.
const DRIFT: f64 = 1.0;
/// The threshold over the highest sum that was seen out of fold, and what is added to that over the root of the number of
/// steps: the shorter the history, the less is its highest the highest.
const MARGIN: (f64, f64) = (1.5, 20.0);
/// The cap over the threshold.
const CAP: f64 = 1.05;
/// A threshold that the tail asks for is at most this multiple of the highest sum: beyond that it is guessing.
const TAIL_MOST: f64 = 3.0;

impl Cusum {
    /// From residuals out of fold, in order; `None` where the sequence breaks. `rate` is the number of alarms a step that
    /// is allowed. None where residuals are always the same.
    pub fn calibrate(residuals: &[Option<f64>], rate: f64) -> Option<Cusum> {
        let known: Vec<f64> = residuals.iter().flatten().map(|residual| residual.abs()).collect();
        if known.len() < 20 {
            return None;
        }
        let count = known.len() as f64;
        let mean = known.iter().sum::<f64>() / count;
        let deviation = (known.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / count).sqrt();
        let drift = mean + DRIFT * deviation;
        let (mut sum, mut top, mut highest, mut peaks) = (0.0_f64, 0.0_f64, 0.0_f64, Vec::new());
        for residual in residuals {
            sum = residual.map_or(0.0, |residual| (sum + residual.abs() - drift).max(0.0));
            highest = highest.max(sum);
            // A peak ends where the sum is back at nothing: one excursion is one event.
            if sum == 0.0 && top > 0.0 {
                peaks.push(top);
                top = 0.0;
            }
            top = top.max(sum);
        }
        if highest <= 0.0 {
            return None;
        }
        let margin = MARGIN.0 + MARGIN.1 / count.sqrt();
        let asked = tail::level(&mut peaks, count, rate).unwrap_or(0.0).min(highest * TAIL_MOST);
        Some(Cusum { drift, threshold: (highest * margin).max(asked) })
    }

    /// Adds a residual to the sum; gives the sum in thresholds: an alarm from 1 on.
    pub fn step(&self, sum: &mut f64, residual: f64) -> f64 {
        *sum = (*sum + residual.abs() - self.drift).clamp(0.0, self.threshold * CAP);
        *sum / self.threshold
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lasting_residuals_sum_and_are_soon_forgotten() {
        let quiet: Vec<Option<f64>> = (0..200).map(|step| Some(f64::from(step % 7) / 7.0)).collect();
        let cusum = Cusum::calibrate(&quiet, 0.0).expect("they differ");
        let mut sum = 0.0;
        let over = |sum: &mut f64, residual| cusum.step(sum, residual) >= 1.0;
        assert!(quiet.iter().flatten().all(|residual| !over(&mut sum, *residual)));
        let mut steps = 0;
        while !over(&mut sum, 0.9) {
            steps += 1;
        }
        assert!((1..10).contains(&steps), "{steps}");
        (0..1_000).for_each(|_| _ = over(&mut sum, 0.9));
        assert!(!over(&mut sum, 0.3), "the cap keeps it just above");
    }
}
