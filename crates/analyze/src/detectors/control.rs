//! Acts that change what a controller does: start, stop, mode, reset, program, firmware, configuration.

use model::{Act, Descriptor, Phrase, Severity, Verb};

use crate::detector::{Detector, Hit, Hits, Logic, View, tell};

pub(crate) const STOPPED: Detector = Detector {
    about: Descriptor {
        id: "controller-stopped",
        title: Phrase { en: "A controller was told to stop", fr: "Un automate a reçu l'ordre de s'arrêter" },
        severity: Severity::High,
        techniques: &[("T0858", "Change Operating Mode"), ("T0881", "Service Stop")],
        requirements: &["SR 2.1", "SR 1.1"],
        meaning: Phrase {
            en: "A stopped controller no longer runs its program: outputs freeze or fall to their safe state, and the process goes on without control.",
            fr: "Un automate arrêté n'exécute plus son programme : les sorties se figent ou passent en repli, et le procédé continue sans commande.",
        },
        action: Phrase {
            en: "Ask at once who worked on the controller. If nobody did, isolate the station that sent the command, check the process by hand, and compare the program with the last backup before starting again.",
            fr: "Demander immédiatement qui est intervenu sur l'automate. Si personne, isoler le poste émetteur, vérifier le procédé sur place et comparer le programme à la dernière sauvegarde avant de redémarrer.",
        },
        caution: Phrase {
            en: "Do not simply start it again from remote: the process may have moved, and the evidence is lost.",
            fr: "Ne pas simplement le redémarrer à distance : le procédé a pu évoluer et les preuves seraient perdues.",
        },
        covers: &["S7 Stop", "GE SRTP Stop", "Controller Stop", "Abnormal Termination of Applications"],
        thresholds: Phrase { en: "", fr: "" },
    },
    logic: Logic::Act(&[Verb::Stop], stopped),
};

fn stopped(act: &Act, _view: &View, hits: &mut Hits) {
    hits.push(Hit::of_act(act, tell(act)));
}
