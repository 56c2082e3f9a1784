//! Short texts put together without the machinery of formatting, for what is written for every message.

use std::ops::Deref;

use model::Text;

/// A number in decimal.
pub(crate) struct Decimal {
    digits: [u8; 20],
    /// 0 <= start < 20: where the first digit is.
    start: usize,
}

/// `number` in decimal.
pub(crate) fn decimal(number: impl Into<u64>) -> Decimal {
    let mut rest: u64 = number.into();
    let mut decimal = Decimal { digits: [b'0'; 20], start: 20 };
    for digit in decimal.digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        decimal.start -= 1;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    decimal
}

impl Deref for Decimal {
    type Target = str;

    fn deref(&self) -> &str {
        self.digits.get(self.start..).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or_default()
    }
}

/// Parts, one behind the other.
pub(crate) fn joined(parts: &[&str]) -> Text {
    let mut text = Text::with_capacity(parts.iter().fold(0, |sum, part| sum.saturating_add(part.len())));
    parts.iter().for_each(|part| text.push_str(part));
    text
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> Text {
    let mut text = Text::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        digits(*byte).iter().for_each(|digit| text.push(char::from(*digit)));
    }
    text
}

/// The two digits of a byte in lower-case hexadecimal.
pub(crate) const fn digits(byte: u8) -> [u8; 2] {
    const fn digit(half: u8) -> u8 {
        if half < 10 { b'0' + half } else { b'a' + half - 10 }
    }
    [digit(byte >> 4), digit(byte & 0x0f)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_formatting_writes_them() {
        for number in [0, 7, 10, 99, 100, 65_535, u64::MAX] {
            assert_eq!(&*decimal(number), number.to_string());
        }
        assert_eq!(hexadecimal(&[0, 9, 0x1f, 0xff]), "00091fff");
        assert_eq!(joined(&["slot ", &decimal(3_u8), "", "."]), "slot 3.");
    }
}
