//! Log files beside captures: read at once, told in the order of time among the records of packets.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use model::{Event, Record, Time};

use crate::console;
use crate::judged;

/// Bytes of one log file.
const LOG_BYTES_MAX: usize = 2 << 30;

/// Events that wait for their time.
#[derive(Default)]
pub struct Logs {
    waiting: VecDeque<Event>,
    /// Files that were logs.
    pub files: usize,
    /// Events of them.
    pub events: usize,
    /// Files or lines that could not be read.
    pub unreadable: u64,
}

/// The paths that are captures, and the events of those that are logs.
pub fn split(paths: &[PathBuf]) -> (Vec<PathBuf>, Logs) {
    let (mut captures, mut logs, mut events) = (Vec::new(), Logs::default(), Vec::new());
    for path in paths {
        let Some(form) = events::recognise(&judged::head(path)) else {
            captures.push(path.clone());
            continue;
        };
        logs.files += 1;
        match judged::bytes(path, LOG_BYTES_MAX) {
            Ok(bytes) => {
                let (found, unreadable) = events::file(form, &String::from_utf8_lossy(&bytes), written(path));
                if unreadable > 0 {
                    console::tell(&format!("vigie: {}: {unreadable} lines not readable\n", path.display()));
                }
                logs.unreadable += unreadable;
                events.extend(found);
            }
            Err(why) => {
                logs.unreadable += 1;
                console::tell(&format!("vigie: {why}\n"));
            }
        }
    }
    events.sort_by_key(|event| event.at);
    logs.events = events.len();
    logs.waiting = events.into();
    (captures, logs)
}

/// When the file was written last: the time of lines that say none.
fn written(path: &Path) -> Time {
    let modified = std::fs::metadata(path).and_then(|about| about.modified()).ok();
    let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    Time(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

impl Logs {
    /// Tells the events that came before `time`; all of them where there is none.
    pub fn until(&mut self, time: Option<Time>, mut tell: impl FnMut(&Record)) {
        while let Some(event) = self.waiting.front() {
            if time.is_some_and(|time| event.at > time) {
                break;
            }
            if let Some(event) = self.waiting.pop_front() {
                tell(&Record::Event(event));
            }
        }
    }
}
