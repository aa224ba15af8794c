//! What the server may not do: it is told which rule it breaks, and the connection fails.

use super::{Begin, Talk};

/// What the client sends as a Close.
fn close(code: u16, reason: &str) -> Vec<u8> {
    crate::client::frame_with_key(
        0x88,
        &[&code.to_be_bytes(), reason.as_bytes()].concat(),
        [0x37, 0xfa, 0x21, 0x3d],
    )
}

#[test]
fn each_broken_rule_is_named_and_answered_with_its_code() {
    for (bytes, code, reason, rule) in [
        (&b"\x81\x85\x37\xfa\x21\x3d"[..], 1002, "frame masked", "5.1-3"),
        (b"\xc1\x01x", 1002, "reserved bit set", "5.2-2"),
        (b"\x83\x00", 1002, "unknown opcode", "5.2-3"),
        (b"\x80\x00", 1002, "continuation without a message", "5.4-7"),
        (b"\x01\x01a\x81\x01b", 1002, "new message inside a message", "5.4-6"),
        (b"\x09\x00", 1002, "fragmented control frame", "5.5-2"),
        (b"\x89\x7e\x00\x7e", 1002, "control frame over 125 bytes", "5.5-1"),
        (b"\x82\x7e\x00\x05", 1002, "length not in its shortest form", "5.2-6"),
        (b"\x82\x7f\x80", 1002, "length has its top bit set", "5.2-5"),
        (b"\x82\x7e\x03\xe9", 1009, "message too big", "10.4-1"),
        (b"\x82\x7f\x00\x00\x00\x01", 1009, "message too big", "10.4-1"),
        (b"\x81\x02\xc3\x28", 1007, "not UTF-8", "8.1-1"),
        (b"\x88\x01\x03", 1002, "close code of one byte", "5.5.1-1"),
        (b"\x88\x02\x03\xed", 1002, "close code not allowed", "7.4.1-1"),
        (b"\x88\x03\x03\xe8\xff", 1007, "not UTF-8", "8.1-1"),
    ] {
        for pieces in [vec![bytes], bytes.chunks(1).collect()] {
            let mut talk = Talk::open(Begin::default());
            pieces.into_iter().for_each(|piece| talk.gets(piece));
            assert_eq!(talk.sent, close(code, reason), "{bytes:02x?}");
            talk.gets(b"\x81\x01x");
            talk.ends();
            assert_eq!(talk.session.status(), Some(1), "{bytes:02x?}");
            let shown = talk.shown();
            assert!(shown.contains(&format!("# ! {rule}: ")), "{shown}");
            assert!(shown.contains(&format!("say {code}: {rule} (RFC 6455 ")), "{shown}");
            assert!(!shown.contains("print < x"), "{shown}");
        }
    }
}

#[test]
fn a_server_that_does_not_leave_after_that_is_left() {
    let mut talk = Talk::open(Begin::default());
    talk.gets(b"\x83\x00");
    talk.waits(999);
    assert_eq!(talk.session.status(), None);
    talk.waits(1);
    assert_eq!(talk.session.status(), Some(1));
}

#[test]
fn an_endless_message_ends() {
    let mut talk = Talk::open(Begin { max_message_bytes: 100_000, ..Begin::default() });
    talk.gets([&[0x02, 126, 0x03, 0xe8], &[7; 1_000][..]].concat());
    for _ in 1..100 {
        talk.gets([&[0x00, 126, 0x03, 0xe8], &[7; 1_000][..]].concat());
    }
    assert_eq!(talk.sent, b"");
    talk.gets(b"\x00\x01");
    assert_eq!(talk.sent, close(1009, "message too big"));
    // So does one of empty fragments.
    let mut talk = Talk::open(Begin::default());
    talk.gets(b"\x02\x00");
    for _ in 0..132 {
        talk.gets(b"\x00\x00".repeat(1_000));
        talk.shown();
    }
    assert_eq!(talk.sent, close(1008, "too many fragments"));
}

#[cfg(feature = "deflate")]
mod deflate {
    use super::super::{ANSWER, KEY};
    use super::{Begin, Talk, close};
    use miniz_oxide::deflate::compress_to_vec;

    const OFFER: Option<&str> = Some("permessage-deflate; client_max_window_bits");

    fn open(parameters: &str, max_message_bytes: u64) -> Talk {
        let mut talk = Talk::begin(Begin { offers: OFFER, max_message_bytes, ..Begin::default() });
        talk.gets(format!("{ANSWER}Sec-WebSocket-Extensions: permessage-deflate{parameters}\r\n\r\n"));
        talk.forget();
        talk
    }

    fn coded(message: &[u8]) -> Vec<u8> {
        // A final block, and the byte that ends a message after it (RFC 7692 §7.2.3.4).
        let coded = [&compress_to_vec(message, 9)[..], &[0]].concat();
        let len = coded.len();
        let header =
            if len < 126 { vec![0xc1, len as u8] } else { vec![0xc1, 126, (len >> 8) as u8, len as u8] };
        [header, coded].concat()
    }

    #[test]
    fn compressed_messages_go_both_ways() {
        for parameters in
            ["", "; server_no_context_takeover; client_no_context_takeover", "; client_max_window_bits=9"]
        {
            let mut talk = open(parameters, 1_000);
            // RFC 7692 §7.2.3.1.
            talk.gets(b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00");
            assert!(talk.shown().contains("inflated: \"Hello\"\nprint < Hello\n"));
            if parameters.is_empty() {
                // The same again refers to the first (§7.2.3.2).
                talk.gets(b"\xc1\x05\xf2\x00\x11\x00\x00");
                assert!(talk.shown().contains("print < Hello\n"));
            }
            talk.gets(coded(b"abcabcabcabcabc"));
            assert!(talk.shown().contains("print < abcabcabcabcabc\n"));
            let line = "one two one two one two one two";
            talk.types(line);
            assert_eq!(talk.sent[0], 0xc1);
            assert!(talk.sent.len() < line.len());
            assert!(talk.shown().contains(&format!("inflated: \"{line}\"")), "{parameters}");
            let first = talk.sent.len();
            talk.types(line);
            let again = talk.sent.len() - first;
            assert_eq!(again < first, !parameters.contains("no_context"), "{parameters}: {first} {again}");
            // What does not become shorter goes as it is.
            talk.types("x!");
            assert!(talk.sent.ends_with(&[0x81, 0x82, 0x37, 0xfa, 0x21, 0x3d, 0x4f, 0xdb]));
        }
    }

    #[test]
    fn a_bomb_ends_at_the_limit() {
        let mut talk = open("", 100_000);
        let bomb = coded(&vec![b'0'; 10_000_000]);
        assert!(bomb.len() < 20_000);
        bomb.chunks(100).for_each(|piece| talk.gets(piece));
        assert_eq!(talk.sent, close(1009, "message too big"));
        talk.ends();
        assert!(talk.shown().len() < 10_000);
        assert_eq!(talk.session.status(), Some(1));
    }

    #[test]
    fn corrupt_data_and_parameters_that_do_not_exist_are_told() {
        let mut talk = open("", 1_000);
        talk.gets(b"\xc1\x02\xff\xff");
        assert_eq!(talk.sent, close(1007, "compressed data corrupt"));
        for parameters in
            ["; x=1", "; server_max_window_bits", "; client_max_window_bits=16", ", permessage-deflate"]
        {
            assert_eq!(open(parameters, 1_000).session.status(), Some(4), "{parameters}");
        }
        assert_eq!(KEY.len(), 24);
    }
}
