//! The live stream: what happens, as it happens, bounded; what does not fit is counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use model::words;
use serde::Serialize;
use tokio::sync::broadcast;

use crate::limits;

words! {
    /// The kinds of events.
    pub enum Kind {
        /// An act, as in JSON lines.
        Act = "act",
        /// A fact.
        Fact = "fact",
        /// A finding that arose.
        Finding = "finding",
        /// A machine that is new or known better: a row of the list.
        Asset = "asset",
        /// How much, every second.
        Rates = "rates",
        /// Something that could not be seen.
        Health = "health",
        /// How many events this reader was too slow for, or the stream too small.
        Dropped = "dropped",
    }
}

/// One event, put into words once for all readers.
#[derive(Debug)]
pub struct Event {
    /// Of which kind.
    pub kind: Kind,
    /// JSON.
    pub data: String,
}

/// The sending end.
#[derive(Debug)]
pub struct Live {
    sender: broadcast::Sender<Arc<Event>>,
    /// Events that were not sent because there were too many.
    left_out: AtomicU64,
}

impl Live {
    pub(crate) fn new() -> Live {
        Live { sender: broadcast::Sender::new(limits::EVENTS_QUEUED), left_out: AtomicU64::new(0) }
    }

    /// Whether anybody listens.
    pub(crate) fn is_heard(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    /// How many listen.
    pub(crate) fn readers(&self) -> usize {
        self.sender.receiver_count()
    }

    /// Listens from now on.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Arc<Event>> {
        self.sender.subscribe()
    }

    /// Sends something, where anybody listens.
    pub(crate) fn tell(&self, kind: Kind, what: &impl Serialize) {
        if !self.is_heard() {
            return;
        }
        if let Ok(data) = serde_json::to_string(what) {
            // An error says only that nobody listens any more.
            let _ = self.sender.send(Arc::new(Event { kind, data }));
        }
    }

    /// Counts what was left out.
    pub(crate) fn leave_out(&self, count: u64) {
        self.left_out.fetch_add(count, Ordering::Relaxed);
    }

    /// Tells what was left out since the last call.
    pub(crate) fn tell_left_out(&self) {
        match self.left_out.swap(0, Ordering::Relaxed) {
            0 => {}
            count => self.tell(Kind::Dropped, &serde_json::json!({ "count": count })),
        }
    }
}

/// So many a second, and as many at once.
#[derive(Debug)]
pub struct Budget {
    a_second: u32,
    left: f64,
    filled: Instant,
}

impl Budget {
    pub(crate) fn new(a_second: u32) -> Budget {
        Budget { a_second, left: f64::from(a_second), filled: Instant::now() }
    }

    /// How many may go now, of `wanted`.
    pub(crate) fn take(&mut self, wanted: usize) -> usize {
        let now = Instant::now();
        let more = now.duration_since(self.filled).as_secs_f64() * f64::from(self.a_second);
        (self.left, self.filled) = ((self.left + more).min(f64::from(self.a_second)), now);
        let taken = wanted.min(self.left as usize);
        self.left -= taken as f64;
        taken
    }
}
