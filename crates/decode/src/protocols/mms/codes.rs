//! MMS services and errors (ISO 9506-2) with what they do.

use compact_str::format_compact;
use model::{Text, Verb};

use crate::{Code, code};

/// Other messages than confirmed services have codes from here on.
pub(crate) const INITIATE: u32 = 256;
pub(crate) const CONCLUDE: u32 = 257;
pub(crate) const INFORMATION_REPORT: u32 = 258;
pub(crate) const UNSOLICITED_STATUS: u32 = 259;
pub(crate) const EVENT_NOTIFICATION: u32 = 260;
pub(crate) const CANCEL: u32 = 261;
pub(crate) const REJECT: u32 = 262;
pub(crate) const RELEASE: u32 = 263;
pub(crate) const ABORT: u32 = 264;
pub(crate) const UNREADABLE: u32 = 265;

/// Confirmed services by tag (ISO 9506-2, `ConfirmedServiceRequest`), then our own codes.
pub const CODES: &[Code] = &[
    code(0, "status", Verb::Diagnose),
    code(1, "get name list", Verb::Browse),
    code(2, "identify", Verb::Identify),
    code(3, "rename", Verb::Configure),
    code(4, "read", Verb::Read),
    code(5, "write", Verb::Write),
    code(6, "get variable access attributes", Verb::Browse),
    code(7, "define named variable", Verb::Configure),
    code(8, "define scattered access", Verb::Configure),
    code(9, "get scattered access attributes", Verb::Browse),
    code(10, "delete variable access", Verb::Configure),
    code(11, "define named variable list", Verb::Subscribe),
    code(12, "get named variable list attributes", Verb::Browse),
    code(13, "delete named variable list", Verb::Subscribe),
    code(14, "define named type", Verb::Configure),
    code(15, "get named type attributes", Verb::Browse),
    code(16, "delete named type", Verb::Configure),
    code(17, "input", Verb::Other),
    code(18, "output", Verb::Other),
    code(19, "take control", Verb::Other),
    code(20, "relinquish control", Verb::Other),
    code(21, "define semaphore", Verb::Configure),
    code(22, "delete semaphore", Verb::Configure),
    code(23, "report semaphore status", Verb::Browse),
    code(24, "report pool semaphore status", Verb::Browse),
    code(25, "report semaphore entry status", Verb::Browse),
    code(26, "initiate download sequence", Verb::Program),
    code(27, "download segment", Verb::Program),
    code(28, "terminate download sequence", Verb::Program),
    code(29, "initiate upload sequence", Verb::Upload),
    code(30, "upload segment", Verb::Upload),
    code(31, "terminate upload sequence", Verb::Upload),
    code(32, "request domain download", Verb::Program),
    code(33, "request domain upload", Verb::Upload),
    code(34, "load domain content", Verb::Program),
    code(35, "store domain content", Verb::Upload),
    code(36, "delete domain", Verb::Program),
    code(37, "get domain attributes", Verb::Browse),
    code(38, "create program invocation", Verb::Program),
    code(39, "delete program invocation", Verb::Program),
    code(40, "start", Verb::Start),
    code(41, "stop", Verb::Stop),
    code(42, "resume", Verb::Start),
    code(43, "reset", Verb::Reset),
    code(44, "kill", Verb::Stop),
    code(45, "get program invocation attributes", Verb::Browse),
    code(46, "obtain file", Verb::File),
    code(47, "define event condition", Verb::Configure),
    code(48, "delete event condition", Verb::Configure),
    code(49, "get event condition attributes", Verb::Browse),
    code(50, "report event condition status", Verb::Alarm),
    code(51, "alter event condition monitoring", Verb::Configure),
    code(52, "trigger event", Verb::Alarm),
    code(53, "define event action", Verb::Configure),
    code(54, "delete event action", Verb::Configure),
    code(55, "get event action attributes", Verb::Browse),
    code(56, "report action status", Verb::Alarm),
    code(57, "define event enrollment", Verb::Subscribe),
    code(58, "delete event enrollment", Verb::Subscribe),
    code(59, "alter event enrollment", Verb::Subscribe),
    code(60, "report event enrollment status", Verb::Alarm),
    code(61, "get event enrollment attributes", Verb::Browse),
    code(62, "acknowledge event notification", Verb::Alarm),
    code(63, "get alarm summary", Verb::Alarm),
    code(64, "get alarm enrollment summary", Verb::Alarm),
    code(65, "read journal", Verb::Read),
    code(66, "write journal", Verb::Write),
    code(67, "initialize journal", Verb::Configure),
    code(68, "report journal status", Verb::Browse),
    code(69, "create journal", Verb::Configure),
    code(70, "delete journal", Verb::Configure),
    code(71, "get capability list", Verb::Browse),
    code(72, "file open", Verb::File),
    code(73, "file read", Verb::File),
    code(74, "file close", Verb::File),
    code(75, "file rename", Verb::File),
    code(76, "file delete", Verb::File),
    code(77, "file directory", Verb::File),
    code(78, "additional service", Verb::Other),
    code(INITIATE, "initiate", Verb::Other),
    code(CONCLUDE, "conclude", Verb::Other),
    code(INFORMATION_REPORT, "information report", Verb::Report),
    code(UNSOLICITED_STATUS, "unsolicited status", Verb::Report),
    code(EVENT_NOTIFICATION, "event notification", Verb::Alarm),
    code(CANCEL, "cancel", Verb::Other),
    code(REJECT, "reject", Verb::Other),
    code(RELEASE, "release", Verb::Other),
    code(ABORT, "abort", Verb::Other),
    code(UNREADABLE, "unreadable message", Verb::Other),
];

/// Object classes of get name list.
pub const CLASSES: &[&str] = &[
    "named variables",
    "scattered accesses",
    "named variable lists",
    "named types",
    "semaphores",
    "event conditions",
    "event actions",
    "event enrollments",
    "journals",
    "domains",
    "program invocations",
    "operator stations",
];

/// `DataAccessError`.
const ACCESS: &[&str] = &[
    "object invalidated",
    "hardware fault",
    "temporarily unavailable",
    "object access denied",
    "object undefined",
    "invalid address",
    "type unsupported",
    "type inconsistent",
    "object attribute inconsistent",
    "object access unsupported",
    "object non-existent",
    "object value invalid",
];

/// Why one variable could not be accessed.
pub fn access_error(code: u64) -> Text {
    let known = usize::try_from(code).ok().and_then(|code| ACCESS.get(code));
    known.map_or_else(|| format_compact!("0x{code:02x}"), |name| Text::const_new(name))
}

/// `ServiceError`, classes with their codes from 0.
const ERRORS: &[(&str, &[&str])] = &[
    (
        "vmd state",
        &[
            "other",
            "vmd state conflict",
            "vmd operational problem",
            "domain transfer problem",
            "state machine id invalid",
        ],
    ),
    (
        "application reference",
        &[
            "other",
            "application unreachable",
            "connection lost",
            "application reference invalid",
            "context unsupported",
        ],
    ),
    (
        "definition",
        &[
            "other",
            "object undefined",
            "invalid address",
            "type unsupported",
            "type inconsistent",
            "object exists",
            "object attribute inconsistent",
        ],
    ),
    (
        "resource",
        &[
            "other",
            "memory unavailable",
            "processor resource unavailable",
            "mass storage unavailable",
            "capability unavailable",
            "capability unknown",
        ],
    ),
    (
        "service",
        &[
            "other",
            "primitives out of sequence",
            "object state conflict",
            "pdu size",
            "continuation invalid",
            "object constraint conflict",
        ],
    ),
    ("service preempt", &["other", "timeout", "deadlock", "cancel"]),
    ("time resolution", &["other", "unsupportable time resolution"]),
    (
        "access",
        &["other", "object access unsupported", "object non-existent", "object access denied", "object invalidated"],
    ),
    (
        "initiate",
        &[
            "other",
            "version incompatible",
            "max segment insufficient",
            "max services outstanding calling insufficient",
            "max services outstanding called insufficient",
            "service cbb insufficient",
            "parameter cbb insufficient",
            "nesting level insufficient",
        ],
    ),
    ("conclude", &["other", "further communication required"]),
    ("cancel", &["other", "invoke id unknown", "cancel not possible"]),
    (
        "file",
        &[
            "other",
            "filename ambiguous",
            "file busy",
            "filename syntax error",
            "content type invalid",
            "position invalid",
            "file access denied",
            "file non-existent",
            "duplicate filename",
            "insufficient space in filestore",
        ],
    ),
    ("others", &["other"]),
];

/// A service error in words, and as one number: class and code.
pub fn service_error(class: u32, code: u64) -> (u32, Text) {
    let number = class.saturating_mul(256).saturating_add(u32::try_from(code).unwrap_or(0xff));
    let known = usize::try_from(class).ok().and_then(|class| ERRORS.get(class));
    let Some((name, codes)) = known else { return (number, format_compact!("0x{number:04x}")) };
    let detail = usize::try_from(code).ok().and_then(|code| codes.get(code));
    match detail {
        Some(detail) => (number, format_compact!("{name}: {detail}")),
        None => (number, format_compact!("{name}: {code}")),
    }
}

/// Reasons of a reject by the PDU that was rejected (`RejectPDU`).
const REJECTS: &[(u32, &str)] = &[
    (1, "confirmed request"),
    (2, "confirmed response"),
    (3, "confirmed error"),
    (4, "unconfirmed"),
    (5, "pdu error"),
    (6, "cancel request"),
    (7, "cancel response"),
    (8, "cancel error"),
    (9, "conclude request"),
    (10, "conclude response"),
    (11, "conclude error"),
];

/// Reasons of rejecting a confirmed request.
const REQUEST_REJECTS: &[&str] = &[
    "other",
    "unrecognized service",
    "unrecognized modifier",
    "invalid invoke id",
    "invalid argument",
    "invalid modifier",
    "max services outstanding exceeded",
    "0x07",
    "max recursion exceeded",
    "value out of range",
];

/// A reject in words, and as one number.
pub fn reject(kind: u32, code: u64) -> (u32, Text) {
    let number = kind.saturating_mul(256).saturating_add(u32::try_from(code).unwrap_or(0xff));
    let name = REJECTS.iter().find(|(known, _)| *known == kind).map_or("pdu", |(_, name)| name);
    let detail = if kind == 1 { usize::try_from(code).ok().and_then(|c| REQUEST_REJECTS.get(c)) } else { None };
    match detail {
        Some(detail) => (number, format_compact!("{name}: {detail}")),
        None => (number, format_compact!("{name}: {code}")),
    }
}
