//! Rows are put in order and divided by hour before they are written.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::{Int32Type, TimestampNanosecondType};
use arrow::error::ArrowError;
use hashbrown::HashMap;

use crate::kind::Kind;
use crate::manifest::hour_of;

/// Folders of hours that one writing fills. Rows of a clock that leaps about go into the folder of the hour with most
/// rows; where a file lies is a help for people, and its least and greatest time in the manifest are what counts.
const HOURS_MAX: usize = 64;

/// Rows of one hour in order.
pub(crate) struct Hour {
    /// Hours since 1970.
    pub(crate) hour: i64,
    /// The rows.
    pub(crate) rows: RecordBatch,
    /// Least and greatest `at`.
    pub(crate) span: (i64, i64),
}

/// All rows of `batches`, in the kind's order and divided by hour.
pub(crate) fn by_hour(kind: Kind, batches: &[RecordBatch]) -> Result<Vec<Hour>, ArrowError> {
    let all = concat_batches(&kind.schema_in_memory(), batches)?;
    if all.num_rows() == 0 {
        return Ok(Vec::new());
    }
    let times = all.column(0).as_primitive::<TimestampNanosecondType>().clone();
    let times = times.values();
    let mut counts: HashMap<i64, u32> = HashMap::new();
    for at in times {
        *counts.entry(hour_of(*at)).or_default() += 1;
    }
    let mut kept: Vec<(i64, u32)> = counts.into_iter().collect();
    kept.sort_unstable_by_key(|(hour, count)| (std::cmp::Reverse(*count), *hour));
    let fallback = kept.first().map_or(0, |(hour, _)| *hour);
    kept.truncate(HOURS_MAX);
    kept.sort_unstable();
    let hours: Vec<i64> = kept.iter().map(|(hour, _)| *hour).collect();
    let place = |at: i64| {
        let hour = hour_of(at);
        if hours.binary_search(&hour).is_ok() { hour } else { fallback }
    };
    let ranks: Vec<Vec<u32>> = kind
        .order()
        .iter()
        .filter(|name| **name != "at")
        .filter_map(|name| kind.column(name))
        .map(|index| ranks(all.column(index).as_ref()))
        .collect();
    let mut order: Vec<(i64, [u32; 3], i64, u32)> = (0_u32..)
        .zip(times)
        .map(|(row, at)| {
            let mut key = [0; 3];
            for (part, ranks) in key.iter_mut().zip(&ranks) {
                *part = ranks.get(row as usize).copied().unwrap_or(0);
            }
            (place(*at), key, *at, row)
        })
        .collect();
    // Stable enough: rows of the same time keep their order by the number at the end. What comes sorted is cheap.
    order.sort();
    let is_sorted = order.iter().zip(0_u32..).all(|((_, _, _, row), place)| *row == place);
    let all = match is_sorted {
        true => all,
        false => take_record_batch(&all, &UInt32Array::from_iter_values(order.iter().map(|(_, _, _, row)| *row)))?,
    };
    let mut begin = 0;
    let mut divided = Vec::new();
    for part in order.chunk_by(|a, b| a.0 == b.0) {
        let least = part.iter().map(|row| row.2).min().unwrap_or(0);
        let greatest = part.iter().map(|row| row.2).max().unwrap_or(0);
        divided.push(Hour {
            hour: part.first().map_or(0, |row| row.0),
            rows: all.slice(begin, part.len()),
            span: (least, greatest),
        });
        begin += part.len();
    }
    Ok(divided)
}

/// Of each row the place of its text among all texts of the column in order; 0 where there is none.
fn ranks(column: &dyn Array) -> Vec<u32> {
    let Some(dictionary) = column.as_dictionary_opt::<Int32Type>() else {
        return vec![0; column.len()];
    };
    let Some(texts) = dictionary.values().as_string_opt::<i32>() else {
        return vec![0; column.len()];
    };
    let mut sorted: Vec<(&str, usize)> = (0..texts.len()).map(|index| (texts.value(index), index)).collect();
    sorted.sort_unstable();
    let mut rank_of = vec![0_u32; texts.len()];
    let (mut rank, mut before) = (0, None);
    for (text, index) in sorted {
        // Dictionaries that were joined may hold a text twice.
        rank += u32::from(before != Some(text));
        before = Some(text);
        rank_of[index] = rank;
    }
    let keys = dictionary.keys();
    (0..keys.len())
        .map(|row| if keys.is_null(row) { 0 } else { rank_of.get(keys.value(row) as usize).copied().unwrap_or(0) })
        .collect()
}

/// The batch in the schema of queries.
pub(crate) fn in_queries(kind: Kind, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = kind.schema();
    let columns = schema
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(field, column)| arrow::compute::cast(column, field.data_type()))
        .collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(Arc::clone(&schema), columns)
}
