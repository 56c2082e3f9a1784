//! One captured frame, as `capture` hands it to `decode`.

use crate::Time;

/// A link type, by its number in the registry of tcpdump.org (`LINKTYPE_…`); unknown numbers are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkType(pub u32);

impl LinkType {
    /// BSD loopback: four bytes of address family in the order of the capturing host.
    pub const NULL: LinkType = LinkType(0);
    /// Ethernet.
    pub const ETHERNET: LinkType = LinkType(1);
    /// Raw IP, version 4 or 6.
    pub const RAW: LinkType = LinkType(101);
    /// IEEE 802.11.
    pub const IEEE802_11: LinkType = LinkType(105);
    /// OpenBSD loopback: four bytes of address family, big endian.
    pub const LOOP: LinkType = LinkType(108);
    /// Linux cooked capture, version 1.
    pub const LINUX_SLL: LinkType = LinkType(113);
    /// Raw IPv4.
    pub const IPV4: LinkType = LinkType(228);
    /// Raw IPv6.
    pub const IPV6: LinkType = LinkType(229);
    /// Linux cooked capture, version 2.
    pub const LINUX_SLL2: LinkType = LinkType(276);
}

/// A captured frame. The bytes belong to the chunk that was read.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Time of capture.
    pub at: Time,
    /// What the first byte is the start of.
    pub link: LinkType,
    /// The bytes captured; fewer than `wire_len` where the snap length cut them.
    pub bytes: &'a [u8],
    /// How long it was on the wire.
    pub wire_len: u32,
    /// Running number over the whole input, from 1.
    pub number: u64,
}

/// Frames that can be taken in any order, and by several threads: a list of them, or a chunk of a capture, which makes
/// them from its own places so that no list has to be built.
pub trait Frames: Sync {
    /// How many there are.
    fn count(&self) -> usize;

    /// The frame at `index`, from 0.
    fn frame(&self, index: usize) -> Option<Frame<'_>>;
}

impl Frames for Vec<Frame<'_>> {
    fn count(&self) -> usize {
        self.len()
    }

    fn frame(&self, index: usize) -> Option<Frame<'_>> {
        self.get(index).copied()
    }
}
