//! Configurations of firewalls and routers to lists of rules: iptables-save, nftables, Cisco IOS and ASA, FortiGate,
//! pfSense. A line that decides something and is not understood makes everything after it in its list uncertain.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use serde::Serialize;

use crate::xml::Node;
use crate::{Declared, Wall};

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Lets pass.
    Allow,
    /// Stops.
    Deny,
    /// Not understood.
    Unknown,
}

/// One rule. Empty prefixes and ports fit everything.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rule {
    /// What it does.
    pub action: Action,
    /// Who.
    pub from: Vec<String>,
    /// Whom.
    pub to: Vec<String>,
    /// `tcp`, `udp`, …; empty for any.
    pub transport: String,
    /// Ports of the server, both ends included.
    pub ports: Vec<(u16, u16)>,
    /// Source and line.
    pub place: String,
}

impl Rule {
    fn unknown(place: String) -> Rule {
        Rule {
            action: Action::Unknown,
            from: Vec::new(),
            to: Vec::new(),
            transport: String::new(),
            ports: Vec::new(),
            place,
        }
    }

    fn fits(&self, from: IpAddr, to: IpAddr, transport: &str, port: u16) -> bool {
        let is_in = |list: &[String], ip| list.is_empty() || list.iter().any(|prefix| holds(prefix, ip));
        is_in(&self.from, from)
            && is_in(&self.to, to)
            && (self.transport.is_empty() || self.transport == transport)
            && (self.ports.is_empty() || self.ports.iter().any(|(first, last)| (*first..=*last).contains(&port)))
    }
}

impl Wall {
    /// What the list does to a conversation, and the rule that says so.
    pub fn decide(&self, from: IpAddr, to: IpAddr, transport: &str, port: u16) -> (Action, Option<&Rule>) {
        match self.rules.iter().find(|rule| rule.fits(from, to, transport, port)) {
            Some(rule) => (rule.action, Some(rule)),
            None => (self.otherwise.unwrap_or(Action::Unknown), None),
        }
    }
}

/// Whether an address lies in a prefix; `a-b` is a range.
pub(crate) fn holds(prefix: &str, ip: IpAddr) -> bool {
    let (base, bits) = match prefix.split_once('/') {
        Some((base, bits)) => (base, bits.parse::<u32>().ok()),
        None => (prefix, Some(128)),
    };
    match (ip, base.parse(), bits) {
        (IpAddr::V4(ip), Ok(IpAddr::V4(base)), Some(bits)) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(bits)).unwrap_or(0);
            u32::from(ip) & mask == u32::from(base) & mask
        }
        (IpAddr::V6(ip), Ok(IpAddr::V6(base)), Some(bits)) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(bits)).unwrap_or(0);
            u128::from(ip) & mask == u128::from(base) & mask
        }
        _ => false,
    }
}

fn is_prefix(text: &str) -> bool {
    text.split('/').next().is_some_and(|base| base.parse::<IpAddr>().is_ok())
}

/// Reads what looks like a configuration.
pub(crate) fn read(declared: &mut Declared, name: &str, text: &str) -> Option<&'static str> {
    let has = |test: &dyn Fn(&str) -> bool| text.lines().take(100_000).any(|line| test(line.trim()));
    if has(&|line| line.starts_with("*filter")) {
        iptables(declared, name, text);
        return Some("iptables-save");
    }
    if has(&|line| line.starts_with("table ") && line.ends_with('{')) {
        nftables(declared, name, text);
        return Some("nftables");
    }
    if has(&|line| line == "config firewall policy") {
        fortigate(declared, name, text);
        return Some("fortigate");
    }
    if has(&|line| line.starts_with("access-list ") || line.starts_with("ip access-list ")) {
        cisco(declared, name, text);
        return Some("cisco");
    }
    None
}

fn port_range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once([':', '-']).unwrap_or((text, text));
    Some((port(first)?, port(last)?))
}

fn port(text: &str) -> Option<u16> {
    const NAMES: &[(&str, u16)] = &[
        ("http", 80),
        ("www", 80),
        ("https", 443),
        ("ssh", 22),
        ("telnet", 23),
        ("domain", 53),
        ("ntp", 123),
        ("snmp", 161),
        ("ftp", 21),
        ("smtp", 25),
        ("tftp", 69),
        ("ldap", 389),
    ];
    text.parse().ok().or_else(|| NAMES.iter().find(|(name, _)| *name == text).map(|(_, port)| *port))
}

fn iptables(declared: &mut Declared, name: &str, text: &str) {
    let mut lists: BTreeMap<String, Wall> = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let (place, line) = (format!("{name}:{}", number + 1), line.trim());
        if let Some(policy) = line.strip_prefix(':') {
            let mut words = policy.split_whitespace();
            let (chain, policy) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let otherwise = match policy {
                "ACCEPT" => Some(Action::Allow),
                "DROP" | "REJECT" => Some(Action::Deny),
                _ => None,
            };
            lists.insert(chain.to_owned(), Wall { name: format!("{name}: {chain}"), rules: Vec::new(), otherwise });
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["-A", chain, options @ ..] = words.as_slice() else {
            if !line.is_empty() && !line.starts_with(['#', '*']) && line != "COMMIT" {
                declared.not_understood(place, line);
            }
            continue;
        };
        let mut rule = Rule::unknown(place.clone());
        let (mut is_understood, mut is_answer) = (true, false);
        let mut rest = options.iter();
        while let Some(option) = rest.next() {
            let mut value = || rest.next().copied().unwrap_or_default();
            match *option {
                "-s" | "--source" => rule.from.extend(value().split(',').map(str::to_owned)),
                "-d" | "--destination" => rule.to.extend(value().split(',').map(str::to_owned)),
                "-p" | "--protocol" => rule.transport = value().to_owned(),
                "-m" => drop(value()),
                "--dport" | "--dports" | "--destination-port" => {
                    let list = value();
                    rule.ports.extend(list.split(',').filter_map(port_range));
                    is_understood &= list.split(',').count() == rule.ports.len();
                }
                "--state" | "--ctstate" => is_answer = !value().contains("NEW"),
                "--comment" => {
                    // A comment in quotes may have several words.
                    let first = value();
                    if first.starts_with('"') && !(first.len() > 1 && first.ends_with('"')) {
                        while rest.next().is_some_and(|word| !word.ends_with('"')) {}
                    }
                }
                "-j" => {
                    rule.action = match value() {
                        "ACCEPT" => Action::Allow,
                        "DROP" | "REJECT" => Action::Deny,
                        // Writing a log decides nothing.
                        "LOG" | "NFLOG" => {
                            is_answer = true;
                            Action::Unknown
                        }
                        _ => Action::Unknown,
                    };
                }
                "--log-prefix" | "--log-level" | "--reject-with" => drop(value()),
                _ => is_understood = false,
            }
        }
        if is_answer {
            continue;
        }
        if !is_understood
            || rule.action == Action::Unknown
            || !rule.from.iter().chain(&rule.to).all(|prefix| is_prefix(prefix))
        {
            declared.not_understood(place.clone(), line);
            rule = Rule { action: Action::Unknown, ..rule };
        }
        if let Some(wall) = lists.get_mut(*chain) {
            wall.rules.push(rule);
        }
    }
    // Only what is forwarded passes between others.
    declared.walls.extend(lists.remove("FORWARD"));
}

fn nftables(declared: &mut Declared, name: &str, text: &str) {
    let mut wall: Option<Wall> = None;
    let mut is_forward = false;
    for (number, line) in text.lines().enumerate() {
        let (place, line) = (format!("{name}:{}", number + 1), line.split('#').next().unwrap_or_default().trim());
        if line.is_empty() || line.starts_with("table ") || line.starts_with("flush ") {
            continue;
        }
        if let Some(chain) = line.strip_prefix("chain ") {
            is_forward = false;
            wall = Some(Wall {
                name: format!("{name}: {}", chain.trim_end_matches('{').trim()),
                rules: Vec::new(),
                otherwise: None,
            });
            continue;
        }
        if line == "}" {
            declared.walls.extend(wall.take().filter(|_| is_forward));
            continue;
        }
        let Some(wall) = &mut wall else {
            declared.not_understood(place, line);
            continue;
        };
        if line.starts_with("type ") {
            is_forward = line.contains("hook forward");
            wall.otherwise = Some(if line.contains("policy drop") { Action::Deny } else { Action::Allow });
            continue;
        }
        if line.starts_with("ct state") && !line.contains("new") {
            continue;
        }
        let rule = nft_rule(line, &place);
        if rule.is_none() {
            declared.not_understood(place.clone(), line);
        }
        wall.rules.push(rule.unwrap_or_else(|| Rule::unknown(place)));
    }
}

fn nft_rule(line: &str, place: &str) -> Option<Rule> {
    let line = line.split(" comment ").next().unwrap_or_default();
    let spaced = line.replace('{', " { ").replace('}', " } ").replace(',', " ");
    let mut words = spaced.split_whitespace().peekable();
    let mut rule = Rule::unknown(place.to_owned());
    let list = |words: &mut std::iter::Peekable<std::str::SplitWhitespace<'_>>| -> Option<Vec<String>> {
        match words.next()? {
            "{" => Some(words.by_ref().take_while(|word| *word != "}").map(str::to_owned).collect()),
            word => Some(vec![word.to_owned()]),
        }
    };
    while let Some(word) = words.next() {
        match word {
            "ip" | "ip6" => match words.next()? {
                "saddr" => rule.from = list(&mut words)?,
                "daddr" => rule.to = list(&mut words)?,
                "protocol" => rule.transport = words.next()?.to_owned(),
                _ => return None,
            },
            "tcp" | "udp" => {
                rule.transport = word.to_owned();
                if words.next()? != "dport" {
                    return None;
                }
                rule.ports = list(&mut words)?.iter().map(|part| port_range(part)).collect::<Option<_>>()?;
            }
            "accept" => rule.action = Action::Allow,
            "drop" | "reject" => rule.action = Action::Deny,
            "counter" => {
                if words.peek() == Some(&"packets") {
                    words.nth(3);
                }
            }
            _ => return None,
        }
    }
    let is_good = rule.action != Action::Unknown && rule.from.iter().chain(&rule.to).all(|prefix| is_prefix(prefix));
    is_good.then_some(rule)
}

/// IOS has wildcards, ASA has masks: the first bit says which.
fn cisco_prefix(address: &str, mask: &str) -> Option<String> {
    let (address, mask): (Ipv4Addr, Ipv4Addr) = (address.parse().ok()?, mask.parse().ok()?);
    let mask = u32::from(mask);
    let mask = if mask & 0x8000_0000 == 0 { !mask } else { mask };
    (mask.count_ones() == mask.leading_ones()).then(|| format!("{address}/{}", mask.leading_ones()))
}

fn cisco(declared: &mut Declared, name: &str, text: &str) {
    let mut lists: Vec<Wall> = Vec::new();
    let mut open: Option<usize> = None;
    let number_of = |lists: &mut Vec<Wall>, list: &str| {
        let full = format!("{name}: {list}");
        lists.iter().position(|wall| wall.name == full).unwrap_or_else(|| {
            lists.push(Wall { name: full, rules: Vec::new(), otherwise: Some(Action::Deny) });
            lists.len() - 1
        })
    };
    for (number, raw) in text.lines().enumerate() {
        let (place, words) = (format!("{name}:{}", number + 1), raw.split_whitespace().collect::<Vec<_>>());
        let (list, rule) = match words.as_slice() {
            ["ip", "access-list", "extended" | "standard", list] => {
                open = Some(number_of(&mut lists, list));
                continue;
            }
            ["access-list", _, "remark", ..] | ["remark", ..] => continue,
            ["access-list", list, "extended", rule @ ..] | ["access-list", list, rule @ ..] => {
                (number_of(&mut lists, list), rule)
            }
            [first, rule @ ..] if open.is_some() && first.parse::<u32>().is_ok() => (open.unwrap_or_default(), rule),
            rule @ ["permit" | "deny", ..] if open.is_some() => (open.unwrap_or_default(), rule),
            _ => {
                if !raw.starts_with([' ', '\t']) {
                    open = None;
                }
                continue;
            }
        };
        let understood = cisco_rule(rule, &place);
        if understood.is_none() {
            declared.not_understood(place.clone(), raw);
        }
        lists[list].rules.push(understood.unwrap_or_else(|| Rule::unknown(place)));
    }
    declared.walls.extend(lists);
}

fn cisco_rule(words: &[&str], place: &str) -> Option<Rule> {
    let (action, mut rest) = match words {
        ["permit", rest @ ..] => (Action::Allow, rest),
        ["deny", rest @ ..] => (Action::Deny, rest),
        _ => return None,
    };
    let mut rule = Rule { action, ..Rule::unknown(place.to_owned()) };
    let (transport, after) = rest.split_first()?;
    match *transport {
        "ip" => {}
        "tcp" | "udp" | "icmp" => rule.transport = (*transport).to_owned(),
        _ => return None,
    }
    rest = after;
    for is_source in [true, false] {
        let list = if is_source { &mut rule.from } else { &mut rule.to };
        match rest {
            ["any" | "any4", after @ ..] => rest = after,
            ["host", address, after @ ..] if is_prefix(address) => {
                list.push((*address).to_owned());
                rest = after;
            }
            [address, mask, after @ ..] => {
                list.push(cisco_prefix(address, mask)?);
                rest = after;
            }
            _ => return None,
        }
        match (rest, is_source) {
            (["eq", one, after @ ..], false) => {
                rule.ports.push((port(one)?, port(one)?));
                rest = after;
            }
            (["range", first, last, after @ ..], false) => {
                rule.ports.push((port(first)?, port(last)?));
                rest = after;
            }
            (["gt", one, after @ ..], false) => {
                rule.ports.push((port(one)?.saturating_add(1), u16::MAX));
                rest = after;
            }
            (["eq" | "range" | "gt" | "lt" | "neq", ..], _) => return None,
            _ => {}
        }
    }
    rest.iter().all(|word| matches!(*word, "log" | "log-input")).then_some(rule)
}

fn fortigate(declared: &mut Declared, name: &str, text: &str) {
    let mut addresses: BTreeMap<String, Option<String>> = BTreeMap::from([("all".to_owned(), None)]);
    let mut services: BTreeMap<String, Option<(String, Vec<(u16, u16)>)>> =
        BTreeMap::from([("ALL".to_owned(), Some((String::new(), Vec::new())))]);
    for (service, transport, port) in [
        ("HTTP", "tcp", 80),
        ("HTTPS", "tcp", 443),
        ("SSH", "tcp", 22),
        ("RDP", "tcp", 3389),
        ("DNS", "udp", 53),
        ("NTP", "udp", 123),
        ("SMB", "tcp", 445),
        ("TELNET", "tcp", 23),
    ] {
        services.insert(service.to_owned(), Some((transport.to_owned(), vec![(port, port)])));
    }
    let mut wall = Wall { name: format!("{name}: policy"), rules: Vec::new(), otherwise: Some(Action::Deny) };
    let (mut section, mut item, mut settings, mut begin) =
        (String::new(), String::new(), BTreeMap::<String, Vec<String>>::new(), 0);
    for (number, line) in text.lines().enumerate() {
        let words = quoted(line);
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["config", path @ ..] if section.is_empty() => section = path.join(" "),
            ["end"] => section.clear(),
            ["edit", id] => (item, begin) = ((*id).to_owned(), number + 1),
            ["set", key, values @ ..] => {
                drop(settings.insert((*key).to_owned(), values.iter().map(|v| (*v).to_owned()).collect()))
            }
            ["next"] => {
                let settings = std::mem::take(&mut settings);
                let of = |key: &str| settings.get(key).map(Vec::as_slice).unwrap_or_default();
                match section.as_str() {
                    "firewall address" => {
                        let prefix = match of("subnet") {
                            [address, mask] => cisco_prefix(address, mask),
                            _ => None,
                        };
                        // An address that is not understood fits nothing surely: rules that name it are unknown.
                        if let Some(prefix) = prefix {
                            addresses.insert(item.clone(), Some(prefix));
                        }
                    }
                    "firewall service custom" => {
                        let (tcp, udp) = (of("tcp-portrange"), of("udp-portrange"));
                        let (transport, list) = if tcp.is_empty() { ("udp", udp) } else { ("tcp", tcp) };
                        let ports: Option<Vec<(u16, u16)>> =
                            list.iter().map(|part| port_range(part.split(':').next().unwrap_or(part))).collect();
                        let is_one = tcp.is_empty() != udp.is_empty();
                        services
                            .insert(item.clone(), ports.filter(|_| is_one).map(|ports| (transport.to_owned(), ports)));
                    }
                    "firewall policy" => {
                        let place = format!("{name}:{begin}");
                        let is_off = of("status").first().is_some_and(|status| status == "disable");
                        let prefixes = |key: &str| -> Option<Vec<String>> {
                            let mut list = Vec::new();
                            for word in of(key) {
                                match addresses.get(word)? {
                                    Some(prefix) => list.push(prefix.clone()),
                                    None => return Some(Vec::new()),
                                }
                            }
                            Some(list)
                        };
                        let action = if of("action").first().is_some_and(|action| action == "accept") {
                            Action::Allow
                        } else {
                            Action::Deny
                        };
                        let (from, to) = (prefixes("srcaddr"), prefixes("dstaddr"));
                        let list: Option<Vec<(String, Vec<(u16, u16)>)>> =
                            of("service").iter().map(|service| services.get(service).cloned().flatten()).collect();
                        match (from, to, list) {
                            _ if is_off => {}
                            (Some(from), Some(to), Some(list)) if !list.is_empty() => {
                                wall.rules.extend(list.into_iter().map(|(transport, ports)| Rule {
                                    action,
                                    from: from.clone(),
                                    to: to.clone(),
                                    transport,
                                    ports,
                                    place: place.clone(),
                                }))
                            }
                            _ => {
                                declared.not_understood(place.clone(), &format!("policy {item}"));
                                wall.rules.push(Rule::unknown(place));
                            }
                        }
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
    declared.walls.push(wall);
}

/// Words of a line, where quotes hold words together.
fn quoted(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in line.split('"').enumerate() {
        match number % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

pub(crate) fn pfsense(declared: &mut Declared, name: &str, root: &Node) -> &'static str {
    let mut wall = Wall { name: format!("{name}: filter"), rules: Vec::new(), otherwise: Some(Action::Deny) };
    let rules = root.child("filter").map(|filter| filter.children.as_slice()).unwrap_or_default();
    for (number, node) in rules.iter().filter(|node| node.name == "rule").enumerate() {
        let place = format!("{name}: rule {}", number + 1);
        if node.child("disabled").is_some() {
            continue;
        }
        let end = |key: &str| -> Option<(Vec<String>, Vec<(u16, u16)>)> {
            let end = node.child(key)?;
            if end.child("not").is_some() {
                return None;
            }
            let ports = match end.text_of("port") {
                "" => Vec::new(),
                text => vec![port_range(text)?],
            };
            let address = end.text_of("address");
            match address {
                "" if end.child("any").is_some() => Some((Vec::new(), ports)),
                address if is_prefix(address) => Some((vec![address.to_owned()], ports)),
                _ => None,
            }
        };
        let action = match node.text_of("type") {
            "pass" => Action::Allow,
            "block" | "reject" => Action::Deny,
            _ => Action::Unknown,
        };
        let transport =
            Some(node.text_of("protocol")).filter(|transport| *transport != "any").unwrap_or_default().to_owned();
        match (action, end("source"), end("destination")) {
            (Action::Allow | Action::Deny, Some((from, _)), Some((to, ports))) if !transport.contains('/') => {
                wall.rules.push(Rule { action, from, to, transport, ports, place })
            }
            _ => {
                declared.not_understood(place.clone(), node.text_of("descr"));
                wall.rules.push(Rule::unknown(place));
            }
        }
    }
    declared.walls.push(wall);
    "pfsense"
}
