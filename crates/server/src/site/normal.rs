//! What is normal at this site: asked of the analysis, and decided by people in the order of the ledger.

use std::sync::atomic::Ordering;

use analyze::Baseline;

use super::{Site, lock};
use crate::SiteError;

impl Site {
    /// What `ask` wants to know of what is normal.
    pub fn normal<T>(&self, ask: impl FnOnce(&Baseline) -> T) -> Option<T> {
        lock(&self.mind).reached.analysis.baseline().map(ask)
    }

    /// Writes a decision on what is normal into the ledger and applies it before the next batch comes in: a rebuild meets
    /// both in the same order.
    pub(super) fn append_normal(&self, entry: Vec<u8>) -> Result<u64, SiteError> {
        // Whoever holds this keeps batches out.
        let _kept = lock(&self.kept);
        let index = self.ledger.append(vec![entry.clone()])?.start;
        // Whoever judges the past reads this from the ledger too.
        if !self.is_warming.load(Ordering::Acquire) {
            self.take_normal(index, &entry);
        }
        Ok(index)
    }

    /// Takes over what entry `index` of the ledger says of what is normal.
    pub(super) fn take_normal(&self, index: u64, entry: &[u8]) {
        let mut mind = lock(&self.mind);
        if index >= mind.reached.next {
            mind.reached.decide(index, entry);
            mind.is_news = true;
        }
    }
}
