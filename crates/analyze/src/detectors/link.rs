//! The local network turned against itself: address conflicts, ARP, DHCP, router advertisements, name poisoning.

use std::net::IpAddr;

use model::borsh::{BorshDeserialize, BorshSerialize};
use model::{Act, Address, Descriptor, FactKey, Mac, Outcome, Record, Severity, Time, Verb, nouns, number_of, said};

use crate::detector::{Detector, Hit, Hits, Logic, Memory, NOTHING, Plant, View, Wants, all_of, phrase};
use crate::inventory::Key;
use crate::inventory::address::is_virtual_router;
use crate::window::{Distinct, MINUTE, Rate, SECOND, Tracked};

const BINDINGS: Wants = Wants {
    acts: Verb::ALL,
    trouble: false,
    protocols: &["arp", "ndp"],
    facts: &[FactKey::Mac],
    conversations: false,
    health: false,
};

/// The binding of an IP address to a hardware address that a record of ARP shows.
fn binding(record: &Record) -> Option<(IpAddr, Mac, Time)> {
    let (ip, mac, at) = match record {
        Record::Act(act) => (act.from.ip?, act.from.mac?, act.at),
        Record::Fact(fact) if matches!(fact.protocol.as_ref(), "arp" | "ndp") => {
            (fact.subject.ip?, Mac::parse(&fact.value)?, fact.at)
        }
        _ => return None,
    };
    let is_one = !ip.is_unspecified() && !mac.is_group() && mac != Mac([0; 6]) && !is_virtual_router(mac);
    is_one.then_some((ip, mac, at))
}

fn ip_address(ip: IpAddr, mac: Mac) -> Address {
    Address { ip: Some(ip), mac: Some(mac), ..Address::default() }
}

pub(crate) const CONFLICT: Detector = Detector {
    about: Descriptor {
        id: "address-conflict",
        title: phrase("Two machines have the same IP address", "Deux machines ont la même adresse IP"),
        severity: Severity::Medium,
        techniques: &[("T0830", "Adversary-in-the-Middle"), ("T0814", "Denial of Service")],
        requirements: &["SR 3.1", "SR 7.1"],
        meaning: phrase(
            "Packets for one reach the other: connections break now and then. It may be a replaced device, a mistake, or someone in between.",
            "Les paquets de l'une arrivent à l'autre : des connexions tombent par moments. Remplacement, erreur, ou quelqu'un au milieu.",
        ),
        action: phrase(
            "Find both by their hardware addresses at the switch, and give one of them another address.",
            "Trouver les deux par leurs adresses matérielles sur le commutateur et changer l'adresse de l'une.",
        ),
        caution: phrase(
            "Do not change the address of the controller: change the other one.",
            "Ne pas changer l'adresse de l'automate : changer l'autre.",
        ),
        covers: &["illegal IP", "IP conflict", "ARP Spoofing"],
        thresholds: phrase(
            "two hardware addresses announce one IP address",
            "deux adresses matérielles annoncent une adresse IP",
        ),
    },
    logic: Logic::Memory(BINDINGS, || Box::new(Conflict { owners: Tracked::new(60 * MINUTE) })),
};

#[derive(Default, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct Owners {
    macs: Vec<Mac>,
    current: Option<Mac>,
    flips: Rate,
}

#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct Conflict {
    owners: Tracked<IpAddr, Owners>,
}

impl Memory for Conflict {
    fn look(&mut self, record: &Record, _: &View, hits: &mut Hits) {
        let Some((ip, mac, at)) = binding(record) else { return };
        let Some(owners) = self.owners.at(ip, at) else { return };
        if !owners.macs.contains(&mac) {
            if owners.macs.len() >= crate::limits::MACS_PER_IP_MAX {
                return;
            }
            owners.macs.push(mac);
        }
        if owners.current.replace(mac).is_some_and(|before| before != mac) {
            let list: Vec<String> = owners.macs.iter().map(ToString::to_string).collect();
            let text = said!("{ip} is announced by {macs}", "{ip} est annoncée par {macs}", macs = all_of(&list));
            hits.push(Hit::at(at, text).between(None, Some(ip_address(ip, mac))));
        }
    }
}

pub(crate) const SPOOFING: Detector = Detector {
    about: Descriptor {
        id: "arp-spoofing",
        title: phrase("Someone poisons ARP", "Quelqu'un empoisonne ARP"),
        severity: Severity::High,
        techniques: &[("T0830", "Adversary-in-the-Middle"), ("T0856", "Spoof Reporting Message")],
        requirements: &["SR 3.1", "SR 4.1"],
        meaning: phrase(
            "A machine claims the addresses of others, to read and change what they say to each other: operators may see what is not true.",
            "Une machine s'attribue les adresses d'autres pour lire et modifier leurs échanges : les opérateurs peuvent voir des valeurs fausses.",
        ),
        action: phrase(
            "Find the hardware address at the switch and shut its port; set static entries for controllers and stations.",
            "Trouver l'adresse matérielle sur le commutateur et fermer son port ; poser des entrées statiques pour automates et postes.",
        ),
        caution: phrase(
            "Do not trust values on screens until it is ended; read them on site.",
            "Ne pas se fier aux valeurs affichées avant la fin ; les relever sur place.",
        ),
        covers: &["ARP Spoofing", "SIGN:MAN-IN-THE-MIDDLE"],
        thresholds: phrase(
            "an IP address changes its hardware address 4 times in 5 minutes, one hardware address takes over 2 addresses of others, or 60 unasked announcements a minute",
            "une adresse IP change 4 fois d'adresse matérielle en 5 minutes, une adresse matérielle prend 2 adresses d'autres, ou 60 annonces non sollicitées par minute",
        ),
    },
    logic: Logic::Memory(BINDINGS, || {
        Box::new(Spoofing {
            owners: Tracked::new(60 * MINUTE),
            takers: Tracked::new(10 * MINUTE),
            callers: Tracked::new(MINUTE),
        })
    }),
};

#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct Spoofing {
    owners: Tracked<IpAddr, Owners>,
    /// Addresses of others that a hardware address took over.
    takers: Tracked<Mac, Distinct>,
    callers: Tracked<Mac, Rate>,
}

impl Memory for Spoofing {
    fn look(&mut self, record: &Record, _: &View, hits: &mut Hits) {
        let Some((ip, mac, at)) = binding(record) else { return };
        let hit_of = |mac: Mac, text: model::Said| {
            Hit::at(at, text).between(Some(Address { mac: Some(mac), ..Address::default() }), Some(ip_address(ip, mac)))
        };
        let hit = |text: model::Said| hit_of(mac, text);
        let Some(owners) = self.owners.at(ip, at) else { return };
        let before = owners.current.replace(mac);
        let is_owner = *owners.macs.first().unwrap_or(&mac) == mac;
        if owners.macs.is_empty() {
            owners.macs.push(mac);
        }
        if let Some(before) = before.filter(|before| *before != mac) {
            let flips = owners.flips.add(1, at, 5 * MINUTE);
            if flips >= 4 {
                // Who had the address first only takes it back.
                let taker = if is_owner { before } else { mac };
                hits.push(hit_of(
                    taker,
                    said!(
                        "{ip} moved between {before} and {mac}: {flips} changes within 5 minutes",
                        "{ip} est passée de {before} à {mac} et inversement : {flips} changements en 5 minutes"
                    ),
                ));
            }
            if !is_owner && let Some(taken) = self.takers.at(mac, at) {
                let count = taken.add(&ip, at, 10 * MINUTE);
                if count >= 2 {
                    hits.push(hit(said!(
                        "{mac} took over {count} addresses within 10 minutes, the last one {ip} from {before}",
                        "{mac} s'est attribué {count} adresses en 10 minutes, la dernière {ip} prise à {before}"
                    )));
                }
            }
        }
        if let Record::Act(act) = record {
            let is_unasked = act.name.contains("gratuitous")
                || act.name.contains("announce")
                || act.name.contains("unsolicited")
                || (act.name.contains("reply") && act.outcome == Outcome::Asked);
            if is_unasked && let Some(rate) = self.callers.at(mac, at) {
                let count = rate.add(act.repeats.count, at, MINUTE);
                if count >= 60 {
                    rate.clear();
                    hits.push(
                        hit(said!(
                            "{mac} sent {count} announcements within a minute, the last one for {ip}",
                            "{mac} a émis {count} annonces en une minute, la dernière pour {ip}"
                        ))
                        .severity(Severity::Medium),
                    );
                }
            }
        }
    }
}

pub(crate) const SAME_NAME: Detector = Detector {
    about: Descriptor {
        id: "duplicate-name",
        title: phrase("Two devices have the same station name", "Deux équipements portent le même nom de station"),
        severity: Severity::Medium,
        techniques: &[("T0849", "Masquerading"), ("T0814", "Denial of Service")],
        requirements: &["SR 1.2", "SR 7.1"],
        meaning: phrase(
            "PROFINET finds devices by name: with two of one name, the controller connects to the wrong one, or to none.",
            "PROFINET trouve les équipements par leur nom : avec deux homonymes, l'automate se connecte au mauvais, ou à aucun.",
        ),
        action: phrase(
            "Compare with the plan, and rename the one that does not belong.",
            "Comparer au plan et renommer celui qui n'a pas sa place.",
        ),
        caution: phrase("Do not rename a device in operation.", "Ne pas renommer un équipement en fonctionnement."),
        covers: &["Profinet DCP", "New Asset Detected"],
        thresholds: NOTHING,
    },
    logic: Logic::Machines(same_names),
};

fn same_names(plant: &Plant, hits: &mut Hits) {
    let mut names: Vec<(String, usize)> = Vec::new();
    for (number, asset) in plant.machines.assets.iter().enumerate() {
        let own = asset.attributes.iter().filter(|attribute| attribute.key == FactKey::StationName);
        for claim in own.flat_map(|attribute| &attribute.claims) {
            if claim.protocol == "profinet-dcp" && !claim.value.is_empty() {
                names.push((claim.value.as_str().to_lowercase(), number));
            }
        }
    }
    names.sort();
    names.dedup();
    for group in names.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() >= 2) {
        let ids: Vec<&str> =
            group.iter().take(6).map(|(_, number)| plant.machines.assets[*number].id.as_str()).collect();
        let hit = plant.machine_hit(
            group[0].1,
            said!(
                "`{name}` is the name of {machines}",
                "`{name}` est le nom de {machines}",
                name = group[0].0,
                machines = all_of(&ids)
            ),
        );
        hits.push(Hit { protocol: "profinet-dcp".into(), ..hit }.topic(group[0].0.clone()));
    }
}

pub(crate) const ROGUE_DHCP: Detector = Detector {
    about: Descriptor {
        id: "several-dhcp-servers",
        title: phrase("Several machines hand out addresses", "Plusieurs machines distribuent des adresses"),
        severity: Severity::Medium,
        techniques: &[("T0830", "Adversary-in-the-Middle"), ("T0814", "Denial of Service")],
        requirements: &["SR 3.1", "SR 7.1"],
        meaning: phrase(
            "Machines may get addresses, routers and name servers of someone who does not mean well: often a small router that was plugged in.",
            "Des machines peuvent recevoir adresses, routeurs et serveurs de noms d'un inconnu : souvent un petit routeur branché par quelqu'un.",
        ),
        action: phrase(
            "Find the one that does not belong at the switch, and unplug it; switch DHCP snooping on.",
            "Trouver l'intrus sur le commutateur et le débrancher ; activer le DHCP snooping.",
        ),
        caution: phrase(
            "Do not unplug the standby of a failover pair.",
            "Ne pas débrancher le secours d'une paire redondante.",
        ),
        covers: &["DHCP failure", "rogue DHCP"],
        thresholds: phrase(
            "2 servers that offer or confirm within an hour",
            "2 serveurs qui offrent ou confirment en une heure",
        ),
    },
    logic: Logic::Memory(
        Wants {
            acts: Verb::ALL,
            trouble: false,
            protocols: &["dhcp"],
            facts: &[],
            conversations: false,
            health: false,
        },
        || Box::new(Dhcp { servers: Vec::new() }),
    ),
};

#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct Dhcp {
    servers: Vec<(Address, Time)>,
}

/// The server of a DHCP act that was answered, or of one that it sent itself.
fn dhcp_server(act: &Act) -> Option<Address> {
    let name = act.name.to_lowercase();
    let is_servers = name.contains("offer") || name.contains("ack");
    if act.from.port == Some(67) && is_servers {
        return Some(act.from);
    }
    let is_answered = act.outcome == Outcome::Done && act.to.port == Some(67);
    (is_answered && act.to.ip.is_some_and(|ip| !crate::inventory::address::is_group(ip))).then_some(act.to)
}

impl Memory for Dhcp {
    fn look(&mut self, record: &Record, _: &View, hits: &mut Hits) {
        let Record::Act(act) = record else { return };
        let Some(server) = dhcp_server(act).filter(|server| server.ip.is_some()) else { return };
        self.servers.retain(|(_, last)| act.at.since(*last) <= 3_600 * SECOND);
        self.servers.retain(|(known, _)| known.ip != server.ip);
        if self.servers.len() < 16 {
            self.servers.push((server, act.at));
        }
        if self.servers.len() >= 2 {
            let list: Vec<String> = self.servers.iter().map(|(server, _)| server.without_port().to_string()).collect();
            let hit = Hit::of_act(act, said!("servers {list}", "serveurs {list}", list = all_of(&list)));
            hits.push(hit.between(None, Some(server)));
        }
    }
}

pub(crate) const DHCP_FAILURE: Detector = Detector {
    about: Descriptor {
        id: "dhcp-failure",
        title: phrase("A machine gets no address", "Une machine n'obtient pas d'adresse"),
        severity: Severity::Low,
        techniques: &[("T0814", "Denial of Service")],
        requirements: &["SR 7.1"],
        meaning: phrase(
            "It asks in vain or is refused: the server is gone, its pool is empty, or the device should have a fixed address.",
            "Elle demande en vain ou se voit refuser : serveur absent, plage épuisée, ou équipement qui devrait avoir une adresse fixe.",
        ),
        action: phrase(
            "Look at the server, or give the device its address.",
            "Vérifier le serveur, ou donner une adresse fixe à l'équipement.",
        ),
        caution: phrase("Do not plug in another DHCP server.", "Ne pas brancher un autre serveur DHCP."),
        covers: &["DHCP failure"],
        thresholds: phrase(
            "3 requests refused or unanswered in 10 minutes",
            "3 requêtes refusées ou sans réponse en 10 minutes",
        ),
    },
    logic: Logic::Memory(
        Wants {
            acts: Verb::ALL,
            trouble: false,
            protocols: &["dhcp"],
            facts: &[],
            conversations: false,
            health: false,
        },
        || Box::new(DhcpFailure { clients: Tracked::new(10 * MINUTE) }),
    ),
};

#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct DhcpFailure {
    clients: Tracked<Key, Rate>,
}

impl Memory for DhcpFailure {
    fn look(&mut self, record: &Record, _: &View, hits: &mut Hits) {
        let Record::Act(act) = record else { return };
        // Answers go to the client's hardware address, or to all: then some server lives.
        if matches!(act.name.as_str(), "offer" | "ack") {
            match Key::of(&act.to.mac_only()).filter(|key| !key.is_group(act.to.mac)) {
                Some(key) => {
                    if let Some(rate) = self.clients.at(key, act.at) {
                        rate.clear();
                    }
                }
                None => self.clients = Tracked::new(10 * MINUTE),
            }
            return;
        }
        // A discovery is a shout: nobody can say that it got no answer but by what does not follow.
        let is_shout = act.name == "discover" && act.outcome == Outcome::Asked;
        if !is_shout && !matches!(act.outcome, Outcome::Refused | Outcome::NoAnswer) {
            return;
        }
        let client = Key::of(&act.from.mac_only()).or_else(|| Key::of(&act.from));
        let Some(rate) = client.and_then(|key| self.clients.at(key, act.at)) else { return };
        let count = rate.add(act.repeats.count, act.at, 10 * MINUTE);
        if count >= 3 {
            rate.clear();
            let hit = Hit::of_act(
                act,
                said!(
                    "{requests} in vain within 10 minutes, the last one {last}",
                    "{requests} en vain en 10 minutes, la dernière : {last}",
                    requests = number_of(count, nouns::REQUESTS),
                    last = act.name
                ),
            );
            hits.push(hit.between(None, Some(act.from)));
        }
    }
}

pub(crate) const ROUTER: Detector = Detector {
    about: Descriptor {
        id: "router-advertisement",
        title: phrase("A machine offers itself as IPv6 router", "Une machine se propose comme routeur IPv6"),
        severity: Severity::Low,
        techniques: &[("T0830", "Adversary-in-the-Middle")],
        requirements: &["SR 3.1", "SR 5.2"],
        meaning: phrase(
            "Windows and Linux follow such offers by themselves: in a network without IPv6 this takes over their traffic.",
            "Windows et Linux suivent ces annonces d'eux-mêmes : dans un réseau sans IPv6, cela détourne leur trafic.",
        ),
        action: phrase(
            "If it is not your router, find it at the switch; switch RA guard on.",
            "Si ce n'est pas votre routeur, le trouver sur le commutateur ; activer RA guard.",
        ),
        caution: phrase(
            "Do not switch IPv6 off on Windows stations without the supplier's word.",
            "Ne pas désactiver IPv6 sur des postes Windows sans l'avis du fournisseur.",
        ),
        covers: &["rogue router advertisement"],
        thresholds: phrase("low for one router, high for a second one", "faible pour un routeur, élevé pour un second"),
    },
    logic: Logic::Memory(
        Wants {
            acts: Verb::ALL,
            trouble: false,
            protocols: &["icmp", "icmpv6", "ndp"],
            facts: &[],
            conversations: false,
            health: false,
        },
        || Box::new(Advertisements { routers: Vec::new() }),
    ),
};

#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct Advertisements {
    routers: Vec<Mac>,
}

impl Memory for Advertisements {
    fn look(&mut self, record: &Record, _: &View, hits: &mut Hits) {
        let Record::Act(act) = record else { return };
        let Some(mac) = act.from.mac.filter(|_| act.name.contains("router advertisement")) else { return };
        if !self.routers.contains(&mac) && self.routers.len() < 16 {
            self.routers.push(mac);
        }
        let severity = if self.routers.len() >= 2 { Severity::High } else { Severity::Low };
        let hit = Hit::of_act(
            act,
            said!(
                "{mac} advertises itself; {routers} so far",
                "{mac} s'annonce ; {routers} jusqu'ici",
                routers = number_of(self.routers.len(), nouns::ROUTERS)
            ),
        );
        hits.push(hit.between(Some(act.from), None).severity(severity));
    }
}

pub(crate) const POISONING: Detector = Detector {
    about: Descriptor {
        id: "name-poisoning",
        title: phrase("A machine answers for names of others", "Une machine répond pour les noms d'autres"),
        severity: Severity::High,
        techniques: &[("T0830", "Adversary-in-the-Middle"), ("T0859", "Valid Accounts")],
        requirements: &["SR 1.5", "SR 3.1"],
        meaning: phrase(
            "Tools such as Responder answer every LLMNR and NetBIOS question to collect logons.",
            "Des outils comme Responder répondent à toutes les questions LLMNR et NetBIOS pour récolter des identifiants.",
        ),
        action: phrase(
            "Take the machine off the network, change the passwords of those who asked, and switch LLMNR and NetBIOS off.",
            "Retirer la machine du réseau, changer les mots de passe de ceux qui ont demandé, désactiver LLMNR et NetBIOS.",
        ),
        caution: phrase(
            "Do not switch NetBIOS off where old HMI software needs it.",
            "Ne pas désactiver NetBIOS là où d'anciens logiciels d'IHM en ont besoin.",
        ),
        covers: &["Unauthorized Name Query", "LLMNR poisoning"],
        thresholds: phrase(
            "one machine answers 3 different names within 10 minutes",
            "une machine répond pour 3 noms différents en 10 minutes",
        ),
    },
    logic: Logic::Memory(
        Wants {
            acts: Verb::ALL,
            trouble: false,
            protocols: &["llmnr", "nbns"],
            facts: &[],
            conversations: false,
            health: false,
        },
        || Box::new(Poisoning { servers: Tracked::new(10 * MINUTE) }),
    ),
};

#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct Poisoning {
    servers: Tracked<Key, Distinct>,
}

impl Memory for Poisoning {
    fn look(&mut self, record: &Record, view: &View, hits: &mut Hits) {
        let Record::Act(act) = record else { return };
        let name = act.name.as_str();
        // Status, registration and refresh carry the machine's own names.
        let is_query = !["status", "regist", "refresh", "release"].iter().any(|word| name.contains(word));
        let server = if name.contains("response") || name.contains("answer") { act.from } else { act.to };
        let Some(key) = Key::of(&server) else { return };
        let is_answered = act.outcome == Outcome::Done || server == act.from;
        if !is_query || !is_answered || key.is_group(server.mac) {
            return;
        }
        // A name server (WINS) answers for all: it is asked directly, by many.
        if view.inventory.node(&server).is_some_and(|node| node.services.iter().any(|service| service.port == 53)) {
            return;
        }
        // `NAME<00>` and `NAME<20>` are one machine's name.
        let wanted = act.object.to_string().split('<').next().unwrap_or_default().trim().to_lowercase();
        let Some(names) = self.servers.at(key, act.at) else { return };
        let count = names.add(&wanted, act.at, 10 * MINUTE);
        if count >= 3 {
            let text = said!(
                "{server} answered to {count} different names within 10 minutes, the last one `{wanted}`",
                "{server} a répondu à {count} noms différents en 10 minutes, le dernier `{wanted}`"
            );
            hits.push(Hit::of_act(act, text).between(Some(server), None));
        }
    }
}

pub(crate) const SHOUTED: Detector = Detector {
    about: Descriptor {
        id: "names-by-broadcast",
        title: phrase("Machines ask for names by broadcast", "Des machines demandent des noms par diffusion"),
        severity: Severity::Info,
        techniques: &[("T0830", "Adversary-in-the-Middle")],
        requirements: &["SR 7.7", "SR 4.1"],
        meaning: phrase(
            "LLMNR and NetBIOS believe whoever answers first. It is the usual way to steal logons inside.",
            "LLMNR et NetBIOS croient le premier qui répond. C'est la voie habituelle pour voler des identifiants en interne.",
        ),
        action: phrase(
            "Switch LLMNR and NetBIOS name resolution off by policy where names come from DNS.",
            "Désactiver LLMNR et NetBIOS par stratégie là où les noms viennent du DNS.",
        ),
        caution: phrase(
            "Do not switch NetBIOS off where old HMI software needs it.",
            "Ne pas désactiver NetBIOS là où d'anciens logiciels d'IHM en ont besoin.",
        ),
        covers: &["Unauthorized Name Query"],
        thresholds: NOTHING,
    },
    logic: Logic::Machines(|plant, hits| {
        for (number, edge) in plant.machines.edges.iter().enumerate() {
            if edge.is_group && matches!(edge.protocol.as_str(), "llmnr" | "nbns") {
                let text = said!(
                    "{name} asks by {protocol}: {packets}",
                    "{name} demande par {protocol} : {packets}",
                    name = plant.name(&edge.from),
                    protocol = edge.protocol,
                    packets = number_of(edge.packets, nouns::PACKETS)
                );
                hits.push(plant.edge_hit(number, text));
            }
        }
    }),
};

#[cfg(test)]
mod tests {
    use model::{FactKey, Outcome, Record, Verb};

    use crate::testing::{ActExt, act, fact, fires};

    fn arp(seconds: f64, ip: &str, mac: &str) -> Record {
        Record::Fact(fact(seconds, ip, "arp", FactKey::Mac, mac))
    }

    const A: &str = "00:11:22:00:00:0a";
    const B: &str = "00:11:22:00:00:0b";

    #[test]
    fn one_address_at_two_interfaces() {
        assert!(fires("address-conflict", [arp(0.0, "10.0.0.7", A), arp(1.0, "10.0.0.7", B)]));
        assert!(!fires("address-conflict", [arp(0.0, "10.0.0.7", A), arp(1.0, "10.0.0.8", A)]));
        assert!(!fires("address-conflict", [arp(0.0, "10.0.0.7", A), arp(1.0, "10.0.0.7", "00:00:5e:00:01:05")]));
    }

    #[test]
    fn an_address_that_goes_to_and_fro() {
        let flips = |count: u32| (0..=count).map(|n| arp(f64::from(n), "10.0.0.7", if n % 2 == 0 { A } else { B }));
        assert!(fires("arp-spoofing", flips(4)));
        assert!(!fires("arp-spoofing", flips(1)));
        let takes =
            [arp(0.0, "10.0.0.7", A), arp(0.0, "10.0.0.8", A), arp(1.0, "10.0.0.7", B), arp(1.0, "10.0.0.8", B)];
        assert!(fires("arp-spoofing", takes));
    }

    #[test]
    fn one_station_name_twice() {
        let name = |mac: &str, name: &str| Record::Fact(fact(0.0, mac, "profinet-dcp", FactKey::StationName, name));
        // Other makers, so that they are no two ports of one device.
        assert!(fires("duplicate-name", [name(A, "pump-1"), name("00:1b:1b:00:00:01", "pump-1")]));
        assert!(!fires("duplicate-name", [name(A, "pump-1"), name("00:1b:1b:00:00:01", "pump-2")]));
    }

    #[test]
    fn two_servers_of_addresses() {
        let offer = |server: &str| {
            Record::Act(act(0.0, &format!("{server}:67"), "10.0.0.9:68", "dhcp", Verb::Configure, "offer"))
        };
        assert!(fires("several-dhcp-servers", [offer("10.0.0.1"), offer("10.0.0.2")]));
        assert!(!fires("several-dhcp-servers", [offer("10.0.0.1"), offer("10.0.0.1")]));
    }

    #[test]
    fn no_address_to_be_had() {
        let ask = |n: u32| {
            (0..n).map(|n| {
                let ask =
                    act(f64::from(n) * 4.0, "00:11:22:00:00:0a", "255.255.255.255:67", "dhcp", Verb::Other, "discover");
                Record::Act(ask.outcome(Outcome::Asked))
            })
        };
        assert!(fires("dhcp-failure", ask(3)));
        assert!(!fires("dhcp-failure", ask(2)));
        let offer = act(5.0, "10.0.0.1:67", "10.0.0.50:68@00:11:22:00:00:0a", "dhcp", Verb::Other, "offer");
        assert!(!fires("dhcp-failure", ask(2).chain([Record::Act(offer)]).chain(ask(2))));
    }

    #[test]
    fn who_offers_to_route() {
        let say = |name| Record::Act(act(0.0, "fe80::1@00:11:22:00:00:0a", "ff02::1", "icmpv6", Verb::Report, name));
        assert!(fires("router-advertisement", [say("router advertisement")]));
        assert!(!fires("router-advertisement", [say("neighbor advertisement")]));
    }

    #[test]
    fn answers_for_names_of_others() {
        let answer = |name: &str| {
            Record::Act(act(0.0, "10.0.0.9:5355", "10.0.0.66:5355", "llmnr", Verb::Browse, "query a").object(name))
        };
        assert!(fires("name-poisoning", [answer("fileserver"), answer("wpad"), answer("printsrv")]));
        assert!(!fires("name-poisoning", [answer("hmi"), answer("hmi"), answer("HMI")]));
    }

    #[test]
    fn names_by_broadcast() {
        let ask = |to: &str| {
            let ask = act(0.0, "10.0.0.9:137", to, "nbns", Verb::Browse, "query");
            Record::Act(ask.outcome(Outcome::Asked))
        };
        let record = crate::testing::conversation(
            0.0,
            "10.0.0.9:137",
            "10.0.0.255:137@ff:ff:ff:ff:ff:ff",
            "nbns",
            model::State::OneWay,
        );
        assert!(fires("names-by-broadcast", [Record::Conversation(record)]));
        assert!(!fires("names-by-broadcast", [ask("10.0.0.1:137")]));
    }
}
