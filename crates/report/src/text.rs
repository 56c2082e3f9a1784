//! The summary for people on the screen: aligned, short, in their language.

use std::fmt::Write;

use model::Severity;

use crate::plant::Plant;
use crate::words;
use crate::{Language, Run, format};

/// Protocols, findings, doors and limits that the screen has room for.
const PROTOCOLS_MAX: usize = 10;
const FINDINGS_MAX: usize = 8;
const DOORS_MAX: usize = 5;
const LIMITS_MAX: usize = 3;
/// Columns of the screen.
const WIDTH: usize = 110;

/// What there is to say at the end of a run, in at most some 45 lines. `written`: what was written, and where.
pub fn summary(judgement: &model::Judgement, run: &Run, language: Language, written: &[(&str, String)]) -> String {
    let plant = Plant::new(judgement);
    let mut text = String::new();
    head(&plant, run, language, &mut text);
    machines(&plant, language, &mut text);
    protocols(&plant, run, language, &mut text);
    findings(&plant, language, &mut text);
    doors(&plant, language, &mut text);
    limits(&plant, language, &mut text);
    if !written.is_empty() {
        text.push('\n');
        let width = written.iter().map(|(what, _)| what.chars().count()).max().unwrap_or(0);
        for (what, path) in written {
            let _ = writeln!(text, "{what:width$}  {}", format::clean_to(path, 4096));
        }
    }
    text
}

fn line(text: &mut String, content: &str) {
    let cut: String = match content.char_indices().nth(WIDTH) {
        Some(_) => content.chars().take(WIDTH - 1).chain(['…']).collect(),
        None => content.to_owned(),
    };
    let _ = writeln!(text, "{}", cut.trim_end());
}

/// `text` on as many lines as it needs, each after `indent` spaces.
fn wrapped(out: &mut String, text: &str, indent: usize) {
    let mut current = " ".repeat(indent);
    let mut length = indent;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let word_length = word.chars().count();
        if length > indent && length + 1 + word_length > WIDTH {
            let _ = writeln!(out, "{current}");
            current = " ".repeat(indent);
            length = indent;
        }
        if length > indent {
            current.push(' ');
            length += 1;
        }
        current.push_str(word);
        length += word_length;
    }
    if length > indent {
        let _ = writeln!(out, "{current}");
    }
}

fn heading(text: &mut String, words: &str) {
    let _ = writeln!(text, "\n{words}");
}

fn head(plant: &Plant<'_>, run: &Run, language: Language, text: &mut String) {
    let number = |value| format::number(language, value);
    let rate = run.packets as f64 / run.seconds.max(0.001);
    line(
        text,
        &format!(
            "{} · {} · {} · {}\u{a0}s · {}/s",
            words::N_FILES.of(language, run.files),
            words::N_PACKETS.of(language, run.packets),
            format::bytes(language, run.bytes),
            format::decimal(language, run.seconds, 1),
            words::N_PACKETS.of(language, rate as u64),
        ),
    );
    if let (Some(first), Some(last)) = (plant.judgement.first, plant.judgement.last) {
        let length = format::span(language, last.since(first));
        line(text, &format!("{} UTC ({length})", format::period(language, first, last)));
    }
    let counts = [(run.dropped, words::DROPPED), (run.duplicates, words::DUPLICATES), (run.filtered, words::FILTERED)];
    let counts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{}{} {}", language.of(*what), colon(language), number(*count)))
        .collect();
    if !counts.is_empty() {
        line(text, &counts.join(" · "));
    }
    if !run.problems.is_empty() {
        let problems = words::N_PROBLEMS.of(language, run.problems.len() as u64);
        let first = format::clean_to(&run.problems[0], 400);
        wrapped(text, &format!("{problems}{} {first}", colon(language)), 0);
    }
}

const fn colon(language: Language) -> &'static str {
    match language {
        Language::En => ":",
        Language::Fr => "\u{a0}:",
    }
}

fn machines(plant: &Plant<'_>, language: Language, text: &mut String) {
    let assets = plant.judgement.assets.len();
    let inside = plant.inside();
    let mut counts = vec![words::N_MACHINES.of(language, inside as u64)];
    if assets > inside {
        counts.push(words::N_OUTSIDE.of(language, (assets - inside) as u64));
    }
    counts.push(words::N_CONVERSATIONS.of(language, plant.judgement.records.conversations));
    heading(text, &counts.join(", "));
    if assets == 0 {
        return;
    }
    let number = |value| format::number(language, value);
    let roles: Vec<String> = plant
        .roles()
        .iter()
        .map(|(role, count)| role.noun().of(language, *count as u64).replace(' ', "\u{a0}"))
        .collect();
    wrapped(text, &roles.join(", "), 2);
    let levels: Vec<String> = plant
        .levels()
        .iter()
        .map(|(level, machines)| {
            format!("{} ({})", language.of(level.phrase()), number(machines.len() as u64)).replace(' ', "\u{a0}")
        })
        .collect();
    wrapped(text, &format!("{}{} {}", language.of(words::LEVEL), colon(language), levels.join(" · ")), 2);
}

fn protocols(plant: &Plant<'_>, run: &Run, language: Language, text: &mut String) {
    let number = |value| format::number(language, value);
    let mut counts: Vec<&crate::ProtocolCount> =
        run.protocols.iter().filter(|count| count.messages + count.acts + count.malformed > 0).collect();
    counts.sort_by_key(|count| std::cmp::Reverse((count.messages, count.acts)));
    if counts.is_empty() {
        return;
    }
    let title = language.of(words::PROTOCOLS);
    let columns = [words::MESSAGES, words::ACTS, words::MALFORMED].map(|word| language.of(word).to_lowercase());
    text.push('\n');
    let name_width = counts.iter().take(PROTOCOLS_MAX).map(|count| count.id.chars().count()).max().unwrap_or(0);
    let name_width = name_width.max(title.chars().count()).max(16);
    line(text, &format!("{title:name_width$}  {:>12}  {:>12}  {:>10}", columns[0], columns[1], columns[2]));
    for count in counts.iter().take(PROTOCOLS_MAX) {
        let malformed = if count.malformed == 0 { "–".to_owned() } else { number(count.malformed) };
        let (messages, acts) = (number(count.messages), number(count.acts));
        line(text, &format!("  {:w$}  {messages:>12}  {acts:>12}  {malformed:>10}", count.id, w = name_width - 2));
    }
    more(counts.len(), PROTOCOLS_MAX, language, text);
    let _ = plant;
}

fn more(all: usize, shown: usize, language: Language, text: &mut String) {
    if all > shown {
        let _ = writeln!(text, "  … {}", words::N_MORE.of(language, (all - shown) as u64));
    }
}

/// One line of findings: those of one detector and severity together.
struct Group<'a> {
    severity: Severity,
    title: &'a str,
    cases: u64,
    occurrences: u64,
    first: &'a model::RankedFinding,
}

fn findings(plant: &Plant<'_>, language: Language, text: &mut String) {
    let judgement = plant.judgement;
    let mut groups: Vec<Group<'_>> = Vec::new();
    for ranked in &judgement.findings {
        let about = judgement.explanations.iter().find(|about| about.id == ranked.finding.detector);
        let title = about.map_or(ranked.finding.title.as_str(), |about| language.of(about.title));
        match groups.iter_mut().find(|group| group.title == title && group.severity == ranked.finding.severity) {
            Some(group) => {
                group.cases += 1;
                group.occurrences = group.occurrences.saturating_add(ranked.finding.count);
            }
            None => groups.push(Group {
                severity: ranked.finding.severity,
                title,
                cases: 1,
                occurrences: ranked.finding.count,
                first: ranked,
            }),
        }
    }
    let counts: Vec<String> = plant
        .severities()
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| severity.noun().of(language, *count as u64))
        .collect();
    let worst = language.of(words::WORST_FINDINGS);
    let counts = if counts.is_empty() { "0".to_owned() } else { counts.join(", ") };
    heading(text, &format!("{worst} ({counts})"));
    for group in groups.iter().take(FINDINGS_MAX) {
        let severity = language.of(group.severity.phrase());
        let where_to = if group.cases > 1 {
            words::N_CASES.of(language, group.cases)
        } else {
            let name = |id: &Option<model::Text>, address: &Option<model::Address>| {
                let machine = id.as_deref().and_then(|id| plant.machine(id)).map(|(_, asset)| asset.name.to_string());
                machine.or_else(|| address.map(|address| address.without_port().to_string()))
            };
            let from = name(&group.first.from_asset, &group.first.finding.from);
            let to = name(&group.first.to_asset, &group.first.finding.to);
            let ends: Vec<String> = from.into_iter().chain(to).map(|name| format::clean_to(&name, 30)).collect();
            ends.join(" → ")
        };
        line(
            text,
            &format!(
                "  {severity:8}  {:>7}  {}  {where_to}",
                format!("×{}", format::number(language, group.occurrences)),
                format::clean(group.title)
            ),
        );
    }
    more(groups.len(), FINDINGS_MAX, language, text);
}

fn doors(plant: &Plant<'_>, language: Language, text: &mut String) {
    let surface = &plant.judgement.surface;
    if surface.is_empty() {
        return;
    }
    heading(text, language.of(words::WIDEST_DOORS));
    let rows: Vec<(u32, String, String)> = surface
        .iter()
        .take(DOORS_MAX)
        .map(|door| {
            let port = door.port.map_or_else(String::new, |port| format!(" {}/{port}", door.transport));
            let service = format!("{}{port}", format::clean_to(&door.protocol, 24));
            (door.score, format::clean_to(&door.name, 28), service)
        })
        .collect();
    let name_width = rows.iter().map(|row| row.1.chars().count()).max().unwrap_or(0);
    let service_width = rows.iter().map(|row| row.2.chars().count()).max().unwrap_or(0);
    for (door, (score, name, service)) in surface.iter().zip(&rows) {
        let before = format!("  {score:>3}  {name:name_width$}  {service:service_width$}  ");
        // As many reasons as fit: the first is the same for all doors of one protocol.
        let mut reasons = String::new();
        for (_, reason) in &door.reasons {
            let reason = format::clean(&language.said(reason));
            let length = before.chars().count() + reasons.chars().count() + 2 + reason.chars().count();
            if !reasons.is_empty() && length > WIDTH {
                break;
            }
            if !reasons.is_empty() {
                reasons.push_str(", ");
            }
            reasons.push_str(&reason);
        }
        line(text, &format!("{before}{reasons}"));
    }
    more(surface.len(), DOORS_MAX, language, text);
}

fn limits(plant: &Plant<'_>, language: Language, text: &mut String) {
    let sight = &plant.judgement.sight;
    if sight.is_empty() {
        return;
    }
    heading(text, language.of(words::CANNOT_SEE));
    for blindness in sight.iter().take(LIMITS_MAX) {
        let before = text.len();
        wrapped(text, &format::clean_to(&language.said(&blindness.what), 300), 4);
        if text.len() > before + 2 {
            text.replace_range(before + 2..before + 3, "-");
        }
    }
    more(sight.len(), LIMITS_MAX, language, text);
}
