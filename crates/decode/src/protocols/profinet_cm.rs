//! PROFINET IO context management: controllers connect to devices, parametrise and start them, read and write records.
//!
//! The messages are DCE/RPC calls over UDP; the row `dcerpc` hands them on whole, with their header.

use compact_str::format_compact;
use model::{Object, Reading, Text, Time, Value, Verb};
use wire::{Reader, Short};

use crate::protocols::dcerpc::datagram::{DATAGRAM_HEADER_BYTES, Datagram};
use crate::protocols::dcerpc::{fault, interfaces};
use crate::{
    Carrier, Code, Context, Decoder, Draft, Exchange, Match, Output, Probe, Protocol, Speaker, Values, Verdict, code,
};

mod blocks;
pub mod status;
#[cfg(test)]
mod tests;

use blocks::Said;
use status::PnioStatus;

/// Operations of the PROFINET interfaces: IEC 61158-6-10, section 4.10.3.
const CODES: &[Code] = &[
    code(0, "connect", Verb::Other),
    code(1, "release", Verb::Other),
    code(2, "read", Verb::Read),
    code(3, "write", Verb::Configure),
    code(4, "control", Verb::Other),
    code(5, "read implicit", Verb::Read),
];

/// PROFINET IO context management.
pub static PROTOCOL: Protocol = Protocol {
    id: "profinet-cm",
    title: "PROFINET IO context management",
    about: "Controllers connect to field devices, parametrise them, tell them to start, and engineering tools read who they are.",
    depth: "Connect with station, relations, expected modules; records by slot and index with their bytes; identification \
            and maintenance data as facts; control commands; errors by name.",
    documents: &["IEC 61158-6-10:2019, sections 4.10 and 5.2", "PROFINET IO Application Layer Protocol V2.4"],
    carriers: &[Carrier::Inside("dcerpc")],
    is_industrial: true,
    codes: CODES,
    probe,
    open: |_| Box::new(ContextManagement::default()),
};

fn probe(probe: &Probe<'_>) -> Verdict {
    match Datagram::read(&mut Reader::new(probe.bytes)) {
        Ok(Some(head)) if interfaces::is_profinet(head.interface) => {
            let speaker = if head.kind == 0 { Speaker::Client } else { Speaker::Server };
            Verdict::by(Match::Certain, speaker)
        }
        _ => Verdict::NO,
    }
}

/// Topic under which calls are told to the flow of their answer: devices answer from another port than they were asked on.
const ASKED: &str = "profinet-cm asked";

/// Topic under which that flow says that it told the call.
const ANSWERED: &str = "profinet-cm answered";

/// A call that waits.
struct Call {
    operation: u16,
    said: Said,
}

/// Who asked, in which activity, with which number.
type Key = (Speaker, u128, u32);

#[derive(Default)]
struct ContextManagement {
    exchange: Exchange<Key, Call>,
}

/// The name by which flows speak of a call.
fn shared_key(activity: u128, sequence: u32) -> Text {
    format_compact!("{activity:032x} {sequence}")
}

fn draft<'a>(operation: u16, asker: Speaker) -> Draft<'a> {
    let draft = Draft::new(&PROTOCOL, operation.into());
    if asker == Speaker::Server { draft.from_server() } else { draft }
}

/// The act of a call.
fn of_call<'a>(asker: Speaker, operation: u16, said: &'a Said) -> Draft<'a> {
    let mut draft = draft(operation, asker).object(said.object.clone()).values(Values::List(&said.values));
    if let Some((name, verb)) = &said.meaning {
        draft = draft.renamed(name.clone()).verb(*verb);
    }
    for (name, value) in &said.extra {
        draft = draft.extra(name, value.clone());
    }
    draft
}

fn unanswered(key: &Key, at: Time, call: &Call, out: &mut Output<'_>) {
    // The answer came in another flow, which told the call with both messages. Activities may come again: time tells.
    if out.shared(ANSWERED, &shared_key(key.1, key.2)).is_some_and(|asked| asked == format_compact!("{}", at.0)) {
        return;
    }
    let draft = of_call(key.0, call.operation, &call.said).asked(at).no_answer();
    out.act(draft.message("dcerpc", 0).message("profinet-cm", call.operation.into()));
}

impl Decoder for ContextManagement {
    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        let mut r = Reader::new(message);
        match Datagram::read(&mut r) {
            Ok(Some(head)) => {
                let body = Reader::new(message.get(DATAGRAM_HEADER_BYTES..).unwrap_or(&[]));
                if head.kind == 0 {
                    self.request(&head, body, context, out);
                } else {
                    self.answer(&head, body, context, out);
                }
            }
            Ok(None) => out.malformed(0, "header", "not one of DCE/RPC"),
            Err(short) => out.short(&short),
        }
        while let Some((key, at, call)) = self.exchange.overdue(context.at) {
            unanswered(&key, at, &call, out);
        }
    }

    fn end(&mut self, out: &mut Output<'_>) {
        for (key, at, call) in self.exchange.drain() {
            unanswered(&key, at, &call, out);
        }
    }
}

impl ContextManagement {
    fn request(&mut self, head: &Datagram, mut r: Reader<'_>, context: &Context, out: &mut Output<'_>) {
        let mut said = Said::default();
        // NDR: most, length, and an array with its three numbers.
        let result = r.skip(20, "arguments").and_then(|()| said.request(r));
        if let Err(short) = result
            && context.wire_len <= DATAGRAM_HEADER_BYTES.saturating_add(usize::from(head.length))
        {
            out.short(&short);
        }
        said.tell_of_asker(context.speaker, out);
        let key = (context.speaker, head.activity, head.sequence);
        out.share(ASKED, shared_key(head.activity, head.sequence), shared(context.at, &said));
        let call = Call { operation: head.operation, said };
        if let Some((key, at, old)) = self.exchange.ask(key, context.at, call) {
            // The same call again is a retransmission: it is told, and the last one waits on.
            unanswered(&key, at, &old, out);
        }
    }

    fn answer(&mut self, head: &Datagram, mut r: Reader<'_>, context: &Context, out: &mut Output<'_>) {
        let asker = context.speaker.other();
        let code = u32::from(head.kind);
        let key = (asker, head.activity, head.sequence);
        let shared_key = shared_key(head.activity, head.sequence);
        let mut messages = model::Messages::one("dcerpc", code);
        messages.add("profinet-cm", head.operation.into(), 1);
        let mut asked = None;
        let mut said = Said::default();
        match self.exchange.answer(&key) {
            Some((at, call)) => {
                (asked, said) = (Some(at), call.said);
                messages.add("dcerpc", 0, 1);
                messages.add("profinet-cm", call.operation.into(), 1);
            }
            None => {
                let answered = out.shared(ANSWERED, &shared_key);
                let elsewhere = out.shared(ASKED, &shared_key);
                let time = elsewhere.as_ref().and_then(|text| text.split('\t').next()).map(Text::from);
                if let (Some(text), Some(time)) = (elsewhere, time)
                    && answered.as_ref() != Some(&time)
                {
                    asked = unshare(&text, &mut said);
                    messages.add("dcerpc", 0, 1);
                    messages.add("profinet-cm", head.operation.into(), 1);
                    out.share(ANSWERED, shared_key, time);
                }
            }
        }
        let (status, result): (Option<(u32, Text)>, Result<(), Short>) = if head.kind == 2 {
            match head.order.u32(&mut r, "pnio status").map(PnioStatus::new) {
                Ok(status) => {
                    let result = r.skip(16, "arguments").and_then(|()| said.answer(r, out));
                    let failed = if status.is_good() { said.failure } else { Some(status) };
                    (failed.map(|status| (status.code(), status::name(&status))), result)
                }
                Err(short) => (None, Err(short)),
            }
        } else {
            let status = head.order.u32(&mut r, "status").unwrap_or(0);
            (Some((status, fault(status))), Ok(()))
        };
        let mut act = of_call(asker, head.operation, &said).messages(messages);
        if let Some(at) = asked {
            act = act.asked(at);
        }
        out.act(match status {
            Some((code, name)) => act.refused(context.at, code, name),
            None => act.done(context.at),
        });
        if let Err(short) = result
            && context.wire_len <= DATAGRAM_HEADER_BYTES.saturating_add(usize::from(head.length))
        {
            out.short(&short);
        }
    }
}

/// A call as the flow of its answer needs it: time, name and verb where they are its own, object, and values written.
fn shared(at: Time, said: &Said) -> Text {
    let (name, verb) = match &said.meaning {
        Some((name, verb)) => (name.as_str(), verb.as_str()),
        None => ("", ""),
    };
    let mut text = format_compact!("{}\t{name}\t{verb}\t{}", at.0, said.object);
    for reading in said.values.iter().take(8) {
        let value: String = match &reading.value {
            Value::Bytes(bytes) => bytes.iter().take(64).map(|byte| format!("{byte:02x}")).collect(),
            Value::Text(text) => format!("={text}"),
            _ => continue,
        };
        text.push_str(&format_compact!("\t{}\t{value}", reading.object));
    }
    text
}

/// The opposite of `shared`. Gives the time of asking.
fn unshare(text: &str, said: &mut Said) -> Option<Time> {
    let mut parts = text.split('\t');
    let at = parts.next()?.parse().ok().map(Time);
    let (name, verb) = (parts.next()?, parts.next()?);
    if let Some(verb) = Verb::from_word(verb) {
        said.meaning = Some((name.into(), verb));
    }
    said.object = match parts.next()? {
        "" => Object::None,
        object => Object::from(object),
    };
    while let (Some(object), Some(value)) = (parts.next(), parts.next()) {
        let value = match value.strip_prefix('=') {
            Some(text) => Value::Text(text.into()),
            None => Value::Bytes(
                (0..value.len() / 2)
                    .filter_map(|i| u8::from_str_radix(value.get(i * 2..i * 2 + 2)?, 16).ok())
                    .collect(),
            ),
        };
        said.values.push(Reading::new(object, value));
    }
    at
}
