//! DNS over UDP and TCP, and with the same messages multicast DNS and LLMNR: names, addresses, services.

use compact_str::format_compact;
use model::{Address, Confidence, FactKey, Messages, Reading, Text, Value, Verb};
use wire::{Reader, Short};

use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Exchange, Match, Measure, Output, Probe, Protocol, Speaker, Values,
    Verdict, code,
};

pub(crate) mod message;

use message::{Header, Question, Record};

/// Codes: what a message is by its response flag (RFC 1035, section 4.1.1). The name of an act tells the type asked for.
pub(crate) const CODES: &[Code] = &[code(0, "query", Verb::Browse), code(1, "response", Verb::Report)];

/// DNS.
pub static PROTOCOL: Protocol = Protocol {
    id: "dns",
    title: "DNS",
    about: "Turns names into addresses: shows which names machines look for, and where they mean to go.",
    depth: "Queries with their answers, all common record types, refusals, zone transfers, dynamic updates, notifications.",
    documents: &[
        "RFC 1035 Domain names: implementation and specification (1987)",
        "RFC 2136 Dynamic Updates (1997)",
        "RFC 1996 NOTIFY (1996)",
        "RFC 5936 AXFR (2010)",
        "IANA DNS Parameters: types, response codes",
    ],
    carriers: &[Carrier::Udp(&[53]), Carrier::Tcp(&[53])],
    is_industrial: false,
    codes: CODES,
    probe: |probe| probe_for(Kind::Unicast, probe),
    open: |opening| Box::new(Dns::new(Kind::Unicast, opening.is_stream)),
};

/// Which of the three protocols with the same messages it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// DNS.
    Unicast,
    /// Multicast DNS, RFC 6762.
    Multicast,
    /// Link-local multicast name resolution, RFC 4795.
    LinkLocal,
}

/// Response codes (IANA DNS Parameters; RFC 1035, RFC 2136).
const RESPONSES: &[(u8, &str)] = &[
    (1, "format error"),
    (2, "server failure"),
    (3, "no such name"),
    (4, "not implemented"),
    (5, "refused"),
    (6, "name exists"),
    (7, "record set exists"),
    (8, "no such record set"),
    (9, "not authoritative"),
    (10, "not in zone"),
    (11, "dso type not implemented"),
];

/// Keys of TXT records of services (DNS-SD) that say what the device is: Bonjour Printing 1.2.1, Apple device-info,
/// Google Cast, HomeKit, and makers of automation devices.
const TXT_KEYS: &[(&str, FactKey)] = &[
    ("model", FactKey::Model),
    ("md", FactKey::Model),
    ("ty", FactKey::Model),
    ("usb_mdl", FactKey::Model),
    ("product", FactKey::Model),
    ("mf", FactKey::Vendor),
    ("usb_mfg", FactKey::Vendor),
    ("manufacturer", FactKey::Vendor),
    ("vendor", FactKey::Vendor),
    ("serialnumber", FactKey::Serial),
    ("serial", FactKey::Serial),
    ("sn", FactKey::Serial),
    ("fw", FactKey::Firmware),
    ("firmware", FactKey::Firmware),
    ("fv", FactKey::Firmware),
    ("swversion", FactKey::Firmware),
    ("mac", FactKey::Mac),
    ("macaddress", FactKey::Mac),
    ("note", FactKey::Location),
    ("order", FactKey::OrderNumber),
    ("osxvers", FactKey::OsVersion),
];

const HEADER_BYTES: usize = 12;

/// Groups of multicast DNS (RFC 6762, section 3) and of link-local multicast name resolution (RFC 4795, section 2).
const MULTICAST: ([u8; 4], u128) = ([224, 0, 0, 251], 0xff02_0000_0000_0000_0000_0000_0000_00fb);
const LINK_LOCAL: ([u8; 4], u128) = ([224, 0, 0, 252], 0xff02_0000_0000_0000_0000_0000_0001_0003);

pub(crate) fn probe_for(kind: Kind, probe: &Probe<'_>) -> Verdict {
    let has = |port: u16| probe.source_port == port || probe.destination_port == port;
    let is_multicast = has(5353) || probe.is_to(MULTICAST.0, MULTICAST.1);
    let is_link_local = has(5355) || probe.is_to(LINK_LOCAL.0, LINK_LOCAL.1);
    let is_usual = match kind {
        Kind::Multicast if !is_multicast => return Verdict::NO,
        Kind::LinkLocal if !is_link_local => return Verdict::NO,
        Kind::Unicast if is_multicast || is_link_local || has(137) => return Verdict::NO,
        Kind::Unicast => has(53),
        _ => true,
    };
    let mut r = Reader::new(probe.bytes);
    let mut length = probe.bytes.len();
    if probe.is_stream {
        match r.u16("length") {
            Ok(bytes) if usize::from(bytes) < HEADER_BYTES => return Verdict::NO,
            Ok(bytes) => length = usize::from(bytes),
            Err(_) => return Verdict::MORE,
        }
    }
    let message = r.rest();
    if message.len() < HEADER_BYTES {
        return match (probe.is_stream, is_usual && message.len() >= 4) {
            (true, _) => Verdict::MORE,
            (false, true) => Verdict::of(Match::Weak),
            (false, false) => Verdict::NO,
        };
    }
    let Ok(header) = Header::read(&mut r) else { return Verdict::NO };
    let speaker = if header.is_response() { Speaker::Server } else { Speaker::Client };
    let verdict = |matched| match kind {
        // Whoever answers by multicast speaks unasked.
        Kind::Multicast => Verdict::of(matched),
        _ => Verdict::by(matched, speaker),
    };
    let [questions, answers, authorities, additional] = header.counts;
    let records = u32::from(answers).saturating_add(authorities.into()).saturating_add(additional.into());
    // A question takes 5 bytes at least, a record 11.
    let needed = u32::from(questions).saturating_mul(5).saturating_add(records.saturating_mul(11));
    let is_possible = matches!(header.opcode(), 0..=2 | 4..=6)
        && usize::try_from(needed).is_ok_and(|needed| needed <= length.saturating_sub(HEADER_BYTES))
        && (questions > 0 || records > 0);
    if !is_possible {
        return if is_usual && !probe.is_stream { verdict(Match::Weak) } else { Verdict::NO };
    }
    if questions == 1 {
        match Question::read(message, &mut r) {
            Ok(question) if is_known_question(&question) => {
                let is_clean = header.flags & 0x0040 == 0 && header.opcode() != 1;
                // An empty name or a lone letter is what zeros look like.
                let is_telling = question.name.len() > 3 && message::is_known_type(question.kind);
                if records == 0 && !r.is_empty() && !probe.is_stream && !is_usual {
                    return Verdict::NO;
                }
                if is_usual || (is_clean && is_telling && has_records(message, r, records, probe)) {
                    return verdict(Match::Likely);
                }
            }
            Ok(_) => {}
            Err(_) if probe.is_stream && message.len() < length => return Verdict::MORE,
            Err(_) => {}
        }
    }
    match is_usual {
        // Sent to the group of the protocol, whatever the port.
        true if kind != Kind::Unicast && !has(5353) && !has(5355) => verdict(Match::Likely),
        true => verdict(Match::Weak),
        false => Verdict::NO,
    }
}

/// Whether all records can be read and nothing is left over: asked off the usual ports only.
fn has_records<'a>(message: &'a [u8], mut r: Reader<'a>, count: u32, probe: &Probe<'_>) -> bool {
    for _ in 0..count.min(64) {
        if Record::read(message, &mut r).is_err() {
            return false;
        }
    }
    probe.is_stream || count > 64 || r.is_empty()
}

fn is_known_question(question: &Question) -> bool {
    // NetBIOS names look like DNS names, and have their own row.
    let is_netbios = question.kind == 0x20 || question.kind == 0x21 && message::is_netbios(&question.name);
    message::is_known_class(question.class) && question.kind != 0 && !is_netbios
}

/// A query that waits.
struct Asked {
    act: Act,
    /// Records that a dynamic update sets.
    values: Vec<Reading>,
}

/// What an act says before it is answered.
struct Act {
    name: Text,
    verb: Verb,
    object: Text,
    questions: u16,
}

pub(crate) struct Dns {
    kind: Kind,
    is_stream: bool,
    exchange: Exchange<(u16, bool), Asked>,
    readings: Vec<Reading>,
    has_told_server: bool,
}

impl Dns {
    pub(crate) fn new(kind: Kind, is_stream: bool) -> Dns {
        Dns { kind, is_stream, exchange: Exchange::default(), readings: Vec::new(), has_told_server: false }
    }

    const fn protocol(&self) -> &'static Protocol {
        match self.kind {
            Kind::Unicast => &PROTOCOL,
            Kind::Multicast => &super::mdns::PROTOCOL,
            Kind::LinkLocal => &super::llmnr::PROTOCOL,
        }
    }

    /// Messages with `code`; none for LLMNR in streams, where the reference (tshark 4.0) does not look for it.
    fn counted(&self, code: u32) -> Messages {
        match (self.kind, self.is_stream) {
            (Kind::LinkLocal, true) => Messages::none(),
            _ => Messages::one(self.protocol().id, code),
        }
    }

    /// A query that nobody answered; by multicast, answers come in flows of their own.
    fn unanswered(&self, (_, is_from_client): (u16, bool), at: model::Time, asked: Asked, out: &mut Output<'_>) {
        let draft = asked.act.draft(0).messages(self.counted(0)).asked(at);
        let draft = if is_from_client { draft } else { draft.from_server() };
        let draft = draft.values(Values::List(&asked.values));
        let is_group = out.is_to_group() || self.kind == Kind::Multicast;
        out.act(if is_group { draft } else { draft.no_answer() });
    }

    fn overdue(&mut self, context: &Context, out: &mut Output<'_>) {
        while let Some((key, at, asked)) = self.exchange.overdue(context.at) {
            self.unanswered(key, at, asked, out);
        }
    }

    fn query<'a>(
        &mut self,
        header: &Header,
        message: &'a [u8],
        mut r: Reader<'a>,
        context: &Context,
        out: &mut Output<'_>,
    ) -> Result<(), Short> {
        let read = Act::read(header, message, &mut r);
        let result = read.as_ref().map(|_| ()).map_err(|short| *short);
        let act = read.unwrap_or_else(|_| Act::of_header(header));
        let is_from_client = context.speaker == Speaker::Client;
        if self.kind == Kind::Multicast {
            // The same id (0) in all: nothing to match by.
            let draft = act.draft(0).messages(self.counted(0));
            out.act(if is_from_client { draft } else { draft.from_server() });
            return result;
        }
        let values = if act.verb == Verb::Configure { updates(header, message, r) } else { Vec::new() };
        let asked = Asked { act, values };
        if let Some((key, at, old)) = self.exchange.ask((header.id, is_from_client), context.at, asked) {
            self.unanswered(key, at, old, out);
        }
        result
    }

    fn response<'a>(
        &mut self,
        header: &Header,
        message: &'a [u8],
        mut r: Reader<'a>,
        context: &Context,
        out: &mut Output<'_>,
    ) -> Result<(), Short> {
        let is_from_server = context.speaker == Speaker::Server;
        let read = Act::read(header, message, &mut r);
        let mut result = read.as_ref().map(|_| ()).map_err(|short| *short);
        let own = read.unwrap_or_else(|_| Act::of_header(header));
        let waiting = match self.kind {
            Kind::Multicast => None,
            _ => self.exchange.answer(&(header.id, is_from_server)),
        };
        let is_update = header.opcode() == 5;
        if result.is_ok() && !is_update {
            result = self.records(header, message, &mut r, out);
        }
        let (act, asked_at) = match waiting {
            Some((at, asked)) => {
                if is_update {
                    self.readings = asked.values;
                }
                (asked.act, Some(at))
            }
            None => (own, None),
        };
        let is_alone = asked_at.is_none();
        let is_announcement = self.kind == Kind::Multicast;
        let mut draft = if is_announcement {
            let first = self.readings.first().map(|reading| reading.object.clone());
            let object = first.unwrap_or_else(|| if act.object.is_empty() { "".into() } else { act.object.into() });
            Draft::named(1, "announcement", Verb::Identify).object(object).done(context.at)
        } else {
            act.draft(u32::from(is_alone))
        };
        if let (Some(at), false) = (asked_at, is_announcement) {
            draft = draft.messages(self.counted(0)).asked(at);
        }
        draft = draft.messages(self.counted(1)).values(Values::List(&self.readings));
        if header.is_truncated() {
            draft = draft.extra("truncated", "yes");
        }
        draft = match header.rcode() {
            0 => draft.done(context.at),
            rcode => {
                let name = RESPONSES.iter().find(|row| row.0 == rcode);
                let name = name.map_or_else(|| format_compact!("0x{rcode:02x}"), |row| Text::const_new(row.1));
                draft.refused(context.at, rcode.into(), name)
            }
        };
        // An announcement is the act of who says it; a response is told as what was asked of the server.
        let is_of_server = if is_announcement { is_from_server } else { !is_from_server };
        out.act(if is_of_server { draft.from_server() } else { draft });
        if self.kind == Kind::Unicast
            && is_from_server
            && !std::mem::replace(&mut self.has_told_server, true)
            && let Some(ip) = out.server().ip
        {
            let value = format_compact!("{ip}");
            out.fact(About::Client, FactKey::NameServer, &value, "dns answer", Confidence::Certain);
        }
        result
    }

    /// Reads all records; those of answers become values, and what they reveal facts.
    fn records<'a>(
        &mut self,
        header: &Header,
        message: &'a [u8],
        r: &mut Reader<'a>,
        out: &mut Output<'_>,
    ) -> Result<(), Short> {
        self.readings.clear();
        let [_, answers, authorities, additional] = header.counts;
        let total = u32::from(answers).saturating_add(authorities.into()).saturating_add(additional.into());
        for index in 0..total {
            let record = Record::read(message, r)?;
            let is_answer = index < u32::from(answers);
            // Of other sections only what belongs to an answer (addresses, services) is told.
            if is_answer && self.readings.len() < 64 {
                self.readings.push(reading(&record, message));
            }
            if record.kind == 41 || (record.class & 0x7fff != 1 && record.class != 3) {
                continue;
            }
            self.reveal(&record, message, out);
        }
        Ok(())
    }

    fn reveal<'a>(&self, record: &Record<'a>, message: &'a [u8], out: &mut Output<'_>) {
        let source = match self.kind {
            Kind::Unicast => "dns answer",
            Kind::Multicast => "mdns answer",
            Kind::LinkLocal => "llmnr answer",
        };
        let likely = Confidence::Likely;
        match record.kind {
            1 | 28 => {
                if let Some(ip) = record.address().filter(|ip| !ip.is_unspecified() && !ip.is_loopback())
                    && !ip.is_multicast()
                {
                    let name = record.name.strip_suffix(".local").unwrap_or(&record.name);
                    out.fact(About::Other(by_ip(ip)), FactKey::Hostname, name, source, likely);
                }
            }
            12 => {
                let Ok(target) = record.text(message) else { return };
                if let Some(ip) = message::reverse(&record.name) {
                    let name = target.strip_suffix(".local").unwrap_or(&target);
                    out.fact(About::Other(by_ip(ip)), FactKey::Hostname, name, source, likely);
                } else if self.kind == Kind::Multicast && record.ttl > 0 {
                    let service = if record.name.starts_with("_services._dns-sd") { &target } else { &record.name };
                    let service = service.strip_suffix(".local").unwrap_or(service);
                    out.fact(About::Speaker, FactKey::Service, service, source, likely);
                }
            }
            13 if self.kind == Kind::Multicast => {
                let mut r = record.data;
                let cpu = r.u8("cpu length").and_then(|n| r.bytes(n.into(), "cpu"));
                let os = r.u8("os length").and_then(|n| r.bytes(n.into(), "os"));
                if let (Ok(cpu), Ok(os)) = (cpu, os) {
                    out.fact(About::Speaker, FactKey::Hardware, &String::from_utf8_lossy(cpu), "mdns hinfo", likely);
                    out.fact(About::Speaker, FactKey::Os, &String::from_utf8_lossy(os), "mdns hinfo", likely);
                }
            }
            16 if record.class == 3 => {
                // `version.bind` and its kin, in the class CHAOS.
                if let Ok(text) = record.text(message) {
                    out.fact(About::Speaker, FactKey::Software, &text, "dns version.bind", likely);
                }
            }
            16 if self.kind == Kind::Multicast => self.service_text(record, out),
            33 if self.kind == Kind::Multicast => {
                let mut r = record.data;
                let port = r.skip(4, "priority, weight").and_then(|()| r.u16("port"));
                let target = message::name(message, &mut r);
                let (Ok(port), Ok(target)) = (port, target) else { return };
                // `Printer 4._ipp._tcp.local`: instance, then service.
                let service = record.name.find("._").and_then(|at| record.name.get(at.saturating_add(1)..));
                let service = service.unwrap_or(&record.name);
                let service = service.strip_suffix(".local").unwrap_or(service);
                let text = format_compact!("{service} port {port}");
                out.fact(About::Speaker, FactKey::Service, &text, "mdns srv", likely);
                let host = target.strip_suffix(".local").unwrap_or(&target);
                out.fact(About::Speaker, FactKey::Hostname, host, "mdns srv", likely);
            }
            _ => {}
        }
    }

    /// The pairs in a TXT record of a service (RFC 6763, section 6).
    fn service_text(&self, record: &Record<'_>, out: &mut Output<'_>) {
        let mut r = record.data;
        while let Ok(length) = r.u8("string length") {
            let Ok(bytes) = r.bytes(length.into(), "string") else { return };
            let Some((key, value)) = std::str::from_utf8(bytes).ok().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            if let Some((_, fact)) = TXT_KEYS.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)) {
                if *fact == FactKey::Mac && model::Mac::parse(value).is_none() {
                    continue;
                }
                let value = value.trim_matches(['(', ')']);
                out.fact(About::Speaker, *fact, value, "mdns txt", Confidence::Likely);
            }
        }
    }
}

/// The records that a dynamic update sets: in the place of the authorities (RFC 2136, section 2).
fn updates<'a>(header: &Header, message: &'a [u8], mut r: Reader<'a>) -> Vec<Reading> {
    let [_, prerequisites, updates, _] = header.counts;
    let mut values = Vec::new();
    for index in 0..u32::from(prerequisites).saturating_add(updates.into()).min(64) {
        let Ok(record) = Record::read(message, &mut r) else { break };
        if index >= u32::from(prerequisites) {
            values.push(reading(&record, message));
        }
    }
    values
}

fn by_ip(ip: std::net::IpAddr) -> Address {
    Address { ip: Some(ip), ..Address::default() }
}

/// A record as a value: name and type, and its data; data that breaks its form is nothing.
fn reading<'a>(record: &Record<'a>, message: &'a [u8]) -> Reading {
    let value = record.text(message).map_or(Value::Nothing, Value::Text);
    Reading::new(crate::words::joined(&[&record.name, " ", &message::type_name(record.kind)]), value)
}

impl Act {
    fn of_header(header: &Header) -> Act {
        let (name, verb) = match header.opcode() {
            0 => ("query", Verb::Browse),
            1 => ("inverse query", Verb::Browse),
            2 => ("server status", Verb::Diagnose),
            4 => ("notify", Verb::Report),
            5 => ("update", Verb::Configure),
            6 => ("stateful operations", Verb::Other),
            other => {
                let name = format_compact!("operation 0x{other:x}");
                return Act { name, verb: Verb::Other, object: Text::default(), questions: 0 };
            }
        };
        Act { name: Text::const_new(name), verb, object: Text::default(), questions: 0 }
    }

    /// Reads the questions. The first one is what the act is about.
    fn read<'a>(header: &Header, message: &'a [u8], r: &mut Reader<'a>) -> Result<Act, Short> {
        let mut act = Act::of_header(header);
        act.questions = header.counts[0];
        for index in 0..header.counts[0] {
            let question = Question::read(message, r)?;
            if index == 0 {
                act.object = question.name;
                match (header.opcode(), question.kind) {
                    (0, 251 | 252) => (act.name, act.verb) = (message::query_name(question.kind), Verb::File),
                    (0, kind) => act.name = message::query_name(kind),
                    _ => {}
                }
            }
        }
        Ok(act)
    }

    fn draft<'a>(self, code: u32) -> Draft<'a> {
        let mut draft = Draft::named(code, self.name, self.verb);
        if !self.object.is_empty() {
            draft = draft.object(self.object);
        }
        if self.questions > 1 {
            draft = draft.extra("questions", Text::from(&*crate::words::decimal(self.questions)));
        }
        draft
    }
}

impl Decoder for Dns {
    fn measure(&mut self, bytes: &[u8], _: Speaker) -> Measure {
        if !self.is_stream {
            return Measure::Whole(bytes.len());
        }
        // RFC 1035, section 4.2.2: two bytes of length before each message.
        match bytes.first_chunk::<2>().map(|length| usize::from(u16::from_be_bytes(*length))) {
            Some(length) if length < HEADER_BYTES => Measure::Malformed("shorter than a DNS header"),
            Some(length) => Measure::Whole(length.saturating_add(2)),
            None => Measure::More(2),
        }
    }

    fn read(&mut self, bytes: &[u8], context: &Context, out: &mut Output<'_>) {
        let message = if self.is_stream { bytes.get(2..).unwrap_or(&[]) } else { bytes };
        self.overdue(context, out);
        let mut r = Reader::new(message);
        let result = Header::read(&mut r).and_then(|header| {
            self.readings.clear();
            match header.is_response() {
                true => self.response(&header, message, r, context, out),
                false => self.query(&header, message, r, context, out),
            }
        });
        if let Err(short) = result
            && context.wire_len <= bytes.len()
        {
            out.short(&short);
        }
    }

    fn end(&mut self, out: &mut Output<'_>) {
        let mut exchange = std::mem::take(&mut self.exchange);
        for (key, at, asked) in exchange.drain() {
            self.unanswered(key, at, asked, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{self, Dialog, torture};

    const QUERY: &str = "1234 0100 0001 0000 0000 0000 03 706c63 05 706c616e74 00 0001 0001";
    const ANSWER: &str = "1234 8180 0001 0001 0000 0000 03 706c63 05 706c616e74 00 0001 0001
        c00c 0001 0001 0000003c 0004 0a000007";

    #[test]
    fn a_name_becomes_an_address() {
        Dialog::datagrams(&PROTOCOL).client(QUERY).server(ANSWER).end_is(expect![[r#"
            fact 10.0.0.7: hostname = plc.plant (dns, dns answer, likely)
            C > S dns [browse] query a | plc.plant = plc.plant a=10.0.0.7 -> done in 1000 us {dns 0: 1} {dns 1: 1}
            fact C: name_server = 10.0.0.2 (dns, dns answer, certain)
        "#]]);
    }

    #[test]
    fn no_such_name() {
        Dialog::datagrams(&PROTOCOL)
            .client(QUERY)
            .server("1234 8183 0001 0000 0000 0000 03 706c63 05 706c616e74 00 0001 0001")
            .end_is(expect![[r#"
                C > S dns [browse] query a | plc.plant -> refused (3 no such name) in 1000 us {dns 0: 1} {dns 1: 1}
                fact C: name_server = 10.0.0.2 (dns, dns answer, certain)
            "#]]);
    }

    #[test]
    fn nobody_answers() {
        Dialog::datagrams(&PROTOCOL).client(QUERY).end_is(expect![[r#"
            C > S dns [browse] query a | plc.plant -> no answer {dns 0: 1}
        "#]]);
    }

    #[test]
    fn an_answer_alone() {
        Dialog::datagrams(&PROTOCOL).server(ANSWER).end_is(expect![[r#"
            fact 10.0.0.7: hostname = plc.plant (dns, dns answer, likely)
            C > S dns [browse] query a | plc.plant = plc.plant a=10.0.0.7 -> done {dns 1: 1}
            fact C: name_server = 10.0.0.2 (dns, dns answer, certain)
        "#]]);
    }

    #[test]
    fn over_a_stream_with_its_length() {
        Dialog::stream(&PROTOCOL)
            .client("001b 1234 0100 0001 0000 0000 0000 03 706c63 05 706c616e74 00 00fc 0001")
            .server("001b 1234 8185 0001 0000 0000 0000 03 706c63 05 706c616e74 00 00fc 0001")
            .end_is(expect![[r#"
                C > S dns [file] zone transfer | plc.plant -> refused (5 refused) in 1000 us {dns 0: 1} {dns 1: 1}
                fact C: name_server = 10.0.0.2 (dns, dns answer, certain)
            "#]]);
    }

    #[test]
    fn a_record_is_set_from_afar() {
        Dialog::datagrams(&PROTOCOL)
            .client("0001 2800 0001 0000 0001 0000 05 706c616e74 00 0006 0001 03 706c63 c00c 0001 0001 00000e10 0004 0a000009")
            .server("0001 a800 0001 0000 0000 0000 05 706c616e74 00 0006 0001")
            .end_is(expect![[r#"
                C > S dns [configure] update | plant = plc.plant a=10.0.0.9 -> done in 1000 us {dns 0: 1} {dns 1: 1}
                fact C: name_server = 10.0.0.2 (dns, dns answer, certain)
            "#]]);
    }

    #[test]
    fn a_pointer_that_points_at_itself_ends() {
        Dialog::datagrams(&PROTOCOL).client("1234 0100 0001 0000 0000 0000 c00c 0001 0001").end_is(expect![[r#"
            health malformed dns x1: end of name at offset 14: 1 bytes needed, 4 left
            C > S dns [browse] query -> no answer {dns 0: 1}
        "#]]);
    }

    #[test]
    fn a_service_is_announced() {
        Dialog::datagrams(&super::super::mdns::PROTOCOL)
            .client("0000 8400 0000 0003 0000 0000
                03 504c43 05 5f68747470 04 5f746370 05 6c6f63616c 00 0021 8001 00000078 000c 0000 0000 0050 03 686d69 c01b
                c00c 0010 8001 00000078 000b 0a 6d6f64656c3d4d333430
                03 686d69 c01b 0001 8001 00000078 0004 0a000001")
            .end_is(expect![[r#"
                fact C: service = _http._tcp port 80 (mdns, mdns srv, likely)
                fact C: hostname = hmi (mdns, mdns srv, likely)
                fact C: model = M340 (mdns, mdns txt, likely)
                C > S mdns [identify] announcement | PLC._http._tcp.local srv = 0 0 80 hmi.local, PLC._http._tcp.local txt=model=M340, hmi.local a=10.0.0.1 -> done {mdns 1: 1}
            "#]]);
    }

    #[test]
    fn probes() {
        assert_eq!(testing::probe(&PROTOCOL, &format!("001b {QUERY}")).speaker, Some(Speaker::Client));
        assert_eq!(testing::probe(&PROTOCOL, "0001 0000 0006 01 03 0064 0002").matched, Match::No);
        assert_eq!(testing::probe(&PROTOCOL, "474554202f20485454502f312e310d0a").matched, Match::No);
    }

    #[test]
    fn survives_anything() {
        torture(&PROTOCOL, &[QUERY, ANSWER]);
        torture(&super::super::mdns::PROTOCOL, &[ANSWER]);
    }
}
