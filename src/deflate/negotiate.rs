//! Which offers of permessage-deflate are accepted, and what the answer says (RFC 7692 §5, §7.1).

use super::compress::MIN_WINDOW_BITS;
use crate::http::head::Head;
use crate::ws::extension::{Agreed, Reach};
use crate::ws::offers::{Offer, Param, offers};
use std::fmt;

/// The name in `Sec-WebSocket-Extensions`.
const NAME: &str = "permessage-deflate";
/// The window that counts when no parameter names one: 32 KiB, the largest (§7.1.2).
const MAX_WINDOW_BITS: u8 = 15;
/// The window we choose for context takeover, where the choice is ours: 4 KiB. Eight times as much memory
/// per connection gains little with messages as short as those of a chat.
const TAKEOVER_WINDOW_BITS: u8 = 12;

/// What is agreed to with one client.
struct Grant {
    /// Each of our messages stands for itself (§7.1.1.1).
    server_no_context_takeover: bool,
    /// Each of the client's messages stands for itself (§7.1.1.2).
    client_no_context_takeover: bool,
    /// Base-2 logarithm of the largest distance that we may refer back, 9 to 15 (§7.1.2.1).
    /// `None`: 15, and the answer does not name it.
    server_max_window_bits: Option<u8>,
    /// Base-2 logarithm of the largest distance that the client may refer back, 8 to 15 (§7.1.2.2).
    /// `None`: 15, and the answer does not name it.
    client_max_window_bits: Option<u8>,
}

/// The first offer that can be accepted, and the value of `Sec-WebSocket-Extensions` for the answer (§5.1).
/// `None`: there is none, which leaves the extension out. The list of offers must be well formed.
///
/// `takeover`: our side agrees to context takeover if the client does.
pub(super) fn agree(head: &Head<'_>, takeover: bool) -> Option<(Agreed, String)> {
    let grant = offers(head)
        .filter_map(Result::ok)
        .filter(|offer| offer.name == NAME)
        .find_map(|offer| Some(Wishes::read(&offer)?.grant(takeover)))?;
    Some((grant.agreed(), grant.to_string()))
}

/// The parameters of one offer.
#[derive(Debug, Default)]
struct Wishes {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<u8>,
    /// The client can be told to use a smaller window. It may also say which one it uses
    /// in any case.
    client_max_window_bits: Option<Option<u8>>,
}

impl Wishes {
    /// Reads an offer. `None` declines it (§7.1): a parameter is unknown, stands there twice or has a value that it
    /// cannot have, or we cannot do it.
    fn read(offer: &Offer<'_>) -> Option<Self> {
        let mut wishes = Self::default();
        for Param { name, value } in offer.params() {
            let bits = match &value {
                None => None,
                Some(value) => Some(window_bits(value)?),
            };
            let is_new = match name {
                "server_no_context_takeover" if bits.is_none() => {
                    !std::mem::replace(&mut wishes.server_no_context_takeover, true)
                }
                "client_no_context_takeover" if bits.is_none() => {
                    !std::mem::replace(&mut wishes.client_no_context_takeover, true)
                }
                "server_max_window_bits" => {
                    let bits = bits.filter(|bits| *bits >= MIN_WINDOW_BITS)?;
                    wishes.server_max_window_bits.replace(bits).is_none()
                }
                "client_max_window_bits" => wishes.client_max_window_bits.replace(bits).is_none(),
                _ => return None,
            };
            if !is_new {
                return None;
            }
        }
        Some(wishes)
    }

    /// Decides what we agree to. Nothing in it is more than the offer allows (§7.1).
    fn grant(self, takeover: bool) -> Grant {
        let at_most =
            |bits: Option<u8>| Some(bits.unwrap_or(MAX_WINDOW_BITS).min(TAKEOVER_WINDOW_BITS));
        let keeps_server = takeover && !self.server_no_context_takeover;
        let keeps_client = takeover && !self.client_no_context_takeover;
        Grant {
            server_no_context_takeover: !keeps_server,
            client_no_context_takeover: !keeps_client,
            server_max_window_bits: if keeps_server {
                at_most(self.server_max_window_bits)
            } else {
                self.server_max_window_bits
            },
            // Only a client that offers this parameter can be told a window.
            client_max_window_bits: match self.client_max_window_bits {
                Some(bits) if keeps_client => at_most(bits),
                bits => bits.flatten(),
            },
        }
    }
}

/// Reads 8 to 15, in decimal and without a leading zero (§7.1.2).
fn window_bits(value: &str) -> Option<u8> {
    let is_number = matches!(value, "8" | "9" | "10" | "11" | "12" | "13" | "14" | "15");
    is_number.then(|| value.parse().ok()).flatten()
}

/// The value of `Sec-WebSocket-Extensions` for the answer.
impl fmt::Display for Grant {
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

impl Grant {
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
