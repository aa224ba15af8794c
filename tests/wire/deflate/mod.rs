//! RFC 7692, permessage-deflate, byte by byte, with a DEFLATE that is not the server's (miniz_oxide)
//! and bytes made by hand. Each test names the rule it holds.
//!
//! What it costs in memory is shown by `attacks`; what the flags mean, by `cli::args`.

mod attacks;
mod blocks;
mod broadcasts;
mod corrupt;
mod crowd;
mod examples;
mod limits;
mod offers;
mod property;
mod random_offers;
mod reserved;
mod sending;
mod texts;

use crate::support::deflate::{client, flate};
