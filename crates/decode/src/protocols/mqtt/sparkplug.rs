//! Sparkplug B: metrics with names, types and times in the payload of MQTT, written in Protocol Buffers.
//!
//! Read by hand: nine fields of two messages do not need a compiler, and what is cut or wrong stays readable.
//! Source: Eclipse Sparkplug Specification 3.0.0 (2022), section 6.4 and its `sparkplug_b.proto`.

use std::hash::BuildHasher;

use compact_str::format_compact;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use model::{Object, Reading, Text, Time, Value, Verb};
use wire::{Reader, Short};

/// Metrics of one payload that are read.
const METRICS_MAX: usize = 512;
/// Names kept by their aliases on one connection.
const ALIASES_MAX: usize = 4_096;

/// What a topic of Sparkplug says: `spBv1.0/GROUP/TYPE/NODE/DEVICE`.
pub(super) struct Topic<'a> {
    group: &'a str,
    kind: &'a str,
    node: &'a str,
}

impl<'a> Topic<'a> {
    /// Takes a topic apart.
    pub(super) fn parse(topic: &'a str) -> Option<Topic<'a>> {
        let mut parts = topic.strip_prefix("spBv1.0/")?.split('/');
        Some(Topic { group: parts.next()?, kind: parts.next()?, node: parts.next()? })
    }

    /// Name and verb of the act.
    pub(super) fn act(&self) -> (&'static str, Verb) {
        match self.kind {
            "NBIRTH" => ("sparkplug node birth", Verb::Report),
            "NDEATH" => ("sparkplug node death", Verb::Alarm),
            "DBIRTH" => ("sparkplug device birth", Verb::Report),
            "DDEATH" => ("sparkplug device death", Verb::Alarm),
            "NDATA" => ("sparkplug node data", Verb::Report),
            "DDATA" => ("sparkplug device data", Verb::Report),
            "NCMD" => ("sparkplug node command", Verb::Write),
            "DCMD" => ("sparkplug device command", Verb::Write),
            _ => ("sparkplug", Verb::Report),
        }
    }
}

/// Names of metrics by the aliases that births gave them.
#[derive(Default)]
pub(super) struct Aliases {
    names: HashMap<(u64, u64), Text, FixedState>,
}

/// One field of a Protocol Buffers message.
enum Field<'a> {
    Number(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(&'a [u8]),
}

/// A number in groups of seven bits, the lowest first.
fn varint(r: &mut Reader<'_>) -> Result<u64, Short> {
    let mut number = 0_u64;
    for shift in (0..70_u32).step_by(7) {
        let byte = r.u8("number")?;
        number |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(r.short("end of number", 1))
}

fn field<'a>(r: &mut Reader<'a>) -> Result<(u64, Field<'a>), Short> {
    let tag = varint(r)?;
    let value = match tag & 7 {
        0 => Field::Number(varint(r)?),
        1 => Field::Fixed64(r.u64_le("fixed64")?),
        2 => {
            let length = varint(r)?;
            Field::Bytes(r.bytes(usize::try_from(length).unwrap_or(usize::MAX), "field")?)
        }
        5 => Field::Fixed32(r.u32_le("fixed32")?),
        _ => return Err(r.short("field of a known kind", 1)),
    };
    Ok((tag >> 3, value))
}

/// Milliseconds since 1970.
fn time(milliseconds: u64) -> Time {
    Time(i64::try_from(milliseconds).unwrap_or(i64::MAX).saturating_mul(1_000_000))
}

impl Aliases {
    /// Reads a payload into `readings`. What was readable of a broken one is there.
    pub(super) fn read(&mut self, topic: &Topic<'_>, payload: &[u8], readings: &mut Vec<Reading>) -> Result<(), Short> {
        let node = FixedState::default().hash_one((topic.group, topic.node));
        let mut r = Reader::new(payload);
        while !r.is_empty() {
            match field(&mut r)? {
                (2, Field::Bytes(metric)) if readings.len() < METRICS_MAX => {
                    readings.push(self.metric(node, Reader::new(metric))?);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn metric(&mut self, node: u64, mut r: Reader<'_>) -> Result<Reading, Short> {
        let (mut name, mut alias, mut kind, mut at, mut is_old) = (Text::default(), None, 0, None, false);
        let mut value = Value::Nothing;
        while !r.is_empty() {
            match field(&mut r)? {
                (1, Field::Bytes(bytes)) => name = crate::ber::text(bytes),
                (2, Field::Number(number)) => alias = Some(number),
                (3, Field::Number(milliseconds)) => at = Some(time(milliseconds)),
                (4, Field::Number(number)) => kind = number,
                (5, Field::Number(number)) => is_old = number != 0,
                (7, Field::Number(1..)) => value = Value::Nothing,
                (10 | 11, Field::Number(number)) => value = Value::Unsigned(number),
                (12, Field::Fixed32(bits)) => value = Value::Float(f32::from_bits(bits).into()),
                (13, Field::Fixed64(bits)) => value = Value::Float(f64::from_bits(bits)),
                (14, Field::Number(number)) => value = Value::Bool(number != 0),
                (15, Field::Bytes(bytes)) => value = Value::Text(crate::ber::text(bytes)),
                (16, Field::Bytes(bytes)) => value = Value::Bytes(bytes.get(..64).unwrap_or(bytes).into()),
                _ => {}
            }
        }
        // Signed numbers travel as unsigned ones of 32 or 64 bits; the type tells (births carry it).
        value = match (value, kind) {
            (Value::Unsigned(number), 1..=3) => Value::Integer((number as u32 as i32).into()),
            (Value::Unsigned(number), 4) => Value::Integer(number as i64),
            (Value::Unsigned(number), 13) => Value::Time(time(number)),
            (value, _) => value,
        };
        if let Some(alias) = alias {
            if name.is_empty() {
                name = self.names.get(&(node, alias)).cloned().unwrap_or_else(|| format_compact!("alias {alias}"));
            } else if self.names.len() < ALIASES_MAX {
                self.names.insert((node, alias), name.clone());
            }
        }
        let mut reading = Reading::new(Object::Text(name), value);
        reading.at = at;
        if is_old {
            reading.quality = Some(Text::const_new("historical"));
        }
        Ok(reading)
    }
}
