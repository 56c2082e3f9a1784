//! The HTTP side of Vigie: ingest of batches, the API, people, the live stream and the embedded user interface.
//!
//! [`Site::open`] opens everything below a data folder; batches go in through [`Site::ingest`]; [`serve`] answers
//! requests until it is told to stop. The routes are rows of one table, [`api::ROUTES`]: who may use one stands in its
//! row and is checked in one place ([`call`]), and the OpenAPI document is written from the same rows.
#![forbid(unsafe_code)]

pub mod api;
pub mod baseline;
mod call;
mod chain;
mod clock;
mod config;
pub mod console;
mod export;
mod files;
mod limits;
mod list;
mod live;
pub mod login;
mod notify;
mod openapi;
mod past;
mod people;
mod problem;
mod rebuild;
mod router;
mod serve;
mod site;
mod tls;
mod view;
mod web;

#[cfg(test)]
mod tests;

pub use config::{Config, Evidence, EvidenceQuery, Tls};
pub use openapi::document;
pub use problem::Problem;
pub use rebuild::{Rebuilt, rebuild};
pub use router::router;
pub use serve::{ServeError, Serving, serve};
pub use site::{Site, SiteError};
pub use view::Sensor;
