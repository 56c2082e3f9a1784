//! The way of batches inside one process: a bounded queue with acknowledgements.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::Batch;
use crate::limits::ChannelLimits;

/// What happens to a batch that finds the queue full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The sender waits: right where the input can wait (a file).
    Wait,
    /// The batch is dropped and counted: right where the input cannot wait (an interface).
    Drop,
}

/// What became of a batch that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It is in the queue, under this number; [`Sender::acknowledged`] tells when it is on disk.
    Queued(u64),
    /// There was no room: its number will be missing at the server.
    Dropped(u64),
}

/// The other end is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the other end of the channel is gone")]
pub struct Closed;

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Batch>,
    records: usize,
    acknowledged: u64,
    dropped_batches: u64,
    dropped_records: u64,
    senders: usize,
    is_received: bool,
}

#[derive(Debug)]
struct Shared {
    limits: ChannelLimits,
    state: Mutex<State>,
    /// Something was queued, or a sender left.
    filled: Condvar,
    /// Room was made, something was acknowledged, or the receiver left.
    moved: Condvar,
}

impl Shared {
    /// The counts are whole at every instant, so a thread that panicked elsewhere does not spoil them.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A channel that holds no more than `limits`.
pub fn channel(limits: ChannelLimits, policy: Policy) -> (Sender, Receiver) {
    let state = State { senders: 1, is_received: true, ..State::default() };
    let shared = Arc::new(Shared { limits, state: Mutex::new(state), filled: Condvar::new(), moved: Condvar::new() });
    (Sender { shared: Arc::clone(&shared), policy }, Receiver { shared })
}

/// The sensor's end. One channel belongs to one sensor: numbers and acknowledgements are its.
#[derive(Debug)]
pub struct Sender {
    shared: Arc<Shared>,
    policy: Policy,
}

impl Sender {
    /// Sends a batch.
    pub fn send(&self, batch: Batch) -> Result<Sent, Closed> {
        let (number, records) = (batch.number, batch.records.len());
        let limits = self.shared.limits;
        let mut state = self.shared.state();
        loop {
            if !state.is_received {
                return Err(Closed);
            }
            // An empty queue takes any batch, so that one of many records does not wait for ever.
            let has_room = state.queue.is_empty()
                || (state.queue.len() < limits.batches_max && state.records + records <= limits.records_max);
            if has_room {
                break;
            }
            if self.policy == Policy::Drop {
                state.dropped_batches += 1;
                state.dropped_records += records as u64;
                return Ok(Sent::Dropped(number));
            }
            state = self.shared.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.records += records;
        state.queue.push_back(batch);
        drop(state);
        self.shared.filled.notify_one();
        Ok(Sent::Queued(number))
    }

    /// The highest number that the other end has on disk, with all before it that were not dropped; 0 for none.
    pub fn acknowledged(&self) -> u64 {
        self.shared.state().acknowledged
    }

    /// Waits until `number` is acknowledged, at most `timeout`; gives the highest number that is.
    pub fn wait_for(&self, number: u64, timeout: Duration) -> Result<u64, Closed> {
        let until = Instant::now() + timeout;
        let mut state = self.shared.state();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match state.acknowledged {
                reached if reached >= number || left.is_zero() => return Ok(reached),
                _ if !state.is_received => return Err(Closed),
                _ => state = self.shared.moved.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
            }
        }
    }

    /// Batches and records dropped because the queue was full.
    pub fn dropped(&self) -> (u64, u64) {
        let state = self.shared.state();
        (state.dropped_batches, state.dropped_records)
    }

    /// Batches and records in the queue.
    pub fn queued(&self) -> (usize, usize) {
        let state = self.shared.state();
        (state.queue.len(), state.records)
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.shared.state().senders -= 1;
        self.shared.filled.notify_all();
    }
}

/// The server's end.
#[derive(Debug)]
pub struct Receiver {
    shared: Arc<Shared>,
}

impl Receiver {
    /// All batches that are there, at most `batches_max`, in the order sent; waits for the first, at most `timeout`.
    /// Empty when none came in that time; [`Closed`] when the sender is gone and everything was received. What comes in one
    /// piece can be written and synced at once.
    pub fn receive(&self, batches_max: usize, timeout: Duration) -> Result<Vec<Batch>, Closed> {
        let until = Instant::now() + timeout;
        let mut state = self.shared.state();
        while state.queue.is_empty() {
            if state.senders == 0 {
                return Err(Closed);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Vec::new());
            }
            state = self.shared.filled.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let count = state.queue.len().min(batches_max.max(1));
        let batches: Vec<Batch> = state.queue.drain(..count).collect();
        state.records -= batches.iter().map(|batch| batch.records.len()).sum::<usize>();
        drop(state);
        self.shared.moved.notify_all();
        Ok(batches)
    }

    /// Tells the sender that the batch with this number, and all before it, are on disk.
    pub fn acknowledge(&self, number: u64) {
        let mut state = self.shared.state();
        state.acknowledged = state.acknowledged.max(number);
        drop(state);
        self.shared.moved.notify_all();
    }

    /// Batches and records that were dropped because the queue was full.
    pub fn dropped(&self) -> (u64, u64) {
        let state = self.shared.state();
        (state.dropped_batches, state.dropped_records)
    }

    /// Batches and records in the queue.
    pub fn queued(&self) -> (usize, usize) {
        let state = self.shared.state();
        (state.queue.len(), state.records)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.shared.state().is_received = false;
        self.shared.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::batch;

    const SOON: Duration = Duration::from_secs(20);

    fn numbers(batches: &[Batch]) -> Vec<u64> {
        batches.iter().map(|batch| batch.number).collect()
    }

    #[test]
    fn a_full_queue_drops_and_counts() {
        let limits = ChannelLimits { batches_max: 2, records_max: 100 };
        let (sender, receiver) = channel(limits, Policy::Drop);
        assert_eq!(sender.send(batch(1, 2)), Ok(Sent::Queued(1)));
        assert_eq!(sender.send(batch(2, 2)), Ok(Sent::Queued(2)));
        assert_eq!(sender.send(batch(3, 2)), Ok(Sent::Dropped(3)));
        assert_eq!((sender.dropped(), sender.queued()), ((1, 2), (2, 4)));
        assert_eq!(numbers(&receiver.receive(9, SOON).unwrap()), [1, 2]);
        assert_eq!(sender.acknowledged(), 0);
        receiver.acknowledge(2);
        assert_eq!(sender.wait_for(2, SOON), Ok(2));
        drop(sender);
        assert_eq!(receiver.receive(9, SOON), Err(Closed));
    }

    #[test]
    fn records_bound_the_queue_and_a_large_batch_still_passes() {
        let limits = ChannelLimits { batches_max: 9, records_max: 3 };
        let (sender, _receiver) = channel(limits, Policy::Drop);
        assert_eq!(sender.send(batch(1, 5)), Ok(Sent::Queued(1)));
        assert_eq!(sender.send(batch(2, 1)), Ok(Sent::Dropped(2)));
    }

    #[test]
    fn a_sender_that_waits_loses_nothing() {
        let (sender, receiver) = channel(ChannelLimits { batches_max: 1, records_max: 100 }, Policy::Wait);
        let sensor = std::thread::spawn(move || {
            for number in 1..=200 {
                assert_eq!(sender.send(batch(number, 1)), Ok(Sent::Queued(number)));
            }
            assert_eq!(sender.wait_for(200, SOON), Ok(200));
        });
        let mut received = Vec::new();
        while let Ok(batches) = receiver.receive(16, SOON) {
            received.extend(numbers(&batches));
            receiver.acknowledge(*received.last().unwrap());
        }
        assert_eq!(received, Vec::from_iter(1..=200));
        sensor.join().unwrap();
    }

    #[test]
    fn a_receiver_that_leaves_frees_the_sender() {
        let (sender, receiver) = channel(ChannelLimits { batches_max: 1, records_max: 100 }, Policy::Wait);
        sender.send(batch(1, 1)).unwrap();
        let server = std::thread::spawn(move || drop(receiver));
        assert_eq!(sender.send(batch(2, 1)), Err(Closed));
        assert_eq!(sender.wait_for(1, SOON), Err(Closed));
        server.join().unwrap();
    }
}
