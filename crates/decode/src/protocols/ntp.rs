//! NTP and SNTP: who takes the time from whom, and how good that time is.

use std::net::Ipv4Addr;

use compact_str::format_compact;
use model::{Confidence, FactKey, Text, Time, Verb};
use wire::{Reader, Short};

use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Exchange, Match, Output, Probe, Protocol, Speaker, Verdict, code,
};

/// Modes: RFC 5905, figure 10; 7 is private to ntpd.
const CODES: &[Code] = &[
    code(0, "reserved", Verb::Other),
    code(1, "symmetric active", Verb::Time),
    code(2, "symmetric passive", Verb::Time),
    code(3, "client", Verb::Time),
    code(4, "server", Verb::Time),
    code(5, "broadcast", Verb::Time),
    code(6, "control", Verb::Diagnose),
    code(7, "private", Verb::Diagnose),
];

/// NTP.
pub static PROTOCOL: Protocol = Protocol {
    id: "ntp",
    title: "NTP",
    about: "Sets the clocks of machines; without it, times of events in logs and recorders cannot be compared.",
    depth: "Versions 1 to 4: requests with answers, stratum and reference; control and private mode with their operation.",
    documents: &[
        "RFC 5905 Network Time Protocol Version 4 (2010)",
        "RFC 9327 Control Messages (2022)",
        "ntpd ntp_request.h (private mode)",
    ],
    carriers: &[Carrier::Udp(&[123])],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Ntp::default()),
};

/// Operations of control messages: RFC 9327, section 2.
const OPERATIONS: &[(u8, &str)] = &[
    (1, "read status"),
    (2, "read variables"),
    (3, "write variables"),
    (4, "read clock variables"),
    (5, "write clock variables"),
    (6, "set trap address"),
    (8, "configure"),
    (9, "save configuration"),
    (10, "read most recently used list"),
    (11, "read ordered list"),
    (12, "request nonce"),
    (31, "unset trap"),
];

/// Request codes of private mode that give away lists, or much more than was asked.
const PRIVATE: &[(u8, &str)] =
    &[(0, "peer list"), (1, "peer list summary"), (4, "system info"), (20, "monitor list"), (42, "monitor list 1")];

#[derive(Default)]
struct Ntp {
    /// By the transmit time of the request, which the answer brings back as origin time.
    exchange: Exchange<(u64, bool), u8>,
    has_told: bool,
}

fn probe(probe: &Probe<'_>) -> Verdict {
    let is_usual = probe.source_port == 123 || probe.destination_port == 123;
    let Some(&first) = probe.bytes.first() else { return Verdict::NO };
    let (version, mode) = (first >> 3 & 7, first & 7);
    if !(1..=4).contains(&version) || mode == 0 {
        return Verdict::NO;
    }
    let speaker = match mode {
        3 => Some(Speaker::Client),
        4 => Some(Speaker::Server),
        6 if probe.bytes.get(1).is_some_and(|b| b & 0x80 != 0) => Some(Speaker::Server),
        6 => Some(Speaker::Client),
        7 if first & 0x80 != 0 => Some(Speaker::Server),
        7 => Some(Speaker::Client),
        _ => None,
    };
    let is_shape = match mode {
        6 => probe.bytes.len() >= 12,
        7 => probe.bytes.len() >= 8,
        _ => probe.bytes.len() >= 48 && probe.bytes.get(1).is_some_and(|stratum| *stratum <= 16),
    };
    let matched = match (is_usual, is_shape) {
        (true, true) => Match::Likely,
        (true, false) => Match::Weak,
        // Elsewhere only whole packets of clients and servers with a sensible clock.
        (false, true) if matches!(mode, 3 | 4) && matches!(probe.bytes.len(), 48 | 68) && is_sensible(probe.bytes) => {
            if has_near_times(probe.bytes) {
                Match::Likely
            } else {
                Match::Weak
            }
        }
        // Control messages say how much data follows, padded to four bytes (RFC 9327, section 2).
        (false, true) if mode == 6 && version >= 2 => {
            let length = probe.bytes.get(10..).and_then(|b| b.first_chunk::<2>()).map(|b| u16::from_be_bytes(*b));
            let data = probe.bytes.get(12..).unwrap_or(&[]);
            match length.filter(|n| usize::from(*n).next_multiple_of(4) == data.len()) {
                Some(1..) if data.contains(&b'=') => Match::Likely,
                // Reading status or variables, with the reserved bits zero.
                Some(_) if first & 0xc0 == 0 && matches!(probe.bytes.get(1), Some(1 | 2 | 0x81 | 0x82)) => Match::Weak,
                _ => Match::No,
            }
        }
        _ => Match::No,
    };
    Verdict { matched, speaker: speaker.filter(|_| matched > Match::No) }
}

/// Whether the clock was set within the last nine hours or so (by its upper half: 18 h), and root delay and dispersion
/// are under 16 s: what a client or server that is synchronised says (RFC 5905, section 7.3).
fn has_near_times(bytes: &[u8]) -> bool {
    let half = |at: usize| {
        bytes.get(at..at.saturating_add(2)).and_then(|b| b.first_chunk::<2>().map(|b| u16::from_be_bytes(*b)))
    };
    let (Some(reference), Some(transmit)) = (half(16), half(40)) else { return false };
    let is_short = |at: usize| half(at).is_some_and(|seconds| seconds < 16);
    transmit.wrapping_sub(reference) <= 1 && is_short(4) && is_short(8)
}

/// Whether the transmit time lies between 2000 and 2036.
fn is_sensible(bytes: &[u8]) -> bool {
    let seconds = bytes.get(40..44).and_then(|b| b.first_chunk::<4>()).map(|b| u32::from_be_bytes(*b));
    seconds.is_some_and(|seconds| seconds >= 0xbc17_c200)
}

impl Ntp {
    fn packet(&mut self, bytes: &[u8], context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let mut r = Reader::new(bytes);
        let first = r.u8("flags")?;
        let (version, mode) = (first >> 3 & 7, first & 7);
        let is_client = context.speaker == Speaker::Client;
        if mode >= 6 {
            return self.control(first, r, context, out);
        }
        let stratum = r.u8("stratum")?;
        r.skip(10, "poll to root dispersion")?;
        let reference = r.array::<4>("reference id")?;
        r.skip(8, "reference time")?;
        let origin = r.u64("origin time")?;
        r.skip(8, "receive time")?;
        let transmit = r.u64("transmit time")?;
        match mode {
            3 => {
                if let Some((key, at, version)) = self.exchange.ask((transmit, is_client), context.at, version) {
                    unanswered(key, at, version, out);
                }
            }
            4 => {
                let asked = self.exchange.answer(&(origin, !is_client));
                let draft = Draft::new(&PROTOCOL, 3).message(PROTOCOL.id, 4);
                let draft = match asked {
                    Some((at, _)) => draft.message(PROTOCOL.id, 3).asked(at),
                    None => draft,
                };
                let draft = described(draft, version, stratum, reference);
                let draft = match stratum {
                    // A kiss of death says in the reference why it will not serve (RFC 5905, section 7.4).
                    0 => draft.refused(context.at, 0, crate::ber::text(&reference)),
                    _ => draft.done(context.at),
                };
                out.act(if is_client { draft.from_server() } else { draft });
                if stratum > 0 && !std::mem::replace(&mut self.has_told, true) {
                    let (server, asker) =
                        if is_client { (out.client(), About::Server) } else { (out.server(), About::Client) };
                    if let Some(ip) = server.ip {
                        let ip = format_compact!("{ip}");
                        out.fact(asker, FactKey::TimeSource, &ip, "ntp answer", Confidence::Certain);
                    }
                    if (2..16).contains(&stratum) && version == 4 {
                        let upstream = format_compact!("{}", Ipv4Addr::from(reference));
                        out.fact(
                            About::Speaker,
                            FactKey::TimeSource,
                            &upstream,
                            "ntp reference id",
                            Confidence::Likely,
                        );
                    }
                }
            }
            _ => {
                let draft = Draft::new(&PROTOCOL, mode.into()).message(PROTOCOL.id, mode.into());
                let draft = described(draft, version, stratum, reference);
                out.act(if is_client { draft } else { draft.from_server() });
            }
        }
        Ok(())
    }

    fn control(&mut self, first: u8, mut r: Reader<'_>, context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let mode = first & 7;
        let is_client = context.speaker == Speaker::Client;
        let second = r.u8("operation")?;
        let mut draft = Draft::new(&PROTOCOL, mode.into()).message(PROTOCOL.id, mode.into());
        let is_response = if mode == 6 {
            let operation = second & 0x1f;
            let name = OPERATIONS.iter().find(|row| row.0 == operation);
            draft =
                draft.object(name.map_or_else(|| format_compact!("0x{operation:02x}"), |row| Text::const_new(row.1)));
            if matches!(operation, 3 | 5 | 6 | 8 | 9) {
                draft = draft.verb(Verb::Configure);
            }
            if second & 0x40 != 0 {
                draft = draft.extra("error", "yes");
            }
            second & 0x80 != 0
        } else {
            r.skip(1, "implementation")?;
            let request = r.u8("request code")?;
            let name = PRIVATE.iter().find(|row| row.0 == request);
            draft =
                draft.object(name.map_or_else(|| format_compact!("request {request}"), |row| Text::const_new(row.1)));
            first & 0x80 != 0
        };
        if is_response {
            draft = draft.done(context.at);
        }
        // The act is the asker's, whoever speaks.
        out.act(if is_response == is_client { draft.from_server() } else { draft });
        if mode == 6 && is_response {
            self.variables(r, out);
        }
        Ok(())
    }

    /// `version="ntpd 4.2.8", processor="armv7l", system="Linux/4.9"`: what a server says of itself.
    fn variables(&self, mut r: Reader<'_>, out: &mut Output<'_>) {
        if r.skip(10, "sequence to count").is_err() {
            return;
        }
        let text = crate::ber::text(r.rest());
        for pair in text.split([',', '\u{fffd}']) {
            let Some((key, value)) = pair.split_once('=') else { continue };
            let value = value.trim_matches('"');
            let key = match key.trim() {
                "version" => FactKey::Software,
                "processor" => FactKey::Hardware,
                "system" => FactKey::Os,
                _ => continue,
            };
            out.fact(About::Speaker, key, value, "ntp control variables", Confidence::Certain);
        }
    }
}

fn described<'a>(draft: Draft<'a>, version: u8, stratum: u8, reference: [u8; 4]) -> Draft<'a> {
    let mut draft = draft.extra("stratum", format_compact!("{stratum}"));
    if version != 4 {
        draft = draft.extra("version", format_compact!("{version}"));
    }
    // Stratum 1 names its clock (`GPS`), others an address.
    let source = match stratum {
        0 => Text::default(),
        1 => crate::ber::text(reference.split(|b| *b == 0).next().unwrap_or_default()),
        _ => format_compact!("{}", Ipv4Addr::from(reference)),
    };
    draft.extra("reference", source)
}

fn unanswered((_, is_client): (u64, bool), at: Time, _: u8, out: &mut Output<'_>) {
    let draft = Draft::new(&PROTOCOL, 3).message(PROTOCOL.id, 3).asked(at);
    let draft = if out.is_to_group() { draft } else { draft.no_answer() };
    out.act(if is_client { draft } else { draft.from_server() });
}

impl Decoder for Ntp {
    fn read(&mut self, bytes: &[u8], context: &Context, out: &mut Output<'_>) {
        while let Some((key, at, version)) = self.exchange.overdue(context.at) {
            unanswered(key, at, version, out);
        }
        if let Err(short) = self.packet(bytes, context, out)
            && context.wire_len <= bytes.len()
        {
            out.short(&short);
        }
    }

    fn end(&mut self, out: &mut Output<'_>) {
        let mut exchange = std::mem::take(&mut self.exchange);
        for (key, at, version) in exchange.drain() {
            unanswered(key, at, version, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{Dialog, torture};

    const ASK: &str =
        "23 00 06 ec 00000000 00000000 00000000 0000000000000000 0000000000000000 0000000000000000 e000000000000001";
    const ANSWER: &str =
        "24 01 06 ec 00000000 00000000 47505300 e000000000000000 e000000000000001 e000000000000002 e000000000000003";

    #[test]
    fn a_clock_is_asked() {
        Dialog::datagrams(&PROTOCOL).client(ASK).server(ANSWER).end_is(expect![[r#"
            C > S ntp [time] client -> done in 1000 us stratum=1 reference=GPS {ntp 4: 1} {ntp 3: 1}
            fact C: time_source = 10.0.0.2 (ntp, ntp answer, certain)
        "#]]);
    }

    #[test]
    fn a_monitor_list_is_asked_for() {
        Dialog::datagrams(&PROTOCOL).client("17 00 03 2a 0000 0000").end_is(expect![[r#"
            C > S ntp [diagnose] private | monitor list 1 -> asked {ntp 7: 1}
        "#]]);
    }

    #[test]
    fn survives_anything() {
        torture(&PROTOCOL, &[ASK, ANSWER, "16 82 0001 0000 0000 0000 0009 76657273696f6e3d31"]);
    }
}
