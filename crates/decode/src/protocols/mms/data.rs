//! MMS data (ISO 9506-2, `Data`): typed values of MMS variables, GOOSE data sets and reports.

use compact_str::format_compact;
use model::{Text, Time, Value};
use smallvec::SmallVec;

use crate::ber::{Element, Elements, text, unsigned};

/// Depth of nested structures that is read; IEC 61850 needs six.
const DEPTH_MAX: usize = 12;

/// Leaves of one list of data that are read.
pub const LEAVES_MAX: usize = 4_096;

/// Position of a leaf: 1-based places in the structures around it.
pub type Path = SmallVec<[u16; DEPTH_MAX]>;

/// Calls `f` with every leaf of `elements`, in order, without recursion. Says whether all of it could be read.
pub fn leaves<'a>(elements: Elements<'a>, mut f: impl FnMut(&[u16], &Element<'a>)) -> bool {
    let mut stack: SmallVec<[Elements<'a>; DEPTH_MAX]> = SmallVec::new();
    let mut path: Path = SmallVec::new();
    stack.push(elements);
    path.push(0);
    let mut count = 0_usize;
    let mut is_whole = true;
    while let Some(level) = stack.last_mut() {
        let Some(element) = level.next() else {
            is_whole &= !level.is_broken();
            stack.pop();
            path.pop();
            continue;
        };
        if let Some(place) = path.last_mut() {
            *place = place.saturating_add(1);
        }
        // 1 array, 2 structure.
        if element.class == 2 && matches!(element.tag, 1 | 2) && element.is_constructed && stack.len() < DEPTH_MAX {
            stack.push(element.inside());
            path.push(0);
            continue;
        }
        count = count.saturating_add(1);
        if count > LEAVES_MAX {
            return false;
        }
        f(&path, &element);
    }
    is_whole
}

/// The value of one leaf. Tags: ISO 9506-2, `Data`.
pub fn value(element: &Element<'_>) -> Value {
    let bytes = element.content;
    if element.class != 2 {
        return Value::Bytes(bytes.into());
    }
    let read = match element.tag {
        3 => Some(Value::Bool(element.is_true())),
        4 => bits(bytes).map(Value::Text),
        5 => element.signed().map(Value::Integer),
        6 | 13 => unsigned(bytes).map(Value::Unsigned),
        7 => float(bytes).map(Value::Float),
        10 | 11 | 16 => Some(Value::Text(text(bytes))),
        12 => binary_time(bytes),
        17 => utc_time(bytes).map(|(time, _)| Value::Time(time)),
        _ => None,
    };
    read.unwrap_or_else(|| Value::Bytes(bytes.get(..256).unwrap_or(bytes).into()))
}

/// A bit string as digits, the first bit first: `0100`. Kept within one inline text where it is a quality or position.
pub fn bits(bytes: &[u8]) -> Option<Text> {
    let (&padding, bytes) = bytes.split_first()?;
    if padding > 7 || bytes.len() > 64 {
        return None;
    }
    let count = bytes.len().checked_mul(8)?.checked_sub(usize::from(padding))?;
    let bits = bytes.iter().flat_map(|byte| (0..8).map(move |i| if byte << i & 0x80 != 0 { '1' } else { '0' }));
    Some(bits.take(count).collect())
}

/// A floating-point number: a byte with the width of the exponent, then the number (IEEE 754).
pub fn float(bytes: &[u8]) -> Option<f64> {
    match bytes {
        [8, rest @ ..] => rest.first_chunk::<4>().map(|b| f64::from(f32::from_be_bytes(*b))),
        [11, rest @ ..] => rest.first_chunk::<8>().map(|b| f64::from_be_bytes(*b)),
        _ => None,
    }
}

/// UTC time (IEC 61850-8-1, section 8.1.3.7): seconds, fraction, quality. Gives time and quality.
pub fn utc_time(bytes: &[u8]) -> Option<(Time, u8)> {
    let [s0, s1, s2, s3, f0, f1, f2, quality] = *bytes.first_chunk::<8>()?;
    let seconds = i64::from(u32::from_be_bytes([s0, s1, s2, s3]));
    let fraction = i64::from(u32::from_be_bytes([0, f0, f1, f2]));
    Some((Time::from_seconds(seconds, fraction.saturating_mul(1_000_000_000) >> 24), quality))
}

/// Time of day (ISO 9506-2): milliseconds since midnight, and days since 1984 where given.
fn binary_time(bytes: &[u8]) -> Option<Value> {
    let milliseconds = i64::from(u32::from_be_bytes(*bytes.first_chunk::<4>()?));
    let nanoseconds = milliseconds.saturating_mul(1_000_000);
    match bytes.get(4..6) {
        // 1984-01-01 is 5,113 days after 1970-01-01.
        Some([high, low]) => {
            let days = i64::from(u16::from_be_bytes([*high, *low])).saturating_add(5_113);
            Some(Value::Time(Time::from_seconds(days.saturating_mul(86_400), nanoseconds)))
        }
        _ => {
            let seconds = milliseconds / 1_000;
            let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
            Some(Value::Text(format_compact!("{hours:02}:{minutes:02}:{rest:02}.{:03}", milliseconds % 1_000)))
        }
    }
}

/// What is wrong with a time by its quality byte; absent when nothing is.
pub fn time_quality(quality: u8) -> Option<&'static str> {
    match quality {
        q if q & 0x40 != 0 => Some("clock failure"),
        q if q & 0x20 != 0 => Some("clock not synchronized"),
        _ => None,
    }
}

/// A path written with dots: `3.1`.
pub fn dotted(path: &[u16]) -> Text {
    let mut text = Text::default();
    for (i, place) in path.iter().enumerate() {
        if i > 0 {
            text.push('.');
        }
        text.push_str(&format_compact!("{place}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hex;

    fn read(text: &str) -> Vec<String> {
        let bytes = hex(text);
        let mut lines = Vec::new();
        leaves(Elements::new(&bytes), |path, element| lines.push(format!("{}={:?}", dotted(path), value(element))));
        lines
    }

    #[test]
    fn structures_are_flattened() {
        assert_eq!(
            read("83 01 01  a2 0d  84 02 06 40  a2 07 87 05 08 41200000  85 01 ff")[..],
            ["1=Bool(true)", "2.1=Text(\"01\")", "2.2.1=Float(10.0)", "3=Integer(-1)"]
        );
    }

    #[test]
    fn deep_nesting_ends() {
        let mut bytes = vec![0x83, 0x01, 0x00];
        for _ in 0..40 {
            let mut outer = vec![0xa2, bytes.len() as u8];
            outer.extend_from_slice(&bytes);
            bytes = outer;
        }
        let mut count = 0;
        leaves(Elements::new(&bytes), |_, _| count += 1);
        assert_eq!(count, 1);
    }

    #[test]
    fn times() {
        assert_eq!(read("8c 06 0000 03e8 0001"), ["1=Time(Time(441849601000000000))"]);
        assert_eq!(utc_time(&hex("00000001 800000 20")), Some((Time(1_500_000_000), 0x20)));
        assert_eq!(time_quality(0x20), Some("clock not synchronized"));
    }
}
