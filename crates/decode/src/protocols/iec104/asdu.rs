//! Application service data units: header, direction, field sizes, and what an act is made of.

use compact_str::format_compact;
use model::{Behind, Object, Reading, Text, Time, Verb};
use wire::{Reader, Short};

use super::element::element;
use super::{Request, time};
use crate::Draft;

/// The common address that means all stations.
pub(super) const EVERY_STATION: u16 = 0xffff;

/// Sizes of the fields that IEC 60870-5-101 leaves open, in octets. IEC 60870-5-104 fixes them at 2, 2 and 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    cause: usize,
    common: usize,
    object: usize,
}

impl Default for Sizes {
    fn default() -> Sizes {
        STANDARD
    }
}

const STANDARD: Sizes = Sizes { cause: 2, common: 2, object: 3 };

/// Sizes of gateways that pass serial ASDUs on unchanged.
const OTHERS: &[Sizes] = &[
    Sizes { cause: 1, common: 1, object: 2 },
    Sizes { cause: 1, common: 2, object: 2 },
    Sizes { cause: 2, common: 2, object: 2 },
    Sizes { cause: 1, common: 2, object: 3 },
    Sizes { cause: 2, common: 1, object: 2 },
];

impl Sizes {
    /// The sizes with which the length of the ASDU `bytes` fits exactly: the standard's where they do, else another
    /// set where it is the only one. None where the type has no fixed size or nothing fits.
    pub(super) fn of(bytes: &[u8]) -> Option<Sizes> {
        if STANDARD.fit(bytes) {
            return Some(STANDARD);
        }
        let mut fitting = OTHERS.iter().filter(|sizes| sizes.fit(bytes));
        let only = fitting.next()?;
        fitting.next().is_none().then_some(*only)
    }

    fn fit(self, bytes: &[u8]) -> bool {
        let mut r = Reader::new(bytes);
        let Ok(asdu) = Asdu::read(&mut r, self) else { return false };
        let Some((element, stamp)) = element(asdu.kind) else { return false };
        let Some(size) = element.size().map(|size| size.saturating_add(stamp.size())) else { return false };
        // A real cause: this is what tells the sets apart where lengths happen to agree.
        let is_cause = matches!(asdu.cause, 1..=16 | 20..=41 | 44..=47);
        let count = usize::from(asdu.count);
        let needed = match asdu.is_sequence {
            true => self.object.saturating_add(count.saturating_mul(size)),
            false => count.saturating_mul(self.object.saturating_add(size)),
        };
        is_cause && count > 0 && needed == r.left()
    }
}

/// Which way an ASDU goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// From the controlling station.
    Control,
    /// From the controlled station.
    Monitor,
}

/// One application service data unit.
#[derive(Debug, Default)]
pub(super) struct Asdu {
    pub(super) kind: u8,
    pub(super) is_sequence: bool,
    pub(super) count: u8,
    pub(super) cause: u8,
    pub(super) is_negative: bool,
    pub(super) is_test: bool,
    pub(super) originator: u8,
    pub(super) common: u16,
    /// Address of the first object.
    pub(super) first: u32,
    last: u32,
    least: u32,
    most: u32,
    /// Whether every object's address is the one before plus one.
    is_row: bool,
    /// Objects read.
    read: u32,
    /// Select or execute.
    pub(super) action: Text,
    /// Qualifier of a command in words.
    pub(super) qualifier: Text,
    /// Further words: cause of initialization, section of a file.
    pub(super) detail: Text,
    /// What it is about, where that is no information object: `station`, `file 3`.
    pub(super) topic: Text,
    /// Another verb than the type's.
    pub(super) verb: Option<Verb>,
    pub(super) is_summer: bool,
}

impl Asdu {
    /// Reads the data unit identifier (IEC 60870-5-101, section 7.1 and 7.2.1 to 7.2.4).
    pub(super) fn read(r: &mut Reader<'_>, sizes: Sizes) -> Result<Asdu, Short> {
        let kind = r.u8("type identification")?;
        let qualifier = r.u8("variable structure qualifier")?;
        let cause = r.u8("cause of transmission")?;
        let originator = if sizes.cause > 1 { r.u8("originator address")? } else { 0 };
        let common = match sizes.common {
            1 => match r.u8("common address")? {
                0xff => EVERY_STATION,
                common => common.into(),
            },
            _ => r.u16_le("common address")?,
        };
        Ok(Asdu {
            kind,
            is_sequence: qualifier & 0x80 != 0,
            count: qualifier & 0x7f,
            cause: cause & 0x3f,
            is_negative: cause & 0x40 != 0,
            is_test: cause & 0x80 != 0,
            originator,
            common,
            is_row: true,
            least: u32::MAX,
            ..Asdu::default()
        })
    }

    /// Reads the information objects. What was read before a fault is kept.
    pub(super) fn objects(
        &mut self,
        r: &mut Reader<'_>,
        sizes: Sizes,
        now: Time,
        readings: &mut Vec<Reading>,
    ) -> Result<(), Short> {
        let Some((element, stamp)) = element(self.kind) else {
            // A private or reserved type: nobody knows its objects.
            self.first = address(r, sizes).unwrap_or(0);
            self.met(self.first);
            let bytes = r.take_rest();
            if !bytes.is_empty() {
                readings.push(Reading::new(Object::one("ioa", self.first.into()), model::Value::Bytes(bytes.into())));
            }
            return Ok(());
        };
        let mut number = 0;
        for index in 0..self.count {
            if index == 0 || !self.is_sequence {
                number = address(r, sizes)?;
            } else {
                number = number.wrapping_add(1) & 0x00ff_ffff;
            }
            self.met(number);
            let from = readings.len();
            element.read(r, number, self, readings)?;
            let stamp = match stamp {
                super::element::TimeTag::None => continue,
                super::element::TimeTag::Cp24 => time::cp24(r, now)?,
                super::element::TimeTag::Cp56 => time::cp56(r)?,
            };
            self.is_summer |= stamp.is_summer;
            for reading in readings.iter_mut().skip(from) {
                reading.at = stamp.at;
                if stamp.is_invalid {
                    reading.quality = Some(match reading.quality.take() {
                        Some(quality) => format_compact!("{quality}, time invalid"),
                        None => Text::const_new("time invalid"),
                    });
                }
            }
        }
        Ok(())
    }

    fn met(&mut self, number: u32) {
        if self.read == 0 {
            self.first = number;
        } else if number != self.last.wrapping_add(1) {
            self.is_row = false;
        }
        self.last = number;
        self.least = self.least.min(number);
        self.most = self.most.max(number);
        self.read = self.read.saturating_add(1);
    }

    /// What the act is about.
    pub(super) fn object(&self) -> Object {
        match self.read {
            _ if !self.topic.is_empty() => Object::Text(self.topic.clone()),
            0 => Object::None,
            count if self.is_row => Object::span("ioa", self.first.into(), count),
            count => Object::Text(format_compact!("{count} of ioa {}-{}", self.least, self.most)),
        }
    }

    /// Who sends such an ASDU, where type and cause tell.
    pub(super) fn direction(&self) -> Option<Direction> {
        match (self.kind, self.cause) {
            (1..=41 | 70, 1..=5 | 11 | 12 | 20..=41) => Some(Direction::Monitor),
            (45..=64 | 100..=107 | 110..=113, 6 | 8) => Some(Direction::Control),
            (102, 5) => Some(Direction::Control),
            (45..=64 | 100..=107 | 110..=113, 7 | 9 | 10 | 44..=47) => Some(Direction::Monitor),
            _ => None,
        }
    }

    /// Whether a confirmation follows.
    pub(super) fn is_command(&self) -> bool {
        matches!(self.kind, 45..=64 | 100 | 101 | 103..=107 | 110..=113)
    }

    /// What waits for the answer.
    pub(super) fn request(&self, readings: &[Reading]) -> Request {
        Request {
            kind: self.kind.into(),
            verb: self.verb,
            behind: Behind::Link(self.common),
            object: self.object(),
            values: readings.to_vec(),
            action: self.action.clone(),
            qualifier: self.qualifier.clone(),
            originator: self.originator,
            is_test: self.is_test,
            is_from_server: false,
            is_deactivation: matches!(self.cause, 8 | 9),
        }
    }

    /// Further fields of acts that are no commands.
    pub(super) fn extras<'a>(&self, draft: Draft<'a>) -> Draft<'a> {
        let draft = draft
            .extra("action", self.action.clone())
            .extra("qualifier", self.qualifier.clone())
            .extra("detail", self.detail.clone());
        let draft = if self.is_summer { draft.extra("time", "summer") } else { draft };
        match self.verb {
            Some(verb) => draft.verb(verb),
            None => draft,
        }
    }
}

fn address(r: &mut Reader<'_>, sizes: Sizes) -> Result<u32, Short> {
    match sizes.object {
        2 => r.u16_le("information object address").map(u32::from),
        _ => r.u24_le("information object address"),
    }
}

/// Causes of transmission (IEC 60870-5-101, section 7.2.3).
const CAUSES: &[(u8, &str)] = &[
    (1, "periodic"),
    (2, "background scan"),
    (3, "spontaneous"),
    (4, "initialized"),
    (5, "request"),
    (6, "activation"),
    (7, "activation confirmation"),
    (8, "deactivation"),
    (9, "deactivation confirmation"),
    (10, "activation termination"),
    (11, "remote command"),
    (12, "local command"),
    (13, "file transfer"),
    (14, "authentication"),
    (15, "session key maintenance"),
    (16, "user role and update key maintenance"),
    (20, "station interrogation"),
    (37, "general counter request"),
    (38, "counter group 1"),
    (39, "counter group 2"),
    (40, "counter group 3"),
    (41, "counter group 4"),
    (44, "unknown type identification"),
    (45, "unknown cause of transmission"),
    (46, "unknown common address"),
    (47, "unknown information object address"),
];

/// A cause of transmission in words.
pub(super) fn cause_name(cause: u8) -> Text {
    match cause {
        21..=36 => format_compact!("group {} interrogation", cause.saturating_sub(20)),
        _ => CAUSES
            .iter()
            .find(|(known, _)| *known == cause)
            .map_or_else(|| format_compact!("0x{cause:02x}"), |(_, name)| Text::const_new(name)),
    }
}
