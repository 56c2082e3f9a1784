//! A walk over BER elements: headers through `asn1-rs`, contents left where they lie; bounded, without recursion.

use asn1_rs::{FromBer, Header, Length};

/// One element: tag and content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// Class: 0 universal, 1 application, 2 context-specific, 3 private.
    pub class: u8,
    /// Tag number.
    pub tag: u32,
    /// Whether the content is elements.
    pub is_constructed: bool,
    /// The content; shorter than announced where the message was cut.
    pub content: &'a [u8],
    /// Whether the content is cut.
    pub is_cut: bool,
}

impl<'a> Element<'a> {
    /// The elements of the content.
    pub const fn inside(&self) -> Elements<'a> {
        Elements::new(self.content)
    }

    /// Whether this is context-specific `tag`.
    pub const fn is(&self, tag: u32) -> bool {
        self.class == 2 && self.tag == tag
    }

    /// The content as an unsigned number; `None` where it is empty or does not fit.
    pub fn unsigned(&self) -> Option<u64> {
        unsigned(self.content)
    }

    /// The content as a two's-complement number.
    pub fn signed(&self) -> Option<i64> {
        let first = *self.content.first()?;
        if self.content.len() > 8 {
            return None;
        }
        let start = if first & 0x80 != 0 { -1_i64 } else { 0 };
        Some(self.content.iter().fold(start, |sum, byte| sum << 8 | i64::from(*byte)))
    }

    /// The content as a truth value.
    pub fn is_true(&self) -> bool {
        self.content.first().is_some_and(|byte| *byte != 0)
    }

    /// The content as text, control characters replaced.
    pub fn text(&self) -> model::Text {
        text(self.content)
    }
}

/// Bytes as text, control characters and what is not UTF-8 replaced; at most 512 bytes.
pub fn text(bytes: &[u8]) -> model::Text {
    let bytes = bytes.get(..512).unwrap_or(bytes);
    let is_plain = bytes.iter().all(|byte| matches!(byte, b' '..=b'~'));
    match std::str::from_utf8(bytes) {
        Ok(text) if is_plain || !text.contains(char::is_control) => text.into(),
        _ => String::from_utf8_lossy(bytes).chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect(),
    }
}

/// Bytes as an unsigned number; `None` where there are none or more than eight that count.
pub fn unsigned(bytes: &[u8]) -> Option<u64> {
    let bytes = match bytes {
        [] => return None,
        [0, rest @ ..] if rest.len() == 8 => rest,
        bytes if bytes.len() > 8 => return None,
        bytes => bytes,
    };
    Some(bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}

/// The elements of some bytes, one after the other; ends at the first that cannot be.
#[derive(Clone, Copy, Debug)]
pub struct Elements<'a> {
    rest: &'a [u8],
    is_broken: bool,
}

impl<'a> Elements<'a> {
    /// Over all of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Elements<'a> {
        Elements { rest: bytes, is_broken: false }
    }

    /// Whether the walk ended before the bytes did, or inside an element.
    pub const fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// The first element with context-specific `tag`, from here on.
    pub fn context(self, tag: u32) -> Option<Element<'a>> {
        let mut elements = self;
        elements.find(|element| element.is(tag))
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        if self.rest.is_empty() || self.is_broken {
            return None;
        }
        let Ok((after, header)) = Header::from_ber(self.rest) else {
            self.is_broken = true;
            return None;
        };
        let length = match header.length() {
            Length::Definite(length) => length,
            // The end-of-contents octets are met as an element with tag 0 and passed over below.
            Length::Indefinite => after.len(),
        };
        let (content, rest) = after.split_at_checked(length).unwrap_or((after, &[]));
        let is_cut = content.len() < length;
        self.is_broken |= is_cut;
        self.rest = rest;
        if header.class() as u8 == 0 && header.tag().0 == 0 && length == 0 {
            return self.next_after_end();
        }
        Some(Element {
            class: header.class() as u8,
            tag: header.tag().0,
            is_constructed: header.is_constructed(),
            content,
            is_cut,
        })
    }
}

impl<'a> Elements<'a> {
    /// End-of-contents octets end an indefinite form; nothing after them belongs to it.
    fn next_after_end(&mut self) -> Option<Element<'a>> {
        self.rest = &[];
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_tags_long_lengths_and_cut_contents() {
        let bytes = [0x80, 0x01, 0x05, 0xbf, 0x3f, 0x81, 0x02, 0x82, 0x00, 0x04, 0x05, 0x01];
        let mut elements = Elements::new(&bytes);
        assert_eq!(elements.next().and_then(|e| e.unsigned()), Some(5));
        let long = elements.next().unwrap();
        assert!(long.is(63) && long.is_constructed && long.inside().context(2).is_some());
        assert!(elements.next().unwrap().is_cut);
        assert_eq!(elements.next(), None);
        assert!(elements.is_broken());
    }

    #[test]
    fn numbers() {
        assert_eq!(
            Element { class: 2, tag: 0, is_constructed: false, content: &[0xff], is_cut: false }.signed(),
            Some(-1)
        );
        assert_eq!(unsigned(&[0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Some(u64::MAX));
        assert_eq!(unsigned(&[1, 0, 0, 0, 0, 0, 0, 0, 0]), None);
    }
}
