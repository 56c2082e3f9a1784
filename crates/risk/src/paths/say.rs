//! Attack paths for people, on a screen.

use std::fmt::Write;

use model::{Language, Said, said};

use super::{Answer, Basis, Entry};

/// Paths, targets and choke points that a screen has room for.
const PATHS_SHOWN: usize = 8;
const TARGETS_SHOWN: usize = 12;

impl Entry {
    /// Words for people.
    pub fn said(self) -> Said {
        match self {
            Entry::Internet => said!("Internet", "Internet"),
            Entry::Office => said!("office", "bureaux"),
            Entry::Vendor => said!("vendor access", "accès fournisseur"),
            Entry::Laptop => said!("removable laptop or memory stick", "portable ou clé USB"),
        }
    }
}

impl Basis {
    /// Words for people.
    pub fn said(self) -> Said {
        match self {
            Basis::Observed => said!("seen", "vu"),
            Basis::Declared => said!("allowed by configuration", "autorisé par configuration"),
            Basis::Possible => said!("possible: same subnet", "possible : même sous-réseau"),
            Basis::Guess => said!("a guess", "une supposition"),
        }
    }
}

/// All of it in one language.
pub fn text(answer: &Answer, language: Language) -> String {
    let say = |en: &'static str, fr: &'static str| if language == Language::Fr { fr } else { en };
    let mut out = String::new();
    let _ = writeln!(out, "{}", say("Entries", "Entrées"));
    for entry in &answer.entries {
        let _ = writeln!(out, "  {}: {}", language.said(&entry.entry.said()), clean(&language.said(&entry.why)));
    }
    let _ = writeln!(out, "\n{} ({})", say("What is at stake", "Ce qui est en jeu"), answer.targets.len());
    for target in answer.targets.iter().take(TARGETS_SHOWN) {
        let _ = writeln!(
            out,
            "  {:>3.0} %  {:8}  {}",
            target.likelihood * 100.0,
            language.of(target.importance.phrase()),
            clean(&target.name)
        );
    }
    let _ = writeln!(out, "\n{}", say("Best paths", "Meilleurs chemins"));
    let mut shown: Vec<(Entry, &str)> = Vec::new();
    for path in &answer.paths {
        // One for each entry and target: the others are in the JSON.
        if shown.contains(&(path.entry, &path.target)) || shown.len() >= PATHS_SHOWN {
            continue;
        }
        shown.push((path.entry, &path.target));
        let _ = writeln!(
            out,
            "  {} → {}: {:.0} %",
            language.said(&path.entry.said()),
            clean(path.steps.last().map_or("", |hop| &hop.to)),
            path.likelihood * 100.0
        );
        for (number, hop) in path.steps.iter().enumerate() {
            let _ = writeln!(
                out,
                "    {}. {} [{} {}; {}]",
                number + 1,
                clean(&language.said(&hop.what)),
                hop.technique.0,
                hop.technique.1,
                language.said(&hop.basis.said())
            );
        }
    }
    let _ = writeln!(out, "\n{}", say("Choke points", "Points de passage"));
    for choke in &answer.chokes {
        let _ = writeln!(out, "  {:>3.0} %  {}", choke.share * 100.0, clean(&language.said(&choke.what)));
    }
    let _ = writeln!(out, "\n{}: {:.1}", say("Risk", "Risque"), answer.risk);
    for (number, fix) in answer.fixes.iter().enumerate() {
        let cut = if answer.risk > 0.0 { (fix.before - fix.after) / answer.risk * 100.0 } else { 0.0 };
        let _ = writeln!(
            out,
            "  {}. {}: {:.1} → {:.1} (−{cut:.0} %)",
            number + 1,
            clean(&language.said(&fix.what)),
            fix.before,
            fix.after
        );
    }
    let _ = writeln!(out, "\n{}", say("Limits", "Limites"));
    for limit in &answer.limits {
        let _ = writeln!(out, "  {}", clean(&language.said(limit)));
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
