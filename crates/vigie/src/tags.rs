//! `vigie read --tags`: exports of a historian in; what is normal, and what is not, in words.

use std::fmt::Write;
use std::path::Path;

use model::{Language, Said};
use process::{Normal, Stories, Story, Watch, explain};
use serde_json::json;

use crate::Ending;
use crate::arguments::{self, SummaryForm};
use crate::console;
use crate::exports::{Export, learn};

/// Formulas and invariants that are told as text; JSON has all.
const TOLD_MAX: usize = 60;

pub fn run(arguments: &arguments::Read) -> Result<Ending, String> {
    let exports = Export::read_all(&arguments.tags)?;
    let train = Export::read_all(&arguments.train)?;
    let model = arguments.model.as_deref();
    let tables: Vec<_> = exports.iter().map(|export| &export.table).collect();
    let known = match model {
        Some(path) if train.is_empty() && path.exists() => Some(load(path)?),
        _ => None,
    };
    let is_judged = known.is_some() || !train.is_empty();
    let normal = match known {
        Some(normal) => normal,
        None => {
            let normal = learn(if train.is_empty() { &exports } else { &train }, &tables, None)?;
            if let Some(path) = model {
                save(path, &normal)?;
            }
            normal
        }
    };
    let language: Language = arguments.lang.into();
    let stories = if is_judged { judge(&normal, &exports)? } else { Vec::new() };
    let text = match arguments.summary {
        SummaryForm::Json => to_json(&normal, &stories, is_judged),
        SummaryForm::Text => to_text(&normal, &stories, is_judged, language),
    };
    console::print(&text)?;
    let has_problems = exports.iter().chain(&train).any(|export| export.table.problem_count > 0);
    Ok(if has_problems { Ending::Partial } else { Ending::Whole })
}

fn load(path: &Path) -> Result<Normal, String> {
    let bytes = crate::exports::bytes(path)?;
    let normal: Normal = serde_json::from_slice(&bytes)
        .map_err(|e| format!("`{}` is not a model of `vigie read --tags`: {e}", path.display()))?;
    normal.check().map_err(|why| format!("`{}` is not a model of `vigie read --tags`: {why}", path.display()))?;
    Ok(normal)
}

fn save(path: &Path, normal: &Normal) -> Result<(), String> {
    let text = serde_json::to_string(normal).map_err(|e| e.to_string())?;
    std::fs::write(path, text).map_err(|e| format!("could not write `{}`: {e}", path.display()))
}

/// Judges all rows of all exports, in their order.
fn judge(normal: &Normal, exports: &[Export]) -> Result<Vec<Story>, String> {
    let names = normal.names();
    let mut told = Vec::new();
    for export in exports {
        let missing: Vec<&str> =
            names.iter().filter(|name| !export.table.frame.tags().contains(name)).map(String::as_str).collect();
        if missing.len() == names.len() {
            return Err(format!("`{}` has none of the tags that were learned", export.path.display()));
        }
        if !missing.is_empty() {
            console::tell(&format!("vigie: `{}` lacks {}\n", export.path.display(), missing.join(", ")));
        }
        let frame = export.table.frame.select(&names);
        let coarse: Vec<&str> = (0..names.len())
            .filter(|tag| {
                let quantum = process::quantum::decimal(frame.column(*tag));
                normal.tags[*tag].deviation > 0.0
                    && quantum > normal.tags[*tag].quantum * 1.5
                    && quantum > normal.tags[*tag].deviation * 1e-3
            })
            .map(|tag| names[tag].as_str())
            .collect();
        if !coarse.is_empty() {
            console::tell(&format!(
                "vigie: `{}` is coarser than what was learned from ({}): false alarms are to be expected; learn again with --train, which takes the coarser of both\n",
                export.path.display(),
                coarse.iter().take(5).copied().collect::<Vec<_>>().join(", ")
            ));
        }
        let mut watch = Watch::new(normal);
        let mut stories = Stories::new((normal.interval * 6.0).max(60.0));
        let mut hits = Vec::new();
        for (at, row) in frame.rows() {
            hits.clear();
            watch.row(normal, at, row, &mut hits);
            stories.row(at, &hits);
        }
        told.extend(stories.finish());
    }
    Ok(told)
}

/// The sentences of a story, the most telling first.
pub fn sentences(normal: &Normal, story: &Story) -> Vec<Said> {
    story.hits.iter().filter(|hit| hit.is_alarm()).take(12).map(|hit| explain::hit(normal, hit)).collect()
}

fn to_json(normal: &Normal, stories: &[Story], is_judged: bool) -> String {
    let say = |said: Said| json!({ "en": said.en, "fr": said.fr });
    let tags: Vec<_> = (0..normal.tags.len())
        .map(|tag| json!({ "name": normal.tags[tag].name, "learned": normal.tags[tag], "said": say(explain::tag(normal, tag)) }))
        .collect();
    let formulas: Vec<_> =
        (0..normal.formulas.len()).map(|index| explain::formula(normal, index, Language::En)).collect();
    let conditions: Vec<_> = (0..normal.conditions.len()).map(|index| say(explain::condition(normal, index))).collect();
    let name = |tag: usize| normal.tags.get(tag).map_or("", |tag| tag.name.as_str());
    let stories: Vec<_> = stories
        .iter()
        .map(|story| {
            json!({
                "first": story.first,
                "last": story.last,
                "rows": story.rows,
                "tags": story.tags.iter().map(|(tag, weight)| json!({ "tag": name(*tag), "weight": weight })).collect::<Vec<_>>(),
                "hits": story.hits.iter().map(|hit| json!({
                    "engine": hit.engine, "tag": name(hit.tag), "strength": hit.strength, "expected": hit.expected,
                    "seen": hit.seen, "said": say(explain::hit(normal, hit)),
                })).collect::<Vec<_>>(),
            })
        })
        .collect();
    let whole = json!({
        "rows": normal.rows, "days": normal.days, "interval_seconds": normal.interval, "from": normal.span.0, "to": normal.span.1,
        "tags": tags, "formulas": formulas, "conditions": conditions,
        "is_judged": is_judged, "episodes": stories,
    });
    format!("{whole:#}\n")
}

fn to_text(normal: &Normal, stories: &[Story], is_judged: bool, language: Language) -> String {
    let french = language == Language::Fr;
    let mut text = String::new();
    let days = explain::number(language, normal.days, 0.0);
    let step = explain::duration(language, normal.interval);
    let _ = match french {
        false => writeln!(
            text,
            "Learned from {} rows ({days} days, a step every {step}): {} tags, {} formulas, {} invariants.\n",
            normal.rows,
            normal.tags.len(),
            normal.formulas.len(),
            normal.conditions.len()
        ),
        true => writeln!(
            text,
            "Appris de {} lignes ({days} jours, un pas toutes les {step}) : {} variables, {} formules, {} invariants.\n",
            normal.rows,
            normal.tags.len(),
            normal.formulas.len(),
            normal.conditions.len()
        ),
    };
    let width = normal.tags.iter().map(|tag| tag.name.chars().count()).max().unwrap_or(0).min(40);
    for (index, tag) in normal.tags.iter().enumerate() {
        let _ = writeln!(text, "{:width$}  {}", tag.name, language.said(&explain::tag(normal, index)));
        if let Some(rule) = normal.formulas.iter().position(|one| one.formula.tag == index) {
            let _ = writeln!(text, "{:width$}  {}", "", explain::formula(normal, rule, language));
        }
    }
    if !normal.conditions.is_empty() {
        text.push_str("\nInvariants\n");
        for index in 0..normal.conditions.len().min(TOLD_MAX) {
            let _ = writeln!(text, "  {}", language.said(&explain::condition(normal, index)));
        }
        if normal.conditions.len() > TOLD_MAX {
            let more = normal.conditions.len() - TOLD_MAX;
            let _ = writeln!(
                text,
                "  {}",
                if french {
                    format!("… et {more} de plus (--summary json)")
                } else {
                    format!("… and {more} more (--summary json)")
                }
            );
        }
    }
    if !is_judged {
        let _ = writeln!(
            text,
            "\n{}",
            if french {
                "Rien n'a été jugé : donnez --train ou un --model existant pour juger un export."
            } else {
                "Nothing was judged: give --train, or a --model that exists, to judge an export."
            }
        );
        return text;
    }
    let count = stories.len();
    let _ = match french {
        false => writeln!(
            text,
            "\n{count} {}",
            if count == 1 { "episode out of the normal" } else { "episodes out of the normal" }
        ),
        true => writeln!(
            text,
            "\n{count} {}",
            if count < 2 { "épisode hors de la normale" } else { "épisodes hors de la normale" }
        ),
    };
    for story in stories {
        let lasted = explain::duration(language, story.last.since(story.first) as f64 / 1e9 + normal.interval);
        let tags: Vec<&str> = story.tags.iter().take(3).map(|(tag, _)| normal.tags[*tag].name.as_str()).collect();
        let _ = writeln!(text, "\n{} … {} ({lasted})  {}", moment(story.first), moment(story.last), tags.join(", "));
        for line in sentences(normal, story).iter().take(5) {
            let _ = writeln!(text, "  {}", language.said(line));
        }
    }
    text
}

/// A time to the second.
fn moment(time: model::Time) -> String {
    time.to_string().chars().take(19).collect::<String>().replace('T', " ")
}
