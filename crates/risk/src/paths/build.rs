//! From a judgement to a graph: machines, their services, the subnets where somebody stands or reaches, the functions.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use model::{Asset, Importance, Judgement, Purdue, Role, Said, Text, Verb, nouns, number_of, said};

use super::graph::Graph;
use super::{Basis, Entry, EntryFound, Hop, INPUTS_MAX, Known, weights};
use crate::doors::{self, Door, role};

/// A technique of MITRE ATT&CK for ICS: id and name.
type Technique = (&'static str, &'static str);

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// An entry, by its number in [`Entry::ALL`].
    Entry(usize),
    /// A machine in wrong hands.
    Machine(usize),
    /// Somebody stands in the subnet.
    Present(usize),
    /// Packets of somebody elsewhere arrive in the subnet.
    Reached(usize),
    /// Somebody reaches the service: machine and place in its list.
    Service(usize, usize),
    /// Somebody does what they want to the process through the machine.
    Function(usize),
}

/// Why there is an edge.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Why {
    pub(super) basis: Basis,
    pub(super) technique: Technique,
    pub(super) what: Said,
}

/// A machine that is worth attacking.
pub(super) struct TargetNode {
    pub(super) asset: usize,
    pub(super) node: u32,
    pub(super) impact: f64,
}

/// The graph with what its parts mean.
pub(super) struct Built {
    pub(super) graph: Graph,
    pub(super) nodes: Vec<Node>,
    pub(super) why: Vec<Why>,
    pub(super) subnets: Vec<IpAddr>,
    pub(super) targets: Vec<TargetNode>,
    pub(super) entries: Vec<EntryFound>,
    pub(super) limits: Vec<Said>,
}

const MOVE: Technique = ("T0886", "Remote Services");
const EXPLOIT: Technique = ("T0866", "Exploitation of Remote Services");
const DEFAULT: Technique = ("T0812", "Default Credentials");
const ACCOUNT: Technique = ("T0859", "Valid Accounts");

/// Findings that make a takeover easier.
const OUTDATED: &[&str] = &["smb-version-1", "legacy-system", "ssh-old", "ntlm-version-1", "anonymous-access"];

pub(super) fn build(judgement: &Judgement, known: &Known) -> Built {
    let mut maker = Maker::new(judgement);
    maker.services(known);
    maker.seen();
    maker.subnets(known);
    maker.functions();
    maker.entries();
    maker.done(known)
}

struct Maker<'a> {
    judgement: &'a Judgement,
    numbers: BTreeMap<&'a str, usize>,
    built: Built,
    machines: Vec<u32>,
    /// Node and door of each service of each machine.
    services: Vec<Vec<(u32, Door)>>,
    subnet_numbers: BTreeMap<IpAddr, usize>,
    homes: Vec<Vec<usize>>,
    present: Vec<u32>,
    reached: Vec<u32>,
    functions: Vec<Option<u32>>,
    /// Edges by protocol between machines, to find how a service is used: machine asked, protocol → edges.
    uses: BTreeMap<(usize, &'a str), Vec<usize>>,
}

impl<'a> Maker<'a> {
    fn new(judgement: &'a Judgement) -> Maker<'a> {
        let numbers: BTreeMap<&str, usize> =
            judgement.assets.iter().enumerate().map(|(number, asset)| (asset.id.as_str(), number)).collect();
        let built = Built {
            graph: Graph::default(),
            nodes: (0..Entry::ALL.len()).map(Node::Entry).collect(),
            why: Vec::new(),
            subnets: Vec::new(),
            targets: Vec::new(),
            entries: Vec::new(),
            limits: Vec::new(),
        };
        let mut maker = Maker {
            judgement,
            numbers,
            built,
            machines: Vec::new(),
            services: Vec::new(),
            subnet_numbers: BTreeMap::new(),
            homes: Vec::new(),
            present: Vec::new(),
            reached: Vec::new(),
            functions: Vec::new(),
            uses: BTreeMap::new(),
        };
        for (number, asset) in judgement.assets.iter().enumerate() {
            let node = maker.node(Node::Machine(number));
            maker.machines.push(node);
            let mut homes = Vec::new();
            for subnet in doors::subnets(asset).into_iter().filter(|_| !asset.is_external) {
                let next = maker.subnet_numbers.len();
                homes.push(*maker.subnet_numbers.entry(subnet).or_insert(next));
            }
            maker.homes.push(homes);
        }
        maker.built.subnets = vec![IpAddr::from([0, 0, 0, 0]); maker.subnet_numbers.len()];
        for (subnet, number) in &maker.subnet_numbers {
            maker.built.subnets[*number] = *subnet;
        }
        for number in 0..maker.subnet_numbers.len() {
            let (present, reached) = (maker.node(Node::Present(number)), maker.node(Node::Reached(number)));
            maker.present.push(present);
            maker.reached.push(reached);
        }
        for (number, asset) in judgement.assets.iter().enumerate() {
            let function = is_target(asset).then(|| maker.node(Node::Function(number)));
            maker.functions.push(function);
            if let Some(node) = function {
                let impact = weights::impact(asset.criticality.importance);
                maker.built.targets.push(TargetNode { asset: number, node, impact });
            }
        }
        for (number, edge) in judgement.edges.iter().enumerate() {
            if let Some(to) = maker.numbers.get(edge.to.as_str()) {
                maker.uses.entry((*to, edge.protocol.as_str())).or_default().push(number);
            }
        }
        maker
    }

    fn node(&mut self, node: Node) -> u32 {
        self.built.nodes.push(node);
        self.built.nodes.len() as u32 - 1
    }

    fn edge(&mut self, from: u32, to: u32, likelihood: f64, basis: Basis, technique: Technique, what: Said) {
        self.built.graph.add(from, to, likelihood.clamp(0.0, 1.0));
        self.built.why.push(Why { basis, technique, what });
    }

    /// A node for each service, and what reaching it gives.
    fn services(&mut self, known: &Known) {
        let mut weak: BTreeMap<usize, Vec<(&str, &str, f64)>> = BTreeMap::new();
        let names = self.names();
        for point in known.weak.iter().take(INPUTS_MAX) {
            if let Some(number) = names.get(point.asset.as_str()) {
                weak.entry(*number).or_default().push((&point.protocol, &point.name, point.likelihood));
            }
        }
        let mut findings: BTreeMap<usize, Vec<(&str, &str)>> = BTreeMap::new();
        for ranked in &self.judgement.findings {
            if let Some(number) = ranked.to_asset.as_ref().and_then(|id| self.numbers.get(id.as_str())) {
                findings.entry(*number).or_default().push((&ranked.finding.detector, &ranked.finding.protocol));
            }
        }
        for number in 0..self.judgement.assets.len() {
            let asset = &self.judgement.assets[number];
            let mut list = Vec::new();
            for (place, service) in asset.services.iter().enumerate() {
                let door = doors::of(&service.protocol);
                let node = self.node(Node::Service(number, place));
                list.push((node, door));
                if door == Door::Network || asset.is_external {
                    continue;
                }
                let has = |ids: &[&str]| {
                    findings.get(&number).is_some_and(|found| {
                        found.iter().any(|(id, protocol)| {
                            ids.contains(id) && (protocol.is_empty() || *protocol == service.protocol)
                        })
                    })
                };
                let (name, protocol) = (&asset.name, if service.protocol.is_empty() { "?" } else { &service.protocol });
                // The machine itself.
                let mut best = match door {
                    Door::Remote if has(&["default-credentials"]) => (
                        weights::DEFAULT_PASSWORD,
                        DEFAULT,
                        said!(
                            "log in to {name} by {protocol} with a published default password",
                            "ouvrir une session sur {name} par {protocol} avec un mot de passe d'usine publié"
                        ),
                    ),
                    Door::Remote
                        if has(&["clear-text-credentials"])
                            || matches!(service.protocol.as_str(), "telnet" | "rlogin") =>
                    {
                        (
                            weights::CLEAR_PASSWORD,
                            ACCOUNT,
                            said!(
                                "log in to {name} by {protocol}: its password crosses the network in clear",
                                "ouvrir une session sur {name} par {protocol} : son mot de passe passe en clair sur le réseau"
                            ),
                        )
                    }
                    Door::Remote => (
                        weights::UNKNOWN_PASSWORD,
                        MOVE,
                        said!(
                            "log in to {name} by {protocol} with a stolen or guessed account",
                            "ouvrir une session sur {name} par {protocol} avec un compte volé ou deviné"
                        ),
                    ),
                    _ if has(&["default-credentials"]) => (
                        weights::DEFAULT_PASSWORD / 2.0,
                        DEFAULT,
                        said!(
                            "configure {name} by {protocol} with a published default password",
                            "configurer {name} par {protocol} avec un mot de passe d'usine publié"
                        ),
                    ),
                    _ if has(OUTDATED) => (
                        weights::OUTDATED,
                        EXPLOIT,
                        said!("exploit the outdated {protocol} of {name}", "exploiter le {protocol} dépassé de {name}"),
                    ),
                    _ => (
                        weights::UNKNOWN_HOLE,
                        EXPLOIT,
                        said!(
                            "exploit an unknown hole of {protocol} on {name}",
                            "exploiter une faille inconnue de {protocol} sur {name}"
                        ),
                    ),
                };
                for (protocol, weakness, likelihood) in weak.get(&number).into_iter().flatten() {
                    if (protocol.is_empty() || *protocol == service.protocol) && *likelihood > best.0 {
                        let what = said!("exploit {weakness} on {name}", "exploiter {weakness} sur {name}");
                        best = (*likelihood, EXPLOIT, what);
                    }
                }
                self.edge(node, self.machines[number], best.0, Basis::Observed, best.1, best.2);
                // Its function.
                if let (Some(function), Door::Process | Door::GuardedProcess) = (self.functions[number], door) {
                    let likelihood = match door {
                        Door::Process => weights::OPEN_PROTOCOL,
                        _ if has(&["opcua-without-security"]) => weights::UNGUARDED_PROTOCOL,
                        _ => weights::GUARDED_PROTOCOL,
                    };
                    let (technique, what) = self.deed(number, &service.protocol, door == Door::Process);
                    self.edge(node, function, likelihood, Basis::Observed, technique, what);
                }
            }
            self.services.push(list);
        }
    }

    /// The worst that was seen done to a machine over a protocol, as what an attacker would do.
    fn deed(&self, number: usize, protocol: &str, is_open: bool) -> (Technique, Said) {
        let verbs: BTreeSet<Verb> = self
            .uses
            .get(&(number, protocol))
            .into_iter()
            .flatten()
            .flat_map(|edge| self.judgement.edges[*edge].verbs.iter().map(|(verb, _)| *verb))
            .collect();
        let has = |verb: Verb| verbs.contains(&verb);
        let name = &self.judgement.assets[number].name;
        let how = if is_open {
            said!("without a password", "sans mot de passe")
        } else {
            said!("with its login", "avec sa session")
        };
        match () {
            () if has(Verb::Firmware) => (
                ("T0857", "System Firmware"),
                said!(
                    "replace the firmware of {name} by {protocol}, {how}",
                    "remplacer le micrologiciel de {name} par {protocol}, {how}",
                    how = how
                ),
            ),
            () if has(Verb::Program) => (
                ("T0843", "Program Download"),
                said!(
                    "load another program into {name} by {protocol}, {how}",
                    "charger un autre programme dans {name} par {protocol}, {how}",
                    how = how
                ),
            ),
            () if has(Verb::Stop) || has(Verb::Mode) => (
                ("T0858", "Change Operating Mode"),
                said!("stop {name} by {protocol}, {how}", "arrêter {name} par {protocol}, {how}", how = how),
            ),
            () if has(Verb::Operate) => (
                ("T0855", "Unauthorized Command Message"),
                said!(
                    "give commands to {name} by {protocol}, {how}",
                    "donner des ordres à {name} par {protocol}, {how}",
                    how = how
                ),
            ),
            () if has(Verb::Write) || has(Verb::Configure) => (
                ("T0836", "Modify Parameter"),
                said!(
                    "change set points of {name} by {protocol}, {how}",
                    "modifier des consignes de {name} par {protocol}, {how}",
                    how = how
                ),
            ),
            () => (
                ("T0855", "Unauthorized Command Message"),
                said!(
                    "command {name} by {protocol}, {how} (only reads were seen)",
                    "commander {name} par {protocol}, {how} (seules des lectures ont été vues)",
                    how = how
                ),
            ),
        }
    }

    /// Ways that were seen.
    fn seen(&mut self) {
        for number in 0..self.judgement.edges.len() {
            let edge = &self.judgement.edges[number];
            if edge.is_group || (edge.conversations == 0 && edge.acts == 0) {
                continue;
            }
            let (Some(from), Some(to)) = (self.numbers.get(edge.from.as_str()), self.numbers.get(edge.to.as_str()))
            else {
                continue;
            };
            let (from, to) = (*from, *to);
            if from == to || self.judgement.assets[from].is_external {
                continue;
            }
            let (a, b) = (&self.judgement.assets[from].name, &self.judgement.assets[to].name);
            let protocol = &edge.protocol;
            let ways: Vec<u32> = self.judgement.assets[to]
                .services
                .iter()
                .enumerate()
                .filter(|(_, service)| {
                    service.protocol == *protocol
                        && (edge.ports.is_empty() || service.port.is_none_or(|port| edge.ports.contains(&port)))
                })
                .map(|(place, _)| self.services[to][place])
                .filter(|(_, door)| *door != Door::Network)
                .map(|(node, _)| node)
                .collect();
            for node in ways {
                let what = said!("{a} uses {protocol} of {b}", "{a} utilise {protocol} de {b}");
                self.edge(self.machines[from], node, weights::SEEN, Basis::Observed, MOVE, what);
            }
            // Who holds the station of an operator needs no login of their own.
            if let (Some(function), Door::GuardedProcess) = (self.functions[to], doors::of(protocol)) {
                let what = said!(
                    "act on {b} through {a}, which may use {protocol}",
                    "agir sur {b} par {a}, qui a le droit d'utiliser {protocol}"
                );
                let technique = ("T0823", "Graphical User Interface");
                self.edge(self.machines[from], function, weights::LEGITIMATE_USER, Basis::Observed, technique, what);
            }
        }
    }

    /// Ways within subnets, and between them.
    fn subnets(&mut self, known: &Known) {
        for number in 0..self.judgement.assets.len() {
            for home in self.homes[number].clone() {
                let (name, subnet) =
                    (&self.judgement.assets[number].name, doors::subnet_text(self.built.subnets[home]));
                let what = said!("{name} stands in {subnet}", "{name} se trouve dans {subnet}");
                self.edge(self.machines[number], self.present[home], 1.0, Basis::Observed, MOVE, what);
                let name = name.clone();
                for place in 0..self.services[number].len() {
                    let (node, door) = self.services[number][place];
                    if door == Door::Network {
                        continue;
                    }
                    let service = &self.judgement.assets[number].services[place];
                    let protocol = if service.protocol.is_empty() { "?" } else { service.protocol.as_str() };
                    let what = said!(
                        "nothing seen keeps {subnet} from {protocol} of {name}",
                        "rien de visible ne sépare {subnet} de {protocol} de {name}"
                    );
                    self.edge(self.present[home], node, weights::SAME_SUBNET, Basis::Possible, MOVE, what.clone());
                    self.edge(self.reached[home], node, weights::SAME_SUBNET, Basis::Guess, MOVE, what);
                }
            }
        }
        match &known.reach {
            Some(allowed) => self.declared(allowed),
            None => self.guessed(),
        }
    }

    /// Ways between subnets that talk, where no configuration says what is allowed.
    fn guessed(&mut self) {
        let mut talk: BTreeSet<(usize, usize)> = BTreeSet::new();
        for edge in self.judgement.edges.iter().filter(|edge| !edge.is_group && edge.conversations > 0) {
            let (Some(from), Some(to)) = (self.numbers.get(edge.from.as_str()), self.numbers.get(edge.to.as_str()))
            else {
                continue;
            };
            for a in &self.homes[*from] {
                talk.extend(self.homes[*to].iter().filter(|b| a != *b).map(|b| (*a, *b)));
            }
        }
        for (a, b) in talk {
            let (here, there) = (doors::subnet_text(self.built.subnets[a]), doors::subnet_text(self.built.subnets[b]));
            let what = said!(
                "{here} talks to {there}: what else passes is a guess",
                "{here} parle à {there} : ce qui passe d'autre est une supposition"
            );
            self.edge(self.present[a], self.reached[b], weights::ROUTED_GUESS, Basis::Guess, MOVE, what);
        }
    }

    /// Ways that configurations allow.
    fn declared(&mut self, allowed: &[super::Allowed]) {
        let mut seen: BTreeSet<(usize, u32)> = BTreeSet::new();
        for rule in allowed.iter().take(INPUTS_MAX) {
            let from: Vec<usize> = (0..self.built.subnets.len())
                .filter(|subnet| overlaps(self.built.subnets[*subnet], &rule.from))
                .collect();
            if from.is_empty() {
                continue;
            }
            for number in 0..self.judgement.assets.len() {
                let asset = &self.judgement.assets[number];
                if !doors::ips(asset).any(|ip| doors::is_in(ip, &rule.to).is_some()) {
                    continue;
                }
                for place in 0..self.services[number].len() {
                    let (node, door) = self.services[number][place];
                    let service = &asset.services[place];
                    let is_open = rule.ports.is_empty()
                        || service.port.is_some_and(|port| {
                            rule.ports.iter().any(|(first, last)| (*first..=*last).contains(&port))
                        });
                    if door == Door::Network || !is_open {
                        continue;
                    }
                    for subnet in &from {
                        if self.homes[number].contains(subnet) || !seen.insert((*subnet, node)) {
                            continue;
                        }
                        let (here, name, protocol) =
                            (doors::subnet_text(self.built.subnets[*subnet]), &asset.name, &service.protocol);
                        let what = said!(
                            "the configuration lets {here} reach {protocol} of {name}",
                            "la configuration laisse {here} atteindre {protocol} de {name}"
                        );
                        self.edge(self.present[*subnet], node, weights::DECLARED, Basis::Declared, MOVE, what);
                    }
                }
            }
        }
    }

    /// Who holds a machine holds its function.
    fn functions(&mut self) {
        for number in 0..self.judgement.assets.len() {
            if let Some(function) = self.functions[number] {
                let name = &self.judgement.assets[number].name;
                let what = said!("act on the process with {name}", "agir sur le procédé avec {name}");
                let technique = ("T0831", "Manipulation of Control");
                self.edge(self.machines[number], function, weights::LEGITIMATE_USER, Basis::Observed, technique, what);
            }
        }
    }

    fn entries(&mut self) {
        let mut ways = [0_u32; 4];
        let controllers: BTreeSet<usize> = (0..self.judgement.assets.len())
            .filter(|number| role(&self.judgement.assets[*number]).is_controller())
            .flat_map(|number| self.homes[number].clone())
            .collect();
        let mut go_out: BTreeSet<usize> = BTreeSet::new();
        let mut from_outside: BTreeSet<(usize, usize)> = BTreeSet::new();
        for edge in self.judgement.edges.iter().filter(|edge| !edge.is_group && edge.conversations > 0) {
            let (Some(from), Some(to)) = (self.numbers.get(edge.from.as_str()), self.numbers.get(edge.to.as_str()))
            else {
                continue;
            };
            let outside = |number: usize| is_outside(&self.judgement.assets[number]);
            if outside(*from) && !outside(*to) {
                for (place, service) in self.judgement.assets[*to].services.iter().enumerate() {
                    if service.protocol == edge.protocol && self.services[*to][place].1 != Door::Network {
                        from_outside.insert((*to, place));
                    }
                }
            }
            if outside(*to)
                && !outside(*from)
                && matches!(edge.protocol.as_str(), "http" | "tls" | "quic" | "smtp" | "imap" | "pop3" | "ftp")
            {
                go_out.insert(*from);
            }
        }
        for (number, place) in &from_outside {
            let (node, door) = self.services[*number][*place];
            let asset = &self.judgement.assets[*number];
            let (name, protocol) = (&asset.name, &asset.services[*place].protocol);
            ways[0] += 1;
            let what = said!(
                "{protocol} of {name} is reached from outside",
                "{protocol} de {name} est atteint de l'extérieur"
            );
            self.edge(
                0,
                node,
                weights::INTERNET_SERVICE,
                Basis::Observed,
                ("T0883", "Internet Accessible Device"),
                what,
            );
            if door == Door::Remote {
                ways[2] += 1;
                let what = said!(
                    "misuse the remote access to {name} by {protocol}",
                    "détourner l'accès à distance à {name} par {protocol}"
                );
                self.edge(
                    2,
                    self.machines[*number],
                    weights::VENDOR,
                    Basis::Observed,
                    ("T0822", "External Remote Services"),
                    what,
                );
            }
        }
        for number in go_out {
            let name = &self.judgement.assets[number].name;
            ways[0] += 1;
            let what =
                said!("deceive who uses web or mail on {name}", "tromper qui utilise le web ou le courriel sur {name}");
            self.edge(
                0,
                self.machines[number],
                weights::INTERNET_PERSON,
                Basis::Observed,
                ("T0865", "Spearphishing Attachment"),
                what,
            );
        }
        for number in 0..self.judgement.assets.len() {
            let asset = &self.judgement.assets[number];
            if asset.is_external {
                continue;
            }
            let name = asset.name.clone();
            let uses_tool = asset
                .uses
                .iter()
                .chain(&asset.services)
                .any(|service| matches!(service.protocol.as_str(), "teamviewer" | "anydesk"));
            if uses_tool {
                ways[2] += 1;
                let what = said!("misuse the remote maintenance of {name}", "détourner la télémaintenance de {name}");
                self.edge(
                    2,
                    self.machines[number],
                    weights::VENDOR,
                    Basis::Observed,
                    ("T0822", "External Remote Services"),
                    what,
                );
            }
            if asset.purdue.level == Purdue::Enterprise
                && !is_outside(asset)
                && matches!(
                    role(asset),
                    Role::Workstation
                        | Role::Server
                        | Role::Unknown
                        | Role::Mobile
                        | Role::FileServer
                        | Role::WebServer
                        | Role::MailServer
                )
            {
                ways[1] += 1;
                let what = said!(
                    "{name}, a computer of the office, is in wrong hands",
                    "{name}, un ordinateur de bureau, est en de mauvaises mains"
                );
                self.edge(
                    1,
                    self.machines[number],
                    weights::OFFICE,
                    Basis::Observed,
                    ("T0865", "Spearphishing Attachment"),
                    what,
                );
            }
            if role(asset) == Role::EngineeringStation {
                ways[3] += 1;
                let what = said!("bring a memory stick to {name}", "apporter une clé USB à {name}");
                self.edge(
                    3,
                    self.machines[number],
                    weights::MEDIA,
                    Basis::Possible,
                    ("T0847", "Replication Through Removable Media"),
                    what,
                );
            }
        }
        for subnet in controllers {
            let place = doors::subnet_text(self.built.subnets[subnet]);
            ways[3] += 1;
            let what = said!("plug a laptop into {place}", "brancher un portable dans {place}");
            self.edge(
                3,
                self.present[subnet],
                weights::LAPTOP,
                Basis::Possible,
                ("T0864", "Transient Cyber Asset"),
                what,
            );
        }
        let number = |ways: u32, noun| number_of(ways, noun);
        let says = [
            said!(
                "{n} through which the Internet comes in: services reached from outside, machines that use web or mail",
                "{n} par lesquels Internet entre : services atteints de l'extérieur, machines qui utilisent le web ou le courriel",
                n = number(ways[0], WAYS)
            ),
            said!("{n} of the office", "{n} du bureau", n = number(ways[1], nouns::MACHINES)),
            said!(
                "{n} of remote access that were seen in use",
                "{n} d'accès à distance vus en usage",
                n = number(ways[2], WAYS)
            ),
            said!(
                "{n} where a laptop or a memory stick can be brought in: engineering stations, subnets with controllers",
                "{n} où un portable ou une clé USB peut être apporté : stations d'ingénierie, sous-réseaux d'automates",
                n = number(ways[3], WAYS)
            ),
        ];
        for ((entry, ways), why) in Entry::ALL.iter().zip(ways).zip(says) {
            self.built.entries.push(EntryFound { entry: *entry, ways, why });
        }
    }

    /// Machines by everything by which one may name them.
    fn names(&self) -> BTreeMap<String, usize> {
        let mut names = BTreeMap::new();
        for (number, asset) in self.judgement.assets.iter().enumerate() {
            let ips = doors::ips(asset).map(|ip| ip.to_string());
            for name in std::iter::once(asset.id.to_string())
                .chain(asset.names.iter().map(|name| name.to_string()))
                .chain([asset.name.to_string()])
                .chain(ips)
            {
                names.entry(name).or_insert(number);
            }
        }
        names
    }

    fn done(mut self, known: &Known) -> Built {
        let nodes = self.built.nodes.len() as u32;
        self.built.graph.close(nodes);
        let limits = &mut self.built.limits;
        if known.reach.is_none() {
            limits.push(said!(
                "no configuration of a firewall or router was given: ways between subnets are guessed from the subnets that talk",
                "aucune configuration de pare-feu ou de routeur n'a été donnée : les chemins entre sous-réseaux sont supposés d'après ceux qui se parlent"
            ));
        }
        if known.weak.is_empty() {
            limits.push(said!(
                "no list of vulnerabilities was given: only weaknesses seen in the traffic count",
                "aucune liste de vulnérabilités n'a été donnée : seules comptent les faiblesses vues dans le trafic"
            ));
        }
        limits.push(said!(
            "likelihoods are weights that order paths, not measured frequencies; services that nobody used while this was recorded are missing",
            "les vraisemblances sont des poids qui classent les chemins, pas des fréquences mesurées ; les services inutilisés pendant l'enregistrement manquent"
        ));
        self.built
    }
}

const WAYS: model::Noun = model::Noun { en: ("way", "ways"), fr: ("chemin", "chemins") };

/// Whether the machine stands outside: on the Internet, or where nobody knows.
pub(super) fn is_outside(asset: &Asset) -> bool {
    asset.is_external || asset.purdue.level == Purdue::Outside || doors::ips(asset).next().is_some_and(is_documentation)
}

/// Addresses for examples (RFC 5737) stand for public ones in captures made for tests.
fn is_documentation(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V4(ip) if ip.is_documentation())
}

/// Whether the function of a machine is worth attacking.
fn is_target(asset: &Asset) -> bool {
    let role = role(asset);
    let acts_on_process = role.is_controller()
        || matches!(role, Role::Drive | Role::RemoteIo | Role::Robot | Role::Gateway | Role::ScadaServer | Role::Hmi);
    acts_on_process && asset.criticality.importance >= Importance::High && !asset.is_external
}

fn overlaps(subnet: IpAddr, prefix: &str) -> bool {
    let base = prefix.split('/').next().and_then(|base| base.parse::<IpAddr>().ok());
    doors::is_in(subnet, prefix).is_some() || base.is_some_and(|base| doors::subnet(base) == subnet)
}

impl Built {
    fn name(&self, judgement: &Judgement, node: u32) -> (Text, Text) {
        let machine = |number: usize| (judgement.assets[number].name.clone(), judgement.assets[number].id.clone());
        match self.nodes[node as usize] {
            Node::Entry(number) => (Text::from(Entry::ALL[number].as_str()), Text::default()),
            Node::Machine(number) | Node::Service(number, _) | Node::Function(number) => machine(number),
            Node::Present(subnet) | Node::Reached(subnet) => {
                (Text::from(doors::subnet_text(self.subnets[subnet])), Text::default())
            }
        }
    }

    /// A path as steps for people: standing in a subnet and arriving at a service are no steps of their own.
    pub(super) fn hops(&self, judgement: &Judgement, path: &[u32]) -> Vec<Hop> {
        let mut hops: Vec<Hop> = Vec::new();
        let mut start = path.first().map_or(0, |edge| self.graph.edges[*edge as usize].from);
        let (mut likelihood, mut basis) = (1.0, Basis::Observed);
        for number in path {
            let (edge, why) = (self.graph.edges[*number as usize], &self.why[*number as usize]);
            likelihood *= edge.likelihood;
            basis = basis.max(why.basis);
            let from_entry = matches!(self.nodes[edge.from as usize], Node::Entry(_));
            let is_on_the_way =
                matches!(self.nodes[edge.to as usize], Node::Service(..) | Node::Reached(_) | Node::Present(_));
            if is_on_the_way && !from_entry {
                continue;
            }
            let service = match (self.nodes[edge.from as usize], self.nodes[edge.to as usize]) {
                (Node::Service(machine, place), _) | (_, Node::Service(machine, place)) => {
                    judgement.assets[machine].services.get(place)
                }
                _ => None,
            };
            let (to, asset) = self.name(judgement, edge.to);
            hops.push(Hop {
                from: self.name(judgement, start).0,
                to,
                asset,
                protocol: service.map(|service| service.protocol.clone()).unwrap_or_default(),
                port: service.and_then(|service| service.port),
                basis,
                technique: why.technique,
                what: why.what.clone(),
                likelihood,
            });
            (start, likelihood, basis) = (edge.to, 1.0, Basis::Observed);
        }
        hops
    }
}
