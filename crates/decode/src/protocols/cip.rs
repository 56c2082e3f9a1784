//! CIP, the common industrial protocol: objects, tags and connections of EtherNet/IP devices.

use model::{Behind, Messages, Time};
use wire::{Reader, Short};

use crate::{Carrier, Context, Decoder, Draft, Exchange, Match, Output, Probe, Protocol, Speaker, Verdict};

mod call;
mod connection;
mod identity;
mod message;
mod objects;
mod path;
mod tables;
mod tags;
mod values;

pub(crate) use connection::{TOPIC, key as connection_key};
pub(crate) use identity::Identity;
pub(crate) use message::Around;
use message::{Answer, Request};

/// CIP.
pub static PROTOCOL: Protocol = Protocol {
    id: "cip",
    title: "CIP",
    about: "Reads and writes tags and objects of controllers, drives and I/O; carries programs, firmware and mode changes of Rockwell controllers.",
    depth: "Connected and unconnected messages, routes, connections, multiple service packets, tags with typed values, tag lists, identity, \
            addresses, files, PCCC; statuses. Services of Rockwell's engineering tools by what they were observed to do. Codes are \
            services; above 0xff the class is in front of the service.",
    documents: &[
        "The CIP Networks Library, volume 1: Common Industrial Protocol (ODVA)",
        "The CIP Networks Library, volume 2: EtherNet/IP Adaptation of CIP (ODVA)",
        "Logix 5000 Controllers Data Access, 1756-PM020 (Rockwell Automation)",
    ],
    carriers: &[Carrier::Inside("enip")],
    is_industrial: true,
    codes: &tables::CODES,
    probe,
    open: |_| Box::new(Bare::default()),
};

/// Bytes of a request that are kept until the answer. Requests of 4,000 bytes are the largest that are common.
const KEPT_MAX: usize = 4_400;
/// Bytes of all requests of one flow that are kept.
const KEPT_ALL_MAX: usize = 64 * 1_024;
/// Buffers of requests that are used again.
const SPARE_MAX: usize = 8;
/// Messages inside messages: routes of several hops, packets in packets.
const DEPTH_MAX: u8 = 4;
/// Services of one packet that are told.
const SERVICES_MAX: u16 = 1_024;

/// Class and service of an unconnected send.
const CONNECTION_MANAGER: u32 = 0x06;
const UNCONNECTED_SEND: u8 = 0x52;
const MULTIPLE_SERVICE: u8 = 0x0a;

fn probe(probe: &Probe<'_>) -> Verdict {
    let mut r = Reader::new(probe.bytes);
    match probe.bytes {
        [service, 0, status, words, ..] if *service >= 0x80 && (*status < 0x40 || *status == 0xff) && *words < 8 => {
            Verdict::by(Match::Weak, Speaker::Server)
        }
        [0x01..=0x7f, 1..=0xff, 0x20..=0x25 | 0x91, ..] => match Request::read(&mut r) {
            Ok(request) if !request.path.is_broken => Verdict::by(Match::Likely, Speaker::Client),
            _ => Verdict::NO,
        },
        _ => Verdict::NO,
    }
}

/// What an answer is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// Sender context of an unconnected message.
    Unconnected([u8; 8]),
    /// Connection id and sequence count of a connected message. Requests and answers have different ids.
    Connected(u32, u16),
}

/// A request that waits.
struct Pending {
    bytes: Vec<u8>,
    is_from_server: bool,
    /// The message below that carried it.
    below: Option<(&'static str, u32)>,
}

/// Reads CIP messages of one flow, whatever carries them.
#[derive(Default)]
pub(crate) struct Engine {
    exchange: Exchange<Key, Pending>,
    kept: usize,
    spare: Vec<Vec<u8>>,
    memory: Memory,
}

/// What later messages of a flow need of earlier ones, and buffers that are used again.
#[derive(Default)]
struct Memory {
    connections: connection::Connections,
    /// Vendor and device type of the device itself and of what is behind it.
    identities: Vec<(Behind, u16, u16)>,
    readings: Vec<model::Reading>,
}

impl Memory {
    /// Whether something behind (or the device itself) is known to be no controller.
    fn is_known_without_project(&self, behind: &Behind) -> bool {
        self.identities.iter().any(|(known, _, device_type)| known == behind && *device_type != identity::CONTROLLER)
    }
}

impl Engine {
    /// Whether a connection is known to carry I/O data and no messages.
    pub(crate) fn is_implicit(&self, id: u32) -> bool {
        let connections = &self.memory.connections;
        connections.by_target(id).or_else(|| connections.by_originator(id)).is_some_and(|c| c.is_implicit)
    }

    /// Reads one message. `below` is the message that carried it.
    pub(crate) fn read(
        &mut self,
        bytes: &[u8],
        key: Key,
        below: Option<(&'static str, u32)>,
        context: &Context,
        out: &mut Output<'_>,
    ) {
        out.within(&PROTOCOL, |out| {
            match bytes.first() {
                Some(0x80..) => self.answer(bytes, key, below, context, out),
                _ => self.request(bytes, key, below, context, out),
            }
            self.overdue(context.at, out);
        });
    }

    /// Tells requests that waited too long.
    fn overdue(&mut self, now: Time, out: &mut Output<'_>) {
        while let Some((key, at, pending)) = self.exchange.overdue(now) {
            self.unanswered(key, at, pending, out);
        }
    }

    /// The flow is over.
    pub(crate) fn end(&mut self, out: &mut Output<'_>) {
        out.within(&PROTOCOL, |out| self.overdue(Time(i64::MAX), out));
    }

    /// The carrier refused the request with `context`: it is told with the carrier's status.
    pub(crate) fn refused_below(
        &mut self,
        key: Key,
        below: (&'static str, u32),
        status: (u32, model::Text),
        at: Time,
        out: &mut Output<'_>,
    ) -> bool {
        let Some((asked, pending)) = self.exchange.answer(&key) else { return false };
        out.within(&PROTOCOL, |out| {
            let mut around = around(&pending, &self.memory, key, asked);
            around.messages.add(below.0, below.1, 1);
            let (mut draft, _) = call::start(Request::read(&mut Reader::new(&pending.bytes)).ok().as_ref(), None);
            let messages = around.take();
            around.complete(&mut draft, None);
            let draft = draft.refused(at, status.0, status.1).messages(messages);
            let service = pending.bytes.first().copied().unwrap_or_default();
            out.act(draft.message("cip", service.into()));
            self.recycle(pending);
        });
        true
    }

    fn request(
        &mut self,
        bytes: &[u8],
        key: Key,
        below: Option<(&'static str, u32)>,
        context: &Context,
        out: &mut Output<'_>,
    ) {
        let mut kept = self.spare.pop().unwrap_or_default();
        let room = KEPT_ALL_MAX.saturating_sub(self.kept).max(64);
        kept.extend_from_slice(bytes.get(..bytes.len().min(KEPT_MAX).min(room)).unwrap_or_default());
        self.kept = self.kept.saturating_add(kept.len());
        let pending = Pending { bytes: kept, is_from_server: context.speaker == Speaker::Server, below };
        if let Some((key, at, old)) = self.exchange.ask(key, context.at, pending) {
            self.unanswered(key, at, old, out);
        }
    }

    fn unanswered(&mut self, key: Key, at: Time, pending: Pending, out: &mut Output<'_>) {
        let mut around = around(&pending, &self.memory, key, at);
        tell(&mut self.memory, &mut Reader::new(&pending.bytes), None, &mut around, 0, out);
        self.recycle(pending);
    }

    fn recycle(&mut self, pending: Pending) {
        let mut bytes = pending.bytes;
        self.kept = self.kept.saturating_sub(bytes.len());
        if self.spare.len() < SPARE_MAX {
            bytes.clear();
            self.spare.push(bytes);
        }
    }

    fn answer(
        &mut self,
        bytes: &[u8],
        key: Key,
        below: Option<(&'static str, u32)>,
        context: &Context,
        out: &mut Output<'_>,
    ) {
        let service = bytes.first().copied().unwrap_or_default() & 0x7f;
        let found = match key {
            Key::Unconnected(_) => self
                .exchange
                .answer_if(|k, pending| *k == key && fits(&pending.bytes, service))
                .map(|f| (key, f.1, f.2)),
            Key::Connected(id, sequence) => {
                let known = self.memory.connections.by_originator(id).map(|c| c.to_target);
                let connections = &self.memory.connections;
                let found = self.exchange.answer_if(|k, pending| match k {
                    Key::Connected(to_target, s) => {
                        *s == sequence
                            && fits(&pending.bytes, service)
                            && match known {
                                Some(known) => known == *to_target,
                                // Mid-stream: the first that fits and whose answers have no id yet.
                                None => connections.by_target(*to_target).is_none_or(|c| c.to_originator.is_none()),
                            }
                    }
                    Key::Unconnected(_) => false,
                });
                if let (Some((Key::Connected(to_target, _), _, _)), None) = (&found, known) {
                    self.memory.connections.pair(*to_target, id);
                }
                found
            }
        };
        let mut r = Reader::new(bytes);
        match found {
            Some((key, asked, pending)) => {
                let mut around = around(&pending, &self.memory, key, asked);
                around.answered = Some(context.at);
                if let Some((protocol, code)) = below {
                    around.messages.add(protocol, code, 1);
                }
                let mut request = Reader::new(&pending.bytes);
                tell(&mut self.memory, &mut request, Some(&mut r), &mut around, 0, out);
                self.recycle(pending);
            }
            None => {
                // The request was before the capture, or lost.
                let behind = match key {
                    Key::Connected(id, _) => self.memory.connections.by_originator(id).map(|c| c.behind.clone()),
                    Key::Unconnected(_) => None,
                };
                let mut around = Around {
                    asked: None,
                    answered: Some(context.at),
                    is_from_server: context.speaker == Speaker::Client,
                    behind: behind.unwrap_or_default(),
                    messages: below.map_or_else(Messages::none, |(protocol, code)| Messages::one(protocol, code)),
                };
                tell(&mut self.memory, &mut Reader::new(&[]), Some(&mut r), &mut around, 0, out);
            }
        }
    }
}

/// Whether an answer with `service` can belong to a request: the same service, or anything for an unconnected send,
/// whose answer is that of the message inside.
fn fits(request: &[u8], service: u8) -> bool {
    match request.first() {
        Some(asked) if *asked == service => true,
        Some(&UNCONNECTED_SEND) => {
            Request::read(&mut Reader::new(request)).is_ok_and(|request| request.path.class == Some(CONNECTION_MANAGER))
        }
        _ => false,
    }
}

fn around(pending: &Pending, memory: &Memory, key: Key, asked: Time) -> Around {
    let behind = match key {
        Key::Connected(id, _) => memory.connections.by_target(id).map(|c| c.behind.clone()),
        Key::Unconnected(_) => None,
    };
    Around {
        asked: Some(asked),
        answered: None,
        is_from_server: pending.is_from_server,
        behind: behind.unwrap_or_default(),
        messages: pending.below.map_or_else(Messages::none, |(protocol, code)| Messages::one(protocol, code)),
    }
}

/// Tells a request with its answer. An empty request was not seen.
fn tell(
    memory: &mut Memory,
    request: &mut Reader<'_>,
    answer: Option<&mut Reader<'_>>,
    around: &mut Around,
    depth: u8,
    out: &mut Output<'_>,
) {
    let request = match (request.is_empty(), request.peek()) {
        (true, _) => None,
        (false, service) => match Request::read(request) {
            Ok(request) => Some(request),
            Err(short) => {
                out.short(&short);
                around.messages.add("cip", service.unwrap_or_default().into(), 1);
                None
            }
        },
    };
    let answer = match answer {
        Some(r) => {
            let service = r.peek().unwrap_or_default() & 0x7f;
            match Answer::read(r) {
                Ok(answer) => Some(answer),
                Err(short) => {
                    out.short(&short);
                    around.messages.add("cip", service.into(), 1);
                    None
                }
            }
        }
        None => None,
    };
    match (&request, &answer) {
        (Some(request), _)
            if request.service == UNCONNECTED_SEND
                && request.path.class == Some(CONNECTION_MANAGER)
                && depth < DEPTH_MAX =>
        {
            if let Err(short) = unconnected_send(memory, *request, answer, around, depth, out) {
                out.short(&short);
                call::tell(memory, Some(*request), answer, around, out);
            }
        }
        (Some(Request { service: MULTIPLE_SERVICE, .. }), _)
        | (None, Some(Answer { service: MULTIPLE_SERVICE, .. }))
            if depth < DEPTH_MAX =>
        {
            multiple_service(memory, request, answer, around, depth, out);
        }
        (None, None) => {
            // Nothing of it could be read, but it was there.
            let messages = around.take();
            let mut draft = Draft::named(0, "unreadable message", model::Verb::Other);
            around.complete(&mut draft, None);
            out.act(draft.messages(messages));
        }
        _ => call::tell(memory, request, answer, around, out),
    }
}

/// A message with the way it shall go: volume 1, section 3-5.5.4.
fn unconnected_send(
    memory: &mut Memory,
    request: Request<'_>,
    answer: Option<Answer<'_>>,
    around: &mut Around,
    depth: u8,
    out: &mut Output<'_>,
) -> Result<(), Short> {
    let mut r = request.data;
    r.skip(2, "priority, time-out ticks")?;
    let size = usize::from(r.u16_le("message size")?);
    let mut inner = r.sub(size, "message")?;
    if size % 2 == 1 {
        let _ = r.u8("pad");
    }
    // The route is missing where a request was cut.
    if let Ok(words) = r.u8("route path size") {
        let _ = r.u8("reserved");
        let route = path::Path::parse(r.sub_at_most(usize::from(words).saturating_mul(2)).take_rest());
        around.behind = match (std::mem::take(&mut around.behind), route.behind()) {
            (Behind::Nobody, behind) => behind,
            (before, Behind::Nobody) => before,
            (before, behind) => Behind::Path(compact_str::format_compact!("{before}, {behind}")),
        };
    }
    around.messages.add("cip", UNCONNECTED_SEND.into(), 1);
    match answer {
        // The router answers in its own name: the message did not arrive.
        Some(answer) if answer.service == UNCONNECTED_SEND && inner.peek() != Some(UNCONNECTED_SEND) => {
            around.messages.add("cip", UNCONNECTED_SEND.into(), 1);
            let inner = Request::read(&mut inner)?;
            let answer = Answer { service: inner.service, ..answer };
            call::refused_on_the_way(Some(inner), answer, around, out);
        }
        Some(answer) => tell_read(memory, &mut inner, Some(answer), around, depth.saturating_add(1), out),
        None => tell(memory, &mut inner, None, around, depth.saturating_add(1), out),
    }
    Ok(())
}

/// Like `tell`, with an answer that was read already.
fn tell_read(
    memory: &mut Memory,
    request: &mut Reader<'_>,
    answer: Option<Answer<'_>>,
    around: &mut Around,
    depth: u8,
    out: &mut Output<'_>,
) {
    match Request::read(request) {
        Ok(request) if request.service == MULTIPLE_SERVICE && depth < DEPTH_MAX => {
            multiple_service(memory, Some(request), answer, around, depth, out);
        }
        Ok(request)
            if request.service == UNCONNECTED_SEND
                && request.path.class == Some(CONNECTION_MANAGER)
                && depth < DEPTH_MAX =>
        {
            if let Err(short) = unconnected_send(memory, request, answer, around, depth, out) {
                out.short(&short);
                call::tell(memory, Some(request), answer, around, out);
            }
        }
        Ok(request) => call::tell(memory, Some(request), answer, around, out),
        Err(short) => {
            out.short(&short);
            call::tell(memory, None, answer, around, out);
        }
    }
}

/// Several services in one message: volume 1, appendix. Each is an act of its own, behind that of the packet.
fn multiple_service(
    memory: &mut Memory,
    request: Option<Request<'_>>,
    answer: Option<Answer<'_>>,
    around: &mut Around,
    depth: u8,
    out: &mut Output<'_>,
) {
    call::tell(memory, request, answer, around, out);
    let mut asked = request.map(|request| Services::new(request.data));
    let mut answered = answer.map(|answer| Services::new(answer.data));
    let count = match (&asked, &answered) {
        (Some(asked), Some(answered)) => asked.count.max(answered.count),
        (Some(services), None) | (None, Some(services)) => services.count,
        (None, None) => 0,
    };
    for index in 0..count.min(SERVICES_MAX) {
        let mut request = asked.as_mut().and_then(|s| s.get(index)).unwrap_or(Reader::new(&[]));
        let mut answer = answered.as_mut().and_then(|s| s.get(index));
        if request.is_empty() && answer.is_none() {
            break;
        }
        tell(memory, &mut request, answer.as_mut(), around, depth.saturating_add(1), out);
    }
}

/// The list of offsets in front of several services, and the services.
struct Services<'a> {
    count: u16,
    all: Reader<'a>,
    /// Where the next service may begin: services do not overlap, so that packets in packets cannot multiply.
    floor: usize,
}

impl<'a> Services<'a> {
    fn new(all: Reader<'a>) -> Services<'a> {
        let count = { all }.u16_le("number of services").unwrap_or_default();
        Services { count, all, floor: usize::from(count).saturating_mul(2).saturating_add(2) }
    }

    fn offset(&self, index: u16) -> Option<usize> {
        let mut r = self.all;
        r.skip(usize::from(index).saturating_mul(2).saturating_add(2), "offsets").ok()?;
        Some(r.u16_le("offset").ok()?.into())
    }

    /// The `index`th service. Offsets count from the number of services.
    fn get(&mut self, index: u16) -> Option<Reader<'a>> {
        if index >= self.count {
            return None;
        }
        let start = self.offset(index)?;
        let next = index.checked_add(1).filter(|next| *next < self.count).and_then(|next| self.offset(next));
        let end = next.unwrap_or(self.all.left());
        // Offsets in front of the list, or that go back, name nothing.
        if start < self.floor || end <= start {
            return None;
        }
        self.floor = end;
        let mut r = self.all;
        r.skip(start, "service").ok()?;
        Some(r.sub_at_most(end.saturating_sub(start)))
    }
}

/// CIP without EtherNet/IP around it: an answer follows its request.
#[derive(Default)]
struct Bare {
    engine: Engine,
}

impl Decoder for Bare {
    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        self.engine.read(message, Key::Unconnected([0; 8]), None, context, out);
    }

    fn end(&mut self, out: &mut Output<'_>) {
        self.engine.end(out);
    }
}

#[cfg(test)]
#[path = "cip/tests.rs"]
mod tests;
