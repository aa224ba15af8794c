//! The extensions and subprotocols that a client offers in its opening handshake (RFC 6455 §9.1, §11.3.4).
//!
//! A list is never collected: each caller reads it again. Only a quoted value is copied.

use crate::http::head::{Fields, Head, is_token_byte};
use std::borrow::Cow;

/// The subprotocols offered, in order of preference (RFC 6455 §11.3.4: a list of tokens). `None`: one is malformed.
pub fn subprotocols<'a>(head: &Head<'a>) -> impl Iterator<Item = Option<&'a str>> + use<'a> {
    subprotocols_in(head.fields)
}

/// The subprotocols that these fields name.
pub(super) fn subprotocols_in<'a>(fields: Fields<'a>) -> impl Iterator<Item = Option<&'a str>> + use<'a> {
    fields.items("sec-websocket-protocol").map(token)
}

/// The extensions offered, in order of preference (RFC 6455 §9.1):
///
/// ```text
/// extension-list  = 1#extension
/// extension       = token *( ";" extension-param )
/// extension-param = token [ "=" ( token | quoted-string ) ]    ; a token after unquoting
/// ```
///
/// White space is allowed around `,` `;` and `=`; empty list items are skipped. `None`: an offer is
/// malformed, and the rest of that field is not read.
pub fn offers<'a>(fields: Fields<'a>) -> impl Iterator<Item = Option<Offer<'a>>> + use<'a> {
    let values = fields.values("sec-websocket-extensions");
    values.flat_map(|value| {
        let mut is_malformed = false;
        // A token has no comma, semicolon or equals sign, so these always separate.
        let items = value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
        items.filter(|item| !item.is_empty()).map_while(move |item| {
            let offer = (!is_malformed).then(|| Offer::parse(item))?;
            is_malformed = offer.is_none();
            Some(offer)
        })
    })
}

/// Whether both lists of offers keep to their grammar.
///
/// A list that is there must have an item, and no malformed one.
pub fn are_offers_well_formed(head: &Head<'_>) -> bool {
    let has_items = |name| head.fields.items(name).next().is_some();
    let is_list = |name| head.fields.values(name).next().is_none() || has_items(name);
    is_list("sec-websocket-extensions")
        && is_list("sec-websocket-protocol")
        && offers(head.fields).all(|offer| offer.is_some())
        && subprotocols(head).all(|name| name.is_some())
}

/// One extension that the client offers.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    /// Its registered name, as written.
    pub name: &'a str,
    /// The text after the first semicolon.
    params: Option<&'a [u8]>,
}

impl<'a> Offer<'a> {
    fn parse(item: &'a [u8]) -> Option<Self> {
        let mut parts = item.splitn(2, |&byte| byte == b';');
        let name = token(parts.next()?.trim_ascii())?;
        let params = parts.next();
        let offer = Self { name, params };
        offer.parts().all(|part| Param::parse(part).is_some()).then_some(offer)
    }

    fn parts(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let params = self.params.into_iter();
        params.flat_map(|params| params.split(|&byte| byte == b';'))
    }

    /// The parameters in their order, repeated ones included.
    pub fn params(&self) -> impl Iterator<Item = Param<'a>> + use<'a> {
        self.parts().filter_map(Param::parse)
    }
}

/// A parameter of an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param<'a> {
    /// Its name, as written.
    pub name: &'a str,
    /// Its value, a token, without quotes around it.
    pub value: Option<Cow<'a, str>>,
}

impl<'a> Param<'a> {
    fn parse(text: &'a [u8]) -> Option<Self> {
        let mut parts = text.splitn(2, |&byte| byte == b'=').map(<[u8]>::trim_ascii);
        let name = token(parts.next()?)?;
        let value = match parts.next() {
            None => None,
            Some([b'"', quoted @ .., b'"']) => Some(unquoted(quoted)?),
            Some(value) => Some(Cow::Borrowed(token(value)?)),
        };
        Some(Self { name, value })
    }
}

/// The bytes as a token (RFC 9110 §5.6.2). `None`: they are no token.
fn token(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok();
    text.filter(|text| !text.is_empty() && text.bytes().all(is_token_byte))
}

/// The token between two quotes, where a backslash may stand before any byte.
fn unquoted(quoted: &[u8]) -> Option<Cow<'_, str>> {
    let mut bytes = quoted.iter();
    let mut plain = Vec::new();
    while let Some(mut byte) = bytes.next() {
        if *byte == b'\\' {
            byte = bytes.next()?;
        }
        plain.push(*byte);
    }
    token(&plain).map(|token| Cow::Owned(token.to_owned()))
}
