//! The applications: the only place that knows what messages mean.

pub mod broadcast;
pub mod chat;
pub mod echo;
pub mod pages;
pub mod status;

use crate::http::head::Method;
use crate::http::route::Route;

/// A WebSocket endpoint whose plain requests are answered: GET 426, everything else 405.
pub const WEBSOCKET: Route = Route {
    methods: &[Method::Get],
    websocket: true,
    max_body_bytes: 0,
};
