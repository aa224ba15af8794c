//! The applications. Only they know what messages mean.
//!
//! Before this: `server`. After this: `guard`. Read `echo` first, then `broadcast`, then `chat`.
//! Skip on first reading: `json` and `channels`.

pub mod broadcast;
pub mod channels;
pub mod chat;
pub mod echo;
pub mod json;
pub mod pages;
pub mod status;

use crate::http::method::Method;
use crate::http::route::Route;

/// A WebSocket endpoint whose plain requests are answered: GET 426, everything else 405.
pub const WEBSOCKET: Route = Route { methods: &[Method::Get], websocket: true, max_body_bytes: 0 };

/// A chat: plain GET, HEAD and POST are answered 426 (upgrade), everything else 405.
const CHAT: Route =
    Route { methods: &[Method::Get, Method::Head, Method::Post], websocket: true, max_body_bytes: 0 };

/// The tag of a connection that is its membership in a room.
fn membership(tag: u64) -> u32 {
    u32::try_from(tag).unwrap_or(u32::MAX)
}
