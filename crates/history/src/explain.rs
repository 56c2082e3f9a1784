//! Errors of the query engine in words for whoever asked: what is wrong, and what there is instead.

use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;

use crate::kind::Kind;
use crate::query::QueryError;

/// The error that is at the bottom of `error`.
fn root(error: &DataFusionError) -> &DataFusionError {
    match error {
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => root(inner),
        DataFusionError::Shared(inner) => root(inner),
        DataFusionError::Collection(all) => all.first().map_or(error, root),
        DataFusionError::ArrowError(inner, _) => match inner.as_ref() {
            arrow::error::ArrowError::ExternalError(inner) => {
                inner.downcast_ref::<DataFusionError>().map_or(error, root)
            }
            _ => error,
        },
        DataFusionError::External(inner) => inner.downcast_ref::<DataFusionError>().map_or(error, root),
        other => other,
    }
}

/// In words for people.
pub(crate) fn error(error: &DataFusionError) -> QueryError {
    match root(error) {
        DataFusionError::ResourcesExhausted(_) => QueryError::Memory,
        DataFusionError::SchemaError(reason, _) => QueryError::Wrong(schema(reason)),
        DataFusionError::SQL(reason, _) => {
            let reason = reason.to_string();
            let reason = reason.trim_start_matches("sql parser error: ");
            QueryError::Wrong(format!("this is not SQL that can be read: {reason}"))
        }
        DataFusionError::Plan(reason) => QueryError::Wrong(plan(reason)),
        DataFusionError::NotImplemented(reason) => QueryError::Wrong(format!("not supported: {reason}")),
        DataFusionError::Execution(reason) => QueryError::Wrong(reason.clone()),
        DataFusionError::ArrowError(reason, _) => QueryError::Wrong(match reason.as_ref() {
            arrow::error::ArrowError::ParseError(reason) => {
                format!("{reason}; times are written like '2026-03-02T06:30:00Z'")
            }
            other => other.to_string(),
        }),
        other => QueryError::Failed(other.strip_backtrace()),
    }
}

/// Whether a file that is damaged or gone may be the cause.
pub(crate) fn may_be_damage(error: &DataFusionError) -> bool {
    match root(error) {
        DataFusionError::ParquetError(_)
        | DataFusionError::ObjectStore(_)
        | DataFusionError::IoError(_)
        | DataFusionError::External(_)
        | DataFusionError::Internal(_) => true,
        DataFusionError::ArrowError(inner, _) => {
            use arrow::error::ArrowError;
            matches!(
                inner.as_ref(),
                ArrowError::ParquetError(_) | ArrowError::IoError(..) | ArrowError::ExternalError(_)
            )
        }
        _ => false,
    }
}

fn columns(kind: Kind) -> String {
    kind.columns().iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
}

fn tables() -> String {
    Kind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ")
}

fn schema(reason: &SchemaError) -> String {
    match reason {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let mut text = format!("there is no column `{}`", field.flat_name());
            // Columns of whole tables are said by table, others one by one.
            let mut named: Vec<&str> =
                valid_fields.iter().filter_map(|field| field.relation.as_ref().map(|table| table.table())).collect();
            named.dedup();
            let close =
                valid_fields.iter().map(|known| known.name.as_str()).filter(|known| is_close(known, &field.name));
            let mut close: Vec<&str> = close.collect();
            close.dedup();
            if let Some(close) = close.first() {
                text.push_str(&format!("; is it `{close}`?"));
            }
            match named.as_slice() {
                [table] => match Kind::from_word(table) {
                    Some(kind) => text.push_str(&format!("; `{kind}` has: {}", columns(kind))),
                    None => text.push_str(&one_by_one(valid_fields)),
                },
                _ => text.push_str(&one_by_one(valid_fields)),
            }
            text
        }
        SchemaError::AmbiguousReference { field } => {
            format!("`{}` is in more than one table: write the table before it, such as `acts.{0}`", field.name)
        }
        other => other.to_string(),
    }
}

fn one_by_one(fields: &[datafusion::common::Column]) -> String {
    match fields.is_empty() {
        true => String::new(),
        false => {
            let names: Vec<String> = fields.iter().map(datafusion::common::Column::flat_name).collect();
            format!("; there are: {}", names.join(", "))
        }
    }
}

/// Whether one word is the other with a slip: one is within the other, or they differ in two places at most.
fn is_close(known: &str, written: &str) -> bool {
    let written = written.to_lowercase();
    if known.len() < 2 || written.len() < 2 {
        return false;
    }
    let differing = known.chars().zip(written.chars()).filter(|(a, b)| a != b).count();
    known.contains(&written) || written.contains(known) || (known.len().abs_diff(written.len()) <= 1 && differing <= 2)
}

fn plan(reason: &str) -> String {
    let missing = reason.strip_prefix("table '").and_then(|rest| rest.strip_suffix("' not found"));
    if let Some(name) = missing {
        let name = name.rsplit('.').next().unwrap_or(name);
        return format!("there is no table `{name}`; there are: {}", tables());
    }
    for (prefix, what) in [("DDL not supported: ", ""), ("DML not supported: ", ""), ("Statement not supported: ", "")]
    {
        if let Some(rest) = reason.strip_prefix(prefix) {
            return format!("history can only be read: {what}{rest} is not allowed; queries begin with SELECT or WITH");
        }
    }
    reason.to_owned()
}
