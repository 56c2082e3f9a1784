//! OCSF 1.4: class Detection Finding (2004).

use model::Severity;
use serde_json::{Value, json};

use super::{Told, ip, mac, port};

/// A finding as an event of the Open Cybersecurity Schema Framework.
pub fn ocsf(told: Told<'_>) -> Value {
    let finding = told.finding;
    let (severity_id, severity) = match finding.severity {
        Severity::Info => (1, "Informational"),
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
        Severity::Critical => (5, "Critical"),
    };
    let (status_id, status) = match told.state {
        "acknowledged" => (2, "In Progress"),
        "closed" => (4, "Resolved"),
        _ => (1, "New"),
    };
    let about = analyze::descriptor(&finding.detector);
    let attacks: Vec<Value> = told
        .techniques()
        .iter()
        .map(|(id, name)| json!({ "version": "18.1", "technique": { "uid": id, "name": name } }))
        .collect();
    let end = |role: &str, address: &Option<model::Address>| {
        address.as_ref().map(|_| json!({ "name": role, "ip": ip(address), "mac": mac(address), "port": port(address) }))
    };
    let mut evidence =
        json!({ "data": { "sentences": finding.evidence.iter().map(|said| said.en.as_str()).collect::<Vec<_>>() } });
    if let Some(source) = end("source", &finding.from) {
        evidence["src_endpoint"] = source;
    }
    if let Some(target) = end("target", &finding.to) {
        evidence["dst_endpoint"] = target;
    }
    if let Some(flow) = &finding.flow {
        evidence["connection_info"] = json!({ "community_uid": flow.to_string(), "direction_id": 0 });
    }
    let milliseconds = |at: model::Time| at.0 / 1_000_000;
    json!({
        "activity_id": 1,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2004,
        "class_name": "Detection Finding",
        "type_uid": 200_401,
        "type_name": "Detection Finding: Create",
        "time": milliseconds(finding.first),
        "start_time": milliseconds(finding.first),
        "end_time": milliseconds(finding.last),
        "count": finding.count,
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "message": finding.title,
        "metadata": {
            "version": "1.4.0",
            "product": { "name": "Vigie", "vendor_name": "Vigie", "version": told.version },
            "uid": finding.id,
        },
        "finding_info": {
            "uid": finding.id,
            "title": finding.title,
            "types": [finding.detector],
            "desc": about.map(|about| about.meaning.en),
            "first_seen_time": milliseconds(finding.first),
            "last_seen_time": milliseconds(finding.last),
            "attacks": attacks,
            "analytic": { "uid": finding.detector, "name": about.map(|about| about.title.en), "type": "Rule", "type_id": 1 },
        },
        "remediation": about.map(|about| json!({ "desc": about.action.en })),
        "evidences": [evidence],
    })
}
