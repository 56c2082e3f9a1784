//! Which machine is affected by which weakness: the index over products, the verdicts, and why.

use std::collections::{BTreeMap, HashMap};

use model::Said;
use serde::Serialize;

use crate::document::{Advisory, Status};
use crate::machine::{Called, Learnt, Machine, Profile, Source};
use crate::order::Order;
use crate::product::{self, Ready};
use crate::range::{Missing, Place};
use crate::say;

/// Affected, not affected, or not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The machine is what the advisory speaks of, in a version that it names.
    Affected,
    /// It may be; a fact is missing.
    Unknown,
    /// The advisory names the product, and this version is not among those affected.
    NotAffected,
}

impl Answer {
    /// The word in files.
    pub const fn word(self) -> &'static str {
        match self {
            Answer::Affected => "affected",
            Answer::Unknown => "unknown",
            Answer::NotAffected => "not_affected",
        }
    }
}

/// How sure it is that the machine is the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// By a name alone.
    Low,
    /// By a number that leads to the family, or by a full model name.
    Medium,
    /// By the order number that the advisory itself names.
    High,
}

impl Certainty {
    /// The word in files.
    pub const fn word(self) -> &'static str {
        match self {
            Certainty::Low => "low",
            Certainty::Medium => "medium",
            Certainty::High => "high",
        }
    }
}

/// One verdict: a machine and a weakness.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The machine.
    pub asset: String,
    /// The advisory's id.
    pub advisory: String,
    /// The weakness: a CVE, mostly.
    pub cve: String,
    /// The answer.
    pub answer: Answer,
    /// Why, in a sentence.
    pub why: Said,
    /// Facts that are missing; empty unless the answer is unknown.
    pub missing: Vec<Missing>,
    /// How sure it is that the machine is the product.
    pub confidence: Certainty,
    /// The products of the advisory that the machine is, as it names them.
    pub products: Vec<String>,
    /// Place of the advisory in the catalogue.
    pub document: u32,
    /// Place of the weakness in the advisory.
    pub vulnerability: u32,
}

/// How a machine was recognised as a product.
#[derive(Clone, Debug, PartialEq)]
struct Match {
    product: u32,
    certainty: Certainty,
    /// What of the machine spoke for it.
    by: By,
    /// What must be known before it is sure.
    open: Option<Missing>,
}

#[derive(Clone, Debug, PartialEq)]
enum By {
    Order(String),
    Name(Called),
}

/// A document in the index.
struct Entry {
    products: Vec<Ready>,
}

/// The index over all products of all documents.
#[derive(Default)]
pub struct Matcher {
    entries: Vec<Entry>,
    learnt: Learnt,
    orders: HashMap<String, Vec<(u32, u32)>>,
    patterns: Vec<(Order, u32, u32)>,
    words: HashMap<String, Vec<(u32, u32, u32)>>,
    /// Products by every word with a digit, for machines that are described in general.
    numbers: HashMap<String, Vec<(u32, u32)>>,
    wild: Vec<(u32, u32, u32)>,
}

/// Words of products that are programs on a computer and not devices: never what a vague device description means.
const PROGRAMS: &[&str] = &[
    "software",
    "studio",
    "designer",
    "tool",
    "plcsim",
    "server",
    "client",
    "configurator",
    "viewer",
    "library",
    "driver",
    "advanced",
    "starter",
    "portal",
    "manager",
    "suite",
    "utility",
];

impl Matcher {
    /// An index over documents, in their order.
    pub fn new<'a>(advisories: impl IntoIterator<Item = &'a Advisory>) -> Matcher {
        let mut matcher = Matcher::default();
        for advisory in advisories {
            matcher.add(advisory);
        }
        matcher
    }

    /// Adds a document; its place is the number of documents added before.
    pub fn add(&mut self, advisory: &Advisory) {
        let document = self.entries.len() as u32;
        let products: Vec<Ready> = advisory
            .products
            .iter()
            .map(|product| product::ready(product, product.on.and_then(|on| advisory.products.get(on as usize))))
            .collect();
        for (at, ready) in products.iter().enumerate() {
            let product = at as u32;
            for order in &ready.orders {
                match order.is_pattern() {
                    true => self.patterns.push((order.clone(), document, product)),
                    false => self.orders.entry(order.squeezed.clone()).or_default().push((document, product)),
                }
            }
            // A product with one Siemens number teaches its name.
            if let [order] = ready.orders.as_slice()
                && order.is_mlfb
                && !order.is_pattern()
            {
                let name = advisory.products[at].names.last().map_or("", String::as_str);
                let name = name.split(" (").next().unwrap_or_default().trim();
                if name.len() > 3 {
                    let known = self.learnt.entry(order.squeezed.clone()).or_insert_with(|| name.to_string());
                    // The order in which documents come must not matter.
                    if name < known.as_str() {
                        *known = name.to_string();
                    }
                }
            }
            for (at, name) in ready.names.iter().enumerate() {
                match key(&name.phrases) {
                    Some(key) => self.words.entry(key).or_default().push((document, product, at as u32)),
                    None => self.wild.push((document, product, at as u32)),
                }
                let words = name.phrases.iter().flatten();
                for word in words.filter(|word| word.len() > 1 && word.chars().any(|c| c.is_ascii_digit())) {
                    let list = self.numbers.entry(word.clone()).or_default();
                    if list.last() != Some(&(document, product)) {
                        list.push((document, product));
                    }
                }
            }
        }
        self.entries.push(Entry { products });
    }

    /// Number of documents.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All verdicts of a machine, by document, then weakness. `advisories` are those of the index, in the same order.
    pub fn match_machine(&self, machine: &Machine, advisories: &[Advisory]) -> Vec<Verdict> {
        self.judge(machine, advisories, None)
    }

    /// The verdicts of one document alone: what a new document changes.
    pub fn match_document(&self, machine: &Machine, advisories: &[Advisory], document: u32) -> Vec<Verdict> {
        self.judge(machine, advisories, Some(document))
    }

    fn judge(&self, machine: &Machine, advisories: &[Advisory], only: Option<u32>) -> Vec<Verdict> {
        let profile = Profile::new(machine, &self.learnt);
        let mut found: BTreeMap<u32, Vec<Match>> = BTreeMap::new();
        for (document, matched) in self.matches(&profile) {
            if only.is_none_or(|only| only == document) {
                found.entry(document).or_default().push(matched);
            }
        }
        let mut verdicts = Vec::new();
        for (document, matches) in found {
            let (Some(entry), Some(advisory)) =
                (self.entries.get(document as usize), advisories.get(document as usize))
            else {
                continue;
            };
            for at in 0..advisory.vulnerabilities.len() {
                if let Some(verdict) = verdict(machine, &profile, entry, advisory, document, at, &matches) {
                    verdicts.push(verdict);
                }
            }
        }
        verdicts
    }

    /// Every product that the machine is, or may be.
    fn matches(&self, profile: &Profile) -> Vec<(u32, Match)> {
        let mut candidates: BTreeMap<(u32, u32), Match> = BTreeMap::new();
        let mut offer = |document: u32, matched: Match| {
            let place = (document, matched.product);
            let rank = |m: &Match| (m.open.is_none(), m.certainty);
            match candidates.get(&place) {
                Some(known) if rank(known) >= rank(&matched) => {}
                _ => {
                    candidates.insert(place, matched);
                }
            }
        };
        for order in &profile.orders {
            let exact = self.orders.get(&order.squeezed).into_iter().flatten().copied();
            // Options behind a Siemens number.
            let base = (order.is_mlfb && order.squeezed.len() > 16).then(|| self.orders.get(&order.squeezed[..16]));
            let base = base.flatten().into_iter().flatten().copied();
            let patterns = self
                .patterns
                .iter()
                .filter(|(pattern, ..)| pattern.covers(order))
                .map(|(_, document, product)| (*document, *product));
            for (document, product) in exact.chain(base).chain(patterns) {
                let ready = &self.entries[document as usize].products[product as usize];
                if !shares_vendor(profile, ready) {
                    continue;
                }
                let (is_right, open) = series(profile, ready, None);
                if is_right && !is_excluded(profile, ready) {
                    let by = By::Order(order.squeezed.clone());
                    offer(document, Match { product, certainty: Certainty::High, by, open });
                }
            }
        }
        for called in &profile.called {
            let mut seen: Vec<&str> = Vec::new();
            for word in &called.words {
                let word = stem(word);
                if seen.contains(&word) {
                    continue;
                }
                seen.push(word);
                for &(document, product, name) in self.words.get(word).into_iter().flatten() {
                    self.by_name(profile, called, document, product, name, &mut offer);
                }
            }
            for &(document, product, name) in &self.wild {
                self.by_name(profile, called, document, product, name, &mut offer);
            }
        }
        if profile.orders.is_empty() {
            self.in_general(profile, &mut offer);
        }
        candidates.into_iter().map(|((document, _), matched)| (document, matched)).collect()
    }

    fn by_name(
        &self,
        profile: &Profile,
        called: &Called,
        document: u32,
        product: u32,
        name: u32,
        offer: &mut impl FnMut(u32, Match),
    ) {
        let ready = &self.entries[document as usize].products[product as usize];
        let name = &ready.names[name as usize];
        if !shares_vendor(profile, ready)
            || !ready.takes(called.variant)
            || !name.is_in(&called.words)
            || !ready.is_family && name.is_qualified(&called.words)
            || is_excluded(profile, ready)
        {
            return;
        }
        let mut open = None;
        if !ready.orders.is_empty() {
            let is_same_system = |order: &Order| ready.orders.iter().any(|own| own.is_mlfb == order.is_mlfb);
            if profile.orders.iter().any(is_same_system) {
                // The numbers decide, and were compared already.
                return;
            }
            open = Some(Missing::OrderNumber);
        }
        let (is_right, open_series) = series(profile, ready, Some(&name.series));
        if !is_right {
            return;
        }
        let certainty =
            if called.source == Source::Told && profile.orders.is_empty() { Certainty::Low } else { Certainty::Medium };
        offer(document, Match { product, certainty, by: By::Name(called.clone()), open: open.or(open_series) });
    }

    /// A machine that is described in general (`SIMATIC S7-1500`), and products that are more exact.
    fn in_general(&self, profile: &Profile, offer: &mut impl FnMut(u32, Match)) {
        let Some(called) = profile.called.first() else { return };
        let numbers: Vec<&String> =
            called.words.iter().filter(|word| word.len() > 1 && word.chars().any(|c| c.is_ascii_digit())).collect();
        let Some(lists) = numbers.iter().map(|word| self.numbers.get(*word)).collect::<Option<Vec<_>>>() else {
            return;
        };
        let Some((first, rest)) = lists.split_first() else { return };
        for place in first.iter() {
            if !rest.iter().all(|list| list.binary_search(place).is_ok()) {
                continue;
            }
            let (document, product) = *place;
            let ready = &self.entries[document as usize].products[product as usize];
            let is_program = |word: &String| PROGRAMS.contains(&word.as_str()) && !called.words.contains(word);
            let fits = ready.names.iter().any(|name| {
                let own: Vec<&String> = name.phrases.iter().flatten().collect();
                !own.iter().any(|word| is_program(word))
                    && numbers.iter().all(|number| own.contains(number))
                    && !name.is_in(&called.words)
            });
            if fits && shares_vendor(profile, ready) && !is_excluded(profile, ready) {
                let open = Some(if ready.orders.is_empty() { Missing::Model } else { Missing::OrderNumber });
                offer(document, Match { product, certainty: Certainty::Low, by: By::Name(called.clone()), open });
            }
        }
    }
}

/// The word by which a name is found: the longest one with a digit, else the longest.
fn key(phrases: &[Vec<String>]) -> Option<String> {
    let plain = phrases.iter().flatten().filter(|word| !word.contains(['*', '?']));
    let best =
        plain.max_by_key(|word| (word.chars().any(|c| c.is_ascii_digit()), word.len(), std::cmp::Reverse(*word)))?;
    Some(stem(best).to_string())
}

fn stem(word: &str) -> &str {
    match word.strip_suffix('s') {
        Some(stem) if !stem.is_empty() && stem.chars().all(|c| c.is_ascii_alphabetic()) => stem,
        _ => word,
    }
}

fn shares_vendor(profile: &Profile, ready: &Ready) -> bool {
    profile.vendors.iter().any(|vendor| ready.vendors.contains(vendor))
}

fn is_excluded(profile: &Profile, ready: &Ready) -> bool {
    ready.excluded.iter().any(|phrases| {
        profile
            .called
            .iter()
            .any(|called| phrases.iter().all(|phrase| product::position(phrase, &called.words).is_some()))
    })
}

/// Whether the series is right, and whether it is missing.
fn series(profile: &Profile, ready: &Ready, name: Option<&[char]>) -> (bool, Option<Missing>) {
    let mut letters: Vec<char> = ready.orders.iter().filter_map(|order| order.series).collect();
    match name {
        Some(name) => letters.extend(name),
        None => letters.extend(ready.names.iter().flat_map(|name| &name.series)),
    }
    match profile.series {
        _ if letters.is_empty() => (true, None),
        Some(letter) => (letters.contains(&letter), None),
        None => (true, Some(Missing::Series)),
    }
}

/// What one matched product says of a machine and a weakness.
struct Finding<'a> {
    status: Status,
    place: Place,
    /// Facts that are missing although the version is inside.
    open: Option<Missing>,
    matched: &'a Match,
    ready: &'a Ready,
}

fn verdict(
    machine: &Machine,
    profile: &Profile,
    entry: &Entry,
    advisory: &Advisory,
    document: u32,
    at: usize,
    matches: &[Match],
) -> Option<Verdict> {
    let vulnerability = &advisory.vulnerabilities[at];
    let mut findings: Vec<Finding> = Vec::new();
    for matched in matches {
        let ready = &entry.products[matched.product as usize];
        let from = vulnerability.statuses.partition_point(|(product, _)| *product < matched.product);
        for (_, status) in vulnerability.statuses[from..].iter().take_while(|(product, _)| *product == matched.product)
        {
            let is_other = !ready.versions.only.is_empty() && !ready.versions.only.contains(&vulnerability.id);
            let place = if is_other { Place::Outside } else { place(machine, profile, ready) };
            let open = matched.open.clone().or_else(|| condition(profile, ready, matched));
            findings.push(Finding { status: *status, place, open, matched, ready });
        }
    }
    if findings.is_empty() {
        return None;
    }
    let is_inside = |finding: &&Finding| finding.place == Place::Inside;
    let mut missing: Vec<Missing> = Vec::new();
    let speaks_against = findings
        .iter()
        .filter(is_inside)
        .find(|f| matches!(f.status, Status::NotAffected | Status::Fixed) && f.open.is_none());
    let hit = findings
        .iter()
        .filter(|finding| finding.status == Status::Affected)
        .filter(is_inside)
        .filter(|finding| finding.open.is_none())
        .max_by_key(|finding| finding.matched.certainty);
    // Where only the order number is missing and every product that it may be says the same, it does not matter.
    let affected: Vec<&Finding> = findings.iter().filter(|finding| finding.status == Status::Affected).collect();
    let is_only_order_open = |finding: &&&Finding| matches!(finding.open, None | Some(Missing::OrderNumber));
    let all_inside = !affected.is_empty()
        && affected.iter().all(|finding| finding.place == Place::Inside)
        && affected.iter().all(|finding| is_only_order_open(&finding))
        && affected.len() == findings.len()
        && affected.iter().all(|finding| finding.matched.certainty > Certainty::Low || is_model_told(finding));
    let (answer, chosen) = match (hit, speaks_against) {
        (Some(hit), Some(against)) if against.matched.certainty > hit.matched.certainty => {
            (Answer::NotAffected, against)
        }
        (Some(hit), _) => (Answer::Affected, hit),
        (None, Some(against)) => (Answer::NotAffected, against),
        (None, None) if all_inside => (Answer::Affected, affected[0]),
        (None, None) => {
            let doubtful = |finding: &&Finding| match finding.status {
                Status::Affected => finding.place != Place::Outside,
                Status::Investigated => finding.place != Place::Outside,
                _ => false,
            };
            let doubts: Vec<&Finding> = findings.iter().filter(doubtful).collect();
            match doubts.first() {
                None => {
                    let chosen =
                        findings.iter().max_by_key(|finding| (finding.open.is_none(), finding.matched.certainty))?;
                    // Only what the machine certainly is can be said not to be affected; for what it perhaps is, nothing.
                    let is_vague = |finding: &Finding| match finding.open {
                        Some(Missing::Model) => true,
                        Some(Missing::OrderNumber) => !is_model_told(finding),
                        _ => false,
                    };
                    if findings.iter().all(is_vague) {
                        return None;
                    }
                    (Answer::NotAffected, chosen)
                }
                Some(first) => {
                    for doubt in &doubts {
                        let facts = match &doubt.place {
                            Place::Unsure(missing) => [Some(missing.clone()), doubt.open.clone()],
                            _ => [
                                doubt.open.clone(),
                                (doubt.status == Status::Investigated).then_some(Missing::Investigation),
                            ],
                        };
                        missing.extend(facts.into_iter().flatten());
                    }
                    missing.sort();
                    missing.dedup();
                    (Answer::Unknown, *first)
                }
            }
        }
    };
    let mut products: Vec<String> = findings
        .iter()
        .filter(|finding| match answer {
            Answer::Affected => finding.status == Status::Affected && finding.place == Place::Inside,
            Answer::Unknown => finding.place != Place::Outside,
            Answer::NotAffected => true,
        })
        .map(|finding| finding.ready.shown.clone())
        .collect();
    products.sort();
    products.dedup();
    products.truncate(20);
    let sentence = say::why(
        machine,
        answer,
        &missing,
        &say::Because {
            product: &chosen.ready.shown,
            is_all: chosen.ready.versions.is_all,
            order: match &chosen.matched.by {
                By::Order(order) => Some(order),
                By::Name(_) => None,
            },
            called: match &chosen.matched.by {
                By::Name(called) => Some((&called.text, called.source)),
                By::Order(_) => None,
            },
            conditions: &conditions(chosen.ready),
            is_said: speaks_against.is_some_and(|against| std::ptr::eq(against, chosen)),
            is_of_others: !chosen.ready.versions.only.is_empty()
                && !chosen.ready.versions.only.contains(&vulnerability.id),
        },
    );
    let mut confidence = chosen.matched.certainty;
    if speaks_against.is_some() && hit.is_some() {
        confidence = Certainty::Low;
    }
    Some(Verdict {
        asset: machine.asset.clone(),
        advisory: advisory.id.clone(),
        cve: vulnerability.id.clone(),
        answer,
        why: sentence,
        missing,
        confidence,
        products,
        document,
        vulnerability: at as u32,
    })
}

fn is_model_told(finding: &Finding) -> bool {
    matches!(&finding.matched.by, By::Name(called) if finding.ready.names.iter().any(|name| name.is_in(&called.words)))
}

fn conditions(ready: &Ready) -> Vec<String> {
    ready.conditions.iter().chain(&ready.versions.conditions).cloned().collect()
}

fn place(machine: &Machine, profile: &Profile, ready: &Ready) -> Place {
    if profile.is_firmware_unclear && ready.versions.needs_firmware() && ready.versions.unclear.is_none() {
        return Place::Unsure(Missing::FirmwareForm);
    }
    let serial = Some(machine.serial.as_str()).filter(|serial| !serial.trim().is_empty());
    ready.versions.place(profile.firmware.as_ref(), serial)
}

/// A condition that the machine does not show.
fn condition(profile: &Profile, ready: &Ready, matched: &Match) -> Option<Missing> {
    let shows = |condition: &String| {
        let words = crate::names::words(condition);
        profile.called.iter().any(|called| words.iter().all(|word| called.words.contains(word)))
    };
    let of_name = ready.conditions.iter().filter(|_| !matches!(matched.by, By::Order(_)));
    let is_open = of_name.chain(&ready.versions.conditions).any(|condition| !shows(condition));
    is_open.then_some(Missing::Condition)
}

#[cfg(test)]
mod tests;
