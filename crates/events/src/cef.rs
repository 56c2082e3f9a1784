//! ArcSight Common Event Format: `CEF:0|vendor|product|version|id|name|severity|key=value …`.

use model::{Event, EventKind, Outcome, Severity, Time};

use crate::{draft, syslog, time};

pub(crate) fn read(text: &str, received: Time, before: &str) -> Option<Event> {
    let mut event = draft::event("cef", received);
    let mut parts = Vec::new();
    let (mut part, mut is_escaped, mut end) = (String::new(), false, text.len());
    for (place, letter) in text.char_indices() {
        match letter {
            _ if is_escaped => {
                part.push(letter);
                is_escaped = false;
            }
            '\\' => is_escaped = true,
            '|' => {
                parts.push(std::mem::take(&mut part));
                if parts.len() == 7 {
                    end = place + 1;
                    break;
                }
            }
            _ => part.push(letter),
        }
    }
    let [_, vendor, product, _, id, name, severity] = parts.as_slice() else { return None };
    event.product = draft::text(&format!("{vendor} {product}"));
    event.code = draft::text(id);
    event.message = draft::text(name);
    event.severity = match severity.to_ascii_lowercase().as_str() {
        "very-high" | "9" | "10" => Severity::Critical,
        "high" | "7" | "8" => Severity::High,
        "medium" | "4" | "5" | "6" => Severity::Medium,
        "low" | "1" | "2" | "3" => Severity::Low,
        _ => Severity::Info,
    };
    // The head of syslog before it names the machine that sent it.
    if let Some(head) = syslog::read(&format!("{before} -"), received) {
        (event.at, event.host) = (head.at, head.host);
    }
    let fields = extension(text.get(end..).unwrap_or_default());
    let of = |name: &str| fields.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value.as_str());
    if let Some(at) = ["rt", "start", "end"].iter().find_map(|name| time::parse(of(name))) {
        event.at = at;
    }
    for name in ["dvchost", "dhost", "shost"] {
        if event.host.is_empty() {
            event.host = draft::text(of(name));
        }
    }
    event.user = draft::user(if of("suser").is_empty() { of("duser") } else { of("suser") });
    event.from = draft::end(of("src"), of("spt"));
    event.to = draft::end(of("dst"), of("dpt"));
    if !of("msg").is_empty() {
        event.message = draft::text(&format!("{name}: {}", of("msg")));
    }
    let (user, from, to) = (event.user.clone(), event.from, event.to);
    let said = format!("{name} {}", of("msg"));
    syslog::understand(&mut event, &said);
    event.extra.clear();
    for (name, value) in &fields {
        draft::field(&mut event, name, value);
    }
    (event.from, event.to) = (from.or(event.from), to.or(event.to));
    if !user.is_empty() {
        event.user = user;
    }
    if event.kind == EventKind::Other && event.severity >= Severity::Medium {
        event.kind = EventKind::Alert;
    }
    match of("outcome").to_ascii_lowercase().as_str() {
        "success" => event.outcome = Outcome::Done,
        "failure" | "fail" => event.outcome = Outcome::Refused,
        _ => {}
    }
    Some(event)
}

/// `key=value key=value with blanks`: a value ends where the next key begins; `\=` and `\\` are escaped.
fn extension(text: &str) -> Vec<(&str, String)> {
    let mut keys: Vec<(usize, usize)> = Vec::new();
    let bytes = text.as_bytes();
    for (place, byte) in bytes.iter().enumerate() {
        if *byte != b'=' || (place > 0 && bytes.get(place - 1) == Some(&b'\\')) {
            continue;
        }
        let start =
            bytes.get(..place).unwrap_or_default().iter().rposition(|byte| *byte == b' ').map_or(0, |at| at + 1);
        let name = text.get(start..place).unwrap_or_default();
        if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-')) {
            keys.push((start, place));
        }
        if keys.len() >= crate::limits::FIELDS_MAX {
            break;
        }
    }
    let mut found = Vec::new();
    for (number, (start, equals)) in keys.iter().enumerate() {
        let end = keys.get(number + 1).map_or(text.len(), |(next, _)| *next);
        let value = text.get(equals + 1..end).unwrap_or_default().trim();
        found.push((text.get(*start..*equals).unwrap_or_default(), value.replace("\\=", "=").replace("\\\\", "\\")));
    }
    found
}
