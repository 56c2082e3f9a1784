//! Statuses of Windows (MS-ERREF 2.3) that file sharing answers with.

use compact_str::format_compact;
use model::Text;

/// Another leg of the login follows.
pub(super) const MORE_PROCESSING: u32 = 0xc000_0016;

/// The answer comes later.
pub(super) const PENDING: u32 = 0x0000_0103;

const STATUSES: &[(u32, &str)] = &[
    (0x0000_0000, "success"),
    (0x0000_0103, "pending"),
    (0x0000_010b, "notify cleanup"),
    (0x0000_010c, "notify enum dir"),
    (0x8000_0005, "buffer overflow"),
    (0x8000_0006, "no more files"),
    (0x8000_001a, "no more entries"),
    (0x8000_002d, "stopped on symlink"),
    (0xc000_0001, "unsuccessful"),
    (0xc000_0002, "not implemented"),
    (0xc000_0003, "invalid info class"),
    (0xc000_0004, "info length mismatch"),
    (0xc000_0008, "invalid handle"),
    (0xc000_000d, "invalid parameter"),
    (0xc000_000e, "no such device"),
    (0xc000_000f, "no such file"),
    (0xc000_0010, "invalid device request"),
    (0xc000_0011, "end of file"),
    (0xc000_0016, "more processing required"),
    (0xc000_0022, "access denied"),
    (0xc000_0023, "buffer too small"),
    (0xc000_0033, "object name invalid"),
    (0xc000_0034, "object name not found"),
    (0xc000_0035, "object name collision"),
    (0xc000_0039, "object path invalid"),
    (0xc000_003a, "object path not found"),
    (0xc000_003b, "object path syntax bad"),
    (0xc000_0043, "sharing violation"),
    (0xc000_0054, "file lock conflict"),
    (0xc000_0055, "lock not granted"),
    (0xc000_0056, "delete pending"),
    (0xc000_005e, "no logon servers"),
    (0xc000_0061, "privilege not held"),
    (0xc000_0064, "no such user"),
    (0xc000_006a, "wrong password"),
    (0xc000_006c, "password restriction"),
    (0xc000_006d, "logon failure"),
    (0xc000_006e, "account restriction"),
    (0xc000_006f, "invalid logon hours"),
    (0xc000_0070, "invalid workstation"),
    (0xc000_0071, "password expired"),
    (0xc000_0072, "account disabled"),
    (0xc000_007e, "range not locked"),
    (0xc000_007f, "disk full"),
    (0xc000_009a, "insufficient resources"),
    (0xc000_00a2, "media write protected"),
    (0xc000_00ac, "pipe not available"),
    (0xc000_00ad, "invalid pipe state"),
    (0xc000_00ae, "pipe busy"),
    (0xc000_00b0, "pipe disconnected"),
    (0xc000_00b1, "pipe closing"),
    (0xc000_00b5, "io timeout"),
    (0xc000_00ba, "file is a directory"),
    (0xc000_00bb, "not supported"),
    (0xc000_00c9, "network name deleted"),
    (0xc000_00ca, "network access denied"),
    (0xc000_00cb, "bad device type"),
    (0xc000_00cc, "bad network name"),
    (0xc000_00d0, "request not accepted"),
    (0xc000_0101, "directory not empty"),
    (0xc000_0103, "not a directory"),
    (0xc000_0120, "cancelled"),
    (0xc000_0121, "cannot delete"),
    (0xc000_0123, "file deleted"),
    (0xc000_0128, "file closed"),
    (0xc000_0133, "time difference at dc"),
    (0xc000_015b, "logon type not granted"),
    (0xc000_0184, "invalid device state"),
    (0xc000_018d, "trusted relationship failure"),
    (0xc000_0190, "trust failure"),
    (0xc000_0193, "account expired"),
    (0xc000_0199, "nologon workstation trust account"),
    (0xc000_0203, "user session deleted"),
    (0xc000_0205, "insufficient server resources"),
    (0xc000_020c, "connection disconnected"),
    (0xc000_0224, "password must change"),
    (0xc000_0225, "not found"),
    (0xc000_0234, "account locked out"),
    (0xc000_0257, "path not covered"),
    (0xc000_026e, "volume dismounted"),
    (0xc000_0275, "not a reparse point"),
    (0xc000_035c, "network session expired"),
    (0xc000_0388, "downgrade detected"),
    (0xc000_0413, "authentication firewall failed"),
    (0xc05d_0000, "smb no preauth integrity hash overlap"),
];

/// The name of a status; hexadecimal where unknown.
pub(super) fn name(status: u32) -> Text {
    match STATUSES.binary_search_by_key(&status, |(code, _)| *code).ok().and_then(|i| STATUSES.get(i)) {
        Some((_, name)) => Text::const_new(name),
        None => format_compact!("0x{status:08x}"),
    }
}

/// A status of the old kind (MS-CIFS 2.2.2.4): class and code, as the new kind where one says the same.
pub(super) fn from_dos(class: u8, code: u16) -> u32 {
    match (class, code) {
        (0, _) => 0,
        (1, 2) => 0xc000_000f,
        (1, 3) => 0xc000_003a,
        (1, 5) | (2, 4) => 0xc000_0022,
        (1, 6) => 0xc000_0008,
        (1, 18) => 0x8000_0006,
        (1, 32) => 0xc000_0043,
        (1, 80) => 0xc000_0035,
        (2, 2) => 0xc000_006d,
        (2, 5) => 0xc000_00c9,
        (2, 6) => 0xc000_00cc,
        (class, code) => 0xe000_0000 | u32::from(class) << 16 | u32::from(code),
    }
}
