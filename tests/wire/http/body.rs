//! Request bodies: by length and in chunks (RFC 9112 §6, §7.1).

use ws101::config::Config;
use ws101::http::body::{BodyReader, Framing};

use crate::http::head::at_every_cut;

/// The decoded body and how many bytes it took; `None` when it is not complete.
type Outcome = Result<Option<(Vec<u8>, usize)>, u16>;

fn read(framing: Framing, max_body_bytes: u64, pieces: &[&[u8]]) -> Outcome {
    let config = Config::default();
    let mut body = Vec::new();
    let mut consumed = 0;
    let mut reader = match BodyReader::new(framing, max_body_bytes, &config) {
        Ok(reader) => reader,
        Err(rejection) => return Err(rejection.status.0),
    };
    for piece in pieces {
        let progress = match reader.read(piece, &mut body) {
            Ok(progress) => progress,
            Err(rejection) => return Err(rejection.status.0),
        };
        consumed += progress.consumed;
        if progress.complete {
            return Ok(Some((body, consumed)));
        }
        assert_eq!(progress.consumed, piece.len(), "an unfinished body takes all");
    }
    Ok(None)
}

fn read_chunks(bytes: &[u8], max_body_bytes: u64) -> Outcome {
    at_every_cut(bytes, |pieces| read(Framing::Chunked, max_body_bytes, pieces))
}

/// The status that refuses these chunks; 0 when they are complete, 1 when more must come.
fn status(bytes: &[u8]) -> u16 {
    match read_chunks(bytes, 100) {
        Ok(Some(_)) => 0,
        Ok(None) => 1,
        Err(status) => status,
    }
}

#[test]
fn body_of_a_length_ends_after_so_many_bytes() {
    // RFC 9112 §6.3: what follows is the next request.
    let read = |framing, limit| at_every_cut(b"HelloGET", |pieces| read(framing, limit, pieces));
    assert_eq!(read(Framing::Length(5), 5), Ok(Some((b"Hello".to_vec(), 5))));
    assert_eq!(read(Framing::Length(8), 8), Ok(Some((b"HelloGET".to_vec(), 8))));
    assert_eq!(read(Framing::Length(9), 9), Ok(None));
    assert_eq!(read(Framing::None, 0), Ok(Some((Vec::new(), 0))));
    assert_eq!(read(Framing::Length(u64::MAX), u64::MAX), Ok(None));
}

#[test]
fn announced_length_over_the_limit_is_413_before_any_byte() {
    // RFC 9110 §15.5.14.
    assert_eq!(read(Framing::Length(6), 5, &[]), Err(413));
}

#[test]
fn chunks_are_joined_and_their_extensions_and_trailers_dropped() {
    // RFC 9112 §7.1.1, §7.1.2.
    let bytes = b"5\r\nHello\r\n0A ;a=\"b;c\"\r\n, chunks!\r\r\n000;x\r\nX: y\r\nZ:\r\n\r\nGET /";
    let expected = (b"Hello, chunks!\r".to_vec(), bytes.len() - 5);
    assert_eq!(read_chunks(bytes, 15), Ok(Some(expected)));
}

#[test]
fn chunked_body_cut_short_anywhere_wants_more() {
    // RFC 9112 §8: it is complete with the empty line behind the last chunk and not before.
    let bytes = b"5;x\r\nHello\r\n0\r\nX: y\r\n\r\n";
    for end in 0..bytes.len() {
        assert_eq!(status(&bytes[..end]), 1, "{end}");
    }
    assert_eq!(status(bytes), 0);
}

#[test]
fn chunks_over_the_limit_are_413_at_the_size_line() {
    // RFC 9110 §15.5.14: bytes after decoding.
    assert!(matches!(read_chunks(b"5\r\nHello\r\n0\r\n\r\n", 5), Ok(Some(_))));
    assert_eq!(read_chunks(b"5\r", 4), Err(413));
    assert_eq!(read_chunks(b"3\r\nHel\r\n3\r", 5), Err(413));
    assert_eq!(read_chunks(b"ffffffffffffffff\r", u64::MAX - 1), Err(413));
    assert_eq!(read_chunks(b"1\r\nx\r\nffffffffffffffff\r", u64::MAX), Err(413));
}

#[test]
fn malformed_chunks_are_400() {
    // RFC 9112 §7.1: size overflow, bare CR and LF, missing line ends.
    for bytes in [
        &b"\r\n"[..],
        b";x\r\n",
        b" 5\r\n",
        b"-5\r\n",
        b"0x5\r\n",
        b"5\n",
        b"5 \r\n",
        b"5 5\r\n",
        b"5\rx",
        b"5;a\nb",
        b"5;a\rb",
        b"5;a\0",
        b"5\r\nHello0\r\n",
        b"5\r\nHello\n",
        b"5\r\nHello\rx",
        b"0\r\n\n",
        b"0\r\nX: y\n",
        b"0\r\nX: \0",
        b"0\r\n\rx",
        b"00000000000000005\r\n",
    ] {
        assert_eq!(status(bytes), 400, "{}", bytes.escape_ascii());
    }
    assert_eq!(status(b"0000000000000005\r\nHello\r\n0\r\n\r\n"), 0);
}

#[test]
fn extensions_and_trailers_are_bounded_together() {
    // RFC 9112 §7.1.1, §7.1.2: what is thrown away has a limit too.
    let extension = |len: usize| format!("1;{}\r\nx\r\n", "a".repeat(len)).into_bytes();
    let trailer = |len: usize| format!("0\r\n{}\r\n\r\n", "a".repeat(len)).into_bytes();
    let limit = Config::default().max_head_bytes;
    assert_eq!(status(&extension(limit)), 1);
    assert_eq!(status(&extension(limit + 1)), 400);
    assert_eq!(status(&extension(limit / 8).repeat(9)), 400);
    assert_eq!(status(&trailer(limit)), 0);
    assert_eq!(status(&trailer(limit + 1)), 431);
    assert_eq!(status(&[extension(limit / 2), trailer(limit / 2 + 1)].concat()), 431);
}

#[test]
fn mutated_chunks_never_panic_and_never_depend_on_cuts() {
    // RFC 6455 §10.7: no input is trusted.
    let seed = b"5;a=b\r\nHello\r\n00a \t;c\r\n0123456789\r\n0\r\nX: y\r\n\r\nGET";
    let mut outcomes = [0; 3];
    for at in 0..seed.len() {
        for byte in *b"\r\n 05f;\0\xff" {
            let mut replaced = seed.to_vec();
            replaced[at] = byte;
            let mut inserted = seed.to_vec();
            inserted.insert(at, byte);
            for bytes in [replaced, inserted, seed[..at].to_vec()] {
                match read_chunks(&bytes, 100) {
                    Ok(Some((body, consumed))) => {
                        assert!(body.len() < consumed);
                        outcomes[0] += 1;
                    }
                    Ok(None) => outcomes[1] += 1,
                    Err(status) => {
                        assert!([400, 413, 431].contains(&status));
                        outcomes[2] += 1;
                    }
                }
            }
        }
    }
    assert!(outcomes.iter().all(|&count| count > 50), "{outcomes:?}");
}
