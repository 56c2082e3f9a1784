//! Roll-up: the first of equal acts is told at once, its repeats are merged and told as a count per interval; values
//! become samples when they change.
//!
//! Equal means: same parties (without the client's port), behind, protocol, code, object, outcome and status. Acts that
//! count for themselves (`Verb::is_momentous`) are told one by one. A repeated poll costs no allocation.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hash, Hasher};
use std::net::IpAddr;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use model::{Act, Address, Behind, Object, Outcome, Reading, Record, Sample, SampleOrigin, Time, Value, Verb};

use crate::draft::{Draft, Values};
use crate::limits;
use crate::output::{Route, Turn, latency, materialise};
use crate::protocol::Protocol;
use crate::sink::Options;
use crate::told::Told;

/// All channels of one partition.
pub(crate) struct Rollup {
    table: HashTable<u32>,
    channels: Vec<Option<Box<Channel>>>,
    free: Vec<u32>,
    /// Every channel once, in the order in which their intervals end.
    queue: VecDeque<(Time, u32)>,
    hasher: FixedState,
    pub(crate) evicted: u64,
}

/// Equal acts of equal parties.
struct Channel {
    hash: u64,
    /// The first act of the channel; values are brought up to date when it is told again.
    act: Act,
    /// Acts merged since the channel was told last.
    merged: u64,
    first: Time,
    last: Time,
    gap: Spread,
    latency: Spread,
    /// Acts told one by one since the channel began.
    told: u64,
    /// Refusals told one by one in this interval.
    refusals_told: u64,
    kept: Kept,
    variables: Vec<(u32, Variable)>,
    /// The channel whose act came after this one's in the same flow.
    successor: u32,
    protocol: &'static Protocol,
}

/// Least, greatest and mean of something.
#[derive(Clone, Copy, Default)]
struct Spread {
    count: i64,
    sum: i64,
    min: i64,
    max: i64,
}

impl Spread {
    fn add(&mut self, value: i64) {
        if self.count == 0 {
            (self.min, self.max) = (value, value);
        }
        self.count += 1;
        self.sum = self.sum.saturating_add(value);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    fn mean(&self) -> Option<i64> {
        self.sum.checked_div(self.count)
    }
}

/// The last values of a channel, in the form in which they came.
enum Kept {
    Nothing,
    Registers { space: &'static str, first: u64, bytes: Vec<u8> },
    Bits { space: &'static str, first: u64, count: u32, bytes: Vec<u8> },
    List(Vec<Reading>),
}

impl Kept {
    fn last_byte(&self) -> u8 {
        match self {
            Kept::Registers { bytes, .. } | Kept::Bits { bytes, .. } => bytes.last().copied().unwrap_or(0),
            Kept::Nothing | Kept::List(_) => 0,
        }
    }

    fn as_values(&self) -> Values<'_> {
        match self {
            Kept::Nothing => Values::None,
            Kept::Registers { space, first, bytes } => Values::Registers { space, first: *first, bytes },
            Kept::Bits { space, first, count, bytes } => Values::Bits { space, first: *first, count: *count, bytes },
            Kept::List(list) => Values::List(list),
        }
    }
}

/// Changes of one variable within the current second.
#[derive(Clone, Copy)]
struct Variable {
    second: i64,
    changes: u32,
    count: u64,
    min: f64,
    max: f64,
    sum: f64,
}

impl Rollup {
    pub(crate) fn new() -> Rollup {
        Rollup {
            table: HashTable::new(),
            channels: Vec::new(),
            free: Vec::new(),
            queue: VecDeque::new(),
            hasher: FixedState::with_seed(0x524f_4c4c),
            evicted: 0,
        }
    }

    pub(crate) fn act(
        &mut self,
        route: &mut Route,
        protocol: &'static Protocol,
        at: Time,
        draft: &Draft<'_>,
        options: Options,
        frame: u64,
        records: &mut Told,
    ) {
        let (from, to) = parties(draft, route);
        // Polls come in turn: what followed the last act of this flow before is likely to follow it again.
        if let Some(Some(channel)) = self.channels.get_mut(route.turn.next as usize)
            && channel.is_of(&from, &to, protocol, draft)
        {
            route.turn = Turn { last: route.turn.next, next: channel.successor };
            channel.again(route, protocol, at, draft, options, frame, records);
            return;
        }
        let hash = self.hash(&from, &to, protocol.id, draft);
        let found = self.table.find(hash, |index| {
            matches!(self.channels.get(*index as usize), Some(Some(c)) if c.hash == hash && c.is_of(&from, &to, protocol, draft))
        });
        if let Some(index) = found.copied() {
            self.follow(route, index);
            if let Some(Some(channel)) = self.channels.get_mut(index as usize) {
                channel.again(route, protocol, at, draft, options, frame, records);
            }
            return;
        }
        // The template of later counts lacks what belongs to one act only.
        let mut act = materialise(draft, route, protocol, at);
        let (values, messages) = (std::mem::take(&mut act.values), std::mem::take(&mut act.messages));
        records.push((frame, Record::Act(Act { values, messages, ..act.clone() })));
        let start = act.at;
        let mut channel = Box::new(Channel {
            hash,
            act,
            merged: 0,
            first: start,
            last: start,
            gap: Spread::default(),
            latency: Spread::default(),
            told: 1,
            refusals_told: 1,
            kept: Kept::Nothing,
            variables: Vec::new(),
            successor: u32::MAX,
            protocol,
        });
        channel.sample(at, draft.values, frame, records);
        let index = self.insert(hash, channel, at, frame, records);
        self.follow(route, index);
    }

    /// Notes that the act of the channel at `index` came in this flow.
    fn follow(&mut self, route: &mut Route, index: u32) {
        if let Some(Some(before)) = self.channels.get_mut(route.turn.last as usize) {
            before.successor = index;
        }
        let next = match self.channels.get(index as usize) {
            Some(Some(channel)) => channel.successor,
            _ => index,
        };
        route.turn = Turn { last: index, next };
    }

    /// Looks at the channel that is due in a flow, so that it is in the cache when its act comes.
    pub(crate) fn approach(&self, turn: Turn) -> u64 {
        let Some(Some(channel)) = self.channels.get(turn.next as usize) else { return 0 };
        let act = &channel.act;
        let ends = u64::from(act.from.vlan.unwrap_or(0)) ^ u64::from(act.to.vlan.unwrap_or(0));
        let counts = channel.merged ^ channel.gap.sum as u64 ^ channel.latency.sum as u64 ^ channel.refusals_told;
        ends ^ counts ^ u64::from(act.code) ^ act.name.len() as u64 ^ u64::from(channel.kept.last_byte())
    }

    /// A number that is the same for equal acts: of what differs most, in as few steps as possible.
    fn hash(&self, from: &Address, to: &Address, protocol: &str, draft: &Draft<'_>) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        for end in [from, to] {
            match (end.ip, end.mac) {
                (Some(IpAddr::V4(ip)), _) => hasher.write_u32(ip.to_bits()),
                (Some(IpAddr::V6(ip)), _) => hasher.write_u128(ip.to_bits()),
                (None, mac) => mac.hash(&mut hasher),
            }
        }
        hasher.write_u64(u64::from(draft.code) << 32 | (protocol.len() as u64) << 8 | draft.outcome as u64);
        match &draft.object {
            Object::None => {}
            Object::Span { space, first, count } => {
                hasher.write_u64(first << 40 ^ first ^ u64::from(*count) << 8 ^ space.len() as u64);
            }
            Object::Text(text) => hasher.write(text.as_bytes()),
        }
        match &draft.behind {
            Behind::Nobody => {}
            Behind::Unit(unit) => hasher.write_u8(*unit),
            Behind::Link(link) => hasher.write_u16(*link),
            Behind::Slot { rack, slot } => hasher.write_u16(u16::from_be_bytes([*rack, *slot])),
            Behind::Path(path) => hasher.write(path.as_bytes()),
        }
        hasher.finish()
    }

    fn insert(&mut self, hash: u64, channel: Box<Channel>, at: Time, frame: u64, records: &mut Told) -> u32 {
        if self.queue.len() >= limits::CHANNELS_MAX
            && let Some((_, oldest)) = self.queue.pop_front()
        {
            self.evicted += 1;
            self.remove(oldest, frame, records);
        }
        let index = match self.free.pop() {
            Some(index) => {
                if let Some(place) = self.channels.get_mut(index as usize) {
                    *place = Some(channel);
                }
                index
            }
            None => {
                self.channels.push(Some(channel));
                (self.channels.len() - 1) as u32
            }
        };
        let channels = &self.channels;
        self.table
            .insert_unique(hash, index, |i| channels.get(*i as usize).and_then(Option::as_ref).map_or(0, |c| c.hash));
        self.queue.push_back((at.plus(limits::ROLLUP_INTERVAL), index));
        index
    }

    fn remove(&mut self, index: u32, frame: u64, records: &mut Told) {
        let Some(mut channel) = self.channels.get_mut(index as usize).and_then(Option::take) else { return };
        channel.tell(frame, records);
        channel.tell_summaries(frame, records);
        if let Ok(entry) = self.table.find_entry(channel.hash, |i| *i == index) {
            entry.remove();
        }
        self.free.push(index);
    }

    /// Tells channels whose interval is over at `now`; those that were silent for a whole interval leave.
    pub(crate) fn tell_due(&mut self, now: Time, frame: u64, records: &mut Told) {
        // Each channel is looked at once at the most.
        for _ in 0..self.queue.len() {
            let Some((deadline, index)) = self.queue.front().copied() else { return };
            if deadline > now {
                return;
            }
            self.queue.pop_front();
            let Some(channel) = self.channels.get_mut(index as usize).and_then(Option::as_mut) else { continue };
            if channel.merged == 0 && now.since(channel.last) > limits::ROLLUP_INTERVAL.saturating_mul(10) {
                self.remove(index, frame, records);
            } else {
                channel.tell(frame, records);
                channel.tell_summaries(frame, records);
                self.queue.push_back((now.plus(limits::ROLLUP_INTERVAL), index));
            }
        }
    }

    /// Tells everything that is merged, in the order in which the channels began.
    pub(crate) fn tell_all(&mut self, frame: u64, records: &mut Told) {
        for (_, index) in &self.queue {
            if let Some(channel) = self.channels.get_mut(*index as usize).and_then(Option::as_mut) {
                channel.tell(frame, records);
                channel.tell_summaries(frame, records);
            }
        }
    }
}

fn parties(draft: &Draft<'_>, route: &Route) -> (Address, Address) {
    let (from, to) = if draft.is_from_server { (route.server, route.client) } else { (route.client, route.server) };
    match &draft.parties {
        Some(parties) => (parties.0.unwrap_or(from), parties.1.unwrap_or(to)),
        None => (from, to),
    }
}

fn is_same_machine(one: &Address, other: &Address) -> bool {
    one.ip == other.ip && (one.ip.is_some() || one.mac == other.mac)
}

impl Channel {
    fn is_of(&self, from: &Address, to: &Address, protocol: &'static Protocol, draft: &Draft<'_>) -> bool {
        let act = &self.act;
        act.code == draft.code
            && act.outcome == draft.outcome
            && act.object == draft.object
            && act.behind == draft.behind
            && is_same_machine(&act.from, from)
            && is_same_machine(&act.to, to)
            && std::ptr::eq(self.protocol, protocol)
            && act.verb == draft.verb
            && act.status == draft.status
            && act.name == draft.name
    }

    fn again(
        &mut self,
        route: &Route,
        protocol: &'static Protocol,
        at: Time,
        draft: &Draft<'_>,
        options: Options,
        frame: u64,
        records: &mut Told,
    ) {
        let asked = draft.asked.unwrap_or(at);
        let is_alone = !options.is_rolled_up
            || draft.verb.is_momentous()
            || (draft.verb == Verb::Write && self.told < limits::WRITES_TOLD)
            || (draft.outcome == Outcome::Refused && self.refusals_told < limits::REFUSALS_TOLD);
        if is_alone {
            self.told += 1;
            self.refusals_told += u64::from(draft.outcome == Outcome::Refused);
            records.push((frame, Record::Act(materialise(draft, route, protocol, at))));
        } else {
            if self.merged > 0 && asked.since(self.first) >= limits::ROLLUP_INTERVAL {
                self.tell(frame, records);
            }
            let gap = asked.since(self.last);
            if self.merged == 0 {
                self.first = asked;
            }
            // A capture's clock may go back; a gap never does.
            self.gap.add(gap.max(0));
            if let Some(latency) = latency(draft) {
                self.latency.add(latency);
            }
            self.merged += 1;
        }
        self.last = asked;
        self.sample(at, draft.values, frame, records);
    }

    /// Tells the acts merged so far as one.
    fn tell(&mut self, frame: u64, records: &mut Told) {
        self.refusals_told = 0;
        if self.merged == 0 {
            return;
        }
        let mut act = self.act.clone();
        act.at = self.first;
        act.values = self.kept.as_values().to_readings();
        act.latency = self.latency.mean();
        act.repeats = model::Repeats {
            count: self.merged,
            first: self.first,
            last: self.last,
            gaps: self.gap.mean().map(|mean| (self.gap.min, self.gap.max, mean)),
            latency: self.latency.mean().map(|_| (self.latency.min, self.latency.max)),
        };
        records.push((frame, Record::Act(act)));
        self.merged = 0;
        self.gap = Spread::default();
        self.latency = Spread::default();
    }

    /// Keeps the values and tells those that changed as samples.
    fn sample(&mut self, at: Time, values: Values<'_>, frame: u64, records: &mut Told) {
        if values.is_empty() {
            return;
        }
        let is_variable = self.protocol.is_industrial
            && matches!(self.act.verb, Verb::Read | Verb::Write | Verb::Operate | Verb::Report)
            && self.act.outcome != Outcome::Refused;
        match (values, &mut self.kept) {
            (Values::Registers { bytes, first, space }, Kept::Registers { bytes: old, .. })
                if old.len() == bytes.len() =>
            {
                if old.as_slice() == bytes {
                    return;
                }
                let old = std::mem::take(old);
                if is_variable {
                    let pairs = old.as_chunks::<2>().0.iter().zip(bytes.as_chunks::<2>().0);
                    for (i, (_, new)) in pairs.enumerate().filter(|(_, (old, new))| old != new) {
                        let value = Value::Unsigned(u16::from_be_bytes(*new).into());
                        let reading = Reading::new(Object::one(space, first.saturating_add(i as u64)), value);
                        self.changed(i as u32, at, &reading, frame, records);
                    }
                }
                let mut kept = old;
                kept.copy_from_slice(bytes);
                self.kept = Kept::Registers { space, first, bytes: kept };
            }
            (Values::Bits { space, first, count, bytes }, Kept::Bits { bytes: old, count: before, .. })
                if old.len() == bytes.len() && *before == count =>
            {
                if old.as_slice() == bytes {
                    return;
                }
                let mut kept = std::mem::take(old);
                if is_variable {
                    for (place, (old, new)) in kept.iter().zip(bytes).enumerate().filter(|(_, (old, new))| old != new) {
                        for bit in (0..8_u32).filter(|bit| (old ^ new) >> bit & 1 == 1) {
                            let i = (place as u32).saturating_mul(8).saturating_add(bit);
                            // What fills the last byte is no bit of the plant.
                            if i < count {
                                let value = Value::Bool(new >> bit & 1 == 1);
                                let reading = Reading::new(Object::one(space, first.saturating_add(i.into())), value);
                                self.changed(i, at, &reading, frame, records);
                            }
                        }
                    }
                }
                kept.copy_from_slice(bytes);
                self.kept = Kept::Bits { space, first, count, bytes: kept };
            }
            (Values::List(list), Kept::List(old)) if old.as_slice() == list => {}
            (values, kept) => {
                let is_first = matches!(kept, Kept::Nothing);
                let before = match std::mem::replace(kept, Kept::Nothing) {
                    Kept::List(list) => list,
                    other => other.as_values().to_readings(),
                };
                self.kept = keep(values);
                if is_variable {
                    let mut owned = Vec::new();
                    let now: &[Reading] = match values {
                        Values::List(list) => list,
                        values => {
                            owned.extend(values.to_readings());
                            &owned
                        }
                    };
                    for (i, reading) in now.iter().enumerate().take(limits::CHANNEL_VARIABLES_MAX) {
                        if is_first {
                            // Most variables never change: state is made for those that do.
                            let at = reading.at.unwrap_or(at);
                            records.push((frame, Record::Sample(self.as_sample(at, reading, None))));
                            continue;
                        }
                        let is_same = before.get(i).is_some_and(|old| {
                            old.object == reading.object && old.value == reading.value && old.quality == reading.quality
                        });
                        if !is_same {
                            self.changed(i as u32, at, reading, frame, records);
                        }
                    }
                }
            }
        }
    }

    /// One variable changed: tells it, or counts it into a summary where it changes too often.
    fn changed(&mut self, index: u32, at: Time, reading: &Reading, frame: u64, records: &mut Told) {
        let second = at.0.div_euclid(1_000_000_000);
        let place = match self.variables.binary_search_by_key(&index, |(i, _)| *i) {
            Ok(place) => place,
            Err(place) => {
                let fresh = Variable { second, changes: 0, count: 0, min: 0.0, max: 0.0, sum: 0.0 };
                self.variables.insert(place, (index, fresh));
                place
            }
        };
        let Some((_, variable)) = self.variables.get_mut(place) else { return };
        if variable.second != second {
            variable.second = second;
            variable.changes = 0;
        }
        variable.changes = variable.changes.saturating_add(1);
        match reading.value.as_number() {
            Some(number) if variable.changes > limits::SAMPLES_PER_SECOND => {
                if variable.count == 0 {
                    (variable.min, variable.max, variable.sum) = (number, number, 0.0);
                }
                variable.count += 1;
                variable.min = variable.min.min(number);
                variable.max = variable.max.max(number);
                variable.sum += number;
            }
            _ => records.push((frame, Record::Sample(self.as_sample(reading.at.unwrap_or(at), reading, None)))),
        }
    }

    fn as_sample(&self, at: Time, reading: &Reading, summary: Option<(u64, f64, f64, f64)>) -> Sample {
        let (device, origin) = match self.act.verb {
            Verb::Report => (self.act.from, SampleOrigin::Reported),
            Verb::Read => (self.act.to, SampleOrigin::Read),
            _ => (self.act.to, SampleOrigin::Written),
        };
        Sample {
            at,
            protocol: self.act.protocol.clone(),
            device: device.without_port(),
            behind: self.act.behind.clone(),
            object: if reading.object.is_none() { self.act.object.clone() } else { reading.object.clone() },
            value: reading.value.clone(),
            quality: reading.quality.clone(),
            origin,
            summary,
        }
    }

    /// Tells the summaries of variables that changed too often.
    fn tell_summaries(&mut self, frame: u64, records: &mut Told) {
        if self.variables.iter().all(|(_, variable)| variable.count == 0) {
            return;
        }
        let readings = self.kept.as_values().to_readings();
        let mut variables = std::mem::take(&mut self.variables);
        for (index, variable) in variables.iter_mut().filter(|(_, variable)| variable.count > 0) {
            if let Some(reading) = readings.get(*index as usize) {
                let mean = variable.sum / variable.count as f64;
                let summary = (variable.count, variable.min, variable.max, mean);
                records.push((frame, Record::Sample(self.as_sample(self.last, reading, Some(summary)))));
            }
            variable.count = 0;
        }
        self.variables = variables;
    }
}

/// Keeps values within the limit; longer ones are kept from the front.
fn keep(values: Values<'_>) -> Kept {
    let most = limits::CHANNEL_VALUE_BYTES_MAX;
    match values {
        Values::None => Kept::Nothing,
        Values::Registers { space, first, bytes } => {
            Kept::Registers { space, first, bytes: bytes.iter().take(most).copied().collect() }
        }
        Values::Bits { space, first, count, bytes } => {
            Kept::Bits { space, first, count, bytes: bytes.iter().take(most).copied().collect() }
        }
        Values::List(list) => Kept::List(list.iter().take(most / 4).cloned().collect()),
    }
}
