//! Fuzz target: any bytes, no crash.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = capture::fuzz_bytes(bytes);
});
