//! What messages mean: the applications, as their clients see them.

mod broadcast;
mod channels;
mod chat;
mod pages;
pub mod status;
