//! The site itself: health, settings, who did what, numbers for Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write;

use axum::Json;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use serde_json::{Value, json};
use store::Decision;

use crate::call::{Answer, Call};
use crate::list::Page;
use crate::{Problem, Site, limits};

pub async fn health(call: Call) -> Answer {
    let site = &call.site;
    let (judged, behind) = site.queues();
    let recovered: Vec<String> = site.recovered().iter().map(ToString::to_string).collect();
    // Without login nobody learns where files are.
    let recovered = if call.person.is_some() { json!(recovered) } else { json!(recovered.len()) };
    let (sensors, ledger) = (site.sensors(), site.ledger().status());
    let is_blind = ledger.trouble.is_some() || sensors.iter().any(|sensor| sensor.state.starts_with("failed"));
    Ok(Json(json!({
        "status": if is_blind { "degraded" } else { "ok" },
        "version": site.config().version,
        "started": site.started(),
        "sensors": sensors,
        "queues": { "batches": behind },
        "ledger": { "size": ledger.size, "published": ledger.published, "trouble": ledger.trouble },
        "analysis": { "applied": judged, "behind": behind },
        "recovered": recovered,
    }))
    .into_response())
}

pub async fn openapi(_: Call) -> Answer {
    Ok(Json(crate::document()).into_response())
}

/// What may be set, and whether a value is good.
const SETTINGS: &[(&str, fn(&Value) -> bool)] = &[
    ("site_name", |value| value.as_str().is_some_and(|text| text.chars().count() <= limits::NAME_CHARACTERS_MAX)),
    ("disabled_detectors", |value| {
        value
            .as_array()
            .is_some_and(|ids| ids.iter().all(|id| id.as_str().is_some_and(|id| analyze::descriptor(id).is_some())))
    }),
    ("language", |value| matches!(value.as_str(), Some("en" | "fr"))),
    ("smtp", |value| serde_json::from_value::<crate::notify::Smtp>(value.clone()).is_ok_and(|smtp| is_good(&smtp))),
];

fn is_good(smtp: &crate::notify::Smtp) -> bool {
    let is_host = !smtp.host.is_empty() && smtp.host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:".contains(c));
    let is_from = crate::notify::check_target(store::Channel::Email, &smtp.from).is_ok();
    is_host && is_from && smtp.port > 0 && matches!(smtp.security.as_str(), "starttls" | "tls" | "none")
}

/// A password that is set with the settings and never shown again, nor written into the ledger.
const SMTP_PASSWORD: &str = "smtp_password";

pub async fn settings(call: Call) -> Answer {
    let decided = call.site.decided();
    let all: BTreeMap<&str, Value> =
        SETTINGS.iter().map(|(name, _)| (*name, decided.settings.get(*name).cloned().unwrap_or(Value::Null))).collect();
    Ok(Json(all).into_response())
}

pub async fn set_settings(call: Call) -> Answer {
    let mut changes: BTreeMap<String, Value> = call.json()?;
    let password = changes.remove(SMTP_PASSWORD);
    if password.as_ref().is_some_and(|password| !password.is_null() && !password.is_string()) {
        return Err(Problem::refused("a password is a text"));
    }
    for (key, value) in &changes {
        let Some((_, is_good)) = SETTINGS.iter().find(|(known, _)| known == key) else {
            return Err(Problem::refused(format!("there is no setting `{key}`")));
        };
        if !value.is_null() && !is_good(value) {
            return Err(Problem::refused(format!("`{key}` cannot be that")));
        }
    }
    if let Some(password) = password {
        call.site.store().set_secret("smtp", "password", password.as_str()).await?;
    }
    for (key, value) in changes {
        call.decide(Decision::SettingChanged { key, value }).await?;
    }
    settings(call).await
}

pub async fn audit(call: Call) -> Answer {
    let page: Page = call.query()?;
    let limit = page.limit()?;
    let before = match &page.cursor {
        None => None,
        Some(cursor) => Some(
            cursor
                .strip_prefix('e')
                .and_then(|number| number.parse::<u64>().ok())
                .ok_or_else(|| Problem::bad("cursor is not one that this server gave"))?,
        ),
    };
    let store = call.site.store();
    let lines = store.audit(before, u32::try_from(limit).unwrap_or(u32::MAX)).await?;
    let next = lines.last().filter(|_| lines.len() == limit).map(|line| format!("e{}", line.entry));
    let total = store.audit_count().await?;
    Ok(Json(json!({ "items": lines, "next": next, "total": total })).into_response())
}

pub async fn metrics(call: Call) -> Answer {
    let mut response = numbers(&call.site).map_err(Problem::internal)?.into_response();
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}

/// The numbers in Prometheus' text form.
fn numbers(site: &Site) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let mut one = |name: &str, kind: &str, help: &str, rows: &[(String, f64)]| {
        writeln!(text, "# HELP vigie_{name} {help}\n# TYPE vigie_{name} {kind}")?;
        rows.iter().try_for_each(|(labels, value)| writeln!(text, "vigie_{name}{labels} {value}"))
    };
    let plain = |value: f64| vec![(String::new(), value)];
    let view = site.view();
    let (judged, behind) = site.queues();
    let (rates, sensors) = (site.rates(), site.sensors());
    let of_sensors = |number: fn(&crate::Sensor) -> f64| -> Vec<(String, f64)> {
        let labels = |sensor: &crate::Sensor| format!("{{sensor=\"{}\"}}", escaped(&sensor.id));
        sensors.iter().map(|sensor| (labels(sensor), number(sensor))).collect()
    };
    one("info", "gauge", "Version.", &[(format!("{{version=\"{}\"}}", escaped(&site.config().version)), 1.0)])?;
    one("packets_total", "counter", "Packets read.", &of_sensors(|sensor| sensor.packets as f64))?;
    one("bytes_total", "counter", "Bytes read.", &of_sensors(|sensor| sensor.bytes as f64))?;
    one(
        "dropped_kernel_total",
        "counter",
        "Packets that the system dropped.",
        &of_sensors(|s| s.dropped_kernel as f64),
    )?;
    one("dropped_user_total", "counter", "Packets that Vigie dropped.", &of_sensors(|s| s.dropped_user as f64))?;
    one("records_total", "counter", "Records judged.", &plain(rates.total as f64))?;
    one("batches_total", "counter", "Batches judged.", &plain(judged as f64))?;
    one("batches_waiting", "gauge", "Batches that wait to be judged.", &plain(behind as f64))?;
    one("assets", "gauge", "Machines known.", &plain(view.judgement.assets.len() as f64))?;
    let mut findings: BTreeMap<&str, f64> = model::Severity::ALL.iter().map(|s| (s.as_str(), 0.0)).collect();
    for ranked in &view.judgement.findings {
        *findings.entry(ranked.finding.severity.as_str()).or_default() += 1.0;
    }
    let rows: Vec<(String, f64)> =
        findings.into_iter().map(|(severity, count)| (format!("{{severity=\"{severity}\"}}"), count)).collect();
    one("findings", "gauge", "Findings known.", &rows)?;
    let last = rates.last.map_or(0.0, |last| last.0 as f64 / 1e9);
    one("last_record_seconds", "gauge", "Packet time of the last record.", &plain(last))?;
    Ok(text)
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
