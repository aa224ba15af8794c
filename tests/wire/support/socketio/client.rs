//! A client of Engine.IO on either transport, and an application that notes what it is told.
//!
//! What a client sends and reads are messages of Engine.IO, so that one test serves both transports.

use crate::answer::Answer;
use crate::client::{binary, frames, text, upgrade};
use crate::sim::{PeerNo, Sim};
use crate::{answer, client};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::cell::RefCell;
use std::rc::Rc;
use ws101::config::Config;
use ws101::socketio::application::{Application, Event, Left, Socket, Sockets, Values};
use ws101::socketio::broker::{Broker, CONNECT_TIMEOUT};
use ws101::socketio::engine::{Engine, Settings};

/// A message, or the end of the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Got {
    Text(String),
    Binary(Vec<u8>),
    Close,
    /// The heartbeat.
    Ping,
}

/// A text, for comparisons.
pub fn said(text: &str) -> Got {
    Got::Text(text.to_owned())
}

pub fn bytes(bytes: &[u8]) -> Got {
    Got::Binary(bytes.to_vec())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    WebSocket,
    Polling,
}

pub const BOTH: [Transport; 2] = [Transport::WebSocket, Transport::Polling];

/// One session.
pub enum Client {
    WebSocket(PeerNo),
    Polling {
        sid: String,
        /// The GET that waits.
        waiting: Option<PeerNo>,
    },
}

impl Client {
    pub fn open(sim: &mut Sim, transport: Transport) -> Self {
        match transport {
            Transport::WebSocket => {
                let peer = sim.connect();
                let path = "/socket.io/?EIO=4&transport=websocket";
                let answer = sim.exchange(peer, upgrade(path).as_bytes());
                let frames = answer.strip_prefix(client::SWITCHING.as_bytes());
                let frames = client::texts(frames.expect("101"));
                assert!(matches!(&frames[..], [open] if open.starts_with("0{")));
                Self::WebSocket(peer)
            }
            Transport::Polling => {
                let open = fetch(sim, "GET", "", "").expect("an answer").text();
                let sid = open.split('"').nth(3).expect("a sid").to_owned();
                let waiting = None;
                Self::Polling { sid, waiting }
            }
        }
    }

    /// A session in the main namespace, with the answer to its CONNECT read.
    pub fn joined(sim: &mut Sim, transport: Transport) -> Self {
        let mut client = Self::open(sim, transport);
        let answer = client.exchange(sim, &["0"]);
        assert!(matches!(&answer[0], Got::Text(text) if text.starts_with("0{\"sid\":\"")));
        client
    }

    /// Sends messages, all at once.
    pub fn send_all(&mut self, sim: &mut Sim, messages: &[Got]) {
        match self {
            Self::WebSocket(peer) => {
                let frames = messages.iter().map(|message| match message {
                    Got::Text(payload) => text(format!("4{payload}")),
                    Got::Binary(payload) => binary(payload),
                    Got::Close => text("1"),
                    Got::Ping => text("2"),
                });
                sim.send(*peer, &frames.collect::<Vec<_>>().concat());
                sim.run();
            }
            Self::Polling { sid, .. } => {
                let packets = messages.iter().map(|message| match message {
                    Got::Text(payload) => format!("4{payload}"),
                    Got::Binary(payload) => format!("b{}", STANDARD.encode(payload)),
                    Got::Close => "1".to_owned(),
                    Got::Ping => "2".to_owned(),
                });
                let body = packets.collect::<Vec<_>>().join("\u{1e}");
                fetch(sim, "POST", &format!("&sid={sid}"), &body).expect("an answer");
            }
        }
    }

    pub fn send(&mut self, sim: &mut Sim, texts: &[&str]) {
        let messages: Vec<Got> = texts.iter().map(|text| said(text)).collect();
        self.send_all(sim, &messages);
    }

    /// What has come; a heartbeat is answered.
    pub fn read(&mut self, sim: &mut Sim) -> Vec<Got> {
        let mut got = self.read_all(sim);
        if got.contains(&Got::Ping) {
            got.retain(|got| *got != Got::Ping);
            self.pong(sim);
        }
        got
    }

    fn read_all(&mut self, sim: &mut Sim) -> Vec<Got> {
        match self {
            Self::WebSocket(peer) => {
                let frames = frames(&sim.take(*peer));
                frames.into_iter().filter_map(got_frame).collect()
            }
            Self::Polling { sid, waiting } => {
                let mut got = Vec::new();
                loop {
                    let peer = match waiting.take() {
                        Some(peer) => peer,
                        None => request(sim, "GET", &format!("&sid={sid}"), ""),
                    };
                    let answer = sim.take(peer);
                    if answer.is_empty() {
                        *waiting = Some(peer);
                        return got;
                    }
                    let answer = answer::all(&answer).remove(0);
                    if answer.status != 200 {
                        return got;
                    }
                    got.extend(answer.text().split('\u{1e}').filter_map(got_packet));
                }
            }
        }
    }

    /// Sends texts; gives what came.
    pub fn exchange(&mut self, sim: &mut Sim, texts: &[&str]) -> Vec<Got> {
        self.send(sim, texts);
        self.read(sim)
    }

    /// What a session lives on.
    fn pong(&mut self, sim: &mut Sim) {
        match self {
            Self::WebSocket(peer) => {
                sim.send(*peer, &text("3"));
                sim.run();
            }
            Self::Polling { sid, .. } => {
                fetch(sim, "POST", &format!("&sid={sid}"), "3").expect("an answer");
            }
        }
    }
}

fn got_frame(frame: client::Frame) -> Option<Got> {
    match frame.first {
        0x81 => got_packet(std::str::from_utf8(&frame.payload).expect("UTF-8")),
        0x82 => Some(Got::Binary(frame.payload)),
        0x88 => {
            assert_eq!(frame.payload, b"", "a Close without a code");
            Some(Got::Close)
        }
        first => panic!("frame {first:x}"),
    }
}

fn got_packet(packet: &str) -> Option<Got> {
    let (kind, rest) = packet.split_at(1);
    match kind {
        "1" => Some(Got::Close),
        "2" => Some(Got::Ping),
        "6" => None,
        "4" => Some(said(rest)),
        "b" => Some(Got::Binary(STANDARD.decode(rest).expect("base64"))),
        _ => panic!("packet {packet}"),
    }
}

fn request(sim: &mut Sim, method: &str, query: &str, body: &str) -> PeerNo {
    let peer = sim.connect();
    let len = body.len();
    let head = format!(
        "{method} /socket.io/?EIO=4&transport=polling{query} HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n\
         Content-Type: text/plain;charset=UTF-8\r\nContent-Length: {len}\r\n\r\n"
    );
    sim.send(peer, &[head.as_bytes(), body.as_bytes()].concat());
    sim.run();
    peer
}

fn fetch(sim: &mut Sim, method: &str, query: &str, body: &str) -> Option<Answer> {
    let peer = request(sim, method, query, body);
    answer::all(&sim.take(peer)).into_iter().next()
}

/// What an application was told, line by line.
pub type Notes = Rc<RefCell<Vec<String>>>;

/// Notes what it is told. Tells who joins its credentials (`auth`), sends a `message` back, acknowledges a
/// `message-with-ack` with its values, asks a question on `ask`.
pub struct Noting(pub Notes);

impl Noting {
    fn note(&self, line: String) {
        self.0.borrow_mut().push(line);
    }
}

/// Names of events that it knows. They may come in escapes.
const NAMES: [&str; 7] = ["unknown", "", "Connect", "ask ", "message", "message-with-ack", "ask"];

impl Application for Noting {
    fn accepts(&self, namespace: &str) -> bool {
        matches!(namespace, "/" | "/custom") || namespace.starts_with("/many")
    }

    fn on_connect(&mut self, sockets: &mut Sockets<'_, '_, '_>, socket: Socket, auth: Option<&str>) {
        self.note(format!("connect {}", sockets.namespace(socket)));
        sockets.emit(socket, "auth", Values::of(auth.unwrap_or("{}")));
    }

    fn on_event(&mut self, sockets: &mut Sockets<'_, '_, '_>, socket: Socket, event: &Event<'_>) {
        let known = NAMES.into_iter().find(|name| event.is(name));
        self.note(format!("{known:?} {} {}", event.name, event.values.json));
        if event.is("message") {
            sockets.emit(socket, "message-back", event.values);
        }
        if event.is("ask") {
            let ack = sockets.emit_with_ack(socket, "question", event.values);
            self.note(format!("asked {ack:?}"));
        }
        if let Some(ack) = event.ack.filter(|_| event.is("message-with-ack")) {
            sockets.ack(socket, ack, event.values);
        }
    }

    fn on_ack(&mut self, _: &mut Sockets<'_, '_, '_>, _: Socket, ack: u64, values: Values<'_>) {
        self.note(format!("ack {ack} {values:?}"));
    }

    fn on_disconnect(&mut self, sockets: &mut Sockets<'_, '_, '_>, socket: Socket, left: &Left<'_>) {
        self.note(format!("disconnect {}", left.namespace));
        assert_eq!(left.id.len(), 20, "an id");
        assert_eq!(sockets.id(socket), "", "it is over");
        // Ignored: nobody is there.
        sockets.emit(socket, "late", Values::default());
    }
}

/// A server with this application on Socket.IO.
pub fn serve(application: impl Application + 'static) -> Sim {
    serve_with(Config::default(), application)
}

pub fn serve_with(config: Config, application: impl Application + 'static) -> Sim {
    let broker = Broker::new(application, CONNECT_TIMEOUT);
    let engine = Engine::new(Settings::default(), broker);
    Sim::with_apps(config, vec![Box::new(engine)])
}

/// A server whose application notes what it is told.
pub fn noting() -> (Sim, Notes) {
    let notes = Notes::default();
    (serve(Noting(Rc::clone(&notes))), notes)
}

pub fn take(notes: &Notes) -> Vec<String> {
    std::mem::take(&mut notes.borrow_mut())
}
