//! Substations and telecontrol: what outstations indicate, and what is wrong in GOOSE and sampled values.

use model::{Act, Descriptor, Outcome, Severity, Verb, said};

use crate::detector::{Detector, Hit, Hits, Logic, NOTHING, View, phrase, tell};

/// Whether a DNP3 response carries the internal indication `word` (IEEE 1815-2012, clause 4.2.2.6).
fn indicates(act: &Act, word: &str) -> bool {
    act.protocol == "dnp3"
        && (act.status.as_ref().is_some_and(|status| status.name.contains(word))
            || act.extra.iter().any(|(name, value)| name == "indications" && value.contains(word)))
}

/// The station that indicates: it answered, or it reported unasked.
fn of_station(act: &Act, text: model::Said) -> Hit {
    let station =
        if matches!(act.verb, Verb::Report | Verb::Alarm) && act.outcome == Outcome::Asked { act.from } else { act.to };
    Hit::of_act(act, text).between(None, Some(station))
}

pub(crate) const OVERFLOW: Detector = Detector {
    about: Descriptor {
        id: "event-buffer-overflow",
        title: phrase("An outstation lost events", "Un poste a perdu des événements"),
        severity: Severity::Medium,
        techniques: &[("T0815", "Denial of View"), ("T0804", "Block Reporting Message")],
        requirements: &["SR 2.9", "SR 7.1"],
        meaning: phrase(
            "Its buffer is full: what happened there meanwhile will never be seen in the control room.",
            "Son tampon est plein : ce qui s'y est passé entre-temps ne sera jamais vu en salle de contrôle.",
        ),
        action: phrase(
            "Look at why events are not fetched: link, poll interval, or a flood of changes.",
            "Chercher pourquoi les événements ne sont pas relevés : liaison, cadence, ou avalanche de changements.",
        ),
        caution: phrase(
            "Do not clear the indication before reading out what is left.",
            "Ne pas effacer l'indication avant d'avoir relu ce qui reste.",
        ),
        covers: &["event buffer overflow"],
        thresholds: NOTHING,
    },
    logic: Logic::Trouble(|act, _, hits| {
        if indicates(act, "event buffer overflow") {
            hits.push(of_station(act, said!("indicated in {act}", "indiqué dans {act}", act = tell(act))));
        }
    }),
};

pub(crate) const RESTARTED: Detector = Detector {
    about: Descriptor {
        id: "outstation-restarted",
        title: phrase("An outstation says that it restarted", "Un poste indique qu'il a redémarré"),
        severity: Severity::Low,
        techniques: &[("T0816", "Device Restart/Shutdown")],
        requirements: &["SR 7.1"],
        meaning: phrase(
            "It was off, or someone restarted it; its event memory began anew.",
            "Il était éteint, ou quelqu'un l'a redémarré ; sa mémoire d'événements est repartie de zéro.",
        ),
        action: phrase(
            "Look at its supply, and for a restart command before.",
            "Vérifier son alimentation et chercher un ordre de redémarrage avant.",
        ),
        caution: phrase(
            "Do not trust the order of events around the restart.",
            "Ne pas se fier à l'ordre des événements autour du redémarrage.",
        ),
        covers: &["Outstation Restarted"],
        thresholds: NOTHING,
    },
    logic: Logic::Trouble(|act, _, hits| {
        if indicates(act, "device restart") {
            hits.push(of_station(act, said!("indicated in {act}", "indiqué dans {act}", act = tell(act))));
        }
    }),
};

pub(crate) const ILL: Detector = Detector {
    about: Descriptor {
        id: "outstation-trouble",
        title: phrase("An outstation reports trouble", "Un poste signale un problème"),
        severity: Severity::Medium,
        techniques: &[("T0826", "Loss of Availability"), ("T0827", "Loss of Control")],
        requirements: &["SR 7.1", "SR 3.4"],
        meaning: phrase(
            "Hardware trouble, a corrupt configuration, or local control: it may not do what the control room tells it.",
            "Problème matériel, configuration corrompue ou commande locale : il peut ne pas faire ce que demande la salle de contrôle.",
        ),
        action: phrase(
            "Read its diagnosis; with a corrupt configuration load the last approved one.",
            "Lire son diagnostic ; si la configuration est corrompue, recharger la dernière approuvée.",
        ),
        caution: phrase(
            "Do not send commands to a station in local control.",
            "Ne pas envoyer de commande à un poste en commande locale.",
        ),
        covers: &["hardware problem in outstation", "corrupted configuration", "DNP3 IIN"],
        thresholds: phrase(
            "device trouble: medium; configuration corrupt: high; local control: info",
            "trouble : moyen ; configuration corrompue : élevé ; commande locale : info",
        ),
    },
    logic: Logic::Trouble(|act, _, hits| {
        for (word, severity) in [
            ("device trouble", Severity::Medium),
            ("configuration corrupt", Severity::High),
            ("local control", Severity::Info),
        ] {
            if indicates(act, word) {
                hits.push(
                    of_station(act, said!("{word}, indicated in {act}", "{word}, indiqué dans {act}", act = tell(act)))
                        .severity(severity)
                        .topic(word),
                );
            }
        }
    }),
};

pub(crate) const OBSOLETE: Detector = Detector {
    about: Descriptor {
        id: "obsolete-telecontrol-function",
        title: phrase(
            "An obsolete or reserved telecontrol function",
            "Une fonction de téléconduite obsolète ou réservée",
        ),
        severity: Severity::Medium,
        techniques: &[("T0855", "Unauthorized Command Message"), ("T0888", "Remote System Information Discovery")],
        requirements: &["SR 3.5", "SR 7.7"],
        meaning: phrase(
            "No current master sends these: an old tool, or someone who tries what happens.",
            "Aucun maître actuel ne les envoie : un vieil outil, ou quelqu'un qui essaie.",
        ),
        action: phrase("Find the sender and its software.", "Trouver l'émetteur et son logiciel."),
        caution: phrase("Do not try them on a device in service.", "Ne pas les essayer sur un équipement en service."),
        covers: &["obsolete FC Initialize Data / Save Config", "reserved FC", "reserved IIN 2.6", "illegal ASDU type"],
        thresholds: NOTHING,
    },
    logic: Logic::Protocol(&["dnp3", "iec104"], |act, _: &View, hits: &mut Hits| {
        // IEEE 1815-2012 table 4-2: 15 initialize data and 19 save configuration are obsolete; 34 to 128 are reserved.
        let is_old = act.protocol == "dnp3" && (matches!(act.code, 15 | 19) || (34..=128).contains(&act.code));
        // IEC 60870-5-101 section 7.2.1: 41 to 44, 52 to 57, 71 to 99 and 114 to 119 are reserved.
        let is_reserved = act.protocol == "iec104"
            && matches!(act.code, 22..=29 | 41..=44 | 52..=57 | 71..=99 | 114..=119 | 128..=255);
        if is_old || is_reserved {
            hits.push(Hit::of_act(act, tell(act)));
        }
    }),
};

pub(crate) const AUTHENTICATION: Detector = Detector {
    about: Descriptor {
        id: "telecontrol-authentication-error",
        title: phrase("Telecontrol authentication failed", "L'authentification de téléconduite a échoué"),
        severity: Severity::High,
        techniques: &[("T0848", "Rogue Master"), ("T0859", "Valid Accounts")],
        requirements: &["SR 1.2", "SR 1.11"],
        meaning: phrase(
            "Keys do not match: an update on one end only, or a master that is not yours.",
            "Les clés ne correspondent pas : renouvellement d'un seul côté, ou un maître qui n'est pas le vôtre.",
        ),
        action: phrase(
            "Check the time of the last key update, and who sent the command.",
            "Vérifier la date du dernier renouvellement de clés et l'émetteur de la commande.",
        ),
        caution: phrase(
            "Do not switch authentication off to get on.",
            "Ne pas désactiver l'authentification pour continuer.",
        ),
        covers: &["DNP3 authentication error"],
        thresholds: NOTHING,
    },
    logic: Logic::Protocol(&["dnp3"], |act, _, hits| {
        let says = |text: &str| text.contains("authentication error") || text.contains("authentication failed");
        let is_error = says(&act.name)
            || act.status.as_ref().is_some_and(|status| says(&status.name))
            || act.extra.iter().any(|(name, value)| {
                matches!(name.as_ref(), "authentication" | "answer")
                    && (value.contains("error") || value.contains("fail"))
            });
        if is_error {
            hits.push(Hit::of_act(act, tell(act)));
        }
    }),
};

/// Fields by which GOOSE and sampled values say that something is not as in operation, and how bad that is.
const SIGNS: &[(&str, &str, Severity)] = &[
    ("order", "state number went back", Severity::High),
    ("order", "sequence number went back", Severity::High),
    ("order", "states missing", Severity::Medium),
    ("order", "messages missing", Severity::Low),
    ("order", "restarted", Severity::Info),
    ("needs commissioning", "", Severity::Medium),
    ("simulation", "", Severity::Medium),
    ("test", "", Severity::Medium),
    ("configuration revision before", "", Severity::Medium),
    ("lost", "", Severity::Low),
];

pub(crate) const GOOSE: Detector = Detector {
    about: Descriptor {
        id: "goose-anomaly",
        title: phrase(
            "Something is wrong in GOOSE or sampled values",
            "Quelque chose ne va pas dans GOOSE ou les valeurs échantillonnées",
        ),
        severity: Severity::Medium,
        techniques: &[
            ("T0856", "Spoof Reporting Message"),
            ("T0832", "Manipulation of View"),
            ("T0855", "Unauthorized Command Message"),
        ],
        requirements: &["SR 3.1", "SR 3.5"],
        meaning: phrase(
            "Numbers that go back mean a second publisher or a replay: protection may trip, or fail to. Test, simulation and needs-commissioning flags do not belong into operation.",
            "Des numéros qui reculent signalent un second émetteur ou un rejeu : la protection peut déclencher à tort, ou ne pas déclencher. Les marques test, simulation et needsCommissioning n'ont pas leur place en exploitation.",
        ),
        action: phrase(
            "Find the publisher by its hardware address at the switch; compare data set and revision with the SCL file.",
            "Trouver l'émetteur par son adresse matérielle sur le commutateur ; comparer jeu de données et révision au fichier SCL.",
        ),
        caution: phrase(
            "Do not block GOOSE: protection depends on it.",
            "Ne pas bloquer GOOSE : la protection en dépend.",
        ),
        covers: &["GOOSE needs commissioning", "GOOSE dataset", "SV dataset", "GOOSE & SV message-type settings"],
        thresholds: NOTHING,
    },
    logic: Logic::Protocol(&["goose", "sv"], |act, _, hits| {
        for (name, value) in &act.extra {
            let sign = SIGNS.iter().find(|(field, words, _)| name == field && (words.is_empty() || value == words));
            if let Some((_, _, severity)) = sign
                && !matches!(value.as_str(), "" | "false" | "no" | "0" | "ends")
            {
                let text = format!("{} {}: {name} {value}", act.protocol, act.object);
                hits.push(Hit::of_act(act, text).severity(*severity).topic(format!("{} {name}", act.object)));
            }
        }
    }),
};

#[cfg(test)]
mod tests {
    use model::{Outcome, Record, Verb};

    use crate::testing::{ActExt, act, fires};

    fn answer(code: u32, name: &str) -> [Record; 1] {
        let read = act(0.0, "10.0.0.9", "10.0.0.7:20000", "dnp3", Verb::Read, "read");
        [Record::Act(read.status(code, name))]
    }

    #[test]
    fn indications_of_an_outstation() {
        assert!(fires("event-buffer-overflow", answer(0x0008, "event buffer overflow")));
        assert!(fires("outstation-restarted", answer(0x8000, "device restart, need time")));
        assert!(fires("outstation-trouble", answer(0x0020, "configuration corrupt")));
        for id in ["event-buffer-overflow", "outstation-restarted", "outstation-trouble"] {
            assert!(!fires(id, answer(0x1000, "need time")), "{id}");
        }
    }

    #[test]
    fn functions_that_nobody_should_send() {
        let send = |protocol, code| {
            [Record::Act(act(0.0, "10.0.0.9", "10.0.0.7:20000", protocol, Verb::Other, "function").code(code))]
        };
        assert!(fires("obsolete-telecontrol-function", send("dnp3", 15)));
        assert!(fires("obsolete-telecontrol-function", send("iec104", 75)));
        assert!(!fires("obsolete-telecontrol-function", send("dnp3", 1)));
        assert!(!fires("obsolete-telecontrol-function", send("iec104", 100)));
    }

    #[test]
    fn authentication_that_fails() {
        let operate = || act(0.0, "10.0.0.9", "10.0.0.7:20000", "dnp3", Verb::Operate, "operate");
        assert!(fires("telecontrol-authentication-error", [Record::Act(operate().extra("answer", "error 2"))]));
        assert!(!fires("telecontrol-authentication-error", [Record::Act(operate().extra("answer", "challenge"))]));
    }

    #[test]
    fn goose_numbers_that_go_back() {
        let publish = |value: &str| {
            let goose = act(0.0, "00:80:f4:00:00:01", "01:0c:cd:01:00:01", "goose", Verb::Report, "state change");
            [Record::Act(goose.outcome(Outcome::Asked).extra("order", value))]
        };
        assert!(fires("goose-anomaly", publish("state number went back")));
        assert!(!fires("goose-anomaly", publish("")));
    }
}
