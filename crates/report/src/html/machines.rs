//! The list of machines, each with everything that is known of it and why it is believed.

use maud::{Markup, html};
use model::{Asset, Attribute, FactKey, Part, RankedFinding, Said, Service};

use super::Page;
use crate::inventory::concerns;
use crate::limits::{
    ATTRIBUTES_MAX, CLAIMS_MAX, DETAILS_BYTES_MAX, MACHINE_DETAILS_MAX, MACHINE_ROWS_MAX, PARTS_MAX, SERVICES_MAX,
};
use crate::plant::{self, LEVELS as LEVEL_ORDER, attribute, role, weight};
use crate::{format, words};

/// From this many machines on, rows out of sight are laid out only when they come into it.
const MANY: usize = 300;
/// Findings listed in one machine's details.
const FINDINGS_MAX: usize = 12;

impl Page<'_> {
    pub(super) fn machines(&self) -> Markup {
        let assets = &self.judgement.assets;
        let columns = [
            words::MACHINE,
            words::ROLE,
            words::LEVEL,
            words::CRITICALITY,
            words::MAKE,
            words::VERSIONS,
            words::PROTOCOLS,
            words::KNOWN,
            words::SEEN,
        ];
        let mut spent = 0_usize;
        let mut rows: Vec<Markup> = Vec::new();
        for (number, asset) in assets.iter().enumerate().take(MACHINE_ROWS_MAX) {
            let details = (number < MACHINE_DETAILS_MAX && spent < DETAILS_BYTES_MAX).then(|| self.details(asset));
            spent += details.as_ref().map_or(0, |details| details.0.len());
            rows.push(self.machine(number, asset, details));
        }
        html! {
            section #machines {
                h2 { (self.say(words::MACHINES)) " " span.count { (self.number(assets.len() as u64)) } }
                p.about { (self.say(words::KNOWN)) " n/14" (self.colon()) (self.say(words::KNOWN_ABOUT)) }
                @if assets.is_empty() { p { (self.say(words::NO_MACHINES)) } }
                div.tools.script {
                    label {
                        (self.say(words::SEARCH)) " "
                        input #search type="search" placeholder=(self.say(words::SEARCH_HINT)) autocomplete="off";
                    }
                    span.small { span #shown { (self.number(rows.len() as u64)) } " " (self.say(words::SHOWN)) }
                    button type="button" data-open="1" { (self.say(words::OPEN_ALL)) }
                    button type="button" data-open="0" { (self.say(words::CLOSE_ALL)) }
                }
                div #list class={ "machines" @if assets.len() > MANY { " many" } } {
                    div.row.header {
                        @for (index, column) in columns.iter().enumerate() {
                            button type="button" data-column=(index) title={ (self.say(words::SORT)) " " (self.say(*column)) } { (self.say(*column)) }
                        }
                    }
                    @for row in &rows { (row) }
                }
                (self.left_out(assets.len(), MACHINE_ROWS_MAX))
            }
        }
    }

    fn machine(&self, number: usize, asset: &Asset, details: Option<Markup>) -> Markup {
        let fact = |key: FactKey| attribute(asset, key).map(format::clean);
        let addresses = plant::addresses(asset);
        let name = format::clean_to(&asset.name, 60);
        let other: Vec<&String> = addresses.iter().filter(|address| **address != name).collect();
        let make: Vec<String> = [plant::maker(asset).map(|maker| format::clean_to(maker, 60)), fact(FactKey::Model)]
            .into_iter()
            .flatten()
            .collect();
        let order = fact(FactKey::OrderNumber).filter(|order| !make.contains(order));
        let versions: Vec<String> = [
            fact(FactKey::Firmware),
            fact(FactKey::Serial).map(|serial| format!("S/N {serial}")),
            asset.os.as_deref().map(format::clean),
        ]
        .into_iter()
        .flatten()
        .collect();
        let protocols = plant::protocols(asset);
        let shown: Vec<String> = protocols.iter().take(6).map(|protocol| format::clean_to(protocol, 30)).collect();
        let level = LEVEL_ORDER.iter().position(|level| *level == asset.purdue.level).unwrap_or(LEVEL_ORDER.len());
        let main = role(asset);
        html! {
            details.machine id={ "m" (number) } {
                summary.row {
                    span.cell {
                        b { (name) }
                        @if let Some(first) = other.first() {
                            span.small { (first) @if other.len() > 1 { " +" (other.len() - 1) } }
                        }
                    }
                    span.cell data-label=(self.say(words::ROLE)) {
                        (self.say(main.phrase()))
                        @if asset.is_external { span.small { (self.say(words::EXTERNAL)) } }
                        @else if asset.is_remote { span.small { (self.say(words::REMOTE)) } }
                    }
                    span.cell data-label=(self.say(words::LEVEL)) data-sort=(level) { (self.say(asset.purdue.level.phrase())) }
                    span.cell data-label=(self.say(words::CRITICALITY)) data-sort=(9 - weight(asset.criticality.importance)) {
                        span class={ "importance " (asset.criticality.importance.as_str()) } { (self.say(asset.criticality.importance.phrase())) }
                    }
                    span.cell data-label=(self.say(words::MAKE)) {
                        @for line in &make { span.line { (line) } }
                        @if let Some(order) = order { span.small { (order) } }
                    }
                    span.cell data-label=(self.say(words::VERSIONS)) {
                        @for version in &versions { span.line { (version) } }
                    }
                    span.cell data-label=(self.say(words::PROTOCOLS)) {
                        (shown.join(", "))
                        @if protocols.len() > shown.len() { " " span.more { "+" (protocols.len() - shown.len()) } }
                    }
                    span.cell data-label=(self.say(words::KNOWN)) data-sort=(99 - asset.known.min(99)) {
                        (asset.known) "/" (asset.fields.len())
                    }
                    span.cell.small data-label=(self.say(words::SEEN)) data-sort=(asset.first) {
                        (format::period(self.language, asset.first, asset.last))
                    }
                }
                @match details {
                    Some(details) => (details),
                    None => p.more { (self.say(words::NO_DETAILS)) " – " (self.say(words::MORE_IN_INVENTORY)) },
                }
            }
        }
    }

    fn details(&self, asset: &Asset) -> Markup {
        let concerning: Vec<&RankedFinding> =
            self.judgement.findings.iter().filter(|ranked| concerns(ranked, asset)).collect();
        html! {
            div.inside {
                div.columns {
                    div {
                        (self.reasons(asset))
                        (self.fields(asset))
                    }
                    div {
                        (self.interfaces(asset))
                        (self.services(words::OFFERS, &asset.services))
                        (self.services(words::USES, &asset.uses))
                        @if !concerning.is_empty() {
                            h4 { (self.say(words::FINDINGS_OF)) }
                            ul.plain {
                                @for ranked in concerning.iter().take(FINDINGS_MAX) { (self.finding_link(ranked)) }
                                @if concerning.len() > FINDINGS_MAX { li.more { "+" (concerning.len() - FINDINGS_MAX) } }
                            }
                        }
                    }
                }
                h4 { (self.say(words::WHY)) }
                @if asset.attributes.is_empty() { p.small { (self.say(words::NOTHING_KNOWN)) } }
                @else { (self.attributes(&asset.attributes)) }
                (self.parts(words::MODULES, &asset.modules))
                (self.parts(words::BEHIND, &asset.behind))
            }
        }
    }

    fn finding_link(&self, ranked: &RankedFinding) -> Markup {
        let finding = &ranked.finding;
        let about = self.judgement.explanations.iter().find(|about| about.id == finding.detector);
        html! {
            li {
                (self.badge(finding.severity)) " "
                a href={ "#f-" (finding.severity.as_str()) "-" (finding.detector) } {
                    @match about { Some(about) => (self.say(about.title)), None => (format::clean(&finding.title)) }
                }
                @if finding.count > 1 { " ×" (self.number(finding.count)) }
            }
        }
    }

    fn said_list(&self, reasons: &[Said]) -> Markup {
        html! {
            @for (index, reason) in reasons.iter().take(8).enumerate() {
                @if index > 0 { "; " }
                (format::clean_to(&self.language.said(reason), 300))
            }
        }
    }

    fn reasons(&self, asset: &Asset) -> Markup {
        let language = self.language;
        html! {
            h4 { (self.say(words::ROLES_WHY)) }
            dl.why {
                @for claim in asset.roles.iter().take(6) {
                    dt { (self.say(claim.role.phrase())) " " span.small { (self.say(claim.confidence.phrase())) } }
                    dd { (self.said_list(&claim.reasons)) }
                }
                dt { (self.say(words::LEVEL)) " " (self.say(asset.purdue.level.phrase())) }
                dd { (self.said_list(&asset.purdue.reasons)) }
                dt { (self.say(words::CRITICALITY)) " " (self.say(asset.criticality.importance.phrase())) }
                dd { (self.said_list(&asset.criticality.reasons)) }
                dt { (self.say(words::TRAFFIC_OF)) }
                dd {
                    (self.number(asset.packets_sent)) " " (self.say(words::SENT)) " (" (self.bytes(asset.bytes_sent)) "), "
                    (self.number(asset.packets_received)) " " (self.say(words::RECEIVED)) " (" (self.bytes(asset.bytes_received)) "); "
                    (self.number(asset.acts_asked)) " " (self.say(words::ACTS_ASKED)) ", "
                    (self.number(asset.acts_received)) " " (self.say(words::ACTS_RECEIVED))
                    @if asset.is_hearsay { "; " (self.say(words::HEARSAY)) }
                }
                dt { (self.say(words::SEEN)) }
                dd { (format::period(language, asset.first, asset.last)) }
                @if !asset.users.is_empty() {
                    dt { (self.say(words::USERS)) }
                    dd { (asset.users.iter().take(20).map(|user| format::clean_to(user, 60)).collect::<Vec<_>>().join(", ")) }
                }
                @if !asset.credentials.is_empty() {
                    dt { (self.say(words::CREDENTIALS)) }
                    dd { (asset.credentials.iter().take(20).map(|kind| format::clean_to(kind, 60)).collect::<Vec<_>>().join(", ")) }
                }
            }
        }
    }

    fn fields(&self, asset: &Asset) -> Markup {
        let known = asset.fields.iter().filter(|field| field.value.is_some());
        let name = |field: &model::Field| words::field(self.language, field.name).to_owned();
        let missing = |needs_people: bool| {
            let names: Vec<String> = asset
                .fields
                .iter()
                .filter(|field| field.value.is_none() && field.needs_people == needs_people)
                .map(name)
                .collect();
            names.join(", ")
        };
        let (by_people, by_network) = (missing(true), missing(false));
        html! {
            h4 { (self.say(words::FIELDS)) " " (asset.known) "/" (asset.fields.len()) }
            dl.why {
                @for field in known {
                    dt { (name(field)) }
                    dd {
                        @match field.name {
                            // Words of our own are said in the language of the page.
                            "asset role/type" => (self.say(role(asset).phrase())),
                            "asset criticality" => (self.say(asset.criticality.importance.phrase())),
                            _ => (format::clean(field.value.as_deref().unwrap_or_default())),
                        }
                        @if field.is_proposal { " " span.small { "(" (self.say(words::TO_CONFIRM)) ")" } }
                    }
                }
                @if !by_network.is_empty() {
                    dt.missing { (self.say(words::UNKNOWN_FIELDS)) }
                    dd { (by_network) " " span.small { "(" (self.say(words::BY_NETWORK)) ")" } }
                }
                @if !by_people.is_empty() {
                    dt.missing { (self.say(words::UNKNOWN_FIELDS)) }
                    dd { (by_people) " " span.small { "(" (self.say(words::BY_PEOPLE)) ")" } }
                }
            }
        }
    }

    fn interfaces(&self, asset: &Asset) -> Markup {
        html! {
            h4 { (self.say(words::INTERFACES)) }
            ul.plain {
                @for interface in asset.interfaces.iter().take(PARTS_MAX) {
                    li {
                        @if let Some(mac) = interface.mac { code { (mac.to_string()) } " " }
                        @if let Some(maker) = &interface.maker { span.small { (format::clean_to(maker, 60)) } " " }
                        @for ip in interface.ips.iter().take(16) { code { (ip.to_string()) } " " }
                        @if interface.ips.len() > 16 { span.more { "+" (interface.ips.len() - 16) } " " }
                        @if !interface.vlans.is_empty() {
                            span.small { "VLAN " (interface.vlans.iter().take(12).map(ToString::to_string).collect::<Vec<_>>().join(", ")) }
                        }
                    }
                }
            }
        }
    }

    fn services(&self, title: model::Phrase, services: &[Service]) -> Markup {
        html! {
            @if !services.is_empty() {
                h4 { (self.say(title)) }
                ul.plain {
                    @for service in services.iter().take(SERVICES_MAX) {
                        li {
                            @if service.protocol.is_empty() { em { (self.say(words::UNRECOGNISED)) } } @else { (format::clean_to(&service.protocol, 40)) }
                            @if service.is_guess { " " span.small { "(" (self.say(words::GUESS)) ")" } }
                            " " span.small {
                                (format::clean_to(&service.transport, 30))
                                @if let Some(port) = service.port { "/" (port) }
                            }
                            @if service.partner_count > 0 {
                                " ↔ " (self.machine_links(&service.partners, service.partner_count as usize))
                            }
                        }
                    }
                    @if services.len() > SERVICES_MAX { li.more { "+" (services.len() - SERVICES_MAX) } }
                }
            }
        }
    }

    /// Attributes with everyone who claimed them; several of one kind follow each other.
    fn attributes(&self, attributes: &[Attribute]) -> Markup {
        html! {
            div.scroll {
                table.claims {
                    thead { tr {
                        th { (self.say(words::ATTRIBUTE)) }
                        th { (self.say(words::VALUE)) }
                        th { (self.say(words::SAID_BY)) }
                        th { (self.say(words::SURE)) }
                        th { (self.say(words::SEEN)) }
                    } }
                    tbody {
                        @for attribute in attributes.iter().take(ATTRIBUTES_MAX) { (self.attribute(attribute)) }
                        @if attributes.len() > ATTRIBUTES_MAX {
                            tr { td.more colspan="5" { "+" (attributes.len() - ATTRIBUTES_MAX) } }
                        }
                    }
                }
            }
        }
    }

    fn attribute(&self, attribute: &Attribute) -> Markup {
        html! {
            @for (index, claim) in attribute.claims.iter().take(CLAIMS_MAX).enumerate() {
                tr {
                    @if index == 0 {
                        th scope="row" {
                            (self.say(attribute.key.phrase()))
                            @if attribute.is_disputed {
                                " " span.disputed title=(self.say(words::DISPUTED_ABOUT)) { (self.say(words::DISPUTED)) }
                            }
                        }
                    } @else { td {} }
                    td {
                        @if claim.value == attribute.value { (format::clean(&claim.value)) }
                        @else { span.other { (format::clean(&claim.value)) } }
                    }
                    td { (format::clean_to(&claim.protocol, 40)) " " span.small { (format::clean_to(&claim.source, 80)) } }
                    td { (self.say(claim.confidence.phrase())) }
                    td.small {
                        (format::period(self.language, claim.first, claim.last))
                        @if claim.count > 1 { " ×" (self.number(claim.count)) }
                    }
                }
            }
            @if attribute.claims.len() > CLAIMS_MAX {
                tr { td {} td.more colspan="4" { "+" (attribute.claims.len() - CLAIMS_MAX) } }
            }
        }
    }

    fn parts(&self, title: model::Phrase, parts: &[Part]) -> Markup {
        html! {
            @if !parts.is_empty() {
                h4 { (self.say(title)) }
                ul.plain {
                    @for part in parts.iter().take(PARTS_MAX) {
                        li {
                            b { (format::clean_to(&part.behind.to_string(), 60)) }
                            " " span.small { (format::clean_to(&part.protocol, 40)) }
                            @for known in part.attributes.iter().take(8) {
                                " · " (self.say(known.key.phrase())) " " (format::clean_to(&known.value, 80))
                                @if known.is_disputed { " " span.disputed { (self.say(words::DISPUTED)) } }
                            }
                            @if part.acts > 0 { " · " span.small { (self.number(part.acts)) " " (self.say(words::ACTS_RECEIVED)) } }
                            @if !part.has_answered { " · " span.small { (self.say(words::UNANSWERED)) } }
                        }
                    }
                    @if parts.len() > PARTS_MAX { li.more { "+" (parts.len() - PARTS_MAX) } }
                }
            }
        }
    }
}
