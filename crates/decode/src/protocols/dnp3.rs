//! DNP3: telecontrol of electricity, water and gas over TCP and UDP; frames, roles, link functions.

mod application;
mod content;
mod link;
mod shape;
mod special;
#[cfg(test)]
mod tests;
mod transport;

use compact_str::format_compact;
use model::{Behind, Confidence, FactKey, Object, Reading, Text, Time, Verb};
use smallvec::SmallVec;

use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Exchange, Match, Measure, Output, Probe, Protocol, Speaker, Values,
    Verdict, code,
};
use content::Content;
use link::{Blocks, Header};
use transport::{Step, Transport};

/// Application functions: IEEE 1815-2012, table 4-2. From 256 on functions of the link layer: 256 + function of
/// primary stations, 272 + function of secondary stations (tables 9-1 and 9-2).
const CODES: &[Code] = &[
    code(0, "confirm", Verb::Other),
    code(1, "read", Verb::Read),
    code(2, "write", Verb::Write),
    code(3, "select", Verb::Operate),
    code(4, "operate", Verb::Operate),
    code(5, "direct operate", Verb::Operate),
    code(6, "direct operate, no response", Verb::Operate),
    code(7, "immediate freeze", Verb::Write),
    code(8, "immediate freeze, no response", Verb::Write),
    code(9, "freeze and clear", Verb::Write),
    code(10, "freeze and clear, no response", Verb::Write),
    code(11, "freeze at time", Verb::Write),
    code(12, "freeze at time, no response", Verb::Write),
    code(13, "cold restart", Verb::Reset),
    code(14, "warm restart", Verb::Reset),
    code(15, "initialize data", Verb::Configure),
    code(16, "initialize application", Verb::Start),
    code(17, "start application", Verb::Start),
    code(18, "stop application", Verb::Stop),
    code(19, "save configuration", Verb::Configure),
    code(20, "enable unsolicited responses", Verb::Subscribe),
    code(21, "disable unsolicited responses", Verb::Subscribe),
    code(22, "assign class", Verb::Configure),
    code(23, "delay measurement", Verb::Time),
    code(24, "record current time", Verb::Time),
    code(25, "open file", Verb::File),
    code(26, "close file", Verb::File),
    code(27, "delete file", Verb::File),
    code(28, "get file information", Verb::File),
    code(29, "authenticate file", Verb::Login),
    code(30, "abort file transfer", Verb::File),
    code(31, "activate configuration", Verb::Configure),
    code(32, "authentication request", Verb::Login),
    code(33, "authentication request, no response", Verb::Login),
    code(129, "response", Verb::Read),
    code(130, "unsolicited response", Verb::Report),
    code(131, "authentication response", Verb::Login),
    code(256, "reset link states", Verb::Other),
    code(257, "reset user process", Verb::Reset),
    code(258, "test link states", Verb::Diagnose),
    code(265, "request link status", Verb::Diagnose),
    code(273, "link nack", Verb::Other),
    code(283, "link status", Verb::Diagnose),
    code(286, "link service not functioning", Verb::Other),
    code(287, "link service not supported", Verb::Other),
];

/// DNP3.
pub static PROTOCOL: Protocol = Protocol {
    id: "dnp3",
    title: "DNP3",
    about: "Masters read and command outstations of electricity, water and gas with it; without secure authentication nothing proves who commands.",
    depth: "Link, transport and application layer with all functions, all object groups of the standard with values, flags and times, files, \
device attributes and secure authentication. Objects are points by kind and index: `binary input 5` stands for groups 1 and 2 (static value and \
event), `double-bit input` 3 and 4, `binary output` 10 to 13, `counter` 20 and 22, `frozen counter` 21 and 23, `analog input` 30 and 32, \
`frozen analog input` 31 and 33, `analog input deadband` 34, `analog output` 40 to 43, `octet string` 110 and 111, `virtual terminal` 112 and 113; \
field `objects` keeps group and variation (`g30v5`). Double-bit values are 0 intermediate, 1 off, 2 on, 3 indeterminate. Commands to relays read \
`latch on, count 1, on 100 ms, off 100 ms`, with `close` or `trip` before, and the control status as quality. Behind the server is the outstation's \
link address (`link N`), field `master` the master's. Status are the internal indications that need attention (IIN1 in the upper octet), field \
`events` the classes with events waiting. A response in several fragments is one act for each, numbered in field `fragment`. Confirmations belong to the \
unsolicited response they confirm; those of other responses are acts of their own. Codes from 256 on are functions of the link layer where no user \
data is transported.",
    documents: &["IEEE 1815-2012", "IEC TS 62351-5:2013 (secure authentication)"],
    carriers: &[Carrier::Tcp(&[20_000, 19_999, 19_998]), Carrier::Udp(&[20_000, 19_999])],
    is_industrial: true,
    codes: CODES,
    probe,
    open: |_| Box::new(Dnp3::default()),
};

/// Stations, open files and unfinished responses of one flow that are remembered.
const REMEMBERED_MAX: usize = 64;

fn probe(probe: &Probe<'_>) -> Verdict {
    match Header::read(probe.bytes) {
        Ok(header) => {
            // Two magic octets and a checksum. Functions of the application layer are surer than the direction bit.
            let speaker = match first_function(probe.bytes.get(link::HEADER_BYTES..).unwrap_or_default(), header) {
                Some(function) => speaker_of(function),
                None if header.is_from_master() => Speaker::Client,
                None => Speaker::Server,
            };
            Verdict::by(Match::Certain, speaker)
        }
        Err(Measure::More(_)) => Verdict::MORE,
        Err(_) => Verdict::NO,
    }
}

/// The application function in the first segment of a fragment.
fn first_function(user: &[u8], header: Header) -> Option<u8> {
    match user {
        [transport, _, function, ..] if header.has_user_data() && transport & 0x40 != 0 => Some(*function),
        _ => None,
    }
}

/// Responses have the upper bit set (clause 4.2.2.5).
const fn speaker_of(function: u8) -> Speaker {
    if function & 0x80 == 0 { Speaker::Client } else { Speaker::Server }
}

/// The name of a code in a table, in hexadecimal where it has none.
fn named(table: &[(u8, &'static str)], code: u8) -> Text {
    match table.iter().find(|(known, _)| *known == code) {
        Some((_, name)) => Text::const_new(name),
        None => format_compact!("0x{code:02x}"),
    }
}

/// What answers are found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    /// A request of a master, by its sequence number.
    Request { master: u16, outstation: u16, sequence: u8 },
    /// An unsolicited response that waits for its confirmation.
    Unsolicited { master: u16, outstation: u16, sequence: u8 },
    /// A link function.
    Link { source: u16, destination: u16, function: u8 },
}

/// What waits for an answer or a confirmation.
#[derive(Default)]
struct Pending {
    code: u32,
    verb: Option<Verb>,
    object: Object,
    values: Vec<Reading>,
    groups: Text,
    extras: SmallVec<[(&'static str, Text); 2]>,
    status: Option<(u32, Text)>,
    /// Link address of the station behind the server.
    station: u16,
    master: u16,
    is_from_server: bool,
    /// Whether its code counts as a message of the application layer.
    is_application: bool,
}

/// A station, and which of its troubles were told.
struct Station {
    address: u16,
    told: u16,
}

#[derive(Default)]
struct Dnp3 {
    transport: Transport,
    exchange: Exchange<Key, Pending>,
    content: Content,
    user: Vec<u8>,
    /// Responses of which more fragments will come.
    unfinished: Vec<application::Unfinished>,
    /// The request that was challenged last.
    challenged: Option<Key>,
    /// Open files: outstation, handle, name.
    files: Vec<(u16, u32, Text)>,
    stations: Vec<Station>,
    /// Values held by what waits.
    held: usize,
    /// An application function has told who is the master.
    is_settled: bool,
}

impl Decoder for Dnp3 {
    fn measure(&mut self, bytes: &[u8], _speaker: Speaker) -> Measure {
        match Header::read(bytes) {
            Ok(header) => Measure::Whole(header.total()),
            Err(measure) => measure,
        }
    }

    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        match Header::read(message) {
            Ok(header) if header.has_user_data() => self.user_data(message, header, context, out),
            Ok(header) => self.link(header, context, out),
            Err(_) => out.malformed(0, "link header", "start octets, length or checksum do not fit"),
        }
        while let Some((_, at, pending)) = self.exchange.overdue(context.at) {
            self.unanswered(at, pending, out);
        }
    }

    fn gap(&mut self, speaker: Speaker) {
        self.transport.forget(speaker);
    }

    fn end(&mut self, out: &mut Output<'_>) {
        let waiting: Vec<_> = self.exchange.drain().collect();
        for (_, at, pending) in waiting {
            self.unanswered(at, pending, out);
        }
    }
}

impl Dnp3 {
    fn user_data(&mut self, message: &[u8], header: Header, context: &Context, out: &mut Output<'_>) {
        let mut user = std::mem::take(&mut self.user);
        match link::user_data(message, header, &mut user) {
            Blocks::Bad(offset) => {
                out.malformed(offset, "data block", "its checksum does not fit");
                self.transport.forget_pair(header.source, header.destination);
            }
            Blocks::Cut if user.is_empty() => {}
            Blocks::Whole if user.is_empty() => out.malformed(2, "length", "user data without a transport octet"),
            _ => {
                let mut speaker = context.speaker;
                if let Some(function) = first_function(&user, header) {
                    self.is_settled = true;
                    self.settle(speaker_of(function), &mut speaker, out);
                }
                let step = self.transport.segment(header.source, header.destination, speaker, &user);
                match step {
                    Step::Waits => {}
                    Step::Single => {
                        let fragment = user.get(1..).unwrap_or_default();
                        self.fragment(fragment, header, speaker, context.at, out);
                    }
                    Step::Whole(fragment) => self.fragment(&fragment, header, speaker, context.at, out),
                    Step::Broken(why) => out.malformed(link::HEADER_BYTES, "transport segment", why),
                }
            }
        }
        self.user = user;
    }

    /// The bytes prove who is the master.
    fn settle(&mut self, actual: Speaker, speaker: &mut Speaker, out: &mut Output<'_>) {
        if actual != *speaker {
            out.swap_roles();
            self.transport.swap();
            *speaker = actual;
        }
    }

    fn unanswered(&mut self, at: Time, pending: Pending, out: &mut Output<'_>) {
        self.held = self.held.saturating_sub(pending.values.len());
        let draft = start(at, &pending).extra("objects", pending.groups.clone());
        out.act(draft.no_answer().values(Values::List(&pending.values)));
    }

    fn ask(&mut self, key: Key, at: Time, pending: Pending, out: &mut Output<'_>) {
        self.held = self.held.saturating_add(pending.values.len());
        if let Some((_, at, old)) = self.exchange.ask(key, at, pending) {
            self.unanswered(at, old, out);
        }
    }

    fn answer(&mut self, key: &Key) -> Option<(Time, Pending)> {
        let found = self.exchange.answer(key);
        if let Some((_, pending)) = &found {
            self.held = self.held.saturating_sub(pending.values.len());
        }
        found
    }

    /// Functions of the link layer without user data (clause 9.2.4.1.3).
    fn link(&mut self, header: Header, context: &Context, out: &mut Output<'_>) {
        let mut speaker = context.speaker;
        if !self.is_settled {
            let said = if header.is_from_master() { Speaker::Client } else { Speaker::Server };
            self.settle(said, &mut speaker, out);
        }
        let function = header.function();
        let is_client = speaker == Speaker::Client;
        let (master, station) = match is_client {
            true => (header.source, header.destination),
            false => (header.destination, header.source),
        };
        if header.is_primary() {
            let pending = Pending {
                code: 256 + u32::from(function),
                station,
                master,
                is_from_server: !is_client,
                ..Pending::default()
            };
            if header.destination >= link::BROADCAST_MIN {
                out.act(start(context.at, &pending).extra("broadcast", "yes"));
                return;
            }
            let key = Key::Link { source: header.source, destination: header.destination, function };
            self.ask(key, context.at, pending, out);
            return;
        }
        let asked: &[u8] = match function {
            0 => &[0, 1, 2],
            11 => &[9],
            _ => &[0, 1, 2, 9],
        };
        let found = asked.iter().find_map(|function| {
            let key = Key::Link { source: header.destination, destination: header.source, function: *function };
            self.exchange.answer(&key)
        });
        let draft = match found {
            Some((at, pending)) => start(at, &pending),
            // The confirmation of user data, which belongs to no act of its own.
            None if function == 0 => return,
            None => {
                let pending = Pending {
                    code: if function == 11 { 256 + 9 } else { 272 + u32::from(function) },
                    station,
                    master,
                    // Who answers was asked by the other one.
                    is_from_server: is_client,
                    ..Pending::default()
                };
                start(context.at, &pending)
            }
        };
        out.act(match function {
            0 | 11 => draft.done(context.at),
            1 => draft.refused(context.at, 1, "nack"),
            14 => draft.refused(context.at, 14, "link service not functioning"),
            15 => draft.refused(context.at, 15, "link service not supported"),
            other => draft.refused(context.at, other.into(), format_compact!("0x{other:02x}")),
        });
    }

    /// Facts about the outstation: once that it is one, and each trouble that its indications tell.
    fn station(&mut self, address: u16, indications: u16, out: &mut Output<'_>) {
        let index = match self.stations.iter().position(|station| station.address == address) {
            Some(index) => index,
            None if self.stations.len() >= REMEMBERED_MAX => return,
            None => {
                let about = About::BehindServer(Behind::Link(address));
                if self.stations.is_empty() {
                    out.fact(About::Server, FactKey::Role, "outstation", "application function", Confidence::Certain);
                }
                let number = format_compact!("{address}");
                out.fact(about, FactKey::DeviceId, &number, "link address", Confidence::Certain);
                self.stations.push(Station { address, told: 0 });
                self.stations.len().saturating_sub(1)
            }
        };
        let Some(station) = self.stations.get_mut(index) else { return };
        let new = indications & application::TROUBLES & !station.told;
        if new != 0 {
            station.told |= new;
            for (_, name) in application::indications(new) {
                let about = About::BehindServer(Behind::Link(address));
                out.fact(about, FactKey::RunState, name, "internal indications", Confidence::Certain);
            }
        }
    }
}

/// What asking and answering have in common.
fn start<'a>(at: Time, pending: &Pending) -> Draft<'a> {
    let mut draft = Draft::new(&PROTOCOL, pending.code)
        .behind(Behind::Link(pending.station))
        .object(pending.object.clone())
        .asked(at)
        .extra("master", format_compact!("{}", pending.master));
    if let Some(verb) = pending.verb {
        draft = draft.verb(verb);
    }
    if pending.is_from_server {
        draft = draft.from_server();
    }
    if pending.is_application {
        draft = draft.message("dnp3", pending.code);
    }
    if let Some((code, name)) = &pending.status {
        draft = draft.status(*code, name.clone());
    }
    for (name, value) in &pending.extras {
        draft = draft.extra(name, value.clone());
    }
    draft
}
