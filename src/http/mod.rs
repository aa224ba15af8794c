//! HTTP/1.1 as far as a WebSocket server needs it: request heads, bodies, responses, dates.
//!
//! Pure functions of bytes. Nothing here knows about sockets, time or connections.
//!
//! A request's way: `scan` finds the end of its head, `head` parses it, `policy` judges the name that it asks
//! for, `framing` says what follows, `route` what the resource allows, and `body` reads what follows.
//! `response` writes the answer; `refusal` has the ready-made ones.

pub mod authority;
pub mod body;
pub mod coding;
pub mod date;
pub mod fields;
pub mod framing;
pub mod head;
pub mod method;
pub mod percent;
pub mod policy;
pub mod refusal;
pub mod response;
pub mod route;
pub mod scan;
