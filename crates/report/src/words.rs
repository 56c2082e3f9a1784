//! Every word that the report and the summary say, in English and French: one table.

use model::{Noun, Phrase, Role, Severity};

use crate::Language;
use crate::plant::Deed;

const fn phrase(en: &'static str, fr: &'static str) -> Phrase {
    Phrase { en, fr }
}

macro_rules! phrases {
    ($( $name:ident = $en:literal, $fr:literal; )*) => {
        $( pub(crate) const $name: Phrase = phrase($en, $fr); )*
    };
}

phrases! {
    REPORT = "Report on an industrial network", "Rapport sur un réseau industriel";
    INVENTORY_AND_SURFACE = "Inventory, attack surface and findings, from passively captured traffic", "Inventaire, surface d'attaque et constats, d'après un trafic capturé passivement";
    IN_SHORT = "In short", "En bref";
    WHAT_WAS_READ = "What was read", "Ce qui a été lu";
    SURFACE = "Attack surface", "Surface d'attaque";
    SURFACE_ABOUT = "Services in order of how good a way in they are. Points are added for what the service can do, from where it was used, how much the plant depends on the machine, and known weaknesses.", "Services classés selon l'entrée qu'ils offrent. Les points s'ajoutent selon ce que permet le service, d'où il a été utilisé, combien l'usine dépend de la machine, et les faiblesses connues.";
    CAPABILITIES = "What can be done to the plant", "Ce qu'on peut faire à l'usine";
    CAPABILITIES_ABOUT = "Each sentence rests on acts that were seen: what one machine did without authentication, others on the same network can do as well.", "Chaque phrase s'appuie sur des actes observés\u{a0}: ce qu'une machine a fait sans authentification, d'autres du même réseau le peuvent aussi.";
    MAP = "Map", "Carte";
    MAP_ABOUT = "Machines by level of the Purdue model, with who talks to whom. Point at a machine, or move to it with the tabulator key, to see its partners; choose it for all that is known of it.", "Machines par niveau du modèle de Purdue, et qui parle à qui. Survolez une machine, ou allez-y avec la touche de tabulation, pour voir ses partenaires\u{202f}; choisissez-la pour tout ce qu'on en sait.";
    FINDINGS = "Findings", "Constats";
    MACHINES = "Machines", "Machines";
    TRAFFIC = "Protocols and conversations", "Protocoles et échanges";
    PROTOCOLS = "Protocols", "Protocoles";
    NETWORKS = "Networks", "Réseaux";
    WHO_TALKS = "Who talks to whom", "Qui parle à qui";
    SIGHT = "What this capture cannot show", "Ce que cette capture ne peut pas montrer";
    SIGHT_ABOUT = "Not seen is not the same as not there. These limits hold for everything above.", "Ne pas avoir vu ne veut pas dire absent. Ces limites valent pour tout ce qui précède.";
    METHOD = "Method", "Méthode";
    PROBLEMS = "Problems with the input", "Problèmes avec les fichiers lus";
    CONTROLLERS = "Controllers", "Automates";
    CONVERSATIONS = "Conversations", "Conversations";
    PACKETS = "Packets", "Paquets";
    BYTES = "Bytes", "Octets";
    FILES = "Files", "Fichiers";
    PERIOD_UTC = "Period (UTC)", "Période (UTC)";
    LENGTH = "Length", "Durée";
    READ_IN = "Read in", "Lu en";
    DROPPED = "Dropped while capturing", "Perdus à la capture";
    DUPLICATES = "Came twice, counted once", "Arrivés deux fois, comptés une fois";
    FILTERED = "Left out by the filter", "Écartés par le filtre";
    SCORE = "Score", "Note";
    MACHINE = "Machine", "Machine";
    SERVICE = "Service", "Service";
    REASONS = "Reasons", "Raisons";
    REACHED_FROM = "Used by", "Utilisé par";
    ROLE = "Role", "Rôle";
    LEVEL = "Level", "Niveau";
    CRITICALITY = "Criticality", "Criticité";
    MAKE = "Maker, model", "Fabricant, modèle";
    VERSIONS = "Firmware, serial, OS", "Firmware, série, OS";
    KNOWN = "Known", "Connu";
    KNOWN_ABOUT = "How many of the fourteen high-priority fields of the CISA asset inventory guidance (August 2025) are known.", "Combien des quatorze champs prioritaires du guide d'inventaire de la CISA (août 2025) sont connus.";
    SEEN = "Seen", "Vue";
    COUNT = "Count", "Nombre";
    SEARCH = "Search machines", "Chercher une machine";
    SEARCH_HINT = "name, address, role, maker, protocol …", "nom, adresse, rôle, fabricant, protocole…";
    OPEN_ALL = "Open all", "Tout ouvrir";
    CLOSE_ALL = "Close all", "Tout fermer";
    SHOWN = "shown", "affichées";
    WHY = "What is known, and why it is believed", "Ce qu'on sait, et pourquoi on le croit";
    ATTRIBUTE = "Attribute", "Attribut";
    VALUE = "Value", "Valeur";
    SAID_BY = "Said by", "Dit par";
    SURE = "Confidence", "Confiance";
    DISPUTED = "disputed", "contesté";
    DISPUTED_ABOUT = "other values were claimed with as much confidence", "d'autres valeurs ont été annoncées avec autant de confiance";
    INTERFACES = "Interfaces", "Interfaces";
    MODULES = "Modules", "Modules";
    BEHIND = "Devices behind it", "Équipements derrière elle";
    OFFERS = "Services offered", "Services offerts";
    USES = "Services used", "Services utilisés";
    ROLES_WHY = "Role, level, criticality: why", "Rôle, niveau, criticité\u{a0}: pourquoi";
    FIELDS = "Inventory fields", "Champs d'inventaire";
    UNKNOWN_FIELDS = "Not known", "Inconnu";
    BY_PEOPLE = "only people can supply it", "seules des personnes peuvent le fournir";
    BY_NETWORK = "the network may tell with more capture time", "le réseau le dira peut-être avec plus de capture";
    TO_CONFIRM = "proposed, to be confirmed by people", "proposé, à confirmer par des personnes";
    TRAFFIC_OF = "Traffic", "Trafic";
    SENT = "sent", "envoyés";
    RECEIVED = "received", "reçus";
    ACTS_ASKED = "acts asked", "actes demandés";
    ACTS_RECEIVED = "acts received", "actes reçus";
    USERS = "Users", "Utilisateurs";
    CREDENTIALS = "Credentials seen (content not kept)", "Identifiants vus (contenu non conservé)";
    FINDINGS_OF = "Findings that concern it", "Constats la concernant";
    REMOTE = "behind a router", "derrière un routeur";
    EXTERNAL = "on the Internet", "sur Internet";
    HEARSAY = "never seen sending, only spoken of", "jamais vue émettre, seulement citée par d'autres";
    PROTOCOL = "Protocol", "Protocole";
    ACTS = "Acts", "Actes";
    MESSAGES = "Messages", "Messages";
    MALFORMED = "Malformed", "Malformés";
    WHAT_IS_DONE = "What is done", "Ce qui est fait";
    FROM = "From", "De";
    TO = "To", "Vers";
    REFUSED = "Refused", "Refusés";
    UNANSWERED = "No answer", "Sans réponse";
    NETWORK = "Network", "Réseau";
    VLANS = "VLAN", "VLAN";
    REMARK = "Remark", "Remarque";
    UNRECOGNISED = "not recognised", "non reconnu";
    GUESS = "guess", "supposé";
    GUESSED = "guessed by port or content, not decoded", "supposé d'après le port ou le contenu, non décodé";
    MEANING = "What it means", "Ce que cela signifie";
    DO = "Do first", "À faire d'abord";
    CAUTION = "Caution", "Attention";
    THE_REST = "Show the rest", "Montrer le reste";
    TECHNIQUES = "MITRE ATT&CK for ICS", "MITRE ATT&CK for ICS";
    REQUIREMENTS = "IEC 62443-3-3", "IEC 62443-3-3";
    EVIDENCE = "Evidence", "Preuves";
    REMEDY = "To see more", "Pour voir plus";
    EXAMPLES = "Examples", "Exemples";
    NONE_FOUND = "No detector found anything. That is no proof of health: see what this capture cannot show.", "Aucun détecteur n'a rien trouvé. Ce n'est pas une preuve de bonne santé\u{a0}: voir ce que cette capture ne peut pas montrer.";
    NO_MACHINES = "No machine was seen: there is nothing to show.", "Aucune machine n'a été vue\u{a0}: il n'y a rien à montrer.";
    NO_SURFACE = "No service was seen answering.", "Aucun service n'a été vu répondre.";
    NO_CAPABILITIES = "No act that changes the plant was seen over an industrial protocol.", "Aucun acte modifiant l'usine n'a été vu sur un protocole industriel.";
    NO_LIMITS = "Nothing was found that limits the view.", "Rien n'a été trouvé qui limite la vue.";
    OTHER_NETWORKS = "other networks", "autres réseaux";
    WITHOUT_IP = "no IP address", "sans adresse IP";
    LEGEND_WIDTH = "thicker: more traffic", "plus épais\u{a0}: plus de trafic";
    LEGEND_GROUP = "several machines of one network", "plusieurs machines d'un réseau";
    SORT = "Sort by", "Trier par";
    UNREACHED = "Addresses that were called and never answered", "Adresses appelées sans jamais répondre";
    AT_LEAST = "at least", "au moins";
    MORE_IN_INVENTORY = "the inventory (--inventory FILE.json) has everything", "l'inventaire (--inventory FICHIER.json) contient tout";
    NO_DETAILS = "Details of this machine are left out to keep the file small", "Les détails de cette machine sont omis pour garder le fichier petit";
    JUMP = "Sections", "Sections";
    PASSIVE = "Vigie only reads: nothing was sent to any machine. Everything here is deduced from the packets read, in their order and by their own clock; the same packets give the same judgement. Names, versions and serial numbers are what the machines said of themselves or of each other; roles, levels and criticality are proposals with their reasons, to be confirmed by people. Passwords and keys are never kept.", "Vigie ne fait que lire\u{a0}: rien n'a été envoyé à aucune machine. Tout ici est déduit des paquets lus, dans leur ordre et selon leur propre horloge\u{202f}; les mêmes paquets donnent le même jugement. Noms, versions et numéros de série sont ce que les machines ont dit d'elles-mêmes ou les unes des autres\u{202f}; rôles, niveaux et criticité sont des propositions motivées, à confirmer par des personnes. Mots de passe et clés ne sont jamais conservés.";
    REFERENCES = "Techniques: MITRE ATT&CK for ICS 18.1. Requirements: IEC 62443-3-3:2013. Levels: Purdue model as in IEC 62443-1-1. Fields: OT asset inventory guidance, CISA and partners, August 2025. Times are UTC.", "Techniques\u{a0}: MITRE ATT&CK for ICS 18.1. Exigences\u{a0}: IEC 62443-3-3:2013. Niveaux\u{a0}: modèle de Purdue selon l'IEC 62443-1-1. Champs\u{a0}: guide d'inventaire OT, CISA et partenaires, août 2025. Les heures sont en UTC.";
    MADE_BY = "Made by Vigie", "Fait par Vigie";
    WORST_FINDINGS = "Findings, the worst first", "Constats, les pires d'abord";
    WIDEST_DOORS = "Attack surface, the widest doors", "Surface d'attaque, les portes les plus larges";
    CANNOT_SEE = "What this capture cannot show", "Ce que cette capture ne peut pas montrer";
    NOTHING_KNOWN = "The machine said nothing of itself.", "La machine n'a rien dit d'elle-même.";
}

macro_rules! counted {
    ($( $name:ident = $one:literal, $many:literal, $un:literal, $plusieurs:literal; )*) => {
        $( pub(crate) const $name: Noun = Noun { en: ($one, $many), fr: ($un, $plusieurs) }; )*
    };
}

counted! {
    N_MACHINES = "machine", "machines", "machine", "machines";
    N_CONTROLLERS = "controller", "controllers", "automate", "automates";
    N_NETWORKS = "network", "networks", "réseau", "réseaux";
    N_PROTOCOLS = "protocol", "protocols", "protocole", "protocoles";
    N_FINDINGS = "finding", "findings", "constat", "constats";
    N_CONVERSATIONS = "conversation", "conversations", "conversation", "conversations";
    N_PACKETS = "packet", "packets", "paquet", "paquets";
    N_FILES = "file", "files", "fichier", "fichiers";
    N_CASES = "case", "cases", "cas", "cas";
    N_LINES = "line", "lines", "trait", "traits";
    N_MORE = "more", "more", "autre", "autres";
    N_ADDRESSES = "address", "addresses", "adresse", "adresses";
    N_OUTSIDE = "address outside", "addresses outside", "adresse extérieure", "adresses extérieures";
    N_PROBLEMS = "problem", "problems", "problème", "problèmes";
}

/// Two or three letters that stand for a role on the map.
pub(crate) const fn glyph(role: Role) -> Phrase {
    match role {
        Role::Plc => phrase("PLC", "API"),
        Role::Rtu => phrase("RTU", "RTU"),
        Role::Ied => phrase("IED", "IED"),
        Role::SafetyController => phrase("SIS", "SIS"),
        Role::BuildingController => phrase("BMS", "GTB"),
        Role::Hmi => phrase("HMI", "IHM"),
        Role::EngineeringStation => phrase("ENG", "ING"),
        Role::ScadaServer => phrase("SCA", "SCA"),
        Role::Historian => phrase("HIS", "HIS"),
        Role::Gateway => phrase("GTW", "PAS"),
        Role::Drive => phrase("DRV", "VAR"),
        Role::RemoteIo => phrase("I/O", "E/S"),
        Role::Instrument => phrase("INS", "INS"),
        Role::Robot => phrase("ROB", "ROB"),
        Role::Meter => phrase("kWh", "kWh"),
        Role::PowerSupply => phrase("UPS", "OND"),
        Role::Switch => phrase("SW", "SW"),
        Role::Router => phrase("RTR", "RTR"),
        Role::Firewall => phrase("FW", "PF"),
        Role::AccessPoint => phrase("AP", "PA"),
        Role::DomainController => phrase("DC", "DC"),
        Role::DnsServer => phrase("DNS", "DNS"),
        Role::DhcpServer => phrase("DHC", "DHC"),
        Role::TimeServer => phrase("NTP", "NTP"),
        Role::FileServer => phrase("FS", "FIC"),
        Role::WebServer => phrase("WEB", "WEB"),
        Role::MailServer => phrase("ML", "ML"),
        Role::DatabaseServer => phrase("DB", "BD"),
        Role::Broker => phrase("MQ", "MQ"),
        Role::LogServer => phrase("LOG", "LOG"),
        Role::Server => phrase("SRV", "SRV"),
        Role::NetworkManagement => phrase("NMS", "NMS"),
        Role::Scanner => phrase("SCN", "SCN"),
        Role::Printer => phrase("PRN", "IMP"),
        Role::Camera => phrase("CAM", "CAM"),
        Role::Phone => phrase("TEL", "TÉL"),
        Role::Mobile => phrase("MOB", "MOB"),
        Role::Workstation => phrase("PC", "PC"),
        Role::InternetHost => phrase("NET", "NET"),
        Role::Unknown => phrase("?", "?"),
    }
}

/// Findings of one severity.
pub(crate) const fn findings_of(severity: Severity) -> Noun {
    let (en, fr) = match severity {
        Severity::Info => (("note", "notes"), ("information", "informations")),
        Severity::Low => (("low finding", "low findings"), ("constat de gravité faible", "constats de gravité faible")),
        Severity::Medium => {
            (("medium finding", "medium findings"), ("constat de gravité moyenne", "constats de gravité moyenne"))
        }
        Severity::High => {
            (("high finding", "high findings"), ("constat de gravité élevée", "constats de gravité élevée"))
        }
        Severity::Critical => (("critical finding", "critical findings"), ("constat critique", "constats critiques")),
    };
    Noun { en, fr }
}

/// Verbs in four groups, from harmless to grave.
pub(crate) const fn deed(deed: Deed) -> Phrase {
    match deed {
        Deed::Observe => phrase("reads, reports, other", "lectures, reports, autres"),
        Deed::Write => phrase("writes values", "écrit des valeurs"),
        Deed::Command => phrase("commands: operate, start, stop, mode", "commande\u{a0}: organes, marche, arrêt, mode"),
        Deed::Engineer => phrase(
            "changes program, firmware, settings; resets",
            "change programme, firmware, réglages\u{202f}; réinitialise",
        ),
    }
}

/// The fourteen inventory fields, whose names leave the program in English.
pub(crate) fn field(language: Language, name: &str) -> &str {
    if language == Language::En {
        return name;
    }
    match name {
        "active/supported communication protocols" => "protocoles utilisés ou possibles",
        "asset criticality" => "criticité",
        "asset number" => "numéro d'inventaire",
        "asset role/type" => "rôle ou type",
        "hostname" => "nom d'hôte",
        "IP address" => "adresse IP",
        "logging" => "journalisation",
        "MAC address" => "adresse MAC",
        "manufacturer" => "fabricant",
        "model" => "modèle",
        "operating system" => "système d'exploitation",
        "physical location/address" => "emplacement",
        "ports/services" => "ports et services",
        "user accounts" => "comptes d'utilisateurs",
        other => other,
    }
}
