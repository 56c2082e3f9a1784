//! Read-only SQL over history, within limits of time, memory and rows.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::catalog::{CatalogProvider, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider};
use datafusion::catalog::{CatalogProviderList, SchemaProvider};
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{DataFrame, SessionConfig, SessionContext};
use datafusion::sql::parser::Statement;
use futures::StreamExt;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, mpsc};

use crate::explain;
use crate::kind::Kind;
use crate::manifest::Manifest;
use crate::recover;
use crate::store::{Problem, Snapshot, State, Store};
use crate::table::Table;
use crate::writer::{HistoryError, Writer};

/// Memory that all queries of one [`History`] share.
pub const MEMORY_BYTES_MAX: usize = 256 << 20;

/// Queries that run at the same time; more wait for their turn.
const QUERIES_MAX: usize = 4;

/// Longest text of a query, in bytes.
const SQL_BYTES_MAX: usize = 32 << 10;

/// Memory for descriptions of files (places and statistics of their columns), so that they are read once.
const DESCRIPTIONS_BYTES_MAX: usize = 64 << 20;

/// Stack of the threads that plan queries: plans of long conditions are deep.
const STACK_BYTES: usize = 8 << 20;

/// Answers that wait for whoever asked; then the query waits.
const WAITING_MAX: usize = 4;

/// Limits of one query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryLimits {
    /// Rows of the answer; what is more is cut off, and the answer says so.
    pub rows_max: usize,
    /// Time from the question to the last row.
    pub time_max: Duration,
}

impl Default for QueryLimits {
    /// A million rows, 60 seconds.
    fn default() -> QueryLimits {
        QueryLimits { rows_max: 1_000_000, time_max: Duration::from_secs(60) }
    }
}

/// Why a query has no answer, or only a part of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The question is wrong; the text says where and what would be right.
    #[error("{0}")]
    Wrong(String),
    /// Time is up.
    #[error("the query took longer than {} s; ask for a shorter time (`at >= …`) or fewer columns", .0.as_secs_f64())]
    Time(Duration),
    /// Memory is used up.
    #[error(
        "the query needs more memory than the {} MB that all queries share; ask for a shorter time (`at >= …`), fewer \
         groups or fewer columns",
        MEMORY_BYTES_MAX >> 20
    )]
    Memory,
    /// The past could not be read.
    #[error("{0}")]
    Failed(String),
}

/// The queryable past. Cheap to share behind an `Arc`; any number of threads may ask.
pub struct History {
    source: Source,
    base: SessionState,
    turns: Arc<Semaphore>,
    /// Queries have threads of their own: they compute for long, and must not hold up whoever serves people.
    runtime: Option<Runtime>,
}

/// Where tables come from.
enum Source {
    /// The history that a writer of this process writes: with what is not on disk yet.
    Shared(Arc<Store>),
    /// A folder that another process may write: the manifest is read for every query.
    Folder(PathBuf),
    /// A folder of `vigie read --format parquet`, one file a kind.
    Records(PathBuf),
}

/// The answer to a query: rows as they come.
pub struct Answer {
    schema: SchemaRef,
    batches: mpsc::Receiver<Result<RecordBatch, QueryError>>,
    is_truncated: Arc<AtomicBool>,
    begun: Instant,
}

impl Answer {
    /// Columns of the answer.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The next rows; nothing when there are no more.
    pub async fn next(&mut self) -> Option<Result<RecordBatch, QueryError>> {
        self.batches.recv().await
    }

    /// As [`next`](Answer::next), outside of asynchronous code.
    pub fn next_blocking(&mut self) -> Option<Result<RecordBatch, QueryError>> {
        self.batches.blocking_recv()
    }

    /// All rows.
    pub async fn all(&mut self) -> Result<Vec<RecordBatch>, QueryError> {
        let mut all = Vec::new();
        while let Some(batch) = self.next().await {
            all.push(batch?);
        }
        Ok(all)
    }

    /// Whether rows were cut off. True only after the last rows were taken.
    pub fn is_truncated(&self) -> bool {
        self.is_truncated.load(Ordering::Acquire)
    }

    /// Time since the question.
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

impl Writer {
    /// The history that this writer writes, with what is in memory only.
    pub fn history(&self) -> Result<History, HistoryError> {
        History::new(Source::Shared(Arc::clone(&self.store)))
    }
}

impl History {
    /// Opens the history in `folder` for reading, also while another process writes it. What that process has not
    /// written yet is not seen. Nothing in the folder is changed.
    pub fn open(folder: &Path) -> Result<History, HistoryError> {
        let folder = folder.canonicalize().map_err(HistoryError::file("open", folder))?;
        History::new(Source::Folder(folder))
    }

    /// Opens a folder of Parquet files as `vigie read --format parquet` writes it.
    pub fn open_records(folder: &Path) -> Result<History, HistoryError> {
        let folder = folder.canonicalize().map_err(HistoryError::file("open", folder))?;
        if !Kind::ALL.iter().any(|kind| folder.join(format!("{kind}.parquet")).is_file()) {
            let reason = "there is no `acts.parquet` or other file of `vigie read --format parquet` in it";
            return Err(HistoryError::file("open", &folder)(std::io::Error::other(reason)));
        }
        History::new(Source::Records(folder))
    }

    fn new(source: Source) -> Result<History, HistoryError> {
        let failed = |e: DataFusionError| {
            HistoryError::file("open", Path::new("history"))(std::io::Error::other(e.strip_backtrace()))
        };
        let environment = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(MEMORY_BYTES_MAX)))
            .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
            .with_metadata_cache_limit(DESCRIPTIONS_BYTES_MAX)
            .build_arc()
            .map_err(failed)?;
        let mut config = SessionConfig::new()
            .with_information_schema(true)
            .with_create_default_catalog_and_schema(false)
            .with_default_catalog_and_schema("vigie", "history");
        let parquet = &mut config.options_mut().execution.parquet;
        parquet.pushdown_filters = true;
        parquet.reorder_filters = true;
        let base = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(environment)
            .with_default_features()
            .build();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 16))
            .max_blocking_threads(16)
            .thread_name("history")
            .thread_stack_size(STACK_BYTES)
            .enable_time()
            .build()
            .map_err(HistoryError::file("start threads for", Path::new("history")))?;
        Ok(History { source, base, turns: Arc::new(Semaphore::new(QUERIES_MAX)), runtime: Some(runtime) })
    }

    /// What went wrong with files, where this process writes them.
    pub fn problems(&self) -> Vec<Problem> {
        match &self.source {
            Source::Shared(store) => store.state().problems.clone(),
            _ => Vec::new(),
        }
    }

    /// The files of history, the oldest first within a kind.
    pub fn stored(&self) -> Vec<crate::Stored> {
        let store = self.store();
        store.map_or_else(
            |_| Vec::new(),
            |store| store.state().manifest.files.iter().map(|file| (**file).clone()).collect(),
        )
    }

    /// What there is now.
    fn store(&self) -> Result<Arc<Store>, QueryError> {
        let failed = |e: std::io::Error| QueryError::Failed(format!("history could not be read: {e}"));
        match &self.source {
            Source::Shared(store) => Ok(Arc::clone(store)),
            Source::Folder(folder) => {
                let manifest = Manifest::read(folder).map_err(failed)?.unwrap_or_else(Manifest::empty);
                Ok(Store::new(folder, State::new(manifest, false)))
            }
            Source::Records(folder) => {
                let mut manifest = Manifest::empty();
                for kind in Kind::ALL {
                    let name = format!("{kind}.parquet");
                    if folder.join(&name).is_file() {
                        let described = recover::describe_any(folder, *kind, &name);
                        let described = described.map_err(|e| {
                            QueryError::Failed(format!("`{}` could not be read: {e}", folder.join(&name).display()))
                        })?;
                        manifest.files.extend(described.map(Arc::new));
                    }
                }
                Ok(Store::new(folder, State::new(manifest, false)))
            }
        }
    }

    /// The session of one query: its tables do not change while it runs.
    fn session(&self, store: &Store) -> Result<(SessionContext, Vec<Snapshot>), QueryError> {
        let failed = |e: String| QueryError::Failed(format!("history could not be opened: {e}"));
        let schema = MemorySchemaProvider::new();
        let mut snapshots = Vec::new();
        let folder = store.folder.canonicalize().map_err(|e| failed(e.to_string()))?;
        for kind in Kind::ALL {
            let snapshot = store.snapshot(*kind).map_err(|e| failed(e.to_string()))?;
            snapshots.push(snapshot.clone());
            let table = Arc::new(Table::new(*kind, &folder, snapshot));
            schema.register_table(kind.as_str().into(), table).map_err(|e| failed(e.to_string()))?;
        }
        let catalog = MemoryCatalogProvider::new();
        catalog.register_schema("history", Arc::new(schema)).map_err(|e| failed(e.to_string()))?;
        let catalogs = MemoryCatalogProviderList::new();
        catalogs.register_catalog("vigie".into(), Arc::new(catalog));
        let state = SessionStateBuilder::new_from_existing(self.base.clone()).with_catalog_list(Arc::new(catalogs));
        Ok((SessionContext::new_with_state(state.build()), snapshots))
    }

    /// Asks. What is wrong with the question, and most of what is wrong with the past, is said here; an error may also
    /// come between the rows.
    pub async fn query(&self, sql: &str, limits: QueryLimits) -> Result<Answer, QueryError> {
        let sql = sql.trim().trim_end_matches(';').to_owned();
        if sql.is_empty() {
            return Err(QueryError::Wrong("there is no query; try `SELECT * FROM acts LIMIT 10`".into()));
        }
        if sql.len() > SQL_BYTES_MAX {
            let reason = format!("the query has {} bytes; {SQL_BYTES_MAX} are taken at most", sql.len());
            return Err(QueryError::Wrong(reason));
        }
        self.run(limits, move |session| {
            Box::pin(async move {
                let state = session.state();
                let statement = state.sql_to_statement(&sql, &state.config().options().sql_parser.dialect)?;
                // These fail while they are planned, with words about formats and catalogues.
                if !matches!(&statement, Statement::Statement(_) | Statement::Explain(_)) {
                    return Err(DataFusionError::Plan(
                        "the past can only be read: SELECT, WITH, EXPLAIN, SHOW and DESCRIBE are answered".into(),
                    ));
                }
                let plan = state.statement_to_plan(statement).await?;
                // Only questions: nothing that writes, defines or changes settings.
                SQLOptions::new()
                    .with_allow_ddl(false)
                    .with_allow_dml(false)
                    .with_allow_statements(false)
                    .verify_plan(&plan)?;
                Ok(DataFrame::new(session.state(), plan))
            })
        })
        .await
    }

    /// As [`query`](History::query), outside of asynchronous code.
    pub fn query_blocking(&self, sql: &str, limits: QueryLimits) -> Result<Answer, QueryError> {
        match &self.runtime {
            Some(runtime) => runtime.block_on(self.query(sql, limits)),
            None => Err(QueryError::Failed("history is closed".into())),
        }
    }

    /// Runs what `plan` makes of a session, on the threads of queries.
    pub(crate) async fn run<P>(&self, limits: QueryLimits, plan: P) -> Result<Answer, QueryError>
    where
        P: FnOnce(SessionContext) -> futures::future::BoxFuture<'static, Result<DataFrame, DataFusionError>>
            + Send
            + Clone
            + 'static,
    {
        let begun = Instant::now();
        let store = self.store()?;
        let mut attempts = 3;
        loop {
            attempts -= 1;
            let (session, snapshots) = self.session(&store)?;
            match self.attempt(session, snapshots.clone(), limits, begun, plan.clone()).await {
                // The store may have lost a file since its manifest was read, or hold one that is damaged: what is so
                // is left out, and the question asked again.
                Err((_, true)) if attempts > 0 => {
                    let fresh = self.without_faults(&store, snapshots).await?;
                    if !fresh {
                        return Err(QueryError::Failed("history changes faster than it can be read".into()));
                    }
                }
                Err((error, _)) => return Err(error),
                Ok(answer) => return Ok(answer),
            }
        }
    }

    /// Takes files that cannot be read out of `store`; whether there were any.
    async fn without_faults(&self, store: &Arc<Store>, snapshots: Vec<Snapshot>) -> Result<bool, QueryError> {
        let Some(runtime) = &self.runtime else { return Ok(false) };
        let store = Arc::clone(store);
        let work = runtime.spawn_blocking(move || {
            let mut has_faults = false;
            for file in snapshots.iter().flat_map(|snapshot| &snapshot.files) {
                if let Some(reason) = recover::fault(&store.folder, file) {
                    store.set_aside(file, &reason);
                    has_faults = true;
                }
            }
            has_faults
        });
        work.await.map_err(|e| QueryError::Failed(e.to_string()))
    }

    /// One attempt; an error says whether damaged files may be its cause.
    async fn attempt<P>(
        &self,
        session: SessionContext,
        snapshots: Vec<Snapshot>,
        limits: QueryLimits,
        begun: Instant,
        plan: P,
    ) -> Result<Answer, (QueryError, bool)>
    where
        P: FnOnce(SessionContext) -> futures::future::BoxFuture<'static, Result<DataFrame, DataFusionError>>
            + Send
            + 'static,
    {
        let Some(runtime) = &self.runtime else {
            return Err((QueryError::Failed("history is closed".into()), false));
        };
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        let (schema_sender, schema) = tokio::sync::oneshot::channel();
        let is_truncated = Arc::new(AtomicBool::new(false));
        let (turns, truncated) = (Arc::clone(&self.turns), Arc::clone(&is_truncated));
        let deadline = tokio::time::Instant::from_std(begun + limits.time_max);
        let gone = sender.clone();
        let work = async move {
            // Files stay on disk as long as somebody holds their names.
            let _held = snapshots;
            let _turn = turns.acquire_owned().await;
            let begin = async {
                let frame = plan(session).await?;
                // One row more than asked for tells whether something is cut off.
                let is_rows = !matches!(
                    frame.logical_plan(),
                    LogicalPlan::Explain(_) | LogicalPlan::Analyze(_) | LogicalPlan::DescribeTable(_)
                );
                let frame = match is_rows {
                    true => frame.limit(0, Some(limits.rows_max.saturating_add(1)))?,
                    false => frame,
                };
                let mut stream = frame.execute_stream().await?;
                // The first rows are waited for: most of what can be wrong is wrong by then.
                let first = stream.next().await.transpose()?;
                Ok::<_, DataFusionError>((stream, first))
            };
            let (mut stream, mut first) = match begin.await {
                Ok(begun) => begun,
                Err(e) => {
                    let _ = schema_sender.send(Err((explain::error(&e), explain::may_be_damage(&e))));
                    return;
                }
            };
            let _ = schema_sender.send(Ok(stream.schema()));
            let mut left = limits.rows_max;
            loop {
                let batch = match first.take() {
                    Some(batch) => Ok(batch),
                    None => match stream.next().await {
                        Some(batch) => batch,
                        None => return,
                    },
                };
                let batch = match batch {
                    Ok(batch) if batch.num_rows() > left => {
                        truncated.store(true, Ordering::Release);
                        let _ = sender.send(Ok(batch.slice(0, left))).await;
                        return;
                    }
                    Ok(batch) => batch,
                    Err(e) => {
                        let _ = sender.send(Err(explain::error(&e))).await;
                        return;
                    }
                };
                left -= batch.num_rows();
                if batch.num_rows() > 0 && sender.send(Ok(batch)).await.is_err() {
                    return;
                }
            }
        };
        // The work has a task of its own: planning does not pause, and time must be up all the same.
        let mut work = runtime.spawn(work);
        let (late_sender, late) = tokio::sync::oneshot::channel::<()>();
        runtime.spawn(async move {
            tokio::select! {
                _ = &mut work => {}
                // Nobody waits for the answer any more.
                () = gone.closed() => work.abort(),
                () = tokio::time::sleep_until(deadline) => {
                    work.abort();
                    let _ = late_sender.send(());
                    // Waits until there is room for it: an answer that was cut must not look whole.
                    let _ = gone.send(Err(QueryError::Time(limits.time_max))).await;
                }
            }
        });
        tokio::select! {
            biased;
            outcome = schema => match outcome {
                Ok(Ok(schema)) => Ok(Answer { schema, batches: receiver, is_truncated, begun }),
                Ok(Err(error)) => Err(error),
                Err(_) if begun.elapsed() >= limits.time_max => Err((QueryError::Time(limits.time_max), false)),
                Err(_) => Err((QueryError::Failed("the query engine failed at this query".into()), false)),
            },
            Ok(()) = late => Err((QueryError::Time(limits.time_max), false)),
        }
    }
}

impl Drop for History {
    fn drop(&mut self) {
        // Waiting for threads would block whoever drops this, who may be one of the server's own.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
