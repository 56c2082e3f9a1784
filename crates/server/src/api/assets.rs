//! The machines.

use std::collections::BTreeMap;

use axum::Json;
use axum::response::IntoResponse;
use model::{Importance, Role, Severity};
use serde::Deserialize;
use serde_json::{Value, json};
use store::Decision;

use crate::api::findings::row as finding_row;
use crate::api::plant::value;
use crate::call::{Answer, Call};
use crate::list::{self, Page};
use crate::{Problem, limits, view};

#[derive(Deserialize)]
struct Filter {
    search: Option<String>,
    role: Option<String>,
    level: Option<String>,
    importance: Option<String>,
    vendor: Option<String>,
    zone: Option<String>,
    finding: Option<String>,
}

pub async fn list(call: Call) -> Answer {
    let (page, filter): (Page, Filter) = (call.query()?, call.query()?);
    let (view, decided) = (call.site.view(), call.site.decided());
    let search = filter.search.as_deref().map(str::to_lowercase).filter(|search| !search.is_empty());
    let is_like = |row: &Value, field: &str, wanted: &Option<String>| {
        wanted.as_deref().is_none_or(|wanted| wanted.is_empty() || row[field].as_str().unwrap_or_default() == wanted)
    };
    let has_finding = |id: &str| match filter.finding.as_deref() {
        None | Some("") => true,
        Some("any") => view.trouble(id, &decided).0 > 0,
        Some(word) => match Severity::from_word(word) {
            Some(least) => view.trouble(id, &decided).1.is_some_and(|worst| worst >= least),
            None => view.findings_of(id).any(|ranked| ranked.finding.detector == word),
        },
    };
    let rows =
        view.judgement.assets.iter().filter(|asset| has_finding(&asset.id)).map(|asset| view.row(asset, &decided));
    let rows = rows.filter(|row| {
        is_like(row, "role", &filter.role)
            && is_like(row, "level", &filter.level)
            && is_like(row, "importance", &filter.importance)
            && is_like(row, "vendor", &filter.vendor)
            && is_like(row, "zone", &filter.zone)
            && search.as_deref().is_none_or(|search| holds(row, search))
    });
    list::answer(rows.collect(), &page)
}

/// Whether any field of a row that people look for holds a text, whatever its letters' case.
fn holds(row: &Value, search: &str) -> bool {
    const FIELDS: &[&str] =
        &["id", "name", "ips", "macs", "vendor", "model", "order_number", "firmware", "role", "zone", "owner"];
    FIELDS.iter().any(|field| match &row[*field] {
        Value::String(text) => text.to_lowercase().contains(search),
        Value::Array(texts) => {
            texts.iter().any(|text| text.as_str().is_some_and(|text| text.to_lowercase().contains(search)))
        }
        _ => false,
    })
}

pub async fn one(call: Call) -> Answer {
    let (view, decided) = (call.site.view(), call.site.decided());
    let id = call.name("id");
    let asset = view.asset(id).ok_or_else(|| Problem::absent("machine"))?;
    let mut body = value(asset)?;
    let edges: Vec<_> = view.judgement.edges.iter().filter(|edge| edge.from == id || edge.to == id).collect();
    let findings: Result<Vec<Value>, Problem> = view
        .findings_of(id)
        .filter(|ranked| view::is_shown(ranked, &decided))
        .map(|ranked| finding_row(ranked, &decided))
        .collect();
    let surface: Vec<_> = view.judgement.surface.iter().filter(|exposure| exposure.asset == id).collect();
    let capabilities: Vec<_> = view.judgement.capabilities.iter().filter(|can| can.asset == id).collect();
    body["row"] = view.row(asset, &decided);
    body["edits"] = json!(decided.edits.get(id).cloned().unwrap_or_default());
    body["edges"] = value(&edges)?;
    body["findings"] = Value::Array(findings?);
    body["surface"] = value(&surface)?;
    body["capabilities"] = value(&capabilities)?;
    Ok(Json(body).into_response())
}

/// What people can say of a machine, and how long it may be.
const FIELDS: &[(&str, usize)] = &[
    ("name", limits::NAME_CHARACTERS_MAX),
    ("note", limits::NOTE_CHARACTERS_MAX),
    ("zone", limits::NAME_CHARACTERS_MAX),
    ("owner", limits::NAME_CHARACTERS_MAX),
    ("role", limits::NAME_CHARACTERS_MAX),
    ("importance", limits::NAME_CHARACTERS_MAX),
    ("location", limits::NAME_CHARACTERS_MAX),
];

pub async fn edit(call: Call) -> Answer {
    let asset = call.name("id").to_owned();
    if call.site.view().asset(&asset).is_none() {
        return Err(Problem::absent("machine"));
    }
    let mut changes: BTreeMap<String, Option<String>> = call.json()?;
    for (field, value) in &mut changes {
        let Some((_, most)) = FIELDS.iter().find(|(known, _)| known == field) else {
            return Err(Problem::refused(format!("people cannot change `{field}` of a machine")));
        };
        if value.as_deref().is_some_and(|text| text.trim().is_empty()) {
            *value = None;
        }
        let Some(text) = value else { continue };
        if text.chars().count() > *most {
            return Err(Problem::refused(format!("`{field}` has at most {most} characters")));
        }
        let is_word = match field.as_str() {
            "role" => Role::from_word(text).is_some(),
            "importance" => Importance::from_word(text).is_some(),
            _ => true,
        };
        if !is_word {
            return Err(Problem::refused(format!("`{text}` is no {field}")));
        }
    }
    if !changes.is_empty() {
        call.decide(Decision::AssetEdited { asset, changes }).await?;
    }
    one(call).await
}
