//! Which partition a packet belongs to: the same for both directions, for every flow between two machines, and in
//! every run.

use std::net::IpAddr;

use model::Mac;

use crate::Packet;

/// The partition of a packet, below `partitions`: by the unordered pair of addresses of the innermost IP header, or of
/// the outer one where the packet is a fragment (which is what `packet.ip` is); by the pair of hardware addresses
/// below IP. Nothing random goes into it. All frames with no address at all are in partition 0, as are all frames
/// where `partitions` is 0 or 1.
#[inline]
pub fn partition(packet: &Packet<'_>, partitions: usize) -> usize {
    let hash = match (packet.ip, packet.source_mac, packet.destination_mac) {
        (Some(ip), _, _) => pair(address(ip.source), address(ip.destination)),
        (None, None, None) => return 0,
        (None, source, destination) => pair(hardware(source), hardware(destination)),
    };
    // The upper half of the product: no division, and even where `partitions` is no power of two.
    ((u128::from(hash) * partitions as u128) >> 64) as usize
}

#[inline]
fn address(address: IpAddr) -> u64 {
    match address {
        IpAddr::V4(address) => mix(u64::from(address.to_bits())),
        IpAddr::V6(address) => {
            let bits = address.to_bits();
            mix(mix((bits >> 64) as u64) ^ bits as u64)
        }
    }
}

#[inline]
fn hardware(address: Option<Mac>) -> u64 {
    let [a, b, c, d, e, f] = address.unwrap_or_default().0;
    mix(u64::from_be_bytes([0, 1, a, b, c, d, e, f]))
}

/// One hash of two, whichever comes first.
#[inline]
fn pair(one: u64, other: u64) -> u64 {
    mix(one.min(other).rotate_left(32) ^ one.max(other))
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014): every bit
/// of the input changes half of the bits of the output.
#[inline]
const fn mix(bits: u64) -> u64 {
    let bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use model::{Frame, LinkType, Time};

    use super::*;
    use crate::{Ip, parse};

    fn empty() -> Packet<'static> {
        parse(&Frame { at: Time(0), link: LinkType::RAW, bytes: &[], wire_len: 0, number: 1 })
    }

    fn between(source: IpAddr, destination: IpAddr) -> Packet<'static> {
        let ip = Ip { source, destination, protocol: 6, ttl: 1, identification: 0, fragment: None };
        Packet { ip: Some(ip), ..empty() }
    }

    fn between_macs(source: Mac, destination: Mac) -> Packet<'static> {
        Packet { source_mac: Some(source), destination_mac: Some(destination), ..empty() }
    }

    /// Every partition gets its share, give or take a quarter.
    fn assert_even(packets: impl Iterator<Item = Packet<'static>>, partitions: usize) {
        let mut counts = vec![0usize; partitions];
        for packet in packets {
            counts[partition(&packet, partitions)] += 1;
        }
        let mean = counts.iter().sum::<usize>() / partitions;
        assert!(counts.iter().all(|count| count.abs_diff(mean) < mean / 4), "{counts:?}");
    }

    #[test]
    fn neighbouring_addresses_are_spread_evenly() {
        let v4 = |number: u32| IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + number));
        let v6 = |number: u32| IpAddr::V6(Ipv6Addr::from_bits(0xfe80 << 112 | u128::from(number)));
        let mac = |number: u32| Mac([0, 0x1b, 0x1b, 0, (number >> 8) as u8, number as u8]);
        for partitions in [2, 3, 8, 64] {
            // One client and many servers; pairs of neighbours; all with all.
            assert_even((1..20_000).map(|number| between(v4(0), v4(number))), partitions);
            assert_even((1..20_000).map(|number| between(v4(2 * number), v4(2 * number + 1))), partitions);
            assert_even((0..20_000).map(|number| between(v4(number / 150), v4(256 + number % 150))), partitions);
            assert_even((1..20_000).map(|number| between(v6(0), v6(number))), partitions);
            assert_even((1..20_000).map(|number| between_macs(mac(0), mac(number))), partitions);
            assert_even((1..20_000).map(|number| between_macs(Mac::BROADCAST, mac(number))), partitions);
        }
    }

    #[test]
    fn both_directions_are_together() {
        let (a, b) = (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), IpAddr::V6(Ipv6Addr::LOCALHOST));
        assert_eq!(partition(&between(a, b), 4096), partition(&between(b, a), 4096));
        let (a, b) = (Mac([2, 0, 0, 0, 0, 1]), Mac::BROADCAST);
        assert_eq!(partition(&between_macs(a, b), 4096), partition(&between_macs(b, a), 4096));
    }

    #[test]
    fn the_same_in_every_run() {
        let (a, b) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2));
        assert_eq!(partition(&between(a.into(), b.into()), 1 << 20), 898_711);
        assert_eq!(partition(&empty(), 16), 0);
        assert_eq!(partition(&between(a.into(), b.into()), 0), 0);
    }
}
