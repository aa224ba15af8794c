//! What keeps the server alive: caps, rates, the memory budget, and one connection for one bug.

mod admission;
mod away;
mod budget;
mod log_lines;
mod log_text;
mod panics;
mod rate;
