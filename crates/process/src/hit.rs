//! What an engine says: which tag, how sure, what it expected and what it saw.

use serde::{Deserialize, Serialize};

/// What looks at process values. In the order in which an alarm is explained: what can be said in fewer words comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// What was written, what is read back and what is shown contradict each other.
    Echo,
    /// A tag that never moved has moved, or is in a state in which it never was.
    Constant,
    /// A value or a change that never came with the state of an actuator.
    Condition,
    /// A value that was never so low or so high.
    Range,
    /// A value that stands still, or a state that lasts, longer than ever.
    Steady,
    /// A change that was never so fast.
    Gradient,
    /// A value that does not follow from the last values of the tag and its partners.
    Formula,
    /// A value that does not fit all the others.
    Residual,
}

impl Engine {
    /// All of them, in the order of explanation.
    pub const ALL: [Engine; 8] = [
        Engine::Echo,
        Engine::Constant,
        Engine::Condition,
        Engine::Range,
        Engine::Steady,
        Engine::Gradient,
        Engine::Formula,
        Engine::Residual,
    ];

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Echo => "echo",
            Engine::Constant => "constant",
            Engine::Condition => "condition",
            Engine::Range => "range",
            Engine::Steady => "steady",
            Engine::Gradient => "gradient",
            Engine::Formula => "formula",
            Engine::Residual => "residual",
        }
    }
}

/// What was expected instead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expected {
    /// About this value.
    Value(f64),
    /// A value from the first to the second.
    Between(f64, f64),
    /// One of these.
    OneOf(Vec<f64>),
    /// A change in one step from the first to the second.
    Change(f64, f64),
    /// To stand still for at most so many seconds.
    Seconds(f64),
}

/// One engine finds one tag out of order in one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// What says so.
    pub engine: Engine,
    /// Number of the tag in the model.
    pub tag: usize,
    /// How far over its threshold; an alarm from 1 on, below that a remark.
    pub strength: f64,
    /// What was expected.
    pub expected: Expected,
    /// What was seen: a value, a change, or seconds, as `expected` says.
    pub seen: f64,
    /// The condition or formula behind it, by its number in the model.
    pub rule: Option<usize>,
}

impl Hit {
    /// Whether it is an alarm by itself.
    pub fn is_alarm(&self) -> bool {
        self.strength >= 1.0
    }
}
