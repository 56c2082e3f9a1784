//! What an address is by itself: a group, a public one, which subnet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::borsh::{BorshDeserialize, BorshSerialize};
use model::{Address, Mac};

/// Whether `ip` means many machines or none: multicast, limited broadcast, unspecified.
pub(crate) fn is_group(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_multicast() || ip.is_broadcast(),
        IpAddr::V6(ip) => ip.is_multicast(),
    }
}

/// Whether `ip` is one of the public Internet: not private (RFC 1918), shared (RFC 6598), link-local, loopback,
/// documentation (RFC 5737), benchmark, reserved, unique local.
pub(crate) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            !(ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_documentation()
                || ip.is_unspecified()
                || is_group(IpAddr::V4(ip))
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 198 && (b == 18 || b == 19))
                || (a == 192 && b == 0 && c == 0))
        }
        IpAddr::V6(ip) => {
            let first = ip.segments()[0];
            // Global unicast is 2000::/3; 2001:db8::/32 is documentation.
            (first & 0xe000) == 0x2000 && !(first == 0x2001 && ip.segments()[1] == 0x0db8)
        }
    }
}

/// Whether `ip` is valid on its own link only, so that it says nothing of a subnet.
pub(crate) fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => (ip.segments()[0] & 0xffc0) == 0xfe80,
    }
}

/// The subnet of `ip`, as far as one can tell from outside: 24 bits of IPv4, 64 of IPv6.
pub(crate) fn subnet(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            IpAddr::V4(Ipv4Addr::new(a, b, c, 0))
        }
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// The subnet as text: `10.0.0.0/24`.
pub(crate) fn subnet_text(subnet: IpAddr) -> String {
    match subnet {
        IpAddr::V4(_) => format!("{subnet}/24"),
        IpAddr::V6(_) => format!("{subnet}/64"),
    }
}

/// Whether two addresses are in the same subnet; addresses without IP share the link.
pub(crate) fn is_same_subnet(a: &Address, b: &Address) -> bool {
    match (a.ip, b.ip) {
        (Some(a), Some(b)) => subnet(a) == subnet(b),
        _ => true,
    }
}

/// Whether the hardware address is shared by a group of routers (VRRP, HSRP, GLBP): RFC 5798 section 7.3 and Cisco.
pub(crate) fn is_virtual_router(mac: Mac) -> bool {
    matches!(
        mac.0,
        [0x00, 0x00, 0x5e, 0x00, 0x01 | 0x02, _]
            | [0x00, 0x00, 0x0c, 0x07, 0xac, _]
            | [0x00, 0x00, 0x0c, 0x9f, 0xf0..=0xff, _]
            | [0x00, 0x07, 0xb4, 0x00, _, _]
    )
}

/// A machine's address as one key: IP where there is one that names a machine, else the hardware address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) enum Key {
    /// By IP address.
    Ip(IpAddr),
    /// By hardware address.
    Mac(Mac),
}

impl Key {
    /// The key of `address`; `None` where it names nobody.
    pub(crate) fn of(address: &Address) -> Option<Key> {
        match (address.ip, address.mac) {
            (Some(ip), _) if !ip.is_unspecified() => Some(Key::Ip(ip)),
            (_, Some(mac)) if mac != Mac([0; 6]) => Some(Key::Mac(mac)),
            _ => None,
        }
    }

    /// Whether it means many machines. A directed broadcast shows only in the hardware address.
    pub(crate) fn is_group(self, mac: Option<Mac>) -> bool {
        match self {
            Key::Ip(ip) => is_group(ip) || (mac.is_some_and(Mac::is_group) && is_last_of_subnet(ip)),
            Key::Mac(mac) => mac.is_group(),
        }
    }

    /// The address without port, for findings.
    pub(crate) fn address(self) -> Address {
        match self {
            Key::Ip(ip) => Address { ip: Some(ip), ..Address::default() },
            Key::Mac(mac) => Address { mac: Some(mac), ..Address::default() },
        }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Key::Ip(ip) => ip.fmt(f),
            Key::Mac(mac) => mac.fmt(f),
        }
    }
}

/// Whether all low bits are set, as in a directed broadcast of a subnet of any size.
fn is_last_of_subnet(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.octets()[3] & 0x03 == 0x03,
        IpAddr::V6(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_and_private_addresses_are_told_apart() {
        let public = ["8.8.8.8", "193.0.0.1", "2a00:1450::1"];
        let inside = [
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.1.1",
            "127.0.0.1",
            "100.64.0.1",
            "fd00::1",
            "fe80::1",
            "224.0.0.1",
            "255.255.255.255",
            "0.0.0.0",
            "192.0.2.1",
            "2001:db8::1",
        ];
        for text in public {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
        for text in inside {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn a_directed_broadcast_is_known_by_its_hardware_address() {
        let key = Key::Ip("10.0.0.255".parse().unwrap());
        assert!(key.is_group(Some(Mac::BROADCAST)));
        assert!(!key.is_group(Some(Mac([0, 1, 2, 3, 4, 5]))));
    }
}
