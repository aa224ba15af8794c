//! See `ws101_fuzz::inflate`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws101_fuzz::inflate::check(data));
