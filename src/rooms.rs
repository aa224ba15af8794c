//! Who is in which room: membership both ways.
//!
//! A room exists while it has a member. The members of a room are neighbours in memory, so that a message
//! reaches them fast; when one leaves, the last takes its place.

use slab::Slab;
use std::collections::BTreeMap;

/// Rooms of members `M`, found by name.
#[derive(Debug)]
pub struct Rooms<M> {
    by_name: BTreeMap<Box<str>, usize>,
    rooms: Slab<Room<M>>,
    /// For each membership its room, and its index there.
    places: Slab<(u32, u32)>,
}

#[derive(Debug)]
struct Room<M> {
    name: Box<str>,
    members: Vec<M>,
    /// The membership of each member, in the same order.
    keys: Vec<u32>,
}

impl<M> Default for Rooms<M> {
    fn default() -> Self {
        Self { by_name: BTreeMap::new(), rooms: Slab::new(), places: Slab::new() }
    }
}

impl<M> Rooms<M> {
    /// Adds a member to a room, and makes the room if there is none. Returns the key of the membership, which is
    /// used again after [`Rooms::leave`].
    pub fn join(&mut self, name: &str, member: M) -> u32 {
        let room_key = self.by_name.get(name).copied().unwrap_or_else(|| {
            let room = Room { name: name.into(), members: Vec::new(), keys: Vec::new() };
            let room_key = self.rooms.insert(room);
            self.by_name.insert(name.into(), room_key);
            room_key
        });
        let Some(room) = self.rooms.get_mut(room_key) else { return u32::MAX };
        // There are far fewer than 2^32 members, and no more rooms than members.
        let narrow = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        let key = narrow(self.places.insert((narrow(room_key), narrow(room.members.len()))));
        room.members.push(member);
        room.keys.push(key);
        key
    }

    /// Ends a membership.
    pub fn leave(&mut self, key: u32) {
        let Some((room_key, place)) = self.places.try_remove(key as usize) else { return };
        let Some(room) = self.rooms.get_mut(room_key as usize) else { return };
        room.members.swap_remove(place as usize);
        room.keys.swap_remove(place as usize);
        if let Some(moved) = room.keys.get(place as usize)
            && let Some(moved) = self.places.get_mut(*moved as usize)
        {
            moved.1 = place;
        }
        if room.members.is_empty() {
            let room = self.rooms.remove(room_key as usize);
            self.by_name.remove(&room.name);
        }
    }

    /// All members of the room of this membership, in a reproducible order. Empty if the membership ended.
    #[must_use]
    pub fn members(&self, key: u32) -> &[M] {
        let room = self.places.get(key as usize).and_then(|(room, _)| self.rooms.get(*room as usize));
        room.map_or(&[], |room| &room.members)
    }

    /// All members of the room of this name. Empty if there is none.
    #[must_use]
    pub fn named(&self, name: &str) -> &[M] {
        let room = self.by_name.get(name).and_then(|key| self.rooms.get(*key));
        room.map_or(&[], |room| &room.members)
    }

    /// The name of the room of this membership. `None`: the membership ended.
    #[must_use]
    pub fn name(&self, key: u32) -> Option<&str> {
        let (room, _) = self.places.get(key as usize)?;
        self.rooms.get(*room as usize).map(|room| &*room.name)
    }
}
