//! The door through which fuzzing and the laws drive every decoder: any bytes as a dialog of one row.

use std::net::{IpAddr, Ipv4Addr};

use model::{Address, Flow, Record, Time, Transport};

use crate::protocol::{Carrier, Protocol};
use crate::protocols::PROTOCOLS;
use crate::session::{Place, Session};
use crate::sink::{Options, Sink};

/// The first byte chooses the row, the second whether it is a stream; then come messages, each with a byte that says who
/// speaks and how much of it (times eight) follows. Gives the records.
pub fn fuzz_bytes(bytes: &[u8]) -> Vec<Record> {
    let Some(([row, kind], rest)) = bytes.split_first_chunk::<2>() else { return Vec::new() };
    let Some(protocol) = PROTOCOLS.get(usize::from(*row) % PROTOCOLS.len().max(1)) else { return Vec::new() };
    let is_stream = kind & 1 == 1 && protocol.carriers.iter().any(|carrier| matches!(carrier, Carrier::Tcp(_)));
    let mut pieces = Vec::new();
    let mut rest = rest;
    while let Some((head, tail)) = rest.split_first() {
        let length = (usize::from(head & 0x7f) * 8).min(tail.len());
        let (piece, left) = tail.split_at_checked(length).unwrap_or((tail, &[]));
        pieces.push((usize::from(head >> 7), piece));
        rest = left;
    }
    dialog(protocol, is_stream, &pieces, kind & 2 == 2)
}

/// Runs a dialog through the driver with `protocol` already recognised. `pieces` are sides (0 the client) and bytes.
pub fn dialog(protocol: &'static Protocol, is_stream: bool, pieces: &[(usize, &[u8])], has_gaps: bool) -> Vec<Record> {
    let end = |last: u8, port| Address {
        ip: Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))),
        port: Some(port),
        ..Address::default()
    };
    let ends = [end(1, 40_000), end(2, 1_000)];
    let transport = if is_stream { Transport::Tcp } else { Transport::Udp };
    let flow = Flow::Ip {
        transport,
        source: (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 40_000),
        destination: (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)), 1_000),
    };
    let mut sink = Sink::new(Options { is_rolled_up: false });
    let mut session = Session::new(flow, transport, 0, None, ends, 0, true);
    session.assume(protocol);
    let mut sequences = [1_u32; 2];
    let mut at = Time(0);
    for (number, (side, bytes)) in pieces.iter().enumerate() {
        at = at.plus(1_000_000);
        let side = side & 1;
        let place = Place { at, frame: number as u64, side, wire_len: bytes.len() as u32 };
        if is_stream {
            let Some(sequence) = sequences.get_mut(side) else { continue };
            // Every eighth segment is lost where gaps are wanted.
            let is_lost = has_gaps && number % 8 == 7;
            if !is_lost {
                session.segment(place, *sequence, false, bytes, &mut sink);
            }
            *sequence = sequence.wrapping_add(bytes.len() as u32);
        } else {
            session.datagram(place, bytes, &mut sink);
        }
    }
    session.end(at, pieces.len() as u64, &mut sink);
    sink.tell_all();
    sink.records.drain().map(|(_, record)| record).collect()
}
