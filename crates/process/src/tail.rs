//! How high a peak may rise once in a long while: a generalised Pareto tail over peaks that were seen (Siffer et al.,
//! "Anomaly detection in streams with extreme value theory", KDD 2017), fitted by moments.

/// Peaks that are needed; fewer say nothing about a tail.
const PEAKS_LEAST: usize = 200;
/// The tail begins where this share of the peaks is lower.
const BEGIN: f64 = 0.9;

/// The level that peaks exceed `rate` times a step, from the `peaks` of so many `steps`. None where they are too few.
pub fn level(peaks: &mut [f64], steps: f64, rate: f64) -> Option<f64> {
    if peaks.len() < PEAKS_LEAST || rate <= 0.0 || steps <= 0.0 {
        return None;
    }
    peaks.sort_by(f64::total_cmp);
    let begin = (peaks.len() as f64 * BEGIN) as usize;
    let base = peaks[begin];
    let excesses: Vec<f64> = peaks[begin..].iter().map(|peak| peak - base).collect();
    let count = excesses.len() as f64;
    let mean = excesses.iter().sum::<f64>() / count;
    let variance = excesses.iter().map(|excess| (excess - mean).powi(2)).sum::<f64>() / count;
    if mean <= 0.0 || variance <= 0.0 {
        return None;
    }
    let ratio = mean * mean / variance;
    // Shape under a half: moments beyond say nothing; over -0.5: a bounded tail stays above what was seen.
    let shape = (0.5 * (1.0 - ratio)).clamp(-0.5, 0.45);
    let scale = mean * (1.0 - shape);
    // Among excesses, the share that may lie above the level.
    let share = rate * steps / count;
    if share >= 1.0 {
        return Some(base);
    }
    let level = if shape.abs() < 1e-6 { -scale * share.ln() } else { scale / shape * (share.powf(-shape) - 1.0) };
    Some(base + level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_peaks_have_a_logarithmic_level() {
        // Quantiles of an exponential distribution: P(peak > x) = exp(-x).
        let mut peaks: Vec<f64> = (0..2_000).map(|i| -(1.0 - (f64::from(i) + 0.5) / 2_000.0_f64).ln()).collect();
        let level = level(&mut peaks, 100_000.0, 1e-6).expect("enough peaks");
        // 0.1 peaks of 2,000 in as many steps: exp(-x) = 0.1 / 2,000.
        let exact = -(0.1_f64 / 2_000.0).ln();
        assert!((level - exact).abs() < 0.8, "{level} {exact}");
        assert_eq!(super::level(&mut [1.0; 10], 100.0, 0.1), None);
    }
}
