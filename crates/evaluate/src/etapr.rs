//! eTaPR: precision and recall that know of time (Hwang, Yun, Kim, Min: "Do you know existing accuracy metrics overrate
//! time-series anomaly detections?", SAC 2022), with no ambiguous time after an attack (delta 0).
//!
//! Both start from the overlap of each attack with each prediction, in samples. Attacks of which less than `theta_r` is
//! overlapped, and predictions of which less than `theta_p` is, lose their overlaps, again and again until nothing changes.
//! What is left scores half for being found and half for the share that was: recall is the mean over attacks, precision
//! the mean over predictions weighted by the square root of their lengths.

use serde::Serialize;

/// Recall, precision and their harmonic mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Etapr {
    /// Time-aware precision.
    pub precision: f64,
    /// Time-aware recall.
    pub recall: f64,
    /// Harmonic mean of both.
    pub f1: f64,
}

/// Maximal runs of `true`: first and last index.
pub fn runs(bits: &[bool]) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (index, _) in bits.iter().enumerate().filter(|(_, bit)| **bit) {
        match found.last_mut() {
            Some((_, last)) if *last + 1 == index => *last = index,
            _ => found.push((index, index)),
        }
    }
    found
}

/// eTaPR of `predictions` against `attacks`: runs of samples (first, last), each list in order and without overlaps.
pub fn etapr(attacks: &[(usize, usize)], predictions: &[(usize, usize)], theta_p: f64, theta_r: f64) -> Etapr {
    if attacks.is_empty() || predictions.is_empty() {
        return Etapr::default();
    }
    let length = |run: &(usize, usize)| (run.1 - run.0 + 1) as f64;
    // Overlaps that are there, sparse: both lists are sorted.
    let mut overlaps: Vec<(usize, usize, f64)> = Vec::new();
    for (attack, a) in attacks.iter().enumerate() {
        let from = predictions.partition_point(|p| p.1 < a.0);
        for (offset, p) in predictions[from..].iter().enumerate().take_while(|(_, p)| p.0 <= a.1) {
            let shared = (a.1.min(p.1) - a.0.max(p.0) + 1) as f64;
            overlaps.push((attack, from + offset, shared));
        }
    }
    let by_attack = |overlaps: &[(usize, usize, f64)]| {
        let mut share = vec![0.0; attacks.len()];
        overlaps.iter().for_each(|(attack, _, shared)| share[*attack] += shared);
        share.iter_mut().zip(attacks).for_each(|(share, attack)| *share /= length(attack));
        share
    };
    let by_prediction = |overlaps: &[(usize, usize, f64)]| {
        let mut share = vec![0.0; predictions.len()];
        overlaps.iter().for_each(|(_, prediction, shared)| share[*prediction] += shared);
        share.iter_mut().zip(predictions).for_each(|(share, prediction)| *share /= length(prediction));
        share
    };
    loop {
        let before = overlaps.len();
        let share = by_attack(&overlaps);
        overlaps.retain(|(attack, _, _)| share[*attack] >= theta_r);
        let share = by_prediction(&overlaps);
        overlaps.retain(|(_, prediction, _)| share[*prediction] >= theta_p);
        if overlaps.len() == before {
            break;
        }
    }
    let found = |share: f64, theta: f64| if share > 0.0 && share >= theta { (1.0 + share.min(1.0)) / 2.0 } else { 0.0 };
    let recall = by_attack(&overlaps).iter().map(|share| found(*share, theta_r)).sum::<f64>() / attacks.len() as f64;
    let weights: Vec<f64> = predictions.iter().map(|run| length(run).sqrt()).collect();
    let right: f64 =
        by_prediction(&overlaps).iter().zip(&weights).map(|(share, weight)| found(*share, theta_p) * weight).sum();
    let precision = right / weights.iter().sum::<f64>();
    let f1 = if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 };
    Etapr { precision, recall, f1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12, "{a} is not {b}");
    }

    #[test]
    fn exact_prediction_is_one() {
        let score = etapr(&[(10, 19), (30, 39)], &[(10, 19), (30, 39)], 0.5, 0.1);
        assert_eq!(score, Etapr { precision: 1.0, recall: 1.0, f1: 1.0 });
    }

    #[test]
    fn half_an_attack_scores_half_of_its_half() {
        // 5 of 10 samples: recall (1 + 0.5) / 2; the prediction is wholly right.
        let score = etapr(&[(10, 19)], &[(10, 14)], 0.5, 0.1);
        close(score.recall, 0.75);
        close(score.precision, 1.0);
        close(score.f1, 2.0 * 0.75 / 1.75);
    }

    #[test]
    fn prediction_mostly_outside_loses_its_attack_too() {
        // 4 of 10 samples of the prediction are right: under theta_p, so the attack has nothing left.
        assert_eq!(etapr(&[(10, 19)], &[(4, 13)], 0.5, 0.1).f1, 0.0);
        // 6 of 12: just right. Recall (1 + 0.6) / 2, precision (1 + 0.5) / 2.
        let score = etapr(&[(10, 19)], &[(4, 15)], 0.5, 0.1);
        close(score.recall, 0.8);
        close(score.precision, 0.75);
    }

    #[test]
    fn attack_touched_too_little_costs_its_prediction() {
        // 1 of 20 samples of the attack: under theta_r.
        let score = etapr(&[(0, 19), (100, 109)], &[(19, 19), (100, 109)], 0.5, 0.1);
        close(score.recall, 0.5);
        // The lost prediction has length 1, the other 10: weights 1 and sqrt(10).
        close(score.precision, 10f64.sqrt() / (1.0 + 10f64.sqrt()));
    }

    #[test]
    fn pruning_goes_on_until_nothing_changes() {
        // One prediction of 20 bridges two attacks: 1 of 12 samples of the first (pruned: 0.083 < 0.1), 9 of 10 of the
        // second. After the first is pruned the prediction has 9 of 20 left: under theta_p, so it goes, and with it the second.
        assert_eq!(etapr(&[(0, 11), (22, 31)], &[(11, 30)], 0.5, 0.1), Etapr::default());
    }

    #[test]
    fn false_predictions_weigh_by_the_root_of_their_length() {
        let score = etapr(&[(0, 99)], &[(0, 99), (200, 224)], 0.5, 0.1);
        close(score.precision, 10.0 / 15.0);
        close(score.recall, 1.0);
    }

    #[test]
    fn nothing_predicted_is_nothing() {
        assert_eq!(etapr(&[(0, 9)], &[], 0.5, 0.1), Etapr::default());
        assert_eq!(etapr(&[], &[(0, 9)], 0.5, 0.1), Etapr::default());
    }
}
