//! Every bound of this crate, with its reason.

use std::time::Duration;

/// Bytes of a request's body: everything that is sent here is a small form.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// Connections at the same time: a browser opens up to six.
pub const CONNECTIONS_MAX: usize = 1024;

/// How long the head of a request may take, and a TLS handshake.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long answering may take (the live stream excepted).
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// How long open requests are waited for when the server stops.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// Rows of a list in one answer, unless told, and at most.
pub const ROWS: usize = 100;
/// Rows of a list in one answer at most.
pub const ROWS_MAX: usize = 1000;

/// Judging again takes at most this share of the time: one part in.
pub const JUDGE_SHARE: u32 = 10;
/// Time between two judgements at least.
pub const JUDGE_INTERVAL: Duration = Duration::from_secs(1);

/// Events kept for a slow reader of the live stream; what does not fit is dropped and counted.
pub const EVENTS_QUEUED: usize = 1024;
/// Acts a second on the live stream; changes of the plant go first, the rest is counted.
pub const ACTS_A_SECOND: u32 = 100;
/// Facts a second on the live stream.
pub const FACTS_A_SECOND: u32 = 50;
/// Readers of the live stream at the same time.
pub const STREAMS_MAX: usize = 64;

/// A session ends this long after it was used last.
pub const SESSION_IDLE: Duration = Duration::from_secs(8 * 3600);
/// A session ends this long after it was opened.
pub const SESSION_AGE: Duration = Duration::from_secs(24 * 3600);
/// The use of a session is noted when the last note is older.
pub const SESSION_NOTE: Duration = Duration::from_secs(60);

/// Failed logins of one name or one address in [`LOGIN_WINDOW`] after which further ones are refused unread.
pub const LOGINS_MAX: u32 = 8;
/// See [`LOGINS_MAX`].
pub const LOGIN_WINDOW: Duration = Duration::from_secs(300);
/// Names and addresses whose failures are remembered.
pub const LOGIN_SOURCES_MAX: usize = 10_000;

/// Characters of a password at least and at most.
pub const PASSWORD_CHARACTERS_MIN: usize = 12;
/// See [`PASSWORD_CHARACTERS_MIN`]: hashing must not become work without a bound.
pub const PASSWORD_CHARACTERS_MAX: usize = 256;
/// Passwords hashed at the same time: each takes 19 MB.
pub const HASHES_AT_ONCE: usize = 2;

/// Characters of a name of a person, machine, query …
pub const NAME_CHARACTERS_MAX: usize = 100;
/// Characters of a note or comment.
pub const NOTE_CHARACTERS_MAX: usize = 4000;
/// People, tokens, saved queries, notifications: each.
pub const THINGS_MAX: usize = 10_000;
/// Characters of a query.
pub const QUERY_CHARACTERS_MAX: usize = 20_000;
