//! The contract of records and summary that scripts rely on, and the choice of packets.

use std::fs;

use model::Time;
use serde_json::Value;

use crate::{corpus, folder, frames, plant, root, text, vigie};

fn has_all(record: &Value, fields: &[&str]) {
    for field in fields {
        assert!(record.get(field).is_some(), "`{field}` is missing in {record}");
    }
}

#[test]
fn records_hold_the_fields_of_the_contract() {
    let mut arguments = vec!["read", "--no-rollup", "--records", "-", text(plant())];
    let corpus = corpus();
    arguments.extend(corpus.iter().map(|path| text(path)));
    let ran = vigie(&arguments);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let records = ran.records();
    assert!(ran.err.contains("packets"), "the summary goes to standard error: {}", ran.err);
    let mut kinds: Vec<&str> = records.iter().filter_map(|record| record["record"].as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, ["act", "conversation", "fact", "finding", "health", "sample"]);
    let verbs = [
        "read",
        "write",
        "operate",
        "program",
        "upload",
        "start",
        "stop",
        "mode",
        "reset",
        "configure",
        "firmware",
        "identify",
        "browse",
        "subscribe",
        "report",
        "login",
        "file",
        "time",
        "diagnose",
        "alarm",
        "other",
    ];
    for record in &records {
        let at = record["at"].as_str().unwrap_or_else(|| panic!("no time in {record}"));
        assert!(Time::parse(at).is_some() && at.len() == 30, "RFC 3339 with nanoseconds: {at}");
        match record["record"].as_str() {
            Some("act") => {
                has_all(
                    record,
                    &["flow", "protocol", "from", "to", "code", "name", "verb", "outcome", "count", "first", "last"],
                );
                assert!(verbs.contains(&record["verb"].as_str().unwrap_or_default()), "{record}");
                let outcome = record["outcome"].as_str().unwrap_or_default();
                assert!(["asked", "done", "refused", "no answer"].contains(&outcome), "{record}");
                assert!(outcome != "refused" || record.get("status").is_some(), "a refusal has a status: {record}");
                assert!(record.get("latency_us").is_none_or(Value::is_number), "{record}");
                assert!(record["code"].is_number(), "{record}");
            }
            Some("fact") => has_all(record, &["protocol", "key", "value", "source", "confidence"]),
            Some("conversation") => {
                has_all(record, &["flow", "protocol", "from", "to", "sent", "received"]);
                for side in ["sent", "received"] {
                    has_all(&record[side], &["packets", "bytes"]);
                }
            }
            Some("health") => has_all(record, &["kind", "count"]),
            Some("sample") => has_all(record, &["protocol", "object", "value"]),
            _ => {}
        }
    }
    let with = |field: &str| records.iter().filter(|record| record.get(field).is_some()).count();
    for field in ["behind", "object", "values", "status", "latency_us", "messages"] {
        assert!(with(field) > 0, "no record with `{field}`");
    }
    let read = records.iter().find(|record| record["protocol"] == "modbus" && record["code"] == 3);
    assert_eq!(read.expect("a poll")["messages"].to_string(), r#"{"modbus":{"3":2}}"#);
}

fn root_of_corpus() -> String {
    text(&root().join("corpus")).to_owned()
}

#[test]
fn no_password_leaves_the_program() {
    let ran = vigie(&["read", "--no-rollup", "--records", "-", &root_of_corpus()]);
    assert!(!ran.out.contains("not-a-secret"), "the password of corpus/mqtt is in a record");
}

#[test]
fn the_summary_for_programs_has_its_fields() {
    let ran = vigie(&["read", "--summary", "json", text(plant())]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let summary = ran.json();
    has_all(
        &summary,
        &["files", "packets", "bytes", "seconds", "dropped", "protocols", "assets", "conversations", "findings"],
    );
    assert_eq!(summary["files"], 1);
    assert_eq!(summary["packets"], frames(plant()).len());
    for (_, counts) in summary["protocols"].as_object().expect("protocols by name") {
        has_all(counts, &["messages", "acts", "malformed"]);
    }
    assert!(summary["protocols"]["modbus"]["messages"].as_u64() > Some(100));
    assert!(summary["assets"].as_u64() > Some(5));
}

#[test]
fn rolled_up_and_not_stand_for_the_same_acts() {
    let count = |arguments: &[&str]| {
        let ran = vigie(arguments);
        let records = ran.records();
        let acts = records.iter().filter(|record| record["record"] == "act");
        acts.map(|act| act["count"].as_u64().expect("a count")).sum::<u64>()
    };
    let one_by_one = count(&["read", "--no-rollup", "--records", "-", text(plant())]);
    assert_eq!(count(&["read", "--records", "-", text(plant())]), one_by_one);
}

fn packets(arguments: &[&str]) -> u64 {
    let mut all = vec!["read", "--summary", "json"];
    all.extend(arguments);
    let ran = vigie(&all);
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran.json()["packets"].as_u64().expect("a number")
}

#[test]
fn times_and_filters_choose_packets() {
    let frames = frames(plant());
    let middle = frames[frames.len() / 2].0;
    let before = frames.iter().filter(|(at, _)| *at < middle).count() as u64;
    let chosen = |arguments: &[&str]| {
        let mut all = vec!["read", "--no-rollup", "--records", "-"];
        all.extend(arguments);
        all.push(text(plant()));
        vigie(&all)
    };
    let time = middle.to_string();
    let early = chosen(&["--to", &time]);
    let late = chosen(&["--from", &time]);
    for (ran, is_early) in [(&early, true), (&late, false)] {
        assert_eq!(ran.code, 0, "{}", ran.err);
        let acts: Vec<Value> = ran.records().into_iter().filter(|record| record["record"] == "act").collect();
        assert!(!acts.is_empty());
        for act in acts {
            let at = Time::parse(act["at"].as_str().expect("a time")).expect("a time");
            assert!(if is_early { at < middle } else { at >= middle }, "{act}");
        }
    }
    assert!(before > 0);
    let only = chosen(&["--filter", "tcp port 502"]);
    assert_eq!(only.code, 0, "{}", only.err);
    for conversation in only.records().iter().filter(|record| record["record"] == "conversation") {
        // A connection without a word has no protocol.
        let is_modbus = conversation["protocol"] == "modbus" || conversation["protocol"] == "";
        assert!(is_modbus, "{conversation}");
    }
}

#[test]
fn many_files_are_one_input() {
    let all = corpus();
    let sum: u64 = all.iter().map(|path| packets(&[text(path)])).sum();
    let together: Vec<&str> = all.iter().map(|path| text(path)).collect();
    assert_eq!(packets(&together), sum);
    // The folder holds texts beside the captures: they are named, and everything else is read.
    let ran = vigie(&["read", "--summary", "json", &root_of_corpus()]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("README.md"), "{}", ran.err);
    assert_eq!(ran.json()["packets"], sum);
}

#[test]
fn inventory_and_report_are_written() {
    let folder = folder("outputs");
    let (json, csv, report) = (folder.join("a.json"), folder.join("a.csv"), folder.join("a.html"));
    for inventory in [&json, &csv] {
        let ran = vigie(&["read", "--inventory", text(inventory), "--report", text(&report), text(plant())]);
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
    let assets: Value = serde_json::from_slice(&fs::read(&json).expect("the inventory")).expect("JSON");
    assert!(!assets.to_string().is_empty());
    let lines = fs::read_to_string(&csv).expect("the inventory").lines().count();
    assert!(lines > 5, "{lines} lines of inventory");
    let page = fs::read_to_string(&report).expect("the report");
    assert!(page.contains("</html>"), "the report is whole");
}
