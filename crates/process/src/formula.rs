//! Sparse linear state space: the next value of a tag from its own and at most three others, as a sum.
//!
//! All candidates are compared through one matrix of sums of products, so that their number does not depend on the length
//! of the history. Partners are pre-screened by their correlation with what a tag's own last value leaves over.

use serde::{Deserialize, Serialize};

use crate::linear::{Gram, cholesky, solve};

/// Partners that are tried in every combination.
const SCREENED: usize = 20;
/// Partners of a formula.
const PARTNERS_MAX: usize = 3;
/// A partner must take away this share of the squared error, or it is left out.
const GAIN_LEAST: f64 = 0.01;
/// What is added to the diagonal for each row, in squares of standard deviations.
const RIDGE: f64 = 1e-6;

/// The next value of a tag as a sum of last values, in standard deviations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Formula {
    /// The tag that is predicted.
    pub tag: usize,
    /// Tags of the sum; the first is the tag itself.
    pub inputs: Vec<usize>,
    /// Their weights, and last the constant.
    pub weights: Vec<f64>,
}

impl Formula {
    /// What comes after `row`, all in standard deviations.
    pub fn predict(&self, row: &[f64]) -> f64 {
        let constant = self.weights.last().copied().unwrap_or(0.0);
        self.inputs.iter().zip(&self.weights).map(|(input, weight)| row[*input] * weight).sum::<f64>() + constant
    }

    /// The same inputs, fitted to other sums.
    pub fn refit(&self, sums: &Sums<'_>) -> Option<Formula> {
        fit(sums, self.tag, &self.inputs).map(|(weights, _)| Formula { weights, ..self.clone() })
    }
}

/// Sums of products of rows of `1, last values, values`.
#[derive(Clone, Copy)]
pub struct Sums<'a> {
    /// The sums.
    pub gram: &'a Gram,
    /// Number of tags.
    pub width: usize,
}

impl Sums<'_> {
    fn last(self, a: usize, b: usize) -> f64 {
        let ridge = if a == b { RIDGE * self.gram.rows() as f64 } else { 0.0 };
        self.gram.of(1 + a, 1 + b) + ridge
    }

    fn next(self, last: usize, tag: usize) -> f64 {
        self.gram.of(1 + last, 1 + self.width + tag)
    }
}

/// Weights of `inputs` and the constant, and the mean squared error.
fn fit(sums: &Sums<'_>, tag: usize, inputs: &[usize]) -> Option<(Vec<f64>, f64)> {
    let size = inputs.len() + 1;
    let rows = sums.gram.rows() as f64;
    let target = 1 + sums.width + tag;
    let mut matrix = vec![0.0; size * size];
    let mut right = vec![0.0; size];
    for (i, a) in inputs.iter().enumerate() {
        for (j, b) in inputs.iter().enumerate() {
            matrix[i * size + j] = sums.last(*a, *b);
        }
        matrix[i * size + size - 1] = sums.gram.of(0, 1 + a);
        matrix[(size - 1) * size + i] = sums.gram.of(0, 1 + a);
        right[i] = sums.next(*a, tag);
    }
    matrix[size * size - 1] = rows;
    right[size - 1] = sums.gram.of(0, target);
    let weights = solve(&cholesky(matrix, size)?, size, right.clone());
    let explained: f64 = weights.iter().zip(&right).map(|(weight, right)| weight * right).sum();
    Some((weights, (sums.gram.of(target, target) - explained).max(0.0) / rows))
}

/// The best formula of a tag out of `candidates`.
pub fn search(sums: &Sums<'_>, tag: usize, candidates: &[usize]) -> Option<Formula> {
    let (weights, mut error) = fit(sums, tag, &[tag])?;
    let mut best = Formula { tag, inputs: vec![tag], weights };
    // Which partner takes most away alone: that is the partial correlation given the tag itself.
    let mut alone: Vec<(f64, usize)> = candidates
        .iter()
        .filter(|partner| **partner != tag)
        .filter_map(|partner| fit(sums, tag, &[tag, *partner]).map(|(_, error)| (error, *partner)))
        .collect();
    alone.sort_by(|a, b| a.0.total_cmp(&b.0));
    let partners: Vec<usize> = alone.iter().take(SCREENED).map(|(_, partner)| *partner).collect();
    let mut frontier: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..PARTNERS_MAX {
        let mut round: Option<(f64, Formula)> = None;
        let mut next = Vec::new();
        for chosen in &frontier {
            let after = chosen.last().map_or(0, |last| last + 1);
            for place in after..partners.len() {
                let mut places = chosen.clone();
                places.push(place);
                let mut inputs = vec![tag];
                inputs.extend(places.iter().map(|place| partners[*place]));
                if let Some((weights, error)) = fit(sums, tag, &inputs)
                    && round.as_ref().is_none_or(|(least, _)| error < *least)
                {
                    round = Some((error, Formula { tag, inputs, weights }));
                }
                next.push(places);
            }
        }
        let Some((least, formula)) = round.filter(|(least, _)| *least < error * (1.0 - GAIN_LEAST)) else { break };
        (error, best) = (least, formula);
        frontier = next;
    }
    Some(best)
}
