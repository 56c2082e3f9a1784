//! Communities of a weighted graph by the Louvain method (Blondel and others, 2008), with a fixed order: nodes in order of
//! their numbers, ties to the smallest community, so that one graph has one answer.

use std::collections::BTreeMap;

/// Rounds over all nodes in one level, and levels: far more than graphs of plants need.
const ROUNDS_MAX: usize = 50;
const LEVELS_MAX: usize = 20;

/// The community of each of `count` nodes, numbered from 0 in order of their first node. `edges`: pairs with a weight,
/// in any direction; several between the same two add up.
pub(crate) fn communities(count: usize, edges: &[(usize, usize, f64)]) -> Vec<usize> {
    let mut of_node: Vec<usize> = (0..count).collect();
    let mut graph = Graph::new(count, edges);
    for _ in 0..LEVELS_MAX {
        let (moved, part) = graph.one_level();
        if !moved {
            break;
        }
        let (part, parts) = numbered(&part);
        of_node.iter_mut().for_each(|community| *community = part[*community]);
        graph = graph.folded(&part, parts);
    }
    numbered(&of_node).0
}

/// Numbers from 0 in the order of first appearance, and how many there are.
fn numbered(part: &[usize]) -> (Vec<usize>, usize) {
    let mut numbers: BTreeMap<usize, usize> = BTreeMap::new();
    let mut out = Vec::with_capacity(part.len());
    for community in part {
        let next = numbers.len();
        out.push(*numbers.entry(*community).or_insert(next));
    }
    (out, numbers.len())
}

struct Graph {
    /// Neighbours of each node, with weights; not itself.
    neighbours: Vec<Vec<(usize, f64)>>,
    /// Twice the weight of edges from a node to itself.
    own: Vec<f64>,
    degree: Vec<f64>,
    /// Twice the weight of all edges.
    total: f64,
}

impl Graph {
    fn new(count: usize, edges: &[(usize, usize, f64)]) -> Graph {
        let mut sums: BTreeMap<(usize, usize), f64> = BTreeMap::new();
        let mut own = vec![0.0; count];
        for &(a, b, weight) in edges.iter().filter(|(a, b, w)| *a < count && *b < count && *w > 0.0) {
            if a == b {
                own[a] += 2.0 * weight;
            } else {
                *sums.entry((a.min(b), a.max(b))).or_default() += weight;
            }
        }
        let mut neighbours = vec![Vec::new(); count];
        for ((a, b), weight) in sums {
            neighbours[a].push((b, weight));
            neighbours[b].push((a, weight));
        }
        let degree: Vec<f64> = (0..count)
            .map(|node| own[node] + neighbours[node].iter().map(|(_, w): &(usize, f64)| w).sum::<f64>())
            .collect();
        let total = degree.iter().sum();
        Graph { neighbours, own, degree, total }
    }

    /// Moves nodes while it makes the partition better.
    fn one_level(&self) -> (bool, Vec<usize>) {
        let count = self.degree.len();
        let mut part: Vec<usize> = (0..count).collect();
        let mut weight_of: Vec<f64> = self.degree.clone();
        let mut has_moved = false;
        if self.total <= 0.0 {
            return (false, part);
        }
        for _ in 0..ROUNDS_MAX {
            let mut is_stable = true;
            for node in 0..count {
                let mut to: BTreeMap<usize, f64> = BTreeMap::new();
                for (other, weight) in &self.neighbours[node] {
                    *to.entry(part[*other]).or_default() += weight;
                }
                let home = part[node];
                weight_of[home] -= self.degree[node];
                let gain =
                    |community: usize, inside: f64| inside - weight_of[community] * self.degree[node] / self.total;
                let stay = gain(home, to.get(&home).copied().unwrap_or(0.0));
                let mut best = (home, stay);
                for (community, inside) in &to {
                    let value = gain(*community, *inside);
                    // A real gain, so that rounding moves nothing to and fro.
                    if value > best.1 + 1e-9 {
                        best = (*community, value);
                    }
                }
                weight_of[best.0] += self.degree[node];
                if best.0 != home {
                    part[node] = best.0;
                    is_stable = false;
                    has_moved = true;
                }
            }
            if is_stable {
                break;
            }
        }
        (has_moved, part)
    }

    /// Each community as one node.
    fn folded(&self, part: &[usize], parts: usize) -> Graph {
        let mut edges = Vec::new();
        for (node, neighbours) in self.neighbours.iter().enumerate() {
            edges.extend(neighbours.iter().filter(|(b, _)| node < *b).map(|(b, w)| (part[node], part[*b], *w)));
            if self.own[node] > 0.0 {
                edges.push((part[node], part[node], self.own[node] / 2.0));
            }
        }
        Graph::new(parts, &edges)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_cells_joined_by_one_link_are_two_communities() {
        let mut edges = Vec::new();
        for cell in [0, 5] {
            for a in 0..5 {
                for b in a + 1..5 {
                    edges.push((cell + a, cell + b, 1.0));
                }
            }
        }
        edges.push((4, 5, 1.0));
        assert_eq!(communities(10, &edges), [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
        edges.reverse();
        assert_eq!(communities(10, &edges), [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
    }

    #[test]
    fn nothing_and_lonely_nodes() {
        assert_eq!(communities(0, &[]), [0_usize; 0]);
        assert_eq!(communities(3, &[(0, 1, 0.0), (7, 8, 1.0)]), [0, 1, 2]);
    }
}
