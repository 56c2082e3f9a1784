//! Every bound of this crate, each with its reason. What a bound cuts off is counted by whoever meets it.

/// Headers read in one frame. Each tag, tunnel and IP header is one; the deepest real stacks (QinQ, MPLS, VXLAN, VLAN,
/// IP, UDP) stay below 20.
pub const LAYERS_MAX: usize = 32;

/// Tunnels opened in one frame. Real nesting ends at 3; more is a header bomb.
pub const TUNNELS_MAX: u8 = 8;

/// Labels of one MPLS stack. Operators use up to 6, segment routing up to 12.
pub const MPLS_LABELS_MAX: usize = 16;

/// Extension headers of one IPv6 packet, and authentication headers of either version. RFC 8200 (section 4.1) has 7.
pub const IP_EXTENSIONS_MAX: usize = 16;

/// Extension headers of one GTP-U packet. Real ones have one or two.
pub const GTP_EXTENSIONS_MAX: usize = 8;

/// Segments kept ahead of a hole, per direction of a TCP stream: what a sender has on its way while one segment is
/// lost (512 full segments are 730 kB).
pub const STREAM_SEGMENTS_MAX: usize = 512;

/// Bytes kept ahead of a hole, per direction of a TCP stream: 10 ms of a link at 400 Mbit/s.
pub const STREAM_BYTES_MAX: usize = 512 * 1024;

/// How far from what is expected a sequence number may lie and still belong to the same stream. Windows beyond 16 MiB
/// are not in use; further away it is another connection, or so much was lost that waiting is useless.
pub const STREAM_WINDOW: u32 = 16 * 1024 * 1024;

/// Up to how far ahead a sequence number outside the window is believed to be a loss of that many bytes. Further away,
/// or backwards, it is a new connection on the same ports as likely as not, and what is missing is not known.
pub const STREAM_LOSS_MAX: u32 = 256 * 1024 * 1024;

/// Datagrams whose fragments are kept at one time.
pub const DATAGRAMS_MAX: usize = 1024;

/// Bytes kept of incomplete datagrams, in all, with `FRAGMENT_OVERHEAD` for each piece. Eight of the largest; decoding has
/// one such table for each of its 64 partitions.
pub const DATAGRAM_BYTES_MAX: usize = 512 * 1024;

/// Pieces of one datagram. 65,535 bytes in the smallest usual fragments (256 bytes) are 256.
pub const FRAGMENTS_MAX: usize = 1024;

/// Memory that a piece costs besides its bytes.
pub const FRAGMENT_OVERHEAD: usize = 64;

/// Nanoseconds of packet time after which an incomplete datagram is given up (RFC 1122, section 3.3.2, wants 60 to
/// 120 s of a host; Linux takes 30 s, and a listener that waits longer than the receiver learns nothing).
pub const DATAGRAM_AGE_MAX: i64 = 30_000_000_000;

/// Longest payload of an IP packet (RFC 791, section 3.1; RFC 8200, section 3).
pub const DATAGRAM_SIZE_MAX: u64 = 65_535;
