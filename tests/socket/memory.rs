//! The memory budget of the real process: resident memory stays within budget + 8 MiB,
//! at every moment and not only at the end. Of those 8 MiB the release build may take 2.5 MiB at its
//! start (a bar of `make bench`); a debug build takes more, so here the rest is counted from the start on.

#![cfg(target_os = "linux")]

use crate::client::Client;
use crate::process::{Server, eventually, raise_file_limit};
use crate::wire::binary;
use std::io::Write;

const MIB: usize = 1 << 20;
pub const BUDGET: usize = 64 * MIB;
pub const BESIDES: usize = 8 * MIB - 2_560 * 1024;

/// The most that was ever resident, in bytes.
pub fn peak(server: &Server) -> usize {
    let status = server.proc("status");
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    kib.unwrap().parse::<usize>().unwrap() << 10
}

fn assert_kept(server: &Server, at_start: usize) {
    let taken = peak(server) - at_start;
    assert!(taken <= BUDGET + BESIDES, "{} KiB were taken", taken >> 10);
}

/// A binary message of 16 MiB, all but its last byte, sent in turns by as many peers as there are.
/// Who is ended on the way does not mind.
fn begin_messages(peers: &mut [Client]) {
    let header = [0x82, 0xff, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
    let step = vec![7; 128 << 10];
    for peer in peers.iter_mut() {
        let _ = peer.stream.write_all(&header);
        let _ = peer.stream.write_all(&step[1..]);
    }
    for _ in 1..16 * MIB / step.len() {
        for peer in peers.iter_mut() {
            let _ = peer.stream.write_all(&step);
        }
    }
}

#[test]
fn unfinished_messages_of_16_mib_each() {
    let server = Server::start(&[]);
    let at_start = peak(&server);
    let mut witness = Client::open(&server, "/echo");
    let mut peers: Vec<Client> = (0..4).map(|_| Client::open(&server, "/echo")).collect();
    begin_messages(&mut peers);
    let mut finished = 0;
    for peer in &mut peers {
        let goes_on = peer.stream.write_all(&[7]).is_ok() && peer.more().unwrap_or(false);
        finished += usize::from(goes_on && peer.frame().first == 0x82);
    }
    assert_eq!(finished, 3, "one has to go");
    witness.expect_echo();
    // Again and again, by more of them, in sizes that leave holes behind.
    for round in 0..3 {
        let mut peers: Vec<Client> = (0..6 + round).map(|_| Client::open(&server, "/echo")).collect();
        begin_messages(&mut peers);
        witness.expect_echo();
    }
    assert_kept(&server, at_start);
}

#[test]
fn broadcast_of_1_mib_to_1000_of_whom_900_do_not_read() {
    raise_file_limit();
    // A busy machine is no reason for the server to give up a reader whose turn has not come.
    let server = Server::start(&["--ping-interval", "0", "--write-timeout", "10m"]);
    let at_start = peak(&server);
    let mut sender = Client::open(&server, "/broadcast");
    let mut readers: Vec<Client> = (0..100).map(|_| Client::open(&server, "/broadcast")).collect();
    let open = |_| Client::with_small_window(&server).upgraded("/broadcast");
    let mute: Vec<Client> = (0..900).map(open).collect();
    // So little less than 1 MiB that none of the readers is a slow consumer, however busy the machine.
    let len = MIB - 1_000;
    let message = binary(vec![5; len]);
    for _ in 0..4 {
        sender.send(&message);
        for reader in readers.iter_mut().chain([&mut sender]) {
            assert_eq!(reader.frame().payload.len(), len);
        }
    }
    assert_kept(&server, at_start);
    drop(mute);
    sender.expect_echo();
}

#[test]
fn ten_thousand_unfinished_heads() {
    let caps = ["--max-connections", "20000", "--max-handshakes", "20000"];
    let server = Server::start(&[&caps[..], &["--head-timeout", "10m", "--ping-interval", "0"]].concat());
    let at_start = peak(&server);
    let mut witness = Client::open(&server, "/echo");
    let mut head = b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ".to_vec();
    head.resize(16_000, b'x');
    // The other tests of this process have clients, too.
    let room = raise_file_limit().saturating_sub(2_000);
    let connect = |_| Client::connect(&server);
    let mut peers: Vec<Client> = (0..room.min(10_000)).map(connect).collect();
    // In small steps, since a buffer that grows leaves holes behind.
    for part in head.chunks(900) {
        for peer in &mut peers {
            let _ = peer.stream.write_all(part);
        }
        witness.expect_echo();
    }
    assert_kept(&server, at_start);
    drop(peers);
    eventually("they are gone", || Client::connect(&server).try_open("/echo"));
    witness.expect_echo();
}
