//! RFC 6455 §5.6 and §8.1: text is UTF-8, checked as it arrives.

use crate::client::{KEY, binary, frame, from_server, hex, ping, text, texts};
use crate::script::{self, fails_at_last_byte};
use crate::sim::{Rng, Sim};
use ws101::ws::close::Violation;
use ws101::ws::endpoint::{Endpoint, Event, Limits};

/// Valid at the borders of RFC 3629's table.
const VALID: &str = "
    00, 7f                           # U+0000, U+007F: one byte
    c2 80, df bf                     # U+0080, U+07FF: two
    e0 a0 80                         # U+0800: three
    ed 9f bf, ee 80 80               # U+D7FF, U+E000: around the surrogates
    ef b7 90, ef bf be, ef bf bf     # U+FDD0, U+FFFE, U+FFFF: noncharacters
    ef bb bf, ef bf bd               # U+FEFF (a BOM), U+FFFD
    f0 90 80 80, f0 9f bf bf         # U+10000, U+1FFFF: four
    f4 8f bf bf                      # U+10FFFF
    ce ba e1 bd b9 cf 83 ce bc ce b5 # a word: kosme, in Greek
";

/// Invalid, up to and with the first byte that nothing behind it can mend.
const INVALID: &str = "
    80, bf                           # a continuation byte alone
    c0, c1, e0 80, e0 9f             # overlong in two bytes, in three
    f0 80, f0 8f                     # overlong in four
    ed a0, ed bf                     # surrogates
    f4 90, f5, f7                    # above U+10FFFF
    f8, fc, fe, ff                   # never a first byte
    c2 00, c2 7f, c2 c0              # no continuation byte where one must be
    e2 28, e2 82 28, e2 82 c0
    f0 28, f0 9f 28, f0 9f 98 28, f0 9f 98 ff
    63 61 66 e9 21                   # Latin-1
    ce ba e1 bd b9 cf 83 ed a0       # a surrogate behind valid text
";

fn rows(table: &str) -> Vec<Vec<u8>> {
    let lines = table.lines().filter_map(|line| line.split('#').next());
    lines.flat_map(|line| line.split(',')).map(hex).filter(|bytes| !bytes.is_empty()).collect()
}

/// The header of a frame and as much of its payload as is given.
fn begun(first: u8, announced: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = frame(first, vec![0; announced.into()]);
    bytes.truncate(2);
    bytes.extend(KEY);
    bytes.extend(payload.iter().zip(KEY.iter().cycle()).map(|(p, k)| p ^ k));
    bytes
}

#[test]
fn every_kind_of_valid_character_is_echoed() {
    // RFC 6455 §8.1
    for payload in rows(VALID) {
        script::echo(text(&payload), from_server(0x81, &payload));
    }
}

#[test]
fn text_split_over_fragments_at_every_byte_is_one_text() {
    // RFC 6455 §5.6: a fragment may end inside a character.
    for payload in rows(VALID) {
        let output = from_server(0x81, &payload);
        for cut in 0..=payload.len() {
            let (one, two) = payload.split_at(cut);
            let input = [frame(0x01, one), ping("p"), frame(0x80, two)].concat();
            let pong = hex("8a 01 70");
            script::echo(input, [pong, output.clone()].concat());
        }
        let single = payload.iter().map(|byte| frame(0x00, [*byte]));
        let input = [frame(0x01, "")].into_iter().chain(single);
        let input: Vec<u8> = input.chain([frame(0x80, "")]).flatten().collect();
        script::echo(input, output);
    }
}

#[test]
fn long_text_of_every_width_survives_every_cut() {
    // RFC 6455 §5.6, §8.1
    let payload = "aé€😀".repeat(30);
    script::echo(text(&payload), from_server(0x81, &payload));
}

#[test]
fn text_fails_at_its_first_impossible_byte_though_the_rest_never_arrives() {
    // RFC 6455 §8.1 asks for 1007; failing at this byte is our policy.
    for payload in rows(INVALID) {
        fails_at_last_byte(begun(0x81, 100, &payload), vec![], 1007);
        fails_at_last_byte(begun(0x01, 100, &payload), vec![], 1007);
        // Behind enough text that whole words of it were checked at once.
        let long = [b"a".repeat(67), payload].concat();
        fails_at_last_byte(begun(0x81, 120, &long), vec![], 1007);
    }
}

#[test]
fn text_fails_at_its_first_impossible_byte_in_a_later_fragment() {
    // RFC 6455 §8.1, §5.6
    for payload in rows(INVALID) {
        for cut in 0..payload.len() {
            let (one, two) = payload.split_at(cut);
            for first in [0x80, 0x00] {
                let input = [frame(0x01, one), begun(first, 100, two)].concat();
                fails_at_last_byte(input, vec![], 1007);
            }
        }
    }
}

#[test]
fn whole_text_with_an_impossible_byte_fails_with_1007() {
    // RFC 6455 §8.1: at the end, in the middle, behind a valid message.
    for payload in rows(INVALID) {
        script::fails(text(&payload), vec![], 1007);
        let middle = [b"before".to_vec(), payload, b"behind".to_vec()].concat();
        let input = [text("one"), text(middle), text("two")].concat();
        script::fails(input, from_server(0x81, "one"), 1007);
    }
}

#[test]
fn text_that_ends_inside_a_character_fails_with_1007() {
    // RFC 6455 §8.1
    for payload in rows(VALID) {
        for len in (1..payload.len()).filter(|len| !is_utf8(&payload[..*len])) {
            let begun = &payload[..len];
            fails_at_last_byte(text(begun), vec![], 1007);
            let padded = [b"text".repeat(20), begun.to_vec()].concat();
            fails_at_last_byte(text(padded), vec![], 1007);
            script::fails([frame(0x01, begun), frame(0x80, "")].concat(), vec![], 1007);
            let (one, two) = begun.split_at(len - 1);
            let input = [frame(0x01, one), frame(0x80, two)].concat();
            fails_at_last_byte(input, vec![], 1007);
        }
    }
}

#[test]
fn character_does_not_go_on_in_the_next_message() {
    // RFC 6455 §8.1: each message is UTF-8 by itself.
    script::fails([text([0xe2, 0x82]), text([0xac])].concat(), vec![], 1007);
}

#[test]
fn binary_message_need_not_be_utf8() {
    // RFC 6455 §5.6
    for payload in rows(INVALID) {
        script::echo(binary(&payload), from_server(0x82, &payload));
        let input = [frame(0x02, &payload), frame(0x80, "")].concat();
        script::echo(input, from_server(0x82, &payload));
    }
}

/// RFC 3629 §4, the grammar row by row: the index of the first byte that cannot be, or how many
/// bytes are missing at the end.
fn judge(bytes: &[u8]) -> Result<usize, usize> {
    let mut at = 0;
    while at < bytes.len() {
        let (second, len) = match bytes[at] {
            0x00..=0x7f => (0x00..=0xff, 1),
            0xc2..=0xdf => (0x80..=0xbf, 2),
            0xe0 => (0xa0..=0xbf, 3),
            0xed => (0x80..=0x9f, 3),
            0xe1..=0xef => (0x80..=0xbf, 3),
            0xf0 => (0x90..=0xbf, 4),
            0xf1..=0xf3 => (0x80..=0xbf, 4),
            0xf4 => (0x80..=0x8f, 4),
            _ => return Err(at),
        };
        for tail in 1..len {
            let allowed = if tail == 1 { second.clone() } else { 0x80..=0xbf };
            match bytes.get(at + tail) {
                None => return Ok(len - tail),
                Some(byte) if !allowed.contains(byte) => return Err(at + tail),
                Some(_) => {}
            }
        }
        at += len;
    }
    Ok(0)
}

fn is_utf8(bytes: &[u8]) -> bool {
    judge(bytes) == Ok(0)
}

/// Feeds a text in two pieces and ends it; the endpoint must agree with `judge` on the verdict of each.
fn check_in_two_pieces(bytes: &[u8], cut: usize) {
    let mut endpoint = Endpoint::default();
    let mut receive = |first: u8, payload: &[u8]| {
        let mut frame = frame(first, payload);
        let event = endpoint.receive(&mut &mut frame[..], &Limits::default());
        let text = event.map(|event| match event {
            Some(Event::Message(message)) => Some(message.to_vec()),
            _ => None,
        });
        (text, endpoint.unfinished_bytes())
    };
    let (one, two) = bytes.split_at(cut);
    let first = receive(0x01, one);
    if judge(one).is_err() {
        return assert_eq!(first.0, Err(Violation::NotUtf8), "{one:02x?}");
    }
    assert_eq!(first, (Ok(None), cut), "{one:02x?}");
    let second = receive(0x00, two);
    if judge(bytes).is_err() {
        return assert_eq!(second.0, Err(Violation::NotUtf8), "{one:02x?} {two:02x?}");
    }
    assert_eq!(second, (Ok(None), bytes.len()), "{one:02x?} {two:02x?}");
    let expected = if is_utf8(bytes) { Ok(Some(bytes.to_vec())) } else { Err(Violation::NotUtf8) };
    assert_eq!(receive(0x80, &[]).0, expected, "{one:02x?} {two:02x?}");
}

#[test]
fn text_in_two_pieces_agrees_with_the_grammar_for_all_short_sequences() {
    // RFC 3629 §4
    let tails = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
    for a in 0..=255 {
        for b in 0..=255 {
            for cut in 0..=2 {
                check_in_two_pieces(&[a, b], cut);
            }
        }
        for (b, c, d) in
            tails.iter().flat_map(|b| tails.map(|c| (*b, c))).flat_map(|(b, c)| tails.map(|d| (b, c, d)))
        {
            for cut in 0..=5 {
                check_in_two_pieces(&[b'.', a, b, c, d], cut);
            }
        }
    }
}

#[test]
fn random_text_in_two_pieces_agrees_with_the_grammar() {
    // RFC 3629 §4: valid text with one byte changed, cut anywhere
    let mut rng = Rng::new(3629);
    let valid = rows(VALID);
    for _ in 0..4_000 {
        let mut bytes: Vec<u8> =
            (0..rng.below(40)).flat_map(|_| valid[rng.below(valid.len())].clone()).collect();
        if rng.below(3) > 0 && !bytes.is_empty() {
            let at = rng.below(bytes.len());
            bytes[at] = rng.next() as u8;
        }
        let cut = rng.below(bytes.len() + 1);
        check_in_two_pieces(&bytes, cut);
    }
}

#[test]
fn long_text_may_have_its_characters_on_any_border() {
    // A long message is kept in blocks, and no block may end inside a character.
    for (before, character) in [("", "ä"), ("x", "ä"), ("", "€"), ("x", "€"), ("xy", "€"), ("x", "😀")]
    {
        let said = before.to_owned() + &character.repeat(600_000 / character.len());
        let mut sim = Sim::default();
        let peer = sim.open("/echo");
        for piece in text(&said).chunks(50_001) {
            sim.send(peer, piece);
        }
        sim.run();
        assert!(texts(&sim.take(peer)) == [said], "{before:?} {character:?}");
    }
}
