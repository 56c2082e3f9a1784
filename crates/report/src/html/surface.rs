//! The attack surface, ranked, and what can be done to the plant.

use maud::{Markup, html};
use model::{Capability, Exposure};

use super::Page;
use crate::limits::{CAPABILITIES_MAX, SURFACE_MAX};
use crate::plant::Deed;
use crate::{format, words};

/// Sentences, and rows, that are shown before the rest is asked for.
const DEEDS_OPEN: usize = 8;
/// Rows likewise.
const SURFACE_OPEN: usize = 10;

impl Page<'_> {
    pub(super) fn capabilities(&self) -> Markup {
        let deeds = &self.judgement.capabilities;
        let shown = &deeds[..deeds.len().min(CAPABILITIES_MAX)];
        html! {
            section #deeds {
                h2 { (self.say(words::CAPABILITIES)) }
                @if deeds.is_empty() {
                    p { (self.say(words::NO_CAPABILITIES)) }
                } @else {
                    p.about { (self.say(words::CAPABILITIES_ABOUT)) }
                    (self.deeds(&shown[..shown.len().min(DEEDS_OPEN)]))
                    (self.folded(shown.len().saturating_sub(DEEDS_OPEN), self.deeds(shown.get(DEEDS_OPEN..).unwrap_or_default())))
                    (self.left_out(deeds.len(), CAPABILITIES_MAX))
                }
            }
        }
    }

    fn deeds(&self, deeds: &[Capability]) -> Markup {
        html! {
            ul.deeds {
                @for deed in deeds {
                    li {
                        (self.badge(deed.severity))
                        div {
                            p { (format::sentence(&format::clean_to(&self.language.said(&deed.sentence), 400))) }
                            p.small {
                                i class={ "key " (Deed::of(deed.verb).class()) } {}
                                (self.say(deed.verb.phrase())) " · "
                                (self.machine_links(&deed.by, deed.by.len())) " → " (self.machine_link(&deed.asset))
                            }
                        }
                    }
                }
            }
        }
    }

    pub(super) fn surface(&self) -> Markup {
        let doors = &self.judgement.surface;
        let shown = &doors[..doors.len().min(SURFACE_MAX)];
        html! {
            section #surface {
                h2 { (self.say(words::SURFACE)) }
                @if doors.is_empty() {
                    p { (self.say(words::NO_SURFACE)) }
                } @else {
                    p.about { (self.say(words::SURFACE_ABOUT)) }
                    (self.doors(&shown[..shown.len().min(SURFACE_OPEN)]))
                    (self.folded(shown.len().saturating_sub(SURFACE_OPEN), self.doors(shown.get(SURFACE_OPEN..).unwrap_or_default())))
                    (self.left_out(doors.len(), SURFACE_MAX))
                }
            }
        }
    }

    fn doors(&self, doors: &[Exposure]) -> Markup {
        html! {
            div.scroll {
                table.stack {
                    thead { tr {
                        th.number { (self.say(words::SCORE)) }
                        th { (self.say(words::MACHINE)) }
                        th { (self.say(words::SERVICE)) }
                        th { (self.say(words::REASONS)) }
                        th { (self.say(words::REACHED_FROM)) }
                    } }
                    tbody {
                        @for door in doors {
                            tr {
                                td.score { (score(door.score)) }
                                th scope="row" { (self.machine_link(&door.asset)) }
                                td.nowrap {
                                    (format::clean_to(&door.protocol, 40))
                                    @if let Some(port) = door.port {
                                        " " span.small { (format::clean_to(&door.transport, 30)) "/" (port) }
                                    }
                                }
                                td {
                                    ul.reasons {
                                        @for (points, reason) in &door.reasons {
                                            li { span.points { "+" (points) } " " (format::clean(&self.language.said(reason))) }
                                        }
                                    }
                                }
                                td data-label=(self.say(words::REACHED_FROM)) { (self.machine_links(&door.reached_from, door.reached_count as usize)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A bar of 0 to 100 with its number.
fn score(score: u32) -> Markup {
    let score = score.min(100);
    html! {
        b { (score) }
        svg.bar viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" {
            rect.track width="100" height="8" {}
            rect.fill width=(score) height="8" {}
        }
    }
}
