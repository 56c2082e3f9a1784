//! How rows are laid down as Parquet: encodings, statistics, Bloom filters; and files that are whole or not there.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::kind::{Form, Kind};

/// Rows of a row group: few enough to skip much by its statistics, enough that columns compress.
pub(crate) const GROUP_ROWS_MAX: usize = 1 << 18;

/// Share of texts that a Bloom filter takes for present although they are not.
const BLOOM_FALSE_SHARE: f64 = 0.01;

/// Key in a file's metadata of the first ledger entry that was not written by then.
pub(crate) const MARK: &str = "vigie.next";

/// Ending of files that are being written; a file that has it was never finished.
pub(crate) const UNFINISHED: &str = "tmp";

/// The settings of the writer. `is_sorted` says that the rows come in the kind's order.
pub(crate) fn properties(kind: Kind, is_sorted: bool) -> WriterProperties {
    let level = ZstdLevel::try_new(1).unwrap_or_default();
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(GROUP_ROWS_MAX))
        .set_created_by(concat!("vigie ", env!("CARGO_PKG_VERSION")).to_owned());
    for column in kind.columns() {
        let path = || ColumnPath::from(column.name);
        // Dictionaries are for what repeats. Times and places grow, so their differences are small; floating point
        // numbers of one kind have like first bytes.
        let encoding = match column.form {
            Form::Time => Some(Encoding::DELTA_BINARY_PACKED),
            Form::Integer if matches!(column.name, "batch" | "number") => Some(Encoding::DELTA_BINARY_PACKED),
            Form::Number => Some(Encoding::BYTE_STREAM_SPLIT),
            _ => None,
        };
        if let Some(encoding) = encoding {
            properties = properties.set_column_dictionary_enabled(path(), false).set_column_encoding(path(), encoding);
        }
        let is_by_page = column.is_looked_up || column.name == "at" || kind.order().contains(&column.name);
        let statistics = if is_by_page { EnabledStatistics::Page } else { EnabledStatistics::Chunk };
        properties = properties.set_column_statistics_enabled(path(), statistics);
        if column.is_looked_up {
            properties = properties
                .set_column_bloom_filter_enabled(path(), true)
                .set_column_bloom_filter_fpp(path(), BLOOM_FALSE_SHARE)
                .set_column_bloom_filter_max_ndv(path(), GROUP_ROWS_MAX as u64);
        }
    }
    let order = kind.order().iter().filter_map(|name| kind.column(name)).map(|index| SortingColumn {
        column_idx: i32::try_from(index).unwrap_or(0),
        descending: false,
        nulls_first: true,
    });
    properties.set_sorting_columns(is_sorted.then(|| order.collect())).build()
}

/// A Parquet file that is being written. It appears under its name when it is whole, and not before.
pub(crate) struct Parquet {
    path: PathBuf,
    temporary: PathBuf,
    writer: Option<ArrowWriter<File>>,
}

impl Parquet {
    /// Begins a file of `kind` at `path`.
    pub(crate) fn create(path: &Path, kind: Kind, is_sorted: bool) -> Result<Parquet, io::Error> {
        let temporary = path.with_extension(UNFINISHED);
        let file = File::create(&temporary)?;
        // Without the Arrow schema in the file, dictionaries are an affair of memory: every reader sees plain texts.
        let options = ArrowWriterOptions::new()
            .with_properties(properties(kind, is_sorted))
            .with_schema_root(format!("vigie_{kind}"))
            .with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(file, kind.schema_in_memory(), options).map_err(as_io)?;
        Ok(Parquet { path: path.to_owned(), temporary, writer: Some(writer) })
    }

    /// Adds rows in the schema in memory.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), io::Error> {
        match &mut self.writer {
            Some(writer) => writer.write(batch).map_err(as_io),
            None => Ok(()),
        }
    }

    /// Memory that the row group which is being written takes.
    pub(crate) fn memory(&self) -> usize {
        self.writer.as_ref().map_or(0, ArrowWriter::memory_size)
    }

    /// Notes in the file that entries of the ledger below `next` were written by then: the manifest can be made anew
    /// from files.
    pub(crate) fn mark(&mut self, next: u64) {
        if let Some(writer) = &mut self.writer {
            writer.append_key_value_metadata(KeyValue::new(MARK.to_owned(), next.to_string()));
        }
    }

    /// Ends the row group.
    pub(crate) fn flush(&mut self) -> Result<(), io::Error> {
        self.writer.as_mut().map_or(Ok(()), |writer| writer.flush().map_err(as_io))
    }

    /// Writes what is left, makes it last and gives the file its name. Gives its size in bytes.
    ///
    /// The name itself lasts when the folder is synchronised, which is the caller's affair: one folder may take many.
    pub(crate) fn finish(mut self) -> Result<u64, io::Error> {
        let Some(writer) = self.writer.take() else {
            return Ok(0);
        };
        let file = writer.into_inner().map_err(as_io)?;
        file.sync_all()?;
        let bytes = file.metadata()?.len();
        fs::rename(&self.temporary, &self.path)?;
        Ok(bytes)
    }
}

impl Drop for Parquet {
    /// What was not finished leaves nothing behind.
    fn drop(&mut self) {
        if self.temporary.exists() {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Writes a small file whole or not at all, and lastingly.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), io::Error> {
    let temporary = path.with_extension(UNFINISHED);
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    path.parent().map_or(Ok(()), synchronise)
}

/// Makes the names in a folder last.
pub(crate) fn synchronise(folder: &Path) -> Result<(), io::Error> {
    File::open(folder)?.sync_all()
}

/// An error of the Parquet writer as the error of the file that it most often is.
pub(crate) fn as_io(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}

/// The kind's schema in memory, with the columns of `batch` cast to it: what was read from a file can be written again.
pub(crate) fn in_memory(kind: Kind, batch: &RecordBatch) -> Result<RecordBatch, arrow::error::ArrowError> {
    let schema = kind.schema_in_memory();
    let columns = schema
        .fields()
        .iter()
        .map(|field| match batch.column_by_name(field.name()) {
            Some(column) => arrow::compute::cast(column, field.data_type()),
            // A file of an older version may lack a column.
            None => Ok(arrow::array::new_null_array(field.data_type(), batch.num_rows())),
        })
        .collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(Arc::clone(&schema), columns)
}
