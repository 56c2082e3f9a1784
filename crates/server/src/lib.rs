//! State.
#![forbid(unsafe_code)]
