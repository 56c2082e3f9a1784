//! Records as Parquet files.
#![forbid(unsafe_code)]
