//! `vigie read`: captures in; records, summary, inventory and report out.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use capture::{Chunk, Filter, Input, Reader, Selection};
use decode::{Options, Pipeline};
use model::{Frame, Record};

use crate::Ending;
use crate::arguments;

/// Where records go.
struct Records {
    out: Box<dyn Write>,
    /// The first failure to write; nothing is written after it.
    failure: Option<io::Error>,
}

impl Records {
    fn open(path: &Path) -> Result<Records, String> {
        let out: Box<dyn Write> = if path == Path::new("-") {
            Box::new(BufWriter::with_capacity(1 << 18, io::stdout()))
        } else {
            let file = File::create(path).map_err(|e| format!("could not write `{}`: {e}", path.display()))?;
            Box::new(BufWriter::with_capacity(1 << 18, file))
        };
        Ok(Records { out, failure: None })
    }

    fn write(&mut self, record: &Record) {
        if self.failure.is_some() {
            return;
        }
        let written = serde_json::to_writer(&mut self.out, record).map_err(io::Error::from);
        if let Err(failure) = written.and_then(|()| self.out.write_all(b"\n")) {
            self.failure = Some(failure);
        }
    }
}

pub fn run(arguments: &arguments::Read) -> Result<Ending, String> {
    let filter = match &arguments.filter {
        Some(expression) => Some(Filter::new(expression).map_err(|e| e.to_string())?),
        None => None,
    };
    let selection = Selection { filter, from: arguments.from, to: arguments.to };
    let mut records = arguments.records.as_deref().map(Records::open).transpose()?;
    let workers = arguments.workers.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let mut reader = Reader::new(Input::from_paths(&arguments.paths), selection);
    let mut pipeline = Pipeline::new(Options { is_rolled_up: !arguments.no_rollup }, workers);

    let mut tell = |record: &Record| {
        if let Some(records) = &mut records {
            records.write(record);
        }
    };
    let (mut now, mut next) = (Chunk::new(), Chunk::new());
    let mut has_more = reader.next_chunk(&mut now);
    while has_more {
        let frames: Vec<Frame<'_>> = now.frames().collect();
        pipeline.chunk(&frames, || has_more = reader.next_chunk(&mut next), &mut tell);
        drop(frames);
        std::mem::swap(&mut now, &mut next);
    }
    let totals = pipeline.finish(&mut tell);
    if let Some(records) = &mut records {
        let flushed = records.out.flush();
        if let Some(failure) = records.failure.take().or(flushed.err())
            && failure.kind() != io::ErrorKind::BrokenPipe
        {
            return Err(format!("could not write records: {failure}"));
        }
    }
    for problem in reader.problems() {
        eprintln!("vigie: {problem}");
    }
    let counters = reader.counters();
    let protocols: serde_json::Map<String, serde_json::Value> = totals
        .protocols
        .iter()
        .map(|(id, c)| {
            let counts = serde_json::json!({ "messages": c.messages, "acts": c.acts, "malformed": c.malformed });
            ((*id).to_string(), counts)
        })
        .collect();
    let summary = serde_json::json!({
        "files": counters.files,
        "packets": counters.packets,
        "bytes": counters.bytes,
        "dropped": counters.dropped,
        "protocols": protocols,
        "conversations": totals.flows,
    });
    let text = serde_json::to_string_pretty(&summary).unwrap_or_default();
    if arguments.records.as_deref() == Some(Path::new("-")) {
        eprintln!("{text}");
    } else {
        println!("{text}");
    }
    Ok(if reader.problems().is_empty() { Ending::Whole } else { Ending::Partial })
}
