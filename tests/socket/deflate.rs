//! Compression and a hostile client, in the real process (RFC 7692 §8): what is resident stays near the budget while
//! bombs go off, and the others are served. What a message may hold is shown byte by byte in
//! `tests/wire/deflate/attacks`.

#![cfg(feature = "deflate")]

use crate::client::Client;
use crate::panics::buggy_server;
use crate::process::Server;
use crate::wire::{frame, text, upgrade};
use miniz_oxide::deflate::core as deflating;
use std::io::Write;

const MIB: usize = 1 << 20;

fn open(server: &Server, path: &str) -> Client {
    let mut client = Client::connect(server);
    let request = upgrade(path);
    let fields = request.trim_end();
    let offer = "Sec-WebSocket-Extensions: permessage-deflate";
    client.send(format!("{fields}\r\n{offer}\r\n\r\n").into_bytes());
    let head = client.head();
    assert!(head.contains(offer), "{head}");
    client
}

/// The payload of a compressed message, made by another DEFLATE.
fn squeezed(bytes: &[u8]) -> Vec<u8> {
    let flags = deflating::create_comp_flags_from_zip_params(9, -15, 0);
    let mut compressor = deflating::CompressorOxide::new(flags);
    let mut out = vec![0; bytes.len() / 2 + 100];
    let flush = deflating::TDEFLFlush::Sync;
    let (_, used, len) = deflating::compress(&mut compressor, bytes, &mut out, flush);
    assert_eq!(used, bytes.len());
    out.truncate(len);
    out.strip_suffix(&[0, 0, 0xff, 0xff]).unwrap().to_vec()
}

#[cfg(target_os = "linux")]
#[test]
fn bombs_of_fifty_clients_at_once_do_not_take_more_than_the_budget() {
    use crate::memory::{BESIDES, BUDGET, peak};
    let server = Server::start(&[]);
    let at_start = peak(&server);
    let mut witness = open(&server, "/echo");
    // Each is 16 MiB, which is allowed, and comes back; in fragments, the last of which is held back.
    let payload = squeezed(&vec![b'a'; 16 * MIB]);
    let (begin, end) = payload.split_at(payload.len() - 1);
    for path in ["/echo", "/broadcast"] {
        let mut bombers: Vec<Client> = (0..50).map(|_| open(&server, path)).collect();
        for (at, part) in begin.chunks(begin.len() / 3 + 1).enumerate() {
            for bomber in &mut bombers {
                // Who was ended does not mind.
                let _ = bomber.stream.write_all(&frame(if at == 0 { 0x42 } else { 0 }, part));
            }
            witness.expect_echo();
        }
        for bomber in &mut bombers {
            let _ = bomber.stream.write_all(&frame(0x80, end));
        }
        witness.expect_echo();
        // And whole, by those who are left.
        for bomber in &mut bombers {
            let _ = bomber.stream.write_all(&frame(0xc2, &payload));
        }
        witness.expect_echo();
        drop(bombers);
        witness.expect_echo();
    }
    // More than is allowed.
    let payload = squeezed(&vec![b'a'; 64 * MIB]);
    let mut bombers: Vec<Client> = (0..50).map(|_| open(&server, "/echo")).collect();
    for bomber in &mut bombers {
        bomber.send(frame(0xc1, &payload));
    }
    for bomber in &mut bombers {
        bomber.expect_close(1009);
    }
    witness.expect_echo();
    // Without a budget that holds while they inflate it would be 800 MiB. A message that is put together, plain or
    // compressed, lies in memory twice for a moment: the allocator does not reuse its blocks at once.
    let taken = peak(&server) - at_start;
    assert!(taken <= BUDGET + BESIDES + 16 * MIB, "{} KiB were taken", taken >> 10);
}

#[test]
fn panic_over_a_compressed_message_costs_its_connection_and_nothing_of_the_others() {
    let server = buggy_server();
    let mut others: Vec<Client> = (0..30).map(|_| open(&server, "/buggy")).collect();
    let long = "still here, ".repeat(40);
    let payload = squeezed(long.as_bytes());
    let (begin, end) = payload.split_at(payload.len() / 2);
    for _ in 0..20 {
        // They are in the middle of a message when the inflater is lost.
        for other in &mut others {
            other.send(frame(0x41, begin));
        }
        let mut victim = open(&server, "/buggy");
        victim.send(frame(0xc1, squeezed(b"panic\x1b")));
        victim.expect_close(1011);
        victim.expect_end();
        for other in &mut others {
            other.send(frame(0x80, end));
            let echo = other.frame();
            assert_eq!(echo.first, 0xc1);
            assert!(echo.payload.len() < long.len());
            other.send(text("short"));
            assert_eq!(other.text(), "short");
        }
    }
}
