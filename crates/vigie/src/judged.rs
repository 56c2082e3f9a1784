//! Captures to a judgement, for the commands that ask one question of it.

use std::path::PathBuf;

use analyze::{Analysis, Settings};
use capture::{Chunk, Input, Reader, Selection};
use decode::{Options, Pipeline};
use model::{Judgement, Record};

use crate::Ending;
use crate::console;
use crate::progress::Progress;

/// Judges all of `captures`; `each` sees every record in order. What could not be read is told, and makes the ending
/// partial.
pub fn judge(captures: &[PathBuf], each: &mut dyn FnMut(&Record)) -> Result<(Judgement, Ending), String> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let mut reader = Reader::new(Input::from_paths(captures), Selection::default());
    let mut pipeline = Pipeline::new(Options { is_rolled_up: true }, workers);
    let mut analysis = Analysis::new(Settings::shipped());
    let mut progress = Progress::new(reader.progress());
    let mut tell = |record: &Record| {
        analysis.record(record);
        each(record);
    };
    let (mut now, mut next) = (Chunk::new(), Chunk::new());
    let mut has_more = reader.next_chunk(&mut now);
    while has_more {
        pipeline.chunk(&now, || has_more = reader.next_chunk(&mut next), &mut tell);
        std::mem::swap(&mut now, &mut next);
        progress.tick(reader.counters().packets);
    }
    pipeline.finish(&mut tell);
    reader.health().iter().for_each(&mut tell);
    progress.end();
    for problem in reader.problems() {
        console::tell(&format!("vigie: {problem}\n"));
    }
    let ending = if reader.counters().problems == 0 { Ending::Whole } else { Ending::Partial };
    if reader.counters().packets == 0 && ending == Ending::Partial {
        return Err("no capture could be read".to_owned());
    }
    Ok((analysis.finish(), ending))
}

/// The first bytes of a file, to see what it is; none where it cannot be read.
pub fn head(path: &std::path::Path) -> Vec<u8> {
    use std::io::Read;
    let mut head = Vec::new();
    if path.is_file()
        && let Ok(file) = std::fs::File::open(path)
    {
        let _ = file.take(4_096).read_to_end(&mut head);
    }
    head
}

/// The text of a file of at most `bytes_max` bytes.
pub fn text(path: &std::path::Path, bytes_max: usize) -> Result<String, String> {
    String::from_utf8(bytes(path, bytes_max)?)
        .map_err(|e| format!("`{}`: not UTF-8 at byte {}", path.display(), e.utf8_error().valid_up_to()))
}

/// The bytes of a file of at most `bytes_max`.
pub fn bytes(path: &std::path::Path, bytes_max: usize) -> Result<Vec<u8>, String> {
    use std::io::Read;
    let failed = |e: std::io::Error| format!("could not read `{}`: {e}", path.display());
    let mut all = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(bytes_max as u64 + 1).read_to_end(&mut all).map_err(failed)?;
    match all.len() > bytes_max {
        true => Err(format!("`{}` is larger than {bytes_max} bytes", path.display())),
        false => Ok(all),
    }
}
