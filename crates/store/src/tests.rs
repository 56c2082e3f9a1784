//! Decisions are applied once and in order, state can be made again, and damage is survived.

use std::collections::BTreeMap;

use model::{Severity, Time};

use crate::{Channel, Decision, FindingState, Notification, Origin, Role, Scope, Store};

fn decisions() -> Vec<Decision> {
    let named = |name: &str| name.to_owned();
    let changes = BTreeMap::from([("name".to_owned(), Some("Boiler".to_owned())), ("zone".to_owned(), None)]);
    let finding = |state, comment: Option<&str>, count| Decision::FindingChanged {
        finding: named("controller-stopped-1"),
        state,
        comment: comment.map(str::to_owned),
        assignee: None,
        count,
    };
    vec![
        Decision::UserAdded { name: named("ada"), role: Role::Administrator, origin: Origin::Local },
        Decision::UserAdded { name: named("bo"), role: Role::Viewer, origin: Origin::Local },
        Decision::UserChanged { name: named("bo"), role: Some(Role::Analyst), disabled: None },
        Decision::SecondFactor { name: named("ada"), on: true },
        Decision::TokenCreated {
            id: named("t1"),
            name: named("ci"),
            owner: named("bo"),
            scopes: vec![Scope::Read],
            expires: Some(Time(5)),
        },
        Decision::AssetEdited { asset: named("ip-10.0.0.1"), changes },
        finding(Some(FindingState::Closed), Some("maintenance"), 3),
        finding(None, Some("again?"), 9),
        Decision::QuerySaved { id: named("q1"), name: named("all"), sql: named("SELECT 1") },
        Decision::SettingChanged { key: named("disabled"), value: serde_json::json!(["a"]) },
        Decision::NotificationSaved {
            id: named("n1"),
            notification: Notification {
                name: named("mail"),
                channel: Channel::Email,
                target: named("plant@example.org"),
                form: String::new(),
                language: String::new(),
                severity: Severity::High,
                detectors: Vec::new(),
                is_enabled: true,
            },
        },
        Decision::UserRemoved { name: named("bo") },
        Decision::LoggedIn { name: named("ada"), address: named("127.0.0.1"), origin: Origin::Local },
    ]
}

async fn apply_all(store: &Store) {
    for (entry, decision) in (0_u64..).zip(decisions()) {
        store.apply(entry * 2, Time(1_000 + entry as i64), "ada", &decision).await.unwrap();
    }
}

#[tokio::test]
async fn decisions_become_state() {
    let folder = tempfile::tempdir().unwrap();
    let (store, recovered) = Store::open(folder.path()).await.unwrap();
    assert!(recovered.is_empty());
    apply_all(&store).await;
    assert_eq!(store.next_entry().await.unwrap(), 25);
    let users = store.users().await.unwrap();
    assert_eq!(users.len(), 1);
    assert!(users[0].has_second_factor);
    assert!(store.has_administrator().await.unwrap());
    // A person who is gone has no tokens.
    assert!(store.token("t1").await.unwrap().unwrap().revoked_at.is_some());
    let decided = store.decided().await.unwrap();
    assert_eq!(decided.edits["ip-10.0.0.1"]["name"].value, "Boiler");
    let standing = &decided.findings["controller-stopped-1"];
    // A comment does not move the count at which the finding was closed.
    assert_eq!((standing.state, standing.seen, standing.comments.len()), (FindingState::Closed, 3, 2));
    assert_eq!(decided.settings["disabled"], serde_json::json!(["a"]));
    assert_eq!(store.audit(None, 3).await.unwrap().len(), 3);
    assert_eq!(store.audit_count().await.unwrap(), 13);
}

#[tokio::test]
async fn applying_again_changes_nothing_and_state_can_be_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(folder.path()).await.unwrap();
    apply_all(&store).await;
    store.keep_snapshot("judgement", 25, "{}").await.unwrap();
    let first = store.digest().await.unwrap();
    apply_all(&store).await;
    assert_eq!(store.digest().await.unwrap(), first);
    store.clear().await.unwrap();
    assert_ne!(store.digest().await.unwrap(), first);
    assert_eq!(store.next_entry().await.unwrap(), 0);
    apply_all(&store).await;
    store.keep_snapshot("judgement", 25, "{}").await.unwrap();
    assert_eq!(store.digest().await.unwrap(), first);
}

#[tokio::test]
async fn a_damaged_database_is_moved_aside() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(folder.path()).await.unwrap();
    apply_all(&store).await;
    store.set_secret("password", "ada", Some("hash")).await.unwrap();
    store.close().await;
    let path = folder.path().join("state.sqlite");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[..100].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    let (store, recovered) = Store::open(folder.path()).await.unwrap();
    assert_eq!(recovered.len(), 1);
    assert!(recovered[0].is_derived && recovered[0].moved_to.exists());
    assert_eq!(store.next_entry().await.unwrap(), 0);
    apply_all(&store).await;
    assert_eq!(store.users().await.unwrap().len(), 1);
    // Passwords are in the other file and were not touched.
    assert_eq!(store.secret("password", "ada").await.unwrap().as_deref(), Some("hash"));
}

#[tokio::test]
async fn a_page_damaged_in_the_middle_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(folder.path()).await.unwrap();
    apply_all(&store).await;
    store.close().await;
    let path = folder.path().join("state.sqlite");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = 4096 * 2;
    bytes[middle..].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    let (_, recovered) = Store::open(folder.path()).await.unwrap();
    assert_eq!(recovered.len(), 1);
}

#[tokio::test]
async fn the_inbox_keeps_what_was_decided_beside_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(folder.path()).await.unwrap();
    let (beside, _) = Store::open(folder.path()).await.unwrap();
    let decision = &decisions()[0];
    beside.submit("1", "console", decision).await.unwrap();
    let waiting = store.inbox().await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!((&waiting[0].decision, waiting[0].by.as_str()), (decision, "console"));
    store.taken("1").await.unwrap();
    assert!(beside.inbox().await.unwrap().is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_reads_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (_store, _) = Store::open(folder.path()).await.unwrap();
    for name in ["state.sqlite", "people.sqlite"] {
        let mode = std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
}
