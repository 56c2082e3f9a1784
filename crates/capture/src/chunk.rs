//! A stretch of frames with the one buffer that holds their bytes.

use model::{Frame, Frames, LinkType, Time};

use crate::limits;

/// Where a frame lies in the buffer of its chunk, and what is known of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub at: Time,
    pub number: u64,
    pub offset: u32,
    pub length: u32,
    pub wire_len: u32,
    pub link: LinkType,
}

/// Frames in the order of the input. Made once and filled again and again by [`Reader::next_chunk`](crate::Reader::next_chunk).
pub struct Chunk {
    /// Always `limits::CHUNK_BUFFER_BYTES` long; only the part in use is ever touched.
    pub(crate) bytes: Vec<u8>,
    /// 0 <= filled <= bytes.len(): end of what was read.
    pub(crate) filled: usize,
    pub(crate) frames: Vec<Slot>,
}

impl Default for Chunk {
    fn default() -> Chunk {
        Chunk::new()
    }
}

impl Chunk {
    /// An empty chunk.
    pub fn new() -> Chunk {
        Chunk { bytes: vec![0; limits::CHUNK_BUFFER_BYTES], filled: 0, frames: Vec::new() }
    }

    /// Forgets all frames; the buffer is kept.
    pub fn clear(&mut self) {
        self.frames.clear();
        self.filled = 0;
    }

    /// Adds a frame that comes from elsewhere than a file, cut to what one packet may have. Says whether there was room;
    /// a full chunk takes nothing.
    pub fn push(&mut self, at: Time, link: LinkType, frame: &[u8], wire_len: u32, number: u64) -> bool {
        let frame = &frame[..frame.len().min(limits::PACKET_BYTES_MAX)];
        let end = self.filled + frame.len();
        if self.is_full() || end > self.bytes.len() {
            return false;
        }
        self.bytes[self.filled..end].copy_from_slice(frame);
        let (offset, length) = (self.filled as u32, frame.len() as u32);
        self.frames.push(Slot { at, number, offset, length, wire_len: wire_len.max(length), link });
        self.filled = end;
        true
    }

    /// Whether it holds as many frames or bytes as a chunk may.
    pub fn is_full(&self) -> bool {
        self.filled >= limits::CHUNK_BYTES_MAX
            || self.frames.len() >= limits::CHUNK_PACKETS_MAX[limits::CHUNK_PACKETS_MAX.len() - 1]
    }

    /// How many frames it holds.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// All frames in order.
    pub fn frames(&self) -> impl ExactSizeIterator<Item = Frame<'_>> {
        self.frames.iter().map(|slot| self.show(slot))
    }

    fn show(&self, slot: &Slot) -> Frame<'_> {
        let start = slot.offset as usize;
        Frame {
            at: slot.at,
            link: slot.link,
            bytes: &self.bytes[start..start + slot.length as usize],
            wire_len: slot.wire_len,
            number: slot.number,
        }
    }

    /// Moves the frames' bytes together at the start, and the unparsed bytes from `position` right behind them, so that
    /// record headers, skipped blocks and filtered packets take no room. Gives the new position.
    pub(crate) fn squeeze(bytes: &mut [u8], frames: &mut [Slot], position: usize, filled: usize) -> usize {
        let mut end = 0;
        for slot in frames {
            let start = slot.offset as usize;
            let length = slot.length as usize;
            bytes.copy_within(start..start + length, end);
            slot.offset = end as u32;
            end += length;
        }
        bytes.copy_within(position..filled, end);
        end
    }
}

impl Frames for Chunk {
    fn count(&self) -> usize {
        self.frames.len()
    }

    fn frame(&self, index: usize) -> Option<Frame<'_>> {
        self.frames.get(index).map(|slot| self.show(slot))
    }
}
