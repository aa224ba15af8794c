//! A message that has begun: its text is checked, and a compressed one is inflated.

use crate::tools::kept::{Keep, Kept};
use crate::ws::close::Violation;
use crate::ws::extension::Decoder;
use crate::ws::utf8::Check;

/// A message that has begun.
pub(super) struct Message {
    pub(super) opcode: u8,
    pub(super) fragments: u32,
    /// Bytes of payload, as they are on the wire.
    pub(super) received: u64,
    /// Bytes, inflated.
    pub(super) inflated: u64,
    pub(super) check: Check,
    pub(super) decoder: Option<Box<dyn Decoder>>,
    /// A rule was broken in it, or some of its bytes are not known: the rest is not judged.
    pub(super) is_lost: bool,
}

impl Message {
    /// Judges bytes of its payload. Returns the rule that they break, and which of them proves it.
    pub(super) fn judge(
        &mut self,
        clear: &[u8],
        is_end: bool,
        most: u64,
        inflated: Option<(&mut Kept, Keep)>,
        history: &[u8],
    ) -> Option<(Violation, usize)> {
        let last = clear.len().saturating_sub(1);
        let at_end = |judged: Result<(), Violation>| judged.err().map(|violation| (violation, last));
        if self.decoder.is_some() {
            let mut kept = inflated;
            for (at, byte) in clear.iter().enumerate() {
                let is_end = is_end && at == last;
                if let Err(violation) = self.inflate(&[*byte], is_end, most, &mut kept, history) {
                    return Some((violation, at));
                }
            }
            if clear.is_empty()
                && let Err(violation) = self.inflate(&[], is_end, most, &mut kept, history)
            {
                return Some((violation, 0));
            }
        } else if self.opcode == 1 {
            let before = self.check;
            if self.check.push(clear).is_err() {
                self.check = before;
                let wrong = clear.iter().position(|byte| self.check.push(&[*byte]).is_err());
                return Some((Violation::NotUtf8, wrong.unwrap_or(last)));
            }
        }
        if is_end && self.opcode == 1 { at_end(self.check.finish()) } else { None }
    }

    /// Inflates bytes of a compressed message, and judges what comes out: its size, its text.
    fn inflate(
        &mut self,
        mut input: &[u8],
        is_end: bool,
        most: u64,
        kept: &mut Option<(&mut Kept, Keep)>,
        history: &[u8],
    ) -> Result<(), Violation> {
        let Some(decoder) = &mut self.decoder else { return Ok(()) };
        loop {
            let decoded = decoder.decode(&mut input, is_end, history);
            let chunk = decoder.chunk();
            let room = usize::try_from(most.saturating_sub(self.inflated)).unwrap_or(usize::MAX);
            let (fits, over) = chunk.split_at(chunk.len().min(room));
            if let Some((kept, keep)) = kept {
                kept.push(fits, *keep);
            }
            self.inflated += fits.len() as u64;
            if self.opcode == 1 {
                self.check.push(fits)?;
            }
            if !over.is_empty() {
                return Err(Violation::MessageTooBig);
            }
            if decoded? {
                return Ok(());
            }
        }
    }
}
