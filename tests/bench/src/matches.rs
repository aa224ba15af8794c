//! The cells that are about what the floor knows nothing of, compression and Socket.IO: so the measure is another
//! server, and the floor at most stands beside it. For compression that is `ws`, which compresses too, or ours without; for Socket.IO the original.

use crate::handshake::Offer;
use crate::message::{Kind, Message};
use crate::peers::{PEERS, Peer};
use crate::process::Program;
use crate::servers::{FLOOR, OURS, Servers};
use crate::workload::{Pattern, Workload};

/// Whose server.
#[derive(Debug, Clone, Copy)]
pub enum Who {
    /// Ours.
    Ours,
    /// Nobody's: the bare loop.
    Floor,
    /// The peer with this folder.
    Peer(&'static str),
}

impl Who {
    fn peer(self) -> Option<&'static Peer> {
        let Self::Peer(folder) = self else { return None };
        PEERS.iter().find(|peer| peer.folder == folder)
    }

    /// Its column in the report.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => OURS,
            Self::Floor => FLOOR,
            Self::Peer(folder) => self.peer().map_or(folder, |peer| peer.name),
        }
    }
}

/// How a server and its clients go about compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Not at all: clients do not offer it.
    Plain,
    /// With the server's defaults; clients offer what browsers do.
    Deflate,
    /// The same, and ours takes context over.
    Takeover,
    /// As ours does by default, with everybody: level 1, each message by itself.
    Alike,
}

/// One server in one mode.
#[derive(Debug, Clone, Copy)]
pub struct Side {
    /// Whose.
    pub who: Who,
    /// How.
    pub mode: Mode,
}

impl Side {
    /// Its name among the contests.
    #[must_use]
    pub fn name(self) -> String {
        let mode = match self.mode {
            Mode::Plain => "plain",
            Mode::Deflate => "deflate",
            Mode::Takeover => "takeover",
            Mode::Alike => "level 1, no takeover",
        };
        format!("{}, {mode}", self.who.name())
    }

    /// What its clients offer.
    #[must_use]
    pub fn offer(self) -> Offer {
        match self.mode {
            Mode::Plain => Offer::Nothing,
            Mode::Deflate | Mode::Takeover => Offer::AsBrowsers,
            Mode::Alike => Offer::NoTakeover,
        }
    }

    /// How it is started for this load; `None`: that peer is not there.
    #[must_use]
    pub fn program(self, servers: &Servers, workload: &Workload) -> Option<Program> {
        if let Who::Floor = self.who {
            return Some(servers.floor(workload));
        }
        let Some(peer) = self.who.peer() else {
            let mut program = servers.ours();
            if self.mode == Mode::Takeover {
                // Windows count as held memory, and the usual budget would close connections.
                let flags = ["--deflate", "takeover", "--memory-budget-bytes", "4294967296"];
                program.arguments.extend(flags.map(Into::into));
            }
            return Some(program);
        };
        servers.is_peer(peer.name).then(|| match self.mode {
            Mode::Plain => peer.program(),
            Mode::Deflate | Mode::Takeover => peer.compressing("deflate"),
            Mode::Alike => peer.compressing("deflate-1"),
        })
    }
}

/// Servers beside each other; the first is the measure of all.
#[derive(Debug)]
pub struct Match {
    /// What is done.
    pub workload: Workload,
    /// Whose processor time is 1.
    pub measure: Side,
    /// The bars, and who is held against them or stands beside that one.
    pub sides: &'static [(&'static str, Side)],
}

impl Match {
    /// The bar that it is about first of all.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.sides.first().map_or("", |(id, _)| id)
    }
}

/// What all send where compression is compared.
pub const JSON: Message = Message { kind: Kind::Json, size: 1 << 10 };

const fn json(connections: usize, pattern: Pattern) -> Workload {
    Workload { connections, message: JSON, pattern }
}

/// What goes to everybody with Socket.IO: a line of a chat.
const fn lines(pattern: Pattern) -> Workload {
    Workload { connections: 1_000, message: Message { kind: Kind::Event, size: 64 }, pattern }
}

const fn side(who: Who, mode: Mode) -> Side {
    Side { who, mode }
}

const SOCKETIO: Who = Who::Peer("socketio");
const WS: Who = Who::Peer("ws");
const BUN: Who = Who::Peer("bun");

/// The matches, in the order in which they run.
pub const MATCHES: &[Match] = &[
    Match {
        workload: json(50, Pattern::Echo(1)),
        measure: side(WS, Mode::Deflate),
        sides: &[
            ("deflate-echo", side(Who::Ours, Mode::Deflate)),
            ("deflate-echo-takeover", side(Who::Ours, Mode::Takeover)),
            ("deflate-echo-plain", side(Who::Ours, Mode::Plain)),
            ("deflate-echo", side(BUN, Mode::Deflate)),
            ("deflate-echo-plain", side(BUN, Mode::Plain)),
            ("deflate-echo-plain", side(WS, Mode::Plain)),
        ],
    },
    Match {
        workload: json(50, Pattern::Echo(1)),
        measure: side(WS, Mode::Alike),
        sides: &[("deflate-echo-alike", side(Who::Ours, Mode::Alike))],
    },
    Match {
        workload: json(1_000, Pattern::Broadcast(1)),
        measure: side(Who::Ours, Mode::Plain),
        sides: &[
            ("deflate-broadcast", side(Who::Ours, Mode::Deflate)),
            ("deflate-broadcast-takeover", side(Who::Ours, Mode::Takeover)),
        ],
    },
    Match {
        workload: lines(Pattern::Broadcast(1)),
        measure: side(SOCKETIO, Mode::Plain),
        sides: &[
            ("socketio-emit", side(Who::Ours, Mode::Plain)),
            ("socketio-emit", side(Who::Floor, Mode::Plain)),
        ],
    },
    Match {
        workload: lines(Pattern::Broadcast(10)),
        measure: side(SOCKETIO, Mode::Plain),
        sides: &[
            ("socketio-emit-ten", side(Who::Ours, Mode::Plain)),
            ("socketio-emit-ten", side(Who::Floor, Mode::Plain)),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_peer_is_one_that_there_is() {
        let sides = MATCHES.iter().flat_map(|held| {
            let sides = held.sides.iter().map(|(_, side)| *side);
            sides.chain([held.measure])
        });
        for side in sides {
            if let Who::Peer(folder) = side.who {
                assert!(side.who.peer().is_some(), "{folder}");
            }
        }
    }
}
