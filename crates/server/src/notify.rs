//! Telling people and their tools of findings: bounded queues, and patience with what does not answer.

mod message;
mod send;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use model::{Finding, Time};
use serde::Serialize;
use store::Notification;
use tokio::sync::mpsc;

use crate::{Site, clock};

pub use send::{Smtp, check_target};

/// Findings that wait for one target; what does not fit is counted.
const QUEUE: usize = 1000;

/// Tries for one finding: the waits between them double from two seconds, and add up to some three hours.
const TRIES: u32 = 14;

/// How long one try may take.
const TRY: Duration = Duration::from_secs(20);

/// How a target is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Delivery {
    /// When something reached it last.
    pub last_sent: Option<Time>,
    /// Why it did not, the last time; nothing since something reached it.
    pub last_error: Option<String>,
    /// Findings that it was not told.
    pub dropped: u64,
}

/// What findings wait for.
pub struct Notifier {
    sender: mpsc::Sender<Finding>,
    deliveries: Mutex<HashMap<String, Delivery>>,
}

impl Notifier {
    pub(crate) fn new() -> (Notifier, mpsc::Receiver<Finding>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        (Notifier { sender, deliveries: Mutex::default() }, receiver)
    }

    /// Takes a finding in, where there is room.
    pub(crate) fn tell(&self, finding: &Finding) {
        if self.sender.try_send(finding.clone()).is_err() {
            tracing::warn!("finding {} is told nobody: too many at once", finding.id);
        }
    }

    /// How a target is.
    pub fn delivery(&self, id: &str) -> Delivery {
        self.deliveries.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned().unwrap_or_default()
    }

    fn note(&self, id: &str, change: impl FnOnce(&mut Delivery)) {
        change(self.deliveries.lock().unwrap_or_else(PoisonError::into_inner).entry(id.to_owned()).or_default());
    }
}

/// Whether a target is to be told of a finding.
fn is_wanted(notification: &Notification, finding: &Finding) -> bool {
    notification.is_enabled
        && finding.severity >= notification.severity
        && (notification.detectors.is_empty() || notification.detectors.iter().any(|id| *id == finding.detector))
}

/// Gives findings to the targets that want them, until the site is gone.
pub(crate) async fn run(site: Weak<Site>, mut findings: mpsc::Receiver<Finding>) {
    let mut workers: HashMap<String, mpsc::Sender<Finding>> = HashMap::new();
    while let Some(finding) = findings.recv().await {
        let Some(strong) = site.upgrade() else { return };
        let decided = strong.decided();
        for (id, notification) in decided.notifications.iter().filter(|(_, n)| is_wanted(n, &finding)) {
            let worker = workers.get(id).filter(|worker| !worker.is_closed());
            let worker = match worker {
                Some(worker) => worker.clone(),
                None => {
                    let (sender, receiver) = mpsc::channel(QUEUE);
                    tokio::spawn(work(Weak::clone(&site), id.clone(), receiver));
                    workers.insert(id.clone(), sender.clone());
                    sender
                }
            };
            if worker.try_send(finding.clone()).is_err() {
                tracing::warn!("`{}` is not told of {}: too many wait for it", notification.name, finding.id);
                strong.notifier.note(id, |delivery| delivery.dropped += 1);
            }
        }
    }
}

/// Tells one target, one finding after the other.
async fn work(site: Weak<Site>, id: String, mut findings: mpsc::Receiver<Finding>) {
    while let Some(finding) = findings.recv().await {
        for number in 0..TRIES {
            let Some(site) = site.upgrade().filter(|site| !site.is_closing()) else { return };
            // What was changed meanwhile counts.
            let Some(notification) = site.decided().notifications.get(&id).cloned().filter(|n| n.is_enabled) else {
                return;
            };
            if try_once(&site, &id, &notification, &finding).await.is_ok() {
                break;
            }
            drop(site);
            if number + 1 < TRIES {
                tokio::time::sleep(Duration::from_secs(2 << number.min(11))).await;
            }
        }
    }
}

/// Tells a target of a finding, once; says why not where it fails, to people too.
pub(crate) async fn try_once(
    site: &Arc<Site>,
    id: &str,
    notification: &Notification,
    finding: &Finding,
) -> Result<(), String> {
    let result = match tokio::time::timeout(TRY, send::send(site, id, notification, finding)).await {
        Ok(result) => result,
        Err(_) => Err(format!("no answer within {} s", TRY.as_secs())),
    };
    match &result {
        Ok(()) => site.notifier.note(id, |delivery| {
            (delivery.last_sent, delivery.last_error) = (Some(clock::now()), None);
        }),
        Err(error) => {
            tracing::warn!("`{}` was not told: {error}", notification.name);
            site.notifier.note(id, |delivery| delivery.last_error = Some(error.clone()));
        }
    }
    result
}
