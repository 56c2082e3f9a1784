//! NTLMSSP messages (MS-NLMP) wherever they are carried: names of users, domains and machines, versions; no row.

use compact_str::format_compact;
use model::{Confidence, FactKey, Text};
use wire::{Reader, Short};

use crate::{About, Output};

/// What an NTLMSSP message said that its carrier's act wants to tell too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ntlm {
    /// 1 negotiate, 2 challenge, 3 authenticate.
    pub kind: u32,
    pub user: Text,
    pub domain: Text,
    pub workstation: Text,
    /// `NTLMv1`, `NTLMv2`, or nothing where nobody logs in.
    pub version: &'static str,
    pub is_anonymous: bool,
}

const SIGNATURE: &[u8] = b"NTLMSSP\0";
const UNICODE: u32 = 1;
/// The fixed field with the version of Windows is there.
const HAS_VERSION: u32 = 0x0200_0000;

/// Finds an NTLMSSP message in a token (bare or in SPNEGO), tells its facts, and gives what it says.
/// `carrier` begins the kind of credential: `smb`.
pub(crate) fn tell(token: &[u8], carrier: &'static str, out: &mut Output<'_>) -> Option<Ntlm> {
    let token = token.get(..4_096.min(token.len()))?;
    let at = token.windows(SIGNATURE.len()).position(|part| part == SIGNATURE)?;
    let message = token.get(at..)?;
    match read(message, carrier, out) {
        Ok(ntlm) => Some(ntlm),
        Err(short) => {
            out.short(&short);
            None
        }
    }
}

fn read(message: &[u8], carrier: &'static str, out: &mut Output<'_>) -> Result<Ntlm, Short> {
    let mut r = Reader::new(message);
    r.skip(8, "signature")?;
    let mut ntlm = Ntlm { kind: r.u32_le("message type")?, ..Ntlm::default() };
    match ntlm.kind {
        1 => {
            let flags = r.u32_le("flags")?;
            let domain = field(message, &mut r)?;
            let workstation = field(message, &mut r)?;
            ntlm.domain = string(domain, false);
            ntlm.workstation = string(workstation, false);
            version(flags, &mut r, out);
        }
        2 => {
            let target = field(message, &mut r)?;
            let flags = r.u32_le("flags")?;
            r.skip(16, "challenge")?;
            let information = field(message, &mut r)?;
            version(flags, &mut r, out);
            ntlm.domain = string(target, flags & UNICODE != 0);
            target_information(information, out);
        }
        3 => {
            let _lm = field(message, &mut r)?;
            let nt = field(message, &mut r)?;
            let domain = field(message, &mut r)?;
            let user = field(message, &mut r)?;
            let workstation = field(message, &mut r)?;
            let key = field(message, &mut r);
            let flags = key.and_then(|_| r.u32_le("flags")).unwrap_or(UNICODE);
            let is_unicode = flags & UNICODE != 0;
            ntlm.domain = string(domain, is_unicode);
            ntlm.user = string(user, is_unicode);
            ntlm.workstation = string(workstation, is_unicode);
            ntlm.is_anonymous = ntlm.user.is_empty() && nt.is_empty();
            ntlm.version = match nt.len() {
                0 => "",
                24 => "NTLMv1",
                _ => "NTLMv2",
            };
            version(flags, &mut r, out);
            let source = "ntlm authenticate";
            if ntlm.is_anonymous {
                let kind = format_compact!("{carrier} anonymous (null session)");
                out.fact(About::Server, FactKey::Credential, &kind, source, Confidence::Certain);
            } else if !ntlm.version.is_empty() {
                let kind = format_compact!("{carrier} {}", ntlm.version);
                out.fact(About::Server, FactKey::Credential, &kind, source, Confidence::Certain);
            }
            let is_guest = ntlm.user.eq_ignore_ascii_case("guest");
            if is_guest {
                let kind = format_compact!("{carrier} guest");
                out.fact(About::Server, FactKey::Credential, &kind, source, Confidence::Certain);
            }
            out.fact(About::Client, FactKey::User, &ntlm.user, source, Confidence::Likely);
            out.fact(About::Client, FactKey::Hostname, &ntlm.workstation, source, Confidence::Likely);
            // The domain of a local account is the name of a machine, often the server's.
            if !ntlm.domain.eq_ignore_ascii_case(&ntlm.workstation) {
                out.fact(About::Client, FactKey::Domain, &ntlm.domain, source, Confidence::Likely);
            }
        }
        _ => {}
    }
    Ok(ntlm)
}

/// A length, a space and an offset, and what lies there.
fn field<'a>(message: &'a [u8], r: &mut Reader<'_>) -> Result<&'a [u8], Short> {
    let length = usize::from(r.u16_le("field length")?);
    r.u16_le("field space")?;
    let at = r.u32_le("field offset")? as usize;
    Ok(message.get(at..at.saturating_add(length)).unwrap_or_default())
}

/// Text in UTF-16 or in the code page of the machine.
fn string(bytes: &[u8], is_unicode: bool) -> Text {
    if is_unicode { utf16(bytes) } else { crate::ber::text(bytes) }
}

/// Little-endian UTF-16 up to a zero or 512 units, control characters replaced.
pub(crate) fn utf16(bytes: &[u8]) -> Text {
    let units = bytes.as_chunks::<2>().0.iter().take(512).map(|pair| u16::from_le_bytes(*pair));
    char::decode_utf16(units.take_while(|unit| *unit != 0))
        .map(|c| c.ok().filter(|c| !c.is_control()).unwrap_or('\u{fffd}'))
        .collect()
}

/// The version field (MS-NLMP 2.2.2.10): of Windows, or what others make up.
fn version(flags: u32, r: &mut Reader<'_>, out: &mut Output<'_>) {
    if flags & HAS_VERSION == 0 {
        return;
    }
    let Ok([major, minor, low, high, _, _, _, revision]) = r.array::<8>("version") else { return };
    let build = u16::from_le_bytes([low, high]);
    // Samba sends 6.1.0; revision 15 is NTLMSSP_REVISION_W2K3.
    if revision != 15 || build == 0 || !matches!(major, 5..=10) {
        return;
    }
    out.fact(
        About::Speaker,
        FactKey::Os,
        &format_compact!("Windows {major}.{minor}.{build}"),
        "ntlm version",
        Confidence::Likely,
    );
}

/// Attributes of the target (MS-NLMP 2.2.2.1).
fn target_information(information: &[u8], out: &mut Output<'_>) {
    let mut r = Reader::new(information);
    while let (Ok(kind), Ok(length)) = (r.u16_le("attribute"), r.u16_le("attribute length")) {
        let Ok(value) = r.bytes(length.into(), "attribute value") else { return };
        let value = utf16(value);
        let (key, source) = match kind {
            0 => return,
            1 => (FactKey::Hostname, "ntlm netbios computer name"),
            2 => (FactKey::Domain, "ntlm netbios domain name"),
            3 => (FactKey::Hostname, "ntlm dns computer name"),
            4 => (FactKey::Domain, "ntlm dns domain name"),
            _ => continue,
        };
        out.fact(About::Speaker, key, &value, source, Confidence::Certain);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_utf_16() {
        assert_eq!(utf16(&[0x50, 0, 0x4c, 0, 0x43, 0]), "PLC");
        assert_eq!(utf16(&[0x50, 0, 0, 0, 0x43, 0]), "P");
        assert_eq!(utf16(&[]), "");
    }
}
