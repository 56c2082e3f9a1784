//! Zones and attack paths of captures, without the whole program: `plant CAPTURE…`.

use std::path::PathBuf;

use capture::{Chunk, Input, Reader, Selection};
use model::{Language, Record};

fn main() {
    let captures: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let mut reader = Reader::new(Input::from_paths(&captures), Selection::default());
    let mut pipeline = decode::Pipeline::new(decode::Options { is_rolled_up: true }, 1);
    let mut analysis = analyze::Analysis::new(analyze::Settings::default());
    let mut tell = |record: &Record| analysis.record(record);
    let (mut now, mut next) = (Chunk::new(), Chunk::new());
    let mut has_more = reader.next_chunk(&mut now);
    while has_more {
        pipeline.chunk(&now, || has_more = reader.next_chunk(&mut next), &mut tell);
        std::mem::swap(&mut now, &mut next);
    }
    pipeline.finish(&mut tell);
    let judgement = analysis.finish();
    let plan = risk::zones::propose(&judgement);
    let (steps, violations) = (risk::zones::steps(&plan, &judgement), risk::zones::violations(&plan, &judgement));
    println!("{}", risk::zones::say(&plan, &judgement, &steps, &violations, Language::En));
    let start = std::time::Instant::now();
    let answer = risk::paths::find(&judgement, &risk::paths::Known::default());
    println!("{}\n{:?}", risk::paths::say(&answer, Language::En), start.elapsed());
}
