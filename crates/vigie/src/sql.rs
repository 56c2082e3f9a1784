//! `vigie sql`: one question to history, the answer as a table, CSV, JSON or Parquet.

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use history::{Answer, Encoder, Format, History, QueryLimits};

use crate::Ending;
use crate::arguments;
use crate::console;
use crate::records;

/// Rows of a table on screen, where nothing else is said.
const TABLE_ROWS: usize = 1_000;

pub fn run(arguments: &arguments::Sql) -> Result<Ending, String> {
    let history = match (&arguments.data, &arguments.records) {
        (Some(data), _) => {
            let folder = data.join("history");
            if !folder.is_dir() {
                return Err(format!("there is no history in `{}`; `vigie run --data` makes one", data.display()));
            }
            History::open(&folder)
        }
        (None, Some(records)) => History::open_records(records),
        (None, None) => return Err("name the data to ask: `--data DIR` or `--records DIR`".into()),
    };
    let history = history.map_err(|e| e.to_string())?;
    let format = arguments.format.into();
    let usual = if format == Format::Table { TABLE_ROWS } else { QueryLimits::default().rows_max };
    let limits = QueryLimits {
        rows_max: arguments.limit.unwrap_or(usual),
        time_max: Duration::from_secs(arguments.seconds.into()),
    };
    let mut answer = history.query_blocking(&arguments.query, limits).map_err(|e| e.to_string())?;
    let out: Box<dyn Write + Send> = match arguments.output.as_deref() {
        Some(path) if path != Path::new("-") => Box::new(records::create(path)?),
        _ => Box::new(io::stdout()),
    };
    let name = arguments.output.as_deref().unwrap_or(Path::new("standard output")).display();
    match write(&mut answer, format, BufWriter::new(out)) {
        Err(Failure::Writing(e)) if e.kind() == io::ErrorKind::BrokenPipe => return Ok(Ending::Whole),
        Err(Failure::Writing(e)) => return Err(format!("could not write `{name}`: {e}")),
        Err(Failure::Asking(e)) => return Err(e.to_string()),
        Ok(()) => {}
    }
    if answer.is_truncated() {
        console::tell(&format!("vigie: only the first {} rows; `--limit N` gives more\n", limits.rows_max));
    }
    Ok(Ending::Whole)
}

enum Failure {
    Writing(io::Error),
    Asking(history::QueryError),
}

fn write(answer: &mut Answer, format: Format, out: impl Write + Send) -> Result<(), Failure> {
    let mut encoder = Encoder::new(format, &answer.schema(), out).map_err(Failure::Writing)?;
    while let Some(batch) = answer.next_blocking() {
        encoder.write(&batch.map_err(Failure::Asking)?).map_err(Failure::Writing)?;
    }
    encoder.finish().map_err(Failure::Writing)
}
