//! `ws101 explain`, as a function of arguments and bytes.

mod bounds;
mod capture;
mod command;
mod golden;
mod incomplete;
mod input;
mod packets;

use std::ffi::OsString;
use ws101::tools::explain::{Look, Outcome, explain};

/// What a run has printed, and its outcome.
pub struct Ran {
    pub out: String,
    pub complaint: String,
    pub status: u8,
    pub capture: Option<Vec<u8>>,
}

pub fn run_with(arguments: &[&str], input: &[u8], look: &Look) -> Ran {
    let arguments = arguments.iter().map(OsString::from).collect();
    let mut out = Vec::new();
    let Outcome { complaint, status, capture } =
        explain(arguments, &mut || Ok(input.to_vec()), look, &mut out);
    let out = String::from_utf8(out).expect("text");
    let bad = |letter: char| letter.is_control() && letter != '\n';
    assert!(look.is_terminal || !out.chars().any(bad), "a control character is printed: {out:?}");
    assert!(!complaint.chars().any(|letter| letter.is_control()), "{complaint:?}");
    assert_eq!(status == 2, !complaint.is_empty(), "{complaint}");
    Ran { out, complaint, status, capture: capture.map(|(_, bytes)| bytes) }
}

/// Runs with arguments and standard input, as if a file got the output.
pub fn run(arguments: &[&str], input: &[u8]) -> Ran {
    run_with(arguments, input, &Look::default())
}

/// The lines of `--short`.
pub fn short(input: &[u8]) -> String {
    let ran = run(&["--short"], input);
    format!("{}{}", ran.out, ran.complaint)
}

pub const REQUEST: &str = "GET /echo HTTP/1.1\r\nHost: 127.0.0.1:9001\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
pub const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// A conversation in the notation.
pub const CONVERSATION: &str = r#"
C> "GET /echo HTTP/1.1\r\n"
C+ "Host: 127.0.0.1:9001\r\n"
C+ "Upgrade: websocket\r\n"
C+ "Connection: Upgrade\r\n"
C+ "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
C+ "Sec-WebSocket-Version: 13\r\n"
C+ "\r\n"                                    # read 1: 157 bytes, handshake complete
S< "HTTP/1.1 101 Switching Protocols\r\n"
S+ "Upgrade: websocket\r\n"
S+ "Connection: Upgrade\r\n"
S+ "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
S+ "\r\n"                                    # 129 bytes
C> 81 | 85                                   # FIN text, MASK, 5 bytes
C+ 37 fa 21 3d                               # masking key
C+ 7f 9f 4d 51 58                            # "Hello"
S< 81 05                                     # FIN text, 5 bytes
S+ 48 65 6c 6c 6f                            # "Hello"
C> 88 82 37 fa 21 3d 34 12                   # close 1000
S< 88 02 03 e8                               # close 1000
"#;

pub const CONVERSATION_SHORT: &str = r#"C> "GET /echo HTTP/1.1\r\n" ...*137   # request, 157 bytes
S< "HTTP/1.1 101 Switching Protocols\r\n" ...*95   # response, 129 bytes
C> 81 85 37 fa 21 3d 7f 9f 4d 51 58   # text "Hello", masked, FIN
S< 81 05 48 65 6c 6c 6f   # text "Hello", FIN
C> 88 82 37 fa 21 3d 34 12   # close 1000, masked, FIN
S< 88 02 03 e8   # close 1000, FIN
"#;
