//! HTTP answers, taken apart by a reader of the tests' own (RFC 9112 §4, §6).

/// One answer of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Status line and header fields, without the empty line.
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("a text")
    }

    pub fn field(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1);
        lines.find_map(|line| {
            let (field, value) = line.split_once(": ")?;
            field.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    /// This line is one of its head.
    pub fn has(&self, field_line: &str) -> bool {
        self.head.lines().skip(1).any(|line| line == field_line)
    }

    /// The connection ends behind this answer (RFC 9112 §9.6).
    pub fn closes(&self) -> bool {
        self.field("Connection").is_some_and(|value| value.split(", ").any(|option| option == "close"))
    }
}

/// The first answer in `bytes`, which are shortened; `None` when it is not whole. `to_head`: it answers a HEAD.
pub fn try_take(bytes: &mut &[u8], to_head: bool) -> Option<Answer> {
    let head_len = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8(bytes[..head_len].to_vec()).expect("a head is ASCII");
    let status_line = head.lines().next().expect("a status line");
    let code = status_line.strip_prefix("HTTP/1.1 ").expect(status_line);
    let mut answer = Answer { status: code[..3].parse().expect(status_line), head, body: Vec::new() };
    let lines = answer.head.lines();
    let lens = lines.filter(|line| line.starts_with("Content-Length:"));
    assert!(lens.count() <= 1, "{}", answer.head);
    let len = match answer.field("Content-Length") {
        Some(len) if !to_head && ![101, 204, 304].contains(&answer.status) => len.parse().expect("digits"),
        _ => 0,
    };
    let rest = &bytes[head_len + 4..];
    answer.body = rest.get(..len)?.to_vec();
    *bytes = &rest[len..];
    Some(answer)
}

/// The same where the answer must be whole.
pub fn take(bytes: &mut &[u8], to_head: bool) -> Answer {
    let answer = try_take(bytes, to_head);
    answer.unwrap_or_else(|| panic!("cut short: {:?}", String::from_utf8_lossy(bytes)))
}

/// All answers in `bytes`, none of them to a HEAD.
pub fn all(mut bytes: &[u8]) -> Vec<Answer> {
    let mut answers = Vec::new();
    while !bytes.is_empty() {
        answers.push(take(&mut bytes, false));
    }
    answers
}

/// The only answer in `bytes`.
pub fn only(bytes: &[u8]) -> Answer {
    let mut answers = all(bytes);
    assert_eq!(answers.len(), 1, "{:?}", String::from_utf8_lossy(bytes));
    answers.remove(0)
}

pub fn statuses(bytes: &[u8]) -> Vec<u16> {
    all(bytes).iter().map(|answer| answer.status).collect()
}

/// A request without a body.
pub fn request(method: &str, path: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

pub fn get(path: &str) -> String {
    request("GET", path)
}
