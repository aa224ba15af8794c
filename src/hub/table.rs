//! The table of connections, by slot and serial number.

use super::conn::{Conn, Paused, Phase, Stage};
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

    /// The connection, if it should be read now.
    ///
    /// It should, unless a queue of its own, or something that it has already sent, stands in the way.
    #[inline]
    pub(super) fn readable(&mut self, id: ConnId) -> Option<&mut Conn> {
        let conn = self.get(id)?;
        let is_read = match &conn.phase {
            Phase::Open { .. } | Phase::Draining(_) => true,
            Phase::Http(exchange) => matches!(exchange.stage, Stage::Head | Stage::Body { .. }),
            Phase::Gone => false,
        };
        (is_read && conn.paused == Paused::default()).then_some(conn)
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

/// Calls `queue` for each of these connections that is an open WebSocket, and lists it as one to write to.
///
/// `queue` says whether nothing else waits there. Returns the number of connections.
// Part of its callers, because to one receiver or to many it is not the same.
#[inline(always)]
pub(crate) fn queue_for_each(
    conns: &mut Slab<Conn>,
    touched: &mut Vec<u32>,
    ids: impl IntoIterator<Item = ConnId>,
    mut queue: impl FnMut(ConnId, &mut Conn) -> bool,
) -> usize {
    let mut receivers = 0;
    for id in ids {
        let Some(conn) = conns.get_mut(id.slot as usize) else { continue };
        if conn.serial != id.serial || !conn.open {
            continue;
        }
        receivers += 1;
        // An open WebSocket is on the list because something waits, so what is first puts it there.
        let is_first = queue(id, conn);
        if is_first || !conn.touched {
            conn.touched = true;
            touched.push(id.slot);
        }
    }
    receivers
}
