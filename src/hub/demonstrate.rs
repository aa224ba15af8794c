//! Frames that no application needs: a message in fragments, and a frame that breaks a rule.
//!
//! The wire view has them sent, for people who want to see what becomes of them.

use super::ctx::Ctx;
use super::ids::ConnId;
use crate::ws::frame::Opcode;
use crate::ws::raw::RawFrame;

impl Ctx<'_> {
    /// Sends a text in fragments: a frame for each part (RFC 6455 §5.4).
    pub fn send_in_fragments(&mut self, id: ConnId, parts: &[&str]) {
        for (index, part) in parts.iter().enumerate() {
            let opcode = if index == 0 { Opcode::Text } else { Opcode::Continuation };
            let fin = index + 1 == parts.len();
            self.queue_frame(id, &RawFrame { fin, ..RawFrame::whole(opcode as u8, None) }, part);
        }
    }

    /// Sends a text in a masked frame. A server must not do that, so the client fails the connection (RFC 6455 §5.1).
    pub fn send_masked(&mut self, id: ConnId, text: &str) {
        let mut key = [0; 4];
        self.random(&mut key);
        self.queue_frame(id, &RawFrame::whole(Opcode::Text as u8, Some(key)), text);
    }

    fn queue_frame(&mut self, id: ConnId, frame: &RawFrame, payload: &str) {
        if self.core.table.get(id).is_some_and(|conn| conn.open) {
            let start = self.core.turn.arena.len();
            frame.write(&mut self.core.turn.arena, payload.as_bytes());
            let span = self.core.turn.span_since(start);
            self.core.queue(id, span);
        }
    }
}
