//! Small dense linear algebra: sums of products, solving and inverting symmetric positive matrices.

/// Sums of products of the variables of rows: a symmetric matrix of which the upper half is kept up to date.
#[derive(Clone, Debug)]
pub struct Gram {
    size: usize,
    sums: Vec<f64>,
    waiting: Vec<f64>,
    rows: u64,
}

/// Rows that are summed at once, so that the matrix goes through the cache once for all of them.
const TOGETHER: usize = 8;

impl Gram {
    /// Of `size` variables.
    pub fn new(size: usize) -> Gram {
        Gram { size, sums: vec![0.0; size * size], waiting: Vec::with_capacity(size * TOGETHER), rows: 0 }
    }

    /// Adds a row of `size` values.
    pub fn add(&mut self, row: &[f64]) {
        self.waiting.extend_from_slice(row);
        self.rows += 1;
        if self.waiting.len() == self.size * TOGETHER {
            self.flush();
        }
    }

    /// Sums what waits.
    pub fn flush(&mut self) {
        let size = self.size;
        let rows: Vec<&[f64]> = self.waiting.chunks_exact(size).collect();
        if let [a, b, c, d, e, f, g, h] = rows[..] {
            for i in 0..size {
                let sums = &mut self.sums[i * size + i..(i + 1) * size];
                let (w0, w1, w2, w3, w4, w5, w6, w7) = (a[i], b[i], c[i], d[i], e[i], f[i], g[i], h[i]);
                let (a, b, c, d) = (&a[i..], &b[i..], &c[i..], &d[i..]);
                let (e, f, g, h) = (&e[i..], &f[i..], &g[i..], &h[i..]);
                for (j, sum) in sums.iter_mut().enumerate() {
                    *sum +=
                        w0 * a[j] + w1 * b[j] + w2 * c[j] + w3 * d[j] + w4 * e[j] + w5 * f[j] + w6 * g[j] + w7 * h[j];
                }
            }
        } else {
            for row in rows {
                for i in 0..size {
                    let sums = &mut self.sums[i * size + i..(i + 1) * size];
                    sums.iter_mut().zip(&row[i..]).for_each(|(sum, value)| *sum += row[i] * value);
                }
            }
        }
        self.waiting.clear();
    }

    /// Number of rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The sum for two variables.
    pub fn of(&self, i: usize, j: usize) -> f64 {
        self.sums[i.min(j) * self.size + i.max(j)]
    }

    /// Adds or takes away all of `other`.
    pub fn merge(&mut self, other: &Gram, sign: f64) {
        self.sums.iter_mut().zip(&other.sums).for_each(|(sum, other)| *sum += sign * other);
        self.rows = if sign < 0.0 { self.rows - other.rows } else { self.rows + other.rows };
    }
}

/// A symmetric matrix as the lower triangle of its Cholesky factor, row by row. None where it is not positive.
pub fn cholesky(mut matrix: Vec<f64>, size: usize) -> Option<Vec<f64>> {
    for j in 0..size {
        let (above, below) = matrix.split_at_mut(j * size);
        let row = &mut below[..size];
        for i in 0..j {
            let other = &above[i * size..i * size + i];
            let dot: f64 = other.iter().zip(&row[..i]).map(|(a, b)| a * b).sum();
            row[i] = (row[i] - dot) / above[i * size + i];
        }
        let dot: f64 = row[..j].iter().map(|a| a * a).sum();
        let pivot = row[j] - dot;
        if pivot <= 1e-12 * row[j].abs().max(1e-300) {
            return None;
        }
        row[j] = pivot.sqrt();
    }
    Some(matrix)
}

/// Solves `factor factorᵀ x = b`.
pub fn solve(factor: &[f64], size: usize, mut b: Vec<f64>) -> Vec<f64> {
    for i in 0..size {
        let dot: f64 = factor[i * size..i * size + i].iter().zip(&b).map(|(a, b)| a * b).sum();
        b[i] = (b[i] - dot) / factor[i * size + i];
    }
    for i in (0..size).rev() {
        b[i] /= factor[i * size + i];
        let (value, row) = (b[i], &factor[i * size..i * size + i]);
        b[..i].iter_mut().zip(row).for_each(|(b, a)| *b -= a * value);
    }
    b
}

/// The inverse of a symmetric positive matrix. None where it is not positive.
pub fn inverse(matrix: Vec<f64>, size: usize) -> Option<Vec<f64>> {
    let factor = cholesky(matrix, size)?;
    let mut inverse = Vec::with_capacity(size * size);
    for column in 0..size {
        let mut unit = vec![0.0; size];
        unit[column] = 1.0;
        inverse.extend(solve(&factor, size, unit));
    }
    Some(inverse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_and_inverts() {
        let matrix = vec![4.0, 2.0, 0.6, 2.0, 5.0, 1.0, 0.6, 1.0, 3.0];
        let factor = cholesky(matrix.clone(), 3).expect("positive");
        let x = solve(&factor, 3, vec![1.0, 2.0, 3.0]);
        for i in 0..3 {
            let b: f64 = (0..3).map(|j| matrix[i * 3 + j] * x[j]).sum();
            assert!((b - (i + 1) as f64).abs() < 1e-12);
        }
        let inverse = inverse(matrix.clone(), 3).expect("positive");
        for i in 0..3 {
            for j in 0..3 {
                let product: f64 = (0..3).map(|k| matrix[i * 3 + k] * inverse[k * 3 + j]).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-12);
            }
        }
        assert_eq!(cholesky(vec![1.0, 2.0, 2.0, 1.0], 2), None);
    }

    #[test]
    fn sums_by_eights_are_the_sums() {
        let mut gram = Gram::new(3);
        let rows: Vec<[f64; 3]> = (0..11).map(|i| [1.0, f64::from(i), f64::from(i * i % 7)]).collect();
        rows.iter().for_each(|row| gram.add(row));
        gram.flush();
        for i in 0..3 {
            for j in 0..3 {
                assert_eq!(gram.of(i, j), rows.iter().map(|row| row[i] * row[j]).sum::<f64>());
            }
        }
    }
}
