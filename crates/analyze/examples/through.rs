//! Reads captures as `vigie read --summary json` does, without writing anything, and prints packets per second of CPU time
//! and a number that stands for all records and the judgement: `through [--workers N] [--hash] [--no-rollup] PATH…`.
//!
//! Two builds that print the same number told the same records. For measuring a change without building the program.

use std::fmt::Write;
use std::hash::{BuildHasher, Hasher};

use analyze::{Analysis, Settings};
use capture::{Chunk, Input, Reader, Selection};
use decode::{Options, Pipeline};
use model::Record;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let mut paths: Vec<String> = std::env::args().skip(1).collect();
    let mut workers = 1;
    if let Some(place) = paths.iter().position(|word| word == "--workers") {
        workers = paths[place + 1].parse().expect("a number of workers");
        paths.drain(place..place + 2);
    }
    let mut flag = |name: &str| {
        let before = paths.len();
        paths.retain(|word| word != name);
        paths.len() < before
    };
    let (is_hashed, is_rolled_up) = (flag("--hash"), !flag("--no-rollup"));

    let mut reader = Reader::new(Input::from_paths(paths), Selection::default());
    let mut pipeline = Pipeline::new(Options { is_rolled_up }, workers);
    let mut analysis = Analysis::new(Settings::default());
    let (mut now, mut next) = (Chunk::new(), Chunk::new());
    let mut records = 0_u64;
    let mut hasher = foldhash::fast::FixedState::with_seed(0).build_hasher();
    let mut tell = |record: &Record| {
        records += 1;
        if is_hashed {
            hasher.write(serde_json::to_string(record).expect("a record").as_bytes());
        }
        analysis.record(record);
    };
    let mut has_more = reader.next_chunk(&mut now);
    while has_more {
        let read_next = || has_more = reader.next_chunk(&mut next);
        pipeline.chunk(&now, read_next, &mut tell);
        std::mem::swap(&mut now, &mut next);
    }
    let totals = pipeline.finish(&mut tell);
    for record in reader.health() {
        tell(&record);
    }
    drop((pipeline, now, next));
    let judgement = analysis.finish();
    if is_hashed {
        hasher.write(format!("{totals:?}{judgement:?}").as_bytes());
    }
    let mut line = String::new();
    let seconds = cpu_seconds();
    let packets = reader.counters().packets;
    write!(line, "{packets} packets, {records} records, {seconds:.2} CPU s").expect("room");
    write!(line, ", {:.0} ns/packet", seconds * 1e9 / packets.max(1) as f64).expect("room");
    write!(line, ", {:.3} M packets/CPU s", packets as f64 / seconds / 1e6).expect("room");
    if is_hashed {
        write!(line, ", {:016x}", hasher.finish()).expect("room");
    }
    println!("{line}");
}

/// User and system time of this process so far, of all its threads; 0 where the system does not tell.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name in brackets: the state is the first field, user and system time the twelfth and thirteenth.
    let ticks = |n: usize| text.rsplit(") ").next()?.split(' ').nth(n)?.parse::<f64>().ok();
    (ticks(11).unwrap_or(0.0) + ticks(12).unwrap_or(0.0)) / 100.0
}
