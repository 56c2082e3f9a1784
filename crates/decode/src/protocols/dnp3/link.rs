//! Link layer of DNP3: header, blocks and their checksums (IEEE 1815-2012, clause 9).

use wire::Reader;

use crate::Measure;

/// Start octets, length, control, destination, source, checksum.
pub(super) const HEADER_BYTES: usize = 10;
/// User data octets before each checksum.
const BLOCK_BYTES: usize = 16;
/// What the length octet counts of the header: control and addresses.
const LENGTH_MIN: u8 = 5;
/// Destinations from here on are broadcasts: do not confirm, confirm, confirm optionally.
pub(super) const BROADCAST_MIN: u16 = 0xfffd;

/// A link header whose checksum fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) control: u8,
    pub(super) destination: u16,
    pub(super) source: u16,
    /// User data octets.
    pub(super) user: usize,
}

impl Header {
    pub(super) fn is_from_master(self) -> bool {
        self.control & 0x80 != 0
    }

    /// From a primary station: asks, or transports user data.
    pub(super) fn is_primary(self) -> bool {
        self.control & 0x40 != 0
    }

    pub(super) fn function(self) -> u8 {
        self.control & 0x0f
    }

    /// Whether user data follows: confirmed (3), unconfirmed (4), or under another function that the standard keeps
    /// for later; a station must not answer those, but they were asked.
    pub(super) fn has_user_data(self) -> bool {
        self.is_primary() && (matches!(self.function(), 3 | 4) || self.user > 0)
    }

    /// Octets of the frame.
    pub(super) fn total(self) -> usize {
        HEADER_BYTES.saturating_add(self.user).saturating_add(self.user.div_ceil(BLOCK_BYTES).saturating_mul(2))
    }

    /// Reads the header at the start of `bytes`.
    pub(super) fn read(bytes: &[u8]) -> Result<Header, Measure> {
        match bytes {
            [] | [0x05] | [0x05, 0x64, ..] => {}
            _ => return Err(Measure::Malformed("start octets are not 0x0564")),
        }
        let Some((header, crc)) = bytes.get(..HEADER_BYTES).and_then(|header| header.split_last_chunk::<2>()) else {
            return Err(match bytes.get(2) {
                Some(0..LENGTH_MIN) => Measure::Malformed("length is under 5"),
                _ => Measure::More(HEADER_BYTES),
            });
        };
        if checksum(header) != u16::from_le_bytes(*crc) {
            return Err(Measure::Malformed("checksum of the link header does not fit"));
        }
        let mut r = Reader::new(header);
        let mut fields = || {
            r.u16("start")?;
            Ok::<_, wire::Short>((r.u8("length")?, r.u8("control")?, r.u16_le("destination")?, r.u16_le("source")?))
        };
        match fields() {
            Ok((length, control, destination, source)) => match length.checked_sub(LENGTH_MIN) {
                Some(user) => Ok(Header { control, destination, source, user: user.into() }),
                None => Err(Measure::Malformed("length is under 5")),
            },
            Err(_) => Err(Measure::More(HEADER_BYTES)),
        }
    }
}

/// What became of the blocks of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blocks {
    Whole,
    /// The capture cut the frame; whole blocks before that were taken.
    Cut,
    /// The checksum of the block at this offset does not fit; nothing behind it was taken.
    Bad(usize),
}

/// Takes the user data of a frame out of its blocks.
pub(super) fn user_data(frame: &[u8], header: Header, into: &mut Vec<u8>) -> Blocks {
    into.clear();
    let mut rest = frame.get(HEADER_BYTES..).unwrap_or_default();
    let mut left = header.user;
    while left > 0 {
        let size = left.min(BLOCK_BYTES);
        let Some((block, tail)) = rest.split_at_checked(size.saturating_add(2)) else { return Blocks::Cut };
        let Some((data, crc)) = block.split_last_chunk::<2>() else { return Blocks::Cut };
        if checksum(data) != u16::from_le_bytes(*crc) {
            return Blocks::Bad(frame.len().saturating_sub(rest.len()));
        }
        into.extend_from_slice(data);
        rest = tail;
        left = left.saturating_sub(size);
    }
    Blocks::Whole
}

/// The checksum of clause 9.2.4.3: polynomial 0x3d65 (0xa6bc reflected), inverted at the end.
pub(super) fn checksum(bytes: &[u8]) -> u16 {
    let crc = bytes.iter().fold(0u16, |crc, byte| {
        let [low, _] = (crc ^ u16::from(*byte)).to_le_bytes();
        crc >> 8 ^ TABLE.get(usize::from(low)).copied().unwrap_or(0)
    });
    !crc
}

const TABLE: [u16; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = index as u16;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xa6bc } else { crc >> 1 };
            bit += 1;
        }
        // Evaluated by the compiler: an index out of bounds would not compile.
        #[allow(clippy::indexing_slicing)]
        {
            table[index] = crc;
        }
        index += 1;
    }
    table
};
