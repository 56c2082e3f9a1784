//! What is normal for a group of tags: everything that was learned, in a form that can be kept and read.

use model::Time;
use serde::{Deserialize, Serialize};

use crate::bounds::Bounds;
use crate::cusum::Cusum;
use crate::formula::Formula;
use crate::pca::Components;
use crate::ridge::Ridge;

/// What a tag does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It never moved.
    Constant(f64),
    /// It takes a few values: a switch, a mode, a step.
    States(Vec<f64>),
    /// It only rises, or only falls: a totaliser. Its level says nothing.
    Counter,
    /// It moves freely.
    Continuous,
    /// Too little is known of it.
    Unknown,
}

/// How long a tag stands still.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Steady {
    /// The state, where the tag has states; else any value.
    pub state: Option<f64>,
    /// The longest that was seen, in seconds.
    pub longest: f64,
    /// What is an alarm.
    pub limit: f64,
}

/// What is normal for one tag alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tag {
    /// Its name.
    pub name: String,
    /// The step between values that its sensor tells apart; 0 where it is too fine to tell.
    pub quantum: f64,
    /// What it does.
    pub kind: Kind,
    /// Mean of its values.
    pub mean: f64,
    /// Standard deviation of its values; 0 where the linear engines do not use it.
    pub deviation: f64,
    /// What it may be.
    pub bounds: Option<Bounds>,
    /// How far it may move in one step.
    pub change: Option<Bounds>,
    /// How long it may stand still.
    pub steady: Vec<Steady>,
    /// Rows in which it was known.
    pub rows: u64,
}

/// What a condition looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Of {
    /// The value.
    Value,
    /// The change in one step.
    Change,
}

/// While one tag is in a state, another stays within bounds: an invariant of the process that was mined.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// The tag with the state.
    pub when: usize,
    /// The state.
    pub state: f64,
    /// The tag that is bound.
    pub tag: usize,
    /// What of it.
    pub of: Of,
    /// The bounds.
    pub bounds: Bounds,
}

/// A formula and what its residuals may sum to, in standard deviations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Predicted {
    /// The formula.
    pub formula: Formula,
    /// Its residuals.
    pub cusum: Cusum,
}

/// Everything that was learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Normal {
    /// Form of this structure.
    pub version: u32,
    /// Seconds between the steps of the engines.
    pub interval: f64,
    /// Time of the first and the last row.
    pub span: (Time, Time),
    /// Rows that were learned from, before thinning.
    pub rows: u64,
    /// Days of them, without holes.
    pub days: f64,
    /// Tags one by one.
    pub tags: Vec<Tag>,
    /// Invariants.
    pub conditions: Vec<Condition>,
    /// Sparse linear state space.
    pub formulas: Vec<Predicted>,
    /// Regressions of each tag on all others.
    pub ridge: Option<Ridge>,
    /// What their residuals may sum to, by tag.
    pub ridge_cusums: Vec<Option<Cusum>>,
    /// The directions in which the process moves.
    pub components: Option<Components>,
    /// What their residual may sum to.
    pub components_cusum: Option<Cusum>,
    /// Alarms a day that thresholds were calibrated for.
    pub budget: f64,
}

impl Normal {
    /// Whether its parts fit together: a file may have been changed by hand.
    pub fn check(&self) -> Result<(), String> {
        let width = self.tags.len();
        let is_tag = |tag: usize| tag < width;
        let formulas = self.formulas.iter().all(|one| {
            let formula = &one.formula;
            is_tag(formula.tag)
                && formula.weights.len() == formula.inputs.len() + 1
                && formula.inputs.iter().all(|input| is_tag(*input) && self.tags[*input].deviation > 0.0)
        });
        let conditions = self.conditions.iter().all(|one| is_tag(one.when) && is_tag(one.tag));
        let ridge = self.ridge.as_ref().is_none_or(|ridge| {
            ridge.width == width
                && ridge.modelled.iter().all(|tag| is_tag(*tag))
                && ridge.weights.len() == ridge.modelled.len() * (2 * width + 1)
        });
        let components = self.components.as_ref().is_none_or(|one| {
            one.used.iter().all(|tag| is_tag(*tag))
                && one.means.len() == one.used.len()
                && one.directions.iter().all(|direction| direction.len() == one.used.len())
        });
        match () {
            () if self.version != 1 => Err(format!("version {} is not known", self.version)),
            () if self.ridge_cusums.len() != width || self.interval.is_nan() || self.interval <= 0.0 => {
                Err("its sizes do not fit".to_owned())
            }
            () if !(formulas && conditions && ridge && components) => {
                Err("it speaks of tags that it has not".to_owned())
            }
            () => Ok(()),
        }
    }

    /// Names of the tags, in the order in which rows must be.
    pub fn names(&self) -> Vec<String> {
        self.tags.iter().map(|tag| tag.name.clone()).collect()
    }

    /// `value` of a tag in standard deviations; 0 where the linear engines do not use it.
    pub fn scaled(&self, tag: usize, value: f64) -> f64 {
        let tag = &self.tags[tag];
        if tag.deviation > 0.0 { (value - tag.mean) / tag.deviation } else { 0.0 }
    }

    /// A formula in the units of its tags: weights and constant.
    pub fn in_units(&self, formula: &Formula) -> (Vec<f64>, f64) {
        let of = &self.tags[formula.tag];
        let weights: Vec<f64> = formula
            .inputs
            .iter()
            .zip(&formula.weights)
            .map(|(input, weight)| weight * of.deviation / self.tags[*input].deviation)
            .collect();
        let constant = formula.weights.last().copied().unwrap_or(0.0);
        let shift: f64 =
            formula.inputs.iter().zip(&weights).map(|(input, weight)| weight * self.tags[*input].mean).sum();
        (weights, of.mean + constant * of.deviation - shift)
    }
}
