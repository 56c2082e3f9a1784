//! Alarms and events: notifications, acknowledgements, summaries, life safety.
//!
//! Written from ANSI/ASHRAE 135-2020, clause 13, and the productions of clause 21.

use compact_str::format_compact;
use model::{Reading, Value};
use wire::{Reader, Short};

use super::enumerations::{self as names_of, Words, property};
use super::points::{self, Point};
use super::services::{Told, object_text};
use super::tags;

pub(super) fn acknowledge_alarm(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    tags::must_context(r, 0, "process identifier")?;
    told.object = object_text(tags::must_context(r, 1, "event object")?).into();
    if let Some(state) = tags::context_unsigned(r, 2)? {
        told.note("state", names_of::EVENT_STATES.name(state).unwrap_or_else(|| format_compact!("{state}")));
    }
    tags::enclosed(r, 3);
    told.note("source", tags::context_text(r, 4)?.unwrap_or_default());
    Ok(())
}

pub(super) fn event_notification(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    tags::must_context(r, 0, "process identifier")?;
    let device = tags::must_context(r, 1, "initiating device")?;
    let object = tags::must_context(r, 2, "event object")?;
    told.object = object_text(object).into();
    told.note("device", object_text(device));
    tags::enclosed(r, 3);
    let class = tags::context_unsigned(r, 4)?;
    let priority = tags::context_unsigned(r, 5)?;
    let event = tags::context_unsigned(r, 6)?;
    let text = tags::context_text(r, 7)?;
    let notify = tags::context_unsigned(r, 8)?;
    let needs_ack = tags::context_unsigned(r, 9)?;
    let from = tags::context_unsigned(r, 10)?;
    let to = tags::context_unsigned(r, 11)?;
    let word = |words: Words, number: u64| words.name(number).unwrap_or_else(|| format_compact!("{number}"));
    if let Some(event) = event {
        told.note("event", word(names_of::EVENT_TYPES, event));
    }
    if let Some(notify) = notify {
        told.note("notify type", word(names_of::NOTIFY_TYPES, notify));
    }
    if let Some(from) = from {
        told.note("from", word(names_of::EVENT_STATES, from));
    }
    told.note("message", text.unwrap_or_default());
    for (name, number) in [("notification class", class), ("priority", priority)] {
        if let Some(number) = number {
            told.note(name, format_compact!("{number}"));
        }
    }
    if needs_ack == Some(1) {
        told.note("acknowledgement", "required");
    }
    if let Some(to) = to {
        let point = Point { object: tags::small(object), property: property::EVENT_STATE, index: None };
        told.reading(point.name(), Value::Text(word(names_of::EVENT_STATES, to)));
    }
    if let Some(values) = tags::enclosed(r, 12) {
        event_values(values, tags::small(object), told)?;
    }
    Ok(())
}

/// Parameters of a notification (production `BACnetNotificationParameters`); the choice is the event type.
pub(super) fn event_values(mut values: Reader<'_>, object: u32, told: &mut Told) -> Result<(), Short> {
    let text = tags::constructed(values, Words::Unknown);
    for (event, limit) in [(4, 3), (5, 3)] {
        // Floating-limit and out-of-range: the value that exceeds, status flags, (set point or deadband), limit.
        let Some(mut parameters) = tags::enclosed(&mut values, event) else { continue };
        let real =
            |bytes: Option<&[u8]>| bytes.and_then(|bytes| bytes.first_chunk()).map(|four| f32::from_be_bytes(*four));
        let exceeding = real(tags::context(&mut parameters, 0)?);
        let flags = tags::context(&mut parameters, 1)?.map(|bits| tags::bit_string(bits, names_of::STATUS_FLAGS));
        tags::context(&mut parameters, 2)?;
        if let Some(exceeding) = exceeding {
            let point = Point { object, property: property::PRESENT_VALUE, index: None };
            let mut reading = Reading::new(point.name(), Value::Float(exceeding.into()));
            reading.quality = flags.filter(|flags| flags != "none");
            points::push(&mut told.readings, reading);
        }
        if let Some(limit) = real(tags::context(&mut parameters, limit)?) {
            told.note("limit", format_compact!("{limit}"));
        }
        return Ok(());
    }
    told.note("event values", text);
    Ok(())
}

pub(super) fn alarm_summary(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    while !r.is_empty() {
        let object = tags::small(tags::must_application(r, 12, "object identifier")?);
        let state = tags::must_application(r, 9, "alarm state")?;
        let acknowledged = tags::application(r, 8)?.unwrap_or_default();
        event_state(object, state, acknowledged, told);
    }
    Ok(())
}

pub(super) fn event_state(object: u32, state: u64, acknowledged: &[u8], told: &mut Told) {
    let point = Point { object, property: property::EVENT_STATE, index: None };
    let state = names_of::EVENT_STATES.name(state).map_or(Value::Unsigned(state), Value::Text);
    let mut reading = Reading::new(point.name(), state);
    reading.quality = Some(format_compact!("acknowledged: {}", tags::bit_string(acknowledged, names_of::TRANSITIONS)));
    points::push(&mut told.readings, reading);
}

pub(super) fn enrollment_summary(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    while !r.is_empty() {
        let object = tags::small(tags::must_application(r, 12, "object identifier")?);
        let event = tags::must_application(r, 9, "event type")?;
        let state = tags::must_application(r, 9, "event state")?;
        let priority = tags::must_application(r, 2, "priority")?;
        tags::application(r, 2)?;
        let point = Point { object, property: property::EVENT_STATE, index: None };
        let mut reading =
            Reading::new(point.name(), names_of::EVENT_STATES.name(state).map_or(Value::Unsigned(state), Value::Text));
        let event = names_of::EVENT_TYPES.name(event).unwrap_or_default();
        reading.quality = Some(format_compact!("{event} priority {priority}"));
        points::push(&mut told.readings, reading);
    }
    Ok(())
}

pub(super) fn event_information(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    let Some(mut list) = tags::enclosed(r, 0) else { return Err(r.short("event summaries", 1)) };
    while !list.is_empty() {
        let object = tags::small(tags::must_context(&mut list, 0, "object identifier")?);
        let state = tags::must_context(&mut list, 1, "event state")?;
        let acknowledged = tags::context(&mut list, 2)?.unwrap_or_default();
        tags::enclosed(&mut list, 3);
        tags::context(&mut list, 4)?;
        tags::context(&mut list, 5)?;
        tags::enclosed(&mut list, 6);
        event_state(object, state, acknowledged, told);
    }
    if tags::context_unsigned(r, 1)? == Some(1) {
        told.note("more", "yes");
    }
    Ok(())
}

pub(super) fn life_safety(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    tags::must_context(r, 0, "process identifier")?;
    told.note("source", tags::context_text(r, 1)?.unwrap_or_default());
    let operation = tags::must_context(r, 2, "request")?;
    let word = names_of::LIFE_SAFETY_OPERATIONS.name(operation);
    told.note("operation", word.unwrap_or_else(|| format_compact!("{operation}")));
    if let Some(object) = tags::context_unsigned(r, 3)? {
        told.object = object_text(object).into();
    }
    Ok(())
}
