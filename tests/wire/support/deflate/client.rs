//! A client that offers permessage-deflate, reads the answer, and takes what it agreed to at its word.

use super::flate::{Deflate, Inflate};
use crate::client::{self, SWITCHING, frame, frames, upgrade};
use crate::sim::{PeerNo, Sim};
use ws101::config::{self, Config};

/// What is answered to a plain offer unless context takeover is wanted.
pub const PLAIN: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

pub fn takeover() -> Config {
    Config { deflate: config::Deflate::Takeover, ..Config::default() }
}

/// The handshake with these values of `Sec-WebSocket-Extensions`, one line each.
pub fn request<S: AsRef<str>>(path: &str, lines: &[S]) -> String {
    let plain = upgrade(path);
    let mut request = plain.strip_suffix("\r\n").expect("a head").to_owned();
    for line in lines {
        request += &format!("Sec-WebSocket-Extensions: {}\r\n", line.as_ref());
    }
    request + "\r\n"
}

/// The answer's `Sec-WebSocket-Extensions`, if it has one. Everything else must be as ever.
pub fn answer(response: &[u8]) -> Option<String> {
    let response = String::from_utf8_lossy(response);
    let plain = SWITCHING.strip_suffix("\r\n").expect("a head");
    let rest = response.strip_prefix(plain).expect("a 101, and its fields");
    if rest == "\r\n" {
        return None;
    }
    let value = rest.strip_prefix("Sec-WebSocket-Extensions: ");
    let value = value.and_then(|value| value.strip_suffix("\r\n\r\n"));
    Some(value.expect("one more field").to_owned())
}

/// A connection with the extension agreed.
pub struct Client {
    pub no: PeerNo,
    pub answer: String,
    inflate: Inflate,
    deflate: Deflate,
}

impl Client {
    pub fn open(sim: &mut Sim, path: &str, offer: &str) -> Self {
        let no = sim.connect();
        let response = sim.exchange(no, request(path, &[offer]).as_bytes());
        let answer = answer(&response).expect("the extension");
        let bits = parameter(&answer, "server_max_window_bits").unwrap_or(15);
        Self { no, inflate: Inflate::new(bits), deflate: Deflate::new(6), answer }
    }

    fn has(&self, flag: &str) -> bool {
        self.answer.split("; ").any(|param| param == flag)
    }

    /// A frame with this message in it, compressed.
    pub fn compressed(&mut self, first: u8, message: impl AsRef<[u8]>) -> Vec<u8> {
        if self.has("client_no_context_takeover") {
            self.deflate = Deflate::new(6);
        }
        frame(first | 0x40, self.deflate.message(message.as_ref()))
    }

    /// The messages in what the server sent, with whether they were compressed.
    pub fn read(&mut self, bytes: &[u8]) -> Vec<(u8, Vec<u8>, bool)> {
        frames(bytes)
            .into_iter()
            .map(|client::Frame { first, payload }| {
                let is_compressed = first & 0x40 != 0;
                let message = if is_compressed { self.inflate(&payload) } else { payload };
                (first & !0x40, message, is_compressed)
            })
            .collect()
    }

    fn inflate(&mut self, payload: &[u8]) -> Vec<u8> {
        // RFC 7692 §7.1.1.1: each of its messages must be readable without the others.
        if self.has("server_no_context_takeover") {
            let bits = self.window_bits();
            self.inflate = Inflate::new(bits);
        }
        self.inflate.message(payload).expect("DEFLATE")
    }

    pub fn window_bits(&self) -> u8 {
        parameter(&self.answer, "server_max_window_bits").unwrap_or(15)
    }

    /// Sends, and takes what comes back.
    pub fn exchange(&mut self, sim: &mut Sim, bytes: &[u8]) -> Vec<(u8, Vec<u8>, bool)> {
        let received = sim.exchange(self.no, bytes);
        self.read(&received)
    }
}

/// The number behind this parameter.
pub fn parameter(answer: &str, name: &str) -> Option<u8> {
    let mut params = answer.split("; ");
    let value = params.find_map(|param| param.strip_prefix(name)?.strip_prefix('='))?;
    Some(value.parse().expect("a number"))
}

/// `/echo` with the extension: on a server of this kind, a connection for `script.rs`.
pub fn opened(config: &Config) -> impl Fn() -> (Sim, PeerNo) + use<> {
    let config = config.clone();
    move || {
        let mut sim = Sim::new(config.clone());
        let client = Client::open(&mut sim, "/echo", "permessage-deflate");
        (sim, client.no)
    }
}

/// JSON as chats and feeds send it: compresses well, and no part of it is like another of the same length.
pub fn json(len: usize) -> String {
    let mut text = String::new();
    for n in 0.. {
        text += &format!("{{\"id\":{},\"user\":\"user{}\",\"ok\":true}},", n * 7919, n % 13);
        if text.len() >= len {
            break;
        }
    }
    text.truncate(len);
    text
}
