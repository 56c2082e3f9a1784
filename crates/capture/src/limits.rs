//! Every bound of reading captures, each with its reason.

/// Packets in the first, second, third and every later chunk. A chunk border is where shared tables become visible to all
/// workers, so the first ones are small (what the first packets teach is known early) and later ones large (borders cost).
pub const CHUNK_PACKETS_MAX: [usize; 4] = [256, 1024, 4096, 8_192];

/// Captured bytes after which a chunk ends: with full-size packets this many still fit the caches of a core, and several
/// chunks in flight stay far below the 200 MB that the whole program may use.
pub const CHUNK_BYTES_MAX: usize = 2 << 20;

/// Captured bytes of one packet. The same as tcpdump's and Wireshark's greatest snap length (262,144), which is above
/// any IP packet; a length beyond it means that the file is corrupt.
pub const PACKET_BYTES_MAX: usize = 256 << 10;

/// Bytes of one pcapng block that is looked into: a packet, its options (64 KiB each), a table of names. A longer one is
/// skipped in the stream, and reported where it carried a packet.
pub const BLOCK_BYTES_MAX: usize = 1 << 20;

/// Bytes of one pcapng block that is passed over unseen. Nothing known writes a longer one: its length is corrupt, and
/// believing it could cost the rest of the file.
pub const BLOCK_SKIP_BYTES_MAX: usize = 64 << 20;

/// Bytes asked of the operating system at once: large enough that a call costs nothing per packet, small enough that the
/// bytes are still in the cache when their records are walked, and that the unfinished end carried to the next chunk is short.
pub const READ_BYTES: usize = 128 << 10;

/// The buffer of a chunk. It holds the frames of a chunk (`CHUNK_BYTES_MAX` and one packet more), an unfinished block and
/// one read; record headers on top are squeezed out when it fills up.
pub const CHUNK_BUFFER_BYTES: usize = 4 << 20;
const _: () = assert!(CHUNK_BUFFER_BYTES >= CHUNK_BYTES_MAX + PACKET_BYTES_MAX + BLOCK_BYTES_MAX + 2 * READ_BYTES);

/// Largest window of a zstd frame, as a power of two: 128 MiB, the most that `zstd` itself decompresses unasked.
pub const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// Interfaces of one pcapng section. Real ones have a handful; a hostile file could announce millions.
pub const INTERFACES_MAX: usize = 4096;

/// Pairs of address and name kept from name resolution blocks: a large site's host table, a few MB.
pub const NAMES_MAX: usize = 65_536;

/// Bytes of one such name: the longest a DNS name can be.
pub const NAME_BYTES_MAX: usize = 255;

/// Comments whose text is kept; all are counted.
pub const COMMENTS_MAX: usize = 1000;

/// Bytes kept of one comment.
pub const COMMENT_BYTES_MAX: usize = 4096;

/// Problems kept with their text; all are counted. A directory of a thousand junk files is still told in full.
pub const PROBLEMS_MAX: usize = 10_000;

/// Depth of directories below the one that was named. A guard against mounts that contain themselves; links to
/// directories are not followed at all.
pub const DIRECTORY_DEPTH_MAX: usize = 64;

/// Link types for which a filter is compiled. A hostile file could announce 65,536.
pub const FILTER_LINK_TYPES_MAX: usize = 64;

/// Bytes that the kernel may hold of one interface: a third of a second at 1 Gbit/s, while a chunk is decoded.
pub const LIVE_BUFFER_BYTES: usize = 32 << 20;

/// Bytes of one file of the evidence ring. The oldest goes as a whole, so it is a small part of any sensible ring.
pub const EVIDENCE_FILE_BYTES: u64 = 32 << 20;

/// Packets of one file of the evidence ring: bounds its index in memory (16 bytes each).
pub const EVIDENCE_FILE_PACKETS: usize = 262_144;

/// Seconds of packet time after which a file of the ring ends, so that its index is on disk soon.
pub const EVIDENCE_FILE_SECONDS: i64 = 600;

/// How far times in a file go back because packets come from several queues or interfaces, in nanoseconds: buffers are
/// emptied many times a second.
pub const DISORDER: i64 = 1_000_000_000;
