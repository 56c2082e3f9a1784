//! Tunnels and remote access that are recognised and not read: WireGuard, OpenVPN, IKE, QUIC, TeamViewer, AnyDesk.

use compact_str::format_compact;
use model::{Text, Time, Verb};

use crate::{Carrier, Code, Context, Decoder, Draft, Match, Measure, Output, Probe, Protocol, Speaker, Verdict, code};

const CODES: &[Code] = &[code(0, "session", Verb::Other)];

const DEPTH: &str = "Recognised by its first bytes; messages and bytes are counted.";

/// WireGuard.
pub static WIREGUARD: Protocol = Protocol {
    id: "wireguard",
    title: "WireGuard",
    about: "An encrypted tunnel into or out of the network.",
    depth: DEPTH,
    documents: &["WireGuard: Next Generation Kernel Network Tunnel (2020), section 5.4"],
    carriers: &[Carrier::Udp(&[51820])],
    is_industrial: false,
    codes: CODES,
    probe: |probe| match probe.bytes {
        [1, 0, 0, 0, ..] if probe.bytes.len() == 148 => Verdict::by(Match::Likely, Speaker::Client),
        [2, 0, 0, 0, ..] if probe.bytes.len() == 92 => Verdict::by(Match::Likely, Speaker::Server),
        [4, 0, 0, 0, ..] if probe.bytes.len() >= 32 && probe.bytes.len() % 16 == 0 => Verdict::of(Match::Weak),
        _ => Verdict::NO,
    },
    open: |_| Box::new(Tunnel::new(&WIREGUARD)),
};

/// OpenVPN.
pub static OPENVPN: Protocol = Protocol {
    id: "openvpn",
    title: "OpenVPN",
    about: "An encrypted tunnel into or out of the network.",
    depth: DEPTH,
    documents: &["OpenVPN protocol (openvpn.net), packet opcodes"],
    carriers: &[Carrier::Udp(&[1194])],
    is_industrial: false,
    codes: CODES,
    // Hard reset of client (7) and server (8), key 0; then a session id and no acknowledgements.
    probe: |probe| match probe.bytes {
        [0x38, ..] if matches!(probe.bytes.len(), 14 | 42 | 54) => Verdict::by(Match::Weak, Speaker::Client),
        [0x40, ..] if matches!(probe.bytes.len(), 26 | 54 | 66) => Verdict::by(Match::Weak, Speaker::Server),
        _ => Verdict::NO,
    },
    open: |_| Box::new(Tunnel::new(&OPENVPN)),
};

/// IKE.
pub static IKE: Protocol = Protocol {
    id: "ike",
    title: "IKE (IPsec)",
    about: "Negotiates the keys of an IPsec tunnel.",
    depth: DEPTH,
    documents: &["RFC 7296 section 3.1", "RFC 2408 section 3.1"],
    carriers: &[Carrier::Udp(&[500, 4500])],
    is_industrial: false,
    codes: CODES,
    probe: probe_ike,
    open: |_| Box::new(Tunnel::new(&IKE)),
};

/// QUIC.
pub static QUIC: Protocol = Protocol {
    id: "quic",
    title: "QUIC",
    about: "Encrypted web traffic over UDP.",
    depth: DEPTH,
    documents: &["RFC 9000 section 17.2", "RFC 9369 (version 2)"],
    carriers: &[Carrier::Udp(&[443, 4433])],
    is_industrial: false,
    codes: CODES,
    probe: |probe| match probe.bytes {
        [0xc0..=0xff, 0, 0, 0, 1, length @ 0..=20, ..]
        | [0xc0..=0xff, 0x6b, 0x33, 0x43, 0xcf, length @ 0..=20, ..]
        | [0xc0..=0xff, 0xff, 0, 0, 0x13..=0x22, length @ 0..=20, ..]
            if probe.bytes.len() > usize::from(*length) + 40 =>
        {
            let is_padded = probe.bytes.len() >= 1_200;
            Verdict::of(if is_padded { Match::Likely } else { Match::Weak })
        }
        _ => Verdict::NO,
    },
    open: |_| Box::new(Tunnel::new(&QUIC)),
};

/// TeamViewer.
pub static TEAMVIEWER: Protocol = Protocol {
    id: "teamviewer",
    title: "TeamViewer",
    about: "Remote control of a station through servers on the internet.",
    depth: DEPTH,
    documents: &["Observed traffic: commands begin with 17 24, since version 4 with 11 30"],
    carriers: &[Carrier::Tcp(&[5938]), Carrier::Udp(&[5938])],
    is_industrial: false,
    codes: CODES,
    probe: |probe| {
        let is_usual = probe.source_port == 5938 || probe.destination_port == 5938;
        match probe.bytes {
            [0x17, 0x24, 0x0a | 0x0b | 0x0e | 0x10..=0x18, ..] if is_usual => Verdict::of(Match::Likely),
            [0x11, 0x30, 0..=0x50, 0, ..] if is_usual => Verdict::of(Match::Likely),
            [0x17] | [0x17, 0x24] | [0x11] | [0x11, 0x30] if probe.is_stream && is_usual => Verdict::MORE,
            _ => Verdict::NO,
        }
    },
    open: |_| Box::new(Tunnel::new(&TEAMVIEWER)),
};

/// AnyDesk.
pub static ANYDESK: Protocol = Protocol {
    id: "anydesk",
    title: "AnyDesk",
    about: "Remote control of a station, directly or through servers on the internet.",
    depth: "Recognised by the names in its TLS handshake.",
    documents: &["Observed traffic: server names under anydesk.com, certificates of AnyDesk Client"],
    carriers: &[Carrier::Inside("tls")],
    is_industrial: false,
    codes: CODES,
    probe: |_| Verdict::NO,
    open: |_| Box::new(Tunnel::new(&ANYDESK)),
};

/// The remote access whose servers or certificates have `name`.
pub(crate) fn by_name(name: &str) -> Option<&'static Protocol> {
    let name = name.to_ascii_lowercase();
    if name.ends_with("anydesk.com") || name.starts_with("anydesk client") || name.starts_with("anynet ") {
        Some(&ANYDESK)
    } else if name.ends_with("teamviewer.com") {
        Some(&TEAMVIEWER)
    } else {
        None
    }
}

/// Tells that a TLS connection belongs to a program for remote access.
pub(crate) fn tell(name: &str, out: &mut Output<'_>) {
    if let Some(protocol) = by_name(name) {
        out.within(protocol, |out| out.act(Draft::new(protocol, 0).object(name)));
    }
}

fn probe_ike(probe: &Probe<'_>) -> Verdict {
    // Behind port 4500 four zero bytes mark IKE.
    let bytes = probe.bytes.strip_prefix(&[0, 0, 0, 0]).unwrap_or(probe.bytes);
    let Some(header) = bytes.first_chunk::<28>() else { return Verdict::NO };
    let [.., version, exchange, _flags, _, _, _, _, a, b, c, d] = header;
    let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
    let is_version = matches!((version, exchange), (0x10, 2..=6 | 32 | 33) | (0x20, 34..=37 | 43));
    let has_initiator = header.get(..8).is_some_and(|spi| spi.iter().any(|b| *b != 0));
    if is_version && has_initiator && length == bytes.len() { Verdict::of(Match::Certain) } else { Verdict::NO }
}

struct Tunnel {
    protocol: &'static Protocol,
    first: Option<Time>,
    messages: u32,
    bytes: [u64; 2],
}

impl Tunnel {
    const fn new(protocol: &'static Protocol) -> Tunnel {
        Tunnel { protocol, first: None, messages: 0, bytes: [0; 2] }
    }
}

impl Decoder for Tunnel {
    fn measure(&mut self, bytes: &[u8], _speaker: Speaker) -> Measure {
        Measure::Whole(bytes.len())
    }

    fn read(&mut self, message: &[u8], context: &Context, _out: &mut Output<'_>) {
        self.first.get_or_insert(context.at);
        self.messages = self.messages.saturating_add(1);
        let [client, server] = &mut self.bytes;
        let count = if context.speaker == Speaker::Client { client } else { server };
        *count = count.saturating_add(message.len() as u64);
    }

    fn end(&mut self, out: &mut Output<'_>) {
        let Some(at) = self.first else { return };
        let [client, server] = self.bytes;
        let sizes: [Text; 2] = [format_compact!("{client}"), format_compact!("{server}")];
        let [client, server] = sizes;
        let draft = Draft::new(self.protocol, 0).asked(at).extra("client bytes", client);
        out.act(draft.extra("server bytes", server));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(protocol: &Protocol, bytes: &[u8]) -> Match {
        let probe =
            Probe { bytes, is_stream: false, is_start: true, source_port: 0, destination_port: 0, kind: 0, to: None };
        (protocol.probe)(&probe).matched
    }

    #[test]
    fn first_messages_are_recognised_and_others_are_not() {
        let mut wireguard = [7; 148];
        wireguard[..4].copy_from_slice(&[1, 0, 0, 0]);
        assert_eq!(verdict(&WIREGUARD, &wireguard), Match::Likely);
        let mut ike = [1; 28];
        ike[17..20].copy_from_slice(&[0x20, 34, 8]);
        ike[24..].copy_from_slice(&28_u32.to_be_bytes());
        assert_eq!(verdict(&IKE, &ike), Match::Certain);
        ike[27] = 29;
        assert_eq!(verdict(&IKE, &ike), Match::No);
        let mut quic = vec![0; 1_200];
        quic[..6].copy_from_slice(&[0xc3, 0, 0, 0, 1, 8]);
        assert_eq!(verdict(&QUIC, &quic), Match::Likely);
        assert_eq!(by_name("relay-1.net.anydesk.com").map(|p| p.id), Some("anydesk"));
        assert!(by_name("plc.example").is_none());
    }

    #[test]
    fn tunnels_without_a_magic_number_need_more_than_their_first_byte() {
        let verdict = |row: &Protocol, bytes: &[u8], port| {
            let probe = Probe {
                bytes,
                is_stream: false,
                is_start: true,
                source_port: 50_000,
                destination_port: port,
                kind: 0,
                to: None,
            };
            (row.probe)(&probe).matched
        };
        // OpenVPN: a hard reset of the client has one of few lengths, and is never more than a weak match.
        let mut reset = vec![0x38];
        reset.resize(14, 1);
        assert_eq!(verdict(&OPENVPN, &reset, 1194), crate::Match::Weak);
        reset.push(1);
        assert_eq!(verdict(&OPENVPN, &reset, 1194), crate::Match::No);
        // TeamViewer: only on its port.
        assert_eq!(verdict(&TEAMVIEWER, &[0x17, 0x24, 0x10, 0x04], 5938), crate::Match::Likely);
        assert_eq!(verdict(&TEAMVIEWER, &[0x17, 0x24, 0x10, 0x04], 443), crate::Match::No);
    }
}
