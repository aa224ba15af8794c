//! Counts that no machine changes: system calls by strace, instructions by valgrind.
//!
//! Each is taken from two runs of different length, in a process of their own, and the difference divided
//! by the difference of messages: start-up, handshakes and the end drop out. Both tools slow the server
//! down so much that the generator is always ahead of it, which makes the counts repeatable.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Result;
use crate::cores::Cores;
use crate::handshake::Offer;
use crate::load::Load;
use crate::process::{Program, Server};
use crate::workload::Workload;

/// What counts.
#[derive(Debug, Clone, Copy)]
pub enum Tool {
    /// `strace -c`: system calls by name.
    Strace,
    /// `valgrind --tool=callgrind`: instructions, under the one name `Ir`.
    Callgrind,
}

impl Tool {
    /// Its program.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Strace => "strace",
            Self::Callgrind => "valgrind",
        }
    }

    /// Whether it is installed.
    #[must_use]
    pub fn is_there(self) -> bool {
        let mut command = Command::new(self.name());
        command.arg("--version").stdout(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    fn options(self, output: &Path) -> Vec<OsString> {
        match self {
            Self::Strace => vec!["-c".into(), "-f".into(), "-o".into(), output.into()],
            Self::Callgrind => {
                let mut file = OsString::from("--callgrind-out-file=");
                file.push(output);
                vec!["-q".into(), "--tool=callgrind".into(), file]
            }
        }
    }

    fn read(self, output: &str) -> Counts {
        match self {
            Self::Strace => strace_calls(output),
            Self::Callgrind => output
                .lines()
                .find_map(|line| line.strip_prefix("summary:"))
                .and_then(|count| count.trim().parse().ok())
                .map(|count| ("Ir".to_owned(), count))
                .into_iter()
                .collect(),
        }
    }
}

/// Counts by name.
pub type Counts = BTreeMap<String, f64>;

/// The table of `strace -c`: share, seconds, microseconds per call, calls, errors if any, name.
fn strace_calls(table: &str) -> Counts {
    table
        .lines()
        .filter_map(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            let (calls, name) = (words.get(3)?.parse().ok()?, *words.last()?);
            (name != "total").then(|| (name.to_owned(), calls))
        })
        .collect()
}

/// Counts what one message costs, between a run of `messages` and one of eleven times as many.
///
/// `scratch` is a folder for the tool's output.
///
/// # Errors
/// The server does not run under the tool, or the tool counts nothing.
pub fn per_message(
    tool: Tool,
    program: &Program,
    workload: &Workload,
    messages: u64,
    cores: Cores,
    scratch: &Path,
) -> Result<Counts> {
    let output = scratch.join(format!("{}.out", tool.name()));
    let is_tracer = matches!(tool, Tool::Strace);
    let program = program.under(tool.name(), &tool.options(&output), is_tracer);
    let mut counts = Counts::new();
    for (messages, sign) in [(messages, -1.0), (messages * 11, 1.0)] {
        let server = Server::start(&program, cores)?;
        let files = server.open_files()?;
        let mut load = Load::connect(
            server.address,
            workload.path(),
            workload.connections,
            workload.message,
            Offer::Nothing,
        )?;
        workload.run(&mut load, messages)?;
        drop(load);
        server.wait_for_open_files(files)?;
        server.stop()?;
        let found = tool.read(&fs::read_to_string(&output)?);
        if found.is_empty() {
            return Err(format!("{} counted nothing", tool.name()).into());
        }
        for (name, count) in found {
            *counts.entry(name).or_default() += sign * count;
        }
    }
    for count in counts.values_mut() {
        *count /= (messages * 10) as f64;
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_strace_is_read_with_and_without_errors() {
        let calls = strace_calls(
            "% time     seconds  usecs/call     calls    errors syscall\n\
             ------ ----------- ----------- --------- --------- ----------------\n \
             61.04    0.015700           7      2202           sendto\n \
             38.96    0.010020           4      2303        51 recvfrom\n\
             ------ ----------- ----------- --------- --------- ----------------\n\
             100.00    0.025720           5      4505        51 total\n",
        );
        let names: Vec<_> = calls.iter().map(|(name, calls)| (name.as_str(), *calls)).collect();
        assert_eq!(names, [("recvfrom", 2303.0), ("sendto", 2202.0)]);
    }
}
