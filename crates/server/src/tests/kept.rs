//! What was acknowledged and decided is there after a restart, and derived state can be made again.

use std::path::Path;
use std::sync::Arc;

use ledger::Entry;
use serde_json::json;
use store::{Decision, Role};
use uplink::Batch;

use super::harness::{Client, PASSWORD, Plant, batches};
use crate::{Config, Site, console, rebuild, router};

async fn open(folder: &Path) -> Arc<Site> {
    Site::open(Config::new(folder)).await.unwrap()
}

async fn ingest(site: &Arc<Site>, batches: Vec<Batch>) {
    let site = Arc::clone(site);
    tokio::task::spawn_blocking(move || {
        site.wait_for_past();
        site.ingest(&batches).unwrap();
        site.judge_now();
    })
    .await
    .unwrap();
}

async fn past(site: &Arc<Site>) {
    let waiting = Arc::clone(site);
    tokio::task::spawn_blocking(move || {
        waiting.wait_for_past();
        waiting.judge_now();
    })
    .await
    .unwrap();
}

fn edit(name: &str) -> Decision {
    let changes = [("name".to_owned(), Some(name.to_owned()))].into();
    Decision::AssetEdited { asset: "ip-10.0.0.1".into(), changes }
}

#[tokio::test]
async fn after_a_restart_all_is_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let all = batches(2);
    let (first, second) = all.split_at(all.len() / 2);
    let site = open(folder.path()).await;
    ingest(&site, first.to_vec()).await;
    site.decide("ada", edit("Boiler")).await.unwrap();
    ingest(&site, second.to_vec()).await;
    let before = serde_json::to_string(&site.view().judgement).unwrap();
    site.close().await;
    drop(site);

    let site = open(folder.path()).await;
    past(&site).await;
    assert_eq!(serde_json::to_string(&site.view().judgement).unwrap(), before);
    assert_eq!(site.decided().edits["ip-10.0.0.1"]["name"].value, "Boiler");
    assert_eq!(site.queues(), (all.len() as u64, 0));
    // More comes in: nothing is judged twice.
    let more: Vec<Batch> = all[..1].iter().map(|batch| Batch { number: 1_000_000, ..batch.clone() }).collect();
    ingest(&site, more).await;
    site.close().await;
    drop(site);
    let rebuilt = rebuild(folder.path()).await.unwrap();
    assert_eq!((rebuilt.batches, rebuilt.changed()), (all.len() as u64 + 1, Vec::new()));
}

#[tokio::test]
async fn a_saved_analysis_that_is_damaged_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let site = open(folder.path()).await;
    ingest(&site, batches(1)).await;
    let before = serde_json::to_string(&site.view().judgement).unwrap();
    site.close().await;
    drop(site);
    let file = folder.path().join("analysis.state");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let site = open(folder.path()).await;
    past(&site).await;
    assert_eq!(serde_json::to_string(&site.view().judgement).unwrap(), before);
    site.close().await;
}

#[tokio::test]
async fn state_made_again_is_the_same_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let site = open(folder.path()).await;
    let all = batches(2);
    ingest(&site, all.clone()).await;
    site.decide("ada", edit("Boiler")).await.unwrap();
    site.decide("ada", edit("Boiler 2")).await.unwrap();
    site.close().await;
    drop(site);
    console::add_user(folder.path(), "ada", Role::Administrator, PASSWORD.into()).await.unwrap();
    let rebuilt = rebuild(folder.path()).await.unwrap();
    assert_eq!((rebuilt.decisions, rebuilt.batches, rebuilt.missing), (3, all.len() as u64, 0));
    assert!(rebuilt.changed().is_empty(), "{:?}", rebuilt.changed());
    assert_eq!(rebuilt.after.len(), store::TABLES.len());

    // A server that ran and stopped leaves what a rebuild makes, also where it began from a damaged file.
    std::fs::write(folder.path().join("state.sqlite"), b"this is not a database, not at all, and never was").unwrap();
    let site = open(folder.path()).await;
    assert_eq!(site.recovered().len(), 1);
    past(&site).await;
    site.close().await;
    drop(site);
    let after = rebuild(folder.path()).await.unwrap();
    assert!(after.changed().is_empty(), "{:?}", after.changed());
}

#[tokio::test]
async fn people_are_let_in_at_the_console_while_the_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let site = open(folder.path()).await;
    assert!(site.setup_link().is_some());
    console::add_user(folder.path(), "ada", Role::Administrator, PASSWORD.into()).await.unwrap();
    // With an administrator there is nothing to set up.
    assert!(site.setup_link().is_none());
    let scopes = vec![store::Scope::Read];
    let secret = console::create_token(folder.path(), "ci", "ada", scopes, None).await.unwrap();
    let folder_of = tempfile::tempdir().unwrap();
    let plant = Plant { router: router(Arc::clone(&site)), site: Arc::clone(&site), _folder: folder_of };
    let program = Client { token: secret, ..Client::default() };
    assert_eq!(plant.get(&program, "/api/v1/session").await.json()["name"], "ada");
    let log_in = json!({ "name": "ada", "password": PASSWORD });
    assert_eq!(plant.ask(&Client::default(), "POST", "/api/v1/session", Some(log_in)).await.status.as_u16(), 200);
    let weak = console::add_user(folder.path(), "bo", Role::Viewer, "password1234".into()).await;
    assert!(weak.unwrap_err().to_string().contains("first that are tried"));
    site.close().await;
}

#[tokio::test]
async fn the_ledger_has_every_batch_and_decision_and_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let site = open(folder.path()).await;
    let all = batches(1);
    ingest(&site, all.clone()).await;
    site.decide("ada", edit("Boiler")).await.unwrap();
    let key = site.ledger().key().as_str().to_owned();
    site.close().await;
    drop(site);
    let mut kinds: std::collections::BTreeMap<String, usize> = Default::default();
    let against = ledger::Against { key: Some(ledger::VerifyingKey::parse(&key).unwrap()), ..Default::default() };
    let report = ledger::verify(&folder.path().join("ledger"), &against, |_, bytes| {
        *kinds.entry(Entry::from_bytes(bytes).unwrap().kind().into()).or_default() += 1;
    });
    assert!(report.faults.is_empty(), "{:?}", report.faults);
    assert_eq!(
        kinds,
        [("start".into(), 1), ("batch".into(), all.len()), ("decision".into(), 1), ("stop".into(), 1)].into()
    );
    // Nobody can read a password, a hash of one, or a token's secret in it.
    for entry in walk(&folder.path().join("ledger")) {
        let bytes = std::fs::read(entry).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("argon2"));
    }
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        match entry.path().is_dir() {
            true => found.extend(walk(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found
}

#[tokio::test]
async fn a_batch_on_disk_that_the_ledger_missed_is_taken_up() {
    let folder = tempfile::tempdir().unwrap();
    let all = batches(1);
    {
        // The power went between the journal and the ledger.
        let limits = uplink::limits::JournalLimits::default();
        let mut journal = uplink::Journal::open(&folder.path().join("journal"), limits).unwrap();
        for batch in &all {
            journal.append(batch.created, &batch.to_bytes()).unwrap();
        }
        journal.sync().unwrap();
    }
    let site = open(folder.path()).await;
    past(&site).await;
    assert_eq!(site.queues(), (all.len() as u64, 0));
    assert!(!site.view().judgement.assets.is_empty());
    site.close().await;
}

#[tokio::test]
async fn what_is_too_much_for_the_journal_goes_and_an_analysis_stands_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let open = |journal_bytes_max| {
        let config = Config { journal_bytes_max, segment_bytes_max: 2_000, ..Config::new(folder.path()) };
        async { Site::open(config).await.unwrap() }
    };
    let records: Vec<model::Record> = batches(1).into_iter().flat_map(|batch| batch.records).collect();
    let batch = |(number, records): (u64, &[model::Record])| {
        let created = records.iter().map(model::Record::at).max().unwrap();
        Batch { sensor: "test".into(), number, created, records: records.to_vec() }
    };
    let all: Vec<Batch> = (1..).zip(records.chunks(records.len() / 20)).map(batch).collect();
    let (first, second) = all.split_at(all.len() / 2);
    let site = open(4_000).await;
    // What comes together lies in one file of the journal.
    for batch in first {
        ingest(&site, vec![batch.clone()]).await;
    }
    site.save().await.unwrap();
    ingest(&site, second.to_vec()).await;
    let before = serde_json::to_string(&site.view().judgement).unwrap();
    site.close().await;
    drop(site);
    let entries = |directory: &Path| {
        let mut removed = Vec::new();
        let report = ledger::verify(directory, &ledger::Against::default(), |_, bytes| {
            if let Ok(Entry::Removed { what, first, last, basis, .. }) = Entry::from_bytes(bytes) {
                removed.push((what, first, last.parse::<u64>().unwrap(), basis.is_some()));
            }
        });
        assert!(report.is_good(), "{:?}", report.faults);
        removed
    };
    let removed = entries(&folder.path().join("ledger"));
    let [(what, from, last, true)] = &removed[..] else { panic!("{removed:?}") };
    assert_eq!((what.as_str(), from.as_str()), ("journal", "1"));
    assert!((1..=first.len() as u64).contains(last), "{last}");
    // What is derived is derived from what is left and what stands for the rest, with the same result.
    let rebuilt = rebuild(folder.path()).await.unwrap();
    assert_eq!((rebuilt.batches, rebuilt.missing), (second.len() as u64, 0));
    assert!(rebuilt.changed().is_empty(), "{:?}", rebuilt.changed());
    // The same where the saved analysis is lost.
    std::fs::remove_file(folder.path().join("analysis.state")).unwrap();
    let site = open(u64::MAX).await;
    past(&site).await;
    assert_eq!(serde_json::to_string(&site.view().judgement).unwrap(), before);
    site.close().await;
}
