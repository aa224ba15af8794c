//! Socket.IO 5: packets, who may send which when, what an application sees.

mod abuse;
mod attachments;
mod chat;
mod client;
mod crowd;
mod events;
mod namespaces;
mod packet;
mod packet_property;
