//! Byte-level tests on a virtual clock: no sockets, no sleeping.
//!
//! The folders are those of `src`, so a change has one place for its test. Of several names that fit, the longest counts;
//! a name without `.rs` means the file, the folder, or both.
//!
//! | You changed, in `src` | Add your test in, below `tests/wire` | It can show |
//! |---|---|---|
//! | `ws`, `large`, `pool` | `ws` | frames, messages and closing by RFC 6455, and what the handshake asks |
//! | `deflate`, `hub/compression` | `deflate` | compressed messages, and what they may cost |
//! | `http` | `http` | what one request says, and how one answer is written |
//! | `hub`, `outbox` | `hub` | what waits, what is due, how connections end |
//! | `guard`, `hub/life`, `hub/evict`, `metered` | `guard` | who is refused, who waits, who goes when memory is short |
//! | `hub/recovery`, `guard/notes` | `guard` | what a bug costs, and what the log says |
//! | `hub/metrics`, `guard/metrics` | `apps/status` | each number, when it moves and when it does not |
//! | `apps`, `rooms` | `apps` | what a client of one application reads |
//! | `files` | `files` | pages and folders, their forms, ranges and conditions |
//! | `socketio` | `socketio` | Engine.IO and Socket.IO, packet by packet |
//! | `cli`, `config`, `build` | `cli` | flags, variables, complaints, the first lines |
//! | `shortcuts` | `ws`, `hub` | both ways do the same: `make test-plain` runs all tests without shortcuts |
//! | `clock` | `clock`, `hub/timers` | time in which nobody looked |
//! | `slots` | `slots` | an id finds its own entry and no other |
//! | `tools`, `tap` | `tools` | what a trace, an explanation and the notation say of bytes |
//! | `server`, `sockets`, `main`, `guard/panics`, `cli/log`, `cli/outlet` | `tests/socket` | signals, real sockets, what is printed |
//! | `tools` | `tools` | what the tools say of bytes, beside the server and in golden files |
//! | `lib` | `layers`, `loops` | who may import whom |
//! | a document, or what it says of the server | `docs` | that its dumps, names and links are true |
//! | a helper of tests | `support` | that it sees a mistake |
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

mod apps;
mod cli;
mod clock;
#[cfg(feature = "deflate")]
mod deflate;
mod docs;
mod files;
mod guard;
mod http;
mod hub;
mod layers;
mod loops;
mod slots;
#[cfg(feature = "socketio")]
mod socketio;
mod support;
#[cfg(feature = "tools")]
mod tools;
mod ws;

use support::{answer, client, disk, record, script, sim};
