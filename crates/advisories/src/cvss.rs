//! CVSS version 2, 3.0 and 3.1 computed from their vectors, with temporal and environmental metrics (FIRST, *CVSS v2 Complete
//! Guide* section 3.2, *CVSS v3.0* and *v3.1 Specification* section 7). Version 4 is read and its stated score kept: its
//! score comes from a table of 270 expert rankings that is not in here.

use std::collections::HashMap;

/// The scores of a vector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scores {
    /// Base.
    pub base: f64,
    /// Temporal.
    pub temporal: f64,
    /// Environmental.
    pub environmental: f64,
}

/// Computes a vector. `None` where it is of another version, or a metric is missing, unknown, or said twice.
pub fn scores(vector: &str) -> Option<Scores> {
    let (version, rest) = match vector.trim().split_once('/') {
        Some(("CVSS:3.0", rest)) => (30, rest),
        Some(("CVSS:3.1", rest)) => (31, rest),
        Some((head, _)) if head.starts_with("CVSS:") => return None,
        _ => (20, vector.trim().trim_matches(['(', ')'])),
    };
    let mut metrics: HashMap<&str, &str> = HashMap::new();
    for metric in rest.split('/').filter(|metric| !metric.is_empty()) {
        let (name, value) = metric.split_once(':')?;
        if metrics.insert(name, value).is_some() {
            return None;
        }
    }
    if version == 20 { v2(&metrics) } else { v3(&metrics, version == 31) }
}

fn choice(value: &str, values: &[(&str, f64)]) -> Option<f64> {
    values.iter().find(|(name, _)| *name == value).map(|(_, number)| *number)
}

type Metrics<'a> = HashMap<&'a str, &'a str>;

fn v2(metrics: &Metrics) -> Option<Scores> {
    let of = |name: &str, values: &[(&str, f64)]| choice(metrics.get(name)?, values);
    let or = |name: &str, values: &[(&str, f64)]| match metrics.get(name) {
        None | Some(&"ND") => Some(1.0),
        Some(value) => choice(value, values),
    };
    let round = |number: f64| (number * 10.0).round() / 10.0;
    const IMPACT: &[(&str, f64)] = &[("N", 0.0), ("P", 0.275), ("C", 0.660)];
    let exploitability = 20.0
        * of("AV", &[("L", 0.395), ("A", 0.646), ("N", 1.0)])?
        * of("AC", &[("H", 0.35), ("M", 0.61), ("L", 0.71)])?
        * of("Au", &[("M", 0.45), ("S", 0.56), ("N", 0.704)])?;
    let (c, i, a) = (of("C", IMPACT)?, of("I", IMPACT)?, of("A", IMPACT)?);
    let base_of = |impact: f64| {
        let factor = if impact == 0.0 { 0.0 } else { 1.176 };
        round((0.6 * impact + 0.4 * exploitability - 1.5) * factor)
    };
    let base = base_of(10.41 * (1.0 - (1.0 - c) * (1.0 - i) * (1.0 - a)));
    let time = or("E", &[("U", 0.85), ("POC", 0.9), ("F", 0.95), ("H", 1.0)])?
        * or("RL", &[("OF", 0.87), ("TF", 0.9), ("W", 0.95), ("U", 1.0)])?
        * or("RC", &[("UC", 0.9), ("UR", 0.95), ("C", 1.0)])?;
    const REQUIREMENT: &[(&str, f64)] = &[("L", 0.5), ("M", 1.0), ("H", 1.51)];
    let (cr, ir, ar) = (or("CR", REQUIREMENT)?, or("IR", REQUIREMENT)?, or("AR", REQUIREMENT)?);
    let adjusted = (10.41 * (1.0 - (1.0 - c * cr) * (1.0 - i * ir) * (1.0 - a * ar))).min(10.0);
    let adjusted = round(base_of(adjusted) * time);
    let damage = match metrics.get("CDP") {
        None | Some(&"ND") => 0.0,
        Some(value) => choice(value, &[("N", 0.0), ("L", 0.1), ("LM", 0.3), ("MH", 0.4), ("H", 0.5)])?,
    };
    let targets = or("TD", &[("N", 0.0), ("L", 0.25), ("M", 0.75), ("H", 1.0)])?;
    Some(Scores {
        base,
        temporal: round(base * time),
        environmental: round((adjusted + (10.0 - adjusted) * damage) * targets),
    })
}

fn v3(metrics: &Metrics, is_31: bool) -> Option<Scores> {
    // 3.1 rounds up without the faults of floating point (Appendix A); 3.0 takes the ceiling.
    let up = |number: f64| {
        if is_31 {
            let whole = (number * 100_000.0).round() as i64;
            if whole % 10_000 == 0 { whole as f64 / 100_000.0 } else { ((whole / 10_000) + 1) as f64 / 10.0 }
        } else {
            ((number * 10.0 - 1e-9).ceil() / 10.0).max(0.0)
        }
    };
    const IMPACT: &[(&str, f64)] = &[("N", 0.0), ("L", 0.22), ("H", 0.56)];
    const AV: &[(&str, f64)] = &[("N", 0.85), ("A", 0.62), ("L", 0.55), ("P", 0.2)];
    const AC: &[(&str, f64)] = &[("L", 0.77), ("H", 0.44)];
    const UI: &[(&str, f64)] = &[("N", 0.85), ("R", 0.62)];
    let privileges = |value: &str, is_changed: bool| {
        choice(
            value,
            if is_changed { &[("N", 0.85), ("L", 0.68), ("H", 0.5)] } else { &[("N", 0.85), ("L", 0.62), ("H", 0.27)] },
        )
    };
    let of = |name: &str, values: &[(&str, f64)]| choice(metrics.get(name)?, values);
    let is_changed = match *metrics.get("S")? {
        "U" => false,
        "C" => true,
        _ => return None,
    };
    let (c, i, a) = (of("C", IMPACT)?, of("I", IMPACT)?, of("A", IMPACT)?);
    let exploitability =
        8.22 * of("AV", AV)? * of("AC", AC)? * privileges(metrics.get("PR")?, is_changed)? * of("UI", UI)?;
    let isc = 1.0 - (1.0 - c) * (1.0 - i) * (1.0 - a);
    let impact = if is_changed { 7.52 * (isc - 0.029) - 3.25 * (isc - 0.02).powi(15) } else { 6.42 * isc };
    let combine = |impact: f64, exploitability: f64, is_changed: bool| {
        if impact <= 0.0 {
            0.0
        } else if is_changed {
            up((1.08 * (impact + exploitability)).min(10.0))
        } else {
            up((impact + exploitability).min(10.0))
        }
    };
    let base = combine(impact, exploitability, is_changed);
    let or = |name: &str, values: &[(&str, f64)]| match metrics.get(name) {
        None | Some(&"X") => Some(1.0),
        Some(value) => choice(value, values),
    };
    let time = or("E", &[("U", 0.91), ("P", 0.94), ("F", 0.97), ("H", 1.0)])?
        * or("RL", &[("O", 0.95), ("T", 0.96), ("W", 0.97), ("U", 1.0)])?
        * or("RC", &[("U", 0.92), ("R", 0.96), ("C", 1.0)])?;
    // Environment: modified metrics, where they are said, and requirements.
    let modified = |name: &str, base: &str| match metrics.get(name) {
        None | Some(&"X") => metrics.get(base).copied(),
        value => value.copied(),
    };
    const REQUIREMENT: &[(&str, f64)] = &[("L", 0.5), ("M", 1.0), ("H", 1.5)];
    let (cr, ir, ar) = (or("CR", REQUIREMENT)?, or("IR", REQUIREMENT)?, or("AR", REQUIREMENT)?);
    let is_modified_changed = modified("MS", "S")? == "C";
    let mc = choice(modified("MC", "C")?, IMPACT)?;
    let mi = choice(modified("MI", "I")?, IMPACT)?;
    let ma = choice(modified("MA", "A")?, IMPACT)?;
    let miss = (1.0 - (1.0 - cr * mc) * (1.0 - ir * mi) * (1.0 - ar * ma)).min(0.915);
    let m_impact = match (is_modified_changed, is_31) {
        (false, _) => 6.42 * miss,
        (true, true) => 7.52 * (miss - 0.029) - 3.25 * (miss * 0.9731 - 0.02).powi(13),
        (true, false) => 7.52 * (miss - 0.029) - 3.25 * (miss - 0.02).powi(15),
    };
    let m_exploitability = 8.22
        * choice(modified("MAV", "AV")?, AV)?
        * choice(modified("MAC", "AC")?, AC)?
        * privileges(modified("MPR", "PR")?, is_modified_changed)?
        * choice(modified("MUI", "UI")?, UI)?;
    Some(Scores {
        base,
        temporal: up(base * time),
        environmental: up(combine(m_impact, m_exploitability, is_modified_changed) * time),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_the_specifications() {
        for (vector, base, temporal, environmental) in [
            // CVSS v2 guide, section 3.3.1 (CVE-2002-0392).
            ("AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:H", 7.8, 6.4, 9.2),
            ("AV:N/AC:L/Au:N/C:C/I:C/A:C/E:F/RL:OF/RC:C", 10.0, 8.3, 8.3),
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8, 9.8, 9.8),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L/E:P/RL:O/RC:C", 5.3, 4.8, 4.8),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1, 6.1, 6.1),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0, 0.0, 0.0),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/MAV:L/CR:L/IR:L/AR:H", 9.8, 9.8, 8.4),
        ] {
            let scores = scores(vector).unwrap();
            assert_eq!(
                (scores.base, scores.temporal, scores.environmental),
                (base, temporal, environmental),
                "{vector}"
            );
        }
        for vector in ["", "CVSS:4.0/AV:N", "CVSS:3.1/AV:N", "CVSS:3.1/AV:N/AV:N", "AV:N/AC:L/Au:N/C:N/I:N/A:Z"] {
            assert_eq!(scores(vector), None, "{vector}");
        }
    }
}
