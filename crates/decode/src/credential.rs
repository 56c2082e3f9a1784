//! Names and passwords that pass by: which are published defaults; nothing of a password is kept.

use compact_str::format_compact;
use model::{Confidence, FactKey, Text};

use crate::{About, Output};

/// User and password that manuals publish. From the makers' manuals of web servers, FTP and Telnet of controllers,
/// drives, switches, panels and cameras.
const DEFAULTS: &[(&str, &str)] = &[
    ("admin", ""),
    ("admin", "0000"),
    ("admin", "1111"),
    ("admin", "1234"),
    ("admin", "12345"),
    ("admin", "123456"),
    ("admin", "admin"),
    ("admin", "default"),
    ("admin", "moxa"),
    ("admin", "password"),
    ("admin", "private"),
    ("admin", "wago"),
    ("administrator", "administrator"),
    ("administrator", "password"),
    ("adm", "adm"),
    ("cisco", "cisco"),
    ("default", "default"),
    ("engineer", "engineer"),
    ("ftp_boot", "ftp_boot"),
    ("guest", "guest"),
    ("manager", "friend"),
    ("manager", "manager"),
    ("nic2212", "poiuypoiuy"),
    ("operator", "operator"),
    ("pcfactory", "pcfactory"),
    ("pi", "raspberry"),
    ("qbf77101", "hexakisoctahedron"),
    ("root", ""),
    ("root", "admin"),
    ("root", "password"),
    ("root", "root"),
    ("root", "wago"),
    ("service", "service"),
    ("super", "super"),
    ("supervisor", "supervisor"),
    ("sysdiag", "factorycast@schneider"),
    ("target", "password"),
    ("test", "test"),
    ("test", "testingpw"),
    ("ubnt", "ubnt"),
    ("user", "public"),
    ("user", "user"),
    ("user", "user00"),
    ("user", "wago"),
    ("webguest", "1"),
    ("wago", "wago"),
];

/// Whether the pair is a published default. Names are compared without case.
pub fn is_default(user: &str, password: &str) -> bool {
    DEFAULTS.iter().any(|(u, p)| u.eq_ignore_ascii_case(user) && *p == password)
}

/// Tells that a user showed a credential of `kind` (`ftp password`) to the server. The password, where it is readable,
/// is looked up and forgotten. Gives what to say with `accepted` once the server let the user in, where the pair is a
/// published default.
#[must_use = "a default that was accepted must be told"]
pub(crate) fn tell(
    kind: &'static str,
    user: &str,
    password: Option<&str>,
    source: &str,
    out: &mut Output<'_>,
) -> Option<Text> {
    out.fact(About::Server, FactKey::Credential, kind, source, Confidence::Certain);
    tell_user(user, source, out);
    password.filter(|password| is_default(user, password)).map(|_| format_compact!("{kind} of {user}"))
}

/// Tells that the server accepted a published default.
pub(crate) fn accepted(default: Option<Text>, source: &str, out: &mut Output<'_>) {
    if let Some(default) = default {
        out.fact(About::Server, FactKey::DefaultCredential, &default, source, Confidence::Certain);
    }
}

/// Tells that somebody on the client's side uses the account `user`.
pub(crate) fn tell_user(user: &str, source: &str, out: &mut Output<'_>) {
    let user = crate::ber::text(user.as_bytes().get(..128).unwrap_or(user.as_bytes()));
    out.fact(About::Client, FactKey::User, &user, source, Confidence::Likely);
}

/// Decodes base 64 (RFC 4648 section 4), passing over what does not belong to it; at most 4 KiB come out.
pub fn base64(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len().min(5_500).saturating_mul(3) / 4);
    let (mut sum, mut bits) = (0_u32, 0_u32);
    for byte in text.iter().take(5_500) {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            _ => continue,
        };
        sum = (sum << 6 | u32::from(value)) & 0x00ff_ffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((sum >> bits & 0xff) as u8);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_64() {
        assert_eq!(base64(b"YWRtaW46YWRtaW4="), b"admin:admin");
        assert_eq!(base64(b"YQ=="), b"a");
        assert_eq!(base64(b""), b"");
    }

    #[test]
    fn published_passwords() {
        assert!(is_default("Admin", "admin"));
        assert!(is_default("root", ""));
        assert!(!is_default("admin", "correct horse"));
    }
}
