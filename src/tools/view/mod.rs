//! The wire view: a page shows the bytes of its own connection, while they come and go. And the lab, which explains.
//!
//! Read `places` first, then `eye`, then `wire`. Skip on first reading: `json`, `lab`.
//!
//! ```text
//! tap ──► eye ──► places (an id: who is watched, by whom, and a ring of what was seen) ──► wire ──► the page
//! ```
//!
//! The eye stands at the sockets, and the application `wire` in the hub; `places` is all that they share. A page makes a
//! secret id, opens its own connection with `?wire=ID` and a second one to `/wire?id=ID`, in any order. Whoever does not
//! know the id sees nothing.

pub mod eye;
mod id;
mod json;
pub mod lab;
mod places;
pub mod wire;

use self::eye::Eye;
use self::places::Places;
use self::wire::Wire;
use crate::ws::endpoint::Limits;
use std::cell::RefCell;
use std::rc::Rc;

/// The two ends of the wire view: the tap, and the application that serves `/wire`. `limits`: those of the server.
#[must_use]
pub fn view(limits: Limits) -> (Eye, Wire) {
    let places = Rc::new(RefCell::new(Places::default()));
    (Eye::new(limits, Rc::clone(&places)), Wire(places))
}
