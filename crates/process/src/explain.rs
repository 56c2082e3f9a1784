//! Hits and formulas in words, in English and French.

use model::{Language, Said, Text};

use crate::echo::{Contradiction, Role};
use crate::hit::{Engine, Expected, Hit};
use crate::normal::{Kind, Normal, Of};

/// Inputs of a formula are written with this mark: their values one step before.
const BEFORE: &str = "′";

/// A number as people of a language write it, with the decimals that `quantum` has, or four digits that count.
pub fn number(language: Language, value: f64, quantum: f64) -> String {
    let decimals = if quantum > 0.0 {
        (-quantum.log10()).ceil().clamp(0.0, 8.0) as usize
    } else {
        let size = if value == 0.0 { 0.0 } else { value.abs().log10().floor() };
        (3.0 - size).clamp(0.0, 8.0) as usize
    };
    let mut text = format!("{value:.decimals$}");
    if text.contains('.') && quantum <= 0.0 {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    if text.trim_start_matches('-').chars().all(|digit| matches!(digit, '0' | '.')) {
        text = text.trim_start_matches('-').to_owned();
    }
    match language {
        Language::En => text.replace('-', "−"),
        Language::Fr => text.replace('-', "−").replace('.', ","),
    }
}

/// A duration in the two largest units that fit.
pub fn duration(language: Language, seconds: f64) -> String {
    let day = if language == Language::Fr { "j" } else { "d" };
    let whole = seconds.round().max(0.0) as u64;
    let (days, hours, minutes, rest) = (whole / 86_400, whole / 3_600 % 24, whole / 60 % 60, whole % 60);
    let two = |a: u64, first: &str, b: u64, second: &str| match b {
        0 => format!("{a} {first}"),
        _ => format!("{a} {first} {b} {second}"),
    };
    match (days, hours, minutes) {
        (0, 0, 0) if seconds < 10.0 => {
            format!("{} s", number(language, seconds, 0.1).trim_end_matches(",0").trim_end_matches(".0"))
        }
        (0, 0, 0) => format!("{rest} s"),
        (0, 0, _) => two(minutes, "min", rest, "s"),
        (0, _, _) => two(hours, "h", minutes, "min"),
        _ => two(days, day, hours, "h"),
    }
}

/// Both languages at once.
fn both(say: impl Fn(Language) -> String) -> Said {
    Said { en: Text::from(say(Language::En)), fr: Text::from(say(Language::Fr)) }
}

/// A formula in the units of its tags: `L_T1 ≈ 0.98 · L_T1′ + 0.02 · F_PU1′ − 1.3`.
pub fn formula(normal: &Normal, number_of: usize, language: Language) -> String {
    let Some(one) = normal.formulas.get(number_of) else { return String::new() };
    let (weights, constant) = normal.in_units(&one.formula);
    let name = |tag: usize| normal.tags.get(tag).map_or("", |tag| tag.name.as_str());
    let mut text = format!("{} ≈", name(one.formula.tag));
    let mut is_first = true;
    let mut add = |weight: f64, of: &str| {
        let sign = match (weight < 0.0, is_first) {
            (true, true) => " −",
            (true, false) => " − ",
            (false, true) => " ",
            (false, false) => " + ",
        };
        is_first = false;
        text.push_str(sign);
        text.push_str(&number(language, weight.abs(), 0.0));
        text.push_str(of);
    };
    for (input, weight) in one.formula.inputs.iter().zip(weights) {
        add(weight, &format!(" · {}{BEFORE}", name(*input)));
    }
    add(constant, "");
    text
}

/// What a hit says, in a sentence.
pub fn hit(normal: &Normal, hit: &Hit) -> Said {
    let Some(tag) = normal.tags.get(hit.tag) else { return Said::from("") };
    let name = &tag.name;
    both(|language| {
        let value = |value: f64| number(language, value, tag.quantum);
        let is_french = language == Language::Fr;
        let seen = value(hit.seen);
        let condition =
            hit.rule.filter(|_| hit.engine == Engine::Condition).and_then(|rule| normal.conditions.get(rule));
        let head = match condition {
            Some(condition) => {
                let when = &normal.tags[condition.when];
                let state = number(language, condition.state, when.quantum);
                if is_french {
                    format!("Tant que {} vaut {state}, {name}", when.name)
                } else {
                    format!("While {} is {state}, {name}", when.name)
                }
            }
            None => name.clone(),
        };
        match (&hit.expected, hit.engine, is_french) {
            (Expected::Value(one), Engine::Constant, false) => {
                format!("{head} has always been {}; now it is {seen}.", value(*one))
            }
            (Expected::Value(one), Engine::Constant, true) => {
                format!("{head} a toujours valu {} ; il vaut maintenant {seen}.", value(*one))
            }
            (Expected::OneOf(states), _, _) => {
                let list: Vec<String> = states.iter().map(|state| value(*state)).collect();
                let list = list.join(", ");
                match is_french {
                    false => format!("{head} was only ever one of {list}; now it is {seen}."),
                    true => format!("{head} n'a jamais pris que les valeurs {list} ; il vaut maintenant {seen}."),
                }
            }
            (Expected::Between(low, high), _, false) => {
                format!("{head} was always between {} and {}; now it is {seen}.", value(*low), value(*high))
            }
            (Expected::Between(low, high), _, true) => {
                format!(
                    "{head} est toujours resté entre {} et {} ; il vaut maintenant {seen}.",
                    value(*low),
                    value(*high)
                )
            }
            (Expected::Change(low, high), _, french) => {
                let step = duration(language, normal.interval);
                let (low, high) = (value(*low), value(*high));
                match french {
                    false => format!("{head} changed by {seen} within {step}; it always changed by {low} to {high}."),
                    true => format!("{head} a varié de {seen} en {step} ; il a toujours varié de {low} à {high}."),
                }
            }
            (Expected::Seconds(longest), _, french) => {
                let (now, longest) = (duration(language, hit.seen), duration(language, *longest));
                match french {
                    false => format!("{head} has not moved for {now}; the longest ever was {longest}."),
                    true => format!("{head} n'a pas bougé depuis {now} ; le plus long fut {longest}."),
                }
            }
            (Expected::Value(one), Engine::Formula, french) => {
                let by = hit.rule.map(|rule| formula(normal, rule, language)).unwrap_or_default();
                match french {
                    false => format!("{head} should be {} after what was before ({by}); it is {seen}.", value(*one)),
                    true => {
                        format!("{head} devrait valoir {} d'après ce qui précède ({by}) ; il vaut {seen}.", value(*one))
                    }
                }
            }
            (Expected::Value(one), _, false) => {
                format!("{head} does not fit the other tags: they say {}, it is {seen}.", value(*one))
            }
            (Expected::Value(one), _, true) => {
                format!(
                    "{head} ne s'accorde pas avec les autres variables : elles disent {}, il vaut {seen}.",
                    value(*one)
                )
            }
        }
    })
}

/// What a contradiction says, in a sentence.
pub fn contradiction(one: &Contradiction) -> Said {
    both(|language| {
        let word = |role: Role| match (role, language) {
            (Role::Written, Language::En) => "written",
            (Role::Read, Language::En) => "read back",
            (Role::Shown, Language::En) => "shown",
            (Role::Written, Language::Fr) => "écrite",
            (Role::Read, Language::Fr) => "relue",
            (Role::Shown, Language::Fr) => "affichée",
        };
        let value = |value: f64| number(language, value, 0.0);
        let lasted = duration(language, one.at.since(one.since) as f64 / 1e9);
        let ((first, a), (second, b)) = (one.expected, one.seen);
        match language {
            Language::En => format!(
                "{}: {} was {}, but {} is {}, and has been for {lasted}.",
                one.tag,
                value(a),
                word(first),
                value(b),
                word(second)
            ),
            Language::Fr => format!(
                "{} : la valeur {} est {}, mais celle {} est {}, et ce depuis {lasted}.",
                one.tag,
                word(first),
                value(a),
                word(second),
                value(b)
            ),
        }
    })
}

/// What was learned of one tag, in a line.
pub fn tag(normal: &Normal, index: usize) -> Said {
    let Some(tag) = normal.tags.get(index) else { return Said::from("") };
    both(|language| {
        let value = |value: f64| number(language, value, tag.quantum);
        let french = language == Language::Fr;
        let mut parts = Vec::new();
        let say = |en: String, fr: String| if french { fr } else { en };
        match &tag.kind {
            Kind::Constant(one) => {
                parts.push(say(format!("always {}", value(*one)), format!("toujours {}", value(*one))))
            }
            Kind::States(states) => {
                let list: Vec<String> = states.iter().map(|state| value(*state)).collect();
                let list = list.join(", ");
                parts.push(say(format!("states {list}"), format!("états {list}")));
            }
            Kind::Counter => parts.push(say("a counter".into(), "un compteur".into())),
            Kind::Unknown => parts.push(say("too little known".into(), "trop peu connue".into())),
            Kind::Continuous => {}
        }
        if let Some(bounds) = tag.bounds {
            let (low, high) = (value(bounds.low), value(bounds.high));
            parts.push(say(format!("{low} to {high}"), format!("de {low} à {high}")));
        }
        if let Some(change) = tag.change {
            let (low, high, step) = (value(change.low), value(change.high), duration(language, normal.interval));
            parts.push(say(format!("moves {low} to {high} in {step}"), format!("varie de {low} à {high} en {step}")));
        }
        for steady in &tag.steady {
            let longest = duration(language, steady.longest);
            parts.push(match steady.state.map(value) {
                Some(state) => {
                    say(format!("{state} for at most {longest}"), format!("{state} pendant {longest} au plus"))
                }
                None => say(format!("stands still at most {longest}"), format!("immobile {longest} au plus")),
            });
        }
        if tag.quantum > 0.0 && !matches!(tag.kind, Kind::Constant(_)) {
            let quantum = number(language, tag.quantum, tag.quantum);
            parts.push(say(format!("resolution {quantum}"), format!("résolution {quantum}")));
        }
        parts.join("; ").replace("; ", if french { " ; " } else { "; " })
    })
}

/// An invariant in a sentence.
pub fn condition(normal: &Normal, index: usize) -> Said {
    let Some(one) = normal.conditions.get(index) else { return Said::from("") };
    let (Some(when), Some(of)) = (normal.tags.get(one.when), normal.tags.get(one.tag)) else { return Said::from("") };
    both(|language| {
        let state = number(language, one.state, when.quantum);
        let (low, high) = (number(language, one.bounds.low, of.quantum), number(language, one.bounds.high, of.quantum));
        let (when, name) = (&when.name, &of.name);
        match (one.of, language) {
            (Of::Value, Language::En) => format!("while {when} is {state}: {name} {low} to {high}"),
            (Of::Value, Language::Fr) => format!("tant que {when} vaut {state} : {name} de {low} à {high}"),
            (Of::Change, Language::En) => format!("while {when} is {state}: {name} moves {low} to {high} in one step"),
            (Of::Change, Language::Fr) => {
                format!("tant que {when} vaut {state} : {name} varie de {low} à {high} en un pas")
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_durations_are_those_of_the_language() {
        assert_eq!(number(Language::Fr, -3.2749, 0.01), "−3,27");
        assert_eq!(number(Language::En, 0.000123456, 0.0), "0.0001235");
        assert_eq!(number(Language::En, -0.001, 0.1), "0.0");
        assert_eq!(number(Language::En, 2799.1, 0.0), "2799");
        assert_eq!(duration(Language::En, 3_600.0), "1 h");
        assert_eq!(duration(Language::Fr, 90_000.0), "1 j 1 h");
        assert_eq!(duration(Language::En, 2.5), "2.5 s");
        assert_eq!(duration(Language::En, 75.0), "1 min 15 s");
    }
}
