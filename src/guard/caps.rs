//! Caps on connections and open files. Both are counted as they come and go, never in a table.

use crate::config::Config;
use crate::http::response::Source;
use std::collections::btree_map::{BTreeMap, Entry};
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::rc::Rc;

/// What there was too little of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// What a connection counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountsAs {
    /// A connection, and a handshake: its first request head has not arrived whole.
    Handshake,
    /// A connection.
    Connection,
    /// A refusal: a cap was reached when it was accepted. It reads that, and goes.
    Refusal,
}

/// How many there are of what the caps limit.
#[derive(Debug, Default)]
pub(crate) struct Caps {
    /// Connections that count as a handshake.
    pub(crate) handshakes: usize,
    /// Connections that count as a refusal.
    pub(crate) refusals: usize,
    /// Connections that do not, by network. Empty unless there is a cap on that.
    by_network: BTreeMap<IpAddr, usize>,
    /// What each file that is being sent has a share of.
    open_files: Rc<()>,
}

impl Caps {
    /// Counts a new connection from this address, as a handshake. `connections`: all there are.
    ///
    /// # Errors
    /// The cap that keeps it out. Then the caller must close it, or count it as a refusal.
    pub(crate) fn enter(&mut self, ip: IpAddr, connections: usize, config: &Config) -> Result<(), Cap> {
        let per_ip = config.max_connections_per_ip;
        if per_ip > 0 && self.by_network.get(&network(ip)).is_some_and(|count| *count >= per_ip) {
            return Err(Cap::Address);
        }
        if !self.has_room(connections, config) {
            return Err(Cap::Connections);
        }
        if self.handshakes >= config.max_handshakes {
            return Err(Cap::Handshakes);
        }
        if per_ip > 0 {
            *self.by_network.entry(network(ip)).or_default() += 1;
        }
        self.handshakes += 1;
        Ok(())
    }

    /// Whether another connection may come, or another file be sent. `connections`: all there are.
    pub(crate) fn has_room(&self, connections: usize, config: &Config) -> bool {
        connections - self.refusals + self.open_files() < config.max_connections
    }

    /// Ends the handshake, if it is one: the first request head is here, or will not come any more.
    pub(crate) fn end_handshake(&mut self, counts_as: &mut CountsAs) {
        if *counts_as == CountsAs::Handshake {
            *counts_as = CountsAs::Connection;
            self.handshakes -= 1;
        }
    }

    /// The connection is over.
    pub(crate) fn leave(&mut self, ip: IpAddr, counts_as: CountsAs) {
        match counts_as {
            CountsAs::Refusal => {
                self.refusals -= 1;
                return;
            }
            CountsAs::Handshake => self.handshakes -= 1,
            CountsAs::Connection => {}
        }
        if !self.by_network.is_empty()
            && let Entry::Occupied(mut count) = self.by_network.entry(network(ip))
        {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }

    /// Counts a file as open until the result is dropped, whatever becomes of its connection.
    pub(crate) fn count_file(&self, source: Box<dyn Source>) -> Box<dyn Source> {
        Box::new(OpenFile { source, _share: Rc::clone(&self.open_files) })
    }

    /// How many files are being sent.
    pub(crate) fn open_files(&self) -> usize {
        Rc::strong_count(&self.open_files) - 1
    }
}

struct OpenFile {
    source: Box<dyn Source>,
    _share: Rc<()>,
}

impl Source for OpenFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.source.read(buffer)
    }
}

/// The customer to whom an address belongs, as far as one can tell.
///
/// The smallest network that a customer is given in IPv6 is a /64 (RFC 6177). It has 2^64 addresses, so a
/// single one says nothing. An IPv4 address that came in over an IPv6 socket is still one (RFC 4291 §2.5.5.2).
fn network(ip: IpAddr) -> IpAddr {
    const PREFIX: u128 = u128::MAX << 64;
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & PREFIX)),
        v4 => v4,
    }
}
