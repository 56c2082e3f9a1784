//! The judgement seen as a plant: machines by number, and one link between two machines for all that they say.

use std::collections::{BTreeMap, HashMap};

use model::{Asset, Importance, Judgement, Purdue, Role, Severity, Verb};

/// What is done over a link, from harmless to grave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Deed {
    /// Reading, reporting, browsing and all else that changes nothing.
    #[default]
    Observe,
    /// Values are set.
    Write,
    /// The process or a controller is commanded: operate, start, stop, mode.
    Command,
    /// Program, firmware or settings are changed, or a device is reset.
    Engineer,
}

impl Deed {
    /// From harmless to grave.
    pub(crate) const ALL: [Deed; 4] = [Deed::Observe, Deed::Write, Deed::Command, Deed::Engineer];

    /// What `verb` does.
    pub(crate) const fn of(verb: Verb) -> Deed {
        match verb {
            Verb::Write => Deed::Write,
            Verb::Operate | Verb::Start | Verb::Stop | Verb::Mode => Deed::Command,
            Verb::Program | Verb::Firmware | Verb::Configure | Verb::Reset => Deed::Engineer,
            _ => Deed::Observe,
        }
    }

    /// Name of its style.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Deed::Observe => "observe",
            Deed::Write => "write",
            Deed::Command => "command",
            Deed::Engineer => "engineer",
        }
    }
}

/// All that one machine asks of, or tells, another.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Link {
    /// Number of the machine that asks.
    pub(crate) from: usize,
    /// Number of the machine that is asked.
    pub(crate) to: usize,
    /// Bytes of both directions.
    pub(crate) bytes: u64,
    /// Packets of both directions.
    pub(crate) packets: u64,
    /// The gravest that is done.
    pub(crate) deed: Deed,
}

/// The judgement with what is looked up often.
pub(crate) struct Plant<'a> {
    pub(crate) judgement: &'a Judgement,
    numbers: HashMap<&'a str, usize>,
    /// Links between two machines, in their order.
    pub(crate) links: Vec<Link>,
}

impl<'a> Plant<'a> {
    pub(crate) fn new(judgement: &'a Judgement) -> Plant<'a> {
        let numbers: HashMap<&str, usize> =
            judgement.assets.iter().enumerate().map(|(number, asset)| (asset.id.as_str(), number)).collect();
        let mut links: BTreeMap<(usize, usize), Link> = BTreeMap::new();
        for edge in judgement.edges.iter().filter(|edge| !edge.is_group) {
            let (Some(&from), Some(&to)) = (numbers.get(edge.from.as_str()), numbers.get(edge.to.as_str())) else {
                continue;
            };
            if from == to {
                continue;
            }
            let link = links.entry((from, to)).or_insert(Link { from, to, bytes: 0, packets: 0, deed: Deed::Observe });
            link.bytes = link.bytes.saturating_add(edge.bytes);
            link.packets = link.packets.saturating_add(edge.packets);
            link.deed = link.deed.max(deed(&edge.verbs));
        }
        Plant { judgement, numbers, links: links.into_values().collect() }
    }

    /// Number and machine of an id.
    pub(crate) fn machine(&self, id: &str) -> Option<(usize, &'a Asset)> {
        let number = *self.numbers.get(id)?;
        Some((number, &self.judgement.assets[number]))
    }

    /// Machines of the plant whose first role is a controller's.
    pub(crate) fn controllers(&self) -> usize {
        self.judgement.assets.iter().filter(|asset| role(asset).is_controller() && !asset.is_external).count()
    }

    /// Machines that are not on the Internet.
    pub(crate) fn inside(&self) -> usize {
        self.judgement.assets.iter().filter(|asset| !asset.is_external).count()
    }

    /// Numbers of machines of the plant that talk with the Internet.
    pub(crate) fn on_the_internet(&self) -> Vec<usize> {
        let assets = &self.judgement.assets;
        let mut found: Vec<usize> = self
            .links
            .iter()
            .filter_map(|link| match (assets[link.from].is_external, assets[link.to].is_external) {
                (false, true) => Some(link.from),
                (true, false) => Some(link.to),
                _ => None,
            })
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Number of findings by severity, the worst first.
    pub(crate) fn severities(&self) -> Vec<(Severity, usize)> {
        Severity::ALL
            .iter()
            .rev()
            .map(|severity| {
                (*severity, self.judgement.findings.iter().filter(|r| r.finding.severity == *severity).count())
            })
            .collect()
    }

    /// Machines of the plant by role, the most frequent first.
    pub(crate) fn roles(&self) -> Vec<(Role, usize)> {
        let mut counts: BTreeMap<Role, usize> = BTreeMap::new();
        for asset in self.judgement.assets.iter().filter(|asset| !asset.is_external) {
            *counts.entry(role(asset)).or_default() += 1;
        }
        let mut counts: Vec<(Role, usize)> = counts.into_iter().collect();
        counts.sort_by_key(|(role, count)| (*role == Role::Unknown, std::cmp::Reverse(*count)));
        counts
    }

    /// Machines by level, from the top; levels without machines are left out.
    pub(crate) fn levels(&self) -> Vec<(Purdue, Vec<usize>)> {
        LEVELS
            .iter()
            .map(|level| {
                let machines = (0..self.judgement.assets.len())
                    .filter(|number| self.judgement.assets[*number].purdue.level == *level)
                    .collect::<Vec<_>>();
                (*level, machines)
            })
            .filter(|(_, machines)| !machines.is_empty())
            .collect()
    }
}

/// Levels from the top of the map to the bottom.
pub(crate) const LEVELS: [Purdue; 8] = [
    Purdue::Outside,
    Purdue::Enterprise,
    Purdue::Border,
    Purdue::Operations,
    Purdue::Supervision,
    Purdue::Control,
    Purdue::Process,
    Purdue::Unknown,
];

/// The gravest of `verbs`.
pub(crate) fn deed(verbs: &[(Verb, u64)]) -> Deed {
    verbs.iter().map(|(verb, _)| Deed::of(*verb)).max().unwrap_or_default()
}

/// The first role of a machine.
pub(crate) fn role(asset: &Asset) -> Role {
    asset.roles.first().map_or(Role::Unknown, |claim| claim.role)
}

/// The value believed of one attribute.
pub(crate) fn attribute(asset: &Asset, key: model::FactKey) -> Option<&str> {
    asset.attributes.iter().find(|attribute| attribute.key == key).map(|attribute| attribute.value.as_str())
}

/// The maker: as said by the machine, else as registered for its interface.
pub(crate) fn maker(asset: &Asset) -> Option<&str> {
    attribute(asset, model::FactKey::Vendor)
        .or_else(|| asset.interfaces.iter().find_map(|interface| interface.maker.as_deref()))
}

/// Protocols that a machine offers or uses, in alphabetical order.
pub(crate) fn protocols(asset: &Asset) -> Vec<&str> {
    let mut protocols: Vec<&str> = asset
        .services
        .iter()
        .chain(&asset.uses)
        .map(|service| service.protocol.as_str())
        .filter(|protocol| !protocol.is_empty())
        .collect();
    protocols.sort_unstable();
    protocols.dedup();
    protocols
}

/// IP addresses, else hardware addresses.
pub(crate) fn addresses(asset: &Asset) -> Vec<String> {
    let ips: Vec<String> = asset.interfaces.iter().flat_map(|i| &i.ips).map(ToString::to_string).collect();
    if !ips.is_empty() {
        return ips;
    }
    asset.interfaces.iter().filter_map(|i| i.mac).map(|mac| mac.to_string()).collect()
}

/// Rank of an importance for sorting: the gravest is the greatest.
pub(crate) const fn weight(importance: Importance) -> u8 {
    match importance {
        Importance::Low => 0,
        Importance::Medium => 1,
        Importance::High => 2,
        Importance::Critical => 3,
    }
}
