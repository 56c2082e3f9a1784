//! One line a finding: Zeek, EVE, CEF, syslog.

use model::{Severity, Time};
use serde_json::{Value, json};

use super::{Told, behind, cef_severity, ip, mac, port, seconds};

/// Without the fields that are not known, as Zeek leaves them out.
fn dense(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        other => other,
    }
}

/// A line of Zeek's `notice.log` as JSON.
pub fn zeek(told: Told<'_>) -> Value {
    let finding = told.finding;
    dense(json!({
        "_path": "notice",
        "ts": seconds(finding.first),
        "uid": finding.id,
        "id.orig_h": ip(&finding.from),
        "id.orig_p": port(&finding.from),
        "id.resp_h": ip(&finding.to),
        "id.resp_p": port(&finding.to),
        "src": ip(&finding.from),
        "dst": ip(&finding.to),
        "p": port(&finding.to),
        "note": format!("Vigie::{}", camel(&finding.detector)),
        "msg": finding.title,
        "sub": told.evidence(),
        "n": finding.count,
        "peer_descr": "vigie",
        "actions": ["Notice::ACTION_LOG"],
        "suppress_for": 0.0,
        "community_id": finding.flow.as_ref().map(ToString::to_string).filter(|flow| flow.starts_with("1:")),
        "severity.name": finding.severity,
    }))
}

/// `controller-stopped` as `Controller_Stopped`.
fn camel(id: &str) -> String {
    let part = |part: &str| {
        let mut letters = part.chars();
        letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
    };
    id.split('-').map(part).collect::<Vec<_>>().join("_")
}

/// A line of Suricata's `eve.json`.
pub fn eve(told: Told<'_>) -> Value {
    let finding = told.finding;
    // Suricata's priorities: 1 is the worst.
    let priority = match finding.severity {
        Severity::Critical | Severity::High => 1,
        Severity::Medium => 2,
        Severity::Low | Severity::Info => 3,
    };
    let techniques: Vec<&str> = told.techniques().iter().map(|(id, _)| *id).collect();
    dense(json!({
        "timestamp": eve_time(finding.first),
        "event_type": "alert",
        "src_ip": ip(&finding.from),
        "src_port": port(&finding.from),
        "dest_ip": ip(&finding.to),
        "dest_port": port(&finding.to),
        "app_proto": Some(finding.protocol.as_ref()).filter(|protocol| !protocol.is_empty()),
        "community_id": finding.flow.as_ref().map(ToString::to_string).filter(|flow| flow.starts_with("1:")),
        "host": "vigie",
        "alert": {
            "action": "allowed",
            "gid": 1,
            "signature_id": signature_id(&finding.detector),
            "rev": 1,
            "signature": format!("VIGIE {}", finding.title),
            "category": finding.detector,
            "severity": priority,
            "metadata": { "mitre_technique_id": techniques, "vigie_severity": [finding.severity], "state": [told.state] },
        },
        "vigie": { "id": finding.id, "count": finding.count, "last": finding.last, "evidence": finding.evidence.iter().map(|said| said.en.as_str()).collect::<Vec<_>>() },
    }))
}

/// `2026-03-02T06:30:00.000000+0000`, as Suricata writes it.
fn eve_time(at: Time) -> String {
    let text = at.to_string();
    match text.strip_suffix("000Z").or_else(|| text.get(..text.len().saturating_sub(4))) {
        Some(text) => format!("{text}+0000"),
        None => text,
    }
}

/// A number for a detector that does not change: 9,000,000 and a hash of its id below a million.
fn signature_id(detector: &str) -> u32 {
    let hash = detector.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    9_000_000 + hash % 1_000_000
}

/// A line in ArcSight's Common Event Format.
pub fn cef(told: Told<'_>) -> String {
    let finding = told.finding;
    let mut fields: Vec<(&str, String)> = vec![
        ("start", (finding.first.0 / 1_000_000).to_string()),
        ("end", (finding.last.0 / 1_000_000).to_string()),
        ("rt", (finding.last.0 / 1_000_000).to_string()),
        ("externalId", finding.id.to_string()),
        ("cnt", finding.count.to_string()),
    ];
    let mut more = |name: &'static str, value: Option<String>| fields.extend(value.map(|value| (name, value)));
    more("src", ip(&finding.from));
    more("smac", mac(&finding.from));
    more("spt", port(&finding.from).map(|port| port.to_string()));
    more("dst", ip(&finding.to));
    more("dmac", mac(&finding.to));
    more("dpt", port(&finding.to).map(|port| port.to_string()));
    more("app", Some(finding.protocol.to_string()).filter(|protocol| !protocol.is_empty()));
    more("cs1Label", behind(&finding.behind).map(|_| "behind".into()));
    more("cs1", behind(&finding.behind));
    let techniques: Vec<&str> = told.techniques().iter().map(|(id, _)| *id).collect();
    more("cs2Label", (!techniques.is_empty()).then(|| "techniques".into()));
    more("cs2", (!techniques.is_empty()).then(|| techniques.join(" ")));
    more("msg", Some(told.evidence()).filter(|evidence| !evidence.is_empty()));
    let extension: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", extension(value))).collect();
    format!(
        "CEF:0|Vigie|Vigie|{}|{}|{}|{}|{}",
        header(told.version),
        header(&finding.detector),
        header(&finding.title),
        cef_severity(finding.severity),
        extension.join(" "),
    )
}

/// What came from the network may not end a line or begin a field.
fn header(text: &str) -> String {
    clean(text).replace('\\', "\\\\").replace('|', "\\|")
}

fn extension(text: &str) -> String {
    clean(text).replace('\\', "\\\\").replace('=', "\\=")
}

fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A message of RFC 5424, with the finding as structured data and in words.
pub fn syslog(told: Told<'_>, host: &str) -> String {
    let finding = told.finding;
    // Facility local0 (16); severities of RFC 5424, table 2.
    let severity = match finding.severity {
        Severity::Critical => 2,
        Severity::High => 3,
        Severity::Medium => 4,
        Severity::Low => 5,
        Severity::Info => 6,
    };
    let mut parameters = vec![
        ("id", finding.id.to_string()),
        ("severity", finding.severity.to_string()),
        ("count", finding.count.to_string()),
    ];
    parameters.extend(ip(&finding.from).map(|ip| ("src", ip)));
    parameters.extend(ip(&finding.to).map(|ip| ("dst", ip)));
    parameters.extend(port(&finding.to).map(|port| ("dpt", port.to_string())));
    if !finding.protocol.is_empty() {
        parameters.push(("protocol", finding.protocol.to_string()));
    }
    let quoted = |text: &str| clean(text).replace('\\', "\\\\").replace('"', "\\\"").replace(']', "\\]");
    let data: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}=\"{}\"", quoted(value))).collect();
    let text = finding.first.to_string();
    // Six digits of a second are the most that RFC 5424 allows.
    let at = text
        .strip_suffix('Z')
        .and_then(|text| text.get(..text.len() - 3))
        .map_or("-".to_owned(), |at| format!("{at}Z"));
    let word = |text: &str, most: usize| -> String {
        let word: String = text.chars().filter(char::is_ascii_graphic).take(most).collect();
        if word.is_empty() { "-".into() } else { word }
    };
    // 32473 is the number for examples (RFC 5612): Vigie has none of its own.
    format!(
        "<{}>1 {at} {} vigie - {} [vigie@32473 {}] {}: {}",
        16 * 8 + severity,
        word(host, 255),
        word(&finding.detector, 32),
        data.join(" "),
        clean(&finding.title),
        clean(&told.evidence()),
    )
}
