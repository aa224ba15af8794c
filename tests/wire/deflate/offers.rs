//! RFC 7692 §5, §7.1: what is offered, and what is answered. Offers made at random: `random_offers.rs`.

use super::client::{PLAIN, answer, request};
use crate::sim::Sim;
use ws101::config::{Config, Deflate};

/// Value of each header line, the answer by default, the answer with takeover. `N` and `D` are short
/// for what is in most.
pub const TABLE: &[(&[&str], &str, &str)] = &[
    // D5-1: nothing that can be accepted, nothing in the answer.
    (&["x-webkit-deflate-frame"], "", ""),
    (&["permessage-bzip2; x=1, unknown"], "", ""),
    (&["permessage-deflate"], "N", "D; server_max_window_bits=12"),
    (&["unknown; a=\"b\", permessage-deflate"], "N", "D; server_max_window_bits=12"),
    // What Chromium and Firefox send.
    (
        &["permessage-deflate; client_max_window_bits"],
        "N",
        "D; server_max_window_bits=12; client_max_window_bits=12",
    ),
    // D7.1.1.1-1, D7.1.1.2-1
    (&["permessage-deflate; server_no_context_takeover"], "N", "D; server_no_context_takeover"),
    (
        &["permessage-deflate; client_no_context_takeover"],
        "N",
        "D; client_no_context_takeover; server_max_window_bits=12",
    ),
    (&["permessage-deflate;client_no_context_takeover ;\tserver_no_context_takeover"], "N", "N"),
    // D7.1.2.1-1: the value, or a smaller one.
    (
        &["permessage-deflate; server_max_window_bits=9"],
        "N; server_max_window_bits=9",
        "D; server_max_window_bits=9",
    ),
    (
        &["permessage-deflate; server_max_window_bits=10"],
        "N; server_max_window_bits=10",
        "D; server_max_window_bits=10",
    ),
    (
        &["permessage-deflate; server_max_window_bits=15"],
        "N; server_max_window_bits=15",
        "D; server_max_window_bits=12",
    ),
    (
        &["permessage-deflate; server_max_window_bits=\"10\""],
        "N; server_max_window_bits=10",
        "D; server_max_window_bits=10",
    ),
    (
        &["permessage-deflate; server_max_window_bits=\"1\\0\""],
        "N; server_max_window_bits=10",
        "D; server_max_window_bits=10",
    ),
    // D7-4: the compressor's smallest window is 9.
    (&["permessage-deflate; server_max_window_bits=8"], "", ""),
    (
        &["permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=9"],
        "N; server_max_window_bits=9",
        "D; server_max_window_bits=9",
    ),
    // D7.1.2.2-1, -2: named only if offered, with a value, and not a larger one.
    (
        &["permessage-deflate; client_max_window_bits=8"],
        "N; client_max_window_bits=8",
        "D; server_max_window_bits=12; client_max_window_bits=8",
    ),
    (
        &["permessage-deflate; client_max_window_bits=15"],
        "N; client_max_window_bits=15",
        "D; server_max_window_bits=12; client_max_window_bits=12",
    ),
    (
        &[
            "permessage-deflate; client_max_window_bits=9; server_max_window_bits=11; client_no_context_takeover",
        ],
        "N; server_max_window_bits=11; client_max_window_bits=9",
        "D; client_no_context_takeover; server_max_window_bits=11; client_max_window_bits=9",
    ),
    // D7-1: a parameter nobody knows.
    (&["permessage-deflate; x"], "", ""),
    (&["permessage-deflate; x=1; client_max_window_bits"], "", ""),
    (&["permessage-deflate; Client_Max_Window_Bits"], "", ""),
    // D7-2: no value where one must be, and values that cannot be.
    (&["permessage-deflate; server_max_window_bits"], "", ""),
    (&["permessage-deflate; server_max_window_bits=7"], "", ""),
    (&["permessage-deflate; server_max_window_bits=16"], "", ""),
    (&["permessage-deflate; server_max_window_bits=09"], "", ""),
    (&["permessage-deflate; server_max_window_bits=010"], "", ""),
    (&["permessage-deflate; server_max_window_bits=+9"], "", ""),
    (&["permessage-deflate; server_max_window_bits=0"], "", ""),
    (&["permessage-deflate; server_max_window_bits=-9"], "", ""),
    (&["permessage-deflate; server_max_window_bits=9.0"], "", ""),
    (&["permessage-deflate; server_max_window_bits=265"], "", ""),
    (&["permessage-deflate; server_max_window_bits=4294967305"], "", ""),
    (&["permessage-deflate; server_max_window_bits=true"], "", ""),
    (&["permessage-deflate; client_max_window_bits=7"], "", ""),
    (&["permessage-deflate; client_max_window_bits=16"], "", ""),
    (&["permessage-deflate; client_max_window_bits=08"], "", ""),
    (&["permessage-deflate; client_max_window_bits=0"], "", ""),
    (&["permessage-deflate; server_no_context_takeover=10"], "", ""),
    (&["permessage-deflate; server_no_context_takeover=true"], "", ""),
    (&["permessage-deflate; client_no_context_takeover=9"], "", ""),
    // D7-3: twice.
    (&["permessage-deflate; server_no_context_takeover; server_no_context_takeover"], "", ""),
    (&["permessage-deflate; client_no_context_takeover; client_no_context_takeover"], "", ""),
    (&["permessage-deflate; server_max_window_bits=9; server_max_window_bits=9"], "", ""),
    (&["permessage-deflate; client_max_window_bits; client_max_window_bits=9"], "", ""),
    (&["permessage-deflate; client_max_window_bits; client_max_window_bits"], "", ""),
    // D5-1: the first that can be accepted, in one line or many, whatever stands around it.
    (
        &[
            "permessage-deflate; x=1",
            "other, permessage-deflate; server_max_window_bits=10, permessage-deflate",
        ],
        "N; server_max_window_bits=10",
        "D; server_max_window_bits=10",
    ),
    (
        &["permessage-deflate; client_max_window_bits=9", "permessage-deflate; server_max_window_bits=9"],
        "N; client_max_window_bits=9",
        "D; server_max_window_bits=12; client_max_window_bits=9",
    ),
    (
        &[", ,permessage-deflate; server_max_window_bits=7,,permessage-deflate"],
        "N",
        "D; server_max_window_bits=12",
    ),
    // A name in another case is another name: left out, like any that is not known.
    (&["Permessage-Deflate"], "", ""),
];

fn long(short: &str) -> String {
    match short.split_at_checked(1) {
        Some(("N", rest)) => format!("{PLAIN}{rest}"),
        Some(("D", rest)) => format!("permessage-deflate{rest}"),
        _ => String::new(),
    }
}

pub fn config(deflate: Deflate) -> Config {
    Config { deflate, ..Config::default() }
}

pub fn respond(sim: &mut Sim, lines: &[impl AsRef<str>]) -> Vec<u8> {
    let peer = sim.connect();
    let response = sim.exchange(peer, request("/echo", lines).as_bytes());
    sim.reset(peer);
    sim.run();
    response
}

#[test]
fn each_offer_has_its_answer() {
    // RFC 7692 §5.1, §7.1
    for (lines, on, with_takeover) in TABLE {
        for (policy, expected) in
            [(Deflate::On, long(on)), (Deflate::Takeover, long(with_takeover)), (Deflate::Off, String::new())]
        {
            let response = respond(&mut Sim::new(config(policy)), lines);
            let answer = answer(&response).unwrap_or_default();
            assert_eq!(answer, expected, "{lines:?} with {policy:?}");
        }
    }
}

#[test]
fn grammar_that_is_broken_fails_the_handshake_as_ever() {
    // RFC 6455 §9.1: an offer that cannot be read is not an offer that is declined.
    for line in [
        "",
        ",",
        "permessage-deflate;",
        "permessage-deflate; ;client_max_window_bits",
        "permessage-deflate; server_max_window_bits=",
        "permessage-deflate; server_max_window_bits=\"\"",
        "permessage-deflate; server_max_window_bits=\"9",
        "permessage-deflate; server_max_window_bits=\"1 0\"",
        "permessage-deflate; server_max_window_bits=9 10",
        "permessage-deflate client_max_window_bits",
        "permessage-deflate, x; =1",
        "permessage-deflate/1",
    ] {
        for policy in [Deflate::On, Deflate::Takeover, Deflate::Off] {
            let response = respond(&mut Sim::new(config(policy)), &[line]);
            assert!(response.starts_with(b"HTTP/1.1 400 "), "{line:?}");
        }
    }
}
