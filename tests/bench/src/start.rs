//! Size of the binary and time to the start line.

use std::fs;

use crate::Result;
use crate::cores::Cores;
use crate::process::{Program, Server};

/// The size of the executable in bytes.
///
/// # Errors
/// It is not there.
pub fn size(program: &Program) -> Result<f64> {
    Ok(fs::metadata(&program.path)?.len() as f64)
}

/// Seconds from just before `exec` to the start line, so many times.
///
/// # Errors
/// The server does not start or does not end.
pub fn start_up(program: &Program, cores: Cores, times: usize) -> Result<Vec<f64>> {
    (0..times)
        .map(|_| {
            let server = Server::start(program, cores)?;
            let seconds = server.start_up.as_secs_f64();
            server.stop()?;
            Ok(seconds)
        })
        .collect()
}
