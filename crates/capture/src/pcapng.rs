//! pcapng files: sections, interfaces, packets of three kinds, names, comments and drop counters.
//!
//! Source: draft-ietf-opsawg-pcapng, section numbers below. Parsed by hand because packets are read where they lie in the
//! chunk, at any place where a read may end, and because a bad block must not cost what came before it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::{LinkType, Time};

use crate::ProblemKind;
use crate::limits::{BLOCK_BYTES_MAX, BLOCK_SKIP_BYTES_MAX, INTERFACES_MAX, PACKET_BYTES_MAX};
use crate::pcap::{Lost, link_of_file};
use crate::sink::{Sink, Step, Window};

/// First four bytes of a section, and so of a file; the same in both byte orders.
pub(crate) const MAGIC: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];

// Block types, section 11.1.
const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const PACKET: u32 = 2; // obsolete
const SIMPLE_PACKET: u32 = 3;
const NAME_RESOLUTION: u32 = 4;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;
const DECRYPTION_SECRETS: u32 = 0x0000_000a;

// Options, section 3.5 and those of each block.
const OPTION_COMMENT: u16 = 1;
const INTERFACE_RESOLUTION: u16 = 9;
const INTERFACE_OFFSET: u16 = 14;
const PACKET_DROP_COUNT: u16 = 4;
const STATISTICS_INTERFACE_DROPS: u16 = 5;
const STATISTICS_SYSTEM_DROPS: u16 = 7;

/// How ticks of an interface become nanoseconds (`if_tsresol`).
#[derive(Clone, Copy)]
enum Scale {
    Times(u64),
    Over(u64),
    Shift(u32),
}

#[derive(Clone, Copy)]
struct Interface {
    link: LinkType,
    /// 0 is no limit.
    snap_length: u32,
    scale: Scale,
    /// Seconds to add (`if_tsoffset`).
    offset: i64,
    /// Drops told so far with packets, and in statistics: two counts of the same thing.
    drops_with_packets: u64,
    drops_in_statistics: u64,
}

impl Interface {
    fn time(&self, ticks: u64) -> Time {
        let nanoseconds = match self.scale {
            Scale::Times(factor) => ticks.saturating_mul(factor),
            Scale::Over(divisor) => ticks / divisor,
            Scale::Shift(bits) => {
                u64::try_from((u128::from(ticks) * 1_000_000_000).checked_shr(bits).unwrap_or(0)).unwrap_or(u64::MAX)
            }
        };
        Time::from_seconds(self.offset, i64::try_from(nanoseconds).unwrap_or(i64::MAX))
    }

    /// Tells the sink when the greater of the two counts of drops grew.
    fn drops(&mut self, sink: &mut Sink, with_packets: u64, in_statistics: Option<u64>) {
        let before = self.drops_with_packets.max(self.drops_in_statistics);
        self.drops_with_packets = self.drops_with_packets.saturating_add(with_packets);
        self.drops_in_statistics = self.drops_in_statistics.max(in_statistics.unwrap_or(0));
        sink.dropped(self.drops_with_packets.max(self.drops_in_statistics) - before);
    }
}

/// The state of reading one pcapng file.
pub(crate) struct Pcapng {
    big_endian: bool,
    interfaces: Vec<Interface>,
    /// Whether packets of unannounced interfaces have been complained of in this section.
    complained: bool,
    /// While looking for the next block behind a corrupt one.
    lost: Option<Lost>,
}

type Stop = (ProblemKind, String);

/// Reads numbers of one byte order; what is not there reads as absent.
#[derive(Clone, Copy)]
struct Order {
    big: bool,
}

impl Order {
    fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let bytes = bytes.get(at..)?.first_chunk()?;
        Some(if self.big { u16::from_be_bytes(*bytes) } else { u16::from_le_bytes(*bytes) })
    }

    fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = bytes.get(at..)?.first_chunk()?;
        Some(if self.big { u32::from_be_bytes(*bytes) } else { u32::from_le_bytes(*bytes) })
    }

    fn u64(self, bytes: &[u8], at: usize) -> Option<u64> {
        let bytes = bytes.get(at..)?.first_chunk()?;
        Some(if self.big { u64::from_be_bytes(*bytes) } else { u64::from_le_bytes(*bytes) })
    }

    /// A time: the high 32 bits always come first.
    fn ticks(self, bytes: &[u8], at: usize) -> Option<u64> {
        Some(u64::from(self.u32(bytes, at)?) << 32 | u64::from(self.u32(bytes, at + 4)?))
    }

    /// Options or records: type, length, value padded to four bytes, until the end or one of type 0 (section 3.5).
    fn options(self, mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
        std::iter::from_fn(move || {
            let kind = self.u16(bytes, 0).filter(|kind| *kind != 0)?;
            let length = usize::from(self.u16(bytes, 2)?);
            let value = bytes.get(4..4 + length)?;
            bytes = bytes.get(4 + padded(length)..).unwrap_or_default();
            Some((kind, value))
        })
    }
}

const fn padded(length: usize) -> usize {
    length.next_multiple_of(4)
}

impl Pcapng {
    /// Before the first section header.
    pub(crate) fn new() -> Pcapng {
        Pcapng { big_endian: false, interfaces: Vec::new(), complained: false, lost: None }
    }

    /// At the end of the file: what was lost before it and never found again.
    pub(crate) fn lost(&mut self) -> Option<Lost> {
        self.lost.take()
    }

    /// Reads blocks until bytes run out or the chunk is full; passes over what is corrupt.
    pub(crate) fn parse(&mut self, window: &mut Window<'_>, sink: &mut Sink) -> Step {
        loop {
            if self.lost.is_some()
                && let Some(step) = self.search(window, sink)
            {
                return step;
            }
            match self.blocks(window, sink) {
                Step::Stop(ProblemKind::Corrupt, reason) => {
                    self.lost = Some(Lost { offset: window.offset(), reason });
                    window.position += 1;
                }
                step => return step,
            }
        }
    }

    fn blocks(&mut self, window: &mut Window<'_>, sink: &mut Sink) -> Step {
        loop {
            let rest = &window.bytes[window.position..];
            if rest.len() < 12 {
                return Step::More(12);
            }
            // A section header says in which order its own length is: the byte-order magic, section 4.1.
            if rest.starts_with(&MAGIC) {
                match rest[8..12] {
                    [0x1a, 0x2b, 0x3c, 0x4d] => self.big_endian = true,
                    [0x4d, 0x3c, 0x2b, 0x1a] => self.big_endian = false,
                    _ => {
                        return Step::Stop(ProblemKind::Corrupt, "section header without byte-order magic".to_owned());
                    }
                }
            }
            let order = Order { big: self.big_endian };
            let kind = order.u32(rest, 0).unwrap_or(0);
            let announced = order.u32(rest, 4).unwrap_or(0);
            if announced < 12 {
                return Step::Stop(
                    ProblemKind::Corrupt,
                    format!("block of {announced} bytes, less than any block has"),
                );
            }
            // Some writers leave the padding out of the length, but not out of the file; Wireshark reads them so too.
            let total = padded(announced.min(u32::MAX - 3) as usize);
            if total > BLOCK_SKIP_BYTES_MAX {
                return Step::Stop(
                    ProblemKind::Corrupt,
                    format!("block of type {kind:#x} announces {announced} bytes"),
                );
            }
            if total > BLOCK_BYTES_MAX {
                if matches!(kind, PACKET | SIMPLE_PACKET | ENHANCED_PACKET | SECTION_HEADER | INTERFACE_DESCRIPTION) {
                    let reason = format!("block of type {kind} has {announced} bytes, skipped");
                    sink.note(window.offset(), ProblemKind::Unsupported, reason);
                }
                return Step::Skip(total as u64);
            }
            if rest.len() < total {
                return Step::More(total);
            }
            let trailer = order.u32(rest, total - 4).unwrap_or(0);
            if trailer != announced {
                let reason =
                    format!("block of type {kind:#x} announces {announced} bytes at its start, {trailer} at its end");
                return Step::Stop(ProblemKind::Corrupt, reason);
            }
            match self.block(order, kind, total, window, sink) {
                Ok(()) => window.position += total,
                Err((kind, reason)) => return Step::Stop(kind, reason),
            }
            if sink.is_full() {
                return Step::Full;
            }
        }
    }

    /// Goes on byte by byte until a block of a known type has the same length at its start and at its end, or a
    /// section begins, and tells what was skipped.
    #[cold]
    fn search(&mut self, window: &mut Window<'_>, sink: &mut Sink) -> Option<Step> {
        let order = Order { big: self.big_endian };
        loop {
            let rest = &window.bytes[window.position..];
            if rest.len() < 12 {
                return Some(Step::More(12));
            }
            let section =
                rest.starts_with(&MAGIC) && matches!(rest[8..12], [0x1a, 0x2b, 0x3c, 0x4d] | [0x4d, 0x3c, 0x2b, 0x1a]);
            let kind = order.u32(rest, 0).unwrap_or(0);
            let total = order.u32(rest, 4).unwrap_or(0) as usize;
            let known = (INTERFACE_DESCRIPTION..=ENHANCED_PACKET).contains(&kind)
                && (12..=BLOCK_BYTES_MAX).contains(&total)
                && total.is_multiple_of(4);
            if known && rest.len() < total {
                return Some(Step::More(total));
            }
            if section || known && order.u32(rest, total - 4) == Some(total as u32) {
                if let Some(lost) = self.lost.take() {
                    let skipped = window.offset() - lost.offset;
                    sink.note(lost.offset, ProblemKind::Corrupt, format!("{}; {skipped} bytes skipped", lost.reason));
                }
                return None;
            }
            window.position += 1;
        }
    }

    fn block(
        &mut self,
        order: Order,
        kind: u32,
        total: usize,
        window: &mut Window<'_>,
        sink: &mut Sink,
    ) -> Result<(), Stop> {
        let start = window.position + 8;
        let end = window.position + total - 4;
        let offset = window.offset();
        let short = || (ProblemKind::Corrupt, format!("block of type {kind:#x} has only {total} bytes"));
        let body = &window.bytes[start..end];
        match kind {
            // Section 4.3: interface, time, captured length, length, bytes, options.
            ENHANCED_PACKET => {
                let interface = order.u32(body, 0).ok_or_else(short)?;
                let ticks = order.ticks(body, 4).ok_or_else(short)?;
                let length = order.u32(body, 12).ok_or_else(short)? as usize;
                let wire_len = order.u32(body, 16).ok_or_else(short)?;
                self.packet(order, window, sink, interface, Some(ticks), (start + 20, length, end), wire_len, 0)
            }
            // Appendix A: the same with 16 bits of interface, and 16 bits of drops since the packet before (0xffff: unknown).
            PACKET => {
                let interface = u32::from(order.u16(body, 0).ok_or_else(short)?);
                let drops = order.u16(body, 2).ok_or_else(short)?;
                let ticks = order.ticks(body, 4).ok_or_else(short)?;
                let length = order.u32(body, 12).ok_or_else(short)? as usize;
                let wire_len = order.u32(body, 16).ok_or_else(short)?;
                let drops = if drops == 0xffff { 0 } else { u64::from(drops) };
                self.packet(order, window, sink, interface, Some(ticks), (start + 20, length, end), wire_len, drops)
            }
            // Section 4.4: length on the wire and bytes, of interface 0, without time; cut by its snap length.
            SIMPLE_PACKET => {
                let wire_len = order.u32(body, 0).ok_or_else(short)?;
                let snap_length = self.interfaces.first().map_or(0, |interface| interface.snap_length);
                let length = if snap_length == 0 { wire_len } else { wire_len.min(snap_length) } as usize;
                let length = length.min(end - start - 4);
                self.packet(order, window, sink, 0, None, (start + 4, length, end), wire_len, 0)
            }
            // Section 4.1: byte-order magic, major and minor version, section length, options.
            SECTION_HEADER => {
                let major = order.u16(body, 4).ok_or_else(short)?;
                if major != 1 {
                    return Err((ProblemKind::Unsupported, format!("pcapng version {major} is not known")));
                }
                self.interfaces.clear();
                self.complained = false;
                comments(order, body.get(16..), sink, None);
                Ok(())
            }
            INTERFACE_DESCRIPTION => {
                if self.interfaces.len() >= INTERFACES_MAX {
                    let reason = format!("more than {INTERFACES_MAX} interfaces in one section");
                    return Err((ProblemKind::Unsupported, reason));
                }
                let interface = interface(order, body).ok_or_else(short)?;
                self.interfaces.push(interface);
                comments(order, body.get(8..), sink, None);
                Ok(())
            }
            NAME_RESOLUTION => {
                names(order, body, sink);
                Ok(())
            }
            // Section 4.6: interface, time, options; counts are of the whole capture so far.
            INTERFACE_STATISTICS => {
                let number = order.u32(body, 0).ok_or_else(short)?;
                let mut drops = None;
                for (option, value) in order.options(body.get(12..).unwrap_or_default()) {
                    if matches!(option, STATISTICS_INTERFACE_DROPS | STATISTICS_SYSTEM_DROPS) {
                        drops = Some(order.u64(value, 0).unwrap_or(0).saturating_add(drops.unwrap_or(0)));
                    }
                }
                comments(order, body.get(12..), sink, None);
                match (self.interfaces.get_mut(number as usize), drops) {
                    (Some(interface), Some(_)) => interface.drops(sink, 0, drops),
                    (None, _) => self.unannounced(number, offset, sink),
                    _ => {}
                }
                Ok(())
            }
            // Keys are not ours to keep, not even in the unused part of a buffer.
            DECRYPTION_SECRETS => {
                window.bytes[start..end].fill(0);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Takes a packet whose bytes are at `start` and whose block's options end at `end`.
    fn packet(
        &mut self,
        order: Order,
        window: &Window<'_>,
        sink: &mut Sink,
        number: u32,
        ticks: Option<u64>,
        (start, length, end): (usize, usize, usize),
        wire_len: u32,
        drops: u64,
    ) -> Result<(), Stop> {
        if length > end.saturating_sub(start) {
            let reason =
                format!("packet announces {length} captured bytes, its block has {}", end.saturating_sub(start));
            return Err((ProblemKind::Corrupt, reason));
        }
        let Some(interface) = self.interfaces.get_mut(number as usize) else {
            self.unannounced(number, window.offset(), sink);
            return Ok(());
        };
        if length > PACKET_BYTES_MAX {
            let reason = format!("packet of {length} captured bytes, skipped (limit {PACKET_BYTES_MAX})");
            sink.note(window.offset(), ProblemKind::Unsupported, reason);
            return Ok(());
        }
        let at = match ticks {
            Some(ticks) => interface.time(ticks),
            None => sink.last.unwrap_or_default(),
        };
        sink.packet(window.bytes, start, length, wire_len, at, interface.link);
        let options = window.bytes.get(start + padded(length)..end).unwrap_or_default();
        if !options.is_empty() && ticks.is_some() {
            let packet = sink.counters.packets;
            comments(order, Some(options), sink, Some(packet));
            let more = order.options(options).find(|(kind, _)| *kind == PACKET_DROP_COUNT);
            let more = more.and_then(|(_, value)| order.u64(value, 0)).unwrap_or(0);
            interface.drops(sink, drops.saturating_add(more), None);
        } else if drops > 0 {
            interface.drops(sink, drops, None);
        }
        Ok(())
    }

    fn unannounced(&mut self, number: u32, offset: u64, sink: &mut Sink) {
        if !self.complained {
            self.complained = true;
            sink.note(offset, ProblemKind::Corrupt, format!("block of interface {number}, which was not announced"));
        }
    }
}

/// Section 4.2: link type, reserved, snap length, options.
fn interface(order: Order, body: &[u8]) -> Option<Interface> {
    let mut scale = Scale::Times(1000);
    let mut offset = 0;
    let link = link_of_file(u32::from(order.u16(body, 0)?));
    let snap_length = order.u32(body, 4)?;
    for (option, value) in order.options(body.get(8..).unwrap_or_default()) {
        match (option, value) {
            (INTERFACE_RESOLUTION, &[resolution, ..]) => {
                let exponent = u32::from(resolution & 0x7f);
                scale = match exponent {
                    _ if resolution & 0x80 != 0 => Scale::Shift(exponent),
                    0..=9 => Scale::Times(10_u64.pow(9 - exponent)),
                    _ => Scale::Over(10_u64.checked_pow(exponent - 9).unwrap_or(u64::MAX)),
                };
            }
            (INTERFACE_OFFSET, value) => offset = order.u64(value, 0).unwrap_or(0) as i64,
            _ => {}
        }
    }
    Some(Interface { link, snap_length, scale, offset, drops_with_packets: 0, drops_in_statistics: 0 })
}

fn comments(order: Order, options: Option<&[u8]>, sink: &mut Sink, number: Option<u64>) {
    for (option, value) in order.options(options.unwrap_or_default()) {
        if option == OPTION_COMMENT {
            sink.comment(number, value);
        }
    }
}

/// Section 4.5: records of an address and names that end with zero; then options.
fn names(order: Order, body: &[u8], sink: &mut Sink) {
    for (kind, value) in order.options(body) {
        let (address, texts): (IpAddr, &[u8]) = match (kind, value) {
            (1, &[a, b, c, d, ref texts @ ..]) => (Ipv4Addr::new(a, b, c, d).into(), texts),
            (2, value) => match value.split_first_chunk::<16>() {
                Some((address, texts)) => (Ipv6Addr::from(*address).into(), texts),
                None => continue,
            },
            _ => continue,
        };
        for text in texts.split(|byte| *byte == 0) {
            sink.name(address, text);
        }
    }
}
