//! MMS (ISO 9506): the data that GOOSE shares with it.
pub mod data;
