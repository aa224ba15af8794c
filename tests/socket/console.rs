//! What the documents show of a terminal is what the program prints there.
//!
//! A line that begins with `$ ` is run by a shell, in an empty folder, with the program first in `PATH` and the port of a fresh
//! server in `$PORT`. What follows must be printed, to the letter. `...` alone on a line stands for any lines, `<port>` for
//! the port.

use crate::markdown::{Fence, pages};
use crate::process::{Scratch, Server, outcome};
use std::path::Path;
use std::process::{Command, Stdio};

/// The commands of a block, with what they print.
fn commands(fence: &Fence<'_>) -> Vec<(String, Vec<String>)> {
    let mut commands: Vec<(String, Vec<String>)> = Vec::new();
    for line in &fence.lines {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command.to_owned(), Vec::new())),
            (None, Some((_, output))) => output.push((*line).to_owned()),
            (None, None) => panic!("a block begins with a command: {line}"),
        }
    }
    commands
}

/// What the command prints, and its complaints between.
fn printed(command: &str, server: &Server, folder: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_ws101"));
    let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
    let mut shell = Command::new("/bin/sh");
    shell.env_clear().env("PATH", path).env("PORT", server.port.to_string());
    shell.current_dir(folder).args(["-c", &format!("exec 2>&1; {command}")]);
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    outcome(shell).stdout
}

/// Whether these lines are those; `...` stands for any.
fn fits(expected: &[String], came: &[&str]) -> bool {
    match (expected.split_first(), came.split_first()) {
        (None, None) => true,
        (Some((line, rest)), _) if line == "..." => {
            (0..=came.len()).any(|skipped| fits(rest, &came[skipped..]))
        }
        (Some((line, rest)), Some((first, after))) => line == first && fits(rest, after),
        _ => false,
    }
}

#[test]
fn what_documents_show_of_a_terminal_is_what_is_printed() {
    let mut count = 0;
    for page in pages() {
        for fence in page.fences_of("console") {
            let (server, scratch) = (Server::start(&[]), Scratch::new());
            for (command, expected) in commands(&fence) {
                let came = printed(&command, &server, &scratch.0).replace(&server.port.to_string(), "<port>");
                let lines: Vec<&str> = came.lines().collect();
                // A block may end in an empty line before the next command.
                let expected = expected.strip_suffix(&[String::new()]).unwrap_or(&expected);
                assert!(
                    fits(expected, &lines),
                    "{}:{}: $ {command}\n{came}\ninstead of\n{}",
                    page.name,
                    fence.line,
                    expected.join("\n")
                );
                count += 1;
            }
        }
    }
    assert!(count >= 5, "only {count} commands");
}

#[test]
fn a_line_that_differs_is_noticed() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let came = ["one", "two", "three", "four"];
    assert!(fits(&lines("one\n...\nfour"), &came));
    assert!(fits(&lines("...\nfour\n..."), &came));
    for wrong in
        ["one\n...\nthree", "one\ntwo\nthree", "one\ntwo\nthree\nfour\nfive", "one\n...\nTwo\n...", ""]
    {
        assert!(!fits(&lines(wrong), &came), "{wrong}");
    }
}
