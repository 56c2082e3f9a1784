//! Departures from the baseline: what is done, to what, with which values, when and in which order.

use model::Severity;

use super::learned::{Text, row};
use crate::baseline::Kind;
use crate::detector::{Detector, phrase};

pub(crate) const FUNCTION: Detector = row(
    Kind::Function,
    Severity::Medium,
    &[("T0855", "Unauthorized Command Message"), ("T0836", "Modify Parameter")],
    &["SR 2.1", "SR 3.5"],
    &[
        "CIP class, service, PCCC command, symbol not learned",
        "Modbus function or address range not learned",
        "S7 data block, control function, object not learned",
        "BACnet object or route not learned",
        "Profinet frame type not learned",
        "IEC-10x ASDU types",
        "DNP3 function code",
        "MMS service",
        "OPC UA activity",
        "GOOSE & SV message-type settings",
        "MMS define or delete named variable list",
        "IEC 61850 unauthorised write",
    ],
    Text {
        title: phrase("A known pair uses a function it never used", "Une paire connue utilise une fonction inédite"),
        meaning: phrase(
            "Controllers are asked the same questions all day long. A new function is new engineering, a new button, or somebody trying what the controller obeys.",
            "On pose aux automates les mêmes questions toute la journée. Une fonction nouvelle est une nouvelle ingénierie, un nouveau bouton, ou quelqu'un qui essaie ce à quoi l'automate obéit.",
        ),
        action: phrase(
            "Ask who works on the station that sent it. If it was planned, approve the line; if it writes or operates, look at the process first.",
            "Demander qui travaille sur le poste émetteur. Si c'était prévu, approuver la ligne ; s'il écrit ou commande, vérifier d'abord le procédé.",
        ),
        caution: phrase(
            "Do not write values back to undo it before the process people agree.",
            "Ne pas réécrire de valeurs pour annuler sans l'accord des exploitants.",
        ),
    },
);

pub(crate) const OFFICE_FUNCTION: Detector = row(
    Kind::OfficeFunction,
    Severity::Low,
    &[("T0869", "Standard Application Layer Protocol")],
    &["SR 2.1"],
    &[
        "RPC message type not learned",
        "HTTP activity, SOAP action, user agent not learned",
        "Unauthorized Database Operation",
        "SNMP operation",
        "Windows process / service",
    ],
    Text {
        title: phrase(
            "A known pair uses a function of an office protocol that it never used",
            "Une paire connue utilise une fonction bureautique inédite",
        ),
        meaning: phrase(
            "Programs of offices change more often than controllers: on its own it says little, beside other signs it may say much.",
            "Les logiciels de bureau changent plus souvent que les automates : seul, ce signe dit peu ; avec d'autres, il peut dire beaucoup.",
        ),
        action: phrase(
            "Look whether something was installed or updated on either side.",
            "Regarder si quelque chose a été installé ou mis à jour d'un côté ou de l'autre.",
        ),
        caution: phrase("Do not raise an alarm on this alone.", "Ne pas donner l'alarme sur ce seul signe."),
    },
);

pub(crate) const OBJECT: Detector = row(
    Kind::Object,
    Severity::Medium,
    &[("T0861", "Point & Tag Identification"), ("T0836", "Modify Parameter")],
    &["SR 2.1", "SR 3.5"],
    &[
        "CIP class, service, PCCC command, symbol not learned",
        "Modbus function or address range not learned",
        "S7 data block, control function, object not learned",
        "BACnet object or route not learned",
        "IOA",
    ],
    Text {
        title: phrase("A known function reaches for new objects", "Une fonction connue vise de nouveaux objets"),
        meaning: phrase(
            "Registers, blocks or points outside what was ever read or written there: a new screen, or somebody exploring the controller.",
            "Des registres, blocs ou points hors de ce qui y a jamais été lu ou écrit : un nouvel écran, ou quelqu'un qui explore l'automate.",
        ),
        action: phrase(
            "Compare the objects with the list of tags, and ask whether a screen or a report was added.",
            "Comparer les objets à la liste des variables et demander si un écran ou un rapport a été ajouté.",
        ),
        caution: phrase(
            "Do not approve a whole range when only a part of it is needed.",
            "Ne pas approuver toute une plage quand une partie suffit.",
        ),
    },
);

pub(crate) const VALUE: Detector = row(
    Kind::Value,
    Severity::High,
    &[("T0836", "Modify Parameter"), ("T0831", "Manipulation of Control")],
    &["SR 3.5", "SR 3.6"],
    &["illegal value", "Policy"],
    Text {
        title: phrase(
            "A value was written outside of what was ever written",
            "Une valeur écrite hors de tout ce qui l'a été",
        ),
        meaning: phrase(
            "The set point may be wrong for the process, by mistake or by intent.",
            "La consigne peut être fausse pour le procédé, par erreur ou volontairement.",
        ),
        action: phrase(
            "Ask the control room whether they meant it, and look at the measured value that belongs to it.",
            "Demander à la salle de commande si c'est voulu, et regarder la mesure correspondante.",
        ),
        caution: phrase(
            "Do not set it back from another station: let the operator do it.",
            "Ne pas la rétablir depuis un autre poste : laisser faire l'opérateur.",
        ),
    },
);

pub(crate) const OUTCOME: Detector = row(
    Kind::Outcome,
    Severity::Low,
    &[("T0803", "Block Command Message"), ("T0814", "Denial of Service")],
    &["SR 3.5", "SR 7.1"],
    &["Function Code Raised Unauthorized Exception", "Command Failures"],
    Text {
        title: phrase("What always succeeded is refused", "Ce qui réussissait toujours est refusé"),
        meaning: phrase(
            "The device was changed, is in another mode, or is being asked by somebody who does not know it well.",
            "L'équipement a été modifié, est dans un autre mode, ou est interrogé par quelqu'un qui le connaît mal.",
        ),
        action: phrase(
            "Read the reason that the device gives, and look at its mode and its diagnosis.",
            "Lire la raison donnée par l'équipement, et vérifier son mode et son diagnostic.",
        ),
        caution: phrase(
            "Do not switch the check off in the device to make it go away.",
            "Ne pas désactiver le contrôle dans l'équipement pour le faire taire.",
        ),
    },
);

pub(crate) const PROGRAMMER: Detector = row(
    Kind::Programmer,
    Severity::High,
    &[("T0843", "Program Download"), ("T0845", "Program Upload")],
    &["SR 1.1", "SR 2.1", "SR 3.4"],
    &[
        "Unauthorized PLC Programming",
        "PLC Program Upload",
        "PLC Configuration Write",
        "PLC Configuration Read",
        "Unauthorized MMS Program Access",
    ],
    Text {
        title: phrase(
            "Someone works on a program who was not approved to",
            "Quelqu'un intervient sur un programme sans approbation",
        ),
        meaning: phrase(
            "Programming is never learned silently: a person says once who may program what. This pair is not among them.",
            "La programmation n'est jamais apprise en silence : une personne dit une fois qui peut programmer quoi. Cette paire n'en fait pas partie.",
        ),
        action: phrase(
            "Match it with a work order. If there is one, approve the line; if there is none, treat it as a manipulation until the program is compared.",
            "Rapprocher d'un ordre de travail. S'il existe, approuver la ligne ; sinon, considérer comme une manipulation jusqu'à comparaison du programme.",
        ),
        caution: phrase(
            "Do not approve it only to silence it: from then on it is normal.",
            "Ne pas approuver pour faire taire l'alerte : ce serait désormais normal.",
        ),
    },
);

pub(crate) const MODE: Detector = row(
    Kind::Mode,
    Severity::High,
    &[("T0858", "Change Operating Mode"), ("T0816", "Device Restart/Shutdown")],
    &["SR 1.1", "SR 2.1"],
    &["PLC Operating Mode Changed", "Controller Stop", "Controller Reset"],
    Text {
        title: phrase(
            "Start, stop, reset or mode by someone who was not approved to",
            "Marche, arrêt, redémarrage ou mode par quelqu'un de non approuvé",
        ),
        meaning: phrase(
            "Nobody approved that this station may change the state of this controller.",
            "Personne n'a approuvé que ce poste puisse changer l'état de cet automate.",
        ),
        action: phrase(
            "Look at the process, then ask who is at the station. Approve the line only where it belongs to normal operation.",
            "Vérifier le procédé, puis demander qui est au poste. N'approuver la ligne que si cela fait partie de l'exploitation normale.",
        ),
        caution: phrase(
            "Do not reverse the command before people on site agree.",
            "Ne pas inverser la commande sans l'accord des personnes sur place.",
        ),
    },
);

pub(crate) const FIRMWARE: Detector = row(
    Kind::Firmware,
    Severity::Critical,
    &[("T0857", "System Firmware"), ("T0839", "Module Firmware")],
    &["SR 2.1", "SR 3.4"],
    &["Firmware Update command", "Firmware Change Detected"],
    Text {
        title: phrase(
            "Firmware is transferred by someone who was not approved to",
            "Un firmware est transféré par quelqu'un de non approuvé",
        ),
        meaning: phrase(
            "Firmware transfers are rare and planned. Nobody approved this one.",
            "Les transferts de firmware sont rares et planifiés. Personne n'a approuvé celui-ci.",
        ),
        action: phrase(
            "Match it with a maintenance order and the maker's version; if there is none, take the device out of service as the process allows.",
            "Rapprocher d'un ordre de maintenance et de la version du fabricant ; à défaut, mettre l'équipement hors service dès que le procédé le permet.",
        ),
        caution: phrase(
            "Do not interrupt a running transfer: a half-written device may be lost.",
            "Ne pas interrompre un transfert en cours : un équipement à moitié écrit peut être perdu.",
        ),
    },
);

pub(crate) const CONFIGURER: Detector = row(
    Kind::Configurer,
    Severity::Medium,
    &[("T0836", "Modify Parameter"), ("T0892", "Change Credential")],
    &["SR 2.1", "SR 7.6"],
    &["change of device configuration", "PLC Configuration Write"],
    Text {
        title: phrase(
            "Settings are changed by someone who was not approved to",
            "Des réglages sont modifiés par quelqu'un de non approuvé",
        ),
        meaning: phrase(
            "Name, address, protection or parameters of a device are changed by a station that nobody approved for it.",
            "Nom, adresse, protection ou paramètres d'un équipement sont modifiés par un poste que personne n'a approuvé.",
        ),
        action: phrase(
            "Ask who configured it, and note the new settings. Approve the line if this station does so regularly.",
            "Demander qui l'a configuré et noter les nouveaux réglages. Approuver la ligne si ce poste le fait régulièrement.",
        ),
        caution: phrase(
            "Do not write the old values back while the device is in use.",
            "Ne pas réécrire les anciennes valeurs pendant que l'équipement est utilisé.",
        ),
    },
);

pub(crate) const FILES: Detector = row(
    Kind::Files,
    Severity::Medium,
    &[("T0867", "Lateral Tool Transfer"), ("T0882", "Theft of Operational Information")],
    &["SR 2.1", "SR 3.4"],
    &["PLC Configuration Read", "PLC Configuration Write"],
    Text {
        title: phrase(
            "Files go to or from a device without approval",
            "Des fichiers vont vers un équipement ou en viennent sans approbation",
        ),
        meaning: phrase(
            "By files of a controller one takes out logs and recipes, and brings in programs and firmware.",
            "Par les fichiers d'un automate on sort journaux et recettes, et on fait entrer programmes et firmwares.",
        ),
        action: phrase(
            "See which file it was, and whether a backup or a recipe system did it. Approve the line for those.",
            "Voir quel fichier c'était, et s'il s'agit d'une sauvegarde ou d'un système de recettes. Approuver la ligne pour ceux-là.",
        ),
        caution: phrase(
            "Do not delete the file from the device: it is evidence.",
            "Ne pas supprimer le fichier de l'équipement : c'est une preuve.",
        ),
    },
);

pub(crate) const OFF_HOURS: Detector = row(
    Kind::OffHours,
    Severity::Medium,
    &[("T0855", "Unauthorized Command Message"), ("T0859", "Valid Accounts")],
    &["SR 2.1", "SR 6.2"],
    &["Abnormal Periodic Behavior"],
    Text {
        title: phrase("A known act at an unusual hour", "Un acte connu à une heure inhabituelle"),
        meaning: phrase(
            "What is done by day is done at night now: overtime, another shift plan, or somebody who waited until nobody looks.",
            "Ce qui se fait le jour se fait la nuit : heures supplémentaires, autre plan d'équipes, ou quelqu'un qui a attendu que personne ne regarde.",
        ),
        action: phrase("Ask who was on duty at that station.", "Demander qui était de service à ce poste."),
        caution: phrase(
            "Do not widen the window before you know the reason.",
            "Ne pas élargir la plage horaire avant de connaître la raison.",
        ),
    },
);

pub(crate) const PERIOD: Detector = row(
    Kind::Period,
    Severity::Low,
    &[("T0856", "Spoof Reporting Message"), ("T0814", "Denial of Service")],
    &["SR 3.5", "SR 7.1"],
    &["Abnormal Periodic Behavior"],
    Text {
        title: phrase("A cyclic act keeps another period", "Un acte cyclique suit une autre période"),
        meaning: phrase(
            "The cycle was changed, the machine is overloaded, or a second sender mixes in.",
            "Le cycle a été changé, la machine est surchargée, ou un second émetteur s'y mêle.",
        ),
        action: phrase(
            "Ask whether the polling was changed; else look at the load of both machines.",
            "Demander si la scrutation a été modifiée ; sinon, regarder la charge des deux machines.",
        ),
        caution: phrase(
            "Do not slow the polling down to silence it.",
            "Ne pas ralentir la scrutation pour faire taire l'alerte.",
        ),
    },
);

pub(crate) const SILENCE: Detector = row(
    Kind::Silence,
    Severity::Medium,
    &[("T0803", "Block Command Message"), ("T0804", "Block Reporting Message"), ("T0826", "Loss of Availability")],
    &["SR 7.1", "SR 6.2"],
    &[
        "Inactive Communication Channel",
        "NET:INACTIVE-PROTOCOL",
        "inactive asset",
        "expected backup did not occur",
        "Unresponsive",
    ],
    Text {
        title: phrase("A cyclic act stays away", "Un acte cyclique ne vient plus"),
        meaning: phrase(
            "The machine that asks has stopped, the way is interrupted, or somebody holds the messages back. The screen may show old values.",
            "La machine qui interroge s'est arrêtée, le chemin est coupé, ou quelqu'un retient les messages. L'écran peut montrer d'anciennes valeurs.",
        ),
        action: phrase(
            "Look whether both machines still speak to others; then at the way between them.",
            "Regarder si les deux machines parlent encore à d'autres ; puis le chemin entre elles.",
        ),
        caution: phrase(
            "Do not trust the values on the screen until it is back.",
            "Ne pas se fier aux valeurs affichées avant son retour.",
        ),
    },
);

pub(crate) const BURST: Detector = row(
    Kind::Burst,
    Severity::Medium,
    &[("T0806", "Brute Force I/O"), ("T0814", "Denial of Service")],
    &["SR 7.1"],
    &["Abnormal Bandwidth", "DoS"],
    Text {
        title: phrase("An act comes far more often than ever", "Un acte vient bien plus souvent que jamais"),
        meaning: phrase(
            "A program runs wild, or somebody floods the device or tries values one after the other.",
            "Un programme s'emballe, ou quelqu'un inonde l'équipement ou essaie des valeurs les unes après les autres.",
        ),
        action: phrase(
            "Look at the machine that sends, and at whether the device still answers others.",
            "Regarder la machine émettrice, et si l'équipement répond encore aux autres.",
        ),
        caution: phrase(
            "Do not restart the device: it will be flooded again.",
            "Ne pas redémarrer l'équipement : il sera de nouveau inondé.",
        ),
    },
);

pub(crate) const SLOW: Detector = row(
    Kind::Slow,
    Severity::Low,
    &[("T0830", "Adversary-in-the-Middle"), ("T0814", "Denial of Service")],
    &["SR 7.1", "SR 3.1"],
    &["SIGN:MAN-IN-THE-MIDDLE", "unresponsive Modbus device"],
    Text {
        title: phrase("Answers take far longer than ever", "Les réponses tardent bien plus que jamais"),
        meaning: phrase(
            "The device is busy or failing, or something stands in between that was not there.",
            "L'équipement est occupé ou défaillant, ou quelque chose s'est intercalé.",
        ),
        action: phrase(
            "Compare with other devices on the same switch; check hardware addresses on the way.",
            "Comparer avec d'autres équipements du même commutateur ; vérifier les adresses matérielles sur le chemin.",
        ),
        caution: phrase(
            "Do not lengthen time-outs before the cause is known.",
            "Ne pas allonger les délais avant de connaître la cause.",
        ),
    },
);

pub(crate) const SEQUENCE: Detector = row(
    Kind::Sequence,
    Severity::Medium,
    &[("T0855", "Unauthorized Command Message"), ("T0856", "Spoof Reporting Message")],
    &["SR 3.1", "SR 3.5"],
    &["Policy", "Suspicious Traffic"],
    Text {
        title: phrase("Messages come in an order that never occurred", "Des messages dans un ordre jamais vu"),
        meaning: phrase(
            "Messages were inserted, removed or swapped, or the dialogue goes on another way because something failed.",
            "Des messages ont été insérés, retirés ou échangés, ou le dialogue suit un autre chemin après un échec.",
        ),
        action: phrase(
            "Read what was expected and what came; look for failures and refusals just before.",
            "Lire ce qui était attendu et ce qui est venu ; chercher échecs et refus juste avant.",
        ),
        caution: phrase(
            "Do not take one unusual order for an attack: look whether it comes again.",
            "Ne pas prendre un seul ordre inhabituel pour une attaque : regarder s'il revient.",
        ),
    },
);

#[cfg(test)]
mod tests {
    #[test]
    fn acts_that_are_never_learned_are_at_least_medium() {
        for detector in [&super::PROGRAMMER, &super::MODE, &super::FIRMWARE, &super::CONFIGURER, &super::FILES] {
            assert!(detector.about.severity >= model::Severity::Medium, "{}", detector.about.id);
        }
    }
}
