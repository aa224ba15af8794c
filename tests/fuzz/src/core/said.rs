//! What peers say: requests, frames, and bytes without a plan.

use crate::client::{close, frame_with_key, upgrade};
use crate::inflate::compressed;
use crate::input::Bytes;

const WEBSOCKETS: [&str; 16] = [
    "/echo",
    "/broadcast",
    "/unruly",
    "/unruly/quiet",
    "/ws",
    "/ws/1",
    "/broadcast/topic",
    "/ws/%2D2",
    "/ws/chat/a/",
    "/ws/chat/%61/",
    "/ws/chat/a/?b",
    "/ws/chat/A/",
    "/ws/socket-server/",
    "/ws/socket-server/?a",
    "/ws/chat/a",
    "/ws/chat//",
];
const REQUESTS: [&str; 16] = [
    "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /hold HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /later HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /release HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /now HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /broken HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "HEAD /stream HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "HEAD /hold HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /chat.js HTTP/1.1\r\nHost: localhost\r\nRange: bytes=1-900\r\n\r\n",
    "POST /now HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nsome body",
    "POST /later HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\n",
    "POST /now HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 1600\r\n\r\n",
    "GET /metrics HTTP/1.0\r\n\r\n",
    "GET /now HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    "GET /nothing HTTP/1.1\r\nHost: localhost\r\n",
];
const FIRST_BYTES: [u8; 12] = [0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8a, 0x88, 0xc1, 0xc2, 0x41];
/// For the rooms: messages, and what is none.
const JSON: [&str; 12] = [
    r#"{"message": "hi"}"#,
    "\n{ \"message\" : 123456789012345678901234567890 }\t",
    r#"{"message": "\ud800\"[{"}"#,
    r#"{"message": 1, "mess\u0061ge": {"message": []}, "x": true}"#,
    r#"{"message": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}"#,
    r#"{"message": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}"#,
    r#"{"message": NaN}"#,
    r#"{"message": "hi"} {"#,
    r#"{"text": "hi"}"#,
    r#"["message"]"#,
    r#"{"message": "#,
    r#""hi"}"#,
];
/// What a peer offers.
const OFFERS: [&str; 4] = [
    "",
    "permessage-deflate",
    "permessage-deflate; client_max_window_bits; server_max_window_bits=9",
    "permessage-deflate; server_no_context_takeover; client_max_window_bits=8",
];
const SIZES: [usize; 10] = [126, 300, 700, 4_095, 4_096, 9_999, 10_001, 20_000, 65_535, 70_000];

/// Something to say, of this kind (17 to 31).
pub fn said(kind: u8, input: &mut Bytes<'_>) -> Vec<u8> {
    let key = [0x37, 0xFA, 0x21, 0x3D];
    match kind {
        17 | 18 => {
            let choice = usize::from(input.byte());
            let request = upgrade(WEBSOCKETS[choice & 7 | choice >> 2 & 8]);
            match OFFERS[choice >> 3 & 3] {
                "" => request.into_bytes(),
                offer => {
                    let fields = request.trim_end();
                    let offer = format!("{fields}\r\nSec-WebSocket-Extensions: {offer}\r\n\r\n");
                    offer.into_bytes()
                }
            }
        }
        19 | 20 => input.choose(&REQUESTS).as_bytes().to_vec(),
        21 | 22 => {
            let first = input.choose(&FIRST_BYTES);
            let len = usize::from(input.byte() & 0x7F);
            frame_with_key(first, input.take(len), key)
        }
        23 | 24 => {
            let first = input.choose(&FIRST_BYTES);
            let mut payload = vec![b'a' + input.byte() % 26; input.choose(&SIZES)];
            if first & 0x40 != 0 {
                payload = compressed(&payload, 1);
            }
            frame_with_key(first, &payload, key)
        }
        25 | 26 => {
            let first = input.choose(&FIRST_BYTES);
            let choice = usize::from(input.byte());
            let count = usize::from(input.byte());
            let payload = match choice & 0x80 {
                0 => input.take(choice & 7),
                _ => JSON[choice % JSON.len()].as_bytes(),
            };
            frame_with_key(first, payload, key).repeat(count)
        }
        27 | 28 => {
            let code = input.short();
            let len = usize::from(input.byte() & 7);
            let reason = String::from_utf8_lossy(input.take(len)).into_owned();
            close(code as u16, &reason)
        }
        29 => vec![b'x'; input.short() % 4_000],
        _ => {
            let len = usize::from(input.byte());
            input.take(len).to_vec()
        }
    }
}
