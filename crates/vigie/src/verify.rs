//! `vigie verify`: whether a ledger, and the batches that it speaks of, are what was written.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use ledger::{Against, Entry, Proof, Reader, Report, VerifyingKey};
use sha2::{Digest, Sha256};
use uplink::{Entries, Stored};

use crate::Ending;
use crate::arguments;
use crate::console;

/// Faults of the journal that are listed one by one.
const JOURNAL_FAULTS_MAX: u64 = 50;

pub fn run(arguments: &arguments::Verify) -> Result<Ending, String> {
    let key = arguments.key.as_deref().map(VerifyingKey::parse).transpose().map_err(|fault| fault.to_string())?;
    if arguments.path.is_file() {
        return proof(arguments, key);
    }
    let directory = ledger_directory(&arguments.path)?;
    let earlier = arguments.earlier.iter().map(|path| Ok((path.display().to_string(), read(path)?)));
    let against = Against { key, earlier: earlier.collect::<Result<_, String>>()? };
    let mut journal = journal_directory(&directory).map(|journal| Journal::new(&journal));
    let mut report = ledger::verify(&directory, &against, |index, bytes| {
        if let Some(journal) = &mut journal {
            journal.compare(index, bytes);
        }
    });
    let mut text = String::new();
    tell(&report, &mut text);
    if let Some(journal) = journal {
        journal.end(&mut report, &mut text);
    }
    if let Some(index) = arguments.entry {
        entry(&directory, index, arguments.write_proof.as_deref(), &mut report, &mut text)?;
    }
    for note in &report.notes {
        let _ = writeln!(text, "\nNote: {note}");
    }
    text.push('\n');
    match report.fault_count {
        0 => text += "Nothing is wrong.\n",
        count => {
            let _ = writeln!(text, "{} found:", counted(count, "fault", "faults"));
            for fault in &report.faults {
                let _ = writeln!(text, "  {fault}");
            }
            if count > report.faults.len() as u64 {
                let _ = writeln!(text, "  and {} more", grouped(count - report.faults.len() as u64));
            }
        }
    }
    console::print(&text)?;
    Ok(if report.is_good() { Ending::Whole } else { Ending::Partial })
}

/// The ledger below what was named.
fn ledger_directory(path: &Path) -> Result<PathBuf, String> {
    if !path.is_dir() {
        return Err(format!("`{}` does not exist", path.display()));
    }
    let is_ledger = |path: &Path| ["checkpoint", "tile", "key.pub"].iter().any(|name| path.join(name).exists());
    [path.join("ledger"), path.to_owned()]
        .into_iter()
        .find(|path| is_ledger(path))
        .ok_or_else(|| format!("`{}` holds no ledger: no checkpoint, no tiles", path.display()))
}

/// The journal beside the ledger.
fn journal_directory(ledger: &Path) -> Option<PathBuf> {
    let is_named = ledger.file_name().is_some_and(|name| name == "ledger");
    Some(ledger.parent()?.join("journal")).filter(|journal| is_named && journal.is_dir())
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("could not read `{}`: {error}", path.display()))
}

fn counted(count: u64, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{} {many}", grouped(count)),
    }
}

/// `1234567` as `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn tell(report: &Report, text: &mut String) {
    let name = if report.origin.is_empty() { "without a checkpoint" } else { &report.origin };
    let _ = writeln!(text, "Ledger {name}: {}", counted(report.size, "entry", "entries"));
    if let Some(root) = report.root {
        let _ = writeln!(text, "  root    {root}");
    }
    if let Some(key) = &report.key {
        let _ = writeln!(text, "  key     {}", key.as_str());
    }
    if !report.kinds.is_empty() {
        let kinds: Vec<String> =
            report.kinds.iter().map(|(kind, count)| format!("{kind} {}", grouped(*count))).collect();
        let _ = writeln!(text, "  of them {}", kinds.join(", "));
    }
    if report.staged > 0 {
        let _ = writeln!(
            text,
            "  {} more accepted and not yet signed: the program runs, or was killed; it signs them when it starts",
            counted(report.staged, "entry", "entries")
        );
    }
}

/// Shows an entry, proves it, and writes the proof.
fn entry(
    directory: &Path,
    index: u64,
    write_to: Option<&Path>,
    report: &mut Report,
    text: &mut String,
) -> Result<(), String> {
    let reader = Reader::open(directory);
    if index >= report.size {
        return Err(format!("there is no entry {index}: the ledger has {}", counted(report.size, "entry", "entries")));
    }
    let (content, proof) = match (reader.entries(index, 1), reader.inclusion(index)) {
        (Ok(mut entries), Ok(proof)) => (entries.pop().unwrap_or_default(), proof),
        (Err(error), _) | (_, Err(error)) => {
            report.fault(format!("entry {index}"), error.to_string());
            return Ok(());
        }
    };
    let _ = writeln!(text, "\nEntry {index}:\n  {}", String::from_utf8_lossy(&content));
    match report.key.as_ref().map(|key| proof.verify(&content, key)) {
        Some(Ok(checkpoint)) => {
            let _ = writeln!(
                text,
                "  proven: {} lead from it to the signed root of {}",
                counted(proof.hashes.len() as u64, "hash", "hashes"),
                counted(checkpoint.size, "entry", "entries")
            );
        }
        Some(Err(fault)) => report.fault(format!("entry {index}"), fault.to_string()),
        None => report.fault(format!("entry {index}"), "no key: it cannot be proven"),
    }
    if let Some(path) = write_to {
        fs::write(path, proof.to_text()).map_err(|error| format!("could not write `{}`: {error}", path.display()))?;
        let _ = writeln!(text, "  its proof is in {}", path.display());
    }
    Ok(())
}

/// Checks a proof that someone was given.
fn proof(arguments: &arguments::Verify, key: Option<VerifyingKey>) -> Result<Ending, String> {
    let path = arguments.path.display();
    let proof = Proof::parse(&read(&arguments.path)?).map_err(|fault| format!("`{path}`: {fault}"))?;
    let key = key.ok_or("a proof is checked with --key: the key of the ledger, as you noted it elsewhere")?;
    let content = arguments.content.as_ref().ok_or("a proof is checked with --content: the file with the entry")?;
    match proof.verify(&read(content)?, &key) {
        Ok(checkpoint) => {
            let size = counted(checkpoint.size, "entry", "entries");
            console::print(&format!(
                "Entry {} of {size} of the ledger {} is proven.\n",
                proof.index, checkpoint.origin
            ))?;
            Ok(Ending::Whole)
        }
        Err(fault) => {
            console::print(&format!("Nothing is proven: {fault}\n"))?;
            Ok(Ending::Partial)
        }
    }
}

/// Compares the batches of the journal with what the ledger says of them, both in their order.
struct Journal {
    directory: PathBuf,
    entries: Entries,
    /// A batch that was read and whose entry is still to come.
    ahead: Option<Stored>,
    oldest: u64,
    /// The last number that the ledger spoke of.
    last: u64,
    same: u64,
    removed: u64,
    /// The last batch of which an entry says that it was removed.
    declared: u64,
    unentered: u64,
    faults: Vec<(String, String)>,
    fault_count: u64,
    /// Why the batches that were passed over could not be read.
    why: String,
}

impl Journal {
    fn new(directory: &Path) -> Journal {
        let entries = Entries::open(directory, 1);
        Journal {
            directory: directory.to_owned(),
            oldest: entries.expected(),
            entries,
            ahead: None,
            last: 0,
            same: 0,
            removed: 0,
            declared: 0,
            unentered: 0,
            faults: Vec::new(),
            fault_count: 0,
            why: "it is not there".into(),
        }
    }

    fn fault(&mut self, sequence: u64, what: String) {
        self.fault_count += 1;
        if self.fault_count <= JOURNAL_FAULTS_MAX {
            self.faults.push((format!("journal, batch {sequence}"), what));
        }
    }

    fn compare(&mut self, index: u64, entry: &[u8]) {
        let (sequence, sha256) = match Entry::from_bytes(entry) {
            Ok(Entry::Batch { sequence, sha256, .. }) => (sequence, sha256),
            Ok(Entry::Removed { what, last, .. }) if what == "journal" => {
                self.declared = self.declared.max(last.parse().unwrap_or(0));
                return;
            }
            _ => return,
        };
        if sequence <= self.last {
            return self.fault(sequence, format!("entry {index} speaks of it again"));
        }
        self.last = sequence;
        if sequence < self.oldest {
            self.removed += 1;
            return;
        }
        let mut is_fresh = false;
        loop {
            let stored = match self.ahead.take() {
                Some(stored) => stored,
                None => match self.entries.next() {
                    Some(Ok(stored)) => stored,
                    Some(Err(mut fault)) => {
                        fault.segment = fault.segment.file_name().unwrap_or_default().into();
                        self.why = fault.to_string();
                        continue;
                    }
                    // A running program may have written it since the journal was opened.
                    None if !is_fresh => {
                        is_fresh = true;
                        self.entries = Entries::open(&self.directory, sequence);
                        continue;
                    }
                    None => return self.fault(sequence, format!("entry {index} speaks of it: {}", self.why)),
                },
            };
            if stored.sequence > sequence {
                self.ahead = Some(stored);
                return self.fault(sequence, format!("entry {index} speaks of it: {}", self.why));
            }
            if stored.sequence < sequence {
                self.unentered += 1;
                continue;
            }
            let mut hash = String::new();
            for byte in Sha256::digest(&stored.bytes) {
                let _ = write!(hash, "{byte:02x}");
            }
            match hash == sha256 {
                true => self.same += 1,
                false => self.fault(sequence, format!("it is not the one of entry {index}: its SHA-256 is {hash}")),
            }
            return;
        }
    }

    /// Tells what was compared.
    fn end(mut self, report: &mut Report, text: &mut String) {
        let behind = self.entries.by_ref().filter(Result::is_ok).count() as u64 + u64::from(self.ahead.is_some());
        let _ = writeln!(text, "Journal: {} as the ledger says", counted(self.same, "batch", "batches"));
        if self.removed > 0 {
            let _ = writeln!(text, "  {} older ones are no longer kept", grouped(self.removed));
        }
        if self.removed > 0 && self.oldest > self.declared + 1 {
            let (from, to) = (self.declared + 1, self.oldest - 1);
            self.fault(from, format!("it is gone, with all up to {to}, and no entry says that it was removed"));
        }
        if behind > 0 {
            let _ = writeln!(
                text,
                "  {} more not yet in the ledger: the program runs, or was killed; it enters them when it starts",
                grouped(behind)
            );
        }
        for (place, what) in self.faults {
            report.fault(place, what);
        }
        report.fault_count += self.fault_count.saturating_sub(JOURNAL_FAULTS_MAX);
        if self.unentered > 0 {
            let count = counted(self.unentered, "batch", "batches");
            let note =
                "of the journal are not in the ledger: they were never acknowledged, and nothing is made of them";
            report.notes.push(format!("{count} {note}"));
        }
    }
}
