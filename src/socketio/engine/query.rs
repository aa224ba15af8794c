//! The query of a request: `EIO`, `transport` and `sid`, in any order. Engine.IO ignores everything else, such
//! as the `t` with which clients get around caches.

use crate::http::percent::decoded;
use std::borrow::Cow;

/// The value of a parameter; empty if the query does not have it.
///
/// If the parameter is there several times, the last counts, as in the original. A text with a bad escape stays
/// as it is: nobody asks for a text with a `%`.
pub(super) fn parameter<'a>(query: &'a str, wanted: &str) -> Cow<'a, str> {
    let plain = |text| decoded(text).unwrap_or(Cow::Borrowed(text));
    let mut pairs = query.rsplit('&');
    let value = pairs.find_map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (plain(name) == wanted).then(|| plain(value))
    });
    value.unwrap_or_default()
}
