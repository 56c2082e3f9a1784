//! Reads captures and does nothing with the frames: how fast the header walk alone is. `walk [--filter BPF] PATH…`

use std::time::Instant;

use capture::{Chunk, Filter, Input, Reader, Selection};

fn main() {
    let mut selection = Selection::default();
    let mut paths: Vec<String> = std::env::args().skip(1).collect();
    if paths.first().is_some_and(|first| first == "--filter") {
        selection.filter = Some(Filter::new(&paths[1]).unwrap_or_else(|error| panic!("{error}")));
        paths.drain(..2);
    }
    let start = Instant::now();
    let mut reader = Reader::new(Input::from_paths(paths), selection);
    let mut chunk = Chunk::new();
    let (mut chunks, mut frames, mut sum) = (0_u64, 0_u64, 0_u64);
    while reader.next_chunk(&mut chunk) {
        chunks += 1;
        for frame in chunk.frames() {
            frames += 1;
            sum = sum.wrapping_add(frame.bytes.len() as u64 ^ frame.at.0 as u64);
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let counters = reader.counters();
    for problem in reader.problems() {
        println!("{problem}");
    }
    println!("{counters:?}");
    println!(
        "{frames} frames in {chunks} chunks, {seconds:.3} s, {:.2} million packets/s, {:.2} Gbit/s ({sum:x})",
        counters.packets as f64 / seconds / 1e6,
        counters.bytes as f64 * 8.0 / seconds / 1e9,
    );
}
