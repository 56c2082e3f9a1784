//! Passwords and who has none: clear text, defaults, anonymous access, guessing.

use model::borsh::{BorshDeserialize, BorshSerialize};
use model::{Descriptor, Fact, FactKey, Outcome, Record, Severity, State, Verb, nouns, number_of, said};

use crate::detector::{Detector, Hit, Hits, Logic, Memory, NOTHING, View, Wants, phrase, tell_fact};
use crate::inventory::Key;
use crate::window::{MINUTE, Rate, Tracked};

fn says(fact: &Fact, words: &[&str]) -> bool {
    let value = fact.value.to_lowercase();
    words.iter().any(|word| value.contains(word))
}

/// Ways of access that ask for nothing.
const ANONYMOUS: &[&str] = &["anonymous", "none", "guest", "null session", "no authentication"];

pub(crate) const CLEAR: Detector = Detector {
    about: Descriptor {
        id: "clear-text-credentials",
        title: phrase("A password was sent in the clear", "Un mot de passe a circulé en clair"),
        severity: Severity::Medium,
        techniques: &[("T0842", "Network Sniffing"), ("T0859", "Valid Accounts")],
        requirements: &["SR 1.5", "SR 4.1", "SR 4.3"],
        meaning: phrase(
            "Whoever can read the network has the password now, and often the same one fits elsewhere.",
            "Quiconque peut lire le réseau a désormais le mot de passe, qui ouvre souvent d'autres portes.",
        ),
        action: phrase(
            "Change the password, and use the encrypted form of the service (SSH, SFTP, HTTPS, LDAPS, SNMPv3).",
            "Changer le mot de passe et utiliser la forme chiffrée du service (SSH, SFTP, HTTPS, LDAPS, SNMPv3).",
        ),
        caution: phrase(
            "Do not change it while the client that uses it is unknown: it may be a controller.",
            "Ne pas le changer tant que le client qui l'utilise est inconnu : ce peut être un automate.",
        ),
        covers: &["Authentication", "Unauthorized Database Login"],
        thresholds: NOTHING,
    },
    logic: Logic::Fact(&[FactKey::Credential], |fact, _, hits| {
        let is_hashed = says(fact, &["ntlm", "kerberos", "digest", "challenge", "hash", "encrypted"]);
        let is_clear = matches!(
            fact.protocol.as_ref(),
            "ftp"
                | "telnet"
                | "http"
                | "smtp"
                | "pop3"
                | "imap"
                | "ldap"
                | "mqtt"
                | "rlogin"
                | "umas"
                | "socks"
                | "irc"
                | "bacnet"
                | "sip"
                | "rtsp"
                | "mysql"
                | "postgresql"
        );
        if is_clear && !is_hashed && !says(fact, ANONYMOUS) {
            hits.push(Hit::of_fact(fact, tell_fact(fact)).topic(fact.value.clone()));
        }
    }),
};

pub(crate) const DEFAULT: Detector = Detector {
    about: Descriptor {
        id: "default-credentials",
        title: phrase("A published default password is in use", "Un mot de passe par défaut publié est utilisé"),
        severity: Severity::High,
        techniques: &[("T0812", "Default Credentials"), ("T0891", "Hardcoded Credentials")],
        requirements: &["SR 1.5"],
        meaning: phrase(
            "The password stands in the manual: everyone has it.",
            "Le mot de passe figure dans le manuel : tout le monde l'a.",
        ),
        action: phrase(
            "Set a password of your own at the next stop.",
            "Définir un mot de passe propre au prochain arrêt.",
        ),
        caution: phrase(
            "Do not lock out the operator panel or the backup that uses it.",
            "Ne pas bloquer le pupitre ou la sauvegarde qui l'utilise.",
        ),
        covers: &["default credentials"],
        thresholds: NOTHING,
    },
    logic: Logic::Fact(&[FactKey::DefaultCredential], |fact, _, hits| {
        // The communities of SNMP have their own row: they are everywhere, and read-only as a rule.
        if fact.protocol != "snmp" {
            hits.push(Hit::of_fact(fact, tell_fact(fact)).topic(fact.value.clone()));
        }
    }),
};

pub(crate) const SNMP_PUBLIC: Detector = Detector {
    about: Descriptor {
        id: "snmp-public",
        title: phrase(
            "SNMP with a community that everybody knows",
            "SNMP avec une communauté que tout le monde connaît",
        ),
        severity: Severity::Medium,
        techniques: &[("T0812", "Default Credentials"), ("T0888", "Remote System Information Discovery")],
        requirements: &["SR 1.5", "SR 7.7"],
        meaning: phrase(
            "With `public` anyone reads names, versions and neighbours; with `private` anyone may set them.",
            "Avec « public », n'importe qui lit noms, versions et voisins ; avec « private », n'importe qui peut les modifier.",
        ),
        action: phrase(
            "Use SNMPv3, or switch SNMP off; at least set other communities and an access list.",
            "Utiliser SNMPv3 ou désactiver SNMP ; au moins changer les communautés et poser une liste d'accès.",
        ),
        caution: phrase(
            "Do not forget the monitoring system that asks.",
            "Ne pas oublier le système de supervision qui interroge.",
        ),
        covers: &["SNMP operation"],
        thresholds: NOTHING,
    },
    logic: Logic::Fact(&[FactKey::DefaultCredential], |fact, _, hits| {
        if fact.protocol == "snmp" {
            let severity = if says(fact, &["private", "write"]) { Severity::High } else { Severity::Medium };
            hits.push(Hit::of_fact(fact, tell_fact(fact)).severity(severity).topic(fact.value.clone()));
        }
    }),
};

pub(crate) const SNMP_OLD: Detector = Detector {
    about: Descriptor {
        id: "snmp-without-security",
        title: phrase("SNMP version 1 or 2", "SNMP version 1 ou 2"),
        severity: Severity::Low,
        techniques: &[("T0842", "Network Sniffing"), ("T0888", "Remote System Information Discovery")],
        requirements: &["SR 1.5", "SR 4.1"],
        meaning: phrase("The community is a password in the clear.", "La communauté est un mot de passe en clair."),
        action: phrase("Move to SNMPv3 where the device can.", "Passer à SNMPv3 si l'équipement le permet."),
        caution: phrase(
            "Do not switch devices before the monitoring system speaks SNMPv3.",
            "Ne pas basculer les équipements avant que la supervision parle SNMPv3.",
        ),
        covers: &["SNMP operation"],
        thresholds: NOTHING,
    },
    logic: Logic::Fact(&[FactKey::Credential], |fact, _, hits| {
        if fact.protocol == "snmp" && says(fact, &["community"]) {
            hits.push(Hit::of_fact(fact, tell_fact(fact)));
        }
    }),
};

pub(crate) const NOBODY: Detector = Detector {
    about: Descriptor {
        id: "anonymous-access",
        title: phrase("Access without any credentials", "Accès sans aucune authentification"),
        severity: Severity::Medium,
        techniques: &[("T0859", "Valid Accounts"), ("T0869", "Standard Application Layer Protocol")],
        requirements: &["SR 1.1", "SR 1.2"],
        meaning: phrase(
            "The service lets in whoever knocks, although it could ask for a name (OPC UA, MQTT, FTP, VNC, Windows shares).",
            "Le service laisse entrer quiconque frappe alors qu'il pourrait demander une identité (OPC UA, MQTT, FTP, VNC, partages Windows).",
        ),
        action: phrase(
            "Require user and password or certificates; give each client an account.",
            "Exiger utilisateur et mot de passe ou certificats ; un compte par client.",
        ),
        caution: phrase(
            "Do not switch it on before all clients have accounts: values would be missing.",
            "Ne pas l'activer avant que tous les clients aient un compte : des valeurs manqueraient.",
        ),
        covers: &["Authentication"],
        thresholds: NOTHING,
    },
    logic: Logic::Fact(&[FactKey::Credential], |fact, _, hits| {
        if says(fact, ANONYMOUS) {
            let severity = if fact.protocol == "vnc" { Severity::High } else { Severity::Medium };
            hits.push(Hit::of_fact(fact, tell_fact(fact)).severity(severity).topic(fact.value.clone()));
        }
    }),
};

pub(crate) const TELNET: Detector = Detector {
    about: Descriptor {
        id: "telnet",
        title: phrase("Telnet or rlogin is in use", "Telnet ou rlogin est utilisé"),
        severity: Severity::Medium,
        techniques: &[("T0842", "Network Sniffing"), ("T0886", "Remote Services"), ("T0807", "Command-Line Interface")],
        requirements: &["SR 1.5", "SR 4.1", "SR 7.7"],
        meaning: phrase(
            "The whole session, with the password, can be read and taken over.",
            "Toute la session, mot de passe compris, peut être lue et détournée.",
        ),
        action: phrase("Use SSH; switch Telnet off.", "Utiliser SSH ; désactiver Telnet."),
        caution: phrase(
            "Do not switch it off on devices that have no other way in.",
            "Ne pas le désactiver sur des équipements sans autre accès.",
        ),
        covers: &["Remote Access"],
        thresholds: NOTHING,
    },
    logic: Logic::Conversation(|conversation, _, hits| {
        let is_shell = matches!(conversation.protocol.as_ref(), "telnet" | "rlogin");
        if is_shell && !matches!(conversation.state, State::Attempted | State::Rejected) {
            hits.push(Hit::of_conversation(
                conversation,
                said!(
                    "{protocol} to {to}",
                    "{protocol} vers {to}",
                    protocol = conversation.protocol,
                    to = conversation.to.to_string()
                ),
            ));
        }
    }),
};

pub(crate) const NTLM1: Detector = Detector {
    about: Descriptor {
        id: "ntlm-version-1",
        title: phrase("Logon with NTLM version 1 or LM", "Ouverture de session par NTLM version 1 ou LM"),
        severity: Severity::Medium,
        techniques: &[("T0859", "Valid Accounts"), ("T0842", "Network Sniffing")],
        requirements: &["SR 1.5", "SR 4.3"],
        meaning: phrase(
            "The password can be computed from what was on the wire, within hours.",
            "Le mot de passe se recalcule en quelques heures à partir de ce qui a circulé.",
        ),
        action: phrase(
            "Set LmCompatibilityLevel to 5 where systems allow; renew the old ones.",
            "Régler LmCompatibilityLevel à 5 si les systèmes le permettent ; remplacer les anciens.",
        ),
        caution: phrase(
            "Do not enforce it domain-wide before old stations were listed.",
            "Ne pas l'imposer à tout le domaine avant d'avoir recensé les anciens postes.",
        ),
        covers: &["Unauthorized SMB Login"],
        thresholds: NOTHING,
    },
    logic: Logic::Fact(&[FactKey::ChannelSecurity, FactKey::Credential, FactKey::Service], |fact, _, hits| {
        let value = fact.value.to_lowercase();
        let is_old = value.split([' ', '/', ',']).any(|word| matches!(word, "ntlmv1" | "lm" | "lmv1"))
            || value.contains("ntlm v1")
            || value.contains("ntlm version 1")
            || value.contains("ntlm 1");
        if is_old {
            hits.push(Hit::of_fact(fact, tell_fact(fact)));
        }
    }),
};

pub(crate) const GUESSING: Detector = Detector {
    about: Descriptor {
        id: "login-failures",
        title: phrase("Logins fail again and again", "Des connexions échouent à répétition"),
        severity: Severity::Medium,
        techniques: &[
            ("T0859", "Valid Accounts"),
            ("T0812", "Default Credentials"),
            ("T0866", "Exploitation of Remote Services"),
        ],
        requirements: &["SR 1.11", "SR 6.2"],
        meaning: phrase(
            "A forgotten password in a script, or someone who guesses.",
            "Un mot de passe oublié dans un script, ou quelqu'un qui devine.",
        ),
        action: phrase(
            "Find the source and its user. From 20 a minute on, block the source.",
            "Trouver la source et son utilisateur. À partir de 20 par minute, bloquer la source.",
        ),
        caution: phrase(
            "Do not set account lockout on operator accounts: an attacker could lock out the operators.",
            "Ne pas activer le verrouillage sur les comptes opérateurs : un attaquant pourrait les bloquer.",
        ),
        covers: &[
            "Password Guessing",
            "Excessive Login",
            "Excessive SMB login",
            "FTP Login Failed",
            "Database Login Failed",
        ],
        thresholds: phrase(
            "5 refused logins in 5 minutes: medium; 20 a minute: high; 100 a minute: critical",
            "5 refus en 5 minutes : moyen ; 20 par minute : élevé ; 100 par minute : critique",
        ),
    },
    logic: Logic::Memory(
        Wants { acts: &[Verb::Login], trouble: false, protocols: &[], facts: &[], conversations: false, health: false },
        || Box::new(Guessing { pairs: Tracked::new(5 * MINUTE) }),
    ),
};

#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct Guessing {
    pairs: Tracked<(Key, Key), (Rate, Rate)>,
}

impl Memory for Guessing {
    fn look(&mut self, record: &Record, _: &View, hits: &mut Hits) {
        let Record::Act(act) = record else { return };
        if act.outcome != Outcome::Refused {
            return;
        }
        let (Some(from), Some(to)) = (Key::of(&act.from), Key::of(&act.to)) else { return };
        let Some((fast, slow)) = self.pairs.at((from, to), act.at) else { return };
        let fast = fast.add(act.repeats.count, act.at, MINUTE);
        let slow = slow.add(act.repeats.count, act.at, 5 * MINUTE);
        let (count, minutes, severity) = match (fast, slow) {
            (100.., _) => (fast, 1, Severity::Critical),
            (20.., _) => (fast, 1, Severity::High),
            (_, 5..) => (slow, 5, Severity::Medium),
            _ => return,
        };
        let text = said!(
            "{logins} of {protocol} refused within {minutes}",
            "{logins} {protocol} refusées en {minutes}",
            logins = number_of(count, nouns::LOGINS),
            protocol = act.protocol,
            minutes = number_of(minutes, nouns::MINUTES)
        );
        hits.push(Hit::of_act(act, text).severity(severity));
    }
}

pub(crate) const LOGINS: Detector = Detector {
    about: Descriptor {
        id: "excessive-logins",
        title: phrase("Login after login to one machine", "Connexion sur connexion vers une machine"),
        severity: Severity::Low,
        techniques: &[("T0859", "Valid Accounts")],
        requirements: &["SR 1.11", "SR 2.7"],
        meaning: phrase(
            "A program logs in anew for each request, or someone tries stolen passwords that fit.",
            "Un programme se reconnecte à chaque requête, ou quelqu'un essaie des mots de passe volés qui fonctionnent.",
        ),
        action: phrase(
            "Look at who logs in and how long sessions last.",
            "Regarder qui se connecte et combien durent les sessions.",
        ),
        caution: phrase(
            "Do not limit logins of the historian before asking its maker.",
            "Ne pas limiter les connexions de l'historien sans consulter son éditeur.",
        ),
        covers: &["Excessive Login"],
        thresholds: phrase("20 logins a minute between two machines", "20 connexions par minute entre deux machines"),
    },
    logic: Logic::Memory(
        Wants { acts: &[Verb::Login], trouble: false, protocols: &[], facts: &[], conversations: false, health: false },
        || Box::new(Logins { pairs: Tracked::new(MINUTE) }),
    ),
};

#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct Logins {
    pairs: Tracked<(Key, Key), Rate>,
}

impl Memory for Logins {
    fn look(&mut self, record: &Record, _: &View, hits: &mut Hits) {
        let Record::Act(act) = record else { return };
        // Sessions of industrial protocols and of directories open and close all the time by design.
        let is_person = matches!(
            act.protocol.as_ref(),
            "ssh"
                | "ftp"
                | "telnet"
                | "rdp"
                | "vnc"
                | "smtp"
                | "smb"
                | "umas"
                | "mssql"
                | "tds"
                | "mysql"
                | "postgresql"
        );
        if act.outcome != Outcome::Done || !is_person {
            return;
        }
        let (Some(from), Some(to)) = (Key::of(&act.from), Key::of(&act.to)) else { return };
        let Some(rate) = self.pairs.at((from, to), act.at) else { return };
        let count = rate.add(act.repeats.count, act.at, MINUTE);
        // Several messages make one login of SMB.
        let limit = if act.protocol == "smb" { 60 } else { 20 };
        if count >= limit {
            rate.clear();
            let text = said!(
                "{logins} of {protocol} within a minute",
                "{logins} {protocol} en une minute",
                logins = number_of(count, nouns::LOGINS),
                protocol = act.protocol
            );
            hits.push(Hit::of_act(act, text));
        }
    }
}

#[cfg(test)]
mod tests {
    use model::{FactKey, Record, State, Verb};

    use crate::testing::{ActExt, act, conversation, fact, fires};

    fn said(protocol: &'static str, key: FactKey, value: &str) -> Record {
        Record::Fact(fact(0.0, "10.0.0.7:21", protocol, key, value))
    }

    #[test]
    fn passwords_in_the_clear_are_told_and_hashes_are_not() {
        assert!(fires("clear-text-credentials", [said("ftp", FactKey::Credential, "ftp password")]));
        assert!(fires("clear-text-credentials", [said("http", FactKey::Credential, "http basic")]));
        assert!(!fires("clear-text-credentials", [said("http", FactKey::Credential, "http digest")]));
        assert!(!fires("clear-text-credentials", [said("ftp", FactKey::Credential, "ftp anonymous")]));
    }

    #[test]
    fn defaults_are_told_by_kind() {
        let http = || said("http", FactKey::DefaultCredential, "http admin");
        let snmp = || said("snmp", FactKey::DefaultCredential, "snmp public");
        assert!(fires("default-credentials", [http()]));
        assert!(!fires("default-credentials", [snmp()]));
        assert!(fires("snmp-public", [snmp()]));
        assert!(!fires("snmp-public", [http()]));
    }

    #[test]
    fn communities_are_told_and_version_3_is_not() {
        assert!(fires("snmp-without-security", [said("snmp", FactKey::Credential, "snmp community")]));
        assert!(!fires("snmp-without-security", [said("snmp", FactKey::User, "monitor")]));
    }

    #[test]
    fn access_without_a_name() {
        assert!(fires("anonymous-access", [said("opcua", FactKey::Credential, "opcua anonymous")]));
        assert!(fires("anonymous-access", [said("mqtt", FactKey::Credential, "mqtt anonymous")]));
        assert!(!fires("anonymous-access", [said("opcua", FactKey::Credential, "opcua user name")]));
    }

    #[test]
    fn telnet_that_answers() {
        let telnet = |state| Record::Conversation(conversation(0.0, "10.0.0.9", "10.0.0.7:23", "telnet", state));
        assert!(fires("telnet", [telnet(State::Open)]));
        assert!(!fires("telnet", [telnet(State::Rejected)]));
    }

    #[test]
    fn old_logons() {
        assert!(fires("ntlm-version-1", [said("smb", FactKey::ChannelSecurity, "NTLMv1")]));
        assert!(!fires("ntlm-version-1", [said("smb", FactKey::ChannelSecurity, "NTLMv2")]));
    }

    #[test]
    fn refused_logins_add_up() {
        let fail = |n: u32, step: f64| {
            (0..n).map(move |n| {
                let login = act(f64::from(n) * step, "10.0.0.9", "10.0.0.7:21", "ftp", Verb::Login, "pass");
                Record::Act(login.refused(530, "not logged in"))
            })
        };
        assert!(fires("login-failures", fail(5, 10.0)));
        assert!(!fires("login-failures", fail(4, 10.0)));
        assert!(!fires("login-failures", fail(5, 200.0)));
    }

    #[test]
    fn twenty_logins_a_minute() {
        let login = |n: u32| {
            (0..n).map(|n| Record::Act(act(f64::from(n), "10.0.0.9", "10.0.0.7:22", "ssh", Verb::Login, "password")))
        };
        assert!(fires("excessive-logins", login(20)));
        assert!(!fires("excessive-logins", login(19)));
    }
}
