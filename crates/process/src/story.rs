//! Alarms that belong together: when, for how long, which tags, and the most telling sentences.

use std::collections::BTreeMap;

use model::Time;
use serde::{Deserialize, Serialize};

use crate::hit::{Engine, Hit};
use crate::limits::HITS_KEPT;

/// One alarm as a person would count it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Story {
    /// Time of the first row in alarm.
    pub first: Time,
    /// Time of the last row in alarm.
    pub last: Time,
    /// Number of rows in alarm.
    pub rows: u64,
    /// Tags with how much speaks against each, the most first.
    pub tags: Vec<(usize, f64)>,
    /// The strongest hit of each engine and tag, in the order of explanation.
    pub hits: Vec<Hit>,
}

/// Collects rows of hits into stories.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stories {
    gap: f64,
    open: Option<Open>,
    told: Vec<Story>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Open {
    first: Time,
    last: Time,
    rows: u64,
    blame: BTreeMap<usize, f64>,
    best: BTreeMap<String, Hit>,
}

/// How much a hit of an engine speaks against its tag. A regression of one tag on all others is strongest for the tag that is
/// really wrong.
fn weight(engine: Engine) -> f64 {
    match engine {
        Engine::Echo | Engine::Constant => 4.0,
        Engine::Range => 2.0,
        Engine::Residual | Engine::Formula => 1.0,
        Engine::Condition | Engine::Gradient | Engine::Steady => 0.5,
    }
}

/// A single row speaks with at most this strength.
const STRENGTH_MAX: f64 = 20.0;

impl Stories {
    /// Alarms at most `gap` seconds apart are one story.
    pub fn new(gap: f64) -> Stories {
        Stories { gap, open: None, told: Vec::new() }
    }

    /// Takes in what was found in a row; says whether the row is in alarm.
    pub fn row(&mut self, at: Time, hits: &[Hit]) -> bool {
        let is_alarm = hits.iter().any(Hit::is_alarm);
        let passed = self.open.as_ref().map(|open| at.since(open.last) as f64 / 1e9);
        if passed.is_some_and(|passed| passed > self.gap || passed < 0.0) {
            self.close();
        }
        if !is_alarm {
            return false;
        }
        let open = self.open.get_or_insert_with(|| Open {
            first: at,
            last: at,
            rows: 0,
            blame: BTreeMap::new(),
            best: BTreeMap::new(),
        });
        (open.last, open.rows) = (at, open.rows + 1);
        for hit in hits {
            // What comes first is nearer the cause than what follows from it.
            let early = 1.0 / (open.rows as f64).powi(2);
            *open.blame.entry(hit.tag).or_default() += early * weight(hit.engine) * hit.strength.min(STRENGTH_MAX);
            let key = format!("{} {:05}", hit.engine as u8, hit.tag);
            let is_better = open.best.get(&key).is_none_or(|best| best.strength < hit.strength);
            if is_better && (open.best.len() < HITS_KEPT * 4 || open.best.contains_key(&key)) {
                open.best.insert(key, hit.clone());
            }
        }
        true
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let mut tags: Vec<(usize, f64)> = open.blame.into_iter().collect();
        tags.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let mut hits: Vec<Hit> = open.best.into_values().collect();
        // What is blamed most is explained first, by the engine that can say it in the fewest words; remarks come last.
        let place = |hit: &Hit| tags.iter().position(|(tag, _)| *tag == hit.tag).unwrap_or(usize::MAX);
        hits.sort_by_key(|hit| (!hit.is_alarm(), hit.engine, place(hit)));
        hits.truncate(HITS_KEPT);
        tags.truncate(10);
        self.told.push(Story { first: open.first, last: open.last, rows: open.rows, tags, hits });
    }

    /// Stories so far, and the one that is open.
    pub fn finish(mut self) -> Vec<Story> {
        self.close();
        self.told
    }
}
