//! Servers that mean no good: each has a clear end, and takes little memory.

use super::{accepted, connect, fed};
use crate::process::{Guard, PATIENCE, outcome};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A server that does this with its only connection.
fn server(does: impl FnOnce(&TcpListener) + Send + 'static) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    (url, thread::spawn(move || does(&listener)))
}

/// Sends this until nobody takes it any more.
fn for_ever(stream: &mut TcpStream, bytes: &[u8]) {
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    while stream.write_all(bytes).is_ok() {}
}

#[test]
fn an_endless_head() {
    let (url, server) = server(|listener| {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\n").unwrap();
        for_ever(&mut stream, b"X-Header: value\r\n");
    });
    let all = outcome(connect([url.as_str()]));
    assert_eq!((all.status, all.stdout.as_str()), (Some(4), ""));
    assert!(all.stderr.starts_with("the handshake failed: 4.2.2-12: "), "{}", all.stderr);
    server.join().unwrap();
}

#[test]
fn an_answer_byte_by_byte() {
    let (url, server) = server(|listener| {
        let (mut stream, _) = listener.accept().unwrap();
        for byte in b"HTTP/1.1 101 Switching Protocols\r\n".iter().cycle() {
            if stream.write_all(&[*byte]).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    });
    let all = outcome(connect(["--timeout", "300ms", &url]));
    assert_eq!(all.status, Some(4));
    assert!(all.stderr.starts_with("the handshake failed: no whole answer within 300 ms"), "{}", all.stderr);
    server.join().unwrap();
}

#[test]
fn endless_messages() {
    for (frame, code) in [
        // One frame, longer than the limit.
        (&b"\x82\x7f\x00\x00\x00\x00\xff\xff\xff\xff"[..], "1009: 10.4-1"),
        // Fragments without an end.
        (b"\x00\x100123456789abcdef", "1009: 10.4-1"),
        (b"\x00\x00", "1008: 10.4-3"),
    ] {
        let (url, server) = server(move |listener| {
            let mut stream = accepted(listener);
            stream.write_all(if frame[0] == 0 { b"\x02\x00" } else { b"" }).unwrap();
            for_ever(&mut stream, &frame.repeat(1_000));
        });
        // An open stdin: the server ends it, and nothing else.
        let mut command = connect(["--max-message-bytes", "1m", &url]);
        let (reader, _writer) = std::io::pipe().unwrap();
        command.stdin(reader);
        let all = outcome(command);
        assert_eq!((all.status, all.stdout.as_str()), (Some(1), ""), "{}", all.stderr);
        assert!(all.stderr.starts_with(code), "{}", all.stderr);
        server.join().unwrap();
    }
}

#[test]
fn a_server_that_does_not_read() {
    let (url, server) = server(|listener| {
        let stream = accepted(listener);
        // Until the client has left. A byte more would be read with `read`.
        while stream.peek(&mut [0]).is_ok_and(|len| len > 0) && !is_left(&stream) {
            thread::sleep(Duration::from_millis(10));
        }
    });
    let input = ("x".repeat(60_000) + "\n").repeat(500);
    let all = fed(connect(["--timeout", "500ms", &url]), input.as_bytes());
    assert_eq!((all.status, all.stdout.as_str()), (Some(1), ""));
    assert!(all.stderr.starts_with("1006: the server has taken nothing for 500 ms"), "{}", all.stderr);
    server.join().unwrap();
}

/// Whether the client has closed its side, although not all that it sent was read.
fn is_left(stream: &TcpStream) -> bool {
    // A write fails after the client's reset.
    let mut stream = stream;
    stream.write_all(b"\x8a\x00").is_err()
}

#[cfg(target_os = "linux")]
#[test]
fn pings_that_nobody_wants_an_answer_to_take_no_memory() {
    let (url, server) = server(|listener| {
        let mut stream = accepted(listener);
        for_ever(&mut stream, &[&b"\x89\x7d"[..], &[b'?'; 125]].concat().repeat(500));
    });
    let mut command = connect(["--timeout", "1s", &url]);
    let (reader, _writer) = std::io::pipe().unwrap();
    command.stdin(reader);
    let mut guard = Guard(command.spawn().unwrap());
    let begun = Instant::now();
    let mut most = 0;
    let status = loop {
        if let Some(status) = guard.0.try_wait().unwrap() {
            break status;
        }
        assert!(begun.elapsed() < PATIENCE, "it does not end");
        let all = std::fs::read_to_string(format!("/proc/{}/status", guard.0.id())).unwrap_or_default();
        let peak = all.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        most = most.max(peak.map_or(0, |peak| peak.parse().unwrap()));
        thread::sleep(Duration::from_millis(5));
    };
    let mut said = String::new();
    guard.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(said.starts_with("1006: the server has taken nothing for 1 s"), "{said}");
    assert!((1..48 << 10).contains(&most), "{most} KiB");
    server.join().unwrap();
}

#[cfg(feature = "deflate")]
#[test]
fn a_bomb() {
    use super::accepted_with;
    let bomb = [&miniz_oxide::deflate::compress_to_vec(&vec![b'0'; 60 << 20], 9)[..], &[0]].concat();
    assert!((126..1 << 16).contains(&bomb.len()));
    let (url, server) = server(move |listener| {
        let mut stream = accepted_with(listener, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
        let [high, low] = (bomb.len() as u16).to_be_bytes();
        let _ = stream.write_all(&[&[0xc2, 126, high, low], &bomb[..]].concat());
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let all = fed(connect(["--deflate", "--max-message-bytes", "1m", &url]), b"");
    assert_eq!((all.status, all.stdout.as_str()), (Some(1), ""));
    assert!(all.stderr.starts_with("1009: 10.4-1"), "{}", all.stderr);
    server.join().unwrap();
}
