//! Information elements by type identification (IEC 60870-5-101, sections 7.2.6 and 7.3).

use compact_str::format_compact;
use model::{Object, Reading, Text, Value, Verb};
use wire::{Reader, Short};

use super::asdu::Asdu;
use super::time;

/// What follows an information element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeTag {
    None,
    Cp24,
    Cp56,
}

impl TimeTag {
    pub(super) const fn size(self) -> usize {
        match self {
            TimeTag::None => 0,
            TimeTag::Cp24 => 3,
            TimeTag::Cp56 => 7,
        }
    }
}

/// The elements, without information object address and time tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    Single,
    Double,
    Step,
    Bitstring,
    Normalized,
    NormalizedBare,
    Scaled,
    Float,
    Counter,
    ProtectionEvent,
    ProtectionStart,
    ProtectionOutput,
    PackedSingle,
    SecurityStatistic,
    SingleCommand,
    DoubleCommand,
    StepCommand,
    SetNormalized,
    SetScaled,
    SetFloat,
    SetBitstring,
    EndOfInitialization,
    Interrogation,
    CounterInterrogation,
    Read,
    Clock,
    Test,
    Reset,
    Delay,
    TestCounter,
    ParameterNormalized,
    ParameterScaled,
    ParameterFloat,
    ParameterActivation,
    FileReady,
    SectionReady,
    FileCall,
    FileLast,
    FileAcknowledge,
    FileSegment,
    FileDirectory,
    FileQuery,
    Authentication,
}

/// Element and time tag of a type identification.
pub(super) fn element(kind: u8) -> Option<(Element, TimeTag)> {
    use Element::*;
    use TimeTag::{Cp24, Cp56, None as Bare};
    Some(match kind {
        1 => (Single, Bare),
        2 => (Single, Cp24),
        3 => (Double, Bare),
        4 => (Double, Cp24),
        5 => (Step, Bare),
        6 => (Step, Cp24),
        7 => (Bitstring, Bare),
        8 => (Bitstring, Cp24),
        9 => (Normalized, Bare),
        10 => (Normalized, Cp24),
        11 => (Scaled, Bare),
        12 => (Scaled, Cp24),
        13 => (Float, Bare),
        14 => (Float, Cp24),
        15 => (Counter, Bare),
        16 => (Counter, Cp24),
        17 => (ProtectionEvent, Cp24),
        18 => (ProtectionStart, Cp24),
        19 => (ProtectionOutput, Cp24),
        20 => (PackedSingle, Bare),
        21 => (NormalizedBare, Bare),
        30 => (Single, Cp56),
        31 => (Double, Cp56),
        32 => (Step, Cp56),
        33 => (Bitstring, Cp56),
        34 => (Normalized, Cp56),
        35 => (Scaled, Cp56),
        36 => (Float, Cp56),
        37 => (Counter, Cp56),
        38 => (ProtectionEvent, Cp56),
        39 => (ProtectionStart, Cp56),
        40 => (ProtectionOutput, Cp56),
        41 => (SecurityStatistic, Cp56),
        45 => (SingleCommand, Bare),
        46 => (DoubleCommand, Bare),
        47 => (StepCommand, Bare),
        48 => (SetNormalized, Bare),
        49 => (SetScaled, Bare),
        50 => (SetFloat, Bare),
        51 => (SetBitstring, Bare),
        58 => (SingleCommand, Cp56),
        59 => (DoubleCommand, Cp56),
        60 => (StepCommand, Cp56),
        61 => (SetNormalized, Cp56),
        62 => (SetScaled, Cp56),
        63 => (SetFloat, Cp56),
        64 => (SetBitstring, Cp56),
        70 => (EndOfInitialization, Bare),
        81..=87 | 90..=95 => (Authentication, Bare),
        100 => (Interrogation, Bare),
        101 => (CounterInterrogation, Bare),
        102 => (Read, Bare),
        103 => (Clock, Bare),
        104 => (Test, Bare),
        105 => (Reset, Bare),
        106 => (Delay, Bare),
        107 => (TestCounter, Cp56),
        110 => (ParameterNormalized, Bare),
        111 => (ParameterScaled, Bare),
        112 => (ParameterFloat, Bare),
        113 => (ParameterActivation, Bare),
        120 => (FileReady, Bare),
        121 => (SectionReady, Bare),
        122 => (FileCall, Bare),
        123 => (FileLast, Bare),
        124 => (FileAcknowledge, Bare),
        125 => (FileSegment, Bare),
        126 => (FileDirectory, Cp56),
        127 => (FileQuery, Bare),
        _ => return None,
    })
}

/// Quality bits that several descriptors share (section 7.2.6.1 to 4).
const QUALITY: &[(u8, &str)] = &[(0x80, "invalid"), (0x40, "not topical"), (0x20, "substituted"), (0x10, "blocked")];
const OVERFLOW: (u8, &str) = (0x01, "overflow");
const ELAPSED_INVALID: (u8, &str) = (0x08, "elapsed time invalid");
/// Of counter readings (section 7.2.6.9); bits 0 to 4 are the sequence number.
const COUNTER: &[(u8, &str)] = &[(0x80, "invalid"), (0x40, "adjusted"), (0x20, "carry")];

fn quality(octet: u8, more: Option<(u8, &'static str)>) -> Option<Text> {
    named(octet, QUALITY.iter().copied().chain(more))
}

fn named(octet: u8, bits: impl Iterator<Item = (u8, &'static str)>) -> Option<Text> {
    let mut words: Option<Text> = None;
    for (_, word) in bits.filter(|(bit, _)| octet & bit != 0) {
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

impl Element {
    /// Octets, where they are fixed.
    pub(super) const fn size(self) -> Option<usize> {
        use Element::*;
        Some(match self {
            Read => 0,
            Single | Double | SingleCommand | DoubleCommand | StepCommand | EndOfInitialization | Interrogation
            | CounterInterrogation | Reset | ParameterActivation => 1,
            Step | NormalizedBare | Test | Delay | TestCounter => 2,
            Normalized | Scaled | SetNormalized | SetScaled | ParameterNormalized | ParameterScaled
            | ProtectionEvent => 3,
            ProtectionStart | ProtectionOutput | SetBitstring | FileCall | FileAcknowledge => 4,
            Bitstring | Float | Counter | PackedSingle | SetFloat | ParameterFloat | FileLast => 5,
            FileReady | FileDirectory => 6,
            Clock | SecurityStatistic | SectionReady => 7,
            FileQuery => 16,
            FileSegment | Authentication => return None,
        })
    }

    /// Reads one element of the object `number`.
    pub(super) fn read(
        self,
        r: &mut Reader<'_>,
        number: u32,
        asdu: &mut Asdu,
        readings: &mut Vec<Reading>,
    ) -> Result<(), Short> {
        let object = || Object::one("ioa", number.into());
        let mut push = |value: Value, quality: Option<Text>| {
            readings.push(Reading { object: object(), value, quality, at: None });
        };
        match self {
            Element::Single => {
                let octet = r.u8("siq")?;
                push(Value::Bool(octet & 1 != 0), quality(octet, None));
            }
            Element::Double => {
                let octet = r.u8("diq")?;
                push(Value::Unsigned(u64::from(octet & 3)), quality(octet, None));
            }
            Element::Step => {
                let (value, transient) = step(r.u8("vti")?);
                let octet = r.u8("qds")?;
                let transient = transient.then_some((0x02, "transient"));
                push(
                    Value::Integer(value),
                    named(
                        octet & !2 | u8::from(transient.is_some()) << 1,
                        QUALITY.iter().copied().chain([OVERFLOW]).chain(transient),
                    ),
                );
            }
            Element::Bitstring => {
                let value = r.u32_le("bsi")?;
                push(Value::Unsigned(value.into()), quality(r.u8("qds")?, Some(OVERFLOW)));
            }
            Element::Normalized => {
                let value = normalized(r)?;
                push(value, quality(r.u8("qds")?, Some(OVERFLOW)));
            }
            Element::NormalizedBare => push(normalized(r)?, None),
            Element::Scaled => {
                let value = r.i16_le("sva")?;
                push(Value::Integer(value.into()), quality(r.u8("qds")?, Some(OVERFLOW)));
            }
            Element::Float => {
                let value = r.f32_le("ieee std 754")?;
                push(Value::Float(value.into()), quality(r.u8("qds")?, Some(OVERFLOW)));
            }
            Element::Counter => {
                let value = r.i32_le("counter reading")?;
                push(Value::Integer(value.into()), named(r.u8("sequence")?, COUNTER.iter().copied()));
            }
            Element::SecurityStatistic => {
                let association = r.u16_le("association id")?;
                asdu.detail = format_compact!("association {association}");
                let value = r.i32_le("counter reading")?;
                push(Value::Integer(value.into()), named(r.u8("sequence")?, COUNTER.iter().copied()));
            }
            Element::ProtectionEvent => {
                let octet = r.u8("sep")?;
                push(Value::Unsigned(u64::from(octet & 3)), quality(octet, Some(ELAPSED_INVALID)));
                beside(number, "elapsed", r.u16_le("elapsed time")?.into(), readings);
            }
            Element::ProtectionStart | Element::ProtectionOutput => {
                let value = r.u8("events")?;
                push(Value::Unsigned(value.into()), quality(r.u8("qdp")?, Some(ELAPSED_INVALID)));
                let what = if self == Element::ProtectionStart { "duration" } else { "operating time" };
                beside(number, what, r.u16_le(what)?.into(), readings);
            }
            Element::PackedSingle => {
                let state = r.u16_le("status")?;
                let changed = r.u16_le("status change detection")?;
                push(Value::Unsigned(state.into()), quality(r.u8("qds")?, Some(OVERFLOW)));
                beside(number, "changed", changed.into(), readings);
            }
            Element::SingleCommand => {
                let octet = r.u8("sco")?;
                push(Value::Bool(octet & 1 != 0), None);
                command(asdu, octet);
            }
            Element::DoubleCommand => {
                let octet = r.u8("dco")?;
                push(Value::Unsigned(u64::from(octet & 3)), None);
                command(asdu, octet);
            }
            Element::StepCommand => {
                let octet = r.u8("rco")?;
                push(Value::Unsigned(u64::from(octet & 3)), None);
                command(asdu, octet);
            }
            Element::SetNormalized => {
                push(normalized(r)?, None);
                set_point(asdu, r.u8("qos")?);
            }
            Element::SetScaled => {
                push(Value::Integer(r.i16_le("sva")?.into()), None);
                set_point(asdu, r.u8("qos")?);
            }
            Element::SetFloat => {
                push(Value::Float(r.f32_le("ieee std 754")?.into()), None);
                set_point(asdu, r.u8("qos")?);
            }
            Element::SetBitstring => push(Value::Unsigned(r.u32_le("bsi")?.into()), None),
            Element::EndOfInitialization => {
                let octet = r.u8("coi")?;
                asdu.detail = match octet & 0x7f {
                    0 => "local power switch on".into(),
                    1 => "local manual reset".into(),
                    2 => "remote reset".into(),
                    other => format_compact!("cause 0x{other:02x}"),
                };
                asdu.topic = "station".into();
            }
            Element::Interrogation => {
                asdu.topic = match r.u8("qoi")? {
                    20 => "station".into(),
                    group @ 21..=36 => format_compact!("group {}", group - 20),
                    other => format_compact!("qualifier 0x{other:02x}"),
                };
            }
            Element::CounterInterrogation => {
                let octet = r.u8("qcc")?;
                asdu.topic = match octet & 0x3f {
                    5 => "counters".into(),
                    group @ 1..=4 => format_compact!("counter group {group}"),
                    other => format_compact!("counter qualifier {other}"),
                };
                // Freezing and resetting change what the station counts.
                if octet >> 6 != 0 {
                    asdu.verb = Some(Verb::Write);
                }
                asdu.qualifier = Text::const_new(match octet >> 6 {
                    0 => "read",
                    1 => "freeze",
                    2 => "freeze with reset",
                    _ => "reset",
                });
            }
            Element::Read => {}
            Element::Clock => {
                let stamp = time::cp56(r)?;
                asdu.topic = "clock".into();
                asdu.is_summer |= stamp.is_summer;
                let value = stamp.at.map_or(Value::Nothing, Value::Time);
                let quality = stamp.is_invalid.then_some(Text::const_new("time invalid"));
                readings.push(Reading { object: "clock".into(), value, quality, at: None });
            }
            Element::Test => {
                let pattern = r.u16_le("fbp")?;
                asdu.topic = "link".into();
                if pattern != 0x55aa {
                    asdu.detail = format_compact!("pattern 0x{pattern:04x}");
                }
            }
            Element::TestCounter => {
                r.u16_le("tsc")?;
                asdu.topic = "link".into();
            }
            Element::Reset => {
                asdu.topic = "process".into();
                asdu.qualifier = match r.u8("qrp")? {
                    1 => "general reset".into(),
                    2 => "reset of pending events".into(),
                    other => format_compact!("0x{other:02x}"),
                };
            }
            Element::Delay => {
                asdu.topic = "clock".into();
                readings.push(Reading::new("delay ms", Value::Unsigned(r.u16_le("delay")?.into())));
            }
            Element::ParameterNormalized => {
                push(normalized(r)?, None);
                parameter(asdu, r.u8("qpm")?);
            }
            Element::ParameterScaled => {
                push(Value::Integer(r.i16_le("sva")?.into()), None);
                parameter(asdu, r.u8("qpm")?);
            }
            Element::ParameterFloat => {
                push(Value::Float(r.f32_le("ieee std 754")?.into()), None);
                parameter(asdu, r.u8("qpm")?);
            }
            Element::ParameterActivation => {
                asdu.qualifier = match r.u8("qpa")? {
                    1 => "all parameters".into(),
                    2 => "parameters of the object".into(),
                    3 => "cyclic transmission of the object".into(),
                    other => format_compact!("0x{other:02x}"),
                };
            }
            Element::FileReady => {
                file(asdu, r, false)?;
                let length = r.u24_le("length of file")?;
                asdu.detail = format_compact!("{length} bytes");
                asdu.is_negative |= r.u8("frq")? & 0x80 != 0;
            }
            Element::SectionReady => {
                file(asdu, r, true)?;
                let length = r.u24_le("length of section")?;
                asdu.detail = format_compact!("{length} bytes");
                asdu.is_negative |= r.u8("srq")? & 0x80 != 0;
            }
            Element::FileCall => {
                file(asdu, r, true)?;
                asdu.action = words(
                    r.u8("scq")?,
                    &[
                        "default",
                        "select file",
                        "request file",
                        "deactivate file",
                        "delete file",
                        "select section",
                        "request section",
                        "deactivate section",
                    ],
                );
            }
            Element::FileLast => {
                file(asdu, r, true)?;
                asdu.action = words(
                    r.u8("lsq")?,
                    &[
                        "",
                        "file transfer without deactivation",
                        "file transfer with deactivation",
                        "section transfer without deactivation",
                        "section transfer with deactivation",
                    ],
                );
                r.u8("chs")?;
            }
            Element::FileAcknowledge => {
                file(asdu, r, true)?;
                let octet = r.u8("afq")?;
                asdu.action = words(
                    octet & 0x0f,
                    &["", "positive file", "negative file", "positive section", "negative section"],
                );
                asdu.is_negative |= matches!(octet & 0x0f, 2 | 4);
                asdu.detail = words(
                    octet >> 4,
                    &[
                        "",
                        "no memory",
                        "checksum failed",
                        "unexpected service",
                        "unexpected file",
                        "unexpected section",
                    ],
                );
            }
            Element::FileSegment => {
                file(asdu, r, true)?;
                let length = usize::from(r.u8("length of segment")?);
                r.skip(length, "segment")?;
                asdu.detail = format_compact!("{length} bytes");
            }
            Element::FileDirectory => {
                let name = r.u16_le("name of file")?;
                let length = r.u24_le("length of file")?;
                let status = r.u8("sof")?;
                asdu.topic = "directory".into();
                // Bit 6: the name is of a subdirectory; bit 7: a transfer is active.
                let what = if status & 0x40 == 0 { "file" } else { "directory" };
                readings.push(Reading::new(format_compact!("{what} {name}"), Value::Unsigned(length.into())));
            }
            Element::FileQuery => {
                file(asdu, r, false)?;
                for what in ["from", "to"] {
                    let stamp = time::cp56(r)?;
                    readings.push(Reading::new(what, stamp.at.map_or(Value::Nothing, Value::Time)));
                }
            }
            Element::Authentication => {
                // Keys, challenges and codes are of no use to an observer and are not kept.
                r.take_rest();
                asdu.topic = "association".into();
            }
        }
        Ok(())
    }
}

/// A number that comes with the object's value.
fn beside(number: u32, what: &str, value: u64, readings: &mut Vec<Reading>) {
    readings.push(Reading::new(format_compact!("ioa {number} {what}"), Value::Unsigned(value)));
}

/// -1 to 1 in steps of 2 to the power of -15.
fn normalized(r: &mut Reader<'_>) -> Result<Value, Short> {
    Ok(Value::Float(f64::from(r.i16_le("nva")?) / 32_768.0))
}

/// Value with transient state indication: -64 to 63, and whether the equipment is moving.
fn step(octet: u8) -> (i64, bool) {
    let value = i64::from(octet & 0x7f);
    (if value > 63 { value - 128 } else { value }, octet & 0x80 != 0)
}

/// Select or execute, and the qualifier of command (section 7.2.6.26).
fn command(asdu: &mut Asdu, octet: u8) {
    asdu.action = action(octet);
    asdu.qualifier = match octet >> 2 & 0x1f {
        0 => Text::default(),
        1 => "short pulse".into(),
        2 => "long pulse".into(),
        3 => "persistent output".into(),
        other => format_compact!("0x{other:02x}"),
    };
}

fn set_point(asdu: &mut Asdu, octet: u8) {
    asdu.action = action(octet);
    if octet & 0x7f != 0 {
        asdu.qualifier = format_compact!("0x{:02x}", octet & 0x7f);
    }
}

fn action(octet: u8) -> Text {
    Text::const_new(if octet & 0x80 != 0 { "select" } else { "execute" })
}

/// Kind of parameter (section 7.2.6.24).
fn parameter(asdu: &mut Asdu, octet: u8) {
    let mut words = words(octet & 0x3f, &["", "threshold", "smoothing factor", "low limit", "high limit"]);
    if octet & 0x40 != 0 {
        words.push_str(" changed locally");
    }
    if octet & 0x80 != 0 {
        words.push_str(" not in operation");
    }
    asdu.qualifier = words;
}

fn file(asdu: &mut Asdu, r: &mut Reader<'_>, has_section: bool) -> Result<(), Short> {
    let name = r.u16_le("name of file")?;
    asdu.topic = format_compact!("file {name}");
    if has_section {
        let section = r.u8("name of section")?;
        if section != 0 {
            asdu.topic = format_compact!("file {name} section {section}");
        }
    }
    Ok(())
}

fn words(code: u8, table: &[&'static str]) -> Text {
    match table.get(usize::from(code)) {
        Some(word) => Text::const_new(word),
        None => format_compact!("0x{code:02x}"),
    }
}
