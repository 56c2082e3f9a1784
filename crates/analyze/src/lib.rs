//! Records in, judgements out: inventory and detectors.
