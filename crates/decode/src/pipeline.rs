//! Chunks of frames in, records out in the order of the frames, whatever the number of workers.
//!
//! Two steps a chunk: frames are sorted by partition, block by block; then workers take whole partitions. What
//! flows share across partitions becomes visible at the border of a chunk. Chunks end where `capture` ends them, which
//! depends on the packets alone; so neither workers nor read sizes change a record.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, PoisonError, RwLock};

use foldhash::fast::RandomState;
use model::{Frames, HealthKind, Record, Time};
use wire::Layer;

use crate::flow::Ends;
use crate::limits;
use crate::output::health;
use crate::partition::{AHEAD, Partition};
use crate::sink::{Options, ProtocolCounts, Shared};
use crate::told::Told;

/// Frames that are sorted by partition in one go.
const BLOCK: usize = 1_024;

/// Decodes a sequence of frames.
pub struct Pipeline {
    partitions: Vec<Mutex<Partition>>,
    hasher: RandomState,
    workers: usize,
    /// Places of the frames of a chunk, block by block.
    blocks: Vec<RwLock<Block>>,
    shared: Arc<Shared>,
    last: (Time, u64),
    /// Records of the last chunk, by partition: told while the next one is decoded.
    told_next: Vec<Told>,
    order: Vec<u128>,
    /// What was told of blindness so far, so that each time only the rest is.
    told_blind: Vec<(HealthKind, String, u64)>,
}

/// What was counted, over all partitions.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Counts by protocol id, in the order of ids.
    pub protocols: std::collections::BTreeMap<&'static str, ProtocolCounts>,
    /// Packets read.
    pub packets: u64,
    /// Flows.
    pub flows: u64,
    /// Packets that were copies.
    pub duplicates: u64,
}

/// The frames of a block, sorted by partition. Only their places are kept: reading headers a second time costs less than
/// writing them down.
struct Block {
    /// Places in the block, those of one partition side by side and in order.
    order: Vec<u16>,
    /// Where each partition begins in `order`; one more than there are partitions.
    starts: [u16; limits::PARTITIONS + 1],
    /// Hashes of the flows, by place.
    hashes: Vec<u64>,
}

impl Default for Block {
    fn default() -> Block {
        Block {
            order: Vec::with_capacity(BLOCK),
            starts: [0; limits::PARTITIONS + 1],
            hashes: Vec::with_capacity(BLOCK),
        }
    }
}

impl Block {
    /// Sorts the frames from `first` on.
    fn fill(&mut self, frames: &dyn Frames, first: usize, hasher: &RandomState) {
        self.hashes.clear();
        let mut of = [0_u8; BLOCK];
        let mut counts = [0_u16; limits::PARTITIONS + 1];
        let mut size = 0;
        for (index, of) in of.iter_mut().enumerate() {
            let Some(frame) = frames.frame(first.saturating_add(index)) else { break };
            let packet = wire::parse(&frame);
            self.hashes.push(Ends::of(&packet).hash(hasher));
            let partition = wire::partition(&packet, limits::PARTITIONS);
            *of = partition as u8;
            if let Some(count) = counts.get_mut(partition + 1) {
                *count += 1;
            }
            size = index + 1;
        }
        for i in 1..counts.len() {
            let before = counts.get(i - 1).copied().unwrap_or(0);
            if let Some(count) = counts.get_mut(i) {
                *count += before;
            }
        }
        self.starts = counts;
        self.order.clear();
        self.order.resize(size, 0);
        for (index, partition) in of.iter().take(size).enumerate() {
            if let Some(next) = counts.get_mut(usize::from(*partition)) {
                if let Some(place) = self.order.get_mut(usize::from(*next)) {
                    *place = index as u16;
                }
                *next += 1;
            }
        }
    }

    /// Hash of the flow of the frame at `place`.
    fn hash(&self, place: u16) -> u64 {
        self.hashes.get(usize::from(place)).copied().unwrap_or(0)
    }

    /// Places of the frames of a partition.
    fn of(&self, partition: usize) -> &[u16] {
        let start = self.starts.get(partition).copied().unwrap_or(0);
        let end = self.starts.get(partition + 1).copied().unwrap_or(0);
        self.order.get(usize::from(start)..usize::from(end)).unwrap_or(&[])
    }
}

/// The partitions, those with the most frames first.
fn by_size(blocks: &[RwLock<Block>]) -> [usize; limits::PARTITIONS] {
    let mut sizes = [0_usize; limits::PARTITIONS];
    for block in blocks {
        let block = block.read().unwrap_or_else(PoisonError::into_inner);
        for (number, size) in sizes.iter_mut().enumerate() {
            *size += block.of(number).len();
        }
    }
    let mut order = std::array::from_fn(|number| number);
    order.sort_unstable_by_key(|number| std::cmp::Reverse((sizes.get(*number).copied(), std::cmp::Reverse(*number))));
    order
}

/// Decodes the frames of one partition, in order.
fn decode(partition: &mut Partition, number: usize, frames: &dyn Frames, blocks: &[RwLock<Block>]) {
    for (index, block) in blocks.iter().enumerate() {
        let block = block.read().unwrap_or_else(PoisonError::into_inner);
        for places in block.of(number).chunks(AHEAD) {
            let mut ahead = [const { None }; AHEAD];
            for (frame, place) in ahead.iter_mut().zip(places) {
                *frame = frames.frame(index * BLOCK + usize::from(*place));
            }
            // The lines of the cache with the headers and with the start of the payload.
            let byte = |bytes: &[u8], at: usize| bytes.get(at).copied().unwrap_or(0);
            let touched = ahead.iter().flatten().map(|frame| byte(frame.bytes, 12) ^ byte(frame.bytes, 64));
            std::hint::black_box(touched.fold(0, |sum, byte| sum ^ byte));
            let flows = partition.approach(places.iter().map(|place| block.hash(*place)));
            for ((frame, place), flow) in ahead.iter().zip(places).zip(flows) {
                if let Some(frame) = frame {
                    let packet = wire::parse(frame);
                    partition.packet(&packet, block.hash(*place), flow, frame.at, frame.number, frame.wire_len);
                }
            }
        }
    }
}

/// Tells the records of all partitions in the order of the frames that caused them, and empties the lists.
fn tell_in_order(lists: &mut [Told], order: &mut Vec<u128>, tell: &mut dyn FnMut(&Record)) {
    order.clear();
    for (p, records) in lists.iter().enumerate() {
        // Frame, partition and place in one number: comparing it takes no branch.
        let key = |frame: u64, i: usize| u128::from(frame) << 64 | u128::from(p as u32) << 32 | u128::from(i as u32);
        order.extend(records.iter().enumerate().map(|(i, (frame, _))| key(frame, i)));
    }
    order.sort_unstable();
    for key in order.iter() {
        let (p, i) = ((key >> 32) as u32 as usize, *key as u32 as usize);
        if let Some(record) = lists.get(p).and_then(|records| records.get(i)) {
            tell(record);
        }
    }
    for records in lists {
        records.clear();
    }
}

impl Pipeline {
    /// A pipeline with `workers` threads; 1 works in the calling thread alone.
    pub fn new(options: Options, workers: usize) -> Pipeline {
        let hasher = RandomState::default();
        Pipeline {
            partitions: (0..limits::PARTITIONS).map(|_| Mutex::new(Partition::new(options, hasher.clone()))).collect(),
            hasher,
            workers: workers.max(1),
            blocks: Vec::new(),
            shared: Arc::default(),
            last: (Time::default(), 0),
            told_next: (0..limits::PARTITIONS).map(|_| Told::default()).collect(),
            order: Vec::new(),
            told_blind: Vec::new(),
        }
    }

    /// Time went on to `now` without a packet, as live sources know: idle flows end, what was merged and is due is told,
    /// and so is everything that still waits to be told.
    pub fn tick(&mut self, now: Time, tell: &mut dyn FnMut(&Record)) {
        self.last.0 = self.last.0.max(now);
        let (at, frame) = self.last;
        self.tell_waiting(tell);
        for (partition, told_next) in self.partitions.iter_mut().zip(&mut self.told_next) {
            let partition = partition.get_mut().unwrap_or_else(PoisonError::into_inner);
            partition.chunk_ends(at, frame);
            std::mem::swap(&mut partition.sink.records, told_next);
        }
        self.publish();
        self.tell_waiting(tell);
    }

    /// Tells the records of the last chunk now, instead of while the next one is decoded.
    pub fn tell_waiting(&mut self, tell: &mut dyn FnMut(&Record)) {
        tell_in_order(&mut self.told_next, &mut self.order, tell);
    }

    /// What could not be read since the last call, summed up.
    pub fn tell_blindness(&mut self, tell: &mut dyn FnMut(&Record)) {
        for record in self.blindness() {
            tell(&record);
        }
    }

    /// Decodes one chunk. `meanwhile` runs in the calling thread while workers work (with one worker, after it): reading
    /// the next chunk is what it is for. Records go to `tell` in order, those of a chunk while the next one is decoded;
    /// `finish` tells the last.
    pub fn chunk(&mut self, frames: &dyn Frames, meanwhile: impl FnOnce(), tell: &mut dyn FnMut(&Record)) {
        let count = frames.count();
        let Some(last) = frames.frame(count.wrapping_sub(1)) else { return meanwhile() };
        self.last = (last.at, last.number);
        let in_use = count.div_ceil(BLOCK);
        self.blocks.resize_with(self.blocks.len().max(in_use), RwLock::default);
        let blocks = self.blocks.get(..in_use).unwrap_or_default();
        let (next_block, next_partition) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let barrier = Barrier::new(self.workers);
        let (partitions, hasher) = (&self.partitions, &self.hasher);
        let last = self.last;
        let work = || {
            loop {
                let index = next_block.fetch_add(1, Ordering::Relaxed);
                let Some(block) = blocks.get(index) else { break };
                block.write().unwrap_or_else(PoisonError::into_inner).fill(frames, index * BLOCK, hasher);
            }
            barrier.wait();
            // The largest first, so that none is left to one worker when the others have nothing more to do.
            let by_size = by_size(blocks);
            loop {
                let index = next_partition.fetch_add(1, Ordering::Relaxed);
                let Some(index) = by_size.get(index).copied() else { break };
                let Some(partition) = partitions.get(index) else { break };
                let mut partition = partition.lock().unwrap_or_else(PoisonError::into_inner);
                decode(&mut partition, index, frames, blocks);
                partition.chunk_ends(last.0, last.1);
            }
        };
        let (told_next, order) = (&mut self.told_next, &mut self.order);
        if self.workers == 1 {
            tell_in_order(told_next, order, tell);
            work();
            meanwhile();
        } else {
            std::thread::scope(|scope| {
                for _ in 0..self.workers {
                    scope.spawn(work);
                }
                meanwhile();
                tell_in_order(told_next, order, tell);
            });
        }
        self.publish();
        for (partition, told_next) in self.partitions.iter_mut().zip(&mut self.told_next) {
            let sink = &mut partition.get_mut().unwrap_or_else(PoisonError::into_inner).sink;
            std::mem::swap(&mut sink.records, told_next);
        }
    }

    /// The end of all input: flows end, what was merged is told, and what could not be seen is summed up.
    pub fn finish(&mut self, tell: &mut dyn FnMut(&Record)) -> Totals {
        let (at, frame) = self.last;
        tell_in_order(&mut self.told_next, &mut self.order, tell);
        // One partition after the other, so that a million open flows do not become a million records at once.
        for partition in &mut self.partitions {
            let partition = partition.get_mut().unwrap_or_else(PoisonError::into_inner);
            partition.end(at, frame);
            for (_, record) in partition.sink.records.drain() {
                tell(&record);
            }
        }
        let totals = self.totals();
        for record in self.blindness() {
            tell(&record);
        }
        totals
    }

    /// What was counted so far.
    pub fn totals(&mut self) -> Totals {
        let mut totals = Totals::default();
        for partition in &mut self.partitions {
            let partition = partition.get_mut().unwrap_or_else(PoisonError::into_inner);
            totals.packets += partition.counts.packets;
            totals.flows += partition.counts.flows;
            totals.duplicates += partition.counts.duplicates;
            for (id, counts) in partition.sink.counts() {
                let sum = totals.protocols.entry(id).or_default();
                sum.messages += counts.messages;
                sum.acts += counts.acts;
                sum.malformed += counts.malformed;
            }
        }
        totals
    }

    /// What one flow told all others becomes visible, in the order of partitions.
    fn publish(&mut self) {
        let has_news = self
            .partitions
            .iter_mut()
            .any(|partition| !partition.get_mut().unwrap_or_else(PoisonError::into_inner).sink.published.is_empty());
        if !has_news {
            return;
        }
        // Nobody else holds the table for a moment, so that it can be added to where it is.
        let nothing: Arc<Shared> = Arc::default();
        for partition in &mut self.partitions {
            partition.get_mut().unwrap_or_else(PoisonError::into_inner).sink.shared = Arc::clone(&nothing);
        }
        let shared = Arc::make_mut(&mut self.shared);
        for partition in &mut self.partitions {
            let sink = &mut partition.get_mut().unwrap_or_else(PoisonError::into_inner).sink;
            for (topic, key, value) in sink.published.drain(..) {
                shared.insert(topic, key, value);
            }
            sink.expected.drain(..).for_each(|port| shared.expect(port));
        }
        for partition in &mut self.partitions {
            let sink = &mut partition.get_mut().unwrap_or_else(PoisonError::into_inner).sink;
            sink.shared = Arc::clone(&self.shared);
        }
    }

    /// Health records that sum up what could not be read.
    fn blindness(&mut self) -> Vec<Record> {
        let at = self.last.0;
        let mut stops: Vec<((Layer, &'static str), u64)> = Vec::new();
        let (mut duplicates, mut cut, mut evicted, mut lost) = (0, 0, 0, 0);
        let (mut channels, mut undecoded, mut shed) = (0, 0, 0);
        let (mut missing, mut one_way, mut encrypted) = (0, 0, 0);
        for partition in &mut self.partitions {
            let partition = partition.get_mut().unwrap_or_else(PoisonError::into_inner);
            for (key, count) in &partition.counts.stops {
                match stops.iter_mut().find(|(known, _)| known == key) {
                    Some((_, sum)) => *sum += count,
                    None => stops.push((*key, *count)),
                }
            }
            duplicates += partition.counts.duplicates;
            cut += partition.counts.cut;
            evicted += partition.evicted();
            lost += partition.fragments_lost();
            channels += partition.sink.channels_evicted();
            shed += partition.counts.shed;
            undecoded += partition.counts.undecoded;
            missing += partition.counts.missing;
            one_way += partition.counts.one_way;
            encrypted += partition.counts.encrypted;
        }
        stops.sort_by_key(|((layer, why), _)| (*layer as u8, *why));
        let mut records = Vec::new();
        let told = &mut self.told_blind;
        let mut add = |kind, count: u64, detail: String| {
            let before = match told.iter_mut().find(|(known, text, _)| *known == kind && *text == detail) {
                Some((_, _, before)) => std::mem::replace(before, count),
                None => {
                    told.push((kind, detail.clone(), count));
                    0
                }
            };
            if count > before {
                records.push(health(kind, at, count - before, detail));
            }
        };
        for ((layer, why), count) in stops {
            match layer {
                Layer::Unsupported => add(HealthKind::NotDecoded, count, format!("packets: {why}")),
                layer => {
                    let layer = match layer {
                        Layer::Link => "link",
                        Layer::Tunnel => "tunnel",
                        Layer::Network => "network",
                        _ => "transport",
                    };
                    add(HealthKind::BadHeader, count, format!("packets, {layer} header: {why}"));
                }
            }
        }
        add(HealthKind::Duplicate, duplicates, "packets seen twice and read once: check the mirror port".into());
        add(HealthKind::Cut, cut, "packets cut by the snap length".into());
        add(HealthKind::Fragments, lost, "fragmented packets that never became whole".into());
        add(HealthKind::Evicted, evicted, "conversations pushed out of the full flow table".into());
        add(HealthKind::Limit, channels, "roll-up channels pushed out of the full table".into());
        add(HealthKind::Limit, shed, "times that waiting bytes were given up because too many waited".into());
        add(HealthKind::Gap, missing, "bytes of streams that are not in the capture".into());
        add(HealthKind::OneWay, one_way, "connections of which only one direction was seen".into());
        add(HealthKind::Encrypted, encrypted, "bytes of conversations that are encrypted".into());
        add(HealthKind::Undecoded, undecoded, "payload bytes that no decoder recognised".into());
        records
    }
}

#[cfg(test)]
mod tests {
    use model::{Frame, LinkType};

    use super::*;

    #[test]
    fn a_tick_tells_what_waits_and_blindness_is_told_once() {
        let bytes = [0_u8; 6];
        let at = Time::from_seconds(1_000, 0);
        let frame = Frame { at, link: LinkType::ETHERNET, bytes: &bytes, wire_len: 6, number: 1 };
        let mut pipeline = Pipeline::new(Options::default(), 1);
        pipeline.chunk(&vec![frame], || (), &mut |_| ());
        let count = |pipeline: &mut Pipeline| {
            let mut blind = 0;
            pipeline.tell_blindness(&mut |record| match record {
                Record::Health(health) => blind += health.count,
                _ => panic!("{record:?}"),
            });
            blind
        };
        assert_eq!(count(&mut pipeline), 1, "the header that could not be read");
        assert_eq!(count(&mut pipeline), 0, "it was told");
        pipeline.chunk(&vec![Frame { at: at.plus(5_000_000_000), ..frame }], || (), &mut |_| ());
        assert_eq!(count(&mut pipeline), 1, "only what is new");

        let poll = [
            [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 40, 0, 1, 0, 0, 64, 17, 0, 0].as_slice(),
            &[10, 0, 0, 1, 10, 0, 0, 2, 0xc0, 0, 1, 246, 0, 20, 0, 0, 0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 2],
        ]
        .concat();
        let mut told = Vec::new();
        let frame = Frame { bytes: &poll, wire_len: poll.len() as u32, number: 2, ..frame };
        pipeline.chunk(&vec![frame], || (), &mut |record| told.push(record.clone()));
        let later = at.plus(crate::limits::CONVERSATION_INTERVAL.saturating_mul(100));
        pipeline.tick(later, &mut |record| told.push(record.clone()));
        let kinds: Vec<&str> = told.iter().map(Record::kind).collect();
        assert!(kinds.contains(&"act") && kinds.contains(&"conversation"), "a flow that is idle ends: {kinds:?}");
    }
}
