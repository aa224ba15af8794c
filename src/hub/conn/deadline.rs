//! How long each state of a connection may last. Flags set most of the times, as fields of [`Config`].

use super::{Conn, LINGER_TIMEOUT, Phase, Stage};
use crate::clock::Time;
use crate::config::Config;
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
        self.wait_deadline(config).min(self.queue_deadline(config))
    }

    /// The deadline of the phase.
    #[must_use]
    pub fn wait_deadline(&self, config: &Config) -> Time {
        match &self.phase {
            Phase::Http(exchange) => match exchange.stage {
                // Bytes queued: the write has the deadline, not the wait for the next request.
                Stage::Head if !self.outbox.is_empty() => Time::NEVER,
                Stage::Head if exchange.requests == 0 || !exchange.scanner.is_fresh() => {
                    exchange.since.after(config.head_timeout)
                }
                Stage::Head => exchange.since.after(config.keep_alive_timeout),
                Stage::Body { .. } => exchange.since.after(BODY_TIMEOUT),
                Stage::Held { .. } => exchange.since.after(HELD_REQUEST_TIMEOUT),
                Stage::Streaming { .. } => Time::NEVER,
            },
            Phase::Open { .. } if !self.open => self.since.after(config.close_timeout),
            // Not read, so nothing can be said of its silence: the queue has a deadline instead.
            Phase::Open { .. } if self.paused.any() => Time::NEVER,
            Phase::Open { mark, .. } => {
                let mark = mark.as_ref().map(|mark| mark.at.after(MESSAGE_PATIENCE));
                mark.unwrap_or(Time::NEVER).min(self.keepalive_deadline(config))
            }
            Phase::Draining(draining) => match draining.half_closed {
                Some(at) => at.after(LINGER_TIMEOUT).min(draining.until),
                None => draining.until,
            },
            Phase::Gone => Time::NEVER,
        }
    }

    /// When the peer is to be pinged, or given up.
    #[must_use]
    pub fn keepalive_deadline(&self, config: &Config) -> Time {
        if !self.keepalive || config.ping_interval.is_zero() {
            Time::NEVER
        } else if self.pinged {
            self.since.after(config.pong_timeout)
        } else {
            self.heard.after(config.ping_interval)
        }
    }

    /// When a queue that does not move makes the peer a slow consumer.
    #[must_use]
    pub fn queue_deadline(&self, config: &Config) -> Time {
        if !self.stalled {
            return Time::NEVER;
        }
        let is_websocket = matches!(self.phase, Phase::Open { .. });
        let patience = if is_websocket && self.outbox.len() > config.tuning.stall_bytes {
            STALL_PATIENCE
        } else {
            config.write_timeout
        };
        self.progressed.after(patience)
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
