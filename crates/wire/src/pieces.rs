//! Bytes that wait for others: pieces of a stream or datagram, sorted, without overlap, the first that came kept.

use std::collections::VecDeque;

/// Pieces in the order of their place. No two share a byte.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pieces {
    pieces: VecDeque<Piece>,
    /// Sum of the lengths of all pieces.
    bytes: usize,
}

/// Some bytes and their place.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    /// Place of the first byte.
    pub start: u64,
    /// The bytes; empty where the snap length cut off everything.
    pub bytes: Vec<u8>,
    /// Bytes behind these that were on the wire and not captured.
    pub cut: u32,
    /// When these bytes came, in nanoseconds; 0 where nobody asks.
    pub arrived: i64,
}

impl Piece {
    /// Place behind the last captured byte.
    pub fn end(&self) -> u64 {
        self.start.saturating_add(self.bytes.len() as u64)
    }
}

impl Pieces {
    /// Number of pieces.
    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Number of bytes in all pieces.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The piece with the lowest place.
    pub fn first(&self) -> Option<&Piece> {
        self.pieces.front()
    }

    /// Takes the piece with the lowest place.
    pub fn pop_first(&mut self) -> Option<Piece> {
        let piece = self.pieces.pop_front()?;
        self.bytes = self.bytes.saturating_sub(piece.bytes.len());
        Some(piece)
    }

    /// Place behind the last piece; 0 without one.
    pub fn end(&self) -> u64 {
        self.pieces.back().map_or(0, Piece::end)
    }

    /// Copies of those bytes from `start` on that are not there yet are put in their places. Returns how many bytes
    /// were new.
    pub fn insert(&mut self, start: u64, bytes: &[u8], cut: u32) -> usize {
        self.insert_at(start, bytes, cut, 0)
    }

    /// As `insert`, of bytes that came at `arrived`.
    pub fn insert_at(&mut self, start: u64, bytes: &[u8], cut: u32, arrived: i64) -> usize {
        let mut index = match self.pieces.back() {
            // Nearly always behind everything that is there.
            Some(last) if last.end() > start => self.pieces.partition_point(|piece| piece.end() <= start),
            _ => self.pieces.len(),
        };
        if bytes.is_empty()
            && let Some(same) = index.checked_sub(1).and_then(|before| self.pieces.get_mut(before))
            && same.start == start
            && same.bytes.is_empty()
        {
            same.cut = same.cut.max(cut);
            return 0;
        }
        let before = self.bytes;
        let (mut start, mut rest) = (start, bytes);
        loop {
            let end = start.saturating_add(rest.len() as u64);
            let Some(next) = self.pieces.get(index) else { break };
            if next.start >= end && (next.start > start || !rest.is_empty()) {
                break;
            }
            let (next_start, next_end) = (next.start, next.end());
            let free = usize::try_from(next_start.saturating_sub(start)).unwrap_or(usize::MAX);
            if let Some((uncovered, _)) = rest.split_at_checked(free).filter(|(uncovered, _)| !uncovered.is_empty()) {
                self.put(index, start, uncovered, 0, arrived);
                index = index.saturating_add(1);
            }
            if next_end >= end {
                // All the rest is there already; what was cut behind it does not matter then.
                return self.bytes.saturating_sub(before);
            }
            let covered = usize::try_from(next_end.saturating_sub(start)).unwrap_or(usize::MAX);
            rest = rest.get(covered..).unwrap_or_default();
            start = next_end;
            index = index.saturating_add(1);
        }
        if !rest.is_empty() || cut > 0 {
            self.put(index, start, rest, cut, arrived);
        }
        self.bytes.saturating_sub(before)
    }

    fn put(&mut self, index: usize, start: u64, bytes: &[u8], cut: u32, arrived: i64) {
        self.bytes = self.bytes.saturating_add(bytes.len());
        self.pieces.insert(index.min(self.pieces.len()), Piece { start, bytes: bytes.to_vec(), cut, arrived });
    }
}
