//! The site is driven through its router, as a browser or a program would.

pub(crate) mod harness;
mod history;
mod kept;
mod outward;
mod people;
mod plant;
mod routes;
