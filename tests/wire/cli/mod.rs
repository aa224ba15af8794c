//! What the program is asked at its start, and what it says then.

mod args;
mod welcome;
