//! Lists in pages: filtered rows in, one page with its cursor out.

use std::cmp::Ordering;

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Problem, limits};

/// Which page, in which order.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Page {
    /// Rows at most.
    pub limit: Option<usize>,
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// A field; with `-` before it the greatest first.
    pub sort: Option<String>,
}

impl Page {
    /// How many rows.
    pub fn limit(&self) -> Result<usize, Problem> {
        match self.limit {
            None => Ok(limits::ROWS),
            Some(limit @ 1..=limits::ROWS_MAX) => Ok(limit),
            Some(_) => Err(Problem::bad(format!("limit is from 1 to {}", limits::ROWS_MAX))),
        }
    }

    /// The number of the first row.
    fn offset(&self) -> Result<usize, Problem> {
        match &self.cursor {
            None => Ok(0),
            Some(cursor) => {
                let number = cursor.strip_prefix('o').and_then(|number| number.parse().ok());
                number.ok_or_else(|| Problem::bad("cursor is not one that this server gave"))
            }
        }
    }
}

/// Rows in the order asked for, one page of them.
pub fn answer(mut rows: Vec<Value>, page: &Page) -> Result<Response, Problem> {
    let (limit, offset) = (page.limit()?, page.offset()?);
    if let Some(sort) = page.sort.as_deref().filter(|sort| !sort.is_empty()) {
        let (field, is_reversed) = match sort.strip_prefix('-') {
            Some(field) => (field, true),
            None => (sort, false),
        };
        rows.sort_by(|a, b| {
            let order = compare(a.get(field).unwrap_or(&Value::Null), b.get(field).unwrap_or(&Value::Null));
            if is_reversed { order.reverse() } else { order }
        });
    }
    let total = rows.len();
    let end = offset.saturating_add(limit).min(total);
    let next = (end < total && offset < end).then(|| format!("o{end}"));
    let items: Vec<Value> = rows.into_iter().skip(offset).take(limit).collect();
    Ok(Json(json!({ "items": items, "next": next, "total": total })).into_response())
}

/// Words that have an order of their own.
const RANKS: &[&[&str]] = &[&["info", "low", "medium", "high", "critical"], &["open", "acknowledged", "closed"]];

/// The natural order of two values of one field; what is absent goes last.
fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Greater,
        (_, Value::Null) => Ordering::Less,
        (Value::Number(a), Value::Number(b)) => a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) => {
            let rank = |word: &str| RANKS.iter().find_map(|ranks| ranks.iter().position(|known| *known == word));
            match (rank(a), rank(b)) {
                (Some(a), Some(b)) => a.cmp(&b),
                _ => match (a.parse::<std::net::IpAddr>(), b.parse::<std::net::IpAddr>()) {
                    (Ok(a), Ok(b)) => a.cmp(&b),
                    _ => a.to_lowercase().cmp(&b.to_lowercase()),
                },
            }
        }
        (Value::Array(a), Value::Array(b)) => match (a.first(), b.first()) {
            (Some(a), Some(b)) => compare(a, b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        },
        (a, b) => a.to_string().cmp(&b.to_string()),
    }
}
