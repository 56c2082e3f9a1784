//! Declared against observed: what is missing, what nobody declared, what differs, and what passes though it is forbidden.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::net::IpAddr;

use model::{Asset, FactKey, Judgement, Language, Mac, Said, Severity, Text, said, words};
use serde::Serialize;

use crate::{Action, Declared, Machine};

words! {
    /// Kinds of differences.
    pub enum Kind {
        /// Declared, and not seen.
        Missing = "missing",
        /// Seen, and not declared.
        Undeclared = "undeclared",
        /// Both, and not the same.
        Differs = "differs",
        /// Seen passing, though a configuration stops it.
        Forbidden = "forbidden",
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Which kind.
    pub kind: Kind,
    /// How much it matters.
    pub severity: Severity,
    /// Id of the machine seen; empty where none was.
    pub asset: Text,
    /// Name of the machine.
    pub name: String,
    /// Field that differs; empty where the whole machine does.
    pub field: &'static str,
    /// What is declared.
    pub declared: String,
    /// What was seen.
    pub observed: String,
    /// Where it is declared.
    pub place: String,
    /// The difference in a sentence.
    pub what: Said,
}

/// All differences, the worst first.
pub fn compare(declared: &Declared, judgement: &Judgement) -> Vec<Difference> {
    let index = Index::new(judgement);
    let mut seen: BTreeSet<usize> = BTreeSet::new();
    let mut out = Vec::new();
    let mut declares_machines = false;
    for machine in &declared.machines {
        // Kinds of devices (EDS, GSDML) have neither name nor address.
        if machine.name.is_empty() && machine.ips.is_empty() && machine.macs.is_empty() && machine.serial.is_empty() {
            continue;
        }
        declares_machines = true;
        let name = if machine.name.is_empty() {
            machine.ips.first().map(IpAddr::to_string).unwrap_or_default()
        } else {
            machine.name.clone()
        };
        match index.find(machine) {
            Some(number) => {
                seen.insert(number);
                fields(machine, &name, &judgement.assets[number], &mut out);
            }
            None => out.push(Difference {
                kind: Kind::Missing,
                severity: Severity::Low,
                asset: Text::default(),
                field: "",
                declared: machine.ips.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(" "),
                observed: String::new(),
                place: machine.place.clone(),
                what: said!("{name} is declared and was not seen", "{name} est déclarée et n'a pas été vue"),
                name,
            }),
        }
    }
    for (number, asset) in judgement
        .assets
        .iter()
        .enumerate()
        .filter(|(_, asset)| declares_machines && !asset.is_external && !asset.is_hearsay)
    {
        if !seen.contains(&number) {
            let (name, role) =
                (asset.name.to_string(), asset.roles.first().map_or(model::Role::Unknown, |claim| claim.role));
            let severity = if role.is_industrial() { Severity::High } else { Severity::Medium };
            let ips: Vec<String> = asset.interfaces.iter().flat_map(|i| &i.ips).map(IpAddr::to_string).collect();
            let what = said!(
                "{name} ({role}) was seen and is declared nowhere",
                "{name} ({role}) a été vue et n'est déclarée nulle part",
                role = role
            );
            out.push(Difference {
                kind: Kind::Undeclared,
                severity,
                asset: asset.id.clone(),
                name,
                field: "",
                declared: String::new(),
                observed: ips.join(" "),
                place: String::new(),
                what,
            });
        }
    }
    forbidden(declared, judgement, &mut out);
    out.sort_by(|a, b| {
        (b.severity, a.kind, &a.name, a.field, &a.place).cmp(&(a.severity, b.kind, &b.name, b.field, &b.place))
    });
    out
}

struct Index<'a> {
    ips: BTreeMap<IpAddr, usize>,
    macs: BTreeMap<Mac, usize>,
    names: BTreeMap<String, usize>,
    serials: BTreeMap<String, usize>,
    judgement: &'a Judgement,
}

impl<'a> Index<'a> {
    fn new(judgement: &'a Judgement) -> Index<'a> {
        let mut index = Index {
            ips: BTreeMap::new(),
            macs: BTreeMap::new(),
            names: BTreeMap::new(),
            serials: BTreeMap::new(),
            judgement,
        };
        for (number, asset) in judgement.assets.iter().enumerate() {
            for interface in &asset.interfaces {
                for ip in &interface.ips {
                    index.ips.entry(*ip).or_insert(number);
                }
                if let Some(mac) = interface.mac {
                    index.macs.entry(mac).or_insert(number);
                }
            }
            for name in asset.names.iter().chain([&asset.name]) {
                index.names.entry(name.to_lowercase().to_string()).or_insert(number);
            }
            if let Some(serial) = believed(asset, FactKey::Serial) {
                index.serials.entry(plain(serial)).or_insert(number);
            }
        }
        index
    }

    /// By hardware address first, then address, serial number and name.
    fn find(&self, machine: &Machine) -> Option<usize> {
        let _ = self.judgement;
        machine
            .macs
            .iter()
            .find_map(|mac| self.macs.get(mac))
            .or_else(|| machine.ips.iter().find_map(|ip| self.ips.get(ip)))
            .or_else(|| self.serials.get(&plain(&machine.serial)).filter(|_| !machine.serial.is_empty()))
            .or_else(|| self.names.get(&machine.name.to_lowercase()).filter(|_| !machine.name.is_empty()))
            .copied()
    }
}

fn believed(asset: &Asset, key: FactKey) -> Option<&str> {
    asset.attributes.iter().find(|attribute| attribute.key == key).map(|attribute| attribute.value.as_str())
}

/// Letters and digits alone, in capitals: `6ES7 214-1AG40-0XB0` and `6ES72141AG400XB0` are the same.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// Whether two versions may be the same: numbers in order, where one may say less than the other.
fn same_version(a: &str, b: &str) -> bool {
    let numbers = |text: &str| -> Vec<u64> {
        text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
    };
    let (a, b) = (numbers(a), numbers(b));
    a.iter().zip(&b).all(|(a, b)| a == b) && !a.is_empty() && !b.is_empty()
}

fn fields(machine: &Machine, name: &str, asset: &Asset, out: &mut Vec<Difference>) {
    let mut differs = |field: &'static str, nom: &str, severity: Severity, declared: &str, observed: &str| {
        out.push(Difference {
            kind: Kind::Differs,
            severity,
            asset: asset.id.clone(),
            name: name.to_owned(),
            field,
            declared: declared.to_owned(),
            observed: observed.to_owned(),
            place: machine.place.clone(),
            what: said!(
                "{name}: {field} is declared as {declared} and was seen as {observed}",
                "{name} : {nom} déclaré {declared}, vu {observed}"
            ),
        });
    };
    for (field, nom, key, declared, severity) in [
        ("order number", "numéro de commande", FactKey::OrderNumber, &machine.order_number, Severity::Medium),
        ("serial number", "numéro de série", FactKey::Serial, &machine.serial, Severity::Medium),
        ("vendor", "fabricant", FactKey::Vendor, &machine.vendor, Severity::Low),
    ] {
        if let (Some(observed), false) = (believed(asset, key), declared.is_empty()) {
            let (a, b) = (plain(declared), plain(observed));
            if !a.contains(&b) && !b.contains(&a) {
                differs(field, nom, severity, declared, observed);
            }
        }
    }
    if let (Some(observed), false) = (believed(asset, FactKey::Firmware), machine.firmware.is_empty())
        && !same_version(&machine.firmware, observed)
    {
        differs("firmware", "micrologiciel", Severity::Medium, &machine.firmware, observed);
    }
    let seen: Vec<IpAddr> = asset.interfaces.iter().flat_map(|interface| &interface.ips).copied().collect();
    if !machine.ips.is_empty() && !seen.is_empty() && !machine.ips.iter().any(|ip| seen.contains(ip)) {
        let list = |ips: &[IpAddr]| ips.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(" ");
        differs("address", "adresse", Severity::Medium, &list(&machine.ips), &list(&seen));
    }
    let macs: Vec<Mac> = asset.interfaces.iter().filter_map(|interface| interface.mac).collect();
    if !machine.macs.is_empty() && !macs.is_empty() && !machine.macs.iter().any(|mac| macs.contains(mac)) {
        let list = |macs: &[Mac]| macs.iter().map(Mac::to_string).collect::<Vec<_>>().join(" ");
        differs("hardware address", "adresse matérielle", Severity::High, &list(&machine.macs), &list(&macs));
    }
    if let (Some(program), false) = (believed(asset, FactKey::Program), machine.programs.is_empty())
        && !machine.programs.iter().any(|declared| plain(declared) == plain(program))
    {
        differs("program", "programme", Severity::High, &machine.programs.join(" "), program);
    }
}

/// What passed though a configuration stops it. A list stands before some subnets only: a conversation that it does not
/// carry is judged by no list that could carry it, so only explicit rules count, never the default.
fn forbidden(declared: &Declared, judgement: &Judgement, out: &mut Vec<Difference>) {
    if declared.walls.is_empty() {
        return;
    }
    let assets: BTreeMap<&str, &Asset> = judgement.assets.iter().map(|asset| (asset.id.as_str(), asset)).collect();
    for edge in judgement.edges.iter().filter(|edge| !edge.is_group && edge.conversations > 0) {
        let (Some(from), Some(to)) = (assets.get(edge.from.as_str()), assets.get(edge.to.as_str())) else { continue };
        let ip = |asset: &Asset| {
            asset.interfaces.iter().flat_map(|interface| &interface.ips).find(|ip| ip.is_ipv4()).copied()
        };
        let (Some(a), Some(b)) = (ip(from), ip(to)) else { continue };
        for port in &edge.ports {
            let transport = to
                .services
                .iter()
                .find(|service| service.port == Some(*port))
                .map_or("tcp", |service| service.transport.as_str());
            for wall in &declared.walls {
                let (Action::Deny, Some(rule)) = wall.decide(a, b, transport, *port) else { continue };
                let (here, there, protocol) = (&from.name, &to.name, &edge.protocol);
                out.push(Difference {
                    kind: Kind::Forbidden,
                    severity: Severity::High,
                    asset: edge.to.clone(),
                    name: to.name.to_string(),
                    field: "reach",
                    declared: "deny".to_owned(),
                    observed: format!("{a} → {b} {transport}/{port}"),
                    place: rule.place.clone(),
                    what: said!(
                        "{here} reaches {protocol} of {there} (port {port}) though the configuration forbids it: there is another way, or it is not in force",
                        "{here} atteint {protocol} de {there} (port {port}) bien que la configuration l'interdise : il y a un autre chemin, ou elle n'est pas active"
                    ),
                });
            }
        }
    }
}

/// Differences as CSV.
pub fn to_csv(differences: &[Difference]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let _ = writer
        .write_record(["kind", "severity", "asset", "name", "field", "declared", "observed", "place", "what", "quoi"]);
    for row in differences {
        let cells = [
            row.kind.as_str(),
            row.severity.as_str(),
            &row.asset,
            &row.name,
            row.field,
            &row.declared,
            &row.observed,
            &row.place,
            &row.what.en,
            &row.what.fr,
        ];
        // A cell that begins like a formula must stay a text.
        let cells =
            cells.map(|cell| if cell.starts_with(['=', '+', '-', '@']) { format!("'{cell}") } else { cell.to_owned() });
        let _ = writer.write_record(&cells);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// Differences for people.
pub fn say(declared: &Declared, differences: &[Difference], language: Language) -> String {
    let say = |en: &'static str, fr: &'static str| if language == Language::Fr { fr } else { en };
    let clean = |text: &str| -> String {
        text.chars()
            .filter(|c| !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
            .take(400)
            .collect()
    };
    let mut out = String::new();
    for (name, format) in &declared.sources {
        let _ = writeln!(out, "{} ({format})", clean(name));
    }
    let rules: usize = declared.walls.iter().map(|wall| wall.rules.len()).sum();
    let _ = writeln!(
        out,
        "{}: {} · {}: {rules} · {}: {} · {}: {}\n",
        say("machines declared", "machines déclarées"),
        declared.machines.len(),
        say("rules", "règles"),
        say("switch ports", "ports de commutateur"),
        declared.plugs.len(),
        say("lines not understood", "lignes non comprises"),
        declared.unknown_count
    );
    for row in differences {
        let place = if row.place.is_empty() { String::new() } else { format!(" [{}]", clean(&row.place)) };
        let _ =
            writeln!(out, "  {:8}  {}{place}", language.of(row.severity.phrase()), clean(&language.said(&row.what)));
    }
    for unknown in &declared.unknown {
        let _ = writeln!(out, "  {}  {}: {}", say("unknown", "inconnu"), clean(&unknown.place), clean(&unknown.text));
    }
    let _ = writeln!(out, "\n{} {}", differences.len(), say("differences", "écarts"));
    out
}
