//! See `ws101_fuzz::header_lists`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws101_fuzz::header_lists::check(data));
