//! The way to the server: TCP, or a command that gets the bytes on stdin and gives them on stdout.

use super::url::Url;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

/// Runs a command that Ctrl-C does not end: the session says goodbye first. The command gets what `sh` gets after `$0`.
const WITHOUT_CTRL_C: &str = "trap '' INT; ";

/// A way to the server, with its two directions.
pub(super) struct Link {
    /// What the server sends.
    pub(super) reader: Box<dyn Read + Send>,
    /// What it gets.
    pub(super) writer: Box<dyn Write + Send>,
    /// Its address, if it is known.
    pub(super) peer: Option<SocketAddr>,
    /// The command between us and the server.
    pub(super) helper: Option<Helper>,
}

/// The command between us and the server.
pub(super) struct Helper {
    child: Child,
    /// What it complains of. Somebody must read it.
    pub(super) stderr: Option<ChildStderr>,
}

/// Why there is no way to the server.
#[derive(Debug)]
pub(super) enum NoLink {
    /// Something that is needed is not here.
    Missing(String),
    /// The server cannot be reached.
    Unreachable(String),
}

/// Connects to the first address of the host that answers.
///
/// # Errors
/// The reason why the last of them did not.
pub(super) fn tcp(url: &Url, timeout: Duration) -> Result<Link, NoLink> {
    let place = url.address();
    let unreachable = |error: io::Error, hint: &str| NoLink::Unreachable(format!("{place}: {error}{hint}"));
    let addresses = (url.host.as_str(), url.port).to_socket_addrs();
    let mut failure = NoLink::Unreachable(format!("{place}: the host has no address"));
    for address in addresses.map_err(|error| unreachable(error, ""))? {
        let connected = TcpStream::connect_timeout(&address, timeout)
            .and_then(|stream| stream.set_nodelay(true).and_then(|()| Ok((stream.try_clone()?, stream))));
        match connected {
            Ok((reader, writer)) => {
                let (reader, writer) = (Box::new(reader), Box::new(writer));
                return Ok(Link { reader, writer, peer: Some(address), helper: None });
            }
            Err(error) => {
                let is_refused = error.kind() == io::ErrorKind::ConnectionRefused;
                failure = unreachable(error, if is_refused { ": does the server run?" } else { "" });
            }
        }
    }
    Err(failure)
}

/// Speaks through a command of the shell.
///
/// # Errors
/// The shell cannot be started.
pub(super) fn via(command: &str) -> Result<Link, NoLink> {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{WITHOUT_CTRL_C}{command}")]);
    through(shell).map_err(|error| NoLink::Missing(format!("--via: sh cannot be started: {error}")))
}

/// Speaks TLS through `openssl s_client`, which checks the certificate and the name in it.
///
/// # Errors
/// There is no such program.
pub(super) fn tls(url: &Url) -> Result<Link, NoLink> {
    let missing = |error: io::Error| {
        NoLink::Missing(format!(
            "wss:// needs the program openssl, as no TLS is built in ({error}): install it, or name another way \
             with --via, such as --via 'ncat --ssl {} {}'",
            url.host, url.port
        ))
    };
    let is_there = Command::new("openssl")
        .arg("version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    is_there.map_err(missing)?;
    let address = url.address();
    let is_ip = url.host.parse::<IpAddr>().is_ok();
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{WITHOUT_CTRL_C}exec openssl s_client \"$@\""), "sh", "-quiet"]);
    // Without the last flag any certificate would do that somebody trusted has signed.
    shell.args(["-verify_return_error", "-connect", &address]);
    match is_ip {
        true => shell.args(["-verify_ip", &url.host]),
        false => shell.args(["-servername", &url.host, "-verify_hostname", &url.host]),
    };
    through(shell).map_err(missing)
}

fn through(mut command: Command) -> io::Result<Link> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (writer, reader) = (child.stdin.take(), child.stdout.take());
    let (Some(writer), Some(reader)) = (writer, reader) else { return Err(io::ErrorKind::BrokenPipe.into()) };
    let stderr = child.stderr.take();
    let helper = Some(Helper { child, stderr });
    Ok(Link { reader: Box::new(reader), writer: Box::new(writer), peer: None, helper })
}

impl Helper {
    /// Ends the command, if it still runs. Returns its status, if it had ended by itself.
    pub(super) fn end(mut self) -> Option<String> {
        if let Ok(Some(status)) = self.child.try_wait() {
            return Some(status.to_string());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        None
    }
}
