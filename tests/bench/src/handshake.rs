//! The opening handshake as a client: blocking, with or without an offer of compression.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::Result;

/// How long a server may say nothing before it is given up.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The example of RFC 6455 §1.3: the accept value need not be computed.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// What a client offers by way of compression (RFC 7692 §7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// No compression.
    Nothing,
    /// What Chromium and Firefox offer; whether context is taken over is for the server to say.
    AsBrowsers,
    /// Each message by itself, in both directions.
    NoTakeover,
}

impl Offer {
    fn field(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::AsBrowsers => "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n",
            Self::NoTakeover => {
                "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; \
                 client_no_context_takeover\r\n"
            }
        }
    }
}

/// What the server made of the offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreed {
    /// No compression.
    Nothing,
    /// It compresses each message by itself.
    NoTakeover,
    /// It may refer back to earlier messages.
    Takeover,
}

impl Agreed {
    /// Reads the head of a response.
    fn of(head: &str) -> Self {
        let answer = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let found = name.eq_ignore_ascii_case("Sec-WebSocket-Extensions");
            found.then_some(value)
        });
        match answer {
            None => Self::Nothing,
            Some(answer) if answer.contains("server_no_context_takeover") => Self::NoTakeover,
            Some(_) => Self::Takeover,
        }
    }
}

/// Connects and shakes hands; the connection is open when this returns.
///
/// # Errors
/// Those of [`open_to_hear`], or the server says more than that.
pub fn open(server: SocketAddr, path: &str, offer: Offer) -> Result<(TcpStream, Agreed)> {
    match open_to_hear(server, path, offer)? {
        (stream, agreed, more) if more.is_empty() => Ok((stream, agreed)),
        (.., more) => Err(format!("{path}: {} bytes follow the head", more.len()).into()),
    }
}

/// The same with a server that speaks first: also returns what has come behind the head.
///
/// # Errors
/// The server does not answer, or not `101` with the right accept value; or it does not
/// agree to compression that was offered, or speaks of some that was not.
pub fn open_to_hear(server: SocketAddr, path: &str, offer: Offer) -> Result<(TcpStream, Agreed, Vec<u8>)> {
    const END: &[u8] = b"\r\n\r\n";
    let mut stream = TcpStream::connect(server)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let extensions = offer.field();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {server}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n{extensions}\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    let end = |head: &[u8]| head.windows(END.len()).position(|bytes| bytes == END);
    while end(&head).is_none() {
        let length = stream.read(&mut buffer)?;
        head.extend(buffer.get(..length).unwrap_or_default());
        if length == 0 || head.len() > 16 << 10 {
            break;
        }
    }
    let more = end(&head).map(|end| head.split_off(end + END.len()));
    let text = String::from_utf8_lossy(&head);
    let good = text.starts_with("HTTP/1.1 101 ") && text.contains(ACCEPT);
    let (Some(more), true) = (more, good) else {
        return Err(format!("{path} was not opened: {text:?}").into());
    };
    match (offer, Agreed::of(&text)) {
        (Offer::Nothing, agreed @ Agreed::Nothing)
        | (Offer::AsBrowsers, agreed @ (Agreed::NoTakeover | Agreed::Takeover))
        | (Offer::NoTakeover, agreed @ Agreed::NoTakeover) => Ok((stream, agreed, more)),
        (_, Agreed::Nothing) => Err(format!("{path} was opened without compression").into()),
        _ => Err(format!("{path} was opened with a compression not offered: {text:?}").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_says_whether_context_is_taken_over() {
        let head = |field: &str| Agreed::of(&format!("HTTP/1.1 101 X\r\n{field}\r\n\r\n"));
        assert_eq!(head("Upgrade: websocket"), Agreed::Nothing);
        assert_eq!(head("sec-websocket-extensions: permessage-deflate"), Agreed::Takeover);
        let fresh = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover";
        assert_eq!(head(fresh), Agreed::NoTakeover);
    }
}
