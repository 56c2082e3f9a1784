//! Frames in, records out.
