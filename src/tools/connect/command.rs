//! What a typed line asks for: a text to send, or a command that begins with a slash.

use crate::tools::notation;

/// What a line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// To send this text.
    Text(String),
    /// To send these bytes as a binary message.
    Binary(Vec<u8>),
    /// To send a Ping with this text.
    Ping(String),
    /// To send a Pong that nobody has asked for.
    Pong(String),
    /// To send a Close with this code and reason.
    Close(Option<u16>, String),
    /// To send exactly these bytes.
    Raw(Vec<u8>),
    /// To send a text in these fragments.
    Fragments(Vec<String>),
    /// To send a text as one frame, cut after so many bytes.
    Cut(usize, String),
    /// To mask what follows with this key. `None`: with a new random one for each frame.
    Mask(Option<[u8; 4]>),
    /// To answer Pings or not.
    AnswerPings(bool),
    /// To answer the server's Close or not.
    AnswerClose(bool),
    /// To show the last frame of the server in full.
    Explain,
    /// To list the commands.
    Help,
    /// To say goodbye.
    Quit,
}

/// The list of commands.
pub const HELP: &str = "\
TEXT                  send it as a text message
//TEXT                the same for a text that begins with a slash
/ping TEXT            send a Ping
/pong TEXT            send a Pong that nobody has asked for
/close [CODE [REASON]]  send a Close
/bin HEX              send a binary message: /bin 00 ff \"text\" 2a*126
/raw HEX              exactly these bytes, no frame around them
/frag TEXT | TEXT     a text in fragments, cut at the bars
/cut 3 TEXT           one frame, cut after 3 bytes, 200 ms between
/mask HEX|random      the key of the following frames (00000000: readable)
/pong off|on          whether Pings are answered
/closing off|on       whether the server's Close is answered
/explain              the last frame of the server, in full
/quit                 say goodbye (end of input does it, too)";

/// Most bytes of payload in a Ping, Pong or Close (RFC 6455 §5.5).
const CONTROL_BYTES: usize = 125;

impl Command {
    /// Reads a line without its end.
    ///
    /// # Errors
    /// What is wrong with it, and the way out.
    pub fn read(line: &str) -> Result<Self, String> {
        let Some(rest) = line.strip_prefix('/') else { return Ok(Self::Text(line.to_owned())) };
        if rest.starts_with('/') {
            return Ok(Self::Text(rest.to_owned()));
        }
        let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let word = rest.trim();
        let hex = |usage: &str| notation::bytes(rest).map_err(|why| format!("/{name}: {why}; {usage}"));
        Ok(match name {
            "ping" => Self::Ping(control(name, rest)?),
            "pong" if matches!(word, "on" | "off") => Self::AnswerPings(word == "on"),
            "pong" => Self::Pong(control(name, rest)?),
            "close" => close(rest)?,
            "bin" => Self::Binary(hex("give pairs of hex digits, as in /bin 00 ff")?),
            "raw" => match hex("give pairs of hex digits, as in /raw 81 80 00 00 00 00")? {
                bytes if bytes.is_empty() => {
                    return Err("/raw needs bytes, as in /raw 81 80 00 00 00 00".into());
                }
                bytes => Self::Raw(bytes),
            },
            "frag" => fragments(rest)?,
            "cut" => cut(rest)?,
            "mask" if word == "random" => Self::Mask(None),
            "mask" => match notation::bytes(word).ok().and_then(|key| key.try_into().ok()) {
                Some(key) => Self::Mask(Some(key)),
                None => {
                    return Err("/mask needs four bytes or random, as in /mask 37fa213d".into());
                }
            },
            "closing" if matches!(word, "on" | "off") => Self::AnswerClose(word == "on"),
            "closing" => return Err("/closing needs on or off".into()),
            "explain" => Self::Explain,
            "help" => Self::Help,
            "quit" => Self::Quit,
            _ => {
                return Err(format!(
                    "/{} is no command: /help lists them, and // sends a text that begins with a slash",
                    name.escape_debug()
                ));
            }
        })
    }
}

fn control(name: &str, text: &str) -> Result<String, String> {
    match text.len() {
        0..=CONTROL_BYTES => Ok(text.to_owned()),
        len => Err(format!(
            "/{name}: {len} bytes are too many: a control frame carries at most {CONTROL_BYTES} (/raw sends anything)"
        )),
    }
}

fn close(rest: &str) -> Result<Command, String> {
    let (code, reason) = rest.trim_start().split_once(' ').unwrap_or((rest.trim(), ""));
    if code.is_empty() {
        return Ok(Command::Close(None, String::new()));
    }
    let Ok(code) = code.parse::<u16>() else {
        return Err("/close: the code is a number up to 65535, as in /close 1000 bye".into());
    };
    if reason.len() > CONTROL_BYTES - 2 {
        return Err(format!(
            "/close: the reason has {} bytes: at most {} fit (/raw sends anything)",
            reason.len(),
            CONTROL_BYTES - 2
        ));
    }
    Ok(Command::Close(Some(code), reason.to_owned()))
}

fn fragments(rest: &str) -> Result<Command, String> {
    if !rest.contains('|') {
        return Err("/frag needs a bar where the text is to be cut, as in /frag Hel | lo".into());
    }
    // One space beside a bar is there for the eye.
    let last = rest.split('|').count() - 1;
    let parts = rest.split('|').enumerate().map(|(index, part)| {
        let part = if index > 0 { part.strip_prefix(' ').unwrap_or(part) } else { part };
        let part = if index < last { part.strip_suffix(' ').unwrap_or(part) } else { part };
        part.to_owned()
    });
    Ok(Command::Fragments(parts.collect()))
}

fn cut(rest: &str) -> Result<Command, String> {
    let (number, text) = rest.split_once(' ').unwrap_or((rest, ""));
    match number.parse() {
        Ok(number) => Ok(Command::Cut(number, text.to_owned())),
        Err(_) => Err("/cut needs a number of bytes and a text, as in /cut 3 Hello".into()),
    }
}
