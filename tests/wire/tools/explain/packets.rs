//! Dumps of packets: headers come off, and each direction is known.

use super::capture::capture;
use super::{CONVERSATION, CONVERSATION_SHORT, short};

/// As `tcpdump -X` prints it.
fn tcpdump(packets: &[Vec<u8>]) -> String {
    let mut text = String::new();
    for packet in packets {
        text.push_str("12:00:00.001000 IP 192.0.2.1.49153 > 192.0.2.2.80: Flags [P.], length 5: HTTP\n");
        for (row, bytes) in packet.chunks(16).enumerate() {
            let groups: Vec<String> = bytes.chunks(2).map(hex).collect();
            text.push_str(&format!(
                "\t0x{:04x}:  {:39}  {}\n",
                16 * row,
                groups.join(" "),
                ".".repeat(bytes.len())
            ));
        }
    }
    text
}

/// As Wireshark copies it, one packet after the other.
fn wireshark(packets: &[Vec<u8>]) -> String {
    let mut text = String::new();
    for packet in packets {
        for (row, bytes) in packet.chunks(16).enumerate() {
            let groups: Vec<String> = bytes.chunks(1).map(hex).collect();
            text.push_str(&format!(
                "{:04x}   {:47}   {}\n",
                16 * row,
                groups.join(" "),
                ".".repeat(bytes.len())
            ));
        }
        text.push('\n');
    }
    text
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn ethernet() -> Vec<Vec<u8>> {
    capture(&["--short"], CONVERSATION.as_bytes()).into_iter().map(|packet| packet.whole).collect()
}

#[test]
fn dumps_of_packets_say_what_was_sent() {
    let ethernet = ethernet();
    let ip: Vec<Vec<u8>> = ethernet.iter().map(|packet| packet[14..].to_vec()).collect();
    let cooked: Vec<Vec<u8>> = ip.iter().map(|packet| [&[0; 14][..], &[8, 0], packet].concat()).collect();
    let padded: Vec<Vec<u8>> = ethernet.iter().map(|packet| [&packet[..], &[0; 6]].concat()).collect();
    // Sent again, and beside packets that are no TCP.
    let mut again = ethernet.clone();
    again.insert(6, ethernet[5].clone());
    again.insert(4, vec![0xff; 42]);
    for packets in [ethernet, ip, cooked, padded, again] {
        assert_eq!(short(tcpdump(&packets).as_bytes()), CONVERSATION_SHORT);
        assert_eq!(short(wireshark(&packets).as_bytes()), CONVERSATION_SHORT);
    }
}

#[test]
fn direction_is_known_without_the_beginning() {
    let packets = ethernet();
    for first in [3, 4, 5, 7] {
        let lines: Vec<&str> =
            CONVERSATION_SHORT.lines().skip(first - if first > 5 { 4 } else { 3 }).collect();
        assert_eq!(
            short(tcpdump(&packets[first..]).as_bytes()).lines().collect::<Vec<_>>(),
            lines,
            "{first}"
        );
    }
}

#[test]
fn bytes_that_were_not_captured_are_a_gap() {
    let mut packets = ethernet();
    packets.remove(7);
    let seen = short(tcpdump(&packets).as_bytes());
    // Seven bytes of the server are missing, and nobody knows that they were a whole frame.
    let lines: Vec<&str> = CONVERSATION_SHORT.lines().filter(|line| !line.starts_with("S< 8")).collect();
    assert_eq!(seen.lines().filter(|line| !line.starts_with("S< 8")).collect::<Vec<_>>(), lines);
}

#[test]
fn ipv6_is_known_too() {
    let mut packets = Vec::new();
    for packet in ethernet() {
        let tcp = &packet[34..];
        let mut ip = vec![0x60, 0, 0, 0];
        ip.extend((tcp.len() as u16).to_be_bytes());
        ip.extend([6, 64]);
        ip.extend([[0; 12].as_slice(), &packet[26..30], &[0; 12], &packet[30..34]].concat());
        ip.extend_from_slice(tcp);
        packets.push(ip);
    }
    assert_eq!(short(tcpdump(&packets).as_bytes()), CONVERSATION_SHORT);
}

/// Tools print what they make of packets beside these.
#[test]
fn reassembled_bytes_beside_a_packet_are_left_out() {
    let mut text = String::new();
    for packet in ethernet() {
        text.push_str("Frame (64 bytes):\n");
        text.push_str(wireshark(&[packet]).trim_end());
        text.push_str(
            "\nReassembled TCP (11 bytes):\n0000  81 85 37 fa 21 3d 7f 9f 4d 51 58   ..7.!=..MQX\n",
        );
        text.push_str("Unmasked data (5 bytes):\n0000  48 65 6c 6c 6f   Hello\n\n");
    }
    assert_eq!(short(text.as_bytes()), CONVERSATION_SHORT);
}
