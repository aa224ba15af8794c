//! How the accept value comes from the key, in its steps (RFC 6455 §4.2.2).

use super::page::{Ink, Page, hex};
use crate::ws::handshake::{GUID, accept_value};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Columns between a value and what it is.
const GAP: usize = 31;

/// Prints the steps. `whence`: where the key is from; `answer`: what was answered, if that is known.
pub(super) fn steps(page: &mut Page<'_>, key: &str, whence: &str, answer: Option<&str>) {
    let accept = String::from_utf8_lossy(&accept_value(key.as_bytes())).into_owned();
    let digest = STANDARD.decode(&accept).unwrap_or_default();
    let (verdict, ink) = match answer {
        Some(answer) if answer == accept => ("equal: accepted", Ink::Plain),
        Some(_) => ("not equal: refused", Ink::Bad),
        None => ("what Sec-WebSocket-Accept must say", Ink::Plain),
    };
    let guid = String::from_utf8_lossy(GUID).into_owned();
    page.line("", Ink::Plain);
    page.line(&format!("     key     {key:<GAP$}{whence}"), Ink::Plain);
    page.line(&format!("     + GUID  {key}{guid}"), Ink::Plain);
    page.line(&format!("     SHA-1   {}", hex(&digest)), Ink::Plain);
    page.line(&format!("     base64  {accept:<GAP$}{verdict}"), ink);
}

/// Says that the value cannot be judged.
pub(super) fn unknown(page: &mut Page<'_>) {
    page.line("", Ink::Plain);
    let text = "The accept value is not judged: it depends on the key of the request. Give the request, too, or \
                --key KEY.";
    page.text(5, text, Ink::Plain);
}
