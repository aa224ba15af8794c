//! Text that a peer chose, as it stands in a line of the log.

use ws101::guard::{Escaped, NotAllowed};

/// Bytes of one field, before they are escaped.
const FIELD_BYTES: usize = 256;

#[test]
fn text_of_a_peer_cannot_forge_or_hide_anything() {
    // No request brings such bytes into a line today: the grammar of HTTP refuses
    // them. The log does not rely on that.
    for (bytes, shown) in [
        (&b"plain /path~"[..], "plain /path~"),
        (b"\r\n\0\x1b[2J\x7f", "\\x0d\\x0a\\x00\\x1b[2J\\x7f"),
        (b"\"quoted\" \\", "\\\"quoted\\\" \\\\"),
        ("\u{85}\u{9f}".as_bytes(), "\\u{85}\\u{9f}"),
        ("\u{202e}abc\u{2066}".as_bytes(), "\\u{202e}abc\\u{2066}"),
        ("\u{200f}\u{61c}\u{2028}".as_bytes(), "\\u{200f}\\u{61c}\\u{2028}"),
        (b"a\xffb\xc3", "a\\xffb\\xc3"),
        ("h\u{e9}llo".as_bytes(), "h\u{e9}llo"),
    ] {
        assert_eq!(Escaped(bytes).to_string(), shown);
    }
    assert_eq!(Escaped(&[b'x'; FIELD_BYTES]).to_string(), "x".repeat(FIELD_BYTES));
    let cut = Escaped(&[b'x'; FIELD_BYTES + 1]).to_string();
    assert_eq!(cut, "x".repeat(FIELD_BYTES) + "...");
}

#[test]
fn refused_host_is_named_with_its_flag() {
    for (host, way_out) in [
        ("chat.example.org", "chat.example.org"),
        ("Chat.example.org:8000", "Chat.example.org"),
        ("my_pi.lan.:80", "my_pi.lan"),
        // What a shell would read something into is not repeated where it could be copied.
        ("a;reboot", "NAME"),
        ("a$(reboot)", "NAME"),
        ("a&b", "NAME"),
        ("-x.example", "NAME"),
        ("%61.example", "NAME"),
        ("a b", "NAME"),
    ] {
        let line = NotAllowed::Host(host).to_string();
        let expected =
            format!("Host \"{host}\" is not served here; if this name is yours: --allow-host {way_out}");
        assert_eq!(line, expected);
    }
}

#[test]
fn refused_origin_is_named_with_its_flag() {
    for (origin, way_out) in [
        ("https://example.org", "https://example.org"),
        ("http://192.0.2.1:3000", "http://192.0.2.1:3000"),
        ("chrome-extension://abcdef", "chrome-extension://abcdef"),
        ("https://a;reboot", "ORIGIN"),
        ("https://a.example/x?y", "ORIGIN"),
        ("--x://a", "ORIGIN"),
        ("http://[::1]x", "ORIGIN"),
        ("nonsense", "ORIGIN"),
        ("", "ORIGIN"),
    ] {
        let line = NotAllowed::Origin(origin.as_bytes()).to_string();
        let expected =
            format!("Origin \"{origin}\" may not connect; if you trust that site: --allow-origin {way_out}");
        assert_eq!(line, expected);
    }
    // Allowing it would let in the sandboxed frames of every site.
    let line = NotAllowed::Origin(b"null").to_string();
    assert!(line.ends_with("serve its folder with --www instead"), "{line}");
    assert!(!line.contains("--allow-origin"), "{line}");
}

#[test]
fn refused_name_is_escaped_and_cut() {
    let origin = NotAllowed::Origin(b"http://a\x1b[2J\xff\"").to_string();
    let start = "Origin \"http://a\\x1b[2J\\xff\\\"\" may not connect; ";
    assert!(origin.starts_with(start), "{origin}");
    let long = "x".repeat(8_000);
    for line in [
        NotAllowed::Host(&long).to_string(),
        NotAllowed::Origin(format!("http://{long}").as_bytes()).to_string(),
    ] {
        assert!(line.len() < 400 && line.contains("xxx...\""), "{line}");
    }
}
