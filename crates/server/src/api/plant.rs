//! The plant as a whole: numbers, map, surface, sight, detectors, protocols.

use std::collections::BTreeMap;

use analyze::DETECTORS;
use axum::Json;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::{Answer, Call};
use crate::list::{self, Page};
use crate::{Problem, view};

/// Anything as JSON.
pub fn value(of: &impl serde::Serialize) -> Result<Value, Problem> {
    serde_json::to_value(of).map_err(Problem::internal)
}

/// Each as JSON.
pub fn values<T: serde::Serialize>(of: &[T]) -> Result<Vec<Value>, Problem> {
    of.iter().map(value).collect()
}

pub async fn summary(call: Call) -> Answer {
    let (view, decided) = (call.site.view(), call.site.decided());
    let judgement = &view.judgement;
    let mut findings: BTreeMap<&str, u64> = BTreeMap::new();
    let mut open = 0_u64;
    for ranked in judgement.findings.iter().filter(|ranked| view::is_shown(ranked, &decided)) {
        if view::state(ranked, &decided).0 != store::FindingState::Closed {
            *findings.entry(ranked.finding.severity.as_str()).or_default() += 1;
            open += 1;
        }
    }
    let conversations: u64 = judgement.protocols.iter().map(|protocol| protocol.conversations).sum();
    let packets: f64 = call.site.sensors().iter().map(|sensor| sensor.packets_per_second).sum();
    let rates = call.site.rates();
    Ok(Json(json!({
        "site_name": decided.settings.get("site_name"),
        "first": judgement.first,
        "last": judgement.last,
        "records": judgement.records,
        "assets": judgement.assets.len(),
        "external": judgement.assets.iter().filter(|asset| asset.is_external).count(),
        "edges": judgement.edges.len(),
        "conversations": conversations,
        "findings": findings,
        "findings_open": open,
        "protocols": judgement.protocols,
        "networks": judgement.networks,
        "rates": { "packets_per_second": packets, "acts_per_second": rates.acts, "records_per_second": rates.records },
        "capabilities": judgement.capabilities,
        "unanswered": judgement.unanswered,
        "baseline": call.site.normal(super::baseline::counts),
    }))
    .into_response())
}

pub async fn map(call: Call) -> Answer {
    let (view, decided) = (call.site.view(), call.site.decided());
    let nodes: Vec<Value> = view
        .judgement
        .assets
        .iter()
        .map(|asset| {
            let (count, worst) = view.trouble(&asset.id, &decided);
            let edit = |field: &str| view::edited(asset, &decided, field);
            json!({
                "id": asset.id,
                "name": edit("name").unwrap_or(&asset.name),
                "role": view::role(asset, &decided),
                "level": asset.purdue.level,
                "importance": edit("importance").unwrap_or(asset.criticality.importance.as_str()),
                "zone": edit("zone"),
                "is_external": asset.is_external,
                "findings": count,
                "worst": worst,
            })
        })
        .collect();
    Ok(Json(json!({ "nodes": nodes, "edges": view.judgement.edges, "networks": view.judgement.networks }))
        .into_response())
}

pub async fn sight(call: Call) -> Answer {
    list::answer(values(&call.site.view().judgement.sight)?, &call.query()?)
}

#[derive(Deserialize)]
struct OfAsset {
    asset: Option<String>,
}

pub async fn surface(call: Call) -> Answer {
    let (page, filter): (Page, OfAsset) = (call.query()?, call.query()?);
    let view = call.site.view();
    let of = |id: &str| filter.asset.as_deref().is_none_or(|asset| asset == id);
    let rows: Result<Vec<Value>, Problem> =
        view.judgement.surface.iter().filter(|exposure| of(&exposure.asset)).map(value).collect();
    list::answer(rows?, &page)
}

pub async fn detectors(call: Call) -> Answer {
    let decided = call.site.decided();
    let disabled = decided.settings.get("disabled_detectors").and_then(Value::as_array);
    let mut rows = Vec::with_capacity(DETECTORS.len());
    for detector in DETECTORS {
        let mut row = value(&detector.about)?;
        row["is_disabled"] = disabled.is_some_and(|ids| ids.iter().any(|id| id == detector.about.id)).into();
        rows.push(row);
    }
    let page: Page = call.query()?;
    // All of them are one page unless told otherwise.
    list::answer(rows, &Page { limit: page.limit.or(Some(crate::limits::ROWS_MAX)), ..page })
}

pub async fn protocols(call: Call) -> Answer {
    let items = call.site.config().protocols.clone();
    let total = items.as_array().map_or(0, Vec::len);
    Ok(Json(json!({ "items": items, "next": null, "total": total })).into_response())
}
