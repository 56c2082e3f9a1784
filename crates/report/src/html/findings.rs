//! Findings, by severity and then by detector, each with what it means and what to do.

use maud::{Markup, html};
use model::{Descriptor, RankedFinding, Severity};

use super::Page;
use crate::limits::FINDINGS_PER_DETECTOR_MAX;
use crate::{format, words};

/// Groups that are open when the page is.
const OPEN_MAX: usize = 3;
/// Evidence sentences shown of one finding.
const EVIDENCE_MAX: usize = 6;

impl Page<'_> {
    pub(super) fn findings(&self) -> Markup {
        let findings = &self.judgement.findings;
        // The findings come with the worst first: groups keep that order.
        let mut groups: Vec<(Severity, &str, Vec<&RankedFinding>)> = Vec::new();
        for ranked in findings {
            let (severity, detector) = (ranked.finding.severity, ranked.finding.detector.as_ref());
            match groups.iter_mut().find(|group| group.0 == severity && group.1 == detector) {
                Some(group) => group.2.push(ranked),
                None => groups.push((severity, detector, vec![ranked])),
            }
        }
        html! {
            section #findings {
                h2 { (self.say(words::FINDINGS)) " " span.count { (self.number(findings.len() as u64)) } }
                @if findings.is_empty() { p { (self.say(words::NONE_FOUND)) } }
                @for (index, (severity, detector, group)) in groups.iter().enumerate() {
                    (self.group(*severity, detector, group, index < OPEN_MAX && *severity >= Severity::High))
                }
            }
        }
    }

    fn group(&self, severity: Severity, detector: &str, group: &[&RankedFinding], is_open: bool) -> Markup {
        let about = self.judgement.explanations.iter().find(|about| about.id == detector);
        let title = match (about, group.first()) {
            (Some(about), _) => self.say(about.title).to_owned(),
            (None, Some(first)) => format::clean(&first.finding.title),
            (None, None) => detector.to_owned(),
        };
        let occurrences = group.iter().fold(0_u64, |sum, ranked| sum.saturating_add(ranked.finding.count));
        html! {
            details.finding id={ "f-" (severity.as_str()) "-" (detector) } open[is_open] {
                summary {
                    (self.badge(severity))
                    span.title { (title) }
                    span.small {
                        (words::N_CASES.of(self.language, group.len() as u64))
                        @if occurrences > group.len() as u64 { ", ×" (self.number(occurrences)) }
                    }
                }
                @if let Some(about) = about { (self.explanation(about)) }
                div.scroll {
                    table.stack {
                        thead { tr {
                            th { (self.say(words::FROM)) " → " (self.say(words::TO)) }
                            th { (self.say(words::PROTOCOL)) }
                            th { (self.say(words::EVIDENCE)) }
                            th.number { (self.say(words::COUNT)) }
                            th { (self.say(words::SEEN)) }
                        } }
                        tbody {
                            @for ranked in group.iter().take(FINDINGS_PER_DETECTOR_MAX) { (self.case(ranked, about)) }
                        }
                    }
                }
                (self.left_out(group.len(), FINDINGS_PER_DETECTOR_MAX))
            }
        }
    }

    fn explanation(&self, about: &Descriptor) -> Markup {
        html! {
            div.explanation {
                p { b { (self.say(words::MEANING)) } " " (self.say(about.meaning)) }
                p.do { b { (self.say(words::DO)) } " " (self.say(about.action)) }
                @if !about.caution.en.is_empty() {
                    p.dont { b { (self.say(words::CAUTION)) } " " (self.say(about.caution)) }
                }
                p.small {
                    @if !about.techniques.is_empty() {
                        (self.say(words::TECHNIQUES)) (self.colon())
                        @for (index, (id, name)) in about.techniques.iter().enumerate() {
                            @if index > 0 { ", " }
                            (id) " " (name)
                        }
                    }
                    @if !about.requirements.is_empty() {
                        " · " (self.say(words::REQUIREMENTS)) (self.colon()) (about.requirements.join(", "))
                    }
                    " · " code { (about.id) }
                }
            }
        }
    }

    fn case(&self, ranked: &RankedFinding, about: Option<&Descriptor>) -> Markup {
        let finding = &ranked.finding;
        let end = |id: &Option<model::Text>, address: &Option<model::Address>| {
            let known = id.as_deref().filter(|id| self.plant.machine(id).is_some());
            // Where the name is the address already, the port is all there is to add.
            let name = known.and_then(|id| self.plant.machine(id)).map(|(_, asset)| asset.name.as_str());
            let shown = address.and_then(|address| match address.ip.map(|ip| ip.to_string()) {
                Some(ip) if name == Some(ip.as_str()) => address.port.map(|port| format!(":{port}")),
                _ => Some(address.to_string()).filter(|shown| name != Some(shown.as_str())),
            });
            html! {
                @match (known, shown) {
                    (Some(id), Some(address)) => {
                        (self.machine_link(id)) " " span.small { (address) }
                    }
                    (Some(id), None) => (self.machine_link(id)),
                    (None, Some(address)) => (address),
                    (None, None) => "–",
                }
            }
        };
        let has_from = ranked.from_asset.is_some() || finding.from.is_some();
        let has_to = ranked.to_asset.is_some() || finding.to.is_some();
        // A title of its own says more than the detector's.
        let own_title = about.is_none_or(|about| about.title.en != finding.title);
        html! {
            tr {
                td {
                    @if has_from { (end(&ranked.from_asset, &finding.from)) }
                    @if has_to {
                        @if has_from { " → " }
                        (end(&ranked.to_asset, &finding.to))
                    }
                    @if !finding.behind.is_nobody() { " " span.small { (format::clean(&model::Spoken(&finding.behind, self.language).to_string())) } }
                }
                td.nowrap { (format::clean_to(&finding.protocol, 40)) }
                td {
                    @if own_title { p { (format::clean(&finding.title)) } }
                    @if !finding.evidence.is_empty() {
                        ul.evidence {
                            @for evidence in finding.evidence.iter().take(EVIDENCE_MAX) { li { (format::clean_to(&self.language.said(evidence), 300)) } }
                            @if finding.evidence.len() > EVIDENCE_MAX {
                                li.more { "+" (finding.evidence.len() - EVIDENCE_MAX) }
                            }
                        }
                    }
                }
                td.number data-label=(self.say(words::COUNT)) { (self.number(finding.count)) }
                td.small data-label=(self.say(words::SEEN)) { (format::period(self.language, finding.first, finding.last)) }
            }
        }
    }
}
