//! `ws101 connect`: talks to a server by hand, and shows the bytes.

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the command with these arguments.
pub fn run(_arguments: Vec<OsString>) -> ExitCode {
    ExitCode::from(2)
}
