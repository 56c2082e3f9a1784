//! PNIO status: the four bytes with which PROFINET says that something failed (IEC 61158-6-10, section 5.2.6).

use compact_str::format_compact;
use model::Text;
use wire::{Reader, Short};

/// Error code, error decode, error code 1, error code 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PnioStatus([u8; 4]);

impl PnioStatus {
    /// Reads a status, most significant byte first.
    pub fn read(r: &mut Reader<'_>) -> Result<PnioStatus, Short> {
        r.array::<4>("pnio status").map(PnioStatus)
    }

    /// Reads a status as a number in the byte order of the request that carries it.
    pub const fn new(number: u32) -> PnioStatus {
        PnioStatus(number.to_be_bytes())
    }

    /// Whether nothing failed.
    pub const fn is_good(&self) -> bool {
        matches!(self.0, [0, 0, 0, 0])
    }

    /// As one number.
    pub const fn code(&self) -> u32 {
        u32::from_be_bytes(self.0)
    }
}

/// What was being done: error code.
const KINDS: &[(u8, &str)] = &[
    (0x81, "write"),
    (0xcf, "rta error"),
    (0xda, "alarm acknowledgement"),
    (0xdb, "connect"),
    (0xdc, "release"),
    (0xdd, "control"),
    (0xde, "read"),
    (0xdf, "write"),
];

/// Error code 1 of PNIORW (error decode 0x80): class and code of access errors.
const ACCESS: &[(u8, &str)] = &[
    (0xa0, "read error"),
    (0xa1, "write error"),
    (0xa2, "module failure"),
    (0xa7, "busy"),
    (0xa8, "version conflict"),
    (0xa9, "feature not supported"),
    (0xb0, "invalid index"),
    (0xb1, "write length error"),
    (0xb2, "invalid slot or subslot"),
    (0xb3, "type conflict"),
    (0xb4, "invalid area or api"),
    (0xb5, "state conflict"),
    (0xb6, "access denied"),
    (0xb7, "invalid range"),
    (0xb8, "invalid parameter"),
    (0xb9, "invalid type"),
    (0xba, "backup"),
    (0xc0, "read constrain conflict"),
    (0xc1, "write constrain conflict"),
    (0xc2, "resource busy"),
    (0xc3, "resource unavailable"),
];

/// Error code 1 of PNIO (error decode 0x81): which block or machine failed.
const BLOCKS: &[(u8, &str)] = &[
    (0x00, "reserved"),
    (0x01, "faulty ar block"),
    (0x02, "faulty iocr block"),
    (0x03, "faulty expected submodule block"),
    (0x04, "faulty alarm cr block"),
    (0x05, "faulty parameter server block"),
    (0x06, "faulty multicast cr block"),
    (0x07, "faulty ar rpc block"),
    (0x08, "faulty record"),
    (0x09, "faulty iris redundancy block"),
    (0x14, "faulty connect control block"),
    (0x15, "faulty connect control block, plug"),
    (0x16, "faulty connect control block, after connection"),
    (0x17, "faulty connect control block, after plug"),
    (0x28, "faulty release block"),
    (0x32, "faulty control block"),
    (0x3c, "alarm acknowledgement error"),
    (0x3d, "cmdev conflict"),
    (0x3e, "cmctl conflict"),
    (0x3f, "ctldina: no such device or double name"),
    (0x40, "cmrpc: unknown ar or out of resources"),
    (0x41, "alpmi conflict"),
    (0x42, "alpmr conflict"),
    (0x43, "lmpm conflict"),
    (0x44, "mac conflict"),
    (0x45, "rpc conflict"),
    (0x46, "apmr conflict"),
    (0x47, "apms conflict"),
    (0x48, "cpm conflict"),
    (0x49, "ppm conflict"),
    (0xfd, "ar abort"),
    (0xff, "user specific"),
];

/// Error code 2 of an abort (error code 1 0xfd): why the relation ended.
const ABORTS: &[(u8, &str)] = &[
    (0x01, "sequence number out of window"),
    (0x02, "alarm instance closed"),
    (0x03, "reading of status failed"),
    (0x04, "alarm resources"),
    (0x05, "watchdog expired"),
    (0x06, "alarm retries exhausted"),
    (0x07, "alarm second instance"),
    (0x09, "connect timed out"),
    (0x0a, "connect answered with an error"),
    (0x0b, "control timed out"),
    (0x0c, "control answered with an error"),
    (0x0d, "release"),
    (0x0e, "no more resources"),
    (0x0f, "rpc answered with an error"),
    (0x10, "alarm overflow"),
    (0x14, "device not found"),
    (0x1a, "station name not found"),
    (0x1c, "connection released by device"),
    (0x1f, "consumer: data timed out"),
    (0x20, "provider error"),
];

/// The status in words: `write: invalid index`.
pub fn name(status: &PnioStatus) -> Text {
    let [code, decode, one, two] = status.0;
    let find = |table: &[(u8, &'static str)], code: u8| {
        table
            .iter()
            .find(|(known, _)| *known == code)
            .map_or_else(|| format_compact!("0x{code:02x}"), |(_, n)| Text::const_new(n))
    };
    let kind = find(KINDS, code);
    match (decode, one) {
        (0x80, one) => format_compact!("{kind}: {}", find(ACCESS, one)),
        (0x81, 0xfd) => format_compact!("{kind}: ar abort: {}", find(ABORTS, two)),
        (0x81, one) => format_compact!("{kind}: {}", find(BLOCKS, one)),
        (0x82, one) => format_compact!("{kind}: manufacturer specific 0x{one:02x}"),
        _ => format_compact!("{kind}: 0x{decode:02x} 0x{one:02x} 0x{two:02x}"),
    }
}
