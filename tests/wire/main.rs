//! Byte-level tests on a virtual clock: no sockets, no sleeping.

mod args;
mod files;
