//! A site at work: its network, its process, and the tasks that run on it in time order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::net::Ipv4Addr;

use model::{Mac, Time};

use crate::network::{HostId, Network, SECOND};
use crate::process::Process;
use crate::random::Random;
use crate::truth::{Deed, Intent, WorkOrder};

/// Something that acts again and again.
pub trait Task: Send {
    /// Acts at `at`; gives when to act next, or nothing when it is over.
    fn run(&mut self, at: Time, site: &mut Site) -> Option<Time>;
}

impl<F: FnMut(Time, &mut Site) -> Option<Time> + Send> Task for F {
    fn run(&mut self, at: Time, site: &mut Site) -> Option<Time> {
        self(at, site)
    }
}

/// What an operator wants from an outstation, left for the task that holds the conversation with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wish {
    /// The outstation.
    pub server: HostId,
    /// Number of the output, as the protocol counts it.
    pub output: u32,
    /// Wanted value: 1 and 0 for on and off.
    pub value: f64,
    /// Whether it is selected first.
    pub is_selected: bool,
}

/// All that tasks share.
pub struct Site {
    /// Hosts and frames.
    pub network: Network,
    /// The physical process.
    pub process: Process,
    /// Noise.
    pub random: Random,
    /// First moment of the run.
    pub start: Time,
    /// The run ends before this moment.
    pub end: Time,
    /// When the task that runs now was due.
    now: Time,
    /// What operators want from outstations.
    pub wishes: Vec<Wish>,
    deeds: VecDeque<Deed>,
    /// Number of the first deed that is still held.
    first_deed: usize,
    /// Deeds whose first packet has not been seen: deed, hardware address and address of who does it, not before.
    awaited: Vec<(usize, Mac, Ipv4Addr, Time)>,
    work_orders: Vec<(&'static str, WorkOrder)>,
    work_order_count: u32,
    outages: BTreeMap<usize, (Time, Time)>,
    tasks: Vec<Option<Box<dyn Task>>>,
    free: Vec<usize>,
    agenda: BinaryHeap<Reverse<(Time, usize)>>,
}

impl Site {
    /// A site where nothing happens yet.
    pub fn new(network: Network, process: Process, random: Random, start: Time, end: Time) -> Site {
        Site {
            network,
            process,
            random,
            start,
            end,
            now: start,
            wishes: Vec::new(),
            deeds: VecDeque::new(),
            first_deed: 0,
            awaited: Vec::new(),
            work_orders: Vec::new(),
            work_order_count: 0,
            outages: BTreeMap::new(),
            tasks: Vec::new(),
            free: Vec::new(),
            agenda: BinaryHeap::new(),
        }
    }

    /// Adds a task that first acts at `first`.
    pub fn add(&mut self, first: Time, task: impl Task + 'static) {
        let index = self.free.pop().unwrap_or(self.tasks.len());
        if index == self.tasks.len() {
            self.tasks.push(None);
        }
        self.tasks[index] = Some(Box::new(task));
        self.agenda.push(Reverse((first, index)));
    }

    /// The moment when `part` (0 to 1) of the run is over.
    pub fn moment(&self, part: f64) -> Time {
        self.start.plus((self.end.since(self.start) as f64 * part) as i64)
    }

    /// The host answers nobody from `from` until `until`.
    pub fn take_down(&mut self, host: HostId, from: Time, until: Time) {
        self.outages.insert(host.0, (from, until));
    }

    /// Whether the host answers nobody at `at`.
    pub fn is_down(&self, host: HostId, at: Time) -> bool {
        self.outages.get(&host.0).is_some_and(|(from, until)| (*from..*until).contains(&at))
    }

    /// Takes the first wish for this outstation.
    pub fn take_wish(&mut self, server: HostId) -> Option<Wish> {
        let index = self.wishes.iter().position(|wish| wish.server == server)?;
        Some(self.wishes.remove(index))
    }

    /// Announces planned work: what will be noted as `id` around `at` has a work order.
    pub fn announce(&mut self, id: &'static str, at: Time) {
        self.work_order_count += 1;
        let number = format!("WO-{:05}", self.work_order_count);
        let order = WorkOrder { number, from: at.plus(-900 * SECOND), until: at.plus(3_600 * SECOND) };
        self.work_orders.retain(|(_, order)| order.until >= self.now);
        self.work_orders.push((id, order));
    }

    /// Notes that something began; gives its number, for [`Site::prolong`].
    pub fn note(
        &mut self,
        (id, title): (&'static str, &'static str),
        intent: Intent,
        techniques: &'static [&'static str],
        from: HostId,
        to: &[HostId],
        (first, last): (Time, Time),
    ) -> usize {
        let to = to.iter().map(|host| self.network.host(*host).ip).collect();
        let number = self.first_deed + self.deeds.len();
        // Who was kept from sending anything is not waited for.
        self.awaited.retain(|awaited| awaited.3 > first.plus(-600 * SECOND));
        let actor = *self.network.host(from);
        self.awaited.push((number, actor.mac, actor.ip, first));
        let is_meant = |row: &&(&'static str, WorkOrder)| row.0 == id && (row.1.from..row.1.until).contains(&first);
        let work_order = match intent {
            Intent::Maintenance => self.work_orders.iter().find(is_meant).map(|row| row.1.clone()),
            Intent::Attack => None,
        };
        let from = actor.ip;
        self.deeds.push_back(Deed { id, title, intent, techniques, from, to, first, last, packet: None, work_order });
        number
    }

    /// The noted deed goes on until `last`.
    pub fn prolong(&mut self, deed: usize, last: Time) {
        if let Some(deed) = deed.checked_sub(self.first_deed).and_then(|index| self.deeds.get_mut(index)) {
            deed.last = last;
        }
    }

    /// The noted deed is also done to `to`.
    pub fn widen(&mut self, deed: usize, to: Ipv4Addr) {
        if let Some(deed) = deed.checked_sub(self.first_deed).and_then(|index| self.deeds.get_mut(index)) {
            deed.to.push(to);
        }
    }

    /// How many deeds are held.
    pub fn deed_count(&self) -> usize {
        self.deeds.len()
    }

    /// Takes the deeds from the first to the last that ended before `before`, in order of noting.
    pub fn take_deeds(&mut self, before: Time) -> Vec<Deed> {
        let mut taken = Vec::new();
        while self.deeds.front().is_some_and(|deed| deed.last < before) {
            self.first_deed += 1;
            taken.extend(self.deeds.pop_front());
        }
        taken
    }

    /// `usual` nanoseconds, but never more than this part of the run.
    pub fn pause(&self, usual: i64, part_max: f64) -> i64 {
        usual.min((self.end.since(self.start) as f64 * part_max) as i64)
    }

    /// `at`, or where the run is long enough to have nights, a moment between one and four in the night after it.
    pub fn night(&self, at: Time) -> Time {
        const DAY: i64 = 86_400 * SECOND;
        let length = self.end.since(self.start);
        if !(DAY..366 * DAY).contains(&length) {
            return at;
        }
        let part = at.since(self.start) as f64 / length as f64;
        Time((at.0.div_euclid(DAY) + 1) * DAY).plus(3_600 * SECOND + (part * 1.08e13) as i64)
    }

    /// Gives the frames before the next task to `sink`, then runs that task; gives whether the run goes on.
    pub fn step(&mut self, sink: &mut dyn FnMut(Time, &[u8])) -> bool {
        let Some(Reverse((at, index))) = self.agenda.pop().filter(|next| next.0.0 < self.end) else {
            self.drain(self.end, sink);
            return false;
        };
        self.drain(at, sink);
        self.now = at;
        self.process.advance(at);
        let Some(mut task) = self.tasks[index].take() else { return true };
        match task.run(at, self) {
            Some(next) => {
                // A task that asks for the past acts again at once, but time moves on.
                self.agenda.push(Reverse((next.max(at.plus(1)), index)));
                self.tasks[index] = Some(task);
            }
            None => self.free.push(index),
        }
        true
    }

    /// When the next task acts.
    pub fn next_step(&self) -> Option<Time> {
        self.agenda.peek().map(|next| next.0.0)
    }

    fn drain(&mut self, until: Time, sink: &mut dyn FnMut(Time, &[u8])) {
        if self.awaited.is_empty() {
            return self.network.drain(until, sink);
        }
        // The first packets of deeds are on their way.
        let mut number = self.network.given();
        let (awaited, deeds, first_deed) = (&mut self.awaited, &mut self.deeds, self.first_deed);
        self.network.drain(until, &mut |at, frame| {
            number += 1;
            awaited.retain(|(deed, mac, ip, first)| {
                if at < *first || !comes_from(frame, *mac, *ip) {
                    return true;
                }
                if let Some(deed) = deed.checked_sub(first_deed).and_then(|index| deeds.get_mut(index)) {
                    (deed.first, deed.packet) = (at, Some(number));
                }
                false
            });
            sink(at, frame);
        });
    }
}

/// Whether the frame was sent by the machine with this hardware address, or comes from it through a router.
fn comes_from(frame: &[u8], mac: Mac, ip: Ipv4Addr) -> bool {
    let start = if frame[12..14] == [0x81, 0x00] { 18 } else { 14 };
    frame[6..12] == mac.0
        || frame[start - 2..start] == [0x08, 0x00] && frame.get(start + 12..start + 16) == Some(&ip.octets())
}
