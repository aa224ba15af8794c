//! What a panic said. A panic is a bug, of ours or of an application; it costs one connection, and
//! the operator has to hear of it, with the place where it happened.

use std::panic;
use std::sync::Mutex;

static LAST: Mutex<String> = Mutex::new(String::new());

/// Keeps what a panic says for [`take`], instead of printing it: stderr may be closed, and the
/// log has limits.
pub fn keep_messages() {
    panic::set_hook(Box::new(|panic| {
        if let Ok(mut last) = LAST.lock() {
            *last = panic.to_string();
        }
    }));
}

/// What the last panic said; empty when nothing was kept.
#[must_use]
pub fn take() -> String {
    LAST.lock()
        .map(|mut last| std::mem::take(&mut *last))
        .unwrap_or_default()
}
