//! HTTP/1.1, as far as a WebSocket server needs it: request heads, bodies, responses.
//!
//! Before this: `ws`. After this: `hub`.
//! Skip on first reading: `authority`, `policy`, `framing`, `body`, `coding`, `percent`, `date`.
//!
//! All this is pure functions of bytes. Nothing here knows sockets, time or connections.
//!
//! A request goes this way: `scan` finds the end of its head, `head` reads it into `fields`, and `policy` judges its
//! `Host`. An application gives the `route`, `framing` says how long the body is, and `body` reads it.
//! `response` writes the answer; `refusal` has those that refuse a request.

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
