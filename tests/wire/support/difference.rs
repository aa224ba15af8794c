//! A wrong answer as a person wants to see it: which field, how the input was cut, all bytes.

use super::fields;
use std::fmt::{Debug, Write};
use ws101::ws::frame::Sender;

const ROW: usize = 16;
/// Rows of a dump before and after the one that matters.
const ROWS_AROUND: usize = 2;
/// Cuts that are named one by one.
const CUTS_NAMED: usize = 8;

/// What one side says of a conversation: bytes that came from the server, and how it ended.
pub type Answer<'a, E> = (&'a [u8], E);

/// What is wrong with an answer, or `None`. `sent` arrived in pieces that end at `cuts`.
pub fn between<E: Debug + PartialEq>(
    sent: &[u8],
    cuts: &[usize],
    expected: &Answer<'_, E>,
    came: &Answer<'_, E>,
) -> Option<String> {
    let at = first(expected.0, came.0);
    let what = match at {
        Some(at) => what_differs(expected.0, came.0, at),
        None if came.1 != expected.1 => {
            format!("the end is {:?}, expected {:?}", came.1, expected.1)
        }
        None => return None,
    };
    let mut text = format!("{what}; the input was sent {}\n", in_words(sent.len(), cuts));
    for (name, from, bytes, mark) in [
        ("expected", Sender::Server, expected.0, at),
        ("came", Sender::Server, came.0, at),
        ("sent", Sender::Client, sent, None),
    ] {
        let _ = write!(text, "{name}, {} bytes\n{}", bytes.len(), dump(from, bytes, mark));
    }
    Some(text)
}

/// The first place in which they differ. It is the length of the shorter if the other goes on.
pub fn first(expected: &[u8], came: &[u8]) -> Option<usize> {
    let pairs = expected.iter().zip(came);
    let at = pairs.take_while(|(expected, came)| expected == came).count();
    (at < expected.len().max(came.len())).then_some(at)
}

/// The field in which they differ first, and whether it is wrong, missing, or one too many.
pub fn what_differs(expected: &[u8], came: &[u8], at: usize) -> String {
    match (expected.get(at), came.get(at)) {
        (Some(one), Some(other)) => {
            format!("{} is wrong", fields::name(expected, at, one ^ other))
        }
        (Some(_), None) => format!("{} is missing", fields::name(expected, at, 0xff)),
        (None, Some(_)) => format!("{} is too much", fields::name(came, at, 0xff)),
        (None, None) => "nothing differs".to_owned(),
    }
}

/// `whole`, `one byte at a time`, `cut after byte 7`, `cut after bytes 7 and 9`.
pub fn in_words(len: usize, cuts: &[usize]) -> String {
    let mut cuts: Vec<usize> = cuts.to_vec();
    cuts.retain(|cut| (1..len).contains(cut));
    cuts.sort_unstable();
    cuts.dedup();
    let names: Vec<String> = cuts.iter().map(usize::to_string).collect();
    match &names[..] {
        [] => "whole".to_owned(),
        [one] => format!("cut after byte {one}"),
        all if all.len() + 1 == len => "one byte at a time".to_owned(),
        all if all.len() > CUTS_NAMED => {
            let more = all.len() - CUTS_NAMED;
            format!("cut after bytes {} and {more} more", all[..CUTS_NAMED].join(", "))
        }
        [all @ .., last] => format!("cut after bytes {} and {last}", all.join(", ")),
    }
}

/// Lines of the notation, 16 bytes each, with a caret under the byte `mark`, or behind the last. Those far from it are left out.
pub fn dump(from: Sender, bytes: &[u8], mark: Option<usize>) -> String {
    let mark_row = mark.map(|mark| mark / ROW);
    let rows = bytes.len().div_ceil(ROW).max(mark_row.map_or(0, |row| row + 1));
    let first = mark_row.unwrap_or(0).saturating_sub(ROWS_AROUND);
    let last = rows.min(mark_row.unwrap_or(ROWS_AROUND) + ROWS_AROUND + 1);
    let mut text = String::new();
    if first > 0 {
        let _ = writeln!(text, "  {}", line(from, false, &Part::LeftOut(first * ROW)));
    }
    for row in first..last {
        let begin = (row * ROW).min(bytes.len());
        let end = (begin + ROW).min(bytes.len());
        let _ = writeln!(text, "  {}", line(from, row > 0, &Part::Bytes(&bytes[begin..end])));
        if let Some(mark) = mark.filter(|mark| mark / ROW == row) {
            let _ = writeln!(text, "  #  {}^", "   ".repeat(mark % ROW));
        }
    }
    if last < rows {
        let _ = writeln!(text, "  {}", line(from, true, &Part::LeftOut(bytes.len() - last * ROW)));
    }
    text
}

/// What stands on a line of a dump.
enum Part<'a> {
    /// These bytes. What can be read of them stands behind them.
    Bytes(&'a [u8]),
    LeftOut(usize),
}

fn readable(bytes: &[u8]) -> String {
    let shown = |byte: &u8| match byte {
        0x20..=0x7e => char::from(*byte),
        _ => '.',
    };
    bytes.iter().map(shown).collect()
}

#[cfg(feature = "tools")]
fn line(from: Sender, goes_on: bool, part: &Part<'_>) -> String {
    use ws101::tools::notation::{Act, Item, Line};
    let (item, note) = match part {
        Part::Bytes(bytes) => (Item::Hex(bytes.to_vec()), readable(bytes)),
        Part::LeftOut(len) => (Item::LeftOut(*len as u64), String::new()),
    };
    let act = Act::Bytes { from, goes_on, items: vec![item] };
    Line { conn: 1, act, note: (!note.is_empty()).then_some(note) }.to_string()
}

/// Without its feature the library has no printer. The lines look as if it had.
#[cfg(not(feature = "tools"))]
fn line(from: Sender, goes_on: bool, part: &Part<'_>) -> String {
    let mut text = match (from, goes_on) {
        (Sender::Client, false) => "C>".to_owned(),
        (Sender::Client, true) => "C+".to_owned(),
        (Sender::Server, false) => "S<".to_owned(),
        (Sender::Server, true) => "S+".to_owned(),
    };
    match part {
        Part::LeftOut(len) => text += &format!(" ...*{len}"),
        Part::Bytes([]) => {}
        Part::Bytes(bytes) => {
            bytes.iter().for_each(|byte| text += &format!(" {byte:02x}"));
            text = format!("{text:<44} # {}", readable(bytes));
        }
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Sender, between, dump, first, in_words};
    use crate::client::{from_server, hex};
    use crate::script;
    use crate::sim::End;

    const HELLO: &str = "81 85 37 fa 21 3d 7f 9f 4d 51 58";

    #[test]
    fn wrong_byte_is_shown_with_its_field_its_cut_and_a_caret() {
        let expected = from_server(0x81, "Hello");
        let came = from_server(0x81, "Heldo");
        let text = between(&hex(HELLO), &[7], &(&expected, ()), &(&came, ()));
        let golden = "\
frame 1: payload byte 4 is wrong; the input was sent cut after byte 7
expected, 7 bytes
  S< 81 05 48 65 6c 6c 6f                      # ..Hello
  #                 ^
came, 7 bytes
  S< 81 05 48 65 6c 64 6f                      # ..Heldo
  #                 ^
sent, 11 bytes
  C> 81 85 37 fa 21 3d 7f 9f 4d 51 58          # ..7.!=..MQX
";
        assert_eq!(text.unwrap(), golden);
    }

    #[test]
    fn missing_byte_is_marked_behind_the_last_and_far_rows_are_left_out() {
        let expected = from_server(0x82, [0x2a; 200]);
        let came = &expected[..96];
        let text = between(&hex(HELLO), &[], &(&expected, ()), &(came, ()));
        let row = "S+ 2a 2a 2a 2a 2a 2a 2a 2a 2a 2a 2a 2a 2a 2a 2a 2a # ****************";
        let golden = format!(
            "\
frame 1: payload byte 93 is missing; the input was sent whole
expected, 204 bytes
  S< ...*64
  {row}
  {row}
  {row}
  #  ^
  {row}
  {row}
  S+ ...*60
came, 96 bytes
  S< ...*64
  {row}
  {row}
  S+
  #  ^
sent, 11 bytes
  C> 81 85 37 fa 21 3d 7f 9f 4d 51 58          # ..7.!=..MQX
"
        );
        assert_eq!(text.unwrap(), golden);
    }

    #[test]
    fn answer_that_goes_on_and_end_that_differs_are_told() {
        let hello = &from_server(0x81, "Hello")[..];
        let more = &[hello, hello].concat()[..];
        let headline = |expected: (&[u8], End), came: (&[u8], End)| {
            let text = between(b"x", &[], &expected, &came)?;
            Some(text.lines().next().unwrap().to_owned())
        };
        let open = |bytes| (bytes, End::Open);
        assert_eq!(
            headline(open(hello), open(more)).unwrap(),
            "frame 2: first byte is too much; the input was sent whole"
        );
        assert_eq!(
            headline(open(hello), (hello, End::Reset)).unwrap(),
            "the end is Reset, expected Open; the input was sent whole"
        );
        assert_eq!(headline(open(hello), open(hello)), None);
    }

    #[test]
    fn first_difference_is_found() {
        for (expected, came, at) in [
            ("", "", None),
            ("ab", "ab", None),
            ("ab", "ac", Some(1)),
            ("xb", "ab", Some(0)),
            ("ab", "a", Some(1)),
            ("a", "ab", Some(1)),
            ("", "a", Some(0)),
        ] {
            assert_eq!(first(expected.as_bytes(), came.as_bytes()), at);
        }
    }

    #[test]
    fn cuts_are_told_in_words() {
        let all: Vec<usize> = (1..20).collect();
        for (len, cuts, words) in [
            (20, &[][..], "whole"),
            (20, &[0, 20], "whole"),
            (20, &[7], "cut after byte 7"),
            (20, &[9, 7, 7], "cut after bytes 7 and 9"),
            (20, &[3, 7, 9], "cut after bytes 3, 7 and 9"),
            (20, &all, "one byte at a time"),
            (21, &all, "cut after bytes 1, 2, 3, 4, 5, 6, 7, 8 and 11 more"),
            (2, &[1], "cut after byte 1"),
            (0, &[], "whole"),
        ] {
            assert_eq!(in_words(len, cuts), words);
        }
    }

    #[test]
    fn dump_without_a_mark_shows_the_beginning() {
        let dump = |bytes: &[u8], mark| dump(Sender::Server, bytes, mark);
        assert_eq!(dump(b"", None), "");
        assert_eq!(dump(b"", Some(0)), "  S<\n  #  ^\n");
        let text = dump(&[b'x'; 100], None);
        assert_eq!(text.lines().count(), 6);
        assert!(text.ends_with("  S+ ...*20\n"), "{text}");
    }

    /// It can be given to whoever reads the notation.
    #[cfg(feature = "tools")]
    #[test]
    fn dump_is_written_in_the_notation() {
        use ws101::tools::notation::{Act, Piece, read};
        let bytes: Vec<u8> = (0..=255).collect();
        let lines = read(&dump(Sender::Client, &bytes, Some(100)), 1).unwrap();
        let mut pieces = Vec::new();
        for (_, line) in &lines {
            let Act::Bytes { from: Sender::Client, items, .. } = &line.act else { continue };
            pieces.extend(items.iter().map(ws101::tools::notation::Item::piece));
        }
        let rows = bytes[64..144].chunks(16).map(|row| Piece::Bytes(row.to_vec()));
        let expected: Vec<Piece> =
            [Piece::Unknown(64)].into_iter().chain(rows).chain([Piece::Unknown(112)]).collect();
        assert_eq!(pieces, expected);
    }

    /// What a vector that is wrong says.
    fn failure(vector: fn()) -> String {
        let wrong = std::panic::catch_unwind(vector);
        *wrong.unwrap_err().downcast::<String>().unwrap()
    }

    #[test]
    fn made_up_vector_fails_with_this_text_and_the_line_of_the_test() {
        let line = line!() + 2;
        let text = failure(|| {
            script::echo(hex(HELLO), from_server(0x81, "Jello"));
        });
        let golden = format!(
            "{}:{line}:13: frame 1: payload byte 1 is wrong; the input was sent whole\n{}",
            file!(),
            "\
expected, 7 bytes
  S< 81 05 4a 65 6c 6c 6f                      # ..Jello
  #        ^
came, 7 bytes
  S< 81 05 48 65 6c 6c 6f                      # ..Hello
  #        ^
sent, 11 bytes
  C> 81 85 37 fa 21 3d 7f 9f 4d 51 58          # ..7.!=..MQX
"
        );
        assert_eq!(text, golden);
    }

    #[test]
    fn wrong_close_code_and_early_failure_are_told_by_field() {
        let headline = |vector: fn()| {
            let text = failure(vector);
            // Behind file, line and column.
            let parts = text.lines().next().unwrap().splitn(4, ':');
            parts.last().unwrap().trim().to_owned()
        };
        assert_eq!(
            headline(|| {
                script::fails(hex("83"), vec![], 1007);
            }),
            "frame 1: close code, byte 2 of 2 is wrong; the input was sent whole"
        );
        assert_eq!(
            headline(|| {
                script::fails(hex(HELLO), vec![], 1002);
            }),
            "frame 1: opcode is wrong; the input was sent whole"
        );
        assert_eq!(
            headline(|| {
                script::fails_at_last_byte(hex("83 80"), vec![], 1002);
            }),
            "without its last byte: frame 1: first byte is too much; the input was sent whole"
        );
    }
}
