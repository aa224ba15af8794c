//! The answer to the opening handshake, as far as it is told: what was agreed, or why not.

use super::show::escaped;
use crate::http::answer;

/// Bytes of the body of a refusal that are kept.
const BODY_BYTES: usize = 4 << 10;

/// What an answer says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// The status.
    pub status: u16,
    /// Status and phrase.
    pub words: String,
    /// The subprotocol that was chosen.
    pub protocol: Option<String>,
    /// Where it sends us.
    location: Option<String>,
    len: Option<usize>,
    is_chunked: bool,
    body: Vec<u8>,
}

impl Told {
    /// Reads a complete head. `None`: it is none.
    #[must_use]
    pub fn read(head: &[u8]) -> Option<Self> {
        let told = answer::read(head, |answer| {
            let fields = answer.fields;
            let text = |name| fields.text(name).map(|value| escaped(value.as_bytes()));
            let words = format!("{} {}", answer.status, escaped(answer.phrase.as_bytes()));
            Self {
                status: answer.status,
                words: words.trim_end().to_owned(),
                protocol: text("sec-websocket-protocol"),
                location: text("location"),
                len: fields.text("content-length").and_then(|len| len.parse().ok()),
                is_chunked: fields.has_token("transfer-encoding", "chunked"),
                body: Vec::new(),
            }
        });
        told.ok()
    }

    /// Takes bytes of the body.
    pub fn push(&mut self, bytes: &[u8]) {
        let room = BODY_BYTES.saturating_sub(self.body.len());
        self.body.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    /// Whether enough of the body is there to tell its first line.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        let lines = self.body.iter().filter(|byte| **byte == b'\n').count();
        let is_whole = self.len.is_some_and(|len| self.body.len() >= len);
        is_whole || lines > usize::from(self.is_chunked) || self.body.len() >= BODY_BYTES
    }

    /// What the refusal says: status, first line of the body, and the way out that it names.
    #[must_use]
    pub fn refusal(&self) -> String {
        let mut lines = self.body.split(|byte| *byte == b'\n').skip(usize::from(self.is_chunked));
        let line = lines.find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
        let said = String::from_utf8_lossy(line.trim_ascii());
        let said: String = said.chars().take(200).collect();
        let said = if said.is_empty() { said } else { format!(": {}", escaped(said.as_bytes())) };
        let way = match &self.location {
            Some(place) => format!(" (it names another place: {place})"),
            None => String::new(),
        };
        format!("the handshake was refused: {}{said}{way}", self.words)
    }
}
