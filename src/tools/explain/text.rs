//! Explains a text for other programs: units come out, and nothing is printed.

use super::input;
use super::play::{Event, Known, play};
use crate::tools::kept::Keep;
use crate::tools::unit::Unit;
use std::cell::Cell;

/// How much a text may stand for.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Bytes that it stands for, and bytes that its messages inflate to. More is refused before it is built.
    pub bytes: u64,
    /// What is kept of payloads.
    pub keep: Keep,
}

/// Explains a text, in any form that `ws101 explain` reads. `each` gets the units, until it returns `false`.
///
/// Returns whether it got all of them.
///
/// # Errors
/// What is wrong with the text, or that it stands for too much.
pub fn explain_text(text: &str, bounds: Bounds, each: &mut dyn FnMut(&Unit) -> bool) -> Result<bool, String> {
    let input = input::read(text.as_bytes(), false, false, bounds.bytes)?;
    let stop = Cell::new(false);
    let known = Known { from: None, key: None, deflate: false, keep: bounds.keep, most: bounds.bytes, stop };
    play(&input, &known, |event| {
        if let Event::Unit(_, unit, _) = event
            && !known.stop.get()
        {
            known.stop.set(!each(unit));
        }
    })?;
    Ok(!known.stop.get())
}
