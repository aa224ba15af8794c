//! Tables whose entries are found by slot and serial number.
//!
//! A slot is used again as soon as its entry is removed. The serial number tells the entries of one slot
//! apart, so an id that somebody keeps after its entry was removed finds nothing.

use slab::Slab;

/// The name of one entry of one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    /// Index into the table: a small number, used again.
    pub slot: u32,
    /// Counts the entries that the table ever had. After 2^32 of them it begins again.
    pub serial: u32,
}

impl Id {
    /// The id as one number, for timers and tags.
    #[must_use]
    pub fn to_number(self) -> u64 {
        u64::from(self.serial) << 32 | u64::from(self.slot)
    }

    /// The id that [`Id::to_number`] made this number of.
    #[must_use]
    pub fn from_number(number: u64) -> Self {
        let [a, b, c, d, e, f, g, h] = number.to_le_bytes();
        Self { slot: u32::from_le_bytes([a, b, c, d]), serial: u32::from_le_bytes([e, f, g, h]) }
    }
}

/// A table that chooses the ids of its entries. Finding one takes one index and one comparison.
#[derive(Debug)]
pub struct Slots<T> {
    entries: Slab<(u32, T)>,
    serial: u32,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { entries: Slab::new(), serial: 0 }
    }
}

impl<T> Slots<T> {
    /// Adds an entry. Its id differs from all earlier ones of this table.
    pub fn insert(&mut self, value: T) -> Id {
        self.serial = self.serial.wrapping_add(1);
        // No memory holds 2^32 entries.
        let slot = u32::try_from(self.entries.insert((self.serial, value))).unwrap_or(u32::MAX);
        Id { slot, serial: self.serial }
    }

    /// The entry of this id. `None`: it was removed.
    #[must_use]
    pub fn get(&self, id: Id) -> Option<&T> {
        let (serial, value) = self.entries.get(id.slot as usize)?;
        (*serial == id.serial).then_some(value)
    }

    /// The entry of this id, to be changed. `None`: it was removed.
    #[must_use]
    pub fn get_mut(&mut self, id: Id) -> Option<&mut T> {
        let (serial, value) = self.entries.get_mut(id.slot as usize)?;
        (*serial == id.serial).then_some(value)
    }

    /// Removes the entry of this id and returns it. `None`: it was removed before.
    pub fn remove(&mut self, id: Id) -> Option<T> {
        self.get(id)?;
        self.entries.try_remove(id.slot as usize).map(|(_, value)| value)
    }

    /// The ids of all entries, by slot.
    pub fn ids(&self) -> impl Iterator<Item = Id> {
        self.entries
            .iter()
            .map(|(slot, (serial, _))| Id { slot: u32::try_from(slot).unwrap_or(u32::MAX), serial: *serial })
    }

    /// How many entries there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.entries.len()
    }
}
