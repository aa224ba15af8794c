//! Texts with escapes, as programs write bytes: `\x81\x857`, `b'\x81\x857\xfa'`.

/// The bytes of a text with escapes. Other characters stand for themselves.
///
/// # Errors
/// An escape that is unknown, or has no digits.
pub(super) fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut rest = text.chars();
    while let Some(letter) = rest.next() {
        if letter != '\\' {
            bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        let escape = rest.next().unwrap_or_default();
        bytes.push(match escape {
            'x' => {
                let digits = rest.as_str().get(..2).unwrap_or(rest.as_str());
                let byte = Some(digits).filter(|digits| digits.len() == 2 && is_hex(digits));
                let byte = byte.and_then(|digits| u8::from_str_radix(digits, 16).ok());
                rest = rest.as_str().get(2..).unwrap_or_default().chars();
                byte.ok_or_else(|| {
                    format!("\"\\x{}\" is no byte: two hex digits follow \\x", digits.escape_debug())
                })?
            }
            '0'..='7' => {
                let mut number = escape.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    let Some(digit) = rest.clone().next().and_then(|digit| digit.to_digit(8)) else { break };
                    number = 8 * number + digit;
                    rest.next();
                }
                u8::try_from(number)
                    .map_err(|_| format!("\"\\{number:o}\" is more than a byte: \\377 is the last"))?
            }
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            'a' => 7,
            'b' => 8,
            'v' => 11,
            'f' => 12,
            'e' => 27,
            '"' | '\'' | '\\' => u8::try_from(escape).unwrap_or(b'\\'),
            _ => return Err(format!("\"\\{}\" is no escape of a byte; \\x81 is", escape.escape_debug())),
        });
    }
    Ok(bytes)
}

pub(super) fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
