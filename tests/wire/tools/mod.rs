//! What the tools say of bytes, beside what the server does with them.

mod trace;
mod verdicts;
