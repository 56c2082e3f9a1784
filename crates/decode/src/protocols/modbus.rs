//! Modbus over TCP, UDP and RTU-over-TCP: registers and bits, identification, files, diagnostics.

use compact_str::format_compact;
use model::{Behind, Confidence, FactKey, Messages, Object, Reading, Text, Time, Value, Verb};
use wire::{Reader, Short};

use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Exchange, Match, Measure, Output, Probe, Protocol, Speaker, Values,
    Verdict, code,
};

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
}

const MBAP_BYTES: usize = 7;

/// The length field covers unit, function and data. 254 by the specification; UMAS goes to some 1,024.
const LENGTH_MAX: usize = 1_536;

fn probe(probe: &Probe<'_>) -> Verdict {
    let mut r = Reader::new(probe.bytes);
    match mbap(&mut r) {
        _ if rtu_length(probe.bytes).is_some() => Verdict::of(Match::Likely),
        Ok(Some((length, _))) => {
            let pdu = r.rest();
            let pdu = pdu.get(..length.saturating_sub(1)).unwrap_or(pdu);
            let is_whole = pdu.len() == length.saturating_sub(1);
            if !probe.is_stream && !is_whole {
                return Verdict::NO;
            }
            shape(pdu, length.saturating_sub(1))
        }
        Ok(None) => Verdict::NO,
        Err(_) if probe.is_stream && probe.bytes.get(2..4).is_none_or(|p| p == [0, 0]) => Verdict::MORE,
        Err(_) => Verdict::NO,
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
            (4, Some(count)) if count != 3 => Verdict::by(Likely, Client),
            (4, Some(_)) => Verdict::of(Likely),
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
        8 if size >= 4 && size % 2 == 0 => match data.get(..2) {
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
            _ => Verdict::NO,
        },
        24 if size == 2 => Verdict::by(Weak, Client),
        43 if data.first() == Some(&0x0e) => Verdict::by(Likely, if size == 3 { Client } else { Server }),
        90 if size >= 2 => match data.get(1) {
            Some(0xfd..=0xfe) => Verdict::by(Likely, Server),
            _ => Verdict::by(Likely, Client),
        },
        0x81..=0xff if size == 1 => match byte_count {
            Some(1..=8 | 10 | 11) => Verdict::by(Likely, Server),
            _ => Verdict::of(Weak),
        },
        // Private and reserved functions: only a usual port makes this Modbus.
        _ if length <= 253 => Verdict::of(Weak),
        _ => Verdict::NO,
    }
}

/// Length of an RTU frame whose CRC fits; the length follows from the CRC because functions do not tell all lengths.
fn rtu_length(bytes: &[u8]) -> Option<usize> {
    let function = bytes.get(1)? & 0x7f;
    if !CODES.iter().any(|c| c.code == u32::from(function)) || function == 90 {
        return None;
    }
    let crc_fits = |n: usize| {
        let (body, crc) = bytes.get(..n)?.split_last_chunk::<2>()?;
        (crc16(body) == u16::from_le_bytes(*crc)).then_some(n)
    };
    let counted = bytes.get(2).map(|count| usize::from(*count).saturating_add(5));
    let long = bytes.get(6).map(|count| usize::from(*count).saturating_add(9));
    [Some(8), Some(5), counted, long, Some(bytes.len())].into_iter().flatten().find_map(crc_fits)
}

/// CRC-16 of Modbus over serial line, appendix B: polynomial 0xa001, start 0xffff.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xa001 } else { crc >> 1 })
    })
}

impl Decoder for Modbus {
    fn measure(&mut self, bytes: &[u8], _speaker: Speaker) -> Measure {
        // Both framings can fit by chance (`01 04 0000 0002 71cb`); a CRC does so once in 65,536.
        let framing = *self.framing.get_or_insert_with(|| match rtu_length(bytes) {
            Some(_) => Framing::Rtu,
            None => Framing::Mbap,
        });
        match framing {
            Framing::Mbap => match mbap(&mut Reader::new(bytes)) {
                Ok(Some((length, _))) => Measure::Whole(length.saturating_add(MBAP_BYTES - 1)),
                Ok(None) => Measure::Malformed("protocol identifier or length is not Modbus"),
                Err(_) if bytes.get(2..4).is_some_and(|protocol| protocol != [0, 0]) => {
                    Measure::Malformed("protocol identifier is not 0")
                }
                Err(_) => Measure::More(MBAP_BYTES + 1),
            },
            Framing::Rtu => match rtu_length(bytes) {
                Some(length) => Measure::Whole(length),
                None if bytes.len() < 256 => Measure::More(bytes.len().saturating_add(1)),
                None => Measure::Malformed("no frame with a fitting CRC"),
            },
        }
    }

    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        let mut r = Reader::new(message);
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

    fn end(&mut self, out: &mut Output<'_>) {
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
        let mut request = Request {
            function,
            detail: 0,
            object: Object::None,
            first: 0,
            count: 0,
            values: smallvec::SmallVec::new(),
        };
        // What could be read before a fault is kept: the request waits for its answer all the same.
        let result = request.read(&mut r);
        if function & 0x80 != 0 {
            out.malformed(MBAP_BYTES, "function code", "an exception raised by the client");
        }
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
        let draft = draft.done(context.at);
        let space = space(plain);
        let known = request.as_ref().map(|request| (request.first, request.count));
        match (plain, known) {
            (1 | 2, Some((first, count))) => {
                let bytes = data(&mut r)?;
                let held = u32::try_from(bytes.len().saturating_mul(8)).unwrap_or(u32::MAX);
                out.act(draft.values(Values::Bits { space, first, count: count.min(held), bytes }));
            }
            (3 | 4 | 23, Some((first, _))) => {
                let bytes = data(&mut r)?;
                match (&request, plain) {
                    // The write is the weightier half of 23; what was read is told beside it.
                    (Some(request), 23) => {
                        let (read, _) = request.read_half();
                        let mut readings = request.written().to_readings();
                        readings.extend(Values::Registers { space, first: read, bytes }.to_readings());
                        out.act(draft.values(Values::List(&readings)));
                    }
                    _ => out.act(draft.values(Values::Registers { space, first, bytes })),
                }
            }
            (1..=4 | 23, None) => {
                // Without the request nobody knows which registers these are.
                let bytes = data(&mut r)?;
                let readings: Vec<Reading> = match plain {
                    1 | 2 => vec![Reading::new(Object::None, Value::Bytes(bytes.into()))],
                    _ => Values::Registers { space, first: 0, bytes }
                        .to_readings()
                        .into_iter()
                        .map(|reading| Reading { object: Object::None, ..reading })
                        .collect(),
                };
                out.act(draft.object(space).values(Values::List(&readings)));
            }
            (5 | 6 | 15 | 16 | 22, _) => match &request {
                Some(request) => out.act(draft.values(request.written())),
                None => {
                    let mut request = Request {
                        function: plain,
                        detail: 0,
                        object: Object::None,
                        first: 0,
                        count: 0,
                        values: smallvec::SmallVec::new(),
                    };
                    // The echo of 5, 6 and 22 is the request again; that of 15 and 16 lacks the values.
                    let _ = request.read(&mut r);
                    out.act(draft.object(request.object.clone()).values(request.written()));
                }
            },
            (17, _) => {
                let bytes = data(&mut r)?;
                let text = printable(bytes);
                out.fact(
                    About::BehindServer(behind(unit)),
                    FactKey::Description,
                    &text,
                    "server id",
                    Confidence::Likely,
                );
                out.act(draft.extra("server id", text));
            }
            (24, _) => {
                let count = usize::from(r.u16("byte count")?);
                let mut inner = r.sub(count, "fifo")?;
                inner.u16("fifo count")?;
                let first = known.map_or(0, |(first, _)| first);
                out.act(draft.values(Values::Registers { space, first, bytes: inner.take_rest() }));
            }
            (43, _) => return identification(unit, r, draft, out),
            (20, _) => {
                let bytes = data(&mut r)?;
                let value = [Reading::new(Object::None, Value::Bytes(bytes.into()))];
                out.act(draft.values(Values::List(&value)));
            }
            (7, _) => {
                let status = r.u8("exception status")?;
                out.act(draft.extra("exception status", format_compact!("0x{status:02x}")));
            }
            _ => out.act(draft),
        }
        Ok(())
    }
}

/// Data behind a byte count.
fn data<'a>(r: &mut Reader<'a>) -> Result<&'a [u8], Short> {
    let count = usize::from(r.u8("byte count")?);
    // Some servers announce more than they send; what is there is taken.
    Ok(r.sub_at_most(count).take_rest())
}

fn printable(bytes: &[u8]) -> String {
    bytes.iter().map(|b| if b.is_ascii_graphic() || *b == b' ' { char::from(*b) } else { ' ' }).collect()
}

impl Request {
    /// Start and count of the reading half of function 23.
    fn read_half(&self) -> (u64, u32) {
        (u64::from(self.detail), 0)
    }

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
                let mut inner = Reader::new(data(r)?);
                inner.u8("reference type")?;
                let file = inner.u16("file number")?;
                let record = inner.u16("record number")?;
                self.object = Object::Text(format_compact!("file {file} record {record}"));
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

/// The answer to 43/14 (section 6.21): a list of objects that say who the device is.
fn identification(unit: u8, mut r: Reader<'_>, draft: Draft<'_>, out: &mut Output<'_>) -> Result<(), Short> {
    let mei = r.u8("mei type")?;
    if mei != 0x0e {
        out.act(draft);
        return Ok(());
    }
    r.skip(4, "access, conformity, more follows, next object")?;
    let count = r.u8("number of objects")?;
    let mut readings = Vec::with_capacity(usize::from(count.min(16)));
    let mut result = Ok(());
    for _ in 0..count {
        let object = r.u8("object id").and_then(|id| {
            let length = r.u8("object length")?;
            Ok((id, r.bytes(length.into(), "object value")?))
        });
        let (id, bytes) = match object {
            Ok(object) => object,
            Err(short) => {
                result = Err(short);
                break;
            }
        };
        let text = String::from_utf8_lossy(bytes);
        let known = IDENTIFICATION.iter().find(|(known, _, _)| *known == id);
        let name = known.map_or_else(|| format_compact!("object 0x{id:02x}"), |(_, name, _)| Text::const_new(name));
        if let Some((_, name, key)) = known {
            out.fact(About::BehindServer(behind(unit)), *key, &text, name, Confidence::Certain);
        }
        readings.push(Reading::new(name, Value::Text(text.as_ref().into())));
    }
    out.act(draft.values(Values::List(&readings)));
    result
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{self, Dialog};

    #[test]
    fn a_poll_and_its_answer_are_one_act() {
        Dialog::stream(&PROTOCOL)
            .client("0001 0000 0006 0b 03 0064 0002")
            .server("0001 0000 0007 0b 03 04 0011 0022")
            .end_is(expect![[r#"
                C > S modbus [read] read holding registers | unit 11 | holding 100-101 = holding 100=17, holding 101=34 -> done in 1000 us {modbus 3: 2}
            "#]]);
    }

    #[test]
    fn a_write_is_refused() {
        Dialog::stream(&PROTOCOL)
            .client("0007 0000 0006 01 06 0010 00ff")
            .server("0007 0000 0003 01 86 02")
            .end_is(expect![[r#"
                C > S modbus [write] write single register | unit 1 | holding 16 = 255 -> refused (2 illegal data address) in 1000 us {modbus 6: 2}
            "#]]);
    }

    #[test]
    fn coils_are_written_and_nobody_answers() {
        Dialog::stream(&PROTOCOL).client("0001 0000 0009 ff 0f 0013 000a 02 cd01").end_is(expect![[r#"
            C > S modbus [write] write multiple coils | coil 19-28 = coil 19=true, coil 20=false, coil 21=true, coil 22=true, coil 23=false, coil 24=false, coil 25=true, coil 26=true, coil 27=true, coil 28=false -> no answer {modbus 15: 1}
        "#]]);
    }

    #[test]
    fn a_device_says_who_it_is() {
        Dialog::stream(&PROTOCOL)
            .client("0002 0000 0005 01 2b 0e 01 00")
            .server("0002 0000 0014 01 2b 0e 01 01 00 00 02 00 04 41434d45 02 04 56312e32")
            .end_is(expect![[r#"
                fact S unit 1: vendor = ACME (modbus, vendor name, certain)
                fact S unit 1: firmware = V1.2 (modbus, revision, certain)
                C > S modbus [identify] encapsulated interface transport | unit 1 | identification object 0 = vendor name=ACME, revision=V1.2 -> done in 1000 us {modbus 43: 2}
            "#]]);
    }

    #[test]
    fn restarts_are_resets() {
        Dialog::stream(&PROTOCOL).client("0001 0000 0006 01 08 0001 0000").server("0001 0000 0006 01 08 0001 0000").end_is(
            expect![[r#"
                C > S modbus [reset] diagnostics | unit 1 -> done in 1000 us sub-function=restart communications option {modbus 8: 2}
            "#]],
        );
    }

    #[test]
    fn an_answer_alone_invents_no_addresses() {
        Dialog::stream(&PROTOCOL).server("0001 0000 0005 01 03 02 0011").end_is(expect![[r#"
            C > S modbus [read] read holding registers | unit 1 | holding = 17 -> done {modbus 3: 1}
        "#]]);
    }

    #[test]
    fn rtu_frames_in_a_stream() {
        Dialog::stream(&PROTOCOL).client("01 04 0000 0002 71cb").server("01 04 04 0006 0005 dbe6 # answer").end_is(
            expect![[r#"
                Server: 9 bytes left, 10 needed
                C > S modbus [read] read input registers | unit 1 | input 0-1 -> no answer {modbus 4: 1}
            "#]],
        );
    }

    #[test]
    fn probes_know_who_speaks() {
        assert_eq!(testing::probe(&PROTOCOL, "0001 0000 0006 01 03 0064 0002").speaker, Some(Speaker::Client));
        assert_eq!(testing::probe(&PROTOCOL, "0001 0000 0007 01 03 04 0011 0022").speaker, Some(Speaker::Server));
        assert_eq!(testing::probe(&PROTOCOL, "474554202f20485454502f312e310d0a"), Verdict::NO);
    }
}
