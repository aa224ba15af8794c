//! In the place of `deflate` in a build without that feature: nothing is ever agreed to.
//!
//! [`Agreed`] has no values, so the compiler knows that what needs one never happens, and leaves it
//! out. The code around needs no second version.

use crate::config::Deflate;
use crate::http::head::Head;
use crate::ws::close::Violation;
use std::fmt;

/// What was agreed to: there is no such thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreed {}

/// Declines every offer.
#[must_use]
pub fn agree(_: &Head<'_>, _: Deflate) -> Option<Agreed> {
    None
}

impl fmt::Display for Agreed {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl Agreed {
    /// Has no value to be asked of.
    #[must_use]
    pub fn takes_over(&self) -> bool {
        match *self {}
    }

    /// Has no value to be asked of.
    #[must_use]
    pub fn server_window_bits(&self) -> u8 {
        match *self {}
    }
}

/// What is kept between two messages: nothing.
#[derive(Debug, Default)]
pub struct Contexts(());

impl Contexts {
    /// Nothing.
    #[must_use]
    pub fn sent(&self) -> &[u8] {
        &[]
    }

    /// Never called.
    pub fn forget_sent(&mut self) {}

    /// Never called.
    pub fn note_sent(&mut self, agreed: &Agreed, _: &[&[u8]]) {
        match *agreed {}
    }

    /// Nothing.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        0
    }
}

/// Compresses nothing.
#[derive(Debug, Default)]
pub struct Compressor(());

impl Compressor {
    /// Never called.
    pub fn compress(
        &mut self,
        agreed: &Agreed,
        _: usize,
        _: &[u8],
        _: &[&[u8]],
        _: &mut Vec<u8>,
    ) -> Option<()> {
        match *agreed {}
    }
}

/// Inflates nothing.
#[derive(Debug, Default)]
pub struct Inflater(());

/// A compressed message: there are none.
#[derive(Debug)]
pub enum Inflating {}

impl Inflater {
    /// Nothing.
    #[must_use]
    pub fn take(&mut self) -> Self {
        Self(())
    }

    /// Nothing.
    pub fn give_back(&mut self, _: Self) {}

    /// Never called.
    ///
    /// # Errors
    /// None.
    pub fn begin(
        &mut self,
        agreed: &Agreed,
        _: bool,
        _: Option<&Contexts>,
    ) -> Result<Inflating, Violation> {
        match *agreed {}
    }

    /// Never called.
    ///
    /// # Errors
    /// None.
    pub fn push(
        &mut self,
        inflating: &mut Inflating,
        _: &[u8],
        _: Option<&Contexts>,
        _: &mut dyn FnMut(&[u8]) -> Result<(), Violation>,
    ) -> Result<(), Violation> {
        match *inflating {}
    }

    /// Never called.
    ///
    /// # Errors
    /// None.
    pub fn pause(
        &mut self,
        inflating: &mut Inflating,
        _: &mut dyn FnMut(&[u8]) -> Result<(), Violation>,
    ) -> Result<(), Violation> {
        match *inflating {}
    }

    /// Never called.
    ///
    /// # Errors
    /// None.
    pub fn finish(
        &mut self,
        inflating: Inflating,
        _: &Agreed,
        _: &mut Option<Box<Contexts>>,
        _: &mut dyn FnMut(&[u8]) -> Result<(), Violation>,
    ) -> Result<(), Violation> {
        match inflating {}
    }

    /// Nothing.
    #[must_use]
    pub fn last_chunk(&self) -> &[u8] {
        &[]
    }

    /// Nothing.
    pub fn take_work(&mut self) -> usize {
        0
    }
}

impl Inflating {
    /// Has no value to be asked of.
    #[must_use]
    pub fn received(&self) -> usize {
        match *self {}
    }

    /// Has no value to be asked of.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        match *self {}
    }
}
