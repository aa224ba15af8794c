//! The one notation for bytes on the wire, read and printed. Traces, dumps in documents and tests are written in it.
//!
//! ```text
//! open path=/ws/2            a TCP connection and a correct opening handshake
//! C> 81 85 37 fa 21 3d       one write of the client, or one read of the server
//! C+ 7f 9f 4d 51 58          goes on with the last C> or C+ of its connection
//! C> 81 | 85 37 fa           a cut: what follows is another write
//! C> text "Hello"            a frame, masked
//! C> text "Hi" key=00000000 = 81 82 00 00 00 00 48 69
//! S< 81 05 "Hello"           exactly these bytes come from the server next
//! S+ ...*20 (hidden, 3 bytes)    20 bytes are left out, 3 are a secret
//! C> fin                     the client closes its side; `rst`: it resets the connection
//! S~ eof                     the server has closed its side
//! 2C> ...                    a second connection
//! # ...                      a note
//! ```
//!
//! Bytes are hex pairs, or text in quotes with `\r \n \t \" \\ \xHH`; `2a*126` repeats; `#` begins a note. What [`read`]
//! has read, [`Line`]s print as it was written, but for white space and the spelling of bytes.
//!
//! Other lines may stand before one that goes on, since a frame that comes in two reads is told when it is complete. The
//! bytes before its first cut belong to the earlier write. What follows the cut is a new write, here.
//!
//! Frames are `text`, `binary`, `ping`, `pong`, `close CODE "reason"`, `first-text`, `first-binary`, `middle`, `last`, or
//! `frame op=3`. Options change them: `key=HEX`, `nomask`, `len=16`, `len=64`, `says=N`, `op=`, `fin=`, `rsv=`. A frame
//! ends with its line, or with a cut. The bytes after `=` are compared with those of the frame.

mod frames;
mod line;
mod print;
mod reader;

pub use frames::is_frame;
pub use line::{Act, Item, Key, Line, MAX_BYTES, MAX_LEFT_OUT, Macro, Piece, known_bytes};
pub use print::{beginning, items_of, quoted};
pub use reader::{bytes, read, read_line, read_within};
