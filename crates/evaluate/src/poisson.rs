//! Exact bounds of a Poisson mean (Garwood 1936): between which means is a count of events not surprising?

/// Two-sided 95 % bounds of the mean behind `count` events.
pub fn bounds(count: u64) -> (f64, f64) {
    let lower = match count {
        0 => 0.0,
        // Largest mean with P(X >= count) <= 2.5 %.
        _ => root(|mean| 1.0 - at_most(count - 1, mean) - 0.025, count),
    };
    (lower, root(|mean| 0.025 - at_most(count, mean), count))
}

/// P(X <= count) for a Poisson variable.
fn at_most(count: u64, mean: f64) -> f64 {
    // In logarithms, because exp(-mean) vanishes for large means.
    let mut logarithm = -mean;
    let mut sum = logarithm.exp();
    for event in 1..=count {
        logarithm += mean.ln() - (event as f64).ln();
        sum += logarithm.exp();
    }
    sum.min(1.0)
}

/// Where an ascending function of the mean is 0, by halving.
fn root(function: impl Fn(f64) -> f64, count: u64) -> f64 {
    let (mut low, mut high) = (0.0, 2.0 * count as f64 + 20.0);
    for _ in 0..80 {
        let middle = (low + high) / 2.0;
        if function(middle) < 0.0 { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_in_tables() {
        // Garwood's table: 0 → 3.689, 1 → 0.0253..5.572, 2 → 0.2422..7.225, 10 → 4.795..18.390.
        for (count, low, high) in [(0, 0.0, 3.6889), (1, 0.02532, 5.5716), (2, 0.24221, 7.2247), (10, 4.7954, 18.3904)]
        {
            let (lower, upper) = bounds(count);
            assert!((lower - low).abs() < 1e-3 && (upper - high).abs() < 1e-3, "{count}: {lower} {upper}");
        }
        let (lower, upper) = bounds(2_000);
        assert!((1_913.0..1_915.0).contains(&lower) && (2_089.0..2_091.0).contains(&upper), "{lower} {upper}");
    }
}
