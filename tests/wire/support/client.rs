//! The client's side of RFC 6455, written independently of `src/`: if both had the same
//! mistake, the tests would agree with it. Clarity over speed.

/// The masking key of the RFC's examples (RFC 6455 §5.7).
pub const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// The answer to `upgrade`, byte for byte (RFC 6455 §1.3's key).
pub const SWITCHING: &str = "HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// A correct opening handshake.
pub fn upgrade(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\n\
         Host: 127.0.0.1:8000\r\n\
         Upgrade: websocket\r\n\
         Connection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Version: 13\r\n\r\n"
    )
}

/// Bytes from hex pairs; white space is ignored, `#` begins a comment to the end of the line.
pub fn hex(text: &str) -> Vec<u8> {
    let digits: String = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default())
        .flat_map(str::chars)
        .filter(|c| !c.is_whitespace())
        .collect();
    assert!(digits.len().is_multiple_of(2), "an odd number of digits in {text}");
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex")).collect()
}

/// A frame with every field free: first byte as given, shortest length form, masked with `key`.
pub fn frame_with_key(first: u8, payload: &[u8], key: [u8; 4]) -> Vec<u8> {
    let mut bytes = vec![first];
    let len = payload.len();
    if len < 126 {
        bytes.push(0x80 | len as u8);
    } else if len < 65_536 {
        bytes.push(0x80 | 126);
        bytes.push((len >> 8) as u8);
        bytes.push(len as u8);
    } else {
        bytes.push(0x80 | 127);
        for shift in [56, 48, 40, 32, 24, 16, 8, 0] {
            bytes.push((len as u64 >> shift) as u8);
        }
    }
    bytes.extend(key);
    bytes.extend(payload.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]));
    bytes
}

/// A frame with the RFC's example key.
pub fn frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame_with_key(first, payload.as_ref(), KEY)
}

pub fn text(payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(0x81, payload)
}

pub fn binary(payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(0x82, payload)
}

pub fn ping(payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(0x89, payload)
}

pub fn pong(payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(0x8a, payload)
}

/// A Close with a code and a reason.
pub fn close(code: u16, reason: &str) -> Vec<u8> {
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend(reason.as_bytes());
    frame(0x88, payload)
}

/// The only correct encoding of a frame from a server: unmasked, shortest length.
pub fn from_server(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let masked = frame_with_key(first, payload, [0; 4]);
    let header_len = masked.len() - payload.len() - 4;
    let mut bytes = masked[..header_len].to_vec();
    bytes[1] &= 0x7f;
    bytes.extend(payload);
    bytes
}

/// A frame that the server sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub first: u8,
    pub payload: Vec<u8>,
}

/// Takes apart what a server sent. Panics unless it is whole, unmasked frames in shortest form
/// (RFC 6455 §5.1, §5.2).
pub fn frames(mut bytes: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let first = bytes[0];
        assert_eq!(bytes[1] & 0x80, 0, "a server never masks");
        let (len, header_len) = match bytes[1] {
            126 => (u16::from_be_bytes([bytes[2], bytes[3]]) as usize, 4),
            127 => (u64::from_be_bytes(bytes[2..10].try_into().expect("8 bytes")) as usize, 10),
            short => (short as usize, 2),
        };
        let payload = bytes[header_len..header_len + len].to_vec();
        assert_eq!(&bytes[..header_len + len], from_server(first, &payload), "shortest form");
        frames.push(Frame { first, payload });
        bytes = &bytes[header_len + len..];
    }
    frames
}

/// The texts among them, in order.
pub fn texts(bytes: &[u8]) -> Vec<String> {
    frames(bytes)
        .into_iter()
        .filter(|frame| frame.first == 0x81)
        .map(|frame| String::from_utf8(frame.payload).expect("a text frame is UTF-8"))
        .collect()
}
