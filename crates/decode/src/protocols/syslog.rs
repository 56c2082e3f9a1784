//! Syslog: what machines tell of themselves to a log server, in the clear.

use compact_str::format_compact;
use model::{Confidence, FactKey, Reading, Text, Value, Verb};

use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Match, Measure, Output, Probe, Protocol, Speaker, Values, Verdict,
    code,
};

/// Severities: RFC 5424, table 2.
const CODES: &[Code] = &[
    code(0, "emergency", Verb::Alarm),
    code(1, "alert", Verb::Alarm),
    code(2, "critical", Verb::Alarm),
    code(3, "error", Verb::Report),
    code(4, "warning", Verb::Report),
    code(5, "notice", Verb::Report),
    code(6, "informational", Verb::Report),
    code(7, "debug", Verb::Report),
    code(8, "message without priority", Verb::Report),
];

/// Syslog.
pub static PROTOCOL: Protocol = Protocol {
    id: "syslog",
    title: "Syslog",
    about: "Sends log messages to a server: logins, faults, changes, readable by anyone on the way.",
    depth: "Severity, facility, sender's name, application and text, of both forms, in datagrams and streams.",
    documents: &[
        "RFC 5424 The Syslog Protocol (2009)",
        "RFC 3164 The BSD syslog Protocol (2001)",
        "RFC 6587 Syslog over TCP (2012)",
    ],
    carriers: &[Carrier::Udp(&[514]), Carrier::Tcp(&[514, 601])],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |opening| Box::new(Syslog { is_stream: opening.is_stream, has_told: false }),
};

const FACILITIES: &[&str] = &[
    "kernel", "user", "mail", "daemon", "auth", "syslog", "printer", "news", "uucp", "clock", "authpriv", "ftp", "ntp",
    "audit", "alert", "cron", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
];

const MESSAGE_BYTES_MAX: usize = 8_192;
/// Bytes of the text that are kept.
const TEXT_BYTES_MAX: usize = 256;

/// The priority in angle brackets, and what follows.
fn priority(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let rest = bytes.strip_prefix(b"<")?;
    let end = rest.iter().take(4).position(|byte| *byte == b'>')?;
    let (digits, rest) = rest.split_at_checked(end)?;
    let number: u8 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (number <= 191 && !digits.is_empty()).then_some((number, rest.get(1..)?))
}

/// Octet counting (RFC 6587, section 3.4.1): the length of the head and of the message.
fn counted(bytes: &[u8]) -> Option<(usize, usize)> {
    let space = bytes.iter().take(6).position(|byte| *byte == b' ')?;
    let digits = bytes.get(..space)?;
    let length: usize = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (bytes.get(space.saturating_add(1)) == Some(&b'<') && length > 2).then_some((space.saturating_add(1), length))
}

fn probe(probe: &Probe<'_>) -> Verdict {
    let is_usual = [514, 601].contains(&probe.destination_port);
    let body = match (probe.is_stream, counted(probe.bytes)) {
        (true, Some((head, _))) => probe.bytes.get(head..).unwrap_or(&[]),
        _ => probe.bytes,
    };
    let Some((_, rest)) = priority(body) else {
        let is_text = !probe.is_stream && is_usual && probe.bytes.first().is_some_and(|b| matches!(b, b' '..=b'~'));
        return if is_text { Verdict::by(Match::Weak, Speaker::Client) } else { Verdict::NO };
    };
    // `1 2026-…` or `Jan 31 …`.
    let is_text = rest.len() >= 8 && rest.iter().all(|b| matches!(b, b' '..=b'~' | b'\t' | b'\r' | b'\n'));
    let is_known = rest.starts_with(b"1 ") || is_month(rest) || !probe.is_stream && is_text;
    Verdict::by(if is_known || is_usual { Match::Likely } else { Match::Weak }, Speaker::Client)
}

fn is_month(bytes: &[u8]) -> bool {
    const MONTHS: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    bytes.get(..3).is_some_and(|head| MONTHS.as_chunks::<3>().0.iter().any(|month| month == head))
        && bytes.get(3) == Some(&b' ')
}

struct Syslog {
    is_stream: bool,
    has_told: bool,
}

/// Host name, application, text.
fn parts(text: &str) -> (&str, &str, &str) {
    if let Some(rest) = text.strip_prefix("1 ") {
        // Time, host, application, process, message id, structured data, text.
        let mut fields = rest.splitn(6, ' ');
        fields.next();
        let (host, application) = (fields.next().unwrap_or(""), fields.next().unwrap_or(""));
        let rest = fields.nth(2).unwrap_or("");
        // Structured data is a dash or stands in brackets; the text follows.
        let said = match rest.strip_prefix('-') {
            Some(said) => said,
            None => rest.split_once("] ").map_or(rest, |(_, said)| said),
        };
        return (host, application, said.trim_start());
    }
    if !is_month(text.as_bytes()) || text.as_bytes().get(9) != Some(&b':') {
        return ("", "", text);
    }
    // `Jan 31 08:00:00 host application[1]: text`: the time is 15 characters.
    let rest = text.get(15..).unwrap_or("").trim_start();
    let Some((host, rest)) = rest.split_once(' ') else { return ("", "", rest) };
    match rest.split_once(':') {
        Some((tag, text)) if tag.len() <= 48 && !tag.contains(' ') => {
            (host, tag.split('[').next().unwrap_or(tag), text.trim_start())
        }
        _ => (host, "", rest),
    }
}

impl Decoder for Syslog {
    fn measure(&mut self, bytes: &[u8], _: Speaker) -> Measure {
        if !self.is_stream {
            return Measure::Whole(bytes.len());
        }
        if let Some((head, length)) = counted(bytes) {
            let total = head.saturating_add(length);
            return if total > MESSAGE_BYTES_MAX {
                Measure::Head { head: MESSAGE_BYTES_MAX, total }
            } else {
                Measure::Whole(total)
            };
        }
        match bytes.iter().take(MESSAGE_BYTES_MAX).position(|byte| matches!(byte, b'\n' | 0)) {
            Some(end) => Measure::Whole(end.saturating_add(1)),
            None if bytes.len() >= MESSAGE_BYTES_MAX => Measure::Malformed("no end of line"),
            None => Measure::More(bytes.len().saturating_add(1)),
        }
    }

    fn read(&mut self, bytes: &[u8], context: &Context, out: &mut Output<'_>) {
        let body = match (self.is_stream, counted(bytes)) {
            (true, Some((head, _))) => bytes.get(head..).unwrap_or(&[]),
            _ => bytes,
        };
        let body = body.trim_ascii_end();
        if body.is_empty() {
            return;
        }
        let (number, rest) = match priority(body) {
            Some((number, rest)) => (Some(number), rest),
            None => (None, body),
        };
        let text = String::from_utf8_lossy(rest.get(..1_024).unwrap_or(rest));
        let (host, application, said) = parts(text.trim_start_matches('\u{feff}'));
        let code = number.map_or(8, |number| u32::from(number & 7));
        let end = (0..=TEXT_BYTES_MAX.min(said.len())).rev().find(|at| said.is_char_boundary(*at)).unwrap_or(0);
        let readings = [Reading::new("text", Value::Text(said.get(..end).unwrap_or_default().into()))];
        let mut draft = Draft::new(&PROTOCOL, code).message(PROTOCOL.id, code).values(Values::List(&readings));
        // One channel of roll-up for each application: texts differ, and are values.
        let facility = number.and_then(|number| FACILITIES.get(usize::from(number >> 3)));
        let object =
            if application.is_empty() || application == "-" { facility.copied().unwrap_or("") } else { application };
        if !object.is_empty() {
            draft = draft.object(object);
        }
        if let Some(facility) = facility {
            draft = draft.extra("facility", Text::const_new(facility));
        }
        if host != "-" {
            draft = draft.extra("host", host);
        }
        out.act(if context.speaker == Speaker::Client { draft } else { draft.from_server() });
        if !std::mem::replace(&mut self.has_told, true) {
            let target = if context.speaker == Speaker::Client { out.server() } else { out.client() };
            if let Some(ip) = target.ip {
                out.fact(
                    About::Speaker,
                    FactKey::Logging,
                    &format_compact!("{ip}"),
                    "syslog message",
                    Confidence::Certain,
                );
            }
            if host != "-" && host.parse::<std::net::IpAddr>().is_err() && !host.ends_with(':') {
                // A relay forwards messages of others under its own address.
                out.fact(About::Speaker, FactKey::Hostname, host, "syslog host name", Confidence::Guess);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::Dialog;

    #[test]
    fn both_forms() {
        Dialog::datagrams(&PROTOCOL)
            .says(Speaker::Client, b"<34>Oct 11 22:14:15 plc1 su[7]: login failed for ops")
            .says(Speaker::Client, b"<165>1 2026-01-31T08:00:00Z gate evntslog - ID47 - started")
            .says(Speaker::Client, b"no priority")
            .end_is(expect![[r#"
                C > S syslog [alarm] critical | su = text=login failed for ops -> asked facility=auth host=plc1 {syslog 2: 1}
                fact C: logging = 10.0.0.2 (syslog, syslog message, certain)
                fact C: hostname = plc1 (syslog, syslog host name, guess)
                C > S syslog [report] notice | evntslog = text=started -> asked facility=local4 host=gate {syslog 5: 1}
                C > S syslog [report] message without priority = text=no priority -> asked {syslog 8: 1}
            "#]]);
    }

    #[test]
    fn counted_and_ended_by_lines() {
        Dialog::stream(&PROTOCOL).says(Speaker::Client, b"17 <14>Oct 11 abcdef<13>1 - h a - - - x\n").end_is(expect![
            [r#"
                C > S syslog [report] informational | user = text=Oct 11 abcdef -> asked facility=user {syslog 6: 1}
                fact C: logging = 10.0.0.2 (syslog, syslog message, certain)
                C > S syslog [report] notice | a = text=x -> asked facility=user host=h {syslog 5: 1}
            "#]
        ]);
    }
}
