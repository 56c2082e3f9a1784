//! Messages of the domain name system taken apart: header, names with compression, questions, records.
//!
//! Own code over `Reader` and not a library: libraries refuse a whole message for one bad record, while a monitor has to
//! tell what was readable of cut, malformed and hostile messages.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use compact_str::format_compact;
use model::Text;
use smallvec::SmallVec;
use wire::{Reader, Short};

use crate::words::hexadecimal;

/// Labels and pointers of one name that are followed; a name has 127 labels at most (RFC 1035, section 3.1).
const STEPS_MAX: usize = 160;

/// The twelve bytes at the start (RFC 1035, section 4.1.1).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub(crate) id: u16,
    pub(crate) flags: u16,
    /// Questions, answers, authorities, additional records.
    pub(crate) counts: [u16; 4],
}

impl Header {
    /// Reads the header; counts that were cut off are 0.
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Header, Short> {
        let (id, flags) = (r.u16("id")?, r.u16("flags")?);
        let mut counts = [0; 4];
        for count in &mut counts {
            *count = r.u16("count").unwrap_or(0);
        }
        Ok(Header { id, flags, counts })
    }

    pub(crate) const fn is_response(&self) -> bool {
        self.flags & 0x8000 != 0
    }

    pub(crate) const fn opcode(&self) -> u8 {
        (self.flags >> 11) as u8 & 0x0f
    }

    pub(crate) const fn rcode(&self) -> u8 {
        self.flags as u8 & 0x0f
    }

    pub(crate) const fn is_truncated(&self) -> bool {
        self.flags & 0x0200 != 0
    }
}

/// Record types: number, name, name of a query for it (IANA "DNS Parameters", resource record types).
const TYPES: &[(u16, &str, &str)] = &[
    (1, "a", "query a"),
    (2, "ns", "query ns"),
    (5, "cname", "query cname"),
    (6, "soa", "query soa"),
    (10, "null", "query null"),
    (11, "wks", "query wks"),
    (12, "ptr", "query ptr"),
    (13, "hinfo", "query hinfo"),
    (15, "mx", "query mx"),
    (16, "txt", "query txt"),
    (17, "rp", "query rp"),
    (18, "afsdb", "query afsdb"),
    (24, "sig", "query sig"),
    (25, "key", "query key"),
    (28, "aaaa", "query aaaa"),
    (29, "loc", "query loc"),
    (33, "srv", "query srv"),
    (35, "naptr", "query naptr"),
    (39, "dname", "query dname"),
    (41, "opt", "query opt"),
    (43, "ds", "query ds"),
    (44, "sshfp", "query sshfp"),
    (46, "rrsig", "query rrsig"),
    (47, "nsec", "query nsec"),
    (48, "dnskey", "query dnskey"),
    (50, "nsec3", "query nsec3"),
    (51, "nsec3param", "query nsec3param"),
    (52, "tlsa", "query tlsa"),
    (64, "svcb", "query svcb"),
    (65, "https", "query https"),
    (99, "spf", "query spf"),
    (249, "tkey", "query tkey"),
    (250, "tsig", "query tsig"),
    (251, "ixfr", "incremental zone transfer"),
    (252, "axfr", "zone transfer"),
    (255, "any", "query any"),
    (256, "uri", "query uri"),
    (257, "caa", "query caa"),
    (65281, "wins", "query wins"),
    (65282, "wins-r", "query wins-r"),
];

/// Name of a record type; its number in hexadecimal where unknown.
pub(crate) fn type_name(kind: u16) -> Text {
    match TYPES.iter().find(|row| row.0 == kind) {
        Some(row) => Text::const_new(row.1),
        None => format_compact!("type 0x{kind:04x}"),
    }
}

/// Name of an act that asks for records of a type.
pub(crate) fn query_name(kind: u16) -> Text {
    match TYPES.iter().find(|row| row.0 == kind) {
        Some(row) => Text::const_new(row.2),
        None => format_compact!("query type 0x{kind:04x}"),
    }
}

/// Whether a type is in the table.
pub(crate) fn is_known_type(kind: u16) -> bool {
    TYPES.iter().any(|row| row.0 == kind)
}

/// Whether a class is one of IANA's; the top bit is mDNS's (unicast answer wanted, cache flush).
pub(crate) const fn is_known_class(class: u16) -> bool {
    matches!(class & 0x7fff, 1 | 3 | 4 | 254 | 255)
}

/// Reads a name at `r`, following pointers into `message` (RFC 1035, section 4.1.4). The root is `.`.
pub(crate) fn name<'a>(message: &'a [u8], r: &mut Reader<'a>) -> Result<Text, Short> {
    // Put together on the stack, so that a long name costs one allocation.
    let mut text: SmallVec<[u8; 256]> = SmallVec::new();
    let mut jumped: Option<Reader<'a>> = None;
    for _ in 0..STEPS_MAX {
        let cursor = jumped.as_mut().unwrap_or(r);
        let length = cursor.u8("label length")?;
        match length {
            0 => {
                // Everything pushed is text.
                return Ok(match std::str::from_utf8(&text) {
                    Ok("") | Err(_) => Text::const_new("."),
                    Ok(text) => text.into(),
                });
            }
            0xc0.. => {
                let low = cursor.u8("pointer")?;
                let place = usize::from(length & 0x3f) << 8 | usize::from(low);
                let short = cursor.short("name pointer", 0);
                jumped = Some(Reader::new(message.get(place..).ok_or(short)?));
            }
            1..=63 => {
                let label = cursor.bytes(length.into(), "label")?;
                if !text.is_empty() {
                    text.push(b'.');
                }
                if label.iter().all(|byte| matches!(byte, b' '..=b'~')) {
                    text.extend_from_slice(label);
                } else {
                    let mut odd = Text::default();
                    push_printable(&mut odd, label);
                    text.extend_from_slice(odd.as_bytes());
                }
            }
            _ => return Err(cursor.short("label", length.into())),
        }
        if text.len() > 1_024 {
            break;
        }
    }
    Err(r.short("end of name", 1))
}

/// Adds bytes as text: UTF-8 as it is, everything else and control characters escaped.
pub(crate) fn push_printable(text: &mut Text, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(label) if !label.chars().any(char::is_control) => text.push_str(label),
        _ => {
            for byte in bytes {
                match byte {
                    b' '..=b'~' => text.push(char::from(*byte)),
                    _ => {
                        let _ = std::fmt::Write::write_fmt(text, format_args!("\\x{byte:02x}"));
                    }
                }
            }
        }
    }
}

/// A question.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) name: Text,
    pub(crate) kind: u16,
    pub(crate) class: u16,
}

impl Question {
    pub(crate) fn read<'a>(message: &'a [u8], r: &mut Reader<'a>) -> Result<Question, Short> {
        Ok(Question { name: name(message, r)?, kind: r.u16("type")?, class: r.u16("class")? })
    }
}

/// A resource record; `data` still holds what its type means.
#[derive(Clone, Debug)]
pub(crate) struct Record<'a> {
    pub(crate) name: Text,
    pub(crate) kind: u16,
    pub(crate) class: u16,
    pub(crate) ttl: u32,
    pub(crate) data: Reader<'a>,
}

impl<'a> Record<'a> {
    pub(crate) fn read(message: &'a [u8], r: &mut Reader<'a>) -> Result<Record<'a>, Short> {
        let name = name(message, r)?;
        let (kind, class, ttl) = (r.u16("type")?, r.u16("class")?, r.u32("time to live")?);
        let length = r.u16("data length")?;
        Ok(Record { name, kind, class, ttl, data: r.sub(length.into(), "data")? })
    }

    /// The address of an A or AAAA record.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        match self.kind {
            1 => <[u8; 4]>::try_from(self.data.rest()).ok().map(|ip| IpAddr::V4(Ipv4Addr::from(ip))),
            28 => <[u8; 16]>::try_from(self.data.rest()).ok().map(|ip| IpAddr::V6(Ipv6Addr::from(ip))),
            _ => None,
        }
    }

    /// The data as people write it in zone files; bytes in hexadecimal where the type has no such form here.
    pub(crate) fn text(&self, message: &'a [u8]) -> Result<Text, Short> {
        let mut r = self.data;
        Ok(match self.kind {
            1 | 28 => match self.address() {
                Some(ip) => format_compact!("{ip}"),
                None => return Err(r.short("address", if self.kind == 1 { 4 } else { 16 })),
            },
            2 | 5 | 12 | 39 => name(message, &mut r)?,
            6 => format_compact!("{} {}", name(message, &mut r)?, name(message, &mut r)?),
            13 | 16 | 99 => {
                let mut text = Text::default();
                while !r.is_empty() && text.len() < 512 {
                    let length = r.u8("string length")?;
                    if !text.is_empty() {
                        text.push(' ');
                    }
                    push_printable(&mut text, r.bytes(length.into(), "string")?);
                }
                text
            }
            15 => format_compact!("{} {}", r.u16("preference")?, name(message, &mut r)?),
            33 => {
                let (priority, weight, port) = (r.u16("priority")?, r.u16("weight")?, r.u16("port")?);
                format_compact!("{priority} {weight} {port} {}", name(message, &mut r)?)
            }
            _ => {
                let bytes = r.take_rest();
                hexadecimal(bytes.get(..32).unwrap_or(bytes))
            }
        })
    }
}

/// The address that a name below `in-addr.arpa` or `ip6.arpa` stands for.
pub(crate) fn reverse(name: &str) -> Option<IpAddr> {
    let lower = |suffix: &str| {
        let at = name.len().checked_sub(suffix.len())?;
        let (head, tail) = name.split_at_checked(at)?;
        tail.eq_ignore_ascii_case(suffix).then_some(head)
    };
    if let Some(head) = lower(".in-addr.arpa") {
        let mut bytes = [0_u8; 4];
        let mut labels = head.split('.');
        for byte in bytes.iter_mut().rev() {
            *byte = labels.next()?.parse().ok()?;
        }
        return labels.next().is_none().then_some(IpAddr::V4(Ipv4Addr::from(bytes)));
    }
    let mut number = 0_u128;
    let mut count = 0_u32;
    for label in lower(".ip6.arpa")?.split('.') {
        let nibble = u128::from_str_radix(label, 16).ok().filter(|n| *n < 16)?;
        number |= nibble.checked_shl(count.checked_mul(4)?)?;
        count = count.checked_add(1)?;
    }
    (count == 32).then_some(IpAddr::V6(Ipv6Addr::from(number)))
}

/// Whether a name is a NetBIOS name in its first-level encoding: 32 letters from A to P (RFC 1001, section 14.1).
pub(crate) fn is_netbios(name: &str) -> bool {
    let label = name.split('.').next().unwrap_or_default();
    label.len() == 32 && label.bytes().all(|b| b.is_ascii_uppercase() && b <= b'P')
}
