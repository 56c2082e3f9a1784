//! Modbus over TCP, UDP and RTU-over-TCP: registers and bits, identification, files, diagnostics.

use compact_str::format_compact;
use model::{Behind, FactKey, Messages, Object, Text, Time, Verb};
use wire::{Reader, Short};

use crate::{
    Carrier, Code, Context, Decoder, Draft, Exchange, Inner, Match, Measure, Output, Probe, Protocol, Speaker, Values,
    Verdict, code,
};

mod answer;
mod rtu;
#[cfg(test)]
mod tests;

use answer::answered;

/// Codes: Modbus application protocol specification 1.1b3, section 6; 90 is Schneider's UMAS.
const CODES: &[Code] = &[
    code(1, "read coils", Verb::Read),
    code(2, "read discrete inputs", Verb::Read),
    code(3, "read holding registers", Verb::Read),
    code(4, "read input registers", Verb::Read),
    code(5, "write single coil", Verb::Write),
    code(6, "write single register", Verb::Write),
    code(7, "read exception status", Verb::Diagnose),
    code(8, "diagnostics", Verb::Diagnose),
    code(11, "get comm event counter", Verb::Diagnose),
    code(12, "get comm event log", Verb::Diagnose),
    code(15, "write multiple coils", Verb::Write),
    code(16, "write multiple registers", Verb::Write),
    code(17, "report server id", Verb::Identify),
    code(20, "read file record", Verb::File),
    code(21, "write file record", Verb::File),
    code(22, "mask write register", Verb::Write),
    code(23, "read/write multiple registers", Verb::Write),
    code(24, "read fifo queue", Verb::Read),
    code(43, "encapsulated interface transport", Verb::Identify),
    code(90, "umas", Verb::Other),
];

/// Modbus.
pub static PROTOCOL: Protocol = Protocol {
    id: "modbus",
    title: "Modbus TCP",
    about: "Reads and writes registers and bits of controllers, drives, meters and remote I/O; nothing in it is protected.",
    depth: "All public functions with objects and values, exceptions, diagnostics, identification (43/14, 17), file records.",
    documents: &[
        "Modbus Application Protocol Specification V1.1b3 (2012)",
        "Modbus Messaging on TCP/IP Implementation Guide V1.0b (2006)",
        "Modbus over Serial Line V1.02 (2006), section 2.5.1 for RTU framing",
    ],
    carriers: &[Carrier::Tcp(&[502, 802]), Carrier::Udp(&[502])],
    is_industrial: true,
    codes: CODES,
    probe,
    open: |_| Box::new(Modbus::default()),
};

/// Exception codes, section 7.
const EXCEPTIONS: &[(u8, &str)] = &[
    (1, "illegal function"),
    (2, "illegal data address"),
    (3, "illegal data value"),
    (4, "server device failure"),
    (5, "acknowledge"),
    (6, "server device busy"),
    (7, "negative acknowledge"),
    (8, "memory parity error"),
    (10, "gateway path unavailable"),
    (11, "gateway target device failed to respond"),
];

/// Sub-functions of diagnostics, section 6.8.
const DIAGNOSTICS: &[(u16, &str)] = &[
    (0, "return query data"),
    (1, "restart communications option"),
    (2, "return diagnostic register"),
    (3, "change ascii input delimiter"),
    (4, "force listen only mode"),
    (10, "clear counters and diagnostic register"),
    (11, "return bus message count"),
    (12, "return bus communication error count"),
    (13, "return bus exception error count"),
    (14, "return server message count"),
    (15, "return server no response count"),
    (16, "return server nak count"),
    (17, "return server busy count"),
    (18, "return bus character overrun count"),
    (20, "clear overrun counter and flag"),
];

/// Objects of device identification, section 6.21.
const IDENTIFICATION: &[(u8, &str, FactKey)] = &[
    (0, "vendor name", FactKey::Vendor),
    (1, "product code", FactKey::OrderNumber),
    (2, "revision", FactKey::Firmware),
    (3, "vendor url", FactKey::Description),
    (4, "product name", FactKey::Model),
    (5, "model name", FactKey::Model),
    (6, "user application name", FactKey::Program),
];

/// How messages are framed on this flow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// The seven bytes of the MBAP header.
    Mbap,
    /// Serial frames with CRC, tunnelled.
    Rtu,
}

/// A request that waits.
struct Request {
    function: u8,
    /// Sub-function of 8, MEI type and access of 43.
    detail: u16,
    object: Object,
    first: u64,
    count: u32,
    /// Values to be written.
    values: smallvec::SmallVec<[u8; 16]>,
}

#[derive(Default)]
struct Modbus {
    framing: Option<Framing>,
    /// By transaction and unit.
    exchange: Exchange<(u16, u8), Request>,
    /// UMAS.
    inner: Inner,
}

const MBAP_BYTES: usize = 7;

/// The length field covers unit, function and data. 254 by the specification; UMAS goes to some 1,024.
const LENGTH_MAX: usize = 1_536;

fn probe(probe: &Probe<'_>) -> Verdict {
    // Several protocols of serial lines end in the same CRC: a datagram needs a usual port as well.
    let is_usual = [probe.source_port, probe.destination_port].contains(&502);
    if (probe.is_stream || is_usual)
        && let Some((_, speaker)) = rtu::fitting(probe.bytes, None)
    {
        return Verdict { matched: Match::Likely, speaker };
    }
    let mut r = Reader::new(probe.bytes);
    match mbap(&mut r) {
        Ok(Some((length, _))) => {
            let pdu = r.rest();
            let pdu = pdu.get(..length.saturating_sub(1)).unwrap_or(pdu);
            let is_whole = pdu.len() == length.saturating_sub(1);
            if !probe.is_stream && !is_whole {
                return Verdict::NO;
            }
            shape(pdu, length.saturating_sub(1))
        }
        Err(_) if probe.is_stream && probe.bytes.get(2..4).is_none_or(|p| p == [0, 0]) => Verdict::MORE,
        _ if probe.is_stream && rtu::is_under_way(probe.bytes) => Verdict::MORE,
        _ => Verdict::NO,
    }
}

/// Reads the MBAP header: length field and unit. `None` where it cannot be one.
fn mbap(r: &mut Reader<'_>) -> Result<Option<(usize, u8)>, Short> {
    r.u16("transaction identifier")?;
    let protocol = r.u16("protocol identifier")?;
    let length = usize::from(r.u16("length")?);
    let unit = r.u8("unit identifier")?;
    if r.is_empty() {
        return Err(r.short("function code", 1));
    }
    Ok((protocol == 0 && (2..=LENGTH_MAX).contains(&length)).then_some((length, unit)))
}

/// Whether function and length of a PDU agree, and whose it is.
fn shape(pdu: &[u8], length: usize) -> Verdict {
    let Some((&function, data)) = pdu.split_first() else { return Verdict::MORE };
    let size = length.saturating_sub(1);
    let byte_count = data.first().map(|b| usize::from(*b));
    use Match::{Likely, Weak};
    use Speaker::{Client, Server};
    match function {
        1..=4 => match (size, byte_count) {
            (4, Some(count)) => match data.get(2..4).and_then(|quantity| quantity.try_into().ok()) {
                Some(quantity) => match (function, u16::from_be_bytes(quantity)) {
                    _ if count == 3 => Verdict::of(Likely),
                    (1 | 2, 1..=2_000) | (3 | 4, 1..=125) => Verdict::by(Likely, Client),
                    // More than an answer could hold: refused by a true device, and rather another protocol.
                    _ => Verdict::by(Weak, Client),
                },
                None => Verdict::MORE,
            },
            (size, Some(count)) if size == count.saturating_add(1) => Verdict::by(Likely, Server),
            (_, None) if size > 1 => Verdict::MORE,
            _ => Verdict::NO,
        },
        5 if size == 4 => match data.get(2..4) {
            Some([0xff | 0x00, 0x00]) => Verdict::of(Likely),
            Some(_) => Verdict::NO,
            None => Verdict::MORE,
        },
        6 if size == 4 => Verdict::of(Likely),
        8 if size >= 4 && size.is_multiple_of(2) => match data.get(..2) {
            Some([0, 0..=21]) => Verdict::of(Likely),
            Some(_) => Verdict::NO,
            None => Verdict::MORE,
        },
        7 | 11 | 12 | 17 if size == 0 => Verdict::by(Weak, Client),
        17 | 12 if byte_count == Some(size.saturating_sub(1)) => Verdict::by(Likely, Server),
        7 if size == 1 => Verdict::by(Weak, Server),
        11 if size == 4 => Verdict::by(Weak, Server),
        15 | 16 => match (size, data.get(4)) {
            (4, _) => Verdict::by(Likely, Server),
            (_, Some(count)) if size == usize::from(*count).saturating_add(5) => Verdict::by(Likely, Client),
            (_, None) if size > 5 => Verdict::MORE,
            _ => Verdict::NO,
        },
        20 | 21 if byte_count == Some(size.saturating_sub(1)) && size > 2 => Verdict::of(Likely),
        22 if size == 6 => Verdict::of(Likely),
        23 => match data.get(8) {
            Some(count) if size == usize::from(*count).saturating_add(9) => Verdict::by(Likely, Client),
            _ if byte_count == Some(size.saturating_sub(1)) => Verdict::by(Likely, Server),
            _ => Verdict::of(Weak),
        },
        24 if size == 2 => Verdict::by(Weak, Client),
        43 => match data {
            // Some clients add a byte.
            [0x0e, 1..=4, ..] if matches!(size, 3 | 4) => Verdict::by(Likely, Client),
            [0x0e, 1..=4, 0x01..=0x03 | 0x81..=0x83, ..] if size >= 6 => Verdict::by(Likely, Server),
            _ => Verdict::of(Weak),
        },
        90 if size >= 2 => match data.get(1) {
            Some(0xfd..=0xfe) => Verdict::by(Likely, Server),
            _ => Verdict::by(Likely, Client),
        },
        // Some devices pad the exception code.
        0x81..=0xff if size == 1 || (size == 2 && data.get(1) == Some(&0)) => match byte_count {
            Some(1..=8 | 10 | 11) => Verdict::by(Likely, Server),
            _ => Verdict::of(Weak),
        },
        // Private and reserved functions: only a usual port makes this Modbus.
        1..=0x7f | 0x81..=0xff if length <= 253 => Verdict::of(Weak),
        _ => Verdict::NO,
    }
}

/// Which framing a flow has, by its first message. Both can fit by chance (`01 04 0000 0002 71cb`); a CRC does so once
/// in 65,536. Fails with the number of bytes that must be there to say.
fn framing(bytes: &[u8], speaker: Speaker) -> Result<Framing, usize> {
    if rtu::fitting(bytes, Some(speaker)).is_some() {
        return Ok(Framing::Rtu);
    }
    match bytes.get(2..4) {
        None => Err(4),
        Some([0, 0]) if bytes.len() <= MBAP_BYTES => Err(MBAP_BYTES + 1),
        Some([0, 0]) => Ok(Framing::Mbap),
        Some(_) if rtu::is_under_way(bytes) => Err(bytes.len().saturating_add(1)),
        Some(_) => Ok(Framing::Mbap),
    }
}

impl Decoder for Modbus {
    fn measure(&mut self, bytes: &[u8], speaker: Speaker) -> Measure {
        let framing = match self.framing {
            Some(framing) => framing,
            None => match framing(bytes, speaker) {
                Ok(framing) => *self.framing.insert(framing),
                Err(needed) => return Measure::More(needed),
            },
        };
        match framing {
            Framing::Mbap => match mbap(&mut Reader::new(bytes)) {
                Ok(Some((length, _))) => Measure::Whole(length.saturating_add(MBAP_BYTES - 1)),
                Ok(None) => Measure::Malformed("protocol identifier or length is not Modbus"),
                Err(_) if bytes.get(2..4).is_some_and(|protocol| protocol != [0, 0]) => {
                    Measure::Malformed("protocol identifier is not 0")
                }
                Err(_) => Measure::More(MBAP_BYTES + 1),
            },
            Framing::Rtu => rtu::measure(bytes, speaker),
        }
    }

    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        let mut r = Reader::new(message);
        // UMAS matches by the transaction, so it gets the whole frame.
        if self.framing != Some(Framing::Rtu)
            && message.get(MBAP_BYTES) == Some(&90)
            && self.inner.read(PROTOCOL.id, message, context, out)
        {
            return;
        }
        let head = match self.framing {
            Some(Framing::Rtu) => {
                r = Reader::new(message.split_last_chunk::<2>().map_or(message, |(body, _)| body));
                r.u8("address").and_then(|unit| Ok((0, unit, r.u8("function code")?)))
            }
            _ => r.u16("transaction identifier").and_then(|transaction| {
                r.skip(4, "protocol identifier and length")?;
                Ok((transaction, r.u8("unit identifier")?, r.u8("function code")?))
            }),
        };
        let result = match head {
            // Only a server raises exceptions.
            Ok((transaction, unit, function)) if function & 0x80 != 0 && context.speaker == Speaker::Client => {
                if self.exchange.is_empty() {
                    out.swap_roles();
                    self.answer(transaction, unit, function, r, context, out)
                } else {
                    out.malformed(MBAP_BYTES, "function code", "an exception raised by the client");
                    self.request(transaction, unit, function, r, context, out)
                }
            }
            Ok((transaction, unit, function)) => match context.speaker {
                Speaker::Client => self.request(transaction, unit, function, r, context, out),
                Speaker::Server => self.answer(transaction, unit, function, r, context, out),
            },
            Err(short) => Err(short),
        };
        if let Err(short) = result {
            out.short(&short);
        }
        while let Some(((_, unit), at, request)) = self.exchange.overdue(context.at) {
            unanswered(unit, at, &request, out);
        }
    }

    fn gap(&mut self, speaker: Speaker) {
        self.inner.gap(speaker);
    }

    fn end(&mut self, out: &mut Output<'_>) {
        self.inner.end(out);
        for ((_, unit), at, request) in self.exchange.drain() {
            unanswered(unit, at, &request, out);
        }
    }
}

/// The space that a function reads or writes.
const fn space(function: u8) -> &'static str {
    match function {
        1 | 5 | 15 => "coil",
        2 => "discrete",
        4 => "input",
        24 => "fifo",
        _ => "holding",
    }
}

fn messages(function: u8, count: u32) -> Messages {
    let mut messages = Messages::none();
    messages.add("modbus", u32::from(function & 0x7f), count);
    messages
}

/// Units 0 and 255 address the device itself on TCP (messaging guide, section 4.4.1.2).
const fn behind(unit: u8) -> Behind {
    match unit {
        0 | 0xff => Behind::Nobody,
        unit => Behind::Unit(unit),
    }
}

fn unanswered(unit: u8, at: Time, request: &Request, out: &mut Output<'_>) {
    let draft = start(unit, at, request).no_answer().messages(messages(request.function, 1));
    out.act(draft.values(request.written()));
}

/// What request and answer have in common.
fn start<'a>(unit: u8, at: Time, request: &Request) -> Draft<'a> {
    let draft =
        Draft::new(&PROTOCOL, request.function.into()).behind(behind(unit)).asked(at).object(request.object.clone());
    match request.function {
        8 => {
            let (name, verb) = diagnostic(request.detail);
            draft.extra("sub-function", name).verb(verb)
        }
        43 if request.detail >> 8 == 0x0d => draft.verb(Verb::Other).extra("mei", "canopen general reference"),
        43 if request.detail >> 8 != 0x0e => draft.verb(Verb::Other),
        _ => draft,
    }
}

fn diagnostic(sub_function: u16) -> (Text, Verb) {
    let name = DIAGNOSTICS.iter().find(|(code, _)| *code == sub_function).map(|(_, name)| Text::const_new(name));
    let verb = match sub_function {
        1 => Verb::Reset,
        4 => Verb::Mode,
        _ => Verb::Diagnose,
    };
    (name.unwrap_or_else(|| format_compact!("0x{sub_function:04x}")), verb)
}

impl Request {
    fn new(function: u8) -> Request {
        Request { function, detail: 0, object: Object::None, first: 0, count: 0, values: smallvec::SmallVec::new() }
    }

    /// The values of a writing request.
    fn written(&self) -> Values<'_> {
        let space = space(self.function);
        match self.function {
            5 | 15 => Values::Bits { space, first: self.first, count: self.count, bytes: &self.values },
            6 | 16 | 22 | 23 => Values::Registers { space, first: self.first, bytes: &self.values },
            _ => Values::None,
        }
    }
}

impl Modbus {
    fn request(
        &mut self,
        transaction: u16,
        unit: u8,
        function: u8,
        mut r: Reader<'_>,
        context: &Context,
        out: &mut Output<'_>,
    ) -> Result<(), Short> {
        let mut request = Request::new(function);
        // What could be read before a fault is kept: the request waits for its answer all the same.
        let result = request.read(&mut r);
        if let Some(((_, unit), at, old)) = self.exchange.ask((transaction, unit), context.at, request) {
            unanswered(unit, at, &old, out);
        }
        result
    }

    fn answer(
        &mut self,
        transaction: u16,
        unit: u8,
        function: u8,
        mut r: Reader<'_>,
        context: &Context,
        out: &mut Output<'_>,
    ) -> Result<(), Short> {
        let plain = function & 0x7f;
        let (draft, request) = match self.exchange.answer(&(transaction, unit)) {
            Some((at, request)) if request.function & 0x7f == function && matches!(function, 1..=4) => {
                return polled(unit, function, at, request, r, context, out);
            }
            Some((at, request)) if request.function & 0x7f == plain => {
                (start(unit, at, &request).messages(messages(plain, 2)), Some(request))
            }
            Some((at, other)) => {
                unanswered(unit, at, &other, out);
                out.malformed(MBAP_BYTES, "function code", "the answer has another function than the request");
                (Draft::new(&PROTOCOL, plain.into()).behind(behind(unit)).messages(messages(plain, 1)), None)
            }
            None => (Draft::new(&PROTOCOL, plain.into()).behind(behind(unit)).messages(messages(plain, 1)), None),
        };
        if function & 0x80 != 0 {
            let exception = r.u8("exception code").unwrap_or(0);
            let name = EXCEPTIONS.iter().find(|(code, _)| *code == exception);
            let name = name.map_or_else(|| format_compact!("0x{exception:02x}"), |(_, name)| Text::const_new(name));
            let draft = draft.refused(context.at, exception.into(), name);
            out.act(match &request {
                Some(request) => draft.values(request.written()),
                None => draft,
            });
            return Ok(());
        }
        let mut draft = Some(draft.done(context.at));
        let result = answered(plain, unit, request.as_ref(), r, &mut draft, out);
        // What stopped the reading is malformed; the answer came all the same.
        if let Some(draft) = draft {
            out.act(draft);
        }
        result
    }
}

/// The answer to what plants do all day long: registers or bits were read. The act is made in its place, at once.
fn polled(
    unit: u8,
    function: u8,
    asked: Time,
    request: Request,
    mut r: Reader<'_>,
    context: &Context,
    out: &mut Output<'_>,
) -> Result<(), Short> {
    let Request { first, count, object, .. } = request;
    let space = space(function);
    let bytes = data(&mut r);
    let values = match bytes {
        Ok(bytes) if function <= 2 => {
            let held = u32::try_from(bytes.len().saturating_mul(8)).unwrap_or(u32::MAX);
            Values::Bits { space, first, count: count.min(held), bytes }
        }
        Ok(bytes) => Values::Registers { space, first, bytes },
        Err(_) => Values::None,
    };
    let draft = Draft::new(&PROTOCOL, request.function.into()).behind(behind(unit)).asked(asked).done(context.at);
    out.act(draft.object(object).values(values).messages(messages(function, 2)));
    bytes.map(|_| ())
}

/// Data behind a byte count.
fn data<'a>(r: &mut Reader<'a>) -> Result<&'a [u8], Short> {
    let count = usize::from(r.u8("byte count")?);
    // Some servers announce more than they send; what is there is taken.
    Ok(r.sub_at_most(count).take_rest())
}

impl Request {
    fn read(&mut self, r: &mut Reader<'_>) -> Result<(), Short> {
        let space = space(self.function);
        match self.function {
            1..=4 => {
                self.first = r.u16("starting address")?.into();
                self.count = r.u16("quantity")?.into();
                self.object = Object::span(space, self.first, self.count);
            }
            5 | 6 => {
                self.first = r.u16("address")?.into();
                self.count = 1;
                self.object = Object::one(space, self.first);
                let value = r.array::<2>("value")?;
                match self.function {
                    5 => self.values.push(u8::from(value == [0xff, 0x00])),
                    _ => self.values.extend_from_slice(&value),
                }
            }
            8 => {
                self.detail = r.u16("sub-function")?;
                let rest = r.take_rest();
                self.values.extend_from_slice(rest.get(..rest.len().min(256)).unwrap_or_default());
            }
            15 | 16 => {
                self.first = r.u16("starting address")?.into();
                self.count = r.u16("quantity")?.into();
                self.object = Object::span(space, self.first, self.count);
                if !r.is_empty() {
                    self.values.extend_from_slice(data(r)?);
                }
            }
            20 | 21 => {
                let bytes = data(r)?;
                self.values.extend_from_slice(bytes);
                let mut inner = Reader::new(bytes);
                let mut name = Text::default();
                while !inner.is_empty() {
                    let group = answer::Group::read(&mut inner)?;
                    if self.function == 21 {
                        let bytes = usize::from(group.count).saturating_mul(2);
                        inner.skip(bytes, "record data")?;
                    }
                    if !name.is_empty() {
                        name.push_str(", ");
                    }
                    name.push_str(&group.name());
                }
                self.object = Object::Text(name);
            }
            22 => {
                self.first = r.u16("reference address")?.into();
                self.count = 1;
                let and = r.u16("and mask")?;
                let or = r.u16("or mask")?;
                self.object = Object::one(space, self.first);
                // (value & and) | (or & !and): what is certain of the new value are the bits that `and` clears.
                self.values.extend_from_slice(&(or & !and).to_be_bytes());
            }
            23 => {
                self.detail = r.u16("read starting address")?;
                let read_count = r.u16("quantity to read")?;
                self.first = r.u16("write starting address")?.into();
                self.count = r.u16("quantity to write")?.into();
                self.values.extend_from_slice(data(r)?);
                let read = Object::span(space, self.detail.into(), read_count.into());
                let write = Object::span(space, self.first, self.count);
                self.object = Object::Text(format_compact!("{write} read {read}"));
            }
            24 => {
                self.first = r.u16("fifo pointer address")?.into();
                self.object = Object::one(space, self.first);
            }
            43 => {
                self.detail = r.u16("mei type and access code")?;
                if self.detail >> 8 == 0x0e {
                    self.object = Object::one("identification object", r.u8("object id")?.into());
                }
            }
            _ => {}
        }
        Ok(())
    }
}
