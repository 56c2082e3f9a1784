//! The virtual link: forwarded senders, foreign devices, and the tables of broadcast management devices.
//!
//! Written from ANSI/ASHRAE 135-2020, Annex J.2 (BACnet/IP) and Annex U.2 (BACnet/IPv6).

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use compact_str::format_compact;
use model::{Address, Confidence, FactKey, Object, Text, Time};
use wire::{Reader, Short};

use super::{Bacnet, Envelope, PROTOCOL, by};
use crate::{About, Draft, Output, Speaker};

/// Distribute-Broadcast-To-Network: what a foreign device says to all.
pub(super) const DISTRIBUTE: u8 = 0x09;

/// Bytes between the length and the network layer, of functions that carry one.
pub(super) const fn header_bytes(kind: u8, function: u8) -> Option<usize> {
    match (kind, function) {
        (0x81, 0x04) => Some(6),
        (0x81, 0x09..=0x0b) => Some(0),
        (0x82, 0x01) => Some(6),
        (0x82, 0x02 | 0x0c) => Some(3),
        (0x82, 0x08) => Some(21),
        _ => None,
    }
}

/// Whether a function without a network layer can be so long, header included.
pub(super) const fn is_length(kind: u8, function: u8, length: usize) -> bool {
    match (kind, function) {
        (0x81, 0x00 | 0x05) => length == 6,
        (0x81, 0x02 | 0x06) => length == 4,
        // Tables of ten bytes an entry.
        (0x81, 0x01 | 0x03 | 0x07) => length % 10 == 4,
        (0x81, 0x08) => length == 10,
        (0x82, 0x00 | 0x09) => length == 9,
        (0x82, 0x03 | 0x05 | 0x07) => length == 10,
        (0x82, 0x04) => length == 28,
        (0x82, 0x06) => length == 7,
        (0x82, 0x0a) => length == 25,
        // The wrapped message and its security header.
        (0x81, 0x0c) | (0x82, 0x0b) => length > 20,
        _ => false,
    }
}

/// The number that a function of Annex U has in Annex J; those without one there get numbers behind its last.
pub(super) const fn annex_j(function: u8) -> u8 {
    match function {
        0x01 => 0x0a,
        0x02 => 0x0b,
        0x03 => 0x0d,
        0x04 => 0x0e,
        0x05 => 0x0f,
        0x06 => 0x10,
        0x07 => 0x11,
        0x08 => 0x04,
        0x09 => 0x05,
        0x0a => 0x08,
        0x0b => 0x0c,
        0x0c => 0x09,
        function => function,
    }
}

/// Reads what lies before the network layer.
pub(super) fn header(kind: u8, function: u8, r: &mut Reader<'_>, envelope: &mut Envelope) -> Result<(), Short> {
    match (kind, function) {
        (0x81, 0x04) => envelope.sender = Some(address(r)?),
        (0x82, 0x08) => {
            r.skip(3, "source virtual address")?;
            envelope.sender = Some(address_v6(r)?);
        }
        _ => r.skip(header_bytes(kind, function).unwrap_or(0), "virtual addresses")?,
    }
    Ok(())
}

fn address(r: &mut Reader<'_>) -> Result<Address, Short> {
    let ip = Ipv4Addr::from(r.array::<4>("address")?);
    let port = r.u16("port")?;
    Ok(Address { ip: Some(IpAddr::V4(ip)), port: Some(port), ..Address::default() })
}

fn address_v6(r: &mut Reader<'_>) -> Result<Address, Short> {
    let ip = Ipv6Addr::from(r.array::<16>("address")?);
    let port = r.u16("port")?;
    Ok(Address { ip: Some(IpAddr::V6(ip)), port: Some(port), ..Address::default() })
}

/// Results (Annex J.2.1), by the function that they answer.
const RESULTS: &[(u16, &str)] = &[
    (0x00, "successful completion"),
    (0x10, "write broadcast distribution table nak"),
    (0x20, "read broadcast distribution table nak"),
    (0x30, "register foreign device nak"),
    (0x40, "read foreign device table nak"),
    (0x50, "delete foreign device table entry nak"),
    (0x60, "distribute broadcast to network nak"),
    (0x90, "register foreign device nak"),
    (0xa0, "delete foreign device table entry nak"),
    (0xc0, "distribute broadcast to network nak"),
];

/// A request of the virtual link that waits.
pub(super) struct Request {
    function: u8,
    object: Object,
    extra: Text,
}

impl Request {
    fn act(&self, asker: Speaker, at: Time) -> Draft<'static> {
        by(Draft::new(&PROTOCOL, 512 + u32::from(self.function)), asker)
            .asked(at)
            .object(self.object.clone())
            .extra(if self.function == 0x05 { "time to live" } else { "entries" }, self.extra.clone())
    }

    pub(super) fn unanswered(&self, asker: Speaker, at: Time, out: &mut Output<'_>) {
        out.act(self.act(asker, at).no_answer());
    }
}

impl Bacnet {
    /// A function without a network layer.
    pub(super) fn link_message(
        &mut self,
        kind: u8,
        function: u8,
        mut r: Reader<'_>,
        envelope: &Envelope,
        out: &mut Output<'_>,
    ) -> Result<(), Short> {
        let is_v6 = kind == 0x82;
        let function = if is_v6 { annex_j(function) } else { function };
        let r = &mut r;
        match function {
            0x00 => {
                if is_v6 {
                    r.skip(3, "source virtual address")?;
                }
                let result = r.u16("result")?;
                self.result(result, envelope, out);
            }
            0x01 => {
                let table = table(r, 10)?;
                self.ask(function, Object::None, table, envelope, out);
            }
            0x02 | 0x06 => self.ask(function, Object::None, Text::default(), envelope, out),
            0x03 | 0x07 => {
                let table = table(r, 10)?;
                let key = (envelope.speaker.other(), function.saturating_sub(1));
                let role = if function == 0x03 { "bbmd" } else { "bbmd with foreign devices" };
                if !table.is_empty() {
                    out.fact(About::Speaker, FactKey::Role, role, "broadcast table", Confidence::Certain);
                }
                let draft = match self.link.answer(&key) {
                    Some((at, request)) => request.act(key.0, at),
                    None => by(Draft::new(&PROTOCOL, 512 + u32::from(key.1)), key.0),
                };
                out.act(draft.done(envelope.at).extra("table", table));
            }
            0x05 => {
                if is_v6 {
                    r.skip(3, "source virtual address")?;
                }
                let seconds = r.u16("time to live")?;
                self.ask(function, Object::None, format_compact!("{seconds} s"), envelope, out);
            }
            0x08 => {
                let entry = if is_v6 {
                    r.skip(3, "source virtual address")?;
                    address_v6(r)?
                } else {
                    address(r)?
                };
                self.ask(function, Object::Text(format_compact!("{entry}")), Text::default(), envelope, out);
            }
            0x0c => {
                let security = "bacnet secure bvll";
                out.fact(About::Speaker, FactKey::ChannelSecurity, security, "secure bvll", Confidence::Certain);
                let bytes = r.left();
                out.act(
                    by(Draft::new(&PROTOCOL, 512 + 0x0c), envelope.speaker)
                        .extra("encrypted", format_compact!("{bytes} bytes")),
                );
            }
            function => out.act(by(Draft::new(&PROTOCOL, 512 + u32::from(function)), envelope.speaker)),
        }
        Ok(())
    }

    fn ask(&mut self, function: u8, object: Object, extra: Text, envelope: &Envelope, out: &mut Output<'_>) {
        let request = Request { function, object, extra };
        if let Some(((asker, _), at, request)) = self.link.ask((envelope.speaker, function), envelope.at, request) {
            request.unanswered(asker, at, out);
        }
    }

    /// A result names the function by the upper digit of a refusal; a success only follows its request.
    fn result(&mut self, result: u16, envelope: &Envelope, out: &mut Output<'_>) {
        let asker = envelope.speaker.other();
        let found = [0x01_u8, 0x05, 0x08, 0x02, 0x06]
            .into_iter()
            .filter(|function| match result {
                0x00 => !matches!(function, 0x02 | 0x06),
                0x10 => *function == 0x01,
                0x20 => *function == 0x02,
                0x30 | 0x90 => *function == 0x05,
                0x40 => *function == 0x06,
                0x50 | 0xa0 => *function == 0x08,
                _ => false,
            })
            .find_map(|function| self.link.answer(&(asker, function)));
        let name = RESULTS.iter().find(|(code, _)| *code == result).map(|(_, name)| Text::const_new(name));
        let name = name.unwrap_or_else(|| format_compact!("0x{result:04x}"));
        let draft = match &found {
            Some((at, request)) => request.act(asker, *at),
            None => by(Draft::new(&PROTOCOL, 512), asker),
        };
        if result == 0 {
            if let Some((_, Request { function: 0x05, .. })) = &found {
                let role = "bbmd with foreign devices";
                out.fact(About::Speaker, FactKey::Role, role, "register foreign device", Confidence::Certain);
            }
            out.act(draft.done(envelope.at));
        } else {
            out.act(draft.refused(envelope.at, result.into(), name));
        }
    }
}

/// Entries of a table, `entry` bytes each: address, port, and a mask or times.
fn table(r: &mut Reader<'_>, entry: usize) -> Result<Text, Short> {
    let mut text = Text::default();
    while !r.is_empty() {
        let mut one = r.sub(entry, "table entry")?;
        let address = address(&mut one)?;
        let _ = write!(text, "{}{address}", if text.is_empty() { "" } else { ", " });
    }
    Ok(text)
}
