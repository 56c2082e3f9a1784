//! What chance would score: the same alarms against a schedule of attacks that is shifted in a circle, and an alarm that
//! is always on.

use model::Time;
use serde::Serialize;

use crate::{Label, Score, Settings, Timeline, score};

/// Number of circular shifts of the schedule.
pub const SHIFTS: usize = 300;

/// Scores of what knows nothing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Nulls {
    /// Number of shifts.
    pub shifts: usize,
    /// Mean number of attacks found at their onset under a shifted schedule.
    pub onset_mean: f64,
    /// 95 % of the shifts found at most so many.
    pub onset_q95: usize,
    /// Mean number overlapped.
    pub overlap_mean: f64,
    /// Mean eTaPR-F1.
    pub etapr_f1_mean: f64,
    /// 95 % of the shifts scored at most this eTaPR-F1.
    pub etapr_f1_q95: f64,
    /// Share of the shifts that scored at least as well as the true schedule, by onset.
    pub onset_p: f64,
    /// Onsets found by an alarm that is always on.
    pub all_ones_onset: usize,
    /// Attacks it overlaps.
    pub all_ones_overlap: usize,
    /// Its F1 of samples.
    pub all_ones_point_f1: f64,
    /// Its eTaPR-F1.
    pub all_ones_etapr_f1: f64,
}

/// Nulls of a run that scored `real`. The schedule is shifted by equal steps over all samples, so that the answer is
/// the same every time; an attack that is cut by the end goes on at the beginning.
pub fn nulls(timeline: &Timeline, alarm: &[bool], labels: &[Label], settings: &Settings, real: &Score) -> Nulls {
    let count = timeline.at().len();
    let nobody = |_: &crate::Episode| Vec::new();
    let spans: Vec<(usize, usize)> = labels
        .iter()
        .map(|label| {
            let first = timeline.at().partition_point(|at| *at < label.start);
            (first, timeline.at().partition_point(|at| *at <= label.end).max(first + 1))
        })
        .collect();
    let (mut onsets, mut overlaps, mut etaprs) = (Vec::new(), 0.0, Vec::new());
    let shifts = if count == 0 || labels.is_empty() { 0 } else { SHIFTS };
    for number in 1..=shifts {
        let by = number * count / (SHIFTS + 1);
        let shifted: Vec<Label> = spans
            .iter()
            .zip(labels)
            .filter_map(|((first, end), label)| {
                let place = (first + by) % count;
                // What is cut by the end keeps its longer part: an attack stays one attack.
                let (from, to) = match place + (end - first) {
                    last if last <= count => (place, last),
                    last if last - count > count - place => (0, last - count),
                    _ => (place, count),
                };
                let time = |index: usize| timeline.at().get(index).copied().unwrap_or(Time(0));
                (from < to).then(|| Label { start: time(from), end: time(to - 1), ..label.clone() })
            })
            .collect();
        let score = score(timeline, alarm, &shifted, settings, &nobody);
        onsets.push(score.onset);
        overlaps += score.overlap as f64;
        etaprs.push(score.etapr.f1);
    }
    let mean = |sum: f64| if shifts == 0 { 0.0 } else { sum / shifts as f64 };
    let all_ones = score(timeline, &vec![true; count], labels, settings, &nobody);
    let reached = onsets.iter().filter(|onset| **onset >= real.onset).count();
    onsets.sort_unstable();
    etaprs.sort_by(f64::total_cmp);
    let place = (shifts * 95 / 100).min(shifts.saturating_sub(1));
    Nulls {
        shifts,
        onset_mean: mean(onsets.iter().sum::<usize>() as f64),
        onset_q95: onsets.get(place).copied().unwrap_or(0),
        overlap_mean: mean(overlaps),
        etapr_f1_mean: mean(etaprs.iter().sum()),
        etapr_f1_q95: etaprs.get(place).copied().unwrap_or(0.0),
        onset_p: mean(reached as f64),
        all_ones_onset: all_ones.onset,
        all_ones_overlap: all_ones.overlap,
        all_ones_point_f1: all_ones.point_f1,
        all_ones_etapr_f1: all_ones.etapr.f1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_worse_than_the_true_schedule() {
        let timeline = Timeline::new((0..1_000).map(|second| Time::from_seconds(second, 0)).collect());
        let time = |second| Time::from_seconds(second, 0);
        let label =
            |id: &str, start, end| Label { id: id.into(), start: time(start), end: time(end), targets: Vec::new() };
        let labels = [label("a", 100, 149), label("b", 400, 449)];
        let alarm: Vec<bool> =
            (0..1_000).map(|second| (105..150).contains(&second) || (402..450).contains(&second)).collect();
        let settings = Settings::new(0.0, 0.0, 0.0);
        let real = score(&timeline, &alarm, &labels, &settings, &|_| Vec::new());
        let nulls = nulls(&timeline, &alarm, &labels, &settings, &real);
        assert_eq!((real.onset, nulls.shifts), (2, SHIFTS));
        assert!(nulls.onset_mean < 0.25 && nulls.onset_p < 0.05, "{nulls:?}");
        assert!(nulls.etapr_f1_mean < 0.2 && nulls.etapr_f1_q95 < real.etapr.f1);
        // All samples: 100 of 1,000 are right, which is F1 0.18; one prediction of which a tenth is right counts nothing.
        assert!((nulls.all_ones_point_f1 - 200.0 / 1_100.0).abs() < 1e-12);
        assert_eq!((nulls.all_ones_onset, nulls.all_ones_overlap, nulls.all_ones_etapr_f1), (0, 2, 0.0));
    }
}
