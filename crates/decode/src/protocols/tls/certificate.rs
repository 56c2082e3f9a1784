//! X.509 certificates (RFC 5280): what names them, read leniently, because the odd ones matter most.

use compact_str::format_compact;
use model::{Text, Time};
use sha2::{Digest, Sha256};

use crate::ber::{self, Element, Elements};
use crate::words::hexadecimal;

/// What a certificate says of itself.
#[derive(Debug, Default)]
pub(crate) struct Certificate {
    pub subject: Text,
    pub issuer: Text,
    pub not_before: Option<Time>,
    pub not_after: Option<Time>,
    /// Names and addresses that it also stands for.
    pub names: Vec<Text>,
    /// Common name of the subject.
    pub common_name: Text,
    pub sha256: Text,
}

/// Attributes of names (RFC 4519, X.520): object identifier in DER and short name.
const ATTRIBUTES: &[(&[u8], &str)] = &[
    (&[0x55, 4, 3], "CN"),
    (&[0x55, 4, 4], "SN"),
    (&[0x55, 4, 5], "serialNumber"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 9], "street"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x55, 4, 12], "title"),
    (&[0x55, 4, 17], "postalCode"),
    (&[0x55, 4, 42], "GN"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1], "emailAddress"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1], "UID"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25], "DC"),
];

/// Subject alternative name.
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 17];

/// Names of one certificate that are kept.
const NAMES_MAX: usize = 16;

impl Certificate {
    /// Reads a certificate in DER; `None` where it is none.
    pub(crate) fn read(der: &[u8]) -> Option<Certificate> {
        let outer = Elements::new(der).next().filter(is_sequence)?;
        let body = outer.inside().next().filter(is_sequence)?;
        let mut fields = body.inside().filter(|element| !element.is(0));
        fields.next()?; // serial number
        fields.next()?; // signature algorithm
        let issuer = fields.next()?;
        let validity = fields.next()?;
        let subject = fields.next()?;
        let mut times = validity.inside().map(|element| time(&element));
        let mut certificate = Certificate {
            subject: name(&subject),
            issuer: name(&issuer),
            not_before: times.next().flatten(),
            not_after: times.next().flatten(),
            common_name: attribute(&subject, "CN"),
            sha256: hexadecimal(&Sha256::digest(der)),
            names: Vec::new(),
        };
        if let Some(extensions) = fields.find(|element| element.is(3)) {
            certificate.names = alternative_names(&extensions);
        }
        Some(certificate)
    }

    /// The fact's value: `subject=…; issuer=…; not_before=…; not_after=…; sha256=…; names=…`.
    pub(crate) fn to_text(&self) -> Text {
        let mut text = format_compact!("subject={}; issuer={}", self.subject, self.issuer);
        for (name, time) in [("not_before", self.not_before), ("not_after", self.not_after)] {
            if let Some(time) = time {
                text.push_str(&format_compact!("; {name}={time}"));
            }
        }
        text.push_str("; sha256=");
        text.push_str(&self.sha256);
        if !self.names.is_empty() {
            text.push_str("; names=");
            text.push_str(&self.names.join(","));
        }
        text
    }
}

fn is_sequence(element: &Element<'_>) -> bool {
    element.class == 0 && element.tag == 16
}

/// The attributes of a distinguished name: short name and value.
fn attributes<'a>(element: &Element<'a>) -> impl Iterator<Item = (Text, Text)> + use<'a> {
    element.inside().take(32).flat_map(|set| set.inside().take(8)).filter_map(|pair| {
        let mut parts = pair.inside();
        let kind = parts.next()?;
        let value = parts.next()?;
        let known = ATTRIBUTES.iter().find(|(oid, _)| *oid == kind.content);
        let short = known.map_or_else(
            || format_compact!("oid-{}", hexadecimal(kind.content.get(..16).unwrap_or(kind.content))),
            |(_, short)| Text::const_new(short),
        );
        Some((short, string(&value)))
    })
}

/// A string of any of the kinds that names use.
fn string(element: &Element<'_>) -> Text {
    let content = element.content.get(..512).unwrap_or(element.content);
    let text = match element.tag {
        // BMPString and UniversalString.
        30 => char::decode_utf16(content.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair)))
            .map(|c| c.unwrap_or('\u{fffd}'))
            .collect(),
        28 => content
            .as_chunks::<4>()
            .0
            .iter()
            .map(|four| char::from_u32(u32::from_be_bytes(*four)).unwrap_or('\u{fffd}'))
            .collect(),
        _ => ber::text(content),
    };
    // The separator of the fact's fields must not appear in them.
    if text.contains(';') { text.replace(';', ",").into() } else { text }
}

fn name(element: &Element<'_>) -> Text {
    let mut text = Text::default();
    for (short, value) in attributes(element) {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&short);
        text.push('=');
        text.push_str(&value);
    }
    text
}

fn attribute(element: &Element<'_>, wanted: &str) -> Text {
    attributes(element).find(|(short, _)| short == wanted).map(|(_, value)| value).unwrap_or_default()
}

/// UTCTime (tag 23) or GeneralizedTime (tag 24).
fn time(element: &Element<'_>) -> Option<Time> {
    let text = std::str::from_utf8(element.content).ok()?;
    let (century, rest) = match element.tag {
        // RFC 5280 section 4.1.2.5.1: two digits of the year from 1950 to 2049.
        23 => (if text.get(..2)? < "50" { "20" } else { "19" }, text),
        _ => (text.get(..2)?, text.get(2..)?),
    };
    let digits = rest.get(..10)?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let tail = rest.get(10..)?;
    let (seconds, zone) = match tail.get(..2) {
        Some(seconds) if seconds.bytes().all(|b| b.is_ascii_digit()) => (seconds, tail.get(2..)?),
        _ => ("00", tail),
    };
    let zone = match zone {
        "Z" | "" => "Z".into(),
        // RFC 3339 wants a colon in the offset.
        offset => format_compact!("{}:{}", offset.get(..3)?, offset.get(3..5)?),
    };
    let part = |at: usize| digits.get(at..at.saturating_add(2)).unwrap_or("00");
    Time::parse(&format_compact!(
        "{century}{}-{}-{}T{}:{}:{seconds}{zone}",
        part(0),
        part(2),
        part(4),
        part(6),
        part(8)
    ))
}

fn alternative_names(extensions: &Element<'_>) -> Vec<Text> {
    let list = extensions.inside().next();
    let found = list.and_then(|list| {
        list.inside().take(64).find_map(|extension| {
            let mut parts = extension.inside();
            (parts.next()?.content == ALTERNATIVE_NAMES).then(|| parts.last())?
        })
    });
    let Some(octets) = found else { return Vec::new() };
    let Some(names) = octets.inside().next() else { return Vec::new() };
    names
        .inside()
        .filter_map(|name| match (name.tag, name.content) {
            (1 | 2 | 6, _) => Some(string(&name)),
            (7, [a, b, c, d]) => Some(format_compact!("{a}.{b}.{c}.{d}")),
            (7, content) => {
                <[u8; 16]>::try_from(content).ok().map(|six| format_compact!("{}", std::net::Ipv6Addr::from(six)))
            }
            _ => None,
        })
        .take(NAMES_MAX)
        .collect()
}
