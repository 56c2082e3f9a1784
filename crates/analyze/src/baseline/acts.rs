//! Acts against the baseline: functions, objects, outcomes, hours, periods, answers, order.

use std::hash::BuildHasher;

use model::{Act, Outcome, Text, Time, Verb, nouns, number_of, said};

use super::channel::{ENOUGH, Line, bit};
use super::ranges::{Place, place, show, show_all};
use super::sequence::Context;
use super::{Baseline, Channel, Deviation, HOLE, Kind, Mode, ProtocolKind, State, Strength, is_guarded};
use crate::limits;
use crate::table::Hasher;
use crate::window::{MINUTE, SECOND};

impl Baseline {
    pub(super) fn act(&mut self, act: &Act, mode: Mode, out: &mut Vec<Deviation>) {
        self.advance(act.repeats.last, mode, out);
        let count = act.repeats.count;
        let has_answered = matches!(act.outcome, Outcome::Done | Outcome::Refused);
        let Some(from) = self.meet(&act.from, Some(act), act.at, count, true, mode, out) else { return };
        let Some(to) = self.meet(&act.to, Some(act), act.at, count, has_answered, mode, out) else { return };
        let service = self.service(&act.protocol);
        let is_industrial = self.kind_of(service) == ProtocolKind::Industrial;
        if is_industrial {
            self.notice_server(act, from, to, has_answered);
        }
        let Some(number) = self.channel(from, to, service, act.repeats.first, count, mode) else { return };
        if !self.state_of(number).is_accepted() {
            self.act_of_stranger(act, number, mode, out);
            return;
        }
        let is_armed = mode != Mode::Learn && self.is_armed(number);
        self.line(act, number, is_industrial, is_armed, mode, out);
        if is_industrial {
            self.order(act, from, to, service, mode, out);
            self.writes(act, to, service, mode, out);
        }
    }

    fn notice_server(&mut self, act: &Act, from: u32, to: u32, has_answered: bool) {
        let serves = match act.verb {
            Verb::Report | Verb::Alarm => Some(from),
            _ if has_answered => Some(to),
            _ => None,
        };
        if let Some(machine) = serves.and_then(|id| self.who.machine_mut(id)) {
            machine.serves_industry = true;
        }
    }

    pub(super) fn state_of(&self, number: u32) -> State {
        self.channels.get(number as usize).map_or(State::Waiting, |channel| channel.state)
    }

    fn is_armed(&self, number: u32) -> bool {
        self.is_enforced || self.channels.get(number as usize).is_some_and(|channel| channel.armed.is_some())
    }

    /// An act in a channel that waits for a person: its conversation is told, and what it does is noted for the person.
    fn act_of_stranger(&mut self, act: &Act, number: u32, mode: Mode, out: &mut Vec<Deviation>) {
        self.stranger_act(act, number, out);
        let is_industrial = {
            let service = self.channels.get(number as usize).map_or(0, |channel| channel.service);
            self.kind_of(service) == ProtocolKind::Industrial
        };
        let place = if is_industrial { place(&act.object) } else { None };
        let Some(channel) = self.channels.get_mut(number as usize) else { return };
        let line = channel.line(act).or_else(|| channel.add(Line::of(act, State::Waiting)));
        if let Some(line) = line.and_then(|line| channel.lines.get_mut(line)) {
            line.learn(act, place.as_ref());
        }
        if is_guarded(act.verb, is_industrial) && mode != Mode::Learn {
            let is_armed =
                self.channels.get(number as usize).is_some_and(|c| self.knows_peers(c.from) || self.knows_peers(c.to));
            self.guarded(act, is_armed, out);
        }
    }

    /// An act that is never learned silently, by somebody who was not approved to do it.
    fn guarded(&mut self, act: &Act, is_armed: bool, out: &mut Vec<Deviation>) {
        // Before anything was approved or is well known, every such act is told by the detectors of acts alone.
        if !(self.is_enforced || self.is_approved || is_armed) {
            return;
        }
        let kind = match act.verb {
            Verb::Program | Verb::Upload => Kind::Programmer,
            Verb::Firmware => Kind::Firmware,
            Verb::Configure => Kind::Configurer,
            Verb::File => Kind::Files,
            _ => Kind::Mode,
        };
        let deviation = Deviation::of_act(kind, Strength::Certain, act).topic(act.name.as_str());
        self.say_as(deviation, out, |_| {
            let expected = said!("nobody approved that it does this", "personne n'a approuvé qu'elle le fasse");
            (expected, crate::detector::tell(act))
        });
    }

    /// The function, and everything that is expected of it.
    fn line(
        &mut self,
        act: &Act,
        number: u32,
        is_industrial: bool,
        is_armed: bool,
        mode: Mode,
        out: &mut Vec<Deviation>,
    ) {
        let place = if is_industrial { place(&act.object) } else { None };
        let guarded = is_guarded(act.verb, is_industrial);
        let Some(channel) = self.channels.get(number as usize) else { return };
        let Some(found) = channel.line(act) else {
            self.new_line(act, number, place.as_ref(), (is_industrial, guarded, is_armed), mode, out);
            return;
        };
        let to = channel.to;
        let Some(line) = self.channels.get_mut(number as usize).and_then(|channel| channel.lines.get_mut(found)) else {
            return;
        };
        if !line.state.is_accepted() {
            line.learn(act, place.as_ref());
            let is_new_function = mode != Mode::Learn && !guarded && is_armed;
            if guarded {
                self.note_program(act, to);
                if mode != Mode::Learn {
                    self.guarded(act, is_armed, out);
                }
            } else if is_new_function {
                self.say_function(act, number, is_industrial, out);
            }
            return;
        }
        if guarded {
            self.note_program(act, to);
        }
        if mode == Mode::Learn || !is_armed {
            if mode != Mode::Judge {
                self.learn_line(act, number, found, place.as_ref());
            }
            return;
        }
        self.judge_line(act, number, found, place.as_ref(), is_industrial, mode, out);
    }

    fn note_program(&mut self, act: &Act, to: u32) {
        if act.verb == Verb::Program && matches!(act.outcome, Outcome::Done | Outcome::Asked) {
            let by = act.from.without_port().to_string();
            self.programmed(to, &by, act.repeats.last);
        }
    }

    fn learn_line(&mut self, act: &Act, number: u32, found: usize, place: Option<&Place>) {
        let settings = self.settings;
        let Some(channel) = self.channels.get_mut(number as usize) else { return };
        if let Some(line) = channel.lines.get_mut(found) {
            line.learn(act, place);
        }
        channel.look(&settings);
    }

    fn new_line(
        &mut self,
        act: &Act,
        number: u32,
        place: Option<&Place>,
        (is_industrial, guarded, is_armed): (bool, bool, bool),
        mode: Mode,
        out: &mut Vec<Deviation>,
    ) {
        let judges = mode != Mode::Learn && is_armed;
        let is_of_class = judges && !guarded && self.class_has(number, act, place);
        let state = match guarded || (judges && !is_of_class) {
            true => State::Waiting,
            false => State::Proposed,
        };
        if self.lines >= limits::BASELINE_LINES_MAX as u64 {
            self.dropped += 1;
        } else if mode != Mode::Judge || judges || guarded {
            let settings = self.settings;
            let Some(channel) = self.channels.get_mut(number as usize) else { return };
            if let Some(at) = channel.add(Line::of(act, state)) {
                self.lines += 1;
                if let Some(line) = channel.lines.get_mut(at) {
                    line.learn(act, place);
                }
                channel.look(&settings);
            }
        }
        if guarded {
            if let Some(to) = self.channels.get(number as usize).map(|channel| channel.to) {
                self.note_program(act, to);
            }
            if mode != Mode::Learn {
                self.guarded(act, is_armed, out);
            }
        } else if judges && !is_of_class {
            self.say_function(act, number, is_industrial, out);
        }
    }

    fn say_function(&mut self, act: &Act, number: u32, is_industrial: bool, out: &mut Vec<Deviation>) {
        let (kind, strength) = match is_industrial {
            true if act.outcome == Outcome::NoAnswer => (Kind::Function, Strength::Weak),
            true => (Kind::Function, Strength::Firm),
            false => (Kind::OfficeFunction, Strength::Weak),
        };
        let deviation = Deviation::of_act(kind, strength, act).topic(format!("{} {}", act.code, act.name));
        self.say_as(deviation, out, |baseline| {
            let lines = baseline.channels.get(number as usize).into_iter().flat_map(|channel| &channel.lines);
            let mut names: Vec<&str> =
                lines.filter(|line| line.state.is_accepted()).map(|line| line.name.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            let more = names.len().saturating_sub(6);
            names.truncate(6);
            let more = if more > 0 { format!(" (+{more})") } else { String::new() };
            let names = format!("{}{more}", names.join(", "));
            (said!("only {names}", "seulement {names}", names = names), crate::detector::tell(act))
        });
    }

    /// Whether the same machine does the same to others of the kind: a master of outstations of one class.
    fn class_has(&self, number: u32, act: &Act, place: Option<&Place>) -> bool {
        let Some(channel) = self.channels.get(number as usize) else { return false };
        let Some(class) = self.classes.get(&(channel.from, channel.service)) else { return false };
        let others = class
            .iter()
            .filter(|other| **other != number)
            .filter_map(|other| self.channels.get(*other as usize))
            .filter(|other| other.state.is_accepted() && is_alike(channel, other));
        let mut is_known = false;
        let mut ranges = super::ranges::Objects::default();
        for line in others.flat_map(|other| &other.lines) {
            let is_same = line.code == act.code && line.verb == act.verb && line.name == act.name;
            if is_same && line.state.is_accepted() {
                is_known = true;
                ranges.merge(&line.objects);
            }
        }
        // What is done to some of a class may be done to all, on every object that was used with any of them.
        is_known && place.is_none_or(|place| ranges.has(place) || is_operating(act.verb) && ranges.knows(&place.space))
    }

    /// Whether a rarely used command goes to something that the same machine also reads there: an operator who has not used
    /// every button yet.
    fn is_shown_to(&self, number: u32, found: usize, place: &Place) -> bool {
        let Some(channel) = self.channels.get(number as usize) else { return false };
        let Some(line) = channel.lines.get(found) else { return false };
        is_operating(line.verb)
            && line.count < ENOUGH
            && channel.lines.iter().any(|other| {
                matches!(other.verb, Verb::Read | Verb::Subscribe)
                    && other.state.is_accepted()
                    && other.objects.has(place)
            })
    }

    #[allow(clippy::too_many_arguments, reason = "one act and where it stands")]
    fn judge_line(
        &mut self,
        act: &Act,
        number: u32,
        found: usize,
        place: Option<&Place>,
        is_industrial: bool,
        mode: Mode,
        out: &mut Vec<Deviation>,
    ) {
        let strength = if is_industrial { Strength::Firm } else { Strength::Weak };
        let line_of = |baseline: &Self| -> Option<(Text, bool, bool, String)> {
            let line = baseline.channels.get(number as usize)?.lines.get(found)?;
            let has_object = place.is_none_or(|place| line.objects.has(place));
            let has_outcome = line.outcomes & bit(act.outcome) != 0;
            let shown = if has_object { String::new() } else { show_all(&line.objects) };
            Some((line.name.clone(), has_object, has_outcome, shown))
        };
        let Some((name, has_object, has_outcome, shown)) = line_of(self) else { return };
        let mut is_normal = true;
        if let Some(place) = place.filter(|_| !has_object)
            && !self.class_has(number, act, Some(place))
        {
            is_normal = false;
            let strength = if self.is_shown_to(number, found, place) { Strength::Weak } else { strength };
            if let Some(line) = self.channels.get_mut(number as usize).and_then(|channel| channel.lines.get_mut(found))
            {
                line.waiting.add(place, act.repeats.count);
            }
            let deviation = Deviation::of_act(Kind::Object, strength, act)
                .topic(format!("{} {}", act.code, topic_of(place)))
                .saying(
                    said!("{name} of {objects}", "{name} de {objects}", name = name.as_str(), objects = shown),
                    said!("{name} of {object}", "{name} de {object}", name = name.as_str(), object = show(place)),
                );
            self.say(deviation, out);
        }
        if !has_outcome {
            is_normal = false;
            let strength = if act.outcome == Outcome::Refused { strength } else { Strength::Weak };
            let deviation =
                Deviation::of_act(Kind::Outcome, strength, act).topic(format!("{} {}", act.code, act.outcome)).saying(
                    said!("{name} ends otherwise", "{name} se termine autrement", name = name.as_str()),
                    crate::detector::tell(act),
                );
            self.say(deviation, out);
        }
        let was_at_hour = self.judge_timing(act, number, found, strength, out);
        if mode == Mode::Live && is_normal && was_at_hour {
            let Some(channel) = self.channels.get_mut(number as usize) else { return };
            let Some(line) = channel.lines.get_mut(found) else { return };
            line.count = line.count.saturating_add(act.repeats.count);
            line.last = line.last.max(act.repeats.last);
            line.timing.note_day(act.repeats.last);
        }
    }

    /// Hours, period, burst and answers of a known act; whether it came at its hour.
    fn judge_timing(
        &mut self,
        act: &Act,
        number: u32,
        found: usize,
        strength: Strength,
        out: &mut Vec<Deviation>,
    ) -> bool {
        let Some(line) = self.channels.get_mut(number as usize).and_then(|channel| channel.lines.get_mut(found)) else {
            return true;
        };
        let norm = line.in_force();
        let repeats = &act.repeats;
        let (name, topic) = (line.name.clone(), format!("{} {}", line.code, line.name));
        let watch = &mut line.watch;
        let mut told: Vec<(Kind, model::Said, model::Said)> = Vec::new();

        let is_at_hour = norm.hours.is_none_or(|hours| hours.has_about(repeats.first));
        if !is_at_hour {
            let (_, hour) = super::timing::Hours::of(repeats.first);
            told.push((
                Kind::OffHours,
                said!("{name} at its hours only", "{name} à ses heures seulement", name = name.as_str()),
                said!("at {hour}:00 UTC", "à {hour} h UTC", hour = u64::from(hour)),
            ));
        }
        if let Some((period, spread)) = norm.every {
            let tolerance = (f64::from(spread) * 4.0).max(30.0) / 100.0;
            let is_off = |gap: i64| (gap as f64 / period as f64 - 1.0).abs() > tolerance;
            let gap = match (repeats.gaps, watch.last) {
                (Some((_, _, mean)), _) => Some((mean, repeats.count)),
                (None, Some(last)) => Some((repeats.first.since(last), 1)),
                (None, None) => None,
            };
            if let Some((gap, count)) = gap.filter(|(gap, _)| *gap >= 0) {
                watch.off_period = if is_off(gap) { watch.off_period + count } else { 0 };
                if watch.off_period >= PERIODS_OFF {
                    watch.off_period = 0;
                    told.push((
                        Kind::Period,
                        said!(
                            "{name} every {every}",
                            "{name} toutes les {every}",
                            name = name.as_str(),
                            every = show_duration(period)
                        ),
                        said!("now every {every}", "maintenant toutes les {every}", every = show_duration(gap)),
                    ));
                }
            }
        }
        let minute = repeats.first.0.div_euclid(MINUTE);
        if minute != watch.minute {
            watch.minute = minute;
            watch.minute_count = 0;
        }
        watch.minute_count = watch.minute_count.saturating_add(repeats.count);
        if let Some(most) = norm.minute_max
            && watch.minute_count > most.saturating_mul(3).max(most + 20)
        {
            told.push((
                Kind::Burst,
                said!(
                    "{name} at most {most} a minute",
                    "{name} au plus {most} par minute",
                    name = name.as_str(),
                    most = most
                ),
                said!(
                    "{count} in a minute",
                    "{count} en une minute",
                    count = number_of(watch.minute_count, nouns::TIMES)
                ),
            ));
        }
        if let (Some(within), Some(latency)) = (norm.answers_within, act.latency) {
            watch.slow = if latency > within.saturating_mul(3) + SECOND / 100 { watch.slow + repeats.count } else { 0 };
            if watch.slow >= SLOW_ANSWERS {
                watch.slow = 0;
                told.push((
                    Kind::Slow,
                    said!("answers within {within}", "réponses en {within}", within = show_duration(within)),
                    said!("{latency}", "{latency}", latency = show_duration(latency)),
                ));
            }
        }
        watch.last = Some(watch.last.map_or(repeats.last, |last| last.max(repeats.last)));
        let awaited = match norm.silent_after {
            Some(limit) if !watch.is_awaited => {
                watch.is_awaited = true;
                Some(repeats.last.plus(limit))
            }
            _ => None,
        };
        if let Some(due) = awaited {
            self.due.insert((due, number, found as u32));
        }
        for (kind, expected, seen) in told {
            let weak = matches!(kind, Kind::Slow) && act.repeats.count == 1 && strength == Strength::Weak;
            let strength = if weak { Strength::Weak } else { strength };
            self.say(Deviation::of_act(kind, strength, act).topic(topic.clone()).saying(expected, seen), out);
        }
        is_at_hour
    }

    /// From now on, the silence of every cyclic act is waited for.
    pub(super) fn await_all(&mut self) {
        let (now, is_enforced) = (self.now, self.is_enforced);
        for (number, channel) in self.channels.iter_mut().enumerate() {
            if !channel.state.is_accepted() || !(is_enforced || channel.armed.is_some()) {
                continue;
            }
            for (at, line) in channel.lines.iter_mut().enumerate().filter(|(_, line)| line.state.is_accepted()) {
                if let Some(limit) = line.in_force().silent_after {
                    line.watch.is_awaited = true;
                    self.due.insert((now.plus(limit), number as u32, at as u32));
                }
            }
        }
    }

    /// The cyclic acts that are overdue; `before`: the time of the record before.
    pub(super) fn silences(&mut self, before: Time, out: &mut Vec<Deviation>) {
        let is_hole = self.now.since(before) > HOLE;
        while let Some(&(due, number, at)) = self.due.first() {
            if due >= self.now {
                break;
            }
            self.due.pop_first();
            let now = self.now;
            let Some(channel) = self.channels.get_mut(number as usize) else { continue };
            let (from, to, service) = (channel.from, channel.to, channel.service);
            let Some(line) = channel.lines.get_mut(at as usize) else { continue };
            let norm = line.in_force();
            let (Some(limit), Some((period, _))) = (norm.silent_after, norm.every) else {
                line.watch.is_awaited = false;
                continue;
            };
            let next = line.watch.last.map_or(due, |last| last.plus(limit));
            if next >= now {
                self.due.insert((next, number, at));
                continue;
            }
            // Where nothing at all was seen, nothing can be said of one machine.
            if is_hole {
                self.due.insert((now.plus(limit), number, at));
                continue;
            }
            line.watch.is_awaited = false;
            let (name, behind, code) = (line.name.clone(), line.behind.clone(), line.code);
            let since = line.watch.last;
            let is_industrial = self.kind_of(service) == ProtocolKind::Industrial;
            let address = |id| self.who.machine(id).map(super::machine::Machine::address);
            let strength = if is_industrial { Strength::Firm } else { Strength::Weak };
            let mut deviation =
                Deviation::new(Kind::Silence, strength, since.unwrap_or(due)).topic(format!("{code} {name}"));
            deviation = Deviation {
                last: now,
                from: address(from),
                to: address(to),
                behind,
                protocol: std::borrow::Cow::Owned(self.service_name(service).to_owned()),
                ..deviation
            };
            let seen = match since {
                Some(last) => said!(
                    "nothing for {pause}",
                    "rien depuis {pause}",
                    pause = show_duration(super::timing::rounded(now.since(last)))
                ),
                None => said!("not seen at all", "jamais vu"),
            };
            let expected = said!(
                "{name} every {every}",
                "{name} toutes les {every}",
                name = name.as_str(),
                every = show_duration(period)
            );
            self.say(deviation.saying(expected, seen), out);
        }
    }

    /// The order of messages of the pair.
    fn order(&mut self, act: &Act, from: u32, to: u32, service: u16, mode: Mode, out: &mut Vec<Deviation>) {
        let is_forward = from <= to;
        let key = if is_forward { (from, to, service) } else { (to, from, service) };
        let flow = Hasher::with_seed(12).hash_one((act.flow, key));
        // What was rolled up has lost its place in the order.
        if act.repeats.count > 1 {
            if let Some(context) = self.flows.get_mut(&flow) {
                *context = Context::default();
            }
            return;
        }
        let context = self.flows.get(&flow).copied().unwrap_or_default();
        let (is_enforced, unseen_max) = (self.is_enforced, self.settings.unseen_max);
        let symbol = match mode {
            Mode::Judge => match self.sequences.get(&key) {
                Some(sequence) => {
                    let symbol = sequence.symbol(act, is_forward);
                    if sequence.is_armed(is_enforced, unseen_max)
                        && sequence.knows(act, is_forward)
                        && let Err(expected) = sequence.judge(context, symbol)
                    {
                        let deviation = out_of_order(act, sequence, context, &expected);
                        self.say(deviation, out);
                    }
                    symbol
                }
                None => None,
            },
            Mode::Learn | Mode::Live => {
                let Some(sequence) = self.sequences.entry(key, Default::default) else { return };
                let is_armed = mode == Mode::Live && sequence.is_armed(is_enforced, unseen_max);
                if is_armed {
                    let symbol = sequence.symbol(act, is_forward);
                    if sequence.knows(act, is_forward)
                        && let Err(expected) = sequence.judge(context, symbol)
                    {
                        let deviation = out_of_order(act, sequence, context, &expected);
                        self.say(deviation, out);
                    }
                    symbol
                } else if sequence.is_fixed {
                    sequence.symbol(act, is_forward)
                } else {
                    sequence.learn(context, act, is_forward)
                }
            }
        };
        if self.flows.is_full() && self.flows.get(&flow).is_none() {
            self.flows.retain(|_, _| false);
        }
        if let Some(entry) = self.flows.entry(flow, Context::default) {
            *entry = context.push(symbol);
        }
    }
}

/// Whether two channels of one master serve machines of one kind: most of the functions of the smaller are of the other.
fn is_alike(a: &Channel, b: &Channel) -> bool {
    let shared = a
        .lines
        .iter()
        .filter(|line| line.state.is_accepted())
        .filter(|line| {
            b.lines.iter().any(|other| other.code == line.code && other.verb == line.verb && other.state.is_accepted())
        })
        .count();
    let of = |channel: &Channel| channel.lines.iter().filter(|line| line.state.is_accepted()).count();
    shared > 0 && shared * 2 >= of(a).min(of(b))
}

fn out_of_order(act: &Act, sequence: &super::Sequence, context: Context, expected: &[u8]) -> Deviation {
    let show = |id: Option<u8>| {
        id.and_then(|id| sequence.symbols.get(usize::from(id)))
            .map_or_else(|| "?".to_owned(), super::sequence::Symbol::show)
    };
    let before: Vec<String> = [context.0, context.1].into_iter().flatten().map(|id| show(Some(id))).collect();
    let expected: Vec<String> = expected.iter().map(|id| show(Some(*id))).collect();
    let before = before.join(", ");
    Deviation::of_act(Kind::Sequence, Strength::Firm, act)
        .topic(format!("{before} | {} {}", act.name, act.outcome))
        .saying(
            said!(
                "after {before}: {expected}",
                "après {before} : {expected}",
                before = before,
                expected = expected.join(" / ")
            ),
            crate::detector::tell(act),
        )
}

/// The part of a place that tells novelties apart: many new objects of one space are one novelty by blocks.
fn topic_of(place: &Place) -> String {
    use super::ranges::Space;
    match &place.space {
        Space::Numbered(name) | Space::Pattern(name) => format!("{name} {}", place.first / 64),
        Space::Name(name) => name.to_string(),
    }
}

const fn is_operating(verb: Verb) -> bool {
    matches!(verb, Verb::Operate | Verb::Write)
}

/// Acts at another period, in a row, that are a new period.
const PERIODS_OFF: u64 = 20;

/// Slow answers, in a row, that are slow.
const SLOW_ANSWERS: u64 = 5;

/// `500 ms`: exact, in the largest unit that it reaches.
pub(crate) fn show_duration(nanoseconds: i64) -> String {
    const UNITS: &[(i64, &str)] =
        &[(3_600 * SECOND, "h"), (MINUTE, "min"), (SECOND, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns")];
    for (size, unit) in UNITS {
        // Hours and minutes only where they are whole: their parts are not decimal.
        let is_decimal = *size <= SECOND;
        if nanoseconds >= *size && (is_decimal || nanoseconds % size == 0) {
            let (whole, rest) = (nanoseconds / size, nanoseconds % size);
            if rest == 0 {
                return format!("{whole} {unit}");
            }
            let digits = format!("{rest:0width$}", width = (*size as f64).log10().round() as usize);
            return format!("{whole}.{} {unit}", digits.trim_end_matches('0'));
        }
    }
    format!("{nanoseconds} ns")
}
