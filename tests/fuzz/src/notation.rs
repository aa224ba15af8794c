//! The one notation for bytes on the wire: its reader and its printer.
//!
//! Input: a text. What is no UTF-8 in it is replaced.

use ws101::tools::notation::{
    Act, Item, Line, MAX_BYTES, MAX_LEFT_OUT, Piece, bytes, known_bytes, read, read_line,
};

/// Bytes that are built in one run, at most: the bound of the reader itself would make it slow.
const BUILT: u64 = 64 << 10;

pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for line in text.lines() {
        let read = read_line(line);
        // What is wrong is said in a line.
        assert!(read.as_ref().err().is_none_or(|what| what.len() <= 300 + 8 * line.len()), "{read:?}");
        // It builds up to 16 MiB of what is repeated, which would be slow.
        if !line.contains('*') {
            let _ = bytes(line).map(|bytes| assert!(bytes.len() <= 16 + line.len()));
        }
    }
    let Ok(lines) = read(&text, 1) else { return };
    let printed: String = lines.iter().map(|(_, line)| format!("{line}\n")).collect();
    // An escape has four letters for one that was written; a note begins in a column of its own.
    let most = 4 * text.len() + 64 * lines.len();
    assert!(printed.len() <= most, "{} bytes of {}", printed.len(), text.len());
    let again = read(&printed, 1).expect("what is printed can be read");
    assert_eq!(again.len(), lines.len());
    let printed_again: String = again.iter().map(|(_, line)| format!("{line}\n")).collect();
    assert_eq!(printed_again, printed);
    for ((number, line), (same_number, same)) in lines.iter().zip(&again) {
        assert_eq!(number, same_number);
        assert_eq!(line.act, same.act);
        assert_eq!(line.note.is_some(), same.note.is_some());
    }
    bounded(&lines);
}

/// All that is read stands for as many bytes as it says, and for not too many.
fn bounded(lines: &[(usize, Line)]) {
    let all = lines.iter().filter_map(|(_, line)| match &line.act {
        Act::Bytes { items, .. } => Some(items),
        _ => None,
    });
    let (mut known, mut unknown) = (0_u64, 0_u64);
    for items in all {
        let mut is_known = true;
        let (before, mut is_built) = (known, true);
        for item in items {
            match item {
                Item::LeftOut(len) | Item::Hidden(len) => {
                    is_known = false;
                    unknown += len;
                }
                _ => known += item.len(),
            }
            is_built &= known <= BUILT;
            if is_built {
                match item.piece() {
                    Piece::Bytes(bytes) => assert_eq!(bytes.len() as u64, item.len()),
                    Piece::Cut => assert_eq!(item.len(), 0),
                    Piece::Unknown(len) => assert_eq!(len, item.len()),
                }
            }
        }
        if is_built {
            let bytes = known_bytes(items);
            assert_eq!(bytes.is_some(), is_known);
            assert!(bytes.is_none_or(|bytes| bytes.len() as u64 == known - before));
        }
    }
    assert!(known <= MAX_BYTES && unknown <= MAX_LEFT_OUT, "{known} and {unknown}");
}
