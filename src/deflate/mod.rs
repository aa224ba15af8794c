//! permessage-deflate, the compression of messages (RFC 7692). It implements the port [`Extension`].
//!
//! Before this: `guard`, and `ws/extension.rs`. After this: `files`. All of it may be skipped on first reading.
//! `negotiate` judges offers, `inflate` and `stream` decode messages, `compress` encodes them. A library does
//! DEFLATE itself (RFC 1951).
//!
//! A message is compressed as a whole, and the result is cut into frames (§6). RSV1 on the first frame marks it.
//!
//! **Context takeover** means that a message may refer back to the messages before it, as far as the
//! window reaches. A library keeps a state of 50 to 380 KB for that, per direction and connection. By default the
//! server agrees to no takeover: so one inflater and one compressor serve all connections, and a broadcast is
//! compressed once for all. With `--deflate takeover` both are still shared, because between two messages only the
//! *history* matters, the last bytes of the messages. The connection keeps it ([`History`]), and the
//! shared state gets it as a dictionary.

mod compress;
mod inflate;
mod negotiate;
mod stream;
mod window;

use crate::config::{Config, Deflate};
#[cfg(feature = "tools")]
use crate::http::head::Fields;
use crate::http::head::Head;
use crate::ws::extension::{Agreed, Decoder, Extension, History};
use compress::Compressor;
use inflate::{Inflater, Inflating};
use std::rc::Rc;

/// The extension that the configuration asks for. `None`: compression is off.
pub fn extension(config: &Config) -> Option<Box<dyn Extension>> {
    let takeover = match config.deflate {
        Deflate::Off => return None,
        Deflate::On => false,
        Deflate::Takeover => true,
    };
    let compressor = Compressor::new(config.deflate_level);
    Some(Box::new(PermessageDeflate { takeover, inflater: Rc::default(), compressor }))
}

/// What a server's answer has agreed to (§7.1).
///
/// `None`: it names another extension, or says what no answer may say.
#[cfg(feature = "tools")]
pub fn agreed(answer: Fields<'_>) -> Option<Agreed> {
    negotiate::agreed(answer)
}

/// Inflates and compresses for all connections.
struct PermessageDeflate {
    takeover: bool,
    inflater: Rc<Inflater>,
    compressor: Compressor,
}

impl Extension for PermessageDeflate {
    fn agree(&self, head: &Head<'_>) -> Option<(Agreed, String)> {
        negotiate::agree(head, self.takeover)
    }

    fn begin(&mut self, is_whole: bool) -> Box<dyn Decoder> {
        Box::new(Inflating::new(&self.inflater, is_whole))
    }

    fn encode(
        &mut self,
        agreed: Agreed,
        history: Option<&mut History>,
        parts: &[&[u8]],
        out: &mut Vec<u8>,
    ) -> bool {
        let bits = agreed.sent.window_bits;
        let before = history.as_ref().map_or(&[][..], |history| &history.sent);
        let is_shorter = self.compressor.compress(bits, before, parts, out).is_some();
        if is_shorter && let Some(history) = history {
            parts.iter().for_each(|part| window::note(&mut history.sent, part, 1 << bits));
        }
        is_shorter
    }

    fn take_work(&mut self) -> usize {
        self.inflater.worked.take()
    }
}
