//! Nobody reads stderr, or stdout, or their file may not grow: the server goes on.

use crate::client::Client;
use crate::process::{Guard, PATIENCE, Scratch, Server, command, eventually, limited, lines};
use crate::wire::close;
use rustix::pipe::fcntl_setpipe_size;
use rustix::process::Signal;
use std::fs::File;
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::net::{TcpListener, TcpStream};

/// A pipe that takes nothing more, and how much is in it.
fn full_pipe() -> (PipeReader, PipeWriter, usize) {
    let (reader, mut writer) = pipe().unwrap();
    let size = fcntl_setpipe_size(&writer, 4_096).unwrap();
    writer.write_all(&vec![b'x'; size]).unwrap();
    (reader, writer, size)
}

/// A server whose stderr is such a pipe.
fn unread() -> (Server, PipeReader, usize) {
    let (reader, writer, size) = full_pipe();
    let mut command = command(["--port", "0", "--ping-interval", "0"]);
    command.stderr(writer);
    (Server::spawn(command), reader, size)
}

fn short_connection(server: &Server, path: &str) {
    let mut client = Client::open(server, path);
    client.send(close(1000, ""));
    client.expect_close(1000);
    client.expect_end();
}

#[test]
fn server_goes_on_and_tells_later_how_many_lines_were_lost() {
    let (server, mut reader, size) = unread();
    let mut before = Client::open(&server, "/echo");
    // No more than are told each second, so that each is a line.
    const LINES: u64 = 6;
    for _ in 0..LINES {
        short_connection(&server, "/echo");
    }
    before.expect_echo();
    assert_eq!(Client::connect(&server).get("/healthz").status, 200);
    reader.read_exact(&mut vec![0; size]).unwrap();
    // No further line is due, and still it comes. (The connection for /healthz is a line, too.)
    let lines = lines(reader);
    let (mut told, mut lost) = (0, 0);
    while told + lost < LINES + 1 {
        let line = lines.recv_timeout(PATIENCE).expect("a line");
        match line.split_once(" [WARN] ") {
            Some((_, notice)) => {
                let count = notice
                    .strip_suffix(" lines were lost: nobody read the log")
                    .or_else(|| notice.strip_suffix(" line was lost: nobody read the log"));
                lost += count.expect(&line).parse::<u64>().unwrap();
            }
            None => told += 1,
        }
    }
    assert_eq!(told + lost, LINES + 1);
    assert!(lost > 0);
    // From now on each line comes.
    short_connection(&server, "/broadcast/after");
    let line = lines.recv_timeout(PATIENCE).expect("a line");
    assert!(line.contains("/broadcast/after"), "{line}");
}

#[test]
fn flood_of_connections_and_a_log_that_nobody_reads() {
    let (mut server, reader, _) = unread();
    let mut before = Client::open(&server, "/echo");
    for _ in 0..2_000 {
        assert_eq!(Client::connect(&server).get("/nothing").status, 404);
    }
    before.expect_echo();
    assert_eq!(Client::connect(&server).get("/healthz").status, 200);
    server.signal(Signal::TERM);
    before.expect_close(1001);
    before.send(close(1001, ""));
    before.expect_end();
    assert_eq!(server.exit_status(), Some(0));
    drop(reader);
}

#[test]
fn start_line_that_nobody_reads_does_not_keep_it_from_serving() {
    let (_reader, writer, _) = full_pipe();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let mut command = command(["--port", &port.to_string()]);
    command.stdout(writer);
    let _server = Guard(command.spawn().unwrap());
    let mut stream = None;
    eventually("it serves", || {
        stream = TcpStream::connect(("127.0.0.1", port)).ok();
        stream.is_some()
    });
    let mut client = Client::over(stream.unwrap());
    assert_eq!(client.get("/healthz").status, 200);
}

#[test]
fn log_file_that_may_not_grow_ends_nothing() {
    let scratch = Scratch::new();
    let path = scratch.0.join("log");
    let mut command = limited("ulimit -f 1", &[]);
    command.stderr(File::create(&path).unwrap());
    let mut server = Server::spawn(command);
    let long = format!("/{}", "x".repeat(200));
    for _ in 0..20 {
        assert_eq!(Client::connect(&server).get(&long).status, 404);
    }
    // The limit is 512 or 1,024 bytes, whatever the shell counts in.
    eventually("the file is full", || {
        let len = std::fs::metadata(&path).unwrap().len();
        len > 0 && len.is_multiple_of(512)
    });
    assert_eq!(Client::connect(&server).get("/healthz").status, 200);
    assert!(server.is_running());
    server.signal(Signal::TERM);
    assert_eq!(server.exit_status(), Some(0));
}
