//! The wall clock: for people's doings only, never for the analysis.

use std::time::{Duration, SystemTime};

use model::Time;

/// Now.
pub fn now() -> Time {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Time(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// Now moved back by `by`.
pub fn before(by: Duration) -> Time {
    now().plus(-i64::try_from(by.as_nanos()).unwrap_or(i64::MAX))
}
