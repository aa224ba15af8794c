//! See `ws101_fuzz::core`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws101_fuzz::core::check(data));
