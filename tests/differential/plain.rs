//! A stream read the plain way: all of it at hand, one frame after the other, and of the first frame
//! that breaks a rule, every rule that it breaks.
//!
//! This is the witness: a divergence is only explained by what the bytes themselves show here.

use crate::streams::shortest;
use ws101::ws::close::Violation;

/// What can be wrong with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    ReservedBit,
    UnknownOpcode,
    Unmasked,
    FragmentedControl,
    ControlTooLong,
    NothingToContinue,
    Interleaved,
    TopBit,
    NotShortest,
    TooBig,
    TooManyFragments,
    NotUtf8,
    HalfCode,
    BadCode,
    ReasonNotUtf8,
}

impl Fault {
    pub fn code(self) -> u16 {
        match self {
            Self::NotUtf8 | Self::ReasonNotUtf8 => 1007,
            Self::TooManyFragments => 1008,
            Self::TooBig => 1009,
            _ => 1002,
        }
    }
}

/// A frame, or as much of it as there is.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Where it begins in the stream.
    pub start: usize,
    pub first: u8,
    pub masked: bool,
    /// Length of the header, and of the payload it announces; `None`: the length is not whole.
    pub header: Option<(usize, u64)>,
    /// All of it is there.
    pub whole: bool,
    /// What is there of the payload, unmasked.
    pub payload: Vec<u8>,
    /// What it breaks; only the last frame of a walk can have any.
    pub faults: Vec<Fault>,
    /// Messages, Pings and Pongs that ended before this frame.
    pub events_before: usize,
    /// Inside a message that began before: what it holds already.
    pub message_bytes: Option<u64>,
}

impl Frame {
    pub fn opcode(&self) -> u8 {
        self.first & 0x0f
    }

    pub fn is_control(&self) -> bool {
        self.first & 0x08 != 0
    }

    /// Where it ends, if the stream is long enough.
    pub fn end(&self) -> Option<u64> {
        let (header_len, announced) = self.header?;
        (self.start as u64 + header_len as u64).checked_add(announced)
    }

    pub fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    pub fn may_fail_with(&self, code: u16) -> bool {
        self.faults.iter().any(|fault| fault.code() == code)
    }
}

/// The message that has begun.
struct Message {
    is_text: bool,
    bytes: Vec<u8>,
    fragments: u32,
}

/// All frames up to the first that is wrong, not whole, or a Close.
pub fn walk(stream: &[u8], max_message_bytes: u64, max_fragments: u32) -> Vec<Frame> {
    let mut frames = Vec::new();
    let mut message: Option<Message> = None;
    let (mut at, mut events) = (0, 0);
    while at < stream.len() {
        let mut frame = parse(stream, at);
        frame.events_before = events;
        frame.message_bytes = message.as_ref().map(|message| message.bytes.len() as u64);
        frame.faults = faults(&frame, message.as_ref(), max_message_bytes, max_fragments);
        at += frame.header.map_or(0, |(len, _)| len) + frame.payload.len();
        let goes_on = frame.whole && frame.faults.is_empty() && frame.opcode() != 8;
        let (fin, opcode) = (frame.first & 0x80 != 0, frame.opcode());
        if goes_on && !frame.is_control() {
            let mut begun =
                message.take().unwrap_or(Message { is_text: opcode == 1, bytes: Vec::new(), fragments: 0 });
            begun.fragments += 1;
            begun.bytes.extend(&frame.payload);
            message = (!fin).then_some(begun);
        }
        events += usize::from(fin);
        frames.push(frame);
        if !goes_on {
            break;
        }
    }
    frames
}

/// ws101 fails exactly where the walk found a fault, and for one that it found. Of the others' leniency
/// only this can tell: what both let pass is no divergence.
///
/// # Errors
/// It does not.
pub fn agrees(frames: &[Frame], violation: Option<Violation>) -> Result<(), String> {
    let Some(last) = frames.last() else { return Ok(()) };
    match violation {
        None if last.faults.is_empty() => Ok(()),
        Some(violation) if last.may_fail_with(violation.close_code().0) => Ok(()),
        // Not enough of it for the walk, or enough to see one fault of several.
        Some(_) if !last.whole => Ok(()),
        _ => Err(format!("read the plain way, the frame at byte {}: {:?}", last.start, last.faults)),
    }
}

fn parse(stream: &[u8], start: usize) -> Frame {
    let bytes = &stream[start..];
    let second = bytes.get(1).copied().unwrap_or(0x80);
    let masked = second & 0x80 != 0;
    let extended = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let header_len = 2 + extended + if masked { 4 } else { 0 };
    let mut frame = Frame {
        start,
        first: bytes[0],
        masked,
        header: None,
        whole: false,
        payload: Vec::new(),
        faults: Vec::new(),
        events_before: 0,
        message_bytes: None,
    };
    if bytes.len() < 2 + extended {
        return frame;
    }
    let mut announced = 0;
    for byte in &bytes[2..2 + extended] {
        announced = announced << 8 | u64::from(*byte);
    }
    if extended == 0 {
        announced = u64::from(second & 0x7f);
    }
    frame.header = Some((header_len, announced));
    if bytes.len() < header_len {
        return frame;
    }
    let key = match masked {
        true => &bytes[header_len - 4..header_len],
        false => &[0; 4],
    };
    let payload = bytes[header_len..].iter().enumerate();
    frame.payload =
        payload.take_while(|(i, _)| (*i as u64) < announced).map(|(i, byte)| byte ^ key[i % 4]).collect();
    frame.whole = frame.payload.len() as u64 == announced;
    frame
}

/// Of a frame whose length is known; of another one nothing is said.
fn faults(
    frame: &Frame,
    message: Option<&Message>,
    max_message_bytes: u64,
    max_fragments: u32,
) -> Vec<Fault> {
    let Some((header_len, announced)) = frame.header else { return Vec::new() };
    let extended = header_len - 2 - if frame.masked { 4 } else { 0 };
    let (fin, opcode) = (frame.first & 0x80 != 0, frame.opcode());
    let held = message.map_or(0, |message| message.bytes.len() as u64);
    let fragments = message.map_or(0, |message| message.fragments);
    let is_data = !frame.is_control();
    let mut faults = Vec::new();
    let mut note = |is_so: bool, fault| {
        if is_so {
            faults.push(fault);
        }
    };
    note(frame.first & 0x70 != 0, Fault::ReservedBit);
    note(matches!(opcode, 3..=7 | 11..), Fault::UnknownOpcode);
    note(!frame.masked, Fault::Unmasked);
    note(!fin && !is_data, Fault::FragmentedControl);
    note(announced > 125 && !is_data, Fault::ControlTooLong);
    note(opcode == 0 && message.is_none(), Fault::NothingToContinue);
    note(is_data && opcode != 0 && message.is_some(), Fault::Interleaved);
    note(announced >> 63 == 1, Fault::TopBit);
    note(extended > shortest(announced), Fault::NotShortest);
    let over = announced > max_message_bytes.saturating_sub(held);
    note(is_data && over, Fault::TooBig);
    note(is_data && fragments >= max_fragments, Fault::TooManyFragments);
    if opcode == 8 {
        judge_close(frame, announced, &mut faults);
    } else if is_data && message.map_or(opcode == 1, |message| message.is_text) {
        let mut text = message.map_or_else(Vec::new, |message| message.bytes.clone());
        text.extend(&frame.payload);
        if !is_utf8(&text, fin && frame.whole) {
            faults.push(Fault::NotUtf8);
        }
    }
    faults
}

fn judge_close(frame: &Frame, announced: u64, faults: &mut Vec<Fault>) {
    if announced == 1 {
        faults.push(Fault::HalfCode);
    }
    let Some((code, reason)) = frame.payload.split_first_chunk() else { return };
    // RFC 6455 §7.4, and the registry for 1012 to 1014.
    let code = u16::from_be_bytes(*code);
    if !(1000..=4999).contains(&code) || matches!(code, 1004..=1006 | 1015..=2999) {
        faults.push(Fault::BadCode);
    }
    if !is_utf8(reason, frame.whole) {
        faults.push(Fault::ReasonNotUtf8);
    }
}

/// The text is UTF-8, or, unless it is complete, the beginning of some.
fn is_utf8(text: &[u8], complete: bool) -> bool {
    match std::str::from_utf8(text) {
        Ok(_) => true,
        Err(error) => !complete && error.error_len().is_none(),
    }
}
