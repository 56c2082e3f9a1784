//! Client and server hello (RFC 8446 section 4.1, RFC 5246 section 7.4.1) with the fingerprints JA3, JA3S and JA4.

use compact_str::{CompactString, format_compact};
use md5::Md5;
use model::Text;
use sha2::{Digest, Sha256};
use smallvec::SmallVec;
use wire::{Reader, Short};

use crate::words::{decimal, digits, hexadecimal};

/// Extensions, IANA registry "TLS ExtensionType Values".
mod extension {
    pub(super) const SERVER_NAME: u16 = 0;
    pub(super) const GROUPS: u16 = 10;
    pub(super) const POINT_FORMATS: u16 = 11;
    pub(super) const SIGNATURES: u16 = 13;
    pub(super) const ALPN: u16 = 16;
    pub(super) const VERSIONS: u16 = 43;
}

/// A list of code points; long lists leave the stack.
type Points = SmallVec<[u16; 32]>;

/// What a client hello says.
#[derive(Debug, Default)]
pub(crate) struct ClientHello {
    /// Version in the fixed field.
    pub version: u16,
    pub suites: Points,
    pub extensions: Points,
    pub groups: Points,
    pub point_formats: SmallVec<[u8; 8]>,
    pub signatures: Points,
    pub versions: Points,
    /// Server name indication.
    pub name: Text,
    /// Names of application protocols offered, in order.
    pub alpn: SmallVec<[Text; 4]>,
}

/// What a server hello says.
#[derive(Debug, Default)]
pub(crate) struct ServerHello {
    /// The version chosen.
    pub version: u16,
    /// The version in the fixed field.
    pub legacy_version: u16,
    pub suite: u16,
    pub extensions: Points,
    pub alpn: Text,
    /// It asks for another client hello (RFC 8446 section 4.1.4).
    pub is_retry: bool,
}

/// The random that makes a server hello a hello retry request: SHA-256 of "HelloRetryRequest".
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
    0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// Reserved values that clients sprinkle in (RFC 8701).
const fn is_grease(value: u16) -> bool {
    value & 0x0f0f == 0x0a0a && value >> 8 == value & 0xff
}

fn points(r: &mut Reader<'_>) -> Points {
    let mut list = Points::new();
    while let Ok(point) = r.u16("code point") {
        list.push(point);
    }
    list
}

impl ClientHello {
    /// Reads the body of the handshake message. `is_datagram`: DTLS puts a cookie behind the session id.
    pub(crate) fn read(body: &[u8], is_datagram: bool) -> Result<ClientHello, Short> {
        let mut r = Reader::new(body);
        let mut hello = ClientHello { version: r.u16("client version")?, ..ClientHello::default() };
        r.skip(32, "random")?;
        let length = r.u8("session id length")?;
        r.skip(length.into(), "session id")?;
        if is_datagram {
            let length = r.u8("cookie length")?;
            r.skip(length.into(), "cookie")?;
        }
        let length = r.u16("cipher suites length")?;
        hello.suites = points(&mut r.sub(length.into(), "cipher suites")?);
        let length = r.u8("compression methods length")?;
        r.skip(length.into(), "compression methods")?;
        if r.is_empty() {
            return Ok(hello);
        }
        let length = r.u16("extensions length")?;
        let mut extensions = r.sub_at_most(length.into());
        while !extensions.is_empty() {
            let kind = extensions.u16("extension type")?;
            let length = extensions.u16("extension length")?;
            let mut e = extensions.sub(length.into(), "extension")?;
            hello.extensions.push(kind);
            match kind {
                extension::SERVER_NAME if !e.is_empty() => hello.name = server_name(&mut e).unwrap_or_default(),
                extension::GROUPS => hello.groups = e.u16("groups length").map(|_| points(&mut e)).unwrap_or_default(),
                extension::POINT_FORMATS => {
                    let _ = e.u8("point formats length");
                    hello.point_formats = e.rest().into();
                }
                extension::SIGNATURES => {
                    hello.signatures = e.u16("signature algorithms length").map(|_| points(&mut e)).unwrap_or_default();
                }
                extension::VERSIONS => {
                    hello.versions = e.u8("versions length").map(|_| points(&mut e)).unwrap_or_default();
                }
                extension::ALPN => hello.alpn = alpn(&mut e),
                _ => {}
            }
        }
        Ok(hello)
    }

    /// The highest version offered.
    pub(crate) fn highest(&self) -> u16 {
        self.versions.iter().copied().filter(|v| !is_grease(*v)).max().unwrap_or(self.version)
    }

    /// JA3: MD5 over version, suites, extensions, groups and point formats in decimal.
    pub(crate) fn ja3(&self) -> Text {
        let mut text = Ascii::new();
        text.extend_from_slice(decimal(self.version).as_bytes());
        for list in [&self.suites, &self.extensions, &self.groups] {
            text.push(b',');
            join(&mut text, list.iter().copied().filter(|value| !is_grease(*value)));
        }
        text.push(b',');
        join(&mut text, self.point_formats.iter().copied().map(u16::from));
        hexadecimal(&Md5::digest(&text))
    }

    /// JA4, as FoxIO published it (BSD 3-clause): what is offered, counted, then sorted and hashed. `transport` is `t`
    /// for TLS over TCP, `d` for DTLS, `q` for QUIC.
    pub(crate) fn ja4(&self, transport: char) -> Text {
        let version = match self.highest() {
            0x0304 => "13",
            0x0303 => "12",
            0x0302 => "11",
            0x0301 => "10",
            0x0300 => "s3",
            0x0002 => "s2",
            0xfeff => "d1",
            0xfefd => "d2",
            0xfefc => "d3",
            _ => "00",
        };
        let plain = |list: &Points| -> Points { list.iter().copied().filter(|v| !is_grease(*v)).collect() };
        let mut suites = plain(&self.suites);
        let all = plain(&self.extensions);
        let name = if all.contains(&extension::SERVER_NAME) { 'd' } else { 'i' };
        let mut extensions: Points =
            all.iter().copied().filter(|e| !matches!(*e, extension::SERVER_NAME | extension::ALPN)).collect();
        suites.sort_unstable();
        extensions.sort_unstable();
        let alpn = match self.alpn.first().map(|name| name.as_bytes()) {
            Some(bytes @ [first, ..]) => {
                let last = bytes.last().unwrap_or(first);
                if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
                    format_compact!("{}{}", char::from(*first), char::from(*last))
                } else {
                    format_compact!("{:x}{:x}", first >> 4, last & 0x0f)
                }
            }
            _ => CompactString::const_new("00"),
        };
        let list = |text: &mut Ascii, list: &[u16]| {
            for (i, value) in list.iter().enumerate() {
                if i > 0 {
                    text.push(b',');
                }
                value.to_be_bytes().iter().for_each(|byte| text.extend_from_slice(&digits(*byte)));
            }
        };
        let hash = |text: &[u8]| match text {
            [] => CompactString::const_new("000000000000"),
            text => hexadecimal(Sha256::digest(text).get(..6).unwrap_or_default()),
        };
        let (mut first, mut second) = (Ascii::new(), Ascii::new());
        list(&mut first, &suites);
        list(&mut second, &extensions);
        let signatures = plain(&self.signatures);
        if !signatures.is_empty() {
            second.push(b'_');
            list(&mut second, &signatures);
        }
        format_compact!(
            "{transport}{version}{name}{:02}{:02}{alpn}_{}_{}",
            suites.len().min(99),
            all.len().min(99),
            hash(&first),
            hash(&second)
        )
    }
}

fn server_name(e: &mut Reader<'_>) -> Result<Text, Short> {
    e.u16("server name list length")?;
    e.u8("name type")?;
    let length = e.u16("name length")?;
    Ok(crate::ber::text(e.bytes(length.into(), "name")?))
}

fn alpn(e: &mut Reader<'_>) -> SmallVec<[Text; 4]> {
    let mut names = SmallVec::new();
    let _ = e.u16("protocol name list length");
    while let Ok(length) = e.u8("protocol name length") {
        let Ok(name) = e.bytes(length.into(), "protocol name") else { break };
        if names.len() < 16 {
            names.push(crate::ber::text(name));
        }
    }
    names
}

impl ServerHello {
    /// Reads the body of the handshake message.
    pub(crate) fn read(body: &[u8]) -> Result<ServerHello, Short> {
        let mut r = Reader::new(body);
        let version = r.u16("server version")?;
        let mut hello = ServerHello { version, legacy_version: version, ..ServerHello::default() };
        hello.is_retry = r.array::<32>("random")? == RETRY;
        // Drafts 18 to 21 of TLS 1.3 put no session id here.
        if version >> 8 != 0x7f {
            let length = r.u8("session id length")?;
            r.skip(length.into(), "session id")?;
        }
        hello.suite = r.u16("cipher suite")?;
        if version >> 8 != 0x7f {
            r.u8("compression method")?;
        }
        if r.is_empty() {
            return Ok(hello);
        }
        let length = r.u16("extensions length")?;
        let mut extensions = r.sub_at_most(length.into());
        while !extensions.is_empty() {
            let kind = extensions.u16("extension type")?;
            let length = extensions.u16("extension length")?;
            let mut e = extensions.sub(length.into(), "extension")?;
            hello.extensions.push(kind);
            match kind {
                extension::VERSIONS => hello.version = e.u16("selected version")?,
                extension::ALPN => hello.alpn = alpn(&mut e).into_iter().next().unwrap_or_default(),
                _ => {}
            }
        }
        Ok(hello)
    }

    /// JA3S: MD5 over version, suite and extensions in decimal.
    pub(crate) fn ja3s(&self) -> Text {
        let mut text = Ascii::new();
        for number in [self.legacy_version, self.suite] {
            text.extend_from_slice(decimal(number).as_bytes());
            text.push(b',');
        }
        join(&mut text, self.extensions.iter().copied());
        hexadecimal(&Md5::digest(&text))
    }
}

/// The name of a version: `TLS 1.2`, `DTLS 1.2`, drafts of 1.3 with their number.
pub(crate) fn version(version: u16) -> Text {
    match version {
        0x0002 => Text::const_new("SSL 2.0"),
        0x0300 => Text::const_new("SSL 3.0"),
        0x0301..=0x0304 => format_compact!("TLS 1.{}", version.saturating_sub(0x0301)),
        0x7f00..=0x7fff => format_compact!("TLS 1.3 (draft {})", version & 0xff),
        0xfeff => Text::const_new("DTLS 1.0"),
        0xfefd => Text::const_new("DTLS 1.2"),
        0xfefc => Text::const_new("DTLS 1.3"),
        other => format_compact!("TLS 0x{other:04x}"),
    }
}

/// Text to be hashed. Written digit by digit: a hello has a hundred numbers, and formatting each costs more than hashing all.
type Ascii = SmallVec<[u8; 512]>;

/// Numbers in decimal with hyphens between them.
fn join(text: &mut Ascii, numbers: impl Iterator<Item = u16>) {
    for (i, number) in numbers.enumerate() {
        if i > 0 {
            text.push(b'-');
        }
        text.extend_from_slice(decimal(number).as_bytes());
    }
}
