//! Requests that wait for their answer: the matching that every request-and-answer protocol needs.

use std::collections::VecDeque;

use model::Time;

use crate::limits;

/// Requests of one flow in the order in which they were asked, found by the key that the protocol matches answers with
/// (transaction id, sequence number, invoke id). Bounded by `limits::PENDING_MAX`; no allocation after the first requests.
pub struct Exchange<K, R> {
    waiting: VecDeque<(K, Time, R)>,
}

impl<K: PartialEq, R> Default for Exchange<K, R> {
    fn default() -> Self {
        Exchange { waiting: VecDeque::new() }
    }
}

impl<K: PartialEq, R> Exchange<K, R> {
    /// Keeps a request. Gives back what must now be told as unanswered: an older request with the same key, or the
    /// oldest one when the table is full.
    #[must_use = "a request that is pushed out was never answered, and must be told"]
    pub fn ask(&mut self, key: K, at: Time, request: R) -> Option<(K, Time, R)> {
        let replaced = match self.waiting.iter().position(|(k, _, _)| *k == key) {
            Some(index) => self.waiting.remove(index),
            None if self.waiting.len() >= limits::PENDING_MAX => self.waiting.pop_front(),
            None => None,
        };
        if self.waiting.capacity() == 0 {
            // Most flows ask one thing at a time, and there may be many flows.
            self.waiting.reserve_exact(1);
        }
        self.waiting.push_back((key, at, request));
        replaced
    }

    /// The request that an answer with `key` belongs to, with the time at which it was asked.
    pub fn answer(&mut self, key: &K) -> Option<(Time, R)> {
        let index = self.waiting.iter().position(|(k, _, _)| k == key)?;
        self.waiting.remove(index).map(|(_, at, request)| (at, request))
    }

    /// The oldest request that `is_it` holds for, with its key: where an answer's key is not that of its request.
    pub fn answer_if(&mut self, mut is_it: impl FnMut(&K, &R) -> bool) -> Option<(K, Time, R)> {
        let index = self.waiting.iter().position(|(k, _, request)| is_it(k, request))?;
        self.waiting.remove(index)
    }

    /// The request with `key`, without taking it out (for answers in several parts).
    pub fn find(&mut self, key: &K) -> Option<(Time, &mut R)> {
        self.waiting.iter_mut().find(|(k, _, _)| k == key).map(|(_, at, request)| (*at, request))
    }

    /// The oldest request, where it was asked more than `limits::ANSWER_WAIT` before `now`: no answer will come.
    pub fn overdue(&mut self, now: Time) -> Option<(K, Time, R)> {
        let (_, at, _) = self.waiting.front()?;
        if now.since(*at) > limits::ANSWER_WAIT { self.waiting.pop_front() } else { None }
    }

    /// All that waits, oldest first, leaving none: for the end of a flow.
    pub fn drain(&mut self) -> impl Iterator<Item = (K, Time, R)> + '_ {
        self.waiting.drain(..)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answered_in_another_order() {
        let mut exchange = Exchange::default();
        assert!(exchange.ask(1, Time(10), "a").is_none());
        assert!(exchange.ask(2, Time(20), "b").is_none());
        assert_eq!(exchange.answer(&2), Some((Time(20), "b")));
        assert_eq!(exchange.answer(&2), None);
        assert_eq!(exchange.answer(&1), Some((Time(10), "a")));
    }

    #[test]
    fn the_oldest_is_given_back_when_full() {
        let mut exchange = Exchange::default();
        for key in 0..limits::PENDING_MAX {
            assert!(exchange.ask(key, Time(0), ()).is_none());
        }
        assert_eq!(exchange.ask(limits::PENDING_MAX, Time(0), ()).map(|r| r.0), Some(0));
        assert_eq!(exchange.len(), limits::PENDING_MAX);
    }
}
