//! MQTT 3.1, 3.1.1 and 5, with Sparkplug B inside: who connects to a broker, what is published, who listens to what.

use compact_str::format_compact;
use model::{Confidence, FactKey, Messages, Object, Reading, Text, Time, Value, Verb};
use wire::{Reader, Short};

use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Exchange, Match, Measure, Output, Probe, Protocol, Speaker, Values,
    Verdict, code,
};

mod sparkplug;

/// Control packet types: MQTT 5.0, section 2.1.2.
const CODES: &[Code] = &[
    code(0, "reserved", Verb::Other),
    code(1, "connect", Verb::Login),
    code(2, "connack", Verb::Login),
    code(3, "publish", Verb::Report),
    code(4, "puback", Verb::Other),
    code(5, "pubrec", Verb::Other),
    code(6, "pubrel", Verb::Other),
    code(7, "pubcomp", Verb::Other),
    code(8, "subscribe", Verb::Subscribe),
    code(9, "suback", Verb::Other),
    code(10, "unsubscribe", Verb::Subscribe),
    code(11, "unsuback", Verb::Other),
    code(12, "pingreq", Verb::Other),
    code(13, "pingresp", Verb::Other),
    code(14, "disconnect", Verb::Other),
    code(15, "auth", Verb::Login),
];

/// MQTT.
pub static PROTOCOL: Protocol = Protocol {
    id: "mqtt",
    title: "MQTT",
    about: "Carries values and commands between machines through a broker; whoever may connect may often publish and listen to everything.",
    depth: "All packet types of 3.1, 3.1.1 and 5 with their answers, topics with values, Sparkplug B metrics, refusals, logins.",
    documents: &[
        "OASIS MQTT Version 5.0 (2019)",
        "OASIS MQTT Version 3.1.1 (2014)",
        "IBM MQTT V3.1 Protocol Specification (2010)",
        "Eclipse Sparkplug Specification 3.0.0 (2022)",
    ],
    carriers: &[Carrier::Tcp(&[1883])],
    is_industrial: true,
    codes: CODES,
    probe,
    open: |_| Box::new(Mqtt::default()),
};

/// Return codes of CONNACK before version 5: MQTT 3.1.1, table 3.1.
const RETURN_CODES: &[(u8, &str)] = &[
    (1, "unacceptable protocol version"),
    (2, "identifier rejected"),
    (3, "server unavailable"),
    (4, "bad user name or password"),
    (5, "not authorized"),
    (0x80, "failure"),
];

/// Reason codes of version 5, section 2.4.
const REASONS: &[(u8, &str)] = &[
    (0x04, "disconnect with will message"),
    (0x10, "no matching subscribers"),
    (0x11, "no subscription existed"),
    (0x18, "continue authentication"),
    (0x19, "re-authenticate"),
    (0x80, "unspecified error"),
    (0x81, "malformed packet"),
    (0x82, "protocol error"),
    (0x83, "implementation specific error"),
    (0x84, "unsupported protocol version"),
    (0x85, "client identifier not valid"),
    (0x86, "bad user name or password"),
    (0x87, "not authorized"),
    (0x88, "server unavailable"),
    (0x89, "server busy"),
    (0x8a, "banned"),
    (0x8b, "server shutting down"),
    (0x8c, "bad authentication method"),
    (0x8d, "keep alive timeout"),
    (0x8e, "session taken over"),
    (0x8f, "topic filter invalid"),
    (0x90, "topic name invalid"),
    (0x91, "packet identifier in use"),
    (0x92, "packet identifier not found"),
    (0x93, "receive maximum exceeded"),
    (0x94, "topic alias invalid"),
    (0x95, "packet too large"),
    (0x96, "message rate too high"),
    (0x97, "quota exceeded"),
    (0x98, "administrative action"),
    (0x99, "payload format invalid"),
    (0x9a, "retain not supported"),
    (0x9b, "qos not supported"),
    (0x9c, "use another server"),
    (0x9d, "server moved"),
    (0x9e, "shared subscriptions not supported"),
    (0x9f, "connection rate exceeded"),
    (0xa0, "maximum connect time"),
    (0xa1, "subscription identifiers not supported"),
    (0xa2, "wildcard subscriptions not supported"),
];

/// Bytes of a message that are read; of larger payloads the tail is passed over.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Bytes of a payload that are kept as its value.
const VALUE_BYTES_MAX: usize = 256;
/// Topic aliases of one side.
const ALIASES_MAX: usize = 64;

/// Type, flags, and length of header and body (section 2.1). `Err(true)` where more bytes are needed.
fn head(bytes: &[u8]) -> Result<(u8, u8, usize, usize), bool> {
    let first = *bytes.first().ok_or(true)?;
    let mut length = 0_usize;
    for place in 1..=4_usize {
        let byte = *bytes.get(place).ok_or(true)?;
        length |= usize::from(byte & 0x7f) << (7 * (place - 1));
        if byte & 0x80 == 0 {
            return Ok((first >> 4, first & 0x0f, place.saturating_add(1), length));
        }
    }
    Err(false)
}

fn probe(probe: &Probe<'_>) -> Verdict {
    let bytes = probe.bytes;
    let (kind, flags, header, length) = match head(bytes) {
        Ok(head) => head,
        Err(true) if bytes.first().is_some_and(|byte| *byte == 0x10) => return Verdict::MORE,
        Err(_) => return Verdict::NO,
    };
    let body = bytes.get(header..).unwrap_or(&[]);
    let body = body.get(..length.min(body.len())).unwrap_or(body);
    if kind == 1 {
        // The name of the protocol, by its version.
        return match (flags, body) {
            (0, [0, 4, b'M', b'Q', b'T', b'T', 3..=5, ..]) => Verdict::by(Match::Certain, Speaker::Client),
            (0, [0, 6, b'M', b'Q', b'I', b's', b'd', b'p', 3, ..]) => Verdict::by(Match::Certain, Speaker::Client),
            (0, [0, 4, b'M', b'Q', b'T', b'T', ..] | [0, 6, b'M', b'Q', b'I', b's', b'd', b'p', ..]) => {
                Verdict::by(Match::Likely, Speaker::Client)
            }
            (0, short)
                if short.len() < 8
                    && short.len() < length
                    && b"\0\x04MQTT".starts_with(short.get(..6.min(short.len())).unwrap_or(short)) =>
            {
                Verdict::MORE
            }
            _ => Verdict::NO,
        };
    }
    if kind == 0 || length > 1 << 20 {
        return Verdict::NO;
    }
    let speaker = match kind {
        8 | 10 | 12 => Some(Speaker::Client),
        2 | 9 | 11 | 13 => Some(Speaker::Server),
        _ => None,
    };
    let matched = match (kind, flags, length) {
        (2, 0, 2) if matches!(body, [0..=1, 0..=5]) => Match::Weak,
        (2, 0, 3..) if matches!(body, [0..=1, 0 | 0x80..=0x9f, ..]) => Match::Weak,
        (3, ..) if flags & 0x06 != 0x06 && is_topic(body, 0, length) => Match::Likely,
        (8 | 10, 2, 6..) if is_topic(body, 2, length) || is_topic(body, 3, length) => Match::Likely,
        (4 | 5 | 7 | 9 | 11, 0, 2..=64) | (6, 2, 2..=64) => Match::Weak,
        (12 | 13, 0, 0) | (14 | 15, 0, 0..=64) => Match::Weak,
        _ => Match::No,
    };
    // A published topic alone is little: the segment must end where a message does. On the usual port that is enough
    // for the shortest packets too.
    let is_usual = probe.source_port == 1883 || probe.destination_port == 1883;
    let matched = match matched {
        Match::Likely if kind == 3 && !ends_with_a_message(bytes) => Match::Weak,
        Match::Weak if is_usual && ends_with_a_message(bytes) => Match::Likely,
        matched => matched,
    };
    Verdict { matched, speaker: speaker.filter(|_| matched > Match::No) }
}

/// Whether a printable topic lies at `place` of a body of `length` bytes.
fn is_topic(body: &[u8], place: usize, length: usize) -> bool {
    let Some(([high, low], rest)) = body.get(place..).and_then(|rest| rest.split_first_chunk::<2>()) else {
        return false;
    };
    let size = usize::from(u16::from_be_bytes([*high, *low]));
    let topic = rest.get(..size.min(rest.len())).unwrap_or(rest);
    size > 0
        && size.saturating_add(place).saturating_add(2) <= length
        && std::str::from_utf8(topic).is_ok_and(|text| text.chars().all(|c| !c.is_control() && c != '\u{fffd}'))
        && topic.iter().any(u8::is_ascii_alphanumeric)
}

fn ends_with_a_message(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    for _ in 0..64 {
        let Ok((kind, _, header, length)) = head(rest) else { return false };
        if kind == 0 {
            return false;
        }
        match rest.get(header.saturating_add(length)..) {
            Some([]) => return true,
            Some(next) => rest = next,
            None => return false,
        }
    }
    true
}

/// A packet that waits for its answer.
struct Asked {
    kind: u8,
    name: Text,
    verb: Verb,
    object: Object,
    values: Vec<Reading>,
    extra: Vec<(&'static str, Text)>,
    messages: Messages,
    is_from_client: bool,
    is_anonymous: bool,
}

#[derive(Default)]
struct Mqtt {
    /// Protocol level: 3, 4, 5; 0 where the connection was picked up midway.
    version: u8,
    /// By type, packet identifier, and whether the client asked.
    exchange: Exchange<(u8, u16, bool), Asked>,
    readings: Vec<Reading>,
    /// Topics by their aliases, client's and server's.
    topics: [Vec<(u16, Text)>; 2],
    sparkplug: sparkplug::Aliases,
}

impl Mqtt {
    fn packet(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let Ok((kind, flags, header, _)) = head(message) else { return Ok(()) };
        let mut r = Reader::new(message);
        r.skip(header, "fixed header")?;
        let is_client = context.speaker == Speaker::Client;
        let result = match kind {
            1 => self.connect(&mut r, context, out),
            3 => self.publish(&mut r, flags, context, out),
            8 | 10 => self.subscribe(&mut r, kind, context, out),
            12 => {
                let asked = Asked::new(kind, is_client);
                self.ask((12, 0, is_client), asked, context.at, out);
                Ok(())
            }
            2 | 4..=7 | 9 | 11 | 13 => self.answer(&mut r, kind, context, out),
            _ => {
                let mut draft = Draft::new(&PROTOCOL, kind.into()).message(PROTOCOL.id, kind.into());
                if let (14 | 15, Some(reason)) = (kind, r.peek()) {
                    draft = draft.status(reason.into(), self.reason(reason));
                }
                out.act(if is_client { draft } else { draft.from_server() });
                Ok(())
            }
        };
        if let Err(short) = &result
            && !matches!(kind, 2 | 4..=7 | 9 | 11)
        {
            // Whatever it was, it was a packet of this type.
            let draft = Draft::new(&PROTOCOL, kind.into()).message(PROTOCOL.id, kind.into());
            out.act(if is_client { draft } else { draft.from_server() });
            return Err(*short);
        }
        result
    }

    fn reason(&self, reason: u8) -> Text {
        let table = if self.version == 5 || reason > 0x80 { REASONS } else { RETURN_CODES };
        match table.iter().find(|row| row.0 == reason) {
            Some(row) => Text::const_new(row.1),
            None if reason == 0 => Text::const_new("success"),
            None => format_compact!("0x{reason:02x}"),
        }
    }

    fn ask(&mut self, key: (u8, u16, bool), asked: Asked, at: Time, out: &mut Output<'_>) {
        if let Some((_, at, old)) = self.exchange.ask(key, at, asked) {
            out.act(old.draft(at).no_answer());
        }
    }

    fn connect(&mut self, r: &mut Reader<'_>, context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        if context.speaker == Speaker::Server {
            out.swap_roles();
        }
        string(r, "protocol name")?;
        let version = r.u8("protocol level")?;
        let flags = r.u8("connect flags")?;
        let keep_alive = r.u16("keep alive")?;
        self.version = version & 0x7f;
        if self.version == 5 {
            properties(r)?;
        }
        let client_id = text(r, "client identifier")?;
        let mut asked = Asked::new(1, true);
        let name = match self.version {
            3 => "3.1",
            4 => "3.1.1",
            5 => "5",
            _ => "unknown",
        };
        asked.extra.push(("version", Text::const_new(name)));
        asked.extra.push(("keep alive", format_compact!("{keep_alive} s")));
        if flags & 0x04 != 0 {
            if self.version == 5 {
                properties(r)?;
            }
            asked.extra.push(("will topic", text(r, "will topic")?));
            string(r, "will payload")?;
        }
        out.fact(About::Client, FactKey::DeviceId, &client_id, "mqtt client identifier", Confidence::Certain);
        asked.object = Object::Text(client_id);
        if flags & 0x80 != 0 {
            let user = text(r, "user name")?;
            out.fact(About::Client, FactKey::User, &user, "mqtt connect", Confidence::Certain);
            asked.extra.push(("user", user));
        }
        if flags & 0x40 != 0 {
            // The password itself stays on the wire.
            out.fact(About::Server, FactKey::Credential, "mqtt password", "mqtt connect", Confidence::Certain);
        }
        asked.is_anonymous = flags & 0xc0 == 0;
        self.ask((1, 0, true), asked, context.at, out);
        Ok(())
    }

    fn publish(&mut self, r: &mut Reader<'_>, flags: u8, context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let is_client = context.speaker == Speaker::Client;
        let quality = flags >> 1 & 0x03;
        let mut topic = text(r, "topic name")?;
        let id = if quality > 0 { r.u16("packet identifier")? } else { 0 };
        let is_5 = self.version == 5
            // Picked up midway: an empty list of properties before text speaks for version 5.
            || self.version == 0 && matches!(r.rest(), [0, b'!'..=b'~', ..]);
        if is_5 {
            let alias = properties(r)?;
            if let (Some(alias), Some(topics)) = (alias, self.topics.get_mut(usize::from(!is_client))) {
                let has_room = topics.len() < ALIASES_MAX;
                let known = topics.iter().position(|(known, _)| *known == alias);
                match known.and_then(|at| topics.get_mut(at)) {
                    Some((_, known)) if topic.is_empty() => topic = known.clone(),
                    Some((_, known)) => known.clone_from(&topic),
                    None if !topic.is_empty() && has_room => topics.push((alias, topic.clone())),
                    None => {}
                }
            }
        }
        let payload = r.take_rest();
        self.readings.clear();
        let sparkplug = sparkplug::Topic::parse(&topic);
        let mut result = Ok(());
        let (name, verb) = match &sparkplug {
            Some(sparkplug) => {
                result = self.sparkplug.read(sparkplug, payload, &mut self.readings);
                if context.wire_len > HEAD_BYTES_MAX {
                    result = Ok(());
                }
                let (name, verb) = sparkplug.act();
                (Text::const_new(name), verb)
            }
            None => {
                if !payload.is_empty() {
                    self.readings.push(Reading::new(Object::None, value(payload)));
                }
                (Text::const_new("publish"), Verb::Report)
            }
        };
        if let Err(short) = result {
            out.short(&short);
        }
        if matches!(quality, 1 | 2) {
            let mut asked = Asked::new(3, is_client);
            (asked.name, asked.verb, asked.object) = (name, verb, Object::Text(topic));
            asked.values = self.readings.clone();
            if flags & 1 != 0 {
                asked.extra.push(("retain", Text::const_new("yes")));
            }
            self.ask((3, id, is_client), asked, context.at, out);
            return Ok(());
        }
        let mut draft = Draft::named(3, name, verb).message(PROTOCOL.id, 3).object(Object::Text(topic));
        draft = draft.values(Values::List(&self.readings));
        if flags & 1 != 0 {
            draft = draft.extra("retain", "yes");
        }
        if quality == 3 {
            draft = draft.extra("anomaly", "quality of service 3");
        }
        out.act(if is_client { draft } else { draft.from_server() });
        Ok(())
    }

    fn subscribe(
        &mut self,
        r: &mut Reader<'_>,
        kind: u8,
        context: &Context,
        out: &mut Output<'_>,
    ) -> Result<(), Short> {
        let is_client = context.speaker == Speaker::Client;
        let id = r.u16("packet identifier")?;
        if self.version == 5 {
            properties(r)?;
        }
        let mut asked = Asked::new(kind, is_client);
        let mut filters = 0_u32;
        while !r.is_empty() {
            let filter = text(r, "topic filter")?;
            if kind == 8 {
                r.u8("subscription options")?;
            }
            match filters {
                0 => asked.object = Object::Text(filter),
                1..=15 => asked.extra.push(("filter", filter)),
                _ => {}
            }
            filters = filters.saturating_add(1);
        }
        self.ask((kind, id, is_client), asked, context.at, out);
        Ok(())
    }

    /// The acknowledgements.
    fn answer(&mut self, r: &mut Reader<'_>, kind: u8, context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let is_client = context.speaker == Speaker::Client;
        let result = match kind {
            2 | 13 => Ok(0),
            _ => r.u16("packet identifier"),
        };
        let (key, is_last) = match kind {
            2 => ((1, 0, !is_client), true),
            4 | 7 => ((3, *result.as_ref().unwrap_or(&0), !is_client), true),
            5 => ((3, *result.as_ref().unwrap_or(&0), !is_client), false),
            // The release is said by the publisher itself.
            6 => ((3, *result.as_ref().unwrap_or(&0), is_client), false),
            9 => ((8, *result.as_ref().unwrap_or(&0), !is_client), true),
            11 => ((10, *result.as_ref().unwrap_or(&0), !is_client), true),
            _ => ((12, 0, !is_client), true),
        };
        let reason = self.outcome(r, kind);
        let is_refused = reason >= 0x80 || kind == 2 && reason != 0;
        if !is_last
            && !is_refused
            && let Some((_, asked)) = self.exchange.find(&key)
        {
            asked.messages.add(PROTOCOL.id, kind.into(), 1);
            return result.map(|_| ());
        }
        let name = self.reason(reason);
        match self.exchange.answer(&key) {
            Some((at, asked)) => {
                if asked.is_anonymous && !is_refused {
                    let anonymous = "mqtt anonymous";
                    out.fact(About::Server, FactKey::Credential, anonymous, "mqtt connect", Confidence::Certain);
                }
                let mut draft = asked.draft(at).message(PROTOCOL.id, kind.into());
                draft = match is_refused {
                    true => draft.refused(context.at, reason.into(), name),
                    false => draft.done(context.at),
                };
                out.act(draft);
            }
            None => {
                let mut draft = Draft::new(&PROTOCOL, kind.into()).message(PROTOCOL.id, kind.into());
                if is_refused {
                    draft = draft.refused(context.at, reason.into(), name);
                }
                out.act(if is_client { draft } else { draft.from_server() });
            }
        }
        result.map(|_| ())
    }

    /// The reason code of an acknowledgement, 0 without.
    fn outcome(&self, r: &mut Reader<'_>, kind: u8) -> u8 {
        match kind {
            2 => r.rest().get(1).copied().unwrap_or(0),
            // One code a filter; a single refusal shows.
            9 | 11 => {
                if self.version == 5 && properties(r).is_err() {
                    return 0;
                }
                r.rest().iter().copied().max().filter(|reason| *reason >= 0x80).unwrap_or(0)
            }
            4..=7 => r.peek().unwrap_or(0),
            _ => 0,
        }
    }
}

impl Asked {
    fn new(kind: u8, is_from_client: bool) -> Asked {
        let (name, verb) = PROTOCOL.code(kind.into());
        Asked {
            kind,
            name,
            verb,
            object: Object::None,
            values: Vec::new(),
            extra: Vec::new(),
            messages: Messages::one(PROTOCOL.id, kind.into()),
            is_from_client,
            is_anonymous: false,
        }
    }

    fn draft(&self, at: Time) -> Draft<'_> {
        let mut draft = Draft::named(self.kind.into(), self.name.clone(), self.verb)
            .object(self.object.clone())
            .values(Values::List(&self.values))
            .messages(self.messages.clone())
            .asked(at);
        for (name, value) in &self.extra {
            draft = draft.extra(name, value.clone());
        }
        if self.is_from_client { draft } else { draft.from_server() }
    }
}

/// Bytes behind their length of two bytes.
fn string<'a>(r: &mut Reader<'a>, what: &'static str) -> Result<&'a [u8], Short> {
    let length = r.u16(what)?;
    r.bytes(length.into(), what)
}

fn text(r: &mut Reader<'_>, what: &'static str) -> Result<Text, Short> {
    string(r, what).map(crate::ber::text)
}

/// Passes over the properties of version 5 (section 2.2.2); tells the topic alias among them.
fn properties(r: &mut Reader<'_>) -> Result<Option<u16>, Short> {
    let mut length = 0_usize;
    for shift in [0, 7, 14, 21] {
        let byte = r.u8("property length")?;
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let mut inner = r.sub(length, "properties")?;
    let mut alias = None;
    while let Ok(property) = inner.u8("property") {
        let read = match property {
            0x01 | 0x17 | 0x19 | 0x24 | 0x25 | 0x28 | 0x29 | 0x2a => inner.skip(1, "byte"),
            0x13 | 0x21 | 0x22 => inner.skip(2, "two bytes"),
            0x23 => inner.u16("topic alias").map(|number| alias = Some(number)),
            0x02 | 0x11 | 0x18 | 0x27 => inner.skip(4, "four bytes"),
            0x0b => (0..4)
                .try_fold(true, |more, _| if more { inner.u8("identifier").map(|b| b & 0x80 != 0) } else { Ok(false) })
                .map(|_| ()),
            0x26 => string(&mut inner, "user property").and_then(|_| string(&mut inner, "user property")).map(|_| ()),
            0x03 | 0x08 | 0x09 | 0x12 | 0x15 | 0x16 | 0x1a | 0x1c | 0x1f => string(&mut inner, "string").map(|_| ()),
            // What follows an unknown property cannot be read; the list has its length.
            _ => break,
        };
        if read.is_err() {
            break;
        }
    }
    Ok(alias)
}

/// A payload as a value: number, truth value, text (JSON too), else bytes.
fn value(payload: &[u8]) -> Value {
    let shown = payload.get(..VALUE_BYTES_MAX).unwrap_or(payload);
    let valid = match std::str::from_utf8(shown) {
        Ok(text) => text,
        // A character may be cut at the bound.
        Err(error) if payload.len() > VALUE_BYTES_MAX && error.error_len().is_none() => {
            shown.get(..error.valid_up_to()).and_then(|head| std::str::from_utf8(head).ok()).unwrap_or_default()
        }
        Err(_) => return Value::Bytes(shown.into()),
    };
    let trimmed = valid.trim();
    match trimmed {
        "true" | "TRUE" | "True" => return Value::Bool(true),
        "false" | "FALSE" | "False" => return Value::Bool(false),
        _ => {}
    }
    if trimmed.len() <= 40 && trimmed.bytes().all(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')) {
        if let Ok(number) = trimmed.parse::<u64>() {
            return Value::Unsigned(number);
        }
        if let Ok(number) = trimmed.parse::<i64>() {
            return Value::Integer(number);
        }
        if let Ok(number) = trimmed.parse::<f64>() {
            return Value::Float(number);
        }
    }
    if valid.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Value::Bytes(shown.into());
    }
    Value::Text(valid.into())
}

impl Decoder for Mqtt {
    fn measure(&mut self, bytes: &[u8], _: Speaker) -> Measure {
        match head(bytes) {
            Ok((_, _, header, length)) => {
                let total = header.saturating_add(length);
                if total > HEAD_BYTES_MAX {
                    Measure::Head { head: HEAD_BYTES_MAX, total }
                } else {
                    Measure::Whole(total)
                }
            }
            Err(true) => Measure::More(bytes.len().saturating_add(1).max(2)),
            Err(false) => Measure::Malformed("the remaining length takes more than four bytes"),
        }
    }

    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        while let Some((_, at, asked)) = self.exchange.overdue(context.at) {
            out.act(asked.draft(at).no_answer());
        }
        if let Err(short) = self.packet(message, context, out) {
            out.short(&short);
        }
    }

    fn end(&mut self, out: &mut Output<'_>) {
        for (_, at, asked) in self.exchange.drain() {
            out.act(asked.draft(at).no_answer());
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{self, Dialog, torture};

    const CONNECT: &str = "10 10 0004 4d515454 04 02 003c 0004 706c6331";
    const LOGIN: &str = "10 19 0004 4d515454 04 c2 003c 0004 706c6331 0003 6f7073 0002 7077";
    const PUBLISH: &str = "30 09 0003 612f62 32312e35";

    #[test]
    fn an_anonymous_client_is_let_in() {
        Dialog::stream(&PROTOCOL).client(CONNECT).server("20 02 00 00").client("e0 00").end_is(expect![[r#"
            fact C: device_id = plc1 (mqtt, mqtt client identifier, certain)
            fact S: credential = mqtt anonymous (mqtt, mqtt connect, certain)
            C > S mqtt [login] connect | plc1 -> done in 1000 us version=3.1.1 keep alive=60 s {mqtt 1: 1} {mqtt 2: 1}
            C > S mqtt [other] disconnect -> asked {mqtt 14: 1}
        "#]]);
    }

    #[test]
    fn a_login_is_refused() {
        Dialog::stream(&PROTOCOL).client(LOGIN).server("20 02 00 05").end_is(expect![[r#"
            fact C: device_id = plc1 (mqtt, mqtt client identifier, certain)
            fact C: user = ops (mqtt, mqtt connect, certain)
            fact S: credential = mqtt password (mqtt, mqtt connect, certain)
            C > S mqtt [login] connect | plc1 -> refused (5 not authorized) in 1000 us version=3.1.1 keep alive=60 s user=ops {mqtt 1: 1} {mqtt 2: 1}
        "#]]);
    }

    #[test]
    fn values_are_published() {
        Dialog::stream(&PROTOCOL)
            .client("30 09 0003 612f62 32312e35")
            .client("32 0b 0003 612f62 0007 74727565")
            .server("40 02 0007")
            .client("34 09 0003 612f62 0008 ff01")
            .server("50 02 0008")
            .client("62 02 0008")
            .server("70 02 0008")
            .end_is(expect![[r#"
                C > S mqtt [report] publish | a/b = 21.5 -> asked {mqtt 3: 1}
                C > S mqtt [report] publish | a/b = true -> done in 1000 us {mqtt 3: 1} {mqtt 4: 1}
                C > S mqtt [report] publish | a/b = 0xff01 -> done in 3000 us {mqtt 3: 1} {mqtt 5: 1} {mqtt 6: 1} {mqtt 7: 1}
            "#]]);
    }

    #[test]
    fn everything_is_listened_to() {
        Dialog::stream(&PROTOCOL)
            .client("82 06 0001 0001 23 00")
            .server("90 03 0001 80")
            .client("c0 00")
            .server("d0 00")
            .client("a2 05 0002 0001 23")
            .end_is(expect![[r#"
                C > S mqtt [subscribe] subscribe | # -> refused (128 failure) in 1000 us {mqtt 8: 1} {mqtt 9: 1}
                C > S mqtt [other] pingreq -> done in 1000 us {mqtt 12: 1} {mqtt 13: 1}
                C > S mqtt [subscribe] unsubscribe | # -> no answer {mqtt 10: 1}
            "#]]);
    }

    #[test]
    fn sparkplug_metrics_keep_their_names() {
        // spBv1.0/g/NBIRTH/n: a metric with name, alias, type and value; then the alias alone.
        Dialog::stream(&PROTOCOL)
            .client("30 29 0012 737042 76312e302f 672f4e42495254482f6e 12 13 0a 04 54656d70 10 05 20 0a 69 0000000000003540")
            .client("30 22 0011 737042 76312e302f 672f4e444154412f6e 12 0d 10 05 20 0a 69 0000000000003640")
            .end_is(expect![[r#"
                C > S mqtt [report] sparkplug node birth | spBv1.0/g/NBIRTH/n = Temp=21 -> asked {mqtt 3: 1}
                C > S mqtt [report] sparkplug node data | spBv1.0/g/NDATA/n = Temp=22 -> asked {mqtt 3: 1}
            "#]]);
    }

    #[test]
    fn probes() {
        assert_eq!(testing::probe(&PROTOCOL, CONNECT), Verdict::by(Match::Certain, Speaker::Client));
        assert_eq!(testing::probe(&PROTOCOL, "30 09 0003 612f62 32312e35").matched, Match::Likely);
        assert_eq!(testing::probe(&PROTOCOL, "300c 0201 0160 0702 0103 0400 8000").matched, Match::No);
        assert_eq!(testing::probe(&PROTOCOL, "0001 0000 0006 01 03 0064 0002").matched, Match::No);
    }

    #[test]
    fn survives_anything() {
        torture(&PROTOCOL, &[CONNECT, LOGIN, PUBLISH, "82 06 0001 0001 23 00", "32 0b 0003 612f62 0007 74727565"]);
    }
}
