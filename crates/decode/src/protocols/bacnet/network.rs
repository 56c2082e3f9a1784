//! The network layer: where a message comes from and goes to behind routers, and what routers say to each other.
//!
//! Written from ANSI/ASHRAE 135-2020, clause 6.

use std::fmt::Write;

use compact_str::format_compact;
use model::{Behind, Confidence, FactKey, Object, Text, Verb};
use wire::{Reader, Short};

use super::{Envelope, Notes, PROTOCOL, by};
use crate::{Draft, Output};

/// A station on a network behind a router; without address the whole network.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Net {
    network: u16,
    length: u8,
    address: [u8; 7],
}

impl Net {
    /// Whether it stands for all networks.
    pub(super) const fn is_global(&self) -> bool {
        self.network == 0xffff
    }

    /// `network 5 address 0c`.
    pub(super) fn to_text(self) -> Text {
        if self.is_global() {
            return Text::const_new("all networks");
        }
        let mut text = format_compact!("network {}", self.network);
        for (i, byte) in self.address.iter().take(self.length.into()).enumerate() {
            let _ = write!(text, "{}{byte:02x}", if i == 0 { " address " } else { "" });
        }
        text
    }

    pub(super) fn behind(self) -> Behind {
        Behind::Path(self.to_text())
    }
}

/// Where a message comes from and goes to.
pub(super) struct Routing {
    pub(super) source: Option<Net>,
    pub(super) destination: Option<Net>,
}

/// Reads what the control byte announces: destination, source, hop count.
pub(super) fn routing(control: u8, r: &mut Reader<'_>) -> Result<Routing, Short> {
    let destination = if control & 0x20 != 0 { Some(net(r)?) } else { None };
    let source = if control & 0x08 != 0 { Some(net(r)?) } else { None };
    if destination.is_some() {
        r.u8("hop count")?;
    }
    Ok(Routing { source, destination })
}

fn net(r: &mut Reader<'_>) -> Result<Net, Short> {
    let network = r.u16("network")?;
    let length = r.u8("address length")?;
    let bytes = r.bytes(length.into(), "address")?;
    let mut address = [0; 7];
    // Addresses have 1 (MS/TP, ARCNET), 3 (virtual), 6 (Ethernet, IP) or 7 (LonTalk) bytes.
    for (to, from) in address.iter_mut().zip(bytes) {
        *to = *from;
    }
    Ok(Net { network, length: length.min(7), address })
}

/// Reasons of reject message to network (clause 6.4.4).
const REJECT_REASONS: &[&str] = &[
    "other",
    "no route to network",
    "router busy",
    "unknown message type",
    "message too long",
    "security error",
    "addressing error",
];

/// Initialize-Routing-Table without ports asks for the table (clause 6.4.7).
const QUERY: &str = "query";

/// Reads a network layer message (clause 6.4).
pub(super) fn message(r: &mut Reader<'_>, envelope: &Envelope, out: &mut Output<'_>) -> Result<(), Short> {
    let kind = r.u8("message type")?;
    let mut notes = Notes::new();
    if kind >= 0x80 {
        notes.push(("vendor", format_compact!("{}", r.u16("vendor identifier")?)));
    }
    let mut object = Object::None;
    let result = content(kind, r, envelope, &mut object, &mut notes, out);
    let mut draft = by(Draft::new(&PROTOCOL, 768 + u32::from(kind)), envelope.speaker)
        .object(object)
        .behind(envelope.behind_receiver());
    if let Some(sender) = envelope.sender {
        draft = draft.actor(sender);
    }
    if notes.iter().any(|(name, value)| *name == "ports" && value == QUERY) {
        draft = draft.verb(Verb::Browse);
    }
    if let Some(source) = envelope.source {
        draft = draft.extra("source", source.to_text());
    }
    out.act(notes.into_iter().fold(draft, |draft, (name, value)| draft.extra(name, value)));
    result
}

fn content(
    kind: u8,
    r: &mut Reader<'_>,
    envelope: &Envelope,
    object: &mut Object,
    notes: &mut Notes,
    out: &mut Output<'_>,
) -> Result<(), Short> {
    match kind {
        0x00 if !r.is_empty() => *object = Object::one("network", r.u16("network")?.into()),
        0x01 | 0x04 | 0x05 => {
            let list = networks(r)?;
            if kind == 0x01 {
                let value = format_compact!("bacnet networks {list}");
                out.fact(envelope.about(), FactKey::Router, &value, "i am router to network", Confidence::Certain);
            }
            if !list.is_empty() {
                *object = Object::Text(format_compact!("networks {list}"));
            }
        }
        0x02 => {
            *object = Object::one("network", r.u16("network")?.into());
            notes.push(("performance index", format_compact!("{}", r.u8("performance index")?)));
        }
        0x03 => {
            let reason = r.u8("reject reason")?;
            let name = REJECT_REASONS.get(usize::from(reason)).copied();
            notes.push(("reason", name.map_or_else(|| format_compact!("{reason}"), Text::const_new)));
            *object = Object::one("network", r.u16("network")?.into());
        }
        0x06 | 0x07 => {
            let count = r.u8("number of ports")?;
            let mut list = Text::default();
            for _ in 0..count {
                let network = r.u16("network")?;
                let port = r.u8("port id")?;
                let length = r.u8("port information length")?;
                r.skip(length.into(), "port information")?;
                let _ = write!(list, "{}{network} on port {port}", if list.is_empty() { "" } else { ", " });
            }
            if list.is_empty() {
                notes.push(("ports", Text::const_new(if kind == 6 { QUERY } else { "none" })));
            } else {
                out.fact(
                    envelope.about(),
                    FactKey::Router,
                    &format_compact!("bacnet networks {list}"),
                    "routing table",
                    // The question orders a table, the answer tells one.
                    if kind == 7 { Confidence::Certain } else { Confidence::Guess },
                );
                notes.push(("ports", list));
            }
        }
        0x08 => {
            *object = Object::one("network", r.u16("network")?.into());
            notes.push(("termination time", format_compact!("{} s", r.u8("termination time")?)));
        }
        0x09 => *object = Object::one("network", r.u16("network")?.into()),
        0x13 => {
            *object = Object::one("network", r.u16("network")?.into());
            let is_configured = r.u8("flag")? == 1;
            notes.push(("number", Text::const_new(if is_configured { "configured" } else { "learned" })));
        }
        _ => {}
    }
    Ok(())
}

/// `5, 6, 7`.
fn networks(r: &mut Reader<'_>) -> Result<Text, Short> {
    let mut list = Text::default();
    while !r.is_empty() {
        let network = r.u16("network")?;
        let _ = write!(list, "{}{network}", if list.is_empty() { "" } else { ", " });
    }
    Ok(list)
}
