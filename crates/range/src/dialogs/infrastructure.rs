//! What switches, routers and time servers say: LLDP, spanning tree, NTP, SNMP, syslog, echo.
//!
//! Sources: IEEE 802.1AB-2016 (LLDP), IEEE 802.1D-2004 (bridge protocol data units), RFC 5905 (NTP), RFC 3416 (SNMPv2),
//! RFC 5424 (syslog), RFC 792 (ICMP).

use model::{Mac, Time};

use crate::frame;
use crate::network::{HostId, MICROSECOND, Network};
use crate::site::Site;

/// An LLDP announcement: chassis by hardware address, port by name, system name and description, management address.
pub fn lldp(network: &mut Network, at: Time, host: HostId, port: &str, description: &str, capabilities: u16) {
    let host = *network.host(host);
    let element = |kind: u16, value: &[u8]| -> Vec<u8> {
        [(kind << 9 | value.len() as u16).to_be_bytes().as_slice(), value].concat()
    };
    let management = [&[5, 1], host.ip.octets().as_slice(), &[2, 0, 0, 0, 1, 0]].concat();
    let payload = [
        element(1, &[&[4], host.mac.0.as_slice()].concat()),
        element(2, &[&[7], port.as_bytes()].concat()),
        element(3, &[0, 120]),
        element(4, port.as_bytes()),
        element(5, host.name.as_bytes()),
        element(6, description.as_bytes()),
        element(7, &[capabilities.to_be_bytes(), capabilities.to_be_bytes()].concat()),
        element(8, &management),
        element(0, &[]),
    ]
    .concat();
    let group = Mac([0x01, 0x80, 0xc2, 0, 0, 0x0e]);
    network.frame(at, frame::ethernet(group, host.mac, 0x88cc, &payload));
}

/// A machine announces itself every 30 s.
pub fn announce(site: &mut Site, host: HostId, port: &'static str, description: &'static str, capabilities: u16) {
    let first = site.start.plus((1_500 + 700 * (host.0 as i64 % 40)) * 1_000_000);
    site.add(first, move |at: Time, site: &mut Site| {
        if !site.is_down(host, at) {
            lldp(&mut site.network, at, host, port, description, capabilities);
        }
        Some(at.plus(30_000_000_000))
    });
}

/// A machine says to `told` by an ARP answer that it has the address of `who`, be it true or not.
pub fn claim(network: &mut Network, at: Time, by: HostId, (who, told): (HostId, HostId)) {
    let (by, who, told) = (*network.host(by), *network.host(who), *network.host(told));
    let answer = frame::arp(2, (by.mac, who.ip), (told.mac, told.ip));
    network.frame(at, frame::ethernet(told.mac, by.mac, frame::ARP, &answer));
}

/// A configuration message of the spanning tree whose root the switch is.
pub fn spanning_tree(network: &mut Network, at: Time, switch: HostId) {
    let mac = network.host(switch).mac;
    let bridge = [&[0x80, 0], mac.0.as_slice()].concat();
    // Message age, greatest age, hello time, forward delay: in 256ths of a second.
    let ages = [0, 0, 20, 0, 2, 0, 15, 0];
    let message = [&[0x42, 0x42, 3, 0, 0, 0, 0, 0], bridge.as_slice(), &[0; 4], &bridge, &[0x80, 7], &ages].concat();
    network.frame(at, frame::llc(Mac([0x01, 0x80, 0xc2, 0, 0, 0]), mac, &message));
}

/// Seconds since 1900 and a fraction.
fn ntp_stamp(at: Time) -> Vec<u8> {
    let seconds = (at.0.div_euclid(1_000_000_000) + 2_208_988_800) as u32;
    let fraction = ((at.0.rem_euclid(1_000_000_000) as u64) << 32) / 1_000_000_000;
    [seconds.to_be_bytes(), (fraction as u32).to_be_bytes()].concat()
}

/// Someone tells its segment the time without being asked (mode 5), be it true or not.
pub fn ntp_broadcast(network: &mut Network, at: Time, from: HostId, told: Time) {
    let [a, b, c, _] = network.host(from).ip.octets();
    let head = [0x25, 1, 6, 0xe9, 0, 0, 0, 0, 0, 0, 0, 0x10, b'G', b'P', b'S', 0];
    let message = [head.as_slice(), &ntp_stamp(told), &[0; 16], &ntp_stamp(told)].concat();
    network.udp_group(at, (from, 123), (std::net::Ipv4Addr::new(a, b, c, 255), 123), &message);
}

/// A client asks a server for the time.
pub fn ntp(network: &mut Network, at: Time, client: HostId, server: HostId) {
    let port = network.ephemeral_port(client);
    let stamp = ntp_stamp;
    let ask = [&[0x23, 0, 6, 0xec], [0; 36].as_slice(), &stamp(at)].concat();
    let asked = network.udp(at, (client, port), (server, 123), &ask);
    let answered = asked.plus(network.answer_time(server));
    let reference = stamp(at.plus(-311_000_000_000));
    let head = [0x24, 3, 6, 0xe9, 0, 0, 0x02, 0x11, 0, 0, 0x01, 0x77, 192, 0, 2, 123];
    let answer = [&head, reference.as_slice(), &stamp(at), &stamp(asked), &stamp(answered)].concat();
    network.udp(answered, (server, 123), (client, port), &answer);
}

/// One element of the basic encoding rules, up to 127 bytes.
fn element(tag: u8, value: &[u8]) -> Vec<u8> {
    [&[tag, value.len() as u8], value].concat()
}

/// A manager reads name and received octets of a device, by SNMPv2c and the community everyone knows.
pub fn snmp(network: &mut Network, at: Time, manager: HostId, agent: HostId, number: u32, octets: u32) {
    let port = network.ephemeral_port(manager);
    let name = network.host(agent).name;
    // 1.3.6.1.2.1.1.5.0 sysName, 1.3.6.1.2.1.2.2.1.10.1 ifInOctets.
    let (system_name, in_octets) = ([0x2b, 6, 1, 2, 1, 1, 5, 0], [0x2b, 6, 1, 2, 1, 2, 2, 1, 10, 1]);
    let message = |kind: u8, first: &[u8], second: &[u8]| {
        let bind = |object: &[u8], value: &[u8]| element(0x30, &[element(6, object).as_slice(), value].concat());
        let binds = element(0x30, &[bind(&system_name, first), bind(&in_octets, second)].concat());
        let numbers = [element(2, &(number & 0x7fff_ffff).to_be_bytes()), element(2, &[0]), element(2, &[0])].concat();
        let body = element(kind, &[numbers, binds].concat());
        element(0x30, &[element(2, &[1]), element(4, b"public"), body].concat())
    };
    let null = element(5, &[]);
    let asked = network.udp(at, (manager, port), (agent, 161), &message(0xa0, &null, &null));
    let answered = asked.plus(network.answer_time(agent));
    let answer = message(0xa2, &element(4, name.as_bytes()), &element(0x41, &(octets & 0x7fff_ffff).to_be_bytes()));
    network.udp(answered, (agent, 161), (manager, port), &answer);
}

/// A device tells a server something (facility local 0, severity notice).
pub fn syslog(network: &mut Network, at: Time, device: HostId, server: HostId, text: &str) {
    let stamp = format!("{at}");
    let message = format!("<133>1 {}Z {} switch - - - {text}", &stamp[..19], network.host(device).name);
    network.udp(at, (device, 514), (server, 514), message.as_bytes());
}

/// An echo request, and its answer where the host is there.
pub fn echo(network: &mut Network, at: Time, from: HostId, to: HostId, number: u16) -> Time {
    let payload: Vec<u8> = (b'a'..=b'w').chain(b'a'..=b'i').collect();
    let (asked, _) = network.ip(at, from, to, 1, &frame::icmp_echo(8, 1, number, &payload));
    let answered = asked.plus(network.answer_time(to) / 4 + 50 * MICROSECOND);
    network.ip(answered, to, from, 1, &frame::icmp_echo(0, 1, number, &payload)).0
}
