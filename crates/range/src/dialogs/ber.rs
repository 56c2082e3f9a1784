//! Elements of the basic encoding rules (ITU-T X.690), as MMS, GOOSE, LDAP and Kerberos have them.

/// An element: tag, length, value.
pub fn element(tag: u8, value: &[u8]) -> Vec<u8> {
    let size = value.len();
    let length: &[u8] = match size {
        0..0x80 => &[size as u8],
        0x80..0x100 => &[0x81, size as u8],
        _ => &[0x82, (size >> 8) as u8, size as u8],
    };
    [&[tag], length, value].concat()
}

/// An element of several elements.
pub fn group(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    element(tag, &parts.concat())
}

/// A text.
pub fn text(tag: u8, words: &str) -> Vec<u8> {
    element(tag, words.as_bytes())
}

/// A whole number that is not negative, in as few bytes as it needs.
pub fn number(tag: u8, number: u64) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(7);
    let significant = &bytes[first..];
    // A leading bit would make it negative.
    if significant[0] >= 0x80 { element(tag, &[&[0], significant].concat()) } else { element(tag, significant) }
}
