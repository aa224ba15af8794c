//! The message of the last panic, kept for the log.
//!
//! A panic is a bug, of ours or of an application. It costs one connection, and the operator has to hear of
//! it, with the place where it happened.

use std::panic;
use std::sync::Mutex;

static LAST: Mutex<String> = Mutex::new(String::new());

/// Keeps the message of each panic for [`take`], instead of printing it.
///
/// Stderr may be closed, and the log has limits. The hook is that of the whole process.
pub fn keep_messages() {
    panic::set_hook(Box::new(|panic| {
        if let Ok(mut last) = LAST.lock() {
            *last = panic.to_string();
        }
    }));
}

/// Takes the message of the last panic. Empty: there was none since the last call.
#[must_use]
pub fn take() -> String {
    LAST.lock().map(|mut last| std::mem::take(&mut *last)).unwrap_or_default()
}
