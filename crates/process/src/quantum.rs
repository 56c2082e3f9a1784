//! The resolution of a sensor: the step between the values it can tell apart.
//!
//! Everything else looks at values rounded to it. Without that, a model that was learned from eight decimals takes the
//! rounding of an export with two decimals for an attack.

/// Decimals that are tried; finer than that is noise of a conversion.
const DECIMALS_MAX: i32 = 8;
/// Values that are looked at.
const LOOKED_AT: usize = 20_000;

/// The decimal step of which all of `values` are multiples; 0 where they are finer than any that is tried, or none are
/// known. A value is a multiple where it is within a relative 1e-9 of one: exports print binary fractions in decimals.
pub fn decimal(values: impl Iterator<Item = f64>) -> f64 {
    let mut decimals = -3;
    let mut is_known = false;
    for value in values.filter(|value| value.is_finite()).take(LOOKED_AT) {
        is_known = is_known || value != 0.0;
        loop {
            let scaled = value * 10f64.powi(decimals);
            if (scaled - scaled.round()).abs() <= 1e-9 * scaled.abs().max(1e-3) + 1e-9 {
                break;
            }
            decimals += 1;
            if decimals > DECIMALS_MAX {
                return 0.0;
            }
        }
    }
    // States and counts: whole numbers are not tens.
    if is_known { 10f64.powi(-decimals).min(1.0) } else { 0.0 }
}

/// `value` rounded to multiples of `quantum`; as it is where the quantum is 0.
pub fn round(value: f64, quantum: f64) -> f64 {
    if quantum > 0.0 { (value / quantum).round() * quantum } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn step_of_decimals() {
        assert_eq!(decimal([0.5, 1.25, 3.0].into_iter()), 0.01);
        assert_eq!(decimal([0.0, 1.0, 20.0].into_iter()), 1.0);
        assert_eq!(decimal([100.0, 200.0].into_iter()), 1.0);
        assert_eq!(decimal([3664.3, 0.1 + 0.2].into_iter()), 0.1);
        assert_eq!(decimal([std::f64::consts::PI].into_iter()), 0.0);
        assert_eq!(decimal([f64::NAN].into_iter()), 0.0);
    }

    #[test]
    fn rounding_is_to_the_step() {
        assert!((round(0.509729922, 0.01) - 0.51).abs() < 1e-12);
        assert_eq!(round(0.1234, 0.0), 0.1234);
    }
}
