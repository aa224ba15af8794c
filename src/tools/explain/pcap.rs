//! A capture file with one packet after the other: Ethernet, IPv4 and TCP, made up, with correct checksums.

use crate::ws::frame::Sender;

/// The address, the hardware address and the port of an end. The addresses are those for examples (RFC 5737).
#[derive(Debug, Clone, Copy)]
struct End {
    hardware: [u8; 6],
    address: [u8; 4],
    port: u16,
}

/// Flags of TCP.
pub(super) const FIN: u8 = 0x01;
pub(super) const SYN: u8 = 0x02;
pub(super) const RST: u8 = 0x04;
pub(super) const PSH: u8 = 0x08;
pub(super) const ACK: u8 = 0x10;

/// Longest payload of a packet: that of an Ethernet without jumbo frames.
pub(super) const MOST_PAYLOAD: usize = 1460;
/// When the first packet was sent: 2000-01-01, in seconds of Unix. Each is a millisecond after the one before.
const START: u32 = 946_684_800;
const HEADERS: usize = 14 + 20 + 20;

/// The header of the file: microseconds, Ethernet.
pub(super) fn file_header() -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(0xA1B2_C3D4_u32.to_le_bytes());
    out.extend(2_u16.to_le_bytes());
    out.extend(4_u16.to_le_bytes());
    out.extend([0; 8]);
    out.extend(65_535_u32.to_le_bytes());
    out.extend(1_u32.to_le_bytes());
    out
}

/// One direction of one packet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packet<'a> {
    /// Counted from 0 in the file.
    pub(super) number: u32,
    pub(super) from: Sender,
    pub(super) client_port: u16,
    pub(super) server_port: u16,
    pub(super) sequence: u32,
    pub(super) acknowledged: u32,
    pub(super) flags: u8,
    pub(super) payload: &'a [u8],
}

impl Packet<'_> {
    /// Appends the packet.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let client = End { hardware: [2, 0, 0, 0, 0, 1], address: [192, 0, 2, 1], port: self.client_port };
        let server = End { hardware: [2, 0, 0, 0, 0, 2], address: [192, 0, 2, 2], port: self.server_port };
        let (source, target) = match self.from {
            Sender::Client => (client, server),
            Sender::Server => (server, client),
        };
        // A payload has at most `MOST_PAYLOAD` bytes.
        let len = u16::try_from(self.payload.len() + 40).unwrap_or(u16::MAX);
        let mut ip = vec![0x45, 0];
        ip.extend(len.to_be_bytes());
        // An identification that counts, "don't fragment", 64 hops, TCP, and room for the checksum.
        let [.., high, low] = self.number.to_be_bytes();
        ip.extend([high, low, 0x40, 0, 64, 6, 0, 0]);
        ip.extend(source.address);
        ip.extend(target.address);
        put_checksum(&mut ip, 10, &[]);
        let mut tcp = Vec::new();
        tcp.extend(source.port.to_be_bytes());
        tcp.extend(target.port.to_be_bytes());
        tcp.extend(self.sequence.to_be_bytes());
        tcp.extend(self.acknowledged.to_be_bytes());
        tcp.extend([0x50, self.flags, 0xFF, 0xFF, 0, 0, 0, 0]);
        tcp.extend_from_slice(self.payload);
        let [high, low] = (len - 20).to_be_bytes();
        let pseudo = [&source.address[..], &target.address, &[0, 6, high, low]].concat();
        put_checksum(&mut tcp, 16, &pseudo);

        let captured = u32::try_from(HEADERS + self.payload.len()).unwrap_or(u32::MAX);
        out.extend((START + self.number / 1000).to_le_bytes());
        out.extend((self.number % 1000 * 1000).to_le_bytes());
        out.extend(captured.to_le_bytes());
        out.extend(captured.to_le_bytes());
        out.extend(target.hardware);
        out.extend(source.hardware);
        out.extend([8, 0]);
        out.extend(ip);
        out.extend(tcp);
    }
}

/// Writes the checksum of RFC 1071 over `before` and `bytes` into two of the bytes.
fn put_checksum(bytes: &mut [u8], at: usize, before: &[u8]) {
    let words = before.chunks(2).chain(bytes.chunks(2));
    let mut sum: u32 = words
        .map(|word| {
            u32::from(word.first().copied().unwrap_or(0)) << 8 | u32::from(word.get(1).copied().unwrap_or(0))
        })
        .sum();
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    let [.., high, low] = (!sum).to_be_bytes();
    if let Some(place) = bytes.get_mut(at..at + 2) {
        place.copy_from_slice(&[high, low]);
    }
}
