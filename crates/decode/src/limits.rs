//! Every bound of decoding, each with its reason. What is dropped at a bound is counted and shown in Health.

/// Partitions of the flow table. Fixed, so that the number of workers never changes a record; 64 keeps the share of one
/// partition small enough for a core's second-level cache.
pub const PARTITIONS: usize = 64;

/// Flows of one partition. 64 × 2,048 = 131,072 live conversations; at some 300 bytes each a half-open flood stays
/// under 60 MB.
pub const FLOWS_MAX: usize = 2_048;

/// Bytes of one direction that wait for the rest of their message. The largest industrial message is under 64 KiB;
/// larger messages of IT protocols are read by their head (`Measure::Head`).
pub const MESSAGE_BYTES_MAX: usize = 128 * 1024;

/// Bytes of one direction shown to probes while no row is sure.
pub const PROBE_BYTES_MAX: usize = 2_048;

/// Bytes of one side that wait for the other side to confirm a protocol that little spoke for: the first message of
/// those protocols is small.
pub const KEPT_BYTES_MAX: usize = 512;

/// Segments of one direction that are probed one after the other before only every power of two is.
pub const PROBE_SEGMENTS_MAX: u32 = 12;

/// Requests of one flow that wait for an answer. S7 and CIP allow tens; a flood must not keep more.
pub const PENDING_MAX: usize = 128;

/// Channels of roll-up of one partition: equal acts of equal parties.
pub const CHANNELS_MAX: usize = 2_048;

/// Bytes of the last values kept with a channel, to see changes.
pub const CHANNEL_VALUE_BYTES_MAX: usize = 512;

/// Variables of one channel that become samples; the longest usual list (a Modbus bit read) has 2,000 bits, of which few
/// ever change.
pub const CHANNEL_VARIABLES_MAX: usize = 2_048;

/// Interval of roll-up, in nanoseconds of packet time (DESIGN section 4).
pub const ROLLUP_INTERVAL: i64 = 60_000_000_000;

/// Cyclic writes of one channel that are told one by one before they are rolled up.
pub const WRITES_TOLD: u64 = 10;

/// Refusals of one channel that are told one by one in an interval before they are rolled up: a poll that is refused
/// a thousand times a second must not fill a disk.
pub const REFUSALS_TOLD: u64 = 100;

/// Changes of one channel per second that become samples of their own before they are summarised.
pub const SAMPLES_PER_SECOND: u32 = 10;

/// Facts of one partition that are remembered, so that each is told once.
pub const FACTS_MAX: usize = 65_536;

/// Entries of the shared table: what one flow must know of another.
pub const SHARED_MAX: usize = 16_384;

/// Malformed messages of one flow that are told one by one; all are counted.
pub const MALFORMED_TOLD: u32 = 3;

/// Idle time after which a flow is over, in nanoseconds: TCP.
pub const TCP_IDLE: i64 = 3_600_000_000_000;

/// Idle time of everything else.
pub const OTHER_IDLE: i64 = 300_000_000_000;

/// Idle time of a TCP connection that was asked for and never answered.
pub const ATTEMPT_IDLE: i64 = 60_000_000_000;

/// The shortest of the idle times: what is younger needs no closer look.
pub const IDLE_MIN: i64 = ATTEMPT_IDLE;
const _: () = assert!(IDLE_MIN <= TCP_IDLE && IDLE_MIN <= OTHER_IDLE);

/// Time after which a request without an answer is over, in nanoseconds.
pub const ANSWER_WAIT: i64 = 30_000_000_000;

/// A long flow gives a conversation record at least this often, in nanoseconds.
pub const CONVERSATION_INTERVAL: i64 = 900_000_000_000;

/// A hole in a stream is not going to be filled when the sender goes on so long after, in nanoseconds: several times the
/// first retransmission timeout of common stacks.
pub const HOLE_WAIT: i64 = 1_000_000_000;

/// Two equal packets within this time are one packet that a mirror port sent twice, in nanoseconds.
pub const DUPLICATE_WINDOW: i64 = 20_000_000;

/// Records whose room a partition keeps from chunk to chunk: what a chunk of ordinary traffic gives.
pub const RECORDS_KEPT: usize = 128;

/// Bytes that wait in the streams of one partition, for the rest of their message or for a hole to fill. 64 partitions
/// then keep 64 MiB at the most, whatever the traffic.
pub const WAITING_BYTES_MAX: usize = 1024 * 1024;
