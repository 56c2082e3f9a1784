//! Transport function of DNP3: segments of fragments, in order (IEEE 1815-2012, clause 8).

use crate::Speaker;

/// Fragments that grow at the same time on one flow: one per pair of stations and direction.
const FRAGMENTS_MAX: usize = 8;
/// Octets of a fragment. Stations take 2,048 usually; 64 segments of 249 octets is where segment numbers start again.
const FRAGMENT_BYTES_MAX: usize = 64 * 249;

const FIN: u8 = 0x80;
const FIR: u8 = 0x40;
const SEQUENCE: u8 = 0x3f;

/// Unfinished fragments.
#[derive(Default)]
pub(super) struct Transport {
    growing: Vec<Growing>,
}

struct Growing {
    source: u16,
    destination: u16,
    speaker: Speaker,
    /// Number of the last segment.
    last: u8,
    bytes: Vec<u8>,
}

/// What a segment led to.
pub(super) enum Step {
    /// The fragment is not whole.
    Waits,
    /// The segment is a whole fragment: all of it but the transport octet.
    Single,
    /// The fragment is whole: its octets.
    Whole(Vec<u8>),
    /// The segment does not follow; why.
    Broken(&'static str),
}

impl Transport {
    /// Takes a segment, with its transport octet.
    pub(super) fn segment(&mut self, source: u16, destination: u16, speaker: Speaker, segment: &[u8]) -> Step {
        let Some((&octet, data)) = segment.split_first() else { return Step::Broken("no transport octet") };
        let index = self
            .growing
            .iter()
            .position(|g| g.source == source && g.destination == destination && g.speaker == speaker);
        let number = octet & SEQUENCE;
        if octet & FIR != 0 {
            // A new first segment ends whatever was unfinished.
            let old = index.map(|index| self.growing.swap_remove(index));
            if octet & FIN != 0 {
                return Step::Single;
            }
            if self.growing.len() >= FRAGMENTS_MAX {
                self.growing.remove(0);
            }
            let mut bytes = old.map(|old| old.bytes).unwrap_or_default();
            bytes.clear();
            bytes.extend_from_slice(data);
            self.growing.push(Growing { source, destination, speaker, last: number, bytes });
            return Step::Waits;
        }
        let Some(index) = index else { return Step::Broken("the first segment was not seen") };
        let Some(growing) = self.growing.get_mut(index) else { return Step::Waits };
        if number == growing.last && octet & FIN == 0 {
            // The same segment once more: a confirmation of the link layer got lost.
            return Step::Waits;
        }
        let is_next = number == growing.last.wrapping_add(1) & SEQUENCE;
        if !is_next || growing.bytes.len().saturating_add(data.len()) > FRAGMENT_BYTES_MAX {
            self.growing.swap_remove(index);
            return Step::Broken(if is_next { "the fragment is too long" } else { "a segment is missing" });
        }
        growing.last = number;
        growing.bytes.extend_from_slice(data);
        if octet & FIN == 0 {
            return Step::Waits;
        }
        Step::Whole(self.growing.swap_remove(index).bytes)
    }

    /// Segments of `speaker` were lost.
    pub(super) fn forget(&mut self, speaker: Speaker) {
        self.growing.retain(|g| g.speaker != speaker);
    }

    /// A segment of this pair was lost.
    pub(super) fn forget_pair(&mut self, source: u16, destination: u16) {
        self.growing.retain(|g| (g.source, g.destination) != (source, destination));
    }

    /// Client and server are the other way round.
    pub(super) fn swap(&mut self) {
        for growing in &mut self.growing {
            growing.speaker = growing.speaker.other();
        }
    }
}
