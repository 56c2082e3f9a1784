//! Old and weak protection: TLS, certificates, OPC UA, SMB 1, SSH 1, operating systems out of support.

use model::{Descriptor, Fact, FactKey, Severity, Text, Time, said};

use crate::detector::{Detector, Hit, Hits, Logic, NOTHING, View, phrase, tell_fact};

pub(crate) const TLS_OLD: Detector = Detector {
    about: Descriptor {
        id: "tls-old-version",
        title: phrase("An old version of TLS or SSL", "Une ancienne version de TLS ou SSL"),
        severity: Severity::Medium,
        techniques: &[("T0830", "Adversary-in-the-Middle"), ("T0842", "Network Sniffing")],
        requirements: &["SR 4.1", "SR 4.3"],
        meaning: phrase(
            "What is said can be read or altered by known attacks (RFC 8996 forbids TLS 1.0 and 1.1).",
            "Les échanges peuvent être lus ou modifiés par des attaques connues (la RFC 8996 interdit TLS 1.0 et 1.1).",
        ),
        action: phrase(
            "Update the server or its configuration to TLS 1.2 or 1.3.",
            "Mettre à jour le serveur ou sa configuration vers TLS 1.2 ou 1.3.",
        ),
        caution: phrase(
            "Do not switch old versions off before old clients (panels, browsers) were listed.",
            "Ne pas désactiver les anciennes versions avant d'avoir recensé les anciens clients (pupitres, navigateurs).",
        ),
        covers: &["Illegal Protocol Version"],
        thresholds: phrase("below TLS 1.2", "avant TLS 1.2"),
    },
    logic: Logic::Fact(&[FactKey::ChannelSecurity], |fact, _, hits| {
        let value = fact.value.to_lowercase();
        let is_ssl =
            value.contains("ssl 2") || value.contains("ssl 3") || value.contains("sslv2") || value.contains("sslv3");
        let version = value.strip_prefix("tls ").map(|rest| rest.split(' ').next().unwrap_or(""));
        if is_ssl || matches!(version, Some("1.0" | "1.1")) {
            let severity = if is_ssl { Severity::High } else { Severity::Medium };
            hits.push(Hit::of_fact(fact, tell_fact(fact)).severity(severity));
        }
    }),
};

pub(crate) const CIPHER: Detector = Detector {
    about: Descriptor {
        id: "tls-weak-cipher",
        title: phrase("A weak cipher protects a connection", "Un chiffrement faible protège une connexion"),
        severity: Severity::Medium,
        techniques: &[("T0830", "Adversary-in-the-Middle"), ("T0842", "Network Sniffing")],
        requirements: &["SR 4.3"],
        meaning: phrase(
            "The lock is there, but it opens: no encryption, export grade, RC4, DES, or nobody's key.",
            "Le verrou est là mais il s'ouvre : sans chiffrement, suite « export », RC4, DES, ou échange de clés anonyme.",
        ),
        action: phrase(
            "Limit the server to suites with AES-GCM or ChaCha20 and ECDHE.",
            "Limiter le serveur aux suites AES-GCM ou ChaCha20 avec ECDHE.",
        ),
        caution: phrase(
            "Do not change the suites of a device without a way back on site.",
            "Ne pas changer les suites d'un équipement sans pouvoir revenir en arrière sur place.",
        ),
        covers: &["Policy"],
        thresholds: NOTHING,
    },
    logic: Logic::Fact(&[FactKey::ChannelSecurity], |fact, _, hits| {
        let value = fact.value.to_uppercase();
        let is_suite = value.contains("TLS_") || value.contains("SSL");
        let weak = ["_NULL_", "WITH_NULL", "_EXPORT", "_RC4_", "_DES_", "DES40", "_ANON_", "_MD5", "3DES"];
        if let (true, Some(why)) = (is_suite, weak.iter().find(|word| value.contains(**word))) {
            hits.push(Hit::of_fact(fact, format!("{}: {}", why.trim_matches('_'), fact.value)));
        }
    }),
};

/// A field of a certificate fact: `subject=…; issuer=…; not_before=…; not_after=…; sha256=…`.
fn field<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    value.split("; ").find_map(|part| part.strip_prefix(name)?.strip_prefix('=')).map(str::trim)
}

/// What of a certificate names it in evidence.
fn subject(fact: &Fact) -> &str {
    field(&fact.value, "subject").unwrap_or(&fact.value)
}

const DAY: i64 = 86_400 * 1_000_000_000;

pub(crate) const EXPIRED: Detector = Detector {
    about: Descriptor {
        id: "certificate-not-valid-now",
        title: phrase(
            "A certificate has expired or is not yet valid",
            "Un certificat a expiré ou n'est pas encore valable",
        ),
        severity: Severity::Medium,
        techniques: &[("T0830", "Adversary-in-the-Middle")],
        requirements: &["SR 1.8", "SR 4.3"],
        meaning: phrase(
            "Clients either refuse it, and values are missing, or accept anything, and then an impostor's too.",
            "Soit les clients le refusent et des valeurs manquent, soit ils acceptent tout, y compris celui d'un imposteur.",
        ),
        action: phrase(
            "Renew the certificate; check the device's clock first.",
            "Renouveler le certificat ; vérifier d'abord l'horloge de l'équipement.",
        ),
        caution: phrase(
            "Do not switch the check off in the clients.",
            "Ne pas désactiver la vérification dans les clients.",
        ),
        covers: &["Authentication"],
        thresholds: phrase("by the time of the capture", "selon l'heure de la capture"),
    },
    logic: Logic::Fact(&[FactKey::Certificate], |fact, _, hits| {
        let time = |name| field(&fact.value, name).and_then(Time::parse);
        if let Some(end) = time("not_after").filter(|end| *end < fact.at) {
            hits.push(
                Hit::of_fact(fact, {
                    let subject = subject(fact);
                    said!("{subject}: expired {end}", "{subject} : expiré le {end}")
                })
                .topic(subject(fact)),
            );
        } else if let Some(begin) = time("not_before").filter(|begin| *begin > fact.at) {
            let hit = Hit::of_fact(fact, {
                let subject = subject(fact);
                said!("{subject}: valid from {begin} only", "{subject} : valable à partir du {begin} seulement")
            });
            hits.push(hit.topic(subject(fact)).severity(Severity::Low));
        }
    }),
};

pub(crate) const SELF_SIGNED: Detector = Detector {
    about: Descriptor {
        id: "certificate-self-signed",
        title: phrase("A certificate that vouches for itself", "Un certificat qui se garantit lui-même"),
        severity: Severity::Low,
        techniques: &[("T0830", "Adversary-in-the-Middle")],
        requirements: &["SR 1.8", "SR 1.9"],
        meaning: phrase(
            "Clients can know the server only if someone compared the certificate by hand.",
            "Les clients ne peuvent reconnaître le serveur que si quelqu'un a comparé le certificat à la main.",
        ),
        action: phrase(
            "Issue certificates from an authority of the plant, or pin them in the clients.",
            "Émettre des certificats depuis une autorité de l'usine, ou les épingler dans les clients.",
        ),
        caution: phrase(
            "Do not teach people to click warnings away.",
            "Ne pas habituer les gens à ignorer les avertissements.",
        ),
        covers: &["Authentication"],
        thresholds: NOTHING,
    },
    logic: Logic::Fact(&[FactKey::Certificate], |fact, _, hits| {
        if let (Some(subject), Some(issuer)) = (field(&fact.value, "subject"), field(&fact.value, "issuer"))
            && subject == issuer
        {
            hits.push(Hit::of_fact(fact, Text::from(subject)).topic(subject));
        }
    }),
};

pub(crate) const LONG: Detector = Detector {
    about: Descriptor {
        id: "certificate-long-lived",
        title: phrase("A certificate that lives for more than ten years", "Un certificat valable plus de dix ans"),
        severity: Severity::Info,
        techniques: &[("T0849", "Masquerading")],
        requirements: &["SR 1.8", "SR 1.9"],
        meaning: phrase(
            "If its key is stolen, the thief can use it for as long.",
            "Si sa clé est volée, le voleur peut s'en servir aussi longtemps.",
        ),
        action: phrase(
            "Renew certificates within the maintenance cycle of the device, some years at most.",
            "Renouveler les certificats selon le cycle de maintenance, quelques années au plus.",
        ),
        caution: phrase(
            "Do not choose lives so short that the plant stops when one is forgotten.",
            "Ne pas choisir des durées si courtes qu'un oubli arrête l'usine.",
        ),
        covers: &["Authentication"],
        thresholds: phrase("more than 10 years", "plus de 10 ans"),
    },
    logic: Logic::Fact(&[FactKey::Certificate], |fact, _, hits| {
        let time = |name| field(&fact.value, name).and_then(Time::parse);
        if let (Some(begin), Some(end)) = (time("not_before"), time("not_after")) {
            let years = end.since(begin) / (365 * DAY);
            if years > 10 {
                hits.push(
                    Hit::of_fact(fact, {
                        let subject = subject(fact);
                        said!("{subject}: {years} years", "{subject} : {years} ans")
                    })
                    .topic(subject(fact)),
                );
            }
        }
    }),
};

pub(crate) const OPCUA: Detector = Detector {
    about: Descriptor {
        id: "opcua-without-security",
        title: phrase("OPC UA without signature and encryption", "OPC UA sans signature ni chiffrement"),
        severity: Severity::Medium,
        techniques: &[
            ("T0830", "Adversary-in-the-Middle"),
            ("T0842", "Network Sniffing"),
            ("T0855", "Unauthorized Command Message"),
        ],
        requirements: &["SR 1.2", "SR 3.1", "SR 4.1"],
        meaning: phrase(
            "Values and commands can be read and altered on the way; passwords too.",
            "Valeurs et commandes peuvent être lues et modifiées en chemin ; les mots de passe aussi.",
        ),
        action: phrase(
            "Use the policy Basic256Sha256 or newer with sign and encrypt, and remove the endpoint None.",
            "Utiliser la politique Basic256Sha256 ou plus récente en Sign & Encrypt, et retirer le point d'accès None.",
        ),
        caution: phrase(
            "Do not remove the endpoint before the clients' certificates are trusted.",
            "Ne pas retirer le point d'accès avant que les certificats des clients soient approuvés.",
        ),
        covers: &["OPC UA activity"],
        thresholds: NOTHING,
    },
    logic: Logic::Fact(&[FactKey::ChannelSecurity], |fact, _, hits| {
        if fact.protocol != "opcua" {
            return;
        }
        let value = fact.value.to_lowercase();
        if value.starts_with("none") || value.ends_with("#none") {
            hits.push(Hit::of_fact(fact, tell_fact(fact)));
        } else if ["basic128rsa15", "basic256"].iter().any(|old| value.split([' ', '#', ',']).any(|word| word == *old))
        {
            hits.push(
                Hit::of_fact(
                    fact,
                    said!("outdated policy: {value}", "politique dépassée : {value}", value = fact.value),
                )
                .severity(Severity::Low)
                .topic("policy"),
            );
        }
    }),
};

pub(crate) const SMB1: Detector = Detector {
    about: Descriptor {
        id: "smb-version-1",
        title: phrase("SMB version 1 is in use", "SMB version 1 est utilisé"),
        severity: Severity::High,
        techniques: &[("T0866", "Exploitation of Remote Services"), ("T0867", "Lateral Tool Transfer")],
        requirements: &["SR 3.2", "SR 7.7"],
        meaning: phrase(
            "This version let WannaCry and NotPetya through; makers ended it years ago.",
            "C'est par cette version que sont passés WannaCry et NotPetya ; les éditeurs l'ont abandonnée depuis des années.",
        ),
        action: phrase(
            "Switch SMB 1 off; put machines that need it into a zone of their own.",
            "Désactiver SMB 1 ; isoler dans une zone à part les machines qui en ont besoin.",
        ),
        caution: phrase(
            "Do not switch it off on stations whose controllers deliver files by it, before a test.",
            "Ne pas le désactiver sans essai sur des postes dont les automates livrent des fichiers par ce biais.",
        ),
        covers: &["WannaCry", "NotPetya", "DoublePulsar"],
        thresholds: NOTHING,
    },
    logic: Logic::Fact(&[FactKey::Service], |fact, _, hits| {
        let value = fact.value.to_lowercase();
        if value == "smb 1"
            || value.starts_with("smb 1 ")
            || value.starts_with("smb 1.")
            || value == "smbv1"
            || value.contains("nt lm 0.12")
        {
            hits.push(Hit::of_fact(fact, tell_fact(fact)));
        }
    }),
};

pub(crate) const SSH1: Detector = Detector {
    about: Descriptor {
        id: "ssh-old",
        title: phrase(
            "SSH version 1, or an SSH server long out of support",
            "SSH version 1, ou un serveur SSH abandonné",
        ),
        severity: Severity::Medium,
        techniques: &[("T0866", "Exploitation of Remote Services")],
        requirements: &["SR 4.3", "SR 3.2"],
        meaning: phrase(
            "The session can be taken over by known attacks.",
            "La session peut être détournée par des attaques connues.",
        ),
        action: phrase(
            "Update the device's software, or let only a jump host reach it.",
            "Mettre à jour l'équipement, ou ne le laisser atteindre que par un bastion.",
        ),
        caution: phrase("Do not fall back to Telnet.", "Ne pas revenir à Telnet."),
        covers: &["Illegal Protocol Version"],
        thresholds: phrase(
            "protocol below 2.0 (1.99 offers both); OpenSSH below 7",
            "protocole avant 2.0 (1.99 offre les deux) ; OpenSSH avant 7",
        ),
    },
    logic: Logic::Fact(&[FactKey::Service, FactKey::Software], |fact, _, hits| {
        let value = fact.value.to_lowercase();
        let version_of = |word: &str| {
            let rest = value.split_once(word)?.1;
            let digits: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
            digits.parse::<f32>().ok().or_else(|| digits.split('.').next()?.parse().ok())
        };
        let protocol = version_of("ssh-").or_else(|| version_of("ssh ")).filter(|version| *version < 2.0);
        let server = version_of("openssh_").or_else(|| version_of("openssh ")).filter(|version| *version < 7.0);
        if fact.protocol == "ssh" && (protocol.is_some() || server.is_some()) {
            hits.push(Hit::of_fact(fact, tell_fact(fact)));
        }
    }),
};

/// Words that name a system whose maker no longer mends it.
const LEGACY: &[(&str, &str)] = &[
    ("windows nt", "Windows NT"),
    ("windows 95", "Windows 95"),
    ("windows 98", "Windows 98"),
    ("windows 2000", "Windows 2000"),
    ("windows 5.0", "Windows 2000"),
    ("windows 5.1", "Windows XP"),
    ("windows nt 5.1", "Windows XP"),
    ("windows xp", "Windows XP"),
    ("windows server 2003", "Windows Server 2003"),
    ("windows 2003", "Windows Server 2003"),
    ("windows vista", "Windows Vista"),
    ("windows server 2008", "Windows Server 2008"),
    ("windows 7", "Windows 7"),
    ("windows nt 6.1", "Windows 7"),
    ("windows 6.1", "Windows 7"),
    ("windows ce", "Windows CE"),
    ("windows 8", "Windows 8"),
    ("windows server 2012", "Windows Server 2012"),
    ("vxworks 5", "VxWorks 5"),
    ("linux 2.4", "Linux 2.4"),
    ("linux 2.6", "Linux 2.6"),
    ("solaris", "Solaris"),
];

/// The system out of support that `text` names.
fn legacy(text: &str) -> Option<&'static str> {
    let lower = text.to_lowercase();
    // User agents of current systems: Windows NT 10.0 and 6.2 upwards; the longer word decides.
    if lower.contains("windows nt 10") || lower.contains("windows nt 6.2") || lower.contains("windows nt 6.3") {
        return lower.contains("windows nt 6.").then_some("Windows 8");
    }
    LEGACY.iter().filter(|(word, _)| lower.contains(word)).max_by_key(|(word, _)| word.len()).map(|(_, name)| *name)
}

pub(crate) const OLD_SYSTEM: Detector = Detector {
    about: Descriptor {
        id: "legacy-system",
        title: phrase("An operating system out of support", "Un système d'exploitation hors support"),
        severity: Severity::Medium,
        techniques: &[("T0866", "Exploitation of Remote Services"), ("T0890", "Exploitation for Privilege Escalation")],
        requirements: &["SR 3.2", "SR 7.7"],
        meaning: phrase("Its holes are public and stay open.", "Ses failles sont publiques et restent ouvertes."),
        action: phrase(
            "Plan its replacement; until then put it into a zone of its own, with nothing but the ports it needs.",
            "Prévoir son remplacement ; d'ici là, l'isoler dans une zone avec les seuls ports nécessaires.",
        ),
        caution: phrase(
            "Do not update it in operation: the supplier's software may not start again.",
            "Ne pas le mettre à jour en exploitation : le logiciel du fournisseur pourrait ne plus démarrer.",
        ),
        covers: &["legacy systems"],
        thresholds: NOTHING,
    },
    logic: Logic::Fact(
        &[FactKey::Os, FactKey::OsVersion, FactKey::Software, FactKey::Description],
        |fact, _: &View, hits: &mut Hits| {
            if let Some(name) = legacy(&fact.value) {
                let hit = Hit::of_fact(fact, format!("{name}: {} ({})", fact.value, fact.source));
                hits.push(Hit { protocol: "".into(), ..hit.topic(name) });
            }
        },
    ),
};

#[cfg(test)]
mod tests {
    use model::{FactKey, Record};

    use super::legacy;
    use crate::testing::{fact, fires};

    fn said(protocol: &'static str, key: FactKey, value: &str) -> Record {
        Record::Fact(fact(0.0, "10.0.0.7:443", protocol, key, value))
    }

    #[test]
    fn versions_of_tls() {
        let tls = |value| said("tls", FactKey::ChannelSecurity, value);
        assert!(fires("tls-old-version", [tls("TLS 1.0 TLS_RSA_WITH_AES_128_CBC_SHA")]));
        assert!(fires("tls-old-version", [tls("SSL 3.0 TLS_RSA_WITH_AES_128_CBC_SHA")]));
        assert!(!fires("tls-old-version", [tls("TLS 1.2 TLS_RSA_WITH_AES_128_CBC_SHA")]));
        assert!(fires("tls-weak-cipher", [tls("TLS 1.2 TLS_RSA_WITH_RC4_128_SHA")]));
        assert!(!fires("tls-weak-cipher", [tls("TLS 1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")]));
    }

    #[test]
    fn certificates_by_the_time_of_the_capture() {
        // The tests' time is November 2023.
        let certificate = |issuer: &str, begin: &str, end: &str| {
            let text = format!("subject=CN=plc; issuer={issuer}; not_before={begin}; not_after={end}; sha256=00");
            said("tls", FactKey::Certificate, &text)
        };
        let good = || certificate("CN=ca", "2023-01-01T00:00:00Z", "2024-01-01T00:00:00Z");
        assert!(fires(
            "certificate-not-valid-now",
            [certificate("CN=ca", "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z")]
        ));
        assert!(fires(
            "certificate-not-valid-now",
            [certificate("CN=ca", "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z")]
        ));
        assert!(fires(
            "certificate-self-signed",
            [certificate("CN=plc", "2023-01-01T00:00:00Z", "2024-01-01T00:00:00Z")]
        ));
        assert!(fires(
            "certificate-long-lived",
            [certificate("CN=ca", "2020-01-01T00:00:00Z", "2040-01-01T00:00:00Z")]
        ));
        for id in ["certificate-not-valid-now", "certificate-self-signed", "certificate-long-lived"] {
            assert!(!fires(id, [good()]), "{id}");
        }
    }

    #[test]
    fn opcua_channels() {
        assert!(fires("opcua-without-security", [said("opcua", FactKey::ChannelSecurity, "none")]));
        assert!(!fires(
            "opcua-without-security",
            [said("opcua", FactKey::ChannelSecurity, "sign and encrypt Basic256Sha256")]
        ));
    }

    #[test]
    fn versions_of_smb_and_ssh() {
        assert!(fires("smb-version-1", [said("smb", FactKey::Service, "smb 1")]));
        assert!(!fires("smb-version-1", [said("smb", FactKey::Service, "smb 3.1.1")]));
        assert!(fires("ssh-old", [said("ssh", FactKey::Software, "SSH-1.99-Cisco-1.25")]));
        assert!(fires("ssh-old", [said("ssh", FactKey::Software, "SSH-2.0-OpenSSH_5.3")]));
        assert!(!fires("ssh-old", [said("ssh", FactKey::Software, "SSH-2.0-OpenSSH_9.2p1")]));
    }

    #[test]
    fn systems_out_of_support() {
        assert_eq!(legacy("Windows 5.1"), Some("Windows XP"));
        assert_eq!(legacy("Mozilla/5.0 (Windows NT 6.1; WOW64)"), Some("Windows 7"));
        assert_eq!(legacy("Mozilla/5.0 (Windows NT 10.0; Win64)"), None);
        assert_eq!(legacy("Windows Server 2019"), None);
        assert!(fires("legacy-system", [said("smb", FactKey::Os, "Windows Server 2003 3790 Service Pack 2")]));
        assert!(!fires("legacy-system", [said("smb", FactKey::Os, "Windows 10 Pro 19041")]));
    }
}
