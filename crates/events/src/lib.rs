//! Logs of other systems, normalised: one line of text in, one event out (docs/events.md).
//!
//! Nothing here does I/O or reads a clock. No line makes it panic, and what comes out is bounded by [`limits`].

#![forbid(unsafe_code)]

mod cef;
mod draft;
mod json;
pub mod limits;
mod syslog;
mod time;
mod windows;
mod xml;

use model::{Event, Time};

/// The forms of logs that are recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One event a line: syslog, CEF, JSON.
    Lines,
    /// Windows events as XML, which may spread over lines.
    Xml,
}

/// The form of a file that begins with `head`, or `None` where it is no log: captures and other binary files.
pub fn recognise(head: &[u8]) -> Option<Form> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if head.is_empty() || head.contains(&0) {
        return None;
    }
    // A head may end within a letter.
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(e) if e.error_len().is_none() => std::str::from_utf8(head.get(..e.valid_up_to())?).ok()?,
        Err(_) => return None,
    };
    let start = text.trim_start();
    if start.starts_with("<Event") || (start.starts_with("<?xml") && start.contains("<Event")) {
        return Some(Form::Xml);
    }
    let line = start.lines().next().unwrap_or_default();
    let is_log = start.starts_with('{') || line.contains("CEF:") || syslog::is_one(line);
    is_log.then_some(Form::Lines)
}

/// Reads one line. `received` is the time of what says none, and gives the year to what says only day and month.
/// `None`: the line is empty, a comment, or of no form known.
pub fn line(text: &str, received: Time) -> Option<Event> {
    let text = draft::shortened(text.trim(), limits::LINE_BYTES_MAX);
    if text.is_empty() || text.starts_with('#') {
        return None;
    }
    if text.starts_with('{') {
        return json::read(text, received);
    }
    if text.starts_with("<Event") {
        return xml::read(text, received);
    }
    if let Some(start) = text.find("CEF:") {
        return cef::read(text.get(start..)?, received, text.get(..start)?);
    }
    syslog::read(text, received)
}

/// Reads all of a file of form `form`, and counts what was not readable.
pub fn file(form: Form, text: &str, received: Time) -> (Vec<Event>, u64) {
    let (mut events, mut unreadable) = (Vec::new(), 0);
    let mut take = |event: Option<Event>| match event {
        Some(event) if events.len() < limits::EVENTS_PER_FILE_MAX => events.push(event),
        _ => unreadable += 1,
    };
    match form {
        Form::Lines => {
            for one in text.lines().filter(|one| !one.trim().is_empty() && !one.starts_with('#')) {
                take(line(one, received));
            }
        }
        Form::Xml => xml::elements(text).for_each(|element| take(xml::read(element, received))),
    }
    (events, unreadable)
}

#[cfg(test)]
mod tests;
