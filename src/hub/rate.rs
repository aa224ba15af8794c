//! A cap on the messages of each connection, per second. A peer that sends more is not read for a
//! while. Nothing is dropped, and nobody else waits.
//!
//! Text and binary messages of a WebSocket count when they are complete, however many frames they came
//! in; so do Pings, since each is answered. Pongs and Closes are free, but wait their turn. Their accounts
//! stand beside the table of connections, and there are none unless there is a cap.
//!
//! Messages that come by another way, in the bodies of requests, only their application can tell apart: it
//! keeps a bucket for each sender, and asks before each message (`Core::pay_from`).

use super::core::Core;
use crate::app::ConnId;
use crate::bucket::{self, Bucket};
use crate::clock::Time;
use crate::timers::Timers;
use std::mem;
use std::time::Duration;

/// The shortest pause. What a read left over is copied in each, and a rate of thousands must not
/// mean that it is copied thousands of times.
const PAUSE: Duration = Duration::from_millis(100);

/// What all connections have paid.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    /// What a message costs. Zero: nothing, there is no cap.
    price: u64,
    /// By slot.
    accounts: Vec<Account>,
    timers: Timers<ConnId>,
}

/// Of one connection.
#[derive(Debug, Clone, Copy)]
struct Account {
    bucket: Bucket,
    /// When it is read again. `NEVER`: it is read.
    armed: Time,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            bucket: Bucket::default(),
            armed: Time::NEVER,
        }
    }
}

impl Rates {
    /// So many messages in a second; 0 is any number.
    pub(crate) fn new(per_second: usize) -> Self {
        Self {
            price: bucket::price(per_second),
            ..Self::default()
        }
    }

    /// Whether there is a cap.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.price > 0
    }

    /// A message is paid for. `true`: it was the last for now.
    pub(super) fn spend(&mut self, id: ConnId, now: Time) -> bool {
        let slot = id.slot as usize;
        if slot >= self.accounts.len() {
            self.accounts.resize_with(slot + 1, Account::default);
        }
        let Some(account) = self.accounts.get_mut(slot) else {
            return false;
        };
        account.bucket.pay(self.price, now);
        let next = account.bucket.next(self.price);
        if next <= now {
            return false;
        }
        self.timers
            .set(id, &mut account.armed, next.max(now.after(PAUSE)));
        true
    }

    /// Whether the connection is not read for the time being.
    pub(super) fn holds_back(&self, id: ConnId) -> bool {
        let account = self.accounts.get(id.slot as usize);
        account.is_some_and(|account| account.armed != Time::NEVER)
    }

    /// When somebody is read again.
    pub(super) fn next(&self) -> Time {
        self.timers.next()
    }

    /// How many are not read.
    pub(super) fn len(&self) -> usize {
        self.timers.len()
    }

    /// Somebody who is read again from now on.
    pub(super) fn pop_released(&mut self, now: Time) -> Option<ConnId> {
        let (_, id) = self.timers.pop_expired(now)?;
        if let Some(account) = self.accounts.get_mut(id.slot as usize) {
            account.armed = Time::NEVER;
        }
        Some(id)
    }

    /// The connection is over: its slot gets a new account.
    pub(super) fn close_account(&mut self, id: ConnId) {
        if let Some(account) = self.accounts.get_mut(id.slot as usize) {
            self.timers.set(id, &mut account.armed, Time::NEVER);
            *account = Account::default();
        }
    }
}

impl Core {
    /// A message, or a Ping, was answered.
    pub(super) fn pay(&mut self, id: ConnId) {
        let now = self.now;
        let is_open = self.get(id).is_some_and(|conn| conn.open);
        if is_open && self.rates.is_on() && self.rates.spend(id, now) {
            self.counters.rate_pauses += 1;
        }
    }

    /// A message that did not come over a WebSocket is to be taken, and is paid for from its sender's
    /// bucket. `Err`: not before then.
    pub(super) fn pay_from(&mut self, bucket: &mut Bucket) -> Result<(), Time> {
        let (now, price) = (self.now, self.rates.price);
        let next = bucket.next(price);
        if next > now {
            self.counters.rate_pauses += 1;
            return Err(next.max(now.after(PAUSE)));
        }
        bucket.pay(price, now);
        Ok(())
    }

    /// Keeps what is left of a read until the connection may go on, and does not read meanwhile.
    #[cold]
    pub(super) fn hold_back(&mut self, id: ConnId, input: &mut &mut [u8]) {
        if self.rates.holds_back(id) {
            let rest = mem::take(input);
            self.keep_backlog(id, rest);
        }
    }
}
