//! Who is let in: caps on connections, counted as they come and go.
//!
//! Whoever is over a cap is accepted all the same, told so (`503`, `429`) and sent away: in the
//! backlog it would wait for an answer that does not come. It is told at once, without waiting for
//! its request, and then read for a while, so that a request which comes late does not turn the answer
//! into a reset. Those who are told are bounded as well; the rest is closed without a word.

use super::Hub;
use super::core::Core;
use crate::app::{Cause, ConnId};
use crate::clock::Time;
use crate::config::Config;
use crate::conn::{Conn, Phase, Standing};
use crate::http::refusal;
use crate::http::response::Source;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::rc::Rc;

/// What there was too little of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cap {
    /// Connections and open files together.
    Connections,
    /// Connections whose first request head has not arrived whole.
    Handshakes,
    /// Connections from one address.
    Address,
    /// Connections and open files together, for a file.
    Files,
    /// What the system lets us open.
    Descriptors,
}

/// What the caps count.
#[derive(Debug, Default)]
pub(crate) struct Admission {
    /// Connections that are `Standing::Opening`.
    pub(crate) handshakes: usize,
    /// Connections that are `Standing::Refused`.
    pub(crate) refused: usize,
    /// The others, by address. Empty unless there is a cap on that.
    by_address: BTreeMap<IpAddr, usize>,
    open_files: Rc<Cell<usize>>,
}

impl Hub {
    /// A connection was accepted. `None`: it is to be closed at once, without a word.
    pub fn accept(&mut self, peer: SocketAddr, now: Time) -> Option<ConnId> {
        let core = &mut self.core;
        core.now = now;
        core.active = None;
        core.counters.accepts += 1;
        let reached = core.cap_reached(peer.ip());
        if let Some(cap) = reached {
            core.counters.refused(cap);
        }
        if reached.is_some() && core.admission.refused >= core.config.max_refusals {
            return None;
        }
        core.serial = core.serial.wrapping_add(1);
        let mut conn = Conn::new(core.serial, peer, now);
        conn.standing = match reached {
            None => Standing::Opening,
            Some(_) => Standing::Refused,
        };
        core.admission.entered(&conn, &core.config);
        // The table is bounded by the number of file descriptors.
        let slot = u32::try_from(core.conns.insert(conn)).unwrap_or(u32::MAX);
        let serial = core.serial;
        let id = ConnId { slot, serial };
        match reached {
            None => core.arm(id),
            Some(cap) => core.turn_away(id, cap),
        }
        Some(id)
    }

    /// A connection was accepted and closed at once, for want of descriptors.
    pub fn note_turned_away(&mut self) {
        self.core.counters.accepts += 1;
        self.core.counters.refused(Cap::Descriptors);
    }
}

impl Core {
    /// Whether a cap keeps another connection from this address out.
    fn cap_reached(&self, ip: IpAddr) -> Option<Cap> {
        let (config, admission) = (&self.config, &self.admission);
        let per_ip = config.max_connections_per_ip;
        if per_ip > 0 && admission.of_address(ip) >= per_ip {
            Some(Cap::Address)
        } else if !self.has_room() {
            Some(Cap::Connections)
        } else if admission.handshakes >= config.max_handshakes {
            Some(Cap::Handshakes)
        } else {
            None
        }
    }

    /// Whether there may be another connection, or another file may be sent.
    pub(super) fn has_room(&self) -> bool {
        let served = self.conns.len() - self.admission.refused;
        served + self.admission.open_files() < self.config.max_connections
    }

    /// Says why, and ends the connection.
    #[cold]
    fn turn_away(&mut self, id: ConnId, cap: Cap) {
        self.refuse(
            id,
            match cap {
                Cap::Address => *refusal::too_many_requests(),
                _ => *refusal::too_many_connections(),
            },
        );
        let until = self.now.after(self.config.linger_timeout);
        if let Some(conn) = self.get(id) {
            conn.closed.cause = Cause::Limit;
            if let Phase::Draining(draining) = &mut conn.phase {
                draining.until = until;
            }
        }
        self.arm(id);
    }
}

impl Admission {
    /// Files that are being sent.
    pub(crate) fn open_files(&self) -> usize {
        self.open_files.get()
    }

    fn of_address(&self, ip: IpAddr) -> usize {
        self.by_address.get(&network(ip)).copied().unwrap_or(0)
    }

    fn entered(&mut self, conn: &Conn, config: &Config) {
        match conn.standing {
            Standing::Refused => self.refused += 1,
            Standing::Opening => self.handshakes += 1,
            Standing::Served => {}
        }
        if conn.standing != Standing::Refused && config.max_connections_per_ip > 0 {
            let network = network(conn.peer().ip());
            *self.by_address.entry(network).or_default() += 1;
        }
    }

    /// Its first request head is here, or will not come any more.
    pub(super) fn opened(&mut self, conn: &mut Conn) {
        if conn.standing == Standing::Opening {
            conn.standing = Standing::Served;
            self.handshakes -= 1;
        }
    }

    /// The connection is over.
    pub(super) fn left(&mut self, conn: &mut Conn) {
        self.opened(conn);
        if conn.standing == Standing::Refused {
            self.refused -= 1;
            return;
        }
        let network = network(conn.peer().ip());
        if let Some(count) = self.by_address.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&network);
            }
        }
    }

    /// Counts a file as open for as long as it is sent.
    pub(super) fn counted(&self, source: Box<dyn Source>) -> Box<dyn Source> {
        let count = Rc::clone(&self.open_files);
        count.set(count.get() + 1);
        Box::new(OpenFile { source, count })
    }
}

/// A source that is counted until it is dropped, whatever becomes of its connection.
struct OpenFile {
    source: Box<dyn Source>,
    count: Rc<Cell<usize>>,
}

impl Source for OpenFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.source.read(buffer)
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        self.count.set(self.count.get() - 1);
    }
}

/// Whom an address stands for. The smallest network that a customer is given in IPv6 is a /64 (RFC
/// 6177): who has one has 2^64 addresses, so single ones say nothing. An IPv4 address that came
/// in over an IPv6 socket is still one (RFC 4291 §2.5.5.2).
fn network(ip: IpAddr) -> IpAddr {
    const PREFIX: u128 = u128::MAX << 64;
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & PREFIX)),
        v4 => v4,
    }
}
