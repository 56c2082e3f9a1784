//! Tables of CIP: classes, services, statuses, device types, attributes, vendors.
//!
//! From the CIP Networks Library (ODVA), volume 1 (objects, appendices A to C) and volume 2 (EtherNet/IP), and Rockwell's
//! "Logix 5000 Controllers Data Access" (1756-PM020). Classes and services of Rockwell's engineering tools are not
//! published; their names say what was observed and are marked so in comments.

use model::{FactKey, Text, Verb};

use super::values::Kind;
use crate::protocol::{Code, code};

/// Services without regard to class: appendix A of volume 1. From 0x4b on they belong to the class; the names are those
/// of the objects that are met most (tags of controllers, connection manager).
pub(crate) const SERVICES: &[Code] = &[
    code(0x01, "get attributes all", Verb::Read),
    code(0x02, "set attributes all", Verb::Write),
    code(0x03, "get attribute list", Verb::Read),
    code(0x04, "set attribute list", Verb::Write),
    code(0x05, "reset", Verb::Reset),
    code(0x06, "start", Verb::Start),
    code(0x07, "stop", Verb::Stop),
    code(0x08, "create", Verb::Configure),
    code(0x09, "delete", Verb::Configure),
    code(0x0a, "multiple service packet", Verb::Other),
    code(0x0d, "apply attributes", Verb::Configure),
    code(0x0e, "get attribute single", Verb::Read),
    code(0x10, "set attribute single", Verb::Write),
    code(0x11, "find next object instance", Verb::Browse),
    code(0x15, "restore", Verb::Configure),
    code(0x16, "save", Verb::Configure),
    code(0x17, "nop", Verb::Other),
    code(0x18, "get member", Verb::Read),
    code(0x19, "set member", Verb::Write),
    code(0x1a, "insert member", Verb::Write),
    code(0x1b, "remove member", Verb::Write),
    code(0x1c, "group sync", Verb::Time),
    code(0x1d, "get connection point member list", Verb::Browse),
    code(0x4b, "service 0x4b", Verb::Other),
    code(0x4c, "read tag", Verb::Read),
    code(0x4d, "write tag", Verb::Write),
    code(0x4e, "read modify write tag", Verb::Write),
    code(0x52, "read tag fragmented", Verb::Read),
    code(0x53, "write tag fragmented", Verb::Write),
    code(0x54, "forward open", Verb::Other),
    code(0x55, "get instance attribute list", Verb::Browse),
    code(0x5b, "large forward open", Verb::Other),
];

/// Services of classes, in ascending order of class and service.
const CLASS_SERVICES: &[(u32, u8, &str, Verb)] = &[
    (0x01, 0x4b, "flash leds", Verb::Diagnose),
    (0x02, 0x4b, "symbolic translation", Verb::Browse),
    (0x06, 0x4e, "forward close", Verb::Other),
    (0x06, 0x52, "unconnected send", Verb::Other),
    (0x06, 0x54, "forward open", Verb::Other),
    (0x06, 0x56, "get connection data", Verb::Diagnose),
    (0x06, 0x57, "search connection data", Verb::Diagnose),
    (0x06, 0x5a, "get connection owner", Verb::Diagnose),
    (0x06, 0x5b, "large forward open", Verb::Other),
    (0x0f, 0x01, "get attributes all", Verb::Read),
    (0x0f, 0x4b, "get enum string", Verb::Browse),
    (0x37, 0x4b, "initiate upload", Verb::File),
    (0x37, 0x4c, "initiate download", Verb::File),
    (0x37, 0x4d, "initiate partial read", Verb::File),
    (0x37, 0x4e, "initiate partial write", Verb::File),
    (0x37, 0x4f, "upload transfer", Verb::File),
    (0x37, 0x50, "download transfer", Verb::File),
    (0x37, 0x51, "clear file", Verb::File),
    (0x39, 0x4b, "safety configure request", Verb::Configure),
    (0x39, 0x4c, "safety validate configuration", Verb::Configure),
    (0x39, 0x4d, "safety set password", Verb::Configure),
    (0x39, 0x4e, "safety configuration lock", Verb::Configure),
    (0x39, 0x4f, "safety mode change", Verb::Mode),
    (0x39, 0x50, "safety reset", Verb::Reset),
    (0x39, 0x51, "safety reset password", Verb::Reset),
    (0x39, 0x52, "propose tunid", Verb::Configure),
    (0x39, 0x53, "apply tunid", Verb::Configure),
    (0x39, 0x54, "propose tunid list", Verb::Configure),
    (0x39, 0x55, "apply tunid list", Verb::Configure),
    (0x42, 0x4b, "get axis attributes list", Verb::Read),
    (0x42, 0x4c, "set axis attributes list", Verb::Write),
    (0x42, 0x4d, "set cyclic write list", Verb::Configure),
    (0x42, 0x4e, "set cyclic read list", Verb::Configure),
    (0x42, 0x4f, "run motor test", Verb::Operate),
    (0x42, 0x50, "get motor test data", Verb::Read),
    (0x42, 0x51, "run inertia test", Verb::Operate),
    (0x42, 0x52, "get inertia test data", Verb::Read),
    (0x42, 0x53, "run hookup test", Verb::Operate),
    (0x42, 0x54, "get hookup test data", Verb::Read),
    (0x44, 0x4b, "read discrete inputs", Verb::Read),
    (0x44, 0x4c, "read coils", Verb::Read),
    (0x44, 0x4d, "read input registers", Verb::Read),
    (0x44, 0x4e, "read holding registers", Verb::Read),
    (0x44, 0x4f, "write coils", Verb::Write),
    (0x44, 0x50, "write holding registers", Verb::Write),
    (0x44, 0x51, "modbus passthrough", Verb::Other),
    // Observed at the start of every session of Rockwell's programs and HMIs: a certificate and a challenge, then 20
    // bytes of answer; the check of clients that CVE-2021-22681 is about.
    (0x64, 0x4b, "client verification challenge", Verb::Login),
    (0x64, 0x4c, "client verification answer", Verb::Login),
    (0x67, 0x4b, "execute pccc", Verb::Other),
    (0x67, 0x4c, "execute dh+", Verb::Other),
    (0x67, 0x4d, "execute local pccc", Verb::Other),
    // Observed: code and module definitions go in by 0x50 and come out by 0x4f, as in the file object.
    (0x6a, 0x4f, "upload code", Verb::Upload),
    (0x6a, 0x50, "download code", Verb::Program),
    (0x6b, 0x4b, "find tag", Verb::Browse),
    (0x6b, 0x4c, "read tag", Verb::Read),
    (0x6b, 0x4d, "write tag", Verb::Write),
    (0x6b, 0x4e, "read modify write tag", Verb::Write),
    (0x6b, 0x52, "read tag fragmented", Verb::Read),
    (0x6b, 0x53, "write tag fragmented", Verb::Write),
    (0x6b, 0x55, "get instance attribute list", Verb::Browse),
    (0x6c, 0x4b, "find template", Verb::Browse),
    (0x6c, 0x4c, "read template", Verb::Browse),
    (0x6c, 0x4d, "write template", Verb::Program),
    (0x6c, 0x55, "get instance attribute list", Verb::Browse),
    // Observed: routines; edits of running code go through 0x51.
    (0x6d, 0x4b, "find routine", Verb::Browse),
    (0x6d, 0x4c, "upload routine", Verb::Upload),
    (0x6d, 0x4f, "upload routine", Verb::Upload),
    (0x6d, 0x50, "download routine", Verb::Program),
    (0x6d, 0x51, "edit routine", Verb::Program),
    // Observed: 32-bit address, number of words, data. HMIs poll instance 0; downloads fill instance 1.
    (0x72, 0x4b, "write memory", Verb::Write),
    (0x72, 0x4c, "read memory", Verb::Read),
    (0x72, 0x4d, "write memory", Verb::Write),
    (0x72, 0x4e, "read modify write memory", Verb::Write),
    (0x74, 0x4b, "lock", Verb::Login),
    (0x74, 0x4c, "unlock", Verb::Login),
    (0x8e, 0x06, "start controller", Verb::Start),
    (0x8e, 0x07, "stop controller", Verb::Stop),
    // Observed: user and computer of the engineering station.
    (0x8e, 0x5c, "announce user", Verb::Login),
    (0xa1, 0x4b, "update firmware", Verb::Firmware),
    (0xa1, 0x4d, "transfer firmware", Verb::Firmware),
    (0xa1, 0x51, "finish firmware", Verb::Firmware),
    (0xac, 0x4b, "compare change log", Verb::Diagnose),
    (0xb0, 0x4b, "list instances", Verb::Browse),
    (0xb1, 0x4b, "list instances", Verb::Browse),
    // Observed: HMIs and data servers create a group, add symbols to it, and poll it as a whole.
    (0xb2, 0x08, "create", Verb::Subscribe),
    (0xb2, 0x09, "delete", Verb::Subscribe),
    (0xb2, 0x4c, "read tag group", Verb::Read),
    (0xb2, 0x4d, "write tag group", Verb::Write),
    (0xb2, 0x4e, "add to tag group", Verb::Subscribe),
    (0xf5, 0x4c, "get and clear", Verb::Diagnose),
    (0xf6, 0x4c, "get and clear", Verb::Diagnose),
];

/// All services for the documentation: those of classes have the class above the lowest byte (`0x8e07` is service 0x07
/// of class 0x8e). Acts carry the service alone.
#[allow(clippy::indexing_slicing)] // evaluated by the compiler
pub(crate) static CODES: [Code; SERVICES.len() + CLASS_SERVICES.len()] = {
    let mut all = [code(0, "", Verb::Other); SERVICES.len() + CLASS_SERVICES.len()];
    let mut i = 0;
    while i < SERVICES.len() {
        all[i] = SERVICES[i];
        i += 1;
    }
    while i < SERVICES.len() + CLASS_SERVICES.len() {
        let (class, service, name, verb) = CLASS_SERVICES[i - SERVICES.len()];
        all[i] = code(class << 8 | service as u32, name, verb);
        i += 1;
    }
    all
};

/// Name and verb of a service, by the class where it is known.
pub(crate) fn service(class: Option<u32>, is_symbolic: bool, service: u8) -> (Text, Verb) {
    let by_class = class.filter(|_| !is_symbolic).and_then(|class| {
        let index = CLASS_SERVICES.binary_search_by_key(&(class, service), |row| (row.0, row.1)).ok()?;
        CLASS_SERVICES.get(index)
    });
    if let Some((_, _, name, verb)) = by_class {
        return (Text::const_new(name), by_class_verb(class, service, *verb));
    }
    let is_common = service < 0x32 || is_symbolic || class.is_none();
    let found = SERVICES.binary_search_by_key(&u32::from(service), |row| row.code).ok().and_then(|i| SERVICES.get(i));
    match found.filter(|_| is_common) {
        Some(row) => (Text::const_new(row.name), by_class_verb(class, service, row.verb)),
        None => (compact_str::format_compact!("service 0x{service:02x}"), by_class_verb(class, service, Verb::Other)),
    }
}

/// What a common service does depends on what it is done to.
fn by_class_verb(class: Option<u32>, service: u8, verb: Verb) -> Verb {
    let is_set = matches!(service, 0x02 | 0x04 | 0x10 | 0x19);
    let is_get = matches!(service, 0x01 | 0x03 | 0x0e);
    let makes = matches!(service, 0x08 | 0x09);
    match class {
        Some(0x01) if is_get => Verb::Identify,
        // What runs or holds the program: classes of Rockwell's controllers.
        Some(0x64 | 0x66 | 0x68 | 0x69 | 0x6a | 0x6b | 0x6c | 0x6d | 0x6e | 0x70 | 0x72 | 0x73 | 0x7e | 0x338)
            if makes || is_set =>
        {
            Verb::Program
        }
        // Observed: a download clears the memory that it is going to fill.
        Some(0x72) if service == 0x05 => Verb::Program,
        // Wall clock, time sync.
        Some(0x8b | 0x43) if is_set || is_get => Verb::Time,
        // The set of tags of an assembly, parameters and points of drives stay writes; addresses and ports are settings.
        Some(
            0x01
            | 0x02
            | 0x05
            | 0x06
            | 0x37
            | 0x39
            | 0x44
            | 0x45
            | 0x46
            | 0x47
            | 0x48
            | 0x52
            | 0x54
            | 0x55
            | 0x56
            | 0x5d
            | 0x5e
            | 0x5f
            | 0x8e
            | 0xa1
            | 0xac
            | 0xf0..=0xf8,
        ) if is_set => Verb::Configure,
        // Lists of attributes of a vendor's own objects are settings; single ones may be set points of a drive.
        Some(0x64..=0xc7 | 0x300..=0x4ff) if service == 0x04 || service == 0x02 => Verb::Configure,
        // The message router's list of classes.
        Some(0x02) if is_get => Verb::Browse,
        Some(0x6b | 0x6c) if is_get => Verb::Browse,
        Some(0x41) => Verb::Diagnose,
        _ => verb,
    }
}

/// Classes: volume 1, table 5-1.1 and volume 2; below 0x64 and above 0xef public, between them of the vendor.
const CLASSES: &[(u32, &str)] = &[
    (0x01, "identity"),
    (0x02, "message router"),
    (0x03, "devicenet"),
    (0x04, "assembly"),
    (0x05, "connection"),
    (0x06, "connection manager"),
    (0x07, "register"),
    (0x08, "discrete input"),
    (0x09, "discrete output"),
    (0x0a, "analog input"),
    (0x0b, "analog output"),
    (0x0e, "presence sensing"),
    (0x0f, "parameter"),
    (0x10, "parameter group"),
    (0x12, "group"),
    (0x1d, "discrete input group"),
    (0x1e, "discrete output group"),
    (0x1f, "discrete group"),
    (0x20, "analog input group"),
    (0x21, "analog output group"),
    (0x22, "analog group"),
    (0x23, "position sensor"),
    (0x24, "position controller supervisor"),
    (0x25, "position controller"),
    (0x26, "block sequencer"),
    (0x27, "command block"),
    (0x28, "motor data"),
    (0x29, "control supervisor"),
    (0x2a, "ac/dc drive"),
    (0x2b, "acknowledge handler"),
    (0x2c, "overload"),
    (0x2d, "softstart"),
    (0x2e, "selection"),
    (0x30, "s-device supervisor"),
    (0x31, "s-analog sensor"),
    (0x32, "s-analog actuator"),
    (0x33, "s-single stage controller"),
    (0x34, "s-gas calibration"),
    (0x35, "trip point"),
    (0x37, "file"),
    (0x38, "s-partial pressure"),
    (0x39, "safety supervisor"),
    (0x3a, "safety validator"),
    (0x3b, "safety discrete output"),
    (0x3c, "safety discrete output group"),
    (0x3d, "safety discrete input"),
    (0x3e, "safety discrete input group"),
    (0x3f, "safety dual channel output"),
    (0x40, "s-sensor calibration"),
    (0x41, "event log"),
    (0x42, "motion axis"),
    (0x43, "time sync"),
    (0x44, "modbus"),
    (0x45, "originator connection list"),
    (0x46, "modbus serial link"),
    (0x47, "device level ring"),
    (0x48, "qos"),
    (0x4d, "target connection list"),
    (0x4e, "base energy"),
    (0x4f, "electrical energy"),
    (0x50, "non-electrical energy"),
    (0x51, "base switch"),
    (0x52, "snmp"),
    (0x53, "power management"),
    (0x54, "rstp bridge"),
    (0x55, "rstp port"),
    (0x56, "prp/hsr protocol"),
    (0x57, "prp/hsr nodes table"),
    (0x5d, "cip security"),
    (0x5e, "ethernet/ip security"),
    (0x5f, "certificate management"),
    // Rockwell. Published: 0x67, 0x6b, 0x6c, 0x8b, 0xac. The others by what was observed.
    (0x64, "project"),
    (0x66, "controller backplane"),
    (0x67, "pccc"),
    (0x68, "program"),
    (0x69, "i/o module"),
    (0x6a, "code"),
    (0x6b, "symbol"),
    (0x6c, "template"),
    (0x6d, "routine"),
    (0x70, "task"),
    (0x72, "memory"),
    (0x74, "lock"),
    (0x7e, "module connection"),
    (0x8b, "wall clock"),
    (0x8e, "controller"),
    (0xa1, "firmware"),
    (0xac, "change log"),
    (0xb2, "tag group"),
    (0xf0, "controlnet"),
    (0xf1, "controlnet keeper"),
    (0xf2, "controlnet scheduling"),
    (0xf3, "connection configuration"),
    (0xf4, "port"),
    (0xf5, "tcp/ip interface"),
    (0xf6, "ethernet link"),
    (0xf7, "componet link"),
    (0xf8, "componet repeater"),
];

/// Name of a class.
pub(crate) fn class_name(class: u32) -> Option<&'static str> {
    CLASSES.binary_search_by_key(&class, |row| row.0).ok().and_then(|i| CLASSES.get(i)).map(|row| row.1)
}

/// An attribute whose type is published.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attribute {
    pub name: &'static str,
    pub kind: Kind,
    /// The fact it is, where it is one.
    pub fact: Option<FactKey>,
}

const fn is(class: u32, number: u32, name: &'static str, kind: Kind) -> (u32, u32, Attribute) {
    (class, number, Attribute { name, kind, fact: None })
}

const fn fact(class: u32, number: u32, name: &'static str, kind: Kind, key: FactKey) -> (u32, u32, Attribute) {
    (class, number, Attribute { name, kind, fact: Some(key) })
}

/// Attributes of instances, in ascending order.
const ATTRIBUTES: &[(u32, u32, Attribute)] = &[
    // Identity: volume 1, section 5-2. Facts of these come from `identity`, which knows what belongs together.
    is(0x01, 1, "vendor id", Kind::Uint),
    is(0x01, 2, "device type", Kind::Uint),
    is(0x01, 3, "product code", Kind::Uint),
    is(0x01, 4, "revision", Kind::Revision),
    is(0x01, 5, "status", Kind::Word),
    is(0x01, 6, "serial number", Kind::Udint),
    is(0x01, 7, "product name", Kind::ShortString),
    is(0x01, 8, "state", Kind::Usint),
    is(0x01, 9, "configuration consistency value", Kind::Uint),
    is(0x01, 10, "heartbeat interval", Kind::Usint),
    is(0x04, 3, "data", Kind::Rest),
    is(0x04, 4, "size", Kind::Uint),
    is(0x43, 1, "ptp enable", Kind::Bool),
    is(0x43, 2, "is synchronized", Kind::Bool),
    is(0x64, 1, "project name", Kind::Logix),
    // Wall clock of Logix controllers (1756-PM020 and Rockwell's knowledge base).
    is(0x8b, 6, "time", Kind::Microseconds),
    is(0x8b, 11, "local time", Kind::Microseconds),
    // TCP/IP interface: volume 2, section 5-4.
    is(0xf5, 1, "status", Kind::Dword),
    is(0xf5, 2, "configuration capability", Kind::Dword),
    is(0xf5, 3, "configuration control", Kind::Dword),
    is(0xf5, 4, "physical link", Kind::Path),
    is(0xf5, 5, "interface configuration", Kind::Interface),
    fact(0xf5, 6, "host name", Kind::String, FactKey::Hostname),
    is(0xf5, 8, "ttl value", Kind::Usint),
    is(0xf5, 10, "select acd", Kind::Bool),
    is(0xf5, 13, "encapsulation inactivity timeout", Kind::Uint),
    // Ethernet link: volume 2, section 5-5.
    is(0xf6, 1, "interface speed", Kind::Udint),
    is(0xf6, 2, "interface flags", Kind::Dword),
    fact(0xf6, 3, "physical address", Kind::Mac, FactKey::Mac),
    is(0xf6, 7, "interface type", Kind::Usint),
    is(0xf6, 8, "interface state", Kind::Usint),
    is(0xf6, 9, "admin state", Kind::Usint),
    is(0xf6, 10, "interface label", Kind::ShortString),
];

/// What is known of an attribute.
pub(crate) fn attribute(class: u32, number: u32) -> Option<&'static Attribute> {
    let index = ATTRIBUTES.binary_search_by_key(&(class, number), |row| (row.0, row.1)).ok()?;
    ATTRIBUTES.get(index).map(|row| &row.2)
}

/// General statuses: volume 1, appendix B-1.
const STATUSES: &[(u8, &str)] = &[
    (0x01, "connection failure"),
    (0x02, "resource unavailable"),
    (0x03, "invalid parameter value"),
    (0x04, "path segment error"),
    (0x05, "path destination unknown"),
    (0x06, "partial transfer"),
    (0x07, "connection lost"),
    (0x08, "service not supported"),
    (0x09, "invalid attribute value"),
    (0x0a, "attribute list error"),
    (0x0b, "already in requested mode or state"),
    (0x0c, "object state conflict"),
    (0x0d, "object already exists"),
    (0x0e, "attribute not settable"),
    (0x0f, "privilege violation"),
    (0x10, "device state conflict"),
    (0x11, "reply data too large"),
    (0x12, "fragmentation of a primitive value"),
    (0x13, "not enough data"),
    (0x14, "attribute not supported"),
    (0x15, "too much data"),
    (0x16, "object does not exist"),
    (0x17, "service fragmentation sequence not in progress"),
    (0x18, "no stored attribute data"),
    (0x19, "store operation failure"),
    (0x1a, "routing failure, request packet too large"),
    (0x1b, "routing failure, response packet too large"),
    (0x1c, "missing attribute list entry data"),
    (0x1d, "invalid attribute value list"),
    (0x1e, "embedded service error"),
    (0x1f, "vendor specific error"),
    (0x20, "invalid parameter"),
    (0x21, "write-once value already written"),
    (0x22, "invalid reply received"),
    (0x23, "buffer overflow"),
    (0x24, "message format error"),
    (0x25, "key failure in path"),
    (0x26, "path size invalid"),
    (0x27, "unexpected attribute in list"),
    (0x28, "invalid member id"),
    (0x29, "member not settable"),
    (0x2a, "group 2 only server general failure"),
    (0x2b, "unknown modbus error"),
    (0x2c, "attribute not gettable"),
    (0x2d, "instance not deletable"),
    (0x2e, "service not supported for specified path"),
    (0xff, "general error"),
];

/// Extended statuses of the connection manager (volume 1, table 3-5.29) and of Logix (1756-PM020).
const EXTENDED: &[(u8, u16, &str)] = &[
    (0x01, 0x0100, "connection in use or duplicate forward open"),
    (0x01, 0x0103, "transport class and trigger combination not supported"),
    (0x01, 0x0106, "ownership conflict"),
    (0x01, 0x0107, "target connection not found"),
    (0x01, 0x0108, "invalid network connection parameter"),
    (0x01, 0x0109, "invalid connection size"),
    (0x01, 0x0110, "target for connection not configured"),
    (0x01, 0x0111, "rpi not supported"),
    (0x01, 0x0112, "rpi value not acceptable"),
    (0x01, 0x0113, "out of connections"),
    (0x01, 0x0114, "vendor id or product code mismatch"),
    (0x01, 0x0115, "device type mismatch"),
    (0x01, 0x0116, "revision mismatch"),
    (0x01, 0x0117, "invalid produced or consumed application path"),
    (0x01, 0x0118, "invalid or inconsistent configuration application path"),
    (0x01, 0x0119, "non-listen only connection not opened"),
    (0x01, 0x011a, "target object out of connections"),
    (0x01, 0x011c, "transport class not supported"),
    (0x01, 0x011d, "production trigger not supported"),
    (0x01, 0x011e, "direction not supported"),
    (0x01, 0x0123, "invalid o to t network connection type"),
    (0x01, 0x0124, "invalid t to o network connection type"),
    (0x01, 0x0127, "invalid o to t size"),
    (0x01, 0x0128, "invalid t to o size"),
    (0x01, 0x0203, "connection timed out"),
    (0x01, 0x0204, "unconnected request timed out"),
    (0x01, 0x0205, "parameter error in unconnected request"),
    (0x01, 0x0206, "message too large for unconnected send"),
    (0x01, 0x0301, "no buffer memory available"),
    (0x01, 0x0302, "network bandwidth not available"),
    (0x01, 0x0303, "no consumed connection id filter available"),
    (0x01, 0x0311, "port not available"),
    (0x01, 0x0312, "link address not valid"),
    (0x01, 0x0315, "invalid segment in connection path"),
    (0x01, 0x0318, "link address to self invalid"),
    (0xff, 0x2101, "keyswitch position or device state conflict"),
    (0xff, 0x2104, "offset beyond end of template"),
    (0xff, 0x2105, "number of elements beyond end of tag"),
    (0xff, 0x2107, "tag type does not match data type"),
    (0xff, 0x2108, "controller in upload or download mode"),
    (0xff, 0x2109, "controller locked"),
];

/// Name of a status with its extension.
pub(crate) fn status(general: u8, extended: Option<u16>) -> Text {
    if let Some(extended) = extended {
        let known = EXTENDED.iter().find(|row| row.0 == general && row.1 == extended);
        if let Some((_, _, name)) = known {
            return Text::const_new(name);
        }
    }
    let name = STATUSES.binary_search_by_key(&general, |row| row.0).ok().and_then(|i| STATUSES.get(i));
    match (name, extended) {
        (Some((_, name)), None) => Text::const_new(name),
        (Some((_, name)), Some(extended)) => compact_str::format_compact!("{name}, 0x{extended:04x}"),
        (None, None) => compact_str::format_compact!("0x{general:02x}"),
        (None, Some(extended)) => compact_str::format_compact!("0x{general:02x}, 0x{extended:04x}"),
    }
}

/// Device types: volume 1, chapter 6.
const DEVICE_TYPES: &[(u16, &str)] = &[
    (0x00, "generic device (deprecated)"),
    (0x02, "ac drive"),
    (0x03, "motor overload"),
    (0x04, "limit switch"),
    (0x05, "inductive proximity switch"),
    (0x06, "photoelectric sensor"),
    (0x07, "general purpose discrete i/o"),
    (0x09, "resolver"),
    (0x0a, "general purpose analog i/o"),
    (0x0c, "communications adapter"),
    (0x0e, "programmable logic controller"),
    (0x10, "position controller"),
    (0x13, "dc drive"),
    (0x15, "contactor"),
    (0x16, "motor starter"),
    (0x17, "softstart starter"),
    (0x18, "human-machine interface"),
    (0x1a, "mass flow controller"),
    (0x1b, "pneumatic valve"),
    (0x1c, "vacuum pressure gauge"),
    (0x1d, "process control value"),
    (0x1e, "residual gas analyzer"),
    (0x1f, "dc power generator"),
    (0x20, "rf power generator"),
    (0x21, "turbomolecular vacuum pump"),
    (0x22, "encoder"),
    (0x23, "safety discrete i/o"),
    (0x24, "fluid flow controller"),
    (0x25, "cip motion drive"),
    (0x26, "componet repeater"),
    (0x27, "enhanced mass flow controller"),
    (0x28, "cip modbus device"),
    (0x29, "cip modbus translator"),
    (0x2a, "safety analog i/o"),
    (0x2b, "generic device"),
    (0x2c, "managed ethernet switch"),
    (0x2d, "cip motion safety drive"),
    (0x2e, "safety drive"),
    (0x2f, "cip motion encoder"),
    (0x30, "cip motion converter"),
    (0x31, "cip motion i/o"),
    (0x32, "controlnet physical layer component"),
    (0xc8, "embedded component"),
];

/// Name of a device type.
pub(crate) fn device_type(number: u16) -> Text {
    match DEVICE_TYPES.binary_search_by_key(&number, |row| row.0).ok().and_then(|i| DEVICE_TYPES.get(i)) {
        Some((_, name)) => Text::const_new(name),
        None => compact_str::format_compact!("0x{number:02x}"),
    }
}

/// Role that a device type implies.
pub(crate) fn role(device_type: u16) -> Option<&'static str> {
    Some(match device_type {
        0x0e => "plc",
        0x18 => "hmi",
        0x02 | 0x13 | 0x25 | 0x2d | 0x2e | 0x30 => "drive",
        0x07 | 0x0a | 0x23 | 0x2a | 0x31 => "io",
        0x0c | 0x28 | 0x29 => "gateway",
        0x2c => "switch",
        _ => return None,
    })
}

/// Name of a vendor.
pub(crate) fn vendor(number: u16) -> Option<&'static str> {
    include_str!("../../../data/cip_vendors.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
        .find(|(id, _)| id.parse() == Ok(number))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_ascend() {
        assert!(CLASSES.is_sorted_by(|a, b| a.0 < b.0));
        assert!(CLASS_SERVICES.is_sorted_by(|a, b| (a.0, a.1) < (b.0, b.1)));
        assert!(ATTRIBUTES.is_sorted_by(|a, b| (a.0, a.1) < (b.0, b.1)));
        assert!(STATUSES.is_sorted_by(|a, b| a.0 < b.0));
        assert!(DEVICE_TYPES.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn vendors_are_found() {
        assert_eq!(vendor(1), Some("Rockwell Automation"));
        assert_eq!(vendor(0xfffe), None);
    }

    #[test]
    fn the_class_decides_what_a_service_is() {
        assert_eq!(service(Some(6), false, 0x52).0, "unconnected send");
        assert_eq!(service(None, true, 0x52).0, "read tag fragmented");
        assert_eq!(service(Some(0xf5), false, 0x10).1, Verb::Configure);
        assert_eq!(service(Some(0x04), false, 0x10).1, Verb::Write);
        assert_eq!(service(Some(0x99), false, 0x4c).0, "service 0x4c");
    }
}
