//! `--send`, `--expect`, `--one`, and lines that are no person's.

use super::{ANSWER, Begin, Talk};
use ws101::tools::connect::script::Step;

fn send(text: &str) -> Step {
    Step::Send(text.to_owned())
}

fn expect(text: &str) -> Step {
    Step::Expect(text.to_owned())
}

fn text(text: &str) -> Vec<u8> {
    [&[0x81, text.len() as u8], text.as_bytes()].concat()
}

#[test]
fn steps_come_in_their_order_and_then_the_end() {
    let mut talk = Talk::with_steps([send("a"), expect("A"), send("b"), expect("B")]);
    assert!(!talk.session.wants_line());
    talk.gets(format!("{ANSWER}\r\n"));
    talk.forget();
    talk.gets(text("hello"));
    assert_eq!(talk.sent, b"", "that was not it");
    talk.gets(text("it is A."));
    assert_eq!(talk.sent, [0x81, 0x81, 0x37, 0xfa, 0x21, 0x3d, 0x55]);
    talk.gets(text("B"));
    assert_eq!(talk.sent[7..], [0x88, 0x82, 0x37, 0xfa, 0x21, 0x3d, 0x34, 0x12]);
    talk.gets(b"\x88\x02\x03\xe8");
    talk.ends();
    talk.is_over(0, "1000: normal closure");
}

#[test]
fn what_is_expected_and_does_not_come_is_told_with_what_came() {
    let opened = |steps: Vec<Step>| {
        let mut talk = Talk::with_steps(steps);
        talk.gets(format!("{ANSWER}\r\n"));
        talk.forget();
        talk
    };
    let mut talk = opened(vec![send("a"), expect("A"), expect("B")]);
    talk.gets(text("x"));
    talk.gets(text("y\u{1b}"));
    talk.waits(10_000);
    let shown = talk.shown();
    let words =
        "say --expect \"A\": no message contained it; 2 others came, the last was: y\\x1b; 1 more to do\n";
    assert!(shown.contains(words), "{shown}");
    // It says goodbye all the same.
    talk.gets(b"\x88\x02\x03\xe8");
    talk.ends();
    talk.is_over(1, "1000: normal closure");

    let mut talk = opened(vec![expect("A")]);
    talk.gets(b"\x88\x02\x03\xf3");
    talk.ends();
    assert!(talk.shown().contains("--expect \"A\": no message contained it; nothing came\nsay 1011:"));
    assert_eq!(talk.session.status(), Some(1));

    let mut talk = opened(vec![expect("A"), send("b")]);
    talk.ends();
    assert!(talk.shown().contains("nothing came; 1 more to do"));
}

#[test]
fn each_expected_message_has_its_own_time() {
    let mut talk = Talk::with_steps([expect("A"), expect("B")]);
    talk.gets(format!("{ANSWER}\r\n"));
    talk.waits(9_000);
    talk.gets(text("A"));
    talk.waits(9_000);
    talk.gets(text("B"));
    talk.gets(b"\x88\x02\x03\xe8");
    talk.ends();
    talk.is_over(0, "1000: normal closure");
}

#[test]
fn of_one_answer_no_more_than_that_is_printed() {
    let begin = Begin { steps: Some(vec![send("a"), Step::One]), one: true, ..Begin::default() };
    let mut talk = Talk::begin(begin);
    talk.gets(format!("{ANSWER}\r\n"));
    talk.gets([text("first"), text("second"), b"\x88\x02\x03\xe8".to_vec()].concat());
    talk.ends();
    let shown = talk.shown();
    let printed: Vec<&str> = shown.lines().filter(|line| line.starts_with("print")).collect();
    assert_eq!(printed, ["print < first"]);
    assert_eq!(talk.session.status(), Some(0));
}

#[test]
fn one_sends_one_line() {
    let mut talk = Talk::open(Begin { one: true, ..Begin::default() });
    talk.types("/oops");
    talk.types("Hello");
    assert!(!talk.session.wants_line(), "one line is enough");
    talk.gets(text("Hello"));
    talk.gets(b"\x88\x02\x03\xe8");
    talk.ends();
    talk.is_over(0, "1000: normal closure");
    // Without any line it only listens.
    let mut talk = Talk::open(Begin { one: true, ..Begin::default() });
    talk.session.input_ended(talk.now);
    talk.settle();
    assert_eq!(talk.sent, b"");
    talk.waits(10_000);
    assert!(talk.shown().contains("say --one: no message came; nothing came\n"));
}

#[test]
fn lines_are_read_no_faster_than_the_server_takes_them() {
    let mut talk = Talk::open(Begin::default());
    talk.is_read = false;
    let line = "x".repeat(10_000);
    let mut lines = 0;
    while talk.session.wants_line() {
        talk.types(&line);
        lines += 1;
    }
    assert!((20..40).contains(&lines), "{lines}");
    talk.session.wrote(talk.sent.len(), talk.now);
    assert!(talk.session.wants_line());
}
