//! Bugs on purpose: a panic that costs one connection and not the test.

use super::Sim;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// What such a panic carries, so that it is told from an assertion that failed.
struct Bug;

/// Panics, for an application that has a bug.
pub fn strike() -> ! {
    resume_unwind(Box::new(Bug))
}

impl Sim {
    /// As `Server::guarded`: a call that met a bug is repeated for the others.
    pub(super) fn guarded(&mut self, call: impl Fn(&mut Self)) {
        while !self.survives(&call) {}
    }

    /// `false`: the call met a bug. (A read is not repeated: the driver goes on with the next.)
    pub(super) fn survives(&mut self, mut call: impl FnMut(&mut Self)) -> bool {
        match catch_unwind(AssertUnwindSafe(|| call(self))) {
            Ok(()) => return true,
            Err(panic) if panic.is::<Bug>() => self.hub.recover(self.now),
            Err(panic) => resume_unwind(panic),
        }
        false
    }
}
