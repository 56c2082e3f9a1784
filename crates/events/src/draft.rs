//! An event while it is put together.

use std::borrow::Cow;
use std::net::IpAddr;

use model::{Address, Event, EventKind, Outcome, Severity, Text, Time};

use crate::limits::{FIELDS_MAX, TEXT_BYTES_MAX};

/// An event of `source` of which only the time is known.
pub(crate) fn event(source: &'static str, at: Time) -> Event {
    Event {
        at,
        source: Cow::Borrowed(source),
        product: Text::default(),
        host: Text::default(),
        code: Text::default(),
        kind: EventKind::Other,
        message: Text::default(),
        severity: Severity::Info,
        outcome: Outcome::Asked,
        user: Text::default(),
        from: None,
        to: None,
        extra: Vec::new(),
    }
}

/// The longest beginning of `text` of at most `bytes_max` bytes that ends between two letters.
pub(crate) fn shortened(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default()
}

/// A text of an event: bounded, in one line.
pub(crate) fn text(text: &str) -> Text {
    let short = shortened(text.trim(), TEXT_BYTES_MAX);
    match short.contains(|letter: char| letter.is_control()) {
        true => Text::from(short.replace(|letter: char| letter.is_control(), " ")),
        false => Text::from(short),
    }
}

/// Adds a further field.
pub(crate) fn field(event: &mut Event, name: &str, value: &str) {
    if event.extra.len() < FIELDS_MAX && !name.is_empty() && !value.is_empty() {
        event.extra.push((text(shortened(name, 128)), text(value)));
    }
}

/// An end, where `ip` is an address. `::ffff:10.0.0.1` is the address that it stands for.
pub(crate) fn end(ip: &str, port: &str) -> Option<Address> {
    let ip = match ip.trim().trim_matches(['[', ']']).parse::<IpAddr>().ok()? {
        IpAddr::V6(six) => six.to_ipv4_mapped().map_or(IpAddr::V6(six), IpAddr::V4),
        four => four,
    };
    (!ip.is_unspecified()).then(|| Address {
        ip: Some(ip),
        port: port.trim().parse().ok().filter(|port| *port != 0),
        ..Address::default()
    })
}

/// A user as logs name one; what stands for nobody is left out.
pub(crate) fn user(name: &str) -> Text {
    match name.trim().trim_matches(['"', '\'']) {
        "" | "-" | "(unknown)" | "N/A" | "unknown" => Text::default(),
        name => text(name),
    }
}
