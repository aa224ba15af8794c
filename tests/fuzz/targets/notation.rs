//! See `ws101_fuzz::notation`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws101_fuzz::notation::check(data));
