//! HTTP/1.1 as far as a WebSocket server needs it: request heads, bodies, responses, dates.
//!
//! Pure functions of bytes. Nothing here knows about sockets, time or connections.
//!
//! A request's way: `scan` finds the end of its head, `head` parses it and judges everything that
//! holds whatever is asked for, `route` says what the resource allows, `body` reads what follows.
//! `response` writes the answer; `refusal` has the ready-made ones.

pub mod authority;
pub mod body;
pub mod coding;
pub mod date;
pub mod fields;
pub mod head;
pub mod percent;
pub mod policy;
pub mod refusal;
pub mod response;
pub mod route;
pub mod scan;
