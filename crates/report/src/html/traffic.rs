//! Protocols with what is done over them, networks, and who talks to whom.

use maud::{Markup, html};
use model::{Edge, ProtocolUse, Verb};

use super::Page;
use crate::limits::{EDGES_MAX, NETWORKS_MAX};
use crate::plant::{Deed, deed};
use crate::{format, words};

/// Rows of who talks to whom that are shown before the rest is asked for.
const EDGES_OPEN: usize = 20;

impl Page<'_> {
    pub(super) fn traffic(&self) -> Markup {
        html! {
            section #traffic {
                h2 { (self.say(words::TRAFFIC)) }
                h3 { (self.say(words::PROTOCOLS)) }
                (self.deeds_legend())
                (self.protocols())
                h3 { (self.say(words::NETWORKS)) }
                (self.networks())
                h3 { (self.say(words::WHO_TALKS)) }
                (self.conversations())
            }
        }
    }

    fn protocols(&self) -> Markup {
        let mut protocols: Vec<&ProtocolUse> = self.judgement.protocols.iter().collect();
        protocols.sort_by_key(|used| std::cmp::Reverse((used.packets, used.acts)));
        let most = protocols.iter().map(|used| used.packets).max().unwrap_or(0).max(1);
        html! {
            div.scroll {
                table.stack.wide {
                    thead { tr {
                        th { (self.say(words::PROTOCOL)) }
                        th { (self.say(words::PACKETS)) }
                        th { (self.say(words::WHAT_IS_DONE)) }
                        th.number { (self.say(words::ACTS)) }
                        th.number { (self.say(words::MESSAGES)) }
                        th.number { (self.say(words::MALFORMED)) }
                        th.number { (self.say(words::CONVERSATIONS)) }
                        th.number { (self.say(words::MACHINES)) }
                        th.number { (self.say(words::BYTES)) }
                    } }
                    tbody { @for used in &protocols { (self.protocol(used, most)) } }
                }
            }
        }
    }

    fn protocol(&self, used: &ProtocolUse, most: u64) -> Markup {
        // What decoding counted is exact; the judgement knows of messages only what rolled-up records say.
        let counted = self.run.protocols.iter().find(|count| count.id == used.protocol.as_str());
        let messages = counted.map_or(used.messages, |count| count.messages);
        let malformed = counted.map_or(used.malformed, |count| count.malformed);
        let share = (used.packets as f64 / most as f64 * 100.0).max(if used.packets > 0 { 0.5 } else { 0.0 });
        html! {
            tr {
                th scope="row" {
                    @if used.protocol.is_empty() { em { (self.say(words::UNRECOGNISED)) } } @else { (format::clean_to(&used.protocol, 40)) }
                    @if let Some(title) = self.protocol_title(&used.protocol) {
                        @if !title.eq_ignore_ascii_case(&used.protocol) { div.small { (title) } }
                    }
                }
                td data-label=(self.say(words::PACKETS)) {
                    svg.bar viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" {
                        rect.track width="100" height="8" {}
                        rect.fill width=(format!("{share:.1}")) height="8" {}
                    }
                    span.small { (self.number(used.packets)) }
                }
                td data-label=(self.say(words::WHAT_IS_DONE)) { (self.verbs_bar(&used.verbs)) }
                td.number data-label=(self.say(words::ACTS)) { (self.number(used.acts)) }
                td.number data-label=(self.say(words::MESSAGES)) { (self.number(messages)) }
                td.number data-label=(self.say(words::MALFORMED)) {
                    @if malformed > 0 { (self.number(malformed)) } @else { "–" }
                }
                td.number data-label=(self.say(words::CONVERSATIONS)) { (self.number(used.conversations)) }
                td.number data-label=(self.say(words::MACHINES)) { (self.number(u64::from(used.machines))) }
                td.number data-label=(self.say(words::BYTES)) { (self.bytes(used.bytes)) }
            }
        }
    }

    /// Verbs stacked to one bar by what they do, with the most frequent ones in words. What changes the plant is at
    /// least two hundredths wide: the rare act is the one that matters.
    fn verbs_bar(&self, verbs: &[(Verb, u64)]) -> Markup {
        let all: u64 = verbs.iter().map(|(_, count)| count).sum();
        if all == 0 {
            return html! { span.small { "–" } };
        }
        let mut widths: Vec<(Deed, f64)> = Deed::ALL
            .iter()
            .map(|kind| {
                let count: u64 =
                    verbs.iter().filter(|(verb, _)| Deed::of(*verb) == *kind).map(|(_, count)| count).sum();
                let least = if count == 0 || *kind == Deed::Observe { 0.0 } else { 2.0 };
                (*kind, (count as f64 / all as f64 * 100.0).max(least))
            })
            .collect();
        let sum: f64 = widths.iter().map(|(_, width)| width).sum();
        let mut x = 0.0;
        let parts: Vec<(Deed, f64, f64)> = widths
            .drain(..)
            .map(|(kind, width)| {
                let width = width / sum * 100.0;
                let at = x;
                x += width;
                (kind, at, width)
            })
            .filter(|(_, _, width)| *width > 0.0)
            .collect();
        html! {
            svg.bar viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" {
                @for (kind, x, width) in &parts {
                    rect class=(kind.class()) x=(format!("{x:.2}")) width=(format!("{width:.2}")) height="8" {}
                }
            }
            span.small { (self.verbs(verbs, 4)) }
        }
    }

    /// The most frequent verbs in words, those that change the plant before the others.
    fn verbs(&self, verbs: &[(Verb, u64)], max: usize) -> String {
        let mut sorted: Vec<&(Verb, u64)> = verbs.iter().collect();
        sorted.sort_by_key(|(verb, count)| (std::cmp::Reverse(Deed::of(*verb)), std::cmp::Reverse(*count)));
        let shown: Vec<String> = sorted
            .iter()
            .take(max)
            .map(|(verb, count)| format!("{}\u{a0}{}", self.say(verb.phrase()), self.number(*count)))
            .collect();
        let more = if sorted.len() > max { " …" } else { "" };
        format!("{}{more}", shown.join(", "))
    }

    fn networks(&self) -> Markup {
        let networks = &self.judgement.networks;
        html! {
            div.scroll {
                table {
                    thead { tr {
                        th { (self.say(words::NETWORK)) }
                        th.number { (self.say(words::MACHINES)) }
                        th.number { (self.say(words::CONTROLLERS)) }
                        th { (self.say(words::VLANS)) }
                        th { (self.say(words::REMARK)) }
                    } }
                    tbody {
                        @for network in networks.iter().take(NETWORKS_MAX) {
                            tr {
                                th scope="row" { (format::clean_to(&network.prefix, 60)) }
                                td.number { (self.number(u64::from(network.machines))) }
                                td.number { (self.number(u64::from(network.controllers))) }
                                td { (network.vlans.iter().take(12).map(ToString::to_string).collect::<Vec<_>>().join(", ")) }
                                td {
                                    @if network.is_remote { (self.say(words::REMOTE)) " " }
                                    @if network.is_external { (self.say(words::EXTERNAL)) }
                                }
                            }
                        }
                    }
                }
            }
            (self.left_out(networks.len(), NETWORKS_MAX))
        }
    }

    fn conversations(&self) -> Markup {
        let mut edges: Vec<&Edge> = self.judgement.edges.iter().collect();
        // What changes the plant before what does not, then by traffic; the order of the judgement decides the rest.
        edges.sort_by_key(|edge| (std::cmp::Reverse(deed(&edge.verbs)), std::cmp::Reverse(edge.bytes)));
        let shown = &edges[..edges.len().min(EDGES_MAX)];
        html! {
            (self.edges(&shown[..shown.len().min(EDGES_OPEN)]))
            (self.folded(shown.len().saturating_sub(EDGES_OPEN), self.edges(shown.get(EDGES_OPEN..).unwrap_or_default())))
            (self.left_out(edges.len(), EDGES_MAX))
        }
    }

    fn edges(&self, edges: &[&Edge]) -> Markup {
        html! {
            div.scroll {
                table {
                    thead { tr {
                        th { (self.say(words::FROM)) }
                        th { (self.say(words::TO)) }
                        th { (self.say(words::PROTOCOL)) }
                        th { (self.say(words::WHAT_IS_DONE)) }
                        th.number { (self.say(words::REFUSED)) }
                        th.number { (self.say(words::UNANSWERED)) }
                        th.number { (self.say(words::PACKETS)) }
                        th.number { (self.say(words::BYTES)) }
                        th { (self.say(words::SEEN)) }
                    } }
                    tbody {
                        @for edge in edges {
                            tr {
                                td { (self.machine_link(&edge.from)) }
                                td {
                                    @if edge.is_group { (format::clean_to(edge.to.trim_start_matches("group-"), 60)) }
                                    @else { (self.machine_link(&edge.to)) }
                                }
                                td.nowrap {
                                    @if edge.protocol.is_empty() { em { (self.say(words::UNRECOGNISED)) } }
                                    @else { (format::clean_to(&edge.protocol, 40)) }
                                    @if edge.is_guess { " " span.small title=(self.say(words::GUESSED)) { "(" (self.say(words::GUESS)) ")" } }
                                    @if let Some(port) = edge.ports.first() {
                                        " " span.small { (port) @if edge.ports.len() > 1 { "…" } }
                                    }
                                }
                                td {
                                    i class={ "key " (deed(&edge.verbs).class()) } {}
                                    span.small { (self.verbs(&edge.verbs, 3)) }
                                }
                                td.number { @if edge.refused > 0 { (self.number(edge.refused)) } }
                                td.number { @if edge.unanswered > 0 { (self.number(edge.unanswered)) } }
                                td.number { (self.number(edge.packets)) }
                                td.number { (self.bytes(edge.bytes)) }
                                td.small { (format::period(self.language, edge.first, edge.last)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
