//! Names for the bytes that a server sends: fields of HTTP answers and of frames.

/// The field that byte `at` belongs to, such as `frame 2: extended payload length, byte 1 of 2`.
///
/// `bits` are those bits of the byte that are in question. The first two bytes of a frame have
/// several fields each. Frames, answers and bytes within a field are counted from 1.
///
/// # Panics
/// The stream has no byte `at`.
pub fn name(stream: &[u8], at: usize, bits: u8) -> String {
    assert!(at < stream.len(), "no byte {at} in {}", stream.len());
    let (mut rest, mut at) = (stream, at);
    let (mut answers, mut frames) = (0, 0);
    loop {
        let is_answer = frames == 0 && is_http(rest);
        let len = if is_answer {
            answers += 1;
            answer_len(rest)
        } else {
            frames += 1;
            frame_len(rest)
        };
        if at < len {
            return if is_answer {
                format!("answer {answers}: {}", name_in_answer(rest, at))
            } else {
                format!("frame {frames}: {}", name_in_frame(rest, at, bits))
            };
        }
        rest = &rest[len..];
        at -= len;
    }
}

/// What follows is the beginning of an HTTP answer, as far as it goes.
fn is_http(bytes: &[u8]) -> bool {
    let begin = b"HTTP/1.1 ";
    begin.starts_with(&bytes[..bytes.len().min(begin.len())])
}

/// With the empty line; all of it when that is missing.
fn head_len(answer: &[u8]) -> usize {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    end.map_or(answer.len(), |end| end + 4)
}

/// Until the next answer, or until the first frame when it is a 101.
fn answer_len(bytes: &[u8]) -> usize {
    let head_len = head_len(bytes);
    let (head, body) = bytes.split_at(head_len);
    // Nobody says which request this answers. The one to a HEAD has a length and no body.
    if head.starts_with(b"HTTP/1.1 101 ") || !body.is_empty() && is_http(body) {
        return head_len;
    }
    let head = String::from_utf8_lossy(head);
    let len = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let value = value.parse::<usize>().ok()?;
        name.eq_ignore_ascii_case("Content-Length").then_some(value)
    });
    head_len + len.unwrap_or(body.len()).min(body.len())
}

fn name_in_answer(answer: &[u8], at: usize) -> String {
    let head_len = head_len(answer);
    if at >= head_len {
        return format!("body byte {}", at - head_len + 1);
    }
    let before = &answer[..at];
    let begin = before.windows(2).rposition(|two| two == b"\r\n");
    let Some(begin) = begin.map(|begin| begin + 2) else { return "status line".to_owned() };
    let line = answer[begin..].split(|byte| *byte == b'\r').next();
    match String::from_utf8_lossy(line.unwrap_or_default()).split_once(':') {
        Some((name, _)) => format!("header field {name}"),
        None => "end of the header fields".to_owned(),
    }
}

/// How many bytes of the frame carry its extended length, and how many its masking key.
fn header_parts(frame: &[u8]) -> (usize, usize) {
    let second = frame.get(1).copied().unwrap_or_default();
    let extended = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    (extended, if second & 0x80 == 0 { 0 } else { 4 })
}

/// Of all of the frame, or of as much as there is.
fn frame_len(bytes: &[u8]) -> usize {
    let (extended, key) = header_parts(bytes);
    let len = match bytes.get(2..2 + extended) {
        Some([]) => bytes.get(1).map_or(0, |second| u64::from(second & 0x7f)),
        Some(len) => len.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
        None => 0,
    };
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    (2 + extended + key).saturating_add(len).min(bytes.len())
}

fn name_in_frame(frame: &[u8], at: usize, bits: u8) -> String {
    let (extended, key) = header_parts(frame);
    let key_begin = 2 + extended;
    let payload_begin = key_begin + key;
    match at {
        0 => some_of(
            bits,
            "first byte",
            &[(0x80, "FIN"), (0x40, "RSV1"), (0x20, "RSV2"), (0x10, "RSV3"), (0x0f, "opcode")],
        ),
        1 => some_of(bits, "second byte", &[(0x80, "MASK"), (0x7f, "payload length")]),
        _ if at < key_begin => {
            format!("extended payload length, byte {} of {extended}", at - 1)
        }
        _ if at < payload_begin => format!("masking key, byte {} of 4", at - key_begin + 1),
        _ => match (frame[0] & 0x0f, at - payload_begin + 1) {
            (8, byte @ 1..=2) => format!("close code, byte {byte} of 2"),
            (8, byte) => format!("close reason, byte {}", byte - 2),
            (_, byte) => format!("payload byte {byte}"),
        },
    }
}

/// The fields that these bits of a byte belong to. `whole` is its name when it is about all of them.
fn some_of(bits: u8, whole: &str, fields: &[(u8, &str)]) -> String {
    let touched = fields.iter().filter(|(mask, _)| bits & mask != 0);
    let names: Vec<&str> = touched.map(|(_, name)| *name).collect();
    if bits == 0xff || names.is_empty() { whole.to_owned() } else { names.join(" and ") }
}

#[cfg(test)]
mod tests {
    use super::name;
    use crate::client::{SWITCHING, frame, from_server};

    #[test]
    fn each_field_of_a_frame_has_its_name() {
        let stream = [
            from_server(0x81, "Hello"),
            from_server(0x82, [7; 200]),
            from_server(0x82, vec![7; 70_000]),
            frame(0x81, "ab"),
            from_server(0x88, [3, 0xe8, b'b', b'y', b'e']),
        ];
        let begins: Vec<usize> = (0..5).map(|no| stream[..no].concat().len()).collect();
        for (frame, at, bits, expected) in [
            (0, 0, 0x80, "frame 1: FIN"),
            (0, 0, 0x40, "frame 1: RSV1"),
            (0, 0, 0x03, "frame 1: opcode"),
            (0, 0, 0xa8, "frame 1: FIN and RSV2 and opcode"),
            (0, 0, 0xff, "frame 1: first byte"),
            (0, 1, 0x80, "frame 1: MASK"),
            (0, 1, 0x01, "frame 1: payload length"),
            (0, 1, 0xff, "frame 1: second byte"),
            (0, 2, 0xff, "frame 1: payload byte 1"),
            (0, 6, 0x01, "frame 1: payload byte 5"),
            (1, 1, 0x02, "frame 2: payload length"),
            (1, 2, 0x01, "frame 2: extended payload length, byte 1 of 2"),
            (1, 3, 0x01, "frame 2: extended payload length, byte 2 of 2"),
            (1, 4, 0x01, "frame 2: payload byte 1"),
            (2, 2, 0x01, "frame 3: extended payload length, byte 1 of 8"),
            (2, 9, 0x01, "frame 3: extended payload length, byte 8 of 8"),
            (2, 10, 0x01, "frame 3: payload byte 1"),
            (2, 70_009, 0x01, "frame 3: payload byte 70000"),
            (3, 2, 0x01, "frame 4: masking key, byte 1 of 4"),
            (3, 5, 0x01, "frame 4: masking key, byte 4 of 4"),
            (3, 6, 0x01, "frame 4: payload byte 1"),
            (4, 0, 0x07, "frame 5: opcode"),
            (4, 2, 0x01, "frame 5: close code, byte 1 of 2"),
            (4, 3, 0x01, "frame 5: close code, byte 2 of 2"),
            (4, 4, 0x01, "frame 5: close reason, byte 1"),
        ] {
            assert_eq!(name(&stream.concat(), begins[frame] + at, bits), expected);
        }
    }

    #[test]
    fn frame_that_breaks_off_has_names_as_far_as_it_goes() {
        for (stream, expected) in [
            (&[0x81][..], "frame 1: first byte"),
            (&[0x81, 0x05], "frame 1: second byte"),
            (&[0x81, 126, 1], "frame 1: extended payload length, byte 1 of 2"),
            (&[0x81, 5, b'H'], "frame 1: payload byte 1"),
            // A length that no memory has.
            (&[0x81, 127, 255, 255, 255, 255, 255, 255, 255, 255, 1], "frame 1: payload byte 1"),
        ] {
            assert_eq!(name(stream, stream.len() - 1, 0xff), expected);
        }
    }

    #[test]
    fn each_line_of_an_answer_has_its_name_and_frames_follow_a_101() {
        let stream = [SWITCHING.as_bytes(), &from_server(0x81, "Hello")].concat();
        let find = |part: &str| SWITCHING.find(part).unwrap();
        for (at, expected) in [
            (0, "answer 1: status line"),
            (find("\r\nUpgrade"), "answer 1: status line"),
            (find("Upgrade"), "answer 1: header field Upgrade"),
            (find("websocket"), "answer 1: header field Upgrade"),
            (find("s3pP"), "answer 1: header field Sec-WebSocket-Accept"),
            (find("\r\n\r\n") + 2, "answer 1: end of the header fields"),
            (SWITCHING.len(), "frame 1: opcode"),
            (SWITCHING.len() + 2, "frame 1: payload byte 1"),
        ] {
            assert_eq!(name(&stream, at, 0x01), expected, "at {at}");
        }
    }

    #[test]
    fn answers_are_counted_with_and_without_a_body() {
        let first = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n";
        let head_only = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
        let endless = "HTTP/1.1 200 OK\r\n\r\n";
        let stream = [first, "abc", head_only, endless, "to the end"].concat();
        let second = first.len() + 3;
        let third = second + head_only.len();
        for (at, expected) in [
            (first.len() - 1, "answer 1: end of the header fields"),
            (first.len(), "answer 1: body byte 1"),
            (second - 1, "answer 1: body byte 3"),
            (second, "answer 2: status line"),
            (third, "answer 3: status line"),
            (third + endless.len(), "answer 3: body byte 1"),
            (stream.len() - 1, "answer 3: body byte 10"),
        ] {
            assert_eq!(name(stream.as_bytes(), at, 0x01), expected, "at {at}");
        }
    }

    #[test]
    fn answer_that_breaks_off_has_names_as_far_as_it_goes() {
        for (stream, expected) in [
            ("H", "answer 1: status line"),
            ("HTTP/1.1 2", "answer 1: status line"),
            ("HTTP/1.1 200 OK\r\nDate: T", "answer 1: header field Date"),
        ] {
            assert_eq!(name(stream.as_bytes(), stream.len() - 1, 0xff), expected);
        }
    }
}
