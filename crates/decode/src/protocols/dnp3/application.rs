//! Application layer of DNP3: fragments, requests and responses, confirmations (IEEE 1815-2012, clause 4).

use compact_str::format_compact;
use model::{Behind, FactKey, Object, Text, Time, Verb};
use wire::Reader;

use super::content::class_names;
use super::link::{BROADCAST_MIN, Header};
use super::{Dnp3, Key, PROTOCOL, Pending, REMEMBERED_MAX, start};
use crate::{About, Draft, Output, Speaker, Values};

/// Application control octet (clause 4.2.2.4).
const FIR: u8 = 0x80;
const FIN: u8 = 0x40;
const CON: u8 = 0x20;
const UNS: u8 = 0x10;
const SEQUENCE: u8 = 0x0f;

/// Internal indications, IIN1 in the upper octet (clause 4.2.2.6).
const INDICATIONS: &[(u16, &str)] = &[
    (0x8000, "device restart"),
    (0x4000, "device trouble"),
    (0x2000, "local control"),
    (0x1000, "need time"),
    (0x0001, "function not supported"),
    (0x0002, "object unknown"),
    (0x0004, "parameter error"),
    (0x0008, "event buffer overflow"),
    (0x0010, "already executing"),
    (0x0020, "configuration corrupt"),
];
/// The indications that are facts about the station.
pub(super) const TROUBLES: u16 = 0xf028;
/// The indications that refuse a request.
const REFUSALS: u16 = 0x0017;
/// All that are told as status.
const STATUS: u16 = 0xf03f;

/// Values that requests and unsolicited responses of one flow hold while they wait.
const HELD_MAX: usize = 4_096;
/// Values of one request that are held.
const HELD_OF_ONE_MAX: usize = 256;

/// The indications that are set.
pub(super) fn indications(set: u16) -> impl Iterator<Item = (u16, &'static str)> {
    INDICATIONS.iter().copied().filter(move |(bit, _)| set & bit != 0)
}

fn indication_names(set: u16) -> Text {
    let mut text = Text::default();
    for (_, name) in indications(set) {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(name);
    }
    text
}

/// A response of which more fragments will come.
pub(super) struct Unfinished {
    master: u16,
    outstation: u16,
    /// Sequence number of the next fragment.
    sequence: u8,
    fragments: u32,
    code: u32,
    verb: Option<Verb>,
    object: Object,
}

/// One fragment and its parties.
struct Fragment {
    control: u8,
    function: u8,
    master: u16,
    outstation: u16,
    indications: u16,
    /// Time of its last segment: what came before was not yet a message.
    at: Time,
}

impl Fragment {
    const fn sequence(&self) -> u8 {
        self.control & SEQUENCE
    }

    fn request(&self) -> Key {
        Key::Request { master: self.master, outstation: self.outstation, sequence: self.sequence() }
    }

    fn unsolicited(&self) -> Key {
        Key::Unsolicited { master: self.master, outstation: self.outstation, sequence: self.sequence() }
    }

    /// The indications as a status, without the classes that have events: those change all the time. Nothing where none needs attention.
    fn status(&self) -> Option<(u32, Text)> {
        match self.indications & STATUS {
            0 => None,
            set => Some((set.into(), indication_names(set))),
        }
    }

    /// Classes with events waiting.
    fn events(&self) -> Text {
        Text::const_new(class_names((self.indications >> 8 & 0x0e) as u8))
    }
}

impl Dnp3 {
    /// Reads a whole fragment.
    pub(super) fn fragment(&mut self, bytes: &[u8], header: Header, speaker: Speaker, at: Time, out: &mut Output<'_>) {
        let mut r = Reader::new(bytes);
        let is_client = speaker == Speaker::Client;
        let (master, outstation) = match is_client {
            true => (header.source, header.destination),
            false => (header.destination, header.source),
        };
        let head = r.u8("application control").and_then(|control| {
            let function = r.u8("function code")?;
            let indications = if function & 0x80 != 0 { r.u16("internal indications")? } else { 0 };
            Ok(Fragment { control, function, master, outstation, indications, at })
        });
        let fragment = match head {
            Ok(fragment) => fragment,
            Err(short) => return out.short(&short),
        };
        self.content.clear();
        if let Err(short) = self.content.read(fragment.function, &mut r) {
            out.short(&short);
        }
        self.name_file(&fragment);
        if !is_client {
            self.station(outstation, fragment.indications, out);
        }
        self.facts(outstation, is_client, out);
        match fragment.function {
            0 => self.confirm(&fragment, out),
            130 => self.unsolicited(&fragment, out),
            131 => self.authenticated(&fragment, out),
            0x80.. => self.response(&fragment, out),
            _ => self.request(&fragment, out),
        }
    }

    fn facts(&mut self, outstation: u16, is_client: bool, out: &mut Output<'_>) {
        for (key, value, source, confidence) in self.content.facts.drain(..) {
            let about = match key {
                FactKey::User | FactKey::Credential => About::Speaker,
                // What a master writes or asks is not what the station is.
                _ if is_client && key != FactKey::ChannelSecurity => continue,
                _ => About::BehindServer(Behind::Link(outstation)),
            };
            out.fact(about, key, &value, source, confidence);
        }
    }

    /// Files are named when they are opened and have a handle from then on.
    fn name_file(&mut self, fragment: &Fragment) {
        let Some(handle) = self.content.handle else { return };
        let known = self.files.iter().position(|(o, h, _)| (*o, *h) == (fragment.outstation, handle));
        if fragment.function == 129
            && self.content.failure.is_none()
            && let Some((_, pending)) = self.exchange.find(&fragment.request())
            && pending.code == 25
            && let Object::Text(name) = &pending.object
        {
            let name = name.clone();
            if let Some(index) = known {
                self.files.swap_remove(index);
            } else if self.files.len() >= REMEMBERED_MAX {
                self.files.remove(0);
            }
            self.files.push((fragment.outstation, handle, name));
            return;
        }
        if self.content.topic.is_empty() {
            self.content.topic = match known.and_then(|index| self.files.get(index)) {
                Some((_, _, name)) => name.clone(),
                None => format_compact!("file handle {handle}"),
            };
        }
    }

    /// The verb where the objects say more than the function.
    fn verb(&self, function: u8) -> Option<Verb> {
        let content = &self.content;
        match function {
            1 if content.is_only(0) => Some(Verb::Identify),
            1 if content.is_only(50) => Some(Verb::Time),
            1 if content.has(70) => Some(Verb::File),
            1 if content.is_only(121) || content.is_only(122) => Some(Verb::Diagnose),
            2 if content.has(0) => Some(Verb::Configure),
            2 | 32 | 33 => content.verb,
            _ => None,
        }
    }

    /// What a request or an unsolicited response leaves until it is answered.
    fn pending(&mut self, fragment: &Fragment, is_report: bool) -> Pending {
        // `held` is bounded: values beyond it are left out of requests; reports are told without waiting.
        let most = if is_report { HELD_MAX } else { HELD_OF_ONE_MAX.min(HELD_MAX.saturating_sub(self.held)) };
        let most = most.min(self.content.readings.len());
        Pending {
            code: fragment.function.into(),
            verb: self.verb(fragment.function),
            object: self.content.about(is_report),
            values: self.content.readings.drain(..most).collect(),
            groups: self.content.groups(),
            extras: self.content.extras.drain(..).collect(),
            status: fragment.status(),
            station: fragment.outstation,
            master: fragment.master,
            is_from_server: is_report,
            is_application: true,
        }
    }

    fn request(&mut self, fragment: &Fragment, out: &mut Output<'_>) {
        let is_broadcast = fragment.outstation >= BROADCAST_MIN;
        let has_no_response = matches!(fragment.function, 6 | 8 | 10 | 12 | 33);
        // The request that was challenged is answered under the number of the reply.
        let is_reply = fragment.function == 32 && self.content.is_challenge_reply();
        if is_reply
            && let Some(key) = self.challenged.take()
            && let Some((asked, pending)) = self.answer(&key)
        {
            self.ask(fragment.request(), asked, pending, out);
        }
        let pending = self.pending(fragment, false);
        if is_broadcast || has_no_response || is_reply {
            let draft = start(fragment.at, &pending).extra("objects", pending.groups.clone());
            let draft = if is_broadcast { draft.extra("broadcast", "yes") } else { draft };
            out.act(draft.values(Values::List(&pending.values)));
            return;
        }
        self.ask(fragment.request(), fragment.at, pending, out);
    }

    fn response(&mut self, fragment: &Fragment, out: &mut Output<'_>) {
        let is_first = fragment.control & FIR != 0;
        let is_last = fragment.control & FIN != 0;
        let asked = if is_first { self.answer(&fragment.request()) } else { None };
        let before = self.unfinished.iter().position(|u| {
            (u.master, u.outstation) == (fragment.master, fragment.outstation)
                && (is_first || u.sequence == fragment.sequence())
        });
        let before = before.map(|index| self.unfinished.swap_remove(index)).filter(|_| !is_first);
        let (draft, fragments) = match (&asked, &before) {
            (Some((at, pending)), _) => (start(*at, pending), 1),
            (None, Some(unfinished)) => {
                let mut draft = self.answer_alone(fragment, unfinished.code).object(unfinished.object.clone());
                if let Some(verb) = unfinished.verb {
                    draft = draft.verb(verb);
                }
                (draft, unfinished.fragments.saturating_add(1))
            }
            (None, None) => {
                let draft = self.answer_alone(fragment, fragment.function.into());
                let draft = draft.object(self.content.about(true));
                let is_empty = self.content.readings.is_empty();
                (if is_empty { draft.verb(Verb::Other) } else { draft }, 1)
            }
        };
        if !is_last {
            if self.unfinished.len() >= REMEMBERED_MAX {
                self.unfinished.remove(0);
            }
            let (code, verb, object) = match (&asked, before) {
                (Some((_, pending)), _) => (pending.code, pending.verb, pending.object.clone()),
                (None, Some(unfinished)) => (unfinished.code, unfinished.verb, unfinished.object),
                (None, None) => (fragment.function.into(), None, self.content.about(true)),
            };
            self.unfinished.push(Unfinished {
                master: fragment.master,
                outstation: fragment.outstation,
                sequence: fragment.sequence().wrapping_add(1) & SEQUENCE,
                fragments,
                code,
                verb,
                object,
            });
        }
        let draft =
            if fragments > 1 || !is_last { draft.extra("fragment", format_compact!("{fragments}")) } else { draft };
        self.tell(fragment, draft, asked.as_ref().map(|(_, pending)| pending), out);
    }

    /// A response whose request was not seen, or was answered by an earlier fragment already.
    fn answer_alone<'a>(&self, fragment: &Fragment, code: u32) -> Draft<'a> {
        Draft::new(&PROTOCOL, code)
            .behind(Behind::Link(fragment.outstation))
            .extra("master", format_compact!("{}", fragment.master))
    }

    /// Tells a response with what the message being read holds.
    fn tell(&mut self, fragment: &Fragment, draft: Draft<'_>, asked: Option<&Pending>, out: &mut Output<'_>) {
        let content = &mut self.content;
        let groups = match asked {
            Some(pending) if content.readings.is_empty() => pending.groups.clone(),
            _ => content.groups(),
        };
        let mut draft = draft.message("dnp3", fragment.function.into()).extra("events", fragment.events());
        draft = draft.extra("objects", groups);
        for (name, value) in content.extras.drain(..) {
            // What the request said already is not said again; both have an authentication object.
            let is_said = asked.is_some_and(|pending| pending.extras.iter().any(|(said, _)| *said == name));
            draft = match name {
                "authentication" if is_said => draft.extra("answer", value),
                _ if is_said => draft,
                _ => draft.extra(name, value),
            };
        }
        let values = match asked {
            Some(pending) if content.readings.is_empty() => Values::List(&pending.values),
            _ => Values::List(&content.readings),
        };
        let draft = match (content.failure.take(), fragment.indications & REFUSALS) {
            (Some((code, name)), _) => {
                let draft = draft.refused(fragment.at, code, name);
                draft.extra("indications", fragment.status().map(|(_, name)| name).unwrap_or_default())
            }
            (None, 0) => {
                let draft = draft.done(fragment.at);
                match fragment.status() {
                    Some((code, name)) => draft.status(code, name),
                    None => draft,
                }
            }
            _ => {
                let name = indication_names(fragment.indications & STATUS);
                draft.refused(fragment.at, (fragment.indications & STATUS).into(), name)
            }
        };
        out.act(draft.values(values));
    }

    /// Function 131: the answer to an authentication request, or the challenge of any other request, which goes on waiting.
    fn authenticated(&mut self, fragment: &Fragment, out: &mut Output<'_>) {
        let waits = self.exchange.find(&fragment.request()).map(|(_, pending)| pending.code);
        let is_challenge = waits.is_some_and(|code| code != 32) && self.content.failure.is_none();
        if !is_challenge && waits.is_some() {
            self.response(fragment, out);
            return;
        }
        if is_challenge {
            self.challenged = Some(fragment.request());
        }
        // A challenge is a question of the outstation; without the request, only the telling was seen.
        let draft = self.answer_alone(fragment, 131).from_server().asked(fragment.at);
        let mut draft = draft.object(self.content.about(true)).message("dnp3", 131);
        for (name, value) in self.content.extras.drain(..) {
            draft = draft.extra(name, value);
        }
        out.act(match self.content.failure.take() {
            Some((code, name)) => draft.refused(fragment.at, code, name),
            None => draft,
        });
    }

    fn unsolicited(&mut self, fragment: &Fragment, out: &mut Output<'_>) {
        let wants_confirm = fragment.control & CON != 0;
        let count = self.content.readings.len();
        let fits = self.held.saturating_add(count) <= HELD_MAX;
        let pending = self.pending(fragment, true);
        if wants_confirm && fits && fragment.master < BROADCAST_MIN {
            self.ask(fragment.unsolicited(), fragment.at, pending, out);
            return;
        }
        let draft = start(fragment.at, &pending).extra("objects", pending.groups.clone());
        out.act(draft.extra("events", fragment.events()).values(Values::List(&pending.values)));
    }

    fn confirm(&mut self, fragment: &Fragment, out: &mut Output<'_>) {
        if fragment.control & UNS != 0
            && let Some((at, pending)) = self.answer(&fragment.unsolicited())
        {
            let draft = start(at, &pending).extra("objects", pending.groups.clone());
            out.act(draft.done(fragment.at).message("dnp3", 0).values(Values::List(&pending.values)));
            return;
        }
        let draft = self.answer_alone(fragment, 0).asked(fragment.at).message("dnp3", 0);
        out.act(draft.object(self.content.about(false)));
    }
}
