//! S7comm-plus: objects and variables of Siemens S7-1200 and S7-1500, versions 1 to 3.

use compact_str::format_compact;
use model::{Confidence, FactKey, Messages, Object, Reading, Text, Time, Verb};
use wire::{Reader, Short};

use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Exchange, Match, Output, Probe, Protocol, Speaker, Values, Verdict,
    code,
};

mod value;

use value::{Address, number, value};

/// Function codes; notifications by their opcode, keep-alives by their version.
const CODES: &[Code] = &[
    code(0x33, "notification", Verb::Report),
    code(0xff, "keep alive", Verb::Other),
    code(0x04b1, "error", Verb::Other),
    code(0x04bb, "explore", Verb::Browse),
    code(0x04ca, "create object", Verb::Other),
    code(0x04d4, "delete object", Verb::Other),
    code(0x04f2, "set variable", Verb::Write),
    code(0x04fc, "get variable", Verb::Read),
    code(0x0506, "add link", Verb::Configure),
    code(0x051a, "remove link", Verb::Configure),
    code(0x0524, "get link", Verb::Browse),
    code(0x0542, "set multi variables", Verb::Write),
    code(0x054c, "get multi variables", Verb::Read),
    code(0x0556, "begin sequence", Verb::Other),
    code(0x0560, "end sequence", Verb::Other),
    code(0x056b, "invoke", Verb::Other),
    code(0x057c, "set var sub streamed", Verb::Write),
    code(0x0586, "get var sub streamed", Verb::Read),
    code(0x0590, "get variables address", Verb::Browse),
    code(0x059a, "abort", Verb::Other),
    code(0x05b3, "init ssl", Verb::Other),
];

/// S7comm-plus.
pub static PROTOCOL: Protocol = Protocol {
    id: "s7comm-plus",
    title: "S7comm-plus",
    about: "Operator panels and engineering of Siemens S7-1200 and S7-1500: variables, programs, start and stop, with \
            growing protection from version to version.",
    depth: "Versions 1 to 3 with their integrity parts, fragments, sessions; requests and answers of all functions; \
            symbolic addresses by block and local id, simple values; sessions opened, passwords (presence only), start \
            and stop, blocks loaded and deleted as far as object ids are clear; order number and firmware from the \
            answer that opens a session.",
    documents: &[
        "T. Wiens, S7comm-plus dissector for Wireshark, release 0.0.8: names of functions, objects and types",
        "E. Biham et al., Rogue7: Rogue Engineering-Station attacks on S7 Simatic PLCs (2019)",
    ],
    carriers: &[Carrier::Inside("cotp")],
    is_industrial: true,
    codes: CODES,
    probe,
    open: |_| Box::new(Plus::default()),
};

const MAGIC: u8 = 0x72;

/// Version of keep-alives, which have a sequence number in the place of a length.
const KEEP_ALIVE: u8 = 0xff;

const REQUEST: u8 = 0x31;
const ANSWER: u8 = 0x32;
const NOTIFICATION: u8 = 0x33;
const ANSWER_2: u8 = 0x02;

const CREATE: u16 = 0x04ca;
const DELETE: u16 = 0x04d4;
const EXPLORE: u16 = 0x04bb;
const SET: u16 = 0x04f2;
const GET: u16 = 0x04fc;
const SET_MULTI: u16 = 0x0542;
const GET_MULTI: u16 = 0x054c;
const INVOKE: u16 = 0x056b;
const GET_STREAM: u16 = 0x0586;
const SET_STREAM: u16 = 0x057c;

/// Bytes of a message in fragments.
const MESSAGE_BYTES_MAX: usize = 262_144;

/// The unit that executes the program, and its attribute that asks for an operating state.
const EXECUTION_UNIT: u32 = 52;
const OPERATING_STATE: u32 = 2_167;

/// Attributes with a meaning of their own: challenge and answer of legitimation, clock.
const SESSION_RESPONSE: u32 = 304;
const LEGITIMATE: u32 = 1_846;
const CLOCK: u32 = 2_421;

/// Attributes that only blocks of a program have: number, body, code.
const BLOCK_ATTRIBUTES: [[u8; 3]; 3] = [[0xa3, 0x93, 0x59], [0xa3, 0x93, 0x65], [0xa3, 0x94, 0x14]];

/// Errors of answers (lower 16 bits, signed).
const ERRORS: &[(i16, &str)] = &[
    (-12, "object not found"),
    (-17, "invalid crc"),
    (-134, "service multi-es not supported"),
    (-255, "invalid lid"),
    (17, "session pre-legitimated"),
    (19, "executed with partial error"),
    (22, "session delegitimated"),
];

fn probe(probe: &Probe<'_>) -> Verdict {
    match probe.bytes {
        [MAGIC, KEEP_ALIVE, _, 0] => Verdict::of(Match::Certain),
        [MAGIC, 1..=3, high, low, rest @ ..] => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            let is_last = rest.len() == length.saturating_add(4)
                && matches!(rest.split_last_chunk::<4>(), Some((_, [MAGIC, 1..=3, 0, 0])));
            let is_part = rest.len() == length;
            let data = integrity(rest).1;
            match data.first() {
                Some(&REQUEST) if is_last || is_part => Verdict::by(Match::Certain, Speaker::Client),
                Some(&(ANSWER | NOTIFICATION | ANSWER_2)) if is_last || is_part => {
                    Verdict::by(Match::Certain, Speaker::Server)
                }
                _ if is_last => Verdict::of(Match::Likely),
                _ if is_part => Verdict::of(Match::Likely),
                _ => Verdict::of(Match::Weak),
            }
        }
        _ => Verdict::NO,
    }
}

/// The digest in front of the data of version 3: its bytes, and the data.
fn integrity(data: &[u8]) -> (&[u8], &[u8]) {
    match data.split_first() {
        Some((0x20, rest)) if rest.len() >= 32 => rest.split_at_checked(32).unwrap_or((&[], data)),
        _ => (&[], data),
    }
}

/// A request that waits.
struct Request {
    function: u16,
    name: Text,
    verb: Verb,
    object: Object,
    addresses: Vec<Address>,
    values: Vec<Reading>,
    extra: Vec<(&'static str, Text)>,
}

#[derive(Default)]
struct Plus {
    /// By sequence number.
    exchange: Exchange<u16, Request>,
    /// What has come of messages in fragments, by side; and whether it is too long to be kept.
    parts: [Vec<u8>; 2],
}

impl Decoder for Plus {
    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        if let Err(short) = self.fragment(message, context, out) {
            out.short(&short);
        }
        while let Some((_, at, request)) = self.exchange.overdue(context.at) {
            request.unanswered(at, out);
        }
    }

    fn gap(&mut self, speaker: Speaker) {
        self.part(speaker).clear();
    }

    fn end(&mut self, out: &mut Output<'_>) {
        for (_, at, request) in self.exchange.drain() {
            request.unanswered(at, out);
        }
    }
}

fn messages(code: u32, count: u32) -> Messages {
    let mut messages = Messages::none();
    messages.add(PROTOCOL.id, code, count);
    messages
}

impl Request {
    fn draft(&self, at: Time) -> Draft<'_> {
        let mut draft = Draft::named(self.function.into(), self.name.clone(), self.verb)
            .object(self.object.clone())
            .asked(at)
            .values(Values::List(&self.values));
        for (name, value) in &self.extra {
            draft = draft.extra(name, value.clone());
        }
        draft
    }

    fn unanswered(&self, at: Time, out: &mut Output<'_>) {
        out.act(self.draft(at).no_answer().messages(messages(self.function.into(), 1)));
    }
}

impl Plus {
    fn part(&mut self, speaker: Speaker) -> &mut Vec<u8> {
        let [client, server] = &mut self.parts;
        match speaker {
            Speaker::Client => client,
            Speaker::Server => server,
        }
    }

    /// A data unit of COTP: a whole message, or a part; the last part has a trailer.
    fn fragment(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let mut r = Reader::new(message);
        r.u8("protocol id")?;
        let version = r.u8("protocol version")?;
        if version == KEEP_ALIVE {
            let draft = Draft::new(&PROTOCOL, KEEP_ALIVE.into()).messages(messages(KEEP_ALIVE.into(), 1));
            out.act(if context.speaker == Speaker::Server { draft.from_server() } else { draft });
            return Ok(());
        }
        let length = usize::from(r.u16("data length")?);
        let data = r.bytes(length, "data")?;
        let is_last = matches!(r.rest(), [MAGIC, _, 0, 0]);
        let (digest, data) = if version == 3 { integrity(data) } else { (&[][..], data) };
        let is_protected = !digest.is_empty();
        let part = self.part(context.speaker);
        if is_last && part.is_empty() {
            return self.message(version, is_protected, &mut Reader::new(data), context, out);
        }
        if part.len().saturating_add(data.len()) > MESSAGE_BYTES_MAX {
            *part = Vec::new();
            out.malformed(2, "data length", "the message does not end within 262144 bytes");
            return Ok(());
        }
        part.extend_from_slice(data);
        if !is_last {
            return Ok(());
        }
        let whole = std::mem::take(part);
        self.message(version, is_protected, &mut Reader::new(&whole), context, out)
    }

    fn message(
        &mut self,
        version: u8,
        is_protected: bool,
        r: &mut Reader<'_>,
        context: &Context,
        out: &mut Output<'_>,
    ) -> Result<(), Short> {
        let opcode = r.u8("opcode")?;
        if opcode == NOTIFICATION {
            let object = r.u32("object id")?;
            let draft = Draft::new(&PROTOCOL, NOTIFICATION.into())
                .from_server()
                .object(Object::Text(format_compact!("subscription 0x{object:08x}")))
                .messages(messages(NOTIFICATION.into(), 1));
            out.act(draft);
            return Ok(());
        }
        r.u16("reserved")?;
        let function = r.u16("function")?;
        r.u16("reserved")?;
        let sequence = r.u16("sequence number")?;
        match opcode {
            REQUEST => {
                let (name, verb) = PROTOCOL.code(function.into());
                let mut request = Request {
                    function,
                    name,
                    verb,
                    object: Object::None,
                    addresses: Vec::new(),
                    values: Vec::new(),
                    extra: vec![("version", format_compact!("{version}"))],
                };
                if is_protected {
                    request.extra.push(("integrity", Text::const_new("digest")));
                }
                let result = request.read(r, out);
                if let Some((_, at, old)) = self.exchange.ask(sequence, context.at, request) {
                    old.unanswered(at, out);
                }
                result
            }
            ANSWER | ANSWER_2 => self.answer(function, sequence, r, context, out),
            opcode => {
                let draft = Draft::named(function.into(), format_compact!("opcode 0x{opcode:02x}"), Verb::Other)
                    .messages(messages(function.into(), 1));
                out.act(if context.speaker == Speaker::Server { draft.from_server() } else { draft });
                Ok(())
            }
        }
    }

    fn answer(
        &mut self,
        function: u16,
        sequence: u16,
        r: &mut Reader<'_>,
        context: &Context,
        out: &mut Output<'_>,
    ) -> Result<(), Short> {
        let asked = match self.exchange.answer(&sequence) {
            Some((at, request)) if request.function != function => {
                request.unanswered(at, out);
                None
            }
            other => other,
        };
        r.u8("transport flags")?;
        let result = number(r, "return value");
        let code = result.map_or(0, |value| (value & 0xffff) as u16).cast_signed();
        let told = messages(function.into(), if asked.is_some() { 2 } else { 1 });
        let mut draft = match &asked {
            Some((at, request)) => request.draft(*at),
            None => Draft::new(&PROTOCOL, function.into()),
        }
        .messages(told);
        let mut readings = Vec::new();
        if code < 0 {
            out.act(draft.refused(context.at, u32::from(code.cast_unsigned()), error(code)));
            return result.map(|_| ());
        }
        draft = draft.done(context.at);
        if code > 0 {
            draft = draft.status(u32::from(code.cast_unsigned()), error(code));
        }
        match (function, &asked) {
            (CREATE, _) => {
                let count = r.u8("number of object ids").unwrap_or(0);
                let mut ids = Text::default();
                for _ in 0..count {
                    let Ok(id) = number(r, "object id") else { break };
                    if !ids.is_empty() {
                        ids.push(' ');
                    }
                    ids.push_str(&format_compact!("0x{id:08x}"));
                }
                draft = draft.extra("objects", ids);
                identity(r.rest(), About::Server, out);
            }
            (GET_MULTI, Some((_, request))) => {
                value::numbered(r, &request.addresses, &mut readings);
            }
            (GET | GET_STREAM, Some(_)) => {
                if let Ok(value) = value(r, 0) {
                    readings.push(Reading::new(Object::None, value));
                }
            }
            (EXPLORE, _) => identity(r.rest(), About::Server, out),
            _ => {}
        }
        out.act(if readings.is_empty() { draft } else { Draft { values: Values::List(&readings), ..draft } });
        result.map(|_| ())
    }
}

fn error(code: i16) -> Text {
    match ERRORS.iter().find(|(known, _)| *known == code) {
        Some((_, name)) => Text::const_new(name),
        None => format_compact!("error {code}"),
    }
}

impl Request {
    /// What a request is about, as far as it is clear.
    fn read(&mut self, r: &mut Reader<'_>, out: &mut Output<'_>) -> Result<(), Short> {
        let session = r.u32("session id")?;
        self.extra.push(("session", format_compact!("0x{session:08x}")));
        r.u8("transport flags")?;
        match self.function {
            CREATE => {
                let id = r.u32("request id")?;
                self.object = Object::Text(match id {
                    285 => Text::const_new("session"),
                    id => format_compact!("object 0x{id:08x}"),
                });
                let rest = r.rest();
                if id == 285 {
                    self.name = Text::const_new("create session");
                    self.verb = Verb::Login;
                    identity(rest, About::Client, out);
                } else if rest.windows(3).any(|part| BLOCK_ATTRIBUTES.iter().any(|known| known == part)) {
                    self.name = Text::const_new("create block");
                    self.verb = Verb::Program;
                }
            }
            DELETE => {
                let id = r.u32("object id")?;
                self.object = Object::Text(format_compact!("object 0x{id:08x}"));
                if id == session {
                    self.name = Text::const_new("delete session");
                    self.verb = Verb::Login;
                } else if id >> 24 == 0x8a {
                    self.name = Text::const_new("delete block");
                    self.verb = Verb::Program;
                }
            }
            EXPLORE | INVOKE => {
                let id = r.u32("object id")?;
                self.object = Object::Text(format_compact!("object 0x{id:08x}"));
            }
            GET_STREAM | SET_STREAM | GET => {
                let id = r.u32("object id")?;
                self.object = Object::Text(format_compact!("object 0x{id:08x}"));
            }
            SET => {
                let id = r.u32("object id")?;
                let count = number(r, "number of attributes")?;
                let attribute = u32::try_from(number(r, "attribute id")?).unwrap_or(u32::MAX);
                self.object = Object::Text(format_compact!("object 0x{id:08x}.{attribute}"));
                if self.guarded(attribute, out) {
                    return Ok(());
                }
                let written = value(r, 0)?;
                if (id, attribute) == (EXECUTION_UNIT, OPERATING_STATE) {
                    let state = written.as_number().map(|state| state as i64);
                    (self.name, self.verb) = match state {
                        Some(1) => (Text::const_new("stop"), Verb::Stop),
                        Some(3) => (Text::const_new("start"), Verb::Start),
                        _ => (Text::const_new("set operating state"), Verb::Mode),
                    };
                }
                if count == 1 {
                    self.values.push(Reading::new(self.object.clone(), written));
                }
            }
            GET_MULTI | SET_MULTI => {
                let link = r.u32("link id")?;
                let items = number(r, "item count")?;
                let fields = number(r, "number of fields")?;
                if link != 0 {
                    self.object = Object::Text(format_compact!("object 0x{link:08x}"));
                    if link == session && self.function == SET_MULTI {
                        // The client gives the server back what it said of itself: part of opening.
                        self.name = Text::const_new("set up session");
                        self.verb = Verb::Other;
                    }
                    for _ in 0..items.min(value::ITEMS_MAX) {
                        let attribute = u32::try_from(number(r, "attribute id")?).unwrap_or(u32::MAX);
                        if self.guarded(attribute, out) {
                            return Ok(());
                        }
                        self.addresses.push(Address { name: format_compact!("0x{link:08x}.{attribute}") });
                    }
                } else {
                    let _ = fields;
                    for _ in 0..items.min(value::ITEMS_MAX) {
                        self.addresses.push(Address::read(r)?);
                    }
                    self.object = value::together(&self.addresses);
                }
                if self.function == SET_MULTI {
                    value::numbered(r, &self.addresses, &mut self.values);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Attributes whose values are secrets, or whose meaning is another than writing.
    fn guarded(&mut self, attribute: u32, out: &mut Output<'_>) -> bool {
        match attribute {
            SESSION_RESPONSE | LEGITIMATE if self.function != GET_MULTI => {
                self.name = Text::const_new("legitimate");
                self.verb = Verb::Login;
                out.fact(
                    About::Server,
                    FactKey::Credential,
                    "s7comm-plus password response",
                    "legitimation",
                    Confidence::Certain,
                );
                true
            }
            CLOCK if self.verb == Verb::Write => {
                self.name = Text::const_new("set clock");
                self.verb = Verb::Time;
                false
            }
            // Addresses, rate, credit of cyclic variables.
            1_048..=1_053 if self.verb == Verb::Write => {
                self.verb = Verb::Subscribe;
                false
            }
            _ => false,
        }
    }
}

/// Texts that say who one is: `1;6ES7 212-1BE31-0XB0 ;V3.0` (order number and firmware) in answers, names of software
/// in requests.
fn identity(data: &[u8], about: About, out: &mut Output<'_>) {
    let certain = Confidence::Certain;
    let is_client = matches!(about, About::Client);
    for run in data.split(|b| !(0x20..0x7f).contains(b)).filter(|run| run.len() >= 8) {
        let Ok(text) = std::str::from_utf8(run) else { continue };
        let mut parts = text.split(';');
        if let (Some(_), Some(order), Some(version)) = (parts.next(), parts.next(), parts.next())
            && order.starts_with('6')
            && version.starts_with('V')
        {
            out.fact(about.clone(), FactKey::Vendor, "Siemens AG", "create object", Confidence::Likely);
            out.fact(about.clone(), FactKey::OrderNumber, order, "create object", certain);
            out.fact(about.clone(), FactKey::Firmware, version, "create object", certain);
            if !is_client {
                out.fact(about.clone(), FactKey::Role, "plc", "create object", certain);
            }
        }
    }
    if is_client {
        // Attribute 297, a text: the client's software.
        let mark = [0xa3, 0x82, 0x29, 0x00, 0x15];
        if let Some(at) = data.windows(mark.len()).position(|part| part == mark)
            && let Some((length, rest)) = data.get(at.saturating_add(mark.len())..).and_then(<[u8]>::split_first)
            && let Some(name) = rest.get(..usize::from(*length))
        {
            let name = String::from_utf8_lossy(name);
            out.fact(about, FactKey::Software, &name, "create object", Confidence::Likely);
        }
    }
}

#[cfg(test)]
mod tests;
