//! BACnet/IP: building automation; objects with properties, alarms, files, and routes to networks behind routers.

use compact_str::format_compact;
use model::{Address, Behind, Confidence, FactKey, Messages, Object, Reading, Text, Time, Verb};
use smallvec::SmallVec;
use wire::{Reader, Short};

use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Exchange, Match, Measure, Output, Probe, Protocol, Speaker, Values,
    Verdict, code,
};

mod alarms;
mod enumerations;
mod link;
mod names;
mod network;
mod points;
mod segments;
mod services;
mod tags;
#[cfg(test)]
mod tests;

use network::Net;
use segments::Assembly;
use services::{Extra, Told};

/// Confirmed services keep their number; the others are moved: unconfirmed services by 256, functions of the virtual
/// link (Annex J.2) by 512, network layer messages (clause 6.2.4) by 768, answers of unknown requests by 1024.
const CODES: &[Code] = &[
    code(0, "acknowledge alarm", Verb::Alarm),
    code(1, "confirmed cov notification", Verb::Report),
    code(2, "confirmed event notification", Verb::Alarm),
    code(3, "get alarm summary", Verb::Alarm),
    code(4, "get enrollment summary", Verb::Alarm),
    code(5, "subscribe cov", Verb::Subscribe),
    code(6, "atomic read file", Verb::File),
    code(7, "atomic write file", Verb::File),
    code(8, "add list element", Verb::Configure),
    code(9, "remove list element", Verb::Configure),
    code(10, "create object", Verb::Configure),
    code(11, "delete object", Verb::Configure),
    code(12, "read property", Verb::Read),
    code(13, "read property conditional", Verb::Read),
    code(14, "read property multiple", Verb::Read),
    code(15, "write property", Verb::Write),
    code(16, "write property multiple", Verb::Write),
    // It can silence a device: values and alarms no longer come.
    code(17, "device communication control", Verb::Configure),
    code(18, "confirmed private transfer", Verb::Other),
    code(19, "confirmed text message", Verb::Report),
    code(20, "reinitialize device", Verb::Reset),
    code(21, "vt open", Verb::Login),
    code(22, "vt close", Verb::Login),
    code(23, "vt data", Verb::Other),
    code(24, "authenticate", Verb::Login),
    code(25, "request key", Verb::Login),
    code(26, "read range", Verb::Read),
    code(27, "life safety operation", Verb::Operate),
    code(28, "subscribe cov property", Verb::Subscribe),
    code(29, "get event information", Verb::Alarm),
    code(30, "subscribe cov property multiple", Verb::Subscribe),
    code(31, "confirmed cov notification multiple", Verb::Report),
    code(32, "confirmed audit notification", Verb::Report),
    code(33, "audit log query", Verb::Diagnose),
    code(34, "auth request", Verb::Login),
    code(256, "i-am", Verb::Identify),
    code(257, "i-have", Verb::Identify),
    code(258, "unconfirmed cov notification", Verb::Report),
    code(259, "unconfirmed event notification", Verb::Alarm),
    code(260, "unconfirmed private transfer", Verb::Other),
    code(261, "unconfirmed text message", Verb::Report),
    code(262, "time synchronization", Verb::Time),
    code(263, "who-has", Verb::Browse),
    code(264, "who-is", Verb::Identify),
    code(265, "utc time synchronization", Verb::Time),
    code(266, "write group", Verb::Write),
    code(267, "unconfirmed cov notification multiple", Verb::Report),
    code(268, "unconfirmed audit notification", Verb::Report),
    code(269, "who-am-i", Verb::Identify),
    code(270, "you-are", Verb::Configure),
    code(512, "bvlc result", Verb::Other),
    code(513, "write broadcast distribution table", Verb::Configure),
    code(514, "read broadcast distribution table", Verb::Browse),
    code(515, "read broadcast distribution table ack", Verb::Browse),
    code(516, "forwarded npdu", Verb::Other),
    code(517, "register foreign device", Verb::Subscribe),
    code(518, "read foreign device table", Verb::Browse),
    code(519, "read foreign device table ack", Verb::Browse),
    code(520, "delete foreign device table entry", Verb::Configure),
    code(521, "distribute broadcast to network", Verb::Other),
    code(522, "original unicast npdu", Verb::Other),
    code(523, "original broadcast npdu", Verb::Other),
    code(524, "secure bvll", Verb::Other),
    code(525, "address resolution", Verb::Identify),
    code(526, "forwarded address resolution", Verb::Identify),
    code(527, "address resolution ack", Verb::Identify),
    code(528, "virtual address resolution", Verb::Identify),
    code(529, "virtual address resolution ack", Verb::Identify),
    code(768, "who is router to network", Verb::Browse),
    code(769, "i am router to network", Verb::Identify),
    code(770, "i could be router to network", Verb::Identify),
    code(771, "reject message to network", Verb::Diagnose),
    code(772, "router busy to network", Verb::Diagnose),
    code(773, "router available to network", Verb::Diagnose),
    code(774, "initialize routing table", Verb::Configure),
    code(775, "initialize routing table ack", Verb::Configure),
    code(776, "establish connection to network", Verb::Configure),
    code(777, "disconnect connection to network", Verb::Configure),
    code(778, "challenge request", Verb::Login),
    code(779, "security payload", Verb::Other),
    code(780, "security response", Verb::Other),
    code(781, "request key update", Verb::Login),
    code(782, "update key set", Verb::Configure),
    code(783, "update distribution key", Verb::Configure),
    code(784, "request master key", Verb::Login),
    code(785, "set master key", Verb::Configure),
    code(786, "what is network number", Verb::Browse),
    code(787, "network number is", Verb::Identify),
    code(1028, "segment ack", Verb::Other),
    code(1030, "reject", Verb::Other),
    code(1031, "abort", Verb::Other),
];

/// BACnet/IP.
pub static PROTOCOL: Protocol = Protocol {
    id: "bacnet",
    title: "BACnet/IP",
    about: "Reads and commands heating, ventilation, cooling, lighting, access and fire systems of buildings; nothing in it is protected.",
    depth: "Virtual link with foreign devices and forwarded senders, routing with networks and addresses behind routers, all \
            confirmed and unconfirmed services with objects, properties, values by name, segmentation, errors, rejects and \
            aborts; BACnet/IPv6 frames. Times of log records are the device's local time. Secure frames are counted only.",
    documents: &[
        "ANSI/ASHRAE Standard 135-2020, BACnet: clauses 6 (network), 13-17 (services), 20-21 (encoding)",
        "ANSI/ASHRAE Standard 135-2020, Annex J (BACnet/IP) and Annex U (BACnet/IPv6)",
    ],
    carriers: &[Carrier::Udp(&[47808])],
    is_industrial: true,
    codes: CODES,
    probe,
    open: |_| Box::new(Bacnet::default()),
};

/// Where a message came from and where it goes, as its envelope says.
#[derive(Clone, Copy)]
struct Envelope {
    speaker: Speaker,
    at: Time,
    /// Function of the virtual link.
    function: u8,
    /// The true sender of a forwarded message.
    sender: Option<Address>,
    /// Network and address that the message comes from, where it was routed.
    source: Option<Net>,
    /// Network and address that the message goes to, where it is to be routed.
    destination: Option<Net>,
    /// The snap length cut it, or segments of it are missing: that it ends too early is no fault of its sender.
    is_cut: bool,
}

/// What an answer is found by: who asked, which remote station, which invoke id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Key {
    asker: Speaker,
    /// The station behind a router that was asked.
    asked: Option<Net>,
    /// The station behind a router that asks.
    asking: Option<Net>,
    invoke: u8,
}

/// A request that waits.
struct Request {
    service: u8,
    verb: Option<Verb>,
    object: Object,
    values: Vec<Reading>,
    extra: Extra,
    behind: Behind,
    sender: Option<Address>,
    messages: u32,
}

#[derive(Default)]
struct Bacnet {
    exchange: Exchange<Key, Request>,
    assemblies: Vec<Assembly>,
    /// The message that was put together last: its last acknowledgement is still to come.
    last_segmented: Option<Key>,
    /// Reused from message to message.
    told: Told,
    /// Requests of the virtual link (foreign devices, tables), by asker and function.
    link: Exchange<(Speaker, u8), link::Request>,
}

fn probe(probe: &Probe<'_>) -> Verdict {
    let [kind @ (0x81 | 0x82), function @ 0..=0x0c, high, low, rest @ ..] = probe.bytes else { return Verdict::NO };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    if length < 4 || probe.is_stream {
        return Verdict::NO;
    }
    let Some(skipped) = link::header_bytes(*kind, *function) else {
        let is_whole = length == probe.bytes.len();
        return match link::is_length(*kind, *function, length) {
            true if is_whole => Verdict::of(Match::Likely),
            true if length > probe.bytes.len() => Verdict::of(Match::Weak),
            _ => Verdict::NO,
        };
    };
    let Some([0x01, control, npdu @ ..]) = rest.get(skipped..) else { return Verdict::NO };
    if control & 0x50 != 0 {
        return Verdict::NO;
    }
    let mut r = Reader::new(npdu);
    let Ok(_) = network::routing(*control, &mut r) else { return Verdict::of(Match::Weak) };
    // Deviation: some stacks write a length that is not the datagram's (seen with Reinitialize-Device of 23 bytes that
    // says 17), so it only makes the match surer. Where the snap length cut, it is larger.
    let matched = if length == probe.bytes.len() { Match::Certain } else { Match::Likely };
    if control & 0x80 != 0 {
        return Verdict::of(if matched == Match::Certain { Match::Likely } else { Match::Weak });
    }
    match r.rest() {
        [head, apdu, _, choice, ..] if head & 0xf8 == 0x00 && apdu & 0x8f <= 5 && *choice <= 34 => {
            Verdict::by(matched, if is_notification(*choice) { Speaker::Server } else { Speaker::Client })
        }
        [head, _, _, _, _, choice, ..] if head & 0xf8 == 0x08 && *choice <= 34 => Verdict::by(matched, Speaker::Client),
        [0x20 | 0x30 | 0x50, _, choice, ..] if *choice <= 34 => {
            Verdict::by(matched, if is_notification(*choice) { Speaker::Client } else { Speaker::Server })
        }
        [0x38 | 0x3c, _, _, _, choice, ..] if *choice <= 34 => Verdict::by(matched, Speaker::Server),
        [0x10, choice, ..] if *choice <= 14 => Verdict::of(matched),
        [0x40..=0x43, _, _, 1..=127] | [0x60 | 0x70 | 0x71, _, _] => Verdict::of(Match::Likely),
        _ => Verdict::NO,
    }
}

impl Decoder for Bacnet {
    fn measure(&mut self, bytes: &[u8], _speaker: Speaker) -> Measure {
        match bytes {
            [0x81 | 0x82, _, high, low, ..] if u16::from_be_bytes([*high, *low]) >= 4 => Measure::Whole(bytes.len()),
            _ => Measure::Malformed("type of the virtual link is neither 0x81 nor 0x82"),
        }
    }

    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        if let Err(short) = self.frame(message, context, out) {
            out.short(&short);
        }
        while let Some((key, at, request)) = self.exchange.overdue(context.at) {
            unanswered(key, at, request, out);
        }
        while let Some(((asker, _), at, request)) = self.link.overdue(context.at) {
            request.unanswered(asker, at, out);
        }
    }

    fn gap(&mut self, _speaker: Speaker) {}

    fn end(&mut self, out: &mut Output<'_>) {
        while !self.assemblies.is_empty() {
            let assembly = self.assemblies.remove(0);
            self.assembled(assembly, out);
        }
        for (key, at, request) in self.exchange.drain() {
            unanswered(key, at, request, out);
        }
        for ((asker, _), at, request) in self.link.drain() {
            request.unanswered(asker, at, out);
        }
    }
}

fn messages(service: u8, count: u32) -> Messages {
    let mut messages = Messages::none();
    messages.add("bacnet", service.into(), count);
    messages
}

/// An act of `asker`, whoever that is in the flow.
fn by(draft: Draft<'_>, asker: Speaker) -> Draft<'_> {
    match asker {
        Speaker::Client => draft,
        Speaker::Server => draft.from_server(),
    }
}

/// Services by which a device tells of itself: the objects are those of who asks.
const fn is_notification(service: u8) -> bool {
    matches!(service, 1 | 2 | 19 | 31 | 32)
}

/// A request as an act. Its object goes into the act: nothing is allocated for it again.
fn act(key: Key, at: Time, request: &mut Request) -> Draft<'_> {
    let mut draft = by(Draft::new(&PROTOCOL, request.service.into()), key.asker)
        .asked(at)
        .object(std::mem::take(&mut request.object))
        .behind(std::mem::take(&mut request.behind))
        .values(Values::List(&request.values))
        .messages(messages(request.service, request.messages));
    if let Some(verb) = request.verb {
        draft = draft.verb(verb);
    }
    if let Some(sender) = request.sender {
        draft = draft.actor(sender);
    }
    if let Some(asking) = key.asking
        && !is_notification(request.service)
    {
        draft = draft.extra("source", asking.to_text());
    }
    with_extra(draft, &request.extra)
}

fn with_extra<'a>(draft: Draft<'a>, extra: &Extra) -> Draft<'a> {
    extra.iter().fold(draft, |draft, (name, value)| draft.extra(name, value.clone()))
}

fn unanswered(key: Key, at: Time, mut request: Request, out: &mut Output<'_>) {
    out.act(act(key, at, &mut request).no_answer());
}

impl Envelope {
    /// Whom facts of the sender are about.
    fn about(&self) -> About {
        match (self.sender, self.source) {
            (Some(sender), Some(net)) => About::BehindOther(sender, net.behind()),
            (Some(sender), None) => About::Other(sender),
            (None, Some(net)) => About::BehindSpeaker(net.behind()),
            (None, None) => About::Speaker,
        }
    }

    /// What is behind the sender.
    fn behind_sender(&self) -> Behind {
        self.source.map_or(Behind::Nobody, Net::behind)
    }

    /// What is behind the receiver; a broadcast to all networks is behind nobody in particular.
    fn behind_receiver(&self) -> Behind {
        self.destination.filter(|net| !net.is_global()).map_or(Behind::Nobody, Net::behind)
    }

    fn key_of_request(&self, invoke: u8) -> Key {
        Key { asker: self.speaker, asked: self.destination, asking: self.source, invoke }
    }

    fn key_of_answer(&self, invoke: u8) -> Key {
        Key { asker: self.speaker.other(), asked: self.source, asking: self.destination, invoke }
    }
}

impl Bacnet {
    /// A frame of the virtual link.
    fn frame(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let mut r = Reader::new(message);
        let kind = r.u8("type")?;
        let function = r.u8("function")?;
        // The datagram says how long it is; see the deviation at `probe`.
        r.u16("length")?;
        let mut envelope = Envelope {
            speaker: context.speaker,
            at: context.at,
            function,
            sender: None,
            source: None,
            destination: None,
            is_cut: context.wire_len > message.len(),
        };
        if link::header_bytes(kind, function).is_none() {
            return self.link_message(kind, function, r, &envelope, out);
        }
        link::header(kind, function, &mut r, &mut envelope)?;
        if kind == 0x82 {
            // Told by the names of Annex J, which has other numbers for the same functions.
            envelope.function = link::annex_j(function);
        }
        match self.network(&mut r, envelope, out) {
            Err(_) if envelope.is_cut => Ok(()),
            result => result,
        }
    }

    /// A network layer protocol data unit (clause 6.2).
    fn network(&mut self, r: &mut Reader<'_>, mut envelope: Envelope, out: &mut Output<'_>) -> Result<(), Short> {
        let version = r.u8("version")?;
        if version != 1 {
            out.malformed(4, "version", "is not 1");
            return Ok(());
        }
        let control = r.u8("control")?;
        let routing = network::routing(control, r)?;
        envelope.source = routing.source;
        envelope.destination = routing.destination;
        if control & 0x80 != 0 {
            return network::message(r, &envelope, out);
        }
        self.application(r, envelope, out)
    }

    /// An application layer protocol data unit (clause 20.1).
    fn application(&mut self, r: &mut Reader<'_>, envelope: Envelope, out: &mut Output<'_>) -> Result<(), Short> {
        let head = r.u8("pdu type")?;
        match head >> 4 {
            0 | 3 => {
                let is_request = head >> 4 == 0;
                if is_request {
                    r.u8("max segments and apdu length")?;
                }
                let invoke = r.u8("invoke id")?;
                let segment = if head & 0x08 != 0 {
                    let sequence = r.u8("sequence number")?;
                    r.u8("window size")?;
                    Some((sequence, head & 0x04 != 0))
                } else {
                    None
                };
                let service = r.u8("service choice")?;
                match segment {
                    Some((sequence, more)) => {
                        self.segment(is_request, invoke, service, sequence, more, r.take_rest(), envelope, out);
                    }
                    None if is_request => self.request(invoke, service, r, 1, envelope, out),
                    None => self.complex_ack(invoke, service, r, 1, envelope, out),
                }
                Ok(())
            }
            1 => self.unconfirmed(r, envelope, out),
            2 => {
                let invoke = r.u8("invoke id")?;
                let service = r.u8("service choice")?;
                self.finish(invoke, Some(service), envelope, out, |draft| draft.done(envelope.at));
                Ok(())
            }
            4 => {
                let invoke = r.u8("invoke id")?;
                let key =
                    if head & 0x01 != 0 { envelope.key_of_answer(invoke) } else { envelope.key_of_request(invoke) };
                // Part of an exchange that is told when it is over.
                let is_known = self.exchange.find(&key).is_some()
                    || self.last_segmented == Some(key)
                    || self.assemblies.iter().any(|assembly| assembly.key == key);
                if !is_known {
                    out.act(self.stray(1024 + 4, envelope));
                }
                Ok(())
            }
            5 => self.error(r, envelope, out),
            6 => {
                let invoke = r.u8("invoke id")?;
                let reason = u32::from(r.u8("reject reason")?);
                let name = format_compact!("reject: {}", names::reject_reason(reason));
                self.finish(invoke, None, envelope, out, |draft| draft.refused(envelope.at, reason, name));
                Ok(())
            }
            7 => {
                let invoke = r.u8("invoke id")?;
                let reason = u32::from(r.u8("abort reason")?);
                let name = format_compact!("abort: {}", names::abort_reason(reason));
                if head & 0x01 != 0 {
                    self.finish(invoke, None, envelope, out, |draft| draft.refused(envelope.at, reason, name));
                } else {
                    // Who asked gives up.
                    let key = envelope.key_of_request(invoke);
                    match self.exchange.answer(&key) {
                        Some((at, mut request)) => {
                            out.act(
                                act(key, at, &mut request)
                                    .no_answer()
                                    .status(reason, name)
                                    .extra("aborted by", "asker"),
                            );
                        }
                        None => out.act(self.stray(1024 + 7, envelope).status(reason, name)),
                    }
                }
                Ok(())
            }
            _ => {
                out.malformed(r.offset().saturating_sub(1), "pdu type", "is not assigned");
                Ok(())
            }
        }
    }

    /// A message that belongs to nothing that was seen.
    fn stray(&self, code: u32, envelope: Envelope) -> Draft<'static> {
        let draft = by(Draft::new(&PROTOCOL, code), envelope.speaker).behind(envelope.behind_receiver());
        match envelope.sender {
            Some(sender) => draft.actor(sender),
            None => draft,
        }
    }

    /// A confirmed request, whole.
    fn request(
        &mut self,
        invoke: u8,
        service: u8,
        r: &mut Reader<'_>,
        count: u32,
        envelope: Envelope,
        out: &mut Output<'_>,
    ) {
        self.told.clear();
        if let Err(short) = services::request(service, r, &mut self.told)
            && !envelope.is_cut
        {
            out.short(&short);
        }
        let told = &mut self.told;
        if told.has_password {
            let asked = match envelope.speaker {
                Speaker::Client => About::Server,
                Speaker::Server => About::Client,
            };
            out.fact(asked, FactKey::Credential, "bacnet password", "password of a request", Confidence::Certain);
            told.extra.push(("password", Text::const_new("present")));
        }
        if let Some(net) = envelope.destination.filter(|net| net.is_global()) {
            told.extra.push(("destination", net.to_text()));
        }
        if count > 1 {
            told.extra.push(("segments", format_compact!("{count}")));
        }
        let key = envelope.key_of_request(invoke);
        let request = Request {
            service,
            verb: told.verb,
            object: std::mem::take(&mut told.object),
            values: if told.readings.is_empty() { Vec::new() } else { std::mem::take(&mut told.readings) },
            extra: std::mem::take(&mut told.extra),
            behind: if is_notification(service) { envelope.behind_sender() } else { envelope.behind_receiver() },
            sender: envelope.sender,
            messages: count,
        };
        if let Some((key, at, request)) = self.exchange.ask(key, envelope.at, request) {
            unanswered(key, at, request, out);
        }
    }

    /// A complex acknowledgement, whole.
    fn complex_ack(
        &mut self,
        invoke: u8,
        service: u8,
        r: &mut Reader<'_>,
        count: u32,
        envelope: Envelope,
        out: &mut Output<'_>,
    ) {
        self.told.clear();
        if let Err(short) = services::answer(service, r, &mut self.told)
            && !envelope.is_cut
        {
            out.short(&short);
        }
        let mut told = std::mem::take(&mut self.told);
        self.facts(&told, &envelope, out);
        if count > 1 {
            told.extra.push(("segments", format_compact!("{count}")));
            if envelope.is_cut {
                told.extra.push(("incomplete", Text::const_new("segments are missing")));
            }
        }
        let key = envelope.key_of_answer(invoke);
        let mut found = self.exchange.answer(&key);
        let draft = match &mut found {
            Some((at, request)) => {
                let is_nameless = request.object.is_none();
                let mut draft = act(key, *at, request).messages(messages(service, count));
                if is_nameless {
                    draft = draft.object(told.object.clone());
                }
                if !told.readings.is_empty() {
                    draft = draft.values(Values::List(&told.readings));
                }
                draft
            }
            None => self
                .answer_alone(service, count, envelope)
                .object(told.object.clone())
                .values(Values::List(&told.readings)),
        };
        let draft = match told.verb {
            Some(verb) => draft.verb(verb),
            None => draft,
        };
        out.act(with_extra(draft.done(envelope.at), &told.extra));
        self.told = told;
    }

    /// An answer whose request was not seen.
    fn answer_alone(&self, service: u8, count: u32, envelope: Envelope) -> Draft<'static> {
        by(Draft::new(&PROTOCOL, service.into()), envelope.speaker.other())
            .behind(envelope.behind_sender())
            .messages(messages(service, count))
    }

    /// The end of a request without values in its answer.
    fn finish(
        &mut self,
        invoke: u8,
        service: Option<u8>,
        envelope: Envelope,
        out: &mut Output<'_>,
        end: impl FnOnce(Draft<'_>) -> Draft<'_>,
    ) {
        let key = envelope.key_of_answer(invoke);
        match self.exchange.answer(&key) {
            Some((at, mut request)) => {
                let mut draft = act(key, at, &mut request);
                if let Some(service) = service {
                    draft = draft.messages(messages(service, 1));
                }
                out.act(end(draft));
            }
            None => {
                let draft = match service {
                    Some(service) => self.answer_alone(service, 1, envelope),
                    None => {
                        by(Draft::new(&PROTOCOL, 1024 + 6), envelope.speaker.other()).behind(envelope.behind_sender())
                    }
                };
                out.act(end(draft));
            }
        }
    }

    /// An error (production `BACnet-Error`): class and code, for some services inside context tag 0.
    fn error(&mut self, r: &mut Reader<'_>, envelope: Envelope, out: &mut Output<'_>) -> Result<(), Short> {
        let invoke = r.u8("invoke id")?;
        let service = r.u8("error choice")?;
        let mut error = tags::enclosed(r, 0).unwrap_or(*r);
        let class = tags::must_application(&mut error, 9, "error class");
        let code = tags::must_application(&mut error, 9, "error code");
        let code_number = tags::small(*code.as_ref().unwrap_or(&0));
        let name = match code {
            Ok(_) => names::error_code(code_number),
            Err(_) => Text::const_new("unknown"),
        };
        let class = class.map(|class| names::error_class(tags::small(class))).unwrap_or_default();
        self.finish(invoke, Some(service), envelope, out, |draft| {
            draft.refused(envelope.at, code_number, name).extra("error class", class)
        });
        Ok(())
    }

    fn unconfirmed(&mut self, r: &mut Reader<'_>, envelope: Envelope, out: &mut Output<'_>) -> Result<(), Short> {
        let service = r.u8("service choice")?;
        self.told.clear();
        if let Err(short) = services::unconfirmed(service, r, &mut self.told)
            && !envelope.is_cut
        {
            out.short(&short);
        }
        let told = std::mem::take(&mut self.told);
        self.facts(&told, &envelope, out);
        let code = 256 + u32::from(service);
        // These are said to others; all else a device says of itself.
        let behind = match service {
            6 | 7 | 8 | 9 | 10 | 14 => envelope.behind_receiver(),
            _ => envelope.behind_sender(),
        };
        let mut draft = by(Draft::new(&PROTOCOL, code), envelope.speaker)
            .object(told.object.clone())
            .values(Values::List(&told.readings))
            .behind(behind)
            .message("bacnet", code);
        if let Some(sender) = envelope.sender {
            draft = draft.actor(sender);
        }
        if let (6..=10 | 14, Some(source)) = (service, envelope.source) {
            draft = draft.extra("source", source.to_text());
        }
        if envelope.function == link::DISTRIBUTE {
            draft = draft.extra("by", "foreign device");
        }
        out.act(with_extra(draft, &told.extra));
        self.told = told;
        Ok(())
    }

    /// Facts of who said the message.
    fn facts(&self, told: &Told, envelope: &Envelope, out: &mut Output<'_>) {
        if let Some(identity) = &told.identity {
            let source = "device object";
            if let Some(device) = identity.device {
                let id = format_compact!("{device}");
                out.fact(envelope.about(), FactKey::DeviceId, &id, source, Confidence::Certain);
            }
            if let Some(name) = identity.vendor.and_then(names::vendor) {
                out.fact(envelope.about(), FactKey::Vendor, name, "vendor identifier", Confidence::Certain);
            }
            for (key, text) in [(FactKey::Model, &identity.model), (FactKey::Serial, &identity.serial)] {
                if let Some(text) = text {
                    out.fact(envelope.about(), key, text, "who-am-i", Confidence::Certain);
                }
            }
        }
        for (key, text, property) in &told.facts {
            let confidence = match key {
                // People fill these freely.
                FactKey::Location | FactKey::Description | FactKey::StationName => Confidence::Likely,
                _ => Confidence::Certain,
            };
            out.fact(envelope.about(), *key, text, &names::property(*property), confidence);
        }
    }
}

/// Extra fields that link and network messages gather.
type Notes = SmallVec<[(&'static str, Text); 2]>;
