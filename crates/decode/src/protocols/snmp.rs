//! SNMP 1, 2c and 3: management of switches, power supplies, printers, and of more controllers than one thinks.
//!
//! Walks BER with the shared `ber` module and not with a library of its own: one walk serves all versions, and what is
//! readable of broken messages is kept.

use std::net::{IpAddr, Ipv4Addr};

use compact_str::format_compact;
use model::{Address, Confidence, FactKey, Mac, Object, Reading, Text, Time, Value, Verb};

use crate::ber::{Element, Elements};
use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Exchange, Match, Output, Probe, Protocol, Speaker, Values, Verdict,
    code,
};

mod names;

/// PDUs: RFC 3416, section 3; 4 is RFC 1157's trap. 32 stands for what is encrypted (RFC 3412).
const CODES: &[Code] = &[
    code(0, "get", Verb::Read),
    code(1, "get next", Verb::Read),
    code(2, "response", Verb::Read),
    code(3, "set", Verb::Configure),
    code(4, "trap", Verb::Alarm),
    code(5, "get bulk", Verb::Read),
    code(6, "inform", Verb::Alarm),
    code(7, "trap 2", Verb::Alarm),
    code(8, "report", Verb::Diagnose),
    code(32, "encrypted", Verb::Other),
];

/// SNMP.
pub static PROTOCOL: Protocol = Protocol {
    id: "snmp",
    title: "SNMP",
    about: "Reads state and sets parameters of network devices; versions 1 and 2c send their password in the clear.",
    depth: "All PDUs of versions 1, 2c and 3 with objects and values, errors, traps; identity of agents; security level and user of version 3.",
    documents: &[
        "RFC 1157 SNMP (1990)",
        "RFC 3416 Protocol Operations for SNMPv2 (2002)",
        "RFC 3412 and RFC 3414 SNMPv3 message and user-based security (2002)",
        "RFC 3411 section 5: engine identifiers",
    ],
    carriers: &[Carrier::Udp(&[161, 162])],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Snmp::default()),
};

/// Variables of one message that are read.
const VARIABLES_MAX: usize = 128;
const ENCRYPTED: u32 = 32;

fn probe(probe: &Probe<'_>) -> Verdict {
    // SNMP sent to a name server is junk to it, and the name server's own protocol answers.
    if probe.destination_port == 53 || probe.source_port == 53 {
        return Verdict::NO;
    }
    let Some((version, mut rest)) = message(probe.bytes) else { return Verdict::NO };
    let kind = match (version, rest.next()) {
        (0 | 1, Some(community)) if community.class == 0 && community.tag == 4 => match rest.next() {
            Some(pdu) if pdu.class == 2 && pdu.tag <= 8 && pdu.is_constructed => pdu.tag,
            _ => return Verdict::NO,
        },
        (3, Some(global)) if global.class == 0 && global.tag == 16 => {
            let is_global = global.inside().take(4).filter(|e| e.class == 0 && matches!(e.tag, 2 | 4)).count() == 4;
            return if is_global { Verdict::of(Match::Likely) } else { Verdict::NO };
        }
        _ => return Verdict::NO,
    };
    let speaker = if matches!(kind, 2 | 8) { Speaker::Server } else { Speaker::Client };
    Verdict::by(Match::Certain, speaker)
}

/// Version and what follows it.
fn message(bytes: &[u8]) -> Option<(u64, Elements<'_>)> {
    let whole = Elements::new(bytes).next().filter(|e| e.class == 0 && e.tag == 16 && e.is_constructed)?;
    let mut inside = whole.inside();
    let version = inside.next().filter(|e| e.class == 0 && e.tag == 2)?.unsigned()?;
    matches!(version, 0 | 1 | 3).then_some((version, inside))
}

/// A request that waits.
struct Asked {
    kind: u32,
    object: Object,
    count: usize,
    /// Values to be set.
    values: Vec<Reading>,
    version: u64,
}

#[derive(Default)]
struct Snmp {
    /// By request id (of encrypted messages the message id), whether encrypted, and whether the client asked.
    exchange: Exchange<(u64, bool, bool), Asked>,
    readings: Vec<Reading>,
    has_told: bool,
}

/// What a PDU says, apart from its variables.
struct Pdu {
    kind: u32,
    id: u64,
    status: u64,
    object: Object,
    count: usize,
    trap: Option<Text>,
}

impl Snmp {
    fn read_message(&mut self, bytes: &[u8], context: &Context, out: &mut Output<'_>) -> Option<()> {
        let (version, mut rest) = message(bytes)?;
        if version == 3 {
            return self.version_3(&mut rest, context, out);
        }
        let community = rest.next()?;
        let pdu = rest.next().filter(|pdu| pdu.class == 2)?;
        if !std::mem::replace(&mut self.has_told, true) {
            // The agent is whom a request goes to, and whom a trap comes from.
            let is_from_agent = matches!(pdu.tag, 2 | 4 | 6..=8);
            let about = || if is_from_agent { About::Speaker } else { About::Server };
            let certain = Confidence::Certain;
            out.fact(about(), FactKey::Credential, "snmp community", "snmp message", certain);
            let default = match community.content {
                b"public" => "snmp public",
                b"private" => "snmp private",
                _ => "",
            };
            out.fact(about(), FactKey::DefaultCredential, default, "snmp message", certain);
            let version = if version == 0 { "snmp 1: none" } else { "snmp 2c: none" };
            out.fact(about(), FactKey::ChannelSecurity, version, "snmp message", certain);
        }
        self.pdu(&pdu, version, context, out)
    }

    /// RFC 3412, section 6: header data, security parameters, data.
    fn version_3(&mut self, rest: &mut Elements<'_>, context: &Context, out: &mut Output<'_>) -> Option<()> {
        let global = rest.next()?;
        let mut fields = global.inside();
        let id = fields.next()?.unsigned()?;
        fields.next()?;
        let flags = fields.next()?.content.first().copied().unwrap_or(0);
        let model = fields.next()?.unsigned();
        let security = rest.next()?;
        if model == Some(3)
            && let Some(usm) = Elements::new(security.content).next()
        {
            let mut usm = usm.inside();
            let engine = usm.next()?;
            self.engine(engine.content, out);
            let user = usm.nth(2)?.text();
            out.fact(About::Server, FactKey::User, &user, "snmp user name", Confidence::Certain);
            if !user.is_empty() {
                let level = match flags & 3 {
                    0 => "snmp 3: none",
                    1 => "snmp 3: authentication",
                    _ => "snmp 3: authentication and encryption",
                };
                out.fact(About::Server, FactKey::ChannelSecurity, level, "snmp flags", Confidence::Certain);
            }
        }
        let data = rest.next()?;
        if data.class == 0 && data.tag == 4 {
            self.encrypted(id, flags & 4 != 0, context, out);
            return Some(());
        }
        let pdu = data.inside().find(|e| e.class == 2)?;
        self.pdu(&pdu, 3, context, out)
    }

    /// Only who answers whom can be told.
    fn encrypted(&mut self, id: u64, is_request: bool, context: &Context, out: &mut Output<'_>) {
        let is_client = context.speaker == Speaker::Client;
        if is_request {
            let asked = Asked { kind: ENCRYPTED, object: Object::None, count: 0, values: Vec::new(), version: 3 };
            if let Some((key, at, old)) = self.exchange.ask((id, true, is_client), context.at, asked) {
                unanswered(key, at, &old, out);
            }
            return;
        }
        let mut draft = Draft::new(&PROTOCOL, ENCRYPTED).message(PROTOCOL.id, ENCRYPTED);
        match self.exchange.answer(&(id, true, !is_client)) {
            Some((at, _)) => {
                draft = draft.message(PROTOCOL.id, ENCRYPTED).asked(at).done(context.at);
                out.act(if is_client { draft.from_server() } else { draft });
            }
            None => out.act(if is_client { draft } else { draft.from_server() }),
        }
    }

    /// The identifier of an engine may hold its maker, hardware or IP address, or name (RFC 3411, section 5).
    fn engine(&self, engine: &[u8], out: &mut Output<'_>) {
        let Some(([a, b, c, d, format], rest)) = engine.split_first_chunk::<5>() else { return };
        let source = "snmp engine id";
        if let Some(maker) = names::enterprise(u32::from_be_bytes([a & 0x7f, *b, *c, *d])) {
            out.fact(About::Server, FactKey::Vendor, maker, source, Confidence::Likely);
        }
        if a & 0x80 == 0 {
            return;
        }
        match (format, rest) {
            (1, rest) if let Ok(ip) = <[u8; 4]>::try_from(rest) => {
                let ip = format_compact!("{}", Ipv4Addr::from(ip));
                out.fact(About::Server, FactKey::Ip, &ip, source, Confidence::Certain);
            }
            (3, rest) if let Ok(mac) = <[u8; 6]>::try_from(rest) => {
                let mac = format_compact!("{}", Mac(mac));
                out.fact(About::Server, FactKey::Mac, &mac, source, Confidence::Certain);
            }
            (4, rest) => {
                out.fact(About::Server, FactKey::Hostname, &crate::ber::text(rest), source, Confidence::Likely)
            }
            _ => {}
        }
    }

    fn pdu(&mut self, element: &Element<'_>, version: u64, context: &Context, out: &mut Output<'_>) -> Option<()> {
        let is_client = context.speaker == Speaker::Client;
        self.readings.clear();
        let pdu = if element.tag == 4 { self.old_trap(element, out) } else { self.fields(element, out) };
        let pdu = match pdu {
            Some(pdu) => pdu,
            None => {
                out.malformed(0, "pdu", "its fields cannot be read");
                Pdu { kind: element.tag, id: 0, status: 0, object: Object::None, count: 0, trap: None }
            }
        };
        match pdu.kind {
            0 | 1 | 3 | 5 | 6 => {
                let values = if matches!(pdu.kind, 3 | 6) { self.readings.clone() } else { Vec::new() };
                let asked = Asked { kind: pdu.kind, object: pdu.object, count: pdu.count, values, version };
                if let Some((key, at, old)) = self.exchange.ask((pdu.id, false, is_client), context.at, asked) {
                    unanswered(key, at, &old, out);
                }
            }
            2 | 8 => {
                let asked = self.exchange.answer(&(pdu.id, false, !is_client));
                let mut draft = match &asked {
                    Some((at, asked)) => asked.draft().asked(*at).message(PROTOCOL.id, asked.kind),
                    None => Draft::new(&PROTOCOL, pdu.kind).object(pdu.object),
                };
                draft = draft.message(PROTOCOL.id, pdu.kind);
                match &asked {
                    Some((_, asked)) if matches!(asked.kind, 3 | 6) => {
                        draft = draft.values(Values::List(&asked.values))
                    }
                    _ => draft = draft.values(Values::List(&self.readings)),
                }
                draft = match (pdu.kind, pdu.status) {
                    (8, _) => {
                        let why = self.readings.first().map_or(Text::const_new("report"), |r| match &r.object {
                            Object::Text(text) => text.clone(),
                            _ => Text::const_new("report"),
                        });
                        draft.refused(context.at, 8, why)
                    }
                    (_, 0) => draft.done(context.at),
                    (_, status) => {
                        draft.refused(context.at, u32::try_from(status).unwrap_or(u32::MAX), names::error(status))
                    }
                };
                out.act(if is_client { draft.from_server() } else { draft });
            }
            kind => {
                let mut draft = Draft::new(&PROTOCOL, kind).message(PROTOCOL.id, kind).object(pdu.object);
                draft = draft.values(Values::List(&self.readings));
                if let Some(trap) = pdu.trap {
                    draft = draft.extra("trap", trap);
                }
                out.act(if is_client { draft } else { draft.from_server() });
            }
        }
        Some(())
    }

    fn fields(&mut self, element: &Element<'_>, out: &mut Output<'_>) -> Option<Pdu> {
        let mut fields = element.inside();
        let id = fields.next()?.unsigned()?;
        let status = fields.next()?.unsigned().unwrap_or(0);
        fields.next()?;
        let list = fields.next()?;
        // A refused request comes back with the values that were to be set.
        let is_revealing = matches!(element.tag, 2 | 6 | 7) && (status == 0 || element.tag != 2);
        let (object, count, trap) = self.variables(&list, element.tag, is_revealing, out);
        let object = match &trap {
            Some(trap) => Object::Text(trap.clone()),
            None => object,
        };
        Some(Pdu { kind: element.tag, id, status, object, count, trap: None })
    }

    /// RFC 1157, section 4.1.6.
    fn old_trap(&mut self, element: &Element<'_>, out: &mut Output<'_>) -> Option<Pdu> {
        const GENERIC: &[&str] =
            &["cold start", "warm start", "link down", "link up", "authentication failure", "egp neighbour loss"];
        let mut fields = element.inside();
        let enterprise = names::oid(fields.next()?.content);
        let agent = fields.next()?;
        let generic = fields.next()?.unsigned()?;
        let specific = fields.next()?.unsigned()?;
        fields.next()?;
        if let Some(maker) = names::maker(&enterprise) {
            let agent = <[u8; 4]>::try_from(agent.content).ok().map(Ipv4Addr::from).filter(|ip| !ip.is_unspecified());
            let about = match agent {
                Some(ip) => About::Other(Address { ip: Some(IpAddr::V4(ip)), ..Address::default() }),
                None => About::Speaker,
            };
            out.fact(about, FactKey::Vendor, maker, "snmp trap enterprise", Confidence::Likely);
        }
        let known = usize::try_from(generic).ok().and_then(|generic| GENERIC.get(generic));
        let object = known.map_or_else(|| format_compact!("{enterprise}.{specific}"), |name| Text::const_new(name));
        let mut count = 0;
        if let Some(list) = fields.next() {
            count = self.variables(&list, 4, true, out).1;
        }
        Some(Pdu { kind: 4, id: 0, status: 0, object: Object::Text(object), count, trap: Some(enterprise) })
    }

    /// The list of variables: first object, number, name of the trap where one is told.
    fn variables(
        &mut self,
        list: &Element<'_>,
        kind: u32,
        is_revealing: bool,
        out: &mut Output<'_>,
    ) -> (Object, usize, Option<Text>) {
        let (mut first, mut count, mut trap) = (Object::None, 0_usize, None);
        for variable in list.inside().take(VARIABLES_MAX) {
            let mut parts = variable.inside();
            let (Some(oid), Some(element)) = (parts.next(), parts.next()) else { continue };
            let name = names::name(names::oid(oid.content));
            let (value, quality) = value(&element);
            if is_revealing {
                reveal(&name, &element, &value, out);
            }
            if name.object == "snmpTrapOID" && matches!(kind, 6 | 7) {
                let oid = names::oid(element.content);
                trap = Some(names::trap(&oid).map_or(oid, Text::const_new));
            }
            if count == 0 {
                // A walk asks for one thing after the other of a table: the column is what it is about.
                let is_walk = matches!(kind, 1 | 5) && !name.object.is_empty();
                first = Object::Text(if is_walk { Text::const_new(name.object) } else { name.text.clone() });
            }
            count = count.saturating_add(1);
            let mut reading = Reading::new(name.text, value);
            reading.quality = quality;
            self.readings.push(reading);
        }
        (first, count, trap)
    }
}

impl Asked {
    fn draft(&self) -> Draft<'_> {
        let mut draft = Draft::new(&PROTOCOL, self.kind).object(self.object.clone());
        if self.count > 1 {
            draft = draft.extra("variables", format_compact!("{}", self.count));
        }
        draft.extra(
            "version",
            match self.version {
                0 => "1",
                1 => "2c",
                _ => "3",
            },
        )
    }
}

fn unanswered((_, _, is_client): (u64, bool, bool), at: Time, asked: &Asked, out: &mut Output<'_>) {
    let draft = asked.draft().values(Values::List(&asked.values)).message(PROTOCOL.id, asked.kind).asked(at);
    let draft = if out.is_to_group() { draft } else { draft.no_answer() };
    out.act(if is_client { draft } else { draft.from_server() });
}

/// A value (RFC 2578, section 7.1), and in its place what says that there is none.
fn value(element: &Element<'_>) -> (Value, Option<Text>) {
    let missing = |why: &'static str| (Value::Nothing, Some(Text::const_new(why)));
    let number = || element.unsigned().map_or(Value::Nothing, Value::Unsigned);
    match (element.class, element.tag) {
        (0, 2) => (element.signed().map_or(Value::Nothing, Value::Integer), None),
        (0, 4) => {
            let is_text = std::str::from_utf8(element.content)
                .is_ok_and(|text| text.chars().all(|c| !c.is_control() || matches!(c, '\r' | '\n' | '\t')));
            let shown = element.content.get(..256).unwrap_or(element.content);
            (if is_text { Value::Text(element.text()) } else { Value::Bytes(shown.into()) }, None)
        }
        (0, 6) => (Value::Text(names::oid(element.content)), None),
        (1, 0) => match <[u8; 4]>::try_from(element.content) {
            Ok(ip) => (Value::Text(format_compact!("{}", Ipv4Addr::from(ip))), None),
            Err(_) => (Value::Bytes(element.content.get(..16).unwrap_or(element.content).into()), None),
        },
        (1, 1..=3 | 6 | 7) => (number(), None),
        (1, _) => (Value::Bytes(element.content.get(..64).unwrap_or(element.content).into()), None),
        (2, 0) => missing("no such object"),
        (2, 1) => missing("no such instance"),
        (2, 2) => missing("end of view"),
        _ => (Value::Nothing, None),
    }
}

/// What an agent says of itself.
fn reveal(name: &names::Name, element: &Element<'_>, value: &Value, out: &mut Output<'_>) {
    let certain = Confidence::Certain;
    let source = name.object;
    match (name.object, value) {
        ("sysObjectID", Value::Text(oid)) => {
            if let Some(maker) = names::maker(oid) {
                out.fact(About::Speaker, FactKey::Vendor, maker, source, Confidence::Likely);
            }
            out.fact(About::Speaker, FactKey::DeviceId, oid, source, certain);
        }
        ("sysUpTime", Value::Unsigned(ticks)) => {
            // Hundredths of a second.
            out.fact(About::Speaker, FactKey::Uptime, &format_compact!("{}", ticks / 100), source, certain);
        }
        ("ipForwarding", Value::Integer(1)) => {
            out.fact(About::Speaker, FactKey::Router, "ip forwarding", source, certain);
        }
        ("dot1dBaseBridgeAddress", _) => {
            if let Ok(mac) = <[u8; 6]>::try_from(element.content) {
                out.fact(About::Speaker, FactKey::Mac, &format_compact!("{}", Mac(mac)), source, certain);
            }
        }
        ("hrSWInstalledName", Value::Text(text)) => out.fact(About::Speaker, FactKey::Software, text, source, certain),
        (_, Value::Text(text)) if name.is_first => {
            let Some(key) = name.key else { return };
            out.fact(About::Speaker, key, text, source, certain);
            if name.object == "sysDescr" {
                described(text, out);
            }
        }
        _ => {}
    }
}

/// What the free description of a device tells when it follows a known form.
fn described(text: &str, out: &mut Output<'_>) {
    const SYSTEMS: &[(&str, &str)] = &[
        ("Windows", "Windows"),
        ("Linux", "Linux"),
        ("Cisco IOS", "Cisco IOS"),
        ("FreeBSD", "FreeBSD"),
        ("VxWorks", "VxWorks"),
        ("QNX", "QNX"),
        ("RouterOS", "RouterOS"),
        ("JUNOS", "Junos"),
    ];
    let source = "sysDescr";
    if let Some((_, os)) = SYSTEMS.iter().find(|(word, _)| text.contains(word)) {
        out.fact(About::Speaker, FactKey::Os, os, source, Confidence::Likely);
    }
    // `Siemens, SIMATIC NET, SCALANCE X208, 6GK5 208-0BA10-2AA3, HW: Version 2, FW: Version V5.2.4, SVPL…`
    let mut parts = text.split(", ");
    if parts.next().is_some_and(|maker| maker.starts_with("Siemens")) {
        out.fact(About::Speaker, FactKey::Vendor, "Siemens", source, Confidence::Certain);
        for (number, part) in parts.take(8).enumerate() {
            let version = |head: &str| part.strip_prefix(head).map(|rest| rest.trim().trim_start_matches("Version "));
            let (key, value) = match (number, version("HW:"), version("FW:")) {
                (_, Some(version), _) => (FactKey::Hardware, version),
                (_, _, Some(version)) => (FactKey::Firmware, version),
                _ if part.starts_with("6GK") || part.starts_with("6ES") || part.starts_with("6AV") => {
                    (FactKey::OrderNumber, part)
                }
                (1, ..) => (FactKey::Model, part),
                (5.., ..) => (FactKey::Serial, part),
                _ => continue,
            };
            out.fact(About::Speaker, key, value, source, Confidence::Certain);
        }
    }
}

impl Decoder for Snmp {
    fn read(&mut self, bytes: &[u8], context: &Context, out: &mut Output<'_>) {
        while let Some((key, at, asked)) = self.exchange.overdue(context.at) {
            unanswered(key, at, &asked, out);
        }
        if self.read_message(bytes, context, out).is_none() && context.wire_len <= bytes.len() {
            out.malformed(0, "message", "it is not an SNMP message");
        }
    }

    fn end(&mut self, out: &mut Output<'_>) {
        let mut exchange = std::mem::take(&mut self.exchange);
        for (key, at, asked) in exchange.drain() {
            unanswered(key, at, &asked, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{self, Dialog, torture};

    const GET: &str = "3026 020101 0406 7075626c6963 a019 020101 020100 020100 300e 300c 0608 2b06010201010100 0500";
    const RESPONSE: &str =
        "302b 020101 0406 7075626c6963 a21e 020101 020100 020100 3013 3011 0608 2b06010201010100 0405 4c696e7578";
    const ENGINE: &str = "303c 020103 300e 020102 020205dc 040104 020103 0414
        3012 040b 80001f8803 0200000000aa 020100 020100 0400 0400 0400 # shorter than real ones
        3011 0400 0400 a00b 020101 020100 020100 3000";

    #[test]
    fn a_description_is_read() {
        Dialog::datagrams(&PROTOCOL).client(GET).server(RESPONSE).end_is(expect![[r#"
            fact S: credential = snmp community (snmp, snmp message, certain)
            fact S: default_credential = snmp public (snmp, snmp message, certain)
            fact S: channel_security = snmp 2c: none (snmp, snmp message, certain)
            fact S: description = Linux (snmp, sysDescr, certain)
            fact S: os = Linux (snmp, sysDescr, likely)
            C > S snmp [read] get | sysDescr.0 = Linux -> done in 1000 us version=2c {snmp 0: 1} {snmp 2: 1}
        "#]]);
    }

    #[test]
    fn a_setting_is_refused() {
        Dialog::datagrams(&PROTOCOL)
            .client(
                "3029 020100 0407 70726976617465 a31b 020107 020100 020100 3010 300e 0608 2b06010201010500 0402 6869",
            )
            .server(
                "3029 020100 0407 70726976617465 a21b 020107 020104 020101 3010 300e 0608 2b06010201010500 0402 6869",
            )
            .end_is(expect![[r#"
                fact S: credential = snmp community (snmp, snmp message, certain)
                fact S: default_credential = snmp private (snmp, snmp message, certain)
                fact S: channel_security = snmp 1: none (snmp, snmp message, certain)
                C > S snmp [configure] set | sysName.0 = hi -> refused (4 read only) in 1000 us version=1 {snmp 3: 1} {snmp 2: 1}
            "#]]);
    }

    #[test]
    fn a_trap() {
        Dialog::datagrams(&PROTOCOL)
            .client("302a 020100 0406 7075626c6963 a41d 0608 2b06010401a16901 4004 0a000001 020102 020100 430100 3000")
            .end_is(expect![[r#"
                fact C: credential = snmp community (snmp, snmp message, certain)
                fact C: default_credential = snmp public (snmp, snmp message, certain)
                fact C: channel_security = snmp 1: none (snmp, snmp message, certain)
                fact C: vendor = Siemens (snmp, snmp trap enterprise, likely)
                C > S snmp [alarm] trap | link down -> asked trap=1.3.6.1.4.1.4329.1 {snmp 4: 1}
            "#]]);
    }

    #[test]
    fn probes() {
        assert_eq!(testing::probe(&PROTOCOL, GET).speaker, Some(Speaker::Client));
        assert_eq!(testing::probe(&PROTOCOL, RESPONSE).speaker, Some(Speaker::Server));
        assert_eq!(testing::probe(&PROTOCOL, "300c 020101 6007 020103 0400 8000").matched, Match::No);
    }

    #[test]
    fn survives_anything() {
        torture(&PROTOCOL, &[GET, RESPONSE, ENGINE]);
    }
}
