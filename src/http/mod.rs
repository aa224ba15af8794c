//! HTTP/1.1, as far as a WebSocket server needs it: request heads, bodies, responses.
//!
//! Before this: `ws`. After this: `hub`.
//! Skip on first reading: `policy`, `body`, `coding`, `percent`, `date`.
//!
//! All this is pure functions of bytes. Nothing here knows sockets, time or connections.
//!
//! A request goes this way: `head` finds the end of its head, and reads it. `policy` judges its `Host`. An
//! application gives the `route`, and `body` reads the body, if there is one.
//! `response` writes the answer; `refusal` has those that refuse a request.

#[cfg(feature = "tools")]
pub mod answer;
pub mod body;
pub mod coding;
pub mod date;
pub mod head;
pub mod method;
pub mod percent;
pub mod policy;
pub mod refusal;
pub mod response;
pub mod route;
