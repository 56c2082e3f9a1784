//! JSON lines: Suricata EVE, Zeek, Windows events by usual shippers, Wazuh alerts.

use model::{Event, EventKind, Outcome, Severity, Time};
use serde_json::Value;

use crate::limits::{DEPTH_MAX, FIELDS_MAX};
use crate::{draft, syslog, time, windows};

pub(crate) fn read(text: &str, received: Time) -> Option<Event> {
    let value: Value = serde_json::from_str(text).ok()?;
    let has = |key: &str| value.get(key).is_some();
    match () {
        () if has("event_type") && (has("src_ip") || has("flow_id") || has("timestamp")) => eve(&value, received),
        () if value.pointer("/rule/level").is_some() => wazuh(&value, received),
        () if has("ts") && (has("id.orig_h") || has("uid") || has("_path") || has("note")) => zeek(&value, received),
        () if windows_id(&value).is_some() => windows_event(&value, received),
        () => other(&value, received),
    }
}

/// A text, or a number as a text.
fn said(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Bool(is_so)) => is_so.to_string(),
        _ => String::new(),
    }
}

fn at(value: Option<&Value>) -> Option<Time> {
    match value? {
        Value::String(text) => time::parse(text),
        Value::Number(number) => time::epoch(number.as_f64()?),
        _ => None,
    }
}

/// Adds the leaves of `value` as further fields by their last name.
fn leaves(event: &mut Event, value: &Value, name: &str, depth: usize) {
    if depth > DEPTH_MAX || event.extra.len() >= FIELDS_MAX {
        return;
    }
    match value {
        Value::Object(map) => map.iter().for_each(|(key, inner)| leaves(event, inner, key, depth + 1)),
        Value::Array(list) => {
            let texts: Vec<String> = list.iter().map(|one| said(Some(one))).filter(|text| !text.is_empty()).collect();
            draft::field(event, name, &texts.join(","));
        }
        leaf => draft::field(event, name, &said(Some(leaf))),
    }
}

fn eve(value: &Value, received: Time) -> Option<Event> {
    let of = |key: &str| said(value.get(key));
    let mut event = draft::event("eve", at(value.get("timestamp")).unwrap_or(received));
    event.product = "Suricata".into();
    event.host = draft::text(&of("host"));
    event.from = draft::end(&of("src_ip"), &of("src_port"));
    event.to = draft::end(&of("dest_ip"), &of("dest_port"));
    let kind = of("event_type");
    let alert = |key: &str| said(value.pointer(&format!("/alert/{key}")));
    if kind == "alert" {
        event.kind = EventKind::Alert;
        event.code = draft::text(&alert("signature_id"));
        event.message = draft::text(&alert("signature"));
        event.severity = match alert("severity").as_str() {
            "1" => Severity::High,
            "2" => Severity::Medium,
            "3" => Severity::Low,
            _ => Severity::Info,
        };
        event.outcome = if alert("action") == "blocked" { Outcome::Refused } else { Outcome::Done };
        draft::field(&mut event, "category", &alert("category"));
    } else {
        event.kind = EventKind::Connection;
        event.code = draft::text(&kind);
        event.message = draft::text(&format!("{kind} {} {}", of("proto"), of("app_proto")));
    }
    for key in ["community_id", "proto", "app_proto", "in_iface"] {
        draft::field(&mut event, key, &of(key));
    }
    if let Some(inner) = value.get(&kind).filter(|_| kind != "alert") {
        leaves(&mut event, inner, &kind, 1);
    }
    Some(event)
}

fn zeek(value: &Value, received: Time) -> Option<Event> {
    let of = |key: &str| said(value.get(key));
    let mut event = draft::event("zeek", at(value.get("ts")).unwrap_or(received));
    event.product = "Zeek".into();
    event.from = draft::end(&of("id.orig_h"), &of("id.orig_p")).or_else(|| draft::end(&of("src"), ""));
    event.to = draft::end(&of("id.resp_h"), &of("id.resp_p")).or_else(|| draft::end(&of("dst"), &of("p")));
    let path = of("_path");
    event.kind = EventKind::Connection;
    event.code = draft::text(&path);
    match () {
        () if value.get("note").is_some() => {
            event.kind = EventKind::Alert;
            event.severity = Severity::Medium;
            event.code = draft::text(&of("note"));
            event.message = draft::text(&format!("{}: {}", of("note"), of("msg")));
        }
        () if value.get("auth_success").is_some() => {
            let is_in = of("auth_success") == "true";
            event.kind = if is_in { EventKind::RemoteSession } else { EventKind::LogonFailed };
            event.outcome = if is_in { Outcome::Done } else { Outcome::Refused };
            event.message = "ssh".into();
        }
        () if value.get("cookie").is_some() && value.get("security_protocol").is_some() => {
            event.kind = EventKind::RemoteSession;
            event.user = draft::user(&of("cookie"));
            event.message = "rdp".into();
        }
        () => event.message = draft::text(&format!("{path} {} {}", of("proto"), of("service"))),
    }
    if event.user.is_empty() {
        event.user = draft::user(&if of("user").is_empty() { of("username") } else { of("user") });
    }
    if let Value::Object(map) = value {
        for (name, inner) in map.iter().filter(|(name, _)| !matches!(name.as_str(), "ts" | "id.orig_h" | "id.resp_h")) {
            leaves(&mut event, inner, name, 1);
        }
    }
    Some(event)
}

/// The number of a Windows event, where the usual shippers put it.
fn windows_id(value: &Value) -> Option<u32> {
    const PLACES: [&str; 6] = [
        "/EventID",
        "/winlog/event_id",
        "/Event/System/EventID",
        "/Event/System/EventID/#text",
        "/System/EventID",
        "/event_id",
    ];
    PLACES.iter().find_map(|place| said(value.pointer(place)).parse().ok())
}

fn windows_event(value: &Value, received: Time) -> Option<Event> {
    let first = |places: &[&str]| {
        places.iter().map(|place| said(value.pointer(place))).find(|text| !text.is_empty()).unwrap_or_default()
    };
    let id = windows_id(value)?;
    let mut event = draft::event("windows", received);
    let when = first(&[
        "/@timestamp",
        "/TimeCreated",
        "/EventTime",
        "/Event/System/TimeCreated/#attributes/SystemTime",
        "/Event/System/TimeCreated/SystemTime",
        "/System/TimeCreated/SystemTime",
        "/timestamp",
        "/UtcTime",
    ]);
    if let Some(at) = time::parse(&when) {
        event.at = at;
    }
    event.code = draft::text(&id.to_string());
    event.host = draft::text(&first(&[
        "/Computer",
        "/Hostname",
        "/winlog/computer_name",
        "/Event/System/Computer",
        "/System/Computer",
        "/host/name",
    ]));
    let provider = first(&[
        "/SourceName",
        "/Provider",
        "/ProviderName",
        "/winlog/provider_name",
        "/Event/System/Provider/#attributes/Name",
        "/System/Provider/Name",
    ]);
    event.product = draft::text(&provider);
    draft::field(&mut event, "EventID", &id.to_string());
    let data = ["/winlog/event_data", "/Event/EventData", "/EventData"].iter().find_map(|place| value.pointer(place));
    leaves(&mut event, data.unwrap_or(value), "", 0);
    event.message = draft::text(shown(&first(&["/message", "/Message"])));
    windows::understand(&mut event, id, &provider);
    Some(event)
}

/// The first line of a message of Windows, which may have thirty.
fn shown(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}

fn wazuh(value: &Value, received: Time) -> Option<Event> {
    let of = |place: &str| said(value.pointer(place));
    let mut event = draft::event("wazuh", at(value.get("timestamp")).unwrap_or(received));
    event.product = draft::text(&format!("Wazuh {}", of("/decoder/name")));
    event.host = draft::text(&of("/agent/name"));
    event.code = draft::text(&of("/rule/id"));
    event.message = draft::text(&of("/rule/description"));
    if let Some(data) = value.get("data") {
        leaves(&mut event, data, "data", 1);
    }
    let id = of("/data/win/system/eventID").parse::<u32>().ok();
    let message = event.message.clone();
    let groups = value.pointer("/rule/groups").map(Value::to_string).unwrap_or_default();
    if let Some(id) = id {
        windows::understand(&mut event, id, &of("/data/win/system/providerName"));
        event.message = message;
        event.code = draft::text(&id.to_string());
    }
    if event.kind == EventKind::Other {
        event.kind = match () {
            () if groups.contains("authentication_failed") => EventKind::LogonFailed,
            () if groups.contains("authentication_success") => EventKind::Logon,
            () if groups.contains("syscheck") => EventKind::File,
            () => EventKind::Alert,
        };
        event.outcome = match event.kind {
            EventKind::LogonFailed => Outcome::Refused,
            EventKind::Logon => Outcome::Done,
            _ => event.outcome,
        };
    }
    event.severity = match of("/rule/level").parse::<u32>().unwrap_or(0) {
        0..=3 => Severity::Info,
        4..=6 => Severity::Low,
        7..=11 => Severity::Medium,
        12..=14 => Severity::High,
        _ => Severity::Critical,
    };
    if event.from.is_none() {
        event.from = draft::end(&of("/data/srcip"), &of("/data/srcport"));
    }
    event.to = event.to.or_else(|| draft::end(&of("/agent/ip"), ""));
    if event.user.is_empty() {
        let names = [of("/data/dstuser"), of("/data/srcuser")];
        event.user = names.iter().find(|name| !name.is_empty()).map(|name| draft::user(name)).unwrap_or_default();
    }
    for place in ["/rule/mitre/id", "/rule/groups"] {
        if let Some(list) = value.pointer(place) {
            leaves(&mut event, list, place.rsplit('/').next().unwrap_or_default(), 1);
        }
    }
    Some(event)
}

/// Any other object with a message: what it says is understood as far as words go.
fn other(value: &Value, received: Time) -> Option<Event> {
    let first = |names: &[&str]| {
        names.iter().map(|name| said(value.get(*name))).find(|text| !text.is_empty()).unwrap_or_default()
    };
    let message = first(&["message", "msg", "MESSAGE", "log"]);
    if message.is_empty() {
        return None;
    }
    let mut event = draft::event("json", received);
    if let Some(at) = ["timestamp", "@timestamp", "time", "ts"].iter().find_map(|name| at(value.get(*name))) {
        event.at = at;
    }
    event.host = draft::text(&first(&["host", "hostname", "_HOSTNAME"]));
    event.product = draft::text(&first(&["program", "SYSLOG_IDENTIFIER", "logger", "service"]));
    event.user = draft::user(&first(&["user", "username"]));
    event.from = draft::end(&first(&["src_ip", "srcip", "source_ip"]), &first(&["src_port"]));
    event.to = draft::end(&first(&["dest_ip", "dstip", "destination_ip"]), &first(&["dest_port"]));
    event.message = draft::text(&message);
    syslog::understand(&mut event, &message);
    Some(event)
}
