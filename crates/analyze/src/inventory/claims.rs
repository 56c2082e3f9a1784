//! Claims: who said what of an attribute; conflicting ones are kept, the best one is believed.

use model::borsh::{BorshDeserialize, BorshSerialize};
use model::{Attribute, Claim, Confidence, Fact, FactKey, Text, Time};

use super::ProtocolId;
use crate::limits;

/// One claim as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct ClaimEntry {
    pub(crate) key: FactKey,
    pub(crate) value: Text,
    pub(crate) protocol: ProtocolId,
    pub(crate) source: Text,
    pub(crate) confidence: Confidence,
    pub(crate) first: Time,
    pub(crate) last: Time,
    pub(crate) count: u64,
}

/// Attributes of which a machine has several values at the same time, so that two values are no conflict.
pub(crate) const fn is_plural(key: FactKey) -> bool {
    matches!(
        key,
        FactKey::Mac
            | FactKey::Ip
            | FactKey::Module
            | FactKey::Software
            | FactKey::Service
            | FactKey::User
            | FactKey::Domain
            | FactKey::Credential
            | FactKey::DefaultCredential
            | FactKey::Certificate
            | FactKey::ChannelSecurity
            | FactKey::Fingerprint
            | FactKey::Share
            | FactKey::TimeSource
            | FactKey::NameServer
            | FactKey::Vlan
            | FactKey::Neighbour
            | FactKey::DeviceId
            | FactKey::Variable
            | FactKey::Role
            | FactKey::DeviceType
            | FactKey::Description
            | FactKey::Hostname
            | FactKey::Program
            | FactKey::ProgramHash
            | FactKey::Logging
            | FactKey::Agent
            | FactKey::Protector
            | FactKey::Gateway
            | FactKey::Language
    )
}

/// Attributes that change as time goes by, so that the latest value is the right one.
pub(crate) const fn is_changing(key: FactKey) -> bool {
    matches!(key, FactKey::Uptime | FactKey::RunState | FactKey::KeyPosition)
}

/// Adds what `fact` says. `Some(true)` where it is new, `None` where there was no place.
pub(crate) fn add(claims: &mut Vec<ClaimEntry>, fact: &Fact, protocol: ProtocolId) -> Option<bool> {
    let value = bounded(&fact.value);
    let mut same_key = 0;
    for claim in claims.iter_mut().filter(|claim| claim.key == fact.key) {
        if claim.value == value && claim.protocol == protocol && claim.source == fact.source {
            claim.first = claim.first.min(fact.at);
            claim.last = claim.last.max(fact.at);
            claim.count += 1;
            claim.confidence = claim.confidence.max(fact.confidence);
            return Some(false);
        }
        // What counts up would fill the table with old values.
        if fact.key == FactKey::Uptime && claim.protocol == protocol && claim.source == fact.source {
            claim.value = value;
            claim.last = fact.at;
            claim.count += 1;
            return Some(false);
        }
        same_key += 1;
    }
    if same_key >= limits::VALUES_PER_KEY_MAX || claims.len() >= limits::CLAIMS_PER_NODE_MAX {
        return None;
    }
    claims.push(ClaimEntry {
        key: fact.key,
        value,
        protocol,
        source: fact.source.clone(),
        confidence: fact.confidence,
        first: fact.at,
        last: fact.at,
        count: 1,
    });
    Some(true)
}

fn bounded(value: &Text) -> Text {
    // No text has more characters than bytes.
    if value.len() <= limits::VALUE_CHARACTERS_MAX {
        return value.clone();
    }
    match value.char_indices().nth(limits::VALUE_CHARACTERS_MAX) {
        Some((end, _)) => Text::from(&value[..end]),
        None => value.clone(),
    }
}

/// The attributes that `claims` make up, in the order of their keys; in each the surest claim first, then the latest.
pub(crate) fn attributes<'a>(
    claims: impl Iterator<Item = &'a ClaimEntry>,
    protocol_name: &dyn Fn(ProtocolId) -> Text,
) -> Vec<Attribute> {
    let mut sorted: Vec<&ClaimEntry> = claims.collect();
    // The value ends the tie, so that the order of records with the same time does not matter.
    sorted.sort_by(|a, b| {
        (a.key, std::cmp::Reverse(a.confidence), std::cmp::Reverse(a.last), &a.value, &a.source).cmp(&(
            b.key,
            std::cmp::Reverse(b.confidence),
            std::cmp::Reverse(b.last),
            &b.value,
            &b.source,
        ))
    });
    let mut attributes: Vec<Attribute> = Vec::new();
    for group in sorted.chunk_by(|a, b| a.key == b.key) {
        let Some(best) = group.first() else { continue };
        let is_disputed = !is_plural(best.key)
            && !is_changing(best.key)
            && group.iter().any(|claim| {
                claim.confidence == best.confidence
                    && claim.confidence > Confidence::Guess
                    && !claim.value.eq_ignore_ascii_case(&best.value)
                    // Two protocols may each name the same thing in their own words; one source contradicting itself
                    // is a change or a conflict.
                    && claim.protocol == best.protocol
                    && claim.source == best.source
            });
        attributes.push(Attribute {
            key: best.key,
            value: best.value.clone(),
            is_disputed,
            claims: merged(group, protocol_name),
        });
    }
    attributes
}

/// The claims of `group` in its order; what several addresses of a machine say alike is one claim.
fn merged(group: &[&ClaimEntry], protocol_name: &dyn Fn(ProtocolId) -> Text) -> Vec<Claim> {
    let mut claims: Vec<(ProtocolId, Claim)> = Vec::new();
    for entry in group {
        let same = claims
            .iter_mut()
            .find(|(protocol, c)| *protocol == entry.protocol && c.value == entry.value && c.source == entry.source);
        match same {
            Some((_, claim)) => {
                claim.first = claim.first.min(entry.first);
                claim.last = claim.last.max(entry.last);
                claim.count += entry.count;
            }
            None => claims.push((
                entry.protocol,
                Claim {
                    value: entry.value.clone(),
                    protocol: protocol_name(entry.protocol),
                    source: entry.source.clone(),
                    confidence: entry.confidence,
                    first: entry.first,
                    last: entry.last,
                    count: entry.count,
                },
            )),
        }
    }
    claims.into_iter().map(|(_, claim)| claim).collect()
}
