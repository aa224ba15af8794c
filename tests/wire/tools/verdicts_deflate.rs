//! The same with compressed messages: the follower inflates as the server does.

use super::verdicts::{Verdict, of_the_follower};
use crate::client::frame_with_key;
use crate::sim::Rng;
use miniz_oxide::deflate::compress_to_vec;
use ws101::config::{Config, Deflate};
use ws101::pool::Pool;
use ws101::tools::follow::{Follower, Settings, Start};
use ws101::tools::kept::Keep;
use ws101::ws::endpoint::{Endpoint, Event, Limits};
use ws101::ws::extension::{Agreed, Coding, Extension, Reach};
use ws101::ws::frame::Sender;

/// A short text reaches them.
const SMALL: Limits = Limits { from: Sender::Client, max_message_bytes: 300, max_fragments: 4 };

fn extension(takes_over: bool) -> Box<dyn Extension> {
    let deflate = if takes_over { Deflate::Takeover } else { Deflate::On };
    ws101::deflate::extension(&Config { deflate, ..Config::default() }).unwrap()
}

/// The server's endpoint, which gets one byte at a time.
fn of_the_server(stream: &[u8], agreed: Agreed) -> Verdict {
    let mut extension = extension(agreed.received.takes_over);
    let (mut endpoint, mut history, pool) = (Endpoint::default(), None, Pool::default());
    for (at, byte) in stream.iter().enumerate() {
        let mut byte = [*byte];
        let mut input = &mut byte[..];
        loop {
            let mut used = None;
            let coding =
                Coding { extension: &mut *extension, agreed, history: &mut history, used: &mut used };
            match endpoint.receive_general(&mut input, &SMALL, &pool, Some(coding)) {
                Ok(Some(Event::Close(_))) => return Verdict::Closed(at),
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(violation) => return Verdict::Broken(at, violation),
            }
        }
    }
    Verdict::Open
}

fn stream(rng: &mut Rng) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..=rng.below(3) {
        let text = ["na".repeat(rng.below(200)), "Hällo".to_owned(), String::new()];
        let mut payload = compress_to_vec(text[rng.below(3)].as_bytes(), 6);
        if rng.below(5) == 0 && !payload.is_empty() {
            let at = rng.below(payload.len());
            payload[at] ^= 1 << rng.below(8);
        }
        let key = (rng.next() as u32).to_be_bytes();
        match rng.below(4) {
            0 => {
                let (first, rest) = payload.split_at(rng.below(payload.len() + 1));
                bytes.extend(frame_with_key(0x41, first, key));
                bytes.extend(frame_with_key(0x80, rest, key));
            }
            1 => bytes.extend(frame_with_key(0x81, "plain".as_bytes(), key)),
            _ => bytes.extend(frame_with_key(0xc1, &payload, key)),
        }
    }
    bytes
}

#[test]
fn compressed_streams_have_the_verdict_of_the_server_at_the_same_byte() {
    let mut rng = Rng::new(7692);
    let mut broken = 0;
    for round in 0..6_000 {
        let reach = Reach { window_bits: 12, takes_over: round % 2 == 0 };
        let agreed = Agreed { sent: reach, received: reach };
        let stream = stream(&mut rng);
        let settings = Settings {
            keep: Keep::SHORT,
            limits: SMALL,
            goes_on: false,
            most_inflated: u64::MAX,
            extension: Some(extension(reach.takes_over)),
        };
        let follower = Follower::new(settings, Start::Frames(Some(agreed)));
        let cut = rng.below(stream.len());
        let told = of_the_follower(follower, &[&stream[..cut], &stream[cut..]]);
        assert_eq!(told, of_the_server(&stream, agreed), "{stream:02x?}");
        broken += u32::from(matches!(told, Verdict::Broken(..)));
    }
    assert!((1_000..5_000).contains(&broken), "{broken}");
}
