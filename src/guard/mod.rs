//! What keeps the server alive and tells its operator how it is: caps, rates, the log, metrics, panics.
//!
//! Before this: `apps`. After this: `deflate`. Skip it on first reading.
//!
//! This is bookkeeping below the hub. It knows slots, addresses and numbers, never a connection. The hub
//! asks it, and does what follows.

pub(crate) mod caps;
mod escape;
mod metrics;
pub(crate) mod notes;
pub mod panics;
pub mod rate;

pub use self::caps::CountsAs;
pub use self::escape::{Escaped, NotAllowed};
pub(crate) use self::notes::Notes;
