//! A kind of record as a table of the query engine: its files, and the rows that are not written yet.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, Result, Statistics};
use datafusion::config::TableParquetOptions;
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::union::UnionExec;
use datafusion::scalar::ScalarValue;

use crate::kind::Kind;
use crate::manifest::Stored;
use crate::store::Snapshot;

/// Bytes at the end of a file that are fetched at once: its description is mostly within.
const DESCRIPTION_BYTES: usize = 64 << 10;

/// One table of one query.
pub(crate) struct Table {
    kind: Kind,
    schema: SchemaRef,
    folder: PathBuf,
    snapshot: Snapshot,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Table({}, {} files)", self.kind, self.snapshot.files.len())
    }
}

impl Table {
    /// `folder` must be absolute.
    pub(crate) fn new(kind: Kind, folder: &Path, snapshot: Snapshot) -> Table {
        Table { kind, schema: kind.schema(), folder: folder.to_owned(), snapshot }
    }

    /// What is known of a file without opening it. It lets queries pass over files by time.
    fn statistics(&self, file: &Stored) -> Statistics {
        let zone: Option<Arc<str>> = Some("UTC".into());
        let mut statistics = Statistics::new_unknown(&self.schema);
        statistics.num_rows = Precision::Exact(usize::try_from(file.rows).unwrap_or(usize::MAX));
        if let Some(at) = statistics.column_statistics.first_mut() {
            *at = ColumnStatistics {
                null_count: Precision::Exact(0),
                min_value: Precision::Exact(ScalarValue::TimestampNanosecond(Some(file.first.0), zone.clone())),
                max_value: Precision::Exact(ScalarValue::TimestampNanosecond(Some(file.last.0), zone)),
                ..ColumnStatistics::new_unknown()
            };
        }
        statistics
    }

    fn files(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        // The newest first: what people ask for most, and then the older ones need not be opened.
        let mut files: Vec<&Arc<Stored>> = self.snapshot.files.iter().collect();
        files.sort_by_key(|file| std::cmp::Reverse(file.last));
        let mut groups: Vec<Vec<PartitionedFile>> =
            vec![Vec::new(); state.config().target_partitions().min(files.len()).max(1)];
        let count = groups.len();
        let mut all: Option<Statistics> = None;
        for (file, place) in files.iter().zip(0..) {
            let statistics = self.statistics(file);
            all = Some(match all {
                None => statistics.clone(),
                Some(before) => merged(before, &statistics),
            });
            let path = self.folder.join(&file.path).to_string_lossy().into_owned();
            let partitioned = PartitionedFile::new(path, file.bytes).with_statistics(Arc::new(statistics));
            if let Some(group) = groups.get_mut(place % count) {
                group.push(partitioned);
            }
        }
        let url = ObjectStoreUrl::local_filesystem();
        let runtime = state.runtime_env();
        let descriptions = CachedParquetFileReaderFactory::new(
            runtime.object_store(&url)?,
            runtime.cache_manager.get_file_metadata_cache(),
        );
        let mut options = TableParquetOptions::new();
        options.global = state.config_options().execution.parquet.clone();
        let source = ParquetSource::new(Arc::clone(&self.schema))
            .with_table_parquet_options(options)
            .with_metadata_size_hint(DESCRIPTION_BYTES)
            .with_parquet_file_reader_factory(Arc::new(descriptions));
        let config = FileScanConfigBuilder::new(url, Arc::new(source))
            .with_file_groups(groups.into_iter().map(FileGroup::new).collect())
            .with_statistics(all.unwrap_or_else(|| Statistics::new_unknown(&self.schema)))
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

/// What is known of two files together.
fn merged(mut before: Statistics, other: &Statistics) -> Statistics {
    before.num_rows = before.num_rows.add(&other.num_rows);
    if let (Some(all), Some(one)) = (before.column_statistics.first_mut(), other.column_statistics.first()) {
        all.min_value = all.min_value.min(&one.min_value);
        all.max_value = all.max_value.max(&one.max_value);
    }
    before
}

#[async_trait]
impl TableProvider for Table {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let limit = limit.filter(|_| filters.is_empty());
        let gathered = || -> Result<Arc<dyn ExecutionPlan>> {
            let source = MemorySourceConfig::try_new(
                std::slice::from_ref(&self.snapshot.gathered),
                Arc::clone(&self.schema),
                projection.cloned(),
            )?;
            Ok(DataSourceExec::from_data_source(source.with_limit(limit)))
        };
        match (self.snapshot.files.is_empty(), self.snapshot.gathered.is_empty()) {
            (true, _) => gathered(),
            (false, true) => self.files(state, projection, limit),
            (false, false) => UnionExec::try_new(vec![gathered()?, self.files(state, projection, limit)?]),
        }
    }
}
