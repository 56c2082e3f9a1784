//! The analysis and what it counts as records pass.

use std::time::Instant;

use model::{Act, Finding, Record, Time};
use uplink::Batch;

use crate::limits;
use crate::live::{Budget, Kind, Live};
use crate::past::Reached;

/// How much came in.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// Records in all.
    pub total: u64,
    /// Records a second.
    pub records: f64,
    /// Acts a second, repeats counted.
    pub acts: f64,
    /// Time of the last record.
    pub last: Option<Time>,
}

/// The analysis.
pub struct Mind {
    pub(super) reached: Reached,
    /// Something came in since the last judgement.
    pub(super) is_news: bool,
    pub(super) rates: Rates,
    /// Acts and records since the last second.
    acts: u64,
    records: u64,
    since: Instant,
    acts_told: Budget,
    facts_told: Budget,
}

impl Mind {
    pub(super) fn new(reached: Reached) -> Mind {
        Mind {
            // What was saved is shown at once.
            is_news: reached.batches > 0,
            reached,
            rates: Rates::default(),
            acts: 0,
            records: 0,
            since: Instant::now(),
            acts_told: Budget::new(limits::ACTS_A_SECOND),
            facts_told: Budget::new(limits::FACTS_A_SECOND),
        }
    }

    /// Judges the batch of entry `index` of the ledger, tells what is worth it, and gives what was found.
    pub(super) fn take(&mut self, index: u64, sequence: u64, batch: &Batch, live: &Live) -> Vec<Finding> {
        let records = batch.records.as_slice();
        for record in records {
            if let Record::Act(act) = record {
                self.acts += act.repeats.count;
            }
            self.rates.last = self.rates.last.max(Some(record.at()));
        }
        self.records += records.len() as u64;
        self.rates.total += records.len() as u64;
        self.is_news |= !records.is_empty();
        // What was found goes first: it is what somebody waits for.
        let found = self.reached.judge(index, sequence, batch);
        for finding in &found {
            live.tell(Kind::Finding, finding);
        }
        if live.is_heard() {
            self.tell(records, live);
        }
        found
    }

    fn tell(&mut self, records: &[Record], live: &Live) {
        let is_change = |act: &Act| act.verb.is_change() || act.verb.is_momentous();
        let acts = |wanted: bool| {
            records.iter().filter(move |record| matches!(record, Record::Act(act) if is_change(act) == wanted))
        };
        let count = records.iter().filter(|record| matches!(record, Record::Act(_))).count();
        let room = self.acts_told.take(count);
        for act in acts(true).chain(acts(false)).take(room) {
            live.tell(Kind::Act, act);
        }
        let facts = || records.iter().filter(|record| matches!(record, Record::Fact(_)));
        let room_for_facts = self.facts_told.take(facts().count());
        for fact in facts().take(room_for_facts) {
            live.tell(Kind::Fact, fact);
        }
        let health = || records.iter().filter(|record| matches!(record, Record::Health(_)));
        for health in health().take(8) {
            live.tell(Kind::Health, health);
        }
        live.leave_out((count - room + facts().count() - room_for_facts) as u64);
    }

    /// Counts a second.
    pub(super) fn second(&mut self) -> Rates {
        let seconds = self.since.elapsed().as_secs_f64().max(0.001);
        self.rates.acts = self.acts as f64 / seconds;
        self.rates.records = self.records as f64 / seconds;
        (self.acts, self.records, self.since) = (0, 0, Instant::now());
        self.rates
    }
}
