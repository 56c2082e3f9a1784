//! OPC UA binary: the address space of controllers and servers, read, written, called and subscribed to by name.

use compact_str::format_compact;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use model::{Confidence, FactKey, Messages, Object, Reading, Text, Time, Verb};
use wire::{Reader, Short};

use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Exchange, Match, Measure, Output, Probe, Protocol, Speaker, Values,
    Verdict, code,
};

mod answers;
mod names;
mod services;
mod structures;
#[cfg(test)]
mod tests;
mod types;

use services::{Extra, Node, Told};

/// Services by the node id of their binary encoding (Part 6, annex A.3); 1 to 4 are messages that have none: HEL with
/// ACK, ERR, RHE, and what is encrypted.
const CODES: &[Code] = &[
    code(1, "hello", Verb::Other),
    code(2, "error", Verb::Other),
    code(3, "reverse hello", Verb::Other),
    code(4, "encrypted message", Verb::Other),
    code(397, "service fault", Verb::Other),
    code(410, "test stack", Verb::Diagnose),
    code(413, "test stack response", Verb::Diagnose),
    code(416, "test stack ex", Verb::Diagnose),
    code(419, "test stack ex response", Verb::Diagnose),
    code(422, "find servers", Verb::Identify),
    code(425, "find servers response", Verb::Identify),
    code(428, "get endpoints", Verb::Identify),
    code(431, "get endpoints response", Verb::Identify),
    code(437, "register server", Verb::Identify),
    code(440, "register server response", Verb::Identify),
    code(446, "open secure channel", Verb::Other),
    code(449, "open secure channel response", Verb::Other),
    code(452, "close secure channel", Verb::Other),
    code(455, "close secure channel response", Verb::Other),
    code(461, "create session", Verb::Login),
    code(464, "create session response", Verb::Login),
    code(467, "activate session", Verb::Login),
    code(470, "activate session response", Verb::Login),
    code(473, "close session", Verb::Login),
    code(476, "close session response", Verb::Login),
    code(479, "cancel", Verb::Other),
    code(482, "cancel response", Verb::Other),
    code(488, "add nodes", Verb::Configure),
    code(491, "add nodes response", Verb::Configure),
    code(494, "add references", Verb::Configure),
    code(497, "add references response", Verb::Configure),
    code(500, "delete nodes", Verb::Configure),
    code(503, "delete nodes response", Verb::Configure),
    code(506, "delete references", Verb::Configure),
    code(509, "delete references response", Verb::Configure),
    code(527, "browse", Verb::Browse),
    code(530, "browse response", Verb::Browse),
    code(533, "browse next", Verb::Browse),
    code(536, "browse next response", Verb::Browse),
    code(554, "translate browse paths to node ids", Verb::Browse),
    code(557, "translate browse paths to node ids response", Verb::Browse),
    code(560, "register nodes", Verb::Browse),
    code(563, "register nodes response", Verb::Browse),
    code(566, "unregister nodes", Verb::Browse),
    code(569, "unregister nodes response", Verb::Browse),
    code(615, "query first", Verb::Browse),
    code(618, "query first response", Verb::Browse),
    code(621, "query next", Verb::Browse),
    code(624, "query next response", Verb::Browse),
    code(631, "read", Verb::Read),
    code(634, "read response", Verb::Read),
    code(664, "history read", Verb::Read),
    code(667, "history read response", Verb::Read),
    code(673, "write", Verb::Write),
    code(676, "write response", Verb::Write),
    code(700, "history update", Verb::Write),
    code(703, "history update response", Verb::Write),
    code(712, "call", Verb::Operate),
    code(715, "call response", Verb::Operate),
    code(751, "create monitored items", Verb::Subscribe),
    code(754, "create monitored items response", Verb::Subscribe),
    code(763, "modify monitored items", Verb::Subscribe),
    code(766, "modify monitored items response", Verb::Subscribe),
    code(769, "set monitoring mode", Verb::Subscribe),
    code(772, "set monitoring mode response", Verb::Subscribe),
    code(775, "set triggering", Verb::Subscribe),
    code(778, "set triggering response", Verb::Subscribe),
    code(781, "delete monitored items", Verb::Subscribe),
    code(784, "delete monitored items response", Verb::Subscribe),
    code(787, "create subscription", Verb::Subscribe),
    code(790, "create subscription response", Verb::Subscribe),
    code(793, "modify subscription", Verb::Subscribe),
    code(796, "modify subscription response", Verb::Subscribe),
    code(799, "set publishing mode", Verb::Subscribe),
    code(802, "set publishing mode response", Verb::Subscribe),
    code(826, "publish", Verb::Report),
    code(829, "publish response", Verb::Report),
    code(832, "republish", Verb::Report),
    code(835, "republish response", Verb::Report),
    code(841, "transfer subscriptions", Verb::Subscribe),
    code(844, "transfer subscriptions response", Verb::Subscribe),
    code(847, "delete subscriptions", Verb::Subscribe),
    code(850, "delete subscriptions response", Verb::Subscribe),
    code(12208, "find servers on network", Verb::Identify),
    code(12209, "find servers on network response", Verb::Identify),
    code(12211, "register server 2", Verb::Identify),
    code(12212, "register server 2 response", Verb::Identify),
];

/// OPC UA.
pub static PROTOCOL: Protocol = Protocol {
    id: "opcua",
    title: "OPC UA",
    about: "Reads, writes and calls what controllers and servers offer by name; security can be full, or switched off.",
    depth: "Transport and secure channels with mode, policy and certificates, sessions with identity, endpoints, all services by name; nodes, \
            values, methods and their arguments, subscriptions with the nodes that handles stand for, statuses. Encrypted \
            messages are counted, and nothing is made up of them. Passwords and authentication tokens are not kept.",
    documents: &[
        "OPC 10000-6: OPC Unified Architecture, Part 6: Mappings, 1.05",
        "OPC 10000-4: OPC Unified Architecture, Part 4: Services, 1.05",
        "OPC 10000-5: OPC Unified Architecture, Part 5: Information Model, 1.05",
    ],
    carriers: &[Carrier::Tcp(&[4840, 4843])],
    is_industrial: true,
    codes: CODES,
    probe,
    open: |_| Box::new(Opcua::default()),
};

/// Codes of messages that are no service.
const HELLO: u32 = 1;
const ERROR: u32 = 2;
const REVERSE_HELLO: u32 = 3;
const ENCRYPTED: u32 = 4;

/// Services that need to be known by number.
const SERVICE_FAULT: u32 = 397;
const OPEN_CHANNEL: u32 = 446;
const CLOSE_CHANNEL: u32 = 452;
const PUBLISH: u32 = 826;

/// The largest chunk that is believed: stacks use 64 KiB, some a few MiB.
const CHUNK_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Of larger chunks this much is read.
const CHUNK_HEAD_BYTES: usize = 64 * 1024;

/// Messages in chunks at a time, of one flow.
const ASSEMBLIES_MAX: usize = 4;

/// Bytes of one message that is put together; what comes behind is counted only.
const ASSEMBLY_BYTES_MAX: usize = 512 * 1024;

/// Handles of monitored items that are remembered, of one flow.
const HANDLES_MAX: usize = 8_192;

/// Names of monitored items by subscription and client handle.
pub(crate) type Monitored = HashMap<(u32, u32), Text, FixedState>;

/// A request that waits.
struct Request {
    service: u32,
    named: Option<(&'static str, Verb)>,
    object: Object,
    values: Vec<Reading>,
    extra: Extra,
    nodes: Vec<Node>,
}

/// A message in chunks.
struct Assembly {
    speaker: Speaker,
    request: u32,
    bytes: Vec<u8>,
    chunks: u32,
    is_full: bool,
}

/// What is known of the secure channel of this flow.
#[derive(Default)]
struct Channel {
    /// URI of the policy, as the client opened it.
    policy: Text,
    /// Security mode: 1 none, 2 sign, 3 sign and encrypt; 0 not known.
    mode: u32,
    /// The fact was told.
    is_told: bool,
}

#[derive(Default)]
struct Opcua {
    hello: Option<(Time, Text)>,
    /// An encrypted request to open the channel.
    opening: Option<Time>,
    channel: Channel,
    exchange: Exchange<u32, Request>,
    /// Publish requests wait for what will happen, so they never are overdue.
    publishes: Exchange<u32, Request>,
    assemblies: Vec<Assembly>,
    monitored: Monitored,
    told: Told,
}

/// Kind, whether it is final, and size of a message.
fn header(bytes: &[u8]) -> Option<(&[u8; 3], u8, usize)> {
    let (kind, rest) = bytes.split_first_chunk::<3>()?;
    let (&last, rest) = rest.split_first()?;
    let size = usize::try_from(u32::from_le_bytes(*rest.first_chunk::<4>()?)).ok()?;
    Some((kind, last, size))
}

/// Whether a message can be of that kind, and how small it may be.
fn is_plausible(kind: &[u8; 3], last: u8, size: usize) -> bool {
    let least = match kind {
        b"HEL" => 32,
        b"ACK" => 28,
        b"ERR" => 16,
        b"RHE" => 16,
        b"OPN" => 32,
        b"MSG" | b"CLO" => 24,
        _ => return false,
    };
    let is_chunked = kind == b"MSG";
    (last == b'F' || is_chunked && matches!(last, b'C' | b'A')) && (least..=CHUNK_BYTES_MAX).contains(&size)
}

fn probe(probe: &Probe<'_>) -> Verdict {
    let could_be = [&b"HEL"[..], b"ACK", b"ERR", b"RHE", b"OPN", b"MSG", b"CLO"]
        .iter()
        .any(|kind| probe.bytes.iter().zip(*kind).all(|(a, b)| a == b));
    if !could_be || !probe.is_stream {
        return Verdict::NO;
    }
    let Some((kind, last, size)) = header(probe.bytes) else { return Verdict::MORE };
    if !is_plausible(kind, last, size) {
        return Verdict::NO;
    }
    match kind {
        b"HEL" | b"CLO" => Verdict::by(Match::Certain, Speaker::Client),
        b"ACK" | b"RHE" => Verdict::by(Match::Certain, Speaker::Server),
        b"ERR" => Verdict::of(Match::Likely),
        b"OPN" => {
            let mut r = Reader::new(probe.bytes);
            match open_header(&mut r) {
                Ok(_) => speaker_of(r.rest().get(8..).unwrap_or_default())
                    .map_or(Verdict::of(Match::Certain), |by| Verdict::by(Match::Certain, by)),
                Err(_) => Verdict::of(Match::Likely),
            }
        }
        _ => match speaker_of(probe.bytes.get(24..).unwrap_or_default()) {
            Some(speaker) => Verdict::by(Match::Certain, speaker),
            None => Verdict::of(Match::Likely),
        },
    }
}

/// Who says a body, from the service it begins with.
fn speaker_of(body: &[u8]) -> Option<Speaker> {
    side(service(&mut Reader::new(body))?)
}

/// The number of the service that a body begins with.
fn service(r: &mut Reader<'_>) -> Option<u32> {
    let mut ahead = *r;
    let id = types::node_id(&mut ahead).ok()?.standard()?;
    *r = ahead;
    Some(id)
}

/// Who says a service, where it is known.
fn side(service: u32) -> Option<Speaker> {
    let index = CODES.binary_search_by_key(&service, |code| code.code).ok()?;
    let name = CODES.get(index)?.name;
    if service <= ENCRYPTED {
        None
    } else if service == SERVICE_FAULT || name.ends_with(" response") {
        Some(Speaker::Server)
    } else {
        Some(Speaker::Client)
    }
}

/// The request that an answer belongs to, by their numbers.
const fn request_of(answer: u32) -> u32 {
    match answer {
        12209 | 12212 => answer - 1,
        SERVICE_FAULT => SERVICE_FAULT,
        answer => answer.saturating_sub(3),
    }
}

/// Passes over kind, size and channel, and reads the security policy: the head of OPN (Part 6, section 6.7.2.3).
fn open_header<'a>(r: &mut Reader<'a>) -> Result<(Text, &'a [u8]), Short> {
    r.skip(12, "header and channel id")?;
    let policy = types::string(r)?;
    let certificate = types::byte_string(r)?.unwrap_or_default();
    types::byte_string(r)?;
    Ok((policy, certificate))
}

impl Decoder for Opcua {
    fn measure(&mut self, bytes: &[u8], _speaker: Speaker) -> Measure {
        let Some((kind, last, size)) = header(bytes) else { return Measure::More(8) };
        if !is_plausible(kind, last, size) {
            return Measure::Malformed("no message type of OPC UA");
        }
        if size > crate::limits::MESSAGE_BYTES_MAX {
            Measure::Head { head: CHUNK_HEAD_BYTES, total: size }
        } else {
            Measure::Whole(size)
        }
    }

    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        let Some((kind, last, _)) = header(message) else { return };
        let result = match kind {
            b"HEL" => self.hello(message, context, out),
            b"ACK" => self.acknowledge(message, context, out),
            b"ERR" => self.error(message, context, out),
            b"RHE" => reverse_hello(message, context, out),
            b"OPN" => self.open(message, context, out),
            _ => self.secure(last, message, context, out),
        };
        // Of large chunks only the head was asked for.
        if let Err(short) = result
            && context.wire_len == message.len()
        {
            out.short(&short);
        }
        while let Some((_, at, request)) = self.exchange.overdue(context.at) {
            out.act(act(at, &request).no_answer().message("opcua", request.service));
        }
    }

    fn gap(&mut self, speaker: Speaker) {
        self.assemblies.retain(|assembly| assembly.speaker != speaker);
    }

    fn end(&mut self, out: &mut Output<'_>) {
        if let Some((at, url)) = self.hello.take() {
            out.act(Draft::new(&PROTOCOL, HELLO).asked(at).object(url).no_answer());
        }
        if let Some(at) = self.opening.take() {
            out.act(Draft::new(&PROTOCOL, OPEN_CHANNEL).asked(at).no_answer().extra("encrypted", "yes"));
        }
        for (_, at, request) in self.exchange.drain() {
            out.act(act(at, &request).no_answer().message("opcua", request.service));
        }
        for (_, at, request) in self.publishes.drain() {
            out.act(act(at, &request).message("opcua", request.service));
        }
    }
}

/// A request as an act.
fn act(at: Time, request: &Request) -> Draft<'_> {
    let draft = match request.named {
        Some((name, verb)) => Draft::named(request.service, name, verb),
        None => Draft::new(&PROTOCOL, request.service),
    };
    let draft = draft.asked(at).object(request.object.clone()).values(Values::List(&request.values));
    with_extra(draft, &request.extra)
}

fn with_extra<'a>(draft: Draft<'a>, extra: &Extra) -> Draft<'a> {
    extra.iter().fold(draft, |draft, (name, value)| draft.extra(name, value.clone()))
}

fn by(draft: Draft<'_>, speaker: Speaker) -> Draft<'_> {
    match speaker {
        Speaker::Client => draft,
        Speaker::Server => draft.from_server(),
    }
}

fn reverse_hello(message: &[u8], context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
    let mut r = Reader::new(message);
    r.skip(8, "header")?;
    let server = types::string(&mut r)?;
    let endpoint = types::string(&mut r)?;
    out.fact(About::Speaker, FactKey::DeviceId, &server, "reverse hello", Confidence::Certain);
    out.act(by(Draft::new(&PROTOCOL, REVERSE_HELLO), context.speaker).object(endpoint).extra("server", server));
    Ok(())
}

impl Opcua {
    fn hello(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let mut r = Reader::new(message);
        r.skip(28, "header, version, buffer sizes")?;
        let url = types::string(&mut r)?;
        if let Some((at, url)) = self.hello.replace((context.at, url)) {
            out.act(Draft::new(&PROTOCOL, HELLO).asked(at).object(url).no_answer());
        }
        Ok(())
    }

    fn acknowledge(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let mut r = Reader::new(message);
        r.skip(8, "header")?;
        let version = r.u32_le("protocol version")?;
        let receive = r.u32_le("receive buffer size")?;
        let draft = Draft::new(&PROTOCOL, HELLO).done(context.at);
        let draft = match self.hello.take() {
            Some((at, url)) => draft.asked(at).object(url),
            None => draft,
        };
        out.act(
            draft.extra("version", format_compact!("{version}")).extra("buffer", format_compact!("{receive} bytes")),
        );
        Ok(())
    }

    fn error(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let mut r = Reader::new(message);
        r.skip(8, "header")?;
        let status = r.u32_le("error")?;
        let reason = types::string(&mut r)?;
        let draft = match (context.speaker, self.hello.take(), self.opening.take()) {
            (Speaker::Server, Some((at, url)), _) => Draft::new(&PROTOCOL, HELLO).asked(at).object(url),
            (Speaker::Server, None, Some(at)) => Draft::new(&PROTOCOL, OPEN_CHANNEL).asked(at),
            (speaker, ..) => by(Draft::new(&PROTOCOL, ERROR), speaker),
        };
        out.act(draft.refused(context.at, status, names::status(status)).extra("reason", reason));
        Ok(())
    }

    fn open(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let mut r = Reader::new(message);
        let (policy, certificate) = open_header(&mut r)?;
        if !certificate.is_empty() {
            let value = structures::certificate(certificate);
            out.fact(About::Speaker, FactKey::Certificate, &value, "open secure channel", Confidence::Certain);
        }
        let is_none = names::policy(&policy) == "None";
        self.channel = Channel { mode: u32::from(is_none), policy, is_told: false };
        if is_none {
            r.u32_le("sequence number")?;
            let request = r.u32_le("request id")?;
            return self.body(request, 1, &mut r, context.speaker, context.at, out);
        }
        // With any policy this message is signed and encrypted, whatever the mode of what follows.
        let policy = names::policy(&self.channel.policy).to_owned();
        match (context.speaker, self.opening.take()) {
            (Speaker::Client, before) => {
                if let Some(at) = before {
                    out.act(Draft::new(&PROTOCOL, OPEN_CHANNEL).asked(at).no_answer().extra("encrypted", "yes"));
                }
                self.opening = Some(context.at);
            }
            (Speaker::Server, before) => {
                let draft = Draft::new(&PROTOCOL, OPEN_CHANNEL).done(context.at);
                let draft = match before {
                    Some(at) => draft.asked(at),
                    None => draft,
                };
                out.act(draft.extra("encrypted", "yes").extra("policy", policy));
            }
        }
        Ok(())
    }

    /// MSG and CLO.
    fn secure(&mut self, last: u8, message: &[u8], context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let mut r = Reader::new(message);
        r.skip(16, "header, channel id and token id")?;
        r.u32_le("sequence number")?;
        let request = r.u32_le("request id")?;
        let speaker = context.speaker;
        let place = self.assemblies.iter().position(|a| a.request == request && a.speaker == speaker);
        if place.is_none() && self.channel.mode != 1 && last != b'A' {
            // Signed messages are in clear, encrypted ones begin with no known service.
            let is_clear = service(&mut r.clone()).is_some_and(|service| side(service).is_some());
            match (is_clear, self.channel.policy.is_empty()) {
                // The opening was not seen: clear messages may be signed or not.
                (true, true) => self.tell_channel(0, out),
                (true, false) => self.tell_channel(2, out),
                (false, _) => self.tell_channel(3, out),
            }
            if !is_clear {
                let bytes = r.left();
                out.act(
                    by(Draft::new(&PROTOCOL, ENCRYPTED), speaker).extra("bytes", format_compact!("{}", round(bytes))),
                );
                return Ok(());
            }
        }
        if self.channel.mode == 1 {
            self.tell_channel(1, out);
        }
        let body = signed(r.take_rest(), &self.channel);
        match (place, last) {
            (None, b'F') => {
                let mut body = Reader::new(body);
                self.body(request, 1, &mut body, speaker, context.at, out)
            }
            (place, b'A') => {
                if let Some(place) = place {
                    self.assemblies.remove(place);
                }
                self.aborted(request, body, context, out)
            }
            (place, last) => {
                let place = match place {
                    Some(place) => place,
                    None => {
                        if self.assemblies.len() >= ASSEMBLIES_MAX {
                            self.assemblies.remove(0);
                        }
                        self.assemblies.push(Assembly {
                            speaker,
                            request,
                            bytes: Vec::new(),
                            chunks: 0,
                            is_full: false,
                        });
                        self.assemblies.len().saturating_sub(1)
                    }
                };
                let Some(assembly) = self.assemblies.get_mut(place) else { return Ok(()) };
                assembly.chunks = assembly.chunks.saturating_add(1);
                if assembly.bytes.len().saturating_add(body.len()) > ASSEMBLY_BYTES_MAX {
                    assembly.is_full = true;
                } else if !assembly.is_full {
                    assembly.bytes.extend_from_slice(body);
                }
                if last != b'F' {
                    return Ok(());
                }
                let assembly = self.assemblies.remove(place);
                let mut body = Reader::new(&assembly.bytes);
                let result = self.body(request, assembly.chunks, &mut body, speaker, context.at, out);
                // What was cut here is no fault of the message.
                if assembly.is_full { Ok(()) } else { result }
            }
        }
    }

    /// Tells once what protects the channel.
    fn tell_channel(&mut self, mode: u32, out: &mut Output<'_>) {
        if self.channel.is_told && self.channel.mode == mode {
            return;
        }
        self.channel.mode = mode;
        self.channel.is_told = true;
        let policy = names::policy(&self.channel.policy);
        let value = match (mode, policy.is_empty()) {
            (0, _) => Text::const_new("not encrypted"),
            (1, _) => Text::const_new("none"),
            (mode, true) => Text::const_new(names::mode(mode)),
            (mode, false) => format_compact!("{}, {policy}", names::mode(mode)),
        };
        out.fact(About::Server, FactKey::ChannelSecurity, &value, "secure channel", Confidence::Certain);
    }

    /// The sender gave up a message in chunks: the reason instead of the rest.
    fn aborted(&mut self, request: u32, body: &[u8], context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let mut r = Reader::new(body);
        let status = r.u32_le("error")?;
        let reason = types::string(&mut r)?;
        let found = match context.speaker {
            Speaker::Server => self.exchange.answer(&request).or_else(|| self.publishes.answer(&request)),
            Speaker::Client => None,
        };
        let draft = match &found {
            Some((at, request)) => act(*at, request).message("opcua", request.service),
            None => by(Draft::new(&PROTOCOL, ERROR), context.speaker),
        };
        out.act(
            draft.refused(context.at, status, names::status(status)).extra("reason", reason).extra("aborted", "yes"),
        );
        Ok(())
    }

    /// A whole message in clear: the service, then its header and parameters.
    fn body(
        &mut self,
        request: u32,
        chunks: u32,
        r: &mut Reader<'_>,
        speaker: Speaker,
        at: Time,
        out: &mut Output<'_>,
    ) -> Result<(), Short> {
        let Some(service) = service(r) else {
            out.malformed(r.offset(), "service", "is no number of namespace 0");
            return Ok(());
        };
        let said_by = side(service);
        if said_by.is_some_and(|side| side != speaker) {
            out.swap_roles();
        }
        match said_by.unwrap_or(speaker) {
            Speaker::Client => self.request(service, request, chunks, r, at, out),
            Speaker::Server => self.answer(service, request, chunks, r, at, out),
        }
    }

    fn request(
        &mut self,
        service: u32,
        id: u32,
        chunks: u32,
        r: &mut Reader<'_>,
        at: Time,
        out: &mut Output<'_>,
    ) -> Result<(), Short> {
        let mut told = std::mem::take(&mut self.told);
        told.clear();
        let is_encrypted = self.channel.mode == 3;
        let result = answers::request_header(r).and_then(|()| services::request(service, r, is_encrypted, &mut told));
        if service == OPEN_CHANNEL {
            told.note("policy", names::policy(&self.channel.policy));
        }
        if chunks > 1 {
            told.note("chunks", format_compact!("{chunks}"));
        }
        self.facts(&told, About::Client, About::Server, out);
        for (subscription, handle, name) in told.handles.drain(..) {
            if self.monitored.len() < HANDLES_MAX || self.monitored.contains_key(&(subscription, handle)) {
                self.monitored.insert((subscription, handle), name);
            }
        }
        let waiting = Request {
            service,
            named: told.named,
            object: std::mem::take(&mut told.object),
            values: if told.readings.is_empty() { Vec::new() } else { std::mem::take(&mut told.readings) },
            extra: std::mem::take(&mut told.extra),
            nodes: std::mem::take(&mut told.nodes),
        };
        self.told = told;
        if service == CLOSE_CHANNEL {
            // Nothing answers it (Part 6, section 7.1.4).
            out.act(act(at, &waiting).message("opcua", service));
            return result;
        }
        let exchange = if service == PUBLISH { &mut self.publishes } else { &mut self.exchange };
        if let Some((_, at, old)) = exchange.ask(id, at, waiting) {
            let draft = act(at, &old).message("opcua", old.service);
            out.act(if old.service == PUBLISH { draft } else { draft.no_answer() });
        }
        result
    }

    fn answer(
        &mut self,
        service: u32,
        id: u32,
        chunks: u32,
        r: &mut Reader<'_>,
        at: Time,
        out: &mut Output<'_>,
    ) -> Result<(), Short> {
        let found = self.exchange.answer(&id).or_else(|| self.publishes.answer(&id));
        let mut told = std::mem::take(&mut self.told);
        told.clear();
        let mut status = 0;
        let mut reason = Text::default();
        let nodes = found.as_ref().map_or(&[][..], |(_, request)| request.nodes.as_slice());
        let result = answers::header(r).and_then(|(code, text)| {
            (status, reason) = (code, text);
            if service == SERVICE_FAULT || names::is_bad(code) {
                return Ok(());
            }
            answers::answer(request_of(service), r, nodes, &self.monitored, &mut told)
        });
        if chunks > 1 {
            told.note("chunks", format_compact!("{chunks}"));
        }
        self.facts(&told, About::Server, About::Client, out);
        let mut messages = Messages::one("opcua", service);
        let mut draft = match &found {
            Some((asked, request)) => {
                messages.add("opcua", request.service, 1);
                let mut draft = act(*asked, request);
                if request.object.is_none() {
                    draft = draft.object(told.object.clone());
                }
                draft
            }
            None => Draft::new(&PROTOCOL, request_of(service)).object(told.object.clone()),
        };
        // A call keeps its arguments beside its results.
        if !told.readings.is_empty() {
            if let Some((_, request)) = &found
                && !request.values.is_empty()
            {
                told.readings.splice(0..0, request.values.iter().cloned());
            }
            draft = draft.values(Values::List(&told.readings));
        }
        if let Some((name, verb)) = told.named {
            draft = draft.verb(verb).extra("kind", name);
        }
        // A service succeeds though each of its operations may fail.
        let failed = told.bad.filter(|_| told.bad_count == told.operations);
        draft = match (names::is_bad(status) || service == SERVICE_FAULT, failed, told.bad) {
            (true, ..) => draft.refused(at, status, names::status(status)),
            (false, Some(bad), _) => draft.refused(at, bad, names::status(bad)),
            (false, None, Some(bad)) => draft
                .done(at)
                .status(bad, names::status(bad))
                .extra("failed", format_compact!("{} of {}", told.bad_count, told.operations)),
            (false, None, None) if status != 0 => draft.done(at).status(status, names::status(status)),
            (false, None, None) => draft.done(at),
        };
        out.act(with_extra(draft.messages(messages).extra("diagnostics", reason), &told.extra));
        // The list of nodes goes round, so that a repeated read makes no new one.
        if let Some((_, request)) = found
            && told.nodes.capacity() == 0
        {
            told.nodes = request.nodes;
            told.nodes.clear();
        }
        self.told = told;
        result
    }

    fn facts(&self, told: &Told, said_by: About, other: About, out: &mut Output<'_>) {
        for (key, value, source, confidence) in &told.facts {
            out.fact(said_by.clone(), *key, value, source, *confidence);
        }
        for (key, value, source, confidence) in &told.facts_of_other {
            out.fact(other.clone(), *key, value, source, *confidence);
        }
    }
}

/// What is left of a body without the signature of its chunk.
fn signed<'a>(body: &'a [u8], channel: &Channel) -> &'a [u8] {
    let signature = match (channel.mode, names::policy(&channel.policy)) {
        (2, "Basic128Rsa15" | "Basic256") => 20,
        (2, "" | "None") => 0,
        (2, _) => 32,
        _ => 0,
    };
    body.get(..body.len().saturating_sub(signature)).unwrap_or(body)
}

/// Sizes of encrypted messages, rounded up to powers of two, so that equal ones are merged.
const fn round(bytes: usize) -> usize {
    bytes.next_power_of_two()
}
