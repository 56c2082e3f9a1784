//! Writes and commands: from where, with what right, by how many.

use std::collections::BTreeSet;

use model::{Act, Behind, Descriptor, Importance, Outcome, Role, Severity, Verb, nouns, number_of, said};

use crate::detector::{Detector, Hit, Hits, Logic, NOTHING, Plant, View, phrase};
use crate::inventory::address::{is_public, is_same_subnet};
use crate::inventory::assets::role;
use crate::inventory::kind;

/// Acts that change the process or the device, of protocols that ask for no credentials.
const CHANGES: &[Verb] = &[
    Verb::Write,
    Verb::Operate,
    Verb::Program,
    Verb::Start,
    Verb::Stop,
    Verb::Mode,
    Verb::Reset,
    Verb::Configure,
    Verb::Firmware,
];

fn is_effective(act: &Act) -> bool {
    matches!(act.outcome, Outcome::Done | Outcome::Asked)
}

pub(crate) const COMMAND: Detector = Detector {
    about: Descriptor {
        id: "field-command",
        title: phrase("Field equipment was commanded", "Un organe de terrain a été commandé"),
        severity: Severity::Info,
        techniques: &[("T0855", "Unauthorized Command Message"), ("T0831", "Manipulation of Control")],
        requirements: &["SR 2.1", "SR 2.8"],
        meaning: phrase(
            "A breaker, valve, drive or set point was switched from the network. Operators do this every day; here is who, what and when.",
            "Un disjoncteur, une vanne, un moteur ou une consigne a été commandé par le réseau. Les opérateurs le font tous les jours ; voici qui, quoi et quand.",
        ),
        action: phrase(
            "Compare with the log book of operation. What nobody gave is an incident.",
            "Comparer au cahier de quart. Ce que personne n'a commandé est un incident.",
        ),
        caution: phrase(
            "Do not treat every command as an attack.",
            "Ne pas considérer chaque commande comme une attaque.",
        ),
        covers: &["IEC-10x ASDU types", "DNP3 function code"],
        thresholds: NOTHING,
    },
    logic: Logic::Act(&[Verb::Operate], |act, view, hits| {
        if view.traits.kind == kind::Kind::Industrial {
            hits.tell_act(Hit::of_act(act, ""), act);
        }
    }),
};

pub(crate) const UNAUTHENTICATED: Detector = Detector {
    about: Descriptor {
        id: "telecontrol-unauthenticated",
        title: phrase("Remote control without authentication", "Téléconduite sans authentification"),
        severity: Severity::Medium,
        techniques: &[("T0855", "Unauthorized Command Message"), ("T0848", "Rogue Master")],
        requirements: &["SR 1.2", "SR 3.1"],
        meaning: phrase(
            "The outstation carries out commands of whoever reaches it: neither secure authentication (IEEE 1815, IEC 62351-5) nor TLS (IEC 62351-3) was seen.",
            "Le poste exécute les commandes de quiconque l'atteint : ni authentification sécurisée (IEEE 1815, CEI 62351-5) ni TLS (CEI 62351-3) n'ont été vus.",
        ),
        action: phrase(
            "Put telecontrol into a VPN or TLS, and let only the control centre reach the outstation. Plan for secure authentication when devices are renewed.",
            "Placer la téléconduite dans un VPN ou TLS et ne laisser que le centre de conduite atteindre le poste. Prévoir l'authentification sécurisée au renouvellement.",
        ),
        caution: phrase(
            "Do not switch secure authentication on at one end only: commands would be refused.",
            "Ne pas activer l'authentification sécurisée d'un seul côté : les commandes seraient refusées.",
        ),
        covers: &["DNP3 authentication error", "DNP3 illegal operation"],
        thresholds: NOTHING,
    },
    logic: Logic::Act(&[Verb::Operate, Verb::Write, Verb::Reset], |act, _, hits| {
        let is_telecontrol = matches!(act.protocol.as_ref(), "dnp3" | "iec104");
        let is_signed = act.extra.iter().any(|(name, _)| name.contains("auth"));
        if is_telecontrol && !is_signed && is_effective(act) {
            hits.tell_act(Hit::of_act(act, ""), act);
        }
    }),
};

pub(crate) const ACROSS: Detector = Detector {
    about: Descriptor {
        id: "write-across-subnets",
        title: phrase(
            "A controller is changed from another subnet, without authentication",
            "Un automate est modifié depuis un autre sous-réseau, sans authentification",
        ),
        severity: Severity::Medium,
        techniques: &[("T0855", "Unauthorized Command Message"), ("T0869", "Standard Application Layer Protocol")],
        requirements: &["SR 1.1", "SR 2.1", "SR 5.1", "SR 5.2"],
        meaning: phrase(
            "The router or firewall between lets through a protocol that asks nobody for a password: every machine of the other subnet can probably do the same.",
            "Le routeur ou pare-feu entre les deux laisse passer un protocole qui ne demande de mot de passe à personne : toute machine de l'autre sous-réseau peut sans doute faire de même.",
        ),
        action: phrase(
            "Allow in the firewall only the stations that must write, or only reading where the firewall knows the protocol.",
            "N'autoriser dans le pare-feu que les postes qui doivent écrire, ou seulement la lecture si le pare-feu connaît le protocole.",
        ),
        caution: phrase(
            "Do not close the port before every legitimate writer is known: see the list of conversations.",
            "Ne pas fermer le port avant de connaître tous les émetteurs légitimes : voir la liste des conversations.",
        ),
        covers: &["Unauthorized PLC Programming", "IEC 61850 unauthorised write"],
        thresholds: NOTHING,
    },
    logic: Logic::Act(CHANGES, |act, view, hits| {
        if !is_same_subnet(&act.from, &act.to)
            && is_effective(act)
            && view.traits.is_open
            && view.traits.kind == kind::Kind::Industrial
            && !act.from.ip.is_some_and(is_public)
        {
            let severity = if act.verb == Verb::Write { Severity::Medium } else { Severity::High };
            hits.tell_act(Hit::of_act(act, "").severity(severity), act);
        }
    }),
};

pub(crate) const INTERNET_INDUSTRY: Detector = Detector {
    about: Descriptor {
        id: "industrial-over-internet",
        title: phrase(
            "An industrial protocol is spoken with a public address",
            "Un protocole industriel est échangé avec une adresse publique",
        ),
        severity: Severity::Critical,
        techniques: &[("T0883", "Internet Accessible Device"), ("T0822", "External Remote Services")],
        requirements: &["SR 5.1", "SR 5.2", "SR 1.13"],
        meaning: phrase(
            "The device can be found and commanded from the Internet, or speaks to it in the clear.",
            "L'équipement peut être trouvé et commandé depuis Internet, ou lui parle en clair.",
        ),
        action: phrase(
            "Take the port off the Internet now; use a VPN with strong authentication. If the public address is the plant's own, renumber when you can.",
            "Retirer immédiatement le port d'Internet ; utiliser un VPN avec authentification forte. Si l'adresse publique est celle de l'usine, prévoir une renumérotation.",
        ),
        caution: phrase(
            "Do not cut it without telling those who run the process over it.",
            "Ne pas couper sans prévenir ceux qui conduisent le procédé par ce lien.",
        ),
        covers: &[
            "Unauthorized Internet Connectivity Detected",
            "External address within the network communicated with Internet",
        ],
        thresholds: NOTHING,
    },
    logic: Logic::Machines(industry_outside),
};

fn industry_outside(plant: &Plant, hits: &mut Hits) {
    for (number, edge) in plant.machines.edges.iter().enumerate() {
        let (from, Some(to)) = plant.machines.ends[number] else { continue };
        let (from, to) = (&plant.machines.assets[from], &plant.machines.assets[to]);
        if !kind::is_industrial(&edge.protocol) || edge.is_guess || edge.acts == 0 {
            continue;
        }
        // Machines with public addresses among themselves are an old plant's numbering, not the Internet.
        if from.is_external == to.is_external {
            continue;
        }
        let changes = plant.machines.changes(number);
        let evidence = said!(
            "{acts} of {protocol}, {changes}, between {from} and {to}",
            "{acts} de {protocol}, {changes}, entre {from} et {to}",
            acts = number_of(edge.acts, nouns::ACTS),
            protocol = edge.protocol,
            changes = number_of(changes, nouns::CHANGES),
            from = from.name,
            to = to.name
        );
        hits.push(plant.edge_hit(number, evidence));
    }
}

pub(crate) const BROADCAST: Detector = Detector {
    about: Descriptor {
        id: "broadcast-command",
        title: phrase(
            "A command was sent to all devices at once",
            "Une commande a été envoyée à tous les équipements à la fois",
        ),
        severity: Severity::Medium,
        techniques: &[("T0855", "Unauthorized Command Message"), ("T0806", "Brute Force I/O")],
        requirements: &["SR 2.1", "SR 3.5"],
        meaning: phrase(
            "Every device behind the address carries it out, and none answers: nobody knows who obeyed.",
            "Tous les équipements derrière l'adresse l'exécutent et aucun ne répond : nul ne sait qui a obéi.",
        ),
        action: phrase(
            "Check that the sender is meant to broadcast (time and start of all drives are usual) and what it sent.",
            "Vérifier que l'émetteur est censé diffuser (l'heure ou le départ groupé sont usuels) et ce qu'il a envoyé.",
        ),
        caution: phrase("Do not filter time broadcasts.", "Ne pas filtrer les diffusions d'heure."),
        covers: &["Unauthorized Multicast/Broadcast Connection"],
        thresholds: NOTHING,
    },
    logic: Logic::Act(CHANGES, |act, _, hits| {
        // Modbus application protocol 1.1b3 section 4.1; IEEE 1815-2012 section 9.2.5: 0xfffd to 0xffff.
        let is_all = match (act.protocol.as_ref(), &act.behind) {
            // Unit 0 over TCP is the device itself where it answers; without an answer it was meant for all.
            ("modbus", Behind::Unit(0)) => matches!(act.outcome, Outcome::Asked | Outcome::NoAnswer),
            ("dnp3", Behind::Link(link)) => *link >= 0xfffd,
            ("iec104", Behind::Link(link)) => *link == 0xffff,
            _ => false,
        };
        if is_all {
            hits.tell_act(Hit::of_act(act, ""), act);
        }
    }),
};

pub(crate) const MASTERS: Detector = Detector {
    about: Descriptor {
        id: "several-masters",
        title: phrase("Several machines change one controller", "Plusieurs machines modifient un même automate"),
        severity: Severity::Low,
        techniques: &[("T0848", "Rogue Master")],
        requirements: &["SR 2.1", "SR 1.2"],
        meaning: phrase(
            "Who commands last wins. A second master may be a redundant server, a forgotten panel, or an intruder.",
            "Le dernier qui commande l'emporte. Un second maître peut être un serveur redondant, un pupitre oublié ou un intrus.",
        ),
        action: phrase(
            "Name each of them. Limit the controller's access list to those that must write.",
            "Identifier chacune. Limiter la liste d'accès de l'automate à celles qui doivent écrire.",
        ),
        caution: phrase(
            "Do not disconnect the standby of a redundant pair.",
            "Ne pas déconnecter le secours d'une paire redondante.",
        ),
        covers: &["Unauthorized PLC Programming"],
        thresholds: phrase(
            "2 machines that write, command or program",
            "2 machines qui écrivent, commandent ou programment",
        ),
    },
    logic: Logic::Machines(masters),
};

fn masters(plant: &Plant, hits: &mut Hits) {
    for (number, asset) in plant.machines.assets.iter().enumerate() {
        let mut writers = BTreeSet::new();
        let mut example = None;
        for edge in &plant.machines.to[number] {
            let entry = &plant.machines.edges[*edge];

            if plant.machines.changes(*edge) > 0 && kind::is_industrial(&entry.protocol) {
                writers.insert(plant.machines.ends[*edge].0);
                example = Some(*edge);
            }
        }
        if let (2.., Some(edge)) = (writers.len(), example) {
            let names: Vec<&str> =
                writers.iter().take(8).map(|writer| plant.machines.assets[*writer].name.as_str()).collect();
            let evidence = said!(
                "{name} is changed by {machines}: {list}",
                "{name} est modifié par {machines} : {list}",
                name = asset.name,
                machines = number_of(writers.len(), nouns::MACHINES),
                list = names.join(", ")
            );
            let hit = plant.edge_hit(edge, evidence);
            let to = hit.to;
            hits.push(Hit { count: writers.len() as u64, protocol: "".into(), ..hit.between(None, to) });
        }
    }
}

pub(crate) const SAFETY: Detector = Detector {
    about: Descriptor {
        id: "safety-controller-reached",
        title: phrase(
            "A safety controller was changed or reached over the network",
            "Un automate de sécurité a été modifié ou atteint par le réseau",
        ),
        severity: Severity::High,
        techniques: &[("T0880", "Loss of Safety"), ("T0837", "Loss of Protection")],
        requirements: &["SR 2.1", "SR 5.1", "SR 5.2"],
        meaning: phrase(
            "The safety system is the last line before harm to people. It should be reached only by its own engineering station, and rarely.",
            "Le système de sécurité est la dernière barrière avant un accident. Seul son propre poste d'ingénierie devrait l'atteindre, et rarement.",
        ),
        action: phrase(
            "Check key switch and program of the safety controller on site, and separate its network from that of control.",
            "Vérifier sur place la clé et le programme de l'automate de sécurité, et séparer son réseau de celui de la conduite.",
        ),
        caution: phrase(
            "Do not run active scans or tests against it.",
            "Ne pas lancer de scan ni de test actif contre lui.",
        ),
        covers: &["Unauthorized PLC Programming"],
        thresholds: NOTHING,
    },
    logic: Logic::Machines(|plant, hits| {
        for (number, edge) in plant.machines.edges.iter().enumerate() {
            let (_, Some(to)) = plant.machines.ends[number] else { continue };
            if role(&plant.machines.assets[to]) != Role::SafetyController || edge.acts + edge.conversations == 0 {
                continue;
            }
            let changes = plant.machines.changes(number);
            let severity = if changes > 0 { Severity::Critical } else { Severity::Medium };
            let evidence = said!(
                "{acts} of {protocol}, {changes}",
                "{acts} de {protocol}, {changes}",
                acts = number_of(edge.acts, nouns::ACTS),
                protocol = edge.protocol,
                changes = number_of(changes, nouns::CHANGES)
            );
            hits.push(plant.edge_hit(number, evidence).severity(severity));
        }
    }),
};

pub(crate) const OFFICE: Detector = Detector {
    about: Descriptor {
        id: "control-by-office-machine",
        title: phrase("An office machine changes a controller", "Une machine de bureau modifie un automate"),
        severity: Severity::High,
        techniques: &[("T0848", "Rogue Master"), ("T0864", "Transient Cyber Asset")],
        requirements: &["SR 2.1", "SR 2.3", "SR 5.1"],
        meaning: phrase(
            "The machine also browses the web or reads mail: what it catches there has a direct way to the process.",
            "Cette machine navigue aussi sur le web ou lit du courrier : ce qu'elle y attrape a un accès direct au procédé.",
        ),
        action: phrase(
            "Use a dedicated station for engineering, without Internet, mail or general office use.",
            "Utiliser un poste dédié à l'ingénierie, sans Internet, courrier ni bureautique.",
        ),
        caution: phrase(
            "Do not forbid it before the dedicated station works.",
            "Ne pas l'interdire avant que le poste dédié fonctionne.",
        ),
        covers: &["Unauthorized PLC Programming", "Internet Access Detected"],
        thresholds: NOTHING,
    },
    logic: Logic::Machines(|plant, hits| {
        for (number, asset) in plant.machines.assets.iter().enumerate() {
            let outside = plant.machines.from[number].iter().find(|edge| {
                let (_, to) = plant.machines.ends[**edge];
                let entry = &plant.machines.edges[**edge];
                to.is_some_and(|to| plant.machines.assets[to].is_external)
                    && matches!(entry.protocol.as_str(), "http" | "tls" | "smtp" | "imap" | "pop3" | "quic")
            });
            let Some(outside) = outside.map(|edge| &plant.machines.edges[*edge]) else { continue };
            for edge in &plant.machines.from[number] {
                let entry = &plant.machines.edges[*edge];
                let (_, Some(to)) = plant.machines.ends[*edge] else { continue };
                let changes = plant.machines.changes(*edge);
                if changes > 0
                    && kind::is_industrial(&entry.protocol)
                    && plant.machines.assets[to].criticality.importance >= Importance::High
                {
                    let evidence = said!(
                        "{name}: {changes} by {protocol}, and {web} with the Internet ({host})",
                        "{name} : {changes} par {protocol}, et {web} avec Internet ({host})",
                        name = asset.name,
                        changes = number_of(changes, nouns::CHANGES),
                        protocol = entry.protocol,
                        web = outside.protocol,
                        host = plant.name(&outside.to)
                    );
                    hits.push(plant.edge_hit(*edge, evidence));
                }
            }
        }
    }),
};

pub(crate) const CLOCK: Detector = Detector {
    about: Descriptor {
        id: "clock-set",
        title: phrase("The clock of a controller was set", "L'horloge d'un automate a été réglée"),
        severity: Severity::Info,
        techniques: &[("T0836", "Modify Parameter"), ("T0856", "Spoof Reporting Message")],
        requirements: &["SR 2.11"],
        meaning: phrase(
            "Wrong time spoils the order of events, batch records and scheduled actions.",
            "Une heure fausse brouille l'ordre des événements, les enregistrements et les actions planifiées.",
        ),
        action: phrase(
            "Check that the sender is the plant's time master.",
            "Vérifier que l'émetteur est le maître d'heure de l'usine.",
        ),
        caution: phrase("Do not filter time synchronisation.", "Ne pas filtrer la synchronisation horaire."),
        covers: &["IEC-104 clock"],
        thresholds: NOTHING,
    },
    logic: Logic::Act(&[Verb::Time], |act, view: &View, hits| {
        let name = act.name.as_str();
        let is_setting = ["set", "write", "sync", "record current time"].iter().any(|word| name.contains(word));
        if view.traits.kind == kind::Kind::Industrial && is_setting && is_effective(act) {
            hits.tell_act(Hit::of_act(act, ""), act);
        }
    }),
};

pub(crate) const TIME_MASTERS: Detector = Detector {
    about: Descriptor {
        id: "several-time-masters",
        title: phrase(
            "Several machines set the clock of one device",
            "Plusieurs machines règlent l'horloge d'un équipement",
        ),
        severity: Severity::Low,
        techniques: &[("T0836", "Modify Parameter")],
        requirements: &["SR 2.11"],
        meaning: phrase(
            "If their clocks differ, the device's time jumps to and fro, and its records lie.",
            "Si leurs horloges diffèrent, l'heure de l'équipement saute et ses enregistrements ne sont plus fiables.",
        ),
        action: phrase("Choose one time master and one spare.", "Choisir un maître d'heure et un secours."),
        caution: phrase("Do not leave the device without any.", "Ne pas laisser l'équipement sans aucun."),
        covers: &["Abnormal Periodic Behavior"],
        thresholds: phrase("2 machines", "2 machines"),
    },
    logic: Logic::Machines(|plant, hits| {
        for number in 0..plant.machines.assets.len() {
            let setters: Vec<usize> = plant.machines.to[number]
                .iter()
                .filter(|edge| {
                    let entry = &plant.machines.edges[**edge];
                    kind::is_industrial(&entry.protocol) && entry.verbs.iter().any(|(verb, _)| *verb == Verb::Time)
                })
                .copied()
                .collect();
            let who: BTreeSet<&str> = setters.iter().map(|edge| plant.machines.edges[*edge].from.as_str()).collect();
            if let (2.., Some(edge)) = (who.len(), setters.first()) {
                let evidence = said!(
                    "the clock is set or asked for by {list}",
                    "l'horloge est réglée ou demandée par {list}",
                    list = who.iter().take(8).map(|id| plant.name(id)).collect::<Vec<_>>().join(", ")
                );
                let hit = plant.edge_hit(*edge, evidence);
                let to = hit.to;
                hits.push(hit.between(None, to));
            }
        }
    }),
};

#[cfg(test)]
mod tests {
    use model::{Act, Behind, FactKey, Outcome, Record, State, Verb};

    use crate::testing::{ActExt, act, conversation, fact, fires};

    fn write(from: &str, to: &str) -> Act {
        act(0.0, from, to, "modbus", Verb::Write, "write single register").object("holding 5")
    }

    #[test]
    fn operating_is_told_and_writing_is_not_a_field_command() {
        let operate = act(0.0, "10.0.0.9", "10.0.0.7:2404", "iec104", Verb::Operate, "single command");
        assert!(fires("field-command", [Record::Act(operate)]));
        assert!(!fires("field-command", [Record::Act(write("10.0.0.9", "10.0.0.7:502"))]));
    }

    #[test]
    fn telecontrol_with_secure_authentication_is_silent() {
        let operate = || act(0.0, "10.0.0.9", "10.0.0.7:20000", "dnp3", Verb::Operate, "operate");
        assert!(fires("telecontrol-unauthenticated", [Record::Act(operate())]));
        assert!(!fires("telecontrol-unauthenticated", [Record::Act(operate().extra("authentication", "aggressive"))]));
    }

    #[test]
    fn writes_from_another_subnet_count_and_from_the_same_do_not() {
        assert!(fires("write-across-subnets", [Record::Act(write("10.5.0.9", "10.0.0.7:502"))]));
        assert!(!fires("write-across-subnets", [Record::Act(write("10.0.0.9", "10.0.0.7:502"))]));
        let refused = write("10.5.0.9", "10.0.0.7:502").refused(1, "illegal function");
        assert!(!fires("write-across-subnets", [Record::Act(refused)]));
    }

    #[test]
    fn an_industrial_protocol_with_a_public_address() {
        let poll =
            |from| Record::Act(act(0.0, from, "10.0.0.7:502@00:80:f4:00:00:07", "modbus", Verb::Read, "read coils"));
        assert!(fires("industrial-over-internet", [poll("93.184.216.34@00:11:22:33:44:55")]));
        assert!(!fires("industrial-over-internet", [poll("10.0.0.9@00:11:22:33:44:55")]));
    }

    #[test]
    fn unit_zero_without_an_answer_is_a_broadcast() {
        let to_all = write("10.0.0.9", "10.0.0.7:502").behind(Behind::Unit(0));
        assert!(fires("broadcast-command", [Record::Act(to_all.clone().outcome(Outcome::Asked))]));
        assert!(!fires("broadcast-command", [Record::Act(to_all)]));
    }

    #[test]
    fn a_second_writer_is_told_and_a_second_reader_is_not() {
        let first = Record::Act(write("10.0.0.9", "10.0.0.7:502"));
        let read = Record::Act(act(1.0, "10.0.0.8", "10.0.0.7:502", "modbus", Verb::Read, "read coils"));
        assert!(fires("several-masters", [first.clone(), Record::Act(write("10.0.0.8", "10.0.0.7:502"))]));
        assert!(!fires("several-masters", [first, read]));
    }

    #[test]
    fn who_touches_a_safety_controller_is_told() {
        let model = |text| Record::Fact(fact(0.0, "10.0.0.7", "umas", FactKey::Model, text));
        let read = || Record::Act(act(1.0, "10.0.0.8", "10.0.0.7:502", "modbus", Verb::Read, "read coils"));
        assert!(fires("safety-controller-reached", [read(), model("TRICONEX Tricon")]));
        assert!(!fires("safety-controller-reached", [read(), model("BMX P34 2020")]));
    }

    #[test]
    fn an_office_machine_that_programs() {
        let browse = Record::Conversation(conversation(0.0, "10.0.0.9", "93.184.216.34:443", "tls", State::Closed));
        let change = Record::Act(write("10.0.0.9", "10.0.0.7:502"));
        assert!(fires("control-by-office-machine", [browse, change.clone()]));
        assert!(!fires("control-by-office-machine", [change]));
    }

    #[test]
    fn clocks_set_by_one_or_by_two() {
        let set = |from| Record::Act(act(0.0, from, "10.0.0.7:2404", "iec104", Verb::Time, "clock synchronization"));
        let read = Record::Act(act(0.0, "10.0.0.9", "10.0.0.7:102", "s7comm", Verb::Time, "read clock"));
        assert!(fires("clock-set", [set("10.0.0.9")]));
        assert!(!fires("clock-set", [read]));
        assert!(fires("several-time-masters", [set("10.0.0.9"), set("10.0.0.10")]));
        assert!(!fires("several-time-masters", [set("10.0.0.9"), set("10.0.0.9")]));
    }
}
