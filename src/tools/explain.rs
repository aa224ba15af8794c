//! `ws101 explain`: what bytes mean, field by field, and which rule they break.

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the command with these arguments.
pub fn run(_arguments: Vec<OsString>) -> ExitCode {
    ExitCode::from(2)
}
