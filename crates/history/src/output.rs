//! Answers as text and files: a table for people, CSV, JSON and Parquet for programs.

use std::io::{self, Write};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::csv;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::json;
use arrow::json::writer::{JsonArray, LineDelimited};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use arrow::util::pretty::pretty_format_batches_with_options;
use model::words;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::file;

words! {
    /// Form of an answer.
    pub enum Format {
        /// Columns under each other, for people.
        Table = "table",
        /// Comma-separated values with a line of names (RFC 4180).
        Csv = "csv",
        /// One list of objects.
        Json = "json",
        /// One object a line.
        Jsonl = "jsonl",
        /// Parquet with zstd.
        Parquet = "parquet",
    }
}

/// Times as in records: RFC 3339 in UTC with nine digits.
const TIME: &str = "%Y-%m-%dT%H:%M:%S%.9fZ";

/// Rows of a table for people: all must be known before the first is written. What is more is told, not shown.
const TABLE_ROWS_MAX: usize = 100_000;

/// Writes an answer in one form, batch by batch.
pub struct Encoder<W: Write + Send> {
    schema: SchemaRef,
    form: Form<W>,
}

enum Form<W: Write + Send> {
    Table(Vec<RecordBatch>, W),
    Csv(Box<csv::Writer<W>>),
    Json(json::Writer<W, JsonArray>),
    Jsonl(json::Writer<W, LineDelimited>),
    Parquet(Box<ArrowWriter<W>>),
}

impl Format {
    /// The media type, for HTTP.
    pub const fn media_type(self) -> &'static str {
        match self {
            Format::Table => "text/plain; charset=utf-8",
            Format::Csv => "text/csv; charset=utf-8",
            Format::Json => "application/json",
            Format::Jsonl => "application/jsonl",
            Format::Parquet => "application/vnd.apache.parquet",
        }
    }
}

impl<W: Write + Send> Encoder<W> {
    /// An encoder of answers with the columns `schema` to `out`.
    pub fn new(format: Format, schema: &SchemaRef, out: W) -> io::Result<Encoder<W>> {
        let form = match format {
            Format::Table => Form::Table(Vec::new(), out),
            Format::Csv => {
                let builder = csv::WriterBuilder::new().with_header(true);
                let mut writer =
                    builder.with_timestamp_tz_format(TIME.into()).with_timestamp_format(TIME.into()).build(out);
                // The names come also where there are no rows.
                writer.write(&RecordBatch::new_empty(Arc::clone(schema))).map_err(io::Error::other)?;
                Form::Csv(Box::new(writer))
            }
            Format::Json => Form::Json(json_builder().build(out)),
            Format::Jsonl => Form::Jsonl(json_builder().build(out)),
            Format::Parquet => {
                let zstd = Compression::ZSTD(ZstdLevel::try_new(1).unwrap_or_default());
                let properties = WriterProperties::builder()
                    .set_compression(zstd)
                    .set_max_row_group_row_count(Some(file::GROUP_ROWS_MAX))
                    .build();
                let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
                let writer = ArrowWriter::try_new_with_options(out, Arc::clone(schema), options);
                Form::Parquet(Box::new(writer.map_err(file::as_io)?))
            }
        };
        Ok(Encoder { schema: Arc::clone(schema), form })
    }

    /// Adds rows.
    pub fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        match &mut self.form {
            Form::Table(batches, _) => {
                let before: usize = batches.iter().map(RecordBatch::num_rows).sum();
                batches.push(batch.slice(0, batch.num_rows().min(TABLE_ROWS_MAX.saturating_sub(before))));
                Ok(())
            }
            Form::Csv(writer) => writer.write(batch).map_err(io::Error::other),
            Form::Json(writer) => writer.write(batch).map_err(io::Error::other),
            Form::Jsonl(writer) => writer.write(batch).map_err(io::Error::other),
            Form::Parquet(writer) => writer.write(batch).map_err(file::as_io),
        }
    }

    /// Writes the end.
    pub fn finish(self) -> io::Result<()> {
        let mut out = match self.form {
            Form::Table(batches, mut out) => {
                let batches = match batches.is_empty() {
                    true => vec![RecordBatch::new_empty(self.schema)],
                    false => batches,
                };
                let options = FormatOptions::new().with_timestamp_tz_format(Some(TIME)).with_null("");
                let text = pretty_format_batches_with_options(&batches, &options).map_err(io::Error::other)?;
                writeln!(out, "{text}")?;
                out
            }
            Form::Csv(writer) => writer.into_inner(),
            Form::Json(mut writer) => {
                writer.finish().map_err(io::Error::other)?;
                let mut out = writer.into_inner();
                out.write_all(b"\n")?;
                out
            }
            Form::Jsonl(mut writer) => {
                writer.finish().map_err(io::Error::other)?;
                writer.into_inner()
            }
            Form::Parquet(writer) => writer.into_inner().map_err(file::as_io)?,
        };
        out.flush()
    }
}

fn json_builder() -> json::WriterBuilder {
    json::WriterBuilder::new()
        .with_explicit_nulls(true)
        .with_timestamp_tz_format(TIME.into())
        .with_timestamp_format(TIME.into())
}

/// The columns of an answer: name, and type in words (`time`, `text`, `integer`, `number`, `boolean`, else the
/// engine's own).
pub fn columns(schema: &SchemaRef) -> Vec<(String, String)> {
    let word = |kind: &DataType| match kind {
        DataType::Timestamp(..) => "time".to_owned(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".to_owned(),
        kind if kind.is_integer() => "integer".to_owned(),
        kind if kind.is_floating() => "number".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        other => other.to_string().to_lowercase(),
    };
    schema.fields().iter().map(|field| (field.name().clone(), word(field.data_type()))).collect()
}

/// The rows of a batch as lists of JSON values in the order of the columns.
pub fn rows(batch: &RecordBatch) -> io::Result<Vec<Vec<serde_json::Value>>> {
    use serde_json::Value;
    let count = batch.num_rows();
    let mut all = vec![Vec::with_capacity(batch.num_columns()); count];
    let options = FormatOptions::new().with_timestamp_tz_format(Some(TIME)).with_timestamp_format(Some(TIME));
    for column in batch.columns() {
        let kind = column.data_type();
        let shown = ArrayFormatter::try_new(column.as_ref(), &options).map_err(io::Error::other)?;
        for (place, row) in all.iter_mut().enumerate() {
            if column.is_null(place) {
                row.push(Value::Null);
                continue;
            }
            let text = shown.value(place).to_string();
            row.push(match kind {
                DataType::Boolean => Value::Bool(text == "true"),
                kind if kind.is_integer() => match (text.parse::<i64>(), text.parse::<u64>()) {
                    (Ok(number), _) => number.into(),
                    (_, Ok(number)) => number.into(),
                    _ => Value::String(text),
                },
                // Infinities and not-a-number are texts, as in records.
                kind if kind.is_floating() => match text.parse::<f64>().ok().and_then(serde_json::Number::from_f64) {
                    Some(number) => Value::Number(number),
                    None => Value::String(text),
                },
                _ => Value::String(text),
            });
        }
    }
    Ok(all)
}
