//! Chooses an offer of permessage-deflate, and writes the answer (RFC 7692 §5, §7.1).

use super::compress::MIN_WINDOW_BITS;
#[cfg(feature = "tools")]
use crate::http::head::Fields;
use crate::http::head::Head;
use crate::ws::extension::{Agreed, Reach};
use crate::ws::offers::{Offer, Param, offers};
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
    let mut offers = offers(head.fields).flatten().filter(|offer| offer.name == NAME);
    let (mut server, mut client) = offers.find_map(|offer| read(&offer))?;
    // Only a client that offers this parameter accepts it in the answer. That of the server needs no offer.
    server.names_window = true;
    for side in [&mut server, &mut client] {
        side.no_context_takeover |= !takeover;
        if side.names_window && !side.no_context_takeover {
            let bits = side.max_window_bits.unwrap_or(MAX_WINDOW_BITS);
            side.max_window_bits = Some(bits.min(TAKEOVER_WINDOW_BITS));
        }
    }
    let mut answer = NAME.to_owned();
    let sides = [("server", &server), ("client", &client)];
    for (name, _) in sides.iter().filter(|(_, side)| side.no_context_takeover) {
        answer.extend(["; ", name, "_no_context_takeover"]);
    }
    for (name, side) in sides {
        if let Some(bits) = side.max_window_bits {
            answer.extend(["; ", name, "_max_window_bits=", &bits.to_string()]);
        }
    }
    Some((Agreed { sent: server.reach(), received: client.reach() }, answer))
}

/// What a server's answer has agreed to (§7.1): the reach of each side, from the client's fields of the answer.
///
/// `None`: it names another extension, or says what no answer may say.
#[cfg(feature = "tools")]
pub(super) fn agreed(answer: Fields<'_>) -> Option<Agreed> {
    let mut all = offers(answer);
    let (Some(Some(chosen)), None) = (all.next(), all.next()) else { return None };
    let (server, client) = read(&chosen).filter(|_| chosen.name == NAME)?;
    // In an answer a window has a value.
    let is_whole = |side: &Side| !side.names_window || side.max_window_bits.is_some();
    (is_whole(&server) && is_whole(&client))
        .then(|| Agreed { sent: server.reach(), received: client.reach() })
}

/// What an offer, and then the answer, says of the messages that one side sends.
#[derive(Debug, Default)]
struct Side {
    /// Each message stands for itself (§7.1.1).
    no_context_takeover: bool,
    /// Base-2 logarithm of how far back a message may refer, 8 to 15 (§7.1.2). `None`: 15.
    max_window_bits: Option<u8>,
    /// The offer names the window, so the answer may do it, too.
    names_window: bool,
}

impl Side {
    fn reach(&self) -> Reach {
        let window_bits = self.max_window_bits.unwrap_or(MAX_WINDOW_BITS);
        Reach { window_bits, takes_over: !self.no_context_takeover }
    }
}

/// Reads an offer: what the server may send, and the client.
///
/// `None`: a parameter is unknown, comes twice, has a wrong value, or cannot be kept (§7.1).
fn read(offer: &Offer<'_>) -> Option<(Side, Side)> {
    let (mut server, mut client) = (Side::default(), Side::default());
    for Param { name, value } in offer.params() {
        let (side, parameter) = match name.split_once('_')? {
            ("server", parameter) => (&mut server, parameter),
            ("client", parameter) => (&mut client, parameter),
            _ => return None,
        };
        // 8 to 15, in decimal and without a leading zero (§7.1.2).
        let bits = match value.as_deref() {
            None => None,
            Some("8" | "9" | "10" | "11" | "12" | "13" | "14" | "15") => value?.parse().ok(),
            Some(_) => return None,
        };
        let is_repeated = match parameter {
            "no_context_takeover" if bits.is_none() => mem::replace(&mut side.no_context_takeover, true),
            "max_window_bits" => {
                side.max_window_bits = bits;
                mem::replace(&mut side.names_window, true)
            }
            _ => return None,
        };
        if is_repeated {
            return None;
        }
    }
    // The client may leave it to the server how small its window is. The server is told, and must have such a compressor.
    let is_kept = server.max_window_bits.map_or(!server.names_window, |bits| bits >= MIN_WINDOW_BITS);
    is_kept.then_some((server, client))
}
