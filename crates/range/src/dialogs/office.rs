//! The office around a plant: DHCP, DNS, NetBIOS names, web pages.
//!
//! Sources: RFC 2131 and 2132 (DHCP), RFC 1035 (DNS), RFC 1002 (NetBIOS name service), RFC 9112 (HTTP/1.1).

use std::net::Ipv4Addr;

use model::{Mac, Time};

use crate::frame::{self, Ipv4};
use crate::network::{HostId, MICROSECOND, MILLISECOND, Network};
use crate::random::Random;
use crate::tcp::Connection;

/// A computer wakes up and gets its address: discover, offer, request, acknowledgement.
pub fn dhcp(network: &mut Network, random: &mut Random, at: Time, client: HostId, server: HostId) {
    let [a, b, c, _] = network.host(server).ip.octets();
    lease(network, random, at, client, server, Ipv4Addr::new(a, b, c, 1));
}

/// A computer asks for an address, and someone answers who makes itself its router and name server.
pub fn dhcp_rogue(network: &mut Network, random: &mut Random, at: Time, client: HostId, rogue: HostId) -> Time {
    let router = network.host(rogue).ip;
    lease(network, random, at, client, rogue, router)
}

fn lease(
    network: &mut Network,
    random: &mut Random,
    at: Time,
    client: HostId,
    server: HostId,
    router: Ipv4Addr,
) -> Time {
    let (client, server) = (*network.host(client), *network.host(server));
    let transaction = (random.bits() as u32).to_be_bytes();
    let mut at = at;
    for (kind, is_answer) in [(1u8, false), (2, true), (3, false), (5, true)] {
        let mut message = vec![if is_answer { 2 } else { 1 }, 1, 6, 0];
        message.extend_from_slice(&transaction);
        message.extend_from_slice(&[0, 0, 0x80, 0, 0, 0, 0, 0]);
        message.extend_from_slice(&if is_answer { client.ip.octets() } else { [0; 4] });
        message.extend_from_slice(&[0; 8]);
        message.extend_from_slice(&client.mac.0);
        message.extend_from_slice(&[0; 10 + 64 + 128]);
        message.extend_from_slice(&[0x63, 0x82, 0x53, 0x63]);
        let mut option = |code: u8, value: &[u8]| {
            message.extend_from_slice(&[code, value.len() as u8]);
            message.extend_from_slice(value);
        };
        option(53, &[kind]);
        if is_answer {
            option(54, &server.ip.octets());
            option(51, &691_200u32.to_be_bytes());
            option(1, &[255, 255, 255, 0]);
            option(3, &router.octets());
            option(6, &server.ip.octets());
            option(15, b"works.example");
        } else {
            option(61, &[&[1], client.mac.0.as_slice()].concat());
            if kind == 3 {
                option(50, &client.ip.octets());
                option(54, &server.ip.octets());
            }
            option(12, client.name.as_bytes());
            option(60, b"MSFT 5.0");
            option(55, &[1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252]);
        }
        message.push(255);
        let (source, ports) = if is_answer { (server, (67, 68)) } else { (client, (68, 67)) };
        let from = if is_answer { server.ip } else { Ipv4Addr::UNSPECIFIED };
        let datagram = frame::udp((from, ports.0), (Ipv4Addr::BROADCAST, ports.1), &message);
        let identification = random.bits() as u16;
        let header = Ipv4 { source: from, destination: Ipv4Addr::BROADCAST, protocol: 17, ttl: 128, identification };
        let packet = frame::ipv4(header, &datagram);
        network.frame(at, frame::ethernet(Mac::BROADCAST, source.mac, frame::IPV4, &packet));
        at = at.plus(random.wait(2 * MILLISECOND, 3 * MILLISECOND));
    }
    at
}

/// A client asks for the address of a name and is told, or told that there is none.
pub fn dns(
    network: &mut Network,
    random: &mut Random,
    at: Time,
    client: HostId,
    server: HostId,
    name: &str,
    answer: Option<Ipv4Addr>,
) -> Time {
    let port = network.ephemeral_port(client);
    let id = (random.bits() as u16).to_be_bytes();
    let mut question: Vec<u8> = name.split('.').flat_map(|l| [&[l.len() as u8], l.as_bytes()].concat()).collect();
    question.extend_from_slice(&[0, 0, 1, 0, 1]);
    let ask = [&id, [1, 0, 0, 1, 0, 0, 0, 0, 0, 0].as_slice(), &question].concat();
    let asked = network.udp(at, (client, port), (server, 53), &ask);
    let answered = asked.plus(network.answer_time(server));
    let reply = match answer {
        Some(ip) => {
            let record = [[0xc0, 12, 0, 1, 0, 1, 0, 0, 0x0e, 0x10, 0, 4].as_slice(), &ip.octets()].concat();
            [&id, [0x85, 0x80, 0, 1, 0, 1, 0, 0, 0, 0].as_slice(), &question, &record].concat()
        }
        None => [&id, [0x81, 0x83, 0, 1, 0, 0, 0, 0, 0, 0].as_slice(), &question].concat(),
    };
    network.udp(answered, (server, 53), (client, port), &reply)
}

/// A computer asks its segment for a NetBIOS name.
pub fn netbios_query(network: &mut Network, random: &mut Random, at: Time, client: HostId, name: &str) {
    let [a, b, c, _] = network.host(client).ip.octets();
    let padded = format!("{:<15}\0", name.to_uppercase());
    let encoded = padded.bytes().take(16).flat_map(|byte| [b'A' + (byte >> 4), b'A' + (byte & 0x0f)]);
    let mut message = (random.bits() as u16).to_be_bytes().to_vec();
    message.extend_from_slice(&[0x01, 0x10, 0, 1, 0, 0, 0, 0, 0, 0, 32]);
    message.extend(encoded);
    message.extend_from_slice(&[0, 0, 0x20, 0, 1]);
    network.udp_group(at, (client, 137), (Ipv4Addr::new(a, b, c, 255), 137), &message);
}

/// A browser fetches a page of `bytes` bytes.
pub fn web_page(
    network: &mut Network,
    random: &mut Random,
    at: Time,
    client: HostId,
    server: HostId,
    path: &str,
    bytes: usize,
) -> Time {
    let (mut connection, at) = Connection::open(network, random, at, client, (server, 80));
    let host = network.host(server).name;
    let ask = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36\r\n\
         Accept: text/html\r\nConnection: close\r\n\r\n"
    );
    let row = "<tr><td>water works</td><td>daily report</td></tr>\n";
    let body: String = row.chars().cycle().take(bytes).collect();
    let reply = format!(
        "HTTP/1.1 200 OK\r\nServer: Microsoft-IIS/8.5\r\nContent-Type: text/html\r\nContent-Length: {bytes}\r\n\r\n{body}"
    );
    let at = connection.exchange(network, at, ask.as_bytes(), reply.as_bytes());
    connection.close(network, at.plus(random.wait(800 * MICROSECOND, MILLISECOND)))
}
