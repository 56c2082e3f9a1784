//! What really happened in a simulated run: who did what to whom, and when.

use std::net::Ipv4Addr;

use model::Time;
use serde::Serialize;

/// Whether a deed belongs to the life of the plant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Intent {
    /// Planned work of the plant's own people.
    Maintenance,
    /// Someone means harm.
    Attack,
}

/// One thing that someone did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Deed {
    /// Stable identifier, such as `s7-stop`.
    pub id: &'static str,
    /// What was done, in a sentence.
    pub title: &'static str,
    /// Whether it belongs to the life of the plant.
    pub intent: Intent,
    /// Techniques of MITRE ATT&CK for ICS, such as `T0858`; none for planned work.
    pub techniques: &'static [&'static str],
    /// Who did it.
    pub from: Ipv4Addr,
    /// Whom it was done to.
    pub to: Vec<Ipv4Addr>,
    /// Time of its first packet.
    pub first: Time,
    /// Time of its last packet.
    pub last: Time,
    /// Number of its first packet in the capture, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packet: Option<u64>,
    /// The work order under which it was announced, where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work_order: Option<WorkOrder>,
}

/// Work that was announced before it was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkOrder {
    /// Its number, such as `WO-00012`.
    pub number: String,
    /// Begin of the window that was announced.
    pub from: Time,
    /// End of the window.
    pub until: Time,
}

/// All deeds of a run, in order of their first packet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Truth {
    /// The deeds.
    pub deeds: Vec<Deed>,
}

impl Truth {
    /// One JSON object a line.
    pub fn to_json_lines(&self) -> String {
        let mut lines = String::new();
        for deed in &self.deeds {
            lines.push_str(&deed.to_json());
            lines.push('\n');
        }
        lines
    }
}

impl Deed {
    /// One JSON object.
    pub fn to_json(&self) -> String {
        // A deed has only texts, numbers, times and addresses: nothing that JSON cannot say.
        serde_json::to_string(self).unwrap_or_default()
    }
}
