//! MMS (ISO 9506) over ISO session, presentation and ACSE: substations (IEC 61850-8-1) and control centres (TASE.2).

use compact_str::format_compact;
use model::{Confidence, FactKey, Object, Reading, Text, Time, Value, Verb};

use crate::ber::{Element, Elements};
use crate::{About, Carrier, Context, Decoder, Draft, Exchange, Output, Protocol, Speaker, Values};

pub mod codes;
pub mod data;
mod layers;
mod report;
mod service;
#[cfg(test)]
mod tests;

use codes::{ABORT, CANCEL, CODES, CONCLUDE, INITIATE, REJECT, RELEASE, UNREADABLE};
use layers::{Association, Unit};

/// MMS.
pub static PROTOCOL: Protocol = Protocol {
    id: "mms",
    title: "MMS (IEC 61850-8-1, TASE.2)",
    about: "Reads, commands and configures protection relays and bay controllers, and couples control centres; rarely \
            protected by more than a password in clear text.",
    depth: "Session, presentation and ACSE with titles and whether a password was given; all confirmed services by \
            name; variables with typed values and access errors; lists, reports, files, domains, programs; errors and rejects.",
    documents: &[
        "ISO 9506-1:2003 and ISO 9506-2:2003 (MMS)",
        "ISO 8327-1 (session), ISO 8823-1 (presentation), ISO 8650-1 (ACSE)",
        "IEC 61850-8-1:2011, sections 8, 17, 20",
    ],
    carriers: &[Carrier::Inside("cotp")],
    is_industrial: true,
    codes: CODES,
    probe: layers::probe,
    open: |_| Box::new(Mms::default()),
};

/// Values of an answer that list names: more are counted only.
const LISTED_MAX: usize = 512;

/// A request that waits.
enum Waiting {
    Service(Box<service::Request>),
    /// Initiate, conclude, release, cancel: code, verb and fields.
    Other(u32, Verb, Vec<(&'static str, Text)>),
}

/// By the asking side and invoke id; what is no service has an id of its own.
type Key = (Speaker, u32, u64);

#[derive(Default)]
struct Mms {
    exchange: Exchange<Key, Waiting>,
    is_ied_told: bool,
}

/// An act of `asker`.
fn draft<'a>(code: u32, asker: Speaker) -> Draft<'a> {
    let draft = Draft::new(&PROTOCOL, code);
    if asker == Speaker::Server { draft.from_server() } else { draft }
}

impl Decoder for Mms {
    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        match layers::units(message) {
            Ok(units) => {
                for unit in units {
                    self.unit(&unit, context, out);
                }
            }
            Err((offset, why)) => {
                out.malformed(offset, "session or presentation", why);
                out.act(draft(UNREADABLE, context.speaker));
            }
        }
        while let Some((key, at, waiting)) = self.exchange.overdue(context.at) {
            unanswered(&key, at, waiting, out);
        }
    }

    fn end(&mut self, out: &mut Output<'_>) {
        for (key, at, waiting) in self.exchange.drain() {
            unanswered(&key, at, waiting, out);
        }
    }
}

/// What request and answer of a service have in common.
fn of_request<'a>(key: &Key, at: Time, request: &service::Request) -> Draft<'a> {
    let mut draft =
        draft(request.service, key.0).asked(at).object(request.object.clone()).message("mms", request.service);
    if let Some(verb) = request.verb {
        draft = draft.verb(verb);
    }
    if let Some((name, value)) = &request.extra {
        draft = draft.extra(name, value.clone());
    }
    draft
}

fn unanswered(key: &Key, at: Time, waiting: Waiting, out: &mut Output<'_>) {
    match waiting {
        Waiting::Service(request) => {
            out.act(of_request(key, at, &request).no_answer().values(Values::List(&request.values)));
        }
        Waiting::Other(code, verb, extra) => {
            let mut draft = draft(code, key.0).verb(verb).asked(at).no_answer();
            for (name, value) in extra {
                draft = draft.extra(name, value);
            }
            out.act(draft);
        }
    }
}

impl Mms {
    fn ask(&mut self, key: Key, at: Time, waiting: Waiting, out: &mut Output<'_>) {
        if let Some((key, at, old)) = self.exchange.ask(key, at, waiting) {
            unanswered(&key, at, old, out);
        }
    }

    fn unit(&mut self, unit: &Unit<'_>, context: &Context, out: &mut Output<'_>) {
        let speaker = context.speaker;
        match unit {
            Unit::Associate(association) => self.associate(association, context, out),
            Unit::Associated(association) => self.associated(association, context, out),
            Unit::Release => {
                self.ask((speaker, RELEASE, 0), context.at, Waiting::Other(RELEASE, Verb::Other, Vec::new()), out)
            }
            Unit::Released => self.answered(RELEASE, None, context, out),
            Unit::Abort(why) => out.act(draft(ABORT, speaker).extra("reason", *why)),
            Unit::Refused(why) => {
                let (at, verb, extra) = self.initiated(speaker.other());
                let mut act = draft(INITIATE, speaker.other()).verb(verb).refused(context.at, 1, *why);
                if let Some(at) = at {
                    act = act.asked(at);
                }
                for (name, value) in extra {
                    act = act.extra(name, value);
                }
                out.act(act);
            }
            Unit::Mms(pdu) => self.pdu(pdu, context, out),
        }
    }

    /// The initiate of `asker` that waits, taken out.
    fn initiated(&mut self, asker: Speaker) -> (Option<Time>, Verb, Vec<(&'static str, Text)>) {
        match self.exchange.answer(&(asker, INITIATE, 0)) {
            Some((at, Waiting::Other(_, verb, extra))) => (Some(at), verb, extra),
            _ => (None, Verb::Other, Vec::new()),
        }
    }

    fn associate(&mut self, association: &Association<'_>, context: &Context, out: &mut Output<'_>) {
        let mut extra = association.fields("calling", "called");
        let mut verb = Verb::Other;
        if let Some(mechanism) = &association.authentication {
            verb = Verb::Login;
            extra.push(("authentication", mechanism.clone()));
            let value = format!("acse {mechanism}");
            out.fact(About::Speaker, FactKey::Credential, &value, "acse authentication value", Confidence::Certain);
        }
        if let Some(pdu) = &association.mms {
            initiate_fields(pdu, &mut extra);
        }
        self.ask((context.speaker, INITIATE, 0), context.at, Waiting::Other(INITIATE, verb, extra), out);
    }

    fn associated(&mut self, association: &Association<'_>, context: &Context, out: &mut Output<'_>) {
        let asker = context.speaker.other();
        let (at, verb, mut extra) = self.initiated(asker);
        if let Some(pdu) = &association.mms {
            initiate_fields(pdu, &mut extra);
        }
        extra.extend(association.fields("responding", ""));
        let mut act = draft(INITIATE, asker).verb(verb);
        if let Some(at) = at {
            act = act.asked(at);
        }
        let error = association.mms.as_ref().filter(|pdu| pdu.is(10)).map(|pdu| error(pdu.inside()));
        act = match (error, association.refusal) {
            (Some((code, name)), _) => act.refused(context.at, code, name),
            (None, Some(code)) => act.refused(context.at, code, association.diagnostic.clone()),
            (None, None) => {
                out.fact(About::Speaker, FactKey::Service, "mms", "initiate", Confidence::Certain);
                act.done(context.at)
            }
        };
        for (name, value) in extra {
            act = act.extra(name, value);
        }
        out.act(act);
    }

    /// An answer to something that is no service.
    fn answered(&mut self, code: u32, error: Option<(u32, Text)>, context: &Context, out: &mut Output<'_>) {
        let asker = context.speaker.other();
        let mut act = draft(code, asker);
        let ids = if code == CANCEL { None } else { Some(0) };
        let waiting = match ids {
            Some(id) => self.exchange.answer(&(asker, code, id)),
            None => None,
        };
        if let Some((at, Waiting::Other(_, verb, extra))) = waiting {
            act = act.asked(at).verb(verb);
            for (name, value) in extra {
                act = act.extra(name, value);
            }
        }
        out.act(match error {
            Some((code, name)) => act.refused(context.at, code, name),
            None => act.done(context.at),
        });
    }

    /// One MMS PDU: ISO 9506-2, `MMSpdu`.
    fn pdu(&mut self, pdu: &Element<'_>, context: &Context, out: &mut Output<'_>) {
        let speaker = context.speaker;
        match pdu.tag {
            0 => self.request(pdu, context, out),
            1 => self.response(pdu, context, out),
            2 => self.error(pdu, context, out),
            3 => unconfirmed(pdu, context, out),
            4 => self.reject(pdu, context, out),
            5 => out.act(draft(CANCEL, speaker).extra("invoke id", number(pdu.unsigned()))),
            6 => out.act(draft(CANCEL, speaker.other()).done(context.at).extra("invoke id", number(pdu.unsigned()))),
            7 => {
                let (code, name) = error(pdu.inside());
                out.act(draft(CANCEL, speaker.other()).refused(context.at, code, name));
            }
            8 => {
                let mut extra = Vec::new();
                initiate_fields(pdu, &mut extra);
                self.ask((speaker, INITIATE, 0), context.at, Waiting::Other(INITIATE, Verb::Other, extra), out);
            }
            9 | 10 => {
                let error = if pdu.tag == 10 { Some(error(pdu.inside())) } else { None };
                self.answered(INITIATE, error, context, out);
            }
            11 => self.ask((speaker, CONCLUDE, 0), context.at, Waiting::Other(CONCLUDE, Verb::Other, Vec::new()), out),
            12 => self.answered(CONCLUDE, None, context, out),
            13 => self.answered(CONCLUDE, Some(error(pdu.inside())), context, out),
            tag => {
                out.malformed(0, "mms pdu", "unknown tag");
                out.act(draft(UNREADABLE, speaker).extra("tag", format_compact!("{tag}")));
            }
        }
    }

    fn request(&mut self, pdu: &Element<'_>, context: &Context, out: &mut Output<'_>) {
        let mut elements = pdu.inside();
        let id = elements.next().filter(|id| id.class == 0 && id.tag == 2).and_then(|id| id.unsigned());
        // Modifiers may stand between: universal sequence.
        let service = elements.find(|element| element.class == 2);
        let (Some(id), Some(service)) = (id, service) else {
            out.malformed(0, "confirmed request", "no invoke id or no service");
            out.act(draft(UNREADABLE, context.speaker));
            return;
        };
        let request = service::request(&service);
        if !self.is_ied_told && matches!(&request.object, Object::Text(name) if name.contains("/LLN0$")) {
            self.is_ied_told = true;
            let about = if context.speaker == Speaker::Client { About::Server } else { About::Client };
            out.fact(about, FactKey::Role, "ied", "iec 61850 names", Confidence::Likely);
        }
        self.ask((context.speaker, 0, id), context.at, Waiting::Service(Box::new(request)), out);
    }

    fn response(&mut self, pdu: &Element<'_>, context: &Context, out: &mut Output<'_>) {
        let mut elements = pdu.inside();
        let id = elements.next().filter(|id| id.class == 0 && id.tag == 2).and_then(|id| id.unsigned());
        let service = elements.find(|element| element.class == 2);
        let (Some(id), Some(answer)) = (id, service) else {
            out.malformed(0, "confirmed response", "no invoke id or no service");
            out.act(draft(UNREADABLE, context.speaker.other()));
            return;
        };
        let key = (context.speaker.other(), 0, id);
        let (mut act, request) = match self.exchange.answer(&key) {
            Some((at, Waiting::Service(request))) if request.service == answer.tag => {
                (of_request(&key, at, &request), Some(request))
            }
            Some((at, waiting)) => {
                unanswered(&key, at, waiting, out);
                (draft(answer.tag, key.0), None)
            }
            None => (draft(answer.tag, key.0), None),
        };
        act = act.message("mms", answer.tag);
        let mut values = Vec::new();
        let mut failure = None;
        match answer.tag {
            0 => status(&answer, &mut values),
            1 => {
                let names = answer.inside().context(0);
                for name in names.iter().flat_map(|names| names.inside()).take(LISTED_MAX) {
                    values.push(Reading::new("name", Value::Text(name.text())));
                }
                if answer.inside().context(1).is_none_or(|more| more.is_true()) {
                    act = act.extra("more follows", "true");
                }
            }
            2 => {
                let keys =
                    [(0, FactKey::Vendor, "vendor"), (1, FactKey::Model, "model"), (2, FactKey::Firmware, "revision")];
                for (tag, key, name) in keys {
                    if let Some(element) = answer.inside().context(tag) {
                        let text = element.text();
                        out.fact(About::Speaker, key, &text, "mms identify", Confidence::Certain);
                        values.push(Reading::new(name, Value::Text(text)));
                    }
                }
            }
            4 => {
                let access = request.as_ref().and_then(|request| request.access.as_ref());
                if let Some(list) = answer.inside().context(1) {
                    let (error, has_value) = service::results(list.inside(), access, &mut values);
                    failure = error.filter(|_| !has_value);
                }
                tase2(&values, out);
            }
            5 => {
                let mut is_any_done = false;
                let mut error = None;
                for result in answer.inside().take(LISTED_MAX) {
                    match result.tag {
                        0 => error = error.or(result.unsigned()),
                        _ => is_any_done = true,
                    }
                }
                failure = error.filter(|_| !is_any_done);
                if let (Some(code), true) = (error, is_any_done) {
                    act = act.status(u32::try_from(code).unwrap_or(0xff), codes::access_error(code));
                }
            }
            12 => {
                let list = answer.inside().context(1);
                for variable in list.iter().flat_map(|list| list.inside()).take(LISTED_MAX) {
                    let name = variable.inside().next().and_then(|v| v.inside().next());
                    if let Some(name) = name.and_then(|name| service::object_name(&name)) {
                        values.push(Reading::new("variable", Value::Text(name)));
                    }
                }
            }
            13 => {
                for (tag, name) in [(0, "matched"), (1, "deleted")] {
                    if let Some(count) = answer.inside().context(tag).and_then(|count| count.unsigned()) {
                        values.push(Reading::new(name, Value::Unsigned(count)));
                    }
                }
            }
            29 | 72 => {
                if let Some(machine) = answer.inside().context(0) {
                    act = act.extra("state machine", number(machine.unsigned()));
                }
                if answer.tag == 72
                    && let Some(size) = answer.inside().context(1).and_then(|a| a.inside().context(0))
                {
                    act = act.extra("bytes", number(size.unsigned()));
                }
            }
            30 | 73 => {
                let bytes = answer.inside().context(0).map_or(0, |content| content.content.len());
                act = act.extra("bytes", format_compact!("{bytes}"));
            }
            77 => {
                let list = answer.inside().context(0);
                let entries = list.iter().flat_map(|list| list.inside()).flat_map(|sequence| match sequence.tag {
                    16 => sequence.inside(),
                    _ => Elements::new(&[]),
                });
                for entry in entries.filter(|entry| entry.is_constructed).take(LISTED_MAX) {
                    // Either the entry itself, or one wrapped into a sequence.
                    let name = match entry.class {
                        2 => service::file_name(&entry),
                        _ => entry.inside().context(0).and_then(|name| service::file_name(&name)),
                    };
                    if let Some(name) = name.filter(|name| !name.is_empty()) {
                        values.push(Reading::new("file", Value::Text(name)));
                    }
                }
            }
            _ => {}
        }
        act = match failure {
            Some(code) => act.refused(context.at, u32::try_from(code).unwrap_or(0xff), codes::access_error(code)),
            None => act.done(context.at),
        };
        let list = match &request {
            Some(request) if values.is_empty() => request.values.as_slice(),
            _ => values.as_slice(),
        };
        out.act(act.values(Values::List(list)));
    }

    fn error(&mut self, pdu: &Element<'_>, context: &Context, out: &mut Output<'_>) {
        let id = pdu.inside().context(0).and_then(|id| id.unsigned());
        let (code, name) = pdu.inside().context(2).map_or((0xff, "unknown".into()), |e| error(e.inside()));
        self.failed(id, code, name, UNREADABLE, context, out);
    }

    fn reject(&mut self, pdu: &Element<'_>, context: &Context, out: &mut Output<'_>) {
        let id = pdu.inside().context(0).and_then(|id| id.unsigned());
        let reason = pdu.inside().find(|element| element.class == 2 && element.tag > 0);
        let (code, name) =
            reason.map_or((0xff, "unknown".into()), |r| codes::reject(r.tag, r.unsigned().unwrap_or(0xff)));
        self.failed(id, code, name, REJECT, context, out);
    }

    /// Something asked with `id` failed; without its request it is told as `otherwise`.
    fn failed(
        &mut self,
        id: Option<u64>,
        code: u32,
        name: Text,
        otherwise: u32,
        context: &Context,
        out: &mut Output<'_>,
    ) {
        let key = (context.speaker.other(), 0, id.unwrap_or(u64::MAX));
        match self.exchange.answer(&key) {
            Some((at, Waiting::Service(request))) => {
                let act = of_request(&key, at, &request).refused(context.at, code, name);
                out.act(act.values(Values::List(&request.values)));
            }
            _ => {
                let act = draft(otherwise, key.0).refused(context.at, code, name);
                out.act(if otherwise == UNREADABLE { act.renamed("confirmed error") } else { act });
            }
        }
    }
}

/// TASE.2 (IEC 60870-6-802): a variable of fixed name tells its version.
fn tase2(values: &[Reading], out: &mut Output<'_>) {
    let mut versions = values.iter().filter_map(|reading| match (&reading.object, &reading.value) {
        (Object::Text(name), Value::Integer(number)) if name.starts_with("TASE2_Version.") => Some(number),
        _ => None,
    });
    if let (Some(major), Some(minor)) = (versions.next(), versions.next()) {
        let version = format!("tase.2 {major}-{minor}");
        out.fact(About::Speaker, FactKey::Service, &version, "TASE2_Version", Confidence::Certain);
    }
}

/// Unconfirmed services: 0 report, 1 status, 2 event.
fn unconfirmed(pdu: &Element<'_>, context: &Context, out: &mut Output<'_>) {
    let speaker = context.speaker;
    let Some(service) = pdu.inside().next() else {
        out.malformed(0, "unconfirmed service", "missing");
        return out.act(draft(UNREADABLE, speaker));
    };
    match service.tag {
        0 => {
            let report = report::read(&service);
            let mut act = draft(codes::INFORMATION_REPORT, speaker).object(report.object);
            for (name, value) in report.extra {
                act = act.extra(name, value);
            }
            out.act(act.values(Values::List(&report.values)));
        }
        1 => {
            let mut values = Vec::new();
            status(&service, &mut values);
            out.act(draft(codes::UNSOLICITED_STATUS, speaker).values(Values::List(&values)));
        }
        2 => {
            let name =
                service.inside().context(0).and_then(|e| e.inside().next()).and_then(|n| service::object_name(&n));
            let severity = service.inside().context(3).map(|s| number(s.unsigned())).unwrap_or_default();
            let act = draft(codes::EVENT_NOTIFICATION, speaker).extra("severity", severity);
            out.act(act.object(name.map_or(Object::None, Object::Text)));
        }
        tag => out.act(draft(UNREADABLE, speaker).extra("unconfirmed service", format_compact!("{tag}"))),
    }
}

fn number(value: Option<u64>) -> Text {
    value.map(|value| format_compact!("{value}")).unwrap_or_default()
}

/// A service error: class (a tag) with its code, and a description where given.
fn error(elements: Elements<'_>) -> (u32, Text) {
    let class = elements.context(0).and_then(|class| class.inside().next());
    let (code, mut name) = match class {
        Some(class) => codes::service_error(class.tag, class.unsigned().unwrap_or(0xff)),
        None => (0xffff, "unknown".into()),
    };
    if let Some(description) = elements.context(2).filter(|d| !d.content.is_empty()) {
        name = format_compact!("{name} ({})", description.text());
    }
    (code, name)
}

/// Status of the device: logical, physical.
fn status(answer: &Element<'_>, values: &mut Vec<Reading>) {
    let logical =
        ["state changes allowed", "no state changes allowed", "limited services allowed", "support services allowed"];
    let physical = ["operational", "partially operational", "inoperable", "needs commissioning"];
    for (tag, name, words) in [(0, "logical status", logical), (1, "physical status", physical)] {
        let Some(code) = answer.inside().context(tag).and_then(|status| status.unsigned()) else { continue };
        let word = usize::try_from(code).ok().and_then(|code| words.get(code));
        let word = word.map_or_else(|| format_compact!("0x{code:02x}"), |word| Text::const_new(word));
        values.push(Reading::new(name, Value::Text(word)));
    }
}

/// What initiate negotiates: local detail (PDU size), services outstanding, version.
fn initiate_fields(pdu: &Element<'_>, extra: &mut Vec<(&'static str, Text)>) {
    let mut put = |name: &'static str, value: Option<u64>| {
        if let Some(value) = value {
            extra.retain(|(known, _)| *known != name);
            extra.push((name, format_compact!("{value}")));
        }
    };
    put("pdu bytes", pdu.inside().context(0).and_then(|e| e.unsigned()));
    put("outstanding", pdu.inside().context(1).and_then(|e| e.unsigned()));
    put("version", pdu.inside().context(4).and_then(|d| d.inside().context(0)).and_then(|e| e.unsigned()));
}
