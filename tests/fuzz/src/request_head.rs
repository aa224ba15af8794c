//! A request head that arrives in any pieces (RFC 9112 §2).
//!
//! Input: two limits, lengths of pieces, then the bytes of a connection.

use crate::input::{Bytes, pieces};
use crate::sim::{End, Sim};
use ws101::config::{Config, Tuning};
use ws101::http::body::Announced;
use ws101::http::head::{self, Head, HeadScanner, MAX_FIELDS, is_token_byte};
use ws101::http::policy::Policy;
use ws101::http::refusal::Rejection;

pub fn check(data: &[u8]) {
    let mut input = Bytes::new(data);
    let config = Config {
        max_head_bytes: input.choose(&[16 << 10, 1, 17, 60, 200, 1_000]),
        tuning: Tuning { max_target_bytes: input.choose(&[8 << 10, 0, 1, 5, 20, 300]), ..Tuning::default() },
        ..Config::default()
    };
    let lengths = input.take(3);
    let bytes = input.rest();

    let whole = scan([bytes], &config);
    assert_eq!(whole, scan(pieces(bytes, lengths), &config));
    assert_eq!(whole, scan(pieces(bytes, &[]), &config));
    // Refused at the first byte that proves it: not later because nobody looked in between.
    let len = lengths.first().map_or(0, |len| usize::from(*len));
    let begin = &bytes[..len.min(bytes.len())];
    assert_eq!(scan([begin], &config), scan(pieces(begin, &[]), &config));

    match whole {
        Scan::Ends(len) => {
            assert!(len <= config.max_head_bytes);
            parses_alike(&bytes[..len], config.tuning.max_target_bytes);
        }
        // What is kept of an unfinished head is all of it, so it has to be small.
        Scan::Unfinished => assert!(bytes.len() < config.max_head_bytes),
        Scan::Refused(..) => {}
    }
    answers_alike(bytes, lengths, &config);
}

#[derive(Debug, PartialEq, Eq)]
enum Scan {
    /// Behind so many bytes.
    Ends(usize),
    Unfinished,
    Refused(u16, &'static str),
}

fn refused(rejection: &Rejection) -> (u16, &'static str) {
    (rejection.status.0, rejection.explanation())
}

fn scan<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, config: &Config) -> Scan {
    let mut scanner = HeadScanner::default();
    let mut before = 0;
    for piece in pieces {
        match scanner.scan(piece, config) {
            Ok(None) => before += piece.len(),
            Ok(Some(len)) => {
                assert!((1..=piece.len()).contains(&len));
                return Scan::Ends(before + len);
            }
            Err(rejection) => {
                let (status, text) = refused(&rejection);
                return Scan::Refused(status, text);
            }
        }
        assert!((scanner.head_bytes == 0) == (before == 0));
    }
    Scan::Unfinished
}

/// The same head is read twice when it has a body, the second time from bytes that the first
/// reading may have changed.
fn parses_alike(bytes: &[u8], max_target_bytes: usize) {
    let policy = Policy { allowed_hosts: vec!["*".to_owned()], ..Policy::default() };
    let mut once = bytes.to_vec();
    let first = parse(&mut once, &policy);
    if let Ok(text) = &first {
        assert_eq!(parse(&mut once.clone(), &policy).as_ref(), Ok(text));
        assert!(once.len() == bytes.len());
        let target_bytes = text.lines().next().map_or(0, str::len);
        assert!(target_bytes <= max_target_bytes.max(1), "{text}");
    }
    // A narrower policy refuses more, and changes nothing else.
    match parse(&mut bytes.to_vec(), &Policy::default()) {
        Err((421, _)) => {}
        narrow => assert_eq!(narrow, first),
    }
}

/// What the head says, with path and query on a line of their own.
fn parse(bytes: &mut [u8], policy: &Policy) -> Result<String, (u16, &'static str)> {
    let mut slots = head::NO_FIELDS;
    let head = head::parse(bytes, &mut slots).map_err(|it| refused(&it))?;
    policy.check_host(head.host).map_err(|it| refused(&it))?;
    let body = Announced::of(&head).map_err(|it| refused(&it))?;
    valid(&head);
    let query = head.query.unwrap_or_default();
    Ok(format!("{}{query}\n{head:?}\n{body:?}", head.path))
}

/// What the rest of the server relies on.
fn valid(head: &Head<'_>) {
    assert!(head.path.starts_with('/') || head.path == "*");
    let target = head.path.bytes().chain(head.query.unwrap_or("").bytes());
    assert!(target.into_iter().all(|byte| byte.is_ascii_graphic() && byte != b'#'));
    assert!(!head.path.contains('?'));
    assert!(head.http11 || !head.keep_alive(), "HTTP/1.0 is kept alive");
    assert!(head.host.is_some() || !head.http11, "HTTP/1.1 without a host");
    assert!(head.fields.0.len() <= MAX_FIELDS);
    for field in head.fields.0 {
        assert!(!field.name.is_empty() && field.name.bytes().all(is_token_byte));
        let is_control = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
        assert!(!field.value.iter().any(is_control), "{field:?}");
    }
}

/// The same through the hub, bodies and further requests included: cuts make no difference.
fn answers_alike(bytes: &[u8], lengths: &[u8], config: &Config) {
    let (whole, end) = converse([bytes], config);
    // Frames are another matter: how many Pings one Pong answers depends on when they come.
    if !whole.windows(4).any(|window| window == b" 101") {
        assert!((whole, end) == converse(pieces(bytes, lengths), config));
    }
}

fn converse<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, config: &Config) -> (Vec<u8>, End) {
    let mut sim = Sim::new(config.clone());
    let peer = sim.connect();
    for piece in pieces {
        if !piece.is_empty() {
            sim.send(peer, piece);
        }
    }
    sim.run();
    (sim.take(peer), sim.end(peer))
}
