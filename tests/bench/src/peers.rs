//! Other people's servers: what they are called, how they are installed and started.
//!
//! Each has a folder of its name in tests/bench/peers, a case in the script `install` there, and a line
//! here. One that cannot be installed is named in the report with the reason.

use std::path::PathBuf;
use std::process::Command;

use crate::children;
use crate::process::Program;
use crate::target_dir;
use crate::workload::{LARGE, Workload};

/// One of them.
#[derive(Debug)]
pub struct Peer {
    /// The name of its folder, also when it is asked for.
    pub folder: &'static str,
    /// Its name in the report.
    pub name: &'static str,
    /// What it is, in the report.
    pub what: &'static str,
    /// What to start: with a slash in front, in the folder where it is installed; else looked up in PATH.
    program: &'static str,
    /// Its arguments, of which those that begin with a slash lie in that folder.
    arguments: &'static [&'static str],
    /// What its program is told where messages are large, if it has to know.
    for_large: &'static str,
    /// Machine code made before it is started, so that counting instructions makes sense.
    pub native: bool,
    /// It serves `/echo` and `/broadcast`, and so takes part in everything; else in its matches only.
    pub everywhere: bool,
}

/// All of them. uWebSockets.js is not here: it is in no registry.
pub const PEERS: &[Peer] = &[
    Peer {
        folder: "tungstenite",
        name: "tungstenite",
        what: "Rust crate, on the event loop that ws101 has too",
        program: "/release/tungstenite-peer",
        arguments: &[],
        for_large: "large",
        native: true,
        everywhere: true,
    },
    Peer {
        folder: "fastwebsockets",
        name: "fastwebsockets",
        what: "Rust crate, with tokio and hyper, one thread",
        program: "/release/fastwebsockets-peer",
        arguments: &[],
        for_large: "",
        native: true,
        everywhere: true,
    },
    Peer {
        folder: "bun",
        name: "Bun",
        what: "the server that is built into Bun",
        program: "/bun",
        arguments: &["/server.js"],
        for_large: "",
        native: false,
        everywhere: true,
    },
    Peer {
        folder: "ws",
        name: "ws",
        what: "npm package, on Node",
        program: "node",
        arguments: &["/server.mjs"],
        for_large: "",
        native: false,
        everywhere: true,
    },
    Peer {
        folder: "fastapi",
        name: "FastAPI",
        what: "with uvicorn, one worker",
        program: "/venv/bin/python",
        arguments: &["/server.py"],
        for_large: "",
        native: false,
        everywhere: true,
    },
    Peer {
        folder: "socketio",
        name: "socket.io",
        what: "npm package, on Node: with Socket.IO only",
        program: "node",
        arguments: &["/server.mjs"],
        for_large: "",
        native: false,
        everywhere: false,
    },
];

impl Peer {
    /// Installs it unless that is done; returns what it is in which version, or why it is not there.
    ///
    /// # Errors
    /// The reason, in one line.
    pub fn install(&self) -> Result<String, String> {
        let mut script = Command::new("tests/bench/peers/install");
        let output = children::output(script.arg(self.folder))
            .map_err(|error| format!("tests/bench/peers/install: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let said = text.lines().next_back().unwrap_or("nothing was said");
        if output.status.success() { Ok(said.to_owned()) } else { Err(said.to_owned()) }
    }

    /// How it is started when it has to compress; `how` is what its program understands.
    #[must_use]
    pub fn compressing(&self, how: &str) -> Program {
        let mut program = self.program();
        program.arguments.push(how.into());
        program
    }

    /// How it is started for this load.
    #[must_use]
    pub fn program_for(&self, workload: &Workload) -> Program {
        let mut program = self.program();
        if workload.message.size >= LARGE && !self.for_large.is_empty() {
            program.arguments.push(self.for_large.into());
        }
        program
    }

    /// How it is started.
    #[must_use]
    pub fn program(&self) -> Program {
        let place = |word: &str| {
            if word.starts_with('/') {
                let peers = target_dir().join("bench/peers");
                format!("{}/{}{word}", peers.display(), self.folder)
            } else {
                word.to_owned()
            }
        };
        let arguments: Vec<_> = self.arguments.iter().map(|word| place(word)).collect();
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        Program::new(PathBuf::from(place(self.program)), &arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::SILENT;

    #[test]
    fn every_peer_has_its_folder_and_every_folder_its_peer() {
        let folders = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/peers")).unwrap();
        let mut folders: Vec<_> = folders
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().is_dir())
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        let mut peers: Vec<_> = PEERS.iter().map(|peer| peer.folder.to_owned()).collect();
        folders.sort();
        peers.sort();
        assert_eq!(folders, peers);
    }

    #[test]
    fn only_what_lies_in_the_folder_gets_its_path() {
        let ws = PEERS.iter().find(|peer| peer.folder == "ws").unwrap();
        let program = ws.program();
        assert_eq!(program.path, PathBuf::from("node"));
        let script = target_dir().join("bench/peers/ws/server.mjs");
        assert_eq!(program.arguments, [script.to_str().unwrap()]);
    }

    #[test]
    fn only_who_has_to_know_is_told_that_messages_are_large() {
        let arguments = |folder: &str, size| {
            let peer = PEERS.iter().find(|peer| peer.folder == folder).unwrap();
            let mut workload = SILENT;
            workload.message.size = size;
            peer.program_for(&workload).arguments.len()
        };
        assert_eq!(arguments("tungstenite", 64 << 10), 0);
        assert_eq!(arguments("tungstenite", 96 << 10), 1);
        assert_eq!(arguments("fastwebsockets", 96 << 10), 0);
    }
}
