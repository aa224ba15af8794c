//! RFC 6455 §5.4: messages in pieces, control frames between them.

use crate::client::{close, frame, from_server, hex, ping, pong, text};
use crate::script::{self, Script, fails_at_last_byte};
use crate::sim::End;
use ws101::config::Config;

/// The frames of one message: its opcode on the first, FIN on the last.
fn fragments<P: AsRef<[u8]>>(opcode: u8, parts: &[P]) -> Vec<Vec<u8>> {
    let last = parts.len() - 1;
    let first_byte = |at| if at == 0 { opcode } else { 0 } | if at == last { 0x80 } else { 0 };
    parts.iter().enumerate().map(|(at, part)| frame(first_byte(at), part)).collect()
}

#[test]
fn fragments_of_each_type_come_back_as_one_message() {
    // RFC 6455 §5.4: the type is that of the first frame.
    for opcode in [0x1, 0x2] {
        for parts in [&["Hel", "lo"][..], &["H", "ell", "o"], &["Hello"]] {
            let input = fragments(opcode, parts).concat();
            script::echo(input, from_server(0x80 | opcode, "Hello"));
        }
    }
}

#[test]
fn hundred_fragments_keep_their_order() {
    // RFC 6455 §5.4
    let parts: Vec<String> = (0..100).map(|n| format!("{n}.")).collect();
    let input = fragments(0x1, &parts).concat();
    script::echo(input, from_server(0x81, parts.concat()));
}

#[test]
fn empty_fragments_anywhere_are_allowed() {
    // RFC 6455 §5.4
    for parts in
        [["", "a", "b"], ["a", "", "b"], ["a", "b", ""], ["", "", "ab"], ["ab", "", ""], ["", "", ""]]
    {
        for opcode in [0x1, 0x2] {
            let input = fragments(opcode, &parts).concat();
            script::echo(input, from_server(0x80 | opcode, parts.concat()));
        }
    }
}

#[test]
fn message_behind_a_fragmented_one_is_a_new_message() {
    // RFC 6455 §6.2
    let input = [
        fragments(0x1, &["te", "xt"]).concat(),
        fragments(0x2, &["bin", "ary"]).concat(),
        text("whole"),
        fragments(0x1, &["", "last"]).concat(),
    ];
    let output = [
        from_server(0x81, "text"),
        from_server(0x82, "binary"),
        from_server(0x81, "whole"),
        from_server(0x81, "last"),
    ];
    script::echo(input.concat(), output.concat());
}

#[test]
fn ping_between_fragments_is_answered_before_the_message() {
    // RFC 6455 §5.4, §5.5.2
    let input =
        [frame(0x01, "Hel"), ping("one"), frame(0x00, ""), pong("unasked"), ping(""), frame(0x80, "lo")];
    let output = hex("8a 03 6f 6e 65  8a 00  81 05 48 65 6c 6c 6f");
    script::echo(input.concat(), output);
}

#[test]
fn unfinished_message_is_not_delivered() {
    // RFC 6455 §5.4, §5.2
    let input = [frame(0x01, "Hel"), frame(0x00, "lo"), ping("p")].concat();
    script::echo(input, hex("8a 01 70"));
}

#[test]
fn close_inside_a_fragmented_message_is_answered() {
    // RFC 6455 §5.4, §5.5.1: the message is dropped.
    script::check(&Script {
        config: Config::default(),
        path: "/echo",
        input: [frame(0x01, "Hel"), close(1000, ""), frame(0x80, "lo")].concat(),
        output: hex("88 02 03 e8"),
        end: End::HalfClosed,
    });
}

#[test]
fn new_message_inside_a_message_fails_at_its_first_byte() {
    // RFC 6455 §5.4: fragments of two messages are not interleaved.
    for begun in ["01 80 00 00 00 00", "02 81 00 00 00 00 61", "01 80 00 00 00 00 00 80 00 00 00 00"] {
        for first in [0x81, 0x82, 0x01, 0x02] {
            fails_at_last_byte([hex(begun), vec![first]].concat(), vec![], 1002);
        }
    }
}

#[test]
fn continuation_of_nothing_fails_at_its_first_byte() {
    // RFC 6455 §5.4: at the beginning, behind a whole message, behind a finished one, behind a ping.
    let hello = from_server(0x81, "Hello");
    for (before, earlier) in [
        (vec![], vec![]),
        (text("Hello"), hello.clone()),
        (fragments(0x1, &["Hel", "lo"]).concat(), hello),
        (ping(""), hex("8a 00")),
        (pong(""), vec![]),
    ] {
        for first in [0x00, 0x80] {
            let input = [before.clone(), vec![first]].concat();
            fails_at_last_byte(input, earlier.clone(), 1002);
        }
    }
}

#[test]
fn violation_inside_a_message_drops_the_message() {
    // RFC 6455 §7.1.7
    let input = [frame(0x01, "Hel"), hex("83"), frame(0x80, "lo")].concat();
    script::fails(input, vec![], 1002);
}
