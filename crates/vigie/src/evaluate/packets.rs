//! `vigie evaluate --kind packets` and `--kind range`: captures with labelled packets, or the simulated plant with its truth.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use analyze::baseline::{Baseline, Deviation, Settings as Learning};
use analyze::{Analysis, Settings as Choices};
use capture::{Chunk, Input, Reader, Selection};
use decode::{Options, Pipeline};
use evaluate::labels::Labels;
use evaluate::{Label, Part, Report, Settings, Source, Timeline, Told, episodes, nulls, score};
use model::{LinkType, Record, Said, Severity, Time, said};

use super::{label, read_labels, refuse_trained_on};
use crate::arguments;
use crate::exports;

/// Seconds within which packets of an attack belong together, and within which alarms are one episode.
const GAP: f64 = 60.0;

/// An alarm at one time.
struct Alert {
    /// The packet that shows it.
    at: Time,
    /// What told it: a part of the detection.
    part: &'static str,
    /// Whom it blames, the doer first.
    blamed: Vec<String>,
    /// What it says.
    said: Said,
    /// Whether it stays quiet by itself.
    is_loud: bool,
}

/// A run of packets: their times and, where known, which belong to an attack.
struct Trace {
    source: Source,
    at: Vec<Time>,
    is_bad: Option<Vec<bool>>,
}

/// What has learned, and judges.
struct Detection {
    baseline: Baseline,
    /// Findings of the time that was learned from: they are the plant as it is.
    known: BTreeSet<String>,
}

pub fn captures(arguments: &arguments::Evaluate) -> Result<Report, String> {
    if arguments.train.is_empty() || arguments.test.is_empty() {
        return Err("packets are evaluated with --train and --test".to_owned());
    }
    let hashed = |paths: &[PathBuf]| -> Result<Vec<Source>, String> {
        paths
            .iter()
            .map(|path| {
                let sha256 = exports::sha256(&exports::bytes(path)?);
                Ok(Source { name: stem(path, true), sha256, samples: 0 })
            })
            .collect()
    };
    let (mut train, test) = (hashed(&arguments.train)?, hashed(&arguments.test)?);
    refuse_trained_on(&train, &test)?;
    let files = read_labels(&arguments.labels)?;
    let packets_of = |path: &Path| -> Option<&Vec<bool>> {
        let name = stem(path, false);
        let found = files.iter().zip(&arguments.labels).find_map(|(file, of)| match file {
            Labels::Packets(packets) if stem(of, false).starts_with(&name) => Some(packets),
            _ => None,
        });
        // One capture and one file of labels belong together whatever they are called.
        found.or(match (&files[..], &arguments.test[..]) {
            ([Labels::Packets(packets)], [only]) if only == path => Some(packets),
            _ => None,
        })
    };

    let mut detection = Detection { baseline: Baseline::new(Learning::default()), known: BTreeSet::new() };
    for (path, source) in arguments.train.iter().zip(&mut train) {
        let labels = packets_of(path);
        source.samples = detection.learn(|sink| read(path, labels.map(Vec::as_slice), sink))?;
    }
    detection.baseline.arm_all();

    let mut all = Judged::default();
    for (path, source) in arguments.test.iter().zip(test) {
        let mut at = Vec::new();
        let alerts = detection.judge(|sink| {
            read(path, None, &mut |time, link, bytes, length| {
                at.push(time);
                sink(time, link, bytes, length);
            })
        })?;
        let is_bad =
            packets_of(path).map(|labels| (0..at.len()).map(|index| labels.get(index) == Some(&true)).collect());
        all.add(Trace { source: Source { samples: at.len(), ..source }, at, is_bad }, alerts, arguments);
    }
    for file in &files {
        match file {
            Labels::Intervals(list) => {
                all.labels.extend(list.iter().map(|one| label(one, None)).collect::<Result<Vec<_>, _>>()?)
            }
            Labels::Deeds(deeds) => all.labels.extend(deeds.iter().cloned()),
            Labels::Packets(_) => {}
        }
    }
    let from = if files.is_empty() { "none" } else { "file" };
    Ok(all.report("packets", train, from, arguments))
}

/// Minutes of the simulated plant that are learned, and that are tested.
const LEARNED_MINUTES: u32 = 60;
const TESTED_MINUTES: u32 = 60;

pub fn range(arguments: &arguments::Evaluate) -> Result<Report, String> {
    let seed = arguments.seed.unwrap_or(1);
    let source = |name: &str, plan: &range::Plan| Source {
        name: format!("simulated plant, {name}, seed {}, {} minutes", plan.seed, plan.minutes),
        sha256: String::new(),
        samples: 0,
    };
    let quiet =
        range::Plan { attacks: range::Attacks::None, ..range::Plan::new(LEARNED_MINUTES, seed.wrapping_add(1)) };
    let loud = range::Plan::new(TESTED_MINUTES, seed);
    let mut detection = Detection { baseline: Baseline::new(Learning::default()), known: BTreeSet::new() };
    let mut train = source("quiet", &quiet);
    train.samples = detection.learn(|sink| {
        range::simulate(&quiet, &mut |at, bytes| sink(at, LinkType::ETHERNET, bytes, bytes.len() as u32));
        Ok(())
    })?;
    detection.baseline.arm_all();
    let (mut at, mut truth) = (Vec::new(), range::Truth::default());
    let alerts = detection.judge(|sink| {
        truth = range::simulate(&loud, &mut |time, bytes| {
            at.push(time);
            sink(time, LinkType::ETHERNET, bytes, bytes.len() as u32);
        });
        Ok(())
    })?;
    let mut all = Judged::default();
    let samples = at.len();
    all.add(Trace { source: Source { samples, ..source("with attacks", &loud) }, at, is_bad: None }, alerts, arguments);
    let attacks = truth.deeds.iter().filter(|deed| deed.intent == range::Intent::Attack);
    all.labels.extend(attacks.map(|deed| Label {
        id: deed.id.to_owned(),
        start: deed.first,
        end: deed.last,
        targets: std::iter::once(deed.from.to_string()).chain(deed.to.iter().map(ToString::to_string)).collect(),
    }));
    Ok(all.report("range", vec![train], "truth of the simulated plant", arguments))
}

/// The name of a file, with or without its ending.
fn stem(path: &Path, is_whole: bool) -> String {
    let name = if is_whole { path.file_name() } else { path.file_stem() };
    name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

type Sink<'a> = &'a mut dyn FnMut(Time, LinkType, &[u8], u32);

/// All packets of a capture but those that `leave_out` marks.
fn read(path: &Path, leave_out: Option<&[bool]>, sink: Sink<'_>) -> Result<(), String> {
    let mut reader = Reader::new(Input::from_paths(&[path.to_owned()]), Selection::default());
    let mut chunk = Chunk::new();
    let mut has_more = reader.next_chunk(&mut chunk);
    while has_more {
        for frame in chunk.frames() {
            let is_out = leave_out.is_some_and(|marks| marks.get(frame.number as usize - 1) == Some(&true));
            if !is_out {
                sink(frame.at, frame.link, frame.bytes, frame.wire_len);
            }
        }
        has_more = reader.next_chunk(&mut chunk);
    }
    match reader.problems().first() {
        Some(problem) if reader.counters().packets == 0 => Err(problem.to_string()),
        _ => Ok(()),
    }
}

/// Packets in, every act on its own out, each record once.
fn decode(feed: impl FnOnce(Sink<'_>) -> Result<(), String>, tell: &mut dyn FnMut(&Record)) -> Result<usize, String> {
    let mut pipeline = Pipeline::new(Options { is_rolled_up: false }, 1);
    let (mut chunk, mut count) = (Chunk::new(), 0_u64);
    feed(&mut |at, link, bytes, length| {
        count += 1;
        chunk.push(at, link, bytes, length, count);
        if chunk.is_full() {
            pipeline.chunk(&chunk, || (), tell);
            chunk.clear();
        }
    })?;
    if !chunk.is_empty() {
        pipeline.chunk(&chunk, || (), tell);
    }
    pipeline.finish(tell);
    Ok(count as usize)
}

impl Detection {
    fn learn(&mut self, feed: impl FnOnce(Sink<'_>) -> Result<(), String>) -> Result<usize, String> {
        let mut analysis = Analysis::new(Choices::default());
        let baseline = &mut self.baseline;
        let count = decode(feed, &mut |record| {
            analysis.record(record);
            baseline.learn(record);
        })?;
        let kinds = analysis.finish().findings;
        self.known.extend(kinds.iter().map(|ranked| ranked.finding.detector.to_string()));
        Ok(count)
    }

    /// What departs from the baseline, and findings of detectors that the learned time did not have.
    fn judge(&self, feed: impl FnOnce(Sink<'_>) -> Result<(), String>) -> Result<Vec<Alert>, String> {
        let mut analysis = Analysis::new(Choices::default());
        let mut baseline = self.baseline.clone();
        let mut alerts: Vec<Alert> = Vec::new();
        decode(feed, &mut |record| {
            analysis.record(record);
            alerts.extend(baseline.judge(record).iter().map(departure));
        })?;
        for ranked in analysis.finish().findings {
            let finding = ranked.finding;
            if self.known.contains(finding.detector.as_ref()) {
                continue;
            }
            let said = finding.evidence.first().cloned().unwrap_or_default();
            alerts.push(Alert {
                at: finding.first,
                part: "detectors",
                blamed: [finding.from, finding.to].into_iter().flatten().filter_map(name).collect(),
                said: said!("{title}: {said}", "{title} : {said}", title = finding.title.clone(), said = said),
                is_loud: finding.severity >= Severity::High,
            });
        }
        alerts.sort_by_key(|alert| alert.at);
        Ok(alerts)
    }
}

fn name(address: model::Address) -> Option<String> {
    address.ip.map(|ip| ip.to_string()).or_else(|| address.mac.map(|mac| mac.to_string()))
}

fn departure(deviation: &Deviation) -> Alert {
    Alert {
        at: deviation.first,
        part: "baseline",
        blamed: [deviation.from, deviation.to].into_iter().flatten().filter_map(name).collect(),
        said: said!(
            "{seen} {expected}",
            "{seen} {expected}",
            seen = deviation.seen.clone(),
            expected = deviation.expected.clone()
        ),
        is_loud: deviation.is_alert(),
    }
}

/// All tests together: one timeline, its alarms and its attacks.
#[derive(Default)]
struct Judged {
    sources: Vec<Source>,
    at: Vec<Time>,
    alarm: Vec<bool>,
    parts: Vec<(&'static str, Vec<bool>)>,
    alerts: Vec<Alert>,
    labels: Vec<Label>,
    bad: Vec<bool>,
    false_alerts: usize,
}

impl Judged {
    /// Adds a trace after those before.
    fn add(&mut self, trace: Trace, alerts: Vec<Alert>, arguments: &arguments::Evaluate) {
        let gap = arguments.gap.unwrap_or(GAP);
        let Some(first) = trace.at.iter().min().copied() else {
            self.sources.push(trace.source);
            return;
        };
        let shift = match self.at.last() {
            Some(last) if first <= *last => last.since(first) + 86_400_000_000_000,
            _ => 0,
        };
        let begin = self.at.len();
        // Captures are not always in order of time; a timeline is.
        let mut order: Vec<usize> = (0..trace.at.len()).collect();
        order.sort_by_key(|index| trace.at[*index]);
        let bad: Vec<bool> = order.iter().map(|index| trace.is_bad.as_ref().is_some_and(|bad| bad[*index])).collect();
        self.at.extend(order.iter().map(|index| trace.at[*index].plus(shift)));
        self.alarm.resize(self.at.len(), false);
        self.parts.iter_mut().for_each(|(_, alarm)| alarm.resize(self.at.len(), false));
        let marks: Vec<Time> =
            (begin..self.at.len()).filter(|index| bad[index - begin]).map(|index| self.at[index]).collect();
        for time in &marks {
            match self.labels.last_mut() {
                Some(last) if time.since(last.end) as f64 <= gap * 1e9 => last.end = *time,
                _ => self.labels.push(Label {
                    id: (self.labels.len() + 1).to_string(),
                    start: *time,
                    end: *time,
                    targets: Vec::new(),
                }),
            }
        }
        for mut alert in alerts {
            alert.at = alert.at.plus(shift);
            let place = begin + self.at[begin..].partition_point(|at| *at < alert.at);
            let place = place.min(self.at.len() - 1);
            if alert.is_loud {
                self.alarm[place] = true;
                let part = match self.parts.iter().position(|(part, _)| *part == alert.part) {
                    Some(part) => part,
                    None => {
                        self.parts.push((alert.part, vec![false; self.at.len()]));
                        self.parts.len() - 1
                    }
                };
                self.parts[part].1[place] = true;
                self.false_alerts += usize::from(!bad[place - begin] && trace.is_bad.is_some());
            }
            self.alerts.push(alert);
        }
        self.bad.extend(bad);
        self.sources.push(trace.source);
    }

    fn report(mut self, kind: &str, train: Vec<Source>, labels_from: &str, arguments: &arguments::Evaluate) -> Report {
        let timeline = Timeline::new(std::mem::take(&mut self.at));
        let settings =
            Settings::new(arguments.gap.unwrap_or(GAP), arguments.grace.unwrap_or(GAP), arguments.slack.unwrap_or(0.0));
        self.labels.sort_by_key(|label| label.start);
        let within = |start: Time, end: Time| {
            self.alerts.iter().filter(move |alert| alert.is_loud && alert.at >= start && alert.at <= end)
        };
        let blamed = |episode: &evaluate::Episode| -> Vec<String> {
            let mut all: Vec<String> = Vec::new();
            for name in within(episode.start, episode.end).flat_map(|alert| &alert.blamed) {
                if !all.contains(name) {
                    all.push(name.clone());
                }
            }
            all
        };
        let result = score(&timeline, &self.alarm, &self.labels, &settings, &blamed);
        let nulls = nulls(&timeline, &self.alarm, &self.labels, &settings, &result);
        let parts = self
            .parts
            .iter()
            .map(|(name, alarm)| Part::new(name, &score(&timeline, alarm, &self.labels, &settings, &|_| Vec::new())))
            .collect();
        let grace = (settings.grace * 1e9) as i64;
        let episodes: Vec<Told> = episodes(timeline.at(), &self.alarm, settings.gap)
            .iter()
            .enumerate()
            .map(|(index, episode)| Told {
                start: episode.start,
                end: episode.end,
                seconds: episode.end.since(episode.start) as f64 / 1e9,
                attacks: self
                    .labels
                    .iter()
                    .filter(|one| episode.start <= one.end.plus(grace) && episode.end >= one.start)
                    .map(|one| one.id.clone())
                    .collect(),
                is_false: result.false_list.contains(&index),
                blamed: blamed(episode),
                explanation: within(episode.start, episode.end).map(|alert| alert.said.clone()).take(12).collect(),
            })
            .collect();
        let mut notes = vec![said!(
            "An alarm stands at the packet that shows it; a conversation is told when it ends, which may be later.",
            "Une alarme est placée au paquet qui la montre ; une conversation est signalée quand elle finit, donc parfois plus tard."
        )];
        let first_bad = self.bad.iter().position(|bad| *bad);
        let first_alarm = self.bad.iter().zip(&self.alarm).position(|(bad, alarm)| *bad && *alarm);
        if let Some(first) = first_bad {
            let text =
                |place: Option<usize>| model::Text::from(place.map_or("–".to_owned(), |place| (place + 1).to_string()));
            notes.push(said!(
                "First packet of an attack: {first}; first packet of an attack in alarm: {alarm}; alerts at packets that are no attack: {wrong}.",
                "Premier paquet d'une attaque : {first} ; premier paquet d'attaque en alarme : {alarm} ; alertes à des paquets hors attaque : {wrong}.",
                first = text(Some(first)),
                alarm = text(first_alarm),
                wrong = model::Text::from(self.false_alerts.to_string())
            ));
        }
        let at = timeline.at();
        Report {
            version: 1,
            kind: kind.to_owned(),
            train,
            test: self.sources,
            labels_from: labels_from.to_owned(),
            labels: self.labels.clone(),
            settings,
            budget: arguments.budget,
            span: (at.first().copied().unwrap_or_default(), at.last().copied().unwrap_or_default()),
            has_time: true,
            packets: first_bad.map(|first| evaluate::Packets {
                first_attack: first as u64 + 1,
                first_alarm: first_alarm.map(|place| place as u64 + 1),
                false_alerts: self.false_alerts as u64,
            }),
            score: result,
            nulls,
            parts,
            episodes,
            notes,
        }
    }
}
