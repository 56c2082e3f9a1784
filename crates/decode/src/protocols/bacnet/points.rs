//! Objects, properties and their values as readings: `analog-input 3 present-value`.

use compact_str::format_compact;
use model::{Object, Reading, Text, Value};
use wire::{Reader, Short};

use super::enumerations::{self, STATUS_FLAGS, Words, property};
use super::names;
use super::tags::{self, Content, Tag};
use crate::words::{decimal, joined};

/// Readings of one message: the largest messages of real devices (object lists of some thousand objects) fit.
pub(super) const READINGS_MAX: usize = 8_192;

/// An object with one of its properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    /// Type in the upper 10 bits, instance in the lower 22.
    pub(super) object: u32,
    /// Property.
    pub(super) property: u32,
    /// Element of an array property; 0 is its length.
    pub(super) index: Option<u32>,
}

impl Point {
    pub(super) const fn object_type(self) -> u32 {
        self.object >> 22
    }

    pub(super) const fn instance(self) -> u32 {
        self.object & 0x003f_ffff
    }

    /// `analog-input 3 present-value`, `device 7 object-list[12]`.
    pub(super) fn name(self) -> Text {
        let (kind, instance, property) =
            (names::object_type(self.object_type()), self.instance(), names::property(self.property));
        match self.index {
            Some(index) => joined(&[&kind, " ", &decimal(instance), " ", &property, "[", &decimal(index), "]"]),
            None => joined(&[&kind, " ", &decimal(instance), " ", &property]),
        }
    }

    /// Reads object [0], property [1], index [2]: how most services begin.
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Point, Short> {
        let object = tags::small(tags::must_context(r, 0, "object identifier")?);
        Point::read_property(r, object, 1)
    }

    /// Reads a property in context tag `first` and an index in the one behind it.
    pub(super) fn read_property(r: &mut Reader<'_>, object: u32, first: u8) -> Result<Point, Short> {
        let property = tags::small(tags::must_context(r, first, "property identifier")?);
        let index = tags::context_unsigned(r, first.saturating_add(1))?.map(tags::small);
        Ok(Point { object, property, index })
    }
}

/// Adds a reading, unless there are too many.
pub(super) fn push(readings: &mut Vec<Reading>, reading: Reading) {
    if readings.len() < READINGS_MAX {
        readings.push(reading);
    }
}

/// The value of a property: one reading, or one for each element of an array or list.
pub(super) fn values(mut r: Reader<'_>, point: Point, readings: &mut Vec<Reading>) -> Result<(), Short> {
    let words = enumerations::words(point.object_type(), point.property);
    // The length of an array is a plain number whatever the array holds.
    let words = if point.index == Some(0) { Words::Unknown } else { words };
    let start = r;
    let first = match Tag::read(&mut r.clone()) {
        Ok(tag) => tag,
        Err(short) if r.is_empty() => {
            let _ = short;
            // An empty list.
            push(readings, Reading::new(point.name(), Value::Nothing));
            return Ok(());
        }
        Err(short) => return Err(short),
    };
    if point.property == property::LOG_BUFFER {
        return log_records(r, point, readings);
    }
    let is_by_element = !first.is_context || matches!(point.property, property::EVENT_TIME_STAMPS | 123 | 23);
    if !is_by_element {
        push(readings, Reading::new(point.name(), Value::Text(tags::constructed(start, words))));
        return Ok(());
    }
    let begin = readings.len();
    let mut number = 0_u32;
    while !r.is_empty() {
        number = number.saturating_add(1);
        let (tag, mut content) = tags::element(&mut r)?;
        let value = match tag {
            Tag { is_context: false, number, content: kind } => {
                tags::primitive(number, kind, content.take_rest(), words)
            }
            Tag { content: Content::Opening, .. } => Value::Text(tags::constructed(content, words)),
            Tag { .. } => Value::Text(tags::shown(&Value::Bytes(content.take_rest().into()))),
        };
        let is_alone = number == 1 && r.is_empty();
        let name = if is_alone || point.index.is_some() {
            point.name()
        } else {
            Point { index: Some(number), ..point }.name()
        };
        push(readings, Reading::new(name, value));
    }
    // Date and time of the same property are one moment.
    if let [.., date, time] = readings.as_slice()
        && number == 2
        && let (Value::Text(day), Value::Text(clock)) = (&date.value, &time.value)
        && matches!(first, Tag { number: 10, is_context: false, .. })
    {
        let both = format_compact!("{day} {clock}");
        readings.truncate(begin);
        push(readings, Reading::new(point.name(), Value::Text(both)));
    }
    Ok(())
}

/// Records of a trend log (production `BACnetLogRecord`): timestamp [0], datum [1], status flags [2].
fn log_records(mut r: Reader<'_>, point: Point, readings: &mut Vec<Reading>) -> Result<(), Short> {
    let mut number = 0_u32;
    while let Some(mut stamp) = tags::enclosed(&mut r, 0) {
        number = number.saturating_add(1);
        let date = tags::application(&mut stamp, 10)?.unwrap_or_default();
        let time = tags::application(&mut stamp, 11)?.unwrap_or_default();
        let Some(mut datum) = tags::enclosed(&mut r, 1) else { return Err(r.short("log datum", 1)) };
        let (tag, mut content) = tags::element(&mut datum)?;
        let value = match (tag.number, tag.content) {
            (_, Content::Opening) => Value::Text(tags::constructed(content, Words::Unknown)),
            (kind, form) => {
                let bytes = content.take_rest();
                // The choice numbers its alternatives in its own way: log status, boolean, real, enumerated, unsigned,
                // integer, bit string, null, error, time change.
                let application = match kind {
                    0 | 6 => 8,
                    1 => 1,
                    2 | 9 => 4,
                    3 => 9,
                    4 => 2,
                    5 => 3,
                    7 => 0,
                    _ => 6,
                };
                tags::primitive(application, form, bytes, Words::Unknown)
            }
        };
        let quality = tags::context(&mut r, 2)?.map(|bits| tags::bit_string(bits, STATUS_FLAGS));
        let name = Point { index: Some(number), ..point }.name();
        let mut reading = Reading::new(name, value);
        reading.quality = quality.filter(|flags| flags != "none");
        reading.at = tags::moment(date, time);
        push(readings, reading);
    }
    Ok(())
}

/// A list of property values (production `BACnetPropertyValue`): property [0], index [1], value [2], priority [3].
/// Gives the priority of the last one.
pub(super) fn property_values(
    mut r: Reader<'_>,
    object: u32,
    readings: &mut Vec<Reading>,
) -> Result<(Option<Point>, Option<u64>), Short> {
    let (mut first, mut priority) = (None, None);
    let begin = readings.len();
    let mut flags = None;
    while !r.is_empty() {
        let point = Point::read_property(&mut r, object, 0)?;
        first.get_or_insert(point);
        if let Some(content) = tags::enclosed(&mut r, 2) {
            let before = readings.len();
            values(content, point, readings)?;
            if point.property == 111
                && let Some(Reading { value: Value::Text(text), .. }) = readings.get(before)
            {
                flags = Some(text.clone());
            }
        }
        // A time [3] in notifications of several properties, a priority [3] in writes.
        if let Some(bytes) = tags::context(&mut r, 3)? {
            priority = Some(tags::unsigned(bytes));
        }
    }
    // Status flags say how good the values beside them are.
    if let Some(flags) = flags.filter(|flags| flags != "none") {
        for reading in readings.iter_mut().skip(begin) {
            reading.quality = Some(flags.clone());
        }
    }
    Ok((first, priority))
}

/// What an act on several points is done to: the first, and how many more.
pub(super) fn object_of(first: Option<Text>, count: usize) -> Object {
    match (first, count) {
        (None, _) => Object::None,
        (Some(first), 0 | 1) => Object::Text(first),
        (Some(first), count) => Object::Text(format_compact!("{first} +{}", count.saturating_sub(1))),
    }
}
