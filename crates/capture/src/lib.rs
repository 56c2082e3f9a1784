//! Captures and interfaces to frames.
