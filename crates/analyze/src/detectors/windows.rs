//! Traces of intrusion in office protocols: remote services, administrative shares, programs on their way, known names.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};
use model::borsh::{BorshDeserialize, BorshSerialize};
use model::{Act, Descriptor, Object, Record, Severity, Verb, said};

use crate::detector::{Detector, Hit, Hits, Logic, Memory, NOTHING, View, Wants, phrase, tell};
use crate::inventory::Key;
use crate::window::{MINUTE, Rate, Tracked};

/// What the act says of files, names and interfaces, in lower case.
fn words(act: &Act) -> String {
    let mut text = format!("{} {}", act.name, act.object);
    for (_, value) in &act.extra {
        text.push(' ');
        text.push_str(value);
    }
    text.make_ascii_lowercase();
    text
}

/// Whether name, object or a further field of the act has one of some words, in whatever case: all in one pass, without a
/// copy. Nearly every act has none, and only the others are looked at closely.
fn may_say(act: &Act, words: &AhoCorasick) -> bool {
    says(act, |text| words.is_match(text))
}

/// Whether `is_it` holds of name, object or a further field of the act.
fn says(act: &Act, is_it: impl Fn(&str) -> bool) -> bool {
    let object = match &act.object {
        Object::None => "",
        Object::Text(text) => text,
        Object::Span { space, .. } => space,
    };
    is_it(act.name.as_str()) || is_it(object) || act.extra.iter().any(|(_, value)| is_it(value.as_str()))
}

/// An automaton that finds any of `words`, in whatever case.
fn finder<'a>(words: impl IntoIterator<Item = &'a str>) -> AhoCorasick {
    AhoCorasickBuilder::new().ascii_case_insensitive(true).build(words).expect("a handful of short words")
}

/// What every word that `SERVICE` looks for has in it.
static SERVICE_WORDS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let tools = ["psexesvc", "paexec", "remcomsvc", "winexesvc", "service", "schrpcregistertask", "netrjobadd"];
    finder(tools.into_iter().chain(["svcctl", "\\atsvc"]))
});

pub(crate) const SERVICE: Detector = Detector {
    about: Descriptor {
        id: "remote-service",
        title: phrase(
            "A program is started on a Windows machine over the network",
            "Un programme est lancé sur une machine Windows par le réseau",
        ),
        severity: Severity::High,
        techniques: &[
            ("T0866", "Exploitation of Remote Services"),
            ("T0867", "Lateral Tool Transfer"),
            ("T0886", "Remote Services"),
        ],
        requirements: &["SR 1.1", "SR 2.1", "SR 3.2"],
        meaning: phrase(
            "PsExec, scheduled tasks and WMI are how administrators and ransomware get about.",
            "PsExec, tâches planifiées et WMI : c'est ainsi que se déplacent administrateurs et rançongiciels.",
        ),
        action: phrase(
            "Match it with an administrator's work; if there is none, isolate both machines.",
            "Rapprocher d'un travail d'administration ; sinon isoler les deux machines.",
        ),
        caution: phrase(
            "Do not log on to the machines with a domain administrator's account.",
            "Ne pas se connecter à ces machines avec un compte administrateur de domaine.",
        ),
        covers: &["PsExec", "remote Windows service", "Windows process / service"],
        thresholds: NOTHING,
    },
    logic: Logic::Protocol(&["smb", "dcerpc"], |act, _, hits| {
        if !may_say(act, &SERVICE_WORDS) {
            return;
        }
        let text = words(act);
        let is_tool = text.contains("psexesvc")
            || text.contains("paexec")
            || text.contains("remcomsvc")
            || text.contains("winexesvc");
        let is_call = text.contains("createservice")
            || text.contains("startservice")
            || text.contains("create service")
            || text.contains("start service")
            || text.contains("schrpcregistertask")
            || text.contains("netrjobadd")
            || text.contains("itaskschedulerservice")
            || text.contains("iwbemservices");
        // Opening the service control manager alone is what inventory tools do.
        let is_manager = text.contains("svcctl") || text.contains("\\atsvc");
        if is_tool || is_call {
            hits.push(Hit::of_act(act, tell(act)));
        } else if is_manager {
            hits.push(Hit::of_act(act, tell(act)).severity(Severity::Medium));
        }
    }),
};

pub(crate) const SHARE: Detector = Detector {
    about: Descriptor {
        id: "administrative-share",
        title: phrase("An administrative share was opened", "Un partage d'administration a été ouvert"),
        severity: Severity::Medium,
        techniques: &[("T0867", "Lateral Tool Transfer"), ("T0859", "Valid Accounts")],
        requirements: &["SR 2.1", "SR 3.2"],
        meaning: phrase(
            "Over C$ and ADMIN$ everything on the disk can be read and replaced.",
            "Par C$ et ADMIN$, tout le disque peut être lu et remplacé.",
        ),
        action: phrase(
            "Ask which administrator it was; use a jump host for such work.",
            "Demander quel administrateur ; utiliser un bastion pour ces travaux.",
        ),
        caution: phrase(
            "Do not remove the shares where the backup needs them.",
            "Ne pas supprimer ces partages si la sauvegarde en a besoin.",
        ),
        covers: &["Unauthorized SMB Login", "PsExec"],
        thresholds: NOTHING,
    },
    logic: Logic::Protocol(&["smb"], |act, _, hits| {
        if !says(act, |text| text.contains('$')) {
            return;
        }
        let text = words(act);
        let is_drive = text.split(['\\', '/', ' ']).any(|part| {
            part == "admin$"
                || (part.len() == 2 && part.ends_with('$') && part.starts_with(|c: char| c.is_ascii_lowercase()))
        });
        if is_drive {
            hits.push(Hit::of_act(act, tell(act)));
        }
    }),
};

/// Endings of what runs when it is opened.
const PROGRAMS: &[&str] =
    &[".exe", ".dll", ".scr", ".ps1", ".bat", ".vbs", ".hta", ".msi", ".jar", ".sys", ".com", ".pif", ".elf", ".sh"];

pub(crate) const EXECUTABLE: Detector = Detector {
    about: Descriptor {
        id: "program-file-transferred",
        title: phrase("A program file crossed the network", "Un fichier exécutable a traversé le réseau"),
        severity: Severity::Low,
        techniques: &[("T0867", "Lateral Tool Transfer"), ("T0863", "User Execution")],
        requirements: &["SR 3.2", "SR 3.3"],
        meaning: phrase(
            "Updates come this way, and tools of intruders too.",
            "Les mises à jour arrivent ainsi, les outils d'intrus aussi.",
        ),
        action: phrase(
            "Check the file's origin and signature before anyone opens it.",
            "Vérifier l'origine et la signature du fichier avant que quiconque l'ouvre.",
        ),
        caution: phrase(
            "Do not open it on a station of the plant to see what it does.",
            "Ne pas l'ouvrir sur un poste de l'usine pour voir ce qu'il fait.",
        ),
        covers: &["suspicious executable", "EICAR"],
        thresholds: NOTHING,
    },
    logic: Logic::Protocol(&["smb", "ftp", "tftp", "http"], |act, _, hits| {
        let name = act.object.to_string().to_lowercase();
        let path = name.split(['?', '#']).next().unwrap_or_default().trim_end();
        // Web pages of old devices run by `.dll` and `.com` endings of hosts.
        let is_web = act.protocol == "http" && [".com", ".dll", ".sh"].iter().any(|ending| path.ends_with(ending));
        if !is_web && PROGRAMS.iter().any(|ending| path.ends_with(ending)) {
            hits.push(Hit::of_act(act, tell(act)).topic(path.rsplit(['\\', '/']).next().unwrap_or_default()));
        }
    }),
};

/// Names that belong to known malware, from public reports: file names, pipes and hosts.
const KNOWN: &[(&str, &str)] = &[
    ("mssecsvc", "WannaCry"),
    ("tasksche.exe", "WannaCry"),
    ("iuqerfsodp9ifjaposdfjhgosurijfaewrwergwea", "WannaCry"),
    ("ifferfsodp9ifjaposdfjhgosurijfaewrwergwea", "WannaCry"),
    ("perfc.dat", "NotPetya"),
    ("trilog.exe", "TRITON"),
    ("s7otbxsx", "Stuxnet"),
    ("mypremierfutbol.com", "Stuxnet"),
    ("todaysfutbol.com", "Stuxnet"),
    ("mimikatz", "Mimikatz"),
    ("mimikittenz", "Mimikatz"),
    ("winpeas", "WinPEAS"),
    ("haslo.dat", "Industroyer"),
    ("104.dll", "Industroyer"),
    ("disttrack", "Shamoon"),
    ("psexesvc-", "PsExec by script"),
    ("lsass.dmp", "stolen credentials"),
    ("ntds.dit", "stolen credentials"),
    ("cobaltstrike", "Cobalt Strike"),
    ("\\msagent_", "Cobalt Strike"),
    ("\\postex_", "Cobalt Strike"),
    ("gracious.exe", "Havex"),
    ("havex", "Havex"),
    ("blackenergy", "BlackEnergy"),
];

static KNOWN_WORDS: LazyLock<AhoCorasick> = LazyLock::new(|| finder(KNOWN.iter().map(|(word, _)| *word)));

pub(crate) const MALWARE: Detector = Detector {
    about: Descriptor {
        id: "malware-name",
        title: phrase("A name of known malware crossed the network", "Un nom de maliciel connu a traversé le réseau"),
        severity: Severity::Critical,
        techniques: &[("T0867", "Lateral Tool Transfer"), ("T0866", "Exploitation of Remote Services")],
        requirements: &["SR 3.2", "SR 6.2"],
        meaning: phrase(
            "Whoever asked for it, sent it or received it is probably infected.",
            "Qui l'a demandé, envoyé ou reçu est probablement infecté.",
        ),
        action: phrase(
            "Isolate both machines, keep them powered, call your incident response.",
            "Isoler les deux machines, les laisser allumées, appeler la réponse à incident.",
        ),
        caution: phrase(
            "Do not wipe them before evidence was taken.",
            "Ne pas les effacer avant d'avoir recueilli les preuves.",
        ),
        covers: &[
            "WannaCry",
            "NotPetya",
            "Stuxnet",
            "BlackEnergy",
            "Havex",
            "Shamoon",
            "malicious domain",
            "generic IoC",
        ],
        thresholds: phrase("a name, not a proof: names can be chosen", "un nom, pas une preuve : un nom se choisit"),
    },
    logic: Logic::Protocol(&["smb", "ftp", "tftp", "http", "dns", "dcerpc", "smtp"], |act, _, hits| {
        if !may_say(act, &KNOWN_WORDS) {
            return;
        }
        let text = words(act);
        if let Some((word, name)) = KNOWN.iter().find(|(word, _)| text.contains(word)) {
            hits.push(
                Hit::of_act(act, said!("{name}: `{word}` in {act}", "{name} : `{word}` dans {act}", act = tell(act)))
                    .topic(*name),
            );
        }
    }),
};

pub(crate) const DNS_TUNNEL: Detector = Detector {
    about: Descriptor {
        id: "dns-tunnel",
        title: phrase("Data seems to travel in name queries", "Des données semblent voyager dans des requêtes de noms"),
        severity: Severity::High,
        techniques: &[
            ("T0885", "Commonly Used Port"),
            ("T0884", "Connection Proxy"),
            ("T0869", "Standard Application Layer Protocol"),
        ],
        requirements: &["SR 5.2", "SR 6.2"],
        meaning: phrase(
            "Long random names, many of them: a tunnel that passes every firewall that allows DNS.",
            "Des noms longs et aléatoires en nombre : un tunnel qui passe tout pare-feu autorisant DNS.",
        ),
        action: phrase(
            "Isolate the asking machine; look at the domain all names end in.",
            "Isoler la machine demandeuse ; regarder le domaine commun à ces noms.",
        ),
        caution: phrase("Do not block before noting the domain.", "Ne pas bloquer avant d'avoir noté le domaine."),
        covers: &["malicious domain", "Suspicious Traffic"],
        thresholds: phrase(
            "20 names with a part of more than 45 characters in 10 minutes",
            "20 noms comportant une partie de plus de 45 caractères en 10 minutes",
        ),
    },
    logic: Logic::Memory(
        Wants { acts: Verb::ALL, trouble: false, protocols: &["dns"], facts: &[], conversations: false, health: false },
        || Box::new(DnsTunnel { sources: Tracked::new(10 * MINUTE) }),
    ),
};

#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct DnsTunnel {
    sources: Tracked<Key, Rate>,
}

impl Memory for DnsTunnel {
    fn look(&mut self, record: &Record, _: &View, hits: &mut Hits) {
        let Record::Act(act) = record else { return };
        // The names of numbered things are short.
        let Object::Text(name) = &act.object else { return };
        if !name.split(['.', ' ']).any(|part| part.len() > 45) {
            return;
        }
        let Some(rate) = Key::of(&act.from).and_then(|key| self.sources.at(key, act.at)) else { return };
        let count = rate.add(act.repeats.count, act.at, 10 * MINUTE);
        if count >= 20 {
            rate.clear();
            let text = said!(
                "{count} long names within 10 minutes, the last one {name}",
                "{count} noms longs en 10 minutes, le dernier {name}"
            );
            hits.push(Hit::of_act(act, text));
        }
    }
}

#[cfg(test)]
mod tests {
    use model::{Record, Verb};

    use crate::testing::{ActExt, act, fires};

    fn file(protocol: &'static str, object: &str) -> [Record; 1] {
        [Record::Act(act(0.0, "10.0.0.9", "10.0.0.7:445", protocol, Verb::File, "create").object(object))]
    }

    #[test]
    fn programs_started_from_afar() {
        let call =
            |name| [Record::Act(act(0.0, "10.0.0.9", "10.0.0.7:445", "dcerpc", Verb::Start, name).object("svcctl"))];
        assert!(fires("remote-service", call("createservicew")));
        assert!(fires("remote-service", file("smb", "PSEXESVC.exe")));
        assert!(!fires("remote-service", file("smb", "report.docx")));
    }

    #[test]
    fn shares_of_administrators() {
        assert!(fires("administrative-share", file("smb", r"\\10.0.0.7\C$")));
        assert!(fires("administrative-share", file("smb", r"\\10.0.0.7\ADMIN$")));
        assert!(!fires("administrative-share", file("smb", r"\\10.0.0.7\recipes")));
        assert!(!fires("administrative-share", file("smb", r"\\10.0.0.7\IPC$")));
    }

    #[test]
    fn files_that_run_and_known_names() {
        assert!(fires("program-file-transferred", file("smb", r"tools\setup.exe")));
        assert!(!fires("program-file-transferred", file("smb", r"tools\readme.txt")));
        assert!(fires("malware-name", file("smb", "perfc.dat")));
        assert!(!fires("malware-name", file("smb", "perf.dat")));
    }

    #[test]
    fn long_names_by_the_dozen() {
        let ask = |count: u32, part: &str| -> Vec<Record> {
            (0..count)
                .map(|n| {
                    let ask = act(f64::from(n), "10.0.0.9", "10.0.0.1:53", "dns", Verb::Browse, "query txt");
                    Record::Act(ask.object(&format!("{part}{n:04}.evil.example")))
                })
                .collect()
        };
        let long = "a".repeat(50);
        assert!(fires("dns-tunnel", ask(20, &long)));
        assert!(!fires("dns-tunnel", ask(19, &long)));
        assert!(!fires("dns-tunnel", ask(20, "www")));
    }
}
