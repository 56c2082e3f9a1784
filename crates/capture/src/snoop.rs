//! Snoop files of Solaris. Source: RFC 1761, sections 2 to 4.

use model::{LinkType, Time};

use crate::ProblemKind;
use crate::limits::{BLOCK_BYTES_MAX, PACKET_BYTES_MAX};
use crate::sink::{Sink, Step, Window};

/// The first eight bytes: `snoop` and three zeros.
pub(crate) const MAGIC: [u8; 8] = *b"snoop\0\0\0";
/// Magic, version, datalink type.
pub(crate) const HEADER_BYTES: usize = 16;
const RECORD_HEADER_BYTES: usize = 24;

/// The state of reading one snoop file.
pub(crate) struct Snoop {
    link: LinkType,
    /// Drops told so far; the field counts from the start of the file.
    dropped: u32,
}

impl Snoop {
    /// Reads the file header.
    pub(crate) fn open(header: &[u8]) -> Result<Snoop, String> {
        let word = |at: usize| header.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_be_bytes);
        if word(8) != 2 {
            return Err(format!("snoop version {} is not known", word(8)));
        }
        let link = match word(12) {
            // IEEE 802.3 and Ethernet differ only in how the length or type field is meant to be used.
            0 | 4 => LinkType::ETHERNET,
            8 => LinkType(10), // FDDI
            other => return Err(format!("snoop datalink type {other} is not known")),
        };
        Ok(Snoop { link, dropped: 0 })
    }

    /// Reads records until bytes run out or the chunk is full.
    pub(crate) fn parse(&mut self, window: &mut Window<'_>, sink: &mut Sink) -> Step {
        loop {
            let rest = &window.bytes[window.position..];
            let Some(header) = rest.first_chunk::<RECORD_HEADER_BYTES>() else {
                return Step::More(RECORD_HEADER_BYTES);
            };
            let word = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
            let (wire_len, length, total) = (word(0), word(4) as usize, word(8) as usize);
            if length > PACKET_BYTES_MAX || total < RECORD_HEADER_BYTES + length || total > BLOCK_BYTES_MAX {
                let reason = format!("record of {total} bytes announces {length} captured bytes, which cannot be");
                return Step::Stop(ProblemKind::Corrupt, reason);
            }
            if rest.len() < total {
                return Step::More(total);
            }
            let (drops, seconds, micros) = (word(12), word(16), word(20));
            sink.dropped(u64::from(drops.saturating_sub(self.dropped)));
            self.dropped = self.dropped.max(drops);
            let at = Time::from_seconds(i64::from(seconds), i64::from(micros) * 1000);
            sink.packet(window.bytes, window.position + RECORD_HEADER_BYTES, length, wire_len, at, self.link);
            window.position += total;
            if sink.is_full() {
                return Step::Full;
            }
        }
    }
}
