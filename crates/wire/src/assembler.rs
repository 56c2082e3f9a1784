//! One direction of a TCP stream: segments in any order in, bytes in the order of the stream out.

use crate::limits::{STREAM_BYTES_MAX, STREAM_LOSS_MAX, STREAM_SEGMENTS_MAX, STREAM_WINDOW};
use crate::pieces::{Piece, Pieces};

/// Puts the segments of one direction of a TCP connection in order. It knows no connection, no flags but SYN, and no
/// time; what it keeps is bounded by `limits`.
///
/// Where two segments say different things about the same byte, the one that came first is believed.
///
/// ```
/// # use wire::{Assembler, Placed};
/// let mut stream = Assembler::new();
/// assert_eq!(stream.push(100, false, b"one ", 4), Placed::InOrder(b"one "));
/// assert_eq!(stream.push(108, false, b"three", 5), Placed::Held);
/// assert_eq!(stream.push(104, false, b"two ", 4), Placed::InOrder(b"two "));
/// assert_eq!(stream.pop().as_deref(), Some(b"three".as_slice()));
/// assert_eq!(stream.pop(), None);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Assembler {
    /// Place of the next byte in order; 0 before the first segment. Places are sequence numbers that do not wrap: the
    /// lower 32 bits are the sequence number, and the first place is above 2³².
    next: u64,
    /// Segments ahead of a hole; absent when there are none.
    held: Option<Box<Pieces>>,
    /// Sequence number of the first byte of the stream.
    first: u32,
    /// Bytes passed over because the snap length had cut them, not yet taken.
    cut: u32,
    /// Of the segment that was refused last because it lies outside the window: how far ahead it is; 0 without one.
    leap: u32,
    /// Whether only segments without data were seen, which may be keep-alives one below the next byte.
    is_tentative: bool,
}

/// What became of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed<'a> {
    /// New bytes in order, without those that were delivered already. Empty for segments without data, and where all
    /// data was cut. Call `pop` until it gives nothing, and `take_cut`.
    InOrder(&'a [u8]),
    /// Nothing new: all of it was delivered or is held already (a retransmission or keep-alive).
    Old,
    /// Ahead of a hole: kept until the hole fills.
    Held,
    /// Not taken: it is ahead of a hole and the limits are full, or its sequence number is so far off that it belongs
    /// to another connection or to a time after a great loss. Call `skip_hole` and `pop`, and push it again; each
    /// round frees something or starts the stream anew, so this ends.
    Full,
}

impl Assembler {
    /// A stream of which nothing was seen.
    pub const fn new() -> Assembler {
        Assembler { next: 0, held: None, first: 0, cut: 0, leap: 0, is_tentative: false }
    }

    /// Whether a segment was seen.
    pub const fn is_started(&self) -> bool {
        self.next != 0
    }

    /// Places a segment. The first one starts the stream, whether it is a SYN or from the middle of a connection.
    ///
    /// `wire_len` is the length of the payload on the wire: where it is more than `payload`, the bytes behind it are
    /// passed over when it is delivered, and `take_cut` gives their number. A segment without data never waits and
    /// never fills anything: it is in order, or old.
    pub fn push<'a>(&mut self, sequence: u32, syn: bool, payload: &'a [u8], wire_len: u32) -> Placed<'a> {
        self.push_at(sequence, syn, payload, wire_len, 0)
    }

    /// As `push`, of a segment that came at `arrived` (nanoseconds): `pop_at` gives it back.
    pub fn push_at<'a>(
        &mut self,
        sequence: u32,
        syn: bool,
        payload: &'a [u8],
        wire_len: u32,
        arrived: i64,
    ) -> Placed<'a> {
        let sequence = sequence.wrapping_add(u32::from(syn));
        let wire_len = u64::from(wire_len).max(payload.len() as u64);
        self.leap = 0;
        let is_first = !self.is_started();
        if is_first {
            self.next = 1 << 32 | u64::from(sequence);
            self.first = sequence;
            self.is_tentative = wire_len == 0 && !syn;
        }
        let mut ahead = sequence.wrapping_sub(self.next as u32);
        if self.is_tentative {
            // One ahead: what came first was a keep-alive. Far off: it was a stray reset. Neither had data to lose.
            if ahead == 1 || is_far(ahead) && wire_len > 0 {
                self.next = 1 << 32 | u64::from(sequence);
                self.first = sequence;
                ahead = 0;
            }
            self.is_tentative = wire_len == 0;
        }
        let is_another = syn && sequence != self.first;
        if wire_len == 0 && !is_another {
            let is_repeated = if syn { !is_first } else { ahead == u32::MAX };
            return if is_repeated { Placed::Old } else { Placed::InOrder(&[]) };
        }
        if is_another || is_far(ahead) {
            self.leap = if is_another || ahead > STREAM_LOSS_MAX { 1 } else { ahead };
            return Placed::Full;
        }
        let start = self.next.wrapping_add_signed(i64::from(ahead as i32));
        if ahead as i32 > 0 {
            self.hold(start, payload, wire_len, arrived)
        } else {
            self.deliver(start, payload, wire_len, arrived)
        }
    }

    /// A segment that begins at or before the next byte.
    fn deliver<'a>(&mut self, start: u64, payload: &'a [u8], wire_len: u64, arrived: i64) -> Placed<'a> {
        let wire_end = start.saturating_add(wire_len);
        if wire_end <= self.next {
            return Placed::Old;
        }
        let known = usize::try_from(self.next.saturating_sub(start)).unwrap_or(usize::MAX);
        let fresh = payload.get(known..).unwrap_or_default();
        let end = self.next.saturating_add(fresh.len() as u64);
        let Some(held_start) = self.first_held().map(|piece| piece.start).filter(|held_start| *held_start < end) else {
            self.advance(end, wire_end);
            return Placed::InOrder(fresh);
        };
        // It reaches into what is held, which came first: only the part before that is delivered from here, and what
        // lies behind it and is new waits for its turn in `pop`.
        let free = usize::try_from(held_start.saturating_sub(self.next)).unwrap_or(usize::MAX);
        let (fresh, rest) = fresh.split_at_checked(free).unwrap_or((fresh, &[]));
        let cut = u32::try_from(wire_end.saturating_sub(end)).unwrap_or(u32::MAX);
        self.next = self.next.saturating_add(fresh.len() as u64);
        // Without room the rest is a hole later on, like one of the network.
        if self.has_room(rest.len()) {
            self.held.get_or_insert_default().insert_at(self.next, rest, cut, arrived);
        }
        Placed::InOrder(fresh)
    }

    /// A segment that begins behind the next byte.
    fn hold<'a>(&mut self, start: u64, payload: &'a [u8], wire_len: u64, arrived: i64) -> Placed<'a> {
        if !self.has_room(payload.len()) {
            return Placed::Full;
        }
        let cut = u32::try_from(wire_len.saturating_sub(payload.len() as u64)).unwrap_or(u32::MAX);
        let held = self.held.get_or_insert_default();
        let before = held.len();
        let new = held.insert_at(start, payload, cut, arrived);
        if new > 0 || held.len() > before { Placed::Held } else { Placed::Old }
    }

    /// Whether a segment of `length` may be held. The first one always may, so that `Full` never comes from nothing.
    fn has_room(&self, length: usize) -> bool {
        self.held.as_ref().is_none_or(|held| {
            held.len() == 0
                || held.len() < STREAM_SEGMENTS_MAX && held.bytes().saturating_add(length) <= STREAM_BYTES_MAX
        })
    }

    /// What was delivered reaches to `end`, and was cut up to `wire_end` unless something is held before that.
    fn advance(&mut self, end: u64, wire_end: u64) {
        let until = match self.first_held() {
            Some(piece) => wire_end.min(piece.start.max(end)),
            None => wire_end,
        };
        let cut = u32::try_from(until.saturating_sub(end)).unwrap_or(u32::MAX);
        self.cut = self.cut.saturating_add(cut);
        self.next = end.max(until);
    }

    fn first_held(&self) -> Option<&Piece> {
        self.held.as_ref()?.first()
    }

    /// The next held bytes, if they are in order now. Call it until it gives nothing, after each `InOrder` and
    /// `skip_hole`; and `take_cut` after each, as cut bytes lie behind those given. Empty where all were cut.
    pub fn pop(&mut self) -> Option<Vec<u8>> {
        self.pop_at().map(|(bytes, _)| bytes)
    }

    /// As `pop`, with the time at which the bytes came.
    pub fn pop_at(&mut self) -> Option<(Vec<u8>, i64)> {
        loop {
            let held = self.held.as_mut()?;
            if held.first()?.start > self.next {
                return None;
            }
            let mut piece = held.pop_first()?;
            if held.len() == 0 {
                self.held = None;
            }
            let end = piece.end();
            let wire_end = end.saturating_add(u64::from(piece.cut));
            if wire_end <= self.next {
                continue;
            }
            let known = usize::try_from(self.next.saturating_sub(piece.start)).unwrap_or(usize::MAX);
            piece.bytes.drain(..known.min(piece.bytes.len()));
            self.advance(end.max(self.next), wire_end);
            return Some((piece.bytes, piece.arrived));
        }
    }

    /// Bytes passed over since the last call because the snap length had cut them off. They lie behind what was
    /// delivered last.
    pub fn take_cut(&mut self) -> u64 {
        u64::from(std::mem::take(&mut self.cut))
    }

    /// Whether something is held and the peer acknowledged all of the hole before it: it received what the capture
    /// did not, nobody will send it again, and waiting is useless. False where nothing is held.
    pub fn acknowledged(&self, acknowledgement: u32) -> bool {
        let Some(hole) = self.first_held().map(|piece| piece.start.saturating_sub(self.next)) else { return false };
        let ahead = acknowledgement.wrapping_sub(self.next as u32);
        hole > 0 && u64::from(ahead) >= hole && ahead <= 2 * STREAM_WINDOW
    }

    /// Gives up the hole before the first held segment, and returns how many bytes are missing; then `pop` gives what
    /// is behind it. With nothing held it returns 0, unless the last `push` was refused for a sequence number far off:
    /// then the next segment starts the stream anew, and what is returned is the distance (1 where it is not known).
    pub fn skip_hole(&mut self) -> u64 {
        let leap = u64::from(std::mem::take(&mut self.leap));
        match self.first_held().map(|piece| piece.start) {
            Some(start) => {
                let missing = start.saturating_sub(self.next);
                self.next = self.next.max(start);
                missing
            }
            None => {
                if leap > 0 {
                    self.next = 0;
                }
                leap
            }
        }
    }

    /// Whether something is held ahead of a hole.
    pub fn has_held(&self) -> bool {
        self.held.is_some()
    }

    /// Bytes held ahead of a hole.
    pub fn held_bytes(&self) -> usize {
        self.held.as_ref().map_or(0, |held| held.bytes())
    }
}

/// Whether a distance, which may be negative, is beyond the window.
const fn is_far(ahead: u32) -> bool {
    ahead.wrapping_add(STREAM_WINDOW) > 2 * STREAM_WINDOW
}

#[cfg(test)]
mod tests;
