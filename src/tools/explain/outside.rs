//! What `explain` does with the world: it reads standard input, prints, and writes a capture.

use super::work::{Look, explain};
use std::ffi::OsString;
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::process::ExitCode;

/// Text of more bytes is refused: 16 MiB as a hex dump are about 80 MiB.
const MAX_TEXT_BYTES: u64 = 128 << 20;

/// Runs the command with these arguments.
pub fn run(arguments: Vec<OsString>) -> ExitCode {
    let stdout = io::stdout();
    let look = Look { is_terminal: stdout.is_terminal(), no_color: std::env::var_os("NO_COLOR") };
    let mut out = BufWriter::new(stdout.lock());
    let mut outcome = explain(arguments, &mut read, &look, &mut out);
    // A closed stdout, as in `| head`, is no error.
    let _ = out.flush();
    if let Some((path, bytes)) = outcome.capture.take()
        && let Err(error) = std::fs::write(&path, bytes)
    {
        outcome.status = 2;
        outcome.complaint = format!("--pcap {}: {error}", path.display());
    }
    if !outcome.complaint.is_empty() {
        let _ = writeln!(io::stderr(), "ws101: explain: {}", outcome.complaint);
    }
    ExitCode::from(outcome.status)
}

fn read() -> Result<Vec<u8>, String> {
    let input = io::stdin();
    if input.is_terminal() {
        let _ =
            writeln!(io::stderr(), "Paste bytes, a dump or a handshake; end with Ctrl-D on an empty line.");
    }
    let mut bytes = Vec::new();
    let read = input.lock().take(MAX_TEXT_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("standard input: {error}"))?;
    if bytes.len() as u64 > MAX_TEXT_BYTES {
        return Err("standard input: more than 128 MiB; give a part of it".to_owned());
    }
    Ok(bytes)
}
