//! The accepted sockets, by the slots of the hub: the hub's `Net` over TCP.

use crate::hub::app::{ConnId, Net, Written};
use crate::tap::Watcher;
use mio::net::TcpStream;
use rustix::fs::{self, Mode, OFlags};
use std::io::{self, ErrorKind, IoSlice, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::time::Duration;

/// One accepted socket.
pub(crate) struct Socket {
    pub(crate) stream: TcpStream,
    pub(crate) serial: u32,
    /// The kernel may have bytes to read, or the end of the stream.
    pub(crate) readable: bool,
    /// The readiness said that the peer has closed its side.
    pub(crate) read_closed: bool,
    /// It is in `Server::ready`.
    pub(crate) queued: bool,
    /// The last write took less than was offered.
    pub(crate) blocked: bool,
}

/// The sockets, by the slots of the hub.
#[derive(Default)]
pub(crate) struct Sockets {
    pub(crate) slots: Vec<Option<Socket>>,
    /// How many there are.
    pub(crate) count: usize,
    /// Watches the bytes of all of them.
    pub(crate) tap: Watcher,
}

impl Sockets {
    pub(crate) fn insert(&mut self, id: ConnId, stream: TcpStream) {
        let ConnId { slot, serial } = id;
        let slot = slot as usize;
        if slot >= self.slots.len() {
            self.slots.resize_with(slot + 1, || None);
        }
        if let Some(place) = self.slots.get_mut(slot) {
            *place = Some(Socket {
                stream,
                serial,
                readable: false,
                read_closed: false,
                queued: false,
                blocked: false,
            });
            self.count += 1;
        }
    }

    /// Writes what the socket takes of `pieces`.
    fn offer(&mut self, id: ConnId, pieces: &[IoSlice<'_>]) -> Written {
        let Some(Some(socket)) = self.slots.get_mut(id.slot as usize) else { return Written::Broken };
        let offered = pieces.iter().map(|piece| piece.len()).sum();
        match socket.stream.write_vectored(pieces) {
            Ok(len) if len == offered => Written::Bytes(len),
            result => socket.less(result, offered, |stream| stream.write_vectored(pieces)),
        }
    }

    /// Writes `pieces`, and tells the tap how much of them the socket took.
    #[cold]
    fn write_watched(&mut self, id: ConnId, pieces: &[IoSlice<'_>]) -> Written {
        let written = self.offer(id, pieces);
        self.tap.wrote(id, pieces, written);
        written
    }
}

impl Socket {
    /// The result of a write that took less than the `offered` bytes.
    ///
    /// `again` repeats a write that a signal interrupted, because no readiness would follow.
    #[cold]
    fn less(
        &mut self,
        mut result: io::Result<usize>,
        offered: usize,
        mut again: impl FnMut(&mut TcpStream) -> io::Result<usize>,
    ) -> Written {
        while matches!(&result, Err(error) if error.kind() == ErrorKind::Interrupted) {
            result = again(&mut self.stream);
        }
        match result {
            Ok(len) => {
                self.blocked |= len < offered;
                Written::Bytes(len)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.blocked = true;
                Written::Bytes(0)
            }
            Err(_) => Written::Broken,
        }
    }
}

impl Net for Sockets {
    #[inline]
    fn write(&mut self, id: ConnId, bytes: &[u8]) -> Written {
        if self.tap.watched.get(id.slot as usize) == Some(&true) {
            return self.write_watched(id, &[IoSlice::new(bytes)]);
        }
        let Some(Some(socket)) = self.slots.get_mut(id.slot as usize) else { return Written::Broken };
        match socket.stream.write(bytes) {
            Ok(len) if len == bytes.len() => Written::Bytes(len),
            result => socket.less(result, bytes.len(), |stream| stream.write(bytes)),
        }
    }

    fn write_pieces(&mut self, id: ConnId, pieces: &[IoSlice<'_>]) -> Written {
        if self.tap.watched.get(id.slot as usize) == Some(&true) {
            return self.write_watched(id, pieces);
        }
        self.offer(id, pieces)
    }

    fn half_close(&mut self, id: ConnId) {
        if let Some(Some(socket)) = self.slots.get_mut(id.slot as usize) {
            // If the peer is gone already, the next read tells.
            let _ = socket.stream.shutdown(Shutdown::Write);
            if self.tap.by.is_some() {
                self.tap.half_closed(id);
            }
        }
    }

    fn close(&mut self, id: ConnId, reset: bool) {
        let Some(place) = self.slots.get_mut(id.slot as usize) else { return };
        let Some(socket) = place.take() else { return };
        self.count -= 1;
        if self.tap.by.is_some() {
            self.tap.closed(id);
        }
        if reset {
            let linger = Some(Duration::ZERO);
            let _ = rustix::net::sockopt::set_socket_linger(&socket.stream, linger);
        }
    }
}

/// Opens a file that is always there, to have a descriptor in reserve.
///
/// It is the only file that is opened at the start. `std::fs` would need pages of the program that nothing else needs, which
/// is 64 KiB of memory.
pub(crate) fn reserve() -> Option<OwnedFd> {
    fs::open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()
}
