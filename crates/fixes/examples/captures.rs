//! Fixes of captures, without the whole program: `captures TRUTH.jsonl CAPTURE…`.

use std::net::IpAddr;
use std::path::PathBuf;

use capture::{Chunk, Input, Reader, Selection};
use fixes::{Deed, Form, Recorded};
use model::{Language, Record, Time};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let truth = std::fs::read_to_string(arguments.next().expect("a list of attacks")).expect("readable");
    let captures: Vec<PathBuf> = arguments.map(PathBuf::from).collect();
    let mut deeds = Vec::new();
    for line in truth.lines() {
        let row: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let time = |name: &str| Time::parse(row[name].as_str().expect("a time")).expect("a time");
        let ip = |value: &serde_json::Value| {
            value.as_str().and_then(|text| text.parse::<IpAddr>().ok()).expect("an address")
        };
        if row["intent"] == "attack" {
            deeds.push(Deed {
                id: row["id"].as_str().expect("an id").into(),
                from: ip(&row["from"]),
                to: row["to"].as_array().expect("a list").iter().map(ip).collect(),
                first: time("first"),
                last: time("last"),
            });
        }
    }
    let mut reader = Reader::new(Input::from_paths(&captures), Selection::default());
    let mut pipeline = decode::Pipeline::new(decode::Options { is_rolled_up: true }, 1);
    let mut analysis = analyze::Analysis::new(analyze::Settings::default());
    let mut recorded = Recorded::default();
    let mut tell = |record: &Record| {
        analysis.record(record);
        recorded.record(record);
    };
    let (mut now, mut next) = (Chunk::new(), Chunk::new());
    let mut has_more = reader.next_chunk(&mut now);
    while has_more {
        pipeline.chunk(&now, || has_more = reader.next_chunk(&mut next), &mut tell);
        std::mem::swap(&mut now, &mut next);
    }
    pipeline.finish(&mut tell);
    let judgement = analysis.finish();
    let rules = fixes::propose(&judgement, &recorded, &deeds);
    let replayed = fixes::replay(&rules, &recorded, &deeds);
    println!("{}", fixes::say(&rules, &replayed, &deeds, recorded.minutes(), Language::En));
    println!("{}", fixes::write(&rules, Form::Nftables).lines().take(20).collect::<Vec<_>>().join("\n"));
}
