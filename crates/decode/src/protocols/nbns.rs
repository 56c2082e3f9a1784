//! NetBIOS names and datagrams: names of Windows machines by broadcast, and what they announce of themselves.

use std::net::Ipv4Addr;

use compact_str::format_compact;
use model::{Confidence, FactKey, Mac, Reading, Text, Time, Value, Verb};
use wire::{Reader, Short};

use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Exchange, Match, Output, Probe, Protocol, Speaker, Values, Verdict,
    code,
};

/// Operations of the name service (RFC 1002, section 4.2.1.1), 33 for status queries; 256 and the type of datagram
/// (section 4.4.1) for the datagram service.
const CODES: &[Code] = &[
    code(0, "query", Verb::Browse),
    code(5, "registration", Verb::Identify),
    code(6, "release", Verb::Identify),
    code(7, "wait for acknowledgement", Verb::Other),
    code(8, "refresh", Verb::Identify),
    code(9, "refresh", Verb::Identify),
    code(15, "multi-homed registration", Verb::Identify),
    code(33, "status query", Verb::Identify),
    code(272, "direct unique datagram", Verb::Report),
    code(273, "direct group datagram", Verb::Report),
    code(274, "broadcast datagram", Verb::Report),
    code(275, "datagram error", Verb::Report),
    code(276, "datagram query", Verb::Browse),
    code(277, "datagram positive response", Verb::Browse),
    code(278, "datagram negative response", Verb::Browse),
];

/// NetBIOS.
pub static PROTOCOL: Protocol = Protocol {
    id: "nbns",
    title: "NetBIOS name and datagram service",
    about: "Old Windows machines find each other by broadcast and announce their name, domain and version.",
    depth: "Queries, registrations, status with all names; announcements of the browser service.",
    documents: &[
        "RFC 1001 and RFC 1002 NetBIOS over TCP/UDP (1987)",
        "[MS-BRWS] Common Internet File System Browser Protocol",
    ],
    carriers: &[Carrier::Udp(&[137, 138])],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Netbios::default()),
};

/// Meanings of the last byte of a name: [MS-NBTE], section 2.2.4, and Microsoft KB 163409.
const SUFFIXES: &[(u8, bool, &str)] =
    &[(0x1b, false, "domain master browser"), (0x1c, true, "domain controller"), (0x1d, false, "master browser")];

#[derive(Default)]
struct Netbios {
    exchange: Exchange<(u16, bool), (u32, Text)>,
    readings: Vec<Reading>,
}

fn probe(probe: &Probe<'_>) -> Verdict {
    let has = |port: u16| probe.source_port == port || probe.destination_port == port;
    if let [0x10..=0x16, _, _, _, _, _, _, _, 0, 138, rest @ ..] = probe.bytes {
        return match rest {
            _ if has(138) => Verdict::of(Match::Likely),
            // Length, offset, and the name of the sender (RFC 1002, section 4.4.2).
            [_, _, _, _, 0x20, name @ ..]
                if name.len() > 32 && name.iter().take(32).all(|b| matches!(b, b'A'..=b'P')) =>
            {
                Verdict::of(Match::Certain)
            }
            _ => Verdict::NO,
        };
    }
    let mut r = Reader::new(probe.bytes);
    let head = r.skip(2, "id").and_then(|()| r.u16("flags")).and_then(|flags| {
        r.skip(8, "counts")?;
        Ok((flags, r.u8("label length")?, r.bytes(32, "name")?))
    });
    let Ok((flags, 0x20, name)) = head else {
        return if has(137) && probe.bytes.len() >= 12 { Verdict::of(Match::Weak) } else { Verdict::NO };
    };
    if !name.iter().all(|b| matches!(b, b'A'..=b'P')) {
        return Verdict::NO;
    }
    let speaker = if flags & 0x8000 != 0 { Speaker::Server } else { Speaker::Client };
    Verdict::by(if has(137) { Match::Certain } else { Match::Likely }, speaker)
}

/// A name in its first-level encoding (RFC 1001, section 14.1) as `NAME<20>`, with its suffix.
fn name(r: &mut Reader<'_>) -> Result<(Text, u8), Short> {
    let length = r.u8("name length")?;
    if length >= 0xc0 {
        // A pointer, always at the one name of the message.
        r.skip(1, "pointer")?;
        return Ok((Text::default(), 0));
    }
    let encoded = r.bytes(length.into(), "name")?;
    let mut bytes = [0_u8; 16];
    for (byte, pair) in bytes.iter_mut().zip(encoded.as_chunks::<2>().0) {
        let [high, low] = pair.map(|letter| letter.wrapping_sub(b'A') & 0x0f);
        *byte = high << 4 | low;
    }
    // A scope follows, or the root.
    for _ in 0..16 {
        match r.u8("scope length")? {
            0 => break,
            length => r.skip(length.into(), "scope")?,
        }
    }
    Ok((plain(bytes), bytes[15]))
}

/// Fifteen characters and a suffix.
fn plain(bytes: [u8; 16]) -> Text {
    let [head @ .., suffix] = bytes;
    let trimmed = head.trim_ascii_end();
    let trimmed = trimmed.split(|byte| *byte == 0).next().unwrap_or_default();
    let mut text = Text::default();
    super::dns::message::push_printable(&mut text, trimmed);
    let _ = std::fmt::Write::write_fmt(&mut text, format_args!("<{suffix:02x}>"));
    text
}

impl Netbios {
    fn names(&mut self, bytes: &[u8], context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let mut r = Reader::new(bytes);
        let (id, flags) = (r.u16("id")?, r.u16("flags")?);
        r.skip(8, "counts")?;
        let (is_response, operation) = (flags & 0x8000 != 0, flags >> 11 & 0x0f);
        let (text, _) = name(&mut r)?;
        let kind = r.u16("type")?;
        r.skip(2, "class")?;
        let is_client = context.speaker == Speaker::Client;
        let code = if kind == 0x21 { 33 } else { u32::from(operation) };
        self.readings.clear();
        if !is_response {
            if matches!(operation, 5 | 6 | 8 | 9 | 15) {
                self.registration(&text, r, out);
            }
            if let Some((key, at, old)) = self.exchange.ask((id, is_client), context.at, (code, text)) {
                unanswered(key, at, old, out);
            }
            return Ok(());
        }
        let result = self.answer(kind, r, out);
        let asked = self.exchange.answer(&(id, !is_client));
        let mut draft = match &asked {
            Some((at, (code, text))) => {
                Draft::new(&PROTOCOL, *code).object(text.clone()).message(PROTOCOL.id, *code).asked(*at)
            }
            None => Draft::new(&PROTOCOL, code).object(text),
        };
        draft = draft.message(PROTOCOL.id, code).values(Values::List(&self.readings));
        draft = match flags & 0x0f {
            0 => draft.done(context.at),
            status => draft.refused(
                context.at,
                status.into(),
                match status {
                    1 => "format error",
                    2 => "server failure",
                    3 => "no such name",
                    4 => "not supported",
                    5 => "refused",
                    6 => "name in use",
                    7 => "name conflict",
                    _ => "unknown",
                },
            ),
        };
        out.act(if is_client { draft.from_server() } else { draft });
        result
    }

    /// Who registers a name has it: address and flags lie in the additional record.
    fn registration(&self, name: &str, mut r: Reader<'_>, out: &mut Output<'_>) {
        let read = self::name(&mut r).and_then(|_| {
            r.skip(10, "type to length")?;
            Ok((r.u16("flags")?, r.array::<4>("address")?))
        });
        let Ok((flags, ip)) = read else { return };
        let ip = std::net::IpAddr::V4(Ipv4Addr::from(ip));
        let about = match out.client().ip == Some(ip) {
            true => About::Client,
            false => About::Other(model::Address { ip: Some(ip), ..model::Address::default() }),
        };
        registered(name, flags & 0x8000 != 0, about, "nbns registration", out);
    }

    fn answer(&mut self, kind: u16, mut r: Reader<'_>, out: &mut Output<'_>) -> Result<(), Short> {
        r.skip(4, "time to live")?;
        let length = r.u16("length")?;
        let mut data = r.sub_at_most(length.into());
        if kind == 0x20 {
            while data.left() >= 6 {
                data.skip(2, "flags")?;
                let ip = Ipv4Addr::from(data.array::<4>("address")?);
                self.readings.push(Reading::new("address", Value::Text(format_compact!("{ip}"))));
            }
        } else if kind == 0x21 {
            let count = data.u8("number of names")?;
            for _ in 0..count {
                let text = plain(data.array::<16>("name")?);
                let flags = data.u16("name flags")?;
                registered(&text, flags & 0x8000 != 0, About::Speaker, "nbns status", out);
                self.readings.push(Reading::new("name", Value::Text(text)));
            }
            let mac = Mac(data.array::<6>("unit id")?);
            if mac != Mac([0; 6]) {
                out.fact(About::Speaker, FactKey::Mac, &format_compact!("{mac}"), "nbns status", Confidence::Certain);
            }
        }
        Ok(())
    }

    /// The datagram service; inside, announcements of the browser service ([MS-BRWS], section 2.2).
    fn datagram(&mut self, bytes: &[u8], context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let mut r = Reader::new(bytes);
        let kind = u32::from(r.u8("type")?).saturating_add(256);
        let mut draft = Draft::new(&PROTOCOL, kind).message(PROTOCOL.id, kind);
        let is_client = context.speaker == Speaker::Client;
        let said = |draft: Draft<'static>| if is_client { draft } else { draft.from_server() };
        let mut names = || {
            r.skip(9, "flags to source port")?;
            r.skip(4, "length and offset")?;
            Ok::<_, Short>((name(&mut r)?, name(&mut r)?))
        };
        let Ok(((source, suffix), (destination, _))) = names() else {
            out.act(said(draft));
            return Ok(());
        };
        if matches!(suffix, 0x00 | 0x20) {
            registered(&source, false, About::Speaker, "netbios datagram", out);
        }
        draft = draft.object(destination.clone());
        // An SMB transaction to a mail slot; the announcement follows the slot's name.
        const SLOT: &[u8] = b"\\MAILSLOT\\BROWSE\0";
        let rest = r.rest();
        let slot = rest.windows(SLOT.len()).take(256).position(|window| window == SLOT);
        if let Some(body) = slot.and_then(|at| rest.get(at.saturating_add(SLOT.len())..)) {
            let (name, verb) = announcement(body, &destination, out);
            draft = draft.renamed(name).verb(verb);
        }
        out.act(said(draft));
        Ok(())
    }
}

/// A frame of the browser service. Gives its name and verb.
fn announcement(bytes: &[u8], destination: &str, out: &mut Output<'_>) -> (&'static str, Verb) {
    let mut r = Reader::new(bytes);
    let kind = r.u8("command").unwrap_or(0);
    let result = match kind {
        1 => ("host announcement", Verb::Identify),
        2 => return ("announcement request", Verb::Browse),
        8 => return ("election", Verb::Other),
        9 => return ("backup list request", Verb::Browse),
        10 => return ("backup list response", Verb::Browse),
        11 => return ("become backup", Verb::Other),
        12 => ("domain announcement", Verb::Identify),
        13 => return ("master announcement", Verb::Identify),
        14 => return ("reset state", Verb::Other),
        15 => ("local master announcement", Verb::Identify),
        _ => return ("browser", Verb::Other),
    };
    let read = r.skip(5, "update count and period").and_then(|()| {
        let name = r.array::<16>("server name")?;
        let (major, minor) = (r.u8("major version")?, r.u8("minor version")?);
        Ok((name, major, minor, r.u32_le("server type")?))
    });
    let Ok((name, major, minor, kinds)) = read else { return result };
    let source = "browser announcement";
    let name = crate::ber::text(name.split(|byte| *byte == 0).next().unwrap_or_default());
    let speaker = || About::Speaker;
    if kind == 12 {
        out.fact(speaker(), FactKey::Domain, &name, source, Confidence::Likely);
        return result;
    }
    out.fact(speaker(), FactKey::Hostname, &name, source, Confidence::Certain);
    if let Some(group) = destination.strip_suffix("<1d>").or_else(|| destination.strip_suffix("<1e>")) {
        out.fact(speaker(), FactKey::Domain, group, source, Confidence::Likely);
    }
    let os = if kinds & 0x0000_0800 != 0 { "Unix" } else { "Windows" };
    out.fact(speaker(), FactKey::Os, os, source, Confidence::Likely);
    out.fact(speaker(), FactKey::OsVersion, &format_compact!("{major}.{minor}"), source, Confidence::Likely);
    // Server types: [MS-BRWS] section 2.2.1 and SV_TYPE flags of [MS-RAP] section 2.5.5.2.
    for (bit, role) in [
        (0x0000_0004, "sql server"),
        (0x0000_0008, "domain controller"),
        (0x0000_0010, "domain controller"),
        (0x0000_0200, "print server"),
        (0x0000_8000, "server"),
    ] {
        if kinds & bit != 0 {
            out.fact(speaker(), FactKey::Role, role, source, Confidence::Likely);
        }
    }
    let comment = r.skip(4, "browser version and signature").map(|()| r.rest());
    if let Ok(comment) = comment {
        let comment = crate::ber::text(comment.split(|byte| *byte == 0).next().unwrap_or_default());
        out.fact(speaker(), FactKey::Description, &comment, source, Confidence::Likely);
    }
    result
}

/// What a registered name says: machine or group, and its role.
fn registered(name: &str, is_group: bool, about: About, source: &str, out: &mut Output<'_>) {
    let Some((plain, suffix)) = name.rsplit_once('<') else { return };
    let suffix = u8::from_str_radix(suffix.trim_end_matches('>'), 16).unwrap_or(0xff);
    if plain.starts_with("\\x01") || plain == "*" {
        return;
    }
    if let Some((_, _, role)) = SUFFIXES.iter().find(|row| row.0 == suffix && row.1 == is_group) {
        out.fact(about, FactKey::Role, role, source, Confidence::Likely);
        return;
    }
    let key = match (suffix, is_group) {
        (0x00 | 0x20, false) => FactKey::Hostname,
        (0x00 | 0x1e, true) => FactKey::Domain,
        (0x03, false) => FactKey::User,
        _ => return,
    };
    // 03 is the messenger service: a user, or the machine once more.
    let confidence = if suffix == 0x03 { Confidence::Guess } else { Confidence::Certain };
    out.fact(about, key, plain, source, confidence);
}

fn unanswered((_, is_client): (u16, bool), at: Time, (code, name): (u32, Text), out: &mut Output<'_>) {
    let draft = Draft::new(&PROTOCOL, code).object(name).message(PROTOCOL.id, code).asked(at);
    let draft = if out.is_to_group() || code != 0 && code != 33 { draft } else { draft.no_answer() };
    out.act(if is_client { draft } else { draft.from_server() });
}

impl Decoder for Netbios {
    fn read(&mut self, bytes: &[u8], context: &Context, out: &mut Output<'_>) {
        while let Some((key, at, asked)) = self.exchange.overdue(context.at) {
            unanswered(key, at, asked, out);
        }
        // The source port stands in the header of a datagram.
        let is_datagram = matches!(bytes, [0x10..=0x16, _, _, _, _, _, _, _, 0, 138, ..]);
        let result = if is_datagram { self.datagram(bytes, context, out) } else { self.names(bytes, context, out) };
        if let Err(short) = result
            && context.wire_len <= bytes.len()
        {
            out.short(&short);
        }
    }

    fn end(&mut self, out: &mut Output<'_>) {
        let mut exchange = std::mem::take(&mut self.exchange);
        for (key, at, asked) in exchange.drain() {
            unanswered(key, at, asked, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{Dialog, torture};

    /// `HMI<20>`.
    const NAME: &str = "20 4549454e454a4341434143414341434143414341434143414341434143414341 00";

    #[test]
    fn a_name_is_asked_for() {
        Dialog::datagrams(&PROTOCOL)
            .client(&format!("0001 0110 0001 0000 0000 0000 {NAME} 0020 0001"))
            .server(&format!("0001 8500 0000 0001 0000 0000 {NAME} 0020 0001 00000e10 0006 0000 0a000002"))
            .end_is(expect![[r#"
                C > S nbns [browse] query | HMI<20> = address=10.0.0.2 -> done in 1000 us {nbns 0: 2}
            "#]]);
    }

    #[test]
    fn a_machine_lists_its_names() {
        Dialog::datagrams(&PROTOCOL)
            .server(&format!(
                "0001 8400 0000 0001 0000 0000 {NAME} 0021 0001 00000000 002b 02
                 484d49202020202020202020202020 00 0400 504c414e5420202020202020202020 00 8400 0200000000aa"
            ))
            .end_is(expect![[r#"
                fact S: hostname = HMI (nbns, nbns status, certain)
                fact S: domain = PLANT (nbns, nbns status, certain)
                fact S: mac = 02:00:00:00:00:aa (nbns, nbns status, certain)
                C > S nbns [identify] status query | HMI<20> = name=HMI<00>, name=PLANT<00> -> done {nbns 33: 1}
            "#]]);
    }

    #[test]
    fn survives_anything() {
        let ask = format!("0001 0110 0001 0000 0000 0000 {NAME} 0020 0001");
        let register =
            format!("0001 2910 0001 0000 0000 0001 {NAME} 0020 0001 c00c 0020 0001 00000000 0006 0000 0a000001");
        let datagram = format!("11 02 0001 0a000001 008a 0050 0000 {NAME} {NAME} ff534d42");
        torture(&PROTOCOL, &[&ask, &register, &datagram]);
    }
}
