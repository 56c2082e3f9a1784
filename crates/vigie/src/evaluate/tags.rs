//! `vigie evaluate --kind tags`: process values with labelled rows or intervals.

use evaluate::labels::{Labels, name_after};
use evaluate::{Label, Part, Report, Settings, Source, Timeline, Told, episodes, nulls, score};
use model::{Said, Time, said};
use process::{Engine, Hit, Stories, Watch};

use super::{label, read_labels, refuse_trained_on};
use crate::arguments;
use crate::exports::{Export, learn};
use crate::tags::sentences;

/// Samples from this interval on get a grace of twelve intervals: processes that are logged slowly move slowly.
const SLOW_SECONDS: f64 = 600.0;
/// Seconds between files whose times do not follow each other.
const BETWEEN: i64 = 86_400;

fn sources(exports: &[Export]) -> Vec<Source> {
    exports
        .iter()
        .map(|export| Source { name: export.name(), sha256: export.sha256.clone(), samples: export.table.frame.len() })
        .collect()
}

pub fn run(arguments: &arguments::Evaluate) -> Result<Report, String> {
    if arguments.train.is_empty() || arguments.test.is_empty() {
        return Err("tags are evaluated with --train and --test".to_owned());
    }
    let train = Export::read_all(&arguments.train)?;
    let test = Export::read_all(&arguments.test)?;
    let (train_sources, test_sources) = (sources(&train), sources(&test));
    refuse_trained_on(&train_sources, &test_sources)?;
    let files = read_labels(&arguments.labels)?;
    let mut notes: Vec<Said> = Vec::new();

    let tables: Vec<_> = test.iter().map(|export| &export.table).collect();
    let normal = learn(&train, &tables, arguments.budget)?;
    let names = normal.names();
    let interval = test[0].table.frame.interval().unwrap_or(normal.interval);

    // One timeline of all tests. Files without times, or with times that go back, come one after the other.
    let mut watch = Watch::new(&normal);
    let grace = arguments.grace.unwrap_or(if interval >= SLOW_SECONDS { 12.0 * interval } else { 0.0 });
    let settings =
        Settings::new(arguments.gap.unwrap_or((6.0 * interval).max(60.0)), grace, arguments.slack.unwrap_or(interval));
    let mut stories = Stories::new(settings.gap);
    let (mut at, mut alarm, mut engines, mut marked) = (Vec::<Time>::new(), Vec::new(), Vec::<u8>::new(), Vec::new());
    let mut labels: Vec<Label> = Vec::new();
    let has_time = test.iter().all(|export| export.table.has_time);
    let has_column = test.iter().all(|export| export.table.labels.is_some());
    for export in &test {
        let frame = export.table.frame.select(&names);
        if names.iter().all(|name| !export.table.frame.tags().contains(name)) {
            return Err(format!("`{}` has none of the tags that were learned", export.path.display()));
        }
        watch.cut(&normal);
        let first = frame.at()[0];
        let begin = match at.last() {
            Some(last) if first <= *last => last.plus(BETWEEN * 1_000_000_000),
            _ => first,
        };
        let shift = begin.since(first);
        let mut hits: Vec<Hit> = Vec::new();
        for (time, row) in frame.rows() {
            let time = time.plus(shift);
            hits.clear();
            watch.row(&normal, time, row, &mut hits);
            at.push(time);
            alarm.push(stories.row(time, &hits));
            engines.push(hits.iter().filter(|hit| hit.is_alarm()).fold(0, |bits, hit| bits | 1 << hit.engine as u8));
        }
        match &export.table.labels {
            Some(column) => marked.extend_from_slice(column),
            None => marked.resize(at.len(), false),
        }
        for intervals in
            files.iter().filter_map(|file| if let Labels::Intervals(list) = file { Some(list) } else { None })
        {
            let stem = export.name();
            let is_of = |file: &Option<String>| match file {
                Some(file) => *file == stem || stem.starts_with(file.as_str()),
                None => test.len() == 1 || export.table.has_time,
            };
            for one in intervals.iter().filter(|one| is_of(&one.file)) {
                let mut one = label(one, (!export.table.has_time).then_some(first))?;
                (one.start, one.end) = (one.start.plus(shift), one.end.plus(shift));
                let last = at.last().copied().unwrap_or(begin);
                if one.start <= last && one.end >= begin {
                    labels.push(one);
                }
            }
        }
    }
    for file in &files {
        match file {
            Labels::Deeds(deeds) => labels.extend(deeds.iter().cloned()),
            Labels::Packets(_) => return Err("labels of packets do not fit tags".to_owned()),
            Labels::Intervals(_) => {}
        }
    }
    let timeline = Timeline::new(at);
    let labels_from = match (has_column, files.is_empty()) {
        (true, true) => "column".to_owned(),
        (true, false) => {
            labels = name_after(timeline.labels(&marked), &labels);
            "column, named after the file".to_owned()
        }
        (false, false) => "file".to_owned(),
        (false, true) => return Err("no column of labels in the test and no --labels".to_owned()),
    };
    if has_column && files.is_empty() {
        labels = timeline.labels(&marked);
    }
    labels.sort_by_key(|label| label.start);

    let told = stories.finish();
    let name = |tag: usize| normal.tags.get(tag).map_or(String::new(), |tag| tag.name.clone());
    let within = |start: Time, end: Time| told.iter().filter(move |story| story.first >= start && story.first <= end);
    let blamed = |episode: &evaluate::Episode| -> Vec<String> {
        let mut all: Vec<(usize, f64)> = Vec::new();
        for (tag, weight) in within(episode.start, episode.end).flat_map(|story| &story.tags) {
            match all.iter_mut().find(|(known, _)| known == tag) {
                Some((_, sum)) => *sum += weight,
                None => all.push((*tag, *weight)),
            }
        }
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        all.into_iter().map(|(tag, _)| name(tag)).collect()
    };
    let result = score(&timeline, &alarm, &labels, &settings, &blamed);
    let nulls = nulls(&timeline, &alarm, &labels, &settings, &result);
    let parts = Engine::ALL
        .iter()
        .filter(|engine| engines.iter().any(|bits| bits >> (**engine as u8) & 1 == 1))
        .map(|engine| {
            let alone: Vec<bool> = engines.iter().map(|bits| bits >> (*engine as u8) & 1 == 1).collect();
            Part::new(engine.name(), &score(&timeline, &alone, &labels, &settings, &|_| Vec::new()))
        })
        .collect();
    let grace = (settings.grace * 1e9) as i64;
    let slack = (settings.slack * 1e9) as i64;
    let episodes: Vec<Told> = episodes(timeline.at(), &alarm, settings.gap)
        .iter()
        .enumerate()
        .map(|(index, episode)| Told {
            start: episode.start,
            end: episode.end,
            seconds: episode.end.since(episode.start) as f64 / 1e9,
            attacks: labels
                .iter()
                .filter(|one| episode.start <= one.end.plus(grace) && episode.end >= one.start.plus(-slack))
                .map(|one| one.id.clone())
                .collect(),
            is_false: result.false_list.contains(&index),
            blamed: blamed(episode),
            explanation: within(episode.start, episode.end)
                .flat_map(|story| sentences(&normal, story))
                .take(12)
                .collect(),
        })
        .collect();
    if normal.interval > interval * 1.5 {
        notes.push(said!(
            "The history is long: linear engines look at it in steps of {en} s.",
            "L'historique est long : les moteurs linéaires le regardent par pas de {en} s.",
            en = model::Text::from(format!("{:.0}", normal.interval))
        ));
    }
    let times = timeline.at();
    Ok(Report {
        version: 1,
        kind: "tags".to_owned(),
        train: train_sources,
        test: test_sources,
        labels_from,
        labels,
        settings,
        budget: arguments.budget,
        span: (times.first().copied().unwrap_or_default(), times.last().copied().unwrap_or_default()),
        has_time,
        packets: None,
        score: result,
        nulls,
        parts,
        episodes,
        notes,
    })
}
