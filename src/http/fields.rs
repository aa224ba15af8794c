//! Lists inside header fields: tokens, and the extension offers of RFC 6455 §9.1.
//!
//! Several fields of one name mean the same as one with the values joined by commas (RFC 9110 §5.3),
//! so everything here works over all of them. Nothing is copied but a quoted value with backslashes
//! in it, and nothing is collected: a list is read again by whoever needs it.

use std::borrow::Cow;

use super::head::Head;

/// `tchar` of RFC 9110 §5.6.2: what methods, field names and list items are made of.
#[must_use]
pub fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A list or an offer breaks its grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// Items of all fields of this name, without the white space around them and without empty ones
/// (RFC 9110 §5.6.1.2). For fields whose items hold no quoted strings.
pub fn items<'a>(head: &Head<'a>, name: &'a str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    head.values(name)
        .flat_map(|value| value.split(|&byte| byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|item| !item.is_empty())
}

/// Whether one of the items of the fields of this name is `token`, in any letter case.
///
/// `Connection: keep-alive, Upgrade` has the token `upgrade`; `Connection: upgrade-insecure` has not.
#[must_use]
pub fn has_token(head: &Head<'_>, name: &str, token: &str) -> bool {
    head.fields
        .iter()
        .filter(|field| field.name.eq_ignore_ascii_case(name))
        .flat_map(|field| field.value.split(|&byte| byte == b','))
        .any(|item| item.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

/// The subprotocols offered, in order of preference (RFC 6455 §11.3.4: a list of tokens).
pub fn subprotocols<'a>(
    head: &Head<'a>,
) -> impl Iterator<Item = Result<&'a str, Malformed>> + use<'a> {
    items(head, "sec-websocket-protocol").map(|item| {
        let mut rest = Text(item);
        match rest.token() {
            Ok(token) if rest.0.is_empty() => Ok(token),
            _ => Err(Malformed),
        }
    })
}

/// The extensions offered, in order of preference (RFC 6455 §9.1):
///
/// ```text
/// extension-list  = 1#extension
/// extension       = token *( ";" extension-param )
/// extension-param = token [ "=" ( token | quoted-string ) ]    ; a token after unquoting
/// ```
///
/// White space is allowed around `,` `;` and `=`; empty list items are skipped. Behind a malformed
/// offer the rest of that field is not read.
pub fn offers<'a>(head: &Head<'a>) -> impl Iterator<Item = Result<Offer<'a>, Malformed>> + use<'a> {
    head.values("sec-websocket-extensions")
        .flat_map(|value| Offers { rest: Text(value) })
}

/// Whether the `Sec-WebSocket-` list fields keep to their grammar: each, when present, names at
/// least one thing, and nothing in it is malformed.
#[must_use]
pub fn are_offers_well_formed(head: &Head<'_>) -> bool {
    let is_list = |is_present: bool, items: Result<usize, Malformed>| match items {
        Ok(count) => count > 0 || !is_present,
        Err(Malformed) => false,
    };
    let has = |name| {
        head.fields
            .iter()
            .any(|field| field.name.eq_ignore_ascii_case(name))
    };
    let count_offers = offers(head).try_fold(0, |count, offer| offer.map(|_| count + 1));
    let count_protocols = subprotocols(head).try_fold(0, |count, item| item.map(|_| count + 1));
    is_list(has("sec-websocket-extensions"), count_offers)
        && is_list(has("sec-websocket-protocol"), count_protocols)
}

/// One extension that the client offers.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    /// Its registered name, as written.
    pub name: &'a str,
    /// What follows the name; read once already, so it is well formed.
    params: Text<'a>,
}

impl<'a> Offer<'a> {
    /// The parameters in their order, repeated ones included.
    pub fn params(&self) -> impl Iterator<Item = Param<'a>> + use<'a> {
        let mut rest = self.params;
        std::iter::from_fn(move || rest.param().ok().flatten())
    }
}

/// A parameter of an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param<'a> {
    /// Its name, as written.
    pub name: &'a str,
    /// Its value, a token, without the quotes it may have been in.
    pub value: Option<Cow<'a, str>>,
}

/// The offers in one field.
struct Offers<'a> {
    rest: Text<'a>,
}

impl<'a> Iterator for Offers<'a> {
    type Item = Result<Offer<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rest.skip_space();
        while self.rest.take(b',') {
            self.rest.skip_space();
        }
        if self.rest.0.is_empty() {
            return None;
        }
        let offer = self.rest.offer();
        if offer.is_err() {
            self.rest = Text(&[]);
        }
        Some(offer)
    }
}

/// The part of a field value that was not read yet. Each method reads one piece of the grammar.
#[derive(Debug, Clone, Copy)]
struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    fn skip_space(&mut self) {
        while let Some((b' ' | b'\t', rest)) = self.0.split_first() {
            self.0 = rest;
        }
    }

    /// Reads this byte, if it is next.
    fn take(&mut self, wanted: u8) -> bool {
        match self.0.split_first() {
            Some((&byte, rest)) if byte == wanted => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    fn token(&mut self) -> Result<&'a str, Malformed> {
        let is_other = |&byte: &u8| !is_token_byte(byte);
        let len = self.0.iter().position(is_other).unwrap_or(self.0.len());
        let (token, rest) = self.0.split_at_checked(len).ok_or(Malformed)?;
        if token.is_empty() {
            return Err(Malformed);
        }
        self.0 = rest;
        std::str::from_utf8(token).map_err(|_| Malformed)
    }

    /// One element of the list. It must end at a comma or with the field.
    fn offer(&mut self) -> Result<Offer<'a>, Malformed> {
        let name = self.token()?;
        let params = *self;
        while self.param()?.is_some() {}
        self.skip_space();
        match self.0.first() {
            None | Some(b',') => Ok(Offer { name, params }),
            Some(_) => Err(Malformed),
        }
    }

    /// `";" token [ "=" value ]`; `None` where no semicolon comes next.
    fn param(&mut self) -> Result<Option<Param<'a>>, Malformed> {
        self.skip_space();
        if !self.take(b';') {
            return Ok(None);
        }
        self.skip_space();
        let name = self.token()?;
        self.skip_space();
        if !self.take(b'=') {
            return Ok(Some(Param { name, value: None }));
        }
        self.skip_space();
        let value = if self.take(b'"') {
            self.quoted_token()?
        } else {
            Cow::Borrowed(self.token()?)
        };
        Ok(Some(Param {
            name,
            value: Some(value),
        }))
    }

    /// Behind the opening quote: a token in which a backslash may stand before any byte, and the
    /// closing quote.
    fn quoted_token(&mut self) -> Result<Cow<'a, str>, Malformed> {
        let mut plain = *self;
        if let Ok(token) = plain.token()
            && plain.take(b'"')
        {
            *self = plain;
            return Ok(Cow::Borrowed(token));
        }
        let mut value = String::new();
        while !self.take(b'"') {
            self.take(b'\\');
            match self.0.split_first() {
                Some((&byte, rest)) if is_token_byte(byte) => {
                    value.push(char::from(byte));
                    self.0 = rest;
                }
                _ => return Err(Malformed),
            }
        }
        if value.is_empty() {
            return Err(Malformed);
        }
        Ok(Cow::Owned(value))
    }
}
