//! What counts as a message in a room, and what it becomes.

use super::{chat, is_closed_1011, lines, members, said};
use crate::client::{binary, text};
use crate::sim::{End, Sim};

/// The nesting that is allowed includes the object around the message.
fn nested(brackets: usize) -> String {
    format!("{}{}", "[".repeat(brackets), "]".repeat(brackets))
}

/// This text, from one member, gives both members this value.
fn gives(input: &str, value: &str) {
    let mut sim = Sim::default();
    let [one, two] = members(&mut sim, ["lobby"; 2]);
    sim.send(one, &text(input));
    sim.run();
    for peer in [one, two] {
        assert_eq!(lines(&mut sim, peer), [chat(value)], "{input}");
    }
}

/// This frame closes its sender, and the other member notices nothing.
fn is_refused(input: &[u8], what: &str) {
    let mut sim = Sim::default();
    let [one, two] = members(&mut sim, ["lobby"; 2]);
    sim.send(one, input);
    sim.run();
    is_closed_1011(&mut sim, one, what);
    assert_eq!((sim.take(two), sim.end(two)), (vec![], End::Open), "{what}");
    sim.send(two, &said("1"));
    sim.run();
    assert_eq!(lines(&mut sim, two), [chat("1")], "{what}");
    assert_eq!(sim.take(one), b"", "{what}");
}

#[test]
fn value_is_passed_on_as_the_bytes_that_came() {
    let deep = nested(31);
    let long = format!("\"{}\"", "é".repeat(100_000));
    for value in [
        r#""hi""#,
        r#""""#,
        "true",
        "false",
        "null",
        "0",
        "-0",
        "123456789012345678901234567890",
        "-1.50e+007",
        "1e999",
        "3.14159265358979323846264338327950288",
        "{}",
        "[]",
        "[1,2 ,  3\t]",
        "{ \"a\" :\n1, \"a\": 2 }",
        r#"{"type": "other", "message": [{}]}"#,
        // Half a character, a whole one, and all ways of escaping.
        r#""\ud800""#,
        r#""\udc00\ud800""#,
        r#""\ud83d\ude80""#,
        r#""h\u00e9 \ud83d\ude80""#,
        r#""\"\\\/\b\f\n\r\t\u0000""#,
        // Raw UTF-8 stays as it is.
        "\"h\u{e9} \u{1f680} \u{2028}\u{7f}\u{ffff}\"",
        r#""<script>alert(1)</script>""#,
        r#""{[{[""#,
        r#""\\""#,
        r#""\\\"[""#,
        &deep,
        &long,
    ] {
        gives(&format!("{{\"message\": {value}}}"), value);
        gives(&format!("{{\"message\":{value}}}"), value);
        gives(&format!(" \t\r\n{{ \"message\" \n:\t {value}\r\n}} "), value);
    }
}

#[test]
fn keys_other_than_the_message_are_dropped() {
    let huge = format!("{{\"x\": \"{}\", \"message\": 1}}", "y".repeat(300_000));
    for input in [
        r#"{"type": "admin", "message": 1}"#,
        r#"{"message": 1, "sender": {"message": 2}}"#,
        r#"{"": 0, "message": 1, "Message": 2, "message ": 3, "messag": 4, "messages": 5}"#,
        r#"{"\ud800": 0, "message": 1, "mess\ud800age": 2, "message\u0000": 3}"#,
        r#"{"x": 1e999, "message": 1, "y": 123456789012345678901234567890, "z": "\udfff"}"#,
        r#"{"x": [[[[]]]], "message": 1, "y": {"message": {"message": 3}}}"#,
        &huge,
    ] {
        gives(input, "1");
    }
}

#[test]
fn last_of_several_messages_counts_however_it_is_spelled() {
    for input in [
        r#"{"message": 1, "message": 2}"#,
        r#"{"message": "x", "other": 0, "message": 2, "more": 1}"#,
        r#"{"mess\u0061ge": 2}"#,
        r#"{"\u006d\u0065\u0073\u0073\u0061\u0067\u0065": 2}"#,
        r#"{"message": 1, "mess\u0061ge": 2}"#,
        r#"{"mess\u0061ge": 1, "message": 2}"#,
    ] {
        gives(input, "2");
    }
}

#[test]
fn what_is_no_object_with_a_message_closes_its_sender() {
    for input in [
        "",
        " ",
        "hi",
        "\"message\"",
        "1",
        "null",
        "[]",
        r#"["message"]"#,
        r#"[{"message": 1}]"#,
        "{}",
        r#"{"Message": 1}"#,
        r#"{"messag": 1}"#,
        r#"{"x": {"message": 1}}"#,
        // Not JSON.
        r#"{"message": NaN}"#,
        r#"{"message": Infinity}"#,
        r#"{"message": -Infinity}"#,
        r#"{"message": [1, NaN]}"#,
        r#"{"message": 1, "x": NaN}"#,
        r#"{"message": 01}"#,
        r#"{"message": 1.}"#,
        r#"{"message": .5}"#,
        r#"{"message": +1}"#,
        r#"{"message": 1e}"#,
        r#"{"message": 0x1}"#,
        r#"{"message": True}"#,
        r#"{"message": nul}"#,
        r#"{"message": 'x'}"#,
        r#"{'message': 1}"#,
        r#"{message: 1}"#,
        r#"{"message": 1,}"#,
        r#"{"message": [1,]}"#,
        r#"{"message": }"#,
        r#"{"message"}"#,
        r#"{"message": 1"#,
        r#"{"message": "x"#,
        r#"{"message": 1]"#,
        r#"{"message": [1}}"#,
        r#"{"message": 1} x"#,
        r#"{"message": 1}{"message": 2}"#,
        r#"{"message": 1}}"#,
        r#"{"message": "\x41"}"#,
        r#"{"message": "\u12g4"}"#,
        r#"{"message": "\u123"}"#,
        r#"{"mess\u12g4": 0, "message": 1}"#,
        "{\"message\": \"a\nb\"}",
        "{\"message\": \"a\u{0}b\"}",
        "{\"message\": \"a\u{1f}b\"}",
        "{\"a\tb\": 0, \"message\": 1}",
        "{\"message\":\u{a0}1}",
        "{\"message\": 1 /* one */}",
        "\u{feff}{\"message\": 1}",
    ] {
        is_refused(&text(input), input);
    }
    is_refused(&binary(r#"{"message": 1}"#), "binary");
    is_refused(&binary(""), "empty and binary");
}

#[test]
fn nesting_is_at_most_32_wherever_it_is() {
    // 32 brackets may be open at once; the object itself is the first.
    let (most, more) = (nested(31), nested(32));
    gives(&format!("{{\"message\": {most}}}"), &most);
    gives(&format!("{{\"x\": {most}, \"message\": 1, \"y\": {most}}}"), "1");
    let objects = format!("{}1{}", "{\"message\": ".repeat(31), "}".repeat(31));
    gives(&format!("{{\"message\": {objects}}}"), &objects);
    for input in [
        format!("{{\"message\": {more}}}"),
        format!("{{\"x\": {more}, \"message\": 1}}"),
        format!("{}1{}", "{\"message\": ".repeat(33), "}".repeat(33)),
        // Never a stack that overflows, closed or not.
        format!("{{\"message\": {}", "[".repeat(1_000_000)),
        format!("{{\"message\": {}}}", nested(1_000_000)),
        "{\"message\": ".repeat(500_000),
    ] {
        is_refused(&text(&input), &input[..30]);
    }
    // Brackets in strings are text, also behind an escaped quotation mark, and many side by side are not deep.
    let quoted = format!("\"\\\"{}\"", "[{".repeat(100));
    gives(&format!("{{\"message\": {quoted}}}"), &quoted);
    let wide = format!("[{}[]]", "[{}],".repeat(1_000));
    gives(&format!("{{\"message\": {wide}}}"), &wide);
}
