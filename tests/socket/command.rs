//! Starting: the command line, the start line, what goes wrong before there is a server.

use crate::client::Client;
use crate::process::{Guard, Outcome, Scratch, Server, command, eventually, outcome};
use std::io::pipe;
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

/// One line on stderr, nothing on stdout.
fn refusal(command: Command) -> (Option<i32>, String) {
    let Outcome { status, stdout, stderr } = outcome(command);
    assert_eq!(stdout, "");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    (status, stderr)
}

#[test]
fn start_line_names_the_address_that_serves() {
    let server = Server::start(&[]);
    assert_ne!(server.port, 0);
    let home = Client::connect(&server).get("/");
    assert_eq!(home.status, 200);
    assert!(home.head.contains("Content-Type: text/html; charset=utf-8"));
}

#[test]
fn help_and_version_go_to_stdout() {
    let help = outcome(command(["--help"]));
    assert_eq!((help.status, help.stderr.as_str()), (Some(0), ""));
    assert!(help.stdout.starts_with("Usage: ws101"), "{}", help.stdout);
    assert_eq!(outcome(command(["help"])).stdout, help.stdout);
    let version = outcome(command(["--version"]));
    assert_eq!((version.status, version.stderr.as_str()), (Some(0), ""));
    let expected = format!("ws101 {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(version.stdout, expected);
}

#[test]
fn bad_flag_or_value_is_one_line_and_status_2() {
    let (status, said) = refusal(command(["--prot", "80"]));
    assert_eq!(status, Some(2));
    assert!(said.contains("--prot") && said.contains("--port"), "{said}");
    let (status, said) = refusal(command(["--port", "eighty"]));
    assert_eq!(status, Some(2));
    assert!(said.contains("--port") && said.contains("eighty"), "{said}");
}

#[test]
fn port_in_use_is_one_line_and_status_1() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let port = taken.local_addr().unwrap().port().to_string();
    let (status, said) = refusal(command(["--port", &port]));
    assert_eq!(status, Some(1));
    assert!(said.contains("address in use"), "{said}");
    assert!(said.contains(&address), "{said}");
}

#[test]
fn environment_sets_the_port_and_the_flag_wins() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut by_environment = command([]);
    by_environment.env("WS101_PORT", port.to_string());
    let (status, said) = refusal(by_environment);
    assert_eq!(status, Some(1));
    assert!(said.contains(&format!("127.0.0.1:{port}")), "{said}");

    let mut by_flag = command(["--port", "0"]);
    by_flag.env("WS101_PORT", port.to_string());
    assert_ne!(Server::spawn(by_flag).port, port);

    let mut wrong = command([]);
    wrong.env("WS101_PORT", "eighty");
    let (status, said) = refusal(wrong);
    assert_eq!(status, Some(2));
    assert!(said.contains("WS101_PORT"), "{said}");
}

#[test]
fn variables_that_set_nothing_are_a_line_each_and_the_server_goes_on() {
    let mut command = command(["--host", "127.0.0.1", "--port", "0"]);
    command
        .env("WS101_MAX_CONECTIONS", "5")
        .env("WS101_SERVICE_HOST", "10.0.0.1")
        .env("WS101_PORT", "tcp://10.0.0.1:8000");
    let server = Server::spawn(command);
    let line = server.log_line();
    assert!(line.contains(" [WARN] "), "{line}");
    assert!(line.contains("did you mean WS101_MAX_CONNECTIONS?"), "{line}");
    assert_eq!(Client::connect(&server).get("/").status, 200);
    assert!(server.log_line().contains(" status 200 "));
}

#[test]
fn folder_that_cannot_be_read_is_status_2() {
    let scratch = Scratch::new();
    let file = scratch.0.join("file");
    std::fs::write(&file, "not a folder").unwrap();
    for wrong in [scratch.0.join("missing"), file] {
        let wrong = wrong.to_str().unwrap();
        let (status, said) = refusal(command(["--port", "0", "--www", wrong]));
        assert_eq!(status, Some(2));
        assert!(said.contains("--www") && said.contains(wrong), "{said}");
    }
}

#[test]
fn address_of_ipv6_is_written_as_a_url_has_it() {
    if TcpListener::bind("[::1]:0").is_err() {
        return; // a machine without IPv6
    }
    let server = Server::spawn(command(["--port", "0", "--host", "::1"]));
    TcpStream::connect(("::1", server.port)).unwrap();
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Starts without any stdout to learn the port from, so the port is chosen here, and somebody may
/// be quicker: then another one.
fn serves_unheard(start: impl Fn(&str) -> Command) {
    for _ in 0..10 {
        let port = free_port();
        let mut guard = Guard(start(&port.to_string()).spawn().unwrap());
        let mut first = None;
        eventually("a listener, or an end", || {
            first = TcpStream::connect(("127.0.0.1", port)).ok();
            first.is_some() || guard.0.try_wait().unwrap().is_some()
        });
        if guard.0.try_wait().unwrap().is_some() {
            continue;
        }
        // The end of each connection is a line on stderr, which nobody reads.
        for _ in 0..5 {
            let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let mut client = Client::over(stream).upgraded("/echo");
            client.expect_echo();
        }
        assert!(guard.0.try_wait().unwrap().is_none(), "it ended");
        return;
    }
    panic!("no port stays free");
}

#[test]
fn broken_pipes_for_stdout_and_stderr_end_nothing() {
    serves_unheard(|port| {
        let mut command = command(["--port", port]);
        let (_, stdout) = pipe().unwrap();
        let (_, stderr) = pipe().unwrap();
        command.stdout(Stdio::from(stdout)).stderr(Stdio::from(stderr));
        command
    });
}

#[test]
fn closed_stdout_and_stderr_end_nothing() {
    serves_unheard(|port| {
        let program = env!("CARGO_BIN_EXE_ws101");
        let mut shell = Command::new("/bin/sh");
        shell.env_clear().args(["-c", "exec \"$0\" --port \"$1\" >&- 2>&-", program, port]);
        shell
    });
}

#[test]
fn reader_of_the_streams_may_leave_later() {
    let mut server = Server::start(&[]);
    server.stdout = None;
    server.hang_up_stderr();
    for _ in 0..5 {
        Client::open(&server, "/echo").expect_echo();
    }
    assert!(server.is_running());
}
