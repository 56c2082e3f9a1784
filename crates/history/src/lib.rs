//! The queryable past: records as Parquet files partitioned by hour, and SQL over them (docs/history.md).
#![forbid(unsafe_code)]

mod arrange;
#[cfg(test)]
mod crash;
mod explain;
mod export;
mod file;
mod kind;
mod limits;
mod lists;
mod maintain;
mod manifest;
mod output;
mod query;
mod recover;
mod rows;
mod store;
mod table;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod writer;

pub use export::{ExportError, Folder};
pub use kind::{Column, Form, Kind};
pub use limits::{Kept, Limits};
pub use lists::{Filter, Page, Point, Variable};
pub use maintain::Maintained;
pub use manifest::Stored;
pub use output::{Encoder, Format, columns, rows};
pub use query::{Answer, History, MEMORY_BYTES_MAX, QueryError, QueryLimits};
pub use store::Problem;
pub use writer::{HistoryError, Pending, Writer};
