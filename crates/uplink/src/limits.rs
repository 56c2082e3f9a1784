//! Every bound of this crate, with its reason.

/// Bytes of a batch's binary form before compression: what reading a hostile batch may allocate, with a factor below ten
/// for the records made of them.
pub const BATCH_BYTES_MAX: usize = 32 << 20;

/// Bytes of a compressed batch, in the journal and on a link.
pub const FRAME_BYTES_MAX: usize = BATCH_BYTES_MAX;

/// Records of a batch that is read. The batcher stops far below.
pub const RECORDS_MAX: usize = 65_536;

/// Binary form of one record. Decoders bound texts and values far below; what is larger is told as blindness.
pub const RECORD_BYTES_MAX: usize = 1 << 20;

/// Window that a compressed batch may ask the reader to keep (2 to this power): 8 MiB.
pub const WINDOW_LOG_MAX: u32 = 23;

/// When a batch leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// Records of a batch.
    pub records_max: usize,
    /// Bytes of its binary form, before compression.
    pub bytes_max: usize,
    /// Nanoseconds of packet time that a record waits for others.
    pub wait_ns_max: i64,
    /// Nanoseconds of packet time between two batches that leave because of urgent records: a flood of them must not
    /// become a flood of batches.
    pub urgent_gap_ns_min: i64,
}

impl Default for BatchLimits {
    fn default() -> BatchLimits {
        BatchLimits { records_max: 8192, bytes_max: 4 << 20, wait_ns_max: 1_000_000_000, urgent_gap_ns_min: 50_000_000 }
    }
}

/// What the channel inside a process may hold: a batch is refused or waits when either is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelLimits {
    /// Batches.
    pub batches_max: usize,
    /// Records of all batches: some 500 bytes each.
    pub records_max: usize,
}

impl Default for ChannelLimits {
    fn default() -> ChannelLimits {
        ChannelLimits { batches_max: 256, records_max: 65_536 }
    }
}

/// How the journal is cut into files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalLimits {
    /// Bytes after which a new segment is begun. Only whole segments are removed, so this is the grain of retention, and
    /// what is read once at every start.
    pub segment_bytes_max: u64,
}

impl Default for JournalLimits {
    fn default() -> JournalLimits {
        JournalLimits { segment_bytes_max: 64 << 20 }
    }
}
