//! Connections without sockets: what waits, what is due, how they end, what applications are told.

mod backpressure;
mod downloads;
mod ending;
mod log_path;
mod mutation;
mod outbox;
pub mod requests;
mod seams;
mod sent_back;
mod shutdown;
mod timers;
