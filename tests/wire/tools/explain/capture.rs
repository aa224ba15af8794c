//! `--pcap`: a capture that any reader of packets takes.

use super::{CONVERSATION, REQUEST, RESPONSE, run};
use std::net::Ipv4Addr;

/// A packet, as this test reads it: the headers are checked on the way.
#[derive(Debug)]
pub struct Packet {
    pub time: (u32, u32),
    pub from_client: bool,
    pub port: u16,
    pub sequence: u32,
    pub acknowledged: u32,
    pub flags: u8,
    pub payload: Vec<u8>,
    pub whole: Vec<u8>,
}

fn be16(bytes: &[u8]) -> u16 {
    u16::from_be_bytes([bytes[0], bytes[1]])
}

fn be32(bytes: &[u8]) -> u32 {
    u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

fn le32(bytes: &[u8]) -> u32 {
    be32(bytes).swap_bytes()
}

/// The sum of RFC 1071 over bytes with their checksum.
fn sum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)));
    let sum: u32 = words.sum();
    let sum = (sum & 0xffff) + (sum >> 16);
    ((sum & 0xffff) + (sum >> 16)) as u16
}

pub fn packets(file: &[u8]) -> Vec<Packet> {
    assert_eq!(&file[..24], b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\xff\xff\0\0\x01\0\0\0");
    let mut rest = &file[24..];
    let mut packets = Vec::new();
    while !rest.is_empty() {
        let time = (le32(rest), le32(&rest[4..]));
        let len = le32(&rest[8..]) as usize;
        assert_eq!(le32(&rest[12..]) as usize, len);
        let whole = &rest[16..16 + len];
        rest = &rest[16 + len..];
        assert_eq!(&whole[12..14], [8, 0]);
        let ip = &whole[14..];
        assert_eq!((ip[0], be16(&ip[2..]) as usize, ip[9], sum(&ip[..20])), (0x45, ip.len(), 6, 0xffff));
        let address = |at: usize| Ipv4Addr::new(ip[at], ip[at + 1], ip[at + 2], ip[at + 3]);
        let from_client = address(12) == Ipv4Addr::new(192, 0, 2, 1);
        assert_eq!(
            address(16),
            if from_client { Ipv4Addr::new(192, 0, 2, 2) } else { Ipv4Addr::new(192, 0, 2, 1) }
        );
        let tcp = &ip[20..];
        let pseudo = [&ip[12..20], &[0, 6], &(tcp.len() as u16).to_be_bytes(), tcp].concat();
        assert_eq!(sum(&pseudo), 0xffff, "the checksum of TCP");
        packets.push(Packet {
            time,
            from_client,
            port: be16(&tcp[if from_client { 2 } else { 0 }..]),
            sequence: be32(&tcp[4..]),
            acknowledged: be32(&tcp[8..]),
            flags: tcp[13],
            payload: tcp[20..].to_vec(),
            whole: whole.to_vec(),
        });
    }
    packets
}

/// Both sides count, and acknowledge what they have got.
fn count_up(packets: &[Packet]) {
    let mut next = [None; 2];
    for packet in packets {
        let [own, others] = if packet.from_client { [0, 1] } else { [1, 0] };
        assert_eq!(packet.sequence, next[own].unwrap_or(packet.sequence));
        if packet.flags & 0x10 != 0 {
            assert_eq!(Some(packet.acknowledged), next[others]);
        }
        let counted = packet.payload.len() as u32 + u32::from(packet.flags & 3 != 0);
        next[own] = Some(packet.sequence + counted);
    }
}

pub fn capture(arguments: &[&str], input: &[u8]) -> Vec<Packet> {
    let ran = run(&[&["--pcap", "x.pcap"], arguments].concat(), input);
    packets(&ran.capture.unwrap_or_else(|| panic!("{}", ran.complaint)))
}

#[test]
fn conversation_becomes_a_tcp_connection_with_its_segments() {
    let packets = capture(&["--short"], CONVERSATION.as_bytes());
    count_up(&packets);
    let flags: Vec<u8> = packets.iter().map(|packet| packet.flags).collect();
    assert_eq!(flags, [0x02, 0x12, 0x10, 0x18, 0x18, 0x18, 0x18, 0x18, 0x18, 0x18, 0x11, 0x10, 0x11, 0x10]);
    let payloads: Vec<&[u8]> =
        packets.iter().map(|packet| &packet.payload[..]).filter(|it| !it.is_empty()).collect();
    assert_eq!(payloads[..2], [REQUEST.as_bytes(), RESPONSE.as_bytes()]);
    // The cut.
    assert_eq!(payloads[2..4], [&b"\x81"[..], b"\x857\xfa!=\x7f\x9fMQX"]);
    assert!(packets.iter().all(|packet| packet.port == 80));
    assert_eq!((packets[0].time, packets[13].time), ((946_684_800, 0), (946_684_800, 13_000)));
}

#[test]
fn frames_alone_are_a_connection_too() {
    let packets = capture(&["81", "80", "00", "00", "00", "00", "81", "00"], b"");
    count_up(&packets);
    let sent: Vec<(bool, &[u8])> = packets
        .iter()
        .filter(|it| !it.payload.is_empty())
        .map(|it| (it.from_client, &it.payload[..]))
        .collect();
    assert_eq!(sent, [(true, &b"\x81\x80\0\0\0\0"[..]), (false, b"\x81\0")]);
    assert!(packets.iter().all(|packet| packet.port == 9001));
}

#[test]
fn long_bytes_are_several_segments_and_ends_are_those_of_the_notation() {
    let long = capture(&["--short"], b"S< 82 7e 0f a0 00*4000\n");
    count_up(&long);
    let sizes: Vec<usize> = long.iter().map(|packet| packet.payload.len()).filter(|len| *len > 0).collect();
    assert_eq!(sizes, [1460, 1460, 1084]);
    let reset = capture(&["--short"], b"open path=/ws\nC> 81 80 00 00 00 00\nC> rst\n");
    assert_eq!(reset.last().map(|packet| (packet.from_client, packet.flags)), Some((true, 0x14)));
    assert!(reset[3].payload.starts_with(b"GET /ws HTTP/1.1\r\n"));
    assert!(reset[4].payload.starts_with(b"HTTP/1.1 101 "));
    let ended = capture(&["--short"], b"C> 81 80 00 00 00 00\nC> fin\nS< 88 00\nS~ eof\n");
    count_up(&ended);
    let fins: Vec<bool> = ended.iter().filter(|it| it.flags & 1 != 0).map(|it| it.from_client).collect();
    assert_eq!(fins, [true, false]);
    let two = capture(&["--short"], b"C> 81 80 00 00 00 00\n2C> 81 80 00 00 00 00\n");
    assert_eq!(two.len(), 16);
}

#[test]
fn what_is_left_out_cannot_be_captured() {
    let ran = run(&["--pcap", "x", "--short"], b"S< 81 05 (hidden, 5 bytes)\n");
    assert_eq!(ran.complaint, "--pcap: bytes are left out or hidden, and a capture needs all of them");
    assert!(ran.capture.is_none());
}
