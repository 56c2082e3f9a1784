//! What fuzz targets and property tests drive: bytes in, operations done, and every answer compared with a naive model.
//!
//! These functions panic when an invariant does not hold; nothing else calls them.

use std::collections::BTreeMap;

use model::{Frame, LinkType, Time};

use crate::{Assembler, Defragmenter, Packet, Placed, Reader, parse, parse_upper, partition};

/// Reads `bytes` as frames of one link type, which the first byte chooses: for each, how much the snap length cut off,
/// its length, its bytes. Fragments among them are put together and read on.
pub fn fuzz_packet(bytes: &[u8]) {
    const LINKS: [u32; 16] = [1, 1, 1, 1, 1, 1, 113, 276, 101, 0, 108, 9, 50, 51, 104, 239];
    let mut r = Reader::new(bytes);
    let Ok(link) = r.u8("link") else { return };
    let link = LinkType(LINKS.get(usize::from(link & 0x0f)).copied().unwrap_or_default());
    let mut fragments = Defragmenter::new();
    let mut number = 0;
    while let (Ok(beyond), Ok(length)) = (r.u8("beyond"), r.u16("length")) {
        let bytes = r.sub_at_most(usize::from(length)).take_rest();
        number += 1;
        let wire_len = bytes.len() as u32 + u32::from(beyond);
        let frame = Frame { at: Time(number as i64 * 1_000_000_000), link, bytes, wire_len, number };
        let packet = parse(&frame);
        check_packet(&packet, bytes.len(), wire_len);
        if let Some(whole) = fragments.push(frame.at, &packet) {
            let packet = parse_upper(whole.protocol, &whole.payload, &packet);
            check_packet(&packet, whole.payload.len(), whole.payload.len() as u32);
        }
        assert!(fragments.held_bytes() <= crate::limits::DATAGRAM_BYTES_MAX);
    }
}

fn check_packet(packet: &Packet<'_>, captured: usize, wire_len: u32) {
    assert!(packet.payload.len() <= captured);
    assert!(packet.payload_wire_len as usize >= packet.payload.len());
    assert!(packet.payload_wire_len <= wire_len);
    assert!(partition(packet, 7) < 7);
    if let Some(stop) = packet.stop {
        assert!(stop.offset <= wire_len, "{stop:?}");
    }
}

/// Reads `bytes` as operations on an `Assembler`, and compares all it gives with a naive model.
pub fn fuzz_stream(bytes: &[u8]) {
    let mut r = Reader::new(bytes);
    let (Ok(mode), Ok(base)) = (r.u8("mode"), r.u32("base")) else { return };
    if mode & 1 == 0 { compare_with_model(r, base) } else { follow_places(r, base) }
}

/// A stream byte by byte: what was heard first of each place, and the next place in order.
struct Naive {
    next: i64,
    heard: BTreeMap<i64, u8>,
}

impl Naive {
    fn push(&mut self, start: i64, bytes: &[u8]) {
        for (place, byte) in (start..).zip(bytes) {
            if place >= self.next {
                self.heard.entry(place).or_insert(*byte);
            }
        }
    }

    fn take(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while let Some(byte) = self.heard.remove(&self.next) {
            bytes.push(byte);
            self.next += 1;
        }
        bytes
    }

    fn skip(&mut self) -> u64 {
        let Some((&place, _)) = self.heard.first_key_value() else { return 0 };
        let missing = place - self.next;
        self.next = place;
        missing as u64
    }
}

/// Segments whose contents contradict one another: what comes out is what the model has, byte by byte.
fn compare_with_model(mut r: Reader<'_>, base: u32) {
    let mut stream = Assembler::new();
    let mut naive: Option<Naive> = None;
    let mut tag = 0u8;
    while let (Ok(operation), Ok(place), Ok(length)) = (r.u8("operation"), r.u16("place"), r.u8("length")) {
        tag = tag.wrapping_add(1);
        let place = i64::from(place & 0x07ff);
        if operation & 0x0f == 0 && !stream.is_started() {
            continue;
        }
        // Never without data, which would start the stream in a place that may still be moved.
        let payload = vec![tag; usize::from(length).max(1)];
        let naive = naive.get_or_insert_with(|| Naive { next: place, heard: BTreeMap::new() });
        let mut missing = 0;
        let mut delivered = Vec::new();
        if operation & 0x0f == 0 {
            missing = stream.skip_hole();
            assert_eq!(missing, naive.skip());
        } else {
            let sequence = base.wrapping_add(place as u32);
            loop {
                match stream.push(sequence, false, &payload, payload.len() as u32) {
                    Placed::InOrder(bytes) => delivered.extend_from_slice(bytes),
                    Placed::Old | Placed::Held => {}
                    Placed::Full => {
                        assert_eq!(stream.skip_hole(), naive.skip());
                        while let Some(bytes) = stream.pop() {
                            delivered.extend(bytes);
                        }
                        assert!(delivered == naive.take());
                        delivered.clear();
                        continue;
                    }
                }
                break;
            }
            naive.push(place, &payload);
        }
        while let Some(bytes) = stream.pop() {
            delivered.extend(bytes);
        }
        assert_eq!(delivered, naive.take(), "after {missing} missing");
        assert_eq!(stream.held_bytes(), naive.heard.len());
        assert_eq!(stream.has_held(), !naive.heard.is_empty());
        assert_eq!(stream.take_cut(), 0);
        if let Some((&first, _)) = naive.heard.first_key_value() {
            assert!(stream.acknowledged(base.wrapping_add(first as u32)));
            assert!(!stream.acknowledged(base.wrapping_add(first as u32).wrapping_sub(1)));
        }
    }
}

/// Segments of one true stream, some cut: every byte that comes out is the one of its place, whatever was missing.
fn follow_places(mut r: Reader<'_>, base: u32) {
    let byte_at = |place: u64| (place.wrapping_mul(0x9e37_79b9) >> 7) as u8;
    let mut stream = Assembler::new();
    let mut next: Option<u64> = None;
    let mut check = |bytes: &[u8], passed: u64, start: u64| {
        let next = next.get_or_insert(start);
        for byte in bytes {
            assert_eq!(*byte, byte_at(*next), "at {next}");
            *next += 1;
        }
        *next += passed;
    };
    while let (Ok(operation), Ok(place), Ok(length)) = (r.u8("operation"), r.u16("place"), r.u8("length")) {
        let place = u64::from(place & 0x0fff);
        let length = u64::from(length).max(1);
        let kept = if operation & 0x80 == 0 { length } else { length * u64::from(operation >> 4 & 7) / 8 };
        let payload: Vec<u8> = (place..place + kept).map(byte_at).collect();
        if operation & 0x0f == 0 && stream.is_started() {
            let missing = stream.skip_hole();
            check(&[], missing, place);
        } else {
            let sequence = base.wrapping_add(place as u32);
            while let Placed::Full = {
                let placed = stream.push(sequence, false, &payload, length as u32);
                if let Placed::InOrder(bytes) = placed {
                    let passed = stream.take_cut();
                    check(bytes, passed, place);
                }
                placed
            } {
                let missing = stream.skip_hole();
                check(&[], missing, place);
                while let Some(bytes) = stream.pop() {
                    let passed = stream.take_cut();
                    check(&bytes, passed, place);
                }
            }
        }
        while let Some(bytes) = stream.pop() {
            let passed = stream.take_cut();
            check(&bytes, passed, place);
        }
        assert_eq!(stream.take_cut(), 0);
        assert!(stream.held_bytes() <= crate::limits::STREAM_BYTES_MAX);
    }
}
