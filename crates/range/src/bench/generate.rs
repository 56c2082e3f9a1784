//! Floods: half-open connections, and many live Modbus conversations polled in turn.

use std::net::Ipv4Addr;

use model::{Mac, Time};

use super::Total;
use crate::frame::{self, Ipv4, Tcp};

/// First moment of what is generated: Monday, 2 March 2026, 06:30 UTC.
const START: Time = Time::from_seconds(1_772_433_000, 0);

/// The host of this number in the network 10.`net`.0.0 and what follows; the last byte is never 0 or 255.
fn address(net: u32, number: u32) -> Ipv4Addr {
    Ipv4Addr::from(0x0a00_0000 + (net << 16) + (number / 254) * 256 + number % 254 + 1)
}

fn mac(maker: [u8; 3], ip: Ipv4Addr) -> Mac {
    let [_, b, c, d] = ip.octets();
    Mac([maker[0], maker[1], maker[2], b, c, d])
}

const DELL: [u8; 3] = [0xf8, 0xb1, 0x56];
const TELEMECANIQUE: [u8; 3] = [0x00, 0x80, 0xf4];

const SYN: u8 = 0x02;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;

fn send(
    at: Time,
    ends: [(Mac, Ipv4Addr, u16); 2],
    numbers: [u32; 2],
    flags: u8,
    id: u16,
    data: &[u8],
    sink: &mut dyn FnMut(Time, &[u8]),
) -> usize {
    let [(from_mac, source, source_port), (to_mac, destination, destination_port)] = ends;
    let options: &[u8] = if flags & SYN != 0 { &[2, 4, 0x05, 0xb4] } else { &[] };
    let header = Tcp {
        source: (source, source_port),
        destination: (destination, destination_port),
        sequence: numbers[0],
        acknowledgement: numbers[1],
        flags,
        window: 8192,
        options,
    };
    let header_ip = Ipv4 { source, destination, protocol: 6, ttl: 64, identification: id };
    let packet = frame::ipv4(header_ip, &frame::tcp(header, data));
    let frame = frame::ethernet(to_mac, from_mac, frame::IPV4, &packet);
    sink(at, &frame);
    frame.len()
}

/// `connections` connections that are begun and never answered, each from its own address and port, at 500,000 a second.
pub fn half_open(connections: u64, sink: &mut dyn FnMut(Time, &[u8])) -> Total {
    let mut total = Total::default();
    let target = address(200, 0);
    for number in 0..connections {
        let source = address(0, (number % 8_000_000) as u32);
        let port = 1_024 + (number / 8_000_000 * 7 + number % 50_000) as u16;
        let ends = [(mac(DELL, source), source, port), (mac(TELEMECANIQUE, target), target, 502)];
        let at = START.plus(number as i64 * 2_000);
        let bytes = send(at, ends, [number.wrapping_mul(0x9e37_79b9) as u32, 0], SYN, number as u16, &[], sink);
        total.packets += 1;
        total.file_bytes += 16 + bytes as u64;
    }
    total
}

/// `conversations` Modbus conversations, all opened first and then polled in turn, about `packets` packets in all.
///
/// Every server has an address of its own and 32 servers share a client. Each is polled once a second for ten holding
/// registers (function 3), of which one in ten polls changes one. The answer follows 2 ms later, at most as far as the
/// next poll: request and answer follow each other.
pub fn modbus_conversations(conversations: u32, packets: u64, sink: &mut dyn FnMut(Time, &[u8])) -> Total {
    let mut total = Total::default();
    let mut tell = |at: Time, ends, numbers, flags, id, data: &[u8]| {
        let bytes = send(at, ends, numbers, flags, id, data, sink);
        total.packets += 1;
        total.file_bytes += 16 + bytes as u64;
        total.packets < packets
    };
    let conversations = conversations.max(1);
    let ends = |number: u32| {
        let (client, server) = (address(1, number / 32), address(64, number));
        let port = 49_152 + (number % 32) as u16 * 3;
        [(mac(DELL, client), client, port), (mac(TELEMECANIQUE, server), server, 502)]
    };
    let reversed = |ends: [(Mac, Ipv4Addr, u16); 2]| [ends[1], ends[0]];
    let first = |number: u32| [number.wrapping_mul(0x9e37_79b9) | 1, number.wrapping_mul(0x85eb_ca6b) | 1];
    let step = (1_000_000_000 / i64::from(conversations)).max(2);
    for number in 0..conversations {
        let (ends, [client, server]) = (ends(number), first(number));
        let at = START.plus(i64::from(number) * step);
        let third = step / 3;
        let goes_on = tell(at, ends, [client, 0], SYN, 0, &[])
            && tell(at.plus(third), reversed(ends), [server, client.wrapping_add(1)], SYN | ACK, 0, &[])
            && tell(at.plus(2 * third), ends, [client.wrapping_add(1), server.wrapping_add(1)], ACK, 1, &[]);
        if !goes_on {
            return total;
        }
    }
    // Ten registers: 12 bytes ask, 29 answer.
    for round in 0u32.. {
        let begin = START.plus((i64::from(round) + 1) * 1_000_000_000);
        for number in 0..conversations {
            let (ends, [client, server]) = (ends(number), first(number));
            let client = client.wrapping_add(1).wrapping_add(round.wrapping_mul(12));
            let server = server.wrapping_add(1).wrapping_add(round.wrapping_mul(29));
            let transaction = (round as u16).to_be_bytes();
            let at = begin.plus(i64::from(number) * step);
            let (mut ask, mut answer) = ([0u8; 12], [0u8; 29]);
            ask[..2].copy_from_slice(&transaction);
            ask[2..].copy_from_slice(&[0, 0, 0, 6, 1, 3, 0, 100, 0, 10]);
            answer[..2].copy_from_slice(&transaction);
            answer[2..9].copy_from_slice(&[0, 0, 0, 23, 1, 3, 20]);
            for (index, register) in answer[9..].chunks_exact_mut(2).enumerate() {
                // One register moves every tenth round; the others stand still.
                let moved = if index == 0 { round.wrapping_add(number) / 10 } else { 0 };
                register.copy_from_slice(&(number.wrapping_add(moved) as u16).wrapping_add(index as u16).to_be_bytes());
            }
            let later = (step / 2).min(2_000_000);
            let id = round as u16;
            let goes_on = tell(at, ends, [client, server], PSH | ACK, id.wrapping_add(2), &ask)
                && tell(
                    at.plus(later),
                    reversed(ends),
                    [server, client.wrapping_add(12)],
                    PSH | ACK,
                    id.wrapping_add(1),
                    &answer,
                );
            if !goes_on {
                return total;
            }
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn conversations_are_distinct_in_order_and_as_many_as_asked() {
        for (conversations, packets) in [(1, 100), (1_000, 9_000), (4_000, 20_000)] {
            let (mut pairs, mut last) = (BTreeSet::new(), Time(0));
            let total = modbus_conversations(conversations, packets, &mut |at, frame| {
                assert!(at >= last, "{at} after {last}");
                last = at;
                if frame[47] == SYN {
                    pairs.insert(frame[26..38].to_vec());
                }
            });
            assert_eq!(total.packets, packets);
            assert_eq!(pairs.len(), conversations as usize);
        }
    }

    #[test]
    fn every_half_open_connection_is_another_one() {
        let mut ends = BTreeSet::new();
        let total = half_open(20_000, &mut |_, frame| assert!(ends.insert(frame[26..38].to_vec())));
        assert_eq!((total.packets, ends.len()), (20_000, 20_000));
    }
}
