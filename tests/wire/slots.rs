//! Tables of slot and serial number: an id finds its own entry and no other.

use ws101::slots::{Id, Slots};

#[test]
fn an_id_finds_its_entry_until_that_is_removed() {
    let mut slots = Slots::default();
    let (a, b) = (slots.insert('a'), slots.insert('b'));
    assert_eq!((slots.get(a), slots.get(b)), (Some(&'a'), Some(&'b')));
    *slots.get_mut(a).unwrap() = 'A';
    assert_eq!(slots.remove(a), Some('A'));
    assert_eq!(slots.remove(a), None);
    assert_eq!(slots.get(a), None);
    assert_eq!(slots.get_mut(a), None);
    assert_eq!(slots.ids().collect::<Vec<_>>(), [b]);
    assert_eq!(slots.count(), 1);
}

#[test]
fn an_old_id_does_not_find_the_next_entry_of_its_slot() {
    let mut slots = Slots::default();
    let old = slots.insert('o');
    slots.remove(old);
    let new = slots.insert('n');
    assert_eq!((new.slot, new.serial), (old.slot, old.serial + 1));
    assert_eq!(slots.get(old), None);
    assert_eq!(slots.get_mut(old), None);
    assert_eq!(slots.remove(old), None);
    assert_eq!(slots.get(new), Some(&'n'));
}

#[test]
fn an_id_is_one_number() {
    let (slot, serial) = (0x0102_0304, 0xa0b0_c0d0);
    let id = Id { slot, serial };
    assert_eq!(id.to_number(), 0xa0b0_c0d0_0102_0304);
    assert_eq!(Id::from_number(id.to_number()), id);
}
