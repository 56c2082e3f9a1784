//! The past: records, variables and their series, and SQL.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::response::IntoResponse;
use history::{Filter, Format, History, Kind, QueryError, QueryLimits};
use model::Time;
use serde::Deserialize;
use serde_json::{Value, json};
use store::Decision;

use crate::api::evidence::download;
use crate::call::{Answer, Call};
use crate::list::{self, Page};
use crate::{Problem, limits};

/// Rows of SQL in one answer for a page, unless told, and at most.
const SQL_ROWS: usize = 1000;
/// See [`SQL_ROWS`].
const SQL_ROWS_MAX: usize = 100_000;
/// Rows of a download.
const DOWNLOAD_ROWS_MAX: usize = 1_000_000;

/// Names of columns and types, rows, whether some were cut off.
struct Table {
    columns: Vec<(String, String)>,
    rows: Vec<Vec<Value>>,
    is_truncated: bool,
    seconds: f64,
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Problem {
        match error {
            QueryError::Wrong(why) => Problem::refused(why).kind("query"),
            QueryError::Time(_) | QueryError::Memory => Problem::refused(error.to_string()).kind("query-limit"),
            QueryError::Failed(why) => Problem::internal(why),
        }
    }
}

async fn ask(history: &History, sql: &str, rows_max: usize, time_max: Duration) -> Result<Table, Problem> {
    let mut answer = history.query(sql, QueryLimits { rows_max, time_max }).await?;
    let mut rows = Vec::new();
    while let Some(batch) = answer.next().await {
        rows.extend(history::rows(&batch?).map_err(Problem::internal)?);
    }
    Ok(Table {
        columns: history::columns(&answer.schema()),
        rows,
        is_truncated: answer.is_truncated(),
        seconds: answer.elapsed().as_secs_f64(),
    })
}

/// The addresses of a machine as a filter of the past.
fn of_machine(call: &Call, id: Option<&str>) -> Result<Filter, Problem> {
    let Some(id) = id.filter(|id| !id.is_empty()) else { return Ok(Filter::default()) };
    let view = call.site.view();
    let asset = view.asset(id).ok_or_else(|| Problem::absent("machine"))?;
    let ips = asset.interfaces.iter().flat_map(|interface| &interface.ips).map(ToString::to_string).collect();
    let macs = asset.interfaces.iter().filter_map(|interface| interface.mac).map(|mac| mac.to_string()).collect();
    Ok(Filter { ips, macs, ..Filter::default() })
}

#[derive(Deserialize)]
struct Asked {
    asset: Option<String>,
    from: Option<Time>,
    to: Option<Time>,
    protocol: Option<String>,
    verb: Option<String>,
    outcome: Option<String>,
    key: Option<String>,
    kind: Option<String>,
    flow: Option<String>,
}

/// The newest records of a kind, page by page. Several words of one column are separated by commas.
async fn records(call: Call, kind: Kind) -> Answer {
    let (page, asked): (Page, Asked) = (call.query()?, call.query()?);
    let limit = page.limit()?;
    let mut filter = of_machine(&call, asked.asset.as_deref())?;
    // The last instant asked for is included.
    (filter.from, filter.to) = (asked.from, asked.to.map(|to| to.plus(1)));
    for (column, word) in [
        ("protocol", asked.protocol),
        ("verb", asked.verb),
        ("outcome", asked.outcome),
        ("key", asked.key),
        ("kind", asked.kind),
        ("flow", asked.flow),
    ] {
        let words: Vec<String> =
            word.iter().flat_map(|words| words.split(',')).filter(|word| !word.is_empty()).map(str::to_owned).collect();
        if !words.is_empty() && kind.columns().iter().any(|known| known.name == column) {
            filter.words.push((column, words));
        }
    }
    let cursor = page.cursor.as_deref();
    let listed = call.site.history().page(kind, &filter, limit, cursor).await;
    let mut listed = listed.map_err(|error| match error {
        QueryError::Wrong(why) => Problem::bad(why),
        other => other.into(),
    })?;
    let view = call.site.view();
    for record in &mut listed.items {
        for end in ["from", "to"] {
            if record[end].is_object() {
                let id = view.asset_at(record[end]["ip"].as_str(), record[end]["mac"].as_str()).map(str::to_owned);
                record[format!("{end}_asset")] = id.into();
            }
        }
    }
    Ok(Json(json!({ "items": listed.items, "next": listed.next, "total": null })).into_response())
}

pub async fn acts(call: Call) -> Answer {
    records(call, Kind::Acts).await
}

pub async fn conversations(call: Call) -> Answer {
    records(call, Kind::Conversations).await
}

pub async fn facts(call: Call) -> Answer {
    records(call, Kind::Facts).await
}

pub async fn health(call: Call) -> Answer {
    records(call, Kind::Health).await
}

#[derive(Deserialize)]
struct Wanted {
    asset: Option<String>,
    search: Option<String>,
}

/// Variables in one answer: a machine has some hundreds.
const VARIABLES_MAX: usize = 10_000;

pub async fn variables(call: Call) -> Answer {
    let (page, wanted): (Page, Wanted) = (call.query()?, call.query()?);
    let filter = of_machine(&call, wanted.asset.as_deref())?;
    let search = wanted.search.unwrap_or_default();
    let all = call.site.history().variables(&filter, &search, VARIABLES_MAX).await?;
    let (view, decided) = (call.site.view(), call.site.decided());
    let rows = all.into_iter().map(|variable| {
        let id = view.asset_at(variable.ip.as_deref(), variable.mac.as_deref());
        let asset = id.and_then(|id| view.asset(id));
        let name = asset.map(|asset| crate::view::edited(asset, &decided, "name").unwrap_or(&asset.name));
        json!({
            "asset": id,
            "asset_name": name,
            "behind": variable.behind,
            "protocol": variable.protocol,
            "object": variable.object,
            "value": variable.value,
            "last": variable.at,
            "samples": variable.samples,
            "min": variable.range.map(|range| range.0),
            "max": variable.range.map(|range| range.1),
        })
    });
    list::answer(rows.collect(), &page)
}

#[derive(Deserialize)]
struct Series {
    asset: String,
    object: String,
    behind: Option<String>,
    protocol: Option<String>,
    from: Option<Time>,
    to: Option<Time>,
    points: Option<u32>,
}

pub async fn series(call: Call) -> Answer {
    let wanted: Series = call.query()?;
    let points = wanted.points.unwrap_or(500).clamp(10, 5000) as usize;
    let mut filter = of_machine(&call, Some(&wanted.asset))?;
    (filter.from, filter.to) = (wanted.from, wanted.to.map(|to| to.plus(1)));
    if let Some(protocol) = wanted.protocol.filter(|protocol| !protocol.is_empty()) {
        filter.words.push(("protocol", vec![protocol]));
    }
    let behind = wanted.behind.as_deref().filter(|behind| !behind.is_empty());
    let all = call.site.history().series(&filter, behind, &wanted.object, points).await?;
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    let mut given = Vec::with_capacity(all.len());
    for point in &all {
        (least, most) = (least.min(point.min), most.max(point.max));
        let value = if point.count == 1 { point.last } else { point.mean };
        given.push(json!([point.at.0 / 1_000_000, value]));
    }
    let bound = |number: f64| Some(number).filter(|number| number.is_finite());
    Ok(Json(json!({ "points": given, "min": bound(least), "max": bound(most) })).into_response())
}

pub async fn schema(_: Call) -> Answer {
    let tables: Vec<Value> = Kind::ALL
        .iter()
        .map(|kind| {
            let columns = history::columns(&kind.schema());
            let columns: Vec<Value> = columns
                .into_iter()
                .map(|(name, form)| {
                    let about = kind.columns().iter().find(|column| column.name == name).map(|column| column.about);
                    json!({ "name": name, "type": form, "about": about })
                })
                .collect();
            json!({ "name": kind.as_str(), "columns": columns })
        })
        .collect();
    let total = tables.len();
    Ok(Json(json!({ "items": tables, "next": null, "total": total })).into_response())
}

#[derive(Deserialize)]
struct Sql {
    query: String,
    limit: Option<usize>,
}

fn check(query: &str) -> Result<(), Problem> {
    match query.chars().count() {
        0 => Err(Problem::refused("there is no query")),
        count if count > limits::QUERY_CHARACTERS_MAX => Err(Problem::refused("a query has at most 20,000 characters")),
        _ => Ok(()),
    }
}

pub async fn sql(call: Call) -> Answer {
    let sql: Sql = call.json()?;
    check(&sql.query)?;
    let limit = sql.limit.unwrap_or(SQL_ROWS).clamp(1, SQL_ROWS_MAX);
    let history = call.site.history();
    let table = ask(history, &sql.query, limit, limits::ANSWER_TIMEOUT / 2).await?;
    let columns: Vec<Value> = table.columns.iter().map(|(name, form)| json!({ "name": name, "type": form })).collect();
    Ok(Json(json!({
        "columns": columns, "rows": table.rows, "truncated": table.is_truncated, "seconds": table.seconds,
    }))
    .into_response())
}

#[derive(Deserialize)]
struct Download {
    query: String,
    format: String,
}

pub async fn download_sql(call: Call) -> Answer {
    let wanted: Download = call.query()?;
    check(&wanted.query)?;
    let (format, kind, name) = match wanted.format.as_str() {
        "csv" => (Format::Csv, "text/csv; charset=utf-8", "query.csv"),
        "json" => (Format::Json, "application/json", "query.json"),
        "parquet" => (Format::Parquet, "application/vnd.apache.parquet", "query.parquet"),
        _ => return Err(Problem::bad("format is csv, json or parquet")),
    };
    call.decide(Decision::Exported { what: "sql".into(), detail: wanted.query.clone() }).await?;
    let history = call.site.history();
    let query_limits = QueryLimits { rows_max: DOWNLOAD_ROWS_MAX, time_max: limits::ANSWER_TIMEOUT };
    let mut answer = history.query(&wanted.query, query_limits).await?;
    // Into a file without a name: an answer may be larger than memory should be, and an error can still be told.
    let mut file = tempfile::tempfile().map_err(Problem::internal)?;
    let out = std::io::BufWriter::new(file.try_clone().map_err(Problem::internal)?);
    let mut encoder = history::Encoder::new(format, &answer.schema(), out).map_err(Problem::internal)?;
    while let Some(batch) = answer.next().await {
        encoder.write(&batch?).map_err(Problem::internal)?;
    }
    encoder.finish().map_err(Problem::internal)?;
    std::io::Seek::rewind(&mut file).map_err(Problem::internal)?;
    let stream = futures_util::stream::unfold(tokio::fs::File::from_std(file), |mut file| async {
        let mut piece = bytes::BytesMut::with_capacity(1 << 16);
        match tokio::io::AsyncReadExt::read_buf(&mut file, &mut piece).await {
            Ok(0) => None,
            Ok(_) => Some((Ok(piece.freeze()), file)),
            Err(error) => Some((Err(error), file)),
        }
    });
    Ok(download(Body::from_stream(stream), kind, name))
}
