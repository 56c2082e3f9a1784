//! The header walk against a second parser (etherparse), against itself, and as transcripts of frames with tunnels.

use etherparse::{LaxNetSlice, LaxSlicedPacket, PacketBuilder, TransportSlice};

use model::{Frame, LinkType, Time};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn frame(link: LinkType, bytes: &[u8]) -> Frame<'_> {
    Frame { at: Time(0), link, bytes, wire_len: bytes.len() as u32, number: 1 }
}

/// What a frame is built from.
#[derive(Clone, Debug)]
struct Recipe {
    macs: ([u8; 6], [u8; 6]),
    vlans: Vec<u16>,
    addresses: ([u8; 16], [u8; 16]),
    is_v6: bool,
    is_tcp: bool,
    ports: (u16, u16),
    payload: Vec<u8>,
    padding: usize,
    /// Bytes changed after building: place (modulo the length of the headers) and value.
    mutations: Vec<(usize, u8)>,
    keep: Option<usize>,
}

fn recipe() -> impl Strategy<Value = Recipe> {
    let shape =
        (vec(0u16..4096, 0..3), any::<bool>(), any::<bool>(), any::<(u16, u16)>(), vec(any::<u8>(), 0..80), 0usize..12);
    let damage = (vec((0usize..90, any::<u8>()), 0..3), proptest::option::of(0usize..120));
    (any::<([u8; 6], [u8; 6])>(), any::<([u8; 16], [u8; 16])>(), shape, damage).prop_map(
        |(macs, addresses, (vlans, is_v6, is_tcp, ports, payload, padding), (mutations, keep))| Recipe {
            macs,
            vlans,
            addresses,
            is_v6,
            is_tcp,
            ports,
            payload,
            padding,
            mutations,
            keep,
        },
    )
}

impl Recipe {
    fn build(&self) -> Vec<u8> {
        let vlan = |index: usize| etherparse::VlanId::try_new(self.vlans[index]).unwrap();
        let link = PacketBuilder::ethernet2(self.macs.0, self.macs.1);
        let (source, destination) = self.addresses;
        let short = |address: [u8; 16]| [address[0], address[1], address[2], address[3]];
        macro_rules! ip {
            ($step:expr) => {
                if self.is_v6 {
                    $step.ipv6(source, destination, 64)
                } else {
                    $step.ipv4(short(source), short(destination), 64)
                }
            };
        }
        let ip = match self.vlans.len() {
            0 => ip!(link),
            1 => ip!(link.single_vlan(vlan(0))),
            _ => ip!(link.double_vlan(vlan(0), vlan(1))),
        };
        let mut bytes = Vec::new();
        if self.is_tcp {
            ip.tcp(self.ports.0, self.ports.1, 7, 1000).ack(9).write(&mut bytes, &self.payload).unwrap();
        } else {
            ip.udp(self.ports.0, self.ports.1).write(&mut bytes, &self.payload).unwrap();
        }
        bytes.resize(bytes.len() + self.padding, 0);
        for (place, value) in &self.mutations {
            let place = place % bytes.len();
            bytes[place] = *value;
        }
        bytes.truncate(self.keep.map_or(usize::MAX, |keep| keep.max(22)));
        bytes
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn agrees_with_etherparse(recipe in recipe()) {
        let bytes = recipe.build();
        let ours = parse(&frame(LinkType::ETHERNET, &bytes));
        let Ok(theirs) = LaxSlicedPacket::from_ethernet(&bytes) else { return Ok(()) };
        // What we open or forget and etherparse does not: tunnels, LLC, other tags, IP by its version whatever the ethertype.
        let has_other_tag = [12, 16, 20].iter().any(|place| {
            matches!(bytes.get(*place..place + 2), Some([0x92, 0x00] | [0x89, 0x2f | 0x26 | 0x09]))
        });
        if ours.tunnels > 0 || ours.ethertype < 0x0600 || has_other_tag {
            return Ok(());
        }
        let addresses = match &theirs.net {
            Some(LaxNetSlice::Ipv4(ip)) => Some((IpAddr::V4(ip.header().source_addr()), IpAddr::V4(ip.header().destination_addr()))),
            Some(LaxNetSlice::Ipv6(ip)) => Some((IpAddr::V6(ip.header().source_addr()), IpAddr::V6(ip.header().destination_addr()))),
            _ => None,
        };
        if theirs.stop_err.is_some() || ours.stop.is_some() {
            if let (Some(ip), Some(addresses)) = (ours.ip, addresses) {
                prop_assert_eq!((ip.source, ip.destination), addresses);
            }
            return Ok(());
        }
        prop_assert_eq!(ours.ip.map(|ip| (ip.source, ip.destination)), addresses);
        match theirs.transport {
            Some(TransportSlice::Tcp(tcp)) => {
                let Upper::Tcp(segment) = ours.upper else { panic!("{ours:?}") };
                prop_assert_eq!((segment.source, segment.destination), (tcp.source_port(), tcp.destination_port()));
                prop_assert_eq!(segment.sequence, tcp.sequence_number());
                prop_assert_eq!(segment.acknowledgement, tcp.acknowledgment_number());
                prop_assert_eq!(segment.flags.syn(), tcp.syn());
                prop_assert_eq!(segment.flags.fin(), tcp.fin());
                prop_assert_eq!(segment.flags.rst(), tcp.rst());
                prop_assert_eq!(segment.flags.ack(), tcp.ack());
                prop_assert_eq!(ours.payload, tcp.payload());
            }
            Some(TransportSlice::Udp(udp)) => {
                prop_assert_eq!(ours.upper, Upper::Udp(udp.source_port(), udp.destination_port()));
                prop_assert_eq!(ours.payload, udp.payload());
            }
            _ => {}
        }
    }

    #[test]
    fn the_short_way_and_the_walk_agree(recipe in recipe(), beyond in 0u32..200) {
        let bytes = recipe.build();
        let frame = Frame { wire_len: bytes.len() as u32 + beyond, ..frame(LinkType::ETHERNET, &bytes) };
        if let Some(packet) = usual(&frame) {
            prop_assert_eq!(format!("{packet:?}"), format!("{:?}", parse_slowly(&frame)));
        }
    }

    #[test]
    fn any_bytes_on_any_link(link in 0u32..300, bytes in vec(any::<u8>(), 0..200)) {
        let packet = parse(&frame(LinkType(link), &bytes));
        prop_assert!(packet.payload_wire_len as usize >= packet.payload.len());
    }

    #[test]
    fn damaged_frames_and_fragments_on_every_link(
        link in any::<u8>(),
        recipes in vec((recipe(), any::<u8>(), 0usize..20, proptest::option::of(0u8..4)), 0..6),
    ) {
        let mut bytes = vec![link];
        for (recipe, beyond, from, fragment) in recipes {
            let mut frame = recipe.build();
            if let (Some(place), [], false) = (fragment, &recipe.vlans[..], recipe.is_v6) {
                // Made a fragment of one datagram with the others: the same addresses and identification.
                frame[18..22].copy_from_slice(&[0, 1, if place < 2 { 0x20 } else { 0 }, place]);
                let addresses = [1; 8];
                if let Some(place) = frame.get_mut(26..34) {
                    place.copy_from_slice(&addresses);
                }
            }
            let frame = &frame[from.min(14) / 14 * 14..];
            bytes.push(beyond);
            bytes.extend((frame.len() as u16).to_be_bytes());
            bytes.extend_from_slice(frame);
        }
        crate::fuzz::fuzz_packet(&bytes);
    }
}
