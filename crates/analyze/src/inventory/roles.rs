//! What a machine is for: by what it says of itself, by who made it, and by what it does.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use model::{Confidence, FactKey, Role, RoleClaim, Said, Text, nouns, number_of, said};

use super::words::{AUTOMATION, MAKERS, ROLE_WORDS, SERVICES, WORDS};

/// What is known of a machine when its role is asked for.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    /// What it or others said: key, value in lower case, protocol, confidence.
    pub(crate) words: Vec<(FactKey, String, Text, Confidence)>,
    /// Makers of its interfaces.
    pub(crate) makers: Vec<Text>,
    /// What it offers: protocol, port, number of users.
    pub(crate) offers: Vec<(Text, u16, u32)>,
    /// What it does by each protocol.
    pub(crate) deeds: BTreeMap<Text, Deeds>,
    /// Number of devices behind it that answered, by protocol.
    pub(crate) behind: BTreeMap<Text, u32>,
    pub(crate) is_router: bool,
    pub(crate) fronts: usize,
    pub(crate) is_external: bool,
}

/// What a machine does by one protocol.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Deeds {
    pub(crate) is_industrial: bool,
    /// Machines that it asks.
    pub(crate) asks: u32,
    /// Machines that ask it, and are answered.
    pub(crate) serves: u32,
    /// Acts asked, by what they do.
    pub(crate) reads: u64,
    pub(crate) changes: u64,
    pub(crate) programs: u64,
    pub(crate) reports: u64,
    /// Acts answered to others.
    pub(crate) answered: u64,
    /// Of these, programming and operating-mode acts.
    pub(crate) was_programmed: u64,
    /// Acts asked only to find out who is there.
    pub(crate) searches: u64,
    /// Reports it received.
    pub(crate) reports_received: u64,
}

/// Collects claims; the same role said twice is one claim with more reasons.
#[derive(Default)]
struct Votes {
    votes: BTreeMap<Role, (u32, Confidence, Vec<Said>)>,
}

impl Votes {
    fn add(&mut self, role: Role, points: u32, confidence: Confidence, reason: Said) {
        let vote = self.votes.entry(role).or_insert((0, confidence, Vec::new()));
        vote.0 += points;
        vote.1 = vote.1.max(confidence);
        if vote.2.len() < 6 && !vote.2.contains(&reason) {
            vote.2.push(reason);
        }
    }

    fn has(&self, wanted: impl Fn(Role) -> bool) -> bool {
        self.votes.keys().any(|role| wanted(*role))
    }
}

/// The roles of a machine, the strongest first; never empty.
pub(crate) fn roles(profile: &Profile) -> Vec<RoleClaim> {
    let mut votes = Votes::default();
    by_word(profile, &mut votes);
    by_deeds(profile, &mut votes);
    by_service(profile, &mut votes);
    by_maker(profile, &mut votes);
    if profile.is_router {
        let count = profile.fronts;
        votes.add(
            Role::Router,
            50,
            Confidence::Likely,
            match count {
                0 => said!("it says that it forwards", "elle dit qu'elle route"),
                1 => said!(
                    "one address of another network is behind its hardware address",
                    "une adresse d'un autre réseau est derrière son adresse matérielle"
                ),
                _ => said!(
                    "{addresses} of other networks are behind its hardware address",
                    "{addresses} d'autres réseaux sont derrière son adresse matérielle",
                    addresses = number_of(count, nouns::ADDRESSES)
                ),
            },
        );
    }
    if profile.is_external {
        votes.add(
            Role::InternetHost,
            30,
            Confidence::Likely,
            said!("its address is public", "son adresse est publique"),
        );
    }
    if votes.votes.is_empty() {
        by_habit(profile, &mut votes);
    }
    if votes.votes.is_empty()
        && let Some(maker) = profile.makers.iter().find(|maker| {
            let lower = maker.as_str().to_lowercase();
            AUTOMATION.iter().any(|word| lower.starts_with(word))
        })
    {
        votes.add(
            Role::Plc,
            4,
            Confidence::Guess,
            said!(
                "its interface is of {maker}, who makes automation devices; nothing else is known",
                "son interface est de {maker}, fabricant d'automatismes ; rien d'autre n'est connu"
            ),
        );
    }
    let mut claims: Vec<(u32, RoleClaim)> = votes
        .votes
        .into_iter()
        .map(|(role, (points, confidence, reasons))| (points, RoleClaim { role, confidence, reasons }))
        .collect();
    claims.sort_by_key(|(points, claim)| (std::cmp::Reverse(*points), claim.role));
    if claims.is_empty() {
        let nothing = said!("nothing seen points to a role", "rien de ce qui a été vu n'indique un rôle");
        claims.push((0, RoleClaim { role: Role::Unknown, confidence: Confidence::Guess, reasons: vec![nothing] }));
    }
    claims.into_iter().map(|(_, claim)| claim).collect()
}

/// A table of words with an automaton that finds them all in one pass.
struct Finder {
    table: &'static [(&'static str, Role)],
    words: AhoCorasick,
}

impl Finder {
    fn new(table: &'static [(&'static str, Role)]) -> Finder {
        let words = AhoCorasick::new(table.iter().map(|(word, _)| word)).expect("some hundred short words");
        Finder { table, words }
    }

    /// The role of the first row of the table whose word `text` has.
    fn find(&self, text: &str) -> Option<Role> {
        let found = self.words.find_overlapping_iter(text).filter(|found| {
            let (word, _) = self.table[found.pattern().as_usize()];
            stands(text, word, found.start())
        });
        found.map(|found| found.pattern().as_usize()).min().map(|row| self.table[row].1)
    }
}

static WORDS_FINDER: LazyLock<Finder> = LazyLock::new(|| Finder::new(WORDS));
static ROLE_WORDS_FINDER: LazyLock<Finder> = LazyLock::new(|| Finder::new(ROLE_WORDS));

fn by_word(profile: &Profile, votes: &mut Votes) {
    for (key, value, protocol, confidence) in &profile.words {
        let (points, finder) = match key {
            FactKey::Role => (60, &ROLE_WORDS_FINDER),
            FactKey::OrderNumber | FactKey::DeviceType => (80, &WORDS_FINDER),
            FactKey::Model => (70, &WORDS_FINDER),
            FactKey::Description | FactKey::Module => (30, &WORDS_FINDER),
            FactKey::Software | FactKey::Os | FactKey::Vendor => (20, &WORDS_FINDER),
            FactKey::StationName | FactKey::Hostname => (15, &WORDS_FINDER),
            _ => continue,
        };
        let exact = (*key == FactKey::Role).then(|| Role::from_word(value)).flatten();
        let found = exact.or_else(|| finder.find(value));
        if let Some(role) = found {
            let points = if *confidence == Confidence::Guess { points / 2 } else { points };
            // A name is a habit of people; what the maker burnt in is better.
            let sure = match key {
                FactKey::StationName | FactKey::Hostname | FactKey::Software | FactKey::Vendor => Confidence::Guess,
                FactKey::Description => (*confidence).min(Confidence::Likely),
                _ => *confidence,
            };
            votes.add(
                role,
                points,
                sure,
                said!("{protocol} says {key}: {value}", "{protocol} annonce {key} : {value}", key = key),
            );
        }
    }
}

/// Whether `word`, which is in `text` from `start` on, counts; short words must stand alone, so that `ups` is not found in
/// `groups`.
fn stands(text: &str, word: &str, start: usize) -> bool {
    if word.len() > 4 {
        return true;
    }
    let before = text[..start].chars().next_back();
    let after = text[start + word.len()..].chars().next();
    let ends_free = word.ends_with(|c: char| !c.is_alphanumeric()) || !after.is_some_and(char::is_alphabetic);
    !before.is_some_and(char::is_alphanumeric) && ends_free
}

fn by_deeds(profile: &Profile, votes: &mut Votes) {
    let industrial = profile.deeds.iter().filter(|(_, deeds)| deeds.is_industrial);
    let (mut asks, mut reads, mut changes, mut programs) = (0, 0, 0, 0);
    for (protocol, deeds) in industrial {
        let served = deeds.serves;
        if deeds.answered > 0 && served > 0 {
            let (role, points) = match protocol.as_str() {
                "dnp3" | "iec104" => (Role::Rtu, 45),
                // Control centres ask and answer each other (ICCP, IEC 60870-6); an IED only answers.
                "mms" if deeds.asks > 0 && deeds.reads + deeds.searches > 0 => (Role::ScadaServer, 45),
                "mms" => (Role::Ied, 40),
                "bacnet" => (Role::BuildingController, 40),
                "opcua" => (Role::Server, 15),
                "profinet-dcp" | "profinet-rt" | "profinet-cm" => (Role::RemoteIo, 15),
                "enip" => (Role::Plc, 15),
                _ => (Role::Plc, 40),
            };
            let answered = deeds.answered;
            votes.add(
                role,
                points,
                Confidence::Likely,
                said!(
                    "it answers {requests} of {protocol} from {machines}",
                    "elle répond à {requests} {protocol} de {machines}",
                    requests = number_of(answered, nouns::REQUESTS),
                    machines = number_of(served, nouns::MACHINES)
                ),
            );
        }
        if deeds.was_programmed > 0 {
            let count = deeds.was_programmed;
            votes.add(
                Role::Plc,
                30,
                Confidence::Likely,
                said!(
                    "it was programmed, started, stopped or read out by {protocol}: {times}",
                    "elle a été programmée, démarrée, arrêtée ou relue par {protocol} : {times}",
                    times = number_of(count, nouns::TIMES)
                ),
            );
        }
        if matches!(protocol.as_str(), "goose" | "sv") && deeds.reports > 0 {
            let reports = deeds.reports;
            votes.add(
                Role::Ied,
                50,
                Confidence::Likely,
                said!(
                    "it publishes {protocol} ({messages})",
                    "elle publie {protocol} ({messages})",
                    messages = number_of(reports, nouns::MESSAGES)
                ),
            );
        }
        if protocol == "profinet-rt" && deeds.reports > 0 {
            votes.add(
                Role::RemoteIo,
                10,
                Confidence::Guess,
                said!("it exchanges cyclic PROFINET data", "elle échange des données PROFINET cycliques"),
            );
        }
        if !matches!(protocol.as_str(), "goose" | "sv" | "profinet-rt" | "profinet-dcp") {
            asks += deeds.asks;
        }
        reads += deeds.reads;
        changes += deeds.changes;
        programs += deeds.programs;
    }
    for (protocol, count) in &profile.behind {
        if *count >= 2 && matches!(protocol.as_str(), "modbus" | "dnp3" | "iec104" | "bacnet") {
            votes.add(
                Role::Gateway,
                30,
                Confidence::Likely,
                said!(
                    "{count} devices answer behind it by {protocol}",
                    "{count} équipements répondent derrière elle par {protocol}",
                    count = count
                ),
            );
        }
    }
    let serves = profile.deeds.values().any(|deeds| deeds.is_industrial && deeds.answered > 0);
    if programs > 0 {
        votes.add(
            Role::EngineeringStation,
            if serves { 25 } else { 65 },
            Confidence::Likely,
            said!(
                "it programs, reads out, starts or stops controllers: {acts}",
                "elle programme, relit, démarre ou arrête des automates : {acts}",
                acts = number_of(programs, nouns::ACTS)
            ),
        );
    }
    if asks > 0 && reads + changes > 0 {
        let (role, points) = match (asks, changes, serves) {
            (4.., _, false) => (Role::ScadaServer, 45),
            (_, 1.., false) => (Role::Hmi, 40),
            (2.., 0, false) => (Role::ScadaServer, 25),
            (_, 0, false) => (Role::Hmi, 25),
            (3.., _, true) => (Role::ScadaServer, 20),
            (_, _, true) => return,
        };
        votes.add(
            role,
            points,
            if points >= 40 { Confidence::Likely } else { Confidence::Guess },
            said!(
                "it polls {controllers}: {reads}, {changes}",
                "elle interroge {controllers} : {reads}, {changes}",
                controllers = number_of(asks, nouns::CONTROLLERS),
                reads = number_of(reads, nouns::READS),
                changes = number_of(changes, nouns::CHANGES)
            ),
        );
    }
    let searches = profile.deeds.values().filter(|deeds| deeds.is_industrial).map(|deeds| deeds.searches).sum::<u64>();
    if searches > 0 && reads + changes + programs == 0 && !serves && asks >= 8 {
        votes.add(
            Role::Scanner,
            25,
            Confidence::Guess,
            said!(
                "it only asks {asks} machines who they are",
                "elle demande seulement à {asks} machines qui elles sont"
            ),
        );
    }
}

fn by_service(profile: &Profile, votes: &mut Votes) {
    let is_field = votes.has(Role::is_industrial) || votes.has(|role| matches!(role, Role::Switch | Role::Router));
    let mut directory = 0;
    for (protocol, port, users) in &profile.offers {
        let row = SERVICES.iter().find(|(id, number, _)| protocol == id || (protocol.is_empty() && port == number));
        let Some((_, _, role)) = row else { continue };
        directory += u32::from(protocol == "kerberos");
        // Controllers and switches have web pages, file transfer and SMB too; that is not what they are for.
        let points = match role {
            _ if is_field => 3,
            Role::WebServer | Role::FileServer => 8 + (*users).min(10),
            Role::DomainController => 50,
            _ => 25 + (*users).min(10),
        };
        let shown = if protocol.is_empty() { "?" } else { protocol.as_str() };
        votes.add(
            *role,
            points,
            if protocol.is_empty() { Confidence::Guess } else { Confidence::Likely },
            said!(
                "it offers {shown} on port {port} to {machines}",
                "elle offre {shown} sur le port {port} à {machines}",
                machines = number_of(*users, nouns::MACHINES)
            ),
        );
    }
    if directory > 0 && profile.offers.iter().any(|(protocol, _, _)| protocol == "ldap") {
        votes.add(
            Role::DomainController,
            30,
            Confidence::Certain,
            said!("it offers both Kerberos and LDAP", "elle offre Kerberos et LDAP"),
        );
    }
    if let Some(deeds) = profile.deeds.get("snmp").filter(|deeds| deeds.asks >= 3) {
        let asks = deeds.asks;
        votes.add(
            Role::NetworkManagement,
            20,
            Confidence::Likely,
            said!("it polls {asks} machines by SNMP", "elle interroge {asks} machines par SNMP"),
        );
    }
    if let Some(deeds) = profile.deeds.get("syslog").filter(|deeds| deeds.reports_received > 0) {
        let count = deeds.reports_received;
        votes.add(
            Role::LogServer,
            25,
            Confidence::Likely,
            said!(
                "it receives logs ({messages})",
                "elle reçoit des journaux ({messages})",
                messages = number_of(count, nouns::MESSAGES)
            ),
        );
    }
}

fn by_maker(profile: &Profile, votes: &mut Votes) {
    for maker in &profile.makers {
        let lower = maker.to_lowercase();
        if let Some((_, role)) = MAKERS.iter().find(|(word, _)| lower.contains(word)) {
            votes.add(
                *role,
                12,
                Confidence::Guess,
                said!(
                    "its interface is of {maker}, who makes mostly these",
                    "son interface est de {maker}, qui en fabrique surtout"
                ),
            );
        }
    }
}

/// The last resort: how it behaves on the network.
fn by_habit(profile: &Profile, votes: &mut Votes) {
    let os = profile.words.iter().find(|(key, value, ..)| *key == FactKey::Os && value.contains("windows"));
    if let Some((_, value, protocol, _)) = os {
        votes.add(
            Role::Workstation,
            20,
            Confidence::Likely,
            said!("{protocol} says that it runs {value}", "{protocol} dit qu'elle tourne sous {value}"),
        );
        return;
    }
    let clients: Vec<&str> = profile
        .deeds
        .iter()
        .filter(|(id, deeds)| {
            deeds.asks > 0
                && matches!(
                    id.as_str(),
                    "http" | "tls" | "smb" | "rdp" | "ssh" | "dns" | "kerberos" | "ldap" | "quic" | "nbns" | "llmnr"
                )
        })
        .map(|(id, _)| id.as_str())
        .collect();
    if clients.len() >= 2 || (!clients.is_empty() && clients[0] != "dns") {
        let list = clients.join(", ");
        votes.add(
            Role::Workstation,
            10,
            Confidence::Guess,
            said!("it uses {list} and offers nothing", "elle utilise {list} et n'offre rien"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(words: &[(FactKey, &str)]) -> Role {
        let words = words
            .iter()
            .map(|(key, value)| (*key, value.to_lowercase(), Text::from("test"), Confidence::Certain))
            .collect();
        roles(&Profile { words, ..Profile::default() })[0].role
    }

    #[test]
    fn what_devices_say_of_themselves_gives_their_role() {
        assert_eq!(best(&[(FactKey::OrderNumber, "6ES7 315-2EH14-0AB0")]), Role::Plc);
        assert_eq!(best(&[(FactKey::OrderNumber, "6ES7 155-6AU00-0BN0")]), Role::RemoteIo);
        assert_eq!(best(&[(FactKey::OrderNumber, "6GK5 208-0BA10-2AA3")]), Role::Switch);
        assert_eq!(best(&[(FactKey::Model, "1756-L61/B LOGIX5561")]), Role::Plc);
        assert_eq!(best(&[(FactKey::DeviceType, "human-machine interface")]), Role::Hmi);
        assert_eq!(best(&[(FactKey::Model, "TRICONEX 3008")]), Role::SafetyController);
        assert_eq!(best(&[(FactKey::Role, "bridge, router")]), Role::Switch);
        assert_eq!(best(&[(FactKey::Description, "user groups of backups")]), Role::Unknown);
    }
}
