//! What tests share, and no test of the server: a world without sockets, clients, readers.
//!
//! To begin with: `sim` is the world, `client` speaks RFC 6455 in it, `script` sends a vector cut in every way, `answer` takes
//! HTTP answers apart, and `record` notes what an application is told.

pub mod answer;
pub mod client;
pub mod conversation;
#[cfg(feature = "deflate")]
pub mod deflate;
pub mod difference;
pub mod disk;
pub mod fields;
#[cfg(feature = "tools")]
pub mod golden;
pub mod json;
pub mod markdown;
#[cfg(feature = "tools")]
pub mod notation;
pub mod reading;
pub mod record;
pub mod script;
pub mod sim;
pub mod site;
#[cfg(feature = "socketio")]
pub mod socketio;
pub mod source;

use std::panic::{Location, resume_unwind};

/// A page of `www/` as the program holds it: without the tools their lines are missing.
pub fn embedded_page(page: &str) -> String {
    let is_there = |line: &&str| cfg!(feature = "tools") || !line.contains("data-needs=\"tools\"");
    page.split_inclusive('\n').filter(is_there).collect()
}

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
