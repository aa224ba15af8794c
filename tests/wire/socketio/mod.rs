//! Socket.IO 5: packets, who may send which when, what an application sees.

mod abuse;
mod attachments;
mod bundle;
mod chat;
mod crowd;
mod engine;
mod events;
mod namespaces;
mod packet;
mod packet_property;

use crate::support::socketio::client;
