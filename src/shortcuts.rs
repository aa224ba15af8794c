//! Whether the shortcuts are compiled in.
//!
//! A shortcut does what a plain way does, faster, for one frequent case. Each begins with a line that names the plain way
//! it equals, and asks [`ON`] first. The private feature `plain` compiles all of them out: then the plain way serves
//! every case, and the tests show that both do the same.
//!
//! | shortcut | the plain way |
//! |---|---|
//! | a message that is one frame and lies whole in the read: `Hub::receive_whole` | `Hub::receive_general` |
//! | the header of a short whole message: `frame::decode_fast` | `frame::decode` |
//! | a queue that is one piece of the arena: `Core::write_pieces` | `Core::write` |
//! | an echo that is sent from the receive buffer: `Ctx::send_in_place` | `Ctx::send_many` |
//! | a large message that is read to its place: `Core::make_room_in_message`, `Hub::receive_large` | the receive buffer |

/// They are, unless the feature `plain` is set.
pub(crate) const ON: bool = cfg!(not(feature = "plain"));
