//! Principal components: what of a row does not lie in the few directions in which a process moves.

use serde::{Deserialize, Serialize};

use crate::linear::Gram;

/// Share of the variance that the components keep.
const KEPT: f64 = 0.95;
/// Sweeps of the Jacobi method; it converges in fewer.
const SWEEPS_MAX: usize = 12;

/// The directions in which a process moves.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Components {
    /// The tags that are looked at.
    pub used: Vec<usize>,
    /// Their means.
    pub means: Vec<f64>,
    /// Directions, one after the other, each over the used tags.
    pub directions: Vec<Vec<f64>>,
}

impl Components {
    /// From sums of products of `1, last values, values`.
    pub fn fit(gram: &Gram, width: usize, used: &[usize]) -> Components {
        let rows = gram.rows() as f64;
        let place = |tag: usize| 1 + width + tag;
        let means: Vec<f64> = used.iter().map(|tag| gram.of(0, place(*tag)) / rows).collect();
        let size = used.len();
        let mut matrix = vec![0.0; size * size];
        for i in 0..size {
            for j in 0..size {
                matrix[i * size + j] = gram.of(place(used[i]), place(used[j])) / rows - means[i] * means[j];
            }
        }
        let (values, vectors) = eigen(matrix, size);
        let total: f64 = values.iter().map(|value| value.max(0.0)).sum();
        let mut order: Vec<usize> = (0..size).collect();
        order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
        let (mut kept, mut directions) = (0.0, Vec::new());
        for index in order {
            if kept >= KEPT * total {
                break;
            }
            kept += values[index].max(0.0);
            directions.push((0..size).map(|row| vectors[row * size + index]).collect());
        }
        Components { used: used.to_vec(), means, directions }
    }

    /// What of `row` lies in no direction: its length, and each used tag's part of it into `parts`.
    pub fn residual(&self, row: &[f64], parts: &mut Vec<f64>) -> f64 {
        parts.clear();
        parts.extend(self.used.iter().zip(&self.means).map(|(tag, mean)| row[*tag] - mean));
        for direction in &self.directions {
            let along: f64 = direction.iter().zip(parts.iter()).map(|(a, b)| a * b).sum();
            parts.iter_mut().zip(direction).for_each(|(part, direction)| *part -= along * direction);
        }
        parts.iter().map(|part| part * part).sum::<f64>().sqrt()
    }
}

/// Eigenvalues and, in columns, eigenvectors of a symmetric matrix (cyclic Jacobi).
fn eigen(mut a: Vec<f64>, size: usize) -> (Vec<f64>, Vec<f64>) {
    let mut vectors = vec![0.0; size * size];
    (0..size).for_each(|i| vectors[i * size + i] = 1.0);
    for _ in 0..SWEEPS_MAX {
        let off: f64 = (0..size).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| a[i * size + j].powi(2)).sum();
        if off < 1e-16 * size as f64 {
            break;
        }
        for p in 0..size {
            for q in p + 1..size {
                let apq = a[p * size + q];
                if apq.abs() < 1e-14 {
                    continue;
                }
                let theta = (a[q * size + q] - a[p * size + p]) / (2.0 * apq);
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let t = if theta == 0.0 { 1.0 } else { t };
                let c = 1.0 / (t * t + 1.0).sqrt();
                let s = t * c;
                for k in 0..size {
                    let (x, y) = (a[k * size + p], a[k * size + q]);
                    (a[k * size + p], a[k * size + q]) = (c * x - s * y, s * x + c * y);
                }
                for k in 0..size {
                    let (x, y) = (a[p * size + k], a[q * size + k]);
                    (a[p * size + k], a[q * size + k]) = (c * x - s * y, s * x + c * y);
                    let (x, y) = (vectors[k * size + p], vectors[k * size + q]);
                    (vectors[k * size + p], vectors[k * size + q]) = (c * x - s * y, s * x + c * y);
                }
            }
        }
    }
    ((0..size).map(|i| a[i * size + i]).collect(), vectors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_off_the_line_is_left_over() {
        // Two tags that move together, and a third of its own.
        let mut gram = Gram::new(7);
        for step in 0..400 {
            let (a, b) = (f64::from(step % 20) - 9.5, f64::from(step % 11) - 5.0);
            gram.add(&[1.0, 0.0, 0.0, 0.0, a, a, b]);
        }
        gram.flush();
        let components = Components::fit(&gram, 3, &[0, 1, 2]);
        assert_eq!(components.directions.len(), 2);
        let mut parts = Vec::new();
        assert!(components.residual(&[4.0, 4.0, -2.0], &mut parts) < 1e-2);
        assert!(components.residual(&[4.0, -4.0, 0.0], &mut parts) > 5.0);
        assert!(parts[0].abs() > parts[2].abs());
    }
}
