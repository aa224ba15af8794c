//! What the tools say of bytes, beside what the server does with them.

mod connect;
mod explain;
mod lab;
mod notation;
mod notation_frames;
mod notation_random;
mod replay;
mod trace;
mod verdicts;
#[cfg(feature = "deflate")]
mod verdicts_deflate;
pub(crate) mod view;
