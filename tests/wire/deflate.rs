//! RFC 7692, permessage-deflate, byte by byte, with a DEFLATE that is not the server's (miniz_oxide)
//! and bytes made by hand. Each test names the rule it holds.
//!
//! What it costs in memory is measured elsewhere; what the flags mean is in `args.rs`.

mod blocks;
mod broadcasts;
mod client;
mod corrupt;
mod crowd;
mod examples;
mod flate;
mod limits;
mod offers;
mod property;
mod random_offers;
mod reserved;
mod sending;
mod texts;
