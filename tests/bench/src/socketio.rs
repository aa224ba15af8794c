//! As much of Engine.IO 4 and Socket.IO 5 as a client on WebSocket needs: joining the chat, and heartbeats.
//!
//! The packets of the chat are all the same, so they are a stream of one frame as everywhere (`frames.rs`). The server's
//! Pings, text frames with `2`, may stand between any two of them: they are taken out, and answered with `3`.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::Result;
use crate::frames::{Incoming, Repeated};
use crate::handshake::{Offer, open_to_hear};
use crate::message::text_frame;

/// The frame of a Ping.
const PING: &[u8] = &[0x81, 1, b'2'];

/// Connects and joins the main namespace; who has joined when this returns gets what is said from then on.
///
/// # Errors
/// Those of [`open_to_hear`], or the server says something else than it should.
pub fn join(server: SocketAddr, path: &str) -> Result<TcpStream> {
    let (mut stream, _, mut unread) = open_to_hear(server, path, Offer::Nothing)?;
    expect(&mut stream, &mut unread, r#"0{"sid":""#)?;
    stream.write_all(&text_frame("40"))?;
    expect(&mut stream, &mut unread, r#"40{"sid":""#)?;
    if unread.is_empty() {
        return Ok(stream);
    }
    Err(format!("{path}: {} bytes follow the CONNECT", unread.len()).into())
}

/// Takes one text frame that starts so; `unread` is what has come and was not looked at.
fn expect(stream: &mut impl Read, unread: &mut Vec<u8>, start: &str) -> Result<()> {
    let mut buffer = [0; 1024];
    loop {
        let found = match unread.as_slice() {
            [0x81, 126, high, low, ..] => Some((4, usize::from(u16::from_be_bytes([*high, *low])))),
            [0x81, length @ ..126, ..] => Some((2, usize::from(*length))),
            [] | [0x81] | [0x81, 126, ..] => None,
            other => return Err(format!("not a text frame: {other:02x?}").into()),
        };
        if let Some((header, length)) = found
            && unread.len() >= header + length
        {
            let frame: Vec<u8> = unread.drain(..header + length).collect();
            let text = String::from_utf8_lossy(frame.get(header..).unwrap_or_default());
            if text.starts_with(start) {
                return Ok(());
            }
            return Err(format!("{text:?} where {start} should be").into());
        }
        match stream.read(&mut buffer)? {
            0 => return Err(format!("the server closed before {start}").into()),
            length => unread.extend(buffer.get(..length).unwrap_or_default()),
        }
    }
}

/// The heartbeat of one connection.
#[derive(Debug, Default)]
pub struct Heart {
    /// So many bytes of what may be a Ping have come.
    seen: usize,
    /// Pings that are not answered.
    owed: usize,
}

impl Heart {
    /// Takes these bytes, without Pings; returns how many frames of the stream are complete with them.
    ///
    /// # Errors
    /// Those of [`Incoming::check`].
    pub fn check(
        &mut self,
        incoming: &mut Incoming,
        stream: &Repeated,
        mut bytes: &[u8],
    ) -> Result<usize, String> {
        let mut frames = 0;
        while let Some((first, rest)) = bytes.split_first() {
            if incoming.phase() == 0 && PING.get(self.seen) == Some(first) {
                self.seen += 1;
                bytes = rest;
                if self.seen == PING.len() {
                    self.seen = 0;
                    self.owed += 1;
                }
                continue;
            }
            // It was no Ping: a frame of the stream begins with the same byte.
            let begun = PING.get(..self.seen).unwrap_or_default();
            self.seen = 0;
            frames += incoming.check(stream, begun)?;
            let missing = stream.frame_bytes() - incoming.phase();
            let (frame, rest) = bytes.split_at_checked(missing).unwrap_or((bytes, &[]));
            frames += incoming.check(stream, frame)?;
            bytes = rest;
        }
        Ok(frames)
    }

    /// Answers the Pings that have come. To be called between two frames.
    ///
    /// # Errors
    /// Those of the socket, except that a full one is none.
    pub fn beat(&mut self, socket: &mut impl Write) -> Result<()> {
        let pong = text_frame("3");
        while self.owed > 0 {
            match socket.write(&pong) {
                Ok(written) if written == pong.len() => self.owed -= 1,
                // A socket has room for so few bytes, or for none.
                Ok(_) => return Err("a heartbeat was cut in two".into()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Kind, Message};

    fn stream() -> Repeated {
        Message { kind: Kind::Event, size: 64 }.replies()
    }

    #[test]
    fn pings_between_frames_are_found_at_any_cut_and_answered() {
        let stream = stream();
        let frame = stream.piece(0, stream.frame_bytes());
        let bytes = [PING, frame, frame, PING, PING, frame].concat();
        for cut in 0..=bytes.len() {
            let (left, right) = bytes.split_at(cut);
            let (mut heart, mut incoming) = (Heart::default(), Incoming::default());
            let frames = heart.check(&mut incoming, &stream, left).unwrap()
                + heart.check(&mut incoming, &stream, right).unwrap();
            assert_eq!((frames, incoming.phase()), (3, 0), "cut at {cut}");
            let mut written = Vec::new();
            heart.beat(&mut written).unwrap();
            assert_eq!(written, text_frame("3").repeat(3), "cut at {cut}");
        }
    }

    #[test]
    fn anything_else_between_frames_is_wrong() {
        let stream = stream();
        for wrong in [&[0x81, 1, b'3'][..], &[0x81, 2, b'2'], &[0x82, 1], &[0x88, 0]] {
            let bytes = [stream.piece(0, stream.frame_bytes()), wrong].concat();
            let found = Heart::default().check(&mut Incoming::default(), &stream, &bytes);
            assert!(found.is_err(), "{wrong:02x?}");
        }
    }

    #[test]
    fn what_a_server_says_first_is_taken_frame_by_frame() {
        let long = "x".repeat(200);
        let mut bytes = vec![0x81, 4];
        bytes.extend(b"0abc");
        bytes.extend([0x81, 126, 0, 202]);
        bytes.extend(format!("40{long}").as_bytes());
        let mut socket = bytes.as_slice();
        let mut unread = Vec::new();
        expect(&mut socket, &mut unread, "0a").unwrap();
        expect(&mut socket, &mut unread, "40x").unwrap();
        assert!(unread.is_empty());
        let error = expect(&mut socket, &mut unread, "40").unwrap_err();
        assert!(error.to_string().contains("closed"), "{error}");
        let wrong = expect(&mut [0x81, 1, b'4'].as_slice(), &mut unread, "0").unwrap_err();
        assert!(wrong.to_string().contains("should be"), "{wrong}");
    }
}
