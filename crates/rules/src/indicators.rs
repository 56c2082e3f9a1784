//! Lists of indicators: addresses, domains, fingerprints and hashes that somebody says are bad, with their source.
//!
//! Read from STIX 2.1 bundles, MISP events and CSV; the formats are in docs/indicators.md. What is expired when a record
//! happened does not match it.

use std::net::IpAddr;

use hashbrown::HashMap;
use model::{Act, Address, Conversation, Descriptor, Event, Fact, FactKey, Phrase, Record, Severity, Time};
use serde_json::Value;

/// Indicators that are kept; a feed of more is cut, and that is told.
pub const INDICATORS_MAX: usize = 2_000_000;

/// What the finding says.
pub const INDICATOR: Descriptor = Descriptor {
    id: "indicator-match",
    title: Phrase {
        en: "Something on a list of known threats was seen",
        fr: "Un élément d'une liste de menaces connues a été vu",
    },
    severity: Severity::High,
    techniques: &[("T0869", "Standard Application Layer Protocol"), ("T0884", "Connection Proxy")],
    requirements: &["SR 5.2", "SR 6.2"],
    meaning: Phrase {
        en: "An address, name, fingerprint or file that somebody published as part of an attack crossed this network.",
        fr: "Une adresse, un nom, une empreinte ou un fichier publié comme élément d'une attaque a traversé ce réseau.",
    },
    action: Phrase {
        en: "Read what the source says of it, find out which program did it, and keep the machine's memory and disk.",
        fr: "Lire ce qu'en dit la source, trouver quel programme en est l'origine, et préserver mémoire et disque de la machine.",
    },
    caution: Phrase {
        en: "Do not take it for proof: addresses change hands and lists grow old. Do not switch the machine off first.",
        fr: "Ne pas le prendre pour une preuve : les adresses changent de main et les listes vieillissent. Ne pas commencer par éteindre la machine.",
    },
    covers: &["Known-bad IP", "malicious domain", "generic IoC"],
    thresholds: Phrase { en: "", fr: "" },
};

/// One thing that somebody says is bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indicator {
    /// `address`, `network`, `domain`, `ja3`, `ja4`, `hash`, `url`.
    pub kind: &'static str,
    /// The value, as it is compared.
    pub value: String,
    /// The list that it is from, as the list or its file names itself.
    pub source: String,
    /// What it stands for; empty where the list does not say.
    pub about: String,
    /// From when on it counts.
    pub from: Option<Time>,
    /// Until when it counts.
    pub until: Option<Time>,
}

/// Many of them, to look up.
#[derive(Clone, Debug, Default)]
pub struct Indicators {
    list: Vec<Indicator>,
    addresses: HashMap<IpAddr, Vec<u32>, foldhash::fast::RandomState>,
    networks: Vec<(IpAddr, u8, u32)>,
    texts: HashMap<String, Vec<u32>, foldhash::fast::RandomState>,
    /// Entries that were of a kind that no record can show, or wrong.
    pub passed_over: u64,
}

impl Indicators {
    /// How many.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Adds the indicators of a file; its content says in which form it is. Gives how many there were.
    pub fn add(&mut self, text: &str, name: &str) -> Result<usize, String> {
        let before = self.list.len();
        let start = text.trim_start();
        if start.starts_with('{') || start.starts_with('[') {
            let value: Value = serde_json::from_str(text).map_err(|e| format!("`{name}` is not JSON: {e}"))?;
            match () {
                () if value.get("type").and_then(Value::as_str) == Some("bundle") => self.stix(&value, name),
                () if value.get("Event").is_some()
                    || value.get("response").is_some()
                    || value.get("Attribute").is_some() =>
                {
                    self.misp(&value, name)
                }
                () if value.as_array().is_some_and(|list| list.iter().any(|one| one.get("Event").is_some())) => {
                    self.misp(&value, name)
                }
                () => return Err(format!("`{name}` is neither a STIX 2.1 bundle nor a MISP event")),
            }
        } else {
            self.csv(text, name)?;
        }
        match self.list.len() - before {
            0 => Err(format!("`{name}` holds no indicator that a network can show")),
            count => Ok(count),
        }
    }

    fn push(&mut self, mut indicator: Indicator) {
        if self.list.len() >= INDICATORS_MAX {
            self.passed_over += 1;
            return;
        }
        let number = self.list.len() as u32;
        match indicator.kind {
            "address" => match indicator.value.parse::<IpAddr>() {
                Ok(ip) => self.addresses.entry(ip).or_default().push(number),
                Err(_) => {
                    self.passed_over += 1;
                    return;
                }
            },
            "network" => match network(&indicator.value) {
                Some((ip, bits)) if bits == width(ip) => self.addresses.entry(ip).or_default().push(number),
                Some((ip, bits)) => self.networks.push((ip, bits, number)),
                None => {
                    self.passed_over += 1;
                    return;
                }
            },
            kind => {
                indicator.value = indicator.value.trim().trim_end_matches('.').to_ascii_lowercase();
                if indicator.value.len() < 4 {
                    self.passed_over += 1;
                    return;
                }
                self.texts.entry(key(kind, &indicator.value)).or_default().push(number);
            }
        }
        self.list.push(indicator);
    }

    /// The objects `indicator` of a STIX 2.1 bundle: comparisons of their patterns, whichever way they are combined.
    fn stix(&mut self, bundle: &Value, name: &str) {
        let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let objects = bundle.get("objects").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let names: HashMap<String, String, foldhash::fast::RandomState> = objects
            .iter()
            .filter(|object| text(object, "type") == "identity")
            .map(|object| (text(object, "id"), text(object, "name")))
            .collect();
        for object in objects.iter().filter(|object| text(object, "type") == "indicator") {
            if object.get("revoked").and_then(Value::as_bool) == Some(true) {
                continue;
            }
            let source = names.get(&text(object, "created_by_ref")).filter(|name| !name.is_empty());
            let found = comparisons(&text(object, "pattern"));
            if found.is_empty() {
                self.passed_over += 1;
            }
            for (kind, value) in found {
                self.push(Indicator {
                    kind,
                    value,
                    source: source.cloned().unwrap_or_else(|| name.to_owned()),
                    about: text(object, "name"),
                    from: Time::parse(&text(object, "valid_from")),
                    until: Time::parse(&text(object, "valid_until")),
                });
            }
        }
    }

    /// Attributes of MISP events, also those of objects.
    fn misp(&mut self, value: &Value, name: &str) {
        let mut waiting = vec![(value, String::new(), 0)];
        while let Some((value, about, depth)) = waiting.pop() {
            if depth > 8 {
                continue;
            }
            let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
            if let Some(list) = value.as_array() {
                waiting.extend(list.iter().rev().map(|one| (one, about.clone(), depth + 1)));
                continue;
            }
            let info = if text("info").is_empty() { about.clone() } else { text("info").to_owned() };
            for inner in ["Object", "Attribute", "Event", "response"] {
                if let Some(inner) = value.get(inner) {
                    waiting.push((inner, info.clone(), depth + 1));
                }
            }
            let kind = text("type");
            if value.get("value").is_none() || kind.is_empty() {
                continue;
            }
            if value.get("to_ids").and_then(Value::as_bool) == Some(false) {
                self.passed_over += 1;
                continue;
            }
            let whole = text("value");
            let parts: Vec<(&'static str, &str)> = match kind {
                "ip-src" | "ip-dst" => vec![address_kind(whole)],
                "ip-src|port" | "ip-dst|port" => vec![address_kind(whole.split('|').next().unwrap_or_default())],
                "domain" | "hostname" => vec![("domain", whole)],
                "domain|ip" => {
                    let (domain, ip) = whole.split_once('|').unwrap_or((whole, ""));
                    vec![("domain", domain), address_kind(ip)]
                }
                "md5" | "sha1" | "sha256" => vec![("hash", whole)],
                "filename|md5" | "filename|sha1" | "filename|sha256" => {
                    vec![("hash", whole.split_once('|').map_or("", |(_, hash)| hash))]
                }
                "ja3-fingerprint-md5" => vec![("ja3", whole)],
                "ja4" | "ja4-fingerprint" => vec![("ja4", whole)],
                "url" => vec![("url", whole)],
                _ => {
                    self.passed_over += 1;
                    continue;
                }
            };
            let until = Time::parse(text("last_seen"));
            for (kind, value) in parts.into_iter().filter(|(_, value)| !value.is_empty()) {
                self.push(Indicator {
                    kind,
                    value: value.to_owned(),
                    source: name.to_owned(),
                    about: info.clone(),
                    from: Time::parse(text("first_seen")),
                    until,
                });
            }
        }
    }

    /// One indicator a line. With a header its columns are `value` (or `indicator`), `type`, `source`, `about`, `from`,
    /// `until`; without, the first column is the value and its kind is guessed from its form.
    fn csv(&mut self, text: &str, name: &str) -> Result<(), String> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .comment(Some(b'#'))
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let mut columns: Option<Vec<String>> = None;
        for (number, row) in reader.records().enumerate() {
            let row = row.map_err(|e| format!("`{name}`: {e}"))?;
            if number == 0 {
                let names: Vec<String> = row.iter().map(str::to_ascii_lowercase).collect();
                if names.iter().any(|name| matches!(name.as_str(), "value" | "indicator")) {
                    columns = Some(names);
                    continue;
                }
            }
            let cell = |names: &[&str]| -> &str {
                let place = match &columns {
                    Some(columns) => columns.iter().position(|column| names.contains(&column.as_str())),
                    None => names.contains(&"value").then_some(0),
                };
                place.and_then(|place| row.get(place)).unwrap_or_default()
            };
            let value = cell(&["value", "indicator"]);
            let said = cell(&["type", "kind"]).to_ascii_lowercase();
            let Some((kind, value)) = kind_of(&said, value) else {
                self.passed_over += 1;
                continue;
            };
            let time = |text: &str| match text.len() {
                10 => Time::parse(&format!("{text}T00:00:00Z")),
                _ => Time::parse(text),
            };
            let source = cell(&["source", "feed"]);
            self.push(Indicator {
                kind,
                value: value.to_owned(),
                source: if source.is_empty() { name.to_owned() } else { source.to_owned() },
                about: cell(&["about", "description", "name", "comment"]).to_owned(),
                from: time(cell(&["from", "valid_from", "first_seen"])),
                until: time(cell(&["until", "valid_until", "expires", "expiration"])),
            });
        }
        Ok(())
    }

    /// Tells the indicators that `record` shows, with the end that shows them and what of the record it was.
    pub fn look(&self, record: &Record, mut found: impl FnMut(&Indicator, Option<Address>, &str)) {
        if self.list.is_empty() {
            return;
        }
        match record {
            Record::Conversation(talk) => self.conversation(talk, &mut found),
            Record::Act(act) => self.act(act, &mut found),
            Record::Fact(fact) => self.fact(fact, &mut found),
            Record::Event(event) => self.event(event, &mut found),
            Record::Sample(_) | Record::Health(_) | Record::Finding(_) => {}
        }
    }

    fn conversation(&self, talk: &Conversation, found: &mut impl FnMut(&Indicator, Option<Address>, &str)) {
        for end in [&talk.to, &talk.from] {
            self.address(end, talk.first, found);
        }
    }

    fn act(&self, act: &Act, found: &mut impl FnMut(&Indicator, Option<Address>, &str)) {
        let is_named = matches!(
            act.protocol.as_ref(),
            "dns" | "mdns" | "llmnr" | "tls" | "quic" | "http" | "smb" | "ftp" | "tftp"
        );
        if !is_named {
            return;
        }
        let to = Some(act.to);
        if let model::Object::Text(object) = &act.object {
            match act.protocol.as_ref() {
                "dns" | "mdns" | "llmnr" | "tls" | "quic" => self.domain(object, act.at, to, found),
                "http" => {
                    let host = act.extra.iter().find(|(name, _)| name == "host").map(|(_, host)| host.as_str());
                    if let Some(host) = host {
                        self.domain(host.split(':').next().unwrap_or_default(), act.at, to, found);
                        self.text("url", &format!("http://{host}{object}"), act.at, to, found);
                    }
                }
                _ => {}
            }
        }
        for (name, value) in &act.extra {
            match name.as_ref() {
                "ja3" | "ja3s" => self.text("ja3", value, act.at, Some(act.from), found),
                "ja4" | "ja4s" => self.text("ja4", value, act.at, Some(act.from), found),
                "hash" | "md5" | "sha1" | "sha256" => {
                    self.text("hash", value.rsplit(':').next().unwrap_or_default(), act.at, to, found);
                }
                _ => {}
            }
        }
        if matches!(act.protocol.as_ref(), "dns") {
            for reading in &act.values {
                match &reading.value {
                    model::Value::Text(text) => match text.parse::<IpAddr>() {
                        Ok(ip) => {
                            let end = Address { ip: Some(ip), ..Address::default() };
                            self.address(&end, act.at, found);
                        }
                        Err(_) => self.domain(text, act.at, to, found),
                    },
                    _ => continue,
                }
            }
        }
    }

    fn fact(&self, fact: &Fact, found: &mut impl FnMut(&Indicator, Option<Address>, &str)) {
        let end = Some(fact.subject);
        match fact.key {
            FactKey::Fingerprint => {
                for (name, value) in fact.value.split([' ', ',']).filter_map(|part| part.split_once('=')) {
                    let kind = if name.starts_with("ja4") { "ja4" } else { "ja3" };
                    self.text(kind, value, fact.at, end, found);
                }
            }
            FactKey::ProgramHash | FactKey::Certificate => {
                for word in fact.value.split([' ', ',', ':', '=']).filter(|word| word.len() >= 32) {
                    self.text("hash", word, fact.at, end, found);
                }
            }
            _ => {}
        }
    }

    fn event(&self, event: &Event, found: &mut impl FnMut(&Indicator, Option<Address>, &str)) {
        for end in [&event.to, &event.from].into_iter().flatten() {
            self.address(end, event.at, found);
        }
        let end = event.from.or(event.to);
        for (_, value) in event.extra.iter().filter(|(_, value)| value.len() <= 512) {
            for word in value.split([' ', ',', ';', '=']) {
                if matches!(word.len(), 32 | 40 | 64) && word.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    self.text("hash", word, event.at, end, found);
                    self.text("ja3", word, event.at, end, found);
                } else if word.contains('.') {
                    self.domain(word, event.at, end, found);
                }
            }
        }
    }

    fn address(&self, end: &Address, at: Time, found: &mut impl FnMut(&Indicator, Option<Address>, &str)) {
        let Some(ip) = end.ip else { return };
        for number in self.addresses.get(&ip).into_iter().flatten() {
            self.tell(*number, at, Some(*end), &ip.to_string(), found);
        }
        for (network, bits, number) in &self.networks {
            if is_within(ip, *network, *bits) {
                self.tell(*number, at, Some(*end), &ip.to_string(), found);
            }
        }
    }

    /// A name and the names above it: `a.bad.example` is found by `bad.example`.
    fn domain(
        &self,
        name: &str,
        at: Time,
        end: Option<Address>,
        found: &mut impl FnMut(&Indicator, Option<Address>, &str),
    ) {
        let lower = name.trim_end_matches('.').to_ascii_lowercase();
        let mut rest = lower.as_str();
        for _ in 0..16 {
            for number in self.texts.get(&key("domain", rest)).into_iter().flatten() {
                self.tell(*number, at, end, &lower, found);
            }
            match rest.split_once('.') {
                Some((_, above)) if above.contains('.') => rest = above,
                _ => break,
            }
        }
    }

    fn text(
        &self,
        kind: &str,
        value: &str,
        at: Time,
        end: Option<Address>,
        found: &mut impl FnMut(&Indicator, Option<Address>, &str),
    ) {
        for number in self.texts.get(&key(kind, &value.to_ascii_lowercase())).into_iter().flatten() {
            self.tell(*number, at, end, value, found);
        }
    }

    fn tell(
        &self,
        number: u32,
        at: Time,
        end: Option<Address>,
        what: &str,
        found: &mut impl FnMut(&Indicator, Option<Address>, &str),
    ) {
        if let Some(indicator) = self.list.get(number as usize)
            && indicator.from.is_none_or(|from| from <= at)
            && indicator.until.is_none_or(|until| at < until)
        {
            found(indicator, end, what);
        }
    }
}

fn key(kind: &str, value: &str) -> String {
    format!("{kind} {value}")
}

fn width(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { 32 } else { 128 }
}

fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (ip, bits) = text.split_once('/')?;
    let (ip, bits) = (ip.trim().parse::<IpAddr>().ok()?, bits.trim().parse::<u8>().ok()?);
    (bits <= width(ip) && bits > 0).then_some((ip, bits))
}

fn is_within(ip: IpAddr, network: IpAddr, bits: u8) -> bool {
    match (ip, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            let shift = 32_u32.saturating_sub(bits.into());
            a.to_bits().checked_shr(shift) == b.to_bits().checked_shr(shift)
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => {
            let shift = 128_u32.saturating_sub(bits.into());
            a.to_bits().checked_shr(shift) == b.to_bits().checked_shr(shift)
        }
        _ => false,
    }
}

fn address_kind(value: &str) -> (&'static str, &str) {
    (if value.contains('/') { "network" } else { "address" }, value)
}

/// The kind of a value by what a list says of it, else by its form; with what of it is compared.
fn kind_of<'a>(said: &str, value: &'a str) -> Option<(&'static str, &'a str)> {
    if value.is_empty() {
        return None;
    }
    match said {
        "ip" | "ipv4" | "ipv6" | "address" | "ip-src" | "ip-dst" | "ipv4-addr" | "ipv6-addr" | "network" | "cidr" => {
            return Some(address_kind(value));
        }
        "domain" | "hostname" | "fqdn" | "domain-name" => return Some(("domain", value)),
        "ja3" | "ja3s" => return Some(("ja3", value)),
        "ja4" | "ja4s" => return Some(("ja4", value)),
        "md5" | "sha1" | "sha256" | "hash" => return Some(("hash", value)),
        "url" => return Some(("url", value)),
        "" => {}
        _ => return None,
    }
    if value.parse::<IpAddr>().is_ok() || network(value).is_some() {
        return Some(address_kind(value));
    }
    if value.starts_with("http://") || value.starts_with("https://") {
        return Some(("url", value));
    }
    let is_hex = value.bytes().all(|byte| byte.is_ascii_hexdigit());
    match value.len() {
        40 | 64 if is_hex => return Some(("hash", value)),
        // 32 digits are an MD5 or a JA3: the list has to say which.
        32 if is_hex => return Some(("hash", value)),
        _ => {}
    }
    let is_name =
        value.contains('.') && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    is_name.then_some(("domain", value))
}

/// The comparisons `path = 'value'` of a STIX pattern whose path is one that a network can show.
fn comparisons(pattern: &str) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    // A value may hold anything but an unescaped quote.
    let mut rest = pattern;
    while let Some(quote) = [" '", "='"].iter().filter_map(|sign| rest.find(sign)).min() {
        let open = quote + rest[quote..].find('\'').unwrap_or(0);
        let before = rest[..open].trim_end().trim_end_matches('=').trim_end();
        let is_equal = rest[..open].trim_end().ends_with('=') && !rest[..open].trim_end().ends_with("!=");
        let path = before.rsplit(['[', '(', ' ']).next().unwrap_or_default().to_owned();
        let path = if path.is_empty() || before.ends_with('\'') || before.ends_with(')') {
            before.rsplit(['[', '(']).next().unwrap_or_default().to_owned()
        } else {
            path
        };
        let mut value = String::new();
        let mut end = open + 1;
        let mut is_escaped = false;
        for (place, letter) in rest[open + 1..].char_indices() {
            end = open + 1 + place + letter.len_utf8();
            match letter {
                _ if is_escaped => {
                    value.push(letter);
                    is_escaped = false;
                }
                '\\' => is_escaped = true,
                '\'' => break,
                _ => value.push(letter),
            }
        }
        // `file:hashes.'SHA-256' = '…'` has a quoted part in its path: it ends without a comparison before it.
        let lower = before.to_ascii_lowercase();
        let kind = match () {
            () if !is_equal => None,
            () if path.starts_with("ipv4-addr:value") || path.starts_with("ipv6-addr:value") => {
                Some(address_kind(&value).0)
            }
            () if path.contains("src_ref.value") || path.contains("dst_ref.value") => {
                value.parse::<IpAddr>().is_ok().then_some("address")
            }
            () if path.starts_with("domain-name:value") => Some("domain"),
            () if path.starts_with("url:value") => Some("url"),
            () if lower.rsplit('[').next().unwrap_or_default().contains("hashes") => Some("hash"),
            () if lower.contains("ja3") => Some("ja3"),
            () if lower.contains("ja4") => Some("ja4"),
            () => None,
        };
        if let Some(kind) = kind {
            found.push((kind, value));
        }
        rest = rest.get(end..).unwrap_or_default();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_of_a_pattern() {
        let all = |pattern: &str| comparisons(pattern).into_iter().map(|(k, v)| format!("{k} {v}")).collect::<Vec<_>>();
        assert_eq!(all("[ipv4-addr:value = '198.51.100.7']"), ["address 198.51.100.7"]);
        assert_eq!(all("[ipv4-addr:value='198.51.100.0/24']"), ["network 198.51.100.0/24"]);
        assert_eq!(
            all("[domain-name:value = 'bad.example' OR url:value = 'http://x.example/a']"),
            ["domain bad.example", "url http://x.example/a"]
        );
        assert_eq!(all("[file:hashes.'SHA-256' = 'ab12']"), ["hash ab12"]);
        assert_eq!(all("[file:hashes.MD5 = 'ab12' AND file:name = 'x.exe']"), ["hash ab12"]);
        assert_eq!(all("[ipv4-addr:value != '10.0.0.1']"), Vec::<String>::new());
        assert_eq!(all("[network-traffic:dst_ref.value = '203.0.113.9']"), ["address 203.0.113.9"]);
        assert_eq!(all("'''"), Vec::<String>::new());
    }
}
