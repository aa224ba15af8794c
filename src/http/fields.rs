//! Header fields, and the lists in them (RFC 9110 §5).
//!
//! Several fields of one name mean the same as one with the values joined by commas (RFC 9110 §5.3),
//! so each function here reads all of them. Nothing is copied or collected.

/// Whether a byte may stand in a method, a field name or a token (`tchar` of RFC 9110 §5.6.2).
pub fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// All header fields of a request, in their order. Names are found in any letter case.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a>(pub &'a [httparse::Header<'a>]);

impl<'a> Fields<'a> {
    /// The values of all fields of this name, in order, without white space around them.
    pub fn values<'n>(self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.0
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value.trim_ascii())
    }

    /// The value of the only field of this name; `None` when there is none, or more than one.
    pub fn single(self, name: &str) -> Option<&'a [u8]> {
        let mut values = self.values(name);
        let value = values.next()?;
        values.next().is_none().then_some(value)
    }

    /// The value of the first field of this name, when it is UTF-8.
    pub fn text(self, name: &str) -> Option<&'a str> {
        std::str::from_utf8(self.values(name).next()?).ok()
    }

    /// The items in all fields of this name, without white space around them.
    ///
    /// Empty items are left out (RFC 9110 §5.6.1.2). The items may not have quoted strings.
    pub fn items<'n>(self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.values(name)
            .flat_map(|value| value.split(|&byte| byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|item| !item.is_empty())
    }

    /// Whether `token` is an item of the fields of this name, in any letter case.
    ///
    /// `Connection: keep-alive, Upgrade` has the token `upgrade`; `Connection: upgrade-insecure` has not.
    pub fn has_token(self, name: &str, token: &str) -> bool {
        self.items(name).any(|item| item.eq_ignore_ascii_case(token.as_bytes()))
    }
}
