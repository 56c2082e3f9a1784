//! The objects of one application fragment: headers, points, values (IEEE 1815-2012, clause 4.2.2.7 and annex A).

use compact_str::format_compact;
use model::{Confidence, FactKey, Object, Reading, Text, Time, Value, Verb};
use smallvec::SmallVec;
use wire::{Reader, Short};

use super::shape::{Flags, Form, Number, Stamp, form, space};

/// Object headers described in an act; more are counted.
const PARTS_MAX: usize = 16;
/// Readings kept allocated from one fragment to the next.
const READINGS_KEPT: usize = 1_024;

/// Which points an object header names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Points {
    All,
    Row {
        first: u32,
        count: u32,
    },
    /// So many, of these numbers at most.
    Some {
        first: u32,
        last: u32,
        count: u32,
    },
}

/// One object header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    group: u8,
    variation: u8,
    points: Points,
}

/// What one fragment holds. Reused from fragment to fragment.
#[derive(Default)]
pub(super) struct Content {
    pub(super) readings: Vec<Reading>,
    parts: SmallVec<[Part; 4]>,
    /// Further fields of the act.
    pub(super) extras: SmallVec<[(&'static str, Text); 4]>,
    pub(super) facts: SmallVec<[(FactKey, Text, &'static str, Confidence); 2]>,
    /// Another verb than the function's.
    pub(super) verb: Option<Verb>,
    /// What it is about, where that is no point: `file /config.xml`, `user 1`.
    pub(super) topic: Text,
    /// Handle of an open file.
    pub(super) handle: Option<u32>,
    /// The first control status, file status or authentication error that is no success.
    pub(super) failure: Option<(u32, Text)>,
    /// Common time of occurrence, and whether the clock is synchronised.
    common: Option<(Time, bool)>,
}

/// Whether objects of `group` carry data behind their header in a message of `function`, beyond prefixes.
fn has_data(function: u8, group: u8, is_sized: bool) -> bool {
    match function {
        _ if group == 60 => false,
        _ if group == 120 || is_sized => true,
        0 | 1 | 7..=10 | 13..=24 => false,
        11 | 12 => group == 50,
        _ => true,
    }
}

impl Content {
    pub(super) fn clear(&mut self) {
        self.readings.clear();
        self.readings.shrink_to(READINGS_KEPT);
        self.parts.clear();
        self.extras.clear();
        self.facts.clear();
        self.verb = None;
        self.topic = Text::default();
        self.handle = None;
        self.failure = None;
        self.common = None;
    }

    /// Reads all objects of a message of `function`. What was read before a fault is kept.
    pub(super) fn read(&mut self, function: u8, r: &mut Reader<'_>) -> Result<(), Short> {
        while !r.is_empty() {
            self.header(function, r)?;
        }
        Ok(())
    }

    fn header(&mut self, function: u8, r: &mut Reader<'_>) -> Result<(), Short> {
        let group = r.u8("object group")?;
        let variation = r.u8("object variation")?;
        let qualifier = r.u8("qualifier")?;
        let prefix = Prefix { code: qualifier >> 4 & 7 };
        let (first, count, is_all) = match qualifier & 0x0f {
            code @ 0..=5 => {
                let first = number(r, code % 3, "range start")?;
                let last = number(r, code % 3, "range stop")?;
                match last.checked_sub(first).and_then(|rest| rest.checked_add(1)) {
                    Some(count) => (first, count, false),
                    None => return Err(r.short("range stop before range start", 0)),
                }
            }
            6 => (0, 0, true),
            code @ 7..=9 => (0, number(r, code - 7, "count")?, false),
            0x0b => (0, r.u8("count")?.into(), false),
            _ => return Err(r.short("qualifier", 0)),
        };
        let is_range = qualifier & 0x0f <= 5;
        let part = self.parts.len();
        if part < PARTS_MAX {
            let points = match (is_all, is_range) {
                (true, _) => Points::All,
                (_, true) => Points::Row { first, count },
                _ => Points::Some { first: 0, last: 0, count },
            };
            self.parts.push(Part { group, variation, points });
        }
        if is_all {
            return Ok(());
        }
        if !has_data(function, group, prefix.is_size()) {
            // Only the numbers of points follow, if anything.
            if prefix.is_index() {
                for index in 0..count {
                    let number = prefix.read(r)?;
                    self.point(part, index, number);
                }
            }
            return Ok(());
        }
        match form(group, variation) {
            Some(form @ (Form::Bits | Form::DoubleBits)) if !prefix.is_index() && !prefix.is_size() => {
                self.packed(form, group, first, count, r)
            }
            Some(Form::Class) => Ok(()),
            found => {
                for index in 0..count {
                    let before = r.left();
                    let (number, size) = match prefix.code {
                        0 => (first.saturating_add(index), None),
                        1..=3 => (prefix.read(r)?, None),
                        _ => (first.saturating_add(index), Some(prefix.read(r)?)),
                    };
                    if prefix.is_index() {
                        self.point(part, index, number);
                    }
                    match (found, size) {
                        (Some(form), None) => self.object(form, group, variation, number, r)?,
                        (found, Some(size)) => {
                            let mut inner = r.sub(usize::try_from(size).unwrap_or(usize::MAX), "object")?;
                            match found {
                                Some(form) => self.object(form, group, variation, number, &mut inner)?,
                                None => self.octets(group, number, inner.take_rest()),
                            }
                        }
                        // Without a size nobody knows where the next object starts.
                        (None, None) => {
                            self.extras.push(("unknown object", format_compact!("g{group}v{variation}")));
                            r.take_rest();
                            return Ok(());
                        }
                    }
                    // Objects of no octets (a string of length 0) would be counted on and on.
                    if r.left() == before {
                        break;
                    }
                }
                Ok(())
            }
        }
    }

    /// A point that a header names by prefix.
    fn point(&mut self, part: usize, index: u32, number: u32) {
        if let Some(Part { points: Points::Some { first, last, .. }, .. }) = self.parts.get_mut(part) {
            if index == 0 {
                (*first, *last) = (number, number);
            } else {
                (*first, *last) = ((*first).min(number), (*last).max(number));
            }
        }
    }

    fn packed(&mut self, form: Form, group: u8, first: u32, count: u32, r: &mut Reader<'_>) -> Result<(), Short> {
        let width = if form == Form::Bits { 1 } else { 2 };
        let octets = u64::from(count).saturating_mul(width).div_ceil(8);
        let bytes = r.bytes(usize::try_from(octets).unwrap_or(usize::MAX), "packed points")?;
        let values = bytes.iter().flat_map(|byte| {
            (0..8).step_by(if width == 1 { 1 } else { 2 }).map(move |bit| match width {
                1 => Value::Bool(byte >> bit & 1 == 1),
                _ => Value::Unsigned(u64::from(byte >> bit & 3)),
            })
        });
        for (number, value) in (u64::from(first)..).zip(values).take(usize::try_from(count).unwrap_or(usize::MAX)) {
            self.readings.push(Reading { object: Object::one(space(group), number), value, quality: None, at: None });
        }
        // Writing 0 to internal indication 7 says that the restart was noticed; it changes no setting.
        Ok(())
    }

    fn object(&mut self, form: Form, group: u8, variation: u8, number: u32, r: &mut Reader<'_>) -> Result<(), Short> {
        let mut push = |value, quality, at| {
            self.readings.push(Reading { object: Object::one(space(group), number.into()), value, quality, at });
        };
        match form {
            Form::Bits => push(Value::Bool(r.u8("state")? & 1 == 1), None, None),
            Form::DoubleBits => push(Value::Unsigned(u64::from(r.u8("state")? & 3)), None, None),
            Form::FlagBit(stamp) => {
                let flags = r.u8("flags")?;
                let (at, clock) = time_of(stamp, self.common, r)?;
                push(Value::Bool(flags & 0x80 != 0), quality(flags & 0x3f, BINARY, clock), at);
            }
            Form::FlagDouble(stamp) => {
                let flags = r.u8("flags")?;
                let (at, clock) = time_of(stamp, self.common, r)?;
                push(Value::Unsigned(u64::from(flags >> 6)), quality(flags & 0x3f, BINARY, clock), at);
            }
            Form::CommandBit(stamp) => {
                let octet = r.u8("status")?;
                let (at, _) = time_of(stamp, self.common, r)?;
                push(Value::Bool(octet & 0x80 != 0), status_quality(octet & 0x7f), at);
            }
            Form::Measure(flags, kind, stamp) => {
                let octet = if flags == Flags::None { 1 } else { r.u8("flags")? };
                let value = measure(kind, r)?;
                let (at, clock) = time_of(stamp, self.common, r)?;
                let names = if flags == Flags::Counter { COUNTER } else { ANALOG };
                push(value, quality(octet & 0x7f, names, clock), at);
            }
            Form::Relay => {
                let control = r.u8("control code")?;
                let count = r.u8("count")?;
                let on = r.u32_le("on-time")?;
                let off = r.u32_le("off-time")?;
                let status = r.u8("status")? & 0x7f;
                push(Value::Text(relay(control, count, on, off)), status_quality(status), None);
                self.status(status);
            }
            Form::Output(kind) => {
                let value = measure(kind, r)?;
                let status = r.u8("status")? & 0x7f;
                push(value, status_quality(status), None);
                self.status(status);
            }
            Form::OutputEvent(kind, stamp) => {
                let status = r.u8("status")? & 0x7f;
                let value = measure(kind, r)?;
                let (at, _) = time_of(stamp, self.common, r)?;
                push(value, status_quality(status), at);
            }
            Form::Setting(kind) => {
                let value = measure(kind, r)?;
                push(value, None, None);
                if group == 34 {
                    self.verb = Some(Verb::Configure);
                }
            }
            Form::Time | Form::TimeInterval | Form::TimeSchedule => {
                let at = time48(r)?;
                self.readings.push(Reading::new("time", Value::Time(at)));
                if form != Form::Time {
                    let interval = r.u32_le("interval")?;
                    self.readings.push(Reading::new("interval", Value::Unsigned(interval.into())));
                }
                if form == Form::TimeSchedule {
                    let units = r.u8("units")?;
                    self.readings.push(Reading::new("interval units", Value::Unsigned(units.into())));
                }
                self.verb = Some(Verb::Time);
            }
            Form::Common(is_synchronised) => {
                self.common = Some((time48(r)?, is_synchronised));
            }
            Form::Delay(unit) => {
                let delay = u64::from(r.u16_le("delay")?).saturating_mul(unit.into());
                self.readings.push(Reading::new("delay ms", Value::Unsigned(delay)));
            }
            Form::Storage => {
                let fill = r.u8("fill percentage")?;
                let [group, variation] = r.array::<2>("group and variation")?;
                self.readings.push(Reading::new(
                    format_compact!("storage g{group}v{variation} percent"),
                    Value::Unsigned(fill.into()),
                ));
            }
            Form::Bcd(octets) => {
                let bytes = r.bytes(octets, "bcd")?;
                let digits = bytes.iter().rev().flat_map(|byte| [byte >> 4, byte & 0x0f]);
                let value = digits.fold(0u64, |value, digit| value.saturating_mul(10).saturating_add(u64::from(digit)));
                push(Value::Unsigned(value), None, None);
            }
            Form::Octet => push(Value::Unsigned(r.u8("unsigned integer")?.into()), None, None),
            Form::String => {
                // With variation 0 in a free-format header the size stands there; it is all that is left.
                let size = if variation == 0 { r.left() } else { variation.into() };
                let bytes = r.bytes(size, "string")?;
                let value = text(bytes).map_or_else(|| Value::Bytes(bytes.into()), Value::Text);
                push(value, None, None);
            }
            Form::Statistic(stamp) => {
                let flags = r.u8("flags")?;
                r.u16_le("association id")?;
                let value = r.u32_le("count")?;
                let (at, clock) = time_of(stamp, self.common, r)?;
                push(Value::Unsigned(value.into()), quality(flags & 0x7f, COUNTER, clock), at);
            }
            Form::Class => {}
            Form::Attribute => self.attribute(variation, number, r)?,
            Form::Authentication => self.authentication(variation, r)?,
            Form::Sized if group == 70 => self.file(variation, r)?,
            Form::Sized => {
                if matches!(group, 85 | 86) {
                    self.verb = Some(Verb::Configure);
                }
                let bytes = r.take_rest();
                self.octets(group, number, bytes);
            }
        }
        Ok(())
    }

    fn octets(&mut self, group: u8, number: u32, bytes: &[u8]) {
        let value = text(bytes).map_or_else(|| Value::Bytes(bytes.into()), Value::Text);
        let object = Object::one(space(group), number.into());
        self.readings.push(Reading { object, value, quality: None, at: None });
    }

    /// A control status (table 4-9 of clause 4.4.4): the first one that is no success decides.
    fn status(&mut self, status: u8) {
        if status != 0 && self.failure.is_none() {
            self.failure = Some((status.into(), status_name(status)));
        }
    }

    /// What the fragment is about. Requests name their points; of reports that hold several points only the kinds are
    /// named, so that equal reports are equal.
    pub(super) fn about(&self, is_report: bool) -> Object {
        if !self.topic.is_empty() {
            return Object::Text(self.topic.clone());
        }
        let classes = self.classes();
        let mut parts = self.parts.iter().filter(|part| !matches!(part.group, 51 | 60 | 120));
        match (parts.next(), parts.next()) {
            (None, _) if classes != 0 => Object::Text(Text::const_new(class_names(classes))),
            (None, _) => Object::None,
            (Some(part), None) if classes == 0 => part.object(is_report),
            (Some(first), second) => {
                let mut text = Text::default();
                if classes != 0 {
                    text.push_str(class_names(classes));
                }
                let mut last = Object::None;
                for part in [Some(first), second].into_iter().flatten().chain(parts) {
                    let object = part.object(is_report);
                    if object != last {
                        let separator = if text.is_empty() { "" } else { ", " };
                        text.push_str(&format_compact!("{separator}{object}"));
                    }
                    last = object;
                }
                Object::Text(text)
            }
        }
    }

    /// Bit 0 for class 0 and so on.
    pub(super) fn classes(&self) -> u8 {
        self.parts
            .iter()
            .filter(|part| part.group == 60 && (1..=4).contains(&part.variation))
            .fold(0, |classes, part| classes | 1 << (part.variation - 1))
    }

    /// Groups and variations in the order of their first appearance: `g1v2 g30v5`.
    pub(super) fn groups(&self) -> Text {
        let mut text = Text::default();
        for (index, part) in self.parts.iter().enumerate() {
            let pair = (part.group, part.variation);
            if !self.parts.iter().take(index).any(|earlier| (earlier.group, earlier.variation) == pair) {
                let separator = if text.is_empty() { "" } else { " " };
                text.push_str(&format_compact!("{separator}g{}v{}", part.group, part.variation));
            }
        }
        text
    }

    /// Whether it replies to a challenge (g120v2).
    pub(super) fn is_challenge_reply(&self) -> bool {
        self.parts.iter().any(|part| (part.group, part.variation) == (120, 2))
    }

    /// Whether an object header of `group` is there.
    pub(super) fn has(&self, group: u8) -> bool {
        self.parts.iter().any(|part| part.group == group)
    }

    /// Whether nothing but objects of `group` is there.
    pub(super) fn is_only(&self, group: u8) -> bool {
        !self.parts.is_empty() && self.parts.iter().all(|part| part.group == group)
    }
}

impl Part {
    fn object(&self, is_report: bool) -> Object {
        let name = space(self.group);
        if form(self.group, self.variation).is_none() && name == "object" {
            return Object::Text(format_compact!("g{}v{}", self.group, self.variation));
        }
        // There is one clock: it has no number.
        if matches!(self.group, 50 | 52) {
            return Object::Text(Text::const_new(name));
        }
        match self.points {
            Points::All => Object::Text(Text::const_new(name)),
            Points::Row { first, count: 1 } | Points::Some { first, count: 1, .. } => Object::one(name, first.into()),
            _ if is_report => Object::Text(Text::const_new(name)),
            Points::Row { first, count } => Object::span(name, first.into(), count),
            Points::Some { first, last, count }
                if last.checked_sub(first).is_some_and(|rest| rest.saturating_add(1) == count) =>
            {
                Object::span(name, first.into(), count)
            }
            Points::Some { count: 0, .. } => Object::Text(Text::const_new(name)),
            Points::Some { first, last, count } => Object::Text(format_compact!("{count} of {name} {first}-{last}")),
        }
    }
}

const CLASSES: [&str; 16] = [
    "",
    "class 0",
    "class 1",
    "class 0,1",
    "class 2",
    "class 0,2",
    "class 1,2",
    "class 0,1,2",
    "class 3",
    "class 0,3",
    "class 1,3",
    "class 0,1,3",
    "class 2,3",
    "class 0,2,3",
    "class 1,2,3",
    "class 0,1,2,3",
];

/// Names of classes by bit.
pub(super) fn class_names(classes: u8) -> &'static str {
    CLASSES.get(usize::from(classes & 0x0f)).copied().unwrap_or("")
}

/// The prefix code of a qualifier.
#[derive(Clone, Copy)]
struct Prefix {
    code: u8,
}

impl Prefix {
    fn is_index(self) -> bool {
        matches!(self.code, 1..=3)
    }

    fn is_size(self) -> bool {
        matches!(self.code, 4..=6)
    }

    fn read(self, r: &mut Reader<'_>) -> Result<u32, Short> {
        match self.code {
            0 | 7 => Err(r.short("prefix", 0)),
            code => number(r, (code - 1) % 3, "prefix"),
        }
    }
}

/// A number of 1, 2 or 4 octets.
fn number(r: &mut Reader<'_>, width: u8, what: &'static str) -> Result<u32, Short> {
    match width {
        0 => r.u8(what).map(u32::from),
        1 => r.u16_le(what).map(u32::from),
        _ => r.u32_le(what),
    }
}

fn measure(kind: Number, r: &mut Reader<'_>) -> Result<Value, Short> {
    Ok(match kind {
        Number::I16 => Value::Integer(r.i16_le("value")?.into()),
        Number::I32 => Value::Integer(r.i32_le("value")?.into()),
        Number::U16 => Value::Unsigned(r.u16_le("value")?.into()),
        Number::U32 => Value::Unsigned(r.u32_le("value")?.into()),
        Number::F32 => Value::Float(r.f32_le("value")?.into()),
        Number::F64 => Value::Float(r.f64_le("value")?),
    })
}

/// Milliseconds since 1970 in six octets.
pub(super) fn time48(r: &mut Reader<'_>) -> Result<Time, Short> {
    let [a, b, c, d, e, f] = r.array::<6>("time")?;
    let milliseconds = i64::from_le_bytes([a, b, c, d, e, f, 0, 0]);
    Ok(Time(milliseconds.saturating_mul(1_000_000)))
}

/// The time of an object, and whether its clock can be trusted.
fn time_of(stamp: Stamp, common: Option<(Time, bool)>, r: &mut Reader<'_>) -> Result<(Option<Time>, bool), Short> {
    Ok(match stamp {
        Stamp::None => (None, true),
        Stamp::Absolute => (Some(time48(r)?), true),
        Stamp::Relative => {
            let milliseconds = i64::from(r.u16_le("relative time")?);
            match common {
                Some((common, is_synchronised)) => {
                    (Some(common.plus(milliseconds.saturating_mul(1_000_000))), is_synchronised)
                }
                None => (None, true),
            }
        }
    })
}

type Names = &'static [(u8, &'static str)];
const BINARY: Names = &[(2, "restart"), (4, "comm lost"), (8, "remote forced"), (16, "local forced"), (32, "chatter")];
const ANALOG: Names = &[
    (2, "restart"),
    (4, "comm lost"),
    (8, "remote forced"),
    (16, "local forced"),
    (32, "over range"),
    (64, "reference error"),
];
const COUNTER: Names = &[
    (2, "restart"),
    (4, "comm lost"),
    (8, "remote forced"),
    (16, "local forced"),
    (32, "rollover"),
    (64, "discontinuity"),
];

/// Flags in words; nothing where the point is online and nothing else is set.
fn quality(flags: u8, names: Names, is_synchronised: bool) -> Option<Text> {
    let offline = (flags & 1 == 0).then_some("offline");
    let clock = (!is_synchronised).then_some("clock not synchronised");
    let named = names.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| *name);
    let mut words: Option<Text> = None;
    for word in offline.into_iter().chain(named).chain(clock) {
        match &mut words {
            None => words = Some(Text::const_new(word)),
            Some(words) => {
                words.push_str(", ");
                words.push_str(word);
            }
        }
    }
    words
}

/// Control status codes (IEEE 1815-2012, table in annex A.8, object g12v1).
const STATUSES: &[(u8, &str)] = &[
    (0, "success"),
    (1, "timeout"),
    (2, "no select"),
    (3, "format error"),
    (4, "not supported"),
    (5, "already active"),
    (6, "hardware error"),
    (7, "local"),
    (8, "too many operations"),
    (9, "not authorized"),
    (10, "automation inhibit"),
    (11, "processing limited"),
    (12, "out of range"),
    (13, "downstream local"),
    (14, "already complete"),
    (15, "blocked"),
    (16, "cancelled"),
    (17, "blocked by other master"),
    (18, "downstream fail"),
    (126, "non participating"),
    (127, "undefined error"),
];

fn status_name(status: u8) -> Text {
    super::named(STATUSES, status)
}

fn status_quality(status: u8) -> Option<Text> {
    (status != 0).then(|| status_name(status))
}

/// A control relay output block in words, always with all fields: `latch on, count 1, on 100 ms, off 100 ms`.
fn relay(control: u8, count: u8, on: u32, off: u32) -> Text {
    let operation = super::named(
        &[(0, "nul"), (1, "pulse on"), (2, "pulse off"), (3, "latch on"), (4, "latch off")],
        control & 0x0f,
    );
    let contact = match control >> 6 {
        0 => "",
        1 => "close ",
        2 => "trip ",
        _ => "reserved ",
    };
    let queue = if control & 0x10 != 0 { ", queue" } else { "" };
    let clear = if control & 0x20 != 0 { ", clear" } else { "" };
    format_compact!("{contact}{operation}, count {count}, on {on} ms, off {off} ms{queue}{clear}")
}

/// Octets as text, where all of them are printable.
pub(super) fn text(bytes: &[u8]) -> Option<Text> {
    let bytes = bytes.trim_ascii_end();
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    let is_text = !bytes.is_empty() && bytes.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    is_text.then(|| String::from_utf8_lossy(bytes).as_ref().into())
}
