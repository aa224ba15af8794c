//! Header fields, and the lists in them (RFC 9110 §5).
//!
//! Several fields of one name mean the same as one with the values joined by commas (RFC 9110 §5.3),
//! so everything here works over all of them. Nothing is copied, and nothing is collected.

/// `tchar` of RFC 9110 §5.6.2: what methods, field names and list items are made of.
#[must_use]
pub fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// All header fields of a request, in their order. Names are found in any letter case.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a>(pub &'a [httparse::Header<'a>]);

impl<'a> Fields<'a> {
    /// The values of all fields of this name, in their order, without the white space around them.
    pub fn values<'n>(self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.0
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value.trim_ascii())
    }

    /// The value of the only field of this name; `None` when there is none, or more than one.
    #[must_use]
    pub fn single(self, name: &str) -> Option<&'a [u8]> {
        let mut values = self.values(name);
        let value = values.next()?;
        values.next().is_none().then_some(value)
    }

    /// The value of the first field of this name, when it is UTF-8.
    #[must_use]
    pub fn text(self, name: &str) -> Option<&'a str> {
        std::str::from_utf8(self.values(name).next()?).ok()
    }

    /// The items of all fields of this name, without the white space around them and without empty
    /// ones (RFC 9110 §5.6.1.2). For fields whose items hold no quoted strings.
    pub fn items<'n>(self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.values(name)
            .flat_map(|value| value.split(|&byte| byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|item| !item.is_empty())
    }

    /// Whether one of the items of the fields of this name is `token`, in any letter case.
    ///
    /// `Connection: keep-alive, Upgrade` has the token `upgrade`; `Connection: upgrade-insecure` has not.
    #[must_use]
    pub fn has_token(self, name: &str, token: &str) -> bool {
        self.items(name)
            .any(|item| item.eq_ignore_ascii_case(token.as_bytes()))
    }
}
