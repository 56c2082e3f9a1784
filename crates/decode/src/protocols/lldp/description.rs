//! What free descriptions of devices say about maker, model, version and operating system (LLDP, CDP, SNMP alike).

use model::{Confidence, FactKey};

use crate::{About, Output};

/// Words by which makers are known in their own descriptions.
const MAKERS: &[(&str, &str)] = &[
    ("siemens", "Siemens"),
    ("simatic", "Siemens"),
    ("scalance", "Siemens"),
    ("ruggedcom", "Siemens"),
    ("cisco", "Cisco"),
    ("hirschmann", "Hirschmann"),
    ("moxa", "Moxa"),
    ("phoenix contact", "Phoenix Contact"),
    ("schneider", "Schneider Electric"),
    ("rockwell", "Rockwell Automation"),
    ("allen-bradley", "Rockwell Automation"),
    ("stratix", "Rockwell Automation"),
    ("wago", "WAGO"),
    ("beckhoff", "Beckhoff"),
    ("abb ", "ABB"),
    ("westermo", "Westermo"),
    ("hewlett", "Hewlett Packard"),
    ("procurve", "Hewlett Packard"),
    ("aruba", "Aruba"),
    ("juniper", "Juniper"),
    ("extreme networks", "Extreme Networks"),
    ("fortinet", "Fortinet"),
    ("mikrotik", "MikroTik"),
    ("netgear", "Netgear"),
    ("d-link", "D-Link"),
    ("ubiquiti", "Ubiquiti"),
    ("weidm", "Weidmüller"),
    ("korenix", "Korenix"),
    ("avaya", "Avaya"),
];

/// Words by which operating systems are known: the word, the name, and where their version begins.
const SYSTEMS: &[(&str, &str, &str)] = &[
    ("cisco ios xe", "Cisco IOS XE", "version "),
    ("ios-xe software", "Cisco IOS XE", "version "),
    ("cisco nexus operating system", "Cisco NX-OS", "version "),
    ("cisco ios software", "Cisco IOS", "version "),
    ("cisco internetwork operating system", "Cisco IOS", "version "),
    ("junos", "Junos", "junos "),
    ("routeros", "RouterOS", "routeros "),
    ("ubuntu", "Ubuntu Linux", "ubuntu "),
    ("debian", "Debian Linux", "debian gnu/linux "),
    ("red hat", "Red Hat Linux", "release "),
    ("linux", "Linux", "linux "),
    ("windows", "Windows", "windows "),
    ("vxworks", "VxWorks", "vxworks "),
    ("freebsd", "FreeBSD", "freebsd "),
];

/// Tells what `text` says of `about`. It is a field that anybody fills as he likes: likely, no more.
pub fn read(text: &str, about: &About, source: &str, out: &mut Output<'_>) {
    let lower = text.to_ascii_lowercase();
    let mut tell = |key, value: &str| out.fact(about.clone(), key, value, source, Confidence::Likely);
    if let Some((_, maker)) = MAKERS.iter().find(|(word, _)| lower.contains(word)) {
        tell(FactKey::Vendor, maker);
    }
    if let Some((_, system, before)) = SYSTEMS.iter().find(|(word, _, _)| lower.contains(word)) {
        tell(FactKey::Os, system);
        if let Some(version) = after(text, &lower, before).filter(|v| v.starts_with(|c: char| c.is_ascii_digit())) {
            tell(FactKey::OsVersion, version);
        }
    }
    // `Cisco IOS Software, C3560 Software (C3560-ADVIPSERVICESK9-M), Version …`
    if lower.contains("cisco ios software")
        && let Some(part) = text.split(", ").nth(1)
        && let Some(model) = part.strip_suffix(')').and_then(|part| part.split(' ').next())
    {
        tell(FactKey::Model, model);
    }
    // `Siemens, SIMATIC NET, SCALANCE X208, 6GK5 208-0BA10-2AA3, HW: Version 4, FW: Version V4.0.1, …`
    let mut before = "";
    for part in text.split(',').map(str::trim).take(16) {
        let low = part.to_ascii_lowercase();
        if is_order_number(part) {
            tell(FactKey::OrderNumber, part);
            if !before.is_empty() && !before.eq_ignore_ascii_case("siemens") {
                tell(FactKey::Model, before);
            }
        } else if let Some(version) = low.strip_prefix("fw:").and_then(|_| part.get(3..)) {
            tell(FactKey::Firmware, version.trim().trim_start_matches("Version").trim());
        } else if let Some(version) = low.strip_prefix("hw:").and_then(|_| part.get(3..)) {
            tell(FactKey::Hardware, version.trim().trim_start_matches("Version").trim());
        }
        before = part;
    }
}

/// The word after `before`, up to a space, comma or bracket that closes.
fn after<'a>(text: &'a str, lower: &str, before: &str) -> Option<&'a str> {
    let at = lower.find(before)?.checked_add(before.len())?;
    let rest = text.get(at..)?;
    let end = rest.find([' ', ',', '\r', '\n', ';']).unwrap_or(rest.len());
    rest.get(..end).filter(|word| !word.is_empty())
}

/// Siemens order numbers: `6ES7 212-1BE40-0XB0`.
fn is_order_number(part: &str) -> bool {
    let bytes = part.as_bytes();
    let starts =
        matches!(bytes.first(), Some(b'6' | b'7' | b'9' | b'3')) && bytes.get(1..4).is_some_and(|b| b.is_ascii());
    starts
        && bytes.get(1).is_some_and(u8::is_ascii_uppercase)
        && bytes.get(2).is_some_and(u8::is_ascii_uppercase)
        && part.bytes().filter(|b| *b == b'-').count() >= 1
        && part.len() >= 12
}
