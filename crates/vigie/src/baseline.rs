//! `vigie baseline`: what is normal, as text; and a text to judge captures against.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use analyze::Baseline;
use analyze::baseline::{Arming, HEAD, State, TextLine};
use capture::{Chunk, Input, Reader, Selection};
use decode::{Options, Pipeline};
use model::Record;

use crate::Ending;
use crate::arguments::{self, BaselineApprove, BaselineCommand, BaselineDiff, BaselineExport, BaselineImport};
use crate::{console, people, records};

/// Bytes of a text that is read: far above what a large plant needs.
const TEXT_BYTES_MAX: u64 = 256 << 20;

pub fn run(arguments: &arguments::Baseline) -> Result<Ending, String> {
    match &arguments.command {
        BaselineCommand::Export(export) => self::export(export),
        BaselineCommand::Diff(diff) => self::diff(diff),
        BaselineCommand::Approve(approve) => self::approve(approve),
        BaselineCommand::Import(import) => self::import(import),
    }
}

/// Reads a baseline to judge against. Bad lines are told; a file without a good line is an error.
pub fn open(path: &Path) -> Result<Baseline, String> {
    let (baseline, bad) = Baseline::from_text(&text_of(path)?);
    for bad in &bad {
        console::tell(&format!("vigie: `{}`, {bad}\n", path.display()));
    }
    match baseline.counts().channels {
        0 => Err(format!("`{}` says nothing of what is normal", path.display())),
        _ => Ok(baseline),
    }
}

fn text_of(path: &Path) -> Result<String, String> {
    let failed = |e: std::io::Error| format!("could not read `{}`: {e}", path.display());
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > TEXT_BYTES_MAX {
        return Err(format!("`{}` is too large for a baseline", path.display()));
    }
    std::fs::read_to_string(path).map_err(failed)
}

fn export(arguments: &BaselineExport) -> Result<Ending, String> {
    let mut ending = Ending::Whole;
    let baseline = match (&arguments.data, arguments.learn.as_slice()) {
        (Some(data), []) => {
            people::there(data)?;
            people::finish(server::baseline::read(data))?
        }
        (None, []) => return Err("name what to write: `--data DIR` of a site, or `--learn CAPTURE…`".into()),
        (_, paths) => {
            let (baseline, is_whole) = learn(paths, !arguments.no_rollup)?;
            if !is_whole {
                ending = Ending::Partial;
            }
            baseline
        }
    };
    let mut text = format!("{HEAD}\n");
    for line in baseline.text_lines() {
        if let (true, Some(arming)) = (arguments.arming, &line.arming) {
            text += &format!("# {}\n", arming_in_words(arming));
        }
        text += &line.text;
        text.push('\n');
    }
    match &arguments.output {
        Some(path) => {
            use std::io::Write;
            let mut file = records::create(path)?;
            file.write_all(text.as_bytes()).map_err(|e| format!("could not write `{}`: {e}", path.display()))?;
        }
        None => console::print(&text)?,
    }
    let counts = baseline.counts();
    console::tell(&format!(
        "{} machines, {} channels ({} armed), {} functions, {} lines wait for a person\n",
        counts.machines, counts.channels, counts.armed, counts.lines, counts.waiting
    ));
    if counts.dropped > 0 {
        console::tell(&format!("vigie: {} things found no place in the baseline\n", counts.dropped));
    }
    Ok(ending)
}

fn arming_in_words(arming: &Arming) -> String {
    let expected = |at: &Option<model::Time>| at.map_or_else(String::new, |at| format!(", expected {at:.19}"));
    match arming {
        Arming::Armed(since) => format!("armed since {since}"),
        Arming::NeedsMore(have, need, at) => format!("seen {have} of {need} times{}", expected(at)),
        Arming::NeedsCycle(once, at) => format!("needs one more cycle: {once} things seen once{}", expected(at)),
    }
}

/// Learns from captures. Says whether all of them could be read.
fn learn(paths: &[PathBuf], is_rolled_up: bool) -> Result<(Baseline, bool), String> {
    if let Some(missing) = paths.iter().find(|path| !path.exists()) {
        return Err(format!("`{}` does not exist", missing.display()));
    }
    let mut reader = Reader::new(Input::from_paths(paths), Selection::default());
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let mut pipeline = Pipeline::new(Options { is_rolled_up }, workers);
    let mut baseline = Baseline::default();
    let mut learn = |record: &Record| baseline.learn(record);
    let (mut now, mut next) = (Chunk::new(), Chunk::new());
    let mut has_more = reader.next_chunk(&mut now);
    while has_more {
        let read_next = || has_more = reader.next_chunk(&mut next);
        pipeline.chunk(&now, read_next, &mut learn);
        std::mem::swap(&mut now, &mut next);
    }
    pipeline.finish(&mut learn);
    for problem in reader.problems() {
        console::tell(&format!("vigie: {problem}\n"));
    }
    Ok((baseline, reader.counters().problems == 0))
}

fn diff(arguments: &BaselineDiff) -> Result<Ending, String> {
    // Both are read and written again, so that only what is said counts, and not how it is spaced.
    let lines = |path: &Path| -> Result<Vec<TextLine>, String> {
        let (baseline, bad) = Baseline::from_text(&text_of(path)?);
        for bad in &bad {
            console::tell(&format!("vigie: `{}`, {bad}\n", path.display()));
        }
        Ok(baseline.text_lines())
    };
    let (before, after) = (lines(&arguments.before)?, lines(&arguments.after)?);
    let set = |lines: &[TextLine]| lines.iter().map(|line| line.text.clone()).collect::<BTreeSet<String>>();
    let (old, new) = (set(&before), set(&after));
    let gone = before.iter().filter(|line| !new.contains(&line.text)).map(|line| (line, '-'));
    let come = after.iter().filter(|line| !old.contains(&line.text)).map(|line| (line, '+'));
    let mut changes: Vec<(&TextLine, char)> = gone.chain(come).collect();
    let head =
        |line: &TextLine| line.text.get(9..).unwrap_or_default().split("  on ").next().unwrap_or_default().to_owned();
    changes.sort_by_cached_key(|(line, sign)| {
        (line.from.clone(), line.to.clone(), line.service.clone(), head(line), *sign == '+')
    });
    let text: String = changes.iter().map(|(line, sign)| format!("{sign} {}\n", line.text)).collect();
    console::print(&text)?;
    Ok(if changes.is_empty() { Ending::Whole } else { Ending::Partial })
}

fn approve(arguments: &BaselineApprove) -> Result<Ending, String> {
    let data = &arguments.data.data;
    people::there(data)?;
    let lines: Vec<String> = if arguments.all {
        let baseline = people::finish(server::baseline::read(data))?;
        baseline.text_lines().into_iter().filter(|line| line.state == State::Proposed).map(|line| line.text).collect()
    } else {
        arguments.line.clone()
    };
    let text: String = lines.iter().map(|line| server::baseline::approved(line) + "\n").collect();
    decide(data, text)
}

fn import(arguments: &BaselineImport) -> Result<Ending, String> {
    people::there(&arguments.data.data)?;
    decide(&arguments.data.data, text_of(&arguments.file)?)
}

fn decide(data: &Path, text: String) -> Result<Ending, String> {
    let bad = people::finish(server::baseline::decide(data, text))?;
    for bad in &bad {
        console::tell(&format!("vigie: {bad}\n"));
    }
    console::print("written into the ledger\n")?;
    Ok(if bad.is_empty() { Ending::Whole } else { Ending::Partial })
}
