//! ICMP: echoes, and what networks and hosts say when a packet could not go its way.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use compact_str::format_compact;
use model::{Confidence, FactKey, Text, Verb};
use wire::{Reader, Short};

use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Exchange, Match, Output, Probe, Protocol, Speaker, Verdict, code,
};

/// Types (IANA "ICMP Parameters").
const CODES: &[Code] = &[
    code(0, "echo reply", Verb::Diagnose),
    code(3, "destination unreachable", Verb::Report),
    code(4, "source quench", Verb::Report),
    code(5, "redirect", Verb::Report),
    code(8, "echo", Verb::Diagnose),
    code(9, "router advertisement", Verb::Report),
    code(10, "router solicitation", Verb::Other),
    code(11, "time exceeded", Verb::Report),
    code(12, "parameter problem", Verb::Report),
    code(13, "timestamp", Verb::Time),
    code(14, "timestamp reply", Verb::Time),
    code(15, "information request", Verb::Diagnose),
    code(16, "information reply", Verb::Diagnose),
    code(17, "address mask request", Verb::Diagnose),
    code(18, "address mask reply", Verb::Diagnose),
    code(30, "traceroute", Verb::Diagnose),
    code(42, "extended echo request", Verb::Diagnose),
    code(43, "extended echo reply", Verb::Diagnose),
];

/// ICMP.
pub static PROTOCOL: Protocol = Protocol {
    id: "icmp",
    title: "ICMP",
    about: "Tests whether machines are there, and tells when packets cannot be delivered.",
    depth: "Echo with its answer, unreachable and time exceeded with the flow they speak of, redirects, routers, timestamps.",
    documents: &[
        "RFC 792 Internet Control Message Protocol (1981)",
        "RFC 1256 Router Discovery (1991)",
        "RFC 1812 section 5.2.7",
    ],
    carriers: &[Carrier::Ip(1)],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Icmp::default()),
};

/// Codes of destination unreachable.
const UNREACHABLE: &[&str] = &[
    "network unreachable",
    "host unreachable",
    "protocol unreachable",
    "port unreachable",
    "fragmentation needed",
    "source route failed",
    "network unknown",
    "host unknown",
    "source host isolated",
    "network prohibited",
    "host prohibited",
    "network unreachable for service",
    "host unreachable for service",
    "prohibited by filter",
    "host precedence violation",
    "precedence cutoff",
];
const REDIRECT: &[&str] = &["for network", "for host", "for service and network", "for service and host"];
const EXCEEDED: &[&str] = &["in transit", "in reassembly"];

/// What asks, by what answers it.
const ANSWERS: &[(u8, u8)] = &[(0, 8), (14, 13), (16, 15), (18, 17), (43, 42)];

#[derive(Default)]
struct Icmp {
    /// By asking type, identifier, sequence number, and whether the client asked.
    exchange: Exchange<(u8, u16, u16, bool), ()>,
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

/// The flow of a quoted packet: `udp 10.0.0.1:5000 > 10.0.0.2:53`. As much of it as was quoted.
pub(crate) fn quoted(bytes: &[u8]) -> Option<Text> {
    let mut r = Reader::new(bytes);
    let first = r.peek()?;
    let (protocol, source, destination): (u8, IpAddr, IpAddr) = match first >> 4 {
        4 => {
            let mut header = r.sub(usize::from(first & 0x0f).checked_mul(4)?, "header").ok()?;
            header.skip(9, "version to time to live").ok()?;
            let protocol = header.u8("protocol").ok()?;
            header.skip(2, "checksum").ok()?;
            let source = Ipv4Addr::from(header.array::<4>("source").ok()?);
            (protocol, source.into(), Ipv4Addr::from(header.array::<4>("destination").ok()?).into())
        }
        6 => {
            r.skip(6, "version to length").ok()?;
            let protocol = r.u8("next header").ok()?;
            r.skip(1, "hop limit").ok()?;
            let source = Ipv6Addr::from(r.array::<16>("source").ok()?);
            (protocol, source.into(), Ipv6Addr::from(r.array::<16>("destination").ok()?).into())
        }
        _ => return None,
    };
    let name = match protocol {
        1 => "icmp",
        6 => "tcp",
        17 => "udp",
        58 => "icmpv6",
        132 => "sctp",
        other => return Some(format_compact!("ip-{other} {source} > {destination}")),
    };
    match (protocol, r.u16("source port"), r.u16("destination port")) {
        (6 | 17 | 132, Ok(from), Ok(to)) => Some(format_compact!("{name} {source}:{from} > {destination}:{to}")),
        _ => Some(format_compact!("{name} {source} > {destination}")),
    }
}

impl Icmp {
    fn packet(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        while let Some((key, at, ())) = self.exchange.overdue(context.at) {
            unanswered(key, at, out);
        }
        let mut r = Reader::new(message);
        let (kind, code) = (r.u8("type")?, r.u8("code")?);
        let is_client = context.speaker == Speaker::Client;
        let draft = Draft::new(&PROTOCOL, kind.into()).message(PROTOCOL.id, kind.into());
        let said = |draft: Draft<'static>| if is_client { draft } else { draft.from_server() };
        if let Err(short) = r.skip(2, "checksum") {
            out.act(said(draft));
            return Err(short);
        }
        let reason = |names: &[&'static str]| match names.get(usize::from(code)) {
            Some(name) => Text::const_new(name),
            None => format_compact!("0x{code:02x}"),
        };
        let asking = ANSWERS.iter().find(|(answer, _)| *answer == kind).map(|(_, asking)| *asking);
        match kind {
            8 | 13 | 15 | 17 | 42 => {
                let key = (kind, r.u16("identifier")?, r.u16("sequence number")?, is_client);
                if let Some((key, at, ())) = self.exchange.ask(key, context.at, ()) {
                    unanswered(key, at, out);
                }
            }
            _ if let Some(asking) = asking => {
                let (identifier, sequence) = (r.u16("identifier")?, r.u16("sequence number")?);
                let asked = self.exchange.answer(&(asking, identifier, sequence, !is_client));
                let mut draft = Draft::new(&PROTOCOL, asking.into()).message(PROTOCOL.id, kind.into()).done(context.at);
                if let Some((at, ())) = asked {
                    draft = draft.asked(at).message(PROTOCOL.id, asking.into());
                }
                if let (18, Ok(mask)) = (kind, r.array::<4>("address mask")) {
                    let mask = format_compact!("{}", Ipv4Addr::from(mask));
                    let about = if is_client { About::Server } else { About::Client };
                    out.fact(about, FactKey::Netmask, &mask, "icmp address mask", Confidence::Likely);
                }
                // The act is the asker's.
                out.act(if is_client { draft.from_server() } else { draft });
            }
            3 | 4 | 5 | 11 | 12 => {
                let rest = r.array::<4>("rest of header");
                let mut draft = match kind {
                    3 => draft.status(code.into(), reason(UNREACHABLE)),
                    5 => draft.status(code.into(), reason(REDIRECT)),
                    11 => draft.status(code.into(), reason(EXCEEDED)),
                    _ => draft,
                };
                if let (5, Ok(gateway)) = (kind, rest) {
                    draft = draft.extra("gateway", format_compact!("{}", Ipv4Addr::from(gateway)));
                }
                if let (3, 4, Ok([_, _, high, low])) = (kind, code, rest) {
                    draft = draft.extra("mtu", format_compact!("{}", u16::from_be_bytes([high, low])));
                }
                if let Some(flow) = quoted(r.rest()) {
                    draft = draft.object(flow);
                }
                if matches!((kind, code), (5, _) | (11, 0) | (3, 0 | 1 | 4 | 6 | 7)) {
                    out.fact(About::Speaker, FactKey::Router, "forwards packets", "icmp error", Confidence::Likely);
                }
                out.act(said(draft));
            }
            9 => {
                out.fact(
                    About::Speaker,
                    FactKey::Router,
                    "icmp router",
                    "icmp router advertisement",
                    Confidence::Certain,
                );
                out.act(said(draft));
            }
            _ => out.act(said(draft)),
        }
        Ok(())
    }
}

fn unanswered((kind, _, _, is_client): (u8, u16, u16, bool), at: model::Time, out: &mut Output<'_>) {
    let draft = Draft::new(&PROTOCOL, kind.into()).message(PROTOCOL.id, kind.into()).asked(at);
    let draft = if out.is_to_group() { draft } else { draft.no_answer() };
    out.act(if is_client { draft } else { draft.from_server() });
}

impl Decoder for Icmp {
    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        if let Err(short) = self.packet(message, context, out) {
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

    const ECHO: &str = "08 00 0000 0001 0002 6162";
    const PORT_UNREACHABLE: &str =
        "03 03 0000 00000000 4500001c 00000000 40110000 0a000001 0a000002 1388 0035 0008 0000";

    #[test]
    fn an_echo_and_its_answer() {
        Dialog::datagrams(&PROTOCOL).client(ECHO).server("00 00 0000 0001 0002 6162").client(ECHO).end_is(expect![[
            r#"
                C > S icmp [diagnose] echo -> done in 1000 us {icmp 0: 1} {icmp 8: 1}
                C > S icmp [diagnose] echo -> no answer {icmp 8: 1}
            "#
        ]]);
    }

    #[test]
    fn a_port_is_closed() {
        Dialog::datagrams(&PROTOCOL).server(PORT_UNREACHABLE).end_is(expect![[r#"
            S > C icmp [report] destination unreachable | udp 10.0.0.1:5000 > 10.0.0.2:53 -> asked (3 port unreachable) {icmp 3: 1}
        "#]]);
    }

    #[test]
    fn a_router_redirects() {
        Dialog::datagrams(&PROTOCOL)
            .client("05 01 0000 0a0000fe 4500001c 00000000 40110000 0a000001 0a000002 1388 0035 0008 0000")
            .end_is(expect![[r#"
                fact C: router = forwards packets (icmp, icmp error, likely)
                C > S icmp [report] redirect | udp 10.0.0.1:5000 > 10.0.0.2:53 -> asked (1 for host) gateway=10.0.0.254 {icmp 5: 1}
            "#]]);
    }

    #[test]
    fn survives_anything() {
        torture(&PROTOCOL, &[ECHO, PORT_UNREACHABLE, "0d 00 0000 0001 0001 00000001 00000000 00000000"]);
    }
}
