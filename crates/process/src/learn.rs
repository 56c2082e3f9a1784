//! Learning: rows go in one by one, what is normal comes out.
//!
//! Memory is bounded whatever the length of the history: when there are too many rows every second one is dropped and the
//! step of the engines doubles. Ranges are taken from all rows.

use model::Time;

use crate::bounds::PARTS;
use crate::frame::Frame;
use crate::limits::{HOLD_STEPS, ROWS_MAX, TAGS_MAX, VALUES_MAX};
use crate::normal::Normal;
use crate::{fit, quantum};

/// What may be chosen.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Resolution of each tag where the values to be judged are coarser than those to be learned from.
    pub quanta: Vec<f64>,
    /// Alarms a day that are promised; none for as few as the history allows.
    pub budget: Option<f64>,
}

/// Why nothing can be learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TooLittle {
    /// So few rows.
    Rows(usize),
    /// No tag has numbers.
    Tags,
    /// So many tags: group them.
    ManyTags(usize),
}

impl std::fmt::Display for TooLittle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TooLittle::Rows(rows) => write!(f, "{rows} rows are too few to learn from; {ROWS_LEAST} are the least"),
            TooLittle::Tags => write!(f, "no column has numbers"),
            TooLittle::ManyTags(tags) => write!(f, "{tags} tags are too many for one group; {TAGS_MAX} are the most"),
        }
    }
}

/// Rows without which nothing is learned.
pub const ROWS_LEAST: usize = 64;

/// Takes in rows of a history that is believed to be normal.
#[derive(Clone, Debug)]
pub struct Learner {
    options: Options,
    frame: Frame,
    /// Whether a sequence begins at a row of the frame.
    begins: Vec<bool>,
    /// Seconds between the rows that are kept; 0 while all are.
    interval: f64,
    kept_at: Option<Time>,
    is_cut: bool,
    rows: u64,
    /// Least and greatest of all rows, also of those that were not kept.
    extremes: Vec<(f64, f64)>,
    rows_max: usize,
}

impl Learner {
    /// Of tags with these names.
    pub fn new(tags: Vec<String>, options: Options) -> Learner {
        let rows_max = (VALUES_MAX / tags.len().max(1)).min(ROWS_MAX);
        Learner {
            options,
            extremes: vec![(f64::INFINITY, f64::NEG_INFINITY); tags.len()],
            frame: Frame::new(tags),
            begins: Vec::new(),
            interval: 0.0,
            kept_at: None,
            is_cut: true,
            rows: 0,
            rows_max,
        }
    }

    /// Takes in a row. A row that is not later than the one before begins a new sequence.
    pub fn push(&mut self, at: Time, values: &[f64]) {
        self.rows += 1;
        for ((low, high), value) in self.extremes.iter_mut().zip(values).filter(|(_, value)| value.is_finite()) {
            *low = low.min(*value);
            *high = high.max(*value);
        }
        if let Some(kept) = self.kept_at.filter(|_| !self.is_cut) {
            let passed = at.since(kept) as f64 / 1e9;
            if passed >= 0.0 && passed < self.interval * 0.75 {
                return;
            }
            self.is_cut = passed <= 0.0;
        }
        self.frame.push(at, values);
        self.begins.push(self.is_cut);
        (self.is_cut, self.kept_at) = (false, Some(at));
        if self.frame.len() >= self.rows_max {
            self.thin();
        }
    }

    /// What comes next does not follow what was: another file, or something between was left out.
    pub fn cut(&mut self) {
        self.is_cut = true;
    }

    /// Drops every second row.
    fn thin(&mut self) {
        let usual = self.frame.interval().unwrap_or(1.0);
        let mut thinned = Frame::new(self.frame.tags().to_vec());
        let mut begins = Vec::with_capacity(self.begins.len() / 2 + 1);
        let mut is_begin = false;
        for (index, (at, row)) in self.frame.rows().enumerate() {
            is_begin |= self.begins[index];
            if index % 2 == 0 {
                thinned.push(at, row);
                begins.push(is_begin);
                is_begin = false;
            }
        }
        self.interval = usual * 2.0;
        (self.frame, self.begins) = (thinned, begins);
    }

    /// What is normal.
    pub fn finish(self) -> Result<Normal, TooLittle> {
        let (rows, width) = (self.frame.len(), self.frame.width());
        if rows < ROWS_LEAST {
            return Err(TooLittle::Rows(rows));
        }
        if width > TAGS_MAX {
            return Err(TooLittle::ManyTags(width));
        }
        let interval = self.frame.interval().unwrap_or(1.0);
        let quanta: Vec<f64> = (0..width)
            .map(|tag| {
                quantum::decimal(self.frame.column(tag)).max(self.options.quanta.get(tag).copied().unwrap_or(0.0))
            })
            .collect();
        // Rounded, and held over short holes.
        let mut held = vec![f64::NAN; width];
        let mut ages = vec![0_usize; width];
        let mut values = Vec::with_capacity(rows * width);
        let mut begins = self.begins;
        for (index, (at, row)) in self.frame.rows().enumerate() {
            if index > 0 {
                let passed = at.since(self.frame.at()[index - 1]) as f64 / 1e9;
                begins[index] |= passed > interval * crate::limits::HOLE_STEPS;
            }
            if begins[index] {
                held.fill(f64::NAN);
            }
            for tag in 0..width {
                if row[tag].is_finite() {
                    held[tag] = quantum::round(row[tag], quanta[tag]);
                    ages[tag] = 0;
                } else {
                    ages[tag] += 1;
                    if ages[tag] > HOLD_STEPS {
                        held[tag] = f64::NAN;
                    }
                }
            }
            values.extend_from_slice(&held);
        }
        let (at, names) = (self.frame.at().to_vec(), self.frame.tags().to_vec());
        drop(self.frame);
        let history = History { at, values, width, begins, interval, quanta, extremes: self.extremes, rows: self.rows };
        fit::fit(&history, &self.options, names)
    }
}

/// A history that is ready to be learned from: rounded, held, cut.
pub(crate) struct History {
    pub at: Vec<Time>,
    pub values: Vec<f64>,
    pub width: usize,
    pub begins: Vec<bool>,
    pub interval: f64,
    pub quanta: Vec<f64>,
    pub extremes: Vec<(f64, f64)>,
    pub rows: u64,
}

impl History {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// One row.
    pub fn row(&self, index: usize) -> &[f64] {
        &self.values[index * self.width..(index + 1) * self.width]
    }

    /// The part of the history in which a row lies.
    pub fn part(&self, row: usize) -> usize {
        (row * PARTS / self.len().max(1)).min(PARTS - 1)
    }
}
