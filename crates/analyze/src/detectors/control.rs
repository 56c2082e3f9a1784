//! Acts that change what a controller does: start, stop, mode, reset, program, firmware, configuration.

use model::borsh::{BorshDeserialize, BorshSerialize};
use model::{Act, Descriptor, Outcome, Record, Severity, Verb, nouns, number_of, said};

use crate::detector::{Detector, Hit, Hits, Logic, Memory, NOTHING, View, Wants, phrase, tell};
use crate::inventory::Key;
use crate::window::{MINUTE, Rate, Tracked};

/// An act that was refused did no harm yet: one step less.
fn weighed(act: &Act, severity: Severity) -> Severity {
    match (act.outcome, severity) {
        (Outcome::Refused, Severity::Critical) => Severity::High,
        (Outcome::Refused, Severity::High) => Severity::Medium,
        _ => severity,
    }
}

fn report(act: &Act, severity: Severity, hits: &mut Hits) {
    hits.tell_act(Hit::of_act(act, "").severity(weighed(act, severity)), act);
}

pub(crate) const STOPPED: Detector = Detector {
    about: Descriptor {
        id: "controller-stopped",
        title: phrase("A controller was told to stop", "Un automate a reçu l'ordre de s'arrêter"),
        severity: Severity::High,
        techniques: &[("T0858", "Change Operating Mode"), ("T0881", "Service Stop")],
        requirements: &["SR 1.1", "SR 2.1"],
        meaning: phrase(
            "A stopped controller no longer runs its program: outputs freeze or fall to their safe state, and the process goes on without control.",
            "Un automate arrêté n'exécute plus son programme : les sorties se figent ou passent en repli, et le procédé continue sans commande.",
        ),
        action: phrase(
            "Ask at once who worked on the controller. If nobody did, isolate the station that sent the command, look at the process on site, and compare the program with the last backup before starting again.",
            "Demander immédiatement qui est intervenu. Si personne, isoler le poste émetteur, vérifier le procédé sur place et comparer le programme à la dernière sauvegarde avant de redémarrer.",
        ),
        caution: phrase(
            "Do not simply start it again from remote: the process may have moved on.",
            "Ne pas simplement redémarrer à distance : le procédé a pu évoluer.",
        ),
        covers: &["S7 Stop", "Controller Stop", "Abnormal Termination of Applications"],
        thresholds: NOTHING,
    },
    logic: Logic::Act(&[Verb::Stop], |act, _, hits| report(act, Severity::High, hits)),
};

pub(crate) const STARTED: Detector = Detector {
    about: Descriptor {
        id: "controller-started",
        title: phrase("A controller was told to start", "Un automate a reçu l'ordre de démarrer"),
        severity: Severity::Medium,
        techniques: &[("T0858", "Change Operating Mode")],
        requirements: &["SR 1.1", "SR 2.1"],
        meaning: phrase(
            "Starting a controller sets outputs and may move machinery. After an unexpected stop or program change it puts the change into effect.",
            "Démarrer un automate active les sorties et peut mettre des machines en mouvement. Après un arrêt ou un changement de programme inattendu, cela le rend effectif.",
        ),
        action: phrase(
            "Match it with planned work. If there was none, look for a stop or a program change just before it from the same station.",
            "Rapprocher d'une intervention prévue. Sinon, chercher un arrêt ou un changement de programme juste avant, depuis le même poste.",
        ),
        caution: phrase(
            "Do not stop the controller in return before people on site agree.",
            "Ne pas arrêter l'automate en réaction sans l'accord des personnes sur place.",
        ),
        covers: &["Abnormal Termination of Applications", "PLC Operating Mode Changed"],
        thresholds: NOTHING,
    },
    logic: Logic::Act(&[Verb::Start], |act, _, hits| report(act, Severity::Medium, hits)),
};

pub(crate) const MODE: Detector = Detector {
    about: Descriptor {
        id: "mode-changed",
        title: phrase("The operating mode of a controller was changed", "Le mode de marche d'un automate a été changé"),
        severity: Severity::High,
        techniques: &[("T0858", "Change Operating Mode"), ("T0868", "Detect Operating Mode")],
        requirements: &["SR 1.1", "SR 2.1"],
        meaning: phrase(
            "Program, test or remote mode lets others change logic and force outputs; it is the step before a program is loaded.",
            "Le mode programmation, test ou distant permet de changer la logique et de forcer des sorties ; c'est l'étape avant un chargement de programme.",
        ),
        action: phrase(
            "Check who works on the controller, and put the key switch back to RUN where there is one.",
            "Vérifier qui intervient sur l'automate et remettre la clé sur RUN s'il y en a une.",
        ),
        caution: phrase(
            "Do not change the mode back while people may be working on the machine.",
            "Ne pas rétablir le mode tant que des personnes peuvent travailler sur la machine.",
        ),
        covers: &["PLC Operating Mode Changed"],
        thresholds: NOTHING,
    },
    logic: Logic::Act(&[Verb::Mode], |act, _, hits| report(act, Severity::High, hits)),
};

pub(crate) const RESET: Detector = Detector {
    about: Descriptor {
        id: "device-reset",
        title: phrase("A device was restarted or reset", "Un équipement a été redémarré ou réinitialisé"),
        severity: Severity::High,
        techniques: &[("T0816", "Device Restart/Shutdown")],
        requirements: &["SR 2.1", "SR 7.1"],
        meaning: phrase(
            "While it restarts the device neither controls nor protects. A factory reset also wipes its name, address and configuration.",
            "Pendant le redémarrage, l'équipement ne commande ni ne protège. Un retour aux réglages d'usine efface aussi son nom, son adresse et sa configuration.",
        ),
        action: phrase(
            "Ask who did it. Check that the device came back with its configuration, and that its clock and outputs are right.",
            "Demander qui l'a fait. Vérifier que l'équipement est revenu avec sa configuration, et que son horloge et ses sorties sont correctes.",
        ),
        caution: phrase(
            "Do not reload a configuration before it is compared with a trusted backup.",
            "Ne pas recharger de configuration sans l'avoir comparée à une sauvegarde de confiance.",
        ),
        covers: &["Controller Reset", "Outstation Restarted", "Profinet factory reset"],
        thresholds: NOTHING,
    },
    logic: Logic::Act(&[Verb::Reset], |act, _, hits| {
        let is_factory = act.name.contains("factory") || act.object.to_string().contains("factory");
        report(act, if is_factory { Severity::Critical } else { Severity::High }, hits);
    }),
};

pub(crate) const PROGRAM: Detector = Detector {
    about: Descriptor {
        id: "program-changed",
        title: phrase("Logic was loaded into a controller", "Un programme a été chargé dans un automate"),
        severity: Severity::High,
        techniques: &[
            ("T0843", "Program Download"),
            ("T0889", "Modify Program"),
            ("T0821", "Modify Controller Tasking"),
        ],
        requirements: &["SR 1.1", "SR 2.1", "SR 3.4"],
        meaning: phrase(
            "Whoever loads logic decides what the plant does from then on, also when the attacker is gone.",
            "Qui charge un programme décide de ce que fait l'usine à partir de là, même une fois parti.",
        ),
        action: phrase(
            "Match it with a change order. If there is none, keep the process under manual watch, read the program out and compare it with the last approved version.",
            "Rapprocher d'un ordre de modification. À défaut, surveiller le procédé manuellement, relire le programme et le comparer à la dernière version approuvée.",
        ),
        caution: phrase(
            "Do not load the old program over it before the new one is saved: it is the evidence.",
            "Ne pas recharger l'ancien programme avant d'avoir sauvegardé le nouveau : c'est la preuve.",
        ),
        covers: &["Unauthorized PLC Programming", "PLC Configuration Write", "Unauthorized MMS Program Access"],
        thresholds: NOTHING,
    },
    logic: Logic::Act(&[Verb::Program], |act, _, hits| report(act, Severity::High, hits)),
};

pub(crate) const UPLOAD: Detector = Detector {
    about: Descriptor {
        id: "program-read",
        title: phrase("Logic was read out of a controller", "Un programme a été relu depuis un automate"),
        severity: Severity::Medium,
        techniques: &[("T0845", "Program Upload"), ("T0882", "Theft of Operational Information")],
        requirements: &["SR 2.1", "SR 4.1"],
        meaning: phrase(
            "The program holds the know-how of the plant and shows an attacker what to change. Backup systems read it too.",
            "Le programme contient le savoir-faire de l'usine et montre à un attaquant quoi modifier. Les systèmes de sauvegarde le lisent aussi.",
        ),
        action: phrase(
            "Check that the reader is an engineering station or the backup system and that it was its hour.",
            "Vérifier que le lecteur est un poste d'ingénierie ou le système de sauvegarde, et que c'était son heure.",
        ),
        caution: phrase(
            "Do not block the backup system by mistake: name it first.",
            "Ne pas bloquer le système de sauvegarde par erreur : l'identifier d'abord.",
        ),
        covers: &["PLC Program Upload", "PLC Configuration Read"],
        thresholds: NOTHING,
    },
    logic: Logic::Act(&[Verb::Upload], |act, _, hits| report(act, Severity::Medium, hits)),
};

pub(crate) const FIRMWARE: Detector = Detector {
    about: Descriptor {
        id: "firmware-changed",
        title: phrase("Firmware was transferred to a device", "Un firmware a été transféré vers un équipement"),
        severity: Severity::Critical,
        techniques: &[
            ("T0857", "System Firmware"),
            ("T0839", "Module Firmware"),
            ("T0800", "Activate Firmware Update Mode"),
        ],
        requirements: &["SR 2.1", "SR 3.4"],
        meaning: phrase(
            "Firmware decides what the device is. A bad one survives every program check, or destroys the device.",
            "Le firmware décide de ce qu'est l'équipement. Un mauvais firmware survit à tout contrôle de programme, ou détruit l'équipement.",
        ),
        action: phrase(
            "Match it with a maintenance order. If there is none, take the device out of service as the process allows and check the version and its hash with the maker.",
            "Rapprocher d'un ordre de maintenance. À défaut, mettre l'équipement hors service dès que le procédé le permet et vérifier version et empreinte auprès du fabricant.",
        ),
        caution: phrase(
            "Do not interrupt a running transfer: a half-written device may be lost.",
            "Ne pas interrompre un transfert en cours : un équipement à moitié écrit peut être perdu.",
        ),
        covers: &["Firmware Change Detected", "Firmware Version Changed", "Firmware Update command", "S7 Plus PLC"],
        thresholds: NOTHING,
    },
    logic: Logic::Act(&[Verb::Firmware], |act, _, hits| report(act, Severity::Critical, hits)),
};

pub(crate) const CONFIGURED: Detector = Detector {
    about: Descriptor {
        id: "configuration-changed",
        title: phrase("Settings of a device were changed", "Des réglages d'un équipement ont été modifiés"),
        severity: Severity::Medium,
        techniques: &[("T0836", "Modify Parameter"), ("T0892", "Change Credential")],
        requirements: &["SR 2.1", "SR 3.4", "SR 7.6"],
        meaning: phrase(
            "Name, address, communication, protection or parameters are no longer what they were: the device may vanish from the network, or protect less.",
            "Nom, adresse, communication, protection ou paramètres ne sont plus les mêmes : l'équipement peut disparaître du réseau ou moins protéger.",
        ),
        action: phrase(
            "Match it with planned work, and note the new settings in the documentation.",
            "Rapprocher d'une intervention prévue et noter les nouveaux réglages dans la documentation.",
        ),
        caution: phrase(
            "Do not write the old values back while the device is in use.",
            "Ne pas réécrire les anciennes valeurs pendant que l'équipement est utilisé.",
        ),
        covers: &[
            "change of device configuration",
            "outstation configuration changed",
            "PLC Configuration Write",
            "bad MMS device state",
        ],
        thresholds: NOTHING,
    },
    logic: Logic::Act(&[Verb::Configure], |act, _, hits| {
        let name = act.name.as_str();
        // Silencing a device is more than a setting.
        let is_silencing = act.protocol == "bacnet" && name.contains("communication");
        report(act, if is_silencing { Severity::High } else { Severity::Medium }, hits);
    }),
};

pub(crate) const RESTARTS: Detector = Detector {
    about: Descriptor {
        id: "restarts-frequently",
        title: phrase("A device restarts again and again", "Un équipement redémarre sans cesse"),
        severity: Severity::High,
        techniques: &[("T0816", "Device Restart/Shutdown"), ("T0814", "Denial of Service")],
        requirements: &["SR 7.1"],
        meaning: phrase(
            "The device is failing, or someone keeps it from working.",
            "L'équipement est en panne, ou quelqu'un l'empêche de fonctionner.",
        ),
        action: phrase(
            "Look at its supply and its diagnosis on site, and at who sends it restarts.",
            "Contrôler sur place son alimentation et son diagnostic, et qui lui envoie des redémarrages.",
        ),
        caution: phrase(
            "Do not replace the device before its diagnosis was read out.",
            "Ne pas remplacer l'équipement avant d'avoir relu son diagnostic.",
        ),
        covers: &["Outstation Restarts Frequently", "Excessive Restart Rate of Outstation"],
        thresholds: phrase("2 restarts or stops in 10 minutes", "2 redémarrages ou arrêts en 10 minutes"),
    },
    logic: Logic::Memory(
        Wants {
            acts: &[Verb::Reset, Verb::Stop],
            trouble: false,
            protocols: &[],
            facts: &[],
            conversations: false,
            health: false,
        },
        || Box::new(Restarts { devices: Tracked::new(10 * MINUTE) }),
    ),
};

#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct Restarts {
    devices: Tracked<Key, Rate>,
}

impl Memory for Restarts {
    fn look(&mut self, record: &Record, _: &View, hits: &mut Hits) {
        let Record::Act(act) = record else { return };
        if act.outcome == Outcome::Refused {
            return;
        }
        let Some(rate) = Key::of(&act.to).and_then(|key| self.devices.at(key, act.at)) else { return };
        let count = rate.add(act.repeats.count, act.at, 10 * MINUTE);
        if count >= 2 {
            let hit = Hit::of_act(
                act,
                said!(
                    "{count} restarts or stops within 10 minutes, the last one by {last}",
                    "{count} redémarrages ou arrêts en 10 minutes, le dernier par {last}",
                    last = tell(act)
                ),
            );
            hits.push(hit.between(None, Some(act.to)));
        }
    }
}

pub(crate) const BURST: Detector = Detector {
    about: Descriptor {
        id: "command-burst",
        title: phrase("A burst of commands to one device", "Une rafale de commandes vers un équipement"),
        severity: Severity::Medium,
        techniques: &[("T0806", "Brute Force I/O"), ("T0855", "Unauthorized Command Message")],
        requirements: &["SR 2.1", "SR 3.5", "SR 7.1"],
        meaning: phrase(
            "Breakers, valves or drives that are switched again and again wear out or trip; nobody works like this by hand.",
            "Des disjoncteurs, vannes ou moteurs manœuvrés sans cesse s'usent ou déclenchent ; personne ne travaille ainsi à la main.",
        ),
        action: phrase(
            "Look at what is switched and whether an automatic sequence does it. If not, take the sender off the network.",
            "Regarder ce qui est manœuvré et si un automatisme le fait. Sinon, retirer l'émetteur du réseau.",
        ),
        caution: phrase(
            "Do not block a controller's own automatic sequence.",
            "Ne pas bloquer une séquence automatique normale.",
        ),
        covers: &["Abnormal Periodic Behavior"],
        thresholds: phrase("30 commands a minute between two machines", "30 commandes par minute entre deux machines"),
    },
    logic: Logic::Memory(
        Wants {
            acts: &[Verb::Operate],
            trouble: false,
            protocols: &[],
            facts: &[],
            conversations: false,
            health: false,
        },
        || Box::new(Burst { pairs: Tracked::new(MINUTE) }),
    ),
};

#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct Burst {
    pairs: Tracked<(Key, Key), Rate>,
}

impl Memory for Burst {
    fn look(&mut self, record: &Record, _: &View, hits: &mut Hits) {
        let Record::Act(act) = record else { return };
        let (Some(from), Some(to)) = (Key::of(&act.from), Key::of(&act.to)) else { return };
        let Some(rate) = self.pairs.at((from, to), act.at) else { return };
        let count = rate.add(act.repeats.count, act.at, MINUTE);
        if count >= 30 {
            rate.clear();
            hits.push(Hit {
                count,
                ..Hit::of_act(
                    act,
                    said!(
                        "{commands} within a minute, the last one {last}",
                        "{commands} en une minute, la dernière : {last}",
                        commands = number_of(count, nouns::COMMANDS),
                        last = tell(act)
                    ),
                )
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use model::{Outcome, Record, Verb};

    use crate::testing::{ActExt, act, fires, found};

    const PLC: &str = "10.0.0.20:102";

    #[test]
    fn each_controller_act_has_its_finding_whatever_the_protocol() {
        let records = [
            act(0.0, "10.0.0.9", PLC, "s7comm", Verb::Stop, "plc stop"),
            act(1.0, "10.0.0.9", PLC, "s7comm", Verb::Program, "request download").object("OB1"),
            act(2.0, "10.0.0.9", PLC, "s7comm", Verb::Start, "pi service p_program"),
            act(3.0, "10.0.0.9", "10.0.0.30:44818", "cip", Verb::Mode, "set mode"),
            act(4.0, "10.0.0.9", "10.0.0.30:44818", "cip", Verb::Firmware, "nvs update"),
            act(5.0, "10.0.0.9", "10.0.0.40:502", "umas", Verb::Upload, "read block").refused(0x83, "not allowed"),
            act(6.0, "10.0.0.9", "10.0.0.50:47808", "bacnet", Verb::Configure, "device communication control"),
            act(7.0, "10.0.0.9", "10.0.0.60", "profinet-dcp", Verb::Reset, "set").object("reset to factory"),
        ];
        expect![[r#"
            device-reset critical ×1 10.0.0.9 → 10.0.0.60: profinet-dcp set reset to factory: done
            firmware-changed critical ×1 10.0.0.9 → 10.0.0.30:44818: cip nvs update: done
            configuration-changed high ×1 10.0.0.9 → 10.0.0.50:47808: bacnet device communication control: done
            controller-stopped high ×1 10.0.0.9 → 10.0.0.20:102: s7comm plc stop: done
            mode-changed high ×1 10.0.0.9 → 10.0.0.30:44818: cip set mode: done
            program-changed high ×1 10.0.0.9 → 10.0.0.20:102: s7comm request download OB1: done
            access-refused medium ×1 10.0.0.9 → 10.0.0.40:502: umas read block: refused (not allowed)
            controller-started medium ×1 10.0.0.9 → 10.0.0.20:102: s7comm pi service p_program: done
            program-read medium ×1 10.0.0.9 → 10.0.0.40:502: umas read block: refused (not allowed)
        "#]]
        .assert_eq(&found(records.map(Record::Act)));
    }

    #[test]
    fn reading_changes_nothing() {
        let records = [
            act(0.0, "10.0.0.9", PLC, "s7comm", Verb::Read, "read var").times(100),
            act(0.0, "10.0.0.9", PLC, "s7comm", Verb::Identify, "read szl"),
        ];
        expect![[""]].assert_eq(&found(records.map(Record::Act)));
    }

    #[test]
    fn a_refused_stop_is_less_bad() {
        let record = act(0.0, "10.0.0.9", PLC, "s7comm", Verb::Stop, "plc stop").refused(0x8104, "not available");
        expect![[r#"
            controller-stopped medium ×1 10.0.0.9 → 10.0.0.20:102: s7comm plc stop: refused (not available)
        "#]]
        .assert_eq(&found([Record::Act(record)]));
    }

    #[test]
    fn two_restarts_in_ten_minutes_are_frequent_and_in_an_hour_are_not() {
        let restart =
            |seconds| Record::Act(act(seconds, "10.0.0.9", "10.0.0.7:20000", "dnp3", Verb::Reset, "cold restart"));
        assert!(fires("restarts-frequently", [restart(0.0), restart(500.0)]));
        assert!(!fires("restarts-frequently", [restart(0.0), restart(3600.0)]));
    }

    #[test]
    fn thirty_commands_a_minute_are_a_burst() {
        let operate = |seconds: f64| {
            let operate = act(seconds, "10.0.0.9", "10.0.0.7:2404", "iec104", Verb::Operate, "single command");
            Record::Act(operate.outcome(Outcome::Done))
        };
        assert!(fires("command-burst", (0..30).map(|n| operate(f64::from(n)))));
        assert!(!fires("command-burst", (0..30).map(|n| operate(f64::from(n) * 10.0))));
    }
}
