//! THE TABLE of protocols: a file and a line each.

use std::sync::LazyLock;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use model::Transport;

use crate::protocol::{Carrier, Protocol};

pub mod arp;
pub mod bacnet;
pub mod cdp;
pub mod cip;
pub mod cip_io;
pub mod cotp;
pub mod dcerpc;
pub mod dhcp;
pub mod dhcpv6;
pub mod dnp3;
pub mod dns;
pub mod enip;
pub mod ftp;
pub mod ftp_data;
pub mod goose;
pub mod hsrp;
pub mod http;
pub mod icmp;
pub mod icmpv6;
pub mod iec104;
pub mod igmp;
pub mod kerberos;
pub mod ldap;
pub mod lldp;
pub mod llmnr;
pub mod mail;
pub mod mdns;
pub mod mms;
pub mod modbus;
pub mod mqtt;
pub mod mrp;
pub mod nbns;
pub mod ntlm;
pub mod ntp;
pub mod opcua;
pub mod ospf;
pub mod pccc;
pub mod postgresql;
pub mod profinet_cm;
pub mod profinet_dcp;
pub mod profinet_rt;
pub mod ptp;
pub mod rdp;
pub mod s7comm;
pub mod s7comm_plus;
pub mod smb;
pub mod snmp;
pub mod ssdp;
pub mod ssh;
pub mod stp;
pub mod sv;
pub mod syslog;
pub mod telnet;
pub mod tftp;
pub mod tls;
pub mod tunnels;
pub mod umas;
pub mod vnc;
pub mod vrrp;

/// Every protocol that is decoded. The order decides between equal matches, so the stricter ones come first.
#[rustfmt::skip] // a row a line, so that rows meet without conflict
pub static PROTOCOLS: &[&Protocol] = &[
    &bacnet::PROTOCOL,
    &iec104::PROTOCOL,
    &modbus::PROTOCOL,
    &cotp::PROTOCOL,
    &opcua::PROTOCOL,
    &s7comm::PROTOCOL,
    &s7comm_plus::PROTOCOL,
    &dnp3::PROTOCOL,
    &enip::PROTOCOL,
    &cip_io::PROTOCOL,
    &cip::PROTOCOL,
    &pccc::PROTOCOL,
    &goose::PROTOCOL,
    &sv::PROTOCOL,
    &profinet_rt::PROTOCOL,
    &profinet_dcp::PROTOCOL,
    &umas::PROTOCOL,
    &mms::PROTOCOL,
    &lldp::PROTOCOL,
    &cdp::PROTOCOL,
    &tls::PROTOCOL,
    &smb::PROTOCOL,
    &http::PROTOCOL,
    &mqtt::PROTOCOL,
    &dns::PROTOCOL,
    &mdns::PROTOCOL,
    &llmnr::PROTOCOL,
    &dhcp::PROTOCOL,
    &snmp::PROTOCOL,
    &ssdp::PROTOCOL,
    &tftp::PROTOCOL,
    &ntp::PROTOCOL,
    &nbns::PROTOCOL,
    &dhcpv6::PROTOCOL,
    &ptp::PROTOCOL,
    &igmp::PROTOCOL,
    &stp::PROTOCOL,
    &mrp::PROTOCOL,
    &vrrp::PROTOCOL,
    &hsrp::PROTOCOL,
    &ospf::PROTOCOL,
    &syslog::PROTOCOL,
    &arp::PROTOCOL,
    &icmp::PROTOCOL,
    &icmpv6::PROTOCOL,
    &dcerpc::PROTOCOL,
    &profinet_cm::PROTOCOL,
    &ssh::PROTOCOL,
    &vnc::PROTOCOL,
    &postgresql::PROTOCOL,
    &tunnels::WIREGUARD,
    &tunnels::OPENVPN,
    &tunnels::IKE,
    &tunnels::QUIC,
    &tunnels::TEAMVIEWER,
    &tunnels::ANYDESK,
    &rdp::PROTOCOL,
    &kerberos::PROTOCOL,
    &ldap::PROTOCOL,
    &ftp::PROTOCOL,
    &ftp_data::PROTOCOL,
    &mail::SMTP,
    &mail::POP3,
    &mail::IMAP,
    &telnet::PROTOCOL,
    #[cfg(test)]
    &crate::laws::BROKEN,
];

/// The protocol with `id`.
pub fn by_id(id: &str) -> Option<&'static Protocol> {
    PROTOCOLS.iter().copied().find(|protocol| protocol.id == id)
}

/// The rows that flows of a transport may carry.
pub(crate) struct Rows {
    /// In the order of the table.
    pub(crate) rows: Vec<&'static Protocol>,
    /// Of each port, the rows whose usual port it is: a bit a row.
    by_port: HashMap<u16, u128, FixedState>,
}

impl Rows {
    fn new(ports_of: fn(&Carrier) -> Option<&'static [u16]>) -> Rows {
        let carried = |row: &&&'static Protocol| row.carriers.iter().any(|carrier| ports_of(carrier).is_some());
        let rows: Vec<&'static Protocol> = PROTOCOLS.iter().filter(carried).copied().collect();
        let mut by_port: HashMap<u16, u128, FixedState> = HashMap::default();
        for (row, bit) in rows.iter().zip(0_u32..) {
            for port in row.carriers.iter().filter_map(ports_of).flatten() {
                *by_port.entry(*port).or_default() |= 1_u128.checked_shl(bit).unwrap_or(0);
            }
        }
        Rows { rows, by_port }
    }

    /// The rows of which one of `ports` is a usual port: bit n is row n.
    pub(crate) fn usual(&self, ports: [u16; 2]) -> u128 {
        ports.iter().filter_map(|port| self.by_port.get(port)).fold(0, |all, rows| all | rows)
    }
}

/// The rows that a flow of `transport` may carry, for TCP and UDP; all others depend on more.
pub(crate) fn carried_by(transport: Transport) -> Option<&'static Rows> {
    static TCP: LazyLock<Rows> = LazyLock::new(|| {
        Rows::new(|carrier| match carrier {
            Carrier::Tcp(ports) => Some(ports),
            _ => None,
        })
    });
    static UDP: LazyLock<Rows> = LazyLock::new(|| {
        Rows::new(|carrier| match carrier {
            Carrier::Udp(ports) => Some(ports),
            _ => None,
        })
    });
    match transport {
        Transport::Tcp => Some(&TCP),
        Transport::Udp => Some(&UDP),
        _ => None,
    }
}

/// The protocols that `carrier` transports inside its messages.
pub fn inside(carrier: &'static str) -> impl Iterator<Item = &'static Protocol> {
    PROTOCOLS.iter().copied().filter(move |p| p.carriers.contains(&Carrier::Inside(carrier)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_distinct_and_codes_ascend() {
        for (i, protocol) in PROTOCOLS.iter().enumerate() {
            assert!(PROTOCOLS.iter().skip(i + 1).all(|other| other.id != protocol.id), "{} twice", protocol.id);
            assert!(protocol.codes.is_sorted_by_key(|c| c.code), "codes of {} do not ascend", protocol.id);
            assert!(protocol.codes.windows(2).all(|w| w[0].code != w[1].code), "a code of {} twice", protocol.id);
            assert!(!protocol.documents.is_empty(), "{} names no documents", protocol.id);
        }
        assert!(PROTOCOLS.len() <= 128, "a bit a row (`Rows::by_port`)");
    }
}
