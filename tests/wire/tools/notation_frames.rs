//! Frames that are written by their meaning: their bytes, their options, and what is refused.

use super::notation::{bytes_of, items, refused};
use crate::client::{self, from_server, hex};
use ws101::tools::notation::{Item, read_line};

#[test]
fn frame_by_its_meaning_is_its_bytes() {
    let hello = hex("81 85 37 fa 21 3d 7f 9f 4d 51 58");
    let close = |payload: &[u8]| client::frame(0x88, payload);
    for (text, expected) in [
        ("C> text \"Hello\" key=37fa213d = 81 85 37 fa 21 3d 7f 9f 4d 51 58", &hello),
        ("C> text \"Hello\"", &hello),
        ("C> text key=37FA213D \"Hel\" \"lo\"", &hello),
        ("C> text", &client::text("")),
        ("C> text \"\"", &client::text("")),
        ("C> text 4865 \"llo\"", &client::text("Hello")),
        ("C> binary 000102 2a*3", &client::binary(b"\0\x01\x02***")),
        ("C> binary ff\"a=b\"", &client::binary(b"\xffa=b")),
        ("C> binary 2a*126", &client::binary([0x2a; 126])),
        ("C> binary 2a*65536", &client::binary([0x2a; 65_536])),
        ("C> binary 2a len=16 = 82 fe 00 01 37 fa 21 3d 1d", &hex("82 fe 00 01 37 fa 21 3d 1d")),
        ("C> ping \"mid\" = 89 83 37 fa 21 3d 5a 93 45", &client::ping("mid")),
        ("C> pong \"mid\"", &client::pong("mid")),
        ("C> close", &close(b"")),
        ("C> close 1000 \"bye\" = 88 85 37 fa 21 3d 34 12 43 44 52", &close(b"\x03\xe8bye")),
        ("C> close 03e8", &close(b"\x03\xe8")),
        ("C> close 10 00", &close(b"\x10\x00")),
        ("C> close 1000 1000", &close(b"\x03\xe8\x10\x00")),
        ("C> close 65535", &close(b"\xff\xff")),
        ("C> first-text \"Hel\" = 01 83 37 fa 21 3d 7f 9f 4d", &client::frame(0x01, "Hel")),
        ("C> first-binary 00", &client::frame(0x02, [0])),
        ("C> middle \"l\"", &client::frame(0x00, "l")),
        ("C> last \"lo\" = 80 82 37 fa 21 3d 5b 95", &client::frame(0x80, "lo")),
        ("C> frame op=3 key=00000000", &hex("83 80 00 00 00 00")),
        ("C> frame op=3 fin=0 rsv=4 \"x\"", &client::frame(0x43, "x")),
        ("C> text fin=0 rsv=7 op=15 \"x\"", &client::frame(0x7f, "x")),
        ("C> text \"Hello\" nomask", &from_server(0x81, "Hello")),
        ("S< text \"Hello\" = 81 05 \"Hello\"", &from_server(0x81, "Hello")),
        ("S+ close 1002 \"no\"", &from_server(0x88, b"\x03\xeano")),
        ("S< binary 2a*126 = 82 7e 00 7e 2a*126", &from_server(0x82, [0x2a; 126])),
        ("S< text \"a\" key=01020304", &client::frame_with_key(0x81, b"a", [1, 2, 3, 4])),
        ("S< text \"a\" len=16", &hex("81 7e 00 01 61")),
        ("S< text \"a\" len=64", &hex("81 7f 00 00 00 00 00 00 00 01 61")),
        ("S< text \"a\" says=1000", &hex("81 7e 03 e8 61")),
        ("S< text \"a\" says=70000", &hex("81 7f 00 00 00 00 00 01 11 70 61")),
        ("S< text says=18446744073709551615", &hex("81 7f ff ff ff ff ff ff ff ff")),
        ("S< text \"a\"| 00 | text \"b\"=81 01 62|01", &hex("81 01 61 00 81 01 62 01")),
    ] {
        assert_eq!(bytes_of(text), *expected, "{text}");
        let len: u64 = items(text).iter().map(Item::len).sum();
        assert_eq!(len, expected.len() as u64, "{text}");
    }
}

#[test]
fn frame_that_is_wrong_is_refused() {
    for (text, reason) in [
        ("C> text \"a\" key=37", "\"key=37\" is no option of a frame: key=37fa213d, nomask, len=16, len=64,"),
        ("C> text \"a\" key=random", "\"key=random\" is no option"),
        ("C> text \"a\" key=", "\"key=\" is no option"),
        ("C> text \"a\" len=7", "\"len=7\" is no option"),
        ("C> text \"a\" says=-1", "\"says=-1\" is no option"),
        ("C> text \"a\" op=16", "\"op=16\" is no option"),
        ("C> text \"a\" fin=2", "\"fin=2\" is no option"),
        ("C> text \"a\" rsv=8", "\"rsv=8\" is no option"),
        ("C> text \"a\" color=red", "\"color=red\" is no option"),
        ("C> close 65536", "65536 is no close code"),
        ("C> close 99999999999999999999", "99999999999999999999 is no close code"),
        ("C> text 1000x", "\"x\" is no hex pair"),
        ("C> text \"a\" ping \"b\"", "\"ping\" cannot stand inside a frame"),
        ("C> text \"a\" ...*3", "\"...*3\" cannot stand inside a frame"),
        ("C> text (hidden, 3 bytes)", "\"(hidden, 3 bytes)\" cannot stand inside a frame"),
        ("C> text \"a\" fin", "\"fi\" is no hex pair"),
        ("C> 81 text 00*2 = 01", "the frame has 81 there"),
        ("C> binary 2a*65536 len=16", "len=16 holds 65535 at most, not 65536"),
        ("C> binary len=16 says=65536", "len=16 holds 65535 at most, not 65536"),
    ] {
        refused(text, reason);
    }
}

#[test]
fn bytes_after_the_sign_are_compared() {
    for (spelled, reason) in [
        ("81 05", "byte 2 after = is 05, and the frame has 85 there: 81 85 37 fa 21 3d 7f 9f 4d 51 58"),
        ("", "byte 1 after = is missing, and the frame has 81 there: 81 85 "),
        ("81 85 37 fa 21 3d 7f 9f 4d 51", "byte 11 after = is missing, and the frame has 58 there"),
        ("81 85 37 fa 21 3d 7f 9f 4d 51 58 00", "byte 12 after = is 00, and the frame has only 11: 81 85"),
    ] {
        refused(&format!("C> text \"Hello\" = {spelled}"), reason);
    }
    // Long ones stay short.
    let what = read_line("S< binary 2a*70000 = 81").unwrap_err();
    assert!(what.ends_with("the frame has 82 there: 82 7f 00 00 00 00 00 01 11 70 2a*70000"), "{what}");
    let long = format!("S< text \"{}\" = 82", "ab".repeat(1_000));
    assert!(read_line(&long).unwrap_err().len() < 400);
}
