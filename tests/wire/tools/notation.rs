//! The one notation for bytes: what is read, what is refused and why, what is printed.

use ws101::tools::notation::{
    Act, Item, Line, MAX_BYTES, MAX_LEFT_OUT, Piece, bytes, items_of, known_bytes, read, read_line,
};
use ws101::ws::frame::Sender;

#[track_caller]
fn line(text: &str) -> Line {
    read_line(text).unwrap_or_else(|what| panic!("{text}: {what}"))
}

#[track_caller]
pub(super) fn items(text: &str) -> Vec<Item> {
    match line(text).act {
        Act::Bytes { items, .. } => items,
        other => panic!("{text}: {other:?}"),
    }
}

#[track_caller]
pub(super) fn bytes_of(text: &str) -> Vec<u8> {
    known_bytes(&items(text)).unwrap_or_else(|| panic!("{text}: not all of it is known"))
}

#[track_caller]
pub(super) fn refused(text: &str, reason: &str) {
    let what = read_line(text).expect_err(text);
    assert!(what.contains(reason), "{text}: {what}");
}

/// What is read of `text` prints as `printed`, and that prints as it was read.
#[track_caller]
fn prints(text: &str, printed: &str) {
    assert_eq!(line(text).to_string(), printed);
    assert_eq!(line(printed), line(text));
    assert_eq!(line(printed).to_string(), printed);
}

#[test]
fn every_kind_of_step_and_byte_is_read() {
    let block = [
        "# a note",
        "open path=/ws/2   # another",
        r##"2C> 81 8537 "a\r\n\t\"\\\x00#é" 2a*3 "ab"*2   # not these: ff"##,
        "2C+ ff",
        "",
        "S< 00*1",
        "S+ 01",
        "S~ eof",
    ];
    let lines = read(&block.join("\n"), 10).unwrap();
    let numbers: Vec<usize> = lines.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [10, 11, 12, 13, 14, 15, 16, 17]);
    let conns: Vec<u32> = lines.iter().map(|(_, line)| line.conn).collect();
    assert_eq!(conns, [1, 1, 2, 2, 1, 1, 1, 1]);
    let notes: Vec<Option<&str>> = lines.iter().map(|(_, line)| line.note.as_deref()).collect();
    let expected = [Some("a note"), Some("another"), Some("not these: ff"), None, None, None, None, None];
    assert_eq!(notes, expected);
    let acts: Vec<Act> = lines.into_iter().map(|(_, line)| line.act).collect();
    let of = |from, goes_on, items: &[Item]| Act::Bytes { from, goes_on, items: items.to_vec() };
    let repeat = |bytes: &[u8], is_text, times| Item::Repeat { bytes: bytes.to_vec(), is_text, times };
    let client = [
        Item::Hex(vec![0x81, 0x85, 0x37]),
        Item::Text("a\r\n\t\"\\\0#é".as_bytes().to_vec()),
        repeat(b"*", false, 3),
        repeat(b"ab", true, 2),
    ];
    let expected = [
        Act::Nothing,
        Act::Open("/ws/2".to_owned()),
        of(Sender::Client, false, &client),
        of(Sender::Client, true, &[Item::Hex(vec![0xff])]),
        Act::Nothing,
        of(Sender::Server, false, &[repeat(b"\0", false, 1)]),
        of(Sender::Server, true, &[Item::Hex(vec![1])]),
        Act::ServerEnd,
    ];
    assert_eq!(acts, expected);
    let mut all = vec![0x81, 0x85, 0x37];
    all.extend("a\r\n\t\"\\\0#é***abab".as_bytes());
    assert_eq!(known_bytes(&client), Some(all));
}

#[test]
fn ends_and_connections_are_read() {
    assert_eq!(line("open").act, Act::Open("/echo".to_owned()));
    assert_eq!(line("C> fin # note").act, Act::ClientEnd { reset: false });
    assert_eq!(line("\t12C>   rst#note").act, Act::ClientEnd { reset: true });
    assert_eq!(line("12C> rst").conn, 12);
    assert_eq!(line("12C> rst#note").note.as_deref(), Some("note"));
    assert_eq!(line("3S~ eof").act, Act::ServerEnd);
    assert_eq!(line("2open path=/x?y=1").act, Act::Open("/x?y=1".to_owned()));
    assert_eq!(line("1C> 00"), line("C> 00"));
}

#[test]
fn what_has_no_bytes_is_told_apart() {
    let all = items("C> 81|85 37 | ...*20 \"a\" (hidden, 31 bytes) (hidden, 1 byte)");
    let expected = [
        Piece::Bytes(vec![0x81]),
        Piece::Cut,
        Piece::Bytes(vec![0x85, 0x37]),
        Piece::Cut,
        Piece::Unknown(20),
        Piece::Bytes(b"a".to_vec()),
        Piece::Unknown(31),
        Piece::Unknown(1),
    ];
    assert_eq!(all.iter().map(Item::piece).collect::<Vec<_>>(), expected);
    assert_eq!(all.iter().map(Item::len).collect::<Vec<_>>(), [1, 0, 2, 0, 20, 1, 31, 1]);
    assert_eq!(known_bytes(&all), None);
    assert_eq!(bytes_of("C> 81 | 85"), [0x81, 0x85]);
}

#[test]
fn what_is_not_the_notation_is_refused() {
    for (text, reason) in [
        ("C> 8", "\"8\" is no hex pair"),
        ("C> 8g", "\"8g\" is no hex pair"),
        ("C> 81 8", "\"8\" is no hex pair"),
        ("C> é", "\"é\" is no hex pair"),
        ("C> +1", "\"+1\" is no hex pair"),
        ("C> \"a", "a quote is never closed"),
        ("C> \"a\\", "a quote is never closed"),
        ("C> \"\\q\"", "an unknown escape: \\q"),
        ("C> \"\\x4\"", "is no hex pair"),
        ("C> 2a*", "* needs a number"),
        ("C> 2a *3", "\"*3\" is no hex pair"),
        ("C> 2a*0", "*0 repeats nothing"),
        ("C> 2a*99999999999999999999", "99999999999999999999 is too large"),
        ("S< 81*x", "* needs a number"),
        ("C> ...", "... needs a number: ...*20"),
        ("C> ...20", "... needs a number: ...*20"),
        ("C> (hidden)", "is no hex pair"),
        ("C> (hidden, 3 bytes", "a bracket is never closed"),
        ("C> (hidden, many bytes)", "has no number"),
        ("S~ fin", "S~ knows eof, and not \"fin\""),
        ("S~", "S~ knows eof"),
        ("81 85", "\"81\" is no step"),
        ("C>81", "\"C>81\" is no step"),
        ("C>/1 81", "\"C>/1\" is no step"),
        ("2 C> 81", "\"2\" is no step"),
        ("hello", "\"hello\" is no step"),
        ("open /echo", "\"/echo\" is no option of open: path=/... is"),
        ("open path=echo", "\"path=echo\" is no option of open"),
        ("open path=/a b", "\"path=/a b\" is no option of open"),
        ("0C> 81", "connections are counted from 1"),
        ("99999999999C> 81", "99999999999 is no number of a connection"),
        ("C> fin 81", "fin stands alone"),
        ("C> rst rst", "rst stands alone"),
        ("C> 81 fin", "\"fi\" is no hex pair"),
        ("S< fin", "\"fi\" is no hex pair"),
        ("C+ rst", "\"rs\" is no hex pair"),
    ] {
        refused(text, reason);
        assert_eq!(read(text, 7).unwrap_err(), format!("line 7: {}", read_line(text).unwrap_err()));
    }
}

#[test]
fn line_goes_on_with_the_last_of_its_side_and_connection() {
    let read = |lines: &[&str]| read(&lines.join("\n"), 1).map(|lines| lines.len());
    assert_eq!(read(&["C> 81", "C+ 85", "# note", "", "C+ 37"]), Ok(5));
    // Others may stand between.
    assert_eq!(read(&["C> 81", "S< 81", "2C> 00", "C+ 85", "S+ 05", "2C+ 00"]), Ok(6));
    for (lines, number, what) in [
        (&["C+ 81"] as &[_], 1, "C+ goes on with nothing: no C> of this connection stands before it"),
        (&["S+ 81"], 1, "S+ goes on with nothing: no S< of"),
        (&["C> 81", "S+ 81"], 2, "S+ goes on with nothing"),
        (&["S< 81", "C+ 81"], 2, "C+ goes on with nothing"),
        (&["C> 81", "2C+ 81"], 2, "2C+ goes on with nothing: no 2C> of"),
        (&["open", "C+ 81"], 2, "C+ goes on with nothing"),
        // Nothing follows an end.
        (&["C> 81", "C> fin", "C+ 85"], 3, "C+ goes on with nothing"),
        (&["S< 81", "S~ eof", "S+ 85"], 3, "S+ goes on with nothing"),
    ] {
        let wrong = read(lines).unwrap_err();
        assert!(wrong.starts_with(&format!("line {number}: {what}")), "{lines:?}: {wrong}");
    }
}

#[test]
fn what_a_line_or_a_text_stands_for_is_bounded() {
    for text in [
        "C> 2a*4000000000",
        "C> \"ab\"*8388609",
        "C> 2a*16777216 00",
        "C> text 2a*4000000000",
        "C> text 2a*16777216",
        "S< text 2a*8388608 2a*8388608 = 81",
        "S< text = 2a*4000000000 2a*4000000000",
        "S< text \"a\" | text 2a*16777213",
    ] {
        refused(text, "more than 16777216 bytes in a line");
    }
    // Refused one by one, or this would be a terabyte.
    let many = format!("C> text{} = 81", " 2a*16777215".repeat(65_536));
    refused(&many, "more than 16777216 bytes in a line");
    assert_eq!(bytes_of("C> 2a*16777216").len() as u64, MAX_BYTES);
    assert_eq!(bytes("2a*4000000000").unwrap_err(), "more than 16777216 bytes in a line");
    let wrong = read("C> 2a*8388608\nS< 2a*8388608\n\n2C> 00", 1).unwrap_err();
    assert_eq!(wrong, "line 4: more than 16777216 bytes in all");
    // What is left out takes no memory. A trace of a large message can be read.
    assert_eq!(read("C> ...*4000000000 00\nC+ (hidden, 16777217 bytes)", 1).unwrap().len(), 2);
    assert_eq!(MAX_LEFT_OUT, 1_099_511_627_776);
    refused("C> ...*1099511627777", "more than 1099511627776 bytes are left out");
    refused("C> (hidden, 1099511627776 bytes) ...*1", "more than 1099511627776 bytes are left out");
}

/// If each pair looked for the end of its word, this would take an hour.
#[test]
fn line_that_is_one_long_word_is_read_quickly() {
    for word in ["81", "ff", "\"a\"", "00*2ff"] {
        let packed = word.repeat(200_000);
        assert!(bytes_of(&format!("C> {packed}")).len() >= 200_000);
        assert!(bytes_of(&format!("C> text {packed}")).len() >= 200_000);
        assert!(bytes_of(&format!("C> close \"\" {packed}")).len() >= 200_000);
    }
}

#[test]
fn bytes_of_a_span_are_read() {
    assert_eq!(bytes("81 05 \"Hi\" 2a*2 # note"), Ok(b"\x81\x05Hi**".to_vec()));
    assert_eq!(bytes(""), Ok(Vec::new()));
    for (text, reason) in [
        ("81 | 05", "a cut has no place here"),
        ("81 ...*3", "bytes are left out"),
        ("(hidden, 3 bytes)", "bytes are left out"),
        ("fin", "\"fi\" is no hex pair"),
        ("81 0", "\"0\" is no hex pair"),
    ] {
        assert_eq!(bytes(text).unwrap_err(), reason, "{text}");
    }
}

#[test]
fn every_kind_of_line_is_printed() {
    for (text, printed) in [
        ("", ""),
        ("   ", ""),
        ("#", "#"),
        ("#a  note\t", "# a  note"),
        // A dump that stands in notes keeps its columns.
        ("#   0000  81", "#   0000  81"),
        ("open path=/echo", "open"),
        ("2open   path=/ws/2", "2open path=/ws/2"),
        ("C>   fin", "C> fin"),
        ("7C> rst", "7C> rst"),
        ("S~  eof#", "S~ eof                                       #"),
        ("1C> 8185  37", "C> 81 85 37"),
        ("C+\t81|85", "C+ 81 | 85"),
        ("C> \"\\x41\\x0a\\x7f\\xc3\\xa9\\xffé\"", "C> \"A\\n\\x7fé\\xffé\""),
        ("S< \"\u{202e}\u{200b}#\"", "S< \"\\xe2\\x80\\xae\\xe2\\x80\\x8b#\""),
        ("S+ 2A*3 \"a\"*2", "S+ 2a*3 \"a\"*2"),
        ("S+ ...*20 (hidden, 2 byte)", "S+ ...*20 (hidden, 2 bytes)"),
        ("S< 00#note", "S< 00                                        # note"),
        (
            "C> 81 85 37 fa 21 3d 7f 9f 4d 51 58 81 85 37 fa#note",
            "C> 81 85 37 fa 21 3d 7f 9f 4d 51 58 81 85 37 fa # note",
        ),
        ("C> text key=37FA213D \"Hi\"", "C> text \"Hi\" key=37fa213d"),
        ("C> text nomask", "C> text nomask"),
        ("C> close 1000\"bye\"", "C> close 1000 \"bye\""),
        ("S< frame says=5 len=64 00 op=9 rsv=1 fin=0", "S< frame op=9 fin=0 rsv=1 00 len=64 says=5"),
        ("S< text op=1 fin=1 rsv=0 \"a\"=8101 \"a\" | text", "S< text \"a\" = 81 01 \"a\" | text"),
    ] {
        prints(text, printed);
    }
}

#[test]
fn line_that_was_put_together_can_be_read() {
    let hex = |bytes: &[u8]| Item::Hex(bytes.to_vec());
    let print = |items: Vec<Item>, note: Option<&str>| {
        let act = Act::Bytes { from: Sender::Server, goes_on: false, items };
        Line { conn: 3, act, note: note.map(str::to_owned) }.to_string()
    };
    assert_eq!(print(vec![hex(&[1]), hex(&[]), hex(&[2])], None), "3S< 01 02");
    // Several bytes are repeated as text, or only the last of them would be.
    let pair = Item::Repeat { bytes: vec![1, 2], is_text: false, times: 3 };
    assert_eq!(print(vec![pair], None), "3S< \"\\x01\\x02\"*3");
    // A note is one line, whatever is in it.
    let printed = print(vec![hex(&[1])], Some("a\nC> 81\u{1b}[m"));
    assert_eq!(printed, "3S< 01                                       # a C> 81 [m");
    assert_eq!(items_of(b""), []);
    let run = Item::Repeat { bytes: vec![0], is_text: false, times: 16 };
    assert_eq!(items_of(&[&[0_u8; 16][..], &[1; 15]].concat()), [run, hex(&[1; 15])]);
}
