//! Rules and their replay for people, on a screen.

use std::fmt::Write;

use model::Language;

use crate::replay::{Deed, Replayed};
use crate::rule::Fix;

/// Breaks of one rule that a screen has room for.
const BREAKS_SHOWN: usize = 5;

/// All of it in one language. `minutes`: conversation-minutes that were replayed.
pub fn text(fixes: &[Fix], replayed: &[Replayed], deeds: &[Deed], minutes: u64, language: Language) -> String {
    let say = |en: &'static str, fr: &'static str| if language == Language::Fr { fr } else { en };
    let mut out = String::new();
    for (fix, result) in fixes.iter().zip(replayed) {
        let _ = writeln!(
            out,
            "{}. [{}] {}",
            fix.number,
            language.of(fix.severity.phrase()),
            clean(&language.said(&fix.what))
        );
        let _ = writeln!(out, "   {}: {}", say("for", "pour"), clean(&fix.weakness));
        if !fix.guard.functions.is_empty() {
            let mut names: Vec<String> =
                fix.guard.functions.iter().map(|f| format!("{} {} ({})", f.protocol, clean(&f.name), f.code)).collect();
            names.sort();
            names.dedup();
            let _ = writeln!(out, "   {}: {}", say("functions", "fonctions"), names.join(", "));
        }
        for (name, stopped) in &result.stops {
            let _ = writeln!(
                out,
                "   {} {name}: {} {}, {} {}, {} {}",
                say("stops", "arrête"),
                language.number(stopped.conversations),
                say("conversations", "conversations"),
                language.number(stopped.packets),
                say("packets", "paquets"),
                language.number(stopped.functions),
                say("functions", "fonctions"),
            );
        }
        if result.break_count == 0 {
            let _ = writeln!(
                out,
                "   {}",
                say("breaks nothing that was recorded", "ne casse rien de ce qui a été enregistré")
            );
        }
        for broken in result.breaks.iter().take(BREAKS_SHOWN) {
            let function =
                if broken.function.is_empty() { String::new() } else { format!(" ({})", clean(&broken.function)) };
            let _ = writeln!(
                out,
                "   {} {} → {}:{} {}{function}, {} min",
                say("WOULD BREAK", "CASSERAIT"),
                broken.from,
                broken.to,
                broken.port,
                clean(&broken.protocol),
                language.number(broken.minutes)
            );
        }
        let more = result.break_count.saturating_sub(BREAKS_SHOWN as u64);
        if more > 0 {
            let _ = writeln!(
                out,
                "   {} {}",
                say("and others that would break:", "et d'autres qui casseraient :"),
                language.number(more)
            );
        }
    }
    let broken: u64 = replayed.iter().map(|result| result.break_count).sum();
    let _ = writeln!(
        out,
        "\n{} {}, {} {}; {} {}",
        language.number(fixes.len() as u64),
        say("rules replayed over", "règles rejouées sur"),
        language.number(minutes),
        say("conversation-minutes", "minutes de conversation"),
        say("would break:", "casseraient :"),
        if broken == 0 { say("nothing", "rien").to_owned() } else { language.number(broken) }
    );
    if !deeds.is_empty() {
        let stopped: Vec<&str> = {
            let mut ids: Vec<&str> =
                replayed.iter().flat_map(|result| result.stops.keys()).map(|id| id.as_str()).collect();
            ids.sort_unstable();
            ids.dedup();
            ids
        };
        let mut missed: Vec<&str> =
            deeds.iter().map(|deed| deed.id.as_str()).filter(|id| !stopped.contains(id)).collect();
        missed.sort_unstable();
        missed.dedup();
        let _ = writeln!(
            out,
            "{}: {}",
            say("attacks stopped, in whole or in part", "attaques arrêtées, en tout ou en partie"),
            clean(&stopped.join(", "))
        );
        if !missed.is_empty() {
            let _ = writeln!(
                out,
                "{}: {}",
                say("attacks that no rule touches", "attaques qu'aucune règle ne touche"),
                clean(&missed.join(", "))
            );
        }
    }
    out
}

/// Texts from the network may hold anything: control and direction characters are taken out.
fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        .take(2_000)
        .collect()
}
