//! The report as one page that loads nothing: metrics, nulls, and a timeline of episodes against labels.

use std::fmt::Write;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use model::{Language, Time};

use crate::report::{Report, Source, phrase, seconds};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#222;background:#fff}\
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;width:100%}\
td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ddd;vertical-align:top}.chance{color:#666}\
.bad{color:#b00020;font-weight:600}.small{color:#666;font-size:.85rem;overflow-wrap:anywhere}svg{width:100%;height:auto;background:#f6f6f6}\
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}td,th{border-color:#444}svg{background:#222}.bad{color:#ff7088}.small,.chance{color:#aaa}}";

/// Width of the timeline in its own units, and labels or episodes beyond which it is drawn in fewer pieces.
const WIDTH: f64 = 1_000.0;
const TOLD_MAX: usize = 300;

/// The page.
pub fn to_html(report: &Report, language: Language) -> String {
    let say = |en: &'static str, fr: &'static str| language.of(phrase(en, fr));
    let sources = |sources: &[Source]| -> Markup {
        html! { @for source in sources { div { (source.name) " " span.small { (source.samples) " · sha256 " (source.sha256) } } } }
    };
    html! {
        (DOCTYPE)
        html lang=(language.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { "Vigie – " (say("how well was it detected?", "qualité de la détection")) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (say("How well was it detected?", "Qualité de la détection")) }
                table {
                    tr { th { (say("Trained on", "Appris de")) } td { (sources(&report.train)) } }
                    tr { th { (say("Tested on", "Testé sur")) } td { (sources(&report.test)) } }
                    tr { th { (say("Labels", "Étiquettes")) } td { (report.labels_from) } }
                    tr { th { (say("Gap, grace, slack", "Écart, délai de grâce, tolérance")) } td {
                        (seconds(language, report.settings.gap)) ", " (seconds(language, report.settings.grace)) ", " (seconds(language, report.settings.slack))
                    } }
                }
                h2 { (say("Result", "Résultat")) }
                table {
                    thead { tr { th {} th { (say("measured", "mesuré")) } th { (say("beside it: what knows nothing", "à côté : ce qui ne sait rien")) } } }
                    tbody {
                        @for (what, much, chance) in report.lines(language) {
                            tr { td { (what) } td { b { (much) } } td.chance { (chance) } }
                        }
                    }
                }
                @if report.score.is_void {
                    p.bad { (say("More than 2 % of normal time is in alarm: this result is void.", "Plus de 2 % du temps normal est en alarme : ce résultat est nul.")) }
                }
                h2 { (say("Timeline", "Chronologie")) }
                (timeline(report, language))
                p.small {
                    (say("Above: attacks as labelled. Below: episodes; red ones touch no attack.", "En haut : les attaques étiquetées. En bas : les épisodes ; les rouges ne touchent aucune attaque."))
                }
                @if !report.parts.is_empty() {
                    h2 { (say("Each part alone", "Chaque partie seule")) }
                    table {
                        thead { tr { th {} th { (say("onset", "début")) } th { (say("false", "faux")) } th { (say("normal time", "temps normal")) } th { "eTaPR-F1" } } }
                        @for part in &report.parts {
                            tr { td { (part.name) } td { (part.onset) " / " (report.score.attacks) } td { (part.false_episodes) } td { (format!("{:.2} %", part.normal_duty * 100.0)) } td { (format!("{:.3}", part.etapr_f1)) } }
                        }
                    }
                }
                h2 { (say("Attacks", "Attaques")) }
                table {
                    thead { tr { th {} th { (say("from, to", "du, au")) } th { (say("found", "trouvée")) } th { (say("blames", "désigne")) } th { (say("target", "cible")) } } }
                    @for found in report.score.found.iter().take(TOLD_MAX) {
                        tr {
                            td { (found.label.id) }
                            td { (report.time(found.label.start)) br; (report.time(found.label.end)) }
                            td {
                                @match (found.is_onset, found.delay) {
                                    (true, Some(delay)) => { (say("after", "après")) " " (seconds(language, delay)) },
                                    (true, None) => { "✓" },
                                    _ => { span.bad { @if found.is_overlapped { (say("overlapped only", "recouverte seulement")) } @else { (say("missed", "manquée")) } } },
                                }
                            }
                            td { (found.blamed.iter().take(3).cloned().collect::<Vec<_>>().join(", ")) }
                            td { (found.label.targets.join(", ")) }
                        }
                    }
                }
                h2 { (say("Episodes", "Épisodes")) }
                table {
                    @for told in report.episodes.iter().take(TOLD_MAX) {
                        tr {
                            td { (report.time(told.start)) br; (report.time(told.end)) }
                            td { @if told.is_false { span.bad { (say("false", "faux")) } } @else { (told.attacks.join(", ")) } }
                            td { @for line in told.explanation.iter().take(4) { div { (language.said(line)) } } }
                        }
                    }
                }
                @for note in &report.notes { p { (language.said(note)) } }
                p.small { (say("Definitions: docs/evaluate.md. Point-adjust is not used anywhere.", "Définitions : docs/evaluate.md. Le « point-adjust » n'est utilisé nulle part.")) }
            }
        }
    }
    .into_string()
}

/// Labels above, episodes below, over the whole time.
fn timeline(report: &Report, language: Language) -> Markup {
    let (first, last) = report.span;
    let whole = (last.since(first) as f64).max(1.0);
    let x = |time: Time| (time.since(first) as f64 / whole * WIDTH).clamp(0.0, WIDTH);
    let mut drawing = String::new();
    let mut bar = |start: Time, end: Time, top: u32, colour: &str, title: &str| {
        let (from, to) = (x(start), x(end));
        let title = html! { (title) }.into_string();
        let _ = write!(
            drawing,
            "<rect x=\"{from:.2}\" y=\"{top}\" width=\"{:.2}\" height=\"40\" fill=\"{colour}\"><title>{title}</title></rect>",
            (to - from).max(1.5)
        );
    };
    for label in &report.labels {
        bar(label.start, label.end, 10, "#3b6ea5", &format!("{} {}", label.id, label.targets.join(", ")));
    }
    for told in &report.episodes {
        let colour = if told.is_false { "#b00020" } else { "#5a5a5a" };
        let first = told.explanation.first().map(|line| language.said(line).into_owned()).unwrap_or_default();
        bar(told.start, told.end, 60, colour, &format!("{} {first}", report.time(told.start)));
    }
    html! {
        svg viewBox="0 0 1000 110" role="img" aria-label=(language.of(phrase("Attacks and episodes over time", "Attaques et épisodes dans le temps"))) {
            (PreEscaped(drawing))
        }
        div.small style="display:flex;justify-content:space-between" { span { (report.time(first)) } span { (report.time(last)) } }
    }
}
