//! The bytes of connections as packets: a segment for each read or write, between a beginning and an end of TCP.

use super::pcap::{ACK, FIN, MOST_PAYLOAD, PSH, Packet, RST, SYN, file_header};
use super::step::{Opening, opening};
use crate::ws::client::Request;
use crate::ws::frame::Sender;
use crate::ws::handshake::accept_value;

/// More packets are refused.
const MAX_PACKETS: u32 = 1_000_000;
/// The key of RFC 6455 §1.3, for a handshake that is only named.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// A capture that grows.
pub(super) struct Capture {
    out: Vec<u8>,
    packets: u32,
    flows: Vec<Flow>,
    is_full: bool,
    has_gap: bool,
}

struct Flow {
    conn: u32,
    server_port: u16,
    /// The next sequence numbers: of the client, of the server.
    next: [u32; 2],
    ended: [bool; 2],
    /// A segment that may grow.
    segment: Option<(Sender, Vec<u8>)>,
}

impl Capture {
    pub(super) fn new() -> Self {
        Self { out: file_header(), packets: 0, flows: Vec::new(), is_full: false, has_gap: false }
    }

    /// Bytes of one side. `is_read`: a segment begins with them.
    pub(super) fn bytes(&mut self, conn: u32, from: Sender, bytes: &[u8], is_read: bool) {
        let at = self.flow(conn, opening(bytes) != Opening::Other);
        let Some(flow) = self.flows.get_mut(at) else { return };
        match &mut flow.segment {
            Some((side, segment)) if *side == from && !is_read => segment.extend_from_slice(bytes),
            _ => {
                self.flush(at);
                if let Some(flow) = self.flows.get_mut(at) {
                    flow.segment = Some((from, bytes.to_vec()));
                }
            }
        }
    }

    /// An opening handshake that is only named.
    pub(super) fn open(&mut self, conn: u32, path: &str) {
        let mut request = Vec::new();
        let head = Request {
            host: "localhost",
            target: path,
            key: KEY,
            protocols: &[],
            extensions: None,
            fields: &[],
        };
        head.write(&mut request);
        self.flow(conn, true);
        self.bytes(conn, Sender::Client, &request, true);
        let mut answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                           Sec-WebSocket-Accept: "
            .to_vec();
        answer.extend(accept_value(KEY.as_bytes()));
        answer.extend_from_slice(b"\r\n\r\n");
        self.bytes(conn, Sender::Server, &answer, true);
    }

    /// Bytes are missing.
    pub(super) fn gap(&mut self) {
        self.has_gap = true;
    }

    /// A side closes its direction.
    pub(super) fn end(&mut self, conn: u32, from: Sender) {
        let at = self.flow(conn, false);
        self.flush(at);
        self.fin(at, from);
    }

    /// The client resets the connection.
    pub(super) fn reset(&mut self, conn: u32) {
        let at = self.flow(conn, false);
        self.flush(at);
        self.packet(at, Sender::Client, RST | ACK, &[]);
        if let Some(flow) = self.flows.get_mut(at) {
            flow.ended = [true; 2];
        }
    }

    /// The file.
    ///
    /// # Errors
    /// Bytes are missing, or it would have too many packets.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, String> {
        for at in 0..self.flows.len() {
            self.flush(at);
            // The server closes first (RFC 6455 §7.1.1).
            self.fin(at, Sender::Server);
            self.fin(at, Sender::Client);
        }
        match (self.has_gap, self.is_full) {
            (true, _) => {
                Err("--pcap: bytes are left out or hidden, and a capture needs all of them".to_owned())
            }
            (_, true) => Err("--pcap: more than 1,000,000 packets; give a part of the bytes".to_owned()),
            _ => Ok(self.out),
        }
    }

    /// The number of the flow of a connection, which begins if it is new.
    fn flow(&mut self, conn: u32, has_head: bool) -> usize {
        if let Some(at) = self.flows.iter().position(|flow| flow.conn == conn) {
            return at;
        }
        // Frames without a handshake are no HTTP, and not on its port.
        let server_port = if has_head { 80 } else { 9001 };
        let next = [conn.wrapping_mul(1000), conn.wrapping_mul(2000)];
        self.flows.push(Flow { conn, server_port, next, ended: [false; 2], segment: None });
        let at = self.flows.len() - 1;
        self.packet(at, Sender::Client, SYN, &[]);
        self.packet(at, Sender::Server, SYN | ACK, &[]);
        self.packet(at, Sender::Client, ACK, &[]);
        at
    }

    fn flush(&mut self, at: usize) {
        let segment = self.flows.get_mut(at).and_then(|flow| flow.segment.take());
        let Some((from, bytes)) = segment else { return };
        for part in bytes.chunks(MOST_PAYLOAD) {
            self.packet(at, from, PSH | ACK, part);
        }
    }

    fn fin(&mut self, at: usize, from: Sender) {
        let Some(flow) = self.flows.get_mut(at) else { return };
        let [client, server] = &mut flow.ended;
        let (ended, other) = match from {
            Sender::Client => (client, Sender::Server),
            Sender::Server => (server, Sender::Client),
        };
        if !std::mem::replace(ended, true) {
            self.packet(at, from, FIN | ACK, &[]);
            self.packet(at, other, ACK, &[]);
        }
    }

    fn packet(&mut self, at: usize, from: Sender, flags: u8, payload: &[u8]) {
        let Some(flow) = self.flows.get_mut(at) else { return };
        if self.packets >= MAX_PACKETS {
            self.is_full = true;
            return;
        }
        let [client, server] = &mut flow.next;
        let (own, others) = if from == Sender::Client { (client, server) } else { (server, client) };
        let packet = Packet {
            number: self.packets,
            from,
            // Many connections are a flow each as long as their ports differ.
            client_port: 49_152 + u16::try_from(flow.conn % 16_384).unwrap_or(0),
            server_port: flow.server_port,
            sequence: *own,
            acknowledged: if flags & ACK == 0 { 0 } else { *others },
            flags,
            payload,
        };
        packet.write(&mut self.out);
        let counted = u32::try_from(payload.len()).unwrap_or(0) + u32::from(flags & (SYN | FIN) != 0);
        *own = own.wrapping_add(counted);
        self.packets += 1;
    }
}
