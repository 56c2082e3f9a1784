//! The one cursor over bytes: every number of every protocol comes out of it, and every failure names its field.

use std::fmt;

/// A cursor over borrowed bytes. Offsets in errors count from the start of the outermost reader.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    /// Offset of `rest` in the outermost reader.
    offset: usize,
}

/// Bytes ended before a field did, or a field was not what it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short {
    /// Offset of the field from the start of the outermost reader.
    pub at: usize,
    /// The field, in the words of the manual.
    pub what: &'static str,
    /// Bytes needed.
    pub needed: usize,
    /// Bytes left.
    pub left: usize,
}

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at offset {}: {} bytes needed, {} left", self.what, self.at, self.needed, self.left)
    }
}

macro_rules! numbers {
    ($( $big:ident $little:ident $type:ty ),+ $(,)?) => { $(
        #[doc = concat!("Reads a big-endian `", stringify!($type), "`.")]
        #[inline]
        pub fn $big(&mut self, what: &'static str) -> Result<$type, Short> {
            self.array(what).map(<$type>::from_be_bytes)
        }

        #[doc = concat!("Reads a little-endian `", stringify!($type), "`.")]
        #[inline]
        pub fn $little(&mut self, what: &'static str) -> Result<$type, Short> {
            self.array(what).map(<$type>::from_le_bytes)
        }
    )+ };
}

impl<'a> Reader<'a> {
    /// A reader over all of `bytes`.
    #[inline]
    pub const fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes, offset: 0 }
    }

    /// Offset of the next byte from the start of the outermost reader.
    #[inline]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// Bytes left.
    #[inline]
    pub const fn left(&self) -> usize {
        self.rest.len()
    }

    /// Whether nothing is left.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// What is left, without reading it.
    #[inline]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next byte, without reading it.
    #[inline]
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Reads `N` bytes.
    #[inline]
    pub fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Short> {
        match self.rest.split_first_chunk::<N>() {
            Some((bytes, rest)) => {
                self.rest = rest;
                self.offset = self.offset.saturating_add(N);
                Ok(*bytes)
            }
            None => Err(self.short(what, N)),
        }
    }

    /// Reads one byte.
    #[inline]
    pub fn u8(&mut self, what: &'static str) -> Result<u8, Short> {
        self.array::<1>(what).map(|[byte]| byte)
    }

    /// Reads one signed byte.
    #[inline]
    pub fn i8(&mut self, what: &'static str) -> Result<i8, Short> {
        self.array::<1>(what).map(i8::from_be_bytes)
    }

    numbers! {
        u16 u16_le u16,
        i16 i16_le i16,
        u32 u32_le u32,
        i32 i32_le i32,
        u64 u64_le u64,
        i64 i64_le i64,
        f32 f32_le f32,
        f64 f64_le f64,
    }

    /// Reads three bytes, big-endian.
    #[inline]
    pub fn u24(&mut self, what: &'static str) -> Result<u32, Short> {
        self.array::<3>(what).map(|[a, b, c]| u32::from_be_bytes([0, a, b, c]))
    }

    /// Reads three bytes, little-endian.
    #[inline]
    pub fn u24_le(&mut self, what: &'static str) -> Result<u32, Short> {
        self.array::<3>(what).map(|[a, b, c]| u32::from_le_bytes([a, b, c, 0]))
    }

    /// Reads `count` bytes.
    #[inline]
    pub fn bytes(&mut self, count: usize, what: &'static str) -> Result<&'a [u8], Short> {
        match self.rest.split_at_checked(count) {
            Some((bytes, rest)) => {
                self.rest = rest;
                self.offset = self.offset.saturating_add(count);
                Ok(bytes)
            }
            None => Err(self.short(what, count)),
        }
    }

    /// Passes over `count` bytes.
    #[inline]
    pub fn skip(&mut self, count: usize, what: &'static str) -> Result<(), Short> {
        self.bytes(count, what).map(|_| ())
    }

    /// Reads whatever is left.
    #[inline]
    pub fn take_rest(&mut self) -> &'a [u8] {
        let bytes = self.rest;
        self.offset = self.offset.saturating_add(bytes.len());
        self.rest = &[];
        bytes
    }

    /// A reader confined to the next `count` bytes, which this one passes over.
    #[inline]
    pub fn sub(&mut self, count: usize, what: &'static str) -> Result<Reader<'a>, Short> {
        let offset = self.offset;
        self.bytes(count, what).map(|rest| Reader { rest, offset })
    }

    /// A reader confined to at most the next `count` bytes: for lengths that lie on cut packets.
    #[inline]
    pub fn sub_at_most(&mut self, count: usize) -> Reader<'a> {
        let offset = self.offset;
        let (bytes, rest) = self.rest.split_at_checked(count).unwrap_or((self.rest, &[]));
        self.rest = rest;
        self.offset = self.offset.saturating_add(bytes.len());
        Reader { rest: bytes, offset }
    }

    /// Fails where anything is left.
    #[inline]
    pub fn end(&self, what: &'static str) -> Result<(), Short> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.short(what, 0)) }
    }

    /// The failure of a field of `needed` bytes here.
    #[inline]
    pub const fn short(&self, what: &'static str, needed: usize) -> Short {
        Short { at: self.offset, what, needed, left: self.rest.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_field_that_is_short() {
        let mut r = Reader::new(&[0, 1, 2]);
        assert_eq!(r.u16("length"), Ok(1));
        assert_eq!(r.u16("unit"), Err(Short { at: 2, what: "unit", needed: 2, left: 1 }));
        assert_eq!(r.left(), 1);
    }

    #[test]
    fn a_sub_reader_keeps_the_outer_offset() {
        let mut r = Reader::new(&[9, 1, 2, 3]);
        r.u8("head").unwrap();
        let mut inner = r.sub(2, "items").unwrap();
        inner.u8("item").unwrap();
        assert_eq!(inner.u16("item").unwrap_err().at, 2);
        assert_eq!(r.u8("tail"), Ok(3));
    }
}
