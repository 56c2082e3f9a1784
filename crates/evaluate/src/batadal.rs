//! The score of the BATADAL competition (Taormina et al. 2018): how soon, and how cleanly.

use serde::Serialize;

use crate::interval::{Label, SECOND, Timeline};

/// S and its two halves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Batadal {
    /// (S_TTD + S_CLF) / 2.
    pub s: f64,
    /// 1 - mean(delay / duration); an attack that is never in alarm counts 1.
    pub time_to_detection: f64,
    /// (true positive rate + true negative rate) / 2 over samples.
    pub classification: f64,
}

/// S of samples in alarm.
pub fn batadal(timeline: &Timeline, alarm: &[bool], labels: &[Label]) -> Batadal {
    let bad = timeline.covered(labels, 0.0);
    let (mut true_positive, mut positive, mut true_negative, mut negative) = (0.0, 0.0, 0.0, 0.0);
    for (bad, alarm) in bad.iter().zip(alarm) {
        match bad {
            true => (positive, true_positive) = (positive + 1.0, true_positive + f64::from(u8::from(*alarm))),
            false => (negative, true_negative) = (negative + 1.0, true_negative + f64::from(u8::from(!*alarm))),
        }
    }
    let rate = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 1.0 };
    let classification = (rate(true_positive, positive) + rate(true_negative, negative)) / 2.0;
    let at = timeline.at();
    let late = labels.iter().map(|label| {
        let first = at.partition_point(|at| *at < label.start);
        let end = at.partition_point(|at| *at <= label.end);
        let duration = label.end.since(label.start) as f64 / SECOND;
        match (first..end).find(|index| alarm[*index]) {
            Some(index) if duration > 0.0 => (at[index].since(label.start) as f64 / SECOND / duration).min(1.0),
            Some(_) => 0.0,
            None => 1.0,
        }
    });
    let time_to_detection = if labels.is_empty() { 0.0 } else { 1.0 - late.sum::<f64>() / labels.len() as f64 };
    Batadal { s: (time_to_detection + classification) / 2.0, time_to_detection, classification }
}
