//! A simulated plant that speaks the real protocols.
