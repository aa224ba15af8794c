//! `ws101 connect` as it is started: exit statuses, streams, signals, the server and others.

mod between;
mod hostile;

use crate::process::{Guard, Outcome, PATIENCE, Server, command, lines, outcome};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};

/// The tool with these arguments, and a trace that tests can read.
fn connect<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    command(["connect", "--trace-no-time"].into_iter().chain(arguments))
}

fn url(server: &Server, path: &str) -> String {
    format!("ws://127.0.0.1:{}{path}", server.port)
}

/// Runs it with these bytes on stdin, and reads whatever it prints meanwhile.
fn fed(mut command: Command, input: &[u8]) -> Outcome {
    let mut guard = Guard(command.stdin(Stdio::piped()).spawn().unwrap());
    let child = &mut guard.0;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let input = input.to_vec();
    // It may end before it has read all.
    let feeder = thread::spawn(move || drop(stdin.unwrap().write_all(&input)));
    let [stdout, stderr] = [read(stdout.unwrap()), read(stderr.unwrap())];
    let status = guard.wait().code();
    feeder.join().unwrap();
    Outcome { status, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
}

fn read(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        from.read_to_string(&mut text).unwrap();
        text
    })
}

#[track_caller]
fn is(outcome: &Outcome, status: i32, stdout: &str, stderr: &str) {
    let Outcome { status: was, stdout: out, stderr: err } = outcome;
    assert_eq!((*was, out.as_str(), err.as_str()), (Some(status), stdout, stderr));
}

#[test]
fn sends_and_expectations() {
    let server = Server::start(&[]);
    let echo = url(&server, "/echo");
    let all = outcome(connect(["--send", "Hello", "--expect", "ell", "--send", "ä", "--expect", "ä", &echo]));
    is(&all, 0, "Hello\nä\n", "1000: normal closure\n");
    // Without an expectation, what comes before the answer to the Close is printed all the same.
    is(&outcome(connect(["--send", "Hello", &echo])), 0, "Hello\n", "1000: normal closure\n");
    let one = outcome(connect(["--send", "Hello", "--one", &url(&server, "/ws/7")]));
    is(&one, 0, "You wrote: Hello\n", "1000: normal closure\n");
    let vain = outcome(connect(["--send", "a", "--expect", "b", "--timeout", "200ms", &echo]));
    let words = "--expect \"b\": no message contained it; this came instead: a\n1000: normal closure\n";
    is(&vain, 1, "a\n", words);
}

#[test]
fn lines_of_stdin() {
    let server = Server::start(&[]);
    let echo = url(&server, "/echo");
    let two = fed(connect([echo.as_str()]), b"one\r\n//two\n\nlast without end");
    is(&two, 0, "one\n/two\n\nlast without end\n", "1000: normal closure\n");
    let one = fed(connect(["--one", &echo]), b"one\ntwo\n");
    is(&one, 0, "one\n", "1000: normal closure\n");
    is(&fed(connect([echo.as_str()]), b""), 0, "", "1000: normal closure\n");
    let closed = fed(connect([echo.as_str()]), b"/bin 00 ff\n/close 4001 I leave\n");
    is(&closed, 0, "(binary, 2 bytes) 00 ff\n", "4001: private use\n");
    // Much more than fits anywhere at once.
    let many = "0123456789abcdef".repeat(1_000) + "\n";
    let many = fed(connect([echo.as_str()]), many.repeat(300).as_bytes());
    assert_eq!((many.status, many.stdout.len()), (Some(0), 300 * 16_001));
}

#[test]
fn large_messages_and_compression() {
    let server = Server::start(&[]);
    let line = "large ".repeat(1_000_000);
    let mut arguments = vec!["--one"];
    if cfg!(feature = "deflate") {
        arguments.push("--deflate");
    }
    for arguments in [&arguments[..1], &arguments] {
        let echo = url(&server, "/echo");
        let all = fed(connect(arguments.iter().copied().chain([echo.as_str()])), line.as_bytes());
        assert_eq!(all.status, Some(0), "{}", all.stderr);
        assert!(all.stdout.trim_end_matches('\n') == line);
    }
}

#[test]
fn a_trace_goes_to_stderr_and_to_a_file() {
    let scratch = crate::process::Scratch::new();
    let server = Server::start(&[]);
    let file = scratch.0.join("trace");
    let echo = url(&server, "/echo");
    let arguments = ["--trace", "--trace-file", file.to_str().unwrap(), "--send", "Hello", "--one", &echo];
    let all = outcome(connect(arguments));
    assert_eq!((all.status, all.stdout.as_str()), (Some(0), "Hello\n"));
    let file = std::fs::read_to_string(file).unwrap();
    for text in [&all.stderr, &file] {
        assert!(text.contains(&format!("# 1 open 127.0.0.1:{}\n", server.port)), "{text}");
        assert!(text.contains("\nS< 81 05 48 65 6c 6c 6f  "), "{text}");
        assert!(text.contains(" bytes, S 140 bytes, clean\n"), "{text}");
    }
}

#[test]
fn every_exit_status() {
    let server = Server::start(&[]);
    let echo = url(&server, "/echo");
    let usage = outcome(connect(["ftp://x"]));
    assert_eq!(usage.status, Some(2));
    assert_eq!(usage.stderr.lines().count(), 1, "{}", usage.stderr);
    let file = outcome(connect(["--trace-file", "/nowhere/at/all", &echo]));
    assert_eq!(file.status, Some(2));
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let nobody = outcome(connect([format!("ws://127.0.0.1:{nobody}").as_str()]));
    assert_eq!(nobody.status, Some(3));
    assert!(nobody.stderr.contains("does the server run?"), "{}", nobody.stderr);
    let nowhere = outcome(connect([url(&server, "/nowhere").as_str()]));
    is(&nowhere, 4, "", "the handshake was refused: 404 Not Found: Nothing is served at this path.\n");
    let foreign = outcome(connect(["--origin", "http://evil.example", &echo]));
    assert_eq!(foreign.status, Some(4));
    assert!(foreign.stderr.starts_with("the handshake was refused: 403 Forbidden: "), "{}", foreign.stderr);
    let plain = outcome(connect(["--no-mask", "--send", "x", "--expect", "x", &echo]));
    assert_eq!(plain.status, Some(1));
    assert!(plain.stderr.ends_with("1002: protocol error, \"frame not masked\"\n"), "{}", plain.stderr);
    let help = outcome(command(["connect", "--help"]));
    assert_eq!((help.status, help.stderr.as_str()), (Some(0), ""));
    assert!(help.stdout.starts_with("Usage: ws101 connect"));
}

/// Starts it with an open stdin, and waits until the handshake is over.
fn started(url: &str) -> (Guard, Receiver<String>) {
    let mut command = connect(["--trace", url]);
    command.stdin(Stdio::piped());
    let mut guard = Guard(command.spawn().unwrap());
    let said = lines(guard.0.stderr.take().unwrap());
    loop {
        let line = said.recv_timeout(PATIENCE).unwrap();
        if line.starts_with("S<") {
            return (guard, said);
        }
    }
}

fn interrupt(guard: &Guard) {
    kill_process(Pid::from_raw(guard.0.id() as i32).unwrap(), Signal::INT).unwrap();
}

#[test]
fn ctrl_c_says_goodbye() {
    let server = Server::start(&[]);
    let (mut guard, said) = started(&url(&server, "/echo"));
    interrupt(&guard);
    assert_eq!(guard.wait().code(), Some(0));
    assert_eq!(said.iter().last().as_deref(), Some("1001: going away"));
}

#[test]
fn a_second_ctrl_c_waits_for_nobody() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let (tell, has_come) = mpsc::channel();
    let silent = thread::spawn(move || {
        let mut stream = accepted(&listener);
        let mut close = [0; 8];
        stream.read_exact(&mut close).unwrap();
        tell.send(close).unwrap();
        // Nothing is answered any more.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let (mut guard, said) = started(&url);
    interrupt(&guard);
    assert_eq!(has_come.recv_timeout(PATIENCE).unwrap()[..2], [0x88, 0x82]);
    interrupt(&guard);
    assert_eq!(guard.wait().code(), Some(1));
    assert_eq!(said.iter().last().as_deref(), Some("interrupted"));
    silent.join().unwrap();
}

#[test]
fn the_answer_to_a_close_goes_out_although_the_server_sends_no_more() {
    for _ in 0..10 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let mut stream = accepted(&listener);
            stream.write_all(b"\x88\x02\x03\xe9").unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).unwrap();
            answer.len()
        });
        let mut command = connect([url.as_str()]);
        let (reader, _writer) = std::io::pipe().unwrap();
        command.stdin(reader);
        is(&outcome(command), 0, "", "1001: going away\n");
        assert_eq!(server.join().unwrap(), 8);
    }
}

/// Accepts a connection and its opening handshake.
fn accepted(listener: &TcpListener) -> TcpStream {
    accepted_with(listener, "")
}

/// Answers with these further fields.
fn accepted_with(listener: &TcpListener, fields: &str) -> TcpStream {
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{fields}\r\n"
    );
    stream.write_all(answer.as_bytes()).unwrap();
    stream
}
