//! Dumps of a conversation, read and run: the one notation of our documents.
//!
//! ```text
//! open path=/ws/2            a TCP connection and a correct opening handshake
//! C> 81 85 37 fa 21 3d       one write of the client
//! C+ 7f 9f 4d 51 58          goes into the same write
//! S< 81 05 "Hello"           exactly these bytes come from the server next
//! S+ ...                     goes on with the line before
//! S~ eof                     the server has closed its side
//! 2C> ...                    the same on a second connection
//! ```
//!
//! Bytes are hex pairs, or text in quotes with `\r \n \t \" \\ \xHH`; `2a*126` repeats;
//! `#` begins a note. A connection that was not opened is TCP and nothing yet.

use crate::sim::{End, PeerNo, Sim};
use crate::support::difference;
use std::collections::BTreeMap;
use std::fmt::Write;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Open(String),
    Client(Vec<u8>),
    Server(Vec<u8>),
    End,
}

/// One line, with those that go on with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The line of the page.
    pub line: usize,
    /// The connection, counted from 1.
    pub conn: u32,
    pub act: Act,
}

/// Reads a block whose first line is line `first` of its page.
pub fn parse(lines: &[&str], first: usize) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    for (line, text) in (first..).zip(lines) {
        let text = text.trim();
        if !text.is_empty() && !text.starts_with('#') {
            parse_line(&mut steps, line, text).map_err(|what| format!("line {line}: {what}"))?;
        }
    }
    Ok(steps)
}

fn parse_line(steps: &mut Vec<Step>, line: usize, text: &str) -> Result<(), String> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = &text[..text.len() - rest.len()];
    let conn = number.parse().unwrap_or(1);
    let (word, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let plain = rest.split('#').next().unwrap_or_default().trim();
    let act = match word {
        "open" if plain.is_empty() => Act::Open("/echo".to_owned()),
        "open" => Act::Open(plain.strip_prefix("path=").ok_or(plain)?.to_owned()),
        "S~" if plain == "eof" => Act::End,
        "C>" => Act::Client(bytes(rest)?),
        "S<" => Act::Server(bytes(rest)?),
        "C+" | "S+" => {
            let before = steps.last_mut().filter(|step| step.conn == conn);
            match (word, before.map(|step| &mut step.act)) {
                ("C+", Some(Act::Client(before))) | ("S+", Some(Act::Server(before))) => {
                    before.extend(bytes(rest)?);
                    return Ok(());
                }
                _ => return Err(format!("{word} goes on with nothing")),
            }
        }
        _ => return Err(format!("{word:?} is no step")),
    };
    steps.push(Step { line, conn, act });
    Ok(())
}

/// Hex pairs and quoted text, up to a note.
pub fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let mut all = Vec::new();
    let mut item: Vec<u8> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        match first {
            '#' => break,
            ' ' => rest = &rest[1..],
            '*' => {
                let after = rest[1..].trim_start_matches(|c: char| c.is_ascii_digit());
                let times: usize =
                    rest[1..rest.len() - after.len()].parse().map_err(|_| "* without a number")?;
                let times = times.checked_sub(1).ok_or("*0")?;
                all.extend(item.repeat(times));
                rest = after;
            }
            '"' => (item, rest) = quoted(&rest[1..])?,
            _ => {
                item = vec![pair(rest)?];
                rest = &rest[2..];
            }
        }
        if !matches!(first, ' ' | '*') {
            all.extend(&item);
        }
    }
    Ok(all)
}

fn pair(text: &str) -> Result<u8, String> {
    let pair = text.get(..2).unwrap_or(text);
    let is_hex = pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_hexdigit());
    let byte = u8::from_str_radix(pair, 16).ok().filter(|_| is_hex);
    byte.ok_or_else(|| format!("{pair:?} is no hex pair"))
}

/// Text behind an opening quote: its bytes, and what follows the closing one.
fn quoted(text: &str) -> Result<(Vec<u8>, &str), String> {
    let mut item = Vec::new();
    let mut rest = text;
    loop {
        let next = rest.chars().next().ok_or("a quote is never closed")?;
        rest = &rest[next.len_utf8()..];
        match next {
            '"' => return Ok((item, rest)),
            '\\' => {
                let escape = rest.chars().next().unwrap_or_default();
                rest = rest.get(1..).unwrap_or_default();
                item.push(match escape {
                    'r' => b'\r',
                    'n' => b'\n',
                    't' => b'\t',
                    '"' | '\\' => escape as u8,
                    'x' => {
                        let byte = pair(rest)?;
                        rest = &rest[2..];
                        byte
                    }
                    _ => return Err(format!("an unknown escape: \\{escape}")),
                });
            }
            _ => item.extend(next.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
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
        if matches!(act, Act::Open(_) | Act::Client(_)) {
            nothing_waits(&peers).map_err(|what| format!("before line {line}, {what}"))?;
        }
        let (peer, received) = peers.get_mut(conn).expect("inserted above");
        match act {
            Act::Open(_) if is_new => {}
            Act::Open(_) => return Err(format!("line {line} opens a connection again")),
            Act::Client(bytes) => {
                for piece in bytes.chunks(read_bytes) {
                    sim.send(*peer, piece);
                    sim.run();
                }
                for (peer, received) in peers.values_mut() {
                    received.extend(sim.take(*peer));
                }
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
                return Err(format!("line {line}: {}", differs(&expected, &came)));
            }
            Act::End if sim.end(*peer) == End::Open => {
                return Err(format!("line {line}: the server's side is still open"));
            }
            Act::End => {}
        }
    }
    nothing_waits(&peers).map_err(|what| format!("at the end, {what}"))
}

fn nothing_waits(peers: &BTreeMap<u32, (PeerNo, Vec<u8>)>) -> Result<(), String> {
    match peers.iter().find(|(_, (_, bytes))| !bytes.is_empty()) {
        Some((conn, (_, bytes))) => Err(format!("connection {conn} also received {}", show(bytes))),
        None => Ok(()),
    }
}

/// The field in which they differ, and both as dumps.
fn differs(expected: &[u8], came: &[u8]) -> String {
    let at = difference::first(expected, came);
    let what = difference::what_differs(expected, came, at.unwrap_or_default());
    let [expected, came] = [expected, came].map(|bytes| difference::dump(bytes, at));
    format!("{what}\nthe page tells\n{expected}the server sent\n{came}")
}

fn show(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for byte in bytes.iter().take(64) {
        let _ = write!(shown, "{byte:02x} ");
    }
    format!("{shown}({:?})", String::from_utf8_lossy(bytes))
}

#[test]
fn every_kind_of_step_and_byte_is_read() {
    let block = [
        "# a note",
        "open path=/ws/2   # another",
        r##"2C> 81 8537 "a\r\n\t\"\\\x00#é" 2a*3 "ab"*2   # not these: ff"##,
        "2C+ ff",
        "",
        "S< 00*1",
        "S+ 01",
        "S~ eof",
    ];
    let step = |line, conn, act| Step { line, conn, act };
    let mut client = vec![0x81, 0x85, 0x37];
    client.extend("a\r\n\t\"\\\0#é***abab".as_bytes());
    client.push(0xff);
    assert_eq!(
        parse(&block, 10),
        Ok(vec![
            step(11, 1, Act::Open("/ws/2".to_owned())),
            step(12, 2, Act::Client(client)),
            step(15, 1, Act::Server(vec![0, 1])),
            step(17, 1, Act::End),
        ])
    );
}

#[test]
fn what_is_not_the_notation_is_refused() {
    for line in [
        "C> 8",
        "C> 8g",
        "C> é",
        "C> +1",
        "C> \"a",
        "C> \"\\q\"",
        "C> \"\\x4\"",
        "C> 2a*",
        "C> 2a*0",
        "C+ 81",
        "S+ 81",
        "S< 81*x",
        "S~ fin",
        "81 85",
        "open /echo",
        "hello",
    ] {
        assert!(parse(&[line], 1).is_err(), "{line}");
    }
    assert!(parse(&["C> 81", "S+ 81"], 1).is_err());
    assert!(parse(&["C> 81", "2C+ 81"], 1).is_err());
}

#[test]
fn wrong_line_of_a_dump_is_shown_with_its_field() {
    let lines = ["open", "C> 81 85 37 fa 21 3d 7f 9f 4d 51 58", "S< 81 05", "S< \"Hallo\""];
    let wrong = run(&parse(&lines, 1).unwrap(), usize::MAX).unwrap_err();
    let expected = "\
line 4: frame 1: payload byte 2 is wrong
the page tells
  0000  81 05 48 61 6c 6c 6f                             ..Hallo
                 ^
the server sent
  0000  81 05 48 65 6c 6c 6f                             ..Hello
                 ^
";
    assert_eq!(wrong, expected);
}

#[test]
fn a_dump_that_tells_too_little_is_noticed() {
    let run = |lines: &[&str]| run(&parse(lines, 1).unwrap(), usize::MAX);
    let hello = "C> 81 85 37 fa 21 3d 7f 9f 4d 51 58";
    assert_eq!(run(&["open", hello, "S< 81 05 \"Hello\""]), Ok(()));
    for wrong in [
        &["open", hello] as &[&str],
        &["open", hello, "S< 81 05 \"Hell\""],
        &["open", hello, "S< 81 05 \"Hello\"", "S~ eof"],
        &["open", hello, "S< 81 05 \"Hello\" 00"],
        &["open", hello, hello, "S< 81 05 \"Hello\"", "S< 81 05 \"Hello\""],
        &["open", hello, "2S< 81 05 \"Hello\""],
        &["open", "open"],
    ] {
        assert!(run(wrong).is_err(), "{wrong:?}");
    }
}
