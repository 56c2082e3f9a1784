//! Every bound of this crate, with its reason.

/// Bytes of an entry: its length is written in two bytes (C2SP tlog-tiles, log entries).
pub const ENTRY_BYTES_MAX: usize = 65_535;

/// Hashes of a full tile, entries of a full bundle (C2SP tlog-tiles, Merkle tree).
pub const TILE_WIDTH: usize = 256;

/// Full tiles and bundles kept in memory until they are published; then publishing is tried before anything is appended.
pub const UNPUBLISHED_TILES_MAX: usize = 64;

/// Bytes of the file of entries that no checkpoint covers yet; then publishing is tried before anything is appended.
pub const STAGED_BYTES_MAX: u64 = 64 << 20;

/// Faults that a verification lists one by one; the others are counted.
pub const FAULTS_MAX: usize = 200;

/// Bytes of a checkpoint with all its signatures.
pub const CHECKPOINT_BYTES_MAX: u64 = 1 << 20;

/// Entries that one request may ask for.
pub const ENTRIES_READ_MAX: usize = 4096;
