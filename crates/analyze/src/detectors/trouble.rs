//! What does not work: refusals, silence, broken messages, lost packets, devices that say they are ill.

use std::net::IpAddr;

use model::borsh::{BorshDeserialize, BorshSerialize};
use model::{
    Act, Address, Descriptor, FactKey, Flow, HealthKind, Outcome, Record, Severity, State, Transport, nouns, number_of,
    said,
};

use crate::detector::{Detector, Hit, Hits, Logic, Memory, NOTHING, View, Wants, phrase, tell, tell_fact};
use crate::inventory::{Key, kind};
use crate::window::{MINUTE, Rate, Tracked};

const TROUBLE: Wants =
    Wants { acts: &[], trouble: true, protocols: &[], facts: &[], conversations: false, health: false };
const CONVERSATIONS: Wants =
    Wants { acts: &[], trouble: false, protocols: &[], facts: &[], conversations: true, health: false };

/// Whether an industrial device refused and its reason has one of `words`.
fn is_refused_for(act: &Act, view: &View, words: &[&str]) -> bool {
    if view.traits.kind != kind::Kind::Industrial {
        return false;
    }
    let Some(status) = act.status.as_ref().filter(|_| act.outcome == Outcome::Refused) else { return false };
    let has_word = |name: &str| words.iter().any(|word| name.contains(word));
    // Names are in lower case but for protocols whose manual has others (OPC UA).
    match status.name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => has_word(&status.name.to_ascii_lowercase()),
        false => has_word(&status.name),
    }
}

fn refused_for(act: &Act, view: &View, words: &[&str], hits: &mut Hits) {
    if is_refused_for(act, view, words) {
        hits.tell_act(Hit::of_act(act, ""), act);
    }
}

const REFUSAL_ACTION: model::Phrase = phrase(
    "Compare the configuration of the asking station with the device: wrong model, old point list, or a tool that tries things out.",
    "Comparer la configuration du poste demandeur avec l'équipement : mauvais modèle, liste de points périmée, ou outil qui essaie.",
);
const REFUSAL_CAUTION: model::Phrase = phrase(
    "Do not widen the device's permissions to silence the message.",
    "Ne pas élargir les droits de l'équipement pour faire taire le message.",
);

pub(crate) const FUNCTION: Detector = Detector {
    about: Descriptor {
        id: "illegal-function",
        title: phrase(
            "A device refuses a function it does not know",
            "Un équipement refuse une fonction qu'il ne connaît pas",
        ),
        severity: Severity::Low,
        techniques: &[("T0888", "Remote System Information Discovery"), ("T0855", "Unauthorized Command Message")],
        requirements: &["SR 3.5", "SR 3.7"],
        meaning: phrase(
            "Someone asks for what this device does not offer: a wrong setting, or somebody who tries.",
            "Quelqu'un demande ce que cet équipement n'offre pas : mauvais réglage, ou essais.",
        ),
        action: REFUSAL_ACTION,
        caution: REFUSAL_CAUTION,
        covers: &[
            "illegal function",
            "function not supported",
            "CIP service",
            "illegal ASDU type",
            "DNP3 function code",
            "MMS service",
            "BACnet",
        ],
        thresholds: NOTHING,
    },
    logic: Logic::Trouble(|act, view, hits| {
        refused_for(
            act,
            view,
            &[
                "illegal function",
                "function not",
                "service not supported",
                "not implemented",
                "unknown type",
                "unrecognized service",
                "service unsupported",
                "unsupported",
            ],
            hits,
        );
    }),
};

pub(crate) const PLACE: Detector = Detector {
    about: Descriptor {
        id: "illegal-address",
        title: phrase(
            "A device refuses an address or object it does not have",
            "Un équipement refuse une adresse ou un objet qu'il n'a pas",
        ),
        severity: Severity::Low,
        techniques: &[("T0861", "Point & Tag Identification")],
        requirements: &["SR 3.5", "SR 3.7"],
        meaning: phrase(
            "The asker's list of points does not fit the device: values are missing on a screen, or someone explores.",
            "La liste de points du demandeur ne correspond pas : des valeurs manquent à l'écran, ou quelqu'un explore.",
        ),
        action: REFUSAL_ACTION,
        caution: REFUSAL_CAUTION,
        covers: &["illegal address", "unknown object", "common address", "IOA"],
        thresholds: NOTHING,
    },
    logic: Logic::Trouble(|act, view, hits| {
        refused_for(
            act,
            view,
            &[
                "data address",
                "object unknown",
                "unknown object",
                "does not exist",
                "address error",
                "out of range",
                "path segment",
                "path destination",
                "object address",
                "common address",
                "unknown information",
                "node id unknown",
                "badnodeid",
                "unknown property",
                "not exist",
            ],
            hits,
        );
    }),
};

pub(crate) const VALUE: Detector = Detector {
    about: Descriptor {
        id: "illegal-value",
        title: phrase("A device refuses a value", "Un équipement refuse une valeur"),
        severity: Severity::Low,
        techniques: &[("T0836", "Modify Parameter"), ("T0855", "Unauthorized Command Message")],
        requirements: &["SR 3.5"],
        meaning: phrase(
            "The value, its type or its length does not fit: an input that nobody checked, or an attempt to upset the device.",
            "La valeur, son type ou sa longueur ne convient pas : saisie non contrôlée, ou tentative de déstabiliser l'équipement.",
        ),
        action: REFUSAL_ACTION,
        caution: REFUSAL_CAUTION,
        covers: &["illegal value", "incorrect parameter", "cause of transmission"],
        thresholds: NOTHING,
    },
    logic: Logic::Trouble(|act, view, hits| {
        refused_for(
            act,
            view,
            &[
                "data value",
                "parameter error",
                "invalid attribute value",
                "invalid data type",
                "invalid parameter",
                "value out of",
                "typemismatch",
                "data type not",
                "unknown cause",
                "too much data",
                "not enough data",
                "format error",
            ],
            hits,
        );
    }),
};

pub(crate) const ACCESS: Detector = Detector {
    about: Descriptor {
        id: "access-refused",
        title: phrase("A device refuses for want of rights", "Un équipement refuse faute de droits"),
        severity: Severity::Medium,
        techniques: &[("T0859", "Valid Accounts"), ("T0855", "Unauthorized Command Message")],
        requirements: &["SR 2.1", "SR 6.1"],
        meaning: phrase(
            "Protection works: someone tried what they may not do.",
            "La protection fonctionne : quelqu'un a tenté ce qu'il n'a pas le droit de faire.",
        ),
        action: phrase(
            "Ask who it was. If nobody knows, treat the station as taken.",
            "Demander qui c'était. Si personne ne sait, considérer le poste comme compromis.",
        ),
        caution: REFUSAL_CAUTION,
        covers: &["Command Failures", "DNP3 authentication error", "Unauthorized MMS Program Access"],
        thresholds: NOTHING,
    },
    logic: Logic::Trouble(|act, view, hits| {
        refused_for(
            act,
            view,
            &[
                "not allowed",
                "privilege",
                "access denied",
                "denied",
                "write protect",
                "accessdenied",
                "object access",
                "authentication",
                "password",
                "protection",
                "notwritable",
                "ownership conflict",
            ],
            hits,
        );
    }),
};

pub(crate) const FAILURE: Detector = Detector {
    about: Descriptor {
        id: "device-failure",
        title: phrase("A device reports that it failed", "Un équipement signale une défaillance"),
        severity: Severity::Medium,
        techniques: &[("T0826", "Loss of Availability")],
        requirements: &["SR 7.1"],
        meaning: phrase(
            "The device, or one behind a gateway, cannot do its work.",
            "L'équipement, ou un autre derrière une passerelle, ne peut pas faire son travail.",
        ),
        action: phrase(
            "Look at the device's diagnosis; at a gateway, at the serial line and the device behind it.",
            "Consulter le diagnostic de l'équipement ; pour une passerelle, la ligne série et l'équipement derrière.",
        ),
        caution: phrase(
            "Do not restart the gateway before noting which devices still answer.",
            "Ne pas redémarrer la passerelle avant d'avoir noté quels équipements répondent encore.",
        ),
        covers: &["Slave unrecoverable failure", "hardware problem in outstation", "Modbus Exception"],
        thresholds: NOTHING,
    },
    logic: Logic::Trouble(|act, view, hits| {
        refused_for(
            act,
            view,
            &[
                "device failure",
                "server device fail",
                "slave device fail",
                "gateway target",
                "gateway path",
                "memory parity",
                "hardware fault",
                "hardware error",
                "device trouble",
                "out of memory",
                "resource unavailable",
                "failed to respond",
                "device fault",
                "no response from",
            ],
            hits,
        );
    }),
};

pub(crate) const EXCESS: Detector = Detector {
    about: Descriptor {
        id: "excessive-refusals",
        title: phrase("A device refuses again and again", "Un équipement refuse sans cesse"),
        severity: Severity::Low,
        techniques: &[("T0888", "Remote System Information Discovery"), ("T0814", "Denial of Service")],
        requirements: &["SR 3.7", "SR 7.1"],
        meaning: phrase(
            "Something was never set up right, or it broke: operators may look at old values.",
            "Quelque chose n'a jamais été bien configuré, ou s'est cassé : les opérateurs voient peut-être d'anciennes valeurs.",
        ),
        action: REFUSAL_ACTION,
        caution: REFUSAL_CAUTION,
        covers: &["Abnormal Exception Pattern", "Command Failures", "Modbus Exception"],
        thresholds: phrase("20 refusals an hour between two machines", "20 refus par heure entre deux machines"),
    },
    logic: Logic::Memory(TROUBLE, || Box::new(Excess { pairs: Tracked::new(60 * MINUTE) })),
};

#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct Excess {
    pairs: Tracked<(Key, Key), Rate>,
}

impl Memory for Excess {
    fn look(&mut self, record: &Record, _: &View, hits: &mut Hits) {
        let Record::Act(act) = record else { return };
        if act.outcome != Outcome::Refused || !kind::is_industrial(&act.protocol) {
            return;
        }
        let (Some(from), Some(to)) = (Key::of(&act.from), Key::of(&act.to)) else { return };
        let Some(rate) = self.pairs.at((from, to), act.at) else { return };
        let count = rate.add(act.repeats.count, act.at, 60 * MINUTE);
        if count >= 20 {
            rate.clear();
            let hit = Hit::of_act(
                act,
                said!(
                    "{refusals} within an hour, the last one {last}",
                    "{refusals} en une heure, le dernier : {last}",
                    refusals = number_of(count, nouns::REFUSALS),
                    last = tell(act)
                ),
            );
            hits.push(Hit { count, behind: model::Behind::Nobody, ..hit });
        }
    }
}

pub(crate) const SILENT: Detector = Detector {
    about: Descriptor {
        id: "unresponsive-device",
        title: phrase("A device no longer answers", "Un équipement ne répond plus"),
        severity: Severity::Medium,
        techniques: &[("T0814", "Denial of Service"), ("T0829", "Loss of View"), ("T0803", "Block Command Message")],
        requirements: &["SR 7.1"],
        meaning: phrase(
            "Part of the process is out of sight and out of hand.",
            "Une partie du procédé n'est plus ni vue ni commandée.",
        ),
        action: phrase(
            "Check supply, cable and the device itself; look whether it was flooded or stopped just before.",
            "Vérifier alimentation, câble et équipement ; regarder s'il a été inondé ou arrêté juste avant.",
        ),
        caution: phrase(
            "Do not assume that the process stands still because values do.",
            "Ne pas supposer que le procédé est immobile parce que les valeurs le sont.",
        ),
        covers: &["unresponsive Modbus device", "device suspected disconnected", "Unresponsive"],
        thresholds: phrase(
            "answered before, then 3 requests without an answer in 5 minutes",
            "a déjà répondu, puis 3 requêtes sans réponse en 5 minutes",
        ),
    },
    logic: Logic::Memory(TROUBLE, || Box::new(Silent { devices: Tracked::new(5 * MINUTE) })),
};

#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct Silent {
    devices: Tracked<(Key, model::Behind), Rate>,
}

impl Memory for Silent {
    fn look(&mut self, record: &Record, view: &View, hits: &mut Hits) {
        let Record::Act(act) = record else { return };
        if act.outcome != Outcome::NoAnswer || !kind::is_industrial(&act.protocol) || !view.serves_industry(&act.to) {
            return;
        }
        let Some(device) = Key::of(&act.to) else { return };
        let Some(rate) = self.devices.at((device, act.behind.clone()), act.at) else { return };
        let count = rate.add(act.repeats.count, act.at, 5 * MINUTE);
        if count >= 3 {
            rate.clear();
            let text = said!(
                "{requests} without an answer within 5 minutes, the last one {last}",
                "{requests} sans réponse en 5 minutes, la dernière : {last}",
                requests = number_of(count, nouns::REQUESTS),
                last = tell(act)
            );
            hits.push(Hit { count, ..Hit::of_act(act, text) }.between(None, Some(act.to)));
        }
    }
}

pub(crate) const GONE: Detector = Detector {
    about: Descriptor {
        id: "device-disconnected",
        title: phrase("A machine cannot be connected to any more", "On ne peut plus se connecter à une machine"),
        severity: Severity::Medium,
        techniques: &[("T0814", "Denial of Service"), ("T0826", "Loss of Availability")],
        requirements: &["SR 7.1"],
        meaning: phrase(
            "It was there, and now connections to it fail: it is off, unplugged, overloaded or cut off by a firewall.",
            "Elle était là et les connexions échouent : éteinte, débranchée, surchargée ou coupée par un pare-feu.",
        ),
        action: phrase(
            "Check supply and cable; ask for changes in switch and firewall.",
            "Vérifier alimentation et câble ; demander s'il y a eu des changements sur commutateur ou pare-feu.",
        ),
        caution: phrase(
            "Do not restart stations around it one by one.",
            "Ne pas redémarrer un à un les postes autour.",
        ),
        covers: &["device suspected disconnected"],
        thresholds: phrase("8 attempts in vain in 5 minutes", "8 tentatives vaines en 5 minutes"),
    },
    logic: Logic::Memory(CONVERSATIONS, || Box::new(Gone { devices: Tracked::new(5 * MINUTE) })),
};

#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct Gone {
    devices: Tracked<(Key, IpAddr), Rate>,
}

impl Memory for Gone {
    fn look(&mut self, record: &Record, view: &View, hits: &mut Hits) {
        let Record::Conversation(conversation) = record else { return };
        let is_vain = conversation.transport == Transport::Tcp
            && matches!(conversation.state, State::Attempted | State::Rejected)
            && conversation.is_opening;
        // Only devices that matter: everyone sees a browser fail now and then.
        if !is_vain || !view.serves_industry(&conversation.to) {
            return;
        }
        let (Some(from), Some(to)) = (Key::of(&conversation.from), conversation.to.ip) else { return };
        let Some(rate) = self.devices.at((from, to), conversation.first) else { return };
        let count = rate.add(1, conversation.first, 5 * MINUTE);
        if count >= 8 {
            rate.clear();
            let text = said!(
                "{attempts} within 5 minutes, the last one to {to}",
                "{attempts} en 5 minutes, la dernière vers {to}",
                attempts = number_of(count, nouns::ATTEMPTS),
                to = conversation.to.to_string()
            );
            hits.push(Hit::of_conversation(conversation, text));
        }
    }
}

pub(crate) const RESETS: Detector = Detector {
    about: Descriptor {
        id: "connections-reset",
        title: phrase("A device breaks off connections", "Un équipement coupe les connexions"),
        severity: Severity::Low,
        techniques: &[("T0814", "Denial of Service")],
        requirements: &["SR 7.1", "SR 7.2"],
        meaning: phrase(
            "It has no room for more clients, its program restarts, or someone forges resets.",
            "Plus de place pour d'autres clients, redémarrage de son programme, ou resets forgés.",
        ),
        action: phrase(
            "Count its clients against the maker's limit.",
            "Comparer le nombre de clients à la limite du fabricant.",
        ),
        caution: phrase(
            "Do not raise the polling rate to make up for it.",
            "Ne pas augmenter la cadence d'interrogation pour compenser.",
        ),
        covers: &["NET:RST-FROM-SLAVE"],
        thresholds: phrase(
            "5 industrial connections reset by the device in 10 minutes",
            "5 connexions industrielles coupées par l'équipement en 10 minutes",
        ),
    },
    logic: Logic::Memory(CONVERSATIONS, || Box::new(Resets { pairs: Tracked::new(10 * MINUTE) })),
};

#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct Resets {
    pairs: Tracked<(Key, Key), Rate>,
}

impl Memory for Resets {
    fn look(&mut self, record: &Record, _: &View, hits: &mut Hits) {
        let Record::Conversation(conversation) = record else { return };
        if conversation.received.resets == 0
            || conversation.state == State::Rejected
            || !kind::is_industrial(&conversation.protocol)
        {
            return;
        }
        let (Some(from), Some(to)) = (Key::of(&conversation.from), Key::of(&conversation.to)) else { return };
        let Some(rate) = self.pairs.at((from, to), conversation.last) else { return };
        let count = rate.add(1, conversation.last, 10 * MINUTE);
        if count >= 5 {
            rate.clear();
            let text = said!(
                "{connections} of {protocol} reset within 10 minutes",
                "{connections} {protocol} coupées en 10 minutes",
                connections = number_of(count, nouns::CONNECTIONS),
                protocol = conversation.protocol
            );
            hits.push(Hit::of_conversation(conversation, text));
        }
    }
}

pub(crate) const LOSS: Detector = Detector {
    about: Descriptor {
        id: "packets-repeated",
        title: phrase("Many packets have to be sent again", "De nombreux paquets doivent être renvoyés"),
        severity: Severity::Low,
        techniques: &[("T0814", "Denial of Service")],
        requirements: &["SR 7.1"],
        meaning: phrase(
            "A bad cable, a duplex mismatch, radio, or an overloaded device: values come late.",
            "Mauvais câble, duplex incohérent, radio, ou équipement surchargé : les valeurs arrivent en retard.",
        ),
        action: phrase(
            "Read the error counters of the switch ports on the way.",
            "Relever les compteurs d'erreurs des ports de commutateur sur le chemin.",
        ),
        caution: phrase("Do not shorten time-outs.", "Ne pas réduire les délais d'attente."),
        covers: &["Operational Issues", "Abnormal Bandwidth"],
        thresholds: phrase(
            "5 % of at least 1000 packets of a conversation",
            "5 % d'au moins 1000 paquets d'une conversation",
        ),
    },
    logic: Logic::Conversation(|conversation, _, hits| {
        let packets = conversation.sent.packets + conversation.received.packets;
        let repeated = conversation.sent.retransmissions + conversation.received.retransmissions;
        if packets >= 1_000 && repeated * 20 >= packets {
            let text = said!(
                "{repeated} of {packets} sent again",
                "{repeated} sur {packets} réémis",
                repeated = repeated,
                packets = number_of(packets, nouns::PACKETS)
            );
            hits.push(Hit::of_conversation(conversation, text));
        }
    }),
};

pub(crate) const MALFORMED: Detector = Detector {
    about: Descriptor {
        id: "malformed-messages",
        title: phrase("Messages that break their protocol", "Des messages qui ne respectent pas leur protocole"),
        severity: Severity::Low,
        techniques: &[("T0814", "Denial of Service"), ("T0820", "Exploitation for Evasion")],
        requirements: &["SR 3.5", "SR 3.7"],
        meaning: phrase(
            "A fault in a device, a tool that tries to crash others, or a protocol that only looks like it.",
            "Défaut d'un équipement, outil cherchant à faire tomber les autres, ou protocole qui n'en a que l'apparence.",
        ),
        action: phrase(
            "Look at who sends them and whether the receiver restarts or goes silent afterwards.",
            "Regarder qui les envoie et si le destinataire redémarre ou se tait ensuite.",
        ),
        caution: phrase("Do not replay them to the device.", "Ne pas les rejouer vers l'équipement."),
        covers: &[
            "Excessive Malformed Packets in a Session",
            "Illegal Protocol Version",
            "improper formatting",
            "exception raised by master",
            "function code zero",
            "BACnet: illegal message",
        ],
        thresholds: phrase("2 in one flow; medium from 20 on", "2 dans un flux ; moyen à partir de 20"),
    },
    logic: Logic::Memory(
        Wants { acts: &[], trouble: false, protocols: &[], facts: &[], conversations: false, health: true },
        || Box::new(Malformed { flows: Tracked::new(10 * MINUTE) }),
    ),
};

#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct Malformed {
    flows: Tracked<Flow, u64>,
}

impl Memory for Malformed {
    fn look(&mut self, record: &Record, _: &View, hits: &mut Hits) {
        let Record::Health(health) = record else { return };
        let Some(flow) = health.flow.filter(|_| health.kind == HealthKind::Malformed) else { return };
        let Some(count) = self.flows.at(flow, health.at) else { return };
        *count += health.count;
        if *count >= 2 {
            let severity = if *count >= 20 { Severity::Medium } else { Severity::Low };
            let (from, to) = match flow {
                Flow::Ip { source, destination, .. } => (ip_end(source), ip_end(destination)),
                Flow::Link { source, destination, .. } => {
                    let end = |mac| Address { mac: Some(mac), ..Address::default() };
                    (end(source), end(destination))
                }
            };
            let hit = Hit::at(health.at, format!("{}: {}", health.protocol, health.detail));
            let hit = Hit { count: health.count, protocol: health.protocol.clone(), flow: Some(flow), ..hit };
            hits.push(hit.between(Some(from), Some(to)).severity(severity));
        }
    }
}

fn ip_end((ip, port): (IpAddr, u16)) -> Address {
    Address { ip: Some(ip), port: Some(port), ..Address::default() }
}

pub(crate) const NOT_RUNNING: Detector = Detector {
    about: Descriptor {
        id: "controller-not-running",
        title: phrase("A controller says that it does not run", "Un automate indique qu'il n'est pas en marche"),
        severity: Severity::Medium,
        techniques: &[("T0881", "Service Stop"), ("T0826", "Loss of Availability")],
        requirements: &["SR 7.1", "SR 6.2"],
        meaning: phrase(
            "It is stopped, faulted or in program mode: it does not control.",
            "Arrêté, en défaut ou en programmation : il ne commande pas.",
        ),
        action: phrase(
            "Ask whether this is meant; read its diagnosis buffer.",
            "Demander si c'est voulu ; lire son tampon de diagnostic.",
        ),
        caution: phrase("Do not start it from afar.", "Ne pas le démarrer à distance."),
        covers: &["Controller Stop", "hardware problem in outstation", "bad MMS device state"],
        thresholds: NOTHING,
    },
    logic: Logic::Fact(&[FactKey::RunState], |fact, _, hits| {
        let value = fact.value.to_lowercase();
        let is_down = ["stop", "fault", "fail", "halt", "defect", "error", "program", "idle"]
            .iter()
            .any(|word| value.contains(word));
        if is_down && !value.contains("no fault") && !value.contains("no error") {
            hits.push(Hit::of_fact(fact, tell_fact(fact)).topic(fact.value.clone()));
        }
    }),
};

pub(crate) const KEY: Detector = Detector {
    about: Descriptor {
        id: "key-switch-open",
        title: phrase("The key switch lets the program be changed", "La clé permet de changer le programme"),
        severity: Severity::Medium,
        techniques: &[("T0858", "Change Operating Mode"), ("T0843", "Program Download")],
        requirements: &["SR 2.1", "SR 3.4"],
        meaning: phrase(
            "In the position remote or program the controller takes a new program from the network. TRITON needed just that.",
            "En position distant ou programmation, l'automate accepte un nouveau programme par le réseau. TRITON n'a eu besoin que de cela.",
        ),
        action: phrase(
            "Turn the key to RUN, take it out, keep it in the control room.",
            "Mettre la clé sur RUN, la retirer, la garder en salle de contrôle.",
        ),
        caution: phrase(
            "Do not turn it while the program is being changed.",
            "Ne pas la tourner pendant une modification de programme.",
        ),
        covers: &["PLC Operating Mode Changed"],
        thresholds: NOTHING,
    },
    logic: Logic::Fact(&[FactKey::KeyPosition], |fact, _, hits| {
        let value = fact.value.to_lowercase();
        if ["rem", "prog", "run-p", "run_p", "stop", "term"].iter().any(|word| value.contains(word)) {
            hits.push(Hit::of_fact(fact, tell_fact(fact)).topic(fact.value.clone()));
        }
    }),
};

pub(crate) const UNPROTECTED: Detector = Detector {
    about: Descriptor {
        id: "program-unprotected",
        title: phrase("A controller does not protect its program", "Un automate ne protège pas son programme"),
        severity: Severity::Low,
        techniques: &[("T0843", "Program Download"), ("T0845", "Program Upload")],
        requirements: &["SR 2.1", "SR 3.4"],
        meaning: phrase(
            "Whoever reaches it may read and change its program without a password.",
            "Quiconque l'atteint peut lire et changer son programme sans mot de passe.",
        ),
        action: phrase(
            "Set read and write protection in the hardware configuration at the next stop.",
            "Définir la protection en lecture et écriture dans la configuration matérielle au prochain arrêt.",
        ),
        caution: phrase(
            "Do not lose the password: without it the controller must be wiped.",
            "Ne pas perdre le mot de passe : sans lui l'automate doit être effacé.",
        ),
        covers: &["S7 protection off"],
        thresholds: phrase("protection level 1 or none", "niveau de protection 1 ou aucun"),
    },
    logic: Logic::Fact(&[FactKey::Protection], |fact, _, hits| {
        let value = fact.value.to_lowercase();
        let is_open = value == "1"
            || value.starts_with("1 ")
            || value.contains("level 1")
            || value.contains("none")
            || value.contains("no protection")
            || value.contains("unprotected")
            || value.contains("no password");
        if is_open {
            hits.push(Hit::of_fact(fact, tell_fact(fact)));
        }
    }),
};

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use model::{FactKey, Health, HealthKind, Outcome, Record, State, Transport, Verb};

    use crate::testing::{ActExt, act, address, at, conversation, fact, fires, flow};

    const PLC: &str = "10.0.0.7:502";

    fn refused(code: u32, name: &str) -> Record {
        Record::Act(act(0.0, "10.0.0.9", PLC, "modbus", Verb::Read, "read coils").refused(code, name))
    }

    #[test]
    fn refusals_by_reason() {
        let reasons = [
            ("illegal-function", "illegal function"),
            ("illegal-address", "illegal data address"),
            ("illegal-value", "illegal data value"),
            ("access-refused", "accessing the object not allowed"),
            ("device-failure", "gateway target device failed to respond"),
        ];
        for (id, name) in reasons {
            assert!(fires(id, [refused(1, name)]), "{id}");
            for (_, other) in reasons.iter().filter(|(other, _)| *other != id) {
                assert!(!fires(id, [refused(1, other)]), "{id} by {other}");
            }
        }
    }

    #[test]
    fn twenty_refusals_an_hour() {
        let refusals = |n: u32| {
            (0..n).map(|n| {
                let read = act(f64::from(n) * 60.0, "10.0.0.9", PLC, "modbus", Verb::Read, "read coils");
                Record::Act(read.refused(2, "illegal data address"))
            })
        };
        assert!(fires("excessive-refusals", refusals(20)));
        assert!(!fires("excessive-refusals", refusals(19)));
    }

    #[test]
    fn three_requests_in_vain_after_an_answer() {
        let read = |seconds| act(seconds, "10.0.0.9", PLC, "modbus", Verb::Read, "read coils");
        let silent = |n: u32| (1..=n).map(move |n| Record::Act(read(f64::from(n)).outcome(Outcome::NoAnswer)));
        assert!(fires("unresponsive-device", std::iter::once(Record::Act(read(0.0))).chain(silent(3))));
        assert!(!fires("unresponsive-device", std::iter::once(Record::Act(read(0.0))).chain(silent(2))));
        assert!(!fires("unresponsive-device", silent(3)));
    }

    #[test]
    fn eight_attempts_in_vain() {
        let read = Record::Act(act(0.0, "10.0.0.9", PLC, "modbus", Verb::Read, "read coils"));
        let attempts = |n: u32| {
            (1..=n).map(|n| Record::Conversation(conversation(f64::from(n), "10.0.0.9", PLC, "", State::Attempted)))
        };
        assert!(fires("device-disconnected", std::iter::once(read.clone()).chain(attempts(8))));
        assert!(!fires("device-disconnected", std::iter::once(read).chain(attempts(7))));
    }

    #[test]
    fn connections_broken_off_and_packets_repeated() {
        let broken = |n: u32| {
            (0..n).map(|n| {
                let mut broken = conversation(f64::from(n), "10.0.0.9", PLC, "modbus", State::Reset);
                broken.received.resets = 1;
                Record::Conversation(broken)
            })
        };
        assert!(fires("connections-reset", broken(5)));
        assert!(!fires("connections-reset", broken(4)));
        let lossy = |repeated| {
            let mut lossy = conversation(0.0, "10.0.0.9", PLC, "modbus", State::Open);
            lossy.sent.packets = 1_000;
            lossy.sent.retransmissions = repeated;
            [Record::Conversation(lossy)]
        };
        assert!(fires("packets-repeated", lossy(60)));
        assert!(!fires("packets-repeated", lossy(10)));
    }

    #[test]
    fn broken_messages_from_the_second_on() {
        let broken = |count| {
            Record::Health(Health {
                at: at(0.0),
                kind: HealthKind::Malformed,
                protocol: Cow::Borrowed("modbus"),
                flow: Some(flow(&address("10.0.0.9:1024"), &address(PLC), Transport::Tcp)),
                count,
                detail: "byte count at offset 8: 250 announced, 12 left".into(),
            })
        };
        assert!(fires("malformed-messages", [broken(1), broken(1)]));
        assert!(!fires("malformed-messages", [broken(1)]));
    }

    #[test]
    fn what_controllers_say_of_themselves() {
        let say = |key, value: &str| [Record::Fact(fact(0.0, PLC, "s7comm", key, value))];
        assert!(fires("controller-not-running", say(FactKey::RunState, "stop")));
        assert!(!fires("controller-not-running", say(FactKey::RunState, "run")));
        assert!(fires("key-switch-open", say(FactKey::KeyPosition, "remote run")));
        assert!(!fires("key-switch-open", say(FactKey::KeyPosition, "run")));
        assert!(fires("program-unprotected", say(FactKey::Protection, "1")));
        assert!(!fires("program-unprotected", say(FactKey::Protection, "3")));
    }
}
