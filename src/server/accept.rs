//! How connections are accepted, also when no file can be opened any more.
//!
//! Then no connection is left in the backlog: each is accepted with the descriptor in reserve, and closed. After
//! that, and after any other error of `accept` for which no peer is to blame, the listener is left alone for 100 ms.

use super::Server;
use crate::clock::Time;
use crate::sockets::reserve;
use log::warn;
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Token};
use rustix::io::Errno;
use std::io::{self, ErrorKind};
use std::mem;
use std::net::SocketAddr;
use std::time::Duration;

/// Connections that are accepted in one turn at most.
const ACCEPTS_PER_TURN: usize = 256;
/// How long the listener is left alone after an error such as "too many open files".
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Connections that are turned away in one turn at most, when no file can be opened any more.
const TURNED_AWAY_PER_TURN: usize = 64;
/// Connections that the kernel completes before we accept them.
const BACKLOG: i32 = 1_024;

impl Server {
    /// Opens a listening socket.
    ///
    /// # Errors
    /// The address is in use or not ours.
    pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
        use rustix::net::{AddressFamily, SocketType, bind, listen, socket, sockopt};
        let family = match address {
            SocketAddr::V4(_) => AddressFamily::INET,
            SocketAddr::V6(_) => AddressFamily::INET6,
        };
        let socket = socket(family, SocketType::STREAM, None)?;
        rustix::io::ioctl_fioclex(&socket)?;
        sockopt::set_socket_reuseaddr(&socket, true)?;
        bind(&socket, &address)?;
        listen(&socket, BACKLOG)?;
        let listener = std::net::TcpListener::from(socket);
        listener.set_nonblocking(true)?;
        Ok(TcpListener::from_std(listener))
    }

    /// Accepts those who wait. The turn is at its end, so connections that have just ended have made room for them.
    #[cold]
    pub(super) fn accept(&mut self) {
        self.guarded(Self::accept_some);
        self.rest = self.hub.rest();
        self.rest.was_busy = true;
        let ids = mem::take(&mut self.rest.readable);
        self.requeue(ids);
    }

    /// Accepts connections that wait, some in each turn.
    fn accept_some(&mut self) {
        let now = self.clock.now;
        self.accept_at = Time::NEVER;
        for _ in 0..ACCEPTS_PER_TURN {
            let Some(listener) = &self.listener else { return };
            match listener.accept() {
                Ok((stream, peer)) => self.welcome(stream, peer, now),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error)
                    if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionAborted) => {}
                Err(error) => {
                    if is_out_of_files(&error) && !self.turn_away() {
                        return;
                    }
                    self.hub.note_accept_error(&error, now);
                    // Nothing new will be reported for connections that already wait.
                    self.accept_at = now.after(ACCEPT_PAUSE);
                    return;
                }
            }
        }
        self.accept_at = now;
    }

    /// Closes connections that wait, because there is no descriptor for them.
    ///
    /// Returns `false` if none waits. (Without a descriptor `accept` fails in both cases.)
    fn turn_away(&mut self) -> bool {
        self.reserve = None;
        let mut somebody_waits = false;
        for _ in 0..TURNED_AWAY_PER_TURN {
            match self.listener.as_ref().map(TcpListener::accept) {
                Some(Ok(_)) => {
                    somebody_waits = true;
                    self.hub.note_turned_away();
                }
                Some(Err(error)) if error.kind() != ErrorKind::WouldBlock => {
                    somebody_waits = true;
                    break;
                }
                _ => break,
            }
        }
        self.reserve = reserve();
        somebody_waits
    }

    fn welcome(&mut self, mut stream: TcpStream, peer: SocketAddr, now: Time) {
        let Some(id) = self.hub.accept(peer, now) else { return };
        // Without it, small messages wait for the acknowledgement of earlier ones (Nagle).
        let _ = stream.set_nodelay(true);
        let interest = Interest::READABLE | Interest::WRITABLE;
        let token = Token(id.slot as usize);
        if let Err(error) = self.poll.registry().register(&mut stream, token, interest) {
            warn!("a connection could not be watched: {error}");
            self.hub.broken(id, now);
            return;
        }
        self.sockets.insert(id, stream);
        if self.sockets.tap.by.is_some() {
            self.sockets.tap.opened(id, peer);
        }
    }
}

/// Whether the process, or the whole system, may open no further file.
fn is_out_of_files(error: &io::Error) -> bool {
    let errors = [Errno::MFILE, Errno::NFILE].map(|errno| Some(errno.raw_os_error()));
    errors.contains(&error.raw_os_error())
}
