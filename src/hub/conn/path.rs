//! The path of a request, kept for the log in little memory: ten thousand idle connections have one each.

use crate::guard::Escaped;
use std::fmt::{self, Display, Formatter};

/// Longest path that is kept without a box of its own.
const SHORT_BYTES: usize = 22;

/// The bytes of a path.
#[derive(Debug, Clone)]
pub struct Path(Kept);

#[derive(Debug, Clone)]
enum Kept {
    Short { len: u8, bytes: [u8; SHORT_BYTES] },
    Long(Box<[u8]>),
}

impl Default for Path {
    fn default() -> Self {
        Self::new("")
    }
}

impl Path {
    /// Keeps a copy.
    #[must_use]
    pub fn new(path: &str) -> Self {
        let mut bytes = [0; SHORT_BYTES];
        let place = bytes.get_mut(..path.len());
        Self(match (place, u8::try_from(path.len())) {
            (Some(place), Ok(len)) => {
                place.copy_from_slice(path.as_bytes());
                Kept::Short { len, bytes }
            }
            _ => Kept::Long(path.as_bytes().into()),
        })
    }

    /// The bytes of the path.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Kept::Short { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Kept::Long(bytes) => bytes,
        }
    }
}

/// As it stands in the log; `-` when no request came, or its head could not be read.
impl Display for Path {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.as_bytes() {
            b"" => f.write_str("-"),
            path => Escaped(path).fmt(f),
        }
    }
}
