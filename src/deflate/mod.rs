//! permessage-deflate, the compression of messages (RFC 7692). It implements the port [`Extension`].
//!
//! Before this: `ws/extension.rs`. Inside: `negotiate` judges offers, `inflate` and `stream` make messages of what
//! arrives, `compress` does the reverse. DEFLATE itself (RFC 1951) is a library's.
//!
//! A message is compressed as a whole, and its frames are cut from the result (§6). RSV1 on the first of them
//! says that it is.
//!
//! **Context takeover** means that a message may refer back to the messages before it, as far as the
//! window reaches. A library keeps a state of 50 to 380 KB for that, per direction and connection. We agree
//! to do without, unless `--deflate takeover` says otherwise: then one inflater and one compressor
//! serve all connections, and a broadcast compressed once fits every receiver. With takeover both are
//! still shared: between two messages all that matters of a state is its *history*, the last bytes that
//! went through. The connection keeps them ([`History`]), and the shared state gets them as a dictionary.

mod compress;
mod inflate;
mod negotiate;
mod stream;
mod window;

use crate::config::{Config, Deflate};
use crate::http::head::Head;
use crate::ws::extension::{Agreed, Decoder, Extension, History};
use compress::Compressor;
use inflate::Inflater;

/// Compression as this server is told to do it. `None`: it is switched off.
pub fn extension(config: &Config) -> Option<Box<dyn Extension>> {
    let takeover = match config.deflate {
        Deflate::Off => return None,
        Deflate::On => false,
        Deflate::Takeover => true,
    };
    Some(Box::new(PermessageDeflate {
        takeover,
        level: config.deflate_level,
        inflater: Inflater::default(),
        compressor: Compressor::default(),
    }))
}

/// Inflates and compresses for all connections.
struct PermessageDeflate {
    takeover: bool,
    /// How hard the compressor tries, 1 to 9.
    level: usize,
    inflater: Inflater,
    compressor: Compressor,
}

impl Extension for PermessageDeflate {
    fn agree(&self, head: &Head<'_>) -> Option<(Agreed, String)> {
        negotiate::agree(head, self.takeover)
    }

    fn begin(&mut self, is_whole: bool) -> Box<dyn Decoder> {
        self.inflater.begin(is_whole)
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
        let compressed = self
            .compressor
            .compress(bits, self.level, before, parts, out);
        let is_worth_it = compressed.is_some();
        match history {
            Some(history) if is_worth_it => {
                for part in parts {
                    window::note(&mut history.sent, part, 1 << bits);
                }
            }
            _ => {}
        }
        is_worth_it
    }

    fn take_work(&mut self) -> usize {
        self.inflater.take_work()
    }
}
