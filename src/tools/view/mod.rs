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
pub mod plain;
pub mod wire;

use self::eye::Eye;
use self::lab::Lab;
use self::places::Places;
use self::plain::Plain;
use self::wire::Wire;
use crate::hub::Hub;
use crate::ws::endpoint::Limits;
use std::cell::RefCell;
use std::rc::Rc;

/// Gives a server the wire view. It must have no connection yet. `limits`: those of the server.
///
/// The tap that comes back has to watch its connections.
#[must_use]
pub fn add(hub: &mut Hub, limits: Limits) -> Eye {
    let places = Rc::new(RefCell::new(Places::default()));
    hub.put_first(Box::new(Lab));
    hub.put_first(Box::new(Wire::new(Rc::clone(&places))));
    hub.wrap_extension(|extension| Box::new(Plain(extension)));
    Eye::new(limits, places)
}
