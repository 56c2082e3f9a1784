//! Opening: files made with narrow rights, brought up to date, and moved aside where they are damaged.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sqlx::SqlitePool;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::{Store, StoreError, schema};

/// How long a writer waits for another process, such as `vigie user add` beside the server.
const BUSY: Duration = Duration::from_secs(10);

/// Connections to one file: SQLite has one writer, and readers are quick.
const CONNECTIONS: u32 = 4;

/// A damaged file that was moved aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// Where it is now.
    pub moved_to: PathBuf,
    /// What was wrong.
    pub why: String,
    /// Whether derived state is made again from the ledger; else passwords and tokens must be set again.
    pub is_derived: bool,
}

impl std::fmt::Display for Recovered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let then = match self.is_derived {
            true => "the state is made again from the ledger",
            false => "passwords, second factors and tokens must be set again (`vigie user password NAME`)",
        };
        write!(f, "a damaged database was moved to `{}` ({}); {then}", self.moved_to.display(), self.why)
    }
}

impl Store {
    /// Opens `state.sqlite` and `people.sqlite` in `folder`, making what is not there. Damaged files are moved aside,
    /// never removed.
    pub async fn open(folder: &Path) -> Result<(Store, Vec<Recovered>), StoreError> {
        let mut recovered = Vec::new();
        std::fs::create_dir_all(folder).map_err(|e| file_error(folder, e))?;
        let state = open(&folder.join("state.sqlite"), schema::state(), true, &mut recovered).await?;
        let people = open(&folder.join("people.sqlite"), schema::people(), false, &mut recovered).await?;
        Ok((Store { state, people }, recovered))
    }

    /// Throws derived state away, so that it can be made again from the first entry of the ledger.
    pub async fn clear(&self) -> Result<(), StoreError> {
        let mut transaction = self.state.begin().await?;
        for table in crate::TABLES {
            sqlx::query(&format!("DELETE FROM {table}")).execute(&mut *transaction).await?;
        }
        sqlx::query("DELETE FROM meta").execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Writes everything into the files and closes them.
    pub async fn close(&self) {
        // Closing a pool does not wait until the last connection has put the write-ahead log into the file.
        for pool in [&self.state, &self.people] {
            let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(pool).await;
        }
        self.state.close().await;
        self.people.close().await;
    }
}

fn file_error(path: &Path, source: std::io::Error) -> StoreError {
    StoreError::File { path: path.display().to_string(), source }
}

async fn open(
    path: &Path,
    steps: Migrator,
    is_derived: bool,
    recovered: &mut Vec<Recovered>,
) -> Result<SqlitePool, StoreError> {
    let why = match sound(path, &steps, is_derived).await {
        Ok(pool) => return Ok(pool),
        Err(why) if is_damage(&why) => why,
        Err(other) => return Err(other),
    };
    let second = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let moved_to = path.with_extension(format!("sqlite.damaged-{second}"));
    std::fs::rename(path, &moved_to).map_err(|e| file_error(path, e))?;
    for beside in ["-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(beside);
        match std::fs::remove_file(&name) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(file_error(Path::new(&name), e)),
            _ => {}
        }
    }
    recovered.push(Recovered { moved_to, why: why.to_string(), is_derived });
    sound(path, &steps, is_derived).await
}

/// Whether an error says that the file is not a sound database (and not, say, that the disk is full).
fn is_damage(error: &StoreError) -> bool {
    match error {
        StoreError::Text("quick_check", _) => true,
        StoreError::Migrate(sqlx::migrate::MigrateError::Execute(e))
        | StoreError::Migrate(sqlx::migrate::MigrateError::ExecuteMigration(e, _))
        | StoreError::Sql(e) => {
            // SQLITE_CORRUPT 11, SQLITE_NOTADB 26; extended codes carry them in their low byte.
            let code = e.as_database_error().and_then(|e| e.code()).and_then(|code| code.parse::<u32>().ok());
            code.is_some_and(|code| matches!(code & 0xff, 11 | 26))
        }
        _ => false,
    }
}

async fn sound(path: &Path, steps: &Migrator, is_derived: bool) -> Result<SqlitePool, StoreError> {
    make_private(path)?;
    // Derived state may lose its last moments with the power: the ledger has them. Secrets may not.
    let synchronous = if is_derived { SqliteSynchronous::Normal } else { SqliteSynchronous::Full };
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous)
        .busy_timeout(BUSY);
    let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await?;
    let answer: Vec<(String,)> = sqlx::query_as("PRAGMA quick_check(3)").fetch_all(&pool).await?;
    if answer.iter().any(|(line,)| line != "ok") {
        pool.close().await;
        let lines: Vec<String> = answer.into_iter().map(|(line,)| line).collect();
        return Err(StoreError::Text("quick_check", lines.join("; ")));
    }
    steps.run(&pool).await?;
    Ok(pool)
}

/// Only the owner reads it, from the first byte.
fn make_private(path: &Path) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|e| file_error(path, e))
}
