//! What is normal: the lines, their text, and approving them.

use analyze::Baseline;
use analyze::baseline::{Arming, State, TextLine};
use axum::Json;
use axum::http::header;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};
use store::Decision;

use crate::Problem;
use crate::baseline::{approved, parts};
use crate::call::{Answer, Call};
use crate::list::{self, Page};

#[derive(Deserialize)]
struct Filter {
    state: Option<String>,
    machine: Option<String>,
    service: Option<String>,
    search: Option<String>,
}

/// Whether a channel judges, in JSON.
fn arming(arming: &Arming) -> Value {
    match arming {
        Arming::Armed(since) => json!({ "state": "armed", "since": since }),
        Arming::NeedsMore(have, need, at) => {
            json!({ "state": "needs-more", "seen": have, "needed": need, "expected": at })
        }
        Arming::NeedsCycle(once, at) => json!({ "state": "needs-cycle", "once": once, "expected": at }),
    }
}

/// The numbers of the baseline, in JSON: `conduits` are channels that are normal, `armed` those that judge.
pub fn counts(baseline: &Baseline) -> Value {
    let counts = baseline.counts();
    let share = if counts.channels == 0 { 0.0 } else { counts.armed as f64 / counts.channels as f64 };
    json!({
        "conduits": counts.channels,
        "armed": counts.armed,
        "armed_share": share,
        "machines": counts.machines,
        "functions": counts.lines,
        "waiting": counts.waiting,
        "dropped": counts.dropped,
        "is_approved": baseline.is_approved(),
    })
}

fn row(line: &TextLine) -> Value {
    json!({
        "line": line.text,
        "state": line.state.as_str(),
        "from": line.from,
        "to": line.to,
        "service": line.service,
        "count": line.count,
        "arming": line.arming.as_ref().map(arming),
    })
}

pub async fn list(call: Call) -> Answer {
    let (page, filter): (Page, Filter) = (call.query()?, call.query()?);
    let is_wanted = |line: &TextLine| {
        filter.state.as_deref().is_none_or(|state| line.state.as_str() == state)
            && filter.machine.as_deref().is_none_or(|machine| line.from == machine || line.to == machine)
            && filter.service.as_deref().is_none_or(|service| line.service == service)
            && filter.search.as_deref().is_none_or(|search| line.text.to_lowercase().contains(&search.to_lowercase()))
    };
    let rows = call.site.normal(|baseline| {
        let lines = baseline.text_lines();
        // What waits comes first: it is what somebody has to look at.
        let (waiting, rest): (Vec<&TextLine>, Vec<&TextLine>) =
            lines.iter().filter(|line| is_wanted(line)).partition(|line| line.state == State::Waiting);
        waiting.into_iter().chain(rest).map(row).collect()
    });
    list::answer(rows.unwrap_or_default(), &page)
}

pub async fn text(call: Call) -> Answer {
    let text = call.site.normal(Baseline::to_text).unwrap_or_default();
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

#[derive(Deserialize)]
struct Lines {
    lines: Vec<String>,
}

pub async fn approve(call: Call) -> Answer {
    let Lines { lines } = call.json()?;
    let text: String = lines.iter().map(|line| approved(&line.replace(['\n', '\r'], " ")) + "\n").collect();
    // Tried on a copy first: what cannot be read does not go into the ledger.
    let bad = call.site.normal(|baseline| baseline.clone().apply(&text)).unwrap_or_default();
    if let Some(first) = bad.first() {
        return Err(Problem::bad(format!("nothing was approved: {first}")));
    }
    let mut entries = Vec::new();
    for text in parts(&text, &[]) {
        entries.push(call.decide(Decision::BaselineDecided { text }).await?);
    }
    Ok(Json(json!({ "approved": lines.len(), "entries": entries })).into_response())
}
