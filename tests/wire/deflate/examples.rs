//! The examples of RFC 7692 §7.2.3, as bytes, cut in every way.

use super::client::{opened, takeover};
use crate::client::{frame, from_server, hex};
use crate::script;
use crate::sim::End;
use ws101::config::Config;

fn echoes(config: &Config, input: &[u8], messages: &[&str]) {
    let expected: Vec<u8> = messages.iter().flat_map(|message| from_server(0x81, message)).collect();
    script::check_opened(&opened(config), input, &expected, End::Open);
}

/// A compressed text of one frame.
fn whole(payload: &str) -> Vec<u8> {
    frame(0xc1, hex(payload))
}

#[test]
fn one_block() {
    // RFC 7692 §7.2.3.1, D7.2.2-1
    for config in [Config::default(), takeover()] {
        echoes(&config, &whole("f2 48 cd c9 c9 07 00"), &["Hello"]);
    }
}

#[test]
fn one_block_in_two_frames() {
    // RFC 7692 §7.2.3.1, D6-5: RSV1 on the first only.
    let input = [frame(0x41, hex("f2 48 cd")), frame(0x80, hex("c9 c9 07 00"))];
    for config in [Config::default(), takeover()] {
        echoes(&config, &input.concat(), &["Hello"]);
    }
}

#[test]
fn second_message_refers_to_the_first() {
    // RFC 7692 §7.2.3.2, D7.2.3-1
    let input = [whole("f2 48 cd c9 c9 07 00"), whole("f2 00 11 00 00")];
    echoes(&takeover(), &input.concat(), &["Hello", "Hello"]);
}

#[test]
fn second_message_must_not_refer_to_the_first_without_takeover() {
    // RFC 7692 §7.1.1.2, D7.1.1.2-1
    let input = [whole("f2 48 cd c9 c9 07 00"), whole("f2 00 11 00 00")];
    let earlier = from_server(0x81, "Hello");
    script::fails_opened(&opened(&Config::default()), input.concat(), earlier, 1007);
}

#[test]
fn block_without_compression() {
    // RFC 7692 §7.2.3.3, D7.2.2-2
    let input = whole("00 05 00 fa ff 48 65 6c 6c 6f 00");
    echoes(&Config::default(), &input, &["Hello"]);
}

#[test]
fn block_with_bfinal() {
    // RFC 7692 §7.2.3.4, D7.2.2-2
    let input = whole("f3 48 cd c9 c9 07 00 00");
    for config in [Config::default(), takeover()] {
        echoes(&config, &input, &["Hello"]);
    }
}

#[test]
fn two_blocks_in_one_message() {
    // RFC 7692 §7.2.3.5, D7.2.2-2
    let input = whole("f2 48 05 00 00 00 ff ff ca c9 c9 07 00");
    echoes(&Config::default(), &input, &["Hello"]);
}

#[test]
fn empty_message() {
    // RFC 7692 §7.2.3.6, D7.2.1-2
    for payload in ["00", "02 00"] {
        echoes(&Config::default(), &whole(payload), &[""]);
    }
}

#[test]
fn all_of_them_behind_each_other() {
    // RFC 7692 §7.2.3: each with or without those before it.
    let payloads = [
        "f2 48 cd c9 c9 07 00",
        "00",
        "00 05 00 fa ff 48 65 6c 6c 6f 00",
        "f3 48 cd c9 c9 07 00 00",
        "f2 48 05 00 00 00 ff ff ca c9 c9 07 00",
    ];
    let input: Vec<u8> = payloads.iter().flat_map(|payload| whole(payload)).collect();
    let messages = ["Hello", "", "Hello", "Hello", "Hello"];
    for config in [Config::default(), takeover()] {
        echoes(&config, &input, &messages);
    }
}
