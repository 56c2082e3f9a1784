//! What an entry of the log says, as canonical JSON: readable by people and by every tool, for as long as there is JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::limits::ENTRY_BYTES_MAX;

/// One entry. Times are RFC 3339 in UTC. `at` is when the server made the entry, by its own clock.
///
/// Kinds and fields may be added; none changes its meaning. An entry of an unknown kind is as well protected as any.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    /// The program started.
    Start {
        /// When.
        at: String,
        /// Version of the program.
        version: String,
        /// What it was told to watch: interfaces, files, sensors.
        sources: Vec<String>,
    },
    /// The program stopped as it should.
    Stop {
        /// When.
        at: String,
        /// Why: a signal, the end of the input …
        reason: String,
    },
    /// A batch of records was accepted.
    Batch {
        /// When.
        at: String,
        /// Name of the sensor.
        sensor: String,
        /// Number that the sensor gave it.
        number: u64,
        /// Its number in the journal.
        sequence: u64,
        /// SHA-256 of its bytes in the journal, hexadecimal.
        sha256: String,
        /// Number of those bytes.
        bytes: u64,
        /// Number of its records.
        records: u64,
        /// Packet time of its first record.
        first: String,
        /// Packet time at which it was closed.
        last: String,
    },
    /// A person decided something that changes what is shown: a name, a state, a comment …
    Decision {
        /// When.
        at: String,
        /// Name of the person, or of the token.
        by: String,
        /// What kind: the server has the list.
        kind: String,
        /// What was decided.
        body: Value,
    },
    /// A rule of the site was changed: settings, retention, zones, approvals.
    Policy {
        /// When.
        at: String,
        /// Name of the person, or of the token.
        by: String,
        /// What kind: the server has the list.
        kind: String,
        /// The new rule.
        body: Value,
    },
    /// Someone came in, or tried to.
    Login {
        /// When.
        at: String,
        /// Name that was given.
        by: String,
        /// Address from where.
        from: String,
        /// How: `password`, `token`, `oidc` …
        method: String,
        /// Whether it was let in.
        accepted: bool,
    },
    /// Something was taken out by retention or by a person.
    Removed {
        /// When.
        at: String,
        /// Name of the person, or `retention`.
        by: String,
        /// What: `journal`, `history` …
        what: String,
        /// First that is gone.
        first: String,
        /// Last that is gone.
        last: String,
        /// What stands for what is gone, so that all that was derived from it can be derived again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        basis: Option<Basis>,
    },
}

/// A state that was derived from the beginning of the log, kept because that beginning is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// SHA-256 of its file, hexadecimal.
    pub sha256: String,
    /// Entries that it is made of: all below this index.
    pub entries: u64,
    /// The number in the journal of the last batch in it.
    pub sequence: u64,
    /// Batches in it.
    pub batches: u64,
}

/// Why an entry cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// It is too large.
    #[error("the entry has {0} bytes, at most {ENTRY_BYTES_MAX} are allowed")]
    TooLarge(usize),
    /// It is no entry of a kind known here.
    #[error("the entry is of an unknown kind or malformed")]
    Unknown(#[source] serde_json::Error),
}

impl Entry {
    /// The bytes of the leaf: canonical JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EntryError> {
        let bytes = canonical_json(&serde_json::to_value(self).map_err(EntryError::Unknown)?);
        match bytes.len() {
            length if length > ENTRY_BYTES_MAX => Err(EntryError::TooLarge(length)),
            _ => Ok(bytes),
        }
    }

    /// Reads the bytes of a leaf.
    pub fn from_bytes(bytes: &[u8]) -> Result<Entry, EntryError> {
        serde_json::from_slice(bytes).map_err(EntryError::Unknown)
    }

    /// The word in the field `entry`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Entry::Start { .. } => "start",
            Entry::Stop { .. } => "stop",
            Entry::Batch { .. } => "batch",
            Entry::Decision { .. } => "decision",
            Entry::Policy { .. } => "policy",
            Entry::Login { .. } => "login",
            Entry::Removed { .. } => "removed",
        }
    }
}

/// JSON without white space and with the keys of every object sorted by their bytes, so that equal values have equal bytes.
pub fn canonical_json(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(value, &mut bytes);
    bytes
}

fn write(value: &Value, bytes: &mut Vec<u8>) {
    match value {
        Value::Array(items) => {
            bytes.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    bytes.push(b',');
                }
                write(item, bytes);
            }
            bytes.push(b']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| name.as_bytes());
            bytes.push(b'{');
            for (index, (name, value)) in fields.into_iter().enumerate() {
                if index > 0 {
                    bytes.push(b',');
                }
                bytes.extend(Value::from(name.as_str()).to_string().as_bytes());
                bytes.push(b':');
                write(value, bytes);
            }
            bytes.push(b'}');
        }
        scalar => bytes.extend(scalar.to_string().as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use serde_json::json;

    fn text(entry: &Entry) -> String {
        let bytes = entry.to_bytes().expect("an entry");
        assert_eq!(&Entry::from_bytes(&bytes).expect("an entry"), entry);
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn entries_are_canonical_json() {
        let at = || "2026-01-31T08:00:00.000000000Z".to_owned();
        let batch = Entry::Batch {
            at: at(),
            sensor: "north".into(),
            number: 7,
            sequence: 9,
            sha256: "00ff".into(),
            bytes: 812,
            records: 3,
            first: at(),
            last: at(),
        };
        let decision = Entry::Decision {
            at: at(),
            by: "léa".into(),
            kind: "asset".into(),
            body: json!({"zone": "filters", "name": "PLC \"12\"", "asset": {"b": [1, null, true], "a": -1}}),
        };
        expect![[r#"
            {"at":"2026-01-31T08:00:00.000000000Z","bytes":812,"entry":"batch","first":"2026-01-31T08:00:00.000000000Z","last":"2026-01-31T08:00:00.000000000Z","number":7,"records":3,"sensor":"north","sequence":9,"sha256":"00ff"}
            {"at":"2026-01-31T08:00:00.000000000Z","body":{"asset":{"a":-1,"b":[1,null,true]},"name":"PLC \"12\"","zone":"filters"},"by":"léa","entry":"decision","kind":"asset"}"#]]
        .assert_eq(&format!("{}\n{}", text(&batch), text(&decision)));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let stop = Entry::Stop { at: String::new(), reason: "x".repeat(ENTRY_BYTES_MAX) };
        assert!(matches!(stop.to_bytes(), Err(EntryError::TooLarge(_))));
        assert!(Entry::from_bytes(b"{\"entry\":\"something new\"}").is_err());
    }
}
