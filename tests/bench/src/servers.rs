//! Who is measured, and how each of them is started for a load.

use std::path::PathBuf;

use crate::cells::Beside;
use crate::contest::Entrant;
use crate::handshake::Offer;
use crate::peers::Peer;
use crate::process::Program;
use crate::workload::Workload;

/// The name of our server in the report.
pub const OURS: &str = "ws101";
/// The name of the bare loop.
pub const FLOOR: &str = "floor";
/// The name of a second bare loop, beside the first: what differs is noise.
pub const NOISE: &str = "floor again";

/// The servers of a run.
#[derive(Debug)]
pub struct Servers {
    /// Our server.
    pub ours: PathBuf,
    /// The bare loop.
    pub floor: PathBuf,
    /// Those others that could be installed.
    pub peers: Vec<&'static Peer>,
}

impl Servers {
    /// Ours, with nothing that moves by itself.
    #[must_use]
    pub fn ours(&self) -> Program {
        let quiet = ["--port", "0", "--log", "off", "--ping-interval", "0"];
        Program::new(&self.ours, &quiet)
    }

    /// The bare loop, which has to know what it will be asked.
    #[must_use]
    pub fn floor(&self, workload: &Workload) -> Program {
        let size = workload.message.size.to_string();
        let kind = workload.message.kind.name();
        Program::new(&self.floor, &[workload.mode(), kind, &size])
    }

    /// The others that take part in everything.
    pub fn everywhere(&self) -> impl Iterator<Item = &'static Peer> {
        self.peers.iter().copied().filter(|peer| peer.everywhere)
    }

    /// The others that take part beside ours where a cell says so.
    pub fn peers_of(&self, beside: Beside) -> impl Iterator<Item = &'static Peer> {
        self.everywhere().filter(move |peer| match beside {
            Beside::All => true,
            Beside::Native => peer.native,
            Beside::Nobody => false,
        })
    }

    /// Ours, the second floor, and those others.
    #[must_use]
    pub fn entrants(&self, workload: &Workload, beside: Beside) -> Vec<Entrant> {
        let entrant = |name: &str, program, guest| Entrant {
            name: name.to_owned(),
            program,
            offer: Offer::Nothing,
            guest,
        };
        let mut entrants =
            vec![entrant(OURS, self.ours(), false), entrant(NOISE, self.floor(workload), false)];
        for peer in self.peers_of(beside) {
            entrants.push(entrant(peer.name, peer.program_for(workload), true));
        }
        entrants
    }

    /// Everybody by name, without a second floor.
    #[must_use]
    pub fn everybody(&self, workload: &Workload) -> Vec<(String, Program)> {
        let mut all: Vec<_> = self.entrants(workload, Beside::All);
        all.retain(|entrant| entrant.name != NOISE);
        let mut all: Vec<_> = all.into_iter().map(|entrant| (entrant.name, entrant.program)).collect();
        all.push((FLOOR.to_owned(), self.floor(workload)));
        all
    }

    /// Whether counting the instructions of this one makes sense.
    #[must_use]
    pub fn is_native(&self, name: &str) -> bool {
        let peer = self.peers.iter().find(|peer| peer.name == name);
        peer.is_none_or(|peer| peer.native)
    }

    /// Whether it is somebody else's: then a failure is a line of the report and no more.
    #[must_use]
    pub fn is_peer(&self, name: &str) -> bool {
        self.peers.iter().any(|peer| peer.name == name)
    }
}
