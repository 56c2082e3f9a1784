//! A plan as text that people write, read and compare: one line a thing, `#` begins a comment.
//!
//! ```text
//! zone control-1 kind=control level=1 target=2,2,2,1,2,2,2 "Filling line"
//!   member mac-001b1b0a0b0c        # PLC-1
//!   member 10.0.1.0/24
//! conduit supervision-1 -> control-1
//!   allow modbus port=502 verbs=read,write
//!   allow s7comm
//! ```

use std::fmt::{self, Write};

use model::{Judgement, Text};

use super::{CONDUITS_MAX, Conduit, Kind, MEMBERS_MAX, PLAN_BYTES_MAX, Plan, Service, ZONES_MAX, Zone, verb};

/// Why a plan could not be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong.
    pub why: String,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl std::error::Error for PolicyError {}

/// The plan as text; the names of machines stand as comments where `judgement` knows them.
pub fn write(plan: &Plan, judgement: Option<&Judgement>) -> String {
    let mut out = String::from("# Zones and conduits (IEC 62443-3-2). Targets: IAC,UC,SI,DC,RDF,TRE,RA.\n");
    for zone in &plan.zones {
        let target: Vec<String> = zone.target.iter().map(u8::to_string).collect();
        let level = if zone.level.is_empty() { String::new() } else { format!(" level={}", zone.level) };
        let name = clean(&zone.name);
        let _ = writeln!(out, "\nzone {} kind={}{level} target={} \"{name}\"", zone.id, zone.kind, target.join(","));
        for member in &zone.members {
            let asset = judgement.and_then(|judgement| judgement.assets.iter().find(|asset| asset.id == *member));
            match asset {
                Some(asset) => {
                    let role = crate::doors::role(asset);
                    let _ = writeln!(out, "  member {member}  # {}, {role}", clean(&asset.name));
                }
                None => {
                    let _ = writeln!(out, "  member {member}");
                }
            }
        }
    }
    for conduit in &plan.conduits {
        let _ = writeln!(out, "\nconduit {} -> {}", conduit.from, conduit.to);
        for service in &conduit.allow {
            let _ = write!(out, "  allow {}", service.protocol);
            if !service.ports.is_empty() {
                let ports: Vec<String> = service.ports.iter().map(u16::to_string).collect();
                let _ = write!(out, " port={}", ports.join(","));
            }
            if !service.verbs.is_empty() {
                let verbs: Vec<&str> = service.verbs.iter().map(|verb| verb.as_str()).collect();
                let _ = write!(out, " verbs={}", verbs.join(","));
            }
            out.push('\n');
        }
    }
    out
}

/// Names come from the network: nothing in them may end a line or a quoted text.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || c == '"' || c == '#' { ' ' } else { c }).take(120).collect()
}

/// Reads a plan: text, or JSON where it begins with `{`.
pub fn parse(text: &str) -> Result<Plan, PolicyError> {
    if text.len() > PLAN_BYTES_MAX {
        return Err(PolicyError { line: 1, why: format!("the plan is larger than {PLAN_BYTES_MAX} bytes") });
    }
    let plan = match text.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
        true => from_json(text)?,
        false => from_text(text)?,
    };
    check(plan)
}

fn from_json(text: &str) -> Result<Plan, PolicyError> {
    let text = text.trim_start_matches('\u{feff}');
    // `vigie zones --format json` holds the plan beside steps and violations.
    #[derive(serde::Deserialize)]
    struct Answer {
        plan: Plan,
    }
    let error = |e: serde_json::Error| PolicyError { line: e.line().max(1), why: e.to_string() };
    match serde_json::from_str::<Plan>(text) {
        Ok(plan) => Ok(plan),
        Err(first) => match serde_json::from_str::<Answer>(text) {
            Ok(answer) => Ok(answer.plan),
            Err(second) if text.contains("\"plan\"") => Err(error(second)),
            Err(_) => Err(error(first)),
        },
    }
}

/// What holds of every plan, however it was written.
fn check(plan: Plan) -> Result<Plan, PolicyError> {
    let fail = |why: String| Err(PolicyError { line: 1, why });
    let members: usize = plan.zones.iter().map(|zone| zone.members.len()).sum();
    if plan.zones.len() > ZONES_MAX || plan.conduits.len() > CONDUITS_MAX || members > MEMBERS_MAX {
        return fail(format!("more than {ZONES_MAX} zones, {CONDUITS_MAX} conduits or {MEMBERS_MAX} members"));
    }
    let mut ids: Vec<&Text> = plan.zones.iter().map(|zone| &zone.id).collect();
    ids.sort();
    if let Some(pair) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
        return fail(format!("two zones are called `{}`", pair[0]));
    }
    if let Some(zone) = plan.zones.iter().find(|zone| zone.target.iter().any(|level| *level > 4)) {
        return fail(format!("zone `{}`: security levels go from 0 to 4", zone.id));
    }
    for conduit in &plan.conduits {
        if let Some(end) = [&conduit.from, &conduit.to].into_iter().find(|end| ids.binary_search(end).is_err()) {
            return fail(format!("conduit {} -> {}: no zone is called `{end}`", conduit.from, conduit.to));
        }
    }
    Ok(plan)
}

fn from_text(text: &str) -> Result<Plan, PolicyError> {
    enum Inside {
        Nothing,
        Zone,
        Conduit,
    }
    let mut plan = Plan::default();
    let mut inside = Inside::Nothing;
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let fail = |why: String| PolicyError { line: index + 1, why };
        let (line, name) = without_comment(line);
        let mut words = line.split_whitespace();
        match words.next() {
            None => {}
            Some("zone") => {
                plan.zones.push(zone(words, name).map_err(fail)?);
                inside = Inside::Zone;
            }
            Some("conduit") => {
                let words: Vec<&str> = words.collect();
                let [from, "->", to] = words.as_slice() else {
                    return Err(fail("write `conduit FROM -> TO`".to_owned()));
                };
                plan.conduits.push(Conduit { from: (*from).into(), to: (*to).into(), allow: Vec::new() });
                inside = Inside::Conduit;
            }
            Some("member") => {
                let (Inside::Zone, Some(zone)) = (&inside, plan.zones.last_mut()) else {
                    return Err(fail("a member stands below a zone".to_owned()));
                };
                let member: Vec<&str> = words.collect();
                if member.is_empty() {
                    return Err(fail("write `member MACHINE`".to_owned()));
                }
                zone.members.push(Text::from(member.join(" ")));
            }
            Some("allow") => {
                let (Inside::Conduit, Some(conduit)) = (&inside, plan.conduits.last_mut()) else {
                    return Err(fail("what is allowed stands below a conduit".to_owned()));
                };
                conduit.allow.push(service(words).map_err(fail)?);
            }
            Some(word) => return Err(fail(format!("`{word}`: a line begins with zone, member, conduit or allow"))),
        }
        if plan.zones.len() > ZONES_MAX || plan.conduits.len() > CONDUITS_MAX {
            return Err(fail(format!("more than {ZONES_MAX} zones or {CONDUITS_MAX} conduits")));
        }
    }
    Ok(plan)
}

/// The line without its comment and its quoted name, and the name.
fn without_comment(line: &str) -> (String, Option<Text>) {
    let mut rest = String::new();
    let mut name = String::new();
    let (mut is_quoted, mut has_name) = (false, false);
    for c in line.chars() {
        match c {
            '"' => {
                is_quoted = !is_quoted;
                has_name = true;
            }
            '#' if !is_quoted => break,
            c if is_quoted => name.push(c),
            c => rest.push(c),
        }
    }
    (rest, has_name.then(|| Text::from(name)))
}

fn zone<'a>(mut words: impl Iterator<Item = &'a str>, name: Option<Text>) -> Result<Zone, String> {
    let id = words.next().ok_or("write `zone NAME kind=…`")?;
    let (mut kind, mut level, mut target) = (None, Text::default(), [2; 7]);
    for word in words {
        match word.split_once('=') {
            Some(("kind", word)) => {
                let known = || Kind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ");
                kind = Some(
                    Kind::from_word(word)
                        .ok_or_else(|| format!("`{word}` is no kind of zone; there are {}", known()))?,
                );
            }
            Some(("level", word)) => level = Text::from(word),
            Some(("target", word)) => {
                let levels: Vec<u8> = word.split(',').filter_map(|level| level.parse().ok()).collect();
                target =
                    levels.try_into().map_err(|_| "a target has seven levels: IAC,UC,SI,DC,RDF,TRE,RA".to_owned())?;
            }
            _ => return Err(format!("`{word}`: a zone has kind=, level=, target= and a name in quotes")),
        }
    }
    let kind = kind.ok_or("a zone needs kind=")?;
    let name = name.unwrap_or_else(|| Text::from(id));
    Ok(Zone { id: id.into(), name, kind, level, target, members: Vec::new(), reasons: Vec::new() })
}

fn service<'a>(mut words: impl Iterator<Item = &'a str>) -> Result<Service, String> {
    let protocol = words.next().ok_or("write `allow PROTOCOL`")?;
    let (mut ports, mut verbs) = (Vec::new(), Vec::new());
    for word in words {
        match word.split_once('=') {
            Some(("port" | "ports", list)) => {
                for port in list.split(',') {
                    ports.push(port.parse().map_err(|_| format!("`{port}` is no port"))?);
                }
            }
            Some(("verb" | "verbs", list)) => {
                for word in list.split(',') {
                    verbs.push(verb(word).ok_or_else(|| format!("`{word}` is no verb"))?);
                }
            }
            _ => return Err(format!("`{word}`: what is allowed has port= and verbs=")),
        }
    }
    Ok(Service { protocol: protocol.into(), ports, verbs })
}
