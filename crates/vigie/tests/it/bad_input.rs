//! What cannot be read is named with its reason, the exit code says so, and the rest is still read.

use std::fs;
use std::path::Path;

use model::Time;
use serde_json::Value;

use crate::{folder, frames, plant, text, vigie, write};

/// Reads `bad` beside a good capture: the message must name `bad` and hold `reason`, and the good one must be read.
fn is_told_and_the_rest_read(bad: &Path, reason: &str) {
    let ran = vigie(&["read", "--summary", "json", text(bad), text(plant())]);
    assert_eq!(ran.code, 1, "{}: {}", bad.display(), ran.err);
    let name = bad.file_name().expect("a name").to_string_lossy();
    assert!(ran.err.contains(&*name), "the message names {name}: {}", ran.err);
    assert!(ran.err.to_lowercase().contains(reason), "{name}: the message gives the reason, {reason}: {}", ran.err);
    let expected = frames(plant()).len() as u64;
    assert!(ran.json()["packets"].as_u64() >= Some(expected), "{name}: the rest is read");
}

#[test]
fn a_missing_file() {
    is_told_and_the_rest_read(&folder("missing").join("missing.pcap"), "no such file");
}

#[test]
fn an_empty_file() {
    let path = folder("empty").join("empty.pcap");
    fs::write(&path, []).expect("a file");
    is_told_and_the_rest_read(&path, "empty");
}

#[test]
fn a_wrong_magic_number() {
    let path = folder("magic").join("picture.pcap");
    fs::write(&path, b"GIF89a and then something else altogether").expect("a file");
    is_told_and_the_rest_read(&path, "not a capture");
}

#[test]
fn a_truncated_file_gives_what_was_readable() {
    let folder = folder("truncated");
    let whole = fs::read(plant()).expect("the plant");
    let path = folder.join("truncated.pcap");
    fs::write(&path, &whole[..whole.len() - 7]).expect("a file");
    is_told_and_the_rest_read(&path, "");
    let ran = vigie(&["read", "--summary", "json", text(&path)]);
    assert_eq!(ran.code, 1);
    assert_eq!(ran.json()["packets"], frames(plant()).len() - 1, "all packets but the last");
    assert!(ran.err.chars().any(|c| c.is_ascii_digit()), "the message has the offset: {}", ran.err);
}

#[test]
fn a_folder_with_junk() {
    let folder = folder("junk");
    fs::copy(plant(), folder.join("good.pcap")).expect("a copy");
    fs::write(folder.join("notes.txt"), "not a capture").expect("a file");
    fs::create_dir(folder.join("nothing")).expect("a folder");
    fs::write(folder.join("broken.pcapng"), [0x0a, 0x0d, 0x0d, 0x0a, 1, 2]).expect("a file");
    let ran = vigie(&["read", "--summary", "json", text(&folder)]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("broken.pcapng"), "{}", ran.err);
    assert_eq!(ran.json()["packets"], frames(plant()).len());
}

#[test]
fn packets_of_no_and_of_too_many_bytes() {
    let path = folder("sizes").join("sizes.pcap");
    let mut said = frames(plant());
    let at = said[10].0;
    said.insert(10, (at, Vec::new()));
    let mut large = said[0].1.clone();
    large.resize(70_000, 0xa5);
    said.insert(11, (at, large));
    write(&path, &said);
    let ran = vigie(&["read", "--summary", "json", text(&path)]);
    assert!(ran.code <= 1, "{}", ran.err);
    assert_eq!(ran.json()["packets"], said.len());
}

#[test]
fn times_that_leap_do_no_harm() {
    let path = folder("times").join("times.pcap");
    let mut said = frames(plant());
    let size = said.len();
    for (number, (at, _)) in said.iter_mut().enumerate() {
        if number % 5 == 0 {
            *at = Time::from_seconds((number * 7_919 % size) as i64 * 86_400, 0);
        }
    }
    write(&path, &said);
    let ran = vigie(&["read", "--summary", "json", text(&path)]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.json()["packets"], size);
}

/// Wrong usage: exit code 2, a message that names the cause, and nothing on standard output.
fn is_refused(arguments: &[&str], named: &str) {
    let ran = vigie(arguments);
    assert_eq!(ran.code, 2, "{arguments:?}: {}", ran.err);
    assert!(ran.err.contains(named), "{arguments:?}: the message names `{named}`: {}", ran.err);
    assert!(ran.out.is_empty(), "{arguments:?}: {}", ran.out);
}

#[test]
fn wrong_usage() {
    let plant = text(plant());
    is_refused(&["read"], "PATH");
    is_refused(&["read", "--filter", "port of call", plant], "port of call");
    is_refused(&["read", "--workers", "0", plant], "--workers");
    is_refused(&["read", "--from", "yesterday", plant], "yesterday");
    is_refused(&["read", "--inventory", "inventory.doc", plant], "inventory.doc");
    is_refused(&["read", "--records", "/nowhere/at/all/records.jsonl", plant], "/nowhere/at/all/records.jsonl");
    is_refused(&["read", "--report", "/nowhere/at/all/report.html", plant], "/nowhere/at/all/report.html");
    is_refused(&["read", "--inventory", "/nowhere/at/all/inventory.csv", plant], "/nowhere/at/all/inventory.csv");
    is_refused(&["protocols", "klingon"], "klingon");
    is_refused(&["detectors", "klingon"], "klingon");
    is_refused(&["simulate", "/nowhere/at/all/plant.pcap"], "/nowhere/at/all/plant.pcap");
    is_refused(&["simulate", "--site", "moon", "moon.pcap"], "moon");
    is_refused(&["simulate", "--attacks", "tickle", "tickle.pcap"], "tickle");
    is_refused(&["watch"], "watch");
}

#[test]
fn nothing_to_read_is_told() {
    let folder = folder("nothing");
    let ran = vigie(&["read", text(&folder)]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains(text(&folder)), "{}", ran.err);
}

#[test]
fn every_name_in_the_lists_is_known() {
    for list in ["protocols", "detectors"] {
        let all = vigie(&[list, "--format", "json"]);
        assert_eq!(all.code, 0, "{}", all.err);
        let ids: Vec<String> = all
            .json()
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|row| row["id"].as_str().map(str::to_owned))
            .collect();
        assert!(ids.len() > 20, "{list}: {ids:?}");
        let one = vigie(&[list, &ids[0], "--format", "json"]);
        assert_eq!(one.code, 0, "{}", one.err);
        assert_ne!(one.json(), Value::Null);
    }
}
