//! Start-up and size: time to the start line, the binary with and without default features, and what
//! it holds in memory before anybody has come.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::Result;
use crate::children;
use crate::cores::Cores;
use crate::process::{Program, Server};
use crate::target_dir;

/// The size of a file in bytes.
///
/// # Errors
/// It is not there.
pub fn size(path: &Path) -> Result<f64> {
    Ok(fs::metadata(path)?.len() as f64)
}

/// Our server with other features than the default ones.
#[derive(Debug, Clone, Copy)]
pub struct Variant {
    /// The bar about its size.
    pub size: &'static str,
    /// The bar about what is resident at the start. Empty: there is none.
    pub resident: &'static str,
    /// Its features.
    pub features: &'static str,
}

/// The smallest, and without each of the features: so its share is seen.
pub const VARIANTS: [Variant; 4] = [
    Variant { size: "size-minimal", resident: "resident-minimal", features: "" },
    Variant { size: "size-without-tools", resident: "resident-without-tools", features: "deflate,socketio" },
    Variant { size: "size-without-socketio", resident: "", features: "deflate,tools" },
    Variant { size: "size-without-deflate", resident: "", features: "socketio,tools" },
];

/// Builds our server with the features of this variant, and returns where it is.
///
/// # Errors
/// It cannot be built.
pub fn build(variant: &Variant) -> Result<PathBuf> {
    let target = target_dir().join("bench/minimal");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--release", "--no-default-features", "--quiet", "--features", variant.features]);
    let output = children::output(command.arg("--target-dir").arg(&target))?;
    if !output.status.success() {
        return Err(
            format!("cargo build --no-default-features --features {:?} fails", variant.features).into()
        );
    }
    // The next one is built in the same place.
    let kept = target.join(variant.size);
    fs::copy(target.join("release/ws101"), &kept)?;
    Ok(kept)
}

/// Resident bytes shortly after the start line.
///
/// # Errors
/// The server does not start or does not end.
pub fn resident(program: &Program, cores: Cores) -> Result<f64> {
    let server = Server::start(program, cores)?;
    thread::sleep(Duration::from_millis(100));
    let resident = server.resident_memory()? as f64;
    server.stop()?;
    Ok(resident)
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
