//! What is printed can be read, and what is read prints the same: our documents, and lines that nobody wrote.

use crate::sim::Rng;
use crate::support::markdown::pages;
use ws101::tools::notation::{Act, Item, Line, Piece, read, read_line};
use ws101::ws::frame::Sender;

/// The pieces of a line, with bytes that stand side by side in one.
fn pieces(line: &Line) -> Vec<Piece> {
    let Act::Bytes { items, .. } = &line.act else { return Vec::new() };
    let mut all: Vec<Piece> = Vec::new();
    for item in items {
        match (all.last_mut(), item.piece()) {
            (_, Piece::Bytes(bytes)) if bytes.is_empty() => {}
            (Some(Piece::Bytes(before)), Piece::Bytes(bytes)) => before.extend(bytes),
            (_, piece) => all.push(piece),
        }
    }
    all
}

#[track_caller]
fn comes_back(line: &Line) {
    let printed = line.to_string();
    let again = read_line(&printed).unwrap_or_else(|what| panic!("{printed}: {what}"));
    assert_eq!(again.to_string(), printed);
    assert_eq!(read_line(&printed), Ok(again.clone()));
    assert_eq!(pieces(&again), pieces(line), "{printed}");
    let is_step = line.act != Act::Nothing;
    assert!(!is_step || again.conn == line.conn, "{printed}");
    assert_eq!(again.note, line.note, "{printed}");
    let kind = |line: &Line| match &line.act {
        Act::Bytes { from, goes_on, .. } => (Some((*from, *goes_on)), None),
        other => (None, Some(other.clone())),
    };
    assert_eq!(kind(&again), kind(line), "{printed}");
}

#[test]
fn dumps_of_the_documents_come_back() {
    let mut lines = 0;
    for page in pages() {
        for fence in page.fences_of("wire") {
            let text = fence.lines.join("\n");
            let all = read(&text, fence.line).unwrap_or_else(|what| panic!("{}: {what}", page.name));
            assert_eq!(all.len(), fence.lines.len());
            for ((_, line), text) in all.iter().zip(&fence.lines) {
                comes_back(line);
                // They are written as they print, but for the column of the notes.
                let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
                assert_eq!(words(&line.to_string()), words(text), "{}", page.name);
                lines += 1;
            }
        }
    }
    assert!(lines >= 100, "only {lines} lines");
}

fn some_bytes(rng: &mut Rng, most: usize) -> Vec<u8> {
    (0..=rng.below(most)).map(|_| rng.next() as u8).collect()
}

/// Text of letters, of what must be escaped, and of bytes that are none.
fn some_text(rng: &mut Rng) -> Vec<u8> {
    const PARTS: [&str; 16] = [
        "a", " ", "#", "\"", "\\", "\r\n", "\t", "\0", "é", "\u{202e}", "\u{ad}", "🧀", "*3", "key=", "|",
        "\u{7f}",
    ];
    let mut text = Vec::new();
    for _ in 0..rng.below(6) {
        match rng.below(6) {
            0 => text.push(rng.next() as u8),
            _ => text.extend(PARTS[rng.below(PARTS.len())].as_bytes()),
        }
    }
    text
}

fn some_item(rng: &mut Rng) -> Item {
    let times = 1 + rng.below(40);
    match rng.below(8) {
        0 | 1 => Item::Hex(some_bytes(rng, 20)),
        2 | 3 => Item::Text(some_text(rng)),
        4 => Item::Repeat { bytes: vec![rng.next() as u8], is_text: false, times },
        5 => Item::Repeat { bytes: some_text(rng), is_text: true, times },
        6 => Item::Cut,
        _ if rng.below(2) == 0 => Item::LeftOut(times as u64),
        _ => Item::Hidden(rng.below(3) as u64),
    }
}

fn some_line(rng: &mut Rng) -> Line {
    const PATHS: [&str; 4] = ["/echo", "/", "/ws/2", "/a?b=%20&c"];
    const NOTES: [&str; 7] = ["a note", "", "# twice", "  0000  81 \"", "C> 81", "é …", "! 5.1-3: \\x00"];
    let from = [Sender::Client, Sender::Server][rng.below(2)];
    let act = match rng.below(12) {
        0 => Act::Nothing,
        1 => Act::Open(PATHS[rng.below(PATHS.len())].to_owned()),
        2 => Act::ClientEnd { reset: rng.below(2) == 0 },
        3 => Act::ServerEnd,
        _ => {
            let items = (0..rng.below(6)).map(|_| some_item(rng)).collect();
            Act::Bytes { from, goes_on: rng.below(2) == 0, items }
        }
    };
    let conn = 1 + [0, 1, rng.next() as u32 >> 1][rng.below(3)];
    let note = (rng.below(2) == 0).then(|| NOTES[rng.below(NOTES.len())].to_owned());
    Line { conn, act, note }
}

#[test]
fn random_lines_come_back() {
    let mut rng = Rng::new(101);
    for _ in 0..50_000 {
        comes_back(&some_line(&mut rng));
    }
}

/// A frame by its meaning, its options in any order.
fn some_frame(rng: &mut Rng) -> String {
    const NAMES: [&str; 10] =
        ["text", "binary", "close", "ping", "pong", "first-text", "first-binary", "middle", "last", "frame"];
    const OPTIONS: [&str; 11] = [
        "key=00000000",
        "key=0a0b0c0d",
        "nomask",
        "len=16",
        "len=64",
        "says=3",
        "says=70",
        "op=3",
        "fin=0",
        "fin=1",
        "rsv=5",
    ];
    let name = NAMES[rng.below(NAMES.len())];
    let mut text = name.to_owned();
    if name == "close" && rng.below(2) == 0 {
        text.push_str(" 1000");
    }
    for _ in 0..rng.below(5) {
        let word = match rng.below(2) {
            0 => OPTIONS[rng.below(OPTIONS.len())].to_owned(),
            _ => loop {
                let item = some_item(rng);
                if !matches!(item, Item::Cut | Item::LeftOut(_) | Item::Hidden(_)) {
                    break item.to_string();
                }
            },
        };
        text = format!("{text}{}{word}", [" ", "  ", "\t"][rng.below(3)]);
    }
    text
}

#[test]
fn random_frames_come_back_also_with_their_bytes() {
    let mut rng = Rng::new(7);
    for _ in 0..20_000 {
        let side = ["C>", "S<", "2C+"][rng.below(3)];
        let frame = some_frame(&mut rng);
        let line = read_line(&format!("{side} {frame}")).unwrap();
        comes_back(&line);
        let Some(Piece::Bytes(bytes)) = pieces(&line).first().cloned() else { panic!("{frame}") };
        let spelled: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let whole = read_line(&format!("{side} {frame} = {spelled} | 00")).unwrap();
        comes_back(&whole);
        // One wrong bit is noticed.
        let mut wrong = bytes;
        let at = rng.below(wrong.len());
        wrong[at] ^= 1 << rng.below(8);
        let spelled: String = wrong.iter().map(|byte| format!("{byte:02x}")).collect();
        let what = read_line(&format!("{side} {frame} = {spelled}")).unwrap_err();
        assert!(what.starts_with(&format!("byte {} after = is", at + 1)), "{what}");
    }
}

#[test]
fn random_words_are_refused_or_come_back() {
    const WORDS: [&str; 38] = [
        "C>",
        "S<",
        "C+",
        "S+",
        "S~",
        "open",
        "fin",
        "rst",
        "eof",
        "path=/",
        "81",
        "8",
        "2a*3",
        "*",
        "*2",
        "\"a\"",
        "\"",
        "\\x41",
        "|",
        "...",
        "...*2",
        "(hidden, 3 bytes)",
        "(hidden, ",
        "#",
        "text",
        "close",
        "1000",
        "key=",
        "37fa213d",
        "nomask",
        "=",
        "81 80",
        "len=16",
        "says=2",
        "é",
        "\u{a0}",
        "2",
        "0",
    ];
    let mut rng = Rng::new(13);
    let mut read = 0;
    for _ in 0..100_000 {
        let mut text = WORDS[rng.below(6)].to_owned();
        for _ in 0..rng.below(6) {
            text.push_str(["", " ", " ", "  "][rng.below(4)]);
            text.push_str(WORDS[rng.below(WORDS.len())]);
        }
        if let Ok(line) = read_line(&text) {
            read += 1;
            comes_back(&line);
        }
    }
    assert!(read > 5_000, "only {read} could be read");
}
