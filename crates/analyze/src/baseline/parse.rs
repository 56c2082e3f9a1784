//! The text of a baseline read back: line by line; a bad line is told with its number and the reason, the others are kept.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use model::{Behind, FactKey, Mac, Outcome, Text, Time, Verb};

use super::channel::{Channel, Line, Norm, Watch};
use super::facts::{Known, OneValue};
use super::machine::{Machine, MachineId};
use super::ranges::{Objects, PLACE, Place, Space};
use super::sequence::{CONTEXT_MIN, Followers, Sequence, Symbol};
use super::setpoint::Setpoint;
use super::text::{DAYS, HEAD, OUTCOMES};
use super::timing::{Hours, Timing};
use super::{Baseline, State};
use crate::limits;

/// A line that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Its number, from 1.
    pub line: usize,
    /// Why.
    pub reason: String,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Quoted(String),
    Mark(char),
}

/// What stands at the head of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Is(State),
    Removed,
}

type Parsed<T> = Result<T, String>;

fn tokens(line: &str) -> Parsed<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = line.chars().peekable();
    while let Some(&c) = rest.peek() {
        match c {
            c if c.is_whitespace() => {
                rest.next();
            }
            '#' => break,
            '"' => {
                rest.next();
                let mut text = String::new();
                loop {
                    match rest.next() {
                        None => return Err("a quotation mark is missing at the end".into()),
                        Some('"') => break,
                        Some('\\') => match rest.next() {
                            Some('u') => {
                                let mut digits = String::new();
                                if rest.next() != Some('{') {
                                    return Err("after \\u a { is missing".into());
                                }
                                loop {
                                    match rest.next() {
                                        Some('}') => break,
                                        Some(c) if digits.len() < 6 => digits.push(c),
                                        _ => return Err("a character code that does not end".into()),
                                    }
                                }
                                let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                                text.push(code.ok_or_else(|| format!("`{digits}` is no character"))?);
                            }
                            Some(c @ ('"' | '\\')) => text.push(c),
                            _ => return Err("a backslash stands before a quotation mark, a backslash or u only".into()),
                        },
                        Some(c) => text.push(c),
                    }
                }
                tokens.push(Token::Quoted(text));
            }
            '→' | '↔' | '←' | ',' | '(' | ')' | '±' | '%' => {
                rest.next();
                tokens.push(Token::Mark(c));
            }
            _ => {
                let mut word = String::new();
                while let Some(&c) = rest.peek() {
                    if c.is_whitespace() || matches!(c, '"' | ',' | '(' | ')' | '→' | '↔' | '←' | '±' | '%' | '#')
                    {
                        break;
                    }
                    word.push(c);
                    rest.next();
                }
                tokens.push(match word.as_str() {
                    "->" => Token::Mark('→'),
                    "<-" => Token::Mark('←'),
                    "<->" => Token::Mark('↔'),
                    _ => Token::Word(word),
                });
            }
        }
    }
    Ok(tokens)
}

/// A walk over the parts of a line.
struct Walk {
    tokens: std::vec::IntoIter<Token>,
}

impl Walk {
    fn peek(&self) -> Option<&Token> {
        self.tokens.as_slice().first()
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token::Word(known)) if known == word)
    }

    /// Whether the next part is `word`; then it is taken.
    fn takes(&mut self, word: &str) -> bool {
        let is = self.is_word(word);
        if is {
            self.tokens.next();
        }
        is
    }

    fn takes_mark(&mut self, mark: char) -> bool {
        let is = self.peek() == Some(&Token::Mark(mark));
        if is {
            self.tokens.next();
        }
        is
    }

    fn expects(&mut self, word: &str) -> Parsed<()> {
        if self.takes(word) { Ok(()) } else { Err(format!("`{word}` is missing before {}", self.here())) }
    }

    fn expects_mark(&mut self, mark: char) -> Parsed<()> {
        if self.takes_mark(mark) { Ok(()) } else { Err(format!("`{mark}` is missing before {}", self.here())) }
    }

    fn here(&self) -> String {
        match self.peek() {
            None => "the end".into(),
            Some(Token::Word(text) | Token::Quoted(text)) => format!("`{text}`"),
            Some(Token::Mark(mark)) => format!("`{mark}`"),
        }
    }

    /// A word or a text in quotes.
    fn text(&mut self, what: &str) -> Parsed<String> {
        match self.tokens.next() {
            Some(Token::Word(text) | Token::Quoted(text)) => Ok(text),
            _ => Err(format!("{what} is missing")),
        }
    }

    fn number<T: std::str::FromStr>(&mut self, what: &str) -> Parsed<T> {
        let text = self.text(what)?;
        text.parse().map_err(|_| format!("`{text}` is no {what}"))
    }

    fn duration(&mut self) -> Parsed<i64> {
        let number = self.text("duration")?;
        let unit = self.text("unit of time")?;
        let size: i64 = match unit.as_str() {
            "h" => 3_600_000_000_000,
            "min" => 60_000_000_000,
            "s" => 1_000_000_000,
            "ms" => 1_000_000,
            "µs" | "us" => 1_000,
            "ns" => 1,
            _ => return Err(format!("`{unit}` is no unit of time")),
        };
        let wrong = || format!("`{number}` is no duration");
        let (whole, part) = number.split_once('.').unwrap_or((&number, ""));
        let mut total = whole.parse::<i64>().ok().and_then(|whole| whole.checked_mul(size)).ok_or_else(wrong)?;
        let mut step = size;
        for digit in part.chars() {
            let digit = digit.to_digit(10).ok_or_else(wrong)?;
            if step % 10 != 0 {
                return Err(format!("`{number} {unit}` is finer than a nanosecond"));
            }
            step /= 10;
            total = total.checked_add(step * i64::from(digit)).ok_or_else(wrong)?;
        }
        if total < 0 { Err(wrong()) } else { Ok(total) }
    }

    fn behind(&mut self) -> Parsed<Behind> {
        if self.takes("unit") {
            return Ok(Behind::Unit(self.number("unit")?));
        }
        if self.takes("link") {
            return Ok(Behind::Link(self.number("link address")?));
        }
        if self.takes("rack") {
            let rack = self.number("rack")?;
            self.expects("slot")?;
            return Ok(Behind::Slot { rack, slot: self.number("slot")? });
        }
        if self.takes("path") {
            return Ok(Behind::Path(Text::from(self.text("path")?)));
        }
        Ok(Behind::Nobody)
    }

    fn code(&mut self) -> Parsed<u32> {
        self.expects_mark('(')?;
        let code = self.number("code")?;
        self.expects_mark(')')?;
        Ok(code)
    }

    fn range(&mut self) -> Parsed<(u64, u64)> {
        let text = self.text("number")?;
        let wrong = || format!("`{text}` is no range");
        let (first, last) = text.split_once('-').unwrap_or((&text, &text));
        let (first, last) = (first.parse().map_err(|_| wrong())?, last.parse().map_err(|_| wrong())?);
        if first > last { Err(wrong()) } else { Ok((first, last)) }
    }

    fn objects(&mut self) -> Parsed<Objects> {
        let mut objects = Objects::default();
        if !self.takes("on") {
            return Ok(objects);
        }
        if self.takes("any") {
            objects.is_any = true;
            return Ok(objects);
        }
        loop {
            let (space, (first, last)) = if self.takes("names") {
                let pattern = self.text("pattern")?;
                if pattern.matches(PLACE).count() != 1 {
                    return Err(format!("`{pattern}` has not one `{PLACE}`"));
                }
                (Space::Pattern(Text::from(pattern)), self.range()?)
            } else if self.takes("name") {
                (Space::Name(Text::from(self.text("name")?)), (0, 0))
            } else {
                (Space::Numbered(Text::from(self.text("space")?)), self.range()?)
            };
            // Met often enough not to count as met once.
            objects.add(&Place { space, first, last }, 2);
            if !self.takes_mark(',') {
                return Ok(objects);
            }
        }
    }

    fn hours(&mut self) -> Parsed<Hours> {
        let mut hours = Hours::default();
        loop {
            let days = self.text("days")?;
            let (first, last) = match days.as_str() {
                "daily" => (0, 6),
                days => {
                    let (first, last) = days.split_once('-').unwrap_or((days, days));
                    let find = |name: &str| {
                        DAYS.iter().position(|day| *day == name).ok_or_else(|| format!("`{name}` is no day"))
                    };
                    (find(first)?, find(last)?)
                }
            };
            let text = self.text("hours")?;
            let mut mask = 0_u32;
            for range in text.split('+').filter(|range| *range != "never") {
                let wrong = || format!("`{range}` are no hours");
                let (from, to) = range.split_once('-').ok_or_else(wrong)?;
                let (from, to): (u32, u32) = (from.parse().map_err(|_| wrong())?, to.parse().map_err(|_| wrong())?);
                if from >= to || to > 24 {
                    return Err(wrong());
                }
                (from..to).for_each(|hour| mask |= 1 << hour);
            }
            for (day, known) in hours.0.iter_mut().enumerate() {
                if (first..=last).contains(&day) {
                    *known |= mask;
                }
            }
            if !self.takes_mark(',') {
                return Ok(hours);
            }
        }
    }

    fn norm(&mut self) -> Parsed<(Norm, u8)> {
        let (mut norm, mut ends) = (Norm::default(), 0);
        loop {
            if self.takes("every") {
                let period = self.duration()?;
                self.expects_mark('±')?;
                let spread = self.number("percentage")?;
                self.expects_mark('%')?;
                norm.every = Some((period, spread));
            } else if self.takes("silent") {
                self.expects("after")?;
                norm.silent_after = Some(self.duration()?);
            } else if self.takes("answers") {
                self.expects("within")?;
                norm.answers_within = Some(self.duration()?);
            } else if self.takes("at") {
                self.expects("most")?;
                norm.minute_max = Some(self.number("number")?);
                self.expects("a")?;
                self.expects("minute")?;
            } else if self.takes("during") {
                norm.hours = Some(self.hours()?);
            } else if self.takes("ends") {
                loop {
                    let text = self.text("end")?;
                    let bit = OUTCOMES.iter().find(|(_, word)| *word == text);
                    ends |= bit.ok_or_else(|| format!("`{text}` is no end"))?.0;
                    if !self.takes_mark(',') {
                        break;
                    }
                }
            } else {
                return Ok((norm, if ends == 0 { 1 } else { ends }));
            }
        }
    }

    fn symbol(&mut self) -> Parsed<Symbol> {
        let is_forward = match self.tokens.next() {
            Some(Token::Mark('→')) => true,
            Some(Token::Mark('←')) => false,
            _ => return Err("an arrow is missing before a message".into()),
        };
        let verb = self.verb()?;
        let name = Text::from(self.text("name of a message")?);
        let code = self.code()?;
        let outcome = if self.takes("asked") {
            Outcome::Asked
        } else if self.takes("refused") {
            Outcome::Refused
        } else if self.takes("unanswered") {
            Outcome::NoAnswer
        } else {
            Outcome::Done
        };
        Ok(Symbol { is_forward, verb, code, name, outcome })
    }

    fn symbols(&mut self) -> Parsed<Vec<Symbol>> {
        let mut symbols = vec![self.symbol()?];
        while self.takes_mark(',') {
            symbols.push(self.symbol()?);
        }
        Ok(symbols)
    }

    fn verb(&mut self) -> Parsed<Verb> {
        let verb = self.text("verb")?;
        Verb::from_word(&verb).ok_or_else(|| format!("`{verb}` is no verb"))
    }

    fn end(&mut self) -> Parsed<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(format!("{} is not understood here", self.here())),
        }
    }
}

/// What one line says.
struct Item {
    said: Said,
    what: What,
}

enum What {
    Machine { label: String, ips: Vec<IpAddr>, macs: Vec<Mac>, is_group: bool },
    Talks { from: String, to: String, service: String, hour_bytes_max: Option<u64>, loss_max: Option<u64> },
    Does { from: String, to: String, service: String, line: Box<Line> },
    Takes { machine: String, service: String, object: String, low: f64, high: f64, behind: Behind },
    Is { machine: String, key: FactKey, value: String, behind: Behind, written: Option<(String, Time)> },
    Follows { first: String, second: String, service: String, before: Vec<Symbol>, next: Vec<Symbol> },
}

fn parse(line: &str) -> Parsed<Item> {
    let mut walk = Walk { tokens: tokens(line)?.into_iter() };
    let said = match walk.text("state")?.as_str() {
        "approved" => Said::Is(State::Approved),
        "proposed" => Said::Is(State::Proposed),
        "waiting" => Said::Is(State::Waiting),
        "removed" => Said::Removed,
        other => return Err(format!("`{other}` is not approved, proposed, waiting or removed")),
    };
    let what = if walk.takes("machine") { machine(&mut walk)? } else { of_machine(&mut walk, said)? };
    walk.end()?;
    Ok(Item { said, what })
}

fn machine(walk: &mut Walk) -> Parsed<What> {
    let label = walk.text("name of a machine")?;
    let (mut ips, mut macs) = (Vec::new(), Vec::new());
    loop {
        if walk.takes("ip") {
            ips.push(walk.number("IP address")?);
        } else if walk.takes("mac") {
            let text = walk.text("hardware address")?;
            macs.push(Mac::parse(&text).ok_or_else(|| format!("`{text}` is no hardware address"))?);
        } else {
            break;
        }
    }
    let is_group = walk.takes("group");
    if ips.is_empty() && macs.is_empty() {
        return Err("a machine needs an address".into());
    }
    Ok(What::Machine { label, ips, macs, is_group })
}

fn of_machine(walk: &mut Walk, said: Said) -> Parsed<What> {
    let from = walk.text("name of a machine")?;
    if walk.takes_mark('→') {
        let to = walk.text("name of a machine")?;
        let service = walk.text("protocol")?;
        if walk.takes("talks") {
            let (mut hour_bytes_max, mut loss_max) = (None, None);
            if walk.takes("up") {
                walk.expects("to")?;
                hour_bytes_max = Some(walk.number("number")?);
                ["bytes", "an", "hour"].iter().try_for_each(|word| walk.expects(word))?;
            }
            if walk.takes("losing") {
                ["up", "to"].iter().try_for_each(|word| walk.expects(word))?;
                loss_max = Some(walk.number("number")?);
                ["in", "1000"].iter().try_for_each(|word| walk.expects(word))?;
            }
            return Ok(What::Talks { from, to, service, hour_bytes_max, loss_max });
        }
        let verb = walk.verb()?;
        let name = Text::from(walk.text("name of a function")?);
        let code = walk.code()?;
        let behind = walk.behind()?;
        let objects = walk.objects()?;
        let (norm, outcomes) = walk.norm()?;
        let line = Line {
            verb,
            code,
            name,
            behind,
            state: match said {
                Said::Is(state) => state,
                Said::Removed => State::Waiting,
            },
            outcomes,
            objects,
            waiting: Objects::default(),
            count: 2,
            timing: Timing::default(),
            norm: Some(norm),
            first: Time(0),
            last: Time(0),
            watch: Watch::default(),
        };
        return Ok(What::Does { from, to, service, line: Box::new(line) });
    }
    if walk.takes_mark('↔') {
        let second = walk.text("name of a machine")?;
        let service = walk.text("protocol")?;
        walk.expects("after")?;
        let before = walk.symbols()?;
        if before.len() > 2 {
            return Err("more than two messages before".into());
        }
        walk.expects("then")?;
        let next = if walk.peek().is_none() { Vec::new() } else { walk.symbols()? };
        return Ok(What::Follows { first: from, second, service, before, next });
    }
    if walk.takes("takes") {
        let service = walk.text("protocol")?;
        let object = walk.text("variable")?;
        let low: f64 = walk.number("number")?;
        walk.expects("to")?;
        let high: f64 = walk.number("number")?;
        if !(low.is_finite() && high.is_finite() && low <= high) {
            return Err("no range of values".into());
        }
        return Ok(What::Takes { machine: from, service, object, low, high, behind: walk.behind()? });
    }
    walk.expects("is")?;
    let key = walk.text("attribute")?;
    let key = FactKey::from_word(&key).ok_or_else(|| format!("`{key}` is no attribute"))?;
    let value = walk.text("value")?;
    let behind = walk.behind()?;
    let mut written = None;
    if walk.takes("written") {
        walk.expects("by")?;
        let by = walk.text("name")?;
        walk.expects("at")?;
        let at = walk.text("time")?;
        written = Some((by, Time::parse(&at).ok_or_else(|| format!("`{at}` is no time"))?));
    }
    Ok(What::Is { machine: from, key, value, behind, written })
}

impl Baseline {
    /// The baseline that `text` says, judging everywhere; and the lines that could not be read.
    pub fn from_text(text: &str) -> (Baseline, Vec<BadLine>) {
        let mut baseline = Baseline::default();
        let mut bad = Vec::new();
        match text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')) {
            Some(HEAD) => {}
            _ => bad.push(BadLine { line: 1, reason: format!("the text does not begin with `{HEAD}`") }),
        }
        bad.extend(baseline.apply(text));
        baseline.arm_all();
        (baseline, bad)
    }

    /// Takes over what the lines of `text` say: approved and proposed lines become normal, removed lines are forgotten.
    /// Gives the lines that could not be read; the others are kept.
    pub fn apply(&mut self, text: &str) -> Vec<BadLine> {
        let mut bad = Vec::new();
        let mut items = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') || line == HEAD {
                continue;
            }
            match parse(line) {
                Ok(item) => items.push((number + 1, item)),
                Err(reason) => bad.push(BadLine { line: number + 1, reason }),
            }
        }
        let mut labels: BTreeMap<String, MachineId> = BTreeMap::new();
        for (id, label) in self.labels().into_iter().enumerate() {
            labels.insert(label, id as MachineId);
        }
        // Machines first, and what waits last: a line may name a machine that comes later.
        let order = |item: &Item| match (&item.what, item.said) {
            (What::Machine { .. }, _) => 0,
            (What::Talks { .. }, _) => 1,
            (_, Said::Is(State::Waiting)) => 3,
            _ => 2,
        };
        items.sort_by_key(|(_, item)| order(item));
        for (number, item) in items {
            if let Err(reason) = self.take_over(item, &mut labels) {
                bad.push(BadLine { line: number, reason });
            }
        }
        bad.sort_by_key(|bad| bad.line);
        bad
    }

    fn take_over(&mut self, item: Item, labels: &mut BTreeMap<String, MachineId>) -> Parsed<()> {
        let said = item.said;
        self.is_approved |= said == Said::Is(State::Approved);
        let find = |label: &str, labels: &BTreeMap<String, MachineId>| {
            labels.get(label).copied().ok_or_else(|| format!("no machine `{label}`"))
        };
        match item.what {
            What::Machine { label, ips, macs, is_group } => {
                let known = macs.iter().find_map(|mac| self.who.find_mac(*mac));
                let known = known.or_else(|| ips.iter().find_map(|ip| self.who.find_ip(*ip)));
                let id = match known {
                    Some(id) => id,
                    None => {
                        let mut machine = Machine::new(ips, macs, is_group, Time(0));
                        machine.met = 2;
                        if label != machine.address_text() {
                            machine.name = Text::from(label.as_str());
                        }
                        self.who.insert(machine).ok_or("there are too many machines")?
                    }
                };
                if let Some(machine) = self.who.machine_mut(id) {
                    machine.state = match said {
                        Said::Is(state) => state,
                        Said::Removed => State::Waiting,
                    };
                }
                labels.insert(label, id);
            }
            What::Talks { from, to, service, hour_bytes_max, loss_max } => {
                let number = self.channel_of(find(&from, labels)?, find(&to, labels)?, &service)?;
                let Some(channel) = self.channels.get_mut(number as usize) else { return Ok(()) };
                let was_accepted = channel.state.is_accepted();
                match said {
                    Said::Removed => {
                        channel.state = State::Waiting;
                        channel.lines.clear();
                    }
                    Said::Is(state) => {
                        channel.state = state;
                        if state.is_accepted() {
                            (channel.hour_bytes_max, channel.loss_max, channel.is_fixed) =
                                (hour_bytes_max, loss_max, true);
                        }
                        if state == State::Approved {
                            channel.armed.get_or_insert(channel.last);
                        }
                    }
                }
                let (is_accepted, from, to, service) =
                    (channel.state.is_accepted(), channel.from, channel.to, channel.service);
                self.count_pair(from, to, service, was_accepted, is_accepted);
            }
            What::Does { from, to, service, line } => {
                let (from, to) = (find(&from, labels)?, find(&to, labels)?);
                let number = self.channel_of(from, to, &service)?;
                let is_industrial = crate::inventory::kind::is_industrial(&service);
                let serves = if matches!(line.verb, Verb::Report | Verb::Alarm) { from } else { to };
                if is_industrial && let Some(machine) = self.who.machine_mut(serves) {
                    machine.serves_industry |= line.state.is_accepted();
                }
                let Some(channel) = self.channels.get_mut(number as usize) else { return Ok(()) };
                if said == Said::Is(State::Approved) {
                    channel.state = State::Approved;
                    channel.armed.get_or_insert(channel.last);
                }
                merge_line(channel, *line, said)?;
            }
            What::Takes { machine, service, object, low, high, behind } => {
                let key = (find(&machine, labels)?, self.service(&service), behind, Text::from(object));
                if said == Said::Removed {
                    self.setpoints.retain(|known, _| *known != key);
                    return Ok(());
                }
                let state = if let Said::Is(state) = said { state } else { State::Waiting };
                let new =
                    Setpoint { low, high, count: 0, grown: 0, is_whole: false, state, is_fixed: true, first: Time(0) };
                let entry = self.setpoints.entry(key, || new.clone()).ok_or("there are too many variables")?;
                *entry = Setpoint { count: entry.count, ..new };
            }
            What::Is { machine, key, value, behind, written } => {
                let key = (find(&machine, labels)?, behind, key);
                let known = self.known.entry(key, Known::default).ok_or("there are too many attributes")?;
                known.values.retain(|known| known.value != value);
                if let Said::Is(state) = said {
                    if known.values.len() >= limits::BASELINE_VALUES_MAX {
                        return Err("there are too many values of this attribute".into());
                    }
                    let at = written.as_ref().map_or(Time(0), |(_, at)| *at);
                    known.values.push(OneValue { value: Text::from(value), state, first: at, last: at });
                }
                if let Some((by, at)) = written {
                    known.written = Some((Text::from(by), at));
                }
            }
            What::Follows { first, second, service, before, next } => {
                let (first, second) = (find(&first, labels)?, find(&second, labels)?);
                let service = self.service(&service);
                let is_flipped = first > second;
                let key = if is_flipped { (second, first, service) } else { (first, second, service) };
                let sequence = self.sequences.entry(key, Sequence::default).ok_or("there are too many pairs")?;
                if !sequence.is_fixed {
                    *sequence = Sequence { is_fixed: true, ..Sequence::default() };
                }
                let mut id = |symbol: Symbol| {
                    let symbol = Symbol { is_forward: symbol.is_forward != is_flipped, ..symbol };
                    sequence.number_of(symbol).ok_or("there are too many kinds of messages")
                };
                let before = before.into_iter().map(&mut id).collect::<Result<Vec<u8>, _>>()?;
                let next = next.into_iter().map(&mut id).collect::<Result<Vec<u8>, _>>()?;
                if said == Said::Removed {
                    match before.as_slice() {
                        [last] => sequence.one.remove(last),
                        [before, last] => sequence.two.remove(&(*before, *last)),
                        _ => None,
                    };
                    return Ok(());
                }
                sequence.is_approved |= said == Said::Is(State::Approved);
                let count = CONTEXT_MIN.max(next.len() as u64);
                sequence.count += count;
                let followers = Followers { count, next: next.into_iter().map(|id| (id, 1)).collect() };
                match before.as_slice() {
                    [last] => sequence.one.insert(*last, followers),
                    [before, last] => sequence.two.insert((*before, *last), followers),
                    _ => None,
                };
            }
        }
        Ok(())
    }

    fn channel_of(&mut self, from: MachineId, to: MachineId, service: &str) -> Parsed<u32> {
        let service = self.service(service);
        if let Some(number) = self.by_key.get(&(from, to, service)) {
            return Ok(*number);
        }
        let number = self.channels.len() as u32;
        self.by_key.entry((from, to, service), || number).ok_or("there are too many channels")?;
        let mut channel = Channel::new(from, to, service, State::Waiting, Time(0));
        channel.count = 2;
        channel.is_fixed = true;
        self.channels.push(channel);
        if let Some(class) = self.classes.entry((from, service), Vec::new) {
            class.push(number);
        }
        Ok(number)
    }

    fn count_pair(&mut self, from: MachineId, to: MachineId, service: u16, was: bool, is: bool) {
        if was == is {
            return;
        }
        if let Some(count) = self.pairs.entry((from, to), || 0) {
            *count = if is { count.saturating_add(1) } else { count.saturating_sub(1) };
        }
        if is
            && let Some(machine) = self.who.machine_mut(to)
            && !machine.offers.contains(&service)
        {
            machine.offers.push(service);
        }
    }
}

/// Takes a line of a text over into its channel.
fn merge_line(channel: &mut Channel, line: Line, said: Said) -> Parsed<()> {
    let same = |known: &Line| {
        known.code == line.code && known.verb == line.verb && known.behind == line.behind && known.name == line.name
    };
    let found = channel.lines.iter().position(same);
    match (found, said) {
        (Some(at), Said::Removed) => {
            channel.lines.remove(at);
        }
        (None, Said::Removed) => return Err("there is no such line to remove".into()),
        (Some(at), Said::Is(state)) => {
            let Some(known) = channel.lines.get_mut(at) else { return Ok(()) };
            if state == State::Waiting && known.state.is_accepted() {
                known.waiting.merge(&line.objects);
                return Ok(());
            }
            known.state = state;
            if state.is_accepted() {
                // What a person wrote stands as it is written; what it leaves out of what waits, waits on.
                known.objects = line.objects;
                known.outcomes = line.outcomes;
                known.norm = line.norm;
                known.watch = Watch::default();
                known.waiting = known.waiting.without(&known.objects);
            } else {
                known.objects.merge(&line.objects);
            }
        }
        (None, Said::Is(_)) => {
            if channel.lines.len() >= limits::BASELINE_LINES_PER_CHANNEL_MAX {
                return Err("there are too many functions in this channel".into());
            }
            channel.lines.push(line);
        }
    }
    Ok(())
}
