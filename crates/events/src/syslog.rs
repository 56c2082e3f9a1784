//! Syslog: RFC 5424 and what RFC 3164 describes; what the usual programs say in it.

use model::{Event, EventKind, Outcome, Severity, Time};

use crate::{draft, time};

/// Whether a line looks like syslog: a priority, or a day and a time at its beginning.
pub(crate) fn is_one(line: &str) -> bool {
    priority(line).is_some()
        || time::of_day(draft::shortened(line, 15), Time::from_seconds(2_000_000_000, 0)).is_some()
        || line
            .split_once(' ')
            .is_some_and(|(first, rest)| first.len() >= 19 && time::parse(first).is_some() && rest.contains(": "))
}

fn priority(line: &str) -> Option<(u16, &str)> {
    let (number, rest) = line.strip_prefix('<')?.split_once('>')?;
    let number = number.parse::<u16>().ok().filter(|number| *number < 192 && !rest.is_empty())?;
    Some((number, rest))
}

pub(crate) fn read(line: &str, received: Time) -> Option<Event> {
    let (number, rest) = priority(line).map_or((None, line), |(number, rest)| (Some(number), rest));
    let mut event = draft::event("syslog", received);
    event.severity = match number.map(|number| number % 8) {
        Some(0..=2) => Severity::High,
        Some(3) => Severity::Medium,
        Some(4) => Severity::Low,
        _ => Severity::Info,
    };
    let message = match rest.strip_prefix("1 ") {
        Some(new) => new_form(new, &mut event)?,
        None => old_form(rest, &mut event, received, number.is_some())?,
    };
    event.message = draft::text(message);
    understand(&mut event, message);
    Some(event)
}

/// RFC 5424, section 6: time, host, program, process, message id, structured data, message; `-` for what is not said.
fn new_form<'a>(text: &'a str, event: &mut Event) -> Option<&'a str> {
    let mut parts = text.splitn(6, ' ');
    if let Some(at) = parts.next().and_then(time::parse) {
        event.at = at;
    }
    let said = |part: Option<&str>| draft::text(part.filter(|part| *part != "-").unwrap_or_default());
    event.host = said(parts.next());
    event.product = said(parts.next());
    let _process = parts.next();
    event.code = said(parts.next());
    let mut rest = parts.next()?;
    if let Some(after) = rest.strip_prefix('-') {
        rest = after;
    } else {
        while let Some(element) = rest.strip_prefix('[') {
            let (inside, after) = element_end(element)?;
            for (name, value) in pairs(inside) {
                draft::field(event, name, &value);
            }
            rest = after;
        }
    }
    Some(rest.trim_start().trim_start_matches('\u{feff}'))
}

/// The inside of a structured data element and what comes after it; `]` within quotation marks is escaped.
fn element_end(text: &str) -> Option<(&str, &str)> {
    let mut is_escaped = false;
    for (place, letter) in text.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            ']' => return Some((text.get(..place)?, text.get(place + 1..)?)),
            _ => {}
        }
    }
    None
}

/// `name="value"` and `name=value`, as firewalls and structured data write them.
pub(crate) fn pairs(text: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(equals) = rest.find('=') {
        if found.len() >= crate::limits::FIELDS_MAX {
            break;
        }
        let (before, after) = (rest.get(..equals).unwrap_or_default(), rest.get(equals + 1..).unwrap_or_default());
        let name = before.rsplit([' ', ',', ';', '|']).next().unwrap_or_default();
        let (value, left) = match after.strip_prefix('"') {
            Some(quoted) => match quoted.find('"') {
                Some(end) => (quoted.get(..end), quoted.get(end + 1..)),
                None => (Some(quoted), Some("")),
            },
            None => {
                let end = after.find([' ', ',', ';']).unwrap_or(after.len());
                (after.get(..end), after.get(end..))
            }
        };
        if !name.is_empty() && name.len() <= 64 {
            found.push((name, value.unwrap_or_default().to_owned()));
        }
        rest = left.unwrap_or_default();
    }
    found
}

/// RFC 3164: day and time or a newer time, host, program with process, message. Much is left out in practice.
fn old_form<'a>(text: &'a str, event: &mut Event, received: Time, has_priority: bool) -> Option<&'a str> {
    let (at, rest) = match text.get(..15).and_then(|head| Some((time::of_day(head, received)?, text.get(15..)?))) {
        Some((at, rest)) => (Some(at), rest),
        None => match text.split_once(' ') {
            Some((head, rest)) if head.len() >= 19 && time::parse(head).is_some() => (time::parse(head), rest),
            _ => (None, text),
        },
    };
    match at {
        Some(at) => event.at = at,
        // Without priority and time it is any text.
        None if !has_priority => return None,
        None => {}
    }
    let rest = rest.trim_start();
    let (host, rest) = match rest.split_once(' ') {
        Some((host, rest)) if at.is_some() && !host.ends_with(':') => (host, rest),
        _ => ("", rest),
    };
    event.host = draft::text(host);
    let (tag, message) = match rest.split_once(':') {
        Some((tag, message)) if tag.len() <= 64 && !tag.contains([' ', '=']) => (tag, message),
        _ => ("", rest),
    };
    event.product = draft::text(tag.split('[').next().unwrap_or_default());
    Some(message.trim_start())
}

/// The word after `before`.
fn after<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    let rest = text.get(text.find(before)? + before.len()..)?;
    rest.split([' ', ',', ';', '(', ')', '\t']).find(|word| !word.is_empty())
}

/// What the usual programs mean.
pub(crate) fn understand(event: &mut Event, message: &str) {
    let lower = message.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let product = event.product.to_lowercase();
    for (name, value) in pairs(message) {
        match name.to_ascii_lowercase().as_str() {
            "user" | "usr" | "username" | "duser" | "suser" | "dstuser" if event.user.is_empty() => {
                event.user = draft::user(&value);
            }
            "src" | "srcip" | "source_ip" | "remip" | "rhost" | "client_ip" if event.from.is_none() => {
                event.from = draft::end(&value, "");
            }
            "dst" | "dstip" | "dest_ip" | "destination_ip" if event.to.is_none() => event.to = draft::end(&value, ""),
            _ => {}
        }
        draft::field(event, name, &value);
    }
    if product == "sshd" || product == "dropbear" {
        let is_accepted = has(&["accepted "]);
        if is_accepted || has(&["failed ", "invalid user", "bad password"]) {
            event.kind = if is_accepted { EventKind::RemoteSession } else { EventKind::LogonFailed };
            event.outcome = if is_accepted { Outcome::Done } else { Outcome::Refused };
            let named = after(message, "invalid user ").or_else(|| after(message, " for "));
            event.user = named.map(draft::user).unwrap_or_default();
            event.from =
                after(message, " from ").and_then(|ip| draft::end(ip, after(message, " port ").unwrap_or_default()));
            return;
        }
    }
    let is_refused = has(&["fail", "denied", "refused", "invalid", "rejected", "incorrect", "échec"]);
    let is_vpn =
        has(&["vpn", "ipsec", "wireguard"]) || ["openvpn", "charon", "ocserv", "pluto"].contains(&product.as_str());
    let is_coming = has(&[
        "connect",
        "logon",
        "login",
        "logged",
        "tunnel-up",
        "tunnel up",
        "established",
        "authenticat",
        "session opened",
        "initiated",
    ]);
    event.kind = match () {
        () if has(&["log cleared", "logs cleared", "audit log was cleared", "auditd stopping", "cleared the log"]) => {
            EventKind::LogCleared
        }
        () if is_vpn && has(&["disconnect", "logout", "tunnel-down", "tunnel down"]) => EventKind::Logoff,
        () if is_vpn && is_coming => EventKind::Vpn,
        () if has(&["new usb device", "usb mass storage", "usb device found"]) => EventKind::Device,
        () if has(&["new user:", "new group:", "useradd", "usermod", "password changed for", "account created"]) => {
            EventKind::Account
        }
        () if has(&["session closed", "logged out", "logged off", "logout"]) => EventKind::Logoff,
        () if has(&["authentication failure", "login failed", "logon failed", "failed login", "failed password"]) => {
            EventKind::LogonFailed
        }
        () if has(&["session opened", "logged in", "login success", "logon success", "authentication success"]) => {
            EventKind::Logon
        }
        () if has(&[
            "config changed",
            "configuration changed",
            "configured from",
            "%sys-5-config",
            "rule added",
            "rule modified",
            "policy changed",
        ]) =>
        {
            EventKind::Configuration
        }
        () if product == "sudo" && lower.contains("command=") => EventKind::Process,
        () if has(&[
            "action=deny",
            "action=\"deny",
            "action=accept",
            "action=\"accept",
            "ufw block",
            "iptables",
            "filterlog",
        ]) =>
        {
            EventKind::Connection
        }
        () => event.kind,
    };
    let is_about_access = matches!(event.kind, EventKind::Logon | EventKind::LogonFailed | EventKind::Vpn);
    if is_about_access {
        event.outcome =
            if is_refused || event.kind == EventKind::LogonFailed { Outcome::Refused } else { Outcome::Done };
    }
    if (is_about_access || event.kind == EventKind::Logoff) && event.user.is_empty() {
        let named = after(message, "for user ").or_else(|| after(message, "user ")).or_else(|| after(message, "User "));
        event.user = named.map(draft::user).unwrap_or_default();
    }
    if event.from.is_none() {
        event.from = after(message, " from ").and_then(|ip| draft::end(ip, ""));
    }
}
