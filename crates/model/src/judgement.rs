//! Everything that analysis says of what it was given: the machines, who talks to whom, what is wrong, what is exposed,
//! and what could not be seen.

use serde::Serialize;

use crate::{Asset, Finding, Said, Severity, Text, Time, Verb, words};

/// A text in the languages of the product, known when the program is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Phrase {
    /// English.
    pub en: &'static str,
    /// French.
    pub fr: &'static str,
}

/// What there is to say of a detector, for lists, reports, the UI and the documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Descriptor {
    /// Stable id: `controller-stopped`.
    pub id: &'static str,
    /// What it finds, in a line.
    pub title: Phrase,
    /// How bad it usually is; a finding may be worse or better.
    pub severity: Severity,
    /// Techniques of MITRE ATT&CK for ICS (version 18.1): id and name.
    pub techniques: &'static [(&'static str, &'static str)],
    /// System requirements of IEC 62443-3-3 that it speaks for: `SR 2.1`.
    pub requirements: &'static [&'static str],
    /// What it means for the plant.
    pub meaning: Phrase,
    /// What to do.
    pub action: Phrase,
    /// What not to do.
    pub caution: Phrase,
    /// Rows of the alert catalogue that it covers.
    pub covers: &'static [&'static str],
    /// Its thresholds, in words; empty where it has none.
    pub thresholds: Phrase,
}

/// The judgement over everything that was recorded so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Judgement {
    /// Time of the first record.
    pub first: Option<Time>,
    /// Time of the last record.
    pub last: Option<Time>,
    /// How many records of each kind were judged.
    pub records: RecordCounts,
    /// The machines, in order of criticality, then address.
    pub assets: Vec<Asset>,
    /// Who talks to whom, by protocol; in order of the machines.
    pub edges: Vec<Edge>,
    /// The protocols seen, the most used first.
    pub protocols: Vec<ProtocolUse>,
    /// The networks seen: subnets with their machines.
    pub networks: Vec<Network>,
    /// The findings, the worst first.
    pub findings: Vec<RankedFinding>,
    /// The descriptors of the detectors that found something, by id.
    pub explanations: Vec<Descriptor>,
    /// What the capture cannot show.
    pub sight: Vec<Blindness>,
    /// The attack surface, the worst first.
    pub surface: Vec<Exposure>,
    /// What can be done to the plant, in sentences, the worst first.
    pub capabilities: Vec<Capability>,
    /// Addresses that were called and never answered: not machines.
    pub unanswered: Unanswered,
}

/// Numbers of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, borsh::BorshSerialize, borsh::BorshDeserialize)]
pub struct RecordCounts {
    /// Acts, counting what was rolled up.
    pub acts: u64,
    /// Facts.
    pub facts: u64,
    /// Samples.
    pub samples: u64,
    /// Conversations.
    pub conversations: u64,
    /// Health records.
    pub health: u64,
}

/// What one machine says to another over one protocol.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Edge {
    /// Id of the machine that asks or tells.
    pub from: Text,
    /// Id of the machine that is asked or told; `group-…` where it is a multicast or broadcast address.
    pub to: Text,
    /// Whether `to` is a group address.
    pub is_group: bool,
    /// Id of the protocol; empty where it was not recognised.
    pub protocol: Text,
    /// Whether the protocol is only guessed.
    pub is_guess: bool,
    /// Ports of the server, in order, bounded.
    pub ports: Vec<u16>,
    /// Verbs and how often, the most frequent first.
    pub verbs: Vec<(Verb, u64)>,
    /// Acts in all.
    pub acts: u64,
    /// Acts that were refused.
    pub refused: u64,
    /// Acts that got no answer.
    pub unanswered: u64,
    /// Conversations.
    pub conversations: u64,
    /// Packets of both directions.
    pub packets: u64,
    /// Bytes of both directions.
    pub bytes: u64,
    /// Time of the first.
    pub first: Time,
    /// Time of the last.
    pub last: Time,
}

/// How much a protocol is used.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProtocolUse {
    /// Its id; empty for what was not recognised.
    pub protocol: Text,
    /// Acts.
    pub acts: u64,
    /// Messages, as the protocol counts them.
    pub messages: u64,
    /// Conversations.
    pub conversations: u64,
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
    /// Messages that break the protocol.
    pub malformed: u64,
    /// Machines that speak it.
    pub machines: u32,
    /// Verbs and how often, the most frequent first.
    pub verbs: Vec<(Verb, u64)>,
}

/// A subnet as seen: 24 bits of IPv4, 64 of IPv6, or as a fact said.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Network {
    /// `10.0.0.0/24`.
    pub prefix: Text,
    /// VLAN numbers seen with it.
    pub vlans: Vec<u16>,
    /// Number of machines.
    pub machines: u32,
    /// Number of machines that act on the process.
    pub controllers: u32,
    /// Whether its machines stand behind a router.
    pub is_remote: bool,
    /// Whether its addresses are public.
    pub is_external: bool,
}

/// A finding with the machines it concerns. As JSON the fields of the record, these two, and `evidence_fr`: the evidence
/// in French.
#[derive(Clone, Debug, PartialEq)]
pub struct RankedFinding {
    /// The finding.
    pub finding: Finding,
    /// Id of the machine that did it.
    pub from_asset: Option<Text>,
    /// Id of the machine it was done to.
    pub to_asset: Option<Text>,
}

words! {
    /// The kinds of blindness of a capture.
    pub enum BlindnessKind {
        /// Conversations of which one direction is missing.
        OneWay = "one way",
        /// Packets or bytes lost.
        Loss = "loss",
        /// Content that no decoder recognised.
        Undecoded = "undecoded",
        /// Content that is encrypted.
        Encrypted = "encrypted",
        /// The capture point sees one machine or one segment only.
        Position = "position",
        /// Too short to have seen what happens rarely.
        Duration = "duration",
        /// Packets cut short.
        Cut = "cut",
        /// Links or formats that are not decoded.
        Format = "format",
        /// Machines known only by the words of others.
        Hearsay = "hearsay",
        /// Devices hidden behind routers and gateways.
        Hidden = "hidden",
        /// Time stamps that cannot be trusted.
        Clock = "clock",
        /// Broken messages.
        Malformed = "malformed",
        /// Tables were full.
        Limit = "limit",
        /// What no network can show.
        People = "people",
    }
}

/// One thing that the capture cannot show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Blindness {
    /// Which kind.
    pub kind: BlindnessKind,
    /// How much it hampers the judgement.
    pub severity: Severity,
    /// What is missing, with numbers.
    pub what: Said,
    /// What can be done to see more.
    pub remedy: Said,
    /// How many, in the unit that `what` names.
    pub count: u64,
    /// Examples: machines, flows, protocols; bounded.
    pub examples: Vec<Text>,
}

/// One service of one machine as a part of the attack surface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exposure {
    /// Id of the machine.
    pub asset: Text,
    /// Its name.
    pub name: Text,
    /// Id of the protocol.
    pub protocol: Text,
    /// Port of the service.
    pub port: Option<u16>,
    /// What carries it.
    pub transport: Text,
    /// From 0 to 100.
    pub score: u32,
    /// What the score is made of: points and why.
    pub reasons: Vec<(u32, Said)>,
    /// Machines that used it: ids, bounded.
    pub reached_from: Vec<Text>,
    /// How many machines used it.
    pub reached_count: u32,
}

/// What can be done to the plant, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Capability {
    /// The verb of the act: `stop`, `program`, `write` …
    pub verb: Verb,
    /// The sentence.
    pub sentence: Said,
    /// How bad it would be.
    pub severity: Severity,
    /// Id of the machine it can be done to.
    pub asset: Text,
    /// Id of the protocol.
    pub protocol: Text,
    /// How often the act was seen.
    pub seen: u64,
    /// Machines that were seen doing it: ids, bounded.
    pub by: Vec<Text>,
}

/// Addresses that were called and never answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Unanswered {
    /// How many addresses; a lower bound where `is_bounded`.
    pub addresses: u64,
    /// Whether there were more than the table could hold.
    pub is_bounded: bool,
    /// The first of them, in order.
    pub examples: Vec<Text>,
}
