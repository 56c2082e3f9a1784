//! What is done about a crash, and about files that were cut, lost or damaged since.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;

use hashbrown::HashSet;
use model::Time;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::file::statistics::Statistics;

use crate::file::{self, MARK};
use crate::kind::Kind;
use crate::manifest::{self, Manifest, Stored};
use crate::store::Store;
use crate::writer::sort;

/// Makes a manifest from the files that are there and whole.
pub(crate) fn from_files(folder: &Path) -> Manifest {
    let mut manifest = Manifest::empty();
    for (kind, path) in manifest::found(folder).into_iter().filter(|(_, path)| path.ends_with(".parquet")) {
        let number = path.rsplit('/').next().and_then(|name| name.strip_suffix(".parquet")?.parse::<u64>().ok());
        manifest.number = manifest.number.max(number.map_or(0, |number| number + 1));
        let Ok((stored, next)) = describe(folder, kind, &path) else {
            let _ = fs::rename(folder.join(&path), folder.join(&path).with_extension(manifest::SET_ASIDE));
            manifest.set_aside += 1;
            continue;
        };
        manifest.next = manifest.next.max(next);
        manifest.files.push(Arc::new(stored));
    }
    sort(&mut manifest.files);
    manifest
}

/// What a file that no manifest names says of itself; nothing where it has no rows.
pub(crate) fn describe_any(folder: &Path, kind: Kind, path: &str) -> Result<Option<Stored>, io::Error> {
    match metadata(&folder.join(path))?.file_metadata().num_rows() {
        0 => Ok(None),
        _ => describe(folder, kind, path).map(|(stored, _)| Some(stored)),
    }
}

/// What a file says of itself, and up to which entry of the ledger history was written when it was.
fn describe(folder: &Path, kind: Kind, path: &str) -> Result<(Stored, u64), io::Error> {
    let metadata = metadata(&folder.join(path))?;
    let bytes = fs::metadata(folder.join(path))?.len();
    let about = metadata.file_metadata();
    let marks = about.key_value_metadata().into_iter().flatten().filter(|pair| pair.key == MARK);
    let next = marks.filter_map(|pair| pair.value.as_ref()?.parse::<u64>().ok()).max().unwrap_or(0);
    let (mut first, mut last) = (i64::MAX, i64::MIN);
    for group in metadata.row_groups() {
        if let Some(Statistics::Int64(times)) = group.columns().first().and_then(|column| column.statistics()) {
            first = first.min(times.min_opt().copied().unwrap_or(i64::MIN));
            last = last.max(times.max_opt().copied().unwrap_or(i64::MAX));
        }
    }
    if first > last {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "has no times"));
    }
    let rows = u64::try_from(about.num_rows()).unwrap_or(0);
    Ok((Stored { kind, path: path.to_owned(), rows, bytes, first: Time(first), last: Time(last) }, next))
}

fn metadata(path: &Path) -> Result<ParquetMetaData, io::Error> {
    let file = File::open(path)?;
    ParquetMetaDataReader::new().parse_and_finish(&file).map_err(file::as_io)
}

/// Removes what a crash left half-written, and sets aside what is not as the manifest says.
pub(crate) fn check(store: &Store) {
    let files: Vec<Arc<Stored>> = store.state().manifest.files.clone();
    let known: HashSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    for (_, path) in manifest::found(&store.folder) {
        if !known.contains(path.as_str()) {
            let _ = fs::remove_file(store.folder.join(path));
        }
    }
    for file in &files {
        if let Some(reason) = size_fault(&store.folder, file) {
            store.set_aside(file, &reason);
        }
    }
}

fn size_fault(folder: &Path, file: &Stored) -> Option<String> {
    match fs::metadata(folder.join(&file.path)) {
        Ok(metadata) if metadata.len() == file.bytes => None,
        Ok(metadata) => Some(format!("has {} bytes instead of {}", metadata.len(), file.bytes)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Some("is missing".into()),
        Err(e) => Some(format!("cannot be opened: {e}")),
    }
}

/// Reads every byte of a file: why it is not whole, where it is not.
pub(crate) fn fault(folder: &Path, file: &Stored) -> Option<String> {
    if let Some(reason) = size_fault(folder, file) {
        return Some(reason);
    }
    let read = || -> Result<u64, io::Error> {
        let file = File::open(folder.join(&file.path))?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|builder| builder.build());
        let mut rows = 0;
        for batch in reader.map_err(file::as_io)? {
            rows += batch.map_err(io::Error::other)?.num_rows() as u64;
        }
        Ok(rows)
    };
    match read() {
        Ok(rows) if rows == file.rows => None,
        Ok(rows) => Some(format!("has {rows} rows instead of {}", file.rows)),
        Err(e) => Some(format!("is damaged: {e}")),
    }
}
