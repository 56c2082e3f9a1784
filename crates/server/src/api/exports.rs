//! Findings in the forms of other tools.

use axum::body::Body;
use model::{Severity, Time};
use serde::Deserialize;
use store::Decision;

use crate::api::evidence::download;
use crate::call::{Answer, Call};
use crate::export::{self, Told};
use crate::{Problem, view};

#[derive(Deserialize)]
struct Filter {
    from: Option<Time>,
    to: Option<Time>,
    severity: Option<String>,
}

pub async fn findings(call: Call) -> Answer {
    let filter: Filter = call.query()?;
    let form = call.name("form").to_owned();
    let least = filter.severity.as_deref().filter(|word| !word.is_empty());
    let least = least
        .map(|word| Severity::from_word(word).ok_or_else(|| Problem::bad(format!("`{word}` is no severity"))))
        .transpose()?;
    let (view, decided) = (call.site.view(), call.site.decided());
    let version = call.site.config().version.clone();
    let wanted: Vec<Told<'_>> = view
        .judgement
        .findings
        .iter()
        .filter(|ranked| {
            let finding = &ranked.finding;
            view::is_shown(ranked, &decided)
                && least.is_none_or(|least| finding.severity >= least)
                && filter.from.is_none_or(|from| finding.last >= from)
                && filter.to.is_none_or(|to| finding.first < to)
        })
        .map(|ranked| Told {
            finding: &ranked.finding,
            state: view::state(ranked, &decided).0.as_str(),
            version: &version,
        })
        .collect();
    let lines =
        |line: &dyn Fn(Told<'_>) -> String| -> String { wanted.iter().map(|told| line(*told) + "\n").collect() };
    let (text, kind, name) = match form.as_str() {
        "zeek" => (lines(&|told| export::zeek(told).to_string()), "application/x-ndjson", "notice.log"),
        "eve" => (lines(&|told| export::eve(told).to_string()), "application/x-ndjson", "eve.json"),
        "cef" => (lines(&export::cef), "text/plain; charset=utf-8", "findings.cef"),
        "syslog" => (lines(&|told| export::syslog(told, "vigie")), "text/plain; charset=utf-8", "findings.log"),
        "ocsf" => (lines(&|told| export::ocsf(told).to_string()), "application/x-ndjson", "ocsf.jsonl"),
        "stix" => {
            let bundle = export::stix(wanted.iter().copied());
            (format!("{bundle:#}\n"), "application/stix+json;version=2.1", "findings.stix.json")
        }
        _ => return Err(Problem::absent("form: there are zeek, eve, cef, syslog, ocsf, stix")),
    };
    let detail = format!("{} findings", wanted.len());
    call.decide(Decision::Exported { what: form, detail }).await?;
    Ok(download(Body::from(text), kind, name))
}
