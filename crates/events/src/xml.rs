//! Windows events as XML, as `wevtutil` and event forwarding write them: flat enough to be read without a tree.

use model::{Event, Time};

use crate::{draft, time, windows};

/// The elements `<Event …> … </Event>` of a text.
pub(crate) fn elements(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let start = rest.find("<Event")?;
            let from = rest.get(start..)?;
            // `<Events>` and `<EventData>` begin alike.
            if !from.get(6..7).is_some_and(|next| next == ">" || next.trim().is_empty()) {
                rest = from.get(6..)?;
                continue;
            }
            let end = from.find("</Event>").map_or(from.len(), |end| end + "</Event>".len());
            rest = from.get(end..).unwrap_or_default();
            return from.get(..end);
        }
    })
}

pub(crate) fn read(text: &str, received: Time) -> Option<Event> {
    let text = draft::shortened(text, crate::limits::LINE_BYTES_MAX);
    let mut event = draft::event("windows", received);
    let id = content(text, "EventID")?.trim().parse::<u32>().ok()?;
    event.code = draft::text(&id.to_string());
    event.host = draft::text(&decoded(content(text, "Computer").unwrap_or_default()));
    let provider = attribute(text, "<Provider", "Name").map(decoded).unwrap_or_default();
    event.product = draft::text(&provider);
    if let Some(at) = attribute(text, "<TimeCreated", "SystemTime").and_then(time::parse) {
        event.at = at;
    }
    draft::field(&mut event, "EventID", &id.to_string());
    let mut rest = text;
    for _ in 0..crate::limits::FIELDS_MAX {
        let Some(start) = rest.find("<Data ") else { break };
        let element = rest.get(start..).unwrap_or_default();
        let name = attribute(element, "<Data ", "Name").map(decoded).unwrap_or_default();
        let value = content(element, "Data").map(decoded).unwrap_or_default();
        draft::field(&mut event, &name, &value);
        rest = element.get(6..).unwrap_or_default();
    }
    if let Some(message) = content(text, "Message") {
        event.message = draft::text(&decoded(message));
    }
    windows::understand(&mut event, id, &provider);
    Some(event)
}

/// The content of the first element `name`; empty where it closes itself.
fn content<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = text;
    loop {
        let start = rest.find('<')?;
        rest = rest.get(start + 1..)?;
        let Some(after) = rest.strip_prefix(name) else { continue };
        if !after.starts_with(['>', ' ', '/']) {
            continue;
        }
        let open = after.find('>')?;
        if after.get(..open)?.ends_with('/') {
            return Some("");
        }
        let inside = after.get(open + 1..)?;
        return inside.get(..inside.find("</")?);
    }
}

/// The value of attribute `name` of the first element that begins with `element`.
fn attribute<'a>(text: &'a str, element: &str, name: &str) -> Option<&'a str> {
    let inside = text.get(text.find(element)?..)?;
    let inside = inside.get(..inside.find('>')?)?;
    let at = inside.find(&format!("{name}="))?;
    let value = inside.get(at + name.len() + 1..)?;
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let value = value.get(1..)?;
    value.get(..value.find(quote)?)
}

fn decoded(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'").replace("&amp;", "&")
}
