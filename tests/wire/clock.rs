//! The driver's clock: it stands still while the process does, and never for ever.

use std::time::Duration;
use ws101::clock::{Clock, Time};

const fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[test]
fn time_passes_while_somebody_looks() {
    let mut clock = Clock::default();
    assert_eq!(clock.turn(millis(5), Some(millis(0))), Time(5));
    // A wait that lasted as long as it could, and one that was cut short by an event.
    assert_eq!(clock.turn(millis(20_005), Some(millis(20_000))), Time(20_005));
    assert_eq!(clock.turn(millis(20_900), Some(millis(1_000))), Time(20_900));
    // Nothing was due, so the wait could last for ever.
    assert_eq!(clock.turn(millis(90_000), None), Time(90_000));
    assert_eq!(clock.last, millis(90_000));
}

#[test]
fn stop_of_the_process_is_not_counted() {
    let mut clock = Clock::default();
    clock.turn(millis(1_000), Some(millis(1_000)));
    // It would have waited for a second, and came back after an hour.
    assert_eq!(clock.turn(millis(3_601_000), Some(millis(1_000))), Time(1_100));
    assert_eq!(clock.turn(millis(3_601_010), Some(millis(500))), Time(1_110));
    // The end of a stop interrupts the wait: then it could not last at all.
    assert_eq!(clock.turn(millis(3_602_000), Some(millis(0))), Time(1_210));
}

#[test]
fn turns_that_take_long_hold_the_time_up_and_do_not_stop_it() {
    let mut clock = Clock::default();
    for turn in 1..=100 {
        let now = clock.turn(millis(turn * 500), Some(millis(0)));
        assert_eq!(now, Time(turn * 100));
    }
}
