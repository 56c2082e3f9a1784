//! What is normal, at the console: read from what is kept, and decided through the ledger, also while the server runs.

use std::path::Path;

use analyze::Baseline;
use analyze::baseline::{BadLine, HEAD};
use ledger::Reader;
use store::{Decision, Store};
use uplink::Journal;

use crate::console::{self, ConsoleError};
use crate::past::Reached;
use crate::{SiteError, chain};

/// Bytes of lines in one decision: an entry of the ledger holds at most 64 KiB.
const DECISION_BYTES_MAX: usize = 32 << 10;

/// What is normal at the site below `data`, as it was saved last: when the server stopped, or some minutes ago while it
/// runs.
pub async fn read(data: &Path) -> Result<Baseline, ConsoleError> {
    let (store, _) = Store::open(data).await?;
    let reader = Reader::open(&chain::folder(data));
    let reached = Reached::load(data, &store, &reader, u64::MAX).await?;
    match reached.analysis.baseline() {
        Some(baseline) if reached.next > 0 => Ok(baseline.clone()),
        _ => Err(ConsoleError::Refused("nothing was learned and saved there yet".into())),
    }
}

/// Writes lines of a baseline's text into the ledger as decisions; gives the lines that cannot be read, which are left
/// out.
pub async fn decide(data: &Path, text: String) -> Result<Vec<BadLine>, ConsoleError> {
    let mut known = read(data).await.unwrap_or_default();
    let bad = known.apply(&text);
    for text in parts(&text, &bad) {
        console::decide_one(data, Decision::BaselineDecided { text }).await?;
    }
    settle(data).await?;
    Ok(bad)
}

/// The good lines, in parts that fit into an entry: machines first, then channels, so that each part can be read alone
/// after those before it.
pub(crate) fn parts(text: &str, bad: &[BadLine]) -> Vec<String> {
    let mut lines: Vec<&str> = text
        .lines()
        .enumerate()
        .filter(|(number, _)| bad.iter().all(|bad| bad.line != number + 1))
        .map(|(_, line)| line.trim())
        .filter(|line| !line.is_empty() && !line.starts_with('#') && *line != HEAD)
        .collect();
    let rank = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        match words.next() {
            Some("machine") => 0,
            _ if line.contains(" talks") => 1,
            _ => 2,
        }
    };
    lines.sort_by_key(|line| rank(line));
    let mut parts: Vec<String> = Vec::new();
    for line in lines {
        match parts.last_mut() {
            Some(part) if part.len() + line.len() < DECISION_BYTES_MAX => {
                part.push_str(line);
                part.push('\n');
            }
            _ => parts.push(format!("{line}\n")),
        }
    }
    parts
}

/// The same line, approved.
pub fn approved(line: &str) -> String {
    let line = line.trim();
    match line.split_once(char::is_whitespace) {
        Some(("proposed" | "waiting", rest)) => format!("approved {}", rest.trim_start()),
        _ => line.to_owned(),
    }
}

/// Where no server runs, the saved analysis takes the decisions over at once; a server does so by itself.
async fn settle(data: &Path) -> Result<(), ConsoleError> {
    let Ok(log) = chain::open(data) else { return Ok(()) };
    let (store, _) = Store::open(data).await?;
    let reader: Reader = log.reader();
    let size = reader.checkpoint().map_err(SiteError::from)?.1.size;
    let journal =
        Journal::open(&data.join("journal"), uplink::limits::JournalLimits::default()).map_err(SiteError::from)?;
    let mut reached = Reached::load(data, &store, &reader, size).await?;
    reached.catch_up(&reader, &journal)?;
    if reached.is_worth_saving() {
        reached.save().map_err(SiteError::from)?.keep(data, &store).await?;
    }
    store.close().await;
    Ok(())
}
