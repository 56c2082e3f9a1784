//! Exports of historians as files: read whole, told apart by their hashes, with what could not be read told on the console.

use std::path::{Path, PathBuf};

use process::table::{self, Table};
use sha2::{Digest, Sha256};

use crate::console;

/// Bytes of an export that are read; historians give months of a plant in less.
const BYTES_MAX: u64 = 4 << 30;

/// One export.
pub struct Export {
    /// Where it is.
    pub path: PathBuf,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// What it says.
    pub table: Table,
}

/// All bytes of a file.
pub fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let failed = |e: std::io::Error| format!("could not read `{}`: {e}", path.display());
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > BYTES_MAX {
        return Err(format!("`{}` has {size} bytes; {BYTES_MAX} are the most", path.display()));
    }
    std::fs::read(path).map_err(failed)
}

/// SHA-256 as it is written.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Export {
    /// Reads a file and tells what of it could not be read.
    pub fn read(path: &Path) -> Result<Export, String> {
        let bytes = bytes(path)?;
        let sha256 = sha256(&bytes);
        let table = table::read(&bytes);
        for problem in &table.problems {
            let place = if problem.line > 0 { format!(" line {}", problem.line) } else { String::new() };
            console::tell(&format!("vigie: `{}`{place}: {}\n", path.display(), problem.reason));
        }
        if table.problem_count > table.problems.len() as u64 {
            let more = table.problem_count - table.problems.len() as u64;
            console::tell(&format!("vigie: `{}`: {more} more problems like these\n", path.display()));
        }
        if table.frame.is_empty() || table.frame.width() == 0 {
            return Err(format!("`{}` has no row of numbers", path.display()));
        }
        Ok(Export { path: path.to_owned(), sha256, table })
    }

    /// All of `paths`.
    pub fn read_all(paths: &[PathBuf]) -> Result<Vec<Export>, String> {
        paths.iter().map(|path| Export::read(path)).collect()
    }

    /// Its name without the folder.
    pub fn name(&self) -> String {
        self.path
            .file_name()
            .map_or_else(|| self.path.display().to_string(), |name| name.to_string_lossy().into_owned())
    }
}

/// Learns from exports: rows that are labelled as bad are left out. `quanta_of` are tables that will be judged: their
/// resolution counts where it is coarser.
pub fn learn(train: &[Export], judged: &[&Table], budget: Option<f64>) -> Result<process::Normal, String> {
    let Some(first) = train.first() else { return Err("there is nothing to learn from".to_owned()) };
    let tags = first.table.frame.tags().to_vec();
    let mut quanta = vec![0.0_f64; tags.len()];
    for table in judged {
        for (quantum, tag) in quanta.iter_mut().zip(&tags) {
            if let Some(column) = table.frame.tags().iter().position(|own| own == tag) {
                *quantum = quantum.max(process::quantum::decimal(table.frame.column(column)));
            }
        }
    }
    let mut learner = process::Learner::new(tags.clone(), process::Options { quanta, budget });
    for export in train {
        learner.cut();
        let frame = if export.table.frame.tags() == tags { None } else { Some(export.table.frame.select(&tags)) };
        let rows = frame.as_ref().unwrap_or(&export.table.frame);
        for (index, (at, row)) in rows.rows().enumerate() {
            match export.table.labels.as_ref().and_then(|labels| labels.get(index)) {
                Some(true) => learner.cut(),
                _ => learner.push(at, row),
            }
        }
    }
    learner.finish().map_err(|why| format!("nothing can be learned from `{}`: {why}", first.path.display()))
}
