//! Who can reach whom: the Internet, the office, remote access, tunnels, flat networks.

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::{Asset, Descriptor, Purdue, Role, Severity, State, Transport, nouns, number_of, said};

use crate::detector::{Detector, Hit, Hits, Logic, NOTHING, Plant, phrase, protocol_said};
use crate::inventory::address::{is_group, is_link_local, is_public, is_same_subnet, subnet, subnet_text};
use crate::inventory::assets::role;
use crate::inventory::kind::{self, Kind};

/// Controllers, field devices and the stations that supervise them.
fn is_plant(asset: &Asset) -> bool {
    matches!(asset.purdue.level, Purdue::Process | Purdue::Control | Purdue::Supervision)
        && (role(asset).is_industrial() || asset.roles.iter().any(|claim| claim.role.is_industrial()))
}

/// Whether packets of both sides were seen.
fn is_answered(state: State) -> bool {
    !matches!(state, State::Attempted | State::Rejected | State::OneWay)
}

pub(crate) const INTERNET: Detector = Detector {
    about: Descriptor {
        id: "plant-talks-to-internet",
        title: phrase(
            "A machine of the plant talks to the Internet",
            "Une machine de l'usine communique avec Internet",
        ),
        severity: Severity::High,
        techniques: &[
            ("T0883", "Internet Accessible Device"),
            ("T0884", "Connection Proxy"),
            ("T0885", "Commonly Used Port"),
        ],
        requirements: &["SR 5.1", "SR 5.2", "SR 3.2"],
        meaning: phrase(
            "What can call out can be commanded from out there: malware needs exactly this way.",
            "Ce qui peut appeler l'extérieur peut être commandé de l'extérieur : c'est exactement la voie qu'il faut à un maliciel.",
        ),
        action: phrase(
            "Find out what it fetches (updates, time, licences, cloud of the maker) and let a proxy in the DMZ do it. Deny all else.",
            "Déterminer ce qu'elle va chercher (mises à jour, heure, licences, cloud du fabricant) et le confier à un relais en DMZ. Refuser le reste.",
        ),
        caution: phrase(
            "Do not cut a maker's remote service without asking who depends on it.",
            "Ne pas couper un télé-service du fabricant sans demander qui en dépend.",
        ),
        covers: &[
            "Internet Access Detected",
            "Unauthorized Internet Connectivity Detected",
            "External address within the network communicated with Internet",
        ],
        thresholds: NOTHING,
    },
    logic: Logic::Machines(|plant, hits| {
        for (number, edge) in plant.machines.edges.iter().enumerate() {
            let (from, Some(to)) = plant.machines.ends[number] else { continue };
            let (from, to) = (&plant.machines.assets[from], &plant.machines.assets[to]);
            let inner = match (from.is_external, to.is_external) {
                (false, true) => from,
                (true, false) => to,
                _ => continue,
            };
            if edge.packets + edge.acts == 0 || !is_plant(inner) {
                continue;
            }
            let evidence = said!(
                "{inner} ({role}) and {outer}: {protocol}, {packets}",
                "{inner} ({role}) et {outer} : {protocol}, {packets}",
                inner = inner.name,
                role = role(inner),
                outer = if from.is_external { &from.name } else { &to.name },
                protocol = protocol_said(&edge.protocol),
                packets = number_of(edge.packets, nouns::PACKETS)
            );
            hits.push(plant.edge_hit(number, evidence));
        }
    }),
};

pub(crate) const INBOUND: Detector = Detector {
    about: Descriptor {
        id: "inbound-from-internet",
        title: phrase("A connection from the Internet was accepted", "Une connexion venant d'Internet a été acceptée"),
        severity: Severity::High,
        techniques: &[
            ("T0883", "Internet Accessible Device"),
            ("T0822", "External Remote Services"),
            ("T0819", "Exploit Public-Facing Application"),
        ],
        requirements: &["SR 1.13", "SR 5.2"],
        meaning: phrase(
            "Anyone on the Internet can reach this service; search engines list such ports within hours.",
            "N'importe qui sur Internet peut atteindre ce service ; des moteurs de recherche listent ces ports en quelques heures.",
        ),
        action: phrase(
            "Close the port at the border. Where it is needed, put it behind a VPN with strong authentication.",
            "Fermer le port à la frontière. S'il est nécessaire, le placer derrière un VPN avec authentification forte.",
        ),
        caution: phrase("Do not only move it to another port.", "Ne pas se contenter de changer de port."),
        covers: &["Unauthorized Internet Connectivity Detected"],
        thresholds: NOTHING,
    },
    logic: Logic::Conversation(|conversation, _, hits| {
        let (Some(from), Some(to)) = (conversation.from.ip, conversation.to.ip) else { return };
        // In the middle of a connection it is a guess who called whom.
        let is_accepted = conversation.transport == Transport::Tcp
            && matches!(conversation.state, State::Open | State::Closed | State::Reset)
            && conversation.received.payload > 0;
        if is_accepted && is_public(from) && !is_public(to) && !is_group(to) {
            let text = said!(
                "{from} to {to} ({protocol})",
                "{from} vers {to} ({protocol})",
                to = conversation.to.to_string(),
                protocol = protocol_said(&conversation.protocol)
            );
            hits.push(Hit::of_conversation(conversation, text));
        }
    }),
};

pub(crate) const OFFICE: Detector = Detector {
    about: Descriptor {
        id: "office-reaches-control",
        title: phrase("The office network reaches controllers", "Le réseau de bureau atteint des automates"),
        severity: Severity::Medium,
        techniques: &[("T0886", "Remote Services"), ("T0866", "Exploitation of Remote Services")],
        requirements: &["SR 5.1", "SR 5.2", "SR 2.1"],
        meaning: phrase(
            "A machine that is open to mail and web has a direct way to control: there is no barrier in between.",
            "Une machine exposée au courrier et au web a un accès direct à la commande : il n'y a pas de barrière entre les deux.",
        ),
        action: phrase(
            "Lead such traffic through a DMZ (level 3.5) with a relay, and allow only what is named.",
            "Faire passer ces flux par une DMZ (niveau 3.5) avec un relais et n'autoriser que ce qui est nommé.",
        ),
        caution: phrase(
            "Do not cut reporting or recipe transfer without a replacement.",
            "Ne pas couper la remontée de données ou les recettes sans solution de remplacement.",
        ),
        covers: &["IT to OT reach"],
        thresholds: NOTHING,
    },
    logic: Logic::Machines(|plant, hits| {
        for (number, edge) in plant.machines.edges.iter().enumerate() {
            let (from, Some(to)) = plant.machines.ends[number] else { continue };
            let (from, to) = (&plant.machines.assets[from], &plant.machines.assets[to]);
            let is_naming = matches!(kind::of(&edge.protocol).kind, Kind::Network);
            if from.purdue.level == Purdue::Enterprise
                && matches!(to.purdue.level, Purdue::Process | Purdue::Control)
                && edge.packets + edge.acts > 0
                && !is_naming
            {
                let evidence = said!(
                    "{from} (level {high}) to {to} (level {low}): {protocol}, {packets}",
                    "{from} (niveau {high}) vers {to} (niveau {low}) : {protocol}, {packets}",
                    from = from.name,
                    high = from.purdue.level.as_str(),
                    to = to.name,
                    low = to.purdue.level.as_str(),
                    protocol = protocol_said(&edge.protocol),
                    packets = number_of(edge.packets, nouns::PACKETS)
                );
                hits.push(plant.edge_hit(number, evidence));
            }
        }
    }),
};

pub(crate) const REMOTE: Detector = Detector {
    about: Descriptor {
        id: "remote-access",
        title: phrase("Remote access to a machine", "Accès distant à une machine"),
        severity: Severity::Low,
        techniques: &[("T0886", "Remote Services"), ("T0823", "Graphical User Interface"), ("T0859", "Valid Accounts")],
        requirements: &["SR 1.1", "SR 1.13", "SR 2.6"],
        meaning: phrase(
            "Whoever holds the session holds the machine. Maintenance works this way, and so do most intruders.",
            "Qui tient la session tient la machine. La maintenance travaille ainsi, et la plupart des intrus aussi.",
        ),
        action: phrase(
            "Match sessions with planned work. Lead them through one jump host with strong authentication and recording.",
            "Rapprocher les sessions des interventions prévues. Les faire passer par un bastion avec authentification forte et enregistrement.",
        ),
        caution: phrase(
            "Do not cut a session during maintenance.",
            "Ne pas couper une session pendant une maintenance.",
        ),
        covers: &["Unauthorized SSH Access", "Remote Access"],
        thresholds: phrase(
            "low within a subnet, medium across subnets or into a controller, critical from the Internet",
            "faible dans un sous-réseau, moyen entre sous-réseaux ou vers un automate, critique depuis Internet",
        ),
    },
    logic: Logic::Conversation(|conversation, view, hits| {
        if view.traits.kind != Kind::Remote || !is_answered(conversation.state) {
            return;
        }
        let severity = match (conversation.from.ip, conversation.to.ip) {
            (Some(from), Some(to)) if is_public(from) && !is_public(to) => Severity::Critical,
            (Some(from), Some(to)) if is_public(to) && !is_public(from) => Severity::Medium,
            _ if view.serves_industry(&conversation.to) || !is_same_subnet(&conversation.from, &conversation.to) => {
                Severity::Medium
            }
            _ => Severity::Low,
        };
        let text = said!(
            "{protocol} from {from} to {to}, {bytes}",
            "{protocol} de {from} vers {to}, {bytes}",
            protocol = conversation.protocol,
            from = conversation.from.to_string(),
            to = conversation.to.to_string(),
            bytes = number_of(conversation.sent.bytes + conversation.received.bytes, nouns::BYTES)
        );
        hits.push(Hit::of_conversation(conversation, text).severity(severity));
    }),
};

pub(crate) const TOOL: Detector = Detector {
    about: Descriptor {
        id: "remote-access-tool",
        title: phrase(
            "A remote access tool that goes around the border",
            "Un outil d'accès distant qui contourne la frontière",
        ),
        severity: Severity::High,
        techniques: &[("T0822", "External Remote Services"), ("T0884", "Connection Proxy")],
        requirements: &["SR 1.13", "SR 2.6", "SR 5.2"],
        meaning: phrase(
            "TeamViewer, AnyDesk and the like call out and let others in through the maker's servers, past firewall and VPN.",
            "TeamViewer, AnyDesk et consorts appellent l'extérieur et font entrer des tiers par les serveurs de l'éditeur, en passant outre pare-feu et VPN.",
        ),
        action: phrase(
            "Ask who installed it and for whom. Remove it, or limit it to a jump host that people switch on.",
            "Demander qui l'a installé et pour qui. Le supprimer, ou le limiter à un bastion que l'on active à la demande.",
        ),
        caution: phrase(
            "Do not remove it while a supplier is at work through it.",
            "Ne pas le supprimer pendant qu'un fournisseur intervient.",
        ),
        covers: &["Remote Access", "Unauthorized Internet Connectivity Detected"],
        thresholds: NOTHING,
    },
    logic: Logic::Conversation(|conversation, _, hits| {
        let is_tool = matches!(
            conversation.protocol.as_ref(),
            "teamviewer" | "anydesk" | "rustdesk" | "logmein" | "zerotier" | "ammyy"
        );
        // Ports by which the tools are known; content decides where it was recognised.
        let is_port =
            conversation.protocol.is_empty() && matches!(conversation.to.port, Some(5938 | 7070 | 6568 | 21116));
        let is_outward = conversation.to.ip.is_some_and(is_public);
        if is_answered(conversation.state) && (is_tool || (is_port && is_outward)) {
            let severity = if is_tool { Severity::High } else { Severity::Medium };
            let text = said!(
                "{protocol} to {to}",
                "{protocol} vers {to}",
                protocol = protocol_said(&conversation.protocol),
                to = conversation.to.to_string()
            );
            hits.push(Hit::of_conversation(conversation, text).severity(severity));
        }
    }),
};

pub(crate) const TUNNEL: Detector = Detector {
    about: Descriptor {
        id: "tunnel",
        title: phrase("Traffic goes through a tunnel", "Du trafic passe par un tunnel"),
        severity: Severity::Low,
        techniques: &[("T0884", "Connection Proxy")],
        requirements: &["SR 5.2", "SR 6.2"],
        meaning: phrase(
            "Inside a tunnel, firewalls see nothing. A VPN of the plant is fine; others are a hidden door.",
            "Dans un tunnel, les pare-feu ne voient rien. Un VPN de l'usine est normal ; les autres sont une porte dérobée.",
        ),
        action: phrase(
            "List the tunnels that are meant to be; end the others.",
            "Recenser les tunnels voulus ; fermer les autres.",
        ),
        caution: phrase(
            "Do not end the tunnel by which telecontrol runs.",
            "Ne pas fermer le tunnel par lequel passe la téléconduite.",
        ),
        covers: &["Unauthorized Internet Connectivity Detected"],
        thresholds: NOTHING,
    },
    logic: Logic::Conversation(|conversation, view, hits| {
        // Assigned internet protocol numbers: 4 IP in IP, 41 IPv6 in IPv4, 47 GRE, 50 ESP.
        let is_tunnel =
            matches!(conversation.transport, Transport::Ip(4 | 41 | 47 | 50)) || view.traits.kind == Kind::Tunnel;
        if is_tunnel {
            let outside = conversation.to.ip.is_some_and(is_public) || conversation.from.ip.is_some_and(is_public);
            let text = said!(
                "{transport} {protocol} to {to}",
                "{transport} {protocol} vers {to}",
                transport = conversation.transport.to_string(),
                protocol = conversation.protocol,
                to = conversation.to.to_string()
            );
            hits.push(Hit::of_conversation(conversation, text).severity(if outside {
                Severity::Medium
            } else {
                Severity::Low
            }));
        }
    }),
};

pub(crate) const NAME_SERVER: Detector = Detector {
    about: Descriptor {
        id: "names-from-internet",
        title: phrase(
            "A machine asks a name server on the Internet",
            "Une machine interroge un serveur de noms sur Internet",
        ),
        severity: Severity::Low,
        techniques: &[("T0885", "Commonly Used Port"), ("T0884", "Connection Proxy")],
        requirements: &["SR 5.2"],
        meaning: phrase(
            "Queries tell outsiders what runs here, and port 53 is a well-worn way to carry data out.",
            "Les requêtes révèlent à l'extérieur ce qui tourne ici, et le port 53 est une voie classique d'exfiltration.",
        ),
        action: phrase(
            "Let machines ask the plant's own name server only.",
            "Ne laisser interroger que le serveur de noms de l'usine.",
        ),
        caution: phrase(
            "Do not leave machines without a name server.",
            "Ne pas laisser de machines sans serveur de noms.",
        ),
        covers: &["Unauthorized Name Query", "Internet Access Detected"],
        thresholds: NOTHING,
    },
    logic: Logic::Conversation(|conversation, _, hits| {
        let (Some(from), Some(to)) = (conversation.from.ip, conversation.to.ip) else { return };
        if conversation.protocol == "dns" && is_public(to) && !is_public(from) {
            hits.push(Hit::of_conversation(conversation, said!("{from} asks {to}", "{from} demande à {to}")));
        }
    }),
};

pub(crate) const TIME_SERVER: Detector = Detector {
    about: Descriptor {
        id: "time-from-internet",
        title: phrase("A machine takes its time from the Internet", "Une machine prend l'heure sur Internet"),
        severity: Severity::Low,
        techniques: &[("T0885", "Commonly Used Port")],
        requirements: &["SR 2.11", "SR 5.2"],
        meaning: phrase(
            "The machine has a way out, and its clock trusts strangers.",
            "La machine a un accès vers l'extérieur, et son horloge fait confiance à des inconnus.",
        ),
        action: phrase(
            "Use a time server of the plant (GNSS or DMZ).",
            "Utiliser un serveur de temps de l'usine (GNSS ou DMZ).",
        ),
        caution: phrase(
            "Do not change the time of running controllers by leaps.",
            "Ne pas changer brutalement l'heure d'automates en marche.",
        ),
        covers: &["Internet Access Detected"],
        thresholds: NOTHING,
    },
    logic: Logic::Conversation(|conversation, _, hits| {
        let (Some(from), Some(to)) = (conversation.from.ip, conversation.to.ip) else { return };
        if conversation.protocol == "ntp" && is_public(to) && !is_public(from) {
            hits.push(Hit::of_conversation(conversation, said!("{from} asks {to}", "{from} demande à {to}")));
        }
    }),
};

pub(crate) const DUAL_HOMED: Detector = Detector {
    about: Descriptor {
        id: "dual-homed",
        title: phrase("A machine stands in two networks", "Une machine est présente dans deux réseaux"),
        severity: Severity::Medium,
        techniques: &[("T0884", "Connection Proxy"), ("T0886", "Remote Services")],
        requirements: &["SR 5.1", "SR 5.2"],
        meaning: phrase(
            "It joins networks that a firewall keeps apart: whoever takes it is in both.",
            "Elle relie des réseaux qu'un pare-feu sépare : qui la prend est dans les deux.",
        ),
        action: phrase(
            "Remove one leg, or treat it as a border device with a firewall of its own.",
            "Supprimer une interface, ou la traiter comme un équipement de frontière avec son pare-feu.",
        ),
        caution: phrase(
            "Do not unplug a leg before knowing what runs over it.",
            "Ne pas débrancher une interface sans savoir ce qui y passe.",
        ),
        covers: &["Operational Issues"],
        thresholds: phrase(
            "addresses in 2 private subnets, no router",
            "adresses dans 2 sous-réseaux privés, hors routeurs",
        ),
    },
    logic: Logic::Machines(|plant, hits| {
        for (number, asset) in plant.machines.assets.iter().enumerate() {
            if matches!(role(asset), Role::Router | Role::Firewall | Role::Switch) {
                continue;
            }
            let mut subnets: Vec<IpAddr> = asset
                .interfaces
                .iter()
                .flat_map(|interface| &interface.ips)
                .filter(|ip| ip.is_ipv4() && !is_link_local(**ip) && !is_public(**ip))
                .map(|ip| subnet(*ip))
                .collect();
            subnets.sort_unstable();
            subnets.dedup();
            if subnets.len() >= 2 {
                let list: Vec<String> = subnets.iter().take(6).map(|subnet| subnet_text(*subnet)).collect();
                let text = said!(
                    "{name} has addresses in {list}",
                    "{name} a des adresses dans {list}",
                    name = asset.name,
                    list = list.join(", ")
                );
                hits.push(plant.machine_hit(number, text));
            }
        }
    }),
};

pub(crate) const FLAT: Detector = Detector {
    about: Descriptor {
        id: "flat-network",
        title: phrase(
            "Controllers and office machines share a subnet",
            "Automates et machines de bureau partagent un sous-réseau",
        ),
        severity: Severity::Medium,
        techniques: &[("T0886", "Remote Services"), ("T0842", "Network Sniffing")],
        requirements: &["SR 5.1"],
        meaning: phrase(
            "Nothing stands between a computer that catches malware and the controllers.",
            "Rien ne sépare un ordinateur qui attrape un maliciel des automates.",
        ),
        action: phrase(
            "Make zones: controllers, supervision, others; a firewall between them.",
            "Créer des zones : automates, supervision, autres ; un pare-feu entre elles.",
        ),
        caution: phrase(
            "Do not renumber controllers in a running plant.",
            "Ne pas renuméroter des automates dans une usine en marche.",
        ),
        covers: &["network segmentation"],
        thresholds: phrase(
            "a controller and 2 machines without industrial traffic",
            "un automate et 2 machines sans trafic industriel",
        ),
    },
    logic: Logic::Machines(flat),
};

fn flat(plant: &Plant, hits: &mut Hits) {
    let mut subnets: BTreeMap<IpAddr, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (number, asset) in plant.machines.assets.iter().enumerate() {
        let role = role(asset);
        let speaks = plant.machines.deeds[number].values().any(|deeds| deeds.is_industrial);
        for ip in asset.interfaces.iter().flat_map(|interface| &interface.ips) {
            if is_link_local(*ip) || asset.is_remote {
                continue;
            }
            let (controllers, others) = subnets.entry(subnet(*ip)).or_default();
            if role.is_controller() {
                controllers.push(number);
            } else if !speaks
                && matches!(
                    role,
                    Role::Workstation
                        | Role::Mobile
                        | Role::Printer
                        | Role::Phone
                        | Role::Camera
                        | Role::MailServer
                        | Role::WebServer
                        | Role::FileServer
                )
            {
                others.push(number);
            }
        }
    }
    for (subnet, (controllers, others)) in subnets {
        if controllers.is_empty() || others.len() < 2 {
            continue;
        }
        let name = |number: &usize| plant.machines.assets[*number].name.to_string();
        let names: Vec<String> = others.iter().take(6).map(name).collect();
        let text = said!(
            "{subnet}: {controllers} and {machines} without industrial traffic: {list}",
            "{subnet} : {controllers} et {machines} sans trafic industriel : {list}",
            subnet = subnet_text(subnet),
            controllers = number_of(controllers.len(), nouns::CONTROLLERS),
            machines = number_of(others.len(), nouns::MACHINES),
            list = names.join(", ")
        );
        let hit = plant.machine_hit(controllers[0], text);
        hits.push(Hit { to: None, ..hit }.topic(subnet_text(subnet)));
    }
}

pub(crate) const NEEDLESS: Detector = Detector {
    about: Descriptor {
        id: "needless-services",
        title: phrase("A controller offers office services", "Un automate offre des services de bureautique"),
        severity: Severity::Low,
        techniques: &[("T0866", "Exploitation of Remote Services"), ("T0885", "Commonly Used Port")],
        requirements: &["SR 7.7"],
        meaning: phrase(
            "Web pages, file transfer and shells on controllers are seldom patched and rarely needed.",
            "Pages web, transfert de fichiers et consoles sur automates sont rarement corrigés et rarement nécessaires.",
        ),
        action: phrase(
            "Switch off in the device's configuration what nobody uses.",
            "Désactiver dans la configuration de l'équipement ce que personne n'utilise.",
        ),
        caution: phrase(
            "Do not switch off what the engineering tool or diagnosis needs.",
            "Ne pas désactiver ce dont l'outil d'ingénierie ou le diagnostic a besoin.",
        ),
        covers: &["New Port Discovery"],
        thresholds: NOTHING,
    },
    logic: Logic::Machines(|plant, hits| {
        for (number, asset) in plant.machines.assets.iter().enumerate() {
            if !role(asset).is_controller() {
                continue;
            }
            for service in &asset.services {
                if matches!(
                    service.protocol.as_str(),
                    "http" | "ftp" | "telnet" | "tftp" | "vnc" | "smb" | "ssh" | "rdp"
                ) {
                    let port = service.port.unwrap_or(0);
                    let text = said!(
                        "{name} offers {protocol} on port {port}",
                        "{name} offre {protocol} sur le port {port}",
                        name = asset.name,
                        protocol = service.protocol
                    );
                    let hit = plant.machine_hit(number, text);
                    hits.push(Hit { protocol: service.protocol.to_string().into(), ..hit });
                }
            }
        }
    }),
};

pub(crate) const ODD_PORT: Detector = Detector {
    about: Descriptor {
        id: "protocol-on-odd-port",
        title: phrase("A protocol runs on a port of another", "Un protocole utilise le port d'un autre"),
        severity: Severity::Medium,
        techniques: &[("T0885", "Commonly Used Port"), ("T0849", "Masquerading")],
        requirements: &["SR 5.2", "SR 6.2"],
        meaning: phrase(
            "A firewall that goes by ports lets through what it should not; intruders hide this way.",
            "Un pare-feu qui se fie aux ports laisse passer ce qu'il ne devrait pas ; les intrus se cachent ainsi.",
        ),
        action: phrase("Find the program behind the port.", "Trouver le programme derrière ce port."),
        caution: phrase(
            "Do not assume an attack: installers choose odd ports too.",
            "Ne pas conclure à une attaque : des installateurs choisissent aussi des ports inhabituels.",
        ),
        covers: &["Unexpected Traffic for Standard Port"],
        thresholds: phrase(
            "content and port disagree on a well-known port",
            "contenu et port en désaccord sur un port connu",
        ),
    },
    logic: Logic::Conversation(|conversation, _, hits| {
        let Some(port) = conversation.to.port else { return };
        let id = conversation.protocol.as_ref();
        if conversation.is_guess || id.is_empty() || !is_answered(conversation.state) {
            return;
        }
        let owners: &[&str] = match (port, conversation.transport) {
            (22, Transport::Tcp) => &["ssh"],
            (23, Transport::Tcp) => &["telnet"],
            (25, Transport::Tcp) => &["smtp", "tls"],
            (53, _) => &["dns", "mdns", "llmnr"],
            (80, Transport::Tcp) => &["http", "websocket", "tls", "mqtt"],
            (443, Transport::Tcp) => &["tls", "http", "websocket"],
            (502, _) => &["modbus", "umas"],
            (102, Transport::Tcp) => &["s7comm", "s7comm-plus", "mms", "cotp", "tpkt", "iccp"],
            (44818, _) => &["enip", "cip", "pccc", "cip-io"],
            (20000, _) => &["dnp3"],
            (2404, Transport::Tcp) => &["iec104"],
            (4840, Transport::Tcp) => &["opcua"],
            _ => return,
        };
        if !owners.contains(&id) {
            let text = said!(
                "{id} on port {port} of {to}",
                "{id} sur le port {port} de {to}",
                to = conversation.to.without_port().to_string()
            );
            hits.push(Hit::of_conversation(conversation, text));
        }
    }),
};

#[cfg(test)]
mod tests {
    use model::{Record, State, Transport, Verb};

    use crate::testing::{act, conversation, fires};

    const PLC: &str = "10.0.0.7:502@00:80:f4:00:00:07";
    const OUTSIDE: &str = "93.184.216.34:443@00:11:22:33:44:55";

    fn poll() -> Record {
        Record::Act(act(0.0, "10.0.0.9@00:0c:29:00:00:09", PLC, "modbus", Verb::Read, "read coils"))
    }

    fn talk(from: &str, to: &str, protocol: &'static str, state: State) -> Record {
        Record::Conversation(conversation(0.0, from, to, protocol, state))
    }

    #[test]
    fn a_plc_that_calls_out() {
        let call = |from: &str| talk(from, OUTSIDE, "tls", State::Closed);
        assert!(fires("plant-talks-to-internet", [poll(), call("10.0.0.7@00:80:f4:00:00:07")]));
        assert!(!fires("plant-talks-to-internet", [poll(), call("10.0.0.77@00:0c:29:00:00:77")]));
    }

    #[test]
    fn a_call_from_outside_that_is_answered() {
        let call = |state| talk("93.184.216.34:40000", "10.0.0.7:8080", "http", state);
        assert!(fires("inbound-from-internet", [call(State::Closed)]));
        assert!(!fires("inbound-from-internet", [call(State::Rejected)]));
        assert!(!fires("inbound-from-internet", [talk("10.9.0.1:40000", "10.0.0.7:8080", "http", State::Closed)]));
    }

    #[test]
    fn an_office_machine_at_a_controller() {
        let web = talk("10.77.0.5", "10.77.0.1:80", "http", State::Closed);
        let reach = talk("10.77.0.5", "10.0.0.7:80", "http", State::Closed);
        assert!(fires("office-reaches-control", [poll(), web.clone(), reach]));
        assert!(!fires("office-reaches-control", [poll(), web]));
    }

    #[test]
    fn remote_access_and_its_tools() {
        assert!(fires("remote-access", [talk("10.5.0.9", "10.0.0.7:3389", "rdp", State::Open)]));
        assert!(!fires("remote-access", [talk("10.5.0.9", "10.0.0.7:3389", "rdp", State::Attempted)]));
        assert!(fires("remote-access-tool", [talk("10.0.0.9", OUTSIDE, "teamviewer", State::Open)]));
        assert!(!fires("remote-access-tool", [talk("10.0.0.9", OUTSIDE, "tls", State::Open)]));
    }

    #[test]
    fn tunnels_are_told() {
        let mut gre = conversation(0.0, "10.0.0.9", "10.0.1.9", "", State::TwoWay);
        gre.transport = Transport::Ip(47);
        assert!(fires("tunnel", [Record::Conversation(gre.clone())]));
        gre.transport = Transport::Ip(2);
        assert!(!fires("tunnel", [Record::Conversation(gre)]));
    }

    #[test]
    fn names_and_time_from_outside() {
        for (id, protocol, port) in [("names-from-internet", "dns", 53), ("time-from-internet", "ntp", 123)] {
            assert!(fires(id, [talk("10.0.0.9", &format!("8.8.8.8:{port}"), protocol, State::TwoWay)]));
            assert!(!fires(id, [talk("10.0.0.9", &format!("10.0.0.1:{port}"), protocol, State::TwoWay)]));
        }
    }

    #[test]
    fn a_machine_in_two_networks() {
        let on = |ip: &str| talk(&format!("{ip}@00:0c:29:00:00:09"), PLC, "modbus", State::Closed);
        let bind =
            |ip: &str| Record::Fact(crate::testing::fact(0.0, ip, "arp", model::FactKey::Mac, "00:0c:29:00:00:09"));
        let both = [bind("10.0.0.9"), bind("192.168.1.9"), on("10.0.0.9"), on("192.168.1.9")];
        assert!(fires("dual-homed", both));
        assert!(!fires("dual-homed", [bind("10.0.0.9"), on("10.0.0.9")]));
    }

    #[test]
    fn office_machines_among_controllers() {
        let office = |host: u8| {
            let from = format!("10.0.0.{host}@00:0c:29:00:01:{host:02}");
            talk(&from, "10.0.9.1:80@00:0c:29:00:02:01", "http", State::Closed)
        };
        assert!(fires("flat-network", [poll(), office(50), office(51)]));
        assert!(!fires("flat-network", [poll(), office(50)]));
    }

    #[test]
    fn a_controller_with_a_web_page() {
        let web = |to| talk("10.0.0.9@00:0c:29:00:00:09", to, "http", State::Closed);
        assert!(fires("needless-services", [poll(), web("10.0.0.7:80@00:80:f4:00:00:07")]));
        assert!(!fires("needless-services", [poll(), web("10.0.0.8:80@00:0c:29:00:00:08")]));
    }

    #[test]
    fn a_shell_on_the_port_of_modbus() {
        assert!(fires("protocol-on-odd-port", [talk("10.0.0.9", "10.0.0.7:502", "ssh", State::Closed)]));
        assert!(!fires("protocol-on-odd-port", [talk("10.0.0.9", "10.0.0.7:502", "modbus", State::Closed)]));
        assert!(!fires("protocol-on-odd-port", [talk("10.0.0.9", "10.0.0.7:2222", "ssh", State::Closed)]));
    }
}
