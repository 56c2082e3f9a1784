//! The report of one evaluation: everything that was measured, in one structure that is JSON as it stands.

use std::fmt::Write;

use model::{Language, Phrase, Said, Time};
use serde::Serialize;

use crate::{Label, Nulls, Score, Settings};

/// A file that was learned from or tested.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Rows or packets in it.
    pub samples: usize,
}

/// One episode, and what is said of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Told {
    /// Time of its first sample in alarm.
    pub start: Time,
    /// Time of its last.
    pub end: Time,
    /// Seconds between them.
    pub seconds: f64,
    /// Ids of the attacks that it touches; none where it is false.
    pub attacks: Vec<String>,
    /// Whether it touches no attack.
    pub is_false: bool,
    /// What it blames, the most blamed first.
    pub blamed: Vec<String>,
    /// What it says, the most telling first.
    pub explanation: Vec<Said>,
}

/// The sums of one part of the detection alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// Its stable name.
    pub name: String,
    /// Attacks found at their onset.
    pub onset: usize,
    /// False episodes.
    pub false_episodes: usize,
    /// Share of normal time in alarm.
    pub normal_duty: f64,
    /// eTaPR-F1.
    pub etapr_f1: f64,
}

impl Part {
    /// The sums of a score.
    pub fn new(name: &str, score: &Score) -> Part {
        Part {
            name: name.to_owned(),
            onset: score.onset,
            false_episodes: score.false_episodes,
            normal_duty: score.normal_duty,
            etapr_f1: score.etapr.f1,
        }
    }
}

/// What only labels of packets can tell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Packets {
    /// Number of the first packet of an attack, from 1.
    pub first_attack: u64,
    /// Number of the first packet of an attack that shows an alarm.
    pub first_alarm: Option<u64>,
    /// Alerts at packets that belong to no attack, equal ones once.
    pub false_alerts: u64,
}

/// Everything that was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Form of this structure.
    pub version: u32,
    /// `tags`, `packets` or `range`.
    pub kind: String,
    /// Files that were learned from.
    pub train: Vec<Source>,
    /// Files that were tested.
    pub test: Vec<Source>,
    /// Where the labels are from.
    pub labels_from: String,
    /// The attacks.
    pub labels: Vec<Label>,
    /// What is excused.
    pub settings: Settings,
    /// Alarms a day that were promised, where something was.
    pub budget: Option<f64>,
    /// Time of the first and the last sample.
    pub span: (Time, Time),
    /// Whether samples have times; else they are a second apart.
    pub has_time: bool,
    /// Where packets are labelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packets: Option<Packets>,
    /// The metrics.
    pub score: Score,
    /// What chance would score.
    pub nulls: Nulls,
    /// Parts of the detection alone.
    pub parts: Vec<Part>,
    /// The episodes.
    pub episodes: Vec<Told>,
    /// What else a reader must know.
    pub notes: Vec<Said>,
}

/// A sentence or word in both languages.
pub(crate) const fn phrase(en: &'static str, fr: &'static str) -> Phrase {
    Phrase { en, fr }
}

/// A number with `decimals`, as the language writes it.
pub(crate) fn number(language: Language, value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    if language == Language::Fr { text.replace('.', ",") } else { text }
}

/// Seconds in the unit that fits.
pub(crate) fn seconds(language: Language, value: f64) -> String {
    match value {
        value if value < 120.0 => format!("{} s", number(language, value, if value < 10.0 { 1 } else { 0 })),
        value if value < 7_200.0 => format!("{} min", number(language, value / 60.0, 1)),
        value if value < 172_800.0 => format!("{} h", number(language, value / 3_600.0, 1)),
        value => {
            format!("{} {}", number(language, value / 86_400.0, 1), if language == Language::Fr { "j" } else { "d" })
        }
    }
}

impl Report {
    /// The lines of the table of results: what, how much, and what chance does.
    pub(crate) fn lines(&self, language: Language) -> Vec<(String, String, String)> {
        let (score, nulls) = (&self.score, &self.nulls);
        let say = |en: &'static str, fr: &'static str| language.of(phrase(en, fr)).to_owned();
        let decimals = |value: f64, count| number(language, value, count);
        let percent = |value: f64| format!("{} %", decimals(value * 100.0, 2));
        let bounds = score
            .false_per_day_bounds
            .map_or(String::new(), |(low, high)| format!(" ({} … {})", decimals(low, 3), decimals(high, 3)));
        let per_day = score.false_per_day.map_or("–".to_owned(), |rate| format!("{}{bounds}", decimals(rate, 3)));
        let mut lines = vec![
            (
                say("Attacks found at their onset", "Attaques trouvées à leur début"),
                format!("{} / {}", score.onset, score.attacks),
                format!(
                    "{} {} (q95 {}, p {})",
                    say("shifted schedule", "calendrier décalé"),
                    decimals(nulls.onset_mean, 2),
                    nulls.onset_q95,
                    decimals(nulls.onset_p, 3)
                ),
            ),
            (
                say("Attacks overlapped by an alarm", "Attaques recouvertes par une alarme"),
                format!("{} / {}", score.overlap, score.attacks),
                format!("{} {}", say("shifted schedule", "calendrier décalé"), decimals(nulls.overlap_mean, 2)),
            ),
            (
                say("False episodes", "Épisodes faux"),
                format!(
                    "{} {} {} {}",
                    score.false_episodes,
                    say("in", "en"),
                    decimals(score.normal_days, 2),
                    say("normal days", "jours normaux")
                ),
                String::new(),
            ),
            (
                say("False episodes a day (95 %)", "Épisodes faux par jour (95 %)"),
                per_day,
                self.budget
                    .map_or(String::new(), |budget| format!("{} {}", say("promised", "promis"), decimals(budget, 2))),
            ),
            (
                say("Normal time in alarm", "Temps normal en alarme"),
                percent(score.normal_duty),
                if score.is_void { say("over 2 %: void", "plus de 2 % : nul") } else { String::new() },
            ),
            (
                "eTaPR-F1".to_owned(),
                format!(
                    "{} (P {}, R {})",
                    decimals(score.etapr.f1, 3),
                    decimals(score.etapr.precision, 3),
                    decimals(score.etapr.recall, 3)
                ),
                format!(
                    "{} {} (q95 {}) · {} {}",
                    say("shifted schedule", "calendrier décalé"),
                    decimals(nulls.etapr_f1_mean, 3),
                    decimals(nulls.etapr_f1_q95, 3),
                    say("all ones", "toujours en alarme"),
                    decimals(nulls.all_ones_etapr_f1, 3)
                ),
            ),
            (
                say("F1 of samples (no point-adjust)", "F1 des échantillons (sans point-adjust)"),
                decimals(score.point_f1, 3),
                format!("{} {}", say("all ones", "toujours en alarme"), decimals(nulls.all_ones_point_f1, 3)),
            ),
            (
                "BATADAL S".to_owned(),
                format!(
                    "{} (TTD {}, CLF {})",
                    decimals(score.batadal.s, 3),
                    decimals(score.batadal.time_to_detection, 3),
                    decimals(score.batadal.classification, 3)
                ),
                String::new(),
            ),
            (
                say("Mean delay", "Retard moyen"),
                score.mean_delay.map_or("–".to_owned(), |delay| seconds(language, delay)),
                String::new(),
            ),
        ];
        if score.localisable > 0 {
            lines.push((
                say("Target among the first three blamed", "Cible parmi les trois premières désignées"),
                format!("{} / {}", score.localised, score.localisable),
                String::new(),
            ));
        }
        lines
    }

    /// For people, on a terminal.
    pub fn to_text(&self, language: Language) -> String {
        let say = |en: &'static str, fr: &'static str| language.of(phrase(en, fr));
        let mut text = String::new();
        let files = |sources: &[Source]| {
            sources.iter().map(|source| format!("{} ({})", source.name, source.samples)).collect::<Vec<_>>().join(", ")
        };
        let _ = writeln!(text, "{:10} {}", say("Trained on", "Appris de"), files(&self.train));
        let _ = writeln!(text, "{:10} {}", say("Tested on", "Testé sur"), files(&self.test));
        let _ = writeln!(text, "{:10} {}", say("Labels", "Étiquettes"), self.labels_from);
        let _ = writeln!(
            text,
            "{}\n",
            language.said(&Said {
                en: format!(
                    "Alarms at most {} apart are one episode; {} after an attack and {} before it are excused.",
                    seconds(language, self.settings.gap),
                    seconds(language, self.settings.grace),
                    seconds(language, self.settings.slack)
                )
                .into(),
                fr: format!(
                    "Les alarmes distantes de {} au plus forment un épisode ; {} après une attaque et {} avant elle sont excusées.",
                    seconds(language, self.settings.gap),
                    seconds(language, self.settings.grace),
                    seconds(language, self.settings.slack)
                )
                .into(),
            })
        );
        let lines = self.lines(language);
        let width = lines.iter().map(|line| line.0.chars().count()).max().unwrap_or(0);
        let second = lines.iter().map(|line| line.1.chars().count()).max().unwrap_or(0);
        for (what, much, chance) in &lines {
            let line = format!("{what:width$}  {much:second$}  {chance}");
            let _ = writeln!(text, "{}", line.trim_end());
        }
        if !self.parts.is_empty() {
            let _ = writeln!(text, "\n{}", say("Each part alone", "Chaque partie seule"));
            for part in &self.parts {
                let _ = writeln!(
                    text,
                    "  {:12} {} {}/{}  {} {}  {} %  eTaPR-F1 {}",
                    part.name,
                    say("onset", "début"),
                    part.onset,
                    self.score.attacks,
                    say("false", "faux"),
                    part.false_episodes,
                    number(language, part.normal_duty * 100.0, 2),
                    number(language, part.etapr_f1, 3)
                );
            }
        }
        let _ = writeln!(text, "\n{}", say("Attacks", "Attaques"));
        for found in &self.score.found {
            let state = match (found.is_onset, found.is_overlapped) {
                (true, _) => say("found", "trouvée"),
                (false, true) => say("overlapped only", "recouverte seulement"),
                (false, false) => say("missed", "manquée"),
            };
            let delay = found
                .delay
                .map_or(String::new(), |delay| format!(", {} {}", say("after", "après"), seconds(language, delay)));
            let blamed = found.blamed.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
            let _ = writeln!(
                text,
                "  {:10} {} … {}  {state}{delay}{}{}",
                found.label.id,
                self.time(found.label.start),
                self.time(found.label.end),
                if blamed.is_empty() { String::new() } else { format!("  {} {blamed}", say("blames", "désigne")) },
                if found.label.targets.is_empty() {
                    String::new()
                } else {
                    format!("  ({} {})", say("target", "cible"), found.label.targets.join(", "))
                }
            );
        }
        let _ = writeln!(text, "\n{}", say("Episodes", "Épisodes"));
        for told in &self.episodes {
            let what = if told.is_false {
                say("FALSE", "FAUX").to_owned()
            } else {
                format!("→ {}", told.attacks.join(", "))
            };
            let _ = writeln!(text, "  {} … {}  {what}", self.time(told.start), self.time(told.end));
            for line in told.explanation.iter().take(3) {
                let _ = writeln!(text, "      {}", language.said(line));
            }
        }
        for note in &self.notes {
            let _ = writeln!(text, "\n{}", language.said(note));
        }
        text
    }

    /// A time, or a row where there are no times.
    pub(crate) fn time(&self, time: Time) -> String {
        match self.has_time {
            true => time.to_string().chars().take(19).collect::<String>().replace('T', " "),
            false => format!("#{}", time.0 / 1_000_000_000),
        }
    }
}
