//! EtherNet/IP encapsulation over TCP and UDP: sessions, identity, and CIP inside.

use compact_str::format_compact;
use model::{Confidence, FactKey, Reading, Text, Value, Verb};
use wire::{Reader, Short};

use super::cip::{self, Identity, Key};
use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Exchange, Match, Measure, Output, Probe, Protocol, Speaker, Values,
    Verdict, code,
};

/// Commands: volume 2, table 2-3.2; 1 is Rockwell's own, of before the standard.
const CODES: &[Code] = &[
    code(0x00, "nop", Verb::Other),
    code(0x01, "list targets", Verb::Identify),
    code(0x04, "list services", Verb::Identify),
    code(0x63, "list identity", Verb::Identify),
    code(0x64, "list interfaces", Verb::Identify),
    code(0x65, "register session", Verb::Other),
    code(0x66, "unregister session", Verb::Other),
    code(0x6f, "send rr data", Verb::Other),
    code(0x70, "send unit data", Verb::Other),
    code(0x72, "indicate status", Verb::Diagnose),
    code(0x73, "cancel", Verb::Other),
    code(0xc8, "start dtls", Verb::Other),
];

/// EtherNet/IP.
pub static PROTOCOL: Protocol = Protocol {
    id: "enip",
    title: "EtherNet/IP",
    about: "Carries CIP between controllers, I/O, drives, HMIs and engineering stations; lists who is there.",
    depth: "All commands, statuses, identity lists, sessions, items of the common packet format; CIP inside.",
    documents: &["The CIP Networks Library, volume 2: EtherNet/IP Adaptation of CIP (ODVA), chapter 2"],
    carriers: &[Carrier::Tcp(&[44818]), Carrier::Udp(&[44818])],
    is_industrial: true,
    codes: CODES,
    probe,
    open: |_| Box::new(Enip::default()),
};

const HEADER_BYTES: usize = 24;

/// Statuses: volume 2, table 2-3.3.
const STATUSES: &[(u32, &str)] = &[
    (0x01, "invalid or unsupported command"),
    (0x02, "insufficient memory"),
    (0x03, "incorrect data"),
    (0x64, "invalid session handle"),
    (0x65, "invalid length"),
    (0x69, "unsupported protocol version"),
    (0x6a, "encapsulated cip service not allowed on this port"),
];

/// Items of the common packet format: volume 2, table 2-6.3.
mod item {
    pub const CONNECTED_ADDRESS: u16 = 0x00a1;
    pub const CONNECTED_DATA: u16 = 0x00b1;
    pub const UNCONNECTED_DATA: u16 = 0x00b2;
    pub const IDENTITY: u16 = 0x000c;
    pub const SERVICES: u16 = 0x0100;
    pub const TARGETS: u16 = 0x0001;
}

/// Items of one message that are read.
const ITEMS_MAX: u16 = 32;

/// The header of every message: volume 2, section 2-3.1. All numbers are little-endian.
#[derive(Clone, Copy, Debug)]
struct Header {
    command: u16,
    length: u16,
    session: u32,
    status: u32,
    context: [u8; 8],
    options: u32,
}

impl Header {
    fn read(r: &mut Reader<'_>) -> Result<Header, Short> {
        Ok(Header {
            command: r.u16_le("command")?,
            length: r.u16_le("length")?,
            session: r.u32_le("session handle")?,
            status: r.u32_le("status")?,
            context: r.array("sender context")?,
            options: r.u32_le("options")?,
        })
    }

    /// Why it cannot be one, if so.
    fn fault(&self) -> Option<&'static str> {
        if CODES.binary_search_by_key(&u32::from(self.command), |c| c.code).is_err() {
            return Some("unknown command");
        }
        if self.options != 0 {
            return Some("options are not 0");
        }
        // Deviation: a refusal without data may have other codes on the wire (corpus/enip/cpppo.pcap: 0x08).
        let is_bare_refusal = self.length == 0 && self.status <= 0xff;
        if self.status != 0 && !is_bare_refusal && !STATUSES.iter().any(|(status, _)| *status == self.status) {
            return Some("unknown status");
        }
        let is_fitting = match self.command {
            // A header of zeros is no message but padding.
            0x00 => self.status == 0 && (self.session != 0 || self.length != 0 || self.context != [0; 8]),
            0x01 | 0x04 | 0x63 | 0x64 => self.session == 0 || self.status != 0 || self.length < 1_024,
            0x65 => self.length == 4 || (self.status != 0 && self.length == 0),
            0x66 => self.length == 0,
            0x6f | 0x70 => self.length >= 8 || self.status != 0,
            _ => true,
        };
        if is_fitting { None } else { Some("length does not fit the command") }
    }
}

fn probe(probe: &Probe<'_>) -> Verdict {
    let mut r = Reader::new(probe.bytes);
    let Ok(header) = Header::read(&mut r) else {
        let is_possible = probe.bytes.split_first_chunk::<2>().is_none_or(|(command, _)| {
            CODES.binary_search_by_key(&u32::from(u16::from_le_bytes(*command)), |c| c.code).is_ok()
        });
        return if probe.is_stream && is_possible { Verdict::MORE } else { Verdict::NO };
    };
    if header.fault().is_some() || header_and_body_disagree(&header, r) {
        return Verdict::NO;
    }
    if !probe.is_stream && r.left() < usize::from(header.length) {
        return Verdict::NO;
    }
    let length = usize::from(header.length);
    match header.command {
        // Many protocols begin with zeros.
        0x00 => Verdict::of(Match::Weak),
        0x01 | 0x04 | 0x63 | 0x64 if length == 0 => {
            // 24 bytes of which 22 are mostly zero: the rest must be absent too.
            let is_alone = r.is_empty();
            match (header.session, is_alone) {
                (0, true) => Verdict::by(Match::Likely, Speaker::Client),
                _ => Verdict::of(Match::Weak),
            }
        }
        0x01 | 0x04 | 0x63 | 0x64 => Verdict::by(Match::Likely, Speaker::Server),
        0x65 if header.session == 0 && header.status == 0 => Verdict::by(Match::Certain, Speaker::Client),
        0x65 => Verdict::by(Match::Certain, Speaker::Server),
        0x66 if header.session != 0 => Verdict::by(Match::Likely, Speaker::Client),
        0x6f | 0x70 => {
            let verdict = Verdict::of(Match::Certain);
            match said(&header, r) {
                Some(speaker) => Verdict { speaker: Some(speaker), ..verdict },
                None => verdict,
            }
        }
        _ => Verdict::of(Match::Weak),
    }
}

/// Whether the start of the body cannot be that of the command.
fn header_and_body_disagree(header: &Header, mut r: Reader<'_>) -> bool {
    match header.command {
        // Protocol version 1, options 0.
        0x65 => header.length == 4 && r.rest().get(..4).is_some_and(|body| body != [1, 0, 0, 0] && header.status == 0),
        // Interface handle 0 is CIP; then a time-out and the number of items.
        0x6f | 0x70 if header.length > 0 => {
            let Ok(handle) = r.u32_le("interface handle") else { return false };
            let Ok(_) = r.u16_le("time-out") else { return handle != 0 };
            r.u16_le("item count").map_or(handle != 0, |count| handle != 0 || count > 16)
        }
        _ => false,
    }
}

/// Who says a message with CIP in it: the reply bit of the service tells.
fn said(header: &Header, r: Reader<'_>) -> Option<Speaker> {
    let (message, _) = packet(header, r)?.message?;
    message.first().map(|service| if *service >= 0x80 { Speaker::Server } else { Speaker::Client })
}

/// The items of SendRRData and SendUnitData that matter.
struct Packet<'a> {
    /// CIP message and, connected, connection id with sequence count.
    message: Option<(&'a [u8], Option<(u32, u16)>)>,
    /// Connected data whose connection carries something else than messages.
    other: Option<u16>,
}

/// Reads the items; what comes behind a fault is left out.
fn packet<'a>(header: &Header, mut r: Reader<'a>) -> Option<Packet<'a>> {
    r.skip(6, "interface handle, time-out").ok()?;
    let count = r.u16_le("item count").ok()?;
    let mut packet = Packet { message: None, other: None };
    let mut connection = None;
    for _ in 0..count.min(ITEMS_MAX) {
        let Ok(kind) = r.u16_le("item type") else { break };
        let Ok(length) = r.u16_le("item length") else { break };
        let mut body = r.sub_at_most(length.into());
        match kind {
            item::CONNECTED_ADDRESS => connection = body.u32_le("connection id").ok(),
            item::UNCONNECTED_DATA => packet.message = Some((body.take_rest(), None)),
            item::CONNECTED_DATA => {
                if let Ok(sequence) = body.u16_le("sequence count") {
                    packet.message = Some((body.take_rest(), Some((connection.unwrap_or_default(), sequence))));
                }
            }
            0 | 0x8000 | 0x8001 => {}
            kind => packet.other = Some(kind),
        }
    }
    let _ = header;
    Some(packet)
}

/// Encapsulation messages of one connection or one pair of UDP ends.
#[derive(Default)]
struct Enip {
    cip: cip::Engine,
    /// By command and sender context.
    exchange: Exchange<(u16, [u8; 8]), Waiting>,
    /// A message told who asks; from then on the other side asks only of its own accord.
    is_sure: bool,
}

/// A request of the encapsulation itself.
struct Waiting {
    is_from_server: bool,
}

impl Decoder for Enip {
    fn measure(&mut self, bytes: &[u8], _speaker: Speaker) -> Measure {
        let mut r = Reader::new(bytes);
        match Header::read(&mut r) {
            Ok(header) => match header.fault() {
                Some(why) => Measure::Malformed(why),
                None if header_and_body_disagree(&header, r) => {
                    Measure::Malformed("the body is not that of the command")
                }
                None => Measure::Whole(usize::from(header.length).saturating_add(HEADER_BYTES)),
            },
            Err(_) => {
                let command = bytes.split_first_chunk::<2>().map(|(command, _)| u16::from_le_bytes(*command));
                match command {
                    Some(command) if CODES.binary_search_by_key(&u32::from(command), |c| c.code).is_err() => {
                        Measure::Malformed("unknown command")
                    }
                    _ => Measure::More(HEADER_BYTES),
                }
            }
        }
    }

    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        let mut r = Reader::new(message);
        let header = match Header::read(&mut r) {
            Ok(header) => header,
            Err(short) => {
                out.short(&short);
                return;
            }
        };
        let mut body = r.sub_at_most(header.length.into());
        let speaker = self.speaker(&header, body, context, out);
        let context = Context { speaker, ..*context };
        let result = match header.command {
            0x6f | 0x70 => {
                self.data(&header, body, &context, out);
                Ok(())
            }
            0x00 | 0x66 | 0x72 | 0x73 => {
                let draft = Draft::new(&PROTOCOL, header.command.into()).message("enip", header.command.into());
                out.act(if speaker == Speaker::Server { draft.from_server() } else { draft });
                Ok(())
            }
            _ => self.encapsulation(&header, &mut body, &context, out),
        };
        if let Err(short) = result {
            out.short(&short);
        }
        while let Some(((command, _), at, waiting)) = self.exchange.overdue(context.at) {
            unanswered(command, at, &waiting, out);
        }
    }

    fn end(&mut self, out: &mut Output<'_>) {
        for ((command, _), at, waiting) in self.exchange.drain() {
            unanswered(command, at, &waiting, out);
        }
        self.cip.end(out);
    }
}

fn unanswered(command: u16, at: model::Time, waiting: &Waiting, out: &mut Output<'_>) {
    let draft = Draft::new(&PROTOCOL, command.into()).asked(at).no_answer().message("enip", command.into());
    out.act(if waiting.is_from_server { draft.from_server() } else { draft });
}

fn status_name(status: u32) -> Text {
    match STATUSES.iter().find(|(known, _)| *known == status) {
        Some((_, name)) => Text::const_new(name),
        None => format_compact!("0x{status:04x}"),
    }
}

impl Enip {
    /// Who says a message. The first message that tells sets the roles right.
    fn speaker(&mut self, header: &Header, body: Reader<'_>, context: &Context, out: &mut Output<'_>) -> Speaker {
        let told = match header.command {
            0x65 if header.session == 0 && header.status == 0 => Some(Speaker::Client),
            0x65 => Some(Speaker::Server),
            0x01 | 0x04 | 0x63 | 0x64 if header.length > 0 => Some(Speaker::Server),
            0x6f | 0x70 if !self.is_sure => said(header, body),
            _ => None,
        };
        let Some(told) = told else { return context.speaker };
        if self.is_sure || told == context.speaker {
            self.is_sure = true;
            return context.speaker;
        }
        self.is_sure = true;
        out.swap_roles();
        told
    }

    /// SendRRData and SendUnitData.
    fn data(&mut self, header: &Header, body: Reader<'_>, context: &Context, out: &mut Output<'_>) {
        let command = u32::from(header.command);
        if header.status != 0 {
            let status = (header.status, status_name(header.status));
            let key = Key::Unconnected(header.context);
            if self.cip.refused_below(key, ("enip", command), status.clone(), context.at, out) {
                return;
            }
            let draft = Draft::new(&PROTOCOL, command).refused(context.at, status.0, status.1).message("enip", command);
            out.act(draft);
            return;
        }
        let packet = packet(header, body);
        match packet.as_ref().and_then(|packet| packet.message) {
            Some((message, connected)) if !message.is_empty() => {
                let key = match connected {
                    Some((id, sequence)) => Key::Connected(id, sequence),
                    None => Key::Unconnected(header.context),
                };
                let carries_io = connected.is_some_and(|(id, _)| self.cip.is_implicit(id));
                if carries_io {
                    let draft = Draft::named(command, "send unit data", Verb::Report).message("enip", command);
                    out.act(if context.speaker == Speaker::Server { draft.from_server() } else { draft });
                    return;
                }
                self.cip.read(message, key, Some(("enip", command)), context, out);
            }
            _ => {
                let mut draft = Draft::new(&PROTOCOL, command).message("enip", command);
                if let Some(kind) = packet.and_then(|packet| packet.other) {
                    draft = draft.extra("item", format_compact!("0x{kind:04x}"));
                }
                out.act(if context.speaker == Speaker::Server { draft.from_server() } else { draft });
            }
        }
    }

    /// Commands of the encapsulation itself.
    fn encapsulation(
        &mut self,
        header: &Header,
        body: &mut Reader<'_>,
        context: &Context,
        out: &mut Output<'_>,
    ) -> Result<(), Short> {
        let command = header.command;
        let key = (command, header.context);
        if context.speaker == Speaker::Client {
            if let Some(((command, _), at, waiting)) =
                self.exchange.ask(key, context.at, Waiting { is_from_server: false })
            {
                unanswered(command, at, &waiting, out);
            }
            return Ok(());
        }
        let asked = self.exchange.answer(&key);
        let mut draft = Draft::new(&PROTOCOL, command.into()).message("enip", command.into());
        if let Some((at, _)) = asked {
            draft = draft.asked(at).message("enip", command.into());
        }
        draft = match header.status {
            0 => draft.done(context.at),
            status => draft.refused(context.at, status, status_name(status)),
        };
        let mut readings = Vec::new();
        let result = match command {
            0x01 | 0x04 | 0x63 | 0x64 if header.length > 0 => items(body, &mut readings, out),
            0x65 => {
                draft = draft.extra("session", format_compact!("0x{:08x}", header.session));
                Ok(())
            }
            _ => Ok(()),
        };
        out.act(draft.values(Values::List(&readings)));
        result
    }
}

/// The items of a list: who is there, what it offers.
fn items(r: &mut Reader<'_>, readings: &mut Vec<Reading>, out: &mut Output<'_>) -> Result<(), Short> {
    let count = r.u16_le("item count")?;
    for _ in 0..count.min(ITEMS_MAX) {
        let kind = r.u16_le("item type")?;
        let length = r.u16_le("item length")?;
        let mut item = r.sub_at_most(length.into());
        match kind {
            item::IDENTITY => {
                item.u16_le("encapsulation protocol version")?;
                let address = socket_address(&mut item)?;
                let mut identity = Identity::default();
                let result = identity.read(&mut item);
                identity.tell(&About::Speaker, "list identity", out);
                if !address.is_unspecified() {
                    let address = format_compact!("{address}");
                    out.fact(About::Speaker, FactKey::Ip, &address, "list identity", Confidence::Likely);
                }
                identity.readings("identity 1", readings);
                result?;
            }
            item::SERVICES => {
                let version = item.u16_le("version")?;
                let flags = item.u16_le("capability flags")?;
                let name = name_of(item.take_rest());
                let mut service = format_compact!("{name} {version}");
                if flags & 0x0020 != 0 {
                    service.push_str(" tcp");
                }
                if flags & 0x0100 != 0 {
                    service.push_str(" udp");
                }
                out.fact(About::Speaker, FactKey::Service, &service, "list services", Confidence::Certain);
                readings.push(Reading::new(name, Value::Unsigned(flags.into())));
            }
            item::TARGETS if length >= 20 => {
                item.u16_le("version")?;
                item.u16_le("flags")?;
                let address = socket_address(&mut item)?;
                readings.push(Reading::new(name_of(item.take_rest()), Value::Text(format_compact!("{address}"))));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A name padded with zeros.
fn name_of(bytes: &[u8]) -> Text {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).as_ref().into()
}

/// A socket address (big-endian, volume 2, table 2-4.4): its IP address.
fn socket_address(r: &mut Reader<'_>) -> Result<std::net::Ipv4Addr, Short> {
    r.skip(4, "address family and port")?;
    let address = r.u32("address")?;
    r.skip(8, "zero")?;
    Ok(address.into())
}

#[cfg(test)]
#[path = "enip/tests.rs"]
mod tests;
