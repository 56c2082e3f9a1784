//! Departures from the baseline: machines, conversations and services that were not learned.

use model::{Descriptor, Phrase, Severity};

use crate::baseline::Kind;
use crate::detector::{Detector, Logic, phrase};

/// When the detectors of the baseline speak at all.
pub(super) const ARMED: Phrase = phrase(
    "Only where enough was learned: things seen once are fewer than 1 in 10,000, or a person approved the baseline",
    "Seulement là où l'apprentissage suffit : moins d'une chose sur 10 000 vue une seule fois, ou référence approuvée par une personne",
);

/// Techniques: id and name.
pub(super) type Techniques = &'static [(&'static str, &'static str)];

/// What a row of these tables says.
pub(super) struct Text {
    pub(super) title: Phrase,
    pub(super) meaning: Phrase,
    pub(super) action: Phrase,
    pub(super) caution: Phrase,
}

pub(super) const fn row(
    kind: Kind,
    severity: Severity,
    techniques: Techniques,
    requirements: &'static [&'static str],
    covers: &'static [&'static str],
    text: Text,
) -> Detector {
    Detector {
        about: Descriptor {
            id: kind.id(),
            title: text.title,
            severity,
            techniques,
            requirements,
            meaning: text.meaning,
            action: text.action,
            caution: text.caution,
            covers,
            thresholds: ARMED,
        },
        logic: Logic::Baseline(kind),
    }
}

const NOT_BLOCK: Phrase = phrase(
    "Do not block it before you know what it is: it may be a spare part or a test that nobody announced.",
    "Ne pas bloquer avant de savoir ce que c'est : ce peut être une pièce de rechange ou un essai non annoncé.",
);

pub(crate) const MACHINE: Detector = row(
    Kind::Machine,
    Severity::Medium,
    &[("T0848", "Rogue Master"), ("T0864", "Transient Cyber Asset")],
    &["SR 1.2", "SR 7.8"],
    &["New Asset Detected", "Field Device Discovered Unexpectedly"],
    Text {
        title: phrase("A machine that the baseline does not know", "Une machine inconnue de la référence"),
        meaning: phrase(
            "Something was connected to the network of the plant. It may be a service laptop, a replacement, or somebody who should not be there.",
            "Quelque chose a été raccordé au réseau de l'usine : un portable de maintenance, un remplacement, ou quelqu'un qui n'a rien à y faire.",
        ),
        action: phrase(
            "Find out at which switch port it hangs and who connected it. If it belongs there, name it and approve its lines in the baseline.",
            "Trouver le port du commutateur et la personne qui l'a raccordée. Si elle est légitime, la nommer et approuver ses lignes dans la référence.",
        ),
        caution: NOT_BLOCK,
    },
);

pub(crate) const CONVERSATION: Detector = row(
    Kind::Conversation,
    Severity::Medium,
    &[("T0848", "Rogue Master"), ("T0886", "Remote Services")],
    &["SR 5.1", "SR 6.2"],
    &["Policy", "Unauthorized SMB Login", "Unauthorized Database Login"],
    Text {
        title: phrase("Two machines talk that never did", "Deux machines se parlent pour la première fois"),
        meaning: phrase(
            "In a plant who talks to whom hardly ever changes. A new pair is new work, a wrong setting, or somebody moving on from one machine to the next.",
            "Dans une usine, qui parle à qui ne change presque jamais. Une nouvelle paire est un nouveau travail, un mauvais réglage, ou quelqu'un qui progresse d'une machine à l'autre.",
        ),
        action: phrase(
            "Ask the owner of the machine that began it what it is for. If it is wanted, approve the line; if nobody knows of it, look at what that machine did before.",
            "Demander au responsable de la machine à l'origine à quoi cela sert. Si c'est voulu, approuver la ligne ; sinon, regarder ce que cette machine a fait auparavant.",
        ),
        caution: phrase(
            "Do not cut the machine off if the process depends on it: look first at what else it does.",
            "Ne pas isoler la machine si le procédé en dépend : regarder d'abord ce qu'elle fait d'autre.",
        ),
    },
);

pub(crate) const PROTOCOL: Detector = row(
    Kind::Protocol,
    Severity::Medium,
    &[("T0869", "Standard Application Layer Protocol"), ("T0885", "Commonly Used Port")],
    &["SR 5.1", "SR 7.7"],
    &["Policy", "Profinet frame type not learned", "Unexpected Traffic for Standard Port"],
    Text {
        title: phrase("A known pair speaks a new protocol", "Une paire connue parle un nouveau protocole"),
        meaning: phrase(
            "The two machines know each other, but not like this: a new function was put into service, or somebody uses the trusted path for something else.",
            "Les deux machines se connaissent, mais pas ainsi : une nouvelle fonction a été mise en service, ou quelqu'un détourne le chemin de confiance.",
        ),
        action: phrase(
            "Check with the people of both machines whether something was installed or configured.",
            "Vérifier auprès des responsables des deux machines si quelque chose a été installé ou configuré.",
        ),
        caution: phrase(
            "Do not close the port before you know whether the process uses it by now.",
            "Ne pas fermer le port avant de savoir si le procédé l'utilise désormais.",
        ),
    },
);

pub(crate) const SERVICE: Detector = row(
    Kind::Service,
    Severity::Medium,
    &[("T0885", "Commonly Used Port"), ("T0867", "Lateral Tool Transfer"), ("T0886", "Remote Services")],
    &["SR 5.1", "SR 7.7"],
    &["New Port Discovery"],
    Text {
        title: phrase(
            "A machine is used for a service that it never offered",
            "Une machine sert un service qu'elle n'offrait pas",
        ),
        meaning: phrase(
            "A program listens there that did not, or one is called that nobody used. Back doors and command channels look like this.",
            "Un programme y écoute qui n'y était pas, ou un service jamais utilisé est appelé. Les portes dérobées et canaux de commande ressemblent à cela.",
        ),
        action: phrase(
            "Look on that machine which program holds the port, and since when.",
            "Regarder sur cette machine quel programme tient le port, et depuis quand.",
        ),
        caution: phrase(
            "Do not restart the machine: the program and its connections are evidence.",
            "Ne pas redémarrer la machine : le programme et ses connexions sont des preuves.",
        ),
    },
);

pub(crate) const EXTERNAL: Detector = row(
    Kind::External,
    Severity::High,
    &[("T0883", "Internet Accessible Device"), ("T0869", "Standard Application Layer Protocol")],
    &["SR 5.1", "SR 5.2"],
    &[
        "External address within the network communicated with Internet",
        "Internet Access Detected",
        "Unauthorized Internet Connectivity Detected",
    ],
    Text {
        title: phrase("A peer on the Internet that was not learned", "Un correspondant Internet non appris"),
        meaning: phrase(
            "A machine of the plant reaches a public address that it never reached, or is reached from there.",
            "Une machine de l'usine atteint une adresse publique jamais atteinte, ou est atteinte depuis celle-ci.",
        ),
        action: phrase(
            "Find out what on the machine wanted it, and close the way at the firewall if nobody needs it.",
            "Trouver ce qui l'a demandé sur la machine, et fermer le passage au pare-feu si personne n'en a besoin.",
        ),
        caution: phrase(
            "Do not probe the foreign address from the network of the plant.",
            "Ne pas sonder l'adresse étrangère depuis le réseau de l'usine.",
        ),
    },
);

pub(crate) const GROUP: Detector = row(
    Kind::Group,
    Severity::Low,
    &[("T0846", "Remote System Discovery")],
    &["SR 5.1"],
    &["Unauthorized Multicast/Broadcast Connection", "GOOSE & SV message-type settings"],
    Text {
        title: phrase("A machine sends to a group as it never did", "Une machine émet vers un groupe comme jamais"),
        meaning: phrase(
            "Messages to many: a publisher that was not there, or a search for other machines.",
            "Des messages à plusieurs : un émetteur nouveau, ou une recherche d'autres machines.",
        ),
        action: phrase(
            "Where it is a protocol of the process (GOOSE, Profinet), find the publisher at once and compare it with the engineering data.",
            "S'il s'agit d'un protocole de procédé (GOOSE, Profinet), trouver immédiatement l'émetteur et le comparer aux données d'ingénierie.",
        ),
        caution: phrase(
            "Do not filter the group address: subscribers may depend on it.",
            "Ne pas filtrer l'adresse de groupe : des abonnés peuvent en dépendre.",
        ),
    },
);

pub(crate) const REMOTE: Detector = row(
    Kind::Remote,
    Severity::High,
    &[("T0886", "Remote Services"), ("T0822", "External Remote Services")],
    &["SR 1.13", "SR 5.2"],
    &["Unauthorized SSH Access", "Remote Access"],
    Text {
        title: phrase("A remote session where there was none", "Une session à distance là où il n'y en avait pas"),
        meaning: phrase(
            "Somebody takes over a screen or a shell, or opened a tunnel, on a way that nobody used before.",
            "Quelqu'un prend la main sur un écran ou une console, ou a ouvert un tunnel, par un chemin jamais utilisé.",
        ),
        action: phrase(
            "Call the person whose session it is. If there is none, end the session at the jump host and keep the logs.",
            "Appeler la personne à qui appartient la session. À défaut, terminer la session sur la machine de rebond et conserver les journaux.",
        ),
        caution: phrase(
            "Do not end it while somebody may be in the middle of a change on a controller.",
            "Ne pas l'interrompre si quelqu'un peut être en train de modifier un automate.",
        ),
    },
);

pub(crate) const NAME_QUERY: Detector = row(
    Kind::NameQuery,
    Severity::Low,
    &[("T0846", "Remote System Discovery"), ("T0842", "Network Sniffing")],
    &["SR 5.1", "SR 6.2"],
    &["Unauthorized Name Query"],
    Text {
        title: phrase(
            "A machine asks for names where it never asked",
            "Une machine demande des noms là où elle ne le faisait pas",
        ),
        meaning: phrase(
            "Whoever wants to reach a machine that it does not know asks for its name first: it is often the first packet of something new.",
            "Qui veut atteindre une machine inconnue demande d'abord son nom : c'est souvent le premier paquet de quelque chose de nouveau.",
        ),
        action: phrase(
            "Look which name was asked for and what followed from the same machine.",
            "Regarder quel nom a été demandé et ce qui a suivi depuis la même machine.",
        ),
        caution: phrase(
            "Do not take a single question for an attack: look at what follows.",
            "Ne pas prendre une seule question pour une attaque : regarder la suite.",
        ),
    },
);

pub(crate) const FAN_OUT: Detector = row(
    Kind::FanOut,
    Severity::High,
    &[("T0846", "Remote System Discovery"), ("T0866", "Exploitation of Remote Services")],
    &["SR 5.1", "SR 6.2"],
    &["Address Scan", "PLC Scan", "Excessive Sessions", "Suspicious Traffic"],
    Text {
        title: phrase(
            "One machine begins many conversations that it never had",
            "Une machine ouvre de nombreuses conversations inédites",
        ),
        meaning: phrase(
            "A search for victims, malware that spreads, or an inventory tool that nobody announced.",
            "Une recherche de victimes, un logiciel malveillant qui se propage, ou un outil d'inventaire non annoncé.",
        ),
        action: phrase(
            "Find the person and the program at that machine now. If there is no explanation, take it off the network.",
            "Trouver tout de suite la personne et le programme sur cette machine. Sans explication, la retirer du réseau.",
        ),
        caution: phrase(
            "Do not unplug it if it controls the process itself; limit it at the switch.",
            "Ne pas la débrancher si elle pilote elle-même le procédé ; la limiter au commutateur.",
        ),
    },
);

pub(crate) const VOLUME: Detector = row(
    Kind::Volume,
    Severity::Low,
    &[("T0882", "Theft of Operational Information"), ("T0814", "Denial of Service")],
    &["SR 7.1", "SR 7.2"],
    &["Abnormal Bandwidth"],
    Text {
        title: phrase("Far more bytes than ever in an hour", "Bien plus d'octets que jamais en une heure"),
        meaning: phrase(
            "A large copy, a backup at another hour, or a flood.",
            "Une grosse copie, une sauvegarde à une autre heure, ou une inondation.",
        ),
        action: phrase(
            "See what was transferred, and in which direction.",
            "Voir ce qui a été transféré, et dans quel sens.",
        ),
        caution: phrase(
            "Do not judge by the volume alone: look for a second sign.",
            "Ne pas juger sur le seul volume : chercher un second indice.",
        ),
    },
);

pub(crate) const TRANSPORT: Detector = row(
    Kind::Transport,
    Severity::Low,
    &[("T0830", "Adversary-in-the-Middle"), ("T0804", "Block Reporting Message")],
    &["SR 3.1", "SR 7.1"],
    &["SIGN:MAN-IN-THE-MIDDLE", "Operational Issues"],
    Text {
        title: phrase(
            "Segments are repeated or missing as never before",
            "Des segments répétés ou manquants comme jamais",
        ),
        meaning: phrase(
            "A cable or a switch port is going bad, the tap loses packets, or somebody replays and removes messages.",
            "Un câble ou un port de commutateur se dégrade, la sonde perd des paquets, ou quelqu'un rejoue et retire des messages.",
        ),
        action: phrase(
            "Look at the error counters of the switch ports on the way, and whether other pairs suffer too.",
            "Regarder les compteurs d'erreurs des ports sur le chemin, et si d'autres paires sont touchées.",
        ),
        caution: phrase(
            "Do not replace hardware before the counters tell where it happens.",
            "Ne pas remplacer de matériel avant que les compteurs n'indiquent où cela se produit.",
        ),
    },
);

pub(crate) const BINDING: Detector = row(
    Kind::Binding,
    Severity::Medium,
    &[("T0830", "Adversary-in-the-Middle"), ("T0849", "Masquerading")],
    &["SR 1.2", "SR 3.1"],
    &["IP conflict", "MAC flapping", "SIGN:MAN-IN-THE-MIDDLE"],
    Text {
        title: phrase(
            "An address belongs to other hardware than before",
            "Une adresse appartient à un autre matériel qu'avant",
        ),
        meaning: phrase(
            "A machine was replaced or renumbered, or another one speaks in its name.",
            "Une machine a été remplacée ou renumérotée, ou une autre parle en son nom.",
        ),
        action: phrase(
            "Check whether the machine was replaced. If not, find the switch port of the new hardware address.",
            "Vérifier si la machine a été remplacée. Sinon, trouver le port du commutateur de la nouvelle adresse matérielle.",
        ),
        caution: phrase(
            "Do not clear address tables before they are saved: they show who did it.",
            "Ne pas vider les tables d'adresses avant de les sauvegarder : elles montrent l'auteur.",
        ),
    },
);

#[cfg(test)]
mod tests {
    use crate::detectors::DETECTORS;

    #[test]
    fn every_kind_has_its_detector() {
        for kind in super::Kind::ALL {
            let rows = DETECTORS.iter().filter(|detector| detector.about.id == kind.id()).count();
            assert_eq!(rows, 1, "{}", kind.id());
        }
        // Each is fired, and not fired, by the scenes in baseline/tests.rs.
    }
}
