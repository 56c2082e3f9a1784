//! What kind of thing each protocol is, as far as roles, exposure and detectors need to know.

use std::sync::OnceLock;

use hashbrown::HashMap;
use model::{Conversation, State};

use crate::table::Hasher;

/// The kinds of protocols.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// Reads, commands or programs controllers and field devices.
    Industrial,
    /// A person or a program takes over a screen or a shell.
    Remote,
    /// Files.
    File,
    /// Web.
    Web,
    /// Names, addresses, time, neighbours: keeps the network going.
    Network,
    /// Directories and logons.
    Directory,
    /// Management and logs.
    Management,
    /// Mail.
    Mail,
    /// Messages by a broker.
    Message,
    /// Data bases.
    Database,
    /// A tunnel.
    Tunnel,
    /// Anything else.
    #[default]
    Other,
}

/// What is worth knowing of a protocol.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trait {
    /// Its id.
    pub(crate) id: &'static str,
    /// Its kind.
    pub(crate) kind: Kind,
    /// Anyone who reaches the port may act: the protocol, as it is used, asks for no credentials.
    pub(crate) is_open: bool,
    /// What it says can be read on the way.
    pub(crate) is_clear: bool,
}

const fn row(id: &'static str, kind: Kind, is_open: bool, is_clear: bool) -> Trait {
    Trait { id, kind, is_open, is_clear }
}

/// The protocols with a kind; what is not here is `Other`.
const TRAITS: &[Trait] = &[
    row("modbus", Kind::Industrial, true, true),
    row("umas", Kind::Industrial, true, true),
    row("s7comm", Kind::Industrial, true, true),
    row("s7comm-plus", Kind::Industrial, false, true),
    row("cotp", Kind::Other, false, true),
    row("enip", Kind::Industrial, true, true),
    row("cip", Kind::Industrial, true, true),
    row("pccc", Kind::Industrial, true, true),
    row("cip-io", Kind::Industrial, true, true),
    row("dnp3", Kind::Industrial, true, true),
    row("iec104", Kind::Industrial, true, true),
    row("bacnet", Kind::Industrial, true, true),
    row("opcua", Kind::Industrial, false, false),
    row("profinet-dcp", Kind::Industrial, true, true),
    row("profinet-rt", Kind::Industrial, true, true),
    row("profinet-cm", Kind::Industrial, true, true),
    row("goose", Kind::Industrial, true, true),
    row("sv", Kind::Industrial, true, true),
    row("mms", Kind::Industrial, true, true),
    row("fins", Kind::Industrial, true, true),
    row("ads", Kind::Industrial, true, true),
    row("melsec", Kind::Industrial, true, true),
    row("ge-srtp", Kind::Industrial, true, true),
    row("ethercat", Kind::Industrial, true, true),
    row("hart-ip", Kind::Industrial, true, true),
    row("codesys", Kind::Industrial, true, true),
    row("triconex", Kind::Industrial, true, true),
    row("rdp", Kind::Remote, false, false),
    row("vnc", Kind::Remote, false, true),
    row("ssh", Kind::Remote, false, false),
    row("telnet", Kind::Remote, false, true),
    row("rlogin", Kind::Remote, false, true),
    row("teamviewer", Kind::Remote, false, false),
    row("anydesk", Kind::Remote, false, false),
    row("winrm", Kind::Remote, false, false),
    row("ftp", Kind::File, false, true),
    row("ftp-data", Kind::File, false, true),
    row("tftp", Kind::File, true, true),
    row("smb", Kind::File, false, true),
    row("nfs", Kind::File, true, true),
    row("http", Kind::Web, false, true),
    row("tls", Kind::Web, false, false),
    row("quic", Kind::Web, false, false),
    row("ldap", Kind::Directory, false, true),
    row("kerberos", Kind::Directory, false, false),
    row("ntlm", Kind::Directory, false, true),
    row("dcerpc", Kind::Management, false, true),
    row("snmp", Kind::Management, false, true),
    row("syslog", Kind::Management, true, true),
    row("smtp", Kind::Mail, false, true),
    row("pop3", Kind::Mail, false, true),
    row("imap", Kind::Mail, false, true),
    row("mqtt", Kind::Message, false, true),
    row("amqp", Kind::Message, false, true),
    row("mssql", Kind::Database, false, true),
    row("tds", Kind::Database, false, true),
    row("mysql", Kind::Database, false, true),
    row("postgresql", Kind::Database, false, true),
    row("oracle", Kind::Database, false, true),
    row("arp", Kind::Network, true, true),
    row("icmp", Kind::Network, true, true),
    row("icmpv6", Kind::Network, true, true),
    row("igmp", Kind::Network, true, true),
    row("dhcp", Kind::Network, true, true),
    row("dhcpv6", Kind::Network, true, true),
    row("dns", Kind::Network, true, true),
    row("mdns", Kind::Network, true, true),
    row("llmnr", Kind::Network, true, true),
    row("nbns", Kind::Network, true, true),
    row("ssdp", Kind::Network, true, true),
    row("ntp", Kind::Network, true, true),
    row("ptp", Kind::Network, true, true),
    row("lldp", Kind::Network, true, true),
    row("cdp", Kind::Network, true, true),
    row("stp", Kind::Network, true, true),
    row("mrp", Kind::Network, true, true),
    row("gre", Kind::Tunnel, true, true),
    row("vxlan", Kind::Tunnel, true, true),
    row("geneve", Kind::Tunnel, true, true),
    row("gtp", Kind::Tunnel, true, true),
    row("gtp-u", Kind::Tunnel, true, true),
    row("erspan", Kind::Tunnel, true, true),
    row("ipip", Kind::Tunnel, true, true),
    row("teredo", Kind::Tunnel, true, true),
    row("openvpn", Kind::Tunnel, false, false),
    row("wireguard", Kind::Tunnel, false, false),
    row("ipsec", Kind::Tunnel, false, false),
    row("pptp", Kind::Tunnel, false, true),
    row("l2tp", Kind::Tunnel, false, true),
];

/// What is known of protocol `id`. Asked several times for each record, so it is looked up, not searched.
pub(crate) fn of(id: &str) -> Trait {
    static BY_ID: OnceLock<HashMap<&'static str, Trait, Hasher>> = OnceLock::new();
    let by_id = BY_ID.get_or_init(|| {
        let mut by_id = HashMap::with_hasher(Hasher::with_seed(2));
        by_id.extend(TRAITS.iter().map(|row| (row.id, *row)));
        by_id
    });
    by_id.get(id).copied().unwrap_or(row("", Kind::Other, false, false))
}

/// Ports at which servers stand, beside those below 1024.
const SERVER_PORTS: &[u16] = &[
    1089, 1090, 1091, 1433, 1521, 1883, 1911, 1962, 2222, 2404, 3306, 3389, 4840, 4911, 5006, 5007, 5020, 5094, 5432,
    5900, 8000, 8080, 8443, 8883, 9600, 18245, 18246, 20000, 20547, 34962, 34963, 34964, 44818, 47808, 48898, 55000,
];

fn is_server_port(port: Option<u16>) -> bool {
    port.is_some_and(|port| (1..1024).contains(&port) || SERVER_PORTS.binary_search(&port).is_ok())
}

/// Whether a conversation whose beginning was not seen runs from the server to the client: only the ports can tell.
pub(crate) fn is_reversed(conversation: &Conversation) -> bool {
    matches!(conversation.state, State::Midstream | State::OneWay | State::TwoWay)
        && is_server_port(conversation.from.port)
        && !is_server_port(conversation.to.port)
        && conversation.to.port.is_some()
        && conversation.to.mac.is_none_or(|mac| !mac.is_group())
        && conversation.to.ip.is_none_or(|ip| !super::address::is_group(ip))
}

/// Whether protocol `id` is industrial.
pub(crate) fn is_industrial(id: &str) -> bool {
    of(id).kind == Kind::Industrial
}
