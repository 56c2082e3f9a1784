//! Messages whose size or place is not what it should be: lengths that lie, machines that hop between VLANs.

use std::net::IpAddr;

use model::borsh::{BorshDeserialize, BorshSerialize};
use model::{Address, Descriptor, Flow, HealthKind, Mac, Record, Severity, nouns, number_of, said};

use crate::detector::{Detector, Hit, Hits, Logic, Memory, View, Wants, phrase};
use crate::inventory::kind::Kind;
use crate::window::{MINUTE, Rate, Tracked};

/// The catalogue's limit: no industrial message is as long.
const LENGTH_MAX: u64 = 32_768;

/// The greatest number in `text`.
fn greatest(text: &str) -> u64 {
    text.split(|character: char| !character.is_ascii_digit()).filter_map(|part| part.parse().ok()).max().unwrap_or(0)
}

pub(crate) const LENGTH: Detector = Detector {
    about: Descriptor {
        id: "message-length",
        title: phrase(
            "An industrial message announces a length that it does not have",
            "Un message industriel annonce une longueur qu'il n'a pas",
        ),
        severity: Severity::Medium,
        techniques: &[("T0814", "Denial of Service"), ("T0866", "Exploitation of Remote Services")],
        requirements: &["SR 3.5", "SR 7.1"],
        meaning: phrase(
            "Devices that trust such a length read beyond the message: many fail or can be taken over this way.",
            "Un équipement qui se fie à cette longueur lit au-delà du message : beaucoup tombent en panne ou se laissent prendre ainsi.",
        ),
        action: phrase(
            "Find out which program sent it, and whether the receiver restarted or fell silent afterwards.",
            "Chercher quel programme l'a émis, et si le destinataire a redémarré ou s'est tu ensuite.",
        ),
        caution: phrase("Do not replay it to the device.", "Ne pas le rejouer vers l'équipement."),
        covers: &["Unexpected message length"],
        thresholds: phrase("high from 32,768 bytes on", "élevé à partir de 32 768 octets"),
    },
    logic: Logic::Health(|health, view, hits| {
        if health.kind != HealthKind::Malformed || view.traits.kind != Kind::Industrial {
            return;
        }
        // The words in which decoders say so: the reader's, and those of checks on announced counts.
        let says = |word: &str| health.detail.contains(word);
        if !(says("needed") || says("announced") || says("longer than") || says("length")) {
            return;
        }
        let severity = if greatest(&health.detail) >= LENGTH_MAX { Severity::High } else { Severity::Medium };
        let text =
            said!("{protocol}: {detail}", "{protocol} : {detail}", protocol = health.protocol, detail = health.detail);
        let (from, to) = health.flow.as_ref().map_or((None, None), ends);
        let hit = Hit { protocol: health.protocol.clone(), flow: health.flow, ..Hit::at(health.at, text) };
        hits.push(Hit { count: health.count, ..hit.between(from, to).severity(severity) });
    }),
};

fn ends(flow: &Flow) -> (Option<Address>, Option<Address>) {
    let ip = |(ip, port): (IpAddr, u16)| {
        Some(Address { ip: Some(ip), port: (port != 0).then_some(port), ..Address::default() })
    };
    let mac = |mac: Mac| Some(Address { mac: Some(mac), ..Address::default() });
    match flow {
        Flow::Ip { source, destination, .. } => (ip(*source), ip(*destination)),
        Flow::Link { source, destination, .. } => (mac(*source), mac(*destination)),
    }
}

pub(crate) const HOPPING: Detector = Detector {
    about: Descriptor {
        id: "vlan-hopping",
        title: phrase("A machine appears in two VLANs by turns", "Une machine apparaît tour à tour dans deux VLAN"),
        severity: Severity::Medium,
        techniques: &[("T0830", "Adversary-in-the-Middle")],
        requirements: &["SR 5.1", "SR 5.2"],
        meaning: phrase(
            "A loop, a port in the wrong VLAN, a mirror that mixes two places, or someone who tags packets to cross a barrier.",
            "Une boucle, un port dans le mauvais VLAN, un miroir qui mêle deux endroits, ou quelqu'un qui étiquette ses paquets pour franchir une barrière.",
        ),
        action: phrase(
            "Look up the hardware address in the tables of the switches, in both VLANs.",
            "Chercher l'adresse matérielle dans les tables des commutateurs, dans les deux VLAN.",
        ),
        caution: phrase(
            "Do not close a trunk port before you know which machines are behind it.",
            "Ne pas fermer un port trunk avant de savoir quelles machines sont derrière.",
        ),
        covers: &["MAC flapping", "Unauthorized Internet Connectivity Detected"],
        thresholds: phrase("4 changes in 5 minutes", "4 changements en 5 minutes"),
    },
    logic: Logic::Memory(
        Wants { acts: &[], trouble: false, protocols: &[], facts: &[], conversations: true, health: false },
        || Box::new(Hopping { machines: Tracked::new(10 * MINUTE) }),
    ),
};

/// Where machines were seen last, by IP and hardware address: a router has one address in each VLAN.
#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct Hopping {
    machines: Tracked<(IpAddr, Mac), Place>,
}

#[derive(Clone, Copy, Debug, Default, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct Place {
    vlan: Option<u16>,
    flips: Rate,
}

impl Memory for Hopping {
    fn look(&mut self, record: &Record, _: &View, hits: &mut Hits) {
        let Record::Conversation(conversation) = record else { return };
        let from = &conversation.from;
        let (Some(ip), Some(mac), Some(vlan)) = (from.ip, from.mac, from.vlan) else { return };
        let Some(place) = self.machines.at((ip, mac), conversation.first) else { return };
        let Some(before) = place.vlan.replace(vlan).filter(|before| *before != vlan) else { return };
        let count = place.flips.add(1, conversation.first, 5 * MINUTE);
        if count >= 4 {
            place.flips.clear();
            let text = said!(
                "{ip} ({mac}) moved between VLAN {before} and {vlan}: {times} within 5 minutes",
                "{ip} ({mac}) est passée du VLAN {before} au {vlan} et inversement : {times} en 5 minutes",
                times = number_of(count, nouns::TIMES)
            );
            hits.push(Hit::of_conversation(conversation, text).between(None, Some(from.without_port())));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use model::{Health, HealthKind, Record, State, Transport};

    use crate::testing::{address, at, conversation, fires, flow};

    #[test]
    fn lengths_that_lie() {
        let broken = |protocol: &'static str, detail: &str| {
            [Record::Health(Health {
                at: at(0.0),
                kind: HealthKind::Malformed,
                protocol: Cow::Borrowed(protocol),
                flow: Some(flow(&address("10.0.0.9:1024"), &address("10.0.0.7:502"), Transport::Tcp)),
                count: 1,
                detail: detail.into(),
            })]
        };
        assert!(fires("message-length", broken("modbus", "values at offset 9: 65000 bytes needed, 3 left")));
        assert!(!fires("message-length", broken("modbus", "function 0 is none")));
        assert!(!fires("message-length", broken("dns", "data at offset 186: 2560 bytes needed, 137 left")));
    }

    #[test]
    fn between_two_vlans_by_turns() {
        let talk = |number: u16, vlan: u16| {
            let seconds = f64::from(number);
            let mut talk = conversation(seconds, "10.0.0.9@00:0c:29:00:00:09", "10.0.0.7:502", "modbus", State::Closed);
            talk.from.vlan = Some(vlan);
            Record::Conversation(talk)
        };
        assert!(fires("vlan-hopping", (0..5).map(|n| talk(n, 10 + n % 2))));
        assert!(!fires("vlan-hopping", (0..5).map(|n| talk(n, if n < 3 { 10 } else { 20 }))));
    }
}
