//! One site: what comes in is kept, then judged, then told.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use model::{Record, Time};
use serde_json::json;
use store::{Decided, Decision, Recovered, Store, StoreError};
use uplink::{Batch, Closed, Journal, JournalError, Receiver};

use crate::live::{Kind, Live};
use crate::people::People;
use crate::view::{Sensor, View};
use crate::{Config, clock, limits};

mod mind;

use mind::Mind;

/// Batches that are written and synced together at most.
const BATCHES_AT_ONCE: usize = 64;

/// Why the site could not be opened, or could not take something in.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// State.
    #[error("state: {0}")]
    Store(#[from] StoreError),
    /// The journal.
    #[error("journal: {0}")]
    Journal(#[from] JournalError),
    /// The system.
    #[error("{0}")]
    System(#[from] std::io::Error),
}

/// One site.
pub struct Site {
    config: Config,
    store: Store,
    pub(crate) people: People,
    pub(crate) live: Live,
    started: Time,
    recovered: Vec<Recovered>,
    /// What is on disk before anything is judged.
    kept: Mutex<Journal>,
    /// The order of decisions.
    decisions: tokio::sync::Mutex<()>,
    mind: Mutex<Mind>,
    /// Something was judged, or the site closes.
    stirred: Condvar,
    view: RwLock<Arc<View>>,
    decided: RwLock<Arc<Decided>>,
    sensors: Mutex<BTreeMap<String, Sensor>>,
    /// Batches accepted, and judged.
    accepted: AtomicU64,
    judged: AtomicU64,
    /// The journal of earlier runs is still being judged.
    is_warming: AtomicBool,
    is_closing: AtomicBool,
}

/// A lock whose holder panicked is taken all the same: what is behind it is whole between two records.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Site {
    /// Opens what is kept below `config.data`, and begins to judge what earlier runs left in the journal.
    pub async fn open(config: Config) -> Result<Arc<Site>, SiteError> {
        let (store, recovered) = Store::open(&config.data).await?;
        for recovery in &recovered {
            tracing::warn!("{recovery}");
        }
        let journal = Journal::open(&config.data.join("journal"), uplink::limits::JournalLimits::default())?;
        let decided = store.decided().await?;
        let people = People::new(store.has_administrator().await?);
        let past = journal.next();
        let site = Arc::new(Site {
            people,
            live: Live::new(),
            started: clock::now(),
            recovered,
            decisions: tokio::sync::Mutex::new(()),
            mind: Mutex::new(Mind::new()),
            stirred: Condvar::new(),
            view: RwLock::new(Arc::default()),
            decided: RwLock::new(Arc::new(decided)),
            sensors: Mutex::default(),
            accepted: AtomicU64::new(past - 1),
            judged: AtomicU64::new(0),
            is_warming: AtomicBool::new(true),
            is_closing: AtomicBool::new(false),
            kept: Mutex::new(journal),
            config,
            store,
        });
        let warming = Arc::clone(&site);
        std::thread::Builder::new().name("warm-up".into()).spawn(move || warming.warm_up())?;
        let judging = Arc::clone(&site);
        std::thread::Builder::new().name("judge".into()).spawn(move || judging.judge())?;
        let ticking = Arc::downgrade(&site);
        tokio::spawn(async move {
            let mut each = tokio::time::interval(Duration::from_secs(1));
            loop {
                each.tick().await;
                let Some(site) = ticking.upgrade().filter(|site| !site.is_closing()) else { break };
                site.second().await;
            }
        });
        Ok(site)
    }

    /// Takes batches in: when this returns they are on disk, and judged unless the past is still being judged.
    ///
    /// Blocks; call it from a thread, not from a task. Several batches at once cost one sync.
    pub fn ingest(&self, batches: &[Batch]) -> Result<(), SiteError> {
        let mut kept = lock(&self.kept);
        for batch in batches {
            kept.append(batch.created, &batch.to_bytes())?;
        }
        kept.sync()?;
        self.accepted.fetch_add(batches.len() as u64, Ordering::Relaxed);
        // Whoever judges the past reads these from the journal too.
        if self.is_warming.load(Ordering::Acquire) {
            return Ok(());
        }
        // The next batches may be written only when these were judged: the order is that of the journal.
        for batch in batches {
            self.judge_records(&batch.records);
        }
        Ok(())
    }

    /// Takes in what comes through a channel, until its other end is gone; acknowledges what is on disk. Where the disk
    /// is full it waits and tries again: what was not acknowledged is kept.
    pub fn feed(self: &Arc<Site>, receiver: Receiver) -> std::io::Result<std::thread::JoinHandle<()>> {
        let site = Arc::clone(self);
        std::thread::Builder::new().name("ingest".into()).spawn(move || {
            loop {
                let batches = match receiver.receive(BATCHES_AT_ONCE, Duration::from_millis(200)) {
                    Ok(batches) => batches,
                    Err(Closed) => break,
                };
                let Some(last) = batches.last().map(|batch| batch.number) else {
                    if site.is_closing() {
                        break;
                    }
                    continue;
                };
                while let Err(error) = site.ingest(&batches) {
                    tracing::error!("{} batches could not be kept: {error}; trying again", batches.len());
                    std::thread::sleep(Duration::from_secs(1));
                    if site.is_closing() {
                        return;
                    }
                }
                receiver.acknowledge(last);
            }
        })
    }

    /// Judges what earlier runs left in the journal, then what came in meanwhile.
    fn warm_up(&self) {
        let mut next = 1;
        loop {
            let (entries, is_last) = {
                let kept = lock(&self.kept);
                let is_last = kept.next() <= next;
                if is_last {
                    self.is_warming.store(false, Ordering::Release);
                }
                (kept.read_from(next), is_last)
            };
            if is_last {
                return;
            }
            for entry in entries {
                if self.is_closing() {
                    return;
                }
                match entry.map(|stored| (stored.sequence, Batch::from_bytes(&stored.bytes))) {
                    Ok((sequence, Ok(batch))) => {
                        next = sequence + 1;
                        self.judge_records(&batch.records);
                    }
                    Ok((sequence, Err(error))) => {
                        next = sequence + 1;
                        tracing::warn!("batch {sequence} of the journal is passed over: {error}");
                    }
                    Err(fault) => tracing::warn!("journal: {fault:?}"),
                }
            }
            next = next.max(lock(&self.kept).synced().min(self.accepted.load(Ordering::Relaxed) + 1));
        }
    }

    /// Waits until the journal of earlier runs is judged.
    pub fn wait_for_past(&self) {
        while self.is_warming.load(Ordering::Acquire) && !self.is_closing() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn judge_records(&self, records: &[Record]) {
        let mut mind = lock(&self.mind);
        mind.take(records, &self.live);
        self.judged.fetch_add(1, Ordering::Relaxed);
        drop(mind);
        self.stirred.notify_all();
    }

    /// Makes a new judgement when records came, at most every second, and never for more than a tenth of the time.
    fn judge(self: Arc<Site>) {
        let mut wait = limits::JUDGE_INTERVAL;
        let mut last = Instant::now().checked_sub(wait).unwrap_or_else(Instant::now);
        loop {
            let mut mind = lock(&self.mind);
            while !self.is_closing() && (!mind.is_news || last.elapsed() < wait) {
                mind = self
                    .stirred
                    .wait_timeout(mind, Duration::from_millis(100))
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
            }
            if self.is_closing() {
                return;
            }
            last = Instant::now();
            self.renew(mind);
            wait = (last.elapsed() * limits::JUDGE_SHARE).max(limits::JUDGE_INTERVAL);
        }
    }

    /// Judges now what was taken in so far.
    pub fn judge_now(&self) {
        self.renew(lock(&self.mind));
    }

    fn renew(&self, mut mind: MutexGuard<'_, Mind>) {
        mind.is_news = false;
        let judgement = mind.analysis.finish();
        drop(mind);
        let before = self.view();
        let view = Arc::new(View::new(before.number + 1, judgement));
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&view);
        if self.live.is_heard() {
            let decided = self.decided();
            for asset in &view.judgement.assets {
                let is_news = before.asset(&asset.id).is_none_or(|known| {
                    (&known.name, &known.roles, &known.interfaces, known.known)
                        != (&asset.name, &asset.roles, &asset.interfaces, asset.known)
                });
                if is_news {
                    self.live.tell(Kind::Asset, &view.row(asset, &decided));
                }
            }
        }
    }

    /// What is done every second.
    async fn second(&self) {
        let rates = lock(&self.mind).second();
        let packets: f64 = lock(&self.sensors).values().map(|sensor| sensor.packets_per_second).sum();
        let (view, queues) = (self.view(), self.queues());
        self.live.tell_left_out();
        self.live.tell(
            Kind::Rates,
            &json!({
                "at": clock::now(),
                "last": rates.last,
                "packets_per_second": packets,
                "acts_per_second": rates.acts,
                "records_per_second": rates.records,
                "records": rates.total,
                "assets": view.judgement.assets.len(),
                "findings": view.judgement.findings.len(),
                "behind": queues.1,
            }),
        );
        self.empty_inbox().await.unwrap_or_else(|error| tracing::error!("inbox: {error}"));
    }

    /// Writes down what was decided beside the server (`vigie user add`).
    async fn empty_inbox(&self) -> Result<(), SiteError> {
        for waiting in self.store.inbox().await? {
            self.decide(&waiting.by, waiting.decision).await?;
            self.store.taken(&waiting.id).await?;
        }
        Ok(())
    }

    /// Writes a decision into the ledger and applies it; gives the number of its entry.
    pub async fn decide(&self, by: &str, decision: Decision) -> Result<u64, SiteError> {
        let _order = self.decisions.lock().await;
        let entry = self.store.next_entry().await?;
        self.store.apply(entry, clock::now(), by, &decision).await?;
        let is_laid_over = matches!(
            decision,
            Decision::AssetEdited { .. }
                | Decision::FindingChanged { .. }
                | Decision::SettingChanged { .. }
                | Decision::NotificationSaved { .. }
                | Decision::NotificationRemoved { .. }
        );
        if is_laid_over {
            let decided = Arc::new(self.store.decided().await?);
            *self.decided.write().unwrap_or_else(PoisonError::into_inner) = decided;
        }
        if matches!(decision, Decision::UserAdded { .. } | Decision::UserChanged { .. }) {
            self.people.set_needed(!self.store.has_administrator().await?);
        }
        Ok(entry)
    }

    /// The last judgement.
    pub fn view(&self) -> Arc<View> {
        Arc::clone(&self.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What people laid over it.
    pub fn decided(&self) -> Arc<Decided> {
        Arc::clone(&self.decided.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// State.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What the site was told.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Since when it runs.
    pub fn started(&self) -> Time {
        self.started
    }

    /// What was damaged and could be mended when it was opened.
    pub fn recovered(&self) -> &[Recovered] {
        &self.recovered
    }

    /// The link, below the address of the server, by which the first administrator is made; nothing where there is one.
    pub fn setup_link(&self) -> Option<String> {
        self.people.setup_token().map(|token| format!("/#/setup?token={token}"))
    }

    /// Batches judged, and batches that wait for it.
    pub fn queues(&self) -> (u64, u64) {
        let (judged, accepted) = (self.judged.load(Ordering::Relaxed), self.accepted.load(Ordering::Relaxed));
        (judged, accepted.saturating_sub(judged))
    }

    /// Records judged, and acts and records in the last second.
    pub(crate) fn rates(&self) -> mind::Rates {
        lock(&self.mind).rates
    }

    /// Says how a sensor is; call it about every second.
    pub fn set_sensor(&self, sensor: Sensor) {
        let mut sensors = lock(&self.sensors);
        let is_changed = sensors.get(&sensor.id).is_none_or(|known| {
            (&known.state, known.dropped_kernel, known.dropped_user)
                != (&sensor.state, sensor.dropped_kernel, sensor.dropped_user)
        });
        if is_changed {
            self.live.tell(Kind::Health, &json!({ "sensor": sensor }));
        }
        sensors.insert(sensor.id.clone(), sensor);
    }

    /// How the sensors are.
    pub fn sensors(&self) -> Vec<Sensor> {
        lock(&self.sensors).values().cloned().collect()
    }

    /// Whether it is being closed.
    pub fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Relaxed)
    }

    /// Ends its threads and closes its files. What was acknowledged is on disk already.
    pub async fn close(&self) {
        self.is_closing.store(true, Ordering::Relaxed);
        self.stirred.notify_all();
        self.store.close().await;
    }
}
