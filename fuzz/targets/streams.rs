//! Fuzz target: any bytes, no crash.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = wire::fuzz::fuzz_stream(bytes);
});
