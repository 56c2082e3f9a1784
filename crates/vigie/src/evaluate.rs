//! `vigie evaluate`: how well is what is labelled detected?

mod packets;
mod tags;

use std::path::PathBuf;

use evaluate::labels::{self, Interval, Labels};
use evaluate::{Label, Source};
use model::Time;

use crate::Ending;
use crate::arguments::{self, EvaluateFormat, EvaluateKind};
use crate::console;
use crate::exports;

pub fn run(arguments: &arguments::Evaluate) -> Result<Ending, String> {
    let kind = match arguments.kind {
        Some(kind) => kind,
        None => guess(arguments)?,
    };
    let report = match kind {
        EvaluateKind::Tags => tags::run(arguments)?,
        EvaluateKind::Packets => packets::captures(arguments)?,
        EvaluateKind::Range => packets::range(arguments)?,
    };
    let language = arguments.lang.into();
    let text = match arguments.format {
        EvaluateFormat::Json => {
            let text = serde_json::to_string_pretty(&report).map_err(|e| e.to_string())?;
            format!("{text}\n")
        }
        EvaluateFormat::Html => evaluate::to_html(&report, language),
        EvaluateFormat::Text => report.to_text(language),
    };
    console::print(&text)?;
    Ok(Ending::Whole)
}

/// The kind of the first file to be tested: captures begin with their marks, everything else is text.
fn guess(arguments: &arguments::Evaluate) -> Result<EvaluateKind, String> {
    let Some(first) = arguments.test.first() else { return Ok(EvaluateKind::Range) };
    use std::io::Read;
    let mut head = [0; 4];
    let failed = |e: std::io::Error| format!("could not read `{}`: {e}", first.display());
    let count = std::fs::File::open(first).and_then(|mut file| file.read(&mut head)).map_err(failed)?;
    let is_capture = matches!(
        head,
        [0xd4, 0xc3, 0xb2, 0xa1]
            | [0xa1, 0xb2, 0xc3, 0xd4]
            | [0x4d, 0x3c, 0xb2, 0xa1]
            | [0xa1, 0xb2, 0x3c, 0x4d]
            | [0x0a, 0x0d, 0x0d, 0x0a]
            | [0x28, 0xb5, 0x2f, 0xfd]
            | [0x1f, 0x8b, _, _]
    );
    Ok(if is_capture && count == 4 { EvaluateKind::Packets } else { EvaluateKind::Tags })
}

/// Files must not be both: a score on what was learned says nothing.
fn refuse_trained_on(train: &[Source], test: &[Source]) -> Result<(), String> {
    for source in test {
        if let Some(same) = train.iter().find(|train| train.sha256 == source.sha256) {
            return Err(format!(
                "`{}` was trained on (`{}` has the same content): a test on it would say nothing",
                source.name, same.name
            ));
        }
    }
    for (index, source) in test.iter().enumerate() {
        if let Some(same) = test[..index].iter().find(|other| other.sha256 == source.sha256) {
            return Err(format!("`{}` and `{}` have the same content: it would count twice", source.name, same.name));
        }
    }
    Ok(())
}

/// All files of labels.
fn read_labels(paths: &[PathBuf]) -> Result<Vec<Labels>, String> {
    let read = |path: &PathBuf| {
        let bytes = exports::bytes(path)?;
        labels::read(&String::from_utf8_lossy(&bytes)).map_err(|e| format!("`{}`: {e}", path.display()))
    };
    paths.iter().map(read).collect()
}

/// An interval with its times read. Rows stand for times where samples have none: `shift` is the time of row 0.
fn label(interval: &Interval, shift: Option<Time>) -> Result<Label, String> {
    let read = |text: &str| -> Result<Time, String> {
        let wrong = || format!("label `{}`: `{text}` is neither a time nor a row", interval.id);
        match shift {
            Some(shift) => {
                let row: f64 = text.trim().parse().map_err(|_| wrong())?;
                Ok(shift.plus((row * 1e9) as i64))
            }
            None => process::moment(text).ok_or_else(wrong),
        }
    };
    let (start, end) = (read(&interval.span.0)?, read(&interval.span.1)?);
    if end < start {
        return Err(format!("label `{}` ends before it starts", interval.id));
    }
    Ok(Label { id: interval.id.clone(), start, end, targets: interval.targets.clone() })
}
