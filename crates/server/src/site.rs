//! One site: what comes in is kept, then judged, then told.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use history::{History, HistoryError, Writer};
use ledger::{Entry, EntryError, Ledger, LedgerError, Refused};
use model::Time;
use serde_json::json;
use store::{Decided, Decision, Recovered, Store, StoreError};
use uplink::{Batch, Closed, Journal, JournalError, Receiver};

use crate::live::{Kind, Live};
use crate::login::ldap::Directory;
use crate::login::oidc::Provider;
use crate::notify::{self, Notifier};
use crate::past::{Past, Reached, Saved};
use crate::people::People;
use crate::view::{Sensor, View};
use crate::{Config, chain, clock, limits};

mod mind;
mod normal;

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
    /// The ledger.
    #[error("ledger: {0}")]
    Ledger(#[from] LedgerError),
    /// The ledger, asked through its thread.
    #[error("ledger: {0}")]
    Refused(#[from] Refused),
    /// The past.
    #[error("history: {0}")]
    History(#[from] HistoryError),
    /// An entry of the ledger.
    #[error("ledger: {0}")]
    Entry(#[from] EntryError),
    /// How people come in.
    #[error("logins: {0}")]
    Login(String),
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
    pub(crate) notifier: Notifier,
    provider: Option<Provider>,
    directory: Option<Directory>,
    started: Time,
    recovered: Vec<Recovered>,
    /// What is on disk before anything is judged.
    kept: Mutex<Kept>,
    ledger: Ledger,
    /// Records on their way to the files of the past.
    writer: Mutex<Writer>,
    history: History,
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
    /// When the analysis was saved last.
    saved: Mutex<Instant>,
    /// The journal of earlier runs is still being judged.
    is_warming: AtomicBool,
    is_closing: AtomicBool,
}

/// The journal, and what of it the ledger does not know yet because it failed.
struct Kept {
    journal: Journal,
    /// Sensor and last number of batches that are in the journal, with their entries.
    unlogged: Option<(model::Text, u64, Vec<Vec<u8>>)>,
}

/// How often the analysis is saved.
const SAVE: Duration = Duration::from_secs(300);

/// How often what is in the ledger comes under a signed checkpoint.
const PUBLISH: Duration = Duration::from_secs(1);

/// A lock whose holder panicked is taken all the same: what is behind it is whole between two records.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Site {
    /// Opens what is kept below `config.data`, and begins to judge what earlier runs left in the journal.
    pub async fn open(config: Config) -> Result<Arc<Site>, SiteError> {
        let named = |name: &'static str| move |why: String| SiteError::Login(format!("{name}: {why}"));
        let provider = config.logins.oidc.clone().map(Provider::new).transpose().map_err(named("oidc"))?;
        let directory = config.logins.ldap.clone().map(Directory::new).transpose().map_err(named("ldap"))?;
        let (store, recovered) = Store::open(&config.data).await?;
        for recovery in &recovered {
            tracing::warn!("{recovery}");
        }
        let limits = uplink::limits::JournalLimits { segment_bytes_max: config.segment_bytes_max };
        let mut journal = Journal::open(&config.data.join("journal"), limits)?;
        for fault in journal.faults() {
            tracing::warn!("journal: {fault:?}");
        }
        let mut log = chain::open(&config.data)?;
        for note in log.notes() {
            tracing::warn!("ledger: {note}");
        }
        // Places that the ledger knows are not given again, should the journal have lost them.
        let known = chain::last_sequence(&log.reader())?;
        journal.raise(known + 1)?;
        // A batch that was on disk when the power went is as good as accepted.
        for entry in journal.read_from(known + 1).flatten() {
            match Batch::from_bytes(&entry.bytes) {
                Ok(batch) => {
                    log.append(&[chain::entry_of_batch(&batch, entry.sequence, &entry.bytes)?])?;
                }
                Err(error) => tracing::error!("batch {} of the journal: {error}", entry.sequence),
            }
        }
        let writer = Writer::open(&config.data.join("history"), history::Limits::of_bytes(config.history_bytes_max))?;
        for problem in writer.problems() {
            tracing::warn!("history: {problem:?}");
        }
        let history = writer.history()?;
        let reached = Reached::load(&config.data, &store, &log.reader(), log.size()).await?;
        let start = Entry::Start { at: clock::now().to_string(), version: config.version.clone(), sources: Vec::new() };
        log.append(&[start.to_bytes()?])?;
        log.publish()?;
        chain::catch_up(&store, &log.reader()).await?;
        let decided = store.decided().await?;
        let people = People::new(store.has_administrator().await?);
        let past = journal.next();
        let (notifier, findings) = Notifier::new();
        let site = Arc::new(Site {
            people,
            live: Live::new(),
            notifier,
            provider,
            directory,
            started: clock::now(),
            recovered,
            decisions: tokio::sync::Mutex::new(()),
            judged: AtomicU64::new(reached.batches),
            mind: Mutex::new(Mind::new(reached)),
            stirred: Condvar::new(),
            view: RwLock::new(Arc::default()),
            decided: RwLock::new(Arc::new(decided)),
            sensors: Mutex::default(),
            accepted: AtomicU64::new(past - 1),
            saved: Mutex::new(Instant::now()),
            is_warming: AtomicBool::new(true),
            is_closing: AtomicBool::new(false),
            kept: Mutex::new(Kept { journal, unlogged: None }),
            ledger: Ledger::start(log, PUBLISH),
            writer: Mutex::new(writer),
            history,
            config,
            store,
        });
        let warming = Arc::clone(&site);
        std::thread::Builder::new().name("warm-up".into()).spawn(move || warming.warm_up())?;
        let judging = Arc::clone(&site);
        std::thread::Builder::new().name("judge".into()).spawn(move || judging.judge())?;
        tokio::spawn(notify::run(Arc::downgrade(&site), findings));
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

    /// Takes batches in: when this returns they are on disk and in the ledger, and judged unless the past is still being
    /// judged.
    ///
    /// Blocks; call it from a thread, not from a task. Several batches at once cost one sync. Where it fails, the same
    /// batches can be given again.
    pub fn ingest(&self, batches: &[Batch]) -> Result<(), SiteError> {
        let Some(last) = batches.last() else { return Ok(()) };
        let mut kept = lock(&self.kept);
        let entries = match kept.unlogged.take() {
            Some((sensor, number, entries)) if sensor == last.sensor && number == last.number => entries,
            _ => {
                let forms: Vec<Vec<u8>> = batches.iter().map(Batch::to_bytes).collect();
                // All or none: after a failure the same batches come again.
                let places = kept.journal.accept(batches.iter().map(|batch| batch.created).zip(&forms))?;
                let mut entries = Vec::with_capacity(batches.len());
                for ((batch, bytes), sequence) in batches.iter().zip(&forms).zip(places) {
                    entries.push(chain::entry_of_batch(batch, sequence, bytes)?);
                }
                entries
            }
        };
        let indexes = match self.ledger.append(entries.clone()) {
            Ok(indexes) => indexes,
            Err(refused) => {
                kept.unlogged = Some((last.sensor.clone(), last.number, entries));
                return Err(refused.into());
            }
        };
        self.accepted.fetch_add(batches.len() as u64, Ordering::Relaxed);
        // Whoever judges the past reads these from the journal too.
        if self.is_warming.load(Ordering::Acquire) {
            return Ok(());
        }
        // The next batches may be written only when these were judged: the order is that of the ledger.
        let sequence = kept.journal.next();
        let first = sequence.saturating_sub(batches.len() as u64);
        for ((index, sequence), batch) in indexes.zip(first..).zip(batches) {
            self.judge_batch(index, sequence, batch);
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

    /// Judges what earlier runs left, in the order of the ledger, then what came in meanwhile.
    fn warm_up(&self) {
        if let Err(error) = self.judge_past() {
            tracing::error!("what was seen before could not be judged: {error}");
            self.is_warming.store(false, Ordering::Release);
        }
    }

    fn judge_past(&self) -> Result<(), SiteError> {
        let (mut next, mut sequence) = {
            let mind = lock(&self.mind);
            let written = lock(&self.writer).next();
            match written < mind.reached.next {
                true => (written, 0),
                false => (mind.reached.next, mind.reached.sequence),
            }
        };
        loop {
            let size = self.ledger.status().published;
            if next >= size {
                // Nothing comes in while this is held: what is published now is all.
                let kept = lock(&self.kept);
                self.ledger.publish()?;
                if next >= self.ledger.status().published {
                    self.is_warming.store(false, Ordering::Release);
                    return Ok(());
                }
                drop(kept);
                continue;
            }
            let entries = lock(&self.kept).journal.read_from(sequence + 1);
            let mut past = Past::new(entries);
            while next < size {
                for bytes in self.ledger.reader().entries(next, chain::ENTRIES)? {
                    if self.is_closing() {
                        return Ok(());
                    }
                    match past.of(&bytes) {
                        Some((place, Some(batch))) => {
                            self.judge_batch(next, place, &batch);
                            sequence = place;
                        }
                        Some((place, None)) => {
                            self.judged.fetch_add(1, Ordering::Relaxed);
                            sequence = place;
                        }
                        None => self.take_normal(next, &bytes),
                    }
                    next += 1;
                }
            }
        }
    }

    /// The number that the next batch of a sensor has: one more than the last that the ledger knows.
    pub fn next_batch(&self, sensor: &str) -> Result<u64, SiteError> {
        Ok(chain::last_number(self.ledger.reader(), sensor)? + 1)
    }

    /// Waits until the journal of earlier runs is judged.
    pub fn wait_for_past(&self) {
        while self.is_warming.load(Ordering::Acquire) && !self.is_closing() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Judges the batch that is entry `index` of the ledger.
    fn judge_batch(&self, index: u64, sequence: u64, batch: &Batch) {
        let mut mind = lock(&self.mind);
        // What is judged already may be missing in the files of the past only.
        let is_new = index >= mind.reached.next;
        let told = if is_new { mind.take(index, sequence, batch, &self.live) } else { Vec::new() };
        // What was found in earlier runs was told then.
        if !self.is_warming.load(Ordering::Acquire) {
            told.iter().for_each(|finding| self.notifier.tell(finding));
        }
        self.judged.fetch_add(u64::from(is_new), Ordering::Relaxed);
        drop(mind);
        let mut writer = lock(&self.writer);
        let written = match told.is_empty() {
            true => writer.append(index, &batch.records),
            false => {
                let mut records = batch.records.clone();
                records.extend(told.into_iter().map(model::Record::Finding));
                writer.append(index, &records)
            }
        };
        if let Err(error) = written {
            tracing::error!("the records of entry {index} are not in the queryable past until the next start: {error}");
        }
        drop(writer);
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
        let judgement = mind.reached.analysis.finish();
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
    async fn second(self: &Arc<Site>) {
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
        if !self.is_warming.load(Ordering::Acquire) && lock(&self.saved).elapsed() >= SAVE {
            *lock(&self.saved) = Instant::now();
            self.save().await.unwrap_or_else(|error| tracing::error!("the analysis was not saved: {error}"));
        }
        self.empty_inbox().await.unwrap_or_else(|error| tracing::error!("inbox: {error}"));
    }

    /// The queryable past.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Saves the analysis, so that the next start goes on from there.
    pub(crate) async fn save(self: &Arc<Site>) -> Result<(), SiteError> {
        let site = Arc::clone(self);
        let save = move || {
            // The past first: what is judged and not in it would have to be read from the journal again.
            let now = lock(&site.mind).rates.last;
            let mut writer = lock(&site.writer);
            writer.flush()?;
            if let Some(now) = now {
                writer.maintain(now)?;
            }
            drop(writer);
            site.analysis_to_save()
        };
        let saved = tokio::task::spawn_blocking(save).await.map_err(std::io::Error::other)??;
        let Some(saved) = saved else { return Ok(()) };
        let site = Arc::clone(self);
        let trim = move || site.trim(&saved).map(|()| saved);
        let saved = tokio::task::spawn_blocking(trim).await.map_err(std::io::Error::other)??;
        saved.keep(&self.config.data, &self.store).await
    }

    /// Takes the oldest batches out of the journal where there is more than was wanted. `saved` stands for them from then
    /// on, and an entry of the ledger says so before they go.
    fn trim(&self, saved: &Saved) -> Result<(), SiteError> {
        let (bytes_max, basis) = (self.config.journal_bytes_max, &saved.basis);
        let mut kept = lock(&self.kept);
        let first = kept.journal.oldest();
        let would = kept.journal.would_trim(None, bytes_max, basis.sequence + 1)?;
        if would.segments == 0 {
            return Ok(());
        }
        saved.keep_as_basis(&self.config.data)?;
        let entry = Entry::Removed {
            at: clock::now().to_string(),
            by: "retention".into(),
            what: "journal".into(),
            first: first.to_string(),
            last: (would.oldest - 1).to_string(),
            basis: Some(basis.clone()),
        };
        self.ledger.append(vec![entry.to_bytes()?])?;
        kept.journal.trim(None, bytes_max, basis.sequence + 1)?;
        Ok(saved.is_basis(&self.config.data)?)
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
        let at = clock::now();
        let (ledger, bytes) = (self.ledger.clone(), chain::entry_of(at, by, &decision)?);
        let entry = if matches!(decision, Decision::BaselineDecided { .. }) {
            self.append_normal(bytes)?
        } else {
            let appended = tokio::task::spawn_blocking(move || ledger.append(vec![bytes])).await;
            appended.map_err(std::io::Error::other)??.start
        };
        self.store.apply(entry, at, by, &decision).await?;
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

    /// The ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// State.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What the site was told.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The OpenID Connect provider by which people come in.
    pub(crate) fn provider(&self) -> Option<&Provider> {
        self.provider.as_ref()
    }

    /// The directory by which people come in.
    pub(crate) fn directory(&self) -> Option<&Directory> {
        self.directory.as_ref()
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

    /// Ends its threads, keeps the last judgement and closes its files. What was acknowledged is on disk already.
    pub async fn close(self: &Arc<Site>) {
        if self.is_closing.swap(true, Ordering::Relaxed) {
            return;
        }
        self.stirred.notify_all();
        let site = Arc::clone(self);
        let ended = tokio::task::spawn_blocking(move || site.end()).await;
        let kept = async {
            let (size, saved) = ended.map_err(std::io::Error::other)??;
            self.store.passed(size).await?;
            match saved {
                Some(saved) => saved.keep(&self.config.data, &self.store).await,
                // Nothing was judged, or the past was still being judged: what was saved before stands.
                None => Ok(()),
            }
        };
        kept.await.unwrap_or_else(|error: SiteError| tracing::error!("closing: {error}"));
        self.store.close().await;
    }

    /// The last entry of the ledger, and the analysis of all before it.
    fn end(&self) -> Result<(u64, Option<Saved>), SiteError> {
        // Held to the end: nothing comes in any more.
        let _kept = lock(&self.kept);
        let stop = Entry::Stop { at: clock::now().to_string(), reason: "told to".into() };
        let size = self.ledger.append(vec![stop.to_bytes()?])?.end;
        self.ledger.stop();
        if let Err(error) = lock(&self.writer).flush() {
            tracing::error!("what was in memory only of the past is read from the journal at the next start: {error}");
        }
        if self.is_warming.load(Ordering::Acquire) {
            return Ok((size, None));
        }
        Ok((size, self.analysis_to_save()?))
    }

    /// The analysis as it is, where there is any.
    fn analysis_to_save(&self) -> Result<Option<Saved>, SiteError> {
        let mind = lock(&self.mind);
        Ok(if mind.reached.is_worth_saving() { Some(mind.reached.save()?) } else { None })
    }
}
