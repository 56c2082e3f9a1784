//! What reaching a protocol gives to whoever reaches it: the process, the machine, or little.

use std::net::IpAddr;

use model::{Asset, Role};

/// What a protocol gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Door {
    /// Reads, commands or programs controllers and field devices; nobody is asked for a password.
    Process,
    /// The same behind a login or keys.
    GuardedProcess,
    /// A screen or a shell.
    Remote,
    /// Files, data bases, web pages, management: the machine only where there is a weakness.
    Service,
    /// Keeps the network going.
    Network,
}

/// Industrial protocols that obey anyone.
const PROCESS: &[&str] = &[
    "modbus",
    "umas",
    "s7comm",
    "enip",
    "cip",
    "pccc",
    "cip-io",
    "dnp3",
    "iec104",
    "bacnet",
    "profinet-dcp",
    "profinet-rt",
    "profinet-cm",
    "goose",
    "sv",
    "mms",
    "fins",
    "ads",
    "melsec",
    "ge-srtp",
    "ethercat",
    "hart-ip",
    "codesys",
    "triconex",
];
const GUARDED: &[&str] = &["s7comm-plus", "opcua"];
const REMOTE: &[&str] = &["rdp", "vnc", "ssh", "telnet", "rlogin", "teamviewer", "anydesk", "winrm"];
const NETWORK: &[&str] = &[
    "arp",
    "icmp",
    "icmpv6",
    "igmp",
    "dhcp",
    "dhcpv6",
    "dns",
    "mdns",
    "llmnr",
    "nbns",
    "ntp",
    "ptp",
    "lldp",
    "cdp",
    "stp",
    "ssdp",
    "ospf",
    "vrrp",
    "hsrp",
    "mrp",
    "eapol",
    "ws-discovery",
    "nbds",
];

/// What protocol `id` gives.
pub fn of(id: &str) -> Door {
    let holds = |list: &[&str]| list.contains(&id);
    match () {
        () if holds(PROCESS) => Door::Process,
        () if holds(GUARDED) => Door::GuardedProcess,
        () if holds(REMOTE) => Door::Remote,
        () if holds(NETWORK) => Door::Network,
        () => Door::Service,
    }
}

/// Whether the protocol reads, commands or programs controllers.
pub fn is_industrial(id: &str) -> bool {
    matches!(of(id), Door::Process | Door::GuardedProcess)
}

/// The role believed.
pub fn role(asset: &Asset) -> Role {
    asset.roles.first().map_or(Role::Unknown, |claim| claim.role)
}

/// The subnets of a machine as they are drawn where nothing better is known: 24 bits of IPv4, 64 of IPv6.
pub fn subnets(asset: &Asset) -> Vec<IpAddr> {
    let mut all: Vec<IpAddr> = ips(asset).filter(|ip| !is_link_local(*ip)).map(subnet).collect();
    all.sort();
    all.dedup();
    all
}

/// All its addresses.
pub fn ips(asset: &Asset) -> impl Iterator<Item = IpAddr> + '_ {
    asset.interfaces.iter().flat_map(|interface| &interface.ips).copied()
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local() || ip.is_unspecified(),
        IpAddr::V6(ip) => ip.is_unicast_link_local() || ip.is_unspecified(),
    }
}

/// The subnet of an address.
pub fn subnet(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => IpAddr::V4((u32::from(ip) & 0xffff_ff00).into()),
        IpAddr::V6(ip) => IpAddr::V6((u128::from(ip) >> 64 << 64).into()),
    }
}

/// A subnet as text.
pub fn subnet_text(subnet: IpAddr) -> String {
    match subnet {
        IpAddr::V4(_) => format!("{subnet}/24"),
        IpAddr::V6(_) => format!("{subnet}/64"),
    }
}

/// Whether `ip` lies in `prefix` (`10.0.0.0/24`, or one address).
pub fn is_in(ip: IpAddr, prefix: &str) -> Option<u8> {
    let (base, bits) = match prefix.split_once('/') {
        Some((base, bits)) => (base.parse::<IpAddr>().ok()?, bits.parse::<u8>().ok()?),
        None => {
            let base = prefix.parse::<IpAddr>().ok()?;
            (base, if base.is_ipv4() { 32 } else { 128 })
        }
    };
    let is_same = match (ip, base) {
        (IpAddr::V4(ip), IpAddr::V4(base)) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            u32::from(ip) & mask == u32::from(base) & mask
        }
        (IpAddr::V6(ip), IpAddr::V6(base)) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            u128::from(ip) & mask == u128::from(base) & mask
        }
        _ => false,
    };
    is_same.then_some(bits)
}
