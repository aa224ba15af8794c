//! permessage-deflate (RFC 7692): what is agreed to, and what that means for a message.
//!
//! A message is compressed as a whole, and its frames are cut from the result (§6). RSV1 on the first
//! of them says that it is. Here offers are judged (§5, §7.1); `inflate` and `stream` make messages of what
//! arrives, `compress` does the reverse. DEFLATE itself (RFC 1951) is a library's.
//!
//! **Context takeover** means that a message may refer back to the messages before it, as far as the
//! window reaches. A library keeps a state of 50 to 380 KB for that, per direction and connection. We agree
//! to do without, unless `--deflate takeover` says otherwise: then one inflater and one compressor
//! serve all connections, and a broadcast compressed once fits every receiver. With it we still
//! share both: between two messages all that matters of a state is its *history*, the last bytes that
//! went through. It is kept ([`Contexts`]), and given to the shared one as a dictionary.

mod compress;
mod inflate;
mod stream;

pub use compress::Compressor;
pub use inflate::{Inflater, Inflating};

use crate::config::Deflate;
use crate::http::fields::{Offer, Param, offers};
use crate::http::head::Head;
use std::fmt;
use std::num::NonZeroU8;

/// The name in `Sec-WebSocket-Extensions`.
const NAME: &str = "permessage-deflate";
/// The largest window, 32 KiB, is what counts when no parameter says anything (§7.1.2).
const MAX_WINDOW_BITS: u8 = 15;
/// The library's compressor cannot do with the smallest, 256 bytes.
const MIN_OWN_WINDOW_BITS: u8 = 9;
/// Windows we agree to for context takeover, where we may choose: 4 KiB. Eight times as much memory per
/// connection gains little with messages as short as those of a chat.
const TAKEOVER_WINDOW_BITS: u8 = 12;

/// What was agreed to with one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreed {
    /// Each of our messages stands for itself (§7.1.1.1).
    server_no_context_takeover: bool,
    /// Each of the client's messages stands for itself (§7.1.1.2).
    client_no_context_takeover: bool,
    /// Base-2 logarithm of the largest distance that we may refer back, 9 to 15 (§7.1.2.1).
    /// `None`: 15, and the answer does not name it.
    server_max_window_bits: Option<NonZeroU8>,
    /// The same for the client, 8 to 15 (§7.1.2.2).
    client_max_window_bits: Option<NonZeroU8>,
}

/// The first offer that can be accepted. `None`: none of them, which leaves the extension out (§5.1).
///
/// The list was found to be well formed before.
#[must_use]
pub fn agree(head: &Head<'_>, policy: Deflate) -> Option<Agreed> {
    let takeover = match policy {
        Deflate::Off => return None,
        Deflate::On => false,
        Deflate::Takeover => true,
    };
    offers(head)
        .filter_map(Result::ok)
        .filter(|offer| offer.name == NAME)
        .find_map(|offer| Some(Wishes::read(&offer)?.grant(takeover)))
}

/// The parameters of one offer.
#[derive(Debug, Default)]
struct Wishes {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<NonZeroU8>,
    /// The client can be told to keep to a smaller window; perhaps it says what it will keep to
    /// anyway.
    client_max_window_bits: Option<Option<NonZeroU8>>,
}

impl Wishes {
    /// `None`: a parameter is unknown, stands there twice or has a value that it cannot have, or we cannot do it.
    /// Such an offer is declined (§7.1).
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
                    let bits = bits.filter(|bits| bits.get() >= MIN_OWN_WINDOW_BITS)?;
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

    /// What we agree to. Nothing in it is more than the offer allows (§7.1).
    fn grant(self, takeover: bool) -> Agreed {
        let at_most = |bits: Option<NonZeroU8>| {
            let most = NonZeroU8::new(TAKEOVER_WINDOW_BITS);
            bits.map_or(most, |bits| most.map(|most| most.min(bits)))
        };
        let keeps_server = takeover && !self.server_no_context_takeover;
        let keeps_client = takeover && !self.client_no_context_takeover;
        Agreed {
            server_no_context_takeover: !keeps_server,
            client_no_context_takeover: !keeps_client,
            server_max_window_bits: if keeps_server {
                at_most(self.server_max_window_bits)
            } else {
                self.server_max_window_bits
            },
            // Only who offers it can be asked to keep to it.
            client_max_window_bits: match self.client_max_window_bits {
                Some(bits) if keeps_client => at_most(bits),
                bits => bits.flatten(),
            },
        }
    }
}

/// 8 to 15, in decimal and without a leading zero (§7.1.2).
fn window_bits(value: &str) -> Option<NonZeroU8> {
    let is_number = matches!(value, "8" | "9" | "10" | "11" | "12" | "13" | "14" | "15");
    is_number.then(|| value.parse().ok()).flatten()
}

/// The value of `Sec-WebSocket-Extensions` that says so.
impl fmt::Display for Agreed {
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

impl Agreed {
    /// Our messages may refer back to earlier ones.
    #[must_use]
    pub fn takes_over(&self) -> bool {
        !self.server_no_context_takeover
    }

    /// Base-2 logarithm of the window of what we send, 9 to 15.
    #[must_use]
    pub fn server_window_bits(&self) -> u8 {
        self.server_max_window_bits
            .map_or(MAX_WINDOW_BITS, NonZeroU8::get)
    }

    /// Bytes of history to keep of what arrives.
    fn received_window_bytes(&self) -> usize {
        if self.client_no_context_takeover {
            return 0;
        }
        let bits = self.client_max_window_bits;
        1 << bits.map_or(MAX_WINDOW_BITS, NonZeroU8::get)
    }
}

/// What a connection with context takeover keeps between two messages: the last bytes of the messages
/// that were compressed, as far back as the window reaches. Less at first: it grows with what is sent.
#[derive(Debug, Default)]
pub struct Contexts {
    received: Vec<u8>,
    sent: Vec<u8>,
}

impl Contexts {
    /// Bytes of memory held.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        size_of::<Self>() + self.received.capacity() + self.sent.capacity()
    }

    /// What our next message may refer back to.
    #[must_use]
    pub fn sent(&self) -> &[u8] {
        &self.sent
    }

    /// A message was sent that was compressed without this history: the next one cannot refer
    /// to what is before that. (It could refer to that message itself, but then each receiver
    /// would have to keep a copy of it.)
    pub fn forget_sent(&mut self) {
        self.sent.clear();
    }

    /// Notes a message that was compressed with this history.
    pub fn note_sent(&mut self, agreed: &Agreed, parts: &[&[u8]]) {
        let window = 1 << agreed.server_window_bits();
        for part in parts {
            let added = last(part, window);
            let forgotten = (self.sent.len() + added.len()).saturating_sub(window);
            self.sent.drain(..forgotten.min(self.sent.len()));
            append(&mut self.sent, added);
        }
    }
}

/// Appends to a history. Windows are powers of two, so it never gets more room than its window.
fn append(history: &mut Vec<u8>, bytes: &[u8]) {
    let len = history.len() + bytes.len();
    if len > history.capacity() {
        history.reserve_exact(len.next_power_of_two() - history.len());
    }
    history.extend_from_slice(bytes);
}

/// The last `len` of these bytes, or all.
fn last(bytes: &[u8], len: usize) -> &[u8] {
    bytes
        .get(bytes.len().saturating_sub(len)..)
        .unwrap_or_default()
}
