//! The contract between core and applications, proved by two applications made for it: one that
//! holds requests, one that sends to many.

mod broadcast;
mod endings;
mod held;
