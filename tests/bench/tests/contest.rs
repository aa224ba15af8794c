//! Contests with real processes: what becomes of a server that answers wrongly, or not at all.
//!
//! The servers are the bench's own bare loops. One that was told of another message sends frames that the
//! generator does not expect.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::time::Duration;

use ws101_bench::contest::{Entrant, Rules, Standing};
use ws101_bench::cores::{Cores, raise_file_limit};
use ws101_bench::handshake::Offer;
use ws101_bench::message::{Kind, Message};
use ws101_bench::process::Program;
use ws101_bench::workload::{Pattern, Workload};

const ECHO: Workload =
    Workload { connections: 3, message: Message { kind: Kind::Text, size: 16 }, pattern: Pattern::Echo(2) };

fn rules() -> Rules {
    raise_file_limit().unwrap();
    Rules { cores: Cores::choose().unwrap(), rounds: 5, round: Duration::from_millis(2), files: 1000 }
}

/// A bare loop that was told of these messages.
fn floor(words: &[&str]) -> Program {
    Program::new(env!("CARGO_BIN_EXE_floor"), words)
}

fn entrant(name: &str, program: Program) -> Entrant {
    Entrant { name: name.to_owned(), program, offer: Offer::Nothing, guest: name.contains("guest") }
}

fn hold(rules: Rules, workload: &Workload, programs: &[(&str, Program)]) -> Vec<Standing> {
    let entrants: Vec<_> = programs.iter().map(|(name, program)| entrant(name, program.clone())).collect();
    let floor = entrant("floor", floor(&[workload.mode(), "text", "16"]));
    rules.hold(&entrants, &floor, workload).unwrap()
}

#[test]
fn a_wrong_answer_ends_the_one_who_gave_it_and_nobody_else() {
    let standings = hold(
        rules(),
        &ECHO,
        &[
            ("good", floor(&["echo", "text", "16"])),
            ("wrong type", floor(&["echo", "binary", "16"])),
            ("wrong guest", floor(&["echo", "wide", "16"])),
            ("good guest", floor(&["echo", "text", "16"])),
        ],
    );
    assert_eq!(standings.len(), 5);
    for wrong in [1, 2] {
        let reason = standings[wrong].samples.as_ref().unwrap_err();
        assert!(reason.contains("unexpected bytes"), "{reason}");
        assert!(standings[wrong].ratios.is_empty());
    }
    for good in [0, 3, 4] {
        assert_eq!(standings[good].samples.as_ref().unwrap().len(), 5);
        assert_eq!(standings[good].ratios.len(), 5);
    }
}

#[test]
fn more_deliveries_than_messages_are_a_wrong_answer() {
    let workload = Workload { pattern: Pattern::Broadcast(1), ..ECHO };
    // Told that requests are shorter than they are, it answers too often.
    let hasty = floor(&["broadcast", "text", "5"]);
    let standings = hold(rules(), &workload, &[("hasty", hasty)]);
    let reason = standings[0].samples.as_ref().unwrap_err();
    assert!(reason.contains("unexpected bytes"), "{reason}");
}

#[test]
fn who_does_not_start_is_named_with_the_reason() {
    let absent = Program::new("/nonexistent/server", &[]);
    let silent = Program::new("true", &[]);
    let good = floor(&["echo", "text", "16"]);
    let programs = [("absent", absent), ("silent", silent), ("good", good)];
    let standings = hold(rules(), &ECHO, &programs);
    let reason = |number: usize| standings[number].samples.as_ref().unwrap_err();
    assert!(reason(0).contains("/nonexistent/server"), "{}", reason(0));
    assert!(reason(1).contains("did not say where it listens"));
    assert!(standings[2].samples.is_ok());
}

#[test]
fn those_for_whom_no_files_are_left_meet_the_floor_alone() {
    // Room for two servers with three connections each beside what a process has open anyway.
    let rules = Rules { files: 64 + 8, ..rules() };
    let good = || floor(&["echo", "text", "16"]);
    let standings = hold(rules, &ECHO, &[("a", good()), ("b", good())]);
    let names: Vec<_> = standings.iter().map(|standing| &standing.name).collect();
    assert_eq!(names, ["a", "b", "floor"]);
    assert!(standings.iter().all(|standing| standing.ratios.len() == 5));

    let floor = entrant("floor", good());
    let one = [entrant("a", good())];
    let few = Rules { files: 64 + 5, ..rules };
    let error = few.hold(&one, &floor, &ECHO).unwrap_err();
    assert!(error.to_string().contains("needs 70 open files"), "{error}");
}

#[test]
fn who_does_not_agree_to_compression_is_not_measured_without_it() {
    // Bare loops know nothing of extensions.
    let mut deaf = entrant("deaf", floor(&["echo", "text", "16"]));
    deaf.offer = Offer::AsBrowsers;
    let floor = entrant("floor", floor(&["echo", "text", "16"]));
    let standings = rules().hold(&[deaf], &floor, &ECHO).unwrap();
    let reason = standings[0].samples.as_ref().unwrap_err();
    assert!(reason.contains("opened without compression"), "{reason}");
}

#[test]
fn a_guest_can_be_the_measure_and_then_takes_part_in_every_round() {
    let good = || floor(&["echo", "text", "16"]);
    let rules = Rules { rounds: 18, round: Duration::from_millis(10), ..rules() };
    let measure = entrant("guest", good());
    let entrants = [entrant("a", good()), entrant("another guest", good())];
    let standings = rules.hold(&entrants, &measure, &ECHO).unwrap();
    let rounds: Vec<_> = standings.iter().map(|one| one.ratios.len()).collect();
    assert_eq!(rounds[0], rounds[2]);
    assert!(rounds[1] < rounds[0], "{rounds:?}");
}

#[test]
fn large_messages_are_sent_ten_times_on_each_connection_and_no_more() {
    let workload = Workload {
        connections: 2,
        message: Message { kind: Kind::Binary, size: 4 << 20 },
        pattern: Pattern::Echo(1),
    };
    let words = ["echo", "binary", "4194304"];
    let measure = entrant("floor", floor(&words));
    let good = entrant("good", floor(&words));
    // As long, and one byte of its header differs.
    let wrong = entrant("wrong", floor(&["echo", "text", "4194304"]));
    let standings = rules().hold(&[good, wrong], &measure, &workload).unwrap();
    assert_eq!((standings[0].messages, standings[2].messages), (20, 20));
    assert_eq!(standings[0].ratios.len(), 5);
    let reason = standings[1].samples.as_ref().unwrap_err();
    assert!(reason.contains("unexpected bytes"), "{reason}");
}
