//! What events of Windows mean, by their number (Microsoft, "Security auditing"; Sysmon events).

use model::{Event, EventKind, Outcome, Severity};

use crate::draft;

/// Gives `event` the meaning of event `id` of `provider`, whose data are its further fields.
pub(crate) fn understand(event: &mut Event, id: u32, provider: &str) {
    let of = |name: &str| -> String {
        event
            .extra
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.to_string())
            .unwrap_or_default()
    };
    let is_sysmon = provider.contains("Sysmon");
    let is_remote = matches!(of("LogonType").as_str(), "10" | "7");
    let (kind, outcome, severity, words) = match id {
        1 if is_sysmon => (EventKind::Process, Outcome::Done, Severity::Info, "process created"),
        3 if is_sysmon => (EventKind::Connection, Outcome::Done, Severity::Info, "connection"),
        11 if is_sysmon => (EventKind::File, Outcome::Done, Severity::Info, "file created"),
        4624 if is_remote => (EventKind::RemoteSession, Outcome::Done, Severity::Info, "logged on by remote desktop"),
        4624 => (EventKind::Logon, Outcome::Done, Severity::Info, "logged on"),
        1149 | 21 | 25 if provider.contains("Terminal") => {
            (EventKind::RemoteSession, Outcome::Done, Severity::Info, "logged on by remote desktop")
        }
        4625 => (EventKind::LogonFailed, Outcome::Refused, Severity::Low, "logon refused"),
        4634 | 4647 => (EventKind::Logoff, Outcome::Done, Severity::Info, "logged off"),
        4648 => (EventKind::Logon, Outcome::Asked, Severity::Info, "logon with other credentials"),
        4688 => (EventKind::Process, Outcome::Done, Severity::Info, "process created"),
        4697 | 7045 => (EventKind::Service, Outcome::Done, Severity::Medium, "service installed"),
        4698 | 4702 => (EventKind::Service, Outcome::Done, Severity::Low, "scheduled task created or changed"),
        4720..=4767 => (EventKind::Account, Outcome::Done, Severity::Low, "account or group changed"),
        1102 | 104 => (EventKind::LogCleared, Outcome::Done, Severity::High, "log cleared"),
        2003 | 6416 => (EventKind::Device, Outcome::Done, Severity::Low, "device plugged in"),
        4719 | 5001 | 5010 | 5012 | 4616 => (EventKind::Configuration, Outcome::Done, Severity::Low, "setting changed"),
        1116 | 1117 if provider.contains("Defender") => {
            (EventKind::Alert, Outcome::Done, Severity::High, "malware found")
        }
        4663 | 5140 | 5145 => (EventKind::File, Outcome::Done, Severity::Info, "file or share used"),
        5156 => (EventKind::Connection, Outcome::Done, Severity::Info, "connection allowed"),
        5157 | 5152 => (EventKind::Connection, Outcome::Refused, Severity::Info, "connection refused"),
        _ => (EventKind::Other, Outcome::Asked, Severity::Info, ""),
    };
    let (target, subject) = (of("TargetUserName"), of("SubjectUserName"));
    let is_of_target =
        matches!(kind, EventKind::Logon | EventKind::LogonFailed | EventKind::Logoff | EventKind::RemoteSession);
    let names = if is_of_target { [target, of("User"), subject] } else { [subject, of("User"), target] };
    let ip = ["IpAddress", "SourceIp", "SourceAddress", "ClientAddress"].map(&of);
    let port = ["IpPort", "SourcePort", "", ""].map(&of);
    let to = (["DestinationIp", "DestAddress"].map(&of), ["DestinationPort", "DestPort"].map(&of));
    let what =
        ["CommandLine", "NewProcessName", "Image", "ServiceName", "TaskName", "ObjectName", "ShareName"].map(&of);
    event.kind = kind;
    event.outcome = outcome;
    event.severity = severity;
    if event.user.is_empty()
        && let Some(name) = names.iter().find(|name| !matches!(name.as_str(), "" | "-"))
    {
        event.user = draft::user(name);
    }
    event.from = ip.iter().zip(&port).find_map(|(ip, port)| draft::end(ip, port));
    event.to = to.0.iter().zip(&to.1).find_map(|(ip, port)| draft::end(ip, port));
    if event.message.is_empty() || kind == EventKind::Process {
        let what = what.iter().find(|what| !what.is_empty()).map_or("", String::as_str);
        let message = [words, what].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(": ");
        event.message = draft::text(if message.is_empty() { "event" } else { &message });
    }
}
