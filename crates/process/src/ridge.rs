//! What all other tags say about a tag: a ridge regression of every tag on all others now and all tags one step before.

use serde::{Deserialize, Serialize};

use crate::linear::{Gram, inverse};

/// Weights of all regressions at once: row `j` of the inverse of the sums of products, over its diagonal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ridge {
    /// Number of tags.
    pub width: usize,
    /// The tags that have a regression.
    pub modelled: Vec<usize>,
    /// For each of them its residual as weights of last values, then of values (its own is 1), then the constant.
    pub weights: Vec<f64>,
}

impl Ridge {
    /// From sums of products of `1, last values, values`, of the tags in `modelled` on those in `used`.
    /// `noise` is the variance of what rounding adds to each tag, `strength` what is added to each diagonal, in squares
    /// of standard deviations.
    pub fn fit(
        gram: &Gram,
        width: usize,
        used: &[usize],
        modelled: &[usize],
        noise: &[f64],
        strength: f64,
    ) -> Option<Ridge> {
        let rows = gram.rows() as f64;
        let places: Vec<usize> = used.iter().map(|tag| 1 + tag).chain(used.iter().map(|tag| 1 + width + tag)).collect();
        let size = places.len();
        let mean = |place: usize| gram.of(0, place) / rows;
        let mut matrix = vec![0.0; size * size];
        for (i, a) in places.iter().enumerate() {
            for (j, b) in places.iter().enumerate() {
                matrix[i * size + j] = gram.of(*a, *b) - rows * mean(*a) * mean(*b);
            }
            matrix[i * size + i] += rows * (strength + noise[used[i % used.len()]]);
        }
        let inverse = inverse(matrix, size)?;
        let mut weights = vec![0.0; modelled.len() * (2 * width + 1)];
        for (number, tag) in modelled.iter().enumerate() {
            let Some(i) = used.iter().position(|one| one == tag) else { continue };
            let row = &inverse[(used.len() + i) * size..(used.len() + i + 1) * size];
            let own = row[used.len() + i];
            let out = &mut weights[number * (2 * width + 1)..(number + 1) * (2 * width + 1)];
            let mut constant = 0.0;
            for (place, weight) in places.iter().zip(row) {
                out[place - 1] = weight / own;
                constant -= weight / own * mean(*place);
            }
            out[2 * width] = constant;
        }
        Some(Ridge { width, modelled: modelled.to_vec(), weights })
    }

    /// Residuals of the modelled tags, in their order: how far each is from what the others say. In standard deviations,
    /// as the rows are.
    pub fn residuals(&self, last: &[f64], row: &[f64], out: &mut [f64]) {
        let width = self.width;
        for (out, weights) in out.iter_mut().zip(self.weights.chunks_exact(2 * width + 1)) {
            *out = dot(&weights[..width], last) + dot(&weights[width..2 * width], row) + weights[2 * width];
        }
    }
}

/// Sum of products; in four sums so that the compiler may do them side by side.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    rest + sums.iter().sum::<f64>()
}
