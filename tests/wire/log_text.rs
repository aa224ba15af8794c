//! Text that a peer chose, as it stands in a line of the log (LIMITS §8).

use ws101::hub::escaped;

/// Bytes of one field, before they are escaped.
const FIELD_BYTES: usize = 256;

#[test]
fn text_of_a_peer_cannot_forge_or_hide_anything() {
    // LIMITS §8. No request brings such bytes into a line today: the grammar of HTTP refuses
    // them. The log does not rely on that.
    for (bytes, shown) in [
        (&b"plain /path~"[..], "plain /path~"),
        (b"\r\n\0\x1b[2J\x7f", "\\x0d\\x0a\\x00\\x1b[2J\\x7f"),
        (b"\"quoted\" \\", "\\\"quoted\\\" \\\\"),
        ("\u{85}\u{9f}".as_bytes(), "\\u{85}\\u{9f}"),
        ("\u{202e}abc\u{2066}".as_bytes(), "\\u{202e}abc\\u{2066}"),
        (
            "\u{200f}\u{61c}\u{2028}".as_bytes(),
            "\\u{200f}\\u{61c}\\u{2028}",
        ),
        (b"a\xffb\xc3", "a\\xffb\\xc3"),
        ("h\u{e9}llo".as_bytes(), "h\u{e9}llo"),
    ] {
        assert_eq!(escaped(bytes), shown);
    }
    assert_eq!(escaped(&[b'x'; FIELD_BYTES]), "x".repeat(FIELD_BYTES));
    let cut = escaped(&[b'x'; FIELD_BYTES + 1]);
    assert_eq!(cut, "x".repeat(FIELD_BYTES) + "...");
}
