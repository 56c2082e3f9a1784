//! A capture again and again, each time between other machines: addresses changed alike in both directions, checksums kept.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use model::Time;

use super::Total;

/// How to repeat.
#[derive(Clone, Copy, Debug)]
pub struct Repeat {
    /// Copies that run at the same time, each between its own machines.
    pub side_by_side: u32,
    /// Stop when a pcap file of this many bytes is full.
    pub file_bytes_max: u64,
    /// Stop after this many packets.
    pub packets_max: u64,
}

/// Gives `frames` (Ethernet, in time order) to `sink` until the limits of `plan` are reached: copy after copy, each with
/// addresses of its own and later than the one before.
///
/// Kept: the maker's part of hardware addresses, who shares a /24 network with whom, the last byte of addresses, whether
/// an address is private, multicast and broadcast. A checksum that was wrong stays as wrong. What the payload says of
/// addresses (DNS, List Identity) and what is inside tunnels is not touched. There are room and addresses for 65,536
/// private /24 networks; a capture with n of them repeats its addresses after 65,536 / n copies.
pub fn repeat(frames: &[(Time, Vec<u8>)], plan: &Repeat, sink: &mut dyn FnMut(Time, &[u8])) -> Total {
    let mut total = Total::default();
    let Some((first, last)) = span(frames) else { return total };
    let mut networks = Networks::default();
    let places: Vec<Places> = frames.iter().map(|(_, frame)| Places::of(frame, &mut networks)).collect();
    let duration = last.since(first) + PAUSE;
    let side_by_side = plan.side_by_side.max(1);
    let mut frame = Vec::new();
    for round in 0.. {
        for ((at, bytes), places) in frames.iter().zip(&places) {
            for lane in 0..side_by_side {
                if total.packets >= plan.packets_max || total.file_bytes + 16 + bytes.len() as u64 > plan.file_bytes_max
                {
                    return total;
                }
                frame.clear();
                frame.extend_from_slice(bytes);
                places.rewrite(&mut frame, &networks, round * side_by_side + lane);
                sink(at.plus(i64::from(round) * duration), &frame);
                total.add(&frame);
            }
        }
    }
    total
}

/// Nanoseconds between the end of one copy or capture and the begin of the next.
const PAUSE: i64 = 1_000_000;

/// Earliest and latest time; captures are not always in order.
fn span(frames: &[(Time, Vec<u8>)]) -> Option<(Time, Time)> {
    let times = || frames.iter().map(|frame| frame.0);
    Some((times().min()?, times().max()?))
}

/// Several captures as one: each begins when the one before has ended, the first at its own time.
pub fn one_after_another(captures: Vec<Vec<(Time, Vec<u8>)>>) -> Vec<(Time, Vec<u8>)> {
    let mut all: Vec<(Time, Vec<u8>)> = Vec::new();
    let mut end = None;
    for capture in captures {
        let Some((first, last)) = span(&capture) else { continue };
        let shift = end.map_or(0, |end: Time| end.plus(PAUSE).since(first));
        end = Some(last.plus(shift));
        all.extend(capture.into_iter().map(|(at, frame)| (at.plus(shift), frame)));
    }
    all
}

/// The /24 networks of a capture, numbered: private ones and others apart.
#[derive(Default)]
struct Networks {
    numbers: [HashMap<[u8; 3], u32>; 2],
}

impl Networks {
    fn note(&mut self, ip: [u8; 4]) {
        if let Some(kind) = kind(ip) {
            let numbers = &mut self.numbers[kind];
            let next = numbers.len() as u32;
            numbers.entry([ip[0], ip[1], ip[2]]).or_insert(next);
        }
    }

    /// The address that stands for `ip` in this copy.
    fn map(&self, ip: [u8; 4], copy: u32) -> [u8; 4] {
        let Some(kind) = kind(ip) else { return ip };
        let numbers = &self.numbers[kind];
        let Some(number) = numbers.get(&[ip[0], ip[1], ip[2]]) else { return ip };
        let network = copy.wrapping_mul(numbers.len() as u32).wrapping_add(*number);
        let [_, high, middle, low] = network.to_be_bytes();
        // Private ones in 10.0.0.0/8; others from 11.0.0.0 up to 126.255.255.255.
        let first = if kind == 0 { 10 } else { 11 + high % 116 };
        [first, middle, low, ip[3]]
    }
}

/// 0 for private, 1 for other unicast addresses; nothing for those that stay as they are.
fn kind(ip: [u8; 4]) -> Option<usize> {
    let ip = Ipv4Addr::from(ip);
    if ip.is_multicast() || ip.is_broadcast() || ip.is_unspecified() || ip.is_loopback() {
        return None;
    }
    Some(usize::from(!(ip.is_private() || ip.is_link_local())))
}

/// Where the addresses of a frame are.
#[derive(Debug, Default)]
struct Places {
    /// Offsets of hardware addresses.
    macs: Vec<usize>,
    /// Offsets of IPv4 addresses that no checksum covers (ARP).
    bare: Vec<usize>,
    /// Offset of the IP header and its version, 4 or 6.
    ip: Option<(usize, u8)>,
    /// Offset of the TCP or UDP checksum.
    transport: Option<usize>,
}

impl Places {
    fn of(frame: &[u8], networks: &mut Networks) -> Places {
        let mut places = Places::default();
        if frame.len() < 14 {
            return places;
        }
        places.macs.extend([0, 6]);
        let word = |at: usize| frame.get(at..at + 2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]));
        let mut at = 12;
        while matches!(word(at), Some(0x8100 | 0x88a8 | 0x9100)) {
            at += 4;
        }
        let start = at + 2;
        let address = |at: usize| frame.get(at..at + 4).map(|bytes| [bytes[0], bytes[1], bytes[2], bytes[3]]);
        match word(at) {
            Some(0x0806) if frame.len() >= start + 28 && word(start + 2) == Some(0x0800) => {
                places.macs.extend([start + 8, start + 18]);
                places.bare.extend([start + 14, start + 24]);
                places.bare.iter().filter_map(|at| address(*at)).for_each(|ip| networks.note(ip));
            }
            Some(0x0800) if frame.len() >= start + 20 && frame[start] >> 4 == 4 => {
                places.ip = Some((start, 4));
                [start + 12, start + 16].into_iter().filter_map(address).for_each(|ip| networks.note(ip));
                let is_first_fragment = word(start + 6).is_some_and(|word| word & 0x1fff == 0);
                let upper = start + usize::from(frame[start] & 0x0f) * 4;
                places.transport = checksum_place(frame, frame[start + 9], upper).filter(|_| is_first_fragment);
            }
            Some(0x86dd) if frame.len() >= start + 40 && frame[start] >> 4 == 6 => {
                places.ip = Some((start, 6));
                places.transport = behind_extensions(frame, start)
                    .and_then(|(protocol, upper)| checksum_place(frame, protocol, upper));
            }
            _ => {}
        }
        places
    }

    fn rewrite(&self, frame: &mut [u8], networks: &Networks, copy: u32) {
        for at in &self.macs {
            rewrite_mac(&mut frame[*at..*at + 6], copy);
        }
        for at in &self.bare {
            rewrite_ipv4(&mut frame[*at..*at + 4], networks, copy);
        }
        let Some((start, version)) = self.ip else { return };
        let mut change = 0u64;
        if version == 4 {
            for at in [start + 12, start + 16] {
                change += rewrite_ipv4(&mut frame[at..at + 4], networks, copy);
            }
            correct(frame, start + 10, change);
        } else {
            for at in [start + 8, start + 24] {
                change += rewrite_ipv6(&mut frame[at..at + 16], copy);
            }
        }
        if let Some(at) = self.transport {
            correct(frame, at, change);
        }
    }
}

/// Protocol and offset of what follows the extension headers of IPv6; nothing in all but the first fragment.
fn behind_extensions(frame: &[u8], start: usize) -> Option<(u8, usize)> {
    let (mut protocol, mut at) = (*frame.get(start + 6)?, start + 40);
    // Hop by hop, routing, fragment, destination options: each names the next.
    while matches!(protocol, 0 | 43 | 44 | 60) {
        let [next, length, high, low] = *frame.get(at..at + 4)?.first_chunk()?;
        if protocol == 44 && u16::from_be_bytes([high, low]) & 0xfff8 != 0 {
            return None;
        }
        at += if protocol == 44 { 8 } else { 8 + 8 * usize::from(length) };
        protocol = next;
    }
    Some((protocol, at))
}

/// Where the checksum of a transport is that covers the addresses; nothing for UDP without one.
fn checksum_place(frame: &[u8], protocol: u8, upper: usize) -> Option<usize> {
    let at = match protocol {
        6 => upper + 16,
        17 => upper + 6,
        58 => upper + 2,
        _ => return None,
    };
    let bytes = frame.get(at..at + 2)?;
    (protocol != 17 || bytes != [0, 0]).then_some(at)
}

/// The maker stays, the rest is shuffled in a way that differs from copy to copy.
fn rewrite_mac(mac: &mut [u8], copy: u32) {
    let is_group = mac[0] & 1 != 0;
    if !is_group && mac.iter().any(|byte| *byte != 0) {
        let [_, a, b, c] = copy.wrapping_mul(0x009e_3779).to_be_bytes();
        mac[3] ^= a;
        mac[4] ^= b;
        mac[5] ^= c;
    }
}

/// Gives the change of the sum of its words (in one's complement, not folded).
fn rewrite_ipv4(ip: &mut [u8], networks: &Networks, copy: u32) -> u64 {
    let before = sum(ip);
    let mapped = networks.map([ip[0], ip[1], ip[2], ip[3]], copy);
    ip.copy_from_slice(&mapped);
    sum(ip) + complement(before)
}

/// Part of the network, or of a link-local address's interface, carries the copy; multicast stays.
fn rewrite_ipv6(ip: &mut [u8], copy: u32) -> u64 {
    if ip[0] == 0xff || ip.iter().all(|byte| *byte == 0) {
        return 0;
    }
    let before = sum(ip);
    let first = if ip[0] == 0xfe { 8 } else { 4 };
    for (byte, change) in ip[first..first + 4].iter_mut().zip(copy.to_be_bytes()) {
        *byte ^= change;
    }
    sum(ip) + complement(before)
}

/// The sum of 16-bit words.
fn sum(bytes: &[u8]) -> u64 {
    bytes.chunks_exact(2).map(|pair| u64::from(u16::from_be_bytes([pair[0], pair[1]]))).sum()
}

/// What takes a sum of up to eight words away again, in one's complement.
const fn complement(sum: u64) -> u64 {
    0xffff * 8 - sum
}

/// Corrects a checksum after a change of what it covers (RFC 1624).
fn correct(frame: &mut [u8], at: usize, change: u64) {
    let old = u16::from_be_bytes([frame[at], frame[at + 1]]);
    let mut sum = u64::from(!old) + change;
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    frame[at..at + 2].copy_from_slice(&(!(sum as u16)).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Plan, simulate};

    fn plant() -> Vec<(Time, Vec<u8>)> {
        let mut frames = Vec::new();
        simulate(&Plan::new(1, 3), &mut |at, bytes| frames.push((at, bytes.to_vec())));
        frames
    }

    #[test]
    fn copies_have_machines_of_their_own_and_end_at_the_limit() {
        let frames = plant();
        let plan = Repeat { side_by_side: 2, file_bytes_max: u64::MAX, packets_max: frames.len() as u64 * 6 };
        let (mut sources, mut last, mut seen) = (std::collections::BTreeSet::new(), Time(0), Total::default());
        let total = repeat(&frames, &plan, &mut |at, frame| {
            assert!(at >= last);
            last = at;
            seen.add(frame);
            if frame[12..14] == [0x08, 0x00] {
                sources.insert([frame[26], frame[27], frame[28], frame[29]]);
                assert_eq!(crate::frame::checksum(&[&frame[14..34]]), 0, "header checksum of {frame:02x?}");
            }
        });
        assert_eq!(total, seen);
        assert_eq!(total.packets, plan.packets_max);
        let mut original = std::collections::BTreeSet::new();
        for (_, frame) in frames.iter().filter(|frame| frame.1[12..14] == [0x08, 0x00]) {
            original.insert([frame[26], frame[27], frame[28], frame[29]]);
        }
        original.remove(&[0, 0, 0, 0]);
        sources.remove(&[0, 0, 0, 0]);
        assert_eq!(sources.len(), original.len() * 6);
    }

    #[test]
    fn captures_follow_each_other() {
        let capture = |times: &[i64]| times.iter().map(|at| (Time(*at), vec![0; 60])).collect::<Vec<_>>();
        let all = one_after_another(vec![capture(&[100, 300, 200]), vec![], capture(&[5, 7])]);
        let times: Vec<i64> = all.iter().map(|frame| frame.0.0).collect();
        assert_eq!(times, [100, 300, 200, 300 + PAUSE, 302 + PAUSE]);
    }

    #[test]
    fn a_file_is_never_larger_than_asked() {
        let plan = Repeat { side_by_side: 1, file_bytes_max: 1_000_000, packets_max: u64::MAX };
        let total = repeat(&plant(), &plan, &mut |_, _| {});
        assert!((990_000..=1_000_000).contains(&total.file_bytes), "{total:?}");
        let nothing = Repeat { side_by_side: 1, file_bytes_max: 10, packets_max: 10 };
        assert_eq!(repeat(&plant(), &nothing, &mut |_, _| {}), Total::default());
        assert_eq!(repeat(&[], &plan, &mut |_, _| {}), Total::default());
    }
}
