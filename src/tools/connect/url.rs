//! The URL of a server, taken apart (RFC 6455 §3).

/// Where a server is, and what is asked for there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// A name or an address; IPv6 without brackets.
    pub host: String,
    /// The port, also if the URL names none.
    pub port: u16,
    /// TLS is spoken there.
    pub is_secure: bool,
    /// Path and query, fit for a request line.
    pub target: String,
}

impl Url {
    /// Reads `ws://host:port/path?query`. Of `http` it makes `ws`, and without a scheme it is `ws`, too.
    ///
    /// # Errors
    /// What is wrong with the URL, and the way out.
    pub fn read(text: &str) -> Result<Self, String> {
        let complain = |why: &str| Err(format!("{text:?}: {why}; as in ws://127.0.0.1:8000/echo"));
        let (scheme, rest) = text.split_once("://").unwrap_or(("ws", text));
        let is_secure = match scheme.to_ascii_lowercase().as_str() {
            "ws" | "http" => false,
            "wss" | "https" => true,
            _ => return complain("the scheme must be ws or wss"),
        };
        let (authority, target) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if target.contains('#') {
            return complain("a WebSocket URL has no fragment; write %23 for a # of the path");
        }
        if authority.contains('@') {
            return complain("name and password do not go in here; give --header 'Authorization: ...'");
        }
        let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, port)) => (host, port),
            None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
        };
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:%".contains(&byte);
        if host.is_empty() {
            return complain("there is no host");
        }
        if !host.bytes().all(is_plain) {
            return complain("that is no host");
        }
        let usual = if is_secure { 443 } else { 80 };
        let port = match port.strip_prefix(':') {
            None if port.is_empty() => Some(usual),
            Some("") => Some(usual),
            Some(digits) => digits.parse().ok().filter(|port| *port > 0 && !digits.starts_with('+')),
            None => None,
        };
        let Some(port) = port else {
            return complain("the port is a number from 1 to 65535, and an IPv6 address stands in brackets");
        };
        if target.chars().any(char::is_control) {
            return complain("a control character cannot stand in a URL");
        }
        let slash = if target.starts_with('/') { "" } else { "/" };
        Ok(Self { host: host.to_owned(), port, is_secure, target: format!("{slash}{}", encoded(target)) })
    }

    /// Host and port as the field `Host` has them: without the port that is usual.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        match (self.port, self.is_secure) {
            (80, false) | (443, true) => host,
            (port, _) => format!("{host}:{port}"),
        }
    }

    /// Host and port, as a command takes them.
    #[must_use]
    pub fn address(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

/// Spaces and what is not ASCII, as `%XX`.
fn encoded(target: &str) -> String {
    let mut text = String::new();
    for byte in target.bytes() {
        match byte {
            b'!'..=b'~' => text.push(char::from(byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}
