//! The header of an HTTP message (RFC 9112): its line, its fields, and how long the body behind it is.

use super::CODES;

/// A header, not copied.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'a> {
    /// The first line.
    pub line: &'a [u8],
    fields: &'a [u8],
}

/// How the end of a body is known (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// So many bytes.
    Length(u64),
    /// Chunks follow.
    Chunked,
    /// All until the connection ends.
    Rest,
}

/// Where the header at the start of `bytes` ends: behind its empty line. HTTP/0.9 requests end with their line.
pub(super) fn end(bytes: &[u8]) -> Option<usize> {
    let mut at = 0_usize;
    let mut is_first = true;
    while let Some(rest) = bytes.get(at..) {
        let length = memchr::memchr(b'\n', rest)?;
        let line = rest.get(..length).unwrap_or_default();
        at = at.saturating_add(length).saturating_add(1);
        if matches!(line, [] | [b'\r']) {
            return Some(at);
        }
        if is_first && !line.windows(5).any(|part| part.eq_ignore_ascii_case(b"HTTP/")) {
            return Some(at);
        }
        is_first = false;
    }
    None
}

/// The method at the start of `bytes` and what is behind its space.
pub(super) fn method(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let space = bytes.get(..16.min(bytes.len()))?.iter().position(|b| *b == b' ')?;
    let name = bytes.get(..space)?;
    let rest = bytes.get(space.saturating_add(1)..)?;
    let row = CODES.iter().skip(1).find(|row| row.name.as_bytes().eq_ignore_ascii_case(name))?;
    name.iter().all(|b| !b.is_ascii_lowercase()).then_some((row.code, rest))
}

/// Whether a method that nobody knows may start here: capital letters and a space.
pub(super) fn may_be_method(bytes: &[u8]) -> bool {
    let start = bytes.get(..24.min(bytes.len())).unwrap_or(bytes);
    let length = start.iter().take_while(|b| b.is_ascii_uppercase() || matches!(b, b'-' | b'_')).count();
    match start.get(length) {
        Some(b' ') => length >= 3,
        Some(_) => false,
        None => length < 24,
    }
}

/// A number in decimal.
pub(super) fn number(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}

/// The size at the start of a chunk's line.
pub(super) fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.split(|b| matches!(b, b';' | b'\r' | b' ' | b'\t')).next()?;
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// The scheme of an authentication field and what follows.
pub(super) fn scheme(value: &[u8]) -> (&[u8], &[u8]) {
    let value = value.trim_ascii();
    let end = value.iter().position(|b| *b == b' ').unwrap_or(value.len());
    let (scheme, rest) = value.split_at_checked(end).unwrap_or((value, &[]));
    (scheme, rest.trim_ascii())
}

/// The value of `name="…"` or `name=…` in a list of parameters.
pub(super) fn parameter<'a>(value: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut at = 0_usize;
    loop {
        let rest = value.get(at..)?;
        let found = rest.windows(name.len().max(1)).position(|part| part.eq_ignore_ascii_case(name))?;
        let before = found.checked_sub(1).and_then(|i| rest.get(i));
        at = at.saturating_add(found).saturating_add(name.len());
        let is_alone = before.is_none_or(|b| matches!(b, b' ' | b';' | b',' | b'\t' | b'\n'));
        if let (true, Some([b'=', behind @ ..])) = (is_alone, value.get(at..)) {
            return match behind {
                [b'"', quoted @ ..] => quoted.split(|b| *b == b'"').next(),
                plain => plain.split(|b| matches!(b, b';' | b',' | b' ' | b'\r' | b'\n')).next(),
            };
        }
    }
}

/// The file name in a content disposition, or in the first part of a form.
pub(super) fn file_name(value: &[u8]) -> Option<&[u8]> {
    parameter(value, b"filename").filter(|name| !name.is_empty())
}

/// The realm of a challenge.
pub(super) fn realm(challenge: &[u8]) -> Option<&[u8]> {
    parameter(challenge, b"realm").filter(|realm| !realm.is_empty())
}

/// Whether a target names a file that is taken away rather than a page that is looked at.
pub(super) fn is_file(target: &[u8]) -> bool {
    const ENDINGS: [&[u8]; 34] = [
        b".exe", b".dll", b".msi", b".zip", b".7z", b".rar", b".gz", b".tgz", b".tar", b".bin", b".img", b".iso",
        b".hex", b".fw", b".upd", b".cab", b".jar", b".apk", b".ps1", b".bat", b".vbs", b".hta", b".scr", b".sys",
        b".pdf", b".doc", b".docx", b".xls", b".xlsx", b".csv", b".dmp", b".bak", b".cfg", b".sh",
    ];
    let path = target.split(|b| matches!(b, b'?' | b'#')).next().unwrap_or_default();
    let Some(dot) = path.iter().rposition(|b| matches!(b, b'.' | b'/')) else { return false };
    let ending = path.get(dot..).unwrap_or_default();
    ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known))
}

impl<'a> Head<'a> {
    /// Cuts the first line off.
    pub(super) fn read(bytes: &'a [u8]) -> Head<'a> {
        let end = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
        let (line, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
        Head { line: line.trim_ascii_end(), fields: rest.get(1..).unwrap_or_default() }
    }

    /// Names and values of the fields.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let mut rest = self.fields;
        let lines = std::iter::from_fn(move || {
            let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let (line, behind) = rest.split_at_checked(end)?;
            rest = behind.get(1..).unwrap_or_default();
            Some(line)
        });
        // The first empty line ends them, as does the end of the bytes.
        lines.take(256).map_while(|line| {
            let line = line.trim_ascii_end();
            if line.is_empty() {
                return None;
            }
            let colon = memchr::memchr(b':', line).unwrap_or(line.len());
            let (name, value) = line.split_at_checked(colon)?;
            Some((name, value.get(1..).unwrap_or_default().trim_ascii()))
        })
    }

    /// Status code of an answer.
    pub(super) fn status(&self) -> u16 {
        let code = self.line.split(|b| *b == b' ').filter(|word| !word.is_empty()).nth(1);
        code.and_then(number).and_then(|code| u16::try_from(code).ok()).unwrap_or(0)
    }

    /// The words behind the status code.
    pub(super) fn reason(&self) -> &'a [u8] {
        let mut words = self.line.splitn(3, |b| *b == b' ');
        words.nth(2).unwrap_or_default()
    }

    fn find(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.fields().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Whether the body comes in chunks, and the length of one that does not.
    fn framing(&self) -> (bool, Option<u64>) {
        let (mut coding, mut length) = (None, None);
        for (name, value) in self.fields() {
            match name.len() {
                14 if length.is_none() && name.eq_ignore_ascii_case(b"content-length") => length = Some(value),
                17 if coding.is_none() && name.eq_ignore_ascii_case(b"transfer-encoding") => coding = Some(value),
                _ => {}
            }
        }
        let is_chunked = coding.is_some_and(|value| value.windows(7).any(|part| part.eq_ignore_ascii_case(b"chunked")));
        (is_chunked, length.and_then(number))
    }

    /// Whether the body is a form with files.
    pub(super) fn is_form(&self) -> bool {
        self.find(b"content-type")
            .and_then(|value| value.get(..19))
            .is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/form-data"))
    }

    /// The body of a request.
    pub(super) fn request_body(&self) -> Body {
        match self.framing() {
            (true, _) => Body::Chunked,
            (false, length) => Body::Length(length.unwrap_or(0)),
        }
    }

    /// The body of an answer to a request with the method `method` (0 where it is not known).
    pub(super) fn answer_body(&self, method: u32) -> Body {
        let status = self.status();
        if matches!(status, 100..=199 | 204 | 304) || method == 2 || (method == 6 && (200..300).contains(&status)) {
            return Body::Length(0);
        }
        match self.framing() {
            (true, _) => Body::Chunked,
            (false, Some(length)) => Body::Length(length),
            (false, None) => Body::Rest,
        }
    }
}
