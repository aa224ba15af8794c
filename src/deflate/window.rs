//! The history of one direction: the last bytes of its messages, as far back as the window reaches.

/// Appends bytes to a history, and drops those that are outside of the window.
pub(super) fn note(history: &mut Vec<u8>, bytes: &[u8], window_bytes: usize) {
    let added = last(bytes, window_bytes);
    let forgotten = (history.len() + added.len()).saturating_sub(window_bytes);
    history.drain(..forgotten.min(history.len()));
    let len = history.len() + added.len();
    if len > history.capacity() {
        // A window is a power of two, so the history never gets more room than that.
        history.reserve_exact(len.next_power_of_two() - history.len());
    }
    history.extend_from_slice(added);
}

/// The last `len` of these bytes, or all.
pub(super) fn last(bytes: &[u8], len: usize) -> &[u8] {
    bytes.get(bytes.len().saturating_sub(len)..).unwrap_or_default()
}
