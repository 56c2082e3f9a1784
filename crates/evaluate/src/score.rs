//! The score of one run: attacks one by one, false episodes with their bounds, and the sums.

use model::Time;
use serde::Serialize;

use crate::interval::SECOND;
use crate::{Batadal, Episode, Etapr, Label, Settings, Timeline, batadal, bounds, episodes, etapr, runs};

/// What became of one attack.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Found {
    /// The attack.
    pub label: Label,
    /// Whether an episode starts in it, or in the slack before or the grace after it.
    pub is_onset: bool,
    /// Whether any of its samples is in alarm.
    pub is_overlapped: bool,
    /// Seconds from its start to the first sample in alarm of the episode that found it; 0 where that began before.
    pub delay: Option<f64>,
    /// Samples from its start to there.
    pub delay_samples: Option<usize>,
    /// Number of the episode that found it, in the list of episodes, from 0.
    pub episode: Option<usize>,
    /// What that episode blames, the most blamed first.
    pub blamed: Vec<String>,
    /// Whether a target is among the first three; none where the data name no target.
    pub is_localised: Option<bool>,
}

/// All metrics of one run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// Number of samples.
    pub samples: usize,
    /// Number of attacks.
    pub attacks: usize,
    /// Attacks in which an episode starts.
    pub onset: usize,
    /// Attacks of which any sample is in alarm.
    pub overlap: usize,
    /// Number of episodes.
    pub episodes: usize,
    /// Episodes that touch no attack and no grace.
    pub false_episodes: usize,
    /// Days outside attacks and their graces.
    pub normal_days: f64,
    /// False episodes a normal day; none where there is no normal time.
    pub false_per_day: Option<f64>,
    /// 95 % bounds of that (exact, Poisson).
    pub false_per_day_bounds: Option<(f64, f64)>,
    /// Share of normal time in alarm.
    pub normal_duty: f64,
    /// Whether the normal duty is over 2 %: then nothing else here means much.
    pub is_void: bool,
    /// Precision of samples.
    pub point_precision: f64,
    /// Recall of samples.
    pub point_recall: f64,
    /// F1 of samples.
    pub point_f1: f64,
    /// eTaPR.
    pub etapr: Etapr,
    /// S of BATADAL.
    pub batadal: Batadal,
    /// Mean delay of the attacks found at their onset, in seconds.
    pub mean_delay: Option<f64>,
    /// Attacks with a known target that was among the first three blamed.
    pub localised: usize,
    /// Attacks with a known target.
    pub localisable: usize,
    /// Attacks one by one.
    pub found: Vec<Found>,
    /// Numbers of the false episodes in the list of episodes.
    pub false_list: Vec<usize>,
}

/// Scores samples in alarm; `blamed` says what an episode blames, the most blamed first.
pub fn score(
    timeline: &Timeline,
    alarm: &[bool],
    labels: &[Label],
    settings: &Settings,
    blamed: &dyn Fn(&Episode) -> Vec<String>,
) -> Score {
    let at = timeline.at();
    let episodes = episodes(at, alarm, settings.gap);
    let (grace, slack) = ((settings.grace * SECOND) as i64, (settings.slack * SECOND) as i64);
    let bad = timeline.covered(labels, 0.0);
    let excused = timeline.covered(labels, settings.grace);

    let found: Vec<Found> =
        labels.iter().map(|label| find(label, at, alarm, &episodes, slack, grace, blamed)).collect();
    let is_false = |episode: &&Episode| {
        !labels.iter().any(|label| episode.start <= label.end.plus(grace) && episode.end >= label.start)
    };
    let false_list: Vec<usize> =
        episodes.iter().enumerate().filter(|(_, episode)| is_false(episode)).map(|(index, _)| index).collect();

    let (mut normal, mut in_alarm) = (0.0, 0.0);
    for ((seconds, excused), alarm) in timeline.seconds().iter().zip(&excused).zip(alarm) {
        if !excused {
            normal += seconds;
            in_alarm += if *alarm { *seconds } else { 0.0 };
        }
    }
    let normal_days = normal / 86_400.0;
    let normal_duty = if normal > 0.0 { in_alarm / normal } else { 0.0 };
    let per_day = |count: f64| (normal_days > 0.0).then(|| count / normal_days);
    let (lower, upper) = bounds(false_list.len() as u64);

    let hits = bad.iter().zip(alarm).filter(|(bad, alarm)| **bad && **alarm).count() as f64;
    let share = |whole: &[bool]| match whole.iter().filter(|bit| **bit).count() {
        0 => 0.0,
        count => hits / count as f64,
    };
    let (point_precision, point_recall) = (share(alarm), share(&bad));
    let both = point_precision + point_recall;
    let delays: Vec<f64> = found.iter().filter_map(|one| one.delay).collect();
    Score {
        samples: at.len(),
        attacks: labels.len(),
        onset: found.iter().filter(|one| one.is_onset).count(),
        overlap: found.iter().filter(|one| one.is_overlapped).count(),
        episodes: episodes.len(),
        false_episodes: false_list.len(),
        normal_days,
        false_per_day: per_day(false_list.len() as f64),
        false_per_day_bounds: per_day(lower).zip(per_day(upper)),
        normal_duty,
        is_void: normal_duty > 0.02,
        point_precision,
        point_recall,
        point_f1: if both > 0.0 { 2.0 * point_precision * point_recall / both } else { 0.0 },
        etapr: etapr(&runs(&bad), &runs(alarm), settings.theta_p, settings.theta_r),
        batadal: batadal(timeline, alarm, labels),
        mean_delay: (!delays.is_empty()).then(|| delays.iter().sum::<f64>() / delays.len() as f64),
        localised: found.iter().filter(|one| one.is_localised == Some(true)).count(),
        localisable: found.iter().filter(|one| one.is_localised.is_some()).count(),
        found,
        false_list,
    }
}

fn find(
    label: &Label,
    at: &[Time],
    alarm: &[bool],
    episodes: &[Episode],
    slack: i64,
    grace: i64,
    blamed: &dyn Fn(&Episode) -> Vec<String>,
) -> Found {
    let starts =
        |episode: &Episode| episode.start >= label.start.plus(-slack) && episode.start <= label.end.plus(grace);
    let touches = |episode: &Episode| episode.start <= label.end.plus(grace) && episode.end >= label.start;
    let onset = episodes.iter().position(starts);
    let first = at.partition_point(|at| *at < label.start);
    let end = at.partition_point(|at| *at <= label.end).max(first);
    // Where no episode starts in the attack, one that was there already may still tell whom it blames.
    let episode = onset.or_else(|| episodes.iter().position(touches));
    let blamed = episode.map(|index| blamed(&episodes[index])).unwrap_or_default();
    let is_localised = (!label.targets.is_empty())
        .then(|| blamed.iter().take(3).any(|tag| label.targets.iter().any(|target| target == tag)));
    let start = onset.map(|index| episodes[index].start.max(label.start));
    Found {
        label: label.clone(),
        is_onset: onset.is_some(),
        is_overlapped: alarm[first..end].contains(&true),
        delay: start.map(|start| start.since(label.start) as f64 / SECOND),
        delay_samples: onset.map(|index| episodes[index].first.saturating_sub(first)),
        episode,
        blamed,
        is_localised,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(count: i64) -> Timeline {
        Timeline::new((0..count).map(|hour| Time::from_seconds(hour * 3_600, 0)).collect())
    }

    fn label(start: i64, end: i64) -> Label {
        let time = |hour: i64| Time::from_seconds(hour * 3_600, 0);
        Label { id: format!("{start}"), start: time(start), end: time(end), targets: vec!["L1".into()] }
    }

    fn alarms(count: usize, spans: &[(usize, usize)]) -> Vec<bool> {
        (0..count).map(|index| spans.iter().any(|(first, last)| (*first..=*last).contains(&index))).collect()
    }

    const HOUR: f64 = 3_600.0;

    #[test]
    fn episodes_in_grace_are_neither_found_twice_nor_false() {
        let labels = [label(100, 109), label(200, 209)];
        let alarm = alarms(480, &[(102, 104), (115, 116), (300, 301)]);
        let settings = Settings::new(2.0 * HOUR, 12.0 * HOUR, 0.0);
        let score = score(&hours(480), &alarm, &labels, &settings, &|_| vec!["L2".into(), "L1".into()]);
        assert_eq!((score.onset, score.overlap, score.attacks, score.episodes), (1, 1, 2, 3));
        assert_eq!(score.false_list, [2]);
        // 480 h less twice 10 h of attack and 12 h of grace.
        assert!((score.normal_days - 436.0 / 24.0).abs() < 1e-9);
        assert!((score.normal_duty - 2.0 / 436.0).abs() < 1e-12);
        assert_eq!(score.found[0].delay, Some(2.0 * HOUR));
        assert_eq!(score.found[0].delay_samples, Some(2));
        assert_eq!((score.localised, score.localisable), (1, 2));
        // S: delays 0.222 of the first, all of the second; 3 of 20 hit, 456 of 460 spared.
        let late = (2.0 / 9.0 + 1.0) / 2.0;
        assert!((score.batadal.time_to_detection - (1.0 - late)).abs() < 1e-12);
        assert!((score.batadal.classification - (3.0 / 20.0 + 456.0 / 460.0) / 2.0).abs() < 1e-12);
        // 3 hits of 7 alarms and of 20 samples of attack.
        assert!((score.point_f1 - 2.0 * 3.0 / 27.0).abs() < 1e-12);
    }

    #[test]
    fn alarm_that_is_always_on_overlaps_all_and_finds_nothing() {
        let labels = [label(100, 109), label(200, 209)];
        let settings = Settings::new(0.0, 0.0, 0.0);
        let score = score(&hours(480), &[true; 480], &labels, &settings, &|_| Vec::new());
        assert_eq!((score.onset, score.overlap, score.false_episodes), (0, 2, 0));
        assert!(score.is_void && (score.normal_duty - 1.0).abs() < 1e-12);
    }

    #[test]
    fn slack_forgives_an_early_start() {
        let labels = [label(100, 109)];
        let alarm = alarms(200, &[(99, 105)]);
        let of = |slack| score(&hours(200), &alarm, &labels, &Settings::new(0.0, 0.0, slack), &|_| Vec::new());
        assert_eq!((of(0.0).onset, of(HOUR).onset, of(HOUR).found[0].delay), (0, 1, Some(0.0)));
        assert_eq!(of(0.0).false_episodes, 0, "it touches the attack");
    }
}
