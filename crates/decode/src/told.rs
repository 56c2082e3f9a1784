//! Records in the order in which they were told: a list in pages, so that growing moves nothing and takes no large block.

use model::Record;

use crate::limits;

/// Records of one page: 16 KB.
const PAGE: usize = 32;

/// Records with the number of the frame that caused each.
#[derive(Default)]
pub(crate) struct Told {
    /// All full, but the last of those in use; behind them empty ones that are kept.
    pages: Vec<Vec<(u64, Record)>>,
    /// Pages in use.
    used: usize,
}

impl Told {
    /// Adds a record that the frame with `number` caused.
    pub(crate) fn push(&mut self, (number, record): (u64, Record)) {
        if let Some(page) = self.pages.get_mut(self.used.wrapping_sub(1))
            && page.len() < PAGE
        {
            page.push((number, record));
            return;
        }
        if self.used == self.pages.len() {
            self.pages.push(Vec::with_capacity(PAGE));
        }
        if let Some(page) = self.pages.get_mut(self.used) {
            page.push((number, record));
            self.used += 1;
        }
    }

    /// The record at `index`.
    pub(crate) fn get(&self, index: usize) -> Option<&Record> {
        self.pages.get(index / PAGE)?.get(index % PAGE).map(|(_, record)| record)
    }

    /// All records, with the numbers of their frames.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &Record)> {
        self.pages.iter().flatten().map(|(number, record)| (*number, record))
    }

    /// Takes all records out.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = (u64, Record)> {
        self.used = 0;
        std::mem::take(&mut self.pages).into_iter().flatten()
    }

    /// Forgets all records, and keeps room for `limits::RECORDS_KEPT`.
    pub(crate) fn clear(&mut self) {
        self.used = 0;
        self.pages.truncate(limits::RECORDS_KEPT / PAGE);
        self.pages.iter_mut().for_each(Vec::clear);
    }
}
