//! The table of connections, by slot and serial number.

use super::conn::Conn;
use super::ids::ConnId;
use crate::guard::caps::Caps;
use slab::Slab;

/// All connections, and how many there are of which kind.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(super) conns: Slab<Conn>,
    pub(super) caps: Caps,
    /// The number of the last connection that was accepted.
    serial: u32,
}

impl Table {
    /// The number for the next connection. It tells its tenancy of a slot from all others.
    pub(super) fn next_serial(&mut self) -> u32 {
        self.serial = self.serial.wrapping_add(1);
        self.serial
    }

    /// Adds a connection.
    pub(super) fn add(&mut self, conn: Conn) -> ConnId {
        let serial = conn.serial;
        // The number of file descriptors bounds the table.
        let slot = u32::try_from(self.conns.insert(conn)).unwrap_or(u32::MAX);
        ConnId { slot, serial }
    }

    /// The connection. `None`: it is over.
    #[inline]
    pub(crate) fn get(&mut self, id: ConnId) -> Option<&mut Conn> {
        let conn = self.conns.get_mut(id.slot as usize)?;
        (conn.serial == id.serial).then_some(conn)
    }

    /// The connection in this slot, and its name.
    #[inline]
    pub(super) fn at(&mut self, slot: u32) -> Option<(ConnId, &mut Conn)> {
        let conn = self.conns.get_mut(slot as usize)?;
        let serial = conn.serial;
        Some((ConnId { slot, serial }, conn))
    }

    /// The names of all connections.
    pub(super) fn ids(&self) -> Vec<ConnId> {
        let id = |(slot, conn): (usize, &Conn)| ConnId {
            slot: u32::try_from(slot).unwrap_or(u32::MAX),
            serial: conn.serial,
        };
        self.conns.iter().map(id).collect()
    }
}
