//! How good matching is, measured on the documents themselves: `quality ADVISORIES [show]`.
//!
//! Machines are made from product trees and written as protocols report them: Siemens order numbers with their space
//! (`6ES7 511-1AK00-0AB0`), Rockwell catalogue numbers with a series (`1756-L61/B`), references with spaces
//! (`BMX P34 2020`), model names where protocols report these. The names of advisories are never given to the matcher, except
//! for makers whose devices report exactly that (Moxa, WAGO, Mitsubishi …).
//!
//! The labels do not come from the matcher's own code: which products a machine is, is read from the raw JSON (equal order
//! numbers, equal texts) and from the table [`TRUTH`] here, written by hand; whether a version is inside is decided by twenty
//! lines of integer comparison over texts of the simplest form alone (`< V4.5`, `<= 2.1`, `>= 1 < 2`, `vers:all/*`).
//! Pairs of which another form decides are left out, and counted.
//!
//! What is measured: of pairs (machine, weakness) with a label, how many get a verdict; of the verdicts `affected`, how many
//! are right (precision, also against documents that do not name the machine at all); of the affected ones with a verdict,
//! how many are told (recall). Versions: for every simple bound one step below, at, and one step above it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Instant;

use advisories::{Answer, Catalogue, Machine};
use serde_json::Value;

/// Machines of families: vendor, order number, model as reported, and words that a product name of an advisory must have
/// (all of one alternative) to be this machine, with words that it must not have.
#[rustfmt::skip]
const TRUTH: &[(&str, &str, &str, &[&str], &[&str])] = &[
    ("Siemens", "6ES7 211-1AE40-0XB0", "CPU 1211C", &["S7-1200 CPU family"], &[]),
    ("Siemens", "6ES7 212-1BE40-0XB0", "CPU 1212C", &["S7-1200 CPU family"], &[]),
    ("Siemens", "6ES7 214-1AG40-0XB0", "CPU 1214C", &["S7-1200 CPU family"], &[]),
    ("Siemens", "6ES7 215-1BG40-0XB0", "CPU 1215C", &["S7-1200 CPU family"], &[]),
    ("Siemens", "6ES7 217-1AG40-0XB0", "CPU 1217C", &["S7-1200 CPU family"], &[]),
    ("Siemens", "6AG1 214-1AG40-2XB0", "", &["S7-1200 CPU family"], &[]),
    ("Siemens", "6ES7 511-1AK02-0AB0", "", &["S7-1500 CPU family", "6ES7511-1AK02-0AB0"], &[]),
    ("Siemens", "6ES7 516-3AN01-0AB0", "", &["S7-1500 CPU family", "6ES7516-3AN01-0AB0"], &[]),
    ("Siemens", "6ES7 512-1DK01-0AB0", "", &["S7-1500 CPU family (incl. related ET200", "6ES7512-1DK01-0AB0"], &[]),
    ("Siemens", "6ES7 315-2EH14-0AB0", "", &["S7-300 CPU family", "6ES7315-2EH14-0AB0"], &[]),
    ("Siemens", "6ES7 314-6EH04-0AB0", "", &["S7-300 CPU family", "6ES7314-6EH04-0AB0"], &[]),
    ("Siemens", "6ES7 151-8AB01-0AB0", "", &["S7-300 CPU family (incl. related ET200", "6ES7151-8AB01-0AB0"], &[]),
    ("Siemens", "6ES7 412-2EK07-0AB0", "", &["S7-400 PN/DP V7", "S7-400 CPU family", "6ES7412-2EK07-0AB0"], &[]),
    ("Siemens", "6ES7 410-5HX08-0AB0", "", &["S7-410 V8", "S7-410 CPU family"], &[]),
    ("Siemens", "6GK7 443-1GX30-0XE0", "", &["CP 443-1 Advanced", "6GK7443-1GX30-0XE0"], &[]),
    ("Siemens", "6GK7 343-1CX10-0XE0", "", &["CP 343-1 Lean", "6GK7343-1CX10-0XE0"], &[]),
    ("Siemens", "6GK7 243-1BX30-0XE0", "", &["CP 1243-1 (", "6GK7243-1BX30-0XE0"], &["DNP3", "IEC", "IRC"]),
    ("Siemens", "6GK7 542-6UX00-0XE0", "", &["CP 1542SP-1 (", "CP 1542SP-1 ", "6GK7542-6UX00-0XE0"], &["IRC"]),
    ("Siemens", "6GK5 615-0AA00-2AA2", "", &["SCALANCE S615", "M-800 / S615", "6GK5615-0AA00-2AA2"], &["EEC"]),
    ("Siemens", "6GK5 204-2BB10-2AA3", "", &["X-200 switch family", "6GK5204-2BB10-2AA3"], &["IRT", "RNA"]),
    ("Rockwell Automation", "1756-L61/B", "1756-L61/B LOGIX5561", &["ControlLogix 5560"], &["Studio", "GuardLogix"]),
    ("Rockwell Automation", "1756-L72S/B", "1756-L72S/B LOGIX5572S", &["GuardLogix 5570"], &["Studio"]),
    ("Rockwell Automation", "1756-L75/B", "1756-L75/B LOGIX5575", &["ControlLogix 5570"], &["Studio", "redundan"]),
    ("Rockwell Automation", "1756-L83E/B", "1756-L83E/B", &["ControlLogix 5580"], &["Studio", "Process", "GuardLogix"]),
    ("Rockwell Automation", "1756-L82ES/B", "1756-L82ES/B", &["GuardLogix 5580"], &["Studio"]),
    ("Rockwell Automation", "1769-L33ER/A", "1769-L33ER/A LOGIX5333ER", &["CompactLogix 5370"], &["Armor", "Studio", "L1", "L2"]),
    ("Rockwell Automation", "1769-L16ER-BB1B/B", "1769-L16ER/B LOGIX5316ER", &["CompactLogix 5370"], &["Armor", "Studio", "L2", "L3"]),
    ("Rockwell Automation", "5069-L320ER/A", "5069-L320ER/A", &["CompactLogix 5380"], &["Studio", "Guard", "Process"]),
    ("Rockwell Automation", "5069-L430ERMW/A", "5069-L430ERMW/A", &["CompactLogix 5480"], &["Studio"]),
    ("Rockwell Automation", "1763-L16BWA/B", "1763-L16BWA B/16.00", &["MicroLogix 1100", "1763-L16BWA"], &[]),
    ("Rockwell Automation", "1783-BMS10CGL/A", "1783-BMS10CGL", &["Stratix 5700"], &["Armor"]),
    ("Rockwell Automation", "1756-EN2TR/C", "1756-EN2TR/C", &["1756-EN2TR Series C", "1756-EN2TR/C", "1756-EN2TR, Series C"], &[]),
    ("Rockwell Automation", "1756-EN2T/D", "1756-EN2T/D", &["1756-EN2T Series D", "1756-EN2T/D", "1756-EN2T, Series D", "1756- EN2T/D"], &[]),
    ("Schneider Electric", "", "BMX P34 2020", &["Modicon M340"], &["BMXNO", "Simulator"]),
    ("Schneider Electric", "BMEP584040", "BME P58 4040", &["Modicon M580"], &["Safety", "Simulator"]),
    ("Schneider Electric", "", "140 CPU 651 50", &["Modicon Quantum"], &["Simulator"]),
    ("Schneider Electric", "", "TM221CE24R", &["Modicon M221"], &[]),
    ("Schneider Electric", "TM241CE40R", "TM241CE40R", &["Modicon M241"], &[]),
    ("Schneider Electric", "", "TSX P57 5634M", &["Modicon Premium", "TSXP57"], &["Simulator"]),
    ("Schneider Electric", "171CBU98090", "171 CBU 98090", &["Momentum Unity M1E"], &[]),
];

/// Makers whose devices report the names that advisories use.
const REPORTS_NAMES: &[&str] = &[
    "Moxa",
    "MOXA",
    "WAGO",
    "Mitsubishi Electric",
    "Mitsubishi Electric Corporation",
    "Phoenix Contact",
    "Omron",
    "Hitachi Energy",
    "ABB",
];

/// A product of a document, as it stands in the JSON.
struct Raw {
    vendor: String,
    name: String,
    version: String,
    orders: Vec<String>,
    id: String,
}

struct Document {
    id: String,
    products: Vec<Raw>,
    /// Weaknesses with the ids that are `known_affected`.
    weak: Vec<(String, BTreeSet<String>)>,
    /// Whether any other status is used, so that labels would need more than this file knows.
    is_plain: bool,
}

fn main() -> Result<(), String> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("quality ADVISORIES [show]")?;
    let shows = arguments.next().is_some();
    let start = Instant::now();
    let (catalogue, loaded) = Catalogue::load(path.as_ref(), &mut |_| {})?;
    println!(
        "imported {} documents in {:.2} s, {} problems",
        catalogue.advisories.len(),
        start.elapsed().as_secs_f64(),
        loaded.problem_count
    );
    let documents = raw_documents(&path)?;

    let mut score = Score::default();
    let mut groups: BTreeMap<&str, Score> = BTreeMap::new();
    let mut examples: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut machines = 0;
    // Which document names which order number, by plain text.
    let mut by_order: HashMap<&str, Vec<(usize, usize)>> = HashMap::new();
    for (d, document) in documents.iter().enumerate() {
        for (p, product) in document.products.iter().enumerate() {
            for order in &product.orders {
                by_order.entry(order).or_default().push((d, p));
            }
        }
    }
    let mut subjects: Vec<(&str, Machine, Vec<(usize, usize)>, Vec<&str>, Vec<&str>)> = Vec::new();
    let mut orders: Vec<&&str> = by_order.keys().collect();
    orders.sort();
    for order in orders {
        let machine = Machine { vendor: "Siemens AG".into(), order_number: spaced(order), ..Machine::default() };
        subjects.push(("order numbers named by advisories", machine, by_order[*order].clone(), Vec::new(), Vec::new()));
    }
    for (vendor, order, model, names, never) in TRUTH {
        let machine = Machine {
            vendor: (*vendor).into(),
            order_number: (*order).into(),
            model: (*model).into(),
            ..Machine::default()
        };
        let is_it = |raw: &Raw| {
            raw.vendor.to_lowercase().contains(&vendor.to_lowercase()[..6])
                && names.iter().any(|name| raw.name.contains(name))
                && !never.iter().any(|word| raw.name.contains(word))
        };
        let mut truth = Vec::new();
        for (d, document) in documents.iter().enumerate() {
            truth.extend(document.products.iter().enumerate().filter(|(_, raw)| is_it(raw)).map(|(p, _)| (d, p)));
        }
        subjects.push(("families, by a table written by hand", machine, truth, names.to_vec(), never.to_vec()));
    }
    let mut by_name: BTreeMap<(String, String), Vec<(usize, usize)>> = BTreeMap::new();
    for (d, document) in documents.iter().enumerate() {
        for (p, raw) in document.products.iter().enumerate() {
            let name = raw.name.trim();
            let is_model = name.chars().any(|c| c.is_ascii_digit())
                && !name.contains(['(', ',', '*', '[', ':', '<', '>'])
                && !name.contains(" and ")
                && name.len() < 30;
            if REPORTS_NAMES.contains(&raw.vendor.trim()) && is_model {
                let vendor = raw.vendor.trim().trim_end_matches(" Corporation").to_lowercase();
                by_name.entry((vendor, name.to_lowercase())).or_default().push((d, p));
            }
        }
    }
    for ((vendor, name), truth) in &by_name {
        let machine = Machine { vendor: vendor.clone(), model: name.to_uppercase(), ..Machine::default() };
        subjects.push(("models, as the devices report them", machine, truth.clone(), vec!["*"], Vec::new()));
    }

    for (group, machine, truth, names, _) in &subjects {
        let mut at: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (d, p) in truth {
            at.entry(*d).or_default().push(*p);
        }
        // Firmware around every bound that is spoken of.
        let mut versions: BTreeSet<Vec<u64>> = BTreeSet::new();
        for (d, p) in truth {
            if let Some(range) = simple(&documents[*d].products[*p].version) {
                versions.extend(range.around());
            }
        }
        let versions: Vec<Vec<u64>> = versions.into_iter().collect();
        let step = versions.len().div_ceil(12).max(1);
        for version in versions.iter().step_by(step) {
            machines += 1;
            let texts: Vec<String> = version.iter().map(u64::to_string).collect();
            let prefix =
                if machine.vendor.starts_with("Siemens") || machine.vendor.starts_with("Schneider") { "V" } else { "" };
            let machine =
                Machine { asset: "m".into(), firmware: format!("{prefix}{}", texts.join(".")), ..machine.clone() };
            let verdicts = catalogue.match_machine(&machine);
            let said: HashMap<(&str, &str), &advisories::Verdict> =
                verdicts.iter().map(|verdict| ((verdict.advisory.as_str(), verdict.cve.as_str()), verdict)).collect();
            let score_of = groups.entry(group).or_default();
            for (d, products) in &at {
                let document = &documents[*d];
                for (cve, affected) in &document.weak {
                    let Some(label) = label(document, products, affected, version, cve) else {
                        score_of.left_out += 1;
                        continue;
                    };
                    score_of.pairs += 1;
                    let verdict = said.get(&(document.id.as_str(), cve.as_str()));
                    let kind = match (label, verdict.map(|verdict| verdict.answer)) {
                        (_, None) => "no row",
                        (_, Some(Answer::Unknown)) => "unknown",
                        (true, Some(Answer::Affected)) => "right affected",
                        (false, Some(Answer::NotAffected)) => "right not affected",
                        (true, Some(Answer::NotAffected)) => "missed",
                        (false, Some(Answer::Affected)) => "wrongly affected",
                    };
                    *score_of.kinds.entry(kind).or_default() += 1;
                    if label {
                        *score_of.kinds.entry("labelled affected").or_default() += 1;
                    }
                    let list = examples.entry(kind).or_default();
                    if list.len() < 400 && !kind.starts_with("right") {
                        list.push(format!(
                            "{} {} {} {} | {} {cve} | {}",
                            machine.vendor,
                            machine.order_number,
                            machine.model,
                            machine.firmware,
                            document.id,
                            verdict.map_or("", |verdict| verdict.why.en.as_str())
                        ));
                    }
                }
            }
            // Documents that do not name it: every row is wrong. Only where the truth is complete.
            if names.first() != Some(&"*") {
                for verdict in verdicts.iter().filter(|verdict| verdict.answer == Answer::Affected) {
                    let index = documents.iter().position(|document| document.id == verdict.advisory);
                    let is_named =
                        index.is_some_and(|d| at.contains_key(&d) || documents[d].is_family_of(&machine.order_number));
                    if !is_named {
                        *score_of.kinds.entry("wrong document").or_default() += 1;
                        let list = examples.entry("wrong document").or_default();
                        if list.len() < 400 {
                            list.push(format!(
                                "{} {} | {} | {}",
                                machine.order_number, machine.model, verdict.advisory, verdict.why.en
                            ));
                        }
                    }
                }
            }
        }
    }
    println!("{machines} machines\n");
    for (name, group) in &groups {
        println!("{name}:");
        group.print();
        score.add(group);
    }
    println!("all:");
    score.print();
    if shows {
        for (kind, list) in examples {
            println!("\n=== {kind}");
            let distinct: BTreeSet<String> = list.into_iter().collect();
            for line in distinct.iter().take(60) {
                println!("{line}");
            }
        }
    }
    Ok(())
}

#[derive(Default)]
struct Score {
    pairs: u64,
    left_out: u64,
    kinds: BTreeMap<&'static str, u64>,
}

impl Score {
    fn add(&mut self, other: &Score) {
        self.pairs += other.pairs;
        self.left_out += other.left_out;
        for (kind, count) in &other.kinds {
            *self.kinds.entry(kind).or_default() += count;
        }
    }

    fn of(&self, kind: &str) -> f64 {
        self.kinds.get(kind).copied().unwrap_or(0) as f64
    }

    fn print(&self) {
        let right = self.of("right affected");
        let wrong = self.of("wrongly affected") + self.of("wrong document");
        let missed = self.of("missed");
        let verdicts = right + self.of("right not affected") + missed + self.of("wrongly affected");
        println!("  pairs with a label {}, left out {} (range of another form)", self.pairs, self.left_out);
        println!("  {:?}", self.kinds);
        println!(
            "  precision {:.4}   recall where a verdict is given {:.4}   recall over all {:.4}   share of verdicts {:.1} %",
            right / (right + wrong).max(1.0),
            right / (right + missed).max(1.0),
            right / self.of("labelled affected").max(1.0),
            100.0 * verdicts / (self.pairs as f64).max(1.0)
        );
    }
}

impl Document {
    /// Whether a product of the document names a family of which the order number surely is, by its first characters: so
    /// that a row is not counted as wrong only because this file does not name the machine's number.
    fn is_family_of(&self, order: &str) -> bool {
        let order = order.replace([' ', '-'], "");
        // SIPLUS numbers: the plain product of the same digits, whose system the digits tell.
        let systems: &[&str] = if order.starts_with("6AG1") || order.starts_with("6AG2") {
            &["6ES7", "6GK7", "6GK5", "6AV2"]
        } else {
            &[""]
        };
        systems.iter().any(|system| {
            self.has_family(&if system.is_empty() { order.clone() } else { format!("{system}{}", &order[4..]) })
        })
    }

    fn has_family(&self, order: &str) -> bool {
        let families: &[(&str, &[&str])] = &[
            ("6ES721", &["S7-1200 CPU family"]),
            ("6ES751", &["S7-1500 CPU family"]),
            ("6ES731", &["S7-300 CPU family"]),
            ("6ES7151", &["S7-300 CPU family"]),
            ("6ES7154", &["S7-300 CPU family"]),
            ("6ES741", &["S7-400", "S7-410"]),
            ("6ES7615", &["Drive Controller"]),
            ("6ES7288", &["S7-200 SMART"]),
            ("6ES715", &["ET 200", "ET200"]),
            ("6ES714", &["ET200eco"]),
            ("6ES7158", &["PN/PN Coupler"]),
            ("6ES767", &["WinAC", "Software Controller", "Open Controller"]),
            ("6GK5", &["SCALANCE"]),
            ("6GK7", &["CP ", "TIM", "CM "]),
            ("6GK1", &["CP 16", "IE/PB", "IE/AS", "Cloud", "Teleservice", "PN IO", "RTLS"]),
            ("6GK6", &["RUGGEDCOM", "RM1224"]),
            ("6AV2", &["Comfort", "KTP", "Basic Panels", "HMI"]),
            ("6GT2", &["RF", "RFID", "RTLS", "Reader"]),
            ("6GF3", &["MV4", "MV5"]),
            ("6ED1", &["LOGO"]),
            ("6EP", &["SITOP"]),
            ("6SL", &["SINAMICS"]),
        ];
        families
            .iter()
            .filter(|(start, _)| order.starts_with(start))
            .any(|(_, names)| self.products.iter().any(|raw| names.iter().any(|name| raw.name.contains(name))))
    }
}

/// Whether the weakness affects the machine; `None` where a text of another form decides.
fn label(
    document: &Document,
    products: &[usize],
    affected: &BTreeSet<String>,
    version: &[u64],
    cve: &str,
) -> Option<bool> {
    if !document.is_plain {
        return None;
    }
    let mut is_affected = false;
    let mut is_named = false;
    for p in products {
        let raw = &document.products[*p];
        if !affected.contains(&raw.id) {
            continue;
        }
        // `S7-410 V8 CPU family`: the mark in the name narrows the versions, which this file does not read.
        let has_mark = raw
            .name
            .split_whitespace()
            .any(|word| word.strip_prefix('V').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())));
        if (has_mark || raw.name.contains("version")) && raw.orders.is_empty() {
            return None;
        }
        is_named = true;
        let _ = cve;
        is_affected |= simple(&raw.version)?.has(version);
    }
    is_named.then_some(is_affected)
}

/// `6ES7511-1AK00-0AB0` as a controller reports it: `6ES7 511-1AK00-0AB0`.
fn spaced(order: &str) -> String {
    match order.get(..4) {
        Some(head) if order.len() > 8 => format!("{head} {}", order[4..].trim()),
        _ => order.to_string(),
    }
}

/// A range of the simplest form.
struct Simple {
    low: Option<(Vec<u64>, bool)>,
    high: Option<(Vec<u64>, bool)>,
}

fn simple(text: &str) -> Option<Simple> {
    let text = text.strip_prefix("vers:all/").unwrap_or(text).trim();
    if text == "*" || text == "All versions" {
        return Some(Simple { low: None, high: None });
    }
    let text = text.strip_prefix("All versions ").or_else(|| text.strip_prefix("All Versions ")).unwrap_or(text).trim();
    let (mut low, mut high) = (None, None);
    let spread = text.replace(" and ", " ").replace('|', " ").replace('<', " <").replace('>', " >").replace("= ", "=");
    let spread = spread.replace("< ", "<").replace("> ", ">").replace("<=  ", "<=");
    for piece in spread.split_whitespace() {
        let (sign, number) = if let Some(rest) = piece.strip_prefix("<=") {
            ("<=", rest)
        } else if let Some(rest) = piece.strip_prefix(">=") {
            (">=", rest)
        } else if let Some(rest) = piece.strip_prefix('<') {
            ("<", rest)
        } else {
            (">", piece.strip_prefix('>')?)
        };
        let number = number.strip_prefix(['V', 'v']).unwrap_or(number);
        let parts: Option<Vec<u64>> = number.split('.').map(|part| part.parse().ok()).collect();
        let parts = parts.filter(|parts| parts.len() >= 2 && parts[0] < 1990)?;
        let slot = if sign.starts_with('<') { &mut high } else { &mut low };
        if slot.replace((parts, sign.ends_with('='))).is_some() {
            return None;
        }
    }
    (low.is_some() || high.is_some()).then_some(Simple { low, high })
}

impl Simple {
    fn has(&self, version: &[u64]) -> bool {
        let compare = |a: &[u64], b: &[u64]| {
            (0..a.len().max(b.len()))
                .map(|at| a.get(at).unwrap_or(&0).cmp(b.get(at).unwrap_or(&0)))
                .find(|order| order.is_ne())
        };
        let low = self.low.as_ref().is_none_or(|(bound, is_in)| match compare(version, bound) {
            None => *is_in,
            Some(order) => order.is_gt(),
        });
        let high = self.high.as_ref().is_none_or(|(bound, is_in)| match compare(version, bound) {
            None => *is_in,
            Some(order) => order.is_lt(),
        });
        low && high
    }

    /// The bounds, and one step below and above each.
    fn around(&self) -> Vec<Vec<u64>> {
        let mut found = Vec::new();
        for (bound, _) in self.low.iter().chain(&self.high) {
            found.push(bound.clone());
            let last = bound.len() - 1;
            let mut above = bound.clone();
            above[last] += 1;
            found.push(above);
            if let Some(at) = bound.iter().rposition(|part| *part > 0) {
                let mut below = bound.clone();
                below[at] -= 1;
                if at < last {
                    below[last] = 9;
                }
                found.push(below);
            }
        }
        if found.is_empty() {
            found.push(vec![1, 0, 0]);
        }
        found
    }
}

fn raw_documents(path: &str) -> Result<Vec<Document>, String> {
    let mut documents = Vec::new();
    advisories::source::read(path.as_ref(), &mut |item| {
        let Some(value) = item.content.ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok()) else {
            return;
        };
        let Some(id) = value.pointer("/document/tracking/id").and_then(Value::as_str) else { return };
        let mut products = Vec::new();
        for vendor in value.pointer("/product_tree/branches").and_then(Value::as_array).into_iter().flatten() {
            walk(vendor, "", "", &mut products);
        }
        let mut is_plain = value.pointer("/product_tree/relationships").is_none();
        let mut weak = Vec::new();
        for vulnerability in value.get("vulnerabilities").and_then(Value::as_array).into_iter().flatten() {
            let Some(cve) = vulnerability.get("cve").and_then(Value::as_str) else { continue };
            let status = vulnerability.get("product_status").and_then(Value::as_object);
            is_plain &= status.is_none_or(|status| status.keys().all(|key| key == "known_affected"));
            let ids = status.and_then(|status| status.get("known_affected")).and_then(Value::as_array);
            let ids = ids.into_iter().flatten().filter_map(Value::as_str).map(str::to_string).collect();
            weak.push((cve.to_string(), ids));
        }
        documents.push(Document { id: id.to_string(), products, weak, is_plain });
    })?;
    Ok(documents)
}

fn walk(branch: &Value, vendor: &str, name: &str, products: &mut Vec<Raw>) {
    let own = branch.get("name").and_then(Value::as_str).unwrap_or_default();
    let (mut vendor, mut name, mut version) = (vendor.to_string(), name.to_string(), String::new());
    match branch.get("category").and_then(Value::as_str) {
        Some("vendor") => vendor = own.to_string(),
        Some("product_version" | "product_version_range") => version = own.to_string(),
        _ => name = own.to_string(),
    }
    if let Some(product) = branch.get("product") {
        let models = product.pointer("/product_identification_helper/model_numbers").and_then(Value::as_array);
        products.push(Raw {
            vendor: vendor.clone(),
            name: name.clone(),
            version,
            orders: models.into_iter().flatten().filter_map(Value::as_str).map(str::to_string).collect(),
            id: product.get("product_id").and_then(Value::as_str).unwrap_or_default().to_string(),
        });
    }
    for inner in branch.get("branches").and_then(Value::as_array).into_iter().flatten() {
        walk(inner, &vendor, &name, products);
    }
}
