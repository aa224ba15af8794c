//! A cap on the messages of each sender, per second: a token bucket that holds one second's worth.
//!
//! Text and binary messages of a WebSocket count when they are complete, however many frames they came
//! in; so do Pings, since each is answered. Pongs and Closes are free, but wait their turn. The hub does not
//! read a sender who has to wait. Nothing is dropped, and nobody else waits.
//!
//! Messages that come in the bodies of requests only their application can tell apart: it keeps a
//! [`Bucket`] for each sender, and asks before each message.

use crate::clock::{Time, Timers};
use std::time::Duration;

/// The shortest pause. What a read left over is copied in each, and a rate of thousands must not
/// mean that it is copied thousands of times.
const PAUSE: Duration = Duration::from_millis(100);
const SECOND: u64 = 1_000_000_000;

/// What one sender has paid.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bucket {
    /// In nanoseconds of the hub's clock, at most a second ahead of it.
    paid_until: u64,
}

impl Bucket {
    /// Pays for a message, whether or not it was time.
    fn pay(&mut self, price: u64, now: Time) {
        let nanoseconds = now.0.saturating_mul(1_000_000);
        self.paid_until = self.paid_until.max(nanoseconds) + price;
    }

    /// When the sender is read again. `None`: the next message may come now.
    fn pause(self, price: u64, now: Time) -> Option<Time> {
        let next = (self.paid_until + price).saturating_sub(SECOND);
        let next = Time(next.div_ceil(1_000_000));
        (next > now).then(|| next.max(now.after(PAUSE)))
    }
}

/// What one connection has paid.
#[derive(Debug, Clone, Copy)]
struct Account {
    bucket: Bucket,
    /// When it is read again. `NEVER`: it is read.
    armed: Time,
}

const NEW: Account = Account { bucket: Bucket { paid_until: 0 }, armed: Time::NEVER };

/// What all connections have paid. There are no accounts unless there is a cap.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    /// Whether there is a cap.
    pub(crate) is_on: bool,
    /// What a message costs: its share of a second, in nanoseconds. Zero: nothing.
    price: u64,
    /// By slot. They stand beside the table of connections, so that an idle one does not pay for them.
    accounts: Vec<Account>,
    /// Slots of connections that are not read.
    pub(crate) timers: Timers<u32>,
}

impl Rates {
    /// A cap of `per_second` messages; 0 is any number.
    pub(crate) fn new(per_second: usize) -> Self {
        let price = SECOND.checked_div(per_second as u64).unwrap_or(0);
        Self { is_on: price > 0, price, ..Self::default() }
    }

    /// Pays for a message that came over a WebSocket. `true`: it was the last for now.
    pub(crate) fn pay(&mut self, slot: u32, now: Time) -> bool {
        let index = slot as usize;
        if index >= self.accounts.len() {
            self.accounts.resize(index + 1, NEW);
        }
        let Some(account) = self.accounts.get_mut(index) else { return false };
        account.bucket.pay(self.price, now);
        let Some(until) = account.bucket.pause(self.price, now) else { return false };
        self.timers.set(slot, &mut account.armed, until);
        true
    }

    /// Pays for a message that came another way, from the bucket of its sender.
    ///
    /// # Errors
    /// The sender has sent more than it may: the message has to wait until then.
    pub(crate) fn pay_from(&self, bucket: &mut Bucket, now: Time) -> Result<(), Time> {
        if let Some(until) = bucket.pause(self.price, now) {
            return Err(until);
        }
        bucket.pay(self.price, now);
        Ok(())
    }

    /// Whether the connection is not read for the time being.
    pub(crate) fn is_paused(&self, slot: u32) -> bool {
        let account = self.accounts.get(slot as usize);
        account.is_some_and(|account| account.armed != Time::NEVER)
    }

    /// Takes a connection that is read again from now on.
    pub(crate) fn pop_released(&mut self, now: Time) -> Option<u32> {
        let (_, slot) = self.timers.pop_expired(now)?;
        if let Some(account) = self.accounts.get_mut(slot as usize) {
            account.armed = Time::NEVER;
        }
        Some(slot)
    }

    /// The connection is over: its slot gets a new account.
    pub(crate) fn close_account(&mut self, slot: u32) {
        if let Some(account) = self.accounts.get_mut(slot as usize) {
            self.timers.set(slot, &mut account.armed, Time::NEVER);
            *account = NEW;
        }
    }
}
