//! Byte-level tests on a virtual clock: no sockets, no sleeping.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

mod handshake;
mod http;
mod http_fields;
mod policy;
mod request_body;
mod response;
mod routes;
