//! See `ws101_fuzz::explain`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws101_fuzz::explain::check(data));
