//! What `explain` prints, compared with the files in `golden/`.
//!
//! To change them on purpose: `GOLDEN=write cargo test --test wire explain::golden`, then read what `git diff` shows.

use super::{CONVERSATION, REQUEST, RESPONSE, run};
use crate::support::golden;
use std::fs;
use std::path::PathBuf;

/// A run: the name of its file, arguments, standard input.
type Case = (&'static str, &'static str, Vec<u8>);

fn case(name: &'static str, arguments: &'static str) -> Case {
    (name, arguments, Vec::new())
}

fn with(name: &'static str, arguments: &'static str, input: impl Into<Vec<u8>>) -> Case {
    (name, arguments, input.into())
}

/// A frame of the server with a payload of this length.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        len @ ..126 => bytes.push(len as u8),
        len @ ..0x1_0000 => bytes.extend([126, (len >> 8) as u8, len as u8]),
        len => bytes.extend([&[127][..], &(len as u64).to_be_bytes()].concat()),
    }
    bytes.extend_from_slice(payload);
    bytes
}

fn examples() -> Vec<Case> {
    vec![
        // RFC 6455 §5.7, in its order.
        case("rfc-hello", "81 05 48 65 6c 6c 6f"),
        case("rfc-hello-masked", "81 85 37 fa 21 3d 7f 9f 4d 51 58"),
        case("rfc-fragments", "01 03 48 65 6c 80 02 6c 6f"),
        case("rfc-ping", "89 05 48 65 6c 6c 6f"),
        case("rfc-pong", "8a 85 37 fa 21 3d 7f 9f 4d 51 58"),
        with("rfc-256", "--raw", frame(0x82, &(0..=255).collect::<Vec<u8>>())),
        with("rfc-64k", "--raw", frame(0x82, &[7; 65536])),
        // RFC 6455 §1.3.
        with("rfc-handshake", "", "C> \"GET /chat HTTP/1.1\\r\\nHost: server.example.com\\r\\nUpgrade: websocket\\r\\n\"
C+ \"Connection: Upgrade\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\nOrigin: http://example.com\\r\\n\"
C+ \"Sec-WebSocket-Protocol: chat, superchat\\r\\nSec-WebSocket-Version: 13\\r\\n\\r\\n\"
S< \"HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n\"
S+ \"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\\r\\nSec-WebSocket-Protocol: chat\\r\\n\\r\\n\"\n"),
        with("request", "", REQUEST),
        with("response", "", RESPONSE),
        with("response-key", "--key dGhlIHNhbXBsZSBub25jZQ==", RESPONSE),
        with("response-other-key", "--key AAAAAAAAAAAAAAAAAAAAAA==", RESPONSE),
        with("copied-request", "", REQUEST.trim_end().replace("\r\n", "\n")),
        with("curl", "", REQUEST.lines().map(|line| format!("> {line}\n")).collect::<String>()
            + &RESPONSE.lines().map(|line| format!("< {line}\n")).collect::<String>()),
        with("conversation", "", CONVERSATION),
        case("close", "88 85 37 fa 21 3d 34 12 43 44 52"),
        case("close-empty", "88 00"),
        case("long-text", "--from server C> text \"The quick brown fox jumps over the lazy dog. Franz jagt im Taxi durch Bayern. Zwölf Boxkämpfer.\"*2"),
        case("binary-16", "82 90 01 02 03 04 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f"),
        case("umlaut", "81 86 00 00 00 00 47 c3 bc 0a 1b 7a"),
        case("decimal", "[129, 5, 72, 101, 108, 108, 111]"),
        with("two-connections", "", "C> text \"one\"\n2C> text \"two\"\n"),
        with("hidden", "", "S< 81 05 (hidden, 5 bytes)\nS< 82 02 ...*20\nS< 81 00\nC> ping \"x\"\n"),
        with("hidden-cookie", "", CONVERSATION.replacen("C+ \"\\r\\n\"", "C+ \"Cookie: \" (hidden, 31 bytes) \"\\r\\n\"\nC+ \"\\r\\n\"", 1)),
        with("plain-http", "", "GET / HTTP/1.1\r\nHost: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
        case("incomplete", "81 85 37 fa 21 3d 7f 9f"),
        case("incomplete-header", "81 fe 01"),
        with("incomplete-head", "", "GET / HTTP/1.1\r\nHost: exam"),
        case("short", "--short 81 85 37 fa 21 3d 7f 9f 4d 51 58"),
        with("short-conversation", "--short", CONVERSATION),
        case("json", "--json 81 85 37 fa 21 3d 7f 9f 4d 51 58"),
    ]
}

fn violations() -> Vec<Case> {
    vec![
        case("from-server-masked", "--from server 81 85 37 fa 21 3d 7f 9f 4d 51 58"),
        case("from-client-unmasked", "--from client 81 05 48 65 6c 6c 6f"),
        case("latin-1", "81 84 37 fa 21 3d 54 9b 47 d4"),
        case("utf8-surrogate", "81 05 61 ed a0 80 62"),
        case("utf8-overlong", "81 04 61 c0 af 62"),
        case("utf8-continuation", "81 03 61 80 62"),
        case("utf8-beyond", "81 04 f4 90 80 80"),
        case("utf8-fragments", "01 01 e2 80 02 82 41"),
        with("utf8-far-away", "--raw", frame(0x81, &[&[b'x'; 500][..], b"caf\xe9 ", &[b'y'; 300]].concat())),
        case("reserved-bits", "b1 00"),
        case("reserved-opcode", "83 00"),
        case("continuation-alone", "80 00"),
        case("text-within-message", "01 01 41 81 01 42"),
        case("ping-fragmented", "09 00"),
        case("ping-too-long", "89 7e 00 80"),
        case("length-not-shortest", "81 7e 00 05 48 65 6c 6c 6f"),
        case("length-top-bit", "82 7f 80 00 00 00 00 00 00 01"),
        case("close-one-byte", "88 01 03"),
        case("close-1005", "88 02 03 ed"),
        case("close-999", "88 02 03 e7"),
        case("close-2000", "88 02 07 d0"),
        case("close-5000", "88 02 13 88"),
        case("close-reason", "88 04 03 e8 c3 28"),
        case("after-close", "88 00 81 00 81 00"),
        with("request-no-host", "", REQUEST.replace("Host: 127.0.0.1:9001\r\n", "")),
        with("request-no-upgrade", "", REQUEST.replace("Upgrade: websocket\r\n", "")),
        with("request-keep-alive", "", REQUEST.replace("Connection: Upgrade", "Connection: keep-alive")),
        with("request-http10", "", REQUEST.replace("HTTP/1.1", "HTTP/1.0")),
        with("request-post", "", REQUEST.replace("GET", "POST")),
        with("request-version", "", REQUEST.replace("Version: 13", "Version: 8")),
        with("request-key", "", REQUEST.replace("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZQ==")),
        with("request-body", "", REQUEST.replace("\r\n\r\n", "\r\nContent-Length: 3\r\n\r\nabc")),
        with("response-accept", "", format!("{REQUEST}{}", RESPONSE.replace("xOo=", "xOO="))),
        with("response-no-upgrade", "", RESPONSE.replace("Upgrade: websocket\r\n", "")),
        with("response-connection", "", RESPONSE.replace("Connection: Upgrade\r\n", "")),
        with(
            "response-protocol",
            "",
            format!("{REQUEST}{}", RESPONSE.replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat\r\n\r\n")),
        ),
        with(
            "response-extension",
            "",
            format!(
                "{REQUEST}{}",
                RESPONSE.replace("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
            ),
        ),
        with("response-none", "--from server", "GET / HTTP/1.1\r\n\r\n"),
    ]
}

/// RFC 7692 §7.2.3, in its order, and what breaks.
#[cfg(feature = "deflate")]
fn compressed() -> Vec<Case> {
    vec![
        case("deflate-hello", "--deflate c1 07 f2 48 cd c9 c9 07 00"),
        case("deflate-fragments", "--deflate 41 03 f2 48 cd 80 04 c9 c9 07 00"),
        case("deflate-takeover", "--deflate c1 07 f2 48 cd c9 c9 07 00 c1 05 f2 00 11 00 00"),
        case("deflate-stored", "--deflate c1 0b 00 05 00 fa ff 48 65 6c 6c 6f 00"),
        case("deflate-bfinal", "--deflate c1 08 f3 48 cd c9 c9 07 00 00"),
        case("deflate-two-blocks", "--deflate c1 0d f2 48 05 00 00 00 ff ff ca c9 c9 07 00"),
        case("deflate-not-said", "c1 07 f2 48 cd c9 c9 07 00"),
        case("deflate-corrupt", "--deflate c1 03 ff ff ff"),
        case("deflate-masked", "--deflate C> frame op=1 rsv=4 f2 48 cd c9 c9 07 00"),
    ]
}

#[cfg(not(feature = "deflate"))]
fn compressed() -> Vec<Case> {
    vec![]
}

/// Everything a person would see.
fn seen((name, arguments, input): &Case) -> String {
    // Words of the command line; the notation keeps its quotes.
    let mut words: Vec<&str> = Vec::new();
    let mut rest = *arguments;
    while let Some((word, after)) = rest.split_once(' ').or((!rest.is_empty()).then_some((rest, ""))) {
        if !word.starts_with("--") {
            words.push(rest);
            break;
        }
        words.push(word);
        rest = after;
        if matches!(word, "--from" | "--key") {
            let (value, after) = rest.split_once(' ').unwrap_or((rest, ""));
            words.push(value);
            rest = after;
        }
    }
    let ran = run(&words, input);
    let redirection = if input.is_empty() { String::new() } else { format!(" < {name}") };
    let wide = |line: &&str| {
        line.chars().count() > 80 && !arguments.contains("--json") && !arguments.contains("--short")
    };
    assert_eq!(ran.out.lines().find(wide), None, "{name}");
    assert!(ran.out.lines().all(|line| line == line.trim_end()), "{name}");
    let complaint = if ran.complaint.is_empty() { String::new() } else { format!("{}\n", ran.complaint) };
    format!("$ ws101 explain {arguments}{redirection}\n{}{complaint}(exit status {})\n", ran.out, ran.status)
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/wire/tools/explain/golden")
        .join(format!("{name}.txt"))
}

#[test]
fn each_output_is_that_of_its_file() {
    for case in examples().into_iter().chain(violations()).chain(compressed()) {
        golden::compare(&format!("tools/explain/golden/{}.txt", case.0), &seen(&case));
    }
}

#[test]
fn each_file_is_compared() {
    let mut known: Vec<_> =
        examples().iter().chain(&violations()).chain(&compressed()).map(|case| file(case.0)).collect();
    known.sort();
    let count = known.len();
    known.dedup();
    assert_eq!(known.len(), count, "a name twice");
    let folder = file("x").parent().expect("a folder").to_owned();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let is_of_deflate =
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("deflate-"));
        assert!(known.contains(&path) || is_of_deflate && cfg!(not(feature = "deflate")), "{path:?}");
    }
}

/// Violations end with 1, and name the rule and its section.
#[test]
fn each_violation_is_named_with_its_section() {
    for case in violations() {
        let seen = seen(&case);
        assert!(seen.ends_with("(exit status 1)\n") && seen.contains("(RFC 6455 "), "{seen}");
    }
}
