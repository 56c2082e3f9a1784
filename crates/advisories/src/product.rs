//! A product of an advisory, made ready for matching: which numbers and which words a machine must show.

use crate::document::Product;
use crate::families::Variant;
use crate::grammar;
use crate::names::{self, covers};
use crate::order::{self, Order};
use crate::range::Versions;

/// One name of a product: every phrase must be found in a machine's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Phrases: words that must stand side by side.
    pub phrases: Vec<Vec<String>>,
    /// Letters of which one must be the machine's series; empty where none is said.
    pub series: Vec<char>,
}

/// A product ready for matching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// Canonical vendors.
    pub vendors: Vec<String>,
    /// Order numbers; where there are some, a machine with an order number must have one of them.
    pub orders: Vec<Order>,
    /// Its names: any of them.
    pub names: Vec<Name>,
    /// Phrases that a machine must not show: `(except IM155-6 PN ST)`.
    pub excluded: Vec<Vec<Vec<String>>>,
    /// Whether SIPLUS variants are included.
    pub has_siplus: bool,
    /// Whether the related ET 200 CPUs are included.
    pub has_related_et200: bool,
    /// Whether it speaks of a whole family.
    pub is_family: bool,
    /// What else the name ties it to: `unsigned version`, `32M`.
    pub conditions: Vec<String>,
    /// Its versions.
    pub versions: Versions,
    /// What to show of it: the name of the product and its version text.
    pub shown: String,
}

/// Words that say nothing of which product it is.
const EMPTY: &[&str] = &[
    "the",
    "a",
    "of",
    "for",
    "family",
    "families",
    "series",
    "product",
    "products",
    "device",
    "devices",
    "model",
    "models",
    "all",
    "version",
    "versions",
    "firmware",
    "controller",
    "controllers",
    "programmable",
    "logic",
    "module",
    "modules",
    "unit",
    "units",
    "switch",
    "switches",
    "simatic",
    "net",
    "siemens",
    "allen",
    "bradley",
    "rockwell",
    "automation",
    "moxa",
    "omron",
    "wago",
    "schneider",
    "electric",
    "modicon",
    "melsec",
    "melsecq",
    "sysmac",
    "plc",
    "plcs",
    "abb",
    "hitachi",
    "energy",
    "phoenix",
    "contact",
    "industrial",
    "managed",
    "ethernet",
    "fw",
    "system",
    "image",
    "relays",
    "relay",
    "types",
    "type",
    "and",
    "or",
    "reference",
    "references",
    "cpus",
    "installations",
    "panel",
    "panels",
    "part",
    "number",
    "numbers",
    "article",
    "with",
    "in",
    "drives",
    "drive",
    "processor",
    "discontinued",
    "including",
    "incl",
    "modular",
    "distribution",
    "extreme",
    "environments",
    "redundant",
];

/// Empty words that tell products apart when the rest of a name is a brand without a number: never dropped there.
const KEPT_IN_BRANDS: &[&str] =
    &["drive", "drives", "controller", "panel", "panels", "relay", "system", "net", "energy", "logic"];

/// Words behind a model number that make it another product.
pub const QUALIFIERS: &[&str] = &[
    "advanced",
    "lean",
    "erpc",
    "rna",
    "irc",
    "plus",
    "process",
    "safety",
    "dnp3",
    "iec",
    "opc",
    "pro",
    "sil",
    "redundant",
    "redundancy",
    "eec",
    "poe",
    "mfp",
    "odk",
    "ts",
    "irt",
    "lte",
    "gprs",
    "smart",
    "h",
    "pc2",
    "xt",
    "virtual",
    "basic",
    "comfort",
    "lite",
    "edge",
    "me",
    "v2",
    "w",
];

/// Makes a product ready. `on` is the product it is installed on, where there is one.
pub fn ready(product: &Product, on: Option<&Product>) -> Ready {
    let vendor_names: Vec<&String> = product.vendors.iter().chain(on.iter().flat_map(|on| &on.vendors)).collect();
    let mut vendors: Vec<String> = Vec::new();
    for name in &vendor_names {
        for id in names::vendors(name) {
            if !vendors.contains(&id) {
                vendors.push(id);
            }
        }
    }
    // Of nested names, the innermost speaks; the outer ones are families.
    let named = product.names.last().cloned().unwrap_or_else(|| product.full_name.clone());
    let text = match on {
        Some(on) => on.names.last().cloned().unwrap_or_else(|| on.full_name.clone()),
        None => named.clone(),
    };
    let mut versions = match product.version.is_empty() {
        false => grammar::parse(&product.version),
        true => versions_in_name(product),
    };
    if versions.unclear.is_some() && !product.full_name.is_empty() {
        // The full name often says again, in words, what the branch says in signs.
        if let Some((_, tail)) = product.full_name.split_once(": ") {
            let other = grammar::parse(tail);
            if other.unclear.is_none() {
                versions = Versions { text: versions.text, ..other };
            }
        }
    }
    let mut ready = Ready {
        vendors,
        orders: Vec::new(),
        names: Vec::new(),
        excluded: Vec::new(),
        has_siplus: false,
        has_related_et200: false,
        is_family: false,
        conditions: Vec::new(),
        versions,
        shown: shown(product),
    };
    for model in product.models.iter().chain(on.iter().flat_map(|on| &on.models)) {
        if let Some(order) = order::parse(&model.replace('…', "*")) {
            add_order(&mut ready.orders, order);
        }
    }
    read_name(&text, &mut ready);
    // Models that stand where versions are expected.
    for model in std::mem::take(&mut ready.versions.models) {
        let digits = model.bytes().all(|b| b.is_ascii_digit());
        match order::find(&model).into_iter().next() {
            Some(order) => add_order(&mut ready.orders, order),
            None if digits && model.len() >= 6 => {
                add_order(&mut ready.orders, Order { squeezed: model, series: None, is_mlfb: false });
            }
            None => {
                let words = names::words(&model);
                for name in &mut ready.names {
                    name.phrases.push(words.clone());
                }
            }
        }
    }
    if let Some(on) = on {
        // Firmware on hardware needs no name of its own; another product on hardware does.
        let inner: Vec<String> = names::words(&named);
        let is_firmware = inner.iter().any(|word| word == "firmware" || word == "fw")
            || names::words(on.names.last().unwrap_or(&on.full_name)).iter().any(|word| inner.contains(word));
        if !is_firmware {
            let mut own = Ready { names: Vec::new(), ..ready.clone() };
            read_name(&named, &mut own);
            if let Some(first) = own.names.first() {
                for name in &mut ready.names {
                    name.phrases.extend(first.phrases.clone());
                }
            }
        }
    }
    ready
}

fn shown(product: &Product) -> String {
    let name = product.names.last().map_or(product.full_name.as_str(), String::as_str);
    match product.version.as_str() {
        "" => product.full_name.clone(),
        "vers:all/*" | "*" => format!("{name}: all versions"),
        version => format!("{name}: {}", version.strip_prefix("vers:all/").unwrap_or(version).replace('_', " ").trim()),
    }
}

fn add_order(orders: &mut Vec<Order>, order: Order) {
    if !orders.contains(&order) {
        orders.push(order);
    }
}

/// A product without a version branch: its versions may stand in its name (`S7-1200: All versions >= V4.0 and < V4.5`).
fn versions_in_name(product: &Product) -> Versions {
    let name = product.names.last().filter(|_| product.full_name.is_empty()).unwrap_or(&product.full_name);
    if let Some((_, tail)) = name.split_once(": ") {
        let versions = grammar::parse(tail);
        if versions.unclear.is_none() {
            return versions;
        }
    }
    let lower = name.to_ascii_lowercase();
    for sign in ["all versions", "versions ", "version ", "<", ">", "≤", "≥"] {
        if let Some(at) = lower.find(sign).filter(|_| lower.len() == name.len())
            && let Some(tail) = name.get(at..)
        {
            let versions = grammar::parse(tail);
            if versions.unclear.is_none() {
                return versions;
            }
        }
    }
    Versions::all("")
}

/// Reads a product name into numbers, phrases, exclusions and conditions.
fn read_name(text: &str, ready: &mut Ready) {
    let lower = text.to_ascii_lowercase();
    ready.has_siplus |= lower.contains("siplus");
    ready.has_related_et200 |= lower.contains("related et200") || lower.contains("related et 200");
    ready.is_family |=
        ["family", "families", " all ", "all models", "all variants"].iter().any(|word| lower.contains(word));
    let (plain, brackets) = brackets(text);
    for inside in &brackets {
        read_bracket(inside, ready);
    }
    for order in order::find(&plain) {
        add_order(&mut ready.orders, order);
    }
    let (plain, marks) = grammar::name_versions(&plain);
    if let Some(marks) = marks {
        narrow(ready, marks, text);
    }
    let plain = cut_versions(&plain);
    for spelling in names::expand(&plain) {
        for part in alternatives(&spelling) {
            if let Some(name) = name_of(&part, ready)
                && !ready.names.contains(&name)
            {
                ready.names.push(name);
            }
        }
    }
}

/// `Name: All versions < V2` without a version branch: the name ends where the versions begin.
fn cut_versions(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    if lower.len() != text.len() {
        return text.to_string();
    }
    let end = [": all versions", ": versions", " all versions", ", serial number", " the first ", " <", " >"]
        .iter()
        .filter_map(|mark| lower.find(mark))
        .min();
    text[..end.unwrap_or(text.len())].to_string()
}

/// A version mark in the name is about firmware where the range lies in it; otherwise it is part of the name (hardware).
fn narrow(ready: &mut Ready, marks: Versions, text: &str) {
    if !ready.orders.is_empty() {
        return;
    }
    let is_hardware = text.to_ascii_lowercase().contains("hardware version");
    if is_hardware {
        ready.conditions.push(format!("hardware version {}", marks.text));
        return;
    }
    if ready.versions.is_all && ready.versions.conditions.is_empty() {
        let only = std::mem::take(&mut ready.versions.only);
        ready.versions = Versions { text: ready.versions.text.clone(), only, ..marks };
    } else if ready.versions.is_all {
        ready.versions.is_all = false;
        ready.versions.clauses = marks.clauses;
    } else if grammar::lies_within(&ready.versions, &marks) {
        // `RSG2488 V5.X`, `< V5.5.4`: from the beginning of the line on.
        ready.versions.begin_at(&marks);
    }
}

/// The brackets of a text that stand apart, and the text without them.
fn brackets(text: &str) -> (String, Vec<String>) {
    let mut plain = String::new();
    let mut found = Vec::new();
    let mut depth = 0_usize;
    let mut inside = String::new();
    let mut last = ' ';
    for c in text.chars() {
        match c {
            '(' if depth == 0 && (last.is_ascii_alphanumeric() || last == '-') && is_part_ahead(text, c, &plain) => {
                plain.push(c);
                depth = usize::MAX / 2;
            }
            '(' => {
                if depth > 0 {
                    inside.push(c);
                }
                depth += 1;
            }
            ')' if depth >= usize::MAX / 2 => {
                plain.push(c);
                depth = 0;
            }
            ')' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    found.push(std::mem::take(&mut inside));
                    plain.push(' ');
                } else {
                    inside.push(c);
                }
            }
            c if depth > 0 && depth < usize::MAX / 2 => inside.push(c),
            c => plain.push(c),
        }
        last = c;
    }
    if !inside.is_empty() {
        found.push(inside);
    }
    (plain, found)
}

/// Whether the bracket that opens here, glued to a model, holds an optional part of the model: `R04(EN)CPU`.
fn is_part_ahead(text: &str, _open: char, before: &str) -> bool {
    let Some(rest) = text.get(before.len()..).and_then(|rest| rest.strip_prefix('(')) else { return false };
    let Some((inside, _)) = rest.split_once(')') else { return false };
    !inside.is_empty()
        && inside.len() <= 12
        && inside.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-' || c == '/')
        && !inside.ends_with('M')
}

fn read_bracket(inside: &str, ready: &mut Ready) {
    let lower = inside.trim().to_ascii_lowercase();
    if lower.starts_with("incl")
        || lower.starts_with("formerly")
        || lower.starts_with("previously")
        || lower.starts_with("discontinued")
    {
        if let Some((_, except)) = lower.split_once("except ") {
            exclude(except, ready);
        }
        return;
    }
    if let Some((_, except)) =
        lower.split_once("except ").or_else(|| lower.split_once("excl. ")).or_else(|| lower.split_once("excluding "))
    {
        exclude(except, ready);
        return;
    }
    let orders = order::find(inside);
    if !orders.is_empty() {
        for order in orders {
            add_order(&mut ready.orders, order);
        }
        return;
    }
    if let Some((_, list)) = lower.split_once("number") {
        for word in list.split([',', ' ']).filter(|word| word.len() >= 4 && word.chars().any(|c| c.is_ascii_digit())) {
            add_order(&mut ready.orders, Order { squeezed: order::squeeze(word), series: None, is_mlfb: false });
        }
        return;
    }
    // `1756-L8z` was found above; abbreviations of the name itself, places and editions say nothing about a machine.
    let is_abbreviation = inside.len() <= 8 && inside.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    let says_nothing = lower.starts_with("all ") || lower.starts_with("tia portal") || lower.starts_with("models ");
    let is_size = lower == "32m" || is_abbreviation && lower.starts_with("cp") && lower.len() == 5;
    if is_size || !is_abbreviation && !says_nothing && !lower.is_empty() {
        ready.conditions.push(inside.trim().to_string());
    }
}

fn exclude(list: &str, ready: &mut Ready) {
    for item in list.split(" and ").flat_map(|part| part.split(',')) {
        if let Some(name) = name_of(item, ready) {
            ready.excluded.push(name.phrases);
        }
    }
}

/// `MicroLogix 1400 B/C`, `KTP400F, KTP700 and KTP900`: names in a row, each with the words that all share.
fn alternatives(text: &str) -> Vec<String> {
    let pieces: Vec<&str> = text
        .split([',', ';'])
        .flat_map(|piece| piece.split(" and "))
        .flat_map(|piece| piece.split(" or "))
        .flat_map(|piece| piece.split(" / "))
        .map(str::trim)
        .filter(|piece| !piece.is_empty())
        .collect();
    let has_number = |piece: &str| piece.chars().any(|c| c.is_ascii_digit());
    if pieces.len() < 2
        || !pieces.iter().all(|piece| has_number(piece))
        || text.to_ascii_lowercase().contains("series a")
    {
        return vec![text.to_string()];
    }
    // What stands before the first word with a number belongs to all.
    let shared: Vec<&str> = pieces[0].split_whitespace().take_while(|word| !has_number(word)).collect();
    pieces
        .iter()
        .enumerate()
        .map(|(at, piece)| if at == 0 { (*piece).to_string() } else { format!("{} {piece}", shared.join(" ")) })
        .collect()
}

fn name_of(text: &str, ready: &Ready) -> Option<Name> {
    let has_orders = !ready.orders.is_empty();
    let mut series = Vec::new();
    let mut phrases: Vec<Vec<String>> = Vec::new();
    let pieces: Vec<&str> = text.split_whitespace().flat_map(|piece| piece.split([',', ';', ':', '"'])).collect();
    let mut at = 0;
    while at < pieces.len() {
        let piece = pieces[at];
        at += 1;
        let lower = piece.to_ascii_lowercase();
        if lower == "series" && at < pieces.len() {
            let letters = letters_of(&pieces[at..]);
            if !letters.is_empty() {
                at += pieces[at..]
                    .iter()
                    .take_while(|piece| is_letters(piece) || matches!(**piece, "and" | "or" | ""))
                    .count();
                series.extend(letters);
                continue;
            }
        }
        // `MicroLogix 1400 B/C`.
        if at == pieces.len()
            && at > 1
            && is_letters(piece)
            && pieces.iter().any(|p| p.eq_ignore_ascii_case("micrologix"))
        {
            series.extend(letters_of(&[piece]));
            continue;
        }
        // `7"`: sizes are cut at the quotation mark, so that a lone number of an inch size is left; it says little.
        let words = names::words(&lower);
        if words.is_empty() || words.iter().all(|word| EMPTY.contains(&word.as_str()) || is_wild(word)) {
            continue;
        }
        let phrase: Vec<String> = words.into_iter().filter(|word| !is_wild(word)).map(wild).collect();
        // `CJ series`: every model that begins so.
        let is_series = pieces.get(at).is_some_and(|next| next.eq_ignore_ascii_case("series"));
        match phrase.as_slice() {
            [short] if is_series && short.len() == 2 && short.chars().all(|c| c.is_ascii_alphabetic()) => {
                phrases.push(vec![format!("{short}?*")]);
            }
            _ => phrases.push(phrase),
        }
    }
    phrases.retain(|phrase| !phrase.is_empty());
    if ready.vendors.iter().any(|vendor| vendor == "mitsubishi") {
        drop_series(&mut phrases);
    }
    let has_digit = phrases.iter().flatten().any(|word| word.chars().any(|c| c.is_ascii_digit()));
    if !has_digit && !has_orders {
        // A brand without a number: every word counts.
        let words: Vec<String> = names::words(text);
        let kept: Vec<Vec<String>> = words
            .into_iter()
            .filter(|word| !EMPTY.contains(&word.as_str()) || KEPT_IN_BRANDS.contains(&word.as_str()))
            .map(|word| vec![word])
            .collect();
        let length: usize = kept.iter().flatten().map(String::len).sum();
        if length < 4 {
            return None;
        }
        return Some(Name { phrases: kept, series });
    }
    if phrases.is_empty() {
        return None;
    }
    series.sort_unstable();
    series.dedup();
    Some(Name { phrases, series })
}

/// Mitsubishi's models say the series themselves: `MELSEC iQ-R series R04CPU`.
fn drop_series(phrases: &mut Vec<Vec<String>>) {
    let is_model = |phrase: &Vec<String>| {
        phrase.iter().any(|word| {
            word.len() >= 4
                && word.chars().any(|c| c.is_ascii_digit())
                && word.chars().filter(char::is_ascii_alphabetic).count() >= 2
        })
    };
    if phrases.iter().filter(|phrase| is_model(phrase)).count() != 1 {
        return;
    }
    const SERIES: &[&str] = &["iq", "r", "f", "q", "l", "melsec", "sil2", "process", "safety", "cpu", "fx"];
    phrases.retain(|phrase| is_model(phrase) || !phrase.iter().all(|word| SERIES.contains(&word.as_str())));
}

fn is_letters(piece: &str) -> bool {
    !piece.is_empty()
        && piece.split('/').all(|letter| letter.len() == 1 && letter.starts_with(|c: char| c.is_ascii_uppercase()))
}

fn letters_of(pieces: &[&str]) -> Vec<char> {
    let mut letters = Vec::new();
    for piece in pieces {
        match *piece {
            "and" | "or" | "" => {}
            piece if is_letters(piece) => letters.extend(piece.split('/').filter_map(|letter| letter.chars().next())),
            _ => break,
        }
    }
    letters
}

fn is_wild(word: &str) -> bool {
    word.chars().all(|c| c == '*' || c == '?') || word.len() >= 2 && word.chars().all(|c| c == 'x')
}

/// `1x0`, `3xx`, `65x`, `ap7xxx`: small x among digits stands for any character.
fn wild(word: String) -> String {
    let chars: Vec<char> = word.chars().collect();
    if !chars.iter().any(char::is_ascii_digit) || !chars.contains(&'x') {
        return word;
    }
    let mut out = String::new();
    for (at, c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| chars[at]);
        let after = chars.get(at + 1);
        let is_between = before.is_some_and(|b| b.is_ascii_digit() || b == 'x')
            && after.is_none_or(|a| a.is_ascii_digit() || *a == 'x')
            && chars[..at].iter().any(char::is_ascii_digit);
        out.push(if *c == 'x' && is_between { '?' } else { *c });
    }
    out
}

impl Name {
    /// Whether the words of a machine's name have every phrase; the machine's words are side by side as they were written.
    pub fn is_in(&self, words: &[String]) -> bool {
        self.phrases.iter().all(|phrase| position(phrase, words).is_some())
    }

    /// Whether behind a matched model number stands a word that makes it another product.
    pub fn is_qualified(&self, words: &[String]) -> bool {
        let says = |word: &String| self.phrases.iter().flatten().any(|own| own == word);
        // An ET 200 station is its interface module; the controllers in that form are products of their own.
        let is_station = self.phrases.iter().flatten().any(|own| own == "et");
        if is_station
            && words.iter().any(|word| word == "cpu")
            && !self.phrases.iter().flatten().any(|own| own == "cpu")
        {
            return true;
        }
        self.phrases.iter().any(|phrase| {
            let has_digit = phrase.iter().any(|word| word.chars().any(|c| c.is_ascii_digit()));
            has_digit
                && position(phrase, words).is_some_and(|at| {
                    words.get(at + phrase.len()).is_some_and(|next| QUALIFIERS.contains(&next.as_str()) && !says(next))
                })
        })
    }
}

/// Where a phrase stands in words; words of the phrase may be patterns.
pub fn position(phrase: &[String], words: &[String]) -> Option<usize> {
    if phrase.is_empty() || phrase.len() > words.len() {
        return None;
    }
    (0..=words.len() - phrase.len()).find(|at| {
        phrase.iter().zip(&words[*at..]).all(|(pattern, word)| {
            pattern == word
                || pattern.contains(['*', '?']) && covers(pattern.as_bytes(), word.as_bytes())
                || is_plural(pattern, word)
        })
    })
}

fn is_plural(a: &str, b: &str) -> bool {
    a.strip_suffix('s') == Some(b) || b.strip_suffix('s') == Some(a)
}

impl Ready {
    /// Whether names of this variant count.
    pub fn takes(&self, variant: Variant) -> bool {
        match variant {
            Variant::Plain => true,
            Variant::Siplus => self.has_siplus,
            Variant::RelatedEt200 => self.has_related_et200,
            Variant::SiplusEt200 => self.has_siplus && self.has_related_et200,
        }
    }
}

#[cfg(test)]
mod tests;
