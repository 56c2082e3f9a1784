//! ICMPv6: echoes and errors, and neighbour discovery, which does for IPv6 what ARP does for IPv4.

use std::net::{IpAddr, Ipv6Addr};

use compact_str::format_compact;
use model::{Address, Confidence, FactKey, Mac, Text, Verb};
use wire::{Reader, Short};

use super::icmp::quoted;
use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Exchange, Match, Output, Probe, Protocol, Speaker, Verdict, code,
};

/// Types (IANA "ICMPv6 Parameters").
const CODES: &[Code] = &[
    code(1, "destination unreachable", Verb::Report),
    code(2, "packet too big", Verb::Report),
    code(3, "time exceeded", Verb::Report),
    code(4, "parameter problem", Verb::Report),
    code(128, "echo", Verb::Diagnose),
    code(129, "echo reply", Verb::Diagnose),
    code(130, "multicast listener query", Verb::Other),
    code(131, "multicast listener report", Verb::Subscribe),
    code(132, "multicast listener done", Verb::Subscribe),
    code(133, "router solicitation", Verb::Other),
    code(134, "router advertisement", Verb::Report),
    code(135, "neighbour solicitation", Verb::Other),
    code(136, "neighbour advertisement", Verb::Other),
    code(137, "redirect", Verb::Report),
    code(138, "router renumbering", Verb::Configure),
    code(139, "node information query", Verb::Identify),
    code(140, "node information response", Verb::Identify),
    code(143, "multicast listener report 2", Verb::Subscribe),
    code(151, "multicast router advertisement", Verb::Report),
    code(152, "multicast router solicitation", Verb::Other),
    code(153, "multicast router termination", Verb::Report),
    code(155, "rpl control", Verb::Other),
];

/// ICMPv6.
pub static PROTOCOL: Protocol = Protocol {
    id: "icmpv6",
    title: "ICMPv6",
    about: "Finds neighbours and routers of IPv6, and tests and reports like ICMP; whoever answers is believed.",
    depth: "Neighbour and router discovery with bindings, prefixes and name servers; echo; errors with the flow they speak of; multicast listeners.",
    documents: &[
        "RFC 4443 ICMPv6 (2006)",
        "RFC 4861 Neighbor Discovery for IPv6 (2007)",
        "RFC 8106 DNS options of router advertisements (2017)",
        "RFC 2710 and RFC 3810 Multicast Listener Discovery",
    ],
    carriers: &[Carrier::Ip(58)],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Icmpv6::default()),
};

const UNREACHABLE: &[&str] = &[
    "no route",
    "administratively prohibited",
    "beyond scope of source address",
    "address unreachable",
    "port unreachable",
    "source address failed policy",
    "reject route",
];

#[derive(Default)]
struct Icmpv6 {
    exchange: Exchange<(u16, u16, bool), ()>,
    told: Option<(Ipv6Addr, Mac)>,
}

fn probe(probe: &Probe<'_>) -> Verdict {
    match probe.bytes {
        [kind, code, _, _, ..] => {
            let is_known = CODES.iter().any(|c| c.code == u32::from(*kind)) && *code < 16;
            Verdict::of(if is_known { Match::Likely } else { Match::Weak })
        }
        _ => Verdict::NO,
    }
}

fn address(r: &mut Reader<'_>, what: &'static str) -> Result<Ipv6Addr, Short> {
    r.array::<16>(what).map(Ipv6Addr::from)
}

/// The options behind neighbour discovery messages: type, and what is in them.
fn options(mut r: Reader<'_>, mut with: impl FnMut(u8, Reader<'_>)) -> Result<(), Short> {
    while !r.is_empty() {
        let kind = r.u8("option type")?;
        // In units of 8 bytes, type and length included; 0 would never end (RFC 4861, section 4.6).
        let length = usize::from(r.u8("option length")?).saturating_mul(8);
        let Some(length) = length.checked_sub(2) else { return Err(r.short("option", 8)) };
        with(kind, r.sub(length, "option")?);
    }
    Ok(())
}

impl Icmpv6 {
    fn packet(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        while let Some((key, at, ())) = self.exchange.overdue(context.at) {
            unanswered(key, at, out);
        }
        let mut r = Reader::new(message);
        let (kind, code) = (r.u8("type")?, r.u8("code")?);
        let is_client = context.speaker == Speaker::Client;
        let mut draft = Draft::new(&PROTOCOL, kind.into()).message(PROTOCOL.id, kind.into());
        if !is_client {
            draft = draft.from_server();
        }
        let mut result = r.skip(2, "checksum");
        match kind {
            128 => {
                let key = (r.u16("identifier")?, r.u16("sequence number")?, is_client);
                if let Some((key, at, ())) = self.exchange.ask(key, context.at, ()) {
                    unanswered(key, at, out);
                }
                return result;
            }
            129 => {
                let asked = self.exchange.answer(&(r.u16("identifier")?, r.u16("sequence number")?, !is_client));
                draft = Draft::new(&PROTOCOL, 128).message(PROTOCOL.id, 129).done(context.at);
                if let Some((at, ())) = asked {
                    draft = draft.asked(at).message(PROTOCOL.id, 128);
                }
                if is_client {
                    draft = draft.from_server();
                }
            }
            1..=4 => {
                if kind == 1 {
                    let name = UNREACHABLE.get(usize::from(code)).map(|name| Text::const_new(name));
                    draft = draft.status(code.into(), name.unwrap_or_else(|| format_compact!("0x{code:02x}")));
                }
                if let Some(flow) = r.rest().get(4..).and_then(quoted) {
                    draft = draft.object(flow);
                }
                if kind == 2 || (kind, code) == (3, 0) {
                    out.fact(About::Speaker, FactKey::Router, "forwards packets", "icmpv6 error", Confidence::Likely);
                }
            }
            134 => {
                let read = self.router(&mut r, out);
                for (name, value) in read.0 {
                    draft = draft.extra(name, value);
                }
                result = result.and(read.1);
            }
            135..=137 => {
                let head = r.skip(4, "flags").and_then(|()| address(&mut r, "target address"));
                match head {
                    Ok(target) => {
                        draft = draft.object(format_compact!("{target}"));
                        if kind == 136 {
                            draft = draft.done(context.at);
                        }
                        let said_by = said_by(is_client, out).ip;
                        let is_probe = matches!(said_by, Some(IpAddr::V6(ip)) if ip.is_unspecified());
                        if kind == 135 && is_probe {
                            draft = draft.renamed("duplicate address probe");
                        }
                        result = result.and(self.neighbour(kind, target, r, is_client, out));
                    }
                    Err(short) => result = Err(short),
                }
            }
            130..=132 => match r.skip(4, "delay").and_then(|()| address(&mut r, "multicast address")) {
                Ok(group) if !group.is_unspecified() => draft = draft.object(format_compact!("{group}")),
                Ok(_) => {}
                Err(short) => result = Err(short),
            },
            143 => {
                // The first group; reports list all groups of a machine.
                let count = r.skip(2, "reserved").and_then(|()| r.u16("number of records"));
                match count
                    .and_then(|count| r.skip(4, "record head").and_then(|()| Ok((count, address(&mut r, "group")?))))
                {
                    Ok((count, group)) => {
                        draft = draft.object(format_compact!("{group}"));
                        if count > 1 {
                            draft = draft.extra("groups", format_compact!("{count}"));
                        }
                    }
                    Err(short) => result = Err(short),
                }
            }
            _ => {}
        }
        out.act(draft);
        result
    }

    /// A router advertisement (RFC 4861, section 4.2): what it offers.
    fn router(&mut self, r: &mut Reader<'_>, out: &mut Output<'_>) -> (Vec<(&'static str, Text)>, Result<(), Short>) {
        let mut extra = Vec::new();
        let mut mac = None;
        let result = r.u8("hop limit").and_then(|_| {
            let flags = r.u8("flags")?;
            let lifetime = r.u16("router lifetime")?;
            r.skip(8, "reachable time, retransmission timer")?;
            extra.push(("lifetime", format_compact!("{lifetime} s")));
            if flags & 0xc0 != 0 {
                extra.push(("managed", Text::const_new(if flags & 0x80 != 0 { "addresses" } else { "other" })));
            }
            if lifetime > 0 {
                let source = "router advertisement";
                out.fact(About::Speaker, FactKey::Router, "ipv6 router", source, Confidence::Certain);
            }
            options(*r, |kind, mut option| match kind {
                1 => mac = option.array::<6>("link-layer address").ok().map(Mac),
                3 => {
                    let length = option.u8("prefix length");
                    let rest = option.skip(13, "flags and lifetimes");
                    if let (Ok(length), Ok(()), Ok(prefix)) = (length, rest, address(&mut option, "prefix")) {
                        extra.push(("prefix", format_compact!("{prefix}/{length}")));
                    }
                }
                25 => {
                    let _ = option.skip(6, "reserved, lifetime");
                    while let Ok(server) = address(&mut option, "name server") {
                        extra.push(("name server", format_compact!("{server}")));
                    }
                }
                _ => {}
            })
        });
        if let Some(mac) = mac {
            out.fact(
                About::Speaker,
                FactKey::Mac,
                &format_compact!("{mac}"),
                "router advertisement",
                Confidence::Certain,
            );
        }
        extra.truncate(16);
        (extra, result)
    }

    /// Solicitation, advertisement, redirect: the binding they carry.
    fn neighbour(
        &mut self,
        kind: u8,
        target: Ipv6Addr,
        mut r: Reader<'_>,
        is_client: bool,
        out: &mut Output<'_>,
    ) -> Result<(), Short> {
        let said_by = said_by(is_client, out);
        if kind == 137 {
            r.skip(16, "destination address")?;
            out.fact(About::Speaker, FactKey::Router, "forwards packets", "icmpv6 redirect", Confidence::Likely);
        }
        let mut bound = None;
        let result = options(r, |option, mut r| {
            let whose = match (kind, option, said_by.ip) {
                (135, 1, Some(IpAddr::V6(ip))) => ip,
                (136, 2, _) => target,
                _ => return,
            };
            if let Ok(mac) = r.array::<6>("link-layer address") {
                bound = Some((whose, Mac(mac)));
            }
        });
        if let Some((ip, mac)) = bound.filter(|(ip, mac)| !ip.is_unspecified() && !mac.is_group())
            && self.told.replace((ip, mac)) != Some((ip, mac))
        {
            let source = if kind == 136 { "neighbour advertisement" } else { "neighbour solicitation" };
            let subject = Address { mac: Some(mac), ip: Some(IpAddr::V6(ip)), port: None, vlan: said_by.vlan };
            out.fact(About::Other(subject), FactKey::Mac, &format_compact!("{mac}"), source, Confidence::Certain);
            let hardware = Address { ip: None, ..subject };
            out.fact(About::Other(hardware), FactKey::Ip, &format_compact!("{ip}"), source, Confidence::Certain);
        }
        result
    }
}

fn said_by(is_client: bool, out: &Output<'_>) -> Address {
    if is_client { out.client() } else { out.server() }
}

fn unanswered((_, _, is_client): (u16, u16, bool), at: model::Time, out: &mut Output<'_>) {
    let draft = Draft::new(&PROTOCOL, 128).message(PROTOCOL.id, 128).asked(at);
    let draft = if out.is_to_group() { draft } else { draft.no_answer() };
    out.act(if is_client { draft } else { draft.from_server() });
}

impl Decoder for Icmpv6 {
    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        if let Err(short) = self.packet(message, context, out)
            && context.wire_len <= message.len()
        {
            out.short(&short);
        }
    }

    fn end(&mut self, out: &mut Output<'_>) {
        let mut exchange = std::mem::take(&mut self.exchange);
        for (key, at, ()) in exchange.drain() {
            unanswered(key, at, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{Dialog, torture};

    const ADVERTISEMENT: &str = "88 00 0000 60000000 fe800000000000000000000000000001 02 01 0200000000aa";
    const ROUTER: &str = "86 00 0000 40 c0 0708 00000000 00000000 01 01 0200000000aa
        03 04 40 c0 00015180 00003840 00000000 20010db8000000000000000000000000";

    #[test]
    fn a_neighbour_has_a_hardware_address() {
        Dialog::datagrams(&PROTOCOL).client(ADVERTISEMENT).end_is(expect![[r#"
            fact fe80::1: mac = 02:00:00:00:00:aa (icmpv6, neighbour advertisement, certain)
            fact 02:00:00:00:00:aa: ip = fe80::1 (icmpv6, neighbour advertisement, certain)
            C > S icmpv6 [other] neighbour advertisement | fe80::1 -> done {icmpv6 136: 1}
        "#]]);
    }

    #[test]
    fn a_router_offers_itself() {
        Dialog::datagrams(&PROTOCOL).client(ROUTER).end_is(expect![[r#"
            fact C: router = ipv6 router (icmpv6, router advertisement, certain)
            fact C: mac = 02:00:00:00:00:aa (icmpv6, router advertisement, certain)
            C > S icmpv6 [report] router advertisement -> asked lifetime=1800 s managed=addresses prefix=2001:db8::/64 {icmpv6 134: 1}
        "#]]);
    }

    #[test]
    fn an_echo_and_its_answer() {
        Dialog::datagrams(&PROTOCOL).client("80 00 0000 0001 0001").server("81 00 0000 0001 0001").end_is(expect![[
            r#"
                C > S icmpv6 [diagnose] echo -> done in 1000 us {icmpv6 129: 1} {icmpv6 128: 1}
            "#
        ]]);
    }

    #[test]
    fn survives_anything() {
        torture(&PROTOCOL, &[ADVERTISEMENT, ROUTER, "8f00 0000 0000 0001 04000000 ff020000000000000000000000000001"]);
    }
}
