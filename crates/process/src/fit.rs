//! From a history to what is normal: engine by engine.

use std::collections::BTreeMap;

use crate::bounds::{Extent, PARTS};
use crate::cusum::Cusum;
use crate::formula::{self, Formula, Sums};
use crate::learn::{History, Options, TooLittle};
use crate::limits::{CONDITION_TAGS_MAX, CONDITIONS_OF_TAG_MAX, STATES_MAX};
use crate::linear::Gram;
use crate::normal::{Condition, Kind, Normal, Of, Predicted, Steady, Tag};
use crate::pca::Components;
use crate::ridge::Ridge;

/// Of what is promised, what thresholds aim at, and the share of the process engines in it.
const INTERNAL: f64 = 0.4 * 0.15;
/// What is promised where nothing else is said: alarms a day.
const PROMISE: f64 = 1.0;
/// The ridge, in squares of standard deviations.
const RIDGE: f64 = 1e-3;
/// The share of rows in which a tag must be away from its usual value for its own residuals to mean something.
const MOVED_LEAST: f64 = 0.01;
/// Rows that a state must have for a condition, and the share of all.
const STATE_ROWS: u64 = 30;
const STATE_SHARE: f64 = 0.01;
/// A condition must narrow the span of a tag to this share, or it says nothing.
const NARROW: f64 = 0.7;
/// Conditions are many, and a state may be met under other circumstances: their margins are those of so many times the span.
const CONDITION_SPAN: f64 = 2.0;
/// A condition whose parts surprise each other by more than this share of its span is not one.
const LOOSE: f64 = 0.25;

pub(crate) fn fit(history: &History, options: &Options, names: Vec<String>) -> Result<Normal, TooLittle> {
    let width = history.width;
    let mut tags: Vec<Tag> = names.into_iter().enumerate().map(|(tag, name)| alone(history, tag, name)).collect();
    if tags.iter().all(|tag| tag.kind == Kind::Unknown) {
        return Err(TooLittle::Tags);
    }
    let used: Vec<usize> = (0..width).filter(|tag| tags[*tag].deviation > 0.0).collect();
    let known = |row: &[f64]| used.iter().all(|tag| row[*tag].is_finite());
    let steps = history.begins.iter().filter(|begin| !**begin).count();
    let days = steps as f64 * history.interval / 86_400.0;
    let linear = Linear::new(history, &tags, &used, &known);
    let modelled: Vec<usize> = used.iter().copied().filter(|tag| moves(history, *tag)).collect();

    let conditions = conditions(history, &tags, &modelled);
    let promise = options.budget.unwrap_or(PROMISE);
    let detectors = 2.0 * modelled.len() as f64 + 1.0;
    let rate = INTERNAL * promise * history.interval / 86_400.0 / detectors;
    let mut peaks = vec![0.0_f32; history.len()];
    let mut normal = Normal {
        version: 1,
        interval: history.interval,
        span: (history.at[0], history.at[history.len() - 1]),
        rows: history.rows,
        days,
        tags: Vec::new(),
        conditions,
        formulas: Vec::new(),
        ridge: None,
        ridge_cusums: vec![None; width],
        components: None,
        components_cusum: None,
        budget: promise,
    };
    // As many rows as unknowns would fit anything.
    if linear.total.rows() > 10 * used.len() as u64 && !modelled.is_empty() {
        normal.formulas = linear.formulas(&used, &modelled, rate, &mut peaks);
        (normal.ridge, normal.ridge_cusums) = linear.ridge(&used, &modelled, rate, &mut peaks);
        if modelled.len() > 2 {
            (normal.components, normal.components_cusum) = linear.components(&modelled, rate, &mut peaks);
        }
    }
    if let Some(budget) = options.budget {
        let factor = factor(history, &peaks, budget * 0.4 * days);
        let ease = |cusum: &mut Cusum| cusum.threshold *= factor;
        normal.formulas.iter_mut().for_each(|one| ease(&mut one.cusum));
        normal.ridge_cusums.iter_mut().flatten().for_each(ease);
        normal.components_cusum.iter_mut().for_each(ease);
    }
    for (tag, (low, high)) in tags.iter_mut().zip(&history.extremes) {
        // Rows that were not kept widen what was seen.
        if let Some(bounds) = &mut tag.bounds {
            (bounds.low, bounds.high) = (bounds.low.min(*low), bounds.high.max(*high));
        }
    }
    normal.tags = tags;
    Ok(normal)
}

/// The factor on thresholds at which so many episodes would have been told out of fold: under 1 where a promise allows more
/// than none at all.
fn factor(history: &History, peaks: &[f32], allowed: f64) -> f64 {
    let mut factor = 1.0_f64;
    while factor > 0.3 {
        let next = factor - 0.02;
        let alarm: Vec<bool> = peaks.iter().map(|peak| f64::from(*peak) >= next).collect();
        // Alarms within ten steps are one.
        let (mut count, mut last) = (0.0, None::<usize>);
        for (step, _) in alarm.iter().enumerate().filter(|(_, alarm)| **alarm) {
            if last.is_none_or(|last| step - last > 10) {
                count += 1.0;
            }
            last = Some(step);
        }
        if count > allowed || history.len() < 10 {
            break;
        }
        factor = next;
    }
    factor
}

/// Whether a tag leaves its usual value often enough for its residuals to mean something.
fn moves(history: &History, tag: usize) -> bool {
    let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
    let mut known = 0_u64;
    for row in 0..history.len() {
        let value = history.row(row)[tag];
        if value.is_finite() {
            known += 1;
            *counts.entry((value + 0.0).to_bits()).or_default() += 1;
        }
    }
    let usual = counts.values().max().copied().unwrap_or(0);
    (known - usual) as f64 >= (MOVED_LEAST * known as f64).max(10.0)
}

/// What is normal for one tag alone.
fn alone(history: &History, tag: usize, name: String) -> Tag {
    let quantum = history.quanta[tag];
    let (mut values, mut changes) = (Extent::default(), Extent::default());
    let mut counts: BTreeMap<u64, (f64, u64)> = BTreeMap::new();
    let (mut sum, mut squares, mut ups, mut downs) = (0.0, 0.0, 0_u64, 0_u64);
    let mut last: Option<f64> = None;
    let anchor = (0..history.len()).map(|row| history.row(row)[tag]).find(|value| value.is_finite()).unwrap_or(0.0);
    let mut runs: BTreeMap<u64, (f64, Extent)> = BTreeMap::new();
    let mut run: Option<(f64, usize)> = None;
    let mut all_runs = Extent::default();
    for row in 0..history.len() {
        let (value, part) = (history.row(row)[tag], history.part(row));
        if history.begins[row] || !value.is_finite() {
            (last, run) = (None, None);
        }
        if !value.is_finite() {
            continue;
        }
        values.add(part, value);
        sum += value - anchor;
        squares += (value - anchor).powi(2);
        if counts.len() <= STATES_MAX {
            counts.entry((value + 0.0).to_bits()).or_insert((value, 0)).1 += 1;
        }
        if let Some(last) = last {
            let change = value - last;
            changes.add(part, change);
            ups += u64::from(change > quantum / 2.0);
            downs += u64::from(change < -quantum / 2.0);
        }
        last = Some(value);
        // A run that ends tells how long a value stands.
        match run {
            Some((state, _)) if (state - value).abs() <= quantum / 2.0 => {}
            _ => {
                if let Some((state, since)) = run {
                    let seconds = history.at[row].since(history.at[since]) as f64 / 1e9;
                    all_runs.add(part, seconds);
                    if runs.len() <= STATES_MAX {
                        runs.entry((state + 0.0).to_bits())
                            .or_insert_with(|| (state, Extent::default()))
                            .1
                            .add(part, seconds);
                    }
                }
                run = Some((value, row));
            }
        }
    }
    let rows = values.count;
    let (low, high) = values.all();
    let states: Vec<f64> = {
        let mut states: Vec<f64> = counts.values().map(|(value, _)| *value).collect();
        states.sort_by(f64::total_cmp);
        states
    };
    // A state that was met once is one of many that were not met yet.
    let is_saturated = counts.values().all(|(_, count)| *count >= 2) && rows >= 20 * states.len() as u64;
    let is_counter = ups + downs >= 50 && (downs * 500 <= ups || ups * 500 <= downs) && values.parts() == PARTS;
    let kind = match () {
        () if rows < 20 || rows < history.len() as u64 / 20 => Kind::Unknown,
        () if states.len() == 1 => Kind::Constant(low),
        () if states.len() <= STATES_MAX && is_saturated => Kind::States(states),
        () if is_counter => Kind::Counter,
        () => Kind::Continuous,
    };
    let is_free = matches!(kind, Kind::Continuous);
    let (mean, deviation) = if rows == 0 {
        (0.0, 0.0)
    } else {
        let shift = sum / rows as f64;
        (anchor + shift, (squares / rows as f64 - shift * shift).max(0.0).sqrt())
    };
    let is_linear = matches!(kind, Kind::Continuous | Kind::States(_)) && rows as f64 >= 0.8 * history.len() as f64;
    let total = history.len() as f64 * history.interval;
    let steady_of = |state: Option<f64>, extent: &Extent| {
        let longest = extent.all().1;
        // Few runs, or one that fills the history, do not say how long the longest is.
        (extent.count >= 20 && extent.parts() >= PARTS / 2 && longest <= total / 20.0).then(|| Steady {
            state,
            longest,
            limit: (longest * 2.0).max(longest + 2.0 * extent.surprise()) + 2.0 * history.interval,
        })
    };
    let steady = match &kind {
        Kind::States(_) => runs.values().filter_map(|(state, extent)| steady_of(Some(*state), extent)).collect(),
        // What stands still most of the time says nothing by standing still.
        Kind::Continuous if all_runs.count as f64 >= 0.2 * rows as f64 => {
            steady_of(None, &all_runs).into_iter().collect()
        }
        _ => Vec::new(),
    };
    Tag {
        name,
        quantum,
        mean,
        deviation: if is_linear && deviation > 0.25 * quantum && deviation > 1e-9 * mean.abs() {
            deviation
        } else {
            0.0
        },
        bounds: if is_free { values.bounds(high - low, quantum) } else { None },
        change: match kind {
            Kind::Continuous | Kind::Counter => {
                let (least, most) = changes.all();
                changes.bounds(most - least, 2.0 * quantum)
            }
            _ => None,
        },
        steady,
        rows,
        kind,
    }
}

/// Invariants: while a tag is in a state, what do the others do?
fn conditions(history: &History, tags: &[Tag], modelled: &[usize]) -> Vec<Condition> {
    let free: Vec<usize> = modelled.iter().copied().filter(|tag| tags[*tag].kind == Kind::Continuous).collect();
    let switches = (0..tags.len()).filter_map(|tag| match &tags[tag].kind {
        Kind::States(states) if states.len() <= 4 => Some((tag, states)),
        _ => None,
    });
    let mut found: BTreeMap<usize, Vec<(f64, Condition)>> = BTreeMap::new();
    for (when, states) in switches.take(CONDITION_TAGS_MAX) {
        for state in states {
            let mut extents = vec![(Extent::default(), Extent::default()); free.len()];
            let mut count = 0;
            for row in 0..history.len() {
                let values = history.row(row);
                // The step in which the state is entered belongs to the way there.
                let is_in = |values: &[f64]| (values[when] - state).abs() <= history.quanta[when] / 2.0;
                if history.begins[row] || !is_in(values) || !is_in(history.row(row - 1)) {
                    continue;
                }
                count += 1;
                let (part, last) = (history.part(row), history.row(row - 1));
                for ((value, change), tag) in extents.iter_mut().zip(&free) {
                    if values[*tag].is_finite() {
                        value.add(part, values[*tag]);
                        if last[*tag].is_finite() {
                            change.add(part, values[*tag] - last[*tag]);
                        }
                    }
                }
            }
            if count < STATE_ROWS || (count as f64) < STATE_SHARE * history.len() as f64 {
                continue;
            }
            for ((value, change), tag) in extents.iter().zip(&free) {
                for (of, extent, whole) in
                    [(Of::Value, value, tags[*tag].bounds), (Of::Change, change, tags[*tag].change)]
                {
                    let Some(whole) = whole else { continue };
                    let (low, high) = extent.all();
                    let (span, wide) = (high - low, whole.high - whole.low);
                    let is_tight = span <= NARROW * wide && extent.surprise() <= LOOSE * span.max(history.quanta[*tag]);
                    if extent.parts() < PARTS / 2 || !is_tight {
                        continue;
                    }
                    if let Some(bounds) = extent.bounds(CONDITION_SPAN * span.max(0.1 * wide), history.quanta[*tag]) {
                        let condition = Condition { when, state: *state, tag: *tag, of, bounds };
                        found.entry(*tag).or_default().push((span / wide, condition));
                    }
                }
            }
        }
    }
    let mut kept = Vec::new();
    for (_, mut of_tag) in found {
        of_tag.sort_by(|a, b| a.0.total_cmp(&b.0));
        kept.extend(of_tag.into_iter().take(CONDITIONS_OF_TAG_MAX).map(|(_, condition)| condition));
    }
    kept
}

/// The linear engines: sums of products of the whole history and of all but each part.
struct Linear<'a> {
    history: &'a History,
    /// Rows in standard deviations; NaN where not known.
    scaled: Vec<f64>,
    /// Whether a row and the one before are wholly known.
    is_pair: Vec<bool>,
    noise: Vec<f64>,
    total: Gram,
    others: Vec<Gram>,
}

impl<'a> Linear<'a> {
    fn new(history: &'a History, tags: &[Tag], used: &[usize], known: &dyn Fn(&[f64]) -> bool) -> Linear<'a> {
        let width = history.width;
        let mut scaled = Vec::with_capacity(history.values.len());
        for row in 0..history.len() {
            scaled.extend(history.row(row).iter().zip(tags).map(|(value, tag)| match tag.deviation {
                deviation if deviation > 0.0 => (value - tag.mean) / deviation,
                _ => 0.0,
            }));
        }
        let mut is_pair = vec![false; history.len()];
        let mut folds: Vec<Gram> = (0..PARTS).map(|_| Gram::new(1 + 2 * width)).collect();
        let mut line = vec![1.0; 1 + 2 * width];
        for row in 1..history.len() {
            is_pair[row] = !history.begins[row] && known(history.row(row)) && known(history.row(row - 1));
            if is_pair[row] && !used.is_empty() {
                line[1..].copy_from_slice(&scaled[(row - 1) * width..(row + 1) * width]);
                folds[history.part(row)].add(&line);
            }
        }
        let mut total = Gram::new(1 + 2 * width);
        folds.iter_mut().for_each(|fold| {
            fold.flush();
            total.merge(fold, 1.0);
        });
        let others = folds
            .into_iter()
            .map(|fold| {
                let mut others = total.clone();
                others.merge(&fold, -1.0);
                others
            })
            .collect();
        let noise = tags
            .iter()
            .map(|tag| if tag.deviation > 0.0 { (tag.quantum / tag.deviation).powi(2) / 12.0 } else { 0.0 })
            .collect();
        Linear { history, scaled, is_pair, noise, total, others }
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.scaled[row * self.history.width..(row + 1) * self.history.width]
    }

    /// Calibrates on residuals out of fold and notes how near each row came to an alarm.
    fn calibrate(&self, residuals: &[Option<f64>], rate: f64, peaks: &mut [f32]) -> Option<Cusum> {
        let cusum = Cusum::calibrate(residuals, rate)?;
        let mut sum = 0.0;
        for (residual, peak) in residuals.iter().zip(peaks) {
            match residual {
                Some(residual) => *peak = peak.max(cusum.step(&mut sum, *residual) as f32),
                None => sum = 0.0,
            }
        }
        Some(cusum)
    }

    fn formulas(&self, used: &[usize], modelled: &[usize], rate: f64, peaks: &mut [f32]) -> Vec<Predicted> {
        let width = self.history.width;
        let mut found = Vec::new();
        for tag in modelled {
            let Some(formula) = formula::search(&Sums { gram: &self.total, width }, *tag, used) else { continue };
            let folds: Vec<Option<Formula>> =
                self.others.iter().map(|gram| formula.refit(&Sums { gram, width })).collect();
            let residuals: Vec<Option<f64>> = (0..self.history.len())
                .map(|row| {
                    let formula = folds[self.history.part(row)].as_ref().filter(|_| self.is_pair[row])?;
                    Some(self.row(row)[*tag] - formula.predict(self.row(row - 1)))
                })
                .collect();
            if let Some(cusum) = self.calibrate(&residuals, rate, peaks) {
                found.push(Predicted { formula, cusum });
            }
        }
        found
    }

    fn ridge(
        &self,
        used: &[usize],
        modelled: &[usize],
        rate: f64,
        peaks: &mut [f32],
    ) -> (Option<Ridge>, Vec<Option<Cusum>>) {
        let (width, rows) = (self.history.width, self.history.len());
        let mut cusums = vec![None; width];
        let Some(ridge) = Ridge::fit(&self.total, width, used, modelled, &self.noise, RIDGE) else {
            return (None, cusums);
        };
        let mut residuals = vec![f32::NAN; rows * modelled.len()];
        let mut out = vec![0.0; modelled.len()];
        for part in 0..PARTS {
            let Some(ridge) = Ridge::fit(&self.others[part], width, used, modelled, &self.noise, RIDGE) else {
                continue;
            };
            for row in (0..rows).filter(|row| self.is_pair[*row] && self.history.part(*row) == part) {
                ridge.residuals(self.row(row - 1), self.row(row), &mut out);
                for (place, value) in out.iter().enumerate() {
                    residuals[place * rows + row] = *value as f32;
                }
            }
        }
        for (place, tag) in modelled.iter().enumerate() {
            let of_tag: Vec<Option<f64>> = residuals[place * rows..(place + 1) * rows]
                .iter()
                .map(|residual| residual.is_finite().then_some(f64::from(*residual)))
                .collect();
            cusums[*tag] = self.calibrate(&of_tag, rate, peaks);
        }
        (Some(ridge), cusums)
    }

    fn components(&self, modelled: &[usize], rate: f64, peaks: &mut [f32]) -> (Option<Components>, Option<Cusum>) {
        let width = self.history.width;
        let all = Components::fit(&self.total, width, modelled);
        let folds: Vec<Components> = self.others.iter().map(|gram| Components::fit(gram, width, modelled)).collect();
        let mut parts = Vec::new();
        let residuals: Vec<Option<f64>> = (0..self.history.len())
            .map(|row| self.is_pair[row].then(|| folds[self.history.part(row)].residual(self.row(row), &mut parts)))
            .collect();
        match self.calibrate(&residuals, rate, peaks) {
            Some(cusum) => (Some(all), Some(cusum)),
            None => (None, None),
        }
    }
}
