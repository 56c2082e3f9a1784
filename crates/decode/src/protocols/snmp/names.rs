//! Names of objects, makers and errors of SNMP.

use compact_str::format_compact;
use model::{FactKey, Text};

/// Objects by the identifier of their type: name, and the attribute that they reveal.
/// RFC 3418 (system), RFC 2863 (interfaces), RFC 4293 (ip), RFC 4188 (bridge), RFC 2790 (host), RFC 3805 (printer),
/// RFC 6933 (entity), RFC 1628 (ups), RFC 3414 (usm), IEEE 802.1AB (lldp).
const OBJECTS: &[(&str, &str, Option<FactKey>)] = &[
    ("1.3.6.1.2.1.1.1", "sysDescr", Some(FactKey::Description)),
    ("1.3.6.1.2.1.1.2", "sysObjectID", None),
    ("1.3.6.1.2.1.1.3", "sysUpTime", None),
    ("1.3.6.1.2.1.1.4", "sysContact", Some(FactKey::Contact)),
    ("1.3.6.1.2.1.1.5", "sysName", Some(FactKey::Hostname)),
    ("1.3.6.1.2.1.1.6", "sysLocation", Some(FactKey::Location)),
    ("1.3.6.1.2.1.1.7", "sysServices", None),
    ("1.3.6.1.2.1.2.1", "ifNumber", None),
    ("1.3.6.1.2.1.2.2.1.1", "ifIndex", None),
    ("1.3.6.1.2.1.2.2.1.2", "ifDescr", None),
    ("1.3.6.1.2.1.2.2.1.3", "ifType", None),
    ("1.3.6.1.2.1.2.2.1.5", "ifSpeed", None),
    ("1.3.6.1.2.1.2.2.1.6", "ifPhysAddress", None),
    ("1.3.6.1.2.1.2.2.1.7", "ifAdminStatus", None),
    ("1.3.6.1.2.1.2.2.1.8", "ifOperStatus", None),
    ("1.3.6.1.2.1.2.2.1.10", "ifInOctets", None),
    ("1.3.6.1.2.1.2.2.1.11", "ifInUcastPkts", None),
    ("1.3.6.1.2.1.2.2.1.13", "ifInDiscards", None),
    ("1.3.6.1.2.1.2.2.1.14", "ifInErrors", None),
    ("1.3.6.1.2.1.2.2.1.16", "ifOutOctets", None),
    ("1.3.6.1.2.1.2.2.1.17", "ifOutUcastPkts", None),
    ("1.3.6.1.2.1.2.2.1.19", "ifOutDiscards", None),
    ("1.3.6.1.2.1.2.2.1.20", "ifOutErrors", None),
    ("1.3.6.1.2.1.4.1", "ipForwarding", None),
    ("1.3.6.1.2.1.4.20.1.1", "ipAdEntAddr", None),
    ("1.3.6.1.2.1.4.22.1.2", "ipNetToMediaPhysAddress", None),
    ("1.3.6.1.2.1.17.1.1", "dot1dBaseBridgeAddress", Some(FactKey::Mac)),
    ("1.3.6.1.2.1.17.4.3.1.1", "dot1dTpFdbAddress", None),
    ("1.3.6.1.2.1.17.4.3.1.2", "dot1dTpFdbPort", None),
    ("1.3.6.1.2.1.25.1.1", "hrSystemUptime", None),
    ("1.3.6.1.2.1.25.3.2.1.3", "hrDeviceDescr", None),
    ("1.3.6.1.2.1.25.4.2.1.2", "hrSWRunName", None),
    ("1.3.6.1.2.1.25.6.3.1.2", "hrSWInstalledName", Some(FactKey::Software)),
    ("1.3.6.1.2.1.31.1.1.1.1", "ifName", None),
    ("1.3.6.1.2.1.31.1.1.1.6", "ifHCInOctets", None),
    ("1.3.6.1.2.1.31.1.1.1.10", "ifHCOutOctets", None),
    ("1.3.6.1.2.1.31.1.1.1.18", "ifAlias", None),
    ("1.3.6.1.2.1.33.1.1.1", "upsIdentManufacturer", Some(FactKey::Vendor)),
    ("1.3.6.1.2.1.33.1.1.2", "upsIdentModel", Some(FactKey::Model)),
    ("1.3.6.1.2.1.33.1.1.3", "upsIdentUPSSoftwareVersion", Some(FactKey::Firmware)),
    ("1.3.6.1.2.1.43.5.1.1.16", "prtGeneralPrinterName", Some(FactKey::Model)),
    ("1.3.6.1.2.1.43.5.1.1.17", "prtGeneralSerialNumber", Some(FactKey::Serial)),
    ("1.3.6.1.2.1.47.1.1.1.1.2", "entPhysicalDescr", None),
    ("1.3.6.1.2.1.47.1.1.1.1.7", "entPhysicalName", None),
    ("1.3.6.1.2.1.47.1.1.1.1.8", "entPhysicalHardwareRev", Some(FactKey::Hardware)),
    ("1.3.6.1.2.1.47.1.1.1.1.9", "entPhysicalFirmwareRev", Some(FactKey::Firmware)),
    ("1.3.6.1.2.1.47.1.1.1.1.10", "entPhysicalSoftwareRev", Some(FactKey::Firmware)),
    ("1.3.6.1.2.1.47.1.1.1.1.11", "entPhysicalSerialNum", Some(FactKey::Serial)),
    ("1.3.6.1.2.1.47.1.1.1.1.12", "entPhysicalMfgName", Some(FactKey::Vendor)),
    ("1.3.6.1.2.1.47.1.1.1.1.13", "entPhysicalModelName", Some(FactKey::Model)),
    ("1.3.6.1.6.3.1.1.4.1", "snmpTrapOID", None),
    ("1.3.6.1.6.3.1.1.4.3", "snmpTrapEnterprise", None),
    ("1.3.6.1.6.3.15.1.1.1", "usmStatsUnsupportedSecLevels", None),
    ("1.3.6.1.6.3.15.1.1.2", "usmStatsNotInTimeWindows", None),
    ("1.3.6.1.6.3.15.1.1.3", "usmStatsUnknownUserNames", None),
    ("1.3.6.1.6.3.15.1.1.4", "usmStatsUnknownEngineIDs", None),
    ("1.3.6.1.6.3.15.1.1.5", "usmStatsWrongDigests", None),
    ("1.3.6.1.6.3.15.1.1.6", "usmStatsDecryptionErrors", None),
    ("1.0.8802.1.1.2.1.4.1.1.9", "lldpRemSysName", None),
];

/// Traps: RFC 3418, section 2.
const TRAPS: &[(&str, &str)] = &[
    ("1.3.6.1.6.3.1.1.5.1", "cold start"),
    ("1.3.6.1.6.3.1.1.5.2", "warm start"),
    ("1.3.6.1.6.3.1.1.5.3", "link down"),
    ("1.3.6.1.6.3.1.1.5.4", "link up"),
    ("1.3.6.1.6.3.1.1.5.5", "authentication failure"),
    ("1.3.6.1.6.3.1.1.5.6", "egp neighbour loss"),
];

/// Makers by enterprise number: IANA "Private Enterprise Numbers" (public registry).
const MAKERS: &[(u32, &str)] = &[
    (2, "IBM"),
    (9, "Cisco"),
    (11, "Hewlett-Packard"),
    (42, "Sun Microsystems"),
    (43, "3Com"),
    (95, "Allen-Bradley"),
    (171, "D-Link"),
    (244, "Lantronix"),
    (248, "Hirschmann"),
    (253, "Xerox"),
    (311, "Microsoft"),
    (318, "American Power Conversion"),
    (343, "Intel"),
    (367, "Ricoh"),
    (368, "Axis Communications"),
    (476, "Liebert"),
    (534, "Eaton"),
    (641, "Lexmark"),
    (674, "Dell"),
    (890, "Zyxel"),
    (1347, "Kyocera"),
    (1602, "Canon"),
    (1916, "Extreme Networks"),
    (1991, "Foundry Networks"),
    (2011, "Huawei"),
    (2435, "Brother"),
    (2636, "Juniper Networks"),
    (3375, "F5"),
    (3833, "Schneider Electric"),
    (4329, "Siemens"),
    (4346, "Phoenix Contact"),
    (4526, "Netgear"),
    (6027, "Force10"),
    (6574, "Synology"),
    (6876, "VMware"),
    (8072, "Net-SNMP"),
    (8691, "Moxa"),
    (11863, "TP-Link"),
    (12356, "Fortinet"),
    (13576, "WAGO"),
    (14988, "MikroTik"),
    (15004, "RuggedCom"),
    (16177, "Westermo"),
    (24681, "QNAP"),
    (25461, "Palo Alto Networks"),
    (25506, "H3C"),
    (41112, "Ubiquiti"),
];

/// Error statuses: RFC 3416, section 3.
const ERRORS: &[&str] = &[
    "no error",
    "too big",
    "no such name",
    "bad value",
    "read only",
    "general error",
    "no access",
    "wrong type",
    "wrong length",
    "wrong encoding",
    "wrong value",
    "no creation",
    "inconsistent value",
    "resource unavailable",
    "commit failed",
    "undo failed",
    "authorization error",
    "not writable",
    "inconsistent name",
];

/// An object identifier with its name and what it reveals.
pub(super) struct Name {
    /// `sysDescr.0`, or the numbers.
    pub(super) text: Text,
    /// The object's own name, empty where unknown.
    pub(super) object: &'static str,
    /// What its value reveals.
    pub(super) key: Option<FactKey>,
    /// What follows the object: `0`, `1`, `1.5`.
    pub(super) is_first: bool,
}

/// Looks an identifier up.
pub(super) fn name(oid: Text) -> Name {
    for (prefix, object, key) in OBJECTS {
        if let Some(rest) = oid.strip_prefix(prefix)
            && (rest.is_empty() || rest.starts_with('.'))
        {
            let is_first = matches!(rest, ".0" | ".1");
            return Name { text: format_compact!("{object}{rest}"), object, key: *key, is_first };
        }
    }
    Name { text: oid, object: "", key: None, is_first: false }
}

/// The name of a trap.
pub(super) fn trap(oid: &str) -> Option<&'static str> {
    TRAPS.iter().find(|row| row.0 == oid).map(|row| row.1)
}

/// The maker that an identifier below `enterprises` belongs to.
pub(super) fn maker(oid: &str) -> Option<&'static str> {
    let number: u32 = oid.strip_prefix("1.3.6.1.4.1.")?.split('.').next()?.parse().ok()?;
    enterprise(number)
}

/// The maker with an enterprise number.
pub(super) fn enterprise(number: u32) -> Option<&'static str> {
    MAKERS.binary_search_by_key(&number, |row| row.0).ok().and_then(|at| MAKERS.get(at)).map(|row| row.1)
}

/// The name of an error status.
pub(super) fn error(status: u64) -> Text {
    let known = usize::try_from(status).ok().and_then(|status| ERRORS.get(status));
    known.map_or_else(|| format_compact!("0x{status:02x}"), |name| Text::const_new(name))
}

/// An object identifier in dotted numbers (X.690, section 8.19); at most 128 of them.
pub(super) fn oid(bytes: &[u8]) -> Text {
    let mut text = Text::default();
    let mut number = 0_u32;
    let mut is_first = true;
    for byte in bytes.iter().take(256) {
        number = number.wrapping_shl(7) | u32::from(byte & 0x7f);
        if byte & 0x80 != 0 {
            continue;
        }
        if is_first {
            let head = (number / 40).min(2);
            text = format_compact!("{head}.{}", number.saturating_sub(head.saturating_mul(40)));
            is_first = false;
        } else {
            let _ = std::fmt::Write::write_fmt(&mut text, format_args!(".{number}"));
        }
        number = 0;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_have_names() {
        assert_eq!(name(oid(&[0x2b, 6, 1, 2, 1, 1, 1, 0])).text, "sysDescr.0");
        assert_eq!(name(oid(&[0x2b, 6, 1, 2, 1, 1, 10, 0])).text, "1.3.6.1.2.1.1.10.0");
        assert_eq!(maker("1.3.6.1.4.1.4329.6.1"), Some("Siemens"));
        assert!(MAKERS.is_sorted_by_key(|row| row.0));
    }
}
