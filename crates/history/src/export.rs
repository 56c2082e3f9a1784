//! Records as a folder of Parquet files, one a kind: what `vigie read --format parquet` writes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use model::Record;

use crate::file::{self, Parquet};
use crate::kind::Kind;
use crate::rows::{Origin, Rows};

/// Rows gathered before they are handed to the encoder.
const ROWS_MAX: usize = 16_384;

/// Bytes that one encoder may hold before its row group is written.
const ENCODER_BYTES_MAX: usize = 16 << 20;

/// A folder that receives records. Every kind has a file, also where nothing of it came; a file appears when all
/// records are written.
pub struct Folder {
    path: PathBuf,
    kinds: Vec<(Rows, Parquet)>,
    count: u64,
}

/// Why records could not be written.
#[derive(Debug, thiserror::Error)]
#[error("could not write `{path}`: {source}")]
pub struct ExportError {
    /// The file or folder.
    pub path: PathBuf,
    /// What was wrong with it.
    #[source]
    pub source: io::Error,
}

impl Folder {
    /// Begins the files of all kinds below `path`, which is created where it is not there. Files of the same names
    /// are replaced at the end.
    pub fn create(path: &Path) -> Result<Folder, ExportError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| ExportError { path, source }
        };
        if path.exists() && !path.is_dir() {
            let reason = "Parquet needs a folder (one file for each kind of record), and this is a file";
            return Err(failed(path)(io::Error::new(io::ErrorKind::NotADirectory, reason)));
        }
        fs::create_dir_all(path).map_err(failed(path))?;
        let mut kinds = Vec::with_capacity(Kind::ALL.len());
        for kind in Kind::ALL {
            let file = path.join(format!("{kind}.parquet"));
            let parquet = Parquet::create(&file, *kind, false).map_err(failed(&file))?;
            kinds.push((Rows::new(*kind), parquet));
        }
        Ok(Folder { path: path.to_owned(), kinds, count: 0 })
    }

    /// Adds a record.
    pub fn write(&mut self, record: &Record) -> Result<(), ExportError> {
        let kind = Kind::of(record);
        let number = self.count;
        self.count += 1;
        let Some((rows, parquet)) = self.kinds.get_mut(kind.index()) else {
            return Ok(());
        };
        rows.push(record, Origin { batch: None, number });
        if rows.len() >= ROWS_MAX || rows.bytes() >= ENCODER_BYTES_MAX {
            let path = self.path.join(format!("{kind}.parquet"));
            drain(rows, parquet).map_err(|source| ExportError { path, source })?;
        }
        Ok(())
    }

    /// Writes what is left and gives the files their names.
    pub fn finish(self) -> Result<(), ExportError> {
        for (kind, (mut rows, mut parquet)) in Kind::ALL.iter().zip(self.kinds) {
            let written = drain(&mut rows, &mut parquet).and_then(|()| parquet.finish());
            written.map_err(|source| ExportError { path: self.path.join(format!("{kind}.parquet")), source })?;
        }
        file::synchronise(&self.path).map_err(|source| ExportError { path: self.path, source })
    }
}

fn drain(rows: &mut Rows, parquet: &mut Parquet) -> Result<(), io::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let batch = rows.finish().map_err(io::Error::other)?;
    parquet.write(&batch)?;
    if parquet.memory() > ENCODER_BYTES_MAX {
        parquet.flush()?;
    }
    Ok(())
}
