//! The one notation for bytes on the wire, read and printed. Traces, dumps in documents and tests are written in it.
//!
//! ```text
//! open path=/ws/2            a TCP connection and a correct opening handshake
//! C> 81 85 37 fa 21 3d       one write of the client, or one read of the server
//! C+ 7f 9f 4d 51 58          goes on with the same write
//! C> 81 | 85 37 fa           a cut: what follows comes later
//! C> text "Hello"            a frame, masked
//! S< 81 05 "Hello"           exactly these bytes come from the server next
//! S+ ...*20                  goes on; 20 bytes are left out
//! C> fin                     the client closes its side; `rst`: it resets the connection
//! S~ eof                     the server has closed its side
//! 2C> ...                    the same on a second connection
//! # ...                      a note
//! ```
//!
//! Bytes are hex pairs, or text in quotes with `\r \n \t \" \\ \xHH`; `2a*126` repeats; `#` begins a note. What [`read`]
//! has read, [`Line`]s print as it was written, but for white space and the spelling of bytes.

mod frames;
mod line;
mod print;
mod reader;

pub use line::{Act, Item, Key, Line, MAX_BYTES, Macro, Piece, known_bytes};
pub use print::{items_of, quoted};
pub use reader::{bytes, read, read_line};
