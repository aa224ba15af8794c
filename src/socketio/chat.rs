//! The chat of the Socket.IO tutorial: everybody gets each `chat message`, its sender included, with the
//! values that came. Other events are ignored.

use super::application::{Application, Event, Left, Socket, Sockets, Values};
use super::packet::MAIN;

/// The name of the event that everybody gets.
const CHAT_MESSAGE: &str = "chat message";

/// The application.
#[derive(Debug, Clone, Copy, Default)]
pub struct Chat;

impl Application for Chat {
    fn accepts(&self, namespace: &str) -> bool {
        namespace == MAIN
    }

    fn on_connect(&mut self, sockets: &mut Sockets<'_, '_, '_>, socket: Socket, _: Option<&str>) {
        let id = sockets.id(socket).to_owned();
        sockets.log_info("User connected", &id);
    }

    fn on_event(&mut self, sockets: &mut Sockets<'_, '_, '_>, socket: Socket, event: &Event<'_>) {
        if !event.is(CHAT_MESSAGE) {
            return;
        }
        sockets.log_debug(CHAT_MESSAGE, event.values.json);
        sockets.emit_to_all(MAIN, CHAT_MESSAGE, event.values);
        if let Some(ack) = event.ack {
            sockets.ack(socket, ack, Values::of("\"ok\""));
        }
    }

    fn on_disconnect(&mut self, sockets: &mut Sockets<'_, '_, '_>, _: Socket, left: &Left<'_>) {
        sockets.log_info("Disconnected", left.id);
    }
}
