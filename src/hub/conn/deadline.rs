//! How long each state of a connection may last. Flags set most of the times, as fields of [`Config`].

use super::{Conn, LINGER_TIMEOUT, Phase, Stage};
use crate::clock::Time;
use crate::config::Config;
use crate::guard::notes::Wait;
use std::time::Duration;

/// From the end of a request head to the end of its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long an application may hold a request before it is answered `503`.
const HELD_REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a queue of more than `stall_bytes` may not move. Over it: Close 1013.
const STALL_PATIENCE: Duration = Duration::from_secs(1);
/// An unfinished message over `slow_message_bytes` must grow by as much in this time. Over it: Close 1008.
const MESSAGE_PATIENCE: Duration = Duration::from_secs(60);

impl Conn {
    /// The earliest time at which something has to be done about it, if nothing happens before.
    #[must_use]
    pub fn deadline(&self, config: &Config) -> Time {
        self.waits(config).map(|(until, _)| until).into_iter().min().unwrap_or(Time::NEVER)
    }

    /// What it waits for, and when each of these waits is over. If several are over, the first in this order counts.
    #[must_use]
    pub(crate) fn waits(&self, config: &Config) -> [(Time, Wait); 3] {
        let is_websocket = matches!(self.phase, Phase::Open { .. });
        // A queue that does not move makes the peer a slow consumer.
        let queue = if !self.stalled {
            Time::NEVER
        } else if is_websocket && self.outbox.len() > config.tuning.stall_bytes {
            self.progressed.after(STALL_PATIENCE)
        } else {
            self.progressed.after(config.write_timeout)
        };
        let mut growth = Time::NEVER;
        let (until, wait) = match &self.phase {
            Phase::Http(exchange) => match exchange.stage {
                // Bytes queued: the write has the deadline, not the wait for the next request.
                Stage::Head if !self.outbox.is_empty() => (Time::NEVER, Wait::Head),
                Stage::Head if exchange.requests == 0 || !self.is_silent() => {
                    (exchange.since.after(config.head_timeout), Wait::Head)
                }
                Stage::Head => (exchange.since.after(config.keep_alive_timeout), Wait::KeepAlive),
                Stage::Body { .. } => (exchange.since.after(BODY_TIMEOUT), Wait::Body),
                Stage::Held { .. } => (exchange.since.after(HELD_REQUEST_TIMEOUT), Wait::Held),
                Stage::Streaming { .. } => (Time::NEVER, Wait::Write),
            },
            Phase::Open { .. } if !self.open => (self.since.after(config.close_timeout), Wait::Close),
            // Not read, so nothing can be said of its silence: the queue has a deadline instead.
            Phase::Open { .. } if self.paused.any() => (Time::NEVER, Wait::Ping),
            Phase::Open { mark, .. } => {
                growth = mark.as_ref().map_or(Time::NEVER, |mark| mark.at.after(MESSAGE_PATIENCE));
                let until = match self.keepalive && !config.ping_interval.is_zero() {
                    false => Time::NEVER,
                    true if self.pinged => self.since.after(config.pong_timeout),
                    true => self.heard.after(config.ping_interval),
                };
                (until, Wait::Ping)
            }
            Phase::Draining(draining) => {
                let half_closed = draining.half_closed.map_or(Time::NEVER, |at| at.after(LINGER_TIMEOUT));
                (half_closed.min(draining.until), Wait::Linger)
            }
            Phase::Gone => (Time::NEVER, Wait::Linger),
        };
        let for_queue = if is_websocket { Wait::Queue } else { Wait::Write };
        [(queue, for_queue), (until, wait), (growth, Wait::Message)]
    }

    /// Whether nothing of the next request head has arrived. Then the peer is idle, and not slow.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        matches!(&self.phase, Phase::Http(exchange) if exchange.scanner.head_bytes == 0)
    }

    /// Whether the server has closed its side of the stream.
    #[must_use]
    pub fn has_half_closed(&self) -> bool {
        matches!(&self.phase, Phase::Draining(draining) if draining.half_closed.is_some())
    }

    /// It is not read from now on.
    pub fn note_pause(&mut self, now: Time) {
        if let Phase::Open { mark: Some(mark), .. } = &mut self.phase {
            mark.paused.get_or_insert(now);
        }
    }

    /// It is read again. What its peer sent meanwhile was not looked at, perhaps a Pong: the silence was ours. A
    /// large message gets back the time of the pause, and no more: pauses are cheap to cause.
    pub fn note_resumed(&mut self, now: Time) {
        self.heard = now;
        self.pinged = false;
        if let Phase::Open { mark: Some(mark), .. } = &mut self.phase
            && let Some(paused) = mark.paused.take()
        {
            mark.at = mark.at.after(now.since(paused));
        }
    }
}
