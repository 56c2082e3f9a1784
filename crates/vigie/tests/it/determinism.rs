//! The same packets give the same bytes: whatever the number of workers, the way in, or the second run.

use std::fs;

use model::Time;

use crate::{folder, frames, plant, text, vigie, vigie_with, write};

/// The place where two outputs part, for people.
fn assert_same(one: &str, other: &str, what: &str) {
    if one != other {
        let line = one.lines().zip(other.lines()).position(|(a, b)| a != b);
        let at = line.unwrap_or_else(|| one.lines().count().min(other.lines().count()));
        panic!(
            "{what}: line {} differs\n{:?}\n{:?}\n({} and {} lines)",
            at + 1,
            one.lines().nth(at),
            other.lines().nth(at),
            one.lines().count(),
            other.lines().count()
        );
    }
    assert!(!one.is_empty(), "{what}: no records");
}

fn every_way_gives_the_same(path: &str) -> String {
    let bytes = fs::read(path).expect("the capture");
    let mut rolled_up = String::new();
    for rollup in [None, Some("--no-rollup")] {
        let run = |workers: &str, from: &str, input: &[u8]| {
            let mut arguments = vec!["read", "--records", "-", "--workers", workers, from];
            arguments.extend(rollup);
            let ran = vigie_with(&arguments, input);
            assert_eq!(ran.code, 0, "{}", ran.err);
            ran.out
        };
        let first = run("1", path, &[]);
        assert_same(&first, &run("1", path, &[]), "a second run");
        assert_same(&first, &run("2", path, &[]), "2 workers");
        assert_same(&first, &run("8", path, &[]), "8 workers");
        assert_same(&first, &run("3", "-", &bytes), "standard input");
        if rollup.is_none() {
            rolled_up = first;
        }
    }
    rolled_up
}

#[test]
fn workers_and_the_way_in_change_nothing() {
    every_way_gives_the_same(text(plant()));
}

#[test]
fn workers_change_nothing_when_tables_are_full() {
    // A flood of connections between few addresses fills the tables of a few partitions, in the midst of a plant.
    const FLOOD: u64 = 30_000;
    const SOURCES: u64 = 3;
    let plant = frames(plant());
    let begin = plant.first().expect("a frame").0;
    let mut flood: Vec<(Time, Vec<u8>)> = Vec::new();
    range::bench::half_open(FLOOD, &mut |_, frame| {
        let number = flood.len() as u64;
        let mut frame = frame.to_vec();
        frame[26..30].copy_from_slice(&[10, 99, 0, 1 + (number % SOURCES) as u8]);
        frame[34..36].copy_from_slice(&((1024 + number / SOURCES) as u16).to_be_bytes());
        flood.push((begin.plus(number as i64 * 3_000_000), frame));
    });
    let mut all: Vec<(Time, Vec<u8>)> = flood.into_iter().chain(plant).collect();
    all.sort_by_key(|(at, _)| *at);
    let path = folder("full").join("full.pcap");
    write(&path, &all);
    let records = every_way_gives_the_same(text(&path));
    assert!(records.contains(r#""evicted""#), "the flood must fill the flow table");
}

#[test]
fn the_summary_of_two_runs_is_the_same_but_for_its_seconds() {
    let run = || {
        let mut json = vigie(&["read", "--summary", "json", text(plant())]).json();
        json.as_object_mut().expect("an object").remove("seconds");
        json
    };
    assert_eq!(run(), run());
}

#[test]
fn a_simulation_follows_from_its_seed_alone() {
    let folder = folder("seeds");
    let bytes = |name: &str, seed: &str, site: &str| {
        let path = folder.join(name);
        assert_eq!(vigie(&["simulate", "--minutes", "1", "--seed", seed, "--site", site, text(&path)]).code, 0);
        fs::read(path).expect("the capture")
    };
    for site in ["water", "all"] {
        let first = bytes("a.pcap", "3", site);
        assert_eq!(first, bytes("b.pcap", "3", site));
        assert_ne!(first, bytes("c.pcap", "4", site));
    }
}
