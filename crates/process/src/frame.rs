//! A table of process values: one row a time, one column a tag, holes where nothing is known.

use model::Time;

/// Values of tags over time. Rows are in order of time; what is not known is NaN.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    tags: Vec<String>,
    at: Vec<Time>,
    values: Vec<f64>,
}

impl Frame {
    /// Without rows.
    pub fn new(tags: Vec<String>) -> Frame {
        Frame { tags, at: Vec::new(), values: Vec::new() }
    }

    /// Appends a row; what it lacks is unknown, what it has too much is left out.
    pub fn push(&mut self, at: Time, values: &[f64]) {
        self.at.push(at);
        let width = self.tags.len();
        self.values.extend(values.iter().take(width).map(|value| if value.is_finite() { *value } else { f64::NAN }));
        self.values.resize(self.at.len() * width, f64::NAN);
    }

    /// Names of the tags, in the order of the columns.
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// Times of the rows.
    pub fn at(&self) -> &[Time] {
        &self.at
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    /// Number of tags.
    pub fn width(&self) -> usize {
        self.tags.len()
    }

    /// One row.
    pub fn row(&self, index: usize) -> &[f64] {
        &self.values[index * self.width()..(index + 1) * self.width()]
    }

    /// All rows in order.
    pub fn rows(&self) -> impl Iterator<Item = (Time, &[f64])> {
        self.at.iter().copied().zip(self.values.chunks_exact(self.width().max(1)))
    }

    /// One column.
    pub fn column(&self, tag: usize) -> impl Iterator<Item = f64> + '_ {
        self.values.iter().skip(tag).step_by(self.width().max(1)).copied()
    }

    /// The same rows with these tags only, in this order; a tag that is not there is unknown throughout.
    pub fn select(&self, tags: &[String]) -> Frame {
        let places: Vec<Option<usize>> = tags.iter().map(|tag| self.tags.iter().position(|own| own == tag)).collect();
        let mut frame = Frame::new(tags.to_vec());
        for (at, row) in self.rows() {
            frame.at.push(at);
            frame.values.extend(places.iter().map(|place| place.map_or(f64::NAN, |place| row[place])));
        }
        frame
    }

    /// The usual time between rows, in seconds: the median. None where there are fewer than two rows.
    pub fn interval(&self) -> Option<f64> {
        let mut steps: Vec<i64> =
            self.at.windows(2).map(|pair| pair[1].since(pair[0])).filter(|step| *step > 0).collect();
        let middle = steps.len() / 2;
        (!steps.is_empty()).then(|| *steps.select_nth_unstable(middle).1 as f64 / 1e9)
    }
}
