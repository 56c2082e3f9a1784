//! Records in, batches out: by count, size, packet time and urgency.

use model::{Health, HealthKind, Outcome, Record, Text, Time};

use crate::Batch;
use crate::limits::{BatchLimits, RECORD_BYTES_MAX};

/// Whether a record must not wait: what can change the plant or shows that someone tries to.
pub fn is_urgent(record: &Record) -> bool {
    match record {
        Record::Act(act) => act.verb.is_momentous() || act.outcome == Outcome::Refused,
        Record::Finding(_) => true,
        // What a person did on another machine must meet what that machine does then.
        Record::Event(_) => true,
        Record::Fact(_) | Record::Sample(_) | Record::Conversation(_) | Record::Health(_) => false,
    }
}

/// Fills batches. It has no clock: [`Batcher::tick`] tells it the packet time.
#[derive(Debug)]
pub struct Batcher {
    sensor: Text,
    /// Number of the batch that is being filled.
    number: u64,
    limits: BatchLimits,
    records: Vec<Record>,
    bytes: usize,
    is_urgent: bool,
    /// The first tick that found a record waiting.
    waiting_since: Option<Time>,
    /// The last tick.
    now: Option<Time>,
    /// The tick at which the last batch left.
    left: Option<Time>,
    refused: u64,
}

impl Batcher {
    /// A batcher whose first batch has the number `next`: 1, or the one after the last that the server acknowledged.
    pub fn new(sensor: impl Into<Text>, next: u64, limits: BatchLimits) -> Batcher {
        Batcher {
            sensor: sensor.into(),
            number: next,
            limits,
            records: Vec::new(),
            bytes: 0,
            is_urgent: false,
            waiting_since: None,
            now: None,
            left: None,
            refused: 0,
        }
    }

    /// Takes a record, and gives the batch that it no longer fits into or that it completes.
    pub fn push(&mut self, record: Record) -> Option<Batch> {
        let (record, bytes) = match length(&record) {
            bytes if bytes <= RECORD_BYTES_MAX => (record, bytes),
            bytes => {
                self.refused += 1;
                let told = Record::Health(too_large(&record, bytes));
                let length = length(&told);
                (told, length)
            }
        };
        let full = (self.bytes + bytes > self.limits.bytes_max).then(|| self.close()).flatten();
        self.is_urgent |= is_urgent(&record);
        self.bytes += bytes;
        self.records.push(record);
        match full {
            Some(batch) => Some(batch),
            None if self.records.len() >= self.limits.records_max => self.close(),
            None => None,
        }
    }

    /// Tells the packet time, and gives the batch that is due: one with an urgent record, or one whose records have waited
    /// long enough. To be called at least every 100 ms of the wall clock; where no packet comes, with the time of the last
    /// one moved by what the wall clock moved since. A clock that goes back makes everything due.
    pub fn tick(&mut self, now: Time) -> Option<Batch> {
        let before = self.now.replace(now);
        if self.records.is_empty() {
            return None;
        }
        let since = *self.waiting_since.get_or_insert(now);
        let has_passed = |from: Time, wait: i64| now < from || now.since(from) >= wait;
        let stands_still = before.is_some_and(|before| now <= before);
        let urgent_due = self.is_urgent
            && (stands_still || self.left.is_none_or(|left| has_passed(left, self.limits.urgent_gap_ns_min)));
        (urgent_due || has_passed(since, self.limits.wait_ns_max)).then(|| self.close()).flatten()
    }

    /// The last batch, at the end of the input.
    pub fn flush(&mut self) -> Option<Batch> {
        self.close()
    }

    /// Number of the batch that is being filled.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Records too large for a batch: in their place a health record was sent.
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    fn close(&mut self) -> Option<Batch> {
        let newest = self.records.iter().map(last).max()?;
        let records = std::mem::take(&mut self.records);
        let created = self.now.map_or(newest, |now| now.max(newest));
        let batch = Batch { sensor: self.sensor.clone(), number: self.number, created, records };
        self.number += 1;
        (self.bytes, self.is_urgent, self.waiting_since) = (0, false, None);
        self.left = self.now;
        Some(batch)
    }
}

/// The last time that a record speaks of.
fn last(record: &Record) -> Time {
    match record {
        Record::Act(act) => act.repeats.last.max(act.at),
        Record::Conversation(conversation) => conversation.last,
        Record::Finding(finding) => finding.last,
        Record::Fact(_) | Record::Sample(_) | Record::Health(_) | Record::Event(_) => record.at(),
    }
}

/// Bytes of the binary form.
fn length(record: &Record) -> usize {
    borsh::object_length(record).unwrap_or(usize::MAX)
}

/// What is told in the place of a record that is too large.
fn too_large(record: &Record, bytes: usize) -> Health {
    let (protocol, flow) = match record {
        Record::Act(act) => (act.protocol.clone(), Some(act.flow)),
        Record::Fact(fact) => (fact.protocol.clone(), Some(fact.flow)),
        Record::Sample(sample) => (sample.protocol.clone(), None),
        Record::Conversation(conversation) => (conversation.protocol.clone(), Some(conversation.flow)),
        Record::Health(health) => (health.protocol.clone(), health.flow),
        Record::Finding(finding) => (finding.protocol.clone(), finding.flow),
        Record::Event(_) => ("".into(), None),
    };
    let detail = format!("{} of {bytes} bytes, at most {RECORD_BYTES_MAX} go into a batch", record.kind());
    // A protocol's id is short; a damaged one must not make this record too large again.
    let protocol = if protocol.len() > 64 { "".into() } else { protocol };
    Health { at: record.at(), kind: HealthKind::Limit, protocol, flow, count: 1, detail: detail.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{act, fact};
    use model::Verb;

    const SECOND: i64 = 1_000_000_000;

    fn numbers(batch: Option<Batch>) -> Option<(u64, usize, i64)> {
        batch.map(|batch| (batch.number, batch.records.len(), batch.created.0))
    }

    #[test]
    fn leaves_when_full() {
        let limits = BatchLimits { records_max: 3, ..BatchLimits::default() };
        let mut batcher = Batcher::new("north", 1, limits);
        assert_eq!(numbers(batcher.push(fact(1))), None);
        assert_eq!(numbers(batcher.push(fact(2))), None);
        assert_eq!(numbers(batcher.push(fact(3))), Some((1, 3, 3)));
        assert_eq!(numbers(batcher.push(fact(4))), None);
        assert_eq!(numbers(batcher.flush()), Some((2, 1, 4)));
        assert_eq!(numbers(batcher.flush()), None);
    }

    #[test]
    fn leaves_before_it_is_too_large() {
        let limits = BatchLimits { bytes_max: 3 * length(&fact(1)) - 1, ..BatchLimits::default() };
        let mut batcher = Batcher::new("north", 7, limits);
        assert_eq!(numbers(batcher.push(fact(1))), None);
        assert_eq!(numbers(batcher.push(fact(2))), None);
        assert_eq!(numbers(batcher.push(fact(3))), Some((7, 2, 2)));
        assert_eq!(numbers(batcher.flush()), Some((8, 1, 3)));
    }

    #[test]
    fn leaves_after_a_second_of_packet_time() {
        let mut batcher = Batcher::new("north", 1, BatchLimits::default());
        assert_eq!(numbers(batcher.tick(Time(0))), None);
        batcher.push(fact(1));
        assert_eq!(numbers(batcher.tick(Time(100))), None);
        assert_eq!(numbers(batcher.tick(Time(100))), None, "standing still is no reason for what is not urgent");
        assert_eq!(numbers(batcher.tick(Time(99 + SECOND))), None);
        assert_eq!(numbers(batcher.tick(Time(100 + SECOND))), Some((1, 1, 100 + SECOND)));
        assert_eq!(numbers(batcher.tick(Time(100 + 3 * SECOND))), None, "nothing is waiting");
        batcher.push(fact(2));
        batcher.tick(Time(100 + 3 * SECOND));
        assert!(batcher.tick(Time(50)).is_some(), "a clock that goes back holds nothing up");
    }

    #[test]
    fn urgent_records_leave_at_the_next_tick_and_not_more_often_than_twenty_times_a_second() {
        let mut batcher = Batcher::new("north", 1, BatchLimits::default());
        let milliseconds = |number: i64| Time(number * 1_000_000);
        batcher.push(fact(1));
        batcher.push(act(Verb::Stop));
        assert_eq!(batcher.tick(milliseconds(10)).map(|batch| batch.records.len()), Some(2));
        batcher.push(act(Verb::Operate));
        assert!(batcher.tick(milliseconds(40)).is_none());
        assert!(batcher.tick(milliseconds(60)).is_some());
        batcher.push(act(Verb::Operate));
        assert!(batcher.tick(milliseconds(61)).is_none());
        assert!(batcher.tick(milliseconds(61)).is_some(), "where no packet comes, time stands still");
        batcher.push(act(Verb::Read));
        assert!(batcher.tick(milliseconds(500)).is_none());
    }

    #[test]
    fn a_record_too_large_is_told() {
        let mut batcher = Batcher::new("north", 1, BatchLimits::default());
        let Record::Fact(mut large) = fact(1) else { unreachable!() };
        large.value = "x".repeat(RECORD_BYTES_MAX).into();
        batcher.push(Record::Fact(large));
        assert_eq!(batcher.refused(), 1);
        let batch = batcher.flush().expect("a batch");
        let [Record::Health(health)] = batch.records.as_slice() else { panic!("{batch:?}") };
        assert_eq!(health.kind, HealthKind::Limit);
        assert_eq!(health.detail, "fact of 1048683 bytes, at most 1048576 go into a batch");
    }
}
