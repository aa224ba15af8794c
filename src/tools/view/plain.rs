//! Connections that are watched talk without compression, unless they ask for it: their bytes are to be read.

use super::id::Id;
use crate::http::head::Head;
use crate::ws::extension::{Agreed, Decoder, Extension, History};

/// An extension that is not offered to connections with `?wire=ID`, unless `deflate=on` stands beside it.
pub struct Plain(pub Box<dyn Extension>);

impl Extension for Plain {
    fn agree(&self, head: &Head<'_>) -> Option<(Agreed, String)> {
        let wants_it = head.query.is_some_and(|query| query.split('&').any(|part| part == "deflate=on"));
        let is_watched = Id::of(head.query, "wire").is_some();
        if is_watched && !wants_it { None } else { self.0.agree(head) }
    }

    fn begin(&mut self, is_whole: bool) -> Box<dyn Decoder> {
        self.0.begin(is_whole)
    }

    fn encode(
        &mut self,
        agreed: Agreed,
        history: Option<&mut History>,
        parts: &[&[u8]],
        out: &mut Vec<u8>,
    ) -> bool {
        self.0.encode(agreed, history, parts, out)
    }

    fn take_work(&mut self) -> usize {
        self.0.take_work()
    }
}
