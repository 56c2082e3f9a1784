//! How much history holds in memory and on disk.

use model::Time;

use crate::kind::Kind;

/// Limits of a writer.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Rows gathered in memory before they are written.
    pub rows_max: usize,
    /// Memory for gathered rows before they are written, in bytes. Where writing fails, up to twice as much is held.
    pub bytes_max: usize,
    /// Packet time after which gathered rows are written, in seconds.
    pub seconds_max: i64,
    /// What is kept, of each kind.
    pub kept: Vec<(Kind, Kept)>,
    /// What is kept of the kinds that `kept` does not name.
    pub kept_else: Kept,
}

/// What is kept of one kind. The oldest goes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Files whose last row is older go, in seconds.
    pub age_seconds_max: Option<i64>,
    /// Bytes of all files of the kind.
    pub bytes_max: Option<u64>,
}

impl Default for Limits {
    /// 300,000 rows, 64 MB or five minutes in memory; a year on disk, of samples and acts 20 GB each, else 5 GB.
    fn default() -> Limits {
        let year = 366 * 86_400;
        let kept = |bytes| Kept { age_seconds_max: Some(year), bytes_max: Some(bytes) };
        Limits {
            rows_max: 300_000,
            bytes_max: 64 << 20,
            seconds_max: 300,
            kept: vec![(Kind::Acts, kept(20 << 30)), (Kind::Samples, kept(20 << 30))],
            kept_else: kept(5 << 30),
        }
    }
}

impl Limits {
    /// The default limits, with `bytes` on disk for all kinds together: two fifths for acts, as much for samples, and the
    /// rest for the others in equal parts.
    pub fn of_bytes(bytes: u64) -> Limits {
        let mut limits = Limits::default();
        for (_, kept) in &mut limits.kept {
            kept.bytes_max = Some(bytes / 5 * 2);
        }
        let others = Kind::ALL.len().saturating_sub(limits.kept.len()).max(1) as u64;
        limits.kept_else.bytes_max = Some(bytes / 5 / others);
        limits
    }

    /// What is kept of `kind`.
    pub fn kept_of(&self, kind: Kind) -> Kept {
        self.kept.iter().find(|(named, _)| *named == kind).map_or(self.kept_else, |(_, kept)| *kept)
    }
}

impl Kept {
    /// Whether a file whose last row is of `last` is too old at `now`.
    pub(crate) fn is_too_old(self, last: Time, now: Time) -> bool {
        self.age_seconds_max.is_some_and(|seconds| now.since(last) > seconds.saturating_mul(1_000_000_000))
    }
}

/// Files of one hour that call for being joined.
pub(crate) const JOIN_COUNT_MIN: usize = 8;

/// Files of an hour that is over are joined from this number on.
pub(crate) const JOIN_COUNT_MIN_LATER: usize = 2;

/// An hour is over when this much more has passed, in nanoseconds: what comes late is waited for.
pub(crate) const JOIN_WAIT: i64 = 900 * 1_000_000_000;

/// Rows of a joined file; larger files are left as they are. It bounds the memory that joining takes (some 200 bytes
/// a row).
pub(crate) const JOIN_ROWS_MAX: u64 = 1 << 19;

/// Groups of files that one call joins, so that writing does not wait long.
pub(crate) const JOINS_MAX: usize = 4;

/// Rows that are gathered before they become a batch.
pub(crate) const BATCH_ROWS_MAX: usize = 32_768;
