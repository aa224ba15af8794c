//! The trace of the program over real sockets: in a file, on stdout, and where nobody reads it.

use crate::client::Client;
use crate::process::{Scratch, Server, command, eventually, lines, outcome};
use crate::wire::{binary, close, text, upgrade};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::Signal;
use std::fs;
use std::io::Read;
use ws101::tools::notation::{self, Act, Piece};
use ws101::ws::frame::Sender;

/// A conversation in several reads: half a frame, long messages, a Ping between, goodbye.
fn talk(server: &Server) {
    let mut client = Client::connect(server);
    client.send(upgrade("/echo"));
    client.expect_switching("/echo");
    let hello = text("Hello");
    client.send(&hello[..3]);
    client.send(&hello[3..]);
    assert_eq!(client.text(), "Hello");
    client.send(binary(vec![7; 70_000]));
    assert_eq!(client.frame().payload.len(), 70_000);
    client.send(text("käse 🧀".repeat(30)));
    client.text();
    client.send(close(1000, "bye"));
    client.expect_close(1000);
    client.expect_end();
}

/// Sends what the client has sent in this trace, and gives what comes back, beside what the trace tells.
fn replay(trace: &str, server: &Server) -> (Vec<u8>, Vec<u8>) {
    let mut client = Client::connect(server);
    let (mut came, mut told) = (Vec::new(), Vec::new());
    for (_, line) in notation::read(trace, 1).unwrap() {
        let Act::Bytes { from, items, .. } = line.act else { continue };
        for piece in items.iter().map(notation::Item::piece) {
            match (piece, from) {
                (Piece::Bytes(bytes), Sender::Client) => client.send(bytes),
                (Piece::Bytes(bytes), Sender::Server) => {
                    came.extend(client.bytes(bytes.len()));
                    told.extend(bytes);
                }
                (Piece::Cut, _) => {}
                (Piece::Unknown(len), _) => panic!("{len} bytes are left out"),
            }
        }
    }
    client.expect_end();
    (came, told)
}

#[test]
fn full_trace_in_a_file_replays_to_the_same_bytes() {
    let scratch = Scratch::new();
    let file = format!("{}/t.wire", scratch.path());
    // What is there is written over.
    fs::write(&file, "an older trace\n".repeat(10_000)).unwrap();
    let flags = ["--trace-file", &file, "--trace-full", "--trace-secrets", "--trace-no-time"];
    let mut server = Server::start(&flags);
    talk(&server);
    server.signal(Signal::TERM);
    assert_eq!(server.exit_status(), Some(0));
    let trace = fs::read_to_string(&file).unwrap();
    assert!(trace.starts_with("# 1 open 127.0.0.1:"), "{:?}", trace.lines().next());
    assert!(trace.trim_end().ends_with("bytes, clean"), "{:?}", trace.lines().last());
    let (came, told) = replay(&trace, &Server::start(&[]));
    assert_eq!(came.len(), told.len());
    assert!(came == told);
    assert!(came.len() > 70_000);
}

#[test]
fn trace_that_leaves_bytes_out_says_that_it_does_not_replay() {
    let scratch = Scratch::new();
    for flags in [
        &[][..],
        &["--trace-full"],
        &["--trace-secrets"],
        &["--trace-full", "--trace-secrets", "--trace=short"],
    ] {
        let file = format!("{}/t.wire", scratch.path());
        let server = Server::start(&[&["--trace-file", &file], flags].concat());
        talk(&server);
        eventually("the end is written", || fs::read_to_string(&file).unwrap().contains("# 1 end"));
        let trace = fs::read_to_string(&file).unwrap();
        assert!(trace.starts_with("# This trace leaves bytes out, so it cannot be replayed"), "{trace}");
        // It can be read all the same.
        notation::read(&trace, 1).unwrap();
    }
}

#[test]
fn trace_on_stdout_comes_while_the_connection_is_open() {
    let mut server = Server::start(&["--trace=short", "--trace-no-time"]);
    let trace = lines(server.stdout.take().unwrap());
    let mut client = Client::open(&server, "/echo");
    client.expect_echo();
    let next = || trace.recv_timeout(crate::process::PATIENCE).unwrap();
    assert!(next().starts_with("# This trace leaves bytes out"));
    assert!(next().starts_with("# 1 open 127.0.0.1:"));
    assert!(next().starts_with("C> \"GET /echo HTTP/1.1\\r\\n\" ...*"));
    assert!(next().starts_with("S< \"HTTP/1.1 101 Switching Protocols\\r\\n\" ...*"));
    assert!(next().starts_with("C> 8"));
    assert!(next().starts_with("S< 8"));
}

#[test]
fn trace_that_nobody_reads_stops_nobody_and_lost_lines_are_told() {
    let mut server = Server::start(&["--trace"]);
    // Its stdout is a pipe, and nobody reads it.
    let mut stdout = server.stdout.take().unwrap();
    let mut client = Client::open(&server, "/echo");
    for _ in 0..2_000 {
        client.expect_echo();
    }
    assert_eq!(Client::connect(&server).get("/healthz").status, 200);
    let mut text = Vec::new();
    let mut piece = [0; 65_536];
    // Nothing else happens, and still the notice comes.
    while !String::from_utf8_lossy(&text).contains(" lines were lost: nobody read the trace\n") {
        let len = stdout.read(&mut piece).unwrap();
        assert!(len > 0);
        text.extend_from_slice(&piece[..len]);
    }
    client.expect_echo();
    server.signal(Signal::TERM);
    client.expect_close(1001);
    client.send(close(1001, ""));
    client.expect_end();
    assert_eq!(server.exit_status(), Some(0));
}

#[test]
fn trace_file_that_cannot_be_written_is_a_complaint() {
    let scratch = Scratch::new();
    let pipe = format!("{}/pipe", scratch.path());
    if cfg!(target_os = "linux") {
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    } else {
        fs::create_dir(&pipe).unwrap();
    }
    let missing = format!("{}/no/t.wire", scratch.path());
    for file in [pipe.as_str(), missing.as_str(), scratch.path()] {
        let it = outcome(command(["--port", "0", "--trace-file", file]));
        assert_eq!((it.status, it.stdout.as_str()), (Some(2), ""));
        assert!(it.stderr.starts_with(&format!("ws101: --trace-file {file}: ")), "{}", it.stderr);
        assert_eq!(it.stderr.lines().count(), 1, "{}", it.stderr);
    }
}

#[test]
fn without_the_flag_there_is_no_trace() {
    let mut server = Server::start(&[]);
    talk(&server);
    server.signal(Signal::TERM);
    assert_eq!(server.exit_status(), Some(0));
    let mut rest = String::new();
    server.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}
