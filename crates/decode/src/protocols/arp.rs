//! ARP, with its reverse and inverse kin: which hardware address has which IP address.

use std::net::{IpAddr, Ipv4Addr};

use compact_str::format_compact;
use model::{Address, Confidence, FactKey, Mac, Verb};
use wire::{Reader, Short};

use crate::{About, Carrier, Code, Context, Decoder, Draft, Match, Output, Probe, Protocol, Verdict, code};

/// Operations (IANA "ARP Parameters", operation codes).
const CODES: &[Code] = &[
    code(1, "who has", Verb::Other),
    code(2, "reply", Verb::Other),
    code(3, "reverse request", Verb::Other),
    code(4, "reverse reply", Verb::Other),
    code(8, "inverse request", Verb::Other),
    code(9, "inverse reply", Verb::Other),
    code(10, "nak", Verb::Other),
];

/// ARP.
pub static PROTOCOL: Protocol = Protocol {
    id: "arp",
    title: "ARP",
    about: "Finds the hardware address of an IP address on a link; whoever answers is believed.",
    depth: "Requests, replies, probes, gratuitous announcements; bindings, and those that contradict an earlier one.",
    documents: &[
        "RFC 826 An Ethernet Address Resolution Protocol (1982)",
        "RFC 5227 IPv4 Address Conflict Detection (2008)",
    ],
    carriers: &[Carrier::Ethernet(&[0x0806, 0x8035])],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Arp::default()),
};

/// Topic of the shared table: the hardware address that an IP address was last bound to.
const OWNER: &str = "arp owner";

#[derive(Default)]
struct Arp {
    /// The binding told last.
    told: Option<(Ipv4Addr, Mac)>,
}

fn probe(probe: &Probe<'_>) -> Verdict {
    // Hardware type and protocol type with lengths that fit them.
    match probe.bytes {
        [0, 1 | 6, 0x08, 0x00, 6, 4, 0, 1..=25, ..] => Verdict::of(Match::Certain),
        [0, _, 0x08, 0x00, _, 4, 0, 1..=25, ..] => Verdict::of(Match::Likely),
        [_, _, _, _, _, _, 0, 1..=25, ..] => Verdict::of(Match::Weak),
        _ => Verdict::NO,
    }
}

impl Arp {
    fn packet(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let mut r = Reader::new(message);
        r.skip(4, "hardware and protocol type")?;
        let (hardware_bytes, protocol_bytes) = (r.u8("hardware length")?, r.u8("protocol length")?);
        let operation = r.u16("operation")?;
        let draft = Draft::new(&PROTOCOL, operation.into()).message(PROTOCOL.id, operation.into());
        let draft = if context.speaker == crate::Speaker::Server { draft.from_server() } else { draft };
        if (hardware_bytes, protocol_bytes) != (6, 4) {
            // ATM, Frame Relay, InfiniBand, CHAOS: seen, not bound.
            out.act(draft);
            return Ok(());
        }
        let sender_mac = Mac(r.array("sender hardware address")?);
        let sender = Ipv4Addr::from(r.array::<4>("sender protocol address")?);
        let target_mac = Mac(r.array("target hardware address")?);
        let target = Ipv4Addr::from(r.array::<4>("target protocol address")?);
        let vlan = out.client().vlan;
        let end = |mac: Mac, ip: Ipv4Addr| Address {
            mac: Some(mac),
            ip: (!ip.is_unspecified()).then_some(IpAddr::V4(ip)),
            port: None,
            vlan,
        };
        let is_announcement = sender == target && !sender.is_unspecified();
        let mut draft = match operation {
            1 | 2 if is_announcement => draft.renamed("gratuitous announcement").object(format_compact!("{sender}")),
            1 if sender.is_unspecified() => draft.renamed("probe").object(format_compact!("{target}")),
            1 => draft.object(format_compact!("{target}")),
            3 | 4 => draft.object(format_compact!("{target_mac}")),
            _ => draft.object(format_compact!("{sender}")).target(end(target_mac, target)),
        };
        draft = draft.actor(end(sender_mac, sender));
        if operation == 2 && !is_announcement {
            draft = draft.done(context.at);
        }
        let is_binding = !sender.is_unspecified() && !sender_mac.is_group() && sender_mac != Mac([0; 6]);
        if is_binding && matches!(operation, 1 | 2 | 8 | 9) {
            draft = self.bind(sender, sender_mac, vlan, draft, out);
        }
        if sender_mac.is_group() {
            draft = draft.extra("anomaly", "the sender is a group address");
        }
        out.act(draft);
        Ok(())
    }

    fn bind<'a>(
        &mut self,
        ip: Ipv4Addr,
        mac: Mac,
        vlan: Option<u16>,
        draft: Draft<'a>,
        out: &mut Output<'_>,
    ) -> Draft<'a> {
        let (ip_text, mac_text) = (format_compact!("{ip}"), format_compact!("{mac}"));
        let owner = out.shared(OWNER, &ip_text);
        let draft = match owner {
            Some(before) if before != mac_text => draft.extra("before", before),
            _ => draft,
        };
        if self.told.replace((ip, mac)) != Some((ip, mac)) {
            let subject = Address { mac: Some(mac), ip: Some(IpAddr::V4(ip)), port: None, vlan };
            out.fact(About::Other(subject), FactKey::Mac, &mac_text, "arp sender", Confidence::Certain);
            let hardware = Address { ip: None, ..subject };
            out.fact(About::Other(hardware), FactKey::Ip, &ip_text, "arp sender", Confidence::Certain);
        }
        out.share(OWNER, ip_text, mac_text);
        draft
    }
}

impl Decoder for Arp {
    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        if let Err(short) = self.packet(message, context, out) {
            out.short(&short);
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{Dialog, probe, torture};

    const REQUEST: &str = "0001 0800 06 04 0001 0200000000aa 0a000001 000000000000 0a000002";

    #[test]
    fn a_request_and_its_reply() {
        Dialog::datagrams(&PROTOCOL)
            .client(REQUEST)
            .server("0001 0800 06 04 0002 0200000000bb 0a000002 0200000000aa 0a000001")
            .end_is(expect![[r#"
                fact C: mac = 02:00:00:00:00:aa (arp, arp sender, certain)
                fact 02:00:00:00:00:aa: ip = 10.0.0.1 (arp, arp sender, certain)
                C > S arp [other] who has | 10.0.0.2 -> asked {arp 1: 1}
                fact S: mac = 02:00:00:00:00:bb (arp, arp sender, certain)
                fact 02:00:00:00:00:bb: ip = 10.0.0.2 (arp, arp sender, certain)
                S > C arp [other] reply | 10.0.0.2 -> done {arp 2: 1}
            "#]]);
    }

    #[test]
    fn two_claim_one_address() {
        Dialog::datagrams(&PROTOCOL)
            .client("0001 0800 06 04 0001 0200000000aa 0a000001 000000000000 0a000001")
            .client("0001 0800 06 04 0002 0200000000cc 0a000001 0200000000bb 0a000002")
            .end_is(expect![[r#"
                fact C: mac = 02:00:00:00:00:aa (arp, arp sender, certain)
                fact 02:00:00:00:00:aa: ip = 10.0.0.1 (arp, arp sender, certain)
                C > S arp [other] gratuitous announcement | 10.0.0.1 -> asked {arp 1: 1}
                fact C: mac = 02:00:00:00:00:cc (arp, arp sender, certain)
                fact 02:00:00:00:00:cc: ip = 10.0.0.1 (arp, arp sender, certain)
                C > S arp [other] reply | 10.0.0.1 -> done before=02:00:00:00:00:aa {arp 2: 1}
            "#]]);
    }

    #[test]
    fn a_probe_has_no_address() {
        Dialog::datagrams(&PROTOCOL).client("0001 0800 06 04 0001 0200000000aa 00000000 000000000000 0a000001").end_is(
            expect![[r#"
                02:00:00:00:00:aa > S arp [other] probe | 10.0.0.1 -> asked {arp 1: 1}
            "#]],
        );
    }

    #[test]
    fn survives_anything() {
        assert_eq!(probe(&PROTOCOL, REQUEST).matched, Match::Certain);
        torture(&PROTOCOL, &[REQUEST]);
    }
}
