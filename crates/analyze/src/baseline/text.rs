//! The baseline as text: one line for each thing that is normal, in a stable order, so that people can read, compare and
//! approve it as they do with code. `parse.rs` reads it back.

use std::collections::BTreeMap;
use std::fmt::Write;

use model::{Behind, Outcome};

use super::acts::show_duration;
use super::channel::{Arming, Line, Norm};
use super::facts::Known;
use super::machine::{Machine, MachineId};
use super::ranges::{Objects, Space};
use super::sequence::{CONTEXT_MIN, Followers, Sequence, Symbol};
use super::timing::Hours;
use super::{Baseline, State};

/// The first line: the version of the form.
pub const HEAD: &str = "vigie baseline 1";

/// Words that a name may not be without quotes, because they begin or join something.
pub(super) const WORDS: &[&str] = &[
    "machine", "is", "takes", "to", "talks", "on", "any", "name", "names", "every", "silent", "after", "answers",
    "within", "at", "most", "a", "minute", "during", "ends", "up", "bytes", "an", "hour", "losing", "in", "unit",
    "link", "rack", "slot", "path", "then", "written", "by", "group", "ip", "mac", "approved", "proposed", "waiting",
    "removed",
];

pub(super) const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// One line of the text, with what is known of it beside.
#[derive(Clone, Debug, PartialEq)]
pub struct TextLine {
    /// What became of it.
    pub state: State,
    /// The line as it stands in the text, its state first.
    pub text: String,
    /// Label of the machine that acts, or that the line is about.
    pub from: String,
    /// Label of the machine that it acts on; empty where the line is about one machine.
    pub to: String,
    /// The protocol or service; empty where none is.
    pub service: String,
    /// Where it is a channel: whether it judges yet.
    pub arming: Option<Arming>,
    /// How often it was met.
    pub count: u64,
}

/// `text` as a word, in quotes where it must be.
pub(super) fn word(text: &str) -> String {
    let is_plain = !text.is_empty()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '-' | '/'))
        && !WORDS.contains(&text);
    if is_plain { text.to_owned() } else { quoted(text) }
}

pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
            {
                let _ = write!(out, "\\u{{{:x}}}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

pub(super) fn behind(behind: &Behind) -> String {
    match behind {
        Behind::Nobody => String::new(),
        Behind::Unit(unit) => format!(" unit {unit}"),
        Behind::Link(link) => format!(" link {link}"),
        Behind::Slot { rack, slot } => format!(" rack {rack} slot {slot}"),
        Behind::Path(path) => format!(" path {}", quoted(path)),
    }
}

pub(super) fn objects(objects: &Objects) -> String {
    if objects.is_any {
        return "  on any".to_owned();
    }
    let mut parts = Vec::new();
    for (space, ranges) in &objects.spaces {
        for range in ranges {
            let number = match range.first == range.last {
                true => range.first.to_string(),
                false => format!("{}-{}", range.first, range.last),
            };
            parts.push(match space {
                Space::Numbered(space) => format!("{} {number}", word(space)),
                Space::Pattern(pattern) => format!("names {} {number}", quoted(pattern)),
                Space::Name(name) => format!("name {}", quoted(name)),
            });
        }
    }
    if parts.is_empty() { String::new() } else { format!("  on {}", parts.join(", ")) }
}

fn hours_of_day(mask: u32) -> String {
    let mut parts = Vec::new();
    let mut hour = 0;
    while hour < 24 {
        if mask & (1 << hour) == 0 {
            hour += 1;
            continue;
        }
        let first = hour;
        while hour < 24 && mask & (1 << hour) != 0 {
            hour += 1;
        }
        parts.push(format!("{first:02}-{hour:02}"));
    }
    parts.join("+")
}

pub(super) fn hours(hours: &Hours) -> String {
    let masks = &hours.0;
    let Some(first) = masks.first() else { return String::new() };
    if masks.iter().all(|mask| mask == first) {
        return format!("daily {}", if *first == 0 { "never".to_owned() } else { hours_of_day(*first) });
    }
    let mut parts = Vec::new();
    let mut day = 0;
    while day < 7 {
        let mask = masks[day];
        let begin = day;
        while day < 7 && masks[day] == mask {
            day += 1;
        }
        if mask == 0 {
            continue;
        }
        let days = if day - begin == 1 { DAYS[begin].to_owned() } else { format!("{}-{}", DAYS[begin], DAYS[day - 1]) };
        parts.push(format!("{days} {}", hours_of_day(mask)));
    }
    parts.join(", ")
}

fn norm(norm: &Norm) -> String {
    let mut text = String::new();
    if let Some((period, spread)) = norm.every {
        let _ = write!(text, "  every {} ±{spread} %", show_duration(period));
    }
    if let Some(after) = norm.silent_after {
        let _ = write!(text, "  silent after {}", show_duration(after));
    }
    if let Some(within) = norm.answers_within {
        let _ = write!(text, "  answers within {}", show_duration(within));
    }
    if let Some(most) = norm.minute_max {
        let _ = write!(text, "  at most {most} a minute");
    }
    if let Some(window) = &norm.hours {
        let _ = write!(text, "  during {}", hours(window));
    }
    text
}

pub(super) const OUTCOMES: [(u8, &str); 3] = [(1, "done"), (2, "refused"), (4, "unanswered")];

fn function(line: &Line) -> String {
    format!("{} {} ({}){}", line.verb, quoted(&line.name), line.code, behind(&line.behind))
}

fn symbol(symbol: &Symbol, is_flipped: bool) -> String {
    let arrow = if symbol.is_forward != is_flipped { '→' } else { '←' };
    let end = match symbol.outcome {
        Outcome::Done => "",
        Outcome::Asked => " asked",
        Outcome::Refused => " refused",
        Outcome::NoAnswer => " unanswered",
    };
    format!("{arrow} {} {} ({}){end}", symbol.verb, quoted(&symbol.name), symbol.code)
}

impl Baseline {
    /// A label for each machine: its name where only one has it, else its address.
    pub(super) fn labels(&self) -> Vec<String> {
        let mut count: BTreeMap<String, u32> = BTreeMap::new();
        for machine in &self.who.machines {
            *count.entry(machine.label()).or_default() += 1;
        }
        let unique = |machine: &Machine| {
            let label = machine.label();
            // A name that is the address of another would be taken for it.
            let is_address = label.parse::<std::net::IpAddr>().is_ok() || model::Mac::parse(&label).is_some();
            match count.get(&label) {
                Some(1) if machine.name.is_empty() || !is_address => label,
                _ => machine.address_text(),
            }
        };
        self.who.machines.iter().map(unique).collect()
    }

    /// Every line of the text after its head, in order.
    pub fn text_lines(&self) -> Vec<TextLine> {
        let labels = self.labels();
        let label = |id: MachineId| labels.get(id as usize).map_or("?", String::as_str);
        let mut lines: Vec<TextLine> = Vec::new();
        let mut used = vec![false; labels.len()];
        let mut mark = |id: MachineId| {
            if let Some(used) = used.get_mut(id as usize) {
                *used = true;
            }
        };
        let make = |state: State, text: String, from: &str, to: &str, service: &str| TextLine {
            state,
            text: format!("{:<9}{text}", state.as_str()),
            from: from.to_owned(),
            to: to.to_owned(),
            service: service.to_owned(),
            arming: None,
            count: 0,
        };
        for channel in &self.channels {
            mark(channel.from);
            mark(channel.to);
            let (from, to) = (label(channel.from), label(channel.to));
            let service = self.service_name(channel.service);
            let head = format!("{} → {}  {}", word(from), word(to), word(service));
            let mut text = format!("{head} talks");
            if channel.state.is_accepted() {
                if let Some(bytes) = channel.hour_bytes_max() {
                    let _ = write!(text, "  up to {bytes} bytes an hour");
                }
                if let Some(loss) = channel.loss_max() {
                    let _ = write!(text, "  losing up to {loss} in 1000");
                }
            }
            lines.push(TextLine {
                arming: channel.state.is_accepted().then(|| channel.arming(&self.settings)),
                count: channel.count,
                ..make(channel.state, text, from, to, service)
            });
            for line in &channel.lines {
                let mut text = format!("{head} {}{}", function(line), objects(&line.objects));
                if line.state.is_accepted() {
                    text += &norm(&line.norm());
                }
                if line.outcomes != 1 {
                    let ends: Vec<&str> =
                        OUTCOMES.iter().filter(|(bit, _)| line.outcomes & bit != 0).map(|(_, word)| *word).collect();
                    let _ = write!(text, "  ends {}", ends.join(", "));
                }
                lines.push(TextLine { count: line.count, ..make(line.state, text, from, to, service) });
                if !line.waiting.is_empty() {
                    let text = format!("{head} {}{}", function(line), objects(&line.waiting));
                    lines.push(make(State::Waiting, text, from, to, service));
                }
            }
        }
        for ((device, service, part, object), setpoint) in self.setpoints.sorted() {
            if !setpoint.is_armed() {
                continue;
            }
            mark(*device);
            let (name, service, (low, high)) = (label(*device), self.service_name(*service), setpoint.limits());
            let text =
                format!("{} takes {} {} {low} to {high}{}", word(name), word(service), quoted(object), behind(part));
            lines.push(TextLine { count: setpoint.count, ..make(setpoint.state, text, name, "", service) });
        }
        for ((machine, part, key), known) in self.known.sorted() {
            mark(*machine);
            let name = label(*machine);
            for value in &known.values {
                let mut text = format!("{} is {key} {}{}", word(name), quoted(&value.value), behind(part));
                if let Some((by, at)) = written(known, value.first) {
                    let _ = write!(text, "  written by {} at {at}", quoted(by));
                }
                lines.push(make(value.state, text, name, "", ""));
            }
        }
        for ((a, b, service), sequence) in self.sequences.sorted() {
            if sequence.is_full || !(sequence.is_fixed || sequence.count >= CONTEXT_MIN) {
                continue;
            }
            mark(*a);
            mark(*b);
            let service = self.service_name(*service);
            let is_flipped = label(*a) > label(*b);
            let (first, second) = if is_flipped { (label(*b), label(*a)) } else { (label(*a), label(*b)) };
            for text in order(sequence, is_flipped) {
                let text = format!("{} ↔ {}  {} {text}", word(first), word(second), word(service));
                lines.push(make(sequence.state(), text, first, second, service));
            }
        }
        for (id, machine) in self.who.machines.iter().enumerate() {
            if !used[id] && machine.state.is_accepted() && machine.met < 2 {
                continue;
            }
            let mut text = format!("machine {}", word(&labels[id]));
            for ip in &machine.ips {
                let _ = write!(text, " ip {ip}");
            }
            for mac in &machine.macs {
                let _ = write!(text, " mac {mac}");
            }
            if machine.is_group {
                text.push_str(" group");
            }
            lines.push(TextLine { count: machine.met, ..make(machine.state, text, &labels[id], "", "") });
        }
        lines.sort_by(|a, b| {
            let key = |line: &TextLine| (!is_machine(line), line.to.is_empty());
            (key(a), &a.from, &a.to, &a.service, &a.text[9..], a.state).cmp(&(
                key(b),
                &b.from,
                &b.to,
                &b.service,
                &b.text[9..],
                b.state,
            ))
        });
        lines
    }

    /// The whole baseline as text.
    pub fn to_text(&self) -> String {
        let mut text = format!("{HEAD}\n");
        for line in self.text_lines() {
            text.push_str(&line.text);
            text.push('\n');
        }
        text
    }
}

fn is_machine(line: &TextLine) -> bool {
    line.text[9..].starts_with("machine ")
}

/// Who loaded this program, where somebody was seen doing so before it was first said.
fn written(known: &Known, first: model::Time) -> Option<(&str, model::Time)> {
    known.written.as_ref().filter(|(_, at)| *at <= first).map(|(by, at)| (by.as_str(), *at))
}

/// The order of messages: a line for each context that says something.
fn order(sequence: &Sequence, is_flipped: bool) -> Vec<String> {
    let show =
        |id: &u8| sequence.symbols.get(usize::from(*id)).map_or_else(String::new, |known| symbol(known, is_flipped));
    let line = |context: &[u8], followers: &Followers| {
        if followers.count < CONTEXT_MIN {
            return None;
        }
        let before: Vec<String> = context.iter().map(show).collect();
        let mut next: Vec<String> =
            followers.next.iter().filter(|(_, count)| !followers.is_rare(*count)).map(|(id, _)| show(id)).collect();
        next.sort();
        Some(format!("after {}  then {}", before.join(", "), next.join(", ")))
    };
    let one = sequence.one.iter().filter_map(|(last, followers)| line(&[*last], followers));
    let two = sequence.two.iter().filter_map(|((before, last), followers)| line(&[*before, *last], followers));
    one.chain(two).collect()
}
