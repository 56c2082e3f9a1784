//! One channel: what one machine says to another by one protocol, function by function.

use model::borsh::{BorshDeserialize, BorshSerialize};
use model::{Act, Behind, Outcome, Text, Time, Verb};

use super::ranges::{Objects, Place};
use super::timing::{HOUR, Hours, Timing, rounded};
use super::{Settings, State};
use crate::limits;
use crate::window::SECOND;

/// What is expected of a function beside what it may be done to; absent where nothing is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub struct Norm {
    /// Period in nanoseconds and its spread in percent.
    pub every: Option<(i64, u32)>,
    /// Nanoseconds of silence that are too long.
    pub silent_after: Option<i64>,
    /// Nanoseconds within which answers come.
    pub answers_within: Option<i64>,
    /// Hours of the week in which it comes.
    pub hours: Option<Hours>,
    /// The most in one minute.
    pub minute_max: Option<u64>,
}

/// One function of one channel.
#[derive(Clone, Debug, PartialEq, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct Line {
    pub(crate) verb: Verb,
    pub(crate) code: u32,
    pub(crate) name: Text,
    pub(crate) behind: Behind,
    pub(crate) state: State,
    /// How it may end: a bit for each outcome.
    pub(crate) outcomes: u8,
    pub(crate) objects: Objects,
    /// Objects that wait for somebody to look at them.
    pub(crate) waiting: Objects,
    pub(crate) count: u64,
    pub(crate) timing: Timing,
    /// Said by people; else it follows from what was learned.
    pub(crate) norm: Option<Norm>,
    pub(crate) first: Time,
    pub(crate) last: Time,
    /// What is followed while it is judged.
    pub(crate) watch: Watch,
}

/// What is followed of a line while it is judged, apart from what was learned.
#[derive(Clone, Debug, Default, PartialEq, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct Watch {
    /// The norm in force, and the count at which it is made anew.
    norm: Option<Norm>,
    renew_at: u64,
    pub(crate) last: Option<Time>,
    pub(crate) minute: i64,
    pub(crate) minute_count: u64,
    /// Acts in a row that came at another period, and answers in a row that were slow.
    pub(crate) off_period: u64,
    pub(crate) slow: u64,
    /// Whether its silence is waited for.
    pub(crate) is_awaited: bool,
}

/// The bit of an outcome. Done and asked are one: whether an answer belongs to a telling is for the decoder to know.
pub(crate) const fn bit(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Asked | Outcome::Done => 1,
        Outcome::Refused => 2,
        Outcome::NoAnswer => 4,
    }
}

impl Line {
    pub(crate) fn of(act: &Act, state: State) -> Line {
        Line {
            verb: act.verb,
            code: act.code,
            name: act.name.clone(),
            behind: act.behind.clone(),
            state,
            outcomes: 0,
            objects: Objects::default(),
            waiting: Objects::default(),
            count: 0,
            timing: Timing::default(),
            norm: None,
            first: act.repeats.first,
            last: act.repeats.last,
            watch: Watch::default(),
        }
    }

    pub(crate) fn is_of(&self, act: &Act) -> bool {
        self.code == act.code && self.verb == act.verb && self.behind == act.behind && self.name == act.name
    }

    /// Takes in one act as normal.
    pub(crate) fn learn(&mut self, act: &Act, place: Option<&Place>) {
        self.count = self.count.saturating_add(act.repeats.count);
        self.outcomes |= bit(act.outcome);
        if let Some(place) = place {
            self.objects.add(place, act.repeats.count);
        }
        self.timing.note(&act.repeats, act.latency);
        self.last = self.last.max(act.repeats.last);
    }

    /// What is expected of it.
    pub(crate) fn norm(&self) -> Norm {
        if let Some(norm) = &self.norm {
            return norm.clone();
        }
        let timing = &self.timing;
        let every = timing.gaps.period();
        let told = if timing.is_rolled { 130 * SECOND } else { 0 };
        let many = self.count >= ENOUGH;
        Norm {
            every,
            silent_after: every
                .map(|(period, _)| rounded((period * 3).max(timing.gaps.max / 2 * 3) + 2 * SECOND + told)),
            answers_within: (timing.answers.count >= ENOUGH).then(|| rounded(timing.answers.max.max(1_000_000))),
            hours: timing.window(),
            minute_max: (many && timing.minute_most() > 0).then(|| two_digits(timing.minute_most())),
        }
    }

    /// The norm in force while it is judged; made anew when twice as much was learned.
    pub(crate) fn in_force(&mut self) -> Norm {
        match &self.watch.norm {
            Some(norm) if self.count < self.watch.renew_at => norm.clone(),
            _ => {
                let norm = self.norm();
                self.watch.norm = Some(norm.clone());
                self.watch.renew_at = self.count.saturating_mul(2).max(16);
                norm
            }
        }
    }

    /// Things met once.
    pub(crate) fn singletons(&self) -> u64 {
        if !self.state.is_accepted() {
            return 0;
        }
        match self.objects.spaces.is_empty() {
            true => u64::from(self.count == 1),
            false => self.objects.singletons(),
        }
    }
}

/// Acts from which on rates and answers mean something.
pub(crate) const ENOUGH: u64 = 50;

/// Rounded up to two significant digits.
pub(crate) fn two_digits(number: u64) -> u64 {
    let mut unit = 1;
    while number / unit >= 100 {
        unit *= 10;
    }
    number.div_ceil(unit).saturating_mul(unit)
}

/// Bytes, losses and times of the conversations of a channel.
#[derive(Clone, Debug, Default, PartialEq, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct Volume {
    hour: i64,
    hour_bytes: u64,
    /// Whether all of this hour is normal.
    is_normal: bool,
    hours: u32,
    hour_max: u64,
    pub(crate) packets: u64,
    /// Most segments repeated or missing, in a thousand packets of one record.
    loss_max: u64,
    pub(crate) records: u64,
}

impl Volume {
    /// Adds bytes to their hour; gives the sum of that hour. `learns`: an hour like this is normal.
    pub(crate) fn add(&mut self, at: Time, bytes: u64, learns: bool) -> u64 {
        let hour = at.0.div_euclid(HOUR);
        if hour != self.hour {
            if self.is_normal {
                self.hours = self.hours.saturating_add(1);
                self.hour_max = self.hour_max.max(self.hour_bytes);
            }
            self.hour = hour;
            self.hour_bytes = 0;
            self.is_normal = learns;
        }
        self.is_normal &= learns;
        self.hour_bytes = self.hour_bytes.saturating_add(bytes);
        self.hour_bytes
    }

    /// Takes in the losses of one record.
    pub(crate) fn lose(&mut self, packets: u64, lost: u64) {
        self.packets = self.packets.saturating_add(packets);
        self.records = self.records.saturating_add(1);
        if packets > 0 {
            self.loss_max = self.loss_max.max((lost.saturating_mul(1_000)).div_ceil(packets));
        }
    }

    /// The most in an hour, once enough hours were seen.
    pub(crate) fn hour_max(&self) -> Option<u64> {
        (self.hours >= 6).then(|| two_digits(self.hour_max))
    }

    /// The most repeated or missing segments in a thousand packets, once enough packets were seen.
    pub(crate) fn loss_max(&self) -> Option<u64> {
        (self.packets >= 500).then_some(self.loss_max)
    }
}

/// One channel.
#[derive(Clone, Debug, PartialEq, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct Channel {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) service: u16,
    pub(crate) state: State,
    pub(crate) lines: Vec<Line>,
    /// How often it was met: acts, and conversations opened.
    pub(crate) count: u64,
    pub(crate) volume: Volume,
    /// Said by people: most bytes in an hour, most losses in a thousand packets.
    pub(crate) hour_bytes_max: Option<u64>,
    pub(crate) loss_max: Option<u64>,
    pub(crate) is_fixed: bool,
    pub(crate) armed: Option<Time>,
    /// When arming is looked at next, in acts.
    next_look: u64,
    pub(crate) first: Time,
    pub(crate) last: Time,
    /// Functions that found no place.
    pub(crate) dropped: u64,
}

/// How far a channel is with learning.
#[derive(Clone, Debug, PartialEq)]
pub enum Arming {
    /// It judges, since that time.
    Armed(Time),
    /// Too few were seen yet: how many, and of how many; when there will be enough at this pace.
    NeedsMore(u64, u64, Option<Time>),
    /// So many things were seen once only: they should be seen again; when that may be.
    NeedsCycle(u64, Option<Time>),
}

impl Channel {
    pub(crate) fn new(from: u32, to: u32, service: u16, state: State, at: Time) -> Channel {
        Channel {
            from,
            to,
            service,
            state,
            lines: Vec::new(),
            count: 0,
            volume: Volume::default(),
            hour_bytes_max: None,
            loss_max: None,
            is_fixed: false,
            armed: None,
            next_look: 0,
            first: at,
            last: at,
            dropped: 0,
        }
    }

    pub(crate) fn line(&self, act: &Act) -> Option<usize> {
        self.lines.iter().position(|line| line.is_of(act))
    }

    /// A new line; `None` where there is no room.
    pub(crate) fn add(&mut self, line: Line) -> Option<usize> {
        if self.lines.len() >= limits::BASELINE_LINES_PER_CHANNEL_MAX {
            self.dropped += 1;
            return None;
        }
        self.lines.push(line);
        Some(self.lines.len() - 1)
    }

    fn singletons(&self) -> u64 {
        self.lines.iter().map(Line::singletons).sum::<u64>() + u64::from(self.lines.is_empty() && self.count == 1)
    }

    /// Arms the channel where what was seen once is a small enough part of what was seen: the Good-Turing estimate of the
    /// probability that the next thing is new.
    pub(crate) fn look(&mut self, settings: &Settings) {
        if self.armed.is_some() || self.count < self.next_look || !self.state.is_accepted() {
            return;
        }
        self.next_look = self.count + (self.count / 32).max(1);
        let is_long = self.last.since(self.first) >= settings.span_min;
        if self.count >= settings.observations_min && is_long {
            let unseen = self.singletons() as f64 / self.count as f64;
            if unseen < settings.unseen_max {
                self.armed = Some(self.last);
            }
        }
    }

    /// How far it is.
    pub(crate) fn arming(&self, settings: &Settings) -> Arming {
        if let Some(at) = self.armed {
            return Arming::Armed(at);
        }
        let span = self.last.since(self.first);
        let pace = |needed: u64| {
            let left = needed.saturating_sub(self.count) as f64;
            let per_nanosecond = self.count as f64 / span as f64;
            (span > 0 && self.count > 1).then(|| self.last.plus((left / per_nanosecond).min(4e18) as i64))
        };
        let long_enough = self.first.plus(settings.span_min);
        if self.count < settings.observations_min || span < settings.span_min {
            let expected = pace(settings.observations_min).map(|at| at.max(long_enough));
            return Arming::NeedsMore(self.count, settings.observations_min, expected);
        }
        let once = self.singletons();
        // What was seen once may come again at the same time tomorrow, or in a week; or enough others come until then.
        let needed = (once as f64 / settings.unseen_max).min(1e18) as u64;
        let again = self
            .lines
            .iter()
            .filter(|line| line.singletons() > 0)
            .map(|line| {
                let day = line.last.plus(24 * HOUR);
                if day > self.last { day } else { line.last.plus(7 * 24 * HOUR) }
            })
            .max();
        Arming::NeedsCycle(once, pace(needed).into_iter().chain(again).min())
    }

    pub(crate) fn hour_bytes_max(&self) -> Option<u64> {
        if self.is_fixed { self.hour_bytes_max } else { self.volume.hour_max() }
    }

    pub(crate) fn loss_max(&self) -> Option<u64> {
        if self.is_fixed { self.loss_max } else { self.volume.loss_max() }
    }
}
