//! What the server sends, as messages: the library's own endpoint reads and judges it.

use super::show::Message;
use crate::pool::Pool;
use crate::tools;
use crate::ws::close::{CloseCode, Violation};
use crate::ws::endpoint::{Endpoint, Event, Limits};
use crate::ws::extension::{Agreed, Coding, Extension, History};

/// Something that the server has sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Got {
    /// A message.
    Message(Message),
    /// A Ping with this payload.
    Ping(Vec<u8>),
    /// A Pong.
    Pong,
    /// A Close with this code.
    Close(Option<CloseCode>),
}

/// The receiving side.
pub struct Incoming {
    endpoint: Endpoint,
    limits: Limits,
    pool: Pool,
    coder: Option<(Box<dyn Extension>, Agreed)>,
    history: Option<Box<History>>,
}

impl Incoming {
    /// A receiving side with these limits.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let (endpoint, pool) = (Endpoint::default(), Pool::default());
        Self { endpoint, limits, pool, coder: None, history: None }
    }

    /// Inflates messages from now on, as it was agreed.
    pub fn agree(&mut self, agreed: Agreed) {
        // The extension is made for a server. What the server sends is what we receive.
        let agreed = Agreed { sent: agreed.received, received: agreed.sent };
        self.coder = tools::extension().map(|extension| (extension, agreed));
    }

    /// Gives the next thing in `input`, and takes what it used off `input`. `None`: more is needed.
    ///
    /// # Errors
    /// The rule that the server breaks. Nothing may be read after that.
    pub fn next(&mut self, input: &mut &mut [u8]) -> Result<Option<Got>, Violation> {
        let Self { endpoint, limits, pool, coder, history } = self;
        loop {
            let mut used = None;
            let coding = coder.as_mut().map(|(extension, agreed)| Coding {
                extension: &mut **extension,
                agreed: *agreed,
                history,
                used: &mut used,
            });
            return Ok(Some(match endpoint.receive_general(input, limits, pool, coding)? {
                None => return Ok(None),
                Some(Event::Growing(_)) => continue,
                Some(Event::Message(message)) => {
                    Got::Message(Message { is_text: message.is_text(), bytes: message.to_vec() })
                }
                Some(Event::Ping(payload)) => Got::Ping(payload.into_owned()),
                Some(Event::Pong) => Got::Pong,
                Some(Event::Close(code)) => Got::Close(code),
            }));
        }
    }
}
