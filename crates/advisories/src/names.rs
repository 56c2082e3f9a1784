//! Names of vendors and products, cut into words that can be compared.

use crate::limits::{EXPANSIONS_MAX, NAME_MAX};

/// Vendors under one name: canonical id, then the other spellings (in the form of [`vendor_words`]). Written by hand from
/// what the advisories and the protocols (CIP vendor ids, OUI registry, Modbus identification) call them.
const VENDORS: &[(&str, &[&str])] = &[
    (
        "siemens",
        &["siemens industry", "siemens healthineers", "siemens energy", "siemens building technologies", "ruggedcom"],
    ),
    (
        "rockwell",
        &[
            "rockwell automation",
            "allen bradley",
            "rockwell automation allen bradley",
            "rockwell automation fiix",
            "ab",
        ],
    ),
    (
        "schneider",
        &[
            "schneider electric",
            "schneider electric software",
            "telemecanique",
            "modicon",
            "apc",
            "american power conversion",
            "square d",
            "merlin gerin",
            "schneider automation",
            "telvent",
            "pro face",
            "proface",
            "triconex",
            "foxboro",
            "andover controls",
            "eurotherm by schneider electric",
            "schneider electric se",
        ],
    ),
    ("mitsubishi", &["mitsubishi electric", "mitsubishi electric india", "mitsubishi", "iconics mitsubishi electric"]),
    ("omron", &["omron automation"]),
    ("abb", &["abb oy", "asea brown boveri", "busch jaeger"]),
    ("hitachi-energy", &["hitachi energy", "hitachi abb power grids", "abb power grids"]),
    ("moxa", &["moxa technologies"]),
    ("wago", &["wago kontakttechnik"]),
    ("beckhoff", &["beckhoff automation"]),
    (
        "phoenix",
        &["phoenix contact", "phoenix contact innominate security technologies", "innominate security technologies"],
    ),
    (
        "ge",
        &[
            "general electric",
            "ge digital",
            "general electric ge",
            "ge fanuc",
            "ge intelligent platforms",
            "ge grid solutions",
            "ge power",
            "ge gas power",
        ],
    ),
    ("emerson", &["emerson process management", "emerson automation solutions", "fisher rosemount"]),
    ("honeywell", &["honeywell process solutions", "honeywell building"]),
    ("yokogawa", &["yokogawa electric"]),
    ("codesys", &["3s smart software solutions", "3s smart software", "3s"]),
    ("delta", &["delta electronics", "delta industrial automation"]),
    ("advantech", &["advantech b b smartworx"]),
    (
        "johnson-controls",
        &[
            "johnson controls",
            "sensormatic electronics",
            "exacq technologies",
            "exacq",
            "kantech",
            "american dynamics",
            "tyco security products",
            "tyco",
        ],
    ),
    ("hirschmann", &["hirschmann automation control", "belden", "hirschmann electronics", "garrettcom"]),
    ("br", &["b r industrial automation", "b r", "bernecker rainer"]),
    ("fuji", &["fuji electric"]),
    ("aveva", &["aveva software", "wonderware", "invensys", "osisoft"]),
    ("horner", &["horner automation", "horner apg"]),
    ("automationdirect", &["automation direct", "koyo", "koyo electronics"]),
    ("philips", &["philips healthcare", "royal philips"]),
    ("red-lion", &["red lion controls", "red lion"]),
    ("hms", &["hms networks", "hms industrial networks", "anybus"]),
    ("sel", &["schweitzer engineering laboratories", "schweitzer engineering"]),
    ("jtekt", &["jtekt electronics", "toyoda machine works"]),
    ("pepperl-fuchs", &["pepperl fuchs"]),
    ("westermo", &["westermo network technologies"]),
    ("tridium", &[]),
    ("eaton", &["cooper power systems", "eaton cooper power systems"]),
    ("bosch-rexroth", &["bosch rexroth", "rexroth"]),
    ("endress-hauser", &["endress hauser"]),
    ("fanuc", &["fanuc robotics"]),
    ("keysight", &["keysight technologies", "agilent"]),
    ("national-instruments", &["national instruments", "ni"]),
    ("saia-burgess", &["saia burgess controls", "sbc"]),
    ("opto22", &["opto 22"]),
    ("unitronics", &[]),
    ("weintek", &[]),
    ("sick", &[]),
    ("festo", &[]),
    ("lenze", &[]),
    ("pilz", &[]),
    ("danfoss", &[]),
    ("trane", &[]),
    ("prosoft", &["prosoft technology"]),
    ("digi", &["digi international"]),
    ("lantronix", &[]),
    ("cisco", &["cisco systems"]),
];

/// Words of company forms, without a meaning for who it is.
const FORMS: &[&str] = &[
    "inc",
    "llc",
    "ltd",
    "gmbh",
    "ag",
    "co",
    "corp",
    "corporation",
    "company",
    "se",
    "sa",
    "spa",
    "bv",
    "kg",
    "oy",
    "ab",
    "plc",
    "limited",
    "and",
    "the",
    "international",
    "group",
    "technologies",
    "kgaa",
    "srl",
    "me",
    "ltda",
    "de",
    "a",
    "s",
];

/// The words of a vendor's name in lower case, without punctuation.
fn vendor_words(name: &str) -> Vec<String> {
    name.chars()
        .take(NAME_MAX)
        .map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' })
        .collect::<String>()
        .split_whitespace()
        .map(str::to_string)
        .collect()
}

/// Canonical ids of the vendors that a name speaks of. `ICONICS, Mitsubishi Electric` gives both.
pub fn vendors(name: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |id: String| {
        if !id.is_empty() && !found.contains(&id) {
            found.push(id);
        }
    };
    let whole = vendor_words(name);
    if let Some(id) = known_vendor(&whole) {
        add(id.to_string());
    }
    for piece in name.split([',', '/', ';']).chain(name.split(" and ")) {
        let words = vendor_words(piece);
        match known_vendor(&words) {
            Some(id) => add(id.to_string()),
            None => {
                let kept: Vec<String> = words.into_iter().filter(|word| !FORMS.contains(&word.as_str())).collect();
                add(kept.join(" "));
            }
        }
    }
    // Initials in brackets: `Becton, Dickinson and Company (BD)`.
    if let Some((_, rest)) = name.split_once('(')
        && let Some((inside, _)) = rest.split_once(')')
    {
        let words = vendor_words(inside);
        add(known_vendor(&words).map_or_else(|| words.join(" "), str::to_string));
    }
    found.truncate(16);
    found
}

fn known_vendor(words: &[String]) -> Option<&'static str> {
    let kept: Vec<&str> = words.iter().map(String::as_str).filter(|word| !FORMS.contains(word)).collect();
    let (all, kept) = (words.join(" "), kept.join(" "));
    VENDORS.iter().find_map(|(id, aliases)| {
        let is_it = |name: &str| name == kept || name == all;
        (is_it(id) || is_it(&id.replace('-', " ")) || aliases.iter().any(|alias| is_it(alias))).then_some(*id)
    })
}

/// Brands that say whose a product is, where the vendor is not given.
const BRANDS: &[(&str, &str)] = &[
    ("simatic", "siemens"),
    ("scalance", "siemens"),
    ("ruggedcom", "siemens"),
    ("sinamics", "siemens"),
    ("siprotec", "siemens"),
    ("simotion", "siemens"),
    ("sinumerik", "siemens"),
    ("sicam", "siemens"),
    ("siplus", "siemens"),
    ("sitop", "siemens"),
    ("controllogix", "rockwell"),
    ("compactlogix", "rockwell"),
    ("guardlogix", "rockwell"),
    ("micrologix", "rockwell"),
    ("powerflex", "rockwell"),
    ("stratix", "rockwell"),
    ("panelview", "rockwell"),
    ("modicon", "schneider"),
    ("scadapack", "schneider"),
    ("magelis", "schneider"),
    ("powerlogic", "schneider"),
    ("melsec", "mitsubishi"),
    ("sysmac", "omron"),
    ("nport", "moxa"),
    ("mgate", "moxa"),
    ("relion", "hitachi-energy"),
    ("freelance", "abb"),
];

/// The vendor that words of a model name give away.
pub fn vendor_of_words(words: &[String]) -> Option<&'static str> {
    words.iter().find_map(|word| BRANDS.iter().find(|(brand, _)| brand == word).map(|(_, id)| *id))
}

/// The words of a name: runs of letters and digits in lower case; `*` and `?` stay, as patterns. Words that are written
/// together or apart (`ET200SP`, `S71200`, `ControlLogix5570`) are cut the same way.
pub fn words(name: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut word = String::new();
    for c in name.chars().take(NAME_MAX) {
        match c {
            c if c.is_alphanumeric() => word.extend(c.to_lowercase()),
            '*' | '?' => word.push(c),
            '™' | '®' => {}
            _ => {
                if !word.is_empty() {
                    cut(std::mem::take(&mut word), &mut found);
                }
            }
        }
    }
    if !word.is_empty() {
        cut(word, &mut found);
    }
    found
}

fn cut(word: String, found: &mut Vec<String>) {
    const SHORT: &[&str] = &["et", "cpu", "cp", "im", "sm"];
    if word == "s71200" || word == "s71500" || word == "s7300" || word == "s7400" || word == "s7200" {
        found.push("s7".into());
        found.push(word[2..].to_string());
        return;
    }
    if let Some(digit) = word.find(|c: char| c.is_ascii_digit())
        && digit > 0
    {
        let (letters, digits) = word.split_at(digit);
        let is_word = letters.chars().all(|c| c.is_ascii_alphabetic())
            && (letters.len() >= 5 || SHORT.contains(&letters))
            && digits.len() >= 3
            && letters != "series";
        if is_word {
            found.push(letters.to_string());
            found.push(digits.to_string());
            return;
        }
    }
    found.push(word);
}

/// Whether a pattern with `*` (any run) and `?` (one character) covers a text.
pub fn covers(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == b'?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    p = at + 1;
                    t = from + 1;
                    star = Some((at, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

/// Spellings of one name that stands for several: `R08/16/32/120PCPU`, `R04(EN)CPU`, `QJ71C24N(-R2/R4)`,
/// `FX3G-xMy/z x=14,24, y=T,R, z=ES,ESS`.
pub fn expand(name: &str) -> Vec<String> {
    let name = name.replace("[]", "?");
    let mut names = variables(&name);
    for step in [optional as fn(&str) -> Option<Vec<String>>, slashes] {
        for _ in 0..4 {
            let mut next = Vec::new();
            let mut has_changed = false;
            for name in &names {
                match step(name) {
                    Some(found) => {
                        has_changed = true;
                        next.extend(found);
                    }
                    None => next.push(name.clone()),
                }
            }
            if !has_changed || next.len() > EXPANSIONS_MAX {
                break;
            }
            names = next;
        }
    }
    names.sort();
    names.dedup();
    names.truncate(EXPANSIONS_MAX);
    names
}

/// `x=14,24,40 y=T,R z=ES,DS`: the lists are named and the letters replaced by them.
fn variables(name: &str) -> Vec<String> {
    let Some(at) = ["x=", "y=", "z="].iter().filter_map(|variable| name.find(variable)).min() else {
        return vec![name.to_string()];
    };
    let (head, lists) = name.split_at(at);
    let mut names = vec![head.trim().trim_end_matches(',').to_string()];
    for variable in ['x', 'y', 'z'] {
        let mark = format!("{variable}=");
        let Some((_, rest)) = lists.split_once(&mark) else { continue };
        let values: Vec<&str> = rest
            .split(|c: char| c == '=' || c.is_whitespace() || c == ';' || c == '(')
            .next()
            .unwrap_or_default()
            .split(',')
            .map(|value| value.trim_end_matches('*'))
            .filter(|value| !value.is_empty() && !matches!(*value, "x" | "y" | "z"))
            .collect();
        let mut next = Vec::new();
        for name in &names {
            // The variable stands as a lone small letter among capitals.
            let Some(place) = name.char_indices().rev().find(|(_, c)| *c == variable).map(|(place, _)| place) else {
                next.push(name.clone());
                continue;
            };
            for value in &values {
                next.push(format!("{}{value}{}", &name[..place], &name[place + 1..]));
            }
        }
        if !next.is_empty() && next.len() <= EXPANSIONS_MAX * 4 {
            names = next;
        }
    }
    names
}

/// A bracket without a space before it is an optional part.
fn optional(name: &str) -> Option<Vec<String>> {
    let open = name
        .char_indices()
        .zip(name.chars().skip(1))
        .find(|((_, a), b)| (a.is_ascii_alphanumeric() || *a == '-') && *b == '(')
        .map(|((at, _), _)| at + 1)?;
    let close = open + name[open..].find(')')?;
    let inside = &name[open + 1..close];
    let is_part = !inside.is_empty()
        && inside.len() <= 16
        && inside.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '/');
    if !is_part {
        return None;
    }
    let (head, tail) = (&name[..open], &name[close + 1..]);
    let lead = if inside.starts_with('-') { "-" } else { "" };
    let mut names = vec![format!("{head}{tail}")];
    for part in inside.split('/') {
        names.push(format!("{head}{lead}{}{tail}", part.trim_start_matches('-')));
    }
    Some(names)
}

/// `Q04/06/13UDVCPU`: letters, numbers with slashes, letters.
fn slashes(name: &str) -> Option<Vec<String>> {
    for word in name.split_whitespace() {
        let pieces: Vec<&str> = word.split('/').filter(|piece| !piece.is_empty()).collect();
        if pieces.len() < 2 {
            continue;
        }
        let digit = pieces[0].find(|c: char| c.is_ascii_digit())?;
        let (letters, first) = pieces[0].split_at(digit);
        let last = pieces[pieces.len() - 1];
        let end = last.find(|c: char| !c.is_ascii_digit()).unwrap_or(last.len());
        let (last_digits, suffix) = last.split_at(end);
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let is_list = letters.len() <= 4
            && letters.chars().all(|c| c.is_ascii_uppercase())
            && !letters.is_empty()
            && is_number(first)
            && (is_number(last_digits) || last_digits.is_empty())
            && pieces[1..pieces.len() - 1].iter().all(|piece| is_number(piece))
            && !suffix.is_empty()
            && suffix.len() <= 12;
        if !is_list {
            continue;
        }
        let mut numbers: Vec<&str> = vec![first];
        numbers.extend(&pieces[1..pieces.len() - 1]);
        if !last_digits.is_empty() {
            numbers.push(last_digits);
        }
        return Some(
            numbers.iter().map(|number| name.replacen(word, &format!("{letters}{number}{suffix}"), 1)).collect(),
        );
    }
    None
}

#[cfg(test)]
mod tests;
