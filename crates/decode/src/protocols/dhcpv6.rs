//! DHCPv6: addresses and name servers of IPv6, and the names of who asks.

use std::net::{IpAddr, Ipv6Addr};

use compact_str::format_compact;
use model::{Confidence, FactKey, Mac, Text, Verb};
use wire::{Reader, Short};

use crate::{About, Carrier, Code, Context, Decoder, Draft, Match, Output, Probe, Protocol, Speaker, Verdict, code};

/// Message types: RFC 8415, section 7.3.
const CODES: &[Code] = &[
    code(1, "solicit", Verb::Other),
    code(2, "advertise", Verb::Other),
    code(3, "request", Verb::Other),
    code(4, "confirm", Verb::Other),
    code(5, "renew", Verb::Other),
    code(6, "rebind", Verb::Other),
    code(7, "reply", Verb::Other),
    code(8, "release", Verb::Other),
    code(9, "decline", Verb::Other),
    code(10, "reconfigure", Verb::Other),
    code(11, "information request", Verb::Other),
    code(12, "relay forward", Verb::Other),
    code(13, "relay reply", Verb::Other),
];

/// DHCPv6.
pub static PROTOCOL: Protocol = Protocol {
    id: "dhcpv6",
    title: "DHCPv6",
    about: "Gives addresses of IPv6; Windows asks without being told to, and follows whoever answers.",
    depth: "All message types through relays, addresses, name servers, client names and identifiers, statuses.",
    documents: &["RFC 8415 DHCP for IPv6 (2018)", "RFC 4704 Client FQDN (2006)"],
    carriers: &[Carrier::Udp(&[546, 547])],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Dhcpv6),
};

/// Messages inside relay messages that are opened.
const RELAYS_MAX: usize = 8;
const OPTIONS_MAX: usize = 128;

struct Dhcpv6;

fn probe(probe: &Probe<'_>) -> Verdict {
    let is_usual = [546, 547].iter().any(|port| probe.source_port == *port || probe.destination_port == *port)
        || probe.is_to([0; 4], SERVERS_AND_RELAYS);
    let Some(kind) = probe.bytes.first().filter(|kind| (1..=13).contains(*kind)) else { return Verdict::NO };
    let speaker = if matches!(kind, 2 | 7 | 10 | 13) { Speaker::Server } else { Speaker::Client };
    match is_usual || has_identifier(probe.bytes) {
        true => Verdict::by(Match::Likely, speaker),
        false => Verdict::NO,
    }
}

/// Group of all servers and relays (RFC 8415, section 7.1).
const SERVERS_AND_RELAYS: u128 = 0xff02_0000_0000_0000_0000_0000_0001_0002;

/// Whether options fill the message of a client or server to its last byte, and one of them is the identifier of a
/// client or server of a known kind (RFC 8415, sections 8, 11 and 21).
fn has_identifier(bytes: &[u8]) -> bool {
    let mut rest = match bytes {
        [1..=11, _, _, _, rest @ ..] => rest,
        _ => return false,
    };
    let mut has_identifier = false;
    while !rest.is_empty() {
        let [high, low, long, short, more @ ..] = rest else { return false };
        let length = usize::from(u16::from_be_bytes([*long, *short]));
        let Some((value, after)) = more.split_at_checked(length) else { return false };
        has_identifier |= *high == 0 && matches!(low, 1 | 2) && matches!(value, [0, 1..=4, _, _, _, _, ..]);
        rest = after;
    }
    has_identifier
}

/// The options in `r`, a level of them.
fn options<'a>(mut r: Reader<'a>, mut with: impl FnMut(u16, Reader<'a>)) -> Result<(), Short> {
    for _ in 0..OPTIONS_MAX {
        if r.is_empty() {
            break;
        }
        let kind = r.u16("option")?;
        let length = r.u16("option length")?;
        with(kind, r.sub(length.into(), "option")?);
    }
    Ok(())
}

fn packet(bytes: &[u8], context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
    let mut r = Reader::new(bytes);
    let outer = r.u8("message type")?;
    let is_reply = matches!(outer, 2 | 7 | 10 | 13);
    if is_reply == (context.speaker == Speaker::Client) {
        out.swap_roles();
    }
    let mut kind = outer;
    // A relay wraps the message in option 9, once for each relay.
    for _ in 0..RELAYS_MAX {
        if !matches!(kind, 12 | 13) {
            break;
        }
        r.skip(33, "hops, link and peer address")?;
        let mut inner = None;
        options(r, |option, data| {
            if option == 9 {
                inner = Some(data);
            }
        })?;
        let Some(message) = inner else { break };
        r = message;
        kind = r.u8("relayed message type")?;
    }
    let mut draft = Draft::new(&PROTOCOL, outer.into()).message(PROTOCOL.id, outer.into());
    if kind != outer {
        draft = draft.extra("relayed", PROTOCOL.code(kind.into()).0);
    }
    let (mut name, mut address, mut status, mut client, mut servers) = (Text::default(), None, 0_u16, None, Vec::new());
    let mut class = Text::default();
    let result = if matches!(kind, 12 | 13) {
        Ok(())
    } else {
        r.skip(3, "transaction id").and_then(|()| {
            options(r, |option, mut data| match option {
                // Identifiers 1 and 3 end with the hardware address (section 11).
                1 => {
                    let kind = data.u16("kind").unwrap_or(0);
                    let head = if kind == 1 { 6 } else { 2 };
                    if matches!(kind, 1 | 3) && data.skip(head, "hardware type and time").is_ok() {
                        client = <[u8; 6]>::try_from(data.rest()).ok().map(Mac);
                    }
                }
                3 if data.skip(12, "identity and timers").is_ok() => {
                    let _ = options(data, |option, mut data| match option {
                        5 => address = data.array::<16>("address").ok().map(Ipv6Addr::from),
                        13 => status = data.u16("status").unwrap_or(0),
                        _ => {}
                    });
                }
                13 => status = data.u16("status").unwrap_or(0),
                16 => {
                    let _ = data.skip(6, "enterprise and length");
                    class = crate::ber::text(data.rest());
                }
                23 => {
                    while let Ok(ip) = data.array::<16>("name server")
                        && servers.len() < 4
                    {
                        servers.push(Ipv6Addr::from(ip));
                    }
                }
                39 => {
                    let _ = data.skip(1, "flags");
                    while let Ok(length @ 1..=63) = data.u8("label length") {
                        let Ok(label) = data.bytes(length.into(), "label") else { break };
                        if !name.is_empty() {
                            name.push('.');
                        }
                        super::dns::message::push_printable(&mut name, label);
                    }
                }
                _ => {}
            })
        })
    };
    if let Some(address) = address {
        draft = draft.object(format_compact!("{address}"));
    }
    for server in &servers {
        draft = draft.extra("name server", format_compact!("{server}"));
    }
    if is_reply {
        draft = match status {
            0 => draft.done(context.at),
            status => draft.refused(
                context.at,
                status.into(),
                match status {
                    1 => "unspecified failure",
                    2 => "no addresses available",
                    3 => "no binding",
                    4 => "not on link",
                    5 => "use multicast",
                    6 => "no prefix available",
                    _ => "unknown",
                },
            ),
        };
    } else if kind == outer {
        let certain = Confidence::Certain;
        out.fact(About::Client, FactKey::Hostname, &name, "dhcpv6 option 39 client fqdn", certain);
        out.fact(About::Client, FactKey::Description, &class, "dhcpv6 option 16 vendor class", Confidence::Likely);
        if let Some(mac) = client.filter(|mac| !mac.is_group()) {
            let mac = format_compact!("{mac}");
            out.fact(About::Client, FactKey::Mac, &mac, "dhcpv6 client identifier", Confidence::Likely);
        }
    }
    if is_reply && matches!(outer, 2 | 7) && out.server().ip.is_some_and(|ip| matches!(ip, IpAddr::V6(_))) {
        out.fact(About::Server, FactKey::Role, "dhcp server", "dhcpv6 answer", Confidence::Likely);
    }
    out.act(if is_reply { draft.from_server() } else { draft });
    result
}

impl Decoder for Dhcpv6 {
    fn read(&mut self, bytes: &[u8], context: &Context, out: &mut Output<'_>) {
        if let Err(short) = packet(bytes, context, out)
            && context.wire_len <= bytes.len()
        {
            out.short(&short);
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{Dialog, torture};

    const SOLICIT: &str = "01 123456 0001 000e 0001 0001 00000000 0200000000aa 0027 0005 00 03 686d69";

    #[test]
    fn a_machine_solicits() {
        Dialog::datagrams(&PROTOCOL).client(SOLICIT).server("07 123456 000d 0002 0002").end_is(expect![[r#"
            fact C: hostname = hmi (dhcpv6, dhcpv6 option 39 client fqdn, certain)
            fact C: mac = 02:00:00:00:00:aa (dhcpv6, dhcpv6 client identifier, likely)
            C > S dhcpv6 [other] solicit -> asked {dhcpv6 1: 1}
            S > C dhcpv6 [other] reply -> refused (2 no addresses available) {dhcpv6 7: 1}
        "#]]);
    }

    #[test]
    fn survives_anything() {
        let relayed = "0c 00 20010db8000000000000000000000001 fe800000000000000000000000000002 0009 0004 01123456";
        torture(&PROTOCOL, &[SOLICIT, relayed]);
    }
}
