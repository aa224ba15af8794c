//! Shows what is on the wire: explains bytes, traces a server, talks to another one.
//!
//! Before this: `cli`. All of it may be skipped on first reading: the server runs without it.
//! Read `unit` and `follow`, then `fields` and `rules`. The others only show what those say.
//!
//! ```text
//! bytes ──► follow (asks ws and http for bits and verdicts) ──► unit ──► fields, rules ──► explain, trace, connect
//! ```

pub mod connect;
pub mod conversation;
pub mod event;
pub mod explain;
pub mod fields;
pub mod follow;
pub mod json;
pub mod kept;
pub mod names;
pub mod notation;
pub mod observed;
pub mod rules;
pub mod secrets;
pub mod start;
pub mod title;
pub mod trace;
pub mod unit;
pub mod view;

use crate::http::head::Fields;
use crate::ws::extension::{Agreed, Extension};

/// What the extension field of an answer agrees to. `None`: there is no such field. `Some(None)`: it cannot be.
fn agreed(answer: Fields<'_>) -> Option<Option<Agreed>> {
    answer.values("sec-websocket-extensions").next()?;
    #[cfg(feature = "deflate")]
    let agreed = crate::deflate::agreed(answer);
    #[cfg(not(feature = "deflate"))]
    let agreed = None;
    Some(agreed)
}

/// Inflates messages for a tool. `None`: this program was built without compression.
#[must_use]
pub fn extension() -> Option<Box<dyn Extension>> {
    #[cfg(feature = "deflate")]
    let extension = crate::deflate::extension(&crate::config::Config::default());
    #[cfg(not(feature = "deflate"))]
    let extension = None;
    extension
}
