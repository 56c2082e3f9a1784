//! Judging: rows go in one by one, in order, and each engine says what it finds.

use model::Time;
use serde::{Deserialize, Serialize};

use crate::hit::{Engine, Expected, Hit};
use crate::limits::{HOLD_STEPS, HOLE_STEPS};
use crate::normal::{Kind, Normal, Of};
use crate::quantum::round;

/// What judging must remember between rows. Small, and can be kept over a restart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    /// The last values, rounded; `None` where they are not known.
    last: Vec<Option<f64>>,
    ages: Vec<u16>,
    /// Since when each tag has its value.
    since: Vec<Option<Time>>,
    formula_sums: Vec<f64>,
    ridge_sums: Vec<f64>,
    components_sum: f64,
    step_at: Option<Time>,
    /// What the last whole step found: it stands until the next.
    standing: Vec<Hit>,
}

impl Watch {
    /// With nothing seen yet.
    pub fn new(normal: &Normal) -> Watch {
        let width = normal.tags.len();
        Watch {
            last: vec![None; width],
            ages: vec![0; width],
            since: vec![None; width],
            formula_sums: vec![0.0; normal.formulas.len()],
            ridge_sums: vec![0.0; width],
            components_sum: 0.0,
            step_at: None,
            standing: Vec::new(),
        }
    }

    /// What comes next does not follow what was.
    pub fn cut(&mut self, normal: &Normal) {
        *self = Watch::new(normal);
    }

    /// Judges a row; what is out of order is appended to `hits`, the most telling engine first. A hit under strength 1 is a
    /// remark: it explains an alarm, and is none by itself. A row that comes sooner
    /// than the step of the engines is looked at for ranges only, and what the last step found still stands.
    pub fn row(&mut self, normal: &Normal, at: Time, values: &[f64], hits: &mut Vec<Hit>) {
        let from = hits.len();
        let passed = self.step_at.map(|last| at.since(last) as f64 / 1e9);
        if passed.is_some_and(|passed| passed < 0.0 || passed > normal.interval * HOLE_STEPS) {
            self.cut(normal);
        }
        let is_step =
            self.step_at.is_none() || passed.is_none_or(|passed| passed >= normal.interval * 0.75 || passed < 0.0);
        let width = normal.tags.len();
        let mut row = vec![None; width];
        for (tag, place) in row.iter_mut().enumerate() {
            let value = values.get(tag).copied().filter(|value| value.is_finite());
            *place = match value {
                Some(value) => Some(round(value, normal.tags[tag].quantum)),
                None if usize::from(self.ages[tag]) < HOLD_STEPS => self.last[tag],
                None => None,
            };
            if is_step {
                self.ages[tag] = if value.is_some() { 0 } else { self.ages[tag].saturating_add(1) };
            }
        }
        self.levels(normal, &row, hits);
        if !is_step {
            hits.extend(self.standing.iter().cloned());
            return;
        }
        let slow = hits.len();
        self.steady(normal, at, &row, hits);
        self.changes(normal, &row, hits);
        self.conditions(normal, &row, hits);
        self.linear(normal, &row, hits);
        self.standing = hits[slow..].to_vec();
        (self.last, self.step_at) = (row, Some(at));
        hits[from..].sort_by(|a, b| {
            (a.engine, b.strength).partial_cmp(&(b.engine, a.strength)).unwrap_or(std::cmp::Ordering::Equal)
        });
    }

    /// Constants, states, ranges.
    fn levels(&self, normal: &Normal, row: &[Option<f64>], hits: &mut Vec<Hit>) {
        for (tag, (value, of)) in row.iter().zip(&normal.tags).enumerate() {
            let Some(value) = *value else { continue };
            let near = |one: f64| (value - one).abs() <= 0.75 * of.quantum + 1e-6 * one.abs();
            let (engine, strength, expected) = match &of.kind {
                Kind::Constant(one) if !near(*one) => (Engine::Constant, 10.0, Expected::Value(*one)),
                Kind::States(states) if !states.iter().any(|state| near(*state)) => {
                    (Engine::Constant, 5.0, Expected::OneOf(states.clone()))
                }
                _ => match of.bounds {
                    Some(bounds) => {
                        let Some(strength) = bounds.strength(value) else { continue };
                        (Engine::Range, strength, Expected::Between(bounds.low, bounds.high))
                    }
                    None => continue,
                },
            };
            hits.push(Hit { engine, tag, strength, expected, seen: value, rule: None });
        }
    }

    fn steady(&mut self, normal: &Normal, at: Time, row: &[Option<f64>], hits: &mut Vec<Hit>) {
        for (tag, of) in normal.tags.iter().enumerate() {
            let Some(value) = row[tag] else {
                self.since[tag] = None;
                continue;
            };
            let is_same = self.last[tag].is_some_and(|last| (last - value).abs() <= of.quantum / 2.0);
            if !is_same || self.since[tag].is_none() {
                self.since[tag] = Some(at);
            }
            let seconds = self.since[tag].map_or(0.0, |since| at.since(since) as f64 / 1e9);
            let known = of
                .steady
                .iter()
                .find(|steady| steady.state.is_none_or(|state| (state - value).abs() <= of.quantum / 2.0));
            if let Some(steady) = known.filter(|steady| seconds > steady.limit) {
                let expected = Expected::Seconds(steady.longest);
                let strength = seconds / steady.limit;
                hits.push(Hit { engine: Engine::Steady, tag, strength, expected, seen: seconds, rule: None });
            }
        }
    }

    fn changes(&self, normal: &Normal, row: &[Option<f64>], hits: &mut Vec<Hit>) {
        for (tag, of) in normal.tags.iter().enumerate() {
            let (Some(value), Some(last), Some(bounds)) = (row[tag], self.last[tag], of.change) else { continue };
            if let Some(strength) = bounds.strength(value - last) {
                let expected = Expected::Change(bounds.low, bounds.high);
                hits.push(Hit { engine: Engine::Gradient, tag, strength, expected, seen: value - last, rule: None });
            }
        }
    }

    fn conditions(&self, normal: &Normal, row: &[Option<f64>], hits: &mut Vec<Hit>) {
        for (rule, condition) in normal.conditions.iter().enumerate() {
            let quantum = normal.tags[condition.when].quantum;
            let is_in =
                |state: Option<f64>| state.is_some_and(|state| (state - condition.state).abs() <= quantum / 2.0);
            if !is_in(row[condition.when]) || !is_in(self.last[condition.when]) {
                continue;
            }
            let Some(value) = row[condition.tag] else { continue };
            let (seen, expected) = match (condition.of, self.last[condition.tag]) {
                (Of::Value, _) => (value, Expected::Between(condition.bounds.low, condition.bounds.high)),
                (Of::Change, Some(last)) => {
                    (value - last, Expected::Change(condition.bounds.low, condition.bounds.high))
                }
                (Of::Change, None) => continue,
            };
            if let Some(strength) = condition.bounds.strength(seen) {
                let (engine, tag) = (Engine::Condition, condition.tag);
                hits.push(Hit { engine, tag, strength, expected, seen, rule: Some(rule) });
            }
        }
    }

    /// Formulas, regressions and components.
    fn linear(&mut self, normal: &Normal, row: &[Option<f64>], hits: &mut Vec<Hit>) {
        let scale = |values: &[Option<f64>]| -> Vec<f64> {
            values
                .iter()
                .enumerate()
                .map(|(tag, value)| value.map_or(f64::NAN, |value| normal.scaled(tag, value)))
                .collect()
        };
        let (last, now) = (scale(&self.last), scale(row));
        let in_units = |tag: usize, scaled: f64| normal.tags[tag].mean + scaled * normal.tags[tag].deviation;
        for (rule, (one, sum)) in normal.formulas.iter().zip(&mut self.formula_sums).enumerate() {
            let tag = one.formula.tag;
            let expected = one.formula.predict(&last);
            let residual = now[tag] - expected;
            if !residual.is_finite() {
                *sum = 0.0;
            } else if one.cusum.step(sum, residual) >= 1.0 {
                let (expected, seen) = (Expected::Value(in_units(tag, expected)), in_units(tag, now[tag]));
                let strength = (residual.abs() / one.cusum.drift).max(1.0);
                hits.push(Hit { engine: Engine::Formula, tag, strength, expected, seen, rule: Some(rule) });
            }
        }
        let is_whole = |values: &[f64]| {
            values.iter().zip(&normal.tags).all(|(value, tag)| tag.deviation == 0.0 || value.is_finite())
        };
        if !is_whole(&last) || !is_whole(&now) {
            self.ridge_sums.fill(0.0);
            self.components_sum = 0.0;
            return;
        }
        let clean = |values: Vec<f64>| -> Vec<f64> {
            values.into_iter().map(|value| if value.is_finite() { value } else { 0.0 }).collect()
        };
        let (last, now) = (clean(last), clean(now));
        if let Some(ridge) = &normal.ridge {
            let mut residuals = vec![0.0; ridge.modelled.len()];
            ridge.residuals(&last, &now, &mut residuals);
            for (tag, residual) in ridge.modelled.iter().copied().zip(residuals) {
                let Some(cusum) = normal.ridge_cusums[tag] else { continue };
                if cusum.step(&mut self.ridge_sums[tag], residual) >= 1.0 {
                    let expected = Expected::Value(in_units(tag, now[tag] - residual));
                    let strength = (residual.abs() / cusum.drift).max(1.0);
                    let seen = in_units(tag, now[tag]);
                    hits.push(Hit { engine: Engine::Residual, tag, strength, expected, seen, rule: None });
                }
            }
        }
        if let (Some(components), Some(cusum)) = (&normal.components, normal.components_cusum) {
            let mut parts = Vec::new();
            let residual = components.residual(&now, &mut parts);
            if cusum.step(&mut self.components_sum, residual) >= 1.0 {
                let most = components.used.iter().zip(&parts).max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
                if let Some((tag, part)) = most {
                    let expected = Expected::Value(in_units(*tag, now[*tag] - part));
                    let (strength, seen) = ((residual / cusum.drift).max(1.0), in_units(*tag, now[*tag]));
                    hits.push(Hit { engine: Engine::Residual, tag: *tag, strength, expected, seen, rule: None });
                }
            }
        }
    }
}
