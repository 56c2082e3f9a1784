//! One log for many threads: what they hand in at the same time is made durable with one sync.

use std::ops::Range;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::error::LedgerError;
use crate::limits::ENTRY_BYTES_MAX;
use crate::log::Log;
use crate::note::VerifyingKey;
use crate::reader::Reader;

/// Requests that wait for the writer before those who ask wait to ask.
const REQUESTS_MAX: usize = 1024;

/// Why entries were not accepted.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refused {
    /// The log was stopped.
    #[error("the log was stopped")]
    Stopped,
    /// The log could not; several requests may share the reason.
    #[error(transparent)]
    Log(Arc<LedgerError>),
}

/// How the log stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Entries accepted.
    pub size: u64,
    /// Entries under the newest checkpoint.
    pub published: u64,
    /// Why publishing or accepting does not work at the moment.
    pub trouble: Option<String>,
}

enum Request {
    Append(Vec<Vec<u8>>, SyncSender<Result<Range<u64>, Refused>>),
    Publish(SyncSender<Result<(), Refused>>),
    Stop,
}

/// A log with a thread of its own; clones hand in to the same one.
#[derive(Clone, Debug)]
pub struct Ledger {
    requests: SyncSender<Request>,
    status: Arc<Mutex<Status>>,
    thread: Arc<Mutex<Option<JoinHandle<Log>>>>,
    reader: Reader,
    key: VerifyingKey,
}

impl Ledger {
    /// Starts the thread. Accepted entries come under a checkpoint after at most `publish_every`.
    pub fn start(log: Log, publish_every: Duration) -> Ledger {
        let (requests, received) = mpsc::sync_channel(REQUESTS_MAX);
        let (reader, key) = (log.reader(), log.key().clone());
        let status = Arc::new(Mutex::new(Status { size: log.size(), published: log.published(), trouble: None }));
        let shown = Arc::clone(&status);
        let thread = std::thread::Builder::new().name("ledger".into()).spawn(move || {
            let mut log = log;
            run(&mut log, &received, publish_every, &shown);
            log
        });
        let thread = Arc::new(Mutex::new(Some(thread.expect("the system gives a thread"))));
        Ledger { requests, status, thread, reader, key }
    }

    /// Accepts entries, all or none, in one piece: when this returns they are on disk and have these indexes.
    pub fn append(&self, entries: Vec<Vec<u8>>) -> Result<Range<u64>, Refused> {
        if let Some(entry) = entries.iter().find(|entry| entry.len() > ENTRY_BYTES_MAX) {
            return Err(Refused::Log(Arc::new(LedgerError::TooLarge(entry.len()))));
        }
        let (answer, answered) = mpsc::sync_channel(1);
        self.requests.send(Request::Append(entries, answer)).map_err(|_| Refused::Stopped)?;
        answered.recv().map_err(|_| Refused::Stopped)?
    }

    /// Puts everything accepted under a checkpoint now.
    pub fn publish(&self) -> Result<(), Refused> {
        let (answer, answered) = mpsc::sync_channel(1);
        self.requests.send(Request::Publish(answer)).map_err(|_| Refused::Stopped)?;
        answered.recv().map_err(|_| Refused::Stopped)?
    }

    /// How the log stands.
    pub fn status(&self) -> Status {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A reader of what is published.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The key to verify with.
    pub fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// Publishes and ends the thread; every clone is refused from then on. Gives the log to the first who asks.
    pub fn stop(&self) -> Option<Log> {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        // The thread ends also when nobody can ask it any more.
        let _ = self.requests.send(Request::Stop);
        thread.join().ok()
    }
}

fn run(log: &mut Log, requests: &Receiver<Request>, publish_every: Duration, status: &Mutex<Status>) {
    let mut unpublished_since: Option<Instant> = None;
    let mut trouble = None;
    loop {
        let wait = unpublished_since.map_or(publish_every, |since| publish_every.saturating_sub(since.elapsed()));
        let first = match requests.recv_timeout(wait) {
            Ok(request) => Some(request),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Request::Stop),
        };
        let mut appends: Vec<Append> = Vec::new();
        let mut publishes = Vec::new();
        let mut is_stopping = false;
        for request in first.into_iter().chain(requests.try_iter().take(REQUESTS_MAX)) {
            match request {
                Request::Append(entries, answer) => appends.push((entries, answer)),
                Request::Publish(answer) => publishes.push(answer),
                Request::Stop => is_stopping = true,
            }
        }
        let appended = (!appends.is_empty()).then(|| append(log, &appends));
        if let Some(result) = &appended {
            trouble = result.as_ref().err().map(Refused::to_string);
        }
        let is_due = unpublished_since.is_some_and(|since| since.elapsed() >= publish_every);
        let mut published = Ok(());
        if is_due || is_stopping || !publishes.is_empty() {
            published = log.publish().map_err(|error| Refused::Log(Arc::new(error)));
            if appended.is_none() || published.is_err() {
                trouble = published.as_ref().err().map(Refused::to_string);
            }
            // What did not work is tried again after the same time.
            unpublished_since = None;
        }
        if log.published() < log.size() {
            unpublished_since.get_or_insert_with(Instant::now);
        }
        *status.lock().unwrap_or_else(PoisonError::into_inner) =
            Status { size: log.size(), published: log.published(), trouble: trouble.clone() };
        // Who asked may have stopped waiting: then nobody takes the answer.
        if let Some(result) = appended {
            let mut next = result.as_ref().map_or(0, |range| range.start);
            for (entries, answer) in appends {
                let range = next..next + entries.len() as u64;
                next = range.end;
                let _ = answer.send(result.clone().map(|_| range));
            }
        }
        for answer in publishes {
            let _ = answer.send(published.clone());
        }
        if is_stopping {
            return;
        }
    }
}

/// Entries of one request, and where its answer goes.
type Append = (Vec<Vec<u8>>, SyncSender<Result<Range<u64>, Refused>>);

/// Appends the entries of all requests with one sync.
fn append(log: &mut Log, requests: &[Append]) -> Result<Range<u64>, Refused> {
    let entries: Vec<&Vec<u8>> = requests.iter().flat_map(|(entries, _)| entries).collect();
    log.append(&entries).map_err(|error| Refused::Log(Arc::new(error)))
}
