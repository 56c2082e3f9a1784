//! One service done to one object: the act that it is, with values, facts and connections.

use model::{Messages, Object, Text, Verb};

use super::message::{Answer, Around, Request};
use super::{Memory, objects, tables, tags};
use crate::{Draft, Output, Values};

/// The act of a request, before outcome and values, and the text of its object.
pub(crate) fn start(request: Option<&Request<'_>>, answer: Option<&Answer<'_>>) -> (Draft<'static>, Text) {
    let Some(request) = request else {
        // Without the request only the service is known.
        let service = answer.map_or(0, |answer| answer.service);
        let (name, verb) = match service {
            0x05..=0x07 | 0x4b.. => (compact_str::format_compact!("service 0x{service:02x}"), Verb::Other),
            _ => tables::service(None, false, service),
        };
        return (Draft::named(service.into(), name, verb), Text::default());
    };
    let (name, mut verb) = tables::service(request.path.class, request.path.is_symbolic, request.service);
    let text = match (request.path.class, request.service) {
        (Some(0x02) | None, 0x0a) => Text::default(),
        // Polled by the thousand; `objects` names the address.
        (Some(0x72), 0x4b..=0x4e) if request.data.left() >= 6 && !request.path.is_symbolic => Text::default(),
        _ => request.path.object(),
    };
    match (request.path.class, request.service) {
        // Instance 1 of the memory is what a download fills; HMIs write through instance 0.
        (Some(0x72), 0x4b | 0x4d | 0x4e) if request.path.instance.is_some_and(|i| i != 0) => verb = Verb::Program,
        // By the file object firmware comes into devices (volume 1, section 5-42); the EDS and its icon only go out.
        (Some(0x37), 0x4c | 0x50) if !matches!(request.path.instance, Some(0xc8 | 0xc9)) => verb = Verb::Firmware,
        _ => {}
    }
    let object = if text.is_empty() { Object::None } else { Object::Text(text.clone()) };
    (Draft::named(request.service.into(), name, verb).object(object), text)
}

/// Messages of one request and its answer.
fn messages(request: Option<&Request<'_>>, answer: Option<&Answer<'_>>, around: &mut Around) -> Messages {
    let mut messages = around.take();
    if let Some(request) = request {
        messages.add("cip", request.service.into(), 1);
    }
    if let Some(answer) = answer {
        messages.add("cip", answer.service.into(), 1);
    }
    messages
}

/// Tells one service.
pub(super) fn tell(
    memory: &mut Memory,
    request: Option<Request<'_>>,
    answer: Option<Answer<'_>>,
    around: &mut Around,
    out: &mut Output<'_>,
) {
    let messages = messages(request.as_ref(), answer.as_ref(), around);
    if let Some(request) = &request
        && request.path.class == Some(0x67)
        && matches!(request.service, 0x4b | 0x4d)
    {
        let pccc = crate::protocols::pccc::Carried {
            request: Some(request.data.rest()),
            answer: answer.filter(Answer::is_good).map(|answer| answer.data.rest()),
            has_requester: request.service == 0x4b,
        };
        // A refusal of CIP itself never reached PCCC.
        if answer.is_none_or(|answer| answer.is_good()) {
            crate::protocols::pccc::tell(&pccc, around, messages, out);
            return;
        }
        let (mut draft, _) = start(Some(request), answer.as_ref());
        around.complete(&mut draft, answer.as_ref());
        out.act(draft.messages(messages));
        return;
    }
    let (mut draft, text) = start(request.as_ref(), answer.as_ref());
    around.complete(&mut draft, answer.as_ref());
    draft.messages.merge(&messages);
    let mut readings = std::mem::take(&mut memory.readings);
    readings.clear();
    match &request {
        Some(request) if tags::is_tag(request) => {
            tags::tell(request, answer.as_ref(), &text, &mut draft, &mut readings, around, out);
        }
        Some(request) => {
            objects::tell(memory, request, answer.as_ref(), &text, &mut draft, &mut readings, around, out);
        }
        None => {}
    }
    out.act(draft.values(Values::List(&readings)));
    memory.readings = readings;
}

/// Tells a service that a router on the way refused.
pub(super) fn refused_on_the_way(
    request: Option<Request<'_>>,
    answer: Answer<'_>,
    around: &mut Around,
    out: &mut Output<'_>,
) {
    let messages = messages(request.as_ref(), None, around);
    let (mut draft, _) = start(request.as_ref(), None);
    around.complete(&mut draft, Some(&answer));
    out.act(draft.messages(messages).extra("refused by", "router"));
}
