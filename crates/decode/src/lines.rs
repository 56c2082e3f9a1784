//! Protocols of lines: a command and its parameter, an answer with a number.

use model::Text;

use crate::Measure;

/// A line is no longer than this; longer ones are attacks or data.
pub(crate) const LINE_MAX: usize = 4_096;

/// Measures one line with its end.
pub(crate) fn measure(bytes: &[u8]) -> Measure {
    match memchr::memchr(b'\n', bytes.get(..LINE_MAX).unwrap_or(bytes)) {
        Some(end) => Measure::Whole(end.saturating_add(1)),
        None if bytes.len() >= LINE_MAX => Measure::Malformed("line does not end"),
        None => Measure::More(bytes.len().saturating_add(1)),
    }
}

/// The first word of a line in lower case and the rest; words are of at most 16 letters.
pub(crate) fn command(line: &[u8]) -> (Text, &[u8]) {
    let line = line.trim_ascii_end();
    let end = line.iter().take(17).position(|b| matches!(b, b' ' | b'\t')).unwrap_or(line.len().min(17));
    let (word, rest) = line.split_at_checked(end).unwrap_or((line, &[]));
    let mut word = crate::ber::text(word);
    word.make_ascii_lowercase();
    (word, rest.trim_ascii())
}

/// The number at the start of an answer, whether more lines follow, and the text.
pub(crate) fn reply(line: &[u8]) -> Option<(u16, bool, &[u8])> {
    let [a @ b'1'..=b'6', b @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..] = line.trim_ascii_end() else { return None };
    let number = u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0');
    match rest {
        [] => Some((number, false, rest)),
        [b' ', text @ ..] => Some((number, false, text)),
        [b'-', text @ ..] => Some((number, true, text)),
        _ => None,
    }
}

/// Whether `bytes` are letters that one of `words` begins with, all of it or followed by a space or the line's end;
/// `None` where more bytes are needed to say.
pub(crate) fn starts_with_one_of(bytes: &[u8], words: &[&str]) -> Option<bool> {
    for word in words {
        let word = word.as_bytes();
        match bytes.get(..word.len()) {
            Some(start) if start.eq_ignore_ascii_case(word) => match bytes.get(word.len()) {
                Some(b' ' | b'\r' | b'\n') => return Some(true),
                Some(_) => {}
                None => return None,
            },
            Some(_) => {}
            None if word.get(..bytes.len()).is_some_and(|start| start.eq_ignore_ascii_case(bytes)) => return None,
            None => {}
        }
    }
    Some(false)
}
