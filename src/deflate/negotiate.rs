//! Chooses an offer of permessage-deflate, and writes the answer (RFC 7692 §5, §7.1).

use super::compress::MIN_WINDOW_BITS;
use crate::http::head::Head;
use crate::ws::extension::{Agreed, Reach};
use crate::ws::offers::{Offer, Param, offers};
use std::fmt;
use std::mem;

/// The name in `Sec-WebSocket-Extensions`.
const NAME: &str = "permessage-deflate";
/// The window if no parameter names one: 32 KiB, the largest (§7.1.2).
const MAX_WINDOW_BITS: u8 = 15;
/// The window that the server chooses for context takeover: 4 KiB.
///
/// With short messages, as in a chat, a window of 32 KiB compresses hardly better.
const TAKEOVER_WINDOW_BITS: u8 = 12;

/// Accepts the first offer that the server can keep, and writes `Sec-WebSocket-Extensions` for the answer (§5.1).
///
/// `None`: there is no such offer. The list of offers must be well formed. `takeover`: the server agrees to context
/// takeover if the client does.
pub(super) fn agree(head: &Head<'_>, takeover: bool) -> Option<(Agreed, String)> {
    let answer = offers(head)
        .filter_map(Result::ok)
        .filter(|offer| offer.name == NAME)
        .find_map(|offer| Some(Params::read(&offer)?.answer(takeover)))?;
    Some((answer.agreed(), answer.to_string()))
}

/// The parameters of an offer, or of the answer to it.
#[derive(Debug, Default)]
struct Params {
    /// Each of the server's messages stands for itself (§7.1.1.1).
    server_no_context_takeover: bool,
    /// Each of the client's messages stands for itself (§7.1.1.2).
    client_no_context_takeover: bool,
    /// Base-2 logarithm of how far back the server may refer, 9 to 15 (§7.1.2.1). `None`: 15.
    server_max_window_bits: Option<u8>,
    /// Base-2 logarithm of how far back the client may refer, 8 to 15 (§7.1.2.2). `None`: 15.
    client_max_window_bits: Option<u8>,
    /// The offer names the client's window, so the answer may do it, too.
    names_client_window: bool,
}

impl Params {
    /// Reads an offer. `None`: a parameter is unknown, comes twice, has a wrong value, or cannot be kept (§7.1).
    fn read(offer: &Offer<'_>) -> Option<Self> {
        let mut params = Self::default();
        for Param { name, value } in offer.params() {
            let bits = match &value {
                None => None,
                Some(value) => Some(window_bits(value)?),
            };
            let seen = match name {
                "server_no_context_takeover" if bits.is_none() => {
                    mem::replace(&mut params.server_no_context_takeover, true)
                }
                "client_no_context_takeover" if bits.is_none() => {
                    mem::replace(&mut params.client_no_context_takeover, true)
                }
                "server_max_window_bits" => {
                    let bits = bits.filter(|bits| *bits >= MIN_WINDOW_BITS)?;
                    params.server_max_window_bits.replace(bits).is_some()
                }
                "client_max_window_bits" => {
                    params.client_max_window_bits = bits;
                    mem::replace(&mut params.names_client_window, true)
                }
                _ => return None,
            };
            if seen {
                return None;
            }
        }
        Some(params)
    }

    /// Makes the parameters of the answer. None of them may go beyond the offer (§7.1).
    fn answer(mut self, takeover: bool) -> Self {
        let shorten = |bits: &mut Option<u8>| {
            let shorter = bits.unwrap_or(MAX_WINDOW_BITS).min(TAKEOVER_WINDOW_BITS);
            *bits = Some(shorter);
        };
        self.server_no_context_takeover |= !takeover;
        self.client_no_context_takeover |= !takeover;
        if !self.server_no_context_takeover {
            shorten(&mut self.server_max_window_bits);
        }
        // Only a client that offers this parameter accepts it in the answer.
        if !self.client_no_context_takeover && self.names_client_window {
            shorten(&mut self.client_max_window_bits);
        }
        self
    }
}

/// Reads 8 to 15, in decimal and without a leading zero (§7.1.2).
fn window_bits(value: &str) -> Option<u8> {
    let is_number = matches!(value, "8" | "9" | "10" | "11" | "12" | "13" | "14" | "15");
    is_number.then(|| value.parse().ok()).flatten()
}

/// The value of `Sec-WebSocket-Extensions` for the answer.
impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)?;
        if self.server_no_context_takeover {
            f.write_str("; server_no_context_takeover")?;
        }
        if self.client_no_context_takeover {
            f.write_str("; client_no_context_takeover")?;
        }
        if let Some(bits) = self.server_max_window_bits {
            write!(f, "; server_max_window_bits={bits}")?;
        }
        if let Some(bits) = self.client_max_window_bits {
            write!(f, "; client_max_window_bits={bits}")?;
        }
        Ok(())
    }
}

impl Params {
    fn agreed(&self) -> Agreed {
        let reach = |bits: Option<u8>, stands_alone: bool| Reach {
            window_bits: bits.unwrap_or(MAX_WINDOW_BITS),
            takes_over: !stands_alone,
        };
        Agreed {
            sent: reach(self.server_max_window_bits, self.server_no_context_takeover),
            received: reach(self.client_max_window_bits, self.client_no_context_takeover),
        }
    }
}
