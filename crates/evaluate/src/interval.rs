//! What is scored: samples with their times, labelled intervals, and what is excused.

use model::Time;
use serde::{Deserialize, Serialize};

/// Nanoseconds of a second.
pub(crate) const SECOND: f64 = 1e9;

/// One attack or fault that really was there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// What it is called in the data.
    pub id: String,
    /// Time of its first sample.
    pub start: Time,
    /// Time of its last sample.
    pub end: Time,
    /// The tags, machines or conversations that it was done to; empty where the data do not say.
    pub targets: Vec<String>,
}

/// What is excused, and what counts as one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// Runs of alarm at most this many seconds apart are one episode.
    pub gap: f64,
    /// Seconds after the end of a label that are still excused.
    pub grace: f64,
    /// Seconds before the start of a label within which an onset counts.
    pub slack: f64,
    /// Share of a prediction that must be right for it to count (eTaPR).
    pub theta_p: f64,
    /// Share of an attack that must be found for it to count (eTaPR).
    pub theta_r: f64,
}

impl Settings {
    /// With the thresholds of eTaPR that are used everywhere: 0.5 and 0.1.
    pub fn new(gap: f64, grace: f64, slack: f64) -> Settings {
        Settings { gap, grace, slack, theta_p: 0.5, theta_r: 0.1 }
    }
}

/// Samples in order of time, and for how long each of them stands.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    at: Vec<Time>,
    seconds: Vec<f64>,
}

impl Timeline {
    /// Samples at these times, in order. A sample stands until the next one, but no longer than three usual intervals:
    /// a hole in the data is not normal time.
    pub fn new(at: Vec<Time>) -> Timeline {
        let mut steps: Vec<f64> = at.windows(2).map(|pair| (pair[1].since(pair[0]) as f64 / SECOND).max(0.0)).collect();
        let mut sorted = steps.clone();
        sorted.sort_by(f64::total_cmp);
        let usual = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
        // Packets come in bursts: their usual interval says nothing about holes.
        let longest = if usual >= 0.5 { usual * 3.0 } else { 60.0 };
        steps.iter_mut().for_each(|step| *step = if *step > longest { usual } else { *step });
        steps.push(usual);
        steps.truncate(at.len());
        Timeline { at, seconds: steps }
    }

    /// Times of the samples.
    pub fn at(&self) -> &[Time] {
        &self.at
    }

    /// For how many seconds each sample stands.
    pub fn seconds(&self) -> &[f64] {
        &self.seconds
    }

    /// Which samples lie in a label that lasts `grace` seconds longer than it does.
    pub fn covered(&self, labels: &[Label], grace: f64) -> Vec<bool> {
        let grace = (grace * SECOND) as i64;
        let mut covered = vec![false; self.at.len()];
        for label in labels {
            let first = self.at.partition_point(|at| *at < label.start);
            let end = self.at.partition_point(|at| *at <= label.end.plus(grace));
            covered[first..end.max(first)].fill(true);
        }
        covered
    }

    /// Labels as maximal runs of samples where `is_bad`.
    pub fn labels(&self, is_bad: &[bool]) -> Vec<Label> {
        crate::runs(is_bad)
            .into_iter()
            .enumerate()
            .map(|(index, (first, last))| Label {
                id: (index + 1).to_string(),
                start: self.at[first],
                end: self.at[last],
                targets: Vec::new(),
            })
            .collect()
    }
}
