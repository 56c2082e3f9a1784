//! The map: machines in lanes by level of the Purdue model, with who talks to whom; a picture that needs no script.

use std::collections::BTreeMap;
use std::net::IpAddr;

use maud::{Markup, html};
use model::{Asset, FactKey, Purdue, Severity};

use super::Page;
use crate::inventory::concerns;
use crate::limits::{LANE_FULL_MAX, LANE_GROUPS_MAX, LANE_NODES_MAX, LINES_MAX, MACHINE_ROWS_MAX};
use crate::plant::{self, Deed, Plant, role};
use crate::{format, words};

/// Sizes of the picture, in its own units; a unit is a pixel on a desk.
const WIDTH: f64 = 1200.0;
const GUTTER: f64 = 112.0;
const MARGIN: f64 = 12.0;
const NODE_WIDTH: f64 = 130.0;
const NODE_HEIGHT: f64 = 38.0;
const ROW_HEIGHT: f64 = 68.0;
const LANE_PADDING: f64 = 20.0;
/// Nodes side by side.
const COLUMNS: usize = 8;
/// Rounds of ordering lanes by where their partners stand.
const ROUNDS: usize = 6;
/// Room for text in a node, beside its glyph.
const TEXT_WIDTH: f64 = 92.0;

/// A machine, or the rest of a subnet in a lane.
struct Node {
    /// Numbers of its machines: one, or those of a group.
    machines: Vec<usize>,
    /// The subnet, of a group.
    network: Option<String>,
    x: f64,
    y: f64,
}

/// One lane.
struct Lane {
    level: Purdue,
    count: usize,
    nodes: Vec<usize>,
    y: f64,
    height: f64,
}

/// All that two nodes say to each other. `from` does the gravest of it.
struct Line {
    from: usize,
    to: usize,
    bytes: u64,
    deed: Deed,
}

struct Map {
    nodes: Vec<Node>,
    lanes: Vec<Lane>,
    lines: Vec<Line>,
    lines_left_out: usize,
    height: f64,
}

fn network_of(asset: &Asset) -> Option<String> {
    let ip = asset.interfaces.iter().flat_map(|interface| &interface.ips).next()?;
    Some(match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    })
}

impl Map {
    fn new(plant: &Plant<'_>, other_networks: &str, without_ip: &str) -> Map {
        let assets = &plant.judgement.assets;
        // What makes a machine worth a node of its own: what it does, and how much it says.
        let mut worth = vec![(Deed::Observe, 0_u64); assets.len()];
        for link in &plant.links {
            for end in [link.from, link.to] {
                worth[end] = (worth[end].0.max(link.deed), worth[end].1.saturating_add(link.bytes));
            }
        }
        let mut nodes: Vec<Node> = Vec::new();
        let mut node_of = vec![usize::MAX; assets.len()];
        let mut lanes: Vec<Lane> = Vec::new();
        for (level, mut machines) in plant.levels() {
            let count = machines.len();
            let mut rest = Vec::new();
            if count > LANE_FULL_MAX {
                machines.sort_by_key(|number| {
                    (
                        std::cmp::Reverse((worth[*number].0, assets[*number].criticality.importance, worth[*number].1)),
                        *number,
                    )
                });
                rest = machines.split_off(LANE_NODES_MAX);
            }
            let mut lane = Lane { level, count, nodes: Vec::new(), y: 0.0, height: 0.0 };
            for number in machines {
                node_of[number] = nodes.len();
                lane.nodes.push(nodes.len());
                nodes.push(Node { machines: vec![number], network: None, x: 0.0, y: 0.0 });
            }
            let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
            for number in rest {
                let network = network_of(&assets[number]).unwrap_or_else(|| without_ip.to_owned());
                groups.entry(network).or_default().push(number);
            }
            let mut groups: Vec<(String, Vec<usize>)> = groups.into_iter().collect();
            groups.sort_by_key(|(_, machines)| std::cmp::Reverse(machines.len()));
            if groups.len() > LANE_GROUPS_MAX {
                let others = groups.split_off(LANE_GROUPS_MAX - 1);
                groups
                    .push((other_networks.to_owned(), others.into_iter().flat_map(|(_, machines)| machines).collect()));
            }
            for (network, machines) in groups {
                let network = (machines.len() > 1).then_some(network);
                machines.iter().for_each(|number| node_of[*number] = nodes.len());
                lane.nodes.push(nodes.len());
                nodes.push(Node { machines, network, x: 0.0, y: 0.0 });
            }
            lanes.push(lane);
        }
        let (lines, lines_left_out) = lines(plant, &node_of);
        let mut map = Map { nodes, lanes, lines, lines_left_out, height: 0.0 };
        map.place();
        map
    }

    /// Gives every node its place: lanes from the top, nodes in a lane near those they talk with.
    fn place(&mut self) {
        let mut partners: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for line in &self.lines {
            partners[line.from].push(line.to);
            partners[line.to].push(line.from);
        }
        for round in 0..=ROUNDS {
            let mut y = 6.0;
            for lane in &mut self.lanes {
                if round > 0 {
                    let wish = |node: usize| {
                        let all = &partners[node];
                        match all.is_empty() {
                            true => self.nodes[node].x,
                            false => all.iter().map(|partner| self.nodes[*partner].x).sum::<f64>() / all.len() as f64,
                        }
                    };
                    let mut wishes: Vec<(f64, usize)> = lane.nodes.iter().map(|node| (wish(*node), *node)).collect();
                    wishes.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                    lane.nodes = wishes.into_iter().map(|(_, node)| node).collect();
                }
                let rows = lane.nodes.len().div_ceil(COLUMNS).max(1);
                let columns = lane.nodes.len().div_ceil(rows).max(1);
                let cell = (WIDTH - GUTTER - MARGIN) / columns as f64;
                lane.y = y;
                lane.height = rows as f64 * ROW_HEIGHT - (ROW_HEIGHT - NODE_HEIGHT) + 2.0 * LANE_PADDING;
                for (index, node) in lane.nodes.iter().enumerate() {
                    // Column by column, so that neighbours in the order are neighbours in the picture; every second
                    // row stands half a step aside, so that lines to it pass between the nodes above.
                    let (column, row) = (index / rows, index % rows);
                    let room = if rows > 1 { (cell - NODE_WIDTH).clamp(0.0, NODE_WIDTH) * 0.5 } else { 0.0 };
                    let aside = if row % 2 == 0 { -room / 2.0 } else { room / 2.0 };
                    self.nodes[*node].x = GUTTER + cell * (column as f64 + 0.5) + aside;
                    self.nodes[*node].y = y + LANE_PADDING + row as f64 * ROW_HEIGHT + NODE_HEIGHT / 2.0;
                }
                y += lane.height + 6.0;
            }
            self.height = y;
        }
    }
}

/// Lines between nodes, drawn from the least telling to the most; how many of the least telling are left out.
fn lines(plant: &Plant<'_>, node_of: &[usize]) -> (Vec<Line>, usize) {
    let mut between: BTreeMap<(usize, usize), Line> = BTreeMap::new();
    for link in &plant.links {
        let (from, to) = (node_of[link.from], node_of[link.to]);
        if from == to {
            continue;
        }
        let line =
            between.entry((from.min(to), from.max(to))).or_insert(Line { from, to, bytes: 0, deed: Deed::Observe });
        line.bytes = line.bytes.saturating_add(link.bytes);
        if link.deed > line.deed {
            (line.deed, line.from, line.to) = (link.deed, from, to);
        }
    }
    let mut lines: Vec<Line> = between.into_values().collect();
    lines.sort_by_key(|line| (line.deed, line.bytes));
    let left_out = lines.len().saturating_sub(LINES_MAX);
    lines.drain(..left_out);
    (lines, left_out)
}

fn path(a: &Node, b: &Node) -> String {
    let half = NODE_HEIGHT / 2.0;
    if (a.y - b.y).abs() < 1.0 {
        let (y, lift) = (a.y - half, (10.0 + (a.x - b.x).abs() / 24.0).min(30.0));
        return format!("M{:.0} {y:.0}Q{:.0} {:.0} {:.0} {y:.0}", a.x, (a.x + b.x) / 2.0, y - lift, b.x);
    }
    let (start, end) = if a.y < b.y { (a.y + half, b.y - half) } else { (a.y - half, b.y + half) };
    let bend = (end - start) * 0.45;
    format!("M{:.0} {start:.0}C{:.0} {:.0} {:.0} {:.0} {:.0} {end:.0}", a.x, a.x, start + bend, b.x, end - bend, b.x)
}

impl Page<'_> {
    pub(super) fn map(&self) -> Markup {
        if self.judgement.assets.is_empty() {
            return html! {};
        }
        let map = Map::new(&self.plant, self.say(words::OTHER_NETWORKS), self.say(words::WITHOUT_IP));
        html! {
            section #map {
                h2 { (self.say(words::MAP)) }
                p.about { (self.say(words::MAP_ABOUT)) }
                p.legend {
                    @for deed in Deed::ALL { span { i class={ "key line " (deed.class()) } {} (self.say(words::deed(deed))) } }
                    span { (self.say(words::LEGEND_WIDTH)) }
                    @if map.nodes.iter().any(|node| node.network.is_some()) { span { i.key.stack {} (self.say(words::LEGEND_GROUP)) } }
                    @if map.lines_left_out > 0 {
                        span { "– " (words::N_LINES.of(self.language, map.lines_left_out as u64)) }
                    }
                }
                div.map {
                    svg #plant viewBox=(format!("0 0 {WIDTH} {:.0}", map.height)) role="group" aria-label=(self.say(words::MAP)) {
                        defs {
                            @for deed in Deed::ALL {
                                marker id={ "arrow-" (deed.class()) } class={ "arrow " (deed.class()) } viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" markerUnits="userSpaceOnUse" orient="auto" {
                                    path d="M0 0L8 4L0 8z" {}
                                }
                            }
                        }
                        @for lane in &map.lanes { (self.lane(lane)) }
                        g.lines {
                            @for line in &map.lines {
                                path class={ "line " (line.deed.class()) }
                                    d=(path(&map.nodes[line.from], &map.nodes[line.to]))
                                    stroke-width=(format!("{:.1}", stroke(line.bytes)))
                                    marker-end=[(line.deed > Deed::Observe).then(|| format!("url(#arrow-{})", line.deed.class()))]
                                    data-a=(line.from) data-b=(line.to) {}
                            }
                        }
                        @for (number, node) in map.nodes.iter().enumerate() { (self.node(number, node)) }
                    }
                    div #card .card hidden aria-live="polite" {}
                }
            }
        }
    }

    fn lane(&self, lane: &Lane) -> Markup {
        html! {
            rect.lane x="0" y=(format!("{:.0}", lane.y)) width=(WIDTH) height=(format!("{:.0}", lane.height)) rx="4" {}
            text.level x="10" y=(format!("{:.0}", lane.y + 24.0)) { (self.say(lane.level.phrase())) }
            text.levelcount x="10" y=(format!("{:.0}", lane.y + 40.0)) { (words::N_MACHINES.of(self.language, lane.count as u64)) }
        }
    }

    fn node(&self, number: usize, node: &Node) -> Markup {
        let (x, y) = (node.x - NODE_WIDTH / 2.0, node.y - NODE_HEIGHT / 2.0);
        let at = format!("translate({x:.0} {y:.0})");
        if let Some(network) = &node.network {
            let label = format!("{}\n{network}", words::N_MACHINES.of(self.language, node.machines.len() as u64));
            return html! {
                a.node.group href="#machines" data-n=(number) data-card=(label) aria-label=(label) {
                    g transform=(at) {
                        rect.shadow x="4" y="4" width=(NODE_WIDTH) height=(NODE_HEIGHT) rx="3" {}
                        rect.body width=(NODE_WIDTH) height=(NODE_HEIGHT) rx="3" {}
                        text.name x="8" y="16" { (words::N_MACHINES.of(self.language, node.machines.len() as u64)) }
                        text.second x="8" y="30" { (format::clean_to(network, 20)) }
                    }
                }
            };
        }
        let Some((machine, asset)) = node.machines.first().map(|machine| (*machine, &self.judgement.assets[*machine]))
        else {
            return html! {};
        };
        let addresses = plant::addresses(asset);
        let main = role(asset);
        let second = match addresses.first().filter(|address| asset.name != address.as_str()) {
            Some(address) => address.clone(),
            None => self.say(main.phrase()).to_owned(),
        };
        let worst = self
            .judgement
            .findings
            .iter()
            .filter(|ranked| concerns(ranked, asset) && ranked.finding.severity >= Severity::High);
        let (count, worst) =
            worst.fold((0_u32, None), |(count, worst), ranked| (count + 1, worst.max(Some(ranked.finding.severity))));
        let card = self.card(asset, &addresses, count);
        let target = if machine < MACHINE_ROWS_MAX { format!("#m{machine}") } else { "#machines".to_owned() };
        html! {
            a class={ "node" @if asset.is_external { " external" } } href=(target) data-n=(number) data-card=(card) aria-label=(card) {
                g transform=(at) {
                    rect.body width=(NODE_WIDTH) height=(NODE_HEIGHT) rx="3" {}
                    rect.glyph width="31" height=(NODE_HEIGHT) rx="3" {}
                    text.glyph x="15.5" y="23" { (self.say(words::glyph(main))) }
                    (label("name", 16, &asset.name, 1.05))
                    (label("second", 30, &second, 0.95))
                    @if let Some(worst) = worst {
                        circle class={ "mark " (worst.as_str()) } cx=(NODE_WIDTH - 3.0) cy="3" r="7.5" {}
                        text.marktext x=(NODE_WIDTH - 3.0) y="6.2" { (count.min(99)) }
                    }
                }
            }
        }
    }

    /// What the card of a machine says, a line each.
    fn card(&self, asset: &Asset, addresses: &[String], grave: u32) -> String {
        let mut lines = vec![format::clean_to(&asset.name, 60)];
        lines.push(format!(
            "{} · {} {}",
            self.say(role(asset).phrase()),
            self.say(words::CRITICALITY).to_lowercase(),
            self.say(asset.criticality.importance.phrase())
        ));
        if !addresses.is_empty() {
            lines.push(addresses.iter().take(3).cloned().collect::<Vec<_>>().join(", "));
        }
        let make: Vec<String> = [
            plant::maker(asset),
            plant::attribute(asset, FactKey::Model),
            plant::attribute(asset, FactKey::OrderNumber),
            plant::attribute(asset, FactKey::Firmware),
        ]
        .into_iter()
        .flatten()
        .map(|text| format::clean_to(text, 40))
        .collect();
        if !make.is_empty() {
            lines.push(make.join(" "));
        }
        let protocols = plant::protocols(asset);
        if !protocols.is_empty() {
            lines.push(
                protocols.iter().take(8).map(|protocol| format::clean_to(protocol, 24)).collect::<Vec<_>>().join(", "),
            );
        }
        if grave > 0 {
            let count = u64::from(grave);
            lines.push(format!(
                "{} ({}/{})",
                words::N_FINDINGS.of(self.language, count),
                self.say(Severity::High.phrase()),
                self.say(Severity::Critical.phrase())
            ));
        }
        lines.join("\n")
    }
}

/// A line of text in a node: cut to what fits by an estimate over usual fonts, and where it nearly fills the node told
/// to fill it exactly, so that no font makes it run over. `scale` is for its size.
fn label(class: &str, y: u32, text: &str, scale: f64) -> Markup {
    let text = format::clean_to(text, 60);
    let width_of = |character: char| match character {
        '.' | ',' | ':' | ';' | 'i' | 'l' | 'j' | '\'' | ' ' | '|' => 3.6,
        'f' | 'r' | 't' | '-' | '(' | ')' | '/' => 4.6,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 10.0,
        c if c.is_uppercase() => 7.6,
        c if c.is_ascii() => 6.4,
        _ => 9.0,
    };
    let mut width: f64 = text.chars().map(width_of).sum::<f64>() * scale;
    let mut shown = text;
    if width > TEXT_WIDTH * 1.06 {
        width = 9.0;
        shown = shown
            .chars()
            .take_while(|character| {
                width += width_of(*character) * scale;
                width <= TEXT_WIDTH
            })
            .chain(['…'])
            .collect();
    }
    let length = (width > TEXT_WIDTH * 0.85).then(|| width.min(TEXT_WIDTH)).map(|width| format!("{width:.0}"));
    html! {
        text class=(class) x="35" y=(y) textLength=[length] lengthAdjust="spacingAndGlyphs" { (shown) }
    }
}

/// Width of a line by its traffic: ten times the bytes is half a unit more.
fn stroke(bytes: u64) -> f64 {
    (0.6 + (bytes.max(1) as f64).log10() * 0.35).min(4.0)
}
