//! Judges whether a client would rather have gzip (RFC 9110 §12.5.3).
//!
//! Skip this file on a first reading: only `files` asks it.

use super::head::Head;

/// How much a client wants a coding, in thousandths. 0: not at all (RFC 9110 §12.4.2).
type Weight = u16;

/// Whether a client wants gzip at least as much as the plain bytes.
///
/// In doubt it is `false`, because every client can read plain bytes. So it is without the field, too: a client that
/// did not ask may not look at `Content-Encoding`.
pub fn prefers_gzip(head: &Head<'_>) -> bool {
    // `*` stands for every coding that is not named.
    let others = weight(head, &["*"]);
    // RFC 9110 §8.4.1.3: the old name means the same.
    let gzip = weight(head, &["gzip", "x-gzip"]).or(others).unwrap_or(0);
    gzip > 0 && gzip >= weight(head, &["identity"]).or(others).unwrap_or(0)
}

/// The smallest weight that the fields give to a coding with these names. `None`: they do not name it.
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
            // A weight that cannot be read counts as zero: the coding is not sent.
            Some(param) => parse_weight(param.trim_ascii()).unwrap_or(0),
        })
        .min()
}

/// Reads `"q=" qvalue` (RFC 9110 §12.4.2): from 0 to 1, with at most three digits after the point.
fn parse_weight(param: &[u8]) -> Option<Weight> {
    let [b'q' | b'Q', b'=', whole, fraction @ ..] = param else { return None };
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
