//! What the words of the vocabulary are called in front of people, in English and French: one table for reports, reasons,
//! findings, the API and the UI. The words of records and files (`as_str`) are others and never change.

use crate::{
    BlindnessKind, Confidence, FactKey, Importance, Noun, Outcome, Phrase, Purdue, Role, SampleOrigin, Severity, State,
    Verb,
};

const fn phrase(en: &'static str, fr: &'static str) -> Phrase {
    Phrase { en, fr }
}

const fn noun(one: &'static str, many: &'static str, un: &'static str, plusieurs: &'static str) -> Noun {
    Noun { en: (one, many), fr: (un, plusieurs) }
}

impl Role {
    /// One machine of the role, and several.
    pub const fn noun(self) -> Noun {
        match self {
            Role::Plc => noun("PLC", "PLCs", "automate (API)", "automates (API)"),
            Role::Rtu => noun("RTU", "RTUs", "RTU (télégestion)", "RTU (télégestion)"),
            Role::Ied => noun(
                "IED (protection relay)",
                "IEDs (protection relays)",
                "IED (relais de protection)",
                "IED (relais de protection)",
            ),
            Role::SafetyController => {
                noun("safety controller", "safety controllers", "automate de sécurité", "automates de sécurité")
            }
            Role::BuildingController => {
                noun("building controller", "building controllers", "automate de bâtiment", "automates de bâtiment")
            }
            Role::Hmi => noun("HMI", "HMIs", "IHM", "IHM"),
            Role::EngineeringStation => {
                noun("engineering station", "engineering stations", "station d'ingénierie", "stations d'ingénierie")
            }
            Role::ScadaServer => noun("SCADA server", "SCADA servers", "serveur SCADA", "serveurs SCADA"),
            Role::Historian => noun("historian", "historians", "historien", "historiens"),
            Role::Gateway => noun("gateway", "gateways", "passerelle", "passerelles"),
            Role::Drive => noun("drive", "drives", "variateur", "variateurs"),
            Role::RemoteIo => noun("remote I/O", "remote I/O stations", "E/S déportées", "E/S déportées"),
            Role::Instrument => noun("instrument", "instruments", "instrument", "instruments"),
            Role::Robot => noun("robot", "robots", "robot", "robots"),
            Role::Meter => noun("power meter", "power meters", "compteur d'énergie", "compteurs d'énergie"),
            Role::PowerSupply => noun("power supply (UPS)", "power supplies (UPS)", "onduleur", "onduleurs"),
            Role::Switch => noun("switch", "switches", "commutateur", "commutateurs"),
            Role::Router => noun("router", "routers", "routeur", "routeurs"),
            Role::Firewall => noun("firewall", "firewalls", "pare-feu", "pare-feu"),
            Role::AccessPoint => noun("access point", "access points", "point d'accès Wi-Fi", "points d'accès Wi-Fi"),
            Role::DomainController => {
                noun("domain controller", "domain controllers", "contrôleur de domaine", "contrôleurs de domaine")
            }
            Role::DnsServer => noun("DNS server", "DNS servers", "serveur DNS", "serveurs DNS"),
            Role::DhcpServer => noun("DHCP server", "DHCP servers", "serveur DHCP", "serveurs DHCP"),
            Role::TimeServer => noun("time server", "time servers", "serveur de temps", "serveurs de temps"),
            Role::FileServer => noun("file server", "file servers", "serveur de fichiers", "serveurs de fichiers"),
            Role::WebServer => noun("web server", "web servers", "serveur web", "serveurs web"),
            Role::MailServer => noun("mail server", "mail servers", "serveur de messagerie", "serveurs de messagerie"),
            Role::DatabaseServer => noun(
                "database server",
                "database servers",
                "serveur de base de données",
                "serveurs de bases de données",
            ),
            Role::Broker => noun("message broker", "message brokers", "courtier de messages", "courtiers de messages"),
            Role::LogServer => noun("log server", "log servers", "serveur de journaux", "serveurs de journaux"),
            Role::Server => noun("server", "servers", "serveur", "serveurs"),
            Role::NetworkManagement => noun(
                "network management station",
                "network management stations",
                "station de gestion de réseau",
                "stations de gestion de réseau",
            ),
            Role::Scanner => noun("scanner", "scanners", "scanneur", "scanneurs"),
            Role::Printer => noun("printer", "printers", "imprimante", "imprimantes"),
            Role::Camera => noun("camera", "cameras", "caméra", "caméras"),
            Role::Phone => noun("telephone", "telephones", "téléphone", "téléphones"),
            Role::Mobile => noun("mobile", "mobiles", "mobile", "mobiles"),
            Role::Workstation => noun("workstation", "workstations", "poste de travail", "postes de travail"),
            Role::InternetHost => noun("Internet host", "Internet hosts", "hôte Internet", "hôtes Internet"),
            Role::Unknown => noun("unknown", "unknown", "inconnu", "inconnus"),
        }
    }

    /// What it is called.
    pub const fn phrase(self) -> Phrase {
        let noun = self.noun();
        phrase(noun.en.0, noun.fr.0)
    }
}

impl Purdue {
    /// Its number and name.
    pub const fn phrase(self) -> Phrase {
        match self {
            Purdue::Process => phrase("0 Process", "0 Procédé"),
            Purdue::Control => phrase("1 Control", "1 Contrôle"),
            Purdue::Supervision => phrase("2 Supervision", "2 Supervision"),
            Purdue::Operations => phrase("3 Operations", "3 Exploitation"),
            Purdue::Border => phrase("3.5 Border", "3.5 Frontière"),
            Purdue::Enterprise => phrase("4 Enterprise", "4 Entreprise"),
            Purdue::Outside => phrase("5 Outside", "5 Extérieur"),
            Purdue::Unknown => phrase("unknown", "inconnu"),
        }
    }
}

impl Importance {
    /// What it is called, of a criticality.
    pub const fn phrase(self) -> Phrase {
        match self {
            Importance::Low => phrase("low", "faible"),
            Importance::Medium => phrase("medium", "moyenne"),
            Importance::High => phrase("high", "élevée"),
            Importance::Critical => phrase("critical", "critique"),
        }
    }
}

impl Severity {
    /// One finding of the severity, and several.
    pub const fn noun(self) -> Noun {
        match self {
            Severity::Info => noun("info", "info", "info", "infos"),
            Severity::Low => noun("low", "low", "faible", "faibles"),
            Severity::Medium => noun("medium", "medium", "moyen", "moyens"),
            Severity::High => noun("high", "high", "élevé", "élevés"),
            Severity::Critical => noun("critical", "critical", "critique", "critiques"),
        }
    }

    /// What it is called, of a finding.
    pub const fn phrase(self) -> Phrase {
        let noun = self.noun();
        phrase(noun.en.0, noun.fr.0)
    }
}

impl Confidence {
    /// What it is called.
    pub const fn phrase(self) -> Phrase {
        match self {
            Confidence::Guess => phrase("guess", "supposé"),
            Confidence::Likely => phrase("likely", "probable"),
            Confidence::Certain => phrase("certain", "certain"),
        }
    }
}

impl BlindnessKind {
    /// What it is called.
    pub const fn phrase(self) -> Phrase {
        match self {
            BlindnessKind::OneWay => phrase("One direction", "Un seul sens"),
            BlindnessKind::Loss => phrase("Loss", "Pertes"),
            BlindnessKind::Undecoded => phrase("Not recognised", "Non reconnu"),
            BlindnessKind::Encrypted => phrase("Encrypted", "Chiffré"),
            BlindnessKind::Position => phrase("Place of capture", "Lieu de capture"),
            BlindnessKind::Duration => phrase("Length of capture", "Durée de capture"),
            BlindnessKind::Cut => phrase("Cut packets", "Paquets tronqués"),
            BlindnessKind::Hidden => phrase("Hidden machines", "Machines cachées"),
            BlindnessKind::Clock => phrase("Clock", "Horloge"),
            BlindnessKind::Format => phrase("Other links", "Autres liens"),
            BlindnessKind::Hearsay => phrase("Hearsay", "Ouï-dire"),
            BlindnessKind::Malformed => phrase("Broken messages", "Messages cassés"),
            BlindnessKind::Limit => phrase("Full tables", "Tables pleines"),
            BlindnessKind::People => phrase("Only people know", "Seules des personnes savent"),
        }
    }
}

impl Verb {
    /// What it is called.
    pub const fn phrase(self) -> Phrase {
        match self {
            Verb::Read => phrase("read", "lecture"),
            Verb::Write => phrase("write", "écriture"),
            Verb::Operate => phrase("operate", "commande"),
            Verb::Program => phrase("program", "programmation"),
            Verb::Upload => phrase("upload", "relecture de programme"),
            Verb::Start => phrase("start", "démarrage"),
            Verb::Stop => phrase("stop", "arrêt"),
            Verb::Mode => phrase("mode", "mode de marche"),
            Verb::Reset => phrase("reset", "réinitialisation"),
            Verb::Configure => phrase("configure", "configuration"),
            Verb::Firmware => phrase("firmware", "firmware"),
            Verb::Identify => phrase("identify", "identification"),
            Verb::Browse => phrase("browse", "exploration"),
            Verb::Subscribe => phrase("subscribe", "abonnement"),
            Verb::Report => phrase("report", "report de valeurs"),
            Verb::Login => phrase("login", "connexion"),
            Verb::File => phrase("file", "fichier"),
            Verb::Time => phrase("time", "heure"),
            Verb::Diagnose => phrase("diagnose", "diagnostic"),
            Verb::Alarm => phrase("alarm", "alarme"),
            Verb::Other => phrase("other", "autre"),
        }
    }
}

impl Outcome {
    /// What it is called, of an act.
    pub const fn phrase(self) -> Phrase {
        match self {
            Outcome::Asked => phrase("asked", "demandé"),
            Outcome::Done => phrase("done", "fait"),
            Outcome::Refused => phrase("refused", "refusé"),
            Outcome::NoAnswer => phrase("no answer", "sans réponse"),
        }
    }
}

impl State {
    /// What it is called, of a conversation.
    pub const fn phrase(self) -> Phrase {
        match self {
            State::OneWay => phrase("one way", "un seul sens"),
            State::TwoWay => phrase("two way", "deux sens"),
            State::Attempted => phrase("attempted", "tentée"),
            State::Rejected => phrase("rejected", "rejetée"),
            State::Open => phrase("open", "ouverte"),
            State::Midstream => phrase("midstream", "prise en cours"),
            State::Closed => phrase("closed", "fermée"),
            State::Reset => phrase("reset", "coupée"),
        }
    }
}

impl SampleOrigin {
    /// What it is called, of a value.
    pub const fn phrase(self) -> Phrase {
        match self {
            SampleOrigin::Read => phrase("read", "lue"),
            SampleOrigin::Written => phrase("written", "écrite"),
            SampleOrigin::Reported => phrase("reported", "transmise"),
        }
    }
}

impl FactKey {
    /// What it is called.
    pub const fn phrase(self) -> Phrase {
        match self {
            FactKey::Vendor => phrase("maker", "fabricant"),
            FactKey::Model => phrase("model", "modèle"),
            FactKey::OrderNumber => phrase("order number", "référence"),
            FactKey::Firmware => phrase("firmware", "firmware"),
            FactKey::Hardware => phrase("hardware version", "version matérielle"),
            FactKey::Serial => phrase("serial number", "numéro de série"),
            FactKey::Hostname => phrase("host name", "nom d'hôte"),
            FactKey::StationName => phrase("station name", "nom de station"),
            FactKey::Os => phrase("operating system", "système d'exploitation"),
            FactKey::OsVersion => phrase("OS version", "version du système"),
            FactKey::Role => phrase("role", "rôle"),
            FactKey::Module => phrase("module", "module"),
            FactKey::DeviceType => phrase("device type", "type d'équipement"),
            FactKey::KeyPosition => phrase("key position", "position de la clé"),
            FactKey::RunState => phrase("run state", "état de marche"),
            FactKey::Uptime => phrase("uptime (s)", "temps de marche (s)"),
            FactKey::Program => phrase("program", "programme"),
            FactKey::ProgramHash => phrase("program hash", "empreinte du programme"),
            FactKey::Protection => phrase("protection level", "niveau de protection"),
            FactKey::Mac => phrase("hardware address", "adresse matérielle"),
            FactKey::Ip => phrase("IP address", "adresse IP"),
            FactKey::Netmask => phrase("subnet mask", "masque"),
            FactKey::Gateway => phrase("default router", "passerelle par défaut"),
            FactKey::Location => phrase("location", "emplacement"),
            FactKey::Contact => phrase("contact", "contact"),
            FactKey::Description => phrase("description", "description"),
            FactKey::Software => phrase("software", "logiciel"),
            FactKey::Service => phrase("service", "service"),
            FactKey::User => phrase("user", "utilisateur"),
            FactKey::Domain => phrase("domain", "domaine"),
            FactKey::Credential => phrase("credential seen", "identifiant vu"),
            FactKey::DefaultCredential => phrase("default credential", "identifiant par défaut"),
            FactKey::Certificate => phrase("certificate", "certificat"),
            FactKey::ChannelSecurity => phrase("channel security", "sécurité du canal"),
            FactKey::Fingerprint => phrase("fingerprint", "empreinte"),
            FactKey::Share => phrase("share", "partage"),
            FactKey::TimeSource => phrase("time source", "source de temps"),
            FactKey::NameServer => phrase("name server", "serveur de noms"),
            FactKey::TimeZone => phrase("time zone", "fuseau horaire"),
            FactKey::Vlan => phrase("VLAN", "VLAN"),
            FactKey::Neighbour => phrase("neighbour", "voisin"),
            FactKey::Router => phrase("forwards packets", "relaie des paquets"),
            FactKey::Hypervisor => phrase("hypervisor", "hyperviseur"),
            FactKey::DeviceId => phrase("device id", "identifiant d'équipement"),
            FactKey::Variable => phrase("variable", "variable"),
            FactKey::Language => phrase("language", "langue"),
            FactKey::Logging => phrase("sends logs to", "envoie ses journaux à"),
            FactKey::Protector => phrase("endpoint protection", "protection du poste"),
            FactKey::Agent => phrase("agent", "agent"),
        }
    }
}
