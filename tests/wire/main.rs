//! Byte-level tests on a virtual clock: no sockets, no sleeping.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

mod admission;
mod answer;
mod args;
mod away;
mod backpressure;
mod broadcast;
mod budget;
#[cfg(feature = "socketio")]
mod bundle;
mod channels;
mod chat;
mod client;
mod clock;
mod closing;
mod conformance;
mod control;
#[cfg(feature = "deflate")]
mod deflate;
#[cfg(feature = "deflate")]
mod deflate_limits;
mod disk;
mod docs;
mod downloads;
mod ending;
#[cfg(feature = "socketio")]
mod engineio;
mod files;
mod fragmentation;
mod framing;
mod handshake;
mod http;
mod http_core;
mod http_fields;
mod large;
mod layers;
mod limits;
mod log_path;
mod log_text;
mod masking;
mod mutation;
mod opening;
mod outbox;
mod panics;
mod policy;
mod rate;
mod record;
mod request_body;
mod response;
mod routes;
mod script;
mod seams;
mod sent_back;
mod shutdown;
mod sim;
#[cfg(feature = "socketio")]
mod socketio;
mod status;
mod support;
mod timers;
mod utf8;
mod welcome;
