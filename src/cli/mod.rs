//! The command line and the program's own lines: what it is asked, and what it says.
//!
//! Before this: `config`, the numbers that flags set. After this: `main`, which joins all parts. To read on a first
//! reading: `args` and the table in `flags`. To skip: everything else, and most of all `outlet`.
//!
//! One table (`flags`) says what flags there are. Parsing, `--help` and the environment variables read it, so none of
//! them can know a flag that the others do not.

pub mod args;
mod flag;
mod flags;
mod help;
pub mod log;
mod nearest;
pub mod options;
pub mod outlet;
mod value;
pub mod variables;
pub mod welcome;
