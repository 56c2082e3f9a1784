//! Zones, steps and violations for people, on a screen.

use std::fmt::Write;

use model::{Judgement, Language, RankedFinding};

use super::{Plan, REQUIREMENT_GROUPS, Step, Verdict, place};

/// Machines named of a zone, services of a conduit, violations: what a screen has room for.
const SHOWN_MAX: usize = 12;
const VIOLATIONS_MAX: usize = 40;

/// All of it in one language.
pub fn text(
    plan: &Plan,
    judgement: &Judgement,
    steps: &[Step],
    violations: &[RankedFinding],
    language: Language,
) -> String {
    let say = |en: &'static str, fr: &'static str| if language == Language::Fr { fr } else { en };
    let placement = place(plan, judgement);
    let mut out = String::new();
    let _ = writeln!(out, "{}", say("Zones", "Zones"));
    for (number, zone) in plan.zones.iter().enumerate() {
        let members: Vec<&str> = placement
            .zone_of
            .iter()
            .enumerate()
            .filter(|(_, of)| **of == Some(number))
            .map(|(asset, _)| judgement.assets[asset].name.as_str())
            .collect();
        let target: Vec<String> =
            REQUIREMENT_GROUPS.iter().zip(zone.target).map(|(group, level)| format!("{group} {level}")).collect();
        let _ = writeln!(out, "  {}  {}  SL-T {}", zone.id, clean(&zone.name), target.join(" "));
        let more = members.len().saturating_sub(SHOWN_MAX);
        let shown = members.iter().take(SHOWN_MAX).map(|name| clean(name)).collect::<Vec<_>>().join(", ");
        let rest = if more > 0 { format!(", … +{more}") } else { String::new() };
        let _ = writeln!(out, "      {}: {shown}{rest}", members.len());
        for reason in &zone.reasons {
            let _ = writeln!(out, "      {}", clean(&language.said(reason)));
        }
    }
    let _ = writeln!(out, "\n{}", say("Conduits", "Conduits"));
    for conduit in &plan.conduits {
        let services: Vec<String> = conduit
            .allow
            .iter()
            .take(SHOWN_MAX)
            .map(|service| {
                let ports: Vec<String> = service.ports.iter().map(u16::to_string).collect();
                let verbs: Vec<&str> = service.verbs.iter().map(|verb| language.of(verb.phrase())).collect();
                let mut text = service.protocol.to_string();
                if !ports.is_empty() {
                    let _ = write!(text, " {}", ports.join("/"));
                }
                if !verbs.is_empty() {
                    let _ = write!(text, " ({})", verbs.join(", "));
                }
                text
            })
            .collect();
        let more = conduit.allow.len().saturating_sub(SHOWN_MAX);
        let rest = if more > 0 { format!("; … +{more}") } else { String::new() };
        let _ = writeln!(out, "  {} → {}: {}{rest}", conduit.from, conduit.to, services.join("; "));
    }
    let _ = writeln!(out, "\n{}", say("Steps of IEC 62443-3-2", "Étapes de l'IEC 62443-3-2"));
    for step in steps {
        let verdict = match step.verdict {
            Verdict::Met => say("met", "respecté"),
            Verdict::NotMet => say("NOT MET", "NON RESPECTÉ"),
            Verdict::Unknown => say("cannot be seen", "ne se voit pas"),
        };
        let _ = writeln!(out, "  {}  {}: {verdict}", step.id, language.said(&step.title));
        for evidence in &step.evidence {
            let _ = writeln!(out, "      {}", clean(&language.said(evidence)));
        }
    }
    if !placement.absent.is_empty() {
        let _ = writeln!(out, "\n{}", say("Named in the plan, not seen", "Nommés dans le plan, non vus"));
        for (zone, member) in placement.absent.iter().take(VIOLATIONS_MAX) {
            let _ = writeln!(out, "  {zone}: {}", clean(member));
        }
    }
    let _ = writeln!(out, "\n{}: {}", say("Violations", "Écarts"), language.number(violations.len() as u64));
    for ranked in violations.iter().take(VIOLATIONS_MAX) {
        let finding = &ranked.finding;
        let end = |address: &Option<model::Address>| address.map_or_else(String::new, |address| address.to_string());
        let evidence: Vec<String> = finding.evidence.iter().map(|said| clean(&language.said(said))).collect();
        let arrow = if finding.from.is_some() { " → " } else { "" };
        let _ = writeln!(
            out,
            "  {:8}  {}{arrow}{}: {}",
            language.of(finding.severity.phrase()),
            end(&finding.from),
            end(&finding.to),
            evidence.join(", ")
        );
    }
    out
}

/// Texts from the network may hold anything: control and direction characters are taken out.
fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        .take(400)
        .collect()
}
