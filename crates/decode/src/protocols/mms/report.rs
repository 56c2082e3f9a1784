//! Information reports: variables sent unasked, and the reports of IEC 61850 (8-1, section 17.1).

use compact_str::format_compact;
use model::{Object, Reading, Text};

use super::data;
use super::service::{self, Access};
use crate::ber::Element;

/// What a report says.
pub struct Report {
    /// Data set, list or variable.
    pub object: Object,
    /// Its values.
    pub values: Vec<Reading>,
    /// Report id, numbers, reasons.
    pub extra: Vec<(&'static str, Text)>,
}

/// Data of one report that are looked at.
const DATA_MAX: usize = 4_096;

/// Reads an information report: specification, then results.
pub fn read(report: &Element<'_>) -> Report {
    let mut parts = report.inside();
    let access = parts.next().and_then(|choice| Access::read(&choice));
    let list = parts.next();
    if let (Some(Access::List(name)), Some(list)) = (&access, &list)
        && name == "RPT"
        && let Some(report) = of_iec61850(list)
    {
        return report;
    }
    let mut values = Vec::new();
    if let Some(list) = &list {
        service::results(list.inside(), access.as_ref(), &mut values);
    }
    Report { object: access.map_or(Object::None, |access| access.object()), values, extra: Vec::new() }
}

/// Bits of the optional fields (IEC 61850-8-1, section 8.1.3.9 `OptFlds`).
const SEQUENCE: usize = 1;
const TIME: usize = 2;
const REASON: usize = 3;
const DATA_SET: usize = 4;
const REFERENCE: usize = 5;
const OVERFLOW: usize = 6;
const ENTRY: usize = 7;
const REVISION: usize = 8;
const SEGMENTS: usize = 9;

/// A report in the order of table 38: id, optional fields, what they name, inclusion, references, values, reasons.
fn of_iec61850(list: &Element<'_>) -> Option<Report> {
    let mut items = list.inside();
    let id = items.next().filter(|item| item.is(10))?.text();
    let options = items.next().filter(|item| item.is(4)).and_then(|item| data::bits(item.content))?;
    let has = |bit: usize| options.as_bytes().get(bit) == Some(&b'1');
    let mut extra = vec![("report id", id.clone())];
    let mut object = id;
    if has(SEQUENCE) {
        extra.push(("sequence number", number(&items.next()?)));
    }
    let mut at = None;
    if has(TIME)
        && let model::Value::Time(time) = data::value(&items.next()?)
    {
        at = Some(time);
    }
    if has(DATA_SET) {
        object = items.next()?.text();
    }
    if has(OVERFLOW) && items.next()?.is_true() {
        extra.push(("buffer overflow", "true".into()));
    }
    if has(ENTRY) {
        let bytes = items.next()?.content;
        extra.push(("entry", bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>().into()));
    }
    if has(REVISION) {
        extra.push(("configuration revision", number(&items.next()?)));
    }
    if has(SEGMENTS) {
        extra.push(("segment", number(&items.next()?)));
        if items.next()?.is_true() {
            extra.push(("more segments", "true".into()));
        }
    }
    let inclusion = items.next().filter(|item| item.is(4))?;
    let included: Vec<usize> = places(inclusion.content);
    let mut names: Vec<Text> =
        included.iter().map(|place| format_compact!("{object}[{}]", place.saturating_add(1))).collect();
    if has(REFERENCE) {
        for name in &mut names {
            *name = items.next()?.text();
        }
    }
    let mut values = Vec::new();
    for name in &names {
        let Some(item) = items.next() else { break };
        if values.len() >= service::VALUES_MAX {
            break;
        }
        service::value(name, &item, &mut values);
    }
    for reading in &mut values {
        reading.at = reading.at.or(at);
    }
    if has(REASON)
        && let Some(bits) = items.next().filter(|item| item.is(4)).and_then(|item| data::bits(item.content))
    {
        let reasons = [
            "",
            "data change",
            "quality change",
            "data update",
            "integrity",
            "general interrogation",
            "application trigger",
        ];
        let said: Vec<&str> =
            bits.bytes().zip(reasons).filter(|(bit, name)| *bit == b'1' && !name.is_empty()).map(|(_, n)| n).collect();
        extra.push(("reason", said.join(", ").into()));
    }
    Some(Report { object: Object::Text(object), values, extra })
}

/// Places of the bits that are set.
fn places(bytes: &[u8]) -> Vec<usize> {
    let Some((&padding, bytes)) = bytes.split_first() else { return Vec::new() };
    let count = bytes.len().saturating_mul(8).saturating_sub(usize::from(padding.min(7))).min(DATA_MAX);
    (0..count).filter(|i| bytes.get(i / 8).is_some_and(|byte| byte << (i % 8) & 0x80 != 0)).collect()
}

fn number(element: &Element<'_>) -> Text {
    element.unsigned().map(|number| format_compact!("{number}")).unwrap_or_default()
}
