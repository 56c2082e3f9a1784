//! Scans and floods: distinct targets, and attempts a while, in windows of packet time.

use std::net::IpAddr;

use model::borsh::{BorshDeserialize, BorshSerialize};
use model::{Act, Conversation, Descriptor, Outcome, Record, Severity, State, Transport, Verb, nouns, number_of, said};

use crate::detector::{Detector, Hit, Hits, Logic, Memory, NOTHING, View, Wants, phrase};
use crate::inventory::address::{is_group, is_public};
use crate::inventory::{Key, kind};
use crate::window::{Distinct, MINUTE, Rate, Tracked};

const CONVERSATIONS: Wants =
    Wants { acts: &[], trouble: false, protocols: &[], facts: &[], conversations: true, health: false };

/// Whether nothing came of the conversation: nobody answered, or no byte was exchanged. A station that really talks to
/// many is no scanner.
fn is_probe(conversation: &Conversation) -> bool {
    let is_fresh = conversation.is_opening && conversation.state != State::Midstream;
    is_fresh && (conversation.received.packets == 0 || conversation.sent.payload + conversation.received.payload == 0)
}

/// Where the conversation leads, if to one machine.
fn target(conversation: &Conversation) -> Option<(Key, IpAddr, u16)> {
    let ip = conversation.to.ip?;
    if is_group(ip) || conversation.to.mac.is_some_and(model::Mac::is_group) {
        return None;
    }
    Some((Key::of(&conversation.from)?, ip, conversation.to.port.unwrap_or(0)))
}

const SCAN_ACTION: model::Phrase = phrase(
    "Find the machine that scans and who works with it. If no inventory or vulnerability scan was announced, take it off the network and look for what came in through it.",
    "Trouver la machine qui scanne et qui l'utilise. Si aucun inventaire ni scan de vulnérabilités n'était annoncé, la retirer du réseau et chercher par où elle a été atteinte.",
);
const SCAN_CAUTION: model::Phrase = phrase(
    "Do not scan back: older controllers stop under a scan.",
    "Ne pas scanner en retour : de vieux automates s'arrêtent sous un scan.",
);

pub(crate) const ADDRESS: Detector = Detector {
    about: Descriptor {
        id: "address-scan",
        title: phrase("A machine tries many addresses", "Une machine essaie de nombreuses adresses"),
        severity: Severity::High,
        techniques: &[("T0846", "Remote System Discovery")],
        requirements: &["SR 5.2", "SR 6.2", "SR 7.1"],
        meaning: phrase(
            "Someone looks for machines: the first step of most attacks, or a tool for inventory.",
            "Quelqu'un cherche des machines : première étape de la plupart des attaques, ou un outil d'inventaire.",
        ),
        action: SCAN_ACTION,
        caution: SCAN_CAUTION,
        covers: &["Address Scan", "Long-duration Address Scan"],
        thresholds: phrase(
            "50 addresses without an answer in 2 minutes; in 10 minutes as medium",
            "50 adresses sans réponse en 2 minutes ; en 10 minutes : moyen",
        ),
    },
    logic: Logic::Memory(CONVERSATIONS, || Box::new(AddressScan { sources: Tracked::new(10 * MINUTE) })),
};

#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct AddressScan {
    sources: Tracked<Key, (Distinct, Distinct)>,
}

impl Memory for AddressScan {
    fn look(&mut self, record: &Record, _: &View, hits: &mut Hits) {
        let Record::Conversation(conversation) = record else { return };
        // Looking up names in vain is no scan, nor is a browser whose Internet peers do not answer.
        if !is_probe(conversation) {
            return;
        }
        let Some((source, ip, port)) = target(conversation) else { return };
        let Some((fast, slow)) = self.sources.at(source, conversation.first) else { return };
        let fast_count = fast.add(&ip, conversation.first, 2 * MINUTE);
        let slow_count = slow.add(&ip, conversation.first, 10 * MINUTE);
        let (count, minutes, severity) = match (fast_count, slow_count) {
            (50.., _) => (fast_count, 2, Severity::High),
            (_, 50..) => (slow_count, 10, Severity::Medium),
            _ => return,
        };
        fast.clear();
        slow.clear();
        let text = said!(
            "{count} addresses within {minutes} minutes, the last one {ip} port {port}",
            "{count} adresses en {minutes} minutes, la dernière {ip} port {port}"
        );
        let hit = Hit::of_conversation(conversation, text);
        hits.push(hit.between(Some(conversation.from), None).severity(severity));
    }
}

pub(crate) const PORT: Detector = Detector {
    about: Descriptor {
        id: "port-scan",
        title: phrase("A machine tries many ports of another", "Une machine essaie de nombreux ports d'une autre"),
        severity: Severity::High,
        techniques: &[("T0846", "Remote System Discovery"), ("T0840", "Network Connection Enumeration")],
        requirements: &["SR 5.2", "SR 6.2", "SR 7.7"],
        meaning: phrase(
            "Someone looks for services to get in by.",
            "Quelqu'un cherche des services par lesquels entrer.",
        ),
        action: SCAN_ACTION,
        caution: SCAN_CAUTION,
        covers: &["Port Scan"],
        thresholds: phrase("25 ports in 2 minutes", "25 ports en 2 minutes"),
    },
    logic: Logic::Memory(CONVERSATIONS, || Box::new(PortScan { pairs: Tracked::new(2 * MINUTE) })),
};

#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct PortScan {
    pairs: Tracked<(Key, IpAddr), Distinct>,
}

impl Memory for PortScan {
    fn look(&mut self, record: &Record, _: &View, hits: &mut Hits) {
        let Record::Conversation(conversation) = record else { return };
        let is_carried = matches!(conversation.transport, Transport::Tcp | Transport::Udp | Transport::Sctp);
        if !is_carried || !is_probe(conversation) {
            return;
        }
        let Some((source, ip, port)) = target(conversation) else { return };
        // Answers whose question is missing look like calls to high ports of the one who asked.
        if port >= 49_152 && conversation.from.port.is_some_and(|from| from < 1_024) {
            return;
        }
        let Some(ports) = self.pairs.at((source, ip), conversation.first) else { return };
        let count = ports.add(&port, conversation.first, 2 * MINUTE);
        if count >= 25 {
            ports.clear();
            let text = said!(
                "{count} ports of {ip} within 2 minutes, the last one {port}",
                "{count} ports de {ip} en 2 minutes, le dernier {port}"
            );
            let to = conversation.to.without_port();
            hits.push(Hit::of_conversation(conversation, text).between(Some(conversation.from), Some(to)));
        }
    }
}

pub(crate) const CONTROLLER: Detector = Detector {
    about: Descriptor {
        id: "controller-scan",
        title: phrase("A machine looks for controllers", "Une machine cherche des automates"),
        severity: Severity::High,
        techniques: &[("T0846", "Remote System Discovery"), ("T0888", "Remote System Information Discovery")],
        requirements: &["SR 5.2", "SR 6.2"],
        meaning: phrase(
            "It asks many addresses by industrial protocols who they are: an engineering tool searching the network, or someone choosing a target.",
            "Elle demande à de nombreuses adresses, par des protocoles industriels, qui elles sont : un outil d'ingénierie qui explore, ou quelqu'un qui choisit sa cible.",
        ),
        action: SCAN_ACTION,
        caution: SCAN_CAUTION,
        covers: &["PLC Scan", "Suspicion of Illegal Integrity Scan"],
        thresholds: phrase(
            "10 addresses asked for identity or tried on industrial ports in 2 minutes",
            "10 adresses interrogées sur leur identité ou essayées sur des ports industriels en 2 minutes",
        ),
    },
    logic: Logic::Memory(
        Wants {
            acts: &[Verb::Identify, Verb::Browse],
            trouble: false,
            protocols: &[],
            facts: &[],
            conversations: true,
            health: false,
        },
        || Box::new(ControllerScan { sources: Tracked::new(2 * MINUTE) }),
    ),
};

/// Ports of industrial protocols (IANA registry and makers' manuals).
const INDUSTRIAL_PORTS: &[u16] = &[
    102, 502, 789, 1089, 1911, 1962, 2222, 2404, 4840, 4911, 5006, 5007, 5094, 9600, 18245, 20000, 20547, 34962, 34964,
    44818, 47808, 48898,
];

#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct ControllerScan {
    sources: Tracked<Key, Distinct>,
}

impl Memory for ControllerScan {
    fn look(&mut self, record: &Record, _: &View, hits: &mut Hits) {
        let (from, to, at) = match record {
            Record::Act(act) if kind::is_industrial(&act.protocol) && act.protocol != "profinet-dcp" => {
                (act.from, act.to, act.at)
            }
            Record::Conversation(conversation)
                if is_probe(conversation)
                    && conversation.to.port.is_some_and(|port| INDUSTRIAL_PORTS.contains(&port)) =>
            {
                (conversation.from, conversation.to, conversation.first)
            }
            _ => return,
        };
        let (Some(source), Some(target)) = (Key::of(&from), Key::of(&to)) else { return };
        if target.is_group(to.mac) {
            return;
        }
        let Some(targets) = self.sources.at(source, at) else { return };
        let count = targets.add(&target, at, 2 * MINUTE);
        if count >= 10 {
            targets.clear();
            let text = said!(
                "{count} addresses within 2 minutes, the last one {to}",
                "{count} adresses en 2 minutes, la dernière {to}"
            );
            hits.push(Hit::at(at, text).between(Some(from), None));
        }
    }
}

pub(crate) const ARP: Detector = Detector {
    about: Descriptor {
        id: "arp-scan",
        title: phrase(
            "A machine asks for many hardware addresses",
            "Une machine demande de nombreuses adresses matérielles",
        ),
        severity: Severity::Medium,
        techniques: &[("T0846", "Remote System Discovery"), ("T0840", "Network Connection Enumeration")],
        requirements: &["SR 5.2", "SR 6.2"],
        meaning: phrase(
            "It lists who is on its segment. Routers and scanners do so; a controller does not.",
            "Elle recense qui est sur son segment. Les routeurs et les scanners le font ; un automate non.",
        ),
        action: SCAN_ACTION,
        caution: SCAN_CAUTION,
        covers: &["ARP Address Scan"],
        thresholds: phrase("40 addresses in 6 minutes", "40 adresses en 6 minutes"),
    },
    logic: Logic::Memory(
        Wants { acts: Verb::ALL, trouble: false, protocols: &["arp"], facts: &[], conversations: false, health: false },
        || Box::new(ArpScan { sources: Tracked::new(6 * MINUTE) }),
    ),
};

#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct ArpScan {
    sources: Tracked<Key, Distinct>,
}

/// The address that an ARP request asks for.
fn asked_for(act: &Act) -> Option<IpAddr> {
    let name = act.name.as_str();
    if name.contains("reply") || name.contains("answer") || name.contains("announce") || name.contains("gratuitous") {
        return None;
    }
    let of_object = || act.object.to_string().split(' ').next_back().and_then(|word| word.parse().ok());
    of_object().or(act.to.ip).filter(|ip| act.from.ip != Some(*ip))
}

impl Memory for ArpScan {
    fn look(&mut self, record: &Record, _: &View, hits: &mut Hits) {
        let Record::Act(act) = record else { return };
        let (Some(source), Some(wanted)) = (Key::of(&act.from), asked_for(act)) else { return };
        let Some(targets) = self.sources.at(source, act.at) else { return };
        let count = targets.add(&wanted, act.at, 6 * MINUTE);
        if count >= 40 {
            targets.clear();
            let text = said!(
                "{count} addresses asked for within 6 minutes, the last one {wanted}",
                "{count} adresses demandées en 6 minutes, la dernière {wanted}"
            );
            hits.push(Hit { count: 1, ..Hit::of_act(act, text).between(Some(act.from), None) });
        }
    }
}

pub(crate) const WORM: Detector = Detector {
    about: Descriptor {
        id: "worm-like-scan",
        title: phrase(
            "A machine tries Windows sharing on many others",
            "Une machine essaie le partage Windows sur de nombreuses autres",
        ),
        severity: Severity::Critical,
        techniques: &[("T0866", "Exploitation of Remote Services"), ("T0867", "Lateral Tool Transfer")],
        requirements: &["SR 3.2", "SR 5.1", "SR 5.2"],
        meaning: phrase(
            "WannaCry, NotPetya and Conficker spread this way. In a plant it stops operator stations within minutes.",
            "WannaCry, NotPetya et Conficker se propagent ainsi. Dans une usine, cela arrête les postes opérateurs en quelques minutes.",
        ),
        action: phrase(
            "Unplug the machine at once, then look for the same behaviour elsewhere. Close port 445 between zones.",
            "Débrancher immédiatement la machine, puis chercher le même comportement ailleurs. Fermer le port 445 entre zones.",
        ),
        caution: phrase(
            "Do not switch it off: its memory may hold the key or the evidence.",
            "Ne pas l'éteindre : sa mémoire peut contenir la clé ou la preuve.",
        ),
        covers: &["WannaCry", "NotPetya", "Conficker"],
        thresholds: phrase(
            "20 addresses on port 445 or 139 in 2 minutes",
            "20 adresses sur le port 445 ou 139 en 2 minutes",
        ),
    },
    logic: Logic::Memory(CONVERSATIONS, || Box::new(Worm { sources: Tracked::new(2 * MINUTE) })),
};

#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct Worm {
    sources: Tracked<Key, Distinct>,
}

impl Memory for Worm {
    fn look(&mut self, record: &Record, _: &View, hits: &mut Hits) {
        let Record::Conversation(conversation) = record else { return };
        if !matches!(conversation.to.port, Some(445 | 139))
            || conversation.transport != Transport::Tcp
            || !is_probe(conversation)
        {
            return;
        }
        let Some((source, ip, port)) = target(conversation) else { return };
        let Some(targets) = self.sources.at(source, conversation.first) else { return };
        let count = targets.add(&ip, conversation.first, 2 * MINUTE);
        if count >= 20 {
            targets.clear();
            let text = said!(
                "{count} addresses on port {port} within 2 minutes, the last one {ip}",
                "{count} adresses sur le port {port} en 2 minutes, la dernière {ip}"
            );
            hits.push(Hit::of_conversation(conversation, text).between(Some(conversation.from), None));
        }
    }
}

pub(crate) const SYN: Detector = Detector {
    about: Descriptor {
        id: "connection-flood",
        title: phrase(
            "A machine is flooded with connection attempts",
            "Une machine est inondée de tentatives de connexion",
        ),
        severity: Severity::High,
        techniques: &[("T0814", "Denial of Service")],
        requirements: &["SR 7.1"],
        meaning: phrase(
            "Controllers have room for a few dozen connections: when these are gone, operators are blind.",
            "Les automates n'ont de place que pour quelques dizaines de connexions : une fois prises, les opérateurs sont aveugles.",
        ),
        action: phrase(
            "Block the sources at the nearest switch or firewall; check that operator stations still get values.",
            "Bloquer les sources au commutateur ou pare-feu le plus proche ; vérifier que les postes opérateurs reçoivent encore des valeurs.",
        ),
        caution: phrase(
            "Do not restart the controller to free connections while the flood goes on.",
            "Ne pas redémarrer l'automate pour libérer des connexions tant que l'inondation continue.",
        ),
        covers: &["DoS", "TCP SYN flood"],
        thresholds: phrase("3000 attempts a minute to one address", "3000 tentatives par minute vers une adresse"),
    },
    logic: Logic::Memory(CONVERSATIONS, || Box::new(Flood { targets: Tracked::new(MINUTE) })),
};

#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct Flood {
    targets: Tracked<IpAddr, Rate>,
}

impl Memory for Flood {
    fn look(&mut self, record: &Record, _: &View, hits: &mut Hits) {
        let Record::Conversation(conversation) = record else { return };
        if conversation.transport != Transport::Tcp || !is_probe(conversation) {
            return;
        }
        let Some((_, ip, _)) = target(conversation) else { return };
        let Some(rate) = self.targets.at(ip, conversation.first) else { return };
        let count = rate.add(1, conversation.first, MINUTE);
        if count >= 3_000 {
            rate.clear();
            let text = said!(
                "{count} connection attempts within a minute, the last one from {from}",
                "{count} tentatives de connexion en une minute, la dernière depuis {from}",
                count = count,
                from = conversation.from.to_string()
            );
            hits.push(Hit::of_conversation(conversation, text).between(None, Some(conversation.to)));
        }
    }
}

pub(crate) const SESSIONS: Detector = Detector {
    about: Descriptor {
        id: "excessive-sessions",
        title: phrase(
            "A machine opens connection after connection to another",
            "Une machine ouvre connexion sur connexion vers une autre",
        ),
        severity: Severity::Medium,
        techniques: &[("T0814", "Denial of Service")],
        requirements: &["SR 7.1", "SR 7.2"],
        meaning: phrase(
            "A client that cannot keep its connection, a wrong setting, or an attempt to use up the controller's connections.",
            "Un client qui ne tient pas sa connexion, un mauvais réglage, ou une tentative d'épuiser les connexions de l'automate.",
        ),
        action: phrase(
            "Look at why connections end: resets, refusals, or the client's setting.",
            "Regarder pourquoi les connexions se terminent : resets, refus, ou réglage du client.",
        ),
        caution: phrase(
            "Do not raise the controller's limits first.",
            "Ne pas commencer par augmenter les limites de l'automate.",
        ),
        covers: &["Excessive Sessions"],
        thresholds: phrase(
            "50 connections a minute to one industrial device",
            "50 connexions par minute vers un équipement industriel",
        ),
    },
    logic: Logic::Memory(CONVERSATIONS, || Box::new(Sessions { pairs: Tracked::new(MINUTE) })),
};

#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct Sessions {
    pairs: Tracked<(Key, IpAddr), Rate>,
}

impl Memory for Sessions {
    fn look(&mut self, record: &Record, view: &View, hits: &mut Hits) {
        let Record::Conversation(conversation) = record else { return };
        let is_industrial = view.traits.kind == kind::Kind::Industrial
            || conversation.to.port.is_some_and(|port| INDUSTRIAL_PORTS.contains(&port));
        if conversation.transport != Transport::Tcp || !conversation.is_opening || !is_industrial {
            return;
        }
        let Some((source, ip, port)) = target(conversation) else { return };
        let Some(rate) = self.pairs.at((source, ip), conversation.first) else { return };
        let count = rate.add(1, conversation.first, MINUTE);
        if count >= 50 {
            rate.clear();
            let text = said!(
                "{count} connections to port {port} within a minute",
                "{count} connexions au port {port} en une minute",
                count = count
            );
            hits.push(Hit::of_conversation(conversation, text));
        }
    }
}

pub(crate) const PING: Detector = Detector {
    about: Descriptor {
        id: "icmp-flood",
        title: phrase("A flood of ICMP", "Une inondation ICMP"),
        severity: Severity::Low,
        techniques: &[("T0814", "Denial of Service")],
        requirements: &["SR 7.1"],
        meaning: phrase(
            "Pings in such number load small devices; they may also be a broken monitoring tool.",
            "Autant de pings chargent les petits équipements ; c'est peut-être aussi un outil de supervision déréglé.",
        ),
        action: phrase("Find the sender and lower its rate.", "Trouver l'émetteur et réduire sa cadence."),
        caution: phrase(
            "Do not block ICMP as a whole: path MTU discovery needs it.",
            "Ne pas bloquer tout ICMP : la découverte de MTU en a besoin.",
        ),
        covers: &["ICMP Flooding"],
        thresholds: phrase("120 packets a minute between two machines", "120 paquets par minute entre deux machines"),
    },
    logic: Logic::Conversation(|conversation, _, hits| {
        if !matches!(conversation.transport, Transport::Ip(1 | 58)) || conversation.sent.packets < 120 {
            return;
        }
        let seconds = (conversation.last.since(conversation.first) / 1_000_000_000).max(1) as u64;
        let rate = conversation.sent.packets * 60 / seconds;
        // One echo a second is what every ping does: 60 a minute. Twice as many is a flood.
        if rate >= 120 {
            let text = said!(
                "{packets} in {seconds} s, {rate} a minute",
                "{packets} en {seconds} s, {rate} par minute",
                packets = number_of(conversation.sent.packets, nouns::PACKETS),
                rate = rate
            );
            let severity = if rate >= 6_000 { Severity::Medium } else { Severity::Low };
            hits.push(Hit::of_conversation(conversation, text).severity(severity));
        }
    }),
};

pub(crate) const NAMES: Detector = Detector {
    about: Descriptor {
        id: "name-query-burst",
        title: phrase("A burst of name queries without an answer", "Une rafale de requêtes de noms sans réponse"),
        severity: Severity::Medium,
        techniques: &[("T0846", "Remote System Discovery"), ("T0885", "Commonly Used Port")],
        requirements: &["SR 3.2", "SR 6.2"],
        meaning: phrase(
            "Malware that computes names of its masters asks for many that do not exist; so does a machine whose name server is gone.",
            "Un maliciel qui calcule les noms de ses serveurs en demande beaucoup qui n'existent pas ; une machine privée de serveur de noms aussi.",
        ),
        action: phrase(
            "Look at the names. If they are random, treat the machine as infected.",
            "Regarder les noms. S'ils sont aléatoires, traiter la machine comme infectée.",
        ),
        caution: phrase(
            "Do not query the names yourself from the plant.",
            "Ne pas interroger ces noms depuis l'usine.",
        ),
        covers: &["name-query burst", "malicious domain", "Unauthorized Name Query"],
        thresholds: phrase(
            "25 refused or unanswered names a minute from one machine",
            "25 noms refusés ou sans réponse par minute depuis une machine",
        ),
    },
    logic: Logic::Memory(
        Wants { acts: &[], trouble: true, protocols: &["dns"], facts: &[], conversations: false, health: false },
        || Box::new(Names { sources: Tracked::new(MINUTE) }),
    ),
};

#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct Names {
    sources: Tracked<Key, Distinct>,
}

impl Memory for Names {
    fn look(&mut self, record: &Record, _: &View, hits: &mut Hits) {
        let Record::Act(act) = record else { return };
        if !matches!(act.outcome, Outcome::Refused | Outcome::NoAnswer) {
            return;
        }
        let Some(names) = Key::of(&act.from).and_then(|key| self.sources.at(key, act.at)) else { return };
        let count = names.add(&act.object, act.at, MINUTE);
        if count >= 25 {
            names.clear();
            let text = said!(
                "{count} different names within a minute, the last one {last}",
                "{count} noms différents en une minute, le dernier {last}",
                last = act.object.to_string()
            );
            hits.push(Hit { count: 1, ..Hit::of_act(act, text).between(Some(act.from), None) });
        }
    }
}

pub(crate) const FUNCTIONS: Detector = Detector {
    about: Descriptor {
        id: "function-scan",
        title: phrase("A machine tries out what a device can do", "Une machine essaie ce qu'un équipement sait faire"),
        severity: Severity::High,
        techniques: &[("T0888", "Remote System Information Discovery"), ("T0861", "Point & Tag Identification")],
        requirements: &["SR 3.5", "SR 6.2"],
        meaning: phrase(
            "It goes through functions, units or addresses and is refused again and again: a scanner or a fuzzer, which small devices may not survive.",
            "Elle parcourt fonctions, unités ou adresses et se fait refuser sans cesse : un scanner ou un fuzzer, auquel de petits équipements peuvent ne pas survivre.",
        ),
        action: SCAN_ACTION,
        caution: SCAN_CAUTION,
        covers: &["PLC Scan", "Function Code Raised Unauthorized Exception"],
        thresholds: phrase(
            "8 different functions, or 20 different objects or units, refused or unanswered in 2 minutes",
            "8 fonctions différentes, ou 20 objets ou unités différents, refusés ou sans réponse en 2 minutes",
        ),
    },
    logic: Logic::Memory(
        Wants { acts: &[], trouble: true, protocols: &[], facts: &[], conversations: false, health: false },
        || Box::new(Functions { pairs: Tracked::new(2 * MINUTE) }),
    ),
};

#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct Functions {
    pairs: Tracked<(Key, Key), (Distinct, Distinct)>,
}

impl Memory for Functions {
    fn look(&mut self, record: &Record, _: &View, hits: &mut Hits) {
        let Record::Act(act) = record else { return };
        if !matches!(act.outcome, Outcome::Refused | Outcome::NoAnswer) || !kind::is_industrial(&act.protocol) {
            return;
        }
        let (Some(from), Some(to)) = (Key::of(&act.from), Key::of(&act.to)) else { return };
        let Some((codes, objects)) = self.pairs.at((from, to), act.at) else { return };
        let code_count = codes.add(&(act.code, &act.protocol), act.at, 2 * MINUTE);
        let object_count = objects.add(&(&act.object, &act.behind), act.at, 2 * MINUTE);
        if code_count >= 8 || object_count >= 20 {
            codes.clear();
            objects.clear();
            let text = said!(
                "{code_count} different functions and {object_count} different objects or units refused or unanswered within 2 minutes, the last one {last}",
                "{code_count} fonctions et {object_count} objets ou unités différents refusés ou sans réponse en 2 minutes, le dernier : {last}",
                last = crate::detector::tell(act)
            );
            hits.push(Hit { count: 1, behind: model::Behind::Nobody, ..Hit::of_act(act, text) });
        }
    }
}

pub(crate) const PORT_ZERO: Detector = Detector {
    about: Descriptor {
        id: "port-zero",
        title: phrase("A connection to port 0", "Une connexion vers le port 0"),
        severity: Severity::Medium,
        techniques: &[("T0846", "Remote System Discovery")],
        requirements: &["SR 3.5", "SR 5.2"],
        meaning: phrase(
            "No service has port 0: this is a crafted packet, of a scanner or of broken software.",
            "Aucun service n'a le port 0 : c'est un paquet fabriqué, par un scanner ou un logiciel défaillant.",
        ),
        action: SCAN_ACTION,
        caution: SCAN_CAUTION,
        covers: &["Connection to Port 0"],
        thresholds: NOTHING,
    },
    logic: Logic::Conversation(|conversation, _, hits| {
        let is_carried = matches!(conversation.transport, Transport::Tcp | Transport::Udp);
        if is_carried && conversation.to.port == Some(0) && conversation.is_opening {
            hits.push(Hit::of_conversation(
                conversation,
                said!(
                    "{transport} to {to}",
                    "{transport} vers {to}",
                    transport = conversation.transport.to_string(),
                    to = conversation.to.to_string()
                ),
            ));
        }
    }),
};

pub(crate) const PROBED: Detector = Detector {
    about: Descriptor {
        id: "internet-probes",
        title: phrase("The plant is probed from the Internet", "L'usine est sondée depuis Internet"),
        severity: Severity::Medium,
        techniques: &[("T0883", "Internet Accessible Device"), ("T0819", "Exploit Public-Facing Application")],
        requirements: &["SR 5.2", "SR 1.13"],
        meaning: phrase(
            "Packets of strangers reach this network: whatever answers here can be attacked by anyone.",
            "Des paquets d'inconnus atteignent ce réseau : tout ce qui y répond peut être attaqué par n'importe qui.",
        ),
        action: phrase(
            "Close the way in at the border; let only a VPN gateway be reached.",
            "Fermer l'accès à la frontière ; ne laisser atteindre qu'une passerelle VPN.",
        ),
        caution: phrase(
            "Do not trust an address list alone: addresses change.",
            "Ne pas se fier à une simple liste d'adresses : elles changent.",
        ),
        covers: &["Unauthorized Internet Connectivity Detected"],
        thresholds: phrase("a public address calls an inner one", "une adresse publique appelle une adresse interne"),
    },
    logic: Logic::Conversation(|conversation, _, hits| {
        let (Some(from), Some(to)) = (conversation.from.ip, conversation.to.ip) else { return };
        let is_call = conversation.transport == Transport::Tcp
            && matches!(conversation.state, State::Attempted | State::Rejected)
            && conversation.is_opening;
        if is_call && is_public(from) && !is_public(to) && !is_group(to) {
            let hit = Hit::of_conversation(conversation, "").between(None, Some(conversation.to));
            hits.tell(hit, || said!("{from} tried {to}", "{from} a essayé {to}", to = conversation.to.to_string()));
        }
    }),
};

#[cfg(test)]
mod tests {
    use model::{Outcome, Record, State, Verb};

    use crate::testing::{ActExt, act, conversation, fires};

    fn tries(count: u32, step: f64, state: State) -> Vec<Record> {
        (0..count)
            .map(|n| {
                let to = format!("10.0.{}.{}:80", n / 200, n % 200 + 1);
                Record::Conversation(conversation(f64::from(n) * step, "10.0.9.9", &to, "", state))
            })
            .collect()
    }

    #[test]
    fn fifty_silent_addresses_are_a_scan_and_fifty_talking_ones_are_not() {
        assert!(fires("address-scan", tries(50, 1.0, State::Attempted)));
        assert!(fires("address-scan", tries(50, 10.0, State::Rejected)));
        assert!(!fires("address-scan", tries(49, 1.0, State::Attempted)));
        assert!(!fires("address-scan", tries(50, 1.0, State::Closed)));
    }

    #[test]
    fn ports_of_one_machine() {
        let ports = |count: u16, step: f64| -> Vec<Record> {
            (1..=count)
                .map(|port| {
                    let to = format!("10.0.0.7:{port}");
                    Record::Conversation(conversation(f64::from(port) * step, "10.0.9.9", &to, "", State::Rejected))
                })
                .collect()
        };
        assert!(fires("port-scan", ports(25, 1.0)));
        assert!(!fires("port-scan", ports(25, 60.0)));
        assert!(!fires("port-scan", ports(24, 1.0)));
    }

    #[test]
    fn asking_ten_devices_who_they_are() {
        let ask = |count: u8| {
            (1..=count).map(|n| {
                let to = format!("10.0.0.{n}:44818");
                Record::Act(act(f64::from(n), "10.0.9.9", &to, "enip", Verb::Identify, "list identity"))
            })
        };
        assert!(fires("controller-scan", ask(10)));
        assert!(!fires("controller-scan", ask(9)));
    }

    #[test]
    fn arp_requests_for_forty_addresses() {
        let ask = |count: u8| {
            (1..=count).map(|n| {
                let to = format!("10.0.0.{n}@ff:ff:ff:ff:ff:ff");
                let ask = act(f64::from(n), "10.0.9.9@00:11:22:33:44:55", &to, "arp", Verb::Other, "request");
                Record::Act(ask.outcome(Outcome::Asked))
            })
        };
        assert!(fires("arp-scan", ask(40)));
        assert!(!fires("arp-scan", ask(39)));
    }

    #[test]
    fn windows_sharing_on_many_machines() {
        let tries = |port: u16| {
            (1..=20).map(move |n| {
                let to = format!("10.0.0.{n}:{port}");
                Record::Conversation(conversation(f64::from(n), "10.0.9.9", &to, "", State::Attempted))
            })
        };
        assert!(fires("worm-like-scan", tries(445)));
        assert!(!fires("worm-like-scan", tries(443)));
    }

    #[test]
    fn three_thousand_attempts_a_minute_are_a_flood() {
        let attempts = |step: f64| {
            (0..3_000_u32).map(move |n| {
                let from = format!("10.{}.{}.9:1024", n / 250, n % 250);
                Record::Conversation(conversation(f64::from(n) * step, &from, "10.0.0.7:80", "", State::Attempted))
            })
        };
        assert!(fires("connection-flood", attempts(0.01)));
        assert!(!fires("connection-flood", attempts(0.1)));
    }

    #[test]
    fn fifty_connections_a_minute_to_a_controller() {
        let open = |step: f64| {
            (0..50_u32).map(move |n| {
                let at = f64::from(n) * step;
                Record::Conversation(conversation(at, "10.0.0.9", "10.0.0.7:502", "modbus", State::Closed))
            })
        };
        assert!(fires("excessive-sessions", open(1.0)));
        assert!(!fires("excessive-sessions", open(10.0)));
    }

    #[test]
    fn pings_by_the_hundred() {
        let ping = |packets| {
            let mut ping = conversation(0.0, "10.0.0.9", "10.0.0.7", "icmp", State::TwoWay);
            ping.transport = model::Transport::Ip(1);
            ping.sent.packets = packets;
            ping.last = crate::testing::at(60.0);
            Record::Conversation(ping)
        };
        assert!(fires("icmp-flood", [ping(200)]));
        assert!(!fires("icmp-flood", [ping(60)]));
    }

    #[test]
    fn names_that_do_not_exist() {
        let ask = |count: u32, outcome| {
            (0..count).map(move |n| {
                let ask = act(f64::from(n), "10.0.0.9", "10.0.0.1:53", "dns", Verb::Browse, "query a");
                Record::Act(ask.object(&format!("x{n}.example")).outcome(outcome))
            })
        };
        assert!(fires("name-query-burst", ask(25, Outcome::Refused)));
        assert!(!fires("name-query-burst", ask(25, Outcome::Done)));
    }

    #[test]
    fn functions_tried_one_after_the_other() {
        let tries = |count: u32| {
            (1..=count).map(|code| {
                let ask = act(f64::from(code), "10.0.0.9", "10.0.0.7:502", "modbus", Verb::Other, "function");
                Record::Act(ask.code(code).refused(1, "illegal function"))
            })
        };
        assert!(fires("function-scan", tries(8)));
        assert!(!fires("function-scan", tries(7)));
    }

    #[test]
    fn port_zero_and_calls_from_outside() {
        let call = |from: &str, to: &str| Record::Conversation(conversation(0.0, from, to, "", State::Attempted));
        assert!(fires("port-zero", [call("10.0.0.9", "10.0.0.7:0")]));
        assert!(!fires("port-zero", [call("10.0.0.9", "10.0.0.7:1")]));
        assert!(fires("internet-probes", [call("93.184.216.34:4000", "10.0.0.7:23")]));
        assert!(!fires("internet-probes", [call("10.0.0.9", "93.184.216.34:443")]));
    }
}
