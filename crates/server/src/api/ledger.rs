//! The ledger, for auditors and their tools.

use axum::Json;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use ledger::{Entry, LedgerError};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Problem;
use crate::call::{Answer, Call};
use crate::list::Page;

fn problem(error: LedgerError) -> Problem {
    match error {
        LedgerError::NotThere { .. } => Problem::absent("entry"),
        other => Problem::internal(other),
    }
}

/// Reads files on a thread that may wait for them.
async fn reading<T: Send + 'static>(
    call: &Call,
    read: impl FnOnce(&ledger::Reader) -> Result<T, LedgerError> + Send + 'static,
) -> Result<T, Problem> {
    let reader = call.site.ledger().reader().clone();
    tokio::task::spawn_blocking(move || read(&reader)).await.map_err(Problem::internal)?.map_err(problem)
}

fn plain(bytes: Vec<u8>, kind: &'static str) -> Response {
    let mut response = bytes.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

pub async fn checkpoint(call: Call) -> Answer {
    let (bytes, _) = reading(&call, ledger::Reader::checkpoint).await?;
    Ok(plain(bytes, "text/plain; charset=utf-8"))
}

pub async fn key(call: Call) -> Answer {
    let key = format!("{}\n", call.site.ledger().key().as_str());
    Ok(plain(key.into_bytes(), "text/plain; charset=utf-8"))
}

#[derive(Deserialize)]
struct From {
    from: Option<u64>,
}

pub async fn entries(call: Call) -> Answer {
    let (page, from): (Page, From) = (call.query()?, call.query()?);
    let limit = page.limit()?;
    let from = match &page.cursor {
        Some(cursor) => {
            let number = cursor.strip_prefix('e').and_then(|number| number.parse().ok());
            number.ok_or_else(|| Problem::bad("cursor is not one that this server gave"))?
        }
        None => from.from.unwrap_or(0),
    };
    let (entries, size) = reading(&call, move |reader| {
        let size = reader.checkpoint()?.1.size;
        let entries = if from < size { reader.entries(from, limit)? } else { Vec::new() };
        Ok((entries, size))
    })
    .await?;
    let end = from.saturating_add(entries.len() as u64);
    let items: Vec<Value> = (from..)
        .zip(&entries)
        .map(|(index, bytes)| {
            let entry: Value = serde_json::from_slice(bytes).unwrap_or(Value::Null);
            let kind = Entry::from_bytes(bytes).map_or("unknown", |entry| entry.kind());
            json!({ "index": index, "at": entry["at"], "kind": kind, "by": entry["by"], "entry": entry })
        })
        .collect();
    let next = (end < size && !items.is_empty()).then(|| format!("e{end}"));
    Ok(Json(json!({ "items": items, "next": next, "total": size })).into_response())
}

pub async fn proof(call: Call) -> Answer {
    let index: u64 = call.name("index").parse().map_err(|_| Problem::absent("entry"))?;
    let proof = reading(&call, move |reader| {
        let size = reader.checkpoint()?.1.size;
        if index >= size {
            return Err(LedgerError::NotThere { what: format!("entry {index}"), size });
        }
        reader.inclusion(index)
    })
    .await?;
    Ok(plain(proof.to_text(), "text/plain; charset=utf-8"))
}

pub async fn tile(call: Call) -> Answer {
    let path = format!("tile/{}", call.name("path"));
    let bytes = reading(&call, move |reader| Ok(reader.file(&path))).await?;
    Ok(plain(bytes.ok_or_else(|| Problem::absent("tile"))?, "application/octet-stream"))
}
