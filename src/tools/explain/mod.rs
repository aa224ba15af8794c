//! `ws101 explain`: what bytes mean, field by field, and which rule they break.
//!
//! ```text
//! arguments ─► command          what is asked
//! bytes, text ─► input ─► steps  who sends what, in which reads
//! steps ─► play ─► units         heads and frames, judged
//! units ─► work ─► table, head, short, json, pcap
//! ```
//!
//! All of it is a function of arguments and bytes; only `outside` reads, prints and writes files.

mod accept;
mod capture;
pub mod command;
mod head;
mod input;
mod mask;
mod outside;
mod page;
mod pcap;
mod play;
mod rows;
mod short;
mod step;
mod summary;
mod table;
mod text;
mod work;

pub use outside::run;
pub use text::{Bounds, explain_text};
pub use work::{Look, Outcome, explain, explain_frame};
