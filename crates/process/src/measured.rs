//! What was measured on data that nobody here made; skipped where they are absent.

use evaluate::{Score, Settings, Timeline, episodes, score};
use model::Time;

use crate::{Engine, Frame, Learner, Options, Watch, quantum};

const PROCESS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/captures/process");

/// A file of numbers: tags, and which rows are labelled as attacks.
fn read(name: &str, interval: i64, is_headed: bool) -> Option<(Frame, Vec<bool>)> {
    let Ok(text) = std::fs::read_to_string(format!("{PROCESS}/{name}")) else {
        println!("skipped: {name} is not there");
        return None;
    };
    let mut lines = text.lines();
    let first = if is_headed { lines.next()? } else { text.lines().next()? };
    let name = |(index, name): (usize, &str)| if is_headed { name.trim().to_owned() } else { format!("c{index}") };
    let names: Vec<String> = first.split(',').enumerate().map(name).collect();
    let tags: Vec<usize> =
        (0..names.len()).filter(|index| !matches!(names[*index].as_str(), "DATETIME" | "ATT_FLAG")).collect();
    let mut frame = Frame::new(tags.iter().map(|index| names[*index].clone()).collect());
    let mut labels = Vec::new();
    for (number, line) in lines.enumerate() {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.trim().parse().unwrap_or(f64::NAN)).collect();
        let row: Vec<f64> = tags.iter().map(|index| cells[*index]).collect();
        frame.push(Time::from_seconds(number as i64 * interval, 0), &row);
        labels.push(tags.len() < cells.len() && cells[cells.len() - 1] == 1.0);
    }
    Some((frame, labels))
}

/// Learns from one frame, judges the other: scores of all engines together.
fn run(train: &Frame, test: &Frame, is_bad: &[bool], settings: Settings) -> Score {
    let quanta = (0..test.width()).map(|tag| quantum::decimal(test.column(tag))).collect();
    let mut learner = Learner::new(train.tags().to_vec(), Options { quanta, budget: None });
    train.rows().for_each(|(at, row)| learner.push(at, row));
    let normal = learner.finish().expect("enough rows");
    let mut watch = Watch::new(&normal);
    let mut all = Vec::new();
    for (at, row) in test.rows() {
        let mut hits = Vec::new();
        watch.row(&normal, at, row, &mut hits);
        all.push(hits);
    }
    let alarm: Vec<bool> = all.iter().map(|hits| hits.iter().any(crate::Hit::is_alarm)).collect();
    let timeline = Timeline::new(test.at().to_vec());
    let labels = timeline.labels(is_bad);
    let score = score(&timeline, &alarm, &labels, &settings, &|_| Vec::new());
    for (index, episode) in episodes(test.at(), &alarm, settings.gap).iter().enumerate() {
        if score.false_list.contains(&index) {
            let names: Vec<(Engine, &str)> =
                all[episode.first].iter().map(|hit| (hit.engine, normal.tags[hit.tag].name.as_str())).collect();
            println!("false: rows {}-{} {names:?}", episode.first, episode.last);
        }
    }
    println!(
        "onset {}/{} false {} duty {:.4} eTaPR-F1 {:.3} point-F1 {:.3} S {:.3}",
        score.onset,
        score.attacks,
        score.false_episodes,
        score.normal_duty,
        score.etapr.f1,
        score.point_f1,
        score.batadal.s
    );
    score
}

#[test]
fn batadal_dataset04_after_dataset03() {
    let Some((train, _)) = read("batadal/dataset03.csv", 3_600, true) else { return };
    let Some((test, is_bad)) = read("batadal/dataset04.csv", 3_600, true) else { return };
    let score = run(&train, &test, &is_bad, Settings::new(6.0 * 3_600.0, 12.0 * 3_600.0, 3_600.0));
    assert_eq!((score.onset, score.attacks), (7, 7));
    assert!(score.false_episodes <= 1 && score.etapr.f1 >= 0.92 && score.normal_duty < 0.01, "{score:?}");
}

#[test]
fn tennessee_eastman_after_thirty_quiet_hours() {
    for (name, late) in [("DA1_xmv10_359_data_1", 3), ("DA2_xmeas7_zero_data_1", 3), ("SA1_xmv9_hundred_data_1", 3)] {
        let Some((whole, _)) = read(&format!("tep-pasad/{name}.csv"), 36, false) else { return };
        let (mut train, mut test) = (Frame::new(whole.tags().to_vec()), Frame::new(whole.tags().to_vec()));
        let mut is_bad = Vec::new();
        for (row, (at, values)) in whole.rows().enumerate() {
            if row < 3_000 {
                train.push(at, values);
            } else {
                test.push(at, values);
                is_bad.push(row >= 4_000);
            }
        }
        let score = run(&train, &test, &is_bad, Settings::new(360.0, 0.0, 0.0));
        assert_eq!((score.onset, score.false_episodes), (1, 0), "{name}");
        assert!(score.found[0].delay_samples <= Some(late), "{name}: {:?}", score.found[0].delay_samples);
    }
}
