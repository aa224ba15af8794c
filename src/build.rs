//! Links the unwinder into the program, and aligns its parts, where that is possible. Cargo runs this before it compiles.
//!
//! Rust on Linux takes it from `libgcc_s.so`, a library of which a server uses nothing until an
//! application panics; mapping it costs about 150 KiB at every start, a sixteenth of all that is
//! resident. The same code as an archive costs its 25 KiB of the file. What is resident at start
//! is measured by `make bench`. Everything else that is built is left to `Cargo.toml`.

use std::env;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

fn main() -> io::Result<()> {
    let mut cargo = io::stdout();
    writeln!(cargo, "cargo::rerun-if-changed=src/build.rs")?;
    writeln!(cargo, "cargo::rerun-if-env-changed=RUSTC_LINKER")?;
    let target = |what: &str| env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    let shared = target("OS") == "linux"
        && target("ENV") == "gnu"
        && !target("FEATURE").split(',').any(|feature| feature == "crt-static");
    let for_use = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    if shared && for_use {
        let linker = env::var_os("RUSTC_LINKER").unwrap_or_else(|| "cc".into());
        let found = Command::new(linker).arg("-print-file-name=libgcc_eh.a").output();
        // A compiler that does not know the archive answers with a name without a folder. That, or no compiler at
        // all, is no reason to fail: the program is the same, and maps the library.
        let archive = found.ok().and_then(|found| String::from_utf8(found.stdout).ok());
        if archive.is_some_and(|archive| Path::new(archive.trim()).is_absolute()) {
            // It comes before std asks for the shared one, which the linker then finds unneeded.
            writeln!(cargo, "cargo::rustc-link-lib=static:-bundle=gcc_eh")?;
            // Linux maps a program in groups of 16 pages. Where its parts begin with such a group, a start
            // touches two or three groups less, 64 KiB each. The file is as long as before.
            writeln!(cargo, "cargo::rustc-link-arg-bins=-Wl,-z,max-page-size=65536")?;
            writeln!(
                cargo,
                "cargo::rustc-link-arg-bins=-Wl,-T,{}/src/order.ld",
                env::var("CARGO_MANIFEST_DIR").unwrap_or_default()
            )?;
        }
    }
    Ok(())
}
