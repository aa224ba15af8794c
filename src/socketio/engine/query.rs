//! The query of a request: `EIO`, `transport` and `sid`, in any order. Everything else, such as the `t`
//! with which clients get around caches, is ignored. Of a parameter that is repeated, the last counts, as in the
//! original.

use std::borrow::Cow;

/// What the query says; what it does not say is empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Query<'a> {
    pub(super) version: Cow<'a, str>,
    pub(super) transport: Cow<'a, str>,
    pub(super) sid: Cow<'a, str>,
}

impl<'a> Query<'a> {
    pub(super) fn parse(query: Option<&'a str>) -> Self {
        let value = |wanted: &str| {
            let mut pairs = query.unwrap_or_default().rsplit('&');
            pairs.find_map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decoded(name) == wanted).then(|| decoded(value))
            })
        };
        Self {
            version: value("EIO").unwrap_or_default(),
            transport: value("transport").unwrap_or_default(),
            sid: value("sid").unwrap_or_default(),
        }
    }
}

/// `%2D` is `-`. An escape that is none stays as it is, and bytes that are not UTF-8 become something
/// that nobody asks for.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        if let (b'%', [high, low, behind @ ..]) = (first, behind)
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            bytes.push(high << 4 | low);
            rest = behind;
        } else {
            bytes.push(first);
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

fn digit(byte: u8) -> Option<u8> {
    let value = char::from(byte).to_digit(16)?;
    u8::try_from(value).ok()
}
