//! What is known to be bad: Sigma rules over records, and lists of indicators.
//!
//! A rule looks at one record, without a memory. Rules are sorted by kind of record, protocol and verb when they are read,
//! so that a record meets only the few that may concern it.

#![forbid(unsafe_code)]

pub mod example;
pub mod fields;
mod filter;
pub mod indicators;
mod rule;
mod set;
mod shipped;
mod techniques;
#[cfg(test)]
mod tests;

pub use indicators::Indicators;
pub use rule::{BadRule, Rule, descriptor};
pub use set::{Matcher, RuleSet};
pub use shipped::shipped;

use model::Record;

/// By what rules are looked up: the protocol; of events the source.
pub(crate) fn protocol_of(record: &Record) -> &str {
    match record {
        Record::Act(act) => &act.protocol,
        Record::Fact(fact) => &fact.protocol,
        Record::Sample(sample) => &sample.protocol,
        Record::Conversation(conversation) => &conversation.protocol,
        Record::Health(health) => &health.protocol,
        Record::Finding(finding) => &finding.protocol,
        Record::Event(event) => &event.source,
    }
}
