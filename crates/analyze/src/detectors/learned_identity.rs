//! Departures from the baseline: what machines say of themselves.

use model::Severity;

use super::learned::{Text, row};
use crate::baseline::Kind;
use crate::detector::{Detector, phrase};

pub(crate) const FIRMWARE: Detector = row(
    Kind::FirmwareVersion,
    Severity::High,
    &[("T0857", "System Firmware"), ("T0839", "Module Firmware")],
    &["SR 3.4", "SR 7.8"],
    &["Firmware Change Detected", "Firmware Version Changed", "S7 Plus PLC"],
    Text {
        title: phrase("A device says another firmware version", "Un équipement indique une autre version de firmware"),
        meaning: phrase(
            "It was updated, replaced, or set back to an older version with known weaknesses.",
            "Il a été mis à jour, remplacé, ou ramené à une version plus ancienne aux faiblesses connues.",
        ),
        action: phrase(
            "Match it with a maintenance order and the maker's list of versions, then approve the new version.",
            "Rapprocher d'un ordre de maintenance et de la liste des versions du fabricant, puis approuver la nouvelle version.",
        ),
        caution: phrase(
            "Do not load firmware over it before the present one is identified.",
            "Ne pas recharger de firmware avant d'avoir identifié celui en place.",
        ),
    },
);

pub(crate) const PROGRAM: Detector = row(
    Kind::Program,
    Severity::High,
    &[("T0889", "Modify Program"), ("T0843", "Program Download")],
    &["SR 3.4"],
    &["snapshot mismatch", "Unauthorized PLC Programming", "corrupted configuration"],
    Text {
        title: phrase("A controller runs another program", "Un automate exécute un autre programme"),
        meaning: phrase(
            "The fingerprint of the program is not the approved one: somebody changed the logic, perhaps on site and out of sight of the network.",
            "L'empreinte du programme n'est pas celle approuvée : quelqu'un a changé la logique, peut-être sur place, hors de vue du réseau.",
        ),
        action: phrase(
            "Read the program out and compare it with the last approved version; match it with a work order.",
            "Relire le programme et le comparer à la dernière version approuvée ; rapprocher d'un ordre de travail.",
        ),
        caution: phrase(
            "Do not load the old program over it before the new one is saved: it is the evidence.",
            "Ne pas recharger l'ancien programme avant d'avoir sauvegardé le nouveau : c'est la preuve.",
        ),
    },
);

pub(crate) const KEY: Detector = row(
    Kind::Key,
    Severity::Medium,
    &[("T0858", "Change Operating Mode")],
    &["SR 2.1"],
    &["PLC Operating Mode Changed"],
    Text {
        title: phrase("The key of a controller was turned", "La clé d'un automate a été tournée"),
        meaning: phrase(
            "In program or remote position others may change logic. Somebody was at the cabinet, or left the key where it should not stay.",
            "En position programmation ou distante, d'autres peuvent changer la logique. Quelqu'un était à l'armoire, ou a laissé la clé où elle ne doit pas rester.",
        ),
        action: phrase(
            "Ask who was at the cabinet. Turn the key back to RUN and take it out when the work is done.",
            "Demander qui était à l'armoire. Remettre la clé sur RUN et la retirer à la fin du travail.",
        ),
        caution: phrase(
            "Do not turn it while somebody works on the controller.",
            "Ne pas la tourner pendant que quelqu'un travaille sur l'automate.",
        ),
    },
);

pub(crate) const PROTECTION: Detector = row(
    Kind::Protection,
    Severity::High,
    &[("T0858", "Change Operating Mode"), ("T0892", "Change Credential")],
    &["SR 2.1", "SR 3.4"],
    &["S7 protection off", "change of device configuration"],
    Text {
        title: phrase("The protection of a controller was changed", "La protection d'un automate a changé"),
        meaning: phrase(
            "Less protection lets anyone read or load programs; more may lock the owner out.",
            "Moins de protection permet à quiconque de lire ou charger des programmes ; plus peut exclure le propriétaire.",
        ),
        action: phrase(
            "Ask who changed it, and set the level that was agreed.",
            "Demander qui l'a modifiée, et rétablir le niveau convenu.",
        ),
        caution: phrase(
            "Do not set a password that only one person knows.",
            "Ne pas définir un mot de passe connu d'une seule personne.",
        ),
    },
);

pub(crate) const MODULE: Detector = row(
    Kind::Module,
    Severity::Medium,
    &[("T0864", "Transient Cyber Asset"), ("T0839", "Module Firmware")],
    &["SR 3.4", "SR 7.8"],
    &["new module on the backplane"],
    Text {
        title: phrase(
            "A module appeared in a device, or is another one",
            "Un module est apparu dans un équipement, ou a changé",
        ),
        meaning: phrase(
            "A card was added or replaced. A communication card opens a new way into the controller.",
            "Une carte a été ajoutée ou remplacée. Une carte de communication ouvre un nouveau chemin vers l'automate.",
        ),
        action: phrase(
            "Match it with a work order; look at the rack on site.",
            "Rapprocher d'un ordre de travail ; regarder le châssis sur place.",
        ),
        caution: phrase(
            "Do not pull the module while the controller runs.",
            "Ne pas retirer le module pendant que l'automate fonctionne.",
        ),
    },
);

pub(crate) const IDENTITY: Detector = row(
    Kind::Identity,
    Severity::Medium,
    &[("T0849", "Masquerading"), ("T0864", "Transient Cyber Asset")],
    &["SR 1.2", "SR 7.8"],
    &["Field Device Discovered Unexpectedly", "change of device configuration"],
    Text {
        title: phrase("A device is another one than before", "Un équipement n'est plus le même"),
        meaning: phrase(
            "At the same place answers a device with another serial number, order number or model: a replacement, or a stand-in.",
            "Au même endroit répond un équipement d'un autre numéro de série, de commande ou modèle : un remplacement, ou un imposteur.",
        ),
        action: phrase(
            "Match it with a work order, and compare the label on site.",
            "Rapprocher d'un ordre de travail et comparer l'étiquette sur place.",
        ),
        caution: phrase(
            "Do not load your program into it before you know what it is.",
            "Ne pas y charger votre programme avant de savoir ce que c'est.",
        ),
    },
);

pub(crate) const NAME: Detector = row(
    Kind::Name,
    Severity::Low,
    &[("T0849", "Masquerading")],
    &["SR 1.2"],
    &["New LLDP Device Configuration"],
    Text {
        title: phrase("A machine gives itself another name", "Une machine se donne un autre nom"),
        meaning: phrase(
            "It was configured anew or replaced, or pretends to be another.",
            "Elle a été reconfigurée ou remplacée, ou se fait passer pour une autre.",
        ),
        action: phrase("Check the name against the plant's list.", "Vérifier le nom dans la liste de l'usine."),
        caution: phrase(
            "Do not rename it back while Profinet devices depend on the name.",
            "Ne pas la renommer tant que des équipements Profinet dépendent du nom.",
        ),
    },
);

pub(crate) const CERTIFICATE: Detector = row(
    Kind::Certificate,
    Severity::Low,
    &[("T0830", "Adversary-in-the-Middle")],
    &["SR 1.8", "SR 4.1"],
    &["Authentication", "SIGN:MAN-IN-THE-MIDDLE"],
    Text {
        title: phrase(
            "A certificate or the security of a channel is another one",
            "Un certificat ou la sécurité d'un canal a changé",
        ),
        meaning: phrase(
            "It was renewed, or somebody stands in between; or the channel is less protected than it was.",
            "Il a été renouvelé, ou quelqu'un s'est intercalé ; ou le canal est moins protégé qu'avant.",
        ),
        action: phrase(
            "Compare the fingerprint with the one at the device itself.",
            "Comparer l'empreinte avec celle de l'équipement lui-même.",
        ),
        caution: phrase(
            "Do not accept it in the client before it is compared.",
            "Ne pas l'accepter dans le client avant comparaison.",
        ),
    },
);

pub(crate) const SETTINGS: Detector = row(
    Kind::Settings,
    Severity::Medium,
    &[("T0830", "Adversary-in-the-Middle")],
    &["SR 1.2", "SR 5.1"],
    &["rogue DHCP", "network segmentation"],
    Text {
        title: phrase(
            "A machine uses another router, name or time server",
            "Une machine utilise un autre routeur, serveur de noms ou de temps",
        ),
        meaning: phrase(
            "Whoever gives out these addresses can lead all traffic of the machine through himself.",
            "Qui distribue ces adresses peut faire passer par lui tout le trafic de la machine.",
        ),
        action: phrase(
            "Check who answers DHCP and who changed the setting.",
            "Vérifier qui répond en DHCP et qui a changé le réglage.",
        ),
        caution: phrase(
            "Do not renew addresses of controllers while the false server answers.",
            "Ne pas renouveler les adresses des automates tant que le faux serveur répond.",
        ),
    },
);

pub(crate) const USER: Detector = row(
    Kind::User,
    Severity::Low,
    &[("T0859", "Valid Accounts")],
    &["SR 1.1", "SR 1.3"],
    &["Unauthorized SMB Login", "Unauthorized Database Login", "Authentication"],
    Text {
        title: phrase("A user never seen with this machine", "Un utilisateur jamais vu avec cette machine"),
        meaning: phrase(
            "Somebody new has the right, or uses a name that is not theirs.",
            "Une nouvelle personne en a le droit, ou utilise un nom qui n'est pas le sien.",
        ),
        action: phrase("Ask the person whose name it is.", "Demander à la personne dont c'est le nom."),
        caution: phrase(
            "Do not lock the account if the process depends on it.",
            "Ne pas verrouiller le compte si le procédé en dépend.",
        ),
    },
);

#[cfg(test)]
mod tests {
    #[test]
    fn what_a_controller_runs_weighs_most() {
        assert_eq!(super::PROGRAM.about.severity, model::Severity::High);
        assert_eq!(super::FIRMWARE.about.severity, model::Severity::High);
    }
}
