//! How connections end, and what is said of it.

use super::{Begin, Talk};
use ws101::tools::connect::session::End;

fn open() -> Talk {
    Talk::open(Begin::default())
}

#[test]
fn an_end_without_a_close_names_the_last_bytes() {
    let mut talk = open();
    talk.gets(b"\x81\x05H");
    talk.ends();
    talk.shows(
        "\
S< 81 05 48                                  # FIN text, 5 bytes, 4 bytes are missing \"H\"
S~ eof
say 1006: the connection ended without a Close frame; the last bytes were 81 05 48 (needs 4 more bytes (payload 1 of 5))
",
    );
    let mut talk = open();
    talk.ends();
    talk.is_over(1, "1006: the connection ended without a Close frame");
    let mut talk = open();
    talk.session.ended(&End::Broken("reset".into()), talk.now);
    talk.settle();
    talk.is_over(1, "1006: the connection ended without a Close frame (reset)");
}

#[test]
fn the_servers_close_is_answered_with_its_code() {
    for (close, answer, words) in [
        (&b"\x88\x02\x03\xe9"[..], &[0x88, 0x82, 0x37, 0xfa, 0x21, 0x3d, 0x34, 0x13][..], "1001: going away"),
        (
            b"\x88\x05\x0f\xa1bye",
            &[0x88, 0x82, 0x37, 0xfa, 0x21, 0x3d, 0x38, 0x5b],
            "4001: private use, \"bye\"",
        ),
        (b"\x88\x00", &[0x88, 0x80, 0x37, 0xfa, 0x21, 0x3d], "1005: the server's Close had no code"),
    ] {
        let mut talk = open();
        talk.gets(close);
        assert_eq!(talk.sent, answer);
        // Nothing is read after it.
        talk.gets(b"\x81\x01x");
        talk.ends();
        assert!(!talk.text.0.borrow().windows(7).any(|text| text == b"print <"));
        talk.is_over(0, words);
    }
}

#[test]
fn a_server_that_keeps_tcp_open_after_both_closes_is_left() {
    let mut talk = open();
    talk.gets(b"\x88\x00");
    talk.waits(1_999);
    assert_eq!(talk.session.status(), None);
    talk.waits(1);
    talk.is_over(0, "1005: the server's Close had no code");
}

#[test]
fn a_close_that_nobody_answers_has_five_seconds() {
    let mut talk = open();
    talk.types("/quit");
    talk.waits(4_999);
    assert_eq!(talk.session.status(), None);
    talk.waits(1);
    talk.is_over(1, "1006: the server has not answered the Close in time");
}

#[test]
fn messages_before_the_answer_to_our_close_are_printed() {
    let mut talk = open();
    talk.types("/close 1000");
    talk.forget();
    talk.gets(b"\x81\x01x\x88\x02\x03\xe8");
    talk.ends();
    let shown = talk.shown();
    assert!(shown.contains("print < x\n"), "{shown}");
    assert_eq!(talk.session.status(), Some(0));
}

#[test]
fn nothing_follows_our_close_but_raw_bytes() {
    let mut talk = open();
    talk.types("/close");
    talk.forget();
    for line in ["Hello", "/ping", "/close", "/frag a|b", "/cut 3 abc", "/bin 00"] {
        talk.types(line);
        assert!(talk.shown().contains("/raw sends bytes all the same"), "{line}");
    }
    assert_eq!(talk.sent, b"");
    talk.types("/raw 81 80 00 00 00 00");
    assert_eq!(talk.sent.len(), 6);
    assert!(talk.shown().contains("! 5.5.1-4"));
}

#[test]
fn closing_off_leaves_the_close_without_an_answer() {
    let mut talk = open();
    talk.types("/closing off");
    talk.gets(b"\x88\x02\x03\xe8");
    assert_eq!(talk.sent, b"");
    assert!(talk.session.wants_line());
    talk.ends();
    talk.is_over(1, "1006: the connection ended before the server's Close (1000) was answered");
    // It can still be answered by hand.
    let mut talk = open();
    talk.types("/closing off");
    talk.gets(b"\x88\x02\x03\xe8");
    talk.types("/close 1000");
    talk.ends();
    talk.is_over(0, "1000: normal closure");
}

#[test]
fn a_close_that_must_not_be_sent_is_sent_with_a_warning() {
    for (code, name) in
        [("1005", "no status received"), ("999", "not registered"), ("2000", "not registered")]
    {
        let mut talk = open();
        talk.types(&format!("/close {code}"));
        let shown = talk.shown();
        assert!(shown.contains(&format!("say {code} ({name}) must not be sent")), "{shown}");
        assert_eq!(talk.sent.len(), 8);
    }
}

#[test]
fn ctrl_c_says_goodbye_and_the_second_one_waits_for_nobody() {
    let mut talk = open();
    talk.session.interrupted(talk.now);
    talk.settle();
    assert_eq!(talk.sent, [0x88, 0x82, 0x37, 0xfa, 0x21, 0x3d, 0x34, 0x13]);
    assert!(!talk.session.wants_line());
    talk.waits(2_000);
    talk.is_over(1, "1006: the server has not answered the Close in time");

    let mut talk = open();
    talk.session.interrupted(talk.now);
    talk.gets(b"\x88\x02\x03\xe9");
    talk.ends();
    talk.is_over(0, "1001: going away");

    let mut talk = open();
    talk.session.interrupted(talk.now);
    talk.session.interrupted(talk.now);
    talk.settle();
    talk.is_over(1, "interrupted");

    let mut talk = Talk::begin(Begin::default());
    talk.session.interrupted(talk.now);
    talk.settle();
    talk.is_over(1, "interrupted");
}
