//! What keeps the server alive and tells its operator how it is: caps, rates, the log, metrics, panics.
//!
//! Pure bookkeeping below the hub. It knows slots, addresses and numbers, never a connection: the hub
//! asks it, and does what follows.

pub(crate) mod caps;
mod escape;
mod not_allowed;
pub mod panics;
pub mod rate;

pub use self::caps::CountsAs;
pub use self::escape::escaped;
pub use self::not_allowed::NotAllowed;
