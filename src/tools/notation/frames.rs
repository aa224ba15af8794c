//! Frames by their meaning: `text "Hello" key=37fa213d`.

use super::line::{Item, Key, Macro, known_bytes};
use super::print::items_of;
use crate::ws::frame::Sender;
use crate::ws::raw::{LengthForm, RawFrame};
use std::fmt;

/// The key of a frame that names none: that of the examples in RFC 6455 §5.7.
const USUAL_KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// What may be written after the name of a frame.
const OPTIONS: &str = "key=37fa213d, nomask, len=16, len=64, says=N, op=0..15, fin=0..1 and rsv=0..7";
/// Characters of the bytes that a complaint shows.
const SHOWN: usize = 200;

/// The names of frames, with their opcode and whether they end their message.
const NAMES: [(&str, u8, bool); 10] = [
    ("text", 1, true),
    ("binary", 2, true),
    ("close", 8, true),
    ("ping", 9, true),
    ("pong", 10, true),
    ("first-text", 1, false),
    ("first-binary", 2, false),
    ("middle", 0, false),
    ("last", 0, true),
    ("frame", 0, true),
];

/// Whether a line begins with the name of a frame.
#[must_use]
pub fn is_frame(line: &str) -> bool {
    let name = line.split_whitespace().next().unwrap_or_default();
    NAMES.iter().any(|(known, ..)| *known == name)
}

impl Macro {
    /// The names with which a frame begins.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, ..)| *name)
    }

    /// The frame of this name, with what was written after it.
    ///
    /// # Errors
    /// A word that is no option, or a length form that cannot hold the length.
    pub(super) fn new(name: &str, from: Sender, words: Words<'_>) -> Result<Self, String> {
        let known = NAMES.iter().find(|(known, ..)| *known == name);
        let &(name, opcode, fin) = known.ok_or_else(|| format!("{name:?} is no frame"))?;
        let mut frame = RawFrame { fin, ..RawFrame::whole(opcode, None) };
        let mut key = Key::Usual;
        for option in words.options {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let wrong = || format!("{option:?} is no option of a frame: {OPTIONS} are");
            let number =
                |most: u64| value.parse::<u64>().ok().filter(|number| *number <= most).ok_or_else(wrong);
            match name {
                "key" => key = Key::This(hex_key(value).ok_or_else(wrong)?),
                "nomask" if value.is_empty() => key = Key::None,
                "len" if value == "16" => frame.form = LengthForm::Bits16,
                "len" if value == "64" => frame.form = LengthForm::Bits64,
                "says" => frame.says = Some(number(u64::MAX)?),
                "op" => frame.opcode = u8::try_from(number(15)?).map_err(|_| wrong())?,
                "fin" => frame.fin = number(1)? == 1,
                "rsv" => frame.rsv = u8::try_from(number(7)?).map_err(|_| wrong())?,
                _ => return Err(wrong()),
            }
        }
        let Words { code, payload, .. } = words;
        let made = Self { name, from, frame, key, code, payload, spelled: None };
        let says = frame.says.unwrap_or(made.payload_len());
        if frame.form == LengthForm::Bits16 && says > 0xFFFF {
            return Err(format!("len=16 holds 65535 at most, not {says}"));
        }
        Ok(made)
    }

    /// Adds the bytes that are written after `=`.
    ///
    /// # Errors
    /// They are not those of the frame.
    pub(super) fn spell(&mut self, spelled: Vec<Item>) -> Result<(), String> {
        let (said, bytes) = (known_bytes(&spelled).unwrap_or_default(), self.bytes());
        if said != bytes {
            let at = said.iter().zip(&bytes).take_while(|(one, other)| one == other).count();
            let is = said.get(at).map_or("missing".to_owned(), |byte| format!("{byte:02x}"));
            let has = match bytes.get(at) {
                Some(byte) => format!("{byte:02x} there"),
                None => format!("only {}", bytes.len()),
            };
            let whole = shortened(&bytes);
            return Err(format!("byte {} after = is {is}, and the frame has {has}: {whole}", at + 1));
        }
        self.spelled = Some(spelled);
        Ok(())
    }

    fn raw(&self) -> RawFrame {
        let key = match (self.key, self.from) {
            (Key::Usual, Sender::Client) => Some(USUAL_KEY),
            (Key::This(key), _) => Some(key),
            _ => None,
        };
        RawFrame { key, ..self.frame }
    }

    fn payload_len(&self) -> u64 {
        let code = if self.code.is_some() { 2 } else { 0 };
        self.payload.iter().fold(code, |sum, item| sum.saturating_add(item.len()))
    }

    /// How many bytes the frame has.
    pub(super) fn len(&self) -> u64 {
        let len = self.payload_len();
        let mut header = Vec::new();
        RawFrame { says: Some(self.frame.says.unwrap_or(len)), ..self.raw() }.write(&mut header, &[]);
        len.saturating_add(header.len() as u64)
    }

    /// The bytes of the frame.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut payload = self.code.map(|code| code.to_be_bytes().to_vec()).unwrap_or_default();
        payload.extend(known_bytes(&self.payload).unwrap_or_default());
        let mut out = Vec::new();
        self.raw().write(&mut out, &payload);
        out
    }
}

/// What stands between the name of a frame and the end of it.
#[derive(Debug, Default)]
pub(super) struct Words<'a> {
    pub(super) options: Vec<&'a str>,
    /// The code of a Close.
    pub(super) code: Option<u16>,
    pub(super) payload: Vec<Item>,
}

fn hex_key(text: &str) -> Option<[u8; 4]> {
    let is_hex = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u32::from_str_radix(text, 16).ok())?.map(u32::to_be_bytes)
}

fn shortened(bytes: &[u8]) -> String {
    let items: Vec<String> = items_of(bytes).iter().map(Item::to_string).collect();
    let mut text = items.join(" ");
    if text.len() > SHOWN {
        text.truncate(SHOWN);
        text.push_str("...");
    }
    text
}

impl fmt::Display for Macro {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RawFrame { fin, rsv, opcode, form, says, .. } = self.frame;
        f.write_str(self.name)?;
        let usual = NAMES.iter().find(|(name, ..)| *name == self.name);
        let &(_, usual_opcode, usual_fin) = usual.ok_or(fmt::Error)?;
        if opcode != usual_opcode {
            write!(f, " op={opcode}")?;
        }
        if fin != usual_fin {
            write!(f, " fin={}", u8::from(fin))?;
        }
        if rsv != 0 {
            write!(f, " rsv={rsv}")?;
        }
        if let Some(code) = self.code {
            write!(f, " {code}")?;
        }
        for item in &self.payload {
            write!(f, " {item}")?;
        }
        match self.key {
            Key::Usual => {}
            Key::None => f.write_str(" nomask")?,
            Key::This(key) => write!(f, " key={:08x}", u32::from_be_bytes(key))?,
        }
        match form {
            LengthForm::Shortest => {}
            LengthForm::Bits16 => f.write_str(" len=16")?,
            LengthForm::Bits64 => f.write_str(" len=64")?,
        }
        if let Some(says) = says {
            write!(f, " says={says}")?;
        }
        if let Some(spelled) = &self.spelled {
            f.write_str(" =")?;
            for item in spelled {
                write!(f, " {item}")?;
            }
        }
        Ok(())
    }
}
