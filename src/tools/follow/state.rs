//! What a follower is in the middle of.

use crate::http::body::BodyReader;
use crate::http::head::HeadScanner;
use crate::tools::kept::Kept;
use crate::tools::unit::{Broken, Frame};
use crate::ws::raw::Layout;

/// A body that is read until the connection ends.
pub(super) const ENDLESS: u64 = u64::MAX;

/// What a follower reads next.
pub(super) enum State {
    Head(HeadScanner, Vec<u8>),
    /// A complete head.
    HeadEnd(Vec<u8>),
    /// The bytes so far, and how many are missing.
    Body(Kept, u64),
    Chunks(Kept, Box<BodyReader>),
    /// The bytes of the header so far.
    Header(Vec<u8>),
    Payload(Box<Payload>),
    Unread(Kept),
}

/// What is known of the unit that has begun.
#[derive(Debug, Default)]
pub(super) struct Begun {
    pub(super) len: u64,
    pub(super) reads: Vec<u64>,
    pub(super) more_reads: u64,
    pub(super) broken: Option<Broken>,
}

/// A frame whose header is complete.
pub(super) struct Payload {
    pub(super) frame: Frame,
    pub(super) left: u64,
    /// The payload of a Close.
    pub(super) close: Vec<u8>,
}

/// How many bytes are missing at least of a frame of which this has arrived.
pub(super) fn header_missing(header: &[u8]) -> u64 {
    let layout = Layout::of(header);
    let payload = layout.and_then(|layout| layout.payload_len).unwrap_or(0);
    let second = layout.and_then(|layout| layout.second);
    let whole = second.map_or(2, |second| (second.header_len as u64).saturating_add(payload));
    whole.saturating_sub(header.len() as u64)
}
