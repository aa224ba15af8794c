//! HTTP without connections: what a request says, and how an answer is written.

mod body;
mod fields;
pub mod head;
mod percent;
mod policy;
mod response;
mod routes;
