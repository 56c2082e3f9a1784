//! Paths of CIP: segments that name a class, an instance, an attribute, a tag, or the way to another module.

use model::{Behind, Text};
use std::fmt::Write;
use wire::{Reader, Short};

use super::tables;
use crate::words::{decimal, joined};

/// Segments read from one path; more are passed over.
const SEGMENTS_MAX: usize = 64;

/// Where a request goes, as its path says. Volume 1 of the CIP specification, appendix C-1.4.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Path<'a> {
    /// The segments.
    pub bytes: &'a [u8],
    /// Last class.
    pub class: Option<u32>,
    /// Last instance.
    pub instance: Option<u32>,
    /// Last attribute.
    pub attribute: Option<u32>,
    /// Connection points in their order; the first three.
    pub points: [Option<u32>; 3],
    /// It has a symbolic segment.
    pub is_symbolic: bool,
    /// It leaves by a port.
    pub is_routed: bool,
    /// Number of class segments.
    pub classes: u32,
    /// Something in it could not be read.
    pub is_broken: bool,
}

/// One segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Segment<'a> {
    /// The way to another module: port and link address.
    Port(u16, &'a [u8]),
    Class(u32),
    Instance(u32),
    Member(u32),
    Point(u32),
    Attribute(u32),
    /// Service id, special (electronic key) and whatever else is logical.
    Key {
        vendor: u16,
        device_type: u16,
        product: u16,
        major: u8,
        minor: u8,
    },
    Symbol(&'a [u8]),
    /// Data of the application, such as the configuration of a module.
    Data(&'a [u8]),
    /// Network, reserved, unknown.
    Other,
}

/// Reads the next segment of a padded path.
pub(crate) fn segment<'a>(r: &mut Reader<'a>) -> Result<Segment<'a>, Short> {
    let head = r.u8("segment")?;
    match head >> 5 {
        0 => {
            let has_size = head & 0x10 != 0;
            let size = if has_size { r.u8("link address size")? } else { 1 };
            let port = match head & 0x0f {
                15 => r.u16_le("extended port")?,
                port => port.into(),
            };
            let link = r.bytes(size.into(), "link address")?;
            if has_size && size % 2 == 1 && !r.is_empty() {
                r.u8("pad")?;
            }
            Ok(Segment::Port(port, link))
        }
        1 => {
            let kind = head >> 2 & 0x07;
            if kind == 5 {
                // Electronic key, format 4.
                let format = r.u8("key format")?;
                if format != 4 {
                    return Ok(Segment::Other);
                }
                return Ok(Segment::Key {
                    vendor: r.u16_le("vendor")?,
                    device_type: r.u16_le("device type")?,
                    product: r.u16_le("product code")?,
                    major: r.u8("major revision")?,
                    minor: r.u8("minor revision")?,
                });
            }
            let value = match head & 0x03 {
                0 => r.u8("logical segment")?.into(),
                1 => {
                    r.u8("pad")?;
                    r.u16_le("logical segment")?.into()
                }
                2 => {
                    r.u8("pad")?;
                    r.u32_le("logical segment")?
                }
                _ => return Ok(Segment::Other),
            };
            Ok(match kind {
                0 => Segment::Class(value),
                1 => Segment::Instance(value),
                2 => Segment::Member(value),
                3 => Segment::Point(value),
                4 => Segment::Attribute(value),
                _ => Segment::Other,
            })
        }
        2 => {
            // Network segments: 0x50 and up count words, the others have one byte.
            match head & 0x1f {
                size @ 0x10.. => {
                    let _ = size;
                    let words = r.u8("network segment size")?;
                    r.skip(usize::from(words).saturating_mul(2), "network segment")?;
                }
                _ => r.skip(1, "network segment")?,
            }
            Ok(Segment::Other)
        }
        3 => {
            let size = usize::from(head & 0x1f);
            if size == 0 {
                // Extended string: type and length, then characters.
                let format = r.u8("extended string")?;
                let count = usize::from(format & 0x1f);
                let width = match format >> 5 {
                    1 => 2,
                    2 => 3,
                    _ => 1,
                };
                r.skip(count.saturating_mul(width), "extended string")?;
                return Ok(Segment::Other);
            }
            let name = r.bytes(size, "symbol")?;
            if size % 2 == 0 && !r.is_empty() {
                r.u8("pad")?;
            }
            Ok(Segment::Symbol(name))
        }
        4 => match head {
            0x80 => {
                let words = r.u8("data size")?;
                Ok(Segment::Data(r.sub_at_most(usize::from(words).saturating_mul(2)).take_rest()))
            }
            0x91 => {
                let size = usize::from(r.u8("symbol length")?);
                let name = r.bytes(size, "symbol")?;
                if size % 2 == 1 && !r.is_empty() {
                    r.u8("pad")?;
                }
                Ok(Segment::Symbol(name))
            }
            _ => Err(r.short("data segment", 0)),
        },
        _ => Err(r.short("segment", 0)),
    }
}

impl<'a> Path<'a> {
    /// Reads a padded path. What is broken ends it.
    pub(crate) fn parse(bytes: &'a [u8]) -> Path<'a> {
        let mut path = Path { bytes, ..Path::default() };
        let mut r = Reader::new(bytes);
        let mut points = path.points.iter_mut();
        for _ in 0..SEGMENTS_MAX {
            if r.is_empty() {
                break;
            }
            match segment(&mut r) {
                Ok(Segment::Class(class)) => {
                    path.class = Some(class);
                    path.instance = None;
                    path.attribute = None;
                    path.classes = path.classes.saturating_add(1);
                }
                Ok(Segment::Instance(instance)) => path.instance = Some(instance),
                Ok(Segment::Attribute(attribute)) => path.attribute = Some(attribute),
                Ok(Segment::Point(point)) => {
                    if let Some(place) = points.next() {
                        *place = Some(point);
                    }
                }
                Ok(Segment::Symbol(_)) => path.is_symbolic = true,
                Ok(Segment::Port(..)) => path.is_routed = true,
                Ok(_) => {}
                Err(_) => {
                    path.is_broken = true;
                    break;
                }
            }
        }
        path
    }

    /// The segments.
    pub(crate) fn segments(&self) -> impl Iterator<Item = Segment<'a>> + use<'a> {
        let mut r = Reader::new(self.bytes);
        std::iter::from_fn(move || if r.is_empty() { None } else { segment(&mut r).ok() }).take(SEGMENTS_MAX)
    }

    /// What the path names, without the way to it: `identity 1 attribute 7`, `Program:Main.Level[3].Value`.
    pub(crate) fn object(&self) -> Text {
        let mut text = Text::default();
        for segment in self.segments() {
            // Writing to a text cannot fail.
            let _ = match segment {
                Segment::Class(class) => {
                    separate(&mut text);
                    match tables::class_name(class) {
                        Some(name) => text.write_str(name),
                        None => write!(text, "class 0x{class:02x}"),
                    }
                }
                // Instance 0 is the class itself.
                Segment::Instance(0) => Ok(()),
                Segment::Instance(instance) => number(&mut text, instance),
                Segment::Attribute(attribute) => {
                    text.push_str(" attribute ");
                    text.push_str(&decimal(attribute));
                    Ok(())
                }
                Segment::Member(member) => write!(text, "[{member}]"),
                Segment::Point(point) => write!(text, "{}point {point}", if text.is_empty() { "" } else { " " }),
                Segment::Symbol(name) => {
                    if !text.is_empty() {
                        // After a class (a tag of a program by instance) a space, else the manual's dot.
                        text.push(if self.classes > 0 { ' ' } else { '.' });
                    }
                    push_characters(&mut text, name);
                    Ok(())
                }
                Segment::Port(..) | Segment::Key { .. } | Segment::Data(_) | Segment::Other => Ok(()),
            };
        }
        text
    }

    /// The ports it goes through: `port 1 slot 0`, `port 2 address 10.0.0.9, port 1 slot 3`.
    pub(crate) fn behind(&self) -> Behind {
        if !self.is_routed {
            return Behind::Nobody;
        }
        let mut text = Text::default();
        for segment in self.segments() {
            if let Segment::Port(port, link) = segment {
                if !text.is_empty() {
                    text.push_str(", ");
                }
                let _ = match link {
                    [slot] if port == 1 => write!(text, "port 1 slot {slot}"),
                    [address] => write!(text, "port {port} address {address}"),
                    _ => {
                        let _ = write!(text, "port {port} address ");
                        push_characters(&mut text, link);
                        Ok(())
                    }
                };
            }
        }
        Behind::Path(text)
    }

    /// The attribute's object text for another attribute of the same instance.
    pub(crate) fn with_attribute(&self, object: &str, attribute: u32) -> Text {
        match self.class.and_then(|class| tables::attribute(class, attribute)) {
            Some(known) => joined(&[object, " attribute ", &decimal(attribute), " ", known.name]),
            None => joined(&[object, " attribute ", &decimal(attribute)]),
        }
    }
}

fn separate(text: &mut Text) {
    if !text.is_empty() {
        text.push(' ');
    }
}

fn number(text: &mut Text, number: u32) -> std::fmt::Result {
    separate(text);
    text.push_str(&decimal(number));
    Ok(())
}

/// Adds characters of a name; what cannot be shown becomes a question mark.
fn push_characters(text: &mut Text, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(name) if !name.bytes().any(|b| b.is_ascii_control()) => text.push_str(name),
        _ => text.extend(bytes.iter().map(|b| if b.is_ascii_graphic() || *b == b' ' { char::from(*b) } else { '?' })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hex;

    fn object(text: &str) -> String {
        Path::parse(&hex(text)).object().into()
    }

    #[test]
    fn tags_and_objects_have_the_names_of_the_manual() {
        assert_eq!(object("910a 54616e6b5f4c6576656c 2803 9105 56616c7565 00"), "Tank_Level[3].Value");
        assert_eq!(object("2001 2401 3007"), "identity 1 attribute 7");
        assert_eq!(object("21003803 2400"), "class 0x338");
        assert_eq!(object("2068 25002024 2074 2401"), "program 9248 lock 1");
        assert_eq!(object("206b 2500df30"), "symbol 12511");
    }

    #[test]
    fn routes_go_port_by_port() {
        assert_eq!(Path::parse(&hex("0100")).behind(), Behind::Path("port 1 slot 0".into()));
        assert_eq!(
            Path::parse(&hex("1208 31302e302e302e39 0103 20022401")).behind(),
            Behind::Path("port 2 address 10.0.0.9, port 1 slot 3".into())
        );
        assert_eq!(Path::parse(&hex("20022401")).behind(), Behind::Nobody);
    }

    #[test]
    fn a_broken_path_keeps_what_was_read() {
        let path = hex("2001 2401 91ff 41");
        let path = Path::parse(&path);
        assert!(path.is_broken);
        assert_eq!(path.object(), "identity 1");
    }
}
