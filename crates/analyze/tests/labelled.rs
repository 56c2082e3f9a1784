//! The baseline on labelled public captures: what it must find, and how often it may cry wolf.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use analyze::baseline::{Baseline, Deviation};
use capture::{Chunk, Input, Reader, Selection};
use decode::{Options, Pipeline};
use model::{Frame, Record};

fn shared(path: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/captures")).join(path)
}

/// The records of the frames of `path` that `keep` wants, by number.
fn records(path: &Path, is_rolled_up: bool, keep: impl Fn(u64) -> bool) -> Vec<Record> {
    let mut reader = Reader::new(Input::from_paths(&[path.to_owned()]), Selection::default());
    let mut pipeline = Pipeline::new(Options { is_rolled_up }, 1);
    let (mut chunk, mut records) = (Chunk::new(), Vec::new());
    loop {
        let has_more = reader.next_chunk(&mut chunk);
        let frames: Vec<Frame> = chunk.frames().filter(|frame| keep(frame.number)).collect();
        if !frames.is_empty() {
            pipeline.chunk(&frames, || {}, &mut |record| records.push(record.clone()));
        }
        if !has_more {
            break;
        }
    }
    pipeline.finish(&mut |record| records.push(record.clone()));
    records
}

fn alerts(baseline: &mut Baseline, records: &[Record]) -> Vec<Deviation> {
    records.iter().flat_map(|record| baseline.judge(record)).filter(Deviation::is_alert).collect()
}

fn show(deviations: &[Deviation]) -> String {
    let lines = deviations.iter().map(|deviation| {
        let address = |address: &Option<model::Address>| address.map_or("-".into(), |address| address.to_string());
        format!(
            "{} {} {} > {} {}: {} | {}\n",
            deviation.first,
            deviation.kind.id(),
            address(&deviation.from),
            address(&deviation.to),
            deviation.protocol,
            deviation.expected.en,
            deviation.seen.en
        )
    });
    lines.collect()
}

const LEMAY: &[&str] = &[
    "CnC_uploading_exe_modbus_6RTU_with_operate",
    "characterization_modbus_6RTU_with_operate",
    "moving_two_files_modbus_6RTU",
];

/// Numbers of the packets that are an attack.
fn attack(name: &str) -> BTreeSet<u64> {
    let text = std::fs::read_to_string(shared(&format!("labelled/lemay/{name}_labeled.csv"))).unwrap();
    text.lines()
        .filter_map(|line| line.trim().split_once(';'))
        .filter(|(_, label)| *label == "1")
        .filter_map(|(number, _)| number.parse().ok())
        .collect()
}

/// When each frame came, and between which conversation ends it went.
fn times(path: &Path) -> BTreeMap<u64, model::Time> {
    let mut reader = Reader::new(Input::from_paths(&[path.to_owned()]), Selection::default());
    let (mut chunk, mut times) = (Chunk::new(), BTreeMap::new());
    loop {
        let has_more = reader.next_chunk(&mut chunk);
        times.extend(chunk.frames().map(|frame| (frame.number, frame.at)));
        if !has_more {
            return times;
        }
    }
}

#[test]
fn lemay_leave_one_trace_out() {
    if !shared("labelled/lemay").exists() {
        println!("skipped: no captures");
        return;
    }
    for is_rolled_up in [false, true] {
        for test in LEMAY {
            let mut baseline = Baseline::default();
            for train in LEMAY.iter().filter(|train| *train != test) {
                let attack = attack(train);
                let path = shared(&format!("labelled/lemay/{train}.pcap"));
                records(&path, is_rolled_up, |number| !attack.contains(&number))
                    .iter()
                    .for_each(|record| baseline.learn(record));
            }
            baseline.arm_all();
            let (attack, path) = (attack(test), shared(&format!("labelled/lemay/{test}.pcap")));
            let times = times(&path);
            let first = times[attack.first().unwrap()];
            let attack_times: BTreeSet<model::Time> = attack.iter().map(|number| times[number]).collect();
            let all = records(&path, is_rolled_up, |_| true);
            let found = alerts(&mut baseline.clone(), &all);
            // Of the packets that are no attack, alone, nothing should be told.
            let normal = records(&path, is_rolled_up, |number| !attack.contains(&number));
            let wrong = alerts(&mut baseline, &normal);
            println!("== {test} rolled up: {is_rolled_up}\n{}-- false\n{}", show(&found), show(&wrong));
            assert!(found.iter().any(|alert| alert.first == first), "the first packet of the attack in {test}");
            assert!(attack_times.contains(&first));
            let wrong: BTreeSet<u64> = wrong.iter().map(|alert| alert.key).collect();
            assert!(wrong.len() <= 1, "{} false alerts in {test}", wrong.len());
        }
    }
}

#[test]
fn energy_modified_traces() {
    let folder = shared("pcaps/ipal_datasets/EnergyDataset/raw");
    if !folder.exists() {
        println!("skipped: no captures");
        return;
    }
    let mut baseline = Baseline::default();
    records(&folder.join("train.pcap"), false, |_| true).iter().for_each(|record| baseline.learn(record));
    baseline.arm_all();
    let mut names: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let mut found = 0;
    for path in names {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let alerts = alerts(&mut baseline.clone(), &records(&path, false, |_| true));
        println!("== {name}: {}\n{}", alerts.len(), show(&alerts[..alerts.len().min(6)]));
        match name.as_str() {
            // The whole recording, with machines that the training part does not have.
            "orig" => {}
            "test" | "train" => assert!(alerts.is_empty(), "{name}"),
            _ => {
                assert!(!alerts.is_empty(), "{name}");
                found += 1;
            }
        }
    }
    assert_eq!(found, 12);
}
