//! What is wrong, and what people make of it.

use axum::Json;
use axum::response::IntoResponse;
use model::{RankedFinding, Severity};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Decided, Decision, FindingState};

use crate::api::plant::value;
use crate::call::{Answer, Call};
use crate::list::{self, Page};
use crate::{Problem, limits, view};

#[derive(Deserialize)]
struct Filter {
    state: Option<String>,
    severity: Option<String>,
    asset: Option<String>,
    detector: Option<String>,
    search: Option<String>,
}

/// A finding as a row: what was found, and where it stands.
pub fn row(ranked: &RankedFinding, decided: &Decided) -> Result<Value, Problem> {
    let mut row = value(ranked)?;
    let (state, has_come_back) = view::state(ranked, decided);
    let standing = decided.findings.get(ranked.finding.id.as_str());
    row["state"] = state.as_str().into();
    row["has_come_back"] = has_come_back.into();
    row["assignee"] = standing.map(|standing| standing.assignee.as_str()).filter(|name| !name.is_empty()).into();
    row["comments"] = json!(standing.map_or(&[][..], |standing| &standing.comments));
    let french: Vec<&str> = ranked.finding.evidence.iter().map(|said| said.fr.as_str()).collect();
    row["evidence_fr"] = value(&french)?;
    if let Some(about) = analyze::descriptor(&ranked.finding.detector) {
        row["about"] = value(&about.title)?;
    }
    Ok(row)
}

pub async fn list(call: Call) -> Answer {
    let (page, filter): (Page, Filter) = (call.query()?, call.query()?);
    let is_given = |text: &Option<String>| text.as_deref().filter(|text| !text.is_empty()).map(str::to_owned);
    let state = is_given(&filter.state)
        .map(|word| FindingState::from_word(&word).ok_or_else(|| Problem::bad(format!("`{word}` is no state"))))
        .transpose()?;
    let least = is_given(&filter.severity)
        .map(|word| Severity::from_word(&word).ok_or_else(|| Problem::bad(format!("`{word}` is no severity"))))
        .transpose()?;
    let (asset, detector) = (is_given(&filter.asset), is_given(&filter.detector));
    let search = is_given(&filter.search).map(|search| search.to_lowercase());
    let (view, decided) = (call.site.view(), call.site.decided());
    let holds = |ranked: &RankedFinding, search: &str| {
        let finding = &ranked.finding;
        finding.title.to_lowercase().contains(search)
            || finding.detector.contains(search)
            || finding.evidence.iter().any(|said| said.en.to_lowercase().contains(search))
    };
    let wanted = view.judgement.findings.iter().filter(|ranked| {
        view::is_shown(ranked, &decided)
            && state.is_none_or(|state| view::state(ranked, &decided).0 == state)
            && least.is_none_or(|least| ranked.finding.severity >= least)
            && detector.as_deref().is_none_or(|id| ranked.finding.detector == id)
            && asset
                .as_deref()
                .is_none_or(|id| ranked.from_asset.as_deref() == Some(id) || ranked.to_asset.as_deref() == Some(id))
            && search.as_deref().is_none_or(|search| holds(ranked, search))
    });
    let rows: Result<Vec<Value>, Problem> = wanted.map(|ranked| row(ranked, &decided)).collect();
    list::answer(rows?, &page)
}

pub async fn one(call: Call) -> Answer {
    let (view, decided) = (call.site.view(), call.site.decided());
    let ranked = view.finding(call.name("id")).ok_or_else(|| Problem::absent("finding"))?;
    let mut body = row(ranked, &decided)?;
    body["explanation"] = json!(analyze::descriptor(&ranked.finding.detector));
    Ok(Json(body).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    state: Option<FindingState>,
    comment: Option<String>,
    #[serde(default, deserialize_with = "given")]
    assignee: Option<Option<String>>,
}

/// Tells null from nothing.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}

pub async fn change(call: Call) -> Answer {
    let change: Change = call.json()?;
    let finding = call.name("id").to_owned();
    let count = match call.site.view().finding(&finding) {
        Some(ranked) => ranked.finding.count,
        None => return Err(Problem::absent("finding")),
    };
    let comment = change.comment.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let assignee = change.assignee.map(Option::unwrap_or_default);
    let is_long = |text: &Option<String>, most: usize| text.as_ref().is_some_and(|text| text.chars().count() > most);
    if is_long(&comment, limits::NOTE_CHARACTERS_MAX) || is_long(&assignee, limits::NAME_CHARACTERS_MAX) {
        return Err(Problem::refused("a comment has at most 4000 characters, a name 100"));
    }
    if change.state.is_some() || comment.is_some() || assignee.is_some() {
        let state = change.state;
        call.decide(Decision::FindingChanged { finding, state, comment, assignee, count }).await?;
    }
    one(call).await
}
