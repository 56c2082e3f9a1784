//! A site at work: its network, its process, and the tasks that run on it in time order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use model::Time;

use crate::network::{HostId, Network};
use crate::process::Process;
use crate::random::Random;
use crate::truth::{Deed, Intent, Truth};

/// Something that acts again and again.
pub trait Task {
    /// Acts at `at`; gives when to act next, or nothing when it is over.
    fn run(&mut self, at: Time, site: &mut Site) -> Option<Time>;
}

impl<F: FnMut(Time, &mut Site) -> Option<Time>> Task for F {
    fn run(&mut self, at: Time, site: &mut Site) -> Option<Time> {
        self(at, site)
    }
}

/// All that tasks share.
pub struct Site {
    /// Hosts and frames.
    pub network: Network,
    /// The physical process.
    pub process: Process,
    /// Noise.
    pub random: Random,
    /// What really happened.
    pub truth: Truth,
    /// First moment of the run.
    pub start: Time,
    /// The run ends before this moment.
    pub end: Time,
    outages: BTreeMap<usize, (Time, Time)>,
    tasks: Vec<Box<dyn Task>>,
    agenda: BinaryHeap<Reverse<(Time, usize)>>,
}

impl Site {
    /// A site where nothing happens yet.
    pub fn new(network: Network, process: Process, random: Random, start: Time, end: Time) -> Site {
        Site {
            network,
            process,
            random,
            truth: Truth::default(),
            start,
            end,
            outages: BTreeMap::new(),
            tasks: Vec::new(),
            agenda: BinaryHeap::new(),
        }
    }

    /// Adds a task that first acts at `first`.
    pub fn add(&mut self, first: Time, task: impl Task + 'static) {
        self.agenda.push(Reverse((first, self.tasks.len())));
        self.tasks.push(Box::new(task));
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
        let from = self.network.host(from).ip;
        self.truth.deeds.push(Deed { id, title, intent, techniques, from, to, first, last });
        self.truth.deeds.len() - 1
    }

    /// The noted deed goes on until `last`.
    pub fn prolong(&mut self, deed: usize, last: Time) {
        self.truth.deeds[deed].last = last;
    }

    /// `usual` nanoseconds, but never more than this part of the run.
    pub fn pause(&self, usual: i64, part_max: f64) -> i64 {
        usual.min((self.end.since(self.start) as f64 * part_max) as i64)
    }

    /// Runs all tasks from the start to the end.
    pub fn run(&mut self, sink: &mut dyn FnMut(Time, &[u8])) {
        while let Some(Reverse((at, index))) = self.agenda.pop() {
            if at >= self.end {
                break;
            }
            self.network.drain(at, sink);
            self.process.advance(at);
            let mut task = std::mem::replace(&mut self.tasks[index], Box::new(|_, _: &mut Site| None));
            if let Some(next) = task.run(at, self) {
                // A task that asks for the past acts again at once, but time moves on.
                self.agenda.push(Reverse((next.max(at.plus(1)), index)));
                self.tasks[index] = task;
            }
        }
        self.network.drain(self.end, sink);
        for deed in &mut self.truth.deeds {
            deed.last = deed.last.min(self.end);
        }
        self.truth.deeds.sort_by_key(|deed| deed.first);
    }
}
