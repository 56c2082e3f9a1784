//! What is done at the console of the machine, without the user interface: people and tokens, also while the server runs.
//!
//! The ledger has one writer. Where that is the running server, the decision is laid into its inbox, and it writes it
//! down within a second; else it is written here.

use std::path::Path;
use std::time::{Duration, Instant};

use ledger::{LedgerError, Log};
use model::Time;
use store::{Decision, Origin, Role, Scope, Store};

use crate::{Problem, SiteError, chain, clock, people};

/// How long the running server is waited for.
const WAIT: Duration = Duration::from_secs(10);

/// Who did it, in the ledger.
const CONSOLE: &str = "console";

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// What was given is refused.
    #[error("{0}")]
    Refused(String),
    /// Something below failed.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The running server does not answer.
    #[error("the running server did not write this down in time; it will as soon as it can")]
    Late,
}

impl From<Problem> for ConsoleError {
    fn from(problem: Problem) -> ConsoleError {
        ConsoleError::Refused(problem.detail)
    }
}

impl From<store::StoreError> for ConsoleError {
    fn from(error: store::StoreError) -> ConsoleError {
        ConsoleError::Site(error.into())
    }
}

async fn open(data: &Path) -> Result<Store, ConsoleError> {
    let (store, recovered) = Store::open(data).await?;
    for recovery in recovered {
        tracing::warn!("{recovery}");
    }
    Ok(store)
}

/// Lets somebody in with this password, or gives them a new one and this role.
pub async fn add_user(data: &Path, name: &str, role: Role, password: String) -> Result<(), ConsoleError> {
    people::check_name(name)?;
    people::check_password(name, &password)?;
    let store = open(data).await?;
    let hash = people::hash_password(&password)?;
    let is_known = store.user(name).await?.is_some();
    store.set_secret("password", name, Some(&hash)).await?;
    store.close_sessions_of(name, "").await?;
    let name = name.to_owned();
    let decisions = match is_known {
        false => vec![Decision::UserAdded { name, role, origin: Origin::Local }],
        true => vec![
            Decision::UserChanged { name: name.clone(), role: Some(role), disabled: Some(false) },
            Decision::PasswordSet { name },
        ],
    };
    decide(data, &store, decisions).await
}

/// Everybody: name, role, whether shut out.
pub async fn list_users(data: &Path) -> Result<Vec<store::User>, ConsoleError> {
    Ok(open(data).await?.users().await?)
}

/// Makes a token for a person who is there; gives its secret, which is kept nowhere.
pub async fn create_token(
    data: &Path,
    name: &str,
    owner: &str,
    scopes: Vec<Scope>,
    expires: Option<Time>,
) -> Result<String, ConsoleError> {
    let store = open(data).await?;
    if store.user(owner).await?.is_none() {
        return Err(ConsoleError::Refused(format!("there is no person `{owner}`")));
    }
    if scopes.is_empty() || name.trim().is_empty() {
        return Err(ConsoleError::Refused("a token has a name and at least one scope".into()));
    }
    let id = people::secret(8);
    let secret = people::token_secret(&id);
    store.set_secret("token", &id, Some(&people::hash(&secret))).await?;
    let created = Decision::TokenCreated { id, name: name.into(), owner: owner.into(), scopes, expires };
    decide(data, &store, vec![created]).await?;
    Ok(secret)
}

/// Writes one decision into the ledger.
pub(crate) async fn decide_one(data: &Path, decision: Decision) -> Result<(), ConsoleError> {
    let store = open(data).await?;
    decide(data, &store, vec![decision]).await
}

async fn decide(data: &Path, store: &Store, decisions: Vec<Decision>) -> Result<(), ConsoleError> {
    for (number, decision) in decisions.iter().enumerate() {
        let id = format!("{:020}-{number}-{}", clock::now().0, people::secret(4));
        store.submit(&id, CONSOLE, decision).await?;
    }
    let begun = Instant::now();
    loop {
        match chain::open(data) {
            Ok(mut log) => return Ok(empty_inbox(store, &mut log).await?),
            Err(LedgerError::InUse(_)) => {}
            Err(other) => return Err(SiteError::from(other).into()),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        if store.inbox().await?.is_empty() {
            return Ok(());
        }
        if begun.elapsed() > WAIT {
            return Err(ConsoleError::Late);
        }
    }
}

/// Writes what waits in the inbox into the ledger and applies it, where no server runs.
pub(crate) async fn empty_inbox(store: &Store, log: &mut Log) -> Result<(), SiteError> {
    log.publish()?;
    chain::catch_up(store, &log.reader()).await?;
    for waiting in store.inbox().await? {
        let at = clock::now();
        let index = log.append(&[chain::entry_of(at, &waiting.by, &waiting.decision)?])?.start;
        store.apply(index, at, &waiting.by, &waiting.decision).await?;
        store.taken(&waiting.id).await?;
    }
    log.publish()?;
    Ok(())
}
