//! The report: one HTML file with its style, script and pictures inside, that asks nothing of the outside.

mod findings;
mod machines;
mod map;
mod sight;
mod surface;
mod traffic;

use std::io::{self, Write};

use base64::Engine;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use model::{Judgement, Phrase, Severity};
use sha2::{Digest, Sha256};

use crate::plant::{Deed, Plant};
use crate::words;
use crate::{Language, Run, format, short};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What every section needs.
struct Page<'a> {
    judgement: &'a Judgement,
    plant: Plant<'a>,
    run: &'a Run,
    language: Language,
}

/// Writes the report.
pub fn write_html(judgement: &Judgement, run: &Run, language: Language, mut out: impl Write) -> io::Result<()> {
    let page = Page { judgement, plant: Plant::new(judgement), run, language };
    out.write_all(page.whole().into_string().as_bytes())?;
    out.flush()
}

/// The source expression that lets exactly this inline text run.
fn source(text: &str) -> String {
    format!("'sha256-{}'", base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text.as_bytes())))
}

impl Page<'_> {
    /// A phrase in the language of the page.
    fn say(&self, phrase: Phrase) -> &'static str {
        self.language.of(phrase)
    }

    /// A colon and a space, as the language sets them.
    fn colon(&self) -> &'static str {
        match self.language {
            Language::En => ": ",
            Language::Fr => "\u{a0}: ",
        }
    }

    fn number(&self, value: u64) -> String {
        format::number(self.language, value)
    }

    fn bytes(&self, value: u64) -> String {
        format::bytes(self.language, value)
    }

    fn whole(&self) -> Markup {
        let title = format!("Vigie – {}", self.say(words::REPORT));
        // No address of any kind may be loaded; only this very style and this very script may act.
        let policy = format!(
            "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
            source(STYLE),
            source(SCRIPT)
        );
        html! {
            (DOCTYPE)
            html lang=(self.language.code()) {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(policy);
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="referrer" content="no-referrer";
                    meta name="generator" content={ "Vigie " (self.run.version) };
                    title { (title) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    (self.top())
                    main {
                        (self.head())
                        (self.capabilities())
                        (self.surface())
                        (self.findings())
                        (self.map())
                        (self.machines())
                        (self.traffic())
                        (self.sight())
                        (self.method())
                    }
                    script { (PreEscaped(SCRIPT)) }
                }
            }
        }
    }

    fn top(&self) -> Markup {
        let sections = [
            ("short", words::IN_SHORT),
            ("deeds", words::CAPABILITIES),
            ("surface", words::SURFACE),
            ("findings", words::FINDINGS),
            ("map", words::MAP),
            ("machines", words::MACHINES),
            ("traffic", words::TRAFFIC),
            ("sight", words::SIGHT),
        ];
        html! {
            header.top {
                a.brand href="#short" { "Vigie" }
                nav aria-label=(self.say(words::JUMP)) {
                    @for (id, title) in sections { a href={ "#" (id) } { (self.say(title)) } }
                }
            }
        }
    }

    fn head(&self) -> Markup {
        let (judgement, run, language) = (self.judgement, self.run, self.language);
        let inputs: Vec<String> = run.inputs.iter().take(3).map(|input| format::clean_to(input, 80)).collect();
        let more = run.inputs.len().saturating_sub(3);
        html! {
            section #short {
                h1 { (self.say(words::REPORT)) }
                p.lead {
                    @if !inputs.is_empty() {
                        (inputs.join(", "))
                        @if more > 0 { " … +" (more) }
                        " · "
                    }
                    (self.say(words::INVENTORY_AND_SURFACE))
                }
                (self.tiles())
                div.columns {
                    div.box.wide {
                        h2 { (self.say(words::IN_SHORT)) }
                        ul.short {
                            @for sentence in short::sentences(&self.plant, language) { li { (sentence) } }
                        }
                    }
                    div.box {
                        h2 { (self.say(words::WHAT_WAS_READ)) }
                        dl {
                            @if let (Some(first), Some(last)) = (judgement.first, judgement.last) {
                                dt { (self.say(words::PERIOD_UTC)) } dd { (format::period(language, first, last)) }
                                dt { (self.say(words::LENGTH)) } dd { (format::span(language, last.since(first))) }
                            }
                            dt { (self.say(words::FILES)) } dd { (self.number(run.files)) }
                            dt { (self.say(words::PACKETS)) } dd { (self.number(run.packets)) }
                            dt { (self.say(words::BYTES)) } dd { (self.bytes(run.bytes)) }
                            dt { (self.say(words::READ_IN)) } dd { (format::decimal(language, run.seconds, 1)) "\u{a0}s" }
                            @for (count, what) in [
                                (run.dropped, words::DROPPED),
                                (run.duplicates, words::DUPLICATES),
                                (run.filtered, words::FILTERED),
                            ] {
                                @if count > 0 { dt { (self.say(what)) } dd { (self.number(count)) } }
                            }
                            @if !run.problems.is_empty() {
                                dt { a href="#problems" { (self.say(words::PROBLEMS)) } }
                                dd { (self.number(run.problems.len() as u64)) }
                            }
                        }
                    }
                }
            }
        }
    }

    fn tiles(&self) -> Markup {
        let tile = |target: &str, count: usize, label: Phrase| {
            html! { a.tile href={ "#" (target) } { b { (self.number(count as u64)) } span { (self.say(label)) } } }
        };
        html! {
            div.tiles {
                (tile("machines", self.plant.inside(), words::MACHINES))
                (tile("machines", self.plant.controllers(), words::CONTROLLERS))
                (tile("traffic", self.run.conversations as usize, words::CONVERSATIONS))
                @for (severity, count) in self.plant.severities() {
                    @if severity >= Severity::Medium || count > 0 {
                        a class={ "tile " (if count > 0 { severity.as_str() } else { "none" }) } href="#findings" {
                            b { (self.number(count as u64)) }
                            span { (words::findings_of(severity).word(self.language, count as u64)) }
                        }
                    }
                }
            }
        }
    }

    /// A severity as a badge: word and shape say it as well as the colour.
    fn badge(&self, severity: Severity) -> Markup {
        html! { span class={ "badge " (severity.as_str()) } { (self.say(severity.phrase())) } }
    }

    /// A link to a machine, or its id where it has no row.
    fn machine_link(&self, id: &str) -> Markup {
        match self.plant.machine(id) {
            Some((number, asset)) if number < crate::limits::MACHINE_ROWS_MAX => {
                html! { a href={ "#m" (number) } { (format::clean_to(&asset.name, 60)) } }
            }
            Some((_, asset)) => html! { (format::clean_to(&asset.name, 60)) },
            None => html! { (format::clean_to(id, 60)) },
        }
    }

    /// The first of `ids` as links, and how many more there are of `count`.
    fn machine_links(&self, ids: &[model::Text], count: usize) -> Markup {
        let shown = ids.len().min(crate::limits::PARTNERS_MAX);
        html! {
            @for (index, id) in ids.iter().take(shown).enumerate() {
                @if index > 0 { ", " }
                (self.machine_link(id))
            }
            @if count > shown { " " span.more { "+" (self.number((count - shown) as u64)) } }
        }
    }

    /// The key to the kinds of acts.
    fn deeds_legend(&self) -> Markup {
        html! {
            p.legend {
                @for deed in Deed::ALL {
                    span { i class={ "key " (deed.class()) } {} (self.say(words::deed(deed))) }
                }
            }
        }
    }

    /// What comes after the first rows, folded away until someone asks.
    fn folded(&self, count: usize, rest: Markup) -> Markup {
        html! {
            @if count > 0 {
                details.rest {
                    summary { (self.say(words::THE_REST)) " (" (self.number(count as u64)) ")" }
                    (rest)
                }
            }
        }
    }

    /// `… 120 more: …` under a list that was cut.
    fn left_out(&self, all: usize, shown: usize) -> Markup {
        html! {
            @if all > shown {
                p.more { "… " (words::N_MORE.of(self.language, (all - shown) as u64)) " – " (self.say(words::MORE_IN_INVENTORY)) }
            }
        }
    }

    /// The name of a protocol, with its title where one is known.
    fn protocol_title(&self, id: &str) -> Option<&str> {
        self.run
            .protocols
            .iter()
            .find(|count| count.id == id)
            .map(|count| count.title.as_str())
            .filter(|t| !t.is_empty())
    }
}
