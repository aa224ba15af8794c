//! Begins the trace and the wire view that the command line asks for.

use super::conversation;
use super::event::{Listener, Look};
use super::kept::Keep;
use super::trace::Trace;
use super::trace::writer::Writer;
use super::view;
use crate::cli::flags::Options;
use crate::cli::outlet::Outlet;
use crate::config::TraceForm;
use crate::hub::Hub;
use crate::tap::{Both, Tap, Watcher};
use crate::ws::endpoint::Limits;
use rustix::fs::{self, Mode, OFlags};
use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::atomic::Ordering;

/// Whoever watches the connections. The hub gets the applications of the wire view.
///
/// # Errors
/// The file of the trace cannot be opened.
pub fn start(options: &Options, hub: &mut Hub) -> Result<Watcher, String> {
    let config = &options.config;
    let limits = Limits {
        max_message_bytes: config.max_message_bytes,
        max_fragments: config.tuning.max_fragments,
        ..Limits::default()
    };
    let mut tap = trace(options, limits)?;
    if options.wire_view {
        let eye = view::add(hub, limits);
        tap = Some(match tap {
            Some(trace) => Box::new(Both(trace, Box::new(eye))),
            None => Box::new(eye),
        });
    }
    Ok(tap.map(Watcher::new).unwrap_or_default())
}

/// The trace that was asked for.
fn trace(options: &Options, limits: Limits) -> Result<Option<Box<dyn Tap>>, String> {
    let form = match (options.trace, &options.trace_file) {
        (TraceForm::Off, None) => return Ok(None),
        // Whoever names a file wants a trace.
        (TraceForm::Off, Some(_)) => TraceForm::Fields,
        (form, _) => form,
    };
    let look = Look {
        form,
        is_full: options.trace_full,
        with_secrets: options.trace_secrets,
        without_times: options.trace_no_time,
    };
    let listener: Box<dyn Listener> = match &options.trace_file {
        Some(path) => Box::new(to(open(path)?, look)),
        None => Box::new(to(io::stdout(), look)),
    };
    let keep = if look.is_full { Keep::FULL } else { Keep::SHORT };
    let follow =
        conversation::Options { keep, limits, goes_on: false, inflates: true, most_inflated: u64::MAX };
    Ok(Some(Box::new(Trace::new(follow, vec![listener]))))
}

fn to<F: AsFd>(to: F, look: Look) -> Writer<Outlet<F>> {
    let lost = |count: u64| {
        let lines = if count == 1 { "line was" } else { "lines were" };
        format!("# {count} {lines} lost: nobody read the trace\n")
    };
    Writer::new(Outlet::new(to, lost), look, |outlet| outlet.owes.load(Ordering::Relaxed))
}

/// Opens the file anew. A pipe that nobody reads is an error, because to wait for a reader would stop the server.
fn open(path: &Path) -> Result<std::os::fd::OwnedFd, String> {
    let flags =
        OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let mode = Mode::RUSR | Mode::WUSR;
    fs::open(path, flags, mode).map_err(|error| {
        let why = match error {
            rustix::io::Errno::NXIO => "nobody reads this pipe; start its reader first".to_owned(),
            error => format!("{error}; name a file that can be written"),
        };
        format!("--trace-file {}: {why}", path.display())
    })
}
