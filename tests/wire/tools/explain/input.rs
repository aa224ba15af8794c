//! All spellings of the same bytes, and what is said of mistakes.

use super::{CONVERSATION, CONVERSATION_SHORT, REQUEST, RESPONSE, run, short};

const HELLO: &str = "C> 81 85 37 fa 21 3d 7f 9f 4d 51 58   # text \"Hello\", masked, FIN\n";

#[test]
fn each_spelling_of_a_frame_is_read() {
    for text in [
        "81 85 37 fa 21 3d 7f 9f 4d 51 58",
        "818537FA213D7F9F4D5158",
        "0x81,0x85,0x37,0xfa,0x21,0x3d,0x7f,0x9f,0x4d,0x51,0x58",
        "0x81 0x85, 0x37; 0XFA:21-3d 7f9f\n\n4d 51\t58 # a note",
        "0x818537fa213d7f9f4d5158",
        "81:85:37:fa:21:3d:7f:9f:4d:51:58",
        "\\x81\\x85\\x37\\xfa\\x21\\x3d\\x7f\\x9f\\x4d\\x51\\x58",
        "\\x81\\x857\\xfa!=\\x7f\\x9fMQX",
        "\"\\x81\\x85\\x37\\xfa\" \"!=\\x7f\\x9fMQX\"",
        "$'\\x81\\x857\\xfa!=\\x7f\\x9fMQX'",
        "\"81 85 37 fa 21 3d 7f 9f 4d 51 58\"",
        "'8185' '37fa213d7f9f4d5158'",
        "b'\\x81\\x857\\xfa!=\\x7f\\x9fMQX'",
        "b\\x81\\x857\\xfa!=\\x7f\\x9fMQX",
        "b\"\\201\\2057\\372!=\\177\\237MQX\"",
        "bytearray(b'\\x81\\x857\\xfa!=\\x7f\\x9fMQX')",
        "bytes.fromhex('818537fa213d7f9f4d5158')",
        "[129, 133, 55, 250, 33, 61, 127, 159, 77, 81, 88]",
        "Uint8Array(11) [\n  129, 133, 55, 250, 33,\n   61, 127, 159, 77, 81,\n   88\n]",
        "{\"type\":\"Buffer\",\"data\":[129,133,55,250,33,61,127,159,77,81,88]}",
        "[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]",
        "<Buffer 81 85 37 fa 21 3d 7f 9f 4d 51 58>",
        "unsigned char frame[11] = {\n  0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, // header\n  0x7f, 0x9f, 0x4d, 0x51, 0x58\n};\nunsigned int frame_len = 11;\n",
        "[]byte{0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}",
        "C> 81 85 37 fa 21 3d 7f 9f 4d 51 58",
        "title: x\nwhy: y\n     z\n\nopen\nC> 81 | 85 37 fa\nC+ 21 3d\nS- 250ms\nC>/1 7f 9f 4d 51 58\nS~ text \"Hello\"\n",
        "C> text \"Hello\"",
        "00000000: 8185 37fa 213d 7f9f 4d51 58              ..7.!=..MQX\n",
        "00000000: 81 85 37 FA 21 3D 7F 9F 4D 51 58                 ..7.!=..MQX\n",
        "00000000  81 85 37 fa 21 3d 7f 9f  4d 51 58                 |..7.!=..MQX|\n0000000b\n",
        "0000000 81 85 37 fa 21 3d 7f 9f 4d 51 58\n0000013\n",
        "0000   81 85 37 fa 21 3d 7f 9f 4d 51 58                  ..7.!=..MQX\n",
        "0000   81 85 37 fa 21 3d 7f 9f  4d 51 58                 ..7.!=..  MQX\n",
        "0000  81 85 37 fa 21 3d 7f 9f\n0008  4d 51 58\n",
        "\u{feff}81 85 37 fa 21 3d 7f 9f 4d 51 58\r\n",
    ] {
        assert_eq!(short(text.as_bytes()), HELLO, "{text}");
        assert_eq!(run(&["--short", text], b"").out, HELLO, "as an argument: {text}");
    }
    assert_eq!(short(b"\x81\x857\xfa!=\x7f\x9fMQX"), HELLO, "raw");
}

#[test]
fn star_of_hexdump_stands_for_equal_lines() {
    let dump = "00000000  82 7e 00 40 00 00 00 00  00 00 00 00 00 00 00 00  |.~.@............|\n\
                00000010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n\
                *\n00000040  00 00 00 00                                       |....|\n00000044\n";
    let line = "S< 82 7e 00 40 00 00 00 00 00 00 00 00 ...*56   # ! 5.2-6: binary, FIN\n";
    assert_eq!(short(dump.as_bytes()), line);
}

#[test]
fn conversations_come_in_many_forms() {
    assert_eq!(short(CONVERSATION.as_bytes()), CONVERSATION_SHORT);
    let head =
        |text: &str, mark: &str| text.lines().map(|line| format!("{mark}{line}\n")).collect::<String>();
    let heads: String = CONVERSATION_SHORT.lines().take(2).map(|line| format!("{line}\n")).collect();
    for text in [
        format!("{REQUEST}{RESPONSE}"),
        format!("{REQUEST}{RESPONSE}").replace("\r\n", "\n"),
        format!("* Trying 127.0.0.1\n{}{}* Done\n", head(REQUEST, "> "), head(RESPONSE, "< ")),
        format!("\n{}", format!("{REQUEST}{RESPONSE}").replace("\r\n", "\n").trim_end()),
    ] {
        assert_eq!(short(text.as_bytes()), heads, "{text}");
    }
    let raw = [REQUEST.as_bytes(), RESPONSE.as_bytes(), b"\x81\x857\xfa!=\x7f\x9fMQX\x81\x05Hello"].concat();
    assert_eq!(
        short(&raw),
        CONVERSATION_SHORT.lines().take(4).map(|line| format!("{line}\n")).collect::<String>()
    );
}

#[test]
fn mistakes_are_told_with_their_place() {
    for (text, complaint) in [
        ("81 05 4g", "line 1, column 7: \"4g\" is no hex, because of \"g\"; hex digits are 0-9 and a-f"),
        ("81\n O5", "line 2, column 2: \"O5\" is no hex, because of \"O\"; is it a zero?"),
        ("8l", "line 1, column 1: \"8l\" is no hex, because of \"l\"; is it a one?"),
        ("81 5", "line 1, column 4: \"5\" has an odd number of hex digits; a byte is two of them, as in 05"),
        (
            "129, 133",
            "line 1, column 1: \"129\" is no hex pair; decimal numbers stand in brackets, as in [129, 133]",
        ),
        ("[129, 256]", "line 1, column 7: 256 is more than a byte (255)"),
        ("b'\\x8", "line 1, column 2: the quote is never closed"),
        ("'\\x8'", "line 1, column 2: \"\\x8\" is no byte: two hex digits follow \\x"),
        ("'\\q'", "line 1, column 2: \"\\q\" is no escape of a byte; \\x81 is"),
        (
            "<Buffer 81 ... 50 more bytes>",
            "line 1, column 12: bytes are left out here; all of them are needed",
        ),
        ("# nothing", "there are no bytes in it: give hex, as in 81 05 48 65 6c 6c 6f"),
        ("C> 81\nC> 8z", "line 2: \"8z\" is no hex pair"),
        (
            "00000000: 8185 37fa\n00000005: 21",
            "line 2: the offset is 00000005, and the lines before end at 4: 1 byte missing there",
        ),
        ("00000000: 8185 3zfa\n", "line 1: \"3zfa\" is no hex; two digits 0-9 and a-f are a byte"),
        ("00000000: 10000001 10000101  ..\n", "line 1: these are bits: use xxd without -b"),
        (
            "0000000 8581 fa37 3d21\n0000006\n",
            "line 1: hexdump and od without a format print pairs of bytes, swapped: use hexdump -C, od -tx1 or xxd",
        ),
    ] {
        let ran = run(&[], text.as_bytes());
        assert_eq!((ran.complaint.as_str(), ran.status), (complaint, 2), "{text}");
    }
    let word = run(&["81", "0g"], b"");
    assert_eq!(word.complaint, "word 2: \"0g\" is no hex, because of \"g\"; hex digits are 0-9 and a-f");
    let file = run(&["frame.bin"], b"");
    assert!(file.complaint.ends_with("; a file is given as ws101 explain < frame.bin"), "{}", file.complaint);
    let list = run(&[], b"Request URL: ws://localhost/\nRequest Method: GET\n");
    assert!(list.complaint.contains("view source"), "{}", list.complaint);
}
