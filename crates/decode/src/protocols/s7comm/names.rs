//! Words of S7: functions, services, error codes, return codes, blocks, system status lists, diagnostic events.

use compact_str::format_compact;
use model::{Text, Verb};

use crate::{Code, code};

/// Functions of jobs, and 256 + function group of user data.
pub(super) const CODES: &[Code] = &[
    code(0x00, "cpu services", Verb::Other),
    code(0x04, "read var", Verb::Read),
    code(0x05, "write var", Verb::Write),
    code(0x1a, "request download", Verb::Program),
    code(0x1b, "download block", Verb::Program),
    code(0x1c, "download ended", Verb::Program),
    code(0x1d, "start upload", Verb::Upload),
    code(0x1e, "upload", Verb::Upload),
    code(0x1f, "end upload", Verb::Upload),
    code(0x28, "pi service", Verb::Other),
    code(0x29, "plc stop", Verb::Stop),
    code(0xf0, "setup communication", Verb::Other),
    code(256, "mode transition", Verb::Report),
    code(257, "programmer commands", Verb::Diagnose),
    code(258, "cyclic services", Verb::Subscribe),
    code(259, "block functions", Verb::Browse),
    code(260, "cpu functions", Verb::Diagnose),
    code(261, "security", Verb::Login),
    code(262, "pbc bsend/brecv", Verb::Write),
    code(263, "time functions", Verb::Time),
    code(264, "user data group 8", Verb::Other),
    code(265, "user data group 9", Verb::Other),
    code(266, "user data group 10", Verb::Other),
    code(267, "user data group 11", Verb::Other),
    code(268, "user data group 12", Verb::Other),
    code(269, "user data group 13", Verb::Other),
    code(270, "user data group 14", Verb::Other),
    code(271, "nc programming", Verb::Program),
];

/// Sub-functions of user data: group, sub-function, name, verb.
const SUBFUNCTIONS: &[(u8, u8, &str, Verb)] = &[
    (1, 1, "block status", Verb::Diagnose),
    (1, 2, "variable status", Verb::Read),
    (1, 3, "output istack", Verb::Diagnose),
    (1, 4, "output bstack", Verb::Diagnose),
    (1, 5, "output lstack", Verb::Diagnose),
    (1, 6, "time measurement", Verb::Diagnose),
    (1, 7, "force selection", Verb::Operate),
    (1, 8, "modify variable", Verb::Write),
    (1, 9, "force", Verb::Operate),
    (1, 10, "breakpoint", Verb::Mode),
    (1, 11, "exit hold", Verb::Mode),
    (1, 12, "memory reset", Verb::Reset),
    (1, 13, "disable job", Verb::Diagnose),
    (1, 14, "enable job", Verb::Diagnose),
    (1, 15, "delete job", Verb::Diagnose),
    (1, 16, "read job list", Verb::Diagnose),
    (1, 17, "read job", Verb::Diagnose),
    (1, 18, "replace job", Verb::Diagnose),
    (1, 19, "block status v2", Verb::Diagnose),
    (1, 22, "flash led", Verb::Diagnose),
    (2, 1, "cyclic transfer", Verb::Subscribe),
    (2, 4, "unsubscribe", Verb::Subscribe),
    (2, 5, "change driven transfer", Verb::Subscribe),
    (2, 7, "change driven transfer modify", Verb::Subscribe),
    (2, 8, "read record", Verb::Read),
    (3, 1, "list blocks", Verb::Browse),
    (3, 2, "list blocks of type", Verb::Browse),
    (3, 3, "get block info", Verb::Browse),
    (4, 1, "read szl", Verb::Diagnose),
    (4, 2, "message service", Verb::Subscribe),
    (4, 3, "diagnostic message", Verb::Alarm),
    (4, 5, "alarm_8 indication", Verb::Alarm),
    (4, 6, "notify indication", Verb::Alarm),
    (4, 7, "alarm_8 lock", Verb::Alarm),
    (4, 8, "alarm_8 unlock", Verb::Alarm),
    (4, 9, "scan indication", Verb::Alarm),
    (4, 11, "alarm ack", Verb::Alarm),
    (4, 12, "alarm ack indication", Verb::Alarm),
    (4, 13, "alarm lock indication", Verb::Alarm),
    (4, 14, "alarm unlock indication", Verb::Alarm),
    (4, 17, "alarm_sq indication", Verb::Alarm),
    (4, 18, "alarm_s indication", Verb::Alarm),
    (4, 19, "alarm query", Verb::Alarm),
    (4, 22, "notify_8 indication", Verb::Alarm),
    (5, 1, "plc password", Verb::Login),
    (5, 2, "end of session", Verb::Login),
    (7, 1, "read clock", Verb::Time),
    (7, 2, "set clock", Verb::Time),
    (7, 3, "read clock following", Verb::Time),
    (7, 4, "set clock", Verb::Time),
    (15, 1, "nc request download", Verb::Program),
    (15, 2, "nc download block", Verb::Program),
    (15, 3, "nc continue download", Verb::Program),
    (15, 4, "nc download ended", Verb::Program),
    (15, 6, "nc start upload", Verb::Upload),
    (15, 7, "nc upload", Verb::Upload),
    (15, 8, "nc continue upload", Verb::Upload),
];

/// Name and verb of a sub-function of user data.
pub(super) fn subfunction(group: u8, subfunction: u8) -> (Text, Verb) {
    if group == 0 {
        return (format_compact!("mode transition to {}", mode(subfunction)), Verb::Report);
    }
    match SUBFUNCTIONS.iter().find(|(g, s, _, _)| (*g, *s) == (group, subfunction)) {
        Some((_, _, name, verb)) => (Text::const_new(name), *verb),
        None => {
            let (name, verb) = super::PROTOCOL.code(256_u32.saturating_add(group.into()));
            (format_compact!("{name} 0x{subfunction:02x}"), verb)
        }
    }
}

/// Operating modes in mode transitions.
pub(super) fn mode(code: u8) -> Text {
    Text::const_new(match code {
        0 => "stop",
        1 => "warm restart",
        2 => "run",
        3 => "hot restart",
        4 => "hold",
        6 => "cold restart",
        9 => "run redundant",
        11 => "link-up",
        12 => "update",
        code => return format_compact!("mode {code}"),
    })
}

/// Program invocation services by name: what they do and how people call it.
const SERVICES: &[(&str, &str, Verb)] = &[
    ("P_PROGRAM", "plc start", Verb::Start),
    ("_INSE", "insert blocks", Verb::Program),
    ("_INS2", "insert blocks", Verb::Program),
    ("_DELE", "delete blocks", Verb::Program),
    ("_GARB", "compress memory", Verb::Configure),
    ("_MODU", "copy ram to rom", Verb::Program),
    ("_RSET", "reset", Verb::Reset),
    ("_NOBO", "start without restart", Verb::Start),
    ("_N_LOGIN_", "nc login", Verb::Login),
    ("_N_LOGOUT", "nc logout", Verb::Login),
    ("_N_NEWPWD", "nc new password", Verb::Configure),
    ("_N_F_DELE", "nc delete file", Verb::File),
    ("_N_F_DELR", "nc delete file", Verb::File),
    ("_N_F_XFER", "nc transfer file", Verb::File),
    ("_N_F_OPEN", "nc open file", Verb::File),
    ("_N_F_OPER", "nc open file for reading", Verb::File),
    ("_N_F_CLOS", "nc close file", Verb::File),
    ("_N_F_SEEK", "nc position in file", Verb::File),
    ("_N_F_COPY", "nc copy file", Verb::File),
    ("_N_F_RENA", "nc rename file", Verb::File),
    ("_N_F_PROT", "nc protect file", Verb::File),
    ("_N_F_DMDA", "nc delete directory", Verb::File),
    ("_N_SELECT", "nc select program", Verb::Program),
    ("_N_EXTERN", "nc select external program", Verb::Program),
    ("_N_EXTMOD", "nc select external program", Verb::Program),
    ("_N_STRTUL", "nc start upload", Verb::Upload),
    ("_N_CANCEL", "nc cancel alarms", Verb::Alarm),
    ("_N_CONFIG", "nc activate machine data", Verb::Configure),
    ("_N_SETUFR", "nc activate frames", Verb::Configure),
    ("_N_IBN_SS", "nc set start-up switch", Verb::Mode),
    ("_N_NCKMOD", "nc set mode of nck", Verb::Mode),
    ("_N_ASUP__", "nc assign interrupt program", Verb::Program),
    ("_N_TMMVTL", "nc move tool", Verb::Operate),
];

/// Name and verb of a program invocation service.
pub(super) fn service(service: &str) -> (Text, Verb) {
    match SERVICES.iter().find(|(known, _, _)| *known == service) {
        Some((_, name, verb)) => (Text::const_new(name), *verb),
        None if service.starts_with("_N_") => (format_compact!("nc service {service}"), Verb::Operate),
        None => (format_compact!("pi service {service}"), Verb::Other),
    }
}

/// Return codes of items.
const RETURN_CODES: &[(u8, &str)] = &[
    (0x00, "reserved"),
    (0x01, "hardware error"),
    (0x03, "accessing the object not allowed"),
    (0x05, "invalid address"),
    (0x06, "data type not supported"),
    (0x07, "data type inconsistent"),
    (0x0a, "object does not exist"),
    (0xff, "success"),
];

/// Name of a return code.
pub(super) fn return_code(code: u8) -> Text {
    match RETURN_CODES.iter().find(|(known, _)| *known == code) {
        Some((_, name)) => Text::const_new(name),
        None => format_compact!("0x{code:02x}"),
    }
}

/// Error codes of headers (class and code together) and of user data.
const ERRORS: &[(u16, &str)] = &[
    (0x0110, "invalid block number"),
    (0x0111, "invalid request length"),
    (0x0112, "invalid parameter"),
    (0x0113, "invalid block type"),
    (0x0114, "block not found"),
    (0x0115, "block already exists"),
    (0x0116, "block is write-protected"),
    (0x0117, "block or operating system update too large"),
    (0x0119, "incorrect password"),
    (0x011c, "protocol error"),
    (0x011d, "too many blocks"),
    (0x0120, "end of block list"),
    (0x0140, "insufficient memory"),
    (0x0141, "lack of resources"),
    (0x8001, "not possible in the current status of the block"),
    (0x8003, "error while transferring the block"),
    (0x8100, "service unknown to the module"),
    (0x8104, "service not implemented on the module or frame error"),
    (0x8204, "type of object inconsistent"),
    (0x8205, "copied block already exists"),
    (0x8301, "insufficient memory on the module"),
    (0x8302, "too few resources"),
    (0x8304, "no further parallel upload possible"),
    (0x8305, "function not available"),
    (0x8306, "insufficient work memory"),
    (0x8307, "not enough retentive work memory"),
    (0x8401, "invalid service sequence"),
    (0x8402, "service cannot execute owing to status of the object"),
    (0x8404, "function cannot be performed"),
    (0x8405, "remote block is disabled"),
    (0x8500, "wrong frames"),
    (0x8503, "service cancelled prematurely by the module"),
    (0x8701, "error addressing the object"),
    (0x8702, "service not supported by the module"),
    (0x8703, "access to object refused"),
    (0x8704, "object damaged"),
    (0xd001, "illegal job number"),
    (0xd002, "illegal job variant"),
    (0xd003, "debugging function not supported"),
    (0xd004, "illegal job status"),
    (0xd011, "block of the call environment does not exist"),
    (0xd012, "wrong address in block"),
    (0xd014, "block being deleted or overwritten"),
    (0xd015, "illegal address of variable"),
    (0xd031, "internal protocol error"),
    (0xd033, "wrong job length"),
    (0xd03f, "error in parameter section"),
    (0xd041, "illegal status list id"),
    (0xd042, "illegal address of variable"),
    (0xd043, "referenced job not found"),
    (0xd061, "no memory for job"),
    (0xd062, "job list full"),
    (0xd063, "trigger event occupied"),
    (0xd081, "not permitted in the current mode"),
    (0xd082, "hold mode cannot be left"),
    (0xd0a1, "not permitted in the current protection level"),
    (0xd0a2, "a function that modifies memory is running"),
    (0xd0a3, "too many modify jobs active on the i/o"),
    (0xd0a4, "forcing is already established"),
    (0xd0a5, "referenced job not found"),
    (0xd0ad, "operating mode already set"),
    (0xd0c1, "error while accessing a variable"),
    (0xd0c2, "change to stop or hold"),
    (0xd201, "syntax error in block name"),
    (0xd202, "syntax error in function parameters"),
    (0xd205, "linked block already exists in ram"),
    (0xd209, "block not found on the module"),
    (0xd20e, "no further block available"),
    (0xd20f, "module-specific maximum block size exceeded"),
    (0xd210, "invalid block number"),
    (0xd216, "invalid user program, reset module"),
    (0xd217, "protection level not permitted"),
    (0xd219, "incorrect block lengths"),
    (0xd21b, "module cannot compress"),
    (0xd235, "block contains an incorrect checksum"),
    (0xd236, "block contains no checksum"),
    (0xd240, "coordination rules violated"),
    (0xd241, "not permitted in the current protection level"),
    (0xd242, "protection violation while processing f blocks"),
    (0xd250, "update and module id or version do not match"),
    (0xd252, "checksum error"),
    (0xd2a1, "another block function is active"),
    (0xd2a3, "block is not active or occupied"),
    (0xd2b0, "error while configuring in run"),
    (0xd401, "information function not available"),
    (0xd402, "information function not available"),
    (0xd403, "service already logged on or off"),
    (0xd404, "maximum number of nodes reached"),
    (0xd405, "service not supported or syntax error"),
    (0xd406, "information not available at present"),
    (0xd407, "diagnostics error"),
    (0xd601, "syntax error in function parameter"),
    (0xd602, "incorrect password"),
    (0xd603, "connection already legitimised"),
    (0xd604, "connection already enabled"),
    (0xd605, "no password is set"),
    (0xd801, "at least one address is invalid"),
    (0xd802, "job does not exist"),
    (0xd803, "illegal job status"),
    (0xd804, "illegal cycle time"),
    (0xd805, "no more cyclic read jobs possible"),
    (0xd807, "aborted due to overload"),
    (0xdc01, "date or time invalid"),
    (0xe201, "cpu is already the master"),
];

/// Classes of header errors.
const CLASSES: &[(u8, &str)] = &[
    (0x81, "application relationship error"),
    (0x82, "object definition error"),
    (0x83, "no resources available"),
    (0x84, "error on service processing"),
    (0x85, "error on supplies"),
    (0x87, "access error"),
];

/// Name of an error code.
pub(super) fn error(code: u16) -> Text {
    if let Some((_, name)) = ERRORS.iter().find(|(known, _)| *known == code) {
        return Text::const_new(name);
    }
    match CLASSES.iter().find(|(class, _)| u16::from(*class) == code >> 8) {
        Some((_, name)) => format_compact!("{name} 0x{:02x}", code & 0xff),
        None => format_compact!("0x{code:04x}"),
    }
}

/// Name of a block type, as two characters on the wire.
pub(super) fn block_type(code: &[u8]) -> Text {
    Text::const_new(match code {
        b"08" => "OB",
        b"0A" => "DB",
        b"0B" => "SDB",
        b"0C" => "FC",
        b"0D" => "SFC",
        b"0E" => "FB",
        b"0F" => "SFB",
        b"00" => "UDT",
        code => return format_compact!("type {} ", String::from_utf8_lossy(code)),
    })
}

/// Name of a block type, as a number in block headers.
pub(super) fn sub_block_type(code: u8) -> Text {
    Text::const_new(match code {
        0x08 => "OB",
        0x0a => "DB",
        0x0b => "SDB",
        0x0c => "FC",
        0x0d => "SFC",
        0x0e => "FB",
        0x0f => "SFB",
        code => return format_compact!("block 0x{code:02x} "),
    })
}

/// Languages of blocks.
pub(super) fn language(code: u8) -> Text {
    Text::const_new(match code {
        0 => "not defined",
        1 => "stl",
        2 => "lad",
        3 => "fbd",
        4 => "scl",
        5 => "db",
        6 => "graph",
        7 => "sdb",
        8 => "cpu-db",
        17 => "sdb after overall reset",
        18 => "sdb routing",
        41 => "encrypted",
        code => return format_compact!("0x{code:02x}"),
    })
}

/// Partial lists of the system status list, by the lower byte of the id.
pub(super) fn szl(id: u16) -> &'static str {
    match id & 0xff {
        0x00 => "list of partial lists",
        0x11 => "module identification",
        0x12 => "cpu characteristics",
        0x13 => "user memory areas",
        0x14 => "system areas",
        0x15 => "block types",
        0x16 => "priority classes",
        0x18 => "state of racks",
        0x19 => "state of leds",
        0x1c => "component identification",
        0x21 => "interrupt assignment",
        0x22 => "interrupt status",
        0x23 => "priority classes",
        0x24 => "operating modes",
        0x25 => "process image partitions",
        0x31 => "communication performance",
        0x32 => "communication status",
        0x33 => "diagnostic stations",
        0x37 => "ethernet details",
        0x71 => "redundant system",
        0x74 => "state of leds",
        0x81 => "start information",
        0x82 => "start events",
        0x90 => "dp master systems",
        0x91 => "module status",
        0x92 => "state of racks and stations",
        0x94 => "state of stations",
        0x95 => "extended dp master system",
        0x96 => "module status of profinet",
        0xa0 => "diagnostic buffer",
        0xb1..=0xb4 => "diagnostic data of a module",
        _ => "",
    }
}

/// Diagnostic events that people look for (STEP 7 help on event ids); the rest by class.
const EVENTS: &[(u16, &str)] = &[
    (0x1381, "request for manual warm restart"),
    (0x1382, "request for automatic warm restart"),
    (0x2521, "bcd conversion error"),
    (0x2522, "area length error when reading"),
    (0x2523, "area length error when writing"),
    (0x253a, "block not loaded"),
    (0x35a1, "user interface (ob or frb) not found"),
    (0x35a2, "ob not loaded"),
    (0x39b1, "i/o access error when updating inputs"),
    (0x39b2, "i/o access error when writing outputs"),
    (0x39c4, "distributed i/o: station failure"),
    (0x3501, "cycle time exceeded"),
    (0x4300, "backed-up power on"),
    (0x4301, "mode transition from stop to startup"),
    (0x4302, "mode transition from startup to run"),
    (0x4303, "stop by mode switch"),
    (0x4304, "stop by programming device or sfb 20"),
    (0x4305, "hold, breakpoint reached"),
    (0x4306, "hold, breakpoint exited"),
    (0x4307, "memory reset by programming device"),
    (0x4308, "memory reset by mode switch"),
    (0x4309, "memory reset automatically (power on not backed up)"),
    (0x430a, "hold exited, transition to stop"),
    (0x430d, "stop by other cpu"),
    (0x430e, "memory reset executed"),
    (0x4510, "stop violation of data range of cpu"),
    (0x4520, "defective: stop not possible"),
    (0x4540, "stop: memory expansion with gaps"),
    (0x4555, "no restart possible: monitoring time elapsed"),
    (0x4562, "stop by programming error (ob not loaded)"),
    (0x4563, "stop by i/o access error (ob not loaded)"),
    (0x4567, "stop by h event"),
    (0x4568, "stop by time error (ob not loaded)"),
    (0x456a, "stop by diagnostic interrupt (ob not loaded)"),
    (0x456d, "stop by hardware interrupt (ob not loaded)"),
    (0x530d, "new startup information in stop"),
    (0x6500, "connection id exists twice on module"),
];

/// Name of a diagnostic event: its own, else its class.
pub(super) fn event(id: u16) -> Text {
    if let Some((_, name)) = EVENTS.iter().find(|(known, _)| *known == id) {
        return Text::const_new(name);
    }
    let class = match id >> 12 {
        1 => "standard ob event",
        2 => "synchronous error",
        3 => "asynchronous error",
        4 => "mode transition",
        5 => "run-time event",
        6 => "communication event",
        7 => "fail-safe or redundant system event",
        8 => "diagnostic data of module",
        9 => "predefined user event",
        0xa | 0xb => "user event",
        _ => "event",
    };
    format_compact!("{class} 0x{id:04x}")
}

/// Lamps of a module.
pub(super) fn led(id: u8) -> Text {
    Text::const_new(match id {
        1 => "SF",
        2 => "INTF",
        3 => "EXTF",
        4 => "RUN",
        5 => "STOP",
        6 => "FRCE",
        7 => "CRST",
        8 => "BAF",
        9 => "USR",
        10 => "USR1",
        11 => "BUS1F",
        12 => "BUS2F",
        13 => "REDF",
        14 => "MSTR",
        15 => "RACK0",
        16 => "RACK1",
        17 => "RACK2",
        18 => "IFM1F",
        19 => "IFM2F",
        20 => "BUS3F",
        21 => "MAINT",
        22 => "DC24V",
        0x80 => "IF",
        0x81 => "UF",
        0x82 => "MF",
        0x83 => "CF",
        0x84 => "TF",
        id => return format_compact!("led {id}"),
    })
}
