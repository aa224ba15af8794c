//! The sans-I/O side of `websockets`, in a Python process of its own: `peer.py`.

use crate::outcome::{End, Event, Outcome};
use crate::peers::Peer;
use std::io::{self, ErrorKind, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// `peer.py` in a Python that has `websockets`.
pub struct Python {
    child: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
}

impl Python {
    /// # Errors
    /// It cannot be started.
    pub fn start(python: &str) -> io::Result<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/differential/peer.py");
        let mut child =
            Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        Ok(Self {
            child,
            stdin: stdin.ok_or(ErrorKind::BrokenPipe)?,
            stdout: stdout.ok_or(ErrorKind::BrokenPipe)?,
        })
    }

    fn ask(&mut self, stream: &[u8], max_message_bytes: u64) -> io::Result<Outcome> {
        let mut question = max_message_bytes.to_be_bytes().to_vec();
        question.extend((stream.len() as u32).to_be_bytes());
        question.extend(stream);
        self.stdin.write_all(&question)?;
        let mut events = Vec::new();
        loop {
            let mut head = [0; 5];
            self.stdout.read_exact(&mut head)?;
            let [kind, number @ ..] = head;
            let number = u32::from_be_bytes(number);
            let code = number as u16;
            let end = match kind {
                b'W' => End::Waiting,
                b'C' => End::Closed((code != 0).then_some(code)),
                b'F' => End::Failed(code),
                _ => {
                    let mut payload = vec![0; number as usize];
                    self.stdout.read_exact(&mut payload)?;
                    events.push(match kind {
                        b't' => Event::Text(payload),
                        b'b' => Event::Binary(payload),
                        b'i' => Event::Ping(payload),
                        b'o' => Event::Pong,
                        _ => return Err(ErrorKind::InvalidData.into()),
                    });
                    continue;
                }
            };
            return Ok(Outcome { events, end });
        }
    }
}

impl Peer for Python {
    fn name(&self) -> &'static str {
        "websockets"
    }

    fn outcome(&mut self, stream: &[u8], max_message_bytes: u64) -> Outcome {
        self.ask(stream, max_message_bytes).unwrap_or_else(|error| panic!("the Python process: {error}"))
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
