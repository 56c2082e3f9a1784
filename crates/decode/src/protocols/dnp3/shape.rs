//! How objects of each group and variation lie in a message (IEEE 1815-2012, annex A).

/// The number in an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    I16,
    I32,
    U16,
    U32,
    F32,
    F64,
}

/// Meaning of the flag octet's bits 5 and 6; 0 to 4 are the same everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flags {
    None,
    Analog,
    Counter,
}

/// The time in an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stamp {
    None,
    Absolute,
    /// Milliseconds from the common time of occurrence before it.
    Relative,
}

/// The layout of one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One bit an object.
    Bits,
    /// Two bits an object.
    DoubleBits,
    /// A flag octet whose bit 7 is the state.
    FlagBit(Stamp),
    /// A flag octet whose bits 6 and 7 are the state.
    FlagDouble(Stamp),
    /// An octet with commanded state and control status.
    CommandBit(Stamp),
    /// Flags, number, time.
    Measure(Flags, Number, Stamp),
    /// Control relay output block, pattern control block.
    Relay,
    /// A number to be set, and the control status.
    Output(Number),
    /// Control status and the number that was set.
    OutputEvent(Number, Stamp),
    /// Number only, as setting.
    Setting(Number),
    /// 48 bit time.
    Time,
    /// 48 bit time and a 32 bit interval in milliseconds.
    TimeInterval,
    /// 48 bit time, 32 bit count, units.
    TimeSchedule,
    /// Common time of occurrence; true where the clock is synchronised.
    Common(bool),
    /// A delay; milliseconds a unit.
    Delay(u32),
    /// Fill level, group and variation of a storage.
    Storage,
    /// Binary coded decimal of so many octets.
    Bcd(usize),
    /// One octet.
    Octet,
    /// Text or octets, as many as the variation says.
    String,
    /// A number that counts security events, with its association.
    Statistic(Stamp),
    /// A class: nothing but the header.
    Class,
    /// Data type, length, value.
    Attribute,
    /// Only readable where a size stands before it: files, data sets, applications.
    Sized,
    /// Secure authentication.
    Authentication,
}

/// The name of a group's objects. Static objects, their events and commands to them are the same points, so they have
/// the same name.
pub(super) const fn space(group: u8) -> &'static str {
    match group {
        0 => "attribute",
        1 | 2 => "binary input",
        3 | 4 => "double-bit input",
        10..=13 => "binary output",
        20 | 22 => "counter",
        21 | 23 => "frozen counter",
        30 | 32 => "analog input",
        31 | 33 => "frozen analog input",
        34 => "analog input deadband",
        40..=43 => "analog output",
        50 => "time",
        51 => "common time",
        52 => "time delay",
        60 => "class",
        70 => "file",
        80 => "internal indication",
        81 => "storage",
        82 => "device profile",
        83 => "private registration",
        85 => "data set prototype",
        86 => "data set descriptor",
        87 => "data set",
        88 => "data set event",
        90 => "application",
        91 => "operation status",
        100 => "floating point",
        101 => "bcd",
        102 => "unsigned integer",
        110 | 111 => "octet string",
        112 | 113 => "virtual terminal",
        114 | 115 => "extended octet string",
        120 => "authentication",
        121 | 122 => "security statistic",
        _ => "object",
    }
}

/// The layout of group and variation; none where the standard has no such object.
pub(super) const fn form(group: u8, variation: u8) -> Option<Form> {
    use Flags as F;
    use Form::*;
    use Number::*;
    use Stamp::{Absolute, None as Bare, Relative};
    Some(match (group, variation) {
        (0, _) => Attribute,
        (1, 1) | (10, 1) | (12, 3) | (80, 1) => Bits,
        (1, 2) | (2, 1) | (10, 2) | (11, 1) => FlagBit(Bare),
        (2, 2) | (11, 2) => FlagBit(Absolute),
        (2, 3) => FlagBit(Relative),
        (3, 1) => DoubleBits,
        (3, 2) | (4, 1) => FlagDouble(Bare),
        (4, 2) => FlagDouble(Absolute),
        (4, 3) => FlagDouble(Relative),
        (12, 1 | 2) => Relay,
        (13, 1) => CommandBit(Bare),
        (13, 2) => CommandBit(Absolute),
        (20..=23, 1 | 3) => Measure(F::Counter, U32, Bare),
        (20..=23, 2 | 4) => Measure(F::Counter, U16, Bare),
        (20, 5 | 7) | (21, 9 | 11) => Measure(F::None, U32, Bare),
        (20, 6 | 8) | (21, 10 | 12) => Measure(F::None, U16, Bare),
        (21..=23, 5 | 7) => Measure(F::Counter, U32, Absolute),
        (21..=23, 6 | 8) => Measure(F::Counter, U16, Absolute),
        (30..=33, 1) | (40 | 42, 1) => Measure(F::Analog, I32, Bare),
        (30..=33, 2) | (40 | 42, 2) => Measure(F::Analog, I16, Bare),
        (30, 3) | (31, 5) => Measure(F::None, I32, Bare),
        (30, 4) | (31, 6) => Measure(F::None, I16, Bare),
        (30, 5) | (31, 7) | (32 | 33 | 42, 5) | (40, 3) => Measure(F::Analog, F32, Bare),
        (30, 6) | (31, 8) | (32 | 33 | 42, 6) | (40, 4) => Measure(F::Analog, F64, Bare),
        (31..=33 | 42, 3) => Measure(F::Analog, I32, Absolute),
        (31..=33 | 42, 4) => Measure(F::Analog, I16, Absolute),
        (32 | 33 | 42, 7) => Measure(F::Analog, F32, Absolute),
        (32 | 33 | 42, 8) => Measure(F::Analog, F64, Absolute),
        (34, 1) => Setting(U16),
        (34, 2) => Setting(U32),
        (34, 3) | (100, 1) => Setting(F32),
        (100, 2) => Setting(F64),
        (41, 1) => Output(I32),
        (41, 2) => Output(I16),
        (41, 3) => Output(F32),
        (41, 4) => Output(F64),
        (43, 1) => OutputEvent(I32, Bare),
        (43, 2) => OutputEvent(I16, Bare),
        (43, 3) => OutputEvent(I32, Absolute),
        (43, 4) => OutputEvent(I16, Absolute),
        (43, 5) => OutputEvent(F32, Bare),
        (43, 6) => OutputEvent(F64, Bare),
        (43, 7) => OutputEvent(F32, Absolute),
        (43, 8) => OutputEvent(F64, Absolute),
        (50, 1 | 3) => Time,
        (50, 2) => TimeInterval,
        (50, 4) => TimeSchedule,
        (51, 1) => Common(true),
        (51, 2) => Common(false),
        (52, 1) => Delay(1_000),
        (52, 2) => Delay(1),
        (60, _) => Class,
        (81, 1) => Storage,
        (101, 1) => Bcd(2),
        (101, 2) => Bcd(4),
        (101, 3) => Bcd(8),
        (102, 1) => Octet,
        (110..=113, _) => String,
        (120, _) => Authentication,
        (121, 1) | (122, 1) => Statistic(Bare),
        (122, 2) => Statistic(Absolute),
        (70 | 82 | 83 | 85..=88 | 90 | 91 | 114 | 115, _) => Sized,
        _ => return None,
    })
}
