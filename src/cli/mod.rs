//! The command line and the program's own lines: what it is asked, and what it says.
//!
//! Before this: `config`, the limits that flags set. After this: `main`, which joins all parts. To read on a first
//! reading: `args` and the table in `flags`. To skip: everything else, and most of all `outlet`.
//!
//! Two tables say what flags there are: that in `flags`, and that of limits in `config`. Parsing, `--help` and the
//! environment variables read them, so none of them can know a flag that the others do not.

pub mod args;
pub mod flags;
mod help;
pub mod log;
pub mod outlet;
#[cfg(feature = "tools")]
pub mod tool;
pub mod unknown;
mod value;
pub mod welcome;
