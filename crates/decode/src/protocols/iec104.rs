//! IEC 60870-5-104: telecontrol of substations, grids, water and gas over TCP; frames, roles, requests and answers.

mod asdu;
mod element;
#[cfg(test)]
mod tests;
mod time;

use compact_str::format_compact;
use model::{Behind, Confidence, FactKey, Object, Reading, Text, Time, Verb};
use wire::{Reader, Short};

use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Exchange, Match, Measure, Output, Probe, Protocol, Speaker, Values,
    Verdict, code,
};
use asdu::{Asdu, Direction, Sizes};

/// Type identifications: IEC 60870-5-101:2003 table 8 to 12, IEC 60870-5-104:2006 section 7.2, and for 41 and 81 to 95
/// IEC 62351-5 / IEC 60870-5-7. From 256 on: the function bits of U frames (control octet 1 shifted right by two).
const CODES: &[Code] = &[
    code(1, "single-point information", Verb::Report),
    code(2, "single-point information with time tag", Verb::Report),
    code(3, "double-point information", Verb::Report),
    code(4, "double-point information with time tag", Verb::Report),
    code(5, "step position information", Verb::Report),
    code(6, "step position information with time tag", Verb::Report),
    code(7, "bitstring of 32 bit", Verb::Report),
    code(8, "bitstring of 32 bit with time tag", Verb::Report),
    code(9, "measured value, normalized value", Verb::Report),
    code(10, "measured value, normalized value with time tag", Verb::Report),
    code(11, "measured value, scaled value", Verb::Report),
    code(12, "measured value, scaled value with time tag", Verb::Report),
    code(13, "measured value, short floating point number", Verb::Report),
    code(14, "measured value, short floating point number with time tag", Verb::Report),
    code(15, "integrated totals", Verb::Report),
    code(16, "integrated totals with time tag", Verb::Report),
    code(17, "event of protection equipment with time tag", Verb::Report),
    code(18, "packed start events of protection equipment with time tag", Verb::Report),
    code(19, "packed output circuit information of protection equipment with time tag", Verb::Report),
    code(20, "packed single-point information with status change detection", Verb::Report),
    code(21, "measured value, normalized value without quality descriptor", Verb::Report),
    code(30, "single-point information with time tag cp56time2a", Verb::Report),
    code(31, "double-point information with time tag cp56time2a", Verb::Report),
    code(32, "step position information with time tag cp56time2a", Verb::Report),
    code(33, "bitstring of 32 bit with time tag cp56time2a", Verb::Report),
    code(34, "measured value, normalized value with time tag cp56time2a", Verb::Report),
    code(35, "measured value, scaled value with time tag cp56time2a", Verb::Report),
    code(36, "measured value, short floating point number with time tag cp56time2a", Verb::Report),
    code(37, "integrated totals with time tag cp56time2a", Verb::Report),
    code(38, "event of protection equipment with time tag cp56time2a", Verb::Report),
    code(39, "packed start events of protection equipment with time tag cp56time2a", Verb::Report),
    code(40, "packed output circuit information of protection equipment with time tag cp56time2a", Verb::Report),
    code(41, "integrated totals containing time-tagged security statistics", Verb::Report),
    code(45, "single command", Verb::Operate),
    code(46, "double command", Verb::Operate),
    code(47, "regulating step command", Verb::Operate),
    code(48, "set point command, normalized value", Verb::Operate),
    code(49, "set point command, scaled value", Verb::Operate),
    code(50, "set point command, short floating point number", Verb::Operate),
    code(51, "bitstring of 32 bit command", Verb::Operate),
    code(58, "single command with time tag cp56time2a", Verb::Operate),
    code(59, "double command with time tag cp56time2a", Verb::Operate),
    code(60, "regulating step command with time tag cp56time2a", Verb::Operate),
    code(61, "set point command, normalized value with time tag cp56time2a", Verb::Operate),
    code(62, "set point command, scaled value with time tag cp56time2a", Verb::Operate),
    code(63, "set point command, short floating point number with time tag cp56time2a", Verb::Operate),
    code(64, "bitstring of 32 bit command with time tag cp56time2a", Verb::Operate),
    code(70, "end of initialization", Verb::Report),
    code(81, "authentication challenge", Verb::Login),
    code(82, "authentication reply", Verb::Login),
    code(83, "aggressive mode authentication request", Verb::Login),
    code(84, "session key status request", Verb::Login),
    code(85, "session key status", Verb::Login),
    code(86, "session key change", Verb::Login),
    code(87, "authentication error", Verb::Login),
    code(90, "user status change", Verb::Login),
    code(91, "update key change request", Verb::Login),
    code(92, "update key change reply", Verb::Login),
    code(93, "update key change symmetric", Verb::Login),
    code(94, "update key change asymmetric", Verb::Login),
    code(95, "update key change confirmation", Verb::Login),
    code(100, "interrogation command", Verb::Read),
    code(101, "counter interrogation command", Verb::Read),
    code(102, "read command", Verb::Read),
    code(103, "clock synchronization command", Verb::Time),
    code(104, "test command", Verb::Diagnose),
    code(105, "reset process command", Verb::Reset),
    code(106, "delay acquisition command", Verb::Time),
    code(107, "test command with time tag cp56time2a", Verb::Diagnose),
    code(110, "parameter of measured value, normalized value", Verb::Configure),
    code(111, "parameter of measured value, scaled value", Verb::Configure),
    code(112, "parameter of measured value, short floating point number", Verb::Configure),
    code(113, "parameter activation", Verb::Configure),
    code(120, "file ready", Verb::File),
    code(121, "section ready", Verb::File),
    code(122, "call directory, select file, call file, call section", Verb::File),
    code(123, "last section, last segment", Verb::File),
    code(124, "ack file, ack section", Verb::File),
    code(125, "segment", Verb::File),
    code(126, "directory", Verb::File),
    code(127, "query log", Verb::File),
    code(257, "startdt", Verb::Subscribe),
    code(258, "startdt con", Verb::Subscribe),
    code(260, "stopdt", Verb::Subscribe),
    code(264, "stopdt con", Verb::Subscribe),
    code(272, "testfr", Verb::Other),
    code(288, "testfr con", Verb::Other),
];

/// IEC 60870-5-104.
pub static PROTOCOL: Protocol = Protocol {
    id: "iec104",
    title: "IEC 60870-5-104",
    about: "Control centres read and command substations, pumping stations and power plants with it; commands carry no proof of who sent them unless IEC 62351-5 is used.",
    depth: "All standard type identifications with values, quality and time tags. Objects are `ioa N` (or `13 of ioa 200-260` where \
addresses are no row); behind the server is the common address (`link N`). Double points and double commands are 0 intermediate, 1 off, 2 on, \
3 indeterminate; bitstrings are numbers whose bit 0 is the standard's bit 1; normalized values are -1 to 1. Times are the station's own clock, taken as UTC; \
`summer` and `time invalid` are told. A command and its confirmation are one act with `action` (select, execute) and `qualifier`; its termination is \
an act of its own, reported by the server. Field `cause` is the cause of transmission, `originator` the originator address, `test` the test bit. \
Codes from 256 on are U frames: 257 startdt, 260 stopdt, 272 testfr and their confirmations. S frames are followed, not told.",
    documents: &[
        "IEC 60870-5-104:2006+A1:2016",
        "IEC 60870-5-101:2003 (application layer)",
        "IEC 60870-5-7:2013 (type identifications of IEC 62351-5)",
    ],
    carriers: &[Carrier::Tcp(&[2404, 19998])],
    is_industrial: true,
    codes: CODES,
    probe,
    open: |_| Box::new(Iec104::default()),
};

const START: u8 = 0x68;
/// Start and length octet, which the length octet does not count.
const FRAME_HEAD_BYTES: usize = 2;
/// Start, length and four control octets.
const APCI_BYTES: usize = 6;
/// The length octet of a frame without ASDU, and its largest value (IEC 60870-5-104, section 5).
const LENGTH_MIN: usize = 4;
const LENGTH_MAX: usize = 253;
/// Sequence numbers have 15 bits.
const SEQUENCE_MASK: u16 = 0x7fff;

/// The three frame formats (section 5.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Format {
    /// Information, with its send sequence number.
    Information(u16),
    Supervisory,
    /// Unnumbered, with its function bits.
    Unnumbered(u8),
}

/// Length and format of the frame at the start of `bytes`.
fn frame(bytes: &[u8]) -> Result<(usize, Format), Measure> {
    let mut r = Reader::new(bytes);
    if r.peek().is_some_and(|start| start != START) {
        return Err(Measure::Malformed("start octet is not 0x68"));
    }
    let more = |_: Short| Measure::More(APCI_BYTES);
    r.u8("start").map_err(more)?;
    let length = usize::from(r.u8("length").map_err(more)?);
    if !(LENGTH_MIN..=LENGTH_MAX).contains(&length) {
        return Err(Measure::Malformed("length is under 4 or over 253"));
    }
    let [one, two, three, four] = r.array::<4>("control octets").map_err(more)?;
    let format = match one & 3 {
        3 if length != LENGTH_MIN || [two, three, four] != [0; 3] => {
            return Err(Measure::Malformed("control octets of a U frame are not 0"));
        }
        3 => match one >> 2 {
            function @ (1 | 2 | 4 | 8 | 0x10 | 0x20) => Format::Unnumbered(function),
            _ => return Err(Measure::Malformed("a U frame must have one function")),
        },
        1 if length == LENGTH_MIN && one == 1 && two == 0 && three & 1 == 0 => Format::Supervisory,
        1 => return Err(Measure::Malformed("control octets of an S frame do not fit")),
        _ if three & 1 != 0 => return Err(Measure::Malformed("control octets of an I frame do not fit")),
        // Type, qualifier, cause and common address take four octets at least.
        _ if length < LENGTH_MIN + 4 => return Err(Measure::Malformed("an I frame without ASDU")),
        _ => {
            let head = r.array::<3>("type, qualifier and cause").map_err(|_| Measure::More(APCI_BYTES + 3))?;
            if head[0] == 0 || head[2] & 0x3f == 0 {
                return Err(Measure::Malformed("type or cause of transmission is 0"));
            }
            Format::Information(u16::from_le_bytes([one, two]) >> 1)
        }
    };
    Ok((length.saturating_add(FRAME_HEAD_BYTES), format))
}

fn probe(probe: &Probe<'_>) -> Verdict {
    let mut best = Verdict::NO;
    let mut rest = probe.bytes;
    while !rest.is_empty() {
        let (length, format) = match frame(rest) {
            Ok(found) => found,
            Err(Measure::More(_)) if best == Verdict::NO => return Verdict::MORE,
            Err(Measure::More(_)) => break,
            Err(_) => return Verdict::NO,
        };
        let body = rest.get(APCI_BYTES..length.min(rest.len())).unwrap_or_default();
        let is_whole = rest.len() >= length;
        let (matched, speaker) = match format {
            Format::Unnumbered(1 | 4) => (Match::Certain, Some(Speaker::Client)),
            Format::Unnumbered(2 | 8) => (Match::Certain, Some(Speaker::Server)),
            Format::Unnumbered(_) => (Match::Certain, None),
            Format::Supervisory => (Match::Likely, None),
            Format::Information(_) if !is_whole => (Match::Weak, None),
            Format::Information(_) => match Sizes::of(body) {
                Some(sizes) => match Asdu::read(&mut Reader::new(body), sizes) {
                    Ok(asdu) if asdu.cause <= 47 => (Match::Certain, asdu.direction().map(speaker_of)),
                    _ => (Match::Weak, None),
                },
                None => (Match::Weak, None),
            },
        };
        best = Verdict { matched: best.matched.max(matched), speaker: best.speaker.or(speaker) };
        rest = rest.get(length..).unwrap_or_default();
    }
    best
}

const fn speaker_of(direction: Direction) -> Speaker {
    match direction {
        Direction::Control => Speaker::Client,
        Direction::Monitor => Speaker::Server,
    }
}

/// What answers are found by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    /// A U frame of this function, sent by the client or not.
    Unnumbered { function: u8, is_client: bool },
    /// Common address, type, first object, deactivation or not, select or not. `round` tells equal requests apart that
    /// wait at the same time.
    Command { common: u16, kind: u8, object: u32, is_deactivation: bool, is_select: bool, round: u8 },
}

/// Equal requests that may wait at the same time: a control centre asks again before the first confirmation came.
const ROUNDS: u8 = 4;

/// The keys of equal requests.
fn rounds(key: Key) -> impl Iterator<Item = Key> {
    (0..ROUNDS).map(move |number| match key {
        Key::Command { common, kind, object, is_deactivation, is_select, .. } => {
            Key::Command { common, kind, object, is_deactivation, is_select, round: number }
        }
        key => key,
    })
}

/// A request that waits.
#[derive(Default)]
struct Request {
    kind: u32,
    verb: Option<Verb>,
    behind: Behind,
    object: Object,
    values: Vec<Reading>,
    action: Text,
    qualifier: Text,
    originator: u8,
    is_test: bool,
    is_from_server: bool,
    is_deactivation: bool,
}

#[derive(Default)]
struct Iec104 {
    exchange: Exchange<Key, Request>,
    /// Next send sequence number of client and server, where known.
    next: [Option<u16>; 2],
    /// Field sizes of this flow, once an ASDU proved that they are not the standard's.
    sizes: Option<Sizes>,
    readings: Vec<Reading>,
    /// Common addresses whose station was told already.
    stations: smallvec::SmallVec<[u16; 8]>,
}

impl Decoder for Iec104 {
    fn measure(&mut self, bytes: &[u8], _speaker: Speaker) -> Measure {
        match frame(bytes) {
            Ok((length, _)) => Measure::Whole(length),
            Err(measure) => measure,
        }
    }

    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        let Ok((_, format)) = frame(message) else {
            out.malformed(0, "frame", "the control octets do not fit");
            return;
        };
        match format {
            Format::Supervisory => {}
            Format::Unnumbered(function) => self.unnumbered(function, context, out),
            Format::Information(sequence) => {
                if let Err(short) = self.information(sequence, message, context, out) {
                    out.short(&short);
                }
            }
        }
        while let Some((_, at, request)) = self.exchange.overdue(context.at) {
            unanswered(at, &request, out);
        }
    }

    fn gap(&mut self, speaker: Speaker) {
        if let Some(next) = self.next.get_mut(side(speaker)) {
            *next = None;
        }
    }

    fn end(&mut self, out: &mut Output<'_>) {
        for (_, at, request) in self.exchange.drain() {
            unanswered(at, &request, out);
        }
    }
}

const fn side(speaker: Speaker) -> usize {
    match speaker {
        Speaker::Client => 0,
        Speaker::Server => 1,
    }
}

/// What request and answer have in common.
fn start<'a>(at: Time, request: &Request) -> Draft<'a> {
    let draft = Draft::new(&PROTOCOL, request.kind)
        .behind(request.behind.clone())
        .asked(at)
        .object(request.object.clone())
        .extra("action", request.action.clone())
        .extra("qualifier", request.qualifier.clone())
        .message("iec104", request.kind);
    let draft = marks(draft, request.originator, request.is_test);
    let draft = if request.is_deactivation { draft.extra("cause", "deactivation") } else { draft };
    let draft = if request.is_from_server { draft.from_server() } else { draft };
    match request.verb {
        Some(verb) => draft.verb(verb),
        None => draft,
    }
}

fn marks(draft: Draft<'_>, originator: u8, is_test: bool) -> Draft<'_> {
    let draft = if originator == 0 { draft } else { draft.extra("originator", format_compact!("{originator}")) };
    if is_test { draft.extra("test", "yes") } else { draft }
}

fn unanswered(at: Time, request: &Request, out: &mut Output<'_>) {
    out.act(start(at, request).no_answer().values(Values::List(&request.values)));
}

impl Iec104 {
    /// Checks the send sequence number. The sensor may have missed the start, never the middle without `gap`.
    fn follow(&mut self, sequence: u16, speaker: Speaker, out: &mut Output<'_>) {
        let Some(next) = self.next.get_mut(side(speaker)) else { return };
        if let Some(expected) = *next
            && expected != sequence
        {
            out.malformed(2, "send sequence number", &format_compact!("expected {expected}, is {sequence}"));
        }
        *next = Some(sequence.wrapping_add(1) & SEQUENCE_MASK);
    }

    /// The bytes prove who is the controlling station.
    fn settle(&mut self, actual: Speaker, speaker: &mut Speaker, out: &mut Output<'_>) {
        if actual != *speaker {
            out.swap_roles();
            self.next.swap(0, 1);
            *speaker = actual;
        }
    }

    fn unnumbered(&mut self, function: u8, context: &Context, out: &mut Output<'_>) {
        let mut speaker = context.speaker;
        match function {
            // Only the controlling station starts and stops data transfer (section 5.3).
            1 | 4 => self.settle(Speaker::Client, &mut speaker, out),
            2 | 8 => self.settle(Speaker::Server, &mut speaker, out),
            _ => {}
        }
        let number = 256 + u32::from(function);
        let is_client = speaker == Speaker::Client;
        match function {
            1 | 4 | 0x10 => {
                // Data transfer starts with sequence numbers where they are; a new connection starts at 0.
                let request = Request { kind: number, is_from_server: !is_client, ..Request::default() };
                if let Some((_, at, old)) =
                    self.exchange.ask(Key::Unnumbered { function, is_client }, context.at, request)
                {
                    unanswered(at, &old, out);
                }
            }
            _ => {
                let asked = Key::Unnumbered { function: function >> 1, is_client: !is_client };
                let draft = match self.exchange.answer(&asked) {
                    Some((at, request)) => start(at, &request),
                    None => {
                        let draft = Draft::new(&PROTOCOL, 256 + u32::from(function >> 1));
                        if is_client { draft.from_server() } else { draft }
                    }
                };
                out.act(draft.done(context.at).message("iec104", number));
            }
        }
    }

    fn information(
        &mut self,
        sequence: u16,
        message: &[u8],
        context: &Context,
        out: &mut Output<'_>,
    ) -> Result<(), Short> {
        let mut r = Reader::new(message);
        r.skip(APCI_BYTES, "control information")?;
        // The standard's sizes win for good as soon as they fit once; others are taken only before that.
        let sizes = match (self.sizes, Sizes::of(r.rest())) {
            (Some(known), Some(found)) if found != Sizes::default() => known,
            (known, found) => found.or(known).unwrap_or_default(),
        };
        if Sizes::of(r.rest()).is_some() {
            self.sizes = Some(sizes);
        }
        let mut readings = std::mem::take(&mut self.readings);
        readings.clear();
        let mut asdu = Asdu::read(&mut r, sizes)?;
        let result = asdu.objects(&mut r, sizes, context.at, &mut readings);
        if result.is_ok() && !r.is_empty() {
            let why = format_compact!("{} bytes more than its objects need", r.left());
            out.malformed(r.offset(), "asdu", &why);
        }
        let mut speaker = context.speaker;
        if let Some(direction) = asdu.direction() {
            self.settle(speaker_of(direction), &mut speaker, out);
        }
        self.follow(sequence, speaker, out);
        self.tell(&asdu, &readings, speaker, context.at, out);
        self.readings = readings;
        result
    }

    fn tell(&mut self, asdu: &Asdu, readings: &[Reading], speaker: Speaker, at: Time, out: &mut Output<'_>) {
        let kind = u32::from(asdu.kind);
        let behind = Behind::Link(asdu.common);
        self.station(asdu, speaker, out);
        let key = Key::Command {
            common: asdu.common,
            kind: asdu.kind,
            object: asdu.first,
            is_deactivation: matches!(asdu.cause, 8 | 9),
            is_select: asdu.action == "select",
            round: 0,
        };
        match asdu.cause {
            6 | 8 if asdu.is_command() => self.ask(key, at, asdu.request(readings), out),
            5 if asdu.kind == 102 => self.ask(key, at, asdu.request(readings), out),
            7 | 9 | 44..=47 if asdu.is_command() || asdu.kind == 102 => {
                let is_error = asdu.cause >= 44;
                let draft = match self.waiting(key, is_error) {
                    Some((asked, request)) => start(asked, &request).message("iec104", kind),
                    None => start(at, &asdu.request(readings)),
                };
                let draft = draft.values(Values::List(readings));
                out.act(if is_error || asdu.is_negative {
                    let name = if is_error { asdu::cause_name(asdu.cause) } else { "negative confirmation".into() };
                    draft.refused(at, asdu.cause.into(), name)
                } else {
                    draft.done(at)
                });
            }
            // What a read command asked for.
            5 if asdu.kind < 45 => {
                let asked = Key::Command {
                    common: asdu.common,
                    kind: 102,
                    object: asdu.first,
                    is_deactivation: false,
                    is_select: false,
                    round: 0,
                };
                let draft = match self.oldest(asked) {
                    Some((asked, request)) => start(asked, &request).done(at),
                    None => marks(
                        Draft::new(&PROTOCOL, kind).verb(Verb::Read).behind(behind).object(asdu.object()).done(at),
                        asdu.originator,
                        asdu.is_test,
                    ),
                };
                out.act(asdu.extras(draft).message("iec104", kind).values(Values::List(readings)));
            }
            _ => {
                let draft = Draft::new(&PROTOCOL, kind)
                    .behind(behind)
                    .object(asdu.object())
                    .extra("cause", asdu::cause_name(asdu.cause))
                    .message("iec104", kind)
                    .values(Values::List(readings));
                let draft = asdu.extras(marks(draft, asdu.originator, asdu.is_test));
                // The end of an action is told by the station; it is no second action.
                let draft = if asdu.cause == 10 { draft.verb(Verb::Report) } else { draft };
                let draft = if speaker == Speaker::Server { draft.from_server() } else { draft };
                out.act(if asdu.is_negative { draft.refused(at, asdu.cause.into(), "negative") } else { draft });
            }
        }
    }

    fn ask(&mut self, key: Key, at: Time, request: Request, out: &mut Output<'_>) {
        let key = rounds(key).find(|key| self.exchange.find(key).is_none()).unwrap_or(key);
        if let Some((_, at, old)) = self.exchange.ask(key, at, request) {
            unanswered(at, &old, out);
        }
    }

    /// The oldest of equal requests.
    fn oldest(&mut self, key: Key) -> Option<(Time, Request)> {
        let oldest = rounds(key)
            .filter_map(|key| self.exchange.find(&key).map(|(at, _)| (at, key)))
            .min_by_key(|(at, _)| *at)?;
        self.exchange.answer(&oldest.1)
    }

    /// The request that a confirmation answers. Those to all stations (65535) are confirmed by each under its own
    /// address.
    fn waiting(&mut self, key: Key, is_error: bool) -> Option<(Time, Request)> {
        if let Some(found) = self.oldest(key) {
            return Some(found);
        }
        let Key::Command { common, kind, object, is_deactivation, is_select, round } = key else { return None };
        // An error does not tell whether it was an activation.
        if is_error
            && let Some(found) =
                self.oldest(Key::Command { common, kind, object, is_deactivation: true, is_select, round })
        {
            return Some(found);
        }
        let every = asdu::EVERY_STATION;
        self.oldest(Key::Command { common: every, kind, object, is_deactivation, is_select, round }).map(
            |(at, mut request)| {
                request.behind = Behind::Link(common);
                (at, request)
            },
        )
    }

    /// Facts about the station behind the server, once.
    fn station(&mut self, asdu: &Asdu, speaker: Speaker, out: &mut Output<'_>) {
        let about = || About::BehindServer(Behind::Link(asdu.common));
        if speaker == Speaker::Server && asdu.common != asdu::EVERY_STATION && !self.stations.contains(&asdu.common) {
            if self.stations.is_empty() {
                out.fact(About::Server, FactKey::Role, "rtu", "direction of asdus", Confidence::Likely);
            }
            // Bounded: a station that invents addresses fills the list once and is told no further.
            if self.stations.len() < 64 {
                self.stations.push(asdu.common);
                let address = format_compact!("{}", asdu.common);
                out.fact(about(), FactKey::DeviceId, &address, "common address of asdu", Confidence::Certain);
            }
        }
        if asdu.kind == 70 && !asdu.detail.is_empty() {
            let state = format_compact!("initialized after {}", asdu.detail);
            out.fact(about(), FactKey::RunState, &state, "cause of initialization", Confidence::Certain);
        }
        if matches!(asdu.kind, 82 | 83 | 86 | 92..=95) {
            out.fact(About::Speaker, FactKey::Credential, "iec 62351-5", "authentication asdu", Confidence::Certain);
        }
    }
}
