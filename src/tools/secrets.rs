//! What a head says that is nobody else's business: passwords, cookies, tokens.

/// A part of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// It is shown.
    Shown(&'a [u8]),
    /// So many bytes are hidden.
    Hidden(u64),
}

/// Fields of which the value is hidden.
const SECRET: [&str; 5] = ["cookie", "set-cookie", "authorization", "proxy-authorization", "x-api-key"];
/// Subprotocols that are shown. Any other may be a token: browsers have no better place for one.
const KNOWN: [&str; 24] = [
    "amqp",
    "chat",
    "echo",
    "binary",
    "base64",
    "coap",
    "graphql-transport-ws",
    "graphql-ws",
    "json",
    "mqtt",
    "mqttv3.1",
    "ocpp1.6",
    "ocpp2.0",
    "ocpp2.0.1",
    "sip",
    "soap",
    "stomp",
    "superchat",
    "v10.stomp",
    "v11.stomp",
    "v12.stomp",
    "wamp.2.json",
    "wamp.2.msgpack",
    "xmpp",
];

/// Splits a line of a head, with its end, into what is shown and what is not.
#[must_use]
pub fn hide(line: &[u8], is_first: bool) -> Vec<Part<'_>> {
    let end = line.trim_ascii_end().len();
    if is_first {
        return hide_query(line, end);
    }
    // It may go on with the value of the line before, which was hidden.
    if line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
        return hidden(line, 0, end);
    }
    let Some(colon) = line.iter().position(|byte| *byte == b':') else { return vec![Part::Shown(line)] };
    let name = String::from_utf8_lossy(line.get(..colon).unwrap_or_default()).to_ascii_lowercase();
    let value = line.iter().skip(colon + 1).position(|byte| !byte.is_ascii_whitespace());
    let start = value.map_or(end, |at| colon + 1 + at).min(end);
    if SECRET.contains(&name.trim()) {
        return hidden(line, start, end);
    }
    if name.trim() == "sec-websocket-protocol" {
        return hide_tokens(line, start, end);
    }
    vec![Part::Shown(line)]
}

/// Hides these bytes of the line, if there are any.
fn hidden(line: &[u8], start: usize, end: usize) -> Vec<Part<'_>> {
    let shown = |range: std::ops::Range<usize>| Part::Shown(line.get(range).unwrap_or_default());
    match end > start {
        true => vec![shown(0..start), Part::Hidden((end - start) as u64), shown(end..line.len())],
        false => vec![Part::Shown(line)],
    }
}

/// Hides the query of the target: links carry passwords there.
fn hide_query(line: &[u8], end: usize) -> Vec<Part<'_>> {
    let Some(query) = line.iter().position(|byte| *byte == b'?') else { return vec![Part::Shown(line)] };
    let after = line.iter().skip(query).position(|byte| *byte == b' ');
    hidden(line, query + 1, after.map_or(end, |at| query + at))
}

/// Hides the items of a list of subprotocols that are none that is known.
fn hide_tokens(line: &[u8], start: usize, end: usize) -> Vec<Part<'_>> {
    let mut parts = vec![Part::Shown(line.get(..start).unwrap_or_default())];
    let list = line.get(start..end).unwrap_or_default();
    for item in list.split_inclusive(|byte| *byte == b',') {
        let name = item.strip_suffix(b",").unwrap_or(item).trim_ascii();
        let before = item.len() - item.trim_ascii_start().len();
        let is_known =
            name.is_empty() || KNOWN.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name));
        match is_known {
            true => parts.push(Part::Shown(item)),
            false => {
                parts.push(Part::Shown(item.get(..before).unwrap_or_default()));
                parts.push(Part::Hidden(name.len() as u64));
                parts.push(Part::Shown(item.get(before + name.len()..).unwrap_or_default()));
            }
        }
    }
    parts.push(Part::Shown(line.get(end..).unwrap_or_default()));
    parts.retain(|part| *part != Part::Shown(b""));
    parts
}
