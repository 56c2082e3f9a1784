//! Attack paths: from the internet, the office, a vendor's access or a laptop to the functions on which the plant depends,
//! over what was seen and what is possible; and the fixes that cut the most risk.
//!
//! Likelihoods are weights written in one place ([`weights`]), not measured frequencies: they order paths and fixes.

mod build;
mod fix;
mod graph;
mod say;
pub mod weights;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use model::{Importance, Judgement, Said, Text, words};
use serde::{Deserialize, Serialize};

pub use say::text as say;

/// Paths kept between one entry and one target, and shown in all.
pub const PATHS_PER_PAIR: usize = 3;
/// Paths of an answer.
pub const PATHS_MAX: usize = 200;
/// Choke points of an answer.
pub const CHOKES_MAX: usize = 10;
/// Fixes of an answer.
pub const FIXES_MAX: usize = 3;
/// Weak points and allowed ways that are taken in; the rest is counted.
pub const INPUTS_MAX: usize = 100_000;

words! {
    /// Where an attack may begin.
    pub enum Entry {
        /// From the Internet: exposed services, mail and web pages.
        Internet = "internet",
        /// From a computer of the office.
        Office = "office",
        /// Over the access of a vendor or of remote maintenance.
        Vendor = "vendor access",
        /// With a laptop or a memory stick carried into the plant.
        Laptop = "removable laptop",
    }
}

words! {
    /// How it is known that one can reach another.
    pub enum Basis {
        /// Seen in the traffic.
        Observed = "observed",
        /// Allowed by the configuration of a firewall or router.
        Declared = "declared",
        /// They share a subnet: nothing stands between them.
        Possible = "possible",
        /// Their subnets talk, so that a way is likely: without the configuration of what stands between, a guess.
        Guess = "guess",
    }
}

/// A known weakness of a machine: given from outside, by advisories or by people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WeakPoint {
    /// Id, name or address of the machine.
    pub asset: Text,
    /// Id of the protocol through which it is exploited; empty where any service will do.
    #[serde(default)]
    pub protocol: Text,
    /// Its name: `CVE-2019-13945`.
    pub name: Text,
    /// Chance that somebody who reaches it succeeds, 0 to 1.
    pub likelihood: f64,
}

/// A way that a firewall or router allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowed {
    /// Prefix of those who may (`0.0.0.0/0` for anyone).
    pub from: Text,
    /// Prefix of whom they may reach.
    pub to: Text,
    /// Ports, both ends included; none for any.
    #[serde(default)]
    pub ports: Vec<(u16, u16)>,
}

/// What is known beside the judgement.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Weak points.
    pub weak: Vec<WeakPoint>,
    /// Ways that are allowed between subnets; absent where no configuration is known: then the ways are guessed from the
    /// subnets that talk.
    pub reach: Option<Vec<Allowed>>,
}

/// Everything there is to say.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Answer {
    /// Functions at the end of paths: the machines on which the plant depends, with what is at stake.
    pub targets: Vec<Target>,
    /// Entries that were found, and those that were not, with the reason.
    pub entries: Vec<EntryFound>,
    /// The best paths, the most dangerous first.
    pub paths: Vec<Path>,
    /// Where many paths pass, the most first.
    pub chokes: Vec<Choke>,
    /// Risk as it is: the sum over all targets of importance times likelihood.
    pub risk: f64,
    /// The fixes that cut the most risk, one after the other.
    pub fixes: Vec<Fix>,
    /// What limits the answer.
    pub limits: Vec<Said>,
}

/// A machine whose function is worth attacking.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Target {
    /// Id of the machine.
    pub asset: Text,
    /// Its name.
    pub name: Text,
    /// Its importance.
    pub importance: Importance,
    /// Likelihood that somebody gets there, from all entries together.
    pub likelihood: f64,
    /// Number of entries from which there is a path.
    pub entries: u32,
}

/// An entry and how many ways in it has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EntryFound {
    /// Which.
    pub entry: Entry,
    /// Machines, services or subnets where it begins.
    pub ways: u32,
    /// What it is made of.
    pub why: Said,
}

/// A path.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Path {
    /// Where it begins.
    pub entry: Entry,
    /// Id of the machine at its end.
    pub target: Text,
    /// Likelihood of the whole path.
    pub likelihood: f64,
    /// Importance of the target times the likelihood.
    pub risk: f64,
    /// The steps, in order.
    pub steps: Vec<Hop>,
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hop {
    /// Name of where the step begins: a machine, a subnet or the entry.
    pub from: Text,
    /// Name of where it ends.
    pub to: Text,
    /// Id of the machine where it ends; empty for a subnet.
    pub asset: Text,
    /// The protocol used; empty where none is.
    pub protocol: Text,
    /// Port of the service.
    pub port: Option<u16>,
    /// How it is known that there is a way.
    pub basis: Basis,
    /// MITRE ATT&CK for ICS (version 18.1): id and name.
    pub technique: (&'static str, &'static str),
    /// What is done, and why it works.
    pub what: Said,
    /// Likelihood of this step.
    pub likelihood: f64,
}

/// A machine or a service where many paths pass.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Choke {
    /// What it is.
    pub what: Said,
    /// Id of the machine.
    pub asset: Text,
    /// Part of the risk that passes there, 0 to 1.
    pub share: f64,
    /// Number of pairs of entry and target whose best path passes there.
    pub paths: u32,
}

/// A fix and what it brings, after the fixes before it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fix {
    /// What to do.
    pub what: Said,
    /// Which kind of fix: `guard-services`, `close-way`, `close-remote-access`, `harden-service`, `lock-ports`,
    /// `control-media`, `no-internet`.
    pub kind: &'static str,
    /// Risk before it.
    pub before: f64,
    /// Risk after it.
    pub after: f64,
    /// Services that it concerns: id of the machine, protocol, port; what `vigie fixes` makes rules of.
    pub services: Vec<(Text, Text, Option<u16>)>,
}

/// Finds paths, choke points and fixes. The same input gives the same answer.
pub fn find(judgement: &Judgement, known: &Known) -> Answer {
    let built = build::build(judgement, known);
    let graph = &built.graph;
    let mut answer = Answer { entries: built.entries.clone(), limits: built.limits.clone(), ..Answer::default() };
    let changes = graph.unchanged();
    let mut on_best: Vec<(f64, Vec<u32>)> = Vec::new();
    let mut missed: BTreeMap<usize, (f64, u32)> = BTreeMap::new();
    for (number, entry) in Entry::ALL.iter().enumerate() {
        let labels = graph.search(number as u32, PATHS_PER_PAIR, &changes);
        for (index, target) in built.targets.iter().enumerate() {
            for (rank, path) in labels.paths(target.node).into_iter().enumerate() {
                let likelihood = graph.likelihood(&path, &changes);
                let risk = target.impact * likelihood;
                if rank == 0 {
                    let so_far = missed.entry(index).or_insert((1.0, 0));
                    *so_far = (so_far.0 * (1.0 - likelihood), so_far.1 + 1);
                    on_best.push((risk, path.clone()));
                }
                let asset = &judgement.assets[target.asset];
                answer.paths.push(Path {
                    entry: *entry,
                    target: asset.id.clone(),
                    likelihood,
                    risk,
                    steps: built.hops(judgement, &path),
                });
            }
        }
    }
    for (index, target) in built.targets.iter().enumerate() {
        let asset = &judgement.assets[target.asset];
        let (missed, entries) = missed.get(&index).copied().unwrap_or((1.0, 0));
        answer.targets.push(Target {
            asset: asset.id.clone(),
            name: asset.name.clone(),
            importance: asset.criticality.importance,
            likelihood: 1.0 - missed,
            entries,
        });
        answer.risk += target.impact * (1.0 - missed);
    }
    answer.targets.sort_by(|a, b| {
        (b.importance, b.likelihood)
            .partial_cmp(&(a.importance, a.likelihood))
            .unwrap_or(std::cmp::Ordering::Equal)
            .then_with(|| a.asset.cmp(&b.asset))
    });
    answer.paths.sort_by(|a, b| {
        b.risk
            .total_cmp(&a.risk)
            .then_with(|| (a.entry, &a.target, a.steps.len()).cmp(&(b.entry, &b.target, b.steps.len())))
    });
    answer.paths.truncate(PATHS_MAX);
    answer.chokes = fix::chokes(judgement, &built, &on_best);
    answer.fixes = fix::fixes(judgement, &built, &on_best, answer.risk);
    answer
}
