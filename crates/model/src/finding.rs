//! A judgement: something about the plant that a person should know.

use std::borrow::Cow;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::{Address, Behind, Flow, Said, Text, Time, words};

/// One judgement. Equal findings are one finding with a count.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Finding {
    /// Name of this finding, the same in every run: the detector and a hash of what makes two occurrences one finding
    /// (machines, what is behind, protocol, topic): `controller-stopped-9f86d081884c7d65`.
    pub id: Text,
    /// Id of the detector: `controller-stopped`. Stable.
    pub detector: Cow<'static, str>,
    /// What was found, in a line.
    pub title: Text,
    /// How bad it is.
    pub severity: Severity,
    /// Time of the first occurrence.
    pub first: Time,
    /// Time of the last occurrence.
    pub last: Time,
    /// Number of occurrences.
    pub count: u64,
    /// Who did it, where someone did.
    pub from: Option<Address>,
    /// The machine it was done to, or that has the weakness.
    pub to: Option<Address>,
    /// What behind that machine.
    pub behind: Behind,
    /// Id of the protocol concerned; empty where none is.
    pub protocol: Cow<'static, str>,
    /// What was seen, in sentences with values; bounded.
    pub evidence: Vec<Said>,
    /// A flow in which it was seen.
    pub flow: Option<Flow>,
}

words! {
    /// How bad a finding is for the plant.
    pub enum Severity {
        /// Worth knowing.
        Info = "info",
        /// To be put right at the next occasion.
        Low = "low",
        /// To be put right soon.
        Medium = "medium",
        /// A danger to the process or a way in.
        High = "high",
        /// Act now.
        Critical = "critical",
    }
}
