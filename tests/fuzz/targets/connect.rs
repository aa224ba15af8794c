//! See `ws101_fuzz::connect`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws101_fuzz::connect::check(data));
