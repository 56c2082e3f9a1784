//! Connections of CIP: what a Forward Open orders, what its answer grants, and what other flows must know of it.

use compact_str::{CompactString, format_compact};
use model::{Behind, Text};
use std::fmt::Write;
use std::net::IpAddr;
use wire::{Reader, Short};

use super::path::{Path, Segment};
use super::tables;
use crate::Output;

/// Topic under which I/O connections are announced to the flows that carry them.
pub(crate) const TOPIC: &str = "cip-io";

/// Connections of one flow that are remembered.
const CONNECTIONS_MAX: usize = 64;

/// One direction of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Direction {
    /// Connection id.
    pub id: u32,
    /// Requested, then actual packet interval in microseconds.
    pub interval: u32,
    /// Bytes.
    pub size: u16,
    /// 0 none, 1 multicast, 2 point to point.
    pub kind: u8,
}

/// A Forward Open: volume 1, section 3-5.5.2.
#[derive(Clone, Debug)]
pub(crate) struct Open<'a> {
    pub to_target: Direction,
    pub to_originator: Direction,
    pub serial: u16,
    pub vendor: u16,
    pub originator: u32,
    /// Transport class: 0 and 1 are implicit, 2 and 3 explicit.
    pub class: u8,
    pub path: Path<'a>,
}

impl<'a> Open<'a> {
    /// Reads the request.
    pub(crate) fn read(mut r: Reader<'a>, is_large: bool) -> Result<Open<'a>, Short> {
        r.skip(2, "priority, time-out ticks")?;
        let ids = (r.u32_le("o to t connection id")?, r.u32_le("t to o connection id")?);
        let serial = r.u16_le("connection serial number")?;
        let vendor = r.u16_le("originator vendor id")?;
        let originator = r.u32_le("originator serial number")?;
        r.skip(4, "time-out multiplier")?;
        let mut direction = |id| -> Result<Direction, Short> {
            let interval = r.u32_le("rpi")?;
            let (size, kind) = if is_large {
                let parameters = r.u32_le("network connection parameters")?;
                (parameters as u16, (parameters >> 29) as u8 & 0x03)
            } else {
                let parameters = r.u16_le("network connection parameters")?;
                (parameters & 0x01ff, (parameters >> 13) as u8 & 0x03)
            };
            Ok(Direction { id, interval, size, kind })
        };
        let (to_target, to_originator) = (direction(ids.0)?, direction(ids.1)?);
        let class = r.u8("transport class and trigger")? & 0x0f;
        let words = r.u8("connection path size")?;
        let path = Path::parse(r.sub_at_most(usize::from(words).saturating_mul(2)).take_rest());
        Ok(Open { to_target, to_originator, serial, vendor, originator, class, path })
    }

    /// Takes what the answer grants.
    pub(crate) fn grant(&mut self, mut r: Reader<'_>) -> Result<(), Short> {
        self.to_target.id = r.u32_le("o to t connection id")?;
        self.to_originator.id = r.u32_le("t to o connection id")?;
        r.skip(8, "connection serial number, originator")?;
        self.to_target.interval = r.u32_le("o to t api")?;
        self.to_originator.interval = r.u32_le("t to o api")?;
        Ok(())
    }

    /// Whether it carries I/O data and not requests.
    pub(crate) const fn is_implicit(&self) -> bool {
        self.class < 2
    }

    /// One direction for people: `id 0x00010002, every 10000 us, 8 bytes, multicast`.
    pub(crate) fn describe(direction: &Direction) -> Text {
        let kind = match direction.kind {
            0 => ", none",
            1 => ", multicast",
            _ => "",
        };
        format_compact!("id 0x{:08x}, every {} us, {} bytes{kind}", direction.id, direction.interval, direction.size)
    }

    /// Objects of both directions: what the originator sends to, what the target sends from. Connection points come in
    /// the order configuration, O to T, T to O (volume 1, section 3-5.5.4); a tag stands for both.
    pub(crate) fn objects(&self) -> (Text, Text) {
        let class = self.path.class.and_then(tables::class_name).unwrap_or("assembly");
        let [a, b, c] = self.path.points;
        let name = |point: Option<u32>| match point {
            Some(point) => format_compact!("{class} {point}"),
            None => self.path.object(),
        };
        let points: (Option<u32>, Option<u32>) = match (a, b, c) {
            (_, Some(out), Some(into)) => (Some(out), Some(into)),
            (Some(out), Some(into), None) => (Some(out), Some(into)),
            (Some(only), None, None) if self.to_target.kind == 0 || self.to_originator.kind == 0 => {
                (Some(only), Some(only))
            }
            _ => (None, None),
        };
        (name(points.0), name(points.1))
    }

    /// Tells the flows of UDP 2222 what their connection ids mean.
    pub(crate) fn announce(&self, behind: &Behind, out: &mut Output<'_>) {
        let (Some(originator), Some(target)) = (out.client().ip, out.server().ip) else { return };
        let (to_target, to_originator) = self.objects();
        let class = self.class;
        if self.to_target.kind != 0 {
            let text = format_compact!("write\t{to_target}\t{behind}\t{class}");
            out.share(TOPIC, key(originator, self.to_target.id), text);
        }
        if self.to_originator.kind != 0 {
            let text = format_compact!("report\t{to_originator}\t{behind}\t{class}");
            out.share(TOPIC, key(target, self.to_originator.id), text);
        }
    }
}

/// Key of a direction: ids are unique for the one who produces and the one who consumes; the producer is in every packet,
/// also when it goes to a group.
pub(crate) fn key(producer: IpAddr, id: u32) -> CompactString {
    let mut key = CompactString::default();
    // Writing to a text cannot fail.
    let _ = write!(key, "{producer} {id:08x}");
    key
}

/// Whether a path has an electronic key; then the originator expects a certain product.
pub(crate) fn expected_product(path: &Path<'_>) -> Option<Text> {
    path.segments().find_map(|segment| match segment {
        Segment::Key { vendor, device_type, product, major, minor } if vendor != 0 => Some(format_compact!(
            "vendor {vendor} type {device_type} product {product} revision {}.{minor}",
            major & 0x7f
        )),
        _ => None,
    })
}

/// An open connection of a flow.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub to_target: u32,
    /// Unknown where the Forward Open was not seen, until an answer fits.
    pub to_originator: Option<u32>,
    pub behind: Behind,
    /// Connection serial number, originator's vendor and serial number.
    pub triad: Option<(u16, u16, u32)>,
    pub is_implicit: bool,
}

/// The connections of one flow.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    list: Vec<Connection>,
}

impl Connections {
    /// Adds one; the oldest leaves when there are too many.
    pub(crate) fn add(&mut self, connection: Connection) {
        self.list.retain(|old| old.to_target != connection.to_target);
        if self.list.len() >= CONNECTIONS_MAX {
            self.list.remove(0);
        }
        self.list.push(connection);
    }

    /// The one whose requests carry `id`.
    pub(crate) fn by_target(&self, id: u32) -> Option<&Connection> {
        self.list.iter().find(|c| c.to_target == id)
    }

    /// The one whose answers carry `id`.
    pub(crate) fn by_originator(&self, id: u32) -> Option<&Connection> {
        self.list.iter().find(|c| c.to_originator == Some(id))
    }

    /// An answer with `id` fitted a request with `to_target`.
    pub(crate) fn pair(&mut self, to_target: u32, id: u32) {
        match self.list.iter_mut().find(|c| c.to_target == to_target) {
            Some(connection) => connection.to_originator = Some(id),
            None => self.add(Connection {
                to_target,
                to_originator: Some(id),
                behind: Behind::Nobody,
                triad: None,
                is_implicit: false,
            }),
        }
    }

    /// Takes the one with `triad` out.
    pub(crate) fn close(&mut self, triad: (u16, u16, u32)) -> Option<Connection> {
        let index = self.list.iter().position(|c| c.triad == Some(triad))?;
        Some(self.list.remove(index))
    }
}
