//! Dumps and traces, played against the server. The library reads them (`ws101::tools::notation`).
//!
//! A connection that was not opened is TCP and nothing yet.

use crate::sim::{End, PeerNo, Sim};
use crate::support::difference;
use std::collections::BTreeMap;
use std::fmt::Write;
use ws101::tools::notation::{self, Item, Piece};
use ws101::ws::frame::Sender;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Open(String),
    /// One write.
    Client {
        bytes: Vec<u8>,
        /// It comes right after the write before.
        after_cut: bool,
    },
    ClientEnd {
        reset: bool,
    },
    Server(Vec<u8>),
    ServerEnd,
}

/// A write, an end or an answer: one line, with those that go on with it, or what follows a cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The line of the page.
    pub line: usize,
    /// The connection, counted from 1.
    pub conn: u32,
    pub act: Act,
}

/// Reads a text whose first line is line `first` of its page.
///
/// What goes on with an earlier write becomes a part of it, up to the first cut.
pub fn steps(text: &str, first: usize) -> Result<Vec<Step>, String> {
    let mut steps: Vec<Step> = Vec::new();
    // The last write of each side.
    let mut last: BTreeMap<(u32, bool), usize> = BTreeMap::new();
    for (line, notation::Line { conn, act, .. }) in notation::read(text, first)? {
        let act = match act {
            notation::Act::Nothing => continue,
            notation::Act::Open(path) => Act::Open(path),
            notation::Act::ClientEnd { reset } => Act::ClientEnd { reset },
            notation::Act::ServerEnd => Act::ServerEnd,
            notation::Act::Bytes { from, goes_on, items } => {
                let last = last.entry((conn, from == Sender::Client)).or_default();
                let writes = writes(&items, from).map_err(|what| format!("line {line}: {what}"))?;
                for (at, bytes) in writes.into_iter().enumerate() {
                    if at == 0 && goes_on {
                        let (Act::Client { bytes: before, .. } | Act::Server(before)) = &mut steps[*last].act
                        else {
                            panic!("the reader has seen to it");
                        };
                        before.extend(bytes);
                        continue;
                    }
                    *last = steps.len();
                    let act = match from {
                        Sender::Client => Act::Client { bytes, after_cut: at > 0 },
                        Sender::Server => Act::Server(bytes),
                    };
                    steps.push(Step { line, conn, act });
                }
                continue;
            }
        };
        steps.push(Step { line, conn, act });
    }
    Ok(steps)
}

/// The bytes of a line, in writes. How the server cuts what it sends is not seen.
fn writes(items: &[Item], from: Sender) -> Result<Vec<Vec<u8>>, String> {
    let mut writes = vec![Vec::new()];
    for item in items {
        match item.piece() {
            Piece::Cut if from == Sender::Client => writes.push(Vec::new()),
            Piece::Cut => {}
            Piece::Bytes(bytes) => writes.last_mut().expect("at least one").extend(bytes),
            Piece::Unknown(_) => {
                return Err(format!("this cannot be played, because bytes are not told: {item}"));
            }
        }
    }
    Ok(writes)
}

/// Plays the steps against the server, each write in reads of at most `read_bytes`.
///
/// What the server sends must be told before the client writes again, to the last byte.
pub fn run(steps: &[Step], read_bytes: usize) -> Result<(), String> {
    let mut sim = Sim::default();
    let mut peers: BTreeMap<u32, (PeerNo, Vec<u8>)> = BTreeMap::new();
    // What was told before, by connection: a field has its name from the beginning of the stream on.
    let mut told: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
    for Step { line, conn, act } in steps {
        let is_new = !peers.contains_key(conn);
        if is_new {
            let peer = match act {
                Act::Open(path) => sim.open(path),
                _ => sim.connect(),
            };
            peers.insert(*conn, (peer, Vec::new()));
        }
        if matches!(act, Act::Open(_) | Act::Client { after_cut: false, .. } | Act::ClientEnd { .. }) {
            nothing_waits(&peers).map_err(|what| format!("before line {line}, {what}"))?;
        }
        let (peer, received) = peers.get_mut(conn).expect("inserted above");
        match act {
            Act::Open(_) if is_new => {}
            Act::Open(_) => return Err(format!("line {line} opens a connection again")),
            Act::Client { bytes, .. } => {
                for piece in bytes.chunks(read_bytes) {
                    sim.send(*peer, piece);
                    sim.run();
                }
                take_all(&mut sim, &mut peers);
            }
            Act::ClientEnd { reset } => {
                end(&mut sim, *peer, *reset);
                take_all(&mut sim, &mut peers);
            }
            Act::Server(bytes) if received.starts_with(bytes) => {
                let told = told.entry(*conn).or_default();
                told.extend(received.drain(..bytes.len()));
            }
            Act::Server(bytes) => {
                let told = told.remove(conn).unwrap_or_default();
                let expected = [&told, &bytes[..]].concat();
                let mut came = [&told, &received[..]].concat();
                came.truncate(expected.len());
                return Err(format!("line {line}: {}", differs("page", &expected, &came)));
            }
            Act::ServerEnd if sim.end(*peer) == End::Open => {
                return Err(format!("line {line}: the server's side is still open"));
            }
            Act::ServerEnd => {}
        }
    }
    nothing_waits(&peers).map_err(|what| format!("at the end, {what}"))
}

fn end(sim: &mut Sim, peer: PeerNo, reset: bool) {
    match reset {
        true => sim.reset(peer),
        false => sim.fin(peer),
    }
    sim.run();
}

fn take_all(sim: &mut Sim, peers: &mut BTreeMap<u32, (PeerNo, Vec<u8>)>) {
    for (peer, received) in peers.values_mut() {
        received.extend(sim.take(*peer));
    }
}

fn nothing_waits(peers: &BTreeMap<u32, (PeerNo, Vec<u8>)>) -> Result<(), String> {
    match peers.iter().find(|(_, (_, bytes))| !bytes.is_empty()) {
        Some((conn, (_, bytes))) => Err(format!("connection {conn} also received {}", show(bytes))),
        None => Ok(()),
    }
}

/// Plays a trace against this server: what clients did, in the order of the lines.
///
/// Each connection must receive what the trace tells of it, and end as it tells. It is not compared when that came, since
/// a trace tells a frame when it is complete.
pub fn replay(mut sim: Sim, text: &str) -> Result<(), String> {
    let mut connections: BTreeMap<u32, Replayed> = BTreeMap::new();
    for Step { line, conn, act } in steps(text, 1)? {
        let is_new = !connections.contains_key(&conn);
        let connection = connections.entry(conn).or_insert_with(|| {
            let peer = match &act {
                Act::Open(path) => sim.open(path),
                _ => sim.connect(),
            };
            Replayed { peer, told: Vec::new(), server_ends: false, is_reset: false }
        });
        let peer = connection.peer;
        match act {
            Act::Open(_) if is_new => {}
            Act::Open(_) => return Err(format!("line {line} opens a connection again")),
            Act::Client { bytes, .. } => {
                sim.send(peer, &bytes);
                sim.run();
            }
            Act::ClientEnd { reset } => {
                connection.is_reset |= reset;
                end(&mut sim, peer, reset);
            }
            Act::Server(bytes) => connection.told.extend(bytes),
            Act::ServerEnd => connection.server_ends = true,
        }
    }
    for (conn, Replayed { peer, told, server_ends, is_reset }) in connections {
        let came = sim.take(peer);
        if came != told {
            return Err(format!("connection {conn}: {}", differs("trace", &told, &came)));
        }
        match (server_ends, sim.end(peer)) {
            (true, End::Open) => return Err(format!("connection {conn}: the server's side is still open")),
            (false, end) if end != End::Open && !is_reset => {
                return Err(format!(
                    "connection {conn}: the server's side is {end:?}, and no line tells that"
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A connection of a trace that is played.
struct Replayed {
    peer: PeerNo,
    told: Vec<u8>,
    /// The trace tells that the server has closed its side.
    server_ends: bool,
    is_reset: bool,
}

/// The field in which they differ, and both as dumps.
fn differs(teller: &str, expected: &[u8], came: &[u8]) -> String {
    let at = difference::first(expected, came);
    let what = difference::what_differs(expected, came, at.unwrap_or_default());
    let [expected, came] = [expected, came].map(|bytes| difference::dump(Sender::Server, bytes, at));
    format!("{what}\nthe {teller} tells\n{expected}the server sent\n{came}")
}

fn show(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for byte in bytes.iter().take(64) {
        let _ = write!(shown, "{byte:02x} ");
    }
    format!("{shown}({:?})", String::from_utf8_lossy(bytes))
}

#[cfg(test)]
mod tests {
    use super::{Act, Step, replay, run, steps};
    use crate::sim::Sim;

    const HELLO: &str = "C> 81 85 37 fa 21 3d 7f 9f 4d 51 58";

    fn play(lines: &[&str]) -> Result<(), String> {
        run(&steps(&lines.join("\n"), 1)?, usize::MAX)
    }

    #[test]
    fn lines_that_go_on_become_one_write_up_to_a_cut() {
        let text = "\
# a note
2C> 01 | 02
S< 81 | 05
C> 03
2C+ 04 | 05 | 06
S+ 07
C+ 08
2C+ 09
C+ | 0a
C> fin
2C> rst
S~ eof";
        let client = |bytes: &[u8], after_cut| Act::Client { bytes: bytes.to_vec(), after_cut };
        let step = |line, conn, act| Step { line, conn, act };
        let expected = vec![
            step(11, 2, client(&[1], false)),
            step(11, 2, client(&[2, 4], true)),
            step(12, 1, Act::Server(vec![0x81, 5, 7])),
            step(13, 1, client(&[3, 8], false)),
            step(14, 2, client(&[5], true)),
            step(14, 2, client(&[6, 9], true)),
            step(18, 1, client(&[10], true)),
            step(19, 1, Act::ClientEnd { reset: false }),
            step(20, 2, Act::ClientEnd { reset: true }),
            step(21, 1, Act::ServerEnd),
        ];
        assert_eq!(steps(text, 10), Ok(expected));
    }

    #[test]
    fn what_leaves_bytes_out_is_not_played() {
        for (items, shown) in [("...*20", "...*20"), ("\"a\" (hidden, 1 byte)", "(hidden, 1 byte)")] {
            let wrong = steps(&format!("open\nS< {items}"), 3).unwrap_err();
            assert_eq!(wrong, format!("line 4: this cannot be played, because bytes are not told: {shown}"));
        }
        assert_eq!(steps("open\nC> 8", 3).unwrap_err(), "line 4: \"8\" is no hex pair");
    }

    #[test]
    fn wrong_line_of_a_dump_is_shown_with_its_field() {
        let wrong = play(&["open", HELLO, "S< 81 05", "S< \"Hallo\""]).unwrap_err();
        let expected = "\
line 4: frame 1: payload byte 2 is wrong
the page tells
  S< 81 05 48 61 6c 6c 6f                      # ..Hallo
  #           ^
the server sent
  S< 81 05 48 65 6c 6c 6f                      # ..Hello
  #           ^
";
        assert_eq!(wrong, expected);
    }

    #[test]
    fn a_dump_that_tells_too_little_is_noticed() {
        assert_eq!(play(&["open", HELLO, "S< 81 05 \"Hello\""]), Ok(()));
        for wrong in [
            &["open", HELLO] as &[&str],
            &["open", HELLO, "S< 81 05 \"Hell\""],
            &["open", HELLO, "S< 81 05 \"Hello\"", "S~ eof"],
            &["open", HELLO, "S< 81 05 \"Hello\" 00"],
            &["open", HELLO, HELLO, "S< 81 05 \"Hello\"", "S< 81 05 \"Hello\""],
            &["open", HELLO, "2S< 81 05 \"Hello\""],
            &["open", HELLO, "C> fin", "S< 81 05 \"Hello\""],
            &["open", "open"],
        ] {
            assert!(play(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn cuts_and_ends_are_played() {
        let hello = "S< text \"Hello\"";
        assert_eq!(play(&["open", "C> 81 85 37 | fa 21 3d | 7f 9f 4d 51 58", hello]), Ok(()));
        // The end of a frame, and the next: the first answer need not be told between.
        let two = "C> 81 | 85 37 fa 21 3d 7f 9f 4d 51 58 | 81 80 37 fa 21 3d";
        assert_eq!(play(&["open", two, hello, "S< text"]), Ok(()));
        assert_eq!(play(&["open", HELLO, hello, "C> fin", "S~ eof"]), Ok(()));
        assert_eq!(play(&["open", HELLO, hello, "C> rst", "S~ eof"]), Ok(()));
        let still = play(&["open", "S~ eof"]).unwrap_err();
        assert_eq!(still, "line 2: the server's side is still open");
    }

    /// Two connections. The second frame of the first begins in the read that ends the first frame.
    const TRACE: &str = "\
# 1 open 127.0.0.1:40000  0.000
open
C> 81 85 37 fa 21 3d 7f 9f 4d 51 58          # \"Hello\"
S< 81 05 \"Hello\"
2open path=/echo
2C> ping \"a\"
C+ 81 82 00 00 | 00 00 \"Hi\"
S< 81 02 \"Hi\"
2S< pong \"a\"
2C> close 1000
2S< close 1000
2S~ eof
C> fin
S~ eof
";

    #[test]
    fn trace_of_several_connections_is_played_and_compared() {
        assert_eq!(replay(Sim::default(), TRACE), Ok(()));
        for (right, wrong, what) in [
            (
                "S< 81 02 \"Hi\"",
                "S< 81 02 \"Ho\"",
                "connection 1: frame 2: payload byte 2 is wrong\nthe trace tells",
            ),
            ("2S< pong \"a\"\n", "", "connection 2: "),
            ("2S< pong \"a\"", "2S< pong \"a\" | pong", "connection 2: "),
            ("2S~ eof\n", "", "connection 2: the server's side is "),
            ("2C> close 1000\n2S< close 1000\n", "", "connection 2: the server's side is still open"),
            ("2open path=/echo", "open", "line 5 opens a connection again"),
            ("00 00 \"Hi\"", "00 00 ...*2", "line 7: this cannot be played"),
            ("2C> ping", "2C+ ping", "line 6: 2C+ goes on with nothing"),
        ] {
            assert!(TRACE.contains(right), "{right}");
            let result = replay(Sim::default(), &TRACE.replace(right, wrong));
            assert!(result.clone().unwrap_err().starts_with(what), "{wrong}: {result:?}");
        }
        let reset = TRACE.replace("C> fin\nS~ eof\n", "C> rst\n");
        assert_eq!(replay(Sim::default(), &reset), Ok(()));
    }
}
