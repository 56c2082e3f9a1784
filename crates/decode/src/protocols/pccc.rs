//! PCCC: the commands of PLC-5, SLC 500 and MicroLogix controllers, carried by CIP or DF1.

use compact_str::format_compact;
use model::{Confidence, FactKey, Messages, Object, Reading, Text, Value, Verb};
use wire::{Reader, Short};

use super::cip::Around;
use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Exchange, Match, Output, Probe, Protocol, Speaker, Values, Verdict,
    code,
};

/// Commands: 1770-6.5.16, chapter 7. The code is the command byte, or command and function.
const CODES: &[Code] = &[
    code(0x00, "protected write", Verb::Write),
    code(0x01, "unprotected read", Verb::Read),
    code(0x02, "protected bit write", Verb::Write),
    code(0x05, "unprotected bit write", Verb::Write),
    code(0x08, "unprotected write", Verb::Write),
    code(0x0600, "echo", Verb::Diagnose),
    code(0x0601, "read diagnostic counters", Verb::Diagnose),
    code(0x0602, "set variables", Verb::Configure),
    code(0x0603, "diagnostic status", Verb::Identify),
    code(0x0604, "set timeout", Verb::Configure),
    code(0x0605, "set naks", Verb::Configure),
    code(0x0606, "set enqs", Verb::Configure),
    code(0x0607, "reset diagnostic counters", Verb::Diagnose),
    code(0x0608, "set data table size", Verb::Configure),
    code(0x0609, "read link parameters", Verb::Diagnose),
    code(0x060a, "set link parameters", Verb::Configure),
    code(0x0700, "disable outputs", Verb::Mode),
    code(0x0701, "enable outputs", Verb::Mode),
    code(0x0703, "enable program", Verb::Start),
    code(0x0704, "physical write", Verb::Program),
    code(0x0706, "enter download mode", Verb::Program),
    code(0x0f00, "word range write", Verb::Write),
    code(0x0f01, "word range read", Verb::Read),
    code(0x0f02, "bit write", Verb::Write),
    code(0x0f03, "file write", Verb::Write),
    code(0x0f04, "file read", Verb::Read),
    code(0x0f05, "download request", Verb::Program),
    code(0x0f06, "upload request", Verb::Upload),
    code(0x0f07, "shutdown", Verb::Stop),
    code(0x0f08, "restart", Verb::Start),
    code(0x0f09, "physical read", Verb::Upload),
    code(0x0f0a, "physical write", Verb::Program),
    code(0x0f11, "get edit resource", Verb::Login),
    code(0x0f12, "return edit resource", Verb::Login),
    code(0x0f17, "read bytes physical", Verb::Upload),
    code(0x0f18, "write bytes physical", Verb::Program),
    code(0x0f26, "read-modify-write", Verb::Write),
    code(0x0f29, "read section size", Verb::Browse),
    code(0x0f3a, "set cpu mode", Verb::Mode),
    code(0x0f41, "disable forces", Verb::Operate),
    code(0x0f50, "download all request", Verb::Program),
    code(0x0f52, "download completed", Verb::Program),
    code(0x0f53, "upload all request", Verb::Upload),
    code(0x0f55, "upload completed", Verb::Upload),
    code(0x0f57, "initialize memory", Verb::Program),
    code(0x0f5e, "modify plc-2 compatibility file", Verb::Configure),
    code(0x0f67, "typed write", Verb::Write),
    code(0x0f68, "typed read", Verb::Read),
    code(0x0f79, "read-modify-write n", Verb::Write),
    code(0x0f80, "change mode", Verb::Mode),
    code(0x0f81, "open file", Verb::File),
    code(0x0f82, "close file", Verb::File),
    code(0x0f88, "execute multiple", Verb::Other),
    code(0x0f8f, "apply port configuration", Verb::Configure),
    code(0x0fa1, "protected typed logical read with two address fields", Verb::Read),
    code(0x0fa2, "protected typed logical read with three address fields", Verb::Read),
    code(0x0fa7, "protected typed file read", Verb::File),
    code(0x0fa9, "protected typed logical write with two address fields", Verb::Write),
    code(0x0faa, "protected typed logical write with three address fields", Verb::Write),
    code(0x0fab, "protected typed logical masked write", Verb::Write),
    code(0x0faf, "protected typed file write", Verb::File),
];

/// PCCC.
pub static PROTOCOL: Protocol = Protocol {
    id: "pccc",
    title: "PCCC",
    about: "Reads and writes data files of PLC-5, SLC 500 and MicroLogix controllers, changes their mode and loads their programs.",
    depth: "All published commands and functions by name, addresses and values of typed reads and writes, mode changes, diagnostic status, errors.",
    documents: &[
        "DF1 Protocol and Command Set Reference Manual, 1770-6.5.16 (Rockwell Automation, 1996), chapters 7 and 8",
    ],
    carriers: &[Carrier::Inside("cip")],
    is_industrial: true,
    codes: CODES,
    probe,
    open: |_| Box::new(Bare::default()),
};

/// Errors in the upper half of the status: chapter 8, remote errors; in the lower half: local ones.
const STATUSES: &[(u8, &str)] = &[
    (0x01, "destination node is out of buffer space"),
    (0x02, "remote node does not acknowledge"),
    (0x03, "duplicate token holder"),
    (0x04, "local port is disconnected"),
    (0x05, "application layer timed out"),
    (0x06, "duplicate node"),
    (0x07, "station is offline"),
    (0x08, "hardware fault"),
    (0x10, "illegal command or format"),
    (0x20, "host has a problem"),
    (0x30, "remote node host is missing"),
    (0x40, "hardware fault of the host"),
    (0x50, "addressing problem or memory protect rungs"),
    (0x60, "function disallowed by command protection"),
    (0x70, "processor is in program mode"),
    (0x80, "compatibility mode file missing"),
    (0x90, "remote node cannot buffer command"),
    (0xa0, "wait, remote node buffer full"),
    (0xb0, "download problem"),
];

/// Errors behind a status of 0xf0: chapter 8, extended status.
const EXTENDED: &[&str] = &[
    "",
    "illegal value in a field",
    "less levels specified in address than minimum",
    "more levels specified in address than supported",
    "symbol not found",
    "symbol of improper format",
    "address does not point to something usable",
    "file is wrong size",
    "cannot complete request, situation has changed",
    "data or file too large",
    "transaction size plus word address too large",
    "access denied, improper privilege",
    "condition cannot be generated",
    "condition already exists",
    "command cannot be executed",
    "histogram overflow",
    "no access",
    "illegal data type",
    "invalid parameter or data",
    "address reference to deleted area",
    "command execution failure for unknown reason",
    "data conversion error",
    "scanner cannot communicate with rack adapter",
    "type mismatch",
    "module response not valid",
    "duplicate label",
    "file is open, another node owns it",
    "another node is the program owner",
    "reserved",
    "reserved",
    "data table element protection violation",
    "temporary internal problem",
];

/// A message inside CIP with what is around it.
pub(crate) struct Carried<'a> {
    pub request: Option<&'a [u8]>,
    pub answer: Option<&'a [u8]>,
    /// The id of the requester comes first.
    pub has_requester: bool,
}

/// Command, function and transaction of a message: chapter 7, "message format".
struct Head<'a> {
    command: u8,
    status: u8,
    function: Option<u8>,
    data: Reader<'a>,
}

impl<'a> Head<'a> {
    fn read(r: &mut Reader<'a>, has_requester: bool) -> Result<Head<'a>, Short> {
        if has_requester {
            // The length counts itself.
            let length = r.u8("requester id length")?;
            r.skip(usize::from(length.saturating_sub(1)), "requester id")?;
        }
        let command = r.u8("command")?;
        let status = r.u8("status")?;
        r.u16_le("transaction")?;
        let is_request = command & 0x40 == 0;
        let has_function = matches!(command & 0x0f, 0x06 | 0x07 | 0x0f);
        let function = if is_request && has_function { Some(r.u8("function")?) } else { None };
        let data = r.sub_at_most(r.left());
        Ok(Head { command, status, function, data })
    }

    fn code(&self) -> u32 {
        let command = u32::from(self.command & 0x0f);
        match self.function {
            Some(function) => command << 8 | u32::from(function),
            None => command,
        }
    }
}

fn probe(probe: &Probe<'_>) -> Verdict {
    match probe.bytes {
        [command @ (0x00 | 0x01 | 0x02 | 0x05 | 0x06 | 0x07 | 0x08 | 0x0f), 0, _, _, function, ..] => {
            let code = match command {
                0x06 | 0x07 | 0x0f => u32::from(*command) << 8 | u32::from(*function),
                _ => u32::from(*command),
            };
            match CODES.binary_search_by_key(&code, |row| row.code) {
                Ok(_) => Verdict::by(Match::Weak, Speaker::Client),
                Err(_) => Verdict::NO,
            }
        }
        [0x40 | 0x41 | 0x42 | 0x45 | 0x46 | 0x47 | 0x48 | 0x4f, _, _, _, ..] => {
            Verdict::by(Match::Weak, Speaker::Server)
        }
        _ => Verdict::NO,
    }
}

/// Tells a command that CIP carried, with its answer.
pub(crate) fn tell(carried: &Carried<'_>, around: &Around, messages: Messages, out: &mut Output<'_>) {
    out.within(&PROTOCOL, |out| {
        let mut request_reader = Reader::new(carried.request.unwrap_or_default());
        let mut answer_reader = Reader::new(carried.answer.unwrap_or_default());
        let request = carried.request.map(|_| Head::read(&mut request_reader, carried.has_requester));
        let answer = carried.answer.map(|_| Head::read(&mut answer_reader, carried.has_requester));
        let (request, answer) = (kept(request, out), kept(answer, out));
        act(request, answer, around, messages, out);
    });
}

fn kept<'a>(head: Option<Result<Head<'a>, Short>>, out: &mut Output<'_>) -> Option<Head<'a>> {
    match head? {
        Ok(head) => Some(head),
        Err(short) => {
            out.short(&short);
            None
        }
    }
}

fn act(request: Option<Head<'_>>, answer: Option<Head<'_>>, around: &Around, messages: Messages, out: &mut Output<'_>) {
    let code = request.as_ref().or(answer.as_ref()).map_or(0, Head::code);
    let mut draft = match &request {
        Some(_) => Draft::new(&PROTOCOL, code),
        // An answer alone does not tell its function.
        None => Draft::named(code, format_compact!("command 0x{code:02x}"), Verb::Other),
    };
    draft = draft.behind(around.behind.clone()).messages(messages);
    if let Some(at) = around.asked {
        draft = draft.asked(at);
    }
    draft = match (around.answered, &answer) {
        (Some(at), Some(answer)) if answer.status != 0 => {
            let (code, name) = status(answer);
            draft.refused(at, code, name)
        }
        (Some(at), _) => draft.done(at),
        (None, _) => draft.no_answer(),
    };
    if around.is_from_server {
        draft = draft.from_server();
    }
    let mut readings = Vec::new();
    if let Some(request) = &request {
        let good = answer.as_ref().filter(|answer| answer.status == 0);
        match contents(code, request.data, good.map(|answer| answer.data), &mut readings) {
            Ok(Contents { object, extra, verb }) => {
                draft = draft.object(object);
                if let Some(verb) = verb {
                    draft = draft.verb(verb);
                }
                if let Some((name, value)) = extra {
                    draft = draft.extra(name, value);
                }
            }
            Err(short) => out.short(&short),
        }
        if code == 0x0603
            && let Some(answer) = good
        {
            diagnostic_status(answer.data, around, out);
        }
    }
    out.act(draft.values(Values::List(&readings)));
}

/// Code and name of a status that is not 0.
fn status(answer: &Head<'_>) -> (u32, Text) {
    if answer.status & 0xf0 == 0xf0
        && let Some(extended) = answer.data.peek()
    {
        let name = match EXTENDED.get(usize::from(extended)) {
            Some(name) if !name.is_empty() => Text::const_new(name),
            _ => format_compact!("extended status 0x{extended:02x}"),
        };
        return (0xf000 | u32::from(extended), name);
    }
    let status = answer.status;
    let known = STATUSES.iter().find(|(code, _)| *code == status || *code == status & 0xf0);
    (status.into(), known.map_or_else(|| format_compact!("0x{status:02x}"), |(_, name)| Text::const_new(name)))
}

/// What a command was done to.
struct Contents {
    object: Object,
    extra: Option<(&'static str, Text)>,
    /// Another verb than the command's.
    verb: Option<Verb>,
}

fn contents(
    code: u32,
    mut r: Reader<'_>,
    answer: Option<Reader<'_>>,
    readings: &mut Vec<Reading>,
) -> Result<Contents, Short> {
    let none = Contents { object: Object::None, extra: None, verb: None };
    match code {
        0x0fa1 | 0x0fa2 => {
            let size = r.u8("byte size")?;
            let address = Address::read(&mut r, code == 0x0fa2)?;
            if let Some(answer) = answer {
                address.values(answer, readings);
            }
            let extra = Some(("bytes", format_compact!("{size}")));
            Ok(Contents { object: address.name(0).into(), extra, verb: address.verb(false) })
        }
        0x0fa9 | 0x0faa => {
            r.u8("byte size")?;
            let address = Address::read(&mut r, code == 0x0faa)?;
            address.values(r, readings);
            Ok(Contents { object: address.name(0).into(), extra: None, verb: address.verb(true) })
        }
        0x0fab => {
            r.u8("byte size")?;
            let address = Address::read(&mut r, true)?;
            let mask = r.u16_le("mask")?;
            let value = r.u16_le("data")?;
            let name = address.name(0);
            // One bit in the mask is one bit of the file: `B3:0/1`.
            let object = if mask.is_power_of_two() {
                let bit = mask.trailing_zeros();
                let object = format_compact!("{name}/{bit}");
                readings.push(Reading::new(object.clone(), Value::Bool(value & mask != 0)));
                object
            } else {
                readings.push(Reading::new(name.clone(), Value::Unsigned((value & mask).into())));
                name
            };
            let extra = Some(("mask", format_compact!("0x{mask:04x}")));
            Ok(Contents { object: object.into(), extra, verb: address.verb(true) })
        }
        0x0f80 | 0x0f3a => {
            let mode = r.u8("mode")?;
            let name = match (code, mode) {
                (0x0f80, 0x01) => Text::const_new("remote program"),
                (0x0f80, 0x06) => Text::const_new("remote run"),
                (0x0f80, 0x07) => Text::const_new("test continuous scan"),
                (0x0f80, 0x08) => Text::const_new("test single scan"),
                (0x0f80, 0x09) => Text::const_new("debug single step"),
                (0x0f3a, _) if mode & 0x03 == 0 => Text::const_new("program"),
                (0x0f3a, _) if mode & 0x03 == 1 => Text::const_new("remote test"),
                (0x0f3a, _) if mode & 0x03 == 2 => Text::const_new("remote run"),
                _ => format_compact!("0x{mode:02x}"),
            };
            Ok(Contents { object: Object::None, extra: Some(("mode", name)), verb: None })
        }
        0x00 | 0x01 | 0x02 | 0x05 | 0x08 => {
            let address = r.u16_le("address")?;
            let object = format_compact!("address 0o{address:o}");
            match (code, answer) {
                (0x01, Some(answer)) => words(&object, answer, readings),
                (0x00 | 0x08, _) => words(&object, r, readings),
                _ => {}
            }
            Ok(Contents { object: object.into(), extra: None, verb: None })
        }
        0x0f00 | 0x0f01 | 0x0f67 | 0x0f68 => {
            r.skip(4, "packet offset, total transaction")?;
            let object = plc5_address(&mut r)?;
            Ok(Contents { object: object.into(), extra: None, verb: None })
        }
        0x0f05..=0x0f0a | 0x0f17 | 0x0f18 | 0x0f50..=0x0f57 | 0x0704 | 0x0706 => {
            let bytes = format_compact!("{}", r.left());
            Ok(Contents { object: Object::None, extra: Some(("bytes", bytes)), verb: None })
        }
        0x0fa7 | 0x0faf | 0x0f81 => {
            let bytes = answer.map_or(r.left(), |answer| answer.left().max(r.left()));
            Ok(Contents { object: Object::None, extra: Some(("bytes", format_compact!("{bytes}"))), verb: None })
        }
        _ => Ok(none),
    }
}

/// 16-bit words in a row.
fn words(object: &Text, r: Reader<'_>, readings: &mut Vec<Reading>) {
    for (index, word) in r.rest().as_chunks::<2>().0.iter().enumerate() {
        let value = Value::Unsigned(u16::from_le_bytes(*word).into());
        let name = if index == 0 { object.clone() } else { format_compact!("{object}+{index}") };
        readings.push(Reading::new(name, value));
    }
}

/// An address of PLC-5: a logical binary one (chapter 13: flag byte says which levels follow) or an ASCII one.
fn plc5_address(r: &mut Reader<'_>) -> Result<Text, Short> {
    if r.peek() == Some(0) {
        // `00 $N7:0 00`.
        let bytes = r.take_rest();
        let name = bytes.get(1..).unwrap_or_default();
        let end = name.iter().position(|b| *b == 0).unwrap_or(name.len());
        return Ok(String::from_utf8_lossy(name.get(..end).unwrap_or_default()).trim_start_matches('$').into());
    }
    let flags = r.u8("address levels")?;
    let mut text = Text::default();
    for level in 0..7 {
        if flags >> level & 1 == 1 {
            let number = field(r, "address level")?;
            if !text.is_empty() {
                text.push(':');
            }
            text.push_str(&format_compact!("{number}"));
        }
    }
    Ok(format_compact!("address {text}"))
}

/// A field of an address: one byte, or 0xff and two.
fn field(r: &mut Reader<'_>, what: &'static str) -> Result<u16, Short> {
    match r.u8(what)? {
        0xff => r.u16_le(what),
        byte => Ok(byte.into()),
    }
}

/// An address of SLC 500: file, type, element, sub-element (chapter 7, "protected typed logical read").
#[derive(Clone, Copy, Debug)]
struct Address {
    file: u16,
    kind: u8,
    element: u16,
    sub: u16,
}

impl Address {
    fn read(r: &mut Reader<'_>, has_sub: bool) -> Result<Address, Short> {
        let file = field(r, "file number")?;
        let kind = r.u8("file type")?;
        let element = field(r, "element number")?;
        let sub = if has_sub { field(r, "sub-element number")? } else { 0 };
        Ok(Address { file, kind, element, sub })
    }

    /// Letter of the file type and bytes of an element.
    fn letter(self) -> (&'static str, u16) {
        match self.kind {
            0x82 | 0x8b => ("O", 2),
            0x83 | 0x8c => ("I", 2),
            0x84 => ("S", 2),
            0x85 => ("B", 2),
            0x86 => ("T", 6),
            0x87 => ("C", 6),
            0x88 => ("R", 6),
            0x89 => ("N", 2),
            0x8a => ("F", 4),
            0x8d => ("ST", 84),
            0x8e => ("A", 2),
            0x8f => ("D", 2),
            0x91 => ("L", 4),
            0x92 => ("MG", 50),
            0x93 => ("PD", 46),
            0x94 => ("PLS", 12),
            _ => ("", 2),
        }
    }

    /// Files without a letter are no data: ladder files (0x22 and up) are the program, the others system files such as
    /// the function files of MicroLogix.
    fn verb(self, is_write: bool) -> Option<Verb> {
        let is_program = (0x20..0x40).contains(&self.kind);
        match (self.letter().0.is_empty(), is_write) {
            (true, true) => Some(if is_program { Verb::Program } else { Verb::Configure }),
            (true, false) if is_program => Some(Verb::Upload),
            _ => None,
        }
    }

    /// `N7:0`, `T4:2.1`, `file 9 type 0x03:4` where the type has no letter.
    fn name(self, index: u16) -> Text {
        let (letter, _) = self.letter();
        let element = self.element.wrapping_add(index);
        // The sub-element counts words within timers, counters and controls.
        let sub = if self.sub > 0 { format_compact!(".{}", self.sub) } else { Text::default() };
        match letter {
            "" => format_compact!("file {} type 0x{:02x}:{element}{sub}", self.file, self.kind),
            // Inputs, outputs and the status file are files 0 to 2 and are written without a number.
            "O" | "I" | "S" if self.file <= 2 => format_compact!("{letter}:{element}{sub}"),
            _ => format_compact!("{letter}{}:{element}{sub}", self.file),
        }
    }

    fn values(self, r: Reader<'_>, readings: &mut Vec<Reading>) {
        let (letter, size) = self.letter();
        let size = if self.sub > 0 { 2 } else { size };
        let mut index = 0;
        for bytes in r.rest().chunks(size.into()) {
            let value = match (letter, bytes) {
                ("F", [a, b, c, d]) => Value::Float(f32::from_le_bytes([*a, *b, *c, *d]).into()),
                ("L", [a, b, c, d]) => Value::Integer(i32::from_le_bytes([*a, *b, *c, *d]).into()),
                ("N", [a, b]) => Value::Integer(i16::from_le_bytes([*a, *b]).into()),
                ("ST", [a, b, characters @ ..]) => {
                    // Characters lie swapped in words.
                    let length = usize::from(u16::from_le_bytes([*a, *b]));
                    let swapped: Vec<u8> = characters
                        .as_chunks::<2>()
                        .0
                        .iter()
                        .flat_map(|[low, high]| [*high, *low])
                        .take(length)
                        .collect();
                    Value::Text(String::from_utf8_lossy(&swapped).as_ref().into())
                }
                (_, [a, b]) => Value::Unsigned(u16::from_le_bytes([*a, *b]).into()),
                (_, bytes) => Value::Bytes(bytes.into()),
            };
            readings.push(Reading::new(self.name(index), value));
            index = index.wrapping_add(1);
        }
    }
}

/// Who a controller is: chapter 10. Bytes: mode, type extension, extended interface, extended type, series and
/// revision, bulletin name in characters (SLC 500 and MicroLogix).
fn diagnostic_status(mut r: Reader<'_>, around: &Around, out: &mut Output<'_>) {
    let bytes = r.take_rest();
    let about = if around.is_from_server { About::Client } else { About::BehindServer(around.behind.clone()) };
    const SOURCE: &str = "diagnostic status";
    if bytes.get(1) == Some(&0xee)
        && let Some(name) = bytes.get(5..16)
    {
        let name = String::from_utf8_lossy(name);
        if name.chars().all(|c| c.is_ascii_graphic() || c == ' ' || c == '\0') {
            let name = name.trim_matches(|c: char| c == ' ' || c == '\0');
            out.fact(about.clone(), FactKey::Model, name, SOURCE, Confidence::Certain);
            if name.starts_with(|c: char| c.is_ascii_digit()) && name.contains('-') {
                out.fact(about.clone(), FactKey::OrderNumber, name, SOURCE, Confidence::Certain);
            }
        }
        out.fact(about.clone(), FactKey::Vendor, "Rockwell Automation", SOURCE, Confidence::Certain);
        out.fact(about.clone(), FactKey::Role, "plc", SOURCE, Confidence::Certain);
        // Series in bits 5 to 7 (0 is A), revision in the others.
        if let Some(byte) = bytes.get(4) {
            let series = char::from(b'A'.saturating_add(byte >> 5));
            let text = format_compact!("series {series} revision {}", byte & 0x1f);
            out.fact(about, FactKey::Hardware, &text, SOURCE, Confidence::Likely);
        }
    }
}

/// PCCC without CIP around it: found by transaction.
#[derive(Default)]
struct Bare {
    exchange: Exchange<u16, Vec<u8>>,
}

/// Bytes of a request that are kept: the largest message has 244.
const KEPT_MAX: usize = 512;

impl Decoder for Bare {
    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        let Some([command, _, low, high]) = message.first_chunk::<4>() else {
            return out.malformed(0, "command", "shorter than four bytes");
        };
        let transaction = u16::from_le_bytes([*low, *high]);
        let told = if command & 0x40 == 0 {
            let kept = message.get(..message.len().min(KEPT_MAX)).unwrap_or_default().to_vec();
            self.exchange.ask(transaction, context.at, kept).map(|(_, at, old)| (Some(at), Some(old), None))
        } else {
            match self.exchange.answer(&transaction) {
                Some((at, request)) => Some((Some(at), Some(request), Some(message))),
                None => Some((None, None, Some(message))),
            }
        };
        if let Some((asked, request, answer)) = told {
            alone(asked, request.as_deref(), answer, context.at, out);
        }
        while let Some((_, at, request)) = self.exchange.overdue(context.at) {
            alone(Some(at), Some(&request), None, context.at, out);
        }
    }

    fn end(&mut self, out: &mut Output<'_>) {
        let at = out.at();
        for (_, asked, request) in self.exchange.drain() {
            alone(Some(asked), Some(&request), None, at, out);
        }
    }
}

fn alone(
    asked: Option<model::Time>,
    request: Option<&[u8]>,
    answer: Option<&[u8]>,
    at: model::Time,
    out: &mut Output<'_>,
) {
    let around = Around {
        asked,
        answered: answer.map(|_| at),
        is_from_server: false,
        behind: model::Behind::Nobody,
        messages: Messages::none(),
    };
    tell(&Carried { request, answer, has_requester: false }, &around, Messages::none(), out);
}

#[cfg(test)]
#[path = "pccc/tests.rs"]
mod tests;
