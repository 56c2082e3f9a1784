//! `vigie read`: captures in; records, summary, inventory and report out.

use std::io::{self, BufWriter};
use std::path::Path;

use analyze::{Analysis, Normal, Settings};
use capture::{Chunk, Filter, Input, Reader, Selection};
use decode::{Options, Pipeline};
use model::Record;

use crate::Ending;
use crate::arguments;
use crate::baseline;
use crate::console;
use crate::progress::Progress;
use crate::records::{self, Records};
use crate::summary::{self, Summary};

pub fn run(arguments: &arguments::Read) -> Result<Ending, String> {
    // Everything that can be wrong with the arguments is found before the first packet is read.
    let filter = arguments.filter.as_deref().map(Filter::new).transpose().map_err(|e| e.to_string())?;
    let selection = Selection { filter, from: arguments.from, to: arguments.to };
    let mut records = match &arguments.records {
        Some(path) => Some(Records::open(path, arguments.format)?),
        None => None,
    };
    let report = arguments.report.as_deref().map(|path| records::create(path).map(|file| (path, file))).transpose()?;
    let inventory = arguments
        .inventory
        .as_deref()
        .map(|path| inventory_form(path).and_then(|form| Ok((path, form, records::create(path)?))))
        .transpose()?;
    let workers = match arguments.workers {
        Some(workers) => workers.into(),
        None => std::thread::available_parallelism().map_or(1, usize::from),
    };

    let mut is_partial = false;
    let settings = Settings {
        disabled: arguments.disable.clone(),
        rules: crate::sigma::load(&arguments.rules, &mut is_partial)?,
        indicators: crate::sigma::indicators(&arguments.indicators)?,
        ..Settings::default()
    };

    let (captures, mut logs) = crate::logs::split(&arguments.paths);
    let mut reader = Reader::new(Input::from_paths(&captures), selection);
    let mut pipeline = Pipeline::new(Options { is_rolled_up: !arguments.no_rollup }, workers);
    let baseline = match &arguments.baseline {
        Some(path) => Normal::Given(Box::new(baseline::open(path)?)),
        None => Normal::Unknown,
    };
    let mut analysis = Analysis::new(Settings { baseline, ..settings });
    let mut progress = Progress::new(reader.progress());

    let (mut now, mut next) = (Chunk::new(), Chunk::new());
    let mut has_more = reader.next_chunk(&mut now);
    while has_more {
        let read_next = || has_more = reader.next_chunk(&mut next);
        pipeline.chunk(&now, read_next, &mut |record| {
            let mut tell = |record: &Record| {
                analysis.record(record);
                if let Some(records) = &mut records {
                    records.write(record);
                }
            };
            logs.until(Some(record.at()), &mut tell);
            tell(record);
        });
        std::mem::swap(&mut now, &mut next);
        progress.tick(reader.counters().packets);
    }
    let mut tell = |record: &Record| {
        analysis.record(record);
        if let Some(records) = &mut records {
            records.write(record);
        }
    };
    let totals = pipeline.finish(&mut |record| {
        logs.until(Some(record.at()), &mut tell);
        tell(record);
    });
    logs.until(None, &mut tell);
    for record in reader.health() {
        tell(&record);
    }
    // Judging makes large lists: what decoding held makes room for them.
    drop((pipeline, now, next));
    let judgement = analysis.finish();
    progress.end();
    if let Some(mut records) = records {
        for ranked in &judgement.findings {
            records.write(&Record::Finding(ranked.finding.clone()));
        }
        records.close()?;
    }
    let mut has_problems = false;
    let weak_points = match &arguments.advisories {
        Some(path) => Some(crate::weak_points::find(path, &judgement, &mut has_problems)?),
        None => None,
    };
    for problem in reader.problems() {
        console::tell(&format!("vigie: {problem}\n"));
    }
    let summary = Summary {
        judgement: &judgement,
        run: summary::run(arguments, &reader.counters(), &totals, progress.seconds(), reader.problems()),
    };
    let language = arguments.lang.into();
    let mut written = Vec::new();
    let failed = |path: &Path, e: io::Error| format!("could not write `{}`: {e}", path.display());
    if let Some((path, file)) = report {
        report::write_html(&judgement, &summary.run, language, BufWriter::new(file)).map_err(|e| failed(path, e))?;
        written.push((language.of(summary::REPORT), path.display().to_string()));
    }
    if let Some((path, form, file)) = inventory {
        match form {
            InventoryForm::Csv => report::write_csv(&judgement, BufWriter::new(file)),
            InventoryForm::Json => report::write_json(&judgement, BufWriter::new(file)),
        }
        .map_err(|e| failed(path, e))?;
        written.push((language.of(summary::INVENTORY), path.display().to_string()));
    }
    let is_to_stdout = arguments.records.as_deref() == Some(Path::new("-"));
    if let Some(path) = arguments.records.as_deref().filter(|_| !is_to_stdout) {
        written.push((language.of(summary::RECORDS), path.display().to_string()));
    }
    let text = match arguments.summary {
        arguments::SummaryForm::Json => summary.to_json(weak_points.as_ref()),
        arguments::SummaryForm::Text => {
            let mut text = report::summary(&judgement, &summary.run, language, &written);
            if let Some(weak_points) = &weak_points {
                text.push_str(&weak_points.text(arguments.lang));
            }
            text
        }
    };
    if is_to_stdout {
        console::tell(&text);
    } else {
        console::print(&text)?;
    }
    Ok(if reader.counters().problems == 0 && !has_problems && !is_partial && logs.unreadable == 0 {
        Ending::Whole
    } else {
        Ending::Partial
    })
}

/// Form of an inventory file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InventoryForm {
    /// One machine a line.
    Csv,
    /// Everything that is known, with the facts behind it.
    Json,
}

fn inventory_form(path: &Path) -> Result<InventoryForm, String> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some(ending) if ending.eq_ignore_ascii_case("csv") => Ok(InventoryForm::Csv),
        Some(ending) if ending.eq_ignore_ascii_case("json") => Ok(InventoryForm::Json),
        _ => Err(format!("`{}`: the name of an inventory must end in .csv or .json", path.display())),
    }
}
