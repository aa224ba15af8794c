//! Content codings: whether a client would rather have gzip (RFC 9110 §12.5.3).
//!
//! Whether there is a form in gzip at all, and what is then sent, is not known here.

use super::head::Head;

/// How much a client wants a coding, in thousandths; 0 is not at all (RFC 9110 §12.4.2).
type Weight = u16;

/// Whether this client accepts gzip, and does not want the bytes as they are more.
///
/// Without the field every coding is acceptable; but then so are the plain bytes, and whoever did
/// not ask may not look at `Content-Encoding`. In doubt it is `false`: nobody fails to read those.
#[must_use]
pub fn prefers_gzip(head: &Head<'_>) -> bool {
    // `*` stands for every coding that is not named.
    let others = weight(head, &["*"]);
    // RFC 9110 §8.4.1.3: the old name means the same.
    let gzip = weight(head, &["gzip", "x-gzip"]).or(others).unwrap_or(0);
    gzip > 0 && gzip >= weight(head, &["identity"]).or(others).unwrap_or(0)
}

/// The weight that the fields give to a coding with these names: the smallest, if it is there more
/// than once. `None` when it is not there.
fn weight(head: &Head<'_>, names: &[&str]) -> Option<Weight> {
    head.fields
        .items("accept-encoding")
        .filter_map(|item| {
            let mut parts = item.splitn(2, |&byte| byte == b';');
            let name = parts.next()?.trim_ascii();
            let is_it = |known: &&str| name.eq_ignore_ascii_case(known.as_bytes());
            names.iter().any(is_it).then(|| parts.next())
        })
        .map(|param| match param {
            None => 1000,
            // Of what cannot be read only the name is sure: better not send it.
            Some(param) => parse_weight(param.trim_ascii()).unwrap_or(0),
        })
        .min()
}

/// `"q=" qvalue` of RFC 9110 §12.4.2: from 0 to 1, with at most three digits behind the point.
fn parse_weight(param: &[u8]) -> Option<Weight> {
    let [b'q' | b'Q', b'=', whole, fraction @ ..] = param else {
        return None;
    };
    let digits = match fraction {
        [] => fraction,
        [b'.', digits @ ..] if digits.len() <= 3 => digits,
        _ => return None,
    };
    let mut thousandths = 0;
    for place in 0..3 {
        let digit = digits.get(place).copied().unwrap_or(b'0');
        let value = digit.is_ascii_digit().then(|| Weight::from(digit - b'0'))?;
        thousandths = thousandths * 10 + value;
    }
    match whole {
        b'0' => Some(thousandths),
        b'1' if thousandths == 0 => Some(1000),
        _ => None,
    }
}
