//! The baseline: what is normal in this plant, learned channel by channel, readable, and judged against.
//!
//! [`Baseline::learn`] takes a record in as normal, [`Baseline::judge`] says how a record departs from what was learned,
//! and [`Baseline::observe`] does both: it judges where enough was learned and learns where not. Packet time is the only
//! clock; equal records in equal order give equal deviations. Acts that change what a controller does are never learned
//! silently: they wait for a person.

mod acts;
mod channel;
mod deviation;
mod facts;
mod machine;
mod parse;
mod ranges;
mod sequence;
mod setpoint;
mod talks;
mod text;
mod timing;

use std::collections::BTreeSet;
use std::hash::BuildHasher;

use model::borsh::{BorshDeserialize, BorshSerialize};
use model::{Act, Address, FactKey, Record, Said, Text, Time, Verb};

use crate::inventory::Key;
use crate::inventory::address::is_link_local;
use crate::inventory::kind::{self, Kind as ProtocolKind, Trait};
use crate::limits;
use crate::table::{Bounded, Hasher};
use crate::window::{Distinct, MINUTE, SECOND};

pub use channel::{Arming, Norm};
pub use deviation::{Deviation, Kind, Strength};
pub use parse::BadLine;
pub use text::{HEAD, TextLine};

use channel::Channel;
use facts::Known;
use machine::{How, MachineId, Who};
use sequence::{Context, Sequence};
use setpoint::Setpoint;

/// What became of something that was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub enum State {
    /// A person said that it is normal.
    Approved,
    /// It was learned.
    Proposed,
    /// It waits for a person.
    Waiting,
}

impl State {
    /// The word for it in text and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Approved => "approved",
            State::Proposed => "proposed",
            State::Waiting => "waiting",
        }
    }

    /// Whether it counts as normal.
    pub const fn is_accepted(self) -> bool {
        matches!(self, State::Approved | State::Proposed)
    }
}

/// What may be chosen of learning.
#[derive(Clone, Copy, Debug, PartialEq, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub struct Settings {
    /// A channel arms itself where the estimated probability that the next thing is new is below this.
    pub unseen_max: f64,
    /// Not before it was met so often,
    pub observations_min: u64,
    /// and for so many nanoseconds.
    pub span_min: i64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { unseen_max: 1e-4, observations_min: 100, span_min: 60 * MINUTE }
    }
}

/// What is done with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// It is normal.
    Learn,
    /// It is judged, and nothing is learned of it.
    Judge,
    /// It is judged where enough was learned, and learned where not.
    Live,
}

/// How much the baseline holds, and what found no place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Machines.
    pub machines: u64,
    /// Channels that are normal; of these, armed ones.
    pub channels: u64,
    /// Armed channels.
    pub armed: u64,
    /// Functions of channels.
    pub lines: u64,
    /// Lines and channels that wait for a person.
    pub waiting: u64,
    /// What found no place in a full table.
    pub dropped: u64,
}

/// What is normal.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub struct Baseline {
    settings: Settings,
    /// Judges everywhere, however little was learned: of an approved baseline, and of measurements.
    is_enforced: bool,
    /// A person approved something: from then on acts that are never learned are told wherever nobody approved them.
    is_approved: bool,
    who: Who,
    services: Bounded<Text, u16>,
    service_names: Vec<Text>,
    #[borsh(skip)]
    traits: Vec<Trait>,
    by_key: Bounded<(MachineId, MachineId, u16), u32>,
    channels: Vec<Channel>,
    /// Channels of one machine by one protocol: the class of machines that it serves.
    classes: Bounded<(MachineId, u16), Vec<u32>>,
    pairs: Bounded<(MachineId, MachineId), u16>,
    setpoints: Bounded<(MachineId, u16, model::Behind, Text), Setpoint>,
    known: Bounded<(MachineId, model::Behind, FactKey), Known>,
    sequences: Bounded<(MachineId, MachineId, u16), Sequence>,
    flows: Bounded<u64, Context>,
    /// When cyclic acts are due: time, channel, line.
    due: BTreeSet<(Time, u32, u32)>,
    is_awaiting: bool,
    /// First and last time of what was told.
    said: Bounded<u64, (Time, Time)>,
    novel: Bounded<MachineId, Distinct>,
    lines: u64,
    machines_once: u64,
    now: Time,
    records: u64,
    dropped: u64,
}

impl Default for Baseline {
    fn default() -> Baseline {
        Baseline::new(Settings::default())
    }
}

/// A novelty that comes again within this is not told again.
const TELL_AGAIN: i64 = 10 * MINUTE;

/// A pause of all records that is no silence of one machine.
const HOLE: i64 = 10 * SECOND;

impl Baseline {
    /// With nothing learned.
    pub fn new(settings: Settings) -> Baseline {
        Baseline {
            settings,
            is_enforced: false,
            is_approved: false,
            who: Who::new(),
            services: Bounded::new(limits::PROTOCOLS_MAX),
            service_names: Vec::new(),
            traits: Vec::new(),
            by_key: Bounded::new(limits::BASELINE_CHANNELS_MAX),
            channels: Vec::new(),
            classes: Bounded::new(limits::BASELINE_CHANNELS_MAX),
            pairs: Bounded::new(limits::BASELINE_CHANNELS_MAX),
            setpoints: Bounded::new(limits::BASELINE_SETPOINTS_MAX),
            known: Bounded::new(limits::BASELINE_IDENTITIES_MAX),
            sequences: Bounded::new(limits::BASELINE_SEQUENCES_MAX),
            flows: Bounded::new(limits::BASELINE_FLOWS_MAX),
            due: BTreeSet::new(),
            is_awaiting: false,
            said: Bounded::new(limits::BASELINE_SAID_MAX),
            novel: Bounded::new(limits::TRACKED_MAX),
            lines: 0,
            machines_once: 0,
            now: Time(0),
            records: 0,
            dropped: 0,
        }
    }

    /// Takes `record` in as normal. What changes what a controller does waits for a person all the same.
    pub fn learn(&mut self, record: &Record) {
        self.take(record, Mode::Learn, &mut Vec::new());
    }

    /// How `record` departs from what was learned. Nothing is learned of it, but it is remembered, so that the same
    /// novelty is told once and that a silence can be noticed.
    pub fn judge(&mut self, record: &Record) -> Vec<Deviation> {
        let mut out = Vec::new();
        self.take(record, Mode::Judge, &mut out);
        out
    }

    /// Judges `record` where enough was learned, and learns it where not: for a sensor at work.
    pub fn observe(&mut self, record: &Record, out: &mut Vec<Deviation>) {
        self.take(record, Mode::Live, out);
    }

    /// Ends learning everywhere: from now on everything that was not learned is a deviation.
    pub fn arm_all(&mut self) {
        self.is_enforced = true;
        // What comes next may be another capture: connections of the one before do not go on.
        self.flows.retain(|_, _| false);
        for channel in self.channels.iter_mut().filter(|channel| channel.state.is_accepted()) {
            channel.armed.get_or_insert(channel.last);
        }
    }

    /// Whether a person approved anything.
    pub fn is_approved(&self) -> bool {
        self.is_approved
    }

    /// Whether everything that was not learned is a deviation.
    pub fn is_enforced(&self) -> bool {
        self.is_enforced
    }

    /// How much it holds.
    pub fn counts(&self) -> Counts {
        let accepted = self.channels.iter().filter(|channel| channel.state.is_accepted());
        let lines = |state: fn(State) -> bool| {
            self.channels.iter().flat_map(|channel| &channel.lines).filter(|line| state(line.state)).count() as u64
        };
        Counts {
            machines: self.who.machines.len() as u64,
            channels: accepted.clone().count() as u64,
            armed: accepted.filter(|channel| channel.armed.is_some()).count() as u64,
            lines: lines(State::is_accepted),
            waiting: lines(|state| !state.is_accepted())
                + self.channels.iter().filter(|channel| !channel.state.is_accepted()).count() as u64,
            dropped: self.dropped
                + self.who.turned_away()
                + self.by_key.turned_away
                + self.setpoints.turned_away
                + self.known.turned_away
                + self.sequences.turned_away
                + self.channels.iter().map(|channel| channel.dropped).sum::<u64>(),
        }
    }

    fn take(&mut self, record: &Record, mode: Mode, out: &mut Vec<Deviation>) {
        self.records += 1;
        match record {
            Record::Act(act) => self.act(act, mode, out),
            Record::Fact(fact) => self.fact(fact, mode, out),
            Record::Conversation(talk) => self.talk(talk, mode, out),
            Record::Sample(sample) => self.sample(sample, mode, out),
            Record::Health(_) | Record::Finding(_) | Record::Event(_) => {}
        }
    }

    /// Moves the clock to `at`, and says which cyclic acts stayed away.
    fn advance(&mut self, at: Time, mode: Mode, out: &mut Vec<Deviation>) {
        let before = self.now;
        self.now = before.max(at);
        if mode == Mode::Learn {
            return;
        }
        if !self.is_awaiting {
            self.is_awaiting = true;
            self.await_all();
            return;
        }
        if self.due.first().is_some_and(|(due, ..)| *due < self.now) {
            self.silences(before, out);
        }
    }

    /// The machine at `address`, with a deviation where it is new or has moved.
    fn meet(
        &mut self,
        address: &Address,
        act: Option<&Act>,
        at: Time,
        weight: u64,
        is_heard: bool,
        mode: Mode,
        out: &mut Vec<Deviation>,
    ) -> Option<MachineId> {
        let judges = mode != Mode::Learn && (self.is_enforced || self.knows_machines());
        let (id, how) = self.who.meet(address, at, !judges)?;
        let machine = self.who.machine_mut(id)?;
        machine.first = machine.first.min(at);
        machine.last = machine.last.max(at);
        if mode != Mode::Judge {
            self.machines_once += u64::from(machine.met == 0 && weight == 1);
            self.machines_once -= u64::from(machine.met == 1 && weight > 0).min(self.machines_once);
            machine.met = machine.met.saturating_add(weight);
            self.who.met = self.who.met.saturating_add(weight);
        }
        if !judges || how == How::Known {
            return Some(id);
        }
        let machine = self.who.machine_mut(id)?;
        let (kind, strength) = match how {
            How::New => {
                machine.state = State::Waiting;
                // A group is no machine; of who never spoke nobody knows whether it exists; strangers of the Internet
                // are told as peers of those who talk to them.
                if machine.is_group || !is_heard || machine.is_external() {
                    return Some(id);
                }
                machine.is_told = true;
                // Somebody's automatic addresses: a machine, but nobody could be reached by it from elsewhere.
                let is_chatter = machine.ips.first().is_some_and(|ip| ip.is_ipv6() && is_link_local(*ip));
                (Kind::Machine, if is_chatter { Strength::Weak } else { Strength::Firm })
            }
            _ => (Kind::Binding, Strength::Firm),
        };
        let had: Vec<String> = machine.ips.iter().map(ToString::to_string).collect();
        let hardware: Vec<String> = machine.macs.iter().map(ToString::to_string).collect();
        let label = machine.label();
        let mut deviation = match act {
            Some(act) => Deviation { from: None, to: Some(*address), ..Deviation::of_act(kind, strength, act) },
            None => Deviation { to: Some(*address), ..Deviation::new(kind, strength, at) },
        };
        deviation.to = deviation.to.map(Address::without_port);
        deviation.behind = model::Behind::Nobody;
        let met = address.to_string_with_hardware();
        deviation = match how {
            How::New => deviation.saying(
                model::said!(
                    "{n} known machines",
                    "{n} machines connues",
                    n = self.who.machines.iter().filter(|m| !m.is_group && m.state.is_accepted()).count()
                ),
                model::said!("{met}, known to nobody", "{met}, inconnue", met = met),
            ),
            _ => deviation.topic(address.ip.map_or_else(String::new, |ip| ip.to_string())).saying(
                model::said!(
                    "{label} at {ips}, hardware {macs}",
                    "{label} à {ips}, adresse matérielle {macs}",
                    label = label,
                    ips = had.join(", "),
                    macs = hardware.join(", ")
                ),
                Said::from(met.as_str()),
            ),
        };
        self.say(deviation, out);
        Some(id)
    }

    /// Whether new machines have become rare.
    fn knows_machines(&self) -> bool {
        self.who.met >= self.settings.observations_min * 10
            && (self.machines_once as f64) < self.who.met as f64 * self.settings.unseen_max
            && self.who.machines.first().is_some_and(|first| self.now.since(first.first) >= self.settings.span_min)
    }

    /// Whether new peers of this machine have become rare.
    fn knows_peers(&self, id: MachineId) -> bool {
        self.is_enforced
            || self.who.machine(id).is_some_and(|machine| {
                machine.began >= self.settings.observations_min
                    && f64::from(machine.channels_once) < machine.began as f64 * self.settings.unseen_max
                    && machine.last.since(machine.first) >= self.settings.span_min
            })
    }

    /// The number of a service: a protocol, or a port where no protocol was recognised.
    fn service(&mut self, name: &str) -> u16 {
        if self.traits.len() < self.service_names.len() {
            self.traits = self.service_names.iter().map(|name| kind::of(name)).collect();
        }
        // Names of protocols are short: no allocation.
        let name = Text::from(name);
        if let Some(number) = self.services.get(&name) {
            return *number;
        }
        let number = self.service_names.len() as u16;
        match self.services.entry(name.clone(), || number) {
            Some(_) => {
                self.traits.push(kind::of(&name));
                self.service_names.push(name);
                number
            }
            // The table is full: the last one stands for the rest.
            None => number.saturating_sub(1),
        }
    }

    fn service_name(&self, service: u16) -> &str {
        self.service_names.get(usize::from(service)).map_or("", Text::as_str)
    }

    fn kind_of(&self, service: u16) -> ProtocolKind {
        self.traits.get(usize::from(service)).map_or(ProtocolKind::Other, |traits| traits.kind)
    }

    /// Tells `deviation`, unless the same was told a moment ago.
    fn say(&mut self, mut deviation: Deviation, out: &mut Vec<Deviation>) {
        if self.admits(&mut deviation) {
            out.push(deviation);
        }
    }

    /// The same; what was expected and what was seen is put into words only where it is told.
    fn say_as(
        &mut self,
        mut deviation: Deviation,
        out: &mut Vec<Deviation>,
        words: impl FnOnce(&Baseline) -> (Said, Said),
    ) {
        if self.admits(&mut deviation) {
            let (expected, seen) = words(self);
            out.push(deviation.saying(expected, seen));
        }
    }

    /// Whether `deviation` is to be told: not where the same was told a moment ago.
    fn admits(&mut self, deviation: &mut Deviation) -> bool {
        let key = |address: &Option<Address>| address.as_ref().and_then(Key::of).map(|key| key.to_string());
        deviation.key = Hasher::with_seed(11).hash_one((
            deviation.kind.id(),
            key(&deviation.from),
            key(&deviation.to),
            deviation.protocol.as_ref(),
            deviation.behind.to_string(),
            deviation.topic.as_str(),
        ));
        deviation.record = self.records;
        let at = deviation.last;
        if self.said.is_full() {
            let now = self.now;
            self.said.retain(|_, (_, last)| now.since(*last) <= TELL_AGAIN);
        }
        match self.said.get_mut(&deviation.key) {
            Some((first, last)) => {
                // A conversation is told when it ends, after its acts: it knows better when it began.
                let is_earlier = deviation.first < *first;
                let is_again = at.since(*last) > TELL_AGAIN;
                *last = (*last).max(at);
                if is_again || is_earlier {
                    *first = deviation.first;
                }
                is_again || is_earlier
            }
            None => {
                let first = deviation.first;
                self.said.entry(deviation.key, || (first, at));
                true
            }
        }
    }
}

/// Acts that are never learned silently, whoever does them.
fn is_guarded(verb: Verb, is_industrial: bool) -> bool {
    matches!(
        verb,
        Verb::Program
            | Verb::Upload
            | Verb::Start
            | Verb::Stop
            | Verb::Mode
            | Verb::Reset
            | Verb::Configure
            | Verb::Firmware
    ) || (verb == Verb::File && is_industrial)
}

/// An address with its hardware, for people.
trait WithHardware {
    fn to_string_with_hardware(&self) -> String;
}

impl WithHardware for Address {
    fn to_string_with_hardware(&self) -> String {
        match (self.ip, self.mac) {
            (Some(ip), Some(mac)) if !mac.is_group() => format!("{ip} ({mac})"),
            _ => self.without_port().to_string(),
        }
    }
}

#[cfg(test)]
mod tests;
