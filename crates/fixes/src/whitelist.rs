//! What protocols call the functions that a rule lets through, in the words of Suricata where it has keywords.

use std::collections::BTreeSet;

use crate::rule::Guard;

/// Functions allowed of one protocol, of any client.
pub(crate) fn codes(guard: &Guard, protocol: &str) -> BTreeSet<u32> {
    guard.functions.iter().filter(|function| function.protocol == protocol).map(|function| function.code).collect()
}

/// The keyword options of Suricata that match every function that is not allowed, one rule each; nothing where Suricata has
/// no keyword for the protocol. Modbus has `modbus: function N`, CIP `cip_service: N` (Suricata user guide, "Modbus
/// Keyword" and "ENIP/CIP Keywords"); for S7 the function stands at a fixed place of a job (TPKT 4, COTP 3, header 10).
pub(crate) fn forbidden(guard: &Guard) -> Vec<(String, String)> {
    let modbus = codes(guard, "modbus");
    let cip = codes(guard, "cip");
    let s7 = codes(guard, "s7comm");
    let mut out = Vec::new();
    if !modbus.is_empty() {
        // Function codes of requests that exist (Modbus application protocol 1.1b3, section 6), and UMAS.
        const KNOWN: &[u32] = &[1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 15, 16, 17, 20, 21, 22, 23, 24, 43, 90];
        out.extend(
            KNOWN
                .iter()
                .filter(|code| !modbus.contains(code))
                .map(|code| (format!("modbus function {code}"), format!("modbus: function {code};"))),
        );
    }
    if !cip.is_empty() {
        // Services that write, stop, reset or program (CIP volume 1, appendix A; 0x4c to 0x54 of Logix).
        const RISKY: &[u32] = &[0x02, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x10, 0x4b, 0x4d, 0x4e, 0x50, 0x51, 0x53];
        out.extend(
            RISKY
                .iter()
                .filter(|code| !cip.contains(code))
                .map(|code| (format!("CIP service 0x{code:02x}"), format!("cip_service: {code};"))),
        );
    }
    if !s7.is_empty() {
        // Functions of a job (first byte of its parameters): write, download, upload, control, stop.
        const RISKY: &[u32] = &[0x05, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x28, 0x29];
        out.extend(RISKY.iter().filter(|code| !s7.contains(code)).map(|code| {
            let options = format!("content:\"|03 00|\"; depth:2; content:\"|32 01|\"; offset:7; depth:2; content:\"|{code:02x}|\"; offset:17; depth:1;");
            (format!("S7 function 0x{code:02x}"), options)
        }));
    }
    out
}
