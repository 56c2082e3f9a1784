//! Tells cargo that the web UI is part of this crate: a new `ui/dist` is embedded anew.

fn main() {
    println!("cargo::rerun-if-changed=../../ui/dist");
}
