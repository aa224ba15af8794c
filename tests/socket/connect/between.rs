//! Commands between the client and the server: `--via`, and openssl for `wss://`.

use super::{connect, fed, is};
use crate::process::{Guard, Outcome, Scratch, Server, eventually, outcome};
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

/// Passes stdin on to a port, and what comes back to stdout.
const RELAY: &str = r#"
import os, socket, sys, threading
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
def up():
    while data := os.read(0, 65536):
        s.sendall(data)
threading.Thread(target=up, daemon=True).start()
while data := s.recv(65536):
    os.write(1, data)
"#;

/// Speaks TLS on a free port, which it prints, and passes all on to another port in clear.
const TLS: &str = r#"
import os, socket, ssl, sys, threading
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2], sys.argv[3])
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
def pass_on(source, to):
    try:
        while data := source.recv(65536):
            to.sendall(data)
        to.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
def serve(plain):
    try:
        inside = context.wrap_socket(plain, server_side=True)
    except OSError:
        return
    outside = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    threading.Thread(target=pass_on, args=(inside, outside), daemon=True).start()
    pass_on(outside, inside)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"#;

/// Whether a program is there, without which a test cannot run. Where all tests must run (`ALL_TESTS`), it has to be.
fn is_there(program: &str) -> bool {
    let version = if program == "openssl" { "version" } else { "-V" };
    let mut command = Command::new(program);
    command.arg(version).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let is_there = command.status().is_ok_and(|status| status.success());
    assert!(is_there || std::env::var_os("ALL_TESTS").is_none(), "{program} is missing: install it");
    if !is_there {
        println!("skipped: {program} is missing");
    }
    is_there
}

/// The tool, which can find programs.
fn with_path<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = connect(arguments);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

#[test]
fn bytes_go_through_a_command() {
    if !is_there("python3") {
        return;
    }
    let scratch = Scratch::new();
    let relay = scratch.0.join("relay.py");
    std::fs::write(&relay, RELAY).unwrap();
    let server = Server::start(&[]);
    let via = format!("python3 {} {}", relay.display(), server.port);
    for text in ["Hello", &"long ".repeat(20_000)] {
        let arguments = ["--via", &via, "--send", text, "--one", "ws://localhost/echo"];
        is(&fed(with_path(arguments), b""), 0, &format!("{text}\n"), "1000: normal closure\n");
    }
}

#[test]
fn a_command_that_fails_is_told_with_its_own_words() {
    let Outcome { status, stderr, .. } =
        outcome(with_path(["--via", "printf 'no \\033[1mway\\n' >&2; exit 7", "ws://localhost/echo"]));
    assert_eq!(status, Some(3));
    assert_eq!(
        stderr,
        "the connection ended before an answer came\n\
         the command between us and the server said (exit status: 7):\n  no \\x1b[1mway\n"
    );
    let other = outcome(with_path(["--via", "echo SSH-2.0-x; cat >/dev/null", "ws://localhost/echo"]));
    assert_eq!(other.status, Some(4));
    assert!(other.stderr.starts_with("the handshake failed: 4.2.2-12"), "{}", other.stderr);
}

#[test]
fn without_openssl_wss_is_a_line_with_the_way_out() {
    let scratch = Scratch::new();
    let mut command = connect(["wss://localhost/echo"]);
    command.env("PATH", scratch.path());
    let all = outcome(command);
    assert_eq!((all.status, all.stdout.as_str()), (Some(2), ""));
    assert_eq!(all.stderr.lines().count(), 1, "{}", all.stderr);
    assert!(all.stderr.contains("openssl") && all.stderr.contains("--via"), "{}", all.stderr);
}

/// Makes a key and a certificate of its own for `localhost`.
fn certificate(scratch: &Scratch) -> (String, String) {
    let (key, certificate) = (scratch.0.join("key.pem"), scratch.0.join("certificate.pem"));
    let mut openssl = Command::new("openssl");
    openssl
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    assert!(openssl.status().unwrap().success());
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    (text(&key), text(&certificate))
}

/// What must hold of a TLS server on this port that has this certificate.
fn speaks_tls(port: u16, certificate: &str) {
    let url = format!("wss://localhost:{port}/echo");
    let through = "wss: the bytes go through openssl s_client, which speaks TLS for us\n";
    let hello = || with_path(["--send", "Hello", "--expect", "Hello", &url]);
    let mut trusting = hello();
    trusting.env("SSL_CERT_FILE", certificate);
    is(&outcome(trusting), 0, "Hello\n", &format!("{through}1000: normal closure\n"));

    let refused = outcome(hello());
    assert_eq!((refused.status, refused.stdout.as_str()), (Some(3), ""), "{}", refused.stderr);
    assert!(refused.stderr.contains("verify error:"), "{}", refused.stderr);
    assert!(refused.stderr.contains("the certificate is not trusted: SSL_CERT_FILE"), "{}", refused.stderr);

    // The certificate is trusted, and not for this name.
    let mut other = with_path(["--send", "Hello"]);
    other.arg(format!("wss://127.0.0.1:{port}/echo")).env("SSL_CERT_FILE", certificate);
    let other = outcome(other);
    assert_eq!((other.status, other.stdout.as_str()), (Some(3), ""), "{}", other.stderr);
    assert!(other.stderr.contains("mismatch"), "{}", other.stderr);
}

#[test]
fn wss_speaks_to_another_tls() {
    if !is_there("python3") || !is_there("openssl") {
        return;
    }
    let scratch = Scratch::new();
    let (key, certificate) = certificate(&scratch);
    let server = Server::start(&[]);
    let script = scratch.0.join("tls.py");
    std::fs::write(&script, TLS).unwrap();
    let mut python = Command::new("python3");
    python.arg(script).args([&server.port.to_string(), &certificate, &key]).stdout(Stdio::piped());
    let mut guard = Guard(python.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(guard.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    speaks_tls(line.trim().parse().unwrap(), &certificate);
}

#[test]
fn wss_speaks_to_nginx() {
    if !is_there("nginx") || !is_there("openssl") {
        return;
    }
    let scratch = Scratch::new();
    let (key, certificate) = certificate(&scratch);
    let server = Server::start(&[]);
    let (folder, to) = (scratch.path(), server.port);
    // The port was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {folder}/{name};\n"))
        .concat();
    let configuration = format!(
        "daemon off; pid {folder}/pid; error_log {folder}/errors; events {{}}\n\
         http {{ access_log off; {temporary}\n\
         server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {certificate}; ssl_certificate_key {key};\n\
         location / {{ proxy_pass http://127.0.0.1:{to}; proxy_http_version 1.1;\n\
         proxy_set_header Host $http_host; proxy_set_header Upgrade $http_upgrade;\n\
         proxy_set_header Connection upgrade; }} }} }}\n"
    );
    let file = scratch.0.join("nginx.conf");
    std::fs::write(&file, configuration).unwrap();
    let mut nginx = Command::new("nginx");
    nginx.arg("-c").arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
    let mut guard = Guard(nginx.spawn().unwrap());
    eventually("nginx listens, or cannot", || {
        TcpStream::connect(("127.0.0.1", port)).is_ok() || guard.0.try_wait().unwrap().is_some()
    });
    speaks_tls(port, &certificate);
    // Its worker would go on if it were only killed.
    let master = rustix::process::Pid::from_raw(guard.0.id() as i32).unwrap();
    rustix::process::kill_process(master, rustix::process::Signal::TERM).unwrap();
    guard.wait();
}
