//! The graph and the search: the best ways from one node to all others, several for each.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::weights::LIKELIHOOD_MIN;

/// A directed graph; edges have a likelihood in (0, 1].
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) edges: Vec<Edge>,
    /// Edges by their first node, after [`Graph::close`].
    starts: Vec<u32>,
    order: Vec<u32>,
    pub(super) nodes: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) likelihood: f64,
}

/// Costs of edges as fixes change them, in millionths of -ln(likelihood); a cost of [`NEVER`] closes the edge.
pub(super) type Costs = Vec<u64>;

pub(super) const NEVER: u64 = u64::MAX;

/// The cost of a likelihood. Whole numbers, so that sums do not depend on their order.
pub(super) fn cost(likelihood: f64) -> u64 {
    match likelihood > 0.0 {
        true => (-likelihood.min(1.0).ln() * 1e6).round() as u64,
        false => NEVER,
    }
}

/// What a search found: labels, each reached over an edge from another.
pub(super) struct Labels {
    labels: Vec<Label>,
    of_node: Vec<Vec<u32>>,
}

struct Label {
    edge: u32,
    parent: u32,
    node: u32,
}

const NONE: u32 = u32::MAX;

impl Graph {
    pub(super) fn add(&mut self, from: u32, to: u32, likelihood: f64) -> u32 {
        self.edges.push(Edge { from, to, likelihood });
        self.edges.len() as u32 - 1
    }

    /// Sorts the edges by their first node. To be called once, after the last edge.
    pub(super) fn close(&mut self, nodes: u32) {
        self.nodes = nodes;
        self.starts = vec![0; nodes as usize + 1];
        for edge in &self.edges {
            self.starts[edge.from as usize + 1] += 1;
        }
        for node in 0..nodes as usize {
            self.starts[node + 1] += self.starts[node];
        }
        let mut next = self.starts.clone();
        self.order = vec![0; self.edges.len()];
        for (number, edge) in self.edges.iter().enumerate() {
            let place = &mut next[edge.from as usize];
            self.order[*place as usize] = number as u32;
            *place += 1;
        }
    }

    pub(super) fn unchanged(&self) -> Costs {
        self.edges.iter().map(|edge| cost(edge.likelihood)).collect()
    }

    pub(super) fn out(&self, node: u32) -> &[u32] {
        let (first, last) = (self.starts[node as usize] as usize, self.starts[node as usize + 1] as usize);
        &self.order[first..last]
    }

    /// The `count` best ways from `start` to every node, none of which passes a node twice (Dijkstra with several labels).
    pub(super) fn search(&self, start: u32, count: usize, costs: &Costs) -> Labels {
        let limit = cost(LIKELIHOOD_MIN);
        let mut labels = vec![Label { edge: NONE, parent: NONE, node: start }];
        let mut of_node: Vec<Vec<u32>> = vec![Vec::new(); self.nodes as usize];
        // A label in the heap is not yet one of its node; ties go to the label made first.
        let mut heap = BinaryHeap::from([Reverse((0_u64, 0_u32))]);
        while let Some(Reverse((so_far, number))) = heap.pop() {
            let node = labels[number as usize].node;
            if of_node[node as usize].len() >= count {
                continue;
            }
            of_node[node as usize].push(number);
            for edge_number in self.out(node) {
                let edge = &self.edges[*edge_number as usize];
                let step = costs[*edge_number as usize];
                let Some(total) = so_far.checked_add(step).filter(|total| step != NEVER && *total <= limit) else {
                    continue;
                };
                if of_node[edge.to as usize].len() >= count || passes(&labels, number, edge.to) {
                    continue;
                }
                labels.push(Label { edge: *edge_number, parent: number, node: edge.to });
                heap.push(Reverse((total, labels.len() as u32 - 1)));
            }
        }
        Labels { labels, of_node }
    }

    /// The cost of the best way from `start` to each node.
    pub(super) fn distances(&self, start: u32, costs: &Costs) -> Vec<u64> {
        let limit = cost(LIKELIHOOD_MIN);
        let mut best = vec![NEVER; self.nodes as usize];
        best[start as usize] = 0;
        let mut heap = BinaryHeap::from([Reverse((0_u64, start))]);
        while let Some(Reverse((so_far, node))) = heap.pop() {
            if so_far > best[node as usize] {
                continue;
            }
            for number in self.out(node) {
                let step = costs[*number as usize];
                let to = self.edges[*number as usize].to as usize;
                if step == NEVER {
                    continue;
                }
                let total = so_far.saturating_add(step);
                if total <= limit && total < best[to] {
                    best[to] = total;
                    heap.push(Reverse((total, to as u32)));
                }
            }
        }
        best
    }

    pub(super) fn likelihood(&self, path: &[u32], costs: &Costs) -> f64 {
        let total: u64 = path.iter().map(|edge| costs[*edge as usize]).fold(0, u64::saturating_add);
        (-(total as f64) / 1e6).exp()
    }
}

/// Whether the way to label `number` passes `node`.
fn passes(labels: &[Label], mut number: u32, node: u32) -> bool {
    while number != NONE {
        if labels[number as usize].node == node {
            return true;
        }
        number = labels[number as usize].parent;
    }
    false
}

impl Labels {
    /// The ways to a node as edges in order, the best first.
    pub(super) fn paths(&self, node: u32) -> Vec<Vec<u32>> {
        self.of_node[node as usize]
            .iter()
            .map(|number| {
                let mut path = Vec::new();
                let mut label = &self.labels[*number as usize];
                while label.parent != NONE {
                    path.push(label.edge);
                    label = &self.labels[label.parent as usize];
                }
                path.reverse();
                path
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_ways_in_order_and_none_that_turns_in_a_circle() {
        let mut graph = Graph::default();
        for (from, to, likelihood) in
            [(0, 1, 0.5), (1, 2, 0.5), (0, 2, 0.2), (2, 0, 1.0), (1, 3, 1.0), (3, 1, 1.0), (3, 2, 0.1)]
        {
            graph.add(from, to, likelihood);
        }
        graph.close(4);
        let costs = graph.unchanged();
        let labels = graph.search(0, 3, &costs);
        assert_eq!(labels.paths(2), [vec![0, 1], vec![2], vec![0, 4, 6]]);
        assert!((graph.likelihood(&[0, 1], &costs) - 0.25).abs() < 1e-5);
        assert_eq!(graph.distances(0, &costs)[2], cost(0.5) * 2);
    }
}
