//! Random texts, JSON and nearly: what the server takes for an object with a message is what the tests'
//! own reader takes for one, and the value is the same bytes.

use super::{Sim, chat, is_closed_1011, lines, members, text};
use crate::sim::Rng;
use crate::support::json::message;
use ws101::apps::json::member;

fn one_of<'a>(rng: &mut Rng, list: &[&'a str]) -> &'a str {
    list[rng.below(list.len())]
}

const SPACES: &[&str] = &["", "", "", "", " ", "\n", "\t \r"];
const SCALARS: &[&str] = &[
    "0",
    "-1",
    "12.50",
    "1e9",
    "-0.0E-10",
    "true",
    "false",
    "null",
    "\"\"",
    "\"hi\"",
    "\"\\ud800\"",
    "\"\\\"[\"",
    "\"é🚀\"",
    "\"\\\\\"",
    "99999999999999999999999999999",
];
const KEYS: &[&str] =
    &["\"message\"", "\"message\"", "\"mess\\u0061ge\"", "\"type\"", "\"\"", "\"\\udfff\"", "\"message \""];
/// What makes JSON something else, or something else JSON.
const BITS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\",
    ":",
    ",",
    " ",
    "\n",
    "0",
    "1",
    "-",
    "+",
    ".",
    "e",
    "E",
    "u",
    "n",
    "NaN",
    "Infinity",
    "true",
    "null",
    "message",
    "\"message\":",
    "{\"message\":",
    "\\u00",
    "\\ud800",
    "\u{0}",
    "\u{1f}",
    "\u{7f}",
    "é",
    "🚀",
    "\u{feff}",
    "/",
    "'",
    "[[[[[[[[[[[[[[[[",
    "]]]]]]]]]]]]]]]]",
];

/// Appends a random value, at most `depth` brackets deep.
fn write_value(rng: &mut Rng, text: &mut String, depth: usize) {
    text.push_str(one_of(rng, SPACES));
    match rng.below(if depth == 0 { 2 } else { 5 }) {
        0 | 1 => text.push_str(one_of(rng, SCALARS)),
        2 => {
            text.push('[');
            for n in 0..rng.below(4) {
                text.push_str(if n > 0 { "," } else { "" });
                write_value(rng, text, depth - 1);
            }
            text.push(']');
        }
        _ => write_object(rng, text, depth),
    }
    text.push_str(one_of(rng, SPACES));
}

fn write_object(rng: &mut Rng, text: &mut String, depth: usize) {
    text.push('{');
    for n in 0..rng.below(5) {
        text.push_str(if n > 0 { "," } else { "" });
        text.push_str(one_of(rng, SPACES));
        text.push_str(one_of(rng, KEYS));
        text.push_str(one_of(rng, SPACES));
        text.push(':');
        write_value(rng, text, depth - 1);
    }
    text.push('}');
}

/// Puts something in, takes something out, or moves the end, at a place of its choice.
fn mutate(rng: &mut Rng, text: &mut String) {
    let mut at = rng.below(text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    match rng.below(4) {
        0 => text.truncate(at),
        1 if at < text.len() => drop(text.remove(at)),
        _ => text.insert_str(at, one_of(rng, BITS)),
    }
}

/// A random text: an object, an object with faults, or bits without a plan.
fn random_text(rng: &mut Rng) -> String {
    let mut text = String::new();
    if rng.below(8) == 0 {
        for _ in 0..rng.below(30) {
            text.push_str(one_of(rng, BITS));
        }
        return text;
    }
    let depth = 1 + rng.below(6);
    write_object(rng, &mut text, depth);
    for _ in 0..rng.below(4) {
        mutate(rng, &mut text);
    }
    text
}

#[test]
fn random_texts_are_read_as_another_reader_reads_them() {
    let (mut taken, mut refused) = (0, 0);
    for seed in 1..=100 {
        let mut rng = Rng::new(seed);
        for _ in 0..1_000 {
            let text = random_text(&mut rng);
            let value = member(&text, "message").map(|value| value.get());
            assert_eq!(value, message(&text), "seed {seed}: {text:?}");
            *if value.is_some() { &mut taken } else { &mut refused } += 1;
        }
    }
    assert!(taken > 10_000 && refused > 10_000, "{taken}, {refused}");
}

#[test]
fn random_texts_reach_the_room_or_close_their_sender() {
    let mut rng = Rng::new(4);
    let mut sim = Sim::default();
    let [other] = members(&mut sim, ["lobby"]);
    for _ in 0..1_000 {
        let input = random_text(&mut rng);
        let [sender] = members(&mut sim, ["lobby"]);
        sim.send(sender, &text(&input));
        sim.run();
        if let Some(value) = message(&input) {
            assert_eq!(lines(&mut sim, sender), [chat(value)], "{input:?}");
            assert_eq!(lines(&mut sim, other), [chat(value)], "{input:?}");
        } else {
            is_closed_1011(&mut sim, sender, &input);
            assert_eq!(sim.take(other), b"", "{input:?}");
        }
        sim.reset(sender);
        sim.run();
    }
}
