//! Files of `www/` inside the binary, and the two forms of a large one.
//!
//! `stored!` embeds a file. A `large` one is embedded as gzip alone, where there is an inflater
//! (feature `deflate`). That form lies beside it: `gzip -9 -n -k -f www/FILE` makes it, and again
//! after each change; a test compares the two. Under which path a file is found, and with which
//! header fields, is left to whoever embeds it.

use std::io;
#[cfg(feature = "deflate")]
use std::io::Read;
#[cfg(feature = "deflate")]
use std::sync::OnceLock;

use super::Form;

/// A file, as the binary holds it.
pub(crate) enum Stored {
    /// The file.
    Plain(&'static [u8]),
    /// The file as gzip.
    #[cfg(feature = "deflate")]
    Gzip {
        /// These bytes.
        bytes: &'static [u8],
        /// The file, inflated for the first client that needs it so, and kept.
        plain: &'static OnceLock<Box<[u8]>>,
    },
}

/// A file as gzip, and as it is once a client needed it so.
///
/// The lock can change, so all of this lies in the part of the program that may be written, which is its
/// end. Among the constants the bytes would cost memory at start, though nobody reads them: the kernel
/// loads 64 KiB around each place that is touched.
#[cfg(feature = "deflate")]
pub(crate) struct Gzip<const N: usize> {
    pub(crate) bytes: [u8; N],
    pub(crate) plain: OnceLock<Box<[u8]>>,
}

/// Embeds a file: its path below `www/`, in one piece or in several, and `large` after it if it
/// is to be compressed.
macro_rules! stored {
    ($($part:literal)+) => {
        $crate::files::packed::Stored::Plain(include_bytes!(
            concat!(env!("CARGO_MANIFEST_DIR"), "/www/", $($part),+)
        ))
    };
    ($($part:literal)+ large) => {{
        #[cfg(feature = "deflate")]
        let stored = {
            const BYTES: &[u8] = include_bytes!(
                concat!(env!("CARGO_MANIFEST_DIR"), "/www/", $($part,)+ ".gz")
            );
            static GZIP: $crate::files::packed::Gzip<{ BYTES.len() }> = $crate::files::packed::Gzip {
                bytes: *include_bytes!(
                    concat!(env!("CARGO_MANIFEST_DIR"), "/www/", $($part,)+ ".gz")
                ),
                plain: std::sync::OnceLock::new(),
            };
            $crate::files::packed::Stored::Gzip {
                bytes: &GZIP.bytes,
                plain: &GZIP.plain,
            }
        };
        #[cfg(not(feature = "deflate"))]
        let stored = $crate::files::packed::stored!($($part)+);
        stored
    }};
}
pub(crate) use stored;

impl Stored {
    /// The bytes for a client, and which form of the file they are.
    ///
    /// # Errors
    /// What was compiled in is no gzip.
    pub(crate) fn form(&self, prefers_gzip: bool) -> io::Result<(&'static [u8], Form)> {
        match (self, prefers_gzip) {
            (Self::Plain(bytes), _) => Ok((bytes, Form::Only)),
            #[cfg(feature = "deflate")]
            (Self::Gzip { bytes, .. }, true) => Ok((bytes, Form::Gzip)),
            #[cfg(feature = "deflate")]
            (Self::Gzip { bytes, plain }, false) => {
                let plain = match plain.get() {
                    Some(plain) => plain,
                    None => {
                        let inflated = inflate(bytes)?;
                        plain.get_or_init(|| inflated)
                    }
                };
                Ok((plain, Form::Plain))
            }
        }
    }
}

#[cfg(feature = "deflate")]
fn inflate(gzip: &[u8]) -> io::Result<Box<[u8]>> {
    // Its last four bytes say how long it will be (RFC 1952 §2.3.1): growing leaves holes behind.
    let len = gzip.last_chunk().copied().map_or(0, u32::from_le_bytes);
    let mut plain = Vec::with_capacity(usize::try_from(len).unwrap_or(0));
    flate2::bufread::GzDecoder::new(gzip).read_to_end(&mut plain)?;
    Ok(plain.into_boxed_slice())
}
