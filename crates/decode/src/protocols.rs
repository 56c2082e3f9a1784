//! THE TABLE of protocols: a file and a line each.

use std::sync::LazyLock;

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

/// The rows that a flow of `transport` may carry, in the order of the table; of transports other than TCP and UDP all.
pub fn carried_by(transport: Transport) -> &'static [&'static Protocol] {
    static TCP: LazyLock<Vec<&'static Protocol>> = LazyLock::new(|| carried(|c| matches!(c, Carrier::Tcp(_))));
    static UDP: LazyLock<Vec<&'static Protocol>> = LazyLock::new(|| carried(|c| matches!(c, Carrier::Udp(_))));
    match transport {
        Transport::Tcp => &TCP,
        Transport::Udp => &UDP,
        _ => PROTOCOLS,
    }
}

fn carried(fits: fn(&Carrier) -> bool) -> Vec<&'static Protocol> {
    PROTOCOLS.iter().copied().filter(|row| row.carriers.iter().any(fits)).collect()
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
    }
}
