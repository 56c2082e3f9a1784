//! Where the records of one partition gather: roll-up, facts told once, counters, the shared table.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hash};
use std::net::IpAddr;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet, HashTable};
use model::{Address, Behind, Confidence, FactKey, Flow, Health, HealthKind, Record, Text, Time};

use crate::draft::Draft;
use crate::limits;
use crate::output::{Route, Turn, fact_record};
use crate::protocol::Protocol;
use crate::rollup::Rollup;
use crate::told::Told;

/// What a run wants of decoding.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether equal repeats are merged; without, every act is told on its own, with its messages.
    pub is_rolled_up: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { is_rolled_up: true }
    }
}

/// Counts of one protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProtocolCounts {
    /// Protocol messages in acts.
    pub messages: u64,
    /// Acts, repeats included.
    pub acts: u64,
    /// Malformed messages.
    pub malformed: u64,
}

/// The shared table as all partitions see it.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    entries: HashMap<(&'static str, Text), Text, FixedState>,
    order: VecDeque<(&'static str, Text)>,
    /// Ports of the flows that were announced, so that all others cost no look.
    expected: HashSet<u16, FixedState>,
}

impl Shared {
    /// Adds an entry; the oldest leave when it is full. Says whether anything changed.
    pub fn insert(&mut self, topic: &'static str, key: Text, value: Text) -> bool {
        match self.entries.insert((topic, key.clone()), value.clone()) {
            Some(old) => old != value,
            None => {
                self.order.push_back((topic, key));
                while self.order.len() > limits::SHARED_MAX {
                    if let Some(oldest) = self.order.pop_front() {
                        self.entries.remove(&oldest);
                    }
                }
                true
            }
        }
    }

    /// A flow to `port` will come.
    pub(crate) fn expect(&mut self, port: u16) {
        self.expected.insert(port);
    }

    /// Whether a flow to `port` may have been announced.
    pub(crate) fn may_expect(&self, port: u16) -> bool {
        !self.expected.is_empty() && self.expected.contains(&port)
    }

    /// Looks an entry up.
    pub fn get(&self, topic: &'static str, key: &str) -> Option<&Text> {
        if self.entries.is_empty() {
            return None;
        }
        self.entries.get(&(topic, Text::from(key)))
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Where the records of one partition gather.
pub struct Sink {
    /// Records with the number of the frame that caused them, in order.
    pub(crate) records: Told,
    /// Number of the frame being read.
    pub(crate) frame: u64,
    pub(crate) options: Options,
    rollup: Rollup,
    /// Hashes of facts told, in the order of telling.
    facts: HashTable<u64>,
    fact_order: VecDeque<u64>,
    /// Counts by protocol; a handful, the most used first.
    counts: Vec<(&'static str, ProtocolCounts)>,
    pub(crate) shared: Arc<Shared>,
    /// Shared by flows of this partition in this chunk.
    pub(crate) shared_here: Shared,
    pub(crate) published: Vec<(&'static str, Text, Text)>,
    /// Ports announced in this chunk.
    pub(crate) expected: Vec<u16>,
    hasher: FixedState,
}

impl Sink {
    /// An empty sink.
    pub fn new(options: Options) -> Sink {
        Sink {
            records: Told::default(),
            frame: 0,
            options,
            rollup: Rollup::new(),
            facts: HashTable::new(),
            fact_order: VecDeque::new(),
            counts: Vec::new(),
            shared: Arc::default(),
            shared_here: Shared::default(),
            published: Vec::new(),
            expected: Vec::new(),
            hasher: FixedState::with_seed(0x0056_4947_4945),
        }
    }

    pub(crate) fn push(&mut self, record: Record) {
        self.records.push((self.frame, record));
    }

    fn count(&mut self, id: &'static str) -> &mut ProtocolCounts {
        let found = self.counts.iter().position(|(known, _)| is_same_word(known, id));
        let index = match found {
            // What is counted often moves to the front, so that it is found at once.
            Some(index) if index > 0 => {
                self.counts.swap(index, index - 1);
                index - 1
            }
            Some(index) => index,
            None => {
                self.counts.push((id, ProtocolCounts::default()));
                self.counts.len() - 1
            }
        };
        // The index was just found or made.
        #[allow(clippy::indexing_slicing)]
        &mut self.counts[index].1
    }

    pub(crate) fn act(&mut self, route: &mut Route, protocol: &'static Protocol, at: Time, draft: &Draft<'_>) {
        self.count(protocol.id).acts += 1;
        for message in &draft.messages.0 {
            if let std::borrow::Cow::Borrowed(id) = message.protocol {
                self.count(id).messages += u64::from(message.count);
            }
        }
        self.rollup.act(route, protocol, at, draft, self.options, self.frame, &mut self.records);
    }

    pub(crate) fn fact(
        &mut self,
        flow: Flow,
        protocol: &'static Protocol,
        at: Time,
        subject: Address,
        behind: Behind,
        key: FactKey,
        value: &str,
        source: &str,
        confidence: Confidence,
    ) {
        let hash = self.hasher.hash_one(Said { subject, behind: &behind, key, value, protocol: protocol.id });
        if self.facts.find(hash, |known| *known == hash).is_some() {
            return;
        }
        self.facts.insert_unique(hash, hash, |hash| *hash);
        self.fact_order.push_back(hash);
        if self.fact_order.len() > limits::FACTS_MAX
            && let Some(oldest) = self.fact_order.pop_front()
            && let Ok(entry) = self.facts.find_entry(oldest, |known| *known == oldest)
        {
            entry.remove();
        }
        self.push(fact_record(flow, protocol, at, subject, behind, key, value, source, confidence));
    }

    pub(crate) fn malformed(
        &mut self,
        protocol: &'static Protocol,
        flow: Flow,
        at: Time,
        offset: usize,
        what: &str,
        why: &str,
        is_told: bool,
    ) {
        self.count(protocol.id).malformed += 1;
        if is_told {
            self.push(Record::Health(Health {
                at,
                kind: HealthKind::Malformed,
                protocol: protocol.id.into(),
                flow: Some(flow),
                count: 1,
                detail: compact_str::format_compact!("{what} at offset {offset}: {why}"),
            }));
        }
    }

    pub(crate) fn share(&mut self, topic: &'static str, key: Text, value: Text) {
        if self.shared.get(topic, &key) == Some(&value) {
            return;
        }
        if self.shared_here.insert(topic, key.clone(), value.clone()) {
            self.published.push((topic, key, value));
        }
    }

    /// A flow to `ip` and `port` will come that speaks `protocol`.
    pub(crate) fn expect(&mut self, ip: IpAddr, port: u16, protocol: &'static str) {
        self.shared_here.expect(port);
        self.expected.push(port);
        self.share(EXPECTED, expectation(ip, port), protocol.into());
    }

    /// The protocol that was announced for `ip` and `port`.
    pub(crate) fn expected(&self, ip: IpAddr, port: u16) -> Option<Text> {
        if !self.shared.may_expect(port) && !self.shared_here.may_expect(port) {
            return None;
        }
        self.shared(EXPECTED, &expectation(ip, port))
    }

    pub(crate) fn shared(&self, topic: &'static str, key: &str) -> Option<Text> {
        self.shared_here.get(topic, key).or_else(|| self.shared.get(topic, key)).cloned()
    }

    /// Looks at what the next act of a flow will need.
    pub(crate) fn approach(&self, turn: Turn) -> u64 {
        self.rollup.approach(turn)
    }

    /// Tells what roll-up has merged and whose interval is over at `now`.
    pub(crate) fn tell_due(&mut self, now: Time) {
        self.rollup.tell_due(now, self.frame, &mut self.records);
    }

    /// Tells everything that is still merged.
    pub(crate) fn tell_all(&mut self) {
        self.rollup.tell_all(self.frame, &mut self.records);
    }

    /// Counts by protocol so far.
    pub fn counts(&self) -> &[(&'static str, ProtocolCounts)] {
        &self.counts
    }

    /// Channels that left roll-up because it was full.
    pub fn channels_evicted(&self) -> u64 {
        self.rollup.evicted
    }
}

/// Topic of announced flows.
const EXPECTED: &str = "expected";

/// Key of an announced flow.
fn expectation(ip: IpAddr, port: u16) -> Text {
    compact_str::format_compact!("{ip} {port}")
}

/// Whether two words of the program are the same; nearly always they are so in the same place.
pub(crate) fn is_same_word(one: &'static str, other: &'static str) -> bool {
    one.len() == other.len() && (std::ptr::eq(one.as_ptr(), other.as_ptr()) || one == other)
}

/// What makes two facts equal.
#[derive(Hash)]
struct Said<'a> {
    subject: Address,
    behind: &'a Behind,
    key: FactKey,
    value: &'a str,
    protocol: &'static str,
}
