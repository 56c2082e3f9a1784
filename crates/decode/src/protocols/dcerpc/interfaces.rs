//! Interfaces by UUID and what their operations do.
//!
//! Sources: The Open Group C706 appendix O; Microsoft open specifications MS-RPCE, MS-SCMR, MS-SAMR, MS-LSAD, MS-LSAT,
//! MS-NRPC, MS-DRSR, MS-SRVS, MS-WKST, MS-RRP, MS-RSP, MS-TSCH, MS-DCOM, MS-RPRN, MS-EVEN, MS-EFSR; OPC Data Access 3.00.

use compact_str::format_compact;
use model::{Text, Verb};

/// One interface.
pub struct Interface {
    /// Its UUID as a number, in the order in which it is written.
    pub uuid: u128,
    /// Its short name.
    pub name: &'static str,
    /// Operations that matter: number, name, verb, effect.
    pub operations: &'static [Operation],
}

/// One operation: number, name, verb, and an effect that its name does not tell.
pub type Operation = (u16, &'static str, Verb, &'static str);

const NONE: &[Operation] = &[];
const EXECUTION: &str = "remote execution";

/// Interfaces; a handful is looked up once a bind, so order does not matter.
pub const INTERFACES: &[Interface] = &[
    row(
        0xe1af8308_5d1f_11c9_91a4_08002b14a0fa,
        "epm",
        &[(2, "lookup", Verb::Browse, ""), (3, "map", Verb::Browse, "")],
    ),
    row(
        0x367abb81_9844_35f1_ad32_98f038001003,
        "svcctl",
        &[
            (0, "close service handle", Verb::Other, ""),
            (1, "control service", Verb::Configure, "service control"),
            (2, "delete service", Verb::Configure, ""),
            (6, "query service status", Verb::Browse, ""),
            (11, "change service config", Verb::Configure, EXECUTION),
            (12, "create service", Verb::Configure, EXECUTION),
            (14, "enumerate services", Verb::Browse, ""),
            (15, "open service control manager", Verb::Other, ""),
            (16, "open service", Verb::Other, ""),
            (17, "query service config", Verb::Browse, ""),
            (19, "start service", Verb::Configure, EXECUTION),
            (23, "change service config", Verb::Configure, EXECUTION),
            (24, "create service", Verb::Configure, EXECUTION),
            (27, "open service control manager", Verb::Other, ""),
            (28, "open service", Verb::Other, ""),
            (31, "start service", Verb::Configure, EXECUTION),
            (42, "enumerate services", Verb::Browse, ""),
            (44, "create service wow64", Verb::Configure, EXECUTION),
        ],
    ),
    row(
        0x12345778_1234_abcd_ef00_0123456789ac,
        "samr",
        &[
            (0, "connect", Verb::Other, ""),
            (5, "lookup domain", Verb::Browse, ""),
            (6, "enumerate domains", Verb::Browse, ""),
            (7, "open domain", Verb::Other, ""),
            (8, "query domain information", Verb::Browse, ""),
            (11, "enumerate groups", Verb::Browse, ""),
            (13, "enumerate users", Verb::Browse, ""),
            (15, "enumerate aliases", Verb::Browse, ""),
            (16, "get alias membership", Verb::Browse, ""),
            (17, "lookup names", Verb::Browse, ""),
            (18, "lookup ids", Verb::Browse, ""),
            (22, "add member to group", Verb::Configure, "account change"),
            (25, "get members in group", Verb::Browse, ""),
            (31, "add member to alias", Verb::Configure, "account change"),
            (33, "get members in alias", Verb::Browse, ""),
            (34, "open user", Verb::Other, ""),
            (35, "delete user", Verb::Configure, "account change"),
            (36, "query user", Verb::Browse, ""),
            (37, "set user information", Verb::Configure, "account change"),
            (39, "get groups of user", Verb::Browse, ""),
            (40, "query display information", Verb::Browse, ""),
            (50, "create user", Verb::Configure, "account change"),
            (55, "change password", Verb::Configure, "account change"),
            (57, "connect", Verb::Other, ""),
            (58, "set user information", Verb::Configure, "account change"),
            (64, "connect", Verb::Other, ""),
        ],
    ),
    row(
        0x12345778_1234_abcd_ef00_0123456789ab,
        "lsarpc",
        &[
            (0, "close", Verb::Other, ""),
            (6, "open policy", Verb::Other, ""),
            (7, "query information policy", Verb::Browse, ""),
            (11, "enumerate accounts", Verb::Browse, ""),
            (14, "lookup names", Verb::Browse, ""),
            (15, "lookup sids", Verb::Browse, ""),
            (44, "open policy", Verb::Other, ""),
            (45, "get user name", Verb::Browse, ""),
            (46, "query information policy", Verb::Browse, ""),
            (50, "enumerate trusted domains", Verb::Browse, ""),
            (57, "lookup sids", Verb::Browse, ""),
            (58, "lookup names", Verb::Browse, ""),
            (76, "lookup sids", Verb::Browse, ""),
            (77, "lookup names", Verb::Browse, ""),
        ],
    ),
    row(
        0x12345678_1234_abcd_ef00_01234567cffb,
        "netlogon",
        &[
            (2, "sam logon", Verb::Login, ""),
            (3, "sam logoff", Verb::Login, ""),
            (4, "request challenge", Verb::Login, ""),
            (5, "authenticate", Verb::Login, ""),
            (6, "set password", Verb::Configure, "account change"),
            (15, "authenticate 2", Verb::Login, ""),
            (21, "get capabilities", Verb::Browse, ""),
            (26, "authenticate 3", Verb::Login, ""),
            (29, "get domain info", Verb::Browse, ""),
            (30, "set password 2", Verb::Configure, "account change"),
            (34, "get domain controller name", Verb::Browse, ""),
            (39, "sam logon", Verb::Login, ""),
            (40, "enumerate domain trusts", Verb::Browse, ""),
            (45, "sam logon", Verb::Login, ""),
        ],
    ),
    row(
        0xe3514235_4b06_11d1_ab04_00c04fc2dcd2,
        "drsuapi",
        &[
            (0, "bind", Verb::Other, ""),
            (1, "unbind", Verb::Other, ""),
            (3, "get changes", Verb::Read, "directory replication"),
            (5, "update references", Verb::Configure, "directory replication"),
            (12, "crack names", Verb::Browse, ""),
            (16, "domain controller info", Verb::Browse, ""),
        ],
    ),
    row(
        0x4b324fc8_1670_01d3_1278_5a47bf6ee188,
        "srvsvc",
        &[
            (8, "enumerate connections", Verb::Browse, ""),
            (9, "enumerate files", Verb::Browse, ""),
            (12, "enumerate sessions", Verb::Browse, ""),
            (14, "add share", Verb::Configure, ""),
            (15, "enumerate shares", Verb::Browse, ""),
            (16, "get share info", Verb::Browse, ""),
            (18, "delete share", Verb::Configure, ""),
            (21, "get server info", Verb::Identify, ""),
            (28, "get time of day", Verb::Time, ""),
            (31, "canonicalize path", Verb::Other, ""),
            (32, "compare path", Verb::Other, ""),
        ],
    ),
    row(
        0x6bffd098_a112_3610_9833_46c3f87e345a,
        "wkssvc",
        &[
            (0, "get workstation info", Verb::Identify, ""),
            (2, "enumerate users", Verb::Browse, ""),
            (22, "join domain", Verb::Configure, ""),
        ],
    ),
    row(
        0x338cd001_2244_31f1_aaaa_900038001003,
        "winreg",
        &[
            (0, "open classes root", Verb::Other, ""),
            (1, "open current user", Verb::Other, ""),
            (2, "open local machine", Verb::Other, ""),
            (4, "open users", Verb::Other, ""),
            (5, "close key", Verb::Other, ""),
            (6, "create key", Verb::Configure, "registry change"),
            (7, "delete key", Verb::Configure, "registry change"),
            (8, "delete value", Verb::Configure, "registry change"),
            (9, "enumerate keys", Verb::Browse, ""),
            (10, "enumerate values", Verb::Browse, ""),
            (15, "open key", Verb::Other, ""),
            (16, "query key", Verb::Browse, ""),
            (17, "query value", Verb::Read, ""),
            (20, "save key", Verb::Read, ""),
            (22, "set value", Verb::Configure, "registry change"),
            (24, "initiate shutdown", Verb::Reset, ""),
            (26, "get version", Verb::Identify, ""),
            (30, "initiate shutdown", Verb::Reset, ""),
        ],
    ),
    row(
        0x894de0c0_0d55_11d3_a322_00c04fa321a1,
        "initshutdown",
        &[
            (0, "initiate shutdown", Verb::Reset, ""),
            (1, "abort shutdown", Verb::Other, ""),
            (2, "initiate shutdown", Verb::Reset, ""),
        ],
    ),
    row(
        0x1ff70682_0a51_30e8_076d_740be8cee98b,
        "atsvc",
        &[
            (0, "add job", Verb::Configure, EXECUTION),
            (1, "delete job", Verb::Configure, ""),
            (2, "enumerate jobs", Verb::Browse, ""),
            (3, "get job info", Verb::Browse, ""),
        ],
    ),
    row(
        0x86d35949_83c9_4044_b424_db363231fd0c,
        "ITaskSchedulerService",
        &[
            (0, "get version", Verb::Identify, ""),
            (1, "register task", Verb::Configure, EXECUTION),
            (2, "retrieve task", Verb::Browse, ""),
            (6, "enumerate folders", Verb::Browse, ""),
            (7, "enumerate tasks", Verb::Browse, ""),
            (12, "run task", Verb::Configure, EXECUTION),
            (13, "delete task", Verb::Configure, ""),
        ],
    ),
    row(0x378e52b0_c0a9_11cf_822d_00aa0051e40f, "sasec", NONE),
    row(
        0x4d9f4ab8_7d1c_11cf_861e_0020af6e7c57,
        "IRemoteActivation",
        &[(0, "activate", Verb::Other, "dcom activation")],
    ),
    row(
        0x000001a0_0000_0000_c000_000000000046,
        "IRemoteSCMActivator",
        &[
            (3, "get class object", Verb::Other, "dcom activation"),
            (4, "create instance", Verb::Other, "dcom activation"),
        ],
    ),
    row(
        0x99fcfec4_5260_101b_bbcb_00aa0021347a,
        "IObjectExporter",
        &[
            (0, "resolve oxid", Verb::Browse, ""),
            (1, "simple ping", Verb::Other, ""),
            (2, "complex ping", Verb::Other, ""),
            (3, "server alive", Verb::Identify, ""),
            (4, "resolve oxid 2", Verb::Browse, ""),
            (5, "server alive 2", Verb::Identify, ""),
        ],
    ),
    row(
        0x00000131_0000_0000_c000_000000000046,
        "IRemUnknown",
        &[
            (3, "query interface", Verb::Other, ""),
            (4, "add reference", Verb::Other, ""),
            (5, "release", Verb::Other, ""),
        ],
    ),
    row(0x00000143_0000_0000_c000_000000000046, "IRemUnknown2", NONE),
    row(0x00020400_0000_0000_c000_000000000046, "IDispatch", NONE),
    row(0xf309ad18_d86a_11d0_a075_00c04fb68820, "IWbemLevel1Login", &[(6, "login", Verb::Login, "wmi")]),
    row(0xd4781cd6_e5d3_44df_ad94_930efe48a887, "IWbemLoginClientID", NONE),
    row(
        0x9556dc99_828c_11cf_a37e_00aa003240c7,
        "IWbemServices",
        &[
            (6, "get object", Verb::Browse, "wmi"),
            (20, "execute query", Verb::Browse, "wmi"),
            (24, "execute method", Verb::Configure, EXECUTION),
        ],
    ),
    row(
        0x12345678_1234_abcd_ef00_0123456789ab,
        "spoolss",
        &[
            (0, "enumerate printers", Verb::Browse, ""),
            (1, "open printer", Verb::Other, ""),
            (9, "add printer driver", Verb::Configure, EXECUTION),
            (17, "start document", Verb::File, ""),
            (29, "close printer", Verb::Other, ""),
            (65, "find first printer change", Verb::Subscribe, ""),
            (69, "open printer", Verb::Other, ""),
            (89, "add printer driver", Verb::Configure, EXECUTION),
        ],
    ),
    row(
        0x82273fdc_e32a_18c3_3f78_827929dc23ea,
        "eventlog",
        &[
            (0, "clear log", Verb::Configure, "traces removed"),
            (7, "open log", Verb::Other, ""),
            (10, "read log", Verb::Read, ""),
        ],
    ),
    row(
        0xf6beaff7_1e19_4fbb_9f8f_b89e2018337c,
        "eventlog6",
        &[(6, "clear log", Verb::Configure, "traces removed"), (11, "query", Verb::Read, "")],
    ),
    row(0x6bffd098_a112_3610_9833_012892020162, "browser", NONE),
    row(0x50abc2a4_574d_40b3_9d66_ee4fd5fba076, "dnsserver", NONE),
    row(0x4fc742e0_4a10_11cf_8273_00aa004ae673, "netdfs", NONE),
    row(
        0xc681d488_d850_11d0_8c52_00c04fd90f7e,
        "efsrpc",
        &[(0, "open file", Verb::File, ""), (4, "encrypt file", Verb::File, "")],
    ),
    row(
        0xdf1941c5_fe89_4e79_bf10_463657acf44d,
        "efsrpc",
        &[(0, "open file", Verb::File, ""), (4, "encrypt file", Verb::File, "")],
    ),
    row(0x3919286a_b10c_11d0_9ba8_00c04fd92ef5, "dssetup", &[(0, "get role", Verb::Identify, "")]),
    row(0x17fdd703_1827_4e34_79d4_24a55c53bb37, "msgsvc", NONE),
    row(
        0x39c13a4d_011e_11d0_9675_0020afd8adb3,
        "IOPCServer",
        &[
            (3, "add group", Verb::Subscribe, ""),
            (6, "get status", Verb::Identify, ""),
            (7, "remove group", Verb::Subscribe, ""),
        ],
    ),
    row(
        0x39c13a4f_011e_11d0_9675_0020afd8adb3,
        "IOPCBrowseServerAddressSpace",
        &[
            (4, "change position", Verb::Browse, ""),
            (5, "browse item ids", Verb::Browse, ""),
            (6, "get item id", Verb::Browse, ""),
        ],
    ),
    row(
        0x39c13a50_011e_11d0_9675_0020afd8adb3,
        "IOPCGroupStateMgt",
        &[(3, "get state", Verb::Browse, ""), (4, "set state", Verb::Subscribe, "")],
    ),
    row(
        0x39c13a52_011e_11d0_9675_0020afd8adb3,
        "IOPCSyncIO",
        &[(3, "read", Verb::Read, ""), (4, "write", Verb::Write, "")],
    ),
    row(
        0x39c13a53_011e_11d0_9675_0020afd8adb3,
        "IOPCAsyncIO",
        &[(3, "read", Verb::Read, ""), (4, "write", Verb::Write, "")],
    ),
    row(
        0x39c13a54_011e_11d0_9675_0020afd8adb3,
        "IOPCItemMgt",
        &[
            (3, "add items", Verb::Subscribe, ""),
            (4, "validate items", Verb::Browse, ""),
            (5, "remove items", Verb::Subscribe, ""),
        ],
    ),
    row(
        0x39c13a70_011e_11d0_9675_0020afd8adb3,
        "IOPCDataCallback",
        &[
            (3, "on data change", Verb::Report, ""),
            (4, "on read complete", Verb::Report, ""),
            (5, "on write complete", Verb::Report, ""),
        ],
    ),
    row(
        0x39c13a71_011e_11d0_9675_0020afd8adb3,
        "IOPCAsyncIO2",
        &[(3, "read", Verb::Read, ""), (4, "write", Verb::Write, "")],
    ),
    row(0x39c13a72_011e_11d0_9675_0020afd8adb3, "IOPCItemProperties", NONE),
    row(0xf31dfde1_07b6_11d2_b2d8_0060083ba1fb, "IOPCShutdown", NONE),
    row(0xf31dfde2_07b6_11d2_b2d8_0060083ba1fb, "IOPCCommon", NONE),
    row(0x13486d50_4821_11d2_a494_3cb306c10000, "IOPCServerList", &[(3, "enumerate classes", Verb::Browse, "")]),
    row(0x9dd0b56c_ad9e_43ee_8305_487f3188bf7a, "IOPCServerList2", &[(3, "enumerate classes", Verb::Browse, "")]),
    row(0xdea00001_6c97_11d1_8271_00a02442df7d, "PROFINET IO device", NONE),
    row(0xdea00002_6c97_11d1_8271_00a02442df7d, "PROFINET IO controller", NONE),
    row(0xdea00003_6c97_11d1_8271_00a02442df7d, "PROFINET IO supervisor", NONE),
    row(0xdea00004_6c97_11d1_8271_00a02442df7d, "PROFINET IO parameter server", NONE),
];

const fn row(uuid: u128, name: &'static str, operations: &'static [Operation]) -> Interface {
    Interface { uuid, name, operations }
}

/// Whether `uuid` is one of the four of PROFINET IO.
pub const fn is_profinet(uuid: u128) -> bool {
    matches!(
        uuid,
        0xdea00001_6c97_11d1_8271_00a02442df7d
            | 0xdea00002_6c97_11d1_8271_00a02442df7d
            | 0xdea00003_6c97_11d1_8271_00a02442df7d
            | 0xdea00004_6c97_11d1_8271_00a02442df7d
    )
}

/// The name of an interface; the UUID where unknown.
pub fn name(uuid: u128) -> Text {
    match INTERFACES.iter().find(|known| known.uuid == uuid) {
        Some(known) => Text::const_new(known.name),
        None => written(uuid),
    }
}

/// Name, verb and effect of an operation.
pub fn operation(uuid: u128, number: u16) -> (Text, Verb, &'static str) {
    let known = INTERFACES.iter().find(|known| known.uuid == uuid);
    let operation = known.and_then(|known| known.operations.iter().find(|operation| operation.0 == number));
    match operation {
        Some((_, name, verb, effect)) => (Text::const_new(name), *verb, effect),
        None => (format_compact!("operation {number}"), Verb::Other, ""),
    }
}

/// A UUID as it is written.
pub fn written(uuid: u128) -> Text {
    format_compact!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        uuid >> 96,
        uuid >> 80 & 0xffff,
        uuid >> 64 & 0xffff,
        uuid >> 48 & 0xffff,
        uuid & 0xffff_ffff_ffff
    )
}
