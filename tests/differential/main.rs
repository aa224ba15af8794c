//! Mutated streams of frames, to ws101 and to an implementation that shares no line with it: they
//! must make the same of them, but for a short list of known differences (`differences.rs`).
//!
//! Here is the short run, against tungstenite only. `make differential` is the long one.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

mod differences;

mod ours;
mod outcome;
mod peers;
mod plain;
mod run;
mod streams;
/// The virtual clock and the client of the other tests.
#[allow(dead_code)]
#[path = "../wire/support"]
mod wire {
    pub mod client;
    pub mod sim;
}

use differences::{Difference, Verdict, judge};
use wire::{client, sim};

#[test]
fn nothing_that_differs_from_tungstenite_is_unexplained() {
    let counts = run::run(1, 0..5_000, &mut peers::Tungstenite, |_| {});
    let counts = counts.unwrap_or_else(|what| panic!("{what}"));
    // The streams would be of little use if nearly all of them failed, or left a rule in peace.
    assert!(counts.same > 4_000, "only {} agree", counts.same);
    assert_eq!(counts.explained.len(), 5, "{:?}", counts.explained);
    let broken: u64 = counts.broken.values().sum();
    assert!((1_500..4_000).contains(&broken), "{:?}", counts.broken);
    // All but the one that needs time to pass.
    assert_eq!(counts.broken.len(), 14, "{:?}", counts.broken);
}

#[test]
fn each_known_difference_has_an_example() {
    for (stream, explained) in [
        // A reserved bit, and no second byte yet.
        ("c1", Difference::FailsEarlier),
        // A reserved bit, and more than the limit.
        ("c1 ff 00 00 00 00 01 00 00 00 00 00 00 00", Difference::SeveralFaults),
        // One byte, its length written in two.
        ("82 fe 00 01 00 00 00 00 2a", Difference::LengthNotShortest),
        // Three fragments are allowed here.
        (
            "02 80 00 00 00 00  00 80 00 00 00 00  00 80 00 00 00 00  80 80 00 00 00 00",
            Difference::TooManyFragments,
        ),
        ("88 82 00 00 00 00 03 f6", Difference::Code1014),
    ] {
        let case =
            ours::Case { stream: client::hex(stream), max_message_bytes: 1_000, max_fragments: 3, cuts: 1 };
        let verdict = judge(&case, &mut peers::Tungstenite, &mut |_| {});
        assert_eq!(verdict, Verdict::Explained(explained), "{stream}");
    }
}
