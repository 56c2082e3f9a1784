//! Headers of DCE/RPC PDUs and their byte order (C706, chapter 12).

use wire::{Reader, Short};

/// Bytes of the connectionless header.
pub const DATAGRAM_HEADER_BYTES: usize = 80;

/// Reads numbers in the byte order that a PDU announces.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Least significant byte first.
    pub is_little: bool,
}

impl Order {
    /// From the first byte of the data representation.
    pub const fn new(representation: u8) -> Order {
        Order { is_little: representation & 0x10 != 0 }
    }

    /// Two bytes.
    pub fn u16(self, r: &mut Reader<'_>, what: &'static str) -> Result<u16, Short> {
        if self.is_little { r.u16_le(what) } else { r.u16(what) }
    }

    /// Four bytes.
    pub fn u32(self, r: &mut Reader<'_>, what: &'static str) -> Result<u32, Short> {
        if self.is_little { r.u32_le(what) } else { r.u32(what) }
    }

    /// A UUID as a number in the order in which it is written.
    pub fn uuid(self, r: &mut Reader<'_>, what: &'static str) -> Result<u128, Short> {
        let low = u128::from(self.u32(r, what)?);
        let mid = u128::from(self.u16(r, what)?);
        let high = u128::from(self.u16(r, what)?);
        let rest = u128::from(r.u64(what)?);
        Ok(low << 96 | mid << 80 | high << 64 | rest)
    }
}

/// A connectionless header (C706, section 12.5).
#[derive(Clone, Copy, Debug)]
pub struct Datagram {
    /// Type of PDU.
    pub kind: u8,
    /// First set of flags.
    pub flags: u8,
    /// Byte order.
    pub order: Order,
    /// Object that is called.
    pub object: u128,
    /// Interface that is called.
    pub interface: u128,
    /// Who calls: one activity makes one call after the other.
    pub activity: u128,
    /// Number of the call.
    pub sequence: u32,
    /// Operation.
    pub operation: u16,
    /// Bytes of the body.
    pub length: u16,
    /// Number of the fragment.
    pub fragment: u16,
}

impl Datagram {
    /// Whether more fragments follow.
    pub const fn is_fragment(&self) -> bool {
        self.flags & 0x04 != 0
    }

    /// Whether this is the last fragment of several.
    pub const fn is_last(&self) -> bool {
        self.flags & 0x02 != 0
    }

    /// Reads a header; `None` where it cannot be one.
    pub fn read(r: &mut Reader<'_>) -> Result<Option<Datagram>, Short> {
        let version = r.u8("rpc version")?;
        let kind = r.u8("pdu type")?;
        let flags = r.u8("flags")?;
        r.u8("flags 2")?;
        let representation = r.array::<3>("data representation")?;
        if version != 4 || kind > 10 || representation[0] & 0xee != 0 || representation[1] > 3 || representation[2] != 0
        {
            return Ok(None);
        }
        let order = Order::new(representation[0]);
        r.u8("serial high")?;
        let object = order.uuid(r, "object")?;
        let interface = order.uuid(r, "interface")?;
        let activity = order.uuid(r, "activity")?;
        r.skip(8, "boot time and interface version")?;
        let sequence = order.u32(r, "sequence number")?;
        let operation = order.u16(r, "operation")?;
        r.skip(4, "hints")?;
        let length = order.u16(r, "body length")?;
        let fragment = order.u16(r, "fragment number")?;
        r.skip(2, "authentication protocol and serial low")?;
        Ok(Some(Datagram { kind, flags, order, object, interface, activity, sequence, operation, length, fragment }))
    }
}
