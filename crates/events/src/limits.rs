//! The bounds of reading logs, each with its reason.

/// Bytes of one line; longer ones are cut. The largest events of Windows have 32 KB.
pub const LINE_BYTES_MAX: usize = 65_536;
/// Bytes of one text of an event: it goes into records, findings and pages.
pub const TEXT_BYTES_MAX: usize = 1_024;
/// Further fields of one event.
pub const FIELDS_MAX: usize = 64;
/// Nesting of JSON that is followed.
pub const DEPTH_MAX: usize = 8;
/// Events of one file.
pub const EVENTS_PER_FILE_MAX: usize = 5_000_000;
