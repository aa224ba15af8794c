//! Helpers that know nothing of the server: they show in which byte two answers differ.

pub mod difference;
pub mod fields;

use std::panic::{Location, resume_unwind};

/// Fails the test with this text, and says which line of a test asked for it.
///
/// There is never a backtrace: it would be longer than the text, and lead into the helpers.
#[track_caller]
pub fn fail(text: &str) -> ! {
    let text = format!("{}: {text}", Location::caller());
    println!("{}", text.trim_end());
    resume_unwind(Box::new(text))
}

#[test]
fn failure_names_the_line_that_asked_for_it() {
    let line = line!() + 1;
    let caught = std::panic::catch_unwind(|| fail("one byte is wrong"));
    let text = *caught.unwrap_err().downcast::<String>().unwrap();
    let place = format!("{}:{line}:", file!());
    assert!(text.starts_with(&place), "{text}");
    assert!(text.ends_with(": one byte is wrong"), "{text}");
}
