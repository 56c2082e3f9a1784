//! Packet time: the only clock that decoding and analysis have.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};

/// Nanoseconds since 1970-01-01T00:00:00Z, taken from the capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct Time(pub i64);

impl Time {
    /// From whole seconds and nanoseconds; what does not fit is clamped.
    pub const fn from_seconds(seconds: i64, nanoseconds: i64) -> Time {
        Time(seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds))
    }

    /// Nanoseconds from `earlier` to `self`; negative where the capture's clock went back.
    pub const fn since(self, earlier: Time) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// This time moved by `nanoseconds`.
    pub const fn plus(self, nanoseconds: i64) -> Time {
        Time(self.0.saturating_add(nanoseconds))
    }

    /// Reads an RFC 3339 time such as `2026-01-31T08:00:00Z`.
    pub fn parse(text: &str) -> Option<Time> {
        let timestamp: jiff::Timestamp = text.parse().ok()?;
        i64::try_from(timestamp.as_nanosecond()).ok().map(Time)
    }
}

impl fmt::Display for Time {
    /// RFC 3339 in UTC with nanoseconds: `2026-01-31T08:00:00.000000000Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(timestamp) => write!(f, "{timestamp:.9}"),
            Err(_) => write!(f, "{} ns", self.0),
        }
    }
}

impl serde::Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Time {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
        Time::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not an RFC 3339 time")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_with_nanoseconds_and_read_back() {
        let time = Time::from_seconds(1_700_000_000, 5);
        assert_eq!(time.to_string(), "2023-11-14T22:13:20.000000005Z");
        assert_eq!(Time::parse("2023-11-14T22:13:20.000000005Z"), Some(time));
    }
}
