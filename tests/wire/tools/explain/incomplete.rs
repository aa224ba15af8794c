//! Input that ends anywhere.

use super::{REQUEST, RESPONSE, run};

const FRAMES: &[u8] = b"\x81\x857\xfa!=\x7f\x9fMQX\x81\x05Hello\x01\x80\0\0\0\0\x80\xfe\0\x7e\0\0\0\0";

#[test]
fn conversation_may_end_at_every_byte() {
    let mut bytes = [REQUEST.as_bytes(), RESPONSE.as_bytes(), FRAMES, &[b'x'; 126]].concat();
    bytes.extend(b"\x88\x82\0\0\0\0\x03\xe8\x88\x02\x03\xe8");
    let ends = [157, 286, 297, 304, 310, 444, 452, 456];
    assert_eq!(ends[ends.len() - 1], bytes.len());
    for len in 1..=bytes.len() {
        let ran = run(&["--raw"], &bytes[..len]);
        let is_end = ends.contains(&len);
        assert_eq!(ran.status, if is_end { 0 } else { 5 }, "{len}: {}", ran.out);
        assert_eq!(ran.out.contains("incomplete: needs "), !is_end, "{len}: {}", ran.out);
    }
}

#[test]
fn what_is_missing_is_counted() {
    for (input, missing) in [
        ("81", "needs 1 more byte at least (its header is not complete)"),
        ("81 85", "needs 9 more bytes (payload 0 of 5)"),
        ("81 85 37 fa 21", "needs 6 more bytes (payload 0 of 5)"),
        ("81 85 37 fa 21 3d", "needs 5 more bytes (payload 0 of 5)"),
        ("81 85 37 fa 21 3d 7f 9f", "needs 3 more bytes (payload 2 of 5)"),
        ("82 7e 01", "needs 1 more byte at least (its header is not complete)"),
        ("82 7f 00 00 00 00 ff ff ff ff", "needs 4294967295 more bytes (payload 0 of 4294967295)"),
    ] {
        let ran = run(&[input], b"");
        assert_eq!(ran.out.lines().last(), Some(format!("incomplete: {missing}").as_str()), "{input}");
        assert_eq!(ran.status, 5);
    }
}

#[test]
fn broken_rule_counts_more_than_what_is_missing() {
    let ran = run(&["83", "05"], b"");
    assert_eq!(ran.status, 1);
    assert!(ran.out.ends_with(
        "\nincomplete: needs 5 more bytes (payload 0 of 5)\n1 rule broken: 5.2-3 (RFC 6455 5.2)\n"
    ));
}
